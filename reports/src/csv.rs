//! Tables as CSV: a header, then one line per row; a missing value is empty.

use crate::error::ReportError;
use crate::table::{Table, Values};

/// A table as CSV.
///
/// # Errors
/// When the writer refuses the table.
pub fn write(table: &Table) -> Result<String, ReportError> {
    let failed = |reason: String| ReportError::Csv {
        table: table.name,
        reason,
    };
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer
        .write_record(table.columns.iter().map(|column| column.name))
        .map_err(|error| failed(error.to_string()))?;
    for row in 0..table.rows() {
        let cells = table.columns.iter().map(|column| match &column.values {
            Values::Text(values) => values[row].clone().unwrap_or_default(),
            Values::Number(values) => values[row].map(|v| v.to_string()).unwrap_or_default(),
            Values::Flag(values) => values[row].map(|v| v.to_string()).unwrap_or_default(),
        });
        writer
            .write_record(cells)
            .map_err(|error| failed(error.to_string()))?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| failed(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
}
