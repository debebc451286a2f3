//! How far a computation has come, and whether it is still wanted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tonnage_model::plan::Progress;

/// Looks at a computation from outside of its threads, and ends it.
#[derive(Debug)]
pub(super) struct Watch {
    since: Instant,
    most: Duration,
    ending: Arc<AtomicBool>,
    abandoned: AtomicBool,
    stage: Mutex<Stage>,
}

/// The current stage.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Stage {
    /// What is being done, in words.
    pub(super) name: String,
    /// Steps done.
    pub(super) done: u64,
    /// Steps in all.
    pub(super) of: u64,
}

impl Watch {
    /// A computation that begins now and may take so long.
    pub(super) fn new(most: Duration, ending: Arc<AtomicBool>) -> Arc<Self> {
        Arc::new(Self {
            since: Instant::now(),
            most,
            ending,
            abandoned: AtomicBool::new(false),
            stage: Mutex::default(),
        })
    }

    /// Nobody waits for it any more.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    /// How long it has been going on.
    pub(super) fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    /// Whether its time is over.
    pub(super) fn is_late(&self) -> bool {
        self.elapsed() > self.most
    }

    /// How far it has come.
    pub(super) fn stage(&self) -> Stage {
        // A stage is whole whatever panicked beside it.
        let stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        stage.clone()
    }

    fn change(&self, change: impl FnOnce(&mut Stage)) {
        change(&mut self.stage.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Progress for Watch {
    fn begin(&self, stage: &str, steps: u64) {
        self.change(|current| {
            *current = Stage {
                name: stage.to_owned(),
                done: 0,
                of: steps,
            };
        });
    }

    fn advance(&self, steps: u64) {
        self.change(|current| current.done = current.done.saturating_add(steps));
    }

    fn cancelled(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
            || self.ending.load(Ordering::Relaxed)
            || self.is_late()
    }
}

/// Abandons a computation when it is dropped, as the server drops a request whose client has gone.
#[derive(Debug)]
pub(super) struct Abandon(pub(super) Arc<Watch>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
