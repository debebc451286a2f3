//! Sandboxes inside a process of another program, reached through a Unix socket: a host process that
//! this one starts, and that lives as long as its starter.
//!
//! The socket has a name in the kernel's abstract name space, which leaves no file behind, and listens
//! before the host process is there; that gets it as its standard input. So nobody has to look again
//! and again whether the host process is ready.

use std::io::Read;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, thread};

use nix::errno::Errno;

use crate::meter::processes::RUN_VARIABLE;
use crate::technology::{Failure, process};

/// The last of what a host process said, for messages.
const SAID: usize = 2_000;

/// A process that has sandboxes inside, or is one.
#[derive(Debug)]
pub(super) struct HostProcess {
    child: Mutex<Child>,
    pid: u32,
    address: SocketAddr,
    said: PathBuf,
}

impl HostProcess {
    /// Starts a command with a listening socket as its standard input. What it says goes to a file
    /// in `folder`.
    pub(super) fn start(mut command: Command, run: &str, folder: &Path) -> Result<Self, Failure> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("tonnage/{run}/{}/{number}", std::process::id());
        let failed = |error| Failure::of("cannot listen on a socket", error);
        let address = SocketAddr::from_abstract_name(&name).map_err(failed)?;
        let listener = UnixListener::bind_addr(&address).map_err(failed)?;
        let said = folder.join(format!("said-{number}"));
        let file = fs::File::create(&said)
            .map_err(|error| Failure::of(&format!("cannot write {}", said.display()), error))?;
        let also = file
            .try_clone()
            .map_err(|error| Failure::of("cannot share a file", error))?;
        let child = command
            .env(RUN_VARIABLE, run)
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(listener)))
            .stdout(file)
            .stderr(also)
            .spawn()
            .map_err(|error| process::refused(&error))?;
        Ok(Self {
            pid: child.id(),
            child: Mutex::new(child),
            address,
            said,
        })
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// A new connection.
    pub(super) fn connect(&self) -> Result<UnixStream, Failure> {
        UnixStream::connect_addr(&self.address).map_err(|error| {
            let message = format!(
                "cannot connect to the host process: {error}{}",
                self.complaint()
            );
            // No more files, or more connections than wait in a queue.
            let limits = [Errno::ENFILE, Errno::EMFILE, Errno::EAGAIN];
            if limits.contains(&Errno::from_raw(error.raw_os_error().unwrap_or(0))) {
                Failure::limit(message)
            } else {
                Failure::new(message)
            }
        })
    }

    /// A failure with what the host process said last, if it said something.
    pub(super) fn explain(&self, mut failure: Failure) -> Failure {
        failure.message.push_str(&self.complaint());
        failure
    }

    fn complaint(&self) -> String {
        let mut said = String::new();
        let read = fs::File::open(&self.said)
            .and_then(|file| file.take(1 << 16).read_to_string(&mut said));
        let said = said.trim();
        if read.is_err() || said.is_empty() {
            return String::new();
        }
        let end: Vec<char> = said.chars().rev().take(SAID).collect();
        format!("; it said: {}", end.into_iter().rev().collect::<String>())
    }

    /// Ends it and waits until it is gone.
    pub(super) fn end(&self) -> Result<(), Failure> {
        let mut child = self
            .child
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let ended = child.kill().and_then(|()| child.wait().map(|_| ()));
        let _ = fs::remove_file(&self.said);
        match ended {
            // Somebody else has waited for it: it is gone.
            Err(error) if error.raw_os_error() == Some(Errno::ECHILD as i32) => Ok(()),
            ended => ended.map_err(|error| Failure::of("cannot end the host process", error)),
        }
    }
}

impl Drop for HostProcess {
    fn drop(&mut self) {
        // What is left is swept with the run.
        let _ = self.end();
    }
}

/// How many host processes of one thread each fill this host's processors.
pub(super) fn one_per_vcpu() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
