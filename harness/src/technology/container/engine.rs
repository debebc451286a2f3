//! Containers made by an engine, through its command line.

use std::cell::OnceCell;
use std::fs;
use std::io::pipe;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::prctl::set_child_subreaper;
use nix::sys::resource::{Resource, getrlimit};

use super::hierarchy;
use super::root::Contents;
use super::{RUN_VARIABLE, command, offer};
use crate::coding::disk;
use crate::guest::Request;
use crate::technology::line_guest::LineGuest;
use crate::technology::{
    CODING, Coding, DeadRun, Description, Failure, Inside, Instance, Need, Role, Stamps, StartKind,
    Started, Starter, Support, Suspension, Technology, Tool, Verdict, Workspace,
};
use crate::{Boundary, tools};

/// The label with a run's name that containers and images carry.
const LABEL: &str = "tonnage-run";

/// Seconds in which an engine has to say that it is there.
const QUICK: f64 = 5.0;

/// What makes containers from images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A daemon, which has containerd start the containers.
    Docker,
    /// A command without a daemon.
    Podman,
}

impl Engine {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Docker => "Docker",
            Self::Podman => "Podman",
        }
    }

    /// The command, as it is used for everything, so that all calls agree with one another.
    pub(super) fn command(self) -> Option<Command> {
        let mut command = Command::new(tools::find(self.name())?);
        if self == Self::Podman {
            command.args(["--cgroup-manager", "cgroupfs"]);
            if self.needs_runc() {
                command.args(["--runtime", "runc"]);
            }
        }
        command.stdin(Stdio::null());
        Some(command)
    }

    /// Whether the runtime that Podman prefers would fail with this host's control groups.
    fn needs_runc(self) -> bool {
        self == Self::Podman
            && (hierarchy::is_hybrid_with_controllers()
                || !hierarchy::takes_a_device_filter_of_crun())
    }

    /// Runs a command of the engine to its end and returns what it printed.
    fn run(self, arguments: &[&str], seconds: f64) -> Result<String, Failure> {
        let mut command = self
            .command()
            .ok_or_else(|| Failure::new(format!("there is no `{}` on PATH", self.name())))?;
        command.args(arguments);
        command::run(command, seconds)
    }

    /// The engine's version, from whoever does the work: the daemon, if there is one.
    fn version(self) -> Result<String, Failure> {
        let format = match self {
            Self::Docker => "{{.Server.Version}}",
            Self::Podman => "{{.Client.Version}}",
        };
        self.run(&["version", "--format", format], QUICK)
            .map(|version| version.trim().to_owned())
    }

    fn enable(self) -> &'static str {
        match self {
            Self::Docker => {
                "apt-get install docker.io, then systemctl start docker (or run dockerd as root)"
            }
            Self::Podman => "apt-get install podman",
        }
    }

    /// What all containers of a run carry.
    fn marks(run: &str) -> [String; 4] {
        [
            "--label".to_owned(),
            format!("{LABEL}={run}"),
            "--env".to_owned(),
            format!("{RUN_VARIABLE}={run}"),
        ]
    }

    /// The processes that work for all containers.
    pub(super) fn daemons(self) -> Vec<u32> {
        match self {
            Self::Docker => command::all()
                .into_iter()
                .filter(|pid| matches!(command::name(*pid).as_str(), "dockerd" | "containerd"))
                .collect(),
            Self::Podman => Vec::new(),
        }
    }
}

/// A container by an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineContainer {
    engine: Engine,
    contents: Contents,
}

impl EngineContainer {
    /// A container by an engine with these contents.
    pub fn new(engine: Engine, contents: Contents) -> Self {
        Self { engine, contents }
    }

    fn notes(self) -> String {
        let helper = match self.engine {
            Engine::Docker => "The container's shim and",
            Engine::Podman => "The container's monitor and",
        };
        let mut notes = format!(
            "No network but the container's own loopback; everything else is the engine's default: \
             a layer of its own to write to, the engine's seccomp filter and capabilities. {helper} \
             the command that carries the pipes live as long as the container, and their memory is \
             counted with it; a service that starts containers through the engine's interface does \
             without the command.",
        );
        if self.engine == Engine::Docker {
            notes.push_str(
                " The CPU time of a shim and of the runtime it calls cannot be read any more once \
                 the shim has ended: where it is not counted before, that of a start is too low.",
            );
        }
        if self.engine.needs_runc() {
            notes.push_str(
                " Podman uses runc here: crun, which it prefers, fails with this host's control \
                 groups.",
            );
        }
        notes
    }
}

