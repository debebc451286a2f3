//! Sessions that meet nobody: counted in any order.
//!
//! Where nothing contends, a session's course doesn't depend on others, so no event list is needed: each
//! session is followed from its opening to its end at once, and what it adds to each part of the
//! measured time is put into a *difference array*: where it enters, the count goes up from the next
//! bin on, where it leaves, it goes down, and a bin that it enters or leaves in gets its share to the
//! nanosecond. One pass over the bins at the end turns differences into counts.
//!
//! The sessions are those of [`run_cell`](super::run_cell): the same openings, turns, thinks, bursts and
//! starts, drawn from the same streams. A cell with hosts enough gives the same numbers.

use super::arrivals::Arrivals;
use super::draw::Draws;
use super::error::SimulationError;
use super::initial::{self, Initial, InitialPhase, Residual};
use super::processor::Width;
use super::spec::{CellSpec, Demand, Lifecycle, Observation, invalid};
use super::time::{SimTime, nanoseconds, to_seconds};
use super::{Control, RunId, RunProgress};
use crate::random::{Purpose, SessionStreams, Streams};
use serde::Serialize;

/// Sessions followed between two looks at the progress hook.
const SESSIONS_PER_CHUNK: u64 = 1 << 16;

/// What sessions without contention added up to, in one run or in several merged.
///
/// Whole numbers throughout, so merging is exact in any order and grouping. Unlike outcomes of cells,
/// flows of different cells may be merged too: all are sums.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FlowOutcome {
    /// Runs merged into this.
    pub runs: u64,
    /// Sessions followed, those present at time zero and those of the warm-up included.
    pub sessions: u64,
    /// The measured time in equal parts; one if the observation asked for none.
    pub bins: Vec<FlowBin>,
}

/// What was counted in one part of the measured time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FlowBin {
    /// Beginning, seconds since the start of the run.
    pub from_seconds: f64,
    /// End, seconds since the start of the run.
    pub to_seconds: f64,
    /// Length in nanoseconds, summed over runs.
    pub measured: u128,
    /// Sessions open at the beginning, summed over runs.
    pub open_at_start: u64,
    /// Sandboxes that live at the beginning, summed over runs.
    pub live_at_start: u64,
    /// Sessions that opened.
    pub opened: u64,
    /// Starts of sandboxes that began.
    pub starts: u64,
    /// Nanoseconds that sessions were open.
    pub session_time: u128,
    /// Nanoseconds that sandboxes held memory.
    pub sandbox_time: u128,
    /// CPU-nanoseconds that bursts and starts took.
    pub cpu_time: u128,
}

impl FlowBin {
    fn average(&self, time: u128, runs: u64) -> f64 {
        time as f64 * runs as f64 / self.measured as f64
    }

    fn merge(&mut self, other: &Self) {
        self.measured += other.measured;
        self.open_at_start += other.open_at_start;
        self.live_at_start += other.live_at_start;
        self.opened += other.opened;
        self.starts += other.starts;
        self.session_time += other.session_time;
        self.sandbox_time += other.sandbox_time;
        self.cpu_time += other.cpu_time;
    }
}

impl FlowOutcome {
    /// Adds another flow, of the same cell or another, under the same observation.
    pub fn merge(&mut self, other: &Self) {
        self.runs += other.runs;
        self.sessions += other.sessions;
        for (here, there) in self.bins.iter_mut().zip(&other.bins) {
            here.merge(there);
        }
    }

    /// Time average, over a bin, of the number of open sessions, summed over the runs.
    pub fn live_sessions(&self, bin: usize) -> Option<f64> {
        let bin = self.bins.get(bin)?;
        Some(bin.average(bin.session_time, self.runs))
    }

    /// Time average, over a bin, of the number of live sandboxes, summed over the runs.
    pub fn live_sandboxes(&self, bin: usize) -> Option<f64> {
        let bin = self.bins.get(bin)?;
        Some(bin.average(bin.sandbox_time, self.runs))
    }

    /// Time average, over a bin, of the CPUs in use, summed over the runs.
    pub fn busy_cpus(&self, bin: usize) -> Option<f64> {
        let bin = self.bins.get(bin)?;
        Some(bin.average(bin.cpu_time, self.runs))
    }
}

