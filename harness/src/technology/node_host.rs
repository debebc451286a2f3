//! Sandboxes inside one process of Node.js: worker threads, and isolates of isolated-vm.

use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;

use super::hosted::HostProcess;
use super::line_guest::LineGuest;
use super::process::write_once;
use crate::guest::{JAVASCRIPT, Language, Request};
use crate::need::{self, npm};
use crate::technology::{
    CodeForm, Description, Failure, Inside, Instance, Need, Role, StartKind, Started, Starter,
    Technology, Tool, Verdict, Workspace,
};
use crate::{Boundary, Capability, tools};

const WORKER_THREADS: &str = include_str!("../../guests/worker-threads.js");
const WORKER: &str = include_str!("../../guests/worker.js");
const ISOLATED_VM: &str = include_str!("../../guests/isolated-vm.js");

/// A sandbox in a process of Node.js.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeHosted {
    /// A worker thread.
    WorkerThread,
    /// An isolate by isolated-vm.
    IsolatedVm,
}

impl Technology for NodeHosted {
    fn description(&self) -> Description {
        let (id, title, boundary, clock, notes) = match self {
            Self::WorkerThread => (
                "node-worker-thread",
                "Node.js worker thread",
                Boundary::LanguageRuntime,
                "From before a connection to the process is made, for which it starts a worker \
                 thread, until the worker's first answer has come back and is right. The process is \
                 there.",
                "An isolate and a thread of its own with Node's whole library, in a process that \
                 all share. No boundary between strangers: a worker has the process's files, \
                 network and rights, and can end it.",
            ),
            Self::IsolatedVm => (
                "isolated-vm",
                "isolated-vm isolate in Node.js",
                Boundary::LanguageRuntime,
                "From before a connection to the process is made, for which it makes an isolate \
                 and a context and compiles and runs the guest's source, until the first answer has \
                 come back and is right. The process is there.",
                "Isolates in one process of Node.js, worked in by a pool of threads; at most \
                 128 MB each, by isolated-vm's own limit. They have the language and nothing of \
                 Node. No outer sandbox.",
            ),
        };
        Description {
            id: id.to_owned(),
            title: title.to_owned(),
            boundary,
            offers: vec![
                Capability::ApiCalls,
                Capability::Javascript,
                Capability::Wasm,
            ],
            inside: match self {
                Self::WorkerThread => Inside::host(),
                Self::IsolatedVm => Inside::runtime(vec![CodeForm::Javascript, CodeForm::Wasm]),
            },
            language: Language::Javascript,
            start: StartKind::Cold,
            clock: clock.to_owned(),
            notes: Some(notes.to_owned()),
            role: Role::Candidate,
        }
    }

    fn examine(&self) -> Verdict {
        let node = tools::verdict("node", "--version", "apt-get install nodejs");
        let (Self::IsolatedVm, Verdict::Ready { mut tools }) = (*self, node.clone()) else {
            return node;
        };
        let not_here = |why: &str| Verdict::NotHere {
            why: why.to_owned(),
            enable: need::enable("isolated-vm", &self.needs()),
        };
        if module().is_none() {
            return not_here("isolated-vm is not installed for this host's Node.js");
        }
        tools.push(Tool {
            name: "isolated-vm".to_owned(),
            version: npm::ISOLATED_VM.version().to_owned(),
            path: module(),
        });
        Verdict::Ready { tools }
    }

    fn needs(&self) -> Vec<Need> {
        let node = Need::program("node", "nodejs");
        match self {
            Self::WorkerThread => vec![node],
            Self::IsolatedVm => vec![
                node,
                npm::PROGRAM,
                // What node-gyp compiles with.
                Need::program("g++", "g++"),
                Need::program("make", "make"),
                Need::program("python3", "python3"),
                Need::Npm(&npm::ISOLATED_VM),
            ],
        }
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        let node = tools::find("node").ok_or_else(|| Failure::new("there is no `node` on PATH"))?;
        let folder = workspace.own().to_owned();
        let mut command = Command::new(&node);
        command
            .current_dir(&folder)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin");
        match self {
            Self::WorkerThread => {
                command.arg("worker-threads.js");
            }
            Self::IsolatedVm => {
                let module = module().ok_or_else(|| Failure::new("isolated-vm is gone"))?;
                // Isolates made by others than Node cannot use its snapshot.
                command
                    .args(["--no-node-snapshot", "isolated-vm.js"])
                    .arg(module);
            }
        }
        let words: Vec<String> = std::iter::once(command.get_program())
            .chain(command.get_args())
            .map(|word| word.display().to_string())
            .collect();
        workspace.note_command(words.join(" "));
        let host = workspace.step("start Node.js", |workspace| {
            for (name, text) in [
                ("guest.js", JAVASCRIPT),
                ("worker.js", WORKER),
                ("worker-threads.js", WORKER_THREADS),
                ("isolated-vm.js", ISOLATED_VM),
            ] {
                write_once(&folder.join(name), text.as_bytes())?;
            }
            let host = HostProcess::start(command, workspace.run(), &folder)?;
            let starter = NodeStarter { host };
            // It answers once it is there, and not before.
            starter.start(&Request::small(0))?.instance.stop()?;
            Ok(starter)
        })?;
        Ok(Box::new(host))
    }
}

/// The module of isolated-vm that was installed.
fn module() -> Option<PathBuf> {
    npm::ISOLATED_VM.file(&["isolated-vm/isolated-vm.js"])
}

#[derive(Debug)]
struct NodeStarter {
    host: HostProcess,
}

impl Starter for NodeStarter {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let stream = self.host.connect()?;
        let clone = || {
            stream
                .try_clone()
                .map_err(|error| Failure::of("cannot share a connection", error))
        };
        let mut sandbox = Connected {
            guest: LineGuest::new(clone()?, clone()?),
            stream,
        };
        let stamps = sandbox
            .guest
            .first_result(request, None)
            .map_err(|failure| self.host.explain(failure))?;
        Ok(Started {
            stamps,
            instance: Box::new(sandbox),
        })
    }

    fn daemons(&self) -> Vec<u32> {
        vec![self.host.pid()]
    }
}

/// A sandbox that lives as long as its connection.
#[derive(Debug)]
struct Connected {
    stream: UnixStream,
    guest: LineGuest,
}

impl Instance for Connected {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        self.guest.work(request)
    }

    fn stop(mut self: Box<Self>) -> Result<(), Failure> {
        self.stream
            .shutdown(Shutdown::Write)
            .map_err(|error| Failure::of("cannot close the connection", error))?;
        self.guest.wait_for_end()
    }
}
