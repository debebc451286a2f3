//! Where the warm-up of a simulation run ends.

use super::{StatisticsError, all_finite, at_least, means};

/// Observations per batch.
const BATCH: usize = 5;

/// What MSER-5 says about a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmUp {
    /// How many observations to leave out at the start.
    pub observations: usize,
    /// False when the best cut is at the end of the searched half: the run is too short to tell,
    /// and the rest should not be trusted as steady.
    pub settled: bool,
}

/// MSER-5 (White, Cobb and Spratt 2000): of all cuts within the first half, the one after which
/// the mean of the rest has the smallest estimated standard error, on means of five observations.
///
/// # Errors
/// With fewer than 20 observations, or one that is not finite.
pub fn mser5(series: &[f64]) -> Result<WarmUp, StatisticsError> {
    at_least(4 * BATCH, series)?;
    all_finite(series)?;
    let origin = means::mean(series);
    let batches: Vec<f64> = series
        .chunks_exact(BATCH)
        .map(|batch| means::mean(batch) - origin)
        .collect();
    let count = batches.len();
    let half = count / 2;
    let (mut sum, mut squares) = (0.0, 0.0);
    let (mut best_cut, mut best) = (0, f64::INFINITY);
    for cut in (0..count).rev() {
        sum += batches[cut];
        squares += batches[cut] * batches[cut];
        if cut > half {
            continue;
        }
        let kept = (count - cut) as f64;
        let statistic = (squares - sum * sum / kept).max(0.0) / (kept * kept);
        // From the end towards the start: of equal cuts, keep more.
        if statistic <= best {
            best = statistic;
            best_cut = cut;
        }
    }
    Ok(WarmUp {
        observations: best_cut * BATCH,
        settled: best_cut < half,
    })
}
