//! How many turns a session has.

use rand::{Rng, RngExt};
use rand_distr::{Exp1, Poisson};
use rustfft::num_complex::Complex;
use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;

use super::{DistributionError, refused};

const KIND: &str = "turn-count";

/// Number of turns per session: an integer of at least one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parameters", into = "Parameters")]
pub struct TurnCount {
    law: Law,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Law {
    Fixed(u32),
    /// 1 + a negative binomial number of further turns.
    Further(Further),
}

/// A negative binomial on {0, 1, …}: C(k + r − 1, k) (1 − q)^r q^k. With r = 1 it is geometric.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Further {
    mean: f64,
    r: f64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Parameters {
    Fixed { turns: u32 },
    Geometric { mean: f64 },
    NegativeBinomial { mean: f64, size: f64 },
}

impl TurnCount {
    /// Always `turns`.
    ///
    /// # Errors
    /// When `turns` is zero.
    pub fn fixed(turns: u32) -> Result<Self, DistributionError> {
        if turns == 0 {
            return Err(refused(KIND, "turns", "at least one", 0.0));
        }
        Ok(Self {
            law: Law::Fixed(turns),
        })
    }

    /// Geometric on {1, 2, …} with the given mean: after each turn the session goes on with the
    /// same probability. A mean of one is always one turn.
    ///
    /// # Errors
    /// When `mean` is not from 1 to 10⁹.
    pub fn geometric(mean: f64) -> Result<Self, DistributionError> {
        Self::one_and_further(mean, 1.0)
    }

    /// One turn and a negative binomial number of further ones, with the given mean and
    /// coefficient of variation of the whole count. The variance must exceed mean − 1 (a smaller
    /// one would need a lighter family); above mean (mean − 1) it is heavier than geometric.
    ///
    /// # Errors
    /// When `mean` is not above 1 and up to 10⁹, or `cv` is too small or not finite.
    pub fn negative_binomial(mean: f64, cv: f64) -> Result<Self, DistributionError> {
        check_mean(mean)?;
        let further = mean - 1.0;
        let variance = (cv * mean).powi(2);
        if !(variance.is_finite() && variance > further) {
            return Err(refused(
                KIND,
                "cv",
                "such that the variance exceeds mean − 1",
                cv,
            ));
        }
        Self::one_and_further(mean, further * further / (variance - further))
    }

    fn one_and_further(mean: f64, r: f64) -> Result<Self, DistributionError> {
        check_mean(mean)?;
        if mean <= 1.0 {
            return Self::fixed(1);
        }
        if !(1e-9..=1e15).contains(&r) {
            return Err(refused(KIND, "size", "from 1e-9 to 1e15", r));
        }
        Ok(Self {
            law: Law::Further(Further {
                mean: mean - 1.0,
                r,
            }),
        })
    }

    /// E\[N\].
    pub fn mean(&self) -> f64 {
        match self.law {
            Law::Fixed(turns) => f64::from(turns),
            Law::Further(further) => 1.0 + further.mean,
        }
    }

    /// Var\[N\].
    pub fn variance(&self) -> f64 {
        match self.law {
            Law::Fixed(_) => 0.0,
            Law::Further(further) => further.mean * (1.0 + further.mean / further.r),
        }
    }

    /// The count, if there is only one.
    pub(crate) fn as_constant(&self) -> Option<u32> {
        match self.law {
            Law::Fixed(turns) => Some(turns),
            Law::Further(_) => None,
        }
    }

    pub(crate) fn is_geometric(&self) -> bool {
        matches!(self.law, Law::Further(further) if further.is_geometric())
    }

    /// P(N = n).
    pub fn probability(&self, n: u32) -> f64 {
        match self.law {
            Law::Fixed(turns) => f64::from(u8::from(n == turns)),
            Law::Further(_) if n == 0 => 0.0,
            Law::Further(further) => further.probability(n - 1),
        }
    }

    /// One draw; at least 1, saturating at the largest `u32`.
    pub fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> u32 {
        match self.law {
            Law::Fixed(turns) => turns,
            Law::Further(further) => further.sample(rng).saturating_add(1),
        }
    }

    /// Turns still to finish, the current one included, as found by an observer who looks at a
    /// random turn: P(K = k) = P(N ≥ k)/E\[N\]. Drawn exactly: a uniform position in a session
    /// that is drawn in proportion to its number of turns.
    pub fn sample_equilibrium<R: Rng + ?Sized>(&self, rng: &mut R) -> u32 {
        let biased = match self.law {
            Law::Fixed(turns) => turns,
            Law::Further(further) => {
                // Length bias of 1 + M: with probability E[M]/(1 + E[M]) the further turns are
                // length-biased themselves, which adds one and raises r by one.
                if rng.random::<f64>() * (1.0 + further.mean) < further.mean {
                    further.with_one_more().sample(rng).saturating_add(2)
                } else {
                    further.sample(rng).saturating_add(1)
                }
            }
        };
        rng.random_range(1..=biased)
    }

