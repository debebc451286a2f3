//! The claims ledger.

use maud::{Markup, html};
use tonnage_model::result::{CapacityResult, Verdict};

use super::parts::{Charts, columns, heading, table, words_table};
use crate::{format, words};

pub(super) fn section(result: &CapacityResult, charts: &Charts) -> Markup {
    let rows: Vec<_> = result
        .claims
        .iter()
        .map(|claim| {
            vec![
                html! { q { (claim.quote) } small { (claim.source) } },
                html! { (claim.found) },
                html! { (verdict(claim.verdict)) small { (claim.why) } },
            ]
        })
        .collect();
    html! {
        (heading("claims", "Claims: what was said, what was found"))
        @if result.claims.is_empty() {
            p.missing { "The scenario names no claim to check." }
        } @else {
            (words_table(
                "Each claim with what was measured or computed here",
                &["Claim", "Found here", "Verdict"],
                &rows,
            ))
            (gap(result, charts))
        }
    }
}

/// The arithmetic behind the sessions claimed, where the scenario states it.
fn gap(result: &CapacityResult, charts: &Charts) -> Markup {
    let Some(gap) = &result.sessions_gap else {
        return html! {};
    };
    let explanations = html! {
        @for one in &gap.explanations {
            tr {
                th scope="row" { (one.quantity) }
                td.num { (format::short(one.stated, 4)) }
                td.num { (format::short(one.needed, 4)) }
                td { (one.meaning) }
            }
        }
    };
    let readings = html! {
        @for reading in &gap.readings {
            tr {
                th scope="row" { (reading.title) }
                td.num { (format::count(reading.sessions)) }
                td.num { (format::ratio(reading.factor)) }
                td { @if reading.reaches { "within 5% of the claim" } @else { "not the number claimed" } }
            }
        }
    };
    html! {
        (charts.figure("sessions-gap", "There is no arithmetic to draw."))
        p {
            (format::count(gap.people)) " people of whom "
            (format::percent_with(gap.concurrency, 2)) " have a session open are "
            (format::count(gap.multiplied)) " sessions; " (format::count(gap.claimed))
            " are claimed, " (format::ratio(gap.factor)) " as many (" (gap.source) ")."
        }
        (table(
            "What would make up the factor, each alone",
            &columns(&["Quantity", "#As claimed", "#Needed", "What that would mean"]),
            &explanations,
        ))
        @if !gap.readings.is_empty() {
            (table(
                "Readings of the claim, at their peak",
                &columns(&["Reading", "#Open sessions", "#Over the product", "Is it the claim?"]),
                &readings,
            ))
        }
    }
}

fn verdict(value: Verdict) -> Markup {
    let sign = match value {
        Verdict::Holds => "✓",
        Verdict::HoldsUnder => "≈",
        Verdict::DoesNotHold => "✗",
        Verdict::NeedsMeasurement => "?",
        Verdict::NotTestable => "–",
    };
    html! {
        span class={ "badge verdict-" (words::key(&value)) } {
            span aria-hidden="true" { (sign) " " } (words::verdict(value))
        }
    }
}