impl Technology for EngineContainer {
    fn description(&self) -> Description {
        let (offers, language) = offer(self.contents);
        let (engine, title) = (self.engine.name(), self.engine.title());
        let (suffix, inside) = self.contents.suffixes();
        Description {
            id: format!("container-{engine}{suffix}"),
            title: format!("Container by {title}{inside}"),
            boundary: Boundary::SharedKernel,
            offers,
            inside: Inside::linux(Support::Possible),
            language,
            start: StartKind::Cold,
            clock: format!(
                "From before `{engine} run` is spawned until the guest's first answer has come \
                 through the command's pipe and is right. The image is there before."
            ),
            notes: Some(self.notes()),
            role: Role::Candidate,
        }
    }

    fn examine(&self) -> Verdict {
        let engine = self.engine;
        let not_here = |why: String| Verdict::NotHere {
            why,
            enable: engine.enable().to_owned(),
        };
        let Some(path) = tools::find(engine.name()) else {
            return not_here(format!("there is no `{}` on PATH", engine.name()));
        };
        if engine == Engine::Podman && !nix::unistd::geteuid().is_root() {
            return Verdict::NotHere {
                why: "Podman is driven as root here, and this is another user".to_owned(),
                enable: "run it as root".to_owned(),
            };
        }
        if engine.needs_runc() && tools::find("runc").is_none() {
            return Verdict::NotHere {
                why: "crun, which Podman prefers, fails with this host's control groups".to_owned(),
                enable: "apt-get install runc".to_owned(),
            };
        }
        let version = match engine.version() {
            Ok(version) => version,
            Err(failure) => return not_here(format!("no engine answers: {failure}")),
        };
        if engine == Engine::Docker && engine.daemons().is_empty() {
            return not_here("the engine that answers does not run on this host".to_owned());
        }
        let mut tools = vec![Tool {
            name: engine.name().to_owned(),
            version,
            path: Some(path),
        }];
        match super::add_interpreter(self.contents, &mut tools) {
            Ok(()) => Verdict::Ready { tools },
            Err(missing) => missing,
        }
    }

    fn needs(&self) -> Vec<Need> {
        let mut needs = match self.engine {
            Engine::Docker => vec![Need::Service {
                name: "docker",
                package: "docker.io",
            }],
            Engine::Podman => vec![Need::program("podman", "podman")],
        };
        if self.engine.needs_runc() {
            needs.push(Need::program("runc", "runc"));
        }
        needs.extend(self.contents.need());
        needs
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        Ok(Box::new(self.starter(workspace)?))
    }

    fn coding(&self) -> Option<Coding> {
        (self.contents == Contents::Node).then(|| Coding {
            technology: Box::new(Self::new(self.engine, Contents::Coding)),
            sandbox: CODING.to_owned(),
        })
    }

    fn sweep(&self, run: &DeadRun) {
        sweep(self.engine, run);
    }
}

