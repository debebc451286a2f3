//! Cells in which nothing is short: M/G/∞ and M_t/G/∞.

mod simulation_support;

use simulation_support::{Known, REPLICATIONS, Test, assert_known, places};
use std::error::Error;
use std::f64::consts::TAU;
use tonnage_model::distribution::{Distribution, TurnCount};
use tonnage_model::simulation::{CellOutcome, Demand, Lifecycle, Observation, PiecewiseLinear};

/// Replications of a study of a count at one moment, whose square is skewed.
const MOMENTS: u64 = 300;

/// The number live is Poisson whatever the holding time's distribution, from the first instant on:
/// its mean, its variance, and how often it is at most its mean.
#[test]
fn live_count_is_poisson_from_the_start() -> Test {
    let load = 30.0_f64;
    let at_most_mean = (1..=30)
        .scan((-load).exp(), |probability, n| {
            *probability *= load / f64::from(n);
            Some(*probability)
        })
        .sum::<f64>()
        + (-load).exp();
    let live = |outcome: &CellOutcome| outcome.sessions.at_end as f64;
    for (row, holding) in (200..).zip([
        Distribution::deterministic(5.0)?,
        Distribution::exponential(5.0)?,
        Distribution::lognormal(5.0, 3.0)?,
        Distribution::pareto(5.0, 2.1)?,
    ]) {
        let spec = places(1 << 40, holding, load / 5.0)?;
        for (moment, row) in [(0.001, row), (4.0, row + 10)] {
            let square = move |outcome: &CellOutcome| (live(outcome) - load).powi(2);
            let few = move |outcome: &CellOutcome| f64::from(u8::from(live(outcome) <= load));
            assert_known(
                &spec,
                &Observation::new(0.0, moment)?,
                MOMENTS,
                row,
                &[
                    Known::new("mean", live, load, 0.004 * load),
                    Known::new("variance", square, load, 0.03 * load),
                    Known::new("at most the mean", few, at_most_mean, 0.01),
                ],
            )?;
        }
    }
    Ok(())
}

/// Sessions of several turns, starts included: the steady state needs no warm-up, in either
/// lifecycle and for a finite source too.
#[test]
fn stationary_beginning_is_stationary() -> Test {
    let mut spec = places(1 << 40, Distribution::lognormal(8.0, 1.0)?, 3.0)?;
    spec.host.vcpus = 1000;
    spec.session.turns = TurnCount::geometric(4.0)?;
    spec.session.burst = Distribution::lognormal(2.0, 1.5)?;
    spec.sandbox.start_latency = Distribution::lognormal(3.0, 0.4)?;
    spec.sandbox.start_cpu = Distribution::deterministic(2.5)?;
    spec.sandbox.relative_cpu = 1.5;
    let finite = Demand::FiniteSource {
        agents: 300,
        open_rate: PiecewiseLinear::constant(0.02)?,
    };
    for (row, (lifecycle, demand)) in (220..).zip([
        (Lifecycle::PerSession, spec.demand.clone()),
        (Lifecycle::PerBurst, spec.demand.clone()),
        (Lifecycle::PerSession, finite.clone()),
        (Lifecycle::PerBurst, finite),
    ]) {
        spec.lifecycle = lifecycle;
        spec.demand = demand;
        let duration = spec.uncontended_session_mean();
        let live = match &spec.demand {
            Demand::FiniteSource { agents, .. } => {
                let offered = 0.02 * duration;
                *agents as f64 * offered / (1.0 + offered)
            }
            _ => 3.0 * duration,
        };
        let opening = live / duration;
        let busy = opening * spec.session_cpu_mean();
        let bins = 8;
        let known: Vec<Known> = [0, bins - 1]
            .into_iter()
            .flat_map(|bin| {
                [
                    Known::new(
                        format!("live in bin {bin}"),
                        move |outcome| outcome.series[bin].live_sessions(),
                        live,
                        0.005 * live,
                    ),
                    Known::new(
                        format!("busy in bin {bin}"),
                        move |outcome| outcome.series[bin].busy_cpus(),
                        busy,
                        0.015 * busy,
                    ),
                ]
            })
            .collect();
        let observation = Observation::new(0.0, 40.0)?.with_bins(8);
        assert_known(&spec, &observation, REPLICATIONS, row, &known)?;
    }
    Ok(())
}

/// A day's arrivals λ(t) = λ̄ + β sin γt, and what theory says of the number live: λ̄τ + βτ·ratio·sin
/// γ(t − lag) (Eick, Massey and Whitt 1993).
struct Wave {
    level: f64,
    swing: f64,
    period: f64,
    holding: Distribution,
    ratio: f64,
    lag: f64,
    /// Periods simulated, of which the second half, rounded down, is measured.
    periods: u32,
}

