//! The distribution of recorded samples, resampled as they are.

use std::sync::Arc;

use rand::{Rng, RngExt};

use super::{DistributionError, Law, PartialMoments, non_negative};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Empirical {
    /// Shared: cloning a distribution must not copy a trace.
    table: Arc<Table>,
}

#[derive(Debug, PartialEq)]
struct Table {
    sorted: Vec<f64>,
    /// Sum of the `i` smallest samples, and of their squares, at index `i`.
    sums: Vec<f64>,
    square_sums: Vec<f64>,
    mean: f64,
    variance: f64,
}

impl Empirical {
    pub(super) fn new(mut samples: Vec<f64>) -> Result<Self, DistributionError> {
        if samples.is_empty() {
            return Err(DistributionError::NoSamples);
        }
        for &sample in &samples {
            non_negative("empirical", "sample", sample)?;
        }
        samples.sort_by(f64::total_cmp);
        let count = samples.len() as f64;
        let sums = running_sums(samples.iter().copied());
        let square_sums = running_sums(samples.iter().map(|sample| sample * sample));
        let mean = sums[samples.len()] / count;
        let variance = samples
            .iter()
            .map(|sample| (sample - mean).powi(2))
            .sum::<f64>()
            / count;
        non_negative("empirical", "sum of squares", square_sums[samples.len()])?;
        Ok(Self {
            table: Arc::new(Table {
                sorted: samples,
                sums,
                square_sums,
                mean,
                variance,
            }),
        })
    }

    pub(super) fn samples(&self) -> &[f64] {
        &self.table.sorted
    }

    fn count(&self) -> f64 {
        self.table.sorted.len() as f64
    }

    /// How many samples are at most x.
    fn rank(&self, x: f64) -> usize {
        self.table.sorted.partition_point(|&sample| sample <= x)
    }

    fn partial_moments(&self, x: f64) -> PartialMoments {
        let rank = self.rank(x);
        PartialMoments {
            first: self.table.sums[rank] / self.count(),
            second: self.table.square_sums[rank] / self.count(),
            survival: (self.table.sorted.len() - rank) as f64 / self.count(),
        }
    }
}

/// 0 and every partial sum, with Neumaier's compensation.
fn running_sums(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0_f64;
    let mut lost = 0.0;
    let mut sums = vec![0.0];
    for value in values {
        let next = sum + value;
        lost += if sum >= value {
            (sum - next) + value
        } else {
            (value - next) + sum
        };
        sum = next;
        sums.push(sum + lost);
    }
    sums
}

impl Law for Empirical {
    fn mean(&self) -> f64 {
        self.table.mean
    }

    fn variance(&self) -> f64 {
        self.table.variance
    }

    fn cdf(&self, x: f64) -> f64 {
        self.rank(x) as f64 / self.count()
    }

    fn survival(&self, x: f64) -> f64 {
        (self.table.sorted.len() - self.rank(x)) as f64 / self.count()
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within 1..=count
    fn quantile(&self, p: f64) -> f64 {
        let rank = (p * self.count()).ceil().clamp(1.0, self.count());
        self.table.sorted[rank as usize - 1]
    }

    fn integrated_survival(&self, x: f64) -> f64 {
        self.partial_moments(x).integrated_survival(x)
    }

    fn doubly_integrated_survival(&self, x: f64) -> f64 {
        self.partial_moments(x).doubly_integrated_survival(x)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        self.table.sorted[rng.random_range(0..self.table.sorted.len())]
    }

    fn sample_stationary_excess<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let last = self.table.sorted.len();
        let target = self.table.sums[last] * rng.random::<f64>();
        let index = self.table.sums[1..]
            .partition_point(|&sum| sum <= target)
            .min(last - 1);
        self.table.sorted[index] * rng.random::<f64>()
    }
}
