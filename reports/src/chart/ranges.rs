//! Rows of values with intervals along one axis: the form of most charts here.
//!
//! On a wide page the row's name stands left, the marks in the middle and the numbers right. On a
//! phone they stand under each other.

use super::axis::{Axis, BELOW};
use super::font;
use super::scene::{Anchor, Label, Mark, Scene};
use super::theme::Role;

const NAME_SIZE: f64 = 13.5;
const NOTE_SIZE: f64 = 12.0;
/// Height of the line of one mark.
const LINE: f64 = 19.0;

/// A value with its interval.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) low: f64,
    pub(super) central: f64,
    pub(super) high: f64,
    pub(super) mark: Mark,
    pub(super) role: Role,
    /// What stands beside it.
    pub(super) text: String,
}

/// What stands on one row.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) name: String,
    /// A second line under the name.
    pub(super) note: String,
    /// Whether the name is a heading and a line is drawn above.
    pub(super) heading: bool,
    pub(super) values: Vec<Value>,
}

/// One item of the legend.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) mark: Mark,
    pub(super) role: Role,
    /// Whether the item stands for a band or bar instead of a mark.
    pub(super) band: bool,
    pub(super) text: String,
}

/// A reference band over all rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Band {
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Everything of a chart of rows.
#[derive(Debug)]
pub(super) struct Ranges<'a> {
    pub(super) rows: &'a [Row],
    pub(super) keys: &'a [Key],
    pub(super) band: Option<Band>,
    pub(super) axis: Axis,
    pub(super) axis_title: &'a str,
    pub(super) tick: fn(f64) -> String,
}

/// Draws the rows.
pub(super) fn draw(chart: Ranges<'_>, width: f64) -> Scene {
    let narrow = width < 600.0;
    let mut scene = Scene::new(width);
    let top = legend(&mut scene, chart.keys, 0.0) + 6.0;
    let (start, end) = if narrow {
        (10.0, width - 10.0)
    } else {
        gutters(chart.rows, width)
    };
    let axis = chart.axis.over(start, end);
    let bottom = chart
        .rows
        .iter()
        .enumerate()
        .fold(top, |y, (i, row)| y + height(row, narrow, i == 0, width))
        + 4.0;
    axis.draw_below(&mut scene, top, bottom, chart.tick, chart.axis_title);
    if let Some(band) = chart.band {
        let (low, high) = (axis.at(band.low), axis.at(band.high));
        scene.rect((low, top), (high.max(low + 1.0), bottom), Role::Rest, 0.18);
        for x in [low, high] {
            scene.line((x, top), (x, bottom), 1.0, Role::Rest);
        }
    }
    scene.line((start, bottom), (end, bottom), 1.0, Role::Axis);
    let mut y = top;
    for (index, row) in chart.rows.iter().enumerate() {
        if row.heading && index > 0 {
            y += 8.0;
            scene.line((0.0, y), (width, y), 1.0, Role::Axis);
        }
        y = if narrow {
            narrow_row(&mut scene, row, &axis, y)
        } else {
            wide_row(&mut scene, row, &axis, y, (start, end))
        };
    }
    scene.height = bottom + BELOW;
    scene
}

/// The legend in as many lines as it needs; returns where it ends.
pub(super) fn legend(scene: &mut Scene, keys: &[Key], top: f64) -> f64 {
    const STEP: f64 = 20.0;
    if keys.is_empty() {
        return top;
    }
    let (mut x, mut y) = (0.0, top + 10.0);
    for key in keys {
        let room = scene.width - 24.0;
        let lines = font::wrapped(&key.text, NOTE_SIZE, false, room);
        let widest = lines
            .iter()
            .map(|line| font::width(line, NOTE_SIZE, false))
            .fold(0.0, f64::max);
        if x > 0.0 && x + 22.0 + widest > scene.width {
            x = 0.0;
            y += STEP;
        }
        if key.band {
            scene.rect((x, y - 5.0), (x + 16.0, y + 5.0), key.role, 1.0);
        } else if key.mark == Mark::None {
            scene.line((x, y), (x + 16.0, y), 2.0, key.role);
        } else {
            scene.mark(key.mark, (x + 8.0, y), key.role);
        }
        for (index, text) in lines.iter().enumerate() {
            if index > 0 {
                y += 16.0;
            }
            scene.text(Label {
                x: x + 22.0,
                y,
                text: text.clone(),
                size: NOTE_SIZE,
                bold: false,
                anchor: Anchor::Start,
                role: Role::Text,
            });
        }
        x += 22.0 + widest + 20.0;
    }
    y + 12.0
}

