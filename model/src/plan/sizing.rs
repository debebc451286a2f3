//! `tonnage size`: the smallest fleet of whole hosts that is simulated to hold every promise.
//!
//! Two questions are nested. A cell of the scenario's largest size is simulated at loads 1% apart,
//! around what the formulas say, until the largest one within every promise is known; that gives the
//! number of cells. Then one cell with its even part of the sessions is simulated with more and fewer
//! hosts until the smallest number within every promise is known. A tier that fits one cell has only
//! the second question. All trials see the same users.
//!
//! A size *holds* if every promise is surely kept by the judgement of
//! [`assess_until_decided`]. Where
//! the simulation cannot decide within its events, the size counts as too small: the answer errs on
//! the safe side, and says so.

mod pooling;
mod search;
mod trial;

use std::cell::Cell;
use std::cmp::Ordering;

pub(super) use trial::Subject;

use super::analytic::Sizing;
use super::monte_carlo::Evaluation;
use super::simulated::promise_words;
use super::words::NOT_SIMULATED;
use super::{PlanError, PlanOptions, Planner, Progress, corrected_requirement, ratio, requirement};
use crate::result::{
    BindingResource, CapacityResult, CellResult, Estimated, FailureTrial, FleetSize, Margin,
    MarginVerdict, OneFewer, Requirement, SizedPlan, SizedTier, SizingOutcome, SizingResult,
    TierSizing,
};
use crate::scenario::{Loaded, Plan, PlanAssignment, Scenario};
#[cfg(doc)]
use crate::simulation::assess_until_decided;
use crate::simulation::{Check, SimulationError, Verdict};

/// How much `tonnage size` simulates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SizingEffort {
    /// The scenario's `simulation.events` in a replication: a first look.
    Quick,
    /// Three times as many.
    #[default]
    Default,
    /// Thirty times as many, and more replications before giving up: narrow margins, whole cells.
    Thorough,
}

impl SizingEffort {
    /// Times the scenario's events.
    const fn events(self) -> u64 {
        match self {
            Self::Quick => 1,
            Self::Default => 3,
            Self::Thorough => 30,
        }
    }

    /// Replications a judgement begins with: with fewer, hardly anything could be decided.
    fn first_replications(scenario: &Scenario) -> u32 {
        scenario.simulation.replications.max(FEWEST_REPLICATIONS)
    }

    /// Times as many replications before what is undecided stays so.
    const fn most_replications(self) -> u32 {
        match self {
            Self::Quick => 2,
            Self::Default => 4,
            Self::Thorough => 8,
        }
    }
}

/// Replications at least.
const FEWEST_REPLICATIONS: u32 = 8;

/// What to size.
#[derive(Debug, Clone, Default)]
pub struct SizeOptions {
    /// Monte Carlo draws in place of the scenario's.
    pub draws: Option<u32>,
    /// How much to simulate.
    pub effort: SizingEffort,
    /// Keys of the plans to size; all if empty.
    pub plans: Vec<String>,
}

/// Plans a scenario by formulas and sizes it by simulation.
///
/// # Errors
/// If a plan cannot be carried out, or one named does not exist.
pub fn size(
    loaded: &Loaded,
    options: &SizeOptions,
    progress: &dyn Progress,
) -> Result<CapacityResult, PlanError> {
    let scenario = &loaded.scenario;
    for id in &options.plans {
        if !scenario.plans.iter().any(|plan| plan.id == *id) {
            return Err(PlanError::UnknownPlan {
                plan: id.clone(),
                known: scenario.plans.iter().map(|plan| plan.id.clone()).collect(),
            });
        }
    }
    let plan_options = PlanOptions {
        simulate: false,
        draws: options.draws,
    };
    let planner = Planner::new(loaded, &plan_options, progress);
    planner.run_and(|base, result| {
        // What a plan says of itself is beside the point: here cells are simulated in another way.
        result
            .warnings
            .retain(|warning| !warning.starts_with(NOT_SIMULATED));
        result.sizing = Some(size_plans(&planner, options, base, result)?);
        Ok(())
    })
}

