//! A measurement as a profile: what it says comes back, and no measurement makes a bad one.

mod measurement_support;

use std::collections::BTreeMap;

use measurement_support::{estimate, measurement, summary};
use proptest::prelude::*;
use tonnage_model::input::{Draw, Uncertain};
use tonnage_model::measurement::document::{Estimate, Measurement, Outcome};
use tonnage_model::measurement::profile::{BASE, date, start_values};
use tonnage_model::measurement::record::CeilingKind;
use tonnage_model::measurement::technology::Role;
use tonnage_model::profile::{Origin, ProfileDocument};
use tonnage_model::scenario::{
    Library, LibraryError, LoadOptions, Loaded, Scenario, load, load_profile,
};
use tonnage_model::statistics::Interval;

/// The shipped files, and one measurement.
struct Shelf(String);

impl Library for Shelf {
    fn read(&self, path: &str) -> Result<String, LibraryError> {
        if path == "m.json" {
            return Ok(self.0.clone());
        }
        let path = path.strip_prefix("builtin:").unwrap_or(path);
        std::fs::read_to_string(format!(
            "{}/../scenarios/{path}",
            env!("CARGO_MANIFEST_DIR")
        ))
        .map_err(|error| LibraryError {
            reason: error.to_string(),
        })
    }
}

fn text(measurement: &Measurement) -> String {
    serde_json::to_string_pretty(measurement).expect("finite numbers")
}

fn profile(measurement: &Measurement) -> Result<ProfileDocument, String> {
    load_profile(&Shelf(text(measurement)), "m.json")
        .map(|(profile, _)| profile)
        .map_err(|problems| problems.to_string())
}

fn loaded(measurement: &Measurement) -> Loaded {
    let options = LoadOptions {
        profile: Some("m.json".to_owned()),
        ..LoadOptions::default()
    };
    let shelf = Shelf(text(measurement));
    load(&shelf, "small-company.toml", &options).expect("a good scenario")
}

/// Every number of the technologies by its key, with its origin.
fn origins(scenario: &Scenario) -> BTreeMap<String, Origin> {
    scenario
        .technologies
        .iter()
        .flat_map(tonnage_model::scenario::Technology::inputs)
        .map(|id| scenario.inputs.get(id))
        .map(|input| (input.key.clone(), input.provenance.origin))
        .collect()
}

#[test]
fn measured_numbers_take_the_place_of_published_ones_one_by_one() {
    let mut measurement = measurement();
    let isolate = &mut measurement.rows[1];
    assert_eq!(isolate.technology.id, "v8-isolate");
    isolate.memory_idle = None;
    let loaded = loaded(&measurement);
    let origins = origins(&loaded.scenario);
    for (key, origin) in [
        ("v8-isolate.start_latency", Origin::Measured),
        ("v8-isolate.cpu_per_start", Origin::Measured),
        ("v8-isolate.starts_per_second_per_vcpu", Origin::Measured),
        ("v8-isolate.relative_cpu", Origin::Measured),
        ("v8-isolate.memory_per_instance", Origin::Published),
        ("v8-isolate.memory_base", Origin::Assumed),
        ("process-node.relative_cpu", Origin::Assumed),
        ("process-node.memory_per_instance", Origin::Measured),
        ("wasm-javascript.relative_cpu", Origin::Assumed),
        ("process-python.relative_cpu", Origin::Assumed),
        ("container-docker.start_latency", Origin::Published),
        ("gvisor.cpu_per_start", Origin::Assumed),
    ] {
        assert_eq!(origins[&format!("technologies.{key}")], origin, "{key}");
    }
    assert!(
        !origins
            .keys()
            .any(|key| key.starts_with("technologies.empty."))
    );
    assert!(!origins.keys().any(|key| key.contains("container-crun")));
    assert!(!origins.keys().any(|key| key.contains("density_limit")));
    assert_eq!(
        loaded.scenario.profile_title,
        "Measured on Invented Processor 1000, 2026-07-02; published numbers for the rest"
    );
    let kept = loaded.scenario.measurement.expect("it was measured");
    assert_eq!(*kept, measurement);
}

