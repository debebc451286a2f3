//! Special functions with the relative accuracy that tails and sums of tails need.
//!
//! The Poisson probability is computed through the saddle point (Loader 2000, *Fast and accurate
//! computation of binomial probabilities*), so it keeps its digits at means of 10⁹. The Poisson
//! tails, and with them the incomplete gamma functions and Erlang B, are the probability times a
//! well-conditioned ratio: a series, a continued fraction, or for large arguments an integral
//! over a smooth decreasing function. The complementary error function is libm's: the one of
//! statrs 0.19 is good to ten digits only.

use std::f64::consts::{PI, SQRT_2};

use libm::erfc;
use statrs::function::erf::erfc_inv;
use statrs::function::gamma::ln_gamma;

/// Above this shape the tail ratios are integrated instead of summed.
const LARGE_SHAPE: f64 = 1_000.0;

/// Terms below this share of the running sum no longer change it.
const NEGLIGIBLE: f64 = 1e-17;

/// Nodes and weights of the 16-point Gauss–Legendre rule on [−1, 1], positive half.
const GAUSS_LEGENDRE_16: [(f64, f64); 8] = [
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_1),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_9),
    (0.865_631_202_387_831_7, 0.095_158_511_682_492_8),
    (0.755_404_408_355_003, 0.124_628_971_255_533_9),
    (0.617_876_244_402_643_7, 0.149_595_988_816_576_7),
    (0.458_016_777_657_227_4, 0.169_156_519_395_002_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_6),
    (0.095_012_509_837_637_4, 0.189_450_610_455_068_5),
];

/// Standard normal distribution function Φ(z).
pub(crate) fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z / SQRT_2)
}

/// Standard normal density φ(z).
pub(crate) fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * PI).sqrt()
}

/// Inverse of [`normal_cdf`] for `p` in [0, 1].
pub(crate) fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    let start = -SQRT_2 * erfc_inv(2.0 * p);
    let density = normal_density(start);
    if density == 0.0 {
        return start;
    }
    // One Halley step polishes the rational approximation to full precision.
    let step = (normal_cdf(start) - p) / density;
    start - step / (1.0 + 0.5 * start * step)
}

/// ln(1 + u) − u without cancellation near zero.
pub(crate) fn ln_1p_minus(u: f64) -> f64 {
    if u.abs() > 0.3 {
        return u.ln_1p() - u;
    }
    let ratio = u / (2.0 + u);
    let square = ratio * ratio;
    let mut sum = 0.0;
    for odd in (3..=25).rev().step_by(2) {
        sum = sum * square + 1.0 / f64::from(odd);
    }
    ratio * (2.0 * square * sum - u)
}

/// exp(−z) − 1 + z without cancellation near zero, for z ≥ 0.
pub(crate) fn exp_minus_one_plus(z: f64) -> f64 {
    if z > 0.5 {
        return (-z).exp_m1() + z;
    }
    let mut term = 0.5 * z * z;
    let mut sum = term;
    let mut index = 3.0;
    while term.abs() > NEGLIGIBLE * sum {
        term *= -z / index;
        sum += term;
        index += 1.0;
    }
    sum
}

/// ln Γ(x + 1) minus Stirling's main term (x + ½) ln x − x + ½ ln 2π, for x > 0.
pub(crate) fn stirling_error(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 7] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1_260.0,
        -1.0 / 1_680.0,
        1.0 / 1_188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
    ];
    if x < 10.0 {
        return ln_gamma(x + 1.0) - (x + 0.5) * x.ln() + x - 0.5 * (2.0 * PI).ln();
    }
    let square = 1.0 / (x * x);
    COEFFICIENTS
        .iter()
        .rev()
        .fold(0.0, |sum, coefficient| sum * square + coefficient)
        / x
}

