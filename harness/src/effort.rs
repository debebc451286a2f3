//! How much time a measurement takes.

use serde::{Deserialize, Serialize};

use crate::record::Part;

/// How much time a measurement takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// A minute at most for V8 isolates, WebAssembly, containers and processes, and some three seconds
    /// for each technology if there are more of them: orders of magnitude.
    Quick,
    /// Five minutes at most, or twelve seconds for each technology.
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
    /// Seconds after which no more is begun once there are [`FEWEST`] repetitions: what a slow
    /// technology may take of a run that others share.
    pub limit: f64,
}

impl Budget {
    /// The same within a limit of seconds.
    #[must_use]
    pub fn within(self, limit: f64) -> Self {
        Self {
            seconds: self.seconds.min(limit),
            limit,
            ..self
        }
    }
}

/// Repetitions there are however slow a technology is: with fewer nothing can be said of scatter.
pub const FEWEST: u32 = 3;

/// The time of a run, shared out among its cells. Whoever needs less than an even share leaves the
/// rest to those that come later.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Purse {
    /// Seconds for the whole run; none if it may take as long as it likes.
    pub total: Option<f64>,
}

impl Purse {
    /// A slow cell may take this many even shares: most take less than one.
    const SHARES: f64 = 3.0;

    /// What a cell may take, whatever the time, and whatever is left of it.
    const LIMITS: (f64, f64) = (1.0, 20.0);

    /// Seconds left, none if there is no end.
    pub fn left(self, elapsed: f64) -> Option<f64> {
        self.total.map(|total| (total - elapsed).max(0.0))
    }

    /// Seconds after which a cell begins nothing more, with so many seconds of the run gone and so
    /// many cells to come, this one included.
    pub fn limit(self, elapsed: f64, cells: usize) -> f64 {
        let (least, most) = Self::LIMITS;
        match self.left(elapsed) {
            Some(left) => (Self::SHARES * left / cells.max(1) as f64).clamp(least, most),
            None => f64::MAX,
        }
    }

    /// Whether a cell is left out: it repeats what was done in an earlier block, and the time is
    /// over. What was never done is done in any case.
    pub fn leaves_out(self, elapsed: f64, block: u32) -> bool {
        block > 0 && self.left(elapsed).is_some_and(|left| left <= 0.0)
    }
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
            Part::Coding => (1, 2, 3),
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
            Part::Coding => (0.0, self.choose(2, 4, 8), self.choose(2, 4, 8)),
            Part::Suspension => (0.3, self.choose(3, 10, 40), self.choose(3, 10, 40)),
        };
        Budget {
            seconds,
            at_least,
            at_most,
            limit: f64::MAX,
        }
    }

    /// The time of a whole run of so many technologies.
    pub fn purse(self, technologies: usize) -> Purse {
        let seconds = |each: f64, at_least: f64| Some((each * technologies as f64).max(at_least));
        Purse {
            total: self.choose(seconds(3.0, 60.0), seconds(12.0, 300.0), None),
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

#[cfg(test)]
mod tests {
    use super::{Effort, Purse};

    const PURSE: Purse = Purse { total: Some(100.0) };

    #[test]
    fn what_is_not_used_is_left_to_those_that_come_later() {
        // 100 seconds for 100 cells: one each, and a slow one may take three.
        assert!((PURSE.limit(0.0, 100) - 3.0).abs() < 1e-9);
        // Half of them took a quarter of the time.
        assert!((PURSE.limit(25.0, 50) - 4.5).abs() < 1e-9);
        assert!((PURSE.limit(0.0, 1) - 20.0).abs() < 1e-9, "never all of it");
        assert!((PURSE.limit(1e9, 50) - 1.0).abs() < 1e-9, "never nothing");
    }

    #[test]
    fn the_time_grows_with_what_is_measured() {
        let minutes = |effort: Effort, rows| effort.purse(rows).total.map(|total| total / 60.0);
        // The founding technologies are some two dozen rows.
        assert_eq!(minutes(Effort::Quick, 24), Some(1.2));
        assert_eq!(minutes(Effort::Default, 24), Some(5.0));
        assert!(
            minutes(Effort::Default, 70) < Some(15.0),
            "everything there is"
        );
        assert_eq!(minutes(Effort::Quick, 20), Some(1.0));
        assert_eq!(minutes(Effort::Default, 1), Some(5.0), "few need not hurry");
        assert_eq!(minutes(Effort::Thorough, 1), None);
    }

    #[test]
    fn only_repetitions_are_left_out_and_only_when_the_time_is_over() {
        assert!(!PURSE.leaves_out(99.0, 1));
        assert!(PURSE.leaves_out(100.0, 1));
        assert!(!PURSE.leaves_out(1e9, 0));
        assert!(!Effort::Thorough.purse(1).leaves_out(1e9, 9));
    }
}
