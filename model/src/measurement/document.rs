//! A measurement as a file: what each technology of a host costs, with intervals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::technology::{Description, PreparationStep, Tool};
use crate::statistics::Interval;

/// Version of the format.
pub const MEASUREMENT_FORMAT: u32 = 1;

/// What was measured on a host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measurement {
    /// Version of the format; 1.
    pub format: u32,
    /// Always `measurement`.
    pub kind: String,
    /// How it came.
    pub run: Run,
    /// What it was measured on.
    pub host: Host,
    /// The technologies, in the order of the registry.
    pub rows: Vec<Row>,
}

/// How a measurement came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Version of Tonnage.
    pub version: String,
    /// The command that was given.
    pub command: String,
    /// How much time it was to take.
    pub effort: String,
    /// The seed of the order of blocks and of the nonces.
    pub seed: u64,
    /// When it began, in seconds since 1970 (UTC).
    pub started: u64,
    /// Wall time it took, in seconds; of a resumed run, of its last part.
    pub seconds: f64,
    /// Whether everything planned was measured.
    pub complete: bool,
    /// What a reader must know of the run as a whole.
    pub remarks: Vec<String>,
}

/// The host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// Processors that may be used.
    pub vcpus: u32,
    /// Memory, in bytes.
    pub memory: u64,
    /// Everything known of it that may bend numbers: CPU, kernel, governor, huge pages, ….
    pub facts: Vec<Fact>,
    /// What on this host bends the numbers, in sentences.
    pub warnings: Vec<String>,
}

/// One thing that is known of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fact {
    /// What.
    pub name: String,
    /// How it is.
    pub value: String,
}

/// What was found of one technology.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// What it is.
    pub technology: Description,
    /// Whether there are numbers.
    pub outcome: Outcome,
    /// What it ran with.
    pub tools: Vec<Tool>,
    /// What was done beforehand, the longest time of each step.
    pub preparation: Vec<PreparationStep>,
    /// Command lines by which sandboxes were started.
    pub commands: Vec<String>,
    /// Starts one by one, in seconds.
    pub start: Option<StartTimes>,
    /// The first start of each process, in seconds.
    pub first_start: Option<Summary>,
    /// Ending a sandbox, in seconds.
    pub teardown: Option<Summary>,
    /// CPU seconds of everything involved in one start and its end.
    pub cpu_per_start: Option<Estimate>,
    /// Starts at saturation.
    pub saturation: Option<Saturation>,
    /// Many starts due at one moment.
    pub burst: Option<Burst>,
    /// Memory of a sandbox that is idle after its first result.
    pub memory_idle: Option<MemoryFit>,
    /// Memory of a sandbox with a touched working set.
    pub memory_touched: Option<MemoryFit>,
    /// CPU time of the heavier work.
    pub work: Option<Work>,
    /// Suspending and resuming.
    pub suspension: Option<SuspensionTimes>,
    /// A step of a coding agent, of technologies with a full Linux.
    #[serde(default)]
    pub coding: Option<CodingStep>,
    /// How far two halves of the same measurement are apart: |ln| of the ratio of the medians of
    /// every second block. A smaller difference between two measurements is none.
    pub noise: Option<f64>,
    /// What went wrong without spoiling the row, and where accounts disagree.
    pub remarks: Vec<String>,
}

/// Whether a technology has numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// It was measured.
    Measured,
    /// It can't be measured on this host.
    NotMeasured {
        /// Why.
        why: String,
        /// What would change that.
        enable: String,
    },
    /// It failed.
    Failed {
        /// Why.
        why: String,
    },
}

/// A value with its 95% interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Its 95% interval; none with a single observation.
    pub interval: Option<Interval>,
    /// Observations behind it.
    pub samples: u32,
}

/// A distribution of samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// How many samples; none is left out.
    pub samples: u32,
    /// How many of them are more than five median absolute deviations (as standard deviations)
    /// above the median. They are marked here and counted everywhere.
    pub outliers: u32,
    /// Median with its interval, by a bootstrap over blocks and samples.
    pub median: Estimate,
    /// Median absolute deviation.
    pub mad: f64,
    /// Mean.
    pub mean: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// 95% quantile; none with too few samples to bound it (59).
    pub p95: Option<Estimate>,
    /// 99% quantile; none with too few samples to bound it (368).
    pub p99: Option<Estimate>,
    /// The distribution at 101 steps, from the smallest to the largest, for charts and plans.
    pub percentiles: Vec<f64>,
}

/// The stamps of a start, in seconds from the request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StartTimes {
    /// Until the sandbox existed.
    pub created: Option<Summary>,
    /// Until the guest's first instruction.
    pub first_instruction: Option<Summary>,
    /// Until the first useful result.
    pub first_result: Summary,
}

/// Starts at saturation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Saturation {
    /// Starts per second and vCPU, at the number of threads that did most.
    pub per_second_per_vcpu: Estimate,
    /// That number of threads.
    pub threads: u32,
    /// CPU seconds per start then.
    pub cpu_per_start: Estimate,
}

/// Many starts due at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Burst {
    /// How many at once.
    pub size: u32,
    /// Seconds from the moment they were due until the first useful result.
    pub first_result: Summary,
    /// Seconds until the last of them.
    pub all: Estimate,
}

