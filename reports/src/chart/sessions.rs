//! How many sessions are open over the week, and where do they come from?

use tonnage_model::result::{CapacityResult, NamedSeries};

use super::Chart;
use super::axis::{Axis, TICK_SIZE, tick_count};
use super::ranges::{self, Key};
use super::scene::{Anchor, Label, Mark, Scene};
use super::theme::{Role, SERIES};
use crate::format;

/// Opacity of the areas.
const FILL: f64 = 0.85;

pub(super) fn by_zone(result: &CapacityResult) -> Option<Chart> {
    chart(
        result,
        "sessions-by-zone",
        "How many sessions are open over the week, by time zone?",
        &result.demand.by_zone,
        "time zones",
    )
}

pub(super) fn by_tier(result: &CapacityResult) -> Option<Chart> {
    if result.demand.by_tier.len() < 2 {
        return None;
    }
    chart(
        result,
        "sessions-by-tier",
        "How many sessions are open over the week, by tier?",
        &result.demand.by_tier,
        "tiers",
    )
}

fn chart(
    result: &CapacityResult,
    id: &'static str,
    title: &str,
    series: &[NamedSeries],
    plural: &str,
) -> Option<Chart> {
    let demand = &result.demand;
    if demand.hours.len() < 2 || demand.sessions.len() != demand.hours.len() {
        return None;
    }
    let layers = layers(series, demand.hours.len(), plural);
    let highest = demand.sessions.iter().copied().fold(0.0, f64::max);
    let top = highest.max(demand.peak_sessions.high);
    let axis = Axis::from_zero([top], 0.13)?;
    let peak = format!(
        "Peak {}, {}",
        format::estimate(demand.peak_sessions),
        format::week_hour(demand.peak_hour)
    );
    let description = format!(
        "Open sessions over one week in UTC, stacked by {plural}: {}. {peak}. Mean {}; peak over \
         mean {}.",
        layers
            .iter()
            .map(|layer| layer.name.as_str())
            .collect::<Vec<_>>()
            .join(", "),
        format::count(demand.mean_sessions),
        format::short(demand.peak_to_mean, 3),
    );
    Some(Chart::new(
        id,
        title.to_owned(),
        description,
        result,
        |width| draw(result, &layers, &axis, &peak, width),
    ))
}

/// A band of the stack.
struct Layer {
    name: String,
    role: Role,
    values: Vec<f64>,
}

/// The largest series, in their own order, and the others put together.
fn layers(series: &[NamedSeries], points: usize, plural: &str) -> Vec<Layer> {
    let usable: Vec<_> = series
        .iter()
        .filter(|series| series.values.len() == points)
        .collect();
    let total = |series: &NamedSeries| series.values.iter().sum::<f64>();
    let mut by_size: Vec<_> = usable.iter().map(|series| total(series)).collect();
    by_size.sort_by(|a, b| b.total_cmp(a));
    let room = if usable.len() > SERIES {
        SERIES - 1
    } else {
        SERIES
    };
    let least = by_size.get(room.saturating_sub(1)).copied().unwrap_or(0.0);
    let mut layers: Vec<Layer> = Vec::new();
    let mut rest = vec![0.0; points];
    let mut left_over = 0;
    for series in usable {
        if layers.len() < room && total(series) >= least {
            layers.push(Layer {
                name: series.name.clone(),
                role: Role::Series(layers.len()),
                values: series.values.clone(),
            });
        } else {
            left_over += 1;
            for (sum, value) in rest.iter_mut().zip(&series.values) {
                *sum += value;
            }
        }
    }
    if left_over > 0 {
        layers.push(Layer {
            name: format!("{left_over} other {plural}"),
            role: Role::Rest,
            values: rest,
        });
    }
    layers
}

