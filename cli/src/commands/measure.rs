//! `tonnage measure`: what sandbox technologies cost on this host.

use std::path::{Path, PathBuf};

use clap::Args;
use tonnage_harness::conductor::{Conduct, ConductError};
use tonnage_harness::effort::Effort;
use tonnage_harness::log::LogError;
use tonnage_harness::measurement::{self, MeasureError, Measured, Request};
use tonnage_harness::technology::{Role, registry};
use tonnage_model::measurement::document::Measurement;

use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::measuring::Meter;
use crate::{output, planning};

const EXAMPLES: &str = "\
Examples:
  tonnage measure                              everything usable here, under a quarter of an hour
  tonnage measure --quick                      orders of magnitude, some five minutes
  tonnage measure v8-isolate container-runc --thorough
  tonnage measure --resume                     go on where a run was stopped
  tonnage plan us-knowledge-workers --profile tonnage-measurement/measurement.json

`tonnage doctor` says what can be measured here, and what would enable the rest.
Written to the folder: measurement.json (a profile for `--profile`, and what
`tonnage compare` compares), samples.jsonl (every raw sample, as it came) and
samples.parquet (the same as a table). Containers and control groups need root;
without it they are left out and say so. An idle host gives the best numbers.";

/// Where a measurement goes unless the arguments say otherwise.
pub(crate) const FOLDER: &str = "tonnage-measurement";

/// Arguments of `tonnage measure`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MeasureArguments {
    /// Technologies to measure; all that are usable here if none is named
    #[arg(value_name = "TECHNOLOGY")]
    technologies: Vec<String>,
    #[command(flatten)]
    effort: EffortArguments,
    /// Seed of the order of blocks
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Folder for the measurement; made if it is not there
    #[arg(long, short, value_name = "DIR", default_value = FOLDER)]
    output: PathBuf,
    /// Go on with the run that was stopped, in the same folder
    #[arg(long, conflicts_with_all = ["technologies", "quick", "thorough", "seed"])]
    resume: bool,
    /// Seconds beyond its share of time after which something that hangs is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = seconds)]
    patience: f64,
    /// Print the measurement as JSON in place of the table
    #[arg(long)]
    json: bool,
}

/// How much time a measurement takes.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct EffortArguments {
    /// Some three seconds for each technology: orders of magnitude
    #[arg(long, conflicts_with = "thorough")]
    pub(crate) quick: bool,
    /// Half an hour and more: narrow intervals
    #[arg(long)]
    pub(crate) thorough: bool,
}

impl EffortArguments {
    /// The effort they mean.
    pub(crate) fn effort(self) -> Effort {
        match (self.quick, self.thorough) {
            (true, _) => Effort::Quick,
            (_, true) => Effort::Thorough,
            _ => Effort::Default,
        }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (1.0..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("give seconds, from 1 to 86400".to_owned()),
    }
}

/// Measures and prints.
pub(crate) fn run(arguments: &MeasureArguments, console: Console) -> Result<Outcome, Failure> {
    let (measurement, outcome) = measure(
        &Wanted {
            technologies: arguments.technologies.clone(),
            effort: arguments.effort.effort(),
            seed: arguments.seed,
            folder: arguments.output.clone(),
            resume: arguments.resume,
            patience: arguments.patience,
        },
        console,
    )?;
    if arguments.json {
        console::print(&super::json(&measurement)?)?;
    } else {
        console::print(&tonnage_reports::measurement::terminal(
            &measurement,
            console.color(),
            console::width(),
        ))?;
    }
    Ok(outcome)
}

/// What is to be measured.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// Technologies by name; all if none is named.
    pub(crate) technologies: Vec<String>,
    /// How much time it may take.
    pub(crate) effort: Effort,
    /// The seed.
    pub(crate) seed: u64,
    /// Where it goes.
    pub(crate) folder: PathBuf,
    /// Whether to go on with what is there.
    pub(crate) resume: bool,
    /// Seconds until something that hangs is given up.
    pub(crate) patience: f64,
}

