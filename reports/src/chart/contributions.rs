//! What did each changed input contribute?

use std::fmt::Write as _;

use tonnage_model::result::CapacityResult;

use super::Chart;
use super::axis::{Axis, BELOW, tick_count};
use super::font;
use super::ranges::{self, Key};
use super::scene::{Anchor, Label, Scene};
use super::theme::Role;
use crate::compare::waterfall::{Step, StepKind, Waterfall};

const NAME_SIZE: f64 = 13.5;
const NOTE_SIZE: f64 = 12.0;

const MORE: Role = Role::Series(1);
const LESS: Role = Role::Series(2);
const TOTAL: Role = Role::Series(0);

/// The waterfall from one result to another.
pub(crate) fn chart(waterfall: &Waterfall, after: &CapacityResult) -> Option<Chart> {
    let steps = &waterfall.steps;
    let axis = Axis::linear(steps.iter().flat_map(|step| [step.from, step.to]))?;
    let title = "What did each change contribute?".to_owned();
    let mut description = format!("vCPUs of {} at the central inputs.", waterfall.plan);
    for step in steps {
        let _ = write!(description, " {}: {}.", step.name, step.amount());
    }
    let axis_title = format!("vCPUs of {} (analytic, central inputs)", waterfall.plan);
    Some(Chart::new(
        "contributions",
        title,
        description,
        after,
        |width| draw(steps, &axis, &axis_title, width),
    ))
}

pub(super) fn draw(steps: &[Step], axis: &Axis, axis_title: &str, width: f64) -> Scene {
    let mut scene = Scene::new(width);
    let any = |role| steps.iter().any(|step| colour(step) == role);
    let keys: Vec<Key> = [(TOTAL, "In all"), (MORE, "Adds"), (LESS, "Saves")]
        .into_iter()
        .filter(|(role, _)| any(*role))
        .map(|(role, name)| Key::bar(role, 1.0, name))
        .collect();
    let top = ranges::legend(&mut scene, &keys, 0.0) + 6.0;
    let narrow = width < 600.0;
    let numbers = steps
        .iter()
        .map(|step| font::width(&step.amount(), NOTE_SIZE, true))
        .fold(0.0, f64::max);
    let names = steps
        .iter()
        .map(|step| {
            let note = font::width(&step.note, NOTE_SIZE, false);
            font::width(&step.name, NAME_SIZE, true).max(note)
        })
        .fold(0.0, f64::max);
    let (start, end, height) = if narrow {
        (10.0, width - 10.0, 62.0)
    } else {
        (names.min(width * 0.4) + 18.0, width - numbers - 14.0, 44.0)
    };
    let columns = Columns {
        width,
        names: start,
        numbers,
        narrow,
    };
    let axis = axis.clone().over(start, end);
    let bottom = top + steps.len() as f64 * height + 2.0;
    let middle = |index: usize| {
        let shift = if narrow { 48.0 } else { height / 2.0 };
        top + index as f64 * height + shift
    };
    let strips: Vec<(f64, f64)> = if narrow {
        (0..steps.len())
            .map(|index| (middle(index) - 10.0, middle(index) + 10.0))
            .collect()
    } else {
        vec![(top, bottom)]
    };
    axis.draw_below(&mut scene, &strips, bottom, tick_count, axis_title);
    scene.line((start, bottom), (end, bottom), 1.0, Role::Axis);
    for (index, step) in steps.iter().enumerate() {
        let y = middle(index);
        write_step(&mut scene, step, y, &columns);
        let role = colour(step);
        let (from, to) = (axis.at(step.from), axis.at(step.to));
        // A change of next to nothing is still seen.
        let (left, right) = (from.min(to), from.max(to).max(from.min(to) + 1.5));
        scene.rect((left, y - 9.0), (right, y + 9.0), role, 1.0);
        if index + 1 < steps.len() && !narrow {
            let at = axis.at(step.to);
            scene.dashes(
                (at, y + 9.0),
                (at, middle(index + 1) - 9.0),
                1.0,
                Role::Axis,
            );
        }
    }
    scene.height = bottom + BELOW;
    scene
}

/// Where the words of a step stand.
struct Columns {
    /// Of the whole picture.
    width: f64,
    /// Where names end.
    names: f64,
    /// Of the widest number.
    numbers: f64,
    narrow: bool,
}

/// Name, note and amount of a step whose bar has its middle at `y`.
fn write_step(scene: &mut Scene, step: &Step, y: f64, columns: &Columns) {
    let (name_y, note_y, number_y) = if columns.narrow {
        (y - 36.0, y - 19.0, y - 36.0)
    } else if step.note.is_empty() {
        (y, y, y)
    } else {
        (y - 8.5, y + 8.5, y)
    };
    let (name_room, note_room) = if columns.narrow {
        (columns.width - columns.numbers - 12.0, columns.width)
    } else {
        (columns.names - 14.0, columns.names - 14.0)
    };
    let total = matches!(step.kind, StepKind::Total);
    let name = font::fitted(&step.name, NAME_SIZE, total, name_room);
    let note = font::fitted(&step.note, NOTE_SIZE, false, note_room);
    let texts = [
        (
            0.0,
            name_y,
            name,
            NAME_SIZE,
            total,
            Anchor::Start,
            Role::Text,
        ),
        (
            0.0,
            note_y,
            note,
            NOTE_SIZE,
            false,
            Anchor::Start,
            Role::Muted,
        ),
        (
            columns.width,
            number_y,
            step.amount(),
            NOTE_SIZE,
            total,
            Anchor::End,
            Role::Text,
        ),
    ];
    for (x, y, text, size, bold, anchor, role) in texts {
        scene.text(Label {
            x,
            y,
            text,
            size,
            bold,
            anchor,
            role,
        });
    }
}

fn colour(step: &Step) -> Role {
    match step.kind {
        StepKind::Total => TOTAL,
        _ if step.to >= step.from => MORE,
        _ => LESS,
    }
}
