//! The same names give the same bits, and the same users.

mod simulation_support;

use simulation_support::{SEED, Test, places, replicate, run, sharing};
use std::ops::ControlFlow;
use tonnage_model::distribution::{Distribution, TurnCount};
use tonnage_model::simulation::{
    Control, Full, Lifecycle, Metric, Observation, Placement, Precision, RunId, SimulationError,
    run_cell, run_cell_with, run_replications, run_until_precise,
};

fn busy_cell() -> Result<tonnage_model::simulation::CellSpec, Box<dyn std::error::Error>> {
    let mut spec = places(40, Distribution::lognormal(3.0, 1.0)?, 4.0)?;
    spec.hosts = 3;
    spec.host.vcpus = 5;
    spec.session.turns = TurnCount::geometric(3.0)?;
    spec.session.burst = Distribution::lognormal(0.9, 1.0)?;
    spec.sandbox.start_latency = Distribution::lognormal(0.5, 1.0)?;
    spec.sandbox.start_cpu = Distribution::exponential(0.2)?;
    spec.sandbox.start_rate_limit = Some(6.0);
    spec.placement = Placement::PowerOfTwo;
    spec.full = Full::Queue { limit: 20 };
    Ok(spec)
}

#[test]
fn threads_do_not_matter() -> Test {
    for lifecycle in [Lifecycle::PerSession, Lifecycle::PerBurst] {
        let mut spec = busy_cell()?;
        spec.lifecycle = lifecycle;
        let observation = Observation::new(10.0, 200.0)?.with_bins(7);
        let with_threads = |threads| -> Result<String, Box<dyn std::error::Error>> {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()?;
            let runs = pool.install(|| {
                run_replications(&spec, &observation, run(500), 9, &Control::default())
            })?;
            Ok(format!("{runs:?}"))
        };
        assert_eq!(with_threads(1)?, with_threads(4)?);
    }
    Ok(())
}

#[test]
fn names_matter() -> Test {
    let spec = busy_cell()?;
    let observation = Observation::new(0.0, 50.0)?;
    let outcome = |seed, cell, replication| {
        run_cell(
            &spec,
            &observation,
            RunId {
                seed,
                cell,
                replication,
            },
        )
    };
    let base = outcome(1, 1, 1)?;
    assert_eq!(base, outcome(1, 1, 1)?);
    for other in [outcome(2, 1, 1)?, outcome(1, 2, 1)?, outcome(1, 1, 2)?] {
        assert_ne!(base, other);
    }
    Ok(())
}

/// Technologies and host counts meet the same users: without contention, the same sessions with the
/// same work.
#[test]
fn users_are_common() -> Test {
    let mut one = sharing(1 << 14, Distribution::lognormal(1.0, 1.0)?, 20.0)?;
    one.session.turns = TurnCount::geometric(5.0)?;
    let mut other = one.clone();
    other.hosts = 3;
    other.placement = Placement::Random;
    other.lifecycle = Lifecycle::PerBurst;
    let one = replicate(&one, 0.0, 500.0, 510, 1)?;
    let other = replicate(&other, 0.0, 500.0, 510, 1)?;
    assert_eq!(one.merged().sessions, other.merged().sessions);
    assert_eq!(
        one.merged().bursts_completed,
        other.merged().bursts_completed
    );
    let served =
        |runs: &tonnage_model::simulation::Replications| runs.merged().cpu_seconds_served();
    assert!((served(&one) / served(&other) - 1.0).abs() < 1e-9);
    Ok(())
}

/// A wait in a queue for places only gets shorter, user by user, with more places (the waits of
/// G/G/c under first-come-first-served are monotone in c).
#[test]
fn more_hosts_never_raise_waiting() -> Test {
    for replication in 0..10 {
        let mut last = f64::INFINITY;
        for hosts in 1..8 {
            let mut spec = places(6, Distribution::lognormal(1.0, 1.5)?, 9.0)?;
            spec.hosts = hosts;
            let id = RunId {
                seed: SEED,
                cell: 520,
                replication,
            };
            let outcome = run_cell(&spec, &Observation::new(0.0, 400.0)?, id)?;
            let wait = outcome.metric(Metric::StartWaitMean).expect("starts");
            assert!(wait <= last, "{hosts} hosts: {wait} after {last}");
            last = wait;
        }
    }
    Ok(())
}

/// Replicating until an interval is narrow enough adds runs to those there are, and stops.
#[test]
fn more_replications_are_the_next_ones() -> Test {
    let spec = busy_cell()?;
    let observation = Observation::new(10.0, 100.0)?;
    let mut precision = Precision {
        metric: Metric::LiveSessions,
        confidence: 0.95,
        relative: 0.02,
        at_least: 5,
        at_most: 1_000,
    };
    let control = Control::default();
    let runs = run_until_precise(&spec, &observation, run(540), &precision, &control)?;
    let count = runs.outcomes().len() as u64;
    assert!((6..1_000).contains(&count), "{count}");
    let reached = runs.estimate(Metric::LiveSessions, 0.95).expect("sessions");
    assert!(reached.relative_half_width() <= 0.02);
    assert_eq!(
        runs,
        run_replications(&spec, &observation, run(540), count, &control)?
    );
    precision.at_most = 6;
    let runs = run_until_precise(&spec, &observation, run(540), &precision, &control)?;
    assert_eq!(runs.outcomes().len(), 6);
    Ok(())
}

#[test]
fn a_run_can_be_stopped_and_limited() -> Test {
    let spec = busy_cell()?;
    let observation = Observation::new(0.0, 1e6)?;
    let stop = |_: &_| ControlFlow::Break(());
    let stopped = run_cell_with(&spec, &observation, run(530), &Control::new(&stop));
    assert_eq!(stopped, Err(SimulationError::Cancelled));
    let limit = Control::default().with_max_events(1_000);
    let limited = run_cell_with(&spec, &observation, run(530), &limit);
    assert_eq!(limited, Err(SimulationError::EventLimit { limit: 1_000 }));
    Ok(())
}
