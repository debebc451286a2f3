//! The cells of one tier on one technology, each of which can be simulated on its own.

use super::day::{HOUR, Hours, WeekCurve};
use super::fluid::{Fluid, Part, Parts};
use super::measured::Gathered;
use crate::demand::TierDemand;
use crate::plan::PlanError;
use crate::plan::cell::CellTemplate;
use crate::plan::central::CentralTier;
use crate::result::FleetSite;
use crate::scenario::ServiceLevel;
use crate::simulation::{
    CellOutcome, CellSpec, Control, Demand, Observation, PiecewiseLinear, RunId, SimulationError,
    run_cell_with,
};
use std::ops::Range;

/// Up to this many agents behind a single cell, sessions come from that finite number, as in the
/// sizing.
const FINITE_SOURCES: f64 = 20_000.0;

/// The run begins with as many open sessions as the demand has at that moment; from this many seconds
/// on sessions open at the rate of the moment.
const INSTANT: f64 = 1e-6;

/// Longest warm-up in seconds.
const LONGEST_WARM_UP: f64 = 7200.0;

/// Warm-up in time constants of the contention: what is left of a deviation is e⁻⁴, 2%.
const TIME_CONSTANTS: f64 = 4.0;

/// Largest squared coefficient of variation that warm-ups reckon with: some heavy tails have none.
const MOST_VARIED: f64 = 100.0;

/// One tier on one technology as cells that all see the same demand.
#[derive(Debug)]
pub(super) struct Cells<'a> {
    template: CellTemplate<'a>,
    /// Of one cell under the demand at the busiest moment; for everything but the demand.
    typical: CellSpec,
    pub(super) count: u64,
    pub(super) site: FleetSite,
    pub(super) fluid: Fluid,
    /// Where one cell has all of few agents.
    agents: Option<u64>,
    level: ServiceLevel,
    seed: u64,
    /// Number of the first cell: cells of other tiers have other numbers, the same tier on another
    /// technology has the same.
    first: u64,
}

/// One run of a cell: what to simulate, and since when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stretch {
    /// Measuring begins, in seconds since Monday 00:00 UTC.
    pub(super) from: f64,
    /// Seconds simulated before.
    pub(super) warm_up: f64,
    /// Seconds measured.
    pub(super) length: f64,
    /// Equal parts of the measured time.
    pub(super) bins: u32,
}

impl<'a> Cells<'a> {
    /// Cells of a tier as the plan sized them; none if the tier has no sessions.
    pub(super) fn new(
        sized: CentralTier<'a>,
        corrected: bool,
        demand: &TierDemand,
        spare_hosts: u32,
        level: ServiceLevel,
        seed: u64,
        tier: u64,
    ) -> Result<Option<Self>, PlanError> {
        if sized.cells < 1.0 || sized.cell_hosts == 0 {
            return Ok(None);
        }
        let scaled = |values: &[f64]| {
            WeekCurve::new(values.iter().map(|value| value / sized.cells).collect())
        };
        let template = sized.template;
        let session_seconds = template.session_seconds();
        let constant = Demand::Poisson {
            rate: PiecewiseLinear::constant(
                demand.peak_sessions() / sized.cells / session_seconds,
            )?,
        };
        let typical = template.spec(sized.cell_hosts, constant)?;
        let fluid = Fluid::new(
            scaled(&demand.sessions),
            scaled(&demand.starts),
            Parts::new(&typical, session_seconds),
        );
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let agents = (sized.cells < 1.5 && demand.agents <= FINITE_SOURCES)
            .then(|| (demand.agents - 1e-9).ceil().max(1.0) as u64);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let count = sized.cells.round() as u64;
        Ok(Some(Self {
            site: FleetSite {
                cells: sized.cells,
                cell_hosts: sized.cell_hosts,
                spare_hosts,
                host_vcpus: typical.host.vcpus,
                host_places: u64::from(typical.slots_per_host()),
                corrected,
            },
            template,
            typical,
            count,
            fluid,
            agents,
            level,
            seed,
            first: tier << 40,
        }))
    }

    pub(super) const fn level(&self) -> &ServiceLevel {
        &self.level
    }

    /// Whether sessions come from a finite number of agents.
    pub(super) const fn finite(&self) -> bool {
        self.agents.is_some()
    }

    /// Seconds of warm-up before a measurement that begins at a time, for contention to settle.
    ///
    /// The run begins in the steady state without contention, so what has to settle is the queue that
    /// contention adds. Near saturation its time constant is at most
    /// (1 + C²) E\[S\] / (2.8 c (1 − √ρ)²) for c servers at utilisation ρ with service times of mean
    /// E\[S\] and squared coefficient of variation C² (Odoni and Roth 1983, who found it for single
    /// servers; c of them go through as much work c times as fast). Taken for the CPUs of a host, for
    /// the room of the cell and for the pacing of starts; the longest counts. One mean service time is
    /// the least.
    pub(super) fn settling(&self, at: f64) -> f64 {
        let spec = &self.typical;
        let parts = self.fluid.parts();
        let hosts = f64::from(spec.hosts);
        let bursts = self.fluid.at(parts.bursts, at) / hosts;
        let starts = self.fluid.at(parts.starts, at) / hosts;
        let busy = self.fluid.at(parts.busy, at) / hosts;
        let jobs = bursts + starts;
        let burst = spec.session.burst.mean() * spec.sandbox.relative_cpu;
        let burst_square = burst * burst * (1.0 + spec.session.burst.cv_squared().min(MOST_VARIED));
        let start = spec.sandbox.start_cpu.mean();
        let cpu = if jobs > 0.0 && busy > 0.0 {
            let mean = busy / jobs;
            let square = (bursts * burst_square + starts * start * start) / jobs;
            let cv = (square / (mean * mean) - 1.0).max(0.0);
            time_constant(mean, cv, f64::from(spec.host.vcpus), busy)
        } else {
            0.0
        };
        let live = self.fluid.at(parts.sandboxes, at);
        let places = self.site.host_places as f64 * hosts;
        let per_second = starts * hosts;
        let room = if per_second > 0.0 && places < 2.0 * live + 100.0 {
            time_constant(live / per_second, 1.0, places, live)
        } else {
            0.0
        };
        let pacing = spec.sandbox.start_rate_limit.map_or(0.0, |limit| {
            time_constant(1.0 / limit, 0.0, 1.0, starts / limit)
        });
        let longest = cpu.max(room).max(pacing);
        let service = burst + start + spec.sandbox.start_latency.mean();
        (TIME_CONSTANTS * longest).max(service).min(LONGEST_WARM_UP)
    }

