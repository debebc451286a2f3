//! The CPU time of the heavier work, in sandboxes that have been used and in fresh ones.

use super::{Cell, Daemons};
use crate::clock::Stamp;
use crate::guest::Request;
use crate::meter::cpu;
use crate::record::{Record, WorkSample};
use crate::technology::{Failure, Starter};

/// Pieces of work in one sandbox. The first is done by code that has not run before, the others
/// show what it costs once compilers and caches have settled.
const PIECES: u32 = 5;

pub(super) fn measure(cell: &mut Cell<'_>, starter: &dyn Starter) -> Result<(), Failure> {
    let daemons = Daemons::of(starter);
    let since = Stamp::now();
    let mut sandboxes = 0;
    while !cell.enough(sandboxes * PIECES, since) {
        let started = starter.start(&Request::small(cell.nonce()))?;
        let mut instance = started.instance;
        let mut running = instance.processes();
        running.extend(daemons.now().iter());
        for sequence in 0..PIECES {
            let request = Request::heavy(cell.nonce());
            let before = cpu::used(&running);
            let begin = Stamp::now();
            instance.work(&request)?;
            let seconds = begin.elapsed();
            let spent = cpu::used(&running) - before;
            cell.tell(Record::Work(WorkSample {
                sequence,
                seconds,
                cpu: spent,
            }));
        }
        instance.stop()?;
        cpu::reap();
        sandboxes += 1;
    }
    Ok(())
}
