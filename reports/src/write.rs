//! Everything at once, into a directory.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use tonnage_model::measurement::technology::Description;
use tonnage_model::result::CapacityResult;
use tonnage_model::scenario::Bundle;

use crate::error::ReportError;
use crate::{chart, csv, html, json, markdown, parquet, table};

/// What the caller knows beyond the result.
#[derive(Debug, Clone, Default)]
pub struct ReportOptions {
    /// The exact command that made the result. Without it, the report shows a command with
    /// placeholders for the files.
    pub command: Option<String>,
    /// Technologies that can be measured, for the table of what each has inside: those of the
    /// measurement are in it anyway.
    pub technologies: Vec<Description>,
    /// What the result was computed from: it is written beside the result, so that the report can be
    /// verified.
    pub inputs: Option<Bundle>,
}

/// Name of the file with what the result was computed from.
pub const INPUTS_FILE: &str = "inputs.json";

/// Name of the file with the whole result.
pub const RESULT_FILE: &str = "result.json";

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenReport {
    /// The directory.
    pub directory: PathBuf,
    /// The files, relative to the directory, in the order of the page's downloads.
    pub files: Vec<WrittenFile>,
}

impl WrittenReport {
    /// The page to open first.
    pub fn page(&self) -> PathBuf {
        self.directory.join(html::FILE)
    }
}

/// One file of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Path relative to the report's directory, with `/` between parts.
    pub path: String,
    /// What it is.
    pub about: String,
    /// Size in bytes.
    pub bytes: u64,
}

/// A file that a report has, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) path: String,
    pub(crate) about: String,
    pub(crate) group: &'static str,
}

/// The files beside the page, known before they are written so that the page can link to them.
pub(crate) fn planned(
    charts: &[chart::Chart],
    tables: &[table::Table],
    options: &ReportOptions,
) -> Vec<Planned> {
    let file = |path: String, about: &str, group| Planned {
        path,
        about: about.to_owned(),
        group,
    };
    let mut files = vec![
        file(
            "report.md".to_owned(),
            "this report as Markdown",
            "Documents",
        ),
        file(
            RESULT_FILE.to_owned(),
            "the whole result; `tonnage compare` and `tonnage report` read it",
            "Documents",
        ),
    ];
    if options.inputs.is_some() {
        files.push(file(
            INPUTS_FILE.to_owned(),
            "the texts it was computed from; `tonnage verify` computes it again from them",
            "Documents",
        ));
    }
    for table in tables {
        files.push(file(
            format!("csv/{}.csv", table.name),
            table.about,
            "Tables as CSV",
        ));
    }
    for table in tables {
        let path = format!("parquet/{}.parquet", table.name);
        files.push(file(path, table.about, "Tables as Parquet"));
    }
    for kind in ["svg", "png"] {
        for chart in charts {
            files.push(Planned {
                path: format!("charts/{}.{kind}", chart.id()),
                about: chart.title().to_owned(),
                group: if kind == "svg" {
                    "Charts as SVG"
                } else {
                    "Charts as PNG"
                },
            });
        }
    }
    files
}

/// Writes the page, the documents, the tables and the charts into a directory, which is made if
/// it does not exist. Each file is complete or not there: it is written under another name and
/// renamed.
///
/// # Errors
/// When something cannot be drawn or written; the error names the file.
pub fn write_all(result: &CapacityResult, directory: &Path) -> Result<WrittenReport, ReportError> {
    write_all_with(result, directory, &ReportOptions::default())
}

/// As [`write_all`], with what the caller knows beyond the result.
///
/// # Errors
/// As [`write_all`].
pub fn write_all_with(
    result: &CapacityResult,
    directory: &Path,
    options: &ReportOptions,
) -> Result<WrittenReport, ReportError> {
    let charts = chart::all(result);
    let tables = table::all_with(result, options);
    let contents = contents(result, options, &charts, &tables)?;
    let plans = planned(&charts, &tables, options);
    let mut files = Vec::with_capacity(contents.len());
    for (path, bytes) in contents {
        write_file(&directory.join(&path), &bytes)?;
        let about = plans
            .iter()
            .find(|planned| planned.path == path)
            .map_or_else(|| "the report".to_owned(), |planned| planned.about.clone());
        files.push(WrittenFile {
            path,
            about,
            bytes: bytes.len() as u64,
        });
    }
    Ok(WrittenReport {
        directory: directory.to_owned(),
        files,
    })
}

/// Every file of a report by its path relative to the report's directory, as [`write_all_with`] writes
/// them: the same result and options give the same bytes.
///
/// # Errors
/// When something cannot be drawn or written down; the error names it.
pub fn files(
    result: &CapacityResult,
    options: &ReportOptions,
) -> Result<Vec<(String, Vec<u8>)>, ReportError> {
    let charts = chart::all(result);
    let tables = table::all_with(result, options);
    contents(result, options, &charts, &tables)
}

fn contents(
    result: &CapacityResult,
    options: &ReportOptions,
    charts: &[chart::Chart],
    tables: &[table::Table],
) -> Result<Vec<(String, Vec<u8>)>, ReportError> {
    let mut contents: Vec<(String, Vec<u8>)> = vec![
        (
            html::FILE.to_owned(),
            html::write(result, options)?.into_bytes(),
        ),
        (
            "report.md".to_owned(),
            markdown::write(result, options).into_bytes(),
        ),
        (RESULT_FILE.to_owned(), json::write(result)?.into_bytes()),
    ];
    if let Some(inputs) = &options.inputs {
        contents.push((INPUTS_FILE.to_owned(), inputs.write()?.into_bytes()));
    }
    for table in tables {
        let path = format!("csv/{}.csv", table.name);
        contents.push((path, csv::write(table)?.into_bytes()));
    }
    for table in tables {
        let path = format!("parquet/{}.parquet", table.name);
        contents.push((path, parquet::write(table)?));
    }
    for chart in charts {
        let path = format!("charts/{}.svg", chart.id());
        contents.push((path, chart.svg()?.into_bytes()));
    }
    // Pixels take longest: each chart on a thread of its own.
    let pictures: Vec<(String, Vec<u8>)> = charts
        .par_iter()
        .map(|chart| Ok((format!("charts/{}.png", chart.id()), chart.png()?)))
        .collect::<Result<_, ReportError>>()?;
    contents.extend(pictures);
    Ok(contents)
}

/// Writes a file under a temporary name in the same directory and renames it.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| ReportError::Write { path, source }
    };
    let directory = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(directory).map_err(failed(directory))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = directory.join(format!(".{name}.{}.partial", std::process::id()));
    let written = fs::File::create(&partial).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let moved = written.and_then(|()| fs::rename(&partial, path));
    if moved.is_err() {
        // What is left of a failed write is of no use; failing to remove it changes nothing.
        let _ = fs::remove_file(&partial);
    }
    moved.map_err(failed(path))
}
