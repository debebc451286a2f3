//! The sizing of single tiers at the central inputs, for those who go on from there.

use super::analytic::{Detail, Site, Sizing};
use super::cell::CellTemplate;
use super::limits::SlowdownTable;
use super::{PlanError, slowdown_table};
use crate::demand::{Demand, DemandModel, ShapeCache};
use crate::input::Draw;
use crate::scenario::{PlanAssignment, Scenario};

/// A scenario at the central inputs.
#[derive(Debug)]
pub(crate) struct Central<'a> {
    scenario: &'a Scenario,
    table: SlowdownTable,
    /// The median of every input.
    pub(crate) draw: Draw,
    /// Open sessions and starts of every tier over the week.
    pub(crate) demand: Demand,
}

/// One tier on one technology as the plan cuts it into cells.
#[derive(Debug)]
pub(crate) struct CentralTier<'a> {
    /// Everything of a cell but its hosts and its demand.
    pub(crate) template: CellTemplate<'a>,
    /// Cells; a whole number, zero where there are no sessions.
    pub(crate) cells: f64,
    /// Hosts of one cell, spare ones not counted.
    pub(crate) cell_hosts: u32,
    /// Hosts in all, spare ones counted.
    pub(crate) hosts: f64,
}

impl<'a> Central<'a> {
    /// Puts the median of every input in its place.
    ///
    /// # Errors
    /// If the inputs make no distribution.
    pub(crate) fn new(scenario: &'a Scenario) -> Result<Self, PlanError> {
        let draw = Draw::central(&scenario.inputs);
        let demand = DemandModel::new(scenario)?.at(&draw, &mut ShapeCache::default())?;
        Ok(Self {
            scenario,
            table: slowdown_table(scenario),
            draw,
            demand,
        })
    }

    /// Sizes a tier for the busiest moment of the week, where a cell carries the `correction`th part
    /// of what the formulas say.
    ///
    /// # Errors
    /// If the inputs make no distribution or a formula leaves its range. Within: why not one sandbox
    /// can be carried.
    pub(crate) fn tier(
        &self,
        assignment: PlanAssignment,
        correction: f64,
    ) -> Result<Result<CentralTier<'_>, String>, PlanError> {
        let template = match CellTemplate::new(self.scenario, assignment, &self.draw)? {
            Ok(template) => template,
            Err(too_small) => return Ok(Err(too_small.0)),
        };
        let site = Site {
            scenario: self.scenario,
            assignment,
            draw: &self.draw,
            table: &self.table,
        };
        Ok(match site.sized(&self.demand, Detail::Hosts, correction)? {
            Ok(Sizing {
                cells,
                cell_hosts,
                hosts,
                ..
            }) => Ok(CentralTier {
                template,
                cells,
                cell_hosts,
                hosts,
            }),
            Err(too_small) => Err(too_small.0),
        })
    }
}
