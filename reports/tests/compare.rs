//! What a comparison says.

mod common;

use common::{estimated, fixture};
use tonnage_model::result::BindingResource;
use tonnage_reports::compare;
use tonnage_reports::compare::Movement;

/// A what-if: a lower rate, a lighter microVM, a tier that another resource binds.
fn changed() -> tonnage_model::result::CapacityResult {
    let mut result = fixture();
    result.provenance.scenario_digest = "00ff".repeat(16);
    result.provenance.profile_digest = "11ee".repeat(16);
    result.provenance.replications = 16;
    result.answer = "After the change (invented numbers).".to_owned();
    result.assumptions[1].value = "12% (9%–16%), mean over all hours".to_owned();
    result.assumptions.remove(8);
    result.technologies[4].numbers[1].value = "140 MiB".to_owned();
    result.technologies[0].numbers[1].value = "1.70 ms".to_owned();
    let plan = &mut result.plans[0];
    plan.analytic.vcpus = estimated(0.7e6, 0.8e6, 0.9e6);
    plan.analytic.hosts = plan.analytic.vcpus.scaled(1.0 / 96.0);
    plan.simulated = None;
    plan.tiers[2].binding = BindingResource::Cpu;
    let plan = &mut result.plans[1];
    plan.analytic.vcpus = plan.analytic.vcpus.scaled(0.97);
    result.plans[2].id = "other".to_owned();
    result.plans[2].title = "Another plan".to_owned();
    result
}

#[test]
fn text_of_a_change() {
    insta::assert_snapshot!(compare(&fixture(), &changed()).text(false));
}

#[test]
fn markdown_of_a_change() {
    insta::assert_snapshot!(compare(&fixture(), &changed()).markdown());
}

#[test]
fn a_result_compared_with_itself_has_not_changed() {
    let same = compare(&fixture(), &fixture());
    assert!(same.is_same() && same.inputs.is_empty());
    insta::assert_snapshot!(same.text(false));
}

#[test]
fn changed_inputs_come_in_the_order_of_their_weight() {
    let comparison = compare(&fixture(), &changed());
    let keys: Vec<_> = comparison.inputs.iter().map(|i| i.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "segments.knowledge-workers.concurrency",
            "memory_live",
            "start_cpu",
            "host.overcommit"
        ]
    );
    assert!(comparison.inputs[3].after.is_none() && comparison.inputs[3].weight.is_none());
}

#[test]
fn overlapping_intervals_are_inside_the_uncertainty() {
    let comparison = compare(&fixture(), &changed());
    let movement = |name: &str| {
        comparison
            .outputs
            .iter()
            .find(|output| output.name == name)
            .expect("the output")
            .movement
    };
    assert_eq!(movement("Isolates first, analytic"), Movement::Lower);
    assert_eq!(movement("Isolates first, simulated"), Movement::OneSided);
    assert_eq!(
        movement("Containers for everything, analytic"),
        Movement::InsideUncertainty
    );
    assert_eq!(movement("peak open sessions"), Movement::Same);
    assert_eq!(comparison.plans_added, ["Another plan"]);
    assert_eq!(comparison.bindings.len(), 1);
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    for line in compare(&fixture(), &changed()).text(false).lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}
