//! How the numbers came to be, how to make them again, and the files beside the page.

use maud::{Markup, html};
use tonnage_model::result::CapacityResult;

use super::parts::heading;
use crate::view;
use crate::write::{Planned, ReportOptions};

pub(super) fn section(result: &CapacityResult, options: &ReportOptions) -> Markup {
    let provenance = &result.provenance;
    html! {
        (heading("provenance", "Provenance and the exact command"))
        @match &options.command {
            Some(command) => {
                p { "The command that made this result:" }
                pre tabindex="0" { code { (command) } }
            }
            None => {
                p {
                    "The command that makes this result again. The files are named by what they "
                    "hold, not by where they lay: the digests below tell whether you have the same."
                }
                pre tabindex="0" { code { (view::command(result)) } }
            }
        }
        dl.provenance {
            dt { "Tonnage" } dd { (provenance.tool_version) }
            dt { "Scenario, SHA-256" } dd { code { (provenance.scenario_digest) } }
            dt { "Profile, SHA-256" } dd { code { (provenance.profile_digest) } }
            dt { "Profile" } dd { (provenance.profile_title) }
            dt { "Seed" } dd { (provenance.seed) }
            dt { "Draws over uncertain inputs" } dd { (provenance.draws) }
            dt { "Replications of each simulated cell" }
            dd {
                @if provenance.replications == 0 { "none: simulation was left out" }
                @else { (provenance.replications) }
            }
            dt { "Overrides" }
            dd {
                @if provenance.overrides.is_empty() { "none" }
                @else { @for change in &provenance.overrides { code { (change) } " " } }
            }
            dt { "Result format" } dd { (result.format) }
        }
    }
}

pub(super) fn downloads(files: &[Planned]) -> Markup {
    let mut groups: Vec<&str> = Vec::new();
    for file in files {
        if !groups.contains(&file.group) {
            groups.push(file.group);
        }
    }
    html! {
        (heading("downloads", "Downloads"))
        p { "The same numbers in files beside this page." }
        div.downloads {
            @for group in groups {
                div {
                    h3 { (group) }
                    ul {
                        @for file in files.iter().filter(|file| file.group == group) {
                            li { a href=(file.path) { (file.path) } small { (file.about) } }
                        }
                    }
                }
            }
        }
    }
}
