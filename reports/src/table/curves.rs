//! The curves beside the answer, for those who draw their own.

use tonnage_model::result::CapacityResult;

use super::{Cell, Kind, Table, number, text};
use crate::words;

/// A table for each kind of curve that the result has.
pub(super) fn tables(result: &CapacityResult) -> Vec<Table> {
    [growth(result), attainment(result), service_cost(result)]
        .into_iter()
        .filter(|table| table.rows() > 0)
        .collect()
}

fn growth(result: &CapacityResult) -> Table {
    let mut table = Table::new(
        "growth",
        "what each plan needs for more and for fewer people, by formulas",
        &[
            ("plan", Kind::Text),
            ("people", Kind::Number),
            ("peak_sessions", Kind::Number),
            ("vcpus", Kind::Number),
            ("hosts", Kind::Number),
            ("spare_hosts", Kind::Number),
            ("offered_vcpus", Kind::Number),
            ("binding", Kind::Text),
        ],
    );
    for curve in result.growth.iter().flat_map(|growth| &growth.plans) {
        for point in &curve.points {
            table.push(vec![
                text(&curve.plan),
                number(point.people),
                number(point.sessions),
                number(point.vcpus),
                number(point.hosts),
                number(point.spare_hosts),
                number(point.offered_vcpus),
                text(words::key(&point.binding)),
            ]);
        }
    }
    table
}

fn attainment(result: &CapacityResult) -> Table {
    let mut table = Table::new(
        "attainment",
        "shares that come off as promised on more and on fewer hosts, by formulas",
        &[
            ("tier", Kind::Text),
            ("technology", Kind::Text),
            ("hosts_of_the_plan", Kind::Number),
            ("hosts", Kind::Number),
            ("starts_in_time", Kind::Number),
            ("starts_in_time_demanded", Kind::Number),
            ("bursts_in_time", Kind::Number),
            ("bursts_in_time_demanded", Kind::Number),
            ("admitted", Kind::Number),
            ("admitted_demanded", Kind::Number),
        ],
    );
    for curve in &result.attainment {
        for point in &curve.points {
            table.push(vec![
                text(&curve.tier),
                text(&curve.technology),
                number(curve.hosts),
                number(point.hosts),
                number(point.analytic.starts_in_time),
                number(curve.demanded.starts_in_time),
                number(point.analytic.bursts_in_time),
                number(curve.demanded.bursts_in_time),
                number(point.analytic.admitted),
                number(curve.demanded.admitted),
            ]);
        }
    }
    table
}

fn service_cost(result: &CapacityResult) -> Table {
    let mut table = Table::new(
        "service-cost",
        "what the first plan costs when one promise is tighter or looser, by formulas",
        &[
            ("promise", Kind::Text),
            ("promised", Kind::Number),
            ("limit", Kind::Number),
            ("hosts", Kind::Number),
            ("vcpus", Kind::Number),
            ("usd_per_month", Kind::Number),
        ],
    );
    for curve in &result.service_cost {
        for point in &curve.points {
            table.push(vec![
                text(words::key(&curve.promise)),
                number(curve.promised),
                number(point.limit),
                number(point.hosts),
                number(point.vcpus),
                Cell::Number(point.usd_per_month),
            ]);
        }
    }
    table
}
