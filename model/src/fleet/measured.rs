//! What was measured in the hours of cells, and how that adds up.

use super::moments::Moments;
use crate::result::{FleetEvents, SessionAccount};
use crate::simulation::{Bin, CellOutcome, Tally};

/// Sums over cells or windows of what one hour of a cell was like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct HourMoments {
    /// Time averages.
    pub(super) sessions: Moments,
    pub(super) sandboxes: Moments,
    pub(super) busy: Moments,
    /// Per second.
    pub(super) opened: Moments,
    /// Per second.
    pub(super) starts: Moments,
    pub(super) hosts_on: Moments,
    /// Of each cell or window, where it had any.
    pub(super) wait_p50: Moments,
    pub(super) wait_p99: Moments,
    pub(super) slowdown_p99: Moments,
    /// Violations and observations.
    pub(super) waited: Moments,
    pub(super) slowed: Moments,
    pub(super) rejected: Moments,
}

/// One of the sums of an hour.
pub(super) type Pick = fn(&HourMoments) -> &Moments;

/// How the expected hour compares with the expected window, by which what a window found is
/// multiplied: what is known of the demand within the hour need not be guessed from a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Factors {
    pub(super) sessions: f64,
    pub(super) sandboxes: f64,
    pub(super) busy: f64,
    pub(super) opened: f64,
    pub(super) starts: f64,
}

impl Factors {
    /// The window is the hour.
    pub(super) const NONE: Self = Self {
        sessions: 1.0,
        sandboxes: 1.0,
        busy: 1.0,
        opened: 1.0,
        starts: 1.0,
    };
}

/// What one stretch of one cell was like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measures<'a> {
    seconds: f64,
    sessions: f64,
    sandboxes: f64,
    busy: f64,
    opened: u64,
    requests: u64,
    rejected: u64,
    hosts_on: f64,
    start_wait: &'a Tally,
    burst_slowdown: &'a Tally,
    /// Waits that had not ended when the stretch did, where that was the end of the run.
    unfinished: Option<&'a Tally>,
}

impl<'a> Measures<'a> {
    /// One bin of a run.
    pub(super) fn of_bin(outcome: &'a CellOutcome, index: usize) -> Self {
        let bin: &Bin = &outcome.series[index];
        let last = index + 1 == outcome.series.len();
        Self {
            seconds: bin.to_seconds - bin.from_seconds,
            sessions: bin.live_sessions(),
            sandboxes: bin.live_sandboxes(),
            busy: bin.busy_cpus(),
            opened: bin.opened,
            requests: bin.requests,
            rejected: bin.rejected,
            hosts_on: bin.powered_hosts(),
            start_wait: &bin.start_wait,
            burst_slowdown: &bin.burst_slowdown,
            unfinished: last.then_some(&outcome.unfinished_wait),
        }
    }

    /// All that was measured of a run.
    pub(super) fn of_all(outcome: &'a CellOutcome) -> Self {
        Self {
            seconds: outcome.seconds(),
            sessions: outcome.sessions.mean(),
            sandboxes: outcome.sandboxes.mean(),
            busy: outcome.busy_cpus_mean(),
            opened: outcome.sessions.entered,
            requests: outcome.requests,
            rejected: outcome.requests_rejected,
            hosts_on: outcome.operation.powered_hosts.mean(),
            start_wait: &outcome.start_wait,
            burst_slowdown: &outcome.burst_slowdown,
            unfinished: Some(&outcome.unfinished_wait),
        }
    }
}

impl HourMoments {
    /// Adds one stretch of one cell.
    pub(super) fn add(&mut self, found: &Measures<'_>, factors: &Factors) {
        let seconds = found.seconds.max(1e-9);
        self.sessions.add(found.sessions * factors.sessions);
        self.sandboxes.add(found.sandboxes * factors.sandboxes);
        self.busy.add(found.busy * factors.busy);
        self.opened
            .add(found.opened as f64 / seconds * factors.opened);
        let starts = found.start_wait.count() as f64;
        self.starts.add(starts / seconds * factors.starts);
        self.hosts_on.add(found.hosts_on);
        for (moments, value) in [
            (&mut self.wait_p50, found.start_wait.quantile(0.5)),
            (&mut self.wait_p99, found.start_wait.quantile(0.99)),
            (&mut self.slowdown_p99, found.burst_slowdown.quantile(0.99)),
        ] {
            if let Some(value) = value {
                moments.add(value);
            }
        }
        let still = |count: fn(&Tally) -> u64| found.unfinished.map_or(0, count);
        self.waited.add_counts(
            found.start_wait.above_target() + still(Tally::above_target),
            found.start_wait.count() + still(Tally::count),
        );
        self.slowed.add_counts(
            found.burst_slowdown.above_target(),
            found.burst_slowdown.count(),
        );
        self.rejected.add_counts(found.rejected, found.requests);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (here, there) in self.all_mut().into_iter().zip(other.all()) {
            here.merge(there);
        }
    }

