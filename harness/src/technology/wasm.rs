//! WebAssembly: the guest program as a module, run by Wasmtime in this process.
//!
//! The rows differ in what is there before a start, what hands out memory, and what is inside the
//! module: the program compiled from C, or a JavaScript engine that runs the program's JavaScript
//! form. [`Row`] says which; everything else is the same for all.

mod component;
mod componentize;
mod engine;
mod guest;
mod program;
mod snapshot;
#[cfg(test)]
mod tests;
mod wasi;

use std::path::PathBuf;

use wasmtime::{Engine, InstancePre, Linker, Module, Store};

use crate::clock::Stamp;
use crate::guest::{Language, Request};
use crate::technology::{
    CodeForm, Description, Failure, Inside, Instance, Need, Role, Stamps, StartKind, Started,
    Starter, Technology, Tool, Verdict, Workspace,
};
use crate::{Boundary, Capability};
use component::Linked;
use engine::{Allocator, Compiled, Limit, Ticker};
use guest::{Guest, Host};
use program::Program;

/// The version of Wasmtime that is built in.
const WASMTIME: &str = "48.0.8";

/// The version of QuickJS that the JavaScript guest was built with.
const QUICKJS: &str = "0.16.2";

/// Instances a pool has room for, at a little over 4 GiB of addresses each. On x86-64, a process has
/// 128 TiB, and its program stands in the middle of them: 85 TiB below it are the largest piece.
const POOL: u32 = 21_000;

/// The guest program as WebAssembly, started in one of several ways.
#[derive(Debug)]
pub struct Wasm {
    row: &'static Row,
    pool: u32,
}

impl Wasm {
    /// The technology of a row.
    pub fn new(row: &'static Row) -> Self {
        Self { row, pool: POOL }
    }
}

/// One way to start WebAssembly.
#[derive(Debug)]
pub struct Row {
    id: &'static str,
    title: &'static str,
    start: StartKind,
    clock: &'static str,
    notes: &'static str,
    program: Program,
    allocator: Allocator,
    limit: Limit,
    code: Code,
}

/// What a start has of the compiled code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    /// It is loaded and linked, for all instances together.
    Loaded,
    /// It is in a file.
    InFile,
    /// There is none yet.
    ToCompile,
}

/// The headline: everything that can be done beforehand is.
pub const POOLED: Row = Row {
    id: "wasm-wasmtime",
    title: "WebAssembly instance (Wasmtime, pooled)",
    start: StartKind::Pooled,
    clock: "Native code, compiled and loaded beforehand. From a new store and an instance in memory \
            set aside beforehand, mapped copy-on-write, to the checked answer. The first instruction \
            is when the guest first calls the host.",
    notes: "Started and stopped one after another, an instance finds memory that the one before used \
            and gave back. No fuel or epochs: a guest that never ends would not be stopped.",
    program: Program::Plain,
    allocator: Allocator::Pool,
    limit: Limit::None,
    code: Code::Loaded,
};

/// The same without a pool.
pub const ON_DEMAND: Row = Row {
    id: "wasm-on-demand",
    title: "WebAssembly instance (Wasmtime, on demand)",
    start: StartKind::Precompiled,
    clock: "Native code, compiled and loaded beforehand. From a new store and an instance whose \
            memory is mapped for it, copy-on-write, to the checked answer. The first instruction is \
            when the guest first calls the host.",
    notes: "Stopping unmaps what starting mapped. No fuel or epochs: a guest that never ends would \
            not be stopped.",
    program: Program::Plain,
    allocator: Allocator::OnDemand,
    limit: Limit::None,
    code: Code::Loaded,
};

/// The compiled module is loaded in each start.
pub const DESERIALIZE: Row = Row {
    id: "wasm-deserialize",
    title: "WebAssembly module loaded from a file (Wasmtime)",
    start: StartKind::Precompiled,
    clock: "Native code, compiled beforehand into a file in the page cache. From mapping the file, \
            a new store and an instance to the checked answer. The first instruction is when the \
            guest first calls the host.",
    notes: "As for a program that this process has not run before. The file is trusted: what has \
            been compiled is not checked again.",
    program: Program::Plain,
    allocator: Allocator::OnDemand,
    limit: Limit::None,
    code: Code::InFile,
};

