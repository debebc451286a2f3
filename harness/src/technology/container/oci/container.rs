//! A container that lives, and a checkpoint of one.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;

use super::super::bundle::Bundle;
use super::super::command;
use super::super::network::Network;
use super::driver::Driver;
use crate::clock::Stamp;
use crate::guest::Request;
use crate::technology::line_guest::LineGuest;
use crate::technology::overlay::Overlay;
use crate::technology::{Failure, Instance, Stamps, Suspension};

/// What containers go on from: the state of one's processes, in files.
#[derive(Debug)]
pub(in super::super) struct Checkpoint {
    folder: PathBuf,
}

impl Checkpoint {
    /// Where they are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Bytes that its files take.
    pub(in super::super) fn size(&self) -> u64 {
        fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|file| file.metadata().ok())
            .map(|data| data.len())
            .sum()
    }
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        // What is left goes with the folder of the child process.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What a container is made of.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) driver: Arc<Driver>,
    pub(super) guest: LineGuest,
    pub(super) id: String,
    pub(super) bundle: Bundle,
    pub(super) layer: Option<Overlay>,
    pub(super) network: Option<Network>,
}

/// A container that lives.
#[derive(Debug)]
pub(in super::super) struct Container {
    parts: Parts,
    pid: Option<u32>,
    /// Processes that live for this container alone and did not come from its first one.
    helpers: OnceCell<Vec<u32>>,
    suspended: bool,
    ended: bool,
}

impl Container {
    /// One that a runtime is about to make.
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            parts,
            pid: None,
            helpers: OnceCell::new(),
            suspended: false,
            ended: false,
        }
    }

    /// Its name.
    pub(in super::super) fn id(&self) -> &str {
        &self.parts.id
    }

    /// gVisor's processes for this sandbox: in their words is the path of its bundle.
    fn find_helpers(&self) -> Vec<u32> {
        if !self.parts.driver.is_gvisor() {
            return Vec::new();
        }
        let bundle = self.parts.bundle.folder().display().to_string();
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
    pub(super) fn see_created(&mut self, runtime: Child) -> Result<Stamp, Failure> {
        let status = command::wait_in_time("the OCI runtime", runtime, command::PATIENCE);
        let created = Stamp::now();
        self.pid = self.parts.bundle.pid();
        match status.map_err(|failure| self.explain(failure))? {
            status if status.success() => Ok(created),
            status => Err(self.refused_by_runtime(status)),
        }
    }

    /// Has the first request answered by a guest that goes on from a checkpoint, and sees the runtime
    /// off.
    pub(super) fn see_restored(
        &mut self,
        mut runtime: Child,
        request: &Request,
    ) -> Result<Stamps, Failure> {
        let result = self.parts.guest.first_result_of_restored(request);
        let status = match &result {
            Ok(_) => runtime.wait().ok(),
            Err(_) => command::end_soon(&mut runtime, 2.0),
        };
        self.pid = self.parts.bundle.pid();
        self.outcome(result, status)
    }

    /// Writes a checkpoint, which ends the container's processes, and removes the container.
    pub(super) fn checkpoint(mut self, folder: PathBuf) -> Result<Checkpoint, Failure> {
        let images = folder.display().to_string();
        let work = self.parts.bundle.folder().display().to_string();
        self.parts.driver.run(&[
            "checkpoint",
            "--image-path",
            &images,
            "--work-path",
            &work,
            &self.parts.id,
        ])?;
        self.end()?;
        Ok(Checkpoint { folder })
    }

    /// Has the runtime start the program and the first request answered, and sees the runtime off. What
    /// the runtime complains of is the reason if it failed; otherwise the guest's complaints are shown.
    pub(super) fn start(&mut self, created: Stamp, request: &Request) -> Result<Stamps, Failure> {
        let mut command = self.parts.driver.command();
        command
            .args(["start", &self.parts.id])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(self.parts.bundle.open_complaints_file()?);
        let mut runtime = self
            .parts
            .driver
            .spawn(&mut command)
            .map_err(|error| command::refused("the OCI runtime", &error))?;
        // A runtime that cannot start it ends its first process, and the pipe with it.
        let result = self.parts.guest.first_result(request, Some(created));
        let status = match &result {
            Ok(_) => runtime.wait().ok(),
            Err(_) => command::end_soon(&mut runtime, 2.0),
        };
        self.outcome(result, status)
    }

    /// What became of a start, from what the guest said and how the runtime ended.
    fn outcome(
        &self,
        result: Result<Stamps, Failure>,
        status: Option<ExitStatus>,
    ) -> Result<Stamps, Failure> {
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
        command::complaints(&self.parts.bundle.complaints_file())
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
        let delete = || {
            self.parts
                .driver
                .run(&["delete", "--force", &self.parts.id])
        };
        let deleted = delete();
        if deleted.is_ok() || !self.parts.driver.is_gvisor() {
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
        if let Some(pid) = self.pid.or_else(|| self.parts.bundle.pid()) {
            results.push(command::kill_adopted(pid));
        }
        results.push(command::wait_until_gone(&members, command::PATIENCE));
        results.push(self.delete(&members));
        if let Some(network) = &self.parts.network {
            results.push(network.remove());
        }
        if let Some(layer) = &mut self.parts.layer {
            results.push(layer.remove());
        }
        results.push(self.parts.bundle.remove());
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
        self.parts
            .guest
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
        self.parts.layer.as_ref().map(Overlay::disk)
    }

    fn stop(mut self: Box<Self>) -> Result<(), Failure> {
        self.end()
    }
}

impl Suspension for Container {
    fn mechanism(&self) -> &'static str {
        if self.parts.driver.is_gvisor() {
            "gVisor's kernel holds its programs still, by runsc pause and resume"
        } else {
            "freezer control group, by the runtime's pause and resume"
        }
    }

    fn suspend(&mut self) -> Result<(), Failure> {
        self.parts.driver.run(&["pause", &self.parts.id])?;
        self.suspended = true;
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Failure> {
        self.parts.driver.run(&["resume", &self.parts.id])?;
        self.suspended = false;
        Ok(())
    }
}
