//! Stratified samples: estimates of a total and of a ratio of totals, and how many units to draw
//! from each stratum.
//!
//! A population is cut into *strata* that are alike inside, such as the hours of a day. Units are
//! drawn from each, and the strata's means are added up with their known weights. What the strata
//! differ by then adds nothing to the error (Cochran, *Sampling Techniques*, 3rd edition 1977,
//! chapter 5). Units are taken as drawn from an endless supply, as simulated ones are, so there is no
//! correction for a finite population.

use super::means::student_t_quantile;
use super::{Estimate, StatisticsError, check_confidence, refused};

/// What was seen of one quantity in one stratum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stratum {
    /// What the stratum's mean counts in the total: its size.
    pub weight: f64,
    /// Units drawn.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// Their variance, with `count − 1` in the denominator; of no meaning for fewer than two.
    pub variance: f64,
}

/// What was seen of a numerator and a denominator in one stratum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairStratum {
    /// What the stratum's means count in the totals.
    pub weight: f64,
    /// Units drawn.
    pub count: u64,
    /// Mean numerator.
    pub numerator: f64,
    /// Mean denominator.
    pub denominator: f64,
    /// Variance of the numerators.
    pub numerator_variance: f64,
    /// Variance of the denominators.
    pub denominator_variance: f64,
    /// Covariance of the two.
    pub covariance: f64,
}

impl PairStratum {
    /// Numerator − ratio × denominator, whose mean over all strata is nothing at the true ratio.
    pub fn residual(&self, ratio: f64) -> Stratum {
        let variance = self.numerator_variance - 2.0 * ratio * self.covariance
            + ratio * ratio * self.denominator_variance;
        Stratum {
            weight: self.weight,
            count: self.count,
            mean: self.numerator - ratio * self.denominator,
            // Rounding may leave a little less than nothing.
            variance: variance.max(0.0),
        }
    }
}

/// The sum of weight × mean over the strata, with Student's t interval.
///
/// The variance is Σ W² s²/n and its degrees of freedom are Satterthwaite's (Cochran 1977, equations
/// 5.7 and 5.16). Strata of no weight are left out.
///
/// # Errors
/// If no stratum has a weight, one that has was drawn from fewer than twice, a number is not finite,
/// or `confidence` lies outside (0, 1).
pub fn total(strata: &[Stratum], confidence: f64) -> Result<Estimate, StatisticsError> {
    check_confidence(confidence)?;
    let used = || strata.iter().filter(|stratum| stratum.weight > 0.0);
    let fewest = used().map(|stratum| stratum.count).min().unwrap_or(0);
    if fewest < 2 {
        return Err(StatisticsError::TooFewSamples {
            needed: 2,
            given: fewest,
        });
    }
    let mut mean = 0.0;
    let mut variance = 0.0;
    let mut spread = 0.0;
    for stratum in used() {
        let part = part_of_variance(stratum);
        mean += stratum.weight * stratum.mean;
        variance += part;
        spread += part * part / (stratum.count - 1) as f64;
    }
    if !(mean.is_finite() && variance.is_finite()) {
        return Err(refused("strata", "finite", mean + variance));
    }
    let half_width = if variance > 0.0 {
        let degrees = variance * variance / spread;
        student_t_quantile(0.5 + 0.5 * confidence, degrees)? * variance.sqrt()
    } else {
        0.0
    };
    Ok(Estimate {
        mean,
        half_width,
        confidence,
        count: used().map(|stratum| stratum.count).sum(),
    })
}

/// The ratio of two totals, with an interval: the combined ratio estimate (Cochran 1977, section
/// 6.11), whose variance is that of the total of numerator − ratio × denominator.
///
/// # Errors
/// As [`total`], or if the denominators do not add up to more than zero.
pub fn ratio(strata: &[PairStratum], confidence: f64) -> Result<Estimate, StatisticsError> {
    let sum = |part: fn(&PairStratum) -> f64| -> f64 {
        let used = strata.iter().filter(|stratum| stratum.weight > 0.0);
        used.map(|stratum| stratum.weight * part(stratum)).sum()
    };
    let denominator = sum(|stratum| stratum.denominator);
    if !(denominator > 0.0 && denominator.is_finite()) {
        return Err(refused("denominators", "above zero in all", denominator));
    }
    let ratio = sum(|stratum| stratum.numerator) / denominator;
    let residuals: Vec<Stratum> = strata
        .iter()
        .map(|stratum| stratum.residual(ratio))
        .collect();
    let residual = total(&residuals, confidence)?;
    Ok(Estimate {
        mean: ratio,
        half_width: residual.half_width / denominator,
        ..residual
    })
}

/// One stratum's part of the variance of the total.
fn part_of_variance(stratum: &Stratum) -> f64 {
    stratum.weight * stratum.weight * stratum.variance / stratum.count as f64
}

