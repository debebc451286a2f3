//! From a scenario to a capacity result: the three estimates side by side.
//!
//! 1. **Envelope**: people × agents × concurrency ÷ sessions per CPU, as on a napkin.
//! 2. **Analytic**: the busiest moment of the week, held within the service level by formulas. A
//!    Monte Carlo over the uncertain inputs makes it an interval.
//! 3. **Simulated**: cells of hosts, event by event. The load a simulated cell carries within the
//!    service level corrects the analytic estimate, and the interval grows by what the simulation
//!    could not decide.

mod analytic;
mod baseline;
pub(crate) mod cell;
pub(crate) mod central;
mod claims;
mod contributions;
mod curves;
mod draws;
mod limits;
mod memory;
mod monte_carlo;
mod operation;
mod optimum;
mod recorded;
mod simulated;
mod sizing;
mod tornado;
mod words;
mod workload;

use limits::SlowdownTable;
pub(crate) use limits::TAIL;
use monte_carlo::{Evaluation, Jobs, Task};

use crate::distribution::DistributionError;
use crate::input::{Draw, InputId};
use crate::queueing::QueueingError;
use crate::result::{
    ArrivalsResult, Assumption, AttainmentCurve, BaselineComparison, BaselineResult, BaselineTier,
    BindingShare, CapacityResult, CellResult, ClaimResult, DemandResult, EnvelopeResult, Estimated,
    GrowthResult, MatrixCell, MatrixOutcome, PlanResult, RESULT_FORMAT, ReadingPlan, ReadingResult,
    Requirement, ResourceHosts, ResultProvenance, ScenarioSummary, ServiceCostCurve, SessionsGap,
    SimulationOutcome, TechnologyResult, TierResult, TierSummary, TornadoBar,
};
use crate::scenario::{Loaded, Plan, PlanAssignment, Reading, Scenario, TierId};
use crate::simulation::SimulationError;
use crate::units::{Duration, Ratio, Share, Unit};

pub use contributions::{Contribution, Contributions, NoContributions, Orders, contributions};
pub use memory::Memory;
pub use optimum::{OptimizeOptions, architecture_of_host, optimize};
pub use sizing::{SizeOptions, SizingEffort, size};

