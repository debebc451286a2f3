//! The day from a sample of it: windows of cells, stratified by hour.
//!
//! Every hour is a stratum, so the busiest is always in. From each, windows are drawn: a cell, begun
//! in the steady state of a moment of the hour, left to settle, then measured for a while. A pilot of a
//! few windows for each hour tells how much they vary; from then on each round draws what Neyman's
//! allocation asks for, at most tripling what there is, until every figure is precise or the effort is
//! used up ([`stratified`](crate::statistics::stratified)).
//!
//! What is known need not be guessed: where in the hour a window lies moves open sessions, starts and
//! work by a known factor, and what it found is divided by that (a ratio estimate; Cochran 1977,
//! chapter 6). Windows lie evenly in their hour: the fractional parts of multiples of the golden
//! ratio, shifted by a random number.

use super::cells::{Cells, Stretch};
use super::day::{HOUR, Hours};
use super::fluid::{Part, Parts};
use super::measured::{Factors, HourMoments, Measures, Pick, Seen, add_events, events};
use super::watch::Watch;
use crate::random::{Purpose, Streams};
use crate::result::{Extent, FleetEffort, FleetEvents};
use crate::simulation::SimulationError;
use crate::statistics::stratified::{PairStratum, Stratum, allocation, ratio, total};
use crate::statistics::{Estimate, StatisticsError};
use rand::RngExt;
use rayon::prelude::*;

/// Confidence of every interval.
pub(super) const CONFIDENCE: f64 = 0.95;

/// Half-widths that a share may have in any case: this part of what is promised.
const OF_PROMISE: f64 = 0.1;

/// Events a window has at least in the mean, unless the hour is too quiet.
const WINDOW_EVENTS: f64 = 250_000.0;

/// Longest window in seconds.
const LONGEST_WINDOW: f64 = 900.0;

/// Windows of each hour in the pilot, and of hours whose windows cost much.
const PILOT: (u64, u64) = (4, 2);

/// What a window may cost, in events, to be drawn that often in the pilot.
const CHEAP: f64 = 2e6;

/// Most windows that are simulated before what they found is added up.
const BATCH: usize = 512;

/// The golden ratio's fractional part.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// One hour of one tier.
#[derive(Debug)]
pub(super) struct HourSample {
    begin: f64,
    warm_up: f64,
    length: f64,
    /// Expected events of a window, with what it takes to begin one.
    cost: f64,
    /// Random part of an hour.
    shift: f64,
    pub(super) moments: HourMoments,
    pub(super) seen: Option<Seen>,
    drawn: u64,
}

/// One tier's sample.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) hours: Vec<HourSample>,
    events: FleetEvents,
    /// Whether sampling goes on.
    open: bool,
    precise: bool,
}

/// A window to simulate.
#[derive(Debug, Clone, Copy)]
struct Window {
    tier: usize,
    hour: usize,
    index: u64,
}

/// What a window found.
struct Found {
    moments: HourMoments,
    seen: Seen,
    events: FleetEvents,
}

/// What is to be reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Goal {
    /// Relative half-width.
    pub(super) precision: f64,
    /// Events of one tier after which no other round begins.
    pub(super) most_events: u64,
}

impl Sample {
    fn new(cells: &Cells<'_>, hours: Hours, tier: u64, seed: u64) -> Self {
        let strata = (0..hours.count).map(|hour| HourSample::new(cells, hours, hour, tier, seed));
        Self {
            hours: strata.collect(),
            events: FleetEvents::default(),
            open: true,
            precise: false,
        }
    }

    /// Windows drawn.
    fn windows(&self) -> u64 {
        self.hours.iter().map(|hour| hour.drawn).sum()
    }

    /// What the sample cost.
    pub(super) fn effort(&self, cells: u64, hours: Hours) -> FleetEffort {
        let lengths = || self.hours.iter().map(|hour| hour.length);
        let seconds: f64 = self.hours.iter().map(|h| h.drawn as f64 * h.length).sum();
        FleetEffort {
            extent: Extent::Sampled,
            cell_hours: seconds / HOUR,
            of_cell_hours: cells as f64 * f64::from(hours.count),
            runs: self.windows(),
            window_seconds: Some((
                lengths().fold(f64::INFINITY, f64::min),
                lengths().fold(0.0, f64::max),
            )),
            warm_up_seconds: self.hours.iter().map(|h| h.warm_up).fold(0.0, f64::max),
            events: self.events,
            precise: Some(self.precise),
        }
    }

    /// Strata of a time average or a rate of one cell, so that the total is that of the fleet over
    /// the day, in units × seconds.
    pub(super) fn strata(&self, cells: u64, pick: Pick) -> Vec<Stratum> {
        let weight = cells as f64 * HOUR;
        let hours = self.hours.iter();
        hours.map(|h| pick(&h.moments).stratum(weight)).collect()
    }

