//! Sessions that open as a recording says, scaled to another rate with its burstiness kept.

use std::sync::Arc;

use rand::RngExt;
use rand_distr::{Binomial, Distribution as _};

use super::error::SimulationError;
use super::spec::invalid;
use super::time::SimTime;
use crate::random::Stream;

/// How a recording is brought to another rate.
///
/// Fewer arrivals than recorded are a random choice of them, each kept with the same probability p:
/// what one of many cells sees of the traffic of all. With I the variance of the counts over their
/// mean, that of what is kept is 1 + p (I − 1) (Cox and Isham 1980): the swings of the rate stay as
/// they are in proportion, chance grows beside them. For more arrivals than recorded there are two
/// answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordedScaling {
    /// Everybody follows the same swings: each recorded arrival becomes several. The counts are
    /// stretched, so their standard deviation over their mean stays, and I grows in proportion.
    Together,
    /// Several recordings of independent crowds, each beginning at a moment of its own, laid over each
    /// other. I stays, so the square of the standard deviation over the mean is divided by their
    /// number: swings average out.
    Independent,
}

/// A recording of how many sessions opened in each of even intervals, repeated without end, brought to
/// a rate. Within an interval they are spread evenly at random: a recording says nothing finer.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedArrivals {
    counts: Arc<[u64]>,
    /// Seconds.
    interval: f64,
    /// Arrivals for each recorded one.
    factor: f64,
    scaling: RecordedScaling,
    /// The interval at time zero.
    first: usize,
    /// Sessions per second before time zero, in place of what was recorded then.
    before: Option<f64>,
}

/// No run lasts so many seconds: where nothing has opened until then, nothing does.
const LATEST: f64 = 4e9;

/// Most recordings laid over each other.
const MOST_COPIES: f64 = 10_000.0;

impl RecordedArrivals {
    /// `counts` of even intervals of `interval` seconds, scaled to a mean of `rate` sessions per second
    /// over the whole recording.
    ///
    /// # Errors
    /// If the interval is not a positive number, nothing was recorded, the rate is not a number of at
    /// least 0, or more than ten thousand independent recordings would be needed.
    pub fn new(
        counts: impl Into<Arc<[u64]>>,
        interval: f64,
        rate: f64,
        scaling: RecordedScaling,
    ) -> Result<Self, SimulationError> {
        let counts = counts.into();
        if !(interval.is_finite() && interval >= 1e-6) {
            return Err(invalid(
                "interval",
                "must be at least a microsecond of recording",
            ));
        }
        let recorded: f64 = counts.iter().map(|count| *count as f64).sum();
        if recorded <= 0.0 {
            return Err(invalid("counts", "nothing was recorded"));
        }
        if !(rate.is_finite() && rate >= 0.0) {
            return Err(invalid("rate", "must be a number of at least 0"));
        }
        let factor = rate * interval * counts.len() as f64 / recorded;
        if scaling == RecordedScaling::Independent && factor > MOST_COPIES {
            return Err(invalid(
                "rate",
                "more than ten thousand independent recordings would be laid over each other; use \
                 a longer recording, or scale them together",
            ));
        }
        Ok(Self {
            counts,
            interval,
            factor,
            scaling,
            first: 0,
            before: None,
        })
    }

    /// The same with time zero at the beginning of another interval of the recording.
    #[must_use]
    pub fn beginning_at(mut self, interval: usize) -> Self {
        self.first = interval % self.counts.len();
        self
    }

    /// The same, but before time zero sessions opened at this mean rate per second (at least 0), whatever
    /// was recorded then: where a stretch is held against a stream of the same rate, both have to begin
    /// with as many sessions.
    #[must_use]
    pub fn led_by(mut self, rate: f64) -> Self {
        self.before = Some(rate.max(0.0));
        self
    }

    /// Sessions per second, in the mean over the recording.
    pub fn mean_rate(&self) -> f64 {
        let recorded: f64 = self.counts.iter().map(|count| *count as f64).sum();
        self.factor * recorded / (self.counts.len() as f64 * self.interval)
    }

