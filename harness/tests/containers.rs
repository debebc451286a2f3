//! Containers and what else confines a process, started for real: every row that can be measured on
//! this host.
//!
//! A row that cannot is passed over with the reason.

#![allow(clippy::print_stderr, reason = "a test that cannot run here says so")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tonnage_harness::cell::{self, Task};
use tonnage_harness::effort::Budget;
use tonnage_harness::guest::Request;
use tonnage_harness::record::{CellId, Part, Record};
use tonnage_harness::technology::{
    self, DeadRun, Instance, Starter, Technology, Verdict, Workspace,
};

/// Tells the process that is to be killed what to start and where.
const TO_BE_KILLED: &str = "TONNAGE_TEST_TO_BE_KILLED";

/// One test at a time: they start many containers, and look at what the whole host has.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The technology, unless it cannot be measured here; that is told.
fn usable(id: &str) -> Option<Box<dyn Technology>> {
    let technology = technology::find(id).expect("it is in the registry");
    match technology.examine() {
        Verdict::Ready { tools } => {
            assert!(
                !tools.is_empty() || id == "process-native",
                "{id} runs with something"
            );
            Some(technology)
        }
        Verdict::NotHere { why, enable } => {
            eprintln!("skipped {id}: {why} (to enable: {enable})");
            None
        }
    }
}

/// A name that no other test and no other run of this one has.
fn run_name(id: &str) -> String {
    format!("test-{id}-{}", std::process::id())
}

fn workspace(run: &str, folder: &Path) -> Workspace {
    let own = folder.join("own");
    fs::create_dir_all(&own).expect("a folder");
    Workspace::new(run, folder.to_path_buf(), own, None)
}

/// What there still is of a run: processes that carry its name, mounts below its folder, and control
/// groups.
fn left_of(run: &str, folder: &Path) -> Vec<String> {
    let mut left = Vec::new();
    let mark = format!("TONNAGE_RUN={run}");
    for entry in fs::read_dir("/proc").expect("readable").flatten() {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment
            .split(|byte| *byte == 0)
            .any(|entry| entry == mark.as_bytes())
        {
            left.push(format!("process {}", entry.path().display()));
        }
    }
    let folder = folder.display().to_string();
    let mounts = fs::read_to_string("/proc/self/mounts").expect("readable");
    left.extend(
        mounts
            .lines()
            .filter(|line| line.contains(&folder) || line.contains(run))
            .map(|line| format!("mount {line}")),
    );
    for line in mounts.lines().filter(|line| line.contains("cgroup")) {
        let root = line.split(' ').nth(1).expect("a place");
        for entry in fs::read_dir(root).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().contains(run) {
                left.push(format!("control group {}", entry.path().display()));
            }
        }
    }
    left
}

/// The interfaces and network namespaces of the host that could be of these tests: their names have
/// all the 15 characters there may be, and begin with a `t`.
fn networks() -> Vec<String> {
    let of_tests = |name: &str| name.len() == 15 && name.starts_with('t');
    let mut names: Vec<String> = ["/sys/class/net", "/run/netns"]
        .into_iter()
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
        .filter(|entry| of_tests(&entry.file_name().to_string_lossy()))
        .map(|entry| entry.path().display().to_string())
        .collect();
    names.sort();
    names
}

/// Everything the harness asks of a row.
fn try_out(id: &str) {
    let _alone = ONE_AT_A_TIME.lock();
    let Some(technology) = usable(id) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let run = run_name(id);
    let before = networks();
    let mut workspace = workspace(&run, folder.path());
    let starter = technology.prepare(&mut workspace).expect("prepared");
    assert!(!workspace.steps().is_empty(), "what was done is noted");
    assert!(!workspace.commands().is_empty(), "and the command");
    let one = one_container(id, starter.as_ref());
    several_at_once(starter.as_ref());
    one.stop().expect("stopped");
    drop(starter);
    assert_eq!(left_of(&run, folder.path()), Vec::<String>::new());
    assert_eq!(networks(), before);
    for entry in fs::read_dir(workspace.own()).expect("readable").flatten() {
        let inside: Vec<_> = fs::read_dir(entry.path())
            .expect("a folder")
            .flatten()
            .collect();
        assert!(inside.is_empty(), "left: {inside:?}");
    }
}

