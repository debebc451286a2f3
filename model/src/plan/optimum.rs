//! `tonnage optimize`: which technology on which host shape carries each tier at the least cost.
//!
//! Every technology that gives a tier what it needs is put on every shape that has a price, with
//! every lifecycle the tier allows, in cells of several sizes, and sized by the formulas of the
//! analytic estimate. Tiers do not share hosts, so each is decided alone.
//!
//! All of that is done at the central inputs and at a few draws of the uncertain ones. What is among
//! the cheapest in one of these, and each technology's own best, is then sized at every draw: the
//! same draws for all, so that their comparison is no noise.

use rayon::prelude::*;

use super::analytic::{Detail, Sizing, size};
use super::draws::{interval, latin_hypercube};
use super::limits::SlowdownTable;
use super::monte_carlo::IMPOSSIBLE_SHARE;
use super::sizing::{SizingEffort, Subject, find};
use super::words::NOT_SIMULATED;
use super::{HOURS_PER_MONTH, PlanError, PlanOptions, Planner, Progress, ratio};
use crate::demand::{Demand, DemandModel, ShapeCache};
use crate::input::Draw;
use crate::profile::Boundary;
use crate::result::{
    CapacityResult, Confirmation, ConfirmationOutcome, ExcludedTechnology, FleetSize,
    OptimumOption, OptimumResult, OptimumTier, ShapeListSummary,
};
use crate::scenario::{HostShapesDocument, Loaded, PlanAssignment, Scenario, Technology, TierId};
use crate::simulation::SimulationError;
use crate::units::{Memory, Unit};

/// What to choose from.
#[derive(Debug, Clone, Default)]
pub struct OptimizeOptions {
    /// Monte Carlo draws in place of the scenario's.
    pub draws: Option<u32>,
    /// Lists of host shapes.
    pub lists: Vec<HostShapesDocument>,
    /// Architecture the shapes must have; none if any will do.
    pub architecture: Option<String>,
    /// Weakest isolation boundary allowed.
    pub isolation: Option<Boundary>,
    /// Whether virtual machines may carry technologies that need hardware virtualisation.
    pub nested_virtualisation: bool,
    /// Sizes of cells to try, hosts that may be lost not counted; if empty, 10, 20, 40 and 80 up
    /// to the scenario's `fleet.cell_hosts`, and that.
    pub cell_hosts: Vec<u32>,
    /// Speed of the vCPUs of shapes whose names begin so, over that of the scenario's host.
    pub speeds: Vec<(String, f64)>,
    /// Whether to size the choices by simulation, and how much to simulate.
    pub confirm: Option<SizingEffort>,
}

/// Cell sizes tried unless told otherwise.
const CELL_SIZES: [u32; 4] = [10, 20, 40, 80];

/// Draws at which every combination is sized.
const FIRST_DRAWS: usize = 16;

/// Combinations of a tier kept at each of these.
const KEPT_AT_EACH: usize = 5;

/// Technologies listed for a tier, and shapes for its choice.
const LISTED: usize = 5;

/// Options whose cost is up to so many times that of the choice are close: they are sized by
/// simulation too.
const CLOSE: f64 = 1.1;

/// Options of a tier sized by simulation at most.
const MOST_CONFIRMED: usize = 3;

/// Plans a scenario by formulas and finds its cheapest hardware.
///
/// # Errors
/// If a plan cannot be carried out, or no list has a shape that can be used.
pub fn optimize(
    loaded: &Loaded,
    options: &OptimizeOptions,
    progress: &dyn Progress,
) -> Result<CapacityResult, PlanError> {
    let plan_options = PlanOptions {
        simulate: false,
        draws: options.draws,
    };
    let planner = Planner::new(loaded, &plan_options, progress);
    planner.run_and(|_, result| {
        result
            .warnings
            .retain(|warning| !warning.starts_with(NOT_SIMULATED));
        result.optimum = Some(Search::new(&planner, options)?.run()?);
        Ok(())
    })
}

/// A host shape that may be used.
struct Shape {
    list: usize,
    name: String,
    vcpus: u32,
    memory_bytes: f64,
    usd_per_hour: f64,
    bare_metal: bool,
    /// Times the speed of the scenario's host.
    speed: f64,
}

