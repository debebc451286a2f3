//! A whole report of what the page shows, in a folder of its own below the one given at the start.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use serde::Serialize;
use tonnage_model::plan;
use tonnage_model::scenario::Bundle;

use super::Explorer;
use super::answer::{self, Asked};
use super::message::Message;
use super::narration::in_time;
use super::watch::Watch;
use crate::args::{ComputeArguments, ScenarioArguments};
use crate::failure::Failure;
use crate::{output, planning};

/// Most reports below one folder.
const MOST: u32 = 999;

/// A report that was written.
#[derive(Debug, Serialize)]
pub(super) struct Written {
    /// The page to open first.
    page: String,
}

/// Where reports go.
pub(super) fn folder(explorer: &Explorer) -> Result<&Path, Message> {
    explorer.options.output.as_deref().ok_or_else(|| {
        Message::from(
            Failure::input("there is no folder for reports")
                .help("start the explorer with --output DIR"),
        )
        .with_status(StatusCode::CONFLICT)
    })
}

/// Plans all that a report shows, and writes it.
pub(super) fn export(
    explorer: &Explorer,
    asked: &Asked,
    watch: &Watch,
) -> Result<Written, Message> {
    let below = folder(explorer)?;
    let loaded = answer::load(explorer, asked)?;
    let options = explorer.plan_options(asked.simulate);
    let result = explorer
        .simulating
        .install(|| plan::plan(&loaded, &options, watch))
        .map_err(|error| planning::impossible(&error))?;
    in_time(watch)?;
    let over = ScenarioArguments {
        set: loaded.options.overrides.clone(),
        ..explorer.options.over.clone()
    };
    let compute = ComputeArguments {
        draws: explorer.options.draws,
        no_simulation: !asked.simulate,
        threads: None,
    };
    let command = planning::command(&explorer.options.scenario, &over, &compute);
    let inputs = Bundle::new(&loaded, &options, command);
    let written = output::write(&result, &make(below)?, Some(inputs))?;
    let page = written.page().display().to_string();
    explorer.console.note(&format!("report: {page}"));
    Ok(Written { page })
}

/// Makes the next folder. Its name is a number: nothing of it comes from the page.
fn make(below: &Path) -> Result<PathBuf, Failure> {
    for number in 1..=MOST {
        let folder = below.join(format!("explorer-{number:03}"));
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                let shown = folder.display();
                return Err(Failure::system(format!(
                    "cannot make the folder `{shown}`: {}",
                    error.kind()
                ))
                .help("start the explorer with --output and a folder you may write to"));
            }
        }
    }
    let shown = below.display();
    Err(Failure::input(format!(
        "`{shown}` has {MOST} reports of the explorer already"
    ))
    .help("move some of them away, or start the explorer with another --output"))
}

#[cfg(test)]
mod tests {
    use super::make;

    #[test]
    fn every_report_has_a_folder_of_its_own() {
        let below = tempfile::tempdir().expect("a folder");
        let first = make(below.path()).expect("a folder");
        let second = make(below.path()).expect("a folder");
        assert_eq!(first, below.path().join("explorer-001"));
        assert_eq!(second, below.path().join("explorer-002"));
    }
}