/// How many units of each stratum give the total a standard error of `standard_error` at the least
/// cost: Neyman's allocation (1934), in proportion to weight × deviation, and where units cost
/// differently, to that over the root of the cost (Cochran 1977, section 5.5). Real numbers; the
/// caller rounds up and keeps what was drawn already. All zero where nothing varies.
///
/// # Errors
/// If `costs` are not as many as the strata and above zero, or `standard_error` is not above zero.
pub fn allocation(
    strata: &[Stratum],
    costs: &[f64],
    standard_error: f64,
) -> Result<Vec<f64>, StatisticsError> {
    if standard_error.is_nan() || standard_error <= 0.0 {
        return Err(refused("standard_error", "above zero", standard_error));
    }
    if costs.len() != strata.len() {
        return Err(refused("costs", "one for each stratum", costs.len() as f64));
    }
    if let Some(cost) = costs.iter().find(|cost| cost.is_nan() || **cost <= 0.0) {
        return Err(refused("costs", "above zero", *cost));
    }
    let spread = |stratum: &Stratum| stratum.weight.max(0.0) * stratum.variance.max(0.0).sqrt();
    let sum: f64 = strata
        .iter()
        .zip(costs)
        .map(|(stratum, cost)| spread(stratum) * cost.sqrt())
        .sum();
    Ok(strata
        .iter()
        .zip(costs)
        .map(|(stratum, cost)| spread(stratum) / cost.sqrt() * sum / standard_error.powi(2))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stratum(weight: f64, count: u64, mean: f64, variance: f64) -> Stratum {
        Stratum {
            weight,
            count,
            mean,
            variance,
        }
    }

    #[test]
    fn a_total_is_that_of_the_strata_by_hand() {
        let strata = [stratum(10.0, 4, 2.0, 1.0), stratum(30.0, 9, 5.0, 4.0)];
        let found = total(&strata, 0.95).unwrap();
        assert!((found.mean - 170.0).abs() < 1e-12);
        // 100 × 1/4 + 900 × 4/9 = 425; degrees 425² / (25²/3 + 400²/8) = 8.94.
        let degrees = 425.0_f64.powi(2) / (625.0 / 3.0 + 160_000.0 / 8.0);
        let t = student_t_quantile(0.975, degrees).unwrap();
        assert!((found.half_width - t * 425.0_f64.sqrt()).abs() < 1e-9);
        assert_eq!(found.count, 13);
    }

    #[test]
    fn one_stratum_is_a_plain_mean() {
        let values = [1.0, 4.0, 2.5, 3.5];
        let plain = super::super::means::mean_of_replications(&values, 0.9).unwrap();
        let mean = 2.75;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / 3.0;
        let found = total(&[stratum(1.0, 4, mean, variance)], 0.9).unwrap();
        assert!((found.mean - plain.mean).abs() < 1e-12);
        assert!((found.half_width - plain.half_width).abs() < 1e-9);
    }

    /// With equal costs Neyman's allocation needs (Σ W S)²/V units in all (Cochran 1977, equation
    /// 5.25), and reaches the variance it was asked for.
    #[test]
    fn neyman_reaches_the_error_asked_for() {
        let strata = [stratum(10.0, 2, 0.0, 9.0), stratum(30.0, 2, 0.0, 1.0)];
        let drawn = allocation(&strata, &[1.0, 1.0], 2.0).unwrap();
        assert!((drawn.iter().sum::<f64>() - 60.0_f64.powi(2) / 4.0).abs() < 1e-9);
        assert!((drawn[0] - drawn[1]).abs() < 1e-9, "{drawn:?}");
        let variance: f64 = strata
            .iter()
            .zip(&drawn)
            .map(|(s, n)| s.weight * s.weight * s.variance / n)
            .sum();
        assert!((variance - 4.0).abs() < 1e-9);
    }

    #[test]
    fn what_costs_more_is_drawn_less_at_the_same_error() {
        let strata = [stratum(1.0, 2, 0.0, 1.0), stratum(1.0, 2, 0.0, 1.0)];
        let drawn = allocation(&strata, &[1.0, 4.0], 0.1).unwrap();
        assert!((drawn[0] / drawn[1] - 2.0).abs() < 1e-12);
        assert!((1.0 / drawn[0] + 1.0 / drawn[1] - 0.01).abs() < 1e-12);
    }

    #[test]
    fn a_ratio_without_noise_is_exact() {
        let pair = |weight, denominator: f64, variance: f64| PairStratum {
            weight,
            count: 5,
            numerator: 0.25 * denominator,
            denominator,
            numerator_variance: 0.0625 * variance,
            denominator_variance: variance,
            covariance: 0.25 * variance,
        };
        let found = ratio(&[pair(3.0, 10.0, 4.0), pair(1.0, 50.0, 9.0)], 0.95).unwrap();
        assert!((found.mean - 0.25).abs() < 1e-12);
        assert!(found.half_width < 1e-6);
    }

    #[test]
    fn what_says_nothing_is_refused() {
        assert!(total(&[], 0.95).is_err());
        assert!(total(&[stratum(1.0, 1, 2.0, 0.0)], 0.95).is_err());
        assert!(total(&[stratum(1.0, 3, f64::NAN, 0.0)], 0.95).is_err());
        assert!(allocation(&[stratum(1.0, 3, 1.0, 1.0)], &[], 1.0).is_err());
        assert!(allocation(&[stratum(1.0, 3, 1.0, 1.0)], &[1.0], 0.0).is_err());
    }
}
