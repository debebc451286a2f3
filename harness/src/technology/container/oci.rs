//! Containers made by an OCI runtime, without a daemon.

mod container;
mod driver;

use std::fmt::Write as _;
use std::fs;
use std::io::pipe;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::prctl::set_child_subreaper;

use super::bundle::{Bundle, Template};
use super::hierarchy;
use super::network::Network;
use super::root::Contents;
use super::{command, offer};
use crate::guest::Request;
use crate::technology::line_guest::LineGuest;
use crate::technology::overlay::Overlay;
use crate::technology::{
    CODING, Coding, DeadRun, Description, Failure, Inside, Need, Role, Stamps, StartKind, Started,
    Starter, Support, Technology, Tool, Verdict, Workspace,
};
use crate::{Boundary, tools};
use container::Parts;
pub(super) use container::{Checkpoint, Container};
pub(super) use driver::{Driver, folders_named, sweep, sweep_state};

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
        self.start_new(Making::New, request)
    }

    /// Starts a container and has the first request answered, and writes a checkpoint of it into a new
    /// folder.
    pub(super) fn checkpoint(
        &self,
        folder: PathBuf,
        request: &Request,
    ) -> Result<Checkpoint, Failure> {
        let (_, container) = self.start_new(Making::ForCheckpoint, request)?;
        container.checkpoint(folder)
    }

    fn start_new(&self, making: Making, request: &Request) -> Result<(Stamps, Container), Failure> {
        let (mut container, runtime) = self.have_made(making)?;
        let created = container.see_created(runtime)?;
        let stamps = container.start(created, request)?;
        Ok((stamps, container))
    }

    /// Starts a container from a checkpoint, whose guest has said that it is ready before, and has a
    /// request answered.
    pub(super) fn restore_container(
        &self,
        checkpoint: &Checkpoint,
        request: &Request,
    ) -> Result<(Stamps, Container), Failure> {
        let (mut container, runtime) = self.have_made(Making::Restored(checkpoint))?;
        let stamps = container.see_restored(runtime, request)?;
        Ok((stamps, container))
    }

    /// Has the runtime make a container of a bundle of its own.
    fn have_made(&self, making: Making) -> Result<(Container, Child), Failure> {
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
        match making {
            Making::New | Making::ForCheckpoint => command.arg("create"),
            Making::Restored(checkpoint) => command
                .args(["restore", "--detach", "--image-path"])
                .arg(checkpoint.folder())
                .arg("--work-path")
                .arg(bundle.folder()),
        };
        command
            .arg("--bundle")
            .arg(bundle.folder())
            .arg("--pid-file")
            .arg(bundle.pid_file())
            .arg(&id)
            .stdin(inner_input)
            .stdout(inner_output);
        match making {
            Making::New | Making::Restored(_) => command.stderr(bundle.open_complaints_file()?),
            Making::ForCheckpoint => command.stderr(pipe().map_err(no_pipe)?.1),
        };
        let runtime = driver
            .spawn(&mut command)
            .map_err(|error| command::refused("the OCI runtime", &error))?;
        // Only the container is to hold the other ends, so that its end is seen.
        drop(command);
        // From here on, dropping the container removes all of it.
        let container = Container::new(Parts {
            driver,
            guest: LineGuest::new(input, output),
            id,
            bundle,
            layer,
            network,
        });
        Ok((container, runtime))
    }
}

impl Drop for OciStarter {
    fn drop(&mut self) {
        if self.own_group {
            hierarchy::remove_control_group(&self.group);
        }
    }
}

/// How a container is made.
#[derive(Debug, Clone, Copy)]
enum Making<'a> {
    /// From nothing. What its guest complains of goes into a file of the bundle.
    New,
    /// From nothing. Its guest's complaints go into a pipe that nobody reads: a checkpoint cannot hold an
    /// open file of the host.
    ForCheckpoint,
    /// With the processes of a checkpoint.
    Restored(&'a Checkpoint),
}

#[cfg(test)]
mod tests {
    use super::{Contents, OciContainer, Runtime, has_virtualisation, platforms_in};
    use crate::technology::Technology;

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
}
