//! Results and reports on disk.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tonnage_harness::log::Raw;
use tonnage_harness::technology::registry;
use tonnage_model::measurement::document::Measurement;
use tonnage_model::result::CapacityResult;
use tonnage_model::scenario::Bundle;
use tonnage_reports::{
    INPUTS_FILE, RESULT_FILE, ReportError, ReportOptions, WrittenReport, write_all_with,
};

use crate::failure::Failure;
use crate::library;

/// Makes sure that a report can be written before minutes are spent on it.
pub(crate) fn prepare(folder: &Path) -> Result<(), Failure> {
    let shown = folder.display();
    if folder.exists() && !folder.is_dir() {
        return Err(Failure::input(format!(
            "cannot write the report to `{shown}`: it is a file"
        ))
        .help("give --output a folder; one that does not exist yet is made"));
    }
    let probe = folder.join(format!(".tonnage-{}.probe", std::process::id()));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(|error| {
            let why = match error.kind() {
                ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
                    "a part of that path is a file".to_owned()
                }
                kind => kind.to_string(),
            };
            Failure::system(format!("cannot write the report to `{shown}`: {why}"))
                .help("give --output a folder you may write to")
        })
}

/// Writes a report.
pub(crate) fn write(
    result: &CapacityResult,
    folder: &Path,
    inputs: Option<Bundle>,
) -> Result<WrittenReport, Failure> {
    write_all_with(result, folder, &report_options(inputs))
        .map_err(|error| Failure::system(error.to_string()))
}

/// What a report is made with beside its result.
pub(crate) fn report_options(inputs: Option<Bundle>) -> ReportOptions {
    let technologies = registry()
        .iter()
        .map(|technology| technology.description())
        .collect();
    ReportOptions {
        command: inputs.as_ref().map(|inputs| inputs.command.clone()),
        technologies,
        inputs,
    }
}

/// The file with the result: the path itself, or what a report's folder holds.
pub(crate) fn result_in(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join(RESULT_FILE)
    } else {
        path.to_owned()
    }
}

/// What a result was computed from, where that lies beside it.
pub(crate) fn inputs_beside(result: &Path) -> Result<Option<Bundle>, Failure> {
    let path = result_in(result).with_file_name(INPUTS_FILE);
    if !path.exists() {
        return Ok(None);
    }
    let shown = path.display();
    let text = library::read_file(&path)
        .map_err(|error| Failure::input(format!("cannot read `{shown}`: {error}")))?;
    match Bundle::read(&text) {
        Ok(bundle) => Ok(Some(bundle)),
        Err(error) => Err(Failure::input(format!("`{shown}`: {error}"))
            .help("it lies beside the result in the folder of a report and is not to be changed")),
    }
}

/// Writes one file.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|error| {
        Failure::system(format!("cannot write {}: {}", path.display(), error.kind()))
    })
}

/// Writes the raw samples of a measurement as a table.
pub(crate) fn write_samples(raw: &Raw, folder: &Path) -> Result<(), Failure> {
    let path = folder.join("samples.parquet");
    let bytes = tonnage_reports::samples::write(&raw.cells)
        .map_err(|error| Failure::system(error.to_string()))?;
    write_file(&path, &bytes)
}

/// A result as JSON.
pub(crate) fn json(result: &CapacityResult) -> Result<String, Failure> {
    tonnage_reports::json::write(result).map_err(|error| Failure::system(error.to_string()))
}

/// What a file that `report` and `compare` read holds.
#[derive(Debug)]
pub(crate) enum Document {
    /// The result of a plan.
    Result(Box<CapacityResult>),
    /// A measurement of a host.
    Measurement(Box<Measurement>),
}

/// Reads a result or a measurement: a measurement says at its top level that it is one.
///
/// A folder stands for the result in it.
pub(crate) fn read(path: &Path) -> Result<Document, Failure> {
    let path = &result_in(path);
    let shown = path.display();
    let text = library::read_file(path).map_err(|error| {
        Failure::input(format!("cannot read `{shown}`: {error}")).help(
            "a result is what `tonnage plan --json` prints, or the result.json of a report; \
             a measurement is a measurement.json",
        )
    })?;
    if is_measurement(&text) {
        return match Measurement::read(&text) {
            Ok(measurement) => Ok(Document::Measurement(Box::new(measurement))),
            Err(error) => Err(Failure::input(format!("`{shown}`: {error}"))),
        };
    }
    match tonnage_reports::json::read(&text) {
        Ok(result) => Ok(Document::Result(Box::new(result))),
        Err(error) => {
            let failure = Failure::input(format!("`{shown}`: {error}"));
            Err(match error {
                ReportError::Json(_) => failure.help(
                    "a result is what `tonnage plan --json` prints; \
                     this one is damaged or was changed by hand",
                ),
                _ => failure,
            })
        }
    }
}

fn is_measurement(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text)
        .is_ok_and(|value| value.get("kind").is_some_and(|kind| kind == "measurement"))
}

/// Writes the tables of a measurement.
pub(crate) fn write_measurement(
    measurement: &Measurement,
    folder: &Path,
) -> Result<WrittenReport, Failure> {
    tonnage_reports::measurement::write_all(measurement, folder)
        .map_err(|error| Failure::system(error.to_string()))
}
