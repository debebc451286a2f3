//! The exponential of a normal: most durations that people and programs cause look like it.

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use super::special::{normal_cdf, normal_quantile};
use super::{DistributionError, Law, PartialMoments, positive, refused};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lognormal {
    pub(super) median: f64,
    /// Standard deviation of the logarithm.
    pub(super) log_deviation: f64,
    log_median: f64,
    mean: f64,
}

impl Lognormal {
    pub(super) fn new(median: f64, log_deviation: f64) -> Result<Self, DistributionError> {
        const KIND: &str = "lognormal";
        positive(KIND, "median", median)?;
        positive(KIND, "log_deviation", log_deviation)?;
        let mean = median * (0.5 * log_deviation * log_deviation).exp();
        if !mean.is_finite() {
            return Err(refused(
                KIND,
                "log_deviation",
                "small enough for a finite mean",
                log_deviation,
            ));
        }
        Ok(Self {
            median,
            log_deviation,
            log_median: median.ln(),
            mean,
        })
    }

    /// The standard score of x.
    fn score(&self, x: f64) -> f64 {
        ((x / self.median).ln()) / self.log_deviation
    }

    fn partial_moments(&self, x: f64) -> PartialMoments {
        let score = self.score(x);
        // E[S^j; S ≤ x] = E[S^j] Φ(z − jσ): the length-biased lognormal is lognormal again.
        let second_moment = self.mean * self.mean * (self.log_deviation * self.log_deviation).exp();
        let second_share = normal_cdf(score - 2.0 * self.log_deviation);
        PartialMoments {
            first: self.mean * normal_cdf(score - self.log_deviation),
            second: if second_share == 0.0 {
                0.0
            } else {
                second_moment * second_share
            },
            survival: normal_cdf(-score),
        }
    }
}

impl Law for Lognormal {
    fn mean(&self) -> f64 {
        self.mean
    }

    fn variance(&self) -> f64 {
        self.mean * self.mean * (self.log_deviation * self.log_deviation).exp_m1()
    }

    fn cdf(&self, x: f64) -> f64 {
        normal_cdf(self.score(x))
    }

    fn survival(&self, x: f64) -> f64 {
        normal_cdf(-self.score(x))
    }

    fn quantile(&self, p: f64) -> f64 {
        self.median * (self.log_deviation * normal_quantile(p)).exp()
    }

    fn integrated_survival(&self, x: f64) -> f64 {
        self.partial_moments(x).integrated_survival(x)
    }

    fn doubly_integrated_survival(&self, x: f64) -> f64 {
        self.partial_moments(x).doubly_integrated_survival(x)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let score: f64 = rng.sample(StandardNormal);
        (self.log_median + self.log_deviation * score).exp()
    }

    fn sample_stationary_excess<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let score: f64 = rng.sample(StandardNormal);
        let biased = score + self.log_deviation;
        (self.log_median + self.log_deviation * biased).exp() * rng.random::<f64>()
    }
}
