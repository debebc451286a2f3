//! A line through memory over the number of live sandboxes.
//!
//! The slope is the memory of one more sandbox, the intercept what is there once. Each block is a
//! process of its own with its own intercept, so blocks are centred before the slope is fitted.
//! Memory with no sandbox alive is left out of the fit: what sandboxes share with each other is
//! taken by the first of them, and the line through the others shows it as a base.

use std::collections::BTreeMap;

use super::super::document::{Estimate, MemoryAccount, MemoryFit};
use super::super::record::{Ceiling, MemorySample, MemoryStage};
use super::samples::estimate_of_positive;
use crate::statistics::Interval;
use crate::statistics::bootstrap::{Bootstrap, median};

/// An account is precise if its interval is no wider than this on either side, as a share of the
/// value.
const PRECISE: f64 = 0.1;

/// Accounts whose intervals do not meet and that differ by more than this are worth a remark.
const DISAGREEMENT: f64 = 0.2;

/// Fewest numbers of live sandboxes for a line.
const LEVELS: usize = 3;

type Point = (f64, f64);

/// Fits a line; none if there are too few points.
pub(super) fn fit(
    blocks: &[Vec<&MemorySample>],
    ceiling: Ceiling,
    working_set: u64,
    part: &str,
    remarks: &mut Vec<String>,
) -> Option<MemoryFit> {
    let accounts: Vec<(MemoryAccount, Estimate)> = [
        MemoryAccount::Host,
        MemoryAccount::ControlGroup,
        MemoryAccount::Proportional,
        MemoryAccount::Unique,
    ]
    .into_iter()
    .filter_map(|account| Some((account, slope(&points(blocks, account))?)))
    .collect();
    let (account, per_instance) = headline(&accounts)?;
    remark_on_disagreement(&accounts, part, remarks);
    let of_account = points(blocks, account);
    let base = base(blocks)?;
    Some(MemoryFit {
        per_instance,
        account,
        base,
        working_set,
        highest: ceiling.live,
        ceiling,
        points: above(base.value, &of_account),
        accounts,
    })
}

/// The account that gives the headline: what the host has less of, if that is precise; if not, the
/// control group, which has the kernel's part too; without one, proportional set sizes.
fn headline(accounts: &[(MemoryAccount, Estimate)]) -> Option<(MemoryAccount, Estimate)> {
    let of = |wanted: MemoryAccount| {
        accounts
            .iter()
            .copied()
            .find(|(account, estimate)| *account == wanted && estimate.value > 0.0)
    };
    of(MemoryAccount::Host)
        .filter(|(_, estimate)| relative_width(estimate) <= PRECISE)
        .or_else(|| of(MemoryAccount::ControlGroup))
        .or_else(|| of(MemoryAccount::Proportional))
        .or_else(|| accounts.first().copied())
}

fn relative_width(estimate: &Estimate) -> f64 {
    match estimate.interval {
        Some(interval) if estimate.value > 0.0 => {
            0.5 * (interval.high - interval.low) / estimate.value
        }
        _ => f64::INFINITY,
    }
}

/// Memory by one account in each block: one point for each number of live sandboxes, the median of
/// its readings.
fn points(blocks: &[Vec<&MemorySample>], account: MemoryAccount) -> Vec<Vec<Point>> {
    blocks
        .iter()
        .map(|block| {
            let mut levels: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
            for sample in block
                .iter()
                .filter(|sample| sample.stage == MemoryStage::Adding && sample.live > 0)
            {
                if let Some(bytes) = bytes(sample, account) {
                    levels.entry(sample.live).or_default().push(bytes);
                }
            }
            levels
                .into_iter()
                .map(|(live, mut readings)| (f64::from(live), median(&mut readings)))
                .collect()
        })
        .filter(|points: &Vec<Point>| points.len() >= LEVELS)
        .collect()
}

fn bytes(sample: &MemorySample, account: MemoryAccount) -> Option<f64> {
    Some(match account {
        MemoryAccount::Host => -(sample.available as f64),
        MemoryAccount::ControlGroup => sample.control_group? as f64,
        MemoryAccount::Proportional => (sample.pss + sample.page_tables) as f64,
        MemoryAccount::Unique => sample.uss as f64,
    })
}