/// Counts the sessions of one cell without simulating hosts: as if there were CPUs, memory and starts
/// for all.
///
/// Hosts, placement, the limits on starts and density, and what happens when no host has room have no
/// part in it; of a host only its vCPUs matter, which bound how wide one start can be.
///
/// # Errors
/// If the input is invalid, the demand is that of finitely many agents, whose openings depend on
/// earlier sessions, or the cell is operated in a way that makes sessions depend on hosts or on each
/// other.
///
/// # Example
/// M/D/∞: ten sessions per second, each of two seconds.
///
/// ```
/// # use tonnage_model::distribution::{Distribution, TurnCount};
/// # use tonnage_model::simulation::{
/// #     CellSpec, Demand, Full, HostCapacity, Lifecycle, Observation, Operation, PiecewiseLinear,
/// #     Placement, RunId, SandboxCost, SessionShape, run_flow,
/// # };
/// # let nothing = Distribution::deterministic(0.0)?;
/// let spec = CellSpec {
///     session: SessionShape {
/// #         minority: None,
///         turns: TurnCount::fixed(1)?,
///         think: Distribution::deterministic(2.0)?,
///         burst: nothing.clone(),
///     },
///     demand: Demand::Poisson { rate: PiecewiseLinear::constant(10.0)? },
///     // …
/// #     hosts: 1,
/// #     host: HostCapacity { vcpus: 1, memory_bytes: 10 << 20 },
/// #     sandbox: SandboxCost {
/// #         start_latency: nothing.clone(),
/// #         start_cpu: nothing.clone(),
/// #         memory_bytes: 1 << 20,
/// #         relative_cpu: 1.0,
/// #         start_rate_limit: None,
/// #         density_limit: None,
/// #     },
/// #     lifecycle: Lifecycle::PerSession,
/// #     placement: Placement::FirstFit,
/// #     full: Full::Reject,
/// #     operation: Operation::default(),
/// };
/// let flow = run_flow(&spec, &Observation::new(0.0, 10_000.0)?, RunId::default())?;
/// assert!((flow.live_sessions(0).unwrap() - 20.0).abs() < 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run_flow(
    spec: &CellSpec,
    observation: &Observation,
    run: RunId,
) -> Result<FlowOutcome, SimulationError> {
    run_flow_with(spec, observation, run, &Control::default())
}

/// As [`run_flow`], watched, and stopped or limited if so wished; a session followed counts as one
/// event.
///
/// # Errors
/// Those of [`run_flow`], or the run was stopped.
pub fn run_flow_with(
    spec: &CellSpec,
    observation: &Observation,
    run: RunId,
    control: &Control<'_>,
) -> Result<FlowOutcome, SimulationError> {
    spec.validate()?;
    observation.validate()?;
    if matches!(spec.demand, Demand::FiniteSource { .. }) {
        return Err(invalid(
            "demand",
            "openings of finitely many agents depend on each other; simulate the cell",
        ));
    }
    if spec.session.minority.is_some() {
        return Err(invalid(
            "minority",
            "a noisy minority has no part in a flow, where nobody is slowed down; simulate the cell",
        ));
    }
    if !spec.operation.is_none() {
        return Err(invalid(
            "operation",
            "suspension, warm pools, autoscaling, failures, over-commitment and storms have no part in a \
             flow; simulate the cell, or leave them out",
        ));
    }
    let streams = Streams::new(run.seed, run.cell, run.replication);
    let mut flow = Flow::new(spec, observation);
    let population = initial::population(spec, streams);
    for initial in population.thinking() {
        flow.resume(initial, streams);
    }
    for &initial in &population.with_sandbox {
        flow.resume(initial, streams);
    }
    let present = population.count();
    let mut arrivals = Arrivals::new(&spec.demand, present, streams.run(Purpose::Arrivals));
    let mut opened = 0;
    while arrivals.next() < flow.end {
        control.check(&RunProgress {
            replication: run.replication,
            done: arrivals.next().0 as f64 / flow.end.0 as f64,
            events: present + opened,
        })?;
        let pause = opened + SESSIONS_PER_CHUNK;
        while opened < pause && arrivals.next() < flow.end {
            flow.open(arrivals.next(), streams.session(opened));
            opened += 1;
            arrivals.step(arrivals.next());
        }
    }
    Ok(flow.outcome(present + opened))
}

/// The bins of the measured time.
#[derive(Debug)]
struct Bins {
    /// Where each begins, and where the last one ends.
    limits: Vec<u64>,
    /// Bins per nanosecond.
    per_nanosecond: f64,
}

impl Bins {
    fn new(start: SimTime, end: SimTime, count: u32) -> Self {
        let length = u128::from(end - start);
        let limit = |index: u32| {
            let offset = length * u128::from(index) / u128::from(count);
            // At most the length, which is 64 bits wide.
            (start + u64::try_from(offset).unwrap_or(u64::MAX)).0
        };
        Self {
            limits: (0..=count).map(limit).collect(),
            per_nanosecond: f64::from(count) / length as f64,
        }
    }

