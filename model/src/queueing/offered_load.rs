//! Offered load when arrivals change over time: M_t/G/∞ (Eick, Massey and Whitt 1993, *The
//! physics of the M_t/G/∞ queue*).
//!
//! The number in service at t is Poisson with mean m(t) = ∫₀^∞ λ(t − u) P(S > u) du: the arrival
//! rate seen through the tail of the service time. The load peaks later than the arrivals and
//! less high, and by how much depends on the whole distribution, not only on its mean.

use std::cell::RefCell;

use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

use super::{QueueingError, non_negative, positive, refused};
use crate::distribution::Distribution;

/// The tail of a service time, as far as time-varying load needs it.
pub trait Survival {
    /// E\[S\].
    fn mean(&self) -> f64;

    /// ∫₀^x P(S > u) du for x ≥ 0, rising to the mean.
    fn integrated_survival(&self, x: f64) -> f64;

    /// ∫₀^x ∫₀^y P(S > u) du dy for x ≥ 0.
    fn doubly_integrated_survival(&self, x: f64) -> f64;
}

impl Survival for Distribution {
    fn mean(&self) -> f64 {
        Distribution::mean(self)
    }

    fn integrated_survival(&self, x: f64) -> f64 {
        Distribution::integrated_survival(self, x)
    }

    fn doubly_integrated_survival(&self, x: f64) -> f64 {
        Distribution::doubly_integrated_survival(self, x)
    }
}

/// Offered load for λ(t) = λ̄ + β sin γt and exponential service, in closed form:
/// m(t) = λ̄τ + βτ/(1 + γ²τ²) (sin γt − γτ cos γt).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SinusoidalLoad {
    mean: f64,
    amplitude: f64,
    angular_frequency: f64,
    lag: f64,
}

impl SinusoidalLoad {
    /// Mean rate λ̄ and amplitude β (0 ≤ β ≤ λ̄) per unit of time, angular frequency γ in radians
    /// per unit of time (above zero), mean service time τ (at least 0).
    ///
    /// # Errors
    /// When an argument is outside its range.
    pub fn new(
        mean_rate: f64,
        amplitude: f64,
        angular_frequency: f64,
        mean_service: f64,
    ) -> Result<Self, QueueingError> {
        non_negative("mean_rate", mean_rate)?;
        positive("angular_frequency", angular_frequency)?;
        non_negative("mean_service", mean_service)?;
        if !(0.0..=mean_rate).contains(&amplitude) {
            return Err(refused(
                "amplitude",
                "from zero to the mean rate",
                amplitude,
            ));
        }
        let turn = angular_frequency * mean_service;
        Ok(Self {
            mean: mean_rate * mean_service,
            amplitude: amplitude * mean_service / turn.hypot(1.0),
            angular_frequency,
            lag: turn.atan() / angular_frequency,
        })
    }

    /// m(t).
    pub fn at(&self, t: f64) -> f64 {
        self.mean + self.amplitude * (self.angular_frequency * (t - self.lag)).sin()
    }

    /// The highest load.
    pub fn peak(&self) -> f64 {
        self.mean + self.amplitude
    }

    /// How long after the arrival rate the load peaks: arctan(γτ)/γ.
    pub fn lag(&self) -> f64 {
        self.lag
    }
}

/// A periodic arrival rate: its values on a uniform grid, linear in between, and from the last
/// value back to the first.
#[derive(Clone, Debug, PartialEq)]
pub struct PeriodicRate {
    step: f64,
    values: Vec<f64>,
}

impl PeriodicRate {
    /// Rates per unit of time at 0, `step`, 2 `step`, …; the period is `step` times their number.
    ///
    /// # Errors
    /// When `step` is not above zero, or the rates are none, negative or not finite.
    pub fn new(step: f64, values: Vec<f64>) -> Result<Self, QueueingError> {
        positive("step", step)?;
        if values.is_empty() {
            return Err(refused("rates", "at least one value", 0.0));
        }
        for &value in &values {
            non_negative("rate", value)?;
        }
        Ok(Self { step, values })
    }

