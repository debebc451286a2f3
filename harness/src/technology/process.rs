//! Plain processes, without a sandbox around them: what everything else is held against.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::container::add_coding_tools;
use super::line_guest::LineGuest;
use super::spawn::LiveGuest;
use crate::clock::Stamp;
use crate::guest::{self, Language, Request};
use crate::meter::processes::RUN_VARIABLE;
use crate::need::{self, npm};
use crate::technology::{
    CodeForm, Coding, Description, Failure, Inside, Instance, Need, Role, StartKind, Started,
    Starter, Support, Suspension, Technology, Tool, Verdict, Workspace,
};
use crate::{Boundary, Capability, coding, tools};

/// A process that runs the guest program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// The static program.
    Native,
    /// Node.js.
    Node,
    /// Deno.
    Deno,
    /// Bun.
    Bun,
    /// Python.
    Python,
}

impl Process {
    fn interpreter(self) -> Option<&'static str> {
        match self {
            Self::Native => None,
            Self::Node => Some("node"),
            Self::Deno => Some("deno"),
            Self::Bun => Some("bun"),
            Self::Python => Some("python3"),
        }
    }

    /// Where its interpreter is: what is on `PATH`, or what `tonnage doctor --install` brought.
    fn locate(self) -> Option<PathBuf> {
        tools::find(self.interpreter()?).or_else(|| match self {
            Self::Deno => {
                npm::DENO.file(&["@deno/linux-x64-glibc/deno", "@deno/linux-arm64-glibc/deno"])
            }
            Self::Bun => npm::BUN.file(&[
                "@oven/bun-linux-x64/bin/bun",
                "@oven/bun-linux-aarch64/bin/bun",
            ]),
            Self::Native | Self::Node | Self::Python => None,
        })
    }

    /// The verdict on one that may come from npm.
    fn verdict(self, id: &str) -> Verdict {
        let name = self.interpreter().unwrap_or_default();
        let tool = self
            .locate()
            .and_then(|path| tools::tool(name, &path, &["--version"]));
        match tool {
            Some(mut tool) => {
                // Deno puts its name before it.
                let version = tool.version.replace(&format!("{name} "), "");
                tool.version = version;
                Verdict::Ready { tools: vec![tool] }
            }
            None => Verdict::NotHere {
                why: format!("there is no working `{name}`, neither on PATH nor from npm"),
                enable: need::enable(id, &self.needs()),
            },
        }
    }
}

impl Technology for Process {
    fn description(&self) -> Description {
        let (id, title, language, offers) = match self {
            Self::Native => (
                "process-native",
                "Native process",
                Language::Native,
                vec![Capability::ApiCalls],
            ),
            Self::Node => (
                "process-node",
                "Node.js process",
                Language::Javascript,
                vec![
                    Capability::ApiCalls,
                    Capability::Javascript,
                    Capability::Wasm,
                ],
            ),
            Self::Deno | Self::Bun => {
                let offers = vec![
                    Capability::ApiCalls,
                    Capability::Javascript,
                    Capability::Wasm,
                ];
                let (id, title) = if *self == Self::Deno {
                    ("process-deno", "Deno process")
                } else {
                    ("process-bun", "Bun process")
                };
                (id, title, Language::Javascript, offers)
            }
            Self::Python => (
                "process-python",
                "Python process",
                Language::Python,
                vec![Capability::ApiCalls, Capability::Python],
            ),
        };
        Description {
            id: id.to_owned(),
            title: title.to_owned(),
            boundary: Boundary::Process,
            offers,
            inside: match self {
                // Everything has to be allowed when it is started, and nothing is.
                Self::Deno => Inside {
                    code: vec![CodeForm::Javascript, CodeForm::Typescript, CodeForm::Wasm],
                    ..Inside::all(Support::Possible)
                },
                _ => Inside::host(),
            },
            language,
            start: StartKind::Cold,
            clock: "From before the process is spawned (posix_spawn) until its first answer has \
                    come through a pipe and is right. Program and libraries are in the page cache."
                .to_owned(),
            notes: Some(
                match self {
                    Self::Native | Self::Node | Self::Python => {
                        "No sandbox: a process of the same user, with the user's rights. The \
                         reference for the CPU cost of work in its language."
                    }
                    Self::Deno => {
                        "A process of the same user. Deno gives the program no files, network or \
                         environment unless told to, and here it is not: a boundary of the \
                         runtime's own making, without help from the kernel. The moment of the \
                         first instruction is told on the wall clock."
                    }
                    Self::Bun => {
                        "No sandbox: a process of the same user, with the user's rights. The \
                         engine is JavaScriptCore, not V8. The moment of the first instruction is \
                         told on the wall clock."
                    }
                }
                .to_owned(),
            ),
            role: match self {
                Self::Native | Self::Node | Self::Python => Role::Reference,
                Self::Deno | Self::Bun => Role::Candidate,
            },
        }
    }

