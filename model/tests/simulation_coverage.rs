//! Intervals cover the truth as often as they say.
//!
//! Two hundred studies of ten short runs each; a 95% interval may cover between 88% and 99.5% of the
//! time, a 99% interval at least 95%: with 200 studies the shares have standard errors of 1.5 and 0.7
//! points, and short runs of skewed quantities cost a few points honestly.

mod simulation_support;

use std::ops::RangeInclusive;

use simulation_support::{Test, erlang_b, erlang_c, mean_in_system, places, replicate, sharing};
use tonnage_model::distribution::Distribution;
use tonnage_model::simulation::{CellSpec, Full, Metric};

const STUDIES: u32 = 200;

/// Confidence of an interval and the shares of studies it may cover the truth in.
const LEVELS: [(f64, RangeInclusive<f64>); 2] = [(0.95, 0.88..=0.995), (0.99, 0.95..=1.0)];

fn assert_covers(
    spec: &CellSpec,
    (warm_up, length): (f64, f64),
    first_study: u64,
    truths: &[(Metric, f64)],
) -> Test {
    let mut covered = vec![[0_u32; LEVELS.len()]; truths.len()];
    for study in 0..STUDIES {
        let runs = replicate(spec, warm_up, length, first_study + u64::from(study), 10)?;
        for (covered, &(metric, truth)) in covered.iter_mut().zip(truths) {
            for (covered, (confidence, _)) in covered.iter_mut().zip(LEVELS) {
                let estimate = runs
                    .estimate(metric, confidence)
                    .expect("a metric with values");
                *covered += u32::from(estimate.interval().contains(truth));
            }
        }
    }
    for (covered, (metric, _)) in covered.into_iter().zip(truths) {
        for (covered, (confidence, allowed)) in covered.into_iter().zip(LEVELS) {
            let share = f64::from(covered) / f64::from(STUDIES);
            assert!(
                allowed.contains(&share),
                "{metric:?}: intervals of {confidence} covered {share}"
            );
        }
    }
    Ok(())
}

#[test]
fn of_a_loss_system() -> Test {
    let load = 9.0;
    let mut spec = places(10, Distribution::exponential(1.0)?, load)?;
    spec.full = Full::Reject;
    let blocking = erlang_b(10, load);
    assert_covers(
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
    assert_covers(
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
    assert_covers(
        &spec,
        (60.0, 400.0),
        30_000,
        &[
            (Metric::LiveSessions, mean_in_system(4, 3.0)),
            (Metric::Utilisation, 0.75),
        ],
    )
}
