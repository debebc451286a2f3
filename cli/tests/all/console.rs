//! Commands that compute nothing, and how all of them print.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use insta::assert_snapshot;

use crate::run::{Ran, command, ran, tonnage};

#[test]
fn explain_shows_every_input_and_where_it_comes_from() {
    assert_snapshot!(tonnage(&["explain", "company.toml", "--set", "host.vcpus=16"]).answer());
}

#[test]
fn explain_as_json_holds_every_input() {
    let answer = tonnage(&["explain", "company.toml", "--json"]).answer();
    let explained: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    let inputs = explained["inputs"].as_array().expect("a list");
    let people = inputs
        .iter()
        .find(|input| input["key"] == "segments.staff.people")
        .expect("the people are an input");
    assert_eq!(people["value"], "400");
    assert_eq!(people["origin"], "published");
    assert_eq!(people["source"], "made up for tests");
    assert_eq!(people["uncertain"], false);
    let plans = explained["plans"].as_array().expect("a list");
    assert_eq!(plans[1]["tiers"][0]["technology"], "light");
}

#[test]
fn a_profile_is_looked_for_where_the_user_is() {
    let mut here = command(&["explain", "../company.toml", "--profile", "../profile.toml"]);
    here.current_dir(crate::run::fixtures().join("bad"));
    let here = ran(&here.output().expect("the binary runs")).answer();
    assert!(
        here.contains("Technologies: Two made-up technologies"),
        "{here}"
    );
}

#[test]
fn shipped_scenarios_are_listed_and_good() {
    let list = tonnage(&["scenarios", "--json"]).answer();
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let shipped = list.as_array().expect("a list");
    let readable = tonnage(&["scenarios"]).answer();
    for scenario in shipped {
        let name = scenario["name"].as_str().expect("a name");
        assert!(readable.contains(name));
        for text in ["title", "question"] {
            assert_ne!(scenario[text], "", "{name} has no {text}");
        }
        let path = format!("builtin:{name}.toml");
        tonnage(&["check", &path]).answer();
    }
}

#[test]
fn the_fixture_is_good() {
    let answer = tonnage(&["check", "company.toml"]).answer();
    assert_eq!(answer, "company.toml: good (A small company)\n");
}

#[test]
fn every_shell_gets_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = tonnage(&["completions", shell]).answer();
        assert!(script.contains("no-simulation"), "{shell}");
    }
}

#[test]
fn the_doctor_describes_this_host() {
    let words = tonnage(&["doctor"]).answer();
    assert!(words.contains("vCPUs"));
    assert!(words.contains("What bends numbers here"));
    assert!(words.contains("Ready to be measured"));
    assert!(words.contains("process-native"));
    let json = tonnage(&["doctor", "--json"]).answer();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert!(json["host"]["memory"]["total_bytes"].is_u64());
    assert_eq!(json["technologies"][0]["verdict"], "ready");
    assert!(json["technologies"][0]["clock"].is_string());
}

/// Bringing what Deno needs, on a host that has nothing: no programs, and a new home.
fn install_deno(more: &[&str]) -> Ran {
    let empty = tempfile::tempdir().expect("a folder");
    let mut arguments = vec!["doctor", "--install", "process-deno"];
    arguments.extend(more);
    let mut command = command(&arguments);
    command
        .env("PATH", empty.path())
        .env("HOME", empty.path())
        .env_remove("XDG_CACHE_HOME");
    let ran = ran(&command.output().expect("the binary runs"));
    let left: Vec<_> = std::fs::read_dir(empty.path().join(".cache/tonnage"))
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    assert_eq!(left, Vec::<std::path::PathBuf>::new(), "nothing half done");
    ran
}

#[test]
fn nothing_is_installed_before_it_was_said_what_how_much_and_why_and_somebody_agreed() {
    let ran = install_deno(&[]);
    assert_eq!(ran.code, Some(2), "{}{}", ran.stdout, ran.stderr);
    let told_in_one_line: Vec<&str> = ran.stdout.split_whitespace().collect();
    let told_in_one_line = told_in_one_line.join(" ");
    for told in [
        "To be installed",
        "92 MB",
        "for process-deno",
        "no apt-get",
        "As root: apt-get install",
    ] {
        assert!(told_in_one_line.contains(told), "{told}: {}", ran.stdout);
    }
    assert!(ran.stderr.contains("give --yes"), "{}", ran.stderr);
}

