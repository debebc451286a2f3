//! Containers made by containerd, with neither Docker nor Kubernetes before it, through its own tool
//! `ctr`.
//!
//! The daemon is this process's own: it is started beforehand with folders and a socket of its own, and
//! goes with the starter. One that runs on the host is not touched.

mod daemon;
mod image;

use std::fs::{self, File};
use std::io::pipe;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::prctl::set_child_subreaper;

use super::root::Contents;
use super::{RUN_VARIABLE, command, hierarchy, offer};
use crate::guest::Request;
use crate::technology::line_guest::LineGuest;
use crate::technology::overlay;
use crate::technology::{
    CODING, Coding, DeadRun, Description, Failure, Inside, Instance, Need, Role, Stamps, StartKind,
    Started, Starter, Support, Suspension, Technology, Verdict, Workspace,
};
use crate::{Boundary, tools};
use daemon::{Daemon, FOLDER, NAME_SPACE};
use image::IMAGE;

/// What is called, and the argument with which it tells its version.
const PROGRAMS: [(&str, &str); 3] = [
    ("containerd", "--version"),
    ("ctr", "--version"),
    ("runc", "--version"),
];

/// The helper that stays with each container.
const SHIM: &str = "containerd-shim-runc-v2";

/// What brings all of them.
const PACKAGE: &str = "containerd";

/// A container by containerd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerdContainer(pub Contents);

impl Technology for ContainerdContainer {
    fn description(&self) -> Description {
        let (offers, language) = offer(self.0);
        let (suffix, inside) = self.0.suffixes();
        Description {
            id: format!("container-containerd{suffix}"),
            title: format!("Container by containerd{inside}"),
            boundary: Boundary::SharedKernel,
            offers,
            inside: Inside::linux(Support::Possible),
            language,
            start: StartKind::Cold,
            clock: "From before `ctr run` is spawned, through containerd, a shim and runc, until the \
                    guest's first answer has come through the command's pipe and is right. The image is \
                    there before, unpacked."
                .to_owned(),
            notes: Some(
                "A layer of its own to write to (overlayfs snapshot of the image), a control group of its \
                 own without limits set, and an empty network namespace; capabilities are `ctr`'s \
                 defaults, and there is no seccomp filter. The container's shim and the command that \
                 carries the pipes live as long as the container, and their memory is counted with it; a \
                 service that speaks to containerd itself does without the command. The daemon is one of \
                 the measurement's own."
                    .to_owned(),
            ),
            role: Role::Candidate,
        }
    }

    fn examine(&self) -> Verdict {
        let not_here = |why: String, enable: &str| Verdict::NotHere {
            why,
            enable: enable.to_owned(),
        };
        let install = format!("apt-get install {PACKAGE}");
        let mut found = Vec::new();
        for (name, argument) in PROGRAMS {
            match tools::verdict(name, argument, &install) {
                Verdict::Ready { tools } => found.extend(tools),
                missing @ Verdict::NotHere { .. } => return missing,
            }
        }
        if tools::find(SHIM).is_none() {
            return not_here(format!("there is no `{SHIM}` on PATH"), &install);
        }
        if !nix::unistd::geteuid().is_root() {
            return not_here(
                "containerd is run as root here, and this is another user".to_owned(),
                "run it as root",
            );
        }
        if !super::may(super::CAP_SYS_ADMIN) || !hierarchy::is_writable() {
            return not_here(
                "this process may not mount file systems and make control groups".to_owned(),
                "run it outside of a container, or in a privileged one",
            );
        }
        match super::add_interpreter(self.0, &mut found) {
            Ok(()) => Verdict::Ready { tools: found },
            Err(missing) => missing,
        }
    }

    fn needs(&self) -> Vec<Need> {
        let mut needs = vec![
            Need::program("containerd", PACKAGE),
            Need::program("runc", "runc"),
        ];
        needs.extend(self.0.need());
        needs
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        // A shim outlives the program that starts it, and is handed over to this process.
        set_child_subreaper(true)
            .map_err(|error| Failure::of("cannot adopt the containers' shims", error))?;
        let root = self.0.root_file_system(workspace)?;
        let image = image::archive(self.0, &root, workspace)?;
        let run = workspace.run().to_owned();
        let folder = workspace.own().join(FOLDER);
        let daemon = workspace.step("start containerd", |_| Daemon::start(folder, run))?;
        workspace.step("import the image into containerd", |_| {
            let archive = image.display().to_string();
            daemon.run(&["images", "import", &archive])
        })?;
        let own_group = workspace.control_group().is_none();
        let group = workspace.control_group().map_or_else(
            || PathBuf::from(format!("/tonnage-{}", workspace.run())),
            |group| Path::new("/").join(group),
        );
        workspace.note_command(format!(
            "ctr --address SOCKET --namespace {NAME_SPACE} run --rm --cgroup GROUP --env … --fifo-dir DIR \
             --runc-root DIR --pid-file FILE {IMAGE} ID"
        ));
        Ok(Box::new(ContainerdStarter {
            daemon: Arc::new(daemon),
            group,
            own_group,
            counter: AtomicU64::new(0),
        }))
    }

    fn coding(&self) -> Option<Coding> {
        (self.0 == Contents::Node).then(|| Coding {
            technology: Box::new(Self(Contents::Coding)),
            sandbox: CODING.to_owned(),
        })
    }

    fn sweep(&self, run: &DeadRun) {
        daemon::sweep(run);
    }
}

#[derive(Debug)]
struct ContainerdStarter {
    daemon: Arc<Daemon>,
    group: PathBuf,
    own_group: bool,
    counter: AtomicU64,
}

