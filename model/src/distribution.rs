//! Positive random quantities: service times, think times, CPU work, and turns per session.
//!
//! A [`Distribution`] knows its moments, its tail, the integrals of its tail and how to draw from
//! itself. The integrals are what time-varying offered load is made of, and the
//! stationary-excess draw is what lets a simulation start in steady state. The unit is the
//! caller's: seconds in, seconds out.
//!
//! ```
//! use tonnage_model::distribution::Distribution;
//!
//! let session = Distribution::lognormal(20.0 * 60.0, 2.0)?;
//! assert!((session.mean() - 1200.0).abs() < 1e-9);
//! assert!(session.quantile(0.5) < session.mean());
//! # Ok::<(), tonnage_model::distribution::DistributionError>(())
//! ```

mod deterministic;
mod empirical;
mod exponential;
mod gamma;
mod hyperexponential;
mod lognormal;
mod pareto;
pub(crate) mod special;
mod turn_count;
mod uniform;
mod weibull;

pub use turn_count::TurnCount;

use rand::Rng;
use serde::{Deserialize, Serialize};

use deterministic::Deterministic;
use empirical::Empirical;
use exponential::Exponential;
use gamma::Gamma;
use hyperexponential::Hyperexponential;
use lognormal::Lognormal;
use pareto::Pareto;
use uniform::Uniform;
use weibull::Weibull;

/// Why a distribution cannot be built.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DistributionError {
    /// A parameter is NaN, infinite, or outside its range.
    #[error("{parameter} of a {kind} distribution must be {expected}, not {value}")]
    Parameter {
        /// The family.
        kind: &'static str,
        /// The parameter's name.
        parameter: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// What was given.
        value: f64,
    },
    /// An empirical distribution needs at least one sample.
    #[error("an empirical distribution needs at least one sample")]
    NoSamples,
}

/// What every family provides. Arguments are already inside their ranges: `x` finite and above
/// zero, `p` strictly between 0 and 1.
trait Law {
    fn mean(&self) -> f64;
    fn variance(&self) -> f64;
    fn cdf(&self, x: f64) -> f64;
    fn survival(&self, x: f64) -> f64;
    fn quantile(&self, p: f64) -> f64;
    /// ∫₀^x P(S > u) du.
    fn integrated_survival(&self, x: f64) -> f64;
    /// ∫₀^x ∫₀^y P(S > u) du dy.
    fn doubly_integrated_survival(&self, x: f64) -> f64;
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64;
    fn sample_stationary_excess<R: Rng + ?Sized>(&self, rng: &mut R) -> f64;
}

/// What the integrals of a tail need to know about a distribution cut at x.
struct PartialMoments {
    /// E[S; S ≤ x].
    first: f64,
    /// E[S²; S ≤ x].
    second: f64,
    /// P(S > x).
    survival: f64,
}

impl PartialMoments {
    /// ∫₀^x P(S > u) du = E[min(S, x)]: a sum of positive terms.
    fn integrated_survival(&self, x: f64) -> f64 {
        self.first + x * self.survival
    }

    /// ∫₀^x (x − u) P(S > u) du = x E[S; S ≤ x] − E[S²; S ≤ x]/2 + x² P(S > x)/2. The difference
    /// is at least half of its first term because S ≤ x, so no digits cancel.
    fn doubly_integrated_survival(&self, x: f64) -> f64 {
        x * self.first - 0.5 * self.second + 0.5 * x * x * self.survival
    }
}

/// A positive random quantity, in the caller's unit.
///
/// Built by validating constructors, so every value has a finite mean and sound parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parameters", into = "Parameters")]
pub struct Distribution {
    family: Family,
}

#[derive(Clone, Debug, PartialEq)]
enum Family {
    Deterministic(Deterministic),
    Exponential(Exponential),
    Lognormal(Lognormal),
    Gamma(Gamma),
    Weibull(Weibull),
    Pareto(Pareto),
    Hyperexponential(Hyperexponential),
    Uniform(Uniform),
    Empirical(Empirical),
}

/// The written form: the family's name and the parameters that define it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Parameters {
    Deterministic { value: f64 },
    Exponential { mean: f64 },
    Lognormal { median: f64, log_deviation: f64 },
    Gamma { mean: f64, shape: f64 },
    Weibull { mean: f64, shape: f64 },
    Pareto { mean: f64, shape: f64 },
    Hyperexponential { mean: f64, cv: f64 },
    Uniform { low: f64, high: f64 },
    Empirical { samples: Vec<f64> },
}

