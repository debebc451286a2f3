//! A guest behind the serial console of a virtual machine.

use std::io::Write;
use std::os::fd::OwnedFd;

use crate::clock::Stamp;
use crate::guest::Request;
use crate::technology::Failure;
use crate::technology::line_guest::{Lines, PATIENCE};

/// Lines that a monitor and a kernel may say before the guest says what is waited for.
const MOST_NOISE: u32 = 2_000;

/// A console with the guest program behind it.
#[derive(Debug)]
pub(super) struct Console {
    input: std::fs::File,
    output: Lines,
}

impl Console {
    /// The console behind the writing end of its input and the reading end of its output.
    pub(super) fn new(input: impl Into<OwnedFd>, output: impl Into<OwnedFd>) -> Self {
        Self {
            input: std::fs::File::from(input.into()),
            output: Lines::new(output),
        }
    }

    /// Waits until the guest says that it is ready, past what others say before. Returns when it
    /// did, on the host's clock: a guest with a kernel of its own has another.
    pub(super) fn ready(&mut self) -> Result<Stamp, Failure> {
        let mut last = String::new();
        for _ in 0..MOST_NOISE {
            let line = self.output.next(PATIENCE).map_err(|failure| {
                let last = last.trim();
                if last.is_empty() {
                    failure
                } else {
                    Failure::new(format!("{failure}; the last that came was `{last}`"))
                }
            })?;
            if line.starts_with("ready ") {
                return Ok(Stamp::now());
            }
            last = line;
        }
        Err(Failure::new("the guest says much and is never ready"))
    }

    /// Has a request answered and checks the answer.
    pub(super) fn ask(&mut self, request: &Request) -> Result<(), Failure> {
        self.input
            .write_all(request.line().as_bytes())
            .map_err(|error| Failure::of("cannot write to the guest", error))?;
        let answer = self.answer(request)?;
        Ok(request.check(&answer)?)
    }

    /// The next line that could be an answer, which is numbers: a monitor or a kernel may say a word
    /// in between.
    fn answer(&mut self, request: &Request) -> Result<String, Failure> {
        for _ in 0..MOST_NOISE {
            let line = self.output.next(request.patience())?;
            let is_number = |byte| matches!(byte, b'0'..=b'9' | b' ' | b'\r' | b'\n');
            if line.trim() != "" && line.bytes().all(is_number) {
                return Ok(line);
            }
        }
        Err(Failure::new("the guest says much and does not answer"))
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::Console;
    use crate::guest::{NATIVE, Request};

    /// The guest as a process, with something said before it.
    fn guest(noise: &str) -> (Child, Console, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("guest");
        std::fs::write(&program, NATIVE).expect("written");
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(format!("chmod +x {0}; {noise} exec {0}", program.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh");
        let (input, output) = child.stdin.take().zip(child.stdout.take()).expect("pipes");
        (child, Console::new(input, output), folder)
    }

    #[test]
    fn what_is_said_before_the_guest_is_passed_over() {
        let (mut child, mut console, _folder) = guest("echo '[    0.1] booting'; echo;");
        console.ready().expect("it is ready");
        console.ask(&Request::small(3)).expect("answered");
        console.ask(&Request::small(4)).expect("answered");
        child.kill().and_then(|()| child.wait()).expect("ended");
    }

    #[test]
    fn a_guest_that_never_comes_is_told_with_the_last_words() {
        let (mut child, mut console, _folder) = guest("echo 'Kernel panic'; exit 1;");
        let failure = console.ready().expect_err("it ended");
        assert!(failure.message.contains("`Kernel panic`"), "{failure}");
        child.wait().expect("ended");
    }
}
