//! The processes of the host, as `/proc` shows them.

use std::fs;

/// The environment variable that every process of a run carries, with the run's name.
pub const RUN_VARIABLE: &str = "TONNAGE_RUN";

/// Every process there is.
pub fn all() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

/// The processes that carry the name of a run, this one left out.
pub fn of_run(run: &str) -> Vec<u32> {
    let mark = format!("{RUN_VARIABLE}={run}");
    let own = std::process::id();
    all()
        .into_iter()
        .filter(|pid| *pid != own && carries(*pid, mark.as_bytes()))
        .collect()
}

fn carries(pid: u32, mark: &[u8]) -> bool {
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
        environment
            .split(|byte| *byte == 0)
            .any(|entry| entry == mark)
    })
}

/// When a process began, in clock ticks since the host's start: together with its number it names a
/// process for good.
pub fn start_time(pid: u32) -> Option<u64> {
    fields_after_name(pid)?.get(19)?.parse().ok()
}

/// Whether there is such a process and it is not a zombie.
pub fn is_alive(pid: u32) -> bool {
    fields_after_name(pid).is_some_and(|fields| !matches!(fields[0].as_str(), "Z" | "X"))
}

/// Whether a process is stopped by a signal, or is gone.
pub fn is_stopped(pid: u32) -> bool {
    fields_after_name(pid).is_none_or(|fields| matches!(fields[0].as_str(), "T" | "Z" | "X"))
}

/// The processes that a process has started and that live, or have ended and nobody has waited for.
pub fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|children| {
            children
                .split_whitespace()
                .filter_map(|child| child.parse().ok())
                .collect::<Vec<u32>>()
        })
        .collect()
}

/// The fields of `/proc/pid/stat` after the name, which may hold anything.
pub(super) fn fields_after_name(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<String> = fields.split_whitespace().map(str::to_owned).collect();
    (!fields.is_empty()).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::{all, children, is_alive, start_time};

    #[test]
    fn this_process_is_there_and_began_some_time() {
        let own = std::process::id();
        assert!(all().contains(&own));
        assert!(is_alive(own));
        assert!(start_time(own).is_some_and(|ticks| ticks > 0));
    }

    #[test]
    fn the_children_of_this_process_are_found() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .expect("sleep");
        let found = children(std::process::id());
        child
            .kill()
            .and_then(|()| child.wait().map(|_| ()))
            .expect("ended");
        assert!(found.contains(&child.id()), "{found:?}");
    }

    #[test]
    fn a_process_that_has_ended_is_not_alive() {
        let mut child = std::process::Command::new("true").spawn().expect("true");
        let pid = child.id();
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert!(!is_alive(pid), "a zombie");
        child.wait().expect("ended");
        assert!(!is_alive(pid), "gone");
    }
}
