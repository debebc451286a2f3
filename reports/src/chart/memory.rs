//! How does memory grow with live sandboxes, and does a line describe it?

use std::fmt::Write as _;

use tonnage_model::measurement::document::{MemoryFit, Outcome, Row};
use tonnage_model::measurement::technology::Role as Part;
use tonnage_model::result::CapacityResult;

use super::Chart;
use super::axis::{Axis, TICK_SIZE, tick_count};
use super::font;
use super::scene::{Anchor, Label, Scene};
use super::theme::Role;
use crate::{format, measured};

const GAP: f64 = 22.0;
const NAME_SIZE: f64 = 12.5;
const HEIGHT: f64 = 96.0;

pub(super) fn chart(result: &CapacityResult) -> Option<Chart> {
    let measurement = result.measurement.as_ref()?;
    let mut fits: Vec<(&Row, &MemoryFit)> = measured::rows(measurement)
        .filter(|row| row.outcome == Outcome::Measured && row.technology.role != Part::Overhead)
        .filter_map(|row| Some((row, row.memory_idle.as_ref()?)))
        .filter(|(_, fit)| Panel::new(fit).is_some())
        .collect();
    if fits.is_empty() {
        return None;
    }
    fits.sort_by(|a, b| a.1.per_instance.value.total_cmp(&b.1.per_instance.value));
    Some(Chart::new(
        "measured-memory",
        "How does memory grow with the number of live sandboxes?".to_owned(),
        description(&fits),
        result,
        |width| draw(&fits, width),
    ))
}

fn description(fits: &[(&Row, &MemoryFit)]) -> String {
    let mut text = "Memory against live sandboxes with a straight line, one panel for each \
                    technology measured, each with a scale of its own."
        .to_owned();
    for (row, fit) in fits {
        let _ = write!(text, " {}: {} each.", row.technology.title, slope(fit));
    }
    text
}

fn slope(fit: &MemoryFit) -> String {
    format::estimate_with(measured::estimated(&fit.per_instance), format::bytes_with)
}

/// The axes of one technology.
struct Panel {
    x: Axis,
    y: Axis,
    most: f64,
}

impl Panel {
    fn new(fit: &MemoryFit) -> Option<Self> {
        let most = fit.points.iter().map(|(live, _)| *live).max()?;
        Some(Self {
            x: Axis::from_zero([f64::from(most)], 0.04)?,
            y: Axis::from_zero(fit.points.iter().map(|(_, bytes)| *bytes), 0.1)?,
            most: f64::from(most),
        })
    }
}

fn draw(fits: &[(&Row, &MemoryFit)], width: f64) -> Scene {
    let columns = if width < 600.0 { 2 } else { 4 };
    let mut scene = Scene::new(width);
    let room = (width - GAP * (f64::from(columns) - 1.0)) / f64::from(columns);
    let mut y = 0.0;
    for row in fits.chunks(columns as usize) {
        let mut x = 0.0;
        for (technology, fit) in row {
            panel(&mut scene, &technology.technology.title, fit, (x, y), room);
            x += room + GAP;
        }
        y += HEIGHT + 76.0;
    }
    let text = "Across: live sandboxes. Up: memory; each panel has a scale of its own.";
    for line in font::wrapped(text, TICK_SIZE, false, width) {
        scene.text(label(0.0, y + 4.0, &line, TICK_SIZE, false, Role::Muted));
        y += 16.0;
    }
    scene.height = y + 4.0;
    scene
}

fn label(x: f64, y: f64, text: &str, size: f64, bold: bool, role: Role) -> Label {
    Label {
        x,
        y,
        text: text.to_owned(),
        size,
        bold,
        anchor: Anchor::Start,
        role,
    }
}

fn panel(scene: &mut Scene, title: &str, fit: &MemoryFit, (x, y): (f64, f64), room: f64) {
    let Some(axes) = Panel::new(fit) else {
        return;
    };
    let name = font::fitted(title, NAME_SIZE, true, room);
    scene.text(label(x, y + 9.0, &name, NAME_SIZE, true, Role::Text));
    let each = format!("{} each", slope(fit));
    let each = if font::width(&each, TICK_SIZE, false) > room {
        format!("{} each", format::bytes(fit.per_instance.value))
    } else {
        each
    };
    let each = font::fitted(&each, TICK_SIZE, false, room);
    scene.text(label(x, y + 26.0, &each, TICK_SIZE, false, Role::Muted));
    let (top, bottom) = (y + 40.0, y + 40.0 + HEIGHT);
    let y_axis = axes.y.over(bottom, top);
    let x_axis = axes.x.over(x, x + room);
    for tick in y_axis.ticks(2) {
        let at = y_axis.at(tick);
        let role = if tick > 0.0 { Role::Grid } else { Role::Axis };
        scene.line((x, at), (x + room, at), 1.0, role);
    }
    let most = y_axis.ticks(2).into_iter().fold(0.0, f64::max);
    if most > 0.0 {
        let text = font::fitted(&format::bytes(most), TICK_SIZE, false, room);
        let at = y_axis.at(most) - 8.0;
        scene.text(label(x, at.max(top - 4.0), &text, TICK_SIZE, false, Role::Muted));
    }
    for (value, anchor) in [(0.0, Anchor::Start), (axes.most, Anchor::End)] {
        scene.text(Label {
            x: if value > 0.0 { x_axis.at(value) } else { x },
            y: bottom + 13.0,
            text: tick_count(value),
            size: TICK_SIZE,
            bold: false,
            anchor,
            role: Role::Muted,
        });
    }
    let line = |live: f64| {
        let bytes = fit.base.value + fit.per_instance.value * live;
        (x_axis.at(live), y_axis.at(bytes))
    };
    scene.line(line(0.0), line(axes.most), 1.5, Role::Text);
    for (live, bytes) in &fit.points {
        if bytes.is_finite() {
            let at = (x_axis.at(f64::from(*live)), y_axis.at(*bytes));
            scene.disc(at, 3.0, Role::Series(0));
        }
    }
}
