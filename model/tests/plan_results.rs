//! What a whole result must be: finite, reproducible, honest about what was not done.

mod common;
mod plan_support;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use common::{file_names, load_with, loaded};
use plan_support::{assert_close, planned, tier, tiny, try_plan};
use serde_json::Value;
use tonnage_model::plan::{Memory, PlanError, PlanOptions, Progress, Silent, answer, plan};
use tonnage_model::result::{
    CapacityResult, Estimated, MatrixOutcome, SimulatedResult, SimulationOutcome,
};
use tonnage_model::scenario::Loaded;

/// Few events, few replications, a small cell.
const SMALL_SIMULATION: [&str; 4] = [
    "simulation.replications=3",
    "simulation.cell_hosts=2",
    "simulation.events=30000",
    "host.memory=64GiB",
];

fn simulated(loaded: &Loaded, draws: u32) -> CapacityResult {
    let options = PlanOptions {
        simulate: true,
        draws: Some(draws),
    };
    plan(loaded, &options, &Silent).unwrap_or_else(|error| panic!("{error}"))
}

fn bytes(result: &CapacityResult) -> String {
    serde_json::to_string(result).expect("JSON")
}

/// Keys whose value may be missing.
const OPTIONAL: [&str; 3] = ["usd_per_month", "host_usd_per_hour", "simulated"];

/// Every number of a JSON value, and every null where a number is expected, with its path.
fn check_numbers(value: &Value, path: &str) {
    match value {
        Value::Null => {
            let key = path.rsplit('.').next().unwrap_or_default();
            assert!(OPTIONAL.contains(&key), "{path} is no number");
        }
        Value::Array(items) => {
            for item in items {
                check_numbers(item, &format!("{path}[]"));
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                check_numbers(value, &format!("{path}.{key}"));
            }
        }
        Value::Number(number) => {
            let number = number.as_f64().expect("a number");
            let signed = ["peak_lag_hours", "rank_correlation"]
                .iter()
                .any(|key| path.ends_with(key));
            assert!(
                number.is_finite() && (signed || number >= 0.0),
                "{path}: {number}"
            );
        }
        Value::Bool(_) => {}
        Value::String(text) => {
            let odd = ["NaN", "inf ", "inf%", "-inf"]
                .iter()
                .any(|odd| text.contains(odd));
            assert!(!odd, "{path}: {text}");
        }
    }
}

/// Every interval in a JSON value holds its central value.
fn check_intervals(value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(check_intervals),
        Value::Object(entries) => {
            let figure = |key: &str| entries.get(key).and_then(Value::as_f64);
            if let (Some(low), Some(central), Some(high)) =
                (figure("low"), figure("central"), figure("high"))
            {
                assert!(
                    low <= central && central <= high,
                    "{low}, {central}, {high}"
                );
            }
            entries.values().for_each(check_intervals);
        }
        _ => {}
    }
}

fn check(result: &CapacityResult, name: &str) {
    let value = serde_json::to_value(result).expect("JSON");
    check_numbers(&value, name);
    check_intervals(&value);
    let back: CapacityResult = serde_json::from_str(&bytes(result)).expect("a result");
    assert_eq!(&back, result, "{name} reads back");
}

#[test]
fn every_shipped_scenario_has_finite_answers() {
    for name in file_names("") {
        let result = planned(&loaded(&name), 20);
        check(&result, &name);
        for plan in &result.plans {
            let sum: f64 = plan
                .tiers
                .iter()
                .map(|tier| tier.analytic.hosts.central)
                .sum();
            assert_close(plan.analytic.hosts.central, sum, 1e-9, &plan.id);
            for tier in &plan.tiers {
                let shares: f64 = tier.binding_shares.iter().map(|row| row.share).sum();
                assert_close(shares, 1.0, 1e-9, &tier.tier);
                let by_cell = tier.cell.cells * f64::from(tier.cell.hosts);
                assert_close(tier.analytic.hosts.central, by_cell, 1e-9, &tier.tier);
            }
        }
    }
}

