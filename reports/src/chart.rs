//! Charts: each answers the question that is its title.
//!
//! A chart is laid out once as a list of plain shapes, for a wide page and for a phone. The same
//! shapes are drawn through plotters as SVG and as PNG, so the two cannot differ.

mod axis;
mod baseline;
mod contributions;
mod curves;
mod day;
mod font;
mod gap;
mod lines;
mod matrix;
mod memory;
mod png;
mod ranges;
mod readings;
mod requirements;
mod scene;
mod sessions;
mod starts;
mod svg;
mod theme;
mod tornado;

use tonnage_model::result::CapacityResult;

use crate::error::ReportError;
pub(crate) use contributions::chart as contributions;
use curves::{attainment, growth, service_cost};
pub(crate) use day::id as day_id;
pub(crate) use requirements::chart as requirements;
use scene::Scene;
pub(crate) use theme::style_variables;

/// Width of a chart on a page.
const WIDE: f64 = 960.0;
/// Width of a chart on a phone.
const NARROW: f64 = 372.0;

/// A chart in its two layouts.
#[derive(Debug, Clone)]
pub struct Chart {
    id: &'static str,
    title: String,
    description: String,
    footer: String,
    wide: Scene,
    narrow: Scene,
}

impl Chart {
    fn new(
        id: &'static str,
        title: String,
        description: String,
        result: &CapacityResult,
        layout: impl Fn(f64) -> Scene,
    ) -> Self {
        let footer = format!(
            "{} · Tonnage {} · scenario {} · profile {} · seed {}",
            result.scenario.title,
            result.provenance.tool_version,
            crate::format::digest(&result.provenance.scenario_digest),
            crate::format::digest(&result.provenance.profile_digest),
            result.provenance.seed,
        );
        Self {
            id,
            title,
            description,
            footer,
            wide: layout(WIDE),
            narrow: layout(NARROW),
        }
    }

    /// A short key, used as the file name.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The question the chart answers.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The chart in words, for those who cannot see it.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// A file of its own: title above, provenance below, light background.
    ///
    /// # Errors
    /// When the drawing backend fails.
    pub fn svg(&self) -> Result<String, ReportError> {
        svg::standalone(self)
    }

    /// The same picture as pixels, at twice the size.
    ///
    /// # Errors
    /// When the drawing backend fails.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        png::standalone(self)
    }

    /// The two layouts for a page, in the colours of the page; the style sheet shows one.
    pub(crate) fn inline(&self) -> Result<[String; 2], ReportError> {
        svg::inline(self)
    }

    /// The wide layout with its title above and its provenance below.
    fn framed(&self) -> Scene {
        scene::framed(&self.wide, &self.title, &self.footer)
    }
}

/// Every chart the result has data for, in the order of the page.
pub fn all(result: &CapacityResult) -> Vec<Chart> {
    [
        requirements(result),
        matrix::chart(result),
        growth(result),
        gap::chart(result),
        readings::chart(result),
        sessions::by_zone(result),
        sessions::by_tier(result),
        starts::chart(result),
        memory::chart(result),
        attainment(result),
        baseline::chart(result),
        service_cost(result),
        tornado::chart(result),
    ]
    .into_iter()
    .flatten()
    .chain(day::charts(result))
    .collect()
}

#[cfg(test)]
mod tests;
