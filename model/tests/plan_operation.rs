//! How a fleet is run, worked out a second time with plain arithmetic, and what of it is refused.

mod common;
mod plan_support;

use common::problems_in;
use plan_support::{assert_close, planned, tier, tiny, tiny_files};
use statrs::distribution::{ContinuousCDF, Gamma};
use tonnage_model::distribution::{Distribution, TurnCount};
use tonnage_model::plan::{PlanOptions, Silent, plan};
use tonnage_model::result::{
    BindingResource, CapacityResult, Estimated, SimulationOutcome, TierOperation,
};
use tonnage_model::simulation::{
    CellSpec, Control, Demand, Effort, Full, HostCapacity, Lifecycle, Observation, Operation,
    PiecewiseLinear, Placement, RunId, SandboxCost, ServiceLevel, SessionShape, assess,
};

const MIB: f64 = 1_048_576.0;
const TAIL: f64 = 0.01;
/// Open sessions at the peak, seconds of one, and places of a host of the tiny scenario.
const SESSIONS: f64 = 10_000.0;
const SESSION: f64 = 305.0;
const SLOTS: u32 = 1740;

fn erlang_b(load: f64, servers: u32) -> f64 {
    (1..=servers).fold(1.0, |blocking, n| {
        load * blocking / (f64::from(n) + load * blocking)
    })
}

fn erlang_c(load: f64, servers: u32) -> f64 {
    let blocking = erlang_b(load, servers);
    blocking / (1.0 - load / f64::from(servers) * (1.0 - blocking))
}

fn operation(overrides: &[&str]) -> TierOperation {
    tier(overrides).operation.expect("something of it")
}

#[track_caller]
fn close(found: Estimated, expected: f64, what: &str) {
    assert_close(found.central, expected, 1e-9, what);
}

const SUSPENDED: [&str; 4] = [
    "technologies.box.resume_latency=200ms",
    "technologies.box.cpu_per_resume=50ms",
    "technologies.box.memory_suspended=30MiB",
    "tiers.work.suspend_after=10s",
];

/// Exponential thinks of 30 s: a share e^(−1/3) of them lasts longer than 10 s, and goes on for
/// another 30 s.
#[test]
fn idle_sandboxes_hold_a_tenth_of_a_place() {
    let found = tier(&SUSPENDED);
    let longer = (-1.0_f64 / 3.0).exp();
    let life = 1.0 + 10.0 * (30.0 + longer * 0.2 + 0.6);
    let asleep = 10.0 * 30.0 * longer;
    let live = SESSIONS * life / SESSION;
    assert_close(found.peak_sandboxes.central, live, 1e-9, "live");
    let operation = found.operation.expect("a suspension");
    let suspension = operation.suspension.expect("a suspension");
    assert_close(suspension.after_seconds, 10.0, 1e-12, "after");
    let suspended = SESSIONS * asleep / SESSION;
    close(suspension.suspended, suspended, "suspended");
    let places = live - 0.9 * suspended;
    close(suspension.places, places, "places");
    let resumes = SESSIONS * 10.0 * longer / SESSION;
    close(suspension.resumes_per_second, resumes, "resumes");
    let load = SESSIONS * (10.0 * (0.6 + longer * 0.05) + 0.2) / SESSION;
    assert_close(found.offered_load.central, load, 1e-9, "load");

    // Room: new sandboxes in the cell, woken ones on their own host and ahead of them.
    let taken_for = (life - asleep) / (1.0 + 10.0 * longer);
    let wait = 0.5 / taken_for;
    let holds = |hosts: u32| {
        let slots = SLOTS * hosts;
        let cell = places < f64::from(slots)
            && erlang_c(places, slots) * (-(f64::from(slots) - places) * wait).exp() <= TAIL;
        let each = places / f64::from(hosts);
        let woken = each * resumes * taken_for / places;
        cell && each < f64::from(SLOTS)
            && erlang_c(each, SLOTS) * (-(f64::from(SLOTS) - woken) * wait).exp() <= TAIL
    };
    let by_memory = (1..1000).find(|hosts| holds(*hosts)).expect("enough");
    let by_cpu = tier(&["host.memory=100TiB"]);
    assert_eq!(by_cpu.binding, BindingResource::Cpu);
    let per_host = by_cpu.hosts_by_resource[0].hosts / SESSIONS;
    let cpu = per_host * SESSIONS * load / by_cpu.offered_load.central;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let by_cpu = cpu.ceil() as u32;
    assert_eq!(found.cell.hosts, by_memory.max(by_cpu) + 1);
    assert!(found.cell.hosts < tier(&[]).cell.hosts);
}

