//! How much time a measurement takes.

use serde::{Deserialize, Serialize};

use crate::record::Part;

/// How much time a measurement takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// About a minute for all technologies of a usual host: orders of magnitude.
    Quick,
    /// About five minutes.
    Default,
    /// As long as it takes for narrow intervals: half an hour and more.
    Thorough,
}

/// What one child process may spend.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Seconds of measuring. What has begun is finished, so a slow technology takes longer.
    pub seconds: f64,
    /// Fewest repetitions, whatever the time.
    pub at_least: u32,
    /// Most repetitions; of memory, most sandboxes alive; of a burst, how many.
    pub at_most: u32,
}

impl Effort {
    /// How often a part is repeated, each time in a new process and at another moment.
    pub fn blocks(self, part: Part) -> u32 {
        let (quick, default, thorough) = match part {
            Part::Starts => (2, 5, 12),
            Part::Saturation => (1, 3, 6),
            Part::Burst | Part::Work => (1, 2, 5),
            Part::MemoryIdle | Part::MemoryTouched => (1, 2, 4),
            Part::Suspension => (1, 1, 3),
        };
        self.choose(quick, default, thorough)
    }

    /// What one child process may spend on a part.
    pub fn budget(self, part: Part) -> Budget {
        let (seconds, at_least, at_most) = match part {
            Part::Starts => (
                self.choose(0.3, 0.8, 4.0),
                self.choose(4, 6, 11),
                self.choose(200, 400, 2_000),
            ),
            Part::Saturation => (self.choose(0.3, 0.8, 3.0), 1, u32::MAX),
            Part::Burst => (0.0, 0, self.choose(8, 32, 64)),
            Part::MemoryIdle | Part::MemoryTouched => (
                self.choose(0.4, 1.2, 10.0),
                self.choose(4, 8, 16),
                self.choose(1_000, 4_000, 20_000),
            ),
            Part::Work => (
                self.choose(0.15, 0.4, 2.0),
                self.choose(3, 4, 10),
                self.choose(20, 50, 400),
            ),
            Part::Suspension => (0.3, self.choose(3, 10, 40), self.choose(3, 10, 40)),
        };
        Budget {
            seconds,
            at_least,
            at_most,
        }
    }

    /// The effort in a word.
    pub fn word(self) -> &'static str {
        self.choose("quick", "default", "thorough")
    }

    fn choose<T>(self, quick: T, default: T, thorough: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Default => default,
            Self::Thorough => thorough,
        }
    }
}

/// The largest share of the host's available memory that live sandboxes may take.
pub const MEMORY_SHARE: f64 = 0.4;
