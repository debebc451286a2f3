//! Containers made by an OCI runtime, without a daemon.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::pipe;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, io};

use nix::sys::prctl::set_child_subreaper;

use super::bundle::{Bundle, Template};
use super::hierarchy::{self, WithoutUnified};
use super::network::{self, Network};
use super::root::Contents;
use super::{RUN_VARIABLE, command, offer};
use crate::clock::Stamp;
use crate::guest::Request;
use crate::technology::line_guest::LineGuest;
use crate::technology::overlay::Overlay;
use crate::technology::{
    CODING, Coding, DeadRun, Description, Failure, Inside, Instance, Need, Role, Stamps, StartKind,
    Started, Starter, Support, Suspension, Technology, Tool, Verdict, Workspace,
};
use crate::{Boundary, tools};

/// A program that makes containers from bundles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// The reference implementation, in Go and C.
    Runc,
    /// The one in C.
    Crun,
    /// The one in Rust.
    Youki,
    /// gVisor's, which puts a kernel in user space between the container and the host's.
    Runsc(Platform),
}

/// How gVisor's kernel takes over the system calls of the programs inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// The way that the installed version takes by itself: systrap since 2023, ptrace before.
    Usual,
    /// By hardware virtualisation.
    Kvm,
}

/// What may tell the words of a runtime's platforms apart from its other flags.
const PLATFORM_HELP: &str = "which platform to use: ";

impl Runtime {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Runc => "runc",
            Self::Crun => "crun",
            Self::Youki => "youki",
            Self::Runsc(_) => "runsc",
        }
    }

    /// What rows are called after it.
    fn id(self) -> &'static str {
        match self {
            Self::Runc => "container-runc",
            Self::Crun => "container-crun",
            Self::Youki => "container-youki",
            Self::Runsc(Platform::Usual) => "gvisor",
            Self::Runsc(Platform::Kvm) => "gvisor-kvm",
        }
    }

    /// The folder of its state, by whose name a sweep finds it.
    fn state_folder(self) -> String {
        match self {
            Self::Runsc(Platform::Kvm) => "runsc-kvm-state".to_owned(),
            _ => format!("{}-state", self.name()),
        }
    }

    /// What comes before every command, the same for all: runsc leaves sandboxes behind otherwise.
    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Runsc(Platform::Usual) => &["--network=none"],
            Self::Runsc(Platform::Kvm) => &["--platform=kvm", "--network=none"],
            _ => &[],
        }
    }

    fn boundary(self) -> Boundary {
        match self {
            Self::Runsc(_) => Boundary::UserSpaceKernel,
            _ => Boundary::SharedKernel,
        }
    }

    /// What would bring it.
    fn enable(self) -> String {
        match self {
            Self::Youki => {
                "put the program of a release of youki on PATH as `youki`; Debian has no \
                            package of it"
                    .to_owned()
            }
            _ => format!("apt-get install {}", self.name()),
        }
    }

    /// The platforms that the installed version of gVisor has, the usual one first.
    fn platforms() -> Vec<String> {
        // Some versions print this as if it were a complaint.
        let mut ask = Command::new("sh");
        ask.args(["-c", "runsc flags 2>&1"]);
        command::run(ask, QUICK).map_or_else(|_| Vec::new(), |said| platforms_in(&said))
    }

    /// Looks at what gVisor needs; adds its platform to the tools.
    fn examine_platform(self, tools: &mut [Tool]) -> Result<(), Verdict> {
        let Self::Runsc(platform) = self else {
            return Ok(());
        };
        let platforms = Self::platforms();
        let wanted = match platform {
            Platform::Usual => platforms.first().map_or("", String::as_str),
            Platform::Kvm => "kvm",
        };
        let not_here = |why: &str, enable: &str| Verdict::NotHere {
            why: why.to_owned(),
            enable: enable.to_owned(),
        };
        if !platforms.iter().any(|known| known == wanted) {
            return Err(not_here(
                &format!(
                    "this runsc has no platform `{wanted}` among: {}",
                    platforms.join(", ")
                ),
                "a newer runsc",
            ));
        }
        if platform == Platform::Kvm {
            if !Path::new("/dev/kvm").exists() {
                return Err(not_here(
                    "there is no /dev/kvm",
                    "bare metal, or a virtual machine with nested virtualisation",
                ));
            }
            // gVisor's kernel runs as the guest's kernel. Where KVM comes without the processor's
            // virtualisation, it emulates whatever runs there, and a start takes minutes.
            if !has_virtualisation(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default()) {
                return Err(not_here(
                    "KVM is here without the processor's virtualisation (neither vmx nor svm among \
                     its flags): gVisor's kernel, which runs as the guest's, would be emulated and \
                     not come to a first result",
                    "bare metal, or a virtual machine with nested virtualisation",
                ));
            }
        }
        if let Some(tool) = tools.first_mut() {
            let _ = write!(tool.version, ", platform {wanted}");
        }
        Ok(())
    }

    /// Whether it has to be kept from seeing the hybrid hierarchy of this host.
    fn fails_with_hybrid_hierarchy(self) -> bool {
        self == Self::Crun && hierarchy::is_hybrid_with_controllers()
    }
}

