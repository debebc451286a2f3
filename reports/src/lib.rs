//! Charts, tables and pages made from results.
//!
//! A [`CapacityResult`](tonnage_model::result::CapacityResult) is the only input. [`write_all`]
//! makes a directory of everything: one self-contained page, the same numbers as Markdown, JSON,
//! CSV and Parquet, and each chart as SVG and PNG. Each format is also a function of its own.
//! [`compare()`] tells what changed between two results and why.
//!
//! Nothing here measures, computes a capacity or reads a clock: the same result gives the same
//! bytes.

pub mod chart;
pub mod error;
pub mod format;
mod view;
pub mod words;

pub use error::ReportError;

#[cfg(test)]
#[path = "../tests/common/mod.rs"]
#[allow(clippy::all, clippy::pedantic, dead_code, missing_docs, unreachable_pub)]
mod fixture;
