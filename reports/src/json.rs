//! The result as JSON, and back.

use serde_json::Value;
use tonnage_model::result::{CapacityResult, RESULT_FORMAT};

use crate::error::ReportError;

/// The result as indented JSON with a line end at its end. The same result gives the same text.
///
/// # Errors
/// When the result holds a number that is not finite: JSON has no such number, and a capacity that
/// is not a number is no answer.
pub fn write(result: &CapacityResult) -> Result<String, ReportError> {
    let mut text = serde_json::to_string_pretty(result)?;
    text.push('\n');
    match read(&text) {
        // Numbers that are not finite are written as `null`, which no field of a number reads.
        Err(ReportError::Json(source)) => Err(ReportError::NotFinite { source }),
        Err(other) => Err(other),
        Ok(_) => Ok(text),
    }
}

/// Reads a result back.
///
/// # Errors
/// When the text is not JSON, is not a result, or is of a format this version does not know.
pub fn read(text: &str) -> Result<CapacityResult, ReportError> {
    let value: Value = serde_json::from_str(text)?;
    let found = value
        .get("format")
        .and_then(Value::as_u64)
        .ok_or(ReportError::NotAResult)?;
    if found != u64::from(RESULT_FORMAT) {
        return Err(ReportError::UnknownFormat { found });
    }
    // Read from the text, not from the value, so that an error names its line.
    Ok(serde_json::from_str(text)?)
}