    /// Strata of a share: counts of one second of one cell, times the seconds of the hour.
    pub(super) fn pairs(&self, pick: Pick) -> Vec<PairStratum> {
        self.hours
            .iter()
            .map(|hour| pick(&hour.moments).pairs(HOUR / hour.length))
            .collect()
    }

    /// What to draw next: nothing if every figure is precise or the effort is used up.
    fn next(&mut self, cells: &Cells<'_>, goal: Goal) -> Result<Vec<u64>, StatisticsError> {
        if self.windows() == 0 {
            return Ok(self.hours.iter().map(HourSample::pilot).collect());
        }
        let wanted = self.wanted(cells, goal)?;
        self.precise = wanted.is_empty();
        let mut more: Vec<u64> = self
            .hours
            .iter()
            .enumerate()
            .map(|(index, hour)| {
                let most = wanted.iter().map(|drawn| drawn[index]).fold(0.0, f64::max);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let most = most.ceil().min(1e9) as u64;
                most.saturating_sub(hour.drawn).min(2 * hour.drawn)
            })
            .collect();
        if !self.precise && more.iter().all(|more| *more == 0) {
            // The allocation is that of a known variance; one more of each takes up the rest.
            more.fill(1);
        }
        if self.precise || self.events.all >= goal.most_events {
            self.open = false;
            more.fill(0);
        }
        Ok(more)
    }

    /// For each figure that is not precise yet, the windows it needs in each hour.
    fn wanted(&self, cells: &Cells<'_>, goal: Goal) -> Result<Vec<Vec<f64>>, StatisticsError> {
        let costs: Vec<f64> = self.hours.iter().map(|hour| hour.cost).collect();
        let mut wanted = Vec::new();
        let mut ask =
            |strata: &[Stratum], found: Estimate, allowed: f64| -> Result<(), StatisticsError> {
                if found.half_width > allowed {
                    // The half-width over the standard error is Student's quantile of this very sample.
                    let variance: f64 = strata
                        .iter()
                        .filter(|stratum| stratum.weight > 0.0)
                        .map(|s| s.weight * s.weight * s.variance / s.count as f64)
                        .sum();
                    let standard_error = allowed * variance.sqrt() / found.half_width;
                    wanted.push(allocation(strata, &costs, standard_error)?);
                }
                Ok(())
            };
        for pick in [(|h| &h.busy) as Pick, |h| &h.opened] {
            let strata = self.strata(cells.count, pick);
            let found = total(&strata, CONFIDENCE)?;
            ask(&strata, found, goal.precision * found.mean)?;
        }
        let mut too_few = 1.0_f64;
        for (pick, limit) in shares(cells) {
            let pairs = self.pairs(pick);
            let seen: i128 = self
                .hours
                .iter()
                .map(|h| pick(&h.moments).denominators())
                .sum();
            if seen == 0 {
                continue;
            }
            let found = ratio(&pairs, CONFIDENCE)?;
            let allowed = (goal.precision * found.mean).max(OF_PROMISE * limit);
            let denominator: f64 = pairs.iter().map(|p| p.weight * p.denominator).sum();
            let residuals: Vec<Stratum> = pairs.iter().map(|p| p.residual(found.mean)).collect();
            let of_total = Estimate {
                half_width: found.half_width * denominator,
                ..found
            };
            ask(&residuals, of_total, allowed * denominator)?;
            too_few = too_few.max(unseen(seen) / allowed);
        }
        if too_few > 1.0 {
            wanted.push(
                self.hours
                    .iter()
                    .map(|h| h.drawn as f64 * too_few)
                    .collect(),
            );
        }
        Ok(wanted)
    }

    fn add(&mut self, window: Window, found: &Found) {
        let hour = &mut self.hours[window.hour];
        hour.moments.merge(&found.moments);
        match &mut hour.seen {
            Some(seen) => seen.merge(&found.seen),
            None => hour.seen = Some(found.seen.clone()),
        }
        hour.drawn += 1;
        add_events(&mut self.events, &found.events);
    }
}

/// The shares that are promised, with the largest allowed.
pub(super) fn shares(cells: &Cells<'_>) -> [(Pick, f64); 3] {
    [
        (|h| &h.waited, crate::plan::TAIL),
        (|h| &h.slowed, crate::plan::TAIL),
        (|h| &h.rejected, cells.level().rejected),
    ]
}

/// Upper end of the 95% interval of a share of which nothing was seen in so many observations: the
/// rule of three (Hanley and Lippman-Hand 1983).
pub(super) fn unseen(observations: i128) -> f64 {
    if observations <= 0 {
        1.0
    } else {
        (3.0 / observations as f64).min(1.0)
    }
}

