//! `tonnage size`: the smallest fleet that is simulated to hold every promise.

use clap::Args;
use tonnage_model::plan::{self, PlanOptions, SizeOptions, SizingEffort};
use tonnage_model::scenario::Bundle;

use crate::args::{OutputArguments, ScenarioArguments, SizingArguments};
use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::planning::{self, Planned};
use crate::{output, scenario};

const EXAMPLES: &str = "\
Examples:
  tonnage size small-company
  tonnage size us-knowledge-workers --plan isolates-first
  tonnage size mine.toml --lost 2 --output report
  tonnage size mine.toml --thorough --json > result.json

Cells are simulated with so many hosts gone, with more and fewer hosts until the
smallest number is known at which every promise is surely kept. What could not
be decided is decided on the safe side, and said. The same scenario, profile
and seed give the same result, byte for byte, on any number of threads. Ctrl-C
keeps what is known by then; the exit code is 130.";

/// Arguments of `tonnage size`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SizeArguments {
    /// File or name of a built-in scenario
    scenario: String,
    #[command(flatten)]
    over: ScenarioArguments,
    /// Plan to size; may be repeated. All plans unless given
    #[arg(long, value_name = "KEY")]
    plan: Vec<String>,
    /// Hosts each cell has lost, in place of `fleet.spare_hosts`
    #[arg(long, value_name = "K")]
    lost: Option<u32>,
    #[command(flatten)]
    sizing: SizingArguments,
    #[command(flatten)]
    output: OutputArguments,
    /// Print the whole result as JSON in place of the summary
    #[arg(long)]
    json: bool,
}

/// Sizes and prints.
pub(crate) fn run(arguments: &SizeArguments, console: Console) -> Result<Outcome, Failure> {
    let mut over = arguments.over.clone();
    if let Some(lost) = arguments.lost {
        over.set.push(format!("fleet.spare_hosts={lost}"));
    }
    let loaded = scenario::load(&arguments.scenario, &over, console)?;
    if let Some(folder) = &arguments.output.output {
        output::prepare(folder)?;
    }
    let options = SizeOptions {
        draws: arguments.sizing.draws,
        effort: arguments.sizing.effort(),
        plans: arguments.plan.clone(),
    };
    let Planned { result, outcome } =
        planning::watched(arguments.sizing.threads, console, |progress| {
            plan::size(&loaded, &options, progress).map_err(|error| planning::impossible(&error))
        })?;
    if let Some(folder) = &arguments.output.output {
        let mut more: Vec<String> = Vec::new();
        for plan in &arguments.plan {
            more.extend(["--plan".to_owned(), plan.clone()]);
        }
        more.extend(arguments.sizing.words());
        let mut command = planning::command_words("size", &arguments.scenario, &over);
        command.extend(more.iter().map(|word| planning::quoted(word)));
        let plan_options = PlanOptions {
            simulate: false,
            draws: options.draws,
        };
        let inputs = Bundle::new(&loaded, &plan_options, command.join(" "));
        let written = output::write(&result, folder, Some(inputs))?;
        console.note(&format!("report: {}", written.page().display()));
    }
    let answer = if arguments.json {
        output::json(&result)?
    } else {
        tonnage_reports::sizing::terminal(&result, console.color())
    };
    console::print(&answer)?;
    Ok(outcome)
}

impl SizingArguments {
    /// The effort they mean.
    pub(crate) fn effort(&self) -> SizingEffort {
        match (self.quick, self.thorough) {
            (true, _) => SizingEffort::Quick,
            (_, true) => SizingEffort::Thorough,
            _ => SizingEffort::Default,
        }
    }

    /// What of them changes the result, as it is written.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(draws) = self.draws {
            words.extend(["--draws".to_owned(), draws.to_string()]);
        }
        if self.quick {
            words.push("--quick".to_owned());
        }
        if self.thorough {
            words.push("--thorough".to_owned());
        }
        words
    }
}
