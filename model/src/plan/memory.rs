//! What one answer has worked out and the next can use.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::demand::ShapeCache;

/// Most kinds of session remembered, over all draws: each takes some 40 KB.
const MOST: usize = 2_400;

/// Most kinds of session remembered of one draw. A scenario has one for each of its tiers.
const MOST_OF_A_DRAW: usize = 12;

/// Fewest, so that the tiers of a usual scenario fit.
const FEWEST_OF_A_DRAW: usize = 4;

/// Remembers from one [`answer`](super::answer) to the next how long sessions take at every draw and how
/// open sessions follow their starts: most of the work of an answer, which no change to people, hosts,
/// promises or technologies makes different. What is remembered is only used where every parameter is the
/// same to the last bit, so that an answer does not depend on those before it.
#[derive(Debug)]
pub struct Memory {
    central: Mutex<ShapeCache>,
    draws: Vec<Mutex<ShapeCache>>,
    of_a_draw: usize,
}

impl Memory {
    /// Nothing yet, with room for so many draws; what is beyond about a hundred megabytes is worked out
    /// every time.
    pub fn new(draws: u32) -> Self {
        let draws = (draws as usize).max(1);
        let of_a_draw = (MOST / draws).clamp(FEWEST_OF_A_DRAW, MOST_OF_A_DRAW);
        let coarse = || Mutex::new(ShapeCache::coarse());
        Self {
            central: Mutex::default(),
            draws: std::iter::repeat_with(coarse)
                .take(draws.min(MOST / of_a_draw))
                .collect(),
            of_a_draw,
        }
    }

    /// What is known at the central inputs.
    pub(super) fn central(&self) -> MutexGuard<'_, ShapeCache> {
        self.open(&self.central)
    }

    /// What is known at a draw, if that is remembered.
    pub(super) fn draw(&self, index: usize) -> Option<MutexGuard<'_, ShapeCache>> {
        self.draws.get(index).map(|cache| self.open(cache))
    }

    fn open<'a>(&'a self, cache: &'a Mutex<ShapeCache>) -> MutexGuard<'a, ShapeCache> {
        // What a panic left is at worst something less that is known.
        let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.keep(self.of_a_draw);
        cache
    }
}
