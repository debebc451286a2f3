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
    /// Seconds.
    pub(super) start_latency: Distribution,
    /// vCPU-seconds of this host per start.
    pub(super) start_cpu: f64,
    /// vCPU-seconds of this host for a CPU-second of work on the reference CPU.
    pub(super) work_factor: f64,
    /// Bytes of one live sandbox with the session's work in it.
    pub(super) sandbox_bytes: f64,
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
        Ok(Self {
            lifecycle: assignment.lifecycle,
            turns: tier.turn_law.at(draw.get(tier.turns))?,
            think: inputs.distribution(tier.think, draw)?,
            burst: inputs.distribution(tier.burst, draw)?,
            start_latency: inputs.distribution(technology.start_latency, draw)?,
            start_cpu: draw.get(technology.cpu_per_start) / speed,
            work_factor: draw.get(technology.relative_cpu) / speed,
            sandbox_bytes: draw.get(technology.memory_per_instance) + draw.get(tier.working_set),
        })
    }

    /// vCPU-seconds of one burst on this host, in the mean.
    pub(super) fn burst_seconds(&self) -> f64 {
        self.burst.mean() * self.work_factor
    }

    /// Seconds from the request for a sandbox to its first result, in the mean. Where a start takes
    /// more CPU time than wall time, its helpers ran on several CPUs at once.
    pub(super) fn start_seconds(&self) -> f64 {
        self.start_latency.mean()
    }

    /// Seconds a session takes without a sandbox's overheads.
    pub(super) fn session_seconds(&self) -> f64 {
        self.turns.mean() * (self.think.mean() + self.burst.mean())
    }

    /// Seconds one sandbox lives, in the mean, without contention.
    pub(super) fn sandbox_seconds(&self) -> f64 {
        match self.lifecycle {
            Lifecycle::PerSession => {
                self.start_seconds()
                    + self.turns.mean() * (self.think.mean() + self.burst_seconds())
            }
            Lifecycle::PerBurst => self.start_seconds() + self.burst_seconds(),
        }
    }

    /// Starts of sandboxes in one session, in the mean.
    fn starts_per_session(&self) -> f64 {
        match self.lifecycle {
            Lifecycle::PerSession => 1.0,
            Lifecycle::PerBurst => self.turns.mean(),
        }
    }
}

/// What the busiest moment of the week asks of hosts. The moments of different resources may
/// differ: starts peak before open sessions do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Workload {
    /// Agents behind the sessions.
    pub(super) agents: f64,
    /// Open sessions.
    pub(super) sessions: f64,
    /// Live sandboxes.
    pub(super) sandboxes: f64,
    /// Sandbox starts per second.
    pub(super) starts: f64,
    /// Busy vCPUs for bursts and starts, in Erlangs.
    pub(super) load: f64,
    /// Part of `load` that starts cause, from 0 to 1.
    pub(super) start_share: f64,
    /// Seconds one sandbox lives.
    pub(super) sandbox_seconds: f64,
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
        let loads: Vec<f64> = at
            .iter()
            .map(|(bursts, starts)| bursts * carried.burst_seconds() + starts * carried.start_cpu)
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
            sandboxes,
            starts: peak(&starts).1,
            load,
            start_share: if load > 0.0 { start_load / load } else { 0.0 },
            sandbox_seconds: carried.sandbox_seconds(),
        }
    }

    /// A steady state with this many open sessions, each followed by the next at the rate that
    /// keeps the number: what a simulated cell is in.
    pub(super) fn steady(sessions: f64, carried: &Carried) -> Self {
        let session_rate = sessions / carried.session_seconds();
        let bursts = session_rate * carried.turns.mean();
        let starts = session_rate * carried.starts_per_session();
        let start_load = starts * carried.start_cpu;
        let load = bursts * carried.burst_seconds() + start_load;
        Self {
            agents: f64::INFINITY,
            sessions,
            sandboxes: starts * carried.sandbox_seconds(),
            starts,
            load,
            start_share: if load > 0.0 { start_load / load } else { 0.0 },
            sandbox_seconds: carried.sandbox_seconds(),
        }
    }
}
