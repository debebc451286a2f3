//! Virtual machines with a Linux inside, by Firecracker, Cloud Hypervisor and QEMU.
//!
//! All three boot the same: Debian's kernel for virtual machines and a first root file system with
//! two programs in it. They need a `/dev/kvm` that runs a kernel as fast as the host does; where it
//! is missing, or emulates kernels, nothing is measured. An emulator is no microVM.

mod api;
mod console;
mod cpio;
mod kernel;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::clock::Stamp;
use crate::guest::{self, Language, Request};
use crate::meter::processes::RUN_VARIABLE;
use crate::need;
use crate::technology::{
    Description, Failure, Inside, Instance, Need, Role, Stamps, StartKind, Started, Starter,
    Support, Suspension, Technology, Tool, Verdict, Workspace,
};
use crate::{Boundary, Capability, tools};
use api::{Http, Qmp, SnapshotFiles};
use console::Console;

/// Memory of a guest, in mebibytes: what a Debian kernel boots in with room to spare.
const MEBIBYTES: u32 = 128;

/// What the kernel is told: a serial console, few words, and to end the machine on a panic.
const COMMAND_LINE: &str = "console=ttyS0 quiet loglevel=0 reboot=k panic=-1 8250.nr_uarts=1 \
                            random.trust_cpu=on rdinit=/init";

/// A program that runs virtual machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monitor {
    /// Firecracker.
    Firecracker,
    /// Cloud Hypervisor.
    CloudHypervisor,
    /// QEMU with its `microvm` machine.
    Qemu,
}

impl Monitor {
    fn program(self) -> &'static str {
        match self {
            Self::Firecracker => "firecracker",
            Self::CloudHypervisor => "cloud-hypervisor",
            Self::Qemu => "qemu-system-x86_64",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Firecracker => "Firecracker",
            Self::CloudHypervisor => "Cloud Hypervisor",
            Self::Qemu => "QEMU microvm",
        }
    }

    /// What brings its program.
    fn need(self) -> Need {
        match self {
            Self::Firecracker => Need::Other("put the program of Firecracker's release on PATH"),
            Self::CloudHypervisor => {
                Need::Other("put the program of Cloud Hypervisor's release on PATH")
            }
            Self::Qemu => Need::program("qemu-system-x86_64", "qemu-system-x86"),
        }
    }

    /// Whether it boots only a kernel without its wrapping.
    fn wants_unwrapped(self) -> bool {
        self == Self::Firecracker
    }

    /// Its arguments for a machine with a socket of its own.
    fn arguments(
        self,
        machine: &Machine,
        socket: &Path,
        acceleration: Acceleration,
    ) -> Vec<String> {
        let socket = socket.display();
        let (kernel, initramfs) = (machine.kernel.display(), machine.initramfs.display());
        let words: Vec<String> = match self {
            // The rest is asked for through the socket.
            Self::Firecracker => vec![
                "--api-sock".into(),
                socket.to_string(),
                "--level".into(),
                "Error".into(),
            ],
            Self::CloudHypervisor => vec![
                "--api-socket".into(),
                format!("path={socket}"),
                "--kernel".into(),
                kernel.to_string(),
                "--initramfs".into(),
                initramfs.to_string(),
                "--cmdline".into(),
                COMMAND_LINE.to_owned(),
                "--cpus".into(),
                "boot=1".into(),
                "--memory".into(),
                format!("size={MEBIBYTES}M"),
                "--serial".into(),
                "tty".into(),
                "--console".into(),
                "off".into(),
            ],
            Self::Qemu => vec![
                "-machine".into(),
                acceleration.machine().into(),
                "-accel".into(),
                acceleration.word().into(),
                "-cpu".into(),
                acceleration.processor().into(),
                "-smp".into(),
                "1".into(),
                "-m".into(),
                format!("{MEBIBYTES}M"),
                "-kernel".into(),
                kernel.to_string(),
                "-initrd".into(),
                initramfs.to_string(),
                "-append".into(),
                COMMAND_LINE.to_owned(),
                "-nodefaults".into(),
                "-no-user-config".into(),
                "-no-reboot".into(),
                "-display".into(),
                "none".into(),
                "-serial".into(),
                "stdio".into(),
                "-qmp".into(),
                format!("unix:{socket},server=on,wait=off"),
            ],
        };
        words
    }
}