/// A container that has done all that is asked of one.
fn one_container(id: &str, starter: &dyn Starter) -> Box<dyn Instance> {
    let started = starter.start(&Request::small(1)).expect("started");
    let by_a_runtime = [
        "container-runc",
        "container-crun",
        "container-youki",
        "gvisor",
    ]
    .iter()
    .any(|name| id.starts_with(name) && !id.ends_with("-exec") && !id.ends_with("-checkpoint"));
    assert!(started.stamps.created.is_some() || !by_a_runtime, "{id}");
    assert!(started.stamps.created < Some(started.stamps.first_result));
    assert!(started.stamps.first_instruction < Some(started.stamps.first_result));
    let mut one = started.instance;
    one.work(&Request::heavy(2)).expect("heavy work");
    one.work(&Request::touching(3, 1 << 20)).expect("touched");
    let processes = one.processes();
    assert!(!processes.is_empty());
    for pid in &processes {
        assert!(Path::new(&format!("/proc/{pid}")).exists(), "{pid} lives");
    }
    let suspension = one.suspension().expect("a freezer");
    suspension.suspend().expect("suspended");
    assert!(!suspension.mechanism().is_empty());
    suspension.resume().expect("resumed");
    one.work(&Request::small(4)).expect("work after the pause");
    one
}

/// Six from two threads, with one suspended when it is stopped and one dropped unstopped in each.
fn several_at_once(starter: &dyn Starter) {
    std::thread::scope(|scope| {
        for thread in 0..2 {
            scope.spawn(move || {
                let mut live: Vec<_> = (0..3)
                    .map(|number| {
                        let request = Request::small(100 + 10 * thread + number);
                        starter.start(&request).expect("started").instance
                    })
                    .collect();
                for instance in &mut live {
                    instance.work(&Request::small(200)).expect("work");
                }
                let suspension = live[0].suspension().expect("a freezer");
                suspension.suspend().expect("suspended");
                drop(live.pop());
                for instance in live {
                    instance.stop().expect("stopped");
                }
            });
        }
    });
}

/// What is left when a run is killed is found and removed.
fn sweep_after_a_kill(id: &str) {
    let _alone = ONE_AT_A_TIME.lock();
    let Some(technology) = usable(id) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let run = run_name(&format!("killed-{id}"));
    let before = networks();
    let mut child = start_in_a_child(id, &run, folder.path());
    assert_eq!(networks() != before, id.ends_with("-network"));
    assert_ne!(left_of(&run, folder.path()), Vec::<String>::new());
    child.kill().expect("killed");
    child.wait().expect("ended");
    technology.sweep(&DeadRun {
        name: run.clone(),
        folder: folder.path().to_path_buf(),
    });
    end_processes_of(&run);
    // An engine's command ends by itself once its container is gone.
    let begin = Instant::now();
    while !left_of(&run, folder.path()).is_empty() && begin.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(left_of(&run, folder.path()), Vec::<String>::new());
    assert_eq!(networks(), before);
}

