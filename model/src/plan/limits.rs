//! What one host and one cell of hosts can carry within the service level.

use std::sync::OnceLock;

use super::PlanError;
use super::workload::{Carried, Workload};
use crate::input::Draw;
use crate::queueing::erlang::{WaitingQueue, erlang_b, load_for_blocking, load_for_wait};
use crate::queueing::finite_source::{Engset, MachineRepair};
use crate::queueing::processor_sharing::load_for_slowdown;
use crate::queueing::single_server::ConstantService;
use crate::result::BindingResource;
use crate::scenario::{Fleet, Scenario, ServiceLevel, Technology, WhenFull};

/// The tail every quantile of the service level leaves: 99% quantiles.
pub(super) const TAIL: f64 = 0.01;

/// Up to this many agents behind a single cell, sessions are drawn from that finite number; above
/// it the difference to an endless source is far below a host.
const FINITE_SOURCES: f64 = 20_000.0;

/// The offered load each number of vCPUs holds within the slowdown promised, worked out once.
#[derive(Debug)]
pub(super) struct SlowdownTable {
    slowdown: f64,
    loads: Vec<OnceLock<f64>>,
}

impl SlowdownTable {
    pub(super) fn new(slowdown: f64, most_vcpus: u32) -> Self {
        Self {
            slowdown,
            loads: (0..=most_vcpus).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Most offered load in Erlangs at which 99% of arriving jobs find no more than the slowdown
    /// promised. A job alone on its vCPU has slowdown 1, so a single spare vCPU is worth much.
    fn load(&self, vcpus: u32) -> Result<f64, PlanError> {
        let cell = &self.loads[vcpus as usize];
        if let Some(load) = cell.get() {
            return Ok(*load);
        }
        let load = load_for_slowdown(u64::from(vcpus), self.slowdown, TAIL)?;
        Ok(*cell.get_or_init(|| load))
    }
}

/// What one host has room for of one tier on one technology, whatever is promised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct HostRoom {
    /// vCPUs left for sandboxes.
    pub(super) vcpus: u32,
    /// Bytes left for sandboxes.
    pub(super) memory_bytes: f64,
    /// Sandboxes that fit.
    pub(super) slots: u64,
    /// Whether memory or the density limit sets `slots`.
    pub(super) slot_resource: BindingResource,
    /// Starts per second at most, where a ceiling is known.
    pub(super) start_rate: Option<f64>,
    /// The density limit, where one is known.
    pub(super) density: Option<u64>,
}

/// Why a host cannot carry a single sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TooSmall(pub(crate) String);

impl HostRoom {
    pub(super) fn new(
        scenario: &Scenario,
        technology: &Technology,
        carried: &Carried,
        draw: &Draw,
    ) -> Result<Self, TooSmall> {
        let host = &scenario.host;
        let usable = f64::from(host.vcpus) * (1.0 - draw.get(host.reserved_vcpus));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let vcpus = (usable + 1e-9).floor() as u32;
        if vcpus == 0 {
            return Err(TooSmall(
                "no vCPU is left after what is kept back".to_owned(),
            ));
        }
        let memory_bytes =
            host.memory_bytes - draw.get(host.reserved_memory) - draw.get(technology.memory_base);
        let fit = (memory_bytes / carried.sandbox_bytes).floor().max(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let by_memory = fit.min(1e9) as u64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let density = technology
            .density_limit
            .map(|limit| draw.get(limit).floor() as u64);
        let (slots, slot_resource) = match density {
            Some(limit) if limit < by_memory => (limit, BindingResource::Density),
            _ => (by_memory, BindingResource::Memory),
        };
        if slots == 0 {
            return Err(TooSmall(
                "one sandbox does not fit the memory of a host".to_owned(),
            ));
        }
        let start_rate = technology
            .starts_per_second_per_vcpu
            .map(|rate| draw.get(rate) * f64::from(vcpus) * draw.get(host.speed));
        if start_rate == Some(0.0) {
            return Err(TooSmall("its start rate is zero".to_owned()));
        }
        Ok(Self {
            vcpus,
            memory_bytes,
            slots,
            slot_resource,
            start_rate,
            density,
        })
    }
}

/// What one host can carry of one tier on one technology within the service level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct HostLimits {
    /// What it has room for.
    pub(super) room: HostRoom,
    /// Offered load within the slowdown promised, in Erlangs.
    load: f64,
    /// Starts per second within the promise on waiting, where a ceiling is known.
    held_start_rate: Option<f64>,
}

impl HostLimits {
    pub(super) fn new(
        scenario: &Scenario,
        room: HostRoom,
        table: &SlowdownTable,
    ) -> Result<Self, PlanError> {
        let held_start_rate = match room.start_rate {
            Some(rate) => {
                Some(rate * pacing_utilisation(scenario.service_level.start_wait_p99 * rate)?)
            }
            None => None,
        };
        Ok(Self {
            room,
            load: table.load(room.vcpus)?,
            held_start_rate,
        })
    }
}

/// The promises, the fleet's rules and a host's limits, together.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellRules<'a> {
    pub(super) limits: &'a HostLimits,
    pub(super) fleet: &'a Fleet,
    pub(super) service_level: &'a ServiceLevel,
}

