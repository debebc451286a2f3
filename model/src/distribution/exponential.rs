//! The memoryless distribution.

use rand::{Rng, RngExt};
use rand_distr::Exp1;

use super::special::exp_minus_one_plus;
use super::{DistributionError, Law, positive};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Exponential {
    pub(super) mean: f64,
}

impl Exponential {
    pub(super) fn new(mean: f64) -> Result<Self, DistributionError> {
        positive("exponential", "mean", mean)?;
        Ok(Self { mean })
    }
}

impl Law for Exponential {
    fn mean(&self) -> f64 {
        self.mean
    }

    fn variance(&self) -> f64 {
        self.mean * self.mean
    }

    fn cdf(&self, x: f64) -> f64 {
        -(-x / self.mean).exp_m1()
    }

    fn survival(&self, x: f64) -> f64 {
        (-x / self.mean).exp()
    }

    fn quantile(&self, p: f64) -> f64 {
        -self.mean * (-p).ln_1p()
    }

    fn integrated_survival(&self, x: f64) -> f64 {
        self.mean * self.cdf(x)
    }

    fn doubly_integrated_survival(&self, x: f64) -> f64 {
        self.mean * self.mean * exp_minus_one_plus(x / self.mean)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let draw: f64 = rng.sample(Exp1);
        self.mean * draw
    }

    fn sample_stationary_excess<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        self.sample(rng)
    }
}
