//! The identities every run is checked against.

use super::accounts::STATIONS;
use super::operating::{Extra, HostState};
use super::{Phase, Run};
use crate::simulation::error::SimulationError;
use crate::simulation::processor::Processor;
use crate::simulation::tally::Tally;
use crate::simulation::time::SimTime;

/// What has to hold of each station, in the order of `Accounts::stations`.
const IDENTITIES: [(&str, &str); STATIONS] = [
    (
        "Little's law for sessions",
        "sessions present at the start or opened = closed, rejected or still present",
    ),
    (
        "Little's law for sandboxes",
        "sandboxes present at the start or placed = released, lost or still present",
    ),
    (
        "Little's law for the queue",
        "requests queued at the start or later = placed or still queued",
    ),
    (
        "Little's law for paced starts",
        "starts paced at the start or later = begun, lost or still paced",
    ),
    (
        "Little's law for starts",
        "starts in progress or begun = done, lost or still in progress",
    ),
    (
        "Little's law for CPU jobs",
        "CPU jobs present or begun = done, lost or still present",
    ),
    (
        "Little's law for suspended sandboxes",
        "sandboxes suspended at the start or later = woken, lost or still suspended",
    ),
    (
        "Little's law for sandboxes waiting to resume",
        "sandboxes waiting at the start or later = resumed, lost or still waiting",
    ),
    (
        "Little's law for resuming",
        "resumes in progress or begun = done, lost or still in progress",
    ),
    (
        "Little's law for unused sandboxes",
        "sandboxes unused at the start or later = taken, lost or still unused",
    ),
    (
        "Little's law for replacements",
        "replacements in progress or asked for = ready, lost or still in progress",
    ),
    (
        "Little's law for hosts",
        "hosts on at the start or later = switched off, failed or still on",
    ),
    (
        "Little's law for hosts over their memory",
        "hosts over their memory at the start or later = no more or still",
    ),
];

