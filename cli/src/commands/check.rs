//! `tonnage check`: reads scenarios and says what is wrong with them.

use clap::Args;

use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::scenario::load_as_written;
use crate::text;

const EXAMPLES: &str = "\
Examples:
  tonnage check mine.toml
  tonnage check scenarios/*.toml

Every problem is shown with its place, all in one go. The exit code is 2 if any
scenario cannot be used.";

/// Arguments of `tonnage check`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArguments {
    /// Files or names of built-in scenarios
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<String>,
}

/// Checks every scenario, the ones after a bad one too.
pub(crate) fn run(arguments: &CheckArguments, console: Console) -> Result<Outcome, Failure> {
    let mut bad = 0;
    for name in &arguments.scenarios {
        match load_as_written(name, console) {
            Ok(loaded) => {
                let title = text::printable(&loaded.scenario.title);
                console::print(&format!("{name}: good ({title})\n"))?;
            }
            Err(failure) => {
                console.failure(&failure);
                bad += 1;
            }
        }
    }
    if bad == 0 {
        return Ok(Outcome::Done);
    }
    Err(Failure::input(format!(
        "{bad} of {} scenarios cannot be used",
        arguments.scenarios.len()
    )))
}
