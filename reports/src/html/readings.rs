//! The scenario's readings side by side.

use maud::{Markup, html};
use tonnage_model::result::CapacityResult;

use super::notes::{How, Notes};
use super::parts::{Charts, estimate, heading, key, table};
use crate::{format, view};

pub(super) fn section(result: &CapacityResult, charts: &Charts) -> Markup {
    let titles: Vec<String> = result
        .plans
        .iter()
        .map(|plan| format!("#{}, vCPUs", plan.title))
        .collect();
    let mut names = vec![
        ("Reading", None),
        ("#Envelope, sessions", Some(How::Multiplied)),
        ("#Envelope, CPUs", Some(How::Multiplied)),
        ("#Mean sessions", Some(How::Demand)),
        ("#Peak sessions", Some(How::Demand)),
    ];
    names.extend(
        titles
            .iter()
            .map(|title| (title.as_str(), Some(How::Analytic))),
    );
    let notes = Notes::new("readings", result);
    let body = html! {
        @for reading in &result.readings {
            tr {
                th scope="row" {
                    (reading.title)
                    @for change in &reading.changes { small { (key(change)) } }
                }
                td.num { (format::count(reading.envelope.sessions)) }
                td.num {
                    (view::envelope_words(reading.envelope.cpus_low, reading.envelope.cpus_high))
                }
                td.num { (format::count(reading.mean_sessions)) }
                td.num {
                    strong { (format::count(reading.peak_sessions)) }
                    small { (format::ratio(reading.peak_to_mean)) " the mean" }
                }
                @for plan in &result.plans {
                    td.num {
                        @match reading.plans.iter().find(|found| found.plan == plan.id) {
                            Some(found) => (estimate(found.vcpus)),
                            None => span.missing { "not computed" },
                        }
                    }
                }
            }
        }
    };
    html! {
        (heading("readings", "Readings of the scenario side by side"))
        @if result.readings.is_empty() {
            p.missing { "The scenario names no other reading of its numbers." }
        } @else {
            p {
                "The same words allow more than one arithmetic. Each row is one reading; all else "
                "is equal."
            }
            (charts.figure("readings", "No reading has sessions, so there is nothing to draw."))
            (table("Sessions and analytic vCPUs under each reading", &notes.columns(&names), &body))
            (notes.list())
        }
    }
}
