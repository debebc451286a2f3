//! What would each tier need on every technology that can carry it?

use std::fmt::Write as _;

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

/// Most technologies that are drawn, of all tiers together: what somebody looks through.
const MOST: usize = 64;

/// Fewest technologies of a tier that are drawn if it has them, however many tiers there are.
const FEWEST: usize = 3;

/// Most technologies that are named for not carrying a tier.
const NAMED: usize = 8;

pub(super) fn chart(result: &CapacityResult) -> Option<Chart> {
    let mut rows = Vec::new();
    let mut description =
        "Required vCPUs of every tier on every suitable technology, fewest first.".to_owned();
    let tiers = view::matrix_by_tier(result);
    let all = tiers.len();
    let drawn = largest(tiers);
    let each = most_of_a_tier(&drawn);
    let left_out = all - drawn.len();
    for (tier, cells) in &drawn {
        rows.extend(tier_rows(result, tier, cells, each, &mut description));
    }
    if left_out > 0 {
        let rest = format!("{left_out} of {all} tiers need less and stand in the table alone");
        let _ = write!(description, " {rest}.");
        rows.push(Row {
            name: rest,
            heading: true,
            ..Row::default()
        });
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

/// The tiers that are drawn, in their order: where there are too many, those that need the most on the
/// technology that suits them best.
fn largest<'a>(tiers: Vec<(&'a str, Vec<&'a MatrixCell>)>) -> Vec<(&'a str, Vec<&'a MatrixCell>)> {
    let needs = |cells: &[&MatrixCell]| {
        let suitable = cells.iter().filter_map(|cell| vcpus(cell));
        suitable.fold(f64::INFINITY, f64::min)
    };
    let most = MOST / FEWEST;
    if tiers.len() <= most {
        return tiers;
    }
    let mut all: Vec<f64> = tiers
        .iter()
        .map(|(_, cells)| needs(cells))
        .filter(|vcpus| vcpus.is_finite())
        .collect();
    all.sort_by(|a, b| b.total_cmp(a));
    let least = all.get(most - 1).copied().unwrap_or(0.0);
    let large = tiers.into_iter().filter(|(_, cells)| {
        let needed = needs(cells);
        needed.is_finite() && needed >= least
    });
    large.take(most).collect()
}

/// How many technologies of each tier are drawn.
fn most_of_a_tier(tiers: &[(&str, Vec<&MatrixCell>)]) -> usize {
    let all: usize = tiers.iter().map(|(_, cells)| cells.len()).sum();
    if all <= MOST {
        all
    } else {
        (MOST / tiers.len()).max(FEWEST)
    }
}

/// What a tier needs on a technology that can carry it.
fn vcpus(cell: &MatrixCell) -> Option<f64> {
    match &cell.outcome {
        MatrixOutcome::Suitable { requirement, .. } => Some(requirement.vcpus.central),
        MatrixOutcome::Unsuitable { .. } | MatrixOutcome::Impossible { .. } => None,
    }
}

/// What stands under the name of a tier: what is not drawn of it.
fn left_out(undrawn: usize, others: &[&str]) -> String {
    let mut parts = Vec::new();
    if undrawn > 0 {
        parts.push(format!("{undrawn} more need more and stand in the table"));
    }
    if !others.is_empty() {
        let named = others[..others.len().min(NAMED)].join(", ");
        parts.push(match others.len().saturating_sub(NAMED) {
            0 => format!("cannot carry it: {named}"),
            more => format!("cannot carry it: {named} and {more} more"),
        });
    }
    parts.join(" · ")
}

fn tier_rows(
    result: &CapacityResult,
    tier: &str,
    cells: &[&MatrixCell],
    most: usize,
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
    let _ = write!(description, " {title}:");
    let mut rows = vec![Row {
        name: title.to_owned(),
        note: left_out(suitable.len().saturating_sub(most), &others),
        heading: true,
        values: Vec::new(),
    }];
    for (technology, vcpus, binding, per_vcpu) in suitable.into_iter().take(most) {
        let text = format::estimate(vcpus);
        let _ = write!(description, " {technology} {text};");
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
