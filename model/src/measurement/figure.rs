//! The figures of a technology that are compared and shown: what they are called, in which unit they
//! are, and which way is better.

use serde::Serialize;

use super::document::{Estimate, Row};

/// A figure of a technology.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Figure {
    /// Median time until the first useful result.
    FirstResult,
    /// 99% quantile of the time until the first useful result.
    FirstResultP99,
    /// Median time until the sandbox exists.
    Created,
    /// CPU time of a start and its end.
    CpuPerStart,
    /// Median time to end a sandbox.
    Teardown,
    /// Memory of an idle sandbox.
    MemoryIdle,
    /// Memory of a sandbox with a touched working set.
    MemoryTouched,
    /// Memory taken once.
    Base,
    /// Starts per second and vCPU at saturation.
    StartRate,
    /// Median time until the first useful result of a start in a burst.
    Burst,
    /// Time until the last of a burst has its first useful result.
    BurstLast,
    /// CPU time of settled work against a plain process of the same language.
    RelativeCpu,
    /// Median time from the wish to go on until the next answer.
    Resume,
    /// The same where memory was taken back meanwhile.
    ResumeAfterReclaim,
    /// Memory of a suspended sandbox whose memory was taken back.
    MemoryReclaimed,
    /// Median time of a step of a coding agent, its programs in the page cache.
    CodingWall,
    /// Median CPU time of such a step.
    CodingCpu,
    /// Most memory such a step takes beside the idle sandbox, without page cache.
    CodingMemory,
    /// What a sandbox has on disk after such a step.
    CodingDisk,
}

/// What a figure is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FigureUnit {
    /// Seconds that pass.
    Seconds,
    /// Seconds of CPU time.
    CpuSeconds,
    /// Bytes.
    Bytes,
    /// Starts per second and vCPU.
    PerSecond,
    /// One over the other.
    Ratio,
}

impl Figure {
    /// Every figure, in the order tables show them.
    pub const ALL: [Self; 19] = [
        Self::FirstResult,
        Self::FirstResultP99,
        Self::Created,
        Self::CpuPerStart,
        Self::Teardown,
        Self::MemoryIdle,
        Self::MemoryTouched,
        Self::Base,
        Self::StartRate,
        Self::Burst,
        Self::BurstLast,
        Self::RelativeCpu,
        Self::Resume,
        Self::ResumeAfterReclaim,
        Self::MemoryReclaimed,
        Self::CodingWall,
        Self::CodingCpu,
        Self::CodingMemory,
        Self::CodingDisk,
    ];

