//! Invented curves, and results that are large or have everything.

use tonnage_model::result::*;

use super::{estimated, fixture, measured, run_in_every_way};

/// A result with every section that a plan's result can have.
pub fn everything() -> CapacityResult {
    let run = run_in_every_way();
    let mut result = measured();
    for (tier, with) in result.plans[0].tiers.iter_mut().zip(&run.plans[0].tiers) {
        tier.operation.clone_from(&with.operation);
    }
    result.arrivals = run.arrivals;
    result.baseline = run.baseline.map(|baseline| BaselineResult {
        plans: result
            .plans
            .iter()
            .zip([(1.1, 1.4, 2.2), (9.1, 14.2, 22.0), (11.0, 17.5, 31.0)])
            .map(|(plan, (low, central, high))| BaselineComparison {
                plan: plan.id.clone(),
                ratio: estimated(low, central, high),
                usd_per_month_more: Some(estimated(4.1e6, 6.2e6 * central, 9.9e6 * high)),
            })
            .collect(),
        ..baseline
    });
    result.growth = Some(growth(&result));
    result.attainment = attainment(&result);
    result.service_cost = service_cost(&result);
    result.sessions_gap = Some(gap());
    result
}

/// Many tiers on many technologies: the shape of a result somebody made to see what breaks.
pub fn many(tiers: usize, technologies: usize) -> CapacityResult {
    let mut result = fixture();
    let name = |kind: &str, index: usize| format!("{kind}-{index:03}");
    let share = 1.0 / tiers as f64;
    let (tier, technology) = (
        result.scenario.tiers[0].clone(),
        result.technologies.clone(),
    );
    result.scenario.tiers = (0..tiers)
        .map(|index| TierSummary {
            id: name("tier", index),
            title: format!("Kind of work number {index}"),
            share,
            ..tier.clone()
        })
        .collect();
    result.technologies = (0..technologies)
        .map(|index| TechnologyResult {
            id: name("technology", index),
            title: format!("Way to make sandboxes number {index}"),
            ..technology[index % technology.len()].clone()
        })
        .collect();
    let cells = result.matrix.clone();
    result.matrix = (0..tiers * technologies)
        .map(|index| MatrixCell {
            tier: name("tier", index / technologies),
            technology: name("technology", index % technologies),
            // A stride that shares no factor with the number of cells: no two tiers look alike.
            outcome: cells[index * 7 % cells.len()].outcome.clone(),
        })
        .collect();
    for (number, plan) in result.plans.iter_mut().enumerate() {
        let some = plan.tiers.clone();
        plan.tiers = (0..tiers)
            .map(|index| TierResult {
                tier: name("tier", index),
                technology: name("technology", (index * 3 + number) % technologies),
                ..some[index % some.len()].clone()
            })
            .collect();
    }
    let series = result.demand.by_tier[0].values.clone();
    result.demand.by_tier = (0..tiers)
        .map(|index| NamedSeries {
            name: format!("Kind of work number {index}"),
            values: series.iter().map(|value| value * share).collect(),
        })
        .collect();
    result
}

fn growth(result: &CapacityResult) -> GrowthResult {
    let people = 100e6;
    let curve = |plan: &PlanResult| {
        let per_person = plan.analytic.vcpus.central / people;
        let points = (3..=9)
            .map(|power| 10_f64.powi(power))
            .map(|people| {
                let vcpus = 400.0 + per_person * people;
                GrowthPoint {
                    people,
                    sessions: 0.4 * people,
                    hosts: vcpus / 96.0,
                    spare_hosts: 2.0,
                    vcpus,
                    offered_vcpus: 0.6 * vcpus,
                    binding: BindingResource::Memory,
                }
            })
            .collect();
        GrowthCurve {
            plan: plan.id.clone(),
            points,
            vcpus_per_person_limit: per_person,
            steady_from_people: Some(1e5),
            why: "beyond 100K people vCPUs grow in proportion (invented).".to_owned(),
        }
    };
    GrowthResult {
        people,
        plans: result.plans.iter().map(curve).collect(),
    }
}

fn attainment(result: &CapacityResult) -> Vec<AttainmentCurve> {
    let curve = |tier: &TierResult| {
        let hosts = tier.analytic.hosts.central;
        let points = (6..=14)
            .map(|tenth| f64::from(tenth) / 10.0)
            .map(|part| AttainmentPoint {
                hosts: hosts * part,
                cell_hosts: 26,
                analytic: Attainment {
                    starts_in_time: 1.0 - 0.5 * (-9.0 * (part - 0.5)).exp(),
                    admitted: 1.0 - 0.2 * (-12.0 * (part - 0.5)).exp(),
                    bursts_in_time: 1.0 - 0.7 * (-8.0 * (part - 0.5)).exp(),
                },
            })
            .collect();
        AttainmentCurve {
            tier: tier.tier.clone(),
            technology: tier.technology.clone(),
            cells: tier.cell.cells,
            hosts,
            demanded: Attainment {
                starts_in_time: 0.99,
                admitted: 0.999,
                bursts_in_time: 0.99,
            },
            points,
            breaks_first: vec![PromiseKind::StartWait, PromiseKind::Rejection],
        }
    };
    result.plans[0].tiers.iter().map(curve).collect()
}

fn service_cost(result: &CapacityResult) -> Vec<ServiceCostCurve> {
    let vcpus = result.plans[0].analytic.vcpus.central;
    let curve = |promise, promised: f64, weight: f64| ServiceCostCurve {
        promise,
        promised,
        points: [0.1, 0.3, 1.0, 3.0, 10.0]
            .into_iter()
            .map(|part: f64| {
                let vcpus = vcpus * (1.0 + weight * (part.powf(-0.4) - 1.0));
                ServiceCostPoint {
                    limit: promised * part,
                    hosts: vcpus / 96.0,
                    vcpus,
                    usd_per_month: Some(vcpus * 36.0),
                }
            })
            .collect(),
        why: format!("A tighter promise costs {weight} of it more (invented)."),
    };
    vec![
        curve(PromiseKind::StartWait, 0.2, 0.04),
        curve(PromiseKind::BurstSlowdown, 2.0, 0.3),
        curve(PromiseKind::Rejection, 1e-4, 0.02),
    ]
}

fn gap() -> SessionsGap {
    SessionsGap {
        source: "Fixture Gazette, 2026-01-01 (invented)".to_owned(),
        people: 100e6,
        concurrency: 0.15,
        multiplied: 15e6,
        claimed: 24e6,
        factor: 1.6,
        explanations: vec![GapExplanation {
            quantity: "people".to_owned(),
            stated: 100e6,
            needed: 160e6,
            meaning: "nearly everybody with a job (invented)".to_owned(),
        }],
        readings: vec![GapReading {
            reading: "more-people".to_owned(),
            title: "160M people, 15%".to_owned(),
            sessions: 24e6,
            factor: 1.6,
            reaches: true,
        }],
    }
}
