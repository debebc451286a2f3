//! Every family agrees with itself: draws, moments, tails and integrals tell the same story.

use proptest::prelude::*;
use rand::SeedableRng;
use rand_pcg::Pcg64;
use rustfft::num_complex::Complex;
use tonnage_model::distribution::{Distribution, TurnCount};

/// One of each family, with tails from constant to infinite variance.
fn families() -> Vec<Distribution> {
    [
        Distribution::deterministic(3.0),
        Distribution::exponential(2.0),
        Distribution::lognormal(5.0, 2.0),
        Distribution::lognormal(5.0, 0.1),
        Distribution::lognormal_from_percentiles(1.0, 9.0),
        Distribution::gamma(4.0, 0.5),
        Distribution::gamma(4.0, 3.0),
        Distribution::weibull(2.0, 0.6),
        Distribution::weibull(2.0, 4.0),
        Distribution::pareto(3.0, 2.5),
        Distribution::pareto(3.0, 1.4),
        Distribution::hyperexponential(1.0, 4.0),
        Distribution::uniform(1.0, 6.0),
        Distribution::uniform(0.0, 6.0),
        Distribution::empirical(vec![0.0, 1.0, 1.0, 2.5, 10.0]),
    ]
    .into_iter()
    .map(|built| built.expect("valid parameters"))
    .collect()
}

/// ∫₀^x f by Simpson's rule on panels that shrink geometrically towards zero and are cut at the
/// quantiles, so that kinks and steep starts do not matter.
fn integral(law: &Distribution, x: f64, f: impl Fn(f64) -> f64) -> f64 {
    const STEPS: u32 = 40;
    let mut cuts: Vec<f64> = (1..60).map(|step| x * 0.5_f64.powi(step)).collect();
    cuts.extend((0..=20).map(|step| law.quantile(f64::from(step) / 20.0)));
    for tail in (3..45).map(|step| 0.5_f64.powi(step)) {
        cuts.extend([law.quantile(tail), law.quantile(1.0 - tail)]);
    }
    cuts.extend([0.0, x]);
    cuts.extend((1..40).map(|step| x * f64::from(step) / 40.0));
    cuts.retain(|cut| (0.0..=x).contains(cut));
    cuts.sort_by(f64::total_cmp);
    let mut sum = 0.0;
    for pair in cuts.windows(2) {
        // A hair inside the panel: at a jump the value before it counts.
        let (low, high) = (pair[0], pair[1] * (1.0 - 1e-15));
        let h = (high - low) / f64::from(STEPS);
        if h <= 0.0 {
            continue;
        }
        for step in 0..=STEPS {
            let weight = match step {
                0 | STEPS => 1.0,
                _ if step % 2 == 1 => 4.0,
                _ => 2.0,
            };
            sum += weight * h / 3.0 * f(low + h * f64::from(step));
        }
    }
    sum
}

fn close(left: f64, right: f64, relative: f64) -> bool {
    (left - right).abs() <= relative * left.abs().max(right.abs())
}

#[test]
fn integrals_of_the_tail_match_quadrature() {
    for law in families() {
        for share in [0.01, 0.3, 1.0, 2.7, 20.0] {
            let x = share * law.mean();
            let once = integral(&law, x, |u| law.survival(u));
            let twice = integral(&law, x, |u| law.integrated_survival(u));
            let exact = law.integrated_survival(x);
            assert!(
                close(exact, once, 1e-9),
                "{law:?} at {x}: {exact} against {once}"
            );
            let exact = law.doubly_integrated_survival(x);
            assert!(
                close(exact, twice, 1e-9),
                "{law:?} at {x}: {exact} against {twice}"
            );
        }
        let far = law.integrated_survival(1e30 * law.mean());
        assert!(close(far, law.mean(), 1e-10), "{law:?}: {far}");
    }
}

