//! Every row is really started. Compiled modules are shared by the tests, as by the children of a
//! run.

use std::sync::{LazyLock, Mutex, PoisonError};

use tempfile::TempDir;

use super::{
    COMPILE, COMPONENT, DESERIALIZE, EPOCHS, FUEL, JAVASCRIPT, JAVASCRIPT_COMPONENT,
    JAVASCRIPT_SNAPSHOT, ON_DEMAND, POOLED, Row, WASI, WASMTIME, Wasm, engine::Limit,
};
use crate::clock::Stamp;
use crate::guest::{Request, WORKING_SET};
use crate::technology::{Started, Starter, Technology, Verdict, Workspace, registry};

const ROWS: [&Row; 10] = [
    &POOLED,
    &FUEL,
    &EPOCHS,
    &ON_DEMAND,
    &DESERIALIZE,
    &COMPILE,
    &WASI,
    &COMPONENT,
    &JAVASCRIPT,
    &JAVASCRIPT_SNAPSHOT,
];

/// Small pools: the tests run at the same time, in one address space.
const SMALL_POOL: u32 = 500;

fn ready(row: &'static Row, pool: u32) -> Box<dyn Starter> {
    static SHARED: LazyLock<Mutex<TempDir>> =
        LazyLock::new(|| Mutex::new(TempDir::new().expect("a folder")));
    let shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let own = TempDir::new().expect("a folder");
    let mut workspace = Workspace::new("test", shared.path().into(), own.path().into(), None);
    Wasm { row, pool }
        .prepare(&mut workspace)
        .unwrap_or_else(|failure| panic!("{}: {failure}", row.id))
}

