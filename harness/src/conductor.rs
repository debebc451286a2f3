//! The run as a whole: blocks of child processes in a random order, and a log of what they say.
//!
//! A measurement is made of *cells*: one part for one technology, once, in a process of its own.
//! Every part is repeated in several blocks. Within a block the cells come in a random order that
//! the seed fixes, so that what drifts on the host (its temperature, its neighbours) falls on all
//! technologies alike and shows as scatter, not as a difference.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;

use crate::cell::Task;
use crate::effort::Budget;
use crate::log::{Log, LogError, Raw};
use crate::meter::control_group::ControlGroup;
use crate::record::{Ceiling, CeilingKind, CellId, MemoryStage, Part, Record};
use crate::run::{RUN_VARIABLE, Run};
use crate::technology::{Description, Role, Verdict, find};

/// Cells of a technology that may fail before the rest of them are left out.
const TOLERATED: u32 = 2;

/// Seconds of its limit that a cell is granted before it is taken for hanging, at most.
const LONGEST_SHARE: f64 = 20.0;

/// How a run is to be done.
#[derive(Debug, Clone)]
pub struct Conduct {
    /// The command that measures one cell: a [`Task`] comes as JSON on its standard input, and its
    /// records go as JSON lines to its standard output.
    pub child: Vec<OsString>,
    /// Seconds beyond its budget that a child process may take before it is killed.
    pub patience: f64,
}

/// Whoever waits for a measurement.
pub trait Watcher {
    /// A cell begins. `seconds` is what is left of the time, if it has an end.
    fn cell(&self, cell: &CellId, number: usize, of: usize, seconds: Option<f64>);
    /// Whether to stop.
    fn cancelled(&self) -> bool;
}

/// How a run went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conducted {
    /// Whether it came to its end.
    pub complete: bool,
    /// Repetitions that were left out because the time was over.
    pub left_out: usize,
}

/// Measures what the log's header says and has no end yet; `raw` then holds everything.
///
/// # Errors
/// If the log cannot be written, or no child process can be started.
pub fn conduct(
    run: &Run,
    conduct: &Conduct,
    log: &mut Log,
    raw: &mut Raw,
    watcher: &dyn Watcher,
) -> Result<Conducted, ConductError> {
    // What a child process leaves behind when it is killed comes to this process, which can wait
    // for it.
    nix::sys::prctl::set_child_subreaper(true)
        .map_err(|error| ConductError::Child(error.into()))?;
    let schedule = schedule(raw);
    let mut failures: BTreeMap<String, u32> = BTreeMap::new();
    let mut left_out = 0;
    let purse = raw.header.effort.purse(usable(raw).count());
    let begin = Instant::now();
    for (number, cell) in schedule.iter().enumerate() {
        let elapsed = begin.elapsed().as_secs_f64();
        if watcher.cancelled() {
            return Ok(Conducted {
                complete: false,
                left_out,
            });
        }
        if raw.is_finished(cell) || failures.get(&cell.technology) >= Some(&TOLERATED) {
            continue;
        }
        if purse.leaves_out(elapsed, cell.block) {
            left_out += 1;
            continue;
        }
        watcher.cell(cell, number, schedule.len(), purse.left(elapsed));
        let attempt = raw.attempts.get(cell).copied().unwrap_or(0) + 1;
        let limit = purse.limit(elapsed, schedule.len() - number);
        let budget = raw.header.effort.budget(cell.part).within(limit);
        let records = measure_cell(
            run,
            conduct,
            raw,
            (cell, number, budget),
            watcher,
            &mut |record| log.write(cell, attempt, record),
        )?;
        log.flush()?;
        let reached_a_limit = records.iter().any(
            |record| matches!(record, Record::Ceiling(ceiling) if ceiling.kind == CeilingKind::Limit),
        );
        let failed = matches!(records.last(), Some(Record::Failed { .. }));
        if failed && !reached_a_limit {
            *failures.entry(cell.technology.clone()).or_default() += 1;
        }
        raw.attempts.insert(cell.clone(), attempt);
        raw.cells.insert(cell.clone(), records);
    }
    Ok(Conducted {
        complete: !watcher.cancelled(),
        left_out,
    })
}

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ConductError {
    /// The log cannot be written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// No child process can be started.
    #[error("cannot start the process that measures: {0}")]
    Child(std::io::Error),
    /// Its folder cannot be made.
    #[error("cannot make a folder for temporary files: {0}")]
    Folder(std::io::Error),
}

