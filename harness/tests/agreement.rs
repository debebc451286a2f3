//! The harness beside others who look at the same thing, on the same host, at the same time.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use tonnage_harness::cell::{Task, run};
use tonnage_harness::effort::Budget;
use tonnage_harness::guest::{self, Request};
use tonnage_harness::record::{CellId, Part, Record};
use tonnage_harness::technology::process::Process;
use tonnage_harness::technology::{Technology, Verdict};
use tonnage_harness::tools;
use tonnage_model::measurement::document::MemoryAccount;
use tonnage_model::measurement::summary::{Asked, Subject, rows};

/// How far two who look at the same thing may be apart.
const TOLERANCE: f64 = 0.1;

/// One at a time: they would disturb each other.
static ALONE: Mutex<()> = Mutex::new(());

#[expect(clippy::print_stderr, reason = "a test that can't run says so")]
fn skip(why: &str) {
    eprintln!("skipped: {why}");
}

fn measure(process: Process, part: Part, at_least: u32, folder: &Path) -> (CellId, Vec<Record>) {
    let cell = CellId {
        technology: process.description().id,
        part,
        block: 0,
    };
    let task = Task {
        cell: cell.clone(),
        budget: Budget {
            seconds: 0.0,
            at_least,
            at_most: at_least,
            limit: f64::MAX,
        },
        seed: 1,
        run: "agreement-test".to_owned(),
        shared: folder.to_owned(),
        own: folder.to_owned(),
        control_group: None,
    };
    let mut records = Vec::new();
    run(&task, &process, &mut |record| records.push(record));
    (cell, records)
}

/// Shortest time of a Node process from its start until it is gone, in seconds, by hyperfine. It finds
/// its input at an end and leaves: against ours, a request of a tenth of a millisecond is missing.
fn by_hyperfine(folder: &Path, runs: u32) -> f64 {
    let report = folder.join("hyperfine.json");
    let node = tools::find("node").expect("node");
    let program = folder.join("process/node.js");
    let status = Command::new("hyperfine")
        .args(["--shell=none", "--style=none", "--warmup=1"])
        .arg(format!("--runs={runs}"))
        .arg("--export-json")
        .arg(&report)
        .arg(format!("{} {}", node.display(), program.display()))
        // As the harness starts it: some variables make Node load certificates, which takes longer
        // than all the rest.
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdout(Stdio::null())
        .status()
        .expect("hyperfine runs");
    assert!(status.success());
    let report = fs::read_to_string(report).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    report["results"][0]["min"].as_f64().expect("a time")
}

#[test]
fn process_starts_agree_with_hyperfine() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    if tools::find("hyperfine").is_none() {
        skip("there is no hyperfine: apt-get install hyperfine");
        return;
    }
    if let Verdict::NotHere { why, .. } = Process::Node.examine() {
        skip(&why);
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    // In turns, so that both see the same host; the shortest of each, since whatever else the host
    // does can only add. On a busy host it takes many turns until both have seen a quiet moment.
    let (mut ours, mut theirs) = (f64::INFINITY, f64::INFINITY);
    for turn in 1..=30 {
        let (_, records) = measure(Process::Node, Part::Starts, 9, folder.path());
        for record in records {
            if let Record::Start(sample) = record {
                let gone = sample.first_result + sample.teardown.expect("it was alone");
                ours = ours.min(gone);
            }
        }
        theirs = theirs.min(by_hyperfine(folder.path(), 8));
        if turn >= 4 && (ours / theirs - 1.0).abs() < TOLERANCE {
            return;
        }
    }
    panic!(
        "{:.2} ms here and {:.2} ms by hyperfine",
        1e3 * ours,
        1e3 * theirs
    );
}

