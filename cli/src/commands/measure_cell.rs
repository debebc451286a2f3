//! `tonnage measure-cell`: one child process of a measurement. For Tonnage itself.

use crate::failure::{Failure, Outcome};

/// Measures what standard input says.
pub(crate) fn run() -> Result<Outcome, Failure> {
    match tonnage_harness::cell::serve() {
        Ok(()) => Ok(Outcome::Done),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::NobodyReads),
        Err(error) => Err(
            Failure::system(format!("cannot measure this cell: {error}"))
                .help("this command is run by `tonnage measure`, not by hand"),
        ),
    }
}
