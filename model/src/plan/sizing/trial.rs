//! Cells that are simulated and judged, each once.

use std::ops::ControlFlow;

use super::SizingEffort;
use crate::input::Draw;
use crate::plan::analytic::Sizing;
use crate::plan::cell::{CellTemplate, promised};
use crate::plan::limits::{CellRules, FINITE_SOURCES, HostLimits, SlowdownTable, TooSmall};
use crate::plan::workload::Workload;
use crate::plan::{PlanError, Progress};
use crate::result::{BindingResource, Watched};
use crate::scenario::{Lifecycle, PlanAssignment, Scenario};
use crate::simulation::{
    Assessment, CellSpec, Check, Control, Demand, Effort, Observation, PiecewiseLinear,
    PlannedFailure, Promise, RunId, SimulationError, Verdict, assess_until_decided,
};

/// Part of a replication that is simulated but not measured, while contention settles.
const WARM_UP: f64 = 0.25;

/// Measured part of a replication at least, in seconds.
const SHORTEST_WATCH: f64 = 30.0;

/// Measured sessions' lengths, one after the other, at least, where CPU or the start rate binds:
/// a backlog of work builds up over sessions.
const SESSIONS_WATCHED: f64 = 2.0;

/// The same where room binds. A run begins with as many sandboxes as the steady state has, so that
/// every replication is a look of its own at how full the cell is; a large cell matters more.
const SESSIONS_WATCHED_FOR_ROOM: f64 = 0.5;

/// The same where every burst has a sandbox of its own: nothing is held over a session, but how many
/// sessions there are changes over their length.
const SESSIONS_WATCHED_FOR_BURSTS: f64 = 0.5;

/// A single host may take so many times the events of a replication to be watched long enough.
const MOST_STRETCH: f64 = 2.0;

/// Seconds that are judged after hosts have failed.
const AFTER_FAILURE: f64 = 300.0;

/// Sessions open at once in a simulated cell at most, for the sake of memory.
const MOST_SESSIONS: f64 = 1e6;

/// One tier on one technology on the scenario's hosts, and every cell of it that was simulated.
pub(in crate::plan) struct Subject<'a> {
    scenario: &'a Scenario,
    template: CellTemplate<'a>,
    limits: HostLimits,
    lifecycle: Lifecycle,
    analytic_binding: BindingResource,
    /// Agents behind the sessions.
    agents: f64,
    /// Open sessions of the busiest moment. Where sessions start faster than so many would in the
    /// steady state, as many as would.
    sessions: f64,
    /// Hosts of the simulated part of a cell; none if cells are simulated whole.
    part: Option<u32>,
    /// Events of one replication.
    events: f64,
    effort: SizingEffort,
    progress: &'a dyn Progress,
    tried: Vec<Tried>,
}

/// A cell that was judged.
#[derive(Debug, Clone)]
pub(super) struct Tried {
    hosts: u32,
    sessions: f64,
    pub(super) verdict: Verdict,
    pub(super) checks: Vec<Check>,
    pub(super) binding: BindingResource,
    simulated_hosts: u32,
    finite: bool,
    window_seconds: f64,
    replications: u64,
    events: u64,
}

impl<'a> Subject<'a> {
    pub(in crate::plan) fn new(
        scenario: &'a Scenario,
        assignment: PlanAssignment,
        central: &'a Draw,
        table: &SlowdownTable,
        analytic: &Sizing,
        effort: SizingEffort,
        progress: &'a dyn Progress,
    ) -> Result<Result<Self, TooSmall>, PlanError> {
        let template = match CellTemplate::new(scenario, assignment, central)? {
            Ok(template) => template,
            Err(too_small) => return Ok(Err(too_small)),
        };
        let workload = analytic.workload;
        let by_starts = match assignment.lifecycle {
            Lifecycle::PerSession => workload.starts * template.session_seconds(),
            Lifecycle::PerBurst => 0.0,
        };
        let limits = HostLimits::new(scenario, template.room(), table)?;
        let mut subject = Self {
            scenario,
            template,
            limits,
            lifecycle: assignment.lifecycle,
            analytic_binding: analytic.binding,
            agents: workload.agents,
            sessions: workload.sessions.max(by_starts),
            part: None,
            events: f64::from(scenario.simulation.events) * effort.events() as f64,
            effort,
            progress,
            tried: Vec::new(),
        };
        subject.part = subject.part_of_a_cell(analytic)?;
        Ok(Ok(subject))
    }

