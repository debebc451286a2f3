//! What `tonnage optimize` says: the cheapest technology and host shape for every tier.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BindingResource, Estimated, FleetSize};
use crate::profile::Boundary;
use crate::scenario::Lifecycle;

/// The cheapest way found to carry every tier within the promises.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OptimumResult {
    /// The lists of host shapes that were looked through.
    pub lists: Vec<ShapeListSummary>,
    /// Processor architecture the shapes had to have; none if any would do.
    pub architecture: Option<String>,
    /// Weakest isolation boundary allowed; none if none was demanded.
    pub isolation: Option<Boundary>,
    /// Whether technologies that need hardware virtualisation were also put on virtual machines.
    pub nested_virtualisation: bool,
    /// Sizes of cells tried, hosts that may be lost not counted.
    pub cell_hosts: Vec<u32>,
    /// Combinations of technology, lifecycle, shape and cell size that were sized at the central
    /// inputs and at a few draws.
    pub combinations: u64,
    /// Combinations that were sized at every draw.
    pub kept: u64,
    /// Each tier, in the scenario's order.
    pub tiers: Vec<OptimumTier>,
    /// US dollars per month of all tiers on their cheapest; none if a tier has none.
    pub usd_per_month: Option<Estimated>,
    /// The same at central inputs without the demands on isolation and hardware virtualisation;
    /// none if nothing else would be cheaper.
    pub usd_per_month_without_demands: Option<f64>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// A list of host shapes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShapeListSummary {
    /// Its title.
    pub title: String,
    /// Where its prices come from.
    pub source: String,
    /// Shapes that were used.
    pub used: u32,
    /// Shapes that were not, by reason.
    pub left_out: Vec<String>,
}

/// The cheapest ways to carry one tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OptimumTier {
    /// Key of the tier.
    pub tier: String,
    /// Each technology and lifecycle on its own cheapest shape, cheapest first; the first is the
    /// choice.
    pub options: Vec<OptimumOption>,
    /// Other shapes for the choice's technology, cheapest first.
    pub shapes: Vec<OptimumOption>,
    /// What would be cheaper if nothing were demanded beyond what the tier needs.
    pub without_demands: Option<OptimumOption>,
    /// Technologies that could not be chosen, and why.
    pub excluded: Vec<ExcludedTechnology>,
    /// The choice and what comes close to it, sized by simulation.
    pub confirmed: Vec<Confirmation>,
}

/// One way to carry a tier, by formulas.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OptimumOption {
    /// Key of the technology.
    pub technology: String,
    /// When its sandboxes start and stop.
    pub lifecycle: Lifecycle,
    /// Title of the list the shape is from.
    pub list: String,
    /// Name of the host shape.
    pub shape: String,
    /// List price of one host in US dollars per hour.
    pub usd_per_hour: f64,
    /// The fleet at central inputs.
    pub fleet: FleetSize,
    /// Hosts in all, those that may be lost included.
    pub hosts: Estimated,
    /// US dollars per month of 730 hours.
    pub usd_per_month: Estimated,
    /// What binds at central inputs.
    pub binding: BindingResource,
    /// Share of the draws in which nothing allowed is cheaper than this technology and lifecycle,
    /// each on its best shape; 0 to 1. For another shape of the choice's technology: than this
    /// very shape.
    pub cheapest_share: f64,
    /// What this costs over the cheapest of each draw, less 1, in the mean over the draws.
    pub regret: f64,
    /// Its cost over that of the choice, draw by draw: what both depend on cancels.
    pub over_choice: Estimated,
}

/// A technology that could not be chosen for a tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExcludedTechnology {
    /// Key of the technology.
    pub technology: String,
    /// Why.
    pub reason: String,
}

/// An option that was sized by simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Confirmation {
    /// Key of the technology.
    pub technology: String,
    /// When its sandboxes start and stop.
    pub lifecycle: Lifecycle,
    /// Name of the host shape.
    pub shape: String,
    /// What was found.
    pub outcome: ConfirmationOutcome,
}

/// Whether an option could be sized by simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum ConfirmationOutcome {
    /// It was.
    Confirmed {
        /// The smallest fleet at central inputs that was simulated to hold every promise.
        fleet: FleetSize,
        /// US dollars per month at central inputs; the low end is what the simulation could not
        /// rule out.
        usd_per_month: Estimated,
    },
    /// It was not.
    NotConfirmed {
        /// Why.
        reason: String,
    },
}
