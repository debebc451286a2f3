//! A run of the harness: its name, its folder, and that nothing of it is left afterwards.
//!
//! Everything a run starts can be found by its name: processes carry it in their environment
//! ([`RUN_VARIABLE`]), files and mounts are below its folder, control groups bear it, and whatever
//! a technology keeps elsewhere has it in its name. So a run that was killed can be cleared up by the
//! next one, which knows from the folder's `owner` file that nobody is left to do it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::mount::{MntFlags, umount2};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};

use crate::meter::{control_group, cpu, processes};
use crate::technology::{DeadRun, registry};

#[doc(inline)]
pub use crate::meter::processes::RUN_VARIABLE;

/// How long killed processes may take to go.
const PATIENCE: Duration = Duration::from_secs(10);

/// A run under way. Cleared up when dropped.
#[derive(Debug)]
pub struct Run {
    name: String,
    folder: PathBuf,
}

impl Run {
    /// Begins a run in a folder of its own below `runs`, usually [`folder_of_runs`].
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn begin(runs: &Path) -> io::Result<Self> {
        let pid = std::process::id();
        let started = processes::start_time(pid).unwrap_or(0);
        let name = format!("tonnage-{pid}-{started}");
        let folder = runs.join(&name);
        fs::create_dir_all(&folder)?;
        // Only its owner can remove it from now on, and only a dead owner's folder is swept.
        fs::write(folder.join("owner"), format!("{pid} {started}\n"))?;
        fs::create_dir_all(folder.join("shared"))?;
        Ok(Self { name, folder })
    }

    /// Its name: letters, digits and dashes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder for what several child processes use.
    pub fn shared(&self) -> PathBuf {
        self.folder.join("shared")
    }

    /// A new folder for one child process.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn folder_of_cell(&self, number: usize) -> io::Result<PathBuf> {
        let folder = self.folder.join(format!("cell-{number}"));
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Ends what a child process has left running, and its folder.
    pub fn clear_cell(&self, folder: &Path) {
        kill_all(&self.name);
        remove_folder(folder);
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        clear(&DeadRun {
            name: self.name.clone(),
            folder: self.folder.clone(),
        });
    }
}

/// Where runs have their folders: a folder for temporary files, one per user.
pub fn folder_of_runs() -> PathBuf {
    std::env::temp_dir().join(format!("tonnage-runs-{}", Uid::effective()))
}

/// Clears up after runs that were killed. Tells their names.
pub fn sweep(runs: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(runs) else {
        return Vec::new();
    };
    let mut swept = Vec::new();
    for entry in entries.flatten() {
        let folder = entry.path();
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            continue;
        };
        if name.starts_with("tonnage-") && is_dead(&folder) {
            clear(&DeadRun {
                name: name.clone(),
                folder,
            });
            swept.push(name);
        }
    }
    swept
}

/// Whether nobody is left to clear a folder up.
fn is_dead(folder: &Path) -> bool {
    let Ok(owner) = fs::read_to_string(folder.join("owner")) else {
        // Made a moment ago, or half removed: dead if it does not change for a while.
        return fs::metadata(folder)
            .and_then(|data| data.modified())
            .is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age.as_secs() > 60));
    };
    let mut words = owner.split_whitespace();
    let (Some(pid), Some(started)) = (words.next(), words.next()) else {
        return true;
    };
    let (Ok(pid), Ok(started)) = (pid.parse::<u32>(), started.parse::<u64>()) else {
        return true;
    };
    // Numbers of processes are used again; one that began at another time is another process.
    !processes::is_alive(pid) || processes::start_time(pid) != Some(started)
}

/// Removes everything of a run.
fn clear(run: &DeadRun) {
    // Technologies first: they end what they have started in their own way.
    for technology in registry() {
        technology.sweep(run);
    }
    kill_all(&run.name);
    unmount_below(&run.folder);
    control_group::sweep(&run.name);
    remove_folder(&run.folder);
}

/// Kills every process that carries the run's name, until there is none.
fn kill_all(run: &str) {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        let left = processes::of_run(run);
        if left.is_empty() {
            return;
        }
        for pid in left {
            // One that has just ended is no longer there to be killed.
            let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL);
        }
        cpu::reap();
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Unmounts everything below a folder, the last mounted first.
fn unmount_below(folder: &Path) {
    for place in mounts_below(folder).into_iter().rev() {
        // What is gone by now, or was unmounted with another, is no failure.
        let _ = umount2(&place, MntFlags::MNT_DETACH);
    }
}

/// The mount points below a folder, in the order they were mounted.
pub fn mounts_below(folder: &Path) -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .map(|place| PathBuf::from(place.replace("\\040", " ")))
        .filter(|place| place.starts_with(folder))
        .collect()
}

fn remove_folder(folder: &Path) {
    // A mount that could not be removed would be emptied with the folder.
    if mounts_below(folder).is_empty() {
        // What cannot be removed now is swept by the next run.
        let _ = fs::remove_dir_all(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::{Run, sweep};
    use std::fs;

    #[test]
    fn a_run_leaves_no_folder_behind() {
        let runs = tempfile::tempdir().expect("a folder");
        let run = Run::begin(runs.path()).expect("begun");
        let folder = run.folder().to_owned();
        assert!(run.shared().is_dir());
        assert!(sweep(runs.path()).is_empty(), "its owner lives");
        drop(run);
        assert!(!folder.exists());
    }

    #[test]
    fn only_the_folders_of_dead_runs_are_swept() {
        let runs = tempfile::tempdir().expect("a folder");
        let dead = runs.path().join("tonnage-1-1");
        fs::create_dir_all(dead.join("cell-0")).expect("made");
        // The first process of the host did not begin at tick 1.
        fs::write(dead.join("owner"), "1 999999999999\n").expect("written");
        let foreign = runs.path().join("mine");
        fs::create_dir_all(&foreign).expect("made");
        let young = runs.path().join("tonnage-2-2");
        fs::create_dir_all(&young).expect("made");
        assert_eq!(sweep(runs.path()), ["tonnage-1-1"]);
        assert!(!dead.exists() && foreign.exists() && young.exists());
    }
}
