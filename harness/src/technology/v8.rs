//! V8 isolates in this process: what the hosts of strangers' JavaScript run.
//!
//! Three rows: a new isolate with a new context; the same from a startup snapshot in which the guest
//! program has been compiled and run already; and a new context in an isolate that is there. The
//! last is not how strangers are kept apart, but what a host pays that trusts its tenants.

#[cfg(feature = "v8")]
mod isolate;

use crate::guest::Language;
use crate::technology::{
    CodeForm, Description, Failure, Inside, Role, StartKind, Starter, Technology, Verdict,
    Workspace,
};
use crate::{Boundary, Capability};

/// A way to have JavaScript kept apart in one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum V8 {
    /// A new isolate and a new context in it.
    Isolate,
    /// The same from a startup snapshot.
    Snapshot,
    /// A new context in a shared isolate.
    Context,
}

impl Technology for V8 {
    fn description(&self) -> Description {
        let (id, title, start, clock, notes) = match self {
            Self::Isolate => (
                "v8-isolate",
                "V8 isolate",
                StartKind::Cold,
                "From before the isolate is made: isolate, context, compiling and running the \
                 guest's source, and its first answer.",
                "One isolate and one context in it per sandbox, all in one process; each thread \
                 makes its own. No outer sandbox: services put one around, and its cost is not \
                 here.",
            ),
            Self::Snapshot => (
                "v8-isolate-snapshot",
                "V8 isolate from a snapshot",
                StartKind::Snapshot,
                "From before the isolate is made: isolate and context from a snapshot in which \
                 the guest's source has been compiled and run, and its first answer.",
                "The snapshot is made beforehand, and holds the guest program and nothing else.",
            ),
            Self::Context => (
                "v8-context",
                "V8 context in a shared isolate",
                StartKind::Shared,
                "From before the context is made: context, compiling and running the guest's \
                 source, and its first answer. The isolate is there; each thread has one.",
                "Contexts of an isolate share its heap, its garbage collector and its limits: no \
                 boundary between strangers.",
            ),
        };
        Description {
            id: id.to_owned(),
            title: title.to_owned(),
            boundary: Boundary::LanguageRuntime,
            offers: vec![
                Capability::ApiCalls,
                Capability::Javascript,
                Capability::Wasm,
            ],
            inside: Inside::runtime(vec![CodeForm::Javascript, CodeForm::Wasm]),
            language: Language::Javascript,
            start,
            clock: clock.to_owned(),
            notes: Some(notes.to_owned()),
            role: Role::Candidate,
        }
    }

    #[cfg(feature = "v8")]
    fn examine(&self) -> Verdict {
        // V8 is started in child processes only, which is where its library shows whether it works.
        Verdict::Ready {
            tools: vec![crate::technology::Tool {
                name: "V8".to_owned(),
                version: crate::v8_engine::expected_build().to_owned(),
                path: None,
            }],
        }
    }

    #[cfg(not(feature = "v8"))]
    fn examine(&self) -> Verdict {
        Verdict::NotHere {
            why: "this program was built without V8".to_owned(),
            enable: "`make setup`, which says what it needs, and build again".to_owned(),
        }
    }

    #[cfg(feature = "v8")]
    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        isolate::prepare(*self, workspace)
    }

    #[cfg(not(feature = "v8"))]
    fn prepare(&self, _workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        Err(Failure::new("this program was built without V8"))
    }
}
