//! What does a sandbox for every session take, against a service that many users share?

use std::fmt::Write as _;

use tonnage_model::result::{CapacityResult, Estimated};

use super::Chart;
use super::axis::Axis;
use super::ranges::{self, Key, Ranges, Row, Value};
use super::scene::Mark;
use super::theme::Role;
use crate::{format, view};

const SERVICE: (Mark, Role) = (Mark::Square, Role::Rest);
const PLAN: (Mark, Role) = (Mark::Disc, Role::Series(0));

pub(super) fn chart(result: &CapacityResult) -> Option<Chart> {
    let baseline = result.baseline.as_ref()?;
    if baseline.plans.is_empty() {
        return None;
    }
    let needed = format::estimate(baseline.requirement.vcpus);
    let mut description = format!(
        "vCPUs of each plan, with a sandbox for every session, over those of a service that many users \
         share for the same people and work, which needs {needed} vCPUs."
    );
    let mut rows = vec![row(
        "A service that many users share",
        format!("{needed} vCPUs"),
        Estimated::exact(1.0),
        SERVICE,
    )];
    for compared in &baseline.plans {
        let title = view::plan_title(result, &compared.plan);
        let ratio = format::estimate_with(compared.ratio, format::ratio_with);
        let _ = write!(description, " {title}: {ratio}.");
        let plan = result.plans.iter().find(|plan| plan.id == compared.plan);
        let note = plan.map_or_else(String::new, |plan| {
            format!("{} vCPUs", format::estimate(plan.analytic.vcpus))
        });
        rows.push(row(title, note, compared.ratio, PLAN));
    }
    let values = rows.iter().flat_map(|row| &row.values);
    let axis = Axis::logarithmic(values.flat_map(|value| [value.low, value.central, value.high]))?;
    let keys = [
        Key::mark(SERVICE, "One for many"),
        Key::mark(PLAN, "One for each session"),
    ];
    Some(Chart::new(
        "one-to-many",
        "How much more than a shared service does a sandbox for every session take?".to_owned(),
        description,
        result,
        |width| {
            ranges::draw(
                Ranges {
                    rows: &rows,
                    keys: &keys,
                    band: None,
                    axis: axis.clone(),
                    axis_title: "vCPUs over those of the shared service (analytic), logarithmic scale; \
                                 bars are 95% intervals",
                    tick: format::ratio,
                },
                width,
            )
        },
    ))
}

fn row(name: &str, note: String, ratio: Estimated, (mark, role): (Mark, Role)) -> Row {
    Row {
        name: name.to_owned(),
        note,
        heading: false,
        values: vec![Value {
            low: ratio.low,
            central: ratio.central,
            high: ratio.high,
            mark,
            role,
            text: if format::is_exact(ratio) {
                format::ratio(ratio.central)
            } else {
                format::estimate_with(ratio, format::ratio_with)
            },
            name: String::new(),
        }],
    }
}
