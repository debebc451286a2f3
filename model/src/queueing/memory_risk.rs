//! Over-committed memory: how likely it is that sandboxes really hold more than a host has.
//!
//! Where each of *n* sandboxes on a host holds memory of its own, independently and for as long as it
//! lives, the share of time in which a host of memory *M* is short is P(X₁ + … + Xₙ > M): what a sandbox
//! holds says nothing of how long it lives, so at any moment the *n* present are *n* independent draws.
//! The sum is computed by convolution: sizes are put on a lattice with their mean intact, and the power of
//! its transform is the transform of the sum; damping keeps what lies beyond the lattice from folding back
//! (Grübel and Hermesmeier 1999). The normal approximation is for comparison, and for more sandboxes than
//! the lattice resolves.

use super::{QueueingError, non_negative, positive, positive_count};
use crate::distribution::Distribution;
use crate::distribution::special::normal_cdf;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

/// Steps of the lattice up to the host's memory.
const STEPS: usize = 1 << 14;
/// Points of the transform.
const POINTS: usize = 4 * STEPS;
/// What is left of a mass that goes once around.
const DAMPING: f64 = 1e-12;
/// Most sandboxes for which a sum is computed: a lattice step is then a sixteenth of the mean size of
/// one in a full host.
const MOST: u64 = (STEPS / 16) as u64;

/// The sum of the sizes of sandboxes, up to a host's memory.
#[derive(Debug, Clone)]
pub struct MemoryRisk {
    actual: Distribution,
    memory: f64,
    step: f64,
    /// Damped transform of one size.
    transform: Vec<Complex<f64>>,
}

impl MemoryRisk {
    /// Of sandboxes that hold `actual` bytes each on hosts with `memory` bytes (above zero).
    ///
    /// # Errors
    /// When `memory` is not finite or not above zero.
    pub fn new(actual: &Distribution, memory: f64) -> Result<Self, QueueingError> {
        let memory = positive("memory", memory)?;
        // The memory lies between two points, so that a sum on a point is either below or above.
        let step = memory / (STEPS as f64 + 0.5);
        let mut transform = vec![Complex::new(0.0, 0.0); POINTS];
        let damping = damping();
        let mut power = 1.0;
        let at = |index: usize| actual.integrated_survival(step * index as f64);
        let (mut before, mut here) = (0.0, at(1));
        transform[0].re = 1.0 - here / step;
        // Larger ones are more than the host has; sums with them need not be told apart.
        for (index, point) in transform.iter_mut().enumerate().take(POINTS / 2).skip(1) {
            let after = at(index + 1);
            power *= damping;
            point.re = power * (((here - before) - (after - here)) / step).max(0.0);
            before = here;
            here = after;
        }
        FftPlanner::new()
            .plan_fft_forward(POINTS)
            .process(&mut transform);
        Ok(Self {
            actual: actual.clone(),
            memory,
            step,
            transform,
        })
    }

    /// Share of time in which `sandboxes` hold more than the host has. The error is that of the lattice,
    /// 16,384 steps up to the host's memory, and about 10⁻⁹ besides; with more than 1,024 sandboxes it
    /// is the normal approximation's.
    ///
    /// # Errors
    /// When `sandboxes` is above 2⁵³.
    pub fn share_over(&self, sandboxes: u64) -> Result<f64, QueueingError> {
        if sandboxes == 0 {
            return Ok(0.0);
        }
        if sandboxes > MOST || self.actual.variance() == 0.0 {
            return self.share_over_normal(sandboxes);
        }
        let sum = self.masses(|size| size.powu(small(sandboxes)));
        Ok((1.0 - sum.iter().sum::<f64>()).clamp(0.0, 1.0))
    }

    /// The same where the number of sandboxes varies: `shares[n]` is the share of time in which there are
    /// *n*.
    ///
    /// # Errors
    /// When a share is negative or not finite, or there are shares of more than 1,024 sandboxes.
    pub fn share_over_mixture(&self, shares: &[f64]) -> Result<f64, QueueingError> {
        let mut all = 0.0;
        for &share in shares {
            all += non_negative("shares", share)?;
        }
        let most = positive_count("sandboxes", shares.len().max(1) as u64)?;
        if most > MOST as f64 + 1.0 {
            return Err(super::refused("sandboxes", "at most 1,024", most - 1.0));
        }
        let sum = self.masses(|size| {
            let zero = Complex::new(0.0, 0.0);
            shares
                .iter()
                .rev()
                .fold(zero, |value, &share| value * size + share)
        });
        Ok((all - sum.iter().sum::<f64>()).clamp(0.0, all))
    }

    /// The normal approximation of [`share_over`](Self::share_over).
    ///
    /// # Errors
    /// When `sandboxes` is zero or above 2⁵³.
    pub fn share_over_normal(&self, sandboxes: u64) -> Result<f64, QueueingError> {
        let count = positive_count("sandboxes", sandboxes)?;
        let left = self.memory - count * self.actual.mean();
        let deviation = (count * self.actual.variance()).sqrt();
        if deviation == 0.0 {
            return Ok(f64::from(u8::from(left < 0.0)));
        }
        // With an infinite variance nothing is known but that it is no certainty.
        Ok(normal_cdf(-left / deviation))
    }