#[test]
fn nobody_and_a_simulation_are_finite_too() {
    check(&simulated(&tiny(&SMALL_SIMULATION), 10), "tiny");
    let nobody = [&SMALL_SIMULATION[..], &["segments.staff.people=0"]].concat();
    check(&simulated(&tiny(&nobody), 10), "nobody");
}

/// Tiny with uncertain inputs, in an order of the reader's choice.
fn uncertain(first: &str, second: &str) -> Loaded {
    tiny(
        &[
            &SMALL_SIMULATION[..],
            &[
                first,
                second,
                "segments.staff.people={ low = 50000, high = 150000 }",
            ],
        ]
        .concat(),
    )
}

const THINK: &str =
    r#"tiers.work.think={ distribution = "exponential", mean = { low = "20s", high = "60s" } }"#;
const MEMORY: &str = r#"tiers.work.working_set={ p50 = "256MiB", p95 = "1GiB" }"#;

#[test]
fn a_seed_makes_the_same_bytes_on_any_number_of_threads() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let loaded = uncertain(THINK, MEMORY);
        pool.expect("threads")
            .install(|| bytes(&simulated(&loaded, 40)))
    };
    let one = on(1);
    assert!(one == on(4), "one thread and four differ");
    assert!(one == on(1), "two runs differ");
}

#[test]
fn another_seed_draws_otherwise() {
    let with_seed = |seed: u32| {
        let loaded = load_with("small-company.toml", &[&format!("seed={seed}")]);
        let mut result = planned(&loaded, 30);
        result.provenance.seed = 0;
        result.provenance.scenario_digest = String::new();
        result
    };
    let (one, two) = (with_seed(1), with_seed(2));
    let (a, b) = (one.plans[0].analytic.vcpus, two.plans[0].analytic.vcpus);
    assert_close(a.central, b.central, 1e-12, "the middle is not drawn");
    let ends = |of: Estimated| (of.low.to_bits(), of.high.to_bits());
    let peaks = (one.demand.peak_sessions, two.demand.peak_sessions);
    assert_ne!(ends(peaks.0), ends(peaks.1));
    assert_eq!(one.assumptions, two.assumptions);
}

/// Each input has a stream of its own, so the file may be written in any order.
#[test]
fn draws_do_not_depend_on_the_order_of_inputs() {
    let order = |first: &str, second: &str| {
        let text = plan_support::TINY.replace(
            "tiers = { work = 1 }",
            &format!("[segments.staff.tiers]\n{first} = 0.5\n{second} = 0.5"),
        );
        let tier = |name: &str, low: u32| {
            format!(
                "[tiers.{name}]\ntitle = \"{name}\"\nneeds = [\"linux\"]\n\
                 lifecycle = \"per-session\"\nturns = 10\nthink = \"30s\"\nburst = \"1s\"\n\
                 working_set = {{ low = \"{low}MiB\", high = \"1GiB\" }}\n"
            )
        };
        let (before, rest) = text.split_once("[tiers.work]").expect("the tier");
        let (_, after) = rest.split_once("[host]").expect("the host");
        let sizes = |name: &str| if name == "a" { 100 } else { 300 };
        let text = format!(
            "{before}{}{}[host]{after}",
            tier(first, sizes(first)),
            tier(second, sizes(second))
        )
        .replace("work = \"box\"", "a = \"box\", b = \"box\"");
        let files = plan_support::tiny_files().and("tiny.toml", &text);
        let result = planned(&common::load_from(&files, "tiny.toml", &[]), 50);
        let mut tiers = result.plans[0].tiers.clone();
        tiers.sort_by(|a, b| a.tier.cmp(&b.tier));
        tiers
    };
    assert_eq!(order("a", "b"), order("b", "a"));
}