#[test]
fn a_sandbox_that_is_hardly_ever_idle_for_so_long_is_hardly_ever_suspended() {
    let never = [
        SUSPENDED[0],
        SUSPENDED[1],
        SUSPENDED[2],
        "tiers.work.suspend_after=1h",
    ];
    let found = tier(&never);
    let plain = tier(&[]);
    assert_close(
        found.offered_load.central,
        plain.offered_load.central,
        1e-9,
        "load",
    );
    assert_eq!(found.cell.hosts, plain.cell.hosts);
}

/// As few unused sandboxes as leave a hundredth of the requests without, at the most starts a host
/// can see: as many sandboxes as fit beside them, each there for 307 s.
#[test]
fn a_warm_pool_is_an_erlang_loss_system() {
    let found = operation(&["fleet.warm_pool.hit_rate=99%"]);
    let pool = found.warm_pool.expect("a pool");
    let misses = |pool: u32| {
        let slots = ((510.0 * 1024.0 - f64::from(pool) * 44.0) / 300.0).floor();
        erlang_b((slots / 307.0).min(64.0 / 6.2), pool)
    };
    let needed = (1..1000)
        .find(|pool| misses(*pool) <= TAIL)
        .expect("enough");
    close(pool.per_host, f64::from(needed), "pool");
    close(pool.misses, misses(needed), "misses");
    let given = operation(&["fleet.warm_pool.per_host=5"]);
    close(given.warm_pool.expect("a pool").misses, misses(5), "misses");
}

#[test]
fn a_pool_takes_the_room_of_sandboxes() {
    let hosts = |pool: u32| {
        let found = tier(&[&format!("fleet.warm_pool.per_host={pool}")]);
        found.analytic.hosts.central
    };
    assert_close(hosts(0), tier(&[]).analytic.hosts.central, 1e-12, "hosts");
    // 5,000 times 44 MiB is two fifths of the memory.
    assert!(hosts(5000) > hosts(0));
}

/// Sums of gamma amounts are gamma: the risk is exact.
#[test]
fn memory_promised_twice_is_short_now_and_then() {
    let found = tier(&[
        "fleet.memory_commitment.factor=1.5",
        r#"fleet.memory_commitment.actual={ distribution = "gamma", mean = "60%", cv = 0.5 }"#,
    ]);
    let operation = found.operation.clone().expect("a commitment");
    let memory = operation.memory_commitment.expect("a commitment");
    // 510 GiB × 1.5 over 300 MiB.
    close(memory.places_per_host, 2611.0, "places");
    let hosts = f64::from(found.cell.hosts - found.cell.spare_hosts);
    let taken = found.peak_sandboxes.central / hosts;
    close(memory.sandboxes_per_host, taken, "taken");
    let short = |number: f64| {
        let shape = number / 0.25;
        let law = Gamma::new(shape, shape / (number * 0.6 * 300.0 * MIB)).unwrap();
        law.sf(510.0 * 1024.0 * MIB)
    };
    assert_close(memory.risk.central, short(taken), 1e-6, "risk");
    assert_close(memory.risk_when_full.central, short(2611.0), 1e-6, "full");
    assert!(found.cell.hosts <= tier(&[]).cell.hosts);
}