    /// The bin of a moment that lies in one.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small number that isn't negative"
    )]
    fn of(&self, at: u64) -> usize {
        let offset = (at - self.limits[0]).cast_signed() as f64;
        let mut bin = ((offset * self.per_nanosecond) as i64 as usize).min(self.limits.len() - 2);
        // Rounding may have gone over a limit.
        while self.limits[bin] > at {
            bin -= 1;
        }
        while self.limits[bin + 1] <= at {
            bin += 1;
        }
        bin
    }
}

/// Who enters and leaves in a bin.
#[derive(Debug, Clone, Copy, Default)]
struct Changes {
    entered: u64,
    left: u64,
    /// For those who enter, the rest of the bin; less that for those who leave. Nanoseconds.
    rest: i128,
}

/// How many are present, as changes by bin.
#[derive(Debug)]
struct Presence {
    at_start: i64,
    changes: Vec<Changes>,
}

impl Presence {
    fn new(bins: usize) -> Self {
        Self {
            at_start: 0,
            changes: vec![Changes::default(); bins],
        }
    }

    /// One enters, before the end.
    #[inline]
    fn enter(&mut self, bins: &Bins, at: SimTime) {
        if at.0 < bins.limits[0] {
            self.at_start += 1;
            return;
        }
        let bin = bins.of(at.0);
        let changes = &mut self.changes[bin];
        changes.entered += 1;
        changes.rest += i128::from(bins.limits[bin + 1] - at.0);
    }

    /// One leaves, before the end.
    #[inline]
    fn leave(&mut self, bins: &Bins, at: SimTime) {
        if at.0 < bins.limits[0] {
            self.at_start -= 1;
            return;
        }
        let bin = bins.of(at.0);
        let changes = &mut self.changes[bin];
        changes.left += 1;
        changes.rest -= i128::from(bins.limits[bin + 1] - at.0);
    }

    /// By bin: the number at its beginning, the time spent there, and how many enter.
    fn counted(&self, bins: &Bins) -> Vec<(u64, u128, u64)> {
        let mut present = i128::from(self.at_start);
        let mut counted = Vec::with_capacity(self.changes.len());
        for (changes, limits) in self.changes.iter().zip(bins.limits.windows(2)) {
            let length = i128::from(limits[1] - limits[0]);
            // Nobody leaves before entering, so neither is below zero.
            counted.push((
                u64::try_from(present).unwrap_or(0),
                u128::try_from(present * length + changes.rest).unwrap_or(0),
                changes.entered,
            ));
            present += i128::from(changes.entered) - i128::from(changes.left);
        }
        counted
    }
}

/// One run.
#[derive(Debug)]
struct Flow<'a> {
    spec: &'a CellSpec,
    per_session: bool,
    draws: Draws<'a>,
    end: SimTime,
    bins: Bins,
    sessions: Presence,
    /// Of sandboxes that don't live as long as their session.
    sandboxes: Presence,
    /// CPU-nanoseconds by bin.
    cpu: Vec<u128>,
}

impl<'a> Flow<'a> {
    fn new(spec: &'a CellSpec, observation: &Observation) -> Self {
        let start = SimTime::from_seconds(observation.warm_up);
        let end = start + nanoseconds(observation.length);
        let count = observation.bins.max(1);
        let bins = count as usize;
        Self {
            spec,
            per_session: spec.lifecycle == Lifecycle::PerSession,
            draws: Draws::new(spec),
            end,
            bins: Bins::new(start, end, count),
            sessions: Presence::new(bins),
            sandboxes: Presence::new(bins),
            cpu: vec![0; bins],
        }
    }

    /// A session opens, before the end.
    #[inline]
    fn open(&mut self, at: SimTime, streams: SessionStreams) {
        self.sessions.enter(&self.bins, at);
        let turns = self.draws.turns(streams);
        let at = if self.per_session {
            self.start(at, streams, 0)
        } else {
            at
        };
        self.turns(at, streams, 0, turns);
    }

