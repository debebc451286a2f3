//! `tonnage compare`: what changed between two results.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use tonnage_reports::compare::{
    BindingChange, Comparison, InputChange, OutputChange, Side, compare,
};

use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::output;

const EXAMPLES: &str = "\
Examples:
  tonnage plan mine.toml --json > before.json
  tonnage plan mine.toml --json --set host.vcpus=192 > after.json
  tonnage compare before.json after.json
  tonnage compare before.json after.json --markdown > change.md

The exit code is 0 whether the results differ or not; with --exit-code it is 3
when they do.";

/// Arguments of `tonnage compare`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompareArguments {
    /// The result before
    #[arg(value_name = "A")]
    before: PathBuf,
    /// The result after
    #[arg(value_name = "B")]
    after: PathBuf,
    /// Print the comparison as JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print the comparison as Markdown
    #[arg(long)]
    markdown: bool,
    /// Exit with 3 when the results differ
    #[arg(long)]
    exit_code: bool,
}

/// Compares two results.
pub(crate) fn run(arguments: &CompareArguments, console: Console) -> Result<Outcome, Failure> {
    let before = output::read(&arguments.before)?;
    let after = output::read(&arguments.after)?;
    let comparison = compare(&before, &after);
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
