//! The capacity model.
pub mod distribution;
pub mod queueing;
pub mod random;
pub mod simulation;
pub mod statistics;