/// Hours of a month in every cost: 365 × 24 ÷ 12, as cloud providers count.
pub const HOURS_PER_MONTH: f64 = 730.0;

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
    #[error(
        "plan `{plan}` cannot carry tier `{tier}` on `{technology}`: {reason}; choose a larger \
         host, another technology or a service level it can hold"
    )]
    Impossible {
        /// Key of the plan.
        plan: String,
        /// Key of the tier.
        tier: String,
        /// Key of the technology.
        technology: String,
        /// Why.
        reason: String,
    },
    /// Each tier can be carried in most draws, but not all of them together.
    #[error(
        "in more than 2.5% of the draws of the uncertain inputs some tier of plan `{plan}` cannot \
         be carried, so its interval has no upper end; narrow the uncertain memory figures or \
         choose a larger host"
    )]
    Unbounded {
        /// Key of the plan.
        plan: String,
    },
    /// No list has a host shape that can be used.
    #[error(
        "there is no host shape to choose from: {}",
        if .reasons.is_empty() { "no list was given".to_owned() } else { .reasons.join("; ") }
    )]
    NoShapes {
        /// Why shapes were left out.
        reasons: Vec<String>,
    },
    /// A plan was asked for by a key that the scenario does not have.
    #[error("the scenario has no plan `{plan}`; its plans are {}", .known.join(", "))]
    UnknownPlan {
        /// The key.
        plan: String,
        /// The keys of the scenario's plans.
        known: Vec<String>,
    },
    /// Drawn parameters that make no distribution.
    #[error("an input makes no distribution: {0}")]
    Distribution(#[from] DistributionError),
    /// A formula outside its range.
    #[error("a queueing formula cannot be used here: {0}")]
    Queueing(#[from] QueueingError),
    /// The simulation failed.
    #[error("the simulation failed: {0}")]
    Simulation(#[from] SimulationError),
}

/// Plans a scenario.
///
/// # Errors
/// If a plan of the scenario cannot be carried out.
pub fn plan(
    loaded: &Loaded,
    options: &PlanOptions,
    progress: &dyn Progress,
) -> Result<CapacityResult, PlanError> {
    Planner::new(loaded, options, progress).run()
}

/// Plans a scenario and leaves out what only a report shows beside the plans: readings, the matrix of
/// technologies, what moves the answer, curves, claims, the shared service and recordings. What is
/// there is the same as in [`plan()`], in a fraction of the time, and in less where `memory` holds what
/// answers before it have worked out.
///
/// # Errors
/// If a plan of the scenario cannot be carried out.
pub fn answer(
    loaded: &Loaded,
    options: &PlanOptions,
    memory: &Memory,
    progress: &dyn Progress,
) -> Result<CapacityResult, PlanError> {
    let mut planner = Planner::new(loaded, options, progress);
    planner.scope = Scope::Plans;
    planner.memory = Some(memory);
    planner.run()
}

/// How much of a result is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// All that a report shows.
    Report,
    /// The plans alone.
    Plans,
}

/// What a report shows beside the plans.
#[derive(Debug, Default)]
struct BesidePlans {
    matrix: Vec<MatrixCell>,
    tornado: Vec<TornadoBar>,
    claims: Vec<ClaimResult>,
    baseline: Option<BaselineResult>,
    arrivals: Option<ArrivalsResult>,
    growth: Option<GrowthResult>,
    attainment: Vec<AttainmentCurve>,
    service_cost: Vec<ServiceCostCurve>,
    sessions_gap: Option<SessionsGap>,
}

struct Planner<'a> {
    loaded: &'a Loaded,
    scenario: &'a Scenario,
    options: &'a PlanOptions,
    progress: &'a dyn Progress,
    scope: Scope,
    memory: Option<&'a Memory>,
    draws: u32,
    central: Draw,
    table: SlowdownTable,
}

impl<'a> Planner<'a> {
    fn new(loaded: &'a Loaded, options: &'a PlanOptions, progress: &'a dyn Progress) -> Self {
        let scenario = &loaded.scenario;
        Self {
            loaded,
            scenario,
            options,
            progress,
            scope: Scope::Report,
            memory: None,
            draws: options.draws.unwrap_or(scenario.draws),
            central: Draw::central(&scenario.inputs),
            table: slowdown_table(scenario),
        }
    }

    fn run(&self) -> Result<CapacityResult, PlanError> {
        self.run_and(|_, _| Ok(()))
    }

