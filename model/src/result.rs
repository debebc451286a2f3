//! What a plan says: the whole answer as plain data, written as JSON and read by the reports.
//!
//! A result is a pure function of the scenario, the profile, the seed and the tool's version: it
//! holds no time stamp and no host name, so the same inputs give the same bytes.

mod curves;
mod fleet;
mod optimum;
mod sizing;

pub use curves::{
    Attainment, AttainmentCurve, AttainmentPoint, GapExplanation, GapReading, GrowthCurve,
    GrowthPoint, GrowthResult, PromiseKind, ServiceCostCurve, ServiceCostPoint, SessionsGap,
};
pub use fleet::{
    Extent, Fidelity, FleetDay, FleetEffort, FleetEvents, FleetHour, FleetPlan, FleetPromise,
    FleetPromised, FleetResult, FleetSite, FleetTier, FleetTotals, SessionAccount,
};
pub use optimum::{
    Confirmation, ConfirmationOutcome, ExcludedTechnology, OptimumOption, OptimumResult,
    OptimumTier, ShapeListSummary,
};
pub use sizing::{
    FailureTrial, FleetSize, Margin, MarginVerdict, OneFewer, PoolingRow, SizedPlan, SizedTier,
    SizingOutcome, SizingResult, TierSizing, Watched,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measurement::document::Measurement;
use crate::profile::{Boundary, Capability, Origin};
use crate::scenario::{ConcurrencyMeaning, Lifecycle, TraceScaling};

/// The version of the result format; a reader refuses versions it does not know.
pub const RESULT_FORMAT: u32 = 1;

/// A number with its 95% interval. `low <= central <= high`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimated {
    /// The value at the central inputs.
    pub central: f64,
    /// The 2.5% quantile.
    pub low: f64,
    /// The 97.5% quantile.
    pub high: f64,
}

impl Estimated {
    /// A number that is known exactly.
    pub fn exact(value: f64) -> Self {
        Self {
            central: value,
            low: value,
            high: value,
        }
    }

    /// Every figure multiplied by a positive factor.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self {
            central: self.central * factor,
            low: self.low * factor,
            high: self.high * factor,
        }
    }
}

/// Everything a plan found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CapacityResult {
    /// [`RESULT_FORMAT`].
    pub format: u32,
    /// What was computed, from what, by which version.
    pub provenance: ResultProvenance,
    /// The scenario in words.
    pub scenario: ScenarioSummary,
    /// The answer in one sentence, with its interval.
    pub answer: String,
    /// What the reader must know before using the numbers, most important first.
    pub warnings: Vec<String>,
    /// Sessions over the week.
    pub demand: DemandResult,
    /// The arithmetic on a napkin.
    pub envelope: EnvelopeResult,
    /// The base scenario and its other readings side by side; the base comes first.
    pub readings: Vec<ReadingResult>,
    /// The technology plans, in the scenario's order; the first is the headline.
    pub plans: Vec<PlanResult>,
    /// Every tier on every technology of the profile, suitable or not.
    pub matrix: Vec<MatrixCell>,
    /// What drives the first plan's vCPUs, strongest first.
    pub tornado: Vec<TornadoBar>,
    /// The claims of the seed post and what was found.
    pub claims: Vec<ClaimResult>,
    /// Every input with its unit, value and source.
    pub assumptions: Vec<Assumption>,
    /// The technologies of the profile with each of their numbers.
    pub technologies: Vec<TechnologyResult>,
    /// The measurement the profile was made from, if it was made from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measurement: Option<Measurement>,
    /// A classic service for the same people and work, where the scenario has one to compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineResult>,
    /// Recorded arrivals and what they change, where a segment has a recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<ArrivalsResult>,
    /// A day of the whole fleet, where it was simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet: Option<FleetResult>,
    /// The smallest fleets found by simulation, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sizing: Option<SizingResult>,
    /// The cheapest hardware, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimum: Option<OptimumResult>,
    /// What each plan needs as people become more, by formulas at the central inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<GrowthResult>,
    /// How much comes off as promised on more and on fewer hosts, for each tier of the first plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attainment: Vec<AttainmentCurve>,
    /// What the first plan costs as each promise is made tighter or looser.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_cost: Vec<ServiceCostCurve>,
    /// From 15 to 24 million sessions, where the scenario is the one in which that is claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions_gap: Option<SessionsGap>,
}