fn size_plans(
    planner: &Planner<'_>,
    options: &SizeOptions,
    base: &Evaluation<'_>,
    result: &CapacityResult,
) -> Result<SizingResult, PlanError> {
    let scenario = planner.scenario;
    let wanted: Vec<&Plan> = scenario
        .plans
        .iter()
        .filter(|plan| options.plans.is_empty() || options.plans.contains(&plan.id))
        .collect();
    let mut assignments: Vec<PlanAssignment> = Vec::new();
    for plan in &wanted {
        for assignment in &plan.assignments {
            if !assignments.contains(assignment) {
                assignments.push(*assignment);
            }
        }
    }
    planner.progress.begin("sizing", assignments.len() as u64);
    let mut found: Vec<(PlanAssignment, Outcome)> = Vec::with_capacity(assignments.len());
    for assignment in assignments {
        let outcome = size_tier(planner, options.effort, base, assignment)?;
        found.push((assignment, outcome));
        planner.progress.advance(1);
    }
    let plans = wanted
        .iter()
        .map(|plan| sized_plan(scenario, base, plan, &found))
        .collect::<Result<_, _>>()?;
    let tiers = found
        .into_iter()
        .map(|(assignment, outcome)| SizedTier {
            tier: scenario.tiers[assignment.tier.0].id.clone(),
            technology: scenario.technologies[assignment.technology].id.clone(),
            lifecycle: assignment.lifecycle,
            plans: wanted
                .iter()
                .filter(|plan| plan.assignments.contains(&assignment))
                .map(|plan| plan.title.clone())
                .collect(),
            outcome: match outcome {
                Ok(sized) => SizingOutcome::Sized(sized),
                Err(reason) => SizingOutcome::NotSized { reason },
            },
        })
        .collect();
    debug_assert!(result.sizing.is_none());
    let replications = SizingEffort::first_replications(scenario);
    Ok(SizingResult {
        lost_hosts: scenario.fleet.spare_hosts,
        events_per_replication: u64::from(scenario.simulation.events) * options.effort.events(),
        replications: (
            replications,
            replications.saturating_mul(options.effort.most_replications()),
        ),
        plans,
        tiers,
    })
}

/// A sizing, or why there is none.
type Outcome = Result<Box<TierSizing>, String>;

const INTERRUPTED: &str = "it was interrupted; run it again to the end";

fn size_tier(
    planner: &Planner<'_>,
    effort: SizingEffort,
    base: &Evaluation<'_>,
    assignment: PlanAssignment,
) -> Result<Outcome, PlanError> {
    let scenario = planner.scenario;
    let analytic = base.central(assignment);
    if analytic.workload.sessions <= 0.0 {
        return Ok(Err("it has no sessions at central inputs".to_owned()));
    }
    let subject = Subject::new(
        scenario,
        assignment,
        &planner.central,
        &planner.table,
        &analytic,
        effort,
        planner.progress,
    )?;
    let mut subject = match subject {
        Ok(subject) => subject,
        Err(too_small) => return Ok(Err(too_small.0)),
    };
    let found = match find(&mut subject, scenario, &analytic) {
        Ok(Ok(found)) => found,
        Ok(Err(reason)) => return Ok(Err(reason)),
        Err(PlanError::Simulation(SimulationError::Cancelled)) => {
            return Ok(Err(INTERRUPTED.to_owned()));
        }
        Err(error) => return Err(error),
    };
    let of_inputs = corrected_requirement(scenario, base, &[assignment], &[found.over_analytic])?;
    let requirement = around(&of_inputs, scenario, &planner.central, found.hosts);
    Ok(Ok(Box::new(TierSizing {
        requirement,
        fleet: found.fleet,
        hosts: found.hosts,
        analytic: CellResult {
            cells: analytic.cells,
            hosts: analytic.cell_hosts + scenario.fleet.spare_hosts,
            spare_hosts: scenario.fleet.spare_hosts,
            sessions: ratio(analytic.workload.sessions, analytic.cells),
        },
        analytic_hosts: analytic.hosts,
        over_analytic: found.over_analytic,
        binding: found.binding,
        margins: found.margins,
        one_fewer: found.one_fewer,
        failure: found.failure,
        pooling: pooling::rows(&subject, found.simulated_full_cell)?,
        watched: found.watched,
    })))
}

