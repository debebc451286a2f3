//! A tier on a technology as a cell that can be simulated.

use super::PlanError;
use super::limits::{HostRoom, TAIL, TooSmall};
use super::operation::YEAR;
use super::workload::Carried;
use crate::distribution::{Distribution, DistributionError};
use crate::input::Draw;
use crate::scenario::{self, PlanAssignment, Scenario, WhenFull};
use crate::simulation::{
    AfterFailure, Autoscaling, CellSpec, Demand, Failures, Full, HostCapacity, Lifecycle, Minority,
    Operation, OverCommitment, Placement, RandomFailures, SandboxCost, ServiceLevel, SessionShape,
    SimulationError, Suspension, WarmPool,
};

/// Everything of a cell but how many hosts it has and who opens sessions: one tier on one
/// technology on the scenario's host, with the numbers of one draw.
#[derive(Debug, Clone)]
pub(crate) struct CellTemplate<'a> {
    scenario: &'a Scenario,
    draw: &'a Draw,
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
        draw: &'a Draw,
    ) -> Result<Result<Self, TooSmall>, PlanError> {
        let mut carried = Carried::new(scenario, assignment, draw)?;
        let technology = &scenario.technologies[assignment.technology];
        let room = match HostRoom::new(scenario, technology, &mut carried, draw)? {
            Ok(room) => room,
            Err(too_small) => return Ok(Err(too_small)),
        };
        Ok(Ok(Self {
            scenario,
            draw,
            carried,
            room,
        }))
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
        let start_cpu = constant("start_cpu", carried.start_cpu)?;
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
                minority: carried.minority.as_ref().map(|(share, burst)| Minority {
                    share: *share,
                    burst: burst.clone(),
                }),
            },
            lifecycle: match carried.lifecycle {
                scenario::Lifecycle::PerSession => Lifecycle::PerSession,
                scenario::Lifecycle::PerBurst => Lifecycle::PerBurst,
            },
            demand,
            placement: match fleet.placement {
                scenario::Placement::FirstFit => Placement::FirstFit,
                scenario::Placement::BestFit => Placement::BestFit,
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
            operation: self.operation(hosts)?,
        })
    }
}

impl CellTemplate<'_> {
    /// How the scenario runs such a cell. Failures at a set time are the caller's to plan: when the
    /// busiest moment is depends on the demand.
    fn operation(&self, hosts: u32) -> Result<Operation, SimulationError> {
        let wanted = &self.scenario.fleet.operation;
        let get = |id| self.draw.get(id);
        let carried = &self.carried;
        let suspension = match &carried.suspension {
            Some(suspension) => Some(Suspension {
                after: suspension.after,
                resume_latency: suspension.resume_latency.clone(),
                resume_cpu: constant("resume_cpu", suspension.resume_cpu)?,
                memory_bytes: bytes(suspension.bytes),
            }),
            None => None,
        };
        let over_commitment = match wanted.memory_commitment {
            Some(commitment) => {
                let inputs = &self.scenario.inputs;
                let ratio = inputs.distribution(commitment.actual, self.draw);
                let actual = ratio.and_then(|ratio| ratio.scaled(carried.sandbox_bytes));
                Some(OverCommitment {
                    factor: get(commitment.factor),
                    actual: actual.map_err(|error| invalid("over_commitment.actual", &error))?,
                })
            }
            None => None,
        };
        Ok(Operation {
            suspension,
            warm_pool: wanted.warm_pool.map(|_| WarmPool {
                per_host: self.room.pool,
                memory_bytes: bytes(carried.unused_bytes),
            }),
            autoscaling: wanted.autoscaling.map(|autoscaling| Autoscaling {
                least: autoscaling.least.clamp(1, hosts),
                target: get(autoscaling.target),
                interval: get(autoscaling.interval),
                boot: get(autoscaling.boot),
                idle_before_off: get(autoscaling.idle_before_off),
            }),
            failures: wanted
                .failures
                .map_or_else(Failures::default, |failures| Failures {
                    planned: Vec::new(),
                    random: failures
                        .random
                        .filter(|random| get(random.per_year) > 0.0)
                        .map(|random| RandomFailures {
                            mean_between: YEAR / get(random.per_year),
                            repair: get(random.repair),
                        }),
                    then: match failures.then {
                        scenario::AfterFailure::Restart => AfterFailure::Restart,
                        scenario::AfterFailure::End => AfterFailure::End,
                    },
                }),
            over_commitment,
            storms: Vec::new(),
        })
    }
}

fn constant(field: &'static str, value: f64) -> Result<Distribution, SimulationError> {
    Distribution::deterministic(value).map_err(|error| invalid(field, &error))
}

fn invalid(field: &'static str, error: &DistributionError) -> SimulationError {
    SimulationError::InvalidSpec {
        field,
        reason: error.to_string(),
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
