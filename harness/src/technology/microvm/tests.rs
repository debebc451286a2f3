//! Machines are really started, where they can be.

use std::sync::Arc;

use super::machine::{Hypervisor, MEMORY, Machine, PORT, Ring};
use super::{Microvm, probe};
use crate::clock::Stamp;
use crate::guest::{Request, WORKING_SET};
use crate::technology::{Started, Starter, Technology, Verdict, Workspace};

const KINDS: [Microvm; 2] = [Microvm::Cold, Microvm::Snapshot];

/// Says why a test cannot run here.
#[expect(clippy::print_stderr, reason = "a test that can't run says so")]
fn is_ready() -> bool {
    match Microvm::Cold.examine() {
        Verdict::Ready { .. } => true,
        Verdict::NotHere { why, .. } => {
            eprintln!("skipped: {why}");
            false
        }
    }
}

fn ready(kind: Microvm, folder: &tempfile::TempDir) -> Box<dyn Starter> {
    let place = folder.path();
    let mut workspace = Workspace::new("test", place.into(), place.into(), None);
    kind.prepare(&mut workspace)
        .unwrap_or_else(|failure| panic!("{kind:?}: {failure}"))
}

fn start(starter: &dyn Starter, nonce: u32) -> Started {
    starter
        .start(&Request::small(nonce))
        .unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
fn machines_start_work_and_stop() {
    if !is_ready() {
        return;
    }
    for kind in KINDS {
        let folder = tempfile::tempdir().expect("a folder");
        let starter = ready(kind, &folder);
        let begin = Stamp::now();
        let Started {
            stamps,
            mut instance,
        } = start(&*starter, 7);
        let created = stamps.created.expect("is known");
        let first_instruction = stamps.first_instruction.expect("is known");
        assert!(begin <= created && created <= first_instruction, "{kind:?}");
        assert!(first_instruction <= stamps.first_result, "{kind:?}");
        for request in [
            Request::small(8),
            Request::heavy(9),
            Request::touching(10, WORKING_SET),
            Request::small(11),
        ] {
            instance
                .work(&request)
                .unwrap_or_else(|failure| panic!("{kind:?}: {failure}"));
        }
        instance.stop().expect("stops");
    }
}

#[test]
fn a_suspended_machine_goes_on_with_its_memory_and_leaves_no_file() {
    if !is_ready() {
        return;
    }
    for kind in KINDS {
        let folder = tempfile::tempdir().expect("a folder");
        let starter = ready(kind, &folder);
        let mut instance = start(&*starter, 1).instance;
        instance
            .work(&Request::touching(2, WORKING_SET))
            .expect("touches");
        for nonce in 3..6 {
            let suspension = instance.suspension().expect("there is a way");
            suspension.suspend().expect("suspended");
            suspension.suspend().expect_err("it is suspended already");
            instance
                .work(&Request::small(nonce))
                .expect_err("it does not run");
            let suspension = instance.suspension().expect("there is a way");
            suspension.resume().expect("resumed");
            suspension.resume().expect_err("it runs already");
            instance
                .work(&Request::small(nonce))
                .unwrap_or_else(|failure| panic!("{kind:?}: {failure}"));
        }
        instance.stop().expect("stops");
        let left = std::fs::read_dir(folder.path()).expect("the folder");
        assert_eq!(left.count(), 0, "{kind:?}");
    }
}

#[test]
fn machines_from_one_snapshot_do_not_see_each_other() {
    if !is_ready() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let starter = ready(Microvm::Snapshot, &folder);
    let starter = &*starter;
    std::thread::scope(|scope| {
        for thread in 0..2 {
            scope.spawn(move || {
                let mut alive: Vec<_> = (0..10)
                    .map(|nonce| start(starter, thread * 1000 + nonce))
                    .collect();
                for (nonce, started) in (5000..).zip(&mut alive) {
                    let request = Request::touching(nonce + thread, 64 << 10);
                    started.instance.work(&request).expect("works");
                }
            });
        }
    });
}

#[test]
fn memory_ends_where_the_machine_has_none() {
    if !is_ready() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let starter = ready(Microvm::Cold, &folder);
    let mut instance = start(&*starter, 1).instance;
    let failure = instance
        .work(&Request::touching(2, MEMORY as u64))
        .expect_err("it has less");
    assert_eq!(failure.message, "the guest ended with status 3");
}

#[test]
fn what_a_guest_must_not_do_ends_it() {
    if !is_ready() {
        return;
    }
    let port = PORT.to_le_bytes()[0];
    for (what, code, says) in [
        ("hlt", &[0xf4][..], "crashed"),
        ("a null pointer", &[0x8a, 0x04, 0x25, 0, 0, 0, 0], "crashed"),
        (
            "its own page tables",
            &[0x8a, 0x04, 0x25, 0, 0x10, 0, 0],
            "crashed",
        ),
        ("cr3", &[0x0f, 0x20, 0xd8], "crashed"),
        ("another port", &[0xe7, port + 4], "crashed"),
    ] {
        let hypervisor = Hypervisor::open().expect("there is one");
        let mut machine = Machine::new(&hypervisor, code, Ring::Program).expect("made");
        let failure = machine.run().expect_err(what);
        assert!(failure.message.contains(says), "{what}: {failure}");
    }
}

#[test]
fn a_guest_reaches_no_memory_outside_of_its_own_through_the_host() {
    if !is_ready() {
        return;
    }
    let hypervisor = Arc::new(Hypervisor::open().expect("there is one"));
    let machine = Machine::new(&hypervisor, &[], Ring::Program).expect("made");
    let mut byte = [0];
    machine.read(MEMORY - 1, &mut byte).expect("the last");
    for at in [MEMORY, usize::MAX] {
        machine.read(at, &mut byte).expect_err("outside");
        machine.write(at, &byte).expect_err("outside");
    }
}

#[test]
fn programs_are_found_to_run() {
    if !is_ready() {
        return;
    }
    let speed = probe::speed().expect("was found");
    assert!(speed.runs_programs(), "{speed:?}");
    assert!(speed.of_kernels > 0.0, "{speed:?}");
}
