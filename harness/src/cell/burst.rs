//! Many starts that are due at the same moment.
//!
//! Each is timed from that moment, not from when a thread came round to it, so that what waits is
//! not hidden (Tene's "coordinated omission").

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use super::Cell;
use crate::clock::Stamp;
use crate::effort::Budget;
use crate::guest::Request;
use crate::record::{Record, StartSample};
use crate::technology::{Failure, Stamps, Starter};

/// From the last thread being ready to the moment the starts are due.
const LEAD: Duration = Duration::from_millis(20);

pub(super) fn measure(cell: &mut Cell<'_>, starter: &dyn Starter) -> Result<(), Failure> {
    // One start first, so that what is only done once in a process is not in the burst.
    let begin = Stamp::now();
    let first = starter.start(&Request::small(cell.nonce()))?;
    first.instance.stop()?;
    let size = size(&cell.task.budget, begin.elapsed());
    let requests: Vec<Request> = (0..size).map(|_| Request::small(cell.nonce())).collect();
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

/// The smallest burst.
const SMALLEST: u32 = 8;

/// How many starts are due at once: half as many as often as it takes until they fit within the
/// limit, if each took as long as the one before, one after the other. A burst's size is told with
/// its figures, and bursts of different sizes are not compared.
fn size(budget: &Budget, of_one: f64) -> u32 {
    let mut size = budget.at_most;
    while size / 2 >= SMALLEST && f64::from(size) * of_one > budget.limit {
        size /= 2;
    }
    size
}

fn sleep_until(moment: Stamp) {
    let left = moment
        .nanoseconds()
        .saturating_sub(Stamp::now().nanoseconds());
    thread::sleep(Duration::from_nanos(left));
}

#[cfg(test)]
mod tests {
    use super::size;
    use crate::effort::Effort;
    use crate::record::Part;

    #[test]
    fn a_slow_technology_gets_a_smaller_burst_of_a_known_size() {
        let budget = Effort::Default.budget(Part::Burst).within(3.0);
        assert_eq!(size(&budget, 0.001), 32);
        assert_eq!(size(&budget, 0.15), 16);
        assert_eq!(size(&budget, 60.0), 8);
    }
}
