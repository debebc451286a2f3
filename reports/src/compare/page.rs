//! A comparison as one page that opens from disk.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use tonnage_model::result::CapacityResult;

use super::several;
use super::{Comparison, Movement};
use crate::chart;
use crate::error::ReportError;
use crate::html::parts::{columns, table};
use crate::html::{POLICY, rows, style};
use crate::words;

/// Name of the page's file.
pub const FILE: &str = "comparison.html";

/// The page: all results side by side, then each later one against the first.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn write(
    results: &[(String, &CapacityResult)],
    against_first: &[Comparison],
) -> Result<String, ReportError> {
    let later = results.iter().skip(1).zip(against_first).enumerate();
    let sections = later
        .map(|(index, ((name, result), comparison))| section(index + 1, name, result, comparison))
        .collect::<Result<Vec<Markup>, ReportError>>()?;
    let side_by_side = several::rows(results);
    let head = several::head(results, "95% intervals in brackets");
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Comparison · Tonnage" }
                style { (PreEscaped(style())) }
            }
            body {
                header { h1 { "What changed" } }
                main {
                    ul {
                        @for (letter, text) in several::legend(results) {
                            li { strong { (letter) } ": " (text) }
                        }
                    }
                    (table("The results side by side", &columns(&head), &rows(&head, &side_by_side)))
                    @for section in &sections { (section) }
                }
            }
        }
    };
    Ok(page.into_string())
}

fn section(
    index: usize,
    name: &str,
    result: &CapacityResult,
    comparison: &Comparison,
) -> Result<Markup, ReportError> {
    let id = format!("against-first-{index}");
    let letter = several::letter(index);
    let chart = comparison
        .waterfall
        .as_ref()
        .and_then(|waterfall| Some((waterfall, chart::contributions(waterfall, result)?)));
    let drawn = match &chart {
        Some((waterfall, chart)) => Some((waterfall, chart, chart.inline()?.concat())),
        None => None,
    };
    let input_head = ["Input", "Before", "After", "#Moves the answer by"];
    let inputs: Vec<Vec<String>> = comparison.inputs.iter().map(super::input_row).collect();
    let output_head = ["Output", "#Before", "#After", "#Ratio", "Movement"];
    let moved = comparison
        .outputs
        .iter()
        .filter(|output| output.movement != Movement::Same);
    let outputs: Vec<Vec<String>> = moved.map(super::output_row).collect();
    Ok(html! {
        section id=(id) {
            h2 { "From A to " (letter) ": " (name) }
            @for line in comparison.summary() { p { (line) } }
            @match &drawn {
                Some((waterfall, chart, layouts)) => {
                    figure {
                        figcaption { span.question { (chart.title()) } }
                        (PreEscaped(layouts))
                    }
                    p { (waterfall.words()) }
                }
                None => p.missing {
                    "What each change contributed is not shown: "
                    (comparison.no_waterfall.as_deref().unwrap_or("nothing differs"))
                },
            }
            @if !inputs.is_empty() {
                (table(
                    "Changed inputs, those that move the answer most first",
                    &columns(&input_head),
                    &rows(&input_head, &inputs),
                ))
            }
            @if !outputs.is_empty() {
                (table("Outputs that differ", &columns(&output_head), &rows(&output_head, &outputs)))
            }
            @if !comparison.bindings.is_empty() {
                ul {
                    @for change in &comparison.bindings {
                        li {
                            (change.plan) ", " (change.tier) ": "
                            (words::binding(change.before.1)) " on " (change.before.0) " → "
                            (words::binding(change.after.1)) " on " (change.after.0)
                        }
                    }
                }
            }
        }
    })
}
