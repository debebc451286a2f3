//! The result as tidy tables: one row per observation, units in the column names. CSV and Parquet
//! write the same tables.

mod curves;
mod fleet;
mod measured;

use tonnage_model::result::{
    CapacityResult, Estimated, MatrixOutcome, Requirement, SimulationOutcome,
};

use crate::write::ReportOptions;
use crate::{capabilities, optimum, sizing, view, words};

/// A table with named columns of equal length.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Short key, used as the file name.
    pub name: &'static str,
    /// What it holds.
    pub about: &'static str,
    /// The columns, in order.
    pub columns: Vec<Column>,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Name, with the unit where there is one.
    pub name: &'static str,
    /// The values.
    pub values: Values,
}

/// The values of a column; a missing one is `None`.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Words.
    Text(Vec<Option<String>>),
    /// Numbers.
    Number(Vec<Option<f64>>),
    /// Yes or no.
    Flag(Vec<Option<bool>>),
}

impl Values {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Number(values) => values.len(),
            Self::Flag(values) => values.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One value on its way into a column.
pub(crate) enum Cell {
    Text(Option<String>),
    Number(Option<f64>),
    Flag(Option<bool>),
}

pub(crate) fn text(value: impl Into<String>) -> Cell {
    Cell::Text(Some(value.into()))
}

pub(crate) fn number(value: f64) -> Cell {
    Cell::Number(value.is_finite().then_some(value))
}

impl Table {
    pub(crate) fn new(
        name: &'static str,
        about: &'static str,
        columns: &[(&'static str, Kind)],
    ) -> Self {
        let columns = columns
            .iter()
            .map(|(name, kind)| Column {
                name,
                values: match kind {
                    Kind::Text => Values::Text(Vec::new()),
                    Kind::Number => Values::Number(Vec::new()),
                    Kind::Flag => Values::Flag(Vec::new()),
                },
            })
            .collect();
        Self {
            name,
            about,
            columns,
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    pub(crate) fn push(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len(), "a row of {}", self.name);
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            match (&mut column.values, cell) {
                (Values::Text(values), Cell::Text(value)) => values.push(value),
                (Values::Number(values), Cell::Number(value)) => values.push(value),
                (Values::Flag(values), Cell::Flag(value)) => values.push(value),
                (Values::Text(values), _) => values.push(None),
                (Values::Number(values), _) => values.push(None),
                (Values::Flag(values), _) => values.push(None),
            }
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Number,
    Flag,
}

/// Every table of a result.
pub fn all(result: &CapacityResult) -> Vec<Table> {
    all_with(result, &ReportOptions::default())
}

/// As [`all`], with what the caller knows beyond the result.
pub fn all_with(result: &CapacityResult, options: &ReportOptions) -> Vec<Table> {
    let mut tables = vec![
        requirements(result),
        matrix(result),
        readings(result),
        demand(result),
        service_level(result),
        tornado(result),
        claims(result),
        assumptions(result),
    ];
    tables.extend(curves::tables(result));
    tables.extend(crate::operation::table(result));
    tables.extend(crate::arrivals::tables(result));
    tables.extend(crate::baseline::table(result));
    if let Some(found) = &result.fleet {
        tables.extend(fleet::tables(found));
    }
    if let Some(found) = &result.sizing {
        tables.extend(sizing::tables(found));
    }
    if let Some(found) = &result.optimum {
        tables.extend(optimum::tables(found));
    }
    if let Some(measurement) = &result.measurement {
        tables.extend(measured::tables(measurement));
    }
    let inside = capabilities::lines(result.measurement.as_ref(), &options.technologies);
    if !inside.is_empty() {
        tables.push(capabilities::table(&inside));
    }
    tables
}

/// Central value, low and high end of each figure of a requirement.
fn requirement_cells(requirement: &Requirement) -> Vec<Cell> {
    let spread = |value: Estimated| [number(value.central), number(value.low), number(value.high)];
    let mut cells: Vec<Cell> = Vec::from(spread(requirement.vcpus));
    cells.extend(spread(requirement.hosts));
    cells.extend(match requirement.usd_per_month {
        Some(usd) => spread(usd),
        None => [Cell::Number(None), Cell::Number(None), Cell::Number(None)],
    });
    cells
}

const REQUIREMENT: [(&str, Kind); 9] = [
    ("vcpus", Kind::Number),
    ("vcpus_low", Kind::Number),
    ("vcpus_high", Kind::Number),
    ("hosts", Kind::Number),
    ("hosts_low", Kind::Number),
    ("hosts_high", Kind::Number),
    ("usd_per_month", Kind::Number),
    ("usd_per_month_low", Kind::Number),
    ("usd_per_month_high", Kind::Number),
];

fn requirements(result: &CapacityResult) -> Table {
    let mut columns = vec![
        ("plan", Kind::Text),
        ("tier", Kind::Text),
        ("technology", Kind::Text),
        ("estimate", Kind::Text),
    ];
    columns.extend(REQUIREMENT);
    columns.extend([
        ("binding", Kind::Text),
        ("peak_sessions", Kind::Number),
        ("sessions_per_vcpu", Kind::Number),
        ("note", Kind::Text),
    ]);
    let mut table = Table::new(
        "requirements",
        "vCPUs, hosts and cost of every plan and tier by each estimate, with 95% intervals; \
         tier `all` is the whole plan",
        &columns,
    );
    let missing = || Cell::Text(None);
    let envelope = &result.envelope;
    let mut row = vec![missing(), text("all"), missing(), text("envelope")];
    row.extend([
        Cell::Number(None),
        number(envelope.cpus_low),
        number(envelope.cpus_high),
    ]);
    row.extend((0..6).map(|_| Cell::Number(None)));
    row.extend([
        missing(),
        number(envelope.sessions),
        Cell::Number(None),
        text("CPUs at the most and the fewest sessions per CPU assumed; not an interval"),
    ]);
    table.push(row);
    for plan in &result.plans {
        let total = [
            ("analytic", Some(&plan.analytic)),
            ("simulated", plan.simulated.as_ref()),
        ];
        for (estimate, requirement) in total {
            let Some(requirement) = requirement else {
                continue;
            };
            let mut row = vec![text(&plan.id), text("all"), missing(), text(estimate)];
            row.extend(requirement_cells(requirement));
            row.extend([
                text(view::binding_words(plan)),
                Cell::Number(None),
                Cell::Number(None),
                missing(),
            ]);
            table.push(row);
        }
        for tier in &plan.tiers {
            let found = match &tier.simulated {
                SimulationOutcome::Simulated(found) => Some(found),
                SimulationOutcome::NotSimulated { .. } => None,
            };
            let both = [
                ("analytic", Some(&tier.analytic), None),
                (
                    "simulated",
                    found.map(|found| &found.requirement),
                    found.map(|found| found.explanation.clone()),
                ),
            ];
            for (estimate, requirement, note) in both {
                let Some(requirement) = requirement else {
                    continue;
                };
                let mut row = vec![
                    text(&plan.id),
                    text(&tier.tier),
                    text(&tier.technology),
                    text(estimate),
                ];
                row.extend(requirement_cells(requirement));
                row.extend([
                    text(words::key(&tier.binding)),
                    number(tier.peak_sessions.central),
                    number(tier.peak_sessions.central / requirement.vcpus.central),
                    Cell::Text(note),
                ]);
                table.push(row);
            }
        }
    }
    table
}

fn matrix(result: &CapacityResult) -> Table {
    let mut columns = vec![
        ("tier", Kind::Text),
        ("technology", Kind::Text),
        ("status", Kind::Text),
    ];
    columns.extend(REQUIREMENT);
    columns.extend([
        ("binding", Kind::Text),
        ("sessions_per_vcpu", Kind::Number),
        ("reason", Kind::Text),
    ]);
    let mut table = Table::new(
        "matrix",
        "analytic requirement of every tier on every technology, or why it cannot carry the tier",
        &columns,
    );
    for cell in &result.matrix {
        let mut row = vec![text(&cell.tier), text(&cell.technology)];
        let none = || (0..9).map(|_| Cell::Number(None));
        match &cell.outcome {
            MatrixOutcome::Suitable {
                requirement,
                binding,
                sessions_per_vcpu,
            } => {
                row.push(text("suitable"));
                row.extend(requirement_cells(requirement));
                row.extend([
                    text(words::key(binding)),
                    number(*sessions_per_vcpu),
                    Cell::Text(None),
                ]);
            }
            MatrixOutcome::Unsuitable { missing } => {
                row.push(text("unsuitable"));
                row.extend(none());
                row.extend([
                    Cell::Text(None),
                    Cell::Number(None),
                    text(format!("lacks {}", words::capabilities(missing))),
                ]);
            }
            MatrixOutcome::Impossible { reason } => {
                row.push(text("impossible"));
                row.extend(none());
                row.extend([Cell::Text(None), Cell::Number(None), text(reason)]);
            }
        }
        table.push(row);
    }
    table
}

fn readings(result: &CapacityResult) -> Table {
    let mut table = Table::new(
        "readings",
        "sessions and analytic vCPUs of every plan under each reading of the scenario",
        &[
            ("reading", Kind::Text),
            ("title", Kind::Text),
            ("changes", Kind::Text),
            ("envelope_sessions", Kind::Number),
            ("envelope_cpus_low", Kind::Number),
            ("envelope_cpus_high", Kind::Number),
            ("mean_sessions", Kind::Number),
            ("peak_sessions", Kind::Number),
            ("plan", Kind::Text),
            ("vcpus", Kind::Number),
            ("vcpus_low", Kind::Number),
            ("vcpus_high", Kind::Number),
            ("hosts", Kind::Number),
            ("usd_per_month", Kind::Number),
        ],
    );
    for reading in &result.readings {
        for plan in &reading.plans {
            table.push(vec![
                text(&reading.id),
                text(&reading.title),
                text(reading.changes.join("; ")),
                number(reading.envelope.sessions),
                number(reading.envelope.cpus_low),
                number(reading.envelope.cpus_high),
                number(reading.mean_sessions),
                number(reading.peak_sessions),
                text(&plan.plan),
                number(plan.vcpus.central),
                number(plan.vcpus.low),
                number(plan.vcpus.high),
                number(plan.hosts),
                Cell::Number(plan.usd_per_month),
            ]);
        }
    }
    table
}

fn demand(result: &CapacityResult) -> Table {
    let mut table = Table::new(
        "demand",
        "open sessions over the week; hour 0 is Monday 00:00 UTC; kinds `zone` and `tier` each \
         add up to `total`",
        &[
            ("hour", Kind::Number),
            ("kind", Kind::Text),
            ("series", Kind::Text),
            ("sessions", Kind::Number),
            ("starts_per_second", Kind::Number),
        ],
    );
    let demand = &result.demand;
    for (index, hour) in demand.hours.iter().enumerate() {
        let at =
            |values: &[f64]| Cell::Number(values.get(index).copied().filter(|v| v.is_finite()));
        table.push(vec![
            number(*hour),
            text("total"),
            text("all"),
            at(&demand.sessions),
            at(&demand.starts_per_second),
        ]);
    }
    for (kind, series) in [("zone", &demand.by_zone), ("tier", &demand.by_tier)] {
        for one in series {
            for (hour, value) in demand.hours.iter().zip(&one.values) {
                table.push(vec![
                    number(*hour),
                    text(kind),
                    text(&one.name),
                    number(*value),
                    Cell::Number(None),
                ]);
            }
        }
    }
    table
}

fn service_level(result: &CapacityResult) -> Table {
    let mut table = Table::new(
        "service-level",
        "every promise of the service level and what the simulation found at the capacity given",
        &[
            ("plan", Kind::Text),
            ("tier", Kind::Text),
            ("technology", Kind::Text),
            ("promise", Kind::Text),
            ("unit", Kind::Text),
            ("target", Kind::Number),
            ("found", Kind::Number),
            ("found_low", Kind::Number),
            ("found_high", Kind::Number),
            ("met", Kind::Flag),
        ],
    );
    for plan in &result.plans {
        for tier in &plan.tiers {
            let SimulationOutcome::Simulated(found) = &tier.simulated else {
                continue;
            };
            for level in &found.service_level {
                table.push(vec![
                    text(&plan.id),
                    text(&tier.tier),
                    text(&tier.technology),
                    text(&level.name),
                    text(&level.unit),
                    number(level.target),
                    number(level.found.central),
                    number(level.found.low),
                    number(level.found.high),
                    Cell::Flag(Some(level.met)),
                ]);
            }
        }
    }
    table
}

fn tornado(result: &CapacityResult) -> Table {
    let mut table = Table::new(
        "tornado",
        "analytic vCPUs of the first plan with one input at a time at its 5% and 95% quantile",
        &[
            ("key", Kind::Text),
            ("label", Kind::Text),
            ("low_input", Kind::Text),
            ("high_input", Kind::Text),
            ("vcpus_at_low", Kind::Number),
            ("vcpus_at_high", Kind::Number),
            ("rank_correlation", Kind::Number),
        ],
    );
    for bar in &result.tornado {
        table.push(vec![
            text(&bar.key),
            text(&bar.label),
            text(&bar.low_input),
            text(&bar.high_input),
            number(bar.low_output),
            number(bar.high_output),
            number(bar.rank_correlation),
        ]);
    }
    table
}

fn claims(result: &CapacityResult) -> Table {
    let mut table = Table::new(
        "claims",
        "each claim, what was found here, and the verdict",
        &[
            ("id", Kind::Text),
            ("quote", Kind::Text),
            ("source", Kind::Text),
            ("found", Kind::Text),
            ("verdict", Kind::Text),
            ("why", Kind::Text),
        ],
    );
    for claim in &result.claims {
        table.push(vec![
            text(&claim.id),
            text(&claim.quote),
            text(&claim.source),
            text(&claim.found),
            text(words::key(&claim.verdict)),
            text(&claim.why),
        ]);
    }
    table
}

fn assumptions(result: &CapacityResult) -> Table {
    let mut table = Table::new(
        "assumptions",
        "every input with its value, origin and source; `subject` is `scenario` or the key of a \
         technology",
        &[
            ("subject", Kind::Text),
            ("key", Kind::Text),
            ("value", Kind::Text),
            ("origin", Kind::Text),
            ("source", Kind::Text),
            ("conditions", Kind::Text),
            ("uncertain", Kind::Flag),
        ],
    );
    let scenario = result.assumptions.iter().map(|input| ("scenario", input));
    let technologies = result.technologies.iter().flat_map(|technology| {
        technology
            .numbers
            .iter()
            .map(|n| (technology.id.as_str(), n))
    });
    for (subject, input) in scenario.chain(technologies) {
        table.push(vec![
            text(subject),
            text(&input.key),
            text(&input.value),
            text(words::key(&input.origin)),
            text(&input.source),
            text(&input.conditions),
            Cell::Flag(Some(input.uncertain)),
        ]);
    }
    table
}
