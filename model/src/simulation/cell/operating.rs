//! The state behind [`Operation`](crate::simulation::spec::Operation): memory by the byte, hosts that
//! come and go, and what else only some cells need. A run without any of it doesn't have this state, and
//! pays for its absence with a branch.

use super::{Phase, Run, Session, Step};
use crate::random::{Purpose, Stream};
use crate::simulation::spec::{CellSpec, Lifecycle};
use crate::simulation::time::{SimTime, nanoseconds};
use rand::RngExt;
use rand_distr::Exp1;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// What a session has besides [`Session`] where the cell's operation asks for it; by the same index.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extra {
    /// When the present think ends, if its sandbox is or will be suspended.
    pub(super) think_ends: SimTime,
    /// Since when the sandbox is suspended.
    pub(super) suspended: SimTime,
    /// CPU-nanoseconds of the present job on the CPUs.
    pub(super) job: u64,
    /// Bytes the live sandbox really holds.
    pub(super) actual: u64,
    /// Sandboxes lost so far.
    pub(super) restarts: u32,
    /// Whether it belongs to the noisy minority.
    pub(super) minority: bool,
    /// Whether it came with a storm, and so from no agent of the cell.
    pub(super) guest: bool,
}

/// What a host is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HostState {
    /// Takes sandboxes.
    On,
    /// Takes no more sandboxes and will be switched off when it has none.
    Draining,
    /// Switched off.
    Off,
    /// Switched on, but not ready.
    Booting,
    /// Failed, and not repaired.
    Failed,
}

impl HostState {
    /// Whether sandboxes can be on such a host.
    pub(super) const fn serves(self) -> bool {
        matches!(self, Self::On | Self::Draining)
    }
}

/// One host.
#[derive(Debug, Clone)]
pub(super) struct Host {
    pub(super) state: HostState,
    /// Changes whenever the host comes or goes, so that what was planned for it before is void.
    pub(super) generation: u32,
    /// Nominal bytes of the sessions' sandboxes, suspended ones included; without the warm pool.
    pub(super) placed: u64,
    /// The largest `placed` has been.
    pub(super) most_placed: u64,
    /// Sandboxes of sessions that are not suspended.
    pub(super) live: u32,
    pub(super) suspended: u32,
    /// Sandboxes whose think has ended and that have no room to resume.
    pub(super) resume_queue: VecDeque<u32>,
    /// Unused sandboxes; the last is the next to be taken.
    pub(super) pool: Vec<u32>,
    /// Bytes sessions' sandboxes really hold.
    pub(super) actual: u128,
    /// Since when more is held than there is.
    pub(super) over_since: Option<SimTime>,
    /// When that last ended.
    pub(super) over_until: SimTime,
    pub(super) powered_since: SimTime,
    /// Since when there has been no session's sandbox.
    pub(super) idle_since: SimTime,
}

impl Host {
    fn new(state: HostState) -> Self {
        Self {
            state,
            generation: 0,
            placed: 0,
            most_placed: 0,
            live: 0,
            suspended: 0,
            resume_queue: VecDeque::new(),
            pool: Vec::new(),
            actual: 0,
            over_since: None,
            over_until: SimTime::NEVER,
            powered_since: SimTime::ZERO,
            idle_since: SimTime::ZERO,
        }
    }

    /// Sandboxes of sessions.
    pub(super) const fn sandboxes(&self) -> u32 {
        self.live + self.suspended
    }

    fn place(&mut self, bytes: u64) {
        self.placed += bytes;
        self.most_placed = self.most_placed.max(self.placed);
    }
}

/// What happens to hosts, and to the cell, at a moment known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Occasion {
    /// A planned failure, by its number.
    Planned(usize),
    /// A host fails by itself, if it is still of this generation.
    Fails { host: u32, generation: u32 },
    /// A host is repaired or has booted.
    Comes { host: u32, generation: u32 },
    /// A host may have been idle for long enough to be switched off.
    Idle { host: u32 },
    /// The load is looked at.
    Look,
    /// A storm, by its number.
    Storm(usize),
}