    /// How often a host that always has `sandboxes` (at least one, at most 1,024) comes to hold more than
    /// it has, where `turnover` sandboxes per second end and are replaced at once: only the one
    /// that is replaced can make the difference.
    ///
    /// # Errors
    /// When an argument is outside its range.
    pub fn times_over(&self, sandboxes: u64, turnover: f64) -> Result<f64, QueueingError> {
        let count = positive_count("sandboxes", sandboxes)?;
        let turnover = non_negative("turnover", turnover)?;
        if sandboxes > MOST {
            return Err(super::refused("sandboxes", "at most 1,024", count));
        }
        let others = self.masses(|size| size.powu(small(sandboxes - 1)));
        let crossing: f64 = others
            .iter()
            .enumerate()
            .map(|(index, &mass)| {
                let left = self.memory - self.step * index as f64;
                mass * self.actual.cdf(left) * self.actual.survival(left)
            })
            .sum();
        Ok(turnover * crossing.max(0.0))
    }

    /// Masses, up to the host's memory, of what has this transform, given that of one size.
    fn masses(&self, of_one: impl Fn(Complex<f64>) -> Complex<f64>) -> Vec<f64> {
        let mut values: Vec<Complex<f64>> = self.transform.iter().map(|&one| of_one(one)).collect();
        FftPlanner::new()
            .plan_fft_inverse(POINTS)
            .process(&mut values);
        let damping = damping();
        let mut scale = 1.0 / POINTS as f64;
        values
            .iter()
            .take(STEPS + 1)
            .map(|value| {
                let mass = value.re * scale;
                scale /= damping;
                mass
            })
            .collect()
    }
}

/// At most [`MOST`].
fn small(sandboxes: u64) -> u32 {
    u32::try_from(sandboxes).unwrap_or(u32::MAX)
}

fn damping() -> f64 {
    DAMPING.powf(1.0 / POINTS as f64)
}

#[cfg(test)]
mod tests {
    use super::MemoryRisk;
    use crate::distribution::Distribution;

    /// A sum of n gamma sizes is a gamma size with n times the shape.
    #[test]
    fn sums_of_gamma_sizes_are_gamma() {
        for (count, mean, cv, memory) in [
            (1_u32, 100.0, 1.0, 300.0),
            (8, 100.0, 1.0, 1_000.0),
            (8, 100.0, 0.5, 1_600.0),
            (60, 1.0, 0.8, 70.0),
            (1_000, 3.0, 1.5, 3_200.0),
        ] {
            let size = Distribution::gamma(mean, cv).unwrap();
            let n = f64::from(count);
            let sum = Distribution::gamma(mean * n, cv / n.sqrt()).unwrap();
            let risk = MemoryRisk::new(&size, memory).unwrap();
            let (found, truth) = (risk.share_over(count.into()).unwrap(), sum.survival(memory));
            assert!(
                (found - truth).abs() < 1e-3 * truth + 2e-9,
                "{count}: {found} against {truth}"
            );
            let normal = risk.share_over_normal(count.into()).unwrap();
            assert!((normal - truth).abs() < 0.2, "{normal} against {truth}");
        }
    }

    /// With exponential sizes of mean 1 in M, the sum of n − 1 has the density of Erlang's distribution, and
    /// ∫ f(s) e^(−(M−s)) (1 − e^(−(M−s))) ds is known in closed form for n = 2:
    /// M e^(−M) − e^(−M) (1 − e^(−M)).
    #[test]
    fn crossings_of_two_exponential_sizes() {
        let risk = MemoryRisk::new(&Distribution::exponential(1.0).unwrap(), 3.0).unwrap();
        let truth = 3.0 * (-3.0_f64).exp() - (-3.0_f64).exp() * (1.0 - (-3.0_f64).exp());
        let found = risk.times_over(2, 10.0).unwrap();
        assert!(
            (found - 10.0 * truth).abs() < 1e-4,
            "{found} against {truth}"
        );
    }

    /// A mixture of numbers is the mixture of their shares.
    #[test]
    fn mixtures_are_mixtures() {
        let size = Distribution::lognormal(1.0, 1.0).unwrap();
        let risk = MemoryRisk::new(&size, 12.0).unwrap();
        let shares = [0.1, 0.0, 0.2, 0.0, 0.0, 0.3, 0.0, 0.0, 0.0, 0.4];
        let by_hand: f64 = (0..)
            .zip(shares)
            .map(|(count, share)| share * risk.share_over(count).unwrap())
            .sum();
        let found = risk.share_over_mixture(&shares).unwrap();
        assert!((found - by_hand).abs() < 1e-8, "{found} against {by_hand}");
    }

    #[test]
    fn sizes_that_do_not_vary_fit_or_do_not() {
        let risk = MemoryRisk::new(&Distribution::deterministic(2.0).unwrap(), 10.0).unwrap();
        assert_eq!(risk.share_over(0), Ok(0.0));
        assert_eq!(risk.share_over(5), Ok(0.0));
        assert_eq!(risk.share_over(6), Ok(1.0));
        assert!(MemoryRisk::new(&Distribution::deterministic(2.0).unwrap(), 0.0).is_err());
        assert!(risk.share_over_mixture(&[0.5, -0.5]).is_err());
        assert!(risk.times_over(0, 1.0).is_err());
    }
}
