//! Whether a result agrees with itself.
//!
//! A report cannot know whether a number is right, but it can see when two numbers of one result
//! exclude each other. What it finds stands above everything else in every format.

use tonnage_model::result::{CapacityResult, Estimated, MatrixOutcome, Requirement};

use crate::{format, sizing, view};

/// Sums and products may differ by this share: hosts are whole, and cells round.
const TOLERANCE: f64 = 0.01;

/// Hours of a month, as the prices count them.
const MONTH: f64 = 730.0;

/// Everything in the result that excludes something else in it, in words; none in a sound one.
pub fn contradictions(result: &CapacityResult) -> Vec<String> {
    let mut found = Vec::new();
    demand(result, &mut found);
    plans(result, &mut found);
    service_level(result, &mut found);
    fleet(result, &mut found);
    found.extend(sizing::contradictions(result));
    for cell in &result.matrix {
        if let MatrixOutcome::Suitable { requirement, .. } = &cell.outcome {
            let name = format!("{} on {}", cell.tier, cell.technology);
            check_requirement(result, &name, requirement, &mut found);
        }
    }
    found
}

fn fleet(result: &CapacityResult, found: &mut Vec<String>) {
    let Some(fleet) = &result.fleet else {
        return;
    };
    for plan in &fleet.plans {
        let used: f64 = plan.tiers.iter().map(|t| t.totals.vcpu_hours.central).sum();
        if plan.vcpu_hours.is_some_and(|all| !near(used, all.central)) {
            found.push(format!(
                "the vCPU-hours of the tiers of `{}` do not add up to those of the day",
                plan.id
            ));
        }
        for tier in &plan.tiers {
            let name = format!("{} on {} over the day", tier.tier, tier.technology);
            check_order(
                &format!("vCPU-hours of {name}"),
                tier.totals.vcpu_hours,
                found,
            );
            if let Some(account) = tier.totals.account
                && account.open_before + account.opened
                    != account.ended + account.rejected + account.open_after
            {
                found.push(format!("sessions of {name} are lost or made up"));
            }
            for promise in &tier.promises {
                check_order(&format!("{} of {name}", promise.name), promise.found, found);
                if promise.met != (promise.found.central <= promise.target) {
                    found.push(format!(
                        "of {name} it is said that the promise on {} is {}kept, but the share is {}",
                        promise.name,
                        if promise.met { "" } else { "not " },
                        format::percent(promise.found.central)
                    ));
                }
            }
        }
    }
}

fn demand(result: &CapacityResult, found: &mut Vec<String>) {
    let demand = &result.demand;
    check_order("the peak of open sessions", demand.peak_sessions, found);
    let highest = demand.sessions.iter().copied().fold(0.0, f64::max);
    if !demand.sessions.is_empty() && !near(highest, demand.peak_sessions.central) {
        found.push(format!(
            "the peak is given as {} open sessions, but the series reaches {}",
            format::count(demand.peak_sessions.central),
            format::count(highest)
        ));
    }
    for (name, series) in [("time zone", &demand.by_zone), ("tier", &demand.by_tier)] {
        if series.is_empty() {
            continue;
        }
        let differs = demand.sessions.iter().enumerate().any(|(index, total)| {
            let sum: f64 = series
                .iter()
                .map(|one| one.values.get(index).copied().unwrap_or(f64::NAN))
                .sum();
            !near(sum, *total)
        });
        if differs {
            found.push(format!(
                "the open sessions by {name} do not add up to the open sessions in all"
            ));
        }
    }
}

fn plans(result: &CapacityResult, found: &mut Vec<String>) {
    for plan in &result.plans {
        let title = &plan.title;
        check_requirement(result, &format!("{title}, analytic"), &plan.analytic, found);
        if let Some(simulated) = &plan.simulated {
            check_requirement(result, &format!("{title}, simulated"), simulated, found);
        }
        for tier in &plan.tiers {
            let name = format!("{title}, {}", view::tier_title(result, &tier.tier));
            check_requirement(result, &format!("{name}, analytic"), &tier.analytic, found);
            if let Some(simulated) = view::simulated(tier) {
                let name = format!("{name}, simulated");
                check_requirement(result, &name, &simulated.requirement, found);
            }
        }
        let sum: f64 = plan.tiers.iter().map(|t| t.analytic.vcpus.central).sum();
        if !plan.tiers.is_empty() && !near(sum, plan.analytic.vcpus.central) {
            found.push(format!(
                "the tiers of {title} add up to {} vCPUs, but the plan is given as {}",
                format::count(sum),
                format::count(plan.analytic.vcpus.central)
            ));
        }
        let base = result
            .readings
            .first()
            .and_then(|reading| reading.plans.iter().find(|found| found.plan == plan.id));
        if let Some(base) = base
            && !near(base.vcpus.central, plan.analytic.vcpus.central)
        {
            found.push(format!(
                "the first reading gives {} vCPUs for {title}, but the plan is given as {}",
                format::count(base.vcpus.central),
                format::count(plan.analytic.vcpus.central)
            ));
        }
    }
}

