//! Percentile bootstrap (Efron 1979) for statistics without a formula for their error.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::{Interval, StatisticsError, all_finite, at_least, check_confidence, refused};

/// How to resample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    resamples: u32,
    confidence: f64,
    seed: u64,
}

impl Bootstrap {
    /// `resamples` of at least 100 (2,000 and more for a 95% interval), a `confidence` strictly
    /// between 0 and 1, and the seed that fixes the outcome.
    ///
    /// # Errors
    /// When an argument is outside its range.
    pub fn new(resamples: u32, confidence: f64, seed: u64) -> Result<Self, StatisticsError> {
        if resamples < 100 {
            return Err(refused("resamples", "at least 100", f64::from(resamples)));
        }
        check_confidence(confidence)?;
        Ok(Self {
            resamples,
            confidence,
            seed,
        })
    }

    /// The interval of any statistic of one sample. The statistic may reorder what it is given.
    ///
    /// # Errors
    /// With fewer than two samples, or one that is not finite.
    pub fn interval(
        &self,
        samples: &[f64],
        statistic: impl Fn(&mut [f64]) -> f64,
    ) -> Result<Interval, StatisticsError> {
        check(samples)?;
        let mut rng = Pcg64::seed_from_u64(self.seed);
        let mut resample = vec![0.0; samples.len()];
        let outcomes = (0..self.resamples)
            .map(|_| {
                draw(samples, &mut resample, &mut rng);
                statistic(&mut resample)
            })
            .collect();
        self.percentiles(outcomes)
    }

    /// The interval of any statistic of two independent samples, such as a ratio of medians.
    ///
    /// # Errors
    /// With fewer than two samples on either side, or one that is not finite.
    pub fn interval_of_two(
        &self,
        left: &[f64],
        right: &[f64],
        statistic: impl Fn(&mut [f64], &mut [f64]) -> f64,
    ) -> Result<Interval, StatisticsError> {
        check(left)?;
        check(right)?;
        let mut rng = Pcg64::seed_from_u64(self.seed);
        let (mut of_left, mut of_right) = (vec![0.0; left.len()], vec![0.0; right.len()]);
        let outcomes = (0..self.resamples)
            .map(|_| {
                draw(left, &mut of_left, &mut rng);
                draw(right, &mut of_right, &mut rng);
                statistic(&mut of_left, &mut of_right)
            })
            .collect();
        self.percentiles(outcomes)
    }

    /// The interval of any statistic of samples that came in blocks, which may differ from each
    /// other more than samples within one do: blocks are drawn first, then samples within each
    /// (Davison and Hinkley 1997, §3.8). A single block is resampled alone.
    ///
    /// # Errors
    /// With fewer than two samples in all, an empty block, or a sample that is not finite.
    pub fn interval_of_blocks(
        &self,
        blocks: &[Vec<f64>],
        statistic: impl Fn(&mut [f64]) -> f64,
    ) -> Result<Interval, StatisticsError> {
        let samples: usize = blocks.iter().map(Vec::len).sum();
        if samples < 2 {
            return Err(StatisticsError::TooFewSamples {
                needed: 2,
                given: samples as u64,
            });
        }
        for block in blocks {
            at_least(1, block)?;
            all_finite(block)?;
        }
        let mut rng = Pcg64::seed_from_u64(self.seed);
        let mut resample = Vec::with_capacity(samples);
        let outcomes = (0..self.resamples)
            .map(|_| {
                resample.clear();
                for _ in blocks {
                    let block = &blocks[rng.random_range(0..blocks.len())];
                    resample
                        .extend((0..block.len()).map(|_| block[rng.random_range(0..block.len())]));
                }
                statistic(&mut resample)
            })
            .collect();
        self.percentiles(outcomes)
    }

    /// The interval of the median.
    ///
    /// # Errors
    /// As [`Bootstrap::interval`].
    pub fn median(&self, samples: &[f64]) -> Result<Interval, StatisticsError> {
        self.interval(samples, median)
    }

    /// The interval of the ratio of medians, `numerator` over `denominator`.
    ///
    /// # Errors
    /// As [`Bootstrap::interval_of_two`]; and when a median of the denominator can be zero.
    pub fn ratio_of_medians(
        &self,
        numerator: &[f64],
        denominator: &[f64],
    ) -> Result<Interval, StatisticsError> {
        self.interval_of_two(numerator, denominator, |over, under| {
            median(over) / median(under)
        })
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // ranks below `resamples`
    fn percentiles(&self, mut outcomes: Vec<f64>) -> Result<Interval, StatisticsError> {
        all_finite(&outcomes)?;
        outcomes.sort_by(f64::total_cmp);
        let last = outcomes.len() - 1;
        let tail = 0.5 * (1.0 - self.confidence);
        // Outward, so that rounding a rank never narrows the interval.
        let low = (tail * outcomes.len() as f64).floor() as usize;
        let low = low.min(last);
        Ok(Interval {
            low: outcomes[low],
            high: outcomes[last - low],
        })
    }
}

fn check(samples: &[f64]) -> Result<(), StatisticsError> {
    at_least(2, samples)?;
    all_finite(samples)
}

fn draw(from: &[f64], into: &mut [f64], rng: &mut Pcg64) {
    for slot in into {
        *slot = from[rng.random_range(0..from.len())];
    }
}

/// The median, the mean of the two middle values for an even count; NaN for none. Reorders the
/// values.
pub fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let middle = values.len() / 2;
    let odd = values.len() % 2 == 1;
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if odd {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    lower + 0.5 * (upper - lower)
}
