//! The commands, one file each.

pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod measure;
pub(crate) mod measure_cell;
pub(crate) mod optimize;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod scenarios;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod simulate;
pub(crate) mod size;
pub(crate) mod study;
pub(crate) mod verify;

use crate::args::Command;
use crate::console::Console;
use crate::failure::{Failure, Outcome};

/// Does what was asked.
pub(crate) fn run(command: &Command, console: Console) -> Result<Outcome, Failure> {
    match command {
        Command::Study(arguments) => study::run(arguments, console),
        Command::Measure(arguments) => measure::run(arguments, console),
        Command::MeasureCell => measure_cell::run(),
        Command::Plan(arguments) => plan::run(arguments, console),
        Command::Serve(arguments) => serve::run(arguments, console),
        Command::Simulate(arguments) => simulate::run(arguments, console),
        Command::Size(arguments) => size::run(arguments, console),
        Command::Optimize(arguments) => optimize::run(arguments, console),
        Command::Report(arguments) => report::run(arguments, console),
        Command::Compare(arguments) => compare::run(arguments, console),
        Command::Verify(arguments) => verify::run(arguments, console),
        Command::Scenarios(arguments) => scenarios::run(arguments),
        Command::Explain(arguments) => explain::run(arguments, console),
        Command::Check(arguments) => check::run(arguments, console),
        Command::Schema(arguments) => schema::run(*arguments),
        Command::Doctor(arguments) => doctor::run(arguments, console),
        Command::Completions(arguments) => completions::run(arguments),
    }
}

/// A value as JSON that a person can read too.
fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::system(format!("cannot write this as JSON: {error}")))?;
    Ok(text + "\n")
}
