//! The analytic estimate at every draw of the uncertain inputs.

use rayon::prelude::*;

use super::analytic::{Detail, Site, Sized, Sizing, size};
use super::baseline::{SharedSizing, size_shared};
use super::draws::{interval, latin_hypercube};
use super::limits::SlowdownTable;
use super::memory::Memory;
use super::{PlanError, Progress};
use crate::demand::{Demand, DemandModel, ShapeCache, peak};
use crate::input::Draw;
use crate::result::{BindingResource, Estimated};
use crate::scenario::{Baseline, PlanAssignment, Scenario, TierId};

/// This share of draws without an answer, or more, leaves the 95% interval without an upper end.
pub(super) const IMPOSSIBLE_SHARE: f64 = 0.025;

/// Draws that are evaluated even if the user stops the plan at once, so that there is an interval at
/// all.
const FEWEST_DRAWS: usize = 10;

/// Tiers on technologies to evaluate, each once.
#[derive(Debug, Clone)]
pub(super) struct Jobs(Vec<PlanAssignment>);

impl Jobs {
    pub(super) fn of_plans(scenario: &Scenario) -> Self {
        Self::unique(
            scenario
                .plans
                .iter()
                .flat_map(|plan| plan.assignments.clone())
                .collect(),
        )
    }

    pub(super) fn of_plans_and_matrix(scenario: &Scenario) -> Self {
        let Self(mut jobs) = Self::of_plans(scenario);
        for (tier_index, tier) in scenario.tiers.iter().enumerate() {
            for (technology, offered) in scenario.technologies.iter().enumerate() {
                if offered.missing(&tier.needs).is_empty() {
                    jobs.push(scenario.assignment(TierId(tier_index), technology));
                }
            }
        }
        Self::unique(jobs)
    }

    fn unique(mut jobs: Vec<PlanAssignment>) -> Self {
        jobs.sort_unstable();
        jobs.dedup();
        Self(jobs)
    }

    fn index(&self, assignment: PlanAssignment) -> Option<usize> {
        self.0.binary_search(&assignment).ok()
    }
}

/// What a draw says of one job: nothing where not one sandbox fits a host.
#[derive(Debug, Clone)]
struct Outcome {
    sizing: Option<Sizing>,
}

impl Task<'_> {
    fn at(
        &self,
        model: &DemandModel<'_>,
        draw: &Draw,
        cache: &mut ShapeCache,
    ) -> Result<Drawn, PlanError> {
        let demand = model.at(draw, cache)?;
        let outcomes = self.jobs.0.iter().map(|job| {
            let sizing = size(
                self.scenario,
                *job,
                &demand,
                draw,
                self.table,
                Detail::Hosts,
            )?
            .ok();
            Ok(Outcome { sizing })
        });
        Ok(Drawn {
            peak: peak(&demand.sessions()).1,
            outcomes: outcomes.collect::<Result<_, PlanError>>()?,
            shared: self.shared(&demand, draw)?,
        })
    }

    /// Every tier as a classic service, where the scenario has one to compare with; none where a
    /// tier cannot be one.
    fn shared(&self, demand: &Demand, draw: &Draw) -> Result<Option<Vec<SharedSizing>>, PlanError> {
        let Some(baseline) = self.baseline else {
            return Ok(None);
        };
        (0..self.scenario.tiers.len())
            .map(|tier| size_shared(self.scenario, baseline, tier, demand, draw, self.table))
            .collect()
    }
}

/// The analytic estimate of every job, at the central inputs and at every draw.
pub(super) struct Evaluation<'a> {
    scenario: &'a Scenario,
    table: &'a SlowdownTable,
    pub(super) model: DemandModel<'a>,
    pub(super) central_draw: Draw,
    pub(super) central_demand: Demand,
    jobs: Jobs,
    central: Vec<Sized>,
    pub(super) draws: Vec<Draw>,
    /// By draw, then by job.
    outcomes: Vec<Vec<Outcome>>,
    /// Peak open sessions by draw.
    peaks: Vec<f64>,
    /// Every tier as a classic service, at the central inputs and by draw; none where it cannot be.
    central_shared: Option<Vec<SharedSizing>>,
    shared: Vec<Option<Vec<SharedSizing>>>,
}