/// Everything that only some cells need.
#[derive(Debug)]
pub(super) struct Operating {
    pub(super) extras: Vec<Extra>,
    pub(super) hosts: Vec<Host>,
    /// Earliest first, at equal times in the order they were planned.
    occasions: BinaryHeap<Reverse<(SimTime, u64, Occasion)>>,
    planned: u64,
    /// Nominal bytes a host has for sessions' sandboxes.
    pub(super) capacity: u64,
    /// Bytes a host has.
    pub(super) physical: u64,
    /// Most live sandboxes of sessions on a host.
    density: u32,
    /// Bytes of a live sandbox.
    pub(super) full: u64,
    /// Bytes of a suspended one.
    pub(super) small: u64,
    /// Bytes of a warm pool.
    pub(super) pool_bytes: u64,
    /// Unused sandboxes per host.
    pub(super) per_host: u32,
    /// CPU-nanoseconds served when the load was last looked at.
    pub(super) served_at_look: f64,
    /// For picking hosts that fail.
    pub(super) random: Stream,
    /// CPU-nanoseconds of jobs that were lost and never served, since the start of the run.
    pub(super) abandoned: f64,
}

impl Operating {
    /// Bytes and sandboxes that still fit on a host, as whole new sandboxes.
    pub(super) fn room(&self, host: &Host) -> u32 {
        let left = self.capacity - host.placed;
        let by_memory = match self.full {
            0 => u32::MAX,
            bytes => u32::try_from(left / bytes).unwrap_or(u32::MAX),
        };
        by_memory.min(self.density - host.live)
    }

    pub(super) fn can_resume(&self, host: &Host) -> bool {
        host.placed + (self.full - self.small) <= self.capacity && host.live < self.density
    }

    pub(super) fn in_state(&self, state: HostState) -> Vec<u32> {
        (0..)
            .zip(&self.hosts)
            .filter(|(_, host)| host.state == state)
            .map(|(number, _)| number)
            .collect()
    }

    pub(super) fn next(&self) -> SimTime {
        self.occasions
            .peek()
            .map_or(SimTime::NEVER, |&Reverse((at, ..))| at)
    }

    pub(super) fn plan(&mut self, at: SimTime, what: Occasion) {
        self.occasions.push(Reverse((at, self.planned, what)));
        self.planned += 1;
    }

    pub(super) fn pop(&mut self) -> Option<Occasion> {
        self.occasions.pop().map(|Reverse((_, _, what))| what)
    }
}

impl CellSpec {
    /// Hosts that are on at the beginning.
    fn hosts_at_first(&self) -> u32 {
        let Some(scaling) = &self.operation.autoscaling else {
            return self.hosts;
        };
        let rate = self.session_rate_at_first();
        let cpu = rate * self.session_cpu_mean() / f64::from(self.host.vcpus);
        let places = rate * self.uncontended_place_seconds() / f64::from(self.slots_per_host());
        wanted(cpu.max(places), scaling.target).clamp(scaling.least, self.hosts)
    }
}

/// Hosts that carry a load, counted in hosts, at a target fill.
pub(super) fn wanted(load: f64, target: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float-to-integer casts saturate, which is what is wanted"
    )]
    // A load that fills hosts to the target exactly shall not ask for one more for a rounding error.
    let wanted = (load / target * (1.0 - 1e-9)).ceil() as u32;
    wanted
}

