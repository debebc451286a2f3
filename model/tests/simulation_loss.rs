//! Cells that reject: Erlang's and Engset's loss formulas.

mod simulation_support;

use simulation_support::{Test, assert_inside, birth_death, erlang_b, places, replicate};
use tonnage_model::distribution::Distribution;
use tonnage_model::simulation::{Demand, Full, Metric, PiecewiseLinear, Placement};

/// Offered loads at which the loss is 1%, from tables of Erlang B.
#[test]
fn blocking_is_erlang_b() -> Test {
    for (study, (servers, load, blocking)) in [
        (10, 4.461, 0.01),
        (50, 37.901, 0.01),
        (10, 20.0, 0.537_963_168_630_729),
        (190, 200.0, 0.088_696_843_869_236),
    ]
    .into_iter()
    .enumerate()
    {
        assert!((erlang_b(servers, load) - blocking).abs() < 1e-5);
        let mut spec = places(servers.into(), Distribution::exponential(1.0)?, load)?;
        spec.full = Full::Reject;
        let length = 200_000.0 / load;
        let runs = replicate(&spec, 20.0, length, study as u64, 10)?;
        assert_inside(
            &runs,
            Metric::RejectionFraction,
            erlang_b(servers, load),
            0.15,
        );
        let carried = load * (1.0 - erlang_b(servers, load));
        assert_inside(&runs, Metric::LiveSandboxes, carried, 0.02);
    }
    Ok(())
}

/// The loss depends on the holding time's mean only.
#[test]
fn blocking_is_insensitive() -> Test {
    for (study, holding) in [
        Distribution::deterministic(2.0)?,
        Distribution::lognormal(2.0, 2.0)?,
        Distribution::hyperexponential(2.0, 3.0)?,
    ]
    .into_iter()
    .enumerate()
    {
        let mut spec = places(20, holding, 9.0)?;
        spec.full = Full::Reject;
        let runs = replicate(&spec, 200.0, 20_000.0, 10 + study as u64, 10)?;
        assert_inside(&runs, Metric::RejectionFraction, erlang_b(20, 18.0), 0.08);
    }
    Ok(())
}

/// Where the places are doesn't matter when only places are short.
#[test]
fn blocking_is_the_same_for_every_placement() -> Test {
    for placement in [
        Placement::FirstFit,
        Placement::BestFit,
        Placement::LeastLoaded,
        Placement::PowerOfTwo,
        Placement::RoundRobin,
        Placement::Random,
    ] {
        let mut spec = places(4, Distribution::exponential(1.0)?, 18.0)?;
        spec.hosts = 5;
        spec.full = Full::Reject;
        spec.placement = placement;
        let runs = replicate(&spec, 20.0, 5_000.0, 20, 10)?;
        assert_inside(&runs, Metric::RejectionFraction, erlang_b(20, 18.0), 0.08);
    }
    Ok(())
}

/// Engset: 30 agents, 10 places. The share of *requests* rejected is what agents see.
#[test]
fn finite_source_blocking_is_engset() -> Test {
    let (agents, servers, open_rate) = (30, 10, 0.6);
    let states = birth_death(servers, |n| f64::from(agents - n) * open_rate, f64::from);
    let offered: f64 = (0..)
        .zip(&states)
        .map(|(n, p)| f64::from(agents - n) * p)
        .sum();
    let blocked = f64::from(agents - servers) * states[servers as usize] / offered;
    let mut spec = places(servers.into(), Distribution::lognormal(1.0, 1.0)?, 1.0)?;
    spec.full = Full::Reject;
    spec.demand = Demand::FiniteSource {
        agents: agents.into(),
        open_rate: PiecewiseLinear::constant(open_rate)?,
    };
    let runs = replicate(&spec, 50.0, 10_000.0, 30, 10)?;
    assert_inside(&runs, Metric::RejectionFraction, blocked, 0.05);
    let carried: f64 = (0..).zip(&states).map(|(n, p)| f64::from(n) * p).sum();
    assert_inside(&runs, Metric::LiveSessions, carried, 0.01);
    Ok(())
}