/// The deviance x ln(x/m) + m − x, for x ≥ 0 and m > 0.
pub(crate) fn deviance(x: f64, mean: f64) -> f64 {
    if x == 0.0 {
        return mean;
    }
    if (x - mean).abs() < 0.1 * (x + mean) {
        let ratio = (x - mean) / (x + mean);
        let mut sum = (x - mean) * ratio;
        let mut power = 2.0 * x * ratio;
        let square = ratio * ratio;
        let mut odd = 3.0;
        loop {
            power *= square;
            let next = sum + power / odd;
            if (next - sum).abs() <= NEGLIGIBLE * sum {
                return next;
            }
            sum = next;
            odd += 2.0;
        }
    }
    x * (x / mean).ln() + mean - x
}

/// ln of e^(−m) m^k / Γ(k + 1) for real k ≥ 0 and mean m ≥ 0.
pub(crate) fn poisson_ln_probability(k: f64, mean: f64) -> f64 {
    if mean == 0.0 {
        return if k == 0.0 { 0.0 } else { f64::NEG_INFINITY };
    }
    if k == 0.0 {
        return -mean;
    }
    -0.5 * (2.0 * PI * k).ln() - stirling_error(k) - deviance(k, mean)
}

/// The tails of a count N around k.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tails {
    /// ln P(N = k).
    pub(crate) ln_probability: f64,
    /// P(N ≤ k).
    pub(crate) at_most: f64,
    /// P(N > k).
    pub(crate) above: f64,
    /// ln of [`Tails::at_most`]: keeps digits where the probability underflows.
    pub(crate) ln_at_most: f64,
    /// ln of [`Tails::above`].
    pub(crate) ln_above: f64,
}

impl Tails {
    fn from_lower(ln_probability: f64, ln_at_most: f64) -> Self {
        let at_most = ln_at_most.exp();
        Self {
            ln_probability,
            at_most,
            above: 1.0 - at_most,
            ln_at_most,
            ln_above: (-at_most).ln_1p(),
        }
    }

    fn from_upper(ln_probability: f64, ln_above: f64) -> Self {
        let above = ln_above.exp();
        Self {
            ln_probability,
            at_most: 1.0 - above,
            above,
            ln_at_most: (-above).ln_1p(),
            ln_above,
        }
    }
}

/// Both tails of the Poisson distribution with mean m > 0 around a k ≥ 0, which may be real:
/// P(N ≤ k) = Q(k + 1, m). The smaller one has full relative precision.
pub(crate) fn poisson_tails(k: f64, mean: f64) -> Tails {
    let ln_probability = poisson_ln_probability(k, mean);
    if mean > k {
        let ratio = lower_ratio(k, mean);
        Tails::from_lower(ln_probability, (ln_probability + ratio.ln()).min(0.0))
    } else {
        let ratio = upper_ratio(k, mean);
        Tails::from_upper(ln_probability, (ln_probability + ratio.ln()).min(0.0))
    }
}

/// Both tails of the binomial distribution of n trials with success probability 0 < p < 1, around
/// an integer 0 ≤ k ≤ n; the smaller one has full relative precision. The work grows with the
/// standard deviation: some 10⁵ terms at n = 10⁸.
pub(crate) fn binomial_tails(k: f64, n: f64, p: f64) -> Tails {
    let q = 1.0 - p;
    let ln_probability = binomial_ln_probability(k, n, p);
    if k < n * p {
        // Σ over k, k − 1, …: each term is the one above it times i q / ((n − i + 1) p).
        let ratio = ratio_sum(|step| {
            let i = k - step;
            i * q / ((n - i + 1.0) * p)
        });
        Tails::from_lower(
            ln_probability,
            (ln_probability + (1.0 + ratio).ln()).min(0.0),
        )
    } else {
        let ratio = ratio_sum(|step| (n - k - step) * p / ((k + 1.0 + step) * q));
        Tails::from_upper(ln_probability, (ln_probability + ratio.ln()).min(0.0))
    }
}

