//! CPUs shared by runnable jobs, each able to use one at most: a host's CPU scheduler.
//!
//! With c CPUs and n jobs, each runs at rate min(1, c/n). The number of jobs then has the
//! distribution of M/M/c whatever the distribution of the work (Cohen 1979, *The multiple phase
//! service network with generalized processor sharing*): a product form, insensitive beyond the
//! mean.

use super::erlang::erlang_c;
use super::{
    QueueingError, non_negative, open_probability, positive_count, refused, smallest_enough,
};
use crate::distribution::special::{increasing_root, normal_quantile, poisson_tails};

/// M/G/c with processor sharing, in steady state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharedProcessors {
    load: f64,
    processors: f64,
    /// P(at least as many jobs as processors), Erlang C.
    saturated: f64,
}

impl SharedProcessors {
    /// `load` in Erlangs (at least 0: arrival rate × mean CPU-seconds) on `processors` CPUs.
    ///
    /// # Errors
    /// [`QueueingError::Unstable`] when the load is not below the processors; or when an argument
    /// is outside its range.
    pub fn new(load: f64, processors: u64) -> Result<Self, QueueingError> {
        non_negative("load", load)?;
        let count = positive_count("processors", processors)?;
        if load >= count {
            return Err(QueueingError::Unstable {
                load,
                servers: count,
            });
        }
        Ok(Self {
            load,
            processors: count,
            saturated: erlang_c(load, processors)?,
        })
    }

    /// Share of the CPUs in use.
    pub fn utilisation(&self) -> f64 {
        self.load / self.processors
    }

    /// P(at least as many jobs as CPUs), which is also the share of arrivals that make or find
    /// the CPUs shared.
    pub fn saturated_probability(&self) -> f64 {
        self.saturated
    }

    /// Mean number of jobs.
    pub fn mean_count(&self) -> f64 {
        self.load * self.mean_sojourn()
    }

    /// Mean time in the system over mean CPU time: at least one.
    pub fn mean_sojourn(&self) -> f64 {
        1.0 + self.saturated / (self.processors - self.load)
    }

    /// P(more than n jobs): C ρ^(n + 1 − c) from the number of CPUs on, below it through the
    /// Poisson shape of the states in which nobody shares.
    pub fn count_above(&self, n: u64) -> f64 {
        let n = n as f64;
        if n + 1.0 >= self.processors {
            return self.saturated * self.utilisation().powf(n + 1.0 - self.processors);
        }
        if self.load == 0.0 {
            return 0.0;
        }
        // Given fewer jobs than CPUs, the count is Poisson cut at c − 1.
        let whole = poisson_tails(self.processors - 1.0, self.load);
        let part = poisson_tails(n, self.load);
        let unshared = 1.0 - self.saturated;
        // P(n < N ≤ c − 1) over P(N ≤ c − 1), from the side that does not cancel.
        let share = if part.above < 0.5 {
            (part.above - whole.above) / whole.at_most
        } else {
            1.0 - (part.ln_at_most - whole.ln_at_most).exp()
        };
        self.saturated + unshared * share.max(0.0)
    }

    /// P(n jobs).
    pub fn count_probability(&self, n: u64) -> f64 {
        if n as f64 >= self.processors {
            let spare = (self.processors - self.load) / self.processors;
            return self.saturated * spare * self.utilisation().powf(n as f64 - self.processors);
        }
        if self.load == 0.0 {
            return if n == 0 { 1.0 } else { 0.0 };
        }
        let whole = poisson_tails(self.processors - 1.0, self.load);
        let ln_share = poisson_tails(n as f64, self.load).ln_probability - whole.ln_at_most;
        (1.0 - self.saturated) * ln_share.exp()
    }

    /// P(slowdown > s) for s ≥ 1, where the slowdown an arrival meets is max(1, (n + 1)/c) with n
    /// jobs already there: how much longer than alone it would take if nothing changed.
    ///
    /// # Errors
    /// When `slowdown` is below one or not finite.
    pub fn slowdown_above(&self, slowdown: f64) -> Result<f64, QueueingError> {
        let beyond = jobs_allowed(slowdown, self.processors)? - self.processors;
        Ok(self.saturated * self.utilisation().powf(beyond))
    }

    /// The smallest slowdown s with P(slowdown > s) ≤ `tail` (strictly between 0 and 1).
    ///
    /// # Errors
    /// When `tail` is outside its range.
    pub fn slowdown_exceeded_with(&self, tail: f64) -> Result<f64, QueueingError> {
        open_probability("tail", tail)?;
        if self.saturated <= tail {
            return Ok(1.0);
        }
        // A hair below the ratio, so that an exact power is not pushed to the next integer.
        let steps = (tail / self.saturated).ln() / self.utilisation().ln();
        let beyond = (steps * (1.0 - 1e-12)).ceil();
        Ok((self.processors + beyond) / self.processors)
    }
}

/// The fewest CPUs for which P(slowdown > `slowdown`) ≤ `tail` at `load` Erlangs; see
/// [`SharedProcessors::slowdown_above`].
///
/// # Errors
/// When an argument is outside its range.
pub fn servers_for_slowdown(load: f64, slowdown: f64, tail: f64) -> Result<u64, QueueingError> {
    non_negative("load", load)?;
    jobs_allowed(slowdown, 1.0)?;
    open_probability("tail", tail)?;
    let guess = load + 0.5 * normal_quantile(1.0 - tail.max(1e-15)).max(0.0) * load.sqrt();
    smallest_enough(1, guess, |processors| {
        meets(load, processors, slowdown, tail)
    })
}

/// The largest load, in Erlangs, for which P(slowdown > `slowdown`) ≤ `tail` on `processors`
/// CPUs, to a relative precision of 10⁻¹⁴.
///
/// # Errors
/// When an argument is outside its range.
pub fn load_for_slowdown(processors: u64, slowdown: f64, tail: f64) -> Result<f64, QueueingError> {
    let count = positive_count("processors", processors)?;
    let beyond = jobs_allowed(slowdown, count)? - count;
    let ln_tail = open_probability("tail", tail)?.ln();
    let excess = |load: f64| {
        if load >= count {
            return -ln_tail;
        }
        let saturated = erlang_c(load, processors).map_or(f64::NEG_INFINITY, f64::ln);
        (saturated + beyond * (load / count).ln() - ln_tail).max(-1e6)
    };
    let mut low = 0.5 * count;
    while low > 0.0 && excess(low) > 0.0 {
        low *= 0.5;
    }
    let mut load = increasing_root(low, count, excess);
    // The root may lie a rounding error beyond the target: step back to a load that meets it.
    while load > 0.0 && !meets(load, processors, slowdown, tail) {
        load *= 1.0 - 1e-14;
    }
    Ok(load)
}

fn meets(load: f64, processors: u64, slowdown: f64, tail: f64) -> bool {
    SharedProcessors::new(load, processors)
        .and_then(|shared| shared.slowdown_above(slowdown))
        .is_ok_and(|above| above <= tail)
}

/// The most jobs, oneself included, with a slowdown of at most s: ⌊s c⌋. A product that misses an
/// integer by rounding only counts as that integer.
fn jobs_allowed(slowdown: f64, processors: f64) -> Result<f64, QueueingError> {
    if !(slowdown.is_finite() && slowdown >= 1.0) {
        return Err(refused("slowdown", "finite and at least one", slowdown));
    }
    Ok((slowdown * processors * (1.0 + 1e-13)).floor())
}
