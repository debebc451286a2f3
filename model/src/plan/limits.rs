//! What one host and one cell of hosts can carry within the service level.

use std::sync::OnceLock;

use super::PlanError;
use super::workload::{Carried, Workload};
use crate::input::Draw;
use crate::queueing::erlang::{load_for_blocking, load_for_wait};
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
        Self { slowdown, loads: (0..=most_vcpus).map(|_| OnceLock::new()).collect() }
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

/// What one host can carry of one tier on one technology.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct HostLimits {
    /// vCPUs left for sandboxes.
    pub(super) vcpus: u32,
    /// Bytes left for sandboxes.
    pub(super) memory_bytes: f64,
    /// Offered load within the slowdown promised, in Erlangs.
    load: f64,
    /// Sandboxes that fit.
    pub(super) slots: u64,
    /// Whether memory or the density limit sets `slots`.
    slot_resource: BindingResource,
    /// Starts per second at most, where a ceiling is known.
    pub(super) start_rate: Option<f64>,
    /// The density limit, where one is known.
    pub(super) density: Option<u64>,
}

/// Why a host cannot carry a single sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TooSmall(pub(super) String);

impl HostLimits {
    pub(super) fn new(
        scenario: &Scenario,
        technology: &Technology,
        carried: &Carried,
        draw: &Draw,
        table: &SlowdownTable,
    ) -> Result<Result<Self, TooSmall>, PlanError> {
        let host = &scenario.host;
        let usable = f64::from(host.vcpus) * (1.0 - draw.get(host.reserved_vcpus));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let vcpus = (usable + 1e-9).floor() as u32;
        if vcpus == 0 {
            return Ok(Err(TooSmall("no vCPU is left after what is kept back".to_owned())));
        }
        let memory_bytes =
            host.memory_bytes - draw.get(host.reserved_memory) - draw.get(technology.memory_base);
        let fit = (memory_bytes / carried.sandbox_bytes).floor().max(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let by_memory = fit.min(1e9) as u64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let density = technology.density_limit.map(|limit| draw.get(limit).floor() as u64);
        let (slots, slot_resource) = match density {
            Some(limit) if limit < by_memory => (limit, BindingResource::Density),
            _ => (by_memory, BindingResource::Memory),
        };
        if slots == 0 {
            return Ok(Err(TooSmall(
                "one sandbox does not fit the memory of a host".to_owned(),
            )));
        }
        let start_rate = technology
            .starts_per_second_per_vcpu
            .map(|rate| draw.get(rate) * f64::from(vcpus) * draw.get(host.speed));
        if start_rate == Some(0.0) {
            return Ok(Err(TooSmall("its start rate is zero".to_owned())));
        }
        Ok(Ok(Self {
            vcpus,
            memory_bytes,
            load: table.load(vcpus)?,
            slots,
            slot_resource,
            start_rate,
            density,
        }))
    }
}

/// How many open sessions a cell carries, and what stops it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CellCapacity {
    /// Open sessions, by resource.
    pub(super) by_resource: Vec<(BindingResource, f64)>,
}

impl CellCapacity {
    /// Open sessions within every promise, and the resource that binds.
    pub(super) fn binding(&self) -> (BindingResource, f64) {
        let least = self.by_resource.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
        least.unwrap_or((BindingResource::Cpu, 0.0))
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
    /// What a cell of `hosts` carries of a workload.
    pub(super) fn capacity(
        &self,
        hosts: u32,
        workload: &Workload,
        single_cell: bool,
    ) -> Result<CellCapacity, PlanError> {
        let limits = self.limits;
        let hosts_f = f64::from(hosts);
        let mut by_resource = Vec::with_capacity(3);
        by_resource
            .push((BindingResource::Cpu, hosts_f * limits.load * workload.sessions / workload.load));
        let slots = limits.slots * u64::from(hosts);
        let live = self.live_sandboxes(slots, workload, single_cell)?;
        by_resource.push((limits.slot_resource, live * workload.sessions / workload.sandboxes));
        if let Some(rate) = limits.start_rate {
            let starts = hosts_f * rate * pacing_utilisation(self.service_level.start_wait_p99 * rate)?;
            by_resource
                .push((BindingResource::StartRate, starts * workload.sessions / workload.starts));
        }
        Ok(CellCapacity { by_resource })
    }

    /// Mean live sandboxes that so many slots hold within the promise on waiting or rejection.
    fn live_sandboxes(
        &self,
        slots: u64,
        workload: &Workload,
        single_cell: bool,
    ) -> Result<f64, PlanError> {
        let wait = self.service_level.start_wait_p99 / workload.sandbox_seconds;
        if single_cell && workload.agents <= FINITE_SOURCES {
            return self.live_from_finite_sources(slots, workload);
        }
        Ok(match self.fleet.when_full {
            WhenFull::Queue => load_for_wait(slots, wait, TAIL)?,
            WhenFull::Reject => load_for_blocking(slots, self.service_level.rejected)?,
        })
    }

    /// The same for agents so few that those with a session open cannot open another: the number
    /// live is that of a machine-repair (waiting) or Engset (rejecting) model.
    fn live_from_finite_sources(&self, slots: u64, workload: &Workload) -> Result<f64, PlanError> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let sources = workload.agents.round().max(1.0) as u64;
        if slots >= sources {
            return Ok(workload.agents);
        }
        let within = |busy_share: f64| -> Result<bool, PlanError> {
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
        };
        let (mut low, mut high) = (0.0_f64, 1.0 - 1e-9);
        for _ in 0..40 {
            let middle = f64::midpoint(low, high);
            if within(middle)? {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(low * workload.agents)
    }
}

/// Highest utilisation of a station that lets one start through at a time, at even intervals, so
/// that 99% wait no longer than `wait` intervals (M/D/1).
fn pacing_utilisation(wait: f64) -> Result<f64, PlanError> {
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
