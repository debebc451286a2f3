//! vCPUs required: the three estimates side by side, every tier, and every technology.

use maud::{Markup, html};
use tonnage_model::result::{
    BindingResource, CapacityResult, MatrixOutcome, PlanResult, SimulationOutcome,
};

use super::notes::{How, Notes};
use super::parts::{
    Charts, columns, estimate, estimate_with, group, heading, marked_table, marked_words_table,
    table,
};
use super::section::parts;
use crate::{curves, format, view, words};

/// Rows of the comparison of all technologies beyond which a browser lays them out only when they are
/// about to be seen.
const LARGE: usize = 1_000;

pub(super) fn section(result: &CapacityResult) -> Markup {
    let notes = Notes::new("vcpus", result);
    html! {
        (heading("vcpus", "vCPUs required"))
        @if result.plans.is_empty() {
            p.missing { "The scenario has no technology plan. Add one to see what it needs." }
        } @else {
            p { a href="#chart-requirements" { "The chart of these numbers" } " stands at the top." }
            (three_estimates(result, &notes))
            (differences(result, &notes))
            @for plan in &result.plans { (tiers(result, plan, &notes)) }
            (by_resource(result, &notes))
            (notes.list())
        }
    }
}

/// The three estimates of each plan, and each plan tier by tier.
pub(super) fn plans(result: &CapacityResult) -> Markup {
    let notes = Notes::new("plans", result);
    html! {
        (three_estimates(result, &notes))
        @for plan in &result.plans { (tiers(result, plan, &notes)) }
        (notes.list())
    }
}

fn three_estimates(result: &CapacityResult, notes: &Notes<'_>) -> Markup {
    let envelope = &result.envelope;
    let body = html! {
        @for plan in &result.plans {
            tr {
                th scope="row" { (plan.title) }
                td.num {
                    strong { (view::envelope_words(envelope.cpus_low, envelope.cpus_high)) }
                    small { "the same for every plan" }
                }
                td.num { (estimate(plan.analytic.vcpus)) }
                td.num {
                    @match &plan.simulated {
                        Some(found) => (estimate(found.vcpus)),
                        None => span.missing { "not simulated" },
                    }
                }
                td.num { (format::count(view::sessions_per_vcpu(plan))) }
                td { (view::binding_words(plan)) }
            }
        }
    };
    table(
        "Three estimates of each plan, with 95% intervals",
        &notes.columns(&[
            ("Plan", None),
            ("#1 Envelope, CPUs", Some(How::Multiplied)),
            ("#2 Analytic, vCPUs", Some(How::Analytic)),
            ("#3 Simulated, vCPUs", simulated(result)),
            ("#Sessions per vCPU", Some(How::Central)),
            ("What binds", Some(How::Central)),
        ]),
        &body,
    )
}

/// How simulated numbers came about, where there are any.
fn simulated(result: &CapacityResult) -> Option<How> {
    let mut tiers = result.plans.iter().flat_map(|plan| &plan.tiers);
    let any = tiers.any(|tier| view::simulated(tier).is_some());
    any.then_some(How::Simulated)
}

fn differences(result: &CapacityResult, notes: &Notes<'_>) -> Markup {
    html! {
        h3 { "Why the three differ" }
        p { (view::envelope_sentence(result)) }
        ul {
            @for plan in &result.plans { li { (view::envelope_against(result, plan)) } }
        }
        (simulated_against_analytic(result, notes))
    }
}

