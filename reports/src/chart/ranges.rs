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
const NAME_LINE: f64 = 18.0;
const NOTE_LINE: f64 = 16.0;
/// Opacity of the reference band.
const BAND: f64 = 0.35;
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
    /// The number, beside the mark on a wide page.
    pub(super) text: String,
    /// What stands before the number on a phone; cut where there is no room, unlike the number.
    pub(super) name: String,
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
    pub(super) dashed: bool,
    pub(super) opacity: f64,
    pub(super) text: String,
}

impl Key {
    /// The item of a mark.
    pub(super) fn mark((mark, role): (Mark, Role), text: impl Into<String>) -> Self {
        Self {
            mark,
            role,
            band: false,
            dashed: false,
            opacity: 1.0,
            text: text.into(),
        }
    }

    /// The item of a line.
    pub(super) fn line(role: Role, text: impl Into<String>) -> Self {
        Self::mark((Mark::None, role), text)
    }

    /// The item of a dashed line.
    pub(super) fn dashed(role: Role, text: impl Into<String>) -> Self {
        Self {
            dashed: true,
            ..Self::line(role, text)
        }
    }

    /// The item of a bar or area.
    pub(super) fn bar(role: Role, opacity: f64, text: impl Into<String>) -> Self {
        Self {
            band: true,
            opacity,
            ..Self::line(role, text)
        }
    }

    /// The item of the reference band.
    pub(super) fn band(text: impl Into<String>) -> Self {
        Self::bar(Role::Rest, BAND, text)
    }
}

