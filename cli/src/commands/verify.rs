//! `tonnage verify`: whether a report is what its inputs give.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;
use tonnage_model::plan;
use tonnage_model::result::CapacityResult;
use tonnage_model::scenario::{Bundle, Loaded};
use tonnage_reports::{INPUTS_FILE, RESULT_FILE};

use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Document};
use crate::planning::{self, Planned};

const EXAMPLES: &str = "\
Examples:
  tonnage plan us-knowledge-workers --output report
  tonnage verify report

A report keeps the texts it was computed from in inputs.json. They are computed
again, with the same seed, and every number of result.json is compared; then the
report is made again, and every file of it is compared. The exit code is 5 when
something differs.";

/// Differences shown; the rest is counted.
const MOST_SHOWN: usize = 20;

/// Parts of a result that a plan does not have, and the command that computes each.
const OTHER_PARTS: [(&str, &str); 3] = [
    ("fleet", "tonnage simulate"),
    ("sizing", "tonnage size"),
    ("optimum", "tonnage optimize"),
];

/// Words that those commands choose otherwise than a plan.
const WORDS: [&str; 2] = ["answer", "warnings"];

/// Arguments of `tonnage verify`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyArguments {
    /// The folder of a report, or the result.json in it
    #[arg(value_name = "REPORT")]
    report: PathBuf,
    /// Threads to use; all CPUs unless given. The result is the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// Verifies.
pub(crate) fn run(arguments: &VerifyArguments, console: Console) -> Result<Outcome, Failure> {
    let result_path = output::result_in(&arguments.report);
    let result = match output::read(&result_path)? {
        Document::Result(result) => *result,
        Document::Measurement(_) => {
            return Err(Failure::input(format!(
                "`{}` is a measurement: only the host it was made on could repeat it",
                result_path.display()
            ))
            .help("measure again and let `tonnage compare` judge the difference"));
        }
    };
    let Some(inputs) = output::inputs_beside(&result_path)? else {
        return Err(Failure::input(format!(
            "there is no {INPUTS_FILE} beside `{}`: what it was computed from is not known",
            result_path.display()
        ))
        .help("write one with `tonnage plan SCENARIO --output FOLDER`, which keeps it"));
    };
    let loaded = inputs.load()?;
    let version = version_note(&result);
    let computed = match planning::watched(arguments.threads, console, |progress| {
        plan::plan(&loaded, &inputs.plan_options(), progress)
            .map_err(|error| planning::impossible(&error))
    })? {
        Planned {
            outcome: Outcome::Interrupted,
            ..
        } => {
            console.note("stopped before everything was computed: nothing is confirmed");
            return Ok(Outcome::Interrupted);
        }
        Planned { result, .. } => result,
    };
    let not_computed: Vec<&'static str> = OTHER_PARTS
        .iter()
        .filter(|(part, _)| has(&result, part))
        .map(|(_, command)| *command)
        .collect();
    // The files are to show what the inputs give; of what was not computed again, what the result has.
    let shown = if not_computed.is_empty() {
        &computed
    } else {
        &result
    };
    let found = Findings {
        digests: digests(&result, &loaded, &computed),
        numbers: differences(&result, &computed)?,
        files: match (&version, result_path.parent()) {
            // Another version may draw and word the same numbers otherwise.
            (None, Some(folder)) => compare_files(shown, inputs, folder)?,
            _ => Files::default(),
        },
        not_computed,
        version,
    };
    console::print(&found.text(&result))?;
    Ok(if found.confirmed() {
        Outcome::Done
    } else {
        Outcome::Unconfirmed
    })
}

/// What was found.
struct Findings {
    digests: Vec<String>,
    numbers: Vec<String>,
    files: Files,
    not_computed: Vec<&'static str>,
    version: Option<String>,
}

impl Findings {
    fn confirmed(&self) -> bool {
        self.digests.is_empty() && self.numbers.is_empty() && self.files.changed.is_empty()
    }

    fn text(&self, result: &CapacityResult) -> String {
        let mut lines = Vec::new();
        if self.confirmed() {
            lines.push(format!(
                "Confirmed: the inputs give every number of “{}” again, to the last digit.",
                result.scenario.title
            ));
            if self.version.is_none() {
                lines.push(self.files.words());
            }
        } else {
            lines.push(format!(
                "Not confirmed: “{}” is not what its inputs give.",
                result.scenario.title
            ));
        }
        lines.extend(self.version.iter().cloned());
        if !self.not_computed.is_empty() {
            lines.push(format!(
                "Not computed again: what {} found. Run the command in the report's provenance to \
                 repeat it; the numbers of the plan below it were compared.",
                self.not_computed.join(" and ")
            ));
        }
        for (heading, all) in [
            ("Other inputs", &self.digests),
            ("Numbers: in the report, and computed again", &self.numbers),
            ("Files that were changed", &self.files.changed),
        ] {
            if all.is_empty() {
                continue;
            }
            lines.push(format!("{heading}:"));
            lines.extend(all.iter().take(MOST_SHOWN).map(|line| format!("  {line}")));
            if all.len() > MOST_SHOWN {
                lines.push(format!("  and {} more", all.len() - MOST_SHOWN));
            }
        }
        lines.join("\n") + "\n"
    }
}

