//! A day of the whole fleet.
//!
//! A plan sizes a fleet for its busiest moment; this simulates what the fleet so sized does over a
//! day, hour by hour: sessions, busy vCPUs, waits, slowdowns, and whether the promises are kept.
//!
//! # Cells are the unit
//! A fleet is cells that are independent of each other, and a run of one is a pure function of the
//! scenario, the plan's tier, the cell's number and the seed. Cells are simulated on as many threads as
//! there are; what is kept of them are sums of whole numbers and sketches that merge exactly, so the
//! result is the same bit for bit on any number of threads, and memory is that of the cells at work and
//! not of the fleet.
//!
//! # Three fidelities
//! * [`Fidelity::Fluid`]: expected values in closed form.
//! * [`Fidelity::Flow`]: every session with its own length and work, without contention.
//! * [`Fidelity::Fleet`]: hosts with shared CPUs, memory, starts and queues.
//!
//! # Exact or sampled
//! An exact day simulates every session of every cell. A sampled one simulates windows of cells,
//! stratified by hour, until its figures are precise. Both estimate the expected day: intervals say how
//! far chance may have moved the figures of the cells or windows that were simulated.

mod cells;
mod day;
mod fluid;
mod measured;
mod moments;
mod report;
mod sampling;
#[cfg(test)]
mod tests;
mod watch;

pub use day::DayChoice;

use crate::plan::central::Central;
use crate::plan::{self, PlanError, PlanOptions, Progress};
use crate::result::{
    CapacityResult, Fidelity, FleetPlan, FleetPromised, FleetResult, FleetTier, SimulationOutcome,
};
use crate::scenario::{Loaded, Plan, PlanAssignment, Scenario};
use crate::simulation::SimulationError;
use crate::statistics::StatisticsError;
use cells::Cells;
use day::Hours;
use measured::Gathered;
use rayon::prelude::*;
use report::Found;
use sampling::{Goal, SamplingError, sample};
use watch::Watch;

/// A day with fewer expected events than this is not sampled: all of it is simulated.
const SMALL_DAY: f64 = 2e7;

/// Steps of progress for one cell over the whole day.
const STEPS: u32 = 100;

/// What to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetOptions {
    /// Keys of the plans; all if there are none.
    pub plans: Vec<String>,
    /// Keys of the tiers; all if there are none.
    pub tiers: Vec<String>,
    /// How much of what happens is simulated.
    pub fidelity: Fidelity,
    /// Exact or sampled.
    pub extent: FleetExtent,
    /// Which day.
    pub day: DayChoice,
    /// Local hours from and to, such as 9 and 17; the whole day if none.
    pub hours: Option<(u32, u32)>,
}

/// How much of the day is simulated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FleetExtent {
    /// Every cell over the whole time.
    Exact,
    /// Windows, until the intervals are narrow enough.
    Sampled {
        /// Relative half-width of the 95% intervals of vCPU-hours and sessions of each tier. The share
        /// of requests or bursts beyond each promise is precise when its half-width is below this part
        /// of the share, or below a tenth of the share that the promise allows.
        precision: f64,
        /// Events of one tier after which sampling ends although figures are not precise.
        most_events: u64,
    },
}

impl FleetExtent {
    /// To one per cent, and at most so many events that a tier takes minutes.
    pub const DEFAULT: Self = Self::Sampled {
        precision: 0.01,
        most_events: 1_000_000_000,
    };
}

impl Default for FleetOptions {
    fn default() -> Self {
        Self {
            plans: Vec::new(),
            tiers: Vec::new(),
            fidelity: Fidelity::Fleet,
            extent: FleetExtent::DEFAULT,
            day: DayChoice::Busiest,
            hours: None,
        }
    }
}

