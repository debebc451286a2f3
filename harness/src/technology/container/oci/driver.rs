//! A runtime with the folder of its state, and what a killed run has left in such folders.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{fs, io};

use super::super::hierarchy::{self, WithoutUnified};
use super::super::{RUN_VARIABLE, command, network};
use super::Runtime;
use crate::technology::{DeadRun, Failure};
use crate::tools;

/// A runtime with its state.
#[derive(Debug)]
pub(in super::super) struct Driver {
    program: PathBuf,
    runtime: Runtime,
    state: PathBuf,
    run: String,
    view: Option<WithoutUnified>,
}

impl Driver {
    pub(super) fn new(runtime: Runtime, state: PathBuf, run: &str) -> Result<Self, Failure> {
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
    pub(super) fn renewed(&self) -> Result<Self, Failure> {
        Self::new(self.runtime, self.state.clone(), &self.run)
    }

    pub(super) fn is_gvisor(&self) -> bool {
        matches!(self.runtime, Runtime::Runsc(_))
    }

    /// The runtime's command with what all of them begin with.
    pub(in super::super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("--root")
            .arg(&self.state)
            .args(self.runtime.flags())
            .env(RUN_VARIABLE, &self.run);
        command
    }

    /// Spawns a command of it where it works.
    pub(in super::super) fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        match &self.view {
            Some(view) => view.spawn(command),
            None => command.spawn(),
        }
    }

    /// Runs it to its end.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<(), Failure> {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::null());
        command::run_by(command, command::PATIENCE, |command| self.spawn(command)).map(|_| ())
    }
}

/// Removes what a killed run has left of a runtime's containers.
pub(in super::super) fn sweep(runtime: Runtime, run: &DeadRun) {
    network::sweep(&run.name);
    for state in folders_named(&run.folder, &runtime.state_folder()) {
        sweep_state(runtime, &state, run);
    }
    hierarchy::remove_control_group(Path::new(&format!("/tonnage-{}", run.name)));
}

/// Removes the containers that a runtime keeps in a state folder.
pub(in super::super) fn sweep_state(runtime: Runtime, state: &Path, run: &DeadRun) {
    let Ok(driver) = Driver::new(runtime, state.to_owned(), &run.name) else {
        return;
    };
    for id in ids_in(state) {
        // One that is held still could not be killed; one that isn't refuses to go on.
        let _ = driver.run(&["resume", &id]);
        // What cannot be deleted is left; there is nobody to tell.
        let _ = driver.run(&["delete", "--force", &id]);
    }
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
pub(in super::super) fn folders_named(below: &Path, name: &str) -> Vec<PathBuf> {
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

#[cfg(test)]
mod tests {
    use super::{folders_named, ids_in};
    use std::fs;

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
