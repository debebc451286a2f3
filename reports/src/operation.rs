//! How the fleet is run, and what that means tier by tier.

use tonnage_model::result::{
    CapacityResult, Estimated, FailuresResult, RestartResult, TierOperation, TierResult,
};

use crate::baseline::spread;
use crate::section::{Part, Section};
use crate::table::{Kind, Table, text};
use crate::{format, view};

/// The section, where the scenario says how the fleet is run.
pub(crate) fn section(result: &CapacityResult) -> Option<Section> {
    let mut rows = Vec::new();
    for plan in &result.plans {
        for tier in &plan.tiers {
            let Some(operation) = &tier.operation else {
                continue;
            };
            let name = format!(
                "{}: {} on {}",
                plan.title,
                view::tier_title(result, &tier.tier),
                view::technology_title(result, &tier.technology)
            );
            rows.extend(
                findings(tier, operation)
                    .into_iter()
                    .map(|(what, found)| vec![name.clone(), what.to_owned(), found]),
            );
        }
    }
    (!rows.is_empty()).then(|| Section {
        id: "operation",
        name: "Running the fleet",
        heading: "How the fleet is run, and what that means",
        chart: None,
        parts: vec![
            Part::Text(
                "What suspended sandboxes, warm pools, promised memory, switched hosts and failures \
                 mean, by formulas at the busiest moment unless said otherwise. Their effect on the \
                 number of hosts is in the analytic estimate."
                    .to_owned(),
            ),
            Part::Table {
                caption: "Each plan's tiers, with 95% intervals over the uncertain inputs".to_owned(),
                head: &["Plan and tier", "What", "Found"],
                rows,
            },
        ],
    })
}

fn percent(value: Estimated) -> String {
    format::estimate_with(value, format::percent_with)
}

fn findings(tier: &TierResult, operation: &TierOperation) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if let Some(suspension) = &operation.suspension {
        found.push((
            "suspension",
            format!(
                "after {} idle: {} of {} live sandboxes are suspended; {} places are taken; {} \
                 resumes per second",
                format::seconds(suspension.after_seconds),
                format::estimate(suspension.suspended),
                format::estimate(tier.peak_sandboxes),
                format::estimate(suspension.places),
                format::estimate(suspension.resumes_per_second),
            ),
        ));
    }
    if let Some(pool) = &operation.warm_pool {
        found.push((
            "warm pool",
            format!(
                "{} unused sandboxes on each host; on one as busy as can be, {} of the requests find \
                 none",
                format::estimate(pool.per_host),
                percent(pool.misses),
            ),
        ));
    }
    if let Some(memory) = &operation.memory_commitment {
        found.push((
            "memory promised",
            format!(
                "{} times what there is. With the {} places a host has taken at the peak it is short \
                 of memory for {} of the time; with all {} taken, for {}",
                format::plain(memory.factor, 3),
                format::estimate(memory.sandboxes_per_host),
                percent(memory.risk),
                format::estimate(memory.places_per_host),
                percent(memory.risk_when_full),
            ),
        ));
    }
    if let Some(minority) = &operation.minority {
        found.push((
            "noisy minority",
            format!(
                "{} of the sessions do {} of the work",
                format::percent(minority.share),
                percent(minority.share_of_work),
            ),
        ));
    }
    if let Some(scaling) = &operation.autoscaling {
        let cost = match (scaling.usd_per_month, scaling.always_on_usd_per_month) {
            (Some(scaled), Some(always)) => format!(
                "; {} per month in place of {}",
                format::estimate_with(scaled, format::usd_with),
                format::estimate_with(always, format::usd_with)
            ),
            _ => String::new(),
        };
        found.push((
            "hosts switched on and off",
            format!(
                "{} host-hours a week in place of {}{cost}. At the worst moment the hosts that are on \
                 are {} full",
                format::estimate(scaling.host_hours_per_week),
                format::estimate(scaling.always_on_host_hours_per_week),
                percent(scaling.fullest),
            ),
        ));
    }
    if let Some(failures) = &operation.failures {
        failed(failures, &mut found);
    }
    found
}