/// Cells of one host and nothing spare: hosts are as good as linear in people.
#[test]
fn an_interval_is_that_of_the_only_uncertain_input() {
    let result = planned(
        &tiny(&[
            "segments.staff.people={ low = 10000000, high = 30000000 }",
            "fleet.cell_hosts=1",
            "fleet.spare_hosts=0",
        ]),
        1000,
    );
    let vcpus = result.plans[0].analytic.vcpus;
    assert_close(vcpus.low / vcpus.central, 10.5 / 20.0, 4e-3, "low end");
    assert_close(vcpus.high / vcpus.central, 29.5 / 20.0, 4e-3, "high end");
    assert_close(result.demand.peak_sessions.low, 1.05e6, 2e-3, "low end");
    assert_close(result.demand.peak_sessions.high, 2.95e6, 2e-3, "high end");
    let [bar] = result.tornado.as_slice() else {
        panic!("one bar, not {}", result.tornado.len())
    };
    assert_close(bar.low_output / vcpus.central, 11.0 / 20.0, 4e-3, "5%");
    assert_close(
        bar.high_output / vcpus.central,
        29.0 / 20.0,
        4e-3,
        "95% quantile",
    );
    assert_close(bar.rank_correlation, 1.0, 1e-3, "correlation");
}

/// A lognormal number of people: the ends of the interval are its quantiles.
#[test]
fn an_interval_of_a_skewed_input_is_skewed() {
    let changes = ["segments.staff.people={ p50 = 20000000, p95 = 60000000 }"];
    let peak = planned(&tiny(&changes), 2000).demand.peak_sessions;
    let sigma = 3.0_f64.ln() / 1.644_853_627;
    assert_close(peak.low, 2e6 * (-1.959_964 * sigma).exp(), 0.01, "low end");
    assert_close(peak.high, 2e6 * (1.959_964 * sigma).exp(), 0.01, "high end");
}

/// A quantile outside what an input may be is cut off, in a bar as in a draw.
#[test]
fn a_tornado_stays_within_what_an_input_may_be() {
    let turns = r#"tiers.work.turns={ distribution = "geometric", mean = { p50 = 1.2, p95 = 8 } }"#;
    let result = planned(&tiny(&[turns, "segments.staff.people=10M"]), 50);
    let bar = result
        .tornado
        .iter()
        .find(|bar| bar.key == "tiers.work.turns");
    assert_eq!(bar.map(|bar| bar.low_input.as_str()), Some("1"));
    check(&result, "few turns");
}

#[test]
fn a_sandbox_larger_than_a_host_is_an_error_that_names_it() {
    let error = try_plan(&tiny(&["tiers.work.working_set=600GiB"]), 10);
    let Err(PlanError::Impossible {
        plan,
        tier,
        technology,
        reason,
    }) = error
    else {
        panic!("{error:?}")
    };
    let named = (plan.as_str(), tier.as_str(), technology.as_str());
    assert_eq!(named, ("only", "work", "box"));
    assert!(reason.contains("one sandbox does not fit"), "{reason}");
}

