//! A constant.

use rand::{Rng, RngExt};

use super::{DistributionError, Law, non_negative};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Deterministic {
    pub(super) value: f64,
}

impl Deterministic {
    pub(super) fn new(value: f64) -> Result<Self, DistributionError> {
        non_negative("deterministic", "value", value)?;
        Ok(Self { value })
    }
}

impl Law for Deterministic {
    fn mean(&self) -> f64 {
        self.value
    }

    fn variance(&self) -> f64 {
        0.0
    }

    fn cdf(&self, x: f64) -> f64 {
        if x >= self.value { 1.0 } else { 0.0 }
    }

    fn survival(&self, x: f64) -> f64 {
        1.0 - self.cdf(x)
    }

    fn quantile(&self, _p: f64) -> f64 {
        self.value
    }

    fn integrated_survival(&self, x: f64) -> f64 {
        x.min(self.value)
    }

    fn doubly_integrated_survival(&self, x: f64) -> f64 {
        let rising = x.min(self.value);
        0.5 * rising * rising + self.value * (x - rising)
    }

    fn sample<R: Rng + ?Sized>(&self, _rng: &mut R) -> f64 {
        self.value
    }

    fn sample_stationary_excess<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        self.value * rng.random::<f64>()
    }
}
