//! The example for analysts reads a report with Polars.
//!
//! Needs python3 and, once, the package registry of Python; without them the test says so and passes.

// A skipped test has to say so where a person sees it.
#![allow(clippy::print_stderr)]

mod browser_support;
mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use browser_support::program;
use common::everything;
use tonnage_reports::write_all;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// A Python with what the example needs, kept for the next run, or why there is none.
fn python() -> Result<PathBuf, String> {
    let found = program(&["python3"]).ok_or("there is no python3 on the path")?;
    let wanted = fs::read(examples().join("requirements.txt")).expect("the requirements");
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("analysts");
    let python = environment.join("bin/python");
    let installed = environment.join("requirements.txt");
    if fs::read(&installed).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    let run = |command: &mut Command, what: &str| -> Result<Output, String> {
        let output = command.output();
        let output = output.map_err(|error| format!("{what} cannot be run: {error}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or_default();
        if output.status.success() {
            Ok(output)
        } else {
            Err(format!("{what} failed: {last}"))
        }
    };
    run(
        Command::new(found)
            .args(["-m", "venv", "--clear"])
            .arg(&environment),
        "python3 -m venv",
    )?;
    run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--retries", "1"])
            .args(["--timeout", "20", "--requirement"])
            .arg(examples().join("requirements.txt")),
        "pip",
    )?;
    fs::write(installed, wanted).map_err(|error| format!("cannot note what is there: {error}"))?;
    Ok(python)
}

#[test]
fn the_example_for_analysts_reads_a_report() {
    let python = match python() {
        Ok(python) => python,
        Err(why) => {
            eprintln!("SKIPPED: {why}, so the example for analysts was not run");
            return;
        }
    };
    let run = |folder: &Path| {
        Command::new(&python)
            .arg(examples().join("analyse_report.py"))
            .arg(folder)
            .output()
            .expect("python runs")
    };
    let folder = tempfile::tempdir().expect("a directory");
    write_all(&everything(), folder.path()).expect("a report");
    let output = run(folder.path());
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    for line in [
        "How wide is the interval of each plan?",
        "isolates-first",
        "v8-isolate",
        "idle_share",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    let none = tempfile::tempdir().expect("a directory");
    let output = run(none.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is no report"));
}
