//! The simulated estimate: the largest load at which a simulated cell keeps its promises.

use std::ops::ControlFlow;

use super::cell::{CellTemplate, promised};
use super::limits::{CellRules, HostLimits, SlowdownTable};
use super::monte_carlo::Evaluation;
use super::workload::Workload;
use super::{PlanError, Progress, corrected_requirement};
use crate::input::Draw;
use crate::result::{
    Estimated, Requirement, ServiceLevelResult, SimulatedResult, SimulationOutcome,
};
use crate::scenario::{PlanAssignment, Scenario};
use crate::simulation::{
    Assessment, Capacity, CellSpec, Control, Demand, Effort, Failures, Observation,
    PiecewiseLinear, Promise, RunId, SimulationError, simulated_capacity,
};
use crate::units::{Duration, Ratio, Unit};

/// Relative width at which the search for the capacity stops.
const PRECISION: f64 = 0.02;

/// Loads the search may try before its events run out.
const TRIALS: u64 = 16;

/// A cell is made smaller rather than watched for less than this many simulated seconds, or for
/// less than the length of a session: near saturation a backlog of work builds up over sessions,
/// and a cell watched for less looks better than it is.
const SHORTEST_WATCH: f64 = 30.0;

/// Part of a replication that is simulated but not measured, while contention settles.
pub(super) const WARM_UP: f64 = 0.2;

/// Simulates one tier on one technology and corrects the analytic requirement by what is found.
pub(super) fn simulate(
    scenario: &Scenario,
    assignment: PlanAssignment,
    central: &Draw,
    table: &SlowdownTable,
    base: &Evaluation<'_>,
    progress: &dyn Progress,
) -> Result<SimulationOutcome, PlanError> {
    let not_simulated = |reason: &str| SimulationOutcome::NotSimulated {
        reason: reason.to_owned(),
    };
    if progress.cancelled() {
        return Ok(not_simulated(
            "the plan was interrupted; run it again to the end",
        ));
    }
    let Ok(template) = CellTemplate::new(scenario, assignment, central)? else {
        return Ok(not_simulated("the technology cannot carry the tier"));
    };
    let limits = HostLimits::new(scenario, template.room(), table)?;
    let cell = Cell::new(scenario, &template, &limits)?;
    let formula = cell.formula()?;
    let found = simulated_capacity(
        |sessions| cell.spec(sessions),
        &promised(scenario),
        formula,
        PRECISION,
        &cell.effort(formula)?,
        &Control::new(&|_| {
            if progress.cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }),
    );
    let found = match found {
        Ok(found) => found,
        Err(SimulationError::Cancelled) => {
            return Ok(not_simulated(
                "the plan was interrupted; run it again to the end",
            ));
        }
        Err(SimulationError::InvalidSpec { field, reason }) => {
            return Ok(not_simulated(&format!(
                "the simulator refuses `{field}`: {reason}"
            )));
        }
        Err(error) => return Err(error.into()),
    };
    let Some(over_analytic) = over_formula(&found, formula) else {
        return Ok(not_simulated(
            "the simulation could not decide at any load whether the promises are kept; raise \
             simulation.events or simulation.replications",
        ));
    };
    let requirement = corrected_requirement(scenario, base, &[assignment], &[over_analytic])?;
    let hosts = base.corrected_central(assignment, over_analytic)?;
    let at_central = hosts.scaled(f64::from(scenario.host.vcpus));
    Ok(cell.outcome(&found, over_analytic, requirement, at_central))
}

/// What the simulation needs over what the formulas need: hardware goes with the inverse of what a
/// cell carries. `None` if the search ended without both ends of its interval.
fn over_formula(found: &Capacity, formula: f64) -> Option<Estimated> {
    let decided = found.meets > 0.0 && found.fails.is_finite() && found.at_capacity.is_some();
    decided.then(|| Estimated {
        central: formula / found.estimate,
        low: formula / found.fails.max(found.estimate),
        high: formula / found.meets.min(found.estimate),
    })
}

/// The cell that is simulated.
pub(super) struct Cell<'a> {
    scenario: &'a Scenario,
    template: &'a CellTemplate<'a>,
    limits: &'a HostLimits,
    hosts: u32,
    /// Most events of a replication.
    events: f64,
}

impl<'a> Cell<'a> {
    /// The largest cell within the scenario's that can be watched for long enough: hosts that are
    /// busy with very short bursts use up the events of a replication in no time.
    fn new(
        scenario: &'a Scenario,
        template: &'a CellTemplate<'a>,
        limits: &'a HostLimits,
    ) -> Result<Self, PlanError> {
        let wanted = template
            .session_seconds()
            .max(SHORTEST_WATCH)
            .min(scenario.simulation.window_seconds);
        Self::for_at_least(scenario, template, limits, 1.0, wanted)
    }

    /// The largest cell within the scenario's that can be watched for so many seconds with so many
    /// times the events that the scenario allows, or a single host.
    pub(super) fn for_at_least(
        scenario: &'a Scenario,
        template: &'a CellTemplate<'a>,
        limits: &'a HostLimits,
        more_events: f64,
        seconds: f64,
    ) -> Result<Self, PlanError> {
        let most = scenario
            .simulation
            .cell_hosts
            .min(scenario.fleet.cell_hosts);
        let mut cell = Self {
            scenario,
            template,
            limits,
            hosts: most,
            events: more_events * f64::from(scenario.simulation.events),
        };
        while cell.hosts > 1 && cell.affordable_seconds(cell.formula()?) < seconds {
            cell.hosts /= 2;
        }
        Ok(cell)
    }

    /// Its hosts.
    pub(super) fn hosts(&self) -> u32 {
        self.hosts
    }

    /// Most events of a replication.
    pub(super) fn events(&self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let events = self.events as u64;
        events
    }

