//! How bursty counts are, on several scales of time.
//!
//! The *index of dispersion for counts* is the variance of the number of events in a stretch of time
//! over its mean (Cox and Lewis 1966, chapter 4). It is 1 at every length of the stretch for a Poisson
//! process, and grows with it where bursts are longer (Gusella 1991).

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::{Interval, StatisticsError};

/// Fewest stretches that a variance is estimated from.
const FEWEST: usize = 10;

/// Variance of counts of even intervals over their mean.
///
/// # Errors
/// If there are fewer than two counts, or nothing was counted.
pub fn index_of_dispersion(counts: &[u64]) -> Result<f64, StatisticsError> {
    if counts.len() < 2 {
        return Err(StatisticsError::TooFewSamples {
            needed: 2,
            given: counts.len() as u64,
        });
    }
    let number = counts.len() as f64;
    let mean = counts.iter().map(|count| *count as f64).sum::<f64>() / number;
    if mean <= 0.0 {
        return Err(StatisticsError::Sample {
            value: mean,
            expected: "some event among the counts",
        });
    }
    let squares = counts.iter().map(|count| (*count as f64 - mean).powi(2));
    Ok(squares.sum::<f64>() / (number - 1.0) / mean)
}

/// The index of dispersion on one scale of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dispersion {
    /// Intervals that are counted together.
    pub intervals: usize,
    /// Such stretches there are.
    pub stretches: usize,
    /// Variance of their counts over the mean.
    pub index: f64,
    /// Where the index of so many stretches of a Poisson process lies in 95 of 100 cases:
    /// (n − 1) times it is χ² with n − 1 degrees of freedom (Cox and Lewis 1966).
    pub poisson: Interval,
}

/// The index on the scales of 1, 2, 4, … intervals, as long as there are ten stretches of them.
///
/// # Errors
/// If there are fewer than ten counts, or nothing was counted.
pub fn dispersion_by_scale(counts: &[u64]) -> Result<Vec<Dispersion>, StatisticsError> {
    if counts.len() < FEWEST {
        return Err(StatisticsError::TooFewSamples {
            needed: FEWEST as u64,
            given: counts.len() as u64,
        });
    }
    let mut scales = Vec::new();
    let mut intervals = 1;
    while counts.len() / intervals >= FEWEST {
        let together: Vec<u64> = counts
            .chunks_exact(intervals)
            .map(|stretch| stretch.iter().sum())
            .collect();
        let freedom = (together.len() - 1) as f64;
        let index = index_of_dispersion(&together)?;
        let law = ChiSquared::new(freedom).map_err(|_| StatisticsError::Parameter {
            parameter: "degrees of freedom",
            expected: "a positive number",
            value: freedom,
        })?;
        scales.push(Dispersion {
            intervals,
            stretches: together.len(),
            index,
            poisson: Interval {
                low: law.inverse_cdf(0.025) / freedom,
                high: law.inverse_cdf(0.975) / freedom,
            },
        });
        intervals *= 2;
    }
    Ok(scales)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;
    use rand_distr::Poisson;

    fn poisson(seed: u64, number: usize, mean: impl Fn(usize) -> f64) -> Vec<u64> {
        let mut random =
            crate::random::Streams::new(seed, 0, 0).run(crate::random::Purpose::Arrivals);
        (0..number)
            .map(|at| {
                let law = Poisson::new(mean(at)).unwrap();
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let count = random.sample::<f64, _>(law) as u64;
                count
            })
            .collect()
    }

    #[test]
    fn known_counts_have_a_known_index() {
        // Mean 2, squares 4 + 0 + 4 over 2.
        assert!((index_of_dispersion(&[0, 2, 4]).unwrap() - 2.0).abs() < 1e-12);
        assert!(index_of_dispersion(&[3, 3, 3]).unwrap().abs() < 1e-12);
        assert!(index_of_dispersion(&[0, 0]).is_err());
        assert!(index_of_dispersion(&[1]).is_err());
    }

    #[test]
    fn a_poisson_process_has_one_on_every_scale() {
        // 95 of 100 are inside in the mean, scale by scale. Seeds are independent: with 200 of them
        // between 1 and 23 miss, but once in ten thousand times.
        let mut misses = [0; 10];
        for seed in 1..=200 {
            let scales = dispersion_by_scale(&poisson(seed, 10_000, |_| 20.0)).unwrap();
            assert_eq!(scales.len(), misses.len());
            for (misses, scale) in misses.iter_mut().zip(&scales) {
                let inside = scale.poisson.low <= scale.index && scale.index <= scale.poisson.high;
                *misses += u32::from(!inside);
            }
        }
        assert!(
            misses.iter().all(|&misses| (1..=23).contains(&misses)),
            "{misses:?}"
        );
        // Table of χ² with 9 degrees of freedom: 2.700 and 19.023.
        let few = dispersion_by_scale(&[4, 2, 5, 1, 3, 2, 4, 6, 3, 2]).unwrap()[0];
        assert!((few.poisson.low - 2.700 / 9.0).abs() < 1e-4);
        assert!((few.poisson.high - 19.023 / 9.0).abs() < 1e-4);
    }

    /// A rate that is high for 64 intervals and low for 64: bursts show on longer scales, up to
    /// theirs.
    #[test]
    fn longer_bursts_show_on_longer_scales() {
        let counts = poisson(7, 8192, |at| if at / 64 % 2 == 0 { 15.0 } else { 5.0 });
        let scales = dispersion_by_scale(&counts).unwrap();
        let index = |at: usize| scales[at].index;
        // On a scale of m ≤ 64: 1 + m (25 / 10).
        for (at, expected) in [(0, 3.5), (3, 21.0), (6, 161.0)] {
            assert!((index(at) / expected - 1.0).abs() < 0.1, "{scales:?}");
        }
        assert!(index(7) < 10.0, "{scales:?}");
    }
}
