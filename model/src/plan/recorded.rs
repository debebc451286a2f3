//! Recorded arrivals beside a Poisson stream of the same rate: the same cell, load and random numbers.

use std::ops::ControlFlow;

use super::cell::{CellTemplate, promised};
use super::limits::{HostLimits, SlowdownTable};
use super::simulated::{Cell, WARM_UP, promise_words};
use super::{PlanError, Progress};
use crate::input::Draw;
use crate::result::{
    ArrivalsResult, DispersionResult, Estimated, PromiseComparison, RecordedCell, RecordedOutcome,
    RecordingResult,
};
use crate::scenario::{PlanAssignment, Recording, Scenario, TraceScaling};
use crate::simulation::{
    Assessment, Capacity, CellSpec, Check, Control, Demand, Effort, Observation, PiecewiseLinear,
    RecordedArrivals, RecordedScaling, RunId, SimulationError, assess, simulated_capacity,
};
use crate::statistics::dispersion::{dispersion_by_scale, index_of_dispersion};

/// Intervals of a recording that have to be watched for it to differ from a Poisson stream.
const FEWEST_INTERVALS: f64 = 4.0;

/// Events of a replication over those that the scenario allows otherwise: a recording takes longer to
/// show what it is.
const MORE_EVENTS: f64 = 2.0;

/// Relative width at which the search for either capacity stops.
const PRECISION: f64 = 0.04;

/// Loads that either search may try before its events run out.
const TRIALS: u64 = 12;

/// What a plan says of its recordings; nothing where it has none.
pub(super) fn arrivals(
    scenario: &Scenario,
    central: &Draw,
    table: &SlowdownTable,
    simulate: bool,
    progress: &dyn Progress,
) -> Result<Option<ArrivalsResult>, PlanError> {
    let recordings: Vec<RecordingResult> = scenario
        .segments
        .iter()
        .filter_map(|segment| Some((segment, segment.arrivals.recording.as_ref()?)))
        .map(|(segment, recording)| describe(&segment.id, recording))
        .collect();
    if recordings.is_empty() {
        return Ok(None);
    }
    let mut cells = Vec::new();
    let assignments = scenario.plans.first().map(|plan| &plan.assignments);
    for assignment in assignments.into_iter().flatten() {
        let sent = scenario.segments.iter().find_map(|segment| {
            let sends = segment
                .shares
                .iter()
                .any(|(tier, share)| *tier == assignment.tier && central.get(*share) > 0.0);
            Some((
                segment,
                segment.arrivals.recording.as_ref().filter(|_| sends)?,
            ))
        });
        let Some((segment, recording)) = sent else {
            continue;
        };
        let outcome = if simulate {
            compare(scenario, *assignment, recording, central, table, progress)?
        } else {
            not_compared("simulation was left out; run the plan without --no-simulation".to_owned())
        };
        cells.push(RecordedCell {
            tier: scenario.tiers[assignment.tier.0].id.clone(),
            technology: scenario.technologies[assignment.technology].id.clone(),
            segment: segment.id.clone(),
            outcome,
        });
    }
    Ok(Some(ArrivalsResult { recordings, cells }))
}

fn describe(segment: &str, recording: &Recording) -> RecordingResult {
    let sessions: u64 = recording.counts.iter().sum();
    RecordingResult {
        segment: segment.to_owned(),
        name: recording.name.clone(),
        interval_seconds: recording.interval,
        recorded_seconds: recording.interval * recording.counts.len() as f64,
        sessions: sessions as f64,
        scaling: recording.scaling,
        // Fewer than ten intervals say nothing of how they vary.
        dispersion: dispersion_by_scale(&recording.counts)
            .unwrap_or_default()
            .into_iter()
            .map(|scale| DispersionResult {
                seconds: scale.intervals as f64 * recording.interval,
                stretches: u32::try_from(scale.stretches).unwrap_or(u32::MAX),
                index: scale.index,
                poisson_low: scale.poisson.low,
                poisson_high: scale.poisson.high,
            })
            .collect(),
    }
}

fn not_compared(reason: String) -> RecordedOutcome {
    RecordedOutcome::NotCompared { reason }
}

/// The busiest stretch of a recording and what leads to it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stretch {
    /// Interval it begins at, the warm-up before it left out.
    begins: usize,
    /// Intervals of the warm-up.
    warm_up: usize,
    /// Intervals of it.
    intervals: usize,
    /// Its rate, with the warm-up's, over that of the whole recording.
    over_mean: f64,
}

