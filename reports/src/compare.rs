//! What changed between two results, and which inputs changed it.

mod fleet;
mod markdown;
pub mod measurement;
pub mod page;
pub mod several;
mod text;
pub(crate) mod waterfall;

pub use waterfall::Waterfall;

use tonnage_model::result::{BindingResource, CapacityResult, Estimated, PlanResult, Requirement};

use crate::view;

/// The differences between two results.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The result before.
    pub before: Side,
    /// The result after.
    pub after: Side,
    /// Whether the resolved scenarios differ.
    pub scenario_changed: bool,
    /// Whether the profiles differ.
    pub profile_changed: bool,
    /// Whether seed, draws, replications or the version of the tool differ, in words.
    pub method_changes: Vec<String>,
    /// The inputs that differ, those that move the answer most first.
    pub inputs: Vec<InputChange>,
    /// The outputs side by side.
    pub outputs: Vec<OutputChange>,
    /// What binds where it differs.
    pub bindings: Vec<BindingChange>,
    /// Plans that only the result before has.
    pub plans_removed: Vec<String>,
    /// Plans that only the result after has.
    pub plans_added: Vec<String>,
    /// What each changed input contributed to the first plan's vCPUs, where both results' inputs are
    /// at hand.
    pub waterfall: Option<Waterfall>,
    /// Why there is no waterfall though something changed.
    pub no_waterfall: Option<String>,
}

/// One of the two results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Title of the scenario.
    pub title: String,
    /// Digest of the scenario.
    pub scenario_digest: String,
    /// Digest of the profile.
    pub profile_digest: String,
    /// Title of the profile.
    pub profile_title: String,
    /// Version of Tonnage.
    pub tool_version: String,
    /// The answer in one sentence.
    pub answer: String,
}

/// An input that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct InputChange {
    /// `scenario`, or the key of a technology.
    pub subject: String,
    /// Key of the input.
    pub key: String,
    /// Its value before, where it was there.
    pub before: Option<String>,
    /// Its value after, where it is there.
    pub after: Option<String>,
    /// The span of the answer's vCPUs over the input's uncertainty as a share of the answer,
    /// where the sensitivity of either result knows it.
    pub weight: Option<f64>,
}

/// How an output moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// Both numbers and intervals are the same.
    Same,
    /// The numbers differ and their intervals overlap: inside the uncertainty.
    InsideUncertainty,
    /// It grew by more than the uncertainty.
    Higher,
    /// It fell by more than the uncertainty.
    Lower,
    /// Numbers without an interval differ.
    Changed,
    /// Only one result has it.
    OneSided,
}

/// An output of both results.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputChange {
    /// What it is.
    pub name: String,
    /// Its unit.
    pub unit: &'static str,
    /// Before.
    pub before: Option<Estimated>,
    /// After.
    pub after: Option<Estimated>,
    /// After over before, where both are there and the first is not zero.
    pub ratio: Option<f64>,
    /// How it moved.
    pub movement: Movement,
}

/// A tier whose binding resource or technology differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingChange {
    /// Title of the plan.
    pub plan: String,
    /// Title of the tier.
    pub tier: String,
    /// Technology and binding resource before.
    pub before: (String, BindingResource),
    /// Technology and binding resource after.
    pub after: (String, BindingResource),
}

/// Compares two results.
pub fn compare(before: &CapacityResult, after: &CapacityResult) -> Comparison {
    let missing_from = |from: &CapacityResult, other: &CapacityResult| {
        from.plans
            .iter()
            .filter(|plan| !other.plans.iter().any(|found| found.id == plan.id))
            .map(|plan| plan.title.clone())
            .collect()
    };
    Comparison {
        before: side(before),
        after: side(after),
        scenario_changed: before.provenance.scenario_digest != after.provenance.scenario_digest,
        profile_changed: before.provenance.profile_digest != after.provenance.profile_digest,
        method_changes: method_changes(before, after),
        inputs: input_changes(before, after),
        outputs: output_changes(before, after),
        bindings: binding_changes(before, after),
        plans_removed: missing_from(before, after),
        plans_added: missing_from(after, before),
        waterfall: None,
        no_waterfall: None,
    }
}

fn side(result: &CapacityResult) -> Side {
    Side {
        title: result.scenario.title.clone(),
        scenario_digest: result.provenance.scenario_digest.clone(),
        profile_digest: result.provenance.profile_digest.clone(),
        profile_title: result.provenance.profile_title.clone(),
        tool_version: result.provenance.tool_version.clone(),
        answer: result.answer.clone(),
    }
}

