//! Memory while more and more sandboxes stay alive.

use std::thread;
use std::time::Duration;

use super::{Cell, Daemons};
use crate::clock::Stamp;
use crate::effort::{FEWEST, MEMORY_SHARE};
use crate::guest::Request;
use crate::meter::control_group::Accounts;
use crate::meter::{cpu, memory};
use crate::record::{Ceiling, CeilingKind, MemorySample, MemoryStage, Record};
use crate::technology::{Failure, Instance, Starter};

/// How often memory is read at one number of live sandboxes.
const READINGS: u32 = 3;

/// What has just happened takes a moment to show.
const SETTLING: Duration = Duration::from_millis(15);

impl Cell<'_> {
    /// Reads the memory of a process that has prepared nothing.
    pub(super) fn read_memory_before(&mut self) {
        self.read_memory(MemoryStage::Before, &[], None);
    }

    /// Reads the memory of some sandboxes, a few times.
    pub(super) fn read_memory(
        &mut self,
        stage: MemoryStage,
        live: &[Box<dyn Instance>],
        daemons: Option<&Daemons<'_>>,
    ) {
        let own = std::process::id();
        let daemons = daemons.map(Daemons::now).unwrap_or_default();
        for _ in 0..READINGS {
            thread::sleep(SETTLING);
            let available = memory::available().unwrap_or(0);
            let processes: Vec<u32> = live
                .iter()
                .flat_map(|instance| instance.processes())
                .chain(daemons.iter().copied())
                .chain([own])
                .collect();
            let charged = self.accounts.as_ref().and_then(Accounts::memory);
            let of_processes = memory::of(processes);
            self.tell(Record::Memory(MemorySample {
                live: u32::try_from(live.len()).unwrap_or(u32::MAX),
                stage,
                available,
                pss: of_processes.pss,
                uss: of_processes.uss,
                page_tables: of_processes.page_tables,
                control_group: charged.map(|charged| charged.without_page_cache),
                control_group_kernel: charged.and_then(|charged| charged.kernel),
                processes: of_processes.processes,
            }));
        }
    }
}

pub(super) fn measure(
    cell: &mut Cell<'_>,
    starter: &dyn Starter,
    touch: u64,
) -> Result<(), Failure> {
    let daemons = Daemons::of(starter);
    // One start and stop first: what is only taken once belongs to the base, not to the first.
    let first = starter.start(&Request::touching(cell.nonce(), touch))?;
    first.instance.stop()?;
    cpu::reap();

    let mut live: Vec<Box<dyn Instance>> = Vec::new();
    cell.read_memory(MemoryStage::Adding, &live, Some(&daemons));
    let ceiling = add(cell, starter, touch, &daemons, &mut live);
    cell.tell(Record::Ceiling(ceiling));

    for instance in live.drain(..) {
        instance.stop()?;
    }
    cpu::reap();
    cell.read_memory(MemoryStage::After, &live, Some(&daemons));
    Ok(())
}

/// Adds sandboxes until something says that it is enough.
fn add(
    cell: &mut Cell<'_>,
    starter: &dyn Starter,
    touch: u64,
    daemons: &Daemons<'_>,
    live: &mut Vec<Box<dyn Instance>>,
) -> Ceiling {
    // Reading takes longer than starting for small sandboxes; only starting counts.
    let mut starting = 0.0;
    let since = Stamp::now();
    let budget = &cell.task.budget;
    let limit = budget.limit;
    let (at_least, at_most, seconds) = (budget.at_least, budget.at_most, budget.seconds);
    let available = memory::available().unwrap_or(0) as f64;
    let mut next_reading = 1;
    let (kind, reason) = loop {
        let alive = u32::try_from(live.len()).unwrap_or(u32::MAX);
        let too_slow = alive >= FEWEST && since.elapsed() >= limit;
        if alive >= at_most || (alive >= at_least && starting >= seconds) || too_slow {
            break (
                CeilingKind::Effort,
                "as many as this measurement had time for".to_owned(),
            );
        }
        let left = memory::available().unwrap_or(0) as f64;
        if alive >= 1 && left < available * (1.0 - MEMORY_SHARE) {
            break (
                CeilingKind::MemoryShare,
                format!(
                    "{:.0}% of the memory that was available is taken, as much as a measurement may",
                    100.0 * MEMORY_SHARE
                ),
            );
        }
        let request = Request::touching(cell.nonce(), touch);
        let begin = Stamp::now();
        let started = starter.start(&request);
        starting += begin.elapsed();
        match started {
            Ok(started) => live.push(started.instance),
            Err(failure) => break (CeilingKind::Limit, failure.message),
        }
        if live.len() == next_reading {
            cell.read_memory(MemoryStage::Adding, live, Some(daemons));
            next_reading = level_after(next_reading);
        }
    };
    let last_read = live.len() == level_before(next_reading);
    if !last_read {
        cell.read_memory(MemoryStage::Adding, live, Some(daemons));
    }
    Ceiling {
        live: u32::try_from(live.len()).unwrap_or(u32::MAX),
        kind,
        reason,
    }
}

/// Numbers of live sandboxes at which memory is read: 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, …
fn level_after(level: usize) -> usize {
    if level < 4 {
        level + 1
    } else if level.is_power_of_two() {
        level + level / 2
    } else {
        (level / 3) * 4
    }
}

fn level_before(level: usize) -> usize {
    if level <= 4 {
        level - 1
    } else if level.is_power_of_two() {
        level / 4 * 3
    } else {
        level / 3 * 2
    }
}

#[cfg(test)]
mod tests {
    use super::{level_after, level_before};

    #[test]
    fn levels_grow_by_a_third_or_a_half_and_can_be_stepped_back() {
        let levels: Vec<usize> = std::iter::successors(Some(1), |level| Some(level_after(*level)))
            .take(12)
            .collect();
        assert_eq!(levels, [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]);
        for pair in levels.windows(2) {
            assert_eq!(level_before(pair[1]), pair[0]);
        }
    }
}
