//! What running a fleet in some way means, by formulas: unused and suspended sandboxes, memory promised
//! twice, hosts switched on and off, hosts that fail.

use std::collections::VecDeque;

use statrs::distribution::{Binomial, DiscreteCDF};

use super::analytic::Sizing;
use super::cell::CellTemplate;
use super::monte_carlo::Evaluation;
use super::workload::Workload;
use super::{HOURS_PER_MONTH, PlanError, monthly};
use crate::demand::{Demand, SLOT_SECONDS};
use crate::input::Draw;
use crate::result::{
    AutoscalingResult, Estimated, FailuresResult, MemoryCommitmentResult, MinorityResult,
    RestartResult, SuspensionResult, TierOperation, WarmPoolResult,
};
use crate::scenario::{Autoscaling, MemoryCommitment, PlanAssignment, Scenario};

/// Seconds of a year of 365.25 days.
pub(super) const YEAR: f64 = 365.25 * 86_400.0;

/// The same of one tier on one technology at one draw of the inputs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Operated {
    /// Unused sandboxes kept on each host.
    pool: f64,
    /// Share of the requests that find none.
    misses: f64,
    /// Share of the CPU work that is the minority's.
    minority_work: f64,
    /// Live sandboxes of a host at the peak, and with every place taken.
    live: f64,
    full: f64,
    /// Host-hours of a week with hosts switched on and off, and with all on.
    host_hours: f64,
    always_on: f64,
    /// How full the hosts that are on are at the worst moment: 1 is every place or every vCPU.
    fullest: f64,
    /// Share of the hosts that are down, in the mean.
    down: f64,
    /// Chance that more hosts of a cell are down than it has to spare.
    beyond_spare: f64,
    /// Sandboxes lost in a month.
    lost_per_month: f64,
    /// What failures at the peak lose.
    at_peak: Restart,
    cell: Restart,
}

/// Sandboxes that are lost together and started anew.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Restart {
    sandboxes: f64,
    /// Seconds until all are there again; infinite if they never are.
    seconds: f64,
}

/// A sized tier with what it was sized from.
pub(super) struct Sized<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) assignment: PlanAssignment,
    pub(super) draw: &'a Draw,
    pub(super) demand: &'a Demand,
    pub(super) template: &'a CellTemplate<'a>,
    pub(super) sizing: &'a Sizing,
}

