//! What several formats say about a result in the same words.

use std::fmt::Write as _;

use tonnage_model::result::{
    Assumption, BindingResource, CapacityResult, Estimated, MatrixCell, MatrixOutcome, PlanResult,
    PromiseKind, Requirement, SimulatedResult, SimulationOutcome, TierResult,
};

use tonnage_model::profile::Origin;

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

/// Promises in words: `starts and on requests turned away`.
pub(crate) fn promises(kinds: &[PromiseKind]) -> String {
    let words: Vec<&str> = kinds
        .iter()
        .map(|kind| match kind {
            PromiseKind::StartWait => "waits for starts",
            PromiseKind::BurstSlowdown => "the slowdown of bursts",
            PromiseKind::Rejection => "requests turned away",
        })
        .collect();
    words.join(" and on ")
}

/// What a technology can be found by, between bars: its boundary, what it offers, whether any of its
/// numbers was measured.
pub(crate) fn tags(result: &CapacityResult, key: &str) -> String {
    let Some(technology) = result.technologies.iter().find(|known| known.id == key) else {
        return "not in the profile".to_owned();
    };
    let measured = technology
        .numbers
        .iter()
        .any(|number| number.origin == Origin::Measured);
    let mut tags = vec![
        format!("boundary: {}", words::boundary(technology.boundary)),
        if measured { "measured" } else { "not measured" }.to_owned(),
    ];
    tags.extend(
        technology
            .offers
            .iter()
            .map(|offered| format!("offers {}", words::capabilities(&[*offered]))),
    );
    tags.join("|")
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

/// What binds in a plan, in words: `memory`, or `memory (82% of vCPUs), CPU (18%)`, weighted by
/// the analytic vCPUs of the tiers it binds on.
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
                let _ = write!(
                    text,
                    ", {} ({})",
                    words::binding(*resource),
                    format::percent_with(*share, 2)
                );
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

/// Simulated against analytic for one tier on one technology, and the plans that share it.
pub(crate) struct Comparison<'a> {
    pub(crate) tier: &'a TierResult,
    pub(crate) found: &'a SimulatedResult,
    pub(crate) plans: Vec<&'a str>,
}

impl Comparison<'_> {
    /// Whether the ratio's interval holds one.
    pub(crate) fn agrees(&self) -> bool {
        self.found.over_analytic.low <= 1.0 && self.found.over_analytic.high >= 1.0
    }

    /// The agreement in words.
    pub(crate) fn words(&self) -> &'static str {
        if self.agrees() {
            "agree"
        } else {
            "differ beyond the noise"
        }
    }
}

/// Simulated against analytic, each pair of tier and technology once where plans share it.
pub(crate) fn comparisons(result: &CapacityResult) -> Vec<Comparison<'_>> {
    let mut all: Vec<Comparison<'_>> = Vec::new();
    for plan in &result.plans {
        for tier in &plan.tiers {
            let Some(found) = simulated(tier) else {
                continue;
            };
            let same = all.iter_mut().find(|other| {
                other.tier.tier == tier.tier
                    && other.tier.technology == tier.technology
                    && other.found == found
            });
            match same {
                Some(other) => other.plans.push(&plan.title),
                None => all.push(Comparison {
                    tier,
                    found,
                    plans: vec![&plan.title],
                }),
            }
        }
    }
    all
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

/// A row of three estimates.
pub(crate) fn not_simulated_reason(plan: &PlanResult) -> Option<String> {
    if plan.simulated.is_some() {
        return None;
    }
    let left_out: Vec<_> = plan
        .tiers
        .iter()
        .filter_map(|tier| match &tier.simulated {
            SimulationOutcome::NotSimulated { reason } => Some(reason.as_str()),
            SimulationOutcome::Simulated(_) => None,
        })
        .collect();
    Some(match left_out.as_slice() {
        [] => "the result gives no total of the simulation".to_owned(),
        [reason, ..] => format!(
            "{} of {} tiers not simulated: {reason}",
            left_out.len(),
            plan.tiers.len()
        ),
    })
}

