//! The crash-safe log: every record as it comes, one JSON object to a line.
//!
//! The first line says what the run is to measure; every other line is a record of one cell. A line
//! that a crash cut off is the last and is left out when the log is read. A cell that has no end in
//! the log is measured again when the run is resumed; only its last attempt counts, and the earlier
//! stays in the log.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tonnage_model::measurement::document::Host;

use crate::effort::Effort;
use crate::record::{CellId, Record};
use crate::technology::{Description, Verdict};

/// Version of the log's format.
pub const LOG_FORMAT: u32 = 1;

/// What a run is to measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the format.
    pub format: u32,
    /// Version of Tonnage.
    pub version: String,
    /// The command that was given.
    pub command: String,
    /// How much time it is to take.
    pub effort: Effort,
    /// The seed.
    pub seed: u64,
    /// When it began, in seconds since 1970 (UTC).
    pub started: u64,
    /// The host.
    pub host: Host,
    /// The technologies and whether they can be measured here.
    pub technologies: Vec<(Description, Verdict)>,
}

/// A line of the log after the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Line {
    cell: CellId,
    attempt: u32,
    #[serde(flatten)]
    record: Record,
}

/// Everything a log holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Raw {
    /// What the run was to measure.
    pub header: Header,
    /// The records of the last attempt of each cell.
    pub cells: BTreeMap<CellId, Vec<Record>>,
    /// How often each cell was begun.
    pub attempts: BTreeMap<CellId, u32>,
}

impl Raw {
    /// Nothing measured yet.
    pub fn new(header: Header) -> Self {
        Self {
            header,
            cells: BTreeMap::new(),
            attempts: BTreeMap::new(),
        }
    }

    /// Whether a cell has an end.
    pub fn is_finished(&self, cell: &CellId) -> bool {
        self.cells
            .get(cell)
            .and_then(|records| records.last())
            .is_some_and(|last| matches!(last, Record::Done(_) | Record::Failed { .. }))
    }

    /// The records of every cell of a technology.
    pub fn of<'a>(
        &'a self,
        technology: &'a str,
    ) -> impl Iterator<Item = (&'a CellId, &'a [Record])> + 'a {
        self.cells
            .iter()
            .filter(move |(cell, _)| cell.technology == technology)
            .map(|(cell, records)| (cell, records.as_slice()))
    }
}

/// Why a log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It cannot be read or written.
    #[error("cannot {doing} {}: {error}", path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// The log.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is not a log of this version.
    #[error("{}, line {line}: {reason}", path.display())]
    Content {
        /// The log.
        path: PathBuf,
        /// Where.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

/// A log that is being written.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Begins a log, over one that may be there.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn begin(path: &Path, header: &Header) -> Result<Self, LogError> {
        let file = File::create(path).map_err(failed("write", path))?;
        let mut log = Self {
            path: path.to_owned(),
            file,
        };
        log.write_line(header)?;
        Ok(log)
    }

    /// Goes on with a log: reads what is there, and writes after it.
    ///
    /// # Errors
    /// If it cannot be read or written, or is no log of this version.
    pub fn resume(path: &Path) -> Result<(Self, Raw), LogError> {
        let (raw, good) = read(path)?;
        let mut file = OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(failed("write", path))?;
        // A line that was cut off would spoil the next.
        file.set_len(good)
            .and_then(|()| file.seek(SeekFrom::End(0)))
            .map_err(failed("write", path))?;
        let log = Self {
            path: path.to_owned(),
            file,
        };
        Ok((log, raw))
    }

    /// Writes a record.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, cell: &CellId, attempt: u32, record: &Record) -> Result<(), LogError> {
        self.write_line(&Line {
            cell: cell.clone(),
            attempt,
            record: record.clone(),
        })
    }

    fn write_line(&mut self, line: &impl Serialize) -> Result<(), LogError> {
        // One write for a line: what is killed in between leaves whole lines.
        serde_json::to_vec(line)
            .map_err(io::Error::from)
            .and_then(|mut text| {
                text.push(b'\n');
                self.file.write_all(&text)
            })
            .map_err(failed("write", &self.path))
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn flush(&self) -> Result<(), LogError> {
        self.file.sync_data().map_err(failed("write", &self.path))
    }
}

