//! Hosts that fail, are repaired, and are switched on and off.

use super::operating::{Extra, HostState, Occasion, wanted};
use super::{Phase, Run, Session, Step};
use crate::simulation::spec::{AfterFailure, Lifecycle};
use crate::simulation::time::{SimTime, nanoseconds};
use rand::RngExt;
use std::cmp::Reverse;

impl Run<'_> {
    // Failures.

    pub(super) fn planned_failure(&mut self, number: usize) {
        let failure = self.spec.operation.failures.planned[number];
        for _ in 0..failure.hosts {
            let Some(operating) = &mut self.operating else {
                return;
            };
            let serving: Vec<u32> = (0..)
                .zip(&operating.hosts)
                .filter(|(_, host)| host.state.serves())
                .map(|(number, _)| number)
                .collect();
            if serving.is_empty() {
                return;
            }
            let host = serving[operating.random.random_range(0..serving.len())];
            self.fail(host, failure.repair);
        }
    }

    pub(super) fn random_failure(&mut self, host: u32, generation: u32) {
        if let Some(random) = self.spec.operation.failures.random
            && self.is_generation(host, generation)
        {
            self.fail(host, Some(random.repair));
        }
    }

    /// Everything on the host is lost.
    fn fail(&mut self, host: u32, repair: Option<f64>) {
        let now = self.now;
        self.accounts.operation.host_failures += 1;
        self.clear_host(host, HostState::Failed);
        if let (Some(repair), Some(operating)) = (repair, &mut self.operating) {
            let generation = operating.hosts[host as usize].generation;
            operating.plan(
                now + nanoseconds(repair),
                Occasion::Comes { host, generation },
            );
        }
        let mut lost = Vec::new();
        let lifecycle = self.spec.lifecycle;
        for slot in self.on_host(host, |phase| phase.on_host(lifecycle)) {
            self.lose(slot, &mut lost);
        }
        // The last is taken first.
        lost.reverse();
        self.ready.append(&mut lost);
    }

    /// One sandbox is lost with its host.
    fn lose(&mut self, slot: u32, lost: &mut Vec<(u32, Step)>) {
        let now = self.now;
        let session = self.sessions[slot as usize].clone();
        let extra = self
            .operating
            .as_ref()
            .map(|operating| operating.extras[slot as usize])
            .unwrap_or_default();
        let accounts = &mut self.accounts;
        match session.phase {
            Phase::Paced => accounts.pacing.leave(now, session.placed),
            Phase::Delayed | Phase::StartingCpu => {
                accounts.starting.leave(now, session.requested);
            }
            Phase::Bursting => accounts.operation.bursts_interrupted += 1,
            Phase::Suspended => accounts.operation.suspended.leave(now, extra.suspended),
            Phase::AwaitingRoom => {
                accounts.operation.suspended.leave(now, extra.suspended);
                let queue = &mut accounts.operation.resume_queue;
                queue.leave(now, session.requested);
                // What it had to wait at least.
                let waited = now - session.requested;
                accounts.operation.resume_wait.record_nanoseconds(waited);
            }
            Phase::ResumeDelayed | Phase::ResumingCpu => {
                accounts.operation.resuming.leave(now, session.requested);
            }
            Phase::PoolPaced | Phase::PoolDelayed | Phase::PoolCpu => {
                accounts.operation.replenishing.leave(now, session.placed);
            }
            Phase::Pooled => accounts.operation.pooled.leave(now, session.requested),
            _ => {}
        }
        if session.phase.on_cpu() {
            accounts.jobs.leave(now, session.job_began);
        }
        if session.phase.delayed() {
            // It had come due, and will never come to a CPU.
            accounts.operation.abandoned += u128::from(session.start_cpu);
        }
        if session.phase.of_pool() {
            self.vacate(slot);
            return;
        }
        accounts.sandboxes.leave(now, session.placed);
        accounts.operation.sandboxes_lost += 1;
        let phase = session.phase;
        let slot = self.move_away(slot, session, extra);
        let step = match self.spec.operation.failures.then {
            AfterFailure::Restart => self.restart(slot, phase),
            AfterFailure::End => {
                let operation = &mut self.accounts.operation;
                operation.sessions_ended_by_failure += 1;
                if self.spec.lifecycle == Lifecycle::PerBurst && phase.starting() {
                    let work = self.sessions[slot as usize].work;
                    operation.abandoned += u128::from(work);
                }
                Step::Close
            }
        };
        lost.push((slot, step));
    }

    /// Gives the session another index if a timer of its own is still to come: that one will find
    /// nobody.
    fn move_away(&mut self, slot: u32, session: Session, extra: Extra) -> u32 {
        if !session.phase.timed() {
            return slot;
        }
        self.sessions[slot as usize].phase = Phase::Stale;
        let slot = self.new_slot(session);
        self.new_extra(slot, extra);
        slot
    }

    /// The index has no session any more; it can be used again when no timer is to come.
    fn vacate(&mut self, slot: u32) {
        let session = &mut self.sessions[slot as usize];
        if session.phase.timed() {
            session.phase = Phase::Stale;
        } else {
            session.phase = Phase::Vacant;
            self.vacant.push(slot);
        }
    }

    /// The session asks for a new sandbox, and will do again what it was doing.
    fn restart(&mut self, slot: u32, phase: Phase) -> Step {
        self.accounts.operation.restarts += 1;
        if let Some(operating) = &mut self.operating {
            let extra = &mut operating.extras[slot as usize];
            extra.restarts = extra.restarts.wrapping_add(1);
        }
        match self.spec.lifecycle {
            Lifecycle::PerSession if !phase.starting() => {
                let session = &mut self.sessions[slot as usize];
                session.turns_left += 1;
                session.turn = session.turn.wrapping_sub(1);
            }
            Lifecycle::PerBurst if phase == Phase::Bursting => {
                let session = &self.sessions[slot as usize];
                if session.work == 0 {
                    // Only the rest of it had been known.
                    self.draw_burst(slot);
                } else {
                    self.accounts.demanded += u128::from(session.work);
                }
            }
            _ => {}
        }
        if phase == Phase::Paced {
            // Its wait goes on.
            Step::Ask
        } else {
            Step::Request
        }
    }

    /// Takes a host out of service, whatever is on it.
    fn clear_host(&mut self, host: u32, state: HostState) {
        let now = self.now;
        let sessions = &self.sessions;
        let Some(operating) = &mut self.operating else {
            return;
        };
        let accounts = &mut self.accounts.operation;
        let extras = &operating.extras;
        let mut abandoned = 0.0;
        self.processors[host as usize].clear(
            now,
            |slot| sessions[slot as usize].width,
            |slot, remaining| {
                let job = extras[slot as usize].job;
                let whole = whole_nanoseconds(remaining).min(job);
                abandoned += remaining;
                accounts.abandoned += u128::from(whole);
                accounts.wasted += u128::from(job - whole);
            },
        );
        self.completions.set(host, u64::MAX);
        operating.abandoned += abandoned;
        let this = &mut operating.hosts[host as usize];
        this.state = state;
        this.generation = this.generation.wrapping_add(1);
        this.placed = 0;
        this.live = 0;
        this.suspended = 0;
        this.actual = 0;
        this.resume_queue.clear();
        this.pool.clear();
        accounts.powered.leave(now, this.powered_since);
        self.note_actual(host);
        self.update_room(host);
    }

    /// A host takes sandboxes from now on.
    pub(super) fn host_comes(&mut self, host: u32) {
        let now = self.now;
        let Some(operating) = &mut self.operating else {
            return;
        };
        let this = &mut operating.hosts[host as usize];
        if this.state == HostState::Failed {
            this.powered_since = now;
            self.accounts.operation.powered.enter(now);
        }
        this.state = HostState::On;
        this.idle_since = now;
        let generation = this.generation;
        self.next_start[host as usize] = now;
        self.note_actual(host);
        self.plan_failure(host);
        // Those who have waited longest are first in line for the starts too.
        self.use_room(host);
        self.settle_ready();
        self.fill_pool(host, generation);
    }

    // Autoscaling.

    pub(super) fn look_at_load(&mut self) {
        let Some(scaling) = self.spec.operation.autoscaling else {
            return;
        };
        let served = self.served();
        let slots = f64::from(self.spec.slots_per_host());
        let Some(operating) = &mut self.operating else {
            return;
        };
        let interval = nanoseconds(scaling.interval);
        operating.plan(self.now + interval, Occasion::Look);
        let cpu = (served - operating.served_at_look)
            / (interval as f64 * f64::from(self.spec.host.vcpus));
        operating.served_at_look = served;
        let (mut taken, mut waiting, mut on) = (0.0, self.queue.len(), 0);
        for host in operating.hosts.iter().filter(|host| host.state.serves()) {
            taken += slots - f64::from(operating.room(host));
            waiting += host.resume_queue.len();
        }
        for host in &operating.hosts {
            on += u32::from(matches!(host.state, HostState::On | HostState::Booting));
        }
        let load = cpu.max((taken + waiting as f64) / slots);
        let wanted = wanted(load, scaling.target).clamp(scaling.least, self.spec.hosts);
        if wanted > on {
            self.switch_on(wanted - on, scaling.boot);
        } else {
            self.drain(on - wanted);
        }
    }

    /// Calls hosts back that were to be switched off, the fullest first, then switches others on.
    fn switch_on(&mut self, count: u32, boot: f64) {
        let now = self.now;
        let Some(operating) = &mut self.operating else {
            return;
        };
        let mut draining = operating.in_state(HostState::Draining);
        draining.sort_by_key(|&host| Reverse(operating.hosts[host as usize].sandboxes()));
        let off = operating.in_state(HostState::Off);
        let count = count as usize;
        draining.truncate(count);
        let boots = off.into_iter().take(count - draining.len());
        for host in boots {
            let this = &mut operating.hosts[host as usize];
            this.state = HostState::Booting;
            this.powered_since = now;
            let generation = this.generation;
            self.accounts.operation.powered.enter(now);
            self.accounts.operation.boots += 1;
            operating.plan(
                now + nanoseconds(boot),
                Occasion::Comes { host, generation },
            );
        }
        for &host in &draining {
            operating.hosts[host as usize].state = HostState::On;
        }
        for host in draining {
            self.use_room(host);
            self.settle_ready();
        }
    }

    /// So many hosts, the emptiest first, take no more sandboxes.
    fn drain(&mut self, count: u32) {
        let Some(operating) = &mut self.operating else {
            return;
        };
        let mut on = operating.in_state(HostState::On);
        on.sort_by_key(|&host| (operating.hosts[host as usize].sandboxes(), Reverse(host)));
        on.truncate(count as usize);
        for host in on {
            let Some(operating) = &mut self.operating else {
                return;
            };
            let this = &mut operating.hosts[host as usize];
            this.state = HostState::Draining;
            let empty = this.sandboxes() == 0;
            self.update_room(host);
            if empty {
                self.plan_switching_off(host);
            }
        }
    }

    /// The host has no sandbox and is to be switched off.
    pub(super) fn plan_switching_off(&mut self, host: u32) {
        let Some(at) = self.off_at(host) else {
            return;
        };
        let at = at.max(self.now);
        if let Some(operating) = &mut self.operating {
            operating.plan(at, Occasion::Idle { host });
        }
        self.set_next_occasion();
    }

    /// When a host that is draining and has no sandbox is to be switched off.
    fn off_at(&self, host: u32) -> Option<SimTime> {
        let idle = self.spec.operation.autoscaling?.idle_before_off;
        let this = &self.operating.as_ref()?.hosts[host as usize];
        (this.state == HostState::Draining && this.sandboxes() == 0)
            .then(|| this.idle_since + nanoseconds(idle))
    }

    pub(super) fn switch_off_if_idle(&mut self, host: u32) {
        if self.off_at(host).is_none_or(|at| at > self.now) {
            return;
        }
        self.clear_host(host, HostState::Off);
        // Unused sandboxes, those being started too.
        for slot in self.on_host(host, Phase::of_pool) {
            self.lose(slot, &mut Vec::new());
        }
    }

    /// Who is on a host in certain phases. Hosts go seldom: looking at all is cheaper than to keep lists.
    fn on_host(&self, host: u32, phase: impl Fn(Phase) -> bool) -> Vec<u32> {
        (0..)
            .zip(&self.sessions)
            .filter(|(_, session)| session.host == host && phase(session.phase))
            .map(|(slot, _)| slot)
            .collect()
    }
}

/// What a job still needed, in whole nanoseconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float-to-integer casts saturate, which is what is wanted"
)]
fn whole_nanoseconds(remaining: f64) -> u64 {
    remaining.round() as u64
}
