//! The curves of a result: the sizing of a plan repeated with one thing changed.

use rayon::prelude::*;

use super::analytic::{Detail, Site, Sizing};
use super::limits::{SlowdownTable, TAIL};
use super::monte_carlo::Evaluation;
use super::{PlanError, monthly, ratio, slowdown_table};
use crate::demand::Demand;
use crate::result::{
    Attainment, AttainmentCurve, AttainmentPoint, BindingResource, GrowthCurve, GrowthPoint,
    GrowthResult, PromiseKind, ServiceCostCurve, ServiceCostPoint,
};
use crate::scenario::{Plan, PlanAssignment, Scenario};
use crate::units::{Duration, Ratio, Share, Unit, short};

/// Decades of people that a growth curve spans, from 10³ to 10⁹.
const DECADES: std::ops::RangeInclusive<i32> = 3..=9;

/// Points of each decade at which it is asked whether vCPUs per person are near their limit.
const STEPS_PER_DECADE: i32 = 24;

/// People so many that whole hosts and cells no longer matter.
const ENDLESS_PEOPLE: f64 = 1e12;

/// How near their limit vCPUs per person count as steady.
const STEADY: f64 = 0.1;

/// Hosts of a cell around those needed, as parts of them.
const AROUND: (f64, f64) = (0.7, 1.3);

/// Points of an attainment curve beyond which only every so many hosts are shown.
const MOST_ATTAINMENT_POINTS: u32 = 60;

/// The central inputs of a scenario and the demand at them.
#[derive(Clone, Copy)]
pub(super) struct Curves<'a> {
    scenario: &'a Scenario,
    evaluation: &'a Evaluation<'a>,
    table: &'a SlowdownTable,
}

impl<'a> Curves<'a> {
    pub(super) fn new(
        scenario: &'a Scenario,
        evaluation: &'a Evaluation<'a>,
        table: &'a SlowdownTable,
    ) -> Self {
        Self {
            scenario,
            evaluation,
            table,
        }
    }

