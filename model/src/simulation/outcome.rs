//! What one run, or several merged, found.

mod operation;

pub use operation::OperationOutcome;

use super::station::Station;
use super::tally::Tally;
use serde::Serialize;

/// How many were in one part of the system over the measured time.
///
/// Counts satisfy `at_start + entered = left + at_end`; `mean` is the time average, and mean
/// presence = rate of entry × mean stay (Little's law) has been checked to the nanosecond, with stays
/// clipped to the window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Presence {
    /// Present when measuring began.
    pub at_start: u64,
    /// Entered since.
    pub entered: u64,
    /// Left since.
    pub left: u64,
    /// Present when measuring ended.
    pub at_end: u64,
    /// Most present at once.
    pub peak: u64,
    /// Time-average number present.
    pub mean: f64,
}

impl Presence {
    /// `window` in nanoseconds.
    pub(super) fn of(station: &Station, window: u64) -> Self {
        Self {
            at_start: station.at_start(),
            entered: station.entered(),
            left: station.left(),
            at_end: station.present(),
            peak: station.peak(),
            mean: station.area() as f64 / window as f64,
        }
    }

    fn merge(&mut self, other: &Self, weights: Weights) {
        self.at_start += other.at_start;
        self.entered += other.entered;
        self.left += other.left;
        self.at_end += other.at_end;
        self.peak = self.peak.max(other.peak);
        self.mean = weights.mean(self.mean, other.mean);
    }
}

/// Shares of measured time in a merge.
#[derive(Debug, Clone, Copy)]
struct Weights {
    here: f64,
    there: f64,
}

impl Weights {
    fn mean(self, here: f64, there: f64) -> f64 {
        (here * self.here + there * self.there) / (self.here + self.there)
    }
}

/// Time averages and counts over one bin of the measured time; counts are means over the
/// replications merged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Beginning, seconds since the start of the run.
    pub from_seconds: f64,
    /// End, seconds since the start of the run.
    pub to_seconds: f64,
    /// Mean number of open sessions, waiting ones included.
    pub live_sessions: f64,
    /// Mean number of sandboxes holding memory.
    pub live_sandboxes: f64,
    /// Mean number of requests waiting for room or for the start rate.
    pub waiting: f64,
    /// Mean number of suspended sandboxes, which are among the live ones.
    pub suspended: f64,
    /// Mean number of hosts that are on.
    pub powered_hosts: f64,
    /// Mean CPUs in use.
    pub busy_cpus: f64,
    /// Sessions that opened.
    pub opened: f64,
    /// Requests that were rejected.
    pub rejected: f64,
}

impl Bin {
    fn merge(&mut self, other: &Self, weights: Weights) {
        for (here, there) in [
            (&mut self.live_sessions, other.live_sessions),
            (&mut self.live_sandboxes, other.live_sandboxes),
            (&mut self.waiting, other.waiting),
            (&mut self.suspended, other.suspended),
            (&mut self.powered_hosts, other.powered_hosts),
            (&mut self.busy_cpus, other.busy_cpus),
            (&mut self.opened, other.opened),
            (&mut self.rejected, other.rejected),
        ] {
            *here = weights.mean(*here, there);
        }
    }
}

/// What the measured part of one run found, or of several replications merged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellOutcome {
    /// Runs merged into this.
    pub replications: u64,
    /// Simulated seconds measured, summed over replications.
    pub seconds: f64,
    /// Hosts of the cell.
    pub hosts: u32,
    /// vCPUs of the cell.
    pub vcpus: u64,
    /// Bytes one live sandbox holds.
    pub sandbox_memory_bytes: u64,
    /// Sessions in the system: from opening to closing, waiting included. Rejected sessions enter
    /// and leave at the same instant.
    pub sessions: Presence,
    /// Sandboxes holding memory: from placement to release.
    pub sandboxes: Presence,
    /// Requests waiting for a host with room.
    pub queue: Presence,
    /// Placed sandboxes waiting for the host's start rate.
    pub pacing: Presence,
    /// Sandboxes being started.
    pub starting: Presence,
    /// Bursts and starts on CPUs.
    pub cpu_jobs: Presence,
    /// Requests for a sandbox: one per session or one per burst, by lifecycle.
    pub requests: u64,
    /// Requests that found neither room nor a place in the queue.
    pub requests_rejected: u64,
    /// Sessions that never happened because their request was rejected.
    pub sessions_rejected: u64,
    /// Bursts that ended.
    pub bursts_completed: u64,
    /// Bursts that never ran because their request was rejected.
    pub bursts_lost: u64,
    /// Sessions whose last turn ended.
    pub sessions_completed: u64,
    /// What came of the cell's [`Operation`](super::Operation), and of its noisy minority.
    pub operation: OperationOutcome,
    /// Seconds from the request for a sandbox to the beginning of its start, or until an unused one was
    /// taken, for those that began or were taken in the window.
    pub start_wait: Tally,
    /// Seconds that requests without a started sandbox had waited when measuring ended: lower
    /// bounds of their waits.
    pub unfinished_wait: Tally,
    /// Seconds from the beginning of a start to its end, contention for CPU included, for starts that
    /// ended in the window. Those under way at time zero began nobody knows when and are left out, so
    /// without a warm-up short ones count a little too much.
    pub start_latency: Tally,
    /// Time a burst took on its host over the time it would have taken alone.
    pub burst_slowdown: Tally,
    /// CPU-seconds delivered to bursts and starts.
    pub cpu_seconds_served: f64,
    /// CPU-seconds of the bursts that came due, lost ones included, and of the starts that began.
    pub cpu_seconds_demanded: f64,
    /// Events handled in the window: sessions opened, timers expired, CPU jobs completed.
    pub events: u64,
    /// Events handled in the whole run.
    pub events_in_all: u64,
    /// Time bins, as many as the [`Observation`](super::Observation) asked for.
    pub series: Vec<Bin>,
}

