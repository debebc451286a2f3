//! Containers made by an OCI runtime, without a daemon.

use std::io::pipe;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, io};

use nix::sys::prctl::set_child_subreaper;

use super::bundle::{Bundle, Template};
use super::hierarchy::{self, WithoutUnified};
use super::network::{self, Network};
use super::root::Contents;
use super::{RUN_VARIABLE, command, offer};
use crate::guest::Request;
use crate::technology::line_guest::LineGuest;
use crate::technology::{
    DeadRun, Description, Failure, Instance, Need, Role, Stamps, StartKind, Started, Starter,
    Suspension, Technology, Verdict, Workspace,
};
use crate::{Boundary, tools};

/// A program that makes containers from bundles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// The reference implementation, in Go and C.
    Runc,
    /// The one in C.
    Crun,
}

impl Runtime {
    fn name(self) -> &'static str {
        match self {
            Self::Runc => "runc",
            Self::Crun => "crun",
        }
    }

    /// The folder of its state, by whose name a sweep finds it.
    fn state_folder(self) -> String {
        format!("{}-state", self.name())
    }

    /// Whether it has to be kept from seeing the hybrid hierarchy of this host.
    fn fails_with_hybrid_hierarchy(self) -> bool {
        self == Self::Crun && hierarchy::is_hybrid_with_controllers()
    }
}

/// A container by a runtime alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OciContainer {
    runtime: Runtime,
    contents: Contents,
    networked: bool,
}

impl OciContainer {
    /// A container with an empty network namespace.
    pub fn new(runtime: Runtime, contents: Contents) -> Self {
        Self {
            runtime,
            contents,
            networked: false,
        }
    }

    /// The same, connected to the host by a pair of virtual interfaces.
    #[must_use]
    pub fn with_network(self) -> Self {
        Self {
            networked: true,
            ..self
        }
    }

    fn id(self) -> String {
        let contents = match self.contents {
            Contents::Native => "-empty",
            Contents::Node => "",
            Contents::Python => "-python",
        };
        let network = if self.networked { "-network" } else { "" };
        format!("container-{}{contents}{network}", self.runtime.name())
    }

    fn title(self) -> String {
        let runtime = self.runtime.name();
        let contents = match (self.contents, self.networked) {
            (Contents::Native, false) => ", nothing but the guest inside",
            (Contents::Native, true) => ", nothing but the guest inside, with a network",
            (Contents::Node, false) => "",
            (Contents::Node, true) => ", with a network",
            (Contents::Python, false) => ", Python inside",
            (Contents::Python, true) => ", Python inside, with a network",
        };
        format!("Container by {runtime} alone{contents}")
    }

    fn clock(self) -> String {
        let runtime = self.runtime.name();
        let network = if self.networked {
            ", making a network namespace and a pair of virtual interfaces with addresses"
        } else {
            ""
        };
        format!(
            "From before the bundle's folder and config.json are written{network}, through \
             `{runtime} run --detach`, until the guest's first answer has come through a pipe and \
             is right. The root file system is there before."
        )
    }

    fn notes(self) -> String {
        let mut notes = "All containers share one root file system, read-only, with a file system \
             in memory on /tmp: no image store, no layers. Every container has its own control \
             groups, without limits set. Root inside is root outside, without capabilities. No \
             seccomp filter, which engines add."
            .to_owned();
        if !self.networked {
            notes.push_str(" The network namespace is its own and empty.");
        }
        if self.runtime.fails_with_hybrid_hierarchy() {
            notes.push_str(
                " crun refuses this host's control groups, of both versions at once with a \
                 controller in the second: it runs in a mount namespace without the second.",
            );
        }
        notes
    }
}

impl Technology for OciContainer {
    fn description(&self) -> Description {
        let (offers, language) = offer(self.contents);
        Description {
            id: self.id(),
            title: self.title(),
            boundary: Boundary::SharedKernel,
            offers,
            language,
            start: StartKind::Cold,
            clock: self.clock(),
            notes: Some(self.notes()),
            role: Role::Candidate,
        }
    }

