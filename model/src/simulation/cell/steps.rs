//! What a session does next.

use super::thinker::Thinker;
use super::{Phase, Run, Step};
use crate::distribution::Distribution;
use crate::random::Purpose;
use crate::simulation::heap::Entry;
use crate::simulation::processor::Width;
use crate::simulation::spec::Lifecycle;
use crate::simulation::time::nanoseconds;

impl Run<'_> {
    pub(super) fn next_turn(&mut self, slot: u32) -> Option<Step> {
        let session = &mut self.sessions[slot as usize];
        if session.turns_left == 0 {
            self.accounts.sessions_completed += 1;
            if self.spec.lifecycle == Lifecycle::PerSession {
                self.release(slot);
            }
            return Some(Step::Close);
        }
        session.turns_left -= 1;
        session.turn = session.turn.wrapping_add(1);
        let think = self.draws.think(session.streams, session.turn);
        if think > self.suspend_after {
            return self.think_long(slot, think);
        }
        self.think(slot, think)
    }

    /// Thinks for so many nanoseconds; goes straight on if that is none.
    pub(super) fn think(&mut self, slot: u32, duration: u64) -> Option<Step> {
        // What is kept of a session for the sake of the cell's operation is kept by slot.
        if self.spec.lifecycle == Lifecycle::PerSession || self.operating.is_some() {
            return self.wait(slot, Phase::Thinking, duration, Step::ThinkDone);
        }
        if duration == 0 {
            return Some(Step::ThinkDone);
        }
        let session = &mut self.sessions[slot as usize];
        self.thinking.push(Thinker {
            until: (self.now + duration).0,
            streams: session.streams,
            opened: session.opened,
            turn: session.turn,
            turns_left: session.turns_left,
        });
        session.phase = Phase::Vacant;
        self.vacant.push(slot);
        None
    }

    pub(super) fn think_done(&mut self, slot: u32) -> Option<Step> {
        self.draw_burst(slot);
        match self.spec.lifecycle {
            Lifecycle::PerSession => self.begin_burst(slot),
            Lifecycle::PerBurst => Some(Step::Request),
        }
    }

    pub(super) fn request(&mut self, slot: u32) -> Option<Step> {
        self.sessions[slot as usize].requested = self.now;
        self.ask(slot)
    }

    /// Asks for a sandbox that has been needed since `requested`.
    pub(super) fn ask(&mut self, slot: u32) -> Option<Step> {
        let session = &mut self.sessions[slot as usize];
        self.accounts.requests += 1;
        let (streams, turn) = (session.streams, session.turn);
        if let Some(host) = self
            .placer
            .place(|| streams.stream(Purpose::Placement, turn))
        {
            self.occupy(host);
            return Some(Step::Placed(host));
        }
        if self.queue.len() < self.queue_limit {
            session.phase = Phase::Queued;
            session.placed = self.now;
            self.queue.push_back(slot);
            self.accounts.queue.enter(self.now);
            return None;
        }
        self.accounts.rejected += 1;
        match self.spec.lifecycle {
            Lifecycle::PerSession => {
                if self.has_restarted(slot) {
                    self.accounts.operation.sessions_ended_by_failure += 1;
                } else {
                    self.accounts.sessions_rejected += 1;
                }
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
        if self.operating.is_some() {
            self.draw_actual(slot);
            if self.claim(slot) {
                let session = &self.sessions[slot as usize];
                self.accounts
                    .start_wait
                    .record_nanoseconds(self.now - session.requested);
                return self.sandbox_ready(slot);
            }
        }
        let pace = self.pace(host);
        if pace == 0 {
            return Some(Step::BeginStart);
        }
        self.accounts.pacing.enter(self.now);
        self.wait(slot, Phase::Paced, pace, Step::BeginStart)
    }

    /// Nanoseconds the next start on a host has to wait for the start rate.
    pub(super) fn pace(&mut self, host: u32) -> u64 {
        if self.start_spacing == 0 {
            return 0;
        }
        let next = &mut self.next_start[host as usize];
        let begin = self.now.max(*next);
        *next = begin + self.start_spacing;
        begin - self.now
    }

    pub(super) fn begin_start(&mut self, slot: u32) -> Option<Step> {
        let number = self.start_draw(slot);
        let session = &mut self.sessions[slot as usize];
        self.accounts
            .start_wait
            .record_nanoseconds(self.now - session.requested);
        session.requested = self.now;
        session.whole_start = true;
        let start = self.draws.start(session.streams, number);
        session.start_cpu = start.cpu;
        session.width = start.width;
        self.accounts.demanded += u128::from(start.cpu);
        self.accounts.starting.enter(self.now);
        self.wait(slot, Phase::Delayed, start.delay, Step::DelayDone)
    }

    /// The CPU work of a start or a resume begins.
    pub(super) fn on_cpu(&mut self, slot: u32, phase: Phase, then: Step) -> Option<Step> {
        let session = &mut self.sessions[slot as usize];
        session.phase = phase;
        let (cpu, width) = (session.start_cpu, session.width);
        self.join_cpu(slot, cpu, width, then)
    }

    pub(super) fn start_done(&mut self, slot: u32) -> Option<Step> {
        let session = &self.sessions[slot as usize];
        self.accounts.starting.leave(self.now, session.requested);
        if session.whole_start {
            self.accounts
                .start_latency
                .record_nanoseconds(self.now - session.requested);
        }
        self.sandbox_ready(slot)
    }

    /// The session has a started sandbox.
    fn sandbox_ready(&mut self, slot: u32) -> Option<Step> {
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
        if !self.is_guest(slot) {
            self.arrivals.closed(self.now);
        }
    }

    /// Gives the sandbox's place back; the first in the queue gets it.
    pub(super) fn release(&mut self, slot: u32) {
        let session = &self.sessions[slot as usize];
        let host = session.host;
        self.accounts.sandboxes.leave(self.now, session.placed);
        if self.operating.is_some() {
            self.release_operated(slot, host);
            return;
        }
        self.placer.release(host);
        if let Some(waiting) = self.queue.pop_front() {
            // There is a queue only when no other host has room.
            self.placer.take(host);
            let queued = self.sessions[waiting as usize].placed;
            self.accounts.queue.leave(self.now, queued);
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
        if let Some(operating) = &mut self.operating {
            operating.extras[slot as usize].job = cpu;
        }
        let processor = &mut self.processors[host as usize];
        processor.add(self.now, slot, cpu, width);
        self.note_change(host);
        self.accounts.jobs.enter(self.now);
        None
    }

    /// The bursts of the session's group.
    pub(super) fn burst_of(&self, slot: u32) -> &Distribution {
        match &self.spec.session.minority {
            Some(minority) if self.is_minority(slot) => &minority.burst,
            _ => &self.spec.session.burst,
        }
    }

    pub(super) fn draw_burst(&mut self, slot: u32) {
        let session = &self.sessions[slot as usize];
        let (streams, turn) = (session.streams, session.turn);
        let work = if self.spec.session.minority.is_some() {
            let mut random = streams.stream(Purpose::Burst, turn);
            nanoseconds(self.burst_of(slot).sample(&mut random) * self.spec.sandbox.relative_cpu)
        } else {
            self.draws.burst(streams, turn)
        };
        self.sessions[slot as usize].work = work;
        self.accounts.demanded += u128::from(work);
    }
}
