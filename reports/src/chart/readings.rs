//! What does each reading of the scenario imply?

use tonnage_model::result::{CapacityResult, ReadingResult};

use super::Chart;
use super::axis::{Axis, tick_count};
use super::ranges::{self, Key, Ranges, Row, Value};
use super::scene::{Anchor, Label, Mark, Scene};
use super::theme::Role;
use crate::{format, view};

/// How plans are told apart; further ones begin again.
const PLANS: [(Mark, Role); 5] = [
    (Mark::Disc, Role::Series(0)),
    (Mark::Diamond, Role::Series(1)),
    (Mark::Square, Role::Series(2)),
    (Mark::Triangle, Role::Series(3)),
    (Mark::Ring, Role::Series(4)),
];

pub(super) fn chart(result: &CapacityResult) -> Option<Chart> {
    let sessions: Vec<_> = result.readings.iter().map(sessions_row).collect();
    let vcpus: Vec<_> = result
        .readings
        .iter()
        .map(|reading| vcpus_row(result, reading))
        .collect();
    let sessions_axis = axis(&sessions, true)?;
    let vcpus_axis = axis(&vcpus, false)?;
    let session_keys = [
        Key::mark((Mark::Diamond, Role::Rest), "Envelope"),
        Key::mark((Mark::Ring, Role::Series(0)), "Mean of the week"),
        Key::mark((Mark::Disc, Role::Series(0)), "Peak of the week"),
    ];
    let vcpu_keys = plan_keys(result);
    Some(Chart::new(
        "readings",
        "What does each reading of the scenario imply?".to_owned(),
        description(result),
        result,
        |width| {
            let mut scene = Scene::new(width);
            let parts = [
                (
                    "Open sessions",
                    Ranges {
                        rows: &sessions,
                        keys: &session_keys,
                        band: None,
                        axis: sessions_axis.clone(),
                        axis_title: if sessions_axis.logarithmic {
                            "open sessions, logarithmic scale"
                        } else {
                            "open sessions"
                        },
                        tick: tick_count,
                    },
                ),
                (
                    "vCPUs",
                    Ranges {
                        rows: &vcpus,
                        keys: &vcpu_keys,
                        band: None,
                        axis: vcpus_axis.clone(),
                        axis_title: "vCPUs (analytic), logarithmic scale; bars are 95% intervals",
                        tick: tick_count,
                    },
                ),
            ];
            let mut y = 0.0;
            for (title, part) in parts {
                scene.text(Label {
                    x: 0.0,
                    y: y + 10.0,
                    text: title.to_owned(),
                    size: 15.0,
                    bold: true,
                    anchor: Anchor::Start,
                    role: Role::Text,
                });
                let inner = ranges::draw(part, width);
                scene.place(&inner, (0.0, y + 26.0));
                y += 26.0 + inner.height + 22.0;
            }
            scene.height = y - 22.0;
            scene
        },
    ))
}

fn plan_keys(result: &CapacityResult) -> Vec<Key> {
    let mut keys = vec![Key::bar(Role::Rest, 1.0, "Envelope (CPUs)")];
    keys.extend(
        result
            .plans
            .iter()
            .zip(PLANS.into_iter().cycle())
            .map(|(plan, style)| Key::mark(style, &plan.title)),
    );
    keys
}

/// Linear from zero unless the values differ by more than twelve times.
fn axis(rows: &[Row], may_be_linear: bool) -> Option<Axis> {
    let values = || {
        rows.iter()
            .flat_map(|row| &row.values)
            .flat_map(|value| [value.low, value.central, value.high])
    };
    let positive = || values().filter(|v| v.is_finite() && *v > 0.0);
    let (low, high) = (
        positive().fold(f64::INFINITY, f64::min),
        positive().fold(0.0, f64::max),
    );
    if may_be_linear && high < 12.0 * low {
        Axis::from_zero(values(), 0.06)
    } else {
        Axis::logarithmic(values())
    }
}

fn sessions_row(reading: &ReadingResult) -> Row {
    let value = |sessions: f64, mark, role, name: &str| {
        let text = format!("{name} {}", format::count(sessions));
        Value {
            low: sessions,
            central: sessions,
            high: sessions,
            mark,
            role,
            text,
            name: String::new(),
        }
    };
    Row {
        name: reading.title.clone(),
        note: format!("peak ÷ mean {}", format::short(reading.peak_to_mean, 3)),
        heading: false,
        values: vec![
            value(reading.envelope.sessions, Mark::Diamond, Role::Rest, "Envelope"),
            value(reading.mean_sessions, Mark::Ring, Role::Series(0), "Mean"),
            value(reading.peak_sessions, Mark::Disc, Role::Series(0), "Peak"),
        ],
    }
}

fn vcpus_row(result: &CapacityResult, reading: &ReadingResult) -> Row {
    let envelope = &reading.envelope;
    let text = format!(
        "Envelope {}",
        view::envelope_words(envelope.cpus_low, envelope.cpus_high)
    );
    let mut values = vec![Value {
        low: envelope.cpus_low,
        central: f64::NAN,
        high: envelope.cpus_high,
        mark: Mark::None,
        role: Role::Rest,
        text,
        name: String::new(),
    }];
    for plan in &reading.plans {
        let place = result
            .plans
            .iter()
            .position(|known| known.id == plan.plan)
            .unwrap_or(0);
        let (mark, role) = PLANS[place % PLANS.len()];
        values.push(Value {
            low: plan.vcpus.low,
            central: plan.vcpus.central,
            high: plan.vcpus.high,
            mark,
            role,
            text: format::estimate(plan.vcpus),
            name: view::plan_title(result, &plan.plan).to_owned(),
        });
    }
    Row {
        name: reading.title.clone(),
        note: reading.changes.join("; "),
        heading: false,
        values,
    }
}

fn description(result: &CapacityResult) -> String {
    let mut text = "Open sessions and required vCPUs under each reading.".to_owned();
    for reading in &result.readings {
        text.push_str(&format!(
            " {}: envelope {} sessions, mean {}, peak {}",
            reading.title,
            format::count(reading.envelope.sessions),
            format::count(reading.mean_sessions),
            format::count(reading.peak_sessions)
        ));
        for plan in &reading.plans {
            text.push_str(&format!(
                "; {} {} vCPUs",
                view::plan_title(result, &plan.plan),
                format::estimate(plan.vcpus)
            ));
        }
        text.push('.');
    }
    text
}
