//! What a tier's sessions ask of hosts when a technology carries them.

use super::PlanError;
use crate::demand::{Demand, peak};
use crate::distribution::{Distribution, TurnCount};
use crate::input::Draw;
use crate::scenario::{Lifecycle, PlanAssignment, Scenario, Technology, Tier};

/// One tier on one technology with numbers in place of inputs.
#[derive(Debug, Clone)]
pub(super) struct Carried {
    pub(super) lifecycle: Lifecycle,
    pub(super) turns: TurnCount,
    /// Seconds.
    pub(super) think: Distribution,
    /// CPU-seconds on the reference CPU.
    pub(super) burst: Distribution,
    /// A share of the sessions, and the CPU-seconds of their bursts on the reference CPU.
    pub(super) minority: Option<(f64, Distribution)>,
    /// Seconds.
    pub(super) start_latency: Distribution,
    /// vCPU-seconds of this host per start.
    pub(super) start_cpu: f64,
    /// vCPU-seconds of this host for a CPU-second of work on the reference CPU.
    pub(super) work_factor: f64,
    /// Bytes of one live sandbox with the session's work in it.
    pub(super) sandbox_bytes: f64,
    /// Bytes of one sandbox before any work is in it.
    pub(super) unused_bytes: f64,
    /// What happens to a sandbox that is idle for long.
    pub(super) suspension: Option<Suspended>,
    /// Share of the requests that find no unused sandbox: all of them without a warm pool.
    pub(super) miss_share: f64,
}

/// Sandboxes that are suspended while their session thinks for long.
#[derive(Debug, Clone)]
pub(super) struct Suspended {
    /// Idle seconds before.
    pub(super) after: f64,
    /// Seconds.
    pub(super) resume_latency: Distribution,
    /// vCPU-seconds of this host per resume.
    pub(super) resume_cpu: f64,
    /// Bytes a suspended sandbox holds, no more than a live one.
    pub(super) bytes: f64,
    /// Part of a place it holds, 0 to 1.
    pub(super) place: f64,
}

impl Carried {
    pub(super) fn new(
        scenario: &Scenario,
        assignment: PlanAssignment,
        draw: &Draw,
    ) -> Result<Self, PlanError> {
        let tier: &Tier = &scenario.tiers[assignment.tier.0];
        let technology: &Technology = &scenario.technologies[assignment.technology];
        let inputs = &scenario.inputs;
        let speed = draw.get(scenario.host.speed);
        let unused_bytes = draw.get(technology.memory_per_instance);
        let sandbox_bytes = unused_bytes + draw.get(tier.working_set);
        let suspension = match (assignment.suspend_after, technology.suspension) {
            (Some(after), Some(costs)) => {
                let bytes = draw.get(costs.memory_suspended).min(sandbox_bytes);
                Some(Suspended {
                    after: draw.get(after),
                    resume_latency: inputs.distribution(costs.resume_latency, draw)?,
                    resume_cpu: draw.get(costs.cpu_per_resume) / speed,
                    bytes,
                    place: bytes / sandbox_bytes,
                })
            }
            _ => None,
        };
        let minority = match tier.minority {
            Some(minority) => Some((
                draw.get(minority.share),
                inputs.distribution(minority.burst, draw)?,
            )),
            None => None,
        };
        Ok(Self {
            lifecycle: assignment.lifecycle,
            turns: tier.turn_law.at(draw.get(tier.turns))?,
            think: inputs.distribution(tier.think, draw)?,
            burst: inputs.distribution(tier.burst, draw)?,
            minority,
            start_latency: inputs.distribution(technology.start_latency, draw)?,
            start_cpu: draw.get(technology.cpu_per_start) / speed,
            work_factor: draw.get(technology.relative_cpu) / speed,
            sandbox_bytes,
            unused_bytes,
            suspension,
            miss_share: 1.0,
        })
    }

    /// CPU-seconds of one burst on the reference CPU, in the mean over all sessions.
    fn reference_burst(&self) -> f64 {
        let most = self.burst.mean();
        match &self.minority {
            Some((share, burst)) => (1.0 - share) * most + share * burst.mean(),
            None => most,
        }
    }

    /// vCPU-seconds of one burst on this host, in the mean.
    pub(super) fn burst_seconds(&self) -> f64 {
        self.reference_burst() * self.work_factor
    }