    fn examine(&self) -> Verdict {
        let name = self.runtime.name();
        let mut tools = match tools::verdict(name, "--version", &format!("apt-get install {name}"))
        {
            Verdict::Ready { tools } => tools,
            missing @ Verdict::NotHere { .. } => return missing,
        };
        if !nix::unistd::geteuid().is_root() {
            return Verdict::NotHere {
                why: format!("{name} is driven as root here, and this is another user"),
                enable: "run it as root".to_owned(),
            };
        }
        if !super::may(super::CAP_SYS_ADMIN) || !hierarchy::is_writable() {
            return Verdict::NotHere {
                why: "this process may not mount file systems and make control groups".to_owned(),
                enable: "run it outside of a container, or in a privileged one".to_owned(),
            };
        }
        if self.runtime == Runtime::Crun && !hierarchy::takes_a_device_filter_of_crun() {
            return Verdict::NotHere {
                why: "crun raises the limit of locked memory to filter devices, and this process \
                      may not"
                    .to_owned(),
                enable: "run it with CAP_SYS_RESOURCE, or after `ulimit -l unlimited`".to_owned(),
            };
        }
        if let Err(missing) = super::add_interpreter(self.contents, &mut tools) {
            return missing;
        }
        if self.networked {
            match tools::verdict("ip", "-Version", "apt-get install iproute2") {
                Verdict::Ready { tools: more } => tools.extend(more),
                missing @ Verdict::NotHere { .. } => return missing,
            }
        }
        Verdict::Ready { tools }
    }

    fn needs(&self) -> Vec<Need> {
        let name = self.runtime.name();
        let mut needs = vec![Need::program(name, name)];
        needs.extend(self.contents.need());
        if self.networked {
            needs.push(Need::program("ip", "iproute2"));
        }
        needs
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        // The runtime ends when the container runs, and hands its first process over to this one.
        set_child_subreaper(true)
            .map_err(|error| Failure::of("cannot adopt the containers' processes", error))?;
        let root = self.contents.root_file_system(workspace)?;
        let bundles = workspace.own().join("bundles");
        fs::create_dir_all(&bundles)
            .map_err(|error| Failure::of("cannot make a folder for bundles", error))?;
        let driver = Driver::new(
            self.runtime,
            workspace.own().join(self.runtime.state_folder()),
            workspace.run(),
        )?;
        let own_group = workspace.control_group().is_none();
        let group = workspace.control_group().map_or_else(
            || PathBuf::from(format!("/tonnage-{}", workspace.run())),
            |group| Path::new("/").join(group),
        );
        if self.networked {
            workspace.note_command("ip -batch - # netns add, link add … type veth, address add");
        }
        workspace.note_command(format!(
            "{} run --detach --bundle BUNDLE --pid-file BUNDLE/pid ID",
            self.runtime.name()
        ));
        Ok(Box::new(OciStarter {
            template: Template::new(self.contents, &root, workspace.run()),
            run: workspace.run().to_owned(),
            networked: self.networked,
            driver: Arc::new(driver),
            bundles,
            group,
            own_group,
            counter: AtomicU64::new(0),
        }))
    }

    fn sweep(&self, run: &DeadRun) {
        network::sweep(&run.name);
        let name = self.runtime.state_folder();
        for state in folders_named(&run.folder, &name) {
            let Ok(driver) = Driver::new(self.runtime, state.clone(), &run.name) else {
                continue;
            };
            for entry in fs::read_dir(&state).into_iter().flatten().flatten() {
                let id = entry.file_name().to_string_lossy().into_owned();
                // One that is held still could not be killed; one that isn't refuses to go on.
                let _ = driver.run(&["resume", &id]);
                // What cannot be deleted is left; there is nobody to tell.
                let _ = driver.run(&["delete", "--force", &id]);
            }
        }
        hierarchy::remove_control_group(Path::new(&format!("/tonnage-{}", run.name)));
    }
}

