//! A value with its interval, in a unit that suits it and with as many digits as it deserves.

use tonnage_model::measurement::document::Estimate;
use tonnage_model::measurement::figure::FigureUnit;

use crate::format::{self, UNIT_SPACE};

/// Significant digits where no interval says how many are known.
const DIGITS_WITHOUT_INTERVAL: i32 = 2;

/// A value with its interval as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The value with its unit.
    pub(crate) value: String,
    /// The 95% interval in the same unit, or why there is none.
    pub(crate) spread: String,
}

impl Reading {
    /// Digits end where the interval begins: two digits of its half-width if the first is a one,
    /// one otherwise. One digit of the value is shown however wide the interval is.
    pub(crate) fn of(estimate: &Estimate, unit: FigureUnit) -> Self {
        let (factor, name) = scale(estimate.value, unit);
        let value = estimate.value * factor;
        let ends = estimate
            .interval
            .map(|interval| (interval.low * factor, interval.high * factor));
        let half = ends.map_or(0.0, |(low, high)| 0.5 * (high - low));
        let places = if half > 0.0 {
            let exponent = exponent(half);
            let two = half < 2.0 * 10_f64.powi(exponent);
            let first_digit = if value == 0.0 {
                i32::MIN
            } else {
                -self::exponent(value.abs())
            };
            (i32::from(two) - exponent).max(first_digit)
        } else if value == 0.0 {
            0
        } else {
            DIGITS_WITHOUT_INTERVAL - 1 - exponent(value.abs())
        };
        let show = |value: f64| rounded(value, places);
        let spread = match ends {
            None => "no interval".to_owned(),
            Some(_) if half <= 0.0 => "±0".to_owned(),
            Some((low, high)) => {
                let dash = if low < 0.0 { " to " } else { "–" };
                format!("{}{dash}{}", show(low), show(high))
            }
        };
        let space = if name.is_empty() || name == "×" {
            String::new()
        } else {
            UNIT_SPACE.to_string()
        };
        Self {
            value: format!("{}{space}{name}", show(value)),
            spread,
        }
    }

    /// `12.3 ms (11.9–12.8)`.
    pub(crate) fn text(&self) -> String {
        format!("{} ({})", self.value, self.spread.replace(' ', "\u{a0}"))
    }
}

/// A value of a unit with its interval.
pub(crate) fn show(estimate: &Estimate, unit: FigureUnit) -> String {
    Reading::of(estimate, unit).text()
}

/// As [`show`]; a dash where there is none.
pub(crate) fn show_if(estimate: Option<&Estimate>, unit: FigureUnit) -> String {
    estimate.map_or("–".to_owned(), |estimate| show(estimate, unit))
}

/// What to multiply by, and the unit's name.
fn scale(value: f64, unit: FigureUnit) -> (f64, &'static str) {
    let magnitude = value.abs();
    match unit {
        FigureUnit::Seconds | FigureUnit::CpuSeconds => match magnitude {
            ..1e-6 if magnitude > 0.0 => (1e9, "ns"),
            ..1e-3 => (1e6, "µs"),
            ..1.0 => (1e3, "ms"),
            _ => (1.0, "s"),
        },
        FigureUnit::Bytes => match magnitude {
            ..1023.5 => (1.0, "B"),
            ..1_048_064.0 => (1.0 / 1024.0, "KiB"),
            ..1_073_217_536.0 => (1.0 / 1_048_576.0, "MiB"),
            _ => (1.0 / 1_073_741_824.0, "GiB"),
        },
        FigureUnit::PerSecond => (1.0, ""),
        FigureUnit::Ratio => (1.0, "×"),
    }
}

/// The decimal exponent of a positive number.
#[expect(clippy::cast_possible_truncation, reason = "from -324 to 308")]
fn exponent(value: f64) -> i32 {
    value.log10().floor() as i32
}

/// A number rounded to places after the point; before the point where they are negative.
fn rounded(value: f64, places: i32) -> String {
    if !value.is_finite() {
        return format::plain(value, 3);
    }
    if places <= 0 {
        let step = 10_f64.powi(-places);
        return format::full((value / step).round() * step + 0.0);
    }
    // More would be digits of the binary fraction.
    let places = usize::try_from(places.min(9)).unwrap_or(0);
    let text = format!("{:.places$}", value.abs());
    if value < 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        format!("−{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tonnage_model::statistics::Interval;

    fn shown(value: f64, ends: Option<(f64, f64)>, unit: FigureUnit) -> String {
        let estimate = Estimate {
            value,
            interval: ends.map(|(low, high)| Interval { low, high }),
            samples: 9,
        };
        show(&estimate, unit).replace('\u{a0}', " ")
    }

    #[test]
    fn digits_follow_the_interval() {
        for (value, ends, unit, text) in [
            (
                0.0123,
                Some((0.0119, 0.0128)),
                FigureUnit::Seconds,
                "12.3 ms (11.9–12.8)",
            ),
            (
                0.012_345,
                Some((0.012_33, 0.012_36)),
                FigureUnit::Seconds,
                "12.345 ms (12.330–12.360)",
            ),
            (
                0.5,
                Some((0.3, 0.9)),
                FigureUnit::Seconds,
                "500 ms (300–900)",
            ),
            (
                3.2e-7,
                Some((3e-7, 3.4e-7)),
                FigureUnit::CpuSeconds,
                "320 ns (300–340)",
            ),
            (
                1_500_000.0,
                Some((1_480_000.0, 1_520_000.0)),
                FigureUnit::Bytes,
                "1.431 MiB (1.411–1.450)",
            ),
            (
                100.0,
                Some((-50.0, 250.0)),
                FigureUnit::Bytes,
                "100 B (−50 to 250)",
            ),
            (
                1_234.0,
                Some((1_150.0, 1_300.0)),
                FigureUnit::PerSecond,
                "1\u{202f}230 (1\u{202f}150–1\u{202f}300)",
            ),
            (
                230.0,
                Some((0.0, 5_000.0)),
                FigureUnit::PerSecond,
                "200 (0–5\u{202f}000)",
            ),
            (
                1.034,
                Some((1.02, 1.05)),
                FigureUnit::Ratio,
                "1.034× (1.020–1.050)",
            ),
            (0.041, None, FigureUnit::CpuSeconds, "41 ms (no interval)"),
            (0.0, None, FigureUnit::Bytes, "0 B (no interval)"),
        ] {
            assert_eq!(shown(value, ends, unit), text);
        }
    }

    proptest! {
        #[test]
        fn no_number_stands_without_its_uncertainty(
            value in -1e12..1e12_f64,
            below in 0.0..1e12_f64,
            above in 0.0..1e12_f64,
        ) {
            for unit in [FigureUnit::Seconds, FigureUnit::Bytes, FigureUnit::PerSecond, FigureUnit::Ratio] {
                let text = shown(value, Some((value - below, value + above)), unit);
                prop_assert!(text.contains('(') && !text.contains("NaN") && text.len() < 120);
            }
        }
    }
}