fn simulated_against_analytic(result: &CapacityResult, notes: &Notes<'_>) -> Markup {
    let comparisons = view::comparisons(result);
    let rows: Vec<_> = comparisons
        .iter()
        .map(|one| {
            vec![
                html! {
                    (view::tier_title(result, &one.tier.tier)) " on "
                    (view::technology_title(result, &one.tier.technology))
                    small { (one.plans.join("; ")) }
                },
                html! { (estimate_with(one.found.over_analytic, format::ratio_with)) },
                html! { (one.words()) small { (one.found.explanation) } },
            ]
        })
        .collect();
    html! {
        h3 { "Simulated against analytic" }
        @if comparisons.is_empty() {
            p.missing { "Nothing was simulated, so the analytic estimate stands alone." }
        } @else {
            (marked_words_table(
                "Simulated over analytic at central inputs, with the 95% interval of the simulation",
                &notes.mark(How::Cell),
                &["Tier and technology", "Simulated ÷ analytic", "Do they agree, and why"],
                &rows,
            ))
        }
        @for plan in &result.plans {
            @if let Some(reason) = view::not_simulated_reason(plan) {
                p.missing { "“" (plan.title) "” has no simulated total: " (reason) "." }
            }
        }
    }
}

fn tiers(result: &CapacityResult, plan: &PlanResult, notes: &Notes<'_>) -> Markup {
    let body = html! {
        @for tier in &plan.tiers {
            tr {
                th scope="row" {
                    (view::tier_title(result, &tier.tier))
                    small {
                        (view::technology_title(result, &tier.technology)) ", "
                        (words::lifecycle(tier.lifecycle))
                        @if let Some(origins) = view::origins_of_technology(result, &tier.technology) {
                            "; " (origins)
                        }
                    }
                }
                td.num { (estimate(tier.peak_sessions)) }
                td.num { (estimate(tier.peak_sandboxes)) }
                td.num { (estimate(tier.starts_per_second)) }
                td.num {
                    (estimate(tier.offered_load))
                    small { "starts " (format::percent_with(tier.start_share_of_load, 2)) }
                }
                td.num { (estimate(tier.analytic.vcpus)) }
                td.num {
                    @match &tier.simulated {
                        SimulationOutcome::Simulated(found) => (estimate(found.requirement.vcpus)),
                        SimulationOutcome::NotSimulated { reason } => {
                            span.missing { "not simulated" } small { (reason) }
                        }
                    }
                }
                td {
                    strong { (words::binding(tier.binding)) }
                    @if let Some(certainty) = view::binding_certainty(tier) { small { (certainty) } }
                }
                td.num { (format::count(tier.sessions_per_vcpu)) }
            }
        }
    };
    html! {
        h3 { (plan.title) ": tier by tier" }
        @if plan.tiers.is_empty() {
            p.missing { "The plan assigns no tier." }
        } @else {
            (table(
                &format!("{}: the busiest hour of each tier, with 95% intervals", plan.title),
                &notes.columns(&[
                    ("Tier and technology", None), ("#Open sessions", Some(How::Demand)),
                    ("#Live sandboxes", Some(How::Analytic)), ("#Starts per second", Some(How::Analytic)),
                    ("#Offered load, vCPUs busy", Some(How::Analytic)),
                    ("#Analytic, vCPUs", Some(How::Analytic)),
                    ("#Simulated, vCPUs", simulated(result)),
                    ("What binds", Some(How::Central)), ("#Sessions per vCPU", Some(How::Central)),
                ]),
                &body,
            ))
        }
    }
}

