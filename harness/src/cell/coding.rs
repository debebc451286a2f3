//! The step of a coding agent, each in a fresh sandbox.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::{Cell, Daemons};
use crate::clock::Stamp;
use crate::coding::drop_from_page_cache;
use crate::guest::Request;
use crate::meter::control_group::{Accounts, Charged};
use crate::meter::cpu;
use crate::record::{CodingSample, Record};
use crate::technology::{Failure, Starter};

/// How often memory is read while a step runs.
const INTERVAL: Duration = Duration::from_millis(4);

pub(super) fn measure(cell: &mut Cell<'_>, starter: &dyn Starter) -> Result<(), Failure> {
    let daemons = Daemons::of(starter);
    let since = Stamp::now();
    let mut sequence = 0;
    while !cell.enough(sequence, since) {
        let mut cold = false;
        if sequence == 0
            && let Some(files) = starter.files()
        {
            drop_from_page_cache(files);
            cold = true;
        }
        let greeting = Request::greeting(cell.nonce());
        // Nothing would be edited with a zero.
        let step = Request::coding(cell.nonce().max(1));
        let mut instance = starter.start(&greeting)?.instance;
        let mut running = instance.processes();
        running.extend(daemons.now().iter());
        let used = || -> f64 { running.iter().map(|pid| cpu::of_running(*pid)).sum() };
        let before = used();
        let begin = Stamp::now();
        let (result, peak) = watch(cell.accounts.as_ref(), || instance.work(&step));
        let seconds = begin.elapsed();
        let spent = used() - before;
        result?;
        cell.tell(Record::Coding(CodingSample {
            sequence,
            cold,
            seconds,
            cpu: spent,
            memory: peak.map(|peak| peak.without_page_cache),
            page_cache: peak.map(|peak| peak.page_cache),
            disk: instance.disk(),
        }));
        instance.stop()?;
        cpu::reap();
        sequence += 1;
    }
    Ok(())
}

/// Does something and tells the most memory that was charged meanwhile, over what was before.
fn watch<T>(accounts: Option<&Accounts>, act: impl FnOnce() -> T) -> (T, Option<Charged>) {
    let Some((accounts, before)) =
        accounts.and_then(|accounts| Some((accounts, accounts.memory()?)))
    else {
        return (act(), None);
    };
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut peak = before;
            while !done.load(Ordering::Relaxed) {
                if let Some(now) = accounts.memory() {
                    peak.without_page_cache = peak.without_page_cache.max(now.without_page_cache);
                    peak.page_cache = peak.page_cache.max(now.page_cache);
                }
                thread::sleep(INTERVAL);
            }
            peak
        });
        let result = act();
        done.store(true, Ordering::Relaxed);
        let peak = watcher.join().ok().map(|peak| Charged {
            without_page_cache: peak.without_page_cache - before.without_page_cache,
            page_cache: peak.page_cache - before.page_cache,
            kernel: None,
        });
        (result, peak)
    })
}