/// A scenario to evaluate, what of it, and its slowdown table.
pub(super) struct Task<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) jobs: Jobs,
    /// The classic service to compare with, if it is to be evaluated.
    pub(super) baseline: Option<&'a Baseline>,
    pub(super) table: &'a SlowdownTable,
}

/// What a draw says of one scenario.
struct Drawn {
    /// Peak open sessions.
    peak: f64,
    /// Every job.
    outcomes: Vec<Outcome>,
    /// Every tier as a classic service.
    shared: Option<Vec<SharedSizing>>,
}

impl<'a> Evaluation<'a> {
    /// Evaluates a scenario and its readings together: at each draw they share what they have in
    /// common. The draws of an input are the same in all of them. Once the user stops, no further
    /// draw is begun and those that were evaluated are all there are: their order is random, so they
    /// are like any others.
    pub(super) fn of_all(
        tasks: Vec<Task<'a>>,
        count: u32,
        memory: Option<&Memory>,
        progress: &dyn Progress,
    ) -> Result<Vec<Self>, PlanError> {
        let models: Vec<DemandModel<'a>> = tasks
            .iter()
            .map(|task| DemandModel::new(task.scenario))
            .collect::<Result<_, _>>()?;
        let draws: Vec<Vec<Draw>> = tasks
            .iter()
            .map(|task| latin_hypercube(&task.scenario.inputs, count, task.scenario.seed))
            .collect();
        let drawn: Vec<Option<Vec<Drawn>>> = (0..count as usize)
            .into_par_iter()
            .map(|index| {
                if index >= FEWEST_DRAWS && progress.cancelled() {
                    return Ok(None);
                }
                let mut known = memory.and_then(|memory| memory.draw(index));
                let mut nothing = ShapeCache::coarse();
                let cache = known.as_deref_mut().unwrap_or(&mut nothing);
                let parts = tasks.iter().zip(&models).zip(&draws);
                let drawn = parts
                    .map(|((task, model), draws)| task.at(model, &draws[index], cache))
                    .collect::<Result<Vec<Drawn>, PlanError>>()?;
                progress.advance(1);
                Ok(Some(drawn))
            })
            .collect::<Result<_, PlanError>>()?;
        let draws = draws.into_iter().map(|of_task| {
            let evaluated = of_task.into_iter().zip(&drawn);
            let kept = evaluated.filter_map(|(draw, drawn)| drawn.as_ref().map(|_| draw));
            kept.collect::<Vec<Draw>>()
        });
        let draws: Vec<Vec<Draw>> = draws.collect();
        let mut by_task: Vec<Vec<Drawn>> = tasks.iter().map(|_| Vec::new()).collect();
        for at_draw in drawn.into_iter().flatten() {
            for (of_task, drawn) in by_task.iter_mut().zip(at_draw) {
                of_task.push(drawn);
            }
        }
        tasks
            .into_iter()
            .zip(models)
            .zip(draws)
            .zip(by_task)
            .map(|(((task, model), draws), drawn)| Self::new(task, model, draws, drawn, memory))
            .collect()
    }

    fn new(
        task: Task<'a>,
        model: DemandModel<'a>,
        draws: Vec<Draw>,
        drawn: Vec<Drawn>,
        memory: Option<&Memory>,
    ) -> Result<Self, PlanError> {
        let central_draw = Draw::central(&task.scenario.inputs);
        let central_demand = match memory {
            Some(memory) => model.at(&central_draw, &mut memory.central())?,
            None => model.at(&central_draw, &mut ShapeCache::default())?,
        };
        let sizes = task.jobs.0.iter().map(|job| {
            size(
                task.scenario,
                *job,
                &central_demand,
                &central_draw,
                task.table,
                Detail::Full,
            )
        });
        let central = sizes.collect::<Result<_, _>>()?;
        let central_shared = task.shared(&central_demand, &central_draw)?;
        let mut peaks = Vec::with_capacity(drawn.len());
        let mut outcomes = Vec::with_capacity(drawn.len());
        let mut shared = Vec::with_capacity(drawn.len());
        for drawn in drawn {
            peaks.push(drawn.peak);
            outcomes.push(drawn.outcomes);
            shared.push(drawn.shared);
        }
        Ok(Self {
            scenario: task.scenario,
            table: task.table,
            model,
            central_draw,
            central_demand,
            jobs: task.jobs,
            central,
            draws,
            outcomes,
            peaks,
            central_shared,
            shared,
        })
    }

