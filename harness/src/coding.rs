//! A step of a coding agent: work that needs a full Linux, the same for every technology that has one.
//!
//! A sandbox has bash, git, Node.js, Python and a repository. A step clones the repository, looks for
//! something, reads the history, edits two files, runs two test suites and commits. What each of these
//! found is in the answer, which is worked out beforehand: a step that skips any of it is a wrong one.
//!
//! The repository is made here, the same in every run but for the version of git that packs it.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::technology::Failure;
use crate::tools;

/// The program inside, which answers lines.
const STEP: &str = include_str!("../guests/coding/step.sh");

/// The test suites of the repository.
const JAVASCRIPT_TESTS: &str = include_str!("../guests/coding/all.js");
const PYTHON_TESTS: &str = include_str!("../guests/coding/all.py");

/// Modules in each of the two languages.
const MODULES: u32 = 40;

/// Commits of the repository; the first has the tests, the others a part of the modules each.
const COMMITS: u32 = 9;

/// Functions of a module that no test calls.
const FILLING: u32 = 24;

/// The programs on the host that a step runs.
pub const PROGRAMS: [&str; 9] = [
    "bash", "cat", "git", "grep", "ls", "node", "python3", "sed", "wc",
];

/// The program of that name that steps run, in every sandbox the same: the system's own Python where
/// there is one, since others may be behind a script.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let system = PathBuf::from("/usr/bin/python3");
    (name == "python3" && system.exists())
        .then_some(system)
        .or_else(|| tools::find(name))
}

/// What a step does, in a sentence.
pub const WORDS: &str = "clone a repository of 80 modules, grep it, read its history, edit two files, \
                         run its tests in Node.js and Python, commit";

/// The right answer to a step.
pub(crate) fn expected(nonce: u32) -> String {
    let checksum = |language: u32| {
        (0..MODULES).fold(0x811c_9dc5_u32, |sum, module| {
            (sum ^ mix(language, module, nonce)).wrapping_mul(0x0100_0193)
        })
    };
    format!(
        "{nonce} {} {COMMITS} {} {} 2",
        2 * MODULES,
        checksum(JAVASCRIPT),
        checksum(PYTHON)
    )
}

/// The two languages, as numbers that go into what their modules do.
const JAVASCRIPT: u32 = 1;
const PYTHON: u32 = 2;

/// What a module does to a number.
fn mix(language: u32, module: u32, value: u32) -> u32 {
    let (factor, summand) = constants(language, module);
    (value ^ summand).wrapping_mul(factor)
}

/// An odd factor and a summand for each module.
fn constants(language: u32, module: u32) -> (u32, u32) {
    let seed = (2 * module + language).wrapping_mul(0x9e37_79b9);
    (seed | 1, seed.rotate_left(13))
}

/// Writes the guest program and the repository into a folder.
///
/// # Errors
/// If git is not there or fails, or a file cannot be written.
pub(crate) fn write(folder: &Path) -> Result<(), Failure> {
    let program = folder.join("step.sh");
    let fail = |error| Failure::of("cannot write the coding agent's program", error);
    fs::create_dir_all(folder).map_err(fail)?;
    fs::write(&program, STEP).map_err(fail)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).map_err(fail)?;
    let repository = folder.join("repository");
    write_repository(&repository)
}

fn write_repository(place: &Path) -> Result<(), Failure> {
    let put = |name: &str, text: &str| {
        let file = place.join(name);
        file.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&file, text))
            .map_err(|error| Failure::of(&format!("cannot write {}", file.display()), error))
    };
    fs::create_dir_all(place)
        .map_err(|error| Failure::of("cannot make the repository's folder", error))?;
    git(
        place,
        0,
        &[
            "init",
            "--quiet",
            "--template=",
            "--initial-branch=main",
            ".",
        ],
    )?;
    put("test/all.js", JAVASCRIPT_TESTS)?;
    put("test/all.py", PYTHON_TESTS)?;
    put("src/salt.js", "exports.SALT = 0;\n")?;
    put("lib/salt.py", "SALT = 0\n")?;
    for commit in 0..COMMITS {
        if commit > 0 {
            for module in (0..MODULES).filter(|module| module % (COMMITS - 1) == commit - 1) {
                put(&format!("src/module{module:02}.js"), &javascript(module))?;
                put(&format!("lib/module{module:02}.py"), &python(module))?;
            }
        }
        git(place, commit, &["add", "--all"])?;
        let message = format!("Step {commit}");
        git(place, commit, &["commit", "--quiet", "--message", &message])?;
    }
    git(place, 0, &["repack", "-a", "-d", "--quiet"])
}