impl CellOutcome {
    /// Adds a replication of the same cell under the same observation.
    pub fn merge(&mut self, other: &Self) {
        let weights = Weights {
            here: self.seconds,
            there: other.seconds,
        };
        self.replications += other.replications;
        self.seconds += other.seconds;
        for (here, there) in [
            (&mut self.sessions, &other.sessions),
            (&mut self.sandboxes, &other.sandboxes),
            (&mut self.queue, &other.queue),
            (&mut self.pacing, &other.pacing),
            (&mut self.starting, &other.starting),
            (&mut self.cpu_jobs, &other.cpu_jobs),
        ] {
            here.merge(there, weights);
        }
        for (here, there) in [
            (&mut self.requests, other.requests),
            (&mut self.requests_rejected, other.requests_rejected),
            (&mut self.sessions_rejected, other.sessions_rejected),
            (&mut self.bursts_completed, other.bursts_completed),
            (&mut self.bursts_lost, other.bursts_lost),
            (&mut self.sessions_completed, other.sessions_completed),
            (&mut self.events, other.events),
            (&mut self.events_in_all, other.events_in_all),
        ] {
            *here += there;
        }
        for (here, there) in [
            (&mut self.start_wait, &other.start_wait),
            (&mut self.unfinished_wait, &other.unfinished_wait),
            (&mut self.start_latency, &other.start_latency),
            (&mut self.burst_slowdown, &other.burst_slowdown),
        ] {
            here.merge(there);
        }
        self.operation.merge(&other.operation, weights);
        self.cpu_seconds_served += other.cpu_seconds_served;
        self.cpu_seconds_demanded += other.cpu_seconds_demanded;
        for (here, there) in self.series.iter_mut().zip(&other.series) {
            here.merge(there, weights);
        }
    }

    /// Mean bytes of memory sandboxes held, nominally: live ones, suspended ones, and those of warm
    /// pools.
    pub fn memory_bytes_mean(&self) -> f64 {
        let operation = &self.operation;
        let suspended = operation.suspended.mean;
        let pooled = operation.pooled.mean + operation.replenishing.mean;
        (self.sandboxes.mean - suspended) * self.sandbox_memory_bytes as f64
            + suspended * operation.suspended_memory_bytes as f64
            + pooled * operation.pooled_memory_bytes as f64
    }

    /// All waits that a promise on start waits is about: for a start, and for the memory of a suspended
    /// sandbox, those that were not over at the end included.
    pub const fn waits(&self) -> [&Tally; 4] {
        [
            &self.start_wait,
            &self.unfinished_wait,
            &self.operation.resume_wait,
            &self.operation.unfinished_resume_wait,
        ]
    }

    /// How often a host came to hold more than its memory, per day that a host is on; `None` if no host
    /// ever was.
    pub fn times_over_memory_per_host_day(&self) -> Option<f64> {
        const DAY: f64 = 86_400.0;
        let host_days = self.operation.powered_hosts.mean * self.seconds / DAY;
        (host_days > 0.0).then(|| self.operation.times_over_memory as f64 / host_days)
    }

    /// Mean CPUs in use.
    pub fn busy_cpus_mean(&self) -> f64 {
        self.cpu_seconds_served / self.seconds
    }

    /// Share of the cell's CPU time in use.
    pub fn utilisation(&self) -> f64 {
        self.busy_cpus_mean() / self.vcpus as f64
    }

    /// Share of requests that were rejected; `None` if there were none.
    pub fn rejection_fraction(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.requests_rejected as f64 / self.requests as f64)
    }
}
