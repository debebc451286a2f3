//! How each number came about: a mark beside it, and a numbered note at the end of its section.
//!
//! Without a script a mark leads to its note; with one, the note shows over the number that is
//! pointed at or the mark that has the focus. On paper the notes are printed. A mark in the heading of
//! a column, in a row or in a caption speaks for every number there, so that a table of ten thousand
//! numbers has a few marks and not ten thousand places to stop at.

use std::cell::RefCell;

use maud::{Markup, html};
use tonnage_model::profile::Origin;
use tonnage_model::result::{Assumption, CapacityResult};

use super::parts::column;
use crate::{format, view};

/// How a number came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// By multiplying and dividing what a claim states.
    Multiplied,
    /// From the scenario's people and rates alone.
    Demand,
    /// By formulas over all draws, for the technologies of the plans.
    Analytic,
    /// As [`How::Analytic`], for every technology of the profile.
    AnalyticOfAll,
    /// By formulas at the central inputs.
    Central,
    /// Formulas corrected by the simulation of a cell.
    Simulated,
    /// In the simulated cell itself.
    Cell,
    /// A day or a fleet, simulated.
    Fleet,
    /// A plan over the shared service, draw by draw.
    OverService,
    /// Hosts times their price.
    Price,
    /// A quantile of what is believed of an input.
    Quantile,
    /// Correlation over the draws.
    Draws,
    /// An input that was measured, published or assumed.
    Input(Origin),
    /// What the profile states, where nothing was measured.
    Profile,
    /// From measurements of two sides.
    Measured,
    /// By something that this version of the page does not know.
    Plan,
}

