//! A section that every format shows alike.

use maud::{Markup, html};

use super::notes::{How, Notes};
use super::parts::{Charts, columns, heading, marked_table};
use crate::section::{Part, Section};

pub(super) fn section(section: &Section, charts: &Charts, notes: &Notes<'_>) -> Markup {
    let how = match section.id {
        "baseline" => How::OverService,
        "arrivals" => How::Cell,
        _ => How::Analytic,
    };
    html! {
        (heading(section.id, section.heading))
        @if let Some(id) = section.chart {
            (charts.figure(id, "There is nothing to draw."))
        }
        (parts(&section.parts, notes, how))
        (notes.list())
    }
}

/// Sentences and tables in their order; the numbers of the tables came about in one way.
pub(super) fn parts(parts: &[Part], notes: &Notes<'_>, how: How) -> Markup {
    html! {
        @for part in parts {
            @match part {
                Part::Text(text) => p { (text) },
                Part::Table { caption, head, rows } => {
                    (marked_table(caption, &notes.mark(how), &columns(head), &body(head, rows)))
                }
            }
        }
    }
}

/// The rows of a table; the first cell of each names it.
pub(crate) fn body(head: &[&str], rows: &[Vec<String>]) -> Markup {
    html! {
        @for row in rows {
            tr {
                @for (index, (cell, name)) in row.iter().zip(head).enumerate() {
                    @if index == 0 {
                        th scope="row" { (cell) }
                    } @else if name.starts_with('#') {
                        td.num { (cell) }
                    } @else {
                        td { (cell) }
                    }
                }
            }
        }
    }
}
