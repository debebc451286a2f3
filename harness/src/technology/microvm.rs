//! Virtual machines without an operating system, by a small machine monitor of the harness's own.
//!
//! The boundary is the processor's virtualisation; what is inside is the guest program and nothing
//! else, as others run functions or WebAssembly in virtual machines without a kernel. It shows what
//! the hardware boundary itself costs: what a guest's kernel adds is in the rows that have one.

#[cfg(target_arch = "x86_64")]
mod guest;
#[cfg(target_arch = "x86_64")]
mod machine;
#[cfg(target_arch = "x86_64")]
pub(crate) mod probe;
#[cfg(all(test, target_arch = "x86_64"))]
mod tests;

use crate::guest::Language;
use crate::technology::{
    CodeForm, Description, Failure, Inside, Need, Role, StartKind, Starter, Technology, Verdict,
    Workspace,
};
use crate::{Boundary, Capability};

/// What brings a usable `/dev/kvm`.
pub(crate) const ENABLE_KVM: &str = "use a host with hardware virtualisation and rights to /dev/kvm: \
                                     bare metal, or a virtual machine with nested virtualisation";

/// A way to start a virtual machine without an operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Microvm {
    /// A new machine, into which the program is put.
    Cold,
    /// A new machine that goes on from a snapshot.
    Snapshot,
}

impl Technology for Microvm {
    fn description(&self) -> Description {
        let (id, title, start, clock, notes) = match self {
            Self::Cold => (
                "microvm-embedded",
                "MicroVM without an operating system (embedded, KVM)",
                StartKind::Cold,
                "From before the virtual machine is made: machine, memory, processor, page tables, \
                 the program copied into it, and its first answer. The first instruction is when \
                 the guest first calls the host.",
                "No kernel, no devices, no files: the guest is machine code in ring 3 that calls \
                 the harness through a port.",
            ),
            Self::Snapshot => (
                "microvm-embedded-snapshot",
                "MicroVM without an operating system from a snapshot (embedded, KVM)",
                StartKind::Snapshot,
                "From before the virtual machine is made: machine, processor, registers, memory \
                 mapped copy-on-write from a snapshot in which the guest waits for its first \
                 request, and the answer to it. The first instruction is when the guest first \
                 calls the host.",
                "All machines begin with the same memory, whatever is secret or random in it \
                 included. Otherwise as the one without a snapshot.",
            ),
        };
        Description {
            id: id.to_owned(),
            title: title.to_owned(),
            boundary: Boundary::Hardware,
            offers: vec![Capability::ApiCalls],
            inside: Inside::runtime(vec![CodeForm::Freestanding]),
            language: Language::Native,
            start,
            clock: clock.to_owned(),
            notes: Some(notes.to_owned()),
            role: Role::Candidate,
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn examine(&self) -> Verdict {
        ready::examine()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Other(ENABLE_KVM)]
    }

    #[cfg(target_arch = "x86_64")]
    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        ready::prepare(*self, workspace)
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn examine(&self) -> Verdict {
        Verdict::NotHere {
            why: format!(
                "the machine monitor is written for x86-64, and this is {}",
                std::env::consts::ARCH
            ),
            enable: "a host with x86-64 processors".to_owned(),
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn prepare(&self, _workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        Err(Failure::new("the machine monitor is written for x86-64"))
    }
}

#[cfg(target_arch = "x86_64")]
mod ready {
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use nix::sys::memfd::{MFdFlags, memfd_create};
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    use super::guest::{Guest, Live, Snapshot};
    use super::machine::{Hypervisor, MEMORY};
    use super::{ENABLE_KVM, Microvm, probe};
    use crate::clock::Stamp;
    use crate::guest::Request;
    use crate::technology::{
        Failure, Instance, Stamps, Started, Starter, Tool, Verdict, Workspace,
    };

    pub(super) fn examine() -> Verdict {
        let not_here = |why: String| Verdict::NotHere {
            why,
            enable: ENABLE_KVM.to_owned(),
        };
        match probe::speed() {
            Err(failure) => not_here(failure.message),
            Ok(speed) if !speed.runs_programs() => not_here(format!(
                "/dev/kvm emulates programs ({:.2} million instructions per second)",
                speed.of_programs / 1e6
            )),
            Ok(speed) => Verdict::Ready {
                tools: vec![Tool {
                    name: "KVM".to_owned(),
                    version: format!(
                        "interface {}{}",
                        Hypervisor::open().map_or(0, |hypervisor| hypervisor.version()),
                        if speed.runs_kernels() {
                            ""
                        } else {
                            ", which runs programs and emulates kernels"
                        }
                    ),
                    path: Some("/dev/kvm".into()),
                }],
            },
        }
    }

    pub(super) fn prepare(
        kind: Microvm,
        workspace: &mut Workspace,
    ) -> Result<Box<dyn Starter>, Failure> {
        raise_limit_of_files()?;
        let hypervisor = workspace.step("open /dev/kvm", |_| Ok(Arc::new(Hypervisor::open()?)))?;
        workspace.note_command(format!(
            "KVM: one processor, {} MiB of memory in small pages, no devices, no interrupt \
             controller; the guest in ring 3 of long mode",
            MEMORY >> 20
        ));
        let snapshot = match kind {
            Microvm::Cold => None,
            Microvm::Snapshot => {
                Some(workspace.step("start a guest and take a snapshot", |_| {
                    let name = "tonnage-microvm-snapshot";
                    let file = memfd_create(name, MFdFlags::MFD_CLOEXEC)
                        .map_err(|error| Failure::of("cannot make a file in memory", error))?;
                    Snapshot::take(&hypervisor, file.into())
                })?)
            }
        };
        if let Some(snapshot) = &snapshot {
            workspace.note_command(format!(
                "the snapshot: {} pages of 4 KiB in memory (memfd), mapped copy-on-write",
                snapshot.pages()
            ));
        }
        Ok(Box::new(Ready {
            hypervisor,
            snapshot,
            folder: workspace.own().to_owned(),
            started: AtomicU32::new(0),
        }))
    }

    /// Every machine has two open files, more than a process may have as a rule.
    fn raise_limit_of_files() -> Result<(), Failure> {
        getrlimit(Resource::RLIMIT_NOFILE)
            .and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most))
            .map_err(|error| Failure::of("cannot raise the limit of open files", error))
    }

    /// What starts machines.
    struct Ready {
        hypervisor: Arc<Hypervisor>,
        snapshot: Option<Snapshot>,
        folder: PathBuf,
        started: AtomicU32,
    }

    impl Starter for Ready {
        fn start(&self, request: &Request) -> Result<Started, Failure> {
            let mut guest = match &self.snapshot {
                None => Guest::new(&self.hypervisor)?,
                Some(snapshot) => Guest::restored(&self.hypervisor, snapshot)?,
            };
            let created = Stamp::now();
            guest.ask(request)?;
            let first_result = Stamp::now();
            let stamps = Stamps {
                created: Some(created),
                first_instruction: guest.first_instruction(),
                first_result,
            };
            let number = self.started.fetch_add(1, Ordering::Relaxed);
            let file = self.folder.join(format!("suspended-{number}"));
            let instance: Box<dyn Instance> =
                Box::new(Live::new(guest, Arc::clone(&self.hypervisor), file));
            Ok(Started { stamps, instance })
        }
    }
}
