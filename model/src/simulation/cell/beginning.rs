//! Putting the population of time zero in its places.

use super::{Phase, Run, Step};
use crate::random::{Purpose, Stream};
use crate::simulation::initial::{self, Initial, InitialPhase};
use crate::simulation::processor::Width;
use crate::simulation::spec::Lifecycle;
use crate::simulation::time::nanoseconds;

impl Run<'_> {
    /// Adds a session that is under way at time zero.
    pub(super) fn admit_initial(&mut self, initial: Initial) {
        let streams = self.streams.initial_session(initial.group, initial.index);
        let mut random = streams.stream(Purpose::InitialState, 1);
        let per_session = self.spec.lifecycle == Lifecycle::PerSession;
        let turns = &self.spec.session.turns;
        let turns_left = if per_session && initial.phase == InitialPhase::Starting {
            turns.sample(&mut random)
        } else {
            turns.sample_equilibrium(&mut random).saturating_sub(1)
        };
        if initial.phase == InitialPhase::Thinking && !per_session {
            let slot = self.admit(streams, turns_left);
            self.begin_residual_think(slot, &mut random);
            return;
        }
        // All others hold a sandbox, if there is room.
        if let Some(host) = self.placer.place(|| streams.stream(Purpose::Placement, 0)) {
            let slot = self.admit(streams, turns_left);
            self.accounts.sandboxes.enter(self.now);
            self.sessions[slot as usize].host = host;
            match initial.phase {
                InitialPhase::Thinking => self.begin_residual_think(slot, &mut random),
                InitialPhase::Bursting => self.begin_residual_burst(slot, &mut random),
                InitialPhase::Starting => self.begin_residual_start(slot, &mut random),
            }
        } else {
            // They begin anew, as a request like any other.
            let turns = if per_session {
                turns.sample(&mut random)
            } else {
                turns_left
            };
            let slot = self.admit(streams, turns);
            if !per_session {
                self.draw_burst(slot);
            }
            self.ready.push((slot, Step::Request));
        }
    }

    fn begin_residual_think(&mut self, slot: u32, random: &mut Stream) {
        let think = &self.spec.session.think;
        let left = nanoseconds(think.sample_stationary_excess(random));
        let step = self.wait(slot, Phase::Thinking, left, Step::ThinkDone);
        self.ready.extend(step.map(|step| (slot, step)));
    }

    fn begin_residual_burst(&mut self, slot: u32, random: &mut Stream) {
        let left = self.spec.session.burst.sample_stationary_excess(random);
        let left = nanoseconds(left * self.spec.sandbox.relative_cpu);
        self.sessions[slot as usize].phase = Phase::Bursting;
        let step = self.join_cpu(slot, left, Width::ONE, Step::BurstDone);
        self.ready.extend(step.map(|step| (slot, step)));
    }

    /// The CPU work comes last in a start, so of a residual time the last part is work.
    fn begin_residual_start(&mut self, slot: u32, random: &mut Stream) {
        let (left, whole) = initial::residual_start(self.spec, random);
        let (left, whole) = (nanoseconds(left), nanoseconds(whole));
        let cpu = nanoseconds(self.spec.sandbox.start_cpu.sample(random));
        if self.spec.lifecycle == Lifecycle::PerBurst {
            self.draw_burst(slot);
        }
        self.accounts.starting.enter(self.now);
        let session = &mut self.sessions[slot as usize];
        session.whole_start = false;
        session.width = Width::of(cpu, whole, self.spec.host.vcpus);
        let work_wall = cpu.min(whole);
        let delay_left = left.saturating_sub(work_wall);
        let work_left = u128::from(cpu) * u128::from(left.min(work_wall));
        // At most `cpu`, so 64 bits.
        session.start_cpu = u64::try_from(work_left / u128::from(work_wall.max(1))).unwrap_or(cpu);
        let step = self.wait(slot, Phase::Delayed, delay_left, Step::DelayDone);
        self.ready.extend(step.map(|step| (slot, step)));
    }
}
