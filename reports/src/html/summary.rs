//! The top of the page: the question, the answer, the figures that matter, and the warnings.

use maud::{Markup, html};
use tonnage_model::result::{CapacityResult, PlanResult, Verdict};

use super::notes::{How, Notes};
use super::parts;
use crate::{format, view, words};

pub(super) fn header(result: &CapacityResult) -> Markup {
    html! {
        header {
            p.eyebrow { "Tonnage · capacity report" }
            h1 { (result.scenario.title) }
            @if !result.scenario.question.is_empty() {
                p.lead { (result.scenario.question) }
            }
        }
    }
}

pub(super) fn answer(result: &CapacityResult) -> Markup {
    let notes = Notes::new("answer", result);
    html! {
        section.answer id="answer" aria-labelledby="answer-heading" tabindex="-1" {
            h2 id="answer-heading" { "The answer" }
            (figures(result, &notes))
        }
    }
}

/// The answer in a sentence, and the figures that matter, with notes on how they came about.
pub(super) fn figures(result: &CapacityResult, notes: &Notes<'_>) -> Markup {
    html! {
        p.sentence {
            (result.answer)
            @if let Some(plan) = result.plans.first() { (notes.mark(how(plan))) }
        }
        @if let Some(plan) = result.plans.first() {
            @let (best, kind) = view::best(plan);
            @let how = how(plan);
            dl.figures {
                div {
                    dt { "vCPUs, " (kind) (notes.mark(how)) }
                    dd { (parts::estimate(best.vcpus)) }
                }
                div {
                    dt { "Hosts, " (kind) (notes.mark(how)) }
                    dd {
                        strong { (format::hosts(best.hosts.central)) }
                        small { (format::hosts_interval(best.hosts)) }
                    }
                }
                div {
                    dt { "Peak of open sessions" (notes.mark(How::Demand)) }
                    dd { (parts::estimate(result.demand.peak_sessions)) }
                }
                div {
                    dt { "List price per month" (notes.mark(How::Price)) }
                    dd {
                        @match best.usd_per_month {
                            Some(usd) => (parts::estimate_with(usd, format::usd_with)),
                            None => { strong { "not known" } small { "the host has no price" } }
                        }
                    }
                }
            }
            (verdicts(result))
            p.note {
                "Figures of the first plan, “" (plan.title) "”, with 95% intervals. Binding: "
                (view::binding_words(plan)) ". One host is " (view::host_words(result))
                ". Promise: " (result.scenario.service_level) "."
            }
            (notes.list())
        } @else {
            p.missing { "The scenario has no technology plan, so there is no requirement." }
        }
    }
}

/// How the estimate to buy by came about.
fn how(plan: &PlanResult) -> How {
    if plan.simulated.is_some() {
        How::Simulated
    } else {
        How::Analytic
    }
}

/// How many claims hold, with a link to the ledger.
fn verdicts(result: &CapacityResult) -> Markup {
    let order = [
        Verdict::Holds,
        Verdict::HoldsUnder,
        Verdict::DoesNotHold,
        Verdict::NotTestable,
        Verdict::NeedsMeasurement,
    ];
    let counts = order.map(|verdict| {
        let same = result
            .claims
            .iter()
            .filter(|claim| claim.verdict == verdict);
        (verdict, same.count())
    });
    html! {
        @if !result.claims.is_empty() {
            p.verdicts {
                a href="#claims" { "Claims" } ": "
                @for (verdict, count) in counts.iter().filter(|(_, count)| *count > 0) {
                    span class={ "badge verdict-" (words::key(verdict)) } {
                        (words::verdict(*verdict)) ": " (count)
                    }
                    " "
                }
            }
        }
    }
}

pub(super) fn warnings(result: &CapacityResult) -> Markup {
    html! {
        section.warnings id="warnings" aria-labelledby="warnings-heading" {
            (parts::heading("warnings", "Before you use these numbers"))
            (warning_list(result))
        }
    }
}

pub(super) fn warning_list(result: &CapacityResult) -> Markup {
    let warnings = view::warnings(result);
    html! {
        @if warnings.is_empty() {
            p { "The plan raised no warning." }
        } @else {
            ul { @for warning in &warnings { li { (warning) } } }
        }
    }
}
