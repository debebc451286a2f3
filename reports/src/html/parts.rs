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
                            a href={ "charts/" (key) ".svg" } { "SVG" } " "
                            a href={ "charts/" (key) ".png" } { "PNG" }
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
pub(super) fn heading(id: &str, text: &str) -> Markup {
    html! {
        h2 id={ (id) "-heading" } {
            (text) " "
            a.anchor href={ "#" (id) } aria-label={ "Link to “" (text) "”" } { "#" }
        }
    }
}

/// A table that scrolls sideways on a narrow page.
pub(super) fn table(caption: &str, head: &Markup, body: &Markup) -> Markup {
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead { tr { (head) } }
                tbody { (body) }
            }
        }
    }
}

/// Column headings; those that begin with `#` are of numbers.
pub(super) fn columns(names: &[&str]) -> Markup {
    html! {
        @for name in names {
            @if let Some(number) = name.strip_prefix('#') {
                th.num scope="col" { (number) }
            } @else {
                th scope="col" { (name) }
            }
        }
    }
}

/// A number with its interval below.
pub(super) fn estimate(value: Estimated) -> Markup {
    estimate_with(value, format::short)
}

/// A number with its interval below, in another unit.
pub(super) fn estimate_with(value: Estimated, show: impl Fn(f64, usize) -> String) -> Markup {
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