/// A requirement whose central value is that of the fleet found, in whole cells.
fn around(
    of_inputs: &Requirement,
    scenario: &Scenario,
    central: &crate::input::Draw,
    hosts: Estimated,
) -> Requirement {
    let widened = |estimate: Estimated, scale: f64| Estimated {
        central: hosts.central * scale,
        low: estimate.low.min(hosts.low * scale),
        high: estimate.high.max(hosts.high * scale),
    };
    Requirement {
        vcpus: widened(of_inputs.vcpus, f64::from(scenario.host.vcpus)),
        hosts: widened(of_inputs.hosts, 1.0),
        usd_per_month: of_inputs.usd_per_month.zip(scenario.host.usd_per_hour).map(
            |(estimate, price)| widened(estimate, central.get(price) * super::HOURS_PER_MONTH),
        ),
    }
}

fn sized_plan(
    scenario: &Scenario,
    base: &Evaluation<'_>,
    plan: &Plan,
    found: &[(PlanAssignment, Outcome)],
) -> Result<SizedPlan, PlanError> {
    let mut missing = Vec::new();
    let mut sized: Vec<&TierSizing> = Vec::new();
    for assignment in &plan.assignments {
        match found.iter().find(|(known, _)| known == assignment) {
            Some((_, Ok(tier))) => sized.push(tier),
            Some((_, Err(reason))) => missing.push(format!(
                "{}: {reason}",
                scenario.tiers[assignment.tier.0].title
            )),
            None => {}
        }
    }
    let requirement_of_all = if missing.is_empty() {
        let corrections: Vec<Estimated> = sized.iter().map(|tier| tier.over_analytic).collect();
        let of_inputs = corrected_requirement(scenario, base, &plan.assignments, &corrections)?;
        let sum = |end: fn(&Estimated) -> f64| sized.iter().map(|tier| end(&tier.hosts)).sum();
        let hosts = Estimated {
            central: sum(|hosts| hosts.central),
            low: sum(|hosts| hosts.low),
            high: sum(|hosts| hosts.high),
        };
        Some(around(&of_inputs, scenario, &base.central_draw, hosts))
    } else {
        None
    };
    Ok(SizedPlan {
        id: plan.id.clone(),
        title: plan.title.clone(),
        requirement: requirement_of_all,
        analytic: requirement(scenario, base, &plan.assignments),
        missing,
    })
}

/// The smallest fleet of one tier, without the uncertainty of the inputs.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) fleet: FleetSize,
    pub(super) hosts: Estimated,
    pub(super) over_analytic: Estimated,
    pub(super) binding: BindingResource,
    pub(super) margins: Vec<Margin>,
    pub(super) one_fewer: Option<OneFewer>,
    pub(super) failure: Option<FailureTrial>,
    /// Open sessions a cell of the largest size carries, where that was simulated.
    pub(super) simulated_full_cell: Option<f64>,
    pub(super) watched: crate::result::Watched,
}

/// Loads of a full cell are tried 1% apart.
const LOAD_STEP: f64 = 1.01;

/// The rung at which the load is what the formulas say; that of rung 0 is half as much again.
const RUNG_OF_FORMULA: i64 = 40;

/// The rung at which hardly a fiftieth is left.
const LAST_RUNG: i64 = 440;

fn load_at(rung: i64) -> f64 {
    // Small integers.
    #[expect(clippy::cast_possible_truncation)]
    LOAD_STEP.powi((RUNG_OF_FORMULA - rung) as i32)
}

