//! A guest that reads requests and writes answers, a line each, through pipes.
//!
//! Its first line is `ready` and the moment of its first instruction on the host's monotonic clock,
//! or `ready-wall` and that moment on the wall clock where it cannot read the other, in nanoseconds;
//! or `ready` alone from a guest that can read neither.
//! The first request is written before that line is waited for, so that no round trip is added to a
//! start.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::clock::Stamp;
use crate::guest::Request;
use crate::technology::{Failure, Stamps};

/// The moment that the first line of a guest tells.
fn first_instruction(ready: &str) -> Option<Stamp> {
    let (word, stamp) = ready.trim().split_once(' ')?;
    let nanoseconds = stamp.parse().ok()?;
    match word {
        "ready" => Some(Stamp::from_nanoseconds(nanoseconds)),
        "ready-wall" => Some(Stamp::from_wall_clock(nanoseconds)),
        _ => None,
    }
}

/// Seconds that a guest may take for an answer.
pub const PATIENCE: f64 = 15.0;

/// The pipes to a guest.
#[derive(Debug)]
pub struct LineGuest {
    input: File,
    output: Lines,
}

/// Lines out of a pipe, as they come.
#[derive(Debug)]
pub(crate) struct Lines {
    pipe: File,
    read: Vec<u8>,
}

impl LineGuest {
    /// A guest behind the writing end of its input and the reading end of its output.
    pub fn new(input: impl Into<OwnedFd>, output: impl Into<OwnedFd>) -> Self {
        Self {
            input: File::from(input.into()),
            output: Lines::new(output),
        }
    }

    /// Has the first request answered. `created` is the moment the sandbox existed, if known.
    ///
    /// # Errors
    /// If the guest ends, hangs, or answers wrongly.
    pub fn first_result(
        &mut self,
        request: &Request,
        created: Option<Stamp>,
    ) -> Result<Stamps, Failure> {
        self.send(request)?;
        let ready = self.output.next(request.patience())?;
        let first_instruction = first_instruction(&ready);
        if first_instruction.is_none() && ready.trim_end() != "ready" {
            return Err(Failure::new(format!(
                "the guest began with `{}` rather than `ready` and a time",
                ready.chars().take(200).collect::<String>()
            )));
        }
        let answer = self.output.next(request.patience())?;
        request.check(&answer)?;
        Ok(Stamps {
            created,
            first_instruction,
            first_result: Stamp::now(),
        })
    }

    /// Has the first request answered by a guest that said `ready` before a snapshot of it was taken:
    /// there is no moment of its first instruction any more.
    ///
    /// # Errors
    /// If the guest ends, hangs, or answers wrongly.
    pub fn first_result_of_restored(&mut self, request: &Request) -> Result<Stamps, Failure> {
        self.work(request)?;
        Ok(Stamps {
            created: None,
            first_instruction: None,
            first_result: Stamp::now(),
        })
    }

    /// Has a request answered.
    ///
    /// # Errors
    /// If the guest ends, hangs, or answers wrongly.
    pub fn work(&mut self, request: &Request) -> Result<(), Failure> {
        self.send(request)?;
        let answer = self.output.next(request.patience())?;
        Ok(request.check(&answer)?)
    }

    /// Waits until the guest has closed its side. For guests behind a socket, which have been told
    /// that nothing more comes.
    ///
    /// # Errors
    /// If the guest says something more, or does not close in time.
    pub fn wait_for_end(&mut self) -> Result<(), Failure> {
        self.output.wait(PATIENCE, PATIENCE)?;
        match self.output.pipe.read(&mut [0; 64]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(Failure::new(
                "the guest says something that it was not asked",
            )),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(()),
            Err(error) => Err(Failure::of(
                "cannot close the connection to the guest",
                error,
            )),
        }
    }

    fn send(&mut self, request: &Request) -> Result<(), Failure> {
        self.input
            .write_all(request.line().as_bytes())
            .map_err(|error| match error.kind() {
                ErrorKind::BrokenPipe => Failure::new("the guest ended before it was asked"),
                _ => Failure::of("cannot write to the guest", error),
            })
    }
}

impl Lines {
    /// Lines out of the reading end of a pipe.
    pub(crate) fn new(pipe: impl Into<OwnedFd>) -> Self {
        Self {
            pipe: File::from(pipe.into()),
            read: Vec::new(),
        }
    }

    /// The next line with its end, waited for so many seconds.
    pub(crate) fn next(&mut self, patience: f64) -> Result<String, Failure> {
        let begin = Stamp::now();
        let patience = PATIENCE.max(patience);
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            self.wait(patience, patience - begin.elapsed())?;
            let mut bytes = [0; 4096];
            match self.pipe.read(&mut bytes) {
                Ok(0) => return Err(Failure::new("the guest ended without an answer")),
                Ok(read) => self.read.extend_from_slice(&bytes[..read]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Failure::of("cannot read from the guest", error)),
            }
        }
    }

    fn wait(&self, patience: f64, seconds: f64) -> Result<(), Failure> {
        #[expect(clippy::cast_possible_truncation, reason = "a few thousand")]
        let milliseconds = (seconds.max(0.0) * 1e3).ceil() as i32;
        let timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX);
        let mut ready = [PollFd::new(self.pipe.as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, timeout) {
            Ok(0) => Err(Failure::new(format!(
                "the guest did not answer within {patience} seconds"
            ))),
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(error) => Err(Failure::of("cannot wait for the guest", error)),
        }
    }
}
