//! Which uncertain inputs move the answer most?

use std::fmt::Write as _;

use tonnage_model::result::{CapacityResult, TornadoBar};

use super::Chart;
use super::axis::{Axis, BELOW, tick_count};
use super::font;
use super::ranges::{self, Key};
use super::scene::{Anchor, Label, Scene};
use super::theme::Role;
use crate::format;

/// More inputs than this are left to the table.
const MOST: usize = 14;

const NAME_SIZE: f64 = 13.5;
const NOTE_SIZE: f64 = 12.0;

const LOW: Role = Role::Series(0);
const HIGH: Role = Role::Series(4);

pub(super) fn chart(result: &CapacityResult) -> Option<Chart> {
    let plan = result.plans.first()?;
    let centre = plan.analytic.vcpus.central;
    let bars: Vec<_> = result
        .tornado
        .iter()
        .filter(|bar| bar.low_output.is_finite() && bar.high_output.is_finite())
        .take(MOST)
        .collect();
    if bars.is_empty() || !centre.is_finite() {
        return None;
    }
    let values = || {
        bars.iter()
            .flat_map(|bar| [bar.low_output, bar.high_output])
            .chain([centre])
    };
    let (low, high) = values().fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), v| {
        (low.min(v), high.max(v))
    });
    let axis = if low > 0.0 && high > 6.0 * low {
        Axis::logarithmic(values())?
    } else {
        Axis::linear(values())?
    };
    let mut description = format!(
        "vCPUs of {} (analytic, {} at central inputs) with one input at a time at its 5% and 95% \
         quantile.",
        plan.title,
        format::count(centre)
    );
    for bar in &bars {
        let _ = write!(
            description,
            " {}: {} at {}, {} at {}.",
            bar.label,
            format::count(bar.low_output),
            bar.low_input,
            format::count(bar.high_output),
            bar.high_input
        );
    }
    let title = "Which uncertain inputs move the answer most?".to_owned();
    let axis_title = if axis.logarithmic {
        format!("vCPUs of {} (analytic), logarithmic scale", plan.title)
    } else {
        format!("vCPUs of {} (analytic)", plan.title)
    };
    Some(Chart::new("tornado", title, description, result, |width| {
        draw(&bars, centre, &axis, &axis_title, width)
    }))
}

fn outputs(bar: &TornadoBar) -> String {
    format!(
        "{} → {}",
        format::count(bar.low_output),
        format::count(bar.high_output)
    )
}

fn inputs(bar: &TornadoBar) -> String {
    format!("{} → {}", bar.low_input, bar.high_input)
}

/// The columns of the chart.
struct Layout {
    narrow: bool,
    width: f64,
    top: f64,
    step: f64,
    start: f64,
    end: f64,
}

impl Layout {
    fn new(bars: &[&TornadoBar], width: f64, top: f64) -> Self {
        let widest = |texts: &dyn Fn(&TornadoBar) -> f64| {
            bars.iter().map(|bar| texts(bar)).fold(0.0, f64::max)
        };
        let names = widest(&|bar| {
            let label = font::width(&bar.label, NAME_SIZE, false);
            label.max(font::width(&inputs(bar), NOTE_SIZE, false))
        });
        let numbers = widest(&|bar| font::width(&outputs(bar), NOTE_SIZE, false));
        let narrow = width < 600.0;
        let (start, end, step) = if narrow {
            (10.0, width - 10.0, 62.0)
        } else {
            (names.min(width * 0.36) + 18.0, width - numbers - 14.0, 44.0)
        };
        Self {
            narrow,
            width,
            top,
            step,
            start,
            end,
        }
    }

    /// The middle of a bar.
    fn middle(&self, index: usize) -> f64 {
        let shift = if self.narrow { 48.0 } else { self.step / 2.0 };
        self.top + index as f64 * self.step + shift
    }

    fn words(&self, scene: &mut Scene, bar: &TornadoBar, index: usize) {
        let middle = self.middle(index);
        let numbers = font::width(&outputs(bar), NOTE_SIZE, false);
        let (name_room, note_room) = if self.narrow {
            (self.width - numbers - 12.0, self.width)
        } else {
            (self.start - 14.0, self.start - 14.0)
        };
        let (name_y, note_y, numbers_y) = if self.narrow {
            (middle - 36.0, middle - 19.0, middle - 36.0)
        } else {
            (middle - 8.5, middle + 8.5, middle)
        };
        let label = |x, y, text, size, anchor, role| Label {
            x,
            y,
            text,
            size,
            bold: false,
            anchor,
            role,
        };
        let name = font::fitted(&bar.label, NAME_SIZE, false, name_room);
        let note = font::fitted(&inputs(bar), NOTE_SIZE, false, note_room);
        scene.text(label(
            0.0,
            name_y,
            name,
            NAME_SIZE,
            Anchor::Start,
            Role::Text,
        ));
        scene.text(label(
            0.0,
            note_y,
            note,
            NOTE_SIZE,
            Anchor::Start,
            Role::Muted,
        ));
        let numbers = outputs(bar);
        scene.text(label(
            self.width,
            numbers_y,
            numbers,
            NOTE_SIZE,
            Anchor::End,
            Role::Text,
        ));
    }
}

fn draw(bars: &[&TornadoBar], centre: f64, axis: &Axis, axis_title: &str, width: f64) -> Scene {
    let mut scene = Scene::new(width);
    let keys = [
        Key::bar(LOW, 1.0, "Input at its 5% quantile"),
        Key::bar(HIGH, 1.0, "Input at its 95% quantile"),
        Key::line(
            Role::Text,
            format!("All inputs central: {} vCPUs", format::count(centre)),
        ),
    ];
    let top = ranges::legend(&mut scene, &keys, 0.0) + 6.0;
    let layout = Layout::new(bars, width, top);
    let axis = axis.clone().over(layout.start, layout.end);
    let bottom = top + bars.len() as f64 * layout.step + 2.0;
    let strips: Vec<_> = if layout.narrow {
        (0..bars.len())
            .map(|index| layout.middle(index))
            .map(|middle| (middle - 10.0, middle + 10.0))
            .collect()
    } else {
        vec![(top, bottom)]
    };
    axis.draw_below(&mut scene, &strips, bottom, tick_count, axis_title);
    scene.line(
        (layout.start, bottom),
        (layout.end, bottom),
        1.0,
        Role::Axis,
    );
    for (index, bar) in bars.iter().enumerate() {
        layout.words(&mut scene, bar, index);
        draw_bar(&mut scene, bar, centre, &axis, layout.middle(index));
    }
    let x = axis.at(centre);
    for (from, to) in strips {
        scene.line((x, from), (x, to), 2.0, Role::Text);
    }
    scene.height = bottom + BELOW;
    scene
}

fn draw_bar(scene: &mut Scene, bar: &TornadoBar, centre: f64, axis: &Axis, middle: f64) {
    let from = axis.at(centre);
    // Where both ends lie on one side of the centre, the bars share the height.
    let apart = (bar.low_output - centre) * (bar.high_output - centre) <= 0.0;
    let inner = if apart { 8.0 } else { 0.0 };
    for (value, role, above, below) in [
        (bar.low_output, LOW, 8.0, inner),
        (bar.high_output, HIGH, inner, 8.0),
    ] {
        let to = axis.at(value);
        if (to - from).abs() > 0.5 {
            scene.rect(
                (from.min(to), middle - above),
                (from.max(to), middle + below),
                role,
                1.0,
            );
        }
    }
}
