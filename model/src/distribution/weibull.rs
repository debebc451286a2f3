//! The Weibull distribution: a power of the exponential.

use rand::{Rng, RngExt};
use rand_distr::Exp1;
use statrs::function::gamma::gamma;

use super::special::incomplete_gamma;
use super::{DistributionError, Law, PartialMoments, positive, refused};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Weibull {
    pub(super) mean: f64,
    pub(super) shape: f64,
    scale: f64,
    second_moment: f64,
    /// The length-biased draw is the scale times this gamma to the power 1/shape.
    length_biased: rand_distr::Gamma<f64>,
}

impl Weibull {
    pub(super) fn new(mean: f64, shape: f64) -> Result<Self, DistributionError> {
        const KIND: &str = "Weibull";
        positive(KIND, "mean", mean)?;
        if !(0.05..=1_000.0).contains(&shape) {
            return Err(refused(KIND, "shape", "from 0.05 to 1000", shape));
        }
        let scale = mean / gamma(1.0 + 1.0 / shape);
        positive(KIND, "scale", scale)?;
        Ok(Self {
            mean,
            shape,
            scale,
            second_moment: scale * scale * gamma(1.0 + 2.0 / shape),
            length_biased: rand_distr::Gamma::new(1.0 + 1.0 / shape, 1.0)
                .map_err(|_| refused(KIND, "shape", "from 0.05 to 1000", shape))?,
        })
    }

    fn hazard(&self, x: f64) -> f64 {
        (x / self.scale).powf(self.shape)
    }

    fn partial_moments(&self, x: f64) -> PartialMoments {
        let hazard = self.hazard(x);
        PartialMoments {
            first: self.mean * incomplete_gamma(1.0 + 1.0 / self.shape, hazard).0,
            second: self.second_moment * incomplete_gamma(1.0 + 2.0 / self.shape, hazard).0,
            survival: (-hazard).exp(),
        }
    }
}

impl Law for Weibull {
    fn mean(&self) -> f64 {
        self.mean
    }

    fn variance(&self) -> f64 {
        (self.second_moment - self.mean * self.mean).max(0.0)
    }

    fn cdf(&self, x: f64) -> f64 {
        -(-self.hazard(x)).exp_m1()
    }

    fn survival(&self, x: f64) -> f64 {
        (-self.hazard(x)).exp()
    }

    fn quantile(&self, p: f64) -> f64 {
        self.scale * (-(-p).ln_1p()).powf(1.0 / self.shape)
    }

    fn integrated_survival(&self, x: f64) -> f64 {
        self.partial_moments(x).integrated_survival(x)
    }

    fn doubly_integrated_survival(&self, x: f64) -> f64 {
        self.partial_moments(x).doubly_integrated_survival(x)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let draw: f64 = rng.sample(Exp1);
        self.scale * draw.powf(1.0 / self.shape)
    }

    fn sample_stationary_excess<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let draw: f64 = rng.sample(self.length_biased);
        self.scale * draw.powf(1.0 / self.shape) * rng.random::<f64>()
    }
}
