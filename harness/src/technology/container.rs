//! OCI containers: namespaces and control groups over the host's kernel.
//!
//! [`oci`] drives a runtime (runc, crun) without a daemon, [`restored`] has it go on from a checkpoint,
//! [`containerd`] goes through containerd alone, [`engine`] through an engine (Docker, Podman), and
//! [`joined`] has programs join a container that runs. All use the same root file systems, which [`root`]
//! makes from what the host has.

mod bundle;
pub mod containerd;
pub mod engine;
mod hierarchy;
pub mod joined;
mod network;
pub mod oci;
pub mod restored;
pub mod root;

use super::command;
use crate::guest::Language;
use crate::meter::processes::RUN_VARIABLE;
use crate::technology::{Tool, Verdict};
use crate::{Capability, coding, tools};
use root::Contents;

/// The right to mount file systems, among much else.
const CAP_SYS_ADMIN: u32 = 21;

/// The right to raise limits of resources.
const CAP_SYS_RESOURCE: u32 = 24;

/// Whether this process has a capability.
fn may(capability: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> capability & 1 == 1)
}

/// What a container of these contents offers to the work inside, and the language of its guest.
pub(super) fn offer(contents: Contents) -> (Vec<Capability>, Language) {
    match contents {
        // A container's root file system may hold anything: this is what containers can carry, as
        // in the published profile.
        Contents::Node => (
            vec![
                Capability::ApiCalls,
                Capability::Javascript,
                Capability::Wasm,
                Capability::Python,
                Capability::Linux,
            ],
            Language::Javascript,
        ),
        Contents::Python => (
            vec![Capability::ApiCalls, Capability::Python, Capability::Linux],
            Language::Python,
        ),
        Contents::Native => (vec![Capability::ApiCalls], Language::Native),
        // Bash, whose work is held against that of a plain process by the step and not by a language.
        Contents::Coding => (vec![Capability::Linux], Language::Native),
    }
}

/// Adds what a step of a coding agent runs.
pub(super) fn add_coding_tools(found: &mut Vec<Tool>) -> Result<(), Verdict> {
    for name in coding::PROGRAMS {
        let Some(path) = coding::program(name) else {
            return Err(Verdict::NotHere {
                why: format!("there is no `{name}` on PATH, which a coding agent's step runs"),
                enable: "apt-get install bash coreutils git grep nodejs python3 sed".to_owned(),
            });
        };
        if matches!(name, "git" | "node" | "python3") {
            found.extend(tools::tool(name, &path, &["--version"]));
        }
    }
    Ok(())
}

/// Adds the interpreter that is copied into a container to the tools it runs with.
pub(super) fn add_interpreter(contents: Contents, tools: &mut Vec<Tool>) -> Result<(), Verdict> {
    if contents == Contents::Coding {
        return add_coding_tools(tools);
    }
    let Some((name, package)) = contents.package() else {
        return Ok(());
    };
    let tool = contents
        .interpreter()
        .and_then(|path| tools::tool(name, &path, &["--version"]));
    match tool {
        Some(tool) => {
            tools.push(tool);
            Ok(())
        }
        None => Err(Verdict::NotHere {
            why: format!("there is no working `{name}` on this host to put into the container"),
            enable: format!("apt-get install {package}"),
        }),
    }
}