/// The sum of three amounts that are uniform from nothing to one is above 2.5 with the chance 0.5³/6
/// (Irwin 1927, Hall 1927), and not with that of a gamma variable of the same mean and variance, 0.037.
#[test]
fn the_risk_of_a_few_large_sandboxes_is_exact() {
    let operation = operation(&[
        "segments.staff.people=200",
        "tiers.work.working_set=208852MiB",
        "fleet.memory_commitment.factor=1.21",
        r#"fleet.memory_commitment.actual={ distribution = "uniform", low = 0, high = 1 }"#,
    ]);
    let memory = operation.memory_commitment.expect("a commitment");
    close(memory.places_per_host, 3.0, "places");
    let exact = 0.5_f64.powi(3) / 6.0;
    assert_close(memory.risk_when_full.central, exact, 1e-3, "full");
    // At the peak fewer are there: with two or less there is always room.
    let share_of_three = memory.sandboxes_per_host.central - 2.0;
    assert!(share_of_three < 1.0);
    let peak = share_of_three.max(0.0) * exact;
    assert!((memory.risk.central - peak).abs() < 1e-5, "{memory:?}");
}

/// Suspended sandboxes, and unused ones beside few others: nobody waits and nobody is turned away in so
/// short a watch, and that alone decides that the promises are kept.
#[test]
fn suspension_and_warm_pools_can_be_simulated() {
    let small = [
        "simulation.replications=4",
        "simulation.cell_hosts=2",
        "simulation.events=100000",
        "host.memory=64GiB",
        "segments.staff.people=5000",
    ];
    let pool = ["fleet.warm_pool.per_host=4"];
    for operation in [&SUSPENDED[..], &pool[..]] {
        let loaded = tiny(&[&small[..], operation].concat());
        let options = PlanOptions {
            simulate: true,
            draws: Some(1),
        };
        let result = plan(&loaded, &options, &Silent).unwrap();
        match &result.plans[0].tiers[0].simulated {
            SimulationOutcome::Simulated(found) => {
                let over = found.over_analytic;
                assert!(
                    over.low <= 1.2 && over.high >= 0.8,
                    "{operation:?}: {over:?}"
                );
            }
            SimulationOutcome::NotSimulated { reason } => panic!("{operation:?}: {reason}"),
        }
    }
}

/// One session in ten does ten times the work in each turn: 0.95 s in the mean.
#[test]
fn a_noisy_minority_does_half_the_work() {
    let found = tier(&[
        "tiers.work.minority.share=10%",
        r#"tiers.work.minority.burst={ distribution = "exponential", mean = "5s" }"#,
    ]);
    let load = SESSIONS * (10.0 * 1.2 * 0.95 + 0.2) / (10.0 * 30.95);
    assert_close(found.offered_load.central, load, 1e-9, "load");
    let minority = found.operation.expect("a minority").minority;
    let minority = minority.expect("a minority");
    close(minority.share_of_work, 0.5 / 0.95, "work");
}

/// Under a constant load as many hosts are on as are filled to the target.
#[test]
fn switched_hosts_follow_a_constant_load() {
    let scaling = "fleet.autoscaling={ least = 1, target = \"80%\", interval = \"1min\", \
                   boot = \"5min\", idle_before_off = \"10min\" }";
    let plain = tier(&["segments.staff.people=30k"]);
    let found = tier(&["segments.staff.people=30k", scaling]);
    let on_duty = found.cell.hosts - 1;
    assert_eq!(found.cell.hosts, plain.cell.hosts);
    let full =
        (found.offered_load.central / 64.0).max(found.peak_sandboxes.central / f64::from(SLOTS));
    let wanted = (full / 0.8).ceil().min(f64::from(on_duty));
    let scaled = found.operation.expect("scaling").autoscaling;
    let scaled = scaled.expect("scaling");
    close(scaled.host_hours_per_week, (wanted + 1.0) * 168.0, "on");
    close(
        scaled.always_on_host_hours_per_week,
        f64::from(found.cell.hosts) * 168.0,
        "always on",
    );
    close(scaled.fullest, full / wanted, "fullest");
}

