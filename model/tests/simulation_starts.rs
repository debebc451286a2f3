//! What starting sandboxes costs.

mod simulation_support;

use simulation_support::{Known, REPLICATIONS, Test, assert_known, places, replicate};
use tonnage_model::distribution::{Distribution, TurnCount};
use tonnage_model::simulation::{CellSpec, Lifecycle, Metric, Observation, Placement};

fn agents() -> Result<CellSpec, Box<dyn std::error::Error>> {
    let mut spec = places(1 << 40, Distribution::lognormal(10.0, 1.0)?, 2.0)?;
    spec.hosts = 4;
    spec.host.vcpus = 64;
    spec.sandbox.memory_bytes = 1 << 20;
    spec.sandbox.start_latency = Distribution::lognormal(0.8, 0.3)?;
    spec.sandbox.start_cpu = Distribution::deterministic(0.3)?;
    spec.sandbox.relative_cpu = 1.25;
    spec.session.turns = TurnCount::geometric(6.0)?;
    spec.session.burst = Distribution::lognormal(1.6, 1.0)?;
    spec.placement = Placement::LeastLoaded;
    Ok(spec)
}

/// Without contention, Little's law gives the number of sandboxes: 2 sessions/s × 6 turns × (0.8 s start
/// + 2 s burst) per burst, 2/s × (0.8 s + 6 × 12 s) per session.
#[test]
fn live_sandboxes_follow_the_lifecycle() -> Test {
    let mut spec = agents()?;
    for (row, (lifecycle, sandboxes, starts)) in (400..).zip([
        (Lifecycle::PerBurst, 33.6, 12.0),
        (Lifecycle::PerSession, 145.6, 2.0),
    ]) {
        spec.lifecycle = lifecycle;
        let sessions = 2.0 * spec.uncontended_session_mean();
        let memory = sandboxes * f64::from(1 << 20);
        assert_known(
            &spec,
            &Observation::new(20.0, 100.0)?,
            REPLICATIONS,
            row,
            &[
                Known::metric(Metric::LiveSandboxes, sandboxes, 0.01),
                Known::metric(Metric::LiveSessions, sessions, 0.01),
                Known::metric(Metric::MemoryBytes, memory, 0.01),
                Known::metric(Metric::StartRate, starts, 0.01),
                Known::metric(Metric::StartLatencyMean, 0.8, 0.002),
            ],
        )?;
    }
    Ok(())
}

/// Starts use CPU: utilisation is λ·(turns × burst + starts × start CPU)/c, contended or not.
#[test]
fn starts_cost_cpu() -> Test {
    for (row, vcpus) in [(410, 64), (420, 10)] {
        let mut spec = agents()?;
        spec.host.vcpus = vcpus;
        for (row, (lifecycle, cpu)) in (row..).zip([
            (Lifecycle::PerBurst, 2.0 * 6.0 * (2.0 + 0.3)),
            (Lifecycle::PerSession, 2.0 * (6.0 * 2.0 + 0.3)),
        ]) {
            spec.lifecycle = lifecycle;
            assert!((spec.session_cpu_mean() * 2.0 - cpu).abs() < 1e-9);
            let known = Known::metric(Metric::BusyCpus, cpu, 0.01);
            let observation = Observation::new(30.0, 70.0)?;
            assert_known(&spec, &observation, REPLICATIONS, row, &[known])?;
            let runs = replicate(&spec, 100.0, 4_000.0, row, 10)?;
            let merged = runs.merged();
            let ratio = merged.cpu_seconds_served() / merged.cpu_seconds_demanded();
            assert!((ratio - 1.0).abs() < 0.01, "{ratio}");
        }
    }
    Ok(())
}

/// A start that takes more CPU time than wall time uses several CPUs, and only then.
#[test]
fn wide_starts_take_their_latency_alone_and_longer_together() -> Test {
    let mut spec = places(1 << 40, Distribution::exponential(1.0)?, 0.01)?;
    spec.host.vcpus = 8;
    spec.sandbox.start_latency = Distribution::deterministic(0.5)?;
    spec.sandbox.start_cpu = Distribution::deterministic(2.0)?;
    let alone = replicate(&spec, 0.0, 20_000.0, 430, 2)?;
    let latency = alone.merged().start_latency.mean().expect("starts");
    assert!((0.5..0.51).contains(&latency), "{latency}");
    spec.host.vcpus = 1;
    let narrow = replicate(&spec, 0.0, 20_000.0, 430, 2)?;
    let latency = narrow.merged().start_latency.mean().expect("starts");
    assert!((2.0..2.2).contains(&latency), "{latency}");
    Ok(())
}
