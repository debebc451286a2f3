//! What a user reads when something is wrong: what, where, what to do about it.

use insta::assert_snapshot;

use crate::run::tonnage;

#[test]
fn an_unknown_key_comes_with_the_nearest_known_one() {
    assert_snapshot!(tonnage(&["plan", "bad/unknown-key.toml"]).failure(2));
}

#[test]
fn several_mistakes_are_shown_in_one_go() {
    assert_snapshot!(tonnage(&["plan", "bad/several.toml"]).failure(2));
}

#[test]
fn a_wrong_unit() {
    assert_snapshot!(tonnage(&["plan", "bad/unit.toml"]).failure(2));
}

#[test]
fn broken_toml() {
    assert_snapshot!(tonnage(&["plan", "bad/syntax.toml"]).failure(2));
}

#[test]
fn a_missing_scenario() {
    assert_snapshot!(tonnage(&["plan", "nowhere.toml"]).failure(2));
}

#[test]
fn a_misspelt_built_in_scenario() {
    assert_snapshot!(tonnage(&["plan", "builtin:us-knowlege-workers"]).failure(2));
}

#[test]
fn a_missing_file_that_a_scenario_refers_to() {
    assert_snapshot!(tonnage(&["plan", "bad/reference.toml"]).failure(2));
}

#[test]
fn scenarios_that_extend_one_another() {
    assert_snapshot!(tonnage(&["plan", "bad/circle-a.toml"]).failure(2));
}

#[test]
fn an_unknown_technology() {
    assert_snapshot!(tonnage(&["plan", "bad/technology.toml"]).failure(2));
}

#[test]
fn a_technology_that_cannot_carry_its_tier() {
    assert_snapshot!(tonnage(&["plan", "bad/unsuitable.toml"]).failure(2));
}

#[test]
fn overrides_that_cannot_be_read() {
    assert_snapshot!(
        tonnage(&[
            "explain",
            "company.toml",
            "--set",
            "segments.staff.people",
            "--set",
            "segments..people=3",
            "--set",
            "host.memory=plenty",
        ])
        .failure(2)
    );
}

#[test]
fn an_override_of_a_key_that_does_not_exist() {
    assert_snapshot!(tonnage(&["explain", "company.toml", "--set", "host.vcpu=4"]).failure(2));
}

#[test]
fn a_missing_profile() {
    assert_snapshot!(tonnage(&["plan", "company.toml", "--profile", "none.toml"]).failure(2));
}

#[test]
fn a_profile_that_is_a_scenario() {
    assert_snapshot!(tonnage(&["plan", "company.toml", "--profile", "company.toml"]).failure(2));
}

#[test]
fn a_file_that_is_not_utf_8() {
    assert_snapshot!(tonnage(&["plan", "bad/latin-1.toml"]).failure(2));
}

#[test]
fn a_folder_in_place_of_a_scenario() {
    assert_snapshot!(tonnage(&["plan", "bad"]).failure(2));
}

#[test]
fn an_empty_file() {
    assert_snapshot!(tonnage(&["plan", "bad/empty.toml"]).failure(2));
}

#[test]
fn a_report_folder_that_is_a_file() {
    assert_snapshot!(tonnage(&["plan", "company.toml", "--output", "company.toml"]).failure(2));
}

#[test]
fn a_report_folder_below_a_file() {
    let folder = "company.toml/report";
    assert_snapshot!(tonnage(&["plan", "company.toml", "--output", folder]).failure(1));
}

#[test]
fn a_result_of_another_format() {
    assert_snapshot!(tonnage(&["report", "bad/future.json"]).failure(2));
}

#[test]
fn a_file_that_is_no_result() {
    assert_snapshot!(tonnage(&["report", "bad/no-result.json"]).failure(2));
}

#[test]
fn a_damaged_result() {
    assert_snapshot!(tonnage(&["report", "bad/damaged.json"]).failure(2));
}

#[test]
fn a_missing_result() {
    assert_snapshot!(tonnage(&["report", "none.json"]).failure(2));
}

#[test]
fn several_scenarios_are_checked_in_one_go() {
    let ran = tonnage(&[
        "check",
        "bad/unit.toml",
        "company.toml",
        "bad/technology.toml",
    ]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.stdout, "company.toml: good (A small company)\n");
    assert_snapshot!(ran.stderr);
}

#[test]
fn wrong_usage() {
    assert_snapshot!(tonnage(&["plan", "company.toml", "--draws", "3"]).failure(2));
    tonnage(&["paln"]).failure(2);
    tonnage(&["plan"]).failure(2);
}
