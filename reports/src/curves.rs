//! How the answer moves, in sentences and tables that every format shows alike.

use tonnage_model::result::CapacityResult;

use crate::section::Part;
use crate::{format, view};

/// What each plan needs for more and for fewer people.
pub(crate) fn growth(result: &CapacityResult) -> Vec<Part> {
    let Some(growth) = &result.growth else {
        return Vec::new();
    };
    let plans = growth.plans.iter().map(|curve| {
        let title = view::plan_title(result, &curve.plan);
        Part::Text(format!("{title}: {}", curve.why))
    });
    let note = "By formulas at the central inputs; everything but the number of people is kept.";
    plans.chain([Part::Text(note.to_owned())]).collect()
}

/// What becomes of the promises with a host fewer in every cell.
pub(crate) fn attainment(result: &CapacityResult) -> Vec<Part> {
    let curves = result
        .attainment
        .iter()
        .filter(|curve| !curve.breaks_first.is_empty());
    let sentences = curves.map(|curve| {
        Part::Text(format!(
            "One host fewer in every cell of “{}” breaks the promise on {}, by formulas at the central \
             inputs.",
            view::tier_title(result, &curve.tier),
            view::promises(&curve.breaks_first)
        ))
    });
    sentences.collect()
}

/// What a tighter or looser promise does to the cost.
pub(crate) fn service_cost(result: &CapacityResult) -> Vec<Part> {
    let sentences = result.service_cost.iter();
    sentences
        .map(|curve| Part::Text(curve.why.clone()))
        .collect()
}

/// The arithmetic behind the sessions claimed, where the scenario states it.
pub(crate) fn gap(result: &CapacityResult) -> Vec<Part> {
    let Some(gap) = &result.sessions_gap else {
        return Vec::new();
    };
    let mut parts = vec![
        Part::Text(format!(
            "{} people of whom {} have a session open are {} sessions; {} are claimed, {} as many ({}).",
            format::count(gap.people),
            format::percent_with(gap.concurrency, 2),
            format::count(gap.multiplied),
            format::count(gap.claimed),
            format::ratio(gap.factor),
            gap.source
        )),
        table(
            "What would make up the factor, each alone",
            &["Quantity", "#As claimed", "#Needed", "What that would mean"],
            &gap.explanations,
            |one| {
                vec![
                    one.quantity.clone(),
                    format::count(one.stated),
                    format::count(one.needed),
                    one.meaning.clone(),
                ]
            },
        ),
    ];
    if !gap.readings.is_empty() {
        let reaches = |reaches| {
            if reaches {
                "within 5% of the claim"
            } else {
                "not the number claimed"
            }
        };
        parts.push(table(
            "Readings of the claim, at their peak",
            &[
                "Reading",
                "#Open sessions",
                "#Over the product",
                "Is it the claim?",
            ],
            &gap.readings,
            |reading| {
                vec![
                    reading.title.clone(),
                    format::count(reading.sessions),
                    format::ratio(reading.factor),
                    reaches(reading.reaches).to_owned(),
                ]
            },
        ));
    }
    parts
}

/// A table with a row for each of some things.
fn table<T>(
    caption: &str,
    head: &'static [&'static str],
    things: &[T],
    row: impl Fn(&T) -> Vec<String>,
) -> Part {
    Part::Table {
        caption: caption.to_owned(),
        head,
        rows: things.iter().map(row).collect(),
    }
}