impl Sized<'_> {
    /// Works everything out that the scenario asks for.
    pub(super) fn operated(&self) -> Operated {
        let operation = &self.scenario.fleet.operation;
        let (room, carried) = (self.template.room(), self.template.carried());
        let workload = &self.sizing.workload;
        let on_duty = self.sizing.cells * f64::from(self.sizing.cell_hosts);
        let mut operated = Operated {
            pool: f64::from(room.pool),
            misses: carried.miss_share,
            minority_work: carried.minority_work(),
            ..Operated::default()
        };
        if workload.sessions <= 0.0 {
            return operated;
        }
        if operation.memory_commitment.is_some() {
            operated.live = workload.places / on_duty;
            operated.full = room.slots as f64;
        }
        if let Some(autoscaling) = &operation.autoscaling {
            self.scale(autoscaling, &mut operated);
        }
        if let Some(failures) = &operation.failures {
            if let Some(random) = failures.random {
                let per_second = self.draw.get(random.per_year) / YEAR;
                let out = per_second * self.draw.get(random.repair);
                operated.down = out / (1.0 + out);
                let hosts = self.sizing.cell_hosts + self.scenario.fleet.spare_hosts;
                operated.beyond_spare =
                    more_than(hosts, self.scenario.fleet.spare_hosts, operated.down);
                let mean = mean(&self.demand.tiers[self.assignment.tier.0].sessions);
                let live = mean * workload.sandboxes / workload.sessions;
                operated.lost_per_month = per_second * live * HOURS_PER_MONTH * 3600.0;
            }
            if failures.at_peak > 0 {
                operated.at_peak = self.hosts_lost(failures.at_peak);
            }
            if failures.cell_fails {
                operated.cell = self.cell_lost();
            }
        }
        operated
    }

    /// Hosts on over the week. How many are wanted follows the load after the time to notice it and
    /// to boot; one that is no longer wanted stays until its last sandbox has ended and its time is
    /// over. Spare hosts are always on.
    fn scale(&self, autoscaling: &Autoscaling, operated: &mut Operated) {
        let get = |id| self.draw.get(id);
        let (room, carried) = (self.template.room(), self.template.carried());
        let sizing = self.sizing;
        let demand = &self.demand.tiers[self.assignment.tier.0];
        // The load of each moment, counted in hosts of one cell that are full.
        let full: Vec<f64> = demand
            .sessions
            .iter()
            .zip(&demand.starts)
            .map(|(sessions, starts)| {
                let busy = carried.load_of(*sessions, *starts) / f64::from(room.vcpus);
                let places = sessions * sizing.workload.places / sizing.workload.sessions;
                busy.max(places / room.slots as f64) / sizing.cells
            })
            .collect();
        let most = f64::from(sizing.cell_hosts);
        let least = f64::from(autoscaling.least.max(1)).min(most);
        let target = get(autoscaling.target);
        let wanted: Vec<f64> = full
            .iter()
            .map(|full| (full / target - 1e-9).ceil().clamp(least, most))
            .collect();
        // A look sees the mean of the interval before it, and comes half an interval late.
        let late = slots(get(autoscaling.boot) + get(autoscaling.interval));
        let each = sizing.workload.places / (sizing.cells * most);
        let empties = carried.sandbox_seconds() * harmonic(each);
        let stays = slots(empties + get(autoscaling.idle_before_off));
        let ready = delayed(&wanted, late);
        let on = highest_of_last(&ready, stays);
        let hours = SLOT_SECONDS / 3600.0;
        let week = on.len() as f64 * hours;
        let spare = f64::from(self.scenario.fleet.spare_hosts) * week;
        operated.host_hours = sizing.cells * (on.iter().sum::<f64>() * hours + spare);
        operated.always_on = sizing.hosts * week;
        operated.fullest = full
            .iter()
            .zip(&on)
            .map(|(full, on)| if *on > 0.0 { full / on } else { 0.0 })
            .fold(0.0, f64::max);
    }

    /// The hosts of a cell that are on duty when `lost` of them have failed, spare ones among them.
    fn left(&self, lost: u32) -> f64 {
        let all = self.sizing.cell_hosts + self.scenario.fleet.spare_hosts;
        f64::from(all.saturating_sub(lost))
    }

    /// Some hosts of a cell fail at the peak, and the others start what they carried.
    fn hosts_lost(&self, lost: u32) -> Restart {
        let workload = per_cell(&self.sizing.workload, self.sizing.cells);
        let share = (f64::from(lost) / f64::from(self.sizing.cell_hosts)).min(1.0);
        self.restart(&workload, share, self.left(lost), 1.0)
    }

    /// A whole cell fails at the peak, and the others start what it carried.
    fn cell_lost(&self) -> Restart {
        let workload = per_cell(&self.sizing.workload, self.sizing.cells);
        if self.sizing.cells <= 1.0 {
            return Restart {
                sandboxes: workload.sandboxes,
                seconds: f64::INFINITY,
            };
        }
        let others = self.sizing.cells - 1.0;
        self.restart(&workload, 1.0, self.left(0) * others, self.sizing.cells)
    }

    /// A share of one cell's sandboxes is lost; `hosts` hosts carry what is left of `cells` cells and
    /// start the lost ones as fast as their CPUs and their start rate allow beside it.
    fn restart(&self, cell: &Workload, share: f64, hosts: f64, cells: f64) -> Restart {
        let (room, carried) = (self.template.room(), self.template.carried());
        let sandboxes = share * cell.sandboxes;
        let kept = cells - share;
        let free_cpu = hosts * f64::from(room.vcpus) - kept * cell.load;
        let by_cpu = if carried.start_cpu > 0.0 {
            free_cpu / carried.start_cpu
        } else {
            f64::INFINITY
        };
        let by_rate = room
            .start_rate
            .map_or(f64::INFINITY, |rate| hosts * rate - kept * cell.starts);
        let rate = by_cpu.min(by_rate);
        let room_for_all = hosts * room.slots as f64 >= cells * cell.places;
        let seconds = if room_for_all && rate > 0.0 {
            sandboxes / rate + carried.start_latency.mean()
        } else {
            f64::INFINITY
        };
        Restart { sandboxes, seconds }
    }
}

