//! From people to open sessions: the rate stated is the rate found, whatever the curve, the zones
//! and the sessions; and open sessions follow their starts as an infinite-server queue does.

mod common;
mod plan_support;

use std::f64::consts::TAU;
use std::fmt::Write as _;

use common::{Files, load_from};
use plan_support::{assert_close, tiny, tiny_files};
use proptest::prelude::*;
use tonnage_model::demand::{Demand, DemandModel, SLOT_SECONDS, ShapeCache};
use tonnage_model::input::Draw;
use tonnage_model::result::{DemandResult, Estimated};
use tonnage_model::scenario::{ConcurrencyMeaning, Loaded, SLOTS_PER_HOUR, SLOTS_PER_WEEK};

const PRECISION: f64 = 1e-9;

fn demand(loaded: &Loaded) -> Demand {
    let model = DemandModel::new(&loaded.scenario).expect("finite curves");
    let central = Draw::central(&loaded.scenario.inputs);
    model
        .at(&central, &mut ShapeCache::default())
        .expect("sessions that make distributions")
}

fn described(loaded: &Loaded) -> DemandResult {
    let model = DemandModel::new(&loaded.scenario).expect("finite curves");
    let central = Draw::central(&loaded.scenario.inputs);
    let peak = demand(loaded)
        .sessions()
        .into_iter()
        .fold(0.0_f64, f64::max);
    model
        .describe(&central, Estimated::exact(peak))
        .expect("a description")
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn highest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// An activity curve file from an intensity for every hour of the week.
fn curve(intensity: impl Fn(usize) -> f64) -> String {
    let days = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let mut text = "format = 1\nkind = \"activity-curve\"\ntitle = \"Test\"\nsource = \"Test\"\n\
                    licence = \"MIT\"\nderivation = \"Test\"\n[intensity]\n"
        .to_owned();
    for (day, name) in days.into_iter().enumerate() {
        let hours: Vec<f64> = (0..24).map(|hour| intensity(day * 24 + hour)).collect();
        writeln!(text, "{name} = {hours:?}").expect("room for text");
    }
    text
}

const ZONES: &str = r#"
format = 1
kind = "time-zone-mix"
title = "Test"
source = "Test"
licence = "MIT"
derivation = "Test"
[[zone]]
name = "West"
utc_offset = "-08:00"
share = 0.5
[[zone]]
name = "Middle"
utc_offset = "+00:00"
share = 0.2
[[zone]]
name = "East"
utc_offset = "+05:30"
share = 0.3
"#;

/// Two segments of unlike people over three zones, two kinds of sessions.
fn mixed(meaning: &str, overrides: &[&str]) -> Loaded {
    let text = plan_support::TINY
        .replace(
            "tiers = { work = 1 }",
            "tiers = { work = 0.6, long = 0.4 }\n[segments.night]\npeople = 40_000\n\
             adoption = \"50%\"\nagents_per_person = 3\nconcurrency = \"20%\"\n\
             concurrency_meaning = \"MEANING\"\nactivity = \"curves/assistant-mixed.toml\"\n\
             time_zones = \"zones.toml\"\ntiers = { long = 1 }",
        )
        .replace(
            "[host]",
            "[tiers.long]\ntitle = \"Long\"\nneeds = [\"linux\"]\nlifecycle = \"per-session\"\n\
             turns = 20\nthink = { distribution = \"lognormal\", mean = \"6min\", cv = 1.5 }\n\
             burst = \"2s\"\nworking_set = \"1GiB\"\n[host]",
        )
        .replace("work = \"box\"", "work = \"box\", long = \"box\"")
        .replace("\"peak\"", "\"MEANING\"")
        .replace("MEANING", meaning)
        .replace("curves/flat.toml", "curves/office-hours.toml")
        .replace("time-zones/single.toml", "zones.toml");
    let files = tiny_files()
        .and("tiny.toml", &text)
        .and("zones.toml", ZONES);
    load_from(&files, "tiny.toml", overrides)
}

/// Agents of both segments of [`mixed`] with a session open, as stated.
const STATED: [f64; 2] = [100_000.0 * 0.1, 40_000.0 * 0.5 * 3.0 * 0.2];

#[test]
fn the_readings_of_the_seed_are_exact() {
    for (people, concurrency, expected) in [
        ("100M", "15%", 15e6),
        ("160M", "15%", 24e6),
        ("100M", "24%", 24e6),
    ] {
        for curve in ["curves/flat.toml", "curves/office-hours.toml"] {
            let loaded = tiny(&[
                &format!("segments.staff.people={people}"),
                &format!("segments.staff.concurrency={concurrency}"),
                &format!("segments.staff.activity={curve}"),
                "segments.staff.time_zones=time-zones/us.toml",
            ]);
            let found = demand(&loaded);
            assert_close(highest(&found.sessions()), expected, PRECISION, "peak");
            assert_close(found.tiers[0].peak_sessions(), expected, PRECISION, "tier");
        }
    }
}

#[test]
fn a_rate_over_all_hours_is_the_mean_of_the_week() {
    let found = described(&mixed("all-hours", &[]));
    let expected = STATED.iter().sum();
    assert_close(mean(&found.sessions), expected, PRECISION, "mean");
    assert_close(found.mean_sessions, expected, PRECISION, "reported");
}

/// Worked out anew from the series of each zone, in the hours people there work.
#[test]
fn a_rate_over_working_hours_is_the_mean_while_people_work() {
    let found = described(&mixed("working-hours", &[]));
    let mut sum = 0.0;
    for (name, hours_ahead) in [("West", -8.0), ("Middle", 0.0), ("East", 5.5)] {
        let zone = found.by_zone.iter().find(|zone| zone.name == name);
        let zone = zone.expect("the zone");
        let working = found.hours.iter().zip(&zone.values).filter(|(utc, _)| {
            let local = (*utc + hours_ahead + 1e-9).rem_euclid(168.0);
            local < 120.0 && (9.0..17.0).contains(&(local % 24.0))
        });
        let working: Vec<f64> = working.map(|(_, value)| *value).collect();
        assert_eq!(working.len(), 5 * 8 * SLOTS_PER_HOUR);
        sum += mean(&working);
    }
    let expected = STATED.iter().sum();
    assert_close(sum, expected, PRECISION, "by zone");
    assert_close(found.working_hours_sessions, expected, PRECISION, "in all");
}

#[test]
fn a_rate_at_the_peak_is_the_peak_of_each_segment() {
    for (nobody, expected) in [("staff", STATED[1]), ("night", STATED[0])] {
        let loaded = mixed("peak", &[&format!("segments.{nobody}.people=0")]);
        let found = highest(&demand(&loaded).sessions());
        assert_close(found, expected, PRECISION, nobody);
    }
    // Segments that peak at different times never need the sum of their peaks.
    let together = highest(&demand(&mixed("peak", &[])).sessions());
    assert!(together <= STATED.iter().sum::<f64>() * (1.0 + PRECISION));
}

#[test]
fn every_meaning_is_shown_and_one_is_stated() {
    use ConcurrencyMeaning::{AllHours, Peak, WorkingHours};
    let found = described(&mixed("working-hours", &[]));
    let rows: Vec<_> = found.meanings.iter().map(|row| row.meaning).collect();
    assert_eq!(rows, [AllHours, WorkingHours, Peak]);
    let stated: f64 = STATED.iter().sum();
    assert_close(found.meanings[0].mean_sessions, stated, PRECISION, "mean");
    let at_work = found.meanings[1].working_hours_sessions;
    assert_close(at_work, stated, PRECISION, "at work");
    for row in &found.meanings {
        assert_eq!(row.stated, row.meaning == WorkingHours);
        assert!(row.mean_sessions <= row.peak_sessions);
    }
    // A mean over all hours leaves the peaks to come on top of it; over zones far apart, the hours
    // each of them works in do not add up to a peak.
    let peaks: Vec<f64> = found.meanings.iter().map(|row| row.peak_sessions).collect();
    assert!(peaks[0] > peaks[1] && peaks[0] > peaks[2], "{peaks:?}");
}

#[test]
fn zones_and_tiers_add_up() {
    for meaning in ["all-hours", "working-hours", "peak"] {
        let found = described(&mixed(meaning, &[]));
        assert_eq!((found.by_zone.len(), found.by_tier.len()), (3, 2));
        for series in [&found.by_zone, &found.by_tier] {
            for slot in 0..SLOTS_PER_WEEK {
                let sum: f64 = series.iter().map(|row| row.values[slot]).sum();
                assert_close(sum, found.sessions[slot], PRECISION, meaning);
            }
        }
    }
}

#[test]
fn a_constant_rate_of_starts_keeps_a_constant_number_open() {
    let found = described(&tiny(&["segments.staff.time_zones=time-zones/world.toml"]));
    for value in &found.sessions {
        assert_close(*value, 10_000.0, PRECISION, "open");
    }
    assert_close(found.peak_to_mean, 1.0, PRECISION, "peak to mean");
    assert!(
        found.peak_lag_hours.abs() < 1e-9,
        "{}",
        found.peak_lag_hours
    );
}

/// Little's law.
#[test]
fn mean_starts_times_mean_length_are_the_mean_open() {
    for tier in &demand(&mixed("working-hours", &[])).tiers {
        let found = mean(&tier.starts) * tier.session_seconds;
        assert_close(found, mean(&tier.sessions), PRECISION, "open");
    }
    let tiers = demand(&mixed("peak", &[])).tiers;
    assert_close(tiers[0].session_seconds, 10.0 * 30.5, PRECISION, "work");
    assert_close(tiers[1].session_seconds, 20.0 * 362.0, PRECISION, "long");
}

/// Intensity of a curve with a weekly and a daily rhythm, not symmetric in time.
fn uneven(hour: usize) -> f64 {
    let day = (hour % 24) as f64 / 24.0;
    let ramp = if day < 0.5 { 2.0 * day } else { 0.2 };
    0.3 + ramp + if hour < 120 { 1.0 } else { 0.0 }
}

/// One turn with no CPU work: the session is the think time.
fn waiting(think: &str, intensity: impl Fn(usize) -> f64) -> Loaded {
    let text = plan_support::TINY
        .replace(
            "turns = { distribution = \"geometric\", mean = 10 }",
            "turns = 1",
        )
        .replace("{ distribution = \"exponential\", mean = \"30s\" }", think)
        .replace(
            "{ distribution = \"exponential\", mean = \"500ms\" }",
            "\"0s\"",
        )
        .replace("curves/flat.toml", "curve.toml")
        .replace("\"peak\"", "\"all-hours\"");
    let files: Files = tiny_files()
        .and("tiny.toml", &text)
        .and("curve.toml", &curve(intensity));
    load_from(&files, "tiny.toml", &[])
}

/// m′ = λ − m/τ with λ linear in each slot, solved exactly and carried on until it repeats.
#[test]
fn exponential_sessions_follow_their_differential_equation() {
    let tau = 2.0 * 3600.0;
    let loaded = waiting("{ distribution = \"exponential\", mean = \"2h\" }", uneven);
    let tier = &demand(&loaded).tiers[0];
    let decay = (-SLOT_SECONDS / tau).exp();
    let mut open = vec![0.0; SLOTS_PER_WEEK];
    let mut now = 0.0;
    for step in 0..5 * SLOTS_PER_WEEK {
        let slot = step % SLOTS_PER_WEEK;
        open[slot] = now;
        let (from, to) = (tier.starts[slot], tier.starts[(slot + 1) % SLOTS_PER_WEEK]);
        let slope = (to - from) / SLOT_SECONDS;
        // A line λ = a + bt is answered by τ(a + bt) − bτ² and a decaying difference.
        let before = tau * from - slope * tau * tau;
        let after = tau * to - slope * tau * tau;
        now = after + (now - before) * decay;
    }
    for (found, expected) in tier.sessions.iter().zip(&open) {
        assert_close(*found, *expected, PRECISION, "open");
    }
}

/// Sessions of one length: the open ones are the starts of that time, a sum of trapezoids.
#[test]
fn sessions_of_one_length_are_the_recent_starts() {
    let tier = &demand(&waiting("\"3h\"", uneven)).tiers[0];
    let slots = 3 * SLOTS_PER_HOUR;
    for slot in 0..SLOTS_PER_WEEK {
        let at = |back: usize| tier.starts[(slot + SLOTS_PER_WEEK - back) % SLOTS_PER_WEEK];
        let recent: f64 = (0..slots)
            .map(|back| f64::midpoint(at(back), at(back + 1)) * SLOT_SECONDS)
            .sum();
        assert_close(tier.sessions[slot], recent, PRECISION, "open");
    }
}

/// Eick, Massey and Whitt 1993: the peak comes arctan(γτ)/γ later and is flatter by √(1 + γ²τ²).
/// The curve is linear between hours, which is a sinusoid to half a per cent.
#[test]
fn a_sinusoid_comes_later_and_flatter() {
    let sinusoid = |hour: usize| 1.0 + 0.8 * (TAU * hour as f64 / 24.0).sin();
    let loaded = waiting(
        "{ distribution = \"exponential\", mean = \"4h\" }",
        sinusoid,
    );
    let found = described(&loaded);
    let turn = TAU / 24.0 * 4.0;
    let expected_lag = turn.atan() / (TAU / 24.0);
    let slot = 1.0 / SLOTS_PER_HOUR as f64;
    assert!((found.peak_lag_hours - expected_lag).abs() <= slot);
    let expected = 1.0 + 0.8 / turn.hypot(1.0);
    assert_close(found.peak_to_mean, expected, 0.005, "peak to mean");
}

#[test]
fn a_recorded_trace_keeps_its_shape() {
    let counts: Vec<f64> = (0..SLOTS_PER_WEEK)
        .map(|slot| ((slot * 7919) % 101) as f64)
        .collect();
    let mut trace = "offset_seconds,sessions\n".to_owned();
    for (slot, count) in counts.iter().enumerate() {
        writeln!(trace, "{},{count}", slot * 600).expect("room for text");
    }
    let text = plan_support::TINY
        .replace("activity = \"curves/flat.toml\"", "trace = \"trace.csv\"")
        .replace("time_zones = \"time-zones/single.toml\"", "")
        .replace("\"peak\"", "\"all-hours\"");
    let files = tiny_files()
        .and("tiny.toml", &text)
        .and("trace.csv", &trace);
    let tier = &demand(&load_from(&files, "tiny.toml", &[])).tiers[0];
    let scale = mean(&tier.starts) / mean(&counts);
    for (start, count) in tier.starts.iter().zip(&counts) {
        assert!((start - scale * count).abs() <= PRECISION * scale * 100.0);
    }
    assert_close(mean(&tier.sessions), 10_000.0, PRECISION, "mean");
    // Sessions of five minutes: what is open stays close to what has just started.
    let busiest = tier
        .starts
        .iter()
        .position(|start| *start >= highest(&tier.starts));
    let after = tier.sessions[(busiest.expect("a highest") + 1) % SLOTS_PER_WEEK];
    assert!(after < highest(&tier.sessions) * (1.0 + PRECISION) && after > 0.0);
}

#[test]
fn nobody_opens_nothing() {
    let found = described(&tiny(&["segments.staff.people=0"]));
    assert!(found.sessions.iter().all(|value| *value == 0.0));
    assert!(found.peak_to_mean == 0.0 && found.mean_sessions == 0.0);
}

/// However small a tier's share is, any agent may be the next to open a session of it.
#[test]
fn agents_of_a_tier_are_all_who_may_open_it() {
    let tiers = demand(&mixed("peak", &[])).tiers;
    assert_close(tiers[0].agents, 100_000.0, PRECISION, "work");
    assert_close(tiers[1].agents, 160_000.0, PRECISION, "long");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn more_users_never_lower_demand(people in 1_u32..1_000_000, more in 1_u32..1_000_000) {
        let meaning = ["all-hours", "working-hours", "peak"][(people % 3) as usize];
        let at = |people: u32| {
            demand(&mixed(meaning, &[&format!("segments.staff.people={people}")])).sessions()
        };
        let (before, after) = (at(people), at(people + more));
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(after >= before);
        }
    }

    #[test]
    fn demand_scales_with_users(people in 1_u32..1_000_000, factor in 2_u32..50) {
        let at = |factor: u32| {
            let staff = format!("segments.staff.people={}", people * factor);
            let night = format!("segments.night.people={}", 40_000 * factor);
            demand(&mixed("working-hours", &[&staff, &night]))
        };
        let (one, many) = (at(1), at(factor));
        for (one, many) in one.tiers.iter().zip(&many.tiers) {
            for (one, many) in one.sessions.iter().zip(&many.sessions) {
                assert_close(*many, f64::from(factor) * one, PRECISION, "sessions");
            }
            for (one, many) in one.starts.iter().zip(&many.starts) {
                assert_close(*many, f64::from(factor) * one, PRECISION, "starts");
            }
        }
    }
}