    /// Seconds from the request for a sandbox to its first result, in the mean: nothing where an
    /// unused one is there. Where a start takes more CPU time than wall time, its helpers ran on
    /// several CPUs at once.
    pub(super) fn start_seconds(&self) -> f64 {
        self.miss_share * self.start_latency.mean()
    }

    /// Seconds a session takes without a sandbox's overheads.
    pub(super) fn session_seconds(&self) -> f64 {
        self.turns.mean() * (self.think.mean() + self.reference_burst())
    }

    /// Seconds of a turn's think during which the sandbox is suspended, E[(Z − T)⁺], in the mean.
    fn asleep_seconds(&self) -> f64 {
        self.suspension.as_ref().map_or(0.0, |suspension| {
            (self.think.mean() - self.think.integrated_survival(suspension.after)).max(0.0)
        })
    }

    /// Resumes for each turn, P(Z > T).
    fn resumes_per_turn(&self) -> f64 {
        let suspension = self.suspension.as_ref();
        suspension.map_or(0.0, |suspension| self.think.survival(suspension.after))
    }

    /// Seconds to resume, in the mean.
    fn resume_seconds(&self) -> f64 {
        let suspension = self.suspension.as_ref();
        suspension.map_or(0.0, |suspension| suspension.resume_latency.mean())
    }

    /// vCPU-seconds of this host per resume.
    fn resume_cpu(&self) -> f64 {
        let suspension = self.suspension.as_ref();
        suspension.map_or(0.0, |suspension| suspension.resume_cpu)
    }

    /// Seconds one sandbox lives, in the mean, without contention; suspended time is part of it.
    pub(super) fn sandbox_seconds(&self) -> f64 {
        match self.lifecycle {
            Lifecycle::PerSession => {
                let resuming = self.resumes_per_turn() * self.resume_seconds();
                self.start_seconds()
                    + self.turns.mean() * (self.think.mean() + resuming + self.burst_seconds())
            }
            Lifecycle::PerBurst => self.start_seconds() + self.burst_seconds(),
        }
    }

    /// Seconds of its life a sandbox is suspended, in the mean.
    fn suspended_seconds(&self) -> f64 {
        match self.lifecycle {
            Lifecycle::PerSession => self.turns.mean() * self.asleep_seconds(),
            Lifecycle::PerBurst => 0.0,
        }
    }

    /// Seconds for which a whole place is taken at a time, in the mean: from a start or a resume to
    /// the next suspension or the end.
    fn place_seconds(&self) -> f64 {
        let periods = match self.lifecycle {
            Lifecycle::PerSession => 1.0 + self.turns.mean() * self.resumes_per_turn(),
            Lifecycle::PerBurst => 1.0,
        };
        (self.sandbox_seconds() - self.suspended_seconds()) / periods
    }

    /// Places that one sandbox takes in the mean of its life: less than one if it is suspended now
    /// and then.
    fn places_per_sandbox(&self) -> f64 {
        let place = self.suspension.as_ref().map_or(1.0, |s| s.place);
        let life = self.sandbox_seconds();
        if life > 0.0 {
            1.0 - self.suspended_seconds() * (1.0 - place) / life
        } else {
            1.0
        }
    }

    /// vCPU-seconds of one session on this host, starts and resumes with it.
    pub(super) fn session_cpu(&self) -> f64 {
        let turns = self.turns.mean();
        turns * (self.burst_seconds() + self.resumes_per_turn() * self.resume_cpu())
            + self.starts_per_session() * self.start_cpu
    }

    /// vCPUs kept busy by so many open sessions and session starts per second.
    pub(super) fn load_of(&self, sessions: f64, session_starts: f64) -> f64 {
        let bursts = sessions * self.turns.mean() / self.session_seconds();
        let starts = match self.lifecycle {
            Lifecycle::PerSession => session_starts,
            Lifecycle::PerBurst => bursts,
        };
        bursts * (self.burst_seconds() + self.resumes_per_turn() * self.resume_cpu())
            + starts * self.start_cpu
    }

    /// Share of the work of bursts that sessions of another kind do.
    pub(super) fn minority_work(&self) -> f64 {
        match &self.minority {
            Some((share, burst)) if self.reference_burst() > 0.0 => {
                share * burst.mean() / self.reference_burst()
            }
            _ => 0.0,
        }
    }

    /// Place-seconds of one session.
    pub(super) fn session_places(&self) -> f64 {
        self.starts_per_session() * self.sandbox_seconds() * self.places_per_sandbox()
    }

