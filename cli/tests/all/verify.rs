//! Reports that are computed again, and what each change contributed.

use std::fs;
use std::path::Path;

use crate::run::tonnage;

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn report(folder: &Path, more: &[&str]) {
    let arguments = ["plan", "company.toml", "--draws", "20", "--no-simulation"];
    tonnage(&[arguments.as_slice(), &["--output", text(folder)], more].concat()).answer();
}

#[test]
fn a_report_is_confirmed_wherever_it_is_moved() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first = folder.path().join("first");
    report(&first, &["--set", "segments.staff.people=700"]);
    let moved = folder.path().join("moved");
    fs::rename(&first, &moved).expect("moved");
    let answer = tonnage(&["verify", text(&moved)]).answer();
    assert!(answer.starts_with("Confirmed"), "{answer}");
    let of_file = tonnage(&["verify", text(&moved.join("result.json"))]).answer();
    assert_eq!(of_file, answer);
}

#[test]
fn a_changed_number_is_found_and_located() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    report(folder.path(), &[]);
    let path = folder.path().join("result.json");
    let mut result: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&path).expect("a result")).expect("JSON");
    result["plans"][0]["analytic"]["hosts"]["central"] = 1.25.into();
    fs::write(&path, result.to_string()).expect("written");
    let ran = tonnage(&["verify", text(folder.path())]);
    assert_eq!(ran.code, Some(5), "{}", ran.stdout);
    let expected = "/plans/0/analytic/hosts/central: 1.25, ";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    assert!(!ran.stdout.contains("report.html"), "{}", ran.stdout);
}

#[test]
fn a_changed_file_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    report(folder.path(), &[]);
    let page = folder.path().join("report.html");
    let changed = fs::read_to_string(&page).expect("a page") + "<!-- -->";
    fs::write(&page, changed).expect("written");
    let ran = tonnage(&["verify", text(folder.path())]);
    assert_eq!(ran.code, Some(5), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("report.html: it was changed"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_cannot_be_verified_says_why() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    report(folder.path(), &[]);
    let inputs = folder.path().join("inputs.json");
    fs::write(&inputs, "{}").expect("written");
    let refused = tonnage(&["verify", text(folder.path())]).failure(2);
    assert!(refused.contains("inputs.json"), "{refused}");
    fs::remove_file(&inputs).expect("removed");
    let refused = tonnage(&["verify", text(folder.path())]).failure(2);
    assert!(refused.contains("--output"), "{refused}");
}

#[test]
fn several_reports_are_compared_with_what_each_change_contributed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [a, b, c] = ["a", "b", "c"].map(|name| folder.path().join(name));
    report(&a, &[]);
    report(
        &b,
        &[
            "--set",
            "segments.staff.people=90000",
            "--set",
            "segments.staff.adoption=0.9",
        ],
    );
    report(&c, &["--set", "host.vcpus=48"]);
    let output = folder.path().join("changes");
    let more = ["--json", "--output", text(&output)];
    let arguments = ["compare", text(&a), text(&b), text(&c)];
    let json = tonnage(&[arguments.as_slice(), &more].concat()).answer();
    let compared: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    for (comparison, last) in [(&compared[0], "After"), (&compared[1], "After")] {
        let steps = comparison["waterfall"].as_array().expect("steps");
        let vcpus = |step: &serde_json::Value| step["vcpus"].as_f64().expect("a number");
        let whole = vcpus(&steps[steps.len() - 1]);
        let sum: f64 = steps[..steps.len() - 1].iter().map(vcpus).sum();
        assert!((sum - whole).abs() <= 1e-9 * whole.abs(), "{steps:?}");
        assert_eq!(steps[steps.len() - 1]["name"], last);
    }
    let people = compared[0]["waterfall"].to_string();
    assert!(people.contains("segments.staff.people"), "{people}");
    let page = fs::read_to_string(output.join("comparison.html")).expect("a page");
    assert!(page.contains("What did each change contribute?"));
    assert!(!page.contains("<script"));
    let words = tonnage(&arguments).answer();
    assert!(words.contains("What each change contributed"), "{words}");
    // Without the inputs it says why there is no such account.
    let alone = folder.path().join("alone.json");
    fs::copy(a.join("result.json"), &alone).expect("copied");
    let words = tonnage(&["compare", text(&alone), text(&b)]).answer();
    assert!(words.contains("inputs.json"), "{words}");
}
