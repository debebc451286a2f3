//! What is asked of monitors, and a stand-in for Firecracker that is really started. A guest boots
//! in the last test, in an emulator, where one is found.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::AtomicU32;

use super::{Acceleration, LinuxVm, Machine, Monitor, Ready, initramfs, kernel, machine};
use crate::guest::{INIT, NATIVE, Request};
use crate::meter::processes::is_alive;
use crate::technology::{Starter, Technology, Verdict, Workspace};

const ALL: [Monitor; 3] = [
    Monitor::Firecracker,
    Monitor::CloudHypervisor,
    Monitor::Qemu,
];

fn a_machine() -> Machine {
    Machine {
        kernel: "/k".into(),
        initramfs: "/i".into(),
    }
}

#[test]
fn monitors_are_started_with_a_console_a_kernel_and_a_socket() {
    let words = |monitor: Monitor| {
        let arguments = monitor.arguments(&a_machine(), Path::new("/s"), Acceleration::Kvm);
        arguments.join(" ")
    };
    assert_eq!(words(Monitor::Firecracker), "--api-sock /s --level Error");
    let hypervisor = words(Monitor::CloudHypervisor);
    for wanted in [
        "--api-socket path=/s",
        "--kernel /k --initramfs /i",
        "--cmdline console=ttyS0",
        "--cpus boot=1 --memory size=128M",
        "--serial tty --console off",
    ] {
        assert!(hypervisor.contains(wanted), "{wanted}: {hypervisor}");
    }
    let qemu = words(Monitor::Qemu);
    for wanted in [
        "-machine microvm",
        "-accel kvm -cpu host",
        "-kernel /k -initrd /i",
        "rdinit=/init",
        "-serial stdio -qmp unix:/s,server=on,wait=off",
    ] {
        assert!(qemu.contains(wanted), "{wanted}: {qemu}");
    }
}

#[test]
fn the_first_file_system_holds_a_console_and_two_programs() {
    let archive = initramfs();
    let holds = |wanted: &[u8]| archive.windows(wanted.len()).any(|part| part == wanted);
    assert!(holds(b"dev/console\0") && holds(b"init\0") && holds(b"guest\0"));
    assert!(archive.len() > INIT.len() + NATIVE.len());
    assert!(NATIVE.starts_with(b"\x7fELF") && INIT.starts_with(b"\x7fELF"));
}

#[test]
fn what_is_missing_is_told_with_what_would_bring_it() {
    for monitor in ALL {
        if let Verdict::NotHere { why, enable } = LinuxVm::booted(monitor).examine() {
            assert!(!why.is_empty() && !enable.is_empty(), "{monitor:?}");
        }
    }
}

/// A program that behaves as Firecracker does: it takes requests at its socket, and the guest
/// answers on its standard input and output once the instance was started.
const STAND_IN: &str = r#"
import os, socket, subprocess, sys
path = sys.argv[sys.argv.index("--api-sock") + 1]
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(1)
connection, _ = server.accept()
stream = connection.makefile("rwb")
print("a word of the monitor", flush=True)
while True:
    first = stream.readline().decode().split()
    if not first:
        sys.exit(0)
    length = 0
    while (line := stream.readline().strip()):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    body = stream.read(length)
    with open("LOG", "a") as log:
        print(first[0], first[1], body.decode(), file=log)
    if first[1] == "/snapshot/create":
        open("SNAPSHOT", "w").close()
    if b"InstanceStart" in body:
        subprocess.Popen(["GUEST"])
    if first[1] == "/snapshot/load":
        reading, writing = os.pipe()
        guest = subprocess.Popen(["GUEST"], stdout=writing)
        # A guest that goes on has said before that it is ready.
        while os.read(reading, 1) != b"\n":
            pass
        subprocess.Popen(["cat"], stdin=reading)
    refused = first[1] == "/snapshot/load" and b"snapshot-state" not in body
    stream.write(b"HTTP/1.1 400 \r\n\r\n" if refused else b"HTTP/1.1 204 \r\n\r\n")
    stream.flush()
"#;

