//! The answer and the warnings in words.

use super::monte_carlo::Evaluation;
use crate::profile::Origin;
use crate::result::{BindingResource, Estimated, PlanResult, SimulationOutcome};
use crate::scenario::Scenario;
use crate::units::short;

/// How the warning begins that says which tiers were not simulated by the plan itself.
pub(super) const NOT_SIMULATED: &str = "Tiers of plans without a simulated estimate";

/// The answer in one sentence: the first plan, the second to compare with, and how many more there
/// are.
pub(super) fn answer(scenario: &Scenario, plans: &[PlanResult]) -> String {
    let any_simulated = plans.iter().any(|plan| plan.simulated.is_some());
    let needs = |plan: &PlanResult| {
        let vcpus = plan.simulated.as_ref().unwrap_or(&plan.analytic).vcpus;
        let mixed = any_simulated && plan.simulated.is_none();
        let how = if mixed { " by formulas alone" } else { "" };
        format!(
            "{}{how} with “{}”, where {} binds",
            range(vcpus),
            plan.title,
            binding(plan)
        )
    };
    let Some((first, rest)) = plans.split_first() else {
        return String::new();
    };
    let kind = if any_simulated {
        "95% interval"
    } else {
        "95% interval, by formulas alone"
    };
    let mut parts = vec![format!(
        "“{}” needs vCPUs ({kind}): {}",
        scenario.title,
        needs(first)
    )];
    if let Some((second, others)) = rest.split_first() {
        parts.push(needs(second));
        match others.len() {
            0 => {}
            1 => parts.push("one more plan is compared".to_owned()),
            more => parts.push(format!("{more} more plans are compared")),
        }
    }
    format!("{}.", parts.join("; "))
}

/// The resource that binds where most of a plan's vCPUs are.
fn binding(plan: &PlanResult) -> &'static str {
    use BindingResource::{Cpu, Density, Memory, StartRate};
    let vcpus_of = |resource: BindingResource| -> f64 {
        let tiers = plan.tiers.iter().filter(|tier| tier.binding == resource);
        tiers.map(|tier| tier.analytic.vcpus.central).sum()
    };
    let most = [Cpu, Memory, StartRate, Density]
        .into_iter()
        .max_by(|a, b| vcpus_of(*a).total_cmp(&vcpus_of(*b)));
    most.map_or("nothing", resource)
}

/// A resource in words.
fn resource(resource: BindingResource) -> &'static str {
    match resource {
        BindingResource::Cpu => "CPU",
        BindingResource::Memory => "memory",
        BindingResource::StartRate => "start rate",
        BindingResource::Density => "density limit",
    }
}

/// An interval as `612K–655K`.
fn range(value: Estimated) -> String {
    let (low, high) = (short(value.low), short(value.high));
    if low == high {
        low
    } else {
        format!("{low}–{high}")
    }
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
        .flat_map(|plan| {
            plan.assignments
                .iter()
                .map(|assignment| assignment.technology)
        })
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
            "{NOT_SIMULATED}: {}. The first reason: {reason}.",
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
            "Inputs with neither a source nor a reason: {} ({}).",
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
