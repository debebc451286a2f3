//! Everything the command prints: answers on standard output, everything else on standard error.

use std::io::{self, ErrorKind, IsTerminal, Write};

use crate::args::{Color, Global};
use crate::diagnostics::{self, Style};
use crate::failure::{Advice, Failure};
use tonnage_model::document::{Problem, Problems, Sources};

/// More problems than these at once have one cause, which the first ones show.
const MOST_PROBLEMS: usize = 50;

/// Where the command prints, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    quiet: bool,
    color: bool,
    progress: bool,
    style: Style,
}

impl Console {
    /// The console as the arguments and the environment want it.
    pub(crate) fn new(global: &Global) -> Self {
        let terminal_err = io::stderr().is_terminal();
        let colored = |terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && environment_wants_color(),
        };
        Self {
            quiet: global.quiet,
            color: colored(io::stdout().is_terminal()),
            progress: terminal_err && !global.quiet,
            style: match (colored(terminal_err), terminal_err) {
                (true, _) => Style::Colored,
                (false, true) => Style::Drawn,
                (false, false) => Style::Plain,
            },
        }
    }

    /// Whether answers are coloured.
    pub(crate) fn color(self) -> bool {
        self.color
    }

    /// Whether a progress bar has somebody to look at it.
    pub(crate) fn shows_progress(self) -> bool {
        self.progress
    }

    /// Says something beside the answer, unless asked to be quiet.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }

    /// Shows what is odd but usable, unless asked to be quiet.
    pub(crate) fn warnings(self, sources: &Sources, warnings: &[Problem]) {
        if !self.quiet {
            for warning in warnings {
                say(diagnostics::problem(sources, warning, self.style).trim_end());
            }
        }
    }

    /// Shows why a command failed.
    pub(crate) fn failure(self, failure: &Failure) {
        match failure {
            Failure::Document(problems) => self.problems(problems),
            Failure::Input(advice) | Failure::System(advice) => self.advice(advice),
            Failure::NobodyReads => {}
        }
    }

    fn problems(self, problems: &Problems) {
        let count = problems.problems.len();
        for problem in problems.problems.iter().take(MOST_PROBLEMS) {
            let shown = diagnostics::problem(&problems.sources, problem, self.style);
            say(&format!("{}\n", shown.trim_end()));
        }
        if count > MOST_PROBLEMS {
            say(&format!("and {} more\n", count - MOST_PROBLEMS));
        }
        if count > 1 {
            say(&format!("{count} problems; nothing was computed"));
        }
    }

    fn advice(self, advice: &Advice) {
        say(diagnostics::advice(advice, self.style).trim_end());
    }
}

/// Asks on standard error for a yes on standard input. Nothing if nobody sits there.
pub(crate) fn ask(question: &str) -> Option<bool> {
    if !io::stdin().is_terminal() {
        return None;
    }
    let mut err = io::stderr().lock();
    // A question that cannot be asked is not answered.
    write!(err, "{question} [y/N] ")
        .and_then(|()| err.flush())
        .ok()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).ok()?;
    Some(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Prints an answer.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::NobodyReads),
        Err(error) => Err(Failure::system(format!(
            "cannot write to standard output: {}",
            error.kind()
        ))),
    }
}

/// Columns an answer may be wide: those of the terminal, or 100 where there is none.
pub(crate) fn width() -> usize {
    terminal_size::terminal_size_of(io::stdout())
        .map_or(100, |(terminal_size::Width(columns), _)| columns.into())
}

/// <https://no-color.org>: set and not empty means no colour.
fn environment_wants_color() -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
}

/// A line on standard error. If that is closed nobody is left to tell.
fn say(text: &str) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "{text}");
}
