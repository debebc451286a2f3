//! The event loop of one cell.
//!
//! Four sources of events: the next session to open, the timers (end of a think, of a start's delay,
//! of pacing), the earliest CPU completion over all hosts, and the boundaries of the measured window.
//! At equal times boundaries come first, then completions, timers, openings: what is freed at an
//! instant is free for whoever comes at that instant.

mod accounts;
mod beginning;
mod checks;
mod steps;

use super::arrivals::Arrivals;
use super::control::{Control, RunProgress};
use super::error::SimulationError;
use super::heap::Entry;
use super::initial;
use super::outcome::{Bin, CellOutcome};
use super::placement::Placer;
use super::processor::{Processor, Width};
use super::spec::{CellSpec, Lifecycle, Observation};
use super::time::{SimTime, nanoseconds};
use super::timers::Timers;
use super::tournament::Tournament;
use crate::random::{Purpose, SessionStreams, Streams};
use accounts::{Accounts, BinMarks};
use std::collections::VecDeque;

/// Events handled between two looks at the progress hook.
const EVENTS_PER_CHUNK: u64 = 1 << 16;

/// Where a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The slot is unused.
    Vacant,
    /// Waits for a host with room.
    Queued,
    /// Placed; waits for the host's start rate.
    Paced,
    /// In the part of a start that uses no CPU.
    Delayed,
    /// In the part of a start that uses CPU.
    StartingCpu,
    Thinking,
    Bursting,
}

/// One open session.
#[derive(Debug, Clone)]
struct Session {
    streams: SessionStreams,
    opened: SimTime,
    /// When the sandbox was asked for; from the beginning of the start on, that beginning.
    requested: SimTime,
    /// When the sandbox got its place.
    placed: SimTime,
    /// When the present CPU job began.
    job_began: SimTime,
    /// CPU-nanoseconds of the present turn's burst on this cell's hosts; zero if only a residue of
    /// it is simulated.
    work: u64,
    /// CPU-nanoseconds of the present start.
    start_cpu: u64,
    width: Width,
    turns_left: u32,
    turn: u32,
    host: u32,
    phase: Phase,
    /// Whether the present start was seen from its beginning.
    whole_start: bool,
}

/// What a session does next.
#[derive(Debug, Clone, Copy)]
enum Step {
    NextTurn,
    ThinkDone,
    Request,
    Placed(u32),
    BeginStart,
    DelayDone,
    Ready,
    BurstDone,
    Close,
}

