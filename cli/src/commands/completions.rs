//! `tonnage completions`: completions for a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Arguments;
use crate::console;
use crate::failure::{Failure, Outcome};

const EXAMPLES: &str = "\
Examples:
  tonnage completions bash > ~/.local/share/bash-completion/completions/tonnage
  tonnage completions fish > ~/.config/fish/completions/tonnage.fish";

/// Arguments of `tonnage completions`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

/// Prints the completions.
pub(crate) fn run(arguments: &CompletionsArguments) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "tonnage",
        &mut script,
    );
    console::print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Done)
}