    fn site(&self, assignment: PlanAssignment) -> Site<'_> {
        Site {
            scenario: self.scenario,
            assignment,
            draw: &self.evaluation.central_draw,
            table: self.table,
        }
    }

    /// Every tier of a plan for this demand; none where one of them cannot be carried.
    fn sized(&self, plan: &Plan, demand: &Demand) -> Result<Option<Vec<Sizing>>, PlanError> {
        plan.assignments
            .iter()
            .map(|assignment| {
                let sized = self.site(*assignment).sized(demand, Detail::Hosts, 1.0)?;
                Ok(sized.ok())
            })
            .collect()
    }

    /// What each plan needs as people become more; none where there is nobody.
    pub(super) fn growth(&self) -> Result<Option<GrowthResult>, PlanError> {
        let draw = &self.evaluation.central_draw;
        let segments = self.scenario.segments.iter();
        let people: f64 = segments.map(|segment| draw.get(segment.people)).sum();
        if !(people > 0.0 && people.is_finite()) {
            return Ok(None);
        }
        let plans = self
            .scenario
            .plans
            .iter()
            .map(|plan| self.growth_of(plan, people))
            .collect::<Result<Option<Vec<_>>, PlanError>>()?;
        Ok(plans.map(|plans| GrowthResult { people, plans }))
    }

    fn growth_of(&self, plan: &Plan, own: f64) -> Result<Option<GrowthCurve>, PlanError> {
        let at = |people: &f64| self.growth_point(plan, own, *people);
        let points: Option<Vec<GrowthPoint>> = round_numbers_with(own)
            .par_iter()
            .map(at)
            .collect::<Result<_, PlanError>>()?;
        let looked_at: Option<Vec<GrowthPoint>> =
            fine_steps().par_iter().map(at).collect::<Result<_, _>>()?;
        let (Some(points), Some(looked_at), Some(endless)) =
            (points, looked_at, at(&ENDLESS_PEOPLE)?)
        else {
            return Ok(None);
        };
        let limit = ratio(endless.vcpus, ENDLESS_PEOPLE);
        let steady_from_people = steady_from(&looked_at, limit);
        Ok(Some(GrowthCurve {
            plan: plan.id.clone(),
            points,
            vcpus_per_person_limit: limit,
            steady_from_people,
            why: growth_in_words(limit, steady_from_people),
        }))
    }

    fn growth_point(
        &self,
        plan: &Plan,
        own: f64,
        people: f64,
    ) -> Result<Option<GrowthPoint>, PlanError> {
        let demand = self.evaluation.central_demand.scaled(people / own);
        let Some(tiers) = self.sized(plan, &demand)? else {
            return Ok(None);
        };
        let sum = |figure: &dyn Fn(&Sizing) -> f64| tiers.iter().map(figure).sum::<f64>();
        let hosts = sum(&|tier| tier.hosts);
        let spare = f64::from(self.scenario.fleet.spare_hosts);
        Ok(Some(GrowthPoint {
            people,
            sessions: sum(&|tier| tier.workload.sessions),
            hosts,
            spare_hosts: sum(&|tier| tier.cells * spare),
            vcpus: hosts * f64::from(self.scenario.host.vcpus),
            offered_vcpus: sum(&|tier| tier.workload.load),
            binding: binding_of_most(&tiers),
        }))
    }

    /// How much comes off as promised around the hosts of each tier of the first plan.
    pub(super) fn attainment(&self) -> Result<Vec<AttainmentCurve>, PlanError> {
        let Some(plan) = self.scenario.plans.first() else {
            return Ok(Vec::new());
        };
        let curves = plan
            .assignments
            .par_iter()
            .map(|assignment| self.attainment_of(*assignment))
            .collect::<Result<Vec<_>, PlanError>>()?;
        Ok(curves.into_iter().flatten().collect())
    }

    fn attainment_of(
        &self,
        assignment: PlanAssignment,
    ) -> Result<Option<AttainmentCurve>, PlanError> {
        let sizing = self.evaluation.central(assignment);
        if sizing.cells <= 0.0 {
            return Ok(None);
        }
        let site = self.site(assignment);
        let at = |hosts: u32| -> Result<Option<Attainment>, PlanError> {
            let attained = site.attained(&sizing, hosts)?;
            Ok(attained.map(|attained| Attainment {
                starts_in_time: attained.starts_in_time,
                admitted: attained.admitted,
                bursts_in_time: attained.bursts_in_time,
            }))
        };
        let spare = self.scenario.fleet.spare_hosts;
        let mut points = Vec::new();
        for cell_hosts in hosts_around(sizing.cell_hosts) {
            let Some(analytic) = at(cell_hosts)? else {
                return Ok(None);
            };
            points.push(AttainmentPoint {
                hosts: sizing.cells * f64::from(cell_hosts + spare),
                cell_hosts,
                analytic,
            });
        }
        let demanded = Attainment {
            starts_in_time: 1.0 - TAIL,
            admitted: 1.0 - self.scenario.service_level.rejected,
            bursts_in_time: 1.0 - TAIL,
        };
        let fewer = match sizing.cell_hosts {
            0 | 1 => None,
            hosts => at(hosts - 1)?,
        };
        Ok(Some(AttainmentCurve {
            tier: self.scenario.tiers[assignment.tier.0].id.clone(),
            technology: self.scenario.technologies[assignment.technology].id.clone(),
            cells: sizing.cells,
            hosts: sizing.hosts,
            breaks_first: fewer.map_or_else(Vec::new, |fewer| broken(fewer, demanded)),
            demanded,
            points,
        }))
    }

    /// What the first plan costs as each promise is made tighter or looser.
    pub(super) fn service_cost(&self) -> Result<Vec<ServiceCostCurve>, PlanError> {
        let Some(plan) = self.scenario.plans.first() else {
            return Ok(Vec::new());
        };
        [
            PromiseKind::StartWait,
            PromiseKind::BurstSlowdown,
            PromiseKind::Rejection,
        ]
        .into_iter()
        .map(|promise| self.cost_of(plan, promise))
        .collect()
    }

    fn cost_of(&self, plan: &Plan, promise: PromiseKind) -> Result<ServiceCostCurve, PlanError> {
        let level = &self.scenario.service_level;
        let promised = match promise {
            PromiseKind::StartWait => level.start_wait_p99,
            PromiseKind::BurstSlowdown => level.burst_slowdown_p99,
            PromiseKind::Rejection => level.rejected,
        };
        let wanted = limits_around(promise, promised);
        let points = wanted
            .par_iter()
            .map(|limit| self.cost_point(plan, promise, *limit))
            .collect::<Result<Vec<_>, PlanError>>()?;
        let points: Vec<ServiceCostPoint> = points.into_iter().flatten().collect();
        Ok(ServiceCostCurve {
            promise,
            promised,
            why: cost_in_words(promise, wanted.len(), &points),
            points,
        })
    }

    fn cost_point(
        &self,
        plan: &Plan,
        promise: PromiseKind,
        limit: f64,
    ) -> Result<Option<ServiceCostPoint>, PlanError> {
        let mut scenario = self.scenario.clone();
        let level = &mut scenario.service_level;
        match promise {
            PromiseKind::StartWait => level.start_wait_p99 = limit,
            PromiseKind::BurstSlowdown => level.burst_slowdown_p99 = limit,
            PromiseKind::Rejection => level.rejected = limit,
        }
        let table = slowdown_table(&scenario);
        let changed = Curves {
            scenario: &scenario,
            evaluation: self.evaluation,
            table: &table,
        };
        let Some(tiers) = changed.sized(plan, &self.evaluation.central_demand)? else {
            return Ok(None);
        };
        let hosts: f64 = tiers.iter().map(|tier| tier.hosts).sum();
        let draw = &self.evaluation.central_draw;
        let price = self.scenario.host.usd_per_hour;
        Ok(Some(ServiceCostPoint {
            limit,
            hosts,
            vcpus: hosts * f64::from(self.scenario.host.vcpus),
            usd_per_month: price.map(|price| monthly(draw, price, hosts)),
        }))
    }
}

