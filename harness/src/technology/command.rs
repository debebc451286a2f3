//! Other programs: run to their end with a time limit, and what they say when they fail.

use std::fs;
use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;

use crate::clock::Stamp;
use crate::technology::Failure;

/// Seconds that a program which only has to say or do something short may take.
pub(super) const PATIENCE: f64 = 60.0;

/// Runs a program to its end and returns what it printed.
///
/// # Errors
/// If it cannot be run, fails, or takes longer than so many seconds; then it is killed.
pub(super) fn run(command: Command, seconds: f64) -> Result<String, Failure> {
    run_by(command, seconds, Command::spawn)
}

/// As [`run`], with another way to spawn.
pub(super) fn run_by(
    mut command: Command,
    seconds: f64,
    spawn: impl FnOnce(&mut Command) -> std::io::Result<Child>,
) -> Result<String, Failure> {
    let begin = Stamp::now();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let name = describe(&command);
    let mut child = spawn(&mut command).map_err(|error| refused(&name, &error))?;
    let printed = read_to_end(child.stdout.take(), begin, seconds);
    let complained = read_to_end(child.stderr.take(), begin, seconds);
    let (Some(printed), Some(complained)) = (printed, complained) else {
        // It ends by this or has ended by itself.
        let _ = child.kill();
        let _ = child.wait();
        return Err(Failure::new(format!(
            "`{name}` was not done within {seconds} seconds"
        )));
    };
    let status = child
        .wait()
        .map_err(|error| Failure::of(&format!("cannot wait for `{name}`"), error))?;
    if status.success() {
        Ok(printed)
    } else {
        let said = if complained.trim().is_empty() {
            &printed
        } else {
            &complained
        };
        Err(failed(&name, status, said))
    }
}

/// The program and its first words, for messages.
fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut name = program
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        name.push(' ');
        name.push_str(&argument.to_string_lossy());
    }
    name
}

