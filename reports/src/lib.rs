//! Charts, tables and pages made from results.
//!
//! A [`CapacityResult`](tonnage_model::result::CapacityResult) is the only input. [`write_all`]
//! makes a directory of everything: one self-contained page, the same numbers as Markdown, JSON,
//! CSV and Parquet, and each chart as SVG and PNG. Each format is also a function of its own.
//! [`compare()`] tells what changed between two results and why.
//!
//! [`measurement`] makes tables of a
//! [`Measurement`](tonnage_model::measurement::document::Measurement), and [`compare::measurement`]
//! shows what differs between two.
//!
//! Nothing here measures, computes a capacity or reads a clock: the same result gives the same
//! bytes.

mod arrivals;
mod baseline;
pub mod capabilities;
pub mod chart;
pub mod check;
pub mod compare;
pub mod csv;
mod curves;
pub mod error;
mod fleet;
pub mod format;
pub mod html;
pub mod json;
pub mod markdown;
mod measured;
pub mod measurement;
mod operation;
pub mod optimum;
pub mod parquet;
pub mod samples;
mod section;
pub mod sizing;
pub mod table;
pub mod terminal;
mod view;
pub mod words;
pub mod write;

pub use compare::{Comparison, compare};
pub use error::ReportError;
pub use write::{
    INPUTS_FILE, RESULT_FILE, ReportOptions, WrittenFile, WrittenReport, files, write_all,
    write_all_with,
};

#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod fixture;
