//! Suspending and resuming.

use std::thread;
use std::time::Duration;

use super::Cell;
use crate::clock::Stamp;
use crate::guest::Request;
use crate::record::{Record, SuspensionSample};
use crate::technology::{Failure, Starter};

/// How long a sandbox stays suspended.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) fn measure(cell: &mut Cell<'_>, starter: &dyn Starter) -> Result<(), Failure> {
    let since = Stamp::now();
    let mut done = 0;
    let mut instance = starter.start(&Request::small(cell.nonce()))?.instance;
    while instance.suspension().is_some() && !cell.enough(done, since) {
        let request = Request::small(cell.nonce());
        let begin = Stamp::now();
        instance.work(&request)?;
        let answer = begin.elapsed();

        let Some(suspension) = instance.suspension() else {
            break;
        };
        let mechanism = suspension.mechanism().to_owned();
        let begin = Stamp::now();
        suspension.suspend()?;
        let suspend = begin.elapsed();
        thread::sleep(PAUSE);
        let request = Request::small(cell.nonce());
        let begin = Stamp::now();
        if let Some(suspension) = instance.suspension() {
            suspension.resume()?;
        }
        instance.work(&request)?;
        let resume = begin.elapsed();
        cell.tell(Record::Suspension(SuspensionSample {
            mechanism,
            suspend,
            resume,
            answer,
        }));
        done += 1;
    }
    instance.stop()
}
