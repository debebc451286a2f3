//! How a fleet is run: sandboxes kept ready or put to sleep, memory promised twice, hosts switched
//! on and off, hosts that fail. All of it is off unless a scenario asks for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::{record, word};
use crate::input::{InputId, Quantity, Variable};
use crate::units::{Count, CpuTime, Duration, Memory, Ratio, Share};

record! {
    /// Unused sandboxes kept ready on every host, from which requests are served without a start.
    pub struct WarmPoolDocument {
        /// Unused sandboxes on each host.
        pub per_host: Option<u32>,
        /// Share of the requests at the peak that shall find one; how many are kept follows.
        pub hit_rate: Option<Quantity<Share>>,
    }
}

record! {
    /// Hosts switched on and off with the load.
    pub struct AutoscalingDocument {
        /// Hosts of a cell that always stay on, spare ones not counted.
        pub least: u32,
        /// How full the hosts that are on shall be: of places or of CPU, whichever is fuller.
        pub target: Quantity<Share>,
        /// Time between two looks at the load.
        pub interval: Quantity<Duration>,
        /// Time until a host that is switched on takes sandboxes.
        pub boot: Quantity<Duration>,
        /// Time a host is empty before it is switched off.
        pub idle_before_off: Quantity<Duration>,
    }
}

record! {
    /// Hosts that fail.
    pub struct FailuresDocument {
        /// Failures of one host in a year, each taking all its sandboxes away.
        pub host_failures_per_year: Option<Quantity<Ratio>>,
        /// Time until a failed host is back.
        pub repair: Option<Quantity<Duration>>,
        /// Hosts of a cell that fail together at the busiest moment.
        pub at_peak: Option<u32>,
        /// Whether a whole cell fails at the busiest moment too, and its sessions come to the others.
        pub cell_fails: Option<bool>,
        /// What becomes of a session whose host failed; `restart` unless given.
        pub then: Option<AfterFailure>,
    }
}

record! {
    /// More memory promised to sandboxes than hosts have.
    pub struct MemoryCommitmentDocument {
        /// Memory promised over memory there is.
        pub factor: Quantity<Ratio>,
        /// What one sandbox really holds over what is set aside for it (its memory and its working
        /// set); differs from sandbox to sandbox.
        pub actual: Variable<Ratio>,
    }
}

record! {
    /// A share of the sessions whose bursts are of another kind.
    pub struct MinorityDocument {
        /// Share of the sessions.
        pub share: Quantity<Share>,
        /// CPU work of one of their bursts on the reference CPU.
        pub burst: Variable<CpuTime>,
    }
}

record! {
    /// A classic service to compare with: instances of an application, each shared by many users.
    pub struct BaselineDocument {
        /// Memory of one instance, its runtime and its code.
        pub memory: Quantity<Memory>,
        /// Requests one instance works on at a time; each needs the working set of its tier.
        pub requests_per_instance: Quantity<Count>,
        /// Memory an open session holds between its requests; nothing unless given.
        pub session_memory: Option<Quantity<Memory>>,
        /// CPU time of the same work relative to a plain process; 1 unless given.
        pub relative_cpu: Option<Quantity<Ratio>>,
    }
}

/// What becomes of a session whose host failed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum AfterFailure {
    /// It asks for a new sandbox and repeats the turn it lost.
    Restart,
    /// It is over.
    End,
}

word!(
    AfterFailure,
    "what becomes of a session after a failure",
    ["restart", "end"]
);

/// How a fleet is run beyond one sandbox for each session or burst.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FleetOperation {
    /// Unused sandboxes kept ready.
    pub warm_pool: Option<WarmPool>,
    /// Hosts switched on and off.
    pub autoscaling: Option<Autoscaling>,
    /// Hosts that fail.
    pub failures: Option<Failures>,
    /// More memory promised than there is.
    pub memory_commitment: Option<MemoryCommitment>,
}

/// How many unused sandboxes a host keeps ready.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WarmPool {
    /// So many.
    PerHost(u32),
    /// As many as give this share of the requests one, at the peak.
    HitRate(InputId),
}

/// Hosts switched on and off with the load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Autoscaling {
    /// Hosts of a cell that always stay on, spare ones not counted.
    pub least: u32,
    /// How full hosts shall be, 0 to 1.
    pub target: InputId,
    /// Seconds between two looks at the load.
    pub interval: InputId,
    /// Seconds until a host that is switched on takes sandboxes.
    pub boot: InputId,
    /// Seconds a host is empty before it is switched off.
    pub idle_before_off: InputId,
}

/// Hosts that fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Failures {
    /// Failures of one host in a year, and seconds until it is back.
    pub random: Option<RandomFailures>,
    /// Hosts of a cell that fail together at the busiest moment.
    pub at_peak: u32,
    /// Whether a whole cell fails at the busiest moment too.
    pub cell_fails: bool,
    /// What becomes of a session whose host failed.
    pub then: AfterFailure,
}

/// Hosts that fail one by one, at any time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomFailures {
    /// Failures of one host in a year.
    pub per_year: InputId,
    /// Seconds until a failed host is back.
    pub repair: InputId,
}

/// More memory promised than there is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemoryCommitment {
    /// Memory promised over memory there is, at least 1.
    pub factor: InputId,
    /// What one sandbox really holds over what is set aside for it.
    pub actual: InputId,
}

/// A share of a tier's sessions whose bursts are of another kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minority {
    /// Share of the sessions, 0 to 1.
    pub share: InputId,
    /// CPU work of one of their bursts.
    pub burst: InputId,
}

/// A classic service to compare with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Baseline {
    /// Memory of one instance.
    pub memory: InputId,
    /// Requests one instance works on at a time.
    pub requests_per_instance: InputId,
    /// Memory an open session holds between its requests.
    pub session_memory: InputId,
    /// CPU time of the same work relative to a plain process.
    pub relative_cpu: InputId,
}
