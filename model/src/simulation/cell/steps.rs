//! What a session does next.

use super::{Phase, Run, Step};
use crate::random::Purpose;
use crate::simulation::heap::Entry;
use crate::simulation::processor::Width;
use crate::simulation::spec::Lifecycle;
use crate::simulation::time::nanoseconds;

impl Run<'_> {
    pub(super) fn next_turn(&mut self, slot: u32) -> Option<Step> {
        let session = &mut self.sessions[slot as usize];
        if session.turns_left == 0 {
            if self.spec.lifecycle == Lifecycle::PerSession {
                self.release(slot);
            }
            return Some(Step::Close);
        }
        session.turns_left -= 1;
        session.turn = session.turn.wrapping_add(1);
        let mut random = session.streams.stream(Purpose::Think, session.turn);
        let think = nanoseconds(self.spec.session.think.sample(&mut random));
        self.wait(slot, Phase::Thinking, think, Step::ThinkDone)
    }

    pub(super) fn think_done(&mut self, slot: u32) -> Option<Step> {
        self.draw_burst(slot);
        match self.spec.lifecycle {
            Lifecycle::PerSession => self.begin_burst(slot),
            Lifecycle::PerBurst => Some(Step::Request),
        }
    }

    pub(super) fn request(&mut self, slot: u32) -> Option<Step> {
        let session = &mut self.sessions[slot as usize];
        session.requested = self.now;
        self.accounts.requests += 1;
        let (streams, turn) = (session.streams, session.turn);
        if let Some(host) = self
            .placer
            .place(|| streams.stream(Purpose::Placement, turn))
        {
            return Some(Step::Placed(host));
        }
        if self.queue.len() < self.queue_limit {
            session.phase = Phase::Queued;
            self.queue.push_back(slot);
            self.accounts.queue.enter(self.now);
            return None;
        }
        self.accounts.rejected += 1;
        match self.spec.lifecycle {
            Lifecycle::PerSession => {
                self.accounts.sessions_rejected += 1;
                Some(Step::Close)
            }
            Lifecycle::PerBurst => {
                self.accounts.bursts_lost += 1;
                Some(Step::NextTurn)
            }
        }
    }

    /// A slot on `host` has been taken for this session.
    pub(super) fn placed(&mut self, slot: u32, host: u32) -> Option<Step> {
        let session = &mut self.sessions[slot as usize];
        session.host = host;
        session.placed = self.now;
        self.accounts.sandboxes.enter(self.now);
        if self.start_spacing == 0 {
            return Some(Step::BeginStart);
        }
        let next = &mut self.next_start[host as usize];
        let begin = self.now.max(*next);
        *next = begin + self.start_spacing;
        if begin == self.now {
            return Some(Step::BeginStart);
        }
        self.accounts.pacing.enter(self.now);
        self.wait(slot, Phase::Paced, begin - self.now, Step::BeginStart)
    }

    pub(super) fn begin_start(&mut self, slot: u32) -> Option<Step> {
        let sandbox = &self.spec.sandbox;
        let session = &mut self.sessions[slot as usize];
        self.accounts
            .start_wait
            .record_nanoseconds(self.now - session.requested);
        session.requested = self.now;
        session.whole_start = true;
        let draw = |purpose| session.streams.stream(purpose, session.turn);
        let latency = sandbox
            .start_latency
            .sample(&mut draw(Purpose::StartLatency));
        let cpu = sandbox.start_cpu.sample(&mut draw(Purpose::StartCpu));
        let latency = nanoseconds(latency);
        session.start_cpu = nanoseconds(cpu);
        session.width = Width::of(session.start_cpu, latency, self.spec.host.vcpus);
        self.accounts.demanded += u128::from(session.start_cpu);
        self.accounts.starting.enter(self.now);
        let delay = latency.saturating_sub(session.start_cpu);
        self.wait(slot, Phase::Delayed, delay, Step::DelayDone)
    }

    pub(super) fn start_on_cpu(&mut self, slot: u32) -> Option<Step> {
        let session = &mut self.sessions[slot as usize];
        session.phase = Phase::StartingCpu;
        let (cpu, width) = (session.start_cpu, session.width);
        self.join_cpu(slot, cpu, width, Step::Ready)
    }

    pub(super) fn start_done(&mut self, slot: u32) -> Option<Step> {
        let session = &self.sessions[slot as usize];
        self.accounts.starting.leave(self.now, session.requested);
        if session.whole_start {
            self.accounts
                .start_latency
                .record_nanoseconds(self.now - session.requested);
        }
        match self.spec.lifecycle {
            Lifecycle::PerSession => Some(Step::NextTurn),
            Lifecycle::PerBurst => self.begin_burst(slot),
        }
    }

    pub(super) fn begin_burst(&mut self, slot: u32) -> Option<Step> {
        let session = &mut self.sessions[slot as usize];
        session.phase = Phase::Bursting;
        let work = session.work;
        self.join_cpu(slot, work, Width::ONE, Step::BurstDone)
    }

    pub(super) fn burst_done(&mut self, slot: u32) -> Step {
        self.accounts.bursts_completed += 1;
        if self.spec.lifecycle == Lifecycle::PerBurst {
            self.release(slot);
        }
        Step::NextTurn
    }

    pub(super) fn close(&mut self, slot: u32) {
        let session = &mut self.sessions[slot as usize];
        session.phase = Phase::Vacant;
        self.accounts.sessions.leave(self.now, session.opened);
        self.vacant.push(slot);
        self.arrivals.closed(self.now);
    }

    /// Gives the sandbox's place back; the first in the queue gets it.
    pub(super) fn release(&mut self, slot: u32) {
        let session = &self.sessions[slot as usize];
        let host = session.host;
        self.accounts.sandboxes.leave(self.now, session.placed);
        self.placer.release(host);
        if let Some(waiting) = self.queue.pop_front() {
            // There is a queue only when no other host has room.
            self.placer.take(host);
            let requested = self.sessions[waiting as usize].requested;
            self.accounts.queue.leave(self.now, requested);
            self.ready.push((waiting, Step::Placed(host)));
        }
    }

    /// Waits for `duration` nanoseconds; goes straight on if that is nothing.
    pub(super) fn wait(
        &mut self,
        slot: u32,
        phase: Phase,
        duration: u64,
        then: Step,
    ) -> Option<Step> {
        if duration == 0 {
            return Some(then);
        }
        self.sessions[slot as usize].phase = phase;
        let at = self.now + duration;
        if at < self.end {
            self.timers.push(Entry { key: at.0, slot });
        }
        None
    }

    /// Puts a job on the CPUs of the session's host; goes straight on if it needs nothing.
    pub(super) fn join_cpu(
        &mut self,
        slot: u32,
        cpu: u64,
        width: Width,
        then: Step,
    ) -> Option<Step> {
        if cpu == 0 {
            return Some(then);
        }
        let session = &mut self.sessions[slot as usize];
        session.job_began = self.now;
        session.width = width;
        self.admitted += cpu as f64;
        let host = session.host;
        let processor = &mut self.processors[host as usize];
        processor.add(self.now, slot, cpu, width);
        self.completions.set(host, processor.next_completion().0);
        self.accounts.jobs.enter(self.now);
        None
    }

    pub(super) fn draw_burst(&mut self, slot: u32) {
        let session = &mut self.sessions[slot as usize];
        let mut random = session.streams.stream(Purpose::Burst, session.turn);
        let work = self.spec.session.burst.sample(&mut random) * self.spec.sandbox.relative_cpu;
        session.work = nanoseconds(work);
        self.accounts.demanded += u128::from(session.work);
    }
}
