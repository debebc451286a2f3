//! The cheapest hardware: against plans for each host by hand, and what must hold of every answer.

mod common;
mod plan_support;

use common::{Files, load_from};
use plan_support::{TINY, assert_close, planned, tiny_files};
use tonnage_model::plan::{
    OptimizeOptions, PlanError, Silent, SizingEffort, architecture_of_host, optimize,
};
use tonnage_model::profile::Boundary;
use tonnage_model::result::{ConfirmationOutcome, OptimumOption, OptimumResult};
use tonnage_model::scenario::{HostShapesDocument, Lifecycle, Loaded, load_shapes};

const SHAPES: &str = r#"
format = 1
kind = "host-shapes"
title = "Three shapes"
source = "Invented"
licence = "None"
derivation = "None"

[shapes.lean]
vcpus = 64
memory = "128GiB"
usd_per_hour = 2.5
architecture = "x86-64"
bare_metal = false

[shapes.roomy]
vcpus = 64
memory = "512GiB"
usd_per_hour = 4.0
architecture = "x86-64"
bare_metal = false

[shapes.metal]
vcpus = 64
memory = "512GiB"
usd_per_hour = 5.0
architecture = "x86-64"
bare_metal = true

[shapes.other]
vcpus = 64
memory = "512GiB"
usd_per_hour = 0.1
architecture = "arm64"
bare_metal = false

[shapes.unpriced]
vcpus = 64
memory = "512GiB"
architecture = "x86-64"
bare_metal = true
"#;

/// Beside the box a thin one that is no Linux, and a virtual machine that takes more memory.
const MORE: &str = r#"
[technologies.thin]
title = "Thin"
boundary = "language-runtime"
offers = ["javascript"]
start_latency = { value = "10ms", assumed = "Round." }
cpu_per_start = { value = "2ms", assumed = "Round." }
memory_per_instance = { value = "4MiB", assumed = "Round." }
memory_base = { value = "1GiB", assumed = "Round." }
relative_cpu = { value = 1.2, assumed = "Round." }

[technologies.machine]
title = "Machine"
boundary = "hardware"
offers = ["linux"]
start_latency = { value = "1s", assumed = "Round." }
cpu_per_start = { value = "200ms", assumed = "Round." }
memory_per_instance = { low = "60MiB", high = "200MiB", assumed = "Round." }
memory_base = { value = "2GiB", assumed = "Round." }
relative_cpu = { value = 1.2, assumed = "Round." }
"#;

fn files() -> Files {
    let tiny = tiny_files();
    let profile = tiny
        .0
        .get("tiny-profile.toml")
        .expect("the profile")
        .clone();
    tiny.and("tiny-profile.toml", &(profile + MORE))
        .and("shapes.toml", SHAPES)
}

fn scenario(overrides: &[&str]) -> Loaded {
    load_from(&files(), "tiny.toml", overrides)
}

fn shapes() -> HostShapesDocument {
    common::expect(load_shapes(&files(), "shapes.toml"))
}

fn options() -> OptimizeOptions {
    OptimizeOptions {
        draws: Some(50),
        lists: vec![shapes()],
        architecture: Some("x86-64".to_owned()),
        ..OptimizeOptions::default()
    }
}

fn optimum(loaded: &Loaded, options: &OptimizeOptions) -> OptimumResult {
    let result = optimize(loaded, options, &Silent).unwrap_or_else(|error| panic!("{error}"));
    result.optimum.expect("an optimum")
}

fn option<'a>(found: &'a OptimumResult, technology: &str) -> &'a OptimumOption {
    let options = &found.tiers[0].options;
    let mut of_technology = options.iter().filter(|one| one.technology == technology);
    of_technology.next().expect("an option of this technology")
}

