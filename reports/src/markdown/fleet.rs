//! A day of the whole fleet.

use tonnage_model::result::{CapacityResult, Estimated, FleetPlan};

use super::{Page, escaped};
use crate::chart;
use crate::fleet::{self, Standing};
use crate::{format, view};

pub(super) fn section(page: &mut Page, result: &CapacityResult) {
    let Some(found) = &result.fleet else {
        return;
    };
    page.heading(2, "A day of the fleet");
    page.paragraph(&escaped(&fleet::answer(result, found)));
    page.list(fleet::remarks(found).iter().map(|remark| escaped(remark)));
    for (index, plan) in found.plans.iter().enumerate() {
        page.heading(3, &plan.title);
        if plan.tiers.is_empty() {
            page.paragraph("Nothing of this plan was simulated.");
            continue;
        }
        if let Some(id) = chart::day_id(index) {
            page.picture(id);
        }
        totals(page, result, plan);
        promises(page, result, plan);
        hours(page, plan);
    }
}

fn totals(page: &mut Page, result: &CapacityResult, plan: &FleetPlan) {
    page.table(
        &[
            "Tier",
            "Hosts",
            "Effort",
            "#Sessions",
            "#vCPU-hours used",
            "#Of what is there",
            "#Busiest hour",
        ],
        plan.tiers.iter().map(|tier| {
            vec![
                escaped(&fleet::tier_words(result, tier)),
                fleet::site(tier),
                format!("{}: {}", fleet::extent(tier), fleet::effort(tier)),
                format::estimate(tier.totals.sessions),
                format::estimate(tier.totals.vcpu_hours),
                format::estimate_with(tier.totals.utilisation, format::percent_with),
                fleet::hour(tier.peak_hour),
            ]
        }),
    );
    let notes: Vec<String> = plan
        .tiers
        .iter()
        .flat_map(|tier| {
            let title = view::tier_title(result, &tier.tier);
            tier.notes
                .iter()
                .map(move |note| escaped(&format!("{title}: {note}")))
        })
        .collect();
    if !notes.is_empty() {
        page.list(notes.into_iter());
    }
}

fn promises(page: &mut Page, result: &CapacityResult, plan: &FleetPlan) {
    let rows: Vec<Vec<String>> = plan
        .tiers
        .iter()
        .flat_map(|tier| {
            tier.promises.iter().map(move |promise| {
                vec![
                    escaped(view::tier_title(result, &tier.tier)),
                    promise.name.clone(),
                    format::percent_with(promise.target, 2),
                    format::estimate_with(promise.found, format::percent_with),
                    Standing::of(promise).words().to_owned(),
                    fleet::hours_missed(promise),
                    format!(
                        "{} from {}",
                        format::estimate_with(promise.worst, format::percent_with),
                        fleet::hour(promise.worst_hour)
                    ),
                ]
            })
        })
        .collect();
    if rows.is_empty() {
        page.paragraph("Nothing can wait at this fidelity, so promises are not judged.");
        return;
    }
    page.table(
        &[
            "Tier",
            "Share of",
            "#Allowed",
            "#Found",
            "Promise",
            "Hours beyond",
            "#Worst hour",
        ],
        rows.into_iter(),
    );
}

fn hours(page: &mut Page, plan: &FleetPlan) {
    let quantile = |value: Option<Estimated>, show: fn(f64, usize) -> String| {
        value.map_or("–".to_owned(), |value| format::estimate_with(value, show))
    };
    page.paragraph(
        "All tiers, hour by hour; waits and slowdowns of the tier where they are worst:",
    );
    page.table(
        &[
            "#From",
            "#Sessions",
            "#Busy vCPUs",
            "#vCPUs there",
            "#Starts per second",
            "#Wait p99",
            "#Slowdown p99",
            "#Turned away",
        ],
        fleet::plan_hours(plan).into_iter().map(|row| {
            vec![
                fleet::hour(row.hour),
                format::estimate(row.sessions),
                format::estimate(row.busy_vcpus),
                format::count(row.vcpus),
                format::estimate(row.starts_per_second),
                quantile(row.start_wait_p99, format::seconds_with),
                quantile(row.slowdown_p99, format::ratio_with),
                quantile(row.rejected, format::percent_with),
            ]
        }),
    );
}
