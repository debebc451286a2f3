//! The claims ledger.

use maud::{Markup, html};
use tonnage_model::result::{CapacityResult, Verdict};

use super::parts::{Charts, heading, words_table};
use super::section::parts;
use crate::{curves, words};

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
            @if result.sessions_gap.is_some() {
                (charts.figure("sessions-gap", "There is no arithmetic to draw."))
                (parts(&curves::gap(result)))
            }
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