impl Stretch {
    /// The busiest stretch with what leads to it: the mean is that of both, so that the cell has
    /// neither more nor fewer sessions to begin with than under a stream of that mean.
    fn busiest(counts: &[u64], warm_up: usize, intervals: usize) -> Self {
        let length = counts.len();
        let whole = warm_up + intervals;
        let mut sum: u64 = (0..whole).map(|at| counts[at % length]).sum();
        // Slides along; of equally busy ones the first.
        let mut best = (0, sum);
        for first in 1..length {
            sum = sum - counts[first - 1] + counts[(first + whole - 1) % length];
            if sum > best.1 {
                best = (first, sum);
            }
        }
        let mean = counts.iter().sum::<u64>() as f64 / length as f64;
        Self {
            begins: best.0 + warm_up,
            warm_up,
            intervals,
            over_mean: best.1 as f64 / whole as f64 / mean,
        }
    }

    /// The recording with this stretch at a mean of `rate` sessions per second.
    fn at_rate(
        &self,
        recording: &Recording,
        rate: f64,
    ) -> Result<RecordedArrivals, SimulationError> {
        let scaling = match recording.scaling {
            TraceScaling::Together => RecordedScaling::Together,
            TraceScaling::Independent => RecordedScaling::Independent,
        };
        let arrivals = RecordedArrivals::new(
            recording.counts.clone(),
            recording.interval,
            rate / self.over_mean,
            scaling,
        )?;
        // Sessions may last longer than the stretch: begun with fewer of them, a cell would seem to
        // carry more under the recording than under a stream of the same rate.
        Ok(arrivals
            .beginning_at(self.begins - self.warm_up)
            .led_by(rate))
    }

    /// The index of dispersion of its counts at a mean of `rate` sessions per second, by formula.
    fn index_at(&self, recording: &Recording, rate: f64) -> f64 {
        let length = recording.counts.len();
        let counts: Vec<u64> = (self.begins..self.begins + self.intervals)
            .map(|at| recording.counts[at % length])
            .collect();
        let mean = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
        let factor = rate * recording.interval / mean;
        let recorded = index_of_dispersion(&counts).unwrap_or(1.0);
        if factor <= 1.0 {
            1.0 + factor * (recorded - 1.0)
        } else {
            match recording.scaling {
                TraceScaling::Together => factor * recorded,
                TraceScaling::Independent => recorded,
            }
        }
    }
}

fn compare(
    scenario: &Scenario,
    assignment: PlanAssignment,
    recording: &Recording,
    central: &Draw,
    table: &SlowdownTable,
    progress: &dyn Progress,
) -> Result<RecordedOutcome, PlanError> {
    let Ok(template) = CellTemplate::new(scenario, assignment, central)? else {
        return Ok(not_compared("the technology cannot carry the tier".into()));
    };
    let limits = HostLimits::new(scenario, template.room(), table)?;
    let interval = recording.interval;
    let least = FEWEST_INTERVALS * interval / (1.0 - WARM_UP);
    let cell = Cell::for_at_least(scenario, &template, &limits, MORE_EVENTS, least)?;
    let formula = cell.formula()?;
    let watched = cell
        .affordable_seconds(formula)
        .min(scenario.simulation.window_seconds.max(least));
    // A little less than four intervals is a rounding error.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let intervals = (watched * (1.0 - WARM_UP) / interval + 1e-6).floor() as usize;
    if (intervals as f64) < FEWEST_INTERVALS {
        return Ok(not_compared(format!(
            "with {} of simulation.events one host is watched for {watched:.0} s at most, and the \
             recording counts in intervals of {interval:.0} s, within which it says nothing that a \
             Poisson stream does not; raise simulation.events",
            scenario.simulation.events,
        )));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let warm_up = (watched * WARM_UP / interval).ceil() as usize;
    let effort = Effort {
        observation: Observation::new(warm_up as f64 * interval, intervals as f64 * interval)?,
        replications: u64::from(scenario.simulation.replications),
        run: RunId {
            seed: scenario.seed,
            cell: 0,
            replication: 0,
        },
        max_events: TRIALS * cell.events() * u64::from(scenario.simulation.replications),
    };
    let comparison = Comparison {
        scenario,
        recording,
        stretch: Stretch::busiest(&recording.counts, warm_up, intervals),
        session_seconds: template.session_seconds(),
        cell: &cell,
        formula,
        effort,
    };
    match comparison.run(progress) {
        Ok(Some(found)) => Ok(comparison.outcome(&found)),
        Ok(None) => Ok(not_compared(
            "the simulation could not decide at any load whether the promises are kept; raise \
             simulation.events or simulation.replications"
                .into(),
        )),
        Err(SimulationError::Cancelled) => Ok(not_compared(
            "the plan was interrupted; run it again to the end".into(),
        )),
        Err(SimulationError::InvalidSpec { field, reason }) => Ok(not_compared(format!(
            "the simulator refuses `{field}`: {reason}"
        ))),
        Err(error) => Err(error.into()),
    }
}

/// One cell that is simulated under both.
struct Comparison<'a> {
    scenario: &'a Scenario,
    recording: &'a Recording,
    stretch: Stretch,
    session_seconds: f64,
    cell: &'a Cell<'a>,
    /// Open sessions it carries by the formulas.
    formula: f64,
    effort: Effort,
}

