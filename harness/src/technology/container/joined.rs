//! Programs that join a container that is already running: `exec`, by a runtime or an engine.
//!
//! One container is started beforehand. A start is another program in it, with the namespaces,
//! control groups and root file system of the first: nothing separates the two but that they are
//! processes.

use std::fs;
use std::io::pipe;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::engine::{self, Engine, EngineContainer, EngineStarter};
use super::oci::{self, Driver, OciContainer, OciStarter, Runtime};
use super::root::Contents;
use super::{RUN_VARIABLE, command, offer};
use crate::Boundary;
use crate::guest::Request;
use crate::technology::line_guest::LineGuest;
use crate::technology::spawn::{SIGNALS, hold, let_go};
use crate::technology::{
    DeadRun, Description, Failure, Inside, Instance, Need, Role, Stamps, StartKind, Started,
    Starter, Support, Suspension, Technology, Verdict, Workspace,
};

/// The environment variable by which a joined program is found: an engine does not tell its number.
const MARK: &str = "TONNAGE_JOINED";

/// Who runs the container and has programs join it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joiner {
    /// A runtime alone.
    Oci(Runtime),
    /// An engine.
    Engine(Engine),
}

/// A program in a container that is already running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined {
    joiner: Joiner,
    contents: Contents,
}

impl Joined {
    /// Programs of these contents, in a container of these contents.
    pub fn new(joiner: Joiner, contents: Contents) -> Self {
        Self { joiner, contents }
    }

    /// The technology of the container that is joined.
    fn container(self) -> Box<dyn Technology> {
        match self.joiner {
            Joiner::Oci(runtime) => Box::new(OciContainer::new(runtime, self.contents)),
            Joiner::Engine(engine) => Box::new(EngineContainer::new(engine, self.contents)),
        }
    }

    fn command(self) -> &'static str {
        match self.joiner {
            Joiner::Oci(runtime) => runtime.name(),
            Joiner::Engine(engine) => engine.name(),
        }
    }
}

impl Technology for Joined {
    fn description(&self) -> Description {
        let (offers, language) = offer(self.contents);
        let container = self.container().description();
        let command = self.command();
        Description {
            id: format!("{}-exec", container.id),
            title: format!("{}, joined by exec", container.title),
            boundary: Boundary::Process,
            offers,
            inside: Inside::linux(Support::Possible),
            language,
            start: StartKind::Joined,
            clock: format!(
                "From before `{command} exec` is spawned until the program's first answer has come \
                 through a pipe and is right. The container runs before."
            ),
            notes: Some(
                "All programs are in one container: they share its namespaces, control groups and \
                 root file system, and see one another. The container keeps them from the host, but \
                 nothing keeps one from the next than that they are processes. The container, with \
                 one idle guest in it, is in the memory that is taken once."
                    .to_owned(),
            ),
            role: Role::Candidate,
        }
    }

    fn examine(&self) -> Verdict {
        self.container().examine()
    }

    fn needs(&self) -> Vec<Need> {
        self.container().needs()
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        let words = self.contents.command();
        let files = workspace.own().join("joined");
        fs::create_dir_all(&files)
            .map_err(|error| Failure::of("cannot make a folder for the programs", error))?;
        let first = Request::small(1);
        let host = match self.joiner {
            Joiner::Oci(runtime) => {
                let starter = OciContainer::new(runtime, self.contents).starter(workspace)?;
                workspace.step("start the container that is joined", |_| {
                    let (_, container) = starter.start_container(&first)?;
                    Ok(Host::Oci {
                        driver: starter.driver(),
                        id: container.id().to_owned(),
                        _container: Mutex::new(container),
                        _starter: starter,
                    })
                })?
            }
            Joiner::Engine(engine) => {
                let starter = EngineContainer::new(engine, self.contents).starter(workspace)?;
                workspace.step("start the container that is joined", |_| {
                    let (_, container) = starter.start_container(&first)?;
                    Ok(Host::Engine {
                        engine,
                        name: container.name().to_owned(),
                        _container: Mutex::new(container),
                        _starter: starter,
                    })
                })?
            }
        };
        workspace.note_command(match self.joiner {
            Joiner::Oci(runtime) => format!(
                "{} exec --detach --pid-file FILE ID {}",
                runtime.name(),
                words.join(" ")
            ),
            Joiner::Engine(engine) => format!(
                "{} exec --interactive --env {MARK}=ID NAME {}",
                engine.name(),
                words.join(" ")
            ),
        });
        Ok(Box::new(JoinedStarter {
            host,
            words,
            files,
            run: workspace.run().to_owned(),
            counter: AtomicU64::new(0),
        }))
    }