/// The module is compiled in each start.
pub const COMPILE: Row = Row {
    id: "wasm-compile",
    title: "WebAssembly module compiled at the start (Wasmtime)",
    start: StartKind::Cold,
    clock: "From the bytes of a module of 21 kB: checking, compiling to native code with Cranelift \
            on one thread, a new store and an instance, to the checked answer. The first instruction \
            is when the guest first calls the host.",
    notes: "As for code that was written a moment ago. The time grows with the size of the module.",
    program: Program::Plain,
    allocator: Allocator::OnDemand,
    limit: Limit::None,
    code: Code::ToCompile,
};

/// The headline, and a guest that never ends is stopped by counting what it does.
pub const FUEL: Row = Row {
    id: "wasm-fuel",
    title: "WebAssembly instance with fuel (Wasmtime, pooled)",
    start: StartKind::Pooled,
    clock: POOLED.clock,
    notes: "As the pooled instance, compiled so that every piece of code counts its instructions and \
            ends when they are used up: the same number on any host. Against the pooled instance it \
            shows what that costs.",
    program: Program::Plain,
    allocator: Allocator::Pool,
    // Ten times what the heavier work takes.
    limit: Limit::Fuel(10_000_000_000),
    code: Code::Loaded,
};

/// The headline, and a guest that never ends is stopped by a clock.
pub const EPOCHS: Row = Row {
    id: "wasm-epochs",
    title: "WebAssembly instance with epochs (Wasmtime, pooled)",
    start: StartKind::Pooled,
    clock: POOLED.clock,
    notes: "As the pooled instance, compiled so that loops and functions look at a counter, which a \
            thread of the host counts up every 10 ms, and end 10 seconds after they were called. \
            Against the pooled instance it shows what that costs; the thread's CPU time is in it.",
    program: Program::Plain,
    allocator: Allocator::Pool,
    limit: Limit::Epochs(1_000),
    code: Code::Loaded,
};

/// The guest reads and writes through WASI.
pub const WASI: Row = Row {
    id: "wasm-wasi",
    title: "WebAssembly instance with WASI (Wasmtime, pooled)",
    start: StartKind::Pooled,
    clock: "As the pooled instance, but the guest has a C library that is initialised, reads its \
            clock, and takes requests and gives answers as lines through WASI preview 1: fd_read, \
            fd_write, clock_time_get. The first instruction is what the guest read from that clock.",
    notes: "The three calls this guest makes are the harness's own, over memory. A complete WASI with \
            files, sockets and random numbers sets up more for each instance. The guest is called \
            again for each request, since nothing in one thread could wait for the next line.",
    program: Program::Wasi,
    allocator: Allocator::Pool,
    limit: Limit::None,
    code: Code::Loaded,
};

/// The guest is a component.
pub const COMPONENT: Row = Row {
    id: "wasm-component",
    title: "WebAssembly component with WASI 0.2 (Wasmtime, pooled)",
    start: StartKind::Pooled,
    clock: "Native code, compiled and loaded beforehand. From a new store and an instance of the \
            component in memory set aside beforehand, mapped copy-on-write, to the checked answer, which \
            is the value of a typed function. The first instruction is when the guest first asks WASI's \
            monotonic clock.",
    notes: "One module inside. Texts are copied in and out by the component model's rules. The one \
            interface of WASI 0.2 this guest imports, wasi:clocks/monotonic-clock, is the harness's own; \
            a complete WASI with files and sockets sets up more for each instance. Against the pooled \
            instance it shows what being a component costs.",
    program: Program::Component,
    allocator: Allocator::Pool,
    limit: Limit::None,
    code: Code::Loaded,
};

