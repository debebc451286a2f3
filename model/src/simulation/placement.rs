//! Which host gets the next sandbox.

use super::spec::Placement;
use super::tournament::Tournament;
use rand::Rng;
use rand::RngExt;

/// A set of small integers that can be counted and indexed.
#[derive(Debug, Clone)]
struct BitSet {
    words: Vec<u64>,
    count: u32,
}

impl BitSet {
    fn full(count: u32) -> Self {
        let mut words = vec![u64::MAX; count.div_ceil(64) as usize];
        if let Some(last) = words.last_mut()
            && !count.is_multiple_of(64)
        {
            *last = (1 << (count % 64)) - 1;
        }
        Self { words, count }
    }

    fn insert(&mut self, index: u32) {
        self.words[(index / 64) as usize] |= 1 << (index % 64);
        self.count += 1;
    }

    fn remove(&mut self, index: u32) {
        self.words[(index / 64) as usize] &= !(1 << (index % 64));
        self.count -= 1;
    }

    /// The smallest member not below `from`, or else the smallest of all.
    fn next_cyclic(&self, from: u32) -> Option<u32> {
        let first = (from / 64) as usize;
        let numbered = || (0_u32..).zip(&self.words);
        let (number, word) = numbered().nth(first)?;
        let above = word & (u64::MAX << (from % 64));
        if above != 0 {
            return Some(number * 64 + above.trailing_zeros());
        }
        numbered()
            .skip(first + 1)
            .chain(numbered().take(first + 1))
            .find(|&(_, &word)| word != 0)
            .map(|(number, word)| number * 64 + word.trailing_zeros())
    }

    /// The member with `rank` smaller ones.
    fn select(&self, mut rank: u32) -> Option<u32> {
        for (number, &word) in (0_u32..).zip(&self.words) {
            let ones = word.count_ones();
            if rank < ones {
                let mut word = word;
                for _ in 0..rank {
                    word &= word - 1;
                }
                return Some(number * 64 + word.trailing_zeros());
            }
            rank -= ones;
        }
        None
    }
}

/// Live sandboxes per host, and the rule for choosing among hosts with room.
#[derive(Debug, Clone)]
pub(super) struct Placer {
    rule: Placement,
    slots: u32,
    live: Vec<u32>,
    with_room: BitSet,
    /// Keys ordered by preference, for the rules that have one.
    preferred: Option<Tournament>,
    next: u32,
}

impl Placer {
    pub(super) fn new(rule: Placement, hosts: u32, slots: u32) -> Self {
        let ranked = matches!(rule, Placement::BestFit | Placement::LeastLoaded);
        let mut placer = Self {
            rule,
            slots,
            live: vec![0; hosts as usize],
            with_room: BitSet::full(hosts),
            preferred: ranked.then(|| Tournament::new(hosts)),
            next: 0,
        };
        if let Some(tree) = &mut placer.preferred {
            for host in 0..hosts {
                tree.set(host, key(rule, 0, slots));
            }
        }
        placer
    }

    /// Live sandboxes on each host.
    pub(super) fn live(&self) -> &[u32] {
        &self.live
    }

    /// Whether any host has room.
    pub(super) const fn has_room(&self) -> bool {
        self.with_room.count > 0
    }

    /// Chooses a host with room and takes a slot there. `generator` is called only by random
    /// rules.
    pub(super) fn place<R: Rng>(&mut self, generator: impl FnOnce() -> R) -> Option<u32> {
        let room = self.with_room.count;
        if room == 0 {
            return None;
        }
        let host = match self.rule {
            Placement::FirstFit => self.with_room.next_cyclic(0)?,
            Placement::BestFit | Placement::LeastLoaded => self.preferred.as_ref()?.first_index(),
            Placement::RoundRobin => {
                let host = self.with_room.next_cyclic(self.next)?;
                self.next = if (host as usize) + 1 < self.live.len() {
                    host + 1
                } else {
                    0
                };
                host
            }
            Placement::Random => {
                let rank = generator().random_range(0..room);
                self.with_room.select(rank)?
            }
            Placement::PowerOfTwo => {
                let mut generator = generator();
                let one = generator.random_range(0..room);
                let first = self.with_room.select(one)?;
                if room == 1 {
                    first
                } else {
                    let other = generator.random_range(0..room - 1);
                    let other = other + u32::from(other >= one);
                    let second = self.with_room.select(other)?;
                    if self.live[second as usize] < self.live[first as usize] {
                        second
                    } else {
                        first
                    }
                }
            }
        };
        self.take(host);
        Some(host)
    }

