//! What a sandbox technology is to the harness, and the registry of those there are.
//!
//! A technology is one file in this folder and one line in [`registry`]. It says what it is
//! ([`Description`]), whether it can be measured on this host ([`Verdict`]), and how a sandbox is
//! prepared for, started, used and stopped. Everything else (when to start how many, the clocks, CPU
//! time, memory, the statistics) is the harness's and the same for all.
//!
//! All of it runs in a child process of its own: a technology may use the whole process as it likes,
//! and a crash costs one row, never the run.

pub mod bubblewrap;
pub mod chromium;
mod command;
pub mod container;
pub mod empty;
mod hosted;
pub mod known_answer;
pub mod landlock;
pub mod line_guest;
pub mod linux_vm;
pub mod microvm;
pub mod namespaces;
pub mod node_host;
mod overlay;
pub mod process;
pub mod quickjs;
mod spawn;
pub mod v8;
pub mod wasm;
pub mod wasmi;
pub mod workerd;

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use crate::clock::Stamp;
use crate::guest::Request;
pub use crate::need::Need;
pub use tonnage_model::measurement::technology::{
    CodeForm, Description, Inside, PreparationStep, Role, StartKind, Support, Tool, Verdict,
};

/// Every technology the harness knows, in the order tables show them.
pub fn registry() -> Vec<Box<dyn Technology>> {
    use container::containerd::ContainerdContainer;
    use container::engine::{Engine, EngineContainer};
    use container::joined::{Joined, Joiner};
    use container::oci::{OciContainer, Platform, Runtime};
    use container::restored::Restored;
    use container::root::Contents;
    use linux_vm::{LinuxVm, Monitor};

    let mut all: Vec<Box<dyn Technology>> = vec![
        Box::new(empty::Empty),
        Box::new(v8::V8::Isolate),
        Box::new(v8::V8::Snapshot),
        Box::new(v8::V8::Context),
        Box::new(workerd::Workerd::Dynamic),
        Box::new(workerd::Workerd::Once),
        Box::new(quickjs::QuickJs),
        Box::new(wasm::Wasm::new(&wasm::POOLED)),
        Box::new(wasm::Wasm::new(&wasm::FUEL)),
        Box::new(wasm::Wasm::new(&wasm::EPOCHS)),
        Box::new(wasm::Wasm::new(&wasm::ON_DEMAND)),
        Box::new(wasm::Wasm::new(&wasm::DESERIALIZE)),
        Box::new(wasm::Wasm::new(&wasm::COMPILE)),
        Box::new(wasm::Wasm::new(&wasm::WASI)),
        Box::new(wasm::Wasm::new(&wasm::COMPONENT)),
        Box::new(wasm::Wasm::new(&wasm::JAVASCRIPT_COMPONENT)),
        Box::new(wasm::Wasm::new(&wasm::JAVASCRIPT)),
        Box::new(wasm::Wasm::new(&wasm::JAVASCRIPT_SNAPSHOT)),
        Box::new(wasmi::Wasmi::Loaded),
        Box::new(wasmi::Wasmi::Bytes),
        Box::new(process::Process::Native),
        Box::new(process::Process::Node),
        Box::new(process::Process::Deno),
        Box::new(process::Process::Bun),
        Box::new(process::Process::Python),
        Box::new(workerd::Workerd::Process),
        Box::new(node_host::NodeHosted::WorkerThread),
        Box::new(node_host::NodeHosted::IsolatedVm),
        Box::new(landlock::Confined::Node),
        Box::new(landlock::Confined::Native),
        Box::new(namespaces::Namespaces),
        Box::new(bubblewrap::Bubblewrap(Contents::Node)),
        Box::new(bubblewrap::Bubblewrap(Contents::Native)),
        Box::new(OciContainer::new(Runtime::Runc, Contents::Node)),
        Box::new(OciContainer::new(Runtime::Runc, Contents::Native)),
        Box::new(OciContainer::new(Runtime::Runc, Contents::Native).with_network()),
        Box::new(OciContainer::new(Runtime::Runc, Contents::Python)),
        Box::new(OciContainer::new(Runtime::Crun, Contents::Node)),
        Box::new(OciContainer::new(Runtime::Crun, Contents::Native)),
        Box::new(OciContainer::new(Runtime::Youki, Contents::Node)),
        Box::new(OciContainer::new(Runtime::Youki, Contents::Native)),
        Box::new(Restored::new(Runtime::Runc, Contents::Node)),
        Box::new(Restored::new(Runtime::Runc, Contents::Native)),
        Box::new(ContainerdContainer(Contents::Node)),
        Box::new(ContainerdContainer(Contents::Native)),
        Box::new(EngineContainer::new(Engine::Docker, Contents::Node)),
        Box::new(EngineContainer::new(Engine::Docker, Contents::Native)),
        Box::new(EngineContainer::new(Engine::Podman, Contents::Node)),
        Box::new(EngineContainer::new(Engine::Podman, Contents::Native)),
        Box::new(Joined::new(Joiner::Oci(Runtime::Runc), Contents::Node)),
        Box::new(Joined::new(Joiner::Oci(Runtime::Runc), Contents::Native)),
        Box::new(Joined::new(Joiner::Oci(Runtime::Crun), Contents::Native)),
        Box::new(Joined::new(Joiner::Engine(Engine::Docker), Contents::Node)),
        Box::new(Joined::new(Joiner::Engine(Engine::Podman), Contents::Node)),
        Box::new(OciContainer::new(
            Runtime::Runsc(Platform::Usual),
            Contents::Node,
        )),
        Box::new(OciContainer::new(
            Runtime::Runsc(Platform::Usual),
            Contents::Native,
        )),
        Box::new(OciContainer::new(
            Runtime::Runsc(Platform::Kvm),
            Contents::Node,
        )),
        Box::new(microvm::Microvm::Cold),
        Box::new(microvm::Microvm::Snapshot),
        Box::new(LinuxVm::booted(Monitor::Firecracker)),
        Box::new(LinuxVm::restored()),
        Box::new(LinuxVm::booted(Monitor::CloudHypervisor)),
        Box::new(LinuxVm::booted(Monitor::Qemu)),
    ];
    for way in [
        chromium::Chromium::Browser,
        chromium::Chromium::Context,
        chromium::Chromium::Page,
    ] {
        all.push(Box::new(way));
    }
    for known in known_answer::KnownAnswer::ALL {
        all.push(Box::new(known));
    }
    all
}

