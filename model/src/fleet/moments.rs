//! Sums of values and of their squares in whole numbers, so that adding them up in any order and
//! grouping gives the same bits.

use crate::statistics::stratified::{PairStratum, Stratum};

/// Values are kept as multiples of 2⁻²⁴: to seven digits after the point.
const SCALE: f64 = (1_u64 << 24) as f64;

/// Count, sums, squares and product of pairs of values. Values up to 10⁸ fit for 10⁵ pairs, and are
/// held at the largest number beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Moments {
    count: u64,
    x: i128,
    y: i128,
    xx: i128,
    xy: i128,
    yy: i128,
}

impl Moments {
    /// Adds one value.
    pub(super) fn add(&mut self, value: f64) {
        self.add_whole(fixed(value), fixed(1.0));
    }

    /// Adds a numerator and its denominator, both counts.
    pub(super) fn add_counts(&mut self, numerator: u64, denominator: u64) {
        self.add_whole(i128::from(numerator), i128::from(denominator));
    }

    fn add_whole(&mut self, x: i128, y: i128) {
        self.merge(&Self {
            count: 1,
            x,
            y,
            xx: x.saturating_mul(x),
            xy: x.saturating_mul(y),
            yy: y.saturating_mul(y),
        });
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        for (here, there) in [
            (&mut self.x, other.x),
            (&mut self.y, other.y),
            (&mut self.xx, other.xx),
            (&mut self.xy, other.xy),
            (&mut self.yy, other.yy),
        ] {
            *here = here.saturating_add(there);
        }
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// The sum of the denominators, where counts were added.
    pub(super) const fn denominators(&self) -> i128 {
        self.y
    }

    /// Numerators over denominators; none without denominators.
    pub(super) fn ratio(&self) -> Option<f64> {
        (self.y > 0).then(|| self.x as f64 / self.y as f64)
    }

    /// The mean of single values; zero without any.
    pub(super) fn mean(&self) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        self.x as f64 / SCALE / self.count as f64
    }

    /// Single values as a stratum of a total.
    pub(super) fn stratum(&self, weight: f64) -> Stratum {
        Stratum {
            weight,
            count: self.count,
            mean: self.mean(),
            variance: self.variance(self.x, self.x, self.xx) / SCALE / SCALE,
        }
    }

    /// Counts as a stratum of a ratio.
    pub(super) fn pairs(&self, weight: f64) -> PairStratum {
        let count = self.count.max(1) as f64;
        PairStratum {
            weight,
            count: self.count,
            numerator: self.x as f64 / count,
            denominator: self.y as f64 / count,
            numerator_variance: self.variance(self.x, self.x, self.xx),
            denominator_variance: self.variance(self.y, self.y, self.yy),
            covariance: self.variance(self.x, self.y, self.xy),
        }
    }

    /// (Σab − ΣaΣb/n)/(n − 1): both sums are whole, and where n² of the product would not fit, the
    /// difference is taken in floating point.
    fn variance(&self, a: i128, b: i128, ab: i128) -> f64 {
        if self.count < 2 {
            return 0.0;
        }
        let count = i128::from(self.count);
        let whole = count.checked_mul(ab).and_then(|all| {
            a.checked_mul(b)
                .and_then(|product| all.checked_sub(product))
        });
        let count = self.count as f64;
        let scaled = whole.map_or_else(
            || count * ab as f64 - a as f64 * b as f64,
            |whole| whole as f64,
        );
        scaled / count / (count - 1.0)
    }
}

fn fixed(value: f64) -> i128 {
    // Casts saturate, and nothing is no number here.
    #[expect(clippy::cast_possible_truncation)]
    let whole = (value * SCALE).round() as i128;
    whole
}

#[cfg(test)]
mod tests {
    use super::Moments;
    use proptest::prelude::*;

    fn of(values: &[f64]) -> Moments {
        let mut moments = Moments::default();
        for value in values {
            moments.add(*value);
        }
        moments
    }

    #[test]
    fn means_and_variances_are_those_of_the_values() {
        let stratum = of(&[1.0, 2.5, 4.0, 4.5]).stratum(2.0);
        assert!((stratum.mean - 3.0).abs() < 1e-12);
        assert!((stratum.variance - 2.5).abs() < 1e-6);
        let offset = of(&[1e6 + 1.0, 1e6 + 2.5, 1e6 + 4.0, 1e6 + 4.5]).stratum(1.0);
        assert!((offset.variance - 2.5).abs() < 1e-6, "{offset:?}");
        assert!(of(&[3.0]).stratum(1.0).variance.abs() < 1e-12);
    }

    #[test]
    fn counts_make_a_ratio() {
        let mut moments = Moments::default();
        moments.add_counts(1, 10);
        moments.add_counts(5, 20);
        let pairs = moments.pairs(1.0);
        assert_eq!(moments.ratio(), Some(0.2));
        assert!((pairs.numerator_variance - 8.0).abs() < 1e-12);
        assert!((pairs.denominator_variance - 50.0).abs() < 1e-12);
        assert!((pairs.covariance - 20.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn any_grouping_gives_the_same_bits(
            values in prop::collection::vec(0.0_f64..1e7, 1..40),
            split in 0_usize..40,
        ) {
            let split = split.min(values.len());
            let (left, right) = values.split_at(split);
            let mut merged = of(right);
            merged.merge(&of(left));
            prop_assert_eq!(merged, of(&values));
        }
    }
}
