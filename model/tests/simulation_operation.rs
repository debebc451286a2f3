//! How a cell is run: warm pools, suspension, failures, autoscaling, over-commitment, and a noisy minority.

mod simulation_support;

use simulation_support::{
    Known, REPLICATIONS, Test, assert_known, birth_death, places, replicate, run, sharing,
};
use tonnage_model::distribution::{Distribution, TurnCount};
use tonnage_model::queueing::memory_risk::MemoryRisk;
use tonnage_model::queueing::warm_pool::{miss_probability, pool_for_hits};
use tonnage_model::simulation::{
    AfterFailure, Autoscaling, CellOutcome, CellSpec, Control, Demand, Effort, Full, Lifecycle,
    Metric, Minority, Observation, OverCommitment, PiecewiseLinear, Placement, PlannedFailure,
    RandomFailures, ServiceLevel, Storm, Suspension, WarmPool, assess, run_cell,
};

fn none() -> Result<Distribution, Box<dyn std::error::Error>> {
    Ok(Distribution::deterministic(0.0)?)
}

/// A cell whose sessions are those of storms: nobody else comes.
fn closed(
    servers: u64,
    think: Distribution,
    sessions: u32,
) -> Result<CellSpec, Box<dyn std::error::Error>> {
    let mut spec = places(servers, think, 0.0)?;
    spec.operation.storms = vec![Storm { at: 0.0, sessions }];
    Ok(spec)
}

// Warm pools.

/// A request misses the pool as often as a call is lost by Erlang's formula, whatever the distribution of
/// the start, and with the pool that is computed for a share of hits as often as that.
#[test]
fn pool_misses_are_erlang_b() -> Test {
    let rate = 8.0;
    let pool = u32::try_from(pool_for_hits(rate, 0.5, 0.9)?)?;
    assert_eq!(pool, 7);
    for (row, (per_host, latency)) in (700..).zip([
        (pool, Distribution::exponential(0.5)?),
        (pool, Distribution::deterministic(0.5)?),
        (3, Distribution::lognormal(0.5, 1.5)?),
    ]) {
        let mut spec = places(1 << 30, none()?, rate)?;
        spec.sandbox.start_latency = latency;
        spec.operation.warm_pool = Some(WarmPool {
            per_host,
            memory_bytes: 1,
        });
        let truth = miss_probability(rate, 0.5, per_host.into())?;
        assert_known(
            &spec,
            &Observation::new(5.0, 100.0)?,
            REPLICATIONS,
            row,
            &[
                Known::metric(Metric::PoolMissFraction, truth, 0.03),
                // Every request is followed by a start: of its own, or of a replacement.
                Known::new(
                    "replacements in progress",
                    |outcome| outcome.operation.replenishing.mean(),
                    rate * (1.0 - truth) * 0.5,
                    0.02,
                ),
            ],
        )?;
        // All the memory of a pool is held at any time.
        let runs = replicate(&spec, 5.0, 100.0, row, 2)?;
        for outcome in runs.outcomes() {
            let operation = &outcome.operation;
            let held = operation.pooled.mean() + operation.replenishing.mean();
            assert!((held - f64::from(per_host)).abs() < 1e-9, "{held}");
        }
    }
    Ok(())
}

/// Requests go where an unused sandbox is: a cell's pools are one.
#[test]
fn pools_of_a_cell_are_shared() -> Test {
    let mut spec = places(1 << 30, none()?, 8.0)?;
    spec.hosts = 7;
    spec.placement = Placement::Random;
    spec.sandbox.start_latency = Distribution::exponential(0.5)?;
    spec.operation.warm_pool = Some(WarmPool {
        per_host: 1,
        memory_bytes: 1,
    });
    let truth = miss_probability(8.0, 0.5, 7)?;
    let known = Known::metric(Metric::PoolMissFraction, truth, 0.03);
    let observation = Observation::new(5.0, 100.0)?;
    assert_known(&spec, &observation, REPLICATIONS, 710, &[known])
}

