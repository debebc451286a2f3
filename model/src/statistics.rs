//! What samples say, and how surely.
//!
//! | question | module |
//! |---|---|
//! | the mean over replications or one long run, with its interval | [`means`] |
//! | where the warm-up ends | [`warm_up`] |
//! | medians, ratios and other statistics, by resampling | [`bootstrap`] |
//! | quantiles with distribution-free intervals | [`quantile`] |
//! | averages over time | [`time_average`] |
//! | millions of values in kilobytes, merged in any order | [`sketch`] |
//! | how bursty counts are | [`dispersion`] |
//! | which input an output follows | [`rank_correlation`] |
//! | totals from a sample of unlike parts, and how to draw it | [`stratified`] |

pub mod bootstrap;
pub mod dispersion;
pub mod means;
pub mod quantile;
pub mod rank_correlation;
pub mod sketch;
pub mod stratified;
pub mod time_average;
pub mod warm_up;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why samples give no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StatisticsError {
    /// Too few samples for the question.
    #[error("{given} samples are too few: at least {needed} are needed")]
    TooFewSamples {
        /// How many it takes.
        needed: u64,
        /// How many there are.
        given: u64,
    },
    /// A sample is NaN or infinite, or negative where it must not be.
    #[error("sample {value} is not usable: {expected}")]
    Sample {
        /// The sample.
        value: f64,
        /// What a sample must be.
        expected: &'static str,
    },
    /// An argument is outside its range.
    #[error("{parameter} must be {expected}, not {value}")]
    Parameter {
        /// The argument's name.
        parameter: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// What was given.
        value: f64,
    },
    /// Time went backwards.
    #[error("time {time} is before {last}")]
    TimeReversed {
        /// The time given.
        time: f64,
        /// The last time before it.
        last: f64,
    },
    /// Sketches of different precision do not merge.
    #[error("sketches of different relative error do not merge")]
    DifferentPrecision,
    /// Samples that are all equal have no correlation.
    #[error("all samples are equal")]
    NoVariation,
}

/// A closed interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Whether the value lies in the interval, ends included.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Upper minus lower end.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }

    /// Whether the two have a point in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// A mean and how far off it may be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate.
    pub mean: f64,
    /// Half of the confidence interval's width.
    pub half_width: f64,
    /// The interval's confidence, such as 0.95.
    pub confidence: f64,
    /// Independent values it rests on: replications or batches.
    pub count: u64,
}

impl Estimate {
    /// The confidence interval.
    pub fn interval(&self) -> Interval {
        Interval {
            low: self.mean - self.half_width,
            high: self.mean + self.half_width,
        }
    }

    /// Half-width over the mean's size; infinite when the mean is zero and the half-width not.
    pub fn relative_half_width(&self) -> f64 {
        if self.half_width == 0.0 {
            0.0
        } else {
            self.half_width / self.mean.abs()
        }
    }
}

fn refused(parameter: &'static str, expected: &'static str, value: f64) -> StatisticsError {
    StatisticsError::Parameter {
        parameter,
        expected,
        value,
    }
}

fn at_least(needed: usize, samples: &[f64]) -> Result<(), StatisticsError> {
    if samples.len() < needed {
        return Err(StatisticsError::TooFewSamples {
            needed: needed as u64,
            given: samples.len() as u64,
        });
    }
    Ok(())
}

fn all_finite(samples: &[f64]) -> Result<(), StatisticsError> {
    match samples.iter().find(|sample| !sample.is_finite()) {
        Some(&value) => Err(StatisticsError::Sample {
            value,
            expected: "it must be finite",
        }),
        None => Ok(()),
    }
}

fn check_confidence(confidence: f64) -> Result<(), StatisticsError> {
    if confidence > 0.0 && confidence < 1.0 {
        Ok(())
    } else {
        Err(refused(
            "confidence",
            "strictly between 0 and 1",
            confidence,
        ))
    }
}