/// A shape with cells of one size.
struct Site {
    shape: usize,
    scenario: Scenario,
}

/// A combination.
#[derive(Clone, Copy)]
struct Candidate {
    assignment: PlanAssignment,
    site: usize,
    /// Whether it meets what is demanded beyond the tier's needs.
    allowed: bool,
}

/// The combinations that were sized at every draw, and what each costs at each.
struct Field<'a> {
    kept: &'a [Candidate],
    /// By draw, then by combination.
    costs: &'a [Vec<f64>],
}

/// A kept combination with its sizing and its cost at central inputs.
struct Costed {
    index: usize,
    sizing: Sizing,
    usd: f64,
}

struct Search<'a> {
    planner: &'a Planner<'a>,
    options: &'a OptimizeOptions,
    lists: Vec<ShapeListSummary>,
    shapes: Vec<Shape>,
    sites: Vec<Site>,
    sizes: Vec<u32>,
    table: SlowdownTable,
    central_demand: Demand,
}

impl<'a> Search<'a> {
    fn new(planner: &'a Planner<'a>, options: &'a OptimizeOptions) -> Result<Self, PlanError> {
        let scenario = planner.scenario;
        let mut shapes = Vec::new();
        let mut lists = Vec::new();
        for (index, list) in options.lists.iter().enumerate() {
            let (used, left_out) = usable(list, index, options);
            lists.push(ShapeListSummary {
                title: list.title.clone(),
                source: list.source.clone(),
                used: u32::try_from(used.len()).unwrap_or(u32::MAX),
                left_out,
            });
            shapes.extend(used);
        }
        if shapes.is_empty() {
            return Err(PlanError::NoShapes {
                reasons: lists
                    .iter()
                    .flat_map(|list| &list.left_out)
                    .cloned()
                    .collect(),
            });
        }
        let largest = scenario.fleet.cell_hosts;
        let mut sizes = if options.cell_hosts.is_empty() {
            let smaller = CELL_SIZES.iter().copied().filter(|size| *size < largest);
            smaller.chain([largest]).collect()
        } else {
            options.cell_hosts.clone()
        };
        sizes.sort_unstable();
        sizes.dedup();
        let sites = shapes
            .iter()
            .enumerate()
            .flat_map(|(index, shape)| {
                sizes.iter().map(move |size| Site {
                    shape: index,
                    scenario: on_shape(scenario, shape, *size),
                })
            })
            .collect();
        let central_demand =
            DemandModel::new(scenario)?.at(&planner.central, &mut ShapeCache::default())?;
        let most_vcpus = shapes.iter().map(|shape| shape.vcpus).max().unwrap_or(1);
        Ok(Self {
            planner,
            options,
            lists,
            table: SlowdownTable::new(scenario.service_level.burst_slowdown_p99, most_vcpus),
            shapes,
            sites,
            sizes,
            central_demand,
        })
    }

    fn run(self) -> Result<OptimumResult, PlanError> {
        let scenario = self.planner.scenario;
        let candidates = self.candidates();
        let draws = latin_hypercube(&scenario.inputs, self.planner.draws, scenario.seed);
        let kept = self.keep(&candidates, &draws)?;
        let progress = self.planner.progress;
        progress.begin("cheapest at every draw", draws.len() as u64);
        let costs = self.costs(&kept, &draws)?;
        let mut tiers = Vec::with_capacity(scenario.tiers.len());
        let mut chosen: Vec<(usize, f64)> = Vec::new();
        let field = Field {
            kept: &kept,
            costs: &costs,
        };
        for index in 0..scenario.tiers.len() {
            let (tier, choice) = self.tier(index, &candidates, &field)?;
            chosen.extend(choice);
            tiers.push(tier);
        }
        let complete = chosen.len() == tiers.len();
        let usd_per_month = complete.then(|| {
            let central = chosen.iter().map(|(_, usd)| usd).sum();
            let mut totals: Vec<f64> = costs
                .iter()
                .map(|at| chosen.iter().map(|(index, _)| at[*index]).sum())
                .collect();
            interval(central, &mut totals)
        });
        let without: f64 = tiers
            .iter()
            .filter_map(|tier| {
                let other = tier.without_demands.as_ref().or(tier.options.first())?;
                Some(other.usd_per_month.central)
            })
            .sum();
        let any_dearer = tiers.iter().any(|tier| tier.without_demands.is_some());
        Ok(OptimumResult {
            architecture: self.options.architecture.clone(),
            isolation: self.options.isolation,
            nested_virtualisation: self.options.nested_virtualisation,
            cell_hosts: self.sizes.clone(),
            combinations: candidates.len() as u64,
            kept: kept.len() as u64,
            usd_per_month,
            usd_per_month_without_demands: any_dearer.then_some(without),
            notes: self.notes(),
            lists: self.lists,
            tiers,
        })
    }

