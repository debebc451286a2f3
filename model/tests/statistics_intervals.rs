//! Intervals cover what they claim to cover, and the rest does what it says.

use proptest::prelude::*;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;
use tonnage_model::distribution::Distribution;
use tonnage_model::statistics::StatisticsError;
use tonnage_model::statistics::bootstrap::{Bootstrap, median};
use tonnage_model::statistics::means::{
    mean_of_batches, mean_of_replications, ratio_of_replications, student_t_quantile,
};
use tonnage_model::statistics::quantile::quantile_of_sorted;
use tonnage_model::statistics::rank_correlation::spearman;
use tonnage_model::statistics::sketch::Sketch;
use tonnage_model::statistics::time_average::TimeAverage;
use tonnage_model::statistics::warm_up::mser5;

/// Share of experiments, out of many, in which something held.
fn share_of(experiments: u32, mut held: impl FnMut(u32) -> bool) -> f64 {
    let hits = (0..experiments).filter(|&index| held(index)).count();
    hits as f64 / f64::from(experiments)
}

#[track_caller]
fn assert_close(found: f64, expected: f64, relative: f64) {
    assert!(
        (found - expected).abs() <= relative * expected.abs(),
        "{found} is not {expected}"
    );
}

/// Values from the published table of Student's t, with further digits.
#[test]
fn student_t_quantiles_match_the_table() {
    for (degrees, expected) in [
        (1.0, 12.706_204_736_174_7),
        (2.0, 4.302_652_729_749_46),
        (5.0, 2.570_581_835_636_31),
        (10.0, 2.228_138_851_964_94),
        (30.0, 2.042_272_456_301_24),
        (1_000.0, 1.962_339_080_826_41),
        (1e12, 1.959_963_984_540_05),
    ] {
        assert_close(student_t_quantile(0.975, degrees).unwrap(), expected, 1e-10);
        assert_close(
            student_t_quantile(0.025, degrees).unwrap(),
            -expected,
            1e-10,
        );
    }
    assert!(student_t_quantile(0.5, 3.0).unwrap().abs() < 1e-12);
    assert!(student_t_quantile(1.0, 3.0).is_err());
    assert!(student_t_quantile(0.9, 0.0).is_err());
}

#[test]
fn replication_intervals_cover_the_mean() {
    // Gamma with 4 phases: mildly skewed, as means over replications are.
    let law = Distribution::gamma(3.0, 0.5).unwrap();
    let mut rng = Pcg64::seed_from_u64(1);
    let covered = share_of(4_000, |_| {
        let values: Vec<f64> = (0..10).map(|_| law.sample(&mut rng)).collect();
        mean_of_replications(&values, 0.95)
            .unwrap()
            .interval()
            .contains(3.0)
    });
    assert!((0.925..0.965).contains(&covered), "{covered}");
}

#[test]
fn a_ratio_is_that_of_the_sums() {
    let estimate = ratio_of_replications(&[(1.0, 1.0), (3.0, 2.0), (2.0, 1.0)], 0.95).unwrap();
    assert_close(estimate.mean, 1.5, 1e-12);
    // Residuals are -3/8, 0 and 3/8.
    assert_close(
        estimate.half_width,
        4.302_652_729_749_46 * 0.375 / 3.0_f64.sqrt(),
        1e-10,
    );
    assert!(ratio_of_replications(&[(1.0, 0.0), (2.0, 0.0)], 0.95).is_err());
    assert!(ratio_of_replications(&[(1.0, 1.0)], 0.95).is_err());
}

/// Wherever a longer replication has a larger share, as busy ones have of rejected requests.
#[test]
fn ratio_intervals_cover_where_the_mean_of_ratios_is_biased() {
    let law = Distribution::gamma(1.0, 0.2).unwrap();
    let mut rng = Pcg64::seed_from_u64(7);
    let mut of_ratios = 0;
    let covered = share_of(4_000, |_| {
        let pairs: Vec<(f64, f64)> = (0..40)
            .map(|_| law.sample(&mut rng))
            .map(|requests| (requests.powi(2), requests))
            .collect();
        let ratios: Vec<f64> = pairs.iter().map(|(rejected, of)| rejected / of).collect();
        let holds =
            |interval: tonnage_model::statistics::Interval| interval.contains(law.variance() + 1.0);
        of_ratios += u32::from(holds(
            mean_of_replications(&ratios, 0.95).unwrap().interval(),
        ));
        holds(ratio_of_replications(&pairs, 0.95).unwrap().interval())
    });
    assert!((0.91..0.965).contains(&covered), "{covered}");
    assert!(of_ratios < 3_400, "{of_ratios}");
}

