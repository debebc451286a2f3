//! Root file systems of containers, copied together from what the host has.
//!
//! Nothing of the host is mounted into a container: all of its files are copies. They are made once
//! per run and shared by its containers.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::command;
use crate::coding;
use crate::guest;
use crate::technology::{Failure, Need, Workspace};
use crate::tools;

/// What is in a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// The static guest program and nothing else.
    Native,
    /// The host's Node.js with the libraries it needs.
    Node,
    /// The host's Python with its standard library and the libraries that needs.
    Python,
    /// A full Linux for a coding agent: bash, git, Node.js and Python, with a repository.
    Coding,
}

/// The folders that a runtime mounts something on.
const MOUNT_POINTS: [&str; 4] = ["dev", "proc", "sys", "tmp"];

/// Parts of Python's standard library that no program needs: its own tests, a development
/// environment, what installs packages, and libraries to link against.
const LEFT_OUT: [&str; 8] = [
    "test",
    "tests",
    "idlelib",
    "idle_test",
    "turtledemo",
    "ensurepip",
    "site-packages",
    "dist-packages",
];

impl Contents {
    /// Its name in files.
    pub(in crate::technology) fn name(self) -> &'static str {
        match self {
            Self::Native => "tiny",
            Self::Node => "node",
            Self::Python => "python",
            Self::Coding => "coding",
        }
    }

    /// What is added to a row's name and title for it.
    pub(in crate::technology) fn suffixes(self) -> (&'static str, &'static str) {
        match self {
            Self::Native => ("-empty", ", nothing but the guest inside"),
            Self::Node => ("", ""),
            Self::Python => ("-python", ", Python inside"),
            Self::Coding => ("-coding", ", a coding agent's tools inside"),
        }
    }

    /// The command that runs the guest program inside.
    pub(in crate::technology) fn command(self) -> &'static [&'static str] {
        match self {
            Self::Native => &["/guest/guest"],
            Self::Node => &["/usr/bin/node", "/guest/node.js"],
            Self::Python => &["/usr/bin/python3", "-I", "-S", "/guest/guest.py"],
            Self::Coding => &["/usr/bin/bash", "/guest/step.sh"],
        }
    }

    /// The interpreter on the host that is copied, if there is one and it is there.
    pub(in crate::technology) fn interpreter(self) -> Option<PathBuf> {
        match self {
            Self::Native | Self::Coding => None,
            Self::Node => tools::find("node"),
            // The system's own is of one piece; others may be behind a script.
            Self::Python => Some(PathBuf::from("/usr/bin/python3"))
                .filter(|file| file.exists())
                .or_else(|| tools::find("python3")),
        }
    }

    /// The package that brings the interpreter.
    pub(in crate::technology) fn package(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Native | Self::Coding => None,
            Self::Node => Some(("node", "nodejs")),
            Self::Python => Some(("python3", "python3")),
        }
    }

    /// The interpreter as something the host needs.
    pub(in crate::technology) fn need(self) -> Option<Need> {
        self.package()
            .map(|(name, package)| Need::program(name, package))
    }

    /// The root file system, made now unless another process of the same run has made it.
    pub(in crate::technology) fn root_file_system(
        self,
        workspace: &mut Workspace,
    ) -> Result<PathBuf, Failure> {
        let root = workspace.shared().join(format!("root-{}", self.name()));
        if root.exists() {
            return Ok(root);
        }
        let what = format!("copy the root file system together ({})", self.name());
        workspace.step(&what, |_| {
            // Whoever is killed here leaves no half of one under the final name.
            let partial = root.with_extension(format!("partial-{}", std::process::id()));
            let new = Tree { root: partial };
            self.fill(&new)?;
            fs::rename(&new.root, &root)
                .map_err(|error| Failure::of("cannot name the root file system", error))
        })?;
        Ok(root)
    }

    fn fill(self, tree: &Tree) -> Result<(), Failure> {
        for folder in MOUNT_POINTS {
            tree.folder(Path::new(folder))?;
        }
        match self {
            Self::Native => tree.write("guest/guest", guest::NATIVE),
            Self::Node => {
                tree.write_names()?;
                tree.write("guest/guest.js", guest::JAVASCRIPT.as_bytes())?;
                tree.write("guest/node.js", guest::NODE.as_bytes())?;
                Self::fill_with_node(tree)
            }
            Self::Python => {
                tree.write_names()?;
                tree.write("guest/guest.py", guest::PYTHON.as_bytes())?;
                Self::fill_with_python(tree)
            }
            Self::Coding => {
                tree.write_names()?;
                tree.folder(Path::new("work"))?;
                Self::fill_with_programs(tree)?;
                Self::fill_with_node(tree)?;
                Self::fill_with_python(tree)?;
                coding::write(&tree.place(Path::new("guest")))
            }
        }
    }

    fn fill_with_node(tree: &Tree) -> Result<(), Failure> {
        let node = Self::Node.ask("-p", "process.execPath")?;
        let node = Path::new(node.trim());
        tree.copy_to(node, Path::new("usr/bin/node"))?;
        tree.copy_libraries(&[node])
    }

    /// What a step of a coding agent runs, interpreters left out.
    fn fill_with_programs(tree: &Tree) -> Result<(), Failure> {
        let mut programs = Vec::new();
        for name in coding::PROGRAMS {
            if matches!(name, "node" | "python3") {
                continue;
            }
            let program = tools::find(name)
                .ok_or_else(|| Failure::new(format!("there is no `{name}` on PATH")))?;
            tree.copy_to(&program, &Path::new("usr/bin").join(name))?;
            programs.push(program);
        }
        for program in &programs {
            tree.copy_libraries(&[program])?;
        }
        // Git runs a part of itself by this name, through a shell.
        tree.link(Path::new("usr/bin/git-upload-pack"), Path::new("git"))?;
        tree.link(Path::new("bin/sh"), Path::new("/usr/bin/bash"))
    }

    fn fill_with_python(tree: &Tree) -> Result<(), Failure> {
        let said = Self::Python.ask(
            "-c",
            "import os, sys, sysconfig\n\
             print(os.path.realpath(sys.executable))\n\
             print(sysconfig.get_path('stdlib'))\n\
             print(sysconfig.get_path('platstdlib'))",
        )?;
        let mut lines = said.lines().map(PathBuf::from);
        let (Some(program), Some(library), Some(platform)) =
            (lines.next(), lines.next(), lines.next())
        else {
            return Err(Failure::new("Python does not say where its library is"));
        };
        // At its own place, since it finds its library from there.
        tree.copy(&program)?;
        tree.link(Path::new("usr/bin/python3"), &program)?;
        let mut linked = vec![program];
        linked.extend(tree.copy_library_of_python(&library)?);
        if !platform.starts_with(&library) && platform.exists() {
            linked.extend(tree.copy_library_of_python(&platform)?);
        }
        tree.copy_libraries(&linked)?;
        // What has no compiled form is compiled now; a container could not keep it. Without it,
        // starts are slower and nothing else.
        let mut compile = Self::Python.interpret()?;
        compile
            .args(["-I", "-m", "compileall", "-q", "-s"])
            .arg(&tree.root)
            .arg(tree.place(&library));
        let _ = command::run(compile, 300.0);
        Ok(())
    }

    fn interpret(self) -> Result<Command, Failure> {
        let interpreter = self
            .interpreter()
            .ok_or_else(|| Failure::new("there is no interpreter to copy"))?;
        Ok(Command::new(interpreter))
    }

    /// What the interpreter prints when it is asked.
    fn ask(self, flag: &str, question: &str) -> Result<String, Failure> {
        let mut ask = self.interpret()?;
        ask.args([flag, question]);
        command::run(ask, command::PATIENCE)
    }
}

