//! Sessions of many turns against draws of the same sessions.

use proptest::prelude::*;
use rand::SeedableRng;
use rand_pcg::Pcg64;
use tonnage_model::distribution::{Distribution, TurnCount};
use tonnage_model::queueing::offered_load::{PeriodicRate, Survival};
use tonnage_model::queueing::session_length::SessionLength;

fn sessions() -> Vec<(TurnCount, Distribution, Distribution)> {
    [
        (
            TurnCount::geometric(12.0),
            Distribution::lognormal(20.0, 1.5),
            Distribution::lognormal(0.8, 3.0),
        ),
        (
            TurnCount::negative_binomial(30.0, 2.0),
            Distribution::lognormal(8.0, 1.0),
            Distribution::exponential(0.3),
        ),
        (
            TurnCount::fixed(5),
            Distribution::gamma(10.0, 0.4),
            Distribution::deterministic(1.0),
        ),
        (
            TurnCount::geometric(1.3),
            Distribution::uniform(1.0, 9.0),
            Distribution::pareto(2.0, 2.6),
        ),
        (
            TurnCount::geometric(6.0),
            Distribution::pareto(20.0, 1.6),
            Distribution::weibull(1.0, 0.5),
        ),
        (
            TurnCount::geometric(40.0),
            Distribution::deterministic(3.0),
            Distribution::deterministic(0.5),
        ),
    ]
    .map(|(turns, think, burst)| (turns.unwrap(), think.unwrap(), burst.unwrap()))
    .to_vec()
}

#[test]
fn the_tail_agrees_with_drawn_sessions() {
    const DRAWS: usize = 200_000;
    for (index, (turns, think, burst)) in sessions().into_iter().enumerate() {
        let session = SessionLength::new(turns, think.clone(), burst.clone());
        let mut rng = Pcg64::seed_from_u64(300 + index as u64);
        let mut draws: Vec<f64> = (0..DRAWS).map(|_| session.sample(&mut rng)).collect();
        draws.sort_by(f64::total_cmp);
        for quantile in [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 0.999] {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let x = draws[(quantile * DRAWS as f64) as usize];
            // Five standard errors, and what a step of the grid hides: much where the length has
            // atoms.
            let count = draws.partition_point(|&draw| draw <= x) as f64 / DRAWS as f64;
            let error = 5.0 * (quantile * (1.0 - quantile) / DRAWS as f64).sqrt();
            let atoms = if think.variance() > 0.0 { 0.006 } else { 0.02 };
            let tail = session.survival(x);
            assert!(
                (tail - 1.0 + count).abs() < error + atoms,
                "{index} at {x}: {tail} {count}"
            );
            // E[min(S, x)] is bounded, so its mean converges for every tail.
            let capped: Vec<f64> = draws.iter().map(|draw| draw.min(x)).collect();
            let mean = capped.iter().sum::<f64>() / DRAWS as f64;
            let square = capped.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / DRAWS as f64;
            let error = 5.0 * (square / DRAWS as f64).sqrt() + 1e-5 * session.mean();
            let found = session.integrated_survival(x);
            assert!(
                (found - mean).abs() < error,
                "{index} at {x}: {found} {mean} ± {error}"
            );
        }
    }
}

#[test]
fn the_integrals_are_consistent_and_reach_the_mean() {
    for (turns, think, burst) in sessions() {
        let session = SessionLength::new(turns, think.clone(), burst.clone());
        let mean = session.mean();
        assert!((mean - turns.mean() * (think.mean() + burst.mean())).abs() < 1e-12 * mean);
        let far = session.integrated_survival(1e15 * mean);
        assert!((far / mean - 1.0).abs() < 1e-7, "{far} {mean}");
        let mut previous = (0.0, 0.0);
        for step in 1..3_000 {
            let x = mean * 0.01 * f64::from(step);
            let once = session.integrated_survival(x);
            let twice = session.doubly_integrated_survival(x);
            assert!(once >= previous.0 - 1e-9 * mean && once <= mean * (1.0 + 1e-9));
            // The integral lies between the rectangles of its increasing integrand.
            let width = 0.01 * mean;
            let slack = 1e-6 * mean * width;
            assert!(twice - previous.1 >= previous.0 * width - slack);
            assert!(twice - previous.1 <= once * width + slack);
            previous = (once, twice);
        }
    }
}

#[test]
fn sessions_without_length_are_allowed() {
    let zero = Distribution::deterministic(0.0).unwrap();
    let session = SessionLength::new(TurnCount::geometric(5.0).unwrap(), zero.clone(), zero);
    assert!(session.mean() <= 0.0 && session.integrated_survival(7.0) <= 0.0);
    let rate = PeriodicRate::new(1.0, vec![1.0, 2.0, 3.0]).unwrap();
    assert!(rate.offered_load(&session).peak() <= 0.0);
}