/// A pool takes places from sessions, of memory and of the density limit.
#[test]
fn a_pool_takes_its_room() -> Test {
    let mut spec = places(100, Distribution::exponential(1.0)?, 1.0)?;
    spec.sandbox.memory_bytes = 10;
    spec.operation.warm_pool = Some(WarmPool {
        per_host: 3,
        memory_bytes: 5,
    });
    assert_eq!(spec.slots_per_host(), 8);
    spec.sandbox.density_limit = Some(7);
    assert_eq!(spec.slots_per_host(), 4);
    spec.sandbox.density_limit = Some(3);
    assert!(spec.validate().is_err());
    Ok(())
}

// Suspension.

/// Without contention a sandbox is suspended for E[(Z − T)⁺] of each think Z, and holds little then.
#[test]
fn suspended_sandboxes_hold_less() -> Test {
    let (mean, after, turns, rate) = (10.0, 6.0, 5.0, 2.0);
    let mut spec = places(1 << 40, Distribution::exponential(mean)?, rate)?;
    spec.host.vcpus = 1 << 12;
    spec.sandbox.memory_bytes = 100;
    spec.session.turns = TurnCount::geometric(turns)?;
    spec.session.burst = Distribution::exponential(1.0)?;
    spec.operation.suspension = Some(Suspension {
        after,
        resume_latency: Distribution::lognormal(0.5, 0.5)?,
        resume_cpu: Distribution::deterministic(0.2)?,
        memory_bytes: 7,
    });
    let often = (-after / mean).exp();
    let suspended = rate * turns * mean * often;
    let live = rate * turns * (mean + 1.0 + 0.5 * often) - suspended;
    assert_known(
        &spec,
        &Observation::new(10.0, 60.0)?,
        REPLICATIONS,
        720,
        &[
            Known::metric(Metric::SuspendedSandboxes, suspended, 0.02),
            Known::metric(Metric::MemoryBytes, live * 100.0 + suspended * 7.0, 0.01),
            Known::metric(Metric::ResumeLatencyMean, 0.5, 0.01),
            Known::metric(Metric::BusyCpus, rate * turns * (1.0 + 0.2 * often), 0.02),
        ],
    )
}

/// Sessions that are suspended as soon as they think, on a host with places for few: machines that work
/// while their session thinks, and repairmen that are places. Resumes wait as machines do for repair.
#[test]
fn waiting_to_resume_is_the_machine_repairman() -> Test {
    let (sessions, servers, think, burst) = (12_u32, 3_u32, 4.0, 1.0);
    let mut spec = closed(
        u64::from(servers),
        Distribution::exponential(think)?,
        sessions,
    )?;
    spec.host.vcpus = servers;
    spec.session.turns = TurnCount::fixed(1_000_000)?;
    spec.session.burst = Distribution::exponential(burst)?;
    spec.operation.suspension = Some(Suspension {
        after: 0.0,
        resume_latency: none()?,
        resume_cpu: none()?,
        memory_bytes: 0,
    });
    let states = birth_death(
        sessions,
        |n| f64::from(sessions - n) / think,
        |n| f64::from(n.min(servers)) / burst,
    );
    let waiting: f64 = (0..)
        .zip(&states)
        .map(|(n, p): (u32, _)| f64::from(n.saturating_sub(servers)) * p)
        .sum();
    let live: f64 = (0..)
        .zip(&states)
        .map(|(n, p): (u32, _)| f64::from(n.min(servers)) * p)
        .sum();
    assert_known(
        &spec,
        &Observation::new(100.0, 300.0)?,
        REPLICATIONS,
        730,
        &[
            Known::new(
                "waiting to resume",
                |outcome| outcome.operation.resume_queue.mean(),
                waiting,
                0.02 * waiting,
            ),
            Known::metric(Metric::MemoryBytes, live, 0.01),
            Known::metric(Metric::ResumeWaitMean, waiting / live * burst, 0.02),
        ],
    )
}