    /// Open sessions this very cell carries by the formulas.
    pub(super) fn formula(&self) -> Result<f64, PlanError> {
        let rules = CellRules::new(self.scenario, self.limits);
        let workload = Workload::steady(1.0, self.template.carried());
        Ok(rules.carries(self.hosts, &workload)?.1)
    }

    /// The cell with these sessions. What its hosts carry is asked of hosts that are all on and work:
    /// spare ones are for those that fail.
    pub(super) fn with(&self, demand: Demand) -> Result<CellSpec, SimulationError> {
        let mut spec = self.template.spec(self.hosts, demand)?;
        spec.operation.autoscaling = None;
        spec.operation.failures = Failures::default();
        Ok(spec)
    }

    fn spec(&self, sessions: f64) -> Result<CellSpec, SimulationError> {
        let rate = PiecewiseLinear::constant(sessions / self.template.session_seconds())?;
        self.with(Demand::Poisson { rate })
    }

    /// The longest replication within the events allowed, in simulated seconds.
    pub(super) fn affordable_seconds(&self, sessions: f64) -> f64 {
        let carried = self.template.carried();
        let workload = Workload::steady(sessions, carried);
        let session_rate = sessions / carried.session_seconds();
        // A burst begins and ends; a start is asked for, begins its work and ends.
        let events_per_second = 2.0 * session_rate * carried.turns.mean()
            + 3.0 * (workload.starts + workload.resumes)
            + session_rate;
        self.events / events_per_second
    }

    fn effort(&self, sessions: f64) -> Result<Effort, SimulationError> {
        let options = &self.scenario.simulation;
        let whole = self
            .affordable_seconds(sessions)
            .min(options.window_seconds);
        Ok(Effort {
            observation: Observation::new(WARM_UP * whole, (1.0 - WARM_UP) * whole)?,
            replications: u64::from(options.replications),
            run: RunId {
                seed: self.scenario.seed,
                cell: 0,
                replication: 0,
            },
            max_events: 2 * TRIALS * u64::from(options.events) * u64::from(options.replications),
        })
    }

    fn outcome(
        &self,
        found: &Capacity,
        over_analytic: Estimated,
        requirement: Requirement,
        vcpus_at_central_inputs: Estimated,
    ) -> SimulationOutcome {
        let watched = found.at_capacity.as_ref();
        let options = &self.scenario.simulation;
        SimulationOutcome::Simulated(Box::new(SimulatedResult {
            requirement,
            vcpus_at_central_inputs,
            over_analytic,
            explanation: explain(over_analytic, found.limited_by),
            cell_sessions: Estimated {
                central: found.estimate,
                low: found.meets.min(found.estimate),
                high: found.fails.max(found.estimate),
            },
            cell_hosts: self.hosts,
            window_seconds: watched.map_or(0.0, |at| {
                at.replications.merged().seconds() / at.replications.outcomes().len() as f64
            }),
            replications: options.replications,
            events: found.events,
            service_level: watched.map_or_else(Vec::new, |at| self.promises(at)),
        }))
    }

    /// Each promise as the search judged it: by the share of requests or bursts beyond it, which
    /// is a mean and has an honest interval, rather than by an estimated quantile.
    fn promises(&self, assessment: &Assessment) -> Vec<ServiceLevelResult> {
        assessment
            .checks
            .iter()
            .map(|check| ServiceLevelResult {
                name: promise_words(self.scenario, check.promise),
                unit: "share".to_owned(),
                target: check.limit,
                found: Estimated {
                    central: check.share,
                    low: check.low.min(check.share),
                    high: check.high.max(check.share),
                },
                met: check.share <= check.limit,
            })
            .collect()
    }
}

/// What a promise counts, in words.
pub(super) fn promise_words(scenario: &Scenario, promise: Promise) -> String {
    let promised = &scenario.service_level;
    match promise {
        Promise::StartWait => format!(
            "requests that wait longer than {}",
            Duration::display(promised.start_wait_p99)
        ),
        Promise::BurstSlowdown => format!(
            "bursts slowed down more than {} times",
            Ratio::display(promised.burst_slowdown_p99)
        ),
        Promise::Rejection => "requests turned away".to_owned(),
    }
}

fn explain(over_analytic: Estimated, limited_by: Option<Promise>) -> String {
    let percent = (over_analytic.central - 1.0).abs() * 100.0;
    let promise = match limited_by {
        Some(Promise::StartWait) => "the start wait",
        Some(Promise::BurstSlowdown) => "the slowdown of bursts",
        Some(Promise::Rejection) => "the share turned away",
        None => "no promise",
    };
    if over_analytic.low <= 1.0 && 1.0 <= over_analytic.high {
        return format!(
            "Simulation and formulas agree within the simulation's interval; {promise} breaks first."
        );
    }
    let more = over_analytic.central > 1.0;
    let why = match (limited_by, more) {
        (Some(Promise::BurstSlowdown), false) => {
            "near saturation work piles up for longer than a replication lasts, which begins \
             without a backlog"
        }
        (Some(Promise::BurstSlowdown), true) => {
            "hosts do not get even shares of the work, and starts take CPU in wider pieces than \
             the formulas assume"
        }
        (Some(Promise::StartWait), false) => {
            "a full cell fills up over whole sessions, for longer than a replication lasts"
        }
        (Some(Promise::StartWait), true) => {
            "sessions last longer under contention and hold their places, which the formulas leave \
             out"
        }
        _ => "the formulas simplify what happens when a cell is full",
    };
    format!(
        "Simulation needs {percent:.0}% {} than the formulas: {promise} breaks first. A likely \
         reason, not tested for this tier: {why}.",
        if more { "more" } else { "less" }
    )
}
