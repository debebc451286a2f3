//! Whatever the cell, a run ends with its invariants intact or an error that says why.

mod simulation_support;

use proptest::prelude::{Just, ProptestConfig, Strategy, prop, prop_assert, prop_oneof, proptest};
use simulation_support::{places, run};
use tonnage_model::distribution::{Distribution, TurnCount};
use tonnage_model::simulation::{
    AfterFailure, Autoscaling, CellOutcome, CellSpec, Demand, Failures, Full, HostCapacity,
    Lifecycle, Minority, Observation, Operation, OverCommitment, PiecewiseLinear, Placement,
    PlannedFailure, RandomFailures, SandboxCost, SessionShape, SimulationError, Storm, Suspension,
    WarmPool, run_cell,
};

fn durations() -> impl Strategy<Value = Distribution> {
    let mean = 0.01_f64..3.0;
    prop_oneof![
        2 => Just(Distribution::deterministic(0.0)),
        1 => mean.clone().prop_map(Distribution::deterministic),
        2 => mean.clone().prop_map(Distribution::exponential),
        2 => (mean.clone(), 0.1_f64..4.0).prop_map(|(mean, cv)| Distribution::lognormal(mean, cv)),
        1 => mean.clone().prop_map(|mean| Distribution::pareto(mean, 1.5)),
        1 => mean.prop_map(|mean| Distribution::uniform(0.0, mean)),
    ]
    .prop_map(|distribution| distribution.expect("sound parameters"))
}

fn rates() -> impl Strategy<Value = PiecewiseLinear> {
    (0.0_f64..20.0, 0.0_f64..20.0, 0.0_f64..20.0).prop_map(|(a, b, c)| {
        PiecewiseLinear::new([(0.0, a), (5.0, b), (11.0, c)]).expect("sound points")
    })
}

fn demands() -> impl Strategy<Value = Demand> {
    prop_oneof![
        rates().prop_map(|rate| Demand::Poisson { rate }),
        (1_u64..60, rates())
            .prop_map(|(agents, open_rate)| Demand::FiniteSource { agents, open_rate }),
    ]
}

fn sandboxes() -> impl Strategy<Value = SandboxCost> {
    (
        durations(),
        durations(),
        prop_oneof![Just(0_u64), 1_u64..60],
        0.2_f64..3.0,
        prop::option::of(0.3_f64..50.0),
        prop::option::of(1_u32..20),
    )
        .prop_map(
            |(latency, cpu, memory, relative_cpu, rate, density)| SandboxCost {
                start_latency: latency,
                start_cpu: cpu,
                memory_bytes: memory,
                relative_cpu,
                start_rate_limit: rate,
                density_limit: density,
            },
        )
}

fn sessions() -> impl Strategy<Value = SessionShape> {
    let turns = prop_oneof![
        (1_u32..6).prop_map(TurnCount::fixed),
        (1.0_f64..8.0).prop_map(TurnCount::geometric),
    ];
    (turns, durations(), durations(), minorities()).prop_map(|(turns, think, burst, minority)| {
        SessionShape {
            turns: turns.expect("sound parameters"),
            think,
            burst,
            minority,
        }
    })
}

fn minorities() -> impl Strategy<Value = Option<Minority>> {
    prop::option::of(
        (0.0_f64..=1.0, durations()).prop_map(|(share, burst)| Minority { share, burst }),
    )
}

fn suspensions() -> impl Strategy<Value = Option<Suspension>> {
    let after = prop_oneof![Just(0.0), 0.0_f64..3.0];
    prop::option::of((after, durations(), durations(), 0_u64..60).prop_map(
        |(after, resume_latency, resume_cpu, memory_bytes)| Suspension {
            after,
            resume_latency,
            resume_cpu,
            memory_bytes,
        },
    ))
}

fn failures() -> impl Strategy<Value = Failures> {
    let planned = (0.0_f64..18.0, 0_u32..5, prop::option::of(0.0_f64..6.0))
        .prop_map(|(at, hosts, repair)| PlannedFailure { at, hosts, repair });
    let random = (0.5_f64..20.0, 0.0_f64..5.0).prop_map(|(mean_between, repair)| RandomFailures {
        mean_between,
        repair,
    });
    (
        prop::collection::vec(planned, 0..3),
        prop::option::of(random),
        prop_oneof![Just(AfterFailure::Restart), Just(AfterFailure::End)],
    )
        .prop_map(|(planned, random, then)| Failures {
            planned,
            random,
            then,
        })
}

