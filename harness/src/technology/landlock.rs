//! A plain process that has given up rights before it begins: which files it may open (Landlock), and
//! which system calls it may make (seccomp).

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr,
};
use nix::errno::Errno;
use nix::libc;
use nix::sched::CloneFlags;
use nix::sys::prctl::set_no_new_privs;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

use super::process::write_once;
use super::spawn::{LiveGuest, Program, spawn};
use crate::clock::Stamp;
use crate::guest::{self, Language, Request};
use crate::meter::processes::RUN_VARIABLE;
use crate::technology::{
    CodeForm, Description, Failure, Inside, Need, Role, StartKind, Started, Starter, Support,
    Technology, Tool, Verdict, Workspace,
};
use crate::{Boundary, Capability, tools};

/// A process under Landlock and seccomp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confined {
    /// The static program, which may make two dozen system calls.
    Native,
    /// Node.js, which may make all but those that reach out of it.
    Node,
}

/// What rules are written for. An older kernel enforces those of them that it knows.
const RULES: ABI = ABI::V5;

/// System calls of a static program that reads and writes lines.
const ALLOWED: [libc::c_long; 26] = [
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_clock_gettime,
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_readlinkat,
    libc::SYS_getrandom,
    libc::SYS_prlimit64,
    libc::SYS_rseq,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_close,
    // The program itself is begun by it; Landlock says which.
    libc::SYS_execve,
];

/// What a C library's start does on this processor alone.
#[cfg(target_arch = "x86_64")]
const ALLOWED_HERE: [libc::c_long; 2] = [libc::SYS_arch_prctl, libc::SYS_readlink];
#[cfg(not(target_arch = "x86_64"))]
const ALLOWED_HERE: [libc::c_long; 0] = [];