    fn examine(&self) -> Verdict {
        match self {
            Self::Native => Verdict::Ready { tools: Vec::new() },
            Self::Node => tools::verdict("node", "--version", "apt-get install nodejs"),
            Self::Deno => self.verdict("process-deno"),
            Self::Bun => self.verdict("process-bun"),
            Self::Python => tools::verdict("python3", "--version", "apt-get install python3"),
        }
    }

    fn needs(&self) -> Vec<Need> {
        match self {
            Self::Native => Vec::new(),
            Self::Node => vec![Need::program("node", "nodejs")],
            Self::Deno => vec![npm::PROGRAM, Need::Npm(&npm::DENO)],
            Self::Bun => vec![npm::PROGRAM, Need::Npm(&npm::BUN)],
            Self::Python => vec![Need::program("python3", "python3")],
        }
    }

    fn coding(&self) -> Option<Coding> {
        (*self == Self::Native).then(|| Coding {
            technology: Box::new(CodingProcess),
            sandbox: "bash, git, Node.js and Python of the host, in a folder of its own".to_owned(),
        })
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        let folder = workspace.shared().join("process");
        fs::create_dir_all(&folder).map_err(|error| Failure::of("cannot make a folder", error))?;
        let command = workspace.step("write the guest program", |_| self.write_guest(&folder))?;
        let words: Vec<_> = command
            .iter()
            .map(|word| word.display().to_string())
            .collect();
        workspace.note_command(words.join(" "));
        Ok(Box::new(ProcessStarter {
            command,
            folder,
            run: workspace.run().to_owned(),
        }))
    }
}

impl Process {
    /// Writes the guest program and tells the command that runs it.
    fn write_guest(self, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
        let write = |name: &str, bytes: &[u8]| -> Result<PathBuf, Failure> {
            let file = folder.join(name);
            write_once(&file, bytes)?;
            Ok(file)
        };
        let interpreter = match self.interpreter() {
            Some(name) => Some(
                self.locate()
                    .ok_or_else(|| Failure::new(format!("there is no `{name}` on PATH")))?,
            ),
            None => None,
        };
        let program = match self {
            Self::Native => write("guest-native", guest::NATIVE)?,
            Self::Node => {
                write("guest.js", guest::JAVASCRIPT.as_bytes())?;
                write("node.js", guest::NODE.as_bytes())?
            }
            // In one file, so that Deno need not be allowed to read another.
            Self::Deno => write("deno.mjs", one_file(guest::DENO).as_bytes())?,
            Self::Bun => write("bun.mjs", one_file(guest::BUN).as_bytes())?,
            Self::Python => write("guest.py", guest::PYTHON.as_bytes())?,
        };
        Ok(match (self, interpreter) {
            (Self::Python, Some(python)) => vec![python, "-I".into(), "-S".into(), program],
            (Self::Deno, Some(deno)) => {
                let mut command = vec![deno];
                command.extend(DENO_ARGUMENTS.map(PathBuf::from));
                command.push(program);
                command
            }
            (_, Some(interpreter)) => vec![interpreter, program],
            (_, None) => vec![program],
        })
    }
}

/// How Deno is run: nothing is allowed, nothing is asked, nothing is fetched.
const DENO_ARGUMENTS: [&str; 6] = [
    "run",
    "--quiet",
    "--no-prompt",
    "--no-config",
    "--no-lock",
    "--no-remote",
];

/// What runs the guest program and the guest program, in one file.
fn one_file(driver: &str) -> String {
    format!("{driver}\n{}", guest::JAVASCRIPT)
}

