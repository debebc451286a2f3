//! A histogram with logarithmic buckets: quantiles of any number of values in a few kilobytes.
//!
//! The idea is DDSketch's (Masson, Rim and Lee 2019): buckets whose width grows with the value
//! bound the relative error of every quantile, and two histograms merge by adding counts. Here
//! the buckets are the leading bits of the floating-point number, a fixed number of equal ones to
//! each power of two. So finding a bucket is a shift, the same on every machine, and because
//! counts are integers the merged result is the same to the last bit in whatever order values and
//! sketches come.

use serde::{Deserialize, Serialize};

use super::{StatisticsError, refused};

/// Bits of the fraction in a floating-point number.
const FRACTION_BITS: u32 = 52;

/// Counts of non-negative values in logarithmic buckets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Sketch {
    /// Leading bits of the fraction that tell buckets apart.
    bits: u32,
    zeros: u64,
    count: u64,
    lowest: f64,
    highest: f64,
    /// Bucket of the first entry of `buckets`.
    first: u64,
    /// From the lowest to the highest occupied bucket, so that equal contents are equal sketches.
    buckets: Vec<u64>,
}

/// The written form; what can be computed is not written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    bits: u32,
    zeros: u64,
    /// Lowest and highest value.
    range: Option<(f64, f64)>,
    first: u64,
    buckets: Vec<u64>,
}

impl Sketch {
    /// An empty sketch whose quantiles are within `relative_error` of a true sample (from 2⁻¹³,
    /// about 1.2·10⁻⁴, to 0.5). The error is rounded down to a power of two: 1% becomes 0.78%.
    ///
    /// # Errors
    /// When `relative_error` is outside its range.
    pub fn new(relative_error: f64) -> Result<Self, StatisticsError> {
        if !(2.0_f64.powi(-13)..=0.5).contains(&relative_error) {
            return Err(refused(
                "relative_error",
                "from 2^-13 to 0.5",
                relative_error,
            ));
        }
        // The middle of a bucket is off by at most half of its width, 2^−(bits + 1).
        let mut bits = 0;
        while 0.5_f64.powi(bits + 1) > relative_error {
            bits += 1;
        }
        Ok(Self::empty(bits.unsigned_abs()))
    }

    fn empty(bits: u32) -> Self {
        Self {
            bits,
            zeros: 0,
            count: 0,
            lowest: f64::INFINITY,
            highest: f64::NEG_INFINITY,
            first: 0,
            buckets: Vec::new(),
        }
    }

    /// The bound on the relative error of [`Sketch::quantile`].
    pub fn relative_error(&self) -> f64 {
        0.5 / (1_u64 << self.bits) as f64
    }

    /// Adds a value.
    ///
    /// # Errors
    /// When the value is negative or not finite; the sketch stays as it was.
    pub fn record(&mut self, value: f64) -> Result<(), StatisticsError> {
        self.record_many(value, 1)
    }

    /// Adds a value `times` times.
    ///
    /// # Errors
    /// As [`Sketch::record`].
    pub fn record_many(&mut self, value: f64, times: u64) -> Result<(), StatisticsError> {
        if !(value.is_finite() && value >= 0.0) {
            let expected = "it must be finite and at least zero";
            return Err(StatisticsError::Sample { value, expected });
        }
        if times == 0 {
            return Ok(());
        }
        // Minus zero must not be told apart.
        self.add(value.abs(), times);
        Ok(())
    }

    /// Adds a value known to be finite and above zero.
    #[inline]
    pub(crate) fn record_positive(&mut self, value: f64) {
        debug_assert!(value.is_finite() && value > 0.0, "{value}");
        self.add(value, 1);
    }

    #[inline]
    fn add(&mut self, value: f64, times: u64) {
        self.lowest = self.lowest.min(value);
        self.highest = self.highest.max(value);
        self.count = self.count.saturating_add(times);
        if value < f64::MIN_POSITIVE {
            self.zeros = self.zeros.saturating_add(times);
            return;
        }
        let bucket = value.to_bits() >> (FRACTION_BITS - self.bits);
        let slot = match self.buckets.get_mut(index(bucket.wrapping_sub(self.first))) {
            Some(slot) => slot,
            None => self.slot(bucket),
        };
        *slot = slot.saturating_add(times);
    }