/// Folders of a name, anywhere below another.
fn folders_named(below: &Path, name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![below.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let file_name = entry.file_name();
            if file_name == name {
                found.push(entry.path());
            } else if !file_name.to_string_lossy().starts_with("root-") {
                folders.push(entry.path());
            }
        }
    }
    found
}

/// A runtime with its state.
#[derive(Debug)]
struct Driver {
    program: PathBuf,
    state: PathBuf,
    run: String,
    view: Option<WithoutUnified>,
}

impl Driver {
    fn new(runtime: Runtime, state: PathBuf, run: &str) -> Result<Self, Failure> {
        let name = runtime.name();
        let program = tools::find(name)
            .ok_or_else(|| Failure::new(format!("there is no `{name}` on PATH")))?;
        let view = if runtime.fails_with_hybrid_hierarchy() {
            Some(WithoutUnified::new()?)
        } else {
            None
        };
        Ok(Self {
            program,
            state,
            run: run.to_owned(),
            view,
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("--root")
            .arg(&self.state)
            .env(RUN_VARIABLE, &self.run);
        command
    }

    fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        match &self.view {
            Some(view) => view.spawn(command),
            None => command.spawn(),
        }
    }

    /// Runs it to its end.
    fn run(&self, arguments: &[&str]) -> Result<(), Failure> {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::null());
        command::run_by(command, command::PATIENCE, |command| self.spawn(command)).map(|_| ())
    }
}

/// Starts containers.
#[derive(Debug)]
struct OciStarter {
    driver: Arc<Driver>,
    template: Template,
    bundles: PathBuf,
    run: String,
    networked: bool,
    group: PathBuf,
    own_group: bool,
    counter: AtomicU64,
}

impl Starter for OciStarter {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let id = format!("tonnage-{}-{}-{number}", self.run, std::process::id());
        let network = if self.networked {
            Some(Network::create(&self.run, number)?)
        } else {
            None
        };
        let bundle = Bundle::create(
            self.bundles.join(&id),
            &self.template,
            &self.group.join(&id),
            network.as_ref().map(Network::namespace).as_deref(),
        )?;
        let no_pipe = |error| Failure::of("cannot make a pipe to the container", error);
        let (inner_input, input) = pipe().map_err(no_pipe)?;
        let (output, inner_output) = pipe().map_err(no_pipe)?;
        let mut command = self.driver.command();
        command
            .args(["run", "--detach", "--bundle"])
            .arg(bundle.folder())
            .arg("--pid-file")
            .arg(bundle.pid_file())
            .arg(&id)
            .stdin(inner_input)
            .stdout(inner_output)
            .stderr(bundle.make_complaints_file()?);
        let runtime = self
            .driver
            .spawn(&mut command)
            .map_err(|error| command::refused("the OCI runtime", &error))?;
        // Only the container is to hold the other ends, so that its end is seen.
        drop(command);
        // From here on, dropping the container removes all of it.
        let mut container = Container {
            driver: Arc::clone(&self.driver),
            guest: LineGuest::new(input, output),
            id,
            bundle,
            network,
            pid: None,
            suspended: false,
            ended: false,
        };
        let stamps = container.first_result(runtime, request)?;
        Ok(Started {
            stamps,
            instance: Box::new(container),
        })
    }
}

impl Drop for OciStarter {
    fn drop(&mut self) {
        if self.own_group {
            hierarchy::remove_control_group(&self.group);
        }
    }
}

/// A container that lives.
#[derive(Debug)]
struct Container {
    driver: Arc<Driver>,
    guest: LineGuest,
    id: String,
    bundle: Bundle,
    network: Option<Network>,
    pid: Option<u32>,
    suspended: bool,
    ended: bool,
}

