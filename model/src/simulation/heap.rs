//! A four-ary min-heap of (key, slot) pairs.
//!
//! Used twice: for timers, keyed by nanoseconds, and for the jobs of a host, keyed by virtual finish
//! time. Four children share a cache line and halve the depth of a binary heap (LaMarca and Ladner
//! 1996). Ties are broken by slot, so the order of extraction is a function of the contents alone
//! and doesn't depend on how the heap is implemented.

/// One pending entry: smallest key first, then smallest slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) key: u64,
    pub(super) slot: u32,
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

    pub(super) fn push(&mut self, entry: Entry) {
        let mut hole = self.entries.len();
        self.entries.push(entry);
        while hole > 0 {
            let parent = (hole - 1) / ARITY;
            let above = self.entries[parent];
            if above <= entry {
                break;
            }
            self.entries[hole] = above;
            hole = parent;
        }
        self.entries[hole] = entry;
    }

    pub(super) fn pop(&mut self) -> Option<Entry> {
        let last = self.entries.pop()?;
        let Some(&first) = self.entries.first() else {
            return Some(last);
        };
        self.sift_down(last);
        Some(first)
    }

    /// Puts `entry` in the place of the root.
    fn sift_down(&mut self, entry: Entry) {
        let entries = self.entries.as_mut_slice();
        let mut hole = 0;
        loop {
            let child = hole * ARITY + 1;
            let Some(children) = entries.get(child..(child + ARITY).min(entries.len()).max(child))
            else {
                break;
            };
            let Some((offset, &smallest)) = children
                .iter()
                .enumerate()
                .min_by(|(_, left), (_, right)| left.cmp(right))
            else {
                break;
            };
            if entry <= smallest {
                break;
            }
            entries[hole] = smallest;
            hole = child + offset;
        }
        entries[hole] = entry;
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
