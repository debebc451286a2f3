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
//! Keys are hashed with the SplitMix64 finaliser (Steele, Lea, Flood 2014; constants of Stafford's
//! variant 13); generators are PCG XSL-RR 128/64 (MCG), O'Neill 2014. Both are fixed integer
//! algorithms with the same output on every platform.
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

use rand::SeedableRng;

/// The generator behind every stream.
pub type Stream = rand_pcg::Pcg64Mcg;

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
const fn mix(word: u64) -> u64 {
    let z = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Adds one index to a key.
const fn absorb(key: u64, index: u64) -> u64 {
    mix(key.wrapping_add(GOLDEN_GAMMA) ^ mix(index.wrapping_add(GOLDEN_GAMMA)))
}

fn generator(key: u64) -> Stream {
    let high = mix(key.wrapping_add(GOLDEN_GAMMA));
    let low = mix(key.wrapping_add(GOLDEN_GAMMA.wrapping_mul(2)));
    let mut seed = [0; 16];
    seed[..8].copy_from_slice(&low.to_le_bytes());
    seed[8..].copy_from_slice(&high.to_le_bytes());
    Stream::from_seed(seed)
}

/// All random streams of one run: a pure function of (seed, cell, replication).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    root: u64,
}

impl Streams {
    /// Names the run.
    pub const fn new(seed: u64, cell: u64, replication: u64) -> Self {
        Self {
            root: absorb(absorb(absorb(0, seed), cell), replication),
        }
    }

    /// A stream belonging to the run as a whole.
    pub fn run(&self, purpose: Purpose) -> Stream {
        generator(absorb(absorb(self.root, 0), purpose as u64))
    }

    /// The streams of the session with this index, counted in order of opening.
    pub const fn session(&self, index: u64) -> SessionStreams {
        SessionStreams {
            key: absorb(absorb(self.root, 1), index),
        }
    }

    /// The streams of a session present at time zero. `group` tells populations apart, so that
    /// the size of one doesn't shift the identity of another.
    pub const fn initial_session(&self, group: u32, index: u64) -> SessionStreams {
        SessionStreams {
            key: absorb(absorb(self.root, 2 + group as u64), index),
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

/// The streams of one session. Eight bytes; a generator is made when a number is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionStreams {
    key: u64,
}

impl SessionStreams {
    /// A fresh generator for the `draw`-th use (for instance the turn number) of a purpose.
    pub fn stream(self, purpose: Purpose, draw: u32) -> Stream {
        generator(absorb(
            self.key,
            (u64::from(purpose as u32) << 32) | u64::from(draw),
        ))
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
        6_012_408_558_816_038_639,
        13_158_458_416_265_239_717,
        14_487_849_745_304_126_109,
        3_726_924_361_815_171_432,
    ];

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
