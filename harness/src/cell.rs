//! One child process of a measurement: one part for one technology, once.

mod burst;
mod coding;
mod memory;
mod saturation;
mod starts;
mod suspension;
mod work;

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::PathBuf;

use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use crate::clock::Stamp;
use crate::effort::{Budget, FEWEST};
use crate::guest::Request;
use crate::meter::control_group::Accounts;
use crate::meter::{cpu, processes};
use crate::record::{CellId, CellSummary, Part, Record};
use crate::technology::{self, Failure, Started, Starter, Technology, Verdict, Workspace};

/// What a child process is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// What to measure.
    pub cell: CellId,
    /// What it may spend.
    pub budget: Budget,
    /// Fixes the nonces.
    pub seed: u64,
    /// Name of the run.
    pub run: String,
    /// Folder of the whole run.
    pub shared: PathBuf,
    /// Folder of this child process.
    pub own: PathBuf,
    /// The control group it was put into, below the root of every hierarchy.
    pub control_group: Option<PathBuf>,
}

/// What a child process does: reads its task from standard input, and writes what it sees to
/// standard output, a JSON object to a line.
///
/// # Errors
/// If it is told nothing it understands, or nobody listens.
pub fn serve() -> io::Result<()> {
    // A child process without the one that listens to it has nothing to measure.
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    nix::sys::prctl::set_child_subreaper(true)?;
    let task: Task = serde_json::from_reader(io::stdin().lock())?;
    let technology = technology::find(&task.cell.technology).ok_or_else(|| {
        let message = format!("there is no technology `{}`", task.cell.technology);
        io::Error::new(io::ErrorKind::NotFound, message)
    })?;
    let mut out = io::stdout().lock();
    let mut outcome = Ok(());
    run(&task, &*technology, &mut |record| {
        if outcome.is_ok() {
            outcome = serde_json::to_vec(&record)
                .map_err(io::Error::from)
                .and_then(|mut line| {
                    line.push(b'\n');
                    out.write_all(&line)
                });
        }
    });
    outcome
}

/// Does what a task says with a technology, and tells what it sees as it sees it.
pub fn run(task: &Task, technology: &dyn Technology, tell: &mut dyn FnMut(Record)) {
    let begin = Stamp::now();
    let accounts = task.control_group.as_deref().map(Accounts::at);
    let host_before = cpu::of_host();
    let mut cell = Cell {
        task,
        accounts: accounts.clone(),
        nonce: task.seed,
        tell,
    };
    let spent = match cell.run(technology) {
        Ok(spent) => spent,
        Err(failure) => {
            tell(Record::Failed {
                message: failure.message,
            });
            return;
        }
    };
    let (steal, others) = match (host_before, cpu::of_host()) {
        (Some(before), Some(after)) if after.total > before.total => {
            let total = after.total - before.total;
            let steal = after.steal - before.steal;
            let others = (after.busy - before.busy - spent).max(0.0);
            (steal / total, others / total)
        }
        _ => (0.0, 0.0),
    };
    tell(Record::Done(CellSummary {
        seconds: begin.elapsed(),
        cpu: spent,
        cpu_of_control_group: accounts.and_then(|accounts| accounts.cpu()),
        steal,
        others,
    }));
}

/// A task under way.
struct Cell<'a> {
    task: &'a Task,
    accounts: Option<Accounts>,
    nonce: u64,
    tell: &'a mut dyn FnMut(Record),
}