    /// Sessions per second in the busiest interval; those of independent recordings as though their
    /// busiest fell together.
    pub fn peak_rate(&self) -> f64 {
        let most = self.counts.iter().copied().max().unwrap_or(0);
        self.factor * most as f64 / self.interval
    }

    /// Sessions per second in the mean of the `seconds` before time zero, rounded up to whole
    /// intervals, at most once the recording: what is taken to have led to the beginning. Independent
    /// recordings are at any moment of theirs there, so theirs is the mean of all.
    pub(in crate::simulation) fn rate_before(&self, seconds: f64) -> f64 {
        if let Some(rate) = self.before {
            return rate;
        }
        if self.copies() > 1 {
            return self.mean_rate();
        }
        let length = self.counts.len();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let whole = (seconds / self.interval).ceil().max(1.0) as usize;
        let intervals = whole.min(length);
        let counted: u64 = (1..=intervals)
            .map(|back| self.counts[(self.first + length - back) % length])
            .sum();
        self.factor * counted as f64 / (intervals as f64 * self.interval)
    }

    /// Recordings laid over each other.
    fn copies(&self) -> usize {
        match self.scaling {
            RecordedScaling::Together => 1,
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            RecordedScaling::Independent => self.factor.ceil().max(1.0) as usize,
        }
    }

    /// The counts that are read, and the arrivals for each of them.
    fn laid_over(&self, random: &mut Stream) -> (Arc<[u64]>, f64) {
        let copies = self.copies();
        if copies == 1 {
            return (self.counts.clone(), self.factor);
        }
        let length = self.counts.len();
        let mut sum = vec![0_u64; length];
        for _ in 0..copies {
            let shift = random.random_range(0..length);
            for (at, sum) in sum.iter_mut().enumerate() {
                *sum += self.counts[(at + shift) % length];
            }
        }
        (sum.into(), self.factor / copies as f64)
    }
}

/// The arrivals of one run.
#[derive(Debug)]
pub(super) struct Recorded {
    counts: Arc<[u64]>,
    /// Seconds.
    interval: f64,
    /// Arrivals for each counted.
    factor: f64,
    /// Where `counts` is read at time zero.
    first: usize,
    /// Intervals that have begun.
    begun: u64,
    /// Arrivals still to come in the current interval.
    left: u64,
    /// Seconds of the last arrival, or of the beginning of the interval.
    at: f64,
}

impl Recorded {
    pub(super) fn new(recorded: &RecordedArrivals, random: &mut Stream) -> Self {
        let (counts, factor) = recorded.laid_over(random);
        Self {
            counts,
            interval: recorded.interval,
            factor,
            first: recorded.first,
            begun: 0,
            left: 0,
            at: 0.0,
        }
    }

    /// The next arrival.
    pub(super) fn next(&mut self, random: &mut Stream) -> SimTime {
        if self.factor <= 0.0 {
            return SimTime::NEVER;
        }
        while self.left == 0 {
            if self.begun as f64 * self.interval > LATEST {
                return SimTime::NEVER;
            }
            let length = self.counts.len() as u64;
            #[expect(clippy::cast_possible_truncation)]
            let index = ((self.first as u64 + self.begun) % length) as usize;
            self.at = self.begun as f64 * self.interval;
            self.begun += 1;
            self.left = scaled(self.counts[index], self.factor, random);
        }
        // The earliest of k times that are spread evenly over what is left of the interval.
        let end = self.begun as f64 * self.interval;
        let others = 1.0 - random.random::<f64>();
        self.at += (end - self.at) * (1.0 - others.powf(1.0 / self.left as f64));
        self.left -= 1;
        SimTime::from_seconds(self.at)
    }
}

