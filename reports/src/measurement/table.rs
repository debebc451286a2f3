//! Every figure of a measurement, one to a line.

use tonnage_model::measurement::document::{Estimate, Measurement, Row, Summary};

use crate::table::{Cell, Kind, Table, number, text};

/// A figure with its unit.
struct Line {
    figure: String,
    unit: &'static str,
    estimate: Estimate,
}

/// Every figure of every technology with its 95% interval; what was not measured has one line that
/// says so.
pub fn table(measurement: &Measurement) -> Table {
    let mut table = Table::new(
        "measurement",
        "every figure of every technology with its 95% interval, samples and unit",
        &[
            ("technology", Kind::Text),
            ("figure", Kind::Text),
            ("value", Kind::Number),
            ("low", Kind::Number),
            ("high", Kind::Number),
            ("samples", Kind::Number),
            ("unit", Kind::Text),
            ("note", Kind::Text),
        ],
    );
    for row in &measurement.rows {
        let id = &row.technology.id;
        if let Some(why) = super::without_numbers(row) {
            let mut cells = vec![text(id), Cell::Text(None)];
            cells.extend((0..4).map(|_| Cell::Number(None)));
            cells.extend([Cell::Text(None), text(why)]);
            table.push(cells);
        }
        for line in lines(row) {
            let end = |pick: fn(&tonnage_model::statistics::Interval) -> f64| {
                line.estimate
                    .interval
                    .map_or(Cell::Number(None), |interval| number(pick(&interval)))
            };
            table.push(vec![
                text(id),
                text(&line.figure),
                number(line.estimate.value),
                end(|interval| interval.low),
                end(|interval| interval.high),
                number(line.estimate.samples.into()),
                text(line.unit),
                Cell::Text(None),
            ]);
        }
    }
    table
}

fn lines(row: &Row) -> Vec<Line> {
    let mut lines = Lines(Vec::new());
    if let Some(start) = &row.start {
        lines.summary("created", start.created.as_ref());
        lines.summary("first_instruction", start.first_instruction.as_ref());
        lines.summary("first_result", Some(&start.first_result));
    }
    lines.summary("first_start", row.first_start.as_ref());
    lines.summary("teardown", row.teardown.as_ref());
    lines.add("cpu_per_start", "s", row.cpu_per_start);
    if let Some(saturation) = &row.saturation {
        let rate = saturation.per_second_per_vcpu;
        lines.add("saturation.per_second_per_vcpu", "1/s", Some(rate));
        lines.add(
            "saturation.cpu_per_start",
            "s",
            Some(saturation.cpu_per_start),
        );
    }
    if let Some(burst) = &row.burst {
        lines.summary("burst.first_result", Some(&burst.first_result));
        lines.add("burst.all", "s", Some(burst.all));
    }
    for (key, fit) in [
        ("memory_idle", &row.memory_idle),
        ("memory_touched", &row.memory_touched),
    ] {
        let Some(fit) = fit else { continue };
        lines.add(&format!("{key}.per_instance"), "B", Some(fit.per_instance));
        lines.add(&format!("{key}.base"), "B", Some(fit.base));
        for (account, estimate) in &fit.accounts {
            let account = crate::words::key(account);
            lines.add(&format!("{key}.{account}"), "B", Some(*estimate));
        }
    }
    if let Some(work) = &row.work {
        lines.summary("work.settled", Some(&work.settled));
        lines.summary("work.fresh", Some(&work.fresh));
        if let Some(relative) = &work.relative_cpu {
            lines.add("work.relative_cpu.settled", "1", Some(relative.settled));
            lines.add("work.relative_cpu.fresh", "1", Some(relative.fresh));
        }
        lines.add("work.relative_to_native", "1", work.relative_to_native);
    }
    if let Some(suspension) = &row.suspension {
        lines.summary("suspension.suspend", Some(&suspension.suspend));
        lines.summary("suspension.resume", Some(&suspension.resume));
        lines.summary("suspension.answer", Some(&suspension.answer));
        lines.summary(
            "suspension.resume_after_reclaim",
            suspension.resume_after_reclaim.as_ref(),
        );
        lines.add("suspension.cpu_per_resume", "s", suspension.cpu_per_resume);
        for account in suspension.memory.iter().flat_map(|memory| &memory.accounts) {
            let name = crate::words::key(&account.account);
            for (stage, estimate) in [
                ("running", Some(account.running)),
                ("suspended", Some(account.suspended)),
                ("reclaimed", account.reclaimed),
            ] {
                lines.add(&format!("suspension.memory.{stage}.{name}"), "B", estimate);
            }
        }
    }
    if let Some(step) = &row.coding {
        lines.summary("coding.wall", Some(&step.wall));
        lines.summary("coding.cpu", Some(&step.cpu));
        lines.add("coding.relative_cpu", "1", step.relative_cpu);
        lines.summary("coding.cold_wall", step.cold_wall.as_ref());
        lines.summary("coding.cold_cpu", step.cold_cpu.as_ref());
        for (key, summary) in [
            ("memory", &step.memory),
            ("page_cache", &step.page_cache),
            ("cold_page_cache", &step.cold_page_cache),
            ("disk", &step.disk),
        ] {
            lines.summary_in("B", &format!("coding.{key}"), summary.as_ref());
        }
    }
    lines.0
}

struct Lines(Vec<Line>);

impl Lines {
    fn add(&mut self, figure: &str, unit: &'static str, estimate: Option<Estimate>) {
        if let Some(estimate) = estimate {
            self.0.push(Line {
                figure: figure.to_owned(),
                unit,
                estimate,
            });
        }
    }

    /// The quantiles with their intervals; the rest describes the samples alone and has none.
    fn summary(&mut self, figure: &str, summary: Option<&Summary>) {
        self.summary_in("s", figure, summary);
    }

    fn summary_in(&mut self, unit: &'static str, figure: &str, summary: Option<&Summary>) {
        let Some(summary) = summary else { return };
        let plain = |value| {
            Some(Estimate {
                value,
                interval: None,
                samples: summary.samples,
            })
        };
        for (key, estimate) in [
            ("median", Some(summary.median)),
            ("p95", summary.p95),
            ("p99", summary.p99),
            ("mean", plain(summary.mean)),
            ("mad", plain(summary.mad)),
            ("min", plain(summary.min)),
            ("max", plain(summary.max)),
        ] {
            self.add(&format!("{figure}.{key}"), unit, estimate);
        }
    }
}