impl Container {
    /// Has the first request answered, and sees the runtime off. What the runtime complains of is the
    /// reason if it failed; otherwise the guest's complaints are shown.
    fn first_result(&mut self, mut runtime: Child, request: &Request) -> Result<Stamps, Failure> {
        let result = self.guest.first_result(request, None);
        let status = match &result {
            Ok(_) => runtime.wait().ok(),
            Err(_) => command::end_soon(&mut runtime, 2.0),
        };
        self.pid = self.bundle.pid();
        match (result, status) {
            (Ok(stamps), Some(status)) if status.success() => Ok(stamps),
            (_, Some(status)) if !status.success() => Err(command::failed(
                "the OCI runtime",
                status,
                &self.complaints(),
            )),
            (Ok(_), _) => Err(Failure::new("the OCI runtime's end was not seen")),
            (Err(failure), _) => Err(self.explain(failure)),
        }
    }

    fn complaints(&self) -> String {
        command::complaints(&self.bundle.complaints_file())
    }

    /// A failure with what the guest complained of, if it did.
    fn explain(&self, failure: Failure) -> Failure {
        let complaints = self.complaints();
        if complaints.trim().is_empty() {
            return failure;
        }
        Failure {
            message: format!("{}: {}", failure.message, command::tail(&complaints)),
            ..failure
        }
    }

    /// Removes all of it. What fails does not keep the rest from being removed.
    fn end(&mut self) -> Result<(), Failure> {
        self.ended = true;
        let mut results = Vec::new();
        if self.suspended {
            results.push(self.resume());
        }
        if let Some(pid) = self.pid.or_else(|| self.bundle.pid()) {
            results.push(command::kill_adopted(pid));
        }
        results.push(self.driver.run(&["delete", "--force", &self.id]));
        if let Some(network) = &self.network {
            results.push(network.remove());
        }
        results.push(self.bundle.remove());
        results.into_iter().collect()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if !self.ended {
            // It goes because something else failed, and that is what is told.
            let _ = self.end();
        }
    }
}

impl Instance for Container {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        self.guest
            .work(request)
            .map_err(|failure| self.explain(failure))
    }

    fn processes(&self) -> Vec<u32> {
        self.pid.map(command::with_descendants).unwrap_or_default()
    }

    fn suspension(&mut self) -> Option<&mut dyn Suspension> {
        Some(self)
    }

    fn stop(mut self: Box<Self>) -> Result<(), Failure> {
        self.end()
    }
}

impl Suspension for Container {
    fn mechanism(&self) -> &'static str {
        "freezer control group, by the runtime's pause and resume"
    }

    fn suspend(&mut self) -> Result<(), Failure> {
        self.driver.run(&["pause", &self.id])?;
        self.suspended = true;
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Failure> {
        self.driver.run(&["resume", &self.id])?;
        self.suspended = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Contents, OciContainer, Runtime, folders_named};
    use crate::technology::Technology;
    use std::fs;

    #[test]
    fn every_row_has_a_name_of_its_own() {
        let runc = |contents| OciContainer::new(Runtime::Runc, contents);
        assert_eq!(runc(Contents::Node).description().id, "container-runc");
        assert_eq!(
            runc(Contents::Native).description().id,
            "container-runc-empty"
        );
        assert_eq!(
            runc(Contents::Native).with_network().description().id,
            "container-runc-empty-network"
        );
        assert_eq!(
            runc(Contents::Python).description().id,
            "container-runc-python"
        );
        assert_eq!(
            OciContainer::new(Runtime::Crun, Contents::Node)
                .description()
                .id,
            "container-crun"
        );
    }

    #[test]
    fn state_is_found_below_a_run_but_not_in_root_file_systems() {
        let run = tempfile::tempdir().expect("a folder");
        let state = run.path().join("cell-3/own/runc-state");
        fs::create_dir_all(&state).expect("made");
        fs::create_dir_all(run.path().join("shared/root-node/runc-state")).expect("made");
        assert_eq!(folders_named(run.path(), "runc-state"), [state]);
    }
}
