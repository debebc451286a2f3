//! A tier on a technology as a cell that can be simulated.

use super::PlanError;
use super::limits::{HostRoom, TAIL, TooSmall};
use super::workload::Carried;
use crate::distribution::Distribution;
use crate::input::Draw;
use crate::scenario::{self, PlanAssignment, Scenario, WhenFull};
use crate::simulation::{
    CellSpec, Demand, Full, HostCapacity, Lifecycle, Operation, Placement, SandboxCost,
    ServiceLevel, SessionShape, SimulationError,
};

/// Everything of a cell but how many hosts it has and who opens sessions: one tier on one
/// technology on the scenario's host, with the numbers of one draw.
#[derive(Debug, Clone)]
pub(crate) struct CellTemplate<'a> {
    scenario: &'a Scenario,
    carried: Carried,
    room: HostRoom,
}

impl<'a> CellTemplate<'a> {
    /// Puts the numbers of a draw in place of a scenario's inputs.
    ///
    /// # Errors
    /// If an input makes no distribution. Within: if not one sandbox fits a host.
    pub(crate) fn new(
        scenario: &'a Scenario,
        assignment: PlanAssignment,
        draw: &Draw,
    ) -> Result<Result<Self, TooSmall>, PlanError> {
        let carried = Carried::new(scenario, assignment, draw)?;
        let technology = &scenario.technologies[assignment.technology];
        Ok(
            HostRoom::new(scenario, technology, &carried, draw).map(|room| Self {
                scenario,
                carried,
                room,
            }),
        )
    }

    /// What a host has room for.
    pub(super) fn room(&self) -> HostRoom {
        self.room
    }

    /// What the tier's sessions ask on this technology.
    pub(super) fn carried(&self) -> &Carried {
        &self.carried
    }

    /// Seconds a session takes in the mean without a sandbox's overheads: what demand is stated
    /// for. A constant number of open sessions `m` is a rate of `m` over this.
    pub(crate) fn session_seconds(&self) -> f64 {
        self.carried.session_seconds()
    }

    /// The cell with so many hosts and these sessions.
    ///
    /// # Errors
    /// If a cost makes no distribution.
    pub(crate) fn spec(&self, hosts: u32, demand: Demand) -> Result<CellSpec, SimulationError> {
        let carried = &self.carried;
        let fleet = &self.scenario.fleet;
        let start_cpu = Distribution::deterministic(carried.start_cpu).map_err(|error| {
            SimulationError::InvalidSpec {
                field: "start_cpu",
                reason: error.to_string(),
            }
        })?;
        Ok(CellSpec {
            hosts,
            host: HostCapacity {
                vcpus: self.room.vcpus,
                memory_bytes: bytes(self.room.memory_bytes),
            },
            sandbox: SandboxCost {
                start_latency: carried.start_latency.clone(),
                start_cpu,
                memory_bytes: bytes(carried.sandbox_bytes),
                relative_cpu: carried.work_factor,
                start_rate_limit: self.room.start_rate,
                density_limit: self
                    .room
                    .density
                    .map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)),
            },
            session: SessionShape {
                turns: carried.turns,
                think: carried.think.clone(),
                burst: carried.burst.clone(),
                minority: None,
            },
            lifecycle: match carried.lifecycle {
                scenario::Lifecycle::PerSession => Lifecycle::PerSession,
                scenario::Lifecycle::PerBurst => Lifecycle::PerBurst,
            },
            demand,
            placement: match fleet.placement {
                scenario::Placement::FirstFit => Placement::FirstFit,
                scenario::Placement::LeastLoaded => Placement::LeastLoaded,
                scenario::Placement::PowerOfTwo => Placement::PowerOfTwo,
                scenario::Placement::Random => Placement::Random,
            },
            full: match fleet.when_full {
                WhenFull::Queue => Full::Queue {
                    limit: fleet.queue_limit,
                },
                WhenFull::Reject => Full::Reject,
            },
            operation: Operation::default(),
        })
    }
}

/// The scenario's promises as the simulation judges them.
pub(crate) fn promised(scenario: &Scenario) -> ServiceLevel {
    let promised = &scenario.service_level;
    ServiceLevel {
        quantile: 1.0 - TAIL,
        start_wait: Some(promised.start_wait_p99),
        burst_slowdown: Some(promised.burst_slowdown_p99),
        rejection: Some(promised.rejected),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn bytes(value: f64) -> u64 {
    value.max(0.0).round() as u64
}
