//! The claims ledger.

use maud::{Markup, html};
use tonnage_model::result::{CapacityResult, Verdict};

use super::parts::{columns, heading, table};
use crate::words;

pub(super) fn section(result: &CapacityResult) -> Markup {
    html! {
        (heading("claims", "Claims: what was said, what was found"))
        @if result.claims.is_empty() {
            p.missing { "The scenario names no claim to check." }
        } @else {
            @let body = html! {
                @for claim in &result.claims {
                    tr id={ "claim-" (claim.id) } {
                        th scope="row" { q { (claim.quote) } small { (claim.source) } }
                        td { (claim.found) }
                        td { (verdict(claim.verdict)) small { (claim.why) } }
                    }
                }
            };
            (table(
                "Each claim with what was measured or computed here",
                &columns(&["Claim", "Found here", "Verdict"]),
                &body,
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
