//! How much more than the mean: square-root staffing and headroom over a random count.

use super::{QueueingError, count, non_negative, open_probability, refused, smallest_enough};
use crate::distribution::special::{
    binomial_tails, increasing_root, normal_cdf, normal_density, normal_quantile, poisson_tails,
};

/// The delay probability α of a large M/M/c staffed with c = R + β√R servers:
/// α = 1/(1 + β Φ(β)/φ(β)) (Halfin and Whitt 1981). One for β ≤ 0.
pub fn halfin_whitt_delay(beta: f64) -> f64 {
    if beta.is_nan() {
        return f64::NAN;
    }
    if beta <= 0.0 {
        return 1.0;
    }
    // φ + βΦ in the denominator: no division by a density that underflows.
    let density = normal_density(beta);
    density / (density + beta * normal_cdf(beta))
}

/// The β at which [`halfin_whitt_delay`] is `alpha` (strictly between 0 and 1).
///
/// # Errors
/// When `alpha` is outside its range or below 10⁻³⁰⁰.
pub fn halfin_whitt_beta(alpha: f64) -> Result<f64, QueueingError> {
    let ln_alpha = open_probability("alpha", alpha)?.ln();
    if alpha < 1e-300 {
        return Err(refused("alpha", "at least 1e-300", alpha));
    }
    Ok(increasing_root(0.0, 38.0, |beta| {
        ln_alpha - halfin_whitt_delay(beta).ln()
    }))
}

/// ⌈R + β√R⌉ servers for a load of R Erlangs and a delay probability of about `alpha`.
///
/// # Errors
/// When `load` is negative or above 2⁵², or `alpha` is outside (0, 1).
pub fn square_root_staffing(load: f64, alpha: f64) -> Result<u64, QueueingError> {
    non_negative("load", load)?;
    if load > (1_u64 << 52) as f64 {
        return Err(refused("load", "at most 2^52", load));
    }
    let servers = load + halfin_whitt_beta(alpha)? * load.sqrt();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // below 2^53
    Ok(servers.ceil() as u64)
}

/// The smallest c with P(N > c) ≤ `tail` for N Poisson with the given mean: what to provide so
/// that a count such as the live sessions of M/G/∞ exceeds it only that share of the time.
/// `mean` from 0 to 2⁵², `tail` strictly between 0 and 1.
///
/// # Errors
/// When an argument is outside its range.
pub fn poisson_headroom(mean: f64, tail: f64) -> Result<u64, QueueingError> {
    non_negative("mean", mean)?;
    open_probability("tail", tail)?;
    if mean == 0.0 {
        return Ok(0);
    }
    let ln_tail = tail.ln();
    let guess = mean - normal_quantile(tail) * mean.sqrt();
    smallest_enough(0, guess, |servers| {
        poisson_tails(servers as f64, mean).ln_above <= ln_tail
    })
}

/// The smallest c with P(N > c) ≤ `tail` for N binomial: of `sources` (at most 2⁵³), each active
/// with `probability` (from 0 to 1) independently of the others.
///
/// # Errors
/// When an argument is outside its range.
pub fn binomial_headroom(sources: u64, probability: f64, tail: f64) -> Result<u64, QueueingError> {
    let n = count("sources", sources)?;
    open_probability("tail", tail)?;
    if !(0.0..=1.0).contains(&probability) {
        return Err(refused("probability", "from 0 to 1", probability));
    }
    if sources == 0 || probability == 0.0 {
        return Ok(0);
    }
    if probability >= 1.0 {
        return Ok(sources);
    }
    let ln_tail = tail.ln();
    let deviation = (n * probability * (1.0 - probability)).sqrt();
    let guess = n * probability - normal_quantile(tail) * deviation;
    smallest_enough(0, guess, |c| {
        c >= sources || binomial_tails(c as f64, n, probability).ln_above <= ln_tail
    })
}
