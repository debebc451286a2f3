//! What several formats say about a day of the fleet in the same words.

use tonnage_model::result::{
    CapacityResult, Estimated, Extent, FleetPlan, FleetPromise, FleetResult, FleetTier,
};

use crate::{format, view, words};

/// Which hours were simulated: `Wednesday, the busiest day, 00:00 to 24:00 in Eastern (UTC−5)`.
pub(crate) fn day(fleet: &FleetResult) -> String {
    let day = &fleet.day;
    let busiest = if day.busiest { ", the busiest day" } else { "" };
    let offset = offset(day.hours_ahead);
    let zone = if day.zone == offset {
        offset
    } else {
        format!("{} ({offset})", day.zone)
    };
    format!(
        "{}{busiest}, {:02}:00 to {:02}:00 in {zone}",
        day.name, day.from_hour, day.to_hour,
    )
}

/// `UTC`, `UTC−5`, `UTC+5:30`.
fn offset(hours: f64) -> String {
    let minutes = (hours * 60.0).round();
    if minutes == 0.0 {
        return "UTC".to_owned();
    }
    let sign = if minutes < 0.0 { '−' } else { '+' };
    let (whole, rest) = (
        (minutes.abs() / 60.0).floor(),
        minutes.abs().rem_euclid(60.0),
    );
    if rest == 0.0 {
        format!("UTC{sign}{whole}")
    } else {
        format!("UTC{sign}{whole}:{rest:02}")
    }
}

/// An hour of the day: `14:00`.
pub(crate) fn hour(hour: u32) -> String {
    format!("{hour:02}:00")
}

/// What was simulated and how much of the day: `fidelity fleet, sampled`.
pub(crate) fn extent(tier: &FleetTier) -> String {
    let extent = match tier.effort.extent {
        Extent::ClosedForm => "in closed form",
        Extent::Exact => "exact",
        Extent::Sampled => "sampled",
        Extent::Partial => "partial",
    };
    format!("fidelity {}, {extent}", words::key(&tier.fidelity))
}

/// `2 cells of 40 hosts, 1 spare each`.
pub(crate) fn site(tier: &FleetTier) -> String {
    let site = &tier.site;
    let cells = if site.cells > 1.5 { "cells" } else { "cell" };
    let hosts = if site.cell_hosts > 1 { "hosts" } else { "host" };
    let each = if site.cells > 1.5 { " each" } else { "" };
    let by = if site.corrected {
        ", sized by simulation"
    } else {
        ""
    };
    format!(
        "{} {cells} of {} {hosts}, {} spare{each}{by}",
        format::full(site.cells),
        site.cell_hosts,
        site.spare_hosts
    )
}

/// How much of the day was simulated, in one sentence without its full stop.
pub(crate) fn effort(tier: &FleetTier) -> String {
    let effort = &tier.effort;
    let share = effort.cell_hours / effort.of_cell_hours.max(f64::MIN_POSITIVE);
    let events = format::count(effort.events.all as f64);
    match effort.extent {
        Extent::ClosedForm => "nothing was simulated".to_owned(),
        Extent::Exact => format!(
            "every session of every cell: {} cell-hours, {events} events",
            format::count(effort.cell_hours)
        ),
        Extent::Partial => format!(
            "stopped after {} of {} cells, {events} events",
            effort.runs,
            format::full(tier.site.cells)
        ),
        Extent::Sampled => {
            let windows = match effort.window_seconds {
                Some((shortest, longest)) if longest > shortest * 1.01 => format!(
                    "{} windows of {} to {}",
                    effort.runs,
                    format::seconds(shortest),
                    format::seconds(longest)
                ),
                Some((_, longest)) => {
                    format!("{} windows of {}", effort.runs, format::seconds(longest))
                }
                None => format!("{} windows", effort.runs),
            };
            let reached = match effort.precise {
                Some(false) => ", not as precise as asked",
                _ => "",
            };
            format!(
                "{windows}: {} of {} cell-hours ({}), {events} events{reached}",
                format::count(effort.cell_hours),
                format::count(effort.of_cell_hours),
                format::percent_with(share, 2)
            )
        }
    }
}

/// How a promise fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Kept,
    Missed,
    Undecided,
}

impl Standing {
    pub(crate) fn of(promise: &FleetPromise) -> Self {
        match (promise.certain, promise.met) {
            (true, true) => Self::Kept,
            (true, false) => Self::Missed,
            (false, _) => Self::Undecided,
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Missed => "missed",
            Self::Undecided => "undecided",
        }
    }
}

/// The hours in which a promise is missed: `none`, `09:00`, `09:00 to 11:00 and 14:00`, each by its
/// beginning.
pub(crate) fn hours_missed(promise: &FleetPromise) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for found in &promise.hours_missed {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *found => *last = *found,
            _ => runs.push((*found, *found)),
        }
    }
    let words: Vec<String> = runs
        .into_iter()
        .map(|(from, to)| {
            if from == to {
                hour(from)
            } else {
                format!("{} to {}", hour(from), hour(to))
            }
        })
        .collect();
    match words.split_last() {
        None => "none".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// One hour of all tiers of a plan.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlanHour {
    pub(crate) hour: u32,
    pub(crate) sessions: Estimated,
    pub(crate) busy_vcpus: Estimated,
    /// vCPUs that serve, of hosts switched on.
    pub(crate) vcpus: f64,
    pub(crate) starts_per_second: Estimated,
    /// The longest of the tiers.
    pub(crate) start_wait_p99: Option<Estimated>,
    /// The largest of the tiers.
    pub(crate) slowdown_p99: Option<Estimated>,
    /// The largest of the tiers.
    pub(crate) rejected: Option<Estimated>,
}