#[test]
fn quantiles_invert_the_distribution_function() {
    for law in families() {
        for p in [1e-9, 1e-3, 0.05, 0.3, 0.5, 0.77, 0.95, 0.999, 1.0 - 1e-9] {
            let x = law.quantile(p);
            assert!(
                law.cdf(x * (1.0 + 1e-12)) >= p * (1.0 - 1e-9),
                "{law:?} at {p}"
            );
            assert!(
                law.cdf(x * (1.0 - 1e-12) - 1e-300) <= p * (1.0 + 1e-9),
                "{law:?} at {p}"
            );
            assert!(
                close(law.cdf(x) + law.survival(x), 1.0, 1e-14),
                "{law:?} at {p}"
            );
        }
    }
}

#[test]
fn draws_follow_the_distribution_and_its_stationary_excess() {
    const DRAWS: u32 = 200_000;
    for (index, law) in families().into_iter().enumerate() {
        let mut rng = Pcg64::seed_from_u64(17 + index as u64);
        let mut plain: Vec<f64> = (0..DRAWS).map(|_| law.sample(&mut rng)).collect();
        let mut excess: Vec<f64> = (0..DRAWS)
            .map(|_| law.sample_stationary_excess(&mut rng))
            .collect();
        plain.sort_by(f64::total_cmp);
        excess.sort_by(f64::total_cmp);
        let share = |sorted: &[f64], x: f64| {
            sorted.partition_point(|&draw| draw <= x) as f64 / f64::from(DRAWS)
        };
        for p in [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99] {
            let quantile = law.quantile(p);
            let (found, expected) = (share(&plain, quantile), law.cdf(quantile));
            assert!(
                (found - expected).abs() < 0.005,
                "{law:?}: {found} not {expected}"
            );
            for x in [0.5, 1.0, 3.0].map(|factor| factor * quantile) {
                let expected = law.integrated_survival(x) / law.mean();
                let found = share(&excess, x);
                assert!(
                    (found - expected).abs() < 0.005,
                    "excess {law:?}: {found} not {expected}"
                );
            }
        }
        if law.cv_squared() < 5.0 {
            let mean = plain.iter().sum::<f64>() / f64::from(DRAWS);
            let error = (law.variance() / f64::from(DRAWS)).sqrt() + 1e-12;
            assert!(
                (mean - law.mean()).abs() < 4.5 * error,
                "{law:?}: mean {mean}"
            );
        }
    }
}

#[test]
fn turn_counts_agree_with_their_probabilities_and_generating_function() {
    const DRAWS: u32 = 200_000;
    let counts = [
        TurnCount::fixed(1),
        TurnCount::fixed(7),
        TurnCount::geometric(1.0),
        TurnCount::geometric(12.0),
        TurnCount::negative_binomial(12.0, 2.0),
        TurnCount::negative_binomial(12.0, 0.6),
    ];
    for (index, count) in counts.into_iter().enumerate() {
        let count = count.expect("valid parameters");
        let z = Complex::new(0.6, -0.7);
        let (mut total, mut mean, mut square) = (0.0, 0.0, 0.0);
        let mut power = z;
        let mut generated = Complex::new(0.0, 0.0);
        for n in 1..6_000 {
            let p = count.probability(n);
            total += p;
            mean += p * f64::from(n);
            square += p * f64::from(n).powi(2);
            generated += power * p;
            power *= z;
        }
        assert!(close(total, 1.0, 1e-10), "{count:?}: {total}");
        assert!(close(mean, count.mean(), 1e-9), "{count:?}: {mean}");
        assert!(
            (square - mean * mean - count.variance()).abs() < 1e-6,
            "{count:?}"
        );
        assert!(
            (generated - count.generating_function(z)).norm() < 1e-11,
            "{count:?}"
        );
        assert!(count.probability(0) <= 0.0);

        let mut rng = Pcg64::seed_from_u64(5 + index as u64);
        let (mut plain, mut seen) = ([0_u32; 60], [0_u32; 60]);
        for _ in 0..DRAWS {
            plain[(count.sample(&mut rng) as usize).min(59)] += 1;
            seen[(count.sample_equilibrium(&mut rng) as usize).min(59)] += 1;
        }
        let mut at_least = 1.0;
        for n in 1..59_u32 {
            let share = |hits: &[u32; 60]| f64::from(hits[n as usize]) / f64::from(DRAWS);
            let p = count.probability(n);
            assert!((share(&plain) - p).abs() < 0.005, "{count:?} at {n}");
            assert!(
                (share(&seen) - at_least / count.mean()).abs() < 0.005,
                "{count:?} at {n}"
            );
            at_least -= p;
        }
    }
}

