//! Quantiles of samples, with intervals that assume nothing about their distribution.

use super::{Interval, StatisticsError, all_finite, at_least, check_confidence, refused};
use crate::queueing::staffing::binomial_headroom;

/// A quantile of samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileEstimate {
    /// The sample of rank ⌈n p⌉: the smallest with at least a share p at or below it.
    pub value: f64,
    /// Two samples that bracket the true quantile with at least the confidence asked for.
    pub interval: Interval,
}

/// The p-quantile (0 < p < 1) of independent samples, sorted in ascending order, with a
/// conservative order-statistic interval: the number of samples below the true quantile is
/// binomial, so ranks bracket it with known probability (David and Nagaraja 2003, §7.1).
///
/// # Errors
/// [`StatisticsError::TooFewSamples`] when no sample is far enough out to bound the quantile on
/// both sides (a 95% interval for p = 0.99 takes 368 samples); when the samples are not sorted or
/// not finite, or an argument is outside its range.
pub fn quantile_of_sorted(
    sorted: &[f64],
    p: f64,
    confidence: f64,
) -> Result<QuantileEstimate, StatisticsError> {
    at_least(1, sorted)?;
    all_finite(sorted)?;
    check_confidence(confidence)?;
    if !(p > 0.0 && p < 1.0) {
        return Err(refused("p", "strictly between 0 and 1", p));
    }
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] > pair[1]) {
        return Err(StatisticsError::Sample {
            value: pair[1],
            expected: "ascending order",
        });
    }
    let tail = 0.5 * (1.0 - confidence);
    let Some((low, high)) = bracketing_ranks(sorted.len() as u64, p, tail) else {
        let extreme = p.min(1.0 - p);
        return Err(StatisticsError::TooFewSamples {
            needed: needed(extreme, tail),
            given: sorted.len() as u64,
        });
    };
    let at = |rank: u64| {
        sorted[usize::try_from(rank - 1)
            .unwrap_or(usize::MAX)
            .min(sorted.len() - 1)]
    };
    Ok(QuantileEstimate {
        value: at(rank_of(p, sorted.len())),
        interval: Interval {
            low: at(low),
            high: at(high),
        },
    })
}

/// ⌈n p⌉ from 1 to n. A product that misses an integer by rounding only counts as that integer.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // from 1 to n
fn rank_of(p: f64, count: usize) -> u64 {
    let product = p * count as f64;
    (product * (1.0 - 1e-14)).ceil().clamp(1.0, count as f64) as u64
}

/// Ranks l and u with P(B < l) ≤ tail and P(B ≥ u) ≤ tail, B being the number of samples at or
/// below the quantile.
fn bracketing_ranks(count: u64, p: f64, tail: f64) -> Option<(u64, u64)> {
    let high = binomial_headroom(count, p, tail).ok()? + 1;
    let low = count - binomial_headroom(count, 1.0 - p, tail).ok()?;
    (low >= 1 && high <= count).then_some((low, high))
}

/// The fewest samples of which one lies beyond an extreme share with probability 1 − tail:
/// (1 − extreme)^n ≤ tail.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // positive
fn needed(extreme: f64, tail: f64) -> u64 {
    (tail.ln() / (-extreme).ln_1p()).ceil() as u64
}
