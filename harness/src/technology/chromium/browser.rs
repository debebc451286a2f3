//! The processes of a browser.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::devtools::Devtools;
use crate::clock::Stamp;
use crate::meter::processes::{self, RUN_VARIABLE};
use crate::technology::{Failure, Suspension, process};

/// Nothing that a session would not do itself: no updates, no synchronisation, no questions. And no
/// GPU, since a fleet's hosts have none.
const FLAGS: [&str; 10] = [
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-startup-window",
    "--remote-debugging-pipe",
];

/// A browser speaks through the file descriptors 3 and 4; a shell puts them there and becomes it.
const PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null"#;

/// Seconds that killed processes may take to go.
const PATIENCE: f64 = 10.0;

/// How a browser is started, as a reader could type it.
pub(super) fn command_line(program: &Path) -> String {
    format!(
        "{} {} --user-data-dir=EMPTY 3<REQUESTS 4>ANSWERS",
        program.display(),
        flags().join(" ")
    )
}

fn flags() -> Vec<&'static str> {
    let mut flags = FLAGS.to_vec();
    if nix::unistd::geteuid().is_root() {
        flags.push("--no-sandbox");
    }
    flags
}

/// A browser, ended when it is dropped.
#[derive(Debug)]
pub(super) struct Browser {
    child: Child,
    devtools: Devtools,
    profile: PathBuf,
    ended: bool,
}

impl Browser {
    /// Spawns a browser with an empty profile.
    pub(super) fn start(program: &Path, profile: PathBuf, run: &str) -> Result<Self, Failure> {
        fs::create_dir_all(&profile)
            .map_err(|error| Failure::of(&format!("cannot make {}", profile.display()), error))?;
        let failed = |error| Failure::of("cannot write what the browser says", error);
        let said = fs::File::create(profile.join("said")).map_err(failed)?;
        let mut child = Command::new("/bin/sh")
            .args(["-c", PIPES])
            .arg(program)
            .args(flags())
            .arg(format!("--user-data-dir={}", profile.display()))
            .current_dir(&profile)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            // Nothing of the user's, and nothing for the user.
            .env("HOME", &profile)
            // Where it runs: the names of its sockets may not be long, as those of folders here are.
            .env("TMPDIR", ".")
            .env(RUN_VARIABLE, run)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(said)
            .spawn()
            .map_err(|error| process::refused(&error))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::new("the browser has no pipes"));
        };
        Ok(Self {
            child,
            devtools: Devtools::new(input, output),
            profile,
            ended: false,
        })
    }

    pub(super) fn devtools(&self) -> &Devtools {
        &self.devtools
    }

    /// Its processes: the first and all that come from it. Two that wait for crashes have left their
    /// parent and come to this process, which adopts what it starts; they name a folder in the profile.
    pub(super) fn processes(&self) -> Vec<u32> {
        let inside = format!("{}/", self.profile.display());
        let names_profile = |pid: &u32| {
            fs::read(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|command| String::from_utf8_lossy(&command).contains(&inside))
        };
        let first = self.child.id();
        let mut found = vec![first];
        found.extend(
            processes::children(std::process::id())
                .into_iter()
                .filter(|pid| *pid != first && names_profile(pid)),
        );
        let mut next = 0;
        while next < found.len() {
            found.extend(processes::children(found[next]));
            next += 1;
        }
        found
    }

    /// A failure with what the browser said last, if it said something.
    pub(super) fn explain(&self, mut failure: Failure) -> Failure {
        let said = fs::read_to_string(self.profile.join("said")).unwrap_or_default();
        let lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
        if !lines.is_empty() {
            failure.message.push_str("; the browser said: ");
            let last = &lines[lines.len().saturating_sub(3)..];
            failure.message.push_str(&last.join(" · "));
        }
        failure
    }

    /// Kills all of its processes, waits until they are gone, and removes the profile.
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        if self.ended {
            return Ok(());
        }
        let mut left: BTreeSet<u32> = self.processes().into_iter().collect();
        let group = Pid::from_raw(self.child.id().cast_signed());
        // What has just ended is no longer there to be killed.
        let _ = killpg(group, Signal::SIGKILL);
        for pid in &left {
            let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL);
        }
        self.child
            .wait()
            .map_err(|error| Failure::of("cannot wait for the browser", error))?;
        self.ended = true;
        let begin = Stamp::now();
        loop {
            left.retain(|pid| !is_gone(*pid));
            if left.is_empty() {
                break;
            }
            if begin.elapsed() > PATIENCE {
                return Err(Failure::new(format!(
                    "{} processes of the browser do not end",
                    left.len()
                )));
            }
            thread::sleep(Duration::from_micros(200));
        }
        fs::remove_dir_all(&self.profile).map_err(|error| {
            Failure::of(&format!("cannot remove {}", self.profile.display()), error)
        })
    }
}

/// Whether a killed process is gone. What came to this process when its parent ended is waited for.
fn is_gone(pid: u32) -> bool {
    match waitpid(Pid::from_raw(pid.cast_signed()), Some(WaitPidFlag::WNOHANG)) {
        Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => false,
        Ok(_) => true,
        // It has another parent, or nobody.
        Err(_) => !processes::is_alive(pid),
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // What is left is swept with the run.
        let _ = self.end();
    }
}

impl Suspension for Browser {
    fn mechanism(&self) -> &'static str {
        "SIGSTOP and SIGCONT for all its processes"
    }

    fn suspend(&mut self) -> Result<(), Failure> {
        let all = self.processes();
        for pid in &all {
            kill(Pid::from_raw(pid.cast_signed()), Signal::SIGSTOP)
                .map_err(|error| Failure::of("cannot stop a process of the browser", error))?;
        }
        let begin = Stamp::now();
        while !all.iter().all(|pid| processes::is_stopped(*pid)) {
            if begin.elapsed() > PATIENCE {
                return Err(Failure::new("the browser's processes do not stop"));
            }
            thread::sleep(Duration::from_micros(200));
        }
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Failure> {
        for pid in self.processes() {
            kill(Pid::from_raw(pid.cast_signed()), Signal::SIGCONT)
                .map_err(|error| Failure::of("cannot continue a process of the browser", error))?;
        }
        Ok(())
    }
}
