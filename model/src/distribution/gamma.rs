//! The gamma distribution: light-tailed, from nearly constant to very bursty.

use rand::{Rng, RngExt};

use super::special::{incomplete_gamma, increasing_root, normal_quantile};
use super::{DistributionError, Law, PartialMoments, positive, refused};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gamma {
    pub(super) mean: f64,
    pub(super) shape: f64,
    scale: f64,
    sampler: rand_distr::Gamma<f64>,
    length_biased: rand_distr::Gamma<f64>,
}

impl Gamma {
    pub(super) fn new(mean: f64, shape: f64) -> Result<Self, DistributionError> {
        const KIND: &str = "gamma";
        positive(KIND, "mean", mean)?;
        positive(KIND, "shape", shape)?;
        let scale = mean / shape;
        let out_of_range = |_| refused(KIND, "shape", "in floating-point range", shape);
        positive(KIND, "scale", scale)?;
        Ok(Self {
            mean,
            shape,
            scale,
            sampler: rand_distr::Gamma::new(shape, scale).map_err(out_of_range)?,
            length_biased: rand_distr::Gamma::new(shape + 1.0, scale).map_err(out_of_range)?,
        })
    }

    fn partial_moments(&self, x: f64) -> PartialMoments {
        let z = x / self.scale;
        PartialMoments {
            first: self.mean * incomplete_gamma(self.shape + 1.0, z).0,
            second: self.mean * (self.mean + self.scale) * incomplete_gamma(self.shape + 2.0, z).0,
            survival: incomplete_gamma(self.shape, z).1,
        }
    }
}

impl Law for Gamma {
    fn mean(&self) -> f64 {
        self.mean
    }

    fn variance(&self) -> f64 {
        self.mean * self.scale
    }

    fn cdf(&self, x: f64) -> f64 {
        incomplete_gamma(self.shape, x / self.scale).0
    }

    fn survival(&self, x: f64) -> f64 {
        incomplete_gamma(self.shape, x / self.scale).1
    }

    fn quantile(&self, p: f64) -> f64 {
        if p <= 0.0 {
            return 0.0;
        }
        if p >= 1.0 {
            return f64::INFINITY;
        }
        // ln P(S ≤ x), or −ln P(S > x) above the median, increases in ln x.
        let excess = |log_z: f64| {
            let (below, above) = incomplete_gamma(self.shape, log_z.exp());
            if p < 0.5 {
                below.max(f64::MIN_POSITIVE).ln() - p.ln()
            } else {
                (1.0 - p).ln() - above.max(f64::MIN_POSITIVE).ln()
            }
        };
        // Wilson and Hilferty's cube gives the neighbourhood; the bracket is widened from there.
        let ninth = 1.0 / (9.0 * self.shape);
        let cube = 1.0 - ninth + normal_quantile(p) * ninth.sqrt();
        let start = (self.shape * cube.max(1e-3).powi(3)).ln();
        let (mut low, mut high) = (start - 0.1, start + 0.1);
        let mut step = 0.2;
        while excess(low) > 0.0 && low > -700.0 {
            low -= step;
            step *= 2.0;
        }
        step = 0.2;
        while excess(high) < 0.0 && high < 700.0 {
            high += step;
            step *= 2.0;
        }
        self.scale * increasing_root(low, high, excess).exp()
    }

    fn integrated_survival(&self, x: f64) -> f64 {
        self.partial_moments(x).integrated_survival(x)
    }

    fn doubly_integrated_survival(&self, x: f64) -> f64 {
        self.partial_moments(x).doubly_integrated_survival(x)
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        rng.sample(self.sampler)
    }

    fn sample_stationary_excess<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        rng.sample(self.length_biased) * rng.random::<f64>()
    }
}