    /// Plans, and adds to the result what else is wanted of the evaluation behind it.
    fn run_and(
        &self,
        add: impl FnOnce(&Evaluation<'_>, &mut CapacityResult) -> Result<(), PlanError>,
    ) -> Result<CapacityResult, PlanError> {
        let scenario = self.scenario;
        let readings: &[Reading] = match self.scope {
            Scope::Report => &self.loaded.readings,
            Scope::Plans => &[],
        };
        let tables: Vec<SlowdownTable> = readings
            .iter()
            .map(|reading| slowdown_table(&reading.scenario))
            .collect();
        let of_readings = readings.iter().zip(&tables).map(|(reading, table)| Task {
            scenario: &reading.scenario,
            jobs: Jobs::of_plans(&reading.scenario),
            baseline: reading.scenario.baseline.as_ref(),
            table,
        });
        self.progress
            .begin("analytic estimate", u64::from(self.draws));
        let tasks = std::iter::once(self.task()).chain(of_readings).collect();
        let found = Evaluation::of_all(tasks, self.draws, self.memory, self.progress)?;
        let mut evaluations = found.into_iter();
        let Some(base) = evaluations.next() else {
            unreachable!("the first task is the base")
        };
        for plan in &scenario.plans {
            require_possible(scenario, plan, &base)?;
        }
        let peak = base.peak_sessions();
        let demand = match self.memory {
            Some(memory) => base
                .model
                .describe_with(&self.central, peak, &mut memory.central())?,
            None => base.model.describe(&self.central, peak)?,
        };
        let simulated = self.simulate(&base)?;
        let plans: Vec<PlanResult> = scenario
            .plans
            .iter()
            .map(|plan| self.plan_result(plan, &base, &simulated))
            .collect::<Result<_, _>>()?;
        let mut reading_results = vec![self.base_reading(&base, &demand)];
        for (reading, evaluation) in readings.iter().zip(evaluations) {
            reading_results.push(reading_result(reading, &evaluation)?);
        }
        let beside = match self.scope {
            Scope::Report => self.beside_plans(&base, &demand, &plans, &reading_results)?,
            Scope::Plans => BesidePlans::default(),
        };
        let mut result = CapacityResult {
            format: RESULT_FORMAT,
            provenance: self.provenance(&base, &simulated),
            scenario: self.summary(&base),
            answer: words::answer(scenario, &plans),
            warnings: words::warnings(scenario, &plans, &base),
            demand,
            envelope: envelope(scenario),
            readings: reading_results,
            plans,
            matrix: beside.matrix,
            tornado: beside.tornado,
            claims: beside.claims,
            assumptions: assumptions(scenario),
            technologies: technologies(scenario),
            measurement: scenario.measurement.as_deref().cloned(),
            baseline: beside.baseline,
            arrivals: beside.arrivals,
            fleet: None,
            sizing: None,
            optimum: None,
            growth: beside.growth,
            attainment: beside.attainment,
            service_cost: beside.service_cost,
            sessions_gap: beside.sessions_gap,
        };
        add(&base, &mut result)?;
        Ok(result)
    }

    /// What is evaluated of the scenario itself.
    fn task(&self) -> Task<'_> {
        let scenario = self.scenario;
        let report = self.scope == Scope::Report;
        Task {
            scenario,
            jobs: if report {
                Jobs::of_plans_and_matrix(scenario)
            } else {
                Jobs::of_plans(scenario)
            },
            baseline: scenario.baseline.as_ref().filter(|_| report),
            table: &self.table,
        }
    }

    fn beside_plans(
        &self,
        base: &Evaluation<'_>,
        demand: &DemandResult,
        plans: &[PlanResult],
        readings: &[ReadingResult],
    ) -> Result<BesidePlans, PlanError> {
        let scenario = self.scenario;
        let baseline = baseline_result(scenario, base);
        let arrivals = recorded::arrivals(
            scenario,
            &self.central,
            &self.table,
            self.options.simulate,
            self.progress,
        )?;
        let tornado = tornado::bars(scenario, base, &self.central, &self.table)?;
        let matrix = matrix(scenario, base);
        let curves = curves::Curves::new(scenario, base, &self.table);
        let claims = claims::judge(
            scenario,
            &self.central,
            demand,
            plans,
            &matrix,
            baseline.as_ref(),
            base,
        );
        Ok(BesidePlans {
            tornado,
            claims,
            baseline,
            arrivals,
            growth: curves.growth()?,
            attainment: curves.attainment()?,
            service_cost: curves.service_cost()?,
            sessions_gap: claims::sessions_gap(&envelope(scenario), readings, demand),
            matrix,
        })
    }

    /// Simulates each tier of each plan; what several plans share is simulated once.
    fn simulate(
        &self,
        base: &Evaluation<'_>,
    ) -> Result<Vec<(PlanAssignment, SimulationOutcome)>, PlanError> {
        let mut wanted: Vec<PlanAssignment> = self
            .scenario
            .plans
            .iter()
            .flat_map(|plan| plan.assignments.clone())
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        if !self.options.simulate {
            let reason = "simulation was left out; run the plan without --no-simulation";
            return Ok(wanted
                .into_iter()
                .map(|assignment| {
                    (
                        assignment,
                        SimulationOutcome::NotSimulated {
                            reason: reason.to_owned(),
                        },
                    )
                })
                .collect());
        }
        self.progress.begin("simulation", wanted.len() as u64);
        let mut outcomes = Vec::with_capacity(wanted.len());
        for assignment in wanted {
            let outcome = simulated::simulate(
                self.scenario,
                assignment,
                &self.central,
                &self.table,
                base,
                self.progress,
            )?;
            outcomes.push((assignment, outcome));
            self.progress.advance(1);
        }
        Ok(outcomes)
    }

