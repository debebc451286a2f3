//! A number that is not known exactly.

use statrs::distribution::{ContinuousCDF, Normal};

/// What is known of a fixed number, in its base unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Uncertain {
    /// Known exactly, or taken as such.
    Exact(f64),
    /// Anywhere between two bounds with the same probability.
    Uniform {
        /// Lower bound.
        low: f64,
        /// Upper bound, at least the lower.
        high: f64,
    },
    /// Between two bounds, most likely at the mode.
    Triangular {
        /// Lower bound.
        low: f64,
        /// Most likely value.
        mode: f64,
        /// Upper bound.
        high: f64,
    },
    /// Lognormal, given by its median and 95% quantile.
    Lognormal {
        /// Median.
        p50: f64,
        /// 95% quantile, at least the median.
        p95: f64,
    },
}

/// The standard normal quantile at 95%.
const NORMAL_P95: f64 = 1.644_853_626_951_472_7;

impl Uncertain {
    /// Whether a Monte Carlo has anything to draw.
    pub fn is_uncertain(&self) -> bool {
        match *self {
            Self::Exact(_) => false,
            Self::Uniform { low, high } | Self::Triangular { low, high, .. } => low < high,
            Self::Lognormal { p50, p95 } => p50 < p95,
        }
    }

    /// The central value: the median. The modes of skewed beliefs taken together would lie far from
    /// the middle of the answers they lead to.
    pub fn central(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The value its author wrote down as the most likely: the mode of a triangular belief, the
    /// median of any other.
    pub fn stated(&self) -> f64 {
        match *self {
            Self::Triangular { mode, .. } => mode,
            _ => self.quantile(0.5),
        }
    }

    /// The value below which the number lies with probability `p`, 0 to 1.
    pub fn quantile(&self, p: f64) -> f64 {
        let p = p.clamp(0.0, 1.0);
        match *self {
            Self::Exact(value) => value,
            Self::Uniform { low, high } => low + p * (high - low),
            Self::Triangular { low, mode, high } => triangular_quantile(low, mode, high, p),
            Self::Lognormal { p50, p95 } => {
                if p95 <= p50 {
                    return p50;
                }
                let sigma = (p95 / p50).ln() / NORMAL_P95;
                // The open interval keeps a draw of exactly 0 or 1 finite.
                let z = Normal::standard().inverse_cdf(p.clamp(1e-12, 1.0 - 1e-12));
                p50 * (sigma * z).exp()
            }
        }
    }

    /// Every figure of the belief, for checks that apply to each.
    pub fn figures(&self) -> Vec<f64> {
        match *self {
            Self::Exact(value) => vec![value],
            Self::Uniform { low, high } => vec![low, high],
            Self::Triangular { low, mode, high } => vec![low, mode, high],
            Self::Lognormal { p50, p95 } => vec![p50, p95],
        }
    }
}

fn triangular_quantile(low: f64, mode: f64, high: f64, p: f64) -> f64 {
    let width = high - low;
    if width <= 0.0 {
        return mode;
    }
    let left = (mode - low) / width;
    if p <= left {
        low + (p * width * (mode - low)).sqrt()
    } else {
        high - ((1.0 - p) * width * (high - mode)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_meet_the_figures_given() {
        let belief = Uncertain::Lognormal { p50: 2.0, p95: 6.0 };
        assert!((belief.quantile(0.5) - 2.0).abs() < 1e-9);
        assert!((belief.quantile(0.95) - 6.0).abs() < 1e-9);
        let belief = Uncertain::Triangular {
            low: 1.0,
            mode: 2.0,
            high: 5.0,
        };
        assert_eq!(belief.quantile(0.0).to_bits(), 1.0_f64.to_bits());
        assert_eq!(belief.quantile(1.0).to_bits(), 5.0_f64.to_bits());
        assert!((belief.quantile(0.25) - 2.0).abs() < 1e-12);
        assert!((belief.stated() - 2.0).abs() < 1e-12);
        assert!((belief.central() - belief.quantile(0.5)).abs() < 1e-12);
    }
}
