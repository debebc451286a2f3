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
    /// What the work finds inside.
    #[serde(default)]
    pub inside: Inside,
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

/// What the work finds inside a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Inside {
    /// Files to read and write.
    pub files: Support,
    /// Git.
    pub git: Support,
    /// A shell.
    pub bash: Support,
    /// Any program that was compiled for the host's kind of processor and system.
    pub binaries: Support,
    /// Connections to elsewhere.
    pub network: Support,
    /// What code may be written in or compiled to.
    pub code: Vec<CodeForm>,
}

impl Inside {
    /// A language runtime: code reaches what functions of the host give it, and runs no programs.
    pub fn runtime(code: Vec<CodeForm>) -> Self {
        Self {
            files: Support::Possible,
            git: Support::No,
            bash: Support::No,
            binaries: Support::No,
            network: Support::Possible,
            code,
        }
    }

    /// The host itself, as a process of one of its users finds it.
    pub fn host() -> Self {
        Self {
            code: vec![CodeForm::Any],
            ..Self::all(Support::Yes)
        }
    }

    /// A Linux with a root file system of its own, of which what was measured has the least: the
    /// programs that are wanted, Git and a shell among them, have to be put into it.
    pub fn linux(network: Support) -> Self {
        Self {
            files: Support::Yes,
            git: Support::Possible,
            bash: Support::Possible,
            binaries: Support::Yes,
            network,
            code: vec![CodeForm::Any],
        }
    }

    /// No sandbox, and nothing inside.
    pub fn nothing() -> Self {
        Self::all(Support::No)
    }

    /// The same answer for everything, and no code.
    pub fn all(support: Support) -> Self {
        Self {
            files: support,
            git: support,
            bash: support,
            binaries: support,
            network: support,
            code: Vec::new(),
        }
    }
}

/// Whether a sandbox has something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Support {
    /// It has it, as it was measured.
    Yes,
    /// It can have it: a function of the host, or something put into its root file system, would
    /// bring it. What was measured is without.
    Possible,
    /// It cannot have it.
    No,
    /// Nobody said: the measurement is of a version that did not tell.
    #[default]
    Untold,
}

impl Support {
    /// The value in a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Possible => "possible",
            Self::No => "no",
            Self::Untold => "not told",
        }
    }
}

/// What code may be written in or compiled to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CodeForm {
    /// Whatever runs on Linux.
    Any,
    /// Machine code that calls no operating system.
    Freestanding,
    /// Whatever compiles to WebAssembly.
    Wasm,
    /// JavaScript.
    Javascript,
    /// TypeScript, without compiling it beforehand.
    Typescript,
    /// Python.
    Python,
}

impl CodeForm {
    /// The value in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Freestanding => "machine code without an operating system",
            Self::Wasm => "WebAssembly",
            Self::Javascript => "JavaScript",
            Self::Typescript => "TypeScript",
            Self::Python => "Python",
        }
    }
}

/// What a start begins from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StartKind {
    /// Nothing but code in the page cache.
    Cold,
    /// A snapshot of an initialised heap.
    Snapshot,
    /// CodeForm compiled beforehand.
    Precompiled,
    /// CodeForm compiled beforehand and memory set aside beforehand.
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