/// One run.
#[derive(Debug)]
pub(super) struct Run<'a> {
    spec: &'a CellSpec,
    observation: &'a Observation,
    streams: Streams,
    now: SimTime,
    window_start: SimTime,
    end: SimTime,
    boundary: SimTime,
    measuring: bool,
    bins_done: u32,
    arrivals: Arrivals<'a>,
    opened: u64,
    timers: Timers,
    completions: Tournament,
    processors: Vec<Processor>,
    /// Per host, the earliest moment the next start may begin.
    next_start: Vec<SimTime>,
    /// Nanoseconds between starts on one host.
    start_spacing: u64,
    placer: Placer,
    queue: VecDeque<u32>,
    queue_limit: usize,
    sessions: Vec<Session>,
    vacant: Vec<u32>,
    /// Steps to be taken at the present moment.
    ready: Vec<(u32, Step)>,
    accounts: Accounts,
    /// Accounts in which nothing has been counted.
    blank: Accounts,
    series: Vec<Bin>,
    bin_marks: BinMarks,
    events: u64,
    /// CPU-nanoseconds of all jobs that were ever put on a CPU.
    admitted: f64,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        spec: &'a CellSpec,
        observation: &'a Observation,
        streams: Streams,
    ) -> Result<Self, SimulationError> {
        spec.validate()?;
        observation.validate()?;
        let window_start = SimTime::from_seconds(observation.warm_up);
        let end = window_start + nanoseconds(observation.length);
        let hosts = spec.hosts as usize;
        let population = initial::population(spec, streams);
        let mut run = Self {
            spec,
            observation,
            streams,
            now: SimTime::ZERO,
            window_start,
            end,
            boundary: window_start,
            measuring: false,
            bins_done: 0,
            arrivals: Arrivals::new(
                &spec.demand,
                population.len() as u64,
                streams.run(Purpose::Arrivals),
            ),
            opened: 0,
            timers: Timers::new(),
            completions: Tournament::new(spec.hosts),
            processors: vec![Processor::new(spec.host.vcpus); hosts],
            next_start: vec![SimTime::ZERO; hosts],
            start_spacing: spec
                .sandbox
                .start_rate_limit
                .map_or(0, |rate| nanoseconds(1.0 / rate)),
            placer: Placer::new(spec.placement, spec.hosts, spec.slots_per_host()),
            queue: VecDeque::new(),
            queue_limit: spec.full.queue_limit() as usize,
            sessions: Vec::with_capacity(population.len()),
            vacant: Vec::new(),
            ready: Vec::new(),
            accounts: Accounts::new(observation)?,
            blank: Accounts::new(observation)?,
            series: Vec::with_capacity(observation.bins as usize),
            bin_marks: BinMarks::default(),
            events: 0,
            admitted: 0.0,
        };
        for initial in population {
            run.admit_initial(initial);
            run.settle_ready();
        }
        Ok(run)
    }

    /// Runs to the end.
    pub(super) fn finish(
        mut self,
        control: &Control<'_>,
        replication: u64,
    ) -> Result<CellOutcome, SimulationError> {
        loop {
            let ended = self.chunk(control.max_events());
            if ended {
                return self.outcome();
            }
            control.check(&RunProgress {
                replication,
                done: self.now.0 as f64 / self.end.0 as f64,
                events: self.events,
            })?;
        }
    }

    /// Handles events until the end (true) or until a chunk is full.
    fn chunk(&mut self, max_events: u64) -> bool {
        let pause = (self.events + EVENTS_PER_CHUNK).min(max_events.saturating_add(1));
        while self.events < pause {
            let completion = self.completions.first_key();
            let timer = self.timers.first_key();
            let opening = self.arrivals.next().0;
            let next = completion.min(timer).min(opening);
            if self.boundary.0 <= next {
                self.now = self.boundary;
                if self.cross_boundary() {
                    return true;
                }
                continue;
            }
            self.now = SimTime(next);
            self.events += 1;
            if completion == next {
                self.complete_job();
            } else if timer == next {
                self.expire_timer();
            } else {
                self.open_session();
            }
            self.settle_ready();
        }
        false
    }

    /// Takes all steps that are due at the present moment.
    fn settle_ready(&mut self) {
        while let Some((slot, step)) = self.ready.pop() {
            self.take(slot, step);
        }
    }

    fn complete_job(&mut self) {
        let host = self.completions.first_index();
        let processor = &mut self.processors[host as usize];
        let sessions = &self.sessions;
        let Some(slot) = processor.complete(self.now, |slot| sessions[slot as usize].width) else {
            return;
        };
        self.completions.set(host, processor.next_completion().0);
        let session = &self.sessions[slot as usize];
        self.accounts.jobs.leave(self.now, session.job_began);
        let step = if session.phase == Phase::StartingCpu {
            Step::Ready
        } else {
            if session.work > 0 {
                self.accounts
                    .slowdown
                    .record((self.now - session.job_began) as f64 / session.work as f64);
            }
            Step::BurstDone
        };
        self.ready.push((slot, step));
    }

    fn expire_timer(&mut self) {
        let Some(Entry { slot, .. }) = self.timers.pop() else {
            return;
        };
        let step = match self.sessions[slot as usize].phase {
            Phase::Paced => {
                let placed = self.sessions[slot as usize].placed;
                self.accounts.pacing.leave(self.now, placed);
                Step::BeginStart
            }
            Phase::Delayed => Step::DelayDone,
            _ => Step::ThinkDone,
        };
        self.ready.push((slot, step));
    }

    fn open_session(&mut self) {
        self.arrivals.step(self.now);
        let streams = self.streams.session(self.opened);
        self.opened += 1;
        let turns = self
            .spec
            .session
            .turns
            .sample(&mut streams.stream(Purpose::SessionShape, 0));
        let slot = self.admit(streams, turns);
        let step = match self.spec.lifecycle {
            Lifecycle::PerSession => Step::Request,
            Lifecycle::PerBurst => Step::NextTurn,
        };
        self.ready.push((slot, step));
    }

    /// A new session in the system, doing nothing yet.
    fn admit(&mut self, streams: SessionStreams, turns: u32) -> u32 {
        let session = Session {
            streams,
            opened: self.now,
            requested: self.now,
            placed: self.now,
            job_began: self.now,
            work: 0,
            start_cpu: 0,
            width: Width::ONE,
            turns_left: turns,
            turn: 0,
            host: 0,
            phase: Phase::Vacant,
            whole_start: true,
        };
        self.accounts.sessions.enter(self.now);
        if let Some(slot) = self.vacant.pop() {
            self.sessions[slot as usize] = session;
            slot
        } else {
            self.sessions.push(session);
            // More than 2³² open sessions don't fit in any memory.
            u32::try_from(self.sessions.len() - 1).unwrap_or(u32::MAX)
        }
    }

    /// Follows one session until it has to wait for something.
    fn take(&mut self, slot: u32, first: Step) {
        let mut step = Some(first);
        while let Some(present) = step {
            step = match present {
                Step::NextTurn => self.next_turn(slot),
                Step::ThinkDone => self.think_done(slot),
                Step::Request => self.request(slot),
                Step::Placed(host) => self.placed(slot, host),
                Step::BeginStart => self.begin_start(slot),
                Step::DelayDone => self.start_on_cpu(slot),
                Step::Ready => self.start_done(slot),
                Step::BurstDone => Some(self.burst_done(slot)),
                Step::Close => {
                    self.close(slot);
                    None
                }
            };
        }
    }
}
