//! WebAssembly in an interpreter: the same module as Wasmtime's rows, run by Wasmi in this process.
//!
//! An interpreter needs no machine code: nothing is compiled, and no memory is made executable. It
//! starts code that nobody has seen before at once, and runs it slowly.

use wasmi::{
    Caller, CompilationMode, Config, Engine, Linker, Memory, Module, Store, TypedFunc, WasmParams,
    WasmResults,
};

use crate::clock::Stamp;
use crate::guest::{Language, Request};
use crate::technology::{
    CodeForm, Description, Failure, Inside, Instance, Role, Stamps, StartKind, Started, Starter,
    Technology, Tool, Verdict, Workspace,
};
use crate::{Boundary, Capability};

/// The version of Wasmi that is built in.
const VERSION: &str = "2.0.0";

/// The guest program, compiled from C.
const MODULE: &[u8] = include_bytes!("../../guests/wasm/guest.wasm");

/// A way to start WebAssembly in the interpreter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wasmi {
    /// The module is checked and translated beforehand.
    Loaded,
    /// The module is bytes.
    Bytes,
}

impl Technology for Wasmi {
    fn description(&self) -> Description {
        let (id, title, start, clock, notes) = match self {
            Self::Loaded => (
                "wasm-wasmi",
                "WebAssembly instance in an interpreter (Wasmi)",
                StartKind::Precompiled,
                "A module checked, and translated to the interpreter's code, beforehand. From a new \
                 store and an instance, whose memory is cleared and filled, to the checked answer. \
                 The first instruction is when the guest first calls the host.",
                "No machine code is made. Without fuel: a guest that never ends would not be \
                 stopped.",
            ),
            Self::Bytes => (
                "wasm-wasmi-load",
                "WebAssembly module loaded by an interpreter (Wasmi)",
                StartKind::Cold,
                "From the bytes of a module of 21 kB: checking it, a new store and an instance, and \
                 translating each function when it is first called, to the checked answer. The \
                 first instruction is when the guest first calls the host.",
                "As for code that was written a moment ago, and that runs once.",
            ),
        };
        Description {
            id: id.to_owned(),
            title: title.to_owned(),
            boundary: Boundary::LanguageRuntime,
            offers: vec![Capability::ApiCalls, Capability::Wasm],
            inside: Inside::runtime(vec![CodeForm::Wasm]),
            language: Language::Native,
            start,
            clock: clock.to_owned(),
            notes: Some(notes.to_owned()),
            role: Role::Candidate,
        }
    }

    fn examine(&self) -> Verdict {
        Verdict::Ready {
            tools: vec![Tool {
                name: "wasmi".to_owned(),
                version: VERSION.to_owned(),
                path: None,
            }],
        }
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        let (mode, words) = match self {
            Self::Loaded => (
                CompilationMode::Eager,
                "all functions translated beforehand",
            ),
            Self::Bytes => (
                CompilationMode::LazyTranslation,
                "functions translated when called",
            ),
        };
        let mut config = Config::default();
        config.compilation_mode(mode);
        let engine = Engine::new(&config);
        let mut linker = Linker::new(&engine);
        let offered = linker.func_wrap("tonnage", "ready", |mut caller: Caller<'_, Host>| {
            caller.data_mut().first_instruction = Some(Stamp::now());
        });
        offered.map_err(|error| Failure::of("cannot offer a function", error))?;
        workspace.note_command(format!("Wasmi: {words}; no fuel"));
        let module = match self {
            Self::Loaded => {
                Some(workspace.step("check and translate the module", |_| load(&engine))?)
            }
            Self::Bytes => None,
        };
        Ok(Box::new(Ready {
            engine,
            linker,
            module,
        }))
    }
}

fn load(engine: &Engine) -> Result<Module, Failure> {
    Module::new(engine, MODULE).map_err(|error| Failure::of("cannot load the module", error))
}

/// What starts instances.
struct Ready {
    engine: Engine,
    linker: Linker<Host>,
    module: Option<Module>,
}

/// The host's side of an instance.
#[derive(Debug, Default)]
struct Host {
    first_instruction: Option<Stamp>,
}

