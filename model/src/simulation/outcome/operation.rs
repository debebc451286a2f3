//! What came of suspension, warm pools, failures, autoscaling, over-commitment and a noisy minority.

use super::Presence;
use crate::simulation::tally::Tally;
use serde::Serialize;

/// Everything here is zero, or empty, where the cell doesn't use it; only hosts are on in any case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperationOutcome {
    /// Bytes one suspended sandbox holds.
    pub suspended_memory_bytes: u64,
    /// Bytes one unused sandbox holds.
    pub pooled_memory_bytes: u64,
    /// Suspended sandboxes: from suspension until they have their memory back. They are among the
    /// cell's `sandboxes` too.
    pub suspended: Presence,
    /// Sandboxes that are needed and wait for memory to resume; among the suspended ones.
    pub resume_queue: Presence,
    /// Sandboxes being resumed.
    pub resuming: Presence,
    /// Seconds from the end of a think until the suspended sandbox had its memory back. They count
    /// for a promise on start waits, beside those: a person waits as much for one as for the other.
    /// Those of sandboxes lost in the meantime are as long as it took until then.
    pub resume_wait: Tally,
    /// Seconds that sandboxes without room to resume had waited when measuring ended.
    pub unfinished_resume_wait: Tally,
    /// Seconds from the beginning of a resume to its end, contention for CPU included.
    pub resume_latency: Tally,
    /// Most bytes of sessions' sandboxes that were placed on any one host since the run began, suspended
    /// ones included.
    pub fullest_host_bytes: u64,
    /// Unused sandboxes, ready to be taken.
    pub pooled: Presence,
    /// Replacements on their way: from the moment a sandbox was taken, or a host came, until the new
    /// one is ready.
    pub replenishing: Presence,
    /// Requests that got an unused sandbox.
    pub pool_hits: u64,
    /// Requests that got room on a host without an unused sandbox.
    pub pool_misses: u64,
    /// Hosts switched on, booting ones included and failed ones left out. `mean` × seconds are the
    /// host-seconds powered.
    pub powered_hosts: Presence,
    /// Hosts that were switched on.
    pub boots: u64,
    /// Hosts that failed.
    pub host_failures: u64,
    /// Sandboxes that were lost with their hosts, each with a session that was interrupted; those of
    /// warm pools are not counted.
    pub sandboxes_lost: u64,
    /// Bursts that were under way there.
    pub bursts_interrupted: u64,
    /// Sessions that asked for a new sandbox thereupon.
    pub restarts: u64,
    /// Sessions that ended because a host failed: at once, or because their new request was rejected.
    pub sessions_ended_by_failure: u64,
    /// CPU-nanoseconds of lost bursts, starts and resumes that had come due and were never served. Where
    /// all other work is done in the end and none rejected, CPU-seconds demanded are those served and
    /// these.
    pub cpu_nanoseconds_abandoned: u128,
    /// CPU-nanoseconds that lost bursts and starts had been served in vain; among those served.
    pub cpu_nanoseconds_wasted: u128,
    /// Sessions that came with storms.
    pub storm_sessions: u64,
    /// Hosts whose sandboxes really hold more than the host has.
    pub hosts_over_memory: Presence,
    /// How many times a host came to that.
    pub times_over_memory: u64,
    /// Slowdown of bursts of sessions that are not in the noisy minority, where there is one.
    pub majority_slowdown: Tally,
    /// Slowdown of bursts of the noisy minority.
    pub minority_slowdown: Tally,
}

impl OperationOutcome {
    pub(super) fn merge(&mut self, other: &Self) {
        for (here, there) in [
            (&mut self.suspended, &other.suspended),
            (&mut self.resume_queue, &other.resume_queue),
            (&mut self.resuming, &other.resuming),
            (&mut self.pooled, &other.pooled),
            (&mut self.replenishing, &other.replenishing),
            (&mut self.powered_hosts, &other.powered_hosts),
            (&mut self.hosts_over_memory, &other.hosts_over_memory),
        ] {
            here.merge(there);
        }
        for (here, there) in [
            (&mut self.resume_wait, &other.resume_wait),
            (
                &mut self.unfinished_resume_wait,
                &other.unfinished_resume_wait,
            ),
            (&mut self.resume_latency, &other.resume_latency),
            (&mut self.majority_slowdown, &other.majority_slowdown),
            (&mut self.minority_slowdown, &other.minority_slowdown),
        ] {
            here.merge(there);
        }
        for (here, there) in [
            (&mut self.pool_hits, other.pool_hits),
            (&mut self.pool_misses, other.pool_misses),
            (&mut self.boots, other.boots),
            (&mut self.host_failures, other.host_failures),
            (&mut self.sandboxes_lost, other.sandboxes_lost),
            (&mut self.bursts_interrupted, other.bursts_interrupted),
            (&mut self.restarts, other.restarts),
            (
                &mut self.sessions_ended_by_failure,
                other.sessions_ended_by_failure,
            ),
            (&mut self.storm_sessions, other.storm_sessions),
            (&mut self.times_over_memory, other.times_over_memory),
        ] {
            *here += there;
        }
        self.fullest_host_bytes = self.fullest_host_bytes.max(other.fullest_host_bytes);
        self.cpu_nanoseconds_abandoned += other.cpu_nanoseconds_abandoned;
        self.cpu_nanoseconds_wasted += other.cpu_nanoseconds_wasted;
    }

    /// Share of requests with room that found no unused sandbox; `None` without any.
    pub fn miss_fraction(&self) -> Option<f64> {
        let requests = self.pool_hits + self.pool_misses;
        (requests > 0).then(|| self.pool_misses as f64 / requests as f64)
    }

    /// Share of the time of hosts that were on in which what sandboxes really held exceeded what a
    /// host has; `None` if no host was ever on.
    pub fn share_over_memory(&self) -> Option<f64> {
        let powered = self.powered_hosts.mean();
        (powered > 0.0).then(|| self.hosts_over_memory.mean() / powered)
    }
}
