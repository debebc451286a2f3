//! What must hold of every answer: more work never needs fewer hosts, stricter promises never need
//! fewer, more memory never needs more.

mod common;
mod plan_support;

use common::loaded;
use plan_support::{alone, assert_close, hosts, planned, tier, tiny};
use proptest::prelude::*;
use tonnage_model::result::BindingResource::{Cpu, Memory};

/// Kinds of work: bound by memory, by CPU, by starts, and short-lived sandboxes.
const WORK: [&[&str]; 5] = [
    &[],
    &["tiers.work.burst=3s"],
    &["technologies.box.starts_per_second_per_vcpu=0.05"],
    &[
        "tiers.work.lifecycle=per-burst",
        "tiers.work.working_set=20GiB",
    ],
    &["fleet.when_full=reject", "service_level.rejected=1%"],
];

fn with<'a>(work: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    work.iter().chain(more).copied().collect()
}

#[test]
fn the_envelope_is_that_of_the_seed() {
    let loaded = loaded("us-knowledge-workers.toml");
    let result = planned(&loaded, 10);
    let base = result.envelope;
    assert_close(base.sessions, 15e6, 1e-12, "sessions");
    for id in ["larger-base", "higher-rate"] {
        let reading = result.readings.iter().find(|reading| reading.id == id);
        let envelope = &reading.expect("the reading").envelope;
        assert_close(envelope.sessions, 24e6, 1e-12, "sessions");
        assert_close(envelope.cpus_low, 480e3, 1e-12, "fewest CPUs");
        assert_close(envelope.cpus_high, 960e3, 1e-12, "most CPUs");
    }
}

/// Step by step through one cell, its last host, and the second and third cell.
#[test]
fn more_users_never_need_fewer_hosts() {
    for work in WORK {
        let mut last = 0.0;
        for step in 1_u32..60 {
            let people = format!("segments.staff.people={}", 17_000 * step);
            let needed = hosts(&with(work, &[&people]));
            assert!(needed >= last, "{work:?}, {people}: {needed} after {last}");
            last = needed;
        }
    }
}

/// Agents so few that those at work are missed among those who could begin, and a little more.
#[test]
fn more_users_of_a_small_fleet_never_need_fewer_hosts() {
    for work in WORK {
        let mut last = 0.0;
        for people in (1_u32..40).chain((20_000 - 20)..(20_000 + 20)) {
            let people = format!("segments.staff.people={people}");
            let changes = [
                people.as_str(),
                "segments.staff.concurrency=50%",
                "host.memory=23GiB",
                "fleet.cell_hosts=1000",
            ];
            let needed = hosts(&with(work, &changes));
            assert!(needed >= last, "{work:?}, {people}: {needed} after {last}");
            last = needed;
        }
    }
}

/// The number of agents decides whether the finite-source formulas are used; the load does not
/// change. Ten times the agents, each a tenth as busy, are as good as an endless source.
#[test]
fn few_agents_never_need_more_than_many_with_the_same_load() {
    for work in WORK {
        for (people, share) in [
            (50_u32, 40_u32),
            (50, 90),
            (500, 10),
            (5000, 50),
            (19_999, 90),
        ] {
            let few = format!("segments.staff.people={people}");
            let share_of_few = format!("segments.staff.concurrency={share}%");
            let many = format!("segments.staff.people={}", people * 1000);
            let share_of_many = format!("segments.staff.concurrency={}%", f64::from(share) / 1e3);
            // Room for six sandboxes, or for a single large one.
            let small = ["host.memory=23GiB", "host.vcpus=4", "fleet.cell_hosts=2000"];
            let of_few = hosts(&with(&with(work, &[&few, &share_of_few]), &small));
            let of_many = hosts(&with(&with(work, &[&many, &share_of_many]), &small));
            assert!(
                of_few <= of_many,
                "{work:?}, {people}: {of_few} > {of_many}"
            );
        }
    }
}