/// Left and right end of the axis, between names and numbers.
fn gutters(rows: &[Row], width: f64) -> (f64, f64) {
    let names = rows
        .iter()
        .filter(|row| !row.values.is_empty())
        .flat_map(|row| {
            [
                font::width(&row.name, NAME_SIZE, row.heading),
                font::width(&row.note, NOTE_SIZE, false),
            ]
        })
        .fold(0.0, f64::max);
    let numbers = rows
        .iter()
        .flat_map(|row| &row.values)
        .map(|value| font::width(&value.text, NOTE_SIZE, false))
        .fold(0.0, f64::max);
    let start = names.min(width * 0.30) + 18.0;
    let end = width - numbers.min(width * 0.30) - 16.0;
    (start, end)
}

fn height(row: &Row, narrow: bool, first: bool, width: f64) -> f64 {
    let rule = if row.heading && !first { 8.0 } else { 0.0 };
    let values = row.values.len() as f64;
    rule + if narrow {
        let notes = if row.note.is_empty() {
            0.0
        } else {
            font::wrapped(&row.note, NOTE_SIZE, false, width).len() as f64
        };
        let names = font::wrapped(&row.name, NAME_SIZE, row.heading, width).len() as f64;
        10.0 + names * 18.0 + notes * 16.0 + values * 34.0
    } else {
        let lines = if row.note.is_empty() { 1.0 } else { 2.0 };
        13.0 + f64::max(lines * 18.0, values * LINE)
    }
}

fn wide_row(scene: &mut Scene, row: &Row, axis: &Axis, top: f64, (start, end): (f64, f64)) -> f64 {
    let bottom = top + height(row, false, true, scene.width);
    let middle = f64::midpoint(top, bottom);
    let room = if row.values.is_empty() {
        scene.width
    } else {
        start - 14.0
    };
    let name_y = if row.note.is_empty() {
        middle
    } else {
        middle - 8.5
    };
    scene.text(Label {
        x: 0.0,
        y: name_y,
        text: font::fitted(&row.name, NAME_SIZE, row.heading, room),
        size: NAME_SIZE,
        bold: row.heading,
        anchor: Anchor::Start,
        role: Role::Text,
    });
    scene.text(Label {
        x: 0.0,
        y: middle + 8.5,
        text: font::fitted(&row.note, NOTE_SIZE, false, room),
        size: NOTE_SIZE,
        bold: false,
        anchor: Anchor::Start,
        role: Role::Muted,
    });
    let mut y = middle - (row.values.len() as f64 - 1.0) * LINE / 2.0;
    for value in &row.values {
        draw_value(scene, value, axis, y);
        let room = scene.width - end - 12.0;
        scene.text(Label {
            x: end + 14.0,
            y,
            text: font::fitted(&value.text, NOTE_SIZE, false, room),
            size: NOTE_SIZE,
            bold: false,
            anchor: Anchor::Start,
            role: Role::Text,
        });
        y += LINE;
    }
    bottom
}

fn narrow_row(scene: &mut Scene, row: &Row, axis: &Axis, top: f64) -> f64 {
    let mut y = top + 12.0;
    let width = scene.width;
    for text in font::wrapped(&row.name, NAME_SIZE, row.heading, width) {
        scene.text(Label {
            x: 0.0,
            y,
            text,
            size: NAME_SIZE,
            bold: row.heading,
            anchor: Anchor::Start,
            role: Role::Text,
        });
        y += 18.0;
    }
    if !row.note.is_empty() {
        y -= 2.0;
        for text in font::wrapped(&row.note, NOTE_SIZE, false, width) {
            scene.text(Label {
                x: 0.0,
                y,
                text,
                size: NOTE_SIZE,
                bold: false,
                anchor: Anchor::Start,
                role: Role::Muted,
            });
            y += 16.0;
        }
    }
    for value in &row.values {
        scene.text(Label {
            x: 0.0,
            y: y + 1.0,
            text: font::fitted(&value.text, NOTE_SIZE, false, width),
            size: NOTE_SIZE,
            bold: false,
            anchor: Anchor::Start,
            role: Role::Text,
        });
        draw_value(scene, value, axis, y + 17.0);
        y += 34.0;
    }
    top + height(row, true, true, width)
}

fn draw_value(scene: &mut Scene, value: &Value, axis: &Axis, y: f64) {
    if axis.shows(value.low) && axis.shows(value.high) && value.high > value.low {
        let (low, high) = (axis.at(value.low), axis.at(value.high));
        let thick = if value.mark == Mark::None { 7.0 } else { 2.5 };
        scene.line((low, y), (high, y), thick, value.role);
        if value.mark != Mark::None {
            for x in [low, high] {
                scene.line((x, y - 4.5), (x, y + 4.5), 2.0, value.role);
            }
        }
    }
    if axis.shows(value.central) {
        scene.mark(value.mark, (axis.at(value.central), y), value.role);
    }
}