/// Recorded arrivals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ArrivalsResult {
    /// The recordings, one for each segment that has one.
    pub recordings: Vec<RecordingResult>,
    /// The first plan's tiers under recorded and under Poisson arrivals.
    pub cells: Vec<RecordedCell>,
}

/// A recording of when sessions start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordingResult {
    /// Key of the segment.
    pub segment: String,
    /// The file, as the scenario names it.
    pub name: String,
    /// Seconds of an interval in which sessions were counted.
    pub interval_seconds: f64,
    /// Seconds recorded.
    pub recorded_seconds: f64,
    /// Sessions recorded.
    pub sessions: f64,
    /// How it is brought to more sessions than were recorded.
    pub scaling: TraceScaling,
    /// Its burstiness as recorded, on several scales of time.
    pub dispersion: Vec<DispersionResult>,
}

/// The index of dispersion on one scale of time: the variance of counts over their mean, 1 for a
/// Poisson process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DispersionResult {
    /// Seconds of the stretches counted.
    pub seconds: f64,
    /// Such stretches there are.
    pub stretches: u32,
    /// The index.
    pub index: f64,
    /// Lower end of where that of a Poisson process lies in 95 of 100 recordings of this length.
    pub poisson_low: f64,
    /// Upper end.
    pub poisson_high: f64,
}

/// One tier of the first plan under recorded and under Poisson arrivals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedCell {
    /// Key of the tier.
    pub tier: String,
    /// Key of the technology.
    pub technology: String,
    /// Key of the segment whose recording was used.
    pub segment: String,
    /// What was found, or why nothing was.
    pub outcome: RecordedOutcome,
}

/// Whether recorded and Poisson arrivals were compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum RecordedOutcome {
    /// They were: the same cell, load and random numbers, in the busiest stretch of the recording.
    Compared {
        /// Hosts of the cell.
        hosts: u32,
        /// Open sessions in the mean at which promises are held against each other: what the cell
        /// carries under Poisson arrivals.
        sessions: f64,
        /// Seconds measured of each replication.
        seconds: f64,
        /// Replications at each load.
        replications: u32,
        /// Index of dispersion of what the cell sees of the recording, by formula, in its intervals.
        index: f64,
        /// Each promise.
        promises: Vec<PromiseComparison>,
        /// Open sessions the cell carries under Poisson arrivals; none where undecided.
        capacity_poisson: Option<Estimated>,
        /// Open sessions the cell carries under recorded arrivals; none where undecided.
        capacity_recorded: Option<Estimated>,
    },
    /// They were not.
    NotCompared {
        /// Why, and how to have it.
        reason: String,
    },
}

/// One promise under both kinds of arrivals, with 95% intervals over replications.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PromiseComparison {
    /// What is counted.
    pub name: String,
    /// Most of it that is allowed, as a share.
    pub limit: f64,
    /// Share under Poisson arrivals.
    pub poisson: Estimated,
    /// Share under recorded arrivals.
    pub recorded: Estimated,
}

/// A classic service for the same people and work: instances of an application that many users
/// share, no sandboxes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BaselineResult {
    /// Analytic total.
    pub requirement: Requirement,
    /// Each tier as a service of its own, in the scenario's order.
    pub tiers: Vec<BaselineTier>,
    /// Each plan held against it, in the order of [`CapacityResult::plans`].
    pub plans: Vec<BaselineComparison>,
}

/// One tier as a classic service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BaselineTier {
    /// Key of the tier.
    pub tier: String,
    /// The analytic estimate.
    pub requirement: Requirement,
    /// Sessions carried per vCPU at central inputs.
    pub sessions_per_vcpu: f64,
    /// Instances of the application in all, at central inputs.
    pub instances: f64,
    /// CPU, or memory for instances and sessions, at central inputs.
    pub binding: BindingResource,
}

