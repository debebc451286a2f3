//! The event loop of one cell.
//!
//! Six sources of events: the next session to open, the timers (end of a think with a sandbox, of a
//! start's delay, of pacing), the thinks of sessions that hold nothing, the earliest CPU completion over all
//! hosts, the occasions of the cell's operation (a host fails, comes, is switched off; the load is looked
//! at; a storm), and the boundaries of the measured window. At equal times boundaries come first, then
//! completions, timers, thinks, openings, occasions: what is freed at an instant is free for whoever comes
//! at that instant, and what is done is not lost.

mod accounts;
mod beginning;
mod checks;
mod hosts;
mod operating;
mod steps;
mod thinker;

use super::arrivals::Arrivals;
use super::control::{Control, RunProgress};
use super::draw::Draws;
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
use operating::{Operating, operating};
use std::collections::VecDeque;
use thinker::Thinker;

/// Events handled between two looks at the progress hook.
const EVENTS_PER_CHUNK: u64 = 1 << 16;

/// No host has this number.
const NO_HOST: u32 = u32::MAX;

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
    /// Thinks, and its sandbox will be suspended before it has thought.
    Idle,
    /// Thinks; its sandbox is suspended.
    Suspended,
    /// Its sandbox is suspended, is needed, and its host has no room.
    AwaitingRoom,
    /// In the part of resuming that uses no CPU.
    ResumeDelayed,
    /// In the part of resuming that uses CPU.
    ResumingCpu,
    /// No session, but an unused sandbox of a warm pool.
    Pooled,
    /// One that is to be, waiting for the host's start rate.
    PoolPaced,
    /// In the part of its start that uses no CPU.
    PoolDelayed,
    /// In the part of its start that uses CPU.
    PoolCpu,
    /// Nobody any more; a timer is still to come.
    Stale,
}

impl Phase {
    /// Whether a timer is to come, unless after the end of the run.
    const fn timed(self) -> bool {
        matches!(
            self,
            Self::Paced
                | Self::Delayed
                | Self::Thinking
                | Self::Idle
                | Self::Suspended
                | Self::ResumeDelayed
                | Self::PoolPaced
                | Self::PoolDelayed
        )
    }

    /// Whether a job is on a CPU.
    const fn on_cpu(self) -> bool {
        matches!(
            self,
            Self::StartingCpu | Self::Bursting | Self::ResumingCpu | Self::PoolCpu
        )
    }

    /// Whether it is in the part of a start, or of resuming, before its CPU work.
    const fn delayed(self) -> bool {
        matches!(
            self,
            Self::Delayed | Self::ResumeDelayed | Self::PoolDelayed
        )
    }

    /// Whether a session's sandbox is placed and not ready.
    const fn starting(self) -> bool {
        matches!(self, Self::Paced | Self::Delayed | Self::StartingCpu)
    }

    /// Whether it is a sandbox of a warm pool and no session.
    const fn of_pool(self) -> bool {
        matches!(
            self,
            Self::Pooled | Self::PoolPaced | Self::PoolDelayed | Self::PoolCpu
        )
    }

    /// Whether a session's sandbox is suspended.
    const fn suspended(self) -> bool {
        matches!(self, Self::Suspended | Self::AwaitingRoom)
    }

    /// Whether a session has a sandbox on a host.
    fn sandboxed(self, lifecycle: Lifecycle) -> bool {
        match self {
            Self::Vacant | Self::Stale | Self::Queued => false,
            Self::Thinking => lifecycle == Lifecycle::PerSession,
            phase => !phase.of_pool(),
        }
    }

    /// Whether it has something on a host.
    fn on_host(self, lifecycle: Lifecycle) -> bool {
        self.of_pool() || self.sandboxed(lifecycle)
    }
}

/// One open session that has a sandbox, asks for one, or is about to do something else.
#[derive(Debug, Clone)]
struct Session {
    streams: SessionStreams,
    opened: SimTime,
    /// When the sandbox was asked for; from the beginning of the start on, that beginning.
    requested: SimTime,
    /// When the sandbox got its place; before that, when the request joined the queue.
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

impl Session {
    /// One that does nothing yet.
    const fn new(streams: SessionStreams, now: SimTime, turns: u32) -> Self {
        Self {
            streams,
            opened: now,
            requested: now,
            placed: now,
            job_began: now,
            work: 0,
            start_cpu: 0,
            width: Width::ONE,
            turns_left: turns,
            turn: 0,
            host: 0,
            phase: Phase::Vacant,
            whole_start: true,
        }
    }