/// The cheapest of all shapes and cell sizes, each planned as a scenario of its own.
#[test]
fn the_cheapest_is_that_of_all_plans_by_hand() {
    for work in ["burst=500ms", "burst=3s", "working_set=2GiB"] {
        let change = format!("tiers.work.{work}");
        let found = optimum(&scenario(&[&change]), &options());
        let mut cheapest = ("", f64::INFINITY);
        for (shape, memory, price) in [("lean", 128, 2.5), ("roomy", 512, 4.0), ("metal", 512, 5.0)]
        {
            let changes = [
                change.clone(),
                format!("host.memory={memory}GiB"),
                format!("host.usd_per_hour={price}"),
            ];
            let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
            let plan = &planned(&scenario(&changes), 10).plans[0];
            let usd = plan.analytic.usd_per_month.expect("a price").central;
            if usd < cheapest.1 {
                cheapest = (shape, usd);
            }
        }
        let choice = &found.tiers[0].options[0];
        assert_eq!(choice.technology, "box", "{work}");
        assert_eq!(choice.shape, cheapest.0, "{work}");
        assert_close(choice.usd_per_month.central, cheapest.1, 1e-9, work);
        assert_close(
            choice.usd_per_month.central,
            choice.hosts.central * choice.usd_per_hour * 730.0,
            1e-9,
            work,
        );
        assert_close(choice.fleet.hosts(), choice.hosts.central, 1e-9, work);
        let total = found.usd_per_month.expect("a total");
        assert_close(total.central, cheapest.1, 1e-9, work);
    }
}

#[test]
fn a_tier_gets_only_what_gives_it_all_it_needs() {
    let found = optimum(&scenario(&[]), &options());
    assert!(
        found.tiers[0]
            .options
            .iter()
            .all(|one| one.technology != "thin")
    );
    let thin = found.tiers[0]
        .excluded
        .iter()
        .find(|one| one.technology == "thin");
    assert_eq!(thin.expect("excluded").reason, "lacks a full Linux");
}

#[test]
fn machines_need_bare_metal_unless_told_otherwise() {
    let found = optimum(&scenario(&[]), &options());
    assert_eq!(option(&found, "machine").shape, "metal");
    let nested = OptimizeOptions {
        nested_virtualisation: true,
        ..options()
    };
    let found = optimum(&scenario(&[]), &nested);
    assert_ne!(option(&found, "machine").shape, "metal");
}

#[test]
fn isolation_that_is_demanded_costs_what_it_costs() {
    let free = optimum(&scenario(&[]), &options());
    let demanding = OptimizeOptions {
        isolation: Some(Boundary::Hardware),
        ..options()
    };
    let bound = optimum(&scenario(&[]), &demanding);
    let tier = &bound.tiers[0];
    assert_eq!(tier.options[0].technology, "machine");
    assert_eq!(tier.options[0].shape, "metal");
    let cheaper = tier.without_demands.as_ref().expect("something cheaper");
    let unbound = free.tiers[0].options[0].usd_per_month.central;
    assert_eq!(cheaper.technology, "box");
    assert_close(
        cheaper.usd_per_month.central,
        unbound,
        1e-9,
        "without demands",
    );
    assert_close(
        bound.usd_per_month_without_demands.expect("a total"),
        unbound,
        1e-9,
        "in all",
    );
    assert!(bound.usd_per_month.expect("a total").central > unbound);
    assert!(free.usd_per_month_without_demands.is_none());
}

/// In every draw something is cheapest; what is always cheapest is never regretted.
#[test]
fn shares_and_regrets_belong_together() {
    let uncertain = [
        "technologies.box.memory_per_instance={ low = \"20MiB\", high = \"200MiB\" }",
        "tiers.work.working_set=32MiB",
    ];
    let found = optimum(&scenario(&uncertain), &options());
    let options = &found.tiers[0].options;
    let shares: f64 = options.iter().map(|one| one.cheapest_share).sum();
    assert!(shares >= 1.0 - 1e-9, "{shares}");
    for one in options {
        assert!(one.regret >= -1e-12, "{}", one.regret);
        assert!(one.over_choice.low <= one.over_choice.central);
    }
    assert!((options[0].over_choice.central - 1.0).abs() < 1e-12);
    let certain = optimum(&scenario(&["tiers.work.burst=3s"]), &self::options());
    let choice = &certain.tiers[0].options[0];
    assert_close(choice.cheapest_share, 1.0, 1e-12, "the choice");
    assert!(choice.regret.abs() < 1e-12);
}

