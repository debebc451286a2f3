//! The claims of the post that started the arithmetic, and what this scenario finds of each.
//!
//! Quotes are from “Welcome to Agents Week”, Cloudflare, 2026-04-12. A claim the model can judge is
//! judged by numbers computed here; a claim about start-up, memory or speed is judged by a
//! measurement where the profile was made from one, and says that it needs one elsewhere.

mod measured;

use std::fmt::Write as _;

use super::monte_carlo::Evaluation;
use super::ratio;
use crate::input::Draw;
use crate::profile::{Boundary, Origin};
use crate::result::{
    BaselineResult, ClaimResult, DemandResult, EnvelopeResult, Estimated, GapExplanation,
    GapReading, MatrixCell, MatrixOutcome, PlanResult, ReadingResult, SessionsGap, Verdict,
};
use crate::scenario::{ConcurrencyMeaning, PlanAssignment, Scenario};
use crate::units::{Ratio, Share, Unit, short};

const SOURCE: &str = "Cloudflare, “Welcome to Agents Week”, 2026-04-12";

/// The figures the post itself gives.
mod post {
    pub(super) const WORKERS: f64 = 100e6;
    pub(super) const CONCURRENCY: f64 = 0.15;
    pub(super) const SESSIONS: f64 = 24e6;
    pub(super) const SESSIONS_PER_CPU: (f64, f64) = (25.0, 50.0);
    pub(super) const CPUS: (f64, f64) = (500e3, 1e6);
}

/// Relative distance at which two rounded figures are taken for the same.
const ROUNDING: f64 = 0.05;

/// Judges every claim.
pub(super) fn judge(
    scenario: &Scenario,
    central: &Draw,
    demand: &DemandResult,
    plans: &[PlanResult],
    matrix: &[MatrixCell],
    baseline: Option<&BaselineResult>,
    evaluation: &Evaluation<'_>,
) -> Vec<ClaimResult> {
    let mut claims = vec![
        sessions(demand),
        cpus(),
        density(plans),
        several_agents(scenario, central, demand),
    ];
    let demanded = demanded_starts(plans);
    match &scenario.measurement {
        Some(measurement) => claims.extend([
            measured::isolate_start(measurement),
            measured::isolate_memory(measurement),
            measured::faster(measurement),
            measured::leaner(measurement),
            measured::millions(measurement, plans, &demanded),
        ]),
        None => claims.extend(of_what_needs_measurement(scenario, demanded)),
    }
    claims.extend([
        order_of_magnitude(scenario, matrix, evaluation),
        containers_for_calls(scenario, matrix),
        one_to_one(scenario, plans, baseline),
    ]);
    claims
}

/// Whether a sandbox for every session takes more hardware than a service that many users share.
fn one_to_one(
    scenario: &Scenario,
    plans: &[PlanResult],
    baseline: Option<&BaselineResult>,
) -> ClaimResult {
    const QUOTE: &str = "classic applications are one-to-many: one instance serves many users; \
                         agents are one-to-one";
    let judged = |found: String, verdict: Verdict, why: &str| {
        claim("one-to-one", QUOTE, found, verdict, why.to_owned())
    };
    let Some(baseline) = baseline else {
        let why = if scenario.baseline.is_some() {
            "The shared service that the scenario describes cannot carry its tiers, so there is \
             nothing to hold a sandbox for every session against."
        } else {
            "What one-to-one costs shows beside a shared service for the same users, and the \
             scenario describes none; a `[baseline]` would."
        };
        let found = "every session here has a sandbox of its own".to_owned();
        return judged(found, Verdict::NotTestable, why);
    };
    let ratios: Vec<String> = baseline
        .plans
        .iter()
        .map(|compared| {
            let plan = plans.iter().find(|plan| plan.id == compared.plan);
            let Estimated { central, low, high } = compared.ratio;
            format!(
                "{} ({}–{}) with “{}”",
                short(central),
                short(low),
                short(high),
                plan.map_or(&compared.plan, |plan| &plan.title)
            )
        })
        .collect();
    let found = format!(
        "vCPUs over those of a service that many users share, by formulas (95% interval): {}",
        ratios.join("; ")
    );
    let surely = |more: fn(&Estimated) -> bool| {
        let ratios = baseline.plans.iter().map(|compared| &compared.ratio);
        ratios.filter(|ratio| more(ratio)).count()
    };
    let all = baseline.plans.len();
    match (
        surely(|ratio| ratio.low > 1.0),
        surely(|ratio| ratio.high <= 1.0),
    ) {
        (more, _) if more == all => judged(
            found,
            Verdict::Holds,
            "A sandbox for every session takes more hardware than a shared service for the same \
             people and work on every plan, in at least 97.5% of the draws of the uncertain inputs.",
        ),
        (_, less) if less == all => judged(
            found,
            Verdict::DoesNotHold,
            "On no plan does a sandbox for every session take more hardware than a shared service \
             for the same people and work.",
        ),
        (more, _) => judged(
            found,
            Verdict::HoldsUnder,
            &format!(
                "On {more} of {all} plans a sandbox for every session takes more hardware than a \
                 shared service whatever the uncertain inputs; on the others their intervals hold \
                 both."
            ),
        ),
    }
}