    pub(super) fn scenario(&self) -> &'a Scenario {
        self.scenario
    }

    pub(super) fn sessions(&self) -> f64 {
        self.sessions
    }

    pub(super) fn analytic_binding(&self) -> BindingResource {
        self.analytic_binding
    }

    pub(super) fn rules(&self) -> CellRules<'_> {
        CellRules::new(self.scenario, &self.limits)
    }

    /// The steady state with so many sessions open.
    pub(super) fn steady(&self, sessions: f64) -> Workload {
        Workload::steady(sessions, self.template.carried())
    }

    /// Open sessions a cell of so many hosts carries by the formulas.
    pub(super) fn carries(&self, hosts: u32) -> Result<f64, PlanError> {
        Ok(self.rules().carries(hosts, &self.steady(1.0))?.1)
    }

    /// Events per simulated second.
    fn event_rate(&self, sessions: f64) -> f64 {
        let session_rate = sessions / self.template.session_seconds();
        let turns = self.template.carried().turns.mean();
        // A burst begins and ends; a start is asked for, begins its work and ends.
        2.0 * session_rate * turns + 3.0 * self.steady(sessions).starts + session_rate
    }

    /// Seconds to measure at least.
    fn wanted_seconds(&self) -> f64 {
        use BindingResource::{Cpu, Density, Memory, StartRate};
        let sessions = match (self.lifecycle, self.analytic_binding) {
            (Lifecycle::PerSession, Cpu | StartRate) => SESSIONS_WATCHED,
            (Lifecycle::PerSession, Memory | Density) => SESSIONS_WATCHED_FOR_ROOM,
            (Lifecycle::PerBurst, _) => SESSIONS_WATCHED_FOR_BURSTS,
        };
        (sessions * self.template.session_seconds()).max(SHORTEST_WATCH)
    }

    /// How many hosts of a cell can be watched for long enough, if not all.
    fn part_of_a_cell(&self, analytic: &Sizing) -> Result<Option<u32>, PlanError> {
        let hosts = if analytic.cells > 1.0 {
            self.scenario.fleet.cell_hosts
        } else {
            analytic.cell_hosts.max(1)
        };
        let whole = self.wanted_seconds() / (1.0 - WARM_UP);
        let affordable = |sessions: f64| {
            sessions <= MOST_SESSIONS && self.event_rate(sessions) * whole <= self.events
        };
        let sessions = if analytic.cells > 1.0 {
            self.carries(hosts)?
        } else {
            self.sessions
        };
        if affordable(sessions) {
            return Ok(None);
        }
        let mut part = 1;
        while part < hosts && affordable(self.carries(part + 1)?) {
            part += 1;
        }
        Ok((part < hosts).then_some(part))
    }

    /// The hosts and open sessions to simulate in place of a cell. A part of a cell has the load
    /// that is to the formulas' capacity of the part as the cell's is to that of the cell.
    fn simulated(&self, hosts: u32, sessions: f64) -> Result<(u32, f64), PlanError> {
        Ok(match self.part {
            Some(part) if part < hosts => {
                (part, self.carries(part)? * sessions / self.carries(hosts)?)
            }
            _ => (hosts, sessions),
        })
    }

    fn demand(
        &self,
        sessions: f64,
        single_cell: bool,
        whole: bool,
    ) -> Result<(Demand, bool), PlanError> {
        let length = self.template.session_seconds();
        let finite = single_cell && whole && self.agents <= FINITE_SOURCES;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let agents = (self.agents - 1e-9).ceil().max(1.0) as u64;
        let busy = sessions / agents as f64;
        // Agents who are nearly always busy are as good as never idle: an endless source is safe.
        if finite && busy < 0.99 {
            let open_rate = PiecewiseLinear::constant(busy / (1.0 - busy) / length)?;
            return Ok((Demand::FiniteSource { agents, open_rate }, true));
        }
        let rate = PiecewiseLinear::constant(sessions / length)?;
        Ok((Demand::Poisson { rate }, false))
    }

    /// Simulates and judges a cell with so many working hosts, if it was not before.
    pub(super) fn tried(
        &mut self,
        hosts: u32,
        sessions: f64,
        single_cell: bool,
    ) -> Result<Tried, PlanError> {
        let known = self
            .tried
            .iter()
            .find(|tried| tried.hosts == hosts && tried.sessions.to_bits() == sessions.to_bits());
        if let Some(known) = known {
            return Ok(known.clone());
        }
        let tried = self.simulate(hosts, sessions, single_cell)?;
        self.tried.push(tried.clone());
        Ok(tried)
    }

    fn simulate(&self, hosts: u32, sessions: f64, single_cell: bool) -> Result<Tried, PlanError> {
        let (simulated_hosts, simulated_sessions) = self.simulated(hosts, sessions)?;
        let (demand, finite) =
            self.demand(simulated_sessions, single_cell, simulated_hosts == hosts)?;
        let spec = self.template.spec(simulated_hosts, demand)?;
        let options = &self.scenario.simulation;
        let rate = self.event_rate(simulated_sessions);
        let wanted = self.wanted_seconds() / (1.0 - WARM_UP);
        let longest = options
            .window_seconds
            .max(1000.0 * self.template.session_seconds());
        let seconds = (self.events / rate)
            .max(wanted.min(MOST_STRETCH * self.events / rate))
            .min(longest);
        let observation = Observation::new(WARM_UP * seconds, (1.0 - WARM_UP) * seconds)?;
        let first = u64::from(SizingEffort::first_replications(self.scenario));
        let effort = Effort {
            observation,
            replications: first,
            run: RunId {
                seed: self.scenario.seed,
                cell: 0,
                replication: 0,
            },
            max_events: u64::MAX,
        };
        let most = first * u64::from(self.effort.most_replications());
        let assessment = self.assess(&spec, &effort, most)?;
        let merged = assessment.replications.merged();
        Ok(Tried {
            hosts,
            sessions,
            verdict: assessment.verdict,
            binding: self.binding(&assessment),
            simulated_hosts,
            finite,
            window_seconds: observation.length,
            replications: merged.replications,
            events: merged.events_in_all,
            checks: assessment.checks,
        })
    }

    fn assess(
        &self,
        spec: &CellSpec,
        effort: &Effort,
        most_replications: u64,
    ) -> Result<Assessment, SimulationError> {
        if self.progress.cancelled() {
            return Err(SimulationError::Cancelled);
        }
        let hook = |_: &_| {
            if self.progress.cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let level = promised(self.scenario);
        assess_until_decided(
            spec,
            &level,
            effort,
            most_replications,
            &Control::new(&hook),
        )
    }

    /// Judges the time after a cell in full has lost hosts: the seconds and what was found, or why
    /// that was not simulated.
    pub(super) fn watch_failure(
        &self,
        hosts: u32,
        lost: u32,
        sessions: f64,
        single_cell: bool,
    ) -> Result<Result<(f64, Vec<Check>), String>, PlanError> {
        let (simulated_hosts, _) = self.simulated(hosts, sessions)?;
        if simulated_hosts < hosts {
            return Ok(Err(
                "only a part of the cell can be simulated, and a host is too large a part of it"
                    .to_owned(),
            ));
        }
        let (demand, _) = self.demand(sessions, single_cell, true)?;
        let mut spec = self.template.spec(hosts + lost, demand)?;
        let settle = SHORTEST_WATCH.max(WARM_UP * self.wanted_seconds());
        spec.operation.failures.planned.push(PlannedFailure {
            at: settle,
            hosts: lost,
            repair: None,
        });
        if let Err(error) = spec.validate() {
            return Ok(Err(error.to_string()));
        }
        let effort = Effort {
            observation: Observation::new(settle, AFTER_FAILURE)?,
            replications: u64::from(SizingEffort::first_replications(self.scenario)),
            run: RunId {
                seed: self.scenario.seed,
                cell: 0,
                replication: 0,
            },
            max_events: u64::MAX,
        };
        let assessment = self.assess(&spec, &effort, effort.replications)?;
        Ok(Ok((AFTER_FAILURE, assessment.checks)))
    }

    /// The resource behind the promise that is nearest to breaking, or broken furthest.
    fn binding(&self, assessment: &Assessment) -> BindingResource {
        let merged = assessment.replications.merged();
        match assessment.tightest().map(|check| check.promise) {
            Some(Promise::BurstSlowdown) => BindingResource::Cpu,
            Some(Promise::StartWait) if merged.pacing.mean() > merged.queue.mean() => {
                BindingResource::StartRate
            }
            Some(Promise::StartWait | Promise::Rejection) => self.limits.room.slot_resource,
            None => self.analytic_binding,
        }
    }

    /// The most hosts that surely break a promise with these sessions.
    pub(super) fn most_failing(&self, sessions: f64) -> Option<u32> {
        self.tried
            .iter()
            .filter(|tried| tried.sessions.to_bits() == sessions.to_bits())
            .filter(|tried| tried.verdict == Verdict::Fails)
            .map(|tried| tried.hosts)
            .max()
    }

    pub(super) fn watched(&self, at: &Tried) -> Watched {
        Watched {
            hosts: at.simulated_hosts,
            whole_cell: at.simulated_hosts == at.hosts,
            finite_agents: at.finite,
            window_seconds: at.window_seconds,
            replications: at.replications,
            trials: u32::try_from(self.tried.len()).unwrap_or(u32::MAX),
            events: self.tried.iter().map(|tried| tried.events).sum(),
        }
    }
}
