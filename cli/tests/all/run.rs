//! Runs the binary in the folder of the fixtures.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Where the fixtures are.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What a run of the binary left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary with arguments, in the folder of the fixtures, on no terminal.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tonnage"));
    command
        .args(arguments)
        .current_dir(fixtures())
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("FORCE_COLOR")
        .env_remove("RUST_BACKTRACE")
        .env("TERM", "xterm-256color")
        .stdin(Stdio::null());
    command
}

/// Runs the binary.
pub(crate) fn tonnage(arguments: &[&str]) -> Ran {
    ran(&command(arguments).output().expect("the binary runs"))
}

/// What a finished process left.
pub(crate) fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout.clone()).expect("standard output is UTF-8"),
        stderr: String::from_utf8(output.stderr.clone()).expect("standard error is UTF-8"),
    }
}

impl Ran {
    /// Standard output of a run that must have succeeded.
    #[track_caller]
    pub(crate) fn answer(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.stdout
    }

    /// Standard error of a run that must have failed with a code and answered nothing.
    #[track_caller]
    pub(crate) fn failure(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "");
        self.stderr
    }
}

/// Every file below a folder with its bytes, sorted by path.
pub(crate) fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            let bytes = std::fs::read(&path).expect("the file can be read");
            files.push((path, bytes));
        }
    }
    files.sort();
    files
}
