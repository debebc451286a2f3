//! The event list: pending timers, earliest first.
//!
//! Timers are set for moments after the present and the present never goes back, so the list is
//! *monotone*: nothing is ever inserted before what was last removed. That is what multi-level buckets
//! use (Denardo and Fox 1979; as timing wheels, Varghese and Lauck 1987). A time is a number of digits
//! to the base 64; an entry lies in the bucket of the highest digit in which its time differs from
//! the last one covered, and of that digit's value. The entries that come next are in the lowest bucket
//! of the lowest level: if they are few, they are sorted and taken one by one, otherwise spread over the
//! buckets of the levels below. So the width of what is sorted follows the number of timers, without
//! any tuning, and an entry moves a few times only.
//!
//! Buckets are chains of chunks from one pool: entries are read and written in sequence, which is what
//! memory is fast at, and no bucket keeps room that it once needed.

use super::heap::Entry;

/// Something that is due at a moment, in nanoseconds; ordered by it, then by whatever else it has.
pub(super) trait Timed: Copy + Ord + Default {
    fn due(&self) -> u64;
}

impl Timed for Entry {
    #[inline]
    fn due(&self) -> u64 {
        self.key
    }
}

/// Bits of a digit.
const DIGIT_BITS: u32 = 6;
/// Buckets per level: values of a digit.
const DIGITS: usize = 1 << DIGIT_BITS;
/// Levels: digits of a time.
const LEVELS: usize = u64::BITS.div_ceil(DIGIT_BITS) as usize;
/// Most entries that are sorted together, unless they are all due at the same moment.
const FEW: u32 = 32;
/// Most entries that are kept sorted.
const MOST_NEAR: usize = 96;
/// Entries in a chunk.
const CHUNK: usize = 28;
/// No chunk.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// The earliest moment in the bucket, `u64::MAX` if it is empty.
    earliest: u64,
    /// The chunk that is being filled, which links to those that are full.
    chunk: u32,
    count: u32,
}

const EMPTY: Bucket = Bucket {
    earliest: u64::MAX,
    chunk: NONE,
    count: 0,
};

#[derive(Debug, Clone, Copy)]
struct Chunk<T> {
    entries: [T; CHUNK],
    used: u32,
    next: u32,
}

/// Pending timers.
#[derive(Debug)]
pub(super) struct Timers<T> {
    /// Those due up to `covered`, latest first.
    near: Vec<T>,
    /// Everything due up to here is in `near`.
    covered: u64,
    /// The earliest moment, `u64::MAX` if nothing is pending.
    first: u64,
    /// By level, bit `d` says that the bucket of digit `d` has entries.
    occupied: [u64; LEVELS],
    /// Bit `l` says that level `l` has entries.
    levels: u32,
    buckets: Vec<[Bucket; DIGITS]>,
    pool: Vec<Chunk<T>>,
    /// The first of the unused chunks.
    unused: u32,
}

impl<T: Timed> Timers<T> {
    pub(super) fn new() -> Self {
        Self {
            near: Vec::with_capacity(2 * MOST_NEAR),
            covered: 0,
            first: u64::MAX,
            occupied: [0; LEVELS],
            levels: 0,
            buckets: vec![[EMPTY; DIGITS]; LEVELS],
            pool: Vec::new(),
            unused: NONE,
        }
    }

    /// The earliest moment, or `u64::MAX` if nothing is pending.
    #[inline]
    pub(super) const fn first_key(&self) -> u64 {
        self.first
    }

