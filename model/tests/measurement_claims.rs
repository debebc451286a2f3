//! What the ledger says of the claims when there is a measurement.

mod measurement_support;

use std::fmt::Write as _;

use measurement_support::{estimate, measurement, not_measured};
use tonnage_model::measurement::document::Measurement;
use tonnage_model::plan::{PlanOptions, Silent, plan};
use tonnage_model::result::{CapacityResult, Verdict};
use tonnage_model::scenario::{Library, LibraryError, LoadOptions, load};

struct Shelf(String);

impl Library for Shelf {
    fn read(&self, path: &str) -> Result<String, LibraryError> {
        if path == "m.json" {
            return Ok(self.0.clone());
        }
        let path = path.strip_prefix("builtin:").unwrap_or(path);
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
        std::fs::read_to_string(format!("{folder}/{path}")).map_err(|error| LibraryError {
            reason: error.to_string(),
        })
    }
}

fn planned(measurement: &Measurement) -> CapacityResult {
    planned_in("small-company.toml", measurement)
}

fn planned_in(scenario: &str, measurement: &Measurement) -> CapacityResult {
    let shelf = Shelf(serde_json::to_string(measurement).expect("finite numbers"));
    let options = LoadOptions {
        profile: Some("m.json".to_owned()),
        ..LoadOptions::default()
    };
    let loaded = load(&shelf, scenario, &options).expect("a good scenario");
    let options = PlanOptions {
        simulate: false,
        draws: Some(20),
    };
    plan(&loaded, &options, &Silent).expect("a plan")
}

fn verdict(result: &CapacityResult, id: &str) -> Verdict {
    let claim = result.claims.iter().find(|claim| claim.id == id);
    claim.expect("the claim").verdict
}

#[test]
fn the_ledger_of_a_measurement() {
    let result = planned_in("isolates-first.toml", &measurement());
    let mut text = String::new();
    for claim in &result.claims[4..10] {
        let _ = writeln!(
            text,
            "{}: {:?}\n  {}\n  {}",
            claim.id, claim.verdict, claim.found, claim.why
        );
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_result_keeps_the_measurement_and_is_read_without_one() {
    let mut result = planned(&measurement());
    assert_eq!(result.measurement.as_ref(), Some(&measurement()));
    assert_eq!(verdict(&result, "order-of-magnitude"), Verdict::NotTestable);
    let text = serde_json::to_string(&result).expect("it is written");
    let read: CapacityResult = serde_json::from_str(&text).expect("it is read");
    assert_eq!(read, result);
    result.measurement = None;
    let text = serde_json::to_string(&result).expect("it is written");
    assert!(!text.contains("\"measurement\""));
    let read: CapacityResult = serde_json::from_str(&text).expect("an older file is read");
    assert_eq!(read, result);
    let first = &result.warnings[0];
    assert!(
        first.starts_with("Of the technologies' numbers in use"),
        "{first}"
    );
}

#[test]
fn few_is_ten() {
    let mut slow = measurement();
    for row in &mut slow.rows {
        if let Some(start) = &mut row.start {
            start.first_result.median = estimate(0.02, 0.1);
        }
    }
    assert_eq!(
        verdict(&planned(&slow), "isolate-start"),
        Verdict::DoesNotHold
    );
    slow.rows[2].start = measurement().rows[2].start.clone();
    assert_eq!(
        verdict(&planned(&slow), "isolate-start"),
        Verdict::HoldsUnder
    );
    for index in [1, 2] {
        let start = slow.rows[index].start.as_mut().expect("starts");
        start.first_result.median = estimate(0.01, 0.1);
    }
    assert_eq!(
        verdict(&planned(&slow), "isolate-start"),
        Verdict::NotTestable
    );
}

#[test]
fn a_hundred_times_depends_on_the_pair() {
    let mut both = measurement();
    let median = |measurement: &mut Measurement, index: usize, seconds| {
        let start = measurement.rows[index].start.as_mut().expect("starts");
        start.first_result.median = estimate(seconds, 0.01);
    };
    for index in [6, 7] {
        median(&mut both, index, 0.4);
    }
    let result = planned(&both);
    assert_eq!(verdict(&result, "hundred-times-faster"), Verdict::Holds);
    assert_eq!(
        verdict(&result, "hundred-times-leaner"),
        Verdict::DoesNotHold
    );
    median(&mut both, 1, 1.0);
    median(&mut both, 2, 1.0);
    let result = planned(&both);
    assert_eq!(
        verdict(&result, "hundred-times-faster"),
        Verdict::DoesNotHold
    );
}

#[test]
fn what_the_host_lacks_is_not_tested_and_what_was_left_out_needs_a_measurement() {
    let mut lacking = measurement();
    for index in [6, 7] {
        let technology = lacking.rows[index].technology.clone();
        lacking.rows[index] = not_measured(
            &technology.id,
            &technology.title,
            "no runc on the path",
            "apt-get install runc",
        );
    }
    let result = planned(&lacking);
    for id in ["hundred-times-faster", "hundred-times-leaner"] {
        assert_eq!(verdict(&result, id), Verdict::NotTestable);
    }
    assert_eq!(
        verdict(&result, "order-of-magnitude"),
        Verdict::NeedsMeasurement
    );
    let found = &result.claims[6].found;
    assert!(
        found.contains("no runc on the path; apt-get install runc"),
        "{found}"
    );
    lacking.rows.drain(6..8);
    let result = planned(&lacking);
    assert_eq!(
        verdict(&result, "hundred-times-faster"),
        Verdict::NeedsMeasurement
    );
}
