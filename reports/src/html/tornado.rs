//! Which inputs move the answer.

use maud::{Markup, html};
use tonnage_model::result::CapacityResult;

use super::notes::{How, Notes};
use super::parts::{Charts, heading, key, table};
use crate::{format, view};

pub(super) fn section(result: &CapacityResult, charts: &Charts) -> Markup {
    let notes = Notes::new("sensitivity", result);
    let centre = result.plans.first().map(|plan| plan.analytic.vcpus.central);
    let body = html! {
        @for bar in &result.tornado {
            tr {
                th scope="row" { (bar.label) small { (key(&bar.key)) } }
                td.num { (bar.low_input) }
                td.num { (format::count(bar.low_output)) }
                td.num { (bar.high_input) }
                td.num { (format::count(bar.high_output)) }
                td.num {
                    @match centre {
                        Some(centre) => (format::percent_with((bar.high_output - bar.low_output).abs() / centre, 2)),
                        None => "n/a",
                    }
                }
                td.num { (view::correlation(bar.rank_correlation)) }
            }
        }
    };
    html! {
        (heading("sensitivity", "Which inputs move the answer"))
        @if result.tornado.is_empty() {
            p.missing {
                "No input is uncertain, so nothing moves the answer. Give inputs ranges to see "
                "which of them matter."
            }
        } @else {
            p {
                "One input at a time at its 5% and 95% quantile, all others central; analytic "
                "vCPUs of the first plan. The rank correlation is taken over the "
                (format::full(f64::from(result.provenance.draws))) " draws in which all inputs vary."
            }
            (charts.figure("tornado", "The bars have no finite values, so there is nothing to draw."))
            (table(
                "vCPUs at the ends of each uncertain input",
                &notes.columns(&[
                    ("Input", None), ("#5% quantile", Some(How::Quantile)), ("#vCPUs there", Some(How::Central)),
                    ("#95% quantile", Some(How::Quantile)), ("#vCPUs there", Some(How::Central)),
                    ("#Swing", Some(How::Central)), ("#Rank correlation", Some(How::Draws)),
                ]),
                &body,
            ))
            (notes.list())
        }
    }
}
