//! The kernel of a host.

use std::fmt;

use serde::Serialize;

use super::HostFiles;

/// The kernel of a host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kernel {
    /// Release, such as `6.12.9-amd64`.
    pub release: Option<String>,
    /// Which control groups it has.
    pub cgroups: Option<CgroupVersion>,
    /// What it does about known weaknesses of the processor.
    pub mitigations: Option<Mitigations>,
}

/// Which control groups are mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CgroupVersion {
    /// Version 1: one hierarchy for each controller.
    V1,
    /// Version 1 for the controllers, version 2 beside it.
    Hybrid,
    /// Version 2: one hierarchy.
    V2,
}

impl fmt::Display for CgroupVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "version 1",
            Self::Hybrid => "version 1, with version 2 beside it",
            Self::V2 => "version 2",
        })
    }
}

/// What the kernel does about known weaknesses of the processor, by name of the weakness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mitigations {
    /// Weaknesses the processor does not have.
    pub not_affected: Vec<String>,
    /// Weaknesses the kernel works around, at a cost.
    pub mitigated: Vec<String>,
    /// Weaknesses left open.
    pub vulnerable: Vec<String>,
    /// Weaknesses the kernel says something else about.
    pub other: Vec<String>,
}

impl fmt::Display for Mitigations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for (what, names) in [
            ("mitigated", &self.mitigated),
            ("vulnerable", &self.vulnerable),
            ("other", &self.other),
        ] {
            if !names.is_empty() {
                parts.push(format!("{what}: {}", names.join(", ")));
            }
        }
        parts.push(format!("not affected by {} more", self.not_affected.len()));
        f.write_str(&parts.join("; "))
    }
}

impl Kernel {
    pub(super) fn read(files: &HostFiles) -> Self {
        Self {
            release: files.line("proc/sys/kernel/osrelease"),
            cgroups: cgroups(files),
            mitigations: mitigations(files),
        }
    }
}

fn cgroups(files: &HostFiles) -> Option<CgroupVersion> {
    let mounted = |path: &str| files.exists(&format!("sys/fs/cgroup/{path}"));
    if mounted("cgroup.controllers") {
        Some(CgroupVersion::V2)
    } else if mounted("unified/cgroup.controllers") {
        Some(CgroupVersion::Hybrid)
    } else if mounted("memory") || mounted("cpu") {
        Some(CgroupVersion::V1)
    } else {
        None
    }
}

fn mitigations(files: &HostFiles) -> Option<Mitigations> {
    const FOLDER: &str = "sys/devices/system/cpu/vulnerabilities";
    let mut mitigations = Mitigations {
        not_affected: Vec::new(),
        mitigated: Vec::new(),
        vulnerable: Vec::new(),
        other: Vec::new(),
    };
    for name in files.names(FOLDER)? {
        let Some(line) = files.line(&format!("{FOLDER}/{name}")) else {
            continue;
        };
        let list = match line.split([':', ';', ' ']).next() {
            Some("Not") => &mut mitigations.not_affected,
            Some("Mitigation") => &mut mitigations.mitigated,
            Some("Vulnerable") => &mut mitigations.vulnerable,
            _ => &mut mitigations.other,
        };
        list.push(name);
    }
    Some(mitigations)
}
