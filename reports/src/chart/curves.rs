//! How the answer moves: with people, with hosts and with what is promised.

use std::fmt::Write as _;

use tonnage_model::result::{CapacityResult, PromiseKind};

use super::Chart;
use super::axis::{Axis, tick_count};
use super::lines::{self, Lines, Series, Strip, look};
use crate::{format, view};

/// People for whom the second strip counts vCPUs.
const PEOPLE: f64 = 1_000.0;

/// Most attainment curves that are drawn.
const TIERS: usize = 6;

/// Users to vCPUs for each plan.
pub(super) fn growth(result: &CapacityResult) -> Option<Chart> {
    let growth = result.growth.as_ref()?;
    let series = |y: &dyn Fn(f64, f64) -> f64| -> Vec<Series> {
        growth
            .plans
            .iter()
            .enumerate()
            .map(|(index, curve)| Series {
                name: view::plan_title(result, &curve.plan).to_owned(),
                points: curve
                    .points
                    .iter()
                    .map(|point| (point.people, y(point.people, point.vcpus)))
                    .collect(),
                look: look(index),
            })
            .collect()
    };
    let strip = |title: &str, series: Vec<Series>| -> Option<Strip> {
        let values = series.iter().flat_map(|one| &one.points).map(|(_, y)| *y);
        Some(Strip {
            title: title.to_owned(),
            axis: Axis::logarithmic(values)?,
            series,
            show: tick_count,
            levels: Vec::new(),
            level_key: None,
        })
    };
    let strips = [
        strip("vCPUs", series(&|_, vcpus| vcpus))?,
        strip(
            "vCPUs for every 1,000 people: level where a line no longer bends",
            series(&|people, vcpus| PEOPLE * vcpus / people),
        )?,
    ];
    let people = growth.plans.iter().flat_map(|curve| &curve.points);
    let axis = Axis::logarithmic(people.map(|point| point.people))?;
    let mut description =
        "vCPUs by formulas at the central inputs, for more and for fewer people.".to_owned();
    for curve in &growth.plans {
        let _ = write!(
            description,
            " {}: {}",
            view::plan_title(result, &curve.plan),
            curve.why
        );
    }
    let lines = Lines {
        strips: &strips,
        axis,
        axis_title: "people; all axes are logarithmic",
        show: tick_count,
        here: Some((
            growth.people,
            format!("This scenario: {} people", format::count(growth.people)),
        )),
    };
    Some(Chart::new(
        "growth",
        "How do vCPUs grow with people, and where do the lines bend?".to_owned(),
        description,
        result,
        |width| lines::draw(&lines, width),
    ))
}