    /// E\[z^N\], for |z| below the radius of convergence: any z for a fixed count, otherwise
    /// 1/q where q = (E\[N\] − 1)/(E\[N\] − 1 + r), r being the negative binomial's size
    /// (1 for the geometric). Never below 1; see [`TurnCount::convergence_radius`].
    pub fn generating_function(&self, z: Complex<f64>) -> Complex<f64> {
        match self.law {
            Law::Fixed(turns) => integer_power(z, turns),
            Law::Further(further) => {
                let q = further.mean / (further.mean + further.r);
                let p = further.r / (further.mean + further.r);
                // p / (1 − q z) with 1 − q z = p + q (1 − z), exact near z = 1.
                let base = (Complex::new(p, 0.0) + (Complex::new(1.0, 0.0) - z) * q) / p;
                let further_turns = if further.is_geometric() {
                    base.inv()
                } else {
                    (base.ln() * -further.r).exp()
                };
                z * further_turns
            }
        }
    }

    /// The |z| up to which E\[z^N\] is finite; infinite for a fixed count.
    pub fn convergence_radius(&self) -> f64 {
        match self.law {
            Law::Fixed(_) => f64::INFINITY,
            Law::Further(further) => 1.0 + further.r / further.mean,
        }
    }
}

impl Further {
    #[allow(clippy::float_cmp)] // exactly 1 selects the closed forms
    fn is_geometric(self) -> bool {
        self.r == 1.0
    }

    /// The same odds, size r + 1: what remains of a length-biased draw after taking one away.
    fn with_one_more(self) -> Self {
        Self {
            mean: self.mean * ((self.r + 1.0) / self.r),
            r: self.r + 1.0,
        }
    }

    fn probability(self, k: u32) -> f64 {
        let k = f64::from(k);
        let ln_q = -(self.r / self.mean).ln_1p();
        let ln_p = -(self.mean / self.r).ln_1p();
        if self.is_geometric() {
            return (ln_p + k * ln_q).exp();
        }
        let ln_choose = ln_gamma(k + self.r) - ln_gamma(self.r) - ln_gamma(k + 1.0);
        (ln_choose + self.r * ln_p + k * ln_q).exp()
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a saturating count
    fn sample<R: Rng + ?Sized>(self, rng: &mut R) -> u32 {
        if self.is_geometric() {
            let draw: f64 = rng.sample(Exp1);
            return (draw / (1.0 / self.mean).ln_1p()) as u32;
        }
        // A Poisson count whose rate is gamma distributed.
        let Ok(gamma) = rand_distr::Gamma::new(self.r, self.mean / self.r) else {
            return 0;
        };
        let rate = rng.sample(gamma);
        match Poisson::new(rate) {
            Ok(poisson) => rng.sample(poisson) as u32,
            // A rate too small for a Poisson variable to differ from zero.
            Err(_) => 0,
        }
    }
}

fn check_mean(mean: f64) -> Result<(), DistributionError> {
    if (1.0..=1e9).contains(&mean) {
        Ok(())
    } else {
        Err(refused(KIND, "mean", "from 1 to 1e9", mean))
    }
}

/// z^n by squaring: `powu` of a complex number, without going through polar form.
fn integer_power(mut z: Complex<f64>, mut n: u32) -> Complex<f64> {
    let mut result = Complex::new(1.0, 0.0);
    while n > 0 {
        if n & 1 == 1 {
            result *= z;
        }
        z *= z;
        n >>= 1;
    }
    result
}

impl From<TurnCount> for Parameters {
    fn from(count: TurnCount) -> Self {
        match count.law {
            Law::Fixed(turns) => Self::Fixed { turns },
            Law::Further(further) if further.is_geometric() => Self::Geometric {
                mean: 1.0 + further.mean,
            },
            Law::Further(further) => Self::NegativeBinomial {
                mean: 1.0 + further.mean,
                size: further.r,
            },
        }
    }
}

impl TryFrom<Parameters> for TurnCount {
    type Error = DistributionError;

    fn try_from(parameters: Parameters) -> Result<Self, DistributionError> {
        match parameters {
            Parameters::Fixed { turns } => Self::fixed(turns),
            Parameters::Geometric { mean } => Self::geometric(mean),
            Parameters::NegativeBinomial { mean, size } => Self::one_and_further(mean, size),
        }
    }
}
