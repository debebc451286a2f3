//! What a measurement found, in the words that several formats use.

use tonnage_model::measurement::document::{
    Estimate, Measurement, MemoryFit, Outcome, Row, Summary,
};
use tonnage_model::measurement::profile::{cpu_model, date, start_words};
use tonnage_model::measurement::technology::Role;
use tonnage_model::result::{Assumption, Estimated};

use crate::format;

/// What stands where a number was not measured.
pub(crate) const NONE: &str = "not measured";

/// The rows to show: all but those that check the harness with known answers.
pub(crate) fn rows(measurement: &Measurement) -> impl Iterator<Item = &Row> {
    measurement
        .rows
        .iter()
        .filter(|row| row.technology.role != Role::KnownAnswer)
}

/// Host, date, effort and command in a sentence.
pub(crate) fn run_words(measurement: &Measurement) -> String {
    let run = &measurement.run;
    format!(
        "{}, {} vCPUs, {}; {}, effort {}, {}{}.",
        cpu_model(&measurement.host),
        measurement.host.vcpus,
        format::bytes(measurement.host.memory as f64),
        date(run.started),
        run.effort,
        format::seconds(run.seconds),
        if run.complete { "" } else { ", not finished" },
    )
}

/// What a reader must know of the measurement as a whole.
pub(crate) fn warnings(measurement: &Measurement) -> Vec<&str> {
    let run = measurement.run.remarks.iter();
    run.chain(&measurement.host.warnings)
        .map(String::as_str)
        .collect()
}

/// What a row is, below its title: its start, and its part where it is no candidate.
pub(crate) fn about(row: &Row) -> String {
    let start = start_words(row.technology.start);
    match row.technology.role {
        Role::Reference => format!("{start}; without a sandbox, for comparison"),
        Role::Overhead => format!("{start}; what the harness itself costs"),
        Role::Candidate | Role::KnownAnswer => start.to_owned(),
    }
}

/// What steps of a coding agent took, beside what the scenario assumes of its Linux tier, and how to plan
/// with the step instead; empty if none was measured.
pub(crate) fn coding(measurement: &Measurement, assumptions: &[Assumption]) -> Vec<String> {
    let mut lines: Vec<String> = rows(measurement)
        .filter_map(|row| {
            let step = row.coding.as_ref()?;
            let memory = step.memory.as_ref().map_or(String::new(), |memory| {
                format!(
                    " and {} beside the idle sandbox",
                    format::bytes(memory.median.value)
                )
            });
            Some(format!(
                "A coding agent's step in “{}” took {} of CPU time, {}{memory}.",
                row.technology.title,
                Figure::new(&step.cpu.median, format::seconds_with).line(),
                format::seconds(step.wall.median.value),
            ))
        })
        .collect();
    if lines.is_empty() {
        return lines;
    }
    for key in ["tiers.linux.burst", "tiers.linux.working_set"] {
        let assumed = assumptions.iter().find(|assumption| assumption.key == key);
        lines.extend(assumed.map(|assumed| {
            format!(
                "Planned with, whatever was measured: {key} = {}.",
                assumed.value
            )
        }));
    }
    let settings = crate::measurement::coding_settings(measurement);
    if !settings.is_empty() {
        lines.push(format!(
            "To plan with the step, as a plain process does it: {}",
            settings.join(" ")
        ));
    }
    lines
}

/// Why a row has no numbers and what would change it; none if it has.
pub(crate) fn absence(row: &Row) -> Option<String> {
    match &row.outcome {
        Outcome::Measured => None,
        Outcome::NotMeasured { why, enable } if enable.trim().is_empty() => {
            Some(format!("not measured: {why}"))
        }
        Outcome::NotMeasured { why, enable } => Some(format!("not measured: {why}; {enable}")),
        Outcome::Failed { why } => Some(format!("failed: {why}")),
    }
}

/// An estimate as the formats take it; one without an interval is alone.
pub(crate) fn estimated(estimate: &Estimate) -> Estimated {
    let value = estimate.value;
    Estimated {
        central: value,
        low: estimate.interval.map_or(value, |interval| interval.low),
        high: estimate.interval.map_or(value, |interval| interval.high),
    }
}

/// A number of a row: what it is, and a line below.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Figure {
    pub(crate) value: String,
    pub(crate) interval: String,
    pub(crate) note: String,
}

impl Figure {
    fn new(estimate: &Estimate, show: impl Fn(f64, usize) -> String) -> Self {
        let value = estimated(estimate);
        Self {
            value: show(value.central, 3),
            interval: if format::is_exact(value) {
                "no interval".to_owned()
            } else {
                format::interval_with(value, show)
            },
            note: String::new(),
        }
    }

    /// On one line.
    pub(crate) fn line(&self) -> String {
        let (value, interval, note) = (&self.value, &self.interval, &self.note);
        if note.is_empty() {
            format!("{value} ({interval})")
        } else {
            format!("{value} ({interval}); {note}")
        }
    }
}

/// The columns of the table, numbers all of them.
pub(crate) const COLUMNS: [&str; 6] = [
    "Start to first result, median",
    "CPU time per start",
    "Memory per sandbox",
    "Memory once",
    "Starts per second and vCPU",
    "CPU of work, relative",
];

/// The numbers of a row in the order of [`COLUMNS`].
pub(crate) fn figures(row: &Row) -> [Option<Figure>; 6] {
    [
        row.start
            .as_ref()
            .map(|start| first_result(&start.first_result)),
        row.cpu_per_start
            .as_ref()
            .map(|cpu| Figure::new(cpu, format::seconds_with)),
        row.memory_idle.as_ref().map(memory),
        row.memory_idle
            .as_ref()
            .map(|fit| Figure::new(&fit.base, format::bytes_with)),
        row.saturation
            .as_ref()
            .map(|found| Figure::new(&found.per_second_per_vcpu, format::short)),
        row.work
            .as_ref()
            .and_then(|work| work.relative_cpu.as_ref())
            .map(|relative| Figure {
                note: format!(
                    "against {}; fresh {}",
                    relative.reference,
                    format::ratio(relative.fresh.value)
                ),
                ..Figure::new(&relative.settled, format::ratio_with)
            })
            .or_else(|| reference(row)),
    ]
}

/// The number of a row that others are held against.
fn reference(row: &Row) -> Option<Figure> {
    (row.technology.role == Role::Reference).then(|| Figure {
        value: format::ratio(1.0),
        interval: "by definition".to_owned(),
        note: String::new(),
    })
}

fn first_result(summary: &Summary) -> Figure {
    Figure {
        note: match &summary.p99 {
            Some(p99) => format!("99% within {}", format::seconds(p99.value)),
            None => format!("{} samples, too few for a 99% quantile", summary.samples),
        },
        ..Figure::new(&summary.median, format::seconds_with)
    }
}

fn memory(fit: &MemoryFit) -> Figure {
    Figure {
        note: fit.account.words().to_owned(),
        ..Figure::new(&fit.per_instance, format::bytes_with)
    }
}
