//! A four-ary min-heap of (key, slot) pairs.
//!
//! For the jobs of a host, keyed by virtual finish time. Four children share a cache line and halve the depth of a binary heap (LaMarca and Ladner
//! 1996). Ties are broken by slot, so the order of extraction is a function of the contents alone
//! and doesn't depend on how the heap is implemented.

/// One pending entry: smallest key first, then smallest slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Entry {
    pub(super) key: u64,
    pub(super) slot: u32,
}

impl Entry {
    /// A number that is ordered as entries are: compared without a branch.
    #[inline]
    const fn rank(self) -> u128 {
        (self.key as u128) << 64 | self.slot as u128
    }
}

const ARITY: usize = 4;

/// The heap.
#[derive(Debug, Clone, Default)]
pub(super) struct Heap {
    entries: Vec<Entry>,
}

impl Heap {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn peek(&self) -> Option<Entry> {
        self.entries.first().copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        self.entries.iter().copied()
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Changes all keys by a function that never reverses their order.
    pub(super) fn map_keys(&mut self, change: impl Fn(u64) -> u64) {
        for entry in &mut self.entries {
            entry.key = change(entry.key);
        }
    }

    #[inline]
    pub(super) fn push(&mut self, entry: Entry) {
        let hole = self.entries.len();
        self.entries.push(entry);
        self.sift_up(hole, entry);
    }

    /// Puts `entry` in the place `hole` or above.
    #[inline]
    fn sift_up(&mut self, mut hole: usize, entry: Entry) {
        while hole > 0 {
            let parent = (hole - 1) / ARITY;
            let above = self.entries[parent];
            if above.rank() <= entry.rank() {
                break;
            }
            self.entries[hole] = above;
            hole = parent;
        }
        self.entries[hole] = entry;
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Entry> {
        let last = self.entries.pop()?;
        let Some(&first) = self.entries.first() else {
            return Some(last);
        };
        let hole = self.sink();
        self.sift_up(hole, last);
        Some(first)
    }

    /// Moves the hole at the root down to a leaf. The last entry, which is to fill it, belongs near the
    /// leaves anyway, so comparing with it on the way would be in vain (Wegener 1993).
    fn sink(&mut self) -> usize {
        let mut hole = 0;
        loop {
            let child = hole * ARITY + 1;
            let smallest = match self.entries.get(child..) {
                Some(&[a, b, c, d, ..]) => {
                    let left = usize::from(b.rank() < a.rank());
                    let right = 2 + usize::from(d.rank() < c.rank());
                    let (lower, upper) = (self.entries[child + left], self.entries[child + right]);
                    child
                        + if upper.rank() < lower.rank() {
                            right
                        } else {
                            left
                        }
                }
                Some(children) => {
                    let ranks = children.iter().map(|entry| entry.rank());
                    match ranks.enumerate().min_by_key(|&(_, rank)| rank) {
                        Some((offset, _)) => child + offset,
                        None => return hole,
                    }
                }
                None => return hole,
            };
            self.entries[hole] = self.entries[smallest];
            hole = smallest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Heap};
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn pops_in_sorted_order(keys in prop::collection::vec((0_u64..50, any::<u32>()), 0..300)) {
            let mut heap = Heap::default();
            let mut expected: Vec<Entry> =
                keys.iter().map(|&(key, slot)| Entry { key, slot }).collect();
            for &entry in &expected {
                heap.push(entry);
            }
            expected.sort_unstable();
            let mut popped = Vec::new();
            while let Some(entry) = heap.pop() {
                popped.push(entry);
            }
            prop_assert_eq!(popped, expected);
        }
    }
}
