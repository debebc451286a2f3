//! What a comparison of two measurements promises.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tonnage_model::measurement::compare::{Comparison, Inside, Verdict, compare, ratio, verdict};
use tonnage_model::measurement::document::{Estimate, Measurement, Outcome};
use tonnage_model::measurement::example;
use tonnage_model::measurement::figure::Figure;
use tonnage_model::statistics::Interval;
use tonnage_model::statistics::bootstrap::{Bootstrap, median};

fn figure(comparison: &Comparison, id: &str, figure: Figure) -> Verdict {
    let (_, found) = comparison
        .figures()
        .find(|(technology, found)| technology.id == id && found.figure == figure)
        .expect("the figure");
    found.verdict.clone()
}

/// The example with every start of the isolate and its memory multiplied.
fn changed(factor: f64) -> Measurement {
    let mut after = example::measurement();
    let row = &mut after.rows[2];
    let start = row.start.as_mut().expect("starts");
    let scale = |estimate: &mut Estimate| {
        estimate.value *= factor;
        let interval = estimate.interval.as_mut().expect("an interval");
        interval.low *= factor;
        interval.high *= factor;
    };
    scale(&mut start.first_result.median);
    scale(&mut row.memory_idle.as_mut().expect("memory").per_instance);
    let rate = row.saturation.as_mut().expect("a rate");
    scale(&mut rate.per_second_per_vcpu);
    after
}

#[test]
fn a_measurement_does_not_differ_from_itself() {
    let comparison = compare(&example::measurement(), &example::measurement());
    assert!(!comparison.differs());
    assert!(comparison.warnings.is_empty() && comparison.host.is_empty());
    assert!(comparison.comparable() > 30);
}

#[test]
fn what_got_worse_depends_on_the_figure() {
    let comparison = compare(&example::measurement(), &changed(1.25));
    let worse: Vec<_> = comparison
        .worse_by(0.0)
        .iter()
        .map(|(technology, found)| (technology.id.as_str(), found.figure))
        .collect();
    let isolate = "v8-isolate-snapshot";
    assert_eq!(
        worse,
        [
            (isolate, Figure::FirstResult),
            (isolate, Figure::MemoryIdle)
        ]
    );
    assert_eq!(
        figure(&comparison, isolate, Figure::StartRate),
        Verdict::More
    );
    assert!(
        comparison.worse_by(0.3).is_empty(),
        "25% is not more than 30%"
    );
    assert_eq!(comparison.worse_by(0.2).len(), 2);
}

#[test]
fn a_difference_inside_the_noise_is_not_shown() {
    let mut after = changed(1.25);
    after.rows[2].noise = Some(0.3);
    let comparison = compare(&example::measurement(), &after);
    assert!(!comparison.differs());
    assert_eq!(
        figure(&comparison, "v8-isolate-snapshot", Figure::FirstResult),
        Verdict::NoDifferenceShown {
            inside: Inside::Noise
        }
    );
}

#[test]
fn what_is_missing_says_why() {
    let mut after = example::measurement();
    after.rows[2].teardown = None;
    after.rows[2].burst.as_mut().expect("a burst").size = 50;
    after.rows[3].outcome = Outcome::Failed {
        why: "it broke".to_owned(),
    };
    after.rows.remove(5);
    let comparison = compare(&example::measurement(), &after);
    let why = |found| match figure(&comparison, "v8-isolate-snapshot", found) {
        Verdict::NotComparable { why } => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why(Figure::Teardown), "not there after");
    assert_eq!(why(Figure::Burst), "100 at once → 50 at once");
    let broke: Vec<_> = comparison.broke().map(|found| found.id.as_str()).collect();
    assert_eq!(broke, ["container-runc"]);
    assert!(comparison.differs());
    let last = comparison.technologies.last().expect("technologies");
    assert_eq!(
        last.missing.as_deref(),
        Some("before: not measured: there is no /dev/kvm; after: not part of the measurement")
    );
}

#[test]
fn other_hosts_efforts_and_tools_are_warned_of() {
    let mut after = example::measurement();
    after.host.facts[2].value = "6.6.1".to_owned();
    after.host.facts[3].value = "1.00, 1.00, 1.00 (1, 5, 15 min)".to_owned();
    after.run.effort = "thorough".to_owned();
    after.rows[3].tools[0].version = "1.2.0".to_owned();
    let comparison = compare(&example::measurement(), &after);
    assert_eq!(
        comparison.warnings,
        [
            "The hosts differ, and so may every number for that reason alone: \
             kernel: 6.1.0-18-amd64 → 6.6.1.",
            "The effort differs: quick → thorough.",
            "Versions of tools differ: runc: 1.1.12 → 1.2.0 of container-runc.",
        ]
    );
    assert_eq!(
        comparison.host.len(),
        2,
        "the load is listed and not warned of"
    );
}

