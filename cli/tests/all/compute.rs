//! Commands that plan, on a scenario small enough for a test.

use std::path::Path;

use crate::run::{files_below, tonnage};

fn plan_json(more: &[&str]) -> String {
    let mut arguments = vec!["plan", "company.toml", "--json"];
    arguments.extend(more);
    tonnage(&arguments).answer()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn a_plan_answers_on_the_terminal() {
    let answer = tonnage(&["plan", "company.toml", "--no-simulation"]).answer();
    assert!(answer.contains("vCPUs"), "{answer}");
    assert!(answer.contains("Everything heavy"), "{answer}");
    assert!(!answer.contains('\u{1b}'), "{answer}");
    let arguments = [
        "plan",
        "company.toml",
        "--no-simulation",
        "--color",
        "always",
    ];
    assert!(tonnage(&arguments).answer().contains('\u{1b}'));
}

#[test]
fn the_result_is_the_same_on_any_number_of_threads() {
    let one = plan_json(&["--threads", "1"]);
    let four = plan_json(&["--threads", "4"]);
    assert!(one == four, "the results differ");
    let result: serde_json::Value = serde_json::from_str(&one).expect("JSON");
    assert_eq!(result["format"], 1);
    assert_eq!(result["provenance"]["seed"], 7);
    assert_eq!(
        result["plans"][1]["tiers"][0]["simulated"]["status"],
        "simulated"
    );
}

#[test]
fn seed_draws_and_overrides_are_recorded() {
    let arguments = ["--no-simulation", "--seed", "11", "--draws", "20"];
    let set = ["--set", "segments.staff.people=500"];
    let answer = plan_json(&[arguments.as_slice(), &set].concat());
    let result: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(result["provenance"]["seed"], 11);
    assert_eq!(result["provenance"]["draws"], 20);
    assert_eq!(result["provenance"]["replications"], 0);
    assert!(
        result["provenance"]["overrides"]
            .to_string()
            .contains("segments.staff.people=500")
    );
}

#[test]
fn a_report_is_the_same_whenever_and_wherever_it_is_made() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [first, second] = ["first", "deep/second"].map(|name| folder.path().join(name));
    for (output, threads) in [(&first, "1"), (&second, "2")] {
        let arguments = [
            "plan",
            "company.toml",
            "--no-simulation",
            "--threads",
            threads,
        ];
        let ran = tonnage(&[arguments.as_slice(), &["--output", text(output)]].concat());
        assert!(ran.stderr.contains("report.html"), "{}", ran.stderr);
        ran.answer();
    }
    let relative = |folder: &Path| {
        files_below(folder)
            .into_iter()
            .map(|(path, bytes)| {
                let path = path.strip_prefix(folder).expect("below").to_owned();
                (path, bytes)
            })
            .collect::<Vec<_>>()
    };
    let (first, second) = (relative(&first), relative(&second));
    assert!(first.len() > 10);
    for (one, two) in first.iter().zip(&second) {
        assert!(one == two, "{} differs", one.0.display());
    }
    assert_eq!(first.len(), second.len());
}

#[test]
fn a_report_is_made_again_from_its_result() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let result = folder.path().join("result.json");
    let json = plan_json(&["--no-simulation"]);
    std::fs::write(&result, &json).expect("the result is written");
    let summary = tonnage(&["plan", "company.toml", "--no-simulation"]).answer();
    let again = folder.path().join("report");
    let ran = tonnage(&["report", text(&result), "--output", text(&again)]);
    assert_eq!(ran.answer(), summary);
    let copied = std::fs::read_to_string(again.join("result.json")).expect("a result");
    assert!(copied == json, "the result changed on its way");
    assert!(again.join("report.html").is_file());
}

#[test]
fn a_study_without_measuring_says_so_and_where_the_report_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = folder.path().join("report");
    let arguments = [
        "study",
        "company.toml",
        "--no-measuring",
        "--no-simulation",
        "--output",
    ];
    let ran = tonnage(&[arguments.as_slice(), &[text(&report)]].concat());
    let said = "nothing is measured: planning from the scenario's profile";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert!(ran.stderr.contains("This host"), "{}", ran.stderr);
    let result = std::fs::read_to_string(report.join("result.json")).expect("a result");
    let result: serde_json::Value = serde_json::from_str(&result).expect("JSON");
    let sentence = result["answer"].as_str().expect("a sentence");
    let answer = ran.answer();
    let one_line = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(one_line.contains(sentence), "{answer}");
    assert!(
        answer.contains(text(&report.join("report.html"))),
        "{answer}"
    );
    let quiet = [arguments.as_slice(), &[text(&report), "--quiet"]].concat();
    assert_eq!(tonnage(&quiet).stderr, "");
}

#[test]
fn a_study_measures_once_and_then_uses_what_it_measured() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let study = || {
        let scenario = crate::run::fixtures().join("company.toml");
        let ran = crate::run::command(&["study", text(&scenario), "--quick", "--no-simulation"])
            .current_dir(folder.path())
            // Only what this program has inside: what it would find on a host takes minutes.
            .env("PATH", "")
            .env("HOME", folder.path())
            .env_remove("XDG_CACHE_HOME")
            .output()
            .expect("the binary runs");
        crate::run::ran(&ran)
    };
    let first = study();
    assert!(first.stderr.contains("measuring in"), "{}", first.stderr);
    first.answer();
    let second = study();
    let said = "planning from the measurement in tonnage-measurement/measurement.json";
    assert!(second.stderr.contains(said), "{}", second.stderr);
    assert!(!second.stderr.contains("measuring in"), "{}", second.stderr);
    second.answer();
    let page = folder.path().join("tonnage-report/company/report.html");
    let page = std::fs::read_to_string(page).expect("a report");
    assert!(page.contains("Measured on this host"));
}

#[test]
fn comparisons_tell_what_changed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [before, after] = ["before.json", "after.json"].map(|name| folder.path().join(name));
    std::fs::write(&before, plan_json(&["--no-simulation"])).expect("written");
    let set = ["--no-simulation", "--set", "segments.staff.people=900"];
    std::fs::write(&after, plan_json(&set)).expect("written");
    let compare =
        |more: &[&str]| tonnage(&[&["compare", text(&before), text(&after)], more].concat());
    let words = compare(&[]).answer();
    assert!(words.contains("segments.staff.people"), "{words}");
    let markdown = compare(&["--markdown"]).answer();
    assert!(markdown.contains("| "), "{markdown}");
    let json = compare(&["--json"]).answer();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["scenario_changed"], true);
    assert_eq!(json["inputs"][0]["key"], "segments.staff.people");
    assert_eq!(compare(&["--exit-code"]).code, Some(3));
    let same = ["compare", text(&before), text(&before), "--exit-code"];
    tonnage(&same).answer();
    tonnage(&["compare", text(&before), "none.json"]).failure(2);
}

#[test]
fn a_shipped_scenario_can_be_planned_by_its_name() {
    let list = tonnage(&["scenarios", "--json"]).answer();
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let Some(name) = list[0]["name"].as_str() else {
        return;
    };
    let ran = tonnage(&["plan", name, "--no-simulation", "--draws", "10"]);
    assert!(
        ran.stderr.contains(&format!("using `builtin:{name}.toml`")),
        "{}",
        ran.stderr
    );
    ran.answer();
}