fn by_resource(result: &CapacityResult, notes: &Notes<'_>) -> Markup {
    const ALL: [BindingResource; 4] = [
        BindingResource::Cpu,
        BindingResource::Memory,
        BindingResource::StartRate,
        BindingResource::Density,
    ];
    let body = html! {
        @for plan in &result.plans {
            (group(&plan.title, 6))
            @for tier in &plan.tiers {
                tr {
                    th scope="row" {
                        (view::tier_title(result, &tier.tier))
                        small { (view::technology_title(result, &tier.technology)) }
                    }
                    @for resource in ALL {
                        @let found = tier.hosts_by_resource.iter().find(|r| r.resource == resource);
                        td.num {
                            @match found {
                                Some(found) if resource == tier.binding => {
                                    strong { (format::hosts(found.hosts)) } small { "binds" }
                                }
                                Some(found) => (format::hosts(found.hosts)),
                                None => span.missing { "no limit" },
                            }
                        }
                    }
                    td.num {
                        strong { (format::hosts(tier.cell.cells)) }
                        small {
                            "of " (tier.cell.hosts) " hosts, " (tier.cell.spare_hosts) " spare"
                        }
                    }
                }
            }
        }
    };
    html! {
        h3 { "Hosts each resource would need alone" }
        p {
            "The largest of a row binds. The next largest says how far the answer falls when the "
            "binding resource is relieved. Spare hosts are not counted, and inputs are central."
        }
        (marked_table(
            "Hosts by resource at central inputs, spare hosts not counted",
            &notes.mark(How::Central),
            &columns(&["Tier", "#CPU", "#Memory", "#Start rate", "#Density limit", "#Cells"]),
            &body,
        ))
    }
}

/// How the answer grows with people.
pub(super) fn growth(result: &CapacityResult, charts: &Charts) -> Markup {
    let notes = Notes::new("growth", result);
    html! {
        (heading("growth", "With more people, and with fewer"))
        (charts.figure("growth", "The result has no curve over people."))
        (parts(&curves::growth(result), &notes, How::Central))
        (notes.whole(How::Central))
    }
}

pub(super) fn matrix(result: &CapacityResult, charts: &Charts) -> Markup {
    let notes = Notes::new("matrix", result);
    let body = html! {
        @for (tier, cells) in view::matrix_by_tier(result) {
            (group(view::tier_title(result, tier), 6))
            @for cell in cells {
                tr data-tags=(view::tags(result, &cell.technology)) {
                    th scope="row" {
                        (view::technology_title(result, &cell.technology))
                        @if let Some(origins) = view::origins_of_technology(result, &cell.technology) {
                            small { (origins) }
                        }
                    }
                    (matrix_cells(&cell.outcome))
                }
            }
        }
    };
    html! {
        (heading("matrix", "Every tier on every technology"))
        (charts.figure("matrix", "No technology of the profile can carry any tier, so there is nothing to draw."))
        @let large = result.matrix.len() > LARGE;
        @if result.matrix.is_empty() {
            p.missing { "The result compares no technologies: the profile has none, or the scenario has no tier." }
        } @else {
            div.large[large] { (table(
                "Analytic requirement of every tier on every technology, fewest vCPUs first, with 95% intervals",
                &notes.columns(&[
                    ("Technology", None), ("#vCPUs", Some(How::AnalyticOfAll)),
                    ("#Hosts", Some(How::AnalyticOfAll)), ("#List price per month", Some(How::Price)),
                    ("What binds", Some(How::AnalyticOfAll)),
                    ("#Sessions per vCPU", Some(How::AnalyticOfAll)),
                ]),
                &body,
            )) }
            (notes.list())
        }
    }
}

fn matrix_cells(outcome: &MatrixOutcome) -> Markup {
    html! {
        @match outcome {
            MatrixOutcome::Suitable { requirement, binding, sessions_per_vcpu } => {
                td.num { (estimate(requirement.vcpus)) }
                td.num {
                    strong { (format::hosts(requirement.hosts.central)) }
                    small { (format::hosts_interval(requirement.hosts)) }
                }
                td.num {
                    @match requirement.usd_per_month {
                        Some(usd) => (estimate_with(usd, format::usd_with)),
                        None => span.missing { "no price" },
                    }
                }
                td { (words::binding(*binding)) }
                td.num { (format::count(*sessions_per_vcpu)) }
            }
            MatrixOutcome::Unsuitable { missing } => {
                td colspan="5" { "Cannot carry it: lacks " (words::capabilities(missing)) "." }
            }
            MatrixOutcome::Impossible { reason } => {
                td colspan="5" { "Cannot hold the promise: " (reason) "." }
            }
        }
    }
}