fn method_changes(before: &CapacityResult, after: &CapacityResult) -> Vec<String> {
    let (a, b) = (&before.provenance, &after.provenance);
    [
        ("version", a.tool_version.clone(), b.tool_version.clone()),
        ("seed", a.seed.to_string(), b.seed.to_string()),
        ("draws", a.draws.to_string(), b.draws.to_string()),
        (
            "replications",
            a.replications.to_string(),
            b.replications.to_string(),
        ),
    ]
    .into_iter()
    .filter(|(_, a, b)| a != b)
    .map(|(name, a, b)| format!("{name}: {a} → {b}"))
    .collect()
}

/// Every input as subject, key and value. A key that occurs more than once, as published numbers
/// of one kind do, is told apart by its place.
fn inputs(result: &CapacityResult) -> Vec<(String, String, String)> {
    let scenario = result.assumptions.iter().map(|input| ("scenario", input));
    let technologies = result.technologies.iter().flat_map(|technology| {
        technology
            .numbers
            .iter()
            .map(|n| (technology.id.as_str(), n))
    });
    let mut all: Vec<(String, String, String)> = Vec::new();
    for (subject, input) in scenario.chain(technologies) {
        let origin = crate::words::origin(input.origin);
        let mut key = input.key.clone();
        let mut copies = 1;
        while all.iter().any(|(s, k, _)| s == subject && *k == key) {
            copies += 1;
            key = format!("{} ({copies})", input.key);
        }
        all.push((
            subject.to_owned(),
            key,
            format!("{} ({origin})", input.value),
        ));
    }
    let scenario = &result.scenario;
    let mut host = |key: &str, value: String| {
        all.push(("scenario".to_owned(), format!("host {key}"), value));
    };
    host("shape", scenario.host_shape.clone());
    host("vCPUs", scenario.host_vcpus.to_string());
    host("memory", crate::format::bytes(scenario.host_memory_bytes));
    host(
        "price per hour",
        scenario
            .host_usd_per_hour
            .map_or("not known".to_owned(), crate::format::usd_per_hour),
    );
    all.push((
        "scenario".to_owned(),
        "service level".to_owned(),
        scenario.service_level.clone(),
    ));
    all
}

fn input_changes(before: &CapacityResult, after: &CapacityResult) -> Vec<InputChange> {
    let (old, new) = (inputs(before), inputs(after));
    let find = |all: &[(String, String, String)], subject: &str, key: &str| {
        all.iter()
            .find(|(s, k, _)| s == subject && k == key)
            .map(|(_, _, value)| value.clone())
    };
    let weight = |subject: &str, key: &str| {
        [after, before]
            .into_iter()
            .find_map(|result| weight(result, subject, key))
    };
    let mut changes: Vec<InputChange> = Vec::new();
    for (subject, key, value) in &old {
        let now = find(&new, subject, key);
        if now.as_ref() != Some(value) {
            changes.push(InputChange {
                subject: subject.clone(),
                key: key.clone(),
                before: Some(value.clone()),
                after: now,
                weight: weight(subject, key),
            });
        }
    }
    for (subject, key, value) in &new {
        if find(&old, subject, key).is_none() {
            changes.push(InputChange {
                subject: subject.clone(),
                key: key.clone(),
                before: None,
                after: Some(value.clone()),
                weight: weight(subject, key),
            });
        }
    }
    // A stable sort: inputs of equal or unknown weight keep the order of the scenario.
    changes.sort_by(|a, b| {
        let value = |change: &InputChange| change.weight.unwrap_or(-1.0);
        value(b).total_cmp(&value(a))
    });
    changes
}

/// How much of the answer an input moves, where the sensitivity knows it. The sensitivity names
/// inputs of a technology by a path that holds the technology's key.
fn weight(result: &CapacityResult, subject: &str, key: &str) -> Option<f64> {
    let centre = result.plans.first()?.analytic.vcpus.central;
    let bar = result.tornado.iter().find(|bar| {
        if subject == "scenario" {
            bar.key == key
        } else {
            bar.key
                .split_once(&format!("{subject}."))
                .is_some_and(|(_, rest)| rest == key)
        }
    })?;
    let weight = (bar.high_output - bar.low_output).abs() / centre;
    weight.is_finite().then_some(weight)
}