/// Calls a method of whichever family the distribution belongs to.
macro_rules! of_family {
    ($distribution:expr, $law:ident => $call:expr) => {
        match &$distribution.family {
            Family::Deterministic($law) => $call,
            Family::Exponential($law) => $call,
            Family::Lognormal($law) => $call,
            Family::Gamma($law) => $call,
            Family::Weibull($law) => $call,
            Family::Pareto($law) => $call,
            Family::Hyperexponential($law) => $call,
            Family::Uniform($law) => $call,
            Family::Empirical($law) => $call,
        }
    };
}

/// Constructors. Each refuses parameters that are not finite or outside the stated range.
impl Distribution {
    /// Always `value`, which may be zero.
    ///
    /// # Errors
    /// When `value` is negative or not finite.
    pub fn deterministic(value: f64) -> Result<Self, DistributionError> {
        Deterministic::new(value)
            .map(Family::Deterministic)
            .map(Self::from)
    }

    /// Exponential with the given mean, above zero.
    ///
    /// # Errors
    /// When `mean` is not above zero or not finite.
    pub fn exponential(mean: f64) -> Result<Self, DistributionError> {
        Exponential::new(mean)
            .map(Family::Exponential)
            .map(Self::from)
    }

    /// Lognormal with the given mean, above zero, and coefficient of variation; a coefficient of
    /// zero gives the deterministic distribution.
    ///
    /// # Errors
    /// When `mean` is not above zero, `cv` is negative, or either is not finite.
    pub fn lognormal(mean: f64, cv: f64) -> Result<Self, DistributionError> {
        const KIND: &str = "lognormal";
        positive(KIND, "mean", mean)?;
        non_negative(KIND, "cv", cv)?;
        let log_variance = (cv * cv).ln_1p();
        Self::lognormal_about(mean * (-0.5 * log_variance).exp(), log_variance.sqrt())
    }

    /// Lognormal with the given median and 95th percentile; equal ones give the deterministic
    /// distribution.
    ///
    /// # Errors
    /// When `p50` is not above zero, `p95` is below it, or either is not finite.
    pub fn lognormal_from_percentiles(p50: f64, p95: f64) -> Result<Self, DistributionError> {
        const KIND: &str = "lognormal";
        positive(KIND, "p50", p50)?;
        if !(p95.is_finite() && p95 >= p50) {
            return Err(refused(KIND, "p95", "finite and at least p50", p95));
        }
        Self::lognormal_about(p50, (p95 / p50).ln() / special::normal_quantile(0.95))
    }

    fn lognormal_about(median: f64, log_deviation: f64) -> Result<Self, DistributionError> {
        if log_deviation == 0.0 {
            return Self::deterministic(median);
        }
        Lognormal::new(median, log_deviation)
            .map(Family::Lognormal)
            .map(Self::from)
    }

    /// Gamma with the given mean, above zero, and coefficient of variation; a coefficient of zero
    /// gives the deterministic distribution, one the exponential.
    ///
    /// # Errors
    /// When `mean` is not above zero, `cv` is negative, or either is not finite.
    pub fn gamma(mean: f64, cv: f64) -> Result<Self, DistributionError> {
        const KIND: &str = "gamma";
        positive(KIND, "mean", mean)?;
        non_negative(KIND, "cv", cv)?;
        if cv == 0.0 {
            return Self::deterministic(mean);
        }
        Gamma::new(mean, 1.0 / (cv * cv))
            .map(Family::Gamma)
            .map(Self::from)
    }

    /// Weibull with the given mean, above zero, and shape k from 0.05 to 1000: below 1 it is
    /// heavier than the exponential.
    ///
    /// # Errors
    /// When a parameter is outside its range.
    pub fn weibull(mean: f64, shape: f64) -> Result<Self, DistributionError> {
        Weibull::new(mean, shape)
            .map(Family::Weibull)
            .map(Self::from)
    }

    /// Pareto (type I) with the given mean, above zero, and tail exponent `shape` above one. At
    /// or below two the variance is infinite.
    ///
    /// # Errors
    /// When `mean` is not above zero, `shape` is not above one, or either is not finite.
    pub fn pareto(mean: f64, shape: f64) -> Result<Self, DistributionError> {
        Pareto::new(mean, shape).map(Family::Pareto).map(Self::from)
    }