/// The hours of a plan's tiers together; none if they do not have the same hours.
pub(crate) fn plan_hours(plan: &FleetPlan) -> Vec<PlanHour> {
    let Some(first) = plan.tiers.first() else {
        return Vec::new();
    };
    if plan
        .tiers
        .iter()
        .any(|tier| tier.hours.len() != first.hours.len())
    {
        return Vec::new();
    }
    (0..first.hours.len())
        .map(|index| {
            let rows = || plan.tiers.iter().map(|tier| &tier.hours[index]);
            let worst = |values: &mut dyn Iterator<Item = Option<Estimated>>| {
                values
                    .flatten()
                    .max_by(|a, b| a.central.total_cmp(&b.central))
            };
            PlanHour {
                hour: first.hours[index].hour,
                sessions: together(rows().map(|row| row.sessions)),
                busy_vcpus: together(rows().map(|row| row.busy_vcpus)),
                vcpus: plan
                    .tiers
                    .iter()
                    .map(|tier| {
                        tier.hours[index].hosts_on.central * f64::from(tier.site.host_vcpus)
                    })
                    .sum(),
                starts_per_second: together(rows().map(|row| row.starts_per_second)),
                start_wait_p99: worst(&mut rows().map(|row| row.start_wait_p99)),
                slowdown_p99: worst(&mut rows().map(|row| row.slowdown_p99)),
                rejected: worst(&mut rows().map(|row| row.rejected)),
            }
        })
        .collect()
}

/// Independent estimates added up.
fn together(parts: impl Iterator<Item = Estimated>) -> Estimated {
    let (mut central, mut below, mut above) = (0.0, 0.0_f64, 0.0_f64);
    for part in parts {
        central += part.central;
        below += (part.central - part.low).powi(2);
        above += (part.high - part.central).powi(2);
    }
    Estimated {
        central,
        low: central - below.sqrt(),
        high: central + above.sqrt(),
    }
}

/// The day in one sentence, for the first plan.
pub(crate) fn answer(result: &CapacityResult, fleet: &FleetResult) -> String {
    let Some(plan) = fleet.plans.first() else {
        return "No plan was simulated.".to_owned();
    };
    let hours = plan_hours(plan);
    let Some(peak) = hours
        .iter()
        .max_by(|a, b| a.busy_vcpus.central.total_cmp(&b.busy_vcpus.central))
    else {
        return format!("“{}”: nothing was simulated to the end.", plan.title);
    };
    let used = plan.vcpu_hours.map_or_else(String::new, |used| {
        format!(" uses {} vCPU-hours;", format::estimate(used))
    });
    let promises = || plan.tiers.iter().flat_map(|tier| &tier.promises);
    let of = |standing: Standing| promises().filter(|p| Standing::of(p) == standing).count();
    let kept = match (
        promises().count(),
        of(Standing::Missed),
        of(Standing::Undecided),
    ) {
        (0, _, _) => "promises are not judged".to_owned(),
        (_, 0, 0) => "every promise is kept over the day".to_owned(),
        (all, 0, undecided) => {
            format!("{undecided} of {all} promises are undecided, the others kept")
        }
        (all, missed, 0) => format!("{missed} of {all} promises are missed over the day"),
        (all, missed, undecided) => {
            format!("{missed} of {all} promises are missed over the day, {undecided} undecided")
        }
    };
    format!(
        "“{}” on {}: “{}”{used} in the busiest hour, from {}, {} of {} vCPUs are busy; {kept}.",
        result.scenario.title,
        day(fleet),
        plan.title,
        hour(peak.hour),
        format::estimate(peak.busy_vcpus),
        format::count(peak.vcpus),
    )
}

/// Tier and technology in words.
pub(crate) fn tier_words(result: &CapacityResult, tier: &FleetTier) -> String {
    format!(
        "{} on {}",
        view::tier_title(result, &tier.tier),
        view::technology_title(result, &tier.technology)
    )
}

/// What applies to the whole day, in sentences.
pub(crate) fn remarks(fleet: &FleetResult) -> Vec<String> {
    let mut remarks = Vec::new();
    if fleet.interrupted {
        remarks.push(
            "The user stopped the simulation: it is partial. Tiers without any figure are left out."
                .to_owned(),
        );
    }
    if let Some(precision) = fleet.precision {
        remarks.push(format!(
            "Sampled until the 95% intervals of vCPU-hours and sessions are within {} and those of \
             each share beyond a promise within {} of the share or a tenth of what is promised.",
            format::percent(precision),
            format::percent(precision),
        ));
    }
    remarks.push(
        "Intervals are of chance alone, at the central inputs: how far the inputs are known is not \
         in them."
            .to_owned(),
    );
    remarks
}
