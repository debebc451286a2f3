//! The largest load a cell carries within its service level.
//!
//! A service level is a set of statements of the form "at most a share p of starts waits longer than
//! x seconds". Each is judged by the *share over the target*, counted exactly, rather than by an
//! estimated quantile: a share is a mean, so its interval is honest with few replications, and the
//! statement is the same (the 99th percentile is at most x exactly when at most 1% exceed x).
//!
//! With common random numbers the shares are nearly monotone in the load, and bisection finds where
//! each of three predicates changes: *surely meets* (all intervals below their limits), *meets on
//! average*, *surely fails* (some interval above its limit). The first and the last bound the answer;
//! loads between them are undecided at this effort. [`assess`] says what an interval rests on.

mod nothing;
mod search;

pub use search::{Capacity, simulated_capacity};

use super::RunId;
use super::control::Control;
use super::error::SimulationError;
use super::outcome::CellOutcome;
use super::replications::{Replications, run_replications};
use super::spec::{CellSpec, Observation, invalid};
use crate::statistics::means::ratio_of_replications;
use nothing::Seen;
use serde::Serialize;

/// What was promised to users. Each part is optional; at least one is needed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServiceLevel {
    /// Which quantile of start waits and burst slowdowns the targets are for: 0.99 for the 99th
    /// percentile.
    pub quantile: f64,
    /// Most seconds from the request for a sandbox to the beginning of its start, or from the moment
    /// a suspended one is needed until it has its memory back.
    pub start_wait: Option<f64>,
    /// Largest ratio of a burst's time to its time alone on the host.
    pub burst_slowdown: Option<f64>,
    /// Largest share of requests rejected.
    pub rejection: Option<f64>,
}

impl ServiceLevel {
    /// Checks the values.
    ///
    /// # Errors
    /// [`SimulationError::InvalidSpec`] if nothing is promised or a value is out of range.
    pub fn validate(&self) -> Result<(), SimulationError> {
        if !(self.quantile > 0.0 && self.quantile < 1.0) {
            return Err(invalid("quantile", "must lie between 0 and 1"));
        }
        let targets = [
            ("start_wait", self.start_wait, 0.0),
            ("burst_slowdown", self.burst_slowdown, 1.0),
            ("rejection", self.rejection, 0.0),
        ];
        for (field, target, least) in targets {
            if target.is_some_and(|target| !(target.is_finite() && target >= least)) {
                return Err(invalid(field, format!("must be at least {least}")));
            }
        }
        if targets.iter().all(|(_, target, _)| target.is_none()) {
            return Err(invalid("service level", "promises nothing"));
        }
        Ok(())
    }

    fn checks(&self) -> impl Iterator<Item = (Promise, f64)> {
        let share = 1.0 - self.quantile;
        [
            self.start_wait.map(|_| (Promise::StartWait, share)),
            self.burst_slowdown.map(|_| (Promise::BurstSlowdown, share)),
            self.rejection.map(|limit| (Promise::Rejection, limit)),
        ]
        .into_iter()
        .flatten()
    }
}

/// One part of a service level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Promise {
    /// Starts begin soon enough.
    StartWait,
    /// Bursts aren't slowed down too much.
    BurstSlowdown,
    /// Few requests are rejected.
    Rejection,
}

/// Whether a promise, or all of them, is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Verdict {
    /// The whole interval is within the limit.
    Meets,
    /// The limit lies inside the interval: more replications or longer runs would tell.
    Undecided,
    /// The whole interval is beyond the limit.
    Fails,
}

/// How one promise fared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Check {
    /// The promise.
    pub promise: Promise,
    /// Largest share allowed: of starts over the wait target, of bursts over the slowdown target, or
    /// of requests rejected.
    pub limit: f64,
    /// Mean share over replications.
    pub share: f64,
    /// Lower end of the share's 95% interval.
    pub low: f64,
    /// Upper end of the share's 95% interval.
    pub high: f64,
    /// What follows.
    pub verdict: Verdict,
}

impl Check {
    /// Share found over share allowed: the promise with the largest breaks first.
    pub fn strain(&self) -> f64 {
        if self.limit > 0.0 {
            self.share / self.limit
        } else if self.share > 0.0 {
            f64::INFINITY
        } else {
            0.0
        }
    }
}

/// One load, simulated and judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// All promises taken together.
    pub verdict: Verdict,
    /// Each promise.
    pub checks: Vec<Check>,
    /// The runs behind it.
    pub replications: Replications,
}

