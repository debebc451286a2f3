//! How the answer moves: with the number of people, with the hosts, with what is promised.
//!
//! Every point is the analytic estimate at the central inputs. Each curve passes through what
//! [`CapacityResult::plans`](super::CapacityResult::plans) says for the scenario itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::BindingResource;

/// What each plan needs for more and for fewer people, everything else kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GrowthResult {
    /// The people of the scenario; one of the points of every curve.
    pub people: f64,
    /// A curve for each plan, in the order of [`CapacityResult::plans`](super::CapacityResult::plans).
    pub plans: Vec<GrowthCurve>,
}

/// What one plan needs for more and for fewer people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GrowthCurve {
    /// Key of the plan.
    pub plan: String,
    /// From few people to many.
    pub points: Vec<GrowthPoint>,
    /// vCPUs for each person that ever more people come down to: full cells with their spare hosts.
    pub vcpus_per_person_limit: f64,
    /// The number of people from which vCPUs for each person stay within 10% of that limit; none if
    /// they do not up to the last point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steady_from_people: Option<f64>,
    /// The same in one sentence.
    pub why: String,
}

/// What one plan needs for so many people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GrowthPoint {
    /// People.
    pub people: f64,
    /// Open sessions at the peak.
    pub sessions: f64,
    /// Hosts, spare ones among them.
    pub hosts: f64,
    /// Spare hosts.
    pub spare_hosts: f64,
    /// vCPUs of all hosts.
    pub vcpus: f64,
    /// vCPUs kept busy at the peak, in Erlangs: what would do without any headroom, whole hosts or
    /// memory.
    pub offered_vcpus: f64,
    /// The resource that binds where most of the vCPUs are.
    pub binding: BindingResource,
}

/// How much comes off as promised on more and on fewer hosts than one tier of the first plan needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttainmentCurve {
    /// Key of the tier.
    pub tier: String,
    /// Key of the technology.
    pub technology: String,
    /// Cells, whose number stays.
    pub cells: f64,
    /// Hosts that the plan gives the tier, spare ones among them; one of the points.
    pub hosts: f64,
    /// What is demanded.
    pub demanded: Attainment,
    /// From few hosts to many.
    pub points: Vec<AttainmentPoint>,
    /// The promises that one host fewer in every cell breaks.
    pub breaks_first: Vec<PromiseKind>,
}

/// Shares of what comes off as promised, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attainment {
    /// Of the starts and resumes, those that begin within the promised wait: for room or for the
    /// start rate, whichever keeps more of them waiting.
    pub starts_in_time: f64,
    /// Of the requests for a sandbox, those that are not turned away.
    pub admitted: f64,
    /// Of the bursts, those slowed down no more than promised.
    pub bursts_in_time: f64,
}

/// How much comes off as promised on so many hosts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttainmentPoint {
    /// Hosts of all cells, spare ones among them.
    pub hosts: f64,
    /// Hosts of one cell that work: spare ones are lost when it counts.
    pub cell_hosts: u32,
    /// By the formulas that size the tier.
    pub analytic: Attainment,
}

/// One of the promises of a service level.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PromiseKind {
    /// The wait that 99% of the starts keep within, in seconds.
    StartWait,
    /// The slowdown that 99% of the bursts keep within, as a ratio.
    BurstSlowdown,
    /// The largest share of requests turned away.
    Rejection,
}

/// What the first plan costs when one promise is made tighter or looser and the others stay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceCostCurve {
    /// The promise that moves.
    pub promise: PromiseKind,
    /// What the scenario promises, in seconds, as a ratio or as a share; one of the points.
    pub promised: f64,
    /// From tight to loose. A promise that no number of hosts holds has no point.
    pub points: Vec<ServiceCostPoint>,
    /// What the promise does to the cost, in one sentence.
    pub why: String,
}

/// What a promise costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceCostPoint {
    /// The promise, in seconds, as a ratio or as a share.
    pub limit: f64,
    /// Hosts.
    pub hosts: f64,
    /// vCPUs of all hosts.
    pub vcpus: f64,
    /// US dollars per month of 730 hours, where the price is known.
    pub usd_per_month: Option<f64>,
}

/// From the product that the claim of 24 million sessions states to the number it gives, where the
/// scenario states that product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionsGap {
    /// Who claims it, where and when.
    pub source: String,
    /// People, as claimed.
    pub people: f64,
    /// Share of them with a session open, as claimed, 0 to 1.
    pub concurrency: f64,
    /// Sessions that follow: people × concurrency.
    pub multiplied: f64,
    /// Sessions claimed.
    pub claimed: f64,
    /// Claimed over multiplied.
    pub factor: f64,
    /// What would make up the factor, each alone.
    pub explanations: Vec<GapExplanation>,
    /// What the scenario's other readings come to.
    pub readings: Vec<GapReading>,
}

/// One quantity that alone would make up the factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GapExplanation {
    /// The quantity, such as `people`.
    pub quantity: String,
    /// Its value as claimed.
    pub stated: f64,
    /// The value that the sessions claimed need.
    pub needed: f64,
    /// What that would mean, in one sentence.
    pub meaning: String,
}

/// What a reading comes to at its peak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GapReading {
    /// Key of the reading.
    pub reading: String,
    /// Its title.
    pub title: String,
    /// Open sessions at the peak.
    pub sessions: f64,
    /// The same over the sessions multiplied.
    pub factor: f64,
    /// Whether that is what is claimed, to within 5%.
    pub reaches: bool,
}
