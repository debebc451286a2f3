//! Counting who is present, twice, so that Little's law can be checked.

use super::error::SimulationError;
use super::time::SimTime;

/// A place that entities enter and leave: the system, a sandbox, a queue, a CPU.
///
/// Two accounts are kept independently. The *area* is the integral of the number present over time,
/// from the counter. The *stay* is the sum of the times spent, from each entity's own time of entry,
/// clipped to the window. Little's law L = λW is the statement that they are equal, and over any
/// window, with the stays of those still present included, they are equal to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Station {
    present: u64,
    peak: u64,
    area: u128,
    changed: SimTime,
    stay: u128,
    origin: SimTime,
    entered: u64,
    left: u64,
    at_start: u64,
}

impl Station {
    pub(super) const fn new() -> Self {
        Self {
            present: 0,
            peak: 0,
            area: 0,
            changed: SimTime::ZERO,
            stay: 0,
            origin: SimTime::ZERO,
            entered: 0,
            left: 0,
            at_start: 0,
        }
    }

    #[inline]
    pub(super) fn enter(&mut self, now: SimTime) {
        self.settle(now);
        self.present += 1;
        self.entered += 1;
        self.peak = self.peak.max(self.present);
    }

    #[inline]
    pub(super) fn leave(&mut self, now: SimTime, since: SimTime) {
        self.settle(now);
        self.present -= 1;
        self.left += 1;
        self.stay += u128::from(now - since.max(self.origin));
    }

    /// Forgets what was accumulated; those present stay.
    pub(super) fn restart(&mut self, now: SimTime) {
        *self = Self {
            present: self.present,
            peak: self.present,
            changed: now,
            origin: now,
            at_start: self.present,
            ..Self::new()
        };
    }

    /// Adds the stay so far of one that is present at the end of the window.
    pub(super) fn add_present(&mut self, now: SimTime, since: SimTime) {
        self.stay += u128::from(now - since.max(self.origin));
    }

    #[inline]
    pub(super) fn settle(&mut self, now: SimTime) {
        self.area += u128::from(self.present) * u128::from(now - self.changed);
        self.changed = now;
    }

    pub(super) const fn present(&self) -> u64 {
        self.present
    }

    pub(super) const fn area(&self) -> u128 {
        self.area
    }

    pub(super) const fn entered(&self) -> u64 {
        self.entered
    }

    pub(super) const fn left(&self) -> u64 {
        self.left
    }

    pub(super) const fn at_start(&self) -> u64 {
        self.at_start
    }

    pub(super) const fn peak(&self) -> u64 {
        self.peak
    }

    /// Checks Little's law and that nobody appeared or vanished. To be called after
    /// [`add_present`](Self::add_present) for everyone present; `found` is how many that were.
    pub(super) fn check(
        &self,
        little: &'static str,
        balance: &'static str,
        found: u64,
    ) -> Result<(), SimulationError> {
        if self.area != self.stay {
            return Err(SimulationError::InvariantViolated {
                invariant: little,
                left: self.area as f64,
                right: self.stay as f64,
            });
        }
        let expected = self.left + found;
        if self.at_start + self.entered != expected || self.present != found {
            return Err(SimulationError::InvariantViolated {
                invariant: balance,
                left: (self.at_start + self.entered) as f64,
                right: expected as f64,
            });
        }
        Ok(())
    }
}