impl Run<'_> {
    /// Adds the stays of all who are present and counts them by station.
    pub(super) fn count_present(&mut self) -> Present {
        let mut present = Present {
            counts: [0; STATIONS],
            hosts: vec![HostCount::default(); self.processors.len()],
            waits: self.blank.start_wait.clone(),
            resume_waits: self.blank.operation.resume_wait.clone(),
        };
        let now = self.now;
        for thinker in self.thinking.iter() {
            self.accounts.sessions.add_present(now, thinker.opened);
            present.counts[0] += 1;
        }
        let nobody = Extra::default();
        for (index, session) in self.sessions.iter().enumerate() {
            let phase = session.phase;
            if matches!(phase, Phase::Vacant | Phase::Stale) {
                continue;
            }
            let extra = self
                .operating
                .as_ref()
                .map_or(&nobody, |operating| &operating.extras[index]);
            let sandboxed = phase.sandboxed(self.spec.lifecycle);
            let suspended = phase.suspended();
            let awaiting = phase == Phase::AwaitingRoom;
            let pooled = phase == Phase::Pooled;
            let stays = [
                (!phase.of_pool(), session.opened),
                (sandboxed, session.placed),
                (phase == Phase::Queued, session.placed),
                (phase == Phase::Paced, session.placed),
                (
                    matches!(phase, Phase::Delayed | Phase::StartingCpu),
                    session.requested,
                ),
                (phase.on_cpu(), session.job_began),
                (suspended, extra.suspended),
                (awaiting, session.requested),
                (
                    matches!(phase, Phase::ResumeDelayed | Phase::ResumingCpu),
                    session.requested,
                ),
                (pooled, session.requested),
                (phase.of_pool() && !pooled, session.placed),
                // Of hosts.
                (false, now),
                (false, now),
            ];
            for (number, (station, (here, since))) in
                self.accounts.stations().into_iter().zip(stays).enumerate()
            {
                if here {
                    station.add_present(now, since);
                    present.counts[number] += 1;
                }
            }
            let host = &mut present.hosts[session.host as usize];
            if sandboxed {
                host.sandboxes += 1;
                host.suspended += u32::from(suspended);
                host.awaiting += usize::from(awaiting);
                host.actual += u128::from(extra.actual);
                if suspended {
                    host.actual_of_suspended += u128::from(extra.actual);
                }
            }
            host.pooled += usize::from(pooled);
            if matches!(phase, Phase::Queued | Phase::Paced) {
                present.waits.record_nanoseconds(now - session.requested);
            }
            if awaiting {
                let waited = now - session.requested;
                present.resume_waits.record_nanoseconds(waited);
            }
        }
        self.count_hosts(&mut present);
        present
    }

    fn count_hosts(&mut self, present: &mut Present) {
        let now = self.now;
        let [.., powered, over] = &mut present.counts;
        let accounts = &mut self.accounts.operation;
        let Some(operating) = &self.operating else {
            for _ in 0..self.spec.hosts {
                accounts.powered.add_present(now, SimTime::ZERO);
                *powered += 1;
            }
            return;
        };
        for host in &operating.hosts {
            if host.state.serves() || host.state == HostState::Booting {
                accounts.powered.add_present(now, host.powered_since);
                *powered += 1;
            }
            if let Some(since) = host.over_since {
                accounts.over_memory.add_present(now, since);
                *over += 1;
            }
        }
    }

    /// The identities that hold for every run.
    pub(super) fn check(&mut self, present: &Present, served: f64) -> Result<(), SimulationError> {
        let now = self.now;
        for ((station, found), (little, balance)) in self
            .accounts
            .stations()
            .into_iter()
            .zip(present.counts)
            .zip(IDENTITIES)
        {
            station.check(now, little, balance, found)?;
        }
        let accounts = &self.accounts;
        let [_, _, queue, _, _, jobs, ..] = present.counts;
        same(
            "sessions closed = completed, rejected or ended by a failure",
            accounts.sessions.left(),
            accounts.sessions_completed
                + accounts.sessions_rejected
                + accounts.operation.sessions_ended_by_failure,
        )?;
        same("length of the queue", self.queue.len() as u64, queue)?;
        let on_cpu: usize = self.processors.iter().map(Processor::jobs).sum();
        same("jobs on the hosts", on_cpu as u64, jobs)?;
        if queue > 0 && self.placer.has_room() {
            return same("queue while a host has room", queue, 0);
        }
        self.check_hosts(present)?;
        self.check_work(served)
    }

    /// What each host holds is what the sandboxes on it hold, and it never was too much.
    fn check_hosts(&self, present: &Present) -> Result<(), SimulationError> {
        let free = "places taken on a host = sandboxes there";
        let Some(operating) = &self.operating else {
            let slots = self.spec.slots_per_host();
            for (&left, found) in self.placer.free().iter().zip(&present.hosts) {
                same(free, u64::from(slots - left), u64::from(found.sandboxes))?;
            }
            return Ok(());
        };
        for ((host, found), &left) in operating
            .hosts
            .iter()
            .zip(&present.hosts)
            .zip(self.placer.free())
        {
            let live = found.sandboxes - found.suspended;
            same("sandboxes live on a host", host.live.into(), live.into())?;
            same(
                "sandboxes suspended on a host",
                host.suspended.into(),
                found.suspended.into(),
            )?;
            same(
                "sandboxes waiting to resume on a host",
                host.resume_queue.len() as u64,
                found.awaiting as u64,
            )?;
            same(
                "unused sandboxes on a host",
                host.pool.len() as u64,
                found.pooled as u64,
            )?;
            same(
                "bytes placed on a host = those of its sandboxes",
                host.placed,
                u64::from(live) * operating.full + u64::from(found.suspended) * operating.small,
            )?;
            same(
                "bytes ever placed on a host beyond what there are",
                host.most_placed.saturating_sub(operating.capacity),
                0,
            )?;
            let actual = found.actual - found.actual_of_suspended
                + u128::from(found.suspended) * u128::from(operating.small);
            if host.actual != actual {
                return Err(SimulationError::InvariantViolated {
                    invariant: "bytes really held on a host = those of its sandboxes",
                    left: host.actual as f64,
                    right: actual as f64,
                });
            }
            let room = match host.state {
                HostState::On => operating.room(host),
                _ => 0,
            };
            same(free, left.into(), room.into())?;
            if !host.state.serves() {
                same("sandboxes on a host that is off", found.sandboxes.into(), 0)?;
            }
            if !host.resume_queue.is_empty() && operating.can_resume(host) {
                return same("sandboxes waiting to resume while there is room", 1, 0);
            }
        }
        Ok(())
    }

    fn check_work(&self, served: f64) -> Result<(), SimulationError> {
        let width = |slot: u32| self.sessions[slot as usize].width;
        let (overshoot, remaining) =
            self.processors
                .iter()
                .fold((0.0, 0.0), |(overshoot, remaining), processor| {
                    (
                        overshoot + processor.overshoot(),
                        remaining + processor.remaining(width),
                    )
                });
        let abandoned = self
            .operating
            .as_ref()
            .map_or(0.0, |operating| operating.abandoned);
        let accounted = served - overshoot + remaining + abandoned;
        if (accounted - self.admitted).abs() > WORK_TOLERANCE * self.admitted + 1e3 {
            return Err(SimulationError::InvariantViolated {
                invariant: "CPU work admitted = served + lost + still to do (nanoseconds)",
                left: self.admitted,
                right: accounted,
            });
        }
        Ok(())
    }
}

/// Relative difference allowed between CPU work admitted and accounted for: sums of rounded floats
/// agree to about 10⁻¹², so this is far from both noise and any real loss.
const WORK_TOLERANCE: f64 = 1e-8;

/// Who is present at the end of a run.
#[derive(Debug)]
pub(super) struct Present {
    /// By station, in the order of `Accounts::stations`.
    counts: [u64; STATIONS],
    hosts: Vec<HostCount>,
    /// How long those who wait for a start have waited so far.
    pub(super) waits: Tally,
    /// How long those who wait to resume have waited so far.
    pub(super) resume_waits: Tally,
}

/// What was found on one host.
#[derive(Debug, Clone, Default)]
struct HostCount {
    /// Of sessions, suspended ones included.
    sandboxes: u32,
    suspended: u32,
    awaiting: usize,
    pooled: usize,
    /// Bytes all sandboxes really hold when they are live.
    actual: u128,
    /// The part of those that are suspended.
    actual_of_suspended: u128,
}

fn same(invariant: &'static str, left: u64, right: u64) -> Result<(), SimulationError> {
    if left == right {
        Ok(())
    } else {
        Err(SimulationError::InvariantViolated {
            invariant,
            left: left as f64,
            right: right as f64,
        })
    }
}
