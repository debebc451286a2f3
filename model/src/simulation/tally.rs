//! Running summaries of observed values.

use super::error::SimulationError;
use super::spec::invalid;
use super::time::NANOSECONDS_PER_SECOND;
use crate::statistics::sketch::Sketch;
use serde::Serialize;

/// Bound on the relative error of quantiles.
const QUANTILE_ERROR: f64 = 1.0 / 256.0;

/// Parts of one that a value is counted in: of a second, or of a factor.
const PARTS: f64 = NANOSECONDS_PER_SECOND;

/// What was seen of one quantity: how many values, their sum, how many were above the least
/// possible value and above the target, and their quantiles.
///
/// All is kept in whole numbers, values as billionths: nanoseconds of a wait, which are exact, and
/// billionths of a slowdown, rounded to the nearest. So merging is exact: whatever the order and
/// grouping, the same values give the same tally.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tally {
    count: u64,
    /// Billionths.
    sum: u128,
    /// Billionths.
    largest: u64,
    /// Billionths.
    floor: u64,
    above_floor: u64,
    target: Option<f64>,
    above_target: u64,
    /// Of the values above the floor.
    sketch: Sketch,
}

impl Tally {
    /// For waiting times in seconds, of which the least possible is zero.
    pub(super) fn waits(target: Option<f64>) -> Result<Self, SimulationError> {
        Self::new(0, target)
    }

    /// For slowdown factors, of which the least possible is one.
    pub(super) fn slowdowns(target: Option<f64>) -> Result<Self, SimulationError> {
        Self::new(1_000_000_000, target)
    }

    fn new(floor: u64, target: Option<f64>) -> Result<Self, SimulationError> {
        let sketch = Sketch::new(QUANTILE_ERROR)
            .map_err(|error| invalid("quantile error", error.to_string()))?;
        Ok(Self {
            count: 0,
            sum: 0,
            largest: 0,
            floor,
            above_floor: 0,
            target,
            above_target: 0,
            sketch,
        })
    }

    /// Adds a duration, given in nanoseconds.
    #[inline]
    pub(super) fn record_nanoseconds(&mut self, duration: u64) {
        self.count += 1;
        if duration != 0 {
            self.record_above(duration, duration as f64 / PARTS);
        }
    }

    /// Adds the ratio of two durations, of which the second isn't zero.
    #[inline]
    pub(super) fn record_ratio(&mut self, duration: u64, alone: u64) {
        self.count += 1;
        if duration == alone {
            self.sum += u128::from(self.floor);
            self.largest = self.largest.max(self.floor);
            return;
        }
        let value = duration as f64 / alone as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "float-to-integer casts saturate, which is what is wanted"
        )]
        let parts = (value * PARTS + 0.5) as u64;
        self.record_above(parts, value);
    }

    #[inline]
    fn record_above(&mut self, parts: u64, value: f64) {
        self.sum += u128::from(parts);
        self.largest = self.largest.max(parts);
        if parts > self.floor {
            self.above_floor += 1;
            self.sketch.record_positive(value);
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
        // All tallies have the same precision, which is all a merge asks for.
        let merged = self.sketch.merge(&other.sketch);
        debug_assert!(merged.is_ok());
    }

    /// Number of values.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    pub fn sum(&self) -> f64 {
        self.sum as f64 / PARTS
    }

    /// Their mean; `None` if there are none.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum() / self.count as f64)
    }

    /// The largest; `None` if there are none.
    pub fn largest(&self) -> Option<f64> {
        (self.count > 0).then(|| self.largest as f64 / PARTS)
    }

    /// Number of values above the least possible: of waits that weren't zero, of bursts that were
    /// slowed down.
    pub const fn above_floor(&self) -> u64 {
        self.above_floor
    }

    /// Share of values above the least possible; `None` if there are no values.
    pub fn fraction_above_floor(&self) -> Option<f64> {
        (self.count > 0).then(|| self.above_floor as f64 / self.count as f64)
    }

    /// The quantile of this level, between 0 and 1, within 0.4% of a value seen; `None` if there are
    /// no values.
    pub fn quantile(&self, level: f64) -> Option<f64> {
        if self.count == 0 || level.is_nan() {
            return None;
        }
        let at_floor = (self.count - self.above_floor) as f64;
        let rank = level.clamp(0.0, 1.0) * self.count as f64;
        if self.above_floor == 0 || rank <= at_floor && at_floor > 0.0 {
            return Some(self.floor as f64 / PARTS);
        }
        self.sketch
            .quantile((rank - at_floor) / self.above_floor as f64)
    }

    /// Number of values above a value above the floor; those within 0.4% of it may count on either
    /// side.
    pub(super) fn above(&self, value: f64) -> f64 {
        let at_most = self.sketch.share_at_most(value).unwrap_or(0.0);
        self.above_floor as f64 * (1.0 - at_most)
    }

    pub(super) const fn has_target(&self) -> bool {
        self.target.is_some()
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

#[cfg(test)]
mod tests {
    use super::Tally;

    fn waits(values: impl IntoIterator<Item = u32>) -> Tally {
        let mut tally = Tally::waits(Some(50.0)).unwrap();
        for value in values {
            tally.record_nanoseconds(u64::from(value) * 1_000_000_000);
        }
        tally
    }

    #[test]
    fn counts_are_exact_and_quantiles_close() {
        // Half are zero; the others are 1 to 100.
        let tally = waits((0..100).map(|_| 0).chain(1..=100));
        assert_eq!(tally.count(), 200);
        assert_eq!(tally.mean(), Some(25.25));
        assert_eq!(tally.largest(), Some(100.0));
        assert_eq!(tally.fraction_above_floor(), Some(0.5));
        assert_eq!(tally.fraction_above_target(), Some(0.25));
        for (level, expected) in [
            (0.3, 0.0),
            (0.5, 0.0),
            (0.75, 50.0),
            (0.99, 98.0),
            (1.0, 100.0),
        ] {
            let found = tally.quantile(level).unwrap();
            assert!(
                (found - expected).abs() <= expected / 250.0,
                "{level}: {found}"
            );
        }
    }

    #[test]
    fn merging_is_recording_together() {
        let mut merged = waits(0..30);
        merged.merge(&waits(30..90));
        assert_eq!(merged, waits(0..90));
    }

    #[test]
    fn nothing_has_no_mean() {
        let tally = waits([]);
        assert_eq!(tally.mean(), None);
        assert_eq!(tally.quantile(0.5), None);
        assert_eq!(tally.fraction_above_target(), None);
    }
}
