//! `tonnage scenarios`: the built-in scenarios.

use clap::Args;
use serde::Serialize;
use tonnage_model::scenario::{self, LoadOptions};

use crate::console;
use crate::failure::{Failure, Outcome};
use crate::library::{BUILTIN, Files, shipped_scenarios};
use crate::text;

const EXAMPLES: &str = "\
Examples:
  tonnage scenarios
  tonnage explain us-knowledge-workers      every input of one of them

Use one by its name, or build on it: a scenario file that begins with
  extends = \"builtin:us-knowledge-workers.toml\"
only says what is different.";

/// Arguments of `tonnage scenarios`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ScenariosArguments {
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

/// One built-in scenario.
#[derive(Debug, Serialize)]
struct Listed {
    name: &'static str,
    title: String,
    question: String,
}

/// Lists the built-in scenarios.
pub(crate) fn run(arguments: &ScenariosArguments) -> Result<Outcome, Failure> {
    let mut list = Vec::new();
    for name in shipped_scenarios() {
        let path = format!("{BUILTIN}{name}.toml");
        let loaded = scenario::load(&Files, &path, &LoadOptions::default())?;
        list.push(Listed {
            name,
            title: loaded.scenario.title,
            question: loaded.scenario.question,
        });
    }
    if arguments.json {
        console::print(&super::json(&list)?)?;
        return Ok(Outcome::Done);
    }
    let mut out = String::new();
    for scenario in list {
        out.push_str(scenario.name);
        out.push('\n');
        text::wrap(&mut out, &scenario.title, 2);
        text::wrap(&mut out, &scenario.question, 2);
        out.push('\n');
    }
    console::print(out.trim_end_matches('\n'))?;
    console::print("\n")?;
    Ok(Outcome::Done)
}