impl CellRules<'_> {
    /// Open sessions one host's CPUs and start rate carry, whichever is less: what grows in
    /// proportion to hosts.
    pub(super) fn per_host(&self, workload: &Workload) -> (BindingResource, f64) {
        let by_cpu = self.cpu_sessions_per_host(workload);
        match self.start_sessions_per_host(workload) {
            Some(by_starts) if by_starts < by_cpu => (BindingResource::StartRate, by_starts),
            _ => (BindingResource::Cpu, by_cpu),
        }
    }

    fn cpu_sessions_per_host(&self, workload: &Workload) -> f64 {
        self.limits.load * workload.sessions / workload.load
    }

    fn start_sessions_per_host(&self, workload: &Workload) -> Option<f64> {
        Some(self.limits.held_start_rate? * workload.sessions / workload.starts)
    }

    /// Open sessions a cell of `hosts` carries within every promise, and what stops it. Sessions
    /// come from an endless number of agents.
    pub(super) fn carries(
        &self,
        hosts: u32,
        workload: &Workload,
    ) -> Result<(BindingResource, f64), PlanError> {
        let (resource, per_host) = self.per_host(workload);
        let sessions = f64::from(hosts) * per_host;
        // Sessions without any CPU work are limited by room alone.
        if sessions.is_finite() && self.has_room(hosts, sessions, workload, false)? {
            Ok((resource, sessions))
        } else {
            Ok((self.limits.room.slot_resource, self.room(hosts, workload)?))
        }
    }

    /// Hosts that each resource alone would need for all sessions, as cells of `cell_hosts`.
    pub(super) fn hosts_by_resource(
        &self,
        cell_hosts: u32,
        workload: &Workload,
    ) -> Result<Vec<(BindingResource, f64)>, PlanError> {
        let all = workload.sessions;
        let cell = f64::from(cell_hosts);
        let mut hosts = vec![
            (
                BindingResource::Cpu,
                all / self.cpu_sessions_per_host(workload),
            ),
            (
                self.limits.room.slot_resource,
                all / self.room(cell_hosts, workload)? * cell,
            ),
        ];
        if let Some(per_host) = self.start_sessions_per_host(workload) {
            hosts.push((BindingResource::StartRate, all / per_host));
        }
        Ok(hosts)
    }

    /// Whether so many open sessions find room on so many hosts within the promise on waiting or
    /// on rejection. A single cell with few agents behind it may be judged by their finite number:
    /// never more is needed than for an endless source of the same load.
    pub(super) fn has_room(
        &self,
        hosts: u32,
        sessions: f64,
        workload: &Workload,
        single_cell: bool,
    ) -> Result<bool, PlanError> {
        let slots = self.limits.room.slots * u64::from(hosts);
        let live = sessions * workload.sandboxes / workload.sessions;
        // With twice as many slots and some to spare nothing ever waits.
        if slots as f64 >= 2.0 * live + 100.0 {
            return Ok(true);
        }
        let for_endless = match self.fleet.when_full {
            WhenFull::Queue => {
                live < slots as f64
                    && WaitingQueue::new(live, slots)?.wait_survival(self.wait(workload)) <= TAIL
            }
            WhenFull::Reject => erlang_b(live, slots)? <= self.service_level.rejected,
        };
        if for_endless || !single_cell || workload.agents > FINITE_SOURCES {
            return Ok(for_endless);
        }
        self.has_room_for_few(slots, live, workload.agents)
    }

    /// The promise on waiting in units of the time a sandbox lives.
    fn wait(&self, workload: &Workload) -> f64 {
        self.service_level.start_wait_p99 / workload.sandbox_seconds
    }

    /// The same for agents so few that those with a session open cannot open another: the number
    /// live is that of a machine-repair (waiting) or Engset (rejecting) model. Any wait at all counts
    /// as too long here.
    fn has_room_for_few(&self, slots: u64, live: f64, agents: f64) -> Result<bool, PlanError> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let sources = (agents - 1e-9).ceil().max(1.0) as u64;
        let busy_share = live / sources as f64;
        if slots >= sources {
            return Ok(true);
        }
        if busy_share >= 1.0 {
            return Ok(false);
        }
        let idle_load = busy_share / (1.0 - busy_share);
        Ok(match self.fleet.when_full {
            WhenFull::Queue => {
                MachineRepair::new(sources, slots, idle_load)?.delay_probability() <= TAIL
            }
            WhenFull::Reject => {
                Engset::new(sources, slots, idle_load)?.call_congestion()
                    <= self.service_level.rejected
            }
        })
    }

    /// Most open sessions that find room on so many hosts.
    fn room(&self, hosts: u32, workload: &Workload) -> Result<f64, PlanError> {
        let slots = self.limits.room.slots * u64::from(hosts);
        let live = match self.fleet.when_full {
            WhenFull::Queue => load_for_wait(slots, self.wait(workload), TAIL)?,
            WhenFull::Reject => load_for_blocking(slots, self.service_level.rejected)?,
        };
        Ok(live * workload.sessions / workload.sandboxes)
    }
}

