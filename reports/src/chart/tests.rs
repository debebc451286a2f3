//! Layout held by tests: every text inside the picture, and no two texts on each other.

use super::font;
use super::scene::{Anchor, Label, Scene, Shape};
use crate::fixture::{everything, fixture, many, measured};

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
        assert!(
            font::covers(&label.text),
            "{name}: no glyph in {:?}",
            label.text
        );
        for other in &labels[index + 1..] {
            let (l, r, t, b) = bounds(other);
            let apart = right <= l || r <= left || bottom <= t || b <= top;
            assert!(apart, "{name}: {:?} covers {:?}", label.text, other.text);
        }
    }
}

#[test]
fn texts_stay_inside_and_apart() {
    for chart in super::all(&everything()) {
        assert_legible(&chart.wide, &format!("{} wide", chart.id));
        assert_legible(&chart.narrow, &format!("{} narrow", chart.id));
        assert_legible(&chart.framed(), &format!("{} framed", chart.id));
    }
}

#[test]
fn long_names_stay_inside_and_apart() {
    let mut result = measured();
    let long = "A name much longer than any sensible person would ever give to anything at all, \
                and then a little longer still";
    result.scenario.title = long.to_owned();
    for tier in &mut result.scenario.tiers {
        tier.title = long.to_owned();
    }
    for technology in &mut result.technologies {
        technology.title = long.to_owned();
    }
    for row in result.measurement.iter_mut().flat_map(|m| &mut m.rows) {
        row.technology.title = long.to_owned();
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
    for series in result
        .demand
        .by_zone
        .iter_mut()
        .chain(&mut result.demand.by_tier)
    {
        series.name = long.to_owned();
    }
    for chart in super::all(&result) {
        assert_legible(&chart.wide, &format!("{} wide", chart.id));
        assert_legible(&chart.narrow, &format!("{} narrow", chart.id));
    }
}

#[test]
fn many_zones_become_the_largest_and_the_rest() {
    let mut result = fixture();
    let zone = result.demand.by_zone[0].clone();
    result.demand.by_zone = (0..24)
        .map(|index| {
            let mut zone = zone.clone();
            zone.name = format!("Zone UTC{:+}", index - 11);
            for value in &mut zone.values {
                *value *= 1.0 + f64::from((index * 7) % 24);
            }
            zone
        })
        .collect();
    let points = result.demand.hours.len();
    result.demand.sessions = (0..points)
        .map(|at| result.demand.by_zone.iter().map(|z| z.values[at]).sum())
        .collect();
    let chart = super::sessions::by_zone(&result).expect("a chart");
    assert!(chart.description.contains("18 other time zones"));
    assert_legible(&chart.wide, "many zones wide");
    assert_legible(&chart.narrow, "many zones narrow");
}

#[test]
fn of_many_tiers_and_technologies_what_matters_is_drawn() {
    let result = many(50, 200);
    for chart in super::all(&result) {
        let id = chart.id;
        assert!(chart.wide.height < 6_000.0, "{id}: {}", chart.wide.height);
        assert_legible(&chart.wide, &format!("{id} wide"));
        assert_legible(&chart.narrow, &format!("{id} narrow"));
    }
    let chart = super::matrix::chart(&result).expect("a chart");
    assert!(chart.description.contains("29 of 50 tiers need less"));
}

#[test]
fn one_small_plan_with_exact_numbers_is_drawn() {
    let mut result = fixture();
    result.plans.truncate(1);
    result.plans[0].tiers.truncate(1);
    let exact = tonnage_model::result::Estimated::exact(96.0);
    result.plans[0].analytic.vcpus = exact;
    result.plans[0].tiers[0].analytic.vcpus = exact;
    result.envelope.cpus_low = 0.0;
    result.matrix.truncate(1);
    for chart in super::all(&result) {
        assert_legible(&chart.wide, &format!("{} wide", chart.id));
        assert_legible(&chart.narrow, &format!("{} narrow", chart.id));
    }
}

#[test]
fn many_measured_technologies_are_drawn_in_parts() {
    let mut result = measured();
    let measurement = result.measurement.as_mut().expect("it was measured");
    let row = measurement.rows[1].clone();
    for index in 0..20 {
        let mut row = row.clone();
        row.technology.title = format!("Isolate number {index}");
        measurement.rows.push(row);
    }
    let chart = super::starts::chart(&result).expect("a chart");
    assert!(chart.description.contains("part 3 of 3"));
    assert_legible(&chart.wide, "many starts wide");
    assert_legible(&chart.narrow, "many starts narrow");
}

#[test]
fn numbers_that_cannot_be_drawn_are_left_out() {
    let mut result = measured();
    let measurement = result.measurement.as_mut().expect("it was measured");
    for row in &mut measurement.rows {
        if let Some(start) = &mut row.start {
            start.first_result.percentiles.truncate(1);
        }
        if let Some(fit) = &mut row.memory_idle {
            fit.points.clear();
        }
    }
    assert!(super::starts::chart(&result).is_none());
    assert!(super::memory::chart(&result).is_none());
}