/// The platforms in what `runsc flags` says.
fn platforms_in(said: &str) -> Vec<String> {
    let Some((_, after)) = said.split_once(PLATFORM_HELP) else {
        return Vec::new();
    };
    let list = after.split(['.', '\n']).next().unwrap_or_default();
    let mut platforms: Vec<(bool, String)> = list
        .split(',')
        .filter_map(|platform| {
            let name = platform.split_whitespace().next()?;
            Some((!platform.contains("(default)"), name.to_owned()))
        })
        .collect();
    platforms.sort_by_key(|(other, _)| *other);
    platforms.into_iter().map(|(_, name)| name).collect()
}

/// Whether the processor's flags have hardware virtualisation, by Intel or AMD; other processors do
/// not tell it this way.
fn has_virtualisation(processors: &str) -> bool {
    let mut flags = processors
        .lines()
        .filter(|line| line.starts_with("flags"))
        .peekable();
    flags.peek().is_none()
        || flags.any(|line| {
            line.split_whitespace()
                .any(|flag| flag == "vmx" || flag == "svm")
        })
}

/// Seconds in which a runtime has to say something about itself.
const QUICK: f64 = 5.0;

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
        let (contents, _) = self.contents.suffixes();
        let network = if self.networked { "-network" } else { "" };
        format!("{}{contents}{network}", self.runtime.id())
    }

    fn title(self) -> String {
        let runtime = self.runtime.name();
        let (_, contents) = self.contents.suffixes();
        let network = if self.networked {
            ", with a network"
        } else {
            ""
        };
        match self.runtime {
            Runtime::Runsc(Platform::Usual) => format!("gVisor (runsc){contents}{network}"),
            Runtime::Runsc(Platform::Kvm) => format!("gVisor (runsc) on KVM{contents}{network}"),
            _ => format!("Container by {runtime} alone{contents}{network}"),
        }
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
             `{runtime} create` and `{runtime} start`, until the guest's first answer has come \
             through a pipe and is right. The root file system is there before."
        )
    }

    fn notes(self) -> String {
        if let Runtime::Runsc(_) = self.runtime {
            return "A kernel of its own for each sandbox, a process in user space that answers the \
                    system calls of the programs inside, and a second process that opens its files. \
                    All sandboxes share one root file system, read-only, with a file system in \
                    memory on /tmp. Control groups of its own, without limits set. No network but \
                    gVisor's own loopback. The platform is with the tools."
                .to_owned();
        }
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
            boundary: self.runtime.boundary(),
            offers,
            inside: Inside::linux(if self.networked {
                Support::Yes
            } else {
                Support::Possible
            }),
            language,
            start: StartKind::Cold,
            clock: self.clock(),
            notes: Some(self.notes()),
            role: Role::Candidate,
        }
    }

    fn examine(&self) -> Verdict {
        let name = self.runtime.name();
        let mut tools = match tools::verdict(name, "--version", &self.runtime.enable()) {
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
        if let Err(missing) = self.runtime.examine_platform(&mut tools) {
            return missing;
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
        let mut needs = match self.runtime {
            Runtime::Youki => vec![Need::Other(
                "put the program of a release of youki on PATH as `youki`: no registry has it",
            )],
            _ => vec![Need::program(name, name)],
        };
        needs.extend(self.contents.need());
        if self.networked {
            needs.push(Need::program("ip", "iproute2"));
        }
        needs
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        Ok(Box::new(self.starter(workspace)?))
    }

    fn sweep(&self, run: &DeadRun) {
        sweep(self.runtime, run);
    }

    fn coding(&self) -> Option<Coding> {
        // Once for each runtime.
        (self.contents == Contents::Node && !self.networked).then(|| Coding {
            technology: Box::new(Self::new(self.runtime, Contents::Coding)),
            sandbox: CODING.to_owned(),
        })
    }
}

impl OciContainer {
    /// Prepares for starting containers.
    pub(super) fn starter(self, workspace: &mut Workspace) -> Result<OciStarter, Failure> {
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
        let runtime = self.runtime.name();
        workspace.note_command(format!(
            "{runtime} create --bundle BUNDLE --pid-file BUNDLE/pid ID"
        ));
        workspace.note_command(format!("{runtime} start ID"));
        Ok(OciStarter {
            template: Template::new(self.contents, &root, workspace.run()),
            layered: self.contents == Contents::Coding,
            root,
            run: workspace.run().to_owned(),
            networked: self.networked,
            driver: Arc::new(driver),
            bundles,
            group,
            own_group,
            counter: AtomicU64::new(0),
        })
    }
}

/// Removes what a killed run has left of a runtime's containers.
pub(super) fn sweep(runtime: Runtime, run: &DeadRun) {
    network::sweep(&run.name);
    let name = runtime.state_folder();
    for state in folders_named(&run.folder, &name) {
        let Ok(driver) = Driver::new(runtime, state.clone(), &run.name) else {
            continue;
        };
        for id in ids_in(&state) {
            // One that is held still could not be killed; one that isn't refuses to go on.
            let _ = driver.run(&["resume", &id]);
            // What cannot be deleted is left; there is nobody to tell.
            let _ = driver.run(&["delete", "--force", &id]);
        }
    }
    hierarchy::remove_control_group(Path::new(&format!("/tonnage-{}", run.name)));
}

/// The containers in a state folder. Most runtimes have a folder for each, gVisor two files.
fn ids_in(state: &Path) -> BTreeSet<String> {
    fs::read_dir(state)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                return Some(name);
            }
            let (id, _) = name.split_once("_sandbox:")?;
            Some(id.to_owned())
        })
        .collect()
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
pub(super) struct Driver {
    program: PathBuf,
    runtime: Runtime,
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
            runtime,
            state,
            run: run.to_owned(),
            view,
        })
    }

    /// The same, but seeing what has been mounted by now: where mounts are not shared between
    /// namespaces, a view knows those only from before it was made.
    fn renewed(&self) -> Result<Self, Failure> {
        Self::new(self.runtime, self.state.clone(), &self.run)
    }

    fn is_gvisor(&self) -> bool {
        matches!(self.runtime, Runtime::Runsc(_))
    }

    /// The runtime's command with what all of them begin with.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("--root")
            .arg(&self.state)
            .args(self.runtime.flags())
            .env(RUN_VARIABLE, &self.run);
        command
    }

    /// Spawns a command of it where it works.
    pub(super) fn spawn(&self, command: &mut Command) -> io::Result<Child> {
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
pub(super) struct OciStarter {
    driver: Arc<Driver>,
    template: Template,
    root: PathBuf,
    /// Whether each container has a layer of its own to write to.
    layered: bool,
    bundles: PathBuf,
    run: String,
    networked: bool,
    group: PathBuf,
    own_group: bool,
    counter: AtomicU64,
}

impl Starter for OciStarter {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let (stamps, container) = self.start_container(request)?;
        Ok(Started {
            stamps,
            instance: Box::new(container),
        })
    }

    fn files(&self) -> Option<&Path> {
        Some(&self.root)
    }
}