    /// Every technology that gives a tier what it needs, in every lifecycle the tier allows, on
    /// every shape, in cells of every size.
    fn candidates(&self) -> Vec<Candidate> {
        let scenario = self.planner.scenario;
        let mut candidates = Vec::new();
        for (index, tier) in scenario.tiers.iter().enumerate() {
            for (technology, offered) in scenario.technologies.iter().enumerate() {
                if !offered.missing(&tier.needs).is_empty() {
                    continue;
                }
                for assignment in ways(scenario, TierId(index), technology) {
                    for (site, at) in self.sites.iter().enumerate() {
                        candidates.push(Candidate {
                            assignment,
                            site,
                            allowed: self.is_isolated(offered)
                                && self.is_runnable(offered, &self.shapes[at.shape]),
                        });
                    }
                }
            }
        }
        candidates
    }

    fn is_isolated(&self, technology: &Technology) -> bool {
        self.options
            .isolation
            .is_none_or(|weakest| technology.boundary >= weakest)
    }

    /// Hardware virtualisation is there on bare metal; whether a virtual machine offers it nested
    /// is not in the lists.
    fn is_runnable(&self, technology: &Technology, shape: &Shape) -> bool {
        technology.boundary != Boundary::Hardware
            || shape.bare_metal
            || self.options.nested_virtualisation
    }

    /// Candidates that are among the cheapest of their tier at the central inputs or at one of the
    /// first draws, and the cheapest of each technology and lifecycle at the central inputs.
    fn keep(&self, all: &[Candidate], draws: &[Draw]) -> Result<Vec<Candidate>, PlanError> {
        let first: Vec<Draw> = std::iter::once(self.planner.central.clone())
            .chain(draws.iter().take(FIRST_DRAWS).cloned())
            .collect();
        self.planner
            .progress
            .begin("technologies and host shapes", first.len() as u64);
        let costs = self.costs(all, &first)?;
        let mut keep = vec![false; all.len()];
        for tier in 0..self.planner.scenario.tiers.len() {
            for allowed in [true, false] {
                let of_tier: Vec<usize> = (0..all.len())
                    .filter(|index| all[*index].assignment.tier.0 == tier)
                    .filter(|index| all[*index].allowed || !allowed)
                    .collect();
                for at in &costs {
                    let mut cheapest = of_tier.clone();
                    cheapest.retain(|index| at[*index].is_finite());
                    cheapest.sort_by(|a, b| at[*a].total_cmp(&at[*b]));
                    // What is not allowed is only compared at the central inputs.
                    let count = if allowed { KEPT_AT_EACH } else { 1 };
                    for index in cheapest.into_iter().take(count) {
                        keep[index] = true;
                    }
                }
                if !allowed {
                    continue;
                }
                let mut ways: Vec<PlanAssignment> =
                    of_tier.iter().map(|index| all[*index].assignment).collect();
                ways.dedup();
                for way in ways {
                    let cheapest = of_tier
                        .iter()
                        .copied()
                        .filter(|index| all[*index].assignment == way)
                        .filter(|index| costs[0][*index].is_finite())
                        .min_by(|a, b| costs[0][*a].total_cmp(&costs[0][*b]));
                    if let Some(index) = cheapest {
                        keep[index] = true;
                    }
                }
            }
        }
        Ok(all
            .iter()
            .zip(keep)
            .filter_map(|(candidate, keep)| keep.then_some(*candidate))
            .collect())
    }