/// A plan held against the classic service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BaselineComparison {
    /// Key of the plan.
    pub plan: String,
    /// vCPUs of the plan over those of the service, by formulas, draw by draw of the uncertain inputs:
    /// what both depend on cancels.
    pub ratio: Estimated,
    /// US dollars per month that the plan costs more (or less, if negative), draw by draw, where the
    /// price is known.
    pub usd_per_month_more: Option<Estimated>,
}

/// Where a result came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResultProvenance {
    /// Version of Tonnage.
    pub tool_version: String,
    /// SHA-256 of the resolved scenario with all it refers to.
    pub scenario_digest: String,
    /// SHA-256 of the profile.
    pub profile_digest: String,
    /// The profile's title.
    pub profile_title: String,
    /// The seed of every random stream.
    pub seed: u64,
    /// Monte Carlo draws over uncertain inputs.
    pub draws: u32,
    /// Replications of each simulated cell; zero when simulation was left out.
    pub replications: u32,
    /// Overrides given with `--set`, as written.
    pub overrides: Vec<String>,
}

/// The scenario in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioSummary {
    /// Short title.
    pub title: String,
    /// The question the scenario asks.
    pub question: String,
    /// Host shape, for example `m7i.metal-24xl`.
    pub host_shape: String,
    /// vCPUs of one host.
    pub host_vcpus: u32,
    /// Memory of one host in bytes.
    pub host_memory_bytes: f64,
    /// List price of one host in US dollars per hour, where known.
    pub host_usd_per_hour: Option<f64>,
    /// The service level promised, in words.
    pub service_level: String,
    /// The tiers, in the scenario's order.
    pub tiers: Vec<TierSummary>,
}

/// One tier in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TierSummary {
    /// Key in the scenario.
    pub id: String,
    /// Title.
    pub title: String,
    /// What its sandboxes must offer.
    pub needs: Vec<Capability>,
    /// Share of the open sessions, 0 to 1.
    pub share: f64,
    /// Mean session length in seconds, without contention.
    pub session_seconds: f64,
    /// Mean CPU work of a session in CPU-seconds on the reference CPU.
    pub session_cpu_seconds: f64,
}

/// Open sessions over one week. Time is UTC, hour 0 is Monday 00:00.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DemandResult {
    /// Hours from Monday 00:00 UTC, one for each point of every series.
    pub hours: Vec<f64>,
    /// Open sessions in all.
    pub sessions: Vec<f64>,
    /// Session starts per second in all.
    pub starts_per_second: Vec<f64>,
    /// Open sessions by time zone; the series add up to `sessions`.
    pub by_zone: Vec<NamedSeries>,
    /// Open sessions by tier; the series add up to `sessions`.
    pub by_tier: Vec<NamedSeries>,
    /// Mean over the week.
    pub mean_sessions: f64,
    /// Mean over each person's local working hours.
    pub working_hours_sessions: f64,
    /// Highest value of the week.
    pub peak_sessions: Estimated,
    /// When, in hours from Monday 00:00 UTC.
    pub peak_hour: f64,
    /// Peak over mean.
    pub peak_to_mean: f64,
    /// Hours by which the peak of the open sessions follows the peak of the starts.
    pub peak_lag_hours: f64,
    /// What the same rates mean when read in each of the three ways.
    pub meanings: Vec<MeaningResult>,
}

/// A series over [`DemandResult::hours`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NamedSeries {
    /// What it shows.
    pub name: String,
    /// One value for each hour point.
    pub values: Vec<f64>,
}

/// Concurrency rates read in one of the three ways.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeaningResult {
    /// The meaning.
    pub meaning: ConcurrencyMeaning,
    /// Whether the scenario states this one.
    pub stated: bool,
    /// Mean open sessions over the week.
    pub mean_sessions: f64,
    /// Mean over local working hours.
    pub working_hours_sessions: f64,
    /// Peak of the week.
    pub peak_sessions: f64,
}

/// Users × adoption × agents × concurrency ÷ sessions per CPU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnvelopeResult {
    /// Simultaneous sessions by plain multiplication.
    pub sessions: f64,
    /// Fewest sessions per CPU assumed.
    pub sessions_per_cpu_low: f64,
    /// Most sessions per CPU assumed.
    pub sessions_per_cpu_high: f64,
    /// CPUs at the most sessions per CPU.
    pub cpus_low: f64,
    /// CPUs at the fewest sessions per CPU.
    pub cpus_high: f64,
}