#[test]
fn shapes_without_a_price_or_of_another_kind_are_left_out_and_named() {
    let found = optimum(&scenario(&[]), &options());
    assert_eq!(found.lists[0].used, 3);
    assert_eq!(
        found.lists[0].left_out,
        [
            "1 of Three shapes have no price, so they cannot be compared",
            "1 of Three shapes are not x86-64"
        ]
    );
    let any = OptimizeOptions {
        architecture: None,
        ..options()
    };
    assert_eq!(
        optimum(&scenario(&[]), &any).tiers[0].options[0].shape,
        "other"
    );
    let none = OptimizeOptions {
        architecture: Some("riscv".to_owned()),
        ..options()
    };
    let error = optimize(&scenario(&[]), &none, &Silent).expect_err("no shape");
    assert!(matches!(&error, PlanError::NoShapes { .. }));
    assert!(error.to_string().contains("have no price"), "{error}");
}

#[test]
fn a_faster_processor_is_worth_its_speed() {
    let busy = scenario(&["tiers.work.burst=3s"]);
    let slow = optimum(&busy, &options());
    let fast = OptimizeOptions {
        speeds: vec![("metal".to_owned(), 2.0)],
        ..options()
    };
    let fast = optimum(&busy, &fast);
    assert_ne!(slow.tiers[0].options[0].shape, "metal");
    assert_eq!(fast.tiers[0].options[0].shape, "metal");
    assert!(
        fast.notes
            .iter()
            .any(|note| note.contains("2 times as fast"))
    );
}

#[test]
fn sandboxes_are_thrown_away_only_where_the_scenario_allows_it() {
    let lifecycles = |loaded: &Loaded| -> Vec<Lifecycle> {
        let found = optimum(loaded, &options());
        let options = &found.tiers[0].options;
        options.iter().map(|one| one.lifecycle).collect()
    };
    let kept = lifecycles(&scenario(&[]));
    assert!(kept.iter().all(|one| *one == Lifecycle::PerSession));
    let text = TINY.to_owned()
        + "[plans.other]\ntitle = \"Other\"\ntiers = { work = { technology = \"box\", lifecycle = \"per-burst\" } }\n";
    let both = load_from(&files().and("tiny.toml", &text), "tiny.toml", &[]);
    assert!(lifecycles(&both).contains(&Lifecycle::PerBurst));
}

#[test]
fn the_choice_is_confirmed_by_simulation() {
    let loaded = scenario(&["simulation.events=40000", "segments.staff.people=20_000"]);
    let confirmed = OptimizeOptions {
        confirm: Some(SizingEffort::Quick),
        ..options()
    };
    let found = optimum(&loaded, &confirmed);
    let tier = &found.tiers[0];
    let first = &tier.confirmed[0];
    assert_eq!(first.shape, tier.options[0].shape);
    let ConfirmationOutcome::Confirmed {
        fleet,
        usd_per_month,
    } = &first.outcome
    else {
        panic!("{:?}", first.outcome)
    };
    assert_close(
        usd_per_month.central,
        fleet.hosts() * tier.options[0].usd_per_hour * 730.0,
        1e-9,
        "its price",
    );
    let off = fleet.hosts() / tier.options[0].hosts.central;
    assert!((0.6..1.5).contains(&off), "{off}");
}

#[test]
fn the_architecture_is_that_of_the_scenarios_host() {
    let mut loaded = scenario(&[]);
    assert_eq!(architecture_of_host(&loaded.scenario, &[shapes()]), None);
    loaded.scenario.host.shape = "other".to_owned();
    assert_eq!(
        architecture_of_host(&loaded.scenario, &[shapes()]).as_deref(),
        Some("arm64")
    );
}
