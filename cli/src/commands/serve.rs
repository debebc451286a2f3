//! `tonnage serve`: a page on this machine that answers while its sliders are dragged.

use std::process::{Command, Stdio};

use clap::Args;

use crate::args::{OutputArguments, ScenarioArguments};
use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::serve::{Explorer, Options, Server};
use crate::{output, scenario};

const EXAMPLES: &str = "\
Examples:
  tonnage serve
  tonnage serve mine.toml --output reports
  tonnage serve mine.toml --set host.speed=1.3 --port 8080 --open

Only programs on this machine reach the page. It changes no file; reports are
written below --output if that is given. Ctrl-C ends it.";

/// Arguments of `tonnage serve`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArguments {
    /// File or name of a built-in scenario
    #[arg(default_value = "us-knowledge-workers")]
    scenario: String,
    #[command(flatten)]
    over: ScenarioArguments,
    /// Port on this machine; any that is free unless given
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Open the page in a browser
    #[arg(long)]
    open: bool,
    /// Draws over uncertain inputs, in place of the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    draws: Option<u32>,
    /// Threads to use; all CPUs unless given. The result is the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    output: OutputArguments,
}

/// Serves until Ctrl-C.
pub(crate) fn run(arguments: &ServeArguments, console: Console) -> Result<Outcome, Failure> {
    let loaded = scenario::load(&arguments.scenario, &arguments.over, console)?;
    if let Some(folder) = &arguments.output.output {
        output::prepare(folder)?;
    }
    let interrupt = Interrupt::listen()?;
    let explorer = Explorer::new(
        loaded,
        Options {
            scenario: arguments.scenario.clone(),
            over: arguments.over.clone(),
            draws: arguments.draws,
            threads: arguments.threads,
            output: arguments.output.output.clone(),
        },
        console,
    )?;
    let server = Server::bind(arguments.port)?;
    let address = server.address();
    console::print(&format!("{address}\n"))?;
    console.note("the explorer is at this address, for this machine alone; Ctrl-C ends it");
    if arguments.open {
        open(&address, console);
    }
    server.run(explorer, &interrupt)?;
    console.note("ended");
    Ok(Outcome::Done)
}

/// Asks the desktop to open the page. Where there is none, the address is on the terminal anyway.
fn open(address: &str, console: Console) {
    let started = Command::new("xdg-open")
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = started {
        console.note(&format!(
            "cannot start `xdg-open` ({}); open the address in a browser",
            error.kind()
        ));
    }
}
