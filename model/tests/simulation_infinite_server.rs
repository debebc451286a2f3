//! Cells in which nothing is short: M/G/∞ and M_t/G/∞.

mod simulation_support;

use simulation_support::{Test, moments, places, replicate, run};
use std::f64::consts::TAU;
use tonnage_model::distribution::{Distribution, TurnCount};
use tonnage_model::simulation::{
    Control, Demand, Lifecycle, Observation, PiecewiseLinear, run_replications,
};

/// The number live is Poisson whatever the holding time's distribution, from the first instant on.
#[test]
fn live_count_is_poisson_from_the_start() -> Test {
    let load = 30.0;
    let count = 2_000;
    for (study, holding) in [
        Distribution::deterministic(5.0)?,
        Distribution::exponential(5.0)?,
        Distribution::lognormal(5.0, 3.0)?,
        Distribution::pareto(5.0, 2.1)?,
    ]
    .into_iter()
    .enumerate()
    {
        let spec = places(1 << 40, holding, load / 5.0)?;
        for (moment, study) in [(0.001, 200 + study as u64), (4.0, 210 + study as u64)] {
            let runs = replicate(&spec, 0.0, moment, study, count)?;
            let live: Vec<f64> = runs
                .outcomes()
                .iter()
                .map(|outcome| outcome.sessions.at_end as f64)
                .collect();
            let (mean, variance) = moments(&live);
            let runs = count as f64;
            // Standard errors of a Poisson sample: √(m/n) and about m√((2 + 1/m)/n).
            assert!((mean - load).abs() < 2.8 * (load / runs).sqrt(), "{mean}");
            let spread = load * ((2.0 + 1.0 / load) / runs).sqrt();
            assert!((variance - load).abs() < 2.8 * spread, "{variance}");
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
    for (study, (lifecycle, demand)) in [
        (Lifecycle::PerSession, spec.demand.clone()),
        (Lifecycle::PerBurst, spec.demand.clone()),
        (Lifecycle::PerSession, finite.clone()),
        (Lifecycle::PerBurst, finite),
    ]
    .into_iter()
    .enumerate()
    {
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
        let observation = Observation::new(0.0, 40.0)?.with_bins(8);
        let runs = run_replications(
            &spec,
            &observation,
            run(220 + study as u64),
            400,
            &Control::default(),
        )?;
        for bin in 0..8 {
            let values = |value: fn(&tonnage_model::simulation::Bin) -> f64| -> Vec<f64> {
                runs.outcomes()
                    .iter()
                    .map(|outcome| value(&outcome.series[bin]))
                    .collect()
            };
            for (name, values, truth) in [
                ("live", values(|bin| bin.live_sessions), live),
                ("busy", values(|bin| bin.busy_cpus), busy),
            ] {
                let (mean, variance) = moments(&values);
                let error = (variance / values.len() as f64).sqrt();
                assert!(
                    (mean - truth).abs() < 3.5 * error,
                    "{lifecycle:?} {name} in bin {bin}: {mean} ± {error} against {truth}"
                );
            }
        }
    }
    Ok(())
}

/// λ(t) = λ̄ + β sin γt with exponential holding of mean τ: the number live is
/// λ̄τ + βτ/(1 + γ²τ²)·(sin γt − γτ cos γt) once the beginning is forgotten (Eick, Massey and Whitt
/// 1993). The peak comes later than that of the arrivals, and is flatter.
#[test]
fn live_count_lags_and_flattens() -> Test {
    let (mean_rate, swing, period, holding) = (100.0, 60.0, 24.0, 2.0);
    let frequency = TAU / period;
    let knots = 240_u32;
    let points = (0..=2 * knots).map(|knot| {
        let at = f64::from(knot) * period / f64::from(knots);
        (at, mean_rate + swing * (frequency * at).sin())
    });
    let mut spec = places(1 << 40, Distribution::exponential(holding)?, 1.0)?;
    spec.demand = Demand::Poisson {
        rate: PiecewiseLinear::new(points)?,
    };
    let bins = 96;
    let observation = Observation::new(period, period)?.with_bins(bins);
    let runs = run_replications(&spec, &observation, run(230), 60, &Control::default())?;
    // Mean of the closed form over a bin.
    let factor = swing * holding / (1.0 + (frequency * holding).powi(2));
    let integral = |t: f64| {
        let angle = frequency * t;
        mean_rate * holding * t
            - factor * (angle.cos() + frequency * holding * angle.sin()) / frequency
    };
    let mut squares = 0.0;
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (index, bin) in runs.merged().series.iter().enumerate() {
        let length = bin.to_seconds - bin.from_seconds;
        let truth = (integral(bin.to_seconds) - integral(bin.from_seconds)) / length;
        let values: Vec<f64> = runs
            .outcomes()
            .iter()
            .map(|outcome| outcome.series[index].live_sessions)
            .collect();
        let (mean, variance) = moments(&values);
        squares += (mean - truth).powi(2) / (variance / values.len() as f64);
        let middle = frequency * f64::midpoint(bin.from_seconds, bin.to_seconds);
        sine += mean * middle.sin();
        cosine += mean * middle.cos();
    }
    // Correlated within a holding time, so wider than a χ² of 96: about 96/5 independent ones.
    let average = squares / f64::from(bins);
    assert!((0.3..2.2).contains(&average), "{average}");
    let lag = (-cosine).atan2(sine) / frequency;
    let expected = (frequency * holding).atan() / frequency;
    assert!(
        (lag - expected).abs() < 0.1,
        "{lag} against {expected} hours"
    );
    let amplitude = sine.hypot(cosine) * 2.0 / f64::from(bins);
    let expected = swing * holding / (1.0 + (frequency * holding).powi(2)).sqrt();
    assert!((amplitude / expected - 1.0).abs() < 0.02, "{amplitude}");
    Ok(())
}
