//! workerd, the open-source runtime of Workers: workers loaded into a running process, and a process
//! for each sandbox.
//!
//! workerd is spoken to in HTTP over a Unix socket. It runs JavaScript on one thread, so there is a
//! process of it for each vCPU, as a host would have it, and sandboxes go to them in turn.

mod http;

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

use super::hosted::{HostProcess, one_per_vcpu};
use super::process::write_once;
use crate::clock::Stamp;
use crate::guest::{JAVASCRIPT, Language, Request};
use crate::need::{self, npm};
use crate::technology::{
    CodeForm, Description, Failure, Inside, Instance, Need, Role, Stamps, StartKind, Started,
    Starter, Suspension, Technology, Tool, Verdict, Workspace,
};
use crate::{Boundary, Capability, tools};
use http::{Connection, Pool};

const MAIN: &str = include_str!("../../guests/workerd/main.js");
const GUEST: &str = include_str!("../../guests/workerd/guest.js");

/// Ways to have sandboxes by workerd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workerd {
    /// A dynamic worker with a name, which stays.
    Dynamic,
    /// A dynamic worker that is thrown away with the request it was loaded for.
    Once,
    /// A process.
    Process,
}

impl Workerd {
    fn id(self) -> &'static str {
        match self {
            Self::Dynamic => "workerd-dynamic",
            Self::Once => "workerd-dynamic-once",
            Self::Process => "process-workerd",
        }
    }

    fn program() -> Option<PathBuf> {
        tools::find("workerd").or_else(|| {
            npm::WORKERD.file(&[
                "@cloudflare/workerd-linux-64/bin/workerd",
                "@cloudflare/workerd-linux-arm64/bin/workerd",
            ])
        })
    }

    /// The configuration: a main worker behind the socket that is given as a file descriptor.
    fn configuration(self) -> String {
        let (modules, bindings) = match self {
            Self::Dynamic | Self::Once => (
                "(name = \"main.js\", esModule = embed \"main.js\"), \
                 (name = \"guest.js.txt\", text = embed \"guest.js\")",
                "(name = \"LOADER\", workerLoader = ())",
            ),
            Self::Process => ("(name = \"guest.js\", esModule = embed \"guest.js\")", ""),
        };
        format!(
            "using Workerd = import \"/workerd/workerd.capnp\";\n\
             const config :Workerd.Config = (\n  \
               services = [(name = \"main\", worker = .main)],\n  \
               sockets = [(name = \"http\", http = (), service = \"main\")],\n);\n\
             const main :Workerd.Worker = (\n  \
               modules = [{modules}],\n  bindings = [{bindings}],\n  \
               compatibilityDate = \"2026-01-01\",\n);\n"
        )
    }
}

impl Technology for Workerd {
    fn description(&self) -> Description {
        let (title, boundary, clock, notes) = match self {
            Self::Dynamic => (
                "workerd dynamic worker",
                Boundary::LanguageRuntime,
                "From before the request is written to a connection until the first answer of a \
                 worker that was not there before has come back and is right: routing, loading the \
                 worker under a new name, its isolate, compiling and running the guest's source. The \
                 process is there, and so is the connection, unless it was idle for long.",
                "Workers loaded by the Worker Loader into a running process, without a network. A \
                 worker of a name stays until its process ends: workerd has no call that ends one, \
                 so ending takes no time here and gives no memory back. One process for each vCPU, \
                 since each runs JavaScript on one thread; the memory taken once is that of all of \
                 them. No outer sandbox: workerd's own documentation asks for one around it.",
            ),
            Self::Once => (
                "workerd dynamic worker, thrown away",
                Boundary::LanguageRuntime,
                "As for a dynamic worker with a name, but loaded for one request alone, which stays \
                 open for as long as the sandbox is to live.",
                "Loaded without a name: the isolate ends with the request that it was loaded for. \
                 For what lives for one request, or one burst of work. Otherwise as the workers that \
                 stay.",
            ),
            Self::Process => (
                "workerd process",
                Boundary::Process,
                "From before the process is spawned until its worker's first answer has come through \
                 a socket and is right. Program and libraries are in the page cache.",
                "A whole process of workerd for each sandbox, with one worker in it. A process of \
                 the same user, with the user's rights.",
            ),
        };
        Description {
            id: self.id().to_owned(),
            title: title.to_owned(),
            boundary,
            offers: vec![
                Capability::ApiCalls,
                Capability::Javascript,
                Capability::Wasm,
            ],
            inside: Inside::runtime(vec![CodeForm::Javascript, CodeForm::Wasm]),
            language: Language::Javascript,
            start: StartKind::Cold,
            clock: clock.to_owned(),
            notes: Some(notes.to_owned()),
            role: Role::Candidate,
        }
    }