/// With enough room for all, nobody waits; the same users with less room do, and the report on the
/// promise says so.
#[test]
fn waits_to_resume_count_for_the_promise() -> Test {
    let mut spec = closed(10, Distribution::exponential(2.0)?, 10)?;
    spec.host.vcpus = 16;
    spec.session.turns = TurnCount::fixed(1_000_000)?;
    spec.session.burst = Distribution::exponential(1.0)?;
    spec.operation.suspension = Some(Suspension {
        after: 0.1,
        resume_latency: Distribution::deterministic(0.05)?,
        resume_cpu: Distribution::deterministic(0.01)?,
        memory_bytes: 0,
    });
    let level = ServiceLevel {
        quantile: 0.99,
        start_wait: Some(0.2),
        burst_slowdown: None,
        rejection: None,
    };
    let effort = Effort {
        observation: Observation::new(20.0, 200.0)?,
        replications: 4,
        run: run(735),
        max_events: u64::MAX,
    };
    let share = |spec: &CellSpec| -> Result<f64, Box<dyn std::error::Error>> {
        let assessment = assess(spec, &level, &effort, &Control::default())?;
        Ok(assessment.checks[0].share)
    };
    assert!(share(&spec)? < 1e-9);
    spec.host.memory_bytes = 3;
    assert!(share(&spec)? > 0.05);
    Ok(())
}

/// A host full of suspended sandboxes can always resume one: whoever came last had needed the room.
#[test]
fn suspended_sandboxes_never_block_each_other() -> Test {
    let mut spec = places(10, Distribution::exponential(5.0)?, 2.0)?;
    spec.sandbox.memory_bytes = 4;
    spec.session.turns = TurnCount::fixed(3)?;
    spec.session.burst = Distribution::exponential(0.1)?;
    spec.operation.suspension = Some(Suspension {
        after: 0.5,
        resume_latency: Distribution::deterministic(0.1)?,
        resume_cpu: none()?,
        memory_bytes: 2,
    });
    let runs = replicate(&spec, 0.0, 5_000.0, 737, 4)?;
    for outcome in runs.outcomes() {
        // Three or four at a time, of about 15.6 seconds each.
        assert!(
            outcome.sessions_completed > 500,
            "{}",
            outcome.sessions_completed
        );
    }
    Ok(())
}

// Failures.

/// Agents that always have a session open, on hosts with as many each.
fn full_hosts(hosts: u32, each: u32) -> Result<CellSpec, Box<dyn std::error::Error>> {
    let mut spec = closed(each.into(), Distribution::exponential(20.0)?, hosts * each)?;
    spec.hosts = hosts;
    spec.host.vcpus = 4;
    spec.sandbox.start_latency = Distribution::deterministic(0.5)?;
    spec.sandbox.start_cpu = Distribution::deterministic(0.1)?;
    spec.session.turns = TurnCount::fixed(1_000_000)?;
    spec.session.burst = Distribution::exponential(2.0)?;
    spec.placement = Placement::RoundRobin;
    Ok(spec)
}

