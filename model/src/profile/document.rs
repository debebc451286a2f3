//! The profile as a file.

use super::{Boundary, Capability};
use crate::document::{Decode, Decoder, Keyed, Node, Problem, record};
use crate::input::{Cited, Quantity, Variable};
use crate::units::{Count, CpuTime, Duration, Memory, Rate, Ratio};

record! {
    /// A profile: what each technology costs.
    pub struct ProfileDocument {
        /// Version of the format; 1.
        pub format: u32,
        /// Always `profile`.
        pub kind: String,
        /// Title, shown wherever its numbers are.
        pub title: String,
        /// Where the numbers come from as a whole.
        pub source: Option<String>,
        /// Licence of the data.
        pub licence: Option<String>,
        /// How the numbers were put together.
        pub derivation: Option<String>,
        /// What these numbers are and are not.
        pub notes: Option<String>,
        /// The technologies by key.
        pub technologies: Keyed<TechnologyDocument>,
    }
}

record! {
    /// What one technology is and costs.
    pub struct TechnologyDocument {
        /// Title.
        pub title: String,
        /// What separates one sandbox from another.
        pub boundary: Boundary,
        /// What it offers to the work inside.
        pub offers: Vec<Capability>,
        /// What a reader must know.
        pub notes: Option<String>,
        /// Time from the request for a sandbox to its first useful result, uncontended.
        pub start_latency: Variable<Duration>,
        /// CPU time of everything involved in one start, on one vCPU.
        pub cpu_per_start: Quantity<CpuTime>,
        /// Memory of one live sandbox before the session's own working set.
        pub memory_per_instance: Quantity<Memory>,
        /// Memory taken once per host, whatever the number of sandboxes.
        pub memory_base: Quantity<Memory>,
        /// Most starts per second one vCPU sustains; left out when no ceiling is known.
        pub starts_per_second_per_vcpu: Option<Quantity<Rate>>,
        /// CPU time of the same work relative to a plain process.
        pub relative_cpu: Quantity<Ratio>,
        /// Most sandboxes one host holds whatever its memory; left out when none is known.
        pub density_limit: Option<Quantity<Count>>,
        /// Time from the wish to go on until a suspended sandbox works again; left out, with the two
        /// after it, when it cannot be suspended.
        pub resume_latency: Option<Variable<Duration>>,
        /// CPU time of everything involved in one resume, on one vCPU.
        pub cpu_per_resume: Option<Quantity<CpuTime>>,
        /// Memory one suspended sandbox still holds, the session's working set included.
        pub memory_suspended: Option<Quantity<Memory>>,
    }
}

impl ProfileDocument {
    /// Reads a profile and checks that every number says where it comes from.
    pub fn read(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let profile = Self::decode(node, decoder)?;
        for (id, technology) in profile.technologies.iter() {
            technology.require_origins(id, node, decoder);
            technology.require_all_of_suspension(id, node, decoder);
        }
        Some(profile)
    }
}

impl TechnologyDocument {
    fn cited(&self) -> Vec<(&'static str, &Cited)> {
        let mut cited = vec![
            ("start_latency", &self.start_latency.cited),
            ("cpu_per_start", &self.cpu_per_start.cited),
            ("memory_per_instance", &self.memory_per_instance.cited),
            ("memory_base", &self.memory_base.cited),
            ("relative_cpu", &self.relative_cpu.cited),
        ];
        cited.extend(
            self.starts_per_second_per_vcpu
                .iter()
                .map(|rate| ("starts_per_second_per_vcpu", &rate.cited)),
        );
        cited.extend(
            self.density_limit
                .iter()
                .map(|limit| ("density_limit", &limit.cited)),
        );
        cited.extend(
            self.resume_latency
                .iter()
                .map(|latency| ("resume_latency", &latency.cited)),
        );
        cited.extend(
            self.cpu_per_resume
                .iter()
                .map(|cpu| ("cpu_per_resume", &cpu.cited)),
        );
        cited.extend(
            self.memory_suspended
                .iter()
                .map(|memory| ("memory_suspended", &memory.cited)),
        );
        cited
    }

    /// Half of what a suspension costs says nothing of the rest.
    fn require_all_of_suspension(&self, id: &str, profile: &Node, decoder: &mut Decoder) {
        let parts = [
            ("resume_latency", self.resume_latency.is_some()),
            ("cpu_per_resume", self.cpu_per_resume.is_some()),
            ("memory_suspended", self.memory_suspended.is_some()),
        ];
        let list = |there: bool| {
            let keys = parts.iter().filter(|(_, given)| *given == there);
            keys.map(|(key, _)| format!("`{key}`")).collect::<Vec<_>>()
        };
        let (given, missing) = (list(true), list(false));
        if given.is_empty() || missing.is_empty() {
            return;
        }
        let table = profile.get("technologies").and_then(|table| table.get(id));
        decoder.report(
            Problem::error(
                format!(
                    "`{id}` has {} but not {}",
                    given.join(" and "),
                    missing.join(" and ")
                ),
                table.map_or(&profile.span, |table| &table.span),
                "in this technology",
            )
            .help("what suspending a sandbox costs takes all three"),
        );
    }

    fn require_origins(&self, id: &str, profile: &Node, decoder: &mut Decoder) {
        let table = profile.get("technologies").and_then(|table| table.get(id));
        for (key, cited) in self.cited() {
            if cited.is_cited() || cited.on_command_line {
                continue;
            }
            let span = table
                .and_then(|table| table.get(key))
                .map_or(&profile.span, |n| &n.span);
            decoder.report(
                Problem::error(
                    format!("`{id}.{key}` does not say where it comes from"),
                    span,
                    "no origin",
                )
                .help("add one of measured = \"…\", published = \"…\" or assumed = \"…\""),
            );
        }
    }
}