#[test]
fn batch_intervals_cover_the_mean_of_a_correlated_series() {
    // Autoregressive with a correlation of 0.9: plain intervals would be four times too narrow.
    let noise = Distribution::exponential(1.0).unwrap();
    let mut rng = Pcg64::seed_from_u64(2);
    let mut naive = 0;
    let covered = share_of(1_000, |_| {
        let mut value = 10.0;
        let series: Vec<f64> = (0..4_003)
            .map(|_| {
                value = 0.9 * value + noise.sample(&mut rng);
                value
            })
            .collect();
        naive += u32::from(
            mean_of_replications(&series, 0.95)
                .unwrap()
                .interval()
                .contains(10.0),
        );
        mean_of_batches(&series, 20, 0.95)
            .unwrap()
            .interval()
            .contains(10.0)
    });
    assert!((0.92..0.97).contains(&covered), "{covered}");
    assert!(naive < 600, "{naive}");
}

#[test]
fn bootstrap_intervals_cover_medians_and_their_ratio() {
    let law = Distribution::lognormal_from_percentiles(5.0, 20.0).unwrap();
    let other = Distribution::lognormal_from_percentiles(2.0, 4.0).unwrap();
    let mut rng = Pcg64::seed_from_u64(3);
    let mut ratios = 0;
    let covered = share_of(600, |index| {
        let left: Vec<f64> = (0..60).map(|_| law.sample(&mut rng)).collect();
        let right: Vec<f64> = (0..60).map(|_| other.sample(&mut rng)).collect();
        let bootstrap = Bootstrap::new(400, 0.95, u64::from(index)).unwrap();
        ratios += u32::from(
            bootstrap
                .ratio_of_medians(&left, &right)
                .unwrap()
                .contains(2.5),
        );
        bootstrap.median(&left).unwrap().contains(5.0)
    });
    assert!((0.92..0.975).contains(&covered), "{covered}");
    let covered = f64::from(ratios) / 600.0;
    assert!((0.92..0.985).contains(&covered), "{covered}");

    let samples = [1.0, 4.0, 2.0, 8.0, 5.0];
    let bootstrap = Bootstrap::new(500, 0.9, 7).unwrap();
    assert_eq!(bootstrap.median(&samples), bootstrap.median(&samples));
    assert!(
        bootstrap
            .ratio_of_medians(&samples, &[0.0, 0.0, 1.0])
            .is_err()
    );
    assert!(bootstrap.median(&[1.0]).is_err());
    assert!(Bootstrap::new(10, 0.9, 7).is_err());
}

#[test]
fn quantile_intervals_cover_and_ask_for_enough_samples() {
    let law = Distribution::lognormal(4.0, 2.0).unwrap();
    let mut rng = Pcg64::seed_from_u64(4);
    for (p, samples) in [(0.5, 40), (0.95, 300), (0.99, 1_000)] {
        let truth = law.quantile(p);
        let covered = share_of(2_000, |_| {
            let mut values: Vec<f64> = (0..samples).map(|_| law.sample(&mut rng)).collect();
            values.sort_by(f64::total_cmp);
            quantile_of_sorted(&values, p, 0.95)
                .unwrap()
                .interval
                .contains(truth)
        });
        // Never below what was asked, and not wasteful.
        assert!((0.94..0.985).contains(&covered), "p{p}: {covered}");
    }
    let few: Vec<f64> = (0..367).map(f64::from).collect();
    assert_eq!(
        quantile_of_sorted(&few, 0.99, 0.95),
        Err(StatisticsError::TooFewSamples {
            needed: 368,
            given: 367
        })
    );
    let enough: Vec<f64> = (1..=368).map(f64::from).collect();
    assert!(quantile_of_sorted(&enough, 0.99, 0.95).is_ok());
    let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
    let median = quantile_of_sorted(&hundred, 0.5, 0.95).unwrap();
    // The textbook ranks for n = 100: 40 and 61.
    assert_close(median.value, 50.0, 1e-15);
    assert_close(median.interval.low, 40.0, 1e-15);
    assert_close(median.interval.high, 61.0, 1e-15);
    assert!(quantile_of_sorted(&[3.0, 1.0], 0.5, 0.95).is_err());
}