/// The state of a cell that is operated in some way, or has a minority; and the first `on` hosts are on.
pub(super) fn operating(spec: &CellSpec, random: Stream) -> Option<Box<Operating>> {
    let operation = &spec.operation;
    if operation.is_none() && spec.session.minority.is_none() {
        return None;
    }
    let on = spec.hosts_at_first();
    let full = spec.sandbox.memory_bytes;
    Some(Box::new(Operating {
        extras: Vec::new(),
        hosts: (0..spec.hosts)
            .map(|host| {
                Host::new(if host < on {
                    HostState::On
                } else {
                    HostState::Off
                })
            })
            .collect(),
        occasions: BinaryHeap::new(),
        planned: 0,
        capacity: spec.session_bytes_per_host(),
        physical: spec.host.memory_bytes,
        density: spec.session_density(),
        full,
        small: operation
            .suspension
            .as_ref()
            .map_or(full, |suspension| suspension.memory_bytes),
        pool_bytes: spec.pool_bytes(),
        per_host: operation.warm_pool.map_or(0, |pool| pool.per_host),
        served_at_look: 0.0,
        random,
        abandoned: 0.0,
    }))
}

impl Run<'_> {
    /// Plans what is known beforehand, and fills pools.
    pub(super) fn begin_operating(&mut self) {
        let Some(operating) = &mut self.operating else {
            return;
        };
        let operation = &self.spec.operation;
        for (number, failure) in operation.failures.planned.iter().enumerate() {
            operating.plan(SimTime::from_seconds(failure.at), Occasion::Planned(number));
        }
        for (number, storm) in operation.storms.iter().enumerate() {
            operating.plan(SimTime::from_seconds(storm.at), Occasion::Storm(number));
        }
        if let Some(scaling) = &operation.autoscaling {
            operating.plan(SimTime::from_seconds(scaling.interval), Occasion::Look);
        }
        for host in 0..self.spec.hosts {
            if self.host_state(host) == Some(HostState::On) {
                self.plan_failure(host);
                self.note_actual(host);
                for _ in 0..self.pool_size() {
                    let slot = self.new_pooled(host);
                    self.pooled(slot);
                }
            } else {
                self.accounts
                    .operation
                    .powered
                    .leave(self.now, SimTime::ZERO);
            }
            self.update_room(host);
        }
        self.set_next_occasion();
    }

    pub(super) fn host_state(&self, host: u32) -> Option<HostState> {
        let operating = self.operating.as_ref()?;
        Some(operating.hosts[host as usize].state)
    }

    pub(super) fn set_next_occasion(&mut self) {
        if let Some(operating) = &self.operating {
            self.next_occasion = operating.next();
        }
    }

    /// Handles the occasion that is due.
    #[cold]
    pub(super) fn meet_occasion(&mut self) {
        let Some(what) = self
            .operating
            .as_mut()
            .and_then(|operating| operating.pop())
        else {
            return;
        };
        match what {
            Occasion::Planned(number) => self.planned_failure(number),
            Occasion::Fails { host, generation } => self.random_failure(host, generation),
            Occasion::Comes { host, generation } => {
                if self.is_generation(host, generation) {
                    self.host_comes(host);
                }
            }
            Occasion::Idle { host } => self.switch_off_if_idle(host),
            Occasion::Look => self.look_at_load(),
            Occasion::Storm(number) => self.storm(number),
        }
        self.set_next_occasion();
    }

    pub(super) fn is_generation(&self, host: u32, generation: u32) -> bool {
        self.operating
            .as_ref()
            .is_some_and(|operating| operating.hosts[host as usize].generation == generation)
    }

    /// A session that has just opened.
    #[cold]
    pub(super) fn new_session_extra(&mut self, slot: u32) {
        let minority = self.spec.session.minority.as_ref().is_some_and(|minority| {
            let streams = self.sessions[slot as usize].streams;
            let uniform: f64 = streams.stream(Purpose::Minority, 0).random();
            uniform < minority.share
        });
        self.new_extra(
            slot,
            Extra {
                minority,
                ..Extra::default()
            },
        );
    }

    fn extra(&self, slot: u32) -> Option<&Extra> {
        Some(&self.operating.as_ref()?.extras[slot as usize])
    }

    /// Whether the session belongs to the noisy minority.
    pub(super) fn is_minority(&self, slot: u32) -> bool {
        self.extra(slot).is_some_and(|extra| extra.minority)
    }

    /// Whether the session came with a storm.
    pub(super) fn is_guest(&self, slot: u32) -> bool {
        self.extra(slot).is_some_and(|extra| extra.guest)
    }

    /// Whether the session has lost a sandbox.
    pub(super) fn has_restarted(&self, slot: u32) -> bool {
        self.extra(slot).is_some_and(|extra| extra.restarts > 0)
    }

    /// Tallies a slowdown for the session's group.
    #[cold]
    pub(super) fn record_apart(&mut self, slot: u32, took: u64, alone: u64) {
        let accounts = &mut self.accounts.operation;
        let tally = if self
            .operating
            .as_ref()
            .is_some_and(|operating| operating.extras[slot as usize].minority)
        {
            &mut accounts.minority_slowdown
        } else {
            &mut accounts.majority_slowdown
        };
        tally.record_ratio(took, alone);
    }

    /// Forgets what the slot's last session had.
    pub(super) fn new_extra(&mut self, slot: u32, extra: Extra) {
        if let Some(operating) = &mut self.operating {
            let index = slot as usize;
            if index >= operating.extras.len() {
                operating.extras.resize(index + 1, Extra::default());
            }
            operating.extras[index] = extra;
        }
    }

    /// An index for something new that is no session of its own.
    pub(super) fn new_slot(&mut self, session: Session) -> u32 {
        if let Some(slot) = self.vacant.pop() {
            self.sessions[slot as usize] = session;
            slot
        } else {
            self.sessions.push(session);
            // More than 2³² open sessions don't fit in any memory.
            u32::try_from(self.sessions.len() - 1).unwrap_or(u32::MAX)
        }
    }

    /// The number of the present start among the draws of its session: the turn's, and others if
    /// sandboxes of the session were lost.
    pub(super) fn start_draw(&self, slot: u32) -> u32 {
        let turn = self.sessions[slot as usize].turn;
        match &self.operating {
            None => turn,
            Some(operating) => {
                turn.wrapping_add(operating.extras[slot as usize].restarts << RESTART_SHIFT)
            }
        }
    }

    /// The place that was taken on a host is a sandbox's now.
    pub(super) fn occupy(&mut self, host: u32) {
        if let Some(operating) = &mut self.operating {
            let full = operating.full;
            let host = &mut operating.hosts[host as usize];
            host.live += 1;
            host.place(full);
        }
    }

    /// Draws what a sandbox really holds, from its placement on.
    pub(super) fn draw_actual(&mut self, slot: u32) {
        let draw = self.start_draw(slot);
        let Some(operating) = &mut self.operating else {
            return;
        };
        let session = &self.sessions[slot as usize];
        let actual = match &self.spec.operation.over_commitment {
            None => operating.full,
            Some(over) => {
                let mut random = session.streams.stream(Purpose::Memory, draw);
                whole_bytes(over.actual.sample(&mut random))
            }
        };
        operating.extras[slot as usize].actual = actual;
        operating.hosts[session.host as usize].actual += u128::from(actual);
        self.note_actual(session.host);
    }

    /// Keeps the account of hosts that hold more than they have.
    pub(super) fn note_actual(&mut self, host: u32) {
        let Some(operating) = &mut self.operating else {
            return;
        };
        let physical = operating.physical;
        let pool = operating.pool_bytes;
        let host = &mut operating.hosts[host as usize];
        let pool = if host.state.serves() { pool } else { 0 };
        let over = host.actual + u128::from(pool) > u128::from(physical);
        let accounts = &mut self.accounts.operation;
        match host.over_since {
            None if over => {
                host.over_since = Some(self.now);
                accounts.over_memory.enter(self.now);
                // One sandbox in place of another at the same moment doesn't end it.
                if host.over_until != self.now {
                    accounts.times_over_memory += 1;
                }
            }
            Some(since) if !over => {
                host.over_since = None;
                host.over_until = self.now;
                accounts.over_memory.leave(self.now, since);
            }
            _ => {}
        }
    }

    /// Says to the placement how many new sandboxes a host takes.
    pub(super) fn update_room(&mut self, host: u32) {
        let Some(operating) = &self.operating else {
            return;
        };
        let this = &operating.hosts[host as usize];
        let room = if this.state == HostState::On {
            operating.room(this)
        } else {
            0
        };
        self.placer.set_free(host, room);
        if operating.per_host > 0 {
            self.placer.set_pooled(host, !this.pool.is_empty());
        }
    }

    /// A sandbox is gone from its host.
    #[cold]
    pub(super) fn release_operated(&mut self, slot: u32, host: u32) {
        let Some(operating) = &mut self.operating else {
            return;
        };
        let actual = operating.extras[slot as usize].actual;
        let full = operating.full;
        let this = &mut operating.hosts[host as usize];
        this.live -= 1;
        this.placed -= full;
        this.actual -= u128::from(actual);
        if this.sandboxes() == 0 {
            this.idle_since = self.now;
            if this.state == HostState::Draining {
                self.plan_switching_off(host);
            }
        }
        self.note_actual(host);
        self.use_room(host);
    }

    /// Gives the room on a host to those who wait for it: sandboxes to be resumed first.
    pub(super) fn use_room(&mut self, host: u32) {
        let from = self.ready.len();
        while let Some(slot) = self.next_to_resume(host) {
            let requested = self.sessions[slot as usize].requested;
            self.accounts
                .operation
                .resume_queue
                .leave(self.now, requested);
            self.take_back_memory(slot);
            self.ready.push((slot, Step::BeginResume));
        }
        self.update_room(host);
        while self.placer.free()[host as usize] > 0
            && let Some(waiting) = self.queue.pop_front()
        {
            self.placer.take(host);
            self.occupy(host);
            let queued = self.sessions[waiting as usize].placed;
            self.accounts.queue.leave(self.now, queued);
            self.ready.push((waiting, Step::Placed(host)));
        }
        // The last is taken first.
        self.ready[from..].reverse();
    }

    fn next_to_resume(&mut self, host: u32) -> Option<u32> {
        let operating = self.operating.as_mut()?;
        let this = &operating.hosts[host as usize];
        if this.resume_queue.is_empty() || !operating.can_resume(this) {
            return None;
        }
        operating.hosts[host as usize].resume_queue.pop_front()
    }

    // Suspension.

    /// Thinks, but the sandbox is suspended in the meantime.
    #[cold]
    pub(super) fn think_long(&mut self, slot: u32, think: u64) -> Option<Step> {
        let Some(operating) = &mut self.operating else {
            return Some(Step::ThinkDone);
        };
        operating.extras[slot as usize].think_ends = self.now + think;
        self.wait(slot, Phase::Idle, self.suspend_after, Step::Suspend)
    }

    /// The sandbox has been idle for long enough.
    pub(super) fn suspend(&mut self, slot: u32) -> Option<Step> {
        let now = self.now;
        let host = self.sessions[slot as usize].host;
        let operating = self.operating.as_mut()?;
        let extra = &mut operating.extras[slot as usize];
        extra.suspended = now;
        let left = extra.think_ends - now;
        let (freed, small, actual) = (
            operating.full - operating.small,
            operating.small,
            extra.actual,
        );
        let this = &mut operating.hosts[host as usize];
        this.placed -= freed;
        this.live -= 1;
        this.suspended += 1;
        this.actual = this.actual - u128::from(actual) + u128::from(small);
        self.accounts.operation.suspended.enter(now);
        self.note_actual(host);
        self.use_room(host);
        self.wait(slot, Phase::Suspended, left, Step::Wake)
    }

    /// The think has ended: the sandbox is needed.
    pub(super) fn wake(&mut self, slot: u32) -> Option<Step> {
        let now = self.now;
        let session = &mut self.sessions[slot as usize];
        session.requested = now;
        let host = session.host;
        let operating = self.operating.as_mut()?;
        let this = &operating.hosts[host as usize];
        if this.resume_queue.is_empty() && operating.can_resume(this) {
            self.take_back_memory(slot);
            self.update_room(host);
            return Some(Step::BeginResume);
        }
        session.phase = Phase::AwaitingRoom;
        operating.hosts[host as usize].resume_queue.push_back(slot);
        self.accounts.operation.resume_queue.enter(now);
        None
    }

    /// The most that sessions' sandboxes have held on any one host; nothing where there is no operation.
    pub(super) fn fullest_host_bytes(&self) -> u64 {
        let hosts = self.operating.iter().flat_map(|operating| &operating.hosts);
        hosts.map(|host| host.most_placed).max().unwrap_or(0)
    }

    /// A suspended sandbox gets its memory back.
    fn take_back_memory(&mut self, slot: u32) {
        let session = &self.sessions[slot as usize];
        let Some(operating) = &mut self.operating else {
            return;
        };
        let (full, small) = (operating.full, operating.small);
        let extra = operating.extras[slot as usize];
        let this = &mut operating.hosts[session.host as usize];
        this.suspended -= 1;
        this.live += 1;
        this.place(full - small);
        this.actual = this.actual - u128::from(small) + u128::from(extra.actual);
        let accounts = &mut self.accounts.operation;
        accounts.suspended.leave(self.now, extra.suspended);
        accounts
            .resume_wait
            .record_nanoseconds(self.now - session.requested);
        self.note_actual(session.host);
    }

    pub(super) fn begin_resume(&mut self, slot: u32) -> Option<Step> {
        let suspension = self.spec.operation.suspension.as_ref()?;
        let session = &mut self.sessions[slot as usize];
        session.requested = self.now;
        session.whole_start = true;
        let draw = |purpose| session.streams.stream(purpose, session.turn);
        let latency = suspension
            .resume_latency
            .sample(&mut draw(Purpose::ResumeLatency));
        let cpu = suspension.resume_cpu.sample(&mut draw(Purpose::ResumeCpu));
        let delay = session.set_start(latency, cpu, self.spec.host.vcpus);
        self.accounts.demanded += u128::from(session.start_cpu);
        self.accounts.operation.resuming.enter(self.now);
        self.wait(slot, Phase::ResumeDelayed, delay, Step::ResumeDelayDone)
    }

    pub(super) fn resume_done(&mut self, slot: u32) -> Step {
        let session = &self.sessions[slot as usize];
        let accounts = &mut self.accounts.operation;
        accounts.resuming.leave(self.now, session.requested);
        if session.whole_start {
            accounts
                .resume_latency
                .record_nanoseconds(self.now - session.requested);
        }
        Step::ThinkDone
    }

    // Warm pools.

    fn pool_size(&self) -> u32 {
        self.operating
            .as_ref()
            .map_or(0, |operating| operating.per_host)
    }

    /// A sandbox of the pool of a host, in no phase yet.
    fn new_pooled(&mut self, host: u32) -> u32 {
        let streams = self.streams.host(host);
        let slot = self.new_slot(Session {
            host,
            ..Session::new(streams, self.now, 0)
        });
        self.new_extra(slot, Extra::default());
        slot
    }

    /// Takes an unused sandbox of the session's host, if there is one; a replacement is started.
    pub(super) fn claim(&mut self, slot: u32) -> bool {
        let draw = self.start_draw(slot);
        let session = &self.sessions[slot as usize];
        let (host, streams) = (session.host, session.streams);
        let Some(operating) = &mut self.operating else {
            return false;
        };
        if operating.per_host == 0 {
            return false;
        }
        let accounts = &mut self.accounts.operation;
        let Some(pooled) = operating.hosts[host as usize].pool.pop() else {
            accounts.pool_misses += 1;
            return false;
        };
        accounts.pool_hits += 1;
        let unused = &mut self.sessions[pooled as usize];
        accounts.pooled.leave(self.now, unused.requested);
        // The replacement's start is the one the session would have had.
        unused.streams = streams;
        unused.turn = draw;
        self.update_room(host);
        self.ready.push((pooled, Step::Replenish));
        true
    }

    /// A start for the pool is asked for.
    pub(super) fn replenish(&mut self, slot: u32) -> Option<Step> {
        self.accounts.operation.replenishing.enter(self.now);
        let session = &mut self.sessions[slot as usize];
        session.placed = self.now;
        let host = session.host;
        let pace = self.pace(host);
        self.wait(slot, Phase::PoolPaced, pace, Step::BeginPoolStart)
    }

    pub(super) fn begin_pool_start(&mut self, slot: u32) -> Option<Step> {
        let sandbox = &self.spec.sandbox;
        let session = &mut self.sessions[slot as usize];
        let draw = |purpose| session.streams.stream(purpose, session.turn);
        let latency = sandbox
            .start_latency
            .sample(&mut draw(Purpose::StartLatency));
        let cpu = sandbox.start_cpu.sample(&mut draw(Purpose::StartCpu));
        let delay = session.set_start(latency, cpu, self.spec.host.vcpus);
        self.accounts.demanded += u128::from(session.start_cpu);
        self.wait(slot, Phase::PoolDelayed, delay, Step::PoolDelayDone)
    }

    /// The replacement is ready.
    pub(super) fn pool_start_done(&mut self, slot: u32) {
        let session = &self.sessions[slot as usize];
        let accounts = &mut self.accounts.operation;
        accounts.replenishing.leave(self.now, session.placed);
        self.pooled(slot);
        let host = self.sessions[slot as usize].host;
        self.update_room(host);
    }

    fn pooled(&mut self, slot: u32) {
        let session = &mut self.sessions[slot as usize];
        session.phase = Phase::Pooled;
        session.requested = self.now;
        self.accounts.operation.pooled.enter(self.now);
        if let Some(operating) = &mut self.operating {
            operating.hosts[session.host as usize].pool.push(slot);
        }
    }

    /// Starts a whole pool on a host that has come.
    pub(super) fn fill_pool(&mut self, host: u32, generation: u32) {
        let size = self.pool_size();
        let from = self.ready.len();
        for number in 0..size {
            let slot = self.new_pooled(host);
            self.sessions[slot as usize].turn = generation.wrapping_mul(size).wrapping_add(number);
            self.ready.push((slot, Step::Replenish));
        }
        self.ready[from..].reverse();
    }

    // Storms.

    fn storm(&mut self, number: usize) {
        let sessions = self.spec.operation.storms[number].sessions;
        for index in 0..sessions {
            let streams = self.streams.storm(number as u64, u64::from(index));
            let turns = self
                .spec
                .session
                .turns
                .sample(&mut streams.stream(Purpose::SessionShape, 0));
            let slot = self.admit(streams, turns);
            if let Some(operating) = &mut self.operating {
                operating.extras[slot as usize].guest = true;
            }
            self.accounts.operation.storm_sessions += 1;
            let step = match self.spec.lifecycle {
                Lifecycle::PerSession => Step::Request,
                Lifecycle::PerBurst => Step::NextTurn,
            };
            self.ready.push((slot, step));
            self.settle_ready();
        }
    }

    /// Plans the next failure of a host that has just come.
    pub(super) fn plan_failure(&mut self, host: u32) {
        let Some(random) = self.spec.operation.failures.random else {
            return;
        };
        let Some(operating) = &mut self.operating else {
            return;
        };
        let generation = operating.hosts[host as usize].generation;
        let unit: f64 = self
            .streams
            .host(host)
            .stream(Purpose::Failure, generation)
            .sample(Exp1);
        let at = self.now + nanoseconds(unit * random.mean_between).max(1);
        operating.plan(at, Occasion::Fails { host, generation });
    }
}

/// Bits that turns and restarts share in the number of a draw: 2²⁴ turns before a draw could be used
/// twice by a session that lost a sandbox.
const RESTART_SHIFT: u32 = 24;

/// A whole number of bytes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float-to-integer casts saturate, which is what is wanted"
)]
fn whole_bytes(bytes: f64) -> u64 {
    bytes.round() as u64
}
