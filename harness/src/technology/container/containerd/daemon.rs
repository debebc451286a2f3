//! A daemon of this process's own, and what a killed run has left of one.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::mount::{MntFlags, umount2};
use serde_json::json;

use super::super::oci::{self, Runtime};
use super::super::{RUN_VARIABLE, command, hierarchy};
use crate::clock::Stamp;
use crate::technology::{DeadRun, Failure};

/// The name space of containerd in which everything is.
pub(super) const NAME_SPACE: &str = "tonnage";

/// The folder of a daemon, below that of the child process.
pub(super) const FOLDER: &str = "containerd";

/// In the daemon's folder: the state of the daemon, and that of runc.
const STATE: &str = "state";
const RUNC: &str = "runc";

/// In a container's folder: where its root file system is mounted.
const ROOT: &str = "rootfs";

/// Seconds until a daemon that was just started has to answer.
const QUICK: f64 = 20.0;

/// A daemon with folders and a socket of its own.
#[derive(Debug)]
pub(super) struct Daemon {
    process: Child,
    folder: PathBuf,
    socket: PathBuf,
    run: String,
}

impl Daemon {
    /// Starts it and waits until it listens.
    pub(super) fn start(folder: PathBuf, run: String) -> Result<Self, Failure> {
        let failed = |error| Failure::of("cannot make the daemon's folders", error);
        fs::create_dir_all(&folder).map_err(failed)?;
        let socket_folder = socket_folder(&run, std::process::id());
        fs::create_dir_all(&socket_folder).map_err(failed)?;
        let socket = socket_folder.join("socket");
        let configuration = folder.join("config.toml");
        fs::write(&configuration, configure(&folder, &socket)).map_err(failed)?;
        let said = folder.join("said");
        let file = File::create(&said).map_err(failed)?;
        let also = file.try_clone().map_err(failed)?;
        let process = Command::new("containerd")
            .arg("--config")
            .arg(&configuration)
            .env(RUN_VARIABLE, &run)
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(also)
            .spawn()
            .map_err(|error| command::refused("containerd", &error))?;
        // From here on, dropping it ends it.
        let mut daemon = Self {
            process,
            folder,
            socket,
            run,
        };
        let begin = Stamp::now();
        while UnixStream::connect(&daemon.socket).is_err() {
            let ended = !matches!(daemon.process.try_wait(), Ok(None));
            if ended || begin.elapsed() > QUICK {
                let how = if ended { "ended" } else { "does not listen" };
                let said = command::complaints(&said);
                return Err(Failure::new(format!(
                    "containerd {how}; it said: {}",
                    command::tail(&said)
                )));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(daemon)
    }

    /// The folder of all its files.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where runc is to keep its state.
    pub(super) fn state_of_runc(&self) -> PathBuf {
        self.folder.join(RUNC)
    }

    /// Where a container's root file system is mounted.
    pub(super) fn root_of_container(&self, id: &str) -> PathBuf {
        tasks(&self.folder).join(id).join(ROOT)
    }

    /// The process.
    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The name of the run that it is for.
    pub(super) fn name_of_run(&self) -> &str {
        &self.run
    }

    /// Its tool, with what all calls begin with.
    pub(super) fn tool(&self) -> Command {
        let mut command = Command::new("ctr");
        command
            .arg("--address")
            .arg(&self.socket)
            .args(["--namespace", NAME_SPACE])
            .env(RUN_VARIABLE, &self.run)
            .stdin(Stdio::null());
        command
    }

    /// Runs its tool to the end.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<(), Failure> {
        let mut command = self.tool();
        command.args(arguments);
        command::run(command, command::PATIENCE).map(|_| ())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // What is left is swept with the run.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(folder) = self.socket.parent() {
            let _ = fs::remove_dir_all(folder);
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The daemon's configuration. Kubernetes' interface is left out, which would want a network.
fn configure(folder: &Path, socket: &Path) -> String {
    // A string in JSON is one in TOML.
    let quote = |path: PathBuf| json!(path).to_string();
    format!(
        "version = 2\n\
         root = {}\n\
         state = {}\n\
         disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n\
         [grpc]\n\
         address = {}\n\
         [plugins.\"io.containerd.internal.v1.opt\"]\n\
         path = {}\n",
        quote(folder.join("root")),
        quote(folder.join(STATE)),
        quote(socket.to_owned()),
        quote(folder.join("opt")),
    )
}

/// The folder of a daemon's socket: a short name, since the path of a socket may have 107 bytes and no
/// more.
fn socket_folder(run: &str, pid: u32) -> PathBuf {
    PathBuf::from(format!("/run/tonnage-{run}-{pid}"))
}

/// Where a daemon with this folder keeps a folder for each container that runs.
fn tasks(folder: &Path) -> PathBuf {
    folder
        .join(STATE)
        .join("io.containerd.runtime.v2.task")
        .join(NAME_SPACE)
}

/// Removes what a killed run has left of containers by containerd.
pub(super) fn sweep(run: &DeadRun) {
    // What cannot be removed is left; there is nobody to tell.
    for folder in oci::folders_named(&run.folder, FOLDER) {
        oci::sweep_state(Runtime::Runc, &folder.join(RUNC).join(NAME_SPACE), run);
        let tasks = tasks(&folder);
        for task in fs::read_dir(tasks).into_iter().flatten().flatten() {
            let _ = umount2(&task.path().join(ROOT), MntFlags::MNT_DETACH);
            remove_socket_of_shim(&task.path());
        }
    }
    let prefix = format!("tonnage-{}-", run.name);
    for entry in fs::read_dir("/run").into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    hierarchy::remove_control_group(Path::new(&format!("/tonnage-{}", run.name)));
}

/// A shim's socket is in a folder of the whole host. Its address is in the folder of the task.
fn remove_socket_of_shim(task: &Path) {
    let address = fs::read_to_string(task.join("address")).unwrap_or_default();
    if let Some(socket) = address.trim().strip_prefix("unix://") {
        let _ = fs::remove_file(socket);
    }
}

#[cfg(test)]
mod tests {
    use super::{configure, socket_folder};
    use std::path::Path;

    #[test]
    fn the_configuration_quotes_what_a_path_may_hold() {
        let configuration = configure(Path::new("/a \"b\"\\c"), Path::new("/run/s"));
        assert!(
            configuration.contains(r#"root = "/a \"b\"\\c/root""#),
            "{configuration}"
        );
    }

    #[test]
    fn a_socket_has_a_path_that_the_kernel_takes() {
        let run = "tonnage-20261126-235959-1234567890-ffff";
        let socket = socket_folder(run, u32::MAX).join("socket.ttrpc");
        assert!(socket.as_os_str().len() < 108, "{}", socket.display());
    }
}