fn check_requirement(
    result: &CapacityResult,
    name: &str,
    requirement: &Requirement,
    found: &mut Vec<String>,
) {
    check_order(&format!("the vCPUs of {name}"), requirement.vcpus, found);
    check_order(&format!("the hosts of {name}"), requirement.hosts, found);
    let vcpus = requirement.hosts.central * f64::from(result.scenario.host_vcpus);
    if !near(vcpus, requirement.vcpus.central) {
        found.push(format!(
            "{name}: {} hosts of {} vCPUs are {} vCPUs, not {}",
            format::hosts(requirement.hosts.central),
            result.scenario.host_vcpus,
            format::count(vcpus),
            format::count(requirement.vcpus.central)
        ));
    }
    if let (Some(usd), Some(price)) = (requirement.usd_per_month, result.scenario.host_usd_per_hour)
    {
        check_order(&format!("the price of {name}"), usd, found);
        let product = requirement.hosts.central * price * MONTH;
        if !near(product, usd.central) {
            found.push(format!(
                "{name}: {} hosts cost {} per month, not {}",
                format::hosts(requirement.hosts.central),
                format::usd(product),
                format::usd(usd.central)
            ));
        }
    }
}

fn service_level(result: &CapacityResult, found: &mut Vec<String>) {
    for one in view::comparisons(result) {
        for level in &one.found.service_level {
            let name = format!(
                "{} on {}, {}",
                view::tier_title(result, &one.tier.tier),
                view::technology_title(result, &one.tier.technology),
                level.name
            );
            check_order(&name, level.found, found);
            let said = if level.met { "kept" } else { "not kept" };
            if (level.met && level.found.low > level.target)
                || (!level.met && level.found.high < level.target)
            {
                found.push(format!(
                    "{name}: said to be {said}, but the whole interval {} lies on the other side \
                     of {}",
                    view::level_value(level.found, &level.unit),
                    view::level_value(Estimated::exact(level.target), &level.unit)
                ));
            }
        }
    }
}

/// Whether the ends of an interval stand on their sides of the value, and all are finite.
fn check_order(name: &str, value: Estimated, found: &mut Vec<String>) {
    let slack = value.central.abs() * 1e-9;
    let ordered = value.low <= value.central + slack && value.central <= value.high + slack;
    let finite = [value.low, value.central, value.high]
        .into_iter()
        .all(f64::is_finite);
    if !finite {
        found.push(format!("{name} is not a finite number"));
    } else if !ordered {
        found.push(format!(
            "{name}: {} lies outside its interval {}",
            format::count(value.central),
            format::interval(value)
        ));
    }
}

/// Whether two numbers are the same to the tolerance, or to half a host.
fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()) || (a - b).abs() < 0.5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixture;

    type Damage = fn(&mut CapacityResult);

    #[test]
    fn a_sound_result_has_none() {
        assert_eq!(contradictions(&fixture()), Vec::<String>::new());
    }

    #[test]
    fn each_contradiction_is_found() {
        let broken: [(&str, Damage); 9] = [
            ("the series reaches", |r| {
                r.demand.peak_sessions = Estimated::exact(1.0);
            }),
            ("by time zone do not add up", |r| {
                r.demand.by_zone[0].values[7] *= 2.0;
            }),
            ("by tier do not add up", |r| {
                r.demand.by_tier.pop();
            }),
            ("outside its interval", |r| {
                r.plans[0].analytic.vcpus.low *= 9.0;
            }),
            ("not a finite number", |r| {
                r.plans[0].analytic.hosts.high = f64::NAN;
            }),
            ("add up to", |r| {
                r.plans[1].tiers.pop();
            }),
            ("hosts of 96 vCPUs are", |r| {
                r.plans[2].analytic.hosts.central *= 0.9;
            }),
            ("the first reading gives", |r| {
                r.readings[0].plans[0].vcpus = Estimated::exact(5.0);
            }),
            ("lies on the other side", |r| {
                for tier in r.plans.iter_mut().flat_map(|plan| &mut plan.tiers) {
                    if let tonnage_model::result::SimulationOutcome::Simulated(found) =
                        &mut tier.simulated
                    {
                        found.service_level[0].met = false;
                    }
                }
            }),
        ];
        for (expected, damage) in broken {
            let mut result = fixture();
            damage(&mut result);
            let found = contradictions(&result);
            assert!(
                found.iter().any(|line| line.contains(expected)),
                "{expected}: {found:?}"
            );
        }
        let mut result = fixture();
        result.scenario.host_usd_per_hour = Some(1.0);
        assert!(
            contradictions(&result)
                .iter()
                .any(|line| line.contains("per month, not"))
        );
    }
}
