//! vCPUs required: the three estimates side by side, every tier, and every technology.

use maud::{Markup, html};
use tonnage_model::result::{
    BindingResource, CapacityResult, MatrixOutcome, PlanResult, SimulationOutcome,
};

use super::parts::{Charts, columns, estimate, estimate_with, group, heading, table, words_table};
use super::section::parts;
use crate::{curves, format, view, words};

pub(super) fn section(result: &CapacityResult) -> Markup {
    html! {
        (heading("vcpus", "vCPUs required"))
        @if result.plans.is_empty() {
            p.missing { "The scenario has no technology plan. Add one to see what it needs." }
        } @else {
            p { a href="#chart-requirements" { "The chart of these numbers" } " stands at the top." }
            (three_estimates(result))
            (differences(result))
            @for plan in &result.plans { (tiers(result, plan)) }
            (by_resource(result))
        }
    }
}

/// The three estimates of each plan, and each plan tier by tier.
pub(super) fn plans(result: &CapacityResult) -> Markup {
    html! {
        (three_estimates(result))
        @for plan in &result.plans { (tiers(result, plan)) }
    }
}

fn three_estimates(result: &CapacityResult) -> Markup {
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
        &columns(&[
            "Plan",
            "#1 Envelope, CPUs",
            "#2 Analytic, vCPUs",
            "#3 Simulated, vCPUs",
            "#Sessions per vCPU",
            "What binds",
        ]),
        &body,
    )
}

fn differences(result: &CapacityResult) -> Markup {
    html! {
        h3 { "Why the three differ" }
        p { (view::envelope_sentence(result)) }
        ul {
            @for plan in &result.plans { li { (view::envelope_against(result, plan)) } }
        }
        (simulated_against_analytic(result))
    }
}

fn simulated_against_analytic(result: &CapacityResult) -> Markup {
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
            (words_table(
                "Simulated over analytic at central inputs, with the 95% interval of the simulation",
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

fn tiers(result: &CapacityResult, plan: &PlanResult) -> Markup {
    let body = html! {
        @for tier in &plan.tiers {
            tr {
                th scope="row" {
                    (view::tier_title(result, &tier.tier))
                    small {
                        (view::technology_title(result, &tier.technology)) ", "
                        (words::lifecycle(tier.lifecycle))
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
                &columns(&[
                    "Tier and technology", "#Open sessions", "#Live sandboxes", "#Starts per second",
                    "#Offered load, vCPUs busy", "#Analytic, vCPUs", "#Simulated, vCPUs",
                    "What binds", "#Sessions per vCPU",
                ]),
                &body,
            ))
        }
    }
}

fn by_resource(result: &CapacityResult) -> Markup {
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
        (table(
            "Hosts by resource at central inputs, spare hosts not counted",
            &columns(&["Tier", "#CPU", "#Memory", "#Start rate", "#Density limit", "#Cells"]),
            &body,
        ))
    }
}

/// How the answer grows with people.
pub(super) fn growth(result: &CapacityResult, charts: &Charts) -> Markup {
    html! {
        (heading("growth", "With more people, and with fewer"))
        (charts.figure("growth", "The result has no curve over people."))
        (parts(&curves::growth(result)))
    }
}

pub(super) fn matrix(result: &CapacityResult, charts: &Charts) -> Markup {
    let body = html! {
        @for (tier, cells) in view::matrix_by_tier(result) {
            (group(view::tier_title(result, tier), 6))
            @for cell in cells {
                tr data-tags=(view::tags(result, &cell.technology)) {
                    th scope="row" { (view::technology_title(result, &cell.technology)) }
                    (matrix_cells(&cell.outcome))
                }
            }
        }
    };
    html! {
        (heading("matrix", "Every tier on every technology"))
        (charts.figure("matrix", "No technology of the profile can carry any tier, so there is nothing to draw."))
        @if result.matrix.is_empty() {
            p.missing { "The result compares no technologies: the profile has none, or the scenario has no tier." }
        } @else {
            (table(
                "Analytic requirement of every tier on every technology, fewest vCPUs first, with 95% intervals",
                &columns(&[
                    "Technology", "#vCPUs", "#Hosts", "#List price per month", "What binds",
                    "#Sessions per vCPU",
                ]),
                &body,
            ))
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
