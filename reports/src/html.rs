//! The report as one page: no network, opens from disk, prints, light and dark. One small script sorts
//! and filters what is there; without it everything can be read.

mod assumptions;
mod capabilities;
mod claims;
mod cost;
mod demand;
mod fleet;
pub mod live;
mod measured;
mod notes;
pub(crate) mod parts;
mod provenance;
mod readings;
mod requirements;
mod section;
mod service_level;
mod summary;
mod technologies;
mod tornado;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use tonnage_model::result::CapacityResult;

use crate::chart;
use crate::error::ReportError;
use crate::write::{ReportOptions, planned};
use crate::{arrivals, baseline, operation, optimum, sizing, table};
use notes::{How, Notes};
use parts::Charts;
pub(crate) use section::body as rows;

/// Name of the page's file.
pub const FILE: &str = "report.html";

/// Sorts tables and filters technologies.
const SCRIPT: &str = include_str!("html/page.js");

/// Nothing is loaded from anywhere, and nothing runs but the page's own script, known by its digest.
fn policy() -> String {
    let digest = BASE64_STANDARD.encode(Sha256::digest(SCRIPT));
    format!("{POLICY}; script-src 'sha256-{digest}'")
}

/// Nothing is loaded from anywhere, and nothing runs.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// The page.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn write(result: &CapacityResult, options: &ReportOptions) -> Result<String, ReportError> {
    let charts = chart::all(result);
    let files = planned(&charts, &table::all_with(result, options), options);
    let charts = Charts::new(&charts)?;
    let mut sections = vec![
        ("claims", "Claims", claims::section(result, &charts)),
        ("vcpus", "vCPUs required", requirements::section(result)),
        (
            "matrix",
            "Every technology",
            requirements::matrix(result, &charts),
        ),
        ("readings", "Readings", readings::section(result, &charts)),
        ("demand", "Demand", demand::section(result, &charts)),
        ("assumptions", "Assumptions", assumptions::section(result)),
        (
            "service-level",
            "Service level",
            service_level::section(result, &charts),
        ),
        ("cost", "Hosts and cost", cost::section(result, &charts)),
        (
            "sensitivity",
            "Sensitivity",
            tornado::section(result, &charts),
        ),
        (
            "technologies",
            "Technologies",
            technologies::section(result),
        ),
        (
            "provenance",
            "Provenance",
            provenance::section(result, options),
        ),
        ("downloads", "Downloads", provenance::downloads(&files)),
    ];
    if result.growth.is_some() {
        let section = requirements::growth(result, &charts);
        let before = sections.iter().position(|(id, _, _)| *id == "matrix");
        sections.insert(before.unwrap_or(0), ("growth", "Growth", section));
    }
    insert_others(&mut sections, result, &charts);
    let inside = crate::capabilities::lines(result.measurement.as_ref(), &options.technologies);
    if !inside.is_empty() {
        let before = sections.iter().position(|(id, _, _)| *id == "cost");
        let section = capabilities::section(result, &inside);
        sections.insert(
            before.unwrap_or(sections.len()),
            ("inside", "Inside", section),
        );
    }
    let mut computed = Vec::new();
    if let Some(found) = &result.sizing {
        let note = Notes::new("sizing", result).whole(How::Fleet);
        let section = html! { (sizing::html(result, found)) (note) };
        computed.push(("sizing", "Smallest fleets", section));
    }
    if let Some(found) = &result.optimum {
        let note = Notes::new("optimum", result).whole(How::AnalyticOfAll);
        let section = html! { (optimum::html(result, found)) (note) };
        computed.push(("optimum", "Cheapest hardware", section));
    }
    let before = sections.iter().position(|(id, _, _)| *id == "vcpus");
    let before = before.unwrap_or(sections.len());
    sections.splice(before..before, computed);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (head(result))
            body {
                a.skip href="#answer" { "Skip to the answer" }
                (summary::header(result))
                main id="content" {
                    (summary::answer(result))
                    (charts.figure(
                        "requirements",
                        "No plan has a requirement above zero, so there is nothing to draw.",
                    ))
                    (summary::warnings(result))
                    nav aria-label="Contents" {
                        ul {
                            @for (id, name, _) in &sections {
                                li { a href={ "#" (id) } { (name) } }
                            }
                        }
                    }
                    @for (id, _, body) in &sections {
                        section id=(id) aria-labelledby={ (id) "-heading" } { (body) }
                    }
                }
                (footer(result))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    Ok(page.into_string())
}

fn head(result: &CapacityResult) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy());
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="generator" content={ "Tonnage " (result.provenance.tool_version) };
            title { (result.scenario.title) " · Tonnage" }
            style { (PreEscaped(style())) }
        }
    }
}

fn footer(result: &CapacityResult) -> Markup {
    html! {
        footer {
            p {
                "Made by Tonnage " (result.provenance.tool_version)
                " from the scenario “" (result.scenario.title) "” and the profile “"
                (result.provenance.profile_title)
                "”. The same inputs give the same page, byte for byte."
            }
        }
    }
}

/// The sections that only some results have, each in its place.
fn insert_others(
    sections: &mut Vec<(&'static str, &'static str, Markup)>,
    result: &CapacityResult,
    charts: &Charts,
) {
    let place = |sections: &[(&str, &str, Markup)], wanted: &str| {
        let found = sections.iter().position(|(id, _, _)| *id == wanted);
        found.unwrap_or(sections.len())
    };
    let others = [
        operation::section(result),
        arrivals::section(result),
        baseline::section(result),
    ];
    for found in others.iter().flatten() {
        let at = place(sections, "cost");
        let section = section::section(found, charts, &Notes::new(found.id, result));
        sections.insert(at, (found.id, found.name, section));
    }
    if let Some(measurement) = &result.measurement {
        let note = Notes::new("measured", result).whole(How::Measured);
        let section = html! {
            (measured::section(measurement, &result.assumptions, charts)) (note)
        };
        let at = place(sections, "service-level");
        sections.insert(at, ("measured", "Measured", section));
    }
    if let Some(found) = &result.fleet {
        let note = Notes::new("day", result).whole(How::Fleet);
        let section = html! { (fleet::section(result, found, charts)) (note) };
        let at = place(sections, "assumptions");
        sections.insert(at, ("day", "A day of the fleet", section));
    }
}

pub(crate) fn style() -> String {
    let light = chart::style_variables(false);
    let dark = chart::style_variables(true);
    include_str!("html/style.css")
        .replace("/* chart colours: light */", &light)
        .replace("/* chart colours: dark */", &dark)
}
