//! Measuring for real, with the real binary.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::run::{command, ran, tonnage};

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt;
        own.uid() == 0
    })
}

#[expect(clippy::print_stderr, reason = "a test that can't run says so")]
fn skip(why: &str) {
    eprintln!("skipped: {why}");
}

fn read(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("measurement.json")).expect("a measurement");
    serde_json::from_str(&text).expect("JSON")
}

fn row<'a>(measurement: &'a Value, id: &str) -> &'a Value {
    measurement["rows"]
        .as_array()
        .and_then(|rows| rows.iter().find(|row| row["technology"]["id"] == id))
        .unwrap_or_else(|| panic!("no row {id}"))
}

/// What doctor says can be measured here.
fn ready() -> Vec<String> {
    let json = tonnage(&["doctor", "--json"]).answer();
    let json: Value = serde_json::from_str(&json).expect("JSON");
    json["technologies"]
        .as_array()
        .expect("technologies")
        .iter()
        .filter(|technology| technology["verdict"] == "ready")
        .filter_map(|technology| technology["id"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn v8_wasm_and_a_container_are_really_measured() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = folder.path().join("measured");
    let mut wanted = vec!["empty", "process-native", "process-node"];
    let ready = ready();
    for id in ["v8-isolate", "wasm-wasmtime", "container-runc-empty"] {
        if ready.iter().any(|known| known == id) {
            wanted.push(id);
        } else {
            // As root on x86-64, set-up brings all three.
            assert!(
                !(is_root() && cfg!(target_arch = "x86_64")),
                "{id} is not here"
            );
            skip(id);
        }
    }
    let mut arguments = vec!["measure", "--quick", "--output", text(&output)];
    arguments.extend(&wanted);
    let answer = tonnage(&arguments).answer();
    let measurement = read(&output);
    assert_eq!(measurement["run"]["complete"], true);
    for id in &wanted {
        let row = row(&measurement, id);
        assert_eq!(row["outcome"]["outcome"], "measured", "{row}");
        let first_result = &row["start"]["first_result"]["median"];
        assert!(first_result["value"].as_f64() > Some(0.0), "{row}");
        assert!(first_result["interval"]["low"].is_number(), "{row}");
        assert!(row["cpu_per_start"]["value"].as_f64() > Some(0.0), "{row}");
        assert!(answer.contains(id), "{answer}");
        if *id != "empty" {
            assert!(
                row["memory_idle"]["per_instance"]["value"].is_number(),
                "{row}"
            );
            assert!(
                row["memory_touched"]["highest"].as_u64() >= Some(4),
                "{row}"
            );
            assert!(row["saturation"]["per_second_per_vcpu"]["value"].is_number());
            assert!(row["burst"]["first_result"]["median"]["value"].is_number());
            assert!(row["work"]["settled"]["median"]["value"].is_number());
        }
    }
    let relative = &row(&measurement, "process-node")["work"]["relative_cpu"];
    assert!((relative["settled"]["value"].as_f64().expect("itself") - 1.0).abs() < 1e-9);
    let samples = std::fs::read(output.join("samples.parquet")).expect("a table");
    assert_eq!(&samples[..4], b"PAR1");
    let same = tonnage(&[
        "compare",
        text(&output.join("measurement.json")),
        text(&output.join("measurement.json")),
        "--fail-on-regression",
    ]);
    assert_eq!(same.code, Some(0), "{}", same.stderr);
    let profile = output.join("measurement.json");
    let plan = tonnage(&[
        "plan",
        "company.toml",
        "--no-simulation",
        "--profile",
        text(&profile),
    ]);
    assert!(plan.answer().contains("needs"));
}

#[test]
fn what_goes_wrong_is_a_row_and_leaves_the_others_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = folder.path().join("measured");
    let ran = tonnage(&[
        "measure",
        "known-crash",
        "known-hang",
        "known-wrong",
        "process-native",
        "--quick",
        "--patience",
        "2",
        "--output",
        text(&output),
    ]);
    let answer = ran.answer();
    let measurement = read(&output);
    for (id, why) in [
        ("known-crash", "ended early (signal: 6"),
        ("known-hang", "it was not done within"),
        ("known-wrong", "is right"),
    ] {
        let outcome = &row(&measurement, id)["outcome"];
        assert_eq!(outcome["outcome"], "failed", "{outcome}");
        let said = outcome["why"].as_str().expect("a reason");
        assert!(said.contains(why), "{id}: {said}");
        assert!(answer.contains(id), "{answer}");
    }
    let native = row(&measurement, "process-native");
    assert_eq!(native["outcome"]["outcome"], "measured");
}

#[test]
fn an_unknown_technology_is_refused_with_the_nearest_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = folder.path().join("measured");
    let failure = tonnage(&["measure", "v8-isolat", "--output", text(&output)]).failure(2);
    assert!(failure.contains("did you mean `v8-isolate`?"), "{failure}");
    let failure = tonnage(&["measure", "--resume", "--output", text(&output)]).failure(2);
    assert!(failure.contains("nothing to resume"), "{failure}");
}

#[test]
fn a_folder_that_cannot_be_written_is_refused_before_measuring() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("written");
    let failure = tonnage(&["measure", "empty", "--output", text(&file)]).failure(2);
    assert!(failure.contains("it is a file"), "{failure}");
}

