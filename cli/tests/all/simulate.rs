//! `tonnage simulate`, on a scenario small enough for a test.

use crate::run::tonnage;

fn day(more: &[&str]) -> Vec<String> {
    let arguments = [
        "simulate",
        "company.toml",
        "--plan",
        "heavy",
        "--draws",
        "10",
        "--hours",
        "9-11",
    ];
    let all = arguments.iter().chain(more);
    all.map(|&word| word.to_owned()).collect()
}

fn run(more: &[&str]) -> crate::run::Ran {
    let arguments = day(more);
    tonnage(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_day_is_told_hour_by_hour() {
    let ran = run(&[]);
    assert!(ran.stderr.contains(" events per second"), "{}", ran.stderr);
    let answer = ran.answer();
    for words in [
        "09:00 to 11:00",
        "hour by hour",
        "fidelity fleet, exact",
        "requests that wait longer than 250 ms",
        "10:00",
    ] {
        assert!(answer.contains(words), "{words}: {answer}");
    }
    let fluid = run(&["--fidelity", "fluid"]).answer();
    assert!(fluid.contains("fidelity fluid, in closed form"), "{fluid}");
    assert!(fluid.contains("promises are not judged"), "{fluid}");
}

#[test]
fn a_day_is_the_same_on_any_number_of_threads_and_is_read_back() {
    let one = run(&["--json", "--threads", "1"]).answer();
    let four = run(&["--json", "--threads", "4"]).answer();
    assert!(one == four, "the results differ");
    let result: serde_json::Value = serde_json::from_str(&one).expect("JSON");
    let tier = &result["fleet"]["plans"][0]["tiers"][0];
    assert_eq!(tier["hours"].as_array().map(Vec::len), Some(2));
    let account = |name: &str| tier["totals"]["account"][name].as_u64().expect("a count");
    assert_eq!(
        account("open_before") + account("opened"),
        account("ended") + account("rejected") + account("open_after")
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    let before = folder.path().join("before.json");
    std::fs::write(&before, &one).expect("a file");
    let report = folder.path().join("report");
    let (before, report_path) = (
        before.to_str().expect("UTF-8"),
        report.to_str().expect("UTF-8"),
    );
    let told = tonnage(&["report", before, "--output", report_path]).answer();
    assert!(told.contains("hour by hour"), "{told}");
    for (file, words) in [
        ("report.html", "A day of the fleet"),
        ("report.md", "## A day of the fleet"),
        ("csv/fleet-hours.csv", "busy_vcpus"),
        ("charts/fleet-day-1.svg", "Busy vCPUs"),
        ("result.json", "\"fleet\""),
    ] {
        let text = std::fs::read_to_string(report.join(file)).expect(file);
        assert!(text.contains(words), "{file}");
    }
    let other = run(&["--json", "--seed", "8"]).answer();
    let after = folder.path().join("after.json");
    std::fs::write(&after, other).expect("a file");
    let compared = tonnage(&["compare", before, after.to_str().expect("UTF-8")]).answer();
    assert!(compared.contains("vCPU-hours used"), "{compared}");
}

#[test]
fn what_a_day_cannot_be_is_said_before_it_is_computed() {
    for (more, words) in [
        (["--tier", "nothing"], "the scenario has no tier `nothing`"),
        (["--hours", "17-9"], "such as 9-17"),
        (["--precision", "0"], "above zero"),
    ] {
        let ran = tonnage(&["simulate", "company.toml", more[0], more[1]]);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}
