//! Formulas with known answers: loss, waiting, sharing, staffing and time-varying load.
//!
//! Load is offered load in Erlangs throughout: arrival rate times mean service time, the mean
//! number of servers that would be busy if nothing ever waited.
//!
//! | subject | module |
//! |---|---|
//! | Erlang B and C, and their inverses | [`erlang`] |
//! | square-root staffing, Poisson and binomial headroom | [`staffing`] |
//! | few sources: Engset, machine repair | [`finite_source`] |
//! | one server: Pollaczek–Khinchine, M/D/1, M/M/1 | [`single_server`] |
//! | CPUs shared by runnable jobs | [`processor_sharing`] |
//! | load that changes over the day | [`offered_load`] |
//! | how long a session of many turns lasts | [`session_length`] |
//! | unused sandboxes kept ready | [`warm_pool`] |
//! | over-committed memory | [`memory_risk`] |

pub mod erlang;
pub mod finite_source;
pub mod memory_risk;
pub mod offered_load;
pub mod processor_sharing;
pub mod session_length;
pub mod single_server;
pub mod staffing;
pub mod warm_pool;

/// The largest count of servers or sources the formulas take: beyond it a count is no longer
/// exact in double precision.
pub const LARGEST_COUNT: u64 = 1 << 53;

/// Why a formula has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QueueingError {
    /// An argument is NaN, infinite, or outside its range.
    #[error("{parameter} must be {expected}, not {value}")]
    Parameter {
        /// The argument's name.
        parameter: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// What was given.
        value: f64,
    },
    /// Work arrives at least as fast as it can be done, so no steady state exists.
    #[error("a load of {load} Erlangs needs more than {servers} servers to be stable")]
    Unstable {
        /// Offered load in Erlangs.
        load: f64,
        /// Servers available.
        servers: f64,
    },
    /// No count of servers up to [`LARGEST_COUNT`] meets the target.
    #[error("no number of servers up to 2^53 meets the target")]
    OutOfReach,
}

fn refused(parameter: &'static str, expected: &'static str, value: f64) -> QueueingError {
    QueueingError::Parameter {
        parameter,
        expected,
        value,
    }
}

fn non_negative(parameter: &'static str, value: f64) -> Result<f64, QueueingError> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(refused(parameter, "finite and at least zero", value))
    }
}

fn positive(parameter: &'static str, value: f64) -> Result<f64, QueueingError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(refused(parameter, "finite and above zero", value))
    }
}

/// A probability strictly between 0 and 1.
fn open_probability(parameter: &'static str, value: f64) -> Result<f64, QueueingError> {
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err(refused(parameter, "strictly between 0 and 1", value))
    }
}

fn count(parameter: &'static str, value: u64) -> Result<f64, QueueingError> {
    if value <= LARGEST_COUNT {
        Ok(value as f64)
    } else {
        Err(refused(parameter, "at most 2^53", value as f64))
    }
}

fn positive_count(parameter: &'static str, value: u64) -> Result<f64, QueueingError> {
    if value == 0 {
        return Err(refused(parameter, "at least one", 0.0));
    }
    count(parameter, value)
}

/// The smallest integer at or above `lowest` for which `enough` holds, given that it holds for
/// every larger one too. Gallops from `guess`, then bisects.
fn smallest_enough(
    lowest: u64,
    guess: f64,
    enough: impl Fn(u64) -> bool,
) -> Result<u64, QueueingError> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturating is intended
    let guess = (guess as u64).clamp(lowest, LARGEST_COUNT);
    let mut step = 1;
    let (mut too_few, mut plenty) = if enough(guess) {
        let mut plenty = guess;
        loop {
            if plenty == lowest {
                return Ok(lowest);
            }
            let lower = plenty.saturating_sub(step).max(lowest);
            if !enough(lower) {
                break (lower, plenty);
            }
            plenty = lower;
            step *= 2;
        }
    } else {
        let mut too_few = guess;
        loop {
            if too_few == LARGEST_COUNT {
                return Err(QueueingError::OutOfReach);
            }
            let higher = too_few.saturating_add(step).min(LARGEST_COUNT);
            if enough(higher) {
                break (too_few, higher);
            }
            too_few = higher;
            step *= 2;
        }
    };
    while plenty - too_few > 1 {
        let middle = too_few + (plenty - too_few) / 2;
        if enough(middle) {
            plenty = middle;
        } else {
            too_few = middle;
        }
    }
    Ok(plenty)
}