    fn examine(&self) -> Verdict {
        let program = Self::program();
        let tool = program
            .as_ref()
            .and_then(|path| tools::tool("workerd", path, &["--version"]));
        match tool {
            Some(tool) => Verdict::Ready {
                tools: vec![Tool {
                    version: tool.version.trim_start_matches("workerd ").to_owned(),
                    ..tool
                }],
            },
            None => Verdict::NotHere {
                why: match program {
                    Some(path) => {
                        format!("`{} --version` does not tell its version", path.display())
                    }
                    None => "there is no `workerd`, neither on PATH nor from npm".to_owned(),
                },
                enable: need::enable(self.id(), &self.needs()),
            },
        }
    }

    fn needs(&self) -> Vec<Need> {
        vec![npm::PROGRAM, Need::Npm(&npm::WORKERD)]
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        let program = Self::program().ok_or_else(|| Failure::new("there is no `workerd`"))?;
        let folder = workspace.own().to_owned();
        workspace.step("write the workers and the configuration", |_| {
            let guest = format!("{GUEST}\n{JAVASCRIPT}");
            for (name, text) in [
                ("main.js", MAIN),
                ("guest.js", &guest),
                ("config.capnp", &self.configuration()),
            ] {
                write_once(&folder.join(name), text.as_bytes())?;
            }
            Ok(())
        })?;
        let launch = Launch {
            program,
            folder,
            run: workspace.run().to_owned(),
        };
        workspace.note_command(format!(
            "{} {} <&LISTENING",
            launch.program.display(),
            ARGUMENTS.join(" ")
        ));
        if *self == Self::Process {
            return Ok(Box::new(launch));
        }
        let starter = workspace.step("start workerd, a process for each vCPU", |_| {
            let processes = (0..one_per_vcpu())
                .map(|_| Server::start(&launch).map(Arc::new))
                .collect::<Result<Vec<_>, _>>()?;
            let starter = DynamicStarter {
                processes,
                counter: AtomicU64::new(0),
                once: *self == Self::Once,
            };
            // Each answers once it is there, and not before.
            for _ in &starter.processes {
                starter.start(&Request::small(0))?.instance.stop()?;
            }
            Ok(starter)
        })?;
        Ok(Box::new(starter))
    }
}

/// The Worker Loader is experimental in this version.
const ARGUMENTS: [&str; 4] = [
    "serve",
    "--experimental",
    "--socket-fd=http=0",
    "config.capnp",
];

/// How workerd is started.
#[derive(Debug)]
struct Launch {
    program: PathBuf,
    folder: PathBuf,
    run: String,
}

impl Launch {
    fn start(&self) -> Result<HostProcess, Failure> {
        let mut command = Command::new(&self.program);
        command
            .args(ARGUMENTS)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin");
        HostProcess::start(command, &self.run, &self.folder)
    }
}

/// A process of workerd and the connections to it.
#[derive(Debug)]
struct Server {
    process: HostProcess,
    pool: Pool,
}

impl Server {
    fn start(launch: &Launch) -> Result<Self, Failure> {
        Ok(Self {
            process: launch.start()?,
            pool: Pool::default(),
        })
    }

    fn connection(&self) -> Result<Connection, Failure> {
        match self.pool.take() {
            Some(connection) => Ok(connection),
            None => Connection::new(self.process.connect()?),
        }
    }

    /// Has a request answered by the worker at a path. Returns how many it has answered by now.
    fn ask(&self, path: &str, request: &Request) -> Result<u64, Failure> {
        let mut connection = self.connection()?;
        let said = connection
            .post(path, request.line())
            .map_err(|failure| self.process.explain(failure))?;
        let answered = check(request, &said)?;
        self.pool.put_back(connection);
        Ok(answered)
    }
}

/// Checks what a worker said: how many requests it has answered, and the answer.
fn check(request: &Request, said: &str) -> Result<u64, Failure> {
    let told = said
        .split_once(' ')
        .and_then(|(count, answer)| Some((count.parse().ok()?, answer)));
    let Some((answered, answer)) = told else {
        let said: String = said.chars().take(200).collect();
        return Err(Failure::new(format!(
            "the worker answered `{said}` rather than a count and an answer"
        )));
    };
    request.check(answer)?;
    Ok(answered)
}

/// Holds a worker that was just asked for the first time to that.
fn is_fresh(answered: u64) -> Result<(), Failure> {
    if answered == 1 {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "the worker was there before: this was its answer number {answered}"
        )))
    }
}

