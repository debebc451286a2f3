//! One start after the other, each stopped before the next.

use super::{Cell, Daemons, start};
use crate::clock::Stamp;
use crate::guest::Request;
use crate::meter::cpu;
use crate::record::{Record, StartSample};
use crate::technology::{Failure, Starter};

/// Starts that fail one after the other until the row is given up.
const TOLERATED: u32 = 3;

pub(super) fn measure(cell: &mut Cell<'_>, starter: &dyn Starter) -> Result<(), Failure> {
    let daemons = Daemons::of(starter);
    let since = Stamp::now();
    let mut sequence = 0;
    let mut failed_in_a_row = 0;
    while !cell.enough(sequence, since) {
        let request = Request::small(cell.nonce());
        let before = cpu::used(&daemons.now());
        let (begin, started) = start(starter, &request);
        let started = match started {
            Ok(started) => started,
            Err(failure) => {
                failed_in_a_row += 1;
                // A technology that has never worked in this process is not going to.
                if sequence == 0 || failed_in_a_row == TOLERATED {
                    return Err(failure);
                }
                cell.problem(format!("a start failed: {failure}"));
                sequence += 1;
                continue;
            }
        };
        failed_in_a_row = 0;
        let stopping = Stamp::now();
        started.instance.stop()?;
        let teardown = stopping.elapsed();
        cpu::reap();
        let spent = cpu::used(&daemons.now()) - before;
        let stamps = started.stamps;
        cell.tell(Record::Start(StartSample {
            sequence,
            begin: begin.nanoseconds(),
            created: stamps.created.map(|stamp| stamp.since(begin)),
            first_instruction: stamps.first_instruction.map(|stamp| stamp.since(begin)),
            first_result: stamps.first_result.since(begin),
            teardown: Some(teardown),
            cpu: Some(spent),
        }));
        sequence += 1;
    }
    Ok(())
}
