//! Measurements as a user meets them: reports, comparisons and their exit codes.

use std::path::PathBuf;

use insta::assert_snapshot;
use tonnage_model::measurement::document::Measurement;
use tonnage_model::measurement::example;

use crate::run::tonnage;

/// A folder with measurements in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn keep(&self, name: &str, measurement: &Measurement) -> String {
        let text = serde_json::to_string(measurement).expect("JSON");
        self.keep_text(name, &text)
    }

    fn keep_text(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).expect("the file is written");
        path.to_str().expect("UTF-8").to_owned()
    }
}

/// The example with slower starts of the isolate.
fn slower() -> Measurement {
    let mut measurement = example::measurement();
    let start = measurement.rows[2].start.as_mut().expect("starts");
    start.first_result.median = example::estimate(0.001_5, 0.02, 1_200);
    measurement
}

#[test]
fn a_measurement_compared_with_itself_passes_every_check() {
    let folder = Folder::new();
    let a = folder.keep("a.json", &example::measurement());
    let checks = ["compare", &a, &a, "--exit-code", "--fail-on-regression"];
    assert!(tonnage(&checks).answer().contains(" 0 worse, 0 better"));
}

#[test]
fn a_measurement_that_got_worse_ends_with_4_if_asked() {
    let folder = Folder::new();
    let a = folder.keep("a.json", &example::measurement());
    let b = folder.keep("b.json", &slower());
    let code = |arguments: &[&str]| {
        let mut all = vec!["compare"];
        all.extend(arguments);
        tonnage(&all).code
    };
    assert_eq!(code(&[&a, &b]), Some(0));
    assert_eq!(code(&[&a, &b, "--exit-code"]), Some(3));
    assert_eq!(code(&[&a, &b, "--fail-on-regression"]), Some(4));
    assert_eq!(code(&[&a, &b, "--fail-on-regression=20"]), Some(4));
    assert_eq!(code(&[&a, &b, "--fail-on-regression=30%"]), Some(0));
    assert_eq!(
        code(&[&b, &a, "--fail-on-regression"]),
        Some(0),
        "it got better"
    );
    assert_eq!(code(&[&a, &b, "--fail-on-regression=-1"]), Some(2));
    let ran = tonnage(&["compare", &a, &b, "--json", "--fail-on-regression"]);
    assert_snapshot!(ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(
        json["technologies"][2]["figures"][0]["verdict"]["verdict"],
        "more"
    );
}

#[test]
fn a_check_that_compares_nothing_does_not_pass() {
    let folder = Folder::new();
    let a = folder.keep("a.json", &example::measurement());
    let mut other = example::measurement();
    other.rows.truncate(1);
    other.rows[0].technology.id = "something-else".to_owned();
    let b = folder.keep("b.json", &other);
    let ran = tonnage(&["compare", &a, &b, "--fail-on-regression"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("no figure in common"), "{}", ran.stderr);
}

#[test]
fn a_result_and_a_measurement_are_not_compared() {
    let folder = Folder::new();
    let plan = [
        "plan",
        "company.toml",
        "--no-simulation",
        "--draws",
        "10",
        "--json",
    ];
    let a = folder.keep_text("a.json", &tonnage(&plan).answer());
    let b = folder.keep("b.json", &example::measurement());
    for pair in [[&a, &b], [&b, &a]] {
        let told = tonnage(&["compare", pair[0], pair[1]]).failure(2);
        assert!(
            told.contains("is a measurement: there is nothing to compare"),
            "{told}"
        );
    }
    let told = tonnage(&["compare", &a, &a, "--fail-on-regression"]).failure(2);
    assert!(told.contains("is for two measurements"), "{told}");
}

#[test]
fn a_measurement_is_reported() {
    let folder = Folder::new();
    let a = folder.keep("a.json", &example::measurement());
    let tables = folder.path("tables");
    let output = tables.to_str().expect("UTF-8");
    let shown = tonnage(&["report", &a, "--output", output]).answer();
    assert!(shown.contains("1.18\u{a0}ms"), "{shown}");
    assert!(tables.join("measurement.md").is_file());
    assert!(tables.join("measurement.csv").is_file());
}

#[test]
fn a_damaged_measurement_says_where() {
    let folder = Folder::new();
    let mut broken = example::measurement();
    broken.rows[0].noise = Some(-1.0);
    let a = folder.keep("a.json", &broken);
    let told = tonnage(&["report", &a]).failure(2);
    assert!(told.contains("rows[0].noise"), "{told}");
}
