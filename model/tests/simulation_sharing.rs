//! Cells short of CPU: processor sharing.

mod simulation_support;

use simulation_support::{
    Known, REPLICATIONS, Test, assert_known, erlang_c, mean_in_system, replicate, sharing,
};
use tonnage_model::distribution::Distribution;
use tonnage_model::simulation::{CellOutcome, Metric, Observation};

fn works() -> Result<[Distribution; 4], tonnage_model::distribution::DistributionError> {
    Ok([
        Distribution::deterministic(1.0)?,
        Distribution::exponential(1.0)?,
        Distribution::hyperexponential(1.0, 2.0)?,
        Distribution::lognormal(1.0, 2.0)?,
    ])
}

/// M/G/1 processor sharing: a job of length x takes x/(1 − ρ) on average, whatever the distribution,
/// so the mean slowdown is 1/(1 − ρ) and the mean number ρ/(1 − ρ).
#[test]
fn one_cpu_is_insensitive() -> Test {
    for (row, work) in (300..).zip(works()?) {
        let load = 0.75;
        assert_known(
            &sharing(1, work, load)?,
            &Observation::new(500.0, 1_500.0)?,
            REPLICATIONS,
            row,
            &[
                Known::metric(Metric::SlowdownMean, 4.0, 0.02),
                Known::metric(Metric::LiveSessions, 3.0, 0.02),
                Known::metric(Metric::Utilisation, load, 0.01),
            ],
        )?;
    }
    Ok(())
}

/// M/G/c processor sharing: the number present is distributed as in M/M/c.
#[test]
fn several_cpus_are_insensitive() -> Test {
    for (row, work) in (310..).zip(works()?) {
        let (cpus, load) = (8, 6.8);
        assert_known(
            &sharing(cpus, work, load)?,
            &Observation::new(100.0, 150.0)?,
            // Skewed: the mean of ten is not yet near enough to a normal distribution.
            3 * REPLICATIONS,
            row,
            &[
                Known::metric(Metric::LiveSessions, mean_in_system(cpus, load), 0.02),
                Known::metric(Metric::BusyCpus, load, 0.01),
            ],
        )?;
    }
    Ok(())
}

/// Not only the mean number: its distribution, sampled at the ends of many short runs.
#[test]
fn count_distribution_is_that_of_m_m_c() -> Test {
    let (cpus, load) = (3_u32, 2.1);
    let utilisation = load / f64::from(cpus);
    let delayed = erlang_c(cpus, load);
    // P(n) for n ≥ c is C(1 − ρ)ρⁿ⁻ᶜ; below, in proportion to loadⁿ/n!.
    let at_servers = delayed * (1.0 - utilisation);
    let mut probabilities = vec![at_servers];
    for n in (0..cpus).rev() {
        let above = probabilities[0];
        probabilities.insert(0, above * f64::from(n + 1) / load);
    }
    for _ in cpus..5 {
        let last = probabilities[probabilities.len() - 1];
        probabilities.push(last * utilisation);
    }
    for (row, work) in (320..).zip(works()?) {
        let known = [0, 1, 2, 3, 5].map(|most| {
            let probability = probabilities[..=most].iter().sum();
            let few = move |outcome: &CellOutcome| {
                f64::from(u8::from(outcome.cpu_jobs.at_end <= most as u64))
            };
            Known::new(format!("at most {most}"), few, probability, 0.01)
        });
        // A cell begins without contention; with long bursts it takes a while until as many wait as do
        // in the long run. Shares near zero take many replications to have honest intervals.
        let observation = Observation::new(180.0, 0.001)?;
        assert_known(&sharing(cpus, work, load)?, &observation, 200, row, &known)?;
    }
    Ok(())
}

/// Slower CPUs are the same as more work.
#[test]
fn relative_cpu_multiplies_work() -> Test {
    let mut slow = sharing(2, Distribution::exponential(0.5)?, 1.5)?;
    slow.sandbox.relative_cpu = 2.0;
    let plain = sharing(2, Distribution::exponential(1.0)?, 1.5)?;
    let slow = replicate(&slow, 10.0, 500.0, 330, 1)?;
    let plain = replicate(&plain, 10.0, 500.0, 330, 1)?;
    let (slow, plain) = (slow.merged(), plain.merged());
    assert_eq!(slow.bursts_completed, plain.bursts_completed);
    assert!((slow.cpu_seconds_served() / plain.cpu_seconds_served() - 1.0).abs() < 1e-6);
    Ok(())
}
