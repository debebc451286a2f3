//! Isolates and contexts through the `v8` crate.
//!
//! Isolates live on the thread that made them. V8 has a current isolate per thread; making one makes
//! it current, so each is left again as soon as it is made, and entered only to work.

#![allow(unsafe_code)]

use std::cell::RefCell;

use super::V8;
use crate::clock::Stamp;
use crate::guest::{JAVASCRIPT, Request};
use crate::technology::{Failure, Instance, Stamps, Started, Starter, Tool, Workspace};
use crate::v8_engine;

/// Starts V8 in this process and makes ready what is not part of a start.
pub(super) fn prepare(kind: V8, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
    let build = workspace.step("start V8 and test it", |_| {
        v8_engine::build_description().map_err(|error| Failure::new(error.to_string()))
    })?;
    workspace.note_tool(Tool {
        name: "V8".to_owned(),
        version: build,
        path: None,
    });
    let snapshot = match kind {
        V8::Snapshot => Some(workspace.step("make the snapshot", |_| {
            v8_engine::snapshot(JAVASCRIPT)
                // Isolates refer to the snapshot as long as they live, and this process lives for
                // them: one that is never freed is shared by all.
                .map(|snapshot| &*Box::leak(snapshot.to_vec().into_boxed_slice()))
                .map_err(|error| Failure::of("the guest program threw", error))
        })?),
        V8::Isolate | V8::Context => None,
    };
    Ok(Box::new(V8Starter { kind, snapshot }))
}

struct V8Starter {
    kind: V8,
    snapshot: Option<&'static [u8]>,
}

impl Starter for V8Starter {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        match self.kind {
            V8::Isolate | V8::Snapshot => {
                let mut isolate = Entered::new(self.snapshot);
                let (stamps, context) = isolate.first_result(self.snapshot.is_none(), request)?;
                Ok(Started {
                    stamps,
                    instance: Box::new(LiveIsolate {
                        context: Some(context),
                        isolate: isolate.leave(),
                    }),
                })
            }
            V8::Context => SHARED.with_borrow_mut(|shared| {
                let mut isolate = shared
                    .take()
                    .unwrap_or_else(|| Entered::new(None).leave())
                    .enter();
                let outcome = isolate.first_result(true, request);
                *shared = Some(isolate.leave());
                let (stamps, context) = outcome?;
                Ok(Started {
                    stamps,
                    instance: Box::new(LiveContext {
                        context: Some(context),
                    }),
                })
            }),
        }
    }
}

thread_local! {
    /// The isolate in which this thread makes contexts.
    static SHARED: RefCell<Option<Left>> = const { RefCell::new(None) };
}

/// An isolate that is current on this thread.
struct Entered(v8::OwnedIsolate);

/// An isolate that is not current, and can be kept in any order with others.
struct Left(Option<v8::OwnedIsolate>);

impl Entered {
    fn new(snapshot: Option<&'static [u8]>) -> Self {
        let mut parameters = v8::CreateParams::default();
        if let Some(snapshot) = snapshot {
            parameters = parameters.snapshot_blob(v8::StartupData::from(snapshot));
        }
        Self(v8::Isolate::new(parameters))
    }

    fn leave(self) -> Left {
        // SAFETY: it is the current isolate of this thread: making or entering it made it so, and
        // nothing in between leaves another one current.
        unsafe { self.0.exit() };
        Left(Some(self.0))
    }

    /// Makes a context, runs the guest program in it unless the snapshot has it, and has a request
    /// answered.
    fn first_result(
        &mut self,
        run_guest: bool,
        request: &Request,
    ) -> Result<(Stamps, v8::Global<v8::Context>), Failure> {
        v8::scope!(let scope, &mut self.0);
        let context = v8::Context::new(scope, v8::ContextOptions::default());
        let created = Stamp::now();
        let scope = &mut v8::ContextScope::new(scope, context);
        let script = if run_guest {
            Some(compile(scope, JAVASCRIPT)?)
        } else {
            None
        };
        // The last moment before code of the guest runs.
        let first_instruction = Stamp::now();
        if let Some(script) = script {
            script.run(scope).ok_or_else(threw)?;
        }
        let answer = ask(scope, context, request)?;
        request.check(&answer)?;
        let stamps = Stamps {
            created: Some(created),
            first_instruction: Some(first_instruction),
            first_result: Stamp::now(),
        };
        Ok((stamps, v8::Global::new(scope, context)))
    }

