//! What a cell is: hosts, sandboxes, sessions, demand and rules.

mod operation;

pub use operation::{
    AfterFailure, Autoscaling, Failures, Minority, Operation, OverCommitment, PlannedFailure,
    RandomFailures, Storm, Suspension, WarmPool,
};

use super::error::SimulationError;
use super::rate::PiecewiseLinear;
use super::recorded::RecordedArrivals;
use crate::distribution::{Distribution, TurnCount};

/// One cell: identical hosts that are scheduled together, and the sessions they serve.
#[derive(Debug, Clone)]
pub struct CellSpec {
    /// Number of hosts.
    pub hosts: u32,
    /// What each host offers.
    pub host: HostCapacity,
    /// What a sandbox costs on such a host.
    pub sandbox: SandboxCost,
    /// What a session does.
    pub session: SessionShape,
    /// When sandboxes start and stop.
    pub lifecycle: Lifecycle,
    /// Who opens sessions, and when.
    pub demand: Demand,
    /// Which host gets a sandbox.
    pub placement: Placement,
    /// What happens when no host has room.
    pub full: Full,
    /// How it is run beyond that.
    pub operation: Operation,
}

/// What one host offers to sandboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostCapacity {
    /// Virtual CPUs shared by bursts and starts.
    pub vcpus: u32,
    /// Bytes for sandboxes: net of what the operating system and the technology's shared base
    /// take.
    pub memory_bytes: u64,
}

/// What one sandbox of a technology costs.
#[derive(Debug, Clone)]
pub struct SandboxCost {
    /// Wall time in seconds from the beginning of a start to the first useful result on an idle
    /// host.
    pub start_latency: Distribution,
    /// CPU-seconds one start takes on this host, all helpers included; drawn independently of the
    /// latency. The latency's first part, as long as the latency exceeds the CPU time, is a delay
    /// that uses no CPU; the rest is a job on the host's CPUs, wider than one CPU if the CPU time
    /// exceeds the latency.
    pub start_cpu: Distribution,
    /// Bytes of memory one live instance holds, the session's working set included, from placement
    /// to release.
    pub memory_bytes: u64,
    /// CPU time of work inside the sandbox relative to the reference CPU: 1.2 means 20% more.
    pub relative_cpu: f64,
    /// Sustained starts per second one host can do; starts are admitted in order, at least the
    /// inverse of this apart. `None` if only CPU and memory limit it.
    pub start_rate_limit: Option<f64>,
    /// Most live instances per host, whatever their memory.
    pub density_limit: Option<u32>,
}

/// What a session does: a number of turns, each a think and then a burst.
#[derive(Debug, Clone)]
pub struct SessionShape {
    /// Turns per session.
    pub turns: TurnCount,
    /// Seconds per turn in which the sandbox has nothing to do: the model thinks, a person reads,
    /// a remote API answers.
    pub think: Distribution,
    /// CPU-seconds of work per turn on the reference CPU.
    pub burst: Distribution,
    /// Sessions with other bursts.
    pub minority: Option<Minority>,
}

/// When sandboxes start and stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lifecycle {
    /// A sandbox is requested when the session opens and kept until its last turn ends. The first
    /// turn begins when the sandbox is ready.
    PerSession,
    /// Nothing is held while thinking; every burst requests a sandbox, which is started, runs the
    /// burst and is thrown away.
    PerBurst,
}

/// Who opens sessions.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Demand {
    /// Many independent users: sessions open as a Poisson process.
    Poisson {
        /// Sessions per second over simulated time. Before time zero the rate is taken to have
        /// been what it is at time zero; the run begins in that steady state.
        rate: PiecewiseLinear,
    },
    /// A finite number of agents, each with at most one open session.
    FiniteSource {
        /// Number of agents.
        agents: u64,
        /// Sessions per second opened by one agent that has none open, over simulated time.
        open_rate: PiecewiseLinear,
    },
    /// Sessions open as recorded somewhere, whatever happens here. The run begins in the steady
    /// state of what was recorded just before, for as long as a session takes.
    Recorded(RecordedArrivals),
}

