//! The Pareto distribution of type I: a power-law tail above a lowest value.

use rand::{Rng, RngExt};
use rand_distr::Exp1;

use super::{DistributionError, Law, PartialMoments, positive, refused};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pareto {
    pub(super) mean: f64,
    pub(super) shape: f64,
    lowest: f64,
}

impl Pareto {
    pub(super) fn new(mean: f64, shape: f64) -> Result<Self, DistributionError> {
        const KIND: &str = "Pareto";
        positive(KIND, "mean", mean)?;
        if !(shape.is_finite() && shape > 1.0) {
            return Err(refused(KIND, "shape", "finite and above one", shape));
        }
        let lowest = mean * ((shape - 1.0) / shape);
        positive(KIND, "lowest value", lowest)?;
        Ok(Self {
            mean,
            shape,
            lowest,
        })
    }

    fn partial_moments(&self, x: f64) -> PartialMoments {
        let log_ratio = (x / self.lowest).ln();
        PartialMoments {
            first: self.shape * self.lowest * power_integral(self.shape - 1.0, log_ratio),
            second: self.shape
                * self.lowest
                * self.lowest
                * power_integral(self.shape - 2.0, log_ratio),
            survival: (-self.shape * log_ratio).exp(),
        }
    }
}

/// ∫₁^r v^(−b−1) dv = (1 − r^(−b))/b given ln r, also at b = 0 where it is ln r.
fn power_integral(b: f64, log_ratio: f64) -> f64 {
    if b == 0.0 {
        log_ratio
    } else {
        -(-b * log_ratio).exp_m1() / b
    }
}

impl Law for Pareto {
    fn mean(&self) -> f64 {
        self.mean
    }

    fn variance(&self) -> f64 {
        if self.shape <= 2.0 {
            return f64::INFINITY;
        }
        self.mean * self.mean / (self.shape * (self.shape - 2.0))
    }

    fn cdf(&self, x: f64) -> f64 {
        if x <= self.lowest {
            return 0.0;
        }
        -(self.shape * (self.lowest / x).ln()).exp_m1()
    }

    fn survival(&self, x: f64) -> f64 {
        if x <= self.lowest {
            return 1.0;
        }
        (self.lowest / x).powf(self.shape)
    }

    fn quantile(&self, p: f64) -> f64 {
        self.lowest * (-(-p).ln_1p() / self.shape).exp()
    }

    fn integrated_survival(&self, x: f64) -> f64 {
        if x <= self.lowest {
            return x;
        }
        self.partial_moments(x).integrated_survival(x)
    }

    fn doubly_integrated_survival(&self, x: f64) -> f64 {
        if x <= self.lowest {
            return 0.5 * x * x;
        }
        self.partial_moments(x).doubly_integrated_survival(x)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let draw: f64 = rng.sample(Exp1);
        self.lowest * (draw / self.shape).exp()
    }

    fn sample_stationary_excess<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        // Length bias lowers the tail exponent by one.
        let draw: f64 = rng.sample(Exp1);
        self.lowest * (draw / (self.shape - 1.0)).exp() * rng.random::<f64>()
    }
}
