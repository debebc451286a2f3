//! Sessions without contention, counted in any order, against the event by event simulation and theory.

mod simulation_support;

use proptest::prelude::{Just, ProptestConfig, Strategy, prop, prop_assert_eq, proptest};
use simulation_support::{Test, moments, places, run};
use std::f64::consts::TAU;
use tonnage_model::distribution::{Distribution, TurnCount};
use tonnage_model::simulation::{
    CellSpec, Demand, FlowOutcome, Lifecycle, Observation, PiecewiseLinear, RunId, SimulationError,
    run_cell, run_flow,
};

/// A cell in which nobody ever meets anybody, with a rate that changes.
fn roomy(lifecycle: Lifecycle) -> Result<CellSpec, Box<dyn std::error::Error>> {
    let mut spec = places(1 << 40, Distribution::lognormal(4.0, 1.5)?, 1.0)?;
    spec.host.vcpus = 1 << 14;
    spec.session.turns = TurnCount::geometric(4.0)?;
    spec.session.burst = Distribution::lognormal(0.8, 1.5)?;
    // Never shorter than its CPU time: then everything falls on whole nanoseconds.
    spec.sandbox.start_latency = Distribution::uniform(0.3, 0.9)?;
    spec.sandbox.start_cpu = Distribution::uniform(0.0, 0.3)?;
    spec.sandbox.relative_cpu = 1.5;
    spec.lifecycle = lifecycle;
    spec.demand = Demand::Poisson {
        rate: PiecewiseLinear::new([(0.0, 3.0), (30.0, 3.0), (60.0, 9.0), (90.0, 1.0)])?,
    };
    Ok(spec)
}

/// Session by session the same course: every bin agrees to the nanosecond.
#[test]
fn agrees_with_the_cell_to_the_nanosecond() -> Test {
    for lifecycle in [Lifecycle::PerSession, Lifecycle::PerBurst] {
        let spec = roomy(lifecycle)?;
        for (warm_up, bins) in [(0.0, 1), (7.3, 13), (40.0, 6)] {
            let observation = Observation::new(warm_up, 80.0)?.with_bins(bins);
            for replication in 0..5 {
                let id = RunId {
                    replication,
                    ..run(700)
                };
                let cell = run_cell(&spec, &observation, id)?;
                let flow = run_flow(&spec, &observation, id)?;
                assert_eq!(flow.bins.len(), cell.series.len());
                assert_eq!(flow.bins[0].open_at_start, cell.sessions.at_start);
                assert_eq!(flow.bins[0].live_at_start, cell.sandboxes.at_start);
                let starts: u64 = flow.bins.iter().map(|bin| bin.starts).sum();
                assert_eq!(starts, cell.sandboxes.entered);
                for (flow, cell) in flow.bins.iter().zip(&cell.series) {
                    assert_eq!(flow.measured, cell.measured);
                    assert_eq!(flow.opened, cell.opened);
                    assert_eq!(flow.session_time, cell.session_time);
                    assert_eq!(flow.sandbox_time, cell.sandbox_time);
                    let off = flow.cpu_time.abs_diff(cell.cpu_time);
                    // Each stretch of work is split with a rounding of its own.
                    assert!(off <= 1_000, "{off} ns");
                }
            }
        }
    }
    Ok(())
}

/// M/G/∞: the number present is Poisson whatever the service, at time zero and later.
#[test]
fn the_count_is_poisson() -> Test {
    const RUNS: u64 = 600;
    let load: f64 = 40.0;
    for (row, holding) in (710..).zip([
        Distribution::deterministic(5.0)?,
        Distribution::lognormal(5.0, 3.0)?,
        Distribution::pareto(5.0, 1.6)?,
    ]) {
        let spec = places(1 << 40, holding, load / 5.0)?;
        for moment in [0.0, 12.0] {
            let counts: Vec<f64> = (0..RUNS)
                .map(|replication| {
                    let id = RunId {
                        replication,
                        ..run(row)
                    };
                    let flow = run_flow(&spec, &Observation::new(moment, 1.0)?, id)?;
                    Ok(flow.bins[0].open_at_start as f64)
                })
                .collect::<Result<_, SimulationError>>()?;
            let (mean, variance) = moments(&counts);
            let runs = RUNS as f64;
            let of_mean = (load / runs).sqrt();
            let of_variance = load * ((2.0 + 1.0 / load) / runs).sqrt();
            assert!((mean - load).abs() < 4.0 * of_mean, "row {row}: {mean}");
            assert!(
                (variance - load).abs() < 4.0 * of_variance,
                "row {row}: {variance}"
            );
        }
    }
    Ok(())
}

