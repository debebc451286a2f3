//! Bubblewrap: namespaces by a small program that any user can run.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::prctl::set_child_subreaper;

use super::command;
use super::container::root::Contents;
use super::container::{add_interpreter, offer};
use super::line_guest::LineGuest;
use super::overlay::Overlay;
use super::spawn::LiveGuest;
use crate::clock::Stamp;
use crate::guest::Request;
use crate::meter::processes::RUN_VARIABLE;
use crate::technology::{
    CODING, Coding, Description, Failure, Inside, Need, Role, StartKind, Started, Starter, Support,
    Technology, Verdict, Workspace,
};
use crate::{Boundary, tools};

/// A process in namespaces that `bwrap` makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bubblewrap(pub Contents);

/// What `bwrap` is told, the root file system and the command left out.
const OPTIONS: [&str; 10] = [
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--tmpfs",
];

impl Technology for Bubblewrap {
    fn description(&self) -> Description {
        let (offers, language) = offer(self.0);
        let (suffix, inside) = match self.0 {
            Contents::Native => ("-native", "a static program"),
            Contents::Node => ("", "Node.js"),
            Contents::Python => ("-python", "Python"),
            Contents::Coding => ("-coding", "a coding agent's tools"),
        };
        Description {
            id: format!("bubblewrap{suffix}"),
            title: format!("Bubblewrap, {inside} inside"),
            boundary: Boundary::SharedKernel,
            offers,
            inside: Inside::linux(Support::Possible),
            language,
            start: StartKind::Cold,
            clock:
                "From before `bwrap` is spawned until the guest's first answer has come through \
                    a pipe and is right. The root file system is there before."
                    .to_owned(),
            notes: Some(
                "Namespaces of every kind, no capabilities, no control group, no network but a \
                 loopback, no seccomp filter unless one is given. `bwrap` stays as the parent and, \
                 in the namespace, as the first process: two small processes beside the guest. The \
                 root file system is shared and read-only, with a file system in memory on /tmp."
                    .to_owned(),
            ),
            role: Role::Candidate,
        }
    }

    fn examine(&self) -> Verdict {
        let mut tools = match tools::verdict("bwrap", "--version", "apt-get install bubblewrap") {
            Verdict::Ready { tools } => tools,
            missing @ Verdict::NotHere { .. } => return missing,
        };
        if let Err(missing) = add_interpreter(self.0, &mut tools) {
            return missing;
        }
        // Whether this host lets it make namespaces is known best by trying: it takes milliseconds.
        let mut trial = Command::new("bwrap");
        trial
            .args(["--unshare-all", "--ro-bind", "/", "/", "true"])
            .stdin(Stdio::null());
        match command::run(trial, 5.0) {
            Ok(_) => Verdict::Ready { tools },
            Err(failure) => Verdict::NotHere {
                why: failure.message,
                enable: "allow user namespaces (kernel.unprivileged_userns_clone, \
                         kernel.apparmor_restrict_unprivileged_userns), or run it as root outside \
                         of a container"
                    .to_owned(),
            },
        }
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        // What `bwrap` leaves behind when it is killed is handed over to this process.
        set_child_subreaper(true)
            .map_err(|error| Failure::of("cannot adopt the sandboxes' processes", error))?;
        let program =
            tools::find("bwrap").ok_or_else(|| Failure::new("there is no `bwrap` on PATH"))?;
        let root = self.0.root_file_system(workspace)?;
        let folder = workspace.own().join("bubblewrap");
        fs::create_dir_all(&folder)
            .map_err(|error| Failure::of("cannot make a folder for the sandboxes", error))?;
        let layered = self.0 == Contents::Coding;
        let mut words: Vec<String> = OPTIONS.map(str::to_owned).to_vec();
        words.extend(["/tmp", "--chdir", "/", "--"].map(str::to_owned));
        words.extend(self.0.command().iter().map(|word| (*word).to_owned()));
        let bind = if layered { "--bind" } else { "--ro-bind" };
        workspace.note_command(format!("bwrap {bind} ROOT / {}", words.join(" ")));
        Ok(Box::new(BubblewrapStarter {
            program,
            bind,
            root,
            folder,
            layered,
            counter: AtomicU64::new(0),
            words,
            run: workspace.run().to_owned(),
        }))
    }

    fn needs(&self) -> Vec<Need> {
        let mut needs = vec![Need::program("bwrap", "bubblewrap")];
        needs.extend(self.0.need());
        needs
    }

    fn coding(&self) -> Option<Coding> {
        (self.0 == Contents::Node).then(|| Coding {
            technology: Box::new(Self(Contents::Coding)),
            sandbox: CODING.to_owned(),
        })
    }
}

#[derive(Debug)]
struct BubblewrapStarter {
    program: PathBuf,
    /// How the root file system is mounted.
    bind: &'static str,
    root: PathBuf,
    /// For what belongs to one sandbox.
    folder: PathBuf,
    /// Whether sandboxes have layers of their own to write to.
    layered: bool,
    counter: AtomicU64,
    words: Vec<String>,
    run: String,
}

impl BubblewrapStarter {
    /// A file without a name for what `bwrap` and the guest complain of.
    fn file_for_complaints(&self, number: u64) -> Result<File, Failure> {
        let path = self.folder.join(format!("complaints-{number}"));
        File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .and_then(|file| fs::remove_file(&path).map(|()| file))
            .map_err(|error| Failure::of("cannot make a file for complaints", error))
    }
}

impl Starter for BubblewrapStarter {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let layer = if self.layered {
            let folder = self.folder.join(number.to_string());
            Some(Overlay::mount(&self.root, folder)?)
        } else {
            None
        };
        let mut complaints = self.file_for_complaints(number)?;
        let root = layer
            .as_ref()
            .map_or_else(|| self.root.clone(), Overlay::root);
        let mut child = Command::new(&self.program)
            .arg(self.bind)
            .arg(root)
            .arg("/")
            .args(&self.words)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env(RUN_VARIABLE, &self.run)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(
                complaints
                    .try_clone()
                    .map_err(|error| Failure::of("cannot share a file", error))?,
            )
            .spawn()
            .map_err(|error| command::refused("bwrap", &error))?;
        let created = Stamp::now();
        let pipes = child.stdin.take().zip(child.stdout.take());
        let Some((input, output)) = pipes else {
            return Err(Failure::new("bwrap has no pipes"));
        };
        let guest = LiveGuest::new(child.id(), LineGuest::new(input, output)).with_layer(layer);
        guest.start(request, Some(created)).map_err(|failure| {
            // It has ended by now, and so has whoever could write more.
            let mut said = String::new();
            // What cannot be read is no reason.
            let _ = complaints
                .rewind()
                .and_then(|()| complaints.read_to_string(&mut said));
            if said.trim().is_empty() {
                failure
            } else {
                Failure {
                    message: format!("{}: {}", failure.message, command::tail(&said)),
                    ..failure
                }
            }
        })
    }

    fn files(&self) -> Option<&Path> {
        Some(&self.root)
    }
}
