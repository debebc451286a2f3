//! How long a session lasts: the sum of think and burst over a random number of turns.
//!
//! The tail of that sum drives how far the load lags behind the arrivals. It is computed on a
//! grid: the turn is put on a lattice so that its mean is exact (the second differences of the
//! integrated tail; Gerber 1982), transformed, raised through the turn count's generating
//! function, and transformed back. Three things make it accurate at a few thousand points:
//!
//! - damping by r^k keeps mass beyond the grid from folding back into it (Grübel and Hermesmeier
//!   1999);
//! - the variance that the lattice adds to every turn is known exactly and taken out again by a
//!   factor in the transform, so mean and variance of the session are exact however many turns
//!   it has;
//! - what lies beyond the grid is a Lomax or exponential tail with the mass, the mean and, where
//!   finite, the second moment that are left.

use rand::Rng;
use rustfft::num_complex::Complex;

use super::offered_load::{Survival, transform};
use crate::distribution::{Distribution, TurnCount};

/// Lattice points of the transform; three quarters of them are used.
const POINTS: usize = 8_192;

/// The same where one of many draws is worked out.
const COARSE_POINTS: usize = 2_048;

/// The grid's last point.
const fn last_of(points: usize) -> usize {
    points / 4 * 3
}

/// Damping over the whole transform: folded-back mass is multiplied by this.
const DAMPING: f64 = 1e-8;

/// The distribution of a session's duration, S = Σ over N turns of (think + burst), all
/// independent, in the unit of its parts.
///
/// Building one takes one to two milliseconds. Mean and variance are exact (Wald). The grid reaches
/// twelve standard deviations beyond the mean; on it the integrals of the tail are within about
/// 10⁻⁶ of the mean where the tail is smooth, and within a sixth of
/// [`SessionLength::resolution`], times the jump, where it jumps. Beyond the grid they are within
/// 10⁻⁴ of the mean when parts are as heavy-tailed as a lognormal. The jump of a session of
/// thousands of turns that is almost constant is blurred over some thirty steps.
/// [`SessionLength::survival`] is read off linearly between grid points.
#[derive(Clone, Debug)]
pub struct SessionLength {
    turns: TurnCount,
    think: Distribution,
    burst: Distribution,
    mean: f64,
    variance: f64,
    tail: Tail,
}

#[derive(Clone, Debug)]
enum Tail {
    /// One turn with only one random part, or geometric turns of exponential length.
    Known(Distribution),
    Grid(Grid),
}

impl SessionLength {
    /// A session of `turns` turns, each a `think` and then a `burst`. Any parts are allowed; a
    /// session without either takes no time.
    pub fn new(turns: TurnCount, think: Distribution, burst: Distribution) -> Self {
        let known = known_distribution(&turns, &think, &burst);
        Self::with_tail(turns, think, burst, known, POINTS)
    }

    /// As [`Self::new`] in a quarter of the time: on a grid of a quarter of the points, with some
    /// sixteen times the error. For one of many draws of uncertain inputs, beside whose spread that
    /// is nothing.
    pub fn coarse(turns: TurnCount, think: Distribution, burst: Distribution) -> Self {
        let known = known_distribution(&turns, &think, &burst);
        Self::with_tail(turns, think, burst, known, COARSE_POINTS)
    }

    fn with_tail(
        turns: TurnCount,
        think: Distribution,
        burst: Distribution,
        known: Option<Distribution>,
        points: usize,
    ) -> Self {
        let turn_mean = think.mean() + burst.mean();
        let mean = turns.mean() * turn_mean;
        let variance = turns.mean() * (think.variance() + burst.variance())
            + turns.variance() * turn_mean * turn_mean;
        let tail = match known {
            Some(distribution) => Tail::Known(distribution),
            None => Tail::Grid(Grid::new(&turns, &think, &burst, (mean, variance), points)),
        };
        Self {
            turns,
            think,
            burst,
            mean,
            variance,
            tail,
        }
    }

    /// E\[S\] = E\[N\] (E\[think\] + E\[burst\]).
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Var\[S\] = E\[N\] Var\[turn\] + Var\[N\] E\[turn\]²; infinite when a part's is.
    pub fn variance(&self) -> f64 {
        self.variance
    }