/// Hosts that fail lose exactly the sessions on them; these ask again, and get what room is left.
#[test]
fn a_failed_host_loses_exactly_its_sessions() -> Test {
    for then in [AfterFailure::Restart, AfterFailure::End] {
        for repair in [None, Some(30.0)] {
            let mut spec = full_hosts(5, 7)?;
            spec.operation.failures.then = then;
            spec.operation.failures.planned = vec![PlannedFailure {
                at: 100.0,
                hosts: 2,
                repair,
            }];
            let outcome = run_cell(&spec, &Observation::new(50.0, 400.0)?, run(740))?;
            let operation = &outcome.operation;
            assert_eq!(operation.host_failures, 2);
            assert_eq!(operation.sandboxes_lost, 14);
            assert_eq!(outcome.sessions.at_start, 35);
            let restart = then == AfterFailure::Restart;
            assert_eq!(operation.restarts, if restart { 14 } else { 0 });
            assert_eq!(
                operation.sessions_ended_by_failure,
                if restart { 0 } else { 14 }
            );
            let left = if restart && repair.is_some() { 35 } else { 21 };
            assert_eq!(outcome.sandboxes.at_end, left);
            assert_eq!(outcome.queue.at_end, if restart { 35 - left } else { 0 });
            assert_eq!(
                operation.powered_hosts.at_end,
                if repair.is_some() { 5 } else { 3 }
            );
            let powered = if repair.is_some() {
                5.0 - 2.0 * 30.0 / 400.0
            } else {
                5.0 - 2.0 * 350.0 / 400.0
            };
            assert!((operation.powered_hosts.mean() - powered).abs() < 1e-9);
        }
    }
    Ok(())
}

/// The promise that held without failures is broken with them, by as many waits as sessions were lost.
#[test]
fn the_report_on_the_promise_shows_a_failure() -> Test {
    let mut spec = full_hosts(4, 10)?;
    // Sessions end and come, and there is room for all of them with a host to spare.
    spec.operation.storms.clear();
    spec.session.turns = TurnCount::fixed(3)?;
    let rate = 25.0 / spec.uncontended_session_mean();
    spec.demand = Demand::Poisson {
        rate: PiecewiseLinear::constant(rate)?,
    };
    spec.host.vcpus = 16;
    let level = ServiceLevel {
        quantile: 0.99,
        start_wait: Some(1.0),
        burst_slowdown: None,
        rejection: None,
    };
    let effort = Effort {
        observation: Observation::new(100.0, 1_000.0)?,
        replications: 6,
        run: run(745),
        max_events: u64::MAX,
    };
    let sound = assess(&spec, &level, &effort, &Control::default())?;
    spec.operation.failures.planned = vec![PlannedFailure {
        at: 400.0,
        hosts: 3,
        repair: Some(60.0),
    }];
    let failing = assess(&spec, &level, &effort, &Control::default())?;
    let lost = failing.replications.merged().operation.sandboxes_lost;
    assert!(lost > 60, "{lost}");
    assert!(sound.checks[0].share < 0.01);
    assert!(failing.checks[0].share > 0.05, "{:?}", failing.checks[0]);
    Ok(())
}

/// Of an alternating renewal process, the share of time up is mean up over mean up and down.
#[test]
fn availability_is_that_of_a_renewal_process() -> Test {
    let mut spec = places(4, Distribution::exponential(1.0)?, 6.0)?;
    spec.hosts = 4;
    spec.operation.failures.random = Some(RandomFailures {
        mean_between: 40.0,
        repair: 10.0,
    });
    let known = Known::metric(Metric::PoweredHosts, 4.0 * 40.0 / 50.0, 0.01);
    let observation = Observation::new(200.0, 1_000.0)?;
    assert_known(&spec, &observation, REPLICATIONS, 750, &[known])
}

// Draining.

