//! Counting who is present, twice, so that Little's law can be checked.

use super::error::SimulationError;
use super::time::SimTime;

/// A place that entities enter and leave: the system, a sandbox, a queue, a CPU.
///
/// Two accounts are kept independently. The *area* is the integral of the number present over time: of
/// each that entered and left, the moment of leaving less the moment of entering; of those present,
/// the present moment instead. It comes from the moments at which the station was told of a change. The
/// *stay* is the sum of the times spent, from each entity's own record of its entry, clipped to the
/// window. Little's law L = λW is the statement that they are equal, and over any window, with the
/// stays of those still present included, they are equal to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Station {
    entered: u64,
    left: u64,
    at_start: u64,
    peak: u64,
    /// Sum of the moments of leaving less those of entering, modulo 2¹²⁸; those present at the start
    /// entered then.
    balance: u128,
    stay: u128,
    origin: SimTime,
}

impl Station {
    pub(super) const fn new() -> Self {
        Self {
            entered: 0,
            left: 0,
            at_start: 0,
            peak: 0,
            balance: 0,
            stay: 0,
            origin: SimTime::ZERO,
        }
    }

    #[inline]
    pub(super) fn enter(&mut self, now: SimTime) {
        self.entered += 1;
        self.balance = self.balance.wrapping_sub(u128::from(now.0));
        self.peak = self.peak.max(self.present());
    }

    #[inline]
    pub(super) fn leave(&mut self, now: SimTime, since: SimTime) {
        self.left += 1;
        self.balance = self.balance.wrapping_add(u128::from(now.0));
        self.stay += u128::from(now - since.max(self.origin));
    }

    /// Forgets what was accumulated; those present stay.
    pub(super) fn restart(&mut self, now: SimTime) {
        let present = self.present();
        *self = Self {
            at_start: present,
            peak: present,
            balance: (u128::from(present) * u128::from(now.0)).wrapping_neg(),
            origin: now,
            ..Self::new()
        };
    }

    /// Adds the stay so far of one that is present at the end of the window.
    pub(super) fn add_present(&mut self, now: SimTime, since: SimTime) {
        self.stay += u128::from(now - since.max(self.origin));
    }

    /// Number present; were more to leave than came, a number beyond all bounds, which no check lets
    /// pass.
    #[inline]
    pub(super) const fn present(&self) -> u64 {
        (self.at_start + self.entered).wrapping_sub(self.left)
    }

    /// Integral of the number present from the start of the window to `now`, in nanoseconds.
    pub(super) const fn area(&self, now: SimTime) -> u128 {
        self.balance
            .wrapping_add((self.present() as u128).wrapping_mul(now.0 as u128))
    }

    pub(super) const fn entered(&self) -> u64 {
        self.entered
    }

    pub(super) const fn left(&self) -> u64 {
        self.left
    }

    pub(super) const fn at_start(&self) -> u64 {
        self.at_start
    }

    pub(super) const fn peak(&self) -> u64 {
        self.peak
    }

    /// Checks Little's law and that nobody appeared or vanished. To be called after
    /// [`add_present`](Self::add_present) for everyone present; `found` is how many that were.
    pub(super) fn check(
        &self,
        now: SimTime,
        little: &'static str,
        balance: &'static str,
        found: u64,
    ) -> Result<(), SimulationError> {
        let area = self.area(now);
        if area != self.stay {
            return Err(SimulationError::InvariantViolated {
                invariant: little,
                left: area as f64,
                right: self.stay as f64,
            });
        }
        let expected = self.left + found;
        if self.at_start + self.entered != expected || self.present() != found {
            return Err(SimulationError::InvariantViolated {
                invariant: balance,
                left: (self.at_start + self.entered) as f64,
                right: expected as f64,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{SimTime, Station};
    use proptest::prelude::{prop, prop_assert, prop_assert_eq, proptest};

    proptest! {
        /// The area is the integral of the number present, a restart included, and a stay that was
        /// noted wrongly is found.
        #[test]
        fn area_is_the_integral(
            steps in prop::collection::vec((0_u64..50, 0_u8..3), 1..200),
            restart in 0_usize..200,
        ) {
            let (mut now, mut station, mut inside) = (SimTime::ZERO, Station::new(), Vec::new());
            let mut integral = 0;
            for (index, (delay, action)) in steps.into_iter().enumerate() {
                now = now + delay;
                integral += u128::from(delay) * inside.len() as u128;
                if index == restart {
                    station.restart(now);
                    integral = 0;
                }
                if action > 0 {
                    station.enter(now);
                    inside.push(now);
                } else if let Some(since) = inside.pop() {
                    station.leave(now, since);
                }
                prop_assert_eq!(station.area(now), integral);
                prop_assert_eq!(station.present(), inside.len() as u64);
            }
            let present = inside.len() as u64;
            for since in inside {
                station.add_present(now, since);
            }
            prop_assert!(station.check(now, "", "", present).is_ok());
            prop_assert!(station.check(now, "", "", present + 1).is_err());
            station.add_present(now + 1, now);
            prop_assert!(station.check(now, "", "", present).is_err());
        }
    }
}
