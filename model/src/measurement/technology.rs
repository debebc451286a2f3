//! What a technology that can be measured is.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::profile::{Boundary, Capability};

/// What a technology is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Description {
    /// Its name in commands and files: lower case, digits and dashes.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// What separates one sandbox from another.
    pub boundary: Boundary,
    /// What it offers to the work inside.
    pub offers: Vec<Capability>,
    /// What the guest program is written in here.
    pub language: Language,
    /// What a start begins from.
    pub start: StartKind,
    /// What the clock of a start covers, in a sentence.
    pub clock: String,
    /// What a reader must know.
    pub notes: Option<String>,
    /// What the row is there for.
    pub role: Role,
}

/// What a start begins from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StartKind {
    /// Nothing but code in the page cache.
    Cold,
    /// A snapshot of an initialised heap.
    Snapshot,
    /// Code compiled beforehand.
    Precompiled,
    /// Code compiled beforehand and memory set aside beforehand.
    Pooled,
    /// A part of a sandbox that is already there, such as a context in a shared isolate.
    Shared,
    /// A program of its own in a sandbox that already runs, such as `exec` into a container.
    Joined,
}

/// What a row is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A technology that a fleet could run on.
    Candidate,
    /// The same work without a sandbox around it, against which others are held.
    Reference,
    /// What the harness itself costs.
    Overhead,
    /// Known answers: sleeps, burns and touches as told, or fails as told. For checking the
    /// harness; left out unless named.
    KnownAnswer,
}

/// Whether a technology can be measured on this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Verdict {
    /// It can.
    Ready {
        /// What it runs with.
        tools: Vec<Tool>,
    },
    /// It can't.
    NotHere {
        /// Why.
        why: String,
        /// What would change that: a command, if there is one.
        enable: String,
    },
}

/// A program or library that a technology runs with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it says of its version.
    pub version: String,
    /// Where it is, if it is a file.
    pub path: Option<PathBuf>,
}

/// The language a guest program is written in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Compiled from C.
    Native,
    /// JavaScript.
    Javascript,
    /// Python.
    Python,
}

/// Something done once, before any start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PreparationStep {
    /// What was done.
    pub what: String,
    /// How long it took, in seconds.
    pub seconds: f64,
}