impl EngineContainer {
    /// Prepares for starting containers.
    pub(super) fn starter(self, workspace: &mut Workspace) -> Result<EngineStarter, Failure> {
        // Podman's monitors outlive the process that starts them, and are handed over to this one.
        set_child_subreaper(true)
            .map_err(|error| Failure::of("cannot adopt the containers' monitors", error))?;
        let root = self.contents.root_file_system(workspace)?;
        let image = format!(
            "tonnage-{}-{}:{}",
            workspace.run().to_lowercase(),
            std::process::id(),
            self.contents.name()
        );
        let import = format!("import the image into {}", self.engine.title());
        workspace.step(&import, |workspace| {
            self.import(&root, &image, workspace.run())
        })?;
        let files = workspace
            .own()
            .join(format!("{}-files", self.engine.name()));
        fs::create_dir_all(&files)
            .map_err(|error| Failure::of("cannot make a folder for the containers", error))?;
        let groups = Groups::choose(self.engine, workspace)?;
        let mut options: Vec<String> = ["run", "--interactive", "--rm", "--network", "none"]
            .map(str::to_owned)
            .to_vec();
        options.extend(Engine::marks(workspace.run()));
        options.extend(["--cgroup-parent".to_owned(), groups.parent.clone()]);
        if self.engine == Engine::Podman && !super::may(super::CAP_SYS_RESOURCE) {
            // Podman's own defaults are more than such a process may ask for.
            for (name, resource, enough) in [
                ("nofile", Resource::RLIMIT_NOFILE, 1024),
                ("nproc", Resource::RLIMIT_NPROC, 4096),
            ] {
                let (_, most) = getrlimit(resource)
                    .map_err(|error| Failure::of("cannot read a limit", error))?;
                let limit = most.min(enough);
                options.extend(["--ulimit".to_owned(), format!("{name}={limit}:{limit}")]);
            }
        }
        workspace.note_command(format!(
            "{} {} --name ID --cidfile FILE {image}",
            self.engine.name(),
            options.join(" ")
        ));
        Ok(EngineStarter {
            engine: self.engine,
            options,
            image: Arc::new(Image {
                engine: self.engine,
                name: image,
            }),
            files,
            run: workspace.run().to_owned(),
            groups,
            counter: AtomicU64::new(0),
        })
    }
}

/// Removes what a killed run has left of an engine's containers.
pub(super) fn sweep(engine: Engine, run: &DeadRun) {
    let filter = format!("label={LABEL}={}", run.name);
    let list = |arguments: &[&str]| -> Vec<String> {
        engine
            .run(arguments, command::PATIENCE)
            .map(|said| said.split_whitespace().map(str::to_owned).collect())
            .unwrap_or_default()
    };
    // What cannot be removed is left; there is nobody to tell.
    for id in list(&["ps", "--all", "--quiet", "--filter", &filter]) {
        let _ = engine.run(&["unpause", &id], command::PATIENCE);
        let _ = engine.run(&["rm", "--force", &id], command::PATIENCE);
    }
    for id in list(&["images", "--quiet", "--filter", &filter]) {
        let _ = engine.run(&["rmi", "--force", &id], command::PATIENCE);
    }
    hierarchy::remove_control_group(Path::new(&format!("/tonnage-{}", run.name)));
}

impl EngineContainer {
    /// Makes an image of a root file system.
    fn import(self, root: &Path, image: &str, run: &str) -> Result<(), Failure> {
        let mut tar = Command::new("tar")
            .arg("--directory")
            .arg(root)
            .args(["--create", "."])
            .env(RUN_VARIABLE, run)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| command::refused("tar", &error))?;
        let words: Vec<_> = self
            .contents
            .command()
            .iter()
            .map(|word| format!("\"{word}\""))
            .collect();
        let mut import = self
            .engine
            .command()
            .ok_or_else(|| Failure::new("the engine is gone"))?;
        import
            .args(["import", "--change"])
            .arg(format!("CMD [{}]", words.join(", ")))
            .arg("--change")
            .arg(format!("LABEL {LABEL}={run}"))
            .args(["-", image])
            .env(RUN_VARIABLE, run);
        if let Some(archive) = tar.stdout.take() {
            import.stdin(archive);
        }
        let imported = command::run(import, 300.0);
        // It ends with the import, and if it failed the import did too.
        let _ = tar.wait();
        imported.map(|_| ())
    }
}

/// The control groups in which an engine's containers run.
#[derive(Debug)]
struct Groups {
    /// How the engine is told.
    parent: String,
    /// Where that is below the root of the hierarchies, if it is not the harness's own.
    foreign: Option<PathBuf>,
}

