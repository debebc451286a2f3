//! QuickJS in this process: a small interpreter of JavaScript, without a compiler.

use rquickjs::{Context, Ctx, Function, Runtime};

use crate::clock::Stamp;
use crate::guest::{JAVASCRIPT, Language, Request};
use crate::technology::{
    CodeForm, Description, Failure, Inside, Instance, Role, Stamps, StartKind, Started, Starter,
    Technology, Tool, Verdict, Workspace,
};
use crate::{Boundary, Capability};

/// The version of the library that the crate builds.
const VERSION: &str = "quickjs-ng, by rquickjs 0.14";

/// A runtime and a context of one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuickJs;

impl Technology for QuickJs {
    fn description(&self) -> Description {
        Description {
            id: "quickjs".to_owned(),
            title: "QuickJS".to_owned(),
            boundary: Boundary::LanguageRuntime,
            offers: vec![Capability::ApiCalls, Capability::Javascript],
            inside: Inside::runtime(vec![CodeForm::Javascript]),
            language: Language::Javascript,
            start: StartKind::Cold,
            clock: "From before the runtime is made: runtime, context with the whole language, \
                    compiling and running the guest's source, and its first answer."
                .to_owned(),
            notes: Some(
                "One runtime and one context in it per sandbox, all in one process. An interpreter: \
                 work takes many times what it takes a compiler's code. As a boundary only as good \
                 as its C code; services put it inside WebAssembly or a process."
                    .to_owned(),
            ),
            role: Role::Candidate,
        }
    }

    fn examine(&self) -> Verdict {
        Verdict::Ready {
            tools: vec![Tool {
                name: "QuickJS".to_owned(),
                version: VERSION.to_owned(),
                path: None,
            }],
        }
    }

    fn prepare(&self, _workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        Ok(Box::new(QuickJsStarter))
    }
}

struct QuickJsStarter;

impl Starter for QuickJsStarter {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let runtime = Runtime::new().map_err(|error| no_room("cannot make a runtime", &error))?;
        let context =
            Context::full(&runtime).map_err(|error| no_room("cannot make a context", &error))?;
        let created = Stamp::now();
        let first_instruction = context.with(|scope| {
            // The last moment before code of the guest is compiled and runs.
            let first = Stamp::now();
            scope
                .eval::<(), _>(JAVASCRIPT)
                .map_err(|error| threw(&scope, &error))?;
            ask(&scope, request)?;
            Ok::<_, Failure>(first)
        })?;
        Ok(Started {
            stamps: Stamps {
                created: Some(created),
                first_instruction: Some(first_instruction),
                first_result: Stamp::now(),
            },
            instance: Box::new(LiveContext {
                context,
                _runtime: runtime,
            }),
        })
    }
}

/// Making something fails for want of memory only.
fn no_room(what: &str, error: &rquickjs::Error) -> Failure {
    Failure::limit(format!("{what}: {error}"))
}

/// Calls the guest's `answer` with the request and checks what it says.
fn ask(scope: &Ctx<'_>, request: &Request) -> Result<(), Failure> {
    let line = request.line();
    let line = line.strip_suffix('\n').unwrap_or(line);
    let answer = scope
        .globals()
        .get::<_, Function<'_>>("answer")
        .and_then(|answer| answer.call::<_, String>((line,)))
        .map_err(|error| threw(scope, &error))?;
    Ok(request.check(&answer)?)
}

fn threw(scope: &Ctx<'_>, error: &rquickjs::Error) -> Failure {
    if error.is_exception() {
        let thrown = scope.catch();
        let said = thrown
            .as_exception()
            .and_then(rquickjs::Exception::message)
            .unwrap_or_default();
        return Failure::new(format!("the guest program threw an exception: {said}"));
    }
    Failure::of("the guest program failed", error)
}

struct LiveContext {
    context: Context,
    // Let go after the context.
    _runtime: Runtime,
}

impl Instance for LiveContext {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        self.context.with(|scope| ask(&scope, request))
    }

    fn stop(self: Box<Self>) -> Result<(), Failure> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::QuickJs;
    use crate::guest::Request;
    use crate::technology::{Technology, Workspace};

    #[test]
    fn contexts_answer_rightly_and_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().to_path_buf();
        let mut workspace = Workspace::new("unit-test", place.clone(), place, None);
        let starter = QuickJs.prepare(&mut workspace).expect("prepared");
        let mut live: Vec<_> = (0..3)
            .map(|nonce| starter.start(&Request::small(nonce)).expect("started"))
            .collect();
        for started in &mut live {
            let stamps = started.stamps;
            assert!(stamps.created <= stamps.first_instruction);
            assert!(stamps.first_instruction < Some(stamps.first_result));
            started.instance.work(&Request::small(7)).expect("work");
            let touching = Request::touching(8, 1 << 20);
            started.instance.work(&touching).expect("touched");
        }
        live.swap_remove(0).instance.stop().expect("stopped");
        live[0].instance.work(&Request::small(9)).expect("work");
    }
}
