//! What the simulation says about the promise.

use maud::{Markup, html};
use tonnage_model::result::{CapacityResult, Estimated, SimulationOutcome};

use super::parts::{columns, heading, table};
use crate::{format, view};

pub(super) fn section(result: &CapacityResult) -> Markup {
    let simulated = result
        .plans
        .iter()
        .flat_map(|plan| &plan.tiers)
        .filter(|tier| view::simulated(tier).is_some())
        .count();
    html! {
        (heading("service-level", "Is the service level kept?"))
        p { "Promise: " (result.scenario.service_level) "." }
        @if simulated == 0 {
            p.missing {
                "Nothing was simulated, so nothing is known about the promise beyond the analytic "
                "staffing rule. Plan with replications to find out."
            }
        }
        @for plan in &result.plans {
            @let body = html! {
                @for tier in &plan.tiers {
                    @match &tier.simulated {
                        SimulationOutcome::Simulated(found) => {
                            @for level in &found.service_level {
                                tr {
                                    th scope="row" {
                                        (view::tier_title(result, &tier.tier))
                                        small { (view::technology_title(result, &tier.technology)) }
                                    }
                                    td { (level.name) }
                                    td.num { (view::level_value(Estimated::exact(level.target), &level.unit)) }
                                    td.num { (view::level_value(level.found, &level.unit)) }
                                    td {
                                        @if level.met {
                                            span.badge.verdict-holds { span aria-hidden="true" { "✓ " } "kept" }
                                        } @else {
                                            span.badge.verdict-does-not-hold { span aria-hidden="true" { "✗ " } "not kept" }
                                        }
                                        @if level.found.low <= level.target && level.target <= level.found.high {
                                            small { "the promise lies inside the interval" }
                                        }
                                    }
                                }
                            }
                        }
                        SimulationOutcome::NotSimulated { reason } => tr {
                            th scope="row" {
                                (view::tier_title(result, &tier.tier))
                                small { (view::technology_title(result, &tier.technology)) }
                            }
                            td colspan="4" { span.missing { "Not simulated: " (reason) "." } }
                        }
                    }
                }
            };
            @if plan.tiers.iter().any(|tier| view::simulated(tier).is_some()) {
                (table(
                    &format!("{}: at the capacity found, busiest hour, 95% intervals over replications", plan.title),
                    &columns(&["Tier", "Promise", "#At most", "#Found", "Kept?"]),
                    &body,
                ))
            }
        }
        @if simulated > 0 { (runs(result)) }
    }
}

fn runs(result: &CapacityResult) -> Markup {
    let body = html! {
        @for plan in &result.plans {
            @for tier in &plan.tiers {
                @if let Some(found) = view::simulated(tier) {
                    tr {
                        th scope="row" {
                            (view::tier_title(result, &tier.tier))
                            small { (plan.title) ", " (view::technology_title(result, &tier.technology)) }
                        }
                        td.num { (format::estimate(found.cell_sessions)) }
                        td.num { (found.cell_hosts) }
                        td.num { (format::estimate(found.vcpus_at_central_inputs)) }
                        td.num { (found.replications) " × " (format::seconds(found.window_seconds)) }
                        td.num { (format::count(found.events as f64)) }
                    }
                }
            }
        }
    };
    html! {
        h3 { "What was simulated" }
        (table(
            "The simulated cells; the interval of the vCPUs is that of the simulation alone",
            &columns(&[
                "Tier", "#Open sessions of a cell", "#Hosts of a cell", "#vCPUs at central inputs",
                "#Replications × window", "#Events",
            ]),
            &body,
        ))
    }
}
