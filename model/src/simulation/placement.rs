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
    /// Without members, for numbers below `size`.
    fn empty(size: u32) -> Self {
        Self {
            words: vec![0; size.div_ceil(64) as usize],
            count: 0,
        }
    }

    fn contains(&self, index: u32) -> bool {
        self.words[(index / 64) as usize] >> (index % 64) & 1 == 1
    }

    /// Makes a number a member or not.
    #[inline]
    fn set(&mut self, index: u32, member: bool) {
        let word = &mut self.words[(index / 64) as usize];
        let before = *word;
        let bit = 1_u64 << (index % 64);
        *word = if member { before | bit } else { before & !bit };
        self.count += u32::from(before & bit == 0 && member);
        self.count -= u32::from(before & bit != 0 && !member);
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

/// The hosts that may be chosen, by the order the rule prefers them in.
#[derive(Debug, Clone)]
struct Candidates {
    members: BitSet,
    /// Keys ordered by preference, for the rules that have one; `u64::MAX` for others than members.
    preferred: Option<Tournament>,
}

impl Candidates {
    fn none(rule: Placement, hosts: u32) -> Self {
        let ranked = matches!(rule, Placement::BestFit | Placement::LeastLoaded);
        Self {
            members: BitSet::empty(hosts),
            preferred: ranked.then(|| Tournament::new(hosts)),
        }
    }

    /// Makes a host a member or not, with its key.
    fn set(&mut self, host: u32, member: bool, key: u64) {
        self.members.set(host, member);
        if let Some(tree) = &mut self.preferred {
            tree.set(host, if member { key } else { u64::MAX });
        }
    }
}

/// Free places per host, and the rule for choosing among hosts with room.
#[derive(Debug, Clone)]
pub(super) struct Placer {
    rule: Placement,
    /// Places of an empty host.
    slots: u32,
    /// Places for new sandboxes.
    free: Vec<u32>,
    with_room: Candidates,
    /// Hosts with room and an unused sandbox; only where there are such.
    pooled: Option<Candidates>,
    next: u32,
    /// Sandboxes placed so far.
    placed: u64,
    /// Of each host, what `placed` was when it was last chosen; only where hosts that are as loaded as
    /// each other take turns.
    chosen: Vec<u64>,
}

impl Placer {
    /// All hosts are empty.
    pub(super) fn new(rule: Placement, hosts: u32, slots: u32) -> Self {
        let mut placer = Self {
            rule,
            slots,
            free: vec![slots; hosts as usize],
            with_room: Candidates::none(rule, hosts),
            pooled: None,
            next: 0,
            placed: 0,
            chosen: vec![
                0;
                if rule == Placement::LeastLoaded {
                    hosts as usize
                } else {
                    0
                }
            ],
        };
        for host in 0..hosts {
            placer
                .with_room
                .set(host, slots > 0, placer.key(host, slots));
        }
        placer
    }

    /// Places free on each host.
    pub(super) fn free(&self) -> &[u32] {
        &self.free
    }

    /// Whether any host has room.
    pub(super) const fn has_room(&self) -> bool {
        self.with_room.members.count > 0
    }

    /// Chooses a host with room, one with an unused sandbox if there is such, and takes a place
    /// there. `generator` is called only by random rules.
    #[inline]
    pub(super) fn place<R: Rng>(&mut self, generator: impl FnOnce() -> R) -> Option<u32> {
        let candidates = match &self.pooled {
            Some(pooled) if pooled.members.count > 0 => pooled,
            _ => &self.with_room,
        };
        let members = &candidates.members;
        let room = members.count;
        if room == 0 {
            return None;
        }
        let host = match self.rule {
            Placement::FirstFit => members.next_cyclic(0)?,
            Placement::BestFit | Placement::LeastLoaded => {
                candidates.preferred.as_ref()?.first_index()
            }
            Placement::RoundRobin => {
                let host = members.next_cyclic(self.next)?;
                self.next = if (host as usize) + 1 < self.free.len() {
                    host + 1
                } else {
                    0
                };
                host
            }
            Placement::Random => {
                let rank = generator().random_range(0..room);
                members.select(rank)?
            }
            Placement::PowerOfTwo => {
                let mut generator = generator();
                let one = generator.random_range(0..room);
                let first = members.select(one)?;
                if room == 1 {
                    first
                } else {
                    let other = generator.random_range(0..room - 1);
                    let other = other + u32::from(other >= one);
                    let second = members.select(other)?;
                    if self.free[second as usize] > self.free[first as usize] {
                        second
                    } else {
                        first
                    }
                }
            }
        };
        self.placed += 1;
        if let Some(chosen) = self.chosen.get_mut(host as usize) {
            *chosen = self.placed;
        }
        self.take(host);
        Some(host)
    }

    /// Takes a place on a host known to have room.
    #[inline]
    pub(super) fn take(&mut self, host: u32) {
        self.set_free(host, self.free[host as usize] - 1);
    }

    /// Gives a place back.
    #[inline]
    pub(super) fn release(&mut self, host: u32) {
        self.set_free(host, self.free[host as usize] + 1);
    }

    /// Says how many places a host has for new sandboxes.
    #[inline]
    pub(super) fn set_free(&mut self, host: u32, free: u32) {
        let before = std::mem::replace(&mut self.free[host as usize], free);
        if (before == 0) != (free == 0) || self.with_room.preferred.is_some() {
            let key = self.key(host, free);
            self.with_room.set(host, free > 0, key);
        }
        if let Some(pooled) = &mut self.pooled
            && pooled.members.contains(host)
        {
            // `set_pooled` makes members of hosts with room only; they leave when they are full.
            let key = key(self.rule, free, self.slots, &self.chosen, host);
            pooled.set(host, free > 0, key);
        }
    }

    /// Says whether a host has an unused sandbox. Has to be called again whenever the host's places
    /// have changed from none to some.
    pub(super) fn set_pooled(&mut self, host: u32, pooled: bool) {
        let hosts = u32::try_from(self.free.len()).unwrap_or(u32::MAX);
        let free = self.free[host as usize];
        let key = self.key(host, free);
        self.pooled
            .get_or_insert_with(|| Candidates::none(self.rule, hosts))
            .set(host, pooled && free > 0, key);
    }

    fn key(&self, host: u32, free: u32) -> u64 {
        key(self.rule, free, self.slots, &self.chosen, host)
    }
}

/// Bits of the key in which hosts that are as loaded as each other differ: enough for as many
/// placements as no run has.
const TURN_BITS: u32 = 40;

/// Of a host with room; smaller is preferred. Of the least loaded hosts, the one not chosen for
/// longest comes first, as schedulers spread what they place: always the same one would be given
/// starts faster than it can let them through, while others wait for work.
fn key(rule: Placement, free: u32, slots: u32, chosen: &[u64], host: u32) -> u64 {
    if rule == Placement::BestFit {
        return u64::from(free);
    }
    let turn = chosen.get(host as usize).copied().unwrap_or(0);
    let most = (1 << (64 - TURN_BITS)) - 2;
    let used = u64::from(slots.saturating_sub(free)).min(most);
    used << TURN_BITS | turn & ((1 << TURN_BITS) - 1)
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
            assert!(placer.free().iter().all(|&free| free == 0), "{rule:?}");
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
    fn hosts_as_loaded_as_each_other_take_turns() {
        let mut placer = Placer::new(Placement::LeastLoaded, 3, 5);
        let mut place = || {
            let host = placer.place(|| Streams::new(0, 0, 0).run(Purpose::Placement));
            placer.release(host.unwrap());
            host.unwrap()
        };
        let turns: Vec<u32> = std::iter::repeat_with(&mut place).take(7).collect();
        assert_eq!(turns, [0, 1, 2, 0, 1, 2, 0]);
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
        let mut set = BitSet::empty(130);
        set.set(3, true);
        assert_eq!(set.next_cyclic(4), Some(3));
        assert_eq!(set.next_cyclic(129), Some(3));
        assert_eq!(set.next_cyclic(3), Some(3));
        assert_eq!(set.select(0), Some(3));
        assert_eq!(set.select(1), None);
    }
}
