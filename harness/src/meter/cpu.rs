//! CPU time of everything involved.
//!
//! Three sources make up the whole: this process with all its threads; its children and theirs,
//! once they have ended and been waited for; and processes that still run, live sandboxes and
//! daemons. None of them is sampled: the kernel adds up what each process ran, to the nanosecond or
//! the microsecond, but for the ended children of processes that run, which count in clock ticks.

use std::fs;

use nix::errno::Errno;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::{Pid, SysconfVar, sysconf};

use super::processes;
use crate::clock;

/// CPU seconds used so far by this process, its ended children, and processes that run.
///
/// # Panics
/// Never: asking for one's own usage cannot fail.
pub fn used(running: &[u32]) -> f64 {
    // The others first and this process last: reading them costs CPU time too, and what was read
    // last is nearest to what follows.
    let running: f64 = running.iter().map(|pid| of_running(*pid)).sum();
    running + of_ended_children() + clock::cpu_of_this_process()
}

fn of_ended_children() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("everybody may ask for this");
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}

/// CPU seconds of a process that runs and of its children that have ended; 0 if there is none. Its
/// own threads, those that have ended too, count to the nanosecond; its children in clock ticks.
pub fn of_running(pid: u32) -> f64 {
    // 0 and what is negative mean something else to the kernel.
    let Some(id) = i32::try_from(pid).ok().filter(|id| *id > 0) else {
        return 0.0;
    };
    let Ok(own) = clock_getcpuclockid(Pid::from_raw(id)).and_then(clock_gettime) else {
        return 0.0;
    };
    own.tv_sec() as f64 + own.tv_nsec() as f64 / 1e9 + of_ended_children_of(pid)
}

/// CPU seconds of the ended children of a process, in clock ticks.
fn of_ended_children_of(pid: u32) -> f64 {
    let read = || {
        let fields = processes::fields_after_name(pid)?;
        let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
        let per_second = sysconf(SysconfVar::CLK_TCK).ok()?? as f64;
        Some((ticks(13)? + ticks(14)?) / per_second)
    };
    read().unwrap_or(0.0)
}

/// Waits for every child that has ended, so that its CPU time counts. Only where no thread of this
/// process waits for a child of its own: it would find it gone.
pub fn reap() {
    loop {
        match waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => return,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}

/// CPU time of the host so far, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HostTime {
    /// Spent on anything.
    pub busy: f64,
    /// Taken by the hypervisor for others.
    pub steal: f64,
    /// All there was.
    pub total: f64,
}

/// CPU time of the host so far.
pub fn of_host() -> Option<HostTime> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let per_second = sysconf(SysconfVar::CLK_TCK).ok()?? as f64;
    let fields: Vec<f64> = stat
        .lines()
        .next()?
        .split_whitespace()
        .skip(1)
        .filter_map(|field| field.parse::<f64>().ok())
        .map(|ticks| ticks / per_second)
        .collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user already.
    let [
        user,
        nice,
        system,
        idle,
        waiting,
        interrupt,
        soft_interrupt,
        steal,
    ] = *fields.first_chunk::<8>()?;
    let busy = user + nice + system + interrupt + soft_interrupt;
    Some(HostTime {
        busy,
        steal,
        total: busy + idle + waiting + steal,
    })
}

#[cfg(test)]
mod tests {
    use super::{of_host, of_running, used};
    use crate::clock::cpu_of_this_thread;

    fn burn(seconds: f64) {
        let begin = cpu_of_this_thread();
        while cpu_of_this_thread() - begin < seconds {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn what_this_process_burns_is_counted() {
        let before = used(&[]);
        burn(0.05);
        let spent = used(&[]) - before;
        // Other tests of this process run at the same time.
        assert!(spent >= 0.05, "{spent}");
    }

    #[test]
    fn a_running_process_is_counted_by_its_threads() {
        burn(0.02);
        let own = of_running(std::process::id());
        assert!(own >= 0.02, "{own}");
        assert!(of_running(u32::MAX).abs() < f64::EPSILON, "there is none");
    }

    #[test]
    fn the_host_has_been_busy_for_less_time_than_there_was() {
        let host = of_host().expect("/proc/stat");
        assert!(host.busy > 0.0 && host.busy < host.total);
    }
}
