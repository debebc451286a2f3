//! How fast the simulator is on this machine, on one thread.
//!
//! Without arguments: a table of all workloads. `speed WORKLOAD` prints three numbers for a program to
//! read: events, CPU seconds, and the mean wait or number present.

use std::error::Error;

use tonnage_benches::cells::{
    api_on_isolates, infinite_servers, linux_in_containers, shared_processors, waiting_queue,
};
use tonnage_benches::clock::cpu_seconds;
use tonnage_benches::plain;
use tonnage_model::distribution::Distribution;
use tonnage_model::simulation::{CellSpec, Metric, Observation, RunId, run_cell, run_flow};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What one workload took.
struct Timed {
    /// What is counted.
    unit: &'static str,
    count: u64,
    seconds: f64,
    /// A number that shows that it did what it should.
    found: f64,
}

/// Events: sessions that open, timers that expire, jobs that a CPU completes. Of a queue that is an
/// arrival or a departure. The time to draw the population at time zero is left out.
fn cell(spec: &CellSpec, seconds: f64, metric: Metric) -> Result<Timed> {
    let before = cpu_seconds();
    run_cell(spec, &Observation::new(0.0, 1e-3)?, RunId::default())?;
    let beginning = cpu_seconds() - before;
    let before = cpu_seconds();
    let outcome = run_cell(spec, &Observation::new(0.0, seconds)?, RunId::default())?;
    Ok(Timed {
        unit: "events",
        count: outcome.events_in_all,
        seconds: cpu_seconds() - before - beginning,
        found: outcome.metric(metric).unwrap_or(f64::NAN),
    })
}

fn flow(law: Distribution) -> Result<Timed> {
    let spec = infinite_servers(law, 1_000.0)?;
    let observation = Observation::new(0.0, 4_000.0)?.with_bins(288);
    let before = cpu_seconds();
    let flow = run_flow(&spec, &observation, RunId::default())?;
    Ok(Timed {
        unit: "sessions",
        count: flow.sessions,
        seconds: cpu_seconds() - before,
        found: flow.live_sessions(144).unwrap_or(f64::NAN),
    })
}

fn by_hand(rate: f64, servers: u64, customers: u64) -> Timed {
    let before = cpu_seconds();
    let found = plain::queue(rate, servers, customers);
    Timed {
        unit: "events",
        count: found.events,
        seconds: cpu_seconds() - before,
        found: found.mean_wait,
    }
}

/// Sessions without limit, so many at a time: twice that many events per second.
fn unlimited(load: f64, seconds: f64) -> Result<Timed> {
    let spec = infinite_servers(Distribution::exponential(1.0)?, load)?;
    cell(&spec, seconds, Metric::LiveSessions)
}

fn timed(workload: &str) -> Result<Timed> {
    let exponential = Distribution::exponential(1.0)?;
    Ok(match workload {
        "queue" => cell(&waiting_queue()?, 40_000.0, Metric::StartWaitMean)?,
        "queue-by-hand" => by_hand(45.0, 50, 1_800_000),
        "sharing" => cell(&shared_processors()?, 40_000.0, Metric::LiveSessions)?,
        "unlimited" => unlimited(1e3, 2_000.0)?,
        "unlimited-by-hand" => by_hand(1e3, u64::MAX, 2_000_000),
        "unlimited-1e5" => unlimited(1e5, 20.0)?,
        "unlimited-1e5-by-hand" => by_hand(1e5, u64::MAX, 2_000_000),
        "unlimited-1e6" => unlimited(1e6, 3.0)?,
        "unlimited-1e6-by-hand" => by_hand(1e6, u64::MAX, 4_000_000),
        "flow" => flow(exponential)?,
        "flow-lognormal" => flow(Distribution::lognormal(1.0, 2.0)?)?,
        "flow-pareto" => flow(Distribution::pareto(1.0, 2.5)?)?,
        "api" => cell(&api_on_isolates(1, 0.9)?, 300.0, Metric::Utilisation)?,
        "api-40" => cell(&api_on_isolates(40, 0.9)?, 30.0, Metric::Utilisation)?,
        "linux-40" => cell(
            &linux_in_containers(40, 0.95)?,
            3_000.0,
            Metric::Utilisation,
        )?,
        other => return Err(format!("no workload `{other}`").into()),
    })
}

const ALL: [&str; 15] = [
    "queue",
    "queue-by-hand",
    "sharing",
    "unlimited",
    "unlimited-by-hand",
    "unlimited-1e5",
    "unlimited-1e5-by-hand",
    "unlimited-1e6",
    "unlimited-1e6-by-hand",
    "flow",
    "flow-lognormal",
    "flow-pareto",
    "api",
    "api-40",
    "linux-40",
];

#[expect(clippy::print_stdout, reason = "this is what it is for")]
fn main() -> Result<()> {
    if let Some(workload) = std::env::args().nth(1) {
        let timed = timed(&workload)?;
        println!("{} {} {}", timed.count, timed.seconds, timed.found);
        return Ok(());
    }
    for workload in ALL {
        let timed = timed(workload)?;
        println!(
            "{workload:22} {:>10} {:8} {:6.1} ns each, {:.2e} per CPU second; found {:.4}",
            timed.count,
            timed.unit,
            timed.seconds / timed.count as f64 * 1e9,
            timed.count as f64 / timed.seconds,
            timed.found,
        );
    }
    Ok(())
}
