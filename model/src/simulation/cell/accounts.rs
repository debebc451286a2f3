//! What is accumulated over the measured window and its bins.

use super::Run;
use crate::simulation::error::SimulationError;
use crate::simulation::outcome::{Bin, CellOutcome, OperationOutcome, Presence};
use crate::simulation::spec::{CellSpec, Observation};
use crate::simulation::station::Station;
use crate::simulation::tally::Tally;
use crate::simulation::time::SimTime;
use std::mem;

/// Everything that is accumulated over the measured window.
#[derive(Debug, Clone)]
pub(super) struct Accounts {
    pub(super) sessions: Station,
    pub(super) sandboxes: Station,
    pub(super) queue: Station,
    pub(super) pacing: Station,
    pub(super) starting: Station,
    pub(super) jobs: Station,
    pub(super) start_wait: Tally,
    pub(super) start_latency: Tally,
    pub(super) slowdown: Tally,
    pub(super) requests: u64,
    pub(super) rejected: u64,
    pub(super) sessions_rejected: u64,
    pub(super) bursts_completed: u64,
    pub(super) bursts_lost: u64,
    pub(super) sessions_completed: u64,
    pub(super) operation: OperationAccounts,
    /// CPU-nanoseconds.
    pub(super) demanded: u128,
    /// CPU-nanoseconds.
    pub(super) served_before: u128,
    pub(super) events_before: u64,
}

impl Accounts {
    pub(super) fn new(observation: &Observation) -> Result<Self, SimulationError> {
        Ok(Self {
            sessions: Station::new(),
            sandboxes: Station::new(),
            queue: Station::new(),
            pacing: Station::new(),
            starting: Station::new(),
            jobs: Station::new(),
            start_wait: Tally::waits(observation.start_wait_target)?,
            start_latency: Tally::waits(None)?,
            slowdown: Tally::slowdowns(observation.slowdown_target)?,
            requests: 0,
            rejected: 0,
            sessions_rejected: 0,
            bursts_completed: 0,
            bursts_lost: 0,
            sessions_completed: 0,
            operation: OperationAccounts::new(observation)?,
            demanded: 0,
            served_before: 0,
            events_before: 0,
        })
    }

    pub(super) fn stations(&mut self) -> [&mut Station; STATIONS] {
        let operation = &mut self.operation;
        [
            &mut self.sessions,
            &mut self.sandboxes,
            &mut self.queue,
            &mut self.pacing,
            &mut self.starting,
            &mut self.jobs,
            &mut operation.suspended,
            &mut operation.resume_queue,
            &mut operation.resuming,
            &mut operation.pooled,
            &mut operation.replenishing,
            &mut operation.powered,
            &mut operation.over_memory,
        ]
    }
}

/// Number of stations.
pub(super) const STATIONS: usize = 13;

/// What only cells with an operation, or a minority, have something to say of.
#[derive(Debug, Clone)]
pub(super) struct OperationAccounts {
    pub(super) suspended: Station,
    pub(super) resume_queue: Station,
    pub(super) resuming: Station,
    pub(super) pooled: Station,
    pub(super) replenishing: Station,
    pub(super) powered: Station,
    pub(super) over_memory: Station,
    pub(super) resume_wait: Tally,
    pub(super) resume_latency: Tally,
    pub(super) majority_slowdown: Tally,
    pub(super) minority_slowdown: Tally,
    pub(super) pool_hits: u64,
    pub(super) pool_misses: u64,
    pub(super) boots: u64,
    pub(super) host_failures: u64,
    pub(super) sandboxes_lost: u64,
    pub(super) bursts_interrupted: u64,
    pub(super) restarts: u64,
    pub(super) sessions_ended_by_failure: u64,
    pub(super) storm_sessions: u64,
    pub(super) times_over_memory: u64,
    /// CPU-nanoseconds of lost jobs that were never served.
    pub(super) abandoned: u128,
    /// CPU-nanoseconds that lost jobs had been served.
    pub(super) wasted: u128,
}

