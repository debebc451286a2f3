//! `tonnage report`: the report of a result or a measurement, again.

use std::path::PathBuf;

use clap::Args;

use crate::args::OutputArguments;
use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Document};

const EXAMPLES: &str = "\
Examples:
  tonnage report result.json                       the summary, on the terminal
  tonnage report result.json --output report       everything, in a folder
  tonnage report measurement.json --output tables  measurement.md and .csv";

/// Arguments of `tonnage report`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReportArguments {
    /// A result: what `tonnage plan --json` prints, or the result.json of a report; or the
    /// measurement.json of a measurement
    #[arg(value_name = "RESULT.json")]
    result: PathBuf,
    #[command(flatten)]
    output: OutputArguments,
}

/// Writes the report.
pub(crate) fn run(arguments: &ReportArguments, console: Console) -> Result<Outcome, Failure> {
    let document = output::read(&arguments.result)?;
    let folder = arguments.output.output.as_deref();
    if let Some(folder) = folder {
        output::prepare(folder)?;
    }
    let text = match &document {
        Document::Result(result) => {
            if let Some(folder) = folder {
                let inputs = output::inputs_beside(&arguments.result)?;
                let written = output::write(result, folder, inputs)?;
                console.note(&format!("report: {}", written.page().display()));
            }
            tonnage_reports::terminal::write(result, console.color())
        }
        Document::Measurement(measurement) => {
            if let Some(folder) = folder {
                let written = output::write_measurement(measurement, folder)?;
                for file in &written.files {
                    console.note(&format!(
                        "{}: {}",
                        file.about,
                        folder.join(&file.path).display()
                    ));
                }
            }
            let color = console.color();
            tonnage_reports::measurement::terminal(measurement, color, console::width())
        }
    };
    console::print(&text)?;
    Ok(Outcome::Done)
}
