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

/// Numbers below this go through signed integers, which processors convert to and from floats in one
/// instruction; unsigned ones take several.
const EXACT_BELOW: f64 = (1_u64 << 62) as f64;

/// A duration in seconds as whole nanoseconds, rounded to the nearest; NaN and negative values
/// become zero, values beyond the range become `u64::MAX`.
#[inline]
pub(super) fn nanoseconds(seconds: f64) -> u64 {
    truncated(seconds * NANOSECONDS_PER_SECOND + 0.5)
}

/// The whole part; NaN and negative values become zero, values beyond the range `u64::MAX`.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float-to-integer casts saturate, which is what is wanted"
)]
pub(super) fn truncated(value: f64) -> u64 {
    if (0.0..EXACT_BELOW).contains(&value) {
        (value as i64).cast_unsigned()
    } else {
        value as u64
    }
}

/// Rounded up; NaN and negative values become zero, values beyond the range `u64::MAX`.
#[inline]
pub(super) fn rounded_up(value: f64) -> u64 {
    let whole = truncated(value);
    whole.saturating_add(u64::from(float(whole) < value))
}

/// Nanoseconds as a float.
#[inline]
pub(super) fn float(nanoseconds: u64) -> f64 {
    if nanoseconds >> 63 == 0 {
        nanoseconds.cast_signed() as f64
    } else {
        nanoseconds as f64
    }
}

/// A sum of nanoseconds in seconds.
pub(super) fn to_seconds(nanoseconds: u128) -> f64 {
    nanoseconds as f64 / NANOSECONDS_PER_SECOND
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "compared with the casts"
)]
mod tests {
    use super::{SimTime, float, nanoseconds, rounded_up, truncated};

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

    #[test]
    fn conversions_are_those_of_the_language() {
        let values = [
            0.0,
            0.2,
            1.0,
            1.5,
            4.5e15,
            4.6e18,
            9.3e18,
            1.9e19,
            1e300,
            -0.0,
            -2.5,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ];
        for value in values {
            assert_eq!(truncated(value), value as u64, "{value}");
            assert_eq!(rounded_up(value), value.ceil() as u64, "{value}");
        }
        for whole in [0, 1, u64::MAX / 2, u64::MAX / 2 + 1, u64::MAX] {
            assert!((float(whole) - whole as f64).abs() < f64::MIN_POSITIVE);
        }
    }
}
