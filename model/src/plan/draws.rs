//! Monte Carlo draws of the uncertain inputs.

use rand::RngExt;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64Mcg;

use crate::input::{Draw, InputId, Inputs};
use crate::result::Estimated;

/// Draws by Latin hypercube: each input takes every one of `count` equally likely slices of its
/// belief once, in an order of its own (McKay, Beckman and Conover 1979).
///
/// The order depends on the seed and the input's key alone, so that an input is drawn alike in
/// every reading of a scenario and comparisons are not noise.
pub(super) fn latin_hypercube(inputs: &Inputs, count: u32, seed: u64) -> Vec<Draw> {
    let columns: Vec<Vec<f64>> = inputs
        .iter()
        .map(|(_, input)| {
            let mut stream = Pcg64Mcg::seed_from_u64(seed ^ hash_of(&input.key));
            let mut slices: Vec<u32> = (0..count).collect();
            slices.shuffle(&mut stream);
            let place = |slice: u32| (f64::from(slice) + stream.random::<f64>()) / f64::from(count);
            slices.into_iter().map(place).collect()
        })
        .collect();
    (0..count as usize)
        .map(|index| {
            let mut column = columns.iter();
            Draw::sample(inputs, |_: InputId| {
                column.next().map_or(0.5, |column| column[index])
            })
        })
        .collect()
}

/// FNV-1a, which is the same on every machine and in every version.
fn hash_of(key: &str) -> u64 {
    key.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Relative width below which an interval is a rounding error.
const EXACT: f64 = 1e-9;

/// The 95% interval of values over the draws, around the value at the central inputs. Where the
/// central value lies outside, the interval is widened to hold it.
pub(super) fn interval(central: f64, values: &mut [f64]) -> Estimated {
    values.sort_by(f64::total_cmp);
    if values.is_empty() {
        return Estimated::exact(central);
    }
    let (low, high) = (quantile(values, 0.025), quantile(values, 0.975));
    // What no uncertain input moves is exact, whatever the last bits of a sum say.
    if high - low <= EXACT * central {
        return Estimated::exact(central);
    }
    Estimated {
        central,
        low: low.min(central),
        high: high.max(central),
    }
}

/// The quantile of sorted values: the value of the nearest rank, so that half a host is never
/// needed.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let position = p * (sorted.len() - 1) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let rank = position.round() as usize;
    sorted[rank.min(sorted.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Cited, Quantity, Uncertain};
    use crate::units::Count;

    #[test]
    fn every_slice_is_drawn_once() {
        let mut inputs = Inputs::default();
        let quantity = Quantity::<Count>::new(
            Uncertain::Uniform {
                low: 0.0,
                high: 1.0,
            },
            Cited::default(),
        );
        let id = inputs.add("a".to_owned(), "a".to_owned(), &quantity);
        let draws = latin_hypercube(&inputs, 100, 7);
        let mut values: Vec<f64> = draws.iter().map(|draw| draw.get(id)).collect();
        values.sort_by(f64::total_cmp);
        for (slice, value) in values.iter().enumerate() {
            assert!((slice as f64 / 100.0..(slice + 1) as f64 / 100.0).contains(value));
        }
        assert_eq!(draws, latin_hypercube(&inputs, 100, 7));
        assert_ne!(draws, latin_hypercube(&inputs, 100, 8));
    }

    #[test]
    fn the_interval_holds_the_central_value() {
        let mut values: Vec<f64> = (0..=1000).map(f64::from).collect();
        let found = interval(500.0, &mut values);
        assert!((found.low - 25.0).abs() < 1e-9 && (found.high - 975.0).abs() < 1e-9);
        assert!((interval(2000.0, &mut values).high - 2000.0).abs() < 1e-9);
    }
}
