//! Several runs that differ only in their random numbers, and intervals over them.

use super::control::Control;
use super::error::SimulationError;
use super::metric::Metric;
use super::outcome::CellOutcome;
use super::spec::{CellSpec, Observation, invalid};
use super::{RunId, run_cell_with};
use crate::statistics::Estimate;
use crate::statistics::means::{mean_of_replications, ratio_of_replications};
use rayon::prelude::{IntoParallelIterator, ParallelIterator};

/// Outcomes of independent replications of one cell, in the order of their numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Replications {
    outcomes: Vec<CellOutcome>,
    merged: CellOutcome,
}

/// Simulates replications `first.replication`, `first.replication + 1`, … of one cell, in parallel.
///
/// Every run is a pure function of its indices and results are merged in the order of the indices, so
/// the outcome is the same for any number of threads, bit for bit.
///
/// # Errors
/// The error of the lowest-numbered run that failed, or [`SimulationError::InvalidSpec`] if `count`
/// is zero.
pub fn run_replications(
    spec: &CellSpec,
    observation: &Observation,
    first: RunId,
    count: u64,
    control: &Control<'_>,
) -> Result<Replications, SimulationError> {
    spec.validate()?;
    observation.validate()?;
    let results: Vec<Result<CellOutcome, SimulationError>> = (0..count)
        .into_par_iter()
        .map(|offset| {
            let id = RunId {
                replication: first.replication.wrapping_add(offset),
                ..first
            };
            run_cell_with(spec, observation, id, control)
        })
        .collect();
    Replications::new(results.into_iter().collect::<Result<_, _>>()?)
}

/// When to stop replicating.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Precision {
    /// The metric whose interval is to be narrow.
    pub metric: Metric,
    /// Confidence of the interval, between 0 and 1.
    pub confidence: f64,
    /// Half-width of the interval over its middle at which to stop.
    pub relative: f64,
    /// Replications to do in any case; at least two.
    pub at_least: u64,
    /// Replications after which to stop in any case.
    pub at_most: u64,
}

/// Simulates as many replications as it takes for a metric's interval to be narrow enough.
///
/// The number still needed is estimated from the spread so far and at most tripled at a time. Stopping
/// by looking at the interval makes it cover slightly less often than it says; enough replications at
/// the beginning (ten or more) keep that small (Law, *Simulation Modeling and Analysis*, 9.4.1). See
/// [`Replications::estimate`] for what was reached.
///
/// # Errors
/// Those of [`run_replications`], or a precision out of range.
pub fn run_until_precise(
    spec: &CellSpec,
    observation: &Observation,
    first: RunId,
    precision: &Precision,
    control: &Control<'_>,
) -> Result<Replications, SimulationError> {
    if !(precision.relative > 0.0 && precision.confidence > 0.0 && precision.confidence < 1.0) {
        return Err(invalid(
            "precision",
            "must be positive, with a confidence below 1",
        ));
    }
    if precision.at_least < 2 || precision.at_most < precision.at_least {
        return Err(invalid(
            "replications",
            "at least two, and no fewer at most",
        ));
    }
    let mut runs = run_replications(spec, observation, first, precision.at_least, control)?;
    loop {
        let done = runs.outcomes.len() as u64;
        let estimate = runs.estimate(precision.metric, precision.confidence);
        let factor = estimate.map_or(f64::INFINITY, |estimate| {
            (estimate.relative_half_width() / precision.relative).powi(2)
        });
        if factor <= 1.0 || done >= precision.at_most {
            return Ok(runs);
        }
        let more = (done as f64 * (factor.min(3.0) - 1.0)).ceil().max(1.0);
        let more = nonnegative_integer(more).min(precision.at_most - done);
        let next = RunId {
            replication: first.replication.wrapping_add(done),
            ..first
        };
        runs.extend(run_replications(spec, observation, next, more, control)?);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float-to-integer casts saturate, which is what is wanted"
)]
fn nonnegative_integer(value: f64) -> u64 {
    value as u64
}

impl Replications {
    /// Gathers outcomes of the same cell under the same observation.
    ///
    /// # Errors
    /// [`SimulationError::InvalidSpec`] if there are none.
    pub fn new(outcomes: Vec<CellOutcome>) -> Result<Self, SimulationError> {
        let mut rest = outcomes.iter();
        let mut merged = rest
            .next()
            .cloned()
            .ok_or_else(|| invalid("replications", "at least one is needed"))?;
        for outcome in rest {
            merged.merge(outcome);
        }
        Ok(Self { outcomes, merged })
    }

    /// Adds replications of the same cell under the same observation.
    pub fn extend(&mut self, more: Self) {
        for outcome in more.outcomes {
            self.merged.merge(&outcome);
            self.outcomes.push(outcome);
        }
    }

    /// Each replication's outcome.
    pub fn outcomes(&self) -> &[CellOutcome] {
        &self.outcomes
    }

    /// All replications taken together.
    pub const fn merged(&self) -> &CellOutcome {
        &self.merged
    }

    /// A metric's value in each replication that has one.
    pub fn values(&self, metric: Metric) -> Vec<f64> {
        self.outcomes
            .iter()
            .filter_map(|outcome| outcome.metric(metric))
            .collect()
    }

    /// A metric with Student's t interval of the given confidence (between 0 and 1) for its expected
    /// value. `None` with fewer than two replications that have the metric.
    ///
    /// Averages over time and quantiles are averaged over replications. Shares and means of what was
    /// counted are those of all replications together, so their intervals are about the share in the
    /// long run however short a replication is.
    pub fn estimate(&self, metric: Metric, confidence: f64) -> Option<Estimate> {
        let ratios: Option<Vec<(f64, f64)>> = self
            .outcomes
            .iter()
            .map(|outcome| outcome.ratio(metric))
            .collect();
        match ratios {
            Some(ratios) => ratio_of_replications(&ratios, confidence).ok(),
            None => mean_of_replications(&self.values(metric), confidence).ok(),
        }
    }
}