    /// The length of a period.
    pub fn period(&self) -> f64 {
        self.step * self.values.len() as f64
    }

    /// The time between two values.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// The rates on the grid.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The mean rate over a period.
    pub fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }

    /// The steady periodic load of these arrivals, each staying for a draw of `service`.
    ///
    /// Exact on the grid for this piecewise linear rate: every value is a hat-shaped pulse of
    /// arrivals, whose contribution is a second difference of the doubly integrated tail. Stays
    /// longer than 32 periods are spread by the tail's integral, correct to second order in
    /// 1/32, and in total exact.
    pub fn offered_load(&self, service: &impl Survival) -> OfferedLoad {
        let weights = folded_weights(service, self.step, self.values.len());
        let values = circular_convolution(&self.values, &weights);
        OfferedLoad::new(self, values)
    }
}

/// Weight k: what a rate of one, k steps earlier (modulo the period), contributes to the load.
struct FoldedWeights {
    weights: Vec<f64>,
    /// Weights from this index on are negligible.
    support: usize,
}

fn folded_weights(service: &impl Survival, step: f64, length: usize) -> FoldedWeights {
    const NEGLIGIBLE: f64 = 1e-13;
    const PERIODS: usize = 32;
    let mean = service.mean();
    let mut weights = vec![0.0; length];
    if mean == 0.0 {
        return FoldedWeights {
            weights,
            support: 1,
        };
    }
    let mut before = 0.0;
    let mut here = 0.0;
    let mut after = service.doubly_integrated_survival(step);
    let mut total = 0.0;
    let mut cell = 0;
    let mut remaining = mean;
    while cell < PERIODS * length && remaining > NEGLIGIBLE * mean {
        let weight = ((after - here) - (here - before)) / step;
        weights[cell % length] += weight;
        total += weight;
        cell += 1;
        let edge = step * cell as f64;
        before = here;
        here = after;
        after = service.doubly_integrated_survival(edge + step);
        // What lies beyond the middle of the last hat; asked only now and then, as it costs.
        if cell % 16 == 0 {
            remaining = mean - service.integrated_survival(edge);
        }
    }
    let support = cell.min(length);
    spread_rest(service, step, cell, mean - total, &mut weights, support);
    FoldedWeights { weights, support }
}

/// Adds the weights from `cell` on, which are `rest` in total, in the shape of the tail summed
/// over periods by the midpoint rule: proportional to ∫ P(S > u) du from half a period earlier.
fn spread_rest(
    service: &impl Survival,
    step: f64,
    cell: usize,
    rest: f64,
    weights: &mut [f64],
    support: usize,
) {
    let length = weights.len();
    if support < length {
        // The tail ended within the first period; `rest` is rounding.
        weights[support - 1] += rest;
        return;
    }
    let mean = service.mean();
    let half = 0.5 * step * length as f64;
    let shape: Vec<f64> = (cell..cell + length)
        .map(|index| {
            let from = (step * index as f64 - half).max(0.0);
            (mean - service.integrated_survival(from)).max(0.0)
        })
        .collect();
    let sum: f64 = shape.iter().sum();
    for (offset, share) in shape.iter().enumerate() {
        let share = if sum > 0.0 {
            share / sum
        } else {
            1.0 / length as f64
        };
        weights[(cell + offset) % length] += rest * share;
    }
}

fn circular_convolution(values: &[f64], folded: &FoldedWeights) -> Vec<f64> {
    const DIRECT_LIMIT: usize = 1 << 17;
    let length = values.len();
    let support = folded.support.min(length);
    if support * length > DIRECT_LIMIT {
        return fft_convolution(values, &folded.weights);
    }
    let weights = &folded.weights[..support];
    (0..length)
        .map(|index| {
            // values[index], values[index − 1], … wrapping round.
            let recent = values[..=index].iter().rev();
            let earlier = values[index + 1..].iter().rev();
            recent
                .chain(earlier)
                .zip(weights)
                .map(|(rate, weight)| rate * weight)
                .sum()
        })
        .collect()
}

