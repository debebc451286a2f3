//! Suspending and resuming, and the memory of what is suspended.

use std::thread;
use std::time::Duration;

use super::{Cell, Daemons};
use crate::clock::Stamp;
use crate::guest::{Request, WORKING_SET};
use crate::meter::{cpu, memory, reclaim};
use crate::record::{MemoryStage, Record, SuspensionSample};
use crate::technology::{Failure, Instance, Starter};

/// How long a sandbox stays suspended.
const PAUSE: Duration = Duration::from_millis(20);

/// Sandboxes whose memory is looked at together.
const TOGETHER: u32 = 4;

pub(super) fn measure(cell: &mut Cell<'_>, starter: &dyn Starter) -> Result<(), Failure> {
    let daemons = Daemons::of(starter);
    let since = Stamp::now();
    let mut done = 0;
    let mut instance = starter.start(&Request::small(cell.nonce()))?.instance;
    let can_be = instance.suspension().is_some();
    while can_be && !cell.enough(done, since) {
        let request = Request::small(cell.nonce());
        let begin = Stamp::now();
        instance.work(&request)?;
        let answer = begin.elapsed();
        let suspend = suspend(&mut *instance)?;
        thread::sleep(PAUSE);
        let sample = resume(cell, &mut *instance, &daemons, (answer, suspend), None)?;
        cell.tell(Record::Suspension(sample));
        done += 1;
    }
    instance.stop()?;
    cpu::reap();
    if can_be {
        measure_memory(cell, starter)?;
    }
    Ok(())
}

/// Suspends it, and returns the seconds that took.
fn suspend(instance: &mut dyn Instance) -> Result<f64, Failure> {
    let begin = Stamp::now();
    match instance.suspension() {
        Some(suspension) => suspension.suspend()?,
        None => return Err(Failure::new("it can be suspended no more")),
    }
    Ok(begin.elapsed())
}

/// Lets it go on until the next answer. What it took to answer before, and to suspend it, are in the
/// sample too.
fn resume(
    cell: &mut Cell<'_>,
    instance: &mut dyn Instance,
    daemons: &Daemons<'_>,
    (answer, suspend): (f64, f64),
    reclaim: Option<&str>,
) -> Result<SuspensionSample, Failure> {
    let request = Request::small(cell.nonce());
    let mut running = instance.processes();
    running.extend(daemons.now().iter());
    let before = cpu::used(&running);
    let begin = Stamp::now();
    let mechanism = match instance.suspension() {
        Some(suspension) => {
            suspension.resume()?;
            suspension.mechanism().to_owned()
        }
        None => return Err(Failure::new("it cannot be resumed")),
    };
    instance.work(&request)?;
    let resume = begin.elapsed();
    Ok(SuspensionSample {
        mechanism,
        suspend,
        resume,
        answer,
        reclaim: reclaim.map(str::to_owned),
        cpu: Some(cpu::used(&running) - before),
    })
}

/// Memory with some sandboxes that run, are suspended, and have had taken back what the kernel could;
/// and how long they take to answer after that.
fn measure_memory(cell: &mut Cell<'_>, starter: &dyn Starter) -> Result<(), Failure> {
    let daemons = Daemons::of(starter);
    let bytes = memory::swap().unwrap_or(0);
    cell.tell(Record::Swap { bytes });
    let mut live: Vec<Box<dyn Instance>> = Vec::new();
    cell.read_memory(MemoryStage::Adding, &live, Some(&daemons));
    for _ in 0..TOGETHER {
        let request = Request::touching(cell.nonce(), WORKING_SET);
        live.push(starter.start(&request)?.instance);
    }
    cell.read_memory(MemoryStage::Running, &live, Some(&daemons));
    let mut before = Vec::new();
    for instance in &mut live {
        let request = Request::small(cell.nonce());
        let begin = Stamp::now();
        instance.work(&request)?;
        let answer = begin.elapsed();
        before.push((answer, suspend(&mut **instance)?));
    }
    cell.read_memory(MemoryStage::Suspended, &live, Some(&daemons));
    let processes: Vec<u32> = live
        .iter()
        .flat_map(|instance| instance.processes())
        .collect();
    let done = reclaim::take_back(&processes);
    if done.is_some() {
        cell.read_memory(MemoryStage::Reclaimed, &live, Some(&daemons));
    } else {
        cell.problem("the kernel would not take memory back from what was suspended");
    }
    for (instance, before) in live.iter_mut().zip(before) {
        let sample = resume(cell, &mut **instance, &daemons, before, done.as_deref())?;
        // Without anything taken back it is as any other.
        cell.tell(Record::Suspension(sample));
    }
    for instance in live {
        instance.stop()?;
    }
    cpu::reap();
    Ok(())
}