#[test]
fn switching_hosts_saves_where_the_load_varies() {
    let with = |least: u32, boot: &str| {
        let scaling = format!(
            "fleet.autoscaling={{ least = {least}, target = \"80%\", interval = \"1min\", boot = \
             \"{boot}\", idle_before_off = \"10min\" }}"
        );
        let curve = "segments.staff.activity=curves/office-hours.toml";
        let found = operation(&[curve, "host.usd_per_hour=2", &scaling]);
        found.autoscaling.expect("scaling")
    };
    let scaled = with(1, "5min");
    let (hours, always) = (
        scaled.host_hours_per_week.central,
        scaled.always_on_host_hours_per_week.central,
    );
    assert!(hours < 0.8 * always, "{hours} of {always}");
    let month = scaled.usd_per_month.expect("a price").central;
    assert_close(month, hours / 168.0 * 2.0 * 730.0, 1e-9, "month");
    assert!(with(100, "5min").host_hours_per_week.central >= always * (1.0 - 1e-9));
    // A host that comes hours later comes too late.
    assert!(with(1, "3h").fullest.central > scaled.fullest.central);
}

#[test]
fn failures_take_sandboxes_away() {
    let found = tier(&[
        "fleet.failures={ host_failures_per_year = 12, repair = \"1d\", at_peak = 2, cell_fails = \
         true }",
        "segments.staff.people=1M",
        "fleet.spare_hosts=3",
    ]);
    let failures = found.operation.expect("failures").failures.expect("some");
    let rate = 12.0 / (365.25 * 86_400.0);
    let down = rate * 86_400.0 / (1.0 + rate * 86_400.0);
    close(failures.hosts_down.expect("random ones"), down, "down");
    // None to three of them are down, by the binomial.
    let hosts = f64::from(found.cell.hosts);
    let chances = (0..4).map(|number| {
        let ways = (0..number).fold(1.0, |ways, k| {
            ways * (hosts - f64::from(k)) / f64::from(k + 1)
        });
        ways * down.powi(number) * (1.0 - down).powf(hosts - f64::from(number))
    });
    let beyond = failures.more_than_spare.expect("random ones");
    let expected = 1.0 - chances.sum::<f64>();
    assert!((beyond.central - expected).abs() < 1e-12, "{beyond:?}");
    let live = found.peak_sandboxes.central;
    let lost = failures.sandboxes_lost_per_month.expect("random ones");
    close(lost, rate * live * 730.0 * 3600.0, "lost");

    // Two of the hosts of a cell fail; the others start anew with the CPU they have to spare.
    let cells = found.cell.cells;
    let on_duty = f64::from(found.cell.hosts - 3);
    let in_cell = live / cells;
    let at_peak = failures.at_peak.expect("some");
    close(at_peak.sandboxes, in_cell * 2.0 / on_duty, "at peak");
    let load = found.offered_load.central / cells;
    let left = f64::from(found.cell.hosts - 2);
    let free = left * 64.0 - load * (1.0 - 2.0 / on_duty);
    let has_room = left * f64::from(SLOTS) >= in_cell;
    let seconds = has_room.then(|| in_cell * 2.0 / on_duty / (free / 0.2) + 1.0);
    assert_eq!(at_peak.seconds.is_some(), seconds.is_some());
    if let (Some(found), Some(expected)) = (at_peak.seconds, seconds) {
        close(found, expected, "seconds");
    }

    // All of a cell, and the others start it.
    let cell = failures.cell.expect("a cell");
    close(cell.sandboxes, in_cell, "cell");
    let others = cells - 1.0;
    let free = others * f64::from(found.cell.hosts) * 64.0 - others * load;
    close(
        cell.seconds.expect("room in the others"),
        in_cell / (free / 0.2) + 1.0,
        "seconds",
    );
}

#[test]
fn a_single_cell_has_no_other_to_go_to() {
    let found = operation(&["fleet.failures.cell_fails=true"]);
    let failures = found.failures.expect("a failure");
    assert!(failures.hosts_down.is_none() && failures.at_peak.is_none());
    assert!(failures.cell.expect("a cell").seconds.is_none());
}

const BASELINE: [&str; 2] = [
    "baseline.memory=400MiB",
    "baseline.requests_per_instance=10",
];

fn with_baseline(overrides: &[&str]) -> CapacityResult {
    let all: Vec<&str> = BASELINE.iter().chain(overrides).copied().collect();
    planned(&tiny(&all), 1)
}