/// Why a day could not be simulated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FleetError {
    /// The plan itself could not be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A plan that the scenario does not have.
    #[error("the scenario has no plan `{given}`; it has {known}")]
    UnknownPlan {
        /// What was asked for.
        given: String,
        /// The keys there are.
        known: String,
    },
    /// A tier that the scenario does not have.
    #[error("the scenario has no tier `{given}`; it has {known}")]
    UnknownTier {
        /// What was asked for.
        given: String,
        /// The keys there are.
        known: String,
    },
    /// Hours that are no part of a day.
    #[error("hours from {from} to {to} are no part of a day; give two from 0 to 24, such as 9-17")]
    Hours {
        /// From.
        from: u32,
        /// To.
        to: u32,
    },
    /// A day beyond Sunday.
    #[error("a week has days 0 to 6, not {day}")]
    Weekday {
        /// The day.
        day: u8,
    },
    /// A fidelity that cannot be simulated.
    #[error(
        "the fidelity `flow` is not simulated yet; take `fluid` for expected values, or `fleet`"
    )]
    NoFlow,
    /// A precision that no sample reaches.
    #[error("a precision of {given} is not above 0 and at most 1")]
    Precision {
        /// What was asked for.
        given: f64,
    },
    /// The simulation failed.
    #[error("the simulation failed: {0}")]
    Simulation(#[from] SimulationError),
    /// An interval could not be computed.
    #[error("an interval cannot be computed: {0}")]
    Statistics(#[from] StatisticsError),
}

impl From<SamplingError> for FleetError {
    fn from(error: SamplingError) -> Self {
        match error {
            SamplingError::Simulation(error) => Self::Simulation(error),
            SamplingError::Statistics(error) => Self::Statistics(error),
        }
    }
}

/// Plans a scenario, then simulates a day of the fleets so sized. The result is that of
/// [`plan()`](plan::plan) with [`CapacityResult::fleet`].
///
/// # Errors
/// If a plan cannot be carried out, or the options ask for what is not there.
pub fn simulate(
    loaded: &Loaded,
    plan_options: &PlanOptions,
    options: &FleetOptions,
    progress: &dyn Progress,
) -> Result<CapacityResult, FleetError> {
    // What is wrong with the options is said before minutes are spent.
    let chosen = choose(&loaded.scenario, options)?;
    let mut result = plan::plan(loaded, plan_options, progress)?;
    let corrections =
        |assignment: PlanAssignment| correction(&loaded.scenario, &result, assignment);
    let fleet = day_of(&loaded.scenario, &chosen, &corrections, options, progress)?;
    result.fleet = Some(fleet);
    Ok(result)
}

/// The plans and tiers asked for.
struct Chosen<'a> {
    plans: Vec<(&'a Plan, Vec<PlanAssignment>)>,
}

fn choose<'a>(scenario: &'a Scenario, options: &FleetOptions) -> Result<Chosen<'a>, FleetError> {
    let list = |ids: &mut dyn Iterator<Item = &String>| {
        ids.map(|id| format!("`{id}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    for given in &options.plans {
        if !scenario.plans.iter().any(|plan| plan.id == *given) {
            return Err(FleetError::UnknownPlan {
                given: given.clone(),
                known: list(&mut scenario.plans.iter().map(|plan| &plan.id)),
            });
        }
    }
    for given in &options.tiers {
        if !scenario.tiers.iter().any(|tier| tier.id == *given) {
            return Err(FleetError::UnknownTier {
                given: given.clone(),
                known: list(&mut scenario.tiers.iter().map(|tier| &tier.id)),
            });
        }
    }
    if options.fidelity == Fidelity::Flow {
        return Err(FleetError::NoFlow);
    }
    if let FleetExtent::Sampled { precision, .. } = options.extent
        && !(precision > 0.0 && precision <= 1.0)
    {
        return Err(FleetError::Precision { given: precision });
    }
    let wanted = |asked: &[String], id: &String| asked.is_empty() || asked.contains(id);
    let plans = scenario
        .plans
        .iter()
        .filter(|plan| wanted(&options.plans, &plan.id))
        .map(|plan| {
            let of_tiers = plan.assignments.iter().copied();
            let kept = of_tiers
                .filter(|job| wanted(&options.tiers, &scenario.tiers[job.tier.0].id))
                .collect();
            (plan, kept)
        });
    Ok(Chosen {
        plans: plans.collect(),
    })
}

/// By how much the plan's simulation corrected the formulas, where it did.
fn correction(
    scenario: &Scenario,
    result: &CapacityResult,
    assignment: PlanAssignment,
) -> Option<f64> {
    let tier = &scenario.tiers[assignment.tier.0].id;
    let technology = &scenario.technologies[assignment.technology].id;
    let tiers = result.plans.iter().flat_map(|plan| &plan.tiers);
    tiers
        .filter(|found| found.tier == *tier && found.technology == *technology)
        .find(|found| found.lifecycle == assignment.lifecycle)
        .and_then(|found| match &found.simulated {
            SimulationOutcome::Simulated(simulated) => Some(simulated.over_analytic.central),
            SimulationOutcome::NotSimulated { .. } => None,
        })
}

/// One tier on one technology, whichever plans have it.
struct Job<'a> {
    assignment: PlanAssignment,
    cells: Option<Cells<'a>>,
    /// Hosts in all, spare ones counted.
    hosts: f64,
}