fn output_changes(before: &CapacityResult, after: &CapacityResult) -> Vec<OutputChange> {
    let exact = |value: f64| Some(Estimated::exact(value));
    let mut outputs = vec![
        output(
            "envelope: simultaneous sessions".to_owned(),
            "sessions",
            exact(before.envelope.sessions),
            exact(after.envelope.sessions),
        ),
        output(
            "open sessions: mean".to_owned(),
            "sessions",
            exact(before.demand.mean_sessions),
            exact(after.demand.mean_sessions),
        ),
        output(
            "open sessions: peak".to_owned(),
            "sessions",
            Some(before.demand.peak_sessions),
            Some(after.demand.peak_sessions),
        ),
    ];
    for (old, new) in pairs(before, after) {
        let title = &new.title;
        let both_simulated = old.simulated.is_some() && new.simulated.is_some();
        let analytic = (Some(&old.analytic), Some(&new.analytic), "analytic");
        let simulated = (old.simulated.as_ref(), new.simulated.as_ref(), "simulated");
        let mut push = |(old, new, kind): (Option<&Requirement>, Option<&Requirement>, &str),
                        unit: &'static str,
                        pick: fn(&Requirement) -> Option<Estimated>| {
            let name = format!("{title}: {unit}, {kind}");
            let (old, new) = (old.and_then(pick), new.and_then(pick));
            if old.is_some() || new.is_some() {
                outputs.push(output(name, unit, old, new));
            }
        };
        push(analytic, "vCPUs", |r| Some(r.vcpus));
        push(simulated, "vCPUs", |r| Some(r.vcpus));
        // Hosts and prices of the same estimate on both sides.
        let best = if both_simulated { simulated } else { analytic };
        push(best, "hosts", |r| Some(r.hosts));
        push(best, "US dollars per month", |r| r.usd_per_month);
    }
    outputs.extend(fleet::outputs(before, after));
    for of in [crate::sizing::outputs, crate::optimum::outputs] {
        let (old, new) = (of(before), of(after));
        let value = |outputs: &[(String, &'static str, Estimated)], name: &str| {
            let found = outputs.iter().find(|(known, _, _)| known == name);
            found.map(|(_, _, value)| *value)
        };
        let only_old = old
            .iter()
            .filter(|(name, _, _)| value(&new, name).is_none());
        for (name, unit, _) in new.iter().chain(only_old) {
            outputs.push(output(
                name.clone(),
                unit,
                value(&old, name),
                value(&new, name),
            ));
        }
    }
    outputs
}

/// Plans of the same key in both results.
fn pairs<'a>(
    before: &'a CapacityResult,
    after: &'a CapacityResult,
) -> impl Iterator<Item = (&'a PlanResult, &'a PlanResult)> {
    before.plans.iter().filter_map(|old| {
        let new = after.plans.iter().find(|new| new.id == old.id)?;
        Some((old, new))
    })
}

#[expect(clippy::float_cmp, reason = "the same inputs give the same bits")]
fn output(
    name: String,
    unit: &'static str,
    before: Option<Estimated>,
    after: Option<Estimated>,
) -> OutputChange {
    let (ratio, movement) = match (before, after) {
        (Some(old), Some(new)) => {
            let ratio = new.central / old.central;
            let exact = crate::format::is_exact(old) && crate::format::is_exact(new);
            let movement = if old == new {
                Movement::Same
            } else if exact && old.central != new.central {
                Movement::Changed
            } else if view::overlap(old, new) {
                Movement::InsideUncertainty
            } else if new.central > old.central {
                Movement::Higher
            } else {
                Movement::Lower
            };
            (ratio.is_finite().then_some(ratio), movement)
        }
        _ => (None, Movement::OneSided),
    };
    OutputChange {
        name,
        unit,
        before,
        after,
        ratio,
        movement,
    }
}

fn binding_changes(before: &CapacityResult, after: &CapacityResult) -> Vec<BindingChange> {
    let mut changes = Vec::new();
    for (old_plan, new_plan) in pairs(before, after) {
        for new in &new_plan.tiers {
            let Some(old) = old_plan.tiers.iter().find(|old| old.tier == new.tier) else {
                continue;
            };
            if old.binding != new.binding || old.technology != new.technology {
                let technology = |result, key| view::technology_title(result, key).to_owned();
                changes.push(BindingChange {
                    plan: new_plan.title.clone(),
                    tier: view::tier_title(after, &new.tier).to_owned(),
                    before: (technology(before, &old.technology), old.binding),
                    after: (technology(after, &new.technology), new.binding),
                });
            }
        }
    }
    for tier in after.optimum.iter().flat_map(|optimum| &optimum.tiers) {
        let choice = |result| crate::optimum::choice_of(result, &tier.tier);
        if let (Some(old), Some(new)) = (choice(before), choice(after))
            && old != new
        {
            changes.push(BindingChange {
                plan: "Cheapest hardware".to_owned(),
                tier: view::tier_title(after, &tier.tier).to_owned(),
                before: old,
                after: new,
            });
        }
    }
    changes
}

