//! Cells that queue: Erlang's delay formula, Pollaczek-Khinchine, Halfin-Whitt, the machine
//! repairman, and the start rate.

mod simulation_support;

use simulation_support::{
    Known, REPLICATIONS, Test, assert_known, birth_death, erlang_c, places, replicate,
};
use tonnage_model::distribution::Distribution;
use tonnage_model::simulation::{Demand, Full, Metric, Observation, PiecewiseLinear};

/// Time in which M/M/c forgets its state, once all servers are busy.
fn relaxation(servers: u32, load: f64) -> f64 {
    (f64::from(servers).sqrt() - load.sqrt()).powi(-2)
}

/// M/M/c at 90%: probability and mean of the wait, in service times.
#[test]
fn waiting_is_erlang_c() -> Test {
    for (row, (servers, wait)) in (100..).zip([
        (1, 9.0),
        (2, 4.263_158),
        (5, 1.524_986),
        (10, 0.668_732),
        (50, 0.072_772_9),
        (100, 0.021_694),
    ]) {
        let load = 0.9 * f64::from(servers);
        let delayed = erlang_c(servers, load);
        assert!((delayed / (f64::from(servers) - load) - wait).abs() < 1e-6);
        let spec = places(servers.into(), Distribution::exponential(1.0)?, load)?;
        let relaxation = relaxation(servers, load);
        let observation = Observation::new(5.0 + 4.0 * relaxation, 40.0 * relaxation)?;
        assert_known(
            &spec,
            &observation,
            REPLICATIONS,
            row,
            &[
                Known::metric(Metric::FractionWaiting, delayed, 0.025),
                Known::metric(Metric::StartWaitMean, wait, 0.05),
                Known::metric(Metric::LiveSessions, load + load * wait, 0.02),
            ],
        )?;
    }
    Ok(())
}

/// A call centre that two libraries compute alike: 14 servers, 10 erlangs, calls of 180 s, to be
/// answered within 20 s.
#[test]
fn a_call_centre_is_erlang_c() -> Test {
    let spec = places(14, Distribution::exponential(180.0)?, 10.0 / 180.0)?;
    let mut observation = Observation::new(5_000.0, 60_000.0)?;
    observation.start_wait_target = Some(20.0);
    assert_known(
        &spec,
        &observation,
        REPLICATIONS,
        106,
        &[
            Known::metric(Metric::FractionWaiting, 0.174_131_933_595, 0.02),
            Known::metric(Metric::StartWaitOverTarget, 1.0 - 0.888_350_019_179, 0.02),
            Known::metric(Metric::StartWaitMean, 7.835_937_011_777, 0.03),
            Known::metric(Metric::LiveSandboxes, 0.714_285_714_286 * 14.0, 0.003),
        ],
    )
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
    for (row, (holding, length)) in (120..).zip([
        (Distribution::deterministic(1.0)?, 1_000.0),
        (Distribution::uniform(0.0, 2.0)?, 1_000.0),
        (Distribution::lognormal(1.0, 1.5)?, 5_000.0),
    ]) {
        let rate = 0.7;
        let second_moment = holding.variance() + 1.0;
        let spec = places(1, holding, rate)?;
        let wait = rate * second_moment / (2.0 * (1.0 - rate));
        let known = Known::metric(Metric::StartWaitMean, wait, 0.02);
        let observation = Observation::new(300.0, length)?;
        assert_known(&spec, &observation, REPLICATIONS, row, &[known])?;
    }
    Ok(())
}

/// Staffing with c = R + β√R: the delay probability is near [1 + βΦ(β)/φ(β)]⁻¹, the nearer the larger
/// R is, and exactly Erlang's.
#[test]
fn delay_follows_halfin_whitt() -> Test {
    for (row, (servers, of_many, asymptotic)) in (130..).zip([
        (105, 10_050, 0.5045),
        (110, 10_100, 0.2234),
        (115, 10_150, 0.0847),
        (120, 10_200, 0.0269),
    ]) {
        let load = 100.0;
        assert!((erlang_c(servers, load) / asymptotic - 1.0).abs() < 0.25);
        assert!((erlang_c(of_many, 10_000.0) / asymptotic - 1.0).abs() < 0.025);
        let spec = places(servers.into(), Distribution::exponential(1.0)?, load)?;
        let known = Known::metric(Metric::FractionWaiting, erlang_c(servers, load), 0.07);
        let relaxation = relaxation(servers, load);
        let observation = Observation::new(5.0 + 4.0 * relaxation, 20.0 + 4.0 * relaxation)?;
        assert_known(&spec, &observation, REPLICATIONS, row, &[known])?;
    }
    Ok(())
}

/// At ten thousand Erlangs the share that waits is that of the limit: with R + β√R places, β = 1, 22.34%.
/// Whether places are free changes no faster than sessions end, so even these twenty million events tell
/// it to a tenth or so only; fewer servers, above, tell more.
#[test]
fn halfin_whitt_holds_at_ten_thousand_erlangs() -> Test {
    let load = 1e4;
    let spec = places(10_100, Distribution::exponential(1.0)?, load)?;
    let runs = replicate(&spec, 6.0, 14.0, 139, 48)?;
    let estimate = runs
        .estimate(Metric::FractionWaiting, 0.999)
        .expect("starts");
    let truth = erlang_c(10_100, load);
    assert!((truth / 0.2234 - 1.0).abs() < 0.01);
    assert!(
        estimate.interval().contains(truth),
        "{estimate:?} against {truth}"
    );
    assert!(estimate.half_width < 0.14, "{estimate:?}");
    Ok(())
}

/// Ten machines, mean time to failure 10, mean repair 1, one or two repairmen.
#[test]
fn finite_source_is_the_machine_repairman() -> Test {
    for (row, (servers, down)) in (140..).zip([(1, 2.145_823), (2, 1.038_638)]) {
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
        let known = Known::metric(Metric::LiveSessions, down, 0.01);
        let observation = Observation::new(100.0, 1_000.0)?;
        assert_known(&spec, &observation, REPLICATIONS, row, &[known])?;
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
    let blocked = states[states.len() - 1];
    let mean: f64 = (0..).zip(&states).map(|(n, p)| f64::from(n) * p).sum();
    assert_known(
        &spec,
        &Observation::new(50.0, 500.0)?,
        REPLICATIONS,
        150,
        &[
            Known::metric(Metric::RejectionFraction, blocked, 0.02),
            Known::metric(Metric::LiveSessions, mean, 0.01),
        ],
    )
}

/// A start rate of 10/s under 8 starts/s is an M/D/1 queue: the mean wait is ρ/(2μ(1 − ρ)) = 0.2 s.
#[test]
fn start_rate_limit_is_m_d_1() -> Test {
    let mut spec = places(1 << 40, Distribution::exponential(5.0)?, 8.0)?;
    spec.sandbox.start_rate_limit = Some(10.0);
    assert_known(
        &spec,
        &Observation::new(30.0, 200.0)?,
        REPLICATIONS,
        160,
        &[
            Known::metric(Metric::StartWaitMean, 0.2, 0.012),
            Known::metric(Metric::FractionWaiting, 0.8, 0.003),
        ],
    )
}
