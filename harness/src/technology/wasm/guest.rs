//! An instance and the ways to have a request answered by it.

use wasmtime::{Caller, Engine, Linker, Memory, Store, TypedFunc, WasmParams, WasmResults};

use super::component::Answer;
use super::engine::{Limit, failure};
use super::program::Program;
use super::wasi;
use crate::clock::Stamp;
use crate::guest::{JAVASCRIPT, Request};
use crate::technology::Failure;

/// The host's side of an instance.
#[derive(Debug, Default)]
pub(super) struct Host {
    pub(super) first_instruction: Option<Stamp>,
    /// What the guest can still read.
    pub(super) input: Vec<u8>,
    /// What it has written.
    pub(super) output: Vec<u8>,
}

/// What modules can import.
pub(super) fn linker(engine: &Engine) -> Result<Linker<Host>, Failure> {
    let mut linker = Linker::new(engine);
    let offer = |linker: &mut Linker<Host>| {
        linker.func_wrap("tonnage", "ready", |mut caller: Caller<'_, Host>| {
            caller.data_mut().first_instruction = Some(Stamp::now());
        })?;
        wasi::offer(linker)
    };
    offer(&mut linker).map_err(|error| failure("cannot offer functions", &error))?;
    Ok(linker)
}

/// A live instance.
pub(super) struct Guest {
    store: Store<Host>,
    limit: Limit,
    exchange: Exchange,
}

/// How requests get in and answers out.
enum Exchange {
    /// Through a buffer in the guest's memory.
    Buffer {
        memory: Memory,
        at: usize,
        answer: TypedFunc<u32, u32>,
    },
    /// As lines through WASI.
    Lines { serve: TypedFunc<(), i32> },
    /// As values of a component's function.
    Values { answer: Answer },
}

impl Guest {
    /// Brings a new instance to where it can answer.
    pub(super) fn new(
        mut store: Store<Host>,
        instance: &wasmtime::Instance,
        program: Program,
        limit: Limit,
    ) -> Result<Self, Failure> {
        let exchange = match program {
            Program::Plain | Program::JavascriptSnapshot => Exchange::buffer(&mut store, instance)?,
            Program::Javascript => {
                let exchange = Exchange::buffer(&mut store, instance)?;
                let load = function(&mut store, instance, "tonnage_load")?;
                if exchange.send(&mut store, JAVASCRIPT, &load)? != 1 {
                    return Err(Failure::new("the script was not accepted"));
                }
                exchange
            }
            Program::Component | Program::JavascriptComponent => {
                return Err(Failure::new("a component is not an instance of a module"));
            }
            Program::Wasi => {
                let initialise = function::<(), ()>(&mut store, instance, "_initialize")?;
                call(&mut store, &initialise, ())?;
                Exchange::Lines {
                    serve: function(&mut store, instance, "tonnage_serve")?,
                }
            }
        };
        Ok(Self {
            store,
            limit,
            exchange,
        })
    }

    /// An instance of a component.
    pub(super) fn of_component(store: Store<Host>, answer: Answer, limit: Limit) -> Self {
        Self {
            store,
            limit,
            exchange: Exchange::Values { answer },
        }
    }

    /// Gives up the instance for what it lives in.
    pub(super) fn into_store(self) -> Store<Host> {
        self.store
    }

    /// When the guest said that it runs.
    pub(super) fn first_instruction(&self) -> Option<Stamp> {
        self.store.data().first_instruction
    }

    /// Has a request answered and checks the answer.
    pub(super) fn ask(&mut self, request: &Request) -> Result<(), Failure> {
        let store = &mut self.store;
        self.limit.allow(store)?;
        match &self.exchange {
            Exchange::Buffer { memory, at, answer } => {
                let line = request.line().trim_end();
                let length = self.exchange.send(store, line, answer)?;
                let reply = memory.data(&*store).get(*at..).and_then(|rest| {
                    let length = usize::try_from(length).ok().filter(|length| *length > 0)?;
                    rest.get(..length)
                });
                check(request, reply.unwrap_or_default())
            }
            Exchange::Values { answer } => {
                let line = request.line().trim_end().to_owned();
                let (reply,) = answer
                    .call(store, (line,))
                    .map_err(|error| failure("the guest failed", &error))?;
                Ok(request.check(&reply)?)
            }
            Exchange::Lines { serve } => {
                let host = store.data_mut();
                host.input.extend_from_slice(request.line().as_bytes());
                host.output.clear();
                let outcome = call(store, serve, ())?;
                if outcome != 0 {
                    return Err(Failure::new(format!(
                        "the guest gave up with error {outcome}"
                    )));
                }
                let host = store.data_mut();
                let reply = host.take_ready();
                check(request, &host.output[reply..])
            }
        }
    }
}

impl Host {
    /// Takes note of the `ready` line, if there is one. Returns where the rest begins.
    fn take_ready(&mut self) -> usize {
        let after = self.output.strip_prefix(b"ready ").and_then(|rest| {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let stamp = std::str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
            Some((Stamp::from_nanoseconds(stamp), "ready ".len() + end + 1))
        });
        let Some((stamp, after)) = after else {
            return 0;
        };
        self.first_instruction = Some(stamp);
        after
    }
}

impl Exchange {
    fn buffer(store: &mut Store<Host>, instance: &wasmtime::Instance) -> Result<Self, Failure> {
        let locate = function::<(), u32>(store, instance, "tonnage_buffer")?;
        let answer = function(store, instance, "tonnage_answer")?;
        let memory = instance
            .get_memory(&mut *store, "memory")
            .ok_or_else(|| Failure::new("the module exports no memory"))?;
        let at = call(store, &locate, ())?;
        Ok(Self::Buffer {
            memory,
            at: usize::try_from(at).map_err(|error| Failure::of("the buffer", error))?,
            answer,
        })
    }

    /// Writes a text into the buffer and calls a function with its length.
    fn send(
        &self,
        store: &mut Store<Host>,
        text: &str,
        function: &TypedFunc<u32, u32>,
    ) -> Result<u32, Failure> {
        let Self::Buffer { memory, at, .. } = self else {
            return Err(Failure::new("this guest has no buffer"));
        };
        memory
            .write(&mut *store, *at, text.as_bytes())
            .map_err(|error| Failure::of("cannot write into the guest", error))?;
        let length =
            u32::try_from(text.len()).map_err(|error| Failure::of("the request", error))?;
        call(store, function, length)
    }
}

fn check(request: &Request, reply: &[u8]) -> Result<(), Failure> {
    let reply =
        std::str::from_utf8(reply).map_err(|error| Failure::of("the answer is no text", error))?;
    Ok(request.check(reply)?)
}

fn function<P: WasmParams, R: WasmResults>(
    store: &mut Store<Host>,
    instance: &wasmtime::Instance,
    name: &str,
) -> Result<TypedFunc<P, R>, Failure> {
    instance
        .get_typed_func(store, name)
        .map_err(|error| failure("the module is not as expected", &error))
}

fn call<P: WasmParams, R: WasmResults>(
    store: &mut Store<Host>,
    function: &TypedFunc<P, R>,
    parameters: P,
) -> Result<R, Failure> {
    function
        .call(store, parameters)
        .map_err(|error| failure("the guest failed", &error))
}