/// The technology of this name.
pub fn find(id: &str) -> Option<Box<dyn Technology>> {
    registry()
        .into_iter()
        .find(|technology| technology.description().id == id)
}

/// A sandbox technology.
pub trait Technology: Debug + Sync {
    /// What it is.
    fn description(&self) -> Description;

    /// Whether it can be measured on this host. Quick (well under a second), and changes nothing.
    fn examine(&self) -> Verdict;

    /// Everything it needs on the host, there or not, the programs of other technologies it builds
    /// on included. `tonnage doctor --install` brings what is missing of it.
    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }

    /// Does once what is not part of a start: compile, unpack, build a snapshot, start a daemon.
    /// Each step is timed and named with [`Workspace::step`].
    ///
    /// # Errors
    /// If a step fails.
    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure>;

    /// The same sandbox for a step of a coding agent, if it can hold a full Linux: see
    /// [`crate::coding`].
    fn coding(&self) -> Option<Coding> {
        None
    }

    /// Removes what a run that was killed left behind and a technology keeps somewhere else than in
    /// processes, mounts, control groups and files below the run's folder, which are swept for
    /// every technology: containers known to a daemon, network namespaces.
    fn sweep(&self, _run: &DeadRun) {}
}

/// A technology's sandbox for a step of a coding agent.
///
/// Its guest is `step.sh` of a root file system that has the programs and the repository of
/// [`crate::coding`], such as [`container::root::Contents::Coding`] makes. It reads and writes lines as
/// [`line_guest::LineGuest`] has them, and may write below `/work`.
#[derive(Debug)]
pub struct Coding {
    /// The technology that makes it.
    pub technology: Box<dyn Technology>,
    /// How it differs from the sandbox of the row, in words.
    pub sandbox: String,
}

