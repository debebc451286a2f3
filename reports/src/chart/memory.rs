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
const NAME_LINE: f64 = 16.0;
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
    // On a phone a name may take two lines.
    let (columns, lines): (u8, usize) = if width < 600.0 { (2, 2) } else { (3, 1) };
    let names = NAME_LINE * lines as f64;
    let mut scene = Scene::new(width);
    let room = (width - GAP * (f64::from(columns) - 1.0)) / f64::from(columns);
    let mut y = 0.0;
    for row in fits.chunks(usize::from(columns)) {
        let mut x = 0.0;
        for (technology, fit) in row {
            name(
                &mut scene,
                &technology.technology.title,
                (x, y),
                room,
                lines,
            );
            panel(&mut scene, fit, (x, y + names), room);
            x += room + GAP;
        }
        y += names + HEIGHT + 60.0;
    }
    let text = "Across: live sandboxes. Up: memory from nothing, each panel with a scale of its \
                own. Below: what the line says at its ends.";
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

/// The name of a technology on so many lines, the last of them cut where there is no room.
fn name(scene: &mut Scene, title: &str, (x, y): (f64, f64), room: f64, lines: usize) {
    let wrapped = font::wrapped(title, NAME_SIZE, true, room);
    let mut y = y + 9.0;
    for index in 0..wrapped.len().min(lines) {
        let rest = if index + 1 == lines {
            wrapped[index..].join(" ")
        } else {
            wrapped[index].clone()
        };
        let text = font::fitted(&rest, NAME_SIZE, true, room);
        scene.text(label(x, y, &text, NAME_SIZE, true, Role::Text));
        y += NAME_LINE;
    }
}

fn panel(scene: &mut Scene, fit: &MemoryFit, (x, y): (f64, f64), room: f64) {
    let Some(axes) = Panel::new(fit) else {
        return;
    };
    let each = format!("{} each", slope(fit));
    let each = if font::width(&each, TICK_SIZE, false) > room {
        format!("{} each", format::bytes(fit.per_instance.value))
    } else {
        each
    };
    let each = font::fitted(&each, TICK_SIZE, false, room);
    scene.text(label(x, y + 10.0, &each, TICK_SIZE, false, Role::Muted));
    let (top, bottom) = (y + 24.0, y + 24.0 + HEIGHT);
    let y_axis = axes.y.over(bottom, top);
    let x_axis = axes.x.over(x, x + room);
    scene.line((x, bottom), (x + room, bottom), 1.0, Role::Axis);
    let on_line = |live: f64| fit.base.value + fit.per_instance.value * live;
    let ends = [(0.0, x, Anchor::Start), (axes.most, x + room, Anchor::End)];
    for (live, at, anchor) in ends {
        let text = format!("{}: {}", tick_count(live), format::bytes(on_line(live)));
        scene.text(Label {
            x: at,
            y: bottom + 13.0,
            text: font::fitted(&text, TICK_SIZE, false, room / 2.0 - 4.0),
            size: TICK_SIZE,
            bold: false,
            anchor,
            role: Role::Muted,
        });
    }
    let line = |live: f64| (x_axis.at(live), y_axis.at(on_line(live)));
    scene.line(line(0.0), line(axes.most), 1.5, Role::Text);
    for (live, bytes) in &fit.points {
        if bytes.is_finite() {
            let at = (x_axis.at(f64::from(*live)), y_axis.at(*bytes));
            scene.disc(at, 3.0, Role::Series(0));
        }
    }
}
