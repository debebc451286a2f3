//! The scenario as a file: every key a person may write.

use std::borrow::Cow;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::operation::{
    AutoscalingDocument, BaselineDocument, FailuresDocument, MemoryCommitmentDocument,
    MinorityDocument, WarmPoolDocument,
};
use super::{ConcurrencyMeaning, Lifecycle, Placement, TraceScaling, WhenFull};
use crate::document::{
    Decode, Decoder, Entry, Keyed, MAX_KEYS, Node, Problem, Span, Table, Value, record,
};
use crate::input::{CITATION_KEYS, Quantity, Variable};
use crate::profile::Capability;
use crate::scenario::turns::Turns;
use crate::units::{Count, CpuTime, Duration, Memory, Ratio, Share, UsdPerHour};

record! {
    /// A scenario: who the users are, how they work with agents, what the agents need, what a host
    /// is and what is promised.
    pub struct ScenarioDocument {
        /// Version of the format; 1.
        pub format: u32,
        /// Short title.
        pub title: String,
        /// The question the scenario answers, in a sentence.
        pub question: Option<String>,
        /// A scenario this one is laid over, as a path relative to this file.
        pub extends: Option<FileReference>,
        /// Seed of every random stream; 1 unless given.
        pub seed: Option<u32>,
        /// The profile of technologies, as a path relative to this file.
        pub profile: Option<FileReference>,
        /// Groups of people who behave alike.
        pub segments: Keyed<SegmentDocument>,
        /// Groups of sessions by what they need.
        pub tiers: Keyed<TierDocument>,
        /// The host.
        pub host: HostDocument,
        /// What is promised.
        pub service_level: ServiceLevelDocument,
        /// How hosts are grouped and filled.
        pub fleet: Option<FleetDocument>,
        /// The arithmetic on a napkin.
        pub envelope: EnvelopeDocument,
        /// A classic service to compare with; nothing is compared unless given.
        pub baseline: Option<BaselineDocument>,
        /// Which technology carries which tier; the first plan is the headline.
        pub plans: Keyed<PlanDocument>,
        /// Other readings of the scenario, each a few changed keys.
        pub readings: Option<Keyed<ReadingDocument>>,
        /// The Monte Carlo over uncertain inputs.
        pub uncertainty: Option<UncertaintyDocument>,
        /// The simulation.
        pub simulation: Option<SimulationDocument>,
        /// Numbers of the profile seen differently here, by technology and key.
        pub technologies: Option<Overrides>,
    }
}

record! {
    /// A group of people who behave alike.
    pub struct SegmentDocument {
        /// Title.
        pub title: Option<String>,
        /// Number of people.
        pub people: Quantity<Count>,
        /// Share of them who use agents; all unless given.
        pub adoption: Option<Quantity<Share>>,
        /// Agents of one adopting person; one unless given.
        pub agents_per_person: Option<Quantity<Ratio>>,
        /// Share of the agents with a session open.
        pub concurrency: Quantity<Share>,
        /// Over which time `concurrency` is stated.
        pub concurrency_meaning: ConcurrencyMeaning,
        /// Activity curve over the local week, as a path relative to this file.
        pub activity: Option<FileReference>,
        /// Recorded session starts in place of `activity`, as a path relative to this file.
        pub trace: Option<FileReference>,
        /// How the recording is brought to the number of sessions: `together` unless given.
        pub trace_scaling: Option<TraceScaling>,
        /// Time zones, as a path relative to this file; not for a trace, which has its own clock.
        pub time_zones: Option<FileReference>,
        /// Share of the open sessions in each tier; together 100%.
        pub tiers: Keyed<Quantity<Share>>,
    }
}

record! {
    /// Sessions with the same needs.
    pub struct TierDocument {
        /// Title.
        pub title: String,
        /// What its sandboxes must offer.
        pub needs: Vec<Capability>,
        /// When its sandboxes start and stop, unless a plan says otherwise.
        pub lifecycle: Lifecycle,
        /// With `per-session`: a sandbox that has been idle for so long is suspended until the next
        /// burst.
        pub suspend_after: Option<Quantity<Duration>>,
        /// Turns of one session.
        pub turns: Turns,
        /// Time between bursts in which the sandbox uses no CPU: the model infers, a person reads,
        /// a service answers.
        pub think: Variable<Duration>,
        /// CPU work of one burst on the reference CPU.
        pub burst: Variable<CpuTime>,
        /// Memory the session's own work takes in its sandbox.
        pub working_set: Quantity<Memory>,
        /// A share of the sessions whose bursts are of another kind, such as builds.
        pub minority: Option<MinorityDocument>,
    }
}