impl OperationAccounts {
    fn new(observation: &Observation) -> Result<Self, SimulationError> {
        Ok(Self {
            suspended: Station::new(),
            resume_queue: Station::new(),
            resuming: Station::new(),
            pooled: Station::new(),
            replenishing: Station::new(),
            powered: Station::new(),
            over_memory: Station::new(),
            resume_wait: Tally::waits(observation.start_wait_target)?,
            resume_latency: Tally::waits(None)?,
            majority_slowdown: Tally::slowdowns(observation.slowdown_target)?,
            minority_slowdown: Tally::slowdowns(observation.slowdown_target)?,
            pool_hits: 0,
            pool_misses: 0,
            boots: 0,
            host_failures: 0,
            sandboxes_lost: 0,
            bursts_interrupted: 0,
            restarts: 0,
            sessions_ended_by_failure: 0,
            storm_sessions: 0,
            times_over_memory: 0,
            abandoned: 0,
            wasted: 0,
        })
    }

    fn outcome(
        &self,
        spec: &CellSpec,
        unfinished: &Tally,
        fullest_host_bytes: u64,
        now: SimTime,
        window: u64,
    ) -> OperationOutcome {
        let operation = &spec.operation;
        OperationOutcome {
            suspended_memory_bytes: operation
                .suspension
                .as_ref()
                .map_or(0, |suspension| suspension.memory_bytes),
            pooled_memory_bytes: operation.warm_pool.map_or(0, |pool| pool.memory_bytes),
            suspended: Presence::of(&self.suspended, now, window),
            resume_queue: Presence::of(&self.resume_queue, now, window),
            resuming: Presence::of(&self.resuming, now, window),
            resume_wait: self.resume_wait.clone(),
            unfinished_resume_wait: unfinished.clone(),
            resume_latency: self.resume_latency.clone(),
            fullest_host_bytes,
            pooled: Presence::of(&self.pooled, now, window),
            replenishing: Presence::of(&self.replenishing, now, window),
            pool_hits: self.pool_hits,
            pool_misses: self.pool_misses,
            powered_hosts: Presence::of(&self.powered, now, window),
            boots: self.boots,
            host_failures: self.host_failures,
            sandboxes_lost: self.sandboxes_lost,
            bursts_interrupted: self.bursts_interrupted,
            restarts: self.restarts,
            sessions_ended_by_failure: self.sessions_ended_by_failure,
            cpu_nanoseconds_abandoned: self.abandoned,
            cpu_nanoseconds_wasted: self.wasted,
            storm_sessions: self.storm_sessions,
            hosts_over_memory: Presence::of(&self.over_memory, now, window),
            times_over_memory: self.times_over_memory,
            majority_slowdown: self.majority_slowdown.clone(),
            minority_slowdown: self.minority_slowdown.clone(),
        }
    }
}

/// Sums at the beginning of the present bin.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BinMarks {
    at: SimTime,
    sessions: u128,
    sandboxes: u128,
    waiting: u128,
    suspended: u128,
    powered: u128,
    served: u128,
    opened: u64,
    requests: u64,
    rejected: u64,
}