/// Writes an executable file unless it is there already. A file that is being written cannot be run,
/// and other processes of the same run may be about to.
pub(super) fn write_once(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if fs::read(file).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let fail = |error| Failure::of(&format!("cannot write {}", file.display()), error);
    let new = file.with_extension(format!("new-{}", std::process::id()));
    fs::write(&new, bytes).map_err(fail)?;
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).map_err(fail)?;
    fs::rename(&new, file).map_err(fail)
}

/// Starts processes.
#[derive(Debug)]
struct ProcessStarter {
    command: Vec<PathBuf>,
    folder: PathBuf,
    run: String,
}

impl Starter for ProcessStarter {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let mut child = Command::new(&self.command[0])
            .args(&self.command[1..])
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            // What Deno has compiled it keeps, as it does for any program that runs again; not in the
            // user's folder.
            .env("DENO_DIR", self.folder.join("deno"))
            .env("DENO_NO_UPDATE_CHECK", "1")
            .env(RUN_VARIABLE, &self.run)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| refused(&error))?;
        let created = Stamp::now();
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::new("the process has no pipes"));
        };
        let mut process = LiveProcess {
            child,
            guest: LineGuest::new(input, output),
        };
        match process.guest.first_result(request, Some(created)) {
            Ok(stamps) => Ok(Started {
                stamps,
                instance: Box::new(process),
            }),
            Err(failure) => {
                process.end()?;
                Err(failure)
            }
        }
    }
}

/// A coding agent's step in a plain process, with the programs of the host.
#[derive(Debug, Clone, Copy)]
struct CodingProcess;

impl Technology for CodingProcess {
    fn description(&self) -> Description {
        Description {
            id: "process-coding".to_owned(),
            title: "Processes of a coding agent".to_owned(),
            offers: vec![Capability::Linux],
            ..Process::Native.description()
        }
    }

    fn examine(&self) -> Verdict {
        let mut tools = Vec::new();
        match add_coding_tools(&mut tools) {
            Ok(()) => Verdict::Ready { tools },
            Err(missing) => missing,
        }
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        let guest = workspace.own().join("coding");
        workspace.step("make the repository", |_| coding::write(&guest))?;
        // The same programs as those that are copied into other sandboxes, and no others of that name.
        let programs = workspace.own().join("coding-programs");
        fs::create_dir_all(&programs)
            .map_err(|error| Failure::of("cannot make a folder", error))?;
        for name in coding::PROGRAMS {
            let program = coding::program(name)
                .ok_or_else(|| Failure::new(format!("there is no `{name}` on PATH")))?;
            symlink(&program, programs.join(name))
                .map_err(|error| Failure::of(&format!("cannot link `{name}`"), error))?;
        }
        let bash = tools::find("bash").ok_or_else(|| Failure::new("there is no `bash` on PATH"))?;
        workspace.note_command(format!("bash {}/step.sh FOLDER", guest.display()));
        Ok(Box::new(CodingStarter {
            command: [bash, guest.join("step.sh")],
            path: format!("{}:/usr/bin:/bin", programs.display()),
            folder: workspace.own().to_owned(),
            run: workspace.run().to_owned(),
            counter: AtomicU64::new(0),
        }))
    }
}

#[derive(Debug)]
struct CodingStarter {
    command: [PathBuf; 2],
    /// Where it finds its programs.
    path: String,
    folder: PathBuf,
    run: String,
    counter: AtomicU64,
}

impl Starter for CodingStarter {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let work = self.folder.join(format!("work-{number}"));
        fs::create_dir(&work).map_err(|error| Failure::of("cannot make a folder", error))?;
        let mut child = Command::new(&self.command[0])
            .arg(&self.command[1])
            .arg(&work)
            .current_dir(&work)
            .env_clear()
            .env("PATH", &self.path)
            .env(RUN_VARIABLE, &self.run)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| refused(&error))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::new("the process has no pipes"));
        };
        LiveGuest::new(child.id(), LineGuest::new(input, output))
            .in_folder(work)
            .start(request, None)
    }
}

/// Why a process could not be spawned: no more processes, file descriptors or memory are limits.
pub(super) fn refused(error: &std::io::Error) -> Failure {
    let limits = [
        libc_codes::EAGAIN,
        libc_codes::EMFILE,
        libc_codes::ENFILE,
        libc_codes::ENOMEM,
    ];
    let message = format!("cannot spawn the process: {error}");
    match error.raw_os_error() {
        Some(code) if limits.contains(&code) => Failure::limit(message),
        _ => Failure::new(message),
    }
}

