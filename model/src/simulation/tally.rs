//! Running summaries of observed values.

use super::time::NANOSECONDS_PER_SECOND;

/// What was seen of one quantity: how many values, their sum, how many were above the least
/// possible value and above the target, and their quantiles.
///
/// Tallies of replications are merged; all but the quantiles are exact.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    count: u64,
    sum: f64,
    largest: f64,
    floor: f64,
    above_floor: u64,
    target: Option<f64>,
    above_target: u64,
}

impl Tally {
    /// For waiting times in seconds, of which the least possible is zero.
    pub(super) fn waits(target: Option<f64>) -> Self {
        Self::new(0.0, target)
    }

    /// For slowdown factors, of which the least possible is one.
    pub(super) fn slowdowns(target: Option<f64>) -> Self {
        Self::new(1.0, target)
    }

    fn new(floor: f64, target: Option<f64>) -> Self {
        Self {
            count: 0,
            sum: 0.0,
            largest: 0.0,
            floor,
            above_floor: 0,
            target,
            above_target: 0,
        }
    }

    pub(super) fn record_nanoseconds(&mut self, duration: u64) {
        self.record(duration as f64 / NANOSECONDS_PER_SECOND);
    }

    pub(super) fn record(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
        self.largest = self.largest.max(value);
        if value > self.floor {
            self.above_floor += 1;
            if self.target.is_some_and(|target| value > target) {
                self.above_target += 1;
            }
        }
    }

    /// Adds what another tally of the same quantity has seen.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.largest = self.largest.max(other.largest);
        self.above_floor += other.above_floor;
        self.above_target += other.above_target;
    }

    /// Number of values.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; `None` if there are none.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// The largest; `None` if there are none.
    pub fn largest(&self) -> Option<f64> {
        (self.count > 0).then_some(self.largest)
    }

    /// Share of values above the least possible: of waits that weren't zero, of bursts that were
    /// slowed down. `None` if there are no values.
    pub fn fraction_above_floor(&self) -> Option<f64> {
        (self.count > 0).then(|| self.above_floor as f64 / self.count as f64)
    }

    /// Number of values above the target of the [`Observation`](super::Observation).
    pub const fn above_target(&self) -> u64 {
        self.above_target
    }

    /// Share of values above the target of the [`Observation`](super::Observation); `None` without
    /// a target or values.
    pub fn fraction_above_target(&self) -> Option<f64> {
        (self.count > 0 && self.target.is_some())
            .then(|| self.above_target as f64 / self.count as f64)
    }
}