    /// The figure in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::FirstResult => "first result, median",
            Self::FirstResultP99 => "first result, p99",
            Self::Created => "created, median",
            Self::CpuPerStart => "CPU per start",
            Self::Teardown => "teardown, median",
            Self::MemoryIdle => "memory, idle",
            Self::MemoryTouched => "memory, touched",
            Self::Base => "memory taken once",
            Self::StartRate => "starts/s/vCPU",
            Self::Burst => "burst, median",
            Self::BurstLast => "burst, the last",
            Self::RelativeCpu => "relative CPU",
            Self::Resume => "resume, median",
            Self::ResumeAfterReclaim => "resume, memory taken back",
            Self::MemoryReclaimed => "memory, taken back",
            Self::CodingWall => "coding step, median",
            Self::CodingCpu => "coding step, CPU",
            Self::CodingMemory => "coding step, memory",
            Self::CodingDisk => "coding step, disk",
        }
    }

    /// What it is told in.
    pub fn unit(self) -> FigureUnit {
        match self {
            Self::FirstResult
            | Self::FirstResultP99
            | Self::Created
            | Self::Teardown
            | Self::Burst
            | Self::BurstLast
            | Self::Resume
            | Self::ResumeAfterReclaim
            | Self::CodingWall => FigureUnit::Seconds,
            Self::CpuPerStart | Self::CodingCpu => FigureUnit::CpuSeconds,
            Self::MemoryIdle
            | Self::MemoryTouched
            | Self::Base
            | Self::MemoryReclaimed
            | Self::CodingMemory
            | Self::CodingDisk => FigureUnit::Bytes,
            Self::StartRate => FigureUnit::PerSecond,
            Self::RelativeCpu => FigureUnit::Ratio,
        }
    }

    /// Whether more of it is better.
    pub fn more_is_better(self) -> bool {
        self.unit() == FigureUnit::PerSecond
    }

    /// The figure of a technology, if it has it.
    pub fn of(self, row: &Row) -> Option<Estimate> {
        match self {
            Self::FirstResult => Some(row.start.as_ref()?.first_result.median),
            Self::FirstResultP99 => row.start.as_ref()?.first_result.p99,
            Self::Created => Some(row.start.as_ref()?.created.as_ref()?.median),
            Self::CpuPerStart => row.cpu_per_start,
            Self::Teardown => Some(row.teardown.as_ref()?.median),
            Self::MemoryIdle => Some(row.memory_idle.as_ref()?.per_instance),
            Self::MemoryTouched => Some(row.memory_touched.as_ref()?.per_instance),
            Self::Base => Some(row.memory_idle.as_ref()?.base),
            Self::StartRate => Some(row.saturation.as_ref()?.per_second_per_vcpu),
            Self::Burst => Some(row.burst.as_ref()?.first_result.median),
            Self::BurstLast => Some(row.burst.as_ref()?.all),
            Self::RelativeCpu => Some(row.work.as_ref()?.relative_cpu.as_ref()?.settled),
            Self::Resume => Some(row.suspension.as_ref()?.resume.median),
            Self::ResumeAfterReclaim => {
                let suspension = row.suspension.as_ref()?;
                Some(suspension.resume_after_reclaim.as_ref()?.median)
            }
            Self::MemoryReclaimed => row.suspension.as_ref()?.memory.as_ref()?.reclaimed,
            Self::CodingWall => Some(row.coding.as_ref()?.wall.median),
            Self::CodingCpu => Some(row.coding.as_ref()?.cpu.median),
            Self::CodingMemory => Some(row.coding.as_ref()?.memory.as_ref()?.median),
            Self::CodingDisk => Some(row.coding.as_ref()?.disk.as_ref()?.median),
        }
    }

    /// What has to be the same on both sides for two values of it to be comparable, in words.
    pub fn conditions(self, row: &Row) -> Option<String> {
        match self {
            Self::FirstResult | Self::FirstResultP99 | Self::Created => {
                Some(row.technology.clock.clone())
            }
            Self::MemoryIdle => Some(format!("by {}", row.memory_idle.as_ref()?.account.words())),
            Self::MemoryTouched => {
                let fit = row.memory_touched.as_ref()?;
                Some(format!(
                    "a working set of {} bytes by {}",
                    fit.working_set,
                    fit.account.words()
                ))
            }
            Self::Burst | Self::BurstLast => Some(format!("{} at once", row.burst.as_ref()?.size)),
            Self::RelativeCpu => {
                let work = row.work.as_ref()?;
                Some(format!(
                    "{} rounds against {}",
                    work.rounds,
                    work.relative_cpu.as_ref()?.reference
                ))
            }
            Self::Resume => Some(row.suspension.as_ref()?.mechanism.clone()),
            Self::ResumeAfterReclaim => {
                let suspension = row.suspension.as_ref()?;
                let reclaim = suspension.reclaim.as_deref()?;
                Some(format!("{}, {reclaim}", suspension.mechanism))
            }
            Self::MemoryReclaimed => {
                let suspension = row.suspension.as_ref()?;
                let memory = suspension.memory.as_ref()?;
                Some(format!(
                    "{}, a working set of {} bytes by {}",
                    suspension.reclaim.as_deref()?,
                    memory.working_set,
                    memory.account.words()
                ))
            }
            Self::CodingWall | Self::CodingCpu | Self::CodingMemory | Self::CodingDisk => {
                Some(row.coding.as_ref()?.sandbox.clone())
            }
            Self::CpuPerStart | Self::Teardown | Self::Base | Self::StartRate => None,
        }
    }
}