/// The notes of one section, numbered as they are first used.
pub(super) struct Notes<'a> {
    section: &'static str,
    result: &'a CapacityResult,
    used: RefCell<Vec<How>>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(section: &'static str, result: &'a CapacityResult) -> Self {
        let used = RefCell::default();
        Self {
            section,
            result,
            used,
        }
    }

    /// The mark of a number, or of all numbers in a column, a row or a table.
    pub(super) fn mark(&self, how: How) -> Markup {
        let mut used = self.used.borrow_mut();
        let index = used
            .iter()
            .position(|known| *known == how)
            .unwrap_or_else(|| {
                used.push(how);
                used.len() - 1
            });
        let number = index + 1;
        let id = self.id(number);
        html! {
            a.how href={ "#" (id) } aria-describedby=(id) aria-label={ "Note " (number) ": how it came about" } {
                sup { (number) }
            }
        }
    }

    /// Column headings with a mark where all numbers below came about in the same way; those that
    /// begin with `#` are of numbers.
    pub(super) fn columns(&self, names: &[(&str, Option<How>)]) -> Markup {
        html! {
            @for (name, how) in names {
                (column(name, &html! { @if let Some(how) = how { (self.mark(*how)) } }))
            }
        }
    }

    /// The notes, at the end of the section.
    pub(super) fn list(&self) -> Markup {
        let used = self.used.borrow();
        html! {
            @if !used.is_empty() {
                div.notes {
                    p { "How these numbers came about" }
                    ol {
                        @for (index, how) in used.iter().enumerate() {
                            li id=(self.id(index + 1)) {
                                @let (name, text) = self.note(*how);
                                strong { (name) ": " } (text)
                            }
                        }
                    }
                }
            }
        }
    }

    /// One sentence for all numbers of the section, which is always shown.
    pub(super) fn whole(&self, how: How) -> Markup {
        let (name, text) = self.note(how);
        html! {
            p.whole id={ (self.section) "-how" } {
                "How the numbers of this section came about: "
                strong { (name) ": " } (text)
            }
        }
    }

    fn id(&self, number: usize) -> String {
        format!("{}-how-{number}", self.section)
    }

    /// Its name and how it was done.
    fn note(&self, how: How) -> (&'static str, String) {
        match how {
            How::Multiplied => (
                "Multiplied",
                format!(
                    "plain arithmetic, as on a napkin, from figures of the claim and of the scenario. {}.",
                    self.scenario_inputs()
                ),
            ),
            How::Demand => (
                "Computed",
                format!(
                    "from the scenario's people, rates, time zones and session lengths. Inputs of the \
                     demand: {}. {}",
                    view::origins(self.demand_inputs()),
                    self.interval()
                ),
            ),
            How::Analytic => ("Analytic", self.analytic(self.planned_inputs())),
            How::AnalyticOfAll => {
                let all = self.result.technologies.iter();
                (
                    "Analytic",
                    self.analytic(all.flat_map(|one| &one.numbers).collect()),
                )
            }
            How::Central => (
                "Analytic, at the central inputs",
                format!(
                    "computed by formulas with every input at its median, so it has no interval. {}; {}.",
                    self.scenario_inputs(),
                    technology_inputs(self.planned_inputs()),
                ),
            ),
            How::Simulated => (
                "Simulated",
                format!(
                    "the analytic estimate, corrected by the load that a cell of hosts, simulated event \
                     by event in up to {} replications, carries within the same promises. The interval \
                     holds the noise of the simulation and the uncertainty of the inputs. {}; {}.",
                    self.result.provenance.replications,
                    self.scenario_inputs(),
                    technology_inputs(self.planned_inputs()),
                ),
            ),
            How::Cell => (
                "Simulated",
                format!(
                    "counted in a cell of hosts that was simulated event by event, with every input at \
                     its median. The interval is over up to {} replications, seed {}.",
                    self.result.provenance.replications, self.result.provenance.seed,
                ),
            ),
            How::Fleet => (
                "Simulated",
                format!(
                    "counted in hosts that were simulated event by event, seed {}. {}; {}.",
                    self.result.provenance.seed,
                    self.scenario_inputs(),
                    technology_inputs(self.planned_inputs()),
                ),
            ),
            How::OverService => (
                "Analytic",
                format!(
                    "the plan and the shared service are computed by the same formulas in each of {} \
                     draws of the uncertain inputs, and held against each other draw by draw.",
                    format::full(f64::from(self.result.provenance.draws)),
                ),
            ),
            How::Price => ("Priced", self.price()),
            How::Draws => (
                "Computed",
                format!(
                    "over the {} draws of the uncertain inputs, seed {}.",
                    format::full(f64::from(self.result.provenance.draws)),
                    self.result.provenance.seed,
                ),
            ),
            How::Quantile | How::Input(_) | How::Profile | How::Measured | How::Plan => given(how),
        }
    }

    fn analytic(&self, technologies: Vec<&'a Assumption>) -> String {
        format!(
            "computed by queueing formulas at the busiest moment of the week, within the promises. {} {}; \
             {}.",
            self.interval(),
            self.scenario_inputs(),
            technology_inputs(technologies),
        )
    }

    fn interval(&self) -> String {
        format!(
            "The figure is at the median of every input, the interval holds 95% of {} draws of the \
             uncertain ones (seed {}).",
            format::full(f64::from(self.result.provenance.draws)),
            self.result.provenance.seed,
        )
    }

    fn price(&self) -> String {
        let hours = "the hosts of the same row times the list price of one for 730 hours";
        let known = self.result.assumptions.iter();
        let mut known = known.filter(|input| input.key.starts_with("host.usd"));
        known.next().map_or_else(
            || format!("{hours}."),
            |price| {
                format!(
                    "{hours}; the price is {} ({}, as “Assumptions and their sources” says).",
                    price.value,
                    crate::words::origin(price.origin)
                )
            },
        )
    }

    fn scenario_inputs(&self) -> String {
        format!(
            "Inputs of the scenario: {}",
            view::origins(&self.result.assumptions)
        )
    }

    fn demand_inputs(&self) -> impl Iterator<Item = &'a Assumption> + use<'a> {
        let known = self.result.assumptions.iter();
        known.filter(|input| input.key.starts_with("segments.") || input.key.starts_with("tiers."))
    }

    /// The numbers of every technology that a plan uses.
    fn planned_inputs(&self) -> Vec<&'a Assumption> {
        let used = |id: &str| {
            let tiers = self.result.plans.iter().flat_map(|plan| &plan.tiers);
            tiers.into_iter().any(|tier| tier.technology == id)
        };
        let technologies = self.result.technologies.iter();
        technologies
            .filter(|technology| used(&technology.id))
            .flat_map(|technology| &technology.numbers)
            .collect()
    }
}

fn technology_inputs<'a>(numbers: impl IntoIterator<Item = &'a Assumption>) -> String {
    format!("of the technologies: {}", view::origins(numbers))
}

/// Notes on what was not computed here.
fn given(how: How) -> (&'static str, String) {
    let (name, text) = match how {
        How::Input(Origin::Measured) | How::Measured => (
            "Measured",
            "by starting sandboxes on a host; where, when and how often stands beside the number or \
             under “Measured on this host”.",
        ),
        How::Input(Origin::Published) => (
            "Published",
            "found by others under their own conditions; the source stands beside the number. Not \
             measured here.",
        ),
        How::Input(Origin::Assumed) => (
            "Assumed",
            "by whoever wrote the scenario or the profile; the reason stands beside the number. Nobody \
             measured it.",
        ),
        How::Quantile => (
            "Believed",
            "a quantile of what the scenario or the profile says of an uncertain input; where that comes \
             from stands under “Assumptions and their sources” and “Technologies of the profile”.",
        ),
        How::Profile => (
            "From the profile",
            "published by others or assumed, as listed under “Technologies of the profile”; nothing of it \
             was measured here.",
        ),
        _ => (
            "Computed",
            "from the inputs of the scenario and of the profile; the row says what was found.",
        ),
    };
    (name, text.to_owned())
}
