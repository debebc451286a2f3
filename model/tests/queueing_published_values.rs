//! Closed forms against published tables and values. Where a publication rounds, the digits
//! beyond were computed with 30-digit arithmetic and agree with it.

use std::f64::consts::TAU;

use tonnage_model::distribution::Distribution;
use tonnage_model::queueing::erlang::{
    WaitingQueue, erlang_b, erlang_c, load_for_blocking, servers_for_blocking, servers_for_wait,
};
use tonnage_model::queueing::finite_source::MachineRepair;
use tonnage_model::queueing::offered_load::{PeriodicRate, SinusoidalLoad};
use tonnage_model::queueing::single_server::SingleServer;
use tonnage_model::queueing::staffing::{
    halfin_whitt_beta, halfin_whitt_delay, square_root_staffing,
};

#[track_caller]
fn assert_close(found: f64, expected: f64, relative: f64) {
    assert!(
        (found - expected).abs() <= relative * expected.abs(),
        "{found} is not {expected} to {relative}"
    );
}

/// The erlang.com calculator's manual: 15 lines at 1% carry an offered 8.108 Erlangs.
#[test]
fn fifteen_lines_at_one_percent_take_8_108_erlangs() {
    let load = load_for_blocking(15, 0.01).unwrap();
    assert_eq!(format!("{load:.3}"), "8.108");
    assert_close(load, 8.108_042_797_184_45, 1e-12);
    assert_eq!(servers_for_blocking(8.108, 0.01), Ok(15));
}

/// The classic Erlang B traffic table.
#[test]
fn the_erlang_b_table_is_reproduced() {
    for (servers, blocking, load) in [
        (10, 0.01, 4.461_176_857_577_69),
        (20, 0.01, 12.030_614_594_900_9),
        (50, 0.01, 37.901_398_088_524_9),
        (100, 0.01, 84.064_158_893_947_8),
        (200, 0.01, 179.738_024_593_43),
        (1_000, 0.01, 971.204_060_039_768),
        (10, 0.001, 3.092_044_997_889_3),
        (50, 0.001, 32.511_853_310_527_2),
        (100, 0.001, 75.241_982_672_458_5),
        (1_000, 0.001, 930.325_126_864_196),
    ] {
        assert_close(load_for_blocking(servers, blocking).unwrap(), load, 1e-12);
        assert_close(erlang_b(load, servers).unwrap(), blocking, 1e-11);
        assert_eq!(
            servers_for_blocking(load * (1.0 - 1e-9), blocking),
            Ok(servers)
        );
        assert_eq!(
            servers_for_blocking(load * (1.0 + 1e-9), blocking),
            Ok(servers + 1)
        );
    }
}

/// Values in the unit tests of public Erlang libraries.
#[test]
fn overloaded_erlang_b_matches_other_libraries() {
    assert_close(erlang_b(20.0, 10).unwrap(), 0.537_963_168_632_072_9, 1e-14);
    assert_close(
        erlang_b(200.0, 190).unwrap(),
        0.088_696_843_869_235_61,
        1e-14,
    );
}

/// The example in the documentation of pyworkforce and of R's ErlangC package: 100 calls in 30
/// minutes of 3 minutes each, 14 agents, 20 seconds.
#[test]
fn the_call_centre_example_of_pyworkforce_is_reproduced() {
    let queue = WaitingQueue::new(10.0, 14).unwrap();
    assert_close(queue.delay_probability(), 0.174_131_933_595_049_8, 1e-13);
    assert_close(
        queue.service_level(20.0 / 180.0),
        0.888_350_019_179_466_9,
        1e-13,
    );
    assert_close(queue.mean_wait() * 180.0, 7.835_937_011_777_24, 1e-13);
    assert_close(queue.occupancy(), 10.0 / 14.0, 1e-15);
}

#[test]
fn m_m_50_at_ninety_percent() {
    assert_close(erlang_b(45.0, 50).unwrap(), 0.054_104_472_164_626_17, 1e-13);
    assert_close(erlang_c(45.0, 50).unwrap(), 0.363_864_467_206_988_4, 1e-13);
    let queue = WaitingQueue::new(45.0, 50).unwrap();
    assert_close(queue.mean_wait(), 0.072_772_893_441_397_68, 1e-13);
    assert_close(
        queue.mean_queue_length(),
        45.0 * 0.072_772_893_441_397_68,
        1e-13,
    );
}

#[test]
fn waits_at_ninety_percent_fall_with_the_number_of_servers() {
    for (servers, wait) in [
        (1, 9.0),
        (2, 4.263_157_894_736_84),
        (5, 1.524_986_441_465_87),
        (10, 0.668_731_524_107_697),
        (100, 0.021_694_048_090_636_6),
    ] {
        let queue = WaitingQueue::new(0.9 * servers as f64, servers).unwrap();
        assert_close(queue.mean_wait(), wait, 1e-12);
    }
}