    /// The step of the grid, (mean + 12 standard deviations)/6144 or a little more, up to 4% of the
    /// mean; zero where no grid is needed.
    pub fn resolution(&self) -> f64 {
        match &self.tail {
            Tail::Known(_) => 0.0,
            Tail::Grid(grid) => grid.step,
        }
    }

    /// P(S > x).
    pub fn survival(&self, x: f64) -> f64 {
        match &self.tail {
            Tail::Known(distribution) => distribution.survival(x),
            Tail::Grid(grid) => grid.survival(x),
        }
    }

    /// ∫₀^x P(S > u) du = E\[min(S, x)\], rising to the mean.
    pub fn integrated_survival(&self, x: f64) -> f64 {
        match &self.tail {
            Tail::Known(distribution) => distribution.integrated_survival(x),
            Tail::Grid(grid) => grid.integrated_survival(x),
        }
    }

    /// ∫₀^x ∫₀^y P(S > u) du dy.
    pub fn doubly_integrated_survival(&self, x: f64) -> f64 {
        match &self.tail {
            Tail::Known(distribution) => distribution.doubly_integrated_survival(x),
            Tail::Grid(grid) => grid.doubly_integrated_survival(x),
        }
    }

    /// One draw of a whole session.
    pub fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let turns = self.turns.sample(rng);
        (0..turns)
            .map(|_| self.think.sample(rng) + self.burst.sample(rng))
            .sum()
    }
}

impl Survival for SessionLength {
    fn mean(&self) -> f64 {
        self.mean
    }

    fn integrated_survival(&self, x: f64) -> f64 {
        Self::integrated_survival(self, x)
    }

    fn doubly_integrated_survival(&self, x: f64) -> f64 {
        Self::doubly_integrated_survival(self, x)
    }
}

/// The cases that need no grid.
fn known_distribution(
    turns: &TurnCount,
    think: &Distribution,
    burst: &Distribution,
) -> Option<Distribution> {
    let part = match (think.as_constant(), burst.as_constant()) {
        (Some(think), Some(burst)) => Distribution::deterministic(think + burst).ok()?,
        (Some(0.0), None) => burst.clone(),
        (None, Some(0.0)) => think.clone(),
        _ => return None,
    };
    if let Some(count) = turns.as_constant()
        && (count == 1 || part.as_constant().is_some())
    {
        return part.scaled(f64::from(count)).ok();
    }
    if part.mean() == 0.0 {
        return Some(part);
    }
    if turns.is_geometric() && part.is_exponential() {
        return Distribution::exponential(turns.mean() * part.mean()).ok();
    }
    None
}

/// The tail on a uniform grid and its continuation.
#[derive(Clone, Debug)]
struct Grid {
    step: f64,
    nodes: Vec<Node>,
    beyond: Beyond,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    /// P(S > x) averaged over half a step to either side.
    survival: f64,
    integrated: f64,
    doubly_integrated: f64,
}

impl Grid {
    fn new(
        turns: &TurnCount,
        think: &Distribution,
        burst: &Distribution,
        (mean, variance): (f64, f64),
        points: usize,
    ) -> Self {
        let deviation = typical_deviation(turns, think, burst, mean, variance);
        let step = horizon(think.mean() + burst.mean(), mean, deviation) / last_of(points) as f64;
        let lattice = session_lattice(turns, think, burst, step, deviation / step, points);
        let nodes = integrate(&lattice, step);
        let tail_index = [think, burst]
            .iter()
            .filter_map(|part| part.tail_index())
            .fold(f64::INFINITY, f64::min);
        let end = nodes[last_of(points)];
        let edge = step * last_of(points) as f64;
        let second_moment_left =
            0.5 * (variance + mean * mean) - (mean * edge - end.doubly_integrated);
        let beyond = Beyond::new(
            end.survival,
            mean - end.integrated,
            second_moment_left,
            tail_index,
        );
        Self {
            step,
            nodes,
            beyond,
        }
    }