#[test]
fn mser_finds_the_end_of_a_transient() {
    let noise = Distribution::uniform(0.0, 1.0).unwrap();
    let mut rng = Pcg64::seed_from_u64(5);
    let series: Vec<f64> = (0..4_000)
        .map(|i| noise.sample(&mut rng) + 20.0 * (-f64::from(i) / 100.0).exp())
        .collect();
    let warm_up = mser5(&series).unwrap();
    assert!(
        warm_up.settled && (300..900).contains(&warm_up.observations),
        "{warm_up:?}"
    );
    // Steady from the start: next to nothing is cut.
    let steady: Vec<f64> = (0..4_000).map(|_| noise.sample(&mut rng)).collect();
    assert!(mser5(&steady).unwrap().observations < 800);
    // Still falling at the end: not settled.
    let falling: Vec<f64> = (0..400).map(|i| 1_000.0 - f64::from(i)).collect();
    assert!(!mser5(&falling).unwrap().settled);
    let constant = mser5(&[7.0; 100]).unwrap();
    assert!(constant.settled && constant.observations == 0);
    assert!(mser5(&[1.0; 19]).is_err());
}

#[test]
fn time_averages_weigh_by_duration() {
    let mut live = TimeAverage::new(10.0, 2.0).unwrap();
    live.set(13.0, 5.0).unwrap();
    live.set(14.0, 0.0).unwrap();
    assert_close(
        live.mean_until(20.0).unwrap(),
        (3.0 * 2.0 + 5.0) / 10.0,
        1e-15,
    );
    assert_close(live.highest(), 5.0, 1e-15);
    let before = live;
    assert!(matches!(
        live.set(13.5, 1.0),
        Err(StatisticsError::TimeReversed { .. })
    ));
    assert!(live.set(15.0, f64::NAN).is_err());
    assert_eq!(live, before);
    live.set(20.0, 3.0).unwrap();
    live.restart(30.0).unwrap();
    assert_close(live.mean_until(30.0).unwrap(), 3.0, 1e-15);
    assert_close(live.mean_until(35.0).unwrap(), 3.0, 1e-15);
    assert!(TimeAverage::new(f64::NAN, 0.0).is_err());
}

#[test]
fn sketches_keep_their_relative_error_and_merge_in_any_order() {
    let law = Distribution::lognormal(0.3, 4.0).unwrap();
    let mut rng = Pcg64::seed_from_u64(6);
    let mut values: Vec<f64> = (0..40_000).map(|_| law.sample(&mut rng)).collect();
    values.extend([0.0; 1_000]);
    for asked in [0.3, 0.01, 0.001] {
        let mut whole = Sketch::new(asked).unwrap();
        for &value in &values {
            whole.record(value).unwrap();
        }
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(whole.relative_error() <= asked);
        for p in [0.0, 0.001, 0.02, 0.3, 0.5, 0.9, 0.99, 0.9999, 1.0] {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let rank = ((p * sorted.len() as f64).ceil() as usize).max(1);
            let (found, exact) = (whole.quantile(p).unwrap(), sorted[rank - 1]);
            assert!(
                (found - exact).abs() <= whole.relative_error() * exact,
                "{found} {exact}"
            );
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert_close(whole.mean().unwrap(), mean, whole.relative_error());
        let exact = sorted.partition_point(|&value| value <= 0.5) as f64 / sorted.len() as f64;
        assert!((whole.share_at_most(0.5).unwrap() - exact).abs() < 0.7 * asked);

        // Shuffled, cut in pieces, merged in two ways.
        let mut shuffled = values.clone();
        shuffled.shuffle(&mut rng);
        let pieces: Vec<Sketch> = shuffled
            .chunks(3_000)
            .map(|chunk| {
                let mut piece = Sketch::new(asked).unwrap();
                for &value in chunk {
                    piece.record(value).unwrap();
                }
                piece
            })
            .collect();
        let merged = |order: &mut dyn Iterator<Item = &Sketch>| {
            let mut all = Sketch::new(asked).unwrap();
            for piece in order {
                all.merge(piece).unwrap();
            }
            serde_json::to_string(&all).unwrap()
        };
        let written = serde_json::to_string(&whole).unwrap();
        assert_eq!(merged(&mut pieces.iter()), written);
        assert_eq!(merged(&mut pieces.iter().rev()), written);
        let read: Sketch = serde_json::from_str(&written).unwrap();
        assert_eq!(read.quantile(0.37), whole.quantile(0.37));
        assert_eq!(read.count(), whole.count());
    }
}

#[test]
fn sketches_refuse_what_they_cannot_hold() {
    let mut sketch = Sketch::new(0.01).unwrap();
    assert_eq!(sketch.quantile(0.5), None);
    assert_eq!(sketch.mean(), None);
    for wrong in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(sketch.record(wrong).is_err());
    }
    assert_eq!(sketch.count(), 0);
    assert_eq!(sketch.min(), None);
    sketch.record(-0.0).unwrap();
    sketch.record(f64::MAX).unwrap();
    sketch.record(f64::MIN_POSITIVE).unwrap();
    assert_eq!(sketch.count(), 3);
    assert_close(sketch.quantile(1.0).unwrap(), f64::MAX, 1e-15);
    assert_close(sketch.quantile(0.99).unwrap(), f64::MAX, 0.01);
    assert!(sketch.merge(&Sketch::new(0.1).unwrap()).is_err());
    assert!(Sketch::new(0.0).is_err());
    let empty = serde_json::to_string(&Sketch::new(0.01).unwrap()).unwrap();
    assert_eq!(
        serde_json::from_str::<Sketch>(&empty).unwrap(),
        Sketch::new(0.01).unwrap()
    );
    let wrong = r#"{"bits":60,"zeros":0,"range":null,"first":0,"buckets":[]}"#;
    assert!(serde_json::from_str::<Sketch>(wrong).is_err());
}