    fn plan_result(
        &self,
        plan: &Plan,
        base: &Evaluation<'_>,
        simulated: &[(PlanAssignment, SimulationOutcome)],
    ) -> Result<PlanResult, PlanError> {
        let tiers: Vec<TierResult> = plan
            .assignments
            .iter()
            .map(|assignment| self.tier_result(*assignment, base, simulated))
            .collect::<Result<_, _>>()?;
        Ok(PlanResult {
            id: plan.id.clone(),
            title: plan.title.clone(),
            analytic: requirement(self.scenario, base, &plan.assignments),
            simulated: simulated_total(self.scenario, base, plan, &tiers)?,
            tiers,
        })
    }

    fn tier_result(
        &self,
        assignment: PlanAssignment,
        base: &Evaluation<'_>,
        simulated: &[(PlanAssignment, SimulationOutcome)],
    ) -> Result<TierResult, PlanError> {
        let scenario = self.scenario;
        let sizing = base.central(assignment);
        let vcpus = sizing.hosts * f64::from(scenario.host.vcpus);
        let outcome = simulated.iter().find(|(known, _)| *known == assignment);
        Ok(TierResult {
            tier: scenario.tiers[assignment.tier.0].id.clone(),
            technology: scenario.technologies[assignment.technology].id.clone(),
            lifecycle: assignment.lifecycle,
            peak_sessions: base.estimate(assignment, |sizing| sizing.workload.sessions),
            peak_sandboxes: base.estimate(assignment, |sizing| sizing.workload.sandboxes),
            starts_per_second: base.estimate(assignment, |sizing| sizing.workload.starts),
            offered_load: base.estimate(assignment, |sizing| sizing.workload.load),
            start_share_of_load: sizing.workload.start_share,
            analytic: requirement(scenario, base, &[assignment]),
            binding: sizing.binding,
            binding_shares: base
                .binding_shares(assignment)
                .into_iter()
                .map(|(resource, share)| BindingShare { resource, share })
                .collect(),
            hosts_by_resource: sizing
                .by_resource
                .iter()
                .map(|(resource, hosts)| ResourceHosts {
                    resource: *resource,
                    hosts: *hosts,
                })
                .collect(),
            sessions_per_vcpu: ratio(sizing.workload.sessions, vcpus),
            cell: CellResult {
                cells: sizing.cells,
                hosts: sizing.cell_hosts + scenario.fleet.spare_hosts,
                spare_hosts: scenario.fleet.spare_hosts,
                sessions: ratio(sizing.workload.sessions, sizing.cells),
            },
            operation: operation::tier_operation(scenario, assignment, &self.central, base)?,
            simulated: outcome.map_or_else(
                || SimulationOutcome::NotSimulated {
                    reason: "not part of a plan".to_owned(),
                },
                |(_, outcome)| outcome.clone(),
            ),
        })
    }

    fn base_reading(&self, base: &Evaluation<'_>, demand: &DemandResult) -> ReadingResult {
        ReadingResult {
            id: "base".to_owned(),
            title: "as the scenario states it".to_owned(),
            changes: Vec::new(),
            envelope: envelope(self.scenario),
            mean_sessions: demand.mean_sessions,
            peak_sessions: demand.peak_sessions.central,
            peak_to_mean: demand.peak_to_mean,
            plans: reading_plans(self.scenario, base),
        }
    }