    /// The tiers as classic services at the central inputs.
    pub(super) fn central_shared(&self) -> Option<&[SharedSizing]> {
        self.central_shared.as_deref()
    }

    /// The hosts of a classic service for some tiers, turned into a figure at each draw, with its
    /// interval. A draw at which there is no answer counts as above all others.
    pub(super) fn shared_total(
        &self,
        tiers: &[usize],
        figure: impl Fn(&Draw, f64) -> f64,
    ) -> Option<Estimated> {
        let sum = |sizings: &[SharedSizing]| -> f64 {
            tiers.iter().map(|tier| sizings[*tier].hosts).sum()
        };
        let central = sum(self.central_shared()?);
        let by_draw = self
            .shared
            .iter()
            .map(|sizings| sizings.as_deref().map_or(f64::INFINITY, sum));
        let mut values: Vec<f64> = self
            .draws
            .iter()
            .zip(by_draw)
            .map(|(draw, hosts)| figure(draw, hosts))
            .collect();
        Some(interval(figure(&self.central_draw, central), &mut values))
    }

    /// What a plan needs against a classic service for the same tiers, draw by draw: a figure of the
    /// draw, the plan's hosts and the service's. What both depend on cancels.
    pub(super) fn against_shared(
        &self,
        assignments: &[PlanAssignment],
        figure: impl Fn(&Draw, f64, f64) -> f64,
    ) -> Option<Estimated> {
        let sum = |sizings: &[SharedSizing]| -> f64 {
            assignments
                .iter()
                .map(|job| sizings[job.tier.0].hosts)
                .sum()
        };
        let hosts: f64 = assignments.iter().map(|job| self.central(*job).hosts).sum();
        let central = figure(&self.central_draw, hosts, sum(self.central_shared()?));
        let totals = self.totals(assignments, |_, hosts| hosts);
        let mut values: Vec<f64> = self
            .draws
            .iter()
            .zip(totals)
            .zip(&self.shared)
            .filter_map(|((draw, hosts), shared)| {
                let value = figure(draw, hosts, sum(shared.as_deref()?));
                value.is_finite().then_some(value)
            })
            .collect();
        Some(interval(central, &mut values))
    }

    /// Peak open sessions of all tiers together.
    pub(super) fn peak_sessions(&self) -> Estimated {
        let central = peak(&self.central_demand.sessions()).1;
        interval(central, &mut self.peaks.clone())
    }

    /// Why a job has no answer, if it has none.
    pub(super) fn impossible(&self, assignment: PlanAssignment) -> Option<String> {
        let Some(job) = self.jobs.index(assignment) else {
            return Some("it was not evaluated".to_owned());
        };
        if let Err(too_small) = &self.central[job] {
            return Some(too_small.0.clone());
        }
        let failed = self
            .outcomes
            .iter()
            .filter(|jobs| jobs[job].sizing.is_none())
            .count();
        let share = failed as f64 / self.outcomes.len().max(1) as f64;
        (share >= IMPOSSIBLE_SHARE).then(|| {
            format!(
                "at the central inputs it can, but in {:.0}% of the draws of the uncertain inputs \
                 not one sandbox fits a host",
                share * 100.0
            )
        })
    }

    /// The sizing at the central inputs of a job that is possible.
    pub(super) fn central(&self, assignment: PlanAssignment) -> Sizing {
        self.jobs
            .index(assignment)
            .and_then(|job| self.central[job].as_ref().ok())
            .cloned()
            .unwrap_or_else(Sizing::nothing)
    }

