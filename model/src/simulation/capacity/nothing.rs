//! What bounds the share of requests or bursts beyond a promise when not one was seen.

use super::super::outcome::CellOutcome;
use super::super::replications::Replications;
use super::super::spec::{CellSpec, Demand};
use super::{CONFIDENCE, Promise, ServiceLevel};
use crate::statistics::means::{ratio_of_replications, student_t_survival};

/// The runs of a cell that are judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) spec: &'a CellSpec,
    pub(super) level: &'a ServiceLevel,
    pub(super) replications: &'a Replications,
    /// Of the intervals.
    pub(super) confidence: f64,
}

/// Part of the way from the least possible value to the promised one at which a bound is next looked
/// for.
const LESS: f64 = 0.7;

/// Values between the least and the promised at which a bound is looked for.
const LOOKS_BELOW: i32 = 20;

impl Seen<'_> {
    /// Independent looks in which a share of one would surely have shown itself, "the rule of three":
    /// a share of which nothing was seen in n looks is at most this over n. Three at 95%.
    pub(super) fn looks_without(&self) -> f64 {
        -(1.0 - self.confidence).ln()
    }

    /// Upper end, at the confidence asked for, of a share of which nothing was seen; see [`assess`](super::assess).
    pub(super) fn bound_of_nothing(&self, promise: Promise) -> f64 {
        let level = self.level;
        let wait = level.start_wait;
        let bound = match promise {
            Promise::StartWait => {
                let by_room = if peaks_tell_of_room(self.spec) {
                    self.bound_by_room(wait)
                } else {
                    self.bound_by_stays().min(self.bound_by_fullest_host())
                };
                match self.spec.sandbox.start_rate_limit {
                    Some(rate) => by_room.max(self.bound_by_start_rate(rate)),
                    None => by_room,
                }
            }
            Promise::Rejection if peaks_tell_of_room(self.spec) => self.bound_by_room(None),
            Promise::Rejection => self.bound_by_stays().min(self.bound_by_queue()),
            Promise::BurstSlowdown => self.bound_by_cpu(),
        };
        let by_less = match promise {
            Promise::StartWait => level.start_wait.map(|wait| {
                self.bound_by_less(0.0, wait, |outcome, value| {
                    let waits = outcome.waits();
                    (
                        waits.iter().map(|tally| tally.above(value)).sum(),
                        waits.iter().map(|tally| tally.count()).sum(),
                    )
                })
            }),
            Promise::BurstSlowdown => level.burst_slowdown.map(|slowdown| {
                self.bound_by_less(1.0, slowdown, |outcome, value| {
                    let bursts = &outcome.burst_slowdown;
                    (bursts.above(value), bursts.count())
                })
            }),
            Promise::Rejection => None,
        };
        bound.min(by_less.unwrap_or(1.0)).clamp(0.0, 1.0)
    }

    /// What exceeds the promised value exceeds every smaller one: of the shares beyond smaller values, of
    /// which something was seen and whose intervals are Student's, the least upper end.
    fn bound_by_less(
        &self,
        least: f64,
        promised: f64,
        beyond: impl Fn(&CellOutcome, f64) -> (f64, u64),
    ) -> f64 {
        (1..=LOOKS_BELOW)
            .filter_map(|step| {
                let value = least + (promised - least) * LESS.powi(step);
                let counts: Vec<(f64, f64)> = self
                    .replications
                    .outcomes()
                    .iter()
                    .map(|outcome| beyond(outcome, value))
                    .map(|(seen, of)| (seen, of as f64))
                    .collect();
                let estimate = ratio_of_replications(&counts, self.confidence).ok()?;
                (estimate.mean > 0.0).then(|| estimate.interval().high)
            })
            .fold(1.0, f64::min)
    }

    /// The share turned away where nobody was, however the places were taken: somebody is only when the
    /// queue is full.
    fn bound_by_queue(&self) -> f64 {
        match self.spec.full.queue_limit() {
            // Without a queue a full cell turns away at once.
            0 => 1.0,
            limit => self.chance_to_reach(f64::from(limit), |outcome| outcome.queue.peak),
        }
    }

    /// The share that waits for room where nobody did and sandboxes are suspended: a sandbox that wakes waits
    /// only if its host is full, and a new one only if all are.
    fn bound_by_fullest_host(&self) -> f64 {
        let operation = &self.spec.operation;
        let hosts_stay = operation.autoscaling.is_none()
            && operation.failures.is_none()
            && operation.storms.is_empty();
        // Beside a density limit a host can be full with memory to spare.
        if !hosts_stay
            || self.spec.sandbox.density_limit.is_some()
            || self.spec.sandbox.memory_bytes == 0
        {
            return 1.0;
        }
        let place = self.spec.sandbox.memory_bytes;
        self.chance_to_reach(f64::from(self.spec.slots_per_host()), |outcome| {
            outcome.operation.fullest_host_bytes.div_ceil(place)
        })
    }

    /// The share that finds no room, or waits for it longer than promised, where nobody did. A request
    /// is turned away when all places are taken and the queue is full. It waits too long only if the
    /// queue has grown by as many as begin in that time.
    fn bound_by_room(&self, wait: Option<f64>) -> f64 {
        let merged = self.replications.merged();
        let places = f64::from(self.spec.slots_per_host()) * f64::from(self.spec.hosts);
        if let Demand::FiniteSource { agents, .. } = &self.spec.demand
            && *agents as f64 <= places
        {
            return 0.0;
        }
        let starts = merged.start_wait.count() as f64;
        let beyond = match wait {
            // Nobody waits for room where nobody may.
            Some(_) if self.spec.full.queue_limit() == 0 => return 0.0,
            Some(wait) => wait * starts / merged.seconds(),
            None => f64::from(self.spec.full.queue_limit()),
        };
        let by_peaks = self.chance_to_reach(places + beyond, |outcome| {
            outcome.sandboxes.peak + outcome.queue.peak
        });
        let stays = starts / merged.sandboxes.mean().max(1.0);
        by_peaks.min(self.looks_without() / stays)
    }

    /// Every stay of a sandbox on every host as a look of its own.
    fn bound_by_stays(&self) -> f64 {
        let merged = self.replications.merged();
        let starts = merged.start_wait.count() as f64;
        let stays = starts / merged.sandboxes.mean().max(1.0) * f64::from(self.spec.hosts);
        self.looks_without() / stays.min(starts)
    }

    /// The chance that the peak of another replication reaches so many; times as much as other bounds grow
    /// where more confidence than the usual is asked for.
    fn chance_to_reach(&self, places: f64, peak: impl Fn(&CellOutcome) -> u64) -> f64 {
        let peaks: Vec<f64> = self
            .replications
            .outcomes()
            .iter()
            .map(|outcome| peak(outcome) as f64)
            .collect();
        let count = peaks.len() as f64;
        let mean = peaks.iter().sum::<f64>() / count;
        let squares: f64 = peaks.iter().map(|peak| (peak - mean).powi(2)).sum();
        let spread = (squares / (count - 1.0))
            .sqrt()
            .max(0.5 * self.replications.merged().sandboxes.mean().sqrt());
        if spread <= 0.0 {
            return if mean < places { 0.0 } else { 1.0 };
        }
        let distance = (places - mean) / (spread * (1.0 + 1.0 / count).sqrt());
        let stricter = self.looks_without() / -(1.0 - CONFIDENCE).ln();
        stricter * student_t_survival(distance, count - 1.0)
    }

    fn bound_by_start_rate(&self, rate: f64) -> f64 {
        let merged = self.replications.merged();
        let starts = merged.start_wait.count() as f64;
        let utilisation = starts / (rate * f64::from(self.spec.hosts) * merged.seconds());
        self.looks_without() / (0.5 * starts * (1.0 - utilisation).max(0.0).powi(2))
    }

    fn bound_by_cpu(&self) -> f64 {
        let merged = self.replications.merged();
        let bursts = merged.burst_slowdown.count() as f64;
        let jobs = merged.cpu_jobs.entered as f64;
        if merged.cpu_seconds_served() <= 0.0 || jobs <= 0.0 {
            return self.looks_without() / bursts;
        }
        let job = merged.cpu_seconds_demanded() / jobs;
        let idle = (1.0 - merged.utilisation()).max(0.0);
        let relaxation = 2.0 * job / (f64::from(self.spec.host.vcpus) * idle.powi(2));
        let looks = f64::from(self.spec.hosts) * merged.seconds() / relaxation;
        self.looks_without() / looks.min(bursts)
    }
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