    /// Adds everything in another sketch. Order and grouping of merges do not matter.
    ///
    /// # Errors
    /// [`StatisticsError::DifferentPrecision`] when the relative errors differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), StatisticsError> {
        if self.bits != other.bits {
            return Err(StatisticsError::DifferentPrecision);
        }
        self.lowest = self.lowest.min(other.lowest);
        self.highest = self.highest.max(other.highest);
        self.count = self.count.saturating_add(other.count);
        self.zeros = self.zeros.saturating_add(other.zeros);
        if let Some(last) = other.buckets.len().checked_sub(1) {
            // Make room once, then add.
            self.slot(other.first);
            self.slot(other.first + last as u64);
            let offset = index(other.first - self.first);
            for (mine, theirs) in self.buckets[offset..].iter_mut().zip(&other.buckets) {
                *mine = mine.saturating_add(*theirs);
            }
        }
        Ok(())
    }

    /// How many values were recorded.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The lowest value, exactly.
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.lowest)
    }

    /// The highest value, exactly.
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.highest)
    }

    /// The value of rank ⌈p count⌉, to the relative error; the exact lowest value at p = 0 and the
    /// highest at p = 1. None without values. `p` outside [0, 1] is moved to the nearest end.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        if self.count == 0 || p.is_nan() {
            return None;
        }
        if p <= 0.0 {
            return Some(self.lowest);
        }
        if p >= 1.0 {
            return Some(self.highest);
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // from 1 to count
        let rank = ((p * self.count as f64 * (1.0 - 1e-14)).ceil() as u64).clamp(1, self.count);
        let mut seen = self.zeros;
        if rank <= seen {
            return Some(0.0);
        }
        for (offset, bucket) in self.buckets.iter().enumerate() {
            seen = seen.saturating_add(*bucket);
            if rank <= seen {
                return Some(self.middle(offset).clamp(self.lowest, self.highest));
            }
        }
        Some(self.highest)
    }

    /// The mean, to the relative error; none without values. Computed from the counts, so it does
    /// not depend on any order either.
    pub fn mean(&self) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let total = self.count as f64;
        let weighted =
            |(offset, bucket): (usize, &u64)| self.middle(offset) * (*bucket as f64 / total);
        let mean: f64 = self.buckets.iter().enumerate().map(weighted).sum();
        Some(mean.clamp(self.lowest, self.highest))
    }

    /// The share of values at or below `limit`; values within the relative error of it may count
    /// on either side. None without values.
    pub fn share_at_most(&self, limit: f64) -> Option<f64> {
        if self.count == 0 || limit.is_nan() {
            return None;
        }
        if limit >= self.highest {
            return Some(1.0);
        }
        if limit < self.lowest {
            return Some(0.0);
        }
        let below: u64 = self
            .buckets
            .iter()
            .enumerate()
            .take_while(|(offset, _)| self.middle(*offset) <= limit)
            .map(|(_, bucket)| bucket)
            .sum();
        Some((self.zeros + below) as f64 / self.count as f64)
    }

    /// The middle of the bucket at an offset.
    fn middle(&self, offset: usize) -> f64 {
        let bucket = self.first + offset as u64;
        let shift = FRACTION_BITS - self.bits;
        let low = f64::from_bits(bucket << shift);
        let high = f64::from_bits((bucket + 1) << shift);
        if high.is_finite() {
            low + 0.5 * (high - low)
        } else {
            low
        }
    }

    /// The count of a bucket, which from now on is among the kept ones. Every bucket asked for
    /// gets a count, so the kept range stays the occupied one.
    #[cold]
    fn slot(&mut self, bucket: u64) -> &mut u64 {
        if self.buckets.is_empty() {
            self.first = bucket;
            self.buckets.push(0);
        } else if bucket < self.first {
            let missing = index(self.first - bucket);
            self.buckets.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = bucket;
        } else if bucket - self.first >= self.buckets.len() as u64 {
            self.buckets.resize(index(bucket - self.first) + 1, 0);
        }
        let offset = index(bucket - self.first);
        &mut self.buckets[offset]
    }
}

/// Offsets are below 2^(11 + 12), the number of buckets there can be.
#[allow(clippy::cast_possible_truncation)]
fn index(offset: u64) -> usize {
    offset as usize
}

impl From<Sketch> for Written {
    fn from(sketch: Sketch) -> Self {
        Self {
            bits: sketch.bits,
            zeros: sketch.zeros,
            range: (sketch.count > 0).then_some((sketch.lowest, sketch.highest)),
            first: sketch.first,
            buckets: sketch.buckets,
        }
    }
}

impl TryFrom<Written> for Sketch {
    type Error = StatisticsError;

    fn try_from(written: Written) -> Result<Self, StatisticsError> {
        if written.bits > 12 {
            return Err(refused("bits", "at most 12", f64::from(written.bits)));
        }
        let mut sketch = Self::empty(written.bits);
        sketch.zeros = written.zeros;
        sketch.count = written
            .buckets
            .iter()
            .fold(written.zeros, |sum, n| sum.saturating_add(*n));
        let end = written.first.saturating_add(written.buckets.len() as u64);
        if end > 0x7ff << written.bits {
            return Err(refused(
                "first",
                "a bucket of finite numbers",
                written.first as f64,
            ));
        }
        let ends = [written.buckets.first(), written.buckets.last()];
        if ends.contains(&Some(&0)) {
            return Err(refused("buckets", "occupied at both ends", 0.0));
        }
        match written.range {
            Some((low, high)) if sketch.count > 0 && 0.0 <= low && low <= high => {
                (sketch.lowest, sketch.highest) = (low, high);
            }
            None if sketch.count == 0 => {}
            _ => {
                return Err(refused(
                    "range",
                    "given exactly when there are values",
                    f64::NAN,
                ));
            }
        }
        sketch.first = written.first;
        sketch.buckets = written.buckets;
        Ok(sketch)
    }
}