/// The claims about what a sandbox costs, where nothing was measured.
fn of_what_needs_measurement(scenario: &Scenario, demanded: String) -> [ClaimResult; 5] {
    let both = "both sides must be measured on one host doing the same work";
    [
        unmeasured(
            "isolate-start",
            "an isolate takes a few milliseconds to start",
            &published(scenario, Boundary::LanguageRuntime, |technology| {
                technology.start_latency
            }),
        ),
        unmeasured(
            "isolate-memory",
            "and uses a few megabytes of memory",
            &published(scenario, Boundary::LanguageRuntime, |t| {
                t.memory_per_instance
            }),
        ),
        unmeasured(
            "hundred-times-faster",
            "roughly 100x faster … than a container",
            both,
        ),
        unmeasured(
            "hundred-times-leaner",
            "up to 100x more memory-efficient than a container",
            both,
        ),
        claim(
            "millions-per-second",
            "start one per request, run a snippet, throw it away … at a scale of millions per \
             second",
            demanded,
            Verdict::NeedsMeasurement,
            "The model says what the scenario demands; what a host sustains has to be measured, \
             with `tonnage measure`."
                .to_owned(),
        ),
    ]
}

fn claim(id: &str, quote: &str, found: String, verdict: Verdict, why: String) -> ClaimResult {
    ClaimResult {
        id: id.to_owned(),
        quote: quote.to_owned(),
        source: SOURCE.to_owned(),
        found,
        verdict,
        why,
    }
}

fn sessions(demand: &DemandResult) -> ClaimResult {
    let literal = post::WORKERS * post::CONCURRENCY;
    let factor = post::SESSIONS / literal;
    claim(
        "sessions",
        "more than 100 million knowledge workers in the US … ~15% concurrency … capacity for \
         approximately 24 million simultaneous sessions",
        format!(
            "100M × 15% = {}; {} needs a factor of {}; the peak-to-mean of this scenario is {}",
            short(literal),
            short(post::SESSIONS),
            Ratio::display(factor),
            Ratio::display((demand.peak_to_mean * 100.0).round() / 100.0),
        ),
        Verdict::HoldsUnder,
        format!(
            "The figures given make {}, not {}: the claim holds for a base of {} people, for a \
             concurrency of {:.0}%, or for a peak {} times the rate stated.",
            short(literal),
            short(post::SESSIONS),
            short(post::SESSIONS / post::CONCURRENCY),
            post::SESSIONS / post::WORKERS * 100.0,
            Ratio::display(factor),
        ),
    )
}

