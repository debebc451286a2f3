//! Wasmtime's engine as the rows set it up, and compiled code on its way into a file and back.
#![allow(unsafe_code)]

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, Module, PoolConcurrencyLimitError,
    PoolingAllocationConfig, Store,
};

use crate::technology::Failure;

/// Whether Wasmtime compiles to native code on this processor.
pub(super) const COMPILES_HERE: bool = cfg!(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "s390x",
    target_arch = "riscv64"
));

/// Memory that an instance may take, in bytes. The modules say the same.
const MAX_MEMORY: usize = 64 << 20;

/// Address space for each memory: as much as a guest can name, so that code needs no checks of
/// addresses.
const RESERVATION: u64 = 4 << 30;

/// Address space after each memory that is never mapped.
const GUARD: u64 = 32 << 20;

/// Functions that a table may hold. QuickJS has some 600; what is set aside for a pool grows with it.
const TABLE: usize = 1024;

/// What hands out memory for instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allocator {
    /// It is set aside when the engine is made.
    Pool,
    /// It is mapped when an instance is made.
    OnDemand,
}

/// How a guest that never ends is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// It is not.
    None,
    /// Every few instructions count, and there are so many for a request.
    Fuel(u64),
    /// Loops and functions look whether a clock of the host has gone on by so many ticks, for a
    /// request, of [`TICK`].
    Epochs(u64),
}

/// How often the host's clock for epochs goes on.
pub(super) const TICK: Duration = Duration::from_millis(10);

impl Limit {
    /// Added to the names of files with code compiled for it.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Fuel(_) => "-fuel",
            Self::Epochs(_) => "-epochs",
        }
    }

    /// Gives an instance what it may use up for one request.
    pub(super) fn allow<T>(self, store: &mut Store<T>) -> Result<(), Failure> {
        match self {
            Self::None => {}
            Self::Fuel(fuel) => store
                .set_fuel(fuel)
                .map_err(|error| failure("cannot give fuel", &error))?,
            Self::Epochs(ticks) => store.set_epoch_deadline(ticks),
        }
        Ok(())
    }
}

/// The clock for epochs: a thread that counts the engine's up until this is dropped.
#[derive(Debug)]
pub(super) struct Ticker {
    stop: mpsc::Sender<()>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Ticker {
    /// Begins to count.
    pub(super) fn new(engine: &Engine) -> Self {
        let engine = engine.weak();
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(TICK) {
                let Some(engine) = engine.upgrade() else {
                    return;
                };
                engine.increment_epoch();
            }
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // A thread that has ended listens no more.
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// An engine, with a pool for so many instances if it has one.
pub(super) fn engine(allocator: Allocator, limit: Limit, pool: u32) -> Result<Engine, Failure> {
    let mut config = Config::new();
    config
        .consume_fuel(matches!(limit, Limit::Fuel(_)))
        .epoch_interruption(matches!(limit, Limit::Epochs(_)))
        .memory_reservation(RESERVATION)
        .memory_guard_size(GUARD)
        .memory_init_cow(true);
    if allocator == Allocator::Pool {
        let mut pooling = PoolingAllocationConfig::new();
        pooling
            .total_core_instances(pool)
            .total_component_instances(pool)
            .total_memories(pool)
            .total_tables(pool)
            .table_elements(TABLE)
            .max_memory_size(MAX_MEMORY);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pooling));
    }
    Engine::new(&config).map_err(|error| failure("cannot set up Wasmtime", &error))
}

/// The settings in words.
pub(super) fn settings(allocator: Allocator, limit: Limit, pool: u32) -> String {
    let memory = match allocator {
        Allocator::Pool => format!("pooling allocator for {pool} instances"),
        Allocator::OnDemand => "on-demand allocator".to_owned(),
    };
    let limit = match limit {
        Limit::None => "no fuel, no epochs".to_owned(),
        Limit::Fuel(fuel) => format!("fuel, {fuel} for a request"),
        Limit::Epochs(ticks) => format!("epochs of {} ms, {ticks} for a request", TICK.as_millis()),
    };
    format!(
        "Wasmtime: {memory}; 4 GiB of addresses and a guard of 32 MiB for each memory, of which a \
         guest may take 64 MiB; copy-on-write images; Cranelift, optimising for speed; {limit}"
    )
}

/// What is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compiled {
    /// A module.
    Module,
    /// A component, with all modules in it.
    Component,
}

/// Compiles something into a file, which appears only when it is complete.
pub(super) fn compile(
    engine: &Engine,
    what: Compiled,
    bytes: &[u8],
    file: &Path,
) -> Result<(), Failure> {
    let code = match what {
        Compiled::Module => engine.precompile_module(bytes),
        Compiled::Component => engine.precompile_component(bytes),
    }
    .map_err(|error| failure("Cranelift", &error))?;
    let unfinished = file.with_extension(format!("{}.part", std::process::id()));
    std::fs::write(&unfinished, code)
        .and_then(|()| std::fs::rename(&unfinished, file))
        .map_err(|error| Failure::of(&format!("cannot write {}", file.display()), error))
}

/// Maps a compiled module from its file.
pub(super) fn load(engine: &Engine, file: &Path) -> Result<Module, Failure> {
    // SAFETY: the file was written by `compile`, in a folder that belongs to the run, and nothing
    // changes it afterwards.
    unsafe { Module::deserialize_file(engine, file) }
        .map_err(|error| failure("cannot load the compiled module", &error))
}

/// What went wrong in Wasmtime. An exhausted pool, or a host that has no more memory, addresses or
/// mappings to give, is a limit.
pub(super) fn failure(what: &str, error: &wasmtime::Error) -> Failure {
    let message = format!("{what}: {error:#}");
    let exhausted = ["os error 11)", "os error 12)", "os error 24)"]
        .iter()
        .any(|number| message.contains(number));
    if exhausted || error.is::<PoolConcurrencyLimitError>() {
        Failure::limit(message)
    } else {
        Failure::new(message)
    }
}