    /// Two-phase hyperexponential with balanced means (each phase carries half of the mean), by
    /// mean, above zero, and coefficient of variation, at least one; one gives the exponential.
    ///
    /// # Errors
    /// When `mean` is not above zero, `cv` is below one, or either is not finite.
    pub fn hyperexponential(mean: f64, cv: f64) -> Result<Self, DistributionError> {
        Hyperexponential::new(mean, cv)
            .map(Family::Hyperexponential)
            .map(Self::from)
    }

    /// Uniform between `low`, at least zero, and `high`; equal ones give the deterministic
    /// distribution.
    ///
    /// # Errors
    /// When `low` is negative, `high` is below it, or either is not finite.
    pub fn uniform(low: f64, high: f64) -> Result<Self, DistributionError> {
        if low.to_bits() == high.to_bits() {
            return Self::deterministic(low);
        }
        Uniform::new(low, high).map(Family::Uniform).map(Self::from)
    }

    /// The distribution of the samples themselves: every draw is one of them, each equally
    /// likely (plain resampling, no interpolation), so the mean is exactly the samples' mean.
    ///
    /// # Errors
    /// When there are no samples, or one is negative or not finite.
    pub fn empirical(samples: Vec<f64>) -> Result<Self, DistributionError> {
        Empirical::new(samples)
            .map(Family::Empirical)
            .map(Self::from)
    }

    /// The distribution of `factor` times this quantity; zero gives the deterministic zero.
    ///
    /// # Errors
    /// When `factor` is negative or not finite, or the product is out of floating-point range.
    pub fn scaled(&self, factor: f64) -> Result<Self, DistributionError> {
        non_negative("scaled", "factor", factor)?;
        if factor == 0.0 {
            return Self::deterministic(0.0);
        }
        let mut parameters = Parameters::from(self.clone());
        match &mut parameters {
            Parameters::Deterministic { value } => *value *= factor,
            Parameters::Lognormal { median, .. } => *median *= factor,
            Parameters::Exponential { mean }
            | Parameters::Gamma { mean, .. }
            | Parameters::Weibull { mean, .. }
            | Parameters::Pareto { mean, .. }
            | Parameters::Hyperexponential { mean, .. } => *mean *= factor,
            Parameters::Uniform { low, high } => {
                *low *= factor;
                *high *= factor;
            }
            Parameters::Empirical { samples } => {
                for sample in samples {
                    *sample *= factor;
                }
            }
        }
        Self::try_from(parameters)
    }
}

/// What the shape allows to be computed more directly.
impl Distribution {
    /// The value, if there is only one.
    pub(crate) fn as_constant(&self) -> Option<f64> {
        match &self.family {
            Family::Deterministic(law) => Some(law.value),
            _ => None,
        }
    }

    pub(crate) fn is_exponential(&self) -> bool {
        matches!(self.family, Family::Exponential(_))
    }

    /// The exponent of a power-law tail.
    pub(crate) fn tail_index(&self) -> Option<f64> {
        match &self.family {
            Family::Pareto(law) => Some(law.shape),
            _ => None,
        }
    }
}

/// Moments, tails and draws.
impl Distribution {
    /// E\[S\], finite.
    pub fn mean(&self) -> f64 {
        of_family!(self, law => law.mean())
    }

    /// Var\[S\]; infinite for a Pareto of shape 2 or less.
    pub fn variance(&self) -> f64 {
        of_family!(self, law => law.variance())
    }

    /// Var\[S\] / E\[S\]²; zero for the deterministic zero.
    pub fn cv_squared(&self) -> f64 {
        let mean = self.mean();
        if mean == 0.0 {
            0.0
        } else {
            self.variance() / mean / mean
        }
    }

    /// P(S ≤ x).
    pub fn cdf(&self, x: f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        if x < 0.0 {
            return 0.0;
        }
        if x == f64::INFINITY {
            return 1.0;
        }
        of_family!(self, law => law.cdf(x))
    }

    /// P(S > x), with full relative precision far in the tail.
    pub fn survival(&self, x: f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        if x < 0.0 {
            return 1.0;
        }
        if x == f64::INFINITY {
            return 0.0;
        }
        of_family!(self, law => law.survival(x))
    }

