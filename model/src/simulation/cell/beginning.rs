//! Putting the population of time zero in its places.

use super::{Phase, Run, Step};
use crate::distribution::Distribution;
use crate::random::{Purpose, Stream};
use crate::simulation::initial::{self, Initial, InitialPhase};
use crate::simulation::processor::Width;
use crate::simulation::spec::Lifecycle;
use crate::simulation::time::nanoseconds;
use rand::RngExt;

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
            self.occupy(host);
            let slot = self.admit(streams, turns_left);
            self.accounts.sandboxes.enter(self.now);
            self.sessions[slot as usize].host = host;
            if self.operating.is_some() {
                self.draw_actual(slot);
                if initial.phase == InitialPhase::Bursting {
                    self.draw_bursting_group(slot);
                }
            }
            match initial.phase {
                InitialPhase::Thinking => self.begin_residual_think(slot, &mut random),
                InitialPhase::Bursting => self.begin_residual_burst(slot, &mut random),
                InitialPhase::Starting => self.begin_residual_start(slot, &mut random),
                InitialPhase::Resuming => self.begin_residual_resume(slot, &mut random),
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
        let left = think.sample_stationary_excess(random);
        if self.spec.operation.suspension.is_some() {
            let whole = initial::whole_of_residual(think, left, random);
            if nanoseconds(whole) > self.suspend_after {
                self.begin_residual_long_think(slot, nanoseconds(left), nanoseconds(whole));
                return;
            }
        }
        let left = nanoseconds(left);
        let step = self.think(slot, left);
        self.ready.extend(step.map(|step| (slot, step)));
    }

    /// What is left of a think long enough for the sandbox to be suspended at some time.
    fn begin_residual_long_think(&mut self, slot: u32, left: u64, whole: u64) {
        let Some(operating) = &mut self.operating else {
            return;
        };
        operating.extras[slot as usize].think_ends = self.now + left;
        let age = whole.saturating_sub(left);
        let until = self.suspend_after.saturating_sub(age);
        let step = self.wait(slot, Phase::Idle, until, Step::Suspend);
        self.ready.extend(step.map(|step| (slot, step)));
    }

    fn begin_residual_burst(&mut self, slot: u32, random: &mut Stream) {
        let left = self.burst_of(slot).sample_stationary_excess(random);
        let left = nanoseconds(left * self.spec.sandbox.relative_cpu);
        self.sessions[slot as usize].phase = Phase::Bursting;
        let step = self.join_cpu(slot, left, Width::ONE, Step::BurstDone);
        self.ready.extend(step.map(|step| (slot, step)));
    }

    /// The CPU work comes last in a start, so of a residual time the last part is work.
    fn begin_residual_start(&mut self, slot: u32, random: &mut Stream) {
        let sandbox = &self.spec.sandbox;
        if self.spec.lifecycle == Lifecycle::PerBurst {
            self.draw_burst(slot);
        }
        self.accounts.starting.enter(self.now);
        let delay = self.residual_start(slot, &sandbox.start_latency, &sandbox.start_cpu, random);
        let step = self.wait(slot, Phase::Delayed, delay, Step::DelayDone);
        self.ready.extend(step.map(|step| (slot, step)));
    }

    fn begin_residual_resume(&mut self, slot: u32, random: &mut Stream) {
        let Some(suspension) = &self.spec.operation.suspension else {
            return;
        };
        self.accounts.operation.resuming.enter(self.now);
        let (latency, cpu) = (&suspension.resume_latency, &suspension.resume_cpu);
        let delay = self.residual_start(slot, latency, cpu, random);
        let step = self.wait(slot, Phase::ResumeDelayed, delay, Step::ResumeDelayDone);
        self.ready.extend(step.map(|step| (slot, step)));
    }

    /// Takes note of what is left of a start or a resume; returns the nanoseconds of its part that uses
    /// no CPU.
    fn residual_start(
        &mut self,
        slot: u32,
        latency: &Distribution,
        cpu: &Distribution,
        random: &mut Stream,
    ) -> u64 {
        let (left, whole) = initial::residual_start(latency, random);
        let (left, whole) = (nanoseconds(left), nanoseconds(whole));
        let cpu = nanoseconds(cpu.sample(random));
        let session = &mut self.sessions[slot as usize];
        session.whole_start = false;
        session.width = Width::of(cpu, whole, self.spec.host.vcpus);
        let work_wall = cpu.min(whole);
        let work_left = u128::from(cpu) * u128::from(left.min(work_wall));
        // At most `cpu`, so 64 bits.
        session.start_cpu = u64::try_from(work_left / u128::from(work_wall.max(1))).unwrap_or(cpu);
        left.saturating_sub(work_wall)
    }

    /// Of sessions found bursting, more belong to the group with the longer bursts.
    fn draw_bursting_group(&mut self, slot: u32) {
        let Some(minority) = &self.spec.session.minority else {
            return;
        };
        let streams = self.sessions[slot as usize].streams;
        let uniform: f64 = streams.stream(Purpose::Minority, 0).random();
        let share = minority.share * minority.burst.mean() / self.spec.session.burst_mean();
        if let Some(operating) = &mut self.operating {
            operating.extras[slot as usize].minority = uniform < share;
        }
    }
}
