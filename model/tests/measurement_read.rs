//! Reading measurements back.

use proptest::prelude::*;
use serde_json::{Value, json};
use tonnage_model::measurement::document::Measurement;
use tonnage_model::measurement::example;

fn text() -> String {
    serde_json::to_string_pretty(&example::measurement()).expect("JSON")
}

/// What reading says of the example with one value replaced.
fn refusal(pointer: &str, value: Value) -> String {
    let mut document: Value = serde_json::from_str(&text()).expect("JSON");
    *document.pointer_mut(pointer).expect("the place") = value;
    Measurement::read(&document.to_string())
        .expect_err("it is refused")
        .to_string()
}

#[test]
fn what_is_written_is_read_back() {
    let read = Measurement::read(&text()).expect("it can be read");
    assert_eq!(read, example::measurement());
}

#[test]
fn broken_json_is_named_by_line_and_column() {
    let error = Measurement::read("{\n  \"format\": 1,\n  oops\n}").expect_err("broken");
    assert!(error.to_string().ends_with("line 3 column 3"), "{error}");
    let missing = text().replacen("\"seconds\"", "\"secs\"", 1);
    let error = Measurement::read(&missing).expect_err("a key is missing");
    assert!(
        error
            .to_string()
            .contains("missing field `seconds` at line"),
        "{error}"
    );
}

#[test]
fn other_kinds_and_formats_are_refused() {
    let told = refusal("/kind", json!("profile"));
    assert!(
        told.contains("its `kind` is \"profile\", not `measurement`"),
        "{told}"
    );
    let told = refusal("/format", json!(2));
    assert!(
        told.contains("has format 2; this program reads format 1"),
        "{told}"
    );
    assert!(told.contains("newer version"), "{told}");
}

#[test]
fn values_that_cannot_be_are_named_by_their_path() {
    for (pointer, value, told) in [
        (
            "/rows/2/start/first_result/median/value",
            json!(-1.0),
            "`rows[2].start.first_result.median.value` is -1; it cannot be below zero",
        ),
        (
            "/rows/0/memory_idle/per_instance/interval",
            json!({"low": 2.0, "high": 1.0}),
            "`rows[0].memory_idle.per_instance.interval` is 2 to 1; its lower end cannot be above",
        ),
        (
            "/rows/3/technology/id",
            json!("process-native"),
            "`rows[3].technology.id` is `process-native`; a row before it is of the same",
        ),
        (
            "/rows/0/teardown/percentiles/50",
            json!(0.0),
            "`rows[0].teardown.percentiles[50]` is 0; it cannot be below the one before it",
        ),
        ("/rows/0/noise", json!(-0.1), "`rows[0].noise` is -0.1"),
    ] {
        let found = refusal(pointer, value);
        assert!(found.contains(told), "{found}");
    }
}

#[test]
fn a_slope_may_come_out_below_zero() {
    let mut measurement = example::measurement();
    let mut put = |value| {
        let fit = measurement.rows[0].memory_idle.as_mut().expect("memory");
        fit.base.value = value;
        measurement.check()
    };
    assert!(put(-1.0).is_ok());
    let error = put(f64::NAN).expect_err("it is not a number");
    assert!(
        error.to_string().contains("rows[0].memory_idle.base.value"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn any_damage_is_read_or_refused(at in 0_usize..60_000, with in "\\PC{0,3}") {
        let text = text();
        let at = at % text.len();
        if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
            let damaged = format!("{}{with}{}", &text[..at], &text[at + 1..]);
            if let Ok(measurement) = Measurement::read(&damaged) {
                prop_assert!(measurement.check().is_ok());
            }
        }
    }
}
