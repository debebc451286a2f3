//! The formulas against slower, simpler ways to the same numbers.

use proptest::prelude::*;
use tonnage_model::distribution::Distribution;
use tonnage_model::queueing::erlang::{
    WaitingQueue, erlang_b, erlang_c, ln_erlang_b, load_for_blocking, load_for_wait,
    servers_for_blocking, servers_for_wait,
};
use tonnage_model::queueing::finite_source::{Engset, MachineRepair};
use tonnage_model::queueing::processor_sharing::{
    SharedProcessors, load_for_slowdown, servers_for_slowdown,
};
use tonnage_model::queueing::single_server::{ConstantService, SingleServer};
use tonnage_model::queueing::staffing::{binomial_headroom, poisson_headroom};

#[track_caller]
fn assert_close(found: f64, expected: f64, relative: f64) {
    assert!(
        (found - expected).abs() <= relative * expected.abs(),
        "{found} is not {expected} to {relative}"
    );
}

/// B(0) = 1, B(c) = a B(c − 1)/(c + a B(c − 1)).
fn by_recursion(load: f64, servers: u64) -> f64 {
    (1..=servers).fold(1.0, |b, c| load * b / (c as f64 + load * b))
}

#[test]
fn erlang_b_is_the_recursion() {
    for load in [
        1e-9, 0.1, 0.5, 1.0, 1.5, 3.7, 20.0, 300.0, 999.5, 1e3, 1e4, 1e5,
    ] {
        for factor in [0.001, 0.3, 0.9, 0.99, 1.0, 1.01, 1.2, 2.0] {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let servers = (load * factor) as u64 + 1;
            let expected = by_recursion(load, servers);
            if expected > 1e-290 {
                let precision = if expected < 1e-100 { 1e-10 } else { 1e-12 };
                assert_close(erlang_b(load, servers).unwrap(), expected, precision);
            }
        }
    }
    for servers in [9_990_000, 10_000_000, 10_003_000, 10_010_000] {
        assert_close(
            erlang_b(1e7, servers).unwrap(),
            by_recursion(1e7, servers),
            1e-11,
        );
    }
}

/// Computed by quadrature with 50 digits.
#[test]
fn the_logarithm_of_erlang_b_keeps_its_digits_at_any_size() {
    for (load, servers, expected) in [
        (1e-9, 1, -20.723_265_837_946_253),
        (1e-9, 5, -108.403_820_928_514_1),
        (0.5, 40, -138.546_526_937_155_2),
        (10.0, 20, -6.282_325_077_587_655),
        (100.0, 400, -258.432_623_588_004_84),
        (1e4, 10_300, -9.993_171_618_695_808),
        (1e7, 10_000_000, -8.285_007_381_144_353),
        (1e7, 10_010_000, -13.976_036_425_040_124),
        (1e7, 9_990_000, -6.825_307_362_892_242),
        (1e7, 10_100_000, -507.324_578_529_998),
        (1e9, 1_000_000_000, -10.587_441_091_943_275),
        (1e9, 1_000_100_000, -16.279_671_698_257_826),
        (1e9, 2_000_000_000, -386_294_372.747_035_7),
        (1e9, 900_000_000, -2.302_585_002_994_067_7),
        (24e6, 24_011_635, -12.226_968_041_422_342),
    ] {
        let found = ln_erlang_b(load, servers).unwrap();
        // An error in the logarithm is a relative error of B.
        assert!(
            (found - expected).abs() < 1e-12 * expected.abs().max(1.0),
            "{found} {expected}"
        );
    }
    assert_close(erlang_b(7.0, 0).unwrap(), 1.0, 1e-15);
    assert!(erlang_b(0.0, 3).unwrap() <= 0.0);
    assert!(erlang_b(f64::NAN, 3).is_err());
    assert!(erlang_b(-1.0, 3).is_err());
}

#[test]
fn erlang_c_holds_at_the_ends() {
    assert_close(erlang_c(10.0, 10).unwrap(), 1.0, 1e-15);
    assert_close(erlang_c(0.3, 1).unwrap(), 0.3, 1e-14);
    assert!(
        WaitingQueue::new(11.0, 10)
            .unwrap()
            .mean_wait()
            .is_infinite()
    );
    assert!(WaitingQueue::new(0.0, 10).unwrap().mean_wait() <= 0.0);
    assert!(erlang_c(1.0, 0).is_err());
}

