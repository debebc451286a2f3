//! How a cell is run: what happens to idle sandboxes, to unused ones, to hosts, and to memory.

use super::{CellSpec, Demand, Lifecycle, SessionShape, invalid};
use crate::distribution::Distribution;
use crate::queueing::erlang::erlang_b;
use crate::simulation::error::SimulationError;

/// How a cell is run beyond starting a sandbox for each request. Everything is off by default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Operation {
    /// What happens to a sandbox whose session thinks for long; only with
    /// [`Lifecycle::PerSession`].
    pub suspension: Option<Suspension>,
    /// Sandboxes started before anybody asks for them.
    pub warm_pool: Option<WarmPool>,
    /// Hosts switched on and off with the load. Without it all are on.
    pub autoscaling: Option<Autoscaling>,
    /// Hosts that fail.
    pub failures: Failures,
    /// More sandboxes than would fit if each held its nominal memory.
    pub over_commitment: Option<OverCommitment>,
    /// Sessions that come all at once: what another cell's failure sends here.
    pub storms: Vec<Storm>,
}

/// Sandboxes of sessions that think for long are suspended, and resumed when the think ends.
///
/// A think of more than `after` seconds suspends the sandbox. From then it holds `memory_bytes` on
/// its host and doesn't count against the density limit. When the think ends, it needs its whole memory
/// and a place within the limit back: it waits for that in its host's own first-come-first-served queue,
/// ahead of everybody who asks for a new sandbox. Then it resumes, which is a delay and CPU work as in a
/// start, and the burst begins. Suspending itself takes no time and no CPU, and a ceiling on starts
/// doesn't hold for resuming.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspension {
    /// Idle seconds after which a sandbox is suspended.
    pub after: f64,
    /// Wall time in seconds to resume on an idle host.
    pub resume_latency: Distribution,
    /// CPU-seconds one resume takes on this host; they are the last part of the latency, as in a
    /// start.
    pub resume_cpu: Distribution,
    /// Bytes a suspended sandbox still holds on its host; no more than a live one.
    pub memory_bytes: u64,
}

/// Started sandboxes that nobody uses yet, kept on every host.
///
/// Requests go to a host with such a sandbox, if any has room, and take it: no wait for the start rate, no
/// start. A replacement then starts on the same host as any sandbox does: at the start rate, with latency
/// and CPU work. The memory of a full pool is set aside on each host, and its sandboxes count against
/// the density limit. At the beginning of a run, and wherever a host is repaired, the pool is full, or
/// is filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WarmPool {
    /// Sandboxes kept per host.
    pub per_host: u32,
    /// Bytes one unused sandbox holds; no more than a live one.
    pub memory_bytes: u64,
}

/// Hosts are switched on and off so that those that are on are filled to a target.
///
/// Every `interval` seconds the load is counted in hosts: the places taken and asked for over the places
/// of one host, and the CPU time used since the last look over that of one host; the greater of the two,
/// over `target`, is the number of hosts wanted. Missing ones are switched on and take sandboxes `boot`
/// seconds later. Superfluous ones, the emptiest first, take no more sandboxes, and are switched off once
/// they have been without one for `idle_before_off` seconds; until then they can be called back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Autoscaling {
    /// Hosts always wanted; at least one.
    pub least: u32,
    /// Share of places, or of CPU time, whichever is fuller, that should be in use; above 0, at most
    /// 1.
    pub target: f64,
    /// Seconds between two looks.
    pub interval: f64,
    /// Seconds from switching a host on until it takes sandboxes.
    pub boot: f64,
    /// Seconds a host without sandboxes stays on.
    pub idle_before_off: f64,
}

/// Hosts that fail: every sandbox on such a host is lost, with the work in progress.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Failures {
    /// Failures at given times.
    pub planned: Vec<PlannedFailure>,
    /// Failures at random times.
    pub random: Option<RandomFailures>,
    /// What sessions do that lost their sandbox.
    pub then: AfterFailure,
}

impl Failures {
    /// Whether no host ever fails.
    pub const fn is_none(&self) -> bool {
        self.planned.is_empty() && self.random.is_none()
    }
}

/// Hosts, picked at random among those that are on, that fail together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlannedFailure {
    /// Seconds since the start of the run.
    pub at: f64,
    /// How many hosts fail; all that are on if they are fewer.
    pub hosts: u32,
    /// Seconds until they are back, empty; `None` if never.
    pub repair: Option<f64>,
}

/// Every host that is on fails after an exponential time, independently of the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomFailures {
    /// Mean seconds one host is on until it fails.
    pub mean_between: f64,
    /// Seconds until it is back, empty.
    pub repair: f64,
}

/// What a session does when its sandbox is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AfterFailure {
    /// It asks for a new sandbox at once. With [`Lifecycle::PerSession`] it then repeats the turn
    /// that was lost, think and burst; with [`Lifecycle::PerBurst`] the burst.
    #[default]
    Restart,
    /// It ends.
    End,
}