#[test]
fn a_measured_number_says_where_when_how_often_and_what_it_is_not() {
    let profile = profile(&measurement()).expect("a profile");
    let isolate = profile.technologies.get("v8-isolate").expect("an isolate");
    let cited = &isolate.memory_per_instance.cited;
    insta::assert_snapshot!(cited.measured.as_deref().unwrap_or_default(), @"Tonnage 0.1.0 on Invented Processor 1000, 4 vCPUs, 2026-07-02, effort normal, `tonnage measure --effort normal --output measurement.json`, 300 samples");
    insta::assert_snapshot!(cited.conditions.as_deref().unwrap_or_default(), @"Slope of memory over live sandboxes that are idle after their first result, up to 64 of them; account: host memory (MemAvailable). Not used, published by others: 2.861 MiB (1.431 MiB to 7.629 MiB).");
    assert_eq!(isolate.title, "V8 isolate");
    let javascript = profile
        .technologies
        .get("wasm-javascript")
        .expect("one that nobody published");
    let cited = &javascript.relative_cpu.cited;
    insta::assert_snapshot!(cited.assumed.as_deref().unwrap_or_default(), @"Not measured on this host: there is no work of a plain process to hold it against. Taken as between 1 and 2.5: compiled code at best, and at worst the 2.5 times published for WebAssembly (Jangda et al., USENIX ATC 2019).");
}

#[test]
fn start_up_distributions_come_back() {
    for (median, spread) in [(1.9e-3, 0.2), (0.15, 0.35), (5e-5, 0.1)] {
        let summary = summary(median, spread);
        let mut values = start_values(&summary).expect("values");
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.sort_by(f64::total_cmp);
        let quantile = |p: f64| {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let rank = (p * values.len() as f64).ceil() as usize;
            values[rank - 1]
        };
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 0.01;
        assert!(near(mean, summary.mean), "{mean} {}", summary.mean);
        assert!(near(quantile(0.5), summary.percentiles[50]));
        assert!(near(quantile(0.95), summary.percentiles[95]));
        let (low, high) = (summary.percentiles[98], summary.percentiles[99]);
        assert!((low..=high).contains(&quantile(0.99)));
    }
}

#[test]
fn the_mean_of_starts_is_the_mean_measured_where_the_steps_allow() {
    let mut summary = summary(0.1, 0.2);
    // A few very slow starts: half way up the last step would be too much.
    summary.percentiles[100] = 30.0;
    summary.max = 30.0;
    summary.mean = 0.13;
    let values = start_values(&summary).expect("values");
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    assert!((mean / 0.13 - 1.0).abs() < 1e-9, "{mean}");
    assert!(values.windows(2).all(|pair| pair[0] <= pair[1]));
}

#[test]
fn an_interval_becomes_a_belief_that_has_95_percent_of_its_mass_there() {
    let mut measurement = measurement();
    measurement.rows[1].cpu_per_start = Some(Estimate {
        value: 2e-3,
        interval: Some(Interval {
            low: 1.9e-3,
            high: 2.3e-3,
        }),
        samples: 200,
    });
    let profile = profile(&measurement).expect("a profile");
    let belief = profile
        .technologies
        .get("v8-isolate")
        .expect("it")
        .cpu_per_start
        .value;
    assert!((belief.stated() - 2e-3).abs() < 1e-12);
    let (mut low, mut high) = (0.0, 0.0);
    for index in 0..100_000 {
        let value = belief.quantile((f64::from(index) + 0.5) / 1e5);
        low += f64::from(u8::from(value < 1.9e-3));
        high += f64::from(u8::from(value > 2.3e-3));
    }
    assert!(((low + high) / 1e5 - 0.05).abs() < 1e-3, "{low} {high}");
}

#[test]
fn a_single_observation_stands_without_a_spread() {
    let mut measurement = measurement();
    measurement.rows[1].cpu_per_start = Some(Estimate {
        value: 2e-3,
        interval: None,
        samples: 1,
    });
    let profile = profile(&measurement).expect("a profile");
    let number = &profile
        .technologies
        .get("v8-isolate")
        .expect("it")
        .cpu_per_start;
    assert_eq!(number.value, Uncertain::Exact(2e-3));
    let conditions = number.cited.conditions.as_deref().unwrap_or_default();
    assert!(conditions.contains("a single observation"), "{conditions}");
}

