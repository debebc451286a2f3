//! How many vCPUs does each plan need, and do the estimates agree?

use std::fmt::Write as _;

use tonnage_model::result::{CapacityResult, PlanResult, Requirement};

use super::Chart;
use super::axis::{Axis, tick_count};
use super::ranges::{self, Band, Key, Ranges, Row, Value};
use super::scene::Mark;
use super::theme::Role;
use crate::{format, view, words};

/// Most tiers that are drawn, of all plans together: what somebody looks through.
const MOST: usize = 36;

/// Fewest tiers of a plan that are drawn if it has them, however many plans there are.
const FEWEST: usize = 3;

pub(super) const ANALYTIC: (Mark, Role) = (Mark::Disc, Role::Series(0));
pub(super) const SIMULATED: (Mark, Role) = (Mark::Diamond, Role::Series(1));

pub(crate) fn chart(result: &CapacityResult) -> Option<Chart> {
    let rows = rows(result);
    let envelope = &result.envelope;
    let band = (envelope.cpus_low > 0.0 && envelope.cpus_high.is_finite()).then_some(Band {
        low: envelope.cpus_low,
        high: envelope.cpus_high,
    });
    let values = rows
        .iter()
        .flat_map(|row| &row.values)
        .flat_map(|value| [value.low, value.central, value.high])
        .chain(band.iter().flat_map(|band| [band.low, band.high]));
    let axis = Axis::logarithmic(values)?;
    let keys = keys(result, band.is_some());
    let description = description(result);
    Some(Chart::new(
        "requirements",
        "How many vCPUs does each plan need?".to_owned(),
        description,
        result,
        |width| {
            ranges::draw(
                Ranges {
                    rows: &rows,
                    keys: &keys,
                    band,
                    axis: axis.clone(),
                    axis_title: "vCPUs, logarithmic scale; bars are 95% intervals",
                    tick: tick_count,
                },
                width,
            )
        },
    ))
}

fn keys(result: &CapacityResult, band: bool) -> Vec<Key> {
    let mut keys = vec![Key::mark(ANALYTIC, "Analytic")];
    if result.plans.iter().any(|plan| {
        plan.simulated.is_some() || plan.tiers.iter().any(|t| view::simulated(t).is_some())
    }) {
        keys.push(Key::mark(SIMULATED, "Simulated"));
    }
    if band {
        keys.push(Key::band(format!(
            "Envelope of the whole scenario: {} CPUs",
            view::envelope_words(result.envelope.cpus_low, result.envelope.cpus_high)
        )));
    }
    keys
}

fn rows(result: &CapacityResult) -> Vec<Row> {
    let mut rows = Vec::new();
    for plan in &result.plans {
        let single = plan.tiers.len() == 1;
        rows.push(Row {
            name: plan.title.clone(),
            note: match plan.tiers.as_slice() {
                [tier] => format!(
                    "{} · {} binds",
                    view::technology_title(result, &tier.technology),
                    words::binding(tier.binding)
                ),
                _ => format!("binds: {}", view::binding_words(plan)),
            },
            heading: true,
            values: pair(&plan.analytic, plan.simulated.as_ref()),
        });
        if single {
            continue;
        }
        let each = (MOST / result.plans.len()).max(FEWEST);
        let least = least_drawn(plan, each);
        let drawn = plan.tiers.iter();
        let drawn = drawn.filter(|tier| tier.analytic.vcpus.central >= least);
        let before = rows.len();
        for tier in drawn.take(each) {
            rows.push(Row {
                name: view::tier_title(result, &tier.tier).to_owned(),
                note: format!(
                    "{} · {} binds",
                    view::technology_title(result, &tier.technology),
                    words::binding(tier.binding)
                ),
                heading: false,
                values: pair(
                    &tier.analytic,
                    view::simulated(tier).map(|found| &found.requirement),
                ),
            });
        }
        let left_out = plan.tiers.len() - (rows.len() - before);
        if left_out > 0 {
            rows.push(Row {
                name: format!("{left_out} tiers that need less stand in the table"),
                ..Row::default()
            });
        }
    }
    rows
}

/// The vCPUs that a tier needs to be drawn where only some are.
fn least_drawn(plan: &PlanResult, most: usize) -> f64 {
    let mut vcpus: Vec<f64> = plan
        .tiers
        .iter()
        .map(|tier| tier.analytic.vcpus.central)
        .collect();
    if vcpus.len() <= most {
        return f64::NEG_INFINITY;
    }
    vcpus.sort_by(|a, b| b.total_cmp(a));
    vcpus[most - 1]
}

fn pair(analytic: &Requirement, simulated: Option<&Requirement>) -> Vec<Value> {
    let value = |requirement: &Requirement, (mark, role), name: &str| {
        let text = format!("{name} {}", format::estimate(requirement.vcpus));
        Value {
            low: requirement.vcpus.low,
            central: requirement.vcpus.central,
            high: requirement.vcpus.high,
            mark,
            role,
            text,
            name: String::new(),
        }
    };
    vec![
        value(analytic, ANALYTIC, "Analytic"),
        match simulated {
            Some(found) => value(found, SIMULATED, "Simulated"),
            None => Value::missing("Not simulated"),
        },
    ]
}

fn description(result: &CapacityResult) -> String {
    let mut text = format!(
        "Required vCPUs with 95% intervals on a logarithmic axis. The envelope gives {} CPUs.",
        view::envelope_words(result.envelope.cpus_low, result.envelope.cpus_high)
    );
    for plan in &result.plans {
        let _ = write!(
            text,
            " {}: analytic {}",
            plan.title,
            format::estimate(plan.analytic.vcpus)
        );
        if let Some(found) = &plan.simulated {
            let _ = write!(text, ", simulated {}", format::estimate(found.vcpus));
        }
        let _ = write!(text, "; binding: {}.", view::binding_words(plan));
    }
    text
}