    fn provenance(
        &self,
        base: &Evaluation<'_>,
        simulated: &[(PlanAssignment, SimulationOutcome)],
    ) -> ResultProvenance {
        let any = simulated
            .iter()
            .any(|(_, outcome)| matches!(outcome, SimulationOutcome::Simulated(_)));
        let sources = &self.loaded.sources;
        ResultProvenance {
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario_digest: self.scenario.digest.clone(),
            profile_digest: self.scenario.profile_digest.clone(),
            profile_title: self.scenario.profile_title.clone(),
            seed: self.scenario.seed,
            // Fewer than asked for if the user stopped the plan.
            draws: u32::try_from(base.draws.len()).unwrap_or(self.draws),
            replications: if any {
                self.scenario.simulation.replications
            } else {
                0
            },
            overrides: sources
                .iter()
                .filter(|source| source.is_override)
                .map(|source| source.text.to_string())
                .collect(),
        }
    }

    fn summary(&self, base: &Evaluation<'_>) -> ScenarioSummary {
        let scenario = self.scenario;
        let host = &scenario.host;
        let promised = &scenario.service_level;
        let all: f64 = base
            .central_demand
            .tiers
            .iter()
            .map(|tier| mean(&tier.sessions))
            .sum();
        ScenarioSummary {
            title: scenario.title.clone(),
            question: scenario.question.clone(),
            host_shape: host.shape.clone(),
            host_vcpus: host.vcpus,
            host_memory_bytes: host.memory_bytes,
            host_usd_per_hour: host.usd_per_hour.map(|price| self.central.get(price)),
            service_level: format!(
                "99% of sandbox requests wait at most {} for their start to begin; 99% of bursts \
                 take at most {} times what they take alone; at most {} of requests are turned away",
                Duration::display(promised.start_wait_p99),
                Ratio::display(promised.burst_slowdown_p99),
                Share::display(promised.rejected),
            ),
            tiers: scenario
                .tiers
                .iter()
                .zip(&base.central_demand.tiers)
                .map(|(tier, demand)| TierSummary {
                    id: tier.id.clone(),
                    title: tier.title.clone(),
                    needs: tier.needs.clone(),
                    share: ratio(mean(&demand.sessions), all),
                    session_seconds: demand.session_seconds,
                    session_cpu_seconds: self.central.get(tier.turns)
                        * scenario
                            .inputs
                            .distribution(tier.burst, &self.central)
                            .map_or(0.0, |burst| burst.mean()),
                })
                .collect(),
        }
    }
}

fn reading_result(
    reading: &Reading,
    evaluation: &Evaluation<'_>,
) -> Result<ReadingResult, PlanError> {
    let scenario = &reading.scenario;
    let central = Draw::central(&scenario.inputs);
    for plan in &scenario.plans {
        require_possible(scenario, plan, evaluation)?;
    }
    let demand = evaluation
        .model
        .describe(&central, evaluation.peak_sessions())?;
    Ok(ReadingResult {
        id: reading.id.clone(),
        title: reading.title.clone(),
        changes: reading.changes.clone(),
        envelope: envelope(scenario),
        mean_sessions: demand.mean_sessions,
        peak_sessions: demand.peak_sessions.central,
        peak_to_mean: demand.peak_to_mean,
        plans: reading_plans(scenario, evaluation),
    })
}

fn slowdown_table(scenario: &Scenario) -> SlowdownTable {
    SlowdownTable::new(
        scenario.service_level.burst_slowdown_p99,
        scenario.host.vcpus,
    )
}

fn mean(series: &[f64]) -> f64 {
    series.iter().sum::<f64>() / series.len() as f64
}

fn ratio(numerator: f64, denominator: f64) -> f64 {
    if denominator > 0.0 {
        numerator / denominator
    } else {
        0.0
    }
}

fn require_possible(
    scenario: &Scenario,
    plan: &Plan,
    evaluation: &Evaluation<'_>,
) -> Result<(), PlanError> {
    for assignment in &plan.assignments {
        if let Some(reason) = evaluation.impossible(*assignment) {
            return Err(PlanError::Impossible {
                plan: plan.id.clone(),
                tier: scenario.tiers[assignment.tier.0].id.clone(),
                technology: scenario.technologies[assignment.technology].id.clone(),
                reason,
            });
        }
    }
    if requirement(scenario, evaluation, &plan.assignments)
        .hosts
        .high
        .is_infinite()
    {
        return Err(PlanError::Unbounded {
            plan: plan.id.clone(),
        });
    }
    Ok(())
}

