//! The claims ledger.

use maud::{Markup, html};
use tonnage_model::result::{CapacityResult, ClaimResult, Verdict};

use super::notes::{How, Notes};
use super::parts::{Charts, heading, words_table};
use super::section::parts;
use crate::{curves, words};

pub(super) fn section(result: &CapacityResult, charts: &Charts) -> Markup {
    let notes = Notes::new("claims", result);
    let rows: Vec<_> = result
        .claims
        .iter()
        .map(|claim| {
            vec![
                html! { q { (claim.quote) } small { (claim.source) } },
                html! {
                    (claim.found)
                    @for how in ways(result, claim) { (notes.mark(how)) }
                },
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
                (parts(&curves::gap(result), &notes, How::Multiplied))
            }
            (notes.list())
        }
    }
}

/// How what was found of a claim came about.
fn ways(result: &CapacityResult, claim: &ClaimResult) -> Vec<How> {
    let measured = result.measurement.is_some() && claim.verdict != Verdict::NeedsMeasurement;
    let sandboxes = if measured {
        How::Measured
    } else {
        How::Profile
    };
    match claim.id.as_str() {
        "sessions" | "cpus" => vec![How::Multiplied],
        "sessions-per-cpu" if result.plans.iter().any(|plan| plan.simulated.is_some()) => {
            vec![How::Simulated]
        }
        "several-agents" => vec![How::Demand],
        "isolate-start" | "isolate-memory" | "hundred-times-faster" | "hundred-times-leaner" => {
            vec![sandboxes]
        }
        "millions-per-second" if measured => vec![How::Measured, How::Analytic],
        "sessions-per-cpu" | "millions-per-second" => vec![How::Analytic],
        "order-of-magnitude" | "containers-for-calls" => vec![How::AnalyticOfAll],
        "one-to-one" if result.baseline.is_some() => vec![How::OverService],
        _ => vec![How::Plan],
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