impl Movement {
    /// The movement in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Same => "the same",
            Self::InsideUncertainty => "inside the uncertainty",
            Self::Higher => "higher, beyond the uncertainty",
            Self::Lower => "lower, beyond the uncertainty",
            Self::Changed => "changed",
            Self::OneSided => "only in one result",
        }
    }
}

impl OutputChange {
    fn show(&self, value: Option<Estimated>) -> String {
        match value {
            None => "–".to_owned(),
            Some(value) if self.unit.starts_with("US dollars") => {
                crate::format::estimate_with(value, crate::format::usd_with)
            }
            Some(value) if self.unit == "share" => {
                crate::format::estimate_with(value, crate::format::percent_with)
            }
            Some(value) => crate::format::estimate(value),
        }
    }

    fn show_ratio(&self) -> String {
        self.ratio.map_or(String::new(), crate::format::ratio)
    }
}

impl InputChange {
    fn name(&self) -> String {
        if self.subject == "scenario" {
            self.key.clone()
        } else {
            format!("{}: {}", self.subject, self.key)
        }
    }

    fn show_weight(&self) -> String {
        self.weight.map_or("not known".to_owned(), |weight| {
            crate::format::percent_with(weight, 2)
        })
    }
}

/// An input's change as cells of a table.
fn input_row(input: &InputChange) -> Vec<String> {
    let show = |value: &Option<String>| value.clone().unwrap_or_else(|| "not there".to_owned());
    vec![
        input.name(),
        show(&input.before),
        show(&input.after),
        input.show_weight(),
    ]
}

/// An output's change as cells of a table.
fn output_row(output: &OutputChange) -> Vec<String> {
    vec![
        output.name.clone(),
        output.show(output.before),
        output.show(output.after),
        output.show_ratio(),
        output.movement.words().to_owned(),
    ]
}

impl Comparison {
    /// Whether nothing that is compared differs.
    pub fn is_same(&self) -> bool {
        self.inputs.is_empty()
            && self.method_changes.is_empty()
            && !self.scenario_changed
            && !self.profile_changed
            && self.bindings.is_empty()
            && self.plans_added.is_empty()
            && self.plans_removed.is_empty()
            && self.outputs.iter().all(|o| o.movement == Movement::Same)
    }

    /// What the two results have in common and what not, in sentences.
    pub fn summary(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.is_same() {
            return vec!["The two results are the same in all that is compared.".to_owned()];
        }
        match (self.scenario_changed, self.profile_changed) {
            (false, false) => {
                lines.push("Scenario and profile are the same.".to_owned());
                if self.method_changes.is_empty() {
                    lines.push(
                        "Seed, draws, replications and version are the same too, so the results \
                         ought to be the same: one of them was changed after it was made."
                            .to_owned(),
                    );
                }
            }
            (true, false) => {
                lines.push("The scenario changed; the profile is the same.".to_owned());
            }
            (false, true) => {
                lines.push("The profile changed; the scenario is the same.".to_owned());
            }
            (true, true) => lines.push("Both the scenario and the profile changed.".to_owned()),
        }
        if !self.method_changes.is_empty() {
            lines.push(format!("Method: {}.", self.method_changes.join("; ")));
        }
        if (self.scenario_changed || self.profile_changed) && self.inputs.is_empty() {
            lines.push(
                "The digests differ, yet every input listed is the same: the difference is in \
                 something the lists do not hold."
                    .to_owned(),
            );
        }
        let beyond = self
            .outputs
            .iter()
            .filter(|o| matches!(o.movement, Movement::Higher | Movement::Lower))
            .count();
        let inside = self
            .outputs
            .iter()
            .filter(|o| o.movement == Movement::InsideUncertainty)
            .count();
        lines.push(format!(
            "{beyond} of {} outputs moved beyond their 95% intervals, {inside} inside them. \
             Intervals that overlap do not prove that nothing changed: both rest on much the same \
             inputs.",
            self.outputs.len()
        ));
        for (what, plans) in [
            ("Only before", &self.plans_removed),
            ("Only after", &self.plans_added),
        ] {
            if !plans.is_empty() {
                lines.push(format!("{what}: {}.", plans.join(", ")));
            }
        }
        lines
    }
}