    /// Takes note of a start, or a resume, of so many seconds of latency and of CPU time; returns the
    /// nanoseconds of its part that uses no CPU.
    fn set_start(&mut self, latency: f64, cpu: f64, vcpus: u32) -> u64 {
        let latency = nanoseconds(latency);
        self.start_cpu = nanoseconds(cpu);
        self.width = Width::of(self.start_cpu, latency, vcpus);
        latency.saturating_sub(self.start_cpu)
    }
}

/// What a session does next.
#[derive(Debug, Clone, Copy)]
enum Step {
    NextTurn,
    ThinkDone,
    /// A sandbox is needed.
    Request,
    /// One is still needed.
    Ask,
    Placed(u32),
    BeginStart,
    DelayDone,
    Ready,
    BurstDone,
    Close,
    Suspend,
    Wake,
    BeginResume,
    ResumeDelayDone,
    Resumed,
    Replenish,
    BeginPoolStart,
    PoolDelayDone,
    PoolReady,
}

/// One run.
#[derive(Debug)]
pub(super) struct Run<'a> {
    spec: &'a CellSpec,
    draws: Draws<'a>,
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
    timers: Timers<Entry>,
    /// Sessions that think without a sandbox; they have no slot.
    thinking: Timers<Thinker>,
    completions: Tournament,
    /// The host whose next completion has to be found again, or `NO_HOST`. A session that goes from
    /// its start to its burst changes its host's jobs twice at the same moment.
    changed: u32,
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
    /// Thinks of more than so many nanoseconds suspend the sandbox.
    suspend_after: u64,
    /// When something of the cell's operation is due.
    next_occasion: SimTime,
    /// What only cells with an operation, or a minority, need.
    operating: Option<Box<Operating>>,
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
            draws: Draws::new(spec),
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
                population.count(),
                streams.run(Purpose::Arrivals),
            ),
            opened: 0,
            timers: Timers::new(),
            thinking: Timers::new(),
            completions: Tournament::new(spec.hosts),
            changed: NO_HOST,
            processors: vec![Processor::new(spec.host.vcpus); hosts],
            next_start: vec![SimTime::ZERO; hosts],
            start_spacing: spec
                .sandbox
                .start_rate_limit
                .map_or(0, |rate| nanoseconds(1.0 / rate)),
            placer: Placer::new(spec.placement, spec.hosts, spec.slots_per_host()),
            queue: VecDeque::new(),
            queue_limit: spec.full.queue_limit() as usize,
            sessions: Vec::with_capacity(population.with_sandbox.len()),
            vacant: Vec::new(),
            ready: Vec::new(),
            accounts: Accounts::new(observation)?,
            blank: Accounts::new(observation)?,
            series: Vec::with_capacity(observation.bins as usize),
            bin_marks: BinMarks::default(),
            events: 0,
            admitted: 0.0,
            suspend_after: spec
                .operation
                .suspension
                .as_ref()
                .map_or(u64::MAX, |suspension| nanoseconds(suspension.after)),
            next_occasion: SimTime::NEVER,
            operating: operating(spec, streams.run(Purpose::Failure)),
        };
        for _ in 0..spec.hosts {
            run.accounts.operation.powered.enter(SimTime::ZERO);
        }
        run.begin_operating();
        for initial in population.thinking() {
            run.admit_initial(initial);
            run.settle_ready();
        }
        for initial in population.with_sandbox {
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
            self.find_completion();
            let completion = self.completions.first_key();
            let timer = self.timers.first_key();
            let thought = self.thinking.first_key();
            let opening = self.arrivals.next().0;
            let occasion = self.next_occasion.0;
            let next = completion
                .min(timer)
                .min(thought)
                .min(opening)
                .min(occasion);
            if self.boundary.0 <= next {
                self.now = self.boundary;
                if self.cross_boundary() {
                    return true;
                }
                continue;
            }
            self.now = SimTime(next);
            self.events += 1;
            let step = if completion == next {
                self.complete_job()
            } else if timer == next {
                self.expire_timer()
            } else if thought == next {
                self.end_think()
            } else if opening == next {
                Some(self.open_session())
            } else {
                self.meet_occasion();
                None
            };
            if let Some((slot, step)) = step {
                self.take(slot, step);
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

    /// The jobs of a host have changed.
    #[inline]
    fn note_change(&mut self, host: u32) {
        if self.changed != host {
            self.find_completion();
            self.changed = host;
        }
    }

    /// Finds the next completion on the host that changed.
    #[inline]
    fn find_completion(&mut self) {
        if let Some(processor) = self.processors.get(self.changed as usize) {
            let next = processor.next_completion();
            self.completions.set(self.changed, next.0);
            self.changed = NO_HOST;
        }
    }

    #[inline]
    fn complete_job(&mut self) -> Option<(u32, Step)> {
        let host = self.completions.first_index();
        let processor = &mut self.processors[host as usize];
        let sessions = &self.sessions;
        let slot = processor.complete(self.now, |slot| sessions[slot as usize].width)?;
        self.note_change(host);
        let session = &self.sessions[slot as usize];
        self.accounts.jobs.leave(self.now, session.job_began);
        let step = match session.phase {
            Phase::StartingCpu => Step::Ready,
            Phase::ResumingCpu => Step::Resumed,
            Phase::PoolCpu => Step::PoolReady,
            _ => {
                if session.work > 0 {
                    let (took, alone) = (self.now - session.job_began, session.work);
                    self.accounts.slowdown.record_ratio(took, alone);
                    if self.spec.session.minority.is_some() {
                        self.record_apart(slot, took, alone);
                    }
                }
                Step::BurstDone
            }
        };
        Some((slot, step))
    }

    #[inline]
    fn expire_timer(&mut self) -> Option<(u32, Step)> {
        let Entry { slot, .. } = self.timers.pop()?;
        let step = match self.sessions[slot as usize].phase {
            Phase::Paced => {
                let placed = self.sessions[slot as usize].placed;
                self.accounts.pacing.leave(self.now, placed);
                Step::BeginStart
            }
            Phase::Delayed => Step::DelayDone,
            Phase::Idle => Step::Suspend,
            Phase::Suspended => Step::Wake,
            Phase::ResumeDelayed => Step::ResumeDelayDone,
            Phase::PoolPaced => Step::BeginPoolStart,
            Phase::PoolDelayed => Step::PoolDelayDone,
            Phase::Stale => {
                self.sessions[slot as usize].phase = Phase::Vacant;
                self.vacant.push(slot);
                return None;
            }
            _ => Step::ThinkDone,
        };
        Some((slot, step))
    }

    #[inline]
    fn end_think(&mut self) -> Option<(u32, Step)> {
        let thinker = self.thinking.pop()?;
        let slot = self.new_slot(Session {
            turn: thinker.turn,
            opened: thinker.opened,
            ..Session::new(thinker.streams, self.now, thinker.turns_left)
        });
        Some((slot, Step::ThinkDone))
    }

    #[inline]
    fn open_session(&mut self) -> (u32, Step) {
        self.arrivals.step(self.now);
        let streams = self.streams.session(self.opened);
        self.opened += 1;
        let slot = self.admit(streams, self.draws.turns(streams));
        let step = match self.spec.lifecycle {
            Lifecycle::PerSession => Step::Request,
            Lifecycle::PerBurst => Step::NextTurn,
        };
        (slot, step)
    }

    /// A new session in the system, doing nothing yet.
    fn admit(&mut self, streams: SessionStreams, turns: u32) -> u32 {
        self.accounts.sessions.enter(self.now);
        let slot = self.new_slot(Session::new(streams, self.now, turns));
        if self.operating.is_some() {
            self.new_session_extra(slot);
        }
        slot
    }

    /// Follows one session until it has to wait for something.
    fn take(&mut self, slot: u32, first: Step) {
        let mut step = Some(first);
        while let Some(present) = step {
            step = match present {
                Step::NextTurn => self.next_turn(slot),
                Step::ThinkDone => self.think_done(slot),
                Step::Request => self.request(slot),
                Step::Ask => self.ask(slot),
                Step::Placed(host) => self.placed(slot, host),
                Step::BeginStart => self.begin_start(slot),
                Step::DelayDone => self.on_cpu(slot, Phase::StartingCpu, Step::Ready),
                Step::Ready => self.start_done(slot),
                Step::BurstDone => Some(self.burst_done(slot)),
                Step::Close => {
                    self.close(slot);
                    None
                }
                Step::Suspend => self.suspend(slot),
                Step::Wake => self.wake(slot),
                Step::BeginResume => self.begin_resume(slot),
                Step::ResumeDelayDone => self.on_cpu(slot, Phase::ResumingCpu, Step::Resumed),
                Step::Resumed => Some(self.resume_done(slot)),
                Step::Replenish => self.replenish(slot),
                Step::BeginPoolStart => self.begin_pool_start(slot),
                Step::PoolDelayDone => self.on_cpu(slot, Phase::PoolCpu, Step::PoolReady),
                Step::PoolReady => {
                    self.pool_start_done(slot);
                    None
                }
            };
        }
    }
}