record! {
    /// A host.
    pub struct HostDocument {
        /// Shape from a list, as `path#name` with the path relative to this file.
        pub shape: Option<FileReference>,
        /// vCPUs, in place of the shape's.
        pub vcpus: Option<Quantity<Count>>,
        /// Memory, in place of the shape's.
        pub memory: Option<Quantity<Memory>>,
        /// Price, in place of the shape's, which is only used for the shape as listed.
        pub usd_per_hour: Option<Quantity<UsdPerHour>>,
        /// Share of the vCPUs kept for the operating system and the platform's own agents.
        pub reserved_vcpus: Option<Quantity<Share>>,
        /// Memory kept for the operating system and the platform's own agents.
        pub reserved_memory: Option<Quantity<Memory>>,
        /// CPU work one busy vCPU does per second, relative to the reference CPU of the profile.
        pub speed: Option<Quantity<Ratio>>,
    }
}

record! {
    /// What is promised. At least one of `start_wait_p99` and `rejected` decides how full memory
    /// may be.
    pub struct ServiceLevelDocument {
        /// 99% of sandbox requests wait at most this long before their start begins.
        pub start_wait_p99: Quantity<Duration>,
        /// 99% of bursts take at most this many times what they would take alone.
        pub burst_slowdown_p99: Quantity<Ratio>,
        /// At most this share of sandbox requests is turned away.
        pub rejected: Quantity<Share>,
    }
}

record! {
    /// How hosts are grouped and filled.
    pub struct FleetDocument {
        /// Most hosts of one cell, spare ones not counted.
        pub cell_hosts: Option<u32>,
        /// Hosts a cell can lose and still hold the service level.
        pub spare_hosts: Option<u32>,
        /// Which host gets a sandbox.
        pub placement: Option<Placement>,
        /// What happens to a request when no host has room.
        pub when_full: Option<WhenFull>,
        /// Most requests that wait in one cell.
        pub queue_limit: Option<u32>,
        /// Unused sandboxes kept ready; none unless given.
        pub warm_pool: Option<WarmPoolDocument>,
        /// Hosts switched on and off with the load; all are always on unless given.
        pub autoscaling: Option<AutoscalingDocument>,
        /// Hosts that fail; none unless given.
        pub failures: Option<FailuresDocument>,
        /// More memory promised than there is; not unless given.
        pub memory_commitment: Option<MemoryCommitmentDocument>,
    }
}

record! {
    /// The arithmetic on a napkin.
    pub struct EnvelopeDocument {
        /// Fewest sessions one CPU carries.
        pub sessions_per_cpu_low: Quantity<Count>,
        /// Most sessions one CPU carries.
        pub sessions_per_cpu_high: Quantity<Count>,
    }
}

record! {
    /// Which technology carries which tier.
    pub struct PlanDocument {
        /// Title.
        pub title: String,
        /// The technology of each tier.
        pub tiers: Keyed<PlanTier>,
    }
}

record! {
    /// Another reading of the scenario.
    pub struct ReadingDocument {
        /// Title.
        pub title: String,
        /// Changed keys, such as `"segments.staff.people" = "160M"`.
        pub set: Overrides,
    }
}

record! {
    /// The Monte Carlo over uncertain inputs.
    pub struct UncertaintyDocument {
        /// Draws.
        pub draws: Option<u32>,
    }
}

record! {
    /// The simulation.
    pub struct SimulationDocument {
        /// Independent replications at each load.
        pub replications: Option<u32>,
        /// Most hosts of the simulated cell.
        pub cell_hosts: Option<u32>,
        /// Longest replication in simulated time.
        pub window: Option<Quantity<Duration>>,
        /// Most events of one replication; the window is shortened to keep within it.
        pub events: Option<u32>,
    }
}

/// The technology of a tier in a plan: its key, or a table with a lifecycle of its own.
#[derive(Debug, Clone)]
pub struct PlanTier {
    /// Key of the technology.
    pub technology: String,
    /// Lifecycle in place of the tier's, which then brings no `suspend_after` of the tier's.
    pub lifecycle: Option<Lifecycle>,
    /// Idle time before suspension in place of the tier's.
    pub suspend_after: Option<Quantity<Duration>>,
    /// Where it stands.
    pub span: Span,
}

impl PartialEq for PlanTier {
    fn eq(&self, other: &Self) -> bool {
        self.technology == other.technology
            && self.lifecycle == other.lifecycle
            && self.suspend_after == other.suspend_after
    }
}

record! {
    /// The technology of a tier with a lifecycle of its own.
    pub struct PlanTierTable {
        /// Key of the technology.
        pub technology: String,
        /// Lifecycle in place of the tier's, which then brings no `suspend_after` of the tier's.
        pub lifecycle: Option<Lifecycle>,
        /// Idle time before suspension in place of the tier's.
        pub suspend_after: Option<Quantity<Duration>>,
    }
}