    fn edge(&self) -> f64 {
        self.step * self.last() as f64
    }

    /// The index of the last node.
    fn last(&self) -> usize {
        self.nodes.len() - 1
    }

    /// The cell that holds x, and how far x lies above its lower node.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 ≤ x < edge
    fn locate(&self, x: f64) -> (Node, Node, f64) {
        let index = ((x / self.step) as usize).min(self.last() - 1);
        (
            self.nodes[index],
            self.nodes[index + 1],
            x - self.step * index as f64,
        )
    }

    fn survival(&self, x: f64) -> f64 {
        if x < 0.0 {
            return 1.0;
        }
        if x >= self.edge() {
            return self.beyond.survival(x - self.edge());
        }
        let (low, high, above) = self.locate(x);
        low.survival + (high.survival - low.survival) * above / self.step
    }

    fn integrated_survival(&self, x: f64) -> f64 {
        if x <= 0.0 {
            return 0.0;
        }
        if x >= self.edge() {
            return self.nodes[self.last()].integrated + self.beyond.integrated(x - self.edge());
        }
        let (low, high, above) = self.locate(x);
        // Derivative of the cubic below.
        let t = above / self.step;
        let slope = (high.doubly_integrated - low.doubly_integrated) / self.step;
        let bend = 3.0 * slope - 2.0 * low.integrated - high.integrated;
        let twist = low.integrated + high.integrated - 2.0 * slope;
        low.integrated + t * (2.0 * bend + 3.0 * t * twist)
    }

    fn doubly_integrated_survival(&self, x: f64) -> f64 {
        if x <= 0.0 {
            return 0.0;
        }
        let last = self.nodes[self.last()];
        if x >= self.edge() {
            let above = x - self.edge();
            return last.doubly_integrated
                + above * last.integrated
                + self.beyond.doubly_integrated(above);
        }
        // The cubic with the nodes' values and slopes.
        let (low, high, above) = self.locate(x);
        let t = above / self.step;
        let slope = (high.doubly_integrated - low.doubly_integrated) / self.step;
        let bend = 3.0 * slope - 2.0 * low.integrated - high.integrated;
        let twist = low.integrated + high.integrated - 2.0 * slope;
        low.doubly_integrated + above * (low.integrated + t * (bend + t * twist))
    }
}

/// The standard deviation, or where it is infinite that of parts cut at fifty mean sessions.
fn typical_deviation(
    turns: &TurnCount,
    think: &Distribution,
    burst: &Distribution,
    mean: f64,
    variance: f64,
) -> f64 {
    if variance.is_finite() {
        return variance.sqrt();
    }
    let limit = 50.0 * mean;
    let cut_variance = |part: &Distribution| {
        let kept = part.integrated_survival(limit);
        // E[min(S, x)²] = 2 ∫ u P(S > u) du, by parts.
        let second = 2.0 * (limit * kept - part.doubly_integrated_survival(limit));
        (second - kept * kept).max(0.0)
    };
    let turn_mean = think.mean() + burst.mean();
    let of_turns = turns.mean() * (cut_variance(think) + cut_variance(burst));
    (of_turns + turns.variance() * turn_mean * turn_mean).sqrt()
}

/// Where the grid ends: far enough out that little is left, near enough that steps stay small.
fn horizon(turn_mean: f64, mean: f64, deviation: f64) -> f64 {
    // At least a few turns, or a session of constant parts would leave no room above its mean.
    (mean + 12.0 * deviation.min(20.0 * mean)).max(1.05 * mean + 4.0 * turn_mean)
}

/// The session's length on the lattice.
struct Lattice {
    /// Masses at 0, step, …, at the last node. They may be slightly negative: they stand for a smooth
    /// distribution with exact first two moments.
    masses: Vec<f64>,
    /// P(S > 0) as far as the lattice can tell: one unless much of the distribution lies within
    /// the first step.
    start: f64,
}