    /// Takes a slot on a host known to have room.
    pub(super) fn take(&mut self, host: u32) {
        let live = &mut self.live[host as usize];
        *live += 1;
        if *live == self.slots {
            self.with_room.remove(host);
        }
        if let Some(tree) = &mut self.preferred {
            tree.set(host, key(self.rule, *live, self.slots));
        }
    }

    /// Gives a slot back.
    pub(super) fn release(&mut self, host: u32) {
        let live = &mut self.live[host as usize];
        if *live == self.slots {
            self.with_room.insert(host);
        }
        *live -= 1;
        if let Some(tree) = &mut self.preferred {
            tree.set(host, key(self.rule, *live, self.slots));
        }
    }
}

/// Smaller is preferred; full hosts last.
fn key(rule: Placement, live: u32, slots: u32) -> u64 {
    if live == slots {
        u64::MAX
    } else if rule == Placement::BestFit {
        u64::from(slots - live)
    } else {
        u64::from(live)
    }
}

#[cfg(test)]
mod tests {
    use super::{BitSet, Placer};
    use crate::random::{Purpose, Streams};
    use crate::simulation::spec::Placement;

    const RULES: [Placement; 6] = [
        Placement::FirstFit,
        Placement::BestFit,
        Placement::LeastLoaded,
        Placement::PowerOfTwo,
        Placement::RoundRobin,
        Placement::Random,
    ];

    #[test]
    fn every_rule_fills_every_slot_and_no_more() {
        for rule in RULES {
            let mut random = Streams::new(1, 2, 3).run(Purpose::Placement);
            let mut placer = Placer::new(rule, 130, 3);
            for _ in 0..130 * 3 {
                assert!(placer.place(|| &mut random).is_some(), "{rule:?}");
            }
            assert!(placer.live().iter().all(|&live| live == 3), "{rule:?}");
            assert_eq!(placer.place(|| &mut random), None, "{rule:?}");
            placer.release(77);
            assert_eq!(placer.place(|| &mut random), Some(77), "{rule:?}");
        }
    }

    #[test]
    fn rules_prefer_what_they_say() {
        let place = |rule| {
            let mut placer = Placer::new(rule, 4, 5);
            for host in [0, 0, 1, 1, 1, 2] {
                placer.take(host);
            }
            placer.place(|| Streams::new(0, 0, 0).run(Purpose::Placement))
        };
        assert_eq!(place(Placement::FirstFit), Some(0));
        assert_eq!(place(Placement::BestFit), Some(1));
        assert_eq!(place(Placement::LeastLoaded), Some(3));
        assert_eq!(place(Placement::RoundRobin), Some(0));
    }

    #[test]
    fn random_is_uniform_over_hosts_with_room() {
        let mut random = Streams::new(5, 0, 0).run(Purpose::Placement);
        let mut placer = Placer::new(Placement::Random, 100, 1);
        for host in (0..100).filter(|host| host % 4 != 0) {
            placer.take(host);
        }
        let mut counts = [0_u32; 100];
        for _ in 0..25_000 {
            let host = placer.place(|| &mut random).unwrap();
            counts[host as usize] += 1;
            placer.release(host);
        }
        for (host, &count) in counts.iter().enumerate() {
            if host % 4 == 0 {
                assert!((850..1150).contains(&count), "host {host}: {count}");
            } else {
                assert_eq!(count, 0);
            }
        }
    }

    #[test]
    fn search_wraps_around() {
        let mut set = BitSet::full(130);
        for index in (0..130).filter(|&index| index != 3) {
            set.remove(index);
        }
        assert_eq!(set.next_cyclic(4), Some(3));
        assert_eq!(set.next_cyclic(129), Some(3));
        assert_eq!(set.next_cyclic(3), Some(3));
        assert_eq!(set.select(0), Some(3));
        assert_eq!(set.select(1), None);
    }
}