/// Hardware for some tiers together, by formulas.
fn requirement(
    scenario: &Scenario,
    evaluation: &Evaluation<'_>,
    assignments: &[PlanAssignment],
) -> Requirement {
    let hosts = evaluation.total(assignments, |_, hosts| hosts);
    Requirement {
        vcpus: hosts.scaled(f64::from(scenario.host.vcpus)),
        hosts,
        usd_per_month: scenario
            .host
            .usd_per_hour
            .map(|price| evaluation.total(assignments, |draw, hosts| monthly(draw, price, hosts))),
    }
}

/// Hardware for some tiers together, where simulation found each tier's cells to need so much more
/// or less than by formulas.
fn corrected_requirement(
    scenario: &Scenario,
    evaluation: &Evaluation<'_>,
    assignments: &[PlanAssignment],
    corrections: &[Estimated],
) -> Result<Requirement, PlanError> {
    let hosts = evaluation.corrected_total(assignments, corrections, |_, hosts| hosts)?;
    let usd_per_month = match scenario.host.usd_per_hour {
        Some(price) => {
            let monthly = |draw: &Draw, hosts: f64| monthly(draw, price, hosts);
            Some(evaluation.corrected_total(assignments, corrections, monthly)?)
        }
        None => None,
    };
    Ok(Requirement {
        vcpus: hosts.scaled(f64::from(scenario.host.vcpus)),
        hosts,
        usd_per_month,
    })
}

/// The classic service beside the plans, where the scenario has one and it can be.
fn baseline_result(scenario: &Scenario, evaluation: &Evaluation<'_>) -> Option<BaselineResult> {
    let sizings = evaluation.central_shared()?;
    let needed = |tiers: &[usize]| -> Option<Requirement> {
        let hosts = evaluation.shared_total(tiers, |_, hosts| hosts)?;
        let price = scenario.host.usd_per_hour;
        Some(Requirement {
            vcpus: hosts.scaled(f64::from(scenario.host.vcpus)),
            hosts,
            usd_per_month: price.and_then(|price| {
                evaluation.shared_total(tiers, |draw, hosts| monthly(draw, price, hosts))
            }),
        })
    };
    let all: Vec<usize> = (0..scenario.tiers.len()).collect();
    let requirement = needed(&all)?;
    // As for plans: without an upper end there is no interval to show.
    if requirement.hosts.high.is_infinite() {
        return None;
    }
    let tiers = scenario.tiers.iter().zip(sizings).enumerate();
    Some(BaselineResult {
        requirement,
        tiers: tiers
            .map(|(index, (tier, sizing))| {
                let requirement = needed(&[index])?;
                Some(BaselineTier {
                    tier: tier.id.clone(),
                    sessions_per_vcpu: ratio(sizing.sessions, requirement.vcpus.central),
                    instances: sizing.instances,
                    binding: sizing.binding,
                    requirement,
                })
            })
            .collect::<Option<_>>()?,
        plans: scenario
            .plans
            .iter()
            .map(|plan| {
                let assignments = &plan.assignments;
                let price = scenario.host.usd_per_hour;
                Some(BaselineComparison {
                    plan: plan.id.clone(),
                    ratio: evaluation.against_shared(assignments, |_, own, shared| own / shared)?,
                    usd_per_month_more: price.and_then(|price| {
                        evaluation.against_shared(assignments, |draw, own, shared| {
                            monthly(draw, price, own - shared)
                        })
                    }),
                })
            })
            .collect::<Option<_>>()?,
    })
}

fn monthly(draw: &Draw, price: InputId, hosts: f64) -> f64 {
    hosts * draw.get(price) * HOURS_PER_MONTH
}