impl Decode for PlanTier {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        if let Some(technology) = node.as_str() {
            let technology = technology.to_owned();
            return Some(Self {
                technology,
                lifecycle: None,
                suspend_after: None,
                span: node.span.clone(),
            });
        }
        if node.as_table().is_none() {
            decoder.expected("the name of a technology, or a table with one", node);
            return None;
        }
        let table = PlanTierTable::decode(node, decoder)?;
        let span = node
            .get("technology")
            .map_or(&node.span, |name| &name.span)
            .clone();
        Some(Self {
            technology: table.technology,
            lifecycle: table.lifecycle,
            suspend_after: table.suspend_after,
            span,
        })
    }
}

impl Serialize for PlanTier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.lifecycle.is_none() && self.suspend_after.is_none() {
            return serializer.serialize_str(&self.technology);
        }
        PlanTierTable {
            technology: self.technology.clone(),
            lifecycle: self.lifecycle,
            suspend_after: self.suspend_after.clone(),
        }
        .serialize(serializer)
    }
}

impl JsonSchema for PlanTier {
    fn schema_name() -> Cow<'static, str> {
        "PlanTier".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<PlanTierTable>();
        json_schema!({ "anyOf": [{ "type": "string" }, table] })
    }
}

/// A path to another file, relative to the file it stands in.
#[derive(Debug, Clone)]
pub struct FileReference {
    /// The path as written.
    pub path: String,
    /// Where it stands.
    pub span: Span,
}

impl PartialEq for FileReference {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Decode for FileReference {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let path = String::decode(node, decoder)?;
        Some(Self {
            path,
            span: node.span.clone(),
        })
    }
}

impl Serialize for FileReference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.path)
    }
}

impl JsonSchema for FileReference {
    fn schema_name() -> Cow<'static, str> {
        "FileReference".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "a path relative to this file",
        })
    }
}

/// Keys and the values they are set to; the values are read where the keys belong.
#[derive(Debug, Clone)]
pub struct Overrides(pub Table);

impl PartialEq for Overrides {
    fn eq(&self, other: &Self) -> bool {
        serde_json::to_value(self).ok() == serde_json::to_value(other).ok()
    }
}

impl Decode for Overrides {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let Some(table) = node.as_table() else {
            decoder.expected("a table of keys and values", node);
            return None;
        };
        let mut complete = true;
        for (path, entry) in table {
            if path.split('.').count() > MAX_KEYS {
                decoder.report(Problem::error(
                    format!("no key has more than {MAX_KEYS} parts"),
                    &entry.key_span,
                    "nothing is that deep",
                ));
                complete = false;
            }
        }
        complete.then(|| Self(table.clone()))
    }
}

impl Overrides {
    /// The overrides as trees to be merged over the scenario, in the order written.
    pub fn as_trees(&self) -> Vec<Node> {
        self.0
            .iter()
            .map(|(path, entry)| nest(path, entry))
            .collect()
    }

    /// The overrides as `key = value`, without the sources.
    pub fn describe(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|(path, entry)| format!("{path} = {}", describe(&entry.node)))
            .collect()
    }
}

/// A value as a person reads it.
fn describe(node: &Node) -> String {
    match &node.value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(describe).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(table) => {
            let entries: Vec<(&String, &Entry)> = table
                .iter()
                .filter(|(key, _)| !CITATION_KEYS.contains(&key.as_str()))
                .collect();
            match entries.as_slice() {
                [(key, entry)] if *key == "value" => describe(&entry.node),
                entries => {
                    let entries: Vec<String> = entries
                        .iter()
                        .map(|(key, entry)| format!("{key} = {}", describe(&entry.node)))
                        .collect();
                    format!("{{ {} }}", entries.join(", "))
                }
            }
        }
    }
}

fn nest(path: &str, entry: &Entry) -> Node {
    let key_span = &entry.key_span;
    path.rsplit('.').fold(entry.node.clone(), |node, key| {
        let entry = Entry {
            key_span: key_span.clone(),
            node,
        };
        Node {
            value: Value::Table(IndexMap::from_iter([(key.to_owned(), entry)])),
            span: key_span.clone(),
        }
    })
}

fn plain(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::String(text) => serde_json::Value::from(text.as_str()),
        Value::Number(number) => serde_json::Value::from(*number),
        Value::Boolean(boolean) => serde_json::Value::from(*boolean),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Table(table) => {
            let entries = table
                .iter()
                .map(|(key, entry)| (key.clone(), plain(&entry.node)));
            serde_json::Value::Object(entries.collect())
        }
    }
}

impl Serialize for Overrides {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, entry)| (key, plain(&entry.node))))
    }
}

impl JsonSchema for Overrides {
    fn schema_name() -> Cow<'static, str> {
        "Overrides".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "keys such as \"segments.staff.people\" and the values they are set to",
        })
    }
}