/// Ends what carries a run's name, as the harness does for every technology.
fn end_processes_of(run: &str) {
    let mark = format!("TONNAGE_RUN={run}");
    for entry in fs::read_dir("/proc").expect("readable").flatten() {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        let carries = environment
            .split(|byte| *byte == 0)
            .any(|entry| entry == mark.as_bytes());
        let pid = entry.file_name().to_string_lossy().parse().ok();
        if let (true, Some(pid)) = (carries, pid) {
            // One that has just ended is no longer there to be killed.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// A step of a coding agent in the sandbox of a row, with a right answer and nothing left.
fn coding_step(id: &str) {
    let _alone = ONE_AT_A_TIME.lock();
    let Some(technology) = usable(id) else { return };
    let coding = technology.coding().expect("a full Linux");
    if let Verdict::NotHere { why, enable } = coding.technology.examine() {
        eprintln!("skipped the coding step of {id}: {why} (to enable: {enable})");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let run = run_name(&format!("coding-{id}"));
    let own = folder.path().join("own");
    fs::create_dir_all(&own).expect("a folder");
    let task = Task {
        cell: CellId {
            technology: id.to_owned(),
            part: Part::Coding,
            block: 0,
        },
        budget: Budget {
            seconds: 0.0,
            at_least: 2,
            at_most: 2,
            limit: f64::MAX,
        },
        seed: 1,
        run: run.clone(),
        shared: folder.path().to_path_buf(),
        own,
        control_group: None,
    };
    let mut records = Vec::new();
    cell::run(&task, &*technology, &mut |record| records.push(record));
    let steps: Vec<_> = records
        .iter()
        .filter_map(|record| match record {
            Record::Coding(sample) => Some(sample),
            _ => None,
        })
        .collect();
    assert_eq!(steps.len(), 2, "{records:?}");
    for step in steps {
        assert!(step.cpu > 0.0 && step.seconds > 0.0);
        // A clone and two commits: at least a block for each file.
        assert!(step.disk.expect("a layer or a folder") > 80 * 4096);
    }
    assert_eq!(left_of(&run, folder.path()), Vec::<String>::new());
}

#[test]
fn a_coding_agent_works_in_a_plain_process() {
    coding_step("process-native");
}

#[test]
fn a_coding_agent_works_in_a_container_by_crun() {
    coding_step("container-crun");
}

#[test]
fn a_coding_agent_works_in_a_container() {
    coding_step("container-runc");
}

#[test]
fn a_coding_agent_works_in_a_container_by_containerd() {
    coding_step("container-containerd");
}

#[test]
fn a_coding_agent_works_in_a_container_by_docker() {
    coding_step("container-docker");
}

#[test]
fn a_coding_agent_works_in_a_container_by_podman() {
    coding_step("container-podman");
}

#[test]
fn a_coding_agent_works_in_bubblewrap() {
    coding_step("bubblewrap");
}

#[test]
fn a_coding_agent_works_in_gvisor() {
    coding_step("gvisor");
}

/// Another process of this program, with three containers, one of them suspended.
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
        .any(|line| line.contains("three containers live"));
    assert!(started, "the child did not start its containers");
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
    let mut live: Vec<_> = (0..3)
        .map(|number| {
            let request = Request::small(number);
            starter.start(&request).expect("started").instance
        })
        .collect();
    // Whether there is one is asked where rows are tried out.
    if let Some(suspension) = live[0].suspension() {
        suspension.suspend().expect("suspended");
    }
    println!("\nthree containers live");
    loop {
        std::thread::park();
    }
}

/// A start that fails says why and leaves nothing.
fn a_failing_start(id: &str, break_it: fn(&Path), expected: &str) {
    let Some(technology) = usable(id) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let run = run_name(&format!("failing-{id}"));
    let mut workspace = workspace(&run, folder.path());
    let starter = technology.prepare(&mut workspace).expect("prepared");
    break_it(&folder.path().join("root-tiny/guest/guest"));
    let failure = starter.start(&Request::small(1)).expect_err("it must fail");
    assert!(
        failure.message.to_lowercase().contains(expected),
        "{failure}"
    );
    drop(starter);
    assert_eq!(left_of(&run, folder.path()), Vec::<String>::new());
}

/// A guest that answers wrongly and lives on.
const WRONG_ANSWER: &str = "#include <unistd.h>
int main(void) {
    static const char lines[] = \"ready 1\\n1 2 3 4\\n\";
    return write(1, lines, sizeof lines - 1) < 0 || pause();
}";

/// Puts another program in the guest's place.
fn compile(guest: &Path, source: &str) {
    fs::remove_file(guest).expect("removed");
    let mut compiler = Command::new("cc")
        .args(["-static", "-x", "c", "-", "-o"])
        .arg(guest)
        .stdin(Stdio::piped())
        .spawn()
        .expect("a C compiler, as the build has");
    let mut input = compiler.stdin.take().expect("piped");
    input.write_all(source.as_bytes()).expect("written");
    drop(input);
    assert!(compiler.wait().expect("ended").success());
}

macro_rules! rows {
    ($($runs:ident, $is_swept:ident: $id:literal;)*) => {
        $(
            #[test]
            fn $runs() {
                try_out($id);
            }

            #[test]
            fn $is_swept() {
                sweep_after_a_kill($id);
            }
        )*
    };
}

rows! {
    runc_runs, runc_is_swept: "container-runc";
    runc_runs_empty, runc_is_swept_empty: "container-runc-empty";
    runc_runs_with_a_network, runc_is_swept_with_a_network: "container-runc-empty-network";
    runc_runs_python, runc_is_swept_python: "container-runc-python";
    crun_runs, crun_is_swept: "container-crun";
    crun_runs_empty, crun_is_swept_empty: "container-crun-empty";
    runc_runs_restored, runc_is_swept_restored: "container-runc-checkpoint";
    runc_runs_restored_empty, runc_is_swept_restored_empty: "container-runc-empty-checkpoint";
    containerd_runs, containerd_is_swept: "container-containerd";
    containerd_runs_empty, containerd_is_swept_empty: "container-containerd-empty";
    docker_runs, docker_is_swept: "container-docker";
    docker_runs_empty, docker_is_swept_empty: "container-docker-empty";
    podman_runs, podman_is_swept: "container-podman";
    podman_runs_empty, podman_is_swept_empty: "container-podman-empty";
    youki_runs, youki_is_swept: "container-youki-empty";
    runc_is_joined, runc_is_swept_joined: "container-runc-empty-exec";
    crun_is_joined, crun_is_swept_joined: "container-crun-empty-exec";
    docker_is_joined, docker_is_swept_joined: "container-docker-exec";
    podman_is_joined, podman_is_swept_joined: "container-podman-exec";
    gvisor_runs, gvisor_is_swept: "gvisor";
    gvisor_runs_empty, gvisor_is_swept_empty: "gvisor-empty";
    gvisor_runs_on_kvm, gvisor_is_swept_on_kvm: "gvisor-kvm";
    namespaces_run, namespaces_are_swept: "namespaces-native";
    bubblewrap_runs, bubblewrap_is_swept: "bubblewrap";
    bubblewrap_runs_native, bubblewrap_is_swept_native: "bubblewrap-native";
    landlock_runs, landlock_is_swept: "landlock-node";
    landlock_runs_native, landlock_is_swept_native: "landlock-native";
}

#[test]
fn microvm_is_swept() {
    sweep_after_a_kill("microvm-embedded");
}

/// The snapshot is a file in memory, which machines map.
#[test]
fn microvm_is_swept_snapshot() {
    sweep_after_a_kill("microvm-embedded-snapshot");
}

#[test]
fn a_start_that_fails_says_why_and_leaves_nothing() {
    let _alone = ONE_AT_A_TIME.lock();
    for id in ["container-runc-empty", "container-crun-empty"] {
        a_failing_start(
            id,
            |guest| fs::remove_file(guest).expect("removed"),
            "no such file",
        );
        a_failing_start(
            id,
            |guest| fs::write(guest, "no program").expect("written"),
            "format error",
        );
        a_failing_start(
            id,
            |guest| compile(guest, "int main(void) { return 7; }"),
            "the guest ended",
        );
        a_failing_start(
            id,
            |guest| compile(guest, WRONG_ANSWER),
            "the guest answered `1 2 3 4`",
        );
    }
}
