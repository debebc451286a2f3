//! A tournament tree: the smallest of a fixed number of changing keys.

/// Children of a node. Eight keys fill a line of the cache, and their smallest is found without a
/// branch that could be mispredicted.
const CHILDREN: usize = 8;

/// Holds one key per host and always knows the host with the smallest; ties go to the lower index.
///
/// Used for the next CPU completion in the cell and for choosing the emptiest or fullest host.
/// Changing a key costs the depth of the tree and nothing is ever left behind, unlike events that
/// are invalidated lazily.
#[derive(Debug, Clone)]
pub(super) struct Tournament {
    /// By level, from the keys themselves to the root's children; each number is the smallest of
    /// the node below.
    nodes: Vec<[u64; CHILDREN]>,
    /// Where the levels begin.
    levels: Vec<usize>,
    first: u64,
}

impl Tournament {
    /// A tree of `count` keys, all `u64::MAX`.
    pub(super) fn new(count: u32) -> Self {
        let mut levels = Vec::new();
        let (mut nodes, mut width) = (0, count as usize);
        loop {
            width = width.div_ceil(CHILDREN);
            levels.push(nodes);
            nodes += width;
            if width <= 1 {
                break;
            }
        }
        Self {
            nodes: vec![[u64::MAX; CHILDREN]; nodes],
            levels,
            first: u64::MAX,
        }
    }

    /// The smallest key.
    #[inline]
    pub(super) const fn first_key(&self) -> u64 {
        self.first
    }

    /// The index of the smallest key.
    pub(super) fn first_index(&self) -> u32 {
        let mut index = 0;
        for &level in self.levels.iter().rev() {
            let node = &self.nodes[level + index];
            // A bit for each child that is the smallest; the lowest one counts.
            let smallest = (0..CHILDREN).fold(1 << CHILDREN, |bits: u32, child| {
                bits | u32::from(node[child] == self.first) << child
            });
            index = index * CHILDREN + smallest.trailing_zeros() as usize;
        }
        // Less than the count, which is 32 bits wide.
        u32::try_from(index).unwrap_or(0)
    }

    /// Changes one key.
    #[inline]
    pub(super) fn set(&mut self, index: u32, key: u64) {
        let (mut index, mut key) = (index as usize, key);
        for &level in &self.levels {
            let node = &mut self.nodes[level + index / CHILDREN];
            let child = &mut node[index % CHILDREN];
            if *child == key {
                return;
            }
            *child = key;
            let [a, b, c, d, e, f, g, h] = *node;
            key = (a.min(b).min(c.min(d))).min(e.min(f).min(g.min(h)));
            index /= CHILDREN;
        }
        self.first = key;
    }
}

#[cfg(test)]
mod tests {
    use super::Tournament;
    use proptest::prelude::{prop, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn finds_the_smallest(
            count in 1_u32..200,
            changes in prop::collection::vec((0_u32..200, 0_u64..6), 1..300),
        ) {
            let mut tree = Tournament::new(count);
            let mut keys = vec![u64::MAX; count as usize];
            for (index, key) in changes {
                let index = index % count;
                tree.set(index, key);
                keys[index as usize] = key;
                let (expected, key) = keys.iter().enumerate().min_by_key(|&(_, key)| key).unwrap();
                prop_assert_eq!(tree.first_index() as usize, expected);
                prop_assert_eq!(tree.first_key(), *key);
            }
        }
    }
}
