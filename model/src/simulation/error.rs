//! What can go wrong with a simulation.

use thiserror::Error;

/// Why a simulation didn't produce a result.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// The input describes no possible system.
    #[error("invalid {field}: {reason}")]
    InvalidSpec {
        /// The input that was refused.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The simulation contradicted an identity that holds for every run. This is a defect of the
    /// simulator, never of its input, and no number of such a run may be used.
    #[error("invariant violated: {invariant}: {left} should equal {right}")]
    InvariantViolated {
        /// The identity.
        invariant: &'static str,
        /// Its left side.
        left: f64,
        /// Its right side.
        right: f64,
    },
    /// The caller's progress hook asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// The run needed more events than it was allowed.
    #[error("more than {limit} events needed")]
    EventLimit {
        /// Events allowed.
        limit: u64,
    },
}
