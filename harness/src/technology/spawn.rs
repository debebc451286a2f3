//! Guests that are processes of their own: spawned with something done to the new process before it
//! becomes its program, and held still by signals.

use std::ffi::{CStr, CString};
use std::fs::{self, File};
use std::io::pipe;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sched::{CloneFlags, clone};
use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::unistd::Pid;

use super::command;
use super::line_guest::LineGuest;
use super::overlay::Overlay;
use crate::clock::Stamp;
use crate::coding::disk;
use crate::guest::Request;
use crate::technology::{Failure, Instance, Started, Suspension};

/// Bytes of the stack on which a new process prepares itself.
const STACK: usize = 64 * 1024;

/// Seconds in which signalled processes have to stand still.
const PATIENCE: f64 = 5.0;

/// A step of a new process that failed.
pub(super) type FailedStep = (&'static str, Errno);

/// A program with its arguments and environment, in the form the kernel takes.
#[derive(Debug)]
pub(super) struct Program {
    path: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

impl Program {
    /// A program; its path comes first among the words.
    pub(super) fn new(words: &[&Path], environment: &[String]) -> Result<Self, Failure> {
        let text = |bytes: &[u8]| {
            CString::new(bytes).map_err(|error| Failure::of("a command cannot be spoken", error))
        };
        let arguments: Vec<CString> = words
            .iter()
            .map(|word| text(word.as_os_str().as_bytes()))
            .collect::<Result<_, _>>()?;
        let path = arguments
            .first()
            .cloned()
            .ok_or_else(|| Failure::new("there is no program to run"))?;
        Ok(Self {
            path,
            arguments,
            environment: environment
                .iter()
                .map(|entry| text(entry.as_bytes()))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Its path.
    pub(super) fn path(&self) -> &CStr {
        &self.path
    }
}

/// Pointers to texts, with the null pointer that ends such a list.
fn pointers(texts: &[CString]) -> Vec<*const libc::c_char> {
    texts
        .iter()
        .map(|text| text.as_ptr())
        .chain([ptr::null()])
        .collect()
}

/// Spawns a program as a guest that reads and writes lines, and returns its number and the guest.
///
/// The new process gets namespaces by `flags`, and does `set_up` last of all before it becomes the
/// program. It shares this process's memory until then, as with `posix_spawn`: nothing is copied,
/// however large this process is.
///
/// # Safety
/// `set_up` may make system calls and no more: take no lock, allocate nothing, never panic. Whatever
/// it leaves in memory, it leaves in this process's.
#[expect(unsafe_code, reason = "there is no other way into new namespaces")]
pub(super) unsafe fn spawn(
    program: &Program,
    flags: CloneFlags,
    set_up: &mut (dyn FnMut() -> Result<(), FailedStep> + Send),
) -> Result<(u32, LineGuest), Failure> {
    let no_pipe = |error| Failure::of("cannot make a pipe to the guest", error);
    let (inner_input, input) = pipe().map_err(no_pipe)?;
    let (output, inner_output) = pipe().map_err(no_pipe)?;
    let nothing = File::options()
        .write(true)
        .open("/dev/null")
        .map_err(|error| Failure::of("cannot open /dev/null", error))?;
    let streams = [
        inner_input.as_raw_fd(),
        inner_output.as_raw_fd(),
        nothing.as_raw_fd(),
    ];
    let arguments = pointers(&program.arguments);
    let environment = pointers(&program.environment);
    let path: &CStr = &program.path;
    let mut failed: Option<FailedStep> = None;
    let mut stack = vec![0_u8; STACK];
    let become_program = || -> isize {
        let become_it = || -> FailedStep {
            // SAFETY: the lists end with a null pointer, and what they point to lives in the caller,
            // which is suspended meanwhile.
            unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
            ("become the program", Errno::last())
        };
        failed = redirect(streams)
            .and_then(|()| set_up())
            .map_or_else(Some, |()| Some(become_it()));
        127
    };
    let shared = CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK;
    // SAFETY: the new process has a stack of its own. This thread is suspended until it has become
    // its program or ended (CLONE_VFORK), so that everything it borrows lives. In between it makes
    // system calls only; the caller of this function vouches for `set_up`.
    let pid = unsafe {
        clone(
            Box::new(become_program),
            &mut stack,
            flags | shared,
            Some(libc::SIGCHLD),
        )
    };
    let pid = pid.map_err(|error| Failure {
        message: format!("cannot make a process: {error}"),
        limit: matches!(
            error,
            Errno::EAGAIN | Errno::ENOMEM | Errno::ENOSPC | Errno::EUSERS
        ),
    })?;
    let pid = pid.as_raw().cast_unsigned();
    if let Some((step, error)) = failed {
        command::kill_adopted(pid)?;
        return Err(Failure::of(
            &format!("the new process cannot {step}"),
            error,
        ));
    }
    Ok((pid, LineGuest::new(input, output)))
}

/// Puts files in the place of standard input, output and error, and undoes what Rust's start did to a
/// signal. System calls only.
#[expect(
    unsafe_code,
    reason = "raw file descriptors are all there is after a clone"
)]
fn redirect(streams: [RawFd; 3]) -> Result<(), FailedStep> {
    for (target, stream) in (0..).zip(streams) {
        // SAFETY: numbers only; what the target was before is not used again by this process.
        Errno::result(unsafe { libc::dup2(stream, target) })
            .map_err(|error| ("redirect its input and output", error))?;
    }
    // SAFETY: no handler is installed but the default.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }
        .map_err(|error| ("reset a signal", error))?;
    Ok(())
}

/// A guest that is a process with what came from it.
#[derive(Debug)]
pub(super) struct LiveGuest {
    pid: u32,
    guest: LineGuest,
    layer: Option<Overlay>,
    folder: Option<PathBuf>,
    ended: bool,
}

impl LiveGuest {
    /// The guest of a process that this one is to wait for.
    pub(super) fn new(pid: u32, guest: LineGuest) -> Self {
        Self {
            pid,
            guest,
            layer: None,
            folder: None,
            ended: false,
        }
    }

    /// With a layer of its own that goes with it.
    pub(super) fn with_layer(mut self, layer: Option<Overlay>) -> Self {
        self.layer = layer;
        self
    }

    /// In a folder of its own that goes with it.
    pub(super) fn in_folder(mut self, folder: PathBuf) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Has the first request answered.
    pub(super) fn start(
        mut self,
        request: &Request,
        created: Option<Stamp>,
    ) -> Result<Started, Failure> {
        match self.guest.first_result(request, created) {
            Ok(stamps) => Ok(Started {
                stamps,
                instance: Box::new(self),
            }),
            Err(failure) => {
                self.end()?;
                Err(failure)
            }
        }
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.ended = true;
        let family = command::with_descendants(self.pid);
        let mut results = Vec::new();
        if let [_, .., guest] = family.as_slice() {
            // From the guest outwards, each collected by its parent: what the first process of a
            // namespace leaves behind when it is killed is counted nowhere.
            results.push(let_go(&family));
            results.push(command::kill_anyone(*guest));
            command::wait_for_end_of(self.pid, PATIENCE);
        }
        results.push(command::kill_adopted(self.pid));
        results.push(command::wait_until_gone(&family, command::PATIENCE));
        results.extend(self.layer.as_mut().map(Overlay::remove));
        results.extend(self.folder.as_ref().map(|folder| {
            fs::remove_dir_all(folder)
                .map_err(|error| Failure::of("cannot remove the guest's folder", error))
        }));
        results.into_iter().collect()
    }
}

impl Drop for LiveGuest {
    fn drop(&mut self) {
        if !self.ended {
            // It goes because something else failed, and that is what is told.
            let _ = self.end();
        }
    }
}

impl Instance for LiveGuest {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        self.guest.work(request)
    }

    fn processes(&self) -> Vec<u32> {
        command::with_descendants(self.pid)
    }

    fn suspension(&mut self) -> Option<&mut dyn Suspension> {
        Some(self)
    }

    fn disk(&self) -> Option<u64> {
        self.layer
            .as_ref()
            .map(Overlay::disk)
            .or_else(|| self.folder.as_deref().map(disk))
    }

    fn stop(mut self: Box<Self>) -> Result<(), Failure> {
        self.end()
    }
}

impl Suspension for LiveGuest {
    fn mechanism(&self) -> &'static str {
        SIGNALS
    }

    fn suspend(&mut self) -> Result<(), Failure> {
        hold(&command::with_descendants(self.pid))
    }

    fn resume(&mut self) -> Result<(), Failure> {
        let_go(&command::with_descendants(self.pid))
    }
}

/// How processes are held still without a control group, in words.
pub(super) const SIGNALS: &str = "SIGSTOP and SIGCONT";

/// Stops processes, and waits until none of them runs.
pub(super) fn hold(pids: &[u32]) -> Result<(), Failure> {
    send(pids, Signal::SIGSTOP)?;
    let begin = Stamp::now();
    for pid in pids {
        while !stands_still(*pid) {
            if begin.elapsed() > PATIENCE {
                return Err(Failure::new(format!(
                    "process {pid} did not stop within {PATIENCE} seconds"
                )));
            }
            thread::sleep(Duration::from_micros(50));
        }
    }
    Ok(())
}

/// Lets processes go on.
pub(super) fn let_go(pids: &[u32]) -> Result<(), Failure> {
    send(pids, Signal::SIGCONT)
}

fn send(pids: &[u32], signal: Signal) -> Result<(), Failure> {
    for pid in pids {
        match kill(Pid::from_raw(pid.cast_signed()), signal) {
            // What has ended in the meantime needs no signal.
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => {
                return Err(Failure::of(&format!("cannot signal process {pid}"), error));
            }
        }
    }
    Ok(())
}

/// Whether a process is stopped, or has ended.
fn stands_still(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_none_or(|(_, fields)| fields.starts_with(['T', 't', 'Z', 'X']))
}
