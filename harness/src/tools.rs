//! Programs of the host: where they are, and what they say of their version.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::technology::{Tool, Verdict};

/// The first executable file of this name on `PATH`.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| is_executable(file))
}

/// Whether a file can be run.
pub(crate) fn is_executable(file: &Path) -> bool {
    file.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// A program with what it says of its version: the first line that `program arguments…` prints.
pub fn tool<S: AsRef<OsStr>>(name: &str, path: &Path, arguments: &[S]) -> Option<Tool> {
    let output = Command::new(path)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(Tool {
        name: name.to_owned(),
        version: version.to_owned(),
        path: Some(path.to_owned()),
    })
}

/// The verdict on a technology that needs one program of the host.
pub fn verdict(name: &str, version_argument: &str, enable: &str) -> Verdict {
    let Some(path) = find(name) else {
        return Verdict::NotHere {
            why: format!("there is no `{name}` on PATH"),
            enable: enable.to_owned(),
        };
    };
    match tool(name, &path, &[version_argument]) {
        Some(tool) => Verdict::Ready { tools: vec![tool] },
        None => Verdict::NotHere {
            why: format!(
                "`{} {version_argument}` does not tell its version",
                path.display()
            ),
            enable: enable.to_owned(),
        },
    }
}