/// A Python guest started by hand.
fn by_hand(folder: &Path) -> Child {
    let mut child = Command::new(tools::find("python3").expect("python3"))
        .args(["-I", "-S"])
        .arg(folder.join("guest.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("spawned");
    let line = Request::small(1);
    let input = child.stdin.as_mut().expect("a pipe");
    input.write_all(line.line().as_bytes()).expect("asked");
    let mut answers = BufReader::new(child.stdout.as_mut().expect("a pipe"));
    let mut answer = String::new();
    answers.read_line(&mut answer).expect("ready");
    answer.clear();
    answers.read_line(&mut answer).expect("an answer");
    line.check(&answer).expect("the right answer");
    child
}

fn kibibytes(file: &str, key: &str) -> f64 {
    let text = fs::read_to_string(file).expect("a file of /proc");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .expect("the key");
    line.trim()
        .trim_end_matches("kB")
        .trim()
        .parse()
        .expect("a number")
}

/// Bytes of one more Python process: by proportional set size and page tables, and by what the host
/// has less of.
fn sweep_by_hand(folder: &Path) -> (f64, f64) {
    fs::write(folder.join("guest.py"), guest::PYTHON).expect("written");
    let mut live: Vec<Child> = Vec::new();
    let mut points: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for level in [8, 64] {
        while live.len() < level {
            live.push(by_hand(folder));
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
        let of_processes: f64 = live
            .iter()
            .map(|child| {
                let pid = child.id();
                kibibytes(&format!("/proc/{pid}/smaps_rollup"), "Pss:")
                    + kibibytes(&format!("/proc/{pid}/status"), "VmPTE:")
            })
            .sum();
        let available = kibibytes("/proc/meminfo", "MemAvailable:");
        points.insert(level, (of_processes, available));
    }
    for mut child in live {
        child.kill().expect("killed");
        child.wait().expect("gone");
    }
    let ((few, (pss_few, left_few)), (many, (pss_many, left_many))) = (
        points.pop_first().expect("two"),
        points.pop_first().expect("two"),
    );
    let more = (many - few) as f64 / 1024.0;
    ((pss_many - pss_few) / more, (left_few - left_many) / more)
}

#[test]
fn the_memory_of_processes_agrees_with_a_sweep_by_hand() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Verdict::NotHere { why, .. } = Process::Python.examine() {
        skip(&why);
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    // What else the host does moves its free memory; of a few tries one is quiet.
    let mut seen = Vec::new();
    for _ in 0..5 {
        let (pss, host) = sweep_by_hand(folder.path());
        let (cell, records) = measure(Process::Python, Part::MemoryIdle, 64, folder.path());
        let (starts, some_starts) = measure(Process::Python, Part::Starts, 3, folder.path());
        let technology = Process::Python.description();
        let verdict = Process::Python.examine();
        let subject = Subject {
            technology: &technology,
            verdict: &verdict,
            cells: vec![(&starts, &some_starts), (&cell, &records)],
        };
        let asked = Asked {
            working_set: 0,
            rounds: 1,
        };
        let row = rows(&[subject], asked).remove(0);
        let fit = row.memory_idle.expect("a line");
        let of = |account: MemoryAccount| {
            let (_, estimate) = fit
                .accounts
                .iter()
                .find(|(known, _)| *known == account)
                .expect("the account");
            estimate.value
        };
        let close = |ours: f64, theirs: f64| (ours / theirs - 1.0).abs() < TOLERANCE;
        let pair = (of(MemoryAccount::Proportional), of(MemoryAccount::Host));
        let agree = close(pair.0, pss) && close(pair.1, host);
        seen.push((pair, (pss, host)));
        if agree {
            return;
        }
    }
    let ends = |values: &[f64]| {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        (least, values.iter().copied().fold(0.0, f64::max))
    };
    let by_hand: Vec<f64> = seen.iter().map(|(_, (_, host))| *host).collect();
    let (least, most) = ends(&by_hand);
    let sizes_agree = seen
        .iter()
        .all(|((ours, _), (theirs, _))| (ours / theirs - 1.0).abs() < TOLERANCE);
    // A host whose free memory tells the same sweep five different things is no measure of another.
    if sizes_agree && most - least > TOLERANCE * most {
        skip("set sizes agree; the host's free memory is too unsteady to compare by");
        return;
    }
    panic!("by the harness and by hand, by set sizes and by the host: {seen:?}");
}