/// When nobody comes any more, everything is given back: sessions ended are those that came, no memory is
/// held but that of pools, and the CPU time demanded was served or lost with hosts.
#[test]
fn a_drained_cell_is_empty_and_its_work_accounted_for() -> Test {
    for (lifecycle, then) in [
        (Lifecycle::PerSession, AfterFailure::Restart),
        (Lifecycle::PerBurst, AfterFailure::Restart),
        (Lifecycle::PerSession, AfterFailure::End),
        (Lifecycle::PerBurst, AfterFailure::End),
    ] {
        let mut spec = places(30, Distribution::exponential(4.0)?, 1.0)?;
        spec.demand = Demand::Poisson {
            rate: PiecewiseLinear::new([(0.0, 0.0), (10.0, 6.0), (200.0, 6.0), (210.0, 0.0)])?,
        };
        spec.lifecycle = lifecycle;
        spec.hosts = 6;
        spec.host.vcpus = 6;
        spec.sandbox.memory_bytes = 3;
        spec.sandbox.start_latency = Distribution::lognormal(0.4, 1.0)?;
        spec.sandbox.start_cpu = Distribution::exponential(0.2)?;
        spec.sandbox.start_rate_limit = Some(5.0);
        spec.session.turns = TurnCount::geometric(3.0)?;
        spec.session.burst = Distribution::exponential(0.7)?;
        spec.placement = Placement::BestFit;
        let operation = &mut spec.operation;
        if lifecycle == Lifecycle::PerSession {
            operation.suspension = Some(Suspension {
                after: 3.0,
                resume_latency: Distribution::exponential(0.3)?,
                resume_cpu: Distribution::exponential(0.1)?,
                memory_bytes: 1,
            });
        }
        operation.warm_pool = Some(WarmPool {
            per_host: 2,
            memory_bytes: 2,
        });
        operation.autoscaling = Some(Autoscaling {
            least: 1,
            target: 0.7,
            interval: 5.0,
            boot: 4.0,
            idle_before_off: 8.0,
        });
        operation.failures.random = Some(RandomFailures {
            mean_between: 100.0,
            repair: 15.0,
        });
        operation.failures.then = then;
        let runs = replicate(&spec, 0.0, 2_000.0, 760, 4)?;
        for outcome in runs.outcomes() {
            let operation = &outcome.operation;
            assert!(operation.sandboxes_lost > 10);
            assert_eq!(outcome.sessions.at_end, 0);
            assert_eq!(
                outcome.sessions.entered,
                outcome.sessions_completed + operation.sessions_ended_by_failure
            );
            assert_eq!(outcome.sandboxes.at_end, 0);
            assert_eq!(operation.suspended.at_end, 0);
            // Random failures go on, and the last host may be away.
            assert!(operation.powered_hosts.at_end <= 6);
            let lost = operation.cpu_nanoseconds_abandoned as f64 / 1e9;
            assert!(lost > 0.0 && operation.cpu_nanoseconds_wasted > 0);
            let accounted = outcome.cpu_seconds_served() + lost;
            let demanded = outcome.cpu_seconds_demanded();
            assert!(
                (accounted / demanded - 1.0).abs() < 1e-6,
                "{accounted} of {demanded}"
            );
        }
    }
    Ok(())
}

// Storms.

/// All of a storm's sessions are there at once, and only as many as fit find room.
#[test]
fn a_storm_comes_all_at_once() -> Test {
    let mut spec = closed(10, Distribution::deterministic(5.0)?, 25)?;
    spec.operation.storms[0].at = 3.0;
    spec.full = Full::Queue { limit: 8 };
    let outcome = run_cell(&spec, &Observation::new(0.0, 100.0)?, run(770))?;
    assert_eq!(outcome.operation.storm_sessions, 25);
    assert_eq!(outcome.sessions.entered, 25);
    assert_eq!(outcome.sessions_rejected, 7);
    assert_eq!(outcome.queue.peak, 8);
    assert_eq!(outcome.sessions_completed, 18);
    // Ten at once, eight after five seconds.
    assert!((outcome.start_wait.sum() - 8.0 * 5.0).abs() < 1e-9);
    assert!((outcome.sandboxes.mean() * 100.0 - 18.0 * 5.0).abs() < 1e-9);
    Ok(())
}

// Autoscaling.

fn scaled(least: u32, boot: f64) -> Autoscaling {
    Autoscaling {
        least,
        target: 0.8,
        interval: 10.0,
        boot,
        idle_before_off: 20.0,
    }
}