/// What a full cell carries, as parts of what the formulas say.
struct FullCell {
    /// Surely carried.
    carries: f64,
    /// The most that is not surely too much.
    at_most: f64,
}

pub(super) fn find(
    subject: &mut Subject<'_>,
    scenario: &Scenario,
    analytic: &Sizing,
) -> Result<Result<Found, String>, PlanError> {
    let most = scenario.fleet.cell_hosts;
    let spare = scenario.fleet.spare_hosts;
    let all = subject.sessions();
    if analytic.cells <= 1.0
        && let Some(hosts) = smallest_cell(subject, most, analytic.cell_hosts, all, true)?
    {
        return Ok(Ok(single_cell(subject, spare, hosts, all, analytic)?));
    }
    let Some(full) = full_cell(subject, most)? else {
        return Ok(Err(format!(
            "no load of a cell with {most} hosts was surely within every promise; try --thorough"
        )));
    };
    let formula = subject.carries(most)?;
    let cells = (all / (formula * full.carries) - 1e-9).ceil().max(1.0);
    let sessions = all / cells;
    let guess = search::smallest(1, i64::from(most), 1, |hosts| {
        Ok::<bool, PlanError>(subject.carries(whole(hosts))? * full.carries >= sessions)
    })?;
    let guess = guess.map_or(most, whole);
    let Some(hosts) = smallest_cell(subject, most, guess, sessions, false)? else {
        return Ok(Err(format!(
            "a cell with {most} hosts carried a little more than its part of the sessions, but \
             not surely its part: the simulation cannot decide so finely; try --thorough"
        )));
    };
    let total = cells * f64::from(hosts + spare);
    let fewest_cells = (all / (formula * full.at_most) - 1e-9).ceil().max(1.0);
    let over_analytic = Estimated {
        central: 1.0 / full.carries,
        low: 1.0 / full.at_most.max(full.carries),
        high: 1.0 / full.carries,
    };
    Ok(Ok(Found {
        hosts: Estimated {
            central: total,
            low: total.min(fewest_cells * f64::from(hosts + spare)),
            high: total,
        },
        simulated_full_cell: Some(formula * full.carries),
        ..found(subject, spare, cells, hosts, sessions, over_analytic)?
    }))
}

/// The largest load of a full cell, in rungs.
fn full_cell(subject: &mut Subject<'_>, hosts: u32) -> Result<Option<FullCell>, PlanError> {
    let formula = subject.carries(hosts)?;
    let fails = Cell::new(-1);
    let mut judge = |rung: i64| -> Result<bool, PlanError> {
        let tried = subject.tried(hosts, formula * load_at(rung), false)?;
        if tried.verdict == Verdict::Fails {
            fails.set(rung.max(fails.get()));
        }
        Ok(tried.verdict == Verdict::Meets)
    };
    let Some(rung) = search::smallest(0, LAST_RUNG, RUNG_OF_FORMULA, &mut judge)? else {
        return Ok(None);
    };
    // Loads above may be undecided: the nearest that surely is too much bounds what is known.
    let mut step = 1;
    while fails.get() < rung - step && rung - step >= 0 {
        judge(rung - step)?;
        step *= 2;
    }
    Ok(Some(FullCell {
        carries: load_at(rung),
        at_most: load_at(rung.min(fails.get() + 1)),
    }))
}

fn smallest_cell(
    subject: &mut Subject<'_>,
    most: u32,
    guess: u32,
    sessions: f64,
    single_cell: bool,
) -> Result<Option<u32>, PlanError> {
    let found = search::smallest(1, i64::from(most), i64::from(guess), |hosts| {
        let tried = subject.tried(whole(hosts), sessions, single_cell)?;
        Ok::<bool, PlanError>(tried.verdict == Verdict::Meets)
    })?;
    Ok(found.map(whole))
}