    fn work(
        &mut self,
        context: &v8::Global<v8::Context>,
        request: &Request,
    ) -> Result<(), Failure> {
        v8::scope!(let scope, &mut self.0);
        let context = v8::Local::new(scope, context);
        let scope = &mut v8::ContextScope::new(scope, context);
        let answer = ask(scope, context, request)?;
        Ok(request.check(&answer)?)
    }
}

impl Left {
    fn enter(mut self) -> Entered {
        let isolate = self.0.take().expect("an isolate is entered once");
        // SAFETY: no isolate is current on this thread: each is left before it is kept.
        unsafe { isolate.enter() };
        Entered(isolate)
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        if let Some(isolate) = self.0.take() {
            // SAFETY: as above; an isolate has to be current when it is disposed of.
            unsafe { isolate.enter() };
            drop(isolate);
        }
    }
}

fn compile<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    source: &str,
) -> Result<v8::Local<'s, v8::Script>, Failure> {
    let source = v8::String::new(scope, source).ok_or_else(threw)?;
    v8::Script::compile(scope, source, None).ok_or_else(threw)
}

/// Calls the guest's `answer` with the request.
fn ask(
    scope: &mut v8::PinScope<'_, '_>,
    context: v8::Local<'_, v8::Context>,
    request: &Request,
) -> Result<String, Failure> {
    let global = context.global(scope);
    let name = v8::String::new(scope, "answer").ok_or_else(threw)?;
    let function = global.get(scope, name.into()).ok_or_else(threw)?;
    let function = v8::Local::<v8::Function>::try_from(function)
        .map_err(|_| Failure::new("the guest program has no function `answer`"))?;
    let line = request.line();
    let line = v8::String::new(scope, line.strip_suffix('\n').unwrap_or(line)).ok_or_else(threw)?;
    let answer = function
        .call(scope, global.into(), &[line.into()])
        .ok_or_else(threw)?;
    Ok(answer.to_rust_string_lossy(scope))
}

fn threw() -> Failure {
    Failure::new("the guest program threw an exception")
}

/// An isolate that is alive, with its context.
struct LiveIsolate {
    context: Option<v8::Global<v8::Context>>,
    isolate: Left,
}

impl LiveIsolate {
    /// Does something with the isolate entered.
    fn entered<T>(&mut self, act: impl FnOnce(&mut Entered, &v8::Global<v8::Context>) -> T) -> T {
        let mut isolate = Left(self.isolate.0.take()).enter();
        let context = self.context.as_ref().expect("there until it is stopped");
        let outcome = act(&mut isolate, context);
        self.isolate = isolate.leave();
        outcome
    }
}

impl Instance for LiveIsolate {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        self.entered(|isolate, context| isolate.work(context, request))
    }

    fn stop(mut self: Box<Self>) -> Result<(), Failure> {
        // What lives in the isolate is let go before the isolate.
        let isolate = Left(self.isolate.0.take()).enter();
        self.context = None;
        drop(isolate);
        Ok(())
    }
}

/// A context that is alive in the isolate of its thread.
struct LiveContext {
    context: Option<v8::Global<v8::Context>>,
}

impl Instance for LiveContext {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        let context = self.context.as_ref().expect("there until it is stopped");
        SHARED.with_borrow_mut(|shared| {
            let isolate = shared.take().expect("it made this context");
            let mut isolate = isolate.enter();
            let outcome = isolate.work(context, request);
            *shared = Some(isolate.leave());
            outcome
        })
    }

    fn stop(mut self: Box<Self>) -> Result<(), Failure> {
        SHARED.with_borrow_mut(|shared| {
            let isolate = shared.take().expect("it made this context").enter();
            self.context = None;
            *shared = Some(isolate.leave());
        });
        Ok(())
    }
}
