//! `tonnage schema`: the JSON Schema of a file format.

use clap::{Args, ValueEnum};
use schemars::{Schema, schema_for};
use serde_json::{Value, json};
use tonnage_harness::ProfileDocument;
use tonnage_model::measurement::document::Measurement;
use tonnage_model::result::CapacityResult;
use tonnage_model::scenario::{Bundle, ScenarioDocument};

use crate::console;
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
    /// Measurements of a host
    Measurement,
    /// What a result was computed from
    Inputs,
}

/// Prints the schema.
pub(crate) fn run(arguments: SchemaArguments) -> Result<Outcome, Failure> {
    let schema: Schema = match arguments.format {
        Format::Scenario => layered(schema_for!(ScenarioDocument)),
        Format::Profile => schema_for!(ProfileDocument),
        Format::Result => schema_for!(CapacityResult),
        Format::Measurement => schema_for!(Measurement),
        Format::Inputs => schema_for!(Bundle),
    };
    console::print(&super::json(&schema)?)?;
    Ok(Outcome::Done)
}

/// Lets a scenario that extends another one say only what is different. What is missing in the two
/// together is found by `tonnage check`; an editor sees one file.
fn layered(mut schema: Schema) -> Schema {
    let object = schema.ensure_object();
    if let Some(required) = object.remove("required") {
        let whole = json!({ "required": required });
        object.insert(
            "anyOf".to_owned(),
            json!([{ "required": ["extends"] }, whole]),
        );
    }
    if let Some(Value::Object(definitions)) = object.get_mut("$defs") {
        for definition in definitions.values_mut() {
            if let Value::Object(definition) = definition {
                definition.remove("required");
            }
        }
    }
    schema
}
