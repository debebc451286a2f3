//! What was measured on a host.

use maud::{Markup, html};
use tonnage_model::measurement::document::{Measurement, Row};
use tonnage_model::result::Assumption;

use super::parts::{Charts, columns, heading, key, table};
use crate::measured;

pub(super) fn section(
    measurement: &Measurement,
    assumptions: &[Assumption],
    charts: &Charts,
) -> Markup {
    let names: Vec<String> = std::iter::once("Technology and its start".to_owned())
        .chain(measured::COLUMNS.iter().map(|name| format!("#{name}")))
        .chain(["Remarks".to_owned()])
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let body = html! {
        @for row in measured::rows(measurement) { (technology(row)) }
    };
    let warnings = measured::warnings(measurement);
    html! {
        (heading("measured", "Measured on this host"))
        p { (measured::run_words(measurement)) " Command: " (key(&measurement.run.command)) }
        @if !warnings.is_empty() {
            ul { @for warning in warnings { li { (warning) } } }
        }
        p {
            "Every start does the same small piece of work, and its clock runs from the request to "
            "the result. Nothing published stands in this section."
        }
        (table(
            "What each technology takes, with 95% intervals",
            &columns(&names),
            &body,
        ))
        @let coding = measured::coding(measurement, assumptions);
        @if !coding.is_empty() {
            ul { @for line in coding { li { (line) } } }
        }
        (charts.figure("measured-starts", "No start was measured."))
        (charts.figure("measured-memory", "No memory was measured."))
        @if !measurement.host.facts.is_empty() {
            h3 { "The host" }
            dl.provenance {
                @for fact in &measurement.host.facts {
                    dt { (fact.name) }
                    dd { (fact.value) }
                }
            }
        }
    }
}

fn technology(row: &Row) -> Markup {
    let absence = measured::absence(row);
    html! {
        tr.absent[absence.is_some()] {
            th scope="row" {
                (row.technology.title)
                small { (key(&row.technology.id)) }
                small { (measured::about(row)) }
            }
            @if let Some(absence) = absence {
                td colspan=(measured::COLUMNS.len()) { (absence) }
            } @else {
                @for figure in measured::figures(row) {
                    td.num {
                        @match figure {
                            Some(figure) => {
                                strong { (figure.value) }
                                small { (figure.interval) }
                                @if !figure.note.is_empty() { small.wrapped { (figure.note) } }
                            }
                            None => span.missing { (measured::NONE) },
                        }
                    }
                }
            }
            td { (row.remarks.join(" ")) }
        }
    }
}