/// The largest load of M/M/c at which a request finds `most` others with a chance of 1%.
fn held(vcpus: u32, most: u32) -> f64 {
    let (mut low, mut high) = (0.0, f64::from(vcpus));
    for _ in 0..100 {
        let load = f64::midpoint(low, high);
        let servers = vcpus.min(most);
        let beyond = i32::try_from(most - servers).unwrap();
        let chance = erlang_c(load, servers) * (load / f64::from(servers)).powi(beyond);
        if load < f64::from(servers) && chance <= TAIL {
            low = load;
        } else {
            high = load;
        }
    }
    low
}

/// A session keeps 0.5 / 30.5 vCPUs busy; an instance with its ten requests takes 2,960 MiB.
#[test]
fn a_shared_service_is_m_g_c_with_processor_sharing() {
    for (memory, most, binding) in [
        // 192 requests at a time are what the promise allows: 20 instances.
        ("512GiB", 192, BindingResource::Cpu),
        // 13 instances fit, and 3.
        ("40GiB", 130, BindingResource::Memory),
        ("10GiB", 30, BindingResource::Memory),
    ] {
        let result = with_baseline(&[&format!("host.memory={memory}")]);
        let baseline = result.baseline.expect("a baseline");
        let per_host = held(64, most) / (0.5 / 30.5);
        let cells = (SESSIONS / per_host / 10.0).ceil();
        let hosts = cells * ((SESSIONS / cells / per_host).ceil() + 1.0);
        close(baseline.requirement.hosts, hosts, memory);
        assert_eq!(baseline.tiers[0].binding, binding, "{memory}");
        let instances = hosts * f64::from(most.div_ceil(10));
        assert_close(baseline.tiers[0].instances, instances, 1e-12, memory);
        let own = result.plans[0].analytic.hosts.central;
        close(baseline.plans[0].ratio, own / hosts, "ratio");
    }
}

/// What sessions hold between requests leaves less memory for instances.
#[test]
fn sessions_kept_in_memory_share_it_with_instances() {
    let result = with_baseline(&["baseline.session_memory=200MiB"]);
    let baseline = result.baseline.expect("a baseline");
    assert_eq!(baseline.tiers[0].binding, BindingResource::Memory);
    // The best of all numbers of instances, by trying each.
    let per_host = (1..=20)
        .map(|instances| {
            let left = (512.0 * 1024.0 - f64::from(instances) * 2960.0) / 200.0;
            left.min(held(64, (10 * instances).min(192)) / (0.5 / 30.5))
        })
        .fold(0.0, f64::max);
    let hosts = (SESSIONS / per_host).ceil() + 1.0;
    close(baseline.requirement.hosts, hosts, "hosts");
}

/// The ratio's interval is that of what the two do not share: memory per sandbox here.
#[test]
fn what_plan_and_service_share_cancels_in_their_ratio() {
    let people = "segments.staff.people={ p50 = \"10M\", p95 = \"40M\" }";
    let all: Vec<&str> = BASELINE.iter().copied().chain([people]).collect();
    let result = planned(&tiny(&all), 100);
    let baseline = result.baseline.expect("a baseline");
    let width = |found: Estimated| found.high / found.low;
    assert!(width(baseline.requirement.hosts) > 5.0);
    assert!(width(baseline.plans[0].ratio) < 1.1);
}

