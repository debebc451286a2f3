//! Cells that reject: Erlang's and Engset's loss formulas.

mod simulation_support;

use simulation_support::{Known, REPLICATIONS, Test, assert_known, birth_death, erlang_b, places};
use tonnage_model::distribution::Distribution;
use tonnage_model::simulation::{Demand, Full, Metric, Observation, PiecewiseLinear, Placement};

/// Offered loads at which the loss is 1%, from tables of Erlang B, and two overloaded cells.
#[test]
fn blocking_is_erlang_b() -> Test {
    for (row, (servers, load, blocking)) in (0..).zip([
        (10, 4.461, 0.01),
        (15, 8.108, 0.01),
        (20, 12.031, 0.01),
        (50, 37.901, 0.01),
        (100, 84.064, 0.01),
        (200, 179.738, 0.01),
        (10, 20.0, 0.537_963_168_630_729),
        (190, 200.0, 0.088_696_843_869_236),
    ]) {
        let truth = erlang_b(servers, load);
        assert!((truth - blocking).abs() < 1e-5);
        let mut spec = places(servers.into(), Distribution::exponential(1.0)?, load)?;
        spec.full = Full::Reject;
        let observation = Observation::new(5.0, 3_000.0 / load)?;
        assert_known(
            &spec,
            &observation,
            REPLICATIONS,
            row,
            &[
                Known::metric(Metric::RejectionFraction, truth, 0.05),
                Known::metric(Metric::LiveSandboxes, load * (1.0 - truth), 0.003),
            ],
        )?;
    }
    Ok(())
}

/// Where it is not memory but the density limit that gives the places.
#[test]
fn blocking_at_the_density_limit_is_erlang_b() -> Test {
    let mut spec = places(1 << 40, Distribution::exponential(1.0)?, 12.031)?;
    spec.sandbox.density_limit = Some(20);
    spec.full = Full::Reject;
    let observation = Observation::new(5.0, 250.0)?;
    let known = Known::metric(Metric::RejectionFraction, erlang_b(20, 12.031), 0.05);
    assert_known(&spec, &observation, REPLICATIONS, 8, &[known])
}

/// The loss depends on the holding time's mean only.
#[test]
fn blocking_is_insensitive() -> Test {
    for (row, holding) in (10..).zip([
        Distribution::deterministic(2.0)?,
        Distribution::lognormal(2.0, 2.0)?,
        Distribution::hyperexponential(2.0, 3.0)?,
    ]) {
        let mut spec = places(20, holding, 9.0)?;
        spec.full = Full::Reject;
        let known = Known::metric(Metric::RejectionFraction, erlang_b(20, 18.0), 0.02);
        let observation = Observation::new(50.0, 250.0)?;
        assert_known(&spec, &observation, REPLICATIONS, row, &[known])?;
    }
    Ok(())
}

/// Where the places are doesn't matter when only places are short.
#[test]
fn blocking_is_the_same_for_every_placement() -> Test {
    for (row, placement) in (20..).zip([
        Placement::FirstFit,
        Placement::BestFit,
        Placement::LeastLoaded,
        Placement::PowerOfTwo,
        Placement::RoundRobin,
        Placement::Random,
    ]) {
        let mut spec = places(4, Distribution::exponential(1.0)?, 18.0)?;
        spec.hosts = 5;
        spec.full = Full::Reject;
        spec.placement = placement;
        let known = Known::metric(Metric::RejectionFraction, erlang_b(20, 18.0), 0.012);
        let observation = Observation::new(10.0, 80.0)?;
        assert_known(&spec, &observation, REPLICATIONS, row, &[known])?;
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
    let carried: f64 = (0..).zip(&states).map(|(n, p)| f64::from(n) * p).sum();
    assert_known(
        &spec,
        &Observation::new(50.0, 200.0)?,
        REPLICATIONS,
        30,
        &[
            Known::metric(Metric::RejectionFraction, blocked, 0.01),
            Known::metric(Metric::LiveSessions, carried, 0.003),
        ],
    )
}