    /// Seconds of warm-up before the whole day: also two sessions, so that the ages of the open ones
    /// are those of the evening before.
    pub(super) fn settling_of_day(&self, at: f64) -> f64 {
        self.settling(at)
            .max(2.0 * self.template.session_seconds())
            .min(LONGEST_WARM_UP)
    }

    /// Expected events of one cell over a time.
    pub(super) fn events(&self, from: f64, to: f64) -> f64 {
        self.fluid.mean(self.fluid.parts().events, from, to) * (to - from)
    }

    /// Expected open sessions of one cell.
    pub(super) fn open(&self, at: f64) -> f64 {
        self.fluid.at(self.fluid.parts().sessions, at)
    }

    /// The cell from a moment to another, both in seconds since Monday 00:00 UTC. It begins with as
    /// many open sessions as the demand has at that moment; the engine takes them to be as old and to
    /// last as long as in a steady state.
    fn spec(&self, from: f64, to: f64) -> Result<CellSpec, SimulationError> {
        let session_seconds = self.template.session_seconds();
        let knots = std::iter::once(from + INSTANT)
            .chain(WeekCurve::knots(from + 2.0 * INSTANT, to))
            .chain(std::iter::once(to));
        let demand =
            match self.agents {
                None => Demand::Poisson {
                    rate: PiecewiseLinear::new(
                        std::iter::once((0.0, self.fluid.open(from) / session_seconds))
                            .chain(knots.map(|at| ((at - from).max(INSTANT), self.fluid.rate(at)))),
                    )?,
                },
                Some(agents) => {
                    // What each agent without a session does so that all together open as many as the
                    // demand says while as many are open as the demand says.
                    let idle = |at: f64| (agents as f64 - self.fluid.open(at)).max(0.5);
                    Demand::FiniteSource {
                        agents,
                        open_rate: PiecewiseLinear::new(
                            std::iter::once((
                                0.0,
                                self.fluid.open(from) / session_seconds / idle(from),
                            ))
                            .chain(knots.map(|at| {
                                ((at - from).max(INSTANT), self.fluid.rate(at) / idle(at))
                            })),
                        )?,
                    }
                }
            };
        self.template.spec(self.typical.hosts, demand)
    }

    /// Simulates one cell for a while.
    pub(super) fn run(
        &self,
        cell: u64,
        replication: u64,
        stretch: &Stretch,
        control: &Control<'_>,
    ) -> Result<CellOutcome, SimulationError> {
        let begin = stretch.from - stretch.warm_up;
        let spec = self.spec(begin, stretch.from + stretch.length)?;
        let observation = Observation {
            start_wait_target: Some(self.level.start_wait_p99),
            slowdown_target: Some(self.level.burst_slowdown_p99),
            ..Observation::new(stretch.warm_up, stretch.length)?.with_bins(stretch.bins)
        };
        let run = RunId {
            seed: self.seed,
            cell: self.first + cell,
            replication,
        };
        run_cell_with(&spec, &observation, run, control)
    }

    /// The whole time of some cells, one after the other; any split of the cells gathers to the same
    /// bits. Nothing for no cells.
    pub(super) fn run_whole(
        &self,
        cells: Range<u64>,
        hours: Hours,
        control: &Control<'_>,
    ) -> Result<Option<Gathered>, SimulationError> {
        let stretch = Stretch {
            from: hours.from,
            warm_up: self.settling_of_day(hours.from),
            length: hours.seconds(),
            bins: hours.count,
        };
        let mut gathered: Option<Gathered> = None;
        for cell in cells {
            let outcome = self.run(cell, 0, &stretch, control)?;
            let found = Gathered::of_whole(&outcome);
            match &mut gathered {
                Some(gathered) => gathered.merge(&found),
                None => gathered = Some(found),
            }
        }
        Ok(gathered)
    }

    /// The expected hour of one cell.
    pub(super) fn fluid_hour(&self, part: fn(&Parts) -> Part, begin: f64) -> f64 {
        self.fluid
            .mean(part(self.fluid.parts()), begin, begin + HOUR)
    }
}

/// The time constant of a queue, and none once it is overloaded: then it never settles, and the
/// longest warm-up is taken.
fn time_constant(service: f64, squared_cv: f64, servers: f64, load: f64) -> f64 {
    let free = 1.0 - (load / servers).sqrt();
    if free <= 0.0 {
        return f64::INFINITY;
    }
    (1.0 + squared_cv.min(MOST_VARIED)) * service / (2.8 * servers * free * free)
}