/// What was found: the load both were held against each other at, what the cell carries under either,
/// and how the promises fare at that load.
struct Found {
    load: f64,
    capacities: [Capacity; 2],
    assessments: [Assessment; 2],
}

impl Comparison<'_> {
    fn rate(&self, sessions: f64) -> f64 {
        sessions / self.session_seconds
    }

    fn poisson(&self, sessions: f64) -> Result<CellSpec, SimulationError> {
        let rate = PiecewiseLinear::constant(self.rate(sessions))?;
        self.cell.with(Demand::Poisson { rate })
    }

    fn recorded(&self, sessions: f64) -> Result<CellSpec, SimulationError> {
        let arrivals = self.stretch.at_rate(self.recording, self.rate(sessions))?;
        self.cell.with(Demand::Recorded(arrivals))
    }

    /// None where no load is decided under Poisson arrivals.
    fn run(&self, progress: &dyn Progress) -> Result<Option<Found>, SimulationError> {
        let go_on = |_: &_| {
            if progress.cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let control = Control::new(&go_on);
        let level = promised(self.scenario);
        let search = |spec: &dyn Fn(f64) -> Result<CellSpec, SimulationError>| {
            simulated_capacity(
                spec,
                &level,
                self.formula,
                PRECISION,
                &self.effort,
                &control,
            )
        };
        let by_poisson = search(&|sessions| self.poisson(sessions))?;
        let load = by_poisson.estimate;
        if !load.is_finite() {
            return Ok(None);
        }
        let by_recording = search(&|sessions| self.recorded(sessions))?;
        let assessed = |spec: &CellSpec| assess(spec, &level, &self.effort, &control);
        Ok(Some(Found {
            load,
            capacities: [by_poisson, by_recording],
            assessments: [
                assessed(&self.poisson(load)?)?,
                assessed(&self.recorded(load)?)?,
            ],
        }))
    }

    fn outcome(&self, found: &Found) -> RecordedOutcome {
        let [at_poisson, at_recording] = &found.assessments;
        let [by_poisson, by_recording] = &found.capacities;
        RecordedOutcome::Compared {
            hosts: self.cell.hosts(),
            sessions: found.load,
            seconds: self.effort.observation.length,
            replications: self.scenario.simulation.replications,
            index: self.stretch.index_at(self.recording, self.rate(found.load)),
            promises: at_poisson
                .checks
                .iter()
                .zip(&at_recording.checks)
                .map(|(poisson, recorded)| PromiseComparison {
                    name: promise_words(self.scenario, poisson.promise),
                    limit: poisson.limit,
                    poisson: share(poisson),
                    recorded: share(recorded),
                })
                .collect(),
            capacity_poisson: capacity(by_poisson),
            capacity_recorded: capacity(by_recording),
        }
    }
}

fn share(check: &Check) -> Estimated {
    Estimated {
        central: check.share,
        low: check.low.min(check.share),
        high: check.high.max(check.share),
    }
}

/// The capacity with both ends of its interval, where the search came so far.
fn capacity(found: &Capacity) -> Option<Estimated> {
    let decided = found.estimate.is_finite() && found.meets > 0.0 && found.fails.is_finite();
    decided.then(|| Estimated {
        central: found.estimate,
        low: found.meets.min(found.estimate),
        high: found.fails.max(found.estimate),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_stretch_is_found_around_the_end() {
        let counts = [9, 1, 1, 1, 1, 2, 1, 8];
        let stretch = Stretch::busiest(&counts, 1, 2);
        assert_eq!((stretch.begins, stretch.intervals), (7, 2));
        assert!((stretch.over_mean - 6.0 / 3.0).abs() < 1e-12);
        assert_eq!(Stretch::busiest(&[2, 2, 2], 0, 5).begins, 0);
    }
}