/// The technologies of a run that can be measured here.
fn usable(raw: &Raw) -> impl Iterator<Item = &Description> {
    raw.header
        .technologies
        .iter()
        .filter(|(_, verdict)| matches!(verdict, Verdict::Ready { .. }))
        .map(|(description, _)| description)
}

/// Every cell of a run, in the order in which they are measured.
fn schedule(raw: &Raw) -> Vec<CellId> {
    let effort = raw.header.effort;
    let usable: Vec<_> = usable(raw).collect();
    let mut rng = Pcg64::seed_from_u64(raw.header.seed);
    let blocks = Part::ALL
        .into_iter()
        .map(|part| effort.blocks(part))
        .max()
        .unwrap_or(0);
    let mut schedule = Vec::new();
    for block in 0..blocks {
        let mut cells = Vec::new();
        for technology in &usable {
            for part in Part::ALL {
                let wanted = match part {
                    Part::Starts | Part::Saturation | Part::MemoryIdle => true,
                    Part::Coding => {
                        find(&technology.id).is_some_and(|technology| technology.coding().is_some())
                    }
                    _ => technology.role != Role::Overhead,
                };
                if wanted && block < effort.blocks(part) {
                    cells.push(CellId {
                        technology: technology.id.clone(),
                        part,
                        block,
                    });
                }
            }
        }
        cells.shuffle(&mut rng);
        schedule.extend(cells);
    }
    schedule
}

/// How many cells a run has.
pub fn cells(raw: &Raw) -> usize {
    schedule(raw).len()
}

/// Measures one cell in a child process. Whatever becomes of it, the records end with one that says
/// so, and nothing of it is left.
fn measure_cell(
    run: &Run,
    conduct: &Conduct,
    raw: &Raw,
    (cell, number, budget): (&CellId, usize, Budget),
    watcher: &dyn Watcher,
    write: &mut dyn FnMut(&Record) -> Result<(), LogError>,
) -> Result<Vec<Record>, ConductError> {
    let own = run.folder_of_cell(number).map_err(ConductError::Folder)?;
    let path = Path::new(run.name()).join(format!("cell-{number}"));
    let group = ControlGroup::create(&path).ok();
    let task = Task {
        cell: cell.clone(),
        budget,
        seed: seed_of(raw.header.seed, cell),
        run: run.name().to_owned(),
        shared: run.shared(),
        own: own.clone(),
        control_group: group.as_ref().map(|group| group.path().to_owned()),
    };
    let share = budget.seconds.max(budget.limit.min(LONGEST_SHARE));
    let limit = Duration::from_secs_f64(share + conduct.patience);
    let mut child =
        start_child(run, conduct, group.as_ref(), &task).map_err(ConductError::Child)?;
    let mut records = Vec::new();
    let listened = listen(&mut child, limit, watcher, &mut |record| {
        write(&record)?;
        records.push(record);
        Ok(())
    });
    let _ = child.process.kill();
    let status = child.process.wait().map_err(ConductError::Child)?;
    run.clear_cell(&own);
    drop(group);
    let ended = listened?;
    let is_finished = matches!(
        records.last(),
        Some(Record::Done(_) | Record::Failed { .. })
    );
    if !is_finished && ended != Ended::Cancelled {
        let said = child.said();
        let why = match ended {
            Ended::TooLate => format!("it was not done within {:.0} seconds", limit.as_secs_f64()),
            _ => format!("the measuring process ended early ({status})"),
        };
        if let Some(ceiling) = ceiling_of(&records, &why) {
            let record = Record::Ceiling(ceiling);
            write(&record)?;
            records.push(record);
        }
        let record = Record::Failed {
            message: if said.is_empty() {
                why
            } else {
                format!("{why}: {said}")
            },
        };
        write(&record)?;
        records.push(record);
    }
    Ok(records)
}

