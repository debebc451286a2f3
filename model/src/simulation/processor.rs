//! Processor sharing in virtual time.
//!
//! All jobs on a host progress at the same speed per unit of width: with `W` the sum of widths and
//! `c` the vCPUs, each unit gets `min(1, c/W)` of a CPU. Virtual time `V` advances at that speed, so
//! a job that needs `x` CPU-nanoseconds per unit of width and starts at `V₀` ends when `V` reaches
//! `V₀ + x`, whatever joins or leaves in between: one heap by virtual finish time per host and
//! O(log n) per change (the idea of generalised processor sharing, Parekh and Gallager 1993).
//!
//! While a host isn't oversubscribed the speed is exactly one and all quantities are whole
//! nanoseconds, represented without rounding up to 2⁵³ ns (104 days).

use super::heap::{Entry, Heap};
use super::time::{SimTime, float, rounded_up};

const FRACTION_BITS: u32 = 24;

/// Width in CPUs as fixed point, so that sums never drift. With at most 2¹⁴ vCPUs per host, 2²⁶ jobs
/// of the largest width can be summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Width(u64);

impl Width {
    /// One CPU.
    pub(super) const ONE: Self = Self(1 << FRACTION_BITS);

    /// The width of a job that needs `cpu` nanoseconds of CPU within `wall` nanoseconds when
    /// nothing else runs: at least one CPU, at most all there are.
    pub(super) fn of(cpu: u64, wall: u64, vcpus: u32) -> Self {
        if cpu <= wall {
            return Self::ONE;
        }
        let all = u64::from(vcpus) << FRACTION_BITS;
        let wall = wall.max(1);
        if cpu >> (u64::BITS - FRACTION_BITS) == 0 {
            return Self(((cpu << FRACTION_BITS) / wall).min(all));
        }
        let width = (u128::from(cpu) << FRACTION_BITS) / u128::from(wall);
        Self(u64::try_from(width).map_or(all, |width| width.min(all)))
    }

    /// As a number of CPUs.
    #[inline]
    pub(super) fn cpus(self) -> f64 {
        float(self.0) * (1.0 / Self::ONE.0 as f64)
    }

    /// Nanoseconds in which a job of this width gets `cpu` nanoseconds of CPU if nothing else runs.
    pub(super) fn alone(self, cpu: u64) -> u64 {
        if self == Self::ONE {
            cpu
        } else {
            rounded_up(self.virtual_length(cpu))
        }
    }

    /// Virtual nanoseconds in which a job of this width gets `cpu` nanoseconds of CPU.
    fn virtual_length(self, cpu: u64) -> f64 {
        if self == Self::ONE {
            float(cpu)
        } else {
            float(cpu) / self.cpus()
        }
    }
}

/// Virtual nanoseconds (73 minutes) above which the origin is moved: floats step by less than a
/// thousandth of a nanosecond below it.
const REBASE_ABOVE: f64 = (1_u64 << 42) as f64;

/// The CPUs of one host and the jobs on them.
#[derive(Debug, Clone)]
pub(super) struct Processor {
    /// Summed width up to which the speed is one.
    capacity: u64,
    /// Slowness per width beyond that.
    share: f64,
    /// Virtual nanoseconds.
    virtual_now: f64,
    /// When `virtual_now` was right.
    updated: SimTime,
    /// Sum of widths.
    width: u64,
    /// Virtual progress per nanosecond.
    speed: f64,
    /// Its inverse.
    slowness: f64,
    jobs: Heap,
    /// CPU-nanoseconds delivered since the start of the run.
    served: f64,
    /// CPU-nanoseconds delivered to jobs past their end because completions fall on whole
    /// nanoseconds.
    overshoot: f64,
}

impl Processor {
    pub(super) fn new(vcpus: u32) -> Self {
        Self {
            share: 1.0 / (f64::from(vcpus) * Width::ONE.0 as f64),
            capacity: u64::from(vcpus) << FRACTION_BITS,
            virtual_now: 0.0,
            updated: SimTime::ZERO,
            width: 0,
            speed: 1.0,
            slowness: 1.0,
            jobs: Heap::default(),
            served: 0.0,
            overshoot: 0.0,
        }
    }

    /// Brings virtual time and the service account up to date.
    pub(super) fn advance(&mut self, now: SimTime) {
        let elapsed = now - self.updated;
        if elapsed == 0 {
            return;
        }
        self.updated = now;
        if self.width != 0 {
            let progress = float(elapsed) * self.speed;
            self.virtual_now += progress;
            self.served += progress * Width(self.width).cpus();
        }
    }

    /// Adds a job needing `cpu` nanoseconds of CPU.
    pub(super) fn add(&mut self, now: SimTime, slot: u32, cpu: u64, width: Width) {
        self.advance(now);
        if self.width == 0 {
            // Nobody is left who remembers the old origin; small numbers are exact numbers.
            self.virtual_now = 0.0;
        }
        if self.virtual_now > REBASE_ABOVE {
            self.rebase();
        }
        let finish = self.virtual_now + width.virtual_length(cpu);
        // Bits of non-negative floats are ordered as the floats are.
        self.jobs.push(Entry {
            key: finish.to_bits(),
            slot,
        });
        self.change_width(self.width + width.0);
    }

