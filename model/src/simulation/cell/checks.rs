//! The identities every run is checked against.

use super::{Phase, Run};
use crate::simulation::error::SimulationError;
use crate::simulation::processor::Processor;
use crate::simulation::spec::Lifecycle;
use crate::simulation::tally::Tally;

impl Run<'_> {
    /// Adds the stays of all who are present and counts them by station.
    pub(super) fn count_present(&mut self) -> Present {
        let mut present = Present {
            counts: [0; 6],
            live: vec![0; self.processors.len()],
            waits: self.blank.start_wait.clone(),
        };
        let now = self.now;
        let per_session = self.spec.lifecycle == Lifecycle::PerSession;
        for session in &self.sessions {
            let phase = session.phase;
            if phase == Phase::Vacant {
                continue;
            }
            let starting = matches!(phase, Phase::Delayed | Phase::StartingCpu);
            let sandboxed = match phase {
                Phase::Thinking => per_session,
                Phase::Vacant | Phase::Queued => false,
                Phase::Paced | Phase::Delayed | Phase::StartingCpu | Phase::Bursting => true,
            };
            let stays = [
                (true, session.opened),
                (sandboxed, session.placed),
                (phase == Phase::Queued, session.requested),
                (phase == Phase::Paced, session.placed),
                (starting, session.requested),
                (
                    matches!(phase, Phase::StartingCpu | Phase::Bursting),
                    session.job_began,
                ),
            ];
            for (index, (station, (here, since))) in
                self.accounts.stations().into_iter().zip(stays).enumerate()
            {
                if here {
                    station.add_present(now, since);
                    present.counts[index] += 1;
                }
            }
            if sandboxed {
                present.live[session.host as usize] += 1;
            }
            if matches!(phase, Phase::Queued | Phase::Paced) {
                present.waits.record_nanoseconds(now - session.requested);
            }
        }
        present
    }

    /// The identities that hold for every run.
    pub(super) fn check(&self, present: &Present, served: f64) -> Result<(), SimulationError> {
        let accounts = &self.accounts;
        let [sessions, sandboxes, queue, pacing, starting, jobs] = present.counts;
        for (station, found, little, balance) in [
            (
                &accounts.sessions,
                sessions,
                "Little's law for sessions",
                "sessions present at the start or opened = closed, rejected or still present",
            ),
            (
                &accounts.sandboxes,
                sandboxes,
                "Little's law for sandboxes",
                "sandboxes present at the start or placed = released or still present",
            ),
            (
                &accounts.queue,
                queue,
                "Little's law for the queue",
                "requests queued at the start or later = placed or still queued",
            ),
            (
                &accounts.pacing,
                pacing,
                "Little's law for paced starts",
                "starts paced at the start or later = begun or still paced",
            ),
            (
                &accounts.starting,
                starting,
                "Little's law for starts",
                "starts in progress or begun = done or still in progress",
            ),
            (
                &accounts.jobs,
                jobs,
                "Little's law for CPU jobs",
                "CPU jobs present or begun = done or still present",
            ),
        ] {
            station.check(little, balance, found)?;
        }
        equal(
            "sandboxes the hosts hold = sandboxes sessions hold",
            self.placer.live().iter().map(|&live| f64::from(live)).sum(),
            sandboxes as f64,
        )?;
        for (&held, &found) in self.placer.live().iter().zip(&present.live) {
            equal("sandboxes per host", f64::from(held), f64::from(found))?;
        }
        equal("length of the queue", self.queue.len() as f64, queue as f64)?;
        let on_cpu: usize = self.processors.iter().map(Processor::jobs).sum();
        equal("jobs on the hosts", on_cpu as f64, jobs as f64)?;
        if queue > 0 && self.placer.has_room() {
            return equal("queue while a host has room", queue as f64, 0.0);
        }
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
        let accounted = served - overshoot + remaining;
        if (accounted - self.admitted).abs() > WORK_TOLERANCE * self.admitted + 1e3 {
            return Err(SimulationError::InvariantViolated {
                invariant: "CPU work admitted = served + still to do (nanoseconds)",
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
    counts: [u64; 6],
    /// Sandboxes per host.
    live: Vec<u32>,
    /// How long those who wait for a start have waited so far.
    pub(super) waits: Tally,
}

fn equal(invariant: &'static str, left: f64, right: f64) -> Result<(), SimulationError> {
    // Both are counts, represented exactly.
    if (left - right).abs() < 0.5 {
        Ok(())
    } else {
        Err(SimulationError::InvariantViolated {
            invariant,
            left,
            right,
        })
    }
}