impl OciStarter {
    /// What runs the containers.
    pub(super) fn driver(&self) -> Arc<Driver> {
        Arc::clone(&self.driver)
    }

    /// Starts a container and has the first request answered.
    pub(super) fn start_container(
        &self,
        request: &Request,
    ) -> Result<(Stamps, Container), Failure> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let id = format!("tonnage-{}-{}-{number}", self.run, std::process::id());
        let network = if self.networked {
            Some(Network::create(&self.run, number)?)
        } else {
            None
        };
        let (layer, driver) = if self.layered {
            let folder = self.bundles.join(format!("{id}-layer"));
            let layer = Overlay::mount(&self.root, folder)?;
            (Some(layer), Arc::new(self.driver.renewed()?))
        } else {
            (None, Arc::clone(&self.driver))
        };
        let bundle = Bundle::create(
            self.bundles.join(&id),
            &self.template,
            &self.group.join(&id),
            network.as_ref().map(Network::namespace).as_deref(),
            layer.as_ref().map(Overlay::root).as_deref(),
        )?;
        let no_pipe = |error| Failure::of("cannot make a pipe to the container", error);
        let (inner_input, input) = pipe().map_err(no_pipe)?;
        let (output, inner_output) = pipe().map_err(no_pipe)?;
        let mut command = driver.command();
        command
            .args(["create", "--bundle"])
            .arg(bundle.folder())
            .arg("--pid-file")
            .arg(bundle.pid_file())
            .arg(&id)
            .stdin(inner_input)
            .stdout(inner_output)
            .stderr(bundle.open_complaints_file()?);
        let runtime = driver
            .spawn(&mut command)
            .map_err(|error| command::refused("the OCI runtime", &error))?;
        // Only the container is to hold the other ends, so that its end is seen.
        drop(command);
        // From here on, dropping the container removes all of it.
        let mut container = Container {
            driver,
            guest: LineGuest::new(input, output),
            id,
            bundle,
            layer,
            network,
            pid: None,
            helpers: OnceCell::new(),
            suspended: false,
            ended: false,
        };
        let created = container.see_created(runtime)?;
        let stamps = container.start(created, request)?;
        Ok((stamps, container))
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
pub(super) struct Container {
    driver: Arc<Driver>,
    guest: LineGuest,
    id: String,
    bundle: Bundle,
    layer: Option<Overlay>,
    network: Option<Network>,
    pid: Option<u32>,
    /// Processes that live for this container alone and did not come from its first one.
    helpers: OnceCell<Vec<u32>>,
    suspended: bool,
    ended: bool,
}

impl Container {
    /// Its name.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// gVisor's processes for this sandbox: in their words is the path of its bundle.
    fn find_helpers(&self) -> Vec<u32> {
        if !self.driver.is_gvisor() {
            return Vec::new();
        }
        let bundle = self.bundle.folder().display().to_string();
        command::all()
            .into_iter()
            .filter(|pid| {
                command::name(*pid) != "runsc"
                    && fs::read(format!("/proc/{pid}/cmdline"))
                        .is_ok_and(|words| String::from_utf8_lossy(&words).contains(&bundle))
            })
            .collect()
    }