/// What runs a guest's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Acceleration {
    /// The processor.
    Kvm,
    /// QEMU's emulator: only for trying out whether a guest boots, never for a measurement.
    #[cfg(test)]
    Emulation,
}

impl Acceleration {
    fn word(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            #[cfg(test)]
            Self::Emulation => "tcg",
        }
    }

    fn machine(self) -> &'static str {
        match self {
            Self::Kvm => "microvm,x-option-roms=off,rtc=off,isa-serial=on",
            // A kernel finds no timer in the other without KVM's clock, and waits for ever.
            #[cfg(test)]
            Self::Emulation => "pc",
        }
    }

    fn processor(self) -> &'static str {
        match self {
            Self::Kvm => "host",
            #[cfg(test)]
            Self::Emulation => "max",
        }
    }
}

/// A virtual machine with a Linux inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinuxVm {
    monitor: Monitor,
    start: StartKind,
}

impl LinuxVm {
    /// One that boots.
    pub fn booted(monitor: Monitor) -> Self {
        Self {
            monitor,
            start: StartKind::Cold,
        }
    }

    /// Firecracker, going on from a snapshot.
    pub fn restored() -> Self {
        Self {
            monitor: Monitor::Firecracker,
            start: StartKind::Snapshot,
        }
    }

    fn id(self) -> String {
        let id = match self.monitor {
            Monitor::Firecracker => "microvm-firecracker",
            Monitor::CloudHypervisor => "microvm-cloud-hypervisor",
            Monitor::Qemu => "microvm-qemu",
        };
        match self.start {
            StartKind::Snapshot => format!("{id}-snapshot"),
            _ => id.to_owned(),
        }
    }
}

impl Technology for LinuxVm {
    fn description(&self) -> Description {
        let id = self.id();
        let monitor = self.monitor.title();
        let program = self.monitor.program();
        let (title, clock) = if self.start == StartKind::Snapshot {
            (
                format!("MicroVM with Linux from a snapshot ({monitor})"),
                format!(
                    "From before `{program}` is spawned: the process, a snapshot of a guest that \
                     waits for its first request loaded with its memory mapped copy-on-write, and \
                     the answer to that request through the serial console."
                ),
            )
        } else {
            (
                format!("MicroVM with Linux ({monitor})"),
                format!(
                    "From before `{program}` is spawned: the process, booting Debian's kernel, the \
                     first program, and its first answer through the serial console. The first \
                     instruction is when the guest's first line has come."
                ),
            )
        };
        Description {
            id,
            title,
            boundary: Boundary::Hardware,
            offers: vec![
                Capability::ApiCalls,
                Capability::Javascript,
                Capability::Wasm,
                Capability::Python,
                Capability::Linux,
            ],
            inside: Inside::linux(Support::Possible),
            language: Language::Native,
            start: self.start,
            clock,
            notes: Some(
                "A kernel and a file system in memory with the guest program; no disk and no \
                 network, and no jailer around the monitor. Every byte of the console leaves the \
                 machine by itself, which some milliseconds of a start go to."
                    .to_owned(),
            ),
            role: Role::Candidate,
        }
    }