/// So many arrivals for each of `count`: the whole part for all, one more for a random choice of them.
fn scaled(count: u64, factor: f64, random: &mut Stream) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = factor.floor() as u64;
    let chosen =
        Binomial::new(count, factor - factor.floor()).map_or(0, |binomial| binomial.sample(random));
    count.saturating_mul(whole).saturating_add(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Streams};
    use crate::statistics::dispersion::index_of_dispersion;

    /// A crowd that comes and goes every ten intervals.
    fn counts() -> Vec<u64> {
        (0..2000)
            .map(|at| if at % 10 < 5 { 160 } else { 40 })
            .collect()
    }

    fn arrivals(rate: f64, scaling: RecordedScaling, seed: u64) -> Vec<f64> {
        let recorded = RecordedArrivals::new(counts(), 1.0, rate, scaling).unwrap();
        assert!((recorded.mean_rate() / rate - 1.0).abs() < 1e-12);
        let mut random = Streams::new(seed, 0, 0).run(Purpose::Arrivals);
        let mut run = Recorded::new(&recorded, &mut random);
        let mut times = Vec::new();
        loop {
            let at = run.next(&mut random).seconds();
            if at >= 2000.0 {
                break times;
            }
            times.push(at);
        }
    }

    fn per_interval(times: &[f64]) -> Vec<u64> {
        let mut counts = vec![0; 2000];
        for at in times {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let interval = *at as usize;
            counts[interval] += 1;
        }
        counts
    }

    #[test]
    fn a_recording_at_its_own_rate_is_the_recording() {
        let times = arrivals(100.0, RecordedScaling::Together, 1);
        assert!(times.is_sorted());
        assert_eq!(per_interval(&times), counts());
    }

    /// Variance 3600 over mean 100: an index of 36.
    #[test]
    fn the_index_of_dispersion_scales_as_each_way_says() {
        let index = |counts: &[u64]| index_of_dispersion(counts).unwrap();
        let recorded = index(&counts());
        assert!((recorded / 36.0 - 1.0).abs() < 0.001, "{recorded}");
        let chosen = index(&per_interval(&arrivals(20.0, RecordedScaling::Together, 2)));
        assert!((chosen / (1.0 + 0.2 * 35.0) - 1.0).abs() < 0.05, "{chosen}");
        let together = index(&per_interval(&arrivals(
            250.0,
            RecordedScaling::Together,
            3,
        )));
        assert!((together / (2.5 * 36.0) - 1.0).abs() < 0.05, "{together}");
        // Over all ways to lay five of them over each other.
        let runs = 60;
        let mean: f64 = (0..runs)
            .map(|seed| {
                let times = arrivals(500.0, RecordedScaling::Independent, 10 + seed);
                index(&per_interval(&times))
            })
            .sum::<f64>()
            / f64::from(u32::try_from(runs).unwrap());
        assert!((mean / 36.0 - 1.0).abs() < 0.25, "{mean}");
    }

    #[test]
    fn within_an_interval_they_are_spread_evenly() {
        let times = arrivals(100.0, RecordedScaling::Together, 4);
        let mean = times.iter().map(|at| at.fract()).sum::<f64>() / times.len() as f64;
        // Of 200,000 times: six standard errors.
        assert!((mean - 0.5).abs() < 6.0 * 0.289 / 447.0, "{mean}");
    }

    #[test]
    fn what_led_to_the_beginning_is_what_was_recorded_before() {
        let recorded =
            RecordedArrivals::new(counts(), 1.0, 100.0, RecordedScaling::Together).unwrap();
        let rate =
            |first: usize, seconds: f64| recorded.clone().beginning_at(first).rate_before(seconds);
        assert!((rate(5, 4.2) - 160.0).abs() < 1e-9);
        assert!((rate(0, 5.0) - 40.0).abs() < 1e-9);
        assert!((rate(3, 1e9) - 100.0).abs() < 1e-9);
        let led = recorded.beginning_at(0).led_by(70.0);
        assert!((led.rate_before(5.0) - 70.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_recording_is_refused() {
        let new = |counts: &[u64], interval, rate| {
            RecordedArrivals::new(counts, interval, rate, RecordedScaling::Independent)
        };
        assert!(new(&[], 1.0, 1.0).is_err());
        assert!(new(&[0, 0], 1.0, 1.0).is_err());
        assert!(new(&[1], 0.0, 1.0).is_err());
        assert!(new(&[1], 1.0, f64::NAN).is_err());
        assert!(new(&[1], 1.0, 1e6).is_err());
    }
}
