//! What one run, or several merged, found.

mod operation;

pub use operation::OperationOutcome;

use super::station::Station;
use super::tally::Tally;
use super::time::{SimTime, to_seconds};
use serde::Serialize;

/// How many were in one part of the system over the measured time.
///
/// Counts satisfy `at_start + entered = left + at_end`; mean presence = rate of entry × mean stay
/// (Little's law) has been checked to the nanosecond, with stays clipped to the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
    /// Sum of the stays within the measured time, in nanoseconds: the integral of the number present.
    pub stay: u128,
    /// Measured time in nanoseconds.
    pub measured: u128,
}

impl Presence {
    /// Up to `now`, over a window of so many nanoseconds.
    pub(super) fn of(station: &Station, now: SimTime, window: u64) -> Self {
        Self {
            at_start: station.at_start(),
            entered: station.entered(),
            left: station.left(),
            at_end: station.present(),
            peak: station.peak(),
            stay: station.area(now),
            measured: u128::from(window),
        }
    }

    /// Time-average number present.
    pub fn mean(&self) -> f64 {
        self.stay as f64 / self.measured as f64
    }

    fn merge(&mut self, other: &Self) {
        self.at_start += other.at_start;
        self.entered += other.entered;
        self.left += other.left;
        self.at_end += other.at_end;
        self.peak = self.peak.max(other.peak);
        self.stay += other.stay;
        self.measured += other.measured;
    }
}

/// What was counted in one bin of the measured time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    /// Beginning, seconds since the start of the run.
    pub from_seconds: f64,
    /// End, seconds since the start of the run.
    pub to_seconds: f64,
    /// Runs merged into this.
    pub runs: u64,
    /// Length of the bin in nanoseconds, summed over runs.
    pub measured: u128,
    /// Nanoseconds that sessions were open, waiting ones included.
    pub session_time: u128,
    /// Nanoseconds that sandboxes held memory.
    pub sandbox_time: u128,
    /// Nanoseconds that requests waited for room or for the start rate.
    pub waiting_time: u128,
    /// Nanoseconds that sandboxes were suspended; they are among the live ones.
    pub suspended_time: u128,
    /// Nanoseconds that hosts were on.
    pub powered_time: u128,
    /// CPU-nanoseconds delivered to bursts and starts.
    pub cpu_time: u128,
    /// Sessions that opened.
    pub opened: u64,
    /// Requests for a sandbox.
    pub requests: u64,
    /// Requests that were rejected.
    pub rejected: u64,
    /// Start waits of starts that began in the bin.
    pub start_wait: Tally,
    /// Slowdowns of bursts that ended in the bin.
    pub burst_slowdown: Tally,
}

impl Bin {
    fn average(&self, time: u128) -> f64 {
        time as f64 / self.measured as f64
    }

    /// Mean number of open sessions, waiting ones included.
    pub fn live_sessions(&self) -> f64 {
        self.average(self.session_time)
    }

    /// Mean number of sandboxes holding memory.
    pub fn live_sandboxes(&self) -> f64 {
        self.average(self.sandbox_time)
    }

    /// Mean number of requests waiting for room or for the start rate.
    pub fn waiting(&self) -> f64 {
        self.average(self.waiting_time)
    }

    /// Mean number of suspended sandboxes, which are among the live ones.
    pub fn suspended(&self) -> f64 {
        self.average(self.suspended_time)
    }

    /// Mean number of hosts that are on.
    pub fn powered_hosts(&self) -> f64 {
        self.average(self.powered_time)
    }

    /// Mean CPUs in use.
    pub fn busy_cpus(&self) -> f64 {
        self.average(self.cpu_time)
    }

    fn merge(&mut self, other: &Self) {
        self.runs += other.runs;
        self.measured += other.measured;
        self.session_time += other.session_time;
        self.sandbox_time += other.sandbox_time;
        self.waiting_time += other.waiting_time;
        self.suspended_time += other.suspended_time;
        self.powered_time += other.powered_time;
        self.cpu_time += other.cpu_time;
        self.opened += other.opened;
        self.requests += other.requests;
        self.rejected += other.rejected;
        self.start_wait.merge(&other.start_wait);
        self.burst_slowdown.merge(&other.burst_slowdown);
    }
}

/// What the measured part of one run found, or of several replications merged.
///
/// Everything that is merged is a whole number (times are nanoseconds), so merging is exact: whatever
/// the order and grouping, the same runs give the same outcome to the last bit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellOutcome {
    /// Runs merged into this.
    pub replications: u64,
    /// Simulated nanoseconds measured, summed over replications.
    pub measured: u128,
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
    /// CPU-nanoseconds delivered to bursts and starts, in each run rounded to the nearest.
    pub cpu_time_served: u128,
    /// CPU-nanoseconds of the bursts that came due, lost ones included, and of the starts that began.
    pub cpu_time_demanded: u128,
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
        self.replications += other.replications;
        self.measured += other.measured;
        for (here, there) in [
            (&mut self.sessions, &other.sessions),
            (&mut self.sandboxes, &other.sandboxes),
            (&mut self.queue, &other.queue),
            (&mut self.pacing, &other.pacing),
            (&mut self.starting, &other.starting),
            (&mut self.cpu_jobs, &other.cpu_jobs),
        ] {
            here.merge(there);
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
        self.operation.merge(&other.operation);
        self.cpu_time_served += other.cpu_time_served;
        self.cpu_time_demanded += other.cpu_time_demanded;
        for (here, there) in self.series.iter_mut().zip(&other.series) {
            here.merge(there);
        }
    }

    /// Simulated seconds measured, summed over replications.
    pub fn seconds(&self) -> f64 {
        to_seconds(self.measured)
    }

    /// CPU-seconds delivered to bursts and starts.
    pub fn cpu_seconds_served(&self) -> f64 {
        to_seconds(self.cpu_time_served)
    }

    /// CPU-seconds of the bursts that came due, lost ones included, and of the starts that began.
    pub fn cpu_seconds_demanded(&self) -> f64 {
        to_seconds(self.cpu_time_demanded)
    }

    /// Mean bytes of memory sandboxes held, nominally: live ones, suspended ones, and those of warm
    /// pools.
    pub fn memory_bytes_mean(&self) -> f64 {
        let operation = &self.operation;
        let suspended = operation.suspended.mean();
        let pooled = operation.pooled.mean() + operation.replenishing.mean();
        (self.sandboxes.mean() - suspended) * self.sandbox_memory_bytes as f64
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
        let host_days = self.operation.powered_hosts.mean() * self.seconds() / DAY;
        (host_days > 0.0).then(|| self.operation.times_over_memory as f64 / host_days)
    }

    /// Mean CPUs in use.
    pub fn busy_cpus_mean(&self) -> f64 {
        self.cpu_time_served as f64 / self.measured as f64
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
