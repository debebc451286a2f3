//! A measurement for a terminal.

use std::fmt::Write as _;

use tonnage_model::measurement::document::{Measurement, MemoryAccount, Outcome, Row};
use tonnage_model::measurement::figure::{Figure, FigureUnit};

use super::Reading;
use crate::terminal::{Lines, Paint, Style, columns_within, wrapped};

/// The columns of numbers, and in which order they are given up where a terminal is narrow: the
/// last named goes first.
const COLUMNS: [(Figure, &str); 6] = [
    (Figure::FirstResult, "#start"),
    (Figure::FirstResultP99, "#p99"),
    (Figure::CpuPerStart, "#CPU per start"),
    (Figure::MemoryIdle, "#memory, idle"),
    (Figure::StartRate, "#starts/s per vCPU"),
    (Figure::RelativeCpu, "#CPU of work"),
];
const GIVEN_UP: [Figure; 5] = [
    Figure::FirstResultP99,
    Figure::RelativeCpu,
    Figure::StartRate,
    Figure::CpuPerStart,
    Figure::MemoryIdle,
];

/// A table with a row per technology, no wider than told: above it what bends the numbers, below it
/// what was not measured and why, and the remarks. With `color`, headings and rows without numbers
/// carry ANSI escapes; the text is the same.
pub fn terminal(measurement: &Measurement, color: bool, width: usize) -> String {
    let style = Style { color };
    let mut page = Lines::new(width);
    page.add("", &super::headline(measurement), |line| style.bold(line));
    for warning in super::warnings(measurement) {
        page.add("! ", &warning, |line| style.warn(line));
    }
    let (table, given_up) = summary(measurement, style, width);
    page.block(&format!("\n{table}"));
    page.add("", LEGEND, |line| style.faint(line));
    if !given_up.is_empty() {
        let names: Vec<_> = given_up.iter().map(|figure| figure.words()).collect();
        let text = format!("Left out, since there is no room: {}.", names.join("; "));
        page.add("", &text, |line| style.faint(line));
    }
    for row in &measurement.rows {
        if let Some(why) = super::without_numbers(row) {
            let text = format!("{}: {why}", row.technology.id);
            page.add("  ", &text, |line| style.faint(line));
        }
    }
    for row in &measurement.rows {
        if let Some(step) = &row.coding {
            let mut text = format!(
                "{}: a coding agent's step takes {} of CPU time in {}",
                row.technology.id,
                Reading::of(&step.cpu.median, FigureUnit::CpuSeconds).text(),
                Reading::of(&step.wall.median, FigureUnit::Seconds).text(),
            );
            for (summary, what) in [(&step.memory, "of memory"), (&step.disk, "on disk")] {
                if let Some(summary) = summary {
                    let reading = Reading::of(&summary.median, FigureUnit::Bytes);
                    let _ = write!(text, ", {} {what}", reading.value);
                }
            }
            page.add("  ", &text, str::to_owned);
        }
    }
    let settings = super::coding_settings(measurement);
    if !settings.is_empty() {
        let text = format!("to plan a Linux tier with it: {}", settings.join(" "));
        page.add("  ", &text, str::to_owned);
    }
    for (index, row) in noted(measurement).enumerate() {
        let text = row.remarks.join("; ");
        page.add(&format!("[{}] ", index + 1), &text, str::to_owned);
    }
    page.finish()
}

/// What the columns mean.
const LEGEND: &str = "95% intervals in brackets. Start: median from the request to the first useful \
                      result; p99 needs 368 samples. Memory: what one more idle sandbox takes, by \
                      what the host has less of (H) or, where that is unsteady, by its control \
                      group with the kernel's part (G) or proportional set sizes (P). CPU of work: \
                      against a plain process of the same language.";

/// By which account the memory of a row is told.
fn account(row: &Row) -> Option<char> {
    Some(match row.memory_idle.as_ref()?.account {
        MemoryAccount::Host => 'H',
        MemoryAccount::ControlGroup => 'G',
        MemoryAccount::Proportional => 'P',
        MemoryAccount::Unique => 'U',
    })
}

/// Rows with remarks, in the order of their numbers.
fn noted(measurement: &Measurement) -> impl Iterator<Item = &Row> {
    let rows = measurement.rows.iter();
    rows.filter(|row| !row.remarks.is_empty())
}

/// The table, and what had to be left out.
fn summary(measurement: &Measurement, style: Style, width: usize) -> (String, &'static [Figure]) {
    let mut fallback = String::new();
    for given_up in (0..=GIVEN_UP.len()).map(|count| &GIVEN_UP[..count]) {
        let kept: Vec<_> = COLUMNS
            .into_iter()
            .filter(|(figure, _)| !given_up.contains(figure))
            .collect();
        let mut head = vec!["technology"];
        head.extend(kept.iter().map(|(_, name)| *name));
        let rows = rows(measurement, &kept);
        if let Some(table) = columns_within(style, &head, &rows, width) {
            return (table, given_up);
        }
        if given_up.len() == GIVEN_UP.len() {
            // Words have to be broken; that is still better than no table.
            let lines = rows.into_iter().map(|(_, row)| row.join(" "));
            fallback = lines.fold(String::new(), |text, row| {
                text + &wrapped(&row, width).join("\n") + "\n"
            });
        }
    }
    (fallback, &GIVEN_UP)
}

fn rows(measurement: &Measurement, kept: &[(Figure, &str)]) -> Vec<(Paint, Vec<String>)> {
    let mut notes = 0;
    measurement
        .rows
        .iter()
        .map(|row| {
            // The name that commands take: titles are long, and in every other form of this table.
            let mut name = row.technology.id.clone();
            if !row.remarks.is_empty() {
                notes += 1;
                name = format!("{name} [{notes}]");
            }
            let mut cells = vec![name];
            if row.outcome != Outcome::Measured {
                let failed = matches!(row.outcome, Outcome::Failed { .. });
                cells.push(if failed { "failed" } else { "not measured" }.to_owned());
                cells.extend(kept.iter().skip(1).map(|_| String::new()));
                return (Paint::Faint, cells);
            }
            cells.extend(kept.iter().map(|(figure, _)| {
                figure.of(row).map_or("–".to_owned(), |found| {
                    let text = Reading::of(&found, figure.unit()).text();
                    match account(row) {
                        Some(mark) if *figure == Figure::MemoryIdle => format!("{text} {mark}"),
                        _ => text,
                    }
                })
            }));
            (Paint::Plain, cells)
        })
        .collect()
}
