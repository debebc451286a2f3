//! A measurement as tidy tables, in seconds, bytes and CPU seconds.

use tonnage_model::measurement::document::{Estimate, Measurement, Row};

use super::{Cell, Kind, Table, number, text};
use crate::{measured, words};

pub(super) fn tables(measurement: &Measurement) -> [Table; 3] {
    [
        technologies(measurement),
        starts(measurement),
        memory(measurement),
    ]
}

fn spread(estimate: Option<&Estimate>) -> [Cell; 3] {
    let end = |pick: fn(&Estimate) -> Option<f64>| {
        Cell::Number(estimate.and_then(pick).filter(|value| value.is_finite()))
    };
    [
        end(|found| Some(found.value)),
        end(|found| found.interval.map(|interval| interval.low)),
        end(|found| found.interval.map(|interval| interval.high)),
    ]
}

fn technologies(measurement: &Measurement) -> Table {
    let mut table = Table::new(
        "measured-technologies",
        "what each technology took on the host measured, with 95% intervals; seconds, CPU seconds \
         and bytes",
        &[
            ("technology", Kind::Text),
            ("title", Kind::Text),
            ("start", Kind::Text),
            ("role", Kind::Text),
            ("absence", Kind::Text),
            ("first_result_median", Kind::Number),
            ("first_result_median_low", Kind::Number),
            ("first_result_median_high", Kind::Number),
            ("first_result_p99", Kind::Number),
            ("first_result_p99_low", Kind::Number),
            ("first_result_p99_high", Kind::Number),
            ("cpu_per_start", Kind::Number),
            ("cpu_per_start_low", Kind::Number),
            ("cpu_per_start_high", Kind::Number),
            ("memory_per_instance", Kind::Number),
            ("memory_per_instance_low", Kind::Number),
            ("memory_per_instance_high", Kind::Number),
            ("memory_base", Kind::Number),
            ("memory_base_low", Kind::Number),
            ("memory_base_high", Kind::Number),
            ("starts_per_second_per_vcpu", Kind::Number),
            ("starts_per_second_per_vcpu_low", Kind::Number),
            ("starts_per_second_per_vcpu_high", Kind::Number),
            ("relative_cpu", Kind::Number),
            ("relative_cpu_low", Kind::Number),
            ("relative_cpu_high", Kind::Number),
            ("relative_cpu_fresh", Kind::Number),
            ("memory_account", Kind::Text),
            ("relative_to", Kind::Text),
            ("remarks", Kind::Text),
        ],
    );
    for row in measured::rows(measurement) {
        table.push(technology(row));
    }
    table
}

fn technology(row: &Row) -> Vec<Cell> {
    let first_result = row.start.as_ref().map(|start| &start.first_result);
    let fit = row.memory_idle.as_ref();
    let relative = row
        .work
        .as_ref()
        .and_then(|work| work.relative_cpu.as_ref());
    let mut cells = vec![
        text(&row.technology.id),
        text(&row.technology.title),
        text(words::key(&row.technology.start)),
        text(words::key(&row.technology.role)),
        Cell::Text(measured::absence(row)),
    ];
    let rate = row.saturation.as_ref();
    for estimate in [
        first_result.map(|summary| &summary.median),
        first_result.and_then(|summary| summary.p99.as_ref()),
        row.cpu_per_start.as_ref(),
        fit.map(|fit| &fit.per_instance),
        fit.map(|fit| &fit.base),
        rate.map(|rate| &rate.per_second_per_vcpu),
        relative.map(|relative| &relative.settled),
    ] {
        cells.extend(spread(estimate));
    }
    cells.push(relative.map_or(Cell::Number(None), |relative| number(relative.fresh.value)));
    cells.push(Cell::Text(fit.map(|fit| words::key(&fit.account))));
    cells.push(Cell::Text(
        relative.map(|relative| relative.reference.clone()),
    ));
    cells.push(text(row.remarks.join(" ")));
    cells
}

fn starts(measurement: &Measurement) -> Table {
    let mut table = Table::new(
        "measured-starts",
        "start-up distributions: seconds from the request to the first result within which a \
         share of the starts had it",
        &[
            ("technology", Kind::Text),
            ("share", Kind::Number),
            ("first_result", Kind::Number),
        ],
    );
    for row in measured::rows(measurement) {
        let Some(start) = &row.start else { continue };
        let steps = &start.first_result.percentiles;
        let last = steps.len().saturating_sub(1).max(1);
        for (step, seconds) in steps.iter().enumerate() {
            table.push(vec![
                text(&row.technology.id),
                number(step as f64 / last as f64),
                number(*seconds),
            ]);
        }
    }
    table
}

fn memory(measurement: &Measurement) -> Table {
    let mut table = Table::new(
        "measured-memory",
        "memory against live sandboxes in bytes, with the straight line through it",
        &[
            ("technology", Kind::Text),
            ("account", Kind::Text),
            ("live", Kind::Number),
            ("bytes", Kind::Number),
            ("line", Kind::Number),
        ],
    );
    for row in measured::rows(measurement) {
        let Some(fit) = &row.memory_idle else {
            continue;
        };
        for (live, bytes) in &fit.points {
            let live = f64::from(*live);
            table.push(vec![
                text(&row.technology.id),
                text(words::key(&fit.account)),
                number(live),
                number(*bytes),
                number(fit.base.value + fit.per_instance.value * live),
            ]);
        }
    }
    table
}
