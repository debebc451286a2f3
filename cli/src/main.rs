//! The `tonnage` command: how much hardware an agent fleet needs, and on which sandbox technology.

mod args;
mod commands;
mod console;
mod diagnostics;
mod failure;
mod installing;
mod interrupt;
mod library;
mod measuring;
mod output;
mod planning;
mod progress;
mod scenario;
mod serve;
mod text;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use args::Arguments;
use console::Console;
use failure::Failure;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nobody is left to hear that the help could not be printed.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1));
        }
    };
    let console = Console::new(&arguments.global);
    // A panic is a mistake in the program: the hook has said where, this says what it is.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        commands::run(&arguments.command, console)
    }))
    .unwrap_or_else(|_| {
        Err(Failure::system("this is a bug in Tonnage").help(
            "please report it with the lines above and the command; the result is not complete",
        ))
    });
    match outcome {
        Ok(outcome) => outcome.code(),
        Err(failure) => {
            console.failure(&failure);
            failure.code()
        }
    }
}