proptest! {
    #[test]
    fn inverses_undo_the_formulas(ln_load in -3.0..20.0_f64, ln_target in -20.0..-0.01_f64, wait in 0.0..2.0_f64) {
        let (load, target) = (ln_load.exp(), ln_target.exp());
        let servers = servers_for_blocking(load, target).unwrap();
        prop_assert!(erlang_b(load, servers).unwrap() <= target * (1.0 + 1e-12));
        prop_assert!(servers == 0 || erlang_b(load, servers - 1).unwrap() > target * (1.0 - 1e-12));
        if servers > 0 {
            let most = load_for_blocking(servers, target).unwrap();
            prop_assert!(most >= load * (1.0 - 1e-12));
            prop_assert!((erlang_b(most, servers).unwrap() / target - 1.0).abs() < 1e-10);
        }
        let servers = servers_for_wait(load, wait, target).unwrap();
        let exceeded = |servers| WaitingQueue::new(load, servers).unwrap().wait_survival(wait);
        prop_assert!(exceeded(servers) <= target * (1.0 + 1e-10));
        prop_assert!(servers == 1 || exceeded(servers - 1) > target * (1.0 - 1e-10));
        let most = load_for_wait(servers, wait, target).unwrap();
        prop_assert!(most >= load * (1.0 - 1e-10) && most < servers as f64);
        // The load is found to its last digits: a hair less meets the target, a hair more does not.
        let met = |load| WaitingQueue::new(load, servers).unwrap().wait_survival(wait) <= target;
        prop_assert!(met(most * (1.0 - 1e-12)) && !met(most * (1.0 + 1e-12)));
    }

    #[test]
    fn slowdown_inverses_undo_the_formula(
        ln_load in -3.0..14.0_f64, ln_tail in -14.0..-0.5_f64, slowdown in 1.0..4.0_f64,
    ) {
        let (load, tail) = (ln_load.exp(), ln_tail.exp());
        let servers = servers_for_slowdown(load, slowdown, tail).unwrap();
        let above = |servers| match SharedProcessors::new(load, servers) {
            Ok(shared) => shared.slowdown_above(slowdown).unwrap(),
            Err(_) => 1.0,
        };
        prop_assert!(above(servers) <= tail);
        prop_assert!(servers == 1 || above(servers - 1) > tail);
        let most = load_for_slowdown(servers, slowdown, tail).unwrap();
        prop_assert!(most >= load * (1.0 - 1e-12) && most < servers as f64);
        let at_most = SharedProcessors::new(most, servers).unwrap();
        prop_assert!(at_most.slowdown_above(slowdown).unwrap() <= tail);
        let beyond = SharedProcessors::new(most * (1.0 + 1e-12), servers);
        prop_assert!(beyond.map_or(true, |b| b.slowdown_above(slowdown).unwrap() > tail));
        prop_assert!(at_most.slowdown_exceeded_with(tail).unwrap() <= slowdown * (1.0 + 1e-12));
    }
}

/// Every state probability of M/M/c by its product form.
#[test]
fn shared_processors_match_the_product_form() {
    for (load, servers) in [(0.5, 1_u32), (3.2, 4), (14.0, 16), (90.0, 100)] {
        let mut weight = 1.0;
        let mut weights = vec![weight];
        for n in 1..4_000_u32 {
            weight *= load / f64::from(n.min(servers));
            weights.push(weight);
        }
        let total: f64 = weights.iter().sum();
        let shared = SharedProcessors::new(load, u64::from(servers)).unwrap();
        let mean: f64 = weights
            .iter()
            .enumerate()
            .map(|(n, w)| n as f64 * w / total)
            .sum();
        assert_close(shared.mean_count(), mean, 1e-11);
        for n in [0, 1, 2, 3, 5, 12, 15, 16, 17, 60, 99, 100, 130] {
            let expected = weights[n] / total;
            assert_close(shared.count_probability(n as u64), expected, 1e-11);
            let above: f64 = weights[n + 1..].iter().sum::<f64>() / total;
            assert_close(shared.count_above(n as u64), above, 1e-10);
        }
        for slowdown in [1.0, 1.3, 2.0, 3.7] {
            let c = f64::from(servers);
            let seen: f64 = (0..weights.len())
                .filter(|&n| ((n + 1) as f64 / c).max(1.0) > slowdown * (1.0 + 1e-12))
                .map(|n| weights[n] / total)
                .sum();
            assert_close(shared.slowdown_above(slowdown).unwrap(), seen, 1e-10);
        }
        // The quantile is the smallest slowdown on the lattice that meets the tail.
        for tail in [0.3, 0.05, 1e-4] {
            let quantile = shared.slowdown_exceeded_with(tail).unwrap();
            assert!(shared.slowdown_above(quantile).unwrap() <= tail * (1.0 + 1e-9));
            let lower = quantile - 1.0 / f64::from(servers);
            assert!(lower < 1.0 || shared.slowdown_above(lower).unwrap() > tail);
        }
    }
}

