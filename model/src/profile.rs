//! What a sandbox technology costs, and where each number comes from.
//!
//! A profile document holds one table per technology. Each of its numbers is *measured* (by the
//! harness, on a named host), *published* (with a citation) or *assumed* (with a reason); a number
//! that says none of the three is refused.

mod document;

pub use document::{ProfileDocument, TechnologyDocument};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::word;

/// What separates one sandbox from another, weakest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Boundary {
    /// A language runtime in one process: V8 isolates, Wasm instances.
    LanguageRuntime,
    /// An operating-system process.
    Process,
    /// Namespaces and cgroups over one kernel: containers.
    SharedKernel,
    /// A kernel in user space between the sandbox and the host's kernel: gVisor.
    UserSpaceKernel,
    /// Hardware virtualisation: microVMs.
    Hardware,
}

impl Boundary {
    /// Whether the work inside calls the same kernel as everything else on the host: then a flaw in
    /// that kernel is a way out.
    pub fn shares_kernel(self) -> bool {
        match self {
            Self::LanguageRuntime | Self::Process | Self::SharedKernel => true,
            Self::UserSpaceKernel | Self::Hardware => false,
        }
    }
}

/// What a sandbox offers to the work inside.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Outgoing calls to services.
    ApiCalls,
    /// Runs JavaScript.
    Javascript,
    /// Runs any WebAssembly module.
    Wasm,
    /// Runs Python.
    Python,
    /// A full Linux: files, git, a shell, arbitrary binaries.
    Linux,
    /// A web browser.
    Browser,
}

/// Where a number comes from.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Measured by the harness on a named host.
    Measured,
    /// Published by others, with a citation.
    Published,
    /// Assumed, with a reason.
    Assumed,
}

word!(
    Boundary,
    "an isolation boundary",
    [
        "language-runtime",
        "process",
        "shared-kernel",
        "user-space-kernel",
        "hardware",
    ]
);
word!(
    Capability,
    "a capability",
    [
        "api-calls",
        "javascript",
        "wasm",
        "python",
        "linux",
        "browser",
    ]
);

impl Capability {
    /// The capability in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::ApiCalls => "outgoing calls",
            Self::Javascript => "JavaScript",
            Self::Wasm => "WebAssembly",
            Self::Python => "Python",
            Self::Linux => "a full Linux",
            Self::Browser => "a browser",
        }
    }
}