/// Open sessions in the busiest hour that one vCPU of a plan carries, analytic.
pub(crate) fn sessions_per_vcpu(plan: &PlanResult) -> f64 {
    let sessions: f64 = plan.tiers.iter().map(|t| t.peak_sessions.central).sum();
    sessions / plan.analytic.vcpus.central
}

/// The envelope's arithmetic in one sentence.
pub(crate) fn envelope_sentence(result: &CapacityResult) -> String {
    let envelope = &result.envelope;
    format!(
        "The envelope multiplies to {} simultaneous sessions and divides by {} to {} sessions per \
         CPU: {} CPUs. It knows no time of day, no technology and no spare hosts; its “CPU” is \
         shown beside vCPUs as the claim states it.",
        format::count(envelope.sessions),
        format::count(envelope.sessions_per_cpu_low),
        format::count(envelope.sessions_per_cpu_high),
        envelope_words(envelope.cpus_low, envelope.cpus_high),
    )
}

/// Why the analytic estimate of a plan differs from the envelope, in one sentence.
pub(crate) fn envelope_against(result: &CapacityResult, plan: &PlanResult) -> String {
    let envelope = &result.envelope;
    let vcpus = plan.analytic.vcpus;
    let place = if vcpus.low > envelope.cpus_high {
        format!(
            "above the envelope ({} its upper end)",
            format::ratio(vcpus.central / envelope.cpus_high)
        )
    } else if vcpus.high < envelope.cpus_low {
        format!(
            "below the envelope ({} its lower end)",
            format::ratio(vcpus.central / envelope.cpus_low)
        )
    } else {
        "overlapping the envelope".to_owned()
    };
    let peak = result.demand.peak_sessions.central;
    format!(
        "{}: {} vCPUs, {place}. It serves the peak of {} sessions, {} the {} of the envelope, at \
         {} sessions per vCPU where the envelope assumes {} to {}.",
        plan.title,
        format::estimate(vcpus),
        format::count(peak),
        format::ratio(peak / envelope.sessions),
        format::count(envelope.sessions),
        format::count(sessions_per_vcpu(plan)),
        format::count(envelope.sessions_per_cpu_low),
        format::count(envelope.sessions_per_cpu_high),
    )
}

/// A value of the service level in its unit.
pub(crate) fn level_value(value: Estimated, unit: &str) -> String {
    match unit {
        "s" => format::estimate_with(value, format::seconds_with),
        "share" => format::estimate_with(value, format::percent_with),
        "ratio" => format::estimate_with(value, format::ratio_with),
        other => format!("{} {other}", format::estimate(value)),
    }
}

/// The interval of a value of the service level in its unit.
pub(crate) fn level_interval(value: Estimated, unit: &str) -> String {
    match unit {
        "s" => format::interval_with(value, format::seconds_with),
        "share" => format::interval_with(value, format::percent_with),
        "ratio" => format::interval_with(value, format::ratio_with),
        other => format!("{} {other}", format::interval(value)),
    }
}

/// The host in words: `m7i.metal-24xl: 96 vCPUs, 384 GiB, $4.84 per hour at list price`.
pub(crate) fn host_words(result: &CapacityResult) -> String {
    let scenario = &result.scenario;
    let price = scenario.host_usd_per_hour.map_or_else(
        || "price not known".to_owned(),
        |usd| format!("{} per hour at list price", format::usd_per_hour(usd)),
    );
    format!(
        "{}: {} vCPUs, {}, {price}",
        scenario.host_shape,
        scenario.host_vcpus,
        format::bytes(scenario.host_memory_bytes),
    )
}

