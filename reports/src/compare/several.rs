//! Several results side by side.

use std::fmt::Write as _;

use tonnage_model::result::{CapacityResult, Estimated};

use crate::format;
use crate::markdown::{Page, escaped};
use crate::terminal::{Style, columns};
use crate::view;

/// A result and the letter it has in the table.
pub(crate) fn letter(index: usize) -> String {
    u8::try_from(index)
        .ok()
        .and_then(|index| b'A'.checked_add(index))
        .filter(u8::is_ascii_uppercase)
        .map_or_else(
            || format!("{}", index + 1),
            |letter| char::from(letter).to_string(),
        )
}

/// What each letter stands for: the title and where it was read from.
pub(crate) fn legend(results: &[(String, &CapacityResult)]) -> Vec<(String, String)> {
    results
        .iter()
        .enumerate()
        .map(|(index, (name, result))| {
            let provenance = &result.provenance;
            let text = format!(
                "{} ({name}; profile “{}”; host {})",
                result.scenario.title, provenance.profile_title, result.scenario.host_shape,
            );
            (letter(index), text)
        })
        .collect()
}

/// The rows of the table: what it is, and each result's value.
pub(crate) fn rows(results: &[(String, &CapacityResult)]) -> Vec<Vec<String>> {
    let cell = |value: Option<Estimated>, show: &dyn Fn(Estimated) -> String| {
        value.map_or("–".to_owned(), show)
    };
    let mut rows = vec![row("peak open sessions", results, |result| {
        format::estimate(result.demand.peak_sessions)
    })];
    let mut plans: Vec<&str> = Vec::new();
    for plan in results.iter().flat_map(|(_, result)| &result.plans) {
        if !plans.contains(&plan.id.as_str()) {
            plans.push(&plan.id);
        }
    }
    for id in plans {
        let find = |result: &CapacityResult| {
            let plan = result.plans.iter().find(|plan| plan.id == id)?;
            Some(view::best(plan).0.clone())
        };
        let title = results
            .iter()
            .find(|(_, result)| result.plans.iter().any(|plan| plan.id == id))
            .map_or(id, |(_, result)| view::plan_title(result, id));
        rows.push(row(&format!("{title}: vCPUs"), results, |result| {
            cell(find(result).map(|found| found.vcpus), &format::estimate)
        }));
        rows.push(row(&format!("{title}: per month"), results, |result| {
            let usd = find(result).and_then(|found| found.usd_per_month);
            cell(usd, &|usd| format::estimate_with(usd, format::usd_with))
        }));
    }
    rows
}

fn row(
    name: &str,
    results: &[(String, &CapacityResult)],
    show: impl Fn(&CapacityResult) -> String,
) -> Vec<String> {
    let values = results.iter().map(|(_, result)| show(result));
    std::iter::once(name.to_owned()).chain(values).collect()
}

pub(crate) fn head(results: &[(String, &CapacityResult)], first: &str) -> Vec<String> {
    let letters = (0..results.len()).map(|index| format!("#{}", letter(index)));
    std::iter::once(first.to_owned()).chain(letters).collect()
}

/// The table for a terminal, with what each letter stands for.
pub fn text(results: &[(String, &CapacityResult)], color: bool) -> String {
    let style = Style { color };
    let mut out = String::new();
    for (letter, words) in legend(results) {
        let _ = writeln!(out, "{}  {words}", style.bold(&letter));
    }
    out.push('\n');
    let head = head(results, "95% intervals in brackets");
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    out.push_str(columns(style, &head, &rows(results)).trim_end());
    out.push('\n');
    out
}

/// The same as Markdown.
pub fn markdown(results: &[(String, &CapacityResult)]) -> String {
    let mut page = Page::default();
    page.heading(1, "Side by side");
    page.list(
        legend(results)
            .into_iter()
            .map(|(letter, words)| format!("**{letter}**: {}", escaped(&words))),
    );
    let head = head(results, "95% intervals in brackets");
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let rows = rows(results).into_iter().map(|row| {
        let escaped = row.iter().map(|cell| escaped(cell));
        escaped.collect::<Vec<String>>()
    });
    page.table(&head, rows);
    page.finish()
}