    /// Starts of sandboxes in one session, in the mean.
    pub(super) fn starts_per_session(&self) -> f64 {
        match self.lifecycle {
            Lifecycle::PerSession => 1.0,
            Lifecycle::PerBurst => self.turns.mean(),
        }
    }
}

/// What the busiest moment of the week asks of hosts. The moments of different resources may
/// differ: starts peak before open sessions do.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Workload {
    /// Agents behind the sessions.
    pub(super) agents: f64,
    /// Open sessions.
    pub(super) sessions: f64,
    /// Live sandboxes, suspended ones among them.
    pub(super) sandboxes: f64,
    /// Suspended sandboxes.
    pub(super) suspended: f64,
    /// Places taken: one for each sandbox that is not suspended, part of one for each that is.
    pub(super) places: f64,
    /// Sandbox starts per second.
    pub(super) starts: f64,
    /// Resumes per second.
    pub(super) resumes: f64,
    /// Busy vCPUs for bursts, starts and resumes, in Erlangs.
    pub(super) load: f64,
    /// Part of `load` that starts cause, from 0 to 1.
    pub(super) start_share: f64,
    /// Seconds for which a place is taken at a time.
    pub(super) place_seconds: f64,
}

impl Workload {
    /// The busiest moment of the week.
    pub(super) fn peak(scenario_demand: &Demand, tier: usize, carried: &Carried) -> Self {
        let demand = &scenario_demand.tiers[tier];
        // Open sessions go through turns at a rate that the tier sets, not the technology: a
        // slower sandbox does not make people ask for less work.
        let turn_rate = carried.turns.mean() / carried.session_seconds();
        let points = demand.sessions.iter().zip(&demand.starts);
        let at: Vec<(f64, f64)> = points
            .map(|(sessions, session_starts)| {
                let bursts = sessions * turn_rate;
                let starts = match carried.lifecycle {
                    Lifecycle::PerSession => *session_starts,
                    Lifecycle::PerBurst => bursts,
                };
                (bursts, starts)
            })
            .collect();
        let resumes_per_turn = carried.resumes_per_turn();
        let per_burst = carried.burst_seconds() + resumes_per_turn * carried.resume_cpu();
        let loads: Vec<f64> = at
            .iter()
            .map(|(bursts, starts)| bursts * per_burst + starts * carried.start_cpu)
            .collect();
        let (busiest, load) = peak(&loads);
        let start_load = at[busiest].1 * carried.start_cpu;
        let starts: Vec<f64> = at.iter().map(|(_, starts)| *starts).collect();
        let sessions = demand.peak_sessions();
        let sandboxes = match carried.lifecycle {
            Lifecycle::PerSession => {
                sessions * carried.sandbox_seconds() / carried.session_seconds()
            }
            Lifecycle::PerBurst => sessions * turn_rate * carried.sandbox_seconds(),
        };
        Self {
            agents: demand.agents,
            sessions,
            starts: peak(&starts).1,
            resumes: sessions * turn_rate * resumes_per_turn,
            load,
            start_share: if load > 0.0 { start_load / load } else { 0.0 },
            ..Self::of_sandboxes(sandboxes, carried)
        }
    }

    /// A steady state with this many open sessions, each followed by the next at the rate that
    /// keeps the number: what a simulated cell is in.
    pub(super) fn steady(sessions: f64, carried: &Carried) -> Self {
        let session_rate = sessions / carried.session_seconds();
        let starts = session_rate * carried.starts_per_session();
        let start_load = starts * carried.start_cpu;
        let load = session_rate * carried.session_cpu();
        Self {
            agents: f64::INFINITY,
            sessions,
            starts,
            resumes: session_rate * carried.turns.mean() * carried.resumes_per_turn(),
            load,
            start_share: if load > 0.0 { start_load / load } else { 0.0 },
            ..Self::of_sandboxes(starts * carried.sandbox_seconds(), carried)
        }
    }

    /// What so many live sandboxes take of memory, and nothing else.
    fn of_sandboxes(sandboxes: f64, carried: &Carried) -> Self {
        let life = carried.sandbox_seconds();
        Self {
            sandboxes,
            suspended: if life > 0.0 {
                sandboxes * carried.suspended_seconds() / life
            } else {
                0.0
            },
            places: sandboxes * carried.places_per_sandbox(),
            place_seconds: carried.place_seconds(),
            ..Self::default()
        }
    }

    /// Places taken by sandboxes that have been resumed since they started.
    pub(super) fn resumed_places(&self) -> f64 {
        self.resumes * self.place_seconds
    }
}