    fn examine(&self) -> Verdict {
        let program = self.monitor.program();
        let mut why = Vec::new();
        let mut enable = Vec::new();
        let mut found = Vec::new();
        match tools::find(program) {
            None => {
                why.push(format!("there is no `{program}` on PATH"));
                enable.push(need::enable(&self.id(), &[self.monitor.need()]));
            }
            Some(path) => {
                if let Some(tool) = tools::tool(program, &path, &["--version"]) {
                    found.push(tool);
                } else {
                    why.push(format!("`{program} --version` does not tell its version"));
                    enable.push("put one that works first on PATH".to_owned());
                }
            }
        }
        if let Err(reason) = usable_kvm() {
            why.push(reason);
            enable.push(super::microvm::ENABLE_KVM.to_owned());
        }
        match kernel::source() {
            Ok(source) => found.push(tool_of(&source)),
            Err(reason) => {
                why.push(reason);
                enable.push(format!("name a kernel in {}", kernel::VARIABLE));
            }
        }
        if why.is_empty() {
            Verdict::Ready { tools: found }
        } else {
            Verdict::NotHere {
                why: why.join("; "),
                enable: enable.join(", and "),
            }
        }
    }

    fn needs(&self) -> Vec<Need> {
        let mut needs = vec![self.monitor.need(), Need::Other(super::microvm::ENABLE_KVM)];
        if self.monitor.wants_unwrapped() {
            // What Debian's kernel is packed with.
            needs.push(Need::program("lz4", "lz4"));
        }
        needs
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        let source = kernel::source().map_err(Failure::new)?;
        let machine = machine(&source, self.monitor.wants_unwrapped(), workspace)?;
        let program = tools::find(self.monitor.program())
            .ok_or_else(|| Failure::new(format!("there is no `{}`", self.monitor.program())))?;
        let mut ready = Ready {
            monitor: self.monitor,
            acceleration: Acceleration::Kvm,
            program,
            machine,
            snapshot: None,
            folder: workspace.own().to_owned(),
            run: workspace.run().to_owned(),
            started: AtomicU32::new(0),
        };
        let shown = ready.monitor.arguments(
            &ready.machine,
            &ready.folder.join("socket"),
            ready.acceleration,
        );
        workspace.note_command(format!("{} {}", self.monitor.program(), shown.join(" ")));
        if self.start == StartKind::Snapshot {
            let files = SnapshotFiles {
                state: workspace.own().join("snapshot-state"),
                memory: workspace.own().join("snapshot-memory"),
            };
            workspace.step("boot a guest and take a snapshot", |_| {
                ready.take_snapshot(&files)
            })?;
            ready.snapshot = Some(files);
        }
        Ok(Box::new(ready))
    }
}

#[cfg(target_arch = "x86_64")]
fn usable_kvm() -> Result<(), String> {
    let speed = super::microvm::probe::speed().map_err(|failure| failure.message)?;
    if speed.runs_kernels() {
        return Ok(());
    }
    Err(format!(
        "/dev/kvm emulates kernels: {:.2} million instructions per second in ring 0, against {:.0} \
         million or more in ring 3",
        speed.of_kernels / 1e6,
        speed.of_programs / 1e6,
    ))
}

#[cfg(not(target_arch = "x86_64"))]
fn usable_kvm() -> Result<(), String> {
    Err(format!(
        "the machines are described for x86-64, and this is {}",
        std::env::consts::ARCH
    ))
}

fn tool_of(source: &kernel::Source) -> Tool {
    match source {
        kernel::Source::File(path) => Tool {
            name: "guest kernel".to_owned(),
            version: path
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            path: Some(path.clone()),
        },
        kernel::Source::Package => Tool {
            name: "guest kernel".to_owned(),
            version: format!("{}, fetched when it is needed", kernel::PACKAGE),
            path: None,
        },
    }
}

/// What a machine boots.
#[derive(Debug, Clone)]
struct Machine {
    kernel: PathBuf,
    initramfs: PathBuf,
}