fn start(starter: &dyn Starter, nonce: u32) -> Started {
    starter
        .start(&Request::small(nonce))
        .unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
fn every_row_starts_works_and_stops() {
    for row in ROWS {
        let starter = ready(row, SMALL_POOL);
        let begin = Stamp::now();
        let Started {
            stamps,
            mut instance,
        } = start(&*starter, 7);
        let created = stamps.created.expect("is known");
        let first_instruction = stamps.first_instruction.expect("is known");
        assert!(begin <= created, "{}", row.id);
        assert!(created <= first_instruction, "{}", row.id);
        assert!(first_instruction <= stamps.first_result, "{}", row.id);
        for request in [
            Request::small(8),
            Request::heavy(9),
            Request::touching(10, WORKING_SET),
            Request::small(11),
        ] {
            instance
                .work(&request)
                .unwrap_or_else(|failure| panic!("{}: {failure}", row.id));
        }
        instance.stop().expect("stops");
    }
}

#[test]
fn instances_start_on_several_threads_at_once() {
    for row in ROWS {
        let starter = ready(row, SMALL_POOL);
        let starts = if row.id == COMPILE.id { 3 } else { 20 };
        std::thread::scope(|scope| {
            for thread in 0..2 {
                let starter = &*starter;
                scope.spawn(move || {
                    for nonce in 0..starts {
                        let started = start(starter, thread * 1000 + nonce);
                        started.instance.stop().expect("stops");
                    }
                });
            }
        });
    }
}

#[test]
fn two_hundred_instances_live_side_by_side() {
    for row in [&POOLED, &ON_DEMAND, &WASI, &JAVASCRIPT_SNAPSHOT] {
        let starter = ready(row, SMALL_POOL);
        let mut alive: Vec<_> = (0..200).map(|nonce| start(&*starter, nonce)).collect();
        for (nonce, started) in (1000..).zip(&mut alive) {
            started
                .instance
                .work(&Request::touching(nonce, 4096))
                .unwrap_or_else(|failure| panic!("{}: {failure}", row.id));
        }
        for started in alive {
            started.instance.stop().expect("stops");
        }
    }
}

#[test]
fn an_exhausted_pool_is_a_limit_until_something_stops() {
    let starter = ready(&POOLED, 3);
    let mut alive: Vec<_> = (0..3).map(|nonce| start(&*starter, nonce)).collect();
    let failure = starter
        .start(&Request::small(3))
        .expect_err("there are three");
    assert!(failure.limit, "{failure}");
    alive.pop().expect("three").instance.stop().expect("stops");
    start(&*starter, 4);
}

#[test]
fn memory_ends_where_the_module_says() {
    let starter = ready(&POOLED, 3);
    let mut started = start(&*starter, 1);
    let failure = started
        .instance
        .work(&Request::touching(2, 100 << 20))
        .expect_err("64 MiB are the most");
    assert!(
        failure.message.contains("the guest answered ``"),
        "{failure}"
    );
}

#[test]
fn a_guest_that_takes_too_long_is_stopped() {
    static LITTLE_FUEL: Row = Row {
        limit: Limit::Fuel(1_000_000),
        ..FUEL
    };
    static ONE_TICK: Row = Row {
        limit: Limit::Epochs(1),
        ..EPOCHS
    };
    for (row, says) in [(&LITTLE_FUEL, "fuel"), (&ONE_TICK, "interrupt")] {
        let starter = ready(row, 3);
        let failure = (0..100)
            .find_map(|nonce| starter.start(&Request::heavy(nonce)).err())
            .unwrap_or_else(|| panic!("{}: it was not stopped", row.id));
        assert!(failure.message.contains(says), "{failure}");
    }
}

#[test]
fn what_was_compiled_is_used_again() {
    let [shared, own] = [(); 2].map(|()| TempDir::new().expect("a folder"));
    let steps = || {
        let mut workspace = Workspace::new("test", shared.path().into(), own.path().into(), None);
        let wasm = Wasm {
            row: &DESERIALIZE,
            pool: 3,
        };
        wasm.prepare(&mut workspace).expect("prepares");
        let steps: Vec<String> = workspace
            .steps()
            .iter()
            .map(|step| step.what.clone())
            .collect();
        steps
    };
    assert_eq!(
        steps(),
        ["set up the engine", "compile the module (Cranelift)"]
    );
    assert_eq!(steps(), ["set up the engine"]);
}

/// Its library is brought only when the row is named: see `tonnage doctor --install`.
#[test]
#[allow(clippy::print_stderr, reason = "a test that cannot run here says so")]
fn javascript_starts_works_and_stops_as_a_component() {
    let technology = Wasm::new(&JAVASCRIPT_COMPONENT);
    if let Verdict::NotHere { why, enable } = technology.examine() {
        assert!(enable.contains("wasm-component-javascript"), "{enable}");
        eprintln!(
            "skipped {}: {why} (to enable: {enable})",
            JAVASCRIPT_COMPONENT.id
        );
        return;
    }
    let starter = ready(&JAVASCRIPT_COMPONENT, SMALL_POOL);
    let [mut one, mut other] = [1, 2].map(|nonce| start(&*starter, nonce).instance);
    for (nonce, instance) in [(3, &mut one), (4, &mut other)] {
        instance.work(&Request::heavy(nonce)).expect("heavy work");
        instance
            .work(&Request::touching(nonce, WORKING_SET))
            .expect("touched");
    }
    one.stop().expect("stopped");
    other.work(&Request::small(5)).expect("the other lives on");
}

#[test]
fn the_rows_are_registered_and_say_which_wasmtime_they_run() {
    for row in ROWS {
        let technology = registry()
            .into_iter()
            .find(|technology| technology.description().id == row.id)
            .unwrap_or_else(|| panic!("{} is registered", row.id));
        let Verdict::Ready { tools } = technology.examine() else {
            panic!("{} can be measured here", row.id);
        };
        assert_eq!(tools[0].version, WASMTIME);
    }
    let lock = include_str!("../../../../Cargo.lock");
    assert!(
        lock.contains(&format!("name = \"wasmtime\"\nversion = \"{WASMTIME}\"\n")),
        "the constant WASMTIME is not the version in Cargo.lock"
    );
}