/// Hosts take more sandboxes than would fit if each held its nominal memory, because few do.
///
/// Memory is then not a hard limit but a risk: how long, and how often, what sandboxes really hold
/// exceeds what a host has. What happens then (swapping, killing) is not simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct OverCommitment {
    /// Nominal memory placed on a host over what it has; at least 1.
    pub factor: f64,
    /// Bytes one live sandbox really holds, drawn once per sandbox.
    pub actual: Distribution,
}

/// Sessions that open all at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Storm {
    /// Seconds since the start of the run.
    pub at: f64,
    /// How many open, besides those of the cell's own demand.
    pub sessions: u32,
}

/// Sessions whose bursts are unlike those of the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Minority {
    /// Share of sessions, between 0 and 1, drawn for each session.
    pub share: f64,
    /// CPU-seconds of work per turn on the reference CPU.
    pub burst: Distribution,
}

impl Operation {
    /// Whether nothing of it is used.
    pub fn is_none(&self) -> bool {
        self.suspension.is_none()
            && self.warm_pool.is_none()
            && self.autoscaling.is_none()
            && self.failures.is_none()
            && self.over_commitment.is_none()
            && self.storms.is_empty()
    }

    pub(super) fn validate(&self, cell: &CellSpec) -> Result<(), SimulationError> {
        self.validate_sandboxes(cell)?;
        self.validate_hosts(cell)?;
        for storm in &self.storms {
            time("storms.at", storm.at)?;
        }
        Ok(())
    }

    fn validate_sandboxes(&self, cell: &CellSpec) -> Result<(), SimulationError> {
        let nominal = cell.sandbox.memory_bytes;
        if let Some(suspension) = &self.suspension {
            if cell.lifecycle != Lifecycle::PerSession {
                return Err(invalid(
                    "suspension",
                    "only a sandbox kept for a whole session can be suspended",
                ));
            }
            time("suspension.after", suspension.after)?;
            finite_mean("suspension.resume_latency", &suspension.resume_latency)?;
            finite_mean("suspension.resume_cpu", &suspension.resume_cpu)?;
            if suspension.memory_bytes > nominal {
                return Err(invalid(
                    "suspension.memory_bytes",
                    "a suspended sandbox holds no more than a live one",
                ));
            }
        }
        if let Some(pool) = &self.warm_pool {
            if pool.memory_bytes > nominal {
                return Err(invalid(
                    "warm_pool.memory_bytes",
                    "an unused sandbox holds no more than a live one",
                ));
            }
            if pool.per_host > MOST_POOLED {
                return Err(invalid("warm_pool.per_host", "at most 65,536 on one host"));
            }
        }
        if let Some(over) = &self.over_commitment {
            if !(over.factor >= 1.0 && over.factor <= MOST_OVER_COMMITMENT) {
                return Err(invalid(
                    "over_commitment.factor",
                    "must lie between 1 and 1000",
                ));
            }
            finite_mean("over_commitment.actual", &over.actual)?;
        }
        Ok(())
    }

    fn validate_hosts(&self, cell: &CellSpec) -> Result<(), SimulationError> {
        if let Some(scaling) = &self.autoscaling {
            if !(1..=cell.hosts).contains(&scaling.least) {
                return Err(invalid(
                    "autoscaling.least",
                    "at least one host, at most all of the cell",
                ));
            }
            if !(scaling.target > 0.0 && scaling.target <= 1.0) {
                return Err(invalid(
                    "autoscaling.target",
                    "must lie above 0, at most at 1",
                ));
            }
            at_least("autoscaling.interval", scaling.interval, SHORTEST_INTERVAL)?;
            time("autoscaling.boot", scaling.boot)?;
            time("autoscaling.idle_before_off", scaling.idle_before_off)?;
        }
        for planned in &self.failures.planned {
            time("failures.planned.at", planned.at)?;
            if let Some(repair) = planned.repair {
                time("failures.planned.repair", repair)?;
            }
        }
        if let Some(random) = &self.failures.random {
            // Shorter ones would make a run of failures only, and endless.
            at_least("failures.random.mean_between", random.mean_between, 1e-3)?;
            time("failures.random.repair", random.repair)?;
        }
        Ok(())
    }
}

/// What the operation means for the numbers of a cell.
impl CellSpec {
    /// Bytes of memory set aside on each host for its warm pool.
    pub(in crate::simulation) fn pool_bytes(&self) -> u64 {
        self.operation.warm_pool.map_or(0, |pool| {
            u64::from(pool.per_host).saturating_mul(pool.memory_bytes)
        })
    }