/// Halfin and Whitt 1981, table of the delay probability; and the exact Erlang C at R = 10⁴.
#[test]
fn the_halfin_whitt_delay_function_and_its_limit() {
    for (beta, alpha, at_ten_thousand) in [
        (0.5, 0.504_538_640_997_945, 0.505_689_091_108_157),
        (1.0, 0.223_361_274_798_261, 0.224_762_906_466_532),
        (1.5, 0.084_690_394_493_857_7, 0.085_782_126_767_249_5),
        (2.0, 0.026_881_362_429_432_3, 0.027_506_941_710_703_5),
    ] {
        assert_close(halfin_whitt_delay(beta), alpha, 1e-13);
        assert_close(halfin_whitt_beta(alpha).unwrap(), beta, 1e-12);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let servers = (10_000.0 + beta * 100.0) as u64;
        assert_close(erlang_c(10_000.0, servers).unwrap(), at_ten_thousand, 1e-12);
    }
    assert_close(
        halfin_whitt_beta(0.01).unwrap(),
        2.374_888_147_535_05,
        1e-13,
    );
}

/// A US-sized load needs 0.05% more than its mean for a 1% delay probability.
#[test]
fn twenty_four_million_sessions_need_eleven_thousand_spare_servers() {
    assert_eq!(square_root_staffing(24e6, 0.01), Ok(24_011_635));
    let exact = servers_for_wait(24e6, 0.0, 0.01).unwrap();
    assert!(exact.abs_diff(24_011_635) < 10, "{exact}");
}

/// The machine-repair model with ten machines (λ = 0.1, μ = 1).
#[test]
fn ten_machines_with_one_and_two_repairers() {
    let one = MachineRepair::new(10, 1, 0.1).unwrap();
    let two = MachineRepair::new(10, 2, 0.1).unwrap();
    assert_close(one.mean_in_system(), 2.145_823_431_073_473, 1e-14);
    assert_close(two.mean_in_system(), 1.038_637_818_626_043_4, 1e-14);
}

/// Lognormal etc. with mean 1 h under a sinusoid with a period of a day: amplitude ratio and lag
/// (Eick, Massey and Whitt 1993, by quadrature).
#[test]
fn heavier_tails_flatten_and_delay_a_daily_sinusoid() {
    const STEPS: u32 = 14_400;
    let step = 24.0 / f64::from(STEPS);
    let sinusoid = |t: f64| 100.0 + 50.0 * (TAU * t / 24.0).sin();
    let rate = PeriodicRate::new(
        step,
        (0..STEPS).map(|i| sinusoid(f64::from(i) * step)).collect(),
    )
    .unwrap();
    for (service, ratio, lag) in [
        (Distribution::deterministic(1.0), 0.997_146_657_35, 0.5),
        (
            Distribution::exponential(1.0),
            0.967_397_203_1,
            0.978_049_536_8,
        ),
        (
            Distribution::lognormal(1.0, 2.0),
            0.825_454_863_722,
            1.428_208_418_2,
        ),
        (
            Distribution::lognormal(1.0, 4.0),
            0.655_914_061_356,
            1.808_076_910_1,
        ),
    ] {
        let load = rate.offered_load(&service.unwrap());
        assert_close(load.mean(), 100.0, 1e-11);
        assert_close((load.peak() - load.mean()) / 50.0, ratio, 1e-7);
        assert_close(load.peak_lag(), lag, 1e-4);
        // The whole curve, not only its top.
        for index in [0_u16, 2_000, 5_000, 9_000, 14_000] {
            let t = f64::from(index) * step;
            let expected = 100.0 + 50.0 * ratio * (TAU * (t - lag) / 24.0).sin();
            assert_close(load.values()[usize::from(index)], expected, 1e-7);
        }
    }
}

/// Jennings, Mandelbaum, Massey and Whitt 1996: λ(t) = 30 + 20 sin 5t, μ = 1.
#[test]
fn the_example_of_jennings_et_al_is_reproduced() {
    let load = SinusoidalLoad::new(30.0, 20.0, 5.0, 1.0).unwrap();
    assert_close(load.peak(), 33.922_322_702_763_68, 1e-14);
    for t in [0.0_f64, 0.3, 0.7, 1.2] {
        let expected = 30.0 + 20.0 / 26.0 * ((5.0 * t).sin() - 5.0 * (5.0 * t).cos());
        assert_close(load.at(t), expected, 1e-13);
    }
}

/// Feldman, Mandelbaum, Massey and Whitt 2008: λ(t) = 100 + 20 sin t, μ = 1.
#[test]
fn the_example_of_feldman_et_al_is_reproduced() {
    let load = SinusoidalLoad::new(100.0, 20.0, 1.0, 1.0).unwrap();
    assert_close(load.peak(), 114.142_135_623_730_95, 1e-14);
    assert_close(load.lag(), std::f64::consts::FRAC_PI_4, 1e-14);
}

/// Pollaczek–Khinchine at ρ = 0.8: twice the wait of constant service for exponential service.
#[test]
fn pollaczek_khinchine_and_processor_sharing() {
    let exponential = SingleServer::new(0.8, &Distribution::exponential(1.0).unwrap()).unwrap();
    let constant = SingleServer::new(0.8, &Distribution::deterministic(1.0).unwrap()).unwrap();
    let heavy = SingleServer::new(0.8, &Distribution::lognormal(1.0, 3.0).unwrap()).unwrap();
    assert_close(exponential.fifo_mean_wait(), 4.0, 1e-14);
    assert_close(constant.fifo_mean_wait(), 2.0, 1e-14);
    assert_close(heavy.fifo_mean_wait(), 20.0, 1e-12);
    for station in [exponential, constant, heavy] {
        assert_close(station.sharing_mean_sojourn(), 5.0, 1e-12);
    }
}