impl Starter for ContainerdStarter {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let id = format!("tonnage-{}-{number}", std::process::id());
        let folder = self.daemon.folder();
        let pid_file = folder.join(format!("{id}.pid"));
        let complaints = folder.join(format!("{id}.complaints"));
        let complaints_file = File::create(&complaints)
            .map_err(|error| Failure::of("cannot make a file for complaints", error))?;
        let no_pipe = |error| Failure::of("cannot make a pipe to the container", error);
        let (inner_input, input) = pipe().map_err(no_pipe)?;
        let (output, inner_output) = pipe().map_err(no_pipe)?;
        let mut command = self.daemon.tool();
        command
            .args(["run", "--rm", "--cgroup"])
            .arg(self.group.join(&id))
            .args([
                "--env",
                &format!("{RUN_VARIABLE}={}", self.daemon.name_of_run()),
            ])
            .arg("--fifo-dir")
            .arg(folder.join("fifo"))
            .arg("--runc-root")
            .arg(self.daemon.state_of_runc())
            .arg("--pid-file")
            .arg(&pid_file)
            .args([IMAGE, &id])
            .stdin(inner_input)
            .stdout(inner_output)
            .stderr(complaints_file);
        let client = command
            .spawn()
            .map_err(|error| command::refused("ctr", &error))?;
        // Only the command is to hold the other ends, so that its end is seen.
        drop(command);
        // From here on, dropping the container removes all of it.
        let mut container = Container {
            daemon: Arc::clone(&self.daemon),
            guest: LineGuest::new(input, output),
            client,
            id,
            pid_file,
            complaints,
            suspended: false,
            ended: false,
        };
        let stamps = container.first_result(request)?;
        Ok(Started {
            stamps,
            instance: Box::new(container),
        })
    }

    fn daemons(&self) -> Vec<u32> {
        vec![self.daemon.pid()]
    }
}

impl Drop for ContainerdStarter {
    fn drop(&mut self) {
        if self.own_group {
            hierarchy::remove_control_group(&self.group);
        }
    }
}

/// A container that lives.
#[derive(Debug)]
struct Container {
    daemon: Arc<Daemon>,
    guest: LineGuest,
    /// The command that carries the pipes, and removes the container when it has ended.
    client: Child,
    id: String,
    pid_file: PathBuf,
    complaints: PathBuf,
    suspended: bool,
    ended: bool,
}

impl Container {
    fn first_result(&mut self, request: &Request) -> Result<Stamps, Failure> {
        let result = self.guest.first_result(request, None);
        result.map_err(|failure| {
            // The command may be about to say why.
            let Some(status) = command::end_soon(&mut self.client, 2.0) else {
                return failure;
            };
            let said = command::complaints(&self.complaints);
            if status.success() || said.trim().is_empty() {
                return failure;
            }
            let said = command::failed("ctr", status, &said);
            Failure {
                message: format!("{}; {}", failure.message, said.message),
                limit: failure.limit || said.limit,
            }
        })
    }

    /// The container's shim, and all that came from it.
    fn members(&self) -> Vec<u32> {
        let pid = fs::read_to_string(&self.pid_file).unwrap_or_default();
        pid.trim()
            .parse()
            .ok()
            .and_then(command::parent)
            .filter(|pid| command::name(*pid).starts_with("containerd-shim"))
            .map(command::with_descendants)
            .unwrap_or_default()
    }

    /// Removes all of it. What fails does not keep the rest from being removed.
    fn end(&mut self) -> Result<(), Failure> {
        self.ended = true;
        let mut results = Vec::new();
        if self.suspended {
            results.push(self.resume());
        }
        let members = self.members();
        let running = matches!(self.client.try_wait(), Ok(None));
        if running {
            results.push(self.control(&["tasks", "kill", "--signal", "KILL"]));
        }
        // The command ends when it has removed the container; one that had to be killed has not.
        let removed = running
            && command::end_soon(&mut self.client, command::PATIENCE)
                .is_some_and(|status| status.code().is_some());
        if running && !removed {
            results.push(Err(Failure::new("`ctr run` does not end")));
        }
        if !removed {
            // There may be none: the command may have ended before it made one, or after removing it.
            let _ = self.control(&["tasks", "delete", "--force"]);
            let _ = self.control(&["containers", "delete"]);
        }
        results.push(command::wait_until_gone(&members, command::PATIENCE));
        for file in [&self.complaints, &self.pid_file] {
            // Both go with their folder at the latest.
            let _ = fs::remove_file(file);
        }
        results.into_iter().collect()
    }

    fn control(&self, words: &[&str]) -> Result<(), Failure> {
        let mut words = words.to_vec();
        words.push(&self.id);
        self.daemon.run(&words)
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
        processes.extend(self.members());
        processes
    }

    fn suspension(&mut self) -> Option<&mut dyn Suspension> {
        Some(self)
    }

    fn disk(&self) -> Option<u64> {
        overlay::disk_of(&self.daemon.root_of_container(&self.id))
    }

    fn stop(mut self: Box<Self>) -> Result<(), Failure> {
        self.end()
    }
}

impl Suspension for Container {
    fn mechanism(&self) -> &'static str {
        "freezer control group, by `ctr tasks pause` and `resume`"
    }

    fn suspend(&mut self) -> Result<(), Failure> {
        self.control(&["tasks", "pause"])?;
        self.suspended = true;
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Failure> {
        self.control(&["tasks", "resume"])?;
        self.suspended = false;
        Ok(())
    }
}
