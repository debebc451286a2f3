//! How far a plan has come, for whoever waits more than a second.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tonnage_model::plan::Progress;

use crate::console::Console;
use crate::interrupt::Interrupt;

/// What is over by then needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar on standard error, and Ctrl-C.
#[derive(Debug)]
pub(crate) struct Bar {
    console: Console,
    interrupt: Interrupt,
    since: Instant,
    stage: Mutex<Option<Stage>>,
    told: AtomicBool,
}

#[derive(Debug)]
struct Stage {
    bar: ProgressBar,
    shown: bool,
}

impl Bar {
    /// A bar that waits a second before it is seen.
    pub(crate) fn new(console: Console, interrupt: Interrupt) -> Self {
        Self {
            console,
            interrupt,
            since: Instant::now(),
            stage: Mutex::new(None),
            told: AtomicBool::new(false),
        }
    }

    fn with_stage(&self, act: impl FnOnce(&mut Option<Stage>)) {
        // A bar that a panic left half drawn is still good enough to draw on.
        let mut stage = self
            .stage
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        act(&mut stage);
        if let Some(stage) = stage.as_mut()
            && !stage.shown
            && self.console.shows_progress()
            && self.since.elapsed() >= PATIENCE
        {
            stage.bar.set_draw_target(ProgressDrawTarget::stderr());
            stage.bar.enable_steady_tick(Duration::from_millis(200));
            stage.shown = true;
        }
    }

    fn clear(&self) {
        self.with_stage(|stage| {
            if let Some(stage) = stage.take() {
                stage.bar.finish_and_clear();
            }
        });
    }
}

impl Progress for Bar {
    fn begin(&self, stage: &str, steps: u64) {
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len}, {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> ");
        bar.set_style(style);
        bar.set_message(stage.to_owned());
        self.with_stage(|current| {
            if let Some(old) = current.take() {
                old.bar.finish_and_clear();
            }
            *current = Some(Stage { bar, shown: false });
        });
    }

    fn advance(&self, steps: u64) {
        self.with_stage(|stage| {
            if let Some(stage) = stage {
                stage.bar.inc(steps);
            }
        });
    }

    fn cancelled(&self) -> bool {
        let asked = self.interrupt.asked();
        if asked && !self.told.swap(true, Ordering::Relaxed) {
            self.clear();
            self.console.note(
                "interrupted: finishing with what is known; press Ctrl-C again to stop at once",
            );
        }
        asked
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.clear();
    }
}
