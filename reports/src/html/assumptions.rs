//! Every input of the scenario with its origin and source.

use maud::{Markup, html};
use tonnage_model::result::{Assumption, CapacityResult};

use super::notes::{How, Notes};
use super::parts::{columns, heading, key, marked_table, origin, source, words_table};
use crate::view;
use crate::words;

pub(super) fn section(result: &CapacityResult) -> Markup {
    let notes = Notes::new("assumptions", result);
    let tiers = html! {
        @for tier in &result.scenario.tiers {
            tr {
                th scope="row" { (tier.title) }
                td { (words::capabilities(&tier.needs)) }
                td.num { (crate::format::percent(tier.share)) }
                td.num { (crate::format::seconds(tier.session_seconds)) }
                td.num { (crate::format::plain(tier.session_cpu_seconds, 3)) " CPU-s" }
            }
        }
    };
    html! {
        (heading("assumptions", "Assumptions and their sources"))
        @if !result.scenario.tiers.is_empty() {
            (marked_table(
                "The tiers of the scenario",
                &notes.mark(How::Demand),
                &columns(&["Tier", "Needs", "#Share of sessions", "#Session length", "#CPU work of a session"]),
                &tiers,
            ))
        }
        @if result.assumptions.is_empty() {
            p.missing { "The result lists no input of the scenario; do not use it without them." }
        } @else {
            p { (view::origins_sentence(&result.assumptions)) " The inputs of the technologies are listed with them." }
            (inputs("Inputs of the scenario", result.assumptions.iter(), &notes))
            (notes.list())
        }
    }
}

/// A table of inputs.
pub(super) fn inputs<'a>(
    caption: &str,
    inputs: impl Iterator<Item = &'a Assumption>,
    notes: &Notes<'_>,
) -> Markup {
    let rows: Vec<_> = inputs
        .map(|input| {
            vec![
                key(&input.key),
                html! {
                    (input.value)
                    @if input.uncertain { small { "uncertain, drawn" } }
                },
                html! { (origin(input.origin)) (notes.mark(How::Input(input.origin))) },
                source(&input.source, &input.conditions),
            ]
        })
        .collect();
    words_table(
        caption,
        &["Input", "Value", "Origin", "Source and conditions"],
        &rows,
    )
}