/// 1, 2 and 5 times every power of ten, and the scenario's own number in its place.
fn round_numbers_with(own: f64) -> Vec<f64> {
    let last = *DECADES.end();
    let mut numbers: Vec<f64> = DECADES
        .flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(decade)))
        .filter(|people| *people <= 10_f64.powi(last) && people.total_cmp(&own).is_ne())
        .chain([own])
        .collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// Even steps on a logarithmic scale.
fn fine_steps() -> Vec<f64> {
    let first = DECADES.start() * STEPS_PER_DECADE;
    let last = DECADES.end() * STEPS_PER_DECADE;
    (first..=last)
        .map(|step| 10_f64.powf(f64::from(step) / f64::from(STEPS_PER_DECADE)))
        .collect()
}

/// The first number of people from which on every one looked at is near the limit.
fn steady_from(points: &[GrowthPoint], limit: f64) -> Option<f64> {
    let near = |point: &&GrowthPoint| (point.vcpus / point.people - limit).abs() <= STEADY * limit;
    let steady = points.iter().rev().take_while(near);
    steady.last().map(|point| point.people)
}

fn growth_in_words(limit: f64, steady_from: Option<f64>) -> String {
    let each = format!("{} vCPUs for 1,000 people", Ratio::display(limit * 1000.0));
    let smallest = 10_f64.powi(*DECADES.start());
    match steady_from {
        Some(people) if people <= smallest => format!(
            "From {} people on vCPUs per person stay within 10% of their limit, {each}.",
            short(people)
        ),
        Some(people) => format!(
            "From about {} people on vCPUs per person stay within 10% of their limit, {each}; for \
             fewer, whole hosts, spare hosts and the headroom of small cells weigh more.",
            short(people)
        ),
        None => format!(
            "Not even {} people bring vCPUs per person within 10% of their limit, {each}.",
            short(10_f64.powi(*DECADES.end()))
        ),
    }
}

/// The resource that binds where most of the hosts are.
fn binding_of_most(tiers: &[Sizing]) -> BindingResource {
    use BindingResource::{Cpu, Density, Memory, StartRate};
    let hosts_of = |resource: BindingResource| -> f64 {
        let bound = tiers.iter().filter(|tier| tier.binding == resource);
        bound.map(|tier| tier.hosts).sum()
    };
    [Cpu, Memory, StartRate, Density]
        .into_iter()
        .max_by(|a, b| hosts_of(*a).total_cmp(&hosts_of(*b)))
        .unwrap_or(Cpu)
}

/// From 0.7 to 1.3 times so many hosts, and two more and fewer at the least.
fn hosts_around(needed: u32) -> Vec<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let part = |factor: f64| (f64::from(needed) * factor).round() as u32;
    let fewest = part(AROUND.0).min(needed.saturating_sub(2)).max(1);
    let most = part(AROUND.1).max(needed + 2);
    let step = ((most - fewest) / MOST_ATTAINMENT_POINTS).max(1);
    let near = needed.saturating_sub(1)..=needed + 1;
    (fewest..=most)
        .filter(|hosts| (hosts - fewest).is_multiple_of(step) || near.contains(hosts))
        .collect()
}

