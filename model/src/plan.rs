//! From a scenario to a capacity result: the three estimates side by side.

use crate::result::CapacityResult;
use crate::scenario::Loaded;

/// What to compute.
#[derive(Debug, Clone, Copy)]
pub struct PlanOptions {
    /// Whether to simulate; the analytic estimates alone take a second or so.
    pub simulate: bool,
    /// Monte Carlo draws in place of the scenario's.
    pub draws: Option<u32>,
}

/// Hears how far a plan has come, and may stop it.
///
/// Methods are called from several threads.
pub trait Progress: Sync {
    /// A stage begins, of this many steps.
    fn begin(&self, stage: &str, steps: u64);
    /// Steps of the current stage are done.
    fn advance(&self, steps: u64);
    /// Whether to stop. What is known by then is still returned: tiers not yet simulated are
    /// reported as not simulated.
    fn cancelled(&self) -> bool;
}

/// Hears nothing and never stops.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
}

/// Why a plan could not be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// A plan's tier cannot be carried at all.
    #[error("plan `{plan}` cannot carry tier `{tier}`: {reason}")]
    Impossible {
        /// Key of the plan.
        plan: String,
        /// Key of the tier.
        tier: String,
        /// Why.
        reason: String,
    },
}

/// Plans a scenario.
///
/// # Errors
/// If a plan of the scenario cannot be carried out.
pub fn plan(
    _loaded: &Loaded,
    _options: &PlanOptions,
    _progress: &dyn Progress,
) -> Result<CapacityResult, PlanError> {
    unimplemented!()
}
