//! Intervals cover the truth as often as they say.
//!
//! Every check against a known answer counts misses too; these are short runs of skewed quantities, on
//! which intervals are least sure.

mod simulation_support;

use simulation_support::{
    Known, REPLICATIONS, Test, assert_covers, erlang_b, erlang_c, mean_in_system, places, sharing,
};
use tonnage_model::distribution::Distribution;
use tonnage_model::simulation::{CellSpec, Full, Metric, Observation};

fn covers(
    spec: &CellSpec,
    (warm_up, length): (f64, f64),
    row: u64,
    truths: &[(Metric, f64)],
) -> Test {
    let known: Vec<Known> = truths
        .iter()
        .map(|&(metric, truth)| Known::metric(metric, truth, f64::INFINITY))
        .collect();
    let observation = Observation::new(warm_up, length)?;
    assert_covers(spec, &observation, REPLICATIONS, row, &known)?;
    Ok(())
}

#[test]
fn of_a_loss_system() -> Test {
    let load = 9.0;
    let mut spec = places(10, Distribution::exponential(1.0)?, load)?;
    spec.full = Full::Reject;
    let blocking = erlang_b(10, load);
    covers(
        &spec,
        (20.0, 150.0),
        10_000,
        &[
            (Metric::RejectionFraction, blocking),
            (Metric::LiveSandboxes, load * (1.0 - blocking)),
        ],
    )
}

#[test]
fn of_a_delay_system() -> Test {
    let load = 8.0;
    let spec = places(10, Distribution::exponential(1.0)?, load)?;
    let delayed = erlang_c(10, load);
    covers(
        &spec,
        (60.0, 300.0),
        20_000,
        &[
            (Metric::FractionWaiting, delayed),
            (Metric::StartWaitMean, delayed / 2.0),
            (Metric::LiveSessions, mean_in_system(10, load)),
        ],
    )
}

#[test]
fn of_processor_sharing() -> Test {
    let spec = sharing(4, Distribution::lognormal(1.0, 1.0)?, 3.0)?;
    covers(
        &spec,
        (60.0, 400.0),
        30_000,
        &[
            (Metric::LiveSessions, mean_in_system(4, 3.0)),
            (Metric::Utilisation, 0.75),
        ],
    )
}
