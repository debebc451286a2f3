//! What does the fleet do over the day, and does it keep its promises?

use std::fmt::Write as _;

use tonnage_model::result::{CapacityResult, Estimated, FleetPlan, FleetResult};

use super::Chart;
use super::axis::{Axis, TICK_SIZE, tick_count};
use super::lines::look;
use super::ranges::{self, Key};
use super::scene::{Anchor, Label, Mark, Scene};
use super::theme::Role;
use crate::fleet::{self, PlanHour};
use crate::{format, view};

/// Plans that get a chart; more would not be looked at.
const IDS: [&str; 6] = [
    "fleet-day-1",
    "fleet-day-2",
    "fleet-day-3",
    "fleet-day-4",
    "fleet-day-5",
    "fleet-day-6",
];

/// Height of a panel's title.
const TITLE: f64 = 26.0;

/// Opacity of intervals.
const BAND: f64 = 0.25;

/// One line over the hours.
struct Line {
    name: String,
    role: Role,
    mark: Mark,
    /// Middle of the hour in hours, and the value there.
    points: Vec<(f64, Estimated)>,
}

/// One panel: lines and what they are held against.
struct Panel {
    title: &'static str,
    lines: Vec<Line>,
    /// What is there or promised, by hour.
    limit: Option<(&'static str, Vec<(f64, f64)>)>,
    show: fn(f64) -> String,
    axis: Axis,
}

/// The key of the chart of a plan, by its place among the plans.
pub(crate) fn id(index: usize) -> Option<&'static str> {
    IDS.get(index).copied()
}

/// One chart for each of the first plans.
pub(super) fn charts(result: &CapacityResult) -> Vec<Chart> {
    let Some(found) = &result.fleet else {
        return Vec::new();
    };
    let plans = found.plans.iter().zip(IDS);
    plans
        .filter_map(|(plan, id)| chart(result, found, plan, id))
        .collect()
}

fn chart(
    result: &CapacityResult,
    found: &FleetResult,
    plan: &FleetPlan,
    id: &'static str,
) -> Option<Chart> {
    let hours = fleet::plan_hours(plan);
    let panels = panels(result, found, plan, &hours);
    if panels.is_empty() {
        return None;
    }
    let (from, to) = (f64::from(found.day.from_hour), f64::from(found.day.to_hour));
    let description = description(found, plan, &hours);
    Some(Chart::new(
        id,
        format!("What does the fleet do over the day? {}", plan.title),
        description,
        result,
        |width| draw(found, &panels, (from, to), width),
    ))
}

