//! `tonnage study`: measure, plan, report.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use tonnage_harness::effort::Effort;
use tonnage_harness::host::Fingerprint;
use tonnage_harness::measurement::{examine, measurement_in};
use tonnage_harness::technology::Verdict;
use tonnage_model::measurement::document::{Host, Measurement};
use tonnage_model::scenario::Bundle;

use super::doctor;
use super::measure::{self, EffortArguments, Wanted};
use crate::args::{ComputeArguments, OutputArguments, ScenarioArguments};
use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::library::{self, BUILTIN};
use crate::planning::{self, Planned};
use crate::{output, scenario};

const EXAMPLES: &str = "\
Examples:
  tonnage study
  tonnage study --quick
  tonnage study coding-agents --output reports/coding
  tonnage study mine.toml --no-measuring --set service_level.start_wait_p99=100ms

The report goes to `tonnage-report/` and the scenario's name, unless --output
says otherwise. Open its report.html in a browser; it needs no network. The
measurement goes to `tonnage-measurement/` and serves every study of a week.";

/// Where reports go unless the arguments say otherwise.
const FOLDER: &str = "tonnage-report";

/// Days for which a measurement is fresh.
const FRESH: u64 = 7;

/// What has to be the same on a host for a measurement to be of this host.
const IDENTITY: [&str; 5] = ["CPU", "vCPUs", "virtual machine", "memory", "kernel"];

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
    effort: EffortArguments,
    /// Measure even if there is a fresh measurement of this host
    #[arg(long, conflicts_with_all = ["no_measuring", "profile"])]
    measure: bool,
    /// Plan from the scenario's own profile, without measuring
    #[arg(long, conflicts_with_all = ["quick", "thorough"])]
    no_measuring: bool,
    #[command(flatten)]
    compute: ComputeArguments,
    #[command(flatten)]
    output: OutputArguments,
}

/// Measures, plans and writes the report.
pub(crate) fn run(arguments: &StudyArguments, console: Console) -> Result<Outcome, Failure> {
    // Before minutes are spent on measuring, the scenario has to be a good one.
    scenario::load(&arguments.scenario, &arguments.over, console)?;
    let folder = match &arguments.output.output {
        Some(folder) => folder.clone(),
        None => default_folder(&arguments.scenario),
    };
    output::prepare(&folder)?;
    let host = Fingerprint::of_this_host();
    console.note(&format!("This host\n{}", doctor::describe(&host)));
    let mut over = arguments.over.clone();
    match profile(arguments, &host.to_host(), console)? {
        Profile::OfScenario => {}
        Profile::Measured(path) => over.profile = Some(path.to_string_lossy().into_owned()),
        Profile::Stopped => return Ok(Outcome::Interrupted),
    }
    let loaded = scenario::load(&arguments.scenario, &over, console)?;
    let Planned { result, outcome } = planning::plan(&loaded, &arguments.compute, console)?;
    let command = planning::command(&arguments.scenario, &over, &arguments.compute);
    let inputs = Bundle::new(&loaded, &planning::options(&arguments.compute), command);
    let written = output::write(&result, &folder, Some(inputs))?;
    console::print(&tonnage_reports::terminal::write(&result, console.color()))?;
    console::print(&format!("\nreport: {}\n", written.page().display()))?;
    Ok(outcome)
}

/// What a study plans from.
enum Profile {
    /// The scenario's own profile, or the one that was named.
    OfScenario,
    /// A measurement of this host.
    Measured(PathBuf),
    /// The user stopped the measurement.
    Stopped,
}

fn profile(arguments: &StudyArguments, host: &Host, console: Console) -> Result<Profile, Failure> {
    if arguments.over.profile.is_some() {
        console.note("nothing is measured: planning from the profile that was given");
        return Ok(Profile::OfScenario);
    }
    if arguments.no_measuring {
        console.note("nothing is measured: planning from the scenario's profile");
        return Ok(Profile::OfScenario);
    }
    let folder = Path::new(measure::FOLDER);
    let path = measurement_in(folder);
    let effort = arguments.effort.effort();
    if !arguments.measure
        && let Some(days) = fresh(&path, host, effort)
    {
        console.note(&format!(
            "planning from the measurement in {}, of this host and {}; --measure measures again",
            path.display(),
            match days {
                0 => "less than a day old".to_owned(),
                1 => "a day old".to_owned(),
                days => format!("{days} days old"),
            }
        ));
        return Ok(Profile::Measured(path));
    }
    let wanted = Wanted {
        technologies: Vec::new(),
        effort,
        seed: 1,
        folder: folder.to_owned(),
        resume: false,
        patience: 60.0,
    };
    let (measurement, outcome) = measure::measure(&wanted, console)?;
    if outcome == Outcome::Interrupted {
        return Ok(Profile::Stopped);
    }
    console.note(&tonnage_reports::measurement::terminal(
        &measurement,
        false,
        console::width(),
    ));
    Ok(Profile::Measured(path))
}

/// How many days old a measurement is, if a study can use it: of this host, by this version, with
/// everything that can be measured now, and made with at least that effort.
fn fresh(path: &Path, host: &Host, effort: Effort) -> Option<u64> {
    let text = library::read_file(path).ok()?;
    let measurement = Measurement::read(&text).ok()?;
    let run = &measurement.run;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let days = now.checked_sub(run.started)? / 86_400;
    let rank = |word: &str| {
        [Effort::Quick, Effort::Default, Effort::Thorough]
            .iter()
            .position(|effort| effort.word() == word)
    };
    let measured: BTreeSet<&str> = measurement
        .rows
        .iter()
        .map(|row| row.technology.id.as_str())
        .collect();
    let has_everything = examine().iter().all(|(technology, verdict)| {
        matches!(verdict, Verdict::NotHere { .. }) || measured.contains(technology.id.as_str())
    });
    let is_usable = run.complete
        && run.version == env!("CARGO_PKG_VERSION")
        && days < FRESH
        && rank(&run.effort) >= rank(effort.word())
        && IDENTITY
            .iter()
            .all(|name| fact(&measurement.host, name) == fact(host, name))
        && has_everything;
    is_usable.then_some(days)
}

fn fact<'a>(host: &'a Host, name: &str) -> Option<&'a str> {
    let fact = host.facts.iter().find(|fact| fact.name == name)?;
    Some(&fact.value)
}

/// A folder named after the scenario.
fn default_folder(scenario: &str) -> PathBuf {
    let name = scenario.strip_prefix(BUILTIN).unwrap_or(scenario);
    let stem = Path::new(name).file_stem().unwrap_or_default();
    Path::new(FOLDER).join(stem)
}
