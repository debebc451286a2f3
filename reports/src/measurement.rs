//! A measurement for people: a table for a terminal, a page of Markdown, a table of every figure.

mod markdown;
mod reading;
mod table;
mod terminal;

use std::path::Path;

use tonnage_model::measurement::document::{Measurement, MemoryAccount, MemoryFit, Outcome, Row};
use tonnage_model::measurement::technology::Role;

use crate::error::ReportError;
use crate::write::{WrittenFile, WrittenReport, write_file};
use crate::{capabilities, csv, format, words};

pub use markdown::markdown;
pub(crate) use reading::Reading;
pub use table::table;
pub use terminal::terminal;

/// Writes `measurement.md`, `measurement.csv` and `capabilities.csv` into a directory, which is made if it does not
/// exist. Each file is complete or not there.
///
/// # Errors
/// When something cannot be written; the error names the file.
pub fn write_all(
    measurement: &Measurement,
    directory: &Path,
) -> Result<WrittenReport, ReportError> {
    let table = table(measurement);
    let inside = capabilities::table(&capabilities::lines(Some(measurement), &[]));
    let contents = [
        (
            "measurement.md",
            "this measurement as Markdown",
            markdown(measurement),
        ),
        ("measurement.csv", table.about, csv::write(&table)?),
        ("capabilities.csv", inside.about, csv::write(&inside)?),
    ];
    let mut files = Vec::new();
    for (path, about, text) in contents {
        write_file(&directory.join(path), text.as_bytes())?;
        files.push(WrittenFile {
            path: path.to_owned(),
            about: about.to_owned(),
            bytes: text.len() as u64,
        });
    }
    Ok(WrittenReport {
        directory: directory.to_owned(),
        files,
    })
}

/// The title of a technology, or its key where it has none; what is no candidate says so.
fn title(row: &Row) -> String {
    let technology = &row.technology;
    let title = if technology.title.trim().is_empty() {
        &technology.id
    } else {
        &technology.title
    };
    match technology.role {
        Role::Candidate => title.clone(),
        role => format!("{title} ({})", words::role(role)),
    }
}

/// What was measured, where, how and when, in a sentence.
fn headline(measurement: &Measurement) -> String {
    let (host, run) = (&measurement.host, &measurement.run);
    let cpu = host
        .facts
        .iter()
        .find(|fact| fact.name == "CPU")
        .map_or(String::new(), |fact| format!("{}, ", fact.value));
    format!(
        "Measured on {cpu}{} vCPUs, {}; {}, effort {}, {}",
        host.vcpus,
        format::bytes(host.memory as f64),
        format::moment(run.started),
        run.effort,
        format::seconds(run.seconds),
    )
}

/// What a reader must know of the whole.
fn warnings(measurement: &Measurement) -> Vec<String> {
    let incomplete = (!measurement.run.complete)
        .then(|| "Not everything planned was measured: the run was stopped.".to_owned());
    incomplete
        .into_iter()
        .chain(measurement.host.warnings.iter().cloned())
        .chain(measurement.run.remarks.iter().cloned())
        .collect()
}

/// Why a row has no numbers and what would change that.
fn without_numbers(row: &Row) -> Option<String> {
    match &row.outcome {
        Outcome::Measured => None,
        Outcome::NotMeasured { why, enable } if enable.trim().is_empty() => {
            Some(format!("not measured: {why}"))
        }
        Outcome::NotMeasured { why, enable } => {
            Some(format!("not measured: {why}. To enable it: {enable}"))
        }
        Outcome::Failed { why } => Some(format!("failed: {why}")),
    }
}

/// What a reader must know of a row, its own remarks first.
fn remarks(row: &Row) -> Vec<String> {
    let mut remarks = row.remarks.clone();
    if let Some(fit) = &row.memory_idle
        && fit.account != MemoryAccount::Host
    {
        remarks.push(format!("memory by {}", fit.account.words()));
    }
    remarks
}

/// What a step of a coding agent is.
pub(crate) const CODING_STEP: &str = "Clone a repository of 80 modules, search it, read its history, edit \
    two files, run its tests in Node.js and Python, commit";

/// The plain process in which a step is measured without a sandbox.
const CODING_REFERENCE: &str = "process-native";

/// What a command is told to plan a Linux tier with the step measured: its CPU time in a plain process,
/// and its memory and disk's page cache where they were told. Empty if that was not measured.
pub(crate) fn coding_settings(measurement: &Measurement) -> Vec<String> {
    let Some(step) = measurement
        .measured(CODING_REFERENCE)
        .and_then(|row| row.coding.as_ref())
    else {
        return Vec::new();
    };
    let mut settings = vec![format!(
        "--set tiers.linux.burst={:.0}ms",
        1e3 * step.cpu.median.value
    )];
    if let (Some(memory), Some(files)) = (&step.memory, &step.page_cache) {
        let bytes = memory.median.value + files.median.value;
        settings.push(format!(
            "--set tiers.linux.working_set={:.0}MiB",
            (bytes / (1024.0 * 1024.0)).ceil()
        ));
    }
    settings
}

/// How far the accounts of memory per sandbox are apart, as a share of the headline, and whether
/// one of them is outside the headline's interval.
fn disagreement(fit: &MemoryFit) -> Option<(f64, bool)> {
    let values = || fit.accounts.iter().map(|(_, estimate)| estimate.value);
    if fit.accounts.len() < 2 || fit.per_instance.value <= 0.0 {
        return None;
    }
    let apart = values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min);
    let outside = fit.accounts.iter().any(|(_, estimate)| {
        match (estimate.interval, fit.per_instance.interval) {
            (Some(one), Some(other)) => !one.overlaps(&other),
            _ => false,
        }
    });
    Some((apart / fit.per_instance.value, outside))
}