fn broken(found: Attainment, demanded: Attainment) -> Vec<PromiseKind> {
    [
        (
            PromiseKind::StartWait,
            found.starts_in_time < demanded.starts_in_time,
        ),
        (
            PromiseKind::BurstSlowdown,
            found.bursts_in_time < demanded.bursts_in_time,
        ),
        (PromiseKind::Rejection, found.admitted < demanded.admitted),
    ]
    .into_iter()
    .filter_map(|(promise, broken)| broken.then_some(promise))
    .collect()
}

/// Promises from a tenth to ten times what is promised, of shares turned away from 10⁻⁵ to 10⁻¹, and
/// what is promised. A slowdown begins at 1, so what goes beyond 1 is multiplied.
fn limits_around(promise: PromiseKind, promised: f64) -> Vec<f64> {
    let steps = (-10..=10).map(|step| 10_f64.powf(f64::from(step) / 10.0));
    let mut limits: Vec<f64> = match promise {
        PromiseKind::StartWait => steps.map(|step| promised * step).collect(),
        PromiseKind::BurstSlowdown => steps.map(|step| 1.0 + (promised - 1.0) * step).collect(),
        PromiseKind::Rejection => (-20..=-4)
            .map(|step| 10_f64.powf(f64::from(step) / 4.0))
            .collect(),
    };
    limits.push(promised);
    limits.sort_by(f64::total_cmp);
    // What is promised stands for what a rounding error away from it.
    limits.dedup_by(|next, kept| {
        let same = (*next - *kept).abs() <= 1e-9 * kept.abs();
        if same && next.total_cmp(&promised).is_eq() {
            *kept = promised;
        }
        same
    });
    limits
}

fn cost_in_words(promise: PromiseKind, wanted: usize, points: &[ServiceCostPoint]) -> String {
    let show = |limit: f64| match promise {
        PromiseKind::StartWait => Duration::display(limit),
        PromiseKind::BurstSlowdown => format!("{} times", Ratio::display(limit)),
        PromiseKind::Rejection => Share::display(limit),
    };
    let what = match promise {
        PromiseKind::StartWait => "The wait for a start",
        PromiseKind::BurstSlowdown => "The slowdown of bursts",
        PromiseKind::Rejection => "The share turned away",
    };
    let (Some(tight), Some(loose)) = (points.first(), points.last()) else {
        return format!("{what} cannot be held at any limit looked at.");
    };
    let unheld = if points.len() < wanted {
        format!("; no number of hosts holds less than {}", show(tight.limit))
    } else {
        String::new()
    };
    let lowest = points
        .iter()
        .map(|point| point.hosts)
        .fold(f64::INFINITY, f64::min);
    let highest = points.iter().map(|point| point.hosts).fold(0.0, f64::max);
    if highest <= lowest {
        return format!(
            "{what} decides nothing here: from {} to {} the hosts stay the same{unheld}.",
            show(tight.limit),
            show(loose.limit)
        );
    }
    let less = (1.0 - loose.hosts / tight.hosts) * 100.0;
    format!(
        "{what} at {} in place of {} takes {:.1}% fewer hosts{unheld}.",
        show(loose.limit),
        show(tight.limit),
        less
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_people_are_a_point_once() {
        for own in [1000.0, 5e6, 1e8, 1234.0, 3e9, 7.0] {
            let numbers = round_numbers_with(own);
            assert_eq!(
                numbers.iter().filter(|n| n.total_cmp(&own).is_eq()).count(),
                1
            );
            assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{own}");
        }
    }

    #[test]
    fn what_is_promised_is_a_limit_once() {
        for (promise, promised) in [
            (PromiseKind::StartWait, 0.5),
            (PromiseKind::StartWait, 0.0),
            (PromiseKind::BurstSlowdown, 2.0),
            (PromiseKind::BurstSlowdown, 1.0),
            (PromiseKind::Rejection, 0.001),
            (PromiseKind::Rejection, 0.000_123),
            (PromiseKind::Rejection, 0.0),
        ] {
            let limits = limits_around(promise, promised);
            assert_eq!(
                limits
                    .iter()
                    .filter(|limit| limit.total_cmp(&promised).is_eq())
                    .count(),
                1
            );
            assert!(
                limits.windows(2).all(|pair| pair[0] < pair[1]),
                "{limits:?}"
            );
        }
    }

    #[test]
    fn needed_hosts_and_their_neighbours_are_points() {
        for needed in [1, 2, 7, 100, 900] {
            let around = hosts_around(needed);
            assert!(around.contains(&needed) && around.contains(&(needed + 1)));
            assert!(needed == 1 || around.contains(&(needed - 1)));
            assert!(around[0] >= 1 && around.len() < 70, "{}", around.len());
        }
    }
}
