//! A host in words: what is known of it, and what on it bends numbers.

use tonnage_model::measurement::document::{Fact, Host};
use tonnage_model::units::{Memory as MemoryUnit, Unit};

use super::Fingerprint;
use crate::meter::{cpu, memory};

/// Load per processor above which the host is busy with something else.
const BUSY: f64 = 0.3;

/// Share of stolen time since the host's start that is worth a word.
const STOLEN: f64 = 0.01;

impl Fingerprint {
    /// What is known of the host, in the order tables show it.
    pub fn facts(&self) -> Vec<Fact> {
        let yes_no =
            |value: Option<bool>| value.map(|yes| if yes { "yes" } else { "no" }.to_owned());
        let memory = |bytes: Option<u64>| bytes.map(|bytes| MemoryUnit::display(bytes as f64));
        let vcpus = self.cpu.vcpus.map(|vcpus| match self.cpu.usable_vcpus {
            Some(usable) if usable != vcpus => format!("{vcpus}, of which {usable} may be used"),
            _ => vcpus.to_string(),
        });
        let load = self.load_average.map(|[one, five, fifteen]| {
            format!("{one:.2}, {five:.2}, {fifteen:.2} (1, 5, 15 min)")
        });
        let rows = [
            ("CPU", self.cpu.model.clone()),
            ("vCPUs", vcpus),
            ("virtual machine", yes_no(self.cpu.virtualised)),
            ("frequency governor", self.cpu.governor.clone()),
            ("memory", memory(self.memory.total_bytes)),
            ("memory available", memory(self.memory.available_bytes)),
            ("swap", memory(self.memory.swap_bytes)),
            (
                "transparent huge pages",
                self.memory.transparent_huge_pages.clone(),
            ),
            ("same-page merging", yes_no(self.memory.same_page_merging)),
            ("kernel", self.kernel.release.clone()),
            (
                "control groups",
                self.kernel.cgroups.map(|version| version.to_string()),
            ),
            (
                "CPU weaknesses",
                self.kernel.mitigations.as_ref().map(ToString::to_string),
            ),
            ("load", load),
            (
                "time stolen since start",
                stolen().map(|share| format!("{:.2}%", 100.0 * share)),
            ),
            (
                "pressure stall information",
                Some(
                    if std::path::Path::new("/proc/pressure/cpu").exists() {
                        "yes"
                    } else {
                        "no"
                    }
                    .to_owned(),
                ),
            ),
        ];
        rows.into_iter()
            .map(|(name, value)| Fact {
                name: name.to_owned(),
                value: value.unwrap_or_else(|| "not known".to_owned()),
            })
            .collect()
    }

    /// What on this host bends the numbers, in sentences.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let mut warn = |bends: bool, sentence: String| {
            if bends {
                warnings.push(sentence);
            }
        };
        let governor = self.cpu.governor.as_deref();
        warn(
            governor.is_some_and(|governor| governor != "performance"),
            format!(
                "the frequency governor is `{}`: the first starts after a pause run slower; \
                 `cpupower frequency-set -g performance` keeps the frequency up",
                governor.unwrap_or_default()
            ),
        );
        warn(
            self.cpu.virtualised == Some(true),
            "this is a virtual machine: page faults and interrupts cost more than on bare metal, \
             and neighbours can take time"
                .to_owned(),
        );
        let load = self.load_average.map_or(0.0, |load| load[0]);
        let vcpus = f64::from(self.cpu.usable_vcpus.or(self.cpu.vcpus).unwrap_or(1));
        warn(
            load > BUSY * vcpus,
            format!(
                "the host is busy with something else (load {load:.1} on {vcpus} vCPUs): times are \
                 longer than on an idle host; stop what else runs"
            ),
        );
        warn(
            stolen().is_some_and(|share| share > STOLEN),
            "the hypervisor gives some of the processors' time to others".to_owned(),
        );
        warn(
            self.memory.transparent_huge_pages.as_deref() == Some("always"),
            "transparent huge pages are always on: memory is taken 2 MiB at a time, which can make \
             small sandboxes look large"
                .to_owned(),
        );
        warn(
            self.memory.same_page_merging == Some(true),
            "same-page merging runs: equal pages of different sandboxes become one after a while, \
             at a cost in CPU time"
                .to_owned(),
        );
        warn(
            self.kernel.cgroups.is_none(),
            "no control groups are mounted: memory has no second account that counts the kernel's \
             part"
                .to_owned(),
        );
        warnings
    }

    /// The host as a measurement keeps it.
    pub fn to_host(&self) -> Host {
        Host {
            vcpus: self.cpu.usable_vcpus.or(self.cpu.vcpus).unwrap_or(1),
            memory: memory::total().unwrap_or(0),
            facts: self.facts(),
            warnings: self.warnings(),
        }
    }
}

/// Share of the processors' time that the hypervisor has taken since the host's start.
fn stolen() -> Option<f64> {
    let time = cpu::of_host()?;
    (time.total > 0.0).then_some(time.steal / time.total)
}
