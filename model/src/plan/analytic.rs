//! The analytic estimate: how many hosts hold the busiest moment within the service level.

use super::PlanError;
use super::cell::CellTemplate;
use super::limits::{Attained, CellRules, HostLimits, SlowdownTable, TooSmall};
use super::operation::{self, Operated};
use super::workload::Workload;
use crate::demand::Demand;
use crate::input::Draw;
use crate::result::BindingResource;
use crate::scenario::{PlanAssignment, Scenario};

/// Hosts for one tier on one technology at one draw of the inputs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sizing {
    pub(super) workload: Workload,
    /// Cells; a whole number.
    pub(super) cells: f64,
    /// Hosts of one cell, spare ones not counted.
    pub(super) cell_hosts: u32,
    /// Hosts in all, spare ones counted.
    pub(super) hosts: f64,
    pub(super) binding: BindingResource,
    /// Hosts that each resource alone would need, spare ones not counted; with full detail.
    pub(super) by_resource: Vec<(BindingResource, f64)>,
    /// What running the fleet as the scenario says means.
    pub(super) operated: Operated,
}

/// A tier on a technology, or why it cannot be.
pub(super) type Sized = Result<Sizing, TooSmall>;

/// How much to work out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// The hosts: what each draw needs.
    Hosts,
    /// Also what each resource alone would need.
    Full,
}

/// Sizes one tier on one technology for the busiest moment of its demand.
pub(super) fn size(
    scenario: &Scenario,
    assignment: PlanAssignment,
    demand: &Demand,
    draw: &Draw,
    table: &SlowdownTable,
    detail: Detail,
) -> Result<Sized, PlanError> {
    let template = match CellTemplate::new(scenario, assignment, draw)? {
        Ok(template) => template,
        Err(too_small) => return Ok(Err(too_small)),
    };
    let workload = Workload::peak(demand, assignment.tier.0, template.carried());
    let limits = HostLimits::new(scenario, template.room(), table)?;
    let mut sized = size_fleet(&CellRules::new(scenario, &limits), workload, detail, 1.0)?;
    if let Ok(sizing) = &mut sized {
        sizing.operated = operation::Sized {
            scenario,
            assignment,
            draw,
            demand,
            template: &template,
            sizing,
        }
        .operated();
    }
    Ok(sized)
}

/// Where a workload is carried: the scenario's hosts and rules at one draw of the inputs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) assignment: PlanAssignment,
    pub(super) draw: &'a Draw,
    pub(super) table: &'a SlowdownTable,
}

impl Site<'_> {
    /// The sizing for the busiest moment of a demand, where a cell carries the `correction`th part of
    /// what the formulas say.
    pub(super) fn sized(
        &self,
        demand: &Demand,
        detail: Detail,
        correction: f64,
    ) -> Result<Sized, PlanError> {
        let template = match CellTemplate::new(self.scenario, self.assignment, self.draw)? {
            Ok(template) => template,
            Err(too_small) => return Ok(Err(too_small)),
        };
        let workload = Workload::peak(demand, self.assignment.tier.0, template.carried());
        let limits = HostLimits::new(self.scenario, template.room(), self.table)?;
        let rules = CellRules::new(self.scenario, &limits);
        size_fleet(&rules, workload, detail, correction)
    }

    /// How much comes off as promised on so many hosts of each cell that `sizing` cut a tier into,
    /// spare ones not counted.
    pub(super) fn attained(
        &self,
        sizing: &Sizing,
        hosts: u32,
    ) -> Result<Option<Attained>, PlanError> {
        let Ok(template) = CellTemplate::new(self.scenario, self.assignment, self.draw)? else {
            return Ok(None);
        };
        let limits = HostLimits::new(self.scenario, template.room(), self.table)?;
        let rules = CellRules::new(self.scenario, &limits);
        let workload = &sizing.workload;
        let single_cell = sizing.cells <= 1.0;
        let sessions = workload.sessions / sizing.cells;
        Ok(Some(rules.attained(
            hosts,
            sessions,
            workload,
            single_cell,
        )?))
    }

    /// Hosts for a workload known already, where a cell carries the `correction`th part of what the
    /// formulas say.
    pub(super) fn hosts(&self, workload: Workload, correction: f64) -> Result<f64, PlanError> {
        let Self {
            scenario,
            assignment,
            draw,
            table,
        } = *self;
        let Ok(template) = CellTemplate::new(scenario, assignment, draw)? else {
            return Ok(f64::INFINITY);
        };
        let limits = HostLimits::new(scenario, template.room(), table)?;
        let rules = CellRules::new(scenario, &limits);
        let sized = size_fleet(&rules, workload, Detail::Hosts, correction)?;
        Ok(sized.map_or(f64::INFINITY, |sizing| sizing.hosts))
    }
}