fn session_lattice(
    turns: &TurnCount,
    think: &Distribution,
    burst: &Distribution,
    step: f64,
    deviation_steps: f64,
    points: usize,
) -> Lattice {
    let mut packed = vec![Complex::new(0.0, 0.0); points];
    let think_excess = lattice(think, step, points, |index, mass| packed[index].re = mass);
    let burst_excess = lattice(burst, step, points, |index, mass| packed[index].im = mass);
    let no_time = Complex::new(packed[0].re * packed[0].im, 0.0);
    let start = (1.0 - turns.generating_function(no_time).re).clamp(0.0, 1.0);
    let damping = DAMPING.powf(1.0 / points as f64);
    let mut power = 1.0;
    for mass in &mut packed {
        *mass *= power;
        power *= damping;
    }
    transform(&mut packed, false);

    let one = Complex::new(1.0, 0.0);
    let excess = removable(think_excess + burst_excess, turns.mean(), deviation_steps);
    let mut session = vec![one; points];
    for index in 0..=points / 2 {
        let mirror = (points - index) % points;
        let (sum, conjugate) = (packed[index], packed[mirror].conj());
        let think_transform = (sum + conjugate) * 0.5;
        let burst_transform = (sum - conjugate) * Complex::new(0.0, -0.5);
        let angle = -std::f64::consts::TAU * index as f64 / points as f64;
        let z = Complex::from_polar(damping, angle);
        // exp(c (z − 1)²) changes a lattice variance by 2c and leaves the mean.
        let square = (z - one) * (z - one);
        let turn = think_transform * burst_transform * (square * (-0.5 * excess)).exp();
        // All masses but one at zero are read as hat-shaped densities, which have a variance of
        // 1/6 themselves: put that one back.
        let value = turns.generating_function(turn) * (square * (start / 12.0)).exp();
        session[index] = value;
        session[mirror] = value.conj();
    }
    transform(&mut session, true);

    let mut scale = 1.0 / points as f64;
    let masses = session[..=last_of(points)]
        .iter()
        .map(|value| {
            let mass = value.re * scale;
            scale /= damping;
            mass
        })
        .collect();
    Lattice { masses, start }
}

/// Puts a distribution on the lattice with its mean intact: every value is split between its two
/// neighbours. Hands out the masses, and returns the variance this adds, in steps squared.
fn lattice(part: &Distribution, step: f64, points: usize, mut put: impl FnMut(usize, f64)) -> f64 {
    let mean = part.mean();
    // E[(S − x)⁺] at the lattice points.
    let mut before = mean;
    let mut here = mean - part.integrated_survival(step);
    put(0, 1.0 - (before - here) / step);
    let mut trapezoid = 0.5 * before + here;
    let mut index = 1;
    // `before` decides, so that the last value above nothing gets its mass, too.
    while index < points && before > 1e-15 * mean {
        let after = (mean - part.integrated_survival(step * (index + 1) as f64)).max(0.0);
        put(index, ((before - here) - (here - after)) / step);
        trapezoid += after;
        before = here;
        here = after;
        index += 1;
    }
    trapezoid -= 0.5 * here;
    let edge = step * index as f64;
    let integral = mean * edge - part.doubly_integrated_survival(edge);
    // The second moment is twice the integral of E[(S − x)⁺]; the lattice has its trapezoid sum.
    (2.0 * (trapezoid / step - integral / (step * step))).max(0.0)
}

/// How much of the variance that the lattice adds to a turn to take out: all of it, unless the
/// session is so narrow that its third cumulant, about the added variance, would be left without
/// a variance to smooth it and make the masses oscillate.
fn removable(excess: f64, turns: f64, deviation_steps: f64) -> f64 {
    let added = excess * turns;
    let smoothing = 4.0 * added.cbrt().powi(2);
    let kept = (smoothing - deviation_steps * deviation_steps).clamp(0.0, added);
    (added - kept) / turns
}

