//! A day of the whole fleet, simulated: what `tonnage simulate` adds to a result.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Estimated;
use crate::scenario::Lifecycle;

/// How much of what happens is simulated.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Fidelity {
    /// Nothing: the expected values, in closed form. No chance, no waiting, no hosts.
    Fluid,
    /// Every session with its own length and work, without contention: chance, but nobody waits.
    Flow,
    /// Hosts with shared CPUs, finite memory, starts and queues.
    Fleet,
}

/// How much of the day was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// Formulas: nothing was simulated.
    ClosedForm,
    /// Every session of every cell.
    Exact,
    /// Windows of cells, stratified by hour.
    Sampled,
    /// As many cells of the day as were finished when the user stopped it.
    Partial,
}

/// A day of the whole fleet under each plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FleetResult {
    /// Which day.
    pub day: FleetDay,
    /// The relative half-width at which sampling was to stop; none where nothing was sampled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<f64>,
    /// Whether the user stopped it.
    pub interrupted: bool,
    /// What is promised.
    pub promised: FleetPromised,
    /// The plans simulated, in the scenario's order.
    pub plans: Vec<FleetPlan>,
}

/// What is promised of every hour.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FleetPromised {
    /// 99% of requests wait at most this many seconds.
    pub start_wait_p99: f64,
    /// 99% of bursts are slowed down at most by this factor.
    pub burst_slowdown_p99: f64,
    /// Share of requests turned away at most.
    pub rejected: f64,
}

/// The hours that were simulated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FleetDay {
    /// The day in words, such as `Wednesday`.
    pub name: String,
    /// Whether it was chosen because the most sessions are open in it.
    pub busiest: bool,
    /// The time zone whose midnight begins it: that of most agents.
    pub zone: String,
    /// Hours by which that zone's clock is ahead of UTC.
    pub hours_ahead: f64,
    /// Hours from Monday 00:00 UTC to its local midnight; may be negative.
    pub begins: f64,
    /// First local hour simulated, 0 to 23.
    pub from_hour: u32,
    /// Local hour at which the simulated part ends, 1 to 24.
    pub to_hour: u32,
}

/// One plan over the day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FleetPlan {
    /// Key in the scenario.
    pub id: String,
    /// Title.
    pub title: String,
    /// Hosts of all tiers, spare ones included.
    pub hosts: f64,
    /// vCPU-hours used by bursts and starts, over all tiers.
    pub vcpu_hours: Option<Estimated>,
    /// Sessions opened, over all tiers.
    pub sessions: Option<Estimated>,
    /// The tiers simulated, in the scenario's order.
    pub tiers: Vec<FleetTier>,
}

/// One tier on one technology over the day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FleetTier {
    /// Key of the tier.
    pub tier: String,
    /// Key of the technology.
    pub technology: String,
    /// When its sandboxes start and stop.
    pub lifecycle: Lifecycle,
    /// How much of what happens was simulated.
    pub fidelity: Fidelity,
    /// The hosts that were there.
    pub site: FleetSite,
    /// How much was simulated.
    pub effort: FleetEffort,
    /// Hour by hour.
    pub hours: Vec<FleetHour>,
    /// Over the whole day.
    pub totals: FleetTotals,
    /// Each promise of the service level over the whole day. Empty where nothing could wait.
    pub promises: Vec<FleetPromise>,
    /// The local hour with the most busy vCPUs.
    pub peak_hour: u32,
    /// What a reader must know of this tier's figures.
    pub notes: Vec<String>,
}

/// The hosts of one tier, as the plan sized them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FleetSite {
    /// Cells; a whole number.
    pub cells: f64,
    /// Hosts of one cell that serve.
    pub cell_hosts: u32,
    /// Hosts of one cell that stand by and were not simulated.
    pub spare_hosts: u32,
    /// vCPUs of one host that serve sandboxes.
    pub host_vcpus: u32,
    /// Sandboxes one host has room for.
    pub host_places: u64,
    /// Whether the size comes from the simulated correction of the plan rather than from its formulas
    /// alone.
    pub corrected: bool,
}

