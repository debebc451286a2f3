//! A measurement from its text.

use super::document::{MEASUREMENT_FORMAT, Measurement};

/// Why a text is no measurement, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong, in a sentence without an end.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Byte of the text.
    pub at: usize,
}

/// Whether a text is meant to be JSON, as measurements are, and not TOML: no TOML begins so.
pub fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// Reads a measurement.
///
/// # Errors
/// If the text is not JSON, is something else, or is of a format this version does not know.
pub fn read(text: &str) -> Result<Measurement, Unreadable> {
    const HELP: &str = "`tonnage measure` writes a measurement";
    let wrong = |message: String, help: &str| Unreadable {
        message,
        help: help.to_owned(),
        at: text.len() - text.trim_start().len(),
    };
    let invalid = |error: &serde_json::Error| Unreadable {
        message: format!("this is not a measurement: {}", without_place(error)),
        help: if error.is_eof() {
            "it ends too early: it was not written to its end"
        } else {
            HELP
        }
        .to_owned(),
        at: byte_of(text, error.line(), error.column()),
    };
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| invalid(&error))?;
    match value.get("kind").and_then(serde_json::Value::as_str) {
        Some("measurement") => {}
        Some(other) => {
            return Err(wrong(
                format!("this is of kind `{other}`, not a measurement"),
                HELP,
            ));
        }
        None => {
            return Err(wrong(
                "this is not a measurement: it does not say `\"kind\": \"measurement\"`".to_owned(),
                "`tonnage measure` writes a measurement; the result of a plan is none",
            ));
        }
    }
    match value.get("format").and_then(serde_json::Value::as_u64) {
        Some(format) if format == u64::from(MEASUREMENT_FORMAT) => {}
        Some(format) => {
            return Err(wrong(
                format!("measurement format {format} is not known"),
                &format!(
                    "this version reads format {MEASUREMENT_FORMAT}: use a newer Tonnage, or \
                     measure again"
                ),
            ));
        }
        None => {
            return Err(wrong(
                "this measurement does not say its format".to_owned(),
                HELP,
            ));
        }
    }
    // Read from the text, not from the value, so that an error has a place.
    serde_json::from_str(text).map_err(|error| invalid(&error))
}

/// What an error says without the line and column that stand elsewhere.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// The byte at a line and a column in bytes, both from 1.
fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let begin: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    (begin + column.saturating_sub(1)).min(text.len())
}
