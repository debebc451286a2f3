//! Namespaces alone: a process that the kernel shows a small world of its own, without a runtime.

use std::ffi::CStr;
use std::fs;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::CloneFlags;
use nix::sys::stat::Mode;
use nix::unistd::{chdir, getegid, geteuid, pivot_root, write};

use super::container::root::Contents;
use super::spawn::{FailedStep, LiveGuest, Program, spawn};
use crate::clock::Stamp;
use crate::guest::{Language, Request};
use crate::meter::processes::RUN_VARIABLE;
use crate::technology::{
    Description, Failure, Inside, Role, StartKind, Started, Starter, Support, Technology, Tool,
    Verdict, Workspace,
};
use crate::{Boundary, Capability};

/// A process in new namespaces of every kind, with a root file system of its own.
#[derive(Debug, Clone, Copy)]
pub struct Namespaces;

/// Users, processes, mounts, network, message queues and host name.
const FLAGS: CloneFlags = CloneFlags::CLONE_NEWUSER
    .union(CloneFlags::CLONE_NEWPID)
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWNET)
    .union(CloneFlags::CLONE_NEWIPC)
    .union(CloneFlags::CLONE_NEWUTS);

impl Technology for Namespaces {
    fn description(&self) -> Description {
        Description {
            id: "namespaces-native".to_owned(),
            title: "Bare namespaces, a static program inside".to_owned(),
            boundary: Boundary::SharedKernel,
            offers: vec![Capability::ApiCalls],
            inside: Inside::linux(Support::Possible),
            language: Language::Native,
            start: StartKind::Cold,
            clock: "From before the process is made with six new namespaces (clone), through its \
                    mounts and the change of its root (pivot_root), until its first answer has come \
                    through a pipe and is right."
                .to_owned(),
            notes: Some(
                "The least that can be called a container: no control group, no seccomp filter, no \
                 network but an unused loopback. Root inside is the user outside, without rights \
                 there. The root file system is shared and read-only."
                    .to_owned(),
            ),
            role: Role::Candidate,
        }
    }

    fn examine(&self) -> Verdict {
        for (kind, name) in [("user", "user"), ("pid", "process"), ("net", "network")] {
            if !Path::new("/proc/self/ns").join(kind).exists() {
                return Verdict::NotHere {
                    why: format!("the kernel has no {name} namespaces"),
                    enable: "a kernel with CONFIG_NAMESPACES and all below it".to_owned(),
                };
            }
        }
        let refused = [
            ("/proc/sys/user/max_user_namespaces", "0"),
            ("/proc/sys/kernel/unprivileged_userns_clone", "0"),
            (
                "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
                "1",
            ),
        ]
        .into_iter()
        .enumerate()
        .find(|(index, (file, value))| {
            // The last two keep only unprivileged users from it.
            (*index == 0 || !geteuid().is_root())
                && fs::read_to_string(file).is_ok_and(|found| found.trim() == *value)
        });
        match refused {
            Some((_, (file, value))) => Verdict::NotHere {
                why: format!("this host allows no user namespaces: {file} is {value}"),
                enable: format!("write another value into {file}, or run it as root"),
            },
            None => Verdict::Ready {
                tools: vec![Tool {
                    name: "Linux".to_owned(),
                    version: fs::read_to_string("/proc/sys/kernel/osrelease")
                        .map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned()),
                    path: None,
                }],
            },
        }
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        let root = Contents::Native.root_file_system(workspace)?;
        workspace.note_command(
            "clone(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | \
             CLONE_NEWUTS), pivot_root, execve",
        );
        let [program] = Contents::Native.command() else {
            return Err(Failure::new("the guest has arguments"));
        };
        let environment = [format!("{RUN_VARIABLE}={}", workspace.run())];
        Ok(Box::new(NamespaceStarter {
            program: Program::new(&[Path::new(program)], &environment)?,
            root: Program::new(&[&root], &[])?,
            users: format!("0 {} 1\n", geteuid()),
            groups: format!("0 {} 1\n", getegid()),
        }))
    }
}

#[derive(Debug)]
struct NamespaceStarter {
    program: Program,
    /// The root file system's path, in the kernel's form.
    root: Program,
    users: String,
    groups: String,
}

impl Starter for NamespaceStarter {
    #[expect(unsafe_code, reason = "a process in new namespaces is made by hand")]
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let mut set_up = || {
            write_to(c"/proc/self/setgroups", b"deny")?;
            write_to(c"/proc/self/uid_map", self.users.as_bytes())?;
            write_to(c"/proc/self/gid_map", self.groups.as_bytes())?;
            enter(self.root.path())
        };
        // SAFETY: what is set up are system calls with texts that were made before: `write_to` and
        // `enter` neither allocate nor lock.
        let (pid, guest) = unsafe { spawn(&self.program, FLAGS, &mut set_up) }?;
        LiveGuest::new(pid, guest).start(request, Some(Stamp::now()))
    }
}

/// Writes into a file of the kernel.
fn write_to(file: &CStr, text: &[u8]) -> Result<(), FailedStep> {
    let fail = |error| ("be mapped to its user", error);
    let file = open(file, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty()).map_err(fail)?;
    write(&file, text).map_err(fail).map(|_| ())
}

/// Makes a folder the root, read-only, with a `/proc` and a `/tmp` of its own.
fn enter(root: &CStr) -> Result<(), FailedStep> {
    let nothing: Option<&CStr> = None;
    let step =
        |what: &'static str, result: Result<(), Errno>| result.map_err(|error| (what, error));
    step(
        "keep its mounts to itself",
        mount(
            nothing,
            c"/",
            nothing,
            MsFlags::MS_PRIVATE | MsFlags::MS_REC,
            nothing,
        ),
    )?;
    step(
        "mount its root",
        mount(Some(root), root, nothing, MsFlags::MS_BIND, nothing),
    )?;
    step("enter its root", chdir(root))?;
    step(
        "mount /proc",
        mount(
            Some(c"proc"),
            c"proc",
            Some(c"proc"),
            MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC,
            nothing,
        ),
    )?;
    step(
        "mount /tmp",
        mount(
            Some(c"tmpfs"),
            c"tmp",
            Some(c"tmpfs"),
            MsFlags::MS_NOSUID | MsFlags::MS_NODEV,
            nothing,
        ),
    )?;
    // The old root ends up on top of the new one, and is taken off it.
    step("change its root", pivot_root(c".", c"."))?;
    step("leave the old root", umount2(c".", MntFlags::MNT_DETACH))?;
    step("enter the new root", chdir(c"/"))?;
    step(
        "make its root read-only",
        mount(
            nothing,
            c"/",
            nothing,
            MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY,
            nothing,
        ),
    )
}
