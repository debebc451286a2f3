//! How a command ends, and the exit code that says so.

use std::process::ExitCode;

use tonnage_model::document::Problems;

/// How a command that did its work ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is done.
    Done,
    /// Two results differ, and the caller asked to be told by the exit code.
    Differs,
    /// A measurement got worse, and the caller asked to be told by the exit code.
    Worse,
    /// A report is not what its inputs give.
    Unconfirmed,
    /// The user stopped it; what was known by then is written.
    Interrupted,
}

impl Outcome {
    /// The exit code.
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Differs => 3,
            Self::Worse => 4,
            Self::Unconfirmed => 5,
            Self::Interrupted => 130,
        })
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A scenario or profile cannot be used.
    Document(Box<Problems>),
    /// An argument or an input file cannot be used.
    Input(Advice),
    /// The system refused something, or the program is wrong.
    System(Advice),
    /// Whoever read the output has stopped reading, as `head` does: no failure.
    NobodyReads,
}

/// What is wrong, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Advice {
    /// What is wrong and where.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) help: Option<String>,
}

impl Failure {
    /// An argument or an input file cannot be used.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::Input(Advice::new(message))
    }

    /// The system refused something, or the program is wrong.
    pub(crate) fn system(message: impl Into<String>) -> Self {
        Self::System(Advice::new(message))
    }

    /// Adds what to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        if let Self::Input(advice) | Self::System(advice) = &mut self {
            advice.help = Some(help.into());
        }
        self
    }

    /// The exit code.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Document(_) | Self::Input(_) => 2,
            Self::System(_) => 1,
            Self::NobodyReads => 0,
        })
    }
}

impl Advice {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
        }
    }
}

impl From<Box<Problems>> for Failure {
    fn from(problems: Box<Problems>) -> Self {
        Self::Document(problems)
    }
}
