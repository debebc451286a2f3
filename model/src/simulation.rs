//! A discrete-event simulation of one cell.
mod arrivals;
mod cell;
pub mod error;
mod heap;
mod initial;
mod outcome;
mod placement;
mod processor;
mod rate;
mod spec;
mod station;
mod tally;
mod time;
mod tournament;

pub use cell::RunProgress;
pub use error::SimulationError;
pub use outcome::{Bin, CellOutcome, Presence};
pub use rate::PiecewiseLinear;
pub use spec::{
    CellSpec, Demand, Full, HostCapacity, Lifecycle, Observation, Placement, SandboxCost,
    SessionShape,
};
pub use tally::Tally;
pub use time::SimTime;

use crate::random::Streams;

/// Simulates one replication of one cell.
///
/// # Errors
/// If the input is invalid, or the run contradicts an invariant.
pub fn run_cell(
    spec: &CellSpec,
    observation: &Observation,
    seed: u64,
    cell: u64,
    replication: u64,
) -> Result<CellOutcome, SimulationError> {
    cell::Run::new(spec, observation, Streams::new(seed, cell, replication))?
        .finish(&|_| Ok(()), replication)
}
