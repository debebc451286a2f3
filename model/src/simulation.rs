//! A discrete-event simulation of one cell.
//!
//! # What is simulated
//! A *cell* is a number of identical hosts scheduled together. Sessions open, think, and do bursts of
//! work in sandboxes; a sandbox takes a place in a host's memory, takes time and CPU to start, and
//! shares the host's CPUs with everything else that runs there.
//!
//! A session's life, by [`Lifecycle`]:
//!
//! * *Per session*: open → request a sandbox → (wait for room) → placed: memory is held from here →
//!   (wait for the host's start rate) → start → turns of think and burst → released.
//! * *Per burst*: open → think → request → (wait) → placed → (wait) → start → burst → released →
//!   think → … ; between bursts nothing is held.
//!
//! The **start wait** is the time from the request until the start begins, for want of room or of
//! start rate. The **start latency** is the time from there until the sandbox is ready. The **burst
//! slowdown** is a burst's time on the CPUs over its time alone.
//!
//! * *CPU* is processor sharing: with `W` the summed width of the jobs on a host and `c` its vCPUs, each
//!   unit of width progresses at `min(1, c/W)`. Bursts are one CPU wide. The CPU work of a start is the
//!   last part of its latency, one CPU wide, or wider if it takes more CPU time than wall time.
//! * *Memory* and *density limit* give each host a number of places, never exceeded.
//! * *Start rate* admits starts on a host in order, at least 1/rate apart.
//! * *No room*: requests wait in one first-come-first-served queue, up to its bound, or are rejected.
//!
//! # How a cell is run
//! [`Operation`] adds what operators do and what befalls them: suspending idle sandboxes ([`Suspension`]),
//! pools of unused ones ([`WarmPool`]), hosts switched with the load ([`Autoscaling`]), hosts that fail
//! ([`Failures`]), memory placed more than once ([`OverCommitment`]), and sessions that come all at once
//! ([`Storm`]). [`Minority`] gives some sessions other bursts. All work together, and cost a run without
//! them a branch here and there. What came of them is in [`OperationOutcome`].
//!
//! # How a run begins
//! With the population of the steady state the cell would have if nothing contended (see
//! [`CellSpec::uncontended_session_mean`]), so that a warm-up only has to let contention settle.
//!
//! # What can be relied on
//! * A run is a pure function of (cell specification, observation, [`RunId`]).
//! * The k-th session has the same turns, thinks, work and start draws whatever the technology, the
//!   placement, the number of hosts or the load.
//! * Time is whole nanoseconds. In every run Little's law is checked, to the nanosecond, for sessions,
//!   sandboxes, queue, pacing, starts and CPU jobs, for suspended, unused and resuming sandboxes and for
//!   hosts; so are the conservation of sessions, of bytes and places on every host and of CPU work. A run that contradicts one is an error and gives no numbers.
//!
//! # Example
//! An M/M/c/c loss system in these words: sessions that hold a sandbox for an exponential time and
//! compute nothing, on a host with places for ten.
//!
//! ```
//! use tonnage_model::distribution::{Distribution, TurnCount};
//! use tonnage_model::simulation::{
//!     CellSpec, Demand, Full, HostCapacity, Lifecycle, Observation, Operation, PiecewiseLinear,
//!     Placement, RunId, SandboxCost, SessionShape, run_cell,
//! };
//!
//! let nothing = Distribution::deterministic(0.0)?;
//! let spec = CellSpec {
//!     hosts: 1,
//!     host: HostCapacity { vcpus: 1, memory_bytes: 10 << 20 },
//!     sandbox: SandboxCost {
//!         start_latency: nothing.clone(),
//!         start_cpu: nothing.clone(),
//!         memory_bytes: 1 << 20,
//!         relative_cpu: 1.0,
//!         start_rate_limit: None,
//!         density_limit: None,
//!     },
//!     session: SessionShape {
//!         turns: TurnCount::fixed(1)?,
//!         think: Distribution::exponential(1.0)?,
//!         burst: nothing,
//!         minority: None,
//!     },
//!     lifecycle: Lifecycle::PerSession,
//!     demand: Demand::Poisson { rate: PiecewiseLinear::constant(4.461)? },
//!     placement: Placement::FirstFit,
//!     full: Full::Reject,
//!     operation: Operation::default(),
//! };
//! let run = RunId { seed: 1, cell: 0, replication: 0 };
//! let outcome = run_cell(&spec, &Observation::new(10.0, 20_000.0)?, run)?;
//! // Erlang B says 1%.
//! assert!((outcome.rejection_fraction().unwrap() - 0.01).abs() < 0.003);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arrivals;
mod capacity;
mod cell;
mod control;
mod draw;
mod error;
mod flow;
mod heap;
mod initial;
mod metric;
mod outcome;
mod placement;
mod processor;
mod rate;
mod recorded;
mod replications;
mod spec;
mod station;
mod tally;
mod time;
mod timers;
mod tournament;

pub use capacity::{
    Assessment, Capacity, Check, Effort, Promise, ServiceLevel, Verdict, assess,
    assess_until_decided, simulated_capacity,
};
pub use control::{Control, RunProgress};
pub use error::SimulationError;
pub use flow::{FlowBin, FlowOutcome, run_flow, run_flow_with};
pub use metric::Metric;
pub use outcome::{Bin, CellOutcome, OperationOutcome, Presence};
pub use rate::PiecewiseLinear;
pub use recorded::{RecordedArrivals, RecordedScaling};
pub use replications::{Precision, Replications, run_replications, run_until_precise};
pub use spec::{
    AfterFailure, Autoscaling, CellSpec, Demand, Failures, Full, HostCapacity, Lifecycle, Minority,
    Observation, Operation, OverCommitment, Placement, PlannedFailure, RandomFailures, SandboxCost,
    SessionShape, Storm, Suspension, WarmPool,
};
pub use tally::Tally;
pub use time::SimTime;

use crate::random::Streams;

/// The name of a run: with the cell's specification and the observation it determines every bit of the
/// outcome. Runs with the same name see the same users under any specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RunId {
    /// Of the whole study.
    pub seed: u64,
    /// Which cell of the fleet.
    pub cell: u64,
    /// Which replication; the first one where several are run.
    pub replication: u64,
}

/// Simulates one cell once.
///
/// # Errors
/// If the input is invalid, or the run contradicts an invariant.
pub fn run_cell(
    spec: &CellSpec,
    observation: &Observation,
    run: RunId,
) -> Result<CellOutcome, SimulationError> {
    run_cell_with(spec, observation, run, &Control::default())
}

/// Simulates one cell once, watched, and stopped or limited if so wished.
///
/// # Errors
/// If the input is invalid, the run was stopped, or it contradicts an invariant.
pub fn run_cell_with(
    spec: &CellSpec,
    observation: &Observation,
    run: RunId,
    control: &Control<'_>,
) -> Result<CellOutcome, SimulationError> {
    let streams = Streams::new(run.seed, run.cell, run.replication);
    cell::Run::new(spec, observation, streams)?.finish(control, run.replication)
}
