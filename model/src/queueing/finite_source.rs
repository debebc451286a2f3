//! Populations so small that a busy user is missed among those who could start something new.

use super::{QueueingError, count, positive, positive_count, refused};
use crate::distribution::special::binomial_tails;

/// Engset's loss system: `sources` alternate between idle and busy; one that wants service while
/// all `servers` are busy is turned away and idles again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Engset {
    sources: f64,
    servers: f64,
    idle_load: f64,
}

impl Engset {
    /// `sources` and `servers` of at least one and at most 2⁵³; `idle_load` is the rate at which
    /// one idle source asks, times the mean service time (above zero).
    ///
    /// # Errors
    /// When an argument is outside its range.
    pub fn new(sources: u64, servers: u64, idle_load: f64) -> Result<Self, QueueingError> {
        Ok(Self {
            sources: positive_count("sources", sources)?,
            servers: positive_count("servers", servers)?,
            idle_load: positive("idle_load", idle_load)?,
        })
    }

    /// Share of time in which all servers are busy.
    pub fn time_congestion(&self) -> f64 {
        self.congestion(self.sources)
    }

    /// Share of requests turned away. A source that asks sees the system without itself, so this
    /// is the time congestion with one source fewer.
    pub fn call_congestion(&self) -> f64 {
        self.congestion(self.sources - 1.0)
    }

    /// Busy servers on average: Σ over sources of the share of time each is busy.
    pub fn carried_load(&self) -> f64 {
        let accepted = self.idle_load * (1.0 - self.call_congestion());
        self.sources * accepted / (1.0 + accepted)
    }

    /// A binomial count cut at the servers: P(N = c) / P(N ≤ c).
    fn congestion(&self, sources: f64) -> f64 {
        if self.servers > sources {
            return 0.0;
        }
        let active = self.idle_load / (1.0 + self.idle_load);
        let tails = binomial_tails(self.servers, sources, active);
        (tails.ln_probability - tails.ln_at_most).exp()
    }
}

/// The machine-repair model M/M/c//N: `sources` think, then queue for one of `servers`; nobody
/// is turned away. With each job limited to one server, its counts hold for processor sharing
/// with any distribution of work and thinking, too.
///
/// Times are in units of the mean service time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MachineRepair {
    sources: u64,
    servers: u64,
    idle_load: f64,
    in_system: f64,
    waiting: f64,
    all_busy: f64,
}

impl MachineRepair {
    /// `sources` from 1 to 10⁹ and `servers` of at least one; `idle_load` is the mean service time
    /// over the mean thinking time (above zero).
    ///
    /// The state probabilities fall off on both sides of the most likely count; they are summed
    /// outwards from there until nothing is left to add, so the work grows with the standard
    /// deviation of the count, not with the sources.
    ///
    /// # Errors
    /// When an argument is outside its range.
    pub fn new(sources: u64, servers: u64, idle_load: f64) -> Result<Self, QueueingError> {
        if !(1..=1_000_000_000).contains(&sources) {
            return Err(refused("sources", "from 1 to 1e9", sources as f64));
        }
        positive_count("servers", servers)?;
        count("servers", servers)?;
        positive("idle_load", idle_load)?;
        let (total, in_system, waiting, all_busy) =
            summed_from_the_mode(sources, servers, idle_load);
        Ok(Self {
            sources,
            servers,
            idle_load,
            in_system: in_system / total,
            waiting: waiting / total,
            all_busy: all_busy / total,
        })
    }

    /// Mean number waiting or in service (L).
    pub fn mean_in_system(&self) -> f64 {
        self.in_system
    }

    /// Mean number waiting.
    pub fn mean_waiting(&self) -> f64 {
        self.waiting
    }

    /// Mean number of busy servers, which is also the throughput per mean service time.
    pub fn busy_servers(&self) -> f64 {
        self.in_system - self.waiting
    }

    /// Share of time a server is busy.
    pub fn utilisation(&self) -> f64 {
        self.busy_servers() / self.servers as f64
    }

    /// Mean wait before service, in mean service times, by Little's law.
    pub fn mean_wait(&self) -> f64 {
        self.waiting / self.busy_servers()
    }

    /// Share of time in which every server is busy.
    pub fn all_busy_probability(&self) -> f64 {
        self.all_busy
    }

    /// The probability that an arrival has to wait: all servers busy in the system without the
    /// one who arrives (the arrival theorem, Sevcik and Mitrani 1981).
    pub fn delay_probability(&self) -> f64 {
        if self.sources == 1 {
            return 0.0;
        }
        let (total, _, _, all_busy) =
            summed_from_the_mode(self.sources - 1, self.servers, self.idle_load);
        all_busy / total
    }
}

/// Sums over the states of weight, weight × count, weight × waiting, and weight where all servers
/// are busy, with weight 1 at the most likely state.
fn summed_from_the_mode(sources: u64, servers: u64, idle_load: f64) -> (f64, f64, f64, f64) {
    const NEGLIGIBLE: f64 = 1e-19;
    // Weight of n + 1 over weight of n; decreasing in n.
    let growth = |n: u64| (sources - n) as f64 * idle_load / (n + 1).min(servers) as f64;
    let (mut low, mut high) = (0, sources);
    while low < high {
        let middle = low + (high - low) / 2;
        if growth(middle) > 1.0 {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let mode = low;
    let mut sums = (0.0, 0.0, 0.0, 0.0);
    let mut add = |n: u64, weight: f64| {
        sums.0 += weight;
        sums.1 += weight * n as f64;
        sums.2 += weight * n.saturating_sub(servers) as f64;
        if n >= servers {
            sums.3 += weight;
        }
        (sums.0, sums.2)
    };
    let mut weight = 1.0;
    for n in (0..mode).rev() {
        weight /= growth(n);
        if weight < NEGLIGIBLE {
            break;
        }
        add(n, weight);
    }
    weight = 1.0;
    let mut n = mode;
    loop {
        let (total, queued) = add(n, weight);
        if n == sources {
            break;
        }
        weight *= growth(n);
        n += 1;
        // Go on past the bulk until the tail above the servers is complete as well.
        let counts = weight > NEGLIGIBLE * total
            || n <= servers
            || weight * (n - servers) as f64 > NEGLIGIBLE * queued;
        if !counts || weight == 0.0 {
            break;
        }
    }
    sums
}