impl Assessment {
    /// Whether every promise is kept by the mean over replications.
    pub fn meets_on_average(&self) -> bool {
        self.checks.iter().all(|check| check.share <= check.limit)
    }

    /// The promise nearest to breaking, or broken furthest.
    pub fn tightest(&self) -> Option<&Check> {
        self.checks
            .iter()
            .max_by(|left, right| left.strain().total_cmp(&right.strain()))
    }
}

/// How much simulating to do for a judgement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effort {
    /// Which part of each run is measured; its targets are replaced by those of the service level.
    pub observation: Observation,
    /// Replications per load; at least two.
    pub replications: u64,
    /// Seed, cell and first replication.
    pub run: RunId,
    /// Events in all, after which the search stops with what it knows. The load that is reported gets its
    /// remaining replications in any case.
    pub max_events: u64,
}

/// Simulates a cell and judges it.
///
/// A promise's share is that of all replications together, violations over observations, with
/// Student's t interval of the residuals at 95% ([`ratio_of_replications`]): an average of shares
/// would be off in short replications, where a busy one has more of both. The replication is the
/// unit of the interval, since waits and slowdowns within one depend on each other. Requests still
/// waiting at the end of a run count with the wait they have had so far.
///
/// Where not one violation was seen there is no spread, and "3/n" (the 95% bound of a share of which
/// nothing was seen in n independent looks) needs looks that are independent, which the n requests
/// of a run are not. What bounds the share then depends on what could break the promise:
///
/// * *Room.* One replication gives one peak of those that have a place or wait for one. The chance
///   that another replication's peak reaches the number at which the promise breaks is read off
///   Student's t prediction interval of the peaks, and the share is at most that chance. Peaks that
///   hardly differ are given half the spread of a Poisson number. Or, if that is less, 3 over the
///   mean stays of a sandbox that were watched one after the other.
/// * *The start rate.* n requests count as n (1 − u)²/2 looks, u the utilisation of the rate: waits
///   in a single-server queue stay correlated over about 2/(1 − u)² of them (Whitt 1989, Planning
///   queueing simulations).
/// * *CPU.* The time watched on all hosts over the relaxation time of a host, 2 E\[S\]/(c (1 − ρ)²)
///   for c vCPUs with utilisation ρ and jobs of mean length E\[S\] (the same paper).
/// * Where sandboxes are suspended, or hosts come and go, the peak of the sandboxes does not tell how
///   near the places were to being full: every mean stay of a sandbox is then a look of its own on every
///   host. If it is less, the chance that the fullest host of another replication is full is read off
///   those seen in the same way; and requests are turned away only when the queue is full, so that of
///   another replication's queue growing so long off its peaks.
///
/// A share beyond a smaller value, of which something was seen, bounds it too; the least bound holds.
/// Complete failure is bounded by 3/R for R replications.
///
/// # Errors
/// Those of [`run_replications`], or an invalid service level or effort.
pub fn assess(
    spec: &CellSpec,
    level: &ServiceLevel,
    effort: &Effort,
    control: &Control<'_>,
) -> Result<Assessment, SimulationError> {
    assess_until_decided(spec, level, effort, effort.replications, control)
}

/// Simulates a cell and judges it, with twice as many replications again and again until every
/// promise is decided one way, or some promise is surely broken, or `most_replications` are done.
///
/// Looking several times makes a wrong decision a little more likely than the 5% of one interval.
///
/// # Errors
/// As [`assess`].
pub fn assess_until_decided(
    spec: &CellSpec,
    level: &ServiceLevel,
    effort: &Effort,
    most_replications: u64,
    control: &Control<'_>,
) -> Result<Assessment, SimulationError> {
    if effort.replications < 2 {
        return Err(too_few());
    }
    let doubled =
        |done: &u64| (*done < most_replications).then(|| (2 * done).min(most_replications));
    let looks: Vec<Look> = std::iter::successors(Some(effort.replications), doubled)
        .map(|replications| Look {
            replications,
            confidence: CONFIDENCE,
        })
        .collect();
    assess_in_looks(spec, level, effort, &looks, None, control)
}

fn too_few() -> SimulationError {
    invalid("replications", "at least two are needed")
}

/// Confidence of the intervals that judge.
const CONFIDENCE: f64 = 0.95;

/// A look at the replications done so far: what is decided then needs no more of them.
#[derive(Debug, Clone, Copy)]
struct Look {
    /// Replications done by then.
    replications: u64,
    /// Confidence of its intervals.
    confidence: f64,
}