/// ln of C(n, k) p^k q^(n − k) by Loader's saddle-point form.
pub(crate) fn binomial_ln_probability(k: f64, n: f64, p: f64) -> f64 {
    let q = 1.0 - p;
    if k == 0.0 {
        return n * (-p).ln_1p();
    }
    if k >= n {
        return n * p.ln();
    }
    stirling_error(n)
        - stirling_error(k)
        - stirling_error(n - k)
        - deviance(k, n * p)
        - deviance(n - k, n * q)
        - 0.5 * (2.0 * PI * k * ((n - k) / n)).ln()
}

/// r₀ + r₀r₁ + r₀r₁r₂ + … for factors that decrease, up to a factor of zero.
fn ratio_sum(factor: impl Fn(f64) -> f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 0.0;
    let mut step = 0.0;
    loop {
        term *= factor(step);
        sum += term;
        step += 1.0;
        if term <= NEGLIGIBLE * sum {
            return sum;
        }
    }
}

/// P(N ≤ k) / P(N = k) = ∫₀^∞ e^(−t) (1 + t/m)^k dt, for k ≤ m. Its inverse is Erlang B.
pub(crate) fn lower_ratio(k: f64, mean: f64) -> f64 {
    if k >= LARGE_SHAPE {
        return decreasing_integral(k, mean, 1.0);
    }
    if mean > k + 1.0 {
        return mean * upper_gamma_fraction(k + 1.0, mean);
    }
    // Between k and k + 1 the fraction starts at a small denominator; one step of the recursion
    // moves down to where it does not. k = 0 has a single term.
    if k < 1.0 {
        let ln_probability = poisson_ln_probability(k, mean);
        return (1.0 - ln_probability.exp() * upper_ratio(k, mean)) / ln_probability.exp();
    }
    1.0 + k / mean * lower_ratio(k - 1.0, mean)
}

/// P(N > k) / P(N = k) = ∫₀^m e^s (1 − s/m)^k ds, for k ≥ m (a series, so any k works).
pub(crate) fn upper_ratio(k: f64, mean: f64) -> f64 {
    if k >= LARGE_SHAPE && k >= mean {
        return decreasing_integral(k, mean, -1.0);
    }
    mean / (k + 1.0) * lower_gamma_series(k + 1.0, mean)
}

/// ∫ exp(k (ln(1 ± u) ∓ u) − |k − m| u) m du over u = t/m from 0, the common form of both ratios.
fn decreasing_integral(k: f64, mean: f64, sign: f64) -> f64 {
    // Beyond, and between the nodes, less than 10⁻¹⁵ of the integral is lost: more panels change
    // nothing but the last digits.
    const PANELS: u32 = 2;
    const DEPTH: f64 = 36.0;
    let slope = (mean - k).abs();
    let exponent = |u: f64| k * ln_1p_minus(sign * u) - slope * u;
    // Where the quadratic approximation has fallen by DEPTH; widened until the exponent has too.
    let mut end = 2.0 * DEPTH / (slope + (slope * slope + 2.0 * DEPTH * k).sqrt());
    if sign < 0.0 {
        end = end.min(1.0 - 1e-9);
    } else {
        while exponent(end) > -DEPTH {
            end *= 1.1;
        }
    }
    mean * gauss_legendre(0.0, end, PANELS, |u| exponent(u).exp())
}

/// ∫ f over [low, high] by the composite 16-point Gauss–Legendre rule.
pub(crate) fn gauss_legendre(low: f64, high: f64, panels: u32, f: impl Fn(f64) -> f64) -> f64 {
    let half = 0.5 * (high - low) / f64::from(panels);
    let mut sum = 0.0;
    for panel in 0..panels {
        let middle = low + half * f64::from(2 * panel + 1);
        for (node, weight) in GAUSS_LEGENDRE_16 {
            sum += weight * (f(middle - half * node) + f(middle + half * node));
        }
    }
    sum * half
}

/// Σ x^j / ((s + 1) … (s + j)): P(s, x) = x^s e^(−x) / Γ(s + 1) times this.
fn lower_gamma_series(s: f64, x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut denominator = s;
    loop {
        denominator += 1.0;
        term *= x / denominator;
        sum += term;
        if term < NEGLIGIBLE * sum {
            return sum;
        }
    }
}

