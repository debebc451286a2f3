//! Cells short of CPU: processor sharing.

mod simulation_support;

use simulation_support::{Test, assert_inside, erlang_c, mean_in_system, replicate, sharing};
use tonnage_model::distribution::Distribution;
use tonnage_model::simulation::Metric;

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
    for (study, work) in works()?.into_iter().enumerate() {
        let load = 0.75;
        let spec = sharing(1, work, load)?;
        let runs = replicate(&spec, 500.0, 60_000.0, 300 + study as u64, 10)?;
        assert_inside(&runs, Metric::SlowdownMean, 4.0, 0.1);
        assert_inside(&runs, Metric::LiveSessions, 3.0, 0.15);
        assert_inside(&runs, Metric::Utilisation, load, 0.05);
    }
    Ok(())
}

/// M/G/c processor sharing: the number present is distributed as in M/M/c.
#[test]
fn several_cpus_are_insensitive() -> Test {
    for (study, work) in works()?.into_iter().enumerate() {
        let (cpus, load) = (8, 6.8);
        let spec = sharing(cpus, work, load)?;
        let runs = replicate(&spec, 300.0, 20_000.0, 310 + study as u64, 10)?;
        assert_inside(&runs, Metric::LiveSessions, mean_in_system(cpus, load), 0.1);
        assert_inside(&runs, Metric::BusyCpus, load, 0.03);
    }
    Ok(())
}

/// Not only the mean number: its distribution, sampled at the ends of many short runs, against that
/// of M/M/c by a chi-squared test.
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
    for _ in cpus..9 {
        let last = probabilities[probabilities.len() - 1];
        probabilities.push(last * utilisation);
    }
    let tail = 1.0 - probabilities.iter().sum::<f64>();
    probabilities.push(tail);
    for (study, work) in works()?.into_iter().enumerate() {
        let spec = sharing(cpus, work, load)?;
        let count = 4_000;
        let runs = replicate(&spec, 60.0, 0.001, 320 + study as u64, count)?;
        let mut found = vec![0.0; probabilities.len()];
        for outcome in runs.outcomes() {
            let state = usize::try_from(outcome.cpu_jobs.at_end)?.min(found.len() - 1);
            found[state] += 1.0;
        }
        let statistic: f64 = found
            .iter()
            .zip(&probabilities)
            .map(|(found, probability)| {
                let expected = probability * count as f64;
                (found - expected).powi(2) / expected
            })
            .sum();
        // 99% point of χ² with 10 degrees of freedom.
        assert!(statistic < 23.21, "{statistic}: {found:?}");
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
    assert!((slow.cpu_seconds_served / plain.cpu_seconds_served - 1.0).abs() < 1e-6);
    Ok(())
}