    /// The smallest x with P(S ≤ x) ≥ p. Outside [0, 1] `p` is moved to the nearest end; at 0 the
    /// answer is the lowest possible value, at 1 the highest or infinity.
    pub fn quantile(&self, p: f64) -> f64 {
        if p.is_nan() {
            return f64::NAN;
        }
        of_family!(self, law => law.quantile(p.clamp(0.0, 1.0)))
    }

    /// ∫₀^x P(S > u) du = E\[min(S, x)\]; zero for x ≤ 0, the mean at infinity.
    pub fn integrated_survival(&self, x: f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        if x <= 0.0 {
            return 0.0;
        }
        if x == f64::INFINITY {
            return self.mean();
        }
        of_family!(self, law => law.integrated_survival(x))
    }

    /// ∫₀^x ∫₀^y P(S > u) du dy; zero for x ≤ 0.
    pub fn doubly_integrated_survival(&self, x: f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        if x <= 0.0 {
            return 0.0;
        }
        if x == f64::INFINITY {
            return if self.mean() == 0.0 {
                0.0
            } else {
                f64::INFINITY
            };
        }
        of_family!(self, law => law.doubly_integrated_survival(x))
    }

    /// One draw.
    pub fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        of_family!(self, law => law.sample(rng))
    }

    /// One draw of the remaining time as found by an observer at a random moment in steady
    /// state: density P(S > u)/E\[S\]. Drawn exactly, as a uniform share of a length-biased draw.
    /// Zero for the deterministic zero.
    pub fn sample_stationary_excess<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        of_family!(self, law => law.sample_stationary_excess(rng))
    }
}

impl From<Family> for Distribution {
    fn from(family: Family) -> Self {
        Self { family }
    }
}

impl From<Distribution> for Parameters {
    fn from(distribution: Distribution) -> Self {
        match distribution.family {
            Family::Deterministic(law) => Self::Deterministic { value: law.value },
            Family::Exponential(law) => Self::Exponential { mean: law.mean },
            Family::Lognormal(law) => Self::Lognormal {
                median: law.median,
                log_deviation: law.log_deviation,
            },
            Family::Gamma(law) => Self::Gamma {
                mean: law.mean,
                shape: law.shape,
            },
            Family::Weibull(law) => Self::Weibull {
                mean: law.mean,
                shape: law.shape,
            },
            Family::Pareto(law) => Self::Pareto {
                mean: law.mean,
                shape: law.shape,
            },
            Family::Hyperexponential(law) => Self::Hyperexponential {
                mean: law.mean,
                cv: law.cv,
            },
            Family::Uniform(law) => Self::Uniform {
                low: law.low,
                high: law.high,
            },
            Family::Empirical(law) => Self::Empirical {
                samples: law.samples().to_vec(),
            },
        }
    }
}

impl TryFrom<Parameters> for Distribution {
    type Error = DistributionError;

    fn try_from(parameters: Parameters) -> Result<Self, DistributionError> {
        match parameters {
            Parameters::Deterministic { value } => Self::deterministic(value),
            Parameters::Exponential { mean } => Self::exponential(mean),
            Parameters::Lognormal {
                median,
                log_deviation,
            } => Self::lognormal_about(median, log_deviation),
            Parameters::Gamma { mean, shape } => {
                Gamma::new(mean, shape).map(Family::Gamma).map(Self::from)
            }
            Parameters::Weibull { mean, shape } => Self::weibull(mean, shape),
            Parameters::Pareto { mean, shape } => Self::pareto(mean, shape),
            Parameters::Hyperexponential { mean, cv } => Self::hyperexponential(mean, cv),
            Parameters::Uniform { low, high } => Self::uniform(low, high),
            Parameters::Empirical { samples } => Self::empirical(samples),
        }
    }
}

fn refused(
    kind: &'static str,
    parameter: &'static str,
    expected: &'static str,
    value: f64,
) -> DistributionError {
    DistributionError::Parameter {
        kind,
        parameter,
        expected,
        value,
    }
}

fn positive(
    kind: &'static str,
    parameter: &'static str,
    value: f64,
) -> Result<f64, DistributionError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(refused(kind, parameter, "finite and above zero", value))
    }
}

fn non_negative(
    kind: &'static str,
    parameter: &'static str,
    value: f64,
) -> Result<f64, DistributionError> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(refused(kind, parameter, "finite and at least zero", value))
    }
}