/// Adds replications to those done before until a look decides or there are no more looks.
fn assess_in_looks(
    spec: &CellSpec,
    level: &ServiceLevel,
    effort: &Effort,
    looks: &[Look],
    done_before: Option<Replications>,
    control: &Control<'_>,
) -> Result<Assessment, SimulationError> {
    level.validate()?;
    if looks.iter().any(|look| look.replications < 2) {
        return Err(too_few());
    }
    let observation = Observation {
        start_wait_target: level.start_wait,
        slowdown_target: level.burst_slowdown,
        ..effort.observation
    };
    let mut replications = done_before;
    let mut judgement = None;
    for look in looks {
        let done = replications
            .as_ref()
            .map_or(0, |known| known.outcomes().len() as u64);
        let next = RunId {
            replication: effort.run.replication.wrapping_add(done),
            ..effort.run
        };
        let more = look.replications.saturating_sub(done);
        let found = run_replications(spec, &observation, next, more, control)?;
        match &mut replications {
            Some(known) => known.extend(found),
            None => replications = Some(found),
        }
        if let Some(all) = &replications {
            let (verdict, checks) = judge(spec, level, all, look.confidence);
            judgement = Some((verdict, checks));
            if verdict != Verdict::Undecided {
                break;
            }
        }
    }
    match (judgement, replications) {
        (Some((verdict, checks)), Some(replications)) => Ok(Assessment {
            verdict,
            checks,
            replications,
        }),
        _ => Err(too_few()),
    }
}

fn judge(
    spec: &CellSpec,
    level: &ServiceLevel,
    replications: &Replications,
    confidence: f64,
) -> (Verdict, Vec<Check>) {
    let seen = Seen {
        spec,
        level,
        replications,
        confidence,
    };
    let checks: Vec<Check> = level
        .checks()
        .map(|(promise, limit)| check(&seen, promise, limit))
        .collect();
    let verdict = if checks.iter().any(|check| check.verdict == Verdict::Fails) {
        Verdict::Fails
    } else if checks.iter().all(|check| check.verdict == Verdict::Meets) {
        Verdict::Meets
    } else {
        Verdict::Undecided
    };
    (verdict, checks)
}

/// (violations, observations) of a promise in one replication.
fn violations(promise: Promise, outcome: &CellOutcome) -> (u64, u64) {
    match promise {
        Promise::StartWait => outcome.waits().iter().fold((0, 0), |(above, of), tally| {
            (above + tally.above_target(), of + tally.count())
        }),
        Promise::BurstSlowdown => (
            outcome.burst_slowdown.above_target(),
            outcome.burst_slowdown.count(),
        ),
        Promise::Rejection => (outcome.requests_rejected, outcome.requests),
    }
}

/// No number of runs shows that something never happens: a promise of none at all counts as kept
/// where the share is surely below this.
const NONE_AT_ALL: f64 = 1e-6;

fn check(seen_so_far: &Seen<'_>, promise: Promise, limit: f64) -> Check {
    let counts: Vec<(f64, f64)> = seen_so_far
        .replications
        .outcomes()
        .iter()
        .map(|outcome| violations(promise, outcome))
        .map(|(seen, of)| (seen as f64, of as f64))
        .collect();
    let seen: f64 = counts.iter().map(|(seen, _)| seen).sum();
    let of: f64 = counts.iter().map(|(_, of)| of).sum();
    let (share, low, high) = match ratio_of_replications(&counts, seen_so_far.confidence) {
        Ok(_) if seen <= 0.0 => (0.0, 0.0, seen_so_far.bound_of_nothing(promise)),
        Ok(estimate) => {
            let interval = estimate.interval();
            let all = if seen < of {
                1.0
            } else {
                (1.0 - seen_so_far.looks_without() / counts.len() as f64).max(0.0)
            };
            (
                estimate.mean,
                interval.low.clamp(0.0, all),
                interval.high.clamp(0.0, 1.0).max(estimate.mean),
            )
        }
        Err(_) => (if of > 0.0 { seen / of } else { 0.0 }, 0.0, 1.0),
    };
    let verdict = if high <= limit.max(NONE_AT_ALL) {
        Verdict::Meets
    } else if low > limit {
        Verdict::Fails
    } else {
        Verdict::Undecided
    };
    Check {
        promise,
        limit,
        share,
        low,
        high,
        verdict,
    }
}