#[test]
fn rank_correlation_sees_any_monotone_relation() {
    let x: Vec<f64> = (1..50).map(f64::from).collect();
    let bent: Vec<f64> = x.iter().map(|v| v.powi(7)).collect();
    let falling: Vec<f64> = x.iter().map(|v| (-v).exp()).collect();
    assert_close(spearman(&x, &bent).unwrap(), 1.0, 1e-14);
    assert_close(spearman(&x, &falling).unwrap(), -1.0, 1e-14);
    // A textbook example (IQ and hours of television): −29/165.
    let iq = [
        106.0, 100.0, 86.0, 101.0, 99.0, 103.0, 97.0, 113.0, 112.0, 110.0,
    ];
    let hours = [7.0, 27.0, 2.0, 50.0, 28.0, 29.0, 20.0, 12.0, 6.0, 17.0];
    assert_close(spearman(&iq, &hours).unwrap(), -29.0 / 165.0, 1e-13);
    // Ties share ranks: (1, 2.5, 2.5, 4) against (1, 2, 3, 4).
    let tied = spearman(&[1.0, 2.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]).unwrap();
    assert_close(tied, 4.5 / (4.5_f64 * 5.0).sqrt(), 1e-13);
    assert_eq!(
        spearman(&[1.0, 1.0], &[1.0, 2.0]),
        Err(StatisticsError::NoVariation)
    );
    assert!(spearman(&[1.0, 2.0], &[1.0]).is_err());
}

#[test]
fn medians_of_odd_and_even_counts() {
    assert_close(median(&mut [3.0, 1.0, 2.0]), 2.0, 1e-15);
    assert_close(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5, 1e-15);
    assert!(median(&mut []).is_nan());
}

proptest! {
    #[test]
    fn sketch_quantiles_are_ordered_and_within_the_range(
        values in prop::collection::vec(prop_oneof![Just(0.0), 1e-300..1e300_f64, 0.0..1.0_f64], 1..200),
        low in 0.0..1.0_f64,
        high in 0.0..1.0_f64,
    ) {
        let mut sketch = Sketch::new(0.02).unwrap();
        for &value in &values {
            sketch.record(value).unwrap();
        }
        let (low, high) = (low.min(high), low.max(high));
        let (at_low, at_high) = (sketch.quantile(low).unwrap(), sketch.quantile(high).unwrap());
        prop_assert!(at_low <= at_high);
        prop_assert!(sketch.min().unwrap() <= at_low && at_high <= sketch.max().unwrap());
    }
}