fn whole(hosts: i64) -> u32 {
    u32::try_from(hosts).unwrap_or(1)
}

/// A tier that fits one cell.
///
/// What the formulas are off by is known only to within a host: the correction is as little as
/// agrees with the number found.
fn single_cell(
    subject: &mut Subject<'_>,
    spare: u32,
    hosts: u32,
    sessions: f64,
    analytic: &Sizing,
) -> Result<Found, PlanError> {
    let fails = subject.most_failing(sessions).unwrap_or(0);
    let correction = |hosts: u32| -> Result<f64, PlanError> {
        let carried = |hosts: u32| -> Result<f64, PlanError> {
            Ok(match hosts {
                0 => 0.0,
                hosts => subject.carries(hosts)? / sessions,
            })
        };
        Ok(match hosts.cmp(&analytic.cell_hosts) {
            Ordering::Equal => 1.0,
            Ordering::Greater => carried(hosts - 1)?.max(1.0),
            Ordering::Less => carried(hosts)?.min(1.0),
        })
    };
    let central = correction(hosts)?;
    let low = correction(hosts.min(fails + 1))?;
    let over_analytic = Estimated {
        central,
        low: low.min(central),
        high: central,
    };
    let total = |hosts: u32| f64::from(hosts + spare);
    Ok(Found {
        hosts: Estimated {
            central: total(hosts),
            low: total(hosts.min(fails + 1)),
            high: total(hosts),
        },
        ..found(subject, spare, 1.0, hosts, sessions, over_analytic)?
    })
}

fn found(
    subject: &mut Subject<'_>,
    spare: u32,
    cells: f64,
    hosts: u32,
    sessions: f64,
    over_analytic: Estimated,
) -> Result<Found, PlanError> {
    let single = cells <= 1.0;
    let at = subject.tried(hosts, sessions, single)?;
    let fewer = match hosts {
        1 => None,
        _ => Some(subject.tried(hosts - 1, sessions, single)?),
    };
    let binding = fewer
        .as_ref()
        .map_or_else(|| subject.analytic_binding(), |fewer| fewer.binding);
    Ok(Found {
        fleet: FleetSize {
            cells,
            working_hosts: hosts,
            lost_hosts: spare,
            sessions_per_cell: sessions,
        },
        hosts: Estimated::exact(cells * f64::from(hosts + spare)),
        over_analytic,
        binding,
        margins: margins(subject, &at.checks),
        one_fewer: fewer.map(|fewer| OneFewer {
            working_hosts: hosts - 1,
            surely_breaks: fewer.verdict == Verdict::Fails,
            margins: margins(subject, &fewer.checks),
        }),
        failure: failure(subject, spare, hosts, sessions, single)?,
        simulated_full_cell: None,
        watched: subject.watched(&at),
    })
}

/// Watches hosts being lost.
fn failure(
    subject: &Subject<'_>,
    lost: u32,
    hosts: u32,
    sessions: f64,
    single: bool,
) -> Result<Option<FailureTrial>, PlanError> {
    if lost == 0 {
        return Ok(None);
    }
    Ok(Some(
        match subject.watch_failure(hosts, lost, sessions, single)? {
            Ok((seconds, checks)) => FailureTrial::Watched {
                seconds,
                margins: margins(subject, &checks),
            },
            Err(reason) => FailureTrial::NotWatched { reason },
        },
    ))
}

fn margins(subject: &Subject<'_>, checks: &[Check]) -> Vec<Margin> {
    checks
        .iter()
        .map(|check| Margin {
            name: promise_words(subject.scenario(), check.promise),
            allowed: check.limit,
            found: Estimated {
                central: check.share,
                low: check.low.min(check.share),
                high: check.high.max(check.share),
            },
            verdict: match check.verdict {
                Verdict::Meets => MarginVerdict::Kept,
                Verdict::Undecided => MarginVerdict::Undecided,
                Verdict::Fails => MarginVerdict::Broken,
            },
        })
        .collect()
}