    fn sweep(&self, run: &DeadRun) {
        match self.joiner {
            Joiner::Oci(runtime) => oci::sweep(runtime, run),
            Joiner::Engine(engine) => engine::sweep(engine, run),
        }
    }
}

/// The container that is joined. It goes when this is dropped: the container first, then what made it.
#[derive(Debug)]
enum Host {
    Oci {
        _container: Mutex<oci::Container>,
        _starter: OciStarter,
        driver: Arc<Driver>,
        id: String,
    },
    Engine {
        _container: Mutex<engine::Container>,
        _starter: EngineStarter,
        engine: Engine,
        name: String,
    },
}

#[derive(Debug)]
struct JoinedStarter {
    host: Host,
    words: &'static [&'static str],
    files: PathBuf,
    run: String,
    counter: AtomicU64,
}

impl Starter for JoinedStarter {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", std::process::id());
        let pid_file = self.files.join(format!("{name}.pid"));
        let complaints = self.files.join(format!("{name}.complaints"));
        let complaints_file = fs::File::create(&complaints)
            .map_err(|error| Failure::of("cannot make a file for complaints", error))?;
        let no_pipe = |error| Failure::of("cannot make a pipe to the program", error);
        let (inner_input, input) = pipe().map_err(no_pipe)?;
        let (output, inner_output) = pipe().map_err(no_pipe)?;
        let mut command = self.command(&name, &pid_file)?;
        command
            .stdin(inner_input)
            .stdout(inner_output)
            .stderr(complaints_file);
        let spawned = match &self.host {
            Host::Oci { driver, .. } => driver.spawn(&mut command),
            Host::Engine { .. } => command.spawn(),
        };
        let joiner = spawned.map_err(|error| command::refused("exec", &error))?;
        // Only the program is to hold the other ends, so that its end is seen.
        drop(command);
        let mut program = Program {
            guest: LineGuest::new(input, output),
            joiner,
            stays: matches!(self.host, Host::Engine { .. }),
            mark: format!("{MARK}={name}"),
            members: Vec::new(),
            pid_file,
            complaints,
            ended: false,
        };
        let stamps = program.first_result(request)?;
        Ok(Started {
            stamps,
            instance: Box::new(program),
        })
    }

    fn daemons(&self) -> Vec<u32> {
        match &self.host {
            Host::Oci { .. } => Vec::new(),
            Host::Engine { engine, .. } => engine.daemons(),
        }
    }
}

impl JoinedStarter {
    fn command(&self, name: &str, pid_file: &std::path::Path) -> Result<Command, Failure> {
        match &self.host {
            Host::Oci { driver, id, .. } => {
                let mut command = driver.command();
                command
                    .args(["exec", "--detach", "--pid-file"])
                    .arg(pid_file)
                    .arg(id)
                    .args(self.words);
                Ok(command)
            }
            Host::Engine {
                engine,
                name: container,
                ..
            } => {
                let mut command = engine
                    .command()
                    .ok_or_else(|| Failure::new("the engine is gone"))?;
                command
                    .args(["exec", "--interactive", "--env"])
                    .arg(format!("{MARK}={name}"))
                    .arg(container)
                    .args(self.words)
                    .env(RUN_VARIABLE, &self.run)
                    .stdin(Stdio::null());
                Ok(command)
            }
        }
    }
}

/// A program that has joined.
#[derive(Debug)]
struct Program {
    guest: LineGuest,
    /// The command by which it joined.
    joiner: Child,
    /// Whether that command stays, to carry the pipes.
    stays: bool,
    mark: String,
    /// The program itself first, then what the engine keeps for it alone.
    members: Vec<u32>,
    pid_file: PathBuf,
    complaints: PathBuf,
    ended: bool,
}