/// From the product that the post states to the number it gives, where the scenario multiplies to
/// that product.
pub(super) fn sessions_gap(
    envelope: &EnvelopeResult,
    readings: &[ReadingResult],
    demand: &DemandResult,
) -> Option<SessionsGap> {
    let multiplied = post::WORKERS * post::CONCURRENCY;
    if (envelope.sessions / multiplied - 1.0).abs() > ROUNDING {
        return None;
    }
    let factor = post::SESSIONS / multiplied;
    let explanation = |quantity: &str, stated: f64, meaning: String| GapExplanation {
        quantity: quantity.to_owned(),
        stated,
        needed: stated * factor,
        meaning,
    };
    let over_mean = demand
        .meanings
        .iter()
        .find(|meaning| meaning.meaning == ConcurrencyMeaning::AllHours)
        .map_or(demand.peak_to_mean, |meaning| {
            ratio(meaning.peak_sessions, meaning.mean_sessions)
        });
    Some(SessionsGap {
        source: SOURCE.to_owned(),
        people: post::WORKERS,
        concurrency: post::CONCURRENCY,
        multiplied,
        claimed: post::SESSIONS,
        factor,
        explanations: vec![
            explanation(
                "people",
                post::WORKERS,
                format!(
                    "{} people at the rate stated.",
                    short(post::WORKERS * factor)
                ),
            ),
            explanation(
                "concurrency, as a share",
                post::CONCURRENCY,
                format!(
                    "{} of the people stated have a session open.",
                    Share::display(post::CONCURRENCY * factor)
                ),
            ),
            explanation(
                "agents per person",
                1.0,
                format!(
                    "Each person has {} agents in the mean, each as busy as the one stated.",
                    Ratio::display(factor)
                ),
            ),
            explanation(
                "peak over mean, as a ratio",
                1.0,
                format!(
                    "The rate stated is a mean, and the peak is {} times as high; with this \
                     scenario's week it is {} times as high.",
                    Ratio::display(factor),
                    Ratio::display((over_mean * 100.0).round() / 100.0)
                ),
            ),
        ],
        readings: readings
            .iter()
            .map(|reading| {
                let factor_found = reading.peak_sessions / multiplied;
                GapReading {
                    reading: reading.id.clone(),
                    title: reading.title.clone(),
                    sessions: reading.peak_sessions,
                    factor: factor_found,
                    reaches: (factor_found / factor - 1.0).abs() <= ROUNDING,
                }
            })
            .collect(),
    })
}

fn cpus() -> ClaimResult {
    let (fewest, most) = (
        post::SESSIONS / post::SESSIONS_PER_CPU.1,
        post::SESSIONS / post::SESSIONS_PER_CPU.0,
    );
    let close = (fewest / post::CPUS.0 - 1.0).abs() <= ROUNDING
        && (most / post::CPUS.1 - 1.0).abs() <= ROUNDING;
    claim(
        "cpus",
        "at 25–50 users per CPU … between 500K and 1M server CPUs",
        format!("24M ÷ 50 = {}; 24M ÷ 25 = {}", short(fewest), short(most)),
        if close {
            Verdict::Holds
        } else {
            Verdict::DoesNotHold
        },
        "The division is right to within rounding; whether 25–50 sessions fit a CPU is another \
         claim, below, and what a “CPU” is (a socket, a core, a vCPU) is not said: Tonnage counts \
         vCPUs."
            .to_owned(),
    )
}

fn density(plans: &[PlanResult]) -> ClaimResult {
    let found: Vec<(String, f64)> = plans
        .iter()
        .map(|plan| {
            let sessions: f64 = plan
                .tiers
                .iter()
                .map(|tier| tier.peak_sessions.central)
                .sum();
            let vcpus = plan
                .simulated
                .as_ref()
                .unwrap_or(&plan.analytic)
                .vcpus
                .central;
            (
                plan.title.clone(),
                if vcpus > 0.0 { sessions / vcpus } else { 0.0 },
            )
        })
        .collect();
    let (low, high) = post::SESSIONS_PER_CPU;
    let inside = found
        .iter()
        .filter(|(_, density)| (low..=high).contains(density))
        .count();
    let verdict = if inside == found.len() {
        Verdict::Holds
    } else if inside > 0 {
        Verdict::HoldsUnder
    } else {
        Verdict::DoesNotHold
    };
    let names: Vec<String> = found
        .iter()
        .map(|(title, density)| format!("{} with “{title}”", short(*density)))
        .collect();
    claim(
        "sessions-per-cpu",
        "25–50 users per CPU",
        format!("sessions per vCPU at the peak: {}", names.join("; ")),
        verdict,
        format!(
            "{inside} of {} plans carry between 25 and 50 sessions per vCPU with this scenario's \
             sessions and service level; the figure depends on the work, not only on the sandbox.",
            found.len()
        ),
    )
}

fn several_agents(scenario: &Scenario, central: &Draw, demand: &DemandResult) -> ClaimResult {
    let agents: f64 = scenario
        .segments
        .iter()
        .map(|segment| scenario.agents(segment, central))
        .sum();
    let people: f64 = scenario
        .segments
        .iter()
        .map(|s| central.get(s.people))
        .sum();
    claim(
        "several-agents",
        "each person running several agents in parallel … more than 1 billion knowledge workers \
         … orders of magnitude",
        format!(
            "{} people with {} agents have {} sessions open at the peak",
            short(people),
            short(agents),
            short(demand.peak_sessions.central)
        ),
        Verdict::NotTestable,
        "Sessions grow in proportion to agents if each is as busy as the first; how many agents \
         people will run is not something a model can find. The scenarios for several agents and \
         for the world show the consequence."
            .to_owned(),
    )
}