/// The load of a storm is looked at, hosts boot, and go when it is over; host-seconds are counted.
#[test]
fn hosts_come_and_go_with_the_load() -> Test {
    let mut spec = closed(10, Distribution::deterministic(100.0)?, 40)?;
    spec.hosts = 8;
    spec.operation.storms[0].at = 5.0;
    spec.operation.autoscaling = Some(scaled(1, 7.0));
    let outcome = run_cell(&spec, &Observation::new(0.0, 400.0)?, run(780))?;
    // At 10 s 40 places are asked for: 5 hosts at 80%. Four more boot until 17 s, and 30 sessions wait for
    // them.
    let operation = &outcome.operation;
    assert_eq!(operation.boots, 4);
    assert_eq!(operation.powered_hosts.peak, 5);
    assert_eq!(operation.powered_hosts.at_end, 1);
    assert_eq!(outcome.start_wait.above_floor(), 30);
    assert!((outcome.start_wait.sum() - 30.0 * 12.0).abs() < 1e-6);
    // The first host is empty at 105 s, the others at 117 s, but for one that had none of the 40. It is
    // found superfluous at the look at 20 s: 40 places on 5 hosts are 80%. So all stay until 110 s.
    assert!(operation.powered_hosts.mean() * 400.0 < 4.0 * 200.0 + 400.0);
    assert!(operation.powered_hosts.mean() * 400.0 > 4.0 * 107.0 + 400.0);
    Ok(())
}

/// A steady load keeps as many hosts on as fill to the target, by places or by CPU.
#[test]
fn a_steady_load_keeps_its_hosts() -> Test {
    for (vcpus, burst, hosts) in [(100, 0.01, 5), (4, 2.0, 10)] {
        let mut spec = places(10, Distribution::exponential(20.0)?, 0.0)?;
        spec.operation.storms = vec![Storm {
            at: 0.0,
            sessions: 40,
        }];
        spec.hosts = 20;
        spec.host.vcpus = vcpus;
        spec.session.turns = TurnCount::fixed(1_000_000)?;
        spec.session.think = Distribution::deterministic(if burst > 1.0 { 0.5 } else { 5.0 })?;
        spec.session.burst = Distribution::exponential(burst)?;
        spec.placement = Placement::LeastLoaded;
        spec.operation.autoscaling = Some(scaled(1, 5.0));
        let outcome = run_cell(&spec, &Observation::new(3_000.0, 500.0)?, run(785))?;
        // 40 places are 5 hosts at 80%. 40 × 0.8 busy CPUs would be 10 hosts at 80% of 4 CPUs, if they shared
        // nothing.
        let on = outcome.operation.powered_hosts.mean();
        assert!(
            (on - f64::from(hosts)).abs() <= 0.5 * f64::from(hosts) && on >= 5.0,
            "{on} hosts on with {vcpus} vCPUs"
        );
    }
    Ok(())
}

/// There are never fewer hosts on than the least, and a host with a sandbox is never switched off.
#[test]
fn idle_cells_keep_the_least() -> Test {
    let mut spec = places(10, Distribution::exponential(1.0)?, 0.0)?;
    spec.hosts = 9;
    spec.operation.autoscaling = Some(scaled(3, 5.0));
    let outcome = run_cell(&spec, &Observation::new(0.0, 500.0)?, run(787))?;
    assert_eq!(outcome.operation.powered_hosts.peak, 3);
    assert!((outcome.operation.powered_hosts.mean() - 3.0).abs() < 1e-9);
    assert_eq!(outcome.operation.boots, 0);
    Ok(())
}

// Over-commitment.

