//! A measurement for a terminal.

use tonnage_model::measurement::document::{Measurement, Outcome, Row};
use tonnage_model::measurement::figure::Figure;

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
            let text = format!("{}: {why}", super::title(row));
            page.add("  ", &text, |line| style.faint(line));
        }
    }
    for (index, row) in noted(measurement).enumerate() {
        let text = super::remarks(row).join("; ");
        page.add(&format!("[{}] ", index + 1), &text, str::to_owned);
    }
    page.finish()
}

/// What the columns mean.
const LEGEND: &str = "95% intervals in brackets. Start: median from the request to the first useful \
                      result; p99 needs 368 samples. Memory: what one more idle sandbox takes. CPU \
                      of work: against a plain process of the same language.";

/// Rows with remarks, in the order of their numbers.
fn noted(measurement: &Measurement) -> impl Iterator<Item = &Row> {
    let rows = measurement.rows.iter();
    rows.filter(|row| !super::remarks(row).is_empty())
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
            let mut title = super::title(row);
            if !super::remarks(row).is_empty() {
                notes += 1;
                title = format!("{title} [{notes}]");
            }
            let mut cells = vec![title];
            if row.outcome != Outcome::Measured {
                let failed = matches!(row.outcome, Outcome::Failed { .. });
                cells.push(if failed { "failed" } else { "not measured" }.to_owned());
                cells.extend(kept.iter().skip(1).map(|_| String::new()));
                return (Paint::Faint, cells);
            }
            cells.extend(kept.iter().map(|(figure, _)| {
                figure.of(row).map_or("–".to_owned(), |found| {
                    Reading::of(&found, figure.unit()).text()
                })
            }));
            (Paint::Plain, cells)
        })
        .collect()
}