    fn all_mut(&mut self) -> [&mut Moments; 12] {
        [
            &mut self.sessions,
            &mut self.sandboxes,
            &mut self.busy,
            &mut self.opened,
            &mut self.starts,
            &mut self.hosts_on,
            &mut self.wait_p50,
            &mut self.wait_p99,
            &mut self.slowdown_p99,
            &mut self.waited,
            &mut self.slowed,
            &mut self.rejected,
        ]
    }

    fn all(&self) -> [&Moments; 12] {
        [
            &self.sessions,
            &self.sandboxes,
            &self.busy,
            &self.opened,
            &self.starts,
            &self.hosts_on,
            &self.wait_p50,
            &self.wait_p99,
            &self.slowdown_p99,
            &self.waited,
            &self.slowed,
            &self.rejected,
        ]
    }
}

/// Whole days of some cells, gathered. Gathering is exact: any order and grouping gives the same bits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Gathered {
    pub(super) cells: u64,
    /// By hour.
    pub(super) hours: Vec<HourMoments>,
    /// The whole time as one stretch.
    pub(super) whole: HourMoments,
    /// By hour, what all cells saw.
    pub(super) seen: Vec<Seen>,
    pub(super) account: SessionAccount,
    pub(super) events: FleetEvents,
}

/// Waits and slowdowns of one hour of all cells or windows together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub(super) start_wait: Tally,
    pub(super) burst_slowdown: Tally,
}

impl Seen {
    /// One bin of a run.
    fn of_bin(bin: &Bin) -> Self {
        Self {
            start_wait: bin.start_wait.clone(),
            burst_slowdown: bin.burst_slowdown.clone(),
        }
    }

    /// All that was measured of a run.
    pub(super) fn of_all(outcome: &CellOutcome) -> Self {
        Self {
            start_wait: outcome.start_wait.clone(),
            burst_slowdown: outcome.burst_slowdown.clone(),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.start_wait.merge(&other.start_wait);
        self.burst_slowdown.merge(&other.burst_slowdown);
    }
}

impl Gathered {
    /// One cell over the whole time, with one bin for each hour.
    pub(super) fn of_whole(outcome: &CellOutcome) -> Self {
        let mut hours = vec![HourMoments::default(); outcome.series.len()];
        for (index, hour) in hours.iter_mut().enumerate() {
            hour.add(&Measures::of_bin(outcome, index), &Factors::NONE);
        }
        let mut whole = HourMoments::default();
        whole.add(&Measures::of_all(outcome), &Factors::NONE);
        Self {
            cells: 1,
            hours,
            whole,
            seen: outcome.series.iter().map(Seen::of_bin).collect(),
            account: account(outcome),
            events: events(outcome),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.cells += other.cells;
        for (here, there) in self.hours.iter_mut().zip(&other.hours) {
            here.merge(there);
        }
        self.whole.merge(&other.whole);
        for (here, there) in self.seen.iter_mut().zip(&other.seen) {
            here.merge(there);
        }
        add_account(&mut self.account, &other.account);
        add_events(&mut self.events, &other.events);
    }
}

/// Where one run's sessions went.
fn account(outcome: &CellOutcome) -> SessionAccount {
    let sessions = &outcome.sessions;
    SessionAccount {
        open_before: sessions.at_start,
        opened: sessions.entered,
        ended: sessions.left - outcome.sessions_rejected,
        rejected: outcome.sessions_rejected,
        open_after: sessions.at_end,
    }
}

fn add_account(here: &mut SessionAccount, there: &SessionAccount) {
    here.open_before += there.open_before;
    here.opened += there.opened;
    here.ended += there.ended;
    here.rejected += there.rejected;
    here.open_after += there.open_after;
}

/// One run's events by kind.
pub(super) fn events(outcome: &CellOutcome) -> FleetEvents {
    let opened = outcome.sessions.entered;
    let jobs = outcome.cpu_jobs.left;
    FleetEvents {
        all: outcome.events_in_all,
        sessions_opened: opened,
        cpu_jobs: jobs,
        timers: outcome.events.saturating_sub(opened + jobs),
    }
}

pub(super) fn add_events(here: &mut FleetEvents, there: &FleetEvents) {
    here.all += there.all;
    here.sessions_opened += there.sessions_opened;
    here.cpu_jobs += there.cpu_jobs;
    here.timers += there.timers;
}
