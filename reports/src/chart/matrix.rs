//! What would each tier need on every technology that can carry it?

use tonnage_model::result::{BindingResource, CapacityResult, MatrixCell, MatrixOutcome};

use super::Chart;
use super::axis::{Axis, tick_count};
use super::ranges::{self, Key, Ranges, Row, Value};
use super::scene::Mark;
use super::theme::Role;
use crate::{format, view, words};

const BINDINGS: [(BindingResource, Mark, Role); 4] = [
    (BindingResource::Cpu, Mark::Disc, Role::Series(0)),
    (BindingResource::Memory, Mark::Square, Role::Series(1)),
    (BindingResource::StartRate, Mark::Triangle, Role::Series(2)),
    (BindingResource::Density, Mark::Diamond, Role::Series(3)),
];

pub(super) fn chart(result: &CapacityResult) -> Option<Chart> {
    let mut rows = Vec::new();
    let mut description =
        "Required vCPUs of every tier on every suitable technology, fewest first.".to_owned();
    for (tier, cells) in view::matrix_by_tier(result) {
        rows.extend(tier_rows(result, tier, &cells, &mut description));
    }
    let used: Vec<_> = result
        .matrix
        .iter()
        .filter_map(|cell| match &cell.outcome {
            MatrixOutcome::Suitable { binding, .. } => Some(*binding),
            _ => None,
        })
        .collect();
    let keys: Vec<_> = BINDINGS
        .into_iter()
        .filter(|(binding, _, _)| used.contains(binding))
        .map(|(binding, mark, role)| {
            Key::mark((mark, role), format!("{} binds", words::binding(binding)))
        })
        .collect();
    let axis = Axis::logarithmic(
        rows.iter()
            .flat_map(|row| &row.values)
            .flat_map(|value| [value.low, value.central, value.high]),
    )?;
    Some(Chart::new(
        "matrix",
        "What would each tier need on every technology that can carry it?".to_owned(),
        description,
        result,
        |width| {
            ranges::draw(
                Ranges {
                    rows: &rows,
                    keys: &keys,
                    band: None,
                    axis: axis.clone(),
                    axis_title: "vCPUs (analytic), logarithmic scale; bars are 95% intervals",
                    tick: tick_count,
                },
                width,
            )
        },
    ))
}

fn tier_rows(
    result: &CapacityResult,
    tier: &str,
    cells: &[&MatrixCell],
    description: &mut String,
) -> Vec<Row> {
    let mut suitable = Vec::new();
    let mut others = Vec::new();
    for cell in cells {
        let title = view::technology_title(result, &cell.technology);
        match &cell.outcome {
            MatrixOutcome::Suitable {
                requirement,
                binding,
                sessions_per_vcpu,
            } => suitable.push((title, requirement.vcpus, *binding, *sessions_per_vcpu)),
            MatrixOutcome::Unsuitable { .. } | MatrixOutcome::Impossible { .. } => {
                others.push(title);
            }
        }
    }
    let title = view::tier_title(result, tier);
    description.push_str(&format!(" {title}:"));
    let mut rows = vec![Row {
        name: title.to_owned(),
        note: if others.is_empty() {
            String::new()
        } else {
            format!("cannot carry it: {}", others.join(", "))
        },
        heading: true,
        values: Vec::new(),
    }];
    for (technology, vcpus, binding, per_vcpu) in suitable {
        let text = format::estimate(vcpus);
        description.push_str(&format!(" {technology} {text};"));
        let (_, mark, role) = BINDINGS
            .into_iter()
            .find(|(found, _, _)| *found == binding)
            .unwrap_or(BINDINGS[0]);
        rows.push(Row {
            name: technology.to_owned(),
            note: format!(
                "{} binds · {} sessions per vCPU",
                words::binding(binding),
                format::count(per_vcpu)
            ),
            heading: false,
            values: vec![Value {
                low: vcpus.low,
                central: vcpus.central,
                high: vcpus.high,
                mark,
                role,
                text,
                name: String::new(),
            }],
        });
    }
    if rows.len() == 1 {
        description.push_str(" no technology of the profile.");
    }
    rows
}
