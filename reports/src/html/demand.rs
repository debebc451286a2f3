//! Open sessions over the week.

use maud::{Markup, html};
use tonnage_model::result::CapacityResult;

use super::notes::{How, Notes};
use super::parts::{Charts, columns, estimate, heading, table};
use crate::{format, words};

pub(super) fn section(result: &CapacityResult, charts: &Charts) -> Markup {
    let demand = &result.demand;
    let note = Notes::new("demand", result).whole(How::Demand);
    let meanings = html! {
        @for row in &demand.meanings {
            tr {
                th scope="row" {
                    (words::meaning(row.meaning))
                    @if row.stated { small { strong { "as the scenario states it" } } }
                }
                td.num { (format::count(row.mean_sessions)) }
                td.num { (format::count(row.working_hours_sessions)) }
                td.num { (format::count(row.peak_sessions)) }
            }
        }
    };
    html! {
        (heading("demand", "Demand over the week"))
        dl.figures {
            div {
                dt { "Peak" }
                dd {
                    (estimate(demand.peak_sessions))
                    small { (format::week_hour(demand.peak_hour)) }
                }
            }
            div {
                dt { "Mean of the week" }
                dd { strong { (format::count(demand.mean_sessions)) } small { "open sessions" } }
            }
            div {
                dt { "Mean of working hours" }
                dd { strong { (format::count(demand.working_hours_sessions)) } small { "each in local time" } }
            }
            div {
                dt { "Peak ÷ mean" }
                dd {
                    strong { (format::short(demand.peak_to_mean, 3)) }
                    small {
                        "peak follows the starts by "
                        (format::seconds(demand.peak_lag_hours * 3600.0))
                    }
                }
            }
        }
        (charts.figure("sessions-by-zone", "The result holds no series of open sessions by time zone."))
        (charts.figure("sessions-by-tier", "The scenario has one tier, so the sessions are not shown by tier."))
        @if demand.meanings.is_empty() {
            p.missing { "The result does not say what the rates mean when read in other ways." }
        } @else {
            h3 { "The same concurrency rate, read in three ways" }
            p {
                "A rate of concurrency means little without the time it is taken over. These are "
                "the sessions when the scenario’s rates are read as each of the three."
            }
            (table(
                "Open sessions when the stated rates are read over each time",
                &columns(&["The rate is the…", "#Mean of the week", "#Mean of working hours", "#Peak"]),
                &meanings,
            ))
        }
        (note)
    }
}
