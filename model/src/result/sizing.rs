//! What `tonnage size` says: the smallest fleet that was simulated to hold every promise.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BindingResource, CellResult, Estimated, Requirement};
use crate::scenario::Lifecycle;

/// The smallest fleets that hold every promise with hosts lost, found by simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SizingResult {
    /// Hosts every cell has lost when it is judged: the scenario's `fleet.spare_hosts`.
    pub lost_hosts: u32,
    /// Most events of one replication.
    pub events_per_replication: u64,
    /// Replications a judgement begins with, and has at most.
    pub replications: (u32, u32),
    /// The plans, in the scenario's order.
    pub plans: Vec<SizedPlan>,
    /// Each tier on each technology of these plans, once.
    pub tiers: Vec<SizedTier>,
}

/// A plan sized by simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SizedPlan {
    /// Key in the scenario.
    pub id: String,
    /// Title.
    pub title: String,
    /// The total; none if a tier was not sized.
    pub requirement: Option<Requirement>,
    /// The total by formulas.
    pub analytic: Requirement,
    /// Which tiers were not sized, and why.
    pub missing: Vec<String>,
}

/// A tier on a technology, and whether it was sized.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SizedTier {
    /// Key of the tier.
    pub tier: String,
    /// Key of the technology.
    pub technology: String,
    /// When its sandboxes start and stop.
    pub lifecycle: Lifecycle,
    /// Titles of the plans it is part of.
    pub plans: Vec<String>,
    /// What was found.
    pub outcome: SizingOutcome,
}

/// Whether a tier was sized.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum SizingOutcome {
    /// It was.
    Sized(Box<TierSizing>),
    /// It was not.
    NotSized {
        /// Why, and how to have it.
        reason: String,
    },
}

/// The smallest fleet of one tier on one technology.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TierSizing {
    /// Hardware in all, lost hosts included, with the uncertainty of the inputs and what the
    /// simulation could not decide.
    pub requirement: Requirement,
    /// The fleet at central inputs.
    pub fleet: FleetSize,
    /// Hosts in all at central inputs; the low end is what the simulation could not rule out.
    pub hosts: Estimated,
    /// The same by formulas.
    pub analytic: CellResult,
    /// Hosts in all by formulas, at central inputs.
    pub analytic_hosts: f64,
    /// Sessions a cell carries by formulas over those it carries by simulation: above 1 the
    /// simulation needs more.
    pub over_analytic: Estimated,
    /// Which resource one host fewer would exhaust.
    pub binding: BindingResource,
    /// Every promise at the size found.
    pub margins: Vec<Margin>,
    /// The same with one host fewer; none where there is only one.
    pub one_fewer: Option<OneFewer>,
    /// What happens while the hosts are being lost; none where none may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureTrial>,
    /// What cells of other sizes would lose.
    pub pooling: Vec<PoolingRow>,
    /// How it was simulated.
    pub watched: Watched,
}

/// Cells and their hosts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FleetSize {
    /// Cells.
    pub cells: f64,
    /// Hosts of one cell that are left to work when the lost ones are gone.
    pub working_hosts: u32,
    /// Hosts of one cell that may be lost.
    pub lost_hosts: u32,
    /// Open sessions of one cell in the busiest hour.
    pub sessions_per_cell: f64,
}

impl FleetSize {
    /// Hosts of all cells, lost ones included.
    pub fn hosts(&self) -> f64 {
        self.cells * f64::from(self.working_hosts + self.lost_hosts)
    }
}

/// What was found about a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MarginVerdict {
    /// The whole 95% interval is within what is allowed.
    Kept,
    /// The interval reaches across.
    Undecided,
    /// The whole interval is beyond.
    Broken,
}

/// How far a promise is from breaking, or how far beyond.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Margin {
    /// For example `requests that wait longer than 500 ms`.
    pub name: String,
    /// The share allowed, 0 to 1.
    pub allowed: f64,
    /// The share found, with its 95% interval over replications.
    pub found: Estimated,
    /// Whether the promise is kept.
    pub verdict: MarginVerdict,
}

/// A cell with one host fewer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OneFewer {
    /// Working hosts of that cell.
    pub working_hosts: u32,
    /// Whether it surely breaks a promise. If not, the simulation could not decide within its
    /// events and the larger cell was taken.
    pub surely_breaks: bool,
    /// Every promise.
    pub margins: Vec<Margin>,
}

/// A cell in full that loses hosts while it is watched: their sessions ask for new sandboxes all
/// at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum FailureTrial {
    /// It was watched.
    Watched {
        /// Seconds measured, from the moment of the failure on.
        seconds: f64,
        /// Every promise over that time alone.
        margins: Vec<Margin>,
    },
    /// It was not.
    NotWatched {
        /// Why.
        reason: String,
    },
}

/// Cells of one size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PoolingRow {
    /// Working hosts of one cell.
    pub cell_hosts: u32,
    /// Whether this is the scenario's `fleet.cell_hosts`.
    pub chosen: bool,
    /// Open sessions one working host carries, by formulas.
    pub sessions_per_host: f64,
    /// The same by simulation, where it was simulated.
    pub simulated_sessions_per_host: Option<f64>,
    /// Hosts for a session over those of an endless cell, less 1: what dividing the fleet into
    /// such cells costs, hosts that may be lost not counted.
    pub loss: f64,
    /// The same with the hosts that each cell may lose.
    pub loss_with_lost_hosts: f64,
    /// Hosts in all, by formulas.
    pub hosts: f64,
}

/// What was simulated for a sizing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Watched {
    /// Hosts of the simulated cell at the size found.
    pub hosts: u32,
    /// Whether that is the whole cell. If not, a part of it was simulated, at the load that is to
    /// the formulas' capacity of the part as the cell's is to that of the cell.
    pub whole_cell: bool,
    /// Whether sessions came from a finite number of agents.
    pub finite_agents: bool,
    /// Measured seconds of one replication.
    pub window_seconds: f64,
    /// Replications behind the margins.
    pub replications: u64,
    /// Cells judged in all.
    pub trials: u32,
    /// Events in all.
    pub events: u64,
}