impl Groups {
    fn choose(engine: Engine, workspace: &Workspace) -> Result<Self, Failure> {
        let driver = match engine {
            Engine::Docker => engine.run(&["info", "--format", "{{.CgroupDriver}}"], QUICK)?,
            Engine::Podman => String::new(),
        };
        if driver.trim() == "systemd" {
            // It takes slices only, and a dash in the name of one is a level of the hierarchy.
            let slice = format!("tonnage_{}.slice", workspace.run().replace('-', "_"));
            return Ok(Self {
                foreign: Some(Path::new("/").join(&slice)),
                parent: slice,
            });
        }
        let own = workspace.control_group().map(Path::to_path_buf);
        let foreign = own
            .is_none()
            .then(|| PathBuf::from(format!("/tonnage-{}", workspace.run())));
        let group = own.or_else(|| foreign.clone()).unwrap_or_default();
        Ok(Self {
            parent: Path::new("/").join(group).display().to_string(),
            foreign,
        })
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        if let Some(group) = &self.foreign {
            hierarchy::remove_control_group(group);
        }
    }
}

/// An image, removed when neither its starter nor a container needs it any more.
#[derive(Debug)]
struct Image {
    engine: Engine,
    name: String,
}

impl Drop for Image {
    fn drop(&mut self) {
        // What is left is swept with the run.
        let _ = self
            .engine
            .run(&["rmi", "--force", &self.name], command::PATIENCE);
    }
}

/// Starts containers.
#[derive(Debug)]
pub(super) struct EngineStarter {
    engine: Engine,
    options: Vec<String>,
    image: Arc<Image>,
    files: PathBuf,
    run: String,
    #[expect(dead_code, reason = "removed when it is dropped")]
    groups: Groups,
    counter: AtomicU64,
}

impl Starter for EngineStarter {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let (stamps, container) = self.start_container(request)?;
        Ok(Started {
            stamps,
            instance: Box::new(container),
        })
    }

    fn daemons(&self) -> Vec<u32> {
        self.engine.daemons()
    }
}

impl EngineStarter {
    /// Starts a container and has the first request answered.
    pub(super) fn start_container(
        &self,
        request: &Request,
    ) -> Result<(Stamps, Container), Failure> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let name = format!("tonnage-{}-{}-{number}", self.run, std::process::id());
        let complaints = self.files.join(format!("{name}.complaints"));
        let id_file = self.files.join(format!("{name}.id"));
        let complaints_file = fs::File::create(&complaints)
            .map_err(|error| Failure::of("cannot make a file for complaints", error))?;
        let no_pipe = |error| Failure::of("cannot make a pipe to the container", error);
        let (inner_input, input) = pipe().map_err(no_pipe)?;
        let (output, inner_output) = pipe().map_err(no_pipe)?;
        let mut command = self
            .engine
            .command()
            .ok_or_else(|| Failure::new("the engine is gone"))?;
        command
            .args(&self.options)
            .args(["--name", &name, "--cidfile"])
            .arg(&id_file)
            .arg(&self.image.name)
            .env(RUN_VARIABLE, &self.run)
            .stdin(inner_input)
            .stdout(inner_output)
            .stderr(complaints_file);
        let client = command
            .spawn()
            .map_err(|error| command::refused(self.engine.name(), &error))?;
        drop(command);
        // From here on, dropping the container removes all of it.
        let mut container = Container {
            engine: self.engine,
            _image: Arc::clone(&self.image),
            guest: LineGuest::new(input, output),
            client,
            name,
            complaints,
            id_file,
            members: OnceCell::new(),
            suspended: false,
            ended: false,
        };
        let stamps = container.first_result(request)?;
        Ok((stamps, container))
    }
}

/// A container that lives.
#[derive(Debug)]
pub(super) struct Container {
    engine: Engine,
    _image: Arc<Image>,
    guest: LineGuest,
    /// The command that carries the pipes.
    client: Child,
    name: String,
    complaints: PathBuf,
    id_file: PathBuf,
    members: OnceCell<Vec<u32>>,
    suspended: bool,
    ended: bool,
}

impl Container {
    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn first_result(&mut self, request: &Request) -> Result<Stamps, Failure> {
        let result = self.guest.first_result(request, None);
        result.map_err(|failure| {
            // The command may be about to say why.
            let said = match command::end_soon(&mut self.client, 2.0) {
                Some(status) if !status.success() => {
                    let complaints = command::complaints(&self.complaints);
                    command::failed(self.engine.name(), status, &complaints)
                }
                _ => return failure,
            };
            Failure {
                message: format!("{}; {}", failure.message, said.message),
                limit: failure.limit || said.limit,
            }
        })
    }

