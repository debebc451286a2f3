//! What is shown of a measurement, and of the difference between two.

use tonnage_model::measurement::compare::compare;
use tonnage_model::measurement::document::{Measurement, Outcome};
use tonnage_model::measurement::example;
use tonnage_model::measurement::technology::Verdict;
use tonnage_reports::capabilities;
use tonnage_reports::compare::measurement as difference;
use tonnage_reports::measurement::{markdown, table, terminal, write_all};

/// The example after an afternoon of work: one thing better, one worse, one broken.
fn after() -> Measurement {
    let mut after = example::measurement();
    after.run.started += 86_400;
    after.host.facts[2].value = String::from("6.6.1");
    let isolate = &mut after.rows[2];
    let start = isolate.start.as_mut().expect("starts");
    start.first_result = example::summary(0.000_94, 0.02, 1_200);
    let fit = isolate.memory_idle.as_mut().expect("memory");
    fit.per_instance = example::estimate(1_700_000.0, 0.015, 24);
    isolate.teardown = None;
    after.rows[3].outcome = Outcome::Failed {
        why: "it broke".to_owned(),
    };
    after
}

#[test]
fn terminal_of_the_example() {
    insta::assert_snapshot!(terminal(&example::measurement(), false, 100));
}

#[test]
fn terminal_of_the_example_at_eighty_columns() {
    insta::assert_snapshot!(terminal(&example::measurement(), false, 80));
}

#[test]
fn markdown_of_the_example() {
    insta::assert_snapshot!(markdown(&example::measurement()));
}

#[test]
fn text_of_a_difference() {
    let comparison = compare(&example::measurement(), &after());
    insta::assert_snapshot!(difference::text(&comparison, false, 100));
}

#[test]
fn markdown_of_a_difference() {
    let comparison = compare(&example::measurement(), &after());
    insta::assert_snapshot!(difference::markdown(&comparison));
}

#[test]
fn terminal_of_what_is_inside() {
    let measurement = example::measurement();
    let technologies: Vec<_> = measurement
        .rows
        .iter()
        .map(|row| {
            let verdict = match &row.outcome {
                Outcome::NotMeasured { why, enable } => Verdict::NotHere {
                    why: why.clone(),
                    enable: enable.clone(),
                },
                _ => Verdict::Ready { tools: Vec::new() },
            };
            (row.technology.clone(), verdict)
        })
        .collect();
    let plain = capabilities::terminal(&technologies, false, 100);
    assert!(plain.lines().all(|line| line.chars().count() <= 100));
    insta::assert_snapshot!(plain);
    let colored = capabilities::terminal(&technologies, true, 100);
    let faint = colored.lines().find(|line| line.contains("firecracker"));
    assert!(faint.is_some_and(|line| line.starts_with("\u{1b}[2m")));
}

#[test]
fn what_got_worse_is_listed() {
    let comparison = compare(&example::measurement(), &after());
    insta::assert_snapshot!(difference::regressions(&comparison, 0.0).join("\n"));
    assert_eq!(difference::regressions(&comparison, 0.5).len(), 1);
}

#[test]
fn measurements_fit_any_terminal_with_any_names() {
    let mut measurement = example::measurement();
    for row in &mut measurement.rows {
        row.technology.title = "a technology with a very long name ".repeat(4);
        row.remarks.push("x".repeat(300));
    }
    for measurement in [example::measurement(), measurement] {
        let comparison = compare(&measurement, &after());
        for width in [60, 80, 100, 140] {
            let texts = [
                terminal(&measurement, false, width),
                difference::text(&comparison, false, width),
            ];
            for line in texts.iter().flat_map(|text| text.lines()) {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }
}

#[test]
fn colour_of_a_measurement_adds_escapes_and_nothing_else() {
    let plain = terminal(&example::measurement(), false, 100);
    let colored = terminal(&example::measurement(), true, 100);
    assert!(!plain.contains('\u{1b}') && colored.contains('\u{1b}'));
    let mut stripped = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        stripped.push_str(before);
        rest = after.split_once('m').expect("an escape ends").1;
    }
    stripped.push_str(rest);
    assert_eq!(stripped, plain);
}

#[test]
fn every_figure_of_a_measurement_is_in_the_table() {
    let text = tonnage_reports::csv::write(&table(&example::measurement())).expect("CSV");
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("technology,figure,value,low,high,samples,unit,note")
    );
    for wanted in [
        "process-native,first_result.median,0.000612,",
        "container-runc,memory_idle.control-group,",
        "container-runc,suspension.resume.median,0.00031,",
        "firecracker,,,,,,,\"not measured: there is no /dev/kvm.",
    ] {
        assert!(text.contains(wanted), "{wanted}");
    }
}

#[test]
fn the_files_of_a_measurement_are_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let written = write_all(&example::measurement(), folder.path()).expect("they are written");
    for file in &written.files {
        let path = folder.path().join(&file.path);
        let bytes = std::fs::metadata(&path).expect("the file").len();
        assert_eq!(bytes, file.bytes, "{}", file.path);
    }
    let names: Vec<_> = written.files.iter().map(|file| &file.path).collect();
    assert_eq!(
        names,
        ["measurement.md", "measurement.csv", "capabilities.csv"]
    );
}
