//! The numbers of an outcome by name, so that each can have an interval.

use super::outcome::CellOutcome;
use super::tally::Tally;

/// One number of a [`CellOutcome`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Metric {
    /// Mean number of open sessions, waiting ones included.
    LiveSessions,
    /// Mean number of sandboxes holding memory.
    LiveSandboxes,
    /// Mean bytes sandboxes hold.
    MemoryBytes,
    /// Mean CPUs in use.
    BusyCpus,
    /// Share of CPU time in use.
    Utilisation,
    /// Mean number of requests waiting for room or for the start rate.
    Waiting,
    /// Mean seconds from request to the beginning of a start.
    StartWaitMean,
    /// A quantile of that, by level between 0 and 1.
    StartWaitQuantile(f64),
    /// Share of starts that waited at all.
    FractionWaiting,
    /// Share of starts that waited longer than the observation's target.
    StartWaitOverTarget,
    /// Mean seconds of a start, contention included.
    StartLatencyMean,
    /// A quantile of that.
    StartLatencyQuantile(f64),
    /// Mean of a burst's time over its time alone.
    SlowdownMean,
    /// A quantile of that.
    SlowdownQuantile(f64),
    /// Share of bursts slowed down by more than the observation's target.
    SlowdownOverTarget,
    /// Share of requests rejected.
    RejectionFraction,
    /// Sessions opened per second.
    OpeningRate,
    /// Starts begun per second, replacements for warm pools left aside.
    StartRate,
    /// Mean number of suspended sandboxes.
    SuspendedSandboxes,
    /// Mean seconds a suspended sandbox waits for its memory.
    ResumeWaitMean,
    /// Share of suspended sandboxes that waited longer than the observation's target for starts.
    ResumeWaitOverTarget,
    /// Mean seconds of a resume, contention included.
    ResumeLatencyMean,
    /// Share of requests with room that found no unused sandbox.
    PoolMissFraction,
    /// Mean number of hosts that are on.
    PoweredHosts,
    /// Share of the time of hosts that are on in which sandboxes really hold more than a host has.
    ShareOverMemory,
    /// Times a host comes to that per day it is on.
    TimesOverMemoryPerHostDay,
    /// Mean slowdown of bursts of sessions outside the noisy minority.
    MajoritySlowdownMean,
    /// Mean slowdown of bursts of the noisy minority.
    MinoritySlowdownMean,
}

impl CellOutcome {
    /// The value of a metric; `None` where nothing was observed that it could be computed from.
    pub fn metric(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::LiveSessions => Some(self.sessions.mean()),
            Metric::LiveSandboxes => Some(self.sandboxes.mean()),
            Metric::MemoryBytes => Some(self.memory_bytes_mean()),
            Metric::BusyCpus => Some(self.busy_cpus_mean()),
            Metric::Utilisation => Some(self.utilisation()),
            Metric::Waiting => Some(self.queue.mean() + self.pacing.mean()),
            Metric::StartWaitMean => self.start_wait.mean(),
            Metric::StartWaitQuantile(level) => self.start_wait.quantile(level),
            Metric::FractionWaiting => self.start_wait.fraction_above_floor(),
            Metric::StartWaitOverTarget => self.start_wait.fraction_above_target(),
            Metric::StartLatencyMean => self.start_latency.mean(),
            Metric::StartLatencyQuantile(level) => self.start_latency.quantile(level),
            Metric::SlowdownMean => self.burst_slowdown.mean(),
            Metric::SlowdownQuantile(level) => self.burst_slowdown.quantile(level),
            Metric::SlowdownOverTarget => self.burst_slowdown.fraction_above_target(),
            Metric::RejectionFraction => self.rejection_fraction(),
            Metric::OpeningRate => Some(self.sessions.entered as f64 / self.seconds()),
            Metric::StartRate => Some(self.starting.entered as f64 / self.seconds()),
            Metric::SuspendedSandboxes => Some(self.operation.suspended.mean()),
            Metric::ResumeWaitMean => self.operation.resume_wait.mean(),
            Metric::ResumeWaitOverTarget => self.operation.resume_wait.fraction_above_target(),
            Metric::ResumeLatencyMean => self.operation.resume_latency.mean(),
            Metric::PoolMissFraction => self.operation.miss_fraction(),
            Metric::PoweredHosts => Some(self.operation.powered_hosts.mean()),
            Metric::ShareOverMemory => self.operation.share_over_memory(),
            Metric::TimesOverMemoryPerHostDay => self.times_over_memory_per_host_day(),
            Metric::MajoritySlowdownMean => self.operation.majority_slowdown.mean(),
            Metric::MinoritySlowdownMean => self.operation.minority_slowdown.mean(),
        }
    }

    /// Numerator and denominator of a metric that is a share or a mean of what was counted, which is
    /// a random number of things.
    pub(super) fn ratio(&self, metric: Metric) -> Option<(f64, f64)> {
        let of = |tally: &Tally, numerator| (numerator, tally.count() as f64);
        let over = |tally: &Tally| of(tally, tally.above_target() as f64);
        match metric {
            Metric::StartWaitMean => Some(of(&self.start_wait, self.start_wait.sum())),
            Metric::FractionWaiting => {
                Some(of(&self.start_wait, self.start_wait.above_floor() as f64))
            }
            Metric::StartWaitOverTarget => {
                self.start_wait.has_target().then(|| over(&self.start_wait))
            }
            Metric::StartLatencyMean => Some(of(&self.start_latency, self.start_latency.sum())),
            Metric::SlowdownMean => Some(of(&self.burst_slowdown, self.burst_slowdown.sum())),
            Metric::SlowdownOverTarget => self
                .burst_slowdown
                .has_target()
                .then(|| over(&self.burst_slowdown)),
            Metric::RejectionFraction => {
                Some((self.requests_rejected as f64, self.requests as f64))
            }
            Metric::ResumeWaitMean => Some(of(
                &self.operation.resume_wait,
                self.operation.resume_wait.sum(),
            )),
            Metric::ResumeWaitOverTarget => self
                .operation
                .resume_wait
                .has_target()
                .then(|| over(&self.operation.resume_wait)),
            Metric::ResumeLatencyMean => Some(of(
                &self.operation.resume_latency,
                self.operation.resume_latency.sum(),
            )),
            Metric::PoolMissFraction => {
                let misses = self.operation.pool_misses;
                let requests = self.operation.pool_hits + misses;
                Some((misses as f64, requests as f64))
            }
            Metric::MajoritySlowdownMean => Some(of(
                &self.operation.majority_slowdown,
                self.operation.majority_slowdown.sum(),
            )),
            Metric::MinoritySlowdownMean => Some(of(
                &self.operation.minority_slowdown,
                self.operation.minority_slowdown.sum(),
            )),
            _ => None,
        }
    }
}