/// What a pipe says until its end; none if the end does not come in time.
fn read_to_end(pipe: Option<impl Read + AsFd>, begin: Stamp, seconds: f64) -> Option<String> {
    let mut said = Vec::new();
    let Some(mut pipe) = pipe else {
        return Some(String::new());
    };
    loop {
        #[expect(clippy::cast_possible_truncation, reason = "a minute at most")]
        let left = ((seconds - begin.elapsed()).max(0.0) * 1e3).ceil() as i32;
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut ready = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, timeout) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(_) => break,
        }
        let mut bytes = [0; 4096];
        match pipe.read(&mut bytes) {
            Ok(0) => break,
            Ok(read) => said.extend_from_slice(&bytes[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    Some(String::from_utf8_lossy(&said).into_owned())
}

/// A program that could not be spawned. No more processes, file descriptors or memory are limits.
pub(super) fn refused(name: &str, error: &std::io::Error) -> Failure {
    let code = Errno::from_raw(error.raw_os_error().unwrap_or(0));
    Failure {
        message: format!("cannot run `{name}`: {error}"),
        limit: matches!(
            code,
            Errno::EAGAIN | Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::ENOSPC
        ),
    }
}

/// A program that said it failed.
pub(super) fn failed(name: &str, status: ExitStatus, said: &str) -> Failure {
    Failure {
        message: format!("`{name}` failed ({status}): {}", tail(said)),
        limit: tells_of_a_limit(said),
    }
}

/// The words of the kernel's errors for what has run out.
fn tells_of_a_limit(said: &str) -> bool {
    let said = said.to_lowercase();
    [
        "resource temporarily unavailable",
        "cannot allocate memory",
        "too many open files",
        "no space left on device",
    ]
    .iter()
    .any(|words| said.contains(words))
}

/// The end of what a program said, on one line.
pub(super) fn tail(said: &str) -> String {
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let skipped = line.chars().count().saturating_sub(600);
    let end: String = line.chars().skip(skipped).collect();
    match (end.is_empty(), skipped) {
        (true, _) => "it gave no reason".to_owned(),
        (false, 0) => end,
        (false, _) => format!("…{end}"),
    }
}

/// What a program wrote into a file that took its complaints.
pub(super) fn complaints(file: &Path) -> String {
    fs::read(file)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

/// Waits for a program that is expected to end soon, and kills it if it does not.
pub(super) fn end_soon(child: &mut Child, seconds: f64) -> Option<ExitStatus> {
    let begin = Stamp::now();
    while begin.elapsed() < seconds {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    // It may have ended at this moment, which is as good.
    let _ = child.kill();
    child.wait().ok()
}

/// Waits for a child that should end by itself, without a delay that the caller would measure. One that
/// does not end in time is killed.
pub(super) fn wait_in_time(
    name: &str,
    mut child: Child,
    seconds: f64,
) -> Result<ExitStatus, Failure> {
    let pid = Pid::from_raw(child.id().cast_signed());
    let (tell, told) = mpsc::channel();
    // It leaves the child to be collected below, so that the number stays its own until then.
    let watch = move || {
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        while waitid(Id::Pid(pid), look) == Err(Errno::EINTR) {}
        // If nobody listens any more, the child was killed for its slowness.
        let _ = tell.send(());
    };
    let watching = std::thread::Builder::new().spawn(watch);
    let ended = match &watching {
        Ok(_) => told.recv_timeout(Duration::from_secs_f64(seconds)).is_ok(),
        Err(_) => false,
    };
    if !ended {
        // It may have ended at this moment, which is as good.
        let _ = child.kill();
    }
    let status = child
        .wait()
        .map_err(|error| Failure::of(&format!("cannot wait for {name}"), error))?;
    match watching {
        Ok(_) if ended || status.success() => Ok(status),
        Ok(_) => Err(Failure::new(format!(
            "{name} was not done within {seconds} seconds"
        ))),
        Err(error) => Err(refused("a thread that waits", &error)),
    }
}

/// Kills a process that was handed over to this one when its parent ended, and waits until it is
/// gone. One that has been waited for already, here or by whoever else collects ended processes, is
/// left alone: its number may have been given to another.
pub(super) fn kill_adopted(pid: u32) -> Result<(), Failure> {
    let pid = Pid::from_raw(pid.cast_signed());
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    match waitid(Id::Pid(pid), look) {
        Ok(WaitStatus::StillAlive) => {
            kill(pid, Signal::SIGKILL)
                .map_err(|error| Failure::of("cannot kill the sandbox's process", error))?;
        }
        Ok(_) => {}
        // A runtime may end before a process that it used to make the container, which then still
        // stands between: what is killed is handed over or collected when that one ends.
        Err(Errno::ECHILD) if is_descendant(pid) => {
            return kill_anyone(pid.as_raw().cast_unsigned());
        }
        Err(Errno::ECHILD) => return Ok(()),
        Err(error) => {
            return Err(Failure::of("cannot look for the sandbox's process", error));
        }
    }
    loop {
        match waitpid(pid, None) {
            Ok(_) | Err(Errno::ECHILD) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(error) => {
                return Err(Failure::of("cannot wait for the sandbox's process", error));
            }
        }
    }
}

/// Waits until a child of this process has ended, but not longer than so many seconds, and leaves it to
/// be collected.
pub(super) fn wait_for_end_of(pid: u32, seconds: f64) {
    let begin = Stamp::now();
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    while begin.elapsed() < seconds {
        match waitid(Id::Pid(Pid::from_raw(pid.cast_signed())), look) {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => {
                std::thread::sleep(Duration::from_micros(200));
            }
            _ => return,
        }
    }
}

/// Kills a process that need not be a child of this one; whoever is its parent sees its end.
pub(super) fn kill_anyone(pid: u32) -> Result<(), Failure> {
    match kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(Failure::of("cannot kill the program", error)),
    }
}

/// Whether a process came from this one.
fn is_descendant(pid: Pid) -> bool {
    let own = std::process::id();
    std::iter::successors(parent(pid.as_raw().cast_unsigned()), |pid| parent(*pid))
        .take_while(|ancestor| *ancestor > 1)
        .any(|ancestor| ancestor == own)
}

/// A process and all that came from it and still runs.
pub(super) fn with_descendants(pid: u32) -> Vec<u32> {
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(pid) = family.get(next).copied() {
        next += 1;
        let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
            continue;
        };
        for thread in threads.flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            family.extend(
                children
                    .split_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
        }
    }
    family
}

/// Waits until processes are gone, and collects those that were handed over to this one.
pub(super) fn wait_until_gone(pids: &[u32], seconds: f64) -> Result<(), Failure> {
    let begin = Stamp::now();
    for pid in pids {
        while is_there(*pid) {
            if begin.elapsed() > seconds {
                return Err(Failure::new(format!(
                    "process {pid} ({}) is still there after {seconds} seconds",
                    name(*pid)
                )));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    Ok(())
}

fn is_there(pid: u32) -> bool {
    match waitpid(Pid::from_raw(pid.cast_signed()), Some(WaitPidFlag::WNOHANG)) {
        // A child of this process: it is there until it has been collected here.
        Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => true,
        Ok(_) => false,
        // Of another, which may not have noticed its end yet: that is gone, too.
        Err(_) => stat(pid).is_some_and(|fields| !fields.starts_with('Z')),
    }
}

/// The fields of `/proc/pid/stat` after the name, which may hold anything.
fn stat(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    Some(fields.to_owned())
}

/// Every process there is.
pub(super) fn all() -> Vec<u32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

/// The process that a process came from.
pub(super) fn parent(pid: u32) -> Option<u32> {
    stat(pid)?.split_whitespace().nth(1)?.parse().ok()
}

/// The name of a process's program.
pub(super) fn name(pid: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    name.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{kill_adopted, parent, run, tail, wait_until_gone, with_descendants};
    use std::process::Command;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_a_program_prints_comes_back() {
        let printed = run(shell("echo here; echo there >&2"), 10.0);
        assert_eq!(printed.as_deref(), Ok("here\n"));
    }

    #[test]
    fn the_reason_of_a_failure_is_in_its_message() {
        let failure = run(shell("echo no such thing >&2; exit 3"), 10.0).expect_err("3");
        assert!(failure.message.contains("no such thing"), "{failure}");
        assert!(failure.message.contains('3'), "{failure}");
        assert!(!failure.limit);
        let failure = run(shell("echo No space left on device; exit 1"), 10.0).expect_err("1");
        assert!(failure.limit, "{failure}");
    }

    #[test]
    fn a_program_that_hangs_is_killed() {
        let failure = run(shell("exec sleep 60"), 0.1).expect_err("too long");
        assert!(failure.message.contains("0.1 seconds"), "{failure}");
    }

    #[test]
    fn a_program_that_is_not_there_is_a_failure() {
        assert!(run(Command::new("/nonexistent/program"), 1.0).is_err());
    }

    #[test]
    fn a_long_complaint_is_shortened_to_its_end() {
        let said = format!("{}the end", "words ".repeat(500));
        let short = tail(&said);
        assert!(short.ends_with("the end"), "{short}");
        assert!(short.chars().count() <= 601);
        assert_eq!(tail(" \n"), "it gave no reason");
    }

    #[test]
    fn a_grandchild_is_killed_before_it_is_handed_over() {
        let mut between = shell("sleep 60 & exec sleep 60").spawn().expect("a child");
        let grandchild = loop {
            if let [_, grandchild] = with_descendants(between.id())[..] {
                break grandchild;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        };
        assert_eq!(kill_adopted(grandchild), Ok(()));
        assert_eq!(wait_until_gone(&[grandchild], 10.0), Ok(()));
        between.kill().expect("it runs");
        between.wait().expect("it ends");
    }

    #[test]
    fn a_child_is_killed_once_and_a_stranger_never() {
        let mut child = shell("exec sleep 60").spawn().expect("a child");
        assert_eq!(parent(child.id()), Some(std::process::id()));
        assert!(with_descendants(std::process::id()).contains(&child.id()));
        assert_eq!(kill_adopted(child.id()), Ok(()));
        assert_eq!(kill_adopted(child.id()), Ok(()));
        assert_eq!(kill_adopted(1), Ok(()), "not a child of this process");
        assert!(child.try_wait().is_err(), "it was waited for");
    }
}
