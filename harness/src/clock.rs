//! The clock that stamps are read from.

use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// A moment on the host's monotonic clock, in nanoseconds since an unknown beginning. The same in
/// every process of the host, so that a guest can tell when it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(u64);

impl Stamp {
    /// Now.
    ///
    /// # Panics
    /// Never: Linux always has this clock.
    pub fn now() -> Self {
        Self(read(ClockId::CLOCK_MONOTONIC))
    }

    /// A moment that somebody else read from the same clock.
    pub fn from_nanoseconds(nanoseconds: u64) -> Self {
        Self(nanoseconds)
    }

    /// A moment that somebody else read from the host's wall clock, in nanoseconds since 1970. Right
    /// to some microseconds, unless the wall clock was set in between.
    ///
    /// # Panics
    /// Never: Linux always has both clocks.
    pub fn from_wall_clock(nanoseconds: u64) -> Self {
        let ago = read(ClockId::CLOCK_REALTIME).saturating_sub(nanoseconds);
        Self(read(ClockId::CLOCK_MONOTONIC).saturating_sub(ago))
    }

    /// Nanoseconds since the clock's beginning.
    pub fn nanoseconds(self) -> u64 {
        self.0
    }

    /// Seconds from an earlier moment to this one; 0 if it was later.
    pub fn since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1e9
    }

    /// Seconds from this moment until now.
    pub fn elapsed(self) -> f64 {
        Self::now().since(self)
    }
}

/// CPU time that all threads of this process have used, in seconds.
pub fn cpu_of_this_process() -> f64 {
    read(ClockId::CLOCK_PROCESS_CPUTIME_ID) as f64 / 1e9
}

/// CPU time that this thread has used, in seconds.
pub fn cpu_of_this_thread() -> f64 {
    read(ClockId::CLOCK_THREAD_CPUTIME_ID) as f64 / 1e9
}

fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock).expect("Linux has this clock");
    let seconds = u64::try_from(time.tv_sec()).unwrap_or(0);
    let nanoseconds = u64::try_from(time.tv_nsec()).unwrap_or(0);
    seconds * 1_000_000_000 + nanoseconds
}

#[cfg(test)]
mod tests {
    use super::{Stamp, read};
    use nix::time::ClockId;

    #[test]
    fn a_moment_of_the_wall_clock_is_found_on_the_other() {
        let before = Stamp::now();
        let wall = read(ClockId::CLOCK_REALTIME);
        let after = Stamp::now();
        let found = Stamp::from_wall_clock(wall);
        // Setting the clock in between would move it; reading four clocks takes some microseconds.
        let off = found.since(after) + before.since(found);
        assert!(off < 1e-3, "{off}");
    }
}