/// Fifty agents can open no more than fifty sessions, however busy they are.
#[test]
fn fifty_agents_need_at_most_fifty_places() {
    // Eight places in each host.
    let small = [
        "segments.staff.people=50",
        "host.memory=4448MiB",
        "fleet.cell_hosts=100",
        "fleet.spare_hosts=0",
    ];
    let mut last = 0.0;
    for share in 1_u32..=100 {
        let share = format!("segments.staff.concurrency={share}%");
        let needed = hosts(&with(&small, &[&share]));
        assert!(needed >= last && needed <= 7.0, "{share}: {needed}");
        last = needed;
    }
    assert_close(last, 7.0, 1e-12, "all of them at once");
}

/// Fifty agents always at work, one in twenty of their sessions of a rare kind: the number of those
/// is binomial (50, 5%), so that seven places are too few for 99% and eight will do.
#[test]
fn a_rare_tier_may_be_opened_by_any_agent() {
    let text = plan_support::TINY
        .replace(
            "tiers = { work = 1 }",
            "tiers = { work = 0.95, rare = 0.05 }",
        )
        .replace(
            "[host]",
            "[tiers.rare]\ntitle = \"Rare\"\nneeds = [\"linux\"]\nlifecycle = \"per-session\"\n\
             turns = 1\nthink = \"1h\"\nburst = \"1s\"\nworking_set = \"256MiB\"\n[host]",
        )
        .replace("work = \"box\"", "work = \"box\", rare = \"box\"")
        .replace("\"512GiB\"", "\"2348MiB\"")
        .replace("100_000", "50");
    let files = plan_support::tiny_files().and("tiny.toml", &text);
    let overrides = [
        "segments.staff.concurrency=100%",
        "fleet.cell_hosts=100",
        "fleet.spare_hosts=0",
        "service_level.start_wait_p99=1ms",
    ];
    let loaded = common::load_from(&files, "tiny.toml", &overrides);
    let rare = planned(&loaded, 1).plans[0].tiers[1].analytic.hosts.central;
    // P(at most n of 49 others): what an arrival finds.
    let mut weight = 0.95_f64.powi(49);
    let mut below = 0.0;
    let mut places = 0;
    while below < 0.99 {
        below += weight;
        weight *= f64::from(49 - places) / f64::from(places + 1) * 0.05 / 0.95;
        places += 1;
    }
    // One place in each host.
    assert!(
        (rare - f64::from(places)).abs() <= 1.0,
        "{rare}, not {places}"
    );
}

#[test]
fn a_stricter_promise_never_needs_fewer_hosts() {
    let promises: [(&str, &[&str]); 3] = [
        (
            "start_wait_p99",
            &["1h", "10min", "30s", "5s", "1s", "0.3s", "10ms", "1us"],
        ),
        (
            "burst_slowdown_p99",
            &["20", "5", "3", "2", "1.5", "1.1", "1.02", "1.001"],
        ),
        (
            "rejected",
            &["50%", "5%", "1%", "0.1%", "0.01%", "0.0000001%"],
        ),
    ];
    for work in WORK {
        for people in ["300", "90k", "1M"] {
            let people = format!("segments.staff.people={people}");
            for (key, values) in promises {
                let mut last = 0.0;
                for value in values {
                    let promise = format!("service_level.{key}={value}");
                    let needed = hosts(&with(work, &[&people, &promise]));
                    assert!(
                        needed >= last,
                        "{work:?}, {people}, {promise}: {needed} < {last}"
                    );
                    last = needed;
                }
            }
        }
    }
}

#[test]
fn more_memory_never_needs_more_hosts() {
    for work in WORK {
        for people in ["100", "90k", "1M"] {
            let people = format!("segments.staff.people={people}");
            let mut last = f64::INFINITY;
            for memory in (1_u32..12).map(|step| 24 * step * step) {
                let memory = format!("host.memory={memory}GiB");
                let needed = hosts(&with(work, &[&people, &memory]));
                assert!(
                    needed <= last,
                    "{work:?}, {people}, {memory}: {needed} > {last}"
                );
                last = needed;
            }
        }
    }
}