#[test]
fn what_could_not_be_installed_is_told_with_the_reason() {
    let ran = install_deno(&["--yes"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stderr.contains("there is no `npm` on PATH"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("could not install deno"),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("still not here"), "{}", ran.stdout);
}

#[test]
fn installing_for_what_is_there_or_unknown_changes_nothing() {
    let answer = tonnage(&["doctor", "--install", "process-native"]).answer();
    assert!(answer.contains("Nothing is missing"), "{answer}");
    let failure = tonnage(&["doctor", "--install", "process-nativ"]).failure(2);
    assert!(
        failure.contains("did you mean `process-native`?"),
        "{failure}"
    );
    let failure = tonnage(&["doctor", "--yes"]).failure(2);
    assert!(failure.contains("--install"), "{failure}");
}

#[test]
fn help_fits_eighty_columns() {
    let commands = [
        "study",
        "measure",
        "plan",
        "report",
        "compare",
        "scenarios",
        "explain",
        "check",
        "schema",
        "doctor",
        "completions",
    ];
    let mut calls: Vec<Vec<&str>> = vec![vec!["--help"], vec!["-h"]];
    for name in commands {
        calls.push(vec![name, "--help"]);
        calls.push(vec![name, "-h"]);
    }
    for call in calls {
        let help = tonnage(&call).answer();
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{call:?}: {line}");
        }
    }
}

#[test]
fn the_help_of_the_command() {
    assert_snapshot!(tonnage(&["--help"]).answer());
    assert_snapshot!("the_help_of_plan", tonnage(&["plan", "--help"]).answer());
}

#[test]
fn colour_follows_the_flag_and_the_environment() {
    let escapes = |arguments: &[&str], no_color: &str| {
        let mut command = command(arguments);
        command.env("NO_COLOR", no_color);
        let ran = ran(&command.output().expect("the binary runs"));
        ran.stderr.contains('\u{1b}')
    };
    let bad = ["check", "bad/unit.toml"];
    assert!(!escapes(&bad, ""), "standard error is no terminal");
    let always = ["--color", "always", "check", "bad/unit.toml"];
    assert!(escapes(&always, ""));
    assert!(escapes(&always, "1"), "the flag is the nearer wish");
    let never = ["check", "bad/unit.toml", "--color", "never"];
    assert!(!escapes(&never, ""));
}

#[test]
fn escapes_in_a_scenario_do_not_reach_the_terminal() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("odd.toml");
    let base = crate::run::fixtures().join("company.toml");
    std::fs::write(
        &path,
        format!("extends = {base:?}\ntitle = \"a\\u001b[2Jb\"\nbell = \"\u{9b}2J\"\n"),
    )
    .expect("the file is written");
    let path = path.to_str().expect("UTF-8");
    let stderr = tonnage(&["explain", path]).failure(2);
    assert!(!stderr.contains(['\u{1b}', '\u{9b}']), "{stderr:?}");
}

#[test]
fn a_reader_that_stops_reading_is_no_failure() {
    for arguments in [
        ["explain", "company.toml"].as_slice(),
        &["schema", "result"],
        &["completions", "bash"],
        &["--help"],
    ] {
        let mut child = command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        // Closed before the first byte is written.
        drop(child.stdout.take());
        let left = ran(&child.wait_with_output().expect("the binary ends"));
        assert_eq!(left.code, Some(0), "{arguments:?}: {}", left.stderr);
        assert_eq!(left.stderr, "", "{arguments:?}");
    }
    let mut child = command(&["schema", "result"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let stdout = child.stdout.take().expect("standard output");
    let mut first = String::new();
    BufReader::with_capacity(16, stdout)
        .read_line(&mut first)
        .expect("a line");
    let left = ran(&child.wait_with_output().expect("the binary ends"));
    assert_eq!((left.code, left.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_full_disk_is_a_failure() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        return;
    };
    let mut command = command(&["schema"]);
    let left = ran(&command.stdout(full).output().expect("the binary runs"));
    assert_eq!(left.code, Some(1));
    assert!(left.stderr.contains("cannot write to standard output"));
}