/// One reading of the scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReadingResult {
    /// Key in the scenario; `base` for the scenario itself.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it changes, as `key = value`.
    pub changes: Vec<String>,
    /// Its envelope.
    pub envelope: EnvelopeResult,
    /// Mean open sessions.
    pub mean_sessions: f64,
    /// Peak open sessions.
    pub peak_sessions: f64,
    /// Peak over mean.
    pub peak_to_mean: f64,
    /// Analytic requirement of each plan, in the order of [`CapacityResult::plans`].
    pub plans: Vec<ReadingPlan>,
}

/// What a plan needs under a reading: the analytic estimate at central inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReadingPlan {
    /// Key of the plan.
    pub plan: String,
    /// vCPUs, with the interval from uncertain inputs.
    pub vcpus: Estimated,
    /// Hosts at central inputs.
    pub hosts: f64,
    /// US dollars per month at central inputs, where the price is known.
    pub usd_per_month: Option<f64>,
}

/// What a technology plan needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanResult {
    /// Key in the scenario.
    pub id: String,
    /// Title.
    pub title: String,
    /// Analytic total.
    pub analytic: Requirement,
    /// Simulated total, where simulated.
    pub simulated: Option<Requirement>,
    /// Each tier on the technology the plan gives it.
    pub tiers: Vec<TierResult>,
}

/// Hardware for a load, with 95% intervals that include the uncertainty of the inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Requirement {
    /// vCPUs of all hosts.
    pub vcpus: Estimated,
    /// Hosts.
    pub hosts: Estimated,
    /// US dollars per month of 730 hours, where the price is known.
    pub usd_per_month: Option<Estimated>,
}

/// What sets the number of hosts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum BindingResource {
    /// CPU work of sessions and starts under the slowdown promised.
    Cpu,
    /// Memory of live sandboxes.
    Memory,
    /// The sustained rate at which a host can start sandboxes.
    StartRate,
    /// The most sandboxes a host can hold whatever its memory.
    Density,
}

/// One tier on one technology.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TierResult {
    /// Key of the tier.
    pub tier: String,
    /// Key of the technology.
    pub technology: String,
    /// When its sandboxes start and stop.
    pub lifecycle: Lifecycle,
    /// Open sessions in the busiest hour.
    pub peak_sessions: Estimated,
    /// Live sandboxes in the busiest hour.
    pub peak_sandboxes: Estimated,
    /// Sandbox starts per second in the busiest hour.
    pub starts_per_second: Estimated,
    /// Offered load of sessions and starts in Erlangs, that is in vCPUs kept busy.
    pub offered_load: Estimated,
    /// Part of the offered load that starts cause, 0 to 1, at central inputs.
    pub start_share_of_load: f64,
    /// The analytic estimate.
    pub analytic: Requirement,
    /// Which resource sets the analytic host count at central inputs.
    pub binding: BindingResource,
    /// Share of the Monte Carlo draws in which each resource binds, largest first.
    pub binding_shares: Vec<BindingShare>,
    /// Hosts each resource would need alone, at central inputs.
    pub hosts_by_resource: Vec<ResourceHosts>,
    /// Sessions carried per vCPU at central inputs.
    pub sessions_per_vcpu: f64,
    /// Sessions one cell carries, hosts of one cell, and spare hosts of one cell.
    pub cell: CellResult,
    /// The simulated estimate, or why there is none.
    pub simulated: SimulationOutcome,
    /// What running the fleet as the scenario says means for this tier, by formulas; where it says
    /// nothing of that, nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<TierOperation>,
}

/// What running a fleet in some way means for a tier, by formulas. Shares are from 0 to 1.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct TierOperation {
    /// Idle sandboxes are suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspension: Option<SuspensionResult>,
    /// Unused sandboxes are kept ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_pool: Option<WarmPoolResult>,
    /// More memory is promised than there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_commitment: Option<MemoryCommitmentResult>,
    /// Some sessions have other bursts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minority: Option<MinorityResult>,
    /// Hosts are switched on and off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<AutoscalingResult>,
    /// Hosts fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<FailuresResult>,
}