/// The simulated total, where every tier was simulated.
fn simulated_total(
    scenario: &Scenario,
    evaluation: &Evaluation<'_>,
    plan: &Plan,
    tiers: &[TierResult],
) -> Result<Option<Requirement>, PlanError> {
    let corrections: Option<Vec<Estimated>> = tiers
        .iter()
        .map(|tier| match &tier.simulated {
            SimulationOutcome::Simulated(simulated) => Some(simulated.over_analytic),
            SimulationOutcome::NotSimulated { .. } => None,
        })
        .collect();
    corrections
        .map(|corrections| {
            corrected_requirement(scenario, evaluation, &plan.assignments, &corrections)
        })
        .transpose()
}

fn reading_plans(scenario: &Scenario, evaluation: &Evaluation<'_>) -> Vec<ReadingPlan> {
    scenario
        .plans
        .iter()
        .map(|plan| {
            let needed = requirement(scenario, evaluation, &plan.assignments);
            ReadingPlan {
                plan: plan.id.clone(),
                vcpus: needed.vcpus,
                hosts: needed.hosts.central,
                usd_per_month: needed.usd_per_month.map(|usd| usd.central),
            }
        })
        .collect()
}

/// Users × adoption × agents × concurrency ÷ sessions per CPU, exactly as on a napkin: nothing is
/// said of when.
fn envelope(scenario: &Scenario) -> EnvelopeResult {
    let draw = &Draw::stated(&scenario.inputs);
    let sessions: f64 = scenario
        .segments
        .iter()
        .map(|segment| scenario.agents(segment, draw) * draw.get(segment.concurrency))
        .sum();
    let low = draw.get(scenario.envelope.sessions_per_cpu_low);
    let high = draw.get(scenario.envelope.sessions_per_cpu_high);
    EnvelopeResult {
        sessions,
        sessions_per_cpu_low: low,
        sessions_per_cpu_high: high,
        cpus_low: sessions / high,
        cpus_high: sessions / low,
    }
}

fn matrix(scenario: &Scenario, evaluation: &Evaluation<'_>) -> Vec<MatrixCell> {
    let mut cells = Vec::new();
    for (index, tier) in scenario.tiers.iter().enumerate() {
        for (technology_index, technology) in scenario.technologies.iter().enumerate() {
            let assignment = scenario.assignment(TierId(index), technology_index);
            let missing = technology.missing(&tier.needs);
            let outcome = if !missing.is_empty() {
                MatrixOutcome::Unsuitable { missing }
            } else if let Some(reason) = evaluation.impossible(assignment) {
                MatrixOutcome::Impossible { reason }
            } else {
                let sizing = evaluation.central(assignment);
                let needed = requirement(scenario, evaluation, &[assignment]);
                MatrixOutcome::Suitable {
                    sessions_per_vcpu: ratio(sizing.workload.sessions, needed.vcpus.central),
                    binding: sizing.binding,
                    requirement: needed,
                }
            };
            cells.push(MatrixCell {
                tier: tier.id.clone(),
                technology: technology.id.clone(),
                outcome,
            });
        }
    }
    cells
}

fn assumption(scenario: &Scenario, id: InputId) -> Assumption {
    let input = scenario.inputs.get(id);
    Assumption {
        key: input.key.clone(),
        value: input.describe(),
        origin: input.provenance.origin,
        source: input.provenance.source.clone(),
        conditions: input.provenance.conditions.clone(),
        uncertain: input.value.is_uncertain(),
    }
}

/// Every input but those of the technologies, which are listed with each technology.
fn assumptions(scenario: &Scenario) -> Vec<Assumption> {
    let of_technologies: Vec<InputId> = scenario
        .technologies
        .iter()
        .flat_map(crate::scenario::Technology::inputs)
        .collect();
    scenario
        .inputs
        .iter()
        .filter(|(id, _)| !of_technologies.contains(id))
        .map(|(id, _)| assumption(scenario, id))
        .collect()
}

fn technologies(scenario: &Scenario) -> Vec<TechnologyResult> {
    scenario
        .technologies
        .iter()
        .map(|technology| TechnologyResult {
            id: technology.id.clone(),
            title: technology.title.clone(),
            boundary: technology.boundary,
            offers: technology.offers.clone(),
            numbers: technology
                .inputs()
                .into_iter()
                .map(|id| assumption(scenario, id))
                .collect(),
        })
        .collect()
}
