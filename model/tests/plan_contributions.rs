//! What each changed input contributes to the difference between two scenarios.

mod common;
mod plan_support;

use plan_support::{assert_close, planned, tiny};
use tonnage_model::plan::{Contributions, NoContributions, Orders, contributions};
use tonnage_model::scenario::Loaded;

const PLAN: &str = "only";

const LONGER_BURSTS: &str = "tiers.work.burst={ distribution = \"exponential\", mean = \"2s\" }";

/// vCPUs of the only plan, as the plan itself says.
fn vcpus(loaded: &Loaded) -> f64 {
    planned(loaded, 1).plans[0].analytic.vcpus.central
}

fn between(before: &Loaded, after: &Loaded) -> Contributions {
    let found = contributions(&before.scenario, &after.scenario, PLAN).unwrap();
    assert_close(found.before, vcpus(before), 1e-12, "the plan before");
    assert_close(found.after, vcpus(after), 1e-12, "the plan after");
    let sum: f64 = found.inputs.iter().map(|input| input.vcpus).sum();
    assert_close(found.before + sum + found.rest, found.after, 1e-12, "sum");
    found
}

#[test]
fn contributions_add_up() {
    let (people, burst) = ("segments.staff.people=250000", LONGER_BURSTS);
    let (before, after) = (tiny(&[]), tiny(&[people, burst]));
    let found = between(&before, &after);
    assert_eq!(found.orders, Orders::All);
    assert_close(1.0 + found.rest, 1.0, 1e-9, "nothing is left");
    // Of two inputs each gets the mean of what it does first and what it does last.
    let (only_people, only_burst) = (vcpus(&tiny(&[people])), vcpus(&tiny(&[burst])));
    let (none, both) = (vcpus(&before), vcpus(&after));
    let of_people = 0.5 * ((only_people - none) + (both - only_burst));
    assert_eq!(found.inputs.len(), 2, "{found:?}");
    let people = found
        .inputs
        .iter()
        .find(|input| input.key == "segments.staff.people");
    assert_close(people.unwrap().vcpus, of_people, 1e-12, "people");
}

#[test]
fn many_inputs_add_up_too() {
    let after = tiny(&[
        "segments.staff.people=250000",
        "segments.staff.adoption=0.9",
        "segments.staff.agents_per_person=2",
        "segments.staff.concurrency=0.12",
        "tiers.work.turns={ distribution = \"geometric\", mean = 12 }",
        "tiers.work.think={ distribution = \"exponential\", mean = \"20s\" }",
        LONGER_BURSTS,
        "tiers.work.working_set=300MiB",
        "host.speed=1.1",
    ]);
    let found = between(&tiny(&[]), &after);
    assert_eq!(found.orders, Orders::TwoOfMany, "{found:?}");
    assert!(found.inputs.len() > 7, "{found:?}");
}

#[test]
fn what_is_no_input_is_the_rest() {
    let found = between(&tiny(&[]), &tiny(&["host.vcpus=32"]));
    assert_eq!(found.inputs, []);
    assert_close(found.rest, found.after - found.before, 1e-12, "the host");
    let same = between(&tiny(&[]), &tiny(&[]));
    assert_eq!((same.inputs.len(), same.rest.to_bits()), (0, 0));
}

#[test]
fn what_cannot_be_explained_says_why() {
    let (before, after) = (tiny(&[]), tiny(&["tiers.work.working_set=2TiB"]));
    let unknown = contributions(&before.scenario, &after.scenario, "none").unwrap_err();
    assert_eq!(unknown, NoContributions::NoPlan("none".to_owned()));
    let found = contributions(&before.scenario, &after.scenario, PLAN).unwrap_err();
    assert!(matches!(found, NoContributions::Impossible(_)), "{found:?}");
}