#[test]
fn poisson_headroom_is_the_smallest_count_that_suffices() {
    // Direct sums at small means.
    for mean in [0.001_f64, 0.4, 3.0, 30.0] {
        for tail in [0.5, 0.01, 1e-6] {
            let headroom = poisson_headroom(mean, tail).unwrap();
            let mut term = (-mean).exp();
            let mut terms = vec![term];
            for n in 1..400_u32 {
                term *= mean / f64::from(n);
                terms.push(term);
            }
            let above = |c: u64| {
                terms
                    .iter()
                    .skip(usize::try_from(c).unwrap() + 1)
                    .sum::<f64>()
            };
            assert!(above(headroom) <= tail, "{mean} {tail}");
            assert!(headroom == 0 || above(headroom - 1) > tail, "{mean} {tail}");
        }
    }
    // The normal approximation with its skewness correction at large ones: z = 2.326347874.
    for mean in [1e6_f64, 24e6, 1e9] {
        let expected = mean + 2.326_347_874 * mean.sqrt() + (2.326_347_874_f64.powi(2) - 1.0) / 6.0;
        let found = poisson_headroom(mean, 0.01).unwrap() as f64;
        assert!((found - expected).abs() < 1.5, "{found} {expected}");
    }
}

#[test]
fn binomial_headroom_is_the_smallest_count_that_suffices() {
    let above = |n: u32, p: f64, c: u64| -> f64 {
        let mut term = (1.0 - p).powi(i32::try_from(n).unwrap());
        let mut sum = 0.0;
        for k in 0..=n {
            if u64::from(k) > c {
                sum += term;
            }
            term *= f64::from(n - k) / f64::from(k + 1) * p / (1.0 - p);
        }
        sum
    };
    for (n, p) in [(10, 0.3), (1_000, 0.2), (200, 0.9), (500, 0.003)] {
        for tail in [0.4, 0.02, 1e-7] {
            let headroom = binomial_headroom(n.into(), p, tail).unwrap();
            assert!(above(n, p, headroom) <= tail, "{n} {p} {tail}");
            assert!(
                headroom == 0 || above(n, p, headroom - 1) > tail,
                "{n} {p} {tail}"
            );
        }
    }
    assert_eq!(binomial_headroom(10, 1.0, 0.01), Ok(10));
    assert_eq!(binomial_headroom(10, 0.0, 0.01), Ok(0));
    // Many sources that are each rarely active are Poisson.
    let rare = binomial_headroom(1_000_000_000, 1e-6, 0.01).unwrap();
    assert!(rare.abs_diff(poisson_headroom(1_000.0, 0.01).unwrap()) <= 1);
}

/// Engset by exact rational sums.
#[test]
fn engset_congestion_is_the_truncated_binomial() {
    let small = Engset::new(10, 5, 0.3).unwrap();
    assert_close(small.time_congestion(), 0.045_015_349_149_033_77, 1e-13);
    assert_close(small.call_congestion(), 0.029_063_729_854_823_74, 1e-13);
    let large = Engset::new(200, 60, 0.5).unwrap();
    assert_close(large.time_congestion(), 0.207_792_844_655_904_1, 1e-12);
    assert_close(large.call_congestion(), 0.203_390_411_616_746_6, 1e-12);
    assert!(Engset::new(4, 5, 0.3).unwrap().time_congestion() <= 0.0);
    // Ever more, ever rarer sources are Erlang's Poisson stream.
    let limit = Engset::new(100_000_000, 15, 8.1e-8).unwrap();
    assert_close(limit.call_congestion(), erlang_b(8.1, 15).unwrap(), 1e-5);
}

