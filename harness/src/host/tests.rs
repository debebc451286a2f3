//! Fingerprints of hosts made of fixture texts.

use std::path::Path;

use super::{CgroupVersion, Fingerprint, Mitigations};

fn host(files: &[(&str, &str)]) -> Fingerprint {
    let root = tempfile::tempdir().expect("a temporary folder");
    for (path, text) in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
        std::fs::write(path, text).expect("a file is written");
    }
    Fingerprint::below(root.path())
}

#[test]
fn a_virtual_machine_of_x86() {
    let host = host(&[
        (
            "proc/cpuinfo",
            "processor\t: 0\nmodel name\t: Some CPU @ 2.6GHz\nflags\t\t: fpu vme hypervisor sse2\n\n\
             processor\t: 1\nmodel name\t: Some CPU @ 2.6GHz\nflags\t\t: fpu vme hypervisor sse2\n",
        ),
        (
            "proc/meminfo",
            "MemTotal:        8146688 kB\nMemFree: 12 kB\nMemAvailable:    4000000 kB\nSwapTotal: 0 kB\n",
        ),
        ("proc/loadavg", "0.90 0.60 0.62 1/88 1237\n"),
        ("proc/sys/kernel/osrelease", "6.12.9-amd64\n"),
        ("sys/fs/cgroup/cgroup.controllers", "cpu memory\n"),
        (
            "sys/kernel/mm/transparent_hugepage/enabled",
            "always [madvise] never\n",
        ),
        ("sys/kernel/mm/ksm/run", "0\n"),
        (
            "sys/devices/system/cpu/vulnerabilities/meltdown",
            "Not affected\n",
        ),
        (
            "sys/devices/system/cpu/vulnerabilities/spectre_v1",
            "Mitigation: usercopy/swapgs barriers\n",
        ),
        (
            "sys/devices/system/cpu/vulnerabilities/spec_store_bypass",
            "Vulnerable\n",
        ),
        (
            "sys/devices/system/cpu/vulnerabilities/retbleed",
            "Vulnerable: no microcode\n",
        ),
        (
            "sys/devices/system/cpu/vulnerabilities/new_one",
            "Unknown: no answer\n",
        ),
    ]);
    assert_eq!(host.cpu.model.as_deref(), Some("Some CPU @ 2.6GHz"));
    assert_eq!(host.cpu.vcpus, Some(2));
    assert_eq!(host.cpu.virtualised, Some(true));
    assert_eq!(host.cpu.governor, None);
    assert_eq!(host.memory.total_bytes, Some(8_146_688 * 1024));
    assert_eq!(host.memory.available_bytes, Some(4_096_000_000));
    assert_eq!(host.memory.swap_bytes, Some(0));
    assert_eq!(
        host.memory.transparent_huge_pages.as_deref(),
        Some("madvise")
    );
    assert_eq!(host.memory.same_page_merging, Some(false));
    assert_eq!(host.kernel.release.as_deref(), Some("6.12.9-amd64"));
    assert_eq!(host.kernel.cgroups, Some(CgroupVersion::V2));
    assert_eq!(host.load_average, Some([0.90, 0.60, 0.62]));
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mitigations = Mitigations {
        not_affected: names(&["meltdown"]),
        mitigated: names(&["spectre_v1"]),
        vulnerable: names(&["retbleed", "spec_store_bypass"]),
        other: names(&["new_one"]),
    };
    assert_eq!(
        mitigations.to_string(),
        "mitigated: spectre_v1; vulnerable: retbleed, spec_store_bypass; other: new_one; \
         not affected by 1 more"
    );
    assert_eq!(host.kernel.mitigations, Some(mitigations));
}

#[test]
fn a_machine_that_controls_its_frequency() {
    let host = host(&[
        ("proc/cpuinfo", "processor: 0\nflags: fpu vme\n"),
        (
            "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
            "performance\n",
        ),
        ("sys/fs/cgroup/memory/tasks", ""),
        ("sys/kernel/mm/ksm/run", "1\n"),
    ]);
    assert_eq!(host.cpu.virtualised, Some(false));
    assert_eq!(host.cpu.governor.as_deref(), Some("performance"));
    assert_eq!(host.kernel.cgroups, Some(CgroupVersion::V1));
    assert_eq!(host.memory.same_page_merging, Some(true));
}

#[test]
fn both_versions_of_control_groups() {
    let host = host(&[
        ("sys/fs/cgroup/memory/tasks", ""),
        ("sys/fs/cgroup/unified/cgroup.controllers", ""),
    ]);
    assert_eq!(host.kernel.cgroups, Some(CgroupVersion::Hybrid));
}

#[test]
fn an_arm_machine_does_not_say_whether_it_is_virtual() {
    let host = host(&[(
        "proc/cpuinfo",
        "processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n",
    )]);
    assert_eq!(host.cpu.vcpus, Some(1));
    assert_eq!(host.cpu.model, None);
    assert_eq!(host.cpu.virtualised, None);
}

#[test]
fn a_host_that_says_nothing() {
    let host = Fingerprint::below(Path::new("/nowhere/at/all"));
    assert_eq!(host.cpu.model, None);
    assert_eq!(host.cpu.vcpus, None);
    assert_eq!(host.memory.total_bytes, None);
    assert_eq!(host.kernel.release, None);
    assert_eq!(host.kernel.cgroups, None);
    assert_eq!(host.kernel.mitigations, None);
    assert_eq!(host.load_average, None);
}

#[test]
fn a_host_that_says_nonsense() {
    let host = host(&[
        ("proc/cpuinfo", "processor\nmodel name:\n"),
        (
            "proc/meminfo",
            "MemTotal: many kB\nMemAvailable: 18446744073709551615 kB\nSwapTotal: 5\n",
        ),
        ("proc/loadavg", "0.90 much\n"),
        ("sys/kernel/mm/transparent_hugepage/enabled", "always\n"),
        ("sys/kernel/mm/ksm/run", "7\n"),
    ]);
    assert_eq!(host.cpu.model, None);
    assert_eq!(host.cpu.vcpus, None);
    assert_eq!(host.memory.total_bytes, None);
    assert_eq!(host.memory.available_bytes, None);
    assert_eq!(host.memory.swap_bytes, None);
    assert_eq!(host.memory.transparent_huge_pages, None);
    assert_eq!(host.memory.same_page_merging, None);
    assert_eq!(host.load_average, None);
}