/// The continued fraction of Q(s, x) Γ(s) e^x x^(−s), by Lentz's method as modified by Thompson
/// and Barnett; for x > s.
fn upper_gamma_fraction(s: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-290;
    let mut b = x + 1.0 - s;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for index in 1..100_000 {
        let i = f64::from(index);
        let a = -i * (i - s);
        b += 2.0;
        d = a * d + b;
        if d.abs() < TINY {
            d = TINY;
        }
        c = b + a / c;
        if c.abs() < TINY {
            c = TINY;
        }
        d = 1.0 / d;
        let factor = d * c;
        fraction *= factor;
        if (factor - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}

/// The regularised incomplete gamma functions (P(s, x), Q(s, x)) for s > 0 and x ≥ 0.
pub(crate) fn incomplete_gamma(s: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x == f64::INFINITY {
        return (1.0, 0.0);
    }
    if s >= LARGE_SHAPE + 1.0 {
        let tails = poisson_tails(s - 1.0, x);
        return (tails.above, tails.at_most);
    }
    let density = poisson_ln_probability(s, x).exp();
    if x < s + 1.0 {
        let p = (density * lower_gamma_series(s, x)).min(1.0);
        (p, 1.0 - p)
    } else {
        let q = (density * s * upper_gamma_fraction(s, x)).min(1.0);
        (1.0 - q, q)
    }
}

/// Solves `excess(x) = 0` for a function that increases over [low, high], to the last bits:
/// bisection that takes the secant step whenever it stays well inside the bracket.
pub(crate) fn increasing_root(mut low: f64, mut high: f64, excess: impl Fn(f64) -> f64) -> f64 {
    let mut at_low = excess(low);
    let mut at_high = excess(high);
    if at_low >= 0.0 {
        return low;
    }
    if at_high <= 0.0 {
        return high;
    }
    let mut low_moved_last = None;
    for step in 0..200 {
        let width = high - low;
        if width <= 4.0 * f64::EPSILON * low.abs().max(high.abs()) {
            break;
        }
        let secant = low - at_low * width / (at_high - at_low);
        let inside = secant > low && secant < high;
        let middle = if step % 3 == 2 || !inside {
            0.5 * (low + high)
        } else {
            secant
        };
        let value = excess(middle);
        if value == 0.0 {
            return middle;
        }
        if value < 0.0 {
            low = middle;
            at_low = value;
            // Illinois rule: an end that stays twice is halved, or the secant would stick to it.
            if low_moved_last == Some(true) {
                at_high *= 0.5;
            }
            low_moved_last = Some(true);
        } else {
            high = middle;
            at_high = value;
            if low_moved_last == Some(false) {
                at_low *= 0.5;
            }
            low_moved_last = Some(false);
        }
    }
    0.5 * (low + high)
}

/// Solves `excess(x) = 0` for a function that increases over (0, high] and is given with its slope, to
/// the last bits: Newton's method in ln x, from the upper end, and bisection where that leaves the
/// bracket. For an `excess` that is concave in ln x it takes a handful of steps.
pub(crate) fn increasing_root_by_newton(mut high: f64, excess: impl Fn(f64) -> (f64, f64)) -> f64 {
    const LAST_BITS: f64 = 4.0 * f64::EPSILON;
    let mut low = 0.0;
    let mut x = high;
    for step in 0..200 {
        let (value, slope) = excess(x);
        if value == 0.0 || (step == 0 && value < 0.0) {
            return x;
        }
        if value < 0.0 {
            low = x;
        } else {
            high = x;
        }
        let newton = x * (-value / (x * slope)).exp();
        if (newton - x).abs() <= LAST_BITS * x || high - low <= LAST_BITS * high {
            return newton.clamp(low, high);
        }
        x = if newton > low && newton < high {
            newton
        } else if low > 0.0 {
            (low * high).sqrt()
        } else {
            0.5 * high
        };
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_close(found: f64, expected: f64, relative: f64) {
        assert!(
            (found - expected).abs() <= relative * expected.abs(),
            "{found} is not {expected}"
        );
    }

    /// Values computed with 60 digits.
    #[test]
    fn normal_tails_keep_relative_precision() {
        for (z, expected) in [
            (-37.0, 5.725_571_222_524_577e-300),
            (-10.0, 7.619_853_024_160_526e-24),
            (-3.0, 0.001_349_898_031_630_094_5),
            (-1.0, 0.158_655_253_931_457_05),
            (-0.1, 0.460_172_162_722_971),
            (0.5, 0.691_462_461_274_013_1),
            (2.0, 0.977_249_868_051_820_8),
        ] {
            assert_close(normal_cdf(z), expected, 2e-13);
            assert_close(normal_quantile(expected), z, 1e-13);
        }
    }

    /// Values computed with 60 digits; the smaller of the two is the hard one.
    #[test]
    fn incomplete_gamma_matches_high_precision_values() {
        for (s, x, p, q) in [
            (
                0.01,
                0.001,
                0.938_570_652_526_129,
                0.061_429_347_473_871_015,
            ),
            (0.25, 0.5, 0.846_486_404_191_677_5, 0.153_513_595_808_322_46),
            (
                0.5,
                20.0,
                0.999_999_999_746_037_1,
                2.539_628_589_470_865e-10,
            ),
            (1.0, 1.0, 0.632_120_558_828_557_7, 0.367_879_441_171_442_3),
            (2.5, 0.01, 2.987_601_531_906_594e-6, 0.999_997_012_398_468),
            (10.0, 10.0, 0.542_070_285_528_147_8, 0.457_929_714_471_852_2),
            (
                10.0,
                40.0,
                0.999_999_996_074_067_8,
                3.925_932_226_286_188e-9,
            ),
            (
                100.0,
                60.0,
                1.481_527_632_646_046_8e-6,
                0.999_998_518_472_367_3,
            ),
            (
                500.0,
                520.0,
                0.815_308_850_901_256_4,
                0.184_691_149_098_743_6,
            ),
            (
                999.5,
                1000.0,
                0.510_513_338_415_606_8,
                0.489_486_661_584_393_15,
            ),
            (
                1500.0,
                1400.0,
                0.004_231_080_348_517_12,
                0.995_768_919_651_483,
            ),
            (
                1500.0,
                1700.0,
                0.999_999_646_316_570_3,
                3.536_834_297_051_677e-7,
            ),
            (1e5, 1e5, 0.500_420_522_110_365_2, 0.499_579_477_889_634_8),
            (
                1e5,
                1.02e5,
                0.999_999_999_834_939_4,
                1.650_606_135_936_283_4e-10,
            ),
            (
                1e5,
                0.98e5,
                9.690_835_158_160_486e-11,
                0.999_999_999_903_091_7,
            ),
        ] {
            let (below, above) = incomplete_gamma(s, x);
            assert_close(below, p, 3e-13);
            assert_close(above, q, 3e-13);
        }
    }

    #[test]
    fn differences_near_zero_do_not_cancel() {
        for u in [1e-12_f64, 1e-6, -1e-6, 0.001, -0.001] {
            let series = -u * u / 2.0 + u.powi(3) / 3.0 - u.powi(4) / 4.0 + u.powi(5) / 5.0
                - u.powi(6) / 6.0
                + u.powi(7) / 7.0;
            assert_close(ln_1p_minus(u), series, 1e-14);
        }
        assert_close(
            ln_1p_minus(0.299_999),
            0.299_999_f64.ln_1p() - 0.299_999,
            1e-14,
        );
        assert_close(
            ln_1p_minus(-0.299_999),
            (-0.299_999_f64).ln_1p() + 0.299_999,
            1e-14,
        );
        assert_close(exp_minus_one_plus(1e-9), 5e-19, 1e-9);
        assert_close(
            exp_minus_one_plus(0.499_99),
            (-0.499_99_f64).exp_m1() + 0.499_99,
            1e-14,
        );
    }
}