/// The common slope of several blocks by least squares, with an interval by a bootstrap over blocks
/// and points.
fn slope(blocks: &[Vec<Point>]) -> Option<Estimate> {
    if blocks.is_empty() {
        return None;
    }
    // The bootstrap draws numbers, so a point is drawn by where it stands.
    let every: Vec<&[Point]> = blocks.iter().map(Vec::as_slice).collect();
    let mut places = Vec::new();
    let mut of_places: Vec<(usize, Point)> = Vec::new();
    for (block, points) in every.iter().enumerate() {
        let mut own = Vec::new();
        for point in *points {
            own.push(of_places.len() as f64);
            of_places.push((block, *point));
        }
        places.push(own);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "places are small integers"
    )]
    let at = |place: f64| of_places[place as usize];
    let least_squares = |places: &mut [f64]| {
        let mut by_block: BTreeMap<usize, Vec<Point>> = BTreeMap::new();
        for place in places.iter() {
            let (block, point) = at(*place);
            by_block.entry(block).or_default().push(point);
        }
        let (mut products, mut squares) = (0.0, 0.0);
        for points in by_block.values() {
            let (x, y) = centre(points);
            for point in points {
                products += (point.0 - x) * (point.1 - y);
                squares += (point.0 - x).powi(2);
            }
        }
        // A draw of one point alone has no slope; zero makes the interval wider, never narrower.
        if squares > 0.0 {
            products / squares
        } else {
            0.0
        }
    };
    let value = least_squares(&mut places.concat());
    let interval = Bootstrap::new(2_000, 0.95, 7)
        .ok()?
        .interval_of_blocks(&places, least_squares)
        .ok();
    Some(Estimate {
        value,
        interval,
        samples: u32::try_from(of_places.len()).unwrap_or(u32::MAX),
    })
}

fn centre(points: &[Point]) -> Point {
    let n = points.len() as f64;
    let x = points.iter().map(|point| point.0).sum::<f64>() / n;
    let y = points.iter().map(|point| point.1).sum::<f64>() / n;
    (x, y)
}

/// What is there once: where the line of proportional set sizes begins, less what the measuring
/// process had before it prepared anything.
fn base(blocks: &[Vec<&MemorySample>]) -> Option<Estimate> {
    let mut bases = Vec::new();
    for block in blocks {
        let one = std::slice::from_ref(block);
        let Some(points) = points(one, MemoryAccount::Proportional).pop() else {
            continue;
        };
        let slope = slope(std::slice::from_ref(&points))?.value;
        let (x, y) = centre(&points);
        let mut before: Vec<f64> = block
            .iter()
            .filter(|sample| sample.stage == MemoryStage::Before)
            .map(|sample| (sample.pss + sample.page_tables) as f64)
            .collect();
        if !before.is_empty() {
            bases.push(y - slope * x - median(&mut before));
        }
    }
    if bases.is_empty() {
        return None;
    }
    // A base cannot be below nothing; a line through noise can begin there.
    let positive: Vec<f64> = bases.iter().map(|base| base.max(0.0)).collect();
    if let Some(estimate) = estimate_of_positive(&positive) {
        return Some(estimate);
    }
    let low = positive.iter().copied().fold(f64::INFINITY, f64::min);
    let high = positive.iter().copied().fold(0.0, f64::max);
    Some(Estimate {
        value: positive.iter().sum::<f64>() / positive.len() as f64,
        interval: (positive.len() > 1).then_some(Interval { low, high }),
        samples: u32::try_from(positive.len()).unwrap_or(u32::MAX),
    })
}

/// The points of all blocks, each block moved so that its own line begins at the base.
fn above(base: f64, blocks: &[Vec<Point>]) -> Vec<(u32, f64)> {
    let mut all = Vec::new();
    for points in blocks {
        let Some(line) = slope(std::slice::from_ref(points)) else {
            continue;
        };
        let (x, y) = centre(points);
        let begin = y - line.value * x;
        for (live, bytes) in points {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a number of sandboxes"
            )]
            all.push((*live as u32, base + bytes - begin));
        }
    }
    all
}

