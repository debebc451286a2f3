//! What each technology has inside, beside what it costs: made from what the technologies say of
//! themselves.

use std::collections::BTreeSet;

use tonnage_model::measurement::document::{Measurement, Row};
use tonnage_model::measurement::technology::{Description, Inside, Role, Support, Verdict};
use tonnage_model::profile::Origin;
use tonnage_model::result::{Assumption, CapacityResult};

use crate::measured::{self, Figure};
use crate::table::{Cell, Kind, Table, text};
use crate::terminal::{Lines, Paint, Style, columns_within};
use crate::words;

/// A technology, and what was measured of it if it was part of a measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) technology: &'a Description,
    row: Option<&'a Row>,
}

/// Every technology that sessions could run on or that others are held against: those of the
/// measurement, then those it did not ask for.
pub(crate) fn lines<'a>(
    measurement: Option<&'a Measurement>,
    known: &'a [Description],
) -> Vec<Line<'a>> {
    let rows: Vec<&Row> = measurement.map_or(Vec::new(), |found| measured::rows(found).collect());
    let ids: BTreeSet<&str> = rows.iter().map(|row| row.technology.id.as_str()).collect();
    let of_rows = rows.iter().map(|row| Line {
        technology: &row.technology,
        row: Some(row),
    });
    let others = known
        .iter()
        .filter(|technology| !ids.contains(technology.id.as_str()))
        .map(|technology| Line {
            technology,
            row: None,
        });
    of_rows
        .chain(others)
        .filter(|line| matches!(line.technology.role, Role::Candidate | Role::Reference))
        .collect()
}

impl Line<'_> {
    /// Why there are no numbers and what would change it; none if there are.
    pub(crate) fn absence(&self) -> Option<String> {
        match self.row {
            Some(row) => measured::absence(row),
            None => Some(measured::NONE.to_owned()),
        }
    }

    /// What was measured, in the order of [`MEASURED`].
    pub(crate) fn figures(&self) -> [Option<Figure>; 3] {
        let Some(row) = self.row else {
            return [None, None, None];
        };
        let [start, cpu, memory, ..] = measured::figures(row);
        // The notes stand beside the same numbers in the table of what was measured.
        [start, cpu, memory].map(|figure| {
            figure.map(|figure| Figure {
                note: String::new(),
                ..figure
            })
        })
    }
}

/// What is asked of each technology, in the order of [`supports`].
pub(crate) const ASKED: [&str; 5] = ["Files", "Git", "Shell", "Any program", "Network"];

/// The answers to [`ASKED`].
pub(crate) fn supports(inside: &Inside) -> [Support; 5] {
    [
        inside.files,
        inside.git,
        inside.bash,
        inside.binaries,
        inside.network,
    ]
}

/// What code may be written in.
pub(crate) fn code(inside: &Inside) -> String {
    if inside.code.is_empty() {
        return Support::Untold.word().to_owned();
    }
    let words: Vec<&str> = inside.code.iter().map(|code| code.words()).collect();
    words.join(", ")
}

/// Whether the work shares the host's kernel with others.
pub(crate) fn kernel(technology: &Description) -> &'static str {
    if technology.boundary.shares_kernel() {
        "shared"
    } else {
        "not shared"
    }
}

/// The measured columns.
pub(crate) const MEASURED: [&str; 3] =
    ["Start, median", "CPU time per start", "Memory per sandbox"];

/// What the words mean.
pub(crate) const LEGEND: &str = "Yes: it is there, as it was measured; in a plain process, what the \
    host has. Possible: a function of the host, or something put into the root file system, would \
    bring it; what was measured is without. Shared: the work calls the kernel that everything else \
    on the host calls, and a flaw in it is a way out.";

/// What others published of one technology and was not measured, in the order of [`MEASURED`].
pub(crate) struct Published<'a> {
    pub(crate) title: &'a str,
    pub(crate) numbers: [Option<&'a Assumption>; 3],
}

/// Published numbers of the technologies of a profile; those without any are left out.
pub(crate) fn published(result: &CapacityResult) -> Vec<Published<'_>> {
    const KEYS: [&str; 3] = ["start_latency", "cpu_per_start", "memory_per_instance"];
    result
        .technologies
        .iter()
        .map(|technology| Published {
            title: &technology.title,
            numbers: KEYS.map(|key| {
                let mut numbers = technology.numbers.iter();
                numbers.find(|number| {
                    let last = number.key.rsplit('.').next();
                    last == Some(key) && number.origin == Origin::Published
                })
            }),
        })
        .filter(|published| published.numbers.iter().any(Option::is_some))
        .collect()
}

/// The table for CSV and Parquet.
pub(crate) fn table(lines: &[Line<'_>]) -> Table {
    let mut table = Table::new(
        "capabilities",
        "what each technology has inside, and what separates it from others",
        &[
            ("technology", Kind::Text),
            ("title", Kind::Text),
            ("role", Kind::Text),
            ("boundary", Kind::Text),
            ("shares_kernel", Kind::Flag),
            ("files", Kind::Text),
            ("git", Kind::Text),
            ("bash", Kind::Text),
            ("binaries", Kind::Text),
            ("network", Kind::Text),
            ("code", Kind::Text),
            ("absence", Kind::Text),
        ],
    );
    for line in lines {
        let technology = line.technology;
        let mut cells = vec![
            text(&technology.id),
            text(&technology.title),
            text(words::key(&technology.role)),
            text(words::key(&technology.boundary)),
            Cell::Flag(Some(technology.boundary.shares_kernel())),
        ];
        cells.extend(supports(&technology.inside).map(|support| text(words::key(&support))));
        let code: Vec<String> = technology.inside.code.iter().map(words::key).collect();
        cells.push(text(code.join(" ")));
        cells.push(Cell::Text(line.absence()));
        table.push(cells);
    }
    table
}

/// A table for a terminal, no wider than told where that is possible. With `color`, what cannot be
/// measured on this host is faint.
pub fn terminal(technologies: &[(Description, Verdict)], color: bool, width: usize) -> String {
    let style = Style { color };
    let head = [
        "technology",
        "files",
        "git",
        "shell",
        "programs",
        "network",
        "code",
        "boundary",
        "kernel",
    ];
    let rows: Vec<(Paint, Vec<String>)> = technologies
        .iter()
        .filter(|(technology, _)| matches!(technology.role, Role::Candidate | Role::Reference))
        .map(|(technology, verdict)| {
            let mut cells = vec![technology.id.clone()];
            cells.extend(supports(&technology.inside).map(|support| mark(support).to_owned()));
            cells.push(code(&technology.inside));
            cells.push(words::boundary(technology.boundary).to_owned());
            cells.push(kernel(technology).to_owned());
            match verdict {
                Verdict::Ready { .. } => (Paint::Plain, cells),
                Verdict::NotHere { .. } => {
                    cells[0].push_str(" *");
                    (Paint::Faint, cells)
                }
            }
        })
        .collect();
    let mut page = Lines::new(width);
    // Where words would have to be broken, lines are longer than the terminal instead.
    let table = (width..).find_map(|width| columns_within(style, &head, &rows, width));
    page.block(&table.unwrap_or_default());
    page.add(
        "",
        "yes: as it is measured; (yes): possible, with a function of the host or something put \
         into the root file system; –: no. *: cannot be measured here.",
        |line| style.faint(line),
    );
    page.finish()
}

fn mark(support: Support) -> &'static str {
    match support {
        Support::Yes => "yes",
        Support::Possible => "(yes)",
        Support::No => "–",
        Support::Untold => "?",
    }
}