    /// A session present at time zero goes on.
    fn resume(&mut self, initial: Initial, streams: Streams) {
        let streams = streams.initial_session(initial.group, initial.index);
        let mut random = streams.stream(Purpose::InitialState, 1);
        let Some((turns, left)) = initial::residual(self.spec, initial.phase, &mut random) else {
            return;
        };
        self.sessions.at_start += 1;
        let has_sandbox = !self.per_session && initial.phase != InitialPhase::Thinking;
        self.sandboxes.at_start += i64::from(has_sandbox);
        let mut at = SimTime::ZERO;
        match left {
            Residual::Thinking(left) if self.per_session => {
                at = self.burst(at + left, streams, 0);
            }
            Residual::Thinking(left) => {
                // The turn goes on: a sandbox is started for its burst.
                at = at + left;
                if at < self.end {
                    at = self.sandbox(at, streams, 0);
                }
            }
            Residual::Bursting(left) => {
                self.work(at, left, left);
                at = at + left;
            }
            Residual::Starting { delay, cpu, width } => {
                at = self.begin(at, delay, cpu, width);
                if !self.per_session {
                    at = self.burst(at, streams, 0);
                }
            }
        }
        if has_sandbox && at < self.end {
            self.sandboxes.leave(&self.bins, at);
        }
        self.turns(at, streams, 0, turns);
    }

    /// The turns after `turn`, and the session's end.
    #[inline]
    fn turns(&mut self, mut at: SimTime, streams: SessionStreams, turn: u32, left: u32) {
        let mut turn = turn;
        for _ in 0..left {
            if at >= self.end {
                return;
            }
            turn = turn.wrapping_add(1);
            at = at + self.draws.think(streams, turn);
            if at >= self.end {
                return;
            }
            at = if self.per_session {
                self.burst(at, streams, turn)
            } else {
                self.sandbox(at, streams, turn)
            };
        }
        if at < self.end {
            self.sessions.leave(&self.bins, at);
        }
    }

    /// A sandbox for one burst; gives the moment of its end.
    #[inline]
    fn sandbox(&mut self, at: SimTime, streams: SessionStreams, turn: u32) -> SimTime {
        self.sandboxes.enter(&self.bins, at);
        let at = self.start(at, streams, turn);
        let at = self.burst(at, streams, turn);
        if at < self.end {
            self.sandboxes.leave(&self.bins, at);
        }
        at
    }

    #[inline]
    fn start(&mut self, at: SimTime, streams: SessionStreams, turn: u32) -> SimTime {
        let start = self.draws.start(streams, turn);
        if start.delay == 0 && start.cpu == 0 {
            return at;
        }
        self.begin(at, start.delay, start.cpu, start.width)
    }

    fn begin(&mut self, at: SimTime, delay: u64, cpu: u64, width: Width) -> SimTime {
        let at = at + delay;
        let wall = width.alone(cpu);
        self.work(at, wall, cpu);
        at + wall
    }

    #[inline]
    fn burst(&mut self, at: SimTime, streams: SessionStreams, turn: u32) -> SimTime {
        let work = self.draws.burst(streams, turn);
        if work == 0 {
            return at;
        }
        self.work(at, work, work);
        at + work
    }

    /// Spreads CPU time evenly over a stretch of wall time.
    fn work(&mut self, at: SimTime, wall: u64, cpu: u64) {
        let limits = &self.bins.limits;
        let until = at + wall;
        if cpu == 0 || at >= self.end || until.0 <= limits[0] {
            return;
        }
        let first = self.bins.of(at.0.max(limits[0]));
        if limits[0] <= at.0 && until.0 <= limits[first + 1] {
            self.cpu[first] += u128::from(cpu);
            return;
        }
        // Up to a moment, rounded down: parts add up to the whole.
        let up_to = |moment: u64| {
            let elapsed = u128::from(moment.clamp(at.0, until.0) - at.0);
            u128::from(cpu) * elapsed / u128::from(wall.max(1))
        };
        for (cpu, limits) in self.cpu[first..].iter_mut().zip(limits[first..].windows(2)) {
            if until.0 <= limits[0] {
                break;
            }
            *cpu += up_to(limits[1]) - up_to(limits[0]);
        }
    }

    fn outcome(&self, sessions: u64) -> FlowOutcome {
        let open = self.sessions.counted(&self.bins);
        let live = if self.per_session {
            open.clone()
        } else {
            self.sandboxes.counted(&self.bins)
        };
        let seconds = |at: u64| to_seconds(u128::from(at));
        let bins = self.bins.limits.windows(2).zip(open.into_iter().zip(live));
        FlowOutcome {
            runs: 1,
            sessions,
            bins: bins
                .zip(&self.cpu)
                .map(|((limits, (open, live)), &cpu_time)| FlowBin {
                    from_seconds: seconds(limits[0]),
                    to_seconds: seconds(limits[1]),
                    measured: u128::from(limits[1] - limits[0]),
                    open_at_start: open.0,
                    live_at_start: live.0,
                    opened: open.2,
                    starts: live.2,
                    session_time: open.1,
                    sandbox_time: live.1,
                    cpu_time,
                })
                .collect(),
        }
    }
}