/// A JavaScript engine inside a component.
pub const JAVASCRIPT_COMPONENT: Row = Row {
    id: "wasm-component-javascript",
    title: "JavaScript as a component (SpiderMonkey in Wasmtime)",
    start: StartKind::Snapshot,
    clock: "A component by componentize-js: SpiderMonkey with the script already evaluated, as native \
            code, compiled and loaded beforehand; JavaScript is interpreted by it. From a new store and \
            an instance whose memory is mapped for it, copy-on-write, to the checked answer. The first \
            instruction is when the script first asks WASI's monotonic clock.",
    notes: "All instances begin with the same heap. Of WASI 0.2 the component imports its monotonic clock \
            and nothing else. It is built beforehand, and compiled, which takes a minute or so. No pool: \
            its tables are larger than those that the pools of the other rows have room for.",
    program: Program::JavascriptComponent,
    allocator: Allocator::OnDemand,
    limit: Limit::None,
    code: Code::Loaded,
};

/// A JavaScript engine inside the module.
pub const JAVASCRIPT: Row = Row {
    id: "wasm-javascript",
    title: "JavaScript in WebAssembly (QuickJS in Wasmtime, pooled)",
    start: StartKind::Pooled,
    clock: "QuickJS as native code, compiled and loaded beforehand; JavaScript is interpreted by it. \
            From a new store and an instance, by making a JavaScript runtime and evaluating the \
            script, to the checked answer. The first instruction is when QuickJS's wrapper first \
            calls the host.",
    notes: "Every instance has an engine of its own in memory of its own.",
    program: Program::Javascript,
    allocator: Allocator::Pool,
    limit: Limit::None,
    code: Code::Loaded,
};

/// A JavaScript engine that has already read the script.
pub const JAVASCRIPT_SNAPSHOT: Row = Row {
    id: "wasm-javascript-snapshot",
    title: "JavaScript in WebAssembly from a snapshot (QuickJS in Wasmtime, pooled)",
    start: StartKind::Snapshot,
    clock: "As JavaScript in WebAssembly, but the module's memory begins as it was after the runtime \
            was made and the script evaluated (Wizer), mapped copy-on-write. The first instruction \
            is when QuickJS's wrapper first calls the host.",
    notes: "All instances begin with the same heap, the state of Math.random included.",
    program: Program::JavascriptSnapshot,
    allocator: Allocator::Pool,
    limit: Limit::None,
    code: Code::Loaded,
};

impl Technology for Wasm {
    fn description(&self) -> Description {
        let row = self.row;
        let (language, runs, code) = match row.program {
            Program::Plain | Program::Wasi | Program::Component => {
                (Language::Native, Capability::Wasm, CodeForm::Wasm)
            }
            Program::Javascript | Program::JavascriptSnapshot | Program::JavascriptComponent => (
                Language::Javascript,
                Capability::Javascript,
                CodeForm::Javascript,
            ),
        };
        Description {
            id: row.id.to_owned(),
            title: row.title.to_owned(),
            boundary: Boundary::LanguageRuntime,
            offers: vec![Capability::ApiCalls, runs],
            inside: Inside::runtime(vec![code]),
            language,
            start: row.start,
            clock: row.clock.to_owned(),
            notes: Some(row.notes.to_owned()),
            role: Role::Candidate,
        }
    }

    fn examine(&self) -> Verdict {
        if !engine::COMPILES_HERE {
            return Verdict::NotHere {
                why: format!(
                    "Wasmtime has no compiler for {}, only an interpreter",
                    std::env::consts::ARCH
                ),
                enable: "a host with x86-64, arm64, s390x or riscv64 processors".to_owned(),
            };
        }
        let built_in = |name: &str, version: &str| Tool {
            name: name.to_owned(),
            version: version.to_owned(),
            path: None,
        };
        let mut tools = vec![built_in("wasmtime", WASMTIME)];
        if self.row.program == Program::JavascriptComponent {
            return componentize::examine(self.row.id, tools);
        }
        if self.row.program.is_javascript() {
            tools.push(built_in("quickjs-ng", QUICKJS));
        }
        Verdict::Ready { tools }
    }