/// The simulated service: requests that queue for six threads on four vCPUs. Work is exponential, so
/// the number present is that of M/M/4 and one request in a hundred finds every thread taken.
#[test]
fn the_shared_service_simulated_keeps_requests_waiting_as_often() {
    let load = held(4, 6);
    let result = with_baseline(&[
        "host.vcpus=4",
        "host.memory=3GiB",
        "baseline.requests_per_instance=6",
        "tiers.work.working_set=256MiB",
        "fleet.cell_hosts=1000",
    ]);
    let tier = &result.baseline.expect("a baseline").tiers[0];
    let hosts = (SESSIONS * 0.5 / 30.5 / load).ceil() + 1.0;
    close(tier.requirement.hosts, hosts, "hosts");

    let nothing = || Distribution::deterministic(0.0).unwrap();
    let spec = CellSpec {
        hosts: 1,
        host: HostCapacity {
            vcpus: 4,
            memory_bytes: 1 << 30,
        },
        sandbox: SandboxCost {
            start_latency: nothing(),
            start_cpu: nothing(),
            memory_bytes: 0,
            relative_cpu: 1.0,
            start_rate_limit: None,
            density_limit: Some(6),
        },
        session: SessionShape {
            turns: TurnCount::fixed(1).unwrap(),
            think: nothing(),
            burst: Distribution::exponential(0.5).unwrap(),
            minority: None,
        },
        lifecycle: Lifecycle::PerBurst,
        demand: Demand::Poisson {
            rate: PiecewiseLinear::constant(load / 0.5).unwrap(),
        },
        placement: Placement::FirstFit,
        full: Full::UNBOUNDED,
        operation: Operation::default(),
    };
    let level = ServiceLevel {
        quantile: 0.99,
        start_wait: Some(0.0),
        burst_slowdown: None,
        rejection: None,
    };
    let effort = Effort {
        observation: Observation::new(50.0, 20_000.0).unwrap(),
        replications: 20,
        run: RunId {
            seed: 1,
            cell: 0,
            replication: 0,
        },
        max_events: u64::MAX,
    };
    let found = assess(&spec, &level, &effort, &Control::default()).unwrap();
    let check = found.checks[0];
    assert!(check.low <= TAIL && TAIL <= check.high, "{check:?}");
    assert!(check.high - check.low < 0.002, "{check:?}");
}

#[track_caller]
fn refused(overrides: &[&str]) -> String {
    problems_in(&tiny_files(), "tiny.toml", overrides)
}

#[test]
fn what_cannot_be_run_so_is_refused() {
    let suspend = "tiers.work.suspend_after=10s";
    let scaling = "fleet.autoscaling={ least = 1, target = 0, interval = \"1s\", boot = \"1s\", \
                   idle_before_off = \"1s\" }";
    let commitment = "fleet.memory_commitment={ factor = 0.5, actual = 0.5 }";
    let baseline = "baseline={ memory = \"1GiB\", requests_per_instance = 0 }";
    let both = ["fleet.warm_pool.per_host=3", "fleet.warm_pool.hit_rate=99%"];
    let cases: [(&[&str], &str); 12] = [
        (&[suspend], "sandboxes of `box` cannot be suspended"),
        (
            &[suspend, "tiers.work.lifecycle=per-burst"],
            "is never idle, so it cannot be suspended",
        ),
        (
            &["technologies.box.resume_latency=1s"],
            "`box` has `resume_latency` but not `cpu_per_resume` and `memory_suspended`",
        ),
        (&both, "both are given"),
        (&["fleet.warm_pool={}"], "neither is given"),
        (&["fleet.warm_pool.hit_rate=100%"], "no pool serves every"),
        (
            &["fleet.failures.repair=1h"],
            "`host_failures_per_year` is missing",
        ),
        (
            &["fleet.failures.then=wait"],
            "`wait` is not what becomes of a session after a failure",
        ),
        (&[commitment], "must be at least 1"),
        (&[scaling], "would be infinitely many"),
        (&[baseline], "works on at least one request"),
        (
            &["segments.staff.trace_scaling=together"],
            "there is no trace to scale",
        ),
    ];
    for (overrides, expected) in cases {
        let found = refused(overrides);
        assert!(found.contains(expected), "{overrides:?}: {found}");
    }
}

/// A plan's own lifecycle brings its own suspension or none.
#[test]
fn a_plan_takes_the_suspension_of_a_tier_unless_it_says_otherwise() {
    let after = |plan: &str| {
        let mut all = SUSPENDED.to_vec();
        let tiers = format!("plans.only.tiers={{ work = {plan} }}");
        all.push(&tiers);
        let loaded = tiny(&all);
        let assignment = loaded.scenario.plans[0].assignments[0];
        assignment
            .suspend_after
            .map(|id| loaded.scenario.inputs.get(id).describe())
    };
    assert_eq!(after(r#""box""#).as_deref(), Some("10 s"));
    let own = r#"{ technology = "box", suspend_after = "2min" }"#;
    assert_eq!(after(own).as_deref(), Some("2 min"));
    let none = r#"{ technology = "box", lifecycle = "per-session" }"#;
    assert_eq!(after(none), None);
}