/// The load by brute force: ∫ λ(t − u) P(S > u) du with the piecewise linear rate.
#[test]
fn offered_load_is_the_convolution_with_the_tail() {
    let values: Vec<f64> = (0..48).map(|i| f64::from(i * 37 % 11) + 2.0).collect();
    let rate = PeriodicRate::new(0.5, values.clone()).unwrap();
    let at = |t: f64| {
        let position = (t / 0.5).rem_euclid(48.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let index = (position as usize).min(47);
        let share = position - index as f64;
        values[index] * (1.0 - share) + values[(index + 1) % 48] * share
    };
    let services = [
        Distribution::exponential(0.2).unwrap(),
        Distribution::exponential(9.0).unwrap(),
        Distribution::lognormal(3.0, 1.5).unwrap(),
        Distribution::uniform(1.0, 50.0).unwrap(),
        Distribution::pareto(2.0, 1.5).unwrap(),
    ];
    for service in services {
        let load = rate.offered_load(&service);
        let expected_mean = rate.mean() * Survival::mean(&service);
        assert!((load.mean() / expected_mean - 1.0).abs() < 1e-10);
        assert!(load.peak_to_mean() >= 1.0);
        for index in [0_u32, 7, 30] {
            let t = 0.5 * f64::from(index);
            let (mut sum, width) = (0.0, 0.0025);
            let reach = service.quantile(1.0 - 1e-9).min(2_400.0);
            let mut u = 0.5 * width;
            while u < reach {
                sum += width * at(t - u) * service.survival(u);
                u += width;
            }
            // Beyond, the rate averages out.
            sum += rate.mean() * (service.mean() - service.integrated_survival(u));
            let found = load.values()[index as usize];
            assert!(
                (found / sum - 1.0).abs() < 3e-5,
                "{service:?}: {found} {sum}"
            );
        }
    }
}

/// The transform and the direct sum give the same load.
#[test]
fn long_and_short_grids_agree() {
    let shape = |t: f64| 5.0 + 3.0 * (t * std::f64::consts::TAU / 168.0).sin() + (t % 24.0) / 24.0;
    let coarse: Vec<f64> = (0..168).map(|i| shape(f64::from(i))).collect();
    // The same piecewise linear curve on a grid sixteen times finer.
    let fine: Vec<f64> = (0..168 * 16)
        .map(|i| {
            let (low, share) = (i / 16, f64::from(u32::try_from(i % 16).unwrap()) / 16.0);
            coarse[low] * (1.0 - share) + coarse[(low + 1) % 168] * share
        })
        .collect();
    let coarse = PeriodicRate::new(1.0, coarse).unwrap();
    let fine = PeriodicRate::new(1.0 / 16.0, fine).unwrap();
    for service in [
        Distribution::exponential(0.4).unwrap(),
        Distribution::lognormal(12.0, 3.0).unwrap(),
        Distribution::pareto(4.0, 1.6).unwrap(),
    ] {
        let (short, long) = (coarse.offered_load(&service), fine.offered_load(&service));
        for (index, value) in short.values().iter().enumerate() {
            let other = long.values()[16 * index];
            assert!(
                (value / other - 1.0).abs() < 1e-9,
                "{service:?}: {value} {other}"
            );
        }
        assert!(long.peak() >= short.values().iter().copied().fold(0.0, f64::max) * (1.0 - 1e-9));
    }
}

/// A budget, not a benchmark: fast enough for thousands of evaluations.
#[test]
fn a_session_length_takes_milliseconds() {
    let (turns, think, burst) = sessions().swap_remove(0);
    let start = std::time::Instant::now();
    for _ in 0..50 {
        std::hint::black_box(SessionLength::new(turns, think.clone(), burst.clone()));
    }
    let each = start.elapsed().as_secs_f64() / 50.0;
    assert!(each < 0.05, "{each} s");
}

fn part(family: u32, mean: f64, cv: f64) -> Distribution {
    match family {
        0 => Distribution::deterministic(mean),
        1 => Distribution::exponential(mean),
        2 => Distribution::lognormal(mean, cv),
        3 => Distribution::gamma(mean, cv),
        4 => Distribution::weibull(mean, 0.3 + cv),
        5 => Distribution::pareto(mean, 1.05 + cv),
        6 => Distribution::hyperexponential(mean, 1.0 + cv),
        _ => Distribution::deterministic(0.0),
    }
    .unwrap()
}

proptest! {
    /// Whatever the parts, the integrals are those of some tail with the right mean.
    #[test]
    fn any_session_has_a_sound_tail(
        think in (0..8_u32, -7.0..9.0_f64, 0.02..8.0_f64),
        burst in (0..8_u32, -7.0..9.0_f64, 0.02..8.0_f64),
        turns in (0..3_u32, 0.0..8.0_f64, 1.1..6.0_f64),
        share in 0.0..1.0_f64,
    ) {
        let think = part(think.0, think.1.exp(), think.2);
        let burst = part(burst.0, burst.1.exp(), burst.2);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let turns = match turns.0 {
            0 => TurnCount::fixed(turns.1.exp() as u32),
            1 => TurnCount::geometric(turns.1.exp()),
            _ => TurnCount::negative_binomial(1.01 + turns.1.exp(), turns.2),
        }.unwrap();
        let session = SessionLength::new(turns, think, burst);
        let mean = session.mean();
        let slack = 1e-6 * mean + 0.17 * session.resolution();
        let mut previous = 0.0;
        for step in 1..200 {
            let x = mean * (f64::from(step) - share) * 0.02 * 1.03_f64.powi(step);
            let once = session.integrated_survival(x);
            prop_assert!(once >= previous - slack, "falls at {x}: {previous} {once}");
            prop_assert!(once <= x.min(mean) * (1.0 + 1e-6) + slack, "too high at {x}: {once}");
            let twice = session.doubly_integrated_survival(x);
            prop_assert!(twice >= 0.0 && twice <= x * once + slack * x);
            prop_assert!((-0.01..1.01).contains(&session.survival(x)), "{}", session.survival(x));
            previous = once;
        }
        let rate = PeriodicRate::new(300.0, vec![1.0, 3.0, 2.0, 0.5, 0.0, 4.0]).unwrap();
        let load = rate.offered_load(&session);
        prop_assert!((load.mean() - rate.mean() * mean).abs() <= 1e-8 * rate.mean() * mean);
        prop_assert!(load.values().iter().all(|m| (-1e-9..=4.0 + 1e-9).contains(&(m / mean.max(1e-300)))));
    }
}
