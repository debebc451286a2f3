//! The analytic estimate at every draw of the uncertain inputs.

use rayon::prelude::*;

use super::analytic::{Sizing, size};
use super::draws::{interval, latin_hypercube};
use super::limits::SlowdownTable;
use super::{PlanError, Progress};
use crate::demand::{Demand, DemandModel, peak};
use crate::input::Draw;
use crate::result::{BindingResource, Estimated};
use crate::scenario::{PlanAssignment, Scenario, TierId};

/// More than this share of draws without an answer leaves the 95% interval without an upper end.
const IMPOSSIBLE_SHARE: f64 = 0.025;

/// Tiers on technologies to evaluate, each once.
#[derive(Debug, Clone)]
pub(super) struct Jobs(Vec<PlanAssignment>);

impl Jobs {
    pub(super) fn of_plans(scenario: &Scenario) -> Self {
        Self::unique(scenario.plans.iter().flat_map(|plan| plan.assignments.clone()).collect())
    }

    pub(super) fn of_plans_and_matrix(scenario: &Scenario) -> Self {
        let Self(mut jobs) = Self::of_plans(scenario);
        for (tier_index, tier) in scenario.tiers.iter().enumerate() {
            for (technology, offered) in scenario.technologies.iter().enumerate() {
                if offered.missing(&tier.needs).is_empty() {
                    jobs.push(PlanAssignment {
                        tier: TierId(tier_index),
                        technology,
                        lifecycle: tier.lifecycle,
                    });
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

/// What a draw says of one job.
#[derive(Debug, Clone)]
struct Outcome {
    sizing: Option<Sizing>,
}

/// The analytic estimate of every job, at the central inputs and at every draw.
pub(super) struct Evaluation<'a> {
    pub(super) model: DemandModel<'a>,
    pub(super) central_demand: Demand,
    jobs: Jobs,
    central: Vec<super::Sized>,
    pub(super) draws: Vec<Draw>,
    /// By draw, then by job.
    outcomes: Vec<Vec<Outcome>>,
    /// Peak open sessions by draw.
    peaks: Vec<f64>,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(
        scenario: &'a Scenario,
        jobs: Jobs,
        count: u32,
        table: &SlowdownTable,
        progress: &dyn Progress,
    ) -> Result<Self, PlanError> {
        let model = DemandModel::new(scenario)?;
        let central_draw = Draw::central(&scenario.inputs);
        let central_demand = model.at(&central_draw)?;
        let central = jobs
            .0
            .iter()
            .map(|job| size(scenario, *job, &central_demand, &central_draw, table))
            .collect::<Result<_, _>>()?;
        let draws = latin_hypercube(&scenario.inputs, count, scenario.seed);
        let evaluated: Vec<(f64, Vec<Outcome>)> = draws
            .par_iter()
            .map(|draw| {
                let demand = model.at(draw)?;
                let outcomes = jobs
                    .0
                    .iter()
                    .map(|job| {
                        let sizing = size(scenario, *job, &demand, draw, table)?.ok();
                        Ok(Outcome { sizing })
                    })
                    .collect::<Result<Vec<Outcome>, PlanError>>()?;
                progress.advance(1);
                Ok((peak(&demand.sessions()).1, outcomes))
            })
            .collect::<Result<_, PlanError>>()?;
        let (peaks, outcomes) = evaluated.into_iter().unzip();
        Ok(Self { model, central_demand, jobs, central, draws, outcomes, peaks })
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
        let failed = self.outcomes.iter().filter(|jobs| jobs[job].sizing.is_none()).count();
        let share = failed as f64 / self.outcomes.len().max(1) as f64;
        (share > IMPOSSIBLE_SHARE).then(|| {
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
        let Some(job) = self.jobs.index(assignment) else { return Estimated::exact(0.0) };
        let mut values: Vec<f64> = self
            .outcomes
            .iter()
            .filter_map(|jobs| jobs[job].sizing.as_ref().map(&figure))
            .collect();
        interval(figure(&self.central(assignment)), &mut values)
    }

    /// The hosts of some jobs together, turned into a figure at each draw, with its interval. A
    /// draw at which one of them has no answer counts as above all others.
    pub(super) fn total(
        &self,
        assignments: &[PlanAssignment],
        figure: impl Fn(&Draw, f64) -> f64,
    ) -> Estimated {
        let mut values: Vec<f64> = self.totals(assignments, figure);
        let central: f64 = assignments.iter().map(|job| self.central(*job).hosts).sum();
        interval(central, &mut values)
    }

    /// The same by draw, in the order of the draws.
    pub(super) fn totals(
        &self,
        assignments: &[PlanAssignment],
        figure: impl Fn(&Draw, f64) -> f64,
    ) -> Vec<f64> {
        let jobs: Vec<usize> =
            assignments.iter().filter_map(|job| self.jobs.index(*job)).collect();
        self.draws
            .iter()
            .zip(&self.outcomes)
            .map(|(draw, outcomes)| {
                let hosts = jobs
                    .iter()
                    .map(|job| outcomes[*job].sizing.as_ref().map_or(f64::INFINITY, |s| s.hosts))
                    .sum();
                figure(draw, hosts)
            })
            .collect()
    }

    /// The share of draws in which each resource binds, largest first.
    pub(super) fn binding_shares(
        &self,
        assignment: PlanAssignment,
    ) -> Vec<(BindingResource, f64)> {
        use BindingResource::{Cpu, Density, Memory, StartRate};
        let Some(job) = self.jobs.index(assignment) else { return Vec::new() };
        let bindings: Vec<BindingResource> = self
            .outcomes
            .iter()
            .filter_map(|jobs| jobs[job].sizing.as_ref().map(|sizing| sizing.binding))
            .collect();
        let mut shares: Vec<(BindingResource, f64)> = [Cpu, Memory, StartRate, Density]
            .into_iter()
            .map(|resource| {
                let count = bindings.iter().filter(|binding| **binding == resource).count();
                (resource, count as f64 / bindings.len().max(1) as f64)
            })
            .filter(|(_, share)| *share > 0.0)
            .collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        shares
    }
}
