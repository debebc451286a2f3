//! Asking the kernel to take memory back from sandboxes that are suspended.
//!
//! The pages of a process that come from files can be dropped, since they can be read again; all others
//! can only be moved to swap. Without swap, memory of its own stays where it is.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::libc;

use super::control_group::memory_group_of;

/// What can be done here, in words.
const OF_PROCESSES: &str = "process_madvise(MADV_PAGEOUT)";
const OF_FIRST_VERSION: &str = "memory.force_empty of its control group";
const OF_SECOND_VERSION: &str = "memory.reclaim of its control group";

/// Asks the kernel to take back what it can of some processes: by the control groups they are in, unless
/// this process is in them too, and page by page. Tells what was done; none if the kernel took part in
/// nothing of it.
pub fn take_back(processes: &[u32]) -> Option<String> {
    let own = memory_group_of(std::process::id());
    let groups: BTreeSet<PathBuf> = processes
        .iter()
        .filter_map(|pid| memory_group_of(*pid))
        .filter(|group| own.as_ref().is_none_or(|own| !own.starts_with(group)))
        .collect();
    let mut done = BTreeSet::new();
    for group in groups {
        let all = fs::read_to_string(group.join("memory.current")).unwrap_or_default();
        // The kernel takes back what it can, and says so by an error if that is less than all.
        let tried = |file: &str, text: &str| {
            let file = group.join(file);
            file.exists() && {
                let result = fs::write(file, text);
                result.is_ok()
                    || result.is_err_and(|error| error.raw_os_error() == Some(libc::EAGAIN))
            }
        };
        if tried("memory.reclaim", all.trim()) {
            done.insert(OF_SECOND_VERSION);
        } else if tried("memory.force_empty", "0") {
            done.insert(OF_FIRST_VERSION);
        }
    }
    for pid in processes {
        if page_out(*pid) {
            done.insert(OF_PROCESSES);
        }
    }
    let done: Vec<&str> = done.into_iter().collect();
    (!done.is_empty()).then(|| done.join(" and "))
}

/// Advises the kernel to take back every page of a process. Whether it took the advice for any.
#[expect(unsafe_code, reason = "there is no library for these two system calls")]
fn page_out(pid: u32) -> bool {
    // SAFETY: two numbers; the kernel returns a new file descriptor or an error.
    let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let Ok(Ok(descriptor)) = Errno::result(descriptor).map(i32::try_from) else {
        return false;
    };
    // SAFETY: the kernel has just opened it, and nobody else knows it.
    let process = unsafe { OwnedFd::from_raw_fd(descriptor) };
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let mut taken = false;
    for range in maps.lines().filter_map(range) {
        let vector = libc::iovec {
            iov_base: std::ptr::without_provenance_mut(range.start),
            iov_len: range.len(),
        };
        // SAFETY: one vector is read, which lives meanwhile. It names memory of another process, whose
        // contents the advice leaves as they are.
        let advised = unsafe {
            libc::syscall(
                libc::SYS_process_madvise,
                process.as_raw_fd(),
                &raw const vector,
                1,
                libc::MADV_PAGEOUT,
                0,
            )
        };
        // Some mappings cannot be: those of devices, and locked ones.
        taken |= advised >= 0;
    }
    taken
}

/// The addresses of a line of `maps`, unless they are the kernel's own pages.
fn range(line: &str) -> Option<std::ops::Range<usize>> {
    if ["[vvar", "[vdso]", "[vsyscall]"]
        .iter()
        .any(|name| line.contains(name))
    {
        return None;
    }
    let (start, end) = line.split(' ').next()?.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    Some(address(start)?..address(end)?)
}

#[cfg(test)]
mod tests {
    use super::{range, take_back};

    #[test]
    fn addresses_are_read_but_for_the_kernels_own() {
        let line = "7f00-7fff r-xp 00000000 08:02 173521 /usr/bin/dbus-daemon";
        assert_eq!(range(line), Some(0x7f00..0x7fff));
        assert_eq!(range("7ffe-7fff r-xp 0 00:00 0 [vdso]"), None);
        assert_eq!(range("7ffe-7fff r--p 0 00:00 0 [vvar_vclock]"), None);
    }

    #[test]
    fn a_process_that_is_gone_has_nothing_to_take_back() {
        assert_eq!(take_back(&[u32::MAX >> 2]), None);
        assert_eq!(take_back(&[]), None);
    }
}
