//! A tournament tree: the smallest of a fixed number of changing keys.

/// Holds one key per host and always knows the host with the smallest; ties go to the lower index.
///
/// Used for the next CPU completion in the cell and for choosing the emptiest or fullest host.
/// Changing a key costs the depth of the tree and nothing is ever left behind, unlike events that
/// are invalidated lazily.
#[derive(Debug, Clone)]
pub(super) struct Tournament {
    leaves: usize,
    /// `nodes[1]` is the root; `nodes[leaves + i]` is host `i`.
    nodes: Vec<(u64, u32)>,
}

impl Tournament {
    /// A tree of `count` keys, all `u64::MAX`.
    pub(super) fn new(count: u32) -> Self {
        let leaves = (count as usize).next_power_of_two();
        let mut nodes = vec![(u64::MAX, 0); 2 * leaves];
        for (index, node) in (0..).zip(&mut nodes[leaves..]) {
            node.1 = index;
        }
        for index in (1..leaves).rev() {
            nodes[index] = nodes[2 * index];
        }
        Self { leaves, nodes }
    }

    /// The smallest key.
    pub(super) fn first_key(&self) -> u64 {
        self.nodes[1].0
    }

    /// The index of the smallest key.
    pub(super) fn first_index(&self) -> u32 {
        self.nodes[1].1
    }

    /// Changes one key.
    pub(super) fn set(&mut self, index: u32, key: u64) {
        let mut node = self.leaves + index as usize;
        self.nodes[node].0 = key;
        while node > 1 {
            node /= 2;
            let winner = self.nodes[2 * node].min(self.nodes[2 * node + 1]);
            if self.nodes[node] == winner {
                // Also right when the changed leaf had been the winner: the pair would differ.
                break;
            }
            self.nodes[node] = winner;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tournament;
    use proptest::prelude::{prop, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn finds_the_smallest(
            count in 1_u32..40,
            changes in prop::collection::vec((0_u32..40, 0_u64..6), 1..200),
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
