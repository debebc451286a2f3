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

use super::RunId;
use super::control::Control;
use super::error::SimulationError;
use super::outcome::CellOutcome;
use super::replications::{Replications, run_replications};
use super::spec::{CellSpec, Demand, Observation, invalid};
use crate::statistics::means::{ratio_of_replications, student_t_survival};
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
    /// Events in all, after which the search stops with what it knows.
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
    level.validate()?;
    if effort.replications < 2 {
        return Err(invalid("replications", "at least two are needed"));
    }
    let observation = Observation {
        start_wait_target: level.start_wait,
        slowdown_target: level.burst_slowdown,
        ..effort.observation
    };
    let mut replications =
        run_replications(spec, &observation, effort.run, effort.replications, control)?;
    loop {
        let assessment = judge(spec, level, replications);
        let done = assessment.replications.outcomes().len() as u64;
        if assessment.verdict != Verdict::Undecided || done >= most_replications {
            return Ok(assessment);
        }
        let next = RunId {
            replication: effort.run.replication.wrapping_add(done),
            ..effort.run
        };
        let more = done.min(most_replications - done);
        replications = assessment.replications;
        replications.extend(run_replications(spec, &observation, next, more, control)?);
    }
}

fn judge(spec: &CellSpec, level: &ServiceLevel, replications: Replications) -> Assessment {
    let checks: Vec<Check> = level
        .checks()
        .map(|(promise, limit)| check(promise, limit, level, spec, &replications))
        .collect();
    let verdict = if checks.iter().any(|check| check.verdict == Verdict::Fails) {
        Verdict::Fails
    } else if checks.iter().all(|check| check.verdict == Verdict::Meets) {
        Verdict::Meets
    } else {
        Verdict::Undecided
    };
    Assessment {
        verdict,
        checks,
        replications,
    }
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

fn check(
    promise: Promise,
    limit: f64,
    level: &ServiceLevel,
    spec: &CellSpec,
    replications: &Replications,
) -> Check {
    let counts: Vec<(f64, f64)> = replications
        .outcomes()
        .iter()
        .map(|outcome| violations(promise, outcome))
        .map(|(seen, of)| (seen as f64, of as f64))
        .collect();
    let seen: f64 = counts.iter().map(|(seen, _)| seen).sum();
    let of: f64 = counts.iter().map(|(_, of)| of).sum();
    let (share, low, high) = match ratio_of_replications(&counts, 0.95) {
        Ok(_) if seen <= 0.0 => (
            0.0,
            0.0,
            bound_of_nothing(promise, level, spec, replications),
        ),
        Ok(estimate) => {
            let interval = estimate.interval();
            let all = if seen < of {
                1.0
            } else {
                (1.0 - 3.0 / counts.len() as f64).max(0.0)
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

/// Upper end at 95% of a share of which nothing was seen; see [`assess`].
fn bound_of_nothing(
    promise: Promise,
    level: &ServiceLevel,
    spec: &CellSpec,
    replications: &Replications,
) -> f64 {
    let wait = level.start_wait;
    let bound = match promise {
        Promise::StartWait => {
            let by_room = if peaks_tell_of_room(spec) {
                bound_by_room(spec, wait, replications)
            } else {
                bound_by_stays(spec, replications).min(bound_by_fullest_host(spec, replications))
            };
            match spec.sandbox.start_rate_limit {
                Some(rate) => by_room.max(bound_by_start_rate(rate, spec, replications)),
                None => by_room,
            }
        }
        Promise::Rejection if peaks_tell_of_room(spec) => bound_by_room(spec, None, replications),
        Promise::Rejection => {
            bound_by_stays(spec, replications).min(bound_by_queue(spec, replications))
        }
        Promise::BurstSlowdown => bound_by_cpu(spec, replications),
    };
    let by_less = match promise {
        Promise::StartWait => level.start_wait.map(|wait| {
            bound_by_less(0.0, wait, replications, |outcome, value| {
                let waits = outcome.waits();
                (
                    waits.iter().map(|tally| tally.above(value)).sum(),
                    waits.iter().map(|tally| tally.count()).sum(),
                )
            })
        }),
        Promise::BurstSlowdown => level.burst_slowdown.map(|slowdown| {
            bound_by_less(1.0, slowdown, replications, |outcome, value| {
                let bursts = &outcome.burst_slowdown;
                (bursts.above(value), bursts.count())
            })
        }),
        Promise::Rejection => None,
    };
    bound.min(by_less.unwrap_or(1.0)).clamp(0.0, 1.0)
}

/// Part of the way from the least possible value to the promised one at which a bound is next looked
/// for.
const LESS: f64 = 0.7;

/// Values between the least and the promised at which a bound is looked for.
const LOOKS_BELOW: i32 = 20;

/// What exceeds the promised value exceeds every smaller one: of the shares beyond smaller values, of
/// which something was seen and whose intervals are Student's, the least upper end.
fn bound_by_less(
    least: f64,
    promised: f64,
    replications: &Replications,
    beyond: impl Fn(&CellOutcome, f64) -> (f64, u64),
) -> f64 {
    (1..=LOOKS_BELOW)
        .filter_map(|step| {
            let value = least + (promised - least) * LESS.powi(step);
            let counts: Vec<(f64, f64)> = replications
                .outcomes()
                .iter()
                .map(|outcome| beyond(outcome, value))
                .map(|(seen, of)| (seen, of as f64))
                .collect();
            let estimate = ratio_of_replications(&counts, 0.95).ok()?;
            (estimate.mean > 0.0).then(|| estimate.interval().high)
        })
        .fold(1.0, f64::min)
}

/// Whether the number of sandboxes in the cell tells how near its places were to being full. It does
/// not where suspended sandboxes take part of a place and wake on their own host, nor where hosts come
/// and go. A pool is set aside from the places, and over-commitment is part of their number.
fn peaks_tell_of_room(spec: &CellSpec) -> bool {
    let operation = &spec.operation;
    operation.suspension.is_none()
        && operation.autoscaling.is_none()
        && operation.failures.is_none()
        && operation.storms.is_empty()
}

/// The share turned away where nobody was, however the places were taken: somebody is only when the
/// queue is full.
fn bound_by_queue(spec: &CellSpec, replications: &Replications) -> f64 {
    match spec.full.queue_limit() {
        // Without a queue a full cell turns away at once.
        0 => 1.0,
        limit => chance_to_reach(f64::from(limit), replications, |outcome| outcome.queue.peak),
    }
}

/// The share that waits for room where nobody did and sandboxes are suspended: a sandbox that wakes waits
/// only if its host is full, and a new one only if all are.
fn bound_by_fullest_host(spec: &CellSpec, replications: &Replications) -> f64 {
    let operation = &spec.operation;
    let hosts_stay = operation.autoscaling.is_none()
        && operation.failures.is_none()
        && operation.storms.is_empty();
    // Beside a density limit a host can be full with memory to spare.
    if !hosts_stay || spec.sandbox.density_limit.is_some() || spec.sandbox.memory_bytes == 0 {
        return 1.0;
    }
    let place = spec.sandbox.memory_bytes;
    chance_to_reach(f64::from(spec.slots_per_host()), replications, |outcome| {
        outcome.operation.fullest_host_bytes.div_ceil(place)
    })
}

/// The share that finds no room, or waits for it longer than promised, where nobody did. A request
/// is turned away when all places are taken and the queue is full. It waits too long only if the
/// queue has grown by as many as begin in that time.
fn bound_by_room(spec: &CellSpec, wait: Option<f64>, replications: &Replications) -> f64 {
    let merged = replications.merged();
    let places = f64::from(spec.slots_per_host()) * f64::from(spec.hosts);
    if let Demand::FiniteSource { agents, .. } = &spec.demand
        && *agents as f64 <= places
    {
        return 0.0;
    }
    let starts = merged.start_wait.count() as f64;
    let beyond = match wait {
        // Nobody waits for room where nobody may.
        Some(_) if spec.full.queue_limit() == 0 => return 0.0,
        Some(wait) => wait * starts / merged.seconds(),
        None => f64::from(spec.full.queue_limit()),
    };
    let by_peaks = chance_to_reach(places + beyond, replications, |outcome| {
        outcome.sandboxes.peak + outcome.queue.peak
    });
    let stays = starts / merged.sandboxes.mean().max(1.0);
    by_peaks.min(3.0 / stays)
}

/// Every stay of a sandbox on every host as a look of its own.
fn bound_by_stays(spec: &CellSpec, replications: &Replications) -> f64 {
    let merged = replications.merged();
    let starts = merged.start_wait.count() as f64;
    let stays = starts / merged.sandboxes.mean().max(1.0) * f64::from(spec.hosts);
    3.0 / stays.min(starts)
}

/// The chance that the peak of another replication reaches so many.
fn chance_to_reach(
    places: f64,
    replications: &Replications,
    peak: impl Fn(&CellOutcome) -> u64,
) -> f64 {
    let peaks: Vec<f64> = replications
        .outcomes()
        .iter()
        .map(|outcome| peak(outcome) as f64)
        .collect();
    let count = peaks.len() as f64;
    let mean = peaks.iter().sum::<f64>() / count;
    let squares: f64 = peaks.iter().map(|peak| (peak - mean).powi(2)).sum();
    let spread = (squares / (count - 1.0))
        .sqrt()
        .max(0.5 * replications.merged().sandboxes.mean().sqrt());
    if spread <= 0.0 {
        return if mean < places { 0.0 } else { 1.0 };
    }
    let distance = (places - mean) / (spread * (1.0 + 1.0 / count).sqrt());
    student_t_survival(distance, count - 1.0)
}

fn bound_by_start_rate(rate: f64, spec: &CellSpec, replications: &Replications) -> f64 {
    let merged = replications.merged();
    let starts = merged.start_wait.count() as f64;
    let utilisation = starts / (rate * f64::from(spec.hosts) * merged.seconds());
    3.0 / (0.5 * starts * (1.0 - utilisation).max(0.0).powi(2))
}

fn bound_by_cpu(spec: &CellSpec, replications: &Replications) -> f64 {
    let merged = replications.merged();
    let bursts = merged.burst_slowdown.count() as f64;
    let jobs = merged.cpu_jobs.entered as f64;
    if merged.cpu_seconds_served() <= 0.0 || jobs <= 0.0 {
        return 3.0 / bursts;
    }
    let job = merged.cpu_seconds_demanded() / jobs;
    let idle = (1.0 - merged.utilisation()).max(0.0);
    let relaxation = 2.0 * job / (f64::from(spec.host.vcpus) * idle.powi(2));
    let looks = f64::from(spec.hosts) * merged.seconds() / relaxation;
    3.0 / looks.min(bursts)
}

/// What a search for the capacity found.
#[derive(Debug, Clone, PartialEq)]
pub struct Capacity {
    /// The largest load simulated that surely meets the service level, all smaller ones simulated
    /// meeting it too. Zero if none did.
    pub meets: f64,
    /// The smallest load simulated that surely fails. Infinite if none did.
    pub fails: f64,
    /// Where the service level is met on average: the middle of the last bisected interval.
    pub estimate: f64,
    /// The promise that breaks first.
    pub limited_by: Option<Promise>,
    /// The simulation at the largest load that meets the service level on average.
    pub at_capacity: Option<Assessment>,
    /// Loads simulated, with their verdicts, in increasing order.
    pub tried: Vec<(f64, Verdict)>,
    /// Events simulated in all.
    pub events: u64,
    /// Whether the search stopped for want of events rather than at its precision.
    pub out_of_events: bool,
}

/// A judged load, without the weight of its runs.
#[derive(Debug, Clone)]
struct Tried {
    load: f64,
    verdict: Verdict,
    on_average: bool,
    tightest: Option<Promise>,
}

/// Finds the largest load at which a cell keeps its service level.
///
/// `make_spec` gives the cell under a load, in whatever unit the caller likes: sessions per second,
/// live sessions, agents; more load must mean more work. `bracket` is where to look first; it is
/// widened by doubling and halving when the answer lies outside. `precision` is the relative width at
/// which bisection stops. All loads are simulated with the same random numbers.
///
/// The interval [`meets`](Capacity::meets)–[`fails`](Capacity::fails) reflects both the noise of the
/// replications and the precision of the bisection. It holds for the runs' own conditions (how long,
/// from which beginning); it says nothing about the truth of the inputs.
///
/// # Errors
/// Those of `make_spec` and of the runs, or a bracket or precision out of range. Running out of events
/// is not an error; see [`Capacity::out_of_events`].
pub fn simulated_capacity(
    make_spec: impl Fn(f64) -> Result<CellSpec, SimulationError>,
    level: &ServiceLevel,
    bracket: (f64, f64),
    precision: f64,
    effort: &Effort,
    control: &Control<'_>,
) -> Result<Capacity, SimulationError> {
    let (low, high) = bracket;
    if !(low.is_finite() && high.is_finite() && low > 0.0 && low < high) {
        return Err(invalid(
            "bracket",
            "must be two increasing positive numbers",
        ));
    }
    if !(precision > 0.0 && precision < 1.0) {
        return Err(invalid("precision", "must lie between 0 and 1"));
    }
    let mut search = Search {
        make_spec,
        level,
        effort,
        control,
        precision,
        tried: Vec::new(),
        best: None,
        events: 0,
        out_of_events: false,
    };
    search.bracket(low, high)?;
    for edge in [Edge::OnAverage, Edge::SurelyMeets, Edge::SurelyFails] {
        search.bisect(edge)?;
    }
    Ok(search.result())
}

/// Where one of the three predicates changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    OnAverage,
    SurelyMeets,
    SurelyFails,
}

impl Edge {
    /// Whether a load lies below the edge.
    fn is_above(self, tried: &Tried) -> bool {
        match self {
            Self::OnAverage => tried.on_average,
            Self::SurelyMeets => tried.verdict == Verdict::Meets,
            Self::SurelyFails => tried.verdict != Verdict::Fails,
        }
    }
}

/// Times the bracket is doubled or halved before giving up.
const MOST_WIDENINGS: u32 = 12;

struct Search<'a, F> {
    make_spec: F,
    level: &'a ServiceLevel,
    effort: &'a Effort,
    control: &'a Control<'a>,
    precision: f64,
    /// In increasing order of load.
    tried: Vec<Tried>,
    best: Option<(f64, Assessment)>,
    events: u64,
    out_of_events: bool,
}

impl<F: Fn(f64) -> Result<CellSpec, SimulationError>> Search<'_, F> {
    /// Simulates a load unless the events are used up.
    fn attempt(&mut self, load: f64) -> Result<(), SimulationError> {
        let left = self.effort.max_events.saturating_sub(self.events);
        let each = left / self.effort.replications.max(1);
        if each == 0 {
            self.out_of_events = true;
            return Ok(());
        }
        let control = self
            .control
            .with_max_events(each.min(self.control.max_events()));
        let spec = (self.make_spec)(load)?;
        let assessment = match assess(&spec, self.level, self.effort, &control) {
            Err(SimulationError::EventLimit { .. }) if each < self.control.max_events() => {
                self.out_of_events = true;
                return Ok(());
            }
            result => result?,
        };
        self.events += assessment.replications.merged().events_in_all;
        let tried = Tried {
            load,
            verdict: assessment.verdict,
            on_average: assessment.meets_on_average(),
            tightest: assessment.tightest().map(|check| check.promise),
        };
        if tried.on_average && self.best.as_ref().is_none_or(|(best, _)| *best < load) {
            self.best = Some((load, assessment));
        }
        let place = self.tried.partition_point(|other| other.load < load);
        self.tried.insert(place, tried);
        Ok(())
    }

    /// Finds a load that surely meets and one that surely fails.
    fn bracket(&mut self, low: f64, high: f64) -> Result<(), SimulationError> {
        let (mut low, mut high) = (low, high);
        self.attempt(low)?;
        for _ in 0..MOST_WIDENINGS {
            if self.out_of_events || self.tried.iter().any(|t| t.verdict == Verdict::Meets) {
                break;
            }
            low *= 0.5;
            self.attempt(low)?;
        }
        for _ in 0..MOST_WIDENINGS {
            if self.out_of_events || self.tried.iter().any(|t| t.verdict == Verdict::Fails) {
                break;
            }
            self.attempt(high)?;
            high *= 2.0;
        }
        Ok(())
    }

    /// The loads next to an edge: the last in the run of loads below it from the smallest on, and
    /// the one after.
    fn beside(&self, edge: Edge) -> (Option<f64>, Option<f64>) {
        let first_beyond = self.tried.iter().position(|tried| !edge.is_above(tried));
        let below = first_beyond.unwrap_or(self.tried.len()).checked_sub(1);
        (
            below.map(|index| self.tried[index].load),
            first_beyond.map(|index| self.tried[index].load),
        )
    }

    fn bisect(&mut self, edge: Edge) -> Result<(), SimulationError> {
        while let (Some(below), Some(beyond)) = self.beside(edge) {
            if self.out_of_events || beyond - below <= self.precision * below {
                break;
            }
            let middle = f64::midpoint(below, beyond);
            if middle <= below || middle >= beyond {
                break;
            }
            self.attempt(middle)?;
        }
        Ok(())
    }

    fn result(self) -> Capacity {
        let meets = self.beside(Edge::SurelyMeets).0.unwrap_or(0.0);
        let fails = self.beside(Edge::SurelyFails).1.unwrap_or(f64::INFINITY);
        let estimate = match self.beside(Edge::OnAverage) {
            (Some(below), Some(beyond)) => f64::midpoint(below, beyond),
            (Some(load), None) | (None, Some(load)) => load,
            (None, None) => f64::NAN,
        };
        let limited_by = self
            .tried
            .iter()
            .find(|tried| !tried.on_average)
            .and_then(|tried| tried.tightest);
        Capacity {
            meets,
            fails,
            estimate,
            limited_by,
            at_capacity: self.best.map(|(_, assessment)| assessment),
            tried: self
                .tried
                .iter()
                .map(|tried| (tried.load, tried.verdict))
                .collect(),
            events: self.events,
            out_of_events: self.out_of_events,
        }
    }
}