/// Error codes of Linux.
mod libc_codes {
    use nix::errno::Errno;

    pub(super) const EAGAIN: i32 = Errno::EAGAIN as i32;
    pub(super) const EMFILE: i32 = Errno::EMFILE as i32;
    pub(super) const ENFILE: i32 = Errno::ENFILE as i32;
    pub(super) const ENOMEM: i32 = Errno::ENOMEM as i32;
}

/// A process that runs.
#[derive(Debug)]
struct LiveProcess {
    child: Child,
    guest: LineGuest,
}

impl LiveProcess {
    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.child
            .kill()
            .and_then(|()| self.child.wait())
            .map_err(|error| Failure::of("cannot end the process", error))?;
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Result<(), Failure> {
        kill(self.pid(), signal).map_err(|error| Failure::of("cannot signal the process", error))
    }
}

impl Instance for LiveProcess {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        self.guest.work(request)
    }

    fn processes(&self) -> Vec<u32> {
        vec![self.child.id()]
    }

    fn suspension(&mut self) -> Option<&mut dyn Suspension> {
        Some(self)
    }

    fn stop(mut self: Box<Self>) -> Result<(), Failure> {
        self.end()
    }
}

impl Suspension for LiveProcess {
    fn mechanism(&self) -> &'static str {
        "SIGSTOP and SIGCONT"
    }

    fn suspend(&mut self) -> Result<(), Failure> {
        self.signal(Signal::SIGSTOP)?;
        match waitpid(self.pid(), Some(WaitPidFlag::WUNTRACED)) {
            Ok(WaitStatus::Stopped(..)) => Ok(()),
            Ok(status) => Err(Failure::new(format!(
                "the process did not stop but {status:?}"
            ))),
            Err(error) => Err(Failure::of("cannot wait for the process to stop", error)),
        }
    }

    fn resume(&mut self) -> Result<(), Failure> {
        self.signal(Signal::SIGCONT)
    }
}

/// A program with its version, for technologies that run one of these inside.
pub fn interpreter(process: Process) -> Option<Tool> {
    let name = process.interpreter()?;
    tools::tool(name, &tools::find(name)?, &["--version"])
}

#[cfg(test)]
mod tests {
    use super::Process;
    use crate::guest::Request;
    use crate::meter::processes::is_alive;
    use crate::technology::{Technology, Verdict, Workspace};

    fn try_out(process: Process) {
        let folder = tempfile::tempdir().expect("a folder");
        if let Verdict::NotHere { why, .. } = process.examine() {
            #[expect(clippy::print_stderr, reason = "a test that can't run says so")]
            {
                eprintln!("skipped: {why}");
            }
            return;
        }
        let place = folder.path().to_path_buf();
        let mut workspace = Workspace::new("unit-test", place.clone(), place, None);
        let starter = process.prepare(&mut workspace).expect("prepared");
        let started = starter.start(&Request::small(1)).expect("started");
        let stamps = started.stamps;
        assert!(stamps.created < stamps.first_instruction || process == Process::Native);
        assert!(stamps.first_instruction < Some(stamps.first_result));
        let mut instance = started.instance;
        let pid = instance.processes()[0];
        instance.work(&Request::heavy(2)).expect("heavy");
        instance
            .work(&Request::touching(3, 1 << 20))
            .expect("touching");
        let suspension = instance.suspension().expect("signals");
        suspension.suspend().expect("suspended");
        suspension.resume().expect("resumed");
        instance.work(&Request::small(4)).expect("after the pause");
        instance.stop().expect("stopped");
        assert!(!is_alive(pid));
    }

    #[test]
    fn a_native_process_works_and_is_gone_afterwards() {
        try_out(Process::Native);
    }

    #[test]
    fn a_node_process_works_and_is_gone_afterwards() {
        try_out(Process::Node);
    }

    #[test]
    fn a_deno_process_works_and_is_gone_afterwards() {
        try_out(Process::Deno);
    }

    #[test]
    fn a_bun_process_works_and_is_gone_afterwards() {
        try_out(Process::Bun);
    }

    #[test]
    fn a_python_process_works_and_is_gone_afterwards() {
        try_out(Process::Python);
    }
}