/// Reads a log. Also tells how many bytes of it are whole lines.
///
/// # Errors
/// If it cannot be read or is no log of this version.
pub fn read(path: &Path) -> Result<(Raw, u64), LogError> {
    let content = |line, reason| LogError::Content {
        path: path.to_owned(),
        line,
        reason,
    };
    let file = File::open(path).map_err(failed("read", path))?;
    let mut reader = BufReader::new(file);
    let mut good = 0;
    let mut text = Vec::new();
    let mut raw: Option<Raw> = None;
    let mut number = 0;
    loop {
        text.clear();
        let read = reader
            .read_until(b'\n', &mut text)
            .map_err(failed("read", path))?;
        number += 1;
        if text.last() != Some(&b'\n') {
            break;
        }
        match &mut raw {
            None => {
                let header: Header = serde_json::from_slice(&text)
                    .map_err(|error| content(number, format!("this is no log: {error}")))?;
                if header.format != LOG_FORMAT {
                    let reason = format!(
                        "it has format {}, and this version of Tonnage reads {LOG_FORMAT}",
                        header.format
                    );
                    return Err(content(number, reason));
                }
                raw = Some(Raw::new(header));
            }
            Some(raw) => {
                let line: Line = serde_json::from_slice(&text)
                    .map_err(|error| content(number, error.to_string()))?;
                let attempts = raw.attempts.entry(line.cell.clone()).or_insert(0);
                let records = raw.cells.entry(line.cell).or_default();
                if line.attempt > *attempts {
                    records.clear();
                    *attempts = line.attempt;
                }
                records.push(line.record);
            }
        }
        good += read as u64;
    }
    match raw {
        Some(raw) => Ok((raw, good)),
        None => Err(content(1, "it is empty".to_owned())),
    }
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LogError {
    let path = path.to_owned();
    move |error| LogError::File { doing, path, error }
}

#[cfg(test)]
mod tests {
    use super::{Header, LOG_FORMAT, Log, LogError, read};
    use crate::effort::Effort;
    use crate::record::{CellId, Part, Record};
    use std::io::Write;
    use tonnage_model::measurement::document::Host;

    fn header() -> Header {
        Header {
            format: LOG_FORMAT,
            version: "0.1.0".to_owned(),
            command: "tonnage measure".to_owned(),
            effort: Effort::Quick,
            seed: 1,
            started: 0,
            host: Host {
                vcpus: 2,
                memory: 1,
                facts: Vec::new(),
                warnings: Vec::new(),
            },
            technologies: Vec::new(),
        }
    }

    fn cell(block: u32) -> CellId {
        CellId {
            technology: "empty".to_owned(),
            part: Part::Starts,
            block,
        }
    }

    fn problem(message: &str) -> Record {
        Record::Problem {
            message: message.to_owned(),
        }
    }

    fn end() -> Record {
        Record::Failed {
            message: "over".to_owned(),
        }
    }

    #[test]
    fn a_log_that_was_cut_off_goes_on_after_its_last_whole_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("samples.jsonl");
        let mut log = Log::begin(&path, &header()).expect("begun");
        log.write(&cell(0), 1, &problem("first")).expect("written");
        log.write(&cell(0), 1, &end()).expect("written");
        log.write(&cell(1), 1, &problem("lost")).expect("written");
        log.file.write_all(b"{\"cell\":{\"techno").expect("cut off");
        drop(log);

        let (mut log, raw) = Log::resume(&path).expect("resumed");
        assert!(raw.is_finished(&cell(0)));
        assert!(!raw.is_finished(&cell(1)) && !raw.is_finished(&cell(2)));
        assert_eq!(raw.attempts[&cell(1)], 1);
        log.write(&cell(1), 2, &problem("again")).expect("written");
        log.write(&cell(1), 2, &end()).expect("written");
        drop(log);

        let (raw, _) = read(&path).expect("read");
        assert_eq!(raw.cells[&cell(1)], [problem("again"), end()]);
        assert_eq!(raw.header, header());
    }

    #[test]
    fn what_is_no_log_is_refused_with_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("samples.jsonl");
        std::fs::write(&path, "{\"format\": 99}\n").expect("written");
        let error = read(&path).expect_err("no log");
        assert!(
            matches!(error, LogError::Content { line: 1, .. }),
            "{error}"
        );
        std::fs::write(&path, "").expect("written");
        assert!(
            read(&path)
                .expect_err("empty")
                .to_string()
                .contains("empty")
        );
    }
}