fn operations() -> impl Strategy<Value = Operation> {
    let pool = (0_u32..4, 0_u64..20).prop_map(|(per_host, memory_bytes)| WarmPool {
        per_host,
        memory_bytes,
    });
    let scaling = (
        1_u32..4,
        0.1_f64..=1.0,
        0.2_f64..5.0,
        prop_oneof![Just(0.0), 0.0_f64..4.0],
        prop_oneof![Just(0.0), 0.0_f64..4.0],
    )
        .prop_map(
            |(least, target, interval, boot, idle_before_off)| Autoscaling {
                least,
                target,
                interval,
                boot,
                idle_before_off,
            },
        );
    let over = (1.0_f64..3.0, durations()).prop_map(|(factor, actual)| OverCommitment {
        factor,
        actual: actual.scaled(20.0).expect("sound"),
    });
    let storm = (0.0_f64..18.0, 0_u32..30).prop_map(|(at, sessions)| Storm { at, sessions });
    (
        suspensions(),
        prop::option::of(pool),
        prop::option::of(scaling),
        prop_oneof![Just(Failures::default()), failures()],
        prop::option::of(over),
        prop::collection::vec(storm, 0..3),
    )
        .prop_map(
            |(suspension, warm_pool, autoscaling, failures, over_commitment, storms)| Operation {
                suspension,
                warm_pool,
                autoscaling,
                failures,
                over_commitment,
                storms,
            },
        )
}

/// Makes an operation possible that was drawn without a look at its cell.
fn fitted(mut spec: CellSpec) -> CellSpec {
    let memory = spec.sandbox.memory_bytes;
    let operation = &mut spec.operation;
    if spec.lifecycle == Lifecycle::PerBurst {
        operation.suspension = None;
    }
    if let Some(suspension) = &mut operation.suspension {
        suspension.memory_bytes = suspension.memory_bytes.min(memory);
    }
    if let Some(pool) = &mut operation.warm_pool {
        pool.memory_bytes = pool.memory_bytes.min(memory);
    }
    if let Some(scaling) = &mut operation.autoscaling {
        scaling.least = scaling.least.min(spec.hosts);
    }
    if spec.slots_per_host() == 0 {
        spec.operation.warm_pool = None;
    }
    spec
}