fn version_note(result: &CapacityResult) -> Option<String> {
    let made_by = &result.provenance.tool_version;
    let this = env!("CARGO_PKG_VERSION");
    (made_by != this).then(|| {
        format!(
            "The report was made by Tonnage {made_by} and this is {this}: numbers may differ for \
             that alone, and its files are not compared."
        )
    })
}

fn digests(result: &CapacityResult, loaded: &Loaded, computed: &CapacityResult) -> Vec<String> {
    let (old, new) = (&result.provenance, &computed.provenance);
    [
        ("scenario", &old.scenario_digest, &new.scenario_digest),
        ("profile", &old.profile_digest, &new.profile_digest),
    ]
    .into_iter()
    .filter(|(_, old, new)| old != new)
    .map(|(what, old, new)| {
        format!(
            "the {what} has the digest {} in the result and {} in {INPUTS_FILE} (`{}`)",
            short(old),
            short(new),
            loaded.path
        )
    })
    .collect()
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn has(result: &CapacityResult, part: &str) -> bool {
    match part {
        "fleet" => result.fleet.is_some(),
        "sizing" => result.sizing.is_some(),
        _ => result.optimum.is_some(),
    }
}

/// Where two results differ, as JSON pointers with both values.
fn differences(result: &CapacityResult, computed: &CapacityResult) -> Result<Vec<String>, Failure> {
    let value = |result: &CapacityResult| {
        serde_json::to_value(result)
            .map_err(|error| Failure::system(format!("cannot write the result: {error}")))
    };
    let (mut old, mut new) = (value(result)?, value(computed)?);
    if OTHER_PARTS.iter().any(|(part, _)| has(result, part)) {
        for document in [&mut old, &mut new] {
            if let Value::Object(parts) = document {
                for part in OTHER_PARTS.iter().map(|(part, _)| part).chain(&WORDS) {
                    parts.shift_remove(*part);
                }
            }
        }
    }
    let mut found = Vec::new();
    compare("", &old, &new, &mut found);
    Ok(found)
}

fn compare(at: &str, old: &Value, new: &Value, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                let other = new.get(key).unwrap_or(&Value::Null);
                compare(&format!("{at}/{key}"), value, other, found);
            }
            for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                compare(&format!("{at}/{key}"), &Value::Null, value, found);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(&format!("{at}/{index}"), old, new, found);
            }
        }
        _ if old == new => {}
        _ => found.push(format!("{at}: {}, {}", brief(old), brief(new))),
    }
}

/// A value in few words.
fn brief(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = match value {
        Value::Null => "nothing".to_owned(),
        Value::Array(values) => format!("a list of {}", values.len()),
        Value::Object(_) => "an entry".to_owned(),
        other => other.to_string(),
    };
    if text.chars().count() <= LONGEST {
        text
    } else {
        text.chars().take(LONGEST).collect::<String>() + "…"
    }
}

/// The files beside a result, held against what a result gives.
#[derive(Default)]
struct Files {
    same: usize,
    changed: Vec<String>,
    /// A result may lie somewhere without the rest of its report.
    missing: usize,
}

impl Files {
    fn words(&self) -> String {
        let missing = match self.missing {
            0 => String::new(),
            missing => format!("; {missing} more of the report are not there"),
        };
        match self.same {
            0 => format!("No other file of the report was compared{missing}."),
            1 => format!("The one file beside it shows just these numbers{missing}."),
            same => format!("The {same} files beside it show just these numbers{missing}."),
        }
    }
}

/// Compares the files of a report's folder with what a result gives.
fn compare_files(result: &CapacityResult, inputs: Bundle, folder: &Path) -> Result<Files, Failure> {
    let made = tonnage_reports::files(result, &output::report_options(Some(inputs)))
        .map_err(|error| Failure::system(error.to_string()))?;
    let mut files = Files::default();
    for (path, bytes) in made {
        // Its numbers were compared one by one.
        if path == RESULT_FILE {
            continue;
        }
        match fs::read(folder.join(&path)) {
            Ok(found) if found == bytes => files.same += 1,
            Ok(_) => files.changed.push(format!("{path}: it was changed")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => files.missing += 1,
            Err(error) => {
                let line = format!("{path}: cannot be read: {}", error.kind());
                files.changed.push(line);
            }
        }
    }
    Ok(files)
}
