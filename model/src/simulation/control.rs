//! Watching, stopping and limiting runs.

use super::error::SimulationError;
use std::fmt;
use std::ops::ControlFlow;

/// Progress of one run, handed to the hook about every 65,536 events.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunProgress {
    /// Which replication.
    pub replication: u64,
    /// Share of the simulated time that has passed, 0 to 1.
    pub done: f64,
    /// Events handled so far.
    pub events: u64,
}

/// How a caller watches, stops and limits runs.
///
/// ```
/// use std::ops::ControlFlow;
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use tonnage_model::simulation::Control;
///
/// let stop = AtomicBool::new(false);
/// let hook = |_: &_| {
///     if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
/// };
/// let control = Control::new(&hook).with_max_events(1_000_000);
/// # let _ = control;
/// ```
#[derive(Clone, Copy)]
pub struct Control<'a> {
    hook: &'a (dyn Fn(&RunProgress) -> ControlFlow<()> + Sync),
    max_events: u64,
}

impl<'a> Control<'a> {
    /// Calls `hook` now and then from whichever thread is simulating; the run ends with
    /// [`SimulationError::Cancelled`] when it breaks.
    pub fn new(hook: &'a (dyn Fn(&RunProgress) -> ControlFlow<()> + Sync)) -> Self {
        Self {
            hook,
            max_events: u64::MAX,
        }
    }

    /// Ends any single run with [`SimulationError::EventLimit`] after about this many events.
    #[must_use]
    pub const fn with_max_events(mut self, events: u64) -> Self {
        self.max_events = events;
        self
    }

    pub(super) const fn max_events(&self) -> u64 {
        self.max_events
    }

    pub(super) fn check(&self, progress: &RunProgress) -> Result<(), SimulationError> {
        if (self.hook)(progress).is_break() {
            return Err(SimulationError::Cancelled);
        }
        if progress.events > self.max_events {
            return Err(SimulationError::EventLimit {
                limit: self.max_events,
            });
        }
        Ok(())
    }
}

impl Default for Control<'_> {
    fn default() -> Self {
        Self::new(&|_| ControlFlow::Continue(()))
    }
}

impl fmt::Debug for Control<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Control")
            .field("max_events", &self.max_events)
            .finish_non_exhaustive()
    }
}