    /// US dollars per month of each candidate, by draw; infinite where it cannot be.
    fn costs(&self, candidates: &[Candidate], draws: &[Draw]) -> Result<Vec<Vec<f64>>, PlanError> {
        let model = DemandModel::new(self.planner.scenario)?;
        draws
            .par_iter()
            .map(|draw| {
                let demand = model.at(draw, &mut ShapeCache::coarse())?;
                let on_shapes: Vec<Draw> = self
                    .shapes
                    .iter()
                    .map(|shape| self.draw_on(shape, draw))
                    .collect();
                let costs = candidates
                    .iter()
                    .map(|candidate| {
                        let site = &self.sites[candidate.site];
                        let sized = size(
                            &site.scenario,
                            candidate.assignment,
                            &demand,
                            &on_shapes[site.shape],
                            &self.table,
                            Detail::Hosts,
                        )?;
                        let hosts = sized.map_or(f64::INFINITY, |sizing| sizing.hosts);
                        Ok(hosts * self.monthly(candidate))
                    })
                    .collect::<Result<Vec<f64>, PlanError>>()?;
                self.planner.progress.advance(1);
                Ok(costs)
            })
            .collect()
    }

    /// US dollars per month of one host.
    fn monthly(&self, candidate: &Candidate) -> f64 {
        self.shapes[self.sites[candidate.site].shape].usd_per_hour * HOURS_PER_MONTH
    }

    /// A draw on a shape: memory is kept back in proportion to the host's, and its vCPUs may have
    /// another speed.
    fn draw_on(&self, shape: &Shape, draw: &Draw) -> Draw {
        let host = &self.planner.scenario.host;
        let kept_back = draw.get(host.reserved_memory) * shape.memory_bytes / host.memory_bytes;
        draw.with(host.reserved_memory, kept_back)
            .with(host.speed, draw.get(host.speed) * shape.speed)
    }

    fn central_sizing(&self, candidate: &Candidate) -> Result<Option<Sizing>, PlanError> {
        let site = &self.sites[candidate.site];
        let central = self.draw_on(&self.shapes[site.shape], &self.planner.central);
        let sized = size(
            &site.scenario,
            candidate.assignment,
            &self.central_demand,
            &central,
            &self.table,
            Detail::Full,
        )?;
        Ok(sized.ok())
    }

    /// A tier's options, and the choice's index among the kept with its cost at central inputs.
    fn tier(
        &self,
        tier: usize,
        all: &[Candidate],
        field: &Field<'_>,
    ) -> Result<(OptimumTier, Option<(usize, f64)>), PlanError> {
        let id = self.planner.scenario.tiers[tier].id.clone();
        let mut excluded = self.excluded(tier, all);
        let (usable, barred) = self.costed(tier, field)?;
        let Some(choice) = usable.first() else {
            let barred = barred.first();
            let without_demands = barred.map(|other| self.option(field, other, other, &[], &[]));
            let nothing = OptimumTier {
                tier: id,
                options: Vec::new(),
                shapes: Vec::new(),
                without_demands,
                excluded,
                confirmed: Vec::new(),
            };
            return Ok((nothing, None));
        };
        let indices: Vec<usize> = usable.iter().map(|one| one.index).collect();
        let way = |one: &Costed| field.kept[one.index].assignment;
        let mut best_of_ways: Vec<&Costed> = Vec::new();
        for one in &usable {
            if !best_of_ways.iter().any(|best| way(best) == way(one)) {
                best_of_ways.push(one);
            }
        }
        excluded.extend(self.too_often_impossible(&best_of_ways, &excluded, field));
        let options = best_of_ways
            .iter()
            .take(LISTED)
            .map(|one| {
                let same = |index: &usize| field.kept[*index].assignment == way(one);
                let same: Vec<usize> = indices.iter().copied().filter(same).collect();
                self.option(field, one, choice, &same, &indices)
            })
            .collect();
        let without_demands = barred
            .first()
            .filter(|other| other.usd < choice.usd)
            .map(|other| self.option(field, other, choice, &[], &indices));
        let confirmed = match self.options.confirm {
            Some(effort) => best_of_ways
                .iter()
                .take(MOST_CONFIRMED)
                .filter(|one| one.usd <= CLOSE * choice.usd)
                .map(|one| self.confirm(&field.kept[one.index], &one.sizing, effort))
                .collect::<Result<_, _>>()?,
            None => Vec::new(),
        };
        let tier = OptimumTier {
            tier: id,
            options,
            shapes: self.other_shapes(&usable, choice, &indices, field),
            without_demands,
            excluded,
            confirmed,
        };
        Ok((tier, Some((choice.index, choice.usd))))
    }

