//! Pieces that several sections use.

use maud::{Markup, PreEscaped, html};
use tonnage_model::profile::Origin;
use tonnage_model::result::Estimated;

use crate::chart::Chart;
use crate::error::ReportError;
use crate::{format, words};

/// The charts of the page, drawn.
pub(super) struct Charts {
    drawn: Vec<(&'static str, String, String)>,
}

impl Charts {
    pub(super) fn new(charts: &[Chart]) -> Result<Self, ReportError> {
        let drawn = charts
            .iter()
            .map(|chart| {
                let layouts = chart.inline()?.concat();
                Ok((chart.id(), chart.title().to_owned(), layouts))
            })
            .collect::<Result<_, ReportError>>()?;
        Ok(Self { drawn })
    }

    /// A chart as a figure with links to its files, or why it is missing.
    pub(super) fn figure(&self, id: &str, missing: &str) -> Markup {
        let found = self.drawn.iter().find(|(key, _, _)| *key == id);
        html! {
            @if let Some((key, title, layouts)) = found {
                figure id={ "chart-" (key) } {
                    figcaption {
                        span.question { (title) }
                        span.files {
                            a href={ "charts/" (key) ".svg" } aria-label={ "Chart “" (title) "” as SVG" } { "SVG" } " "
                            a href={ "charts/" (key) ".png" } aria-label={ "Chart “" (title) "” as PNG" } { "PNG" }
                        }
                    }
                    (PreEscaped(layouts))
                }
            } @else {
                p.missing { (missing) }
            }
        }
    }
}

/// The heading of a section, with a link to itself.
pub(crate) fn heading(id: &str, text: &str) -> Markup {
    html! {
        h2 id={ (id) "-heading" } {
            (text) " "
            a.anchor href={ "#" (id) } aria-label={ "Link to “" (text) "”" } { "#" }
        }
    }
}

/// A table that scrolls sideways on a narrow page.
pub(crate) fn table(caption: &str, head: &Markup, body: &Markup) -> Markup {
    marked_table(caption, &html! {}, head, body)
}

/// As [`table`], with a mark after the caption that speaks for all its numbers.
pub(crate) fn marked_table(caption: &str, mark: &Markup, head: &Markup, body: &Markup) -> Markup {
    html! {
        section.scroll aria-label=(caption) tabindex="0" {
            table {
                caption { span { (caption) (mark) } }
                thead { tr { (head) } }
                tbody { (body) }
            }
        }
    }
}

/// A table of words, whose rows become blocks on a narrow page. The roles keep it a table for
/// those who hear it.
pub(super) fn words_table(caption: &str, names: &[&str], rows: &[Vec<Markup>]) -> Markup {
    marked_words_table(caption, &html! {}, names, rows)
}

/// As [`words_table`], with a mark after the caption that speaks for all its numbers.
pub(super) fn marked_words_table(
    caption: &str,
    mark: &Markup,
    names: &[&str],
    rows: &[Vec<Markup>],
) -> Markup {
    // Among explicit roles a link is only at home in a caption that has one too.
    let role = (!mark.0.is_empty()).then_some("caption");
    html! {
        table.stack role="table" {
            caption role=[role] { span { (caption) (mark) } }
            thead role="rowgroup" {
                tr role="row" {
                    @for name in names { th scope="col" role="columnheader" { (name) } }
                }
            }
            tbody role="rowgroup" {
                @for row in rows {
                    tr role="row" {
                        @for (index, (cell, name)) in row.iter().zip(names).enumerate() {
                            @if index == 0 {
                                th scope="row" role="rowheader" { (cell) }
                            } @else {
                                td role="cell" data-label=(name) { (cell) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Column headings; those that begin with `#` are of numbers.
pub(crate) fn columns(names: &[&str]) -> Markup {
    html! {
        @for name in names { (column(name, &html! {})) }
    }
}

/// A column heading with what stands after its name; one that begins with `#` is of numbers.
pub(super) fn column(name: &str, mark: &Markup) -> Markup {
    let number = name.strip_prefix('#');
    let text = number.unwrap_or(name);
    // A mark never stands on a line of its own.
    let (words, last) = text
        .rsplit_once(' ')
        .map_or(("", text), |(words, last)| (words, last));
    let marked = html! {
        @if mark.0.is_empty() {
            (text)
        } @else {
            @if !words.is_empty() { (words) " " }
            span.together { (last) (mark) }
        }
    };
    html! {
        @if number.is_some() {
            th.num scope="col" { (marked) }
        } @else {
            th scope="col" { (marked) }
        }
    }
}

/// A number with its interval below.
pub(super) fn estimate(value: Estimated) -> Markup {
    estimate_with(value, format::short)
}

/// A number with its interval below, in another unit.
pub(crate) fn estimate_with(value: Estimated, show: impl Fn(f64, usize) -> String) -> Markup {
    html! {
        strong { (show(value.central, 3)) }
        @if !format::is_exact(value) {
            small { (format::interval_with(value, show)) }
        }
    }
}

/// Where a number comes from; the word says it, the frame repeats it.
pub(super) fn origin(value: Origin) -> Markup {
    html! { span class={ "badge origin-" (words::key(&value)) } { (words::origin(value)) } }
}

/// A source, or that there is none.
pub(super) fn source(source: &str, conditions: &str) -> Markup {
    html! {
        @if source.trim().is_empty() {
            span.missing { "no source given" }
        } @else {
            (source)
        }
        @if !conditions.trim().is_empty() {
            small { (conditions) }
        }
    }
}

/// A row that names the rows below it.
pub(super) fn group(title: &str, columns: usize) -> Markup {
    html! {
        tr.group { th scope="rowgroup" colspan=(columns) { (title) } }
    }
}

/// A key of a file, which may break after its dots and dashes.
pub(super) fn key(text: &str) -> Markup {
    html! {
        code {
            @for part in text.split_inclusive(['.', '-', '_', '/']) { (part) wbr; }
        }
    }
}