    /// A figure of a job with its interval over the draws.
    pub(super) fn estimate(
        &self,
        assignment: PlanAssignment,
        figure: impl Fn(&Sizing) -> f64,
    ) -> Estimated {
        let Some(job) = self.jobs.index(assignment) else {
            return Estimated::exact(0.0);
        };
        let mut values: Vec<f64> = self
            .outcomes
            .iter()
            .filter_map(|jobs| jobs[job].sizing.as_ref().map(&figure))
            .collect();
        interval(figure(&self.central(assignment)), &mut values)
    }

    /// The same for a figure that takes the draw too, such as a cost.
    pub(super) fn estimate_with(
        &self,
        assignment: PlanAssignment,
        figure: impl Fn(&Draw, &Sizing) -> f64,
    ) -> Estimated {
        let Some(job) = self.jobs.index(assignment) else {
            return Estimated::exact(0.0);
        };
        let mut values: Vec<f64> = self
            .draws
            .iter()
            .zip(&self.outcomes)
            .filter_map(|(draw, jobs)| {
                let sizing = jobs[job].sizing.as_ref()?;
                Some(figure(draw, sizing))
            })
            .collect();
        let central = figure(&self.central_draw, &self.central(assignment));
        interval(central, &mut values)
    }

    /// Figures that take long to work out, with intervals over the first so many draws: their order is
    /// random, so these are like any others.
    pub(super) fn estimate_of_some<const N: usize>(
        &self,
        assignment: PlanAssignment,
        most: usize,
        figures: impl Fn(&Draw, &Sizing) -> Result<[f64; N], PlanError> + Sync,
    ) -> Result<[Estimated; N], PlanError> {
        let Some(job) = self.jobs.index(assignment) else {
            return Ok([Estimated::exact(0.0); N]);
        };
        let found: Vec<[f64; N]> = self
            .draws
            .par_iter()
            .zip(&self.outcomes)
            .take(most)
            .filter_map(|(draw, jobs)| Some((draw, jobs[job].sizing.as_ref()?)))
            .map(|(draw, sizing)| figures(draw, sizing))
            .collect::<Result<_, _>>()?;
        let central = figures(&self.central_draw, &self.central(assignment))?;
        Ok(std::array::from_fn(|index| {
            let mut values: Vec<f64> = found.iter().map(|figures| figures[index]).collect();
            interval(central[index], &mut values)
        }))
    }

    /// The hosts of some jobs together, turned into a figure at each draw, with its interval. A
    /// draw at which one of them has no answer counts as above all others.
    pub(super) fn total(
        &self,
        assignments: &[PlanAssignment],
        figure: impl Fn(&Draw, f64) -> f64,
    ) -> Estimated {
        let mut values = self.totals(assignments, &figure);
        let hosts: f64 = assignments.iter().map(|job| self.central(*job).hosts).sum();
        interval(figure(&self.central_draw, hosts), &mut values)
    }

    /// The same by draw, in the order of the draws.
    pub(super) fn totals(
        &self,
        assignments: &[PlanAssignment],
        figure: impl Fn(&Draw, f64) -> f64,
    ) -> Vec<f64> {
        let jobs: Vec<usize> = assignments
            .iter()
            .filter_map(|job| self.jobs.index(*job))
            .collect();
        self.draws
            .iter()
            .zip(&self.outcomes)
            .map(|(draw, outcomes)| {
                let hosts = jobs
                    .iter()
                    .map(|job| {
                        outcomes[*job]
                            .sizing
                            .as_ref()
                            .map_or(f64::INFINITY, |s| s.hosts)
                    })
                    .sum();
                figure(draw, hosts)
            })
            .collect()
    }

    /// The hosts of one job over those of another, draw by draw: what both depend on cancels.
    /// None where one of them is nothing or has no answer.
    pub(super) fn ratio(&self, a: PlanAssignment, b: PlanAssignment) -> Option<Estimated> {
        let central = self.central(a).hosts / self.central(b).hosts;
        let over = self.totals(&[b], |_, hosts| hosts);
        let mut ratios: Vec<f64> = self
            .totals(&[a], |_, hosts| hosts)
            .into_iter()
            .zip(over)
            .map(|(a, b)| a / b)
            .filter(|ratio| ratio.is_finite())
            .collect();
        let usable = central.is_finite() && central > 0.0 && !ratios.is_empty();
        usable.then(|| interval(central, &mut ratios))
    }

