//! `tonnage compare`: what changed between two results or two measurements.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use tonnage_model::measurement::document::Measurement;
use tonnage_model::plan::contributions;
use tonnage_model::result::CapacityResult;
use tonnage_model::scenario::Bundle;
use tonnage_reports::INPUTS_FILE;
use tonnage_reports::compare::{
    BindingChange, Comparison, InputChange, OutputChange, Side, Waterfall, compare,
    measurement as shown, page, several,
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
  tonnage compare report-2025 report-2026 report-2027 --output changes
  tonnage compare old/measurement.json new/measurement.json
  tonnage compare old/measurement.json new/measurement.json --fail-on-regression=10

Folders of reports hold what their results were computed from, so that the
contribution of each changed input can be worked out; single files do not.

The exit code is 0 whether the two differ or not. With --exit-code it is 3 when
they do. With --fail-on-regression it is 4 when a figure of a measurement is
shown to be worse, or a technology failed that had numbers before.";

/// Arguments of `tonnage compare`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompareArguments {
    /// The result or measurement before, or the folder of a report
    #[arg(value_name = "A")]
    before: PathBuf,
    /// The result or measurement after, or the folder of a report
    #[arg(value_name = "B")]
    after: PathBuf,
    /// More results, each compared with the first
    #[arg(value_name = "C")]
    more: Vec<PathBuf>,
    /// Print the comparison as JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print the comparison as Markdown
    #[arg(long)]
    markdown: bool,
    /// Write the comparison of results as a page, as Markdown and as JSON into a folder
    #[arg(long, short, value_name = "FOLDER")]
    output: Option<PathBuf>,
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

/// Compares results or two measurements.
pub(crate) fn run(arguments: &CompareArguments, console: Console) -> Result<Outcome, Failure> {
    let mut results = Vec::new();
    let mut found = Vec::new();
    let paths = [&arguments.before, &arguments.after]
        .into_iter()
        .chain(&arguments.more);
    for path in paths {
        match output::read(path)? {
            Document::Result(result) => results.push((path, result)),
            Document::Measurement(measurement) => found.push((path, measurement)),
        }
    }
    if let (Some((result, _)), Some((measurement, _))) = (results.first(), found.first()) {
        return Err(mixed(result, measurement));
    }
    match found.as_slice() {
        [] => {
            let inputs = results
                .iter()
                .map(|(path, _)| output::inputs_beside(path))
                .collect::<Result<Vec<_>, _>>()?;
            let results: Vec<Compared> = results
                .into_iter()
                .zip(inputs)
                .map(|((path, result), inputs)| Compared {
                    name: path.display().to_string(),
                    result: *result,
                    inputs,
                })
                .collect();
            compare_results(&results, arguments, console)
        }
        [(_, before), (_, after)] => {
            if arguments.output.is_some() {
                return Err(Failure::input("--output is for results of plans")
                    .help("print the comparison of two measurements with --markdown or --json"));
            }
            measurements(before, after, arguments, console)
        }
        _ => Err(
            Failure::input("these are more than two measurements, and two can be compared")
                .help("compare each with the first"),
        ),
    }
}

/// A result that is compared.
struct Compared {
    name: String,
    result: CapacityResult,
    inputs: Option<Bundle>,
}

fn mixed(result: &Path, measurement: &Path) -> Failure {
    Failure::input(format!(
        "`{}` is the result of a plan and `{}` is a measurement: there is nothing to compare",
        result.display(),
        measurement.display()
    ))
    .help("compare two results, or two measurements")
}

fn compare_results(
    results: &[Compared],
    arguments: &CompareArguments,
    console: Console,
) -> Result<Outcome, Failure> {
    if arguments.fail_on_regression.is_some() {
        return Err(Failure::input(
            "--fail-on-regression is for two measurements; these are results of plans",
        )
        .help("use --exit-code to be told whether two results differ"));
    }
    let Some((first, later)) = results.split_first() else {
        return Ok(Outcome::Done);
    };
    let comparisons: Vec<Comparison> = later.iter().map(|other| between(first, other)).collect();
    let named: Vec<(String, &CapacityResult)> = results
        .iter()
        .map(|compared| (compared.name.clone(), &compared.result))
        .collect();
    let json = match comparisons.as_slice() {
        [only] => super::json(&document(only))?,
        all => super::json(&all.iter().map(document).collect::<Value>())?,
    };
    let markdown = || {
        let mut text = String::new();
        if comparisons.len() > 1 {
            text.push_str(&several::markdown(&named));
        }
        for comparison in &comparisons {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&comparison.markdown());
        }
        text
    };
    if let Some(folder) = &arguments.output {
        output::prepare(folder)?;
        let page = page::write(&named, &comparisons)
            .map_err(|error| Failure::system(error.to_string()))?;
        for (name, text) in [
            (page::FILE, page.as_str()),
            ("comparison.md", &markdown()),
            ("comparison.json", &json),
        ] {
            output::write_file(&folder.join(name), text.as_bytes())?;
        }
        console.note(&format!(
            "comparison: {}",
            folder.join(page::FILE).display()
        ));
    }
    let text = if arguments.json {
        json
    } else if arguments.markdown {
        markdown()
    } else {
        let mut text = String::new();
        if comparisons.len() > 1 {
            text.push_str(&several::text(&named, console.color()));
            text.push('\n');
        }
        let each: Vec<String> = comparisons
            .iter()
            .map(|comparison| comparison.text(console.color()))
            .collect();
        text + &each.join("\n")
    };
    console::print(&text)?;
    let same = comparisons.iter().all(Comparison::is_same);
    Ok(if arguments.exit_code && !same {
        Outcome::Differs
    } else {
        Outcome::Done
    })
}

/// Compares two results, with what each change contributed where their inputs are at hand.
fn between(before: &Compared, after: &Compared) -> Comparison {
    let mut comparison = compare(&before.result, &after.result);
    if comparison.is_same() {
        return comparison;
    }
    match waterfall(before, after) {
        Ok(waterfall) => comparison.waterfall = Some(waterfall),
        Err(reason) => comparison.no_waterfall = Some(reason),
    }
    comparison
}

fn waterfall(before: &Compared, after: &Compared) -> Result<Waterfall, String> {
    let plan = after
        .result
        .plans
        .first()
        .ok_or("there is no plan in the result after")?;
    let scenario = |compared: &Compared| {
        let inputs = compared.inputs.as_ref().ok_or_else(|| {
            format!(
                "`{}` has no {INPUTS_FILE} beside it, which a report written with --output has",
                compared.name
            )
        })?;
        let loaded = inputs
            .load()
            .map_err(|_| format!("the inputs beside `{}` cannot be used", compared.name))?;
        Ok::<_, String>(loaded.scenario)
    };
    let found = contributions(&scenario(before)?, &scenario(after)?, &plan.id)
        .map_err(|error| error.to_string())?;
    Ok(Waterfall::new(&plan.title, &found))
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
        "waterfall": comparison.waterfall.as_ref().map(steps),
        "no_waterfall": comparison.no_waterfall,
    })
}

fn steps(waterfall: &Waterfall) -> Value {
    waterfall
        .steps()
        .map(|(name, change, vcpus)| json!({ "name": name, "change": change, "vcpus": vcpus }))
        .collect()
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
