//! The processors of a host.

use serde::Serialize;

use super::{HostFiles, value_of};

/// The processors of a host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cpu {
    /// Model name, as the processor gives it.
    pub model: Option<String>,
    /// vCPUs online.
    pub vcpus: Option<u32>,
    /// vCPUs this process may use: fewer where an affinity mask or a cgroup quota says so.
    pub usable_vcpus: Option<u32>,
    /// Whether the host is itself a virtual machine. Known on x86 only.
    pub virtualised: Option<bool>,
    /// Frequency governor; `None` where the host does not control its frequency, as most virtual
    /// machines do not.
    pub governor: Option<String>,
}

impl Cpu {
    pub(super) fn read(files: &HostFiles) -> Self {
        let info = files.text("proc/cpuinfo").unwrap_or_default();
        Self {
            model: value_of(&info, "model name").map(str::to_owned),
            vcpus: online(&info),
            usable_vcpus: None,
            virtualised: virtualised(&info),
            governor: files.line("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        }
    }
}

/// vCPUs listed.
fn online(info: &str) -> Option<u32> {
    let processors = info
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.trim() == "processor")
        .count();
    u32::try_from(processors).ok().filter(|vcpus| *vcpus > 0)
}

/// The `hypervisor` flag of x86; other architectures do not list one.
fn virtualised(info: &str) -> Option<bool> {
    let flags = value_of(info, "flags")?;
    Some(flags.split_whitespace().any(|flag| flag == "hypervisor"))
}