    /// The hosts of some jobs together when a cell carries less or more than the formulas say, by
    /// one factor for each job; turned into a figure, with its interval.
    ///
    /// The ends of the interval take the ends of the factors: uncertain inputs and an undecided
    /// simulation at their worst together.
    pub(super) fn corrected_total(
        &self,
        assignments: &[PlanAssignment],
        corrections: &[Estimated],
        figure: impl Fn(&Draw, f64) -> f64,
    ) -> Result<Estimated, PlanError> {
        let central = |end: fn(&Estimated) -> f64| -> Result<f64, PlanError> {
            let hosts = assignments
                .iter()
                .zip(corrections)
                .map(|(job, correction)| {
                    self.site(*job, &self.central_draw)
                        .hosts(self.central(*job).workload, end(correction))
                });
            Ok(figure(&self.central_draw, hosts.sum::<Result<f64, _>>()?))
        };
        let spread = |end: fn(&Estimated) -> f64| -> Result<Estimated, PlanError> {
            let hosts = self.corrected_hosts(assignments, corrections, end)?;
            let figures = self
                .draws
                .iter()
                .zip(hosts)
                .map(|(draw, hosts)| figure(draw, hosts));
            Ok(interval(central(end)?, &mut figures.collect::<Vec<f64>>()))
        };
        let middle = central(|correction| correction.central)?;
        Ok(Estimated {
            central: middle,
            low: spread(|correction| correction.low)?.low.min(middle),
            high: spread(|correction| correction.high)?.high.max(middle),
        })
    }

    /// Hosts of one job at the central inputs, with the ends of its correction.
    pub(super) fn corrected_central(
        &self,
        assignment: PlanAssignment,
        correction: Estimated,
    ) -> Result<Estimated, PlanError> {
        let workload = self.central(assignment).workload;
        let hosts = |correction: f64| {
            self.site(assignment, &self.central_draw)
                .hosts(workload, correction)
        };
        Ok(Estimated {
            central: hosts(correction.central)?,
            low: hosts(correction.low)?,
            high: hosts(correction.high)?,
        })
    }

    fn corrected_hosts(
        &self,
        assignments: &[PlanAssignment],
        corrections: &[Estimated],
        end: fn(&Estimated) -> f64,
    ) -> Result<Vec<f64>, PlanError> {
        let jobs: Vec<(PlanAssignment, usize, f64)> = assignments
            .iter()
            .zip(corrections)
            .filter_map(|(job, correction)| Some((*job, self.jobs.index(*job)?, end(correction))))
            .collect();
        self.draws
            .par_iter()
            .zip(&self.outcomes)
            .map(|(draw, outcomes)| {
                jobs.iter()
                    .map(|(job, index, correction)| match &outcomes[*index].sizing {
                        Some(sizing) => self.site(*job, draw).hosts(sizing.workload, *correction),
                        None => Ok(f64::INFINITY),
                    })
                    .sum()
            })
            .collect()
    }

    fn site<'b>(&'b self, assignment: PlanAssignment, draw: &'b Draw) -> Site<'b> {
        Site {
            scenario: self.scenario,
            assignment,
            draw,
            table: self.table,
        }
    }

    /// The share of draws in which each resource binds, largest first.
    pub(super) fn binding_shares(&self, assignment: PlanAssignment) -> Vec<(BindingResource, f64)> {
        use BindingResource::{Cpu, Density, Memory, StartRate};
        let Some(job) = self.jobs.index(assignment) else {
            return Vec::new();
        };
        let bindings: Vec<BindingResource> = self
            .outcomes
            .iter()
            .filter_map(|jobs| jobs[job].sizing.as_ref().map(|sizing| sizing.binding))
            .collect();
        let mut shares: Vec<(BindingResource, f64)> = [Cpu, Memory, StartRate, Density]
            .into_iter()
            .map(|resource| {
                let count = bindings
                    .iter()
                    .filter(|binding| **binding == resource)
                    .count();
                (resource, count as f64 / bindings.len().max(1) as f64)
            })
            .filter(|(_, share)| *share > 0.0)
            .collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        shares
    }
}