/// A tree of files in the making.
#[derive(Debug)]
struct Tree {
    root: PathBuf,
}

impl Tree {
    /// Where a path inside is.
    fn place(&self, inside: &Path) -> PathBuf {
        self.root.join(inside.strip_prefix("/").unwrap_or(inside))
    }

    fn folder(&self, inside: &Path) -> Result<PathBuf, Failure> {
        let place = self.place(inside);
        fs::create_dir_all(&place)
            .map_err(|error| Failure::of(&format!("cannot make {}", place.display()), error))?;
        Ok(place)
    }

    /// Where a file inside is to be, in a folder that is there.
    fn file(&self, inside: &Path) -> Result<PathBuf, Failure> {
        if let Some(folder) = inside.parent() {
            self.folder(folder)?;
        }
        Ok(self.place(inside))
    }

    fn write(&self, inside: &str, bytes: &[u8]) -> Result<(), Failure> {
        let file = self.file(Path::new(inside))?;
        fs::write(&file, bytes)
            .and_then(|()| fs::set_permissions(&file, fs::Permissions::from_mode(0o755)))
            .map_err(|error| Failure::of(&format!("cannot write {}", file.display()), error))
    }

    /// The names that programs look up.
    fn write_names(&self) -> Result<(), Failure> {
        self.write("etc/passwd", b"root:x:0:0:root:/:/sbin/nologin\n")?;
        self.write("etc/group", b"root:x:0:\n")?;
        self.write("etc/hosts", b"127.0.0.1 localhost\n::1 localhost\n")?;
        self.write("etc/nsswitch.conf", b"hosts: files dns\n")
    }

