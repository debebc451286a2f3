//! As many starts as the processors can do: threads that start and stop one sandbox after the other.

use std::sync::Barrier;
use std::thread;

use super::{Cell, Daemons, next_nonce, start};
use crate::clock::Stamp;
use crate::guest::Request;
use crate::meter::cpu;
use crate::record::{RateSample, Record};
use crate::technology::{Failure, Starter};

/// Share of the time at the beginning that does not count.
const WARM_UP: f64 = 0.2;

pub(super) fn measure(cell: &mut Cell<'_>, starter: &dyn Starter) -> Result<(), Failure> {
    let vcpus = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // A thread that waits for its sandbox leaves a processor idle, so twice as many may do more.
    let since = Stamp::now();
    for threads in [vcpus, 2 * vcpus] {
        // One that is so slow waits for a processor, not for its turn.
        if threads > vcpus && since.elapsed() >= cell.task.budget.limit {
            break;
        }
        let sample = saturate(cell, starter, vcpus, threads)?;
        cell.tell(Record::Rate(sample));
    }
    Ok(())
}

fn saturate(
    cell: &mut Cell<'_>,
    starter: &dyn Starter,
    vcpus: usize,
    threads: usize,
) -> Result<RateSample, Failure> {
    let daemons = Daemons::of(starter);
    let seconds = cell.task.budget.seconds / 2.0;
    let before = cpu::used(&daemons.now());
    let together = Barrier::new(threads);
    let outcomes: Vec<Result<Counted, Failure>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let mut nonce = u64::from(cell.nonce());
                let together = &together;
                scope.spawn(move || {
                    together.wait();
                    count(starter, seconds, &mut nonce)
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|_| Err(Failure::new("a thread panicked")))
            })
            .collect()
    });
    let outcomes: Vec<Counted> = outcomes.into_iter().collect::<Result<_, _>>()?;
    cpu::reap();
    let spent = cpu::used(&daemons.now()) - before;
    let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(RateSample {
        threads: small(threads),
        vcpus: small(vcpus),
        starts: outcomes.iter().map(|outcome| outcome.all).sum(),
        per_second: outcomes.iter().map(|outcome| outcome.per_second).sum(),
        cpu: spent,
    })
}

/// What one thread did.
struct Counted {
    /// Starts, warm-up included.
    all: u64,
    /// Starts per second after the warm-up.
    per_second: f64,
}

fn count(starter: &dyn Starter, seconds: f64, nonce: &mut u64) -> Result<Counted, Failure> {
    let begin = Stamp::now();
    let mut all = 0;
    let mut counted = 0_u64;
    let mut since = begin;
    let mut warm = false;
    loop {
        let request = Request::small(next_nonce(nonce));
        let (_, started) = start(starter, &request);
        started?.instance.stop()?;
        all += 1;
        let now = Stamp::now();
        if warm {
            counted += 1;
            if now.since(begin) >= seconds {
                return Ok(Counted {
                    all,
                    per_second: counted as f64 / now.since(since),
                });
            }
        } else if now.since(begin) >= seconds * WARM_UP {
            warm = true;
            since = now;
        }
    }
}
