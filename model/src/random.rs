//! Random streams that are pure functions of their indices.
//!
//! A simulation run is named by four numbers: the seed, the cell, the replication and, inside the
//! run, what the number is drawn for. [`Streams`] turns such a name into a generator without any
//! shared state, so runs may be executed in any order on any number of threads, and two runs that
//! differ only in technology, host count or load see *the same users*: the k-th session has the
//! same number of turns, the same think times and the same work whatever serves it. Comparing two
//! systems under such common random numbers removes most of the noise from the difference (Law,
//! *Simulation Modeling and Analysis*, chapter 11).
//!
//! Everything is SplitMix64 (Steele, Lea and Flood 2014; constants of Stafford's variant 13): a counter
//! that grows by an odd constant, and a finaliser that turns each of its values into a random word. A
//! session has one such sequence, keyed by a hash of its name, and the *place* in it says what a word
//! is for: purpose, turn and number of the draw. So a draw costs one finaliser, and no generator has
//! to be kept or set up. The algorithm is fixed integer arithmetic with the same output on every
//! platform.
//!
//! ```
//! use rand::RngExt;
//! use tonnage_model::random::{Purpose, Streams};
//!
//! let think = |seed| {
//!     let session = Streams::new(seed, 0, 3).session(17);
//!     session.stream(Purpose::Think, 2).random::<u64>()
//! };
//! assert_eq!(think(1), think(1));
//! assert_ne!(think(1), think(2));
//! ```

use rand::TryRng;
use std::convert::Infallible;

/// The generator behind every stream: SplitMix64. Its period is 2⁶⁴; within a session, a stream that
/// is used for more than 65,536 words runs on into the next purpose's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    counter: u64,
}

impl TryRng for Stream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        // The upper half, which the finaliser mixes best.
        self.try_next_u64().map(|word| (word >> 32) as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.counter = self.counter.wrapping_add(GOLDEN_GAMMA);
        Ok(mix(self.counter))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

/// What random numbers are drawn for. Each purpose has its own streams, so changing one ingredient
/// of a model (say, the start latency) leaves all other draws as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Purpose {
    /// Times at which sessions open.
    Arrivals = 1,
    /// Number of turns of a session.
    SessionShape = 2,
    /// Think time of a turn.
    Think = 3,
    /// CPU work of a turn's burst.
    Burst = 4,
    /// Wall time of a sandbox start.
    StartLatency = 5,
    /// CPU work of a sandbox start.
    StartCpu = 6,
    /// Choice of a host.
    Placement = 7,
    /// Population present at time zero, and its phases.
    InitialState = 8,
    /// Wall time to resume a suspended sandbox.
    ResumeLatency = 9,
    /// CPU work to resume a suspended sandbox.
    ResumeCpu = 10,
    /// Which hosts fail, and when.
    Failure = 11,
    /// Memory a sandbox really holds.
    Memory = 12,
    /// Whether a session belongs to the noisy minority.
    Minority = 13,
}

const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The SplitMix64 finaliser: a bijection of 64-bit words that flips half of the output bits on
/// average when one input bit flips.
#[inline]
const fn mix(word: u64) -> u64 {
    let z = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Adds one index to a key.
#[inline]
const fn absorb(key: u64, index: u64) -> u64 {
    mix(key.wrapping_add(GOLDEN_GAMMA) ^ mix(index.wrapping_add(GOLDEN_GAMMA)))
}

/// All random streams of one run: a pure function of (seed, cell, replication).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    root: u64,
    /// What the keys of sessions are counted from.
    sessions: u64,
}

impl Streams {
    /// Names the run.
    pub const fn new(seed: u64, cell: u64, replication: u64) -> Self {
        let root = absorb(absorb(absorb(0, seed), cell), replication);
        Self {
            root,
            sessions: absorb(root, 1),
        }
    }

    /// A stream belonging to the run as a whole.
    pub fn run(&self, purpose: Purpose) -> Stream {
        Stream {
            counter: absorb(absorb(self.root, 0), purpose as u64),
        }
    }

