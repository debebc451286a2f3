//! Building blocks of the checks against known answers.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::error::Error;
use std::ops::RangeInclusive;
use tonnage_model::distribution::{Distribution, TurnCount};
use tonnage_model::simulation::{
    CellOutcome, CellSpec, Control, Demand, Full, HostCapacity, Lifecycle, Metric, Observation,
    Operation, PiecewiseLinear, Placement, Replications, RunId, SandboxCost, SessionShape,
    run_replications,
};
use tonnage_model::statistics::Estimate;
use tonnage_model::statistics::means::mean_of_replications;

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
            minority: None,
        },
        lifecycle: Lifecycle::PerSession,
        demand: Demand::Poisson {
            rate: PiecewiseLinear::constant(rate)?,
        },
        placement: Placement::FirstFit,
        full: Full::UNBOUNDED,
        operation: Operation::default(),
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

/// Independent studies of every known answer, with the seeds 1, 2, 3, …
const STUDIES: u64 = 200;

/// Replications of a study, unless its quantities are so skewed that it takes more.
pub(crate) const REPLICATIONS: u64 = 10;

/// Probability of a false alarm of either bound on the number of intervals that miss.
const ALARM: f64 = 1e-4;

type Estimator = dyn Fn(&Replications, f64) -> Option<Estimate>;

/// A number that simulations estimate and theory gives.
pub(crate) struct Known {
    name: String,
    estimate: Box<Estimator>,
    truth: f64,
    half_width: f64,
}

impl Known {
    /// The 99% interval over all studies may be no wider than `half_width` either way.
    pub(crate) fn new(
        name: impl Into<String>,
        value: impl Fn(&CellOutcome) -> f64 + 'static,
        truth: f64,
        half_width: f64,
    ) -> Self {
        let estimate = move |runs: &Replications, confidence| {
            let values: Vec<f64> = runs.outcomes().iter().map(&value).collect();
            mean_of_replications(&values, confidence).ok()
        };
        Self {
            name: name.into(),
            estimate: Box::new(estimate),
            truth,
            half_width,
        }
    }

    /// A metric, with the bound on the half-width relative to the truth.
    pub(crate) fn metric(metric: Metric, truth: f64, relative: f64) -> Self {
        Self {
            name: format!("{metric:?}"),
            estimate: Box::new(move |runs, confidence| runs.estimate(metric, confidence)),
            truth,
            half_width: relative * truth.abs(),
        }
    }

    fn estimate(&self, runs: &Replications, confidence: f64) -> Estimate {
        (self.estimate)(runs, confidence).expect("a metric with values")
    }

    fn missed(&self, runs: &Replications, confidence: f64) -> bool {
        let interval = self.estimate(runs, confidence).interval();
        !interval.contains(self.truth)
    }

    #[expect(
        clippy::print_stdout,
        reason = "shows how close it was, with --nocapture"
    )]
    fn print(&self, row: u64, runs: &Replications) {
        let estimate = self.estimate(runs, 0.99);
        println!(
            "row {row}, {}: {} ± {:.2e} against {}, off by {:.2} half-widths",
            self.name,
            estimate.mean,
            estimate.half_width,
            self.truth,
            (estimate.mean - self.truth) / estimate.half_width
        );
    }
}

/// Numbers of misses of intervals that hold with probability `confidence`, but for a probability of
/// [`ALARM`] at either end.
fn allowed_misses(confidence: f64) -> RangeInclusive<u64> {
    let miss = 1.0 - confidence;
    let probability = |misses: u64| {
        (0..misses).fold(confidence.powf(STUDIES as f64), |probability, n| {
            probability * (STUDIES - n) as f64 / (n + 1) as f64 * miss / confidence
        })
    };
    let mut below = 0.0;
    let mut fewest = None;
    for misses in 0..=STUDIES {
        below += probability(misses);
        if below > ALARM && fewest.is_none() {
            fewest = Some(misses);
        }
        if 1.0 - below < ALARM {
            return fewest.unwrap_or(0)..=misses;
        }
    }
    0..=STUDIES
}

/// Studies with these seeds, of so many replications each.
///
/// `row` is the cell's number in the names of the random streams: another one for every row, so that
/// rows are independent.
fn studies(
    spec: &CellSpec,
    observation: &Observation,
    replications: u64,
    row: u64,
    seeds: RangeInclusive<u64>,
) -> Result<Vec<Replications>, Box<dyn Error>> {
    seeds
        .map(|seed| {
            let first = RunId {
                seed,
                cell: row,
                replication: 0,
            };
            let control = Control::default();
            Ok(run_replications(
                spec,
                observation,
                first,
                replications,
                &control,
            )?)
        })
        .collect()
}

/// Of the intervals of [`STUDIES`] studies, of 95% and of 99%, about as many must miss the truth as
/// say so: of 200, 1 to 23 and at most 9.
pub(crate) fn assert_covers(
    spec: &CellSpec,
    observation: &Observation,
    replications: u64,
    row: u64,
    known: &[Known],
) -> Result<Vec<Replications>, Box<dyn Error>> {
    let studies = studies(spec, observation, replications, row, 1..=STUDIES)?;
    for known in known {
        for confidence in [0.95, 0.99] {
            let missed = studies.iter().filter(|runs| known.missed(runs, confidence));
            let missed = missed.count() as u64;
            let name = &known.name;
            assert!(
                allowed_misses(confidence).contains(&missed),
                "row {row}, {name}: {missed} of {STUDIES} intervals of {confidence} missed"
            );
        }
    }
    Ok(studies)
}

/// The check of a known answer: [`assert_covers`], and the 99% interval over all replications of all
/// studies holds the truth and is narrow enough to find fault with the simulation.
///
/// One in a hundred of these intervals misses too, and there are well over a hundred. Where one does,
/// four times as many studies with the next seeds must hold the truth in an interval half as wide: a
/// fault would be seen all the better, chance fails that only once in ten thousand times.
pub(crate) fn assert_known(
    spec: &CellSpec,
    observation: &Observation,
    replications: u64,
    row: u64,
    known: &[Known],
) -> Test {
    let all = merge(&assert_covers(spec, observation, replications, row, known)?)?;
    for known in known {
        known.print(row, &all);
        let estimate = known.estimate(&all, 0.99);
        assert!(
            estimate.half_width <= known.half_width,
            "row {row}, {}: {estimate:?} is too wide to tell anything about {}",
            known.name,
            known.truth
        );
    }
    if known.iter().any(|known| known.missed(&all, 0.99)) {
        let seeds = STUDIES + 1..=5 * STUDIES;
        let more = merge(&studies(spec, observation, replications, row, seeds)?)?;
        for known in known.iter().filter(|known| known.missed(&all, 0.99)) {
            known.print(row, &more);
            assert!(
                !known.missed(&more, 0.99),
                "row {row}, {}: {} is neither in {:?} nor in {:?}",
                known.name,
                known.truth,
                known.estimate(&all, 0.99),
                known.estimate(&more, 0.99)
            );
        }
    }
    Ok(())
}

fn merge(studies: &[Replications]) -> Result<Replications, Box<dyn Error>> {
    let outcomes = studies.iter().flat_map(|runs| runs.outcomes().to_vec());
    Ok(Replications::new(outcomes.collect())?)
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