impl Starter for Ready {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let mut store = Store::new(&self.engine, Host::default());
        let loaded;
        let module = if let Some(module) = &self.module {
            module
        } else {
            loaded = load(&self.engine)?;
            &loaded
        };
        let instance = self
            .linker
            .instantiate_and_start(&mut store, module)
            .map_err(|error| Failure::of("cannot make an instance", error))?;
        let created = Stamp::now();
        let mut guest = Guest::new(store, instance)?;
        guest.work(request)?;
        let first_result = Stamp::now();
        Ok(Started {
            stamps: Stamps {
                created: Some(created),
                first_instruction: guest.store.data().first_instruction,
                first_result,
            },
            instance: Box::new(guest),
        })
    }
}

/// A live instance.
struct Guest {
    store: Store<Host>,
    memory: Memory,
    at: usize,
    answer: TypedFunc<u32, u32>,
}

impl Guest {
    fn new(mut store: Store<Host>, instance: wasmi::Instance) -> Result<Self, Failure> {
        let locate: TypedFunc<(), u32> = function(&store, instance, "tonnage_buffer")?;
        let answer = function(&store, instance, "tonnage_answer")?;
        let memory = instance
            .get_memory(&store, "memory")
            .ok_or_else(|| Failure::new("the module exports no memory"))?;
        let at = locate
            .call(&mut store, ())
            .map_err(|error| Failure::of("the guest failed", error))?;
        Ok(Self {
            store,
            memory,
            at: usize::try_from(at).map_err(|error| Failure::of("the buffer", error))?,
            answer,
        })
    }
}

fn function<P: WasmParams, R: WasmResults>(
    store: &Store<Host>,
    instance: wasmi::Instance,
    name: &str,
) -> Result<TypedFunc<P, R>, Failure> {
    instance
        .get_typed_func(store, name)
        .map_err(|error| Failure::of("the module is not as expected", error))
}

impl Instance for Guest {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        let line = request.line().trim_end();
        self.memory
            .write(&mut self.store, self.at, line.as_bytes())
            .map_err(|error| Failure::of("cannot write into the guest", error))?;
        let length =
            u32::try_from(line.len()).map_err(|error| Failure::of("the request", error))?;
        let length = self
            .answer
            .call(&mut self.store, length)
            .map_err(|error| Failure::of("the guest failed", error))?;
        let rest = self.memory.data(&self.store).get(self.at..);
        let reply = usize::try_from(length)
            .ok()
            .and_then(|length| rest?.get(..length))
            .unwrap_or_default();
        let reply = std::str::from_utf8(reply)
            .map_err(|error| Failure::of("the answer is no text", error))?;
        Ok(request.check(reply)?)
    }

    fn stop(self: Box<Self>) -> Result<(), Failure> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{VERSION, Wasmi};
    use crate::guest::{Request, WORKING_SET};
    use crate::technology::{Started, Technology, Workspace};

    #[test]
    fn instances_start_work_and_stop_side_by_side() {
        for kind in [Wasmi::Loaded, Wasmi::Bytes] {
            let folder = tempfile::tempdir().expect("a folder");
            let place = folder.path();
            let mut workspace = Workspace::new("test", place.into(), place.into(), None);
            let starter = kind.prepare(&mut workspace).expect("prepared");
            let start = |nonce| {
                let request = Request::small(nonce);
                starter
                    .start(&request)
                    .unwrap_or_else(|failure| panic!("{failure}"))
            };
            let mut alive: Vec<Started> = (0..3).map(start).collect();
            for (nonce, started) in (10..).zip(&mut alive) {
                let stamps = started.stamps;
                assert!(stamps.created <= stamps.first_instruction);
                assert!(stamps.first_instruction <= Some(stamps.first_result));
                for request in [Request::small(nonce), Request::touching(nonce, WORKING_SET)] {
                    started.instance.work(&request).expect("works");
                }
            }
            alive[0].instance.work(&Request::heavy(9)).expect("works");
            for started in alive {
                started.instance.stop().expect("stops");
            }
        }
    }

    #[test]
    fn the_version_is_the_one_that_is_built_in() {
        let lock = include_str!("../../../Cargo.lock");
        assert!(lock.contains(&format!("name = \"wasmi\"\nversion = \"{VERSION}\"\n")));
    }
}
