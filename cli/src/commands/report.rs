//! `tonnage report`: the report of a result, again.

use std::path::PathBuf;

use clap::Args;

use crate::args::OutputArguments;
use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::output;

const EXAMPLES: &str = "\
Examples:
  tonnage report result.json                       the summary, on the terminal
  tonnage report result.json --output report       everything, in a folder";

/// Arguments of `tonnage report`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReportArguments {
    /// A result: what `tonnage plan --json` prints, or the result.json of a report
    #[arg(value_name = "RESULT.json")]
    result: PathBuf,
    #[command(flatten)]
    output: OutputArguments,
}

/// Writes the report.
pub(crate) fn run(arguments: &ReportArguments, console: Console) -> Result<Outcome, Failure> {
    let result = output::read(&arguments.result)?;
    if let Some(folder) = &arguments.output.output {
        output::prepare(folder)?;
        let written = output::write(&result, folder, None)?;
        console.note(&format!("report: {}", written.page().display()));
    }
    console::print(&tonnage_reports::terminal::write(&result, console.color()))?;
    Ok(Outcome::Done)
}