    /// Waits until the runtime has made the container: all of it is there, its program is not yet.
    fn see_created(&mut self, runtime: Child) -> Result<Stamp, Failure> {
        let status = command::wait_in_time("the OCI runtime", runtime, command::PATIENCE);
        let created = Stamp::now();
        self.pid = self.bundle.pid();
        match status.map_err(|failure| self.explain(failure))? {
            status if status.success() => Ok(created),
            status => Err(self.refused_by_runtime(status)),
        }
    }

    /// Has the runtime start the program and the first request answered, and sees the runtime off. What
    /// the runtime complains of is the reason if it failed; otherwise the guest's complaints are shown.
    fn start(&mut self, created: Stamp, request: &Request) -> Result<Stamps, Failure> {
        let mut command = self.driver.command();
        command
            .args(["start", &self.id])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(self.bundle.open_complaints_file()?);
        let mut runtime = self
            .driver
            .spawn(&mut command)
            .map_err(|error| command::refused("the OCI runtime", &error))?;
        // A runtime that cannot start it ends its first process, and the pipe with it.
        let result = self.guest.first_result(request, Some(created));
        let status = match &result {
            Ok(_) => runtime.wait().ok(),
            Err(_) => command::end_soon(&mut runtime, 2.0),
        };
        match (result, status) {
            (Ok(stamps), Some(status)) if status.success() => Ok(stamps),
            (_, Some(status)) if !status.success() => Err(self.refused_by_runtime(status)),
            (Ok(_), _) => Err(Failure::new("the OCI runtime's end was not seen")),
            (Err(failure), _) => Err(self.explain(failure)),
        }
    }

