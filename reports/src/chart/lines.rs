//! Lines over a shared horizontal axis, in one or more strips.

use super::axis::{Axis, BELOW, TICK_SIZE};
use super::font;
use super::ranges::{self, Key};
use super::scene::{Anchor, Label, Mark, Scene};
use super::theme::Role;

/// Marks in turn, so that colour is never the only difference.
const MARKS: [Mark; 5] = [
    Mark::Disc,
    Mark::Diamond,
    Mark::Square,
    Mark::Triangle,
    Mark::Ring,
];

/// How a series is drawn.
pub(super) fn look(index: usize) -> (Mark, Role) {
    (MARKS[index % MARKS.len()], Role::Series(index))
}

/// A line.
pub(super) struct Series {
    pub(super) name: String,
    /// From left to right.
    pub(super) points: Vec<(f64, f64)>,
    pub(super) look: (Mark, Role),
}

/// Lines with a vertical axis of their own.
pub(super) struct Strip {
    pub(super) title: String,
    pub(super) series: Vec<Series>,
    pub(super) axis: Axis,
    pub(super) show: fn(f64) -> String,
    /// Dashed horizontal lines, such as what is demanded.
    pub(super) levels: Vec<f64>,
    /// What the dashed lines are.
    pub(super) level_key: Option<String>,
}

/// The strips and what they have in common.
pub(super) struct Lines<'a> {
    pub(super) strips: &'a [Strip],
    pub(super) axis: Axis,
    pub(super) axis_title: &'a str,
    pub(super) show: fn(f64) -> String,
    /// A vertical line, and what it marks.
    pub(super) here: Option<(f64, String)>,
}

pub(super) fn draw(lines: &Lines<'_>, width: f64) -> Scene {
    let narrow = width < 600.0;
    let mut scene = Scene::new(width);
    let ticks = |strip: &Strip| -> Vec<f64> { strip.axis.ticks(if narrow { 5 } else { 6 }) };
    let labels = lines
        .strips
        .iter()
        .flat_map(|strip| ticks(strip).into_iter().map(|tick| (strip.show)(tick)))
        .map(|text| font::width(&text, TICK_SIZE, false))
        .fold(0.0, f64::max);
    let (left, right) = (labels + 12.0, width - 14.0);
    let height = match (narrow, lines.strips.len()) {
        (true, _) => 170.0,
        (false, 1) => 300.0,
        (false, _) => 200.0,
    };
    let axis = lines.axis.clone().over(left, right);
    let mut bands = Vec::new();
    let mut y = 0.0;
    for (index, strip) in lines.strips.iter().enumerate() {
        if !strip.title.is_empty() {
            for line in font::wrapped(&strip.title, 13.5, true, width) {
                scene.text(Label {
                    x: 0.0,
                    y: y + 9.0,
                    text: line,
                    size: 13.5,
                    bold: true,
                    anchor: Anchor::Start,
                    role: Role::Text,
                });
                y += 18.0;
            }
        }
        let mut keys: Vec<Key> = strip
            .series
            .iter()
            .map(|series| {
                Key::mark(
                    series.look,
                    font::fitted(&series.name, 12.0, false, width - 40.0),
                )
            })
            .collect();
        keys.extend(
            strip
                .level_key
                .iter()
                .map(|text| Key::dashed(Role::Text, text.clone())),
        );
        if index == 0
            && let Some((_, text)) = &lines.here
        {
            keys.push(Key::line(Role::Axis, text.clone()));
        }
        let top = ranges::legend(&mut scene, &keys, y + 2.0) + 10.0;
        bands.push((top, top + height));
        y = top + height + 22.0;
    }
    let bottom = bands.last().map_or(0.0, |band| band.1);
    axis.draw_below(&mut scene, &bands, bottom, lines.show, lines.axis_title);
    for (strip, (top, bottom)) in lines.strips.iter().zip(bands) {
        let vertical = strip.axis.clone().over(bottom, top);
        for tick in ticks(strip) {
            let at = vertical.at(tick);
            scene.line((left, at), (right, at), 1.0, Role::Grid);
            scene.text(Label {
                x: left - 7.0,
                y: at,
                text: (strip.show)(tick),
                size: TICK_SIZE,
                bold: false,
                anchor: Anchor::End,
                role: Role::Muted,
            });
        }
        scene.line((left, bottom), (right, bottom), 1.0, Role::Axis);
        if let Some((x, _)) = &lines.here {
            scene.line((axis.at(*x), top), (axis.at(*x), bottom), 2.0, Role::Axis);
        }
        for level in &strip.levels {
            let at = vertical.at(*level);
            scene.dashes((left, at), (right, at), 1.5, Role::Text);
        }
        let place = |(x, y): (f64, f64)| (axis.at(x), vertical.at(y));
        for series in &strip.series {
            let seen = series.points.iter().copied();
            let points: Vec<(f64, f64)> = seen
                .filter(|(x, y)| axis.shows(*x) && vertical.shows(*y))
                .map(place)
                .collect();
            let (mark, role) = series.look;
            scene.path(points.clone(), 2.0, role);
            // A few marks only: lines of many points would be nothing else.
            let step = points.len().div_ceil(6).max(1);
            for point in points.iter().step_by(step) {
                scene.mark(mark, *point, role);
            }
        }
    }
    scene.height = bottom + BELOW;
    scene
}