/// Waits above this many intervals follow the exponential tail of the M/D/1 queue to many digits.
const LONG_WAIT: f64 = 20.0;

/// Highest utilisation of a station that lets one start through at a time, at even intervals, so
/// that 99% wait no longer than `wait` intervals (M/D/1).
fn pacing_utilisation(wait: f64) -> Result<f64, PlanError> {
    if wait >= LONG_WAIT {
        return Ok(pacing_utilisation_by_tail(wait));
    }
    let (mut low, mut high) = (0.0_f64, 1.0 - 1e-6);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if ConstantService::new(middle)?.wait_survival(wait) <= TAIL {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// The same by the tail alone: P(W > t) ≈ (1 − ρ)/(ρ e^θ − 1) · e^(−θ t) with ρ (e^θ − 1) = θ
/// (Tijms 2003, section 9.6). Utilisation falls as the decay rate θ grows, and so does the tail.
fn pacing_utilisation_by_tail(wait: f64) -> f64 {
    let utilisation = |decay: f64| decay / decay.exp_m1();
    let tail = |decay: f64| {
        let busy = utilisation(decay);
        (1.0 - busy) / (busy * decay.exp() - 1.0) * (-decay * wait).exp()
    };
    let (mut slow, mut fast) = (1e-9_f64, 10.0_f64);
    for _ in 0..60 {
        let middle = f64::midpoint(slow, fast);
        if tail(middle) <= TAIL {
            fast = middle;
        } else {
            slow = middle;
        }
    }
    utilisation(fast)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_pace_starts_agree_where_they_meet() {
        let by_tail = pacing_utilisation_by_tail(LONG_WAIT);
        let exact = {
            let service = ConstantService::new(by_tail).unwrap();
            service.wait_survival(LONG_WAIT)
        };
        assert!((exact / TAIL - 1.0).abs() < 1e-6, "{exact}");
    }

    #[test]
    fn a_longer_promise_allows_a_busier_station() {
        let waits = [0.5, 2.0, 19.9, 20.1, 500.0];
        let busy: Vec<f64> = waits
            .iter()
            .map(|wait| pacing_utilisation(*wait).unwrap())
            .collect();
        assert!(busy.windows(2).all(|pair| pair[0] < pair[1]), "{busy:?}");
        assert!(busy[4] < 1.0);
    }
}