fn unmeasured(id: &str, quote: &str, found: &str) -> ClaimResult {
    claim(
        id,
        quote,
        found.to_owned(),
        Verdict::NeedsMeasurement,
        "Published numbers come from other machines, years and clocks; only a measurement on one \
         host can judge this: `tonnage measure`."
            .to_owned(),
    )
}

fn published(
    scenario: &Scenario,
    boundary: Boundary,
    number: impl Fn(&crate::scenario::Technology) -> crate::input::InputId,
) -> String {
    let rows: Vec<String> = scenario
        .technologies
        .iter()
        .filter(|technology| technology.boundary == boundary)
        .map(|technology| {
            let input = scenario.inputs.get(number(technology));
            format!("{}: {}", technology.title, input.describe())
        })
        .collect();
    if rows.is_empty() {
        "the profile has no such technology".to_owned()
    } else {
        format!("not measured; the profile says {}", rows.join("; "))
    }
}

/// The most sandboxes that a plan starts per second, in words.
fn demanded_starts(plans: &[PlanResult]) -> String {
    let most = plans
        .iter()
        .map(|plan| {
            let starts: f64 = plan
                .tiers
                .iter()
                .map(|tier| tier.starts_per_second.central)
                .sum();
            (starts, plan.title.as_str())
        })
        .max_by(|a, b| a.0.total_cmp(&b.0));
    most.map_or_else(String::new, |(starts, title)| {
        format!(
            "“{title}” starts {} sandboxes per second over the whole fleet in the busiest moment",
            short(starts)
        )
    })
}

/// vCPUs of the best container over the best isolate, for tiers that both can carry.
fn container_over_isolate(scenario: &Scenario, matrix: &[MatrixCell]) -> Option<(String, f64)> {
    let least = |tier: &str, boundary: Boundary| {
        matrix
            .iter()
            .filter(|cell| cell.tier == tier)
            .filter(|cell| {
                scenario
                    .technologies
                    .iter()
                    .any(|t| t.id == cell.technology && t.boundary == boundary)
            })
            .filter_map(|cell| match &cell.outcome {
                MatrixOutcome::Suitable { requirement, .. } => Some(requirement.vcpus.central),
                _ => None,
            })
            .min_by(f64::total_cmp)
    };
    scenario.tiers.iter().find_map(|tier| {
        let container = least(&tier.id, Boundary::SharedKernel)?;
        let isolate = least(&tier.id, Boundary::LanguageRuntime)?;
        (isolate > 0.0).then(|| (tier.title.clone(), container / isolate))
    })
}

/// Fewer hosts cannot be ten times as many as those of the smallest cell, one and a spare.
const FEWEST_HOSTS: f64 = 20.0;

const ORDER: &str = "Workers on isolates are an order of magnitude more efficient than containers";

fn order_of_magnitude(
    scenario: &Scenario,
    matrix: &[MatrixCell],
    evaluation: &Evaluation<'_>,
) -> ClaimResult {
    if let Some(compared) = measured_plans(scenario, evaluation) {
        return order_of_magnitude_measured(&compared);
    }
    let found = match container_over_isolate(scenario, matrix) {
        Some((tier, ratio)) => format!(
            "in the tier “{tier}” the leanest container needs {} times the vCPUs of the leanest \
             isolate, on this profile's numbers",
            short(ratio)
        ),
        None => "no tier here can be carried by both".to_owned(),
    };
    claim(
        "order-of-magnitude",
        ORDER,
        found,
        Verdict::NeedsMeasurement,
        "The ratio follows from published and assumed costs until an isolate and a container that \
         carry the same tier are both measured on one host: `tonnage measure`."
            .to_owned(),
    )
}

/// One tier on a container and on an isolate, both measured, in two plans.
struct Compared<'a> {
    tier: &'a str,
    container: (&'a str, &'a str),
    isolate: (&'a str, &'a str),
    /// vCPUs of the container's over the isolate's.
    ratio: Estimated,
    /// Hosts of the container's.
    hosts: f64,
    /// Numbers of the two that were not measured.
    not_measured: Vec<&'a str>,
}