fn per_cell(workload: &Workload, cells: f64) -> Workload {
    Workload {
        sandboxes: workload.sandboxes / cells,
        places: workload.places / cells,
        starts: workload.starts / cells,
        load: workload.load / cells,
        ..*workload
    }
}

fn mean(series: &[f64]) -> f64 {
    series.iter().sum::<f64>() / series.len() as f64
}

/// Whole slots of the week, rounded to the nearest, not more than a week.
fn slots(seconds: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let slots = (seconds / SLOT_SECONDS).round().clamp(0.0, 1e6) as usize;
    slots
}

/// A week's series as it was some slots before.
fn delayed(series: &[f64], by: usize) -> Vec<f64> {
    let length = series.len();
    (0..length)
        .map(|at| series[(at + length - by % length) % length])
        .collect()
}

/// The highest of a week's series in the last slots before each, that one with them.
fn highest_of_last(series: &[f64], slots: usize) -> Vec<f64> {
    let length = series.len();
    let back = slots.min(length - 1);
    // Twice around: what is still in the window and not below anything after it, highest first.
    let mut high: VecDeque<usize> = VecDeque::new();
    let mut highest = vec![0.0; length];
    for at in 0..2 * length {
        let value = series[at % length];
        while high
            .back()
            .is_some_and(|last| series[last % length] <= value)
        {
            high.pop_back();
        }
        high.push_back(at);
        while high.front().is_some_and(|first| first + back < at) {
            high.pop_front();
        }
        if let Some(first) = high.front() {
            highest[at % length] = series[first % length];
        }
    }
    highest
}

/// Mean time until the last of n exponential times of mean 1 has passed: 1 + 1/2 + … + 1/n (Rényi
/// 1953).
fn harmonic(n: f64) -> f64 {
    if n <= 1.0 {
        return 1.0;
    }
    let whole = n.floor().min(1e6);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let terms = whole as u32;
    (1..=terms).map(|term| 1.0 / f64::from(term)).sum()
}

/// Chance that more than `spare` of `hosts` are down, each with the same chance and on its own.
fn more_than(hosts: u32, spare: u32, down: f64) -> f64 {
    Binomial::new(down, u64::from(hosts)).map_or(0.0, |law| law.sf(u64::from(spare)))
}

/// Draws at which the risk of over-committed memory is worked out: each is a convolution.
const RISK_DRAWS: usize = 200;

/// Shares of time in which what sandboxes really hold exceeds a host: at the peak, and with every
/// place taken.
fn memory_risks(
    scenario: &Scenario,
    assignment: PlanAssignment,
    commitment: MemoryCommitment,
    draw: &Draw,
    operated: &Operated,
) -> Result<[f64; 2], PlanError> {
    let Ok(template) = CellTemplate::new(scenario, assignment, draw)? else {
        return Ok([0.0; 2]);
    };
    let ratio = scenario.inputs.distribution(commitment.actual, draw)?;
    let actual = ratio.scaled(template.carried().sandbox_bytes)?;
    template
        .room()
        .memory_risks([operated.live, operated.full], &actual)
}