impl Cell<'_> {
    /// Prepares and measures. Returns the CPU seconds that everything took.
    fn run(&mut self, technology: &dyn Technology) -> Result<f64, Failure> {
        if self.task.cell.part == Part::Coding {
            let Some(coding) = technology.coding() else {
                return Err(Failure::new("it holds no coding agent"));
            };
            // A host without git has everything else of this technology.
            if let Verdict::NotHere { why, enable } = coding.technology.examine() {
                self.problem(format!("no coding step: {why} (to enable it: {enable})"));
                return Ok(0.0);
            }
            self.tell(Record::Sandbox {
                words: coding.sandbox,
            });
            return self.measure(&*coding.technology);
        }
        self.measure(technology)
    }

    fn measure(&mut self, technology: &dyn Technology) -> Result<f64, Failure> {
        let verdict = technology.examine();
        if let Verdict::NotHere { why, .. } = &verdict {
            return Err(Failure::new(why.clone()));
        }
        if matches!(self.task.cell.part, Part::MemoryIdle | Part::MemoryTouched) {
            self.read_memory_before();
        }
        let mut workspace = Workspace::new(
            self.task.run.clone(),
            self.task.shared.clone(),
            self.task.own.clone(),
            self.task.control_group.clone(),
        );
        let starter = technology.prepare(&mut workspace)?;
        // What a technology says of its tools when it runs is better than what it expected.
        let verdict = match workspace.tools() {
            [] => verdict,
            tools => Verdict::Ready {
                tools: tools.to_vec(),
            },
        };
        (self.tell)(Record::Prepared {
            steps: workspace.steps().to_vec(),
            commands: workspace.commands().to_vec(),
            verdict,
        });
        let daemons = Daemons::of(&*starter);
        let daemons_before = daemons.cpu_before();
        match self.task.cell.part {
            Part::Starts => starts::measure(self, &*starter),
            Part::Saturation => saturation::measure(self, &*starter),
            Part::Burst => burst::measure(self, &*starter),
            Part::MemoryIdle => memory::measure(self, &*starter, 0),
            Part::MemoryTouched => memory::measure(self, &*starter, crate::guest::WORKING_SET),
            Part::Work => work::measure(self, &*starter),
            Part::Suspension => suspension::measure(self, &*starter),
            Part::Coding => coding::measure(self, &*starter),
        }?;
        cpu::reap();
        Ok(cpu::used(&daemons.now()) - daemons_before)
    }

    fn tell(&mut self, record: Record) {
        (self.tell)(record);
    }

    fn problem(&mut self, message: impl Into<String>) {
        self.tell(Record::Problem {
            message: message.into(),
        });
    }

    fn nonce(&mut self) -> u32 {
        next_nonce(&mut self.nonce)
    }

    /// Whether a loop has done enough.
    fn enough(&self, done: u32, since: Stamp) -> bool {
        let budget = &self.task.budget;
        let elapsed = since.elapsed();
        done >= budget.at_most
            || (done >= budget.at_least && elapsed >= budget.seconds)
            || (done >= FEWEST && elapsed >= budget.limit)
    }
}

/// The processes that work for all sandboxes.
struct Daemons<'a> {
    starter: &'a dyn Starter,
    once: Option<Vec<u32>>,
}

impl<'a> Daemons<'a> {
    fn of(starter: &'a dyn Starter) -> Self {
        let once = (!starter.daemons_change()).then(|| starter.daemons());
        Self { starter, once }
    }

    /// Those there are now.
    fn now(&self) -> Cow<'_, [u32]> {
        match &self.once {
            Some(daemons) => Cow::Borrowed(daemons),
            None => Cow::Owned(self.starter.daemons()),
        }
    }

    /// CPU seconds they had used before this process began. What was started by this process began
    /// after it, and counts in full, as it does in its control group.
    fn cpu_before(&self) -> f64 {
        let own = processes::start_time(std::process::id());
        let older = |pid: &&u32| processes::start_time(**pid) < own;
        self.now()
            .iter()
            .filter(older)
            .map(|pid| cpu::of_running(*pid))
            .sum()
    }
}

/// The next of a sequence of nonces that look random and never repeat soon: a Weyl sequence through
/// the SplitMix64 finaliser (Steele, Lea, Flood 2014).
fn next_nonce(state: &mut u64) -> u32 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(u32::MAX)
}

/// Starts a sandbox, and tells when it was asked for.
fn start(starter: &dyn Starter, request: &Request) -> (Stamp, Result<Started, Failure>) {
    let begin = Stamp::now();
    (begin, starter.start(request))
}