/// Makes what a machine boots, or finds what another child of the run has made.
fn machine(
    source: &kernel::Source,
    unwrapped: bool,
    workspace: &mut Workspace,
) -> Result<Machine, Failure> {
    let folder = workspace.shared().join("linux-vm");
    let machine = Machine {
        kernel: folder.join(if unwrapped { "vmlinux" } else { "vmlinuz" }),
        initramfs: folder.join("initramfs.cpio"),
    };
    if machine.kernel.exists() && machine.initramfs.exists() {
        return Ok(machine);
    }
    // In a folder of this child's own first: what is in the shared one is complete.
    let own = workspace.own().join("linux-vm");
    for folder in [&folder, &own] {
        fs::create_dir_all(folder).map_err(|error| Failure::of("cannot make a folder", error))?;
    }
    let image = workspace.step("get the kernel", |_| kernel::image(source, &own))?;
    let bytes = fs::read(&image).map_err(|error| Failure::of("cannot read the kernel", error))?;
    let bytes = if unwrapped {
        workspace.step("unwrap the kernel", |_| kernel::unwrapped(&bytes))?
    } else {
        bytes
    };
    workspace.step("write kernel and first file system", |_| {
        put(&own, &machine.kernel, &bytes)?;
        put(&own, &machine.initramfs, &initramfs())
    })?;
    Ok(machine)
}

/// Writes a file that is there only when it is complete.
fn put(own: &Path, file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let new = own.join("new");
    fs::write(&new, bytes)
        .and_then(|()| fs::rename(&new, file))
        .map_err(|error| Failure::of(&format!("cannot write {}", file.display()), error))
}

/// The first root file system: a console, what sets it up, and the guest program.
fn initramfs() -> Vec<u8> {
    let mut archive = cpio::Archive::default();
    archive.folder("dev");
    archive.character_device("dev/console", 5, 1);
    archive.program("init", guest::INIT);
    archive.program("guest", guest::NATIVE);
    archive.finish()
}

/// What starts machines.
#[derive(Debug)]
struct Ready {
    monitor: Monitor,
    acceleration: Acceleration,
    program: PathBuf,
    machine: Machine,
    snapshot: Option<SnapshotFiles>,
    folder: PathBuf,
    run: String,
    started: AtomicU32,
}

impl Ready {
    /// A monitor with a machine that has begun, or goes on.
    fn spawn(&self, snapshot: Option<&SnapshotFiles>) -> Result<Live, Failure> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let socket = self.folder.join(format!("socket-{number}"));
        let said = self.folder.join(format!("said-{number}"));
        let errors =
            File::create(&said).map_err(|error| Failure::of("cannot make a file", error))?;
        let arguments = self
            .monitor
            .arguments(&self.machine, &socket, self.acceleration);
        let mut child = Command::new(&self.program)
            .args(arguments)
            .env(RUN_VARIABLE, &self.run)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .map_err(|error| Failure::of("cannot spawn the monitor", error))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (input, output) = pipes.ok_or_else(|| Failure::new("the monitor has no pipes"))?;
        let mut live = Live {
            child,
            console: Console::new(input, output),
            monitor: self.monitor,
            control: None,
            socket,
            said,
        };
        match live.begin(&self.machine, snapshot) {
            Ok(()) => Ok(live),
            Err(failure) => Err(live.failed(failure)),
        }
    }

    fn take_snapshot(&self, files: &SnapshotFiles) -> Result<(), Failure> {
        let mut live = self.spawn(None)?;
        let taken = live.console.ready().and_then(|_| {
            let Control::Http(api) = live.control()? else {
                return Err(Failure::new("this monitor takes no snapshots here"));
            };
            api.ask(&api::firecracker_pause())?;
            api.ask(&api::firecracker_snapshot(files))
        });
        match taken {
            Ok(()) => live.end(),
            Err(failure) => Err(live.failed(failure)),
        }
    }
}

impl Starter for Ready {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let mut live = self.spawn(self.snapshot.as_ref())?;
        let created = Stamp::now();
        // A guest from a snapshot was ready before.
        let first_instruction = if self.snapshot.is_some() {
            Ok(None)
        } else {
            live.console.ready().map(Some)
        };
        let outcome = first_instruction.and_then(|first_instruction| {
            live.console.ask(request)?;
            Ok(Stamps {
                created: Some(created),
                first_instruction,
                first_result: Stamp::now(),
            })
        });
        match outcome {
            Ok(stamps) => Ok(Started {
                stamps,
                instance: Box::new(live),
            }),
            Err(failure) => Err(live.failed(failure)),
        }
    }
}