fn remark_on_disagreement(
    accounts: &[(MemoryAccount, Estimate)],
    part: &str,
    remarks: &mut Vec<String>,
) {
    let complete: Vec<_> = accounts
        .iter()
        .filter(|(account, estimate)| {
            // What else the host does can move its free memory steadily enough to look like a line.
            let is_told = *account != MemoryAccount::Host || relative_width(estimate) <= PRECISE;
            *account != MemoryAccount::Unique && estimate.value > 0.0 && is_told
        })
        .collect();
    for (index, (account, estimate)) in complete.iter().enumerate() {
        for (other, against) in &complete[index + 1..] {
            let (Some(one), Some(two)) = (estimate.interval, against.interval) else {
                continue;
            };
            let apart = one.low > two.high || two.low > one.high;
            let ratio = estimate.value / against.value;
            if apart && ratio.ln().abs() > DISAGREEMENT {
                remarks.push(format!(
                    "{part}: by the {} a sandbox has {ratio:.2} times what it has by the {}",
                    account.words(),
                    other.words()
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::document::MemoryAccount;
    use super::super::super::record::{Ceiling, CeilingKind, MemorySample, MemoryStage};
    use super::fit;

    const MIB: u64 = 1 << 20;

    /// Sandboxes of `own` bytes each over `shared` bytes that all of them have together.
    fn block(own: u64, shared: u64, jitter: u64) -> Vec<MemorySample> {
        let sample = |live: u32, stage, shake: u64| {
            let used = if stage == MemoryStage::Before {
                0
            } else {
                shared
            } + u64::from(live) * own;
            MemorySample {
                live,
                stage,
                available: (8 << 30) - used + shake,
                pss: 5 * MIB + used,
                uss: 5 * MIB + used - shared.min(used),
                page_tables: 0,
                control_group: None,
                control_group_kernel: None,
                processes: 1,
            }
        };
        let mut samples = vec![sample(0, MemoryStage::Before, 0)];
        for (place, live) in [0, 1, 2, 4, 8, 16, 32, 64].into_iter().enumerate() {
            let shake = jitter * (place as u64 * 7 % 5);
            samples.push(sample(live, MemoryStage::Adding, shake));
        }
        samples
    }

    fn ceiling() -> Ceiling {
        Ceiling {
            live: 64,
            kind: CeilingKind::Effort,
            reason: "enough".to_owned(),
        }
    }

    #[test]
    fn slope_and_base_are_recovered() {
        let blocks = [
            block(3 * MIB, 40 * MIB, 1000),
            block(3 * MIB, 40 * MIB, 3000),
        ];
        let blocks: Vec<Vec<&MemorySample>> =
            blocks.iter().map(|block| block.iter().collect()).collect();
        let mut remarks = Vec::new();
        let fit = fit(&blocks, ceiling(), 0, "idle", &mut remarks).expect("points");
        let mib = MIB as f64;
        assert_eq!(fit.account, MemoryAccount::Host);
        assert!((fit.per_instance.value / (3.0 * mib) - 1.0).abs() < 0.01);
        let interval = fit.per_instance.interval.expect("an interval");
        assert!(interval.low <= 3.01 * mib && interval.high >= 2.99 * mib);
        assert!((fit.base.value / (40.0 * mib) - 1.0).abs() < 0.01);
        assert!(remarks.is_empty(), "{remarks:?}");
    }

    #[test]
    fn an_unsteady_host_gives_the_headline_to_a_steadier_account() {
        let blocks = [block(MIB / 4, 0, 100 * MIB)];
        let blocks: Vec<Vec<&MemorySample>> =
            blocks.iter().map(|block| block.iter().collect()).collect();
        let mut remarks = Vec::new();
        let fit = fit(&blocks, ceiling(), 0, "idle", &mut remarks).expect("points");
        assert_eq!(fit.account, MemoryAccount::Proportional);
        assert!((fit.per_instance.value / (MIB as f64 / 4.0) - 1.0).abs() < 0.01);
        assert!(remarks.is_empty(), "{remarks:?}");
    }
}
