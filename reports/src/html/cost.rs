//! Hosts and list price of every plan.

use maud::{Markup, html};
use tonnage_model::result::{CapacityResult, Requirement};

use super::notes::{How, Notes};
use super::parts::{Charts, estimate_with, heading, table};
use super::section::parts;
use crate::{curves, format, view};

pub(super) fn section(result: &CapacityResult, charts: &Charts) -> Markup {
    let notes = Notes::new("cost", result);
    let analytic = html! { "analytic" (notes.mark(How::Analytic)) };
    let simulated = html! {
        "simulated"
        @if result.plans.iter().any(|plan| plan.simulated.is_some()) { (notes.mark(How::Simulated)) }
    };
    let body = html! {
        @for plan in &result.plans {
            (row(&plan.title, &analytic, Some(&plan.analytic)))
            (row(&plan.title, &simulated, plan.simulated.as_ref()))
        }
    };
    html! {
        (heading("cost", "Hosts and cost"))
        @if result.plans.is_empty() {
            p.missing { "The scenario has no technology plan, so there is nothing to buy." }
        } @else {
            p {
                "One host is " (view::host_words(result)) ". "
                @if result.scenario.host_usd_per_hour.is_some() {
                    "A month has 730 hours. List price on demand, all hosts for the whole month: "
                    "no discount, commitment, power, network, storage or staff."
                } @else {
                    span.missing {
                        "The host shape has no price, so there is no cost. Give it one to see cost here."
                    }
                }
            }
            (table(
                "Hosts and list price of every plan, with 95% intervals",
                &notes.columns(&[
                    ("Plan", None), ("Estimate", None), ("#vCPUs in full", None), ("#Hosts", None),
                    ("#Per month", Some(How::Price)),
                ]),
                &body,
            ))
            @if !result.service_cost.is_empty() {
                (charts.figure("service-cost", "No promise can be made tighter or looser here."))
                (parts(&curves::service_cost(result), &notes, How::Central))
            }
            (notes.list())
        }
    }
}

fn row(title: &str, kind: &Markup, requirement: Option<&Requirement>) -> Markup {
    html! {
        tr {
            th scope="row" { (title) }
            td { (kind) }
            @match requirement {
                Some(found) => {
                    td.num {
                        strong { (format::full(found.vcpus.central)) }
                        small { (format::full(found.vcpus.low)) "–" (format::full(found.vcpus.high)) }
                    }
                    td.num {
                        strong { (format::hosts(found.hosts.central)) }
                        small { (format::hosts_interval(found.hosts)) }
                    }
                    td.num {
                        @match found.usd_per_month {
                            Some(usd) => (estimate_with(usd, format::usd_with)),
                            None => span.missing { "no price" },
                        }
                    }
                }
                None => td colspan="3" { span.missing { "not simulated in full" } }
            }
        }
    }
}
