//! Ctrl-C: the first asks to finish with what is known, the second stops at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::failure::Failure;

/// Exit code of a command that was stopped.
const CODE: i32 = 130;

/// Whether the user has asked to stop.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // The order matters: the first signal only sets what the second one looks at.
            flag::register_conditional_shutdown(signal, CODE, Arc::clone(&asked))
                .and_then(|_| flag::register(signal, Arc::clone(&asked)))
                .map_err(|error| {
                    Failure::system(format!("cannot listen for Ctrl-C: {}", error.kind()))
                })?;
        }
        Ok(Self(asked))
    }

    /// Whether the user has asked to stop.
    pub(crate) fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
