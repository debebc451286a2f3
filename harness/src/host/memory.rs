//! The memory of a host.

use serde::Serialize;

use super::{HostFiles, chosen, value_of};

/// The memory of a host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Memory {
    /// Usable memory in bytes.
    pub total_bytes: Option<u64>,
    /// Memory available to new work without swapping, in bytes.
    pub available_bytes: Option<u64>,
    /// Swap space in bytes.
    pub swap_bytes: Option<u64>,
    /// Transparent huge pages: `always`, `madvise` or `never`.
    pub transparent_huge_pages: Option<String>,
    /// Whether the kernel merges like pages of different processes (KSM).
    pub same_page_merging: Option<bool>,
}

impl Memory {
    pub(super) fn read(files: &HostFiles) -> Self {
        let info = files.text("proc/meminfo").unwrap_or_default();
        Self {
            total_bytes: bytes(&info, "MemTotal"),
            available_bytes: bytes(&info, "MemAvailable"),
            swap_bytes: bytes(&info, "SwapTotal"),
            transparent_huge_pages: files
                .line("sys/kernel/mm/transparent_hugepage/enabled")
                .and_then(|line| chosen(&line)),
            same_page_merging: files.line("sys/kernel/mm/ksm/run").and_then(|line| {
                match line.as_str() {
                    "1" => Some(true),
                    // 2 stops merging and splits what was merged.
                    "0" | "2" => Some(false),
                    _ => None,
                }
            }),
        }
    }
}

/// A figure of `/proc/meminfo`, which counts in units of 1024 bytes and calls them kB.
fn bytes(info: &str, key: &str) -> Option<u64> {
    let kib: u64 = value_of(info, key)?
        .strip_suffix("kB")?
        .trim()
        .parse()
        .ok()?;
    kib.checked_mul(1024)
}