    /// The container's processes, and what the engine keeps for it alone.
    fn find_members(&self) -> Vec<u32> {
        let id = fs::read_to_string(&self.id_file).unwrap_or_default();
        let id = id.trim();
        if id.is_empty() {
            return Vec::new();
        }
        let inside = |pid: &u32| {
            fs::read_to_string(format!("/proc/{pid}/cgroup"))
                .is_ok_and(|groups| groups.contains(id))
        };
        let mut members: Vec<u32> = command::all().into_iter().filter(inside).collect();
        let helpers: Vec<u32> = members
            .iter()
            .filter_map(|pid| command::parent(*pid))
            .filter(|pid| {
                let name = command::name(*pid);
                name.starts_with("containerd-shim") || name.starts_with("conmon")
            })
            .collect();
        members.extend(helpers);
        members.sort_unstable();
        members.dedup();
        members
    }

    /// Removes all of it. What fails does not keep the rest from being removed.
    fn end(&mut self) -> Result<(), Failure> {
        self.ended = true;
        let mut results = Vec::new();
        if self.suspended {
            results.push(self.resume());
        }
        let members = self.processes();
        if matches!(self.client.try_wait(), Ok(None)) {
            results.push(self.control("kill"));
            // The command ends when the container has been removed.
            if command::end_soon(&mut self.client, command::PATIENCE).is_none() {
                results.push(Err(Failure::new("the engine's command does not end")));
            }
        } else {
            // It may have ended before there was a container, or without removing it.
            let _ = self
                .engine
                .run(&["rm", "--force", &self.name], command::PATIENCE);
        }
        results.push(command::wait_until_gone(&members, command::PATIENCE));
        for file in [&self.complaints, &self.id_file] {
            // Both go with their folder at the latest.
            let _ = fs::remove_file(file);
        }
        results.into_iter().collect()
    }

    fn control(&self, what: &str) -> Result<(), Failure> {
        self.engine
            .run(&[what, &self.name], command::PATIENCE)
            .map(|_| ())
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
        self.guest.work(request)
    }

    fn processes(&self) -> Vec<u32> {
        let mut processes = vec![self.client.id()];
        processes.extend(self.members.get_or_init(|| self.find_members()));
        processes
    }

    fn suspension(&mut self) -> Option<&mut dyn Suspension> {
        Some(self)
    }

    fn disk(&self) -> Option<u64> {
        let format = "{{.GraphDriver.Data.UpperDir}}";
        let said = self
            .engine
            .run(&["inspect", "--format", format, &self.name], QUICK)
            .ok()?;
        let upper = Path::new(said.trim());
        // An engine that keeps its layers in another way says nothing of use.
        upper.is_absolute().then(|| disk(upper))
    }

    fn stop(mut self: Box<Self>) -> Result<(), Failure> {
        self.end()
    }
}

impl Suspension for Container {
    fn mechanism(&self) -> &'static str {
        "freezer control group, by the engine's pause and unpause"
    }

    fn suspend(&mut self) -> Result<(), Failure> {
        self.control("pause")?;
        self.suspended = true;
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Failure> {
        self.control("unpause")?;
        self.suspended = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Contents, Engine, EngineContainer};
    use crate::technology::{Technology, Verdict};

    #[test]
    fn every_row_has_a_name_of_its_own() {
        let id = |engine, contents| EngineContainer::new(engine, contents).description().id;
        assert_eq!(id(Engine::Docker, Contents::Node), "container-docker");
        assert_eq!(
            id(Engine::Podman, Contents::Native),
            "container-podman-empty"
        );
    }

    #[test]
    fn an_engine_that_is_not_here_says_why_and_what_to_do() {
        for engine in [Engine::Docker, Engine::Podman] {
            if let Verdict::NotHere { why, enable } =
                EngineContainer::new(engine, Contents::Native).examine()
            {
                assert!(!why.is_empty());
                assert!(!enable.is_empty());
            }
        }
    }
}
