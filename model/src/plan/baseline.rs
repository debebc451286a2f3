//! The classic service beside which a sandbox for every session is held: a few instances of an
//! application on every host, each shared by many users.
//!
//! People, sessions, turns and the work of a burst are those of the scenario, and so are the host,
//! its share kept back, the promise on slowdown and the spare hosts. What falls away is the start of
//! a sandbox, its own memory, and its isolation.

use super::PlanError;
use super::limits::{SlowdownTable, TAIL};
use crate::demand::Demand;
use crate::input::Draw;
use crate::queueing::processor_sharing::load_for_slowdown;
use crate::result::BindingResource;
use crate::scenario::{Baseline, Scenario};

/// Hosts of one tier as a classic service, at one draw of the inputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SharedSizing {
    /// Hosts in all, spare ones counted.
    pub(super) hosts: f64,
    /// Instances in all.
    pub(super) instances: f64,
    /// Open sessions at the peak.
    pub(super) sessions: f64,
    /// CPU, or memory for instances.
    pub(super) binding: BindingResource,
}

/// One tier's sessions on one host, whatever carries them.
#[derive(Debug, Clone, Copy)]
struct Shared {
    vcpus: u32,
    /// Bytes for instances and sessions.
    memory: f64,
    /// Requests of one instance at a time.
    requests: u64,
    /// Bytes of an instance with the work of all its requests in it.
    instance: f64,
    /// Bytes of an open session between its requests.
    session: f64,
    /// vCPUs one open session keeps busy.
    load: f64,
}

/// Sizes one tier. None where not one instance fits a host, or nothing of it is left.
pub(super) fn size_shared(
    scenario: &Scenario,
    baseline: &Baseline,
    tier: usize,
    demand: &Demand,
    draw: &Draw,
    table: &SlowdownTable,
) -> Result<Option<SharedSizing>, PlanError> {
    let sessions = demand.tiers[tier].peak_sessions();
    let Some(shared) = Shared::new(scenario, baseline, tier, draw)? else {
        return Ok(None);
    };
    if sessions <= 0.0 {
        return Ok(Some(SharedSizing {
            hosts: 0.0,
            instances: 0.0,
            sessions,
            binding: BindingResource::Cpu,
        }));
    }
    let (instances, per_host, binding) = shared.most(table)?;
    if per_host <= 0.0 {
        return Ok(None);
    }
    let fleet = &scenario.fleet;
    let needed = |sessions: f64| (sessions / per_host - 1e-9).ceil().max(1.0);
    let cells = (sessions / per_host / f64::from(fleet.cell_hosts) - 1e-9)
        .ceil()
        .max(1.0);
    let hosts = cells * (needed(sessions / cells) + f64::from(fleet.spare_hosts));
    Ok(Some(SharedSizing {
        hosts,
        instances: instances as f64 * hosts,
        sessions,
        binding,
    }))
}

impl Shared {
    fn new(
        scenario: &Scenario,
        baseline: &Baseline,
        tier: usize,
        draw: &Draw,
    ) -> Result<Option<Self>, PlanError> {
        let host = &scenario.host;
        let tier = &scenario.tiers[tier];
        let inputs = &scenario.inputs;
        let usable = f64::from(host.vcpus) * (1.0 - draw.get(host.reserved_vcpus));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let vcpus = (usable + 1e-9).floor() as u32;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let requests = draw.get(baseline.requests_per_instance).floor().max(1.0) as u64;
        let memory = host.memory_bytes - draw.get(host.reserved_memory);
        let instance = draw.get(baseline.memory) + requests as f64 * draw.get(tier.working_set);
        if vcpus == 0 || memory < instance {
            return Ok(None);
        }
        let most = inputs.distribution(tier.burst, draw)?.mean();
        let burst = match tier.minority {
            Some(minority) => {
                let share = draw.get(minority.share);
                let others = inputs.distribution(minority.burst, draw)?.mean();
                (1.0 - share) * most + share * others
            }
            None => most,
        };
        let think = inputs.distribution(tier.think, draw)?.mean();
        let factor = draw.get(baseline.relative_cpu) / draw.get(host.speed);
        Ok(Some(Self {
            vcpus,
            memory,
            requests,
            instance,
            session: draw.get(baseline.session_memory),
            load: burst * factor / (think + burst),
        }))
    }

    /// The instances of a host, the most open sessions it carries with them, and what stops it.
    ///
    /// More instances carry more requests at a time and leave less memory for sessions between
    /// requests, so the best number is where the two meet.
    fn most(&self, table: &SlowdownTable) -> Result<(u64, f64, BindingResource), PlanError> {
        // With so many requests at a time the promise on slowdown is what stops a host.
        let at_most = f64::from(self.vcpus) * table.slowdown();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let enough = (at_most / self.requests as f64).ceil().max(1.0) as u64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let fit = (self.memory / self.instance).floor() as u64;
        let (mut few, mut many) = (1, enough.min(fit));
        while few < many {
            let middle = u64::midpoint(few, many);
            if self.by_memory(middle) < self.by_work(middle, table)? {
                many = middle;
            } else {
                few = middle + 1;
            }
        }
        let mut best = (0, 0.0, BindingResource::Memory);
        for instances in [few.saturating_sub(1), few] {
            if !(1..=enough.min(fit)).contains(&instances) {
                continue;
            }
            let (memory, work) = (self.by_memory(instances), self.by_work(instances, table)?);
            let sessions = memory.min(work);
            if sessions > best.1 {
                // With fewer instances than CPUs could do with, memory keeps others out.
                let starved = memory < work || instances < enough;
                let binding = if starved {
                    BindingResource::Memory
                } else {
                    BindingResource::Cpu
                };
                best = (instances, sessions, binding);
            }
        }
        Ok(best)
    }

    /// Most open sessions beside so many instances.
    fn by_memory(&self, instances: u64) -> f64 {
        let left = self.memory - instances as f64 * self.instance;
        if self.session > 0.0 {
            left / self.session
        } else {
            f64::INFINITY
        }
    }

    /// Most open sessions whose requests so many instances answer within the promise on slowdown, 99
    /// of 100 of them without a wait for an instance.
    ///
    /// The requests being worked on are those of M/M/c for any distribution of work where there is
    /// no wait, and for exponential work where there is one: n of them are served at the speed of
    /// min(n, c) vCPUs either way. So a request meets K others with the chance that M/M/c has.
    fn by_work(&self, instances: u64, table: &SlowdownTable) -> Result<f64, PlanError> {
        let at_a_time = instances.saturating_mul(self.requests);
        let vcpus = u64::from(self.vcpus);
        let load = if at_a_time as f64 >= f64::from(self.vcpus) * table.slowdown() {
            table.load(self.vcpus)?
        } else if at_a_time >= vcpus {
            // Half a request more keeps rounding from taking one away.
            let slowdown = (at_a_time as f64 + 0.5) / vcpus as f64;
            load_for_slowdown(vcpus, slowdown, TAIL)?
        } else {
            load_for_slowdown(at_a_time, 1.0, TAIL)?
        };
        Ok(load / self.load)
    }
}