/// λ(t) = λ̄ + β sin γt with exponential service of mean τ: m(t) = λ̄τ + βτ/(1 + γ²τ²)·(sin γt − γτ cos γt)
/// (Eick, Massey and Whitt 1993).
#[test]
fn a_wave_lags_and_flattens() -> Test {
    const KNOTS: u32 = 400;
    const BINS: u32 = 20;
    let (level, swing, period, mean) = (4_000.0, 3_000.0, 100.0, 8.0);
    let gamma = TAU / period;
    let mut spec = places(1 << 40, Distribution::exponential(mean)?, 1.0)?;
    spec.demand = Demand::Poisson {
        rate: PiecewiseLinear::new((0..=2 * KNOTS).map(|knot| {
            let at = period * f64::from(knot) / f64::from(KNOTS);
            (at, level + swing * (gamma * at).sin())
        }))?,
    };
    let observation = Observation::new(period, period)?.with_bins(BINS);
    let flow = run_flow(&spec, &observation, run(720))?;
    for (index, bin) in flow.bins.iter().enumerate() {
        // The mean over the bin: the integral of the wave over its length.
        let (from, to) = (gamma * bin.from_seconds, gamma * bin.to_seconds);
        let lagged = (from.cos() - to.cos()) - gamma * mean * (to.sin() - from.sin());
        let swung = swing * mean / (1.0 + (gamma * mean).powi(2)) * lagged / (to - from);
        let expected = level * mean + swung;
        let found = flow.live_sessions(index).expect("a bin");
        // A Poisson count's deviation; averaging over the bin only makes it less.
        assert!(
            (found - expected).abs() < 4.5 * expected.sqrt(),
            "bin {index}: {found}, not {expected}"
        );
    }
    Ok(())
}

#[test]
fn what_depends_on_others_is_refused() -> Test {
    let mut spec = places(10, Distribution::exponential(1.0)?, 1.0)?;
    spec.demand = Demand::FiniteSource {
        agents: 10,
        open_rate: PiecewiseLinear::constant(1.0)?,
    };
    let refused = run_flow(&spec, &Observation::new(0.0, 1.0)?, run(730));
    assert!(
        matches!(
            refused,
            Err(SimulationError::InvalidSpec {
                field: "demand",
                ..
            })
        ),
        "{refused:?}"
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    /// Flows of different cells merge to the same bits in any order and grouping.
    #[test]
    fn merging_is_exact(
        parts in prop::collection::vec(0_usize..3, 9),
        order in Just((0_usize..9).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let observation = Observation::new(3.0, 50.0).expect("sound").with_bins(5);
        let flows: Vec<FlowOutcome> = (0..9)
            .map(|cell| {
                let lifecycle = if cell % 2 == 0 { Lifecycle::PerSession } else { Lifecycle::PerBurst };
                let spec = roomy(lifecycle).expect("sound");
                run_flow(&spec, &observation, RunId { cell, ..run(740) }).expect("a finished run")
            })
            .collect();
        let merge = |mut left: FlowOutcome, right: FlowOutcome| {
            left.merge(&right);
            left
        };
        let together = flows.iter().cloned().reduce(merge).expect("nine");
        let mut machines: [Option<FlowOutcome>; 3] = Default::default();
        for index in order {
            let machine = &mut machines[parts[index]];
            let added = flows[index].clone();
            *machine = Some(match machine.take() {
                Some(before) => merge(before, added),
                None => added,
            });
        }
        let merged = machines.into_iter().flatten().rev().reduce(merge).expect("some");
        prop_assert_eq!(merged, together);
    }
}
