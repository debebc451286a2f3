//! The simulation clock: integer nanoseconds.

use std::ops::{Add, Sub};

/// Nanoseconds in one second.
pub(super) const NANOSECONDS_PER_SECOND: f64 = 1e9;

/// A moment on the simulation clock, in nanoseconds since the start of the run.
///
/// Integers make sums of durations exact, so that Little's law can be checked to the nanosecond.
/// The clock reaches 584 years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimTime(pub u64);

impl SimTime {
    /// Start of the run.
    pub const ZERO: Self = Self(0);
    /// Later than every event: "never".
    pub const NEVER: Self = Self(u64::MAX);

    /// Converts from seconds since the start of the run; negative values become zero and values
    /// beyond the clock's range become [`SimTime::NEVER`].
    pub fn from_seconds(seconds: f64) -> Self {
        Self(nanoseconds(seconds))
    }

    /// Seconds since the start of the run.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / NANOSECONDS_PER_SECOND
    }

    /// Nanoseconds since an earlier moment; zero if that moment is later.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<u64> for SimTime {
    type Output = Self;

    fn add(self, nanoseconds: u64) -> Self {
        Self(self.0.saturating_add(nanoseconds))
    }
}

impl Sub for SimTime {
    type Output = u64;

    fn sub(self, earlier: Self) -> u64 {
        self.since(earlier)
    }
}

/// A duration in seconds as whole nanoseconds, rounded to the nearest; NaN and negative values
/// become zero, values beyond the range become `u64::MAX`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float-to-integer casts saturate, which is what is wanted"
)]
pub(super) fn nanoseconds(seconds: f64) -> u64 {
    (seconds * NANOSECONDS_PER_SECOND + 0.5) as u64
}

/// A sum of nanoseconds in seconds.
pub(super) fn to_seconds(nanoseconds: u128) -> f64 {
    nanoseconds as f64 / NANOSECONDS_PER_SECOND
}

#[cfg(test)]
mod tests {
    use super::{SimTime, nanoseconds};

    #[test]
    fn conversion_rounds_and_saturates() {
        assert_eq!(nanoseconds(1e-9), 1);
        assert_eq!(nanoseconds(0.4e-9), 0);
        assert_eq!(nanoseconds(-1.0), 0);
        assert_eq!(nanoseconds(f64::NAN), 0);
        assert_eq!(nanoseconds(f64::INFINITY), u64::MAX);
        assert_eq!(SimTime::from_seconds(2.5), SimTime(2_500_000_000));
        assert_eq!(SimTime::NEVER + 1, SimTime::NEVER);
    }
}
