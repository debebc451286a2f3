//! What a measurement writes down as it happens: raw samples, one JSON object to a line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::technology::{PreparationStep, Verdict};

/// What a child process measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// One start after the other, each stopped before the next: latency, CPU time and teardown.
    Starts,
    /// As many starts as the processors can do.
    Saturation,
    /// Many starts that are due at the same moment.
    Burst,
    /// Host memory while more and more sandboxes stay alive, idle after their first result.
    MemoryIdle,
    /// The same with a touched working set.
    MemoryTouched,
    /// The heavier work: its CPU time.
    Work,
    /// Suspending and resuming.
    Suspension,
    /// A step of a coding agent: its CPU time, memory and disk.
    Coding,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 8] = [
        Self::Starts,
        Self::Saturation,
        Self::Burst,
        Self::MemoryIdle,
        Self::MemoryTouched,
        Self::Work,
        Self::Suspension,
        Self::Coding,
    ];

    /// The part in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Starts => "starts, one by one",
            Self::Saturation => "starts at saturation",
            Self::Burst => "a burst of starts",
            Self::MemoryIdle => "memory, idle",
            Self::MemoryTouched => "memory, with a working set",
            Self::Work => "CPU time of work",
            Self::Suspension => "suspend and resume",
            Self::Coding => "coding step",
        }
    }
}

/// What one child process is to do: one part for one technology, once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CellId {
    /// The technology.
    pub technology: String,
    /// What is measured.
    pub part: Part,
    /// Which repetition.
    pub block: u32,
}

/// Something that was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// What was done before any start.
    Prepared {
        /// The steps.
        steps: Vec<PreparationStep>,
        /// Command lines by which sandboxes are started.
        commands: Vec<String>,
        /// What it runs with.
        verdict: Verdict,
    },
    /// A start.
    Start(StartSample),
    /// Starts at saturation.
    Rate(RateSample),
    /// Memory with some sandboxes alive.
    Memory(MemorySample),
    /// Why no more sandboxes were kept alive.
    Ceiling(Ceiling),
    /// A piece of heavier work.
    Work(WorkSample),
    /// A suspension and the resume after it.
    Suspension(SuspensionSample),
    /// A step of a coding agent.
    Coding(CodingSample),
    /// Swap that the host has, where memory is taken back.
    Swap {
        /// Its bytes.
        bytes: u64,
    },
    /// How the sandbox of a coding step differs from that of the row.
    Sandbox {
        /// In words.
        words: String,
    },
    /// Something failed that did not end the cell.
    Problem {
        /// What, and why.
        message: String,
    },
    /// The cell could not be finished.
    Failed {
        /// Why.
        message: String,
    },
    /// The cell is finished.
    Done(CellSummary),
}

/// One start. Times are seconds from `begin`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartSample {
    /// Which start of the cell; the first of each process is a warm-up.
    pub sequence: u32,
    /// The moment the start was due, in nanoseconds of the host's monotonic clock: in a burst the
    /// same for all, elsewhere the moment it began.
    pub begin: u64,
    /// Until the sandbox existed.
    pub created: Option<f64>,
    /// Until the guest's first instruction.
    pub first_instruction: Option<f64>,
    /// Until the first useful result.
    pub first_result: f64,
    /// How long it took to end it; none if it was not ended on its own.
    pub teardown: Option<f64>,
    /// CPU time of everything involved, start to end, if it was alone.
    pub cpu: Option<f64>,
}

/// Starts at saturation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RateSample {
    /// Threads that start one sandbox after the other.
    pub threads: u32,
    /// Processors there are.
    pub vcpus: u32,
    /// Sandboxes started and stopped.
    pub starts: u64,
    /// Starts per second, over all threads.
    pub per_second: f64,
    /// CPU time of everything involved.
    pub cpu: f64,
}

/// Memory with some sandboxes alive, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MemorySample {
    /// Sandboxes alive.
    pub live: u32,
    /// In which state the technology is.
    pub stage: MemoryStage,
    /// `MemAvailable` of the host.
    pub available: u64,
    /// Proportional set size of this process, the sandboxes' processes and the daemons.
    pub pss: u64,
    /// Memory that these processes share with nobody.
    pub uss: u64,
    /// Their page tables.
    pub page_tables: u64,
    /// Memory charged to the control group, kernel memory included, page cache left out; none
    /// without a group.
    pub control_group: Option<u64>,
    /// Kernel memory charged to the control group.
    pub control_group_kernel: Option<u64>,
    /// Processes seen.
    pub processes: u32,
}

/// When memory was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryStage {
    /// Before anything was prepared.
    Before,
    /// While sandboxes were added.
    Adding,
    /// After all were stopped.
    After,
    /// All there are run, before they are suspended.
    Running,
    /// All there are are suspended.
    Suspended,
    /// All there are are suspended, and the kernel was asked to take their memory back.
    Reclaimed,
}

/// Why no more sandboxes were kept alive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ceiling {
    /// Sandboxes alive at that moment.
    pub live: u32,
    /// What it was.
    pub kind: CeilingKind,
    /// In words.
    pub reason: String,
}

/// What kept more sandboxes from being alive.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum CeilingKind {
    /// The time or number this measurement allows itself: no limit of the technology.
    Effort,
    /// The share of the host's memory this measurement allows itself: no limit of the technology.
    MemoryShare,
    /// A limit of the technology or the host.
    Limit,
}

/// A piece of the heavier work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkSample {
    /// Which piece in its sandbox; the first is done by code that has not been run before.
    pub sequence: u32,
    /// Seconds until the answer.
    pub seconds: f64,
    /// CPU time of everything involved, in seconds.
    pub cpu: f64,
}

/// A suspension and the resume after it, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuspensionSample {
    /// What does it.
    pub mechanism: String,
    /// Until it was suspended.
    pub suspend: f64,
    /// From the wish to go on until the next answer.
    pub resume: f64,
    /// An answer to the same request without a suspension before it.
    pub answer: f64,
    /// What asked the kernel to take memory back before the resume, in words; none if nothing did.
    #[serde(default)]
    pub reclaim: Option<String>,
    /// CPU time of everything involved in the resume, the next answer included, in seconds.
    #[serde(default)]
    pub cpu: Option<f64>,
}

/// A step of a coding agent, each in a fresh sandbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CodingSample {
    /// Which step of the cell; the first is a warm-up, or cold.
    pub sequence: u32,
    /// Whether the page cache of what the sandbox runs was dropped before it.
    pub cold: bool,
    /// Seconds until the answer.
    pub seconds: f64,
    /// CPU time of everything involved, in seconds.
    pub cpu: f64,
    /// Most bytes that the step took beside the idle sandbox, page cache left out; none without a
    /// control group.
    pub memory: Option<u64>,
    /// Most bytes of page cache that the step added to what its control group is charged.
    pub page_cache: Option<u64>,
    /// Bytes that the sandbox wrote to a file system of its own, in whole blocks; none if it has none
    /// that can be read.
    pub disk: Option<u64>,
}

/// How a cell went as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellSummary {
    /// Wall time, in seconds.
    pub seconds: f64,
    /// CPU time of everything involved, in seconds, as the processes' own clocks tell.
    pub cpu: f64,
    /// The same as the control group tells.
    pub cpu_of_control_group: Option<f64>,
    /// Share of the processors' time taken by the hypervisor for others while the cell ran.
    pub steal: f64,
    /// Share of the processors' time that other processes of the host used while the cell ran.
    pub others: f64,
}