/// Runs git, as nobody in particular and at a fixed time.
fn git(place: &Path, commit: u32, arguments: &[&str]) -> Result<(), Failure> {
    let program = tools::find("git").ok_or_else(|| Failure::new("there is no `git` on PATH"))?;
    let date = format!("{} +0000", 1_700_000_000 + 3_600 * u64::from(commit));
    let output = Command::new(program)
        .args(arguments)
        .current_dir(place)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("HOME", place)
        .envs(["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"].map(|name| (name, "agent")))
        .envs(["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map(|name| (name, "agent@localhost")))
        .envs(["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"].map(|name| (name, date.as_str())))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::of("cannot run git", error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!(
        "`git {}` failed: {}",
        arguments.join(" "),
        said.trim()
    )))
}

/// A module in JavaScript, with one thing to be found and functions beside the one that is tested.
fn javascript(module: u32) -> String {
    let (factor, summand) = constants(JAVASCRIPT, module);
    let mut text = format!("// Module {module}.\n// TODO: a better name.\n");
    for function in 0..FILLING {
        let _ = writeln!(
            text,
            "\n// Adds {function} to a list of numbers, and leaves out what is below {module}.\n\
             exports.add{function} = function (numbers) {{\n  return numbers.filter((number) => \
             number >= {module}).map((number) => number + {function});\n}};"
        );
    }
    let known: Vec<String> = (0..4)
        .map(|value| format!("[{value}, {}]", mix(JAVASCRIPT, module, value)))
        .collect();
    let _ = writeln!(
        text,
        "\nexports.mix = (value) => Math.imul(value ^ {summand}, {factor}) >>> 0;\n\
         exports.known = [{}];",
        known.join(", ")
    );
    text
}

/// The same in Python.
fn python(module: u32) -> String {
    let (factor, summand) = constants(PYTHON, module);
    let mut text = format!("\"\"\"Module {module}.\"\"\"\n\n# TODO: a better name.\n");
    for function in 0..FILLING {
        let _ = writeln!(
            text,
            "\n\ndef add{function}(numbers):\n    \"\"\"Add {function} to a list of numbers, and leave \
             out what is below {module}.\"\"\"\n    return [number + {function} for number in numbers \
             if number >= {module}]"
        );
    }
    let known: Vec<String> = (0..4)
        .map(|value| format!("({value}, {})", mix(PYTHON, module, value)))
        .collect();
    let _ = writeln!(
        text,
        "\n\ndef mix(value):\n    return (value ^ {summand}) * {factor} & 0xFFFFFFFF\n\n\n\
         KNOWN = [{}]",
        known.join(", ")
    );
    text
}

/// Bytes that a folder takes on disk, in whole blocks of 4 KiB; links to one file count once.
pub(crate) fn disk(folder: &Path) -> u64 {
    use std::collections::HashSet;
    use std::os::unix::fs::MetadataExt;

    const BLOCK: u64 = 4096;
    let mut seen = HashSet::new();
    let mut bytes = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(data) = entry.metadata() else { continue };
            if !seen.insert((data.dev(), data.ino())) {
                continue;
            }
            // What was written a moment ago has no blocks yet: those it will have are counted.
            bytes += data.len().div_ceil(BLOCK).max(u64::from(data.is_dir())) * BLOCK;
            if data.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    bytes
}

/// Has the kernel forget what it keeps of the files below a folder, as far as nobody uses them.
pub(crate) fn drop_from_page_cache(folder: &Path) {
    use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};

    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file()
                && let Ok(file) = fs::File::open(entry.path())
            {
                // What is not written yet cannot be forgotten. What fails stays, and the step is a
                // little less cold for it.
                let _ = file.sync_data();
                let _ = posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMITS, PROGRAMS, disk, expected, write};
    use crate::guest::Request;
    use crate::tools;
    use std::fs;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    #[test]
    fn a_step_in_a_folder_of_the_host_has_the_right_answer() {
        if let Some(missing) = PROGRAMS.iter().find(|name| tools::find(name).is_none()) {
            #[expect(clippy::print_stderr, reason = "a test that can't run says so")]
            {
                eprintln!("skipped: there is no `{missing}`");
            }
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let (guest, work) = (folder.path().join("guest"), folder.path().join("work"));
        write(&guest).expect("written");
        fs::create_dir(&work).expect("made");
        let mut step = Command::new("bash")
            .arg(guest.join("step.sh"))
            .arg(&work)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash");
        let requests = [Request::greeting(7), Request::coding(4_000_000_000)];
        let mut input = step.stdin.take().expect("a pipe");
        for request in &requests {
            input.write_all(request.line().as_bytes()).expect("written");
        }
        drop(input);
        let output = step.wait_with_output().expect("ended");
        let said = String::from_utf8(output.stdout).expect("text");
        let mut lines = said.lines();
        assert_eq!(lines.next(), Some("ready"));
        for request in &requests {
            request
                .check(lines.next().unwrap_or_default())
                .expect("right");
        }
        assert!(disk(&work) > 100_000, "a copy is there");
    }

    #[test]
    fn every_step_has_an_answer_of_its_own() {
        assert_ne!(expected(1), expected(2));
        assert!(expected(1).starts_with(&format!("1 80 {COMMITS} ")));
    }

    #[test]
    fn whole_blocks_are_counted_and_links_once() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("inner")).expect("made");
        fs::write(folder.path().join("inner/one"), [0; 5_000]).expect("written");
        fs::hard_link(folder.path().join("inner/one"), folder.path().join("two")).expect("linked");
        assert_eq!(disk(folder.path()), 3 * 4096);
    }
}
