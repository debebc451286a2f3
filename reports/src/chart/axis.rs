//! Value axes: the range, the ticks, and where a value stands.

use super::font;
use super::scene::{Anchor, Label, Scene};
use super::theme::Role;

/// Size of tick labels.
pub(super) const TICK_SIZE: f64 = 12.0;

/// From values to pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub(super) logarithmic: bool,
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Axis {
    /// A logarithmic axis that holds every positive value, with a little room at both ends.
    pub(super) fn logarithmic(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let (low, high) = extent(values.into_iter().filter(|v| *v > 0.0))?;
        let (mut low, mut high) = (low.log10(), high.log10());
        let room = ((high - low) * 0.06).max(0.05);
        low -= room;
        high += room;
        Some(Self {
            logarithmic: true,
            low,
            high,
            start: 0.0,
            end: 1.0,
        })
    }

    /// A linear axis from zero to a little beyond the highest value.
    pub(super) fn from_zero(values: impl IntoIterator<Item = f64>, room: f64) -> Option<Self> {
        let (_, high) = extent(values.into_iter().filter(|v| *v > 0.0))?;
        Some(Self {
            logarithmic: false,
            low: 0.0,
            high: high * (1.0 + room),
            start: 0.0,
            end: 1.0,
        })
    }

    /// A linear axis that holds every value, with room at both ends.
    pub(super) fn linear(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let (low, high) = extent(values)?;
        let room = ((high - low) * 0.08).max(high.abs() * 1e-3).max(1e-12);
        Some(Self {
            logarithmic: false,
            low: low - room,
            high: high + room,
            start: 0.0,
            end: 1.0,
        })
    }

    /// The same axis between two pixel positions.
    pub(super) fn over(mut self, start: f64, end: f64) -> Self {
        self.start = start;
        self.end = end;
        self
    }

    /// Where a value stands; values beyond an end stand at the end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = if self.logarithmic {
            value.max(1e-300).log10()
        } else {
            value
        };
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.start + share * (self.end - self.start)
    }

    /// Whether a value can be shown.
    pub(super) fn shows(&self, value: f64) -> bool {
        value.is_finite() && (!self.logarithmic || value > 0.0)
    }

    /// Round values for grid lines, at most about `most`.
    pub(super) fn ticks(&self, most: usize) -> Vec<f64> {
        if self.logarithmic {
            self.logarithmic_ticks(most)
        } else {
            self.linear_ticks(most)
        }
    }

    fn linear_ticks(&self, most: usize) -> Vec<f64> {
        let rough = (self.high - self.low) / most.max(1) as f64;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| *step >= rough * 0.999)
            .unwrap_or(10.0 * power);
        let mut ticks = Vec::new();
        let mut index = (self.low / step).ceil();
        while index * step <= self.high * (1.0 + 1e-12) && ticks.len() < 100 {
            ticks.push(index * step);
            index += 1.0;
        }
        ticks
    }

    fn logarithmic_ticks(&self, most: usize) -> Vec<f64> {
        let patterns: [&[f64]; 4] = [
            &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0],
            &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
            &[1.0, 2.0, 5.0],
            &[1.0],
        ];
        for pattern in patterns {
            let ticks = self.decade_ticks(pattern, 1.0);
            if ticks.len() <= most {
                return ticks;
            }
        }
        let decades = (self.high - self.low) / most.max(1) as f64;
        self.decade_ticks(&[1.0], decades.ceil().max(1.0))
    }

    fn decade_ticks(&self, pattern: &[f64], step: f64) -> Vec<f64> {
        let mut ticks = Vec::new();
        let mut decade = (self.low / step).floor() * step;
        while decade <= self.high && ticks.len() < 200 {
            for factor in pattern {
                let place = decade + factor.log10();
                if (self.low..=self.high).contains(&place) {
                    ticks.push(10_f64.powf(place));
                }
            }
            decade += step;
        }
        ticks
    }

    /// Grid lines over the strips and, below `bottom`, tick labels that do not touch, then the
    /// title.
    pub(super) fn draw_below(
        &self,
        scene: &mut Scene,
        strips: &[(f64, f64)],
        bottom: f64,
        show: impl Fn(f64) -> String,
        title: &str,
    ) {
        let room = self.end - self.start;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small positive number"
        )]
        let most = (room / 50.0).clamp(4.0, 12.0) as usize;
        let mut free_from = f64::NEG_INFINITY;
        for tick in self.ticks(most) {
            let x = self.at(tick);
            for (from, to) in strips {
                scene.line((x, *from), (x, *to), 1.0, Role::Grid);
            }
            let text = show(tick);
            let half = font::width(&text, TICK_SIZE, false) / 2.0;
            let x = x.clamp(half, (scene.width - half).max(half));
            if x - half < free_from {
                continue;
            }
            free_from = x + half + 8.0;
            scene.text(Label {
                x,
                y: bottom + 14.0,
                text,
                size: TICK_SIZE,
                bold: false,
                anchor: Anchor::Middle,
                role: Role::Muted,
            });
        }
        let text = font::fitted(title, TICK_SIZE, false, scene.width);
        let half = font::width(&text, TICK_SIZE, false) / 2.0;
        let middle = f64::midpoint(self.start, self.end);
        scene.text(Label {
            x: middle.clamp(half.min(scene.width / 2.0), (scene.width - half).max(scene.width / 2.0)),
            y: bottom + 34.0,
            text,
            size: TICK_SIZE,
            bold: false,
            anchor: Anchor::Middle,
            role: Role::Muted,
        });
    }
}

/// Height of tick labels and title below an axis.
pub(super) const BELOW: f64 = 46.0;

/// A round number on an axis: `500K`, `1M`, `2.5M`.
pub(super) fn tick_count(value: f64) -> String {
    let text = crate::format::short(value, 3);
    let split = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '−'))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let number = if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    };
    format!("{number}{suffix}")
}

fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .into_iter()
        .filter(|value| value.is_finite())
        .fold(None, |found, value| match found {
            None => Some((value, value)),
            Some((low, high)) => Some((f64::min(low, value), f64::max(high, value))),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_range() {
        let axis = Axis::logarithmic([4.8e5, 9.8e6]).expect("positive values");
        let labels: Vec<_> = axis.ticks(8).into_iter().map(tick_count).collect();
        assert_eq!(labels, ["500K", "1M", "2M", "5M", "10M"]);
        let axis = Axis::from_zero([24e6], 0.1).expect("positive values");
        let labels: Vec<_> = axis.ticks(6).into_iter().map(tick_count).collect();
        assert_eq!(labels, ["0", "5M", "10M", "15M", "20M", "25M"]);
    }

    #[test]
    fn one_value_makes_an_axis() {
        for axis in [
            Axis::logarithmic([5.0]),
            Axis::linear([5.0]),
            Axis::from_zero([5.0], 0.1),
        ] {
            let axis = axis.expect("an axis").over(0.0, 100.0);
            assert!(!axis.ticks(5).is_empty());
            assert!((0.0..=100.0).contains(&axis.at(5.0)));
        }
        assert_eq!(Axis::logarithmic([0.0, f64::NAN]), None);
    }
}
