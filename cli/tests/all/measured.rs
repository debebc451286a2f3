//! Plans with what was measured.

#[path = "../../../model/tests/measurement_support/mod.rs"]
mod measurement_support;

use std::path::PathBuf;

use insta::assert_snapshot;
use tempfile::TempDir;

use crate::run::tonnage;
use measurement_support::measurement;

const QUICK: [&str; 3] = ["--no-simulation", "--draws", "20"];

/// A folder with a file of a measurement.
fn saved(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("measurement.json");
    std::fs::write(&file, text).expect("the file is written");
    (folder, file)
}

fn written() -> String {
    serde_json::to_string_pretty(&measurement()).expect("finite numbers")
}

/// What a command says of a profile that it refuses, without the folder's name.
fn refused(text: &str) -> String {
    let (folder, file) = saved(text);
    let profile = file.to_str().expect("UTF-8");
    let said = tonnage(&["plan", "company.toml", "--profile", profile]).failure(2);
    said.replace(folder.path().to_str().expect("UTF-8"), "FOLDER")
}

#[test]
fn a_plan_uses_what_was_measured_and_says_so() {
    let (folder, file) = saved(&written());
    let profile = file.to_str().expect("UTF-8");
    let report = folder.path().join("report");
    let mut arguments = vec!["plan", "small-company", "--profile", profile];
    arguments.extend(QUICK);
    arguments.extend(["--output", report.to_str().expect("UTF-8")]);
    let answer = tonnage(&arguments).answer();
    assert!(
        answer.contains("Of the technologies' numbers in use"),
        "{answer}"
    );
    let read = |name: &str| std::fs::read_to_string(report.join(name)).expect("it is there");
    let page = read("report.html");
    assert!(page.contains("Measured on this host"));
    assert!(page.contains("no Docker daemon answers"));
    assert!(read("report.md").contains("Measured on Invented Processor 1000, 2026-07-02"));
    assert!(read("csv/measured-technologies.csv").contains("container-crun"));
    assert!(read("csv/measured-starts.csv").lines().count() > 900);
    assert!(read("csv/measured-memory.csv").contains("v8-isolate,host,64,"));
    for chart in ["measured-starts.svg", "measured-memory.png"] {
        assert!(report.join("charts").join(chart).is_file(), "{chart}");
    }
    // The measurement is in the result, so the report can be made again without it.
    std::fs::remove_file(&file).expect("the measurement is removed");
    let result = report.join("result.json");
    let again = folder.path().join("again");
    tonnage(&[
        "report",
        result.to_str().expect("UTF-8"),
        "--output",
        again.to_str().expect("UTF-8"),
    ])
    .answer();
    assert!(again.join("charts/measured-starts.svg").is_file());
}

#[test]
fn a_measured_number_is_explained_as_such() {
    let (_folder, file) = saved(&written());
    let profile = file.to_str().expect("UTF-8");
    let answer = tonnage(&["explain", "small-company", "--profile", profile]).answer();
    assert!(
        answer.contains("Measured on Invented Processor 1000, 2026-07-02"),
        "{answer}"
    );
    let lines: Vec<&str> = answer
        .lines()
        .skip_while(|line| !line.contains("technologies.v8-isolate"))
        .take(12)
        .collect();
    assert!(
        lines.join("\n").contains("measured"),
        "{}",
        lines.join("\n")
    );
}

#[test]
fn a_damaged_measurement_is_shown_where_it_is_damaged() {
    let text = written();
    assert_snapshot!(refused(&text[..text.len() / 2]));
}

#[test]
fn a_measurement_with_a_part_missing() {
    assert_snapshot!(refused(&written().replacen("\"effort\"", "\"efort\"", 1)));
}

#[test]
fn a_result_in_place_of_a_measurement() {
    assert_snapshot!(refused("{\n  \"format\": 1\n}\n"));
}

#[test]
fn a_measurement_of_a_newer_format() {
    let newer = "{\n  \"format\": 2,\n  \"kind\": \"measurement\"\n}\n";
    assert_snapshot!(refused(newer));
}

#[test]
fn a_measurement_in_place_of_a_scenario() {
    let (folder, file) = saved(&written());
    let said = tonnage(&["plan", file.to_str().expect("UTF-8")]).failure(2);
    assert_snapshot!(said.replace(folder.path().to_str().expect("UTF-8"), "FOLDER"));
}