    /// The kept combinations of a tier that can be at enough draws, cheapest at central inputs first:
    /// those allowed, and the others.
    fn costed(
        &self,
        tier: usize,
        field: &Field<'_>,
    ) -> Result<(Vec<Costed>, Vec<Costed>), PlanError> {
        let (mut usable, mut barred) = (Vec::new(), Vec::new());
        for (index, candidate) in field.kept.iter().enumerate() {
            if candidate.assignment.tier.0 != tier {
                continue;
            }
            let costs = field.costs;
            let failed = costs.iter().filter(|at| !at[index].is_finite()).count();
            if ratio(failed as f64, costs.len() as f64) >= IMPOSSIBLE_SHARE {
                continue;
            }
            let Some(sizing) = self.central_sizing(candidate)? else {
                continue;
            };
            let usd = sizing.hosts * self.monthly(candidate);
            let list = if candidate.allowed {
                &mut usable
            } else {
                &mut barred
            };
            list.push(Costed { index, sizing, usd });
        }
        for list in [&mut usable, &mut barred] {
            list.sort_by(|a: &Costed, b: &Costed| {
                a.usd.total_cmp(&b.usd).then(a.index.cmp(&b.index))
            });
        }
        Ok((usable, barred))
    }

    /// A technology all of whose kept combinations fail at too many draws has none left.
    fn too_often_impossible(
        &self,
        best_of_ways: &[&Costed],
        excluded: &[ExcludedTechnology],
        field: &Field<'_>,
    ) -> Vec<ExcludedTechnology> {
        let is_known = |technology: usize, id: &str| {
            best_of_ways
                .iter()
                .any(|best| field.kept[best.index].assignment.technology == technology)
                || excluded.iter().any(|other| other.technology == id)
        };
        self.planner
            .scenario
            .technologies
            .iter()
            .enumerate()
            .filter(|(technology, offered)| !is_known(*technology, &offered.id))
            .map(|(_, offered)| ExcludedTechnology {
                technology: offered.id.clone(),
                reason: "on no shape does a sandbox fit at enough draws of the uncertain inputs"
                    .to_owned(),
            })
            .collect()
    }

    /// The choice's technology on other shapes, cheapest first.
    fn other_shapes(
        &self,
        usable: &[Costed],
        choice: &Costed,
        indices: &[usize],
        field: &Field<'_>,
    ) -> Vec<OptimumOption> {
        let way = |index: usize| field.kept[index].assignment;
        let shape = |index: usize| self.sites[field.kept[index].site].shape;
        let mut seen = vec![shape(choice.index)];
        let mut shapes = Vec::new();
        for one in usable {
            if way(one.index) != way(choice.index) || seen.contains(&shape(one.index)) {
                continue;
            }
            seen.push(shape(one.index));
            let same: Vec<usize> = indices
                .iter()
                .copied()
                .filter(|index| way(*index) == way(one.index) && shape(*index) == shape(one.index))
                .collect();
            shapes.push(self.option(field, one, choice, &same, indices));
        }
        shapes.truncate(LISTED);
        shapes
    }