fn draw(result: &CapacityResult, layers: &[Layer], axis: &Axis, peak: &str, width: f64) -> Scene {
    let demand = &result.demand;
    let narrow = width < 600.0;
    let mut scene = Scene::new(width);
    let mut keys: Vec<_> = layers
        .iter()
        .map(|layer| Key::bar(layer.role, FILL, &layer.name))
        .collect();
    keys.push(Key::line(Role::Text, "All together"));
    keys.push(Key::dashed(
        Role::Text,
        format!("Mean {}", format::count(demand.mean_sessions)),
    ));
    let top = ranges::legend(&mut scene, &keys, 0.0) + 10.0;
    let left = 46.0;
    let right = width - 8.0;
    let bottom = top + if narrow { 220.0 } else { 330.0 };
    let y_axis = axis.clone().over(bottom, top);
    let x_of = |hour: f64| left + (hour / 168.0).clamp(0.0, 1.0) * (right - left);

    for tick in y_axis.ticks(if narrow { 4 } else { 6 }) {
        let y = y_axis.at(tick);
        scene.line((left, y), (right, y), 1.0, Role::Grid);
        scene.text(Label {
            x: left - 7.0,
            y,
            text: tick_count(tick),
            size: TICK_SIZE,
            bold: false,
            anchor: Anchor::End,
            role: Role::Muted,
        });
    }
    stack(&mut scene, &demand.hours, layers, &x_of, &y_axis);
    days(&mut scene, (top, bottom), narrow, &x_of);
    let total: Vec<_> = demand
        .hours
        .iter()
        .zip(&demand.sessions)
        .map(|(hour, value)| (x_of(*hour), y_axis.at(*value)))
        .collect();
    scene.path(total, 2.0, Role::Text);
    let mean = y_axis.at(demand.mean_sessions);
    scene.line((left, mean), (right, mean), 3.5, Role::Background);
    scene.dashes((left, mean), (right, mean), 1.5, Role::Text);
    mark_peak(&mut scene, result, peak, (left, right), &x_of, &y_axis);
    scene.height = bottom + 44.0;
    scene
}

fn stack(
    scene: &mut Scene,
    hours: &[f64],
    layers: &[Layer],
    x_of: &impl Fn(f64) -> f64,
    y_axis: &Axis,
) {
    let mut floor = vec![0.0; hours.len()];
    for layer in layers {
        let ceiling: Vec<f64> = floor
            .iter()
            .zip(&layer.values)
            .map(|(below, value)| below + value.max(0.0))
            .collect();
        let upper = hours.iter().zip(&ceiling);
        let lower = hours.iter().zip(&floor).rev();
        let outline: Vec<_> = upper
            .chain(lower)
            .map(|(hour, value)| (x_of(*hour), y_axis.at(*value)))
            .collect();
        scene.area(outline, layer.role, FILL);
        let edge: Vec<_> = hours
            .iter()
            .zip(&ceiling)
            .map(|(hour, value)| (x_of(*hour), y_axis.at(*value)))
            .collect();
        scene.path(edge, 1.0, Role::Background);
        floor = ceiling;
    }
}

/// Lines at midnight, the days' names between them, and noon where there is room.
fn days(scene: &mut Scene, (top, bottom): (f64, f64), narrow: bool, x_of: &impl Fn(f64) -> f64) {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    scene.line((x_of(0.0), bottom), (x_of(168.0), bottom), 1.0, Role::Axis);
    for day in 0..=7_u32 {
        let x = x_of(f64::from(day) * 24.0);
        scene.line((x, top), (x, bottom + 6.0), 1.0, Role::Axis);
    }
    for (day, name) in (0_u32..).zip(DAYS) {
        let noon = x_of(f64::from(day) * 24.0 + 12.0);
        scene.line((noon, bottom), (noon, bottom + 4.0), 1.0, Role::Axis);
        scene.text(Label {
            x: noon,
            y: bottom + 15.0,
            text: if narrow {
                name.to_owned()
            } else {
                format!("{name} 12:00")
            },
            size: TICK_SIZE,
            bold: false,
            anchor: Anchor::Middle,
            role: Role::Muted,
        });
    }
    scene.text(Label {
        x: x_of(84.0),
        y: bottom + 34.0,
        text: "time in UTC; a line at each midnight".to_owned(),
        size: TICK_SIZE,
        bold: false,
        anchor: Anchor::Middle,
        role: Role::Muted,
    });
}

fn mark_peak(
    scene: &mut Scene,
    result: &CapacityResult,
    text: &str,
    (left, right): (f64, f64),
    x_of: &impl Fn(f64) -> f64,
    y_axis: &Axis,
) {
    let peak = result.demand.peak_sessions;
    let x = x_of(result.demand.peak_hour);
    let (low, high) = (y_axis.at(peak.low), y_axis.at(peak.high));
    if peak.high > peak.low {
        scene.line((x, low), (x, high), 2.0, Role::Text);
        for y in [low, high] {
            scene.line((x - 4.5, y), (x + 4.5, y), 2.0, Role::Text);
        }
    }
    scene.mark(Mark::Disc, (x, y_axis.at(peak.central)), Role::Text);
    let half = super::font::width(text, 12.5, true) / 2.0;
    let middle = x.clamp(left + half + 4.0, (right - half).max(left + half + 4.0));
    let y = high - 13.0;
    scene.rect(
        (middle - half - 3.0, y - 9.0),
        (middle + half + 3.0, y + 9.0),
        Role::Background,
        0.9,
    );
    scene.text(Label {
        x: middle,
        y,
        text: text.to_owned(),
        size: 12.5,
        bold: true,
        anchor: Anchor::Middle,
        role: Role::Text,
    });
}
