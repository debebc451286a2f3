//! A module whose memory begins as another's is after its script was evaluated.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use wasmtime::{Config, Engine, Instance, Module, OptLevel, Store, Val};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

use super::engine::{Limit, failure};
use super::guest::{Guest, Host, linker};
use super::program::Program;
use crate::technology::Failure;

/// Starts a program, evaluates the script, and returns the module as it is then.
pub(super) fn after_loading(program: Program) -> Result<Vec<u8>, Failure> {
    // The code runs once: compiling it quickly matters more than what comes out.
    let engine = Engine::new(Config::new().cranelift_opt_level(OptLevel::None))
        .map_err(|error| failure("cannot set up Wasmtime", &error))?;
    let mut wizer = Wizer::new();
    wizer.init_func("tonnage_load");
    let (context, instrumented) = wizer
        .instrument(program.shipped()?)
        .map_err(|error| failure("Wizer", &error))?;
    let module =
        Module::new(&engine, instrumented).map_err(|error| failure("cannot compile", &error))?;
    let mut store = Store::new(&engine, Host::default());
    let instance = linker(&engine)?
        .instantiate(&mut store, &module)
        .map_err(|error| failure("cannot make an instance", &error))?;
    let store = Guest::new(store, &instance, program, Limit::None)?.into_store();
    let mut loaded = Loaded { store, instance };
    at_once(wizer.snapshot(&context, &mut loaded))?.map_err(|error| failure("Wizer", &error))
}

/// Wizer waits for state that may be elsewhere; this is here, and nothing is waited for.
fn at_once<F: Future>(future: F) -> Result<F::Output, Failure> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => Err(Failure::new("Wizer waits for something")),
    }
}

/// An instance that has evaluated the script.
struct Loaded {
    store: Store<Host>,
    instance: Instance,
}

impl InstanceState for Loaded {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self
            .instance
            .get_global(&mut self.store, name)
            .expect("Wizer exports every global that can change");
        match global.get(&mut self.store) {
            Val::I32(value) => SnapshotVal::I32(value),
            Val::I64(value) => SnapshotVal::I64(value),
            Val::F32(value) => SnapshotVal::F32(value),
            Val::F64(value) => SnapshotVal::F64(value),
            Val::V128(value) => SnapshotVal::V128(value.as_u128()),
            other => unreachable!("Wizer refuses modules with a global such as {other:?}"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self
            .instance
            .get_memory(&mut self.store, name)
            .expect("Wizer exports every memory");
        contents(memory.data(&self.store));
    }
}