/// How a coding agent's sandbox differs from that of the row, where a layer takes what it writes.
const CODING: &str = "bash, git, Node.js and Python inside, copied from the host; the root file system is \
                      shared, with a layer of its own for each sandbox (overlay)";

/// A technology that is ready to start sandboxes, on any thread.
pub trait Starter: Sync {
    /// Starts a sandbox and waits for its first useful result, the answer to the request.
    ///
    /// # Errors
    /// If it does not start, answers wrongly, or does not answer in time. Nothing of it is left.
    fn start(&self, request: &Request) -> Result<Started, Failure>;

    /// Processes outside the children of this one that work for the sandboxes, such as a daemon.
    /// Their CPU time and memory count.
    fn daemons(&self) -> Vec<u32> {
        Vec::new()
    }

    /// Whether these processes come and go with sandboxes, so that they have to be asked for each
    /// time. Asking should then take well under a millisecond: it is counted along.
    fn daemons_change(&self) -> bool {
        false
    }

    /// The folder with all that sandboxes run, if it is theirs alone: the page cache of it can be
    /// dropped.
    fn files(&self) -> Option<&Path> {
        None
    }
}

/// A sandbox that has given its first useful result.
pub struct Started {
    /// When what happened.
    pub stamps: Stamps,
    /// The sandbox.
    pub instance: Box<dyn Instance>,
}

impl Debug for Started {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Started")
            .field("stamps", &self.stamps)
            .finish_non_exhaustive()
    }
}

/// A live sandbox. It stays on the thread that started it.
pub trait Instance {
    /// Has a request answered and checks the answer.
    ///
    /// # Errors
    /// If it is not answered rightly in time.
    fn work(&mut self, request: &Request) -> Result<(), Failure>;

    /// The processes that live for this sandbox alone, helpers included; none if it lives in this
    /// process.
    fn processes(&self) -> Vec<u32> {
        Vec::new()
    }

    /// How it is suspended and resumed, if it can be.
    fn suspension(&mut self) -> Option<&mut dyn Suspension> {
        None
    }

    /// Bytes that it has written to a file system of its own, in whole blocks, if it has one that
    /// can be read from here.
    fn disk(&self) -> Option<u64> {
        None
    }

    /// Ends it and waits until nothing of it is left.
    ///
    /// # Errors
    /// If something is left.
    fn stop(self: Box<Self>) -> Result<(), Failure>;
}

/// Holding a sandbox still and letting it go on.
pub trait Suspension {
    /// What does it, in words: `SIGSTOP`, `freezer control group`.
    fn mechanism(&self) -> &'static str;

    /// Suspends it; when this returns, it does not run.
    ///
    /// # Errors
    /// If it cannot be suspended.
    fn suspend(&mut self) -> Result<(), Failure>;

    /// Lets it go on. The clock of a resume ends with the next answer, not here.
    ///
    /// # Errors
    /// If it cannot be resumed.
    fn resume(&mut self) -> Result<(), Failure>;
}

/// When what happened in a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamps {
    /// The sandbox exists; none if the technology doesn't tell.
    pub created: Option<Stamp>,
    /// The guest's first instruction ran; none if the technology doesn't tell.
    pub first_instruction: Option<Stamp>,
    /// The first useful result was there and right.
    pub first_result: Stamp,
}

