//! The hierarchies of control groups, and a view of the host without one of them.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use nix::unistd::{AccessFlags, access};

use crate::clock::Stamp;
use crate::technology::Failure;

/// Where the second version of control groups is beside hierarchies of the first.
const UNIFIED: &str = "/sys/fs/cgroup/unified";

/// Whether the hierarchies are of both versions and a controller sits in the second: crun drops all
/// controllers then, and fails.
pub(super) fn is_hybrid_with_controllers() -> bool {
    fs::read_to_string(Path::new(UNIFIED).join("cgroup.controllers"))
        .is_ok_and(|controllers| !controllers.trim().is_empty())
}

/// Whether crun may set up its filter of devices, which on hosts with the second version alone is a
/// program it loads into the kernel: it raises its limit of locked memory for that, and fails if it may
/// not.
pub(super) fn takes_a_device_filter_of_crun() -> bool {
    let second_version_alone = Path::new("/sys/fs/cgroup/cgroup.controllers").exists();
    let unlimited =
        getrlimit(Resource::RLIMIT_MEMLOCK).is_ok_and(|(_, most)| most == RLIM_INFINITY);
    !second_version_alone || unlimited || super::may(super::CAP_SYS_RESOURCE)
}

/// The roots of all hierarchies.
fn roots() -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            let (place, kind) = (fields.next()?, fields.next()?);
            (kind == "cgroup" || kind == "cgroup2").then(|| PathBuf::from(place))
        })
        .collect()
}

/// Whether control groups can be made here: in a container they often are there to look at only.
pub(super) fn is_writable() -> bool {
    roots()
        .iter()
        .any(|root| access(root.as_path(), AccessFlags::W_OK).is_ok())
}

/// Removes a control group and those below it from all hierarchies. What was killed may take a moment
/// to leave it; one that is not empty after some seconds is left.
pub(super) fn remove_control_group(group: &Path) {
    const PATIENCE: f64 = 5.0;
    let group = group.strip_prefix("/").unwrap_or(group);
    let begin = Stamp::now();
    for root in roots() {
        let place = root.join(group);
        while !remove_with_children(&place) && begin.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Whether it is gone.
fn remove_with_children(group: &Path) -> bool {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_with_children(&entry.path());
        }
    }
    match fs::remove_dir(group) {
        Ok(()) => true,
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}

/// A mount namespace in which the hybrid hierarchy is not mounted. What is mounted on the host later
/// appears in it too.
#[derive(Debug)]
pub(super) struct WithoutUnified {
    namespace: File,
}

impl WithoutUnified {
    /// Makes it. Nothing changes for the host nor for this process.
    pub(super) fn new() -> Result<Self, Failure> {
        let namespace = thread::spawn(make_namespace)
            .join()
            .map_err(|_| Failure::new("the thread for a mount namespace panicked"))?
            .map_err(|error| {
                Failure::of(
                    "cannot make a mount namespace without the hybrid hierarchy",
                    error,
                )
            })?;
        Ok(Self { namespace })
    }

    /// Spawns a program in it.
    pub(super) fn spawn(&self, command: &mut Command) -> std::io::Result<Child> {
        // Entering changes a thread, so it is one that ends with this.
        thread::scope(|scope| {
            scope
                .spawn(|| {
                    unshare(CloneFlags::CLONE_FS)?;
                    setns(&self.namespace, CloneFlags::CLONE_NEWNS)?;
                    command.spawn()
                })
                .join()
                .unwrap_or_else(|_| Err(std::io::Error::other("the spawning thread panicked")))
        })
    }
}

/// Makes the namespace for the calling thread, which is to end with it.
fn make_namespace() -> std::io::Result<File> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    let nothing: Option<&str> = None;
    let slave = MsFlags::MS_SLAVE | MsFlags::MS_REC;
    mount(nothing, "/", nothing, slave, nothing)?;
    umount2(UNIFIED, MntFlags::MNT_DETACH)?;
    File::open("/proc/thread-self/ns/mnt")
}
