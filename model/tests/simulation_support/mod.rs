//! Building blocks of the checks against known answers.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::error::Error;
use tonnage_model::distribution::{Distribution, TurnCount};
use tonnage_model::simulation::{
    CellSpec, Control, Demand, Full, HostCapacity, Lifecycle, Metric, Observation, PiecewiseLinear,
    Placement, Replications, RunId, SandboxCost, SessionShape, run_replications,
};

pub(crate) type Test = Result<(), Box<dyn Error>>;

/// The seed of every check: chosen once, before any result was seen.
pub(crate) const SEED: u64 = 20_260_412;

pub(crate) fn run(study: u64) -> RunId {
    RunId {
        seed: SEED,
        cell: study,
        replication: 0,
    }
}

/// Sessions of one turn that hold a place for `holding` seconds and compute nothing; one host.
pub(crate) fn places(
    servers: u64,
    holding: Distribution,
    rate: f64,
) -> Result<CellSpec, Box<dyn Error>> {
    Ok(CellSpec {
        hosts: 1,
        host: HostCapacity {
            vcpus: 1,
            memory_bytes: servers,
        },
        sandbox: SandboxCost {
            start_latency: Distribution::deterministic(0.0)?,
            start_cpu: Distribution::deterministic(0.0)?,
            memory_bytes: 1,
            relative_cpu: 1.0,
            start_rate_limit: None,
            density_limit: None,
        },
        session: SessionShape {
            turns: TurnCount::fixed(1)?,
            think: holding,
            burst: Distribution::deterministic(0.0)?,
        },
        lifecycle: Lifecycle::PerSession,
        demand: Demand::Poisson {
            rate: PiecewiseLinear::constant(rate)?,
        },
        placement: Placement::FirstFit,
        full: Full::UNBOUNDED,
    })
}

/// Sessions that do one burst on a host without memory limit: an M/G/c processor-sharing queue.
pub(crate) fn sharing(
    vcpus: u32,
    work: Distribution,
    rate: f64,
) -> Result<CellSpec, Box<dyn Error>> {
    let mut spec = places(0, Distribution::deterministic(0.0)?, rate)?;
    spec.host.vcpus = vcpus;
    spec.sandbox.memory_bytes = 0;
    spec.session.burst = work;
    Ok(spec)
}

pub(crate) fn replicate(
    spec: &CellSpec,
    warm_up: f64,
    length: f64,
    study: u64,
    count: u64,
) -> Result<Replications, Box<dyn Error>> {
    Ok(run_replications(
        spec,
        &Observation::new(warm_up, length)?,
        run(study),
        count,
        &Control::default(),
    )?)
}

/// The truth must lie in the 99.9% interval, and the 99% interval must be tight enough to mean
/// something. There are about a hundred such checks with a fixed seed: at 99% one would be expected
/// to fail by chance, at 99.9% all hold nine times in ten. That intervals cover as often as they
/// say is a check of its own.
pub(crate) fn assert_inside(runs: &Replications, metric: Metric, truth: f64, relative_width: f64) {
    let interval = |confidence| {
        runs.estimate(metric, confidence)
            .expect("a metric with values")
            .interval()
    };
    let wide = interval(0.999);
    assert!(
        wide.contains(truth),
        "{metric:?}: {truth} isn't in {wide:?}"
    );
    let interval = interval(0.99);
    assert!(
        interval.width() <= relative_width * truth.abs(),
        "{metric:?}: {interval:?} is too wide to tell anything about {truth}"
    );
}

/// Erlang's loss formula by its recursion.
pub(crate) fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |blocking, n| {
        load * blocking / (f64::from(n) + load * blocking)
    })
}

/// Erlang's delay formula.
pub(crate) fn erlang_c(servers: u32, load: f64) -> f64 {
    let blocking = erlang_b(servers, load);
    let utilisation = load / f64::from(servers);
    blocking / (1.0 - utilisation * (1.0 - blocking))
}

/// Mean number in M/M/c, which is that of M/G/c processor sharing.
pub(crate) fn mean_in_system(servers: u32, load: f64) -> f64 {
    let utilisation = load / f64::from(servers);
    load + erlang_c(servers, load) * utilisation / (1.0 - utilisation)
}

/// Normalised stationary probabilities of a birth-death process on 0, 1, …, `states`.
pub(crate) fn birth_death(
    states: u32,
    birth: impl Fn(u32) -> f64,
    death: impl Fn(u32) -> f64,
) -> Vec<f64> {
    let mut weights = vec![1.0];
    for n in 1..=states {
        let last = weights[weights.len() - 1];
        weights.push(last * birth(n - 1) / death(n));
    }
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// Mean and variance of a sample.
pub(crate) fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, squares / (count - 1.0))
}
