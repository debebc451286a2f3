//! `tonnage size` and `tonnage optimize`, on a scenario small enough for a test.

use serde_json::Value;

use crate::run::tonnage;

fn json(arguments: &[&str]) -> Value {
    let answer = tonnage(arguments).answer();
    serde_json::from_str(&answer).expect("JSON")
}

#[test]
fn a_fleet_is_sized() {
    let arguments = ["size", "company.toml", "--quick", "--draws", "20"];
    let answer = tonnage(&arguments).answer();
    assert!(answer.contains("Smallest fleets"), "{answer}");
    assert!(
        answer.lines().all(|line| line.chars().count() <= 100),
        "{answer}"
    );
    let more = ["--json", "--lost", "2", "--threads", "1"];
    let result = json(&[arguments.as_slice(), &more].concat());
    let sizing = &result["sizing"];
    assert_eq!(sizing["lost_hosts"], 2);
    let tier = &sizing["tiers"][0]["outcome"];
    assert_eq!(tier["status"], "sized");
    assert_eq!(tier["fleet"]["lost_hosts"], 2);
    for margin in tier["margins"].as_array().expect("margins") {
        assert_eq!(margin["verdict"], "kept");
    }
    let recorded = result["provenance"]["overrides"].to_string();
    assert!(recorded.contains("fleet.spare_hosts=2"), "{recorded}");
}

#[test]
fn a_sizing_is_reported_and_compared() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (small, large) = (path("small"), path("large"));
    let size = [
        "size",
        "company.toml",
        "--quick",
        "--draws",
        "20",
        "--output",
    ];
    tonnage(&[size.as_slice(), &[&small]].concat()).answer();
    let more = ["--set", "segments.staff.people=50000"];
    tonnage(&[size.as_slice(), &[&large], &more].concat()).answer();
    let read = |name: &str| std::fs::read_to_string(format!("{small}/{name}")).expect(name);
    assert!(read("report.html").contains("Smallest fleets"));
    assert!(read("report.md").contains("## Smallest fleets"));
    for table in ["sizing", "sizing-margins", "pooling"] {
        assert!(
            read(&format!("csv/{table}.csv")).lines().count() > 1,
            "{table}"
        );
    }
    let results = [&small, &large].map(|folder| format!("{folder}/result.json"));
    let again = tonnage(&["report", &results[0]]).answer();
    assert!(again.contains("Smallest fleets"), "{again}");
    let compared = tonnage(&["compare", &results[0], &results[1]]).answer();
    assert!(compared.contains("smallest fleet, hosts"), "{compared}");
}

#[test]
fn a_plan_that_does_not_exist_cannot_be_sized() {
    let failed = tonnage(&["size", "company.toml", "--plan", "none"]).failure(2);
    assert!(
        failed.contains("the scenario has no plan `none`"),
        "{failed}"
    );
}

#[test]
fn the_cheapest_hardware_is_found() {
    let arguments = [
        "optimize",
        "company.toml",
        "--draws",
        "20",
        "--no-simulation",
    ];
    let answer = tonnage(&arguments).answer();
    assert!(answer.contains("Cheapest for each tier"), "{answer}");
    assert!(
        answer.lines().all(|line| line.chars().count() <= 100),
        "{answer}"
    );
    let result = json(&[arguments.as_slice(), &["--json", "--shapes", "aws"]].concat());
    let optimum = &result["optimum"];
    assert_eq!(optimum["lists"].as_array().expect("lists").len(), 1);
    assert!(
        optimum["usd_per_month"]["central"]
            .as_f64()
            .expect("a total")
            > 0.0
    );
    assert!(
        optimum["tiers"][0]["confirmed"]
            .as_array()
            .expect("a list")
            .is_empty()
    );
}

#[test]
fn lists_that_cannot_be_used_are_refused_with_advice() {
    let failed = |more: &[&str]| {
        tonnage(&[["optimize", "company.toml"].as_slice(), more].concat()).failure(2)
    };
    assert!(failed(&["--shapes", "azure"]).contains("have no price"));
    assert!(failed(&["--shapes", "no-such-list"]).contains("use aws, gcp or azure"));
    assert!(failed(&["--shapes", "company.toml"]).contains("company.toml"));
    assert!(failed(&["--architecture", "z80"]).contains("no shape has the architecture `z80`"));
    assert!(failed(&["--speed", "m8g"]).contains("m8g=1.3"));
}