    /// `same` are the kept combinations that count as this option, `all` those it is held against.
    fn option(
        &self,
        field: &Field<'_>,
        one: &Costed,
        choice: &Costed,
        same: &[usize],
        all: &[usize],
    ) -> OptimumOption {
        let (index, costs) = (one.index, field.costs);
        let candidate = &field.kept[index];
        let shape = &self.shapes[self.sites[candidate.site].shape];
        let scenario = self.planner.scenario;
        let least = |at: &[f64], among: &[usize]| {
            among
                .iter()
                .map(|index| at[*index])
                .fold(f64::INFINITY, f64::min)
        };
        let wins = costs
            .iter()
            .filter(|at| least(at, same).is_finite() && least(at, same) <= least(at, all))
            .count();
        let regrets: Vec<f64> = costs
            .iter()
            .filter(|at| least(at, all).is_finite())
            .map(|at| at[index] / least(at, all) - 1.0)
            .filter(|regret| regret.is_finite())
            .collect();
        let mut of_draws: Vec<f64> = costs.iter().map(|at| at[index]).collect();
        let mut ratios: Vec<f64> = costs
            .iter()
            .map(|at| at[index] / at[choice.index])
            .filter(|ratio| ratio.is_finite())
            .collect();
        let usd_per_month = interval(one.usd, &mut of_draws);
        OptimumOption {
            technology: scenario.technologies[candidate.assignment.technology]
                .id
                .clone(),
            lifecycle: candidate.assignment.lifecycle,
            list: self.lists[shape.list].title.clone(),
            shape: shape.name.clone(),
            usd_per_hour: shape.usd_per_hour,
            fleet: FleetSize {
                cells: one.sizing.cells,
                working_hosts: one.sizing.cell_hosts,
                lost_hosts: scenario.fleet.spare_hosts,
                sessions_per_cell: ratio(one.sizing.workload.sessions, one.sizing.cells),
            },
            hosts: usd_per_month.scaled(1.0 / self.monthly(candidate)),
            usd_per_month,
            binding: one.sizing.binding,
            cheapest_share: ratio(wins as f64, costs.len() as f64),
            regret: ratio(regrets.iter().sum(), regrets.len() as f64),
            over_choice: interval(ratio(one.usd, choice.usd), &mut ratios),
        }
    }

    /// Technologies that no allowed combination has.
    fn excluded(&self, tier: usize, all: &[Candidate]) -> Vec<ExcludedTechnology> {
        let scenario = self.planner.scenario;
        let needs = &scenario.tiers[tier].needs;
        let of_technology = |technology: usize| {
            all.iter().filter(move |candidate| {
                candidate.assignment.tier.0 == tier && candidate.assignment.technology == technology
            })
        };
        scenario
            .technologies
            .iter()
            .enumerate()
            .filter_map(|(index, technology)| {
                let missing = technology.missing(needs);
                let reason = if !missing.is_empty() {
                    let words: Vec<&str> = missing.iter().map(|need| need.words()).collect();
                    format!("lacks {}", words.join(", "))
                } else if !self.is_isolated(technology) {
                    "its isolation boundary is weaker than demanded".to_owned()
                } else if !of_technology(index).any(|candidate| candidate.allowed) {
                    "it needs hardware virtualisation, and no shape of the lists is bare metal \
                     (--nested-virtualisation takes virtual machines too)"
                        .to_owned()
                } else {
                    return None;
                };
                Some(ExcludedTechnology {
                    technology: technology.id.clone(),
                    reason,
                })
            })
            .collect()
    }

    fn confirm(
        &self,
        candidate: &Candidate,
        analytic: &Sizing,
        effort: SizingEffort,
    ) -> Result<Confirmation, PlanError> {
        let site = &self.sites[candidate.site];
        let shape = &self.shapes[site.shape];
        let central = self.draw_on(shape, &self.planner.central);
        self.planner
            .progress
            .begin(&format!("confirming on {}", shape.name), 1);
        let subject = Subject::new(
            &site.scenario,
            candidate.assignment,
            &central,
            &self.table,
            analytic,
            effort,
            self.planner.progress,
        )?;
        let found = match subject {
            Err(too_small) => Err(too_small.0),
            Ok(mut subject) => match find(&mut subject, &site.scenario, analytic) {
                Err(PlanError::Simulation(SimulationError::Cancelled)) => {
                    Err("it was interrupted; run it again to the end".to_owned())
                }
                found => found?,
            },
        };
        self.planner.progress.advance(1);
        Ok(Confirmation {
            technology: self.planner.scenario.technologies[candidate.assignment.technology]
                .id
                .clone(),
            lifecycle: candidate.assignment.lifecycle,
            shape: shape.name.clone(),
            outcome: match found {
                Ok(found) => ConfirmationOutcome::Confirmed {
                    fleet: found.fleet,
                    usd_per_month: found.hosts.scaled(self.monthly(candidate)),
                },
                Err(reason) => ConfirmationOutcome::NotConfirmed { reason },
            },
        })
    }