    /// Copies a file of the host to the same place.
    fn copy(&self, file: &Path) -> Result<(), Failure> {
        self.copy_to(file, file)
    }

    fn copy_to(&self, file: &Path, inside: &Path) -> Result<(), Failure> {
        let place = self.file(inside)?;
        copy(file, &place)
            .map_err(|error| Failure::of(&format!("cannot copy {}", file.display()), error))
    }

    /// A link inside, unless what it leads to is there itself.
    fn link(&self, inside: &Path, to: &Path) -> Result<(), Failure> {
        let place = self.file(inside)?;
        if place.symlink_metadata().is_ok() {
            return Ok(());
        }
        symlink(to, &place)
            .map_err(|error| Failure::of(&format!("cannot link {}", place.display()), error))
    }

    /// Copies the libraries that files are linked against.
    fn copy_libraries(&self, files: &[impl AsRef<OsStr>]) -> Result<(), Failure> {
        let mut ldd = Command::new("ldd");
        ldd.args(files);
        let Ok(said) = command::run(ldd, command::PATIENCE) else {
            // It fails for a static program, which needs none.
            return Ok(());
        };
        for library in libraries(&said) {
            if !self.place(library).exists() {
                self.copy(library)?;
            }
        }
        Ok(())
    }

    /// Copies Python's standard library and returns the files in it that are linked against others.
    fn copy_library_of_python(&self, library: &Path) -> Result<Vec<PathBuf>, Failure> {
        let mut linked = Vec::new();
        let mut folders = vec![library.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder).map_err(|error| {
                Failure::of(&format!("cannot read {}", folder.display()), error)
            })?;
            for entry in entries.flatten() {
                let (path, name) = (entry.path(), entry.file_name());
                let name = name.to_string_lossy();
                if LEFT_OUT.contains(&name.as_ref()) || name.starts_with("config-") {
                    continue;
                }
                // Of the file a link leads to; one that leads nowhere is left out.
                let Ok(data) = path.metadata() else { continue };
                if data.is_dir() {
                    folders.push(path);
                } else if data.is_file() {
                    self.copy(&path)?;
                    if path.extension().is_some_and(|extension| extension == "so") {
                        linked.push(path);
                    }
                }
            }
        }
        Ok(linked)
    }
}

/// Copies a file with its time: Python believes a compiled file if it names the time of its source.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::copy(from, to)?;
    let modified = from.metadata()?.modified()?;
    File::open(to)?.set_modified(modified)
}

/// The files that `ldd` names: after an arrow, or alone for the loader.
fn libraries(said: &str) -> impl Iterator<Item = &Path> {
    said.lines()
        .filter(|line| line.starts_with(char::is_whitespace))
        .filter_map(|line| {
            let (file, _address) = line.trim().rsplit_once(" (")?;
            let file = file.split_once("=> ").map_or(file, |(_, file)| file);
            file.starts_with('/').then(|| Path::new(file))
        })
}

#[cfg(test)]
mod tests {
    use super::{Contents, libraries};
    use crate::technology::Workspace;
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_libraries_are_read_from_what_ldd_says() {
        let said = "/usr/bin/node:\n\
                    \tlinux-vdso.so.1 (0x00007f)\n\
                    \tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f)\n\
                    \tlibgone.so.1 => not found\n\
                    \t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
        let found: Vec<_> = libraries(said).collect();
        let expected = [
            "/lib/x86_64-linux-gnu/libm.so.6",
            "/lib64/ld-linux-x86-64.so.2",
        ];
        assert_eq!(found, expected.map(Path::new));
    }

    #[test]
    fn a_root_file_system_is_made_once_and_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().to_path_buf();
        let mut workspace = Workspace::new("unit-test", place.clone(), place, None);
        let root = Contents::Native
            .root_file_system(&mut workspace)
            .expect("made");
        assert!(root.join("guest/guest").is_file());
        assert!(root.join("proc").is_dir());
        let again = Contents::Native
            .root_file_system(&mut workspace)
            .expect("found");
        assert_eq!(root, again);
        assert_eq!(workspace.steps().len(), 1, "made once");
        let left = fs::read_dir(folder.path()).expect("readable").count();
        assert_eq!(left, 1, "no half of one");
    }
}