/// How a monitor is spoken to.
#[derive(Debug)]
enum Control {
    Http(Http),
    Qmp(Qmp),
}

/// A virtual machine that runs.
#[derive(Debug)]
struct Live {
    child: Child,
    console: Console,
    monitor: Monitor,
    /// Connected when it is first needed.
    control: Option<Control>,
    socket: PathBuf,
    said: PathBuf,
}

impl Live {
    /// Has the machine begin, where the monitor does not by itself.
    fn begin(&mut self, machine: &Machine, from: Option<&SnapshotFiles>) -> Result<(), Failure> {
        if self.monitor != Monitor::Firecracker {
            return Ok(());
        }
        let requests = match from {
            Some(files) => vec![api::firecracker_restore(files)],
            None => {
                api::firecracker_boot(&machine.kernel, &machine.initramfs, COMMAND_LINE, MEBIBYTES)
            }
        };
        let Control::Http(api) = self.control()? else {
            return Err(Failure::new("Firecracker speaks HTTP"));
        };
        requests.iter().try_for_each(|request| api.ask(request))
    }

    fn control(&mut self) -> Result<&mut Control, Failure> {
        if self.control.is_none() {
            self.control = Some(match self.monitor {
                Monitor::Qemu => Control::Qmp(Qmp::new(&self.socket)?),
                _ => Control::Http(Http::new(&self.socket)?),
            });
        }
        let control = self.control.as_mut();
        control.ok_or_else(|| Failure::new("the monitor is not connected"))
    }

    fn end(&mut self) -> Result<(), Failure> {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        for file in [&self.socket, &self.said] {
            // The folder they are in is removed with the child process, whatever is in it.
            let _ = fs::remove_file(file);
        }
        ended
            .map(|_| ())
            .map_err(|error| Failure::of("cannot end the monitor", error))
    }

    /// Ends it, and adds to a failure what the monitor said last.
    fn failed(mut self, failure: Failure) -> Failure {
        let said = fs::read_to_string(&self.said).unwrap_or_default();
        let last = said.lines().rfind(|line| !line.trim().is_empty());
        let message = match last {
            Some(last) => format!("{failure} ({}: {})", self.monitor.program(), last.trim()),
            None => failure.message,
        };
        match self.end() {
            Ok(()) => Failure {
                message,
                limit: failure.limit,
            },
            Err(ending) => Failure::new(format!("{message}; {ending}")),
        }
    }
}

impl Instance for Live {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        self.console.ask(request)
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

impl Suspension for Live {
    fn mechanism(&self) -> &'static str {
        match self.monitor {
            Monitor::Firecracker => "the monitor stops its processor (PATCH /vm)",
            Monitor::CloudHypervisor => "the monitor stops its processor (vm.pause, vm.resume)",
            Monitor::Qemu => "the monitor stops its processor (stop, cont)",
        }
    }

    fn suspend(&mut self) -> Result<(), Failure> {
        let firecracker = self.monitor == Monitor::Firecracker;
        match self.control()? {
            Control::Http(api) if firecracker => api.ask(&api::firecracker_pause()),
            Control::Http(api) => api.ask(&("PUT", "/api/v1/vm.pause", serde_json::Value::Null)),
            Control::Qmp(qmp) => qmp.ask("stop"),
        }
    }

    fn resume(&mut self) -> Result<(), Failure> {
        let firecracker = self.monitor == Monitor::Firecracker;
        match self.control()? {
            Control::Http(api) if firecracker => api.ask(&api::firecracker_resume()),
            Control::Http(api) => api.ask(&("PUT", "/api/v1/vm.resume", serde_json::Value::Null)),
            Control::Qmp(qmp) => qmp.ask("cont"),
        }
    }
}
