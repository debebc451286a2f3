//! A part of a report that every format shows alike: sentences and tables of words.

use crate::markdown::{Page, escaped};
use crate::terminal::{Style, WIDTH, columns, wrapped};

/// A section with a heading of its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Section {
    /// Key, which the page links to.
    pub(crate) id: &'static str,
    /// Name in the page's contents.
    pub(crate) name: &'static str,
    /// The heading.
    pub(crate) heading: &'static str,
    /// Key of the chart that it begins with, if there is one.
    pub(crate) chart: Option<&'static str>,
    /// What it says, in order.
    pub(crate) parts: Vec<Part>,
}

/// A sentence or two, or a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    /// A paragraph.
    Text(String),
    /// A table.
    Table {
        /// What it holds.
        caption: String,
        /// Its columns; those that begin with `#` are of numbers.
        head: &'static [&'static str],
        /// Its rows, as long as the head; the first cell names the row.
        rows: Vec<Vec<String>>,
    },
}

impl Section {
    /// For a terminal.
    pub(crate) fn terminal(&self, out: &mut String, style: Style) {
        out.push('\n');
        for line in wrapped(self.heading, WIDTH) {
            out.push_str(&style.bold(&line));
            out.push('\n');
        }
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    for line in wrapped(text, WIDTH) {
                        out.push_str(&line);
                        out.push('\n');
                    }
                }
                Part::Table { head, rows, .. } => out.push_str(&columns(style, head, rows)),
            }
        }
    }

    /// As Markdown.
    pub(crate) fn markdown(&self, page: &mut Page) {
        page.heading(2, self.heading);
        if let Some(id) = self.chart {
            page.picture(id);
        }
        for part in &self.parts {
            part.markdown(page);
        }
    }
}

impl Part {
    /// As Markdown.
    pub(crate) fn markdown(&self, page: &mut Page) {
        match self {
            Self::Text(text) => page.paragraph(&escaped(text)),
            Self::Table {
                caption,
                head,
                rows,
            } => {
                page.paragraph(&format!("{}:", escaped(caption)));
                page.table(
                    head,
                    rows.iter()
                        .map(|row| row.iter().map(|cell| escaped(cell)).collect()),
                );
            }
        }
    }
}