    fn notes(&self) -> Vec<String> {
        let host = &self.planner.scenario.host;
        let mut notes = vec![
            format!(
                "A vCPU of every shape is taken to do what one of {} does, whatever the processor: \
                 the lists say nothing of speed, and a vCPU may be a hyperthread or a whole core. \
                 --speed PREFIX=FACTOR changes it.",
                host.shape
            ),
            format!(
                "Memory kept back on a host is the scenario's for {}, in proportion to the host's \
                 memory.",
                Memory::display(host.memory_bytes)
            ),
            "Prices are those of the lists: on demand, without storage, traffic, discounts or \
             taxes."
                .to_owned(),
        ];
        if !self.options.nested_virtualisation {
            notes.push(
                "Technologies that need hardware virtualisation are only put on bare metal: \
                 whether a virtual machine offers it is not in the lists."
                    .to_owned(),
            );
        }
        for (prefix, factor) in &self.options.speeds {
            notes.push(format!(
                "vCPUs of shapes that begin with {prefix} are taken to be {factor} times as fast, \
                 as was asked for."
            ));
        }
        notes
    }
}

/// The shapes of a list that can be used, and why others cannot.
fn usable(
    list: &HostShapesDocument,
    index: usize,
    options: &OptimizeOptions,
) -> (Vec<Shape>, Vec<String>) {
    let mut used = Vec::new();
    let (mut without_price, mut of_another) = (0_usize, 0_usize);
    for (name, row) in list.shapes.iter() {
        let Some(price) = &row.usd_per_hour else {
            without_price += 1;
            continue;
        };
        let fits = options
            .architecture
            .as_ref()
            .is_none_or(|wanted| row.architecture.as_ref() == Some(wanted));
        if !fits {
            of_another += 1;
            continue;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let vcpus = row.vcpus.value.central().clamp(1.0, 16_384.0) as u32;
        let speed = options
            .speeds
            .iter()
            .filter(|(prefix, _)| name.starts_with(prefix.as_str()))
            .map(|(_, factor)| *factor)
            .next_back()
            .unwrap_or(1.0);
        used.push(Shape {
            list: index,
            name: name.to_owned(),
            vcpus,
            memory_bytes: row.memory.value.central(),
            usd_per_hour: price.value.central(),
            bare_metal: row.bare_metal == Some(true),
            speed,
        });
    }
    let mut left_out = Vec::new();
    if without_price > 0 {
        left_out.push(format!(
            "{without_price} of {} have no price, so they cannot be compared",
            list.title
        ));
    }
    if of_another > 0 {
        left_out.push(format!(
            "{of_another} of {} are not {}",
            list.title,
            options.architecture.as_deref().unwrap_or_default()
        ));
    }
    (used, left_out)
}

/// The scenario on another host, with cells of another size.
fn on_shape(scenario: &Scenario, shape: &Shape, cell_hosts: u32) -> Scenario {
    let mut scenario = scenario.clone();
    scenario.host.shape.clone_from(&shape.name);
    scenario.host.vcpus = shape.vcpus;
    scenario.host.memory_bytes = shape.memory_bytes;
    // The price is that of the list, not an input.
    scenario.host.usd_per_hour = None;
    scenario.fleet.cell_hosts = cell_hosts;
    scenario
}

/// The ways a tier may be carried by a technology: as the tier itself would have it, and with the
/// lifecycles that a plan of the scenario gives the tier. Nothing else says whether what a sandbox holds
/// must outlive a burst.
fn ways(scenario: &Scenario, tier: TierId, technology: usize) -> Vec<PlanAssignment> {
    let own = scenario.assignment(tier, technology);
    let suspends = scenario.technologies[technology].suspension.is_some();
    let of_plans = scenario
        .plans
        .iter()
        .flat_map(|plan| &plan.assignments)
        .filter(|assignment| assignment.tier == tier)
        .map(|assignment| PlanAssignment {
            technology,
            suspend_after: assignment.suspend_after.filter(|_| suspends),
            ..*assignment
        });
    let mut ways: Vec<PlanAssignment> = std::iter::once(own).chain(of_plans).collect();
    ways.sort_unstable();
    ways.dedup();
    ways
}

/// The architecture of the scenario's host, where its shape is in one of the lists.
pub fn architecture_of_host(scenario: &Scenario, lists: &[HostShapesDocument]) -> Option<String> {
    lists
        .iter()
        .find_map(|list| list.shapes.get(&scenario.host.shape))
        .and_then(|row| row.architecture.clone())
}
