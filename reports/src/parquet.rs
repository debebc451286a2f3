//! Tables as Parquet, with the types kept: text, 64-bit floating point, and flags.

use polars::prelude::{DataFrame, NamedFrom, ParquetWriter, PolarsResult, Series};

use crate::error::ReportError;
use crate::table::{Table, Values};

/// A table as Parquet.
///
/// # Errors
/// When polars refuses the table.
pub fn write(table: &Table) -> Result<Vec<u8>, ReportError> {
    bytes(table).map_err(|source| ReportError::Parquet {
        table: table.name,
        source: Box::new(source),
    })
}

fn bytes(table: &Table) -> PolarsResult<Vec<u8>> {
    let columns = table
        .columns
        .iter()
        .map(|column| {
            let name = column.name.into();
            match &column.values {
                Values::Text(values) => Series::new(name, values),
                Values::Number(values) => Series::new(name, values),
                Values::Flag(values) => Series::new(name, values),
            }
            .into()
        })
        .collect();
    let mut frame = DataFrame::new(table.rows(), columns)?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut frame)?;
    Ok(bytes)
}
