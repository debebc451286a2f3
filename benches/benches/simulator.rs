//! Events per second of the simulator on one thread.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tonnage_benches::cells::{
    api_on_isolates, infinite_servers, linux_in_containers, shared_processors, waiting_queue,
};
use tonnage_model::distribution::Distribution;
use tonnage_model::simulation::{Observation, RunId, run_cell, run_flow};

/// An event is a session that opens, a timer that expires (the end of a think time or of a start's
/// delay, or a start's turn at its host) or a job that a CPU completes. What follows at the same
/// moment, such as a placement, is part of it. All events are counted, those of the warm-up too.
fn events_per_second(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("simulator");
    for (name, spec, seconds) in [
        ("M/M/50, 90% busy", waiting_queue(), 2000.0),
        (
            "M/M/50 processor sharing, 90% busy",
            shared_processors(),
            2000.0,
        ),
        ("api on isolates, 90% busy", api_on_isolates(1, 0.9), 20.0),
        (
            "linux in containers, 95% full",
            linux_in_containers(4, 0.95),
            1000.0,
        ),
    ] {
        let spec = spec.expect("a valid cell");
        let observation = Observation::new(10.0, seconds).expect("a valid observation");
        let run = || run_cell(&spec, &observation, RunId::default()).expect("a finished run");
        group.throughput(Throughput::Elements(run().events_in_all));
        group.bench_function(name, |bencher| bencher.iter(run));
    }
    group.finish();
}

/// Sessions per second of the flow, where nothing contends.
fn sessions_per_second(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("flow");
    for (name, law) in [
        ("M/M/∞", Distribution::exponential(1.0)),
        ("M/G/∞, lognormal", Distribution::lognormal(1.0, 2.0)),
    ] {
        let law = law.expect("a valid distribution");
        let spec = infinite_servers(law, 1000.0).expect("a valid cell");
        let observation = Observation::new(0.0, 500.0).expect("a valid observation");
        let observation = observation.with_bins(288);
        let run = || run_flow(&spec, &observation, RunId::default()).expect("a finished run");
        group.throughput(Throughput::Elements(run().sessions));
        group.bench_function(name, |bencher| bencher.iter(run));
    }
    group.finish();
}

criterion_group!(benches, events_per_second, sessions_per_second);
criterion_main!(benches);