#[test]
fn a_full_disk_keeps_what_was_measured_and_the_run_can_go_on() {
    if !is_root() {
        skip("a small disk can only be mounted by root");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let disk = folder.path().join("disk");
    std::fs::create_dir(&disk).expect("made");
    let mount = |options: &str| {
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs", text(&disk)])
            .status()
            .expect("mount runs");
        done.success()
    };
    if !mount("size=64k") {
        skip("mounting is not allowed here");
        return;
    }
    let full = tonnage(&[
        "measure",
        "empty",
        "process-native",
        "--quick",
        "--output",
        text(&disk),
    ]);
    let log = std::fs::read_to_string(disk.join("samples.jsonl")).expect("a log");
    let larger = mount("remount,size=64m");
    let resumed = tonnage(&["measure", "--resume", "--quiet", "--output", text(&disk)]);
    let measurement = std::fs::read_to_string(disk.join("measurement.json"));
    let unmounted = Command::new("umount").arg(&disk).status().expect("umount");
    assert!(unmounted.success());
    let failure = full.failure(1);
    assert!(failure.contains("No space left"), "{failure}");
    assert!(failure.contains("--resume"), "{failure}");
    assert!(log.lines().count() > 10, "{log}");
    assert!(larger, "the disk did not grow");
    resumed.answer();
    let measurement: Value = serde_json::from_str(&measurement.expect("there")).expect("JSON");
    for id in ["empty", "process-native"] {
        assert_eq!(row(&measurement, id)["outcome"]["outcome"], "measured");
    }
}

/// Starts a measurement that goes on for a while.
fn begin(technology: &str, output: &Path) -> Child {
    command(&["measure", technology, "--output", text(output)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs")
}

/// Waits until a run has written down starts of its technology.
fn wait_for_starts(output: &Path) {
    let deadline = Instant::now() + Duration::from_mins(2);
    while Instant::now() < deadline {
        let log = std::fs::read_to_string(output.join("samples.jsonl")).unwrap_or_default();
        if log
            .lines()
            .any(|line| line.contains("\"record\":\"start\""))
        {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("nothing was started in {}", output.display());
}

/// Everything on the host that carries the name of a run of this process.
fn left_of(pid: u32) -> Vec<String> {
    let name = format!("tonnage-{pid}-");
    let mut left = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if String::from_utf8_lossy(&environment).contains(&format!("TONNAGE_RUN={name}")) {
            left.push(format!("process {}", entry.path().display()));
        }
    }
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    left.extend(
        mounts
            .lines()
            .filter(|line| line.contains(&name))
            .map(|line| format!("mount {line}")),
    );
    let groups = mounts
        .lines()
        .filter(|line| line.contains(" cgroup"))
        .filter_map(|line| line.split(' ').nth(1));
    for group in groups {
        left.extend(named(Path::new(group), &name));
    }
    left.extend(named(Path::new("/run/netns"), &name));
    left.extend(named(&std::env::temp_dir(), &name));
    for runs in std::fs::read_dir(std::env::temp_dir())
        .expect("a folder")
        .flatten()
    {
        left.extend(named(&runs.path(), &name));
    }
    left
}

fn named(folder: &Path, name: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(name))
        .map(|entry| entry.path().display().to_string())
        .collect()
}

fn network_interfaces() -> usize {
    std::fs::read_dir("/sys/class/net").map_or(0, Iterator::count)
}

#[test]
fn what_a_killed_run_leaves_is_gone_after_the_next() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let interfaces = network_interfaces();
    let mut killed = Vec::new();
    for technology in ready() {
        // Engines with a daemon of their own are tried where the containers are.
        if technology.contains("docker") || technology.contains("podman") {
            continue;
        }
        let output = folder.path().join(&technology);
        let mut child = begin(&technology, &output);
        wait_for_starts(&output);
        child.kill().expect("it was running");
        child.wait().expect("it is gone");
        killed.push((technology, child.id(), output));
    }
    let next = tonnage(&[
        "measure",
        "empty",
        "--quick",
        "--output",
        text(folder.path()),
    ]);
    assert!(next.stderr.contains("cleared up"), "{}", next.stderr);
    for (technology, pid, _) in &killed {
        let left = left_of(*pid);
        assert!(left.is_empty(), "{technology} left {left:#?}");
    }
    assert!(
        network_interfaces() <= interfaces,
        "network interfaces are left"
    );
    // What was measured until then is not lost.
    let (_, _, output) = &killed[0];
    let log = std::fs::read_to_string(output.join("samples.jsonl")).expect("a log");
    assert!(log.contains("\"record\":\"start\""));
}

#[test]
fn ctrl_c_sums_up_and_the_run_can_go_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = folder.path().join("measured");
    let child = command(&["measure", "process-native", "--output", text(&output)])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    wait_for_starts(&output);
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(sent.success());
    let pid = child.id();
    let stopped = ran(&child.wait_with_output().expect("the binary ends"));
    assert_eq!(stopped.code, Some(130), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("--resume"), "{}", stopped.stderr);
    assert_eq!(read(&output)["run"]["complete"], false);
    assert!(left_of(pid).is_empty());
    tonnage(&["measure", "--resume", "--output", text(&output)]).answer();
    let measurement = read(&output);
    assert_eq!(measurement["run"]["complete"], true);
    assert_eq!(
        row(&measurement, "process-native")["outcome"]["outcome"],
        "measured"
    );
}