#[test]
fn machine_repair_matches_its_balance_equations_and_limits() {
    for (sources, servers, idle_load) in [(1_u64, 1_u64, 0.5), (30, 4, 0.2), (500, 80, 0.25)] {
        let growth = |n: u64| (sources - n) as f64 * idle_load / (n + 1).min(servers) as f64;
        let mut weights = vec![1.0];
        for n in 0..sources {
            weights.push(weights[usize::try_from(n).unwrap()] * growth(n));
        }
        let total: f64 = weights.iter().sum();
        let expect = |f: &dyn Fn(f64) -> f64| -> f64 {
            weights
                .iter()
                .enumerate()
                .map(|(n, w)| f(n as f64) * w / total)
                .sum()
        };
        let c = servers as f64;
        let model = MachineRepair::new(sources, servers, idle_load).unwrap();
        assert_close(model.mean_in_system(), expect(&|n| n), 1e-12);
        assert_close(model.mean_waiting(), expect(&|n| (n - c).max(0.0)), 1e-12);
        assert_close(model.busy_servers(), expect(&|n| n.min(c)), 1e-12);
        // Each source cycles: thinking rate balances the throughput.
        let thinking = (sources as f64 - model.mean_in_system()) * idle_load;
        assert_close(model.busy_servers(), thinking, 1e-12);
    }
    // Ten million sources with room to spare: binomial, nobody waits.
    let spacious = MachineRepair::new(10_000_000, 6_000_000, 1.0).unwrap();
    assert_close(spacious.mean_in_system(), 5e6, 1e-12);
    // Too few servers: all of them busy, the rest wait.
    let tight = MachineRepair::new(10_000_000, 1_000_000, 1.0).unwrap();
    assert_close(tight.utilisation(), 1.0, 1e-12);
    assert_close(tight.mean_waiting(), 8e6, 1e-9);
    assert!(tight.delay_probability() > 1.0 - 1e-12);
}

/// Erlang's 1909 series, evaluated with 200 digits because its terms alternate.
#[test]
fn waits_for_constant_service_match_erlangs_series() {
    for (utilisation, t, expected, precision) in [
        (0.9, 0.0, 0.9, 1e-14),
        (0.9, 0.5, 0.843_168_781_450_983, 1e-13),
        (0.9, 3.3, 0.471_146_873_485_712, 1e-13),
        (0.9, 19.5, 0.016_434_315_760_528_5, 1e-12),
        (0.9, 25.0, 0.005_259_656_955_241_67, 1e-10),
        (0.3, 1.5, 0.024_174_065_643_351_6, 1e-12),
        (0.3, 6.2, 1.415_558_765_913_87e-6, 1e-12),
        (0.1, 2.5, 4.206_776_592_785_88e-5, 1e-12),
        (0.1, 5.0, 4.732_763_276_663_93e-9, 1e-12),
        (0.5, 21.0, 2.297_823_195_051_75e-12, 1e-9),
        (0.99, 100.0, 0.133_533_825_619_919_8, 1e-12),
    ] {
        let station = ConstantService::new(utilisation).unwrap();
        assert_close(station.wait_survival(t), expected, precision);
        if t > 0.0 {
            assert_close(
                station.wait_exceeded_with(expected).unwrap(),
                t,
                precision.max(1e-9),
            );
        }
    }
    let station = ConstantService::new(0.7).unwrap();
    // The mean is the integral of the tail.
    let step = 1e-3;
    let integral: f64 = (0..80_000)
        .map(|i| step * station.wait_survival(step * (f64::from(i) + 0.5)))
        .sum();
    assert_close(integral, station.mean_wait(), 1e-6);
    assert!(ConstantService::new(1.0).is_err());
    assert!(ConstantService::new(0.0).unwrap().wait_survival(0.0) <= 0.0);
}

#[test]
fn the_wait_approximation_is_exact_for_exponential_service() {
    let station = SingleServer::new(0.35, &Distribution::exponential(2.0).unwrap()).unwrap();
    let queue = WaitingQueue::new(0.7, 1).unwrap();
    for t in [0.0, 0.4, 3.0, 20.0] {
        let exact = queue.wait_survival(t / 2.0);
        assert_close(station.fifo_wait_survival_approximate(t), exact, 1e-12);
    }
    let t = station.fifo_wait_exceeded_with_approximate(0.01).unwrap();
    assert_close(station.fifo_wait_survival_approximate(t), 0.01, 1e-12);
    assert!(SingleServer::new(0.5, &Distribution::exponential(2.0).unwrap()).is_err());
}