#[test]
fn what_reaches_zero_is_cut_and_says_so() {
    let mut measurement = measurement();
    let fit = measurement.rows[3].memory_idle.as_mut().expect("a fit");
    fit.per_instance = Estimate {
        value: 400.0,
        interval: Some(Interval {
            low: -900.0,
            high: 1700.0,
        }),
        samples: 30,
    };
    fit.base = Estimate {
        value: -5e5,
        interval: Some(Interval {
            low: -9e5,
            high: -1e5,
        }),
        samples: 30,
    };
    let profile = profile(&measurement).expect("a profile");
    let wasm = profile.technologies.get("wasm-wasmtime").expect("it");
    let memory = &wasm.memory_per_instance;
    assert!(memory.value.quantile(0.0) > 0.0);
    let conditions = memory.cited.conditions.as_deref().unwrap_or_default();
    assert!(
        conditions.contains("reaches zero and is cut"),
        "{conditions}"
    );
    assert_eq!(wasm.memory_base.value, Uncertain::Exact(0.0));
    let conditions = wasm
        .memory_base
        .cited
        .conditions
        .as_deref()
        .unwrap_or_default();
    assert!(conditions.contains("taken as nothing"), "{conditions}");
}

#[test]
fn a_slope_below_zero_is_no_memory_and_the_published_number_stays() {
    let mut measurement = measurement();
    for index in [1, 2] {
        let fit = measurement.rows[index].memory_idle.as_mut().expect("a fit");
        fit.per_instance = estimate(-1e4, -0.1);
    }
    let loaded = loaded(&measurement);
    let origins = origins(&loaded.scenario);
    assert_eq!(
        origins["technologies.v8-isolate.memory_per_instance"],
        Origin::Published
    );
    assert!(
        !origins
            .keys()
            .any(|key| key.contains("v8-isolate-snapshot"))
    );
    let notes = loaded.scenario.notes.join("\n");
    assert!(
        notes.contains("“V8 isolate from a snapshot” was measured but is left out of the profile"),
        "{notes}"
    );
}

#[test]
fn only_a_limit_of_the_technology_is_a_density_limit() {
    let mut measurement = measurement();
    let fit = measurement.rows[7].memory_idle.as_mut().expect("a fit");
    fit.ceiling.kind = CeilingKind::Limit;
    fit.ceiling.live = 1023;
    fit.ceiling.reason = "no more addresses".to_owned();
    let ceiling = fit.ceiling.clone();
    let isolate = measurement.rows[1].memory_idle.as_mut().expect("a fit");
    isolate.ceiling = ceiling;
    let profile = profile(&measurement).expect("a profile");
    let runc = profile.technologies.get("container-runc").expect("it");
    let limit = runc.density_limit.as_ref().expect("a limit");
    assert_eq!(limit.value, Uncertain::Exact(1023.0));
    // A host has as many processes full of isolates as it needs.
    let isolate = profile.technologies.get("v8-isolate").expect("it");
    assert!(isolate.density_limit.is_none());
}

#[test]
fn work_in_a_fresh_sandbox_is_the_upper_end() {
    let profile = profile(&measurement()).expect("a profile");
    let relative = |id: &str| profile.technologies.get(id).expect("it").relative_cpu.value;
    let isolate = relative("v8-isolate");
    assert!((isolate.stated() - 1.02).abs() < 1e-9);
    assert!((isolate.quantile(1.0) - 1.6 * 1.03).abs() < 1e-9);
    assert!(relative("wasm-wasmtime").quantile(1.0) < 1.45);
}

#[test]
fn the_digest_covers_what_was_measured() {
    let mut other = measurement();
    let first = loaded(&other).scenario.profile_digest;
    assert_eq!(first, loaded(&other).scenario.profile_digest);
    other.rows[1].teardown = None;
    assert_ne!(first, loaded(&other).scenario.profile_digest);
}

#[test]
fn dates_are_those_of_the_calendar() {
    for (seconds, text) in [
        (0, "1970-01-01"),
        (951_782_400, "2000-02-29"),
        (1_709_251_199, "2024-02-29"),
        (1_709_251_200, "2024-03-01"),
        (4_102_444_800, "2100-01-01"),
        (u64::MAX, "9999-12-31"),
    ] {
        assert_eq!(date(seconds), text);
    }
}