#[test]
#[expect(clippy::print_stderr, reason = "a test that can't run says so")]
fn a_stand_in_for_firecracker_is_started_suspended_and_ended() {
    let Some(python) = crate::tools::find("python3") else {
        eprintln!("skipped: there is no `python3` for the stand-in");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path();
    let executable = |name: &str, bytes: &[u8]| {
        let file = place.join(name);
        std::fs::write(&file, bytes).expect("written");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("set");
        file
    };
    let guest = executable("guest", NATIVE);
    let log = place.join("log");
    let taken = place.join("taken");
    let script = STAND_IN
        .replace("GUEST", &guest.to_string_lossy())
        .replace("LOG", &log.to_string_lossy())
        .replace("SNAPSHOT", &taken.to_string_lossy());
    let script = format!("#!{} -IS\n{}", python.display(), script.trim_start());
    let program = executable("firecracker", script.as_bytes());
    let own = place.join("own");
    std::fs::create_dir(&own).expect("made");
    let mut ready = Ready {
        monitor: Monitor::Firecracker,
        acceleration: Acceleration::Kvm,
        program,
        machine: a_machine(),
        snapshot: None,
        folder: own.clone(),
        run: "unit-test".to_owned(),
        started: AtomicU32::new(0),
    };
    let started = ready.start(&Request::small(1)).expect("started");
    let stamps = started.stamps;
    assert!(stamps.created <= stamps.first_instruction);
    assert!(stamps.first_instruction <= Some(stamps.first_result));
    let mut instance = started.instance;
    let suspension = instance.suspension().expect("there is a way");
    suspension.suspend().expect("suspended");
    suspension.resume().expect("resumed");
    instance.work(&Request::small(2)).expect("works");
    let pid = instance.processes()[0];
    assert!(is_alive(pid));
    instance.stop().expect("stopped");
    assert!(!is_alive(pid));

    let files = super::SnapshotFiles {
        state: own.join("snapshot-state"),
        memory: own.join("snapshot-memory"),
    };
    ready.take_snapshot(&files).expect("taken");
    assert!(taken.exists());
    ready.snapshot = Some(files);
    let started = ready.start(&Request::small(3)).expect("restored");
    assert_eq!(started.stamps.first_instruction, None);
    started.instance.stop().expect("stopped");
    assert_eq!(std::fs::read_dir(&own).expect("the folder").count(), 0);

    let log = std::fs::read_to_string(log).expect("a log");
    let asked: Vec<&str> = log
        .lines()
        .filter_map(|line| line.split_once(" {").map(|(first, _)| first))
        .collect();
    assert_eq!(
        asked,
        [
            "PUT /machine-config",
            "PUT /boot-source",
            "PUT /actions",
            "PATCH /vm",
            "PATCH /vm",
            "PUT /machine-config",
            "PUT /boot-source",
            "PUT /actions",
            "PATCH /vm",
            "PUT /snapshot/create",
            "PUT /snapshot/load",
        ]
    );
}

#[test]
fn a_monitor_that_ends_at_once_is_told_with_its_last_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("qemu");
    std::fs::write(&program, "#!/bin/sh\necho 'no such machine' >&2\nexit 1\n").expect("written");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("set");
    let ready = Ready {
        monitor: Monitor::Qemu,
        acceleration: Acceleration::Kvm,
        program,
        machine: a_machine(),
        snapshot: None,
        folder: folder.path().to_owned(),
        run: "unit-test".to_owned(),
        started: AtomicU32::new(0),
    };
    let failure = ready.start(&Request::small(1)).expect_err("it ended");
    assert!(failure.message.contains("no such machine"), "{failure}");
}

/// Whether kernel and first file system boot, in QEMU's emulator. Takes some seconds, and the
/// kernel is fetched if there is none: run it by hand, `cargo test … boots_in_an_emulator --
/// --ignored`. What it takes is no measurement of anything.
#[test]
#[ignore = "boots a kernel in an emulator: by hand, after a change to how guests are made"]
fn a_guest_boots_in_an_emulator() {
    let program =
        crate::tools::find(Monitor::Qemu.program()).expect("apt-get install qemu-system-x86");
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path();
    let mut workspace = Workspace::new("test", place.join("shared"), place.join("own"), None);
    let source = kernel::source().expect("a kernel");
    for unwrapped in [false, true] {
        let machine = machine(&source, unwrapped, &mut workspace).expect("made");
        let ready = Ready {
            monitor: Monitor::Qemu,
            acceleration: Acceleration::Emulation,
            program: program.clone(),
            machine,
            snapshot: None,
            folder: place.join("own"),
            run: "unit-test".to_owned(),
            started: AtomicU32::new(0),
        };
        let mut instance = ready.start(&Request::small(1)).expect("booted").instance;
        instance.work(&Request::small(2)).expect("works");
        let suspension = instance.suspension().expect("there is a way");
        suspension.suspend().expect("suspended");
        suspension.resume().expect("resumed");
        instance.work(&Request::small(3)).expect("works");
        instance.stop().expect("stopped");
    }
}