#[test]
fn a_slope_below_zero_is_compared_without_a_ratio() {
    let estimate = |value, low, high| Estimate {
        value,
        interval: Some(Interval { low, high }),
        samples: 9,
    };
    let nothing = estimate(-10.0, -50.0, 30.0);
    assert!(ratio(nothing, estimate(5e6, 4e6, 6e6)).is_none());
    assert_eq!(
        verdict(nothing, estimate(5e6, 4e6, 6e6), 0.0),
        Verdict::More
    );
    let inside = Verdict::NoDifferenceShown {
        inside: Inside::Interval,
    };
    assert_eq!(verdict(nothing, estimate(20.0, -5.0, 45.0), 0.0), inside);
    let wide = ratio(estimate(10.0, -5.0, 25.0), estimate(20.0, 10.0, 30.0));
    let interval = wide.and_then(|ratio| ratio.interval).expect("an interval");
    assert!(interval.high.is_infinite());
    assert!((interval.low - 0.4).abs() < 1e-12);
}

/// The median of log-normal samples with its bootstrap interval.
fn measure(centre: f64, samples: usize, rng: &mut Pcg64) -> Estimate {
    let mut drawn: Vec<f64> = (0..samples)
        .map(|_| {
            let (u, v): (f64, f64) = (rng.random(), rng.random());
            let normal = (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos();
            centre * (0.15 * normal).exp()
        })
        .collect();
    let bootstrap = Bootstrap::new(400, 0.95, rng.random()).expect("a bootstrap");
    Estimate {
        interval: Some(bootstrap.median(&drawn).expect("an interval")),
        value: median(&mut drawn),
        samples: u32::try_from(samples).expect("few"),
    }
}

fn share_called_different(factor: f64, samples: usize) -> f64 {
    const TIMES: u32 = 1_500;
    let mut rng = Pcg64::seed_from_u64(11);
    let called = (0..TIMES)
        .filter(|_| {
            let before = measure(1.0, samples, &mut rng);
            let after = measure(factor, samples, &mut rng);
            matches!(verdict(before, after, 0.0), Verdict::Less | Verdict::More)
        })
        .count();
    f64::from(u32::try_from(called).expect("few")) / f64::from(TIMES)
}

#[test]
fn equal_technologies_are_seldom_called_different() {
    for samples in [25, 60, 200] {
        let share = share_called_different(1.0, samples);
        assert!(share <= 0.07, "{samples} samples: {share}");
        assert!(
            share >= 0.01,
            "{samples} samples: {share} is far too careful"
        );
    }
}

#[test]
fn a_fifth_is_seen() {
    let share = share_called_different(1.2, 100);
    assert!(share >= 0.99, "{share}");
}

fn any_estimate() -> impl Strategy<Value = Estimate> {
    let part = || 0.0..2.0_f64;
    (1e-9..1e9_f64, part(), part(), any::<bool>()).prop_map(|(value, down, up, known)| Estimate {
        value,
        interval: known.then_some(Interval {
            low: value * (1.0 - down),
            high: value * (1.0 + up),
        }),
        samples: 5,
    })
}

fn mirrored(found: &Verdict) -> Verdict {
    match found {
        Verdict::Less => Verdict::More,
        Verdict::More => Verdict::Less,
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn an_estimate_does_not_differ_from_itself(estimate in any_estimate(), noise in 0.0..0.5_f64) {
        let found = verdict(estimate, estimate, noise);
        prop_assert!(!matches!(found, Verdict::Less | Verdict::More), "{:?}", found);
    }

    #[test]
    fn swapping_the_sides_inverts(a in any_estimate(), b in any_estimate(), noise in 0.0..0.5_f64) {
        let there = ratio(a, b).expect("a ratio");
        let back = ratio(b, a).expect("a ratio");
        prop_assert!((there.value * back.value - 1.0).abs() < 1e-9);
        if let (Some(there), Some(back)) = (there.interval, back.interval) {
            prop_assert!(there.low <= there.high);
            for (one, other) in [(there.low, back.high), (there.high, back.low)] {
                let ends = one == 0.0 && other.is_infinite() || one.is_infinite() && other == 0.0;
                prop_assert!(ends || (one * other - 1.0).abs() < 1e-9, "{} {}", one, other);
            }
        }
        // At the very edge of an interval or of the noise, rounding decides.
        let edge = (there.value.ln().abs() - noise).abs() < 1e-9
            || there.interval.is_some_and(|interval| {
                (interval.low - 1.0).abs() < 1e-9 || (interval.high - 1.0).abs() < 1e-9
            });
        if !edge {
            prop_assert_eq!(verdict(b, a, noise), mirrored(&verdict(a, b, noise)));
        }
    }

    #[test]
    fn swapping_measurements_inverts_every_verdict(factor in 0.5..2.0_f64) {
        let (a, b) = (example::measurement(), changed(factor));
        let (there, back) = (compare(&a, &b), compare(&b, &a));
        for ((_, one), (_, other)) in there.figures().zip(back.figures()) {
            prop_assert_eq!(one.figure, other.figure);
            prop_assert_eq!(&one.verdict, &mirrored(&other.verdict));
        }
    }
}