    /// The streams of the session with this index, counted in order of opening.
    #[inline]
    pub const fn session(&self, index: u64) -> SessionStreams {
        SessionStreams {
            key: word(self.sessions, index),
        }
    }

    /// The streams of a session present at time zero. `group` tells populations apart, so that
    /// the size of one doesn't shift the identity of another.
    pub const fn initial_session(&self, group: u32, index: u64) -> SessionStreams {
        SessionStreams {
            key: word(absorb(self.root, 2 + group as u64), index),
        }
    }

    /// The streams of a host and of sandboxes that are started there for nobody.
    pub const fn host(&self, index: u32) -> SessionStreams {
        SessionStreams {
            key: absorb(absorb(self.root, 1 << 40), index as u64),
        }
    }

    /// The streams of a session that comes with a storm, by the storm's number and its own.
    pub const fn storm(&self, storm: u64, index: u64) -> SessionStreams {
        SessionStreams {
            key: absorb(absorb(absorb(self.root, 1 << 41), storm), index),
        }
    }
}

/// The word at a place of the SplitMix64 sequence with this key.
#[inline]
const fn word(key: u64, place: u64) -> u64 {
    mix(key.wrapping_add(place.wrapping_add(1).wrapping_mul(GOLDEN_GAMMA)))
}

/// Bits for the number of a word within one draw.
const WORD_BITS: u32 = 16;
/// Bits for the purpose.
const PURPOSE_BITS: u32 = 6;

/// The streams of one session. Eight bytes; a generator is made when a number is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct SessionStreams {
    key: u64,
}

