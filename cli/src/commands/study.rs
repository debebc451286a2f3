//! `tonnage study`: measure, plan, report.

use std::path::{Path, PathBuf};

use clap::Args;
use tonnage_harness::host::Fingerprint;
use tonnage_harness::measurement;

use super::doctor;
use crate::args::{ComputeArguments, OutputArguments, ScenarioArguments};
use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::library::BUILTIN;
use crate::planning::{self, Planned};
use crate::{output, scenario};

const EXAMPLES: &str = "\
Examples:
  tonnage study
  tonnage study coding-agents --output reports/coding
  tonnage study mine.toml --set service_level.start_wait_p99=100ms

The report goes to `tonnage-report/` and the scenario's name, unless --output
says otherwise. Open its report.html in a browser; it needs no network.";

/// Where reports go unless the arguments say otherwise.
const FOLDER: &str = "tonnage-report";

/// Arguments of `tonnage study`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StudyArguments {
    /// File or name of a built-in scenario
    #[arg(default_value = "builtin:us-knowledge-workers.toml")]
    scenario: String,
    #[command(flatten)]
    over: ScenarioArguments,
    #[command(flatten)]
    compute: ComputeArguments,
    #[command(flatten)]
    output: OutputArguments,
}

/// Measures, plans and writes the report.
pub(crate) fn run(arguments: &StudyArguments, console: Console) -> Result<Outcome, Failure> {
    let loaded = scenario::load(&arguments.scenario, &arguments.over, console)?;
    let folder = match &arguments.output.output {
        Some(folder) => folder.clone(),
        None => default_folder(&arguments.scenario),
    };
    output::prepare(&folder)?;
    console.note(&format!(
        "This host\n{}",
        doctor::describe(&Fingerprint::of_this_host())
    ));
    console.note(&measurement::measure().to_string());
    let Planned { result, outcome } = planning::plan(&loaded, &arguments.compute, console)?;
    let command = planning::command(&arguments.scenario, &arguments.over, &arguments.compute);
    let written = output::write(&result, &folder, Some(command))?;
    console::print(&tonnage_reports::terminal::write(&result, console.color()))?;
    console::print(&format!("\nreport: {}\n", written.page().display()))?;
    Ok(outcome)
}

/// A folder named after the scenario.
fn default_folder(scenario: &str) -> PathBuf {
    let name = scenario.strip_prefix(BUILTIN).unwrap_or(scenario);
    let stem = Path::new(name).file_stem().unwrap_or_default();
    Path::new(FOLDER).join(stem)
}