/// Which of the hosts with room gets a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Placement {
    /// The one with the lowest number.
    FirstFit,
    /// The one with the most sandboxes; ties go to the lowest number.
    BestFit,
    /// The one with the fewest sandboxes; ties go to the lowest number.
    LeastLoaded,
    /// Of two different ones picked at random, the one with fewer sandboxes.
    PowerOfTwo,
    /// Each in turn, skipping those without room.
    RoundRobin,
    /// Any, with equal probability.
    Random,
}

/// What happens to a request for a sandbox when no host has room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Full {
    /// It waits in the cell's single first-come-first-served queue, unless that many already do.
    Queue {
        /// Longest queue.
        limit: u32,
    },
    /// It is rejected at once. A rejected session never happens; a rejected burst is lost and its
    /// session goes on.
    Reject,
}

impl Full {
    /// A queue without a practical bound.
    pub const UNBOUNDED: Self = Self::Queue { limit: u32::MAX };

    pub(super) const fn queue_limit(self) -> u32 {
        match self {
            Self::Queue { limit } => limit,
            Self::Reject => 0,
        }
    }
}

/// Most hosts of a cell.
const MOST_HOSTS: u32 = 1 << 20;
/// Most vCPUs of a host.
const MOST_VCPUS: u32 = 1 << 14;
/// Largest expected number of open sessions.
const MOST_SESSIONS: f64 = 1e8;

impl CellSpec {
    /// Checks that the parts are possible on their own and together.
    ///
    /// # Errors
    /// [`SimulationError::InvalidSpec`] naming the first impossible field.
    pub fn validate(&self) -> Result<(), SimulationError> {
        if !(1..=MOST_HOSTS).contains(&self.hosts) {
            return Err(invalid("hosts", "a cell has 1 to 1,048,576 hosts"));
        }
        if !(1..=MOST_VCPUS).contains(&self.host.vcpus) {
            return Err(invalid("vcpus", "a host has 1 to 16,384 vCPUs"));
        }
        let relative = self.sandbox.relative_cpu;
        if !(relative.is_finite() && relative > 0.0) {
            return Err(invalid("relative_cpu", "must be a positive number"));
        }
        if let Some(limit) = self.sandbox.start_rate_limit
            && !(limit.is_finite() && limit > 0.0)
        {
            return Err(invalid("start_rate_limit", "must be a positive number"));
        }
        // An impossible operation makes no sense of what fits.
        self.operation.validate(self)?;
        if self.slots_per_host() == 0 {
            let nothing_fits = "not one sandbox fits on a host, so no session could ever be served";
            let field = match self.operation.warm_pool {
                Some(_) => "memory_bytes, or warm_pool",
                None => "memory_bytes",
            };
            return Err(invalid(field, nothing_fits));
        }
        if let Demand::FiniteSource { agents, .. } = &self.demand
            && *agents == 0
        {
            return Err(invalid("agents", "there must be at least one"));
        }
        let shape = &self.session;
        for (field, distribution) in [
            ("start_latency", &self.sandbox.start_latency),
            ("start_cpu", &self.sandbox.start_cpu),
            ("think", &shape.think),
            ("burst", &shape.burst),
        ] {
            let mean = distribution.mean();
            if !(mean.is_finite() && mean >= 0.0) {
                return Err(invalid(field, "its mean must be a non-negative number"));
            }
        }
        let storms = self.operation.storms.iter();
        let storms: f64 = storms.map(|storm| f64::from(storm.sessions)).sum();
        let peak = storms
            + match &self.demand {
                Demand::Poisson { rate } => rate.peak() * self.uncontended_session_mean(),
                Demand::FiniteSource { agents, .. } => *agents as f64,
                Demand::Recorded(recorded) => {
                    recorded.peak_rate() * self.uncontended_session_mean()
                }
            };
        if peak.is_nan() || peak > MOST_SESSIONS {
            return Err(invalid(
                "demand",
                "more than a hundred million sessions open at once; split the load into cells",
            ));
        }
        if !(shape.turns.mean().is_finite() && shape.turns.mean() > 0.0) {
            return Err(invalid("turns", "its mean must be a positive number"));
        }
        if let Some(minority) = &shape.minority {
            minority.validate()?;
        }
        Ok(())
    }

    /// Most sandboxes of sessions one host can hold live at once: the lesser of what memory and the
    /// density limit allow, with a warm pool set aside and memory over-committed as the cell's
    /// operation says.
    pub fn slots_per_host(&self) -> u32 {
        let by_memory = match self.sandbox.memory_bytes {
            0 => u32::MAX,
            bytes => u32::try_from(self.session_bytes_per_host() / bytes).unwrap_or(u32::MAX),
        };
        by_memory.min(self.session_density())
    }