/// Sandboxes that are suspended while idle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SuspensionResult {
    /// Idle seconds before, at central inputs.
    pub after_seconds: f64,
    /// Suspended sandboxes at the peak; they are among the live ones.
    pub suspended: Estimated,
    /// Places taken at the peak, each the memory of a whole sandbox; a suspended one takes a part.
    pub places: Estimated,
    /// Resumes per second at the peak.
    pub resumes_per_second: Estimated,
}

/// Unused sandboxes that are kept ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarmPoolResult {
    /// How many on each host.
    pub per_host: Estimated,
    /// Share of the requests that find none, on a host as busy as can be.
    pub misses: Estimated,
}

/// More memory promised than there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryCommitmentResult {
    /// Memory promised over memory there is, at central inputs.
    pub factor: f64,
    /// Places taken on a host at the peak.
    pub sandboxes_per_host: Estimated,
    /// Share of time in which so many really hold more than a host has.
    pub risk: Estimated,
    /// Places of a host.
    pub places_per_host: Estimated,
    /// The share of time with every place taken.
    pub risk_when_full: Estimated,
}

/// Sessions whose bursts are of another kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MinorityResult {
    /// Their share of the sessions, at central inputs.
    pub share: f64,
    /// Their share of the CPU work of bursts.
    pub share_of_work: Estimated,
}

/// Hosts that are switched on and off with the load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AutoscalingResult {
    /// Host-hours of a week, spare hosts with them.
    pub host_hours_per_week: Estimated,
    /// Host-hours of a week with every host on.
    pub always_on_host_hours_per_week: Estimated,
    /// US dollars per month of 730 hours, where the price is known.
    pub usd_per_month: Option<Estimated>,
    /// The same with every host on.
    pub always_on_usd_per_month: Option<Estimated>,
    /// How full the hosts that are on are at the worst moment of the week: 1 is every place or every
    /// vCPU, more is more than they carry.
    pub fullest: Estimated,
}

/// Hosts that fail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FailuresResult {
    /// Share of the hosts that are down, in the mean.
    pub hosts_down: Option<Estimated>,
    /// Chance at any moment that more hosts of a cell are down than it has to spare.
    pub more_than_spare: Option<Estimated>,
    /// Sandboxes lost in a month of 730 hours, of all cells.
    pub sandboxes_lost_per_month: Option<Estimated>,
    /// Hosts of a cell that fail together at the peak.
    pub hosts_at_peak: u32,
    /// What that loses, and how soon the other hosts of the cell have started it anew.
    pub at_peak: Option<RestartResult>,
    /// What the failure of a whole cell loses, and how soon the other cells have started it anew.
    pub cell: Option<RestartResult>,
}

/// Sandboxes that are lost together and started anew elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RestartResult {
    /// How many.
    pub sandboxes: Estimated,
    /// Seconds until all are there again; none where, in some draws, those left have no room or no
    /// CPU to spare for them.
    pub seconds: Option<Estimated>,
}

/// How often a resource binds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BindingShare {
    /// The resource.
    pub resource: BindingResource,
    /// Share of the draws, 0 to 1.
    pub share: f64,
}

/// Hosts that one resource alone would need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceHosts {
    /// The resource.
    pub resource: BindingResource,
    /// Hosts; spare hosts not counted.
    pub hosts: f64,
}

/// The cell that was sized.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CellResult {
    /// Number of cells.
    pub cells: f64,
    /// Hosts of one cell, spare hosts included.
    pub hosts: u32,
    /// Spare hosts of one cell.
    pub spare_hosts: u32,
    /// Open sessions of one cell at the peak.
    pub sessions: f64,
}

/// Whether a tier was simulated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum SimulationOutcome {
    /// It was.
    Simulated(Box<SimulatedResult>),
    /// It was not.
    NotSimulated {
        /// Why, and how to have it.
        reason: String,
    },
}

