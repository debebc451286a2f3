//! Means with Student-t intervals: over independent replications, or over batches of one run.

use statrs::function::beta::beta_reg;

use super::{Estimate, StatisticsError, all_finite, at_least, check_confidence, refused};
use crate::distribution::special::{increasing_root, normal_quantile};

/// The mean of independent, roughly normal values, such as one result per replication.
///
/// # Errors
/// With fewer than two values, with one that is not finite, or a `confidence` outside (0, 1).
pub fn mean_of_replications(values: &[f64], confidence: f64) -> Result<Estimate, StatisticsError> {
    at_least(2, values)?;
    all_finite(values)?;
    check_confidence(confidence)?;
    let count = values.len() as f64;
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let standard_error = (squares / (count - 1.0) / count).sqrt();
    let half_width = student_t_quantile(0.5 + 0.5 * confidence, count - 1.0)? * standard_error;
    Ok(Estimate {
        mean,
        half_width,
        confidence,
        count: values.len() as u64,
    })
}

/// The ratio of two expected values, from independent replications that each give a (numerator,
/// denominator), such as seconds waited and starts.
///
/// Sums are divided, not ratios averaged: where a busy replication has more of both, the average of
/// the ratios is off by a share that more replications don't cure, only longer ones. The interval is
/// that of the mean of numerator − ratio × denominator.
///
/// # Errors
/// With fewer than two pairs, with one that is not finite, with denominators that don't add up to
/// more than zero, or a `confidence` outside (0, 1).
pub fn ratio_of_replications(
    pairs: &[(f64, f64)],
    confidence: f64,
) -> Result<Estimate, StatisticsError> {
    let (numerators, denominators): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    at_least(2, &denominators)?;
    all_finite(&numerators)?;
    all_finite(&denominators)?;
    let denominator = mean(&denominators);
    if denominator <= 0.0 {
        return Err(refused("denominators", "above zero in all", denominator));
    }
    let ratio = mean(&numerators) / denominator;
    let residuals: Vec<f64> = pairs
        .iter()
        .map(|(numerator, of)| (numerator - ratio * of) / denominator)
        .collect();
    Ok(Estimate {
        mean: ratio,
        ..mean_of_replications(&residuals, confidence)?
    })
}

/// The mean of one long, correlated series, by the means of `batches` equal stretches of it
/// (20 to 40 are usual; the stretches must be long against the correlation). The remainder at the
/// start of the series is left out.
///
/// # Errors
/// With fewer than two batches or values than batches, a value that is not finite, or a
/// `confidence` outside (0, 1).
pub fn mean_of_batches(
    series: &[f64],
    batches: usize,
    confidence: f64,
) -> Result<Estimate, StatisticsError> {
    if batches < 2 {
        return Err(refused("batches", "at least two", batches as f64));
    }
    at_least(batches, series)?;
    let size = series.len() / batches;
    let used = &series[series.len() - size * batches..];
    let means: Vec<f64> = used.chunks_exact(size).map(mean).collect();
    mean_of_replications(&means, confidence)
}

/// The mean, summed relative to the first value so that a large offset costs no digits. Zero for
/// no values.
pub(super) fn mean(values: &[f64]) -> f64 {
    let Some(&origin) = values.first() else {
        return 0.0;
    };
    origin + values.iter().map(|value| value - origin).sum::<f64>() / values.len() as f64
}

/// The chance that a variable of Student's t distribution with the given degrees of freedom (above
/// zero) exceeds `t`: P(T > t) = I(ν/(ν + t²); ν/2, 1/2)/2 for t ≥ 0, by symmetry below.
pub fn student_t_survival(t: f64, degrees: f64) -> f64 {
    if t.is_infinite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    let above = 0.5 * beta_reg(0.5 * degrees, 0.5, degrees / (degrees + t * t));
    if t < 0.0 { 1.0 - above } else { above }
}

/// The p-quantile of Student's t distribution with the given degrees of freedom (above zero), for
/// p strictly between 0 and 1.
///
/// # Errors
/// When an argument is outside its range.
pub fn student_t_quantile(p: f64, degrees: f64) -> Result<f64, StatisticsError> {
    if !(p > 0.0 && p < 1.0) {
        return Err(refused("p", "strictly between 0 and 1", p));
    }
    if degrees.is_nan() || degrees <= 0.0 {
        return Err(refused("degrees", "above zero", degrees));
    }
    if degrees > 1e10 {
        return Ok(normal_quantile(p));
    }
    let tail = p.min(1.0 - p);
    if tail >= 0.5 {
        return Ok(0.0);
    }
    // P(T > t) = I(ν/(ν + t²); ν/2, 1/2)/2, solved in ln t because t spans many decades.
    let above = |t: f64| 0.5 * beta_reg(0.5 * degrees, 0.5, degrees / (degrees + t * t));
    let excess = |ln_t: f64| tail.ln() - above(ln_t.exp()).max(f64::MIN_POSITIVE).ln();
    let mut high = 1.0;
    while excess(high) < 0.0 && high < 340.0 {
        high *= 2.0;
    }
    let t = increasing_root(-40.0, high.min(340.0), excess).exp();
    Ok(if p < 0.5 { -t } else { t })
}
