//! What a simulator is compared with: loops written by hand for one model, around the heap of the
//! standard library. No sandboxes, no hosts, no statistics but the mean wait, nothing checked.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rand::{RngExt, SeedableRng};
use rand_distr::Exp1;
use rand_pcg::Pcg64Mcg;

/// What a loop found.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// Arrivals and departures.
    pub events: u64,
    /// Mean seconds from arrival to service.
    pub mean_wait: f64,
}

/// Customers arrive at random with a mean of `rate` per second and are served for an exponential second
/// by one of `servers`, first come first served.
pub fn queue(rate: f64, servers: u64, customers: u64) -> Found {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Kind {
        Arrival,
        Departure,
    }
    let mut random = Pcg64Mcg::seed_from_u64(1);
    let mut exponential = |mean: f64| -> u64 {
        let unit: f64 = random.sample(Exp1);
        nanoseconds(unit * mean)
    };
    let mut events = BinaryHeap::from([Reverse((exponential(1.0 / rate), Kind::Arrival))]);
    let mut waiting = VecDeque::new();
    let (mut free, mut to_come, mut handled, mut waited) = (servers, customers, 0, 0);
    while let Some(Reverse((now, kind))) = events.pop() {
        handled += 1;
        match kind {
            Kind::Arrival => {
                if free > 0 {
                    free -= 1;
                    events.push(Reverse((now + exponential(1.0), Kind::Departure)));
                } else {
                    waiting.push_back(now);
                }
                to_come -= 1;
                if to_come > 0 {
                    events.push(Reverse((now + exponential(1.0 / rate), Kind::Arrival)));
                }
            }
            Kind::Departure => {
                if let Some(since) = waiting.pop_front() {
                    waited += now - since;
                    events.push(Reverse((now + exponential(1.0), Kind::Departure)));
                } else {
                    free += 1;
                }
            }
        }
    }
    Found {
        events: handled,
        mean_wait: waited as f64 * 1e-9 / customers as f64,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time of some seconds"
)]
fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}
