//! Uniform between two values.

use rand::{Rng, RngExt};

use super::{DistributionError, Law, non_negative, refused};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Uniform {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Uniform {
    pub(super) fn new(low: f64, high: f64) -> Result<Self, DistributionError> {
        const KIND: &str = "uniform";
        non_negative(KIND, "low", low)?;
        if !(high.is_finite() && high > low) {
            return Err(refused(KIND, "high", "finite and above low", high));
        }
        Ok(Self { low, high })
    }

    fn width(&self) -> f64 {
        self.high - self.low
    }
}

impl Law for Uniform {
    fn mean(&self) -> f64 {
        0.5 * self.low + 0.5 * self.high
    }

    fn variance(&self) -> f64 {
        self.width() * self.width() / 12.0
    }

    fn cdf(&self, x: f64) -> f64 {
        ((x - self.low) / self.width()).clamp(0.0, 1.0)
    }

    fn survival(&self, x: f64) -> f64 {
        ((self.high - x) / self.width()).clamp(0.0, 1.0)
    }

    fn quantile(&self, p: f64) -> f64 {
        (1.0 - p) * self.low + p * self.high
    }

    fn integrated_survival(&self, x: f64) -> f64 {
        if x >= self.high {
            return self.mean();
        }
        let above = (x - self.low).max(0.0);
        x.min(self.low) + above * (1.0 - 0.5 * above / self.width())
    }

    fn doubly_integrated_survival(&self, x: f64) -> f64 {
        let flat = x.min(self.low);
        let above = (x.min(self.high) - self.low).max(0.0);
        let beyond = (x - self.high).max(0.0);
        0.5 * flat * flat
            + above * (self.low + above * (0.5 - above / (6.0 * self.width())))
            + beyond * self.mean()
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        self.low + self.width() * rng.random::<f64>()
    }

    fn sample_stationary_excess<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        // The length-biased density is proportional to x, so its square is uniform.
        let squared =
            self.low * self.low + (self.high + self.low) * self.width() * rng.random::<f64>();
        squared.sqrt() * rng.random::<f64>()
    }
}
