//! Runtimes of JavaScript and browsers, started for real: every row that can be measured on this host.
//!
//! A row that cannot is passed over with the reason.

#![allow(clippy::print_stderr, reason = "a test that cannot run here says so")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tonnage_harness::guest::Request;
use tonnage_harness::run;
use tonnage_harness::technology::{self, Technology, Verdict, Workspace};

/// Tells the process that is to be killed what to start and where.
const TO_BE_KILLED: &str = "TONNAGE_TEST_TO_BE_KILLED";

/// One test at a time: browsers are large.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The technology, unless it cannot be measured here; that is told.
fn usable(id: &str) -> Option<Box<dyn Technology>> {
    let technology = technology::find(id).expect("it is in the registry");
    match technology.examine() {
        Verdict::Ready { tools } => {
            assert!(!tools.is_empty(), "{id} runs with something");
            Some(technology)
        }
        Verdict::NotHere { why, enable } => {
            assert!(!technology.needs().is_empty(), "{id} says what it needs");
            eprintln!("skipped {id}: {why} (to enable: {enable})");
            None
        }
    }
}

fn workspace(run: &str, folder: &Path) -> Workspace {
    let own = folder.join("own");
    fs::create_dir_all(&own).expect("a folder");
    Workspace::new(run, folder.to_path_buf(), own, None)
}

/// The processes that carry a run's name.
fn processes_of(run: &str) -> Vec<String> {
    let mark = format!("TONNAGE_RUN={run}");
    let mut left = Vec::new();
    for entry in fs::read_dir("/proc").expect("readable").flatten() {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment
            .split(|byte| *byte == 0)
            .any(|entry| entry == mark.as_bytes())
        {
            let command = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            left.push(format!("{} {command}", entry.path().display()));
        }
    }
    left
}

/// Everything the harness asks of a row.
fn try_out(id: &str) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(technology) = usable(id) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let run = format!("test-{id}-{}", std::process::id());
    let mut workspace = workspace(&run, folder.path());
    let starter = technology.prepare(&mut workspace).expect("prepared");
    assert!(!workspace.commands().is_empty(), "the command is noted");
    let before = tonnage_harness::clock::Stamp::now();
    let started = starter.start(&Request::small(1)).expect("started");
    let stamps = started.stamps;
    let told = [Some(before), stamps.created, stamps.first_instruction];
    let told: Vec<_> = told.into_iter().flatten().collect();
    assert!(told.is_sorted(), "{stamps:?}");
    assert!(
        *told.last().expect("one") < stamps.first_result,
        "{stamps:?}"
    );
    let mut one = started.instance;
    one.work(&Request::heavy(2)).expect("heavy work");
    one.work(&Request::touching(3, 1 << 20)).expect("touched");
    // It lives somewhere: in processes of its own, or in those of all.
    let mut processes = one.processes();
    processes.extend(starter.daemons());
    assert!(!processes.is_empty());
    for pid in &processes {
        assert!(Path::new(&format!("/proc/{pid}")).exists(), "{pid} lives");
    }
    if let Some(suspension) = one.suspension() {
        suspension.suspend().expect("suspended");
        suspension.resume().expect("resumed");
        one.work(&Request::small(4)).expect("work after the pause");
    }
    // Several at once, from two threads, one of each dropped without being stopped.
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let starter = &starter;
            scope.spawn(move || {
                let mut live: Vec<_> = (0..2)
                    .map(|number| {
                        let request = Request::small(100 + 10 * thread + number);
                        starter.start(&request).expect("started").instance
                    })
                    .collect();
                for instance in &mut live {
                    instance.work(&Request::small(200)).expect("work");
                }
                drop(live.pop());
                for instance in live {
                    instance.stop().expect("stopped");
                }
            });
        }
    });
    one.work(&Request::small(5)).expect("it was not disturbed");
    one.stop().expect("stopped");
    drop(starter);
    assert_eq!(processes_of(&run), Vec::<String>::new());
    let left: Vec<_> = fs::read_dir(workspace.own())
        .expect("readable")
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.path())
        .collect();
    assert!(left.is_empty(), "left: {left:?}");
}

/// What is left when a run is killed is found and removed by the next.
fn sweep_after_a_kill(id: &str) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    if usable(id).is_none() {
        return;
    }
    let runs = tempfile::tempdir().expect("a folder");
    let name = format!("tonnage-test-{id}-{}", std::process::id());
    let folder = runs.path().join(&name);
    fs::create_dir_all(&folder).expect("made");
    let mut child = start_in_a_child(id, &name, &folder);
    // Its owner is the process that is killed now.
    fs::write(folder.join("owner"), format!("{} 1\n", child.id())).expect("written");
    assert!(processes_of(&name).len() > 1, "what it started is found");
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert_eq!(run::sweep(runs.path()), [name.as_str()]);
    let begin = Instant::now();
    while !processes_of(&name).is_empty() && begin.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(processes_of(&name), Vec::<String>::new());
    assert!(!folder.exists());
}

/// Another process of this program, with a sandbox.
fn start_in_a_child(id: &str, run: &str, folder: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "--exact",
            "a_process_that_is_to_be_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(TO_BE_KILLED, format!("{id} {run} {}", folder.display()))
        .env("TONNAGE_RUN", run)
        .stdout(Stdio::piped())
        .spawn()
        .expect("spawned");
    let output = BufReader::new(child.stdout.take().expect("piped"));
    let started = output
        .lines()
        .map_while(Result::ok)
        .any(|line| line.contains("a sandbox lives"));
    assert!(started, "the child did not start its sandbox");
    child
}

#[test]
#[ignore = "started by other tests, which kill it"]
#[allow(clippy::print_stdout, reason = "the other test waits for the words")]
fn a_process_that_is_to_be_killed() {
    let Ok(task) = std::env::var(TO_BE_KILLED) else {
        return;
    };
    let mut words = task.splitn(3, ' ');
    let mut word = || words.next().expect("three words");
    let (id, run, folder) = (word(), word(), word());
    let technology = technology::find(id).expect("known");
    let mut workspace = workspace(run, Path::new(folder));
    let starter = technology.prepare(&mut workspace).expect("prepared");
    let _live = starter.start(&Request::small(1)).expect("started");
    println!("\na sandbox lives");
    loop {
        std::thread::park();
    }
}

macro_rules! rows {
    ($($runs:ident: $id:literal;)*) => {
        $(
            #[test]
            fn $runs() {
                try_out($id);
            }
        )*
    };
}

rows! {
    deno_runs: "process-deno";
    bun_runs: "process-bun";
    workerd_runs: "process-workerd";
    dynamic_workers_run: "workerd-dynamic";
    dynamic_workers_that_are_thrown_away_run: "workerd-dynamic-once";
    worker_threads_run: "node-worker-thread";
    isolated_vm_runs: "isolated-vm";
    browsers_run: "browser-chromium";
    browser_contexts_run: "browser-chromium-context";
    pages_run: "browser-chromium-page";
}

#[test]
fn what_a_killed_run_had_is_swept() {
    for id in [
        "workerd-dynamic",
        "node-worker-thread",
        "browser-chromium",
        "browser-chromium-context",
    ] {
        sweep_after_a_kill(id);
    }
}