impl Program {
    fn first_result(&mut self, request: &Request) -> Result<Stamps, Failure> {
        let result = self.guest.first_result(request, None);
        let status = match &result {
            Ok(_) if self.stays => None,
            Ok(_) => self.joiner.wait().ok(),
            Err(_) => command::end_soon(&mut self.joiner, 2.0),
        };
        self.members = self.find_members();
        let said = command::complaints(&self.complaints);
        match (result, status) {
            (Ok(stamps), None) => Ok(stamps),
            (Ok(stamps), Some(status)) if status.success() => Ok(stamps),
            (_, Some(status)) if !status.success() => Err(command::failed("exec", status, &said)),
            (Err(failure), _) if !said.trim().is_empty() => Err(Failure {
                message: format!("{}: {}", failure.message, command::tail(&said)),
                ..failure
            }),
            (Err(failure), _) => Err(failure),
            (Ok(_), Some(_)) => Err(Failure::new("the end of exec was not seen")),
        }
    }

    fn find_members(&self) -> Vec<u32> {
        if !self.stays {
            let pid = fs::read_to_string(&self.pid_file).unwrap_or_default();
            return pid.trim().parse().into_iter().collect();
        }
        let marked = |pid: &u32| {
            fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
                environment
                    .split(|byte| *byte == 0)
                    .any(|entry| entry == self.mark.as_bytes())
            })
        };
        let mut members: Vec<u32> = command::all().into_iter().filter(marked).collect();
        // Podman has a monitor for each; Docker's shim is the container's.
        let monitors: Vec<u32> = members
            .iter()
            .filter_map(|pid| command::parent(*pid))
            .filter(|pid| command::name(*pid).starts_with("conmon"))
            .collect();
        members.extend(monitors);
        members
    }

    /// The program itself.
    fn pid(&self) -> Result<u32, Failure> {
        self.members
            .first()
            .copied()
            .ok_or_else(|| Failure::new("the program's number is not known"))
    }

    /// Removes all of it. What fails does not keep the rest from being removed.
    fn end(&mut self) -> Result<(), Failure> {
        self.ended = true;
        let mut results = Vec::new();
        let members = self.members.clone();
        if let Some(pid) = members.first() {
            results.push(command::kill_anyone(*pid));
        }
        // An engine's command ends when its program has.
        if command::end_soon(&mut self.joiner, command::PATIENCE).is_none() {
            results.push(Err(Failure::new("the command that joined does not end")));
        }
        results.push(command::wait_until_gone(&members, command::PATIENCE));
        for file in [&self.pid_file, &self.complaints] {
            // Both go with their folder at the latest.
            let _ = fs::remove_file(file);
        }
        results.into_iter().collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if !self.ended {
            // It goes because something else failed, and that is what is told.
            let _ = self.end();
        }
    }
}

impl Instance for Program {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        self.guest.work(request)
    }

    fn processes(&self) -> Vec<u32> {
        let mut processes = self.members.clone();
        if self.stays {
            processes.push(self.joiner.id());
        }
        processes
    }

    fn suspension(&mut self) -> Option<&mut dyn Suspension> {
        Some(self)
    }

    fn stop(mut self: Box<Self>) -> Result<(), Failure> {
        self.end()
    }
}

impl Suspension for Program {
    fn mechanism(&self) -> &'static str {
        SIGNALS
    }

    fn suspend(&mut self) -> Result<(), Failure> {
        hold(&[self.pid()?])
    }

    fn resume(&mut self) -> Result<(), Failure> {
        let_go(&[self.pid()?])
    }
}

#[cfg(test)]
mod tests {
    use super::{Contents, Engine, Joined, Joiner, Runtime};
    use crate::technology::Technology;

    #[test]
    fn a_joined_program_is_a_process_and_named_after_its_container() {
        let joined = Joined::new(Joiner::Oci(Runtime::Runc), Contents::Native).description();
        assert_eq!(joined.id, "container-runc-empty-exec");
        assert_eq!(joined.boundary, crate::Boundary::Process);
        let joined = Joined::new(Joiner::Engine(Engine::Docker), Contents::Node).description();
        assert_eq!(joined.id, "container-docker-exec");
    }
}