/// Measures, and writes everything to the folder.
pub(crate) fn measure(
    wanted: &Wanted,
    console: Console,
) -> Result<(Measurement, Outcome), Failure> {
    output::prepare(&wanted.folder)?;
    let program = std::env::current_exe().map_err(|error| {
        Failure::system(format!("cannot find this program's own file: {error}"))
    })?;
    let request = Request {
        technologies: wanted.technologies.clone(),
        effort: wanted.effort,
        seed: wanted.seed,
        command: command(wanted),
        folder: wanted.folder.clone(),
        resume: wanted.resume,
        conduct: Conduct {
            child: vec![program.into(), "measure-cell".into()],
            patience: wanted.patience,
        },
    };
    let interrupt = Interrupt::listen()?;
    let meter = Meter::new(console, interrupt.clone());
    let measured = measurement::measure(&request, &meter);
    drop(meter);
    let Measured {
        measurement,
        raw,
        swept,
    } = measured.map_err(|error| failure(error, &wanted.folder))?;
    if !swept.is_empty() {
        console.note(&format!(
            "cleared up what {} killed earlier left behind",
            match swept.len() {
                1 => "a run that was".to_owned(),
                runs => format!("{runs} runs that were"),
            }
        ));
    }
    output::write_samples(&raw, &wanted.folder)?;
    let outcome = if interrupt.asked() {
        console.note(&format!(
            "stopped; go on with `tonnage measure --resume --output {}`",
            planning::quoted(&wanted.folder.to_string_lossy())
        ));
        Outcome::Interrupted
    } else {
        Outcome::Done
    };
    console.note(&format!(
        "measurement: {}",
        measurement::measurement_in(&wanted.folder).display()
    ));
    Ok((measurement, outcome))
}

/// The command that measures the same again.
fn command(wanted: &Wanted) -> String {
    let mut words = vec!["tonnage".to_owned(), "measure".to_owned()];
    words.extend(
        wanted
            .technologies
            .iter()
            .map(|name| planning::quoted(name)),
    );
    match wanted.effort {
        Effort::Quick => words.push("--quick".to_owned()),
        Effort::Thorough => words.push("--thorough".to_owned()),
        Effort::Default => {}
    }
    words.push(format!("--seed {}", wanted.seed));
    words.join(" ")
}

/// There is no technology of that name; which one may be meant.
pub(crate) fn unknown_technology(name: &str) -> Failure {
    let known: Vec<String> = registry()
        .iter()
        .map(|technology| technology.description())
        .filter(|technology| technology.role != Role::KnownAnswer)
        .map(|technology| technology.id)
        .collect();
    let nearest = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .min()
        .filter(|(distance, known)| *distance <= 1 + known.len() / 3);
    let help = match nearest {
        Some((_, known)) => format!("did you mean `{known}`?"),
        None => format!("there are: {}", known.join(", ")),
    };
    Failure::input(format!("there is no technology `{name}`")).help(help)
}

fn failure(error: MeasureError, folder: &Path) -> Failure {
    let shown = folder.display();
    match error {
        MeasureError::Unknown { name } => unknown_technology(&name),
        MeasureError::NothingToResume(_) => Failure::input(error.to_string())
            .help("give the folder of the run that was stopped with --output"),
        MeasureError::Log(LogError::Content { .. }) => Failure::input(error.to_string())
            .help("a run is resumed from its own samples.jsonl; without --resume a new one begins"),
        MeasureError::Log(_)
        | MeasureError::File { .. }
        | MeasureError::Conduct(ConductError::Log(_)) => {
            Failure::system(error.to_string()).help(format!(
                "what was measured until then is in {shown}; when there is room, \
                 `tonnage measure --resume` goes on"
            ))
        }
        MeasureError::Conduct(_) => Failure::system(error.to_string()),
    }
}