/// A cell of the largest size allowed carries so many sessions within every promise; that gives
/// the number of cells. Each cell then gets the fewest hosts that carry its even part.
fn size_fleet(
    rules: &CellRules<'_>,
    workload: Workload,
    detail: Detail,
    correction: f64,
) -> Result<Sized, PlanError> {
    let most_hosts = rules.fleet.cell_hosts;
    if workload.sessions <= 0.0 {
        return Ok(Ok(Sizing {
            workload,
            ..Sizing::nothing()
        }));
    }
    // A cell that carries less than the formulas say is sized for so many more sessions.
    let all = workload.sessions * correction;
    let single_cell = holds(rules, most_hosts, all, &workload, true)?;
    let (mut binding, carries) = rules.carries(most_hosts, &workload)?;
    if !single_cell && carries <= 0.0 {
        return Ok(Err(TooSmall(
            "no number of hosts in one cell holds the service level".to_owned(),
        )));
    }
    let cells = if single_cell {
        1.0
    } else {
        (all / carries - 1e-9).ceil()
    };
    let sessions = all / cells;
    let cell_hosts = fewest_hosts(rules, &workload, sessions, single_cell)?;
    if single_cell {
        // What one host fewer would break.
        let fewer = cell_hosts - 1;
        let lacks_room = fewer == 0 || !rules.has_room(fewer, sessions, &workload, single_cell)?;
        let (linear, per_host) = rules.per_host(&workload);
        let lacks_linear = f64::from(fewer) * per_host * (1.0 + 1e-9) < sessions;
        binding = match (lacks_linear, lacks_room) {
            (true, false) => linear,
            (false, true) => rules.limits.room.slot_resource,
            _ => most_needed(&rules.hosts_by_resource(most_hosts, &workload)?),
        };
    }
    let by_resource = match detail {
        Detail::Full => rules.hosts_by_resource(most_hosts, &workload)?,
        Detail::Hosts => Vec::new(),
    };
    let hosts = cells * f64::from(cell_hosts + rules.fleet.spare_hosts);
    Ok(Ok(Sizing {
        workload,
        cells,
        cell_hosts,
        hosts,
        binding,
        by_resource,
        operated: Operated::default(),
    }))
}

/// The resource that alone needs the most hosts; the first of equals.
fn most_needed(by_resource: &[(BindingResource, f64)]) -> BindingResource {
    let mut most = (BindingResource::Cpu, f64::NEG_INFINITY);
    for (resource, hosts) in by_resource {
        if *hosts > most.1 {
            most = (*resource, *hosts);
        }
    }
    most.0
}

/// Whether a cell of so many hosts carries so many sessions within every promise.
fn holds(
    rules: &CellRules<'_>,
    hosts: u32,
    sessions: f64,
    workload: &Workload,
    single_cell: bool,
) -> Result<bool, PlanError> {
    let (_, per_host) = rules.per_host(workload);
    // A rounding error must not cost a host.
    Ok(f64::from(hosts) * per_host * (1.0 + 1e-9) >= sessions
        && rules.has_room(hosts, sessions * (1.0 - 1e-9), workload, single_cell)?)
}

/// The fewest hosts that carry so many sessions; a cell carries more with more hosts.
fn fewest_hosts(
    rules: &CellRules<'_>,
    workload: &Workload,
    sessions: f64,
    single_cell: bool,
) -> Result<u32, PlanError> {
    let (mut too_few, mut enough) = (0, rules.fleet.cell_hosts);
    while enough - too_few > 1 {
        let middle = u32::midpoint(too_few, enough);
        if holds(rules, middle, sessions, workload, single_cell)? {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    Ok(enough)
}

impl Sizing {
    /// No hosts for no sessions.
    pub(super) fn nothing() -> Self {
        Self {
            workload: Workload::default(),
            cells: 0.0,
            cell_hosts: 0,
            hosts: 0.0,
            binding: BindingResource::Cpu,
            by_resource: Vec::new(),
            operated: Operated::default(),
        }
    }
}
