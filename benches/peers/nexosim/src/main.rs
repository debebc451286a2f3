//! The workloads in nexosim, on one thread: `tonnage-peer-nexosim queue|unlimited CUSTOMERS`.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use rand::{RngExt, SeedableRng};
use rand_distr::Exp1;
use rand_pcg::Pcg64Mcg;
use serde::{Deserialize, Serialize};

/// Departures, and the sum of their waits in nanoseconds: what the model found.
static DEPARTED: AtomicU64 = AtomicU64::new(0);
static WAITED: AtomicU64 = AtomicU64::new(0);

/// Customers come at random; each is served for an exponential second by one of `servers`.
#[derive(Serialize, Deserialize)]
struct Queue {
    random: Pcg64Mcg,
    rate: f64,
    free: u64,
    to_come: u64,
    waiting: VecDeque<u64>,
    departed: u64,
    waited: u64,
}

fn nanoseconds(time: MonotonicTime) -> u64 {
    time.as_secs() as u64 * 1_000_000_000 + u64::from(time.subsec_nanos())
}

#[Model]
impl Queue {
    fn exponential(&mut self, mean: f64) -> Duration {
        let unit: f64 = self.random.sample(Exp1);
        // Events at the present moment are refused.
        Duration::from_nanos((unit * mean * 1e9) as u64 + 1)
    }

    #[nexosim(init)]
    async fn init(&mut self, context: &Context<Self>) {
        self.schedule_arrival(context);
    }

    fn schedule_arrival(&mut self, context: &Context<Self>) {
        let delay = self.exponential(1.0 / self.rate);
        context
            .schedule_event(delay, schedulable!(Self::arrive), ())
            .expect("a moment in the future");
    }

    fn serve(&mut self, context: &Context<Self>) {
        let delay = self.exponential(1.0);
        context
            .schedule_event(delay, schedulable!(Self::depart), ())
            .expect("a moment in the future");
    }

    #[nexosim(schedulable)]
    fn arrive(&mut self, _: (), context: &Context<Self>) {
        if self.free > 0 {
            self.free -= 1;
            self.serve(context);
        } else {
            self.waiting.push_back(nanoseconds(context.time()));
        }
        self.to_come -= 1;
        if self.to_come > 0 {
            self.schedule_arrival(context);
        }
    }

    #[nexosim(schedulable)]
    fn depart(&mut self, _: (), context: &Context<Self>) {
        self.departed += 1;
        if let Some(since) = self.waiting.pop_front() {
            self.waited += nanoseconds(context.time()) - since;
            self.serve(context);
        } else {
            self.free += 1;
        }
        DEPARTED.store(self.departed, Ordering::Relaxed);
        WAITED.store(self.waited, Ordering::Relaxed);
    }
}

fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID)?;
    Ok(time.tv_sec() as f64 + time.tv_nsec() as f64 * 1e-9)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, workload, customers] = &arguments[..] else {
        return Err("tonnage-peer-nexosim queue|unlimited CUSTOMERS".into());
    };
    let customers: u64 = customers.parse()?;
    let (rate, servers) = match workload.as_str() {
        "queue" => (45.0, 50),
        "unlimited" => (1000.0, u64::MAX),
        other => return Err(format!("no workload `{other}`").into()),
    };
    let queue = Queue {
        random: Pcg64Mcg::seed_from_u64(1),
        rate,
        free: servers,
        to_come: customers,
        waiting: VecDeque::new(),
        departed: 0,
        waited: 0,
    };
    let before = cpu_seconds()?;
    let mut simulation = SimInit::with_num_threads(1)
        .add_model(queue, Mailbox::new(), "queue")
        .init(MonotonicTime::EPOCH)?;
    while DEPARTED.load(Ordering::Relaxed) < customers {
        simulation.step_until(Duration::from_secs(3600))?;
    }
    let taken = cpu_seconds()? - before;
    let wait = WAITED.load(Ordering::Relaxed) as f64 * 1e-9 / customers as f64;
    println!("{} {taken} {wait}", 2 * customers);
    Ok(())
}