#[test]
fn what_binds_is_what_needs_the_most_hosts() {
    for people in ["1k", "40k", "100k", "10M"] {
        let people = format!("segments.staff.people={people}");
        let mut bound = Vec::new();
        for burst in [10, 100, 400, 700, 1000, 1500, 3000, 10_000] {
            let burst = format!("tiers.work.burst={burst}ms");
            let found = tier(&[&people, &burst, "fleet.spare_hosts=0"]);
            let (cpu, memory) = (alone(&found, Cpu), alone(&found, Memory));
            let expected = if cpu > memory { Cpu } else { Memory };
            // In a cell of few hosts the last one may be for room that larger cells share.
            if (cpu / memory - 1.0).abs() > 0.2 {
                assert_eq!(
                    found.binding, expected,
                    "{people}, {burst}: {cpu}, {memory}"
                );
            }
            bound.push(found.binding);
            assert!(found.analytic.hosts.central >= cpu.max(memory) * (1.0 - 1e-9));
        }
        assert!(
            bound.contains(&Cpu) && bound.contains(&Memory),
            "{people}: {bound:?}"
        );
    }
}

#[test]
fn nobody_needs_nothing() {
    let changes = [
        "segments.staff.people=0",
        "host.usd_per_hour=5",
        "segments.staff.activity=curves/office-hours.toml",
    ];
    let result = planned(&tiny(&changes), 20);
    let plan = &result.plans[0];
    for figure in [
        plan.analytic.vcpus,
        plan.analytic.hosts,
        plan.analytic.usd_per_month.expect("a price"),
        plan.tiers[0].offered_load,
        plan.tiers[0].peak_sessions,
        plan.tiers[0].peak_sandboxes,
        result.demand.peak_sessions,
    ] {
        assert!(figure.low == 0.0 && figure.central == 0.0 && figure.high == 0.0);
    }
    assert!(result.demand.peak_to_mean == 0.0 && result.envelope.cpus_high == 0.0);
    let text = serde_json::to_string(&result).expect("JSON");
    assert!(!text.contains("NaN") && !result.answer.contains("NaN"));
}

/// Sessions that wait for models all the time need room and nothing else.
#[test]
fn sessions_without_work_need_room_alone() {
    for when_full in ["queue", "reject"] {
        let found = tier(&[
            "tiers.work.burst=0s",
            "technologies.box.cpu_per_start=0s",
            "segments.staff.people=2M",
            &format!("fleet.when_full={when_full}"),
        ]);
        assert_eq!(found.binding, Memory);
        assert!(alone(&found, Cpu) == 0.0 && found.analytic.hosts.central > 100.0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whole fleets grow in proportion, but for the rounding of the last cell.
    #[test]
    fn the_answer_scales_with_users(
        people in 500_000_u32..5_000_000,
        factor in 2_u32..20,
        work in 0_usize..5,
    ) {
        let at = |factor: u32| {
            let people = format!("segments.staff.people={}", people * factor);
            tier(&with(WORK[work], &[&people, "fleet.spare_hosts=2"]))
        };
        let (one, many) = (at(1), at(factor));
        let factor = f64::from(factor);
        assert_close(many.offered_load.central, factor * one.offered_load.central, 1e-9, "load");
        prop_assert_eq!(one.binding, many.binding);
        for (one, many) in one.hosts_by_resource.iter().zip(&many.hosts_by_resource) {
            prop_assert_eq!(one.resource, many.resource);
            assert_close(many.hosts, factor * one.hosts, 1e-9, "hosts of a resource");
        }
        // Each answer is above its fluid one by less than a cell and a host of each cell.
        let slack = factor * (one.cell.cells + 12.0) + many.cell.cells + 12.0;
        let (one, many) = (one.analytic.hosts.central, many.analytic.hosts.central);
        prop_assert!((many - factor * one).abs() <= slack, "{many} is not {factor} × {one}");
    }
}
