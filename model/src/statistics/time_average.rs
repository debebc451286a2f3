//! Averages over time of something that changes in steps, such as the number of live sessions.

use super::{StatisticsError, refused};

/// Accumulates the integral of a piecewise constant value. Time is in the caller's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeAverage {
    start: f64,
    last: f64,
    value: f64,
    integral: f64,
    /// What rounding took from the integral (Neumaier).
    lost: f64,
    highest: f64,
}

impl TimeAverage {
    /// Starts at `start` with `value`.
    ///
    /// # Errors
    /// When an argument is not finite.
    pub fn new(start: f64, value: f64) -> Result<Self, StatisticsError> {
        finite("start", start)?;
        finite("value", value)?;
        Ok(Self {
            start,
            last: start,
            value,
            integral: 0.0,
            lost: 0.0,
            highest: value,
        })
    }

    /// From `time` on the value is `value`.
    ///
    /// # Errors
    /// When an argument is not finite, or `time` is before an earlier one. Nothing changes then.
    pub fn set(&mut self, time: f64, value: f64) -> Result<(), StatisticsError> {
        finite("value", value)?;
        self.advance(time)?;
        self.value = value;
        self.highest = self.highest.max(value);
        Ok(())
    }

    /// Forgets everything before `time`, such as the warm-up; the value stays.
    ///
    /// # Errors
    /// As [`TimeAverage::set`].
    pub fn restart(&mut self, time: f64) -> Result<(), StatisticsError> {
        self.advance(time)?;
        *self = Self::new(time, self.value)?;
        Ok(())
    }

    /// The mean from the start until `time`; the value itself when no time has passed.
    ///
    /// # Errors
    /// When `time` is not finite or before the last change.
    pub fn mean_until(&self, time: f64) -> Result<f64, StatisticsError> {
        let mut whole = *self;
        whole.advance(time)?;
        let elapsed = time - self.start;
        Ok(if elapsed > 0.0 {
            (whole.integral + whole.lost) / elapsed
        } else {
            self.value
        })
    }

    /// The value now.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The highest value so far.
    pub fn highest(&self) -> f64 {
        self.highest
    }

    fn advance(&mut self, time: f64) -> Result<(), StatisticsError> {
        finite("time", time)?;
        if time < self.last {
            return Err(StatisticsError::TimeReversed {
                time,
                last: self.last,
            });
        }
        let piece = self.value * (time - self.last);
        let sum = self.integral + piece;
        self.lost += if self.integral.abs() >= piece.abs() {
            (self.integral - sum) + piece
        } else {
            (piece - sum) + self.integral
        };
        self.integral = sum;
        self.last = time;
        Ok(())
    }
}

fn finite(parameter: &'static str, value: f64) -> Result<(), StatisticsError> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(refused(parameter, "finite", value))
    }
}
