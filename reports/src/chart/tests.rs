//! Layout held by tests: every text inside the picture, and no two texts on each other.

use super::font;
use super::scene::{Anchor, Label, Scene, Shape};
use crate::fixture::fixture;

fn labels(scene: &Scene) -> Vec<&Label> {
    scene
        .shapes
        .iter()
        .filter_map(|shape| match shape {
            Shape::Text(label) => Some(label),
            _ => None,
        })
        .collect()
}

/// Left, right, top and bottom of a text.
fn bounds(label: &Label) -> (f64, f64, f64, f64) {
    let width = font::exact_width(&label.text, label.size, label.bold);
    let left = match label.anchor {
        Anchor::Start => label.x,
        Anchor::Middle => label.x - width / 2.0,
        Anchor::End => label.x - width,
    };
    let half = label.size * 0.5;
    (left, left + width, label.y - half, label.y + half)
}

fn assert_legible(scene: &Scene, name: &str) {
    let labels = labels(scene);
    for (index, label) in labels.iter().enumerate() {
        let (left, right, top, bottom) = bounds(label);
        assert!(
            left >= -0.5 && right <= scene.width + 0.5 && top >= -1.0 && bottom <= scene.height,
            "{name}: {:?} leaves the picture: {left} {right} {top} {bottom}",
            label.text
        );
        assert!(font::covers(&label.text), "{name}: no glyph in {:?}", label.text);
        for other in &labels[index + 1..] {
            let (l, r, t, b) = bounds(other);
            let apart = right <= l || r <= left || bottom <= t || b <= top;
            assert!(apart, "{name}: {:?} covers {:?}", label.text, other.text);
        }
    }
}

#[test]
fn texts_stay_inside_and_apart() {
    for chart in super::all(&fixture()) {
        assert_legible(&chart.wide, &format!("{} wide", chart.id));
        assert_legible(&chart.narrow, &format!("{} narrow", chart.id));
        assert_legible(&chart.framed(), &format!("{} framed", chart.id));
    }
}

#[test]
fn long_names_stay_inside_and_apart() {
    let mut result = fixture();
    let long = "A name much longer than any sensible person would ever give to anything at all, \
                and then a little longer still";
    result.scenario.title = long.to_owned();
    for tier in &mut result.scenario.tiers {
        tier.title = long.to_owned();
    }
    for technology in &mut result.technologies {
        technology.title = long.to_owned();
    }
    for plan in &mut result.plans {
        plan.title = long.to_owned();
    }
    for reading in &mut result.readings {
        reading.title = long.to_owned();
        reading.changes = vec![long.to_owned(); 3];
    }
    for bar in &mut result.tornado {
        bar.label = long.to_owned();
        bar.low_input = "a very long value of an input, with its unit".to_owned();
    }
    for series in result.demand.by_zone.iter_mut().chain(&mut result.demand.by_tier) {
        series.name = long.to_owned();
    }
    for chart in super::all(&result) {
        assert_legible(&chart.wide, &format!("{} wide", chart.id));
        assert_legible(&chart.narrow, &format!("{} narrow", chart.id));
    }
}