fn cells() -> impl Strategy<Value = CellSpec> {
    let lifecycles = prop_oneof![Just(Lifecycle::PerSession), Just(Lifecycle::PerBurst)];
    let placements = prop_oneof![
        Just(Placement::FirstFit),
        Just(Placement::BestFit),
        Just(Placement::LeastLoaded),
        Just(Placement::PowerOfTwo),
        Just(Placement::RoundRobin),
        Just(Placement::Random),
    ];
    let rules = prop_oneof![
        Just(Full::Reject),
        Just(Full::UNBOUNDED),
        (0_u32..10).prop_map(|limit| Full::Queue { limit }),
    ];
    (
        (1_u32..6, 1_u32..9, 60_u64..200),
        sandboxes(),
        sessions(),
        lifecycles,
        demands(),
        placements,
        rules,
        prop_oneof![1 => Just(Operation::default()), 3 => operations()],
    )
        .prop_map(
            |(
                (hosts, vcpus, memory),
                sandbox,
                session,
                lifecycle,
                demand,
                placement,
                full,
                operation,
            )| {
                fitted(CellSpec {
                    hosts,
                    host: HostCapacity {
                        vcpus,
                        memory_bytes: memory,
                    },
                    sandbox,
                    session,
                    lifecycle,
                    demand,
                    placement,
                    full,
                    operation,
                })
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) })]

    #[test]
    fn every_small_cell_keeps_its_invariants(
        spec in cells(),
        warm_up in prop_oneof![Just(0.0), 0.0_f64..5.0],
        bins in 0_u32..4,
        replication in 0_u64..1000,
    ) {
        let observation = Observation::new(warm_up, 15.0).expect("sound").with_bins(bins);
        let id = tonnage_model::simulation::RunId { replication, ..run(600) };
        let outcome = run_cell(&spec, &observation, id);
        prop_assert!(outcome.is_ok(), "{outcome:?}");
        let outcome = outcome.expect("just checked");
        let slots = u64::from(spec.hosts) * u64::from(spec.slots_per_host());
        if spec.operation.suspension.is_none() {
            prop_assert!(outcome.sandboxes.peak <= slots);
        }
        let memory = f64::from(spec.hosts) * spec.host.memory_bytes as f64
            * spec.operation.over_commitment.as_ref().map_or(1.0, |over| over.factor);
        prop_assert!(outcome.memory_bytes_mean() <= memory * (1.0 + 1e-9));
        prop_assert!(outcome.operation.powered_hosts.peak <= u64::from(spec.hosts));
        prop_assert!(outcome.utilisation() <= 1.0 + 1e-9);
        let limit = match spec.full {
            Full::Queue { limit } => u64::from(limit),
            _ => 0,
        };
        prop_assert!(outcome.queue.peak <= limit);
        if let Some(slowdown) = outcome.burst_slowdown.mean() {
            prop_assert!(slowdown >= 1.0 - 1e-9);
        }
        if let Demand::FiniteSource { agents, .. } = spec.demand {
            let guests: u64 = spec.operation.storms.iter().map(|storm| u64::from(storm.sessions)).sum();
            prop_assert!(outcome.sessions.peak <= agents + guests);
        }
        prop_assert!(outcome.series.len() == bins as usize);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    /// However runs are split and in whatever order parts are merged, the outcome is the same to the
    /// last bit.
    #[test]
    fn merging_is_exact(
        spec in cells(),
        bins in 0_u32..4,
        parts in prop::collection::vec(0_usize..4, 8),
        order in Just((0_usize..8).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let observation = Observation::new(1.0, 9.0).expect("sound").with_bins(bins);
        let outcomes: Vec<CellOutcome> = (0..8)
            .map(|replication| {
                let id = tonnage_model::simulation::RunId { replication, ..run(610) };
                run_cell(&spec, &observation, id).expect("a finished run")
            })
            .collect();
        let merge = |mut left: CellOutcome, right: CellOutcome| {
            left.merge(&right);
            left
        };
        let together = outcomes.iter().cloned().reduce(merge).expect("eight");
        // Each run goes to one of four machines, in any order; what they found is then merged.
        let mut machines: [Option<CellOutcome>; 4] = Default::default();
        for index in order {
            let machine = &mut machines[parts[index]];
            let added = outcomes[index].clone();
            *machine = Some(match machine.take() {
                Some(before) => merge(before, added),
                None => added,
            });
        }
        let merged = machines.into_iter().flatten().rev().reduce(merge).expect("some");
        prop_assert!(merged == together);
        let bytes = |outcome| serde_json::to_string(outcome).expect("written");
        prop_assert!(bytes(&merged) == bytes(&together));
    }
}

/// Impossible inputs are refused by name.
#[test]
fn impossible_cells_are_refused() -> simulation_support::Test {
    let base = places(10, Distribution::exponential(1.0)?, 1.0)?;
    let refused = |change: fn(&mut CellSpec)| {
        let mut spec = base.clone();
        change(&mut spec);
        match run_cell(&spec, &Observation::new(0.0, 1.0)?, run(0)) {
            Err(SimulationError::InvalidSpec { field, .. }) => Ok(field),
            other => Err(SimulationError::InvalidSpec {
                field: "accepted",
                reason: format!("{other:?}"),
            }),
        }
    };
    assert_eq!(refused(|spec| spec.hosts = 0)?, "hosts");
    assert_eq!(refused(|spec| spec.host.vcpus = 0)?, "vcpus");
    assert_eq!(
        refused(|spec| spec.sandbox.memory_bytes = 11)?,
        "memory_bytes"
    );
    assert_eq!(
        refused(|spec| spec.sandbox.density_limit = Some(0))?,
        "memory_bytes"
    );
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut spec = base.clone();
        spec.sandbox.relative_cpu = wrong;
        assert!(spec.validate().is_err());
        let mut spec = base.clone();
        spec.sandbox.start_rate_limit = Some(wrong);
        assert!(spec.validate().is_err());
    }
    assert!(Observation::new(0.0, 0.0).is_err());
    assert!(Observation::new(-1.0, 1.0).is_err());
    assert!(Observation::new(f64::NAN, 1.0).is_err());
    assert!(Observation::new(0.0, f64::INFINITY).is_err());
    Ok(())
}