/// Nothing inside a worker reads a clock that is finer than a millisecond.
fn result_only() -> Stamps {
    Stamps {
        created: None,
        first_instruction: None,
        first_result: Stamp::now(),
    }
}

#[derive(Debug)]
struct DynamicStarter {
    processes: Vec<Arc<Server>>,
    counter: AtomicU64,
    once: bool,
}

impl Starter for DynamicStarter {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let index = usize::try_from(number).unwrap_or(0) % self.processes.len();
        let server = Arc::clone(&self.processes[index]);
        if self.once {
            let mut worker = OnceWorker {
                connection: Some(server.connection()?),
                server,
                answered: 0,
            };
            let connection = worker.connection.as_mut().expect("just put there");
            connection
                .begin("/once")
                .map_err(|failure| worker.server.process.explain(failure))?;
            worker.work(request)?;
            is_fresh(worker.answered)?;
            return Ok(Started {
                stamps: result_only(),
                instance: Box::new(worker),
            });
        }
        let path = format!("/named/{number}");
        is_fresh(server.ask(&path, request)?)?;
        Ok(Started {
            stamps: result_only(),
            instance: Box::new(NamedWorker {
                server,
                path,
                answered: 1,
            }),
        })
    }

    fn daemons(&self) -> Vec<u32> {
        self.processes
            .iter()
            .map(|server| server.process.pid())
            .collect()
    }
}

/// A worker with a name.
#[derive(Debug)]
struct NamedWorker {
    server: Arc<Server>,
    path: String,
    answered: u64,
}

impl Instance for NamedWorker {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        let answered = self.server.ask(&self.path, request)?;
        self.answered += 1;
        if answered == self.answered {
            Ok(())
        } else {
            Err(Failure::new(format!(
                "the worker was loaded again: it has answered {answered} times and not {}",
                self.answered
            )))
        }
    }

    fn stop(self: Box<Self>) -> Result<(), Failure> {
        // Nothing but the end of the process ends it.
        Ok(())
    }
}

/// A worker that lives as long as its request.
#[derive(Debug)]
struct OnceWorker {
    server: Arc<Server>,
    connection: Option<Connection>,
    answered: u64,
}

impl Instance for OnceWorker {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        let connection = self.connection.as_mut().expect("there until it is stopped");
        let said = connection
            .exchange(request.line())
            .map_err(|failure| self.server.process.explain(failure))?;
        self.answered += 1;
        let answered = check(request, &said)?;
        if answered == self.answered {
            Ok(())
        } else {
            Err(Failure::new(format!(
                "another worker answered: it has answered {answered} times and not {}",
                self.answered
            )))
        }
    }

    fn stop(mut self: Box<Self>) -> Result<(), Failure> {
        if let Some(mut connection) = self.connection.take() {
            connection.finish()?;
            self.server.pool.put_back(connection);
        }
        Ok(())
    }
}

impl Starter for Launch {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let process = self.start()?;
        let created = Stamp::now();
        let live = LiveProcess {
            server: Server {
                process,
                pool: Pool::default(),
            },
        };
        let answered = live.server.ask("/", request)?;
        is_fresh(answered)?;
        let stamps = Stamps {
            created: Some(created),
            ..result_only()
        };
        live.server.pool.close_idle();
        Ok(Started {
            stamps,
            instance: Box::new(live),
        })
    }
}

/// A process of workerd that is a sandbox.
#[derive(Debug)]
struct LiveProcess {
    server: Server,
}

impl LiveProcess {
    fn pid(&self) -> Pid {
        Pid::from_raw(self.server.process.pid().cast_signed())
    }

    fn signal(&self, signal: Signal) -> Result<(), Failure> {
        kill(self.pid(), signal).map_err(|error| Failure::of("cannot signal the process", error))
    }
}

impl Instance for LiveProcess {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        self.server.ask("/", request).map(|_| ())
    }

    fn processes(&self) -> Vec<u32> {
        vec![self.server.process.pid()]
    }

    fn suspension(&mut self) -> Option<&mut dyn Suspension> {
        Some(self)
    }

    fn stop(self: Box<Self>) -> Result<(), Failure> {
        self.server.process.end()
    }
}

impl Suspension for LiveProcess {
    fn mechanism(&self) -> &'static str {
        "SIGSTOP and SIGCONT"
    }

    fn suspend(&mut self) -> Result<(), Failure> {
        self.signal(Signal::SIGSTOP)?;
        waitid(Id::Pid(self.pid()), WaitPidFlag::WSTOPPED)
            .map(|_| ())
            .map_err(|error| Failure::of("cannot wait for the process to stop", error))
    }

    fn resume(&mut self) -> Result<(), Failure> {
        self.signal(Signal::SIGCONT)
    }
}
