//! A day of the whole fleet.

use maud::{Markup, html};
use tonnage_model::result::{CapacityResult, FleetHour, FleetPlan, FleetResult, FleetTier};

use super::parts::{Charts, columns, estimate, estimate_with, heading, table};
use crate::chart;
use crate::fleet::{self, Standing};
use crate::{format, view};

pub(super) fn section(result: &CapacityResult, found: &FleetResult, charts: &Charts) -> Markup {
    html! {
        (heading("day", "A day of the fleet"))
        p { (fleet::answer(result, found)) }
        ul {
            @for remark in fleet::remarks(found) { li { (remark) } }
        }
        @for (index, plan) in found.plans.iter().enumerate() {
            h3 { (plan.title) }
            @if plan.tiers.is_empty() {
                p.missing { "Nothing of this plan was simulated." }
            } @else {
                @if let Some(id) = chart::day_id(index) {
                    (charts.figure(id, "There is nothing to draw."))
                }
                (totals(result, plan))
                (promises(result, plan))
                @for tier in &plan.tiers { (hours(result, tier)) }
            }
        }
    }
}

fn totals(result: &CapacityResult, plan: &FleetPlan) -> Markup {
    let body = html! {
        @for tier in &plan.tiers {
            tr {
                th scope="row" {
                    (view::tier_title(result, &tier.tier))
                    small { (view::technology_title(result, &tier.technology)) }
                }
                td {
                    (fleet::site(tier))
                    small { (fleet::extent(tier)) ": " (fleet::effort(tier)) }
                    @for note in &tier.notes { small { (note) } }
                }
                td.num { (estimate(tier.totals.sessions)) }
                td.num { (estimate(tier.totals.starts)) }
                td.num { (estimate(tier.totals.vcpu_hours)) }
                td.num { (estimate_with(tier.totals.utilisation, format::percent_with)) }
                td.num { (fleet::hour(tier.peak_hour)) }
            }
        }
        tr {
            th scope="row" { "All tiers" }
            td { (format::hosts(plan.hosts)) " hosts, spare ones included" }
            td.num { @if let Some(sessions) = plan.sessions { (estimate(sessions)) } }
            td {}
            td.num { @if let Some(used) = plan.vcpu_hours { (estimate(used)) } }
            td {}
            td {}
        }
    };
    table(
        "The day in all, with 95% intervals",
        &columns(&[
            "Tier",
            "Hosts and effort",
            "#Sessions",
            "#Starts",
            "#vCPU-hours used",
            "#Of what is there",
            "#Busiest hour",
        ]),
        &body,
    )
}

fn promises(result: &CapacityResult, plan: &FleetPlan) -> Markup {
    let any = plan.tiers.iter().any(|tier| !tier.promises.is_empty());
    let body = html! {
        @for tier in &plan.tiers {
            @for promise in &tier.promises {
                tr {
                    th scope="row" { (view::tier_title(result, &tier.tier)) }
                    td { (promise.name) }
                    td.num { (format::percent_with(promise.target, 2)) }
                    td.num { (estimate_with(promise.found, format::percent_with)) }
                    td { (Standing::of(promise).words()) }
                    td { (fleet::hours_missed(promise)) }
                    td.num {
                        (estimate_with(promise.worst, format::percent_with))
                        small { "from " (fleet::hour(promise.worst_hour)) }
                    }
                }
            }
        }
    };
    html! {
        @if any {
            (table(
                "Promises over the day, with 95% intervals",
                &columns(&[
                    "Tier",
                    "Share of",
                    "#Allowed",
                    "#Found",
                    "Promise",
                    "Hours beyond",
                    "#Worst hour",
                ]),
                &body,
            ))
        } @else {
            p.missing { "Nothing can wait at this fidelity, so promises are not judged." }
        }
    }
}

fn hours(result: &CapacityResult, tier: &FleetTier) -> Markup {
    let body = html! {
        @for hour in &tier.hours { (row(hour)) }
    };
    html! {
        details {
            summary { "Hour by hour: " (fleet::tier_words(result, tier)) }
            (table(
                "Means of each hour, with 95% intervals",
                &columns(&[
                    "#From",
                    "#Sessions",
                    "#Sandboxes",
                    "#Busy vCPUs",
                    "#Starts per second",
                    "#Wait p50",
                    "#Wait p99",
                    "#Slowdown p99",
                    "#Turned away",
                    "#Hosts on",
                ]),
                &body,
            ))
        }
    }
}

fn row(hour: &FleetHour) -> Markup {
    html! {
        tr {
            th.num scope="row" { (fleet::hour(hour.hour)) }
            td.num { (estimate(hour.sessions)) }
            td.num { (estimate(hour.sandboxes)) }
            td.num { (estimate(hour.busy_vcpus)) }
            td.num { (estimate(hour.starts_per_second)) }
            td.num { @if let Some(wait) = hour.start_wait_p50 { (estimate_with(wait, format::seconds_with)) } }
            td.num { @if let Some(wait) = hour.start_wait_p99 { (estimate_with(wait, format::seconds_with)) } }
            td.num { @if let Some(slowdown) = hour.slowdown_p99 { (estimate_with(slowdown, format::ratio_with)) } }
            td.num { @if let Some(share) = hour.rejected { (estimate_with(share, format::percent_with)) } }
            td.num { (estimate(hour.hosts_on)) }
        }
    }
}