impl Run<'_> {
    /// CPU-nanoseconds served by all hosts up to now.
    pub(super) fn served(&mut self) -> f64 {
        let mut served = 0.0;
        for processor in &mut self.processors {
            processor.advance(self.now);
            served += processor.served();
        }
        served
    }

    /// Handles the boundary that is due; true at the end of the run.
    pub(super) fn cross_boundary(&mut self) -> bool {
        let served = whole(self.served());
        if self.measuring {
            self.finish_bin(served);
            if self.now == self.end {
                return true;
            }
        } else {
            self.measuring = true;
            let mut accounts = self.blank.clone();
            for (new, old) in accounts
                .stations()
                .into_iter()
                .zip(self.accounts.stations())
            {
                old.restart(self.now);
                *new = *old;
            }
            accounts.served_before = served;
            accounts.events_before = self.events;
            self.accounts = accounts;
        }
        self.bin_marks = self.marks(served);
        self.boundary = self.next_boundary();
        false
    }

    fn next_boundary(&self) -> SimTime {
        let bins = self.observation.bins;
        if self.bins_done + 1 >= bins {
            return self.end;
        }
        let length = u128::from(self.end - self.window_start);
        let offset = length * u128::from(self.bins_done + 1) / u128::from(bins);
        // Less than the length, which is 64 bits wide.
        self.window_start + u64::try_from(offset).unwrap_or(u64::MAX)
    }

    fn marks(&self, served: u128) -> BinMarks {
        let accounts = &self.accounts;
        BinMarks {
            at: self.now,
            sessions: accounts.sessions.area(self.now),
            sandboxes: accounts.sandboxes.area(self.now),
            waiting: accounts.queue.area(self.now) + accounts.pacing.area(self.now),
            suspended: accounts.operation.suspended.area(self.now),
            powered: accounts.operation.powered.area(self.now),
            served,
            opened: accounts.sessions.entered(),
            requests: accounts.requests,
            rejected: accounts.rejected,
        }
    }

    fn finish_bin(&mut self, served: u128) {
        if self.observation.bins == 0 {
            return;
        }
        let (from, to) = (self.bin_marks, self.marks(served));
        // Each bin has tallies of its own; those of the window are put together at the end.
        let accounts = &mut self.accounts;
        let start_wait = mem::replace(&mut accounts.start_wait, self.blank.start_wait.clone());
        let burst_slowdown = mem::replace(&mut accounts.slowdown, self.blank.slowdown.clone());
        self.series.push(Bin {
            from_seconds: from.at.seconds(),
            to_seconds: to.at.seconds(),
            runs: 1,
            measured: u128::from(to.at - from.at),
            session_time: to.sessions - from.sessions,
            sandbox_time: to.sandboxes - from.sandboxes,
            waiting_time: to.waiting - from.waiting,
            suspended_time: to.suspended - from.suspended,
            powered_time: to.powered - from.powered,
            cpu_time: to.served - from.served,
            opened: to.opened - from.opened,
            requests: to.requests - from.requests,
            rejected: to.rejected - from.rejected,
            start_wait,
            burst_slowdown,
        });
        self.bins_done += 1;
    }

    /// Closes the accounts, checks them, and hands them over.
    pub(super) fn outcome(mut self) -> Result<CellOutcome, SimulationError> {
        let found = self.count_present();
        let served = self.served();
        self.check(&found, served)?;
        for bin in &self.series {
            self.accounts.start_wait.merge(&bin.start_wait);
            self.accounts.slowdown.merge(&bin.burst_slowdown);
        }
        let accounts = &self.accounts;
        let window = self.end - self.window_start;
        Ok(CellOutcome {
            replications: 1,
            measured: u128::from(window),
            hosts: self.spec.hosts,
            vcpus: u64::from(self.spec.hosts) * u64::from(self.spec.host.vcpus),
            sandbox_memory_bytes: self.spec.sandbox.memory_bytes,
            sessions: Presence::of(&accounts.sessions, self.now, window),
            sandboxes: Presence::of(&accounts.sandboxes, self.now, window),
            queue: Presence::of(&accounts.queue, self.now, window),
            pacing: Presence::of(&accounts.pacing, self.now, window),
            starting: Presence::of(&accounts.starting, self.now, window),
            cpu_jobs: Presence::of(&accounts.jobs, self.now, window),
            requests: accounts.requests,
            requests_rejected: accounts.rejected,
            sessions_rejected: accounts.sessions_rejected,
            bursts_completed: accounts.bursts_completed,
            bursts_lost: accounts.bursts_lost,
            sessions_completed: accounts.sessions_completed,
            operation: accounts.operation.outcome(
                self.spec,
                &found.resume_waits,
                self.fullest_host_bytes(),
                self.now,
                window,
            ),
            start_wait: accounts.start_wait.clone(),
            unfinished_wait: found.waits,
            start_latency: accounts.start_latency.clone(),
            burst_slowdown: accounts.slowdown.clone(),
            cpu_time_served: whole(served) - accounts.served_before,
            cpu_time_demanded: accounts.demanded,
            events: self.events - accounts.events_before,
            events_in_all: self.events,
            series: self.series,
        })
    }
}

/// Nanoseconds as a whole number, the nearest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sums of CPU time are positive and far below 2¹²⁸"
)]
fn whole(nanoseconds: f64) -> u128 {
    nanoseconds.round() as u128
}
