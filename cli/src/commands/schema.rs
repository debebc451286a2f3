//! `tonnage schema`: the JSON Schema of a file format.

use clap::{Args, ValueEnum};
use schemars::{Schema, schema_for};
use tonnage_harness::ProfileDocument;
use tonnage_model::result::CapacityResult;
use tonnage_model::scenario::ScenarioDocument;

use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};

const EXAMPLES: &str = "\
Examples:
  tonnage schema > scenario.schema.json
  tonnage schema result > result.schema.json

An editor that reads `#:schema scenario.schema.json` in the first line of a
scenario completes its keys and shows mistakes while you write.";

/// Arguments of `tonnage schema`.
#[derive(Debug, Clone, Copy, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SchemaArguments {
    /// The file format
    #[arg(default_value = "scenario")]
    format: Format,
}

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Scenarios, as a person writes them
    Scenario,
    /// Profiles of technologies
    Profile,
    /// Results of a plan
    Result,
}

/// Prints the schema.
pub(crate) fn run(arguments: SchemaArguments, console: Console) -> Result<Outcome, Failure> {
    let schema: Schema = match arguments.format {
        Format::Scenario => schema_for!(ScenarioDocument),
        Format::Profile => schema_for!(ProfileDocument),
        Format::Result => schema_for!(CapacityResult),
    };
    console::print(&super::json(&schema)?)?;
    Ok(Outcome::Done)
}
