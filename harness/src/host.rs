//! What a host is, as far as it decides what a sandbox costs.
//!
//! Everything is read from `/proc` and `/sys`. What a host does not say is `None`, never a guess.

mod cpu;
mod facts;
mod kernel;
mod memory;

use std::path::{Path, PathBuf};

use serde::Serialize;

pub use cpu::Cpu;
pub use kernel::{CgroupVersion, Kernel, Mitigations};
pub use memory::Memory;

/// The fingerprint of a host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fingerprint {
    /// Its processors.
    pub cpu: Cpu,
    /// Its memory.
    pub memory: Memory,
    /// Its kernel.
    pub kernel: Kernel,
    /// Mean number of runnable tasks over the last 1, 5 and 15 minutes.
    pub load_average: Option<[f64; 3]>,
}

impl Fingerprint {
    /// The fingerprint of the host this runs on.
    pub fn of_this_host() -> Self {
        let mut host = Self::below(Path::new("/"));
        host.cpu.usable_vcpus = std::thread::available_parallelism()
            .ok()
            .and_then(|vcpus| u32::try_from(vcpus.get()).ok());
        host
    }

    /// The fingerprint of a host whose `/proc` and `/sys` are found below a folder; what only the
    /// running system can tell is left out.
    pub fn below(root: &Path) -> Self {
        let files = HostFiles {
            root: root.to_owned(),
        };
        Self {
            cpu: Cpu::read(&files),
            memory: Memory::read(&files),
            kernel: Kernel::read(&files),
            load_average: files
                .line("proc/loadavg")
                .and_then(|line| load_average(&line)),
        }
    }
}

fn load_average(line: &str) -> Option<[f64; 3]> {
    let mut loads = line.split_whitespace().map(|word| word.parse::<f64>().ok());
    Some([loads.next()??, loads.next()??, loads.next()??])
}

/// The files of a host, by their path without the leading slash.
#[derive(Debug)]
struct HostFiles {
    root: PathBuf,
}

impl HostFiles {
    /// The text of a file.
    fn text(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.root.join(path)).ok()
    }

    /// The text of a file of one line, if it says anything.
    fn line(&self, path: &str) -> Option<String> {
        let text = self.text(path)?;
        let line = text.trim();
        (!line.is_empty()).then(|| line.to_owned())
    }

    /// Whether there is such a file or folder.
    fn exists(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// The names in a folder, sorted.
    fn names(&self, path: &str) -> Option<Vec<String>> {
        let mut names: Vec<String> = std::fs::read_dir(self.root.join(path))
            .ok()?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        Some(names)
    }
}

/// The value of the first `key: value` or `key\t: value` line.
fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim())
        .filter(|value| !value.is_empty())
}

/// The choice in brackets, as in `always [madvise] never`.
fn chosen(line: &str) -> Option<String> {
    let (_, rest) = line.split_once('[')?;
    let (choice, _) = rest.split_once(']')?;
    Some(choice.to_owned())
}

#[cfg(test)]
mod tests;