/// The limit that a process has run into which kept more and more sandboxes alive and ended: some
/// technologies end their process rather than say that there is no more room.
fn ceiling_of(records: &[Record], why: &str) -> Option<Ceiling> {
    let live = records.iter().rev().find_map(|record| match record {
        Record::Memory(sample) if sample.stage == MemoryStage::Adding => Some(sample.live),
        _ => None,
    })?;
    let is_told = records
        .iter()
        .any(|record| matches!(record, Record::Ceiling(_)));
    (live > 0 && !is_told).then(|| Ceiling {
        live,
        kind: CeilingKind::Limit,
        reason: format!("with some more than {live} alive, {why}"),
    })
}

/// A seed for one cell.
fn seed_of(seed: u64, cell: &CellId) -> u64 {
    // FNV-1a, 64 bits: the same on every host and in every version.
    let text = format!("{seed} {} {:?} {}", cell.technology, cell.part, cell.block);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A child process that measures.
struct Measuring {
    process: Child,
    records: mpsc::Receiver<String>,
    errors: Option<thread::JoinHandle<String>>,
}

impl Measuring {
    /// The end of what it wrote to its standard error.
    fn said(&mut self) -> String {
        let text = self
            .errors
            .take()
            .and_then(|errors| errors.join().ok())
            .unwrap_or_default();
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        lines[lines.len().saturating_sub(3)..].join(" · ")
    }
}

fn start_child(
    run: &Run,
    conduct: &Conduct,
    group: Option<&ControlGroup>,
    task: &Task,
) -> std::io::Result<Measuring> {
    let mut process = Command::new(&conduct.child[0])
        .args(&conduct.child[1..])
        .env(RUN_VARIABLE, run.name())
        // Ctrl-C on a terminal goes to a whole group; this process decides what becomes of it.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // It waits for its task, so whatever it does is counted in the group.
    if let Some(group) = group {
        group.add(process.id())?;
    }
    if let Some(mut input) = process.stdin.take() {
        input.write_all(&serde_json::to_vec(task)?)?;
    }
    let (sender, records) = mpsc::channel();
    if let Some(output) = process.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
    }
    let errors = process.stderr.take().map(|mut errors| {
        thread::spawn(move || {
            let mut text = Vec::new();
            // What was read until it broke is better than nothing.
            let _ = errors.by_ref().take(1 << 16).read_to_end(&mut text);
            let _ = std::io::copy(&mut errors, &mut std::io::sink());
            String::from_utf8_lossy(&text).into_owned()
        })
    });
    Ok(Measuring {
        process,
        records,
        errors,
    })
}

/// How listening to a child process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// It closed its output.
    Closed,
    /// Its time was over.
    TooLate,
    /// The user asked to stop.
    Cancelled,
}

fn listen(
    child: &mut Measuring,
    limit: Duration,
    watcher: &dyn Watcher,
    take: &mut dyn FnMut(Record) -> Result<(), LogError>,
) -> Result<Ended, LogError> {
    let begin = Instant::now();
    loop {
        match child.records.recv_timeout(Duration::from_millis(100)) {
            Ok(line) => match serde_json::from_str(&line) {
                Ok(record) => {
                    let is_last = matches!(record, Record::Done(_) | Record::Failed { .. });
                    take(record)?;
                    if is_last {
                        return Ok(Ended::Closed);
                    }
                }
                Err(error) => {
                    take(Record::Problem {
                        message: format!("the measuring process said something else: {error}"),
                    })?;
                }
            },
            Err(RecvTimeoutError::Disconnected) => return Ok(Ended::Closed),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if watcher.cancelled() {
            return Ok(Ended::Cancelled);
        }
        if begin.elapsed() > limit {
            return Ok(Ended::TooLate);
        }
    }
}