/// A host that is always full is over its memory for the share of time, and as often, as the convolution
/// of sizes says; how long sandboxes live does not matter for the share.
#[test]
fn over_committed_memory_is_exceeded_as_the_convolution_says() -> Test {
    for (row, (actual, lifetime)) in (790..).zip([
        (
            Distribution::gamma(60e6, 0.8)?,
            Distribution::exponential(5.0)?,
        ),
        (
            Distribution::lognormal(55e6, 1.2)?,
            Distribution::lognormal(5.0, 1.0)?,
        ),
    ]) {
        let mut spec = places(1_000_000_000, lifetime, 100.0)?;
        spec.sandbox.memory_bytes = 100_000_000;
        spec.operation.over_commitment = Some(OverCommitment {
            factor: 1.5,
            actual: actual.clone(),
        });
        spec.demand = Demand::FiniteSource {
            agents: 40,
            open_rate: PiecewiseLinear::constant(1e4)?,
        };
        assert_eq!(spec.slots_per_host(), 15);
        let risk = MemoryRisk::new(&actual, 1e9)?;
        let share = risk.share_over(15)?;
        let per_day = risk.times_over(15, 15.0 / 5.0)? * 86_400.0;
        assert_known(
            &spec,
            &Observation::new(50.0, 200.0)?,
            REPLICATIONS,
            row,
            &[
                Known::metric(Metric::ShareOverMemory, share, 0.04),
                Known::metric(Metric::TimesOverMemoryPerHostDay, per_day, 0.04),
            ],
        )?;
    }
    Ok(())
}

/// With a number of sandboxes that varies as in Erlang's loss system, the risk is that of the mixture.
#[test]
fn the_risk_of_a_loss_system_is_that_of_a_mixture() -> Test {
    let actual = Distribution::gamma(70e6, 0.7)?;
    let mut spec = places(1_000_000_000, Distribution::exponential(5.0)?, 2.0)?;
    spec.sandbox.memory_bytes = 100_000_000;
    spec.full = Full::Reject;
    spec.operation.over_commitment = Some(OverCommitment {
        factor: 1.6,
        actual: actual.clone(),
    });
    let numbers = birth_death(16, |_| 2.0, |n| f64::from(n) / 5.0);
    let share = MemoryRisk::new(&actual, 1e9)?.share_over_mixture(&numbers)?;
    let known = Known::metric(Metric::ShareOverMemory, share, 0.05);
    let observation = Observation::new(30.0, 200.0)?;
    assert_known(&spec, &observation, REPLICATIONS, 795, &[known])
}

// Noisy minority.

/// Under processor sharing a burst's slowdown doesn't depend on its length, on average: heavy bursts of
/// few slow down everybody alike, by 1/(1 − ρ).
#[test]
fn a_minority_slows_down_everybody_alike() -> Test {
    let mut spec = sharing(1, Distribution::exponential(0.5)?, 1.0)?;
    spec.session.minority = Some(Minority {
        share: 0.1,
        burst: Distribution::lognormal(2.0, 1.5)?,
    });
    let load = 0.9 * 0.5 + 0.1 * 2.0;
    let slowdown = 1.0 / (1.0 - load);
    assert_known(
        &spec,
        &Observation::new(200.0, 1_000.0)?,
        REPLICATIONS,
        800,
        &[
            Known::metric(Metric::MajoritySlowdownMean, slowdown, 0.03),
            Known::metric(Metric::MinoritySlowdownMean, slowdown, 0.05),
            Known::metric(Metric::Utilisation, load, 0.01),
        ],
    )
}

/// Everything is shared out between the groups.
#[test]
fn both_groups_are_all() -> Test {
    let mut spec = sharing(2, Distribution::exponential(0.5)?, 2.0)?;
    spec.session.minority = Some(Minority {
        share: 0.2,
        burst: Distribution::exponential(1.0)?,
    });
    let runs = replicate(&spec, 0.0, 1_000.0, 805, 4)?;
    let merged: &CellOutcome = runs.merged();
    let apart = (
        &merged.operation.majority_slowdown,
        &merged.operation.minority_slowdown,
    );
    assert_eq!(
        merged.burst_slowdown.count(),
        apart.0.count() + apart.1.count()
    );
    let share = apart.1.count() as f64 / merged.burst_slowdown.count() as f64;
    assert!((share - 0.2).abs() < 0.02, "{share}");
    Ok(())
}