/// System calls by which a process reaches others, the network or the host.
const DENIED: [libc::c_long; 40] = [
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_init_module,
    libc::SYS_io_uring_setup,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_personality,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_socket,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

/// Folders with programs, libraries and what they read at their start.
const SYSTEM: [&str; 8] = [
    "/usr",
    "/lib",
    "/lib64",
    "/bin",
    "/etc",
    "/proc",
    "/dev/null",
    "/dev/urandom",
];

impl Technology for Confined {
    fn description(&self) -> Description {
        let (id, title, language, offers, calls) = match self {
            Self::Native => (
                "landlock-native",
                "Process under Landlock and seccomp",
                Language::Native,
                vec![Capability::ApiCalls],
                "all system calls but two dozen end the process",
            ),
            Self::Node => (
                "landlock-node",
                "Node.js process under Landlock and seccomp",
                Language::Javascript,
                vec![
                    Capability::ApiCalls,
                    Capability::Javascript,
                    Capability::Wasm,
                ],
                "forty system calls that reach out of it are refused, all others allowed: less than \
                 a service that lists what is allowed",
            ),
        };
        Description {
            id: id.to_owned(),
            title: title.to_owned(),
            boundary: Boundary::Process,
            offers,
            // Rules can allow each of these.
            inside: Inside {
                code: vec![CodeForm::Any],
                ..Inside::all(Support::Possible)
            },
            language,
            start: StartKind::Cold,
            clock: "From before the process is made (clone, as posix_spawn does), through its \
                    giving up of rights, until its first answer has come through a pipe and is \
                    right. The rules are compiled beforehand."
                .to_owned(),
            notes: Some(format!(
                "It reads only what its program needs, writes no file, connects to nothing, and \
                 {calls}. It still sees the host's processes and shares its user, and nothing \
                 bounds its memory or CPU time."
            )),
            role: Role::Candidate,
        }
    }

    fn examine(&self) -> Verdict {
        let version = match landlock_version() {
            Ok(version) => version,
            Err(error) => {
                return Verdict::NotHere {
                    why: format!("the kernel has no Landlock: {error}"),
                    enable: "Linux 5.13 or newer with `landlock` among lsm= on its command line"
                        .to_owned(),
                };
            }
        };
        let seccomp = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail");
        let Ok(_) = seccomp else {
            return Verdict::NotHere {
                why: "the kernel has no seccomp filters".to_owned(),
                enable: "a kernel with CONFIG_SECCOMP_FILTER".to_owned(),
            };
        };
        let mut tools = vec![Tool {
            name: "Landlock".to_owned(),
            version: format!("ABI {version}"),
            path: None,
        }];
        if *self == Self::Node {
            match tools::verdict("node", "--version", "apt-get install nodejs") {
                Verdict::Ready { tools: more } => tools.extend(more),
                missing @ Verdict::NotHere { .. } => return missing,
            }
        }
        Verdict::Ready { tools }
    }

    fn needs(&self) -> Vec<Need> {
        match self {
            Self::Native => Vec::new(),
            Self::Node => vec![Need::program("node", "nodejs")],
        }
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        let folder = workspace.shared().join("landlock");
        fs::create_dir_all(&folder).map_err(|error| Failure::of("cannot make a folder", error))?;
        let command = workspace.step("write the guest program", |_| self.write_guest(&folder))?;
        let (rules, filter) = workspace.step("compile the rules", |_| {
            Ok((self.rules(&command, &folder)?, self.filter()?))
        })?;
        let words: Vec<String> = command
            .iter()
            .map(|word| word.display().to_string())
            .collect();
        workspace.note_command(format!(
            "clone, prctl(PR_SET_NO_NEW_PRIVS), landlock_restrict_self, seccomp, execve {}",
            words.join(" ")
        ));
        let environment = [
            "PATH=/usr/local/bin:/usr/bin:/bin".to_owned(),
            format!("{RUN_VARIABLE}={}", workspace.run()),
        ];
        let words: Vec<&Path> = command.iter().map(PathBuf::as_path).collect();
        Ok(Box::new(ConfinedStarter {
            program: Program::new(&words, &environment)?,
            rules,
            filter,
        }))
    }
}

impl Confined {
    /// Writes the guest program and tells the command that runs it.
    fn write_guest(self, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
        let write = |name: &str, bytes: &[u8]| -> Result<PathBuf, Failure> {
            let file = folder.join(name);
            write_once(&file, bytes)?;
            Ok(file)
        };
        match self {
            Self::Native => Ok(vec![write("guest", guest::NATIVE)?]),
            Self::Node => {
                let node = tools::find("node")
                    .ok_or_else(|| Failure::new("there is no `node` on PATH"))?;
                write("guest.js", guest::JAVASCRIPT.as_bytes())?;
                Ok(vec![node, write("node.js", guest::NODE.as_bytes())?])
            }
        }
    }

    /// Which files may be read and run, and no network.
    fn rules(self, command: &[PathBuf], folder: &Path) -> Result<OwnedFd, Failure> {
        let read = AccessFs::from_read(RULES);
        let mut readable = vec![folder.to_owned()];
        if self == Self::Node {
            readable.extend(SYSTEM.map(PathBuf::from));
            // Where it is not among the system's own.
            readable.extend(fs::canonicalize(&command[0]));
        }
        let fail = |error: &dyn std::fmt::Display| Failure::of("cannot make the rules", error);
        let mut rules = Ruleset::default()
            .handle_access(AccessFs::from_all(RULES))
            .and_then(|rules| rules.handle_access(AccessNet::from_all(RULES)))
            .and_then(Ruleset::create)
            .map_err(|error| fail(&error))?;
        for place in readable.iter().filter(|place| place.exists()) {
            rules = allow(rules, place, read).map_err(|error| fail(&error))?;
        }
        Option::<OwnedFd>::from(rules)
            .ok_or_else(|| Failure::new("the kernel took none of the rules"))
    }

    /// Which system calls may be made, as a program of the kernel's filter.
    fn filter(self) -> Result<BpfProgram, Failure> {
        let always = |calls: &[libc::c_long]| -> BTreeMap<i64, Vec<_>> {
            calls.iter().map(|call| (*call, Vec::new())).collect()
        };
        let (calls, otherwise, on_match) = match self {
            Self::Native => (
                always(&[&ALLOWED[..], &ALLOWED_HERE[..]].concat()),
                SeccompAction::KillProcess,
                SeccompAction::Allow,
            ),
            Self::Node => (
                always(&DENIED),
                SeccompAction::Allow,
                SeccompAction::Errno(Errno::EPERM as u32),
            ),
        };
        let fail = |error: &dyn std::fmt::Display| Failure::of("cannot make the filter", error);
        let processor = std::env::consts::ARCH
            .try_into()
            .map_err(|error| fail(&error))?;
        SeccompFilter::new(calls, otherwise, on_match, processor)
            .and_then(BpfProgram::try_from)
            .map_err(|error| fail(&error))
    }
}

fn allow(
    rules: RulesetCreated,
    place: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, Box<dyn std::error::Error>> {
    let access = if place.is_dir() {
        access
    } else {
        access & AccessFs::from_file(RULES)
    };
    Ok(rules.add_rule(PathBeneath::new(PathFd::new(place)?, access))?)
}

/// The version of Landlock that the kernel has.
#[expect(unsafe_code, reason = "the library keeps the version to itself")]
fn landlock_version() -> Result<libc::c_long, Errno> {
    const VERSION: libc::c_ulong = 1;
    let no_rules: *const libc::c_void = std::ptr::null();
    // SAFETY: with this flag the kernel reads no attributes and makes nothing.
    Errno::result(unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, no_rules, 0, VERSION) })
}

#[derive(Debug)]
struct ConfinedStarter {
    program: Program,
    rules: OwnedFd,
    filter: BpfProgram,
}

impl Starter for ConfinedStarter {
    #[expect(unsafe_code, reason = "rights are given up between clone and exec")]
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let mut set_up = || {
            set_no_new_privs().map_err(|error| ("give up new rights", error))?;
            // SAFETY: two numbers; the rules are open while this starter lives.
            let restricted = unsafe {
                libc::syscall(libc::SYS_landlock_restrict_self, self.rules.as_raw_fd(), 0)
            };
            Errno::result(restricted).map_err(|error| ("give up files", error))?;
            apply_filter(&self.filter).map_err(|_| ("give up system calls", Errno::last()))
        };
        // SAFETY: three system calls with what was made before, in the last case behind a function
        // that neither allocates nor locks.
        let (pid, guest) = unsafe { spawn(&self.program, CloneFlags::empty(), &mut set_up) }?;
        LiveGuest::new(pid, guest).start(request, Some(Stamp::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::{ALLOWED, Confined, DENIED};
    use std::collections::BTreeSet;

    #[test]
    fn no_call_is_listed_twice_and_both_filters_compile() {
        let allowed: BTreeSet<_> = ALLOWED.iter().collect();
        let denied: BTreeSet<_> = DENIED.iter().collect();
        assert_eq!(allowed.len(), ALLOWED.len());
        assert_eq!(denied.len(), DENIED.len());
        assert!(allowed.is_disjoint(&denied));
        for confined in [Confined::Native, Confined::Node] {
            assert!(!confined.filter().expect("a program").is_empty());
        }
    }
}
