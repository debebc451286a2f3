//! What suspending and resuming comes to, and the memory of suspended sandboxes.

use super::samples::{estimate_of_positive, mean_of_blocks, summarise};
use super::{Asked, Subject, blocks, of_part};
use crate::measurement::document::{
    AccountOfSuspended, Estimate, MemoryAccount, SuspendedMemory, SuspensionTimes,
};
use crate::measurement::record::{MemorySample, MemoryStage, Part, Record, SuspensionSample};

/// The summary of a technology's suspensions, if it can be suspended.
pub(super) fn summary(subject: &Subject<'_>, asked: Asked) -> Option<SuspensionTimes> {
    let samples: Vec<Vec<&SuspensionSample>> =
        of_part(subject, Part::Suspension, |record| match record {
            Record::Suspension(sample) => Some(sample),
            _ => None,
        });
    let plain = |value: fn(&SuspensionSample) -> f64| {
        blocks(&samples, |sample| {
            sample.reclaim.is_none().then(|| value(sample))
        })
    };
    let all = || samples.iter().flatten();
    Some(SuspensionTimes {
        mechanism: all().next()?.mechanism.clone(),
        suspend: summarise(&plain(|sample| sample.suspend))?,
        resume: summarise(&plain(|sample| sample.resume))?,
        answer: summarise(&plain(|sample| sample.answer))?,
        reclaim: all().find_map(|sample| sample.reclaim.clone()),
        resume_after_reclaim: summarise(&blocks(&samples, |sample| {
            sample.reclaim.as_ref().map(|_| sample.resume)
        })),
        cpu_per_resume: mean_of_blocks(&blocks(&samples, |sample| {
            sample.cpu.filter(|_| sample.reclaim.is_none())
        })),
        memory: memory(subject, asked),
    })
}

/// Bytes by an account, if it was kept.
fn bytes(sample: &MemorySample, account: MemoryAccount) -> Option<f64> {
    match account {
        // What the host has less of: its sign is turned when two are subtracted.
        MemoryAccount::Host => Some(-(sample.available as f64)),
        MemoryAccount::ControlGroup => sample.control_group.map(|bytes| bytes as f64),
        MemoryAccount::Proportional => Some((sample.pss + sample.page_tables) as f64),
        MemoryAccount::Unique => Some((sample.uss + sample.page_tables) as f64),
    }
}

/// The accounts in the order in which they give the headline. That of the control group is exact, and
/// that of the host holds what everybody else on the host did in the meantime.
const ACCOUNTS: [MemoryAccount; 4] = [
    MemoryAccount::ControlGroup,
    MemoryAccount::Proportional,
    MemoryAccount::Host,
    MemoryAccount::Unique,
];

fn memory(subject: &Subject<'_>, asked: Asked) -> Option<SuspendedMemory> {
    let samples: Vec<Vec<&MemorySample>> =
        of_part(subject, Part::Suspension, |record| match record {
            Record::Memory(sample) => Some(sample),
            _ => None,
        });
    let live = samples
        .iter()
        .flatten()
        .filter(|sample| sample.stage == MemoryStage::Suspended)
        .map(|sample| sample.live)
        .max()
        .filter(|live| *live > 0)?;
    let accounts: Vec<AccountOfSuspended> = ACCOUNTS
        .into_iter()
        .filter_map(|account| {
            let at = |stage| per_sandbox(&samples, account, stage);
            Some(AccountOfSuspended {
                account,
                running: at(MemoryStage::Running)?,
                suspended: at(MemoryStage::Suspended)?,
                reclaimed: at(MemoryStage::Reclaimed),
            })
        })
        .collect();
    let headline = accounts.first()?;
    let swap = of_part(subject, Part::Suspension, |record| match record {
        Record::Swap { bytes } => Some(*bytes),
        _ => None,
    });
    Some(SuspendedMemory {
        account: headline.account,
        running: headline.running,
        suspended: headline.suspended,
        reclaimed: headline.reclaimed,
        accounts,
        working_set: asked.working_set,
        live,
        swap: swap.concat().into_iter().max().unwrap_or(0),
    })
}

/// Memory of one sandbox at a stage: in each process, the middle of the readings there less that of the
/// readings with none, over how many there are.
fn per_sandbox(
    samples: &[Vec<&MemorySample>],
    account: MemoryAccount,
    stage: MemoryStage,
) -> Option<Estimate> {
    let values: Vec<f64> = samples
        .iter()
        .filter_map(|block| {
            let none = middle(block, account, |sample| {
                sample.stage == MemoryStage::Adding && sample.live == 0
            })?;
            let some = middle(block, account, |sample| sample.stage == stage)?;
            let live = block.iter().find(|sample| sample.stage == stage)?.live;
            (live > 0).then(|| (some - none) / f64::from(live))
        })
        .collect();
    match values.as_slice() {
        [] => None,
        [value] => Some(Estimate {
            value: *value,
            interval: None,
            samples: 1,
        }),
        several if several.iter().all(|value| *value > 0.0) => estimate_of_positive(several),
        // Nothing, or less, has no logarithm: the middle, without an interval.
        several => Some(Estimate {
            value: several.iter().sum::<f64>() / several.len() as f64,
            interval: None,
            samples: u32::try_from(several.len()).unwrap_or(u32::MAX),
        }),
    }
}

fn middle(
    block: &[&MemorySample],
    account: MemoryAccount,
    of: impl Fn(&MemorySample) -> bool,
) -> Option<f64> {
    let mut values: Vec<f64> = block
        .iter()
        .filter(|sample| of(sample))
        .filter_map(|sample| bytes(sample, account))
        .collect();
    (!values.is_empty()).then(|| crate::statistics::bootstrap::median(&mut values))
}