    fn needs(&self) -> Vec<Need> {
        if self.row.program == Program::JavascriptComponent {
            componentize::needs()
        } else {
            Vec::new()
        }
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        let row = self.row;
        let engine = workspace.step("set up the engine", |_| {
            engine::engine(row.allocator, row.limit, self.pool)
        })?;
        workspace.note_command(engine::settings(row.allocator, row.limit, self.pool));
        let linker = guest::linker(&engine)?;
        let code = match row.code {
            Code::ToCompile => Source::Bytes(row.program.shipped()?),
            Code::InFile => Source::File(compiled(row, &engine, workspace)?),
            Code::Loaded if row.program.is_component() => {
                let file = compiled(row, &engine, workspace)?;
                let load = |_: &mut Workspace| Linked::load(&engine, &file);
                Source::Component(workspace.step("load and link the compiled component", load)?)
            }
            Code::Loaded => {
                let file = compiled(row, &engine, workspace)?;
                Source::Linked(workspace.step("load and link the compiled module", |_| {
                    let module = engine::load(&engine, &file)?;
                    linker
                        .instantiate_pre(&module)
                        .map_err(|error| engine::failure("cannot link", &error))
                })?)
            }
        };
        Ok(Box::new(Ready {
            program: row.program,
            limit: row.limit,
            _ticker: matches!(row.limit, Limit::Epochs(_)).then(|| Ticker::new(&engine)),
            engine,
            linker,
            code,
        }))
    }
}

/// The compiled module in a file that the whole run shares.
fn compiled(row: &Row, engine: &Engine, workspace: &mut Workspace) -> Result<PathBuf, Failure> {
    let program = row.program;
    let name = format!("{}{}.cwasm", program.name(), row.limit.suffix());
    let file = workspace.shared().join(name);
    if file.exists() {
        return Ok(file);
    }
    let module = match program {
        Program::JavascriptSnapshot => workspace.step(
            "evaluate the script in QuickJS and take a snapshot (Wizer)",
            |_| snapshot::after_loading(Program::Javascript),
        )?,
        Program::JavascriptComponent => componentize::build(workspace)?,
        _ => program.shipped()?.to_vec(),
    };
    workspace.step("compile the module (Cranelift)", |_| {
        let what = if program.is_component() {
            Compiled::Component
        } else {
            Compiled::Module
        };
        engine::compile(engine, what, &module, &file)
    })?;
    Ok(file)
}

/// What starts instances.
struct Ready {
    program: Program,
    limit: Limit,
    _ticker: Option<Ticker>,
    engine: Engine,
    linker: Linker<Host>,
    code: Source,
}

/// Where a start gets its code from.
enum Source {
    Linked(InstancePre<Host>),
    Component(Linked),
    File(PathBuf),
    Bytes(&'static [u8]),
}

impl Ready {
    /// Makes an instance. Returns it, ready to answer, and when it was there.
    fn instantiate(&self, mut store: Store<Host>) -> Result<(Guest, Stamp), Failure> {
        let instance = match &self.code {
            Source::Component(component) => {
                let answer = component.instantiate(&mut store)?;
                let created = Stamp::now();
                return Ok((Guest::of_component(store, answer, self.limit), created));
            }
            Source::Linked(linked) => linked.instantiate(&mut store),
            Source::File(file) => {
                let module = engine::load(&self.engine, file)?;
                self.linker.instantiate(&mut store, &module)
            }
            Source::Bytes(bytes) => {
                let module = Module::new(&self.engine, bytes)
                    .map_err(|error| engine::failure("cannot compile", &error))?;
                self.linker.instantiate(&mut store, &module)
            }
        }
        .map_err(|error| engine::failure("cannot make an instance", &error))?;
        let created = Stamp::now();
        let guest = Guest::new(store, &instance, self.program, self.limit)?;
        Ok((guest, created))
    }
}

impl Starter for Ready {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let mut store = Store::new(&self.engine, Host::default());
        self.limit.allow(&mut store)?;
        let (mut guest, created) = self.instantiate(store)?;
        guest.ask(request)?;
        let first_result = Stamp::now();
        Ok(Started {
            stamps: Stamps {
                created: Some(created),
                first_instruction: guest.first_instruction(),
                first_result,
            },
            instance: Box::new(guest),
        })
    }
}

impl Instance for Guest {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        self.ask(request)
    }

    fn stop(self: Box<Self>) -> Result<(), Failure> {
        Ok(())
    }
}
