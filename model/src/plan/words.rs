//! The answer and the warnings in words.

use super::monte_carlo::Evaluation;
use crate::profile::Origin;
use crate::result::{BindingResource, Estimated, PlanResult, SimulationOutcome};
use crate::scenario::Scenario;
use crate::units::short;

/// The answer in one sentence.
pub(super) fn answer(scenario: &Scenario, plans: &[PlanResult]) -> String {
    let parts: Vec<String> = plans
        .iter()
        .map(|plan| {
            let vcpus = plan.simulated.as_ref().unwrap_or(&plan.analytic).vcpus;
            format!("{} with “{}” ({})", range(vcpus), plan.title, binding(plan))
        })
        .collect();
    let simulated = plans.iter().all(|plan| plan.simulated.is_some());
    format!(
        "“{}” needs, as the 95% interval of vCPUs{}: {}.",
        scenario.title,
        if simulated { "" } else { " by formulas alone" },
        parts.join("; ")
    )
}

/// What binds in the tier that takes most of a plan's vCPUs.
fn binding(plan: &PlanResult) -> String {
    let mut tiers: Vec<_> = plan.tiers.iter().collect();
    tiers.sort_by(|a, b| b.analytic.vcpus.central.total_cmp(&a.analytic.vcpus.central));
    match tiers.first() {
        Some(tier) => format!("{} binds in its largest tier, {}", resource(tier.binding), tier.tier),
        None => "nothing to carry".to_owned(),
    }
}

/// A resource in words.
pub(super) fn resource(resource: BindingResource) -> &'static str {
    match resource {
        BindingResource::Cpu => "CPU",
        BindingResource::Memory => "memory",
        BindingResource::StartRate => "start rate",
        BindingResource::Density => "density limit",
    }
}

/// An interval as `612K–655K`.
pub(super) fn range(value: Estimated) -> String {
    let (low, high) = (short(value.low), short(value.high));
    if low == high { low } else { format!("{low}–{high}") }
}

/// What a reader must know before using the numbers.
pub(super) fn warnings(
    scenario: &Scenario,
    plans: &[PlanResult],
    evaluation: &Evaluation<'_>,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let used: Vec<usize> = scenario
        .plans
        .iter()
        .flat_map(|plan| plan.assignments.iter().map(|assignment| assignment.technology))
        .collect();
    let numbers = scenario
        .technologies
        .iter()
        .enumerate()
        .filter(|(index, _)| used.contains(index))
        .flat_map(|(_, technology)| technology.inputs());
    let (mut measured, mut published, mut assumed) = (0, 0, 0);
    for id in numbers {
        match scenario.inputs.get(id).provenance.origin {
            Origin::Measured => measured += 1,
            Origin::Published => published += 1,
            Origin::Assumed => assumed += 1,
        }
    }
    if measured == 0 {
        warnings.push(format!(
            "Nothing was measured: the technologies' costs come from “{}” ({published} numbers \
             published by others on other machines, {assumed} assumed).",
            scenario.profile_title
        ));
    } else if published + assumed > 0 {
        warnings.push(format!(
            "Of the technologies' numbers in use, {measured} were measured, {published} published \
             by others and {assumed} assumed."
        ));
    }
    let reasons: Vec<&str> = plans
        .iter()
        .flat_map(|plan| &plan.tiers)
        .filter_map(|tier| match &tier.simulated {
            SimulationOutcome::NotSimulated { reason } => Some(reason.as_str()),
            SimulationOutcome::Simulated(_) => None,
        })
        .collect();
    if let Some(reason) = reasons.first() {
        warnings.push(format!(
            "{} of the plans' tiers have no simulated estimate: {reason}.",
            reasons.len()
        ));
    }
    let unsourced = scenario
        .inputs
        .iter()
        .filter(|(_, input)| input.provenance.source.is_empty())
        .map(|(_, input)| input.key.as_str())
        .collect::<Vec<_>>();
    if !unsourced.is_empty() {
        warnings.push(format!(
            "{} inputs give neither a source nor a reason: {}.",
            unsourced.len(),
            unsourced.join(", ")
        ));
    }
    if evaluation.draws.len() < 200 {
        warnings.push(format!(
            "Only {} draws of the uncertain inputs: the ends of the intervals are rough.",
            evaluation.draws.len()
        ));
    }
    warnings.extend(scenario.notes.iter().cloned());
    warnings
}