    /// Moves the origin of virtual time to the present, so that a host that is never idle keeps
    /// counting in small steps.
    fn rebase(&mut self) {
        let origin = self.virtual_now;
        self.virtual_now = 0.0;
        self.jobs
            .map_keys(|key| (f64::from_bits(key) - origin).max(0.0).to_bits());
    }

    /// Removes and returns the job that ends now.
    pub(super) fn complete(
        &mut self,
        now: SimTime,
        width_of: impl Fn(u32) -> Width,
    ) -> Option<u32> {
        self.advance(now);
        let done = self.jobs.pop()?;
        let width = width_of(done.slot);
        self.overshoot += (self.virtual_now - f64::from_bits(done.key)) * width.cpus();
        self.change_width(self.width - width.0);
        Some(done.slot)
    }

    /// Takes all jobs off; `each` is told their slot and the CPU-nanoseconds they still needed.
    pub(super) fn clear(
        &mut self,
        now: SimTime,
        width_of: impl Fn(u32) -> Width,
        mut each: impl FnMut(u32, f64),
    ) {
        self.advance(now);
        for job in self.jobs.iter() {
            let left = f64::from_bits(job.key) - self.virtual_now;
            each(job.slot, left * width_of(job.slot).cpus());
        }
        self.jobs.clear();
        self.change_width(0);
    }

    /// When the next job ends if nothing changes.
    #[inline]
    pub(super) fn next_completion(&self) -> SimTime {
        match self.jobs.peek() {
            None => SimTime::NEVER,
            Some(next) => {
                let left = (f64::from_bits(next.key) - self.virtual_now).max(0.0);
                self.updated + rounded_up(left * self.slowness)
            }
        }
    }

    /// CPU-nanoseconds delivered since the start of the run.
    pub(super) fn served(&self) -> f64 {
        self.served
    }

    /// CPU-nanoseconds delivered past the end of jobs.
    pub(super) fn overshoot(&self) -> f64 {
        self.overshoot
    }

    /// CPU-nanoseconds the present jobs still need.
    pub(super) fn remaining(&self, width_of: impl Fn(u32) -> Width) -> f64 {
        self.jobs
            .iter()
            .map(|job| (f64::from_bits(job.key) - self.virtual_now) * width_of(job.slot).cpus())
            .sum()
    }

    /// Jobs present.
    pub(super) fn jobs(&self) -> usize {
        self.jobs.len()
    }

    #[inline]
    fn change_width(&mut self, width: u64) {
        self.width = width;
        if width <= self.capacity {
            self.speed = 1.0;
            self.slowness = 1.0;
        } else {
            self.slowness = float(width) * self.share;
            self.speed = 1.0 / self.slowness;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Processor, Width};
    use crate::simulation::time::SimTime;

    const MS: u64 = 1_000_000;

    /// Two jobs of 10 ms on one CPU, the second joining after 5 ms: the first ends at 15 ms, the
    /// second at 20 ms.
    #[test]
    fn two_jobs_share_one_cpu() {
        let mut processor = Processor::new(1);
        processor.add(SimTime(0), 1, 10 * MS, Width::ONE);
        assert_eq!(processor.next_completion(), SimTime(10 * MS));
        processor.add(SimTime(5 * MS), 2, 10 * MS, Width::ONE);
        assert_eq!(processor.next_completion(), SimTime(15 * MS));
        assert_eq!(
            processor.complete(SimTime(15 * MS), |_| Width::ONE),
            Some(1)
        );
        assert_eq!(processor.next_completion(), SimTime(20 * MS));
        assert_eq!(
            processor.complete(SimTime(20 * MS), |_| Width::ONE),
            Some(2)
        );
        assert_eq!(processor.next_completion(), SimTime::NEVER);
        assert!((processor.served() - 20.0 * MS as f64).abs() < 1e-3);
    }

    /// A start needing 40 ms of CPU in 10 ms of wall time is four CPUs wide; on two CPUs it takes
    /// 20 ms.
    #[test]
    fn a_wide_job_uses_several_cpus() {
        let width = Width::of(40 * MS, 10 * MS, 8);
        assert!((width.cpus() - 4.0).abs() < 1e-9);
        let mut processor = Processor::new(2);
        processor.add(SimTime(0), 0, 40 * MS, width);
        assert_eq!(processor.next_completion(), SimTime(20 * MS));
        let mut processor = Processor::new(8);
        processor.add(SimTime(0), 0, 40 * MS, width);
        assert_eq!(processor.next_completion(), SimTime(10 * MS));
        assert_eq!(
            Width::of(40 * MS, 10 * MS, 2),
            Width::of(40 * MS, 20 * MS, 8)
        );
    }
}
