//! Memory: what the host has left, and what processes have of it.

use std::fs;
use std::path::Path;

/// Memory of some processes together, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProcessMemory {
    /// Proportional set size: a page that n processes share counts 1/n for each.
    pub pss: u64,
    /// Unique set size: pages that no other process has.
    pub uss: u64,
    /// Page tables.
    pub page_tables: u64,
    /// Processes that could be read.
    pub processes: u32,
}

/// `MemAvailable` of the host, in bytes: what could be given out without swapping, reclaimable
/// page cache and slabs included.
pub fn available() -> Option<u64> {
    let meminfo = fs::read_to_string("/proc/meminfo").ok()?;
    kibibytes(&meminfo, "MemAvailable:")
}

/// `MemTotal` of the host, in bytes.
pub fn total() -> Option<u64> {
    let meminfo = fs::read_to_string("/proc/meminfo").ok()?;
    kibibytes(&meminfo, "MemTotal:")
}

/// `SwapTotal` of the host, in bytes.
pub fn swap() -> Option<u64> {
    let meminfo = fs::read_to_string("/proc/meminfo").ok()?;
    kibibytes(&meminfo, "SwapTotal:")
}

/// Memory of some processes together. Those that have ended count nothing.
pub fn of(pids: impl IntoIterator<Item = u32>) -> ProcessMemory {
    let mut sum = ProcessMemory::default();
    for pid in pids {
        let folder = Path::new("/proc").join(pid.to_string());
        let Ok(smaps) = fs::read_to_string(folder.join("smaps_rollup")) else {
            continue;
        };
        let of = |key| kibibytes(&smaps, key).unwrap_or(0);
        sum.pss += of("Pss:");
        sum.uss += of("Private_Clean:") + of("Private_Dirty:");
        let status = fs::read_to_string(folder.join("status")).unwrap_or_default();
        sum.page_tables += kibibytes(&status, "VmPTE:").unwrap_or(0);
        sum.processes += 1;
    }
    sum
}

/// The value of a `Key:   123 kB` line, in bytes.
fn kibibytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::{available, kibibytes, of, total};

    #[test]
    fn lines_of_proc_are_read() {
        let text = "MemTotal:       24627880 kB\nPss:   12 kB\nPss_Dirty:  4 kB\n";
        assert_eq!(kibibytes(text, "Pss:"), Some(12 * 1024));
        assert_eq!(kibibytes(text, "Swap:"), None);
    }

    #[test]
    fn touched_memory_is_in_the_process_and_missing_on_the_host() {
        const BYTES: usize = 64 << 20;
        let own = std::process::id();
        let before = of([own]);
        let touched = std::hint::black_box(vec![1_u8; BYTES]);
        let after = of([own]);
        let grown = (after.uss - before.uss) as f64 / BYTES as f64;
        assert!((0.95..1.25).contains(&grown), "{grown}");
        assert!(after.pss >= after.uss);
        assert!(available() < total());
        drop(touched);
    }

    #[test]
    fn processes_that_are_gone_count_nothing() {
        assert_eq!(of([u32::MAX]).processes, 0);
    }
}
