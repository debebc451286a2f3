//! `tonnage compare`: what changed between two results or two measurements.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use tonnage_model::measurement::document::Measurement;
use tonnage_model::result::CapacityResult;
use tonnage_reports::compare::{
    BindingChange, Comparison, InputChange, OutputChange, Side, compare, measurement as shown,
};

use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Document};

const EXAMPLES: &str = "\
Examples:
  tonnage plan mine.toml --json > before.json
  tonnage plan mine.toml --json --set host.vcpus=192 > after.json
  tonnage compare before.json after.json
  tonnage compare before.json after.json --markdown > change.md
  tonnage compare old/measurement.json new/measurement.json
  tonnage compare old/measurement.json new/measurement.json --fail-on-regression=10

The exit code is 0 whether the two differ or not. With --exit-code it is 3 when
they do. With --fail-on-regression it is 4 when a figure of a measurement is
shown to be worse, or a technology failed that had numbers before.";

/// Arguments of `tonnage compare`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompareArguments {
    /// The result or measurement before
    #[arg(value_name = "A")]
    before: PathBuf,
    /// The result or measurement after
    #[arg(value_name = "B")]
    after: PathBuf,
    /// Print the comparison as JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print the comparison as Markdown
    #[arg(long)]
    markdown: bool,
    /// Exit with 3 when the two differ
    #[arg(long)]
    exit_code: bool,
    /// Exit with 4 when a measurement got worse, by more than so many per cent if given
    ///
    /// What got worse is listed on standard error. Without a percentage any worsening counts that
    /// is shown; in many figures some are shown by chance alone, so give one.
    #[arg(
        long,
        value_name = "PERCENT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "0",
        value_parser = percentage
    )]
    fail_on_regression: Option<f64>,
}

/// Compares two results or two measurements.
pub(crate) fn run(arguments: &CompareArguments, console: Console) -> Result<Outcome, Failure> {
    let before = output::read(&arguments.before)?;
    let after = output::read(&arguments.after)?;
    match (before, after) {
        (Document::Result(before), Document::Result(after)) => {
            results(&before, &after, arguments, console)
        }
        (Document::Measurement(before), Document::Measurement(after)) => {
            measurements(&before, &after, arguments, console)
        }
        (Document::Result(_), Document::Measurement(_)) => {
            Err(mixed(&arguments.before, &arguments.after))
        }
        (Document::Measurement(_), Document::Result(_)) => {
            Err(mixed(&arguments.after, &arguments.before))
        }
    }
}

fn mixed(result: &Path, measurement: &Path) -> Failure {
    Failure::input(format!(
        "`{}` is the result of a plan and `{}` is a measurement: there is nothing to compare",
        result.display(),
        measurement.display()
    ))
    .help("compare two results, or two measurements")
}

fn results(
    before: &CapacityResult,
    after: &CapacityResult,
    arguments: &CompareArguments,
    console: Console,
) -> Result<Outcome, Failure> {
    if arguments.fail_on_regression.is_some() {
        return Err(Failure::input(
            "--fail-on-regression is for two measurements; these are results of plans",
        )
        .help("use --exit-code to be told whether two results differ"));
    }
    let comparison = compare(before, after);
    let text = if arguments.json {
        super::json(&document(&comparison))?
    } else if arguments.markdown {
        comparison.markdown()
    } else {
        comparison.text(console.color())
    };
    console::print(&text)?;
    Ok(if arguments.exit_code && !comparison.is_same() {
        Outcome::Differs
    } else {
        Outcome::Done
    })
}

fn measurements(
    before: &Measurement,
    after: &Measurement,
    arguments: &CompareArguments,
    console: Console,
) -> Result<Outcome, Failure> {
    let comparison = tonnage_model::measurement::compare::compare(before, after);
    let text = if arguments.json {
        super::json(&comparison)?
    } else if arguments.markdown {
        shown::markdown(&comparison)
    } else {
        shown::text(&comparison, console.color(), console::width())
    };
    console::print(&text)?;
    if let Some(percent) = arguments.fail_on_regression {
        let worse = shown::regressions(&comparison, percent / 100.0);
        for line in &worse {
            console.note(&format!("worse: {line}"));
        }
        if !worse.is_empty() {
            return Ok(Outcome::Worse);
        }
        // A check that looks at nothing must not pass.
        if comparison.comparable() == 0 {
            return Err(Failure::input(
                "the two measurements have no figure in common, so nothing could get worse",
            )
            .help("measure the same technologies on both sides"));
        }
    }
    Ok(if arguments.exit_code && comparison.differs() {
        Outcome::Differs
    } else {
        Outcome::Done
    })
}

/// A percentage that something may get worse by.
fn percentage(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text);
    match number.parse::<f64>() {
        Ok(percent) if percent.is_finite() && percent >= 0.0 => Ok(percent),
        _ => Err("it must be a number of per cent, such as 10".to_owned()),
    }
}

fn document(comparison: &Comparison) -> Value {
    json!({
        "before": side(&comparison.before),
        "after": side(&comparison.after),
        "same": comparison.is_same(),
        "scenario_changed": comparison.scenario_changed,
        "profile_changed": comparison.profile_changed,
        "method_changes": comparison.method_changes,
        "plans_removed": comparison.plans_removed,
        "plans_added": comparison.plans_added,
        "inputs": comparison.inputs.iter().map(input).collect::<Value>(),
        "outputs": comparison.outputs.iter().map(output).collect::<Value>(),
        "bindings": comparison.bindings.iter().map(binding).collect::<Value>(),
    })
}

fn side(side: &Side) -> Value {
    json!({
        "title": side.title,
        "scenario_digest": side.scenario_digest,
        "profile_digest": side.profile_digest,
        "profile_title": side.profile_title,
        "tool_version": side.tool_version,
        "answer": side.answer,
    })
}

fn input(change: &InputChange) -> Value {
    json!({
        "subject": change.subject,
        "key": change.key,
        "before": change.before,
        "after": change.after,
        "weight": change.weight,
    })
}

fn output(change: &OutputChange) -> Value {
    json!({
        "name": change.name,
        "unit": change.unit,
        "before": change.before,
        "after": change.after,
        "ratio": change.ratio,
        "movement": change.movement.words(),
    })
}

fn binding(change: &BindingChange) -> Value {
    json!({
        "plan": change.plan,
        "tier": change.tier,
        "before": { "technology": change.before.0, "binding": change.before.1 },
        "after": { "technology": change.after.0, "binding": change.after.1 },
    })
}