fn day_of(
    scenario: &Scenario,
    chosen: &Chosen<'_>,
    corrections: &dyn Fn(PlanAssignment) -> Option<f64>,
    options: &FleetOptions,
    progress: &dyn Progress,
) -> Result<FleetResult, FleetError> {
    let central = Central::new(scenario)?;
    let (day, hours) = day::choose(
        scenario,
        &central.draw,
        &central.demand,
        options.day,
        options.hours,
    )?;
    let jobs = jobs(scenario, chosen, &central, corrections)?;
    let watch = Watch::new(progress);
    let found = look(&jobs, hours, scenario.seed, options, &watch)?;
    let mut tiers: Vec<Option<FleetTier>> = Vec::with_capacity(jobs.len());
    for (job, found) in jobs.iter().zip(&found) {
        tiers.push(match (&job.cells, found) {
            (Some(cells), Some(found)) => Some(report::tier(
                scenario,
                job.assignment,
                cells,
                hours,
                &day,
                found,
            )?),
            _ => None,
        });
    }
    let plans = chosen.plans.iter().map(|(plan, assignments)| {
        let of_plan = || {
            assignments
                .iter()
                .filter_map(|assignment| jobs.iter().position(|job| job.assignment == *assignment))
        };
        let present: Vec<FleetTier> = of_plan().filter_map(|job| tiers[job].clone()).collect();
        FleetPlan {
            id: plan.id.clone(),
            title: plan.title.clone(),
            hosts: of_plan().map(|job| jobs[job].hosts).sum(),
            vcpu_hours: report::together(present.iter().map(|tier| tier.totals.vcpu_hours)),
            sessions: report::together(present.iter().map(|tier| tier.totals.sessions)),
            tiers: present,
        }
    });
    let sampled = found.iter().flatten().any(Found::is_sampled);
    Ok(FleetResult {
        day,
        precision: match options.extent {
            FleetExtent::Sampled { precision, .. } if sampled => Some(precision),
            _ => None,
        },
        interrupted: watch.stopped(),
        promised: FleetPromised {
            start_wait_p99: scenario.service_level.start_wait_p99,
            burst_slowdown_p99: scenario.service_level.burst_slowdown_p99,
            rejected: scenario.service_level.rejected,
        },
        plans: plans.collect(),
    })
}

/// Every tier on every technology asked for, once however many plans have it.
fn jobs<'a>(
    scenario: &'a Scenario,
    chosen: &Chosen<'_>,
    central: &'a Central<'a>,
    corrections: &dyn Fn(PlanAssignment) -> Option<f64>,
) -> Result<Vec<Job<'a>>, FleetError> {
    let mut wanted: Vec<PlanAssignment> = chosen
        .plans
        .iter()
        .flat_map(|(_, assignments)| assignments.iter().copied())
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut jobs = Vec::with_capacity(wanted.len());
    for assignment in wanted {
        let correction = corrections(assignment);
        let sized = central
            .tier(assignment, correction.unwrap_or(1.0))?
            .map_err(|reason| PlanError::Impossible {
                plan: plan_with(scenario, assignment),
                tier: scenario.tiers[assignment.tier.0].id.clone(),
                technology: scenario.technologies[assignment.technology].id.clone(),
                reason,
            })?;
        let hosts = sized.hosts;
        let cells = Cells::new(
            sized,
            correction.is_some(),
            &central.demand.tiers[assignment.tier.0],
            scenario.fleet.spare_hosts,
            scenario.service_level,
            scenario.seed,
            assignment.tier.0 as u64,
        )?;
        jobs.push(Job {
            assignment,
            cells,
            hosts,
        });
    }
    Ok(jobs)
}

