//! Sessions between bursts, where nothing is held for them.

use crate::random::SessionStreams;
use crate::simulation::time::SimTime;
use crate::simulation::timers::Timed;

/// All there is of a session that thinks and holds no sandbox.
///
/// Of sessions with a sandbox per burst nearly all are thinking at any moment: millions in a cell whose
/// hosts are busy with thousands. So they have no place in the table of sessions. They are values
/// in the list of timers, which reads and writes them in sequence, and the table stays small enough
/// for the processor's cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Thinker {
    /// When the think ends, in nanoseconds.
    pub(super) until: u64,
    pub(super) streams: SessionStreams,
    pub(super) opened: SimTime,
    pub(super) turn: u32,
    pub(super) turns_left: u32,
}

impl Timed for Thinker {
    #[inline]
    fn due(&self) -> u64 {
        self.until
    }
}