#[test]
fn what_is_no_measurement_is_refused_where_it_is_wrong() {
    let refused = |text: &str| {
        load_profile(&Shelf(text.to_owned()), "m.json")
            .expect_err("it is refused")
            .to_string()
    };
    let good = text(&measurement());
    insta::assert_snapshot!(refused(&good[..good.len() / 2]), @"m.json:4548:33: this is not a measurement: EOF while parsing a list (here); it ends too early: it was not written to its end");
    insta::assert_snapshot!(refused(r#"{ "format": 1 }"#), @r#"m.json:1:1: this is not a measurement: it does not say `"kind": "measurement"` (here); `tonnage measure` writes a measurement; the result of a plan is none"#);
    insta::assert_snapshot!(refused(r#"{ "format": 1, "kind": "profile" }"#), @"m.json:1:1: this is of kind `profile`, not a measurement (here); `tonnage measure` writes a measurement; the result of a plan is none");
    insta::assert_snapshot!(refused(r#"{ "format": 2, "kind": "measurement" }"#), @"m.json:1:1: measurement format 2 is not known (here); this version reads format 1: use a newer Tonnage, or measure again");
    insta::assert_snapshot!(refused(r#"{ "kind": "measurement" }"#), @"m.json:1:1: this measurement does not say its format (here); this version reads format 1: use a newer Tonnage, or measure again");
    insta::assert_snapshot!(refused(&good.replacen("\"effort\"", "\"efort\"", 1)), @"m.json:13:3: this is not a measurement: missing field `effort` (here); `tonnage measure` writes a measurement");
    let problems = load(&Shelf(good), "m.json", &LoadOptions::default())
        .expect_err("no scenario")
        .to_string();
    insta::assert_snapshot!(problems, @"`m.json` is a measurement: it is no scenario; give it with --profile");
}

/// Finite positive numbers of any size.
fn anything() -> impl Strategy<Value = f64> {
    (-320.0..300.0_f64).prop_map(|power| 10_f64.powf(power).max(f64::MIN_POSITIVE))
}

fn any_estimate() -> impl Strategy<Value = Estimate> {
    (
        anything(),
        proptest::option::of((anything(), anything())),
        1..1000_u32,
    )
        .prop_map(|(value, interval, samples)| Estimate {
            value,
            interval: interval.map(|(low, high)| Interval {
                low: value.min(low) - low,
                high: value + high,
            }),
            samples,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_measurement_makes_a_profile(
        figures in proptest::collection::vec(any_estimate(), 7),
        mut steps in proptest::collection::vec(anything(), 101),
        mean in anything(),
        chosen in 0..11_usize,
        started in 0..u64::MAX,
    ) {
        steps.sort_by(f64::total_cmp);
        let mut measurement = measurement();
        measurement.run.started = started;
        let mut row = measurement.rows[1].clone();
        row.technology = measurement.rows[chosen].technology.clone();
        row.technology.role = Role::Candidate;
        row.outcome = Outcome::Measured;
        let start = row.start.as_mut().expect("starts");
        start.first_result.percentiles = steps;
        start.first_result.mean = mean;
        // Only a slope of memory can lie below zero: what a sandbox takes is a difference.
        let positive = |mut estimate: Estimate| {
            if let Some(interval) = &mut estimate.interval {
                interval.low = interval.low.max(0.0);
            }
            estimate
        };
        row.cpu_per_start = Some(positive(figures[0]));
        let fit = row.memory_idle.as_mut().expect("memory");
        fit.per_instance = figures[1];
        fit.base = positive(figures[2]);
        let saturation = row.saturation.as_mut().expect("rates");
        saturation.per_second_per_vcpu = positive(figures[3]);
        saturation.cpu_per_start = positive(figures[4]);
        let work = row.work.as_mut().expect("work").relative_cpu.as_mut().expect("a ratio");
        work.settled = positive(figures[5]);
        work.fresh = positive(figures[6]);
        measurement.rows[chosen] = row;
        let profile = profile(&measurement);
        prop_assert!(profile.is_ok(), "{}", profile.unwrap_err());
    }
}

#[test]
fn a_draw_of_a_measured_profile_is_within_its_intervals() {
    let scenario = loaded(&measurement()).scenario;
    let central = Draw::central(&scenario.inputs);
    let isolate = scenario
        .technologies
        .iter()
        .find(|technology| technology.id == "v8-isolate")
        .expect("an isolate");
    let memory = central.get(isolate.memory_per_instance);
    assert!((memory / (0.6 * 1_048_576.0) - 1.0).abs() < 0.01);
    assert!(BASE.starts_with("builtin:"));
}
