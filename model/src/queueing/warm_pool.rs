//! Warm pools: how many unused sandboxes to keep so that few requests find none.
//!
//! A sandbox that is taken is replaced by one that takes a start to be ready. A pool of *s* is then *s*
//! servers, each busy for the length of a start after every request it serves, and a request that finds
//! all of them busy is served otherwise and lost to the pool: M/G/s/s. So with requests at rate λ and a
//! start of mean length E\[L\], the share of misses is Erlang's loss formula B(s, λ E\[L\]), and by its
//! insensitivity (Sevastyanov 1957) the distribution of L doesn't matter. A pool of each host has that host's
//! requests; one pool for all hosts needs fewer sandboxes.

use super::erlang::{erlang_b, servers_for_blocking};
use super::{QueueingError, non_negative, open_probability};

/// Share of requests that find no unused sandbox, with `requests` per second (at least 0), a start of
/// `start` seconds on average (at least 0), waits for the start rate included, and a pool of `pool`
/// sandboxes.
///
/// # Errors
/// When a number is negative or not finite, or the pool is above 2⁵³.
pub fn miss_probability(requests: f64, start: f64, pool: u64) -> Result<f64, QueueingError> {
    erlang_b(load(requests, start)?, pool)
}

/// The smallest pool from which at least a share of `hits` (strictly between 0 and 1) of all requests
/// is served; see [`miss_probability`].
///
/// ```
/// use tonnage_model::queueing::warm_pool::{miss_probability, pool_for_hits};
///
/// // Ten requests a second, starts of half a second: 5 Erlangs.
/// let pool = pool_for_hits(10.0, 0.5, 0.99)?;
/// assert_eq!(pool, 11);
/// assert!(miss_probability(10.0, 0.5, pool)? <= 0.01);
/// # Ok::<(), tonnage_model::queueing::QueueingError>(())
/// ```
///
/// # Errors
/// When an argument is outside its range.
pub fn pool_for_hits(requests: f64, start: f64, hits: f64) -> Result<u64, QueueingError> {
    let hits = open_probability("hits", hits)?;
    servers_for_blocking(load(requests, start)?, 1.0 - hits)
}

fn load(requests: f64, start: f64) -> Result<f64, QueueingError> {
    Ok(non_negative("requests", requests)? * non_negative("start", start)?)
}

#[cfg(test)]
mod tests {
    use super::{miss_probability, pool_for_hits};

    /// Offered loads at a loss of 1% from tables of Erlang B.
    #[test]
    fn pools_are_those_of_the_erlang_b_table() {
        for (pool, load) in [(10, 4.461), (20, 12.031), (50, 37.901), (100, 84.064)] {
            assert_eq!(pool_for_hits(load / 0.25, 0.25, 0.989_99).unwrap(), pool);
            let missed = miss_probability(load / 0.25, 0.25, pool).unwrap();
            assert!((missed - 0.01).abs() < 1e-5, "{missed}");
        }
        assert_eq!(miss_probability(3.0, 2.0, 0), Ok(1.0));
        assert_eq!(pool_for_hits(3.0, 0.0, 0.99), Ok(1));
        assert!(pool_for_hits(3.0, 1.0, 1.0).is_err());
        assert!(miss_probability(f64::NAN, 1.0, 1).is_err());
    }
}