fn plan_with(scenario: &Scenario, assignment: PlanAssignment) -> String {
    let mut plans = scenario.plans.iter();
    plans
        .find(|plan| plan.assignments.contains(&assignment))
        .map_or_else(String::new, |plan| plan.id.clone())
}

/// Looks at the day of each job in the way asked for; nothing for those without sessions or that were
/// not begun when the user stopped.
fn look(
    jobs: &[Job<'_>],
    hours: Hours,
    seed: u64,
    options: &FleetOptions,
    watch: &Watch<'_>,
) -> Result<Vec<Option<Found>>, FleetError> {
    let mut found: Vec<Option<Found>> = jobs.iter().map(|_| None).collect();
    let present = || {
        let cells = jobs.iter().enumerate();
        cells.filter_map(|(index, job)| Some((index, job.assignment, job.cells.as_ref()?)))
    };
    if options.fidelity == Fidelity::Fluid {
        for (index, _, _) in present() {
            found[index] = Some(Found::Fluid);
        }
        return Ok(found);
    }
    let goal = match options.extent {
        FleetExtent::Exact => None,
        FleetExtent::Sampled {
            precision,
            most_events,
        } => Some(Goal {
            precision,
            most_events,
        }),
    };
    let events = |cells: &Cells<'_>| cells.count as f64 * cells.events(hours.from, hours.end());
    let (sampled, whole): (Vec<_>, Vec<_>) =
        present().partition(|(_, _, cells)| goal.is_some() && events(cells) > SMALL_DAY);
    if let Some(goal) = goal
        && !sampled.is_empty()
    {
        let tiers: Vec<(u64, &Cells<'_>)> = sampled
            .iter()
            .map(|(_, assignment, cells)| (assignment.tier.0 as u64, *cells))
            .collect();
        let samples = sample(&tiers, hours, goal, seed, watch)?;
        for ((index, _, _), sample) in sampled.iter().zip(samples) {
            found[*index] = Found::of_sample(sample);
        }
    }
    let exact: Vec<(usize, &Cells<'_>)> = whole
        .into_iter()
        .map(|(index, _, cells)| (index, cells))
        .collect();
    for (index, gathered) in every_cell(&exact, hours, watch)? {
        found[index] = Some(Found::Whole(Box::new(gathered)));
    }
    Ok(found)
}

/// Simulates every cell of some tiers over the whole time. Those finished when the user stopped are
/// in what is returned.
fn every_cell(
    tiers: &[(usize, &Cells<'_>)],
    hours: Hours,
    watch: &Watch<'_>,
) -> Result<Vec<(usize, Gathered)>, SimulationError> {
    let mut runs: Vec<(usize, u64)> = tiers
        .iter()
        .enumerate()
        .flat_map(|(tier, (_, cells))| (0..cells.count).map(move |cell| (tier, cell)))
        .collect();
    // The long ones first, so that no thread is left with one at the end.
    let cost = |run: &(usize, u64)| tiers[run.0].1.events(hours.from, hours.end());
    runs.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    watch.begin("simulating the day", runs.len() as u64 * u64::from(STEPS));
    let nothing = || -> Vec<Option<Gathered>> { tiers.iter().map(|_| None).collect() };
    let gathered = runs
        .into_iter()
        .par_bridge()
        .try_fold(nothing, |mut gathered, (tier, cell)| {
            if watch.stopped() {
                return Ok(gathered);
            }
            let found = watch.run_in_steps(STEPS, |control| {
                tiers[tier].1.run_whole(cell..cell + 1, hours, control)
            });
            match found {
                Ok(found) => gather(&mut gathered[tier], found),
                Err(SimulationError::Cancelled) => {}
                Err(error) => return Err(error),
            }
            Ok(gathered)
        })
        .try_reduce(nothing, |mut left, right| {
            for (left, right) in left.iter_mut().zip(right) {
                gather(left, right);
            }
            Ok(left)
        })?;
    let found = tiers.iter().zip(gathered);
    Ok(found
        .filter_map(|((index, _), gathered)| Some((*index, gathered?)))
        .collect())
}

fn gather(here: &mut Option<Gathered>, there: Option<Gathered>) {
    match (here.as_mut(), there) {
        (Some(here), Some(there)) => here.merge(&there),
        (None, Some(there)) => *here = Some(there),
        (_, None) => {}
    }
}