fn integrate(lattice: &Lattice, step: f64) -> Vec<Node> {
    let mut nodes = Vec::with_capacity(lattice.masses.len());
    let mut above = 1.0;
    let mut node = Node {
        survival: 1.0,
        integrated: 0.0,
        doubly_integrated: 0.0,
    };
    for (index, mass) in lattice.masses.iter().enumerate() {
        let beyond = above - mass;
        node.survival = if index == 0 {
            beyond
        } else {
            0.5 * (above + beyond)
        };
        if let Some(previous) = nodes.last() {
            let previous: &Node = previous;
            node.integrated = previous.integrated + step * above;
            // Euler–Maclaurin: the trapezoid with its first correction.
            let start = if index == 1 {
                lattice.start
            } else {
                previous.survival
            };
            node.doubly_integrated = previous.doubly_integrated
                + 0.5 * step * (previous.integrated + node.integrated)
                + step * step / 12.0 * (start - node.survival);
        }
        above = beyond;
        nodes.push(node);
    }
    nodes
}

/// P(S > edge + y) = level (1 + y/scale)^(−index), exponential when the index is infinite.
#[derive(Clone, Copy, Debug)]
struct Beyond {
    level: f64,
    scale: f64,
    index: f64,
    left: f64,
}

impl Beyond {
    /// From what is left beyond the grid: probability, ∫ P(S > u) du, and ∫ (u − edge) P(S > u) du
    /// (infinite without a second moment, when the tail index decides).
    fn new(level: f64, left: f64, second_left: f64, tail_index: f64) -> Self {
        /// Differences from one below this are rounding.
        const NOISE: f64 = 1e-9;
        if left <= 0.0 {
            return Self {
                level: 0.0,
                scale: 1.0,
                index: f64::INFINITY,
                left: 0.0,
            };
        }
        let level = level.max(1e-300);
        // Matching Σ: left = level scale/(index − 1), second = left scale/(index − 2).
        let spread = second_left * level / (left * left);
        let index = if !second_left.is_finite() {
            tail_index.max(1.01)
        } else if level > NOISE && spread > 1.02 {
            (2.0 * spread - 1.0) / (spread - 1.0)
        } else {
            f64::INFINITY
        };
        let scale = if index.is_finite() {
            left * (index - 1.0) / level
        } else {
            left / level
        };
        Self {
            level,
            scale,
            index,
            left,
        }
    }

    fn survival(self, y: f64) -> f64 {
        let t = y / self.scale;
        if self.index.is_finite() {
            self.level * (-self.index * t.ln_1p()).exp()
        } else {
            self.level * (-t).exp()
        }
    }

    fn integrated(self, y: f64) -> f64 {
        let t = y / self.scale;
        if self.index.is_finite() {
            -self.left * (-(self.index - 1.0) * t.ln_1p()).exp_m1()
        } else {
            -self.left * (-t).exp_m1()
        }
    }