impl HourSample {
    fn new(cells: &Cells<'_>, hours: Hours, hour: u32, tier: u64, seed: u64) -> Self {
        let begin = hours.begin(hour);
        let warm_up = [0.0, 0.5, 1.0]
            .map(|part| cells.settling(begin + part * HOUR))
            .into_iter()
            .fold(0.0, f64::max);
        let middle = begin + 0.5 * HOUR;
        let open = cells.open(middle);
        let per_second = cells.events(begin, begin + HOUR) / HOUR;
        // Beginning a cell costs about as much as an event for each open session.
        let length = if per_second > 0.0 {
            (WINDOW_EVENTS.max(open) / per_second)
                .max(warm_up)
                .min(LONGEST_WINDOW)
        } else {
            LONGEST_WINDOW
        };
        let shift = Streams::new(seed, (tier << 40) | 0xff_ffff_ffff, u64::from(hour))
            .run(Purpose::Arrivals)
            .random();
        Self {
            begin,
            warm_up,
            length,
            cost: (per_second * (warm_up + length) + open).max(1.0),
            shift,
            moments: HourMoments::default(),
            seen: None,
            drawn: 0,
        }
    }

    fn pilot(&self) -> u64 {
        if self.cost <= CHEAP { PILOT.0 } else { PILOT.1 }
    }

    fn stretch(&self, index: u64) -> Stretch {
        let place = (self.shift + index as f64 * GOLDEN).fract();
        Stretch {
            from: self.begin + place * (HOUR - self.length),
            warm_up: self.warm_up,
            length: self.length,
            bins: 0,
        }
    }

    fn factors(&self, cells: &Cells<'_>, stretch: &Stretch) -> Factors {
        let factor = |part: fn(&Parts) -> Part| {
            let of_hour = cells.fluid_hour(part, self.begin);
            let fluid = &cells.fluid;
            let to = stretch.from + stretch.length;
            let of_window = fluid.mean(part(fluid.parts()), stretch.from, to);
            if of_window > 0.0 {
                of_hour / of_window
            } else {
                1.0
            }
        };
        Factors {
            sessions: factor(|p| p.sessions),
            sandboxes: factor(|p| p.sandboxes),
            busy: factor(|p| p.busy),
            opened: factor(|p| p.opened),
            starts: factor(|p| p.starts),
        }
    }
}

/// Samples the day of several tiers, each with the number that its streams have, until every figure of
/// every tier is precise, the effort is used up, or the watch says to stop.
pub(super) fn sample(
    tiers: &[(u64, &Cells<'_>)],
    hours: Hours,
    goal: Goal,
    seed: u64,
    watch: &Watch<'_>,
) -> Result<Vec<Sample>, SamplingError> {
    let mut samples: Vec<Sample> = tiers
        .iter()
        .map(|(tier, cells)| Sample::new(cells, hours, *tier, seed))
        .collect();
    loop {
        let mut windows = Vec::new();
        for (tier, (sample, (_, cells))) in samples.iter_mut().zip(tiers).enumerate() {
            if !sample.open {
                continue;
            }
            let more = sample.next(cells, goal)?;
            for (hour, more) in more.into_iter().enumerate() {
                let first = sample.hours[hour].drawn;
                windows.extend((first..first + more).map(|index| Window { tier, hour, index }));
            }
        }
        if windows.is_empty() {
            return Ok(samples);
        }
        // The long ones first, so that no thread is left with one at the end.
        let cost = |window: &Window| samples[window.tier].hours[window.hour].cost;
        windows.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
        watch.begin("sampling the day", windows.len() as u64);
        for batch in windows.chunks(BATCH) {
            let found: Vec<Result<Found, SimulationError>> = batch
                .par_iter()
                .map(|window| {
                    let found = simulate(tiers[window.tier].1, &samples, *window, watch);
                    watch.advance(1);
                    found
                })
                .collect();
            for (window, found) in batch.iter().zip(found) {
                match found {
                    Ok(found) => samples[window.tier].add(*window, &found),
                    Err(SimulationError::Cancelled) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            if watch.stopped() {
                return Ok(samples);
            }
        }
    }
}

/// Simulates one window.
fn simulate(
    cells: &Cells<'_>,
    samples: &[Sample],
    window: Window,
    watch: &Watch<'_>,
) -> Result<Found, SimulationError> {
    let hour = &samples[window.tier].hours[window.hour];
    let stretch = hour.stretch(window.index);
    // The day itself is replication 0.
    let replication = 1 + window.hour as u64;
    let outcome = watch.run(|control| cells.run(window.index, replication, &stretch, control))?;
    let mut moments = HourMoments::default();
    moments.add(&Measures::of_all(&outcome), &hour.factors(cells, &stretch));
    Ok(Found {
        moments,
        seen: Seen::of_all(&outcome),
        events: events(&outcome),
    })
}

/// Why sampling failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SamplingError {
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    #[error(transparent)]
    Statistics(#[from] StatisticsError),
}