/// The simulated estimate of one tier on one technology.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SimulatedResult {
    /// Requirement, with simulation noise and the uncertainty of the inputs.
    pub requirement: Requirement,
    /// vCPUs at central inputs with the interval of the simulation alone.
    pub vcpus_at_central_inputs: Estimated,
    /// Simulated over analytic, at central inputs.
    pub over_analytic: Estimated,
    /// Why the two differ, or that they agree.
    pub explanation: String,
    /// Most open sessions a cell carries within the service level.
    pub cell_sessions: Estimated,
    /// Hosts of the simulated cell, without spare ones.
    pub cell_hosts: u32,
    /// Length of one replication in simulated seconds, warm-up not counted.
    pub window_seconds: f64,
    /// Replications at the capacity found; a load that half of them decide has no more.
    pub replications: u32,
    /// Events processed in all.
    pub events: u64,
    /// The service level at the capacity found.
    pub service_level: Vec<ServiceLevelResult>,
}

/// One promise of the service level and what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceLevelResult {
    /// For example `requests that wait longer than 500 ms`.
    pub name: String,
    /// Unit: `s`, `ratio` or `share`.
    pub unit: String,
    /// The promise.
    pub target: f64,
    /// What was found, with the 95% interval over replications.
    pub found: Estimated,
    /// Whether the promise is kept.
    pub met: bool,
}

/// One tier on one technology of the profile, in the comparison of all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MatrixCell {
    /// Key of the tier.
    pub tier: String,
    /// Key of the technology.
    pub technology: String,
    /// The analytic requirement and the binding resource, or why the technology will not do.
    pub outcome: MatrixOutcome,
}

/// Whether a technology can carry a tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum MatrixOutcome {
    /// It can.
    Suitable {
        /// Analytic requirement.
        requirement: Requirement,
        /// What binds at central inputs.
        binding: BindingResource,
        /// Sessions per vCPU at central inputs.
        sessions_per_vcpu: f64,
    },
    /// It lacks something the tier needs.
    Unsuitable {
        /// What it lacks.
        missing: Vec<Capability>,
    },
    /// One sandbox alone does not fit a host, or the service level cannot be held.
    Impossible {
        /// Why.
        reason: String,
    },
}

/// The effect of one uncertain input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TornadoBar {
    /// Key of the input.
    pub key: String,
    /// The input in words.
    pub label: String,
    /// Its 5% quantile, written with its unit.
    pub low_input: String,
    /// Its 95% quantile, written with its unit.
    pub high_input: String,
    /// vCPUs of the first plan with the input at its 5% quantile and all others central.
    pub low_output: f64,
    /// vCPUs with the input at its 95% quantile.
    pub high_output: f64,
    /// Spearman rank correlation of input and vCPUs over the Monte Carlo draws, -1 to 1.
    pub rank_correlation: f64,
}

/// How a claim fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The claim holds.
    Holds,
    /// The claim holds under the condition the explanation names.
    HoldsUnder,
    /// The claim does not hold here.
    DoesNotHold,
    /// Nothing measured yet can judge it.
    NeedsMeasurement,
    /// It cannot be tested here.
    NotTestable,
}

/// One claim of the seed post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimResult {
    /// Short key.
    pub id: String,
    /// The claim in its own words.
    pub quote: String,
    /// Who says so, where and when.
    pub source: String,
    /// What was found here, with units.
    pub found: String,
    /// The verdict.
    pub verdict: Verdict,
    /// One plain sentence why.
    pub why: String,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Assumption {
    /// Key, for example `segments.knowledge-workers.people`.
    pub key: String,
    /// Value with unit, as a person reads it.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
    /// Citation or reason; empty only where the scenario gives none.
    pub source: String,
    /// Exact conditions of a published or measured number.
    pub conditions: String,
    /// Whether it was drawn in the Monte Carlo.
    pub uncertain: bool,
}

/// A technology of the profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TechnologyResult {
    /// Key.
    pub id: String,
    /// Title.
    pub title: String,
    /// Isolation boundary.
    pub boundary: Boundary,
    /// What it offers.
    pub offers: Vec<Capability>,
    /// Its numbers.
    pub numbers: Vec<Assumption>,
}
