//! What changed in the simulated day.

use tonnage_model::result::{CapacityResult, Estimated, FleetPlan, FleetTier};

use super::{OutputChange, output};
use crate::view;

/// Every figure of the day that either result has; nothing where neither has one.
pub(super) fn outputs(before: &CapacityResult, after: &CapacityResult) -> Vec<OutputChange> {
    let plans = |result: &CapacityResult| -> Vec<FleetPlan> {
        result
            .fleet
            .as_ref()
            .map_or_else(Vec::new, |fleet| fleet.plans.clone())
    };
    let (old, new) = (plans(before), plans(after));
    let mut outputs = Vec::new();
    for (title, old, new) in pairs(&old, &new, |plan| (&plan.id, &plan.title)) {
        let mut push = |name: &str, unit, pick: fn(&FleetPlan) -> Option<Estimated>| {
            add(
                &mut outputs,
                format!("{title}, the day: {name}"),
                unit,
                old.and_then(pick),
                new.and_then(pick),
            );
        };
        push("vCPU-hours used", "vCPU-hours", |plan| plan.vcpu_hours);
        push("sessions", "sessions", |plan| plan.sessions);
        let tiers =
            |plan: Option<&FleetPlan>| plan.map_or_else(Vec::new, |plan| plan.tiers.clone());
        let (old, new) = (tiers(old), tiers(new));
        for (key, old, new) in pairs(&old, &new, |tier| (&tier.tier, &tier.tier)) {
            let tier = [after, before]
                .into_iter()
                .map(|result| view::tier_title(result, key))
                .find(|found| *found != key)
                .unwrap_or(key);
            promises(&mut outputs, &format!("{title}, the day, {tier}"), old, new);
        }
    }
    outputs
}

fn promises(
    outputs: &mut Vec<OutputChange>,
    prefix: &str,
    old: Option<&FleetTier>,
    new: Option<&FleetTier>,
) {
    let all = |tier: Option<&FleetTier>| tier.map_or_else(Vec::new, |tier| tier.promises.clone());
    let (old, new) = (all(old), all(new));
    for (name, old, new) in pairs(&old, &new, |promise| (&promise.name, &promise.name)) {
        let (old, new) = (old.map(|p| p.found), new.map(|p| p.found));
        add(outputs, format!("{prefix}: {name}"), "share", old, new);
    }
}

fn add(
    outputs: &mut Vec<OutputChange>,
    name: String,
    unit: &'static str,
    old: Option<Estimated>,
    new: Option<Estimated>,
) {
    if old.is_some() || new.is_some() {
        outputs.push(output(name, unit, old, new));
    }
}

/// Those of the same key on both sides with their title, in the order of the later result.
fn pairs<'a, T>(
    old: &'a [T],
    new: &'a [T],
    key: fn(&T) -> (&String, &String),
) -> Vec<(&'a str, Option<&'a T>, Option<&'a T>)> {
    let mut all: Vec<(&str, Option<&T>, Option<&T>)> = Vec::new();
    for item in new {
        let (id, title) = key(item);
        let other = old.iter().find(|other| key(other).0 == id);
        all.push((title, other, Some(item)));
    }
    for item in old {
        let (id, title) = key(item);
        if !new.iter().any(|other| key(other).0 == id) {
            all.push((title, Some(item), None));
        }
    }
    all
}
