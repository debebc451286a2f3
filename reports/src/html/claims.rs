//! The claims ledger.

use maud::{Markup, html};
use tonnage_model::result::{CapacityResult, Verdict};

use super::parts::{heading, words_table};
use crate::words;

pub(super) fn section(result: &CapacityResult) -> Markup {
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
