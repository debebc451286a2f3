//! The search for the largest load within a service level.

mod simulation_support;

use simulation_support::{Test, erlang_b, erlang_c, places, run, sharing};
use tonnage_model::distribution::Distribution;
use tonnage_model::simulation::{
    Capacity, CellSpec, Control, Effort, Full, Observation, Promise, ServiceLevel, SimulationError,
    simulated_capacity,
};

const NOTHING: ServiceLevel = ServiceLevel {
    quantile: 0.99,
    start_wait: None,
    burst_slowdown: None,
    rejection: None,
};

fn search(
    make: impl Fn(f64) -> Result<CellSpec, Box<dyn std::error::Error>>,
    level: ServiceLevel,
    length: f64,
    max_events: u64,
) -> Result<Capacity, SimulationError> {
    let effort = Effort {
        observation: Observation::new(50.0, length)?,
        replications: 8,
        run: run(700),
        max_events,
    };
    let make = |load| {
        make(load).map_err(|error| SimulationError::InvalidSpec {
            field: "load",
            reason: error.to_string(),
        })
    };
    simulated_capacity(make, &level, 10.0, 0.005, &effort, &Control::default())
}

/// The root of a decreasing function by bisection.
fn root(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if f(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

fn assert_brackets(found: &Capacity, truth: f64) {
    assert!(
        found.meets <= truth && truth <= found.fails,
        "{truth} isn't within {}–{}",
        found.meets,
        found.fails
    );
    assert!(
        found.fails / found.meets < 1.1 && (found.estimate / truth - 1.0).abs() < 0.02,
        "{}–{}, about {}, is no answer to {truth}",
        found.meets,
        found.fails,
        found.estimate
    );
}

#[test]
fn rejection_finds_the_load_of_erlang_b() -> Test {
    let make = |load| {
        let mut spec = places(50, Distribution::exponential(1.0)?, load)?;
        spec.full = Full::Reject;
        Ok(spec)
    };
    let level = ServiceLevel {
        rejection: Some(0.01),
        ..NOTHING
    };
    let found = search(make, level, 1_000.0, u64::MAX)?;
    assert_brackets(&found, root(1.0, 50.0, |load| 0.01 - erlang_b(50, load)));
    assert_eq!(found.limited_by, Some(Promise::Rejection));
    assert!(!found.out_of_events);
    Ok(())
}

/// P(wait > t) = C·e^{−(c − A)t} in M/M/c with unit holding times.
#[test]
fn start_wait_finds_the_load_of_erlang_c() -> Test {
    let make = |load| places(20, Distribution::exponential(1.0)?, load);
    let level = ServiceLevel {
        start_wait: Some(0.5),
        rejection: Some(0.05),
        ..NOTHING
    };
    let found = search(make, level, 2_000.0, u64::MAX)?;
    let late = |load: f64| erlang_c(20, load) * (-(20.0 - load) * 0.5).exp();
    assert_brackets(&found, root(1.0, 20.0, |load| 0.01 - late(load)));
    assert_eq!(found.limited_by, Some(Promise::StartWait));
    assert!(
        found
            .at_capacity
            .is_some_and(|best| best.meets_on_average())
    );
    Ok(())
}

#[test]
fn slowdown_limits_a_cell_short_of_cpu() -> Test {
    let make = |load| sharing(16, Distribution::exponential(1.0)?, load);
    let level = ServiceLevel {
        start_wait: Some(1.0),
        burst_slowdown: Some(2.0),
        ..NOTHING
    };
    let found = search(make, level, 1_000.0, u64::MAX)?;
    assert_eq!(found.limited_by, Some(Promise::BurstSlowdown));
    assert!(found.meets > 10.0 && found.fails < 16.0, "{found:?}");
    Ok(())
}

/// Without events to search with, the answer is wide, and says so.
#[test]
fn a_small_budget_is_admitted() -> Test {
    let make = |load| places(20, Distribution::exponential(1.0)?, load);
    let level = ServiceLevel {
        start_wait: Some(0.5),
        ..NOTHING
    };
    let found = search(make, level, 500.0, 300_000)?;
    assert!(found.out_of_events);
    assert!(found.meets <= 16.0 && found.fails >= 14.0, "{found:?}");
    let nothing = search(make, NOTHING, 500.0, u64::MAX);
    assert!(matches!(nothing, Err(SimulationError::InvalidSpec { .. })));
    Ok(())
}