/// How many inputs come from where, in one sentence.
pub(crate) fn origins_sentence(inputs: &[Assumption]) -> String {
    let drawn = inputs.iter().filter(|input| input.uncertain).count();
    let without = inputs
        .iter()
        .filter(|input| input.source.trim().is_empty())
        .count();
    let [measured, published, assumed] = counts(inputs);
    format!(
        "{} inputs: {measured} measured, {published} published, {assumed} assumed. {drawn} of them are uncertain and were drawn; {without} {} no source.",
        inputs.len(),
        if without == 1 { "has" } else { "have" },
    )
}

/// How many inputs were measured, published and assumed.
fn counts<'a>(inputs: impl IntoIterator<Item = &'a Assumption>) -> [u32; 3] {
    let mut counts = [0; 3];
    for input in inputs {
        counts[match input.origin {
            Origin::Measured => 0,
            Origin::Published => 1,
            Origin::Assumed => 2,
        }] += 1;
    }
    counts
}

/// How many inputs come from where, without what there is none of: `2 measured, 3 assumed`.
pub(crate) fn origins<'a>(inputs: impl IntoIterator<Item = &'a Assumption>) -> String {
    let words = ["measured", "published", "assumed"];
    let some: Vec<String> = counts(inputs)
        .into_iter()
        .zip(words)
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if some.is_empty() {
        "none".to_owned()
    } else {
        some.join(", ")
    }
}

/// Where the numbers of a technology come from, in words; nothing if the profile has none of them.
pub(crate) fn origins_of_technology(result: &CapacityResult, key: &str) -> Option<String> {
    let technology = result.technologies.iter().find(|known| known.id == key)?;
    let any = !technology.numbers.is_empty();
    any.then(|| format!("numbers: {}", origins(&technology.numbers)))
}

/// Where start-up distributions and memory against live sandboxes are, or why they are not there.
pub(crate) fn measurements_words(result: &CapacityResult) -> &'static str {
    if result.measurement.is_some() {
        "What was measured, with start-up distributions and memory against live sandboxes, stands \
         above; a measured number says below what it stands in place of."
    } else {
        "It was not made from a measurement, so there are no start-up distributions and no memory \
         against live sandboxes to show."
    }
}

/// A correlation with its sign: `+0.71`.
pub(crate) fn correlation(value: f64) -> String {
    if value.is_finite() {
        format!("{value:+.2}").replace('-', "−")
    } else {
        "n/a".to_owned()
    }
}

/// The matrix by tier, in the scenario's order: what can carry a tier comes first, with the fewest
/// vCPUs at the top, and what cannot comes last.
pub(crate) fn matrix_by_tier(result: &CapacityResult) -> Vec<(&str, Vec<&MatrixCell>)> {
    let mut tiers: Vec<&str> = result
        .scenario
        .tiers
        .iter()
        .map(|tier| tier.id.as_str())
        .collect();
    for cell in &result.matrix {
        if !tiers.contains(&cell.tier.as_str()) {
            tiers.push(&cell.tier);
        }
    }
    let vcpus = |cell: &MatrixCell| match &cell.outcome {
        MatrixOutcome::Suitable { requirement, .. } => requirement.vcpus.central,
        MatrixOutcome::Impossible { .. } => f64::MAX,
        MatrixOutcome::Unsuitable { .. } => f64::INFINITY,
    };
    tiers
        .into_iter()
        .map(|tier| {
            let mut cells: Vec<_> = result.matrix.iter().filter(|c| c.tier == tier).collect();
            cells.sort_by(|a, b| vcpus(a).total_cmp(&vcpus(b)));
            (tier, cells)
        })
        .filter(|(_, cells)| !cells.is_empty())
        .collect()
}

/// What the reader must know first: where the result contradicts itself, then its warnings.
pub(crate) fn warnings(result: &CapacityResult) -> Vec<String> {
    let mut all: Vec<String> = crate::check::contradictions(result)
        .into_iter()
        .map(|line| format!("Do not use this result, it contradicts itself: {line}."))
        .collect();
    all.extend(result.warnings.iter().cloned());
    all
}
