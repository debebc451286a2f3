//! How far a measurement has come, for whoever waits, and Ctrl-C.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tonnage_harness::conductor::Watcher;
use tonnage_harness::record::CellId;

use crate::console::Console;
use crate::interrupt::Interrupt;

/// A bar that says what is being measured.
#[derive(Debug)]
pub(crate) struct Meter {
    console: Console,
    interrupt: Interrupt,
    bar: Mutex<Option<ProgressBar>>,
    begin: Instant,
    last_line: Mutex<Option<Instant>>,
    told: AtomicBool,
}

/// How often a line says what is being measured where there is no bar.
const EVERY: Duration = Duration::from_secs(20);

impl Meter {
    /// A bar on standard error, if somebody looks at it.
    pub(crate) fn new(console: Console, interrupt: Interrupt) -> Self {
        Self {
            console,
            interrupt,
            bar: Mutex::new(None),
            begin: Instant::now(),
            last_line: Mutex::new(None),
            told: AtomicBool::new(false),
        }
    }

    /// Says what is being measured, now and then, where no bar shows it.
    fn line(&self, cell: &CellId, number: usize, of: usize, seconds: Option<f64>) {
        if self.console.shows_progress() {
            return;
        }
        let mut last = self
            .last_line
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.is_some_and(|last| last.elapsed() < EVERY) {
            return;
        }
        let first = last.is_none();
        *last = Some(Instant::now());
        if first {
            // The number of steps was told a moment ago.
            return;
        }
        let left = seconds.map_or_else(String::new, |seconds| {
            format!(" of {:.0}", self.begin.elapsed().as_secs_f64() + seconds)
        });
        self.console.note(&format!(
            "step {} of {of}, {:.0}{left} seconds: {}, {}",
            number + 1,
            self.begin.elapsed().as_secs_f64(),
            cell.technology,
            cell.part.words()
        ));
    }

    fn with_bar(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        // A bar that a panic left half drawn is still good enough to draw on.
        let mut bar = self
            .bar
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        act(&mut bar);
    }
}

impl Watcher for Meter {
    fn cell(&self, cell: &CellId, number: usize, of: usize, seconds: Option<f64>) {
        self.with_bar(|bar| {
            let bar = bar.get_or_insert_with(|| {
                let at_most = seconds
                    .map(|seconds| {
                        format!(", {:.0} minutes at most for repetitions", seconds / 60.0)
                    })
                    .unwrap_or_default();
                self.console.note(&format!(
                    "measuring in {of} steps{at_most}; leave the host alone meanwhile"
                ));
                let target = if self.console.shows_progress() {
                    ProgressDrawTarget::stderr()
                } else {
                    ProgressDrawTarget::hidden()
                };
                let bar = ProgressBar::with_draw_target(Some(of as u64), target);
                let style = ProgressStyle::with_template(
                    "[{bar:30}] {pos}/{len}, {elapsed}, about {eta} left: {msg}",
                )
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("=> ");
                bar.set_style(style);
                // Redrawn when something happens and not by a clock: a thread that wakes up is work
                // that would be measured too.
                bar.enable_steady_tick(Duration::ZERO);
                bar
            });
            bar.set_position(number as u64);
            bar.set_message(format!("{}, {}", cell.technology, cell.part.words()));
        });
        self.line(cell, number, of, seconds);
    }

    fn cancelled(&self) -> bool {
        let asked = self.interrupt.asked();
        if asked && !self.told.swap(true, Ordering::Relaxed) {
            self.with_bar(|bar| {
                if let Some(bar) = bar.take() {
                    bar.finish_and_clear();
                }
            });
            self.console.note(
                "interrupted: summing up what was measured; press Ctrl-C again to stop at once",
            );
        }
        asked
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.with_bar(|bar| {
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
        });
    }
}