/// A reference band behind the heading rows.
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
    let layout = Layout {
        narrow,
        width,
        start,
        end,
    };
    let bottom = chart
        .rows
        .iter()
        .enumerate()
        .fold(top, |y, (i, row)| y + height(row, &layout, i == 0))
        + 4.0;
    let strips = if narrow {
        mark_strips(chart.rows, &layout, top)
    } else {
        vec![(top, bottom)]
    };
    axis.draw_below(&mut scene, &strips, bottom, chart.tick, chart.axis_title);
    scene.line((start, bottom), (end, bottom), 1.0, Role::Axis);
    let mut y = top;
    for (index, row) in chart.rows.iter().enumerate() {
        if row.heading && index > 0 {
            y += 8.0;
            scene.line((0.0, y), (width, y), 1.0, Role::Axis);
        }
        if let (Some(band), true) = (chart.band, row.heading) {
            let (low, high) = (axis.at(band.low), axis.at(band.high));
            let end = y + height(row, &layout, true);
            let strips = if narrow {
                row_strips(row, &layout, y)
            } else {
                vec![(y + 2.0, end)]
            };
            for (from, to) in strips {
                scene.rect((low, from), (high.max(low + 1.0), to), Role::Rest, BAND);
            }
        }
        y = if narrow {
            narrow_row(&mut scene, row, &axis, y, &layout)
        } else {
            wide_row(&mut scene, row, &axis, y, &layout)
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
            scene.rect((x, y - 5.0), (x + 16.0, y + 5.0), key.role, key.opacity);
        } else if key.dashed {
            scene.dashes((x, y), (x + 16.0, y), 2.0, key.role);
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
    let end = width - numbers - 16.0;
    (start, end)
}

/// The columns of a chart.
struct Layout {
    narrow: bool,
    width: f64,
    start: f64,
    end: f64,
}

impl Layout {
    /// Room for the name and note of a row.
    fn room(&self, row: &Row) -> f64 {
        if self.narrow || row.values.is_empty() {
            self.width
        } else {
            self.start - 14.0
        }
    }

    fn names(&self, row: &Row) -> Vec<String> {
        font::wrapped(&row.name, NAME_SIZE, row.heading, self.room(row))
    }

    fn notes(&self, row: &Row) -> Vec<String> {
        if row.note.is_empty() {
            Vec::new()
        } else {
            font::wrapped(&row.note, NOTE_SIZE, false, self.room(row))
        }
    }

    /// Height of the name and note of a row.
    fn words(&self, row: &Row) -> f64 {
        self.names(row).len() as f64 * NAME_LINE + self.notes(row).len() as f64 * NOTE_LINE
    }
}

fn height(row: &Row, layout: &Layout, first: bool) -> f64 {
    let rule = if row.heading && !first { 8.0 } else { 0.0 };
    let values = row.values.len() as f64;
    rule + if layout.narrow {
        10.0 + layout.words(row) + values * 34.0
    } else {
        14.0 + f64::max(layout.words(row), values * LINE)
    }
}

/// Where the marks of a row stand on a phone, between the lines of words.
fn row_strips(row: &Row, layout: &Layout, top: f64) -> Vec<(f64, f64)> {
    let first = top + 4.0 + layout.words(row) + 10.0;
    (0..row.values.len())
        .map(|index| first + index as f64 * 34.0 + 16.0)
        .zip(&row.values)
        .filter(|(_, value)| value.role != Role::Muted)
        .map(|(middle, _)| (middle - 8.5, middle + 8.5))
        .collect()
}

/// As [`row_strips`], of every row.
fn mark_strips(rows: &[Row], layout: &Layout, top: f64) -> Vec<(f64, f64)> {
    let mut strips = Vec::new();
    let mut y = top;
    for (index, row) in rows.iter().enumerate() {
        let rule = if row.heading && index > 0 { 8.0 } else { 0.0 };
        strips.extend(row_strips(row, layout, y + rule));
        y += height(row, layout, index == 0);
    }
    strips
}

/// Name and note from `top`; returns where they end.
fn words(scene: &mut Scene, row: &Row, layout: &Layout, top: f64) -> f64 {
    let mut y = top;
    for text in layout.names(row) {
        scene.text(Label {
            x: 0.0,
            y: y + NAME_LINE / 2.0,
            text,
            size: NAME_SIZE,
            bold: row.heading,
            anchor: Anchor::Start,
            role: Role::Text,
        });
        y += NAME_LINE;
    }
    for text in layout.notes(row) {
        scene.text(Label {
            x: 0.0,
            y: y + NOTE_LINE / 2.0,
            text,
            size: NOTE_SIZE,
            bold: false,
            anchor: Anchor::Start,
            role: Role::Muted,
        });
        y += NOTE_LINE;
    }
    y
}

fn wide_row(scene: &mut Scene, row: &Row, axis: &Axis, top: f64, layout: &Layout) -> f64 {
    let bottom = top + height(row, layout, true);
    let middle = f64::midpoint(top, bottom);
    words(scene, row, layout, middle - layout.words(row) / 2.0);
    let mut y = middle - (row.values.len() as f64 - 1.0) * LINE / 2.0;
    for value in &row.values {
        draw_value(scene, value, axis, y);
        scene.text(Label {
            x: layout.end + 14.0,
            y,
            text: value.text.clone(),
            size: NOTE_SIZE,
            bold: false,
            anchor: Anchor::Start,
            role: value.text_role(),
        });
        y += LINE;
    }
    bottom
}

fn narrow_row(scene: &mut Scene, row: &Row, axis: &Axis, top: f64, layout: &Layout) -> f64 {
    let mut y = words(scene, row, layout, top + 4.0) + 10.0;
    for value in &row.values {
        scene.text(Label {
            x: 0.0,
            y,
            text: value.named(layout.width),
            size: NOTE_SIZE,
            bold: false,
            anchor: Anchor::Start,
            role: value.text_role(),
        });
        if value.role != Role::Muted {
            let line = y + 16.0;
            scene.line((layout.start, line), (layout.end, line), 1.0, Role::Grid);
        }
        draw_value(scene, value, axis, y + 16.0);
        y += 34.0;
    }
    top + height(row, layout, true)
}

impl Value {
    /// A value that is missing, with the reason.
    pub(super) fn missing(text: &str) -> Self {
        Self {
            low: f64::NAN,
            central: f64::NAN,
            high: f64::NAN,
            mark: Mark::None,
            role: Role::Muted,
            text: text.to_owned(),
            name: String::new(),
        }
    }

    /// Name and number within a width; the name gives way.
    fn named(&self, room: f64) -> String {
        if self.name.is_empty() {
            return self.text.clone();
        }
        let number = font::width(&self.text, NOTE_SIZE, false);
        let space = font::width(" ", NOTE_SIZE, false);
        let name = font::fitted(&self.name, NOTE_SIZE, false, room - number - space);
        format!("{name} {}", self.text)
    }

    fn text_role(&self) -> Role {
        if self.role == Role::Muted {
            Role::Muted
        } else {
            Role::Text
        }
    }
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