/// What becomes of the promises on more and on fewer hosts.
pub(super) fn attainment(result: &CapacityResult) -> Option<Chart> {
    let all: Vec<_> = result
        .attainment
        .iter()
        .filter(|curve| curve.hosts > 0.0 && curve.points.len() > 1)
        .collect();
    let curves = &all[..all.len().min(TIERS)];
    let strips: Vec<Strip> = curves
        .iter()
        .filter_map(|curve| {
            let parts = [
                ("starts in time", 0),
                ("bursts in time", 1),
                ("admitted", 2),
            ];
            let share = |part: usize, of: &tonnage_model::result::Attainment| match part {
                0 => of.starts_in_time,
                1 => of.bursts_in_time,
                _ => of.admitted,
            };
            let series: Vec<Series> = parts
                .into_iter()
                .map(|(name, part)| Series {
                    name: name.to_owned(),
                    points: curve
                        .points
                        .iter()
                        .map(|point| (point.hosts / curve.hosts, share(part, &point.analytic)))
                        .collect(),
                    look: look(part),
                })
                .collect();
            let mut levels: Vec<f64> = (0..3).map(|part| share(part, &curve.demanded)).collect();
            levels.sort_by(f64::total_cmp);
            levels.dedup();
            let demanded: Vec<String> = levels
                .iter()
                .map(|level| format::percent_with(*level, 4))
                .collect();
            let values = series.iter().flat_map(|one| &one.points).map(|(_, y)| *y);
            Some(Strip {
                title: format!(
                    "{}: {}, {} hosts needed",
                    view::tier_title(result, &curve.tier),
                    view::technology_title(result, &curve.technology),
                    format::hosts(curve.hosts)
                ),
                axis: Axis::linear(values.chain([1.0]))?,
                series,
                show: |value| {
                    if (-1e-9..=1.0 + 1e-9).contains(&value) {
                        format::percent_with(value, 3)
                    } else {
                        String::new()
                    }
                },
                level_key: Some(format!("Demanded: {}", demanded.join(" and "))),
                levels,
            })
        })
        .collect();
    let hosts = curves
        .iter()
        .flat_map(|curve| curve.points.iter().map(|point| point.hosts / curve.hosts));
    let axis = Axis::linear(hosts)?;
    let plan = result.plans.first()?;
    let mut description = format!(
        "Shares that come off as promised, by formulas, on fewer and on more hosts than each tier of \
         {} needs.",
        plan.title
    );
    for strip in &strips {
        let _ = write!(description, " {}.", strip.title);
    }
    let lines = Lines {
        strips: &strips,
        axis,
        axis_title: "hosts, as a share of those the plan gives the tier",
        show: |value| format::percent_with(value, 3),
        here: Some((1.0, "The plan".to_owned())),
    };
    if strips.len() < all.len() {
        let _ = write!(
            description,
            " {} of {} tiers are drawn; the tables of the report have all.",
            strips.len(),
            all.len()
        );
    }
    Some(Chart::new(
        "attainment",
        "What becomes of the promises on fewer hosts and on more?".to_owned(),
        description,
        result,
        |width| lines::draw(&lines, width),
    ))
}

/// What a tighter or a looser promise costs.
pub(super) fn service_cost(result: &CapacityResult) -> Option<Chart> {
    let curves: Vec<_> = result
        .service_cost
        .iter()
        .filter(|curve| curve.promised > 0.0 && curve.points.len() > 1)
        .collect();
    let priced = curves
        .iter()
        .flat_map(|curve| &curve.points)
        .all(|point| point.usd_per_month.is_some());
    let series: Vec<Series> = curves
        .iter()
        .enumerate()
        .map(|(index, curve)| Series {
            name: promise(curve.promise, curve.promised),
            points: curve
                .points
                .iter()
                .map(|point| {
                    let cost = point.usd_per_month.filter(|_| priced);
                    (point.limit / curve.promised, cost.unwrap_or(point.vcpus))
                })
                .collect(),
            look: look(index),
        })
        .collect();
    let points = || series.iter().flat_map(|one| &one.points);
    let axis = Axis::logarithmic(points().map(|(x, _)| *x))?;
    let vertical = Axis::linear(points().map(|(_, y)| *y))?;
    let plan = result.plans.first()?;
    let unit = if priced {
        "US dollars per month"
    } else {
        "vCPUs"
    };
    let mut description = format!(
        "{unit} of {} by formulas, when one promise is made tighter or looser and the others stay.",
        plan.title
    );
    for curve in &curves {
        let _ = write!(description, " {}", curve.why);
    }
    let strips = [Strip {
        title: format!("{unit} of {}", plan.title),
        axis: vertical,
        series,
        show: if priced {
            |value| format::usd(value)
        } else {
            tick_count
        },
        levels: Vec::new(),
        level_key: None,
    }];
    let lines = Lines {
        strips: &strips,
        axis,
        axis_title: "limit over what is promised, logarithmic scale: tight on the left",
        show: |value| format!("{}×", tick_count(value)),
        here: Some((1.0, "As promised".to_owned())),
    };
    Some(Chart::new(
        "service-cost",
        "What does a tighter promise cost?".to_owned(),
        description,
        result,
        |width| lines::draw(&lines, width),
    ))
}

fn promise(kind: PromiseKind, promised: f64) -> String {
    match kind {
        PromiseKind::StartWait => {
            format!("Wait for a start, promised {}", format::seconds(promised))
        }
        PromiseKind::BurstSlowdown => {
            format!("Slowdown of bursts, promised {}", format::ratio(promised))
        }
        PromiseKind::Rejection => format!(
            "Requests turned away, promised {}",
            format::percent_with(promised, 2)
        ),
    }
}
