//! A day of the fleet as tables.

use tonnage_model::result::{Estimated, FleetResult};

use super::{Cell, Kind, Table, number, text};
use crate::words;

fn spread(value: Option<Estimated>) -> [Cell; 3] {
    match value {
        Some(value) => [number(value.central), number(value.low), number(value.high)],
        None => [Cell::Number(None), Cell::Number(None), Cell::Number(None)],
    }
}

/// The hours, and the day in all with its promises.
pub(super) fn tables(fleet: &FleetResult) -> [Table; 3] {
    [hours(fleet), totals(fleet), promises(fleet)]
}

const TIER: [(&str, Kind); 5] = [
    ("plan", Kind::Text),
    ("tier", Kind::Text),
    ("technology", Kind::Text),
    ("fidelity", Kind::Text),
    ("extent", Kind::Text),
];

fn hours(fleet: &FleetResult) -> Table {
    let mut columns = TIER.to_vec();
    columns.extend(
        [
            "local_hour",
            "sessions",
            "sessions_low",
            "sessions_high",
            "sandboxes",
            "sandboxes_low",
            "sandboxes_high",
            "busy_vcpus",
            "busy_vcpus_low",
            "busy_vcpus_high",
            "sessions_per_second",
            "sessions_per_second_low",
            "sessions_per_second_high",
            "starts_per_second",
            "starts_per_second_low",
            "starts_per_second_high",
            "hosts_on",
            "hosts_on_low",
            "hosts_on_high",
            "start_wait_p50_seconds",
            "start_wait_p50_seconds_low",
            "start_wait_p50_seconds_high",
            "start_wait_p99_seconds",
            "start_wait_p99_seconds_low",
            "start_wait_p99_seconds_high",
            "slowdown_p99",
            "slowdown_p99_low",
            "slowdown_p99_high",
            "share_waited_too_long",
            "share_waited_too_long_low",
            "share_waited_too_long_high",
            "share_slowed_too_much",
            "share_slowed_too_much_low",
            "share_slowed_too_much_high",
            "share_rejected",
            "share_rejected_low",
            "share_rejected_high",
        ]
        .map(|name| (name, Kind::Number)),
    );
    let mut table = Table::new(
        "fleet-hours",
        "every hour of the simulated day for every plan and tier, with 95% intervals",
        &columns,
    );
    for plan in &fleet.plans {
        for tier in &plan.tiers {
            for hour in &tier.hours {
                let mut row = vec![
                    text(&plan.id),
                    text(&tier.tier),
                    text(&tier.technology),
                    text(words::key(&tier.fidelity)),
                    text(words::key(&tier.effort.extent)),
                    number(f64::from(hour.hour)),
                ];
                for value in [
                    Some(hour.sessions),
                    Some(hour.sandboxes),
                    Some(hour.busy_vcpus),
                    Some(hour.sessions_per_second),
                    Some(hour.starts_per_second),
                    Some(hour.hosts_on),
                    hour.start_wait_p50,
                    hour.start_wait_p99,
                    hour.slowdown_p99,
                    hour.waited_too_long,
                    hour.slowed_too_much,
                    hour.rejected,
                ] {
                    row.extend(spread(value));
                }
                table.push(row);
            }
        }
    }
    table
}

fn totals(fleet: &FleetResult) -> Table {
    let mut columns = TIER.to_vec();
    columns.extend(
        [
            "cells",
            "cell_hosts",
            "spare_hosts",
            "vcpus",
            "sessions",
            "sessions_low",
            "sessions_high",
            "starts",
            "starts_low",
            "starts_high",
            "vcpu_hours",
            "vcpu_hours_low",
            "vcpu_hours_high",
            "utilisation",
            "utilisation_low",
            "utilisation_high",
            "peak_local_hour",
            "cell_hours",
            "of_cell_hours",
            "runs",
            "events",
        ]
        .map(|name| (name, Kind::Number)),
    );
    let mut table = Table::new(
        "fleet-day",
        "the simulated day in all for every plan and tier, with 95% intervals and the effort",
        &columns,
    );
    for plan in &fleet.plans {
        for tier in &plan.tiers {
            let mut row = vec![
                text(&plan.id),
                text(&tier.tier),
                text(&tier.technology),
                text(words::key(&tier.fidelity)),
                text(words::key(&tier.effort.extent)),
                number(tier.site.cells),
                number(f64::from(tier.site.cell_hosts)),
                number(f64::from(tier.site.spare_hosts)),
                number(tier.site.vcpus()),
            ];
            for value in [
                tier.totals.sessions,
                tier.totals.starts,
                tier.totals.vcpu_hours,
                tier.totals.utilisation,
            ] {
                row.extend(spread(Some(value)));
            }
            row.extend([
                number(f64::from(tier.peak_hour)),
                number(tier.effort.cell_hours),
                number(tier.effort.of_cell_hours),
                number(tier.effort.runs as f64),
                number(tier.effort.events.all as f64),
            ]);
            table.push(row);
        }
    }
    table
}

fn promises(fleet: &FleetResult) -> Table {
    let mut table = Table::new(
        "fleet-promises",
        "every promise over the simulated day, with 95% intervals and its worst hour",
        &[
            ("plan", Kind::Text),
            ("tier", Kind::Text),
            ("technology", Kind::Text),
            ("promise", Kind::Text),
            ("allowed", Kind::Number),
            ("found", Kind::Number),
            ("found_low", Kind::Number),
            ("found_high", Kind::Number),
            ("met", Kind::Flag),
            ("certain", Kind::Flag),
            ("hours_missed", Kind::Number),
            ("worst_local_hour", Kind::Number),
            ("worst", Kind::Number),
            ("worst_low", Kind::Number),
            ("worst_high", Kind::Number),
        ],
    );
    for plan in &fleet.plans {
        for tier in &plan.tiers {
            for promise in &tier.promises {
                let mut row = vec![
                    text(&plan.id),
                    text(&tier.tier),
                    text(&tier.technology),
                    text(&promise.name),
                    number(promise.target),
                ];
                row.extend(spread(Some(promise.found)));
                row.extend([
                    Cell::Flag(Some(promise.met)),
                    Cell::Flag(Some(promise.certain)),
                    number(promise.hours_missed.len() as f64),
                    number(f64::from(promise.worst_hour)),
                ]);
                row.extend(spread(Some(promise.worst)));
                table.push(row);
            }
        }
    }
    table
}