#[test]
fn unsound_parameters_are_refused() {
    for wrong in [f64::NAN, f64::INFINITY, -1.0] {
        assert!(Distribution::deterministic(wrong).is_err());
        assert!(Distribution::exponential(wrong).is_err());
        assert!(Distribution::lognormal(1.0, wrong).is_err());
        assert!(Distribution::lognormal(wrong, 1.0).is_err());
        assert!(Distribution::lognormal_from_percentiles(1.0, wrong).is_err());
        assert!(Distribution::gamma(1.0, wrong).is_err());
        assert!(Distribution::weibull(1.0, wrong).is_err());
        assert!(Distribution::pareto(1.0, wrong).is_err());
        assert!(Distribution::hyperexponential(1.0, wrong).is_err());
        assert!(Distribution::uniform(0.0, wrong).is_err());
        assert!(Distribution::empirical(vec![wrong]).is_err());
        assert!(TurnCount::geometric(wrong).is_err());
        assert!(TurnCount::negative_binomial(2.0, wrong).is_err() || wrong < 0.0);
    }
    assert!(Distribution::empirical(vec![]).is_err());
    assert!(Distribution::pareto(1.0, 1.0).is_err());
    assert!(Distribution::hyperexponential(1.0, 0.9).is_err());
    assert!(TurnCount::fixed(0).is_err());
    assert!(Distribution::exponential(0.0).is_err());
    let zero = Distribution::deterministic(0.0).expect("zero is a cost");
    assert!(zero.mean() <= 0.0 && zero.cv_squared() <= 0.0 && zero.cdf(0.0) > 0.5);
}

#[test]
fn distributions_survive_being_written_and_read() {
    for law in families() {
        let written = serde_json::to_string(&law).expect("writes");
        let read: Distribution = serde_json::from_str(&written).expect("reads");
        assert!(close(read.mean(), law.mean(), 1e-14), "{written}");
        assert!(
            close(read.quantile(0.3), law.quantile(0.3), 1e-12),
            "{written}"
        );
    }
    let wrong = r#"{"kind":"exponential","mean":-1.0}"#;
    assert!(serde_json::from_str::<Distribution>(wrong).is_err());
}

proptest! {
    #[test]
    fn any_parameters_give_a_consistent_distribution(
        family in 0..7,
        mean in 1e-6..1e6_f64,
        cv in 0.05..8.0_f64,
        factor in 0.001..1000.0_f64,
        p in 0.001..0.999_f64,
    ) {
        let law = match family {
            0 => Distribution::exponential(mean),
            1 => Distribution::lognormal(mean, cv),
            2 => Distribution::gamma(mean, cv),
            3 => Distribution::weibull(mean, 0.2 + cv),
            4 => Distribution::pareto(mean, 1.05 + cv),
            5 => Distribution::hyperexponential(mean, 1.0 + cv),
            _ => Distribution::uniform(mean, mean * (1.0 + cv)),
        }.expect("valid parameters");
        let x = law.quantile(p);
        prop_assert!(close(law.cdf(x), p, 1e-8));
        let scaled = law.scaled(factor).expect("in range");
        prop_assert!(close(scaled.mean(), factor * law.mean(), 1e-12));
        prop_assert!(close(scaled.quantile(p), factor * x, 1e-9));
        prop_assert!(law.integrated_survival(x) <= x.min(law.mean()) * (1.0 + 1e-12));
        prop_assert!(law.integrated_survival(x) >= x * law.survival(x) * (1.0 - 1e-12));
        let once = integral(&law, x, |u| law.survival(u));
        let twice = integral(&law, x, |u| law.integrated_survival(u));
        prop_assert!(close(law.integrated_survival(x), once, 1e-7));
        prop_assert!(close(law.doubly_integrated_survival(x), twice, 1e-7));
    }
}
