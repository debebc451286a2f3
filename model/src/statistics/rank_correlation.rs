//! Which input an output follows, however bent the relation.

use super::{StatisticsError, all_finite, at_least, means, refused};

/// Spearman's rank correlation (Spearman 1904), from −1 to 1; ties share their mean rank.
///
/// # Errors
/// With fewer than two pairs, samples of different number, one that is not finite, or a side on
/// which all are equal.
pub fn spearman(left: &[f64], right: &[f64]) -> Result<f64, StatisticsError> {
    at_least(2, left)?;
    if left.len() != right.len() {
        return Err(refused(
            "right",
            "as many samples as left",
            right.len() as f64,
        ));
    }
    all_finite(left)?;
    all_finite(right)?;
    let (left, right) = (ranks(left), ranks(right));
    let (left_mean, right_mean) = (means::mean(&left), means::mean(&right));
    let (mut product, mut left_square, mut right_square) = (0.0, 0.0, 0.0);
    for (l, r) in left.iter().zip(&right) {
        let (l, r) = (l - left_mean, r - right_mean);
        product += l * r;
        left_square += l * l;
        right_square += r * r;
    }
    if left_square <= 0.0 || right_square <= 0.0 {
        return Err(StatisticsError::NoVariation);
    }
    Ok((product / (left_square.sqrt() * right_square.sqrt())).clamp(-1.0, 1.0))
}

/// Ranks from 1, equal values sharing the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let value = values[order[start]];
        let mut end = start + 1;
        while end < order.len() && values[order[end]] <= value {
            end += 1;
        }
        // Ranks start + 1 to end.
        let shared = 0.5 * (start + 1 + end) as f64;
        for &index in &order[start..end] {
            ranks[index] = shared;
        }
        start = end;
    }
    ranks
}
