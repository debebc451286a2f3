//! What can go wrong while a report is made.

use std::path::PathBuf;

use tonnage_model::result::RESULT_FORMAT;

/// Why a report could not be made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A file or directory could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The result is of a version this program does not know.
    #[error(
        "the result has format {found}; this program reads format {RESULT_FORMAT}. {}",
        format_advice(*.found)
    )]
    UnknownFormat {
        /// The version written in the result.
        found: u64,
    },
    /// The text is JSON but has no result format.
    #[error(
        "this is not a result of Tonnage: it has no whole number `format` at its top level. \
         A result is the `result.json` beside a report"
    )]
    NotAResult,
    /// The text is not a result, or is damaged.
    #[error("cannot read the result: {0}")]
    Json(#[from] serde_json::Error),
    /// The result holds a number that is not finite.
    #[error(
        "the result holds a number that is infinite or undefined, so it is not an answer ({source})"
    )]
    NotFinite {
        /// Where it stands in the text.
        source: serde_json::Error,
    },
    /// A table could not be written as CSV.
    #[error("cannot write table `{table}` as CSV: {reason}")]
    Csv {
        /// The table.
        table: &'static str,
        /// What went wrong.
        reason: String,
    },
    /// A table could not be written as Parquet.
    #[error("cannot write table `{table}` as Parquet: {source}")]
    Parquet {
        /// The table.
        table: &'static str,
        /// What went wrong.
        source: Box<polars::error::PolarsError>,
    },
    /// A chart could not be drawn.
    #[error("cannot draw chart `{chart}`: {reason}")]
    Chart {
        /// The chart.
        chart: &'static str,
        /// What went wrong.
        reason: String,
    },
}

fn format_advice(found: u64) -> &'static str {
    if found > u64::from(RESULT_FORMAT) {
        "It was written by a newer version: update Tonnage, or make the result again with this one"
    } else {
        "Make the result again with this version"
    }
}