impl SessionStreams {
    /// A fresh generator for the `draw`-th use (for instance the turn number) of a purpose.
    #[inline]
    pub const fn stream(self, purpose: Purpose, draw: u32) -> Stream {
        let place = (draw as u64) << (PURPOSE_BITS + WORD_BITS) | (purpose as u64) << WORD_BITS;
        Stream {
            counter: self.key.wrapping_add(place.wrapping_mul(GOLDEN_GAMMA)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Purpose, Streams};
    use rand::RngExt;

    /// Held fixed: changing these values changes every simulated number that was ever published.
    #[test]
    fn first_words_are_fixed() {
        let streams = Streams::new(42, 7, 3);
        let words = [
            streams.run(Purpose::Arrivals).random::<u64>(),
            streams.session(0).stream(Purpose::Think, 0).random(),
            streams.session(1).stream(Purpose::Think, 0).random(),
            streams
                .initial_session(1, 0)
                .stream(Purpose::Burst, 9)
                .random(),
        ];
        assert_eq!(words, FIXED);
    }

    const FIXED: [u64; 4] = [
        4_756_600_255_457_510_885,
        8_381_243_528_629_140_273,
        7_538_744_780_934_282_940,
        12_681_191_289_187_432_905,
    ];

    const ALL: [Purpose; 8] = [
        Purpose::Arrivals,
        Purpose::SessionShape,
        Purpose::Think,
        Purpose::Burst,
        Purpose::StartLatency,
        Purpose::StartCpu,
        Purpose::Placement,
        Purpose::InitialState,
    ];

    /// Places of a session's sequence belong to one (purpose, draw, word) each.
    #[test]
    fn no_two_draws_share_a_word() {
        let session = Streams::new(1, 2, 3).session(4);
        let mut seen = std::collections::HashSet::new();
        for purpose in ALL {
            assert!((purpose as u32) < 1 << super::PURPOSE_BITS);
            for draw in 0..300 {
                let mut stream = session.stream(purpose, draw);
                for _ in 0..20 {
                    assert!(seen.insert(stream.random::<u64>()), "{purpose:?} {draw}");
                }
            }
        }
    }

    #[test]
    fn bytes_are_those_of_the_words() {
        let stream = || Streams::new(1, 2, 3).run(Purpose::Arrivals);
        let (mut words, mut bytes) = (stream(), [0_u8; 21]);
        stream().fill(&mut bytes);
        let words: Vec<u8> = (0..3)
            .flat_map(|_| words.random::<u64>().to_le_bytes())
            .collect();
        assert_eq!(bytes[..], words[..21]);
    }

    /// Pearson's statistic of pairs on a 64 × 64 grid, in standard deviations from its mean.
    fn dependence(pairs: impl Iterator<Item = (u64, u64)>) -> f64 {
        let mut counts = vec![0_u32; 1 << 12];
        let mut total = 0_u32;
        for (left, right) in pairs {
            counts[usize::try_from(left << 6 | right).unwrap()] += 1;
            total += 1;
        }
        let expected = f64::from(total) / f64::from(1 << 12);
        let statistic: f64 = counts
            .iter()
            .map(|&count| (f64::from(count) - expected).powi(2) / expected)
            .sum();
        let freedom = f64::from((1 << 12) - 1);
        (statistic - freedom) / (2.0 * freedom).sqrt()
    }

    /// Whatever two words are compared, of one session or of neighbouring ones, of one turn or of
    /// neighbouring turns, of one purpose or of different ones: their upper, middle and lower bits
    /// fall on a grid as independent ones would, within five standard deviations.
    #[test]
    fn words_with_related_names_are_independent() {
        type Pair<'a> = &'a dyn Fn(u64) -> (u64, u64);
        let streams = Streams::new(20, 6, 4);
        let word = |session: u64, purpose, draw, skip: usize| -> u64 {
            let mut stream = streams.session(session).stream(purpose, draw);
            (0..skip).for_each(|_| {
                stream.random::<u64>();
            });
            stream.random()
        };
        let think = |session, draw| word(session, Purpose::Think, draw, 0);
        let pairs: [(&str, Pair<'_>); 8] = [
            ("neighbouring sessions", &|n| (think(n, 1), think(n + 1, 1))),
            ("far sessions", &|n| (think(n, 1), think(n + (1 << 40), 1))),
            ("neighbouring turns", &|n| (think(n, 1), think(n, 2))),
            ("turns 16 apart", &|n| (think(n, 1), think(n, 17))),
            ("think and burst", &|n| {
                (think(n, 3), word(n, Purpose::Burst, 3, 0))
            }),
            ("start and its CPU", &|n| {
                (
                    word(n, Purpose::StartLatency, 3, 0),
                    word(n, Purpose::StartCpu, 3, 0),
                )
            }),
            ("a word and the next", &|n| {
                (think(n, 3), word(n, Purpose::Think, 3, 1))
            }),
            ("cells", &|n| {
                let other = Streams::new(20, 7, 4).session(n);
                (think(n, 3), other.stream(Purpose::Think, 3).random())
            }),
        ];
        for (name, pair) in pairs {
            for shift in [58, 29, 0] {
                let bits = |word: u64| word >> shift & 63;
                let found = dependence((0..200_000).map(|n| {
                    let (left, right) = pair(n);
                    (bits(left), bits(right))
                }));
                assert!(found.abs() < 5.0, "{name}, from bit {shift}: {found}");
            }
        }
    }

    /// First uniforms of neighbouring sessions behave like independent uniforms: mean, variance
    /// and lag-one correlation within five standard errors.
    #[test]
    fn neighbouring_sessions_are_uncorrelated() {
        let streams = Streams::new(0, 0, 0);
        let n = 200_000_u32;
        let uniform = |index: u32| -> f64 {
            streams
                .session(u64::from(index))
                .stream(Purpose::Burst, 1)
                .random()
        };
        let values: Vec<f64> = (0..n).map(uniform).collect();
        let count = f64::from(n);
        let mean = values.iter().sum::<f64>() / count;
        let square = values.iter().map(|u| (u - 0.5).powi(2)).sum::<f64>() / count;
        let lag = values
            .windows(2)
            .map(|pair| (pair[0] - 0.5) * (pair[1] - 0.5))
            .sum::<f64>()
            / count;
        assert!((mean - 0.5).abs() < 5.0 * (1.0 / 12.0 / count).sqrt());
        assert!((square - 1.0 / 12.0).abs() < 5.0 * (1.0 / 180.0 / count).sqrt());
        assert!(lag.abs() < 5.0 / 12.0 / count.sqrt());
    }
}