impl Wave {
    /// Exponential holding: ratio 1/√(1 + γ²τ²), lag atan(γτ)/γ, which is λ̄τ + βτ/(1 + γ²τ²)·(sin γt −
    /// γτ cos γt).
    fn exponential(
        level: f64,
        swing: f64,
        period: f64,
        mean: f64,
        periods: u32,
    ) -> Result<Self, Box<dyn Error>> {
        let angle = TAU / period * mean;
        Ok(Self {
            level,
            swing,
            period,
            holding: Distribution::exponential(mean)?,
            ratio: 1.0 / 1.0_f64.hypot(angle),
            lag: angle.atan() * period / TAU,
            periods,
        })
    }

    /// Level of the number live, and its waves in step and a quarter late.
    fn assert(self, row: u64) -> Test {
        let (knots, bins) = (240_u32, 96_u32);
        let measured = self.periods / 2;
        let frequency = TAU / self.period;
        let points = (0..=self.periods * knots).map(|knot| {
            let at = f64::from(knot) * self.period / f64::from(knots);
            (at, self.level + self.swing * (frequency * at).sin())
        });
        let mean = self.holding.mean();
        let mut spec = places(1 << 40, self.holding, 1.0)?;
        spec.demand = Demand::Poisson {
            rate: PiecewiseLinear::new(points)?,
        };
        let live = self.level * mean;
        let swing = self.swing * mean * self.ratio;
        // A bin's mean is the wave in its middle, a little flatter.
        let half = TAU / f64::from(2 * bins);
        let swing = swing * half.sin() / half;
        let wave = |phase: f64| {
            move |outcome: &CellOutcome| {
                let sum: f64 = outcome
                    .series
                    .iter()
                    .map(|bin| {
                        let middle = f64::midpoint(bin.from_seconds, bin.to_seconds);
                        bin.live_sessions() * (frequency * middle - phase).sin()
                    })
                    .sum();
                2.0 * sum / f64::from(measured * bins)
            }
        };
        let late = frequency * self.lag;
        let warm_up = f64::from(self.periods - measured) * self.period;
        let length = f64::from(measured) * self.period;
        assert_known(
            &spec,
            &Observation::new(warm_up, length)?.with_bins(measured * bins),
            REPLICATIONS,
            row,
            &[
                Known::new(
                    "level",
                    |outcome| outcome.sessions.mean(),
                    live,
                    0.008 * live,
                ),
                Known::new("in step", wave(0.0), swing * late.cos(), 0.02 * swing),
                Known::new("late", wave(TAU / 4.0), swing * late.sin(), 0.02 * swing),
                Known::new("at its peak", wave(late), swing, 0.02 * swing),
            ],
        )
    }
}

/// The peak comes later than that of the arrivals, and is flatter: for exponential holding by the
/// closed form, with the examples of Jennings et al. (1996) and Feldman et al. (2008).
#[test]
fn live_count_lags_and_flattens() -> Test {
    for (row, (level, swing, period, mean, periods, peak)) in (230..).zip([
        (20.0, 12.0, 24.0, 2.0, 2, 61.2618),
        (30.0, 20.0, TAU / 5.0, 1.0, 20, 33.9223),
        (100.0, 20.0, TAU, 1.0, 4, 114.142),
    ]) {
        let wave = Wave::exponential(level, swing, period, mean, periods)?;
        let highest = mean * (level + swing * wave.ratio);
        assert!((highest - peak).abs() < 1e-3, "{highest}");
        wave.assert(row)?;
    }
    Ok(())
}

/// The longer the tail of the holding time, the later and flatter; by quadrature for a mean of an hour.
#[test]
fn live_count_lags_and_flattens_more_with_heavier_tails() -> Test {
    for (row, (holding, ratio, lag)) in (240..).zip([
        (Distribution::deterministic(1.0)?, 0.997_15, 0.5),
        (Distribution::exponential(1.0)?, 0.967_40, 0.978_05),
        (Distribution::lognormal(1.0, 2.0)?, 0.825_45, 1.428_21),
        (Distribution::lognormal(1.0, 4.0)?, 0.655_91, 1.808_08),
    ]) {
        let wave = Wave {
            level: 20.0,
            swing: 16.0,
            period: 24.0,
            holding,
            ratio,
            lag,
            periods: 5,
        };
        wave.assert(row)?;
    }
    Ok(())
}