/// The first tier that one plan has on a measured isolate and another on a measured container.
fn measured_plans<'a>(scenario: &'a Scenario, evaluation: &Evaluation<'_>) -> Option<Compared<'a>> {
    scenario.measurement.as_ref()?;
    let origin = |id| scenario.inputs.get(id).provenance.origin;
    let of = |tier: usize, boundary: Boundary| -> Option<(&'a str, PlanAssignment)> {
        scenario.plans.iter().find_map(|plan| {
            let assignment = *plan.assignments.get(tier)?;
            let technology = &scenario.technologies[assignment.technology];
            let measured = [technology.cpu_per_start, technology.memory_per_instance]
                .into_iter()
                .all(|id| origin(id) == Origin::Measured);
            (technology.boundary == boundary && measured)
                .then_some((plan.title.as_str(), assignment))
        })
    };
    scenario.tiers.iter().enumerate().find_map(|(index, tier)| {
        let (container_plan, container) = of(index, Boundary::SharedKernel)?;
        let (isolate_plan, isolate) = of(index, Boundary::LanguageRuntime)?;
        let technology = |job: PlanAssignment| &scenario.technologies[job.technology];
        let not_measured = [container, isolate]
            .into_iter()
            .flat_map(|job| technology(job).inputs())
            .filter(|id| origin(*id) != Origin::Measured)
            .map(|id| scenario.inputs.get(id).key.as_str())
            .collect();
        Some(Compared {
            tier: &tier.title,
            container: (container_plan, &technology(container).title),
            isolate: (isolate_plan, &technology(isolate).title),
            ratio: evaluation.ratio(container, isolate)?,
            hosts: evaluation.central(container).hosts,
            not_measured,
        })
    })
}

fn order_of_magnitude_measured(compared: &Compared<'_>) -> ClaimResult {
    let ratio = compared.ratio;
    let mut found = format!(
        "“{}” takes {} times ({} to {}) the vCPUs on {} in “{}” that it takes on {} in “{}”",
        compared.tier,
        short(ratio.central),
        short(ratio.low),
        short(ratio.high),
        compared.container.1,
        compared.container.0,
        compared.isolate.1,
        compared.isolate.0,
    );
    if !compared.not_measured.is_empty() {
        let not_measured = compared.not_measured.join(", ");
        let _ = write!(found, "; not measured: {not_measured}");
    }
    let rule = "An order of magnitude is ten times the vCPUs for the same sessions and promises";
    let (verdict, why) = if compared.hosts < FEWEST_HOSTS {
        let why = format!(
            "{rule}: containers need {} hosts here, and of so few the whole and spare ones hide a \
             difference.",
            short(compared.hosts)
        );
        (Verdict::NotTestable, why)
    } else if ratio.low >= 10.0 {
        (Verdict::Holds, format!("{rule}, and this is more."))
    } else if ratio.high >= 10.0 {
        let why = format!("{rule}: it holds for some values of the scenario's uncertain inputs.");
        (Verdict::HoldsUnder, why)
    } else if ratio.low > 1.0 {
        let why = format!("{rule}: isolates take fewer, but not so many fewer.");
        (Verdict::DoesNotHold, why)
    } else {
        let why = format!("{rule}: isolates do not even take fewer for sure.");
        (Verdict::DoesNotHold, why)
    };
    claim("order-of-magnitude", ORDER, found, verdict, why)
}

fn containers_for_calls(scenario: &Scenario, matrix: &[MatrixCell]) -> ClaimResult {
    let quote = "full containers for agents that just need to make a few API calls are waste; \
                 coding agents genuinely need containers";
    match container_over_isolate(scenario, matrix) {
        Some((tier, ratio)) => claim(
            "containers-for-calls",
            quote,
            format!("“{tier}”: {} times the vCPUs on containers", short(ratio)),
            if ratio > 1.0 {
                Verdict::HoldsUnder
            } else {
                Verdict::DoesNotHold
            },
            if ratio > 1.0 {
                "It holds under this profile's numbers, whose origins the report lists; tiers that \
                 need a full Linux cannot move to isolates at all."
            } else {
                "On this profile's numbers the container takes no more than the isolate."
            }
            .to_owned(),
        ),
        None => claim(
            "containers-for-calls",
            quote,
            "no tier here can be carried by both".to_owned(),
            Verdict::NotTestable,
            "The scenario has no tier that both an isolate and a container can carry.".to_owned(),
        ),
    }
}