impl FleetSite {
    /// vCPUs of the hosts that serve.
    pub fn vcpus(&self) -> f64 {
        self.cells * f64::from(self.cell_hosts) * f64::from(self.host_vcpus)
    }

    /// Sandboxes the hosts that serve have room for.
    pub fn places(&self) -> f64 {
        self.cells * f64::from(self.cell_hosts) * self.host_places as f64
    }
}

/// How much was simulated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FleetEffort {
    /// Exact, sampled or neither.
    pub extent: Extent,
    /// Cell-hours measured, warm-up not counted.
    pub cell_hours: f64,
    /// Cell-hours of the whole fleet over the time simulated.
    pub of_cell_hours: f64,
    /// Windows, or where the day is exact, cells.
    pub runs: u64,
    /// Shortest and longest window in seconds, warm-up not counted; none where the day is exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_seconds: Option<(f64, f64)>,
    /// Longest warm-up before a measurement, in seconds.
    pub warm_up_seconds: f64,
    /// Events handled, warm-up included.
    pub events: FleetEvents,
    /// Whether every figure that is to be precise is; none where nothing was to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precise: Option<bool>,
}

/// Events by kind. `all` includes the warm-up, the kinds do not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FleetEvents {
    /// Events handled.
    pub all: u64,
    /// Sessions that opened while measuring.
    pub sessions_opened: u64,
    /// Bursts and starts that ended on a CPU while measuring.
    pub cpu_jobs: u64,
    /// Thinks, delays and other timers that ended while measuring.
    pub timers: u64,
}

/// One hour of the whole fleet. Means over the hour; intervals of 95% are those of the expected value
/// at this hour, where more than one cell or window was simulated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FleetHour {
    /// Local hour at which it begins, 0 to 23.
    pub hour: u32,
    /// Open sessions.
    pub sessions: Estimated,
    /// Live sandboxes.
    pub sandboxes: Estimated,
    /// Busy vCPUs.
    pub busy_vcpus: Estimated,
    /// Sessions opened per second.
    pub sessions_per_second: Estimated,
    /// Sandbox starts per second.
    pub starts_per_second: Estimated,
    /// Hosts switched on, spare ones not counted.
    pub hosts_on: Estimated,
    /// Half of the starts waited no longer than this many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_wait_p50: Option<Estimated>,
    /// 99% of the starts waited no longer than this many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_wait_p99: Option<Estimated>,
    /// 99% of the bursts were slowed down by no more than this factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slowdown_p99: Option<Estimated>,
    /// Share of the requests that waited longer than promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited_too_long: Option<Estimated>,
    /// Share of the bursts slowed down by more than promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slowed_too_much: Option<Estimated>,
    /// Share of the requests turned away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<Estimated>,
}

/// The whole day of the whole fleet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FleetTotals {
    /// vCPU-hours used by bursts and starts.
    pub vcpu_hours: Estimated,
    /// Part of the vCPU-hours there that were used, 0 to 1; spare hosts not counted.
    pub utilisation: Estimated,
    /// Sessions opened, those turned away included.
    pub sessions: Estimated,
    /// Sandboxes started.
    pub starts: Estimated,
    /// The account of sessions, where every one was simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<SessionAccount>,
}

/// Where the sessions of the day went: `open_before + opened = ended + rejected + open_after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionAccount {
    /// Open when the day began.
    pub open_before: u64,
    /// Opened in it.
    pub opened: u64,
    /// Ended in it.
    pub ended: u64,
    /// Turned away.
    pub rejected: u64,
    /// Open when the day ended.
    pub open_after: u64,
}

/// One promise over the day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FleetPromise {
    /// For example `requests that wait longer than 500 ms`.
    pub name: String,
    /// Largest share allowed.
    pub target: f64,
    /// Share found over the whole day.
    pub found: Estimated,
    /// Whether the share over the day is within the promise.
    pub met: bool,
    /// Whether the interval leaves no doubt of that.
    pub certain: bool,
    /// Local hours in which the share exceeds what is allowed.
    pub hours_missed: Vec<u32>,
    /// The local hour with the largest share.
    pub worst_hour: u32,
    /// Share in that hour.
    pub worst: Estimated,
}
