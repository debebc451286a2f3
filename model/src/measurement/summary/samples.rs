//! Statistics of samples that came in blocks.

use super::super::document::{Estimate, Summary};
use crate::statistics::Interval;
use crate::statistics::bootstrap::{Bootstrap, median};
use crate::statistics::means::mean_of_replications;
use crate::statistics::quantile::quantile_of_sorted;

/// Confidence of every interval.
const CONFIDENCE: f64 = 0.95;

/// Resamples of a bootstrap, and its seed: the same samples have the same interval.
const RESAMPLES: u32 = 2_000;
const SEED: u64 = 20_26;

/// Standard deviations of a normal distribution in one median absolute deviation.
const MAD_OF_NORMAL: f64 = 1.4826;

/// Median absolute deviations, as standard deviations, beyond which a sample is an outlier.
const OUTLIER: f64 = 5.0;

fn bootstrap() -> Option<Bootstrap> {
    Bootstrap::new(RESAMPLES, CONFIDENCE, SEED).ok()
}

/// What samples in blocks say; none if there are none.
pub(super) fn summarise(blocks: &[Vec<f64>]) -> Option<Summary> {
    let mut sorted = blocks.concat();
    sorted.sort_by(f64::total_cmp);
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let middle = median(&mut sorted.clone());
    let mut deviations: Vec<f64> = sorted.iter().map(|value| (value - middle).abs()).collect();
    let mad = median(&mut deviations);
    let far = middle + OUTLIER * MAD_OF_NORMAL * mad;
    let quantile = |p| {
        let quantile = quantile_of_sorted(&sorted, p, CONFIDENCE).ok()?;
        Some(Estimate {
            value: quantile.value,
            interval: Some(quantile.interval),
            samples: count(sorted.len()),
        })
    };
    Some(Summary {
        samples: count(sorted.len()),
        outliers: count(
            sorted
                .iter()
                .filter(|value| mad > 0.0 && **value > far)
                .count(),
        ),
        median: Estimate {
            value: middle,
            interval: bootstrap()?.interval_of_blocks(blocks, median).ok(),
            samples: count(sorted.len()),
        },
        mad,
        mean: mean(&sorted),
        min,
        max,
        p95: quantile(0.95),
        p99: quantile(0.99),
        percentiles: (0..=100).map(|step| at_step(&sorted, step)).collect(),
    })
}

/// The value at a hundredth of the sorted samples, between the two it falls between.
fn at_step(sorted: &[f64], step: u32) -> f64 {
    let place = f64::from(step) / 100.0 * (sorted.len() - 1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to the number of samples"
    )]
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

/// The mean of samples in blocks.
pub(super) fn mean_of_blocks(blocks: &[Vec<f64>]) -> Option<Estimate> {
    let all = blocks.concat();
    if all.is_empty() {
        return None;
    }
    Some(Estimate {
        value: mean(&all),
        interval: bootstrap()?
            .interval_of_blocks(blocks, |samples| mean(samples))
            .ok(),
        samples: count(all.len()),
    })
}

/// The geometric mean of a few repetitions of a positive quantity, with Student's interval on the
/// logarithm, which never reaches zero; no interval for one repetition.
pub(super) fn estimate_of_positive(values: &[f64]) -> Option<Estimate> {
    if values.is_empty()
        || values
            .iter()
            .any(|value| !(value.is_finite() && *value > 0.0))
    {
        return None;
    }
    let logarithms: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let interval = mean_of_replications(&logarithms, CONFIDENCE)
        .ok()
        .map(|mean| mean.interval())
        .map(|interval| Interval {
            low: interval.low.exp(),
            high: interval.high.exp(),
        });
    Some(Estimate {
        value: mean(&logarithms).exp(),
        interval,
        samples: count(values.len()),
    })
}

/// The ratio of two medians; without an interval if either has a single sample, none if one has none.
pub(super) fn ratio_of_medians(over: &[f64], under: &[f64]) -> Option<Estimate> {
    if over.is_empty() || under.is_empty() {
        return None;
    }
    let value = median(&mut over.to_vec()) / median(&mut under.to_vec());
    value.is_finite().then(|| Estimate {
        value,
        interval: bootstrap().and_then(|bootstrap| bootstrap.ratio_of_medians(over, under).ok()),
        samples: count(over.len().min(under.len())),
    })
}

/// How far the medians of every second block are from those of the others, as |ln| of their ratio:
/// an A/A comparison within the run. None for a single block.
pub(super) fn noise_of_blocks(blocks: &[Vec<f64>]) -> Option<f64> {
    let half = |odd: usize| {
        let mut samples: Vec<f64> = blocks
            .iter()
            .skip(odd)
            .step_by(2)
            .flatten()
            .copied()
            .collect();
        (!samples.is_empty()).then(|| median(&mut samples))
    };
    let noise = (half(0)? / half(1)?).ln().abs();
    noise.is_finite().then_some(noise)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn count(samples: usize) -> u32 {
    u32::try_from(samples).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{estimate_of_positive, noise_of_blocks, summarise};

    #[test]
    fn a_summary_keeps_outliers_and_marks_them() {
        let mut samples: Vec<f64> = (0..99).map(|n| 1.0 + f64::from(n % 10) / 100.0).collect();
        samples.push(50.0);
        let summary = summarise(&[samples]).expect("samples");
        assert_eq!((summary.samples, summary.outliers), (100, 1));
        assert!((summary.max - 50.0).abs() < 1e-12);
        assert!((summary.median.value - 1.05).abs() < 0.011);
        assert!(
            summary.p95.is_some() && summary.p99.is_none(),
            "too few for p99"
        );
        assert_eq!(summary.percentiles.len(), 101);
        assert!(summary.percentiles.is_sorted());
    }

    #[test]
    fn blocks_that_differ_widen_the_interval() {
        let spread = |shift: f64| -> Vec<f64> {
            (0..50)
                .map(|n| 10.0 + shift + f64::from(n) / 100.0)
                .collect()
        };
        let width = |blocks: &[Vec<f64>]| {
            let interval = summarise(blocks).expect("samples").median.interval;
            interval
                .map(|interval| interval.high - interval.low)
                .expect("an interval")
        };
        let alike = width(&[spread(0.0), spread(0.0), spread(0.0), spread(0.0)]);
        let drifting = width(&[spread(0.0), spread(1.0), spread(2.0), spread(3.0)]);
        assert!(drifting > 5.0 * alike, "{drifting} against {alike}");
    }

    #[test]
    fn noise_is_the_difference_of_two_halves() {
        let noise = noise_of_blocks(&[vec![1.0], vec![1.1], vec![1.0]]).expect("two halves");
        assert!((noise - 1.1_f64.ln()).abs() < 1e-12);
        assert_eq!(noise_of_blocks(&[vec![1.0]]), None);
    }

    #[test]
    fn a_positive_quantity_has_a_positive_interval() {
        let estimate = estimate_of_positive(&[1.0, 4.0]).expect("two");
        let interval = estimate.interval.expect("an interval");
        assert!((estimate.value - 2.0).abs() < 1e-12);
        assert!(interval.low > 0.0 && interval.high > 4.0);
        assert_eq!(estimate_of_positive(&[0.0]), None);
    }
}
