//! The capacity model.
pub mod demand;
pub mod distribution;
pub mod document;
pub mod input;
pub mod plan;
pub mod profile;
pub mod queueing;
pub mod random;
pub mod result;
pub mod scenario;
pub mod simulation;
pub mod statistics;
pub mod units;