/// The more draws a sandbox is too large in, the less of an upper end there is. No share of them
/// leaves an infinite one, and the reason given is the right one.
#[test]
fn sandboxes_that_sometimes_do_not_fit_leave_no_infinite_end() {
    for too_large in [0.01, 0.02, 0.0251, 0.03, 0.1, 0.3] {
        // Uniform up to beyond what the instance itself leaves of a host.
        let high = (510.0 - 44.0 / 1024.0) / (1.0 - too_large);
        let memory = format!("tiers.work.working_set={{ low = \"0B\", high = \"{high}GiB\" }}");
        for draws in [10_u32, 40, 80, 200, 1000] {
            // Each of the even slices of the belief is drawn once.
            let fewest = (too_large * f64::from(draws)).floor() / f64::from(draws);
            let most = (too_large * f64::from(draws)).ceil() / f64::from(draws);
            match try_plan(&tiny(&[&memory, "fleet.spare_hosts=0"]), draws) {
                Ok(result) => {
                    check(&result, &memory);
                    assert!(fewest < 0.025, "{too_large} of {draws} draws");
                }
                Err(PlanError::Impossible { reason, .. }) => {
                    assert!(reason.contains("not one sandbox fits"), "{reason}");
                    assert!(most >= 0.025, "{too_large} of {draws} draws");
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn an_impossible_technology_is_said_to_be_in_the_matrix() {
    let loaded = loaded("us-knowledge-workers.toml");
    let result = planned(&loaded, 10);
    let tiers = loaded.scenario.tiers.len();
    assert_eq!(
        result.matrix.len(),
        tiers * loaded.scenario.technologies.len()
    );
    for cell in &result.matrix {
        if let MatrixOutcome::Suitable {
            requirement,
            sessions_per_vcpu,
            ..
        } = &cell.outcome
        {
            assert!(requirement.hosts.central >= 1.0 && *sessions_per_vcpu > 0.0);
        }
    }
    let kinds = |is: fn(&MatrixOutcome) -> bool| result.matrix.iter().any(|cell| is(&cell.outcome));
    assert!(kinds(|outcome| matches!(
        outcome,
        MatrixOutcome::Unsuitable { .. }
    )));
    assert!(kinds(|outcome| matches!(
        outcome,
        MatrixOutcome::Suitable { .. }
    )));
}

/// Stops at once, or as soon as the simulation begins.
struct Interrupted {
    at_once: bool,
    simulating: AtomicBool,
}

impl Progress for Interrupted {
    fn begin(&self, stage: &str, _: u64) {
        self.simulating
            .fetch_or(stage == "simulation", Ordering::SeqCst);
    }

    fn advance(&self, _: u64) {}

    fn cancelled(&self) -> bool {
        self.at_once || self.simulating.load(Ordering::SeqCst)
    }
}

#[test]
fn an_interrupted_plan_says_what_it_left_out() {
    for at_once in [true, false] {
        let progress = Interrupted {
            at_once,
            simulating: AtomicBool::new(false),
        };
        let options = PlanOptions {
            simulate: true,
            draws: Some(10),
        };
        let result = plan(&tiny(&SMALL_SIMULATION), &options, &progress).expect("a result");
        let found = &result.plans[0];
        assert!(found.simulated.is_none() && found.analytic.hosts.central > 0.0);
        let SimulationOutcome::NotSimulated { reason } = &found.tiers[0].simulated else {
            panic!("it was simulated")
        };
        assert!(reason.contains("interrupted"), "{reason}");
        assert!(
            result
                .warnings
                .iter()
                .any(|warning| warning.contains("interrupted"))
        );
        check(&result, "interrupted");
    }
}

/// Stops after some draws.
struct Impatient {
    left: AtomicI64,
}

impl Progress for Impatient {
    fn begin(&self, _: &str, _: u64) {}

    fn advance(&self, steps: u64) {
        let steps = i64::try_from(steps).expect("a few");
        self.left.fetch_sub(steps, Ordering::SeqCst);
    }

    fn cancelled(&self) -> bool {
        self.left.load(Ordering::SeqCst) <= 0
    }
}

#[test]
fn a_plan_stopped_while_it_draws_keeps_what_it_has() {
    let progress = Impatient {
        left: AtomicI64::new(40),
    };
    let options = PlanOptions {
        simulate: false,
        draws: Some(100_000),
    };
    let loaded = tiny(&["tiers.work.burst={ low = \"400ms\", high = \"600ms\" }"]);
    let result = plan(&loaded, &options, &progress).expect("a result");
    let draws = result.provenance.draws;
    // Those that other threads had begun are finished.
    assert!((40..1_000).contains(&draws), "{draws} draws");
    let rough = format!("Only {draws} draws");
    if draws < 200 {
        assert!(
            result
                .warnings
                .iter()
                .any(|warning| warning.starts_with(&rough)),
            "{:?}",
            result.warnings
        );
    }
    check(&result, "stopped");
}

/// An answer is the plan without what only a report shows.
#[test]
fn an_answer_says_what_the_plan_says() {
    let options = PlanOptions {
        simulate: false,
        draws: Some(50),
    };
    // Whatever was answered before: other people, then other sessions, then the same again.
    let memory = Memory::new(50);
    for (name, change) in [
        ("us-knowledge-workers.toml", "seed=1"),
        ("us-knowledge-workers.toml", "segments.workers.people=5M"),
        ("us-knowledge-workers.toml", "tiers.code.think=7s"),
        ("us-knowledge-workers.toml", "seed=1"),
        ("small-company.toml", "seed=2"),
    ] {
        let loaded = load_with(name, &[change]);
        let whole = plan(&loaded, &options, &Silent).expect("a plan");
        let found = answer(&loaded, &options, &memory, &Silent).expect("an answer");
        assert_eq!(found.answer, whole.answer);
        assert_eq!(found.plans, whole.plans);
        assert_eq!(found.demand, whole.demand);
        assert_eq!(found.warnings, whole.warnings);
        assert_eq!(found.provenance, whole.provenance);
        assert_eq!(found.readings, whole.readings[..1]);
        assert!(found.matrix.is_empty() && found.tornado.is_empty() && found.claims.is_empty());
        assert!(found.growth.is_none() && found.baseline.is_none());
    }
}

#[test]
fn a_plan_by_formulas_says_so() {
    let found = tier(&[]);
    let SimulationOutcome::NotSimulated { reason } = found.simulated else {
        panic!("it was simulated")
    };
    assert!(reason.contains("left out"), "{reason}");
}

#[track_caller]
fn simulated_tier(changes: &[&str]) -> SimulatedResult {
    let result = simulated(&tiny(changes), 10);
    match &result.plans[0].tiers[0].simulated {
        SimulationOutcome::Simulated(simulated) => (**simulated).clone(),
        SimulationOutcome::NotSimulated { reason } => panic!("{reason}"),
    }
}

/// Short sessions with next to no CPU work in few places: an M/G/c queue, which the formulas know.
#[test]
fn a_cell_full_of_waiting_sessions_is_as_the_formulas_say() {
    let found = simulated_tier(&[
        r#"tiers.work.turns={ distribution = "geometric", mean = 2 }"#,
        r#"tiers.work.think={ distribution = "exponential", mean = "5s" }"#,
        "tiers.work.burst=10ms",
        "host.memory=12GiB",
        "simulation.replications=6",
        "simulation.cell_hosts=2",
        "simulation.events=100000",
        "simulation.window=3h",
    ]);
    let ratio = found.over_analytic;
    assert!(ratio.low <= 1.03 && ratio.high >= 0.97, "{ratio:?}");
    assert!((ratio.central - 1.0).abs() < 0.05, "{ratio:?}");
    let wait = &found.service_level[0];
    assert!(
        wait.name.contains("wait") && wait.found.low <= wait.target,
        "{wait:?}"
    );
}

/// A burst lives through better moments than the one it arrives in, so the formulas for CPU are
/// careful: more than half of what they say is needed, and hardly more than all of it.
#[test]
fn a_cell_full_of_work_needs_a_little_less_than_the_formulas_say() {
    let found = simulated_tier(&[
        r#"tiers.work.burst={ distribution = "exponential", mean = "3s" }"#,
        "host.vcpus=8",
        "simulation.replications=4",
        "simulation.cell_hosts=1",
        "simulation.events=60000",
        "simulation.window=3h",
    ]);
    let ratio = found.over_analytic;
    assert!(ratio.low <= ratio.central && ratio.central <= ratio.high);
    assert!(ratio.low > 0.6 && ratio.high < 1.15, "{ratio:?}");
    // Sized again, in whole hosts of whole cells of ten.
    let vcpus = found.vcpus_at_central_inputs;
    assert_close(
        vcpus.central / ratio.central,
        vcpus.high / ratio.high,
        0.1,
        "scaled",
    );
}