    fn refused_by_runtime(&self, status: ExitStatus) -> Failure {
        command::failed("the OCI runtime", status, &self.complaints())
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

    /// Has the runtime remove what it keeps of the container.
    fn delete(&self, members: &[u32]) -> Result<(), Failure> {
        let delete = || self.driver.run(&["delete", "--force", &self.id]);
        let deleted = delete();
        if deleted.is_ok() || !self.driver.is_gvisor() {
            return deleted;
        }
        // runsc gives up after five seconds on a busy host, if its processes still end by then.
        command::wait_until_gone(members, command::PATIENCE)?;
        delete()
    }

    /// Removes all of it. What fails does not keep the rest from being removed.
    fn end(&mut self) -> Result<(), Failure> {
        self.ended = true;
        let mut results = Vec::new();
        if self.suspended {
            results.push(self.resume());
        }
        // All of them: a control group cannot be removed while one of them is still ending in it.
        let members = self.processes();
        if let Some(pid) = self.pid.or_else(|| self.bundle.pid()) {
            results.push(command::kill_adopted(pid));
        }
        results.push(command::wait_until_gone(&members, command::PATIENCE));
        results.push(self.delete(&members));
        if let Some(network) = &self.network {
            results.push(network.remove());
        }
        if let Some(layer) = &mut self.layer {
            results.push(layer.remove());
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
        let mut processes = self.pid.map(command::with_descendants).unwrap_or_default();
        processes.extend(self.helpers.get_or_init(|| self.find_helpers()));
        processes.sort_unstable();
        processes.dedup();
        processes
    }

    fn suspension(&mut self) -> Option<&mut dyn Suspension> {
        Some(self)
    }

    fn disk(&self) -> Option<u64> {
        self.layer.as_ref().map(Overlay::disk)
    }

    fn stop(mut self: Box<Self>) -> Result<(), Failure> {
        self.end()
    }
}

impl Suspension for Container {
    fn mechanism(&self) -> &'static str {
        if self.driver.is_gvisor() {
            "gVisor's kernel holds its programs still, by runsc pause and resume"
        } else {
            "freezer control group, by the runtime's pause and resume"
        }
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
    use super::{
        Contents, OciContainer, Runtime, folders_named, has_virtualisation, ids_in, platforms_in,
    };
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
    fn the_platforms_of_old_and_new_versions_are_read() {
        let old = "  -platform string\n    \tspecifies which platform to use: ptrace (default), kvm. \
                   (default \"ptrace\")\n";
        assert_eq!(platforms_in(old), ["ptrace", "kvm"]);
        let new = "specifies which platform to use: kvm, ptrace, systrap (default).\n";
        assert_eq!(platforms_in(new), ["systrap", "kvm", "ptrace"]);
        assert!(platforms_in("nothing of it").is_empty());
    }

    #[test]
    fn virtualisation_is_told_by_the_processors_flags() {
        assert!(has_virtualisation("flags\t: fpu vmx sse\n"));
        assert!(has_virtualisation("flags\t: fpu svm\n"));
        assert!(!has_virtualisation("flags\t: fpu sse\n"));
        assert!(has_virtualisation("Features\t: fp asimd\n"), "not told");
    }

    #[test]
    fn sandboxes_of_gvisor_are_found_by_their_files() {
        let state = tempfile::tempdir().expect("a folder");
        for file in ["a-1_sandbox:a-1.state", "a-1_sandbox:a-1.lock", "other"] {
            fs::write(state.path().join(file), "").expect("written");
        }
        fs::create_dir(state.path().join("b")).expect("made");
        assert_eq!(Vec::from_iter(ids_in(state.path())), ["a-1", "b"]);
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
