//! A mixture of two exponentials with balanced means: the usual two-moment model of bursty work.

use rand::{Rng, RngExt};
use rand_distr::Exp1;

use super::special::{exp_minus_one_plus, increasing_root};
use super::{DistributionError, Law, positive, refused};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hyperexponential {
    pub(super) mean: f64,
    pub(super) cv: f64,
    /// The frequent short phase and the rare long one; their weighted means are equal.
    phases: [Phase; 2],
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Phase {
    probability: f64,
    mean: f64,
}

impl Hyperexponential {
    pub(super) fn new(mean: f64, cv: f64) -> Result<Self, DistributionError> {
        const KIND: &str = "hyperexponential";
        positive(KIND, "mean", mean)?;
        if !(1.0..=1e6).contains(&cv) {
            return Err(refused(KIND, "cv", "from 1 to 1e6", cv));
        }
        let square = cv * cv;
        let common = 0.5 * (1.0 + ((square - 1.0) / (square + 1.0)).sqrt());
        // 1 − common without cancellation: common (1 − common) = 1/(2 (c² + 1)).
        let rare = 1.0 / (2.0 * (square + 1.0) * common);
        let phase = |probability: f64| Phase {
            probability,
            mean: mean / (2.0 * probability),
        };
        Ok(Self {
            mean,
            cv,
            phases: [phase(common), phase(rare)],
        })
    }

    fn mixed(&self, of_phase: impl Fn(f64) -> f64) -> f64 {
        self.phases
            .iter()
            .map(|phase| phase.probability * of_phase(phase.mean))
            .sum()
    }
}

impl Law for Hyperexponential {
    fn mean(&self) -> f64 {
        self.mean
    }

    fn variance(&self) -> f64 {
        let deviation = self.cv * self.mean;
        deviation * deviation
    }

    fn cdf(&self, x: f64) -> f64 {
        self.mixed(|mean| -(-x / mean).exp_m1())
    }

    fn survival(&self, x: f64) -> f64 {
        self.mixed(|mean| (-x / mean).exp())
    }

    fn quantile(&self, p: f64) -> f64 {
        if p <= 0.0 {
            return 0.0;
        }
        if p >= 1.0 {
            return f64::INFINITY;
        }
        // The cumulative hazard is concave and lies between those of the two phases.
        let hazard = -(-p).ln_1p();
        let [short, long] = self.phases;
        increasing_root(hazard * short.mean, hazard * long.mean, |x| {
            let reached = if p < 0.5 {
                -(-self.cdf(x)).ln_1p()
            } else {
                -self.survival(x).ln()
            };
            reached - hazard
        })
    }

    fn integrated_survival(&self, x: f64) -> f64 {
        self.mixed(|mean| -mean * (-x / mean).exp_m1())
    }

    fn doubly_integrated_survival(&self, x: f64) -> f64 {
        self.mixed(|mean| mean * mean * exp_minus_one_plus(x / mean))
    }

    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let [common, rare] = self.phases;
        let mean = if rng.random::<f64>() < common.probability {
            common.mean
        } else {
            rare.mean
        };
        let draw: f64 = rng.sample(Exp1);
        mean * draw
    }

    fn sample_stationary_excess<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        // Balanced means: an observer finds either phase with probability one half.
        let [common, rare] = self.phases;
        let mean = if rng.random::<bool>() {
            common.mean
        } else {
            rare.mean
        };
        let draw: f64 = rng.sample(Exp1);
        mean * draw
    }
}
