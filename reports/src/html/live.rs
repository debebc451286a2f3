//! Pieces of the report's page, for a page of another program that shows results as they come: the same
//! words, tables and charts, in the same style.
//!
//! Every piece is HTML in which whatever a scenario says is escaped. The pieces hold no script and no
//! style of their own. Their only links lead to notes in the same piece.

use maud::{Markup, PreEscaped, html};
use tonnage_model::result::CapacityResult;

use super::notes::Notes;
use super::{requirements, summary};
use crate::chart;
use crate::error::ReportError;

/// What of a result is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces {
    /// The answer in a sentence, and the figures that matter.
    pub answer: String,
    /// The chart of vCPUs for each plan and tier, in its two layouts; the style sheet shows one.
    pub chart: String,
    /// The three estimates of each plan, and each plan tier by tier.
    pub plans: String,
    /// What to know before using the numbers.
    pub warnings: String,
}

/// The pieces of a result.
///
/// # Errors
/// When the chart cannot be drawn.
pub fn pieces(result: &CapacityResult) -> Result<Pieces, ReportError> {
    Ok(Pieces {
        answer: summary::figures(result, &Notes::new("answer", result)).into_string(),
        chart: figure(result)?.into_string(),
        plans: requirements::plans(result).into_string(),
        warnings: summary::warning_list(result).into_string(),
    })
}

/// The style sheet of the report, for light, dark and paper.
pub fn style() -> String {
    super::style()
}

fn figure(result: &CapacityResult) -> Result<Markup, ReportError> {
    let drawn = match chart::requirements(result) {
        Some(chart) => Some((chart.title().to_owned(), chart.inline()?.concat())),
        None => None,
    };
    Ok(html! {
        @if let Some((title, layouts)) = drawn {
            figure {
                figcaption { span.question { (title) } }
                (PreEscaped(layouts))
            }
        } @else {
            p.missing { "No plan has a requirement above zero, so there is nothing to draw." }
        }
    })
}
