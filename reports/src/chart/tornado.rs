//! Which uncertain inputs move the answer most?

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
        description.push_str(&format!(
            " {}: {} at {}, {} at {}.",
            bar.label,
            format::count(bar.low_output),
            bar.low_input,
            format::count(bar.high_output),
            bar.high_input
        ));
    }
    let title = "Which uncertain inputs move the answer most?".to_owned();
    let axis_title = if axis.logarithmic {
        format!("vCPUs of {} (analytic), logarithmic scale", plan.title)
    } else {
        format!("vCPUs of {} (analytic)", plan.title)
    };
    Some(Chart::new(
        "tornado",
        title,
        description,
        result,
        |width| draw(&bars, centre, &axis, &axis_title, width),
    ))
}

fn draw(
    bars: &[&TornadoBar],
    centre: f64,
    axis: &Axis,
    axis_title: &str,
    width: f64,
) -> Scene {
    let narrow = width < 600.0;
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
    let outputs = |bar: &TornadoBar| {
        format!(
            "{} → {}",
            format::count(bar.low_output),
            format::count(bar.high_output)
        )
    };
    let inputs = |bar: &TornadoBar| format!("{} → {}", bar.low_input, bar.high_input);
    let names = bars
        .iter()
        .flat_map(|bar| {
            [
                font::width(&bar.label, 13.5, false),
                font::width(&inputs(bar), 12.0, false),
            ]
        })
        .fold(0.0, f64::max);
    let numbers = bars
        .iter()
        .map(|bar| font::width(&outputs(bar), 12.0, false))
        .fold(0.0, f64::max);
    let (start, end, step) = if narrow {
        (10.0, width - 10.0, 62.0)
    } else {
        (names.min(width * 0.36) + 18.0, width - numbers - 14.0, 44.0)
    };
    let axis = axis.clone().over(start, end);
    let bottom = top + bars.len() as f64 * step + 2.0;
    let strips: Vec<_> = if narrow {
        (0..bars.len())
            .map(|index| top + index as f64 * step + 48.0)
            .map(|middle| (middle - 10.0, middle + 10.0))
            .collect()
    } else {
        vec![(top, bottom)]
    };
    axis.draw_below(&mut scene, &strips, bottom, tick_count, axis_title);
    scene.line((start, bottom), (end, bottom), 1.0, Role::Axis);
    for (index, bar) in bars.iter().enumerate() {
        let y = top + index as f64 * step;
        let middle = if narrow { y + 48.0 } else { y + step / 2.0 };
        let name_room = if narrow {
            width - font::width(&outputs(bar), 12.0, false) - 12.0
        } else {
            start - 14.0
        };
        let (name_y, inputs_y, outputs_y) = if narrow {
            (y + 12.0, y + 29.0, y + 12.0)
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
        scene.text(label(
            0.0,
            name_y,
            font::fitted(&bar.label, 13.5, false, name_room),
            13.5,
            Anchor::Start,
            Role::Text,
        ));
        scene.text(label(
            0.0,
            inputs_y,
            font::fitted(&inputs(bar), 12.0, false, if narrow { width } else { name_room }),
            12.0,
            Anchor::Start,
            Role::Muted,
        ));
        scene.text(label(
            width,
            outputs_y,
            outputs(bar),
            12.0,
            Anchor::End,
            Role::Text,
        ));
        let from = axis.at(centre);
        // Where both ends lie on one side of the centre, the bars share the height.
        let apart = (bar.low_output - centre) * (bar.high_output - centre) <= 0.0;
        let (above, below) = if apart { (8.0, 8.0) } else { (0.0, 0.0) };
        for (value, role, top, bottom) in [
            (bar.low_output, LOW, 8.0, above),
            (bar.high_output, HIGH, below, 8.0),
        ] {
            let to = axis.at(value);
            if (to - from).abs() > 0.5 {
                scene.rect(
                    (from.min(to), middle - top),
                    (from.max(to), middle + bottom),
                    role,
                    1.0,
                );
            }
        }
    }
    let x = axis.at(centre);
    for (from, to) in strips {
        scene.line((x, from), (x, to), 2.0, Role::Text);
    }
    scene.height = bottom + BELOW;
    scene
}
