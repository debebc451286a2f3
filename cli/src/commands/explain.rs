//! `tonnage explain`: every input of a scenario and where it comes from.

mod document;
mod page;

use clap::Args;

use crate::args::ScenarioArguments;
use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::scenario::load;

const EXAMPLES: &str = "\
Examples:
  tonnage explain us-knowledge-workers
  tonnage explain mine.toml --set host.vcpus=64
  tonnage explain mine.toml --json | jq '.inputs[] | select(.uncertain) | .key'";

/// Arguments of `tonnage explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExplainArguments {
    /// File or name of a built-in scenario
    scenario: String,
    #[command(flatten)]
    over: ScenarioArguments,
    /// Print the same as JSON
    #[arg(long)]
    json: bool,
}

/// Shows the scenario as the model sees it.
pub(crate) fn run(arguments: &ExplainArguments, console: Console) -> Result<Outcome, Failure> {
    let loaded = load(&arguments.scenario, &arguments.over, console)?;
    let explained = document::explain(&loaded);
    let out = if arguments.json {
        super::json(&explained)?
    } else {
        page::page(&explained)
    };
    console::print(&out)?;
    Ok(Outcome::Done)
}
