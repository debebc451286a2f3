//! Ctrl-C: what is known by then is still written.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::{command, ran};

/// Starts a plan that takes minutes and interrupts it after a moment.
fn interrupted(output: &str) -> crate::run::Ran {
    let child = command(&[
        "plan",
        "company.toml",
        "--json",
        "--threads",
        "1",
        "--output",
        output,
        "--set",
        "simulation.replications=1000",
        "--set",
        "simulation.events=4000000",
        "--set",
        "simulation.window=5h",
    ])
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("the binary runs");
    // The folder is made just before the plan begins.
    let deadline = Instant::now() + Duration::from_mins(1);
    while !Path::new(output).is_dir() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_secs(1));
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(sent.success(), "the plan ended before it was interrupted");
    ran(&child.wait_with_output().expect("the binary ends"))
}

#[test]
fn an_interrupted_plan_leaves_a_valid_result() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = folder.path().join("report");
    let ran = interrupted(report.to_str().expect("UTF-8"));
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert!(ran.stderr.contains("interrupted"), "{}", ran.stderr);
    let result: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert!(
        ran.stdout.contains("\"not-simulated\""),
        "all was simulated"
    );
    assert!(result["plans"][0]["analytic"]["vcpus"]["central"].is_number());
    let written = std::fs::read_to_string(report.join("result.json")).expect("a result");
    assert!(written == ran.stdout, "printed and written results differ");
}
