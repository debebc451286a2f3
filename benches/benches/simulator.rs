//! Events per second of the simulator on one thread.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tonnage_model::distribution::{Distribution, TurnCount};
use tonnage_model::simulation::{
    CellSpec, Demand, Full, HostCapacity, Lifecycle, Observation, Operation, PiecewiseLinear,
    Placement, RunId, SandboxCost, SessionShape, run_cell,
};

const SERVERS: u64 = 50;
const UTILISATION: f64 = 0.9;

/// M/M/50 at 90%: sessions of one turn that hold one of 50 places for an exponential second and
/// queue when all are taken. They start in no time and compute nothing.
fn waiting_queue() -> Result<CellSpec, Box<dyn std::error::Error>> {
    let nothing = || Distribution::deterministic(0.0);
    Ok(CellSpec {
        hosts: 1,
        host: HostCapacity {
            vcpus: 1,
            memory_bytes: SERVERS,
        },
        sandbox: SandboxCost {
            start_latency: nothing()?,
            start_cpu: nothing()?,
            memory_bytes: 1,
            relative_cpu: 1.0,
            start_rate_limit: None,
            density_limit: None,
        },
        session: SessionShape {
            turns: TurnCount::fixed(1)?,
            think: Distribution::exponential(1.0)?,
            burst: nothing()?,
            minority: None,
        },
        lifecycle: Lifecycle::PerSession,
        demand: Demand::Poisson {
            rate: PiecewiseLinear::constant(SERVERS as f64 * UTILISATION)?,
        },
        placement: Placement::FirstFit,
        full: Full::UNBOUNDED,
        operation: Operation::default(),
    })
}

/// M/M/50-PS at 90%: sessions of one burst of an exponential CPU-second share 50 vCPUs.
fn shared_processors() -> Result<CellSpec, Box<dyn std::error::Error>> {
    let mut spec = waiting_queue()?;
    spec.host = HostCapacity {
        vcpus: 50,
        memory_bytes: 0,
    };
    spec.sandbox.memory_bytes = 0;
    spec.session.think = Distribution::deterministic(0.0)?;
    spec.session.burst = Distribution::exponential(1.0)?;
    Ok(spec)
}

/// An event is a session that opens, a timer that expires (the end of a think time or of a start's
/// delay, or a start's turn at its host) or a job that a CPU completes. What follows at the same
/// moment, such as a placement, is part of it. All events are counted, those of the warm-up too.
fn events_per_second(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("simulator");
    for (name, spec) in [
        ("M/M/50, 90% busy", waiting_queue()),
        ("M/M/50 processor sharing, 90% busy", shared_processors()),
    ] {
        let spec = spec.expect("a valid cell");
        let observation = Observation::new(10.0, 2000.0).expect("a valid observation");
        let run = || run_cell(&spec, &observation, RunId::default()).expect("a finished run");
        group.throughput(Throughput::Elements(run().events_in_all));
        group.bench_function(name, |bencher| bencher.iter(run));
    }
    group.finish();
}

criterion_group!(benches, events_per_second);
criterion_main!(benches);