fn failed(failures: &FailuresResult, found: &mut Vec<(&'static str, String)>) {
    if let (Some(down), Some(beyond), Some(lost)) = (
        failures.hosts_down,
        failures.more_than_spare,
        failures.sandboxes_lost_per_month,
    ) {
        found.push((
            "failures, any time",
            format!(
                "{} of the hosts are down in the mean; more than the spare ones of a cell for {} of \
                 the time; {} sandboxes are lost in a month",
                percent(down),
                percent(beyond),
                format::estimate(lost),
            ),
        ));
    }
    if let Some(lost) = &failures.at_peak {
        let hosts = failures.hosts_at_peak;
        let what = if hosts == 1 {
            "a host of a cell fails".to_owned()
        } else {
            format!("{hosts} hosts of a cell fail")
        };
        found.push(("failure at the peak", restarted(&what, lost)));
    }
    if let Some(lost) = &failures.cell {
        found.push((
            "failure of a cell at the peak",
            restarted("a whole cell fails and the others take its sessions", lost),
        ));
    }
}

fn restarted(what: &str, lost: &RestartResult) -> String {
    let when = lost.seconds.map_or_else(
        || {
            "those left have no room or no CPU to spare to start them all, in some draws at least"
                .to_owned()
        },
        |seconds| {
            format!(
                "{} until all are there again",
                format::estimate_with(seconds, format::seconds_with)
            )
        },
    );
    format!(
        "{what}: {} sandboxes lost; {when}",
        format::estimate(lost.sandboxes)
    )
}

/// The same as a table, where the scenario says how the fleet is run.
pub(crate) fn table(result: &CapacityResult) -> Option<Table> {
    let mut table = Table::new(
        "operation",
        "what running the fleet as the scenario says means for every plan and tier, by formulas, \
         with 95% intervals",
        &[
            ("plan", Kind::Text),
            ("tier", Kind::Text),
            ("technology", Kind::Text),
            ("figure", Kind::Text),
            ("value", Kind::Number),
            ("low", Kind::Number),
            ("high", Kind::Number),
        ],
    );
    let tiers = result
        .plans
        .iter()
        .flat_map(|plan| plan.tiers.iter().map(move |tier| (plan, tier)));
    for (plan, tier) in tiers {
        let Some(operation) = &tier.operation else {
            continue;
        };
        for (figure, value) in figures(operation) {
            let mut row = vec![
                text(&plan.id),
                text(&tier.tier),
                text(&tier.technology),
                text(figure),
            ];
            row.extend(spread(value));
            table.push(row);
        }
    }
    (table.rows() > 0).then_some(table)
}

fn figures(operation: &TierOperation) -> Vec<(&'static str, Option<Estimated>)> {
    let mut figures = Vec::new();
    if let Some(found) = &operation.suspension {
        let after = Estimated::exact(found.after_seconds);
        figures.push(("suspend_after_seconds", Some(after)));
        figures.push(("suspended_sandboxes", Some(found.suspended)));
        figures.push(("places", Some(found.places)));
        figures.push(("resumes_per_second", Some(found.resumes_per_second)));
    }
    if let Some(found) = &operation.warm_pool {
        figures.push(("pool_per_host", Some(found.per_host)));
        figures.push(("pool_misses_share", Some(found.misses)));
    }
    if let Some(found) = &operation.memory_commitment {
        figures.push(("memory_factor", Some(Estimated::exact(found.factor))));
        figures.push(("places_taken_per_host", Some(found.sandboxes_per_host)));
        figures.push(("short_of_memory_share", Some(found.risk)));
        figures.push(("places_per_host", Some(found.places_per_host)));
        figures.push(("short_of_memory_share_full", Some(found.risk_when_full)));
    }
    if let Some(found) = &operation.minority {
        figures.push(("minority_share", Some(Estimated::exact(found.share))));
        figures.push(("minority_share_of_work", Some(found.share_of_work)));
    }
    if let Some(found) = &operation.autoscaling {
        figures.push(("host_hours_per_week", Some(found.host_hours_per_week)));
        figures.push((
            "host_hours_per_week_always_on",
            Some(found.always_on_host_hours_per_week),
        ));
        figures.push(("usd_per_month", found.usd_per_month));
        figures.push(("usd_per_month_always_on", found.always_on_usd_per_month));
        figures.push(("fullest", Some(found.fullest)));
    }
    if let Some(found) = &operation.failures {
        figures.push(("hosts_down_share", found.hosts_down));
        figures.push(("more_than_spare_share", found.more_than_spare));
        figures.push(("sandboxes_lost_per_month", found.sandboxes_lost_per_month));
        let restart = |lost: &Option<RestartResult>| {
            let seconds = lost.as_ref().and_then(|lost| lost.seconds);
            (lost.as_ref().map(|lost| lost.sandboxes), seconds)
        };
        let (sandboxes, seconds) = restart(&found.at_peak);
        figures.push(("failure_at_peak_sandboxes", sandboxes));
        figures.push(("failure_at_peak_seconds", seconds));
        let (sandboxes, seconds) = restart(&found.cell);
        figures.push(("cell_failure_sandboxes", sandboxes));
        figures.push(("cell_failure_seconds", seconds));
    }
    figures
}