/// The same for a result: central figures with the intervals of uncertain inputs.
pub(super) fn tier_operation(
    scenario: &Scenario,
    assignment: PlanAssignment,
    central: &Draw,
    evaluation: &Evaluation<'_>,
) -> Result<Option<TierOperation>, PlanError> {
    let operation = &scenario.fleet.operation;
    let tier = &scenario.tiers[assignment.tier.0];
    let of = |figure: fn(&Operated) -> f64| {
        evaluation.estimate(assignment, |sizing| figure(&sizing.operated))
    };
    let memory_commitment = match operation.memory_commitment {
        Some(commitment) => {
            let [risk, risk_when_full] =
                evaluation.estimate_of_some(assignment, RISK_DRAWS, |draw, sizing| {
                    memory_risks(scenario, assignment, commitment, draw, &sizing.operated)
                })?;
            Some(MemoryCommitmentResult {
                factor: central.get(commitment.factor),
                sandboxes_per_host: of(|operated| operated.live),
                risk,
                places_per_host: of(|operated| operated.full),
                risk_when_full,
            })
        }
        None => None,
    };
    let found = TierOperation {
        suspension: assignment.suspend_after.map(|after| SuspensionResult {
            after_seconds: central.get(after),
            suspended: evaluation.estimate(assignment, |sizing| sizing.workload.suspended),
            places: evaluation.estimate(assignment, |sizing| sizing.workload.places),
            resumes_per_second: evaluation.estimate(assignment, |sizing| sizing.workload.resumes),
        }),
        warm_pool: operation.warm_pool.map(|_| WarmPoolResult {
            per_host: of(|operated| operated.pool),
            misses: of(|operated| operated.misses),
        }),
        memory_commitment,
        minority: tier.minority.map(|minority| MinorityResult {
            share: central.get(minority.share),
            share_of_work: of(|operated| operated.minority_work),
        }),
        autoscaling: operation.autoscaling.map(|_| {
            let cost = |hours: fn(&Operated) -> f64| {
                let price = scenario.host.usd_per_hour?;
                Some(evaluation.estimate_with(assignment, |draw, sizing| {
                    monthly(draw, price, hours(&sizing.operated) / HOURS_PER_WEEK)
                }))
            };
            AutoscalingResult {
                host_hours_per_week: of(|operated| operated.host_hours),
                always_on_host_hours_per_week: of(|operated| operated.always_on),
                usd_per_month: cost(|operated| operated.host_hours),
                always_on_usd_per_month: cost(|operated| operated.always_on),
                fullest: of(|operated| operated.fullest),
            }
        }),
        failures: operation.failures.map(|failures| FailuresResult {
            hosts_down: failures.random.map(|_| of(|operated| operated.down)),
            more_than_spare: failures
                .random
                .map(|_| of(|operated| operated.beyond_spare)),
            sandboxes_lost_per_month: failures
                .random
                .map(|_| of(|operated| operated.lost_per_month)),
            hosts_at_peak: failures.at_peak,
            at_peak: (failures.at_peak > 0).then(|| RestartResult {
                sandboxes: of(|operated| operated.at_peak.sandboxes),
                seconds: finite(of(|operated| operated.at_peak.seconds)),
            }),
            cell: failures.cell_fails.then(|| RestartResult {
                sandboxes: of(|operated| operated.cell.sandboxes),
                seconds: finite(of(|operated| operated.cell.seconds)),
            }),
        }),
    };
    Ok((found != TierOperation::default()).then_some(found))
}

/// Hours of a week.
const HOURS_PER_WEEK: f64 = 168.0;

fn finite(estimate: Estimated) -> Option<Estimated> {
    estimate.high.is_finite().then_some(estimate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_held_and_delayed_around_the_week() {
        let series = [1.0, 5.0, 2.0, 0.0, 0.0, 3.0];
        assert_eq!(delayed(&series, 1), [3.0, 1.0, 5.0, 2.0, 0.0, 0.0]);
        assert_eq!(highest_of_last(&series, 2), [3.0, 5.0, 5.0, 5.0, 2.0, 3.0]);
        assert_eq!(highest_of_last(&series, 100), [5.0; 6]);
    }

    /// Ten hosts, each down one hour of a hundred: the binomial by hand.
    #[test]
    fn more_hosts_are_down_than_there_are_to_spare() {
        let none = 0.99_f64.powi(10);
        let one = 10.0 * 0.01 * 0.99_f64.powi(9);
        assert!((more_than(10, 0, 0.01) - (1.0 - none)).abs() < 1e-12);
        assert!((more_than(10, 1, 0.01) - (1.0 - none - one)).abs() < 1e-12);
        assert!(more_than(10, 10, 0.01).abs() < 1e-12);
    }

    #[test]
    fn the_last_of_several_times() {
        assert!((harmonic(0.3) - 1.0).abs() < 1e-12);
        assert!((harmonic(4.0) - (1.0 + 0.5 + 1.0 / 3.0 + 0.25)).abs() < 1e-12);
    }
}
