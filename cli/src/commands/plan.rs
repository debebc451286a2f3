//! `tonnage plan`: from a scenario to the answer.

use clap::Args;
use tonnage_model::scenario::Bundle;

use crate::args::{ComputeArguments, OutputArguments, ScenarioArguments};
use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::planning::{self, Planned};
use crate::{output, scenario};

const EXAMPLES: &str = "\
Examples:
  tonnage plan us-knowledge-workers
  tonnage plan mine.toml --no-simulation
  tonnage plan mine.toml --set segments.staff.people=5000 --set host.speed=1.3
  tonnage plan mine.toml --profile measurement.json --output report
  tonnage plan mine.toml --json > result.json

The same scenario, profile and seed give the same result, byte for byte, on any
number of threads. Ctrl-C keeps what is known by then: tiers that were not yet
simulated are reported as such, and the exit code is 130.";

/// Arguments of `tonnage plan`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PlanArguments {
    /// File or name of a built-in scenario
    scenario: String,
    #[command(flatten)]
    over: ScenarioArguments,
    #[command(flatten)]
    compute: ComputeArguments,
    #[command(flatten)]
    output: OutputArguments,
    /// Print the whole result as JSON in place of the summary
    #[arg(long)]
    json: bool,
}

/// Plans and prints.
pub(crate) fn run(arguments: &PlanArguments, console: Console) -> Result<Outcome, Failure> {
    let loaded = scenario::load(&arguments.scenario, &arguments.over, console)?;
    if let Some(folder) = &arguments.output.output {
        output::prepare(folder)?;
    }
    let Planned { result, outcome } = planning::plan(&loaded, &arguments.compute, console)?;
    if let Some(folder) = &arguments.output.output {
        let command = planning::command(&arguments.scenario, &arguments.over, &arguments.compute);
        let inputs = Bundle::new(&loaded, &planning::options(&arguments.compute), command);
        let written = output::write(&result, folder, Some(inputs))?;
        console.note(&format!("report: {}", written.page().display()));
    }
    let answer = if arguments.json {
        output::json(&result)?
    } else {
        tonnage_reports::terminal::write(&result, console.color())
    };
    console::print(&answer)?;
    Ok(outcome)
}