    /// Nominal bytes a host has for sandboxes of sessions.
    pub(in crate::simulation) fn session_bytes_per_host(&self) -> u64 {
        let memory = self.host.memory_bytes;
        let placed = match &self.operation.over_commitment {
            None => memory,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "float-to-integer casts saturate, which is what is wanted"
            )]
            Some(over) => (memory as f64 * over.factor) as u64,
        };
        placed.saturating_sub(self.pool_bytes())
    }

    /// Most live sandboxes of sessions on a host by the density limit.
    pub(in crate::simulation) fn session_density(&self) -> u32 {
        match (self.sandbox.density_limit, self.operation.warm_pool) {
            (None, _) => u32::MAX,
            (Some(limit), None) => limit,
            (Some(limit), Some(pool)) => limit.saturating_sub(pool.per_host),
        }
    }

    /// Mean seconds of a turn in which a sandbox is being resumed, if nothing contends.
    pub(in crate::simulation) fn resume_seconds_per_turn(&self) -> f64 {
        self.operation
            .suspension
            .as_ref()
            .map_or(0.0, |suspension| {
                self.session.think.survival(suspension.after) * suspension.resume_latency.mean()
            })
    }

    /// Mean seconds for which a session takes one whole place, if nothing contends; a suspended
    /// sandbox takes a part of one.
    pub(in crate::simulation) fn uncontended_place_seconds(&self) -> f64 {
        let turns = self.session.turns.mean();
        match self.lifecycle {
            Lifecycle::PerBurst => turns * (self.burst_mean() + self.start_mean()),
            Lifecycle::PerSession => {
                let saved = self
                    .operation
                    .suspension
                    .as_ref()
                    .map_or(0.0, |suspension| {
                        let think = &self.session.think;
                        let suspended = think.mean() - think.integrated_survival(suspension.after);
                        let full = self.sandbox.memory_bytes.max(1) as f64;
                        suspended * (1.0 - suspension.memory_bytes as f64 / full)
                    });
                self.uncontended_session_mean() - turns * saved
            }
        }
    }

    /// Sessions per second at the beginning, if nothing contends.
    pub(in crate::simulation) fn session_rate_at_first(&self) -> f64 {
        match &self.demand {
            Demand::Poisson { rate } => rate.rate(0.0),
            Demand::FiniteSource { agents, open_rate } => {
                let rate = open_rate.rate(0.0);
                *agents as f64 * rate / (1.0 + rate * self.uncontended_session_mean())
            }
            Demand::Recorded(recorded) => recorded.rate_before(self.uncontended_session_mean()),
        }
    }

    /// Share of requests that find no unused sandbox, as Erlang's loss formula has it when they are
    /// spread evenly over all hosts; one without a warm pool.
    pub(in crate::simulation) fn expected_miss_share(&self) -> f64 {
        let Some(pool) = self.operation.warm_pool else {
            return 1.0;
        };
        let starts = match self.lifecycle {
            Lifecycle::PerSession => 1.0,
            Lifecycle::PerBurst => self.session.turns.mean(),
        };
        let per_host = self.session_rate_at_first() * starts / f64::from(self.hosts);
        erlang_b(per_host * self.start_mean(), pool.per_host.into()).unwrap_or(1.0)
    }
}

impl SessionShape {
    /// Mean CPU-seconds of a burst on the reference CPU, over all sessions.
    pub(in crate::simulation) fn burst_mean(&self) -> f64 {
        let most = self.burst.mean();
        self.minority.as_ref().map_or(most, |minority| {
            most + minority.share * (minority.burst.mean() - most)
        })
    }
}

impl Minority {
    pub(super) fn validate(&self) -> Result<(), SimulationError> {
        if !(self.share >= 0.0 && self.share <= 1.0) {
            return Err(invalid("minority.share", "must lie between 0 and 1"));
        }
        finite_mean("minority.burst", &self.burst)
    }
}

/// Most unused sandboxes on one host.
const MOST_POOLED: u32 = 1 << 16;
/// Largest factor of over-commitment.
const MOST_OVER_COMMITMENT: f64 = 1e3;
/// Shortest time between two looks of the autoscaling, in seconds.
const SHORTEST_INTERVAL: f64 = 1e-3;

fn time(field: &'static str, seconds: f64) -> Result<(), SimulationError> {
    at_least(field, seconds, 0.0)
}

fn at_least(field: &'static str, seconds: f64, least: f64) -> Result<(), SimulationError> {
    if seconds.is_finite() && seconds >= least {
        Ok(())
    } else {
        Err(invalid(field, format!("must be at least {least} seconds")))
    }
}

fn finite_mean(field: &'static str, distribution: &Distribution) -> Result<(), SimulationError> {
    let mean = distribution.mean();
    if mean.is_finite() && mean >= 0.0 {
        Ok(())
    } else {
        Err(invalid(field, "its mean must be a non-negative number"))
    }
}
