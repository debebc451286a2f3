//! A section that every format shows alike.

use maud::{Markup, html};

use super::parts::{columns, heading, table};
use crate::section::{Part, Section};

pub(super) fn section(section: &Section) -> Markup {
    html! {
        (heading(section.id, section.heading))
        (parts(&section.parts))
    }
}

/// Sentences and tables in their order.
pub(super) fn parts(parts: &[Part]) -> Markup {
    html! {
        @for part in parts {
            @match part {
                Part::Text(text) => p { (text) },
                Part::Table { caption, head, rows } => (table(caption, &columns(head), &body(head, rows))),
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