thread_local! {
    /// Plans are expensive to make and cheap to keep.
    static PLANNER: RefCell<FftPlanner<f64>> = RefCell::new(FftPlanner::new());
}

/// Transforms in place; `inverse` leaves out the division by the length.
pub(super) fn transform(buffer: &mut [Complex<f64>], inverse: bool) {
    let plan = PLANNER.with_borrow_mut(|planner| {
        if inverse {
            planner.plan_fft_inverse(buffer.len())
        } else {
            planner.plan_fft_forward(buffer.len())
        }
    });
    plan.process(buffer);
}

/// Both real sequences ride in one complex transform: the product of their spectra is the
/// imaginary half of its square.
fn fft_convolution(left: &[f64], right: &[f64]) -> Vec<f64> {
    let length = left.len();
    // Equal scales keep the rounding of one from swamping the other.
    let scale = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    let (left_scale, right_scale) = (scale(left), scale(right));
    if left_scale <= 0.0 || right_scale <= 0.0 {
        return vec![0.0; length];
    }
    let mut packed: Vec<Complex<f64>> = left
        .iter()
        .zip(right)
        .map(|(l, r)| Complex::new(l / left_scale, r / right_scale))
        .collect();
    transform(&mut packed, false);
    let mut product: Vec<Complex<f64>> = packed.iter().map(|value| value * value).collect();
    transform(&mut product, true);
    let factor = left_scale * right_scale / (2.0 * length as f64);
    product
        .iter()
        .map(|value| (value.im * factor).max(0.0))
        .collect()
}

/// The mean number in service over a period.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferedLoad {
    step: f64,
    values: Vec<f64>,
    peak: f64,
    peak_time: f64,
    peak_lag: f64,
}

impl OfferedLoad {
    fn new(rate: &PeriodicRate, values: Vec<f64>) -> Self {
        let (peak, peak_position) = smooth_peak(&values);
        let highest_rate = first_highest(&rate.values);
        let length = values.len() as f64;
        let lag = (peak_position - highest_rate as f64).rem_euclid(length);
        Self {
            step: rate.step,
            values,
            peak,
            peak_time: peak_position.rem_euclid(length) * rate.step,
            peak_lag: lag * rate.step,
        }
    }

    /// The load in Erlangs at 0, step, 2 step, …
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The time between two values.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// The load at any time, linear between grid values, periodic.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // below the length
    pub fn at(&self, t: f64) -> f64 {
        let length = self.values.len();
        let position = (t / self.step).rem_euclid(length as f64);
        let index = (position as usize).min(length - 1);
        let next = self.values[(index + 1) % length];
        let share = position - index as f64;
        self.values[index] + share * (next - self.values[index])
    }

    /// The mean load over a period.
    pub fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }

    /// The highest load: the top of the parabola through the highest grid value and its two
    /// neighbours (the load is smooth even where the rate has corners).
    pub fn peak(&self) -> f64 {
        self.peak
    }

    /// When the load peaks, from 0 to the period; located as [`OfferedLoad::peak`].
    pub fn peak_time(&self) -> f64 {
        self.peak_time
    }

    /// How long after the highest grid value of the arrival rate (the first, if several are
    /// equal) the load peaks, from 0 to the period.
    pub fn peak_lag(&self) -> f64 {
        self.peak_lag
    }

    /// Peak over mean, at least one; one when the load is zero.
    pub fn peak_to_mean(&self) -> f64 {
        let mean = self.mean();
        if mean > 0.0 { self.peak / mean } else { 1.0 }
    }
}

fn first_highest(values: &[f64]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

/// Height and position, in grid steps, of the parabola through the highest value and its
/// neighbours.
fn smooth_peak(values: &[f64]) -> (f64, f64) {
    let length = values.len();
    let top = first_highest(values);
    let before = values[(top + length - 1) % length];
    let after = values[(top + 1) % length];
    let curvature = 2.0 * values[top] - before - after;
    if curvature <= 1e-12 * values[top] {
        return (values[top], top as f64);
    }
    let shift = 0.5 * (after - before) / curvature;
    (
        values[top] + 0.25 * (after - before) * shift,
        top as f64 + shift,
    )
}