    /// All that is pending, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> + '_ {
        let chains = self.buckets.iter().flatten().map(|bucket| bucket.chunk);
        let chunks = chains.flat_map(move |head| {
            std::iter::successors(self.pool.get(head as usize), |chunk| {
                self.pool.get(chunk.next as usize)
            })
        });
        let far = chunks.flat_map(|chunk| &chunk.entries[..chunk.used as usize]);
        self.near.iter().chain(far)
    }

    /// Adds a timer, due after the one last removed.
    #[inline]
    pub(super) fn push(&mut self, entry: T) {
        self.first = self.first.min(entry.due());
        if entry.due() <= self.covered {
            self.insert_near(entry);
        } else {
            self.insert_far(entry);
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<T> {
        if self.near.is_empty() {
            self.refill();
        }
        let entry = self.near.pop()?;
        self.first = match self.near.last() {
            Some(next) => next.due(),
            None => self.first_far(),
        };
        Some(entry)
    }

    fn insert_near(&mut self, entry: T) {
        let mut place = self.near.len();
        self.near.push(entry);
        while place > 0 && self.near[place - 1] < entry {
            self.near[place] = self.near[place - 1];
            place -= 1;
        }
        self.near[place] = entry;
        if self.near.len() > MOST_NEAR {
            self.spill();
        }
    }

    /// Moves about the later half of the sorted entries into buckets. Entries due at the same moment
    /// stay together, and if all are, they stay.
    #[cold]
    fn spill(&mut self) {
        let (Some(earliest), middle) = (self.near.last(), self.near[self.near.len() / 2].due())
        else {
            return;
        };
        let kept_until = if middle > earliest.due() {
            middle - 1
        } else {
            middle
        };
        let later = self.near.partition_point(|entry| entry.due() > kept_until);
        if later == 0 {
            return;
        }
        self.uncover(kept_until);
        for index in 0..later {
            self.insert_far(self.near[index]);
        }
        self.near.drain(..later);
    }

    /// Takes back what is covered to an earlier moment.
    ///
    /// An entry's bucket is told by the highest digit in which it differs from what is covered. Where
    /// that is at or above the highest digit in which the two moments differ, the bucket stays the same;
    /// entries on lower levels have to move.
    fn uncover(&mut self, moment: u64) {
        let changed = (self.covered ^ moment).checked_ilog2().unwrap_or(0) / DIGIT_BITS;
        self.covered = moment;
        while let Some((level, digit)) = self.lowest()
            && level < changed as usize
        {
            let bucket = self.take_bucket(level, digit);
            self.take_chain(bucket.chunk, Self::insert_far);
        }
    }

    /// Empties a bucket; its chain is in the hands of the caller.
    #[inline]
    fn take_bucket(&mut self, level: usize, digit: usize) -> Bucket {
        self.occupied[level] &= !(1 << digit);
        if self.occupied[level] == 0 {
            self.levels &= !(1 << level);
        }
        std::mem::replace(&mut self.buckets[level][digit], EMPTY)
    }

    #[inline]
    fn insert_far(&mut self, entry: T) {
        let due = entry.due();
        let highest = (due ^ self.covered).checked_ilog2().unwrap_or(0);
        let level = highest / DIGIT_BITS;
        #[expect(clippy::cast_possible_truncation, reason = "a digit is small")]
        let digit = (due >> (level * DIGIT_BITS) & (DIGITS as u64 - 1)) as usize;
        self.levels |= 1 << level;
        self.occupied[level as usize] |= 1 << digit;
        let bucket = &mut self.buckets[level as usize][digit % DIGITS];
        bucket.earliest = bucket.earliest.min(due);
        bucket.count += 1;
        if let Some(chunk) = self.pool.get_mut(bucket.chunk as usize)
            && let Some(place) = chunk.entries.get_mut(chunk.used as usize)
        {
            *place = entry;
            chunk.used += 1;
            return;
        }
        let head = bucket.chunk;
        self.buckets[level as usize][digit % DIGITS].chunk = self.chunk(entry, head);
    }

    /// A chunk with one entry in front of a chain.
    fn chunk(&mut self, entry: T, next: u32) -> u32 {
        if let Some(chunk) = self.pool.get_mut(self.unused as usize) {
            let index = self.unused;
            self.unused = chunk.next;
            chunk.entries[0] = entry;
            chunk.used = 1;
            chunk.next = next;
            return index;
        }
        let mut entries = [T::default(); CHUNK];
        entries[0] = entry;
        self.pool.push(Chunk {
            entries,
            used: 1,
            next,
        });
        // 2³² chunks don't fit in any memory.
        u32::try_from(self.pool.len() - 1).unwrap_or(NONE)
    }

    /// The lowest digit in use on the lowest level in use.
    #[inline]
    fn lowest(&self) -> Option<(usize, usize)> {
        let level = self.levels.trailing_zeros() as usize;
        let digits = self.occupied.get(level)?;
        Some((level, digits.trailing_zeros() as usize % DIGITS))
    }

    #[inline]
    fn first_far(&self) -> u64 {
        self.lowest().map_or(u64::MAX, |(level, digit)| {
            self.buckets[level][digit].earliest
        })
    }

    /// Sorts the entries that come next. There must be none sorted.
    fn refill(&mut self) {
        while let Some((level, digit)) = self.lowest() {
            let bucket = self.take_bucket(level, digit);
            // The times of a bucket have their higher digits in common.
            #[expect(clippy::cast_possible_truncation, reason = "there are few levels")]
            let below = (1 << (level as u32 * DIGIT_BITS)) - 1;
            let begin = bucket.earliest & !below;
            if level == 0 || bucket.count <= FEW {
                self.covered = begin | below;
                self.take_chain(bucket.chunk, |timers, entry| timers.near.push(entry));
                self.near.sort_unstable_by(|left, right| right.cmp(left));
                return;
            }
            self.covered = begin;
            self.take_chain(bucket.chunk, Self::insert_far);
        }
    }

    /// Hands over the entries of a chain and gives its chunks back.
    #[inline]
    fn take_chain(&mut self, head: u32, mut take: impl FnMut(&mut Self, T)) {
        let mut index = head;
        while let Some(chunk) = self.pool.get(index as usize) {
            let (used, next) = (chunk.used as usize, chunk.next);
            for place in 0..used {
                let entry = self.pool[index as usize].entries[place];
                take(self, entry);
            }
            self.pool[index as usize].next = self.unused;
            self.unused = index;
            index = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Timers};
    use proptest::prelude::{prop, prop_assert_eq, proptest};
    use std::collections::BTreeSet;

    /// Does the steps to a list and to a sorted set; both must agree all the time. A step of kind zero
    /// removes; others add `many` entries after a delay from the present, which is the moment last
    /// removed or any moment up to the next.
    fn compare(
        steps: Vec<(u32, u64, u32, u8)>,
    ) -> Result<(), proptest::test_runner::TestCaseError> {
        let mut timers = Timers::new();
        let mut sorted = BTreeSet::new();
        let (mut now, mut serial) = (0, 0_u32);
        for (kind, delay, shift, many) in steps {
            if kind == 0 {
                let expected: Option<Entry> = sorted.pop_first();
                prop_assert_eq!(timers.pop(), expected);
                now = expected.map_or(now, |entry| entry.key);
            } else if kind == 1 {
                // Something else happens first.
                now = sorted
                    .first()
                    .map_or(now, |entry: &Entry| now.midpoint(entry.key));
            } else {
                for _ in 0..many {
                    serial += 1;
                    let entry = Entry {
                        key: now.saturating_add(delay << (shift % 52)),
                        slot: serial.reverse_bits(),
                    };
                    timers.push(entry);
                    sorted.insert(entry);
                }
            }
            let first = sorted.first().map_or(u64::MAX, |entry| entry.key);
            prop_assert_eq!(timers.first_key(), first);
            prop_assert_eq!(timers.iter().count(), sorted.len());
        }
        let all: BTreeSet<Entry> = timers.iter().copied().collect();
        prop_assert_eq!(&all, &sorted);
        while let Some(expected) = sorted.pop_first() {
            prop_assert_eq!(timers.pop(), Some(expected));
        }
        prop_assert_eq!(timers.pop(), None);
        prop_assert_eq!(timers.first_key(), u64::MAX);
        Ok(())
    }

    /// What was covered can go back several times before anything is taken out: each time, entries
    /// spilled before may need another bucket.
    #[test]
    fn entries_set_ever_earlier_keep_their_order() {
        for scale in [1, 64, 4_096, 1 << 30, 1 << 50] {
            let after = (0..2_000).rev().map(|delay| (2, 1 + delay, 0, 1));
            let scaled = after.map(|(kind, delay, _, many)| (kind, delay * scale, 0, many));
            let steps = [(2, 1536, 50, 2), (0, 1, 0, 1)].into_iter().chain(scaled);
            compare(steps.collect()).unwrap();
        }
    }

    /// A crowd due at once stays together, at the beginning of time too.
    #[test]
    fn a_crowd_at_one_moment_keeps_its_order() {
        compare(vec![
            (2, 0, 0, 200),
            (0, 1, 0, 1),
            (2, 0, 0, 200),
            (0, 1, 0, 1),
        ])
        .unwrap();
        compare(vec![
            (2, 5, 0, 200),
            (0, 1, 0, 1),
            (2, 0, 0, 200),
            (2, 7, 3, 200),
        ])
        .unwrap();
    }

    proptest! {
        /// Any interleaving of insertions and removals gives the same order as a sorted set.
        #[test]
        fn agrees_with_a_sorted_set(
            steps in prop::collection::vec((0_u32..4, 1_u64..2000, 0_u32..60, 1_u8..3), 1..400),
        ) {
            compare(steps)?;
        }

        /// So does one with crowds at the same and at neighbouring moments.
        #[test]
        fn crowds_keep_their_order(
            steps in prop::collection::vec((0_u32..5, 1_u64..4, 0_u32..12, 1_u8..90), 1..150),
        ) {
            compare(steps)?;
        }
    }
}
