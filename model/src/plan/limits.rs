//! What one host and one cell of hosts can carry within the service level.

use std::sync::OnceLock;

use super::PlanError;
use super::workload::{Carried, Workload};
use crate::distribution::Distribution;
use crate::input::Draw;
use crate::queueing::erlang::{WaitingQueue, erlang_b, load_for_blocking, load_for_wait};
use crate::queueing::finite_source::{Engset, MachineRepair};
use crate::queueing::memory_risk::MemoryRisk;
use crate::queueing::processor_sharing::{SharedProcessors, load_for_slowdown};
use crate::queueing::single_server::ConstantService;
use crate::result::BindingResource;
use crate::scenario::{Fleet, Scenario, ServiceLevel, Technology, WarmPool, WhenFull};

/// The tail every quantile of the service level leaves: 99% quantiles.
pub(crate) const TAIL: f64 = 0.01;

/// Up to this many agents behind a single cell, sessions are drawn from that finite number; above
/// it the difference to an endless source is far below a host.
pub(super) const FINITE_SOURCES: f64 = 20_000.0;

/// Sandboxes beyond which the sum of what each holds is not worked out by convolution.
const MOST_SUMMED: f64 = 1_000.0;

/// Most unused sandboxes of a host, as in the simulation.
const MOST_POOLED: u32 = 1 << 16;

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

    /// The slowdown promised.
    pub(super) fn slowdown(&self) -> f64 {
        self.slowdown
    }

    /// Most offered load in Erlangs at which 99% of arriving jobs find no more than the slowdown
    /// promised. A job alone on its vCPU has slowdown 1, so a single spare vCPU is worth much.
    pub(super) fn load(&self, vcpus: u32) -> Result<f64, PlanError> {
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
    /// Bytes that sandboxes are promised: more than there are where memory is over-committed.
    pub(super) promised_bytes: f64,
    /// Unused sandboxes kept ready.
    pub(super) pool: u32,
    /// Sandboxes that fit beside the unused ones.
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
    /// What a host has room for. With a warm pool, the share of the requests that finds no unused
    /// sandbox is set in `carried`; with a density limit, that suspended sandboxes hold no place.
    pub(super) fn new(
        scenario: &Scenario,
        technology: &Technology,
        carried: &mut Carried,
        draw: &Draw,
    ) -> Result<Result<Self, TooSmall>, PlanError> {
        let host = &scenario.host;
        let usable = f64::from(host.vcpus) * (1.0 - draw.get(host.reserved_vcpus));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let vcpus = (usable + 1e-9).floor() as u32;
        if vcpus == 0 {
            return Ok(Err(TooSmall(
                "no vCPU is left after what is kept back".to_owned(),
            )));
        }
        let memory_bytes =
            host.memory_bytes - draw.get(host.reserved_memory) - draw.get(technology.memory_base);
        let operation = &scenario.fleet.operation;
        let promised_bytes = match operation.memory_commitment {
            Some(commitment) => memory_bytes * draw.get(commitment.factor),
            None => memory_bytes,
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let density = technology
            .density_limit
            .map(|limit| draw.get(limit).floor() as u64);
        let start_rate = technology
            .starts_per_second_per_vcpu
            .map(|rate| draw.get(rate) * f64::from(vcpus) * draw.get(host.speed));
        let mut room = Self {
            vcpus,
            memory_bytes,
            promised_bytes,
            pool: 0,
            slots: 0,
            slot_resource: BindingResource::Memory,
            start_rate,
            density,
        };
        room.set_pool(0, carried);
        if room.slots == 0 {
            return Ok(Err(TooSmall(
                "one sandbox does not fit the memory of a host".to_owned(),
            )));
        }
        if start_rate == Some(0.0) {
            return Ok(Err(TooSmall("its start rate is zero".to_owned())));
        }
        if room.slot_resource == BindingResource::Density
            && let Some(suspension) = &mut carried.suspension
        {
            suspension.place = 0.0;
        }
        if let Some(pool) = operation.warm_pool {
            let wanted = match pool {
                WarmPool::PerHost(per_host) => per_host,
                WarmPool::HitRate(rate) => {
                    let Some(pool) = room.pool_for(1.0 - draw.get(rate), carried)? else {
                        return Ok(Err(TooSmall(format!(
                            "no warm pool of {MOST_POOLED} sandboxes or fewer has the hit rate wanted"
                        ))));
                    };
                    pool
                }
            };
            room.set_pool(wanted, carried);
            if room.slots == 0 {
                return Ok(Err(TooSmall(format!(
                    "beside a warm pool of {wanted} not one sandbox fits a host"
                ))));
            }
            carried.miss_share = room.pool_misses(carried)?;
        }
        Ok(Ok(room))
    }

    /// Sets so many unused sandboxes aside, with their memory and their part of the density limit.
    fn set_pool(&mut self, pool: u32, carried: &Carried) {
        self.pool = pool;
        let left = self.promised_bytes - f64::from(pool) * carried.unused_bytes;
        let fit = (left / carried.sandbox_bytes).floor().max(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let by_memory = fit.min(1e9) as u64;
        let by_density = self
            .density
            .map(|limit| limit.saturating_sub(u64::from(pool)));
        (self.slots, self.slot_resource) = match by_density {
            Some(limit) if limit < by_memory => (limit, BindingResource::Density),
            _ => (by_memory, BindingResource::Memory),
        };
    }

    /// Most starts per second that a host ever sees: as many as its CPUs, its places or its start
    /// rate allow, whichever are fewest.
    pub(super) fn most_starts(&self, carried: &Carried) -> f64 {
        let starts = carried.starts_per_session();
        let by_cpu = f64::from(self.vcpus) / carried.session_cpu();
        let by_places = self.slots as f64 / carried.session_places();
        let by_rate = self.start_rate.map_or(f64::INFINITY, |rate| rate / starts);
        starts * by_cpu.min(by_places).min(by_rate)
    }

    /// Share of the requests that find no unused sandbox on a host as busy as can be. A request
    /// takes one, and its replacement is there after a start: the pool is an M/G/s/s loss system of
    /// s sandboxes being replaced, and Erlang's formula holds whatever the distribution of a start.
    fn pool_misses(&self, carried: &Carried) -> Result<f64, PlanError> {
        let load = self.most_starts(carried) * carried.start_latency.mean();
        if !load.is_finite() {
            return Ok(1.0);
        }
        Ok(erlang_b(load, u64::from(self.pool))?)
    }

    /// The smallest pool that leaves at most this share of the requests without, if there is one.
    fn pool_for(&self, misses: f64, carried: &Carried) -> Result<Option<u32>, PlanError> {
        let with = |pool: u32| -> Result<bool, PlanError> {
            let mut room = *self;
            room.set_pool(pool, carried);
            // A pool that leaves no room at all ends the search; it is refused by the caller.
            Ok(room.slots == 0 || room.pool_misses(carried)? <= misses)
        };
        let (mut too_few, mut enough) = (0, 1);
        while !with(enough)? {
            if enough >= MOST_POOLED {
                return Ok(None);
            }
            too_few = enough;
            enough *= 2;
        }
        while enough - too_few > 1 {
            let middle = u32::midpoint(too_few, enough);
            if with(middle)? {
                enough = middle;
            } else {
                too_few = middle;
            }
        }
        Ok(Some(enough))
    }

    /// Shares of time in which what so many sandboxes really hold, each an amount of its own, exceeds the
    /// memory of the host. Between whole numbers of sandboxes the share is that of the two beside it,
    /// each as often as gives the number in the mean.
    pub(super) fn memory_risks<const N: usize>(
        &self,
        numbers: [f64; N],
        actual: &Distribution,
    ) -> Result<[f64; N], PlanError> {
        let exact = MemoryRisk::new(actual, self.memory_bytes)?;
        let mut risks = [0.0; N];
        for (risk, number) in risks.iter_mut().zip(numbers) {
            if number > MOST_SUMMED {
                *risk = self.memory_risk_of_many(number, actual)?;
                continue;
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let fewer = number.max(0.0).floor() as u64;
            let above = number - fewer as f64;
            let fewer_risk = exact.share_over(fewer)?;
            *risk = if above > 0.0 {
                (1.0 - above) * fewer_risk + above * exact.share_over(fewer + 1)?
            } else {
                fewer_risk
            };
        }
        Ok(risks)
    }

    /// The same for very many sandboxes: the sum is taken for gamma with the right mean and variance,
    /// which is exact if each amount is gamma.
    fn memory_risk_of_many(&self, number: f64, actual: &Distribution) -> Result<f64, PlanError> {
        let mean = number * actual.mean();
        let cv = (actual.cv_squared() / number).sqrt();
        let held = if cv > 0.0 {
            Distribution::gamma(mean, cv)?
        } else {
            Distribution::deterministic(mean)?
        };
        Ok(held.survival(self.memory_bytes))
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

/// Shares that come off as promised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Attained {
    /// Of the starts and resumes, those that wait no longer than promised: for room or for the start
    /// rate, whichever keeps more of them waiting.
    pub(super) starts_in_time: f64,
    /// Of the requests, those not turned away.
    pub(super) admitted: f64,
    /// Of the bursts, those slowed down no more than promised.
    pub(super) bursts_in_time: f64,
}

/// The promises, the fleet's rules and a host's limits, together.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellRules<'a> {
    pub(super) limits: &'a HostLimits,
    pub(super) fleet: &'a Fleet,
    pub(super) service_level: &'a ServiceLevel,
}

impl<'a> CellRules<'a> {
    pub(super) fn new(scenario: &'a Scenario, limits: &'a HostLimits) -> Self {
        Self {
            limits,
            fleet: &scenario.fleet,
            service_level: &scenario.service_level,
        }
    }
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

    /// Open sessions one host carries in a cell so large that chance does not matter to its room.
    pub(super) fn per_host_of_an_endless_cell(&self, workload: &Workload) -> f64 {
        let (_, per_host) = self.per_host(workload);
        let by_room = self.limits.room.slots as f64 * workload.sessions / workload.sandboxes;
        per_host.min(by_room)
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
        let live = sessions * workload.places / workload.sessions;
        if !self.has_room_for_resumes(live / f64::from(hosts), workload)? {
            return Ok(false);
        }
        // With twice as many slots and some to spare nothing ever waits.
        if slots as f64 >= 2.0 * live + 100.0 {
            return Ok(true);
        }
        let for_endless = self.missed_by_endless(slots, live, workload)? <= self.missed_at_most();
        if for_endless || !single_cell || workload.agents > FINITE_SOURCES {
            return Ok(for_endless);
        }
        Ok(self.missed_by_few(slots, live, workload.agents)? <= self.missed_at_most())
    }

    /// Most requests for a place that may miss what is promised of them: wait too long where they
    /// wait, be turned away where they are.
    fn missed_at_most(&self) -> f64 {
        match self.fleet.when_full {
            WhenFull::Queue => TAIL,
            WhenFull::Reject => self.service_level.rejected,
        }
    }

    /// Share of the requests for a place that miss what is promised of them, from an endless number
    /// of agents with so many places taken in the mean.
    fn missed_by_endless(
        &self,
        slots: u64,
        live: f64,
        workload: &Workload,
    ) -> Result<f64, PlanError> {
        Ok(match self.fleet.when_full {
            WhenFull::Queue => WaitingQueue::new(live, slots)?.wait_survival(self.wait(workload)),
            WhenFull::Reject => erlang_b(live, slots)?,
        })
    }

    /// The promise on waiting in units of the time a place is taken.
    fn wait(&self, workload: &Workload) -> f64 {
        self.service_level.start_wait_p99 / workload.place_seconds
    }

    /// Whether sandboxes that wake find room on their own host within the promise on waiting, with so
    /// many places of it taken in the mean.
    fn has_room_for_resumes(&self, taken: f64, workload: &Workload) -> Result<bool, PlanError> {
        Ok(self.missed_by_resumes(taken, workload)? <= TAIL)
    }

    /// Share of the sandboxes that wake which wait longer than promised for room on their own host,
    /// with so many places of it taken in the mean. They go ahead of new ones: the wait of those who
    /// wait is exponential with what the places that serve them leave, as in M/M/c with priorities
    /// that do not interrupt (Kella and Yechiali 1985).
    fn missed_by_resumes(&self, taken: f64, workload: &Workload) -> Result<f64, PlanError> {
        if workload.resumes <= 0.0 {
            return Ok(0.0);
        }
        let slots = self.limits.room.slots;
        if taken >= slots as f64 {
            return Ok(1.0);
        }
        let resumed = (taken * workload.resumed_places() / workload.places).min(taken);
        let waits = WaitingQueue::new(taken, slots)?.delay_probability();
        let left = slots as f64 - resumed;
        Ok(waits * (-left * self.wait(workload)).exp())
    }

    /// The same as [`Self::missed_by_endless`] for agents so few that those with a session open
    /// cannot open another: the number live is that of a machine-repair (waiting) or Engset
    /// (rejecting) model. Any wait at all counts as too long here.
    fn missed_by_few(&self, slots: u64, live: f64, agents: f64) -> Result<f64, PlanError> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let sources = (agents - 1e-9).ceil().max(1.0) as u64;
        let busy_share = live / sources as f64;
        if slots >= sources {
            return Ok(0.0);
        }
        if busy_share >= 1.0 {
            return Ok(1.0);
        }
        let idle_load = busy_share / (1.0 - busy_share);
        Ok(match self.fleet.when_full {
            WhenFull::Queue => MachineRepair::new(sources, slots, idle_load)?.delay_probability(),
            WhenFull::Reject => Engset::new(sources, slots, idle_load)?.call_congestion(),
        })
    }

    /// How much comes off as promised of so many open sessions on so many hosts of one cell, by the
    /// formulas that size it.
    pub(super) fn attained(
        &self,
        hosts: u32,
        sessions: f64,
        workload: &Workload,
        single_cell: bool,
    ) -> Result<Attained, PlanError> {
        let slots = self.limits.room.slots * u64::from(hosts);
        let part = sessions / workload.sessions / f64::from(hosts);
        let live = workload.places * part * f64::from(hosts);
        let mut missed = self.missed_by_endless(slots, live, workload)?;
        if single_cell && workload.agents <= FINITE_SOURCES {
            missed = missed.min(self.missed_by_few(slots, live, workload.agents)?);
        }
        let (late_for_room, rejected) = match self.fleet.when_full {
            // Of more than there is room for, the rest is turned away once the queue is full.
            WhenFull::Queue if live > slots as f64 => (missed, 1.0 - slots as f64 / live),
            WhenFull::Queue => (missed, 0.0),
            WhenFull::Reject => (0.0, missed),
        };
        let late_to_wake = self.missed_by_resumes(live / f64::from(hosts), workload)?;
        let late_to_start = match self.limits.room.start_rate {
            Some(rate) => paced_late(
                workload.starts * part / rate,
                self.service_level.start_wait_p99 * rate,
            )?,
            None => 0.0,
        };
        let load = workload.load * part;
        let slowed = if load < f64::from(self.limits.room.vcpus) {
            SharedProcessors::new(load, u64::from(self.limits.room.vcpus))?
                .slowdown_above(self.service_level.burst_slowdown_p99)?
        } else {
            1.0
        };
        Ok(Attained {
            starts_in_time: 1.0 - late_for_room.max(late_to_wake).max(late_to_start),
            admitted: 1.0 - rejected,
            bursts_in_time: 1.0 - slowed,
        })
    }

    /// Most open sessions that find room on so many hosts.
    fn room(&self, hosts: u32, workload: &Workload) -> Result<f64, PlanError> {
        let slots = self.limits.room.slots * u64::from(hosts);
        let live = match self.fleet.when_full {
            WhenFull::Queue => load_for_wait(slots, self.wait(workload), TAIL)?,
            WhenFull::Reject => load_for_blocking(slots, self.service_level.rejected)?,
        };
        let live = live.min(f64::from(hosts) * self.room_for_resumes(workload)?);
        Ok(live * workload.sessions / workload.places)
    }

    /// Most places of one host that may be taken in the mean for sandboxes that wake to find room.
    fn room_for_resumes(&self, workload: &Workload) -> Result<f64, PlanError> {
        if workload.resumes <= 0.0 {
            return Ok(f64::INFINITY);
        }
        let (mut low, mut high) = (0.0, self.limits.room.slots as f64);
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            if self.has_room_for_resumes(middle, workload)? {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(low)
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

/// Share of the starts that wait longer than `wait` intervals at a station that lets one through at a
/// time, at even intervals (M/D/1).
fn paced_late(utilisation: f64, wait: f64) -> Result<f64, PlanError> {
    // Below this nobody waits, to every digit.
    if utilisation < 1e-9 {
        return Ok(0.0);
    }
    if utilisation >= 1.0 {
        return Ok(1.0);
    }
    Ok(ConstantService::new(utilisation)?.wait_survival(wait))
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
