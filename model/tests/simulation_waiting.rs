//! Cells that queue: Erlang's delay formula, Pollaczek-Khinchine, Halfin-Whitt, the machine
//! repairman, and the start rate.

mod simulation_support;

use simulation_support::{Test, assert_inside, birth_death, erlang_c, places, replicate};
use tonnage_model::distribution::Distribution;
use tonnage_model::simulation::{Demand, Full, Metric, PiecewiseLinear};

/// M/M/c at 90%: probability and mean of the wait, in service times.
#[test]
fn waiting_is_erlang_c() -> Test {
    for (study, (servers, wait)) in [
        (1, 9.0),
        (2, 4.263_158),
        (5, 1.524_986),
        (10, 0.668_732),
        (50, 0.072_772_9),
        (100, 0.021_694),
    ]
    .into_iter()
    .enumerate()
    {
        let load = 0.9 * f64::from(servers);
        let spec = places(servers.into(), Distribution::exponential(1.0)?, load)?;
        let runs = replicate(&spec, 500.0, 400_000.0 / load, 100 + study as u64, 10)?;
        let delayed = erlang_c(servers, load);
        assert!((delayed / (f64::from(servers) - load) - wait).abs() < 1e-6);
        assert_inside(&runs, Metric::FractionWaiting, delayed, 0.1);
        assert_inside(&runs, Metric::StartWaitMean, wait, 0.25);
        assert_inside(&runs, Metric::LiveSessions, load + load * wait, 0.2);
    }
    Ok(())
}

/// The wait in M/M/c given that there is one is exponential; so its quantiles are known.
#[test]
fn quantiles_of_the_wait_are_those_of_an_exponential() -> Test {
    let (servers, load) = (10, 8.5);
    let spec = places(servers.into(), Distribution::exponential(1.0)?, load)?;
    let runs = replicate(&spec, 200.0, 40_000.0, 110, 10)?;
    let delayed = erlang_c(servers, load);
    for level in [0.9, 0.99, 0.999] {
        let truth = (delayed / (1.0 - level)).ln() / (f64::from(servers) - load);
        let found = runs.merged().start_wait.quantile(level).expect("waits");
        assert!(
            (found / truth - 1.0).abs() < 0.05,
            "{level}: {found} against {truth}"
        );
    }
    Ok(())
}

/// M/G/1: the mean wait is λE[S²]/(2(1 − ρ)).
#[test]
fn one_place_is_pollaczek_khinchine() -> Test {
    for (study, (holding, length)) in [
        (Distribution::deterministic(1.0)?, 50_000.0),
        (Distribution::uniform(0.0, 2.0)?, 50_000.0),
        (Distribution::lognormal(1.0, 1.5)?, 200_000.0),
    ]
    .into_iter()
    .enumerate()
    {
        let rate = 0.7;
        let second_moment = holding.variance() + 1.0;
        let spec = places(1, holding, rate)?;
        let runs = replicate(&spec, 500.0, length, 120 + study as u64, 10)?;
        let wait = rate * second_moment / (2.0 * (1.0 - rate));
        assert_inside(&runs, Metric::StartWaitMean, wait, 0.12);
    }
    Ok(())
}

/// Staffing with c = R + β√R: the delay probability is near [1 + βΦ(β)/φ(β)]⁻¹.
#[test]
fn delay_follows_halfin_whitt() -> Test {
    let load = 400.0;
    for (servers, asymptotic) in [(410, 0.5045), (420, 0.2234), (430, 0.0847)] {
        let spec = places(servers.into(), Distribution::exponential(1.0)?, load)?;
        let runs = replicate(&spec, 100.0, 1_500.0, 130, 10)?;
        let exact = erlang_c(servers, load);
        assert!((exact / asymptotic - 1.0).abs() < 0.07);
        assert_inside(&runs, Metric::FractionWaiting, exact, 0.4);
    }
    Ok(())
}

/// Ten machines, mean time to failure 10, mean repair 1, one or two repairmen.
#[test]
fn finite_source_is_the_machine_repairman() -> Test {
    for (servers, down) in [(1, 2.145_823), (2, 1.038_638)] {
        let states = birth_death(
            10,
            |n| f64::from(10 - n) * 0.1,
            |n| f64::from(n.min(servers)),
        );
        let mean: f64 = (0..).zip(&states).map(|(n, p)| f64::from(n) * p).sum();
        assert!((mean - down).abs() < 1e-6);
        let mut spec = places(servers.into(), Distribution::exponential(1.0)?, 1.0)?;
        spec.demand = Demand::FiniteSource {
            agents: 10,
            open_rate: PiecewiseLinear::constant(0.1)?,
        };
        let runs = replicate(&spec, 200.0, 40_000.0, 140 + u64::from(servers), 10)?;
        assert_inside(&runs, Metric::LiveSessions, down, 0.05);
    }
    Ok(())
}

/// A bounded queue: M/M/c/K.
#[test]
fn bounded_queue_rejects_as_a_birth_death_process_does() -> Test {
    let (servers, limit, load) = (5_u32, 7, 4.5);
    let states = birth_death(servers + limit, |_| load, |n| f64::from(n.min(servers)));
    let mut spec = places(servers.into(), Distribution::exponential(1.0)?, load)?;
    spec.full = Full::Queue { limit };
    let runs = replicate(&spec, 100.0, 20_000.0, 150, 10)?;
    let blocked = states[states.len() - 1];
    assert_inside(&runs, Metric::RejectionFraction, blocked, 0.1);
    let mean: f64 = (0..).zip(&states).map(|(n, p)| f64::from(n) * p).sum();
    assert_inside(&runs, Metric::LiveSessions, mean, 0.02);
    Ok(())
}

/// A start rate of 10/s under 8 starts/s is an M/D/1 queue: the mean wait is ρ/(2μ(1 − ρ)) = 0.2 s.
#[test]
fn start_rate_limit_is_m_d_1() -> Test {
    let mut spec = places(1 << 40, Distribution::exponential(5.0)?, 8.0)?;
    spec.sandbox.start_rate_limit = Some(10.0);
    let runs = replicate(&spec, 100.0, 20_000.0, 160, 10)?;
    assert_inside(&runs, Metric::StartWaitMean, 0.2, 0.05);
    assert_inside(&runs, Metric::FractionWaiting, 0.8, 0.01);
    Ok(())
}
