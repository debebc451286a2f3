//! The curves of a result: they pass through what the plan itself says, and bend where it says.

#![allow(clippy::float_cmp, reason = "a curve passes exactly through its plan")]

mod common;
mod plan_support;

use common::{file_names, load_with, loaded};
use plan_support::{assert_close, planned, tiny};
use tonnage_model::result::{Attainment, CapacityResult, PromiseKind};

/// Whether `found` holds what is demanded, but for a rounding error.
fn held(found: Attainment, demanded: Attainment) -> bool {
    let pairs = [
        (found.starts_in_time, demanded.starts_in_time),
        (found.admitted, demanded.admitted),
        (found.bursts_in_time, demanded.bursts_in_time),
    ];
    pairs
        .iter()
        .all(|(found, demanded)| *found >= demanded - 1e-6)
}

/// At the scenario's own people, hosts and promises, every curve says what the plan says.
fn check_consistent(result: &CapacityResult, name: &str) {
    let growth = result.growth.as_ref().expect("people to grow");
    assert_eq!(growth.plans.len(), result.plans.len(), "{name}");
    for (curve, plan) in growth.plans.iter().zip(&result.plans) {
        assert_eq!(curve.plan, plan.id);
        let own = curve.points.iter().find(|at| at.people == growth.people);
        let own = own.expect("the scenario's own people");
        assert_eq!(own.vcpus, plan.analytic.vcpus.central, "{name} {}", plan.id);
        assert_eq!(own.hosts, plan.analytic.hosts.central, "{name} {}", plan.id);
        let offered: f64 = plan.tiers.iter().map(|t| t.offered_load.central).sum();
        assert_close(own.offered_vcpus, offered, 1e-12, "offered load");
        for point in &curve.points {
            assert!(point.spare_hosts < point.hosts && point.offered_vcpus < point.vcpus);
        }
        assert!(
            curve.points.windows(2).all(|pair| {
                pair[0].people < pair[1].people && pair[0].hosts <= pair[1].hosts * 1.02
            }),
            "{name} {}: more people need fewer hosts",
            plan.id
        );
    }
    let first = &result.plans[0];
    assert_eq!(result.attainment.len(), first.tiers.len(), "{name}");
    for (curve, tier) in result.attainment.iter().zip(&first.tiers) {
        assert_eq!(
            (&curve.tier, &curve.technology),
            (&tier.tier, &tier.technology)
        );
        assert_eq!(curve.hosts, tier.analytic.hosts.central, "{name}");
        let needed = tier.cell.hosts - tier.cell.spare_hosts;
        for point in &curve.points {
            if point.cell_hosts >= needed {
                assert!(held(point.analytic, curve.demanded), "{name}: {curve:?}");
            }
            if point.cell_hosts + 1 == needed {
                assert!(!held(point.analytic, curve.demanded), "{name}: {curve:?}");
                assert!(!curve.breaks_first.is_empty(), "{name}: {curve:?}");
            }
        }
        assert!(curve.points.iter().any(|point| point.cell_hosts == needed));
    }
    assert_eq!(result.service_cost.len(), 3, "{name}");
    for curve in &result.service_cost {
        let own = curve.points.iter().find(|at| at.limit == curve.promised);
        let own = own.expect("the scenario's own promise");
        assert_eq!(own.vcpus, first.analytic.vcpus.central, "{name}");
        let usd = first.analytic.usd_per_month.map(|usd| usd.central);
        assert_eq!(own.usd_per_month, usd, "{name}");
    }
}

#[test]
fn curves_pass_through_the_plan_of_every_shipped_scenario() {
    for name in file_names("") {
        check_consistent(&planned(&loaded(&name), 1), &name);
    }
}

#[test]
fn curves_pass_through_the_plan_where_requests_are_turned_away() {
    let overrides = ["fleet.when_full=reject", "segments.staff.people=800"];
    let result = planned(&load_with("small-company.toml", &overrides), 1);
    check_consistent(&result, "rejecting");
}

#[test]
fn the_limit_of_growth_is_that_of_full_cells() {
    let result = planned(&tiny(&[]), 1);
    let curve = &result.growth.as_ref().expect("growth").plans[0];
    // As many people as fill a cell of ten hosts to the brim take 11 hosts with the spare one.
    let many = curve.points.last().expect("points");
    assert_close(
        many.vcpus / many.people,
        curve.vcpus_per_person_limit,
        1e-3,
        "a billion people",
    );
    let share = many.spare_hosts / many.hosts;
    assert_close(share, 1.0 / 11.0, 1e-3, "spare hosts among all");
    let steady = curve.steady_from_people.expect("steady in the end");
    for point in curve.points.iter().filter(|point| point.people >= steady) {
        let off = point.vcpus / point.people / curve.vcpus_per_person_limit - 1.0;
        assert!(off.abs() <= 0.1 + 1e-9, "{point:?}");
    }
    let before = curve
        .points
        .iter()
        .rev()
        .find(|at| at.people < steady / 2.0);
    let before = before.expect("points below");
    assert!(before.vcpus / before.people > curve.vcpus_per_person_limit);
}

#[test]
fn a_looser_promise_never_costs_more_hosts() {
    for overrides in [
        &[][..],
        &["tiers.work.burst=3s"],
        &["tiers.work.working_set=2GiB"],
    ] {
        let result = planned(&tiny(overrides), 1);
        for curve in &result.service_cost {
            let hosts: Vec<f64> = curve.points.iter().map(|point| point.hosts).collect();
            // Cells are whole, so one host more or less in each is chance.
            let cells = result.plans[0].tiers[0].cell.cells;
            assert!(
                hosts.windows(2).all(|pair| pair[1] <= pair[0] + cells),
                "{overrides:?} {:?}: {hosts:?}",
                curve.promise
            );
            assert!(hosts.last() <= hosts.first());
        }
    }
}

#[test]
fn the_gap_of_the_claim_is_in_the_scenario_that_states_it_alone() {
    let result = planned(&loaded("us-knowledge-workers.toml"), 1);
    let gap = result.sessions_gap.as_ref().expect("a gap");
    assert_close(gap.multiplied, 15e6, 1e-12, "multiplied");
    assert_close(gap.claimed, 24e6, 1e-12, "claimed");
    assert_close(gap.factor, 1.6, 1e-12, "factor");
    for explanation in &gap.explanations {
        assert_close(
            explanation.needed,
            explanation.stated * gap.factor,
            1e-12,
            &explanation.quantity,
        );
    }
    let reaching: Vec<&str> = gap
        .readings
        .iter()
        .filter(|reading| reading.reaches)
        .map(|reading| reading.reading.as_str())
        .collect();
    assert_eq!(reaching, ["larger-base", "higher-rate"]);
    assert!(
        planned(&loaded("small-company.toml"), 1)
            .sessions_gap
            .is_none()
    );
}

#[test]
fn the_promise_that_sizes_a_tier_is_the_one_that_breaks_first() {
    let by_work = planned(&tiny(&["tiers.work.burst=3s"]), 1);
    assert_eq!(
        by_work.attainment[0].breaks_first,
        [PromiseKind::BurstSlowdown]
    );
    let by_memory = planned(&tiny(&["tiers.work.working_set=4GiB"]), 1);
    assert!(
        by_memory.attainment[0]
            .breaks_first
            .contains(&PromiseKind::StartWait)
    );
}
