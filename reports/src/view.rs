//! What several formats say about a result in the same words.

use tonnage_model::result::{
    BindingResource, CapacityResult, Estimated, PlanResult, Requirement, SimulationOutcome,
    SimulatedResult, TierResult,
};

use crate::format;
use crate::words;

/// The title of a tier, or its key where the scenario has no such tier.
pub(crate) fn tier_title<'a>(result: &'a CapacityResult, key: &'a str) -> &'a str {
    result
        .scenario
        .tiers
        .iter()
        .find(|tier| tier.id == key)
        .map_or(key, |tier| &tier.title)
}

/// The title of a technology, or its key where the profile has no such technology.
pub(crate) fn technology_title<'a>(result: &'a CapacityResult, key: &'a str) -> &'a str {
    result
        .technologies
        .iter()
        .find(|technology| technology.id == key)
        .map_or(key, |technology| &technology.title)
}

/// The title of a plan, or its key.
pub(crate) fn plan_title<'a>(result: &'a CapacityResult, key: &'a str) -> &'a str {
    result
        .plans
        .iter()
        .find(|plan| plan.id == key)
        .map_or(key, |plan| &plan.title)
}

/// The simulated estimate of a tier, where there is one.
pub(crate) fn simulated(tier: &TierResult) -> Option<&SimulatedResult> {
    match &tier.simulated {
        SimulationOutcome::Simulated(found) => Some(found),
        SimulationOutcome::NotSimulated { .. } => None,
    }
}

/// The estimate to buy by: the simulated one where there is one.
pub(crate) fn best(plan: &PlanResult) -> (&Requirement, &'static str) {
    plan.simulated
        .as_ref()
        .map_or((&plan.analytic, "analytic"), |found| (found, "simulated"))
}

/// What binds in a plan, as shares of its analytic vCPUs, largest first.
pub(crate) fn binding_mix(plan: &PlanResult) -> Vec<(BindingResource, f64)> {
    let mut mix: Vec<(BindingResource, f64)> = Vec::new();
    let total: f64 = plan.tiers.iter().map(|t| t.analytic.vcpus.central).sum();
    for tier in &plan.tiers {
        let share = if total > 0.0 {
            tier.analytic.vcpus.central / total
        } else {
            0.0
        };
        match mix.iter_mut().find(|(found, _)| *found == tier.binding) {
            Some((_, sum)) => *sum += share,
            None => mix.push((tier.binding, share)),
        }
    }
    mix.sort_by(|a, b| b.1.total_cmp(&a.1));
    mix
}

/// What binds in a plan, in words: `memory`, or `memory (82% of vCPUs), CPU (18%)`.
pub(crate) fn binding_words(plan: &PlanResult) -> String {
    let mix = binding_mix(plan);
    match mix.as_slice() {
        [] => "no tier, so nothing binds".to_owned(),
        [(only, _)] => words::binding(*only).to_owned(),
        [(first, share), rest @ ..] => {
            let mut text = format!(
                "{} ({} of vCPUs)",
                words::binding(*first),
                format::percent_with(*share, 2)
            );
            for (resource, share) in rest {
                text.push_str(&format!(
                    ", {} ({})",
                    words::binding(*resource),
                    format::percent_with(*share, 2)
                ));
            }
            text
        }
    }
}

/// How often the binding resource binds over the draws: `memory binds in 93% of draws`.
pub(crate) fn binding_certainty(tier: &TierResult) -> Option<String> {
    let share = tier
        .binding_shares
        .iter()
        .find(|share| share.resource == tier.binding)?;
    Some(format!(
        "in {} of draws",
        format::percent_with(share.share, 2)
    ))
}

/// The envelope's CPUs as an interval without a middle.
pub(crate) fn envelope_words(low: f64, high: f64) -> String {
    format::interval(Estimated {
        central: low,
        low,
        high,
    })
}

/// Whether two intervals have a value in common.
pub(crate) fn overlap(a: Estimated, b: Estimated) -> bool {
    a.low <= b.high && b.low <= a.high
}

/// Why a plan's simulated and analytic estimates differ, or that they agree, for every tier.
pub(crate) fn disagreements(plan: &PlanResult) -> Vec<(&TierResult, &SimulatedResult, bool)> {
    plan.tiers
        .iter()
        .filter_map(|tier| {
            simulated(tier).map(|found| {
                let one = found.over_analytic;
                (tier, found, one.low <= 1.0 && one.high >= 1.0)
            })
        })
        .collect()
}

/// The command that makes this result again, as far as the result knows it.
pub(crate) fn command(result: &CapacityResult) -> String {
    let provenance = &result.provenance;
    let mut text = format!(
        "tonnage plan SCENARIO.toml --profile PROFILE.json --seed {} --draws {} --replications {}",
        provenance.seed, provenance.draws, provenance.replications
    );
    for change in &provenance.overrides {
        text.push_str(" --set ");
        text.push_str(&shell_word(change));
    }
    text
}

/// A word as a POSIX shell reads it back.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-=/:,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
