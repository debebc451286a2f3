//! Measuring from beginning to end: clear up after killed runs, look at the host, measure, and say
//! what it came to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tonnage_model::measurement::document::{MEASUREMENT_FORMAT, Measurement, Run as RunInfo};
use tonnage_model::measurement::summary::{Asked, Subject, rows};

use crate::conductor::{Conduct, ConductError, Watcher, conduct};
use crate::effort::Effort;
use crate::guest::{HEAVY_ROUNDS, WORKING_SET};
use crate::host::Fingerprint;
use crate::log::{Header, LOG_FORMAT, Log, LogError, Raw};
use crate::run::{Run, folder_of_runs, sweep};
use crate::technology::{Description, Role, Technology, Verdict, find, registry};

/// What to measure, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// Technologies by name; all that a fleet could run on, and their references, if none is named.
    pub technologies: Vec<String>,
    /// How much time it may take.
    pub effort: Effort,
    /// Fixes the order of blocks and the nonces.
    pub seed: u64,
    /// The command that was given, as a user could type it.
    pub command: String,
    /// Folder for the log and the measurement.
    pub folder: PathBuf,
    /// Whether to go on with the log in the folder.
    pub resume: bool,
    /// How child processes are run.
    pub conduct: Conduct,
}

/// Why nothing, or not everything, was measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// There is no such technology.
    #[error("there is no technology `{name}`")]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// There is nothing to resume.
    #[error("there is nothing to resume: {} is not there", .0.display())]
    NothingToResume(PathBuf),
    /// The run cannot go on.
    #[error(transparent)]
    Conduct(#[from] ConductError),
    /// The log cannot be used.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A file cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// What a run came to.
#[derive(Debug)]
pub struct Measured {
    /// The measurement.
    pub measurement: Measurement,
    /// Every raw record.
    pub raw: Raw,
    /// Killed runs that were cleared up before.
    pub swept: Vec<String>,
}

/// The log of raw records in a folder.
pub fn log_in(folder: &Path) -> PathBuf {
    folder.join("samples.jsonl")
}

/// The measurement in a folder.
pub fn measurement_in(folder: &Path) -> PathBuf {
    folder.join("measurement.json")
}

/// Every technology with the verdict on it.
pub fn examine() -> Vec<(Description, Verdict)> {
    registry()
        .iter()
        .filter(|technology| technology.description().role != Role::KnownAnswer)
        .map(|technology| (technology.description(), technology.examine()))
        .collect()
}

/// Measures, and writes the log and the measurement.
///
/// # Errors
/// If there is no such technology, or a file or a child process is refused. What was measured until
/// then is in the log, and a resumed run goes on from there.
pub fn measure(request: &Request, watcher: &dyn Watcher) -> Result<Measured, MeasureError> {
    let begin = Instant::now();
    let runs = folder_of_runs();
    let swept = sweep(&runs);
    let path = log_in(&request.folder);
    let (mut log, mut raw) = if request.resume {
        if !path.exists() {
            return Err(MeasureError::NothingToResume(path));
        }
        Log::resume(&path)?
    } else {
        let header = header(request)?;
        let log = Log::begin(&path, &header)?;
        (log, Raw::new(header))
    };
    let run = Run::begin(&runs).map_err(ConductError::Folder)?;
    let conducted = conduct(&run, &request.conduct, &mut log, &mut raw, watcher)?;
    drop(run);
    let mut measurement = summarise(&raw, begin.elapsed().as_secs_f64(), conducted.complete);
    if conducted.left_out > 0 {
        measurement.run.remarks.push(format!(
            "the time was over before everything was repeated: {} repetitions were left out, and \
             what was measured fewer times has wider intervals; fewer technologies at once, or \
             --thorough, have time for all",
            conducted.left_out
        ));
    }
    let path = measurement_in(&request.folder);
    let text = serde_json::to_string_pretty(&measurement).map_err(io::Error::from);
    text.and_then(|text| fs::write(&path, text + "\n"))
        .map_err(|error| MeasureError::File { path, error })?;
    Ok(Measured {
        measurement,
        raw,
        swept,
    })
}

fn header(request: &Request) -> Result<Header, MeasureError> {
    let named: Vec<Box<dyn Technology>> = request
        .technologies
        .iter()
        .map(|name| find(name).ok_or_else(|| MeasureError::Unknown { name: name.clone() }))
        .collect::<Result<_, _>>()?;
    let technologies = if named.is_empty() {
        examine()
    } else {
        named
            .iter()
            .map(|technology| (technology.description(), technology.examine()))
            .collect()
    };
    let started = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    Ok(Header {
        format: LOG_FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: request.command.clone(),
        effort: request.effort,
        seed: request.seed,
        started,
        host: Fingerprint::of_this_host().to_host(),
        technologies,
    })
}

/// What raw records come to.
pub fn summarise(raw: &Raw, seconds: f64, complete: bool) -> Measurement {
    let header = &raw.header;
    let subjects: Vec<Subject<'_>> = header
        .technologies
        .iter()
        .map(|(technology, verdict)| Subject {
            technology,
            verdict,
            cells: raw.of(&technology.id).collect(),
        })
        .collect();
    let asked = Asked {
        working_set: WORKING_SET,
        rounds: HEAVY_ROUNDS,
    };
    let mut remarks = Vec::new();
    if !complete {
        remarks.push("the run was stopped before everything was measured".to_owned());
    }
    let again: u32 = raw.attempts.values().map(|attempts| attempts - 1).sum();
    if again > 0 {
        remarks.push(format!(
            "the run was resumed; {again} of its cells were begun again"
        ));
    }
    Measurement {
        format: MEASUREMENT_FORMAT,
        kind: "measurement".to_owned(),
        run: RunInfo {
            version: header.version.clone(),
            command: header.command.clone(),
            effort: header.effort.word().to_owned(),
            seed: header.seed,
            started: header.started,
            seconds,
            complete,
            remarks,
        },
        host: header.host.clone(),
        rows: rows(&subjects, asked),
    }
}
