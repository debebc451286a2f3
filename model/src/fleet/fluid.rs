//! The expected values of one cell in closed form.
//!
//! Without contention a tier is an `M_t/G/∞` system: open sessions are the offered load that
//! [`demand`](crate::demand) works out from starts and session lengths, with lag and flattening
//! (Eick, Massey and Whitt 1993). Everything else follows from open sessions and starts at a time:
//! turns end at the rate sessions go through them, and every turn and start has its mean work.

use super::day::WeekCurve;
use crate::simulation::{CellSpec, Lifecycle};

/// A quantity that is a sum of a part for every open session and a part for every session started
/// per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    pub(super) of_open: f64,
    pub(super) of_starts: f64,
}

impl Part {
    const fn of_open(factor: f64) -> Self {
        Self {
            of_open: factor,
            of_starts: 0.0,
        }
    }

    fn times(self, factor: f64) -> Self {
        Self {
            of_open: self.of_open * factor,
            of_starts: self.of_starts * factor,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            of_open: self.of_open + other.of_open,
            of_starts: self.of_starts + other.of_starts,
        }
    }
}

/// What one cell does in the mean.
#[derive(Debug, Clone)]
pub(super) struct Fluid {
    /// Open sessions of one cell, as the demand has them: without a sandbox's overheads.
    open: WeekCurve,
    /// Session starts per second of one cell.
    starts: WeekCurve,
    parts: Parts,
}

/// How the quantities follow from open sessions and session starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Parts {
    /// Open sessions, a sandbox's overheads included.
    pub(super) sessions: Part,
    pub(super) sandboxes: Part,
    pub(super) busy: Part,
    /// Sessions opened per second.
    pub(super) opened: Part,
    /// Sandbox starts per second.
    pub(super) starts: Part,
    /// Bursts per second.
    pub(super) bursts: Part,
    /// Events of a simulation per second.
    pub(super) events: Part,
}

impl Parts {
    /// For sessions that last `session_seconds` in the mean without a sandbox's overheads.
    pub(super) fn new(spec: &CellSpec, session_seconds: f64) -> Self {
        let opened = Part {
            of_open: 0.0,
            of_starts: 1.0,
        };
        let turns = Part::of_open(spec.session.turns.mean() / session_seconds);
        let starts_per_session = match spec.lifecycle {
            Lifecycle::PerBurst => spec.session.turns.mean(),
            Lifecycle::PerSession => 1.0,
        };
        // What a session takes beside its starts, over its turns: bursts, and resumes where it is
        // suspended between them.
        let work = spec.session_cpu_mean() - starts_per_session * spec.sandbox.start_cpu.mean();
        let burst = work / spec.session.turns.mean();
        let start_seconds = spec.sandbox.start_latency.mean();
        let sessions = Part::of_open(spec.uncontended_session_mean() / session_seconds);
        let (starts, sandboxes) = match spec.lifecycle {
            Lifecycle::PerBurst => (turns, turns.times(start_seconds + burst)),
            Lifecycle::PerSession => (opened, sessions),
        };
        let busy = turns
            .times(burst)
            .plus(starts.times(spec.sandbox.start_cpu.mean()));
        // A session opens; a think and a burst end; a start's delay and its work end.
        let events = opened.plus(turns.times(2.0)).plus(starts.times(2.0));
        Self {
            sessions,
            sandboxes,
            busy,
            opened,
            starts,
            bursts: turns,
            events,
        }
    }
}

impl Fluid {
    pub(super) fn new(open: WeekCurve, starts: WeekCurve, parts: Parts) -> Self {
        Self {
            open,
            starts,
            parts,
        }
    }

    pub(super) const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Open sessions without overheads at a time in seconds since Monday 00:00 UTC.
    pub(super) fn open(&self, at: f64) -> f64 {
        self.open.at(at)
    }

    /// Session starts per second.
    pub(super) fn rate(&self, at: f64) -> f64 {
        self.starts.at(at)
    }

    /// A quantity at a time.
    pub(super) fn at(&self, part: Part, at: f64) -> f64 {
        part.of_open * self.open.at(at) + part.of_starts * self.starts.at(at)
    }

    /// The mean of a quantity over a time.
    pub(super) fn mean(&self, part: Part, from: f64, to: f64) -> f64 {
        part.of_open * self.open.mean(from, to) + part.of_starts * self.starts.mean(from, to)
    }
}