fn description(found: &FleetResult, plan: &FleetPlan, hours: &[PlanHour]) -> String {
    let most = |value: fn(&PlanHour) -> f64| {
        hours
            .iter()
            .map(|hour| (hour.hour, value(hour)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
    };
    let mut text = format!("{}, {}.", plan.title, fleet::day(found));
    if let Some((hour, sessions)) = most(|hour| hour.sessions.central) {
        let _ = write!(
            text,
            " Most open sessions: {} from {}.",
            format::count(sessions),
            fleet::hour(hour)
        );
    }
    if let Some((hour, busy)) = most(|hour| hour.busy_vcpus.central) {
        let _ = write!(
            text,
            " Most busy vCPUs: {} from {}.",
            format::count(busy),
            fleet::hour(hour)
        );
    }
    text
}

fn panels(
    result: &CapacityResult,
    found: &FleetResult,
    plan: &FleetPlan,
    hours: &[PlanHour],
) -> Vec<Panel> {
    let middle = |hour: u32| f64::from(hour) + 0.5;
    let all = |name: &str, value: fn(&PlanHour) -> Estimated| Line {
        name: name.to_owned(),
        role: Role::Series(0),
        mark: Mark::Disc,
        points: hours.iter().map(|h| (middle(h.hour), value(h))).collect(),
    };
    let by_tier = |value: fn(&tonnage_model::result::FleetHour) -> Option<Estimated>| {
        let tiers = plan.tiers.iter().enumerate();
        tiers
            .map(|(index, tier)| Line {
                name: view::tier_title(result, &tier.tier).to_owned(),
                role: look(index).1,
                mark: look(index).0,
                points: tier
                    .hours
                    .iter()
                    .filter_map(|hour| Some((middle(hour.hour), value(hour)?)))
                    .collect(),
            })
            .filter(|line| !line.points.is_empty())
            .collect::<Vec<Line>>()
    };
    let flat = |value: f64| {
        vec![
            (f64::from(found.day.from_hour), value),
            (f64::from(found.day.to_hour), value),
        ]
    };
    let there = hours.iter().map(|h| (middle(h.hour), h.vcpus)).collect();
    let promised = &found.promised;
    [
        (
            "Open sessions",
            vec![all("Open sessions", |hour| hour.sessions)],
            None,
            tick_count as fn(f64) -> String,
        ),
        (
            "Busy vCPUs",
            vec![all("Busy vCPUs", |hour| hour.busy_vcpus)],
            Some(("vCPUs there", there)),
            tick_count,
        ),
        (
            "Wait of 99% of requests",
            by_tier(|hour| hour.start_wait_p99),
            Some(("Promised", flat(promised.start_wait_p99))),
            format::seconds,
        ),
        (
            "Slowdown of 99% of bursts",
            by_tier(|hour| hour.slowdown_p99),
            Some(("Promised", flat(promised.burst_slowdown_p99))),
            format::ratio,
        ),
    ]
    .into_iter()
    .filter(|(_, lines, _, _)| !lines.is_empty())
    .filter_map(|(title, lines, limit, show)| {
        let values = lines
            .iter()
            .flat_map(|line| line.points.iter().map(|(_, value)| value.high));
        let limits = limit
            .iter()
            .flat_map(|(_, points)| points.iter().map(|(_, v)| *v));
        let axis = Axis::from_zero(values.chain(limits), 0.08)?;
        Some(Panel {
            title,
            lines,
            limit,
            show,
            axis,
        })
    })
    .collect()
}

fn draw(found: &FleetResult, panels: &[Panel], (from, to): (f64, f64), width: f64) -> Scene {
    let narrow = width < 600.0;
    let mut scene = Scene::new(width);
    let left = 58.0;
    let right = width - 10.0;
    let x_of = |hour: f64| left + ((hour - from) / (to - from)).clamp(0.0, 1.0) * (right - left);
    let mut y = 0.0;
    for panel in panels {
        y = of_panel(&mut scene, panel, y, (left, right), narrow, &x_of);
        hours_below(&mut scene, y, (from, to), narrow, &x_of);
        y += 34.0;
    }
    scene.text(Label {
        x: f64::midpoint(left, right),
        y,
        text: format!("local time, {}", found.day.zone),
        size: TICK_SIZE,
        bold: false,
        anchor: Anchor::Middle,
        role: Role::Muted,
    });
    scene.height = y + 14.0;
    scene
}

/// Draws a panel from `top` on; the bottom of its axis.
fn of_panel(
    scene: &mut Scene,
    panel: &Panel,
    top: f64,
    (left, right): (f64, f64),
    narrow: bool,
    x_of: &impl Fn(f64) -> f64,
) -> f64 {
    scene.text(Label {
        x: 0.0,
        y: top + 10.0,
        text: panel.title.to_owned(),
        size: 13.5,
        bold: true,
        anchor: Anchor::Start,
        role: Role::Text,
    });
    let mut keys: Vec<Key> = panel
        .lines
        .iter()
        .map(|line| Key::mark((line.mark, line.role), &line.name))
        .collect();
    if let Some((name, _)) = &panel.limit {
        keys.push(Key::dashed(Role::Text, *name));
    }
    let legend = if keys.len() > 1 {
        ranges::legend(scene, &keys, top + TITLE)
    } else {
        top + TITLE
    };
    let top = legend + 8.0;
    let bottom = top + if narrow { 120.0 } else { 150.0 };
    let axis = panel.axis.clone().over(bottom, top);
    for tick in axis.ticks(4) {
        let y = axis.at(tick);
        scene.line((left, y), (right, y), 1.0, Role::Grid);
        scene.text(Label {
            x: left - 7.0,
            y,
            text: (panel.show)(tick),
            size: TICK_SIZE,
            bold: false,
            anchor: Anchor::End,
            role: Role::Muted,
        });
    }
    for line in &panel.lines {
        let upper = line.points.iter().map(|(x, v)| (x_of(*x), axis.at(v.high)));
        let lower = line
            .points
            .iter()
            .rev()
            .map(|(x, v)| (x_of(*x), axis.at(v.low)));
        scene.area(upper.chain(lower).collect(), line.role, BAND);
    }
    if let Some((_, limit)) = &panel.limit {
        for pair in limit.windows(2) {
            let point = |(x, value): (f64, f64)| (x_of(x), axis.at(value));
            scene.dashes(point(pair[0]), point(pair[1]), 1.5, Role::Text);
        }
    }
    for line in &panel.lines {
        let points: Vec<(f64, f64)> = line
            .points
            .iter()
            .map(|(x, value)| (x_of(*x), axis.at(value.central)))
            .collect();
        scene.path(points.clone(), 2.0, line.role);
        if panel.lines.len() > 1 {
            for (index, point) in points.into_iter().enumerate() {
                if index % 3 == 1 {
                    scene.mark(line.mark, point, line.role);
                }
            }
        }
    }
    bottom
}

/// The axis of the hours below a panel.
fn hours_below(
    scene: &mut Scene,
    bottom: f64,
    (from, to): (f64, f64),
    narrow: bool,
    x_of: &impl Fn(f64) -> f64,
) {
    scene.line((x_of(from), bottom), (x_of(to), bottom), 1.0, Role::Axis);
    let step = match (to - from, narrow) {
        (hours, _) if hours <= 6.0 => 1.0,
        (_, false) => 3.0,
        (_, true) => 6.0,
    };
    let mut hour = from;
    while hour <= to {
        let x = x_of(hour);
        scene.line((x, bottom), (x, bottom + 5.0), 1.0, Role::Axis);
        let text = format!("{hour:02.0}:00");
        let half = super::font::width(&text, TICK_SIZE, false) / 2.0;
        scene.text(Label {
            x: x.min(scene.width - half),
            y: bottom + 14.0,
            text,
            size: TICK_SIZE,
            bold: false,
            anchor: Anchor::Middle,
            role: Role::Muted,
        });
        hour += step;
    }
}