    /// Mean seconds from opening to closing of a session that never waits, shares its CPU with
    /// nobody, loses no sandbox and finds no unused one in a warm pool.
    pub fn uncontended_session_mean(&self) -> f64 {
        let turn = self.session.think.mean() + self.burst_mean() + self.resume_seconds_per_turn();
        let start = self.start_mean();
        let turns = self.session.turns.mean();
        match self.lifecycle {
            Lifecycle::PerSession => start + turns * turn,
            Lifecycle::PerBurst => turns * (turn + start),
        }
    }

    /// Mean CPU-seconds one session takes on these hosts, its sandbox starts and resumes included.
    pub fn session_cpu_mean(&self) -> f64 {
        let turns = self.session.turns.mean();
        let starts = match self.lifecycle {
            Lifecycle::PerSession => 1.0,
            Lifecycle::PerBurst => turns,
        };
        let resumes = self
            .operation
            .suspension
            .as_ref()
            .map_or(0.0, |suspension| {
                self.session.think.survival(suspension.after) * suspension.resume_cpu.mean()
            });
        turns * (self.burst_mean() + resumes) + starts * self.sandbox.start_cpu.mean()
    }

    /// Mean CPU-seconds of a burst on these hosts.
    pub(super) fn burst_mean(&self) -> f64 {
        self.session.burst_mean() * self.sandbox.relative_cpu
    }

    /// Mean seconds of a start that shares its CPU with nobody.
    pub(super) fn start_mean(&self) -> f64 {
        self.sandbox.start_latency.mean()
    }
}

pub(super) fn invalid(field: &'static str, reason: impl Into<String>) -> SimulationError {
    SimulationError::InvalidSpec {
        field,
        reason: reason.into(),
    }
}

/// Which part of a run is measured, and what is counted there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// Seconds simulated before measuring begins. The run starts in the steady state of a cell
    /// without contention; the warm-up is for contention to settle.
    pub warm_up: f64,
    /// Seconds measured.
    pub length: f64,
    /// Equal bins of the measured part for which time averages are kept as a series.
    pub bins: u32,
    /// Start waits longer than this many seconds are counted exactly.
    pub start_wait_target: Option<f64>,
    /// Burst slowdowns larger than this factor are counted exactly.
    pub slowdown_target: Option<f64>,
}

impl Observation {
    /// Measures `length` seconds after `warm_up` seconds, without a series.
    ///
    /// # Errors
    /// If either is negative or not finite, the length is under a microsecond, or both together
    /// exceed 100 years.
    pub fn new(warm_up: f64, length: f64) -> Result<Self, SimulationError> {
        let observation = Self {
            warm_up,
            length,
            bins: 0,
            start_wait_target: None,
            slowdown_target: None,
        };
        observation.validate()?;
        Ok(observation)
    }

    /// Also keeps a series of `bins` equal parts of the measured time.
    #[must_use]
    pub const fn with_bins(mut self, bins: u32) -> Self {
        self.bins = bins;
        self
    }

    /// Checks the values; fields are public and may have been changed.
    ///
    /// # Errors
    /// [`SimulationError::InvalidSpec`] naming the first impossible field.
    pub fn validate(&self) -> Result<(), SimulationError> {
        const CENTURY: f64 = 100.0 * 365.25 * 86_400.0;
        if !(self.warm_up.is_finite() && self.warm_up >= 0.0) {
            return Err(invalid("warm_up", "must be zero or more seconds"));
        }
        if !(self.length.is_finite() && self.length >= 1e-6) {
            return Err(invalid("length", "must be at least a microsecond"));
        }
        if self.warm_up + self.length > CENTURY {
            return Err(invalid("length", "longer than a hundred years"));
        }
        if self.bins > 1_000_000 {
            return Err(invalid("bins", "more than a million"));
        }
        for (field, target) in [
            ("start_wait_target", self.start_wait_target),
            ("slowdown_target", self.slowdown_target),
        ] {
            if target.is_some_and(|target| !(target.is_finite() && target >= 0.0)) {
                return Err(invalid(field, "must be a non-negative number"));
            }
        }
        Ok(())
    }
}
