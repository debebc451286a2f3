//! Many starts that are due at the same moment.
//!
//! Each is timed from that moment, not from when a thread came round to it, so that what waits is
//! not hidden (Tene's "coordinated omission").

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use super::Cell;
use crate::clock::Stamp;
use crate::guest::Request;
use crate::record::{Record, StartSample};
use crate::technology::{Failure, Stamps, Starter};

/// From the last thread being ready to the moment the starts are due.
const LEAD: Duration = Duration::from_millis(20);

pub(super) fn measure(cell: &mut Cell<'_>, starter: &dyn Starter) -> Result<(), Failure> {
    // One start first, so that what is only done once in a process is not in the burst.
    let first = starter.start(&Request::small(cell.nonce()))?;
    first.instance.stop()?;
    let requests: Vec<Request> = (0..cell.task.budget.at_most)
        .map(|_| Request::small(cell.nonce()))
        .collect();
    let ready = Barrier::new(requests.len() + 1);
    let done = Barrier::new(requests.len());
    let due = std::sync::OnceLock::new();
    let outcomes: Vec<Result<Stamps, Failure>> = thread::scope(|scope| {
        let workers: Vec<_> = requests
            .iter()
            .map(|request| {
                let (ready, done, due) = (&ready, &done, &due);
                scope.spawn(move || {
                    ready.wait();
                    sleep_until(*due.wait());
                    let started = starter.start(request);
                    // Nobody is stopped while others are still starting.
                    done.wait();
                    let started = started?;
                    started.instance.stop()?;
                    Ok(started.stamps)
                })
            })
            .collect();
        ready.wait();
        let lead = u64::try_from(LEAD.as_nanos()).unwrap_or(0);
        let moment = Stamp::from_nanoseconds(Stamp::now().nanoseconds() + lead);
        due.set(moment).expect("set once");
        workers
            .into_iter()
            .map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|_| Err(Failure::new("a thread panicked")))
            })
            .collect()
    });
    let begin = *due.wait();
    for (sequence, outcome) in (0..).zip(outcomes) {
        match outcome {
            Ok(stamps) => cell.tell(Record::Start(StartSample {
                sequence,
                begin: begin.nanoseconds(),
                created: stamps.created.map(|stamp| stamp.since(begin)),
                first_instruction: stamps.first_instruction.map(|stamp| stamp.since(begin)),
                first_result: stamps.first_result.since(begin),
                teardown: None,
                cpu: None,
            })),
            Err(failure) => cell.problem(format!("a start of the burst failed: {failure}")),
        }
    }
    Ok(())
}

fn sleep_until(moment: Stamp) {
    let left = moment
        .nanoseconds()
        .saturating_sub(Stamp::now().nanoseconds());
    thread::sleep(Duration::from_nanos(left));
}
