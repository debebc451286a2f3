//! Scenarios: who the users are, what their agents need, what a host is, what is promised.
//!
//! A scenario exists in two forms. [`ScenarioDocument`] is the file as written. [`Scenario`] is
//! what the model works with: every reference read, every name checked, every number an entry of
//! [`Inputs`](crate::input::Inputs).

mod activity;
mod bundle;
mod catalog;
mod load;
mod operation;
mod raw;
mod resolve;
mod standing_alone;
mod turns;

pub(crate) use activity::is_working;
pub use activity::{ActivityCurve, HOURS_PER_WEEK, SLOTS_PER_HOUR, SLOTS_PER_WEEK, WORKING_HOURS};
pub use bundle::{BUNDLE_FORMAT, Bundle, BundleError};
pub use catalog::{
    CurveDocument, HostShapesDocument, ShapeRow, TimeZoneMixDocument, WeekIntensity, ZoneRow,
};
pub use load::{Library, LibraryError, LoadOptions, Loaded, load, load_profile, load_shapes};
pub use operation::{
    AfterFailure, Autoscaling, AutoscalingDocument, Baseline, BaselineDocument, Failures,
    FailuresDocument, FleetOperation, MemoryCommitment, MemoryCommitmentDocument, Minority,
    MinorityDocument, RandomFailures, WarmPool, WarmPoolDocument,
};
pub use raw::{
    EnvelopeDocument, FileReference, FleetDocument, HostDocument, Overrides, PlanDocument,
    PlanTier, PlanTierTable, ReadingDocument, ScenarioDocument, SegmentDocument,
    ServiceLevelDocument, SimulationDocument, TierDocument, UncertaintyDocument,
};
pub use resolve::{
    Arrivals, Envelope, Fleet, Host, Plan, PlanAssignment, Reading, Recording, Scenario, Segment,
    ServiceLevel, SimulationOptions, SuspensionCosts, Technology, Tier, TierId, Zone,
};
pub use turns::{TurnLaw, Turns};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::word;

/// Over which time a concurrency rate is stated.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ConcurrencyMeaning {
    /// The mean over all 168 hours of the week.
    AllHours,
    /// The mean over each person's local working hours, Monday to Friday 09:00 to 17:00.
    WorkingHours,
    /// The highest moment of the week, over all time zones of the segment together.
    Peak,
}

/// When sandboxes start and stop.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Lifecycle {
    /// One sandbox from the session's start to its end.
    PerSession,
    /// A fresh sandbox for every burst, thrown away after it.
    PerBurst,
}

/// Which host gets a sandbox.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// The first host with room.
    FirstFit,
    /// The host with the most live sandboxes that has room.
    BestFit,
    /// The host with the fewest live sandboxes.
    LeastLoaded,
    /// The emptier of two hosts chosen at random.
    PowerOfTwo,
    /// A random host with room.
    Random,
}

/// What happens to a request when no host has room.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum WhenFull {
    /// It waits, in order of arrival.
    Queue,
    /// It is turned away.
    Reject,
}

/// How a recording of fewer sessions than are needed becomes one of more.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum TraceScaling {
    /// All follow the same swings: counts are stretched, and stay as bursty in proportion.
    Together,
    /// Independent crowds, each with swings like those recorded at a time of its own, which average
    /// out.
    Independent,
}

word!(
    TraceScaling,
    "a way to scale a trace",
    ["together", "independent"]
);
word!(
    ConcurrencyMeaning,
    "a time over which a rate is stated",
    ["all-hours", "working-hours", "peak"]
);
word!(Lifecycle, "a lifecycle", ["per-session", "per-burst"]);
word!(
    Placement,
    "a placement",
    [
        "first-fit",
        "best-fit",
        "least-loaded",
        "power-of-two",
        "random",
    ]
);
word!(
    WhenFull,
    "what happens when no host has room",
    ["queue", "reject"]
);
