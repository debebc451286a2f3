//! What the simulation says about the promise.

use maud::{Markup, html};
use tonnage_model::result::{CapacityResult, Estimated, ServiceLevelResult};

use super::notes::{How, Notes};
use super::parts::{Charts, columns, heading, marked_table};
use super::section::parts;
use crate::view::{self, Comparison};
use crate::{curves, format};

pub(super) fn section(result: &CapacityResult, charts: &Charts) -> Markup {
    let simulated = view::comparisons(result);
    let notes = Notes::new("service-level", result);
    html! {
        (heading("service-level", "Is the service level kept?"))
        p { "Promise: " (result.scenario.service_level) "." }
        @if simulated.is_empty() {
            p.missing {
                "Nothing was simulated, so nothing is known about the promise beyond the analytic "
                "staffing rule. Plan with replications to find out."
            }
        } @else {
            (promises(result, &simulated, &notes))
            (runs(result, &simulated, &notes))
        }
        @if !result.attainment.is_empty() {
            (charts.figure("attainment", "No tier of the first plan has a curve to draw."))
            (parts(&curves::attainment(result), &notes, How::Central))
        }
        @for plan in &result.plans {
            @if let Some(reason) = view::not_simulated_reason(plan) {
                p.missing { "“" (plan.title) "” is not simulated in full: " (reason) "." }
            }
        }
        (notes.list())
    }
}

fn name(result: &CapacityResult, one: &Comparison<'_>) -> Markup {
    html! {
        th scope="row" {
            (view::tier_title(result, &one.tier.tier)) " on "
            (view::technology_title(result, &one.tier.technology))
            small { (one.plans.join("; ")) }
        }
    }
}

fn promises(result: &CapacityResult, simulated: &[Comparison<'_>], notes: &Notes<'_>) -> Markup {
    let mut names: Vec<&str> = Vec::new();
    for level in simulated.iter().flat_map(|one| &one.found.service_level) {
        if !names.contains(&level.name.as_str()) {
            names.push(&level.name);
        }
    }
    let mut head = vec!["Tier and technology"];
    head.extend(&names);
    let body = html! {
        @for one in simulated {
            tr {
                (name(result, one))
                @for promise in &names {
                    @match one.found.service_level.iter().find(|level| level.name == *promise) {
                        Some(level) => (promise_cell(level)),
                        None => td { span.missing { "not promised" } }
                    }
                }
            }
        }
    };
    marked_table(
        "Each promise at the capacity found, in the busiest hour, with 95% intervals over replications",
        &notes.mark(How::Cell),
        &columns(&head),
        &body,
    )
}

fn promise_cell(level: &ServiceLevelResult) -> Markup {
    let inside = level.found.low <= level.target && level.target <= level.found.high;
    html! {
        td {
            strong { (view::level_value(Estimated::exact(level.found.central), &level.unit)) }
            small { (view::level_interval(level.found, &level.unit)) }
            small { "at most " (view::level_value(Estimated::exact(level.target), &level.unit)) }
            @if level.met {
                span.badge.verdict-holds { span aria-hidden="true" { "✓ " } "kept" }
            } @else {
                span.badge.verdict-does-not-hold { span aria-hidden="true" { "✗ " } "not kept" }
            }
            @if inside { small { "too close to tell: the promise lies inside the interval" } }
        }
    }
}

fn runs(result: &CapacityResult, simulated: &[Comparison<'_>], notes: &Notes<'_>) -> Markup {
    let body = html! {
        @for one in simulated {
            tr {
                (name(result, one))
                td.num { (format::estimate(one.found.cell_sessions)) }
                td.num { (one.found.cell_hosts) }
                td.num { (format::estimate(one.found.vcpus_at_central_inputs)) }
                td.num { (one.found.replications) " × " (format::seconds(one.found.window_seconds)) }
                td.num { (format::count(one.found.events as f64)) }
            }
        }
    };
    html! {
        h3 { "What was simulated" }
        (marked_table(
            "The simulated cells; the interval of the vCPUs is that of the simulation alone",
            &notes.mark(How::Cell),
            &columns(&[
                "Tier and technology", "#Open sessions of a cell", "#Hosts of a cell, spare ones not counted",
                "#vCPUs at central inputs", "#Replications × window", "#Events",
            ]),
            &body,
        ))
    }
}