/// A line through memory over the number of live sandboxes, in bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryFit {
    /// Memory per live sandbox, by the account named next.
    pub per_instance: Estimate,
    /// Which account gives the headline.
    pub account: MemoryAccount,
    /// Memory taken once, whatever the number of sandboxes: shared code, daemons, what was
    /// prepared. By proportional set size, shared file pages included.
    pub base: Estimate,
    /// Memory per live sandbox by every account there is.
    pub accounts: Vec<(MemoryAccount, Estimate)>,
    /// Bytes of working set that each sandbox was asked to touch.
    pub working_set: u64,
    /// Most sandboxes that were alive.
    pub highest: u32,
    /// What kept more from being alive.
    pub ceiling: super::record::Ceiling,
    /// The points: live sandboxes and bytes by the headline's account, each process's moved so that
    /// its own line begins at the base.
    pub points: Vec<(u32, f64)>,
}

/// How memory is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryAccount {
    /// What the host has less of (`MemAvailable`).
    Host,
    /// What the control group is charged, kernel memory included, page cache left out.
    ControlGroup,
    /// Proportional set size of the processes, with their page tables.
    Proportional,
    /// Memory the processes share with nobody.
    Unique,
}

impl MemoryAccount {
    /// The account in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Host => "host memory (MemAvailable)",
            Self::ControlGroup => "control group, kernel memory included",
            Self::Proportional => "proportional set size and page tables",
            Self::Unique => "unique set size",
        }
    }
}

/// CPU time of the heavier work, in seconds a piece.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Work {
    /// Rounds in a piece.
    pub rounds: u32,
    /// In a sandbox that has done some already.
    pub settled: Summary,
    /// The first piece of a fresh sandbox.
    pub fresh: Summary,
    /// Against the same work in a plain process of the same language (`process-native`,
    /// `process-node`, `process-python`), both settled; none if that was not measured.
    pub relative_cpu: Option<RelativeCpu>,
    /// Against the native program, both settled; none if that was not measured.
    pub relative_to_native: Option<Estimate>,
}

/// CPU time relative to a plain process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RelativeCpu {
    /// The row it is relative to.
    pub reference: String,
    /// Both settled.
    pub settled: Estimate,
    /// The first piece of a fresh sandbox against a settled process.
    pub fresh: Estimate,
}

/// Suspending and resuming, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SuspensionTimes {
    /// What does it.
    pub mechanism: String,
    /// Until it was suspended.
    pub suspend: Summary,
    /// From the wish to go on until the next answer.
    pub resume: Summary,
    /// An answer without a suspension before it.
    pub answer: Summary,
    /// What asked the kernel to take memory back, in words; none if that was not tried.
    #[serde(default)]
    pub reclaim: Option<String>,
    /// From the wish to go on until the next answer, after memory was taken back.
    #[serde(default)]
    pub resume_after_reclaim: Option<Summary>,
    /// CPU seconds of everything involved in one resume, the next answer included.
    #[serde(default)]
    pub cpu_per_resume: Option<Estimate>,
    /// Memory before and after.
    #[serde(default)]
    pub memory: Option<SuspendedMemory>,
}

/// Memory of one sandbox that is suspended, in bytes: what there is with some of them less what there
/// is with none, over their number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SuspendedMemory {
    /// Which account gives the headline.
    pub account: MemoryAccount,
    /// Idle, by the headline's account.
    pub running: Estimate,
    /// Suspended, by the headline's account.
    pub suspended: Estimate,
    /// Suspended and memory taken back, by the headline's account; none if that was not tried.
    pub reclaimed: Option<Estimate>,
    /// The same by every account there is.
    pub accounts: Vec<AccountOfSuspended>,
    /// Bytes of working set that each sandbox had touched.
    pub working_set: u64,
    /// Sandboxes suspended together.
    pub live: u32,
    /// Bytes of swap that the host had: without any, only pages that come from files can be taken
    /// back.
    pub swap: u64,
}

/// What one account says of a suspended sandbox, in bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountOfSuspended {
    /// The account.
    pub account: MemoryAccount,
    /// Idle.
    pub running: Estimate,
    /// Suspended.
    pub suspended: Estimate,
    /// Suspended and memory taken back.
    pub reclaimed: Option<Estimate>,
}

/// A step of a coding agent: a clone of a repository, searches, an edit, two test suites, a commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CodingStep {
    /// How the sandbox differs from that of the row, in words.
    pub sandbox: String,
    /// Seconds of a step whose programs are in the page cache.
    pub wall: Summary,
    /// CPU seconds of such a step.
    pub cpu: Summary,
    /// CPU time against the same step in a plain process; none if that was not measured.
    pub relative_cpu: Option<Estimate>,
    /// Seconds of a step before which the page cache was dropped.
    pub cold_wall: Option<Summary>,
    /// CPU seconds of such a step.
    pub cold_cpu: Option<Summary>,
    /// Most bytes beside the idle sandbox, page cache left out; none without a control group.
    pub memory: Option<Summary>,
    /// Bytes of page cache that a step adds if programs and repository are in it already: what
    /// sandboxes cannot share.
    pub page_cache: Option<Summary>,
    /// Bytes of page cache that a step adds if nothing of it is cached: what a sandbox takes that
    /// shares none.
    pub cold_page_cache: Option<Summary>,
    /// Bytes on disk that a sandbox has for itself afterwards.
    pub disk: Option<Summary>,
}

impl Measurement {
    /// The row of a technology, if it has numbers.
    pub fn measured(&self, id: &str) -> Option<&Row> {
        self.rows
            .iter()
            .find(|row| row.technology.id == id && row.outcome == Outcome::Measured)
    }
}
