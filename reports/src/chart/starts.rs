//! How long does a start take, and how much do starts differ?

use std::fmt::Write as _;

use tonnage_model::measurement::document::{Outcome, Row, Summary};
use tonnage_model::measurement::technology::Role as Part;
use tonnage_model::profile::Boundary;
use tonnage_model::result::CapacityResult;

use super::Chart;
use super::axis::{Axis, BELOW, TICK_SIZE};
use super::font;
use super::lines::look;
use super::ranges::{self, Key};
use super::scene::{Anchor, Label, Scene};
use super::theme::Role;
use crate::{format, measured, words};

/// Most lines of one strip; more are told apart by nobody.
const LINES: usize = 8;

/// Technologies with the same boundary.
struct Strip<'a> {
    title: String,
    lines: Vec<(&'a Row, &'a Summary)>,
}

pub(super) fn chart(result: &CapacityResult) -> Option<Chart> {
    let measurement = result.measurement.as_ref()?;
    let lines: Vec<(&Row, &Summary)> = measured::rows(measurement)
        .filter(|row| row.outcome == Outcome::Measured && row.technology.role != Part::Overhead)
        .filter_map(|row| Some((row, &row.start.as_ref()?.first_result)))
        .filter(|(_, summary)| summary.percentiles.len() > 1)
        .collect();
    let strips = strips(lines);
    let axis = Axis::logarithmic(
        strips
            .iter()
            .flat_map(|strip| &strip.lines)
            .flat_map(|(_, summary)| summary.percentiles.iter().copied()),
    )?;
    Some(Chart::new(
        "measured-starts",
        "How long does a start take until its first result, and how much do starts differ?"
            .to_owned(),
        description(&strips),
        result,
        |width| draw(&strips, &axis, width),
    ))
}

/// One strip for each boundary, weakest first, the fastest technologies first; large ones in parts.
fn strips<'a>(lines: Vec<(&'a Row, &'a Summary)>) -> Vec<Strip<'a>> {
    let mut by_boundary: Vec<(Boundary, Vec<(&Row, &Summary)>)> = Vec::new();
    for line in lines {
        let boundary = line.0.technology.boundary;
        match by_boundary.iter_mut().find(|(known, _)| *known == boundary) {
            Some((_, lines)) => lines.push(line),
            None => by_boundary.push((boundary, vec![line])),
        }
    }
    by_boundary.sort_by_key(|(boundary, _)| *boundary);
    let mut strips = Vec::new();
    for (boundary, mut lines) in by_boundary {
        lines.sort_by(|a, b| a.1.median.value.total_cmp(&b.1.median.value));
        let parts = lines.len().div_ceil(LINES);
        let size = lines.len().div_ceil(parts.max(1)).max(1);
        for (index, part) in lines.chunks(size).enumerate() {
            let name = format!("Boundary: {}", words::boundary(boundary));
            strips.push(Strip {
                title: if parts > 1 {
                    format!("{name}, part {} of {parts}", index + 1)
                } else {
                    name
                },
                lines: part.to_vec(),
            });
        }
    }
    strips
}

fn description(strips: &[Strip<'_>]) -> String {
    let mut text = "Share of starts that have their first result within a time, on a logarithmic \
                    axis, for each technology measured."
        .to_owned();
    for strip in strips {
        let _ = write!(text, " {}:", strip.title);
        for (index, (row, summary)) in strip.lines.iter().enumerate() {
            let _ = write!(
                text,
                "{} {}, median {}",
                if index > 0 { ";" } else { "" },
                row.technology.title,
                format::seconds(summary.median.value)
            );
        }
        text.push('.');
    }
    text
}

fn draw(strips: &[Strip<'_>], axis: &Axis, width: f64) -> Scene {
    let narrow = width < 600.0;
    let mut scene = Scene::new(width);
    let (left, right) = (46.0, width - 14.0);
    let height = if narrow { 130.0 } else { 170.0 };
    let axis = axis.clone().over(left, right);
    let mut y = 0.0;
    let mut bands = Vec::new();
    for strip in strips {
        scene.text(Label {
            x: 0.0,
            y: y + 9.0,
            text: font::fitted(&strip.title, 13.5, true, width),
            size: 13.5,
            bold: true,
            anchor: Anchor::Start,
            role: Role::Text,
        });
        let keys: Vec<Key> = strip
            .lines
            .iter()
            .enumerate()
            .map(|(index, (row, summary))| {
                let median = format::seconds(summary.median.value);
                let room = width - 60.0 - font::width(&median, 12.0, false);
                let title = font::fitted(&row.technology.title, 12.0, false, room);
                Key::mark(look(index), format!("{title}, {median}"))
            })
            .collect();
        let top = ranges::legend(&mut scene, &keys, y + 20.0) + 8.0;
        bands.push((top, top + height));
        y = top + height + 26.0;
    }
    let bottom = bands.last().map_or(0.0, |band| band.1);
    let show = |value: f64| format::seconds_with(value, 1);
    axis.draw_below(
        &mut scene,
        &bands,
        bottom,
        show,
        "starts done within this time, logarithmic scale",
    );
    for (strip, (top, bottom)) in strips.iter().zip(bands) {
        curves(&mut scene, strip, &axis, (top, bottom), (left, right));
    }
    scene.height = bottom + BELOW;
    scene
}

fn curves(
    scene: &mut Scene,
    strip: &Strip<'_>,
    axis: &Axis,
    (top, bottom): (f64, f64),
    (left, right): (f64, f64),
) {
    let y_of = |share: f64| bottom - share * (bottom - top);
    for share in [0.0, 0.5, 1.0] {
        let role = if share > 0.0 { Role::Grid } else { Role::Axis };
        scene.line((left, y_of(share)), (right, y_of(share)), 1.0, role);
        scene.text(Label {
            x: left - 7.0,
            y: y_of(share),
            text: format::percent_with(share, 1),
            size: TICK_SIZE,
            bold: false,
            anchor: Anchor::End,
            role: Role::Muted,
        });
    }
    let point = |summary: &Summary, step: usize| {
        let last = (summary.percentiles.len() - 1).max(1);
        let share = step as f64 / last as f64;
        (axis.at(summary.percentiles[step]), y_of(share))
    };
    for (index, (_, summary)) in strip.lines.iter().enumerate() {
        let points = (0..summary.percentiles.len())
            .filter(|step| axis.shows(summary.percentiles[*step]))
            .map(|step| point(summary, step))
            .collect();
        scene.path(points, 2.0, look(index).1);
    }
    // Marks stand at different heights, so that those of like technologies do not cover another.
    let count = strip.lines.len();
    for (index, (_, summary)) in strip.lines.iter().enumerate() {
        let last = summary.percentiles.len() - 1;
        let step = last * (index + 1) / (count + 1);
        if axis.shows(summary.percentiles[step]) {
            let (mark, role) = look(index);
            scene.mark(mark, point(summary, step), role);
        }
    }
}
