//! The guest program as a component: typed functions, and imports of WASI 0.2.
#![allow(unsafe_code)]

use std::path::Path;

use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker, TypedFunc};
use wasmtime::{Engine, Store, StoreContextMut};

use super::engine::failure;
use super::guest::Host;
use crate::clock::Stamp;
use crate::technology::Failure;

/// The interface of WASI 0.2 that the guest imports.
const CLOCK: &str = "wasi:clocks/monotonic-clock@0.2.0";

/// The function that the component exports.
const ANSWER: &str = "answer";

/// What answers requests: a text to a text.
pub(super) type Answer = TypedFunc<(String,), (String,)>;

/// A component that is loaded and linked, for all instances together.
pub(super) struct Linked {
    instances: InstancePre<Host>,
    answer: ComponentExportIndex,
}

impl Linked {
    /// Maps a compiled component from the file that [`super::engine::compile`] wrote, and links it.
    pub(super) fn load(engine: &Engine, file: &Path) -> Result<Self, Failure> {
        // SAFETY: the file was written by `compile`, in a folder that belongs to the run, and nothing
        // changes it afterwards.
        let component = unsafe { Component::deserialize_file(engine, file) }
            .map_err(|error| failure("cannot load the compiled component", &error))?;
        let answer = component
            .get_export_index(None, ANSWER)
            .ok_or_else(|| Failure::new(format!("the component exports no `{ANSWER}`")))?;
        let instances = linker(engine)
            .and_then(|linker| linker.instantiate_pre(&component))
            .map_err(|error| failure("cannot link", &error))?;
        Ok(Self { instances, answer })
    }

    /// Makes an instance.
    pub(super) fn instantiate(&self, store: &mut Store<Host>) -> Result<Answer, Failure> {
        let instance = self
            .instances
            .instantiate(&mut *store)
            .map_err(|error| failure("cannot make an instance", &error))?;
        instance
            .get_typed_func(store, self.answer)
            .map_err(|error| failure("the component is not as expected", &error))
    }
}

/// What the component can import.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    linker
        .instance(CLOCK)?
        .func_wrap("now", |mut caller: StoreContextMut<'_, Host>, (): ()| {
            let now = Stamp::now();
            // It is the first thing that the guest does.
            caller.data_mut().first_instruction.get_or_insert(now);
            Ok((now.nanoseconds(),))
        })?;
    Ok(linker)
}
