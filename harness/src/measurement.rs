//! What can be measured on this host.

use std::fmt;

use serde::Serialize;

use crate::Boundary;

/// Every group of technologies, weakest isolation first.
pub const GROUPS: [Boundary; 5] = [
    Boundary::LanguageRuntime,
    Boundary::Process,
    Boundary::SharedKernel,
    Boundary::UserSpaceKernel,
    Boundary::Hardware,
];

/// Whether a group of technologies can be measured on this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Availability {
    /// This version has no measurement of it, on any host.
    NotInThisVersion,
}

impl fmt::Display for Availability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInThisVersion => f.write_str("measuring is not available in this version"),
        }
    }
}

/// Whether a group can be measured on this host.
pub fn availability(group: Boundary) -> Availability {
    match group {
        Boundary::LanguageRuntime
        | Boundary::Process
        | Boundary::SharedKernel
        | Boundary::UserSpaceKernel
        | Boundary::Hardware => Availability::NotInThisVersion,
    }
}

/// The group in words, with examples.
pub fn describe(group: Boundary) -> &'static str {
    match group {
        Boundary::LanguageRuntime => "language runtimes (V8 isolates, Wasm instances)",
        Boundary::Process => "processes",
        Boundary::SharedKernel => "containers",
        Boundary::UserSpaceKernel => "user-space kernels (gVisor)",
        Boundary::Hardware => "microVMs",
    }
}

/// What is known of the technologies on this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Measurement {
    /// Nothing: a plan has to use numbers that others published.
    Nothing,
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => {
                f.write_str("nothing is measured yet; planning from the published profile")
            }
        }
    }
}

/// Measures what this host has.
pub fn measure() -> Measurement {
    Measurement::Nothing
}