/// Why something failed, for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What failed and why.
    pub message: String,
    /// Whether this is a limit of the technology or the host that was reached, such as no more
    /// processes, rather than a mistake.
    pub limit: bool,
}

impl Failure {
    /// A failure.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            limit: false,
        }
    }

    /// A limit that was reached.
    pub fn limit(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            limit: true,
        }
    }

    /// A failure to do something.
    pub fn of(what: &str, error: impl std::fmt::Display) -> Self {
        Self::new(format!("{what}: {error}"))
    }
}

impl From<crate::guest::WrongAnswer> for Failure {
    fn from(error: crate::guest::WrongAnswer) -> Self {
        Self::new(error.to_string())
    }
}

/// A place for files, and the record of what was prepared.
#[derive(Debug)]
pub struct Workspace {
    run: String,
    shared: PathBuf,
    own: PathBuf,
    control_group: Option<PathBuf>,
    steps: Vec<PreparationStep>,
    commands: Vec<String>,
    tools: Vec<Tool>,
}

impl Workspace {
    /// A workspace in folders that exist.
    pub fn new(
        run: impl Into<String>,
        shared: PathBuf,
        own: PathBuf,
        control_group: Option<PathBuf>,
    ) -> Self {
        Self {
            run: run.into(),
            shared,
            own,
            control_group,
            steps: Vec::new(),
            commands: Vec::new(),
            tools: Vec::new(),
        }
    }

    /// The name of the run, unique on this host: letters, digits and dashes. What lives outside the
    /// folders carries it in its name, so that a sweep can find it.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// A folder of the whole run, for what takes long to make and can be used again by the next
    /// child process of the same run: compiled modules, root file systems.
    pub fn shared(&self) -> &Path {
        &self.shared
    }

    /// A folder of this child process alone. Removed when it ends.
    pub fn own(&self) -> &Path {
        &self.own
    }

    /// The control group of this child process below the root of every hierarchy, if it has one of
    /// its own. Sandboxes with groups of their own put them below it.
    pub fn control_group(&self) -> Option<&Path> {
        self.control_group.as_deref()
    }

    /// Does a step of the preparation and notes how long it took.
    ///
    /// # Errors
    /// What the step fails with, with its name before it.
    pub fn step<T>(
        &mut self,
        what: &str,
        step: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let begin = Stamp::now();
        let result = step(self).map_err(|failure| Failure {
            message: format!("{what}: {}", failure.message),
            ..failure
        })?;
        self.steps.push(PreparationStep {
            what: what.to_owned(),
            seconds: begin.elapsed(),
        });
        Ok(result)
    }

    /// Notes a command line by which sandboxes are started, as a reader could type it.
    pub fn note_command(&mut self, command: impl Into<String>) {
        self.commands.push(command.into());
    }

    /// Notes something that sandboxes run with, of which more is known now than before.
    pub fn note_tool(&mut self, tool: Tool) {
        self.tools.push(tool);
    }

    /// What sandboxes run with, as far as it was noted.
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// What was prepared.
    pub fn steps(&self) -> &[PreparationStep] {
        &self.steps
    }

    /// The command lines noted.
    pub fn commands(&self) -> &[String] {
        &self.commands
    }
}

/// A run that was killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadRun {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Role, Support, registry};

    #[test]
    fn every_technology_has_an_id_of_its_own_and_tells_what_is_inside() {
        let mut ids = BTreeSet::new();
        for technology in registry() {
            let description = technology.description();
            let id = &description.id;
            let inside = &description.inside;
            for support in [
                inside.files,
                inside.git,
                inside.bash,
                inside.binaries,
                inside.network,
            ] {
                assert_ne!(support, Support::Untold, "{id}");
            }
            let runs_code = matches!(description.role, Role::Candidate | Role::Reference);
            assert_eq!(runs_code, !inside.code.is_empty(), "{id}");
            assert!(ids.insert(id.clone()), "{id} is there twice");
        }
    }
}