    fn doubly_integrated(self, y: f64) -> f64 {
        let t = y / self.scale;
        if !self.index.is_finite() {
            return self.left * self.scale * (t + (-t).exp_m1());
        }
        let b = self.index - 2.0;
        let log = t.ln_1p();
        let inner = if b.abs() < 1e-12 {
            log
        } else {
            -(-b * log).exp_m1() / b
        };
        self.left * self.scale * (t - inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_grid(turns: TurnCount, think: &Distribution, burst: &Distribution) -> SessionLength {
        SessionLength::with_tail(turns, think.clone(), burst.clone(), None, POINTS)
    }

    /// The largest error of both integrals against a known distribution, relative to their scale.
    fn worst_error(session: &SessionLength, truth: &Distribution) -> (f64, f64) {
        let mean = truth.mean();
        let mut worst = (0.0_f64, 0.0_f64);
        for step in 1..400 {
            let x = mean * 0.01 * f64::from(step) * 1.03_f64.powi(step / 4);
            let once = session.integrated_survival(x) - truth.integrated_survival(x);
            let twice = session.doubly_integrated_survival(x) - truth.doubly_integrated_survival(x);
            worst.0 = worst.0.max(once.abs() / mean);
            worst.1 = worst.1.max(twice.abs() / (mean * (x + mean)));
        }
        worst
    }

    #[test]
    fn one_turn_is_the_distribution_itself() {
        let zero = Distribution::deterministic(0.0).unwrap();
        for (truth, precision) in [
            (Distribution::exponential(3.0), 1e-6),
            (Distribution::lognormal(3.0, 0.5), 1e-6),
            (Distribution::lognormal(3.0, 2.0), 1e-4),
            (Distribution::gamma(3.0, 0.3), 1e-6),
            (Distribution::weibull(3.0, 0.7), 1e-5),
            (Distribution::hyperexponential(3.0, 3.0), 1e-4),
            (Distribution::uniform(2.0, 4.0), 1e-5),
            (Distribution::deterministic(3.0), 1e-4),
            (Distribution::pareto(3.0, 2.5), 1e-4),
            (Distribution::pareto(3.0, 1.5), 1e-3),
        ] {
            let truth = truth.unwrap();
            let one = TurnCount::fixed(1).unwrap();
            for session in [on_grid(one, &truth, &zero), on_grid(one, &zero, &truth)] {
                let (once, twice) = worst_error(&session, &truth);
                assert!(
                    once < precision && twice < precision,
                    "{truth:?}: {once:e} {twice:e}"
                );
            }
            let session = SessionLength::new(one, truth.clone(), zero.clone());
            assert!(matches!(session.tail, Tail::Known(_)));
        }
    }

    #[test]
    fn geometrically_many_exponential_turns_are_exponential() {
        let zero = Distribution::deterministic(0.0).unwrap();
        for turns in [1.0, 2.0, 30.0, 3_000.0] {
            let truth = Distribution::exponential(100.0).unwrap();
            let part = Distribution::exponential(100.0 / turns).unwrap();
            let session = on_grid(TurnCount::geometric(turns).unwrap(), &part, &zero);
            let (once, twice) = worst_error(&session, &truth);
            assert!(
                once < 5e-6 && twice < 1e-6,
                "{turns} turns: {once:e} {twice:e}"
            );
        }
    }

    #[test]
    fn fixed_turns_of_gamma_parts_are_gamma() {
        // Four turns, each an exponential think and an exponential burst: Erlang of 8 phases.
        let part = Distribution::exponential(2.0).unwrap();
        let truth = Distribution::gamma(16.0, 8.0_f64.sqrt().recip()).unwrap();
        let session = on_grid(TurnCount::fixed(4).unwrap(), &part, &part);
        let (once, twice) = worst_error(&session, &truth);
        assert!(once < 1e-6 && twice < 1e-6, "{once:e} {twice:e}");
    }

    #[test]
    fn a_coarse_grid_is_close() {
        let zero = Distribution::deterministic(0.0).unwrap();
        let one = TurnCount::fixed(1).unwrap();
        for (truth, precision) in [
            (Distribution::lognormal(3.0, 0.5), 1e-5),
            (Distribution::lognormal(3.0, 2.0), 1e-3),
            (Distribution::gamma(3.0, 0.3), 1e-5),
            (Distribution::hyperexponential(3.0, 3.0), 1e-4),
        ] {
            let truth = truth.unwrap();
            let session =
                SessionLength::with_tail(one, truth.clone(), zero.clone(), None, COARSE_POINTS);
            let (once, twice) = worst_error(&session, &truth);
            assert!(
                once < precision && twice < precision,
                "{truth:?}: {once:e} {twice:e}"
            );
            assert_eq!(session.mean().to_bits(), truth.mean().to_bits());
        }
    }

    #[test]
    fn parts_much_shorter_than_the_grid_keep_the_variance() {
        let short = Distribution::lognormal(0.01, 1.0).unwrap();
        let zero = Distribution::deterministic(0.0).unwrap();
        let session = on_grid(TurnCount::geometric(20_000.0).unwrap(), &short, &zero);
        let truth = Distribution::exponential(200.0).unwrap();
        let (once, twice) = worst_error(&session, &truth);
        assert!(once < 1e-4 && twice < 1e-4, "{once:e} {twice:e}");
        // What the tail implies for the second moment is Wald's.
        let far = 60.0 * session.mean();
        let second = 2.0 * (session.mean() * far - session.doubly_integrated_survival(far));
        let exact = session.variance() + session.mean() * session.mean();
        assert!((second / exact - 1.0).abs() < 1e-6, "{second} {exact}");
    }
}
