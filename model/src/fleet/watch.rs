//! Progress of runs, and stopping them.

use crate::plan::Progress;
use crate::simulation::Control;
use std::ops::ControlFlow;

/// Runs that tell how far they are and stop when the user asks.
#[derive(Clone, Copy)]
pub(super) struct Watch<'a> {
    progress: &'a dyn Progress,
}

impl<'a> Watch<'a> {
    pub(super) fn new(progress: &'a dyn Progress) -> Self {
        Self { progress }
    }

    pub(super) fn begin(&self, stage: &str, steps: u64) {
        self.progress.begin(stage, steps);
    }

    pub(super) fn advance(&self, steps: u64) {
        self.progress.advance(steps);
    }

    pub(super) fn stopped(&self) -> bool {
        self.progress.cancelled()
    }

    /// A run that can be stopped.
    pub(super) fn run<T>(&self, run: impl FnOnce(&Control<'_>) -> T) -> T {
        run(&Control::new(&|_| self.verdict()))
    }

    /// A run that can be stopped and tells of its progress in so many steps.
    pub(super) fn run_in_steps<T>(&self, steps: u32, run: impl FnOnce(&Control<'_>) -> T) -> T {
        let told = std::sync::atomic::AtomicU64::new(0);
        let tell = |done: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let now = (done.clamp(0.0, 1.0) * f64::from(steps)).floor() as u64;
            let before = told.fetch_max(now, std::sync::atomic::Ordering::Relaxed);
            self.progress.advance(now.saturating_sub(before));
        };
        let found = run(&Control::new(&|progress| {
            tell(progress.done);
            self.verdict()
        }));
        tell(1.0);
        found
    }

    fn verdict(&self) -> ControlFlow<()> {
        if self.stopped() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}
