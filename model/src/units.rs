//! Units: how a quantity is written, read and bounded.
//!
//! Inside the model every quantity is a plain number in its base unit (seconds, bytes, CPU-seconds,
//! events per second); the unit is part of the type of the input it comes from.

use std::fmt::Debug;

/// A unit as a type.
pub trait Unit: Debug + Clone + Copy + PartialEq + Default + Send + Sync + 'static {
    /// What is counted, in words: `a duration`.
    const WHAT: &'static str;
    /// How to write it: `"20min"`.
    const EXAMPLE: &'static str;
    /// Suffixes with their size in the base unit. The empty suffix allows a plain number.
    const SUFFIXES: &'static [(&'static str, f64)];
    /// The suffix a value is written back with, whose size must be 1.
    const BASE_SUFFIX: &'static str;
    /// The suffixes a value is written with for a person to change.
    const WRITTEN: &'static [&'static str];
    /// Smallest and largest allowed value, in the base unit.
    const RANGE: (f64, f64);

    /// How a person reads a value.
    fn display(value: f64) -> String;
}

/// Number of people, agents, turns or instances.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Count;

/// A part of a whole, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Share;

/// A positive ratio of two like quantities.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ratio;

/// A duration in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Duration;

/// Work in CPU-seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CpuTime;

/// Memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Memory;

/// Events per second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rate;

/// US dollars per hour.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct UsdPerHour;

const TIME_SUFFIXES: &[(&str, f64)] = &[
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("min", 60.0),
    ("h", 3600.0),
    ("d", 86_400.0),
];

/// Counts above this lose whole numbers in a double.
const MAX_COUNT: f64 = 1e12;

impl Unit for Count {
    const WHAT: &'static str = "a count";
    const EXAMPLE: &'static str = "\"100M\" or 5000";
    const SUFFIXES: &'static [(&'static str, f64)] =
        &[("", 1.0), ("K", 1e3), ("k", 1e3), ("M", 1e6), ("B", 1e9)];
    const BASE_SUFFIX: &'static str = "";
    const WRITTEN: &'static [&'static str] = &["", "K", "M", "B"];
    const RANGE: (f64, f64) = (0.0, MAX_COUNT);

    fn display(value: f64) -> String {
        scaled(value, &[(1e9, "B"), (1e6, "M"), (1e3, "K"), (1.0, "")])
    }
}

impl Unit for Share {
    const WHAT: &'static str = "a share";
    const EXAMPLE: &'static str = "\"15%\" or 0.15";
    const SUFFIXES: &'static [(&'static str, f64)] = &[("", 1.0), ("%", 0.01)];
    const BASE_SUFFIX: &'static str = "";
    const WRITTEN: &'static [&'static str] = &["%"];
    const RANGE: (f64, f64) = (0.0, 1.0);

    fn display(value: f64) -> String {
        format!("{}%", significant(value * 100.0))
    }
}

impl Unit for Ratio {
    const WHAT: &'static str = "a ratio";
    const EXAMPLE: &'static str = "1.5";
    const SUFFIXES: &'static [(&'static str, f64)] = &[("", 1.0), ("x", 1.0), ("%", 0.01)];
    const BASE_SUFFIX: &'static str = "";
    const WRITTEN: &'static [&'static str] = &[""];
    const RANGE: (f64, f64) = (0.0, 1e9);

    fn display(value: f64) -> String {
        significant(value)
    }
}

impl Unit for Duration {
    const WHAT: &'static str = "a duration";
    const EXAMPLE: &'static str = "\"20min\"";
    const SUFFIXES: &'static [(&'static str, f64)] = TIME_SUFFIXES;
    const BASE_SUFFIX: &'static str = "s";
    const WRITTEN: &'static [&'static str] = &["us", "ms", "s", "min", "h", "d"];
    const RANGE: (f64, f64) = (0.0, 3.2e7);

    fn display(value: f64) -> String {
        scaled(
            value,
            &[
                (86_400.0, " d"),
                (3600.0, " h"),
                (60.0, " min"),
                (1.0, " s"),
                (1e-3, " ms"),
                (1e-6, " µs"),
            ],
        )
    }
}

impl Unit for CpuTime {
    const WHAT: &'static str = "CPU time";
    const EXAMPLE: &'static str = "\"200ms\" of one vCPU";
    const SUFFIXES: &'static [(&'static str, f64)] = TIME_SUFFIXES;
    const BASE_SUFFIX: &'static str = "s";
    const WRITTEN: &'static [&'static str] = &["us", "ms", "s"];
    const RANGE: (f64, f64) = (0.0, 3.2e7);

    fn display(value: f64) -> String {
        scaled(
            value,
            &[(1.0, " CPU-s"), (1e-3, " CPU-ms"), (1e-6, " CPU-µs")],
        )
    }
}

impl Unit for Memory {
    const WHAT: &'static str = "an amount of memory";
    const EXAMPLE: &'static str = "\"3MiB\"";
    const SUFFIXES: &'static [(&'static str, f64)] = &[
        ("B", 1.0),
        ("kB", 1e3),
        ("KB", 1e3),
        ("MB", 1e6),
        ("GB", 1e9),
        ("TB", 1e12),
        ("KiB", 1024.0),
        ("MiB", 1_048_576.0),
        ("GiB", 1_073_741_824.0),
        ("TiB", 1_099_511_627_776.0),
    ];
    const BASE_SUFFIX: &'static str = "B";
    const WRITTEN: &'static [&'static str] =
        &["B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"];
    const RANGE: (f64, f64) = (0.0, 1e16);

    fn display(value: f64) -> String {
        scaled(
            value,
            &[
                (1_099_511_627_776.0, " TiB"),
                (1_073_741_824.0, " GiB"),
                (1_048_576.0, " MiB"),
                (1024.0, " KiB"),
                (1.0, " B"),
            ],
        )
    }
}

impl Unit for Rate {
    const WHAT: &'static str = "a rate";
    const EXAMPLE: &'static str = "\"100/s\" or 100";
    const SUFFIXES: &'static [(&'static str, f64)] = &[
        ("", 1.0),
        ("/s", 1.0),
        ("/min", 1.0 / 60.0),
        ("/h", 1.0 / 3600.0),
    ];
    const BASE_SUFFIX: &'static str = "";
    const WRITTEN: &'static [&'static str] = &["/s"];
    const RANGE: (f64, f64) = (0.0, MAX_COUNT);

    fn display(value: f64) -> String {
        format!("{}/s", significant(value))
    }
}

impl Unit for UsdPerHour {
    const WHAT: &'static str = "a price in US dollars per hour";
    const EXAMPLE: &'static str = "5.3";
    const SUFFIXES: &'static [(&'static str, f64)] = &[("", 1.0)];
    const BASE_SUFFIX: &'static str = "";
    const WRITTEN: &'static [&'static str] = &[""];
    const RANGE: (f64, f64) = (0.0, 1e6);

    fn display(value: f64) -> String {
        format!("${}/h", significant(value))
    }
}

/// Why a quantity could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// No number in front.
    #[error("this is not {what}: write it as {example}")]
    NotANumber {
        /// [`Unit::WHAT`].
        what: &'static str,
        /// [`Unit::EXAMPLE`].
        example: &'static str,
    },
    /// A suffix this unit does not have.
    #[error("`{suffix}` is not a unit of {what}; known: {known}")]
    UnknownSuffix {
        /// The suffix.
        suffix: String,
        /// [`Unit::WHAT`].
        what: &'static str,
        /// The known suffixes.
        known: String,
    },
    /// A number without the unit it needs.
    #[error("a unit is missing: write {what} as {example}")]
    MissingSuffix {
        /// [`Unit::WHAT`].
        what: &'static str,
        /// [`Unit::EXAMPLE`].
        example: &'static str,
    },
    /// Outside [`Unit::RANGE`].
    #[error("{what} must lie between {low} and {high}")]
    OutOfRange {
        /// [`Unit::WHAT`].
        what: &'static str,
        /// Smallest allowed, as written.
        low: String,
        /// Largest allowed, as written.
        high: String,
    },
}

/// Reads a quantity such as `20min`, with or without a space before the unit.
///
/// # Errors
/// If there is no number, the unit is unknown or missing, or the value is out of range.
pub fn parse<U: Unit>(text: &str) -> Result<f64, UnitError> {
    let text = text.trim();
    let number_end = text
        .char_indices()
        .find(|&(index, c)| !belongs_to_number(text, index, c))
        .map_or(text.len(), |(index, _)| index);
    let digits: String = text[..number_end].chars().filter(|c| *c != '_').collect();
    let suffix = text[number_end..].trim();
    let number: f64 = digits.parse().map_err(|_| UnitError::NotANumber {
        what: U::WHAT,
        example: U::EXAMPLE,
    })?;
    let Some((_, size)) = U::SUFFIXES.iter().find(|(known, _)| *known == suffix) else {
        return Err(if suffix.is_empty() {
            UnitError::MissingSuffix {
                what: U::WHAT,
                example: U::EXAMPLE,
            }
        } else {
            let known: Vec<&str> = U::SUFFIXES
                .iter()
                .map(|(known, _)| *known)
                .filter(|s| !s.is_empty())
                .collect();
            UnitError::UnknownSuffix {
                suffix: suffix.to_owned(),
                what: U::WHAT,
                known: known.join(", "),
            }
        });
    };
    // Dividing where the size is an exact reciprocal keeps 15% equal to 0.15.
    let value = if *size < 1.0 {
        number / (1.0 / size).round()
    } else {
        number * size
    };
    in_range::<U>(value)
}

/// Reads a plain number, where the unit allows one.
///
/// # Errors
/// If the unit needs a suffix or the value is out of range.
pub fn plain<U: Unit>(number: f64) -> Result<f64, UnitError> {
    if U::SUFFIXES.iter().any(|(suffix, _)| suffix.is_empty()) || number == 0.0 {
        in_range::<U>(number)
    } else {
        Err(UnitError::MissingSuffix {
            what: U::WHAT,
            example: U::EXAMPLE,
        })
    }
}

/// Writes a value so that reading it gives exactly the same number.
pub fn write<U: Unit>(value: f64) -> String {
    format!("{value}{}", U::BASE_SUFFIX)
}

/// Writes a value for a person to change: with the unit that makes the number shortest, such that
/// reading it gives exactly the same number.
pub fn write_short<U: Unit>(value: f64) -> String {
    if value == 0.0 {
        return write::<U>(value);
    }
    let candidate = |suffix: &&str| {
        let (_, size) = U::SUFFIXES.iter().find(|(known, _)| known == suffix)?;
        // As in reading: the reciprocal of a size below 1 is exact.
        let number = if *size < 1.0 {
            value * (1.0 / size).round()
        } else {
            value / size
        };
        let digits = rounded(number).to_string();
        let text = format!("{digits}{suffix}");
        // People read 500ms more easily than 0.5s.
        let fraction = if number < 1.0 { 3 } else { 0 };
        (parse::<U>(&text) == Ok(value)).then_some((digits.len() + fraction, text))
    };
    let shortest = U::WRITTEN.iter().filter_map(candidate).min();
    shortest.map_or_else(|| write::<U>(value), |(_, text)| text)
}

/// To twelve significant digits: what a product of two written numbers has beyond them is noise.
fn rounded(number: f64) -> f64 {
    format!("{number:.11e}").parse().unwrap_or(number)
}

fn belongs_to_number(text: &str, index: usize, c: char) -> bool {
    let exponent_sign =
        matches!(c, '+' | '-') && (index == 0 || text[..index].ends_with(['e', 'E']));
    let exponent = matches!(c, 'e' | 'E')
        && index > 0
        && text[index + 1..].starts_with(|next: char| next.is_ascii_digit() || "+-".contains(next));
    c.is_ascii_digit() || c == '.' || c == '_' || exponent || exponent_sign
}

fn in_range<U: Unit>(value: f64) -> Result<f64, UnitError> {
    let (low, high) = U::RANGE;
    if (low..=high).contains(&value) {
        Ok(value)
    } else {
        Err(UnitError::OutOfRange {
            what: U::WHAT,
            low: U::display(low),
            high: U::display(high),
        })
    }
}

/// A count with three significant digits and K, M or B, as in `612K`.
pub fn short(value: f64) -> String {
    let (size, suffix) = [(1e9, "B"), (1e6, "M"), (1e3, "K")]
        .into_iter()
        .find(|(size, _)| value.abs() >= size * 0.9995)
        .unwrap_or((1.0, ""));
    let scaled = value / size;
    let whole = suffix.is_empty() && scaled.fract() == 0.0;
    let decimals = match scaled.abs() {
        magnitude if magnitude >= 99.95 || whole => 0,
        magnitude if magnitude >= 9.995 => 1,
        _ => 2,
    };
    format!("{scaled:.decimals$}{suffix}")
}

/// At most four significant digits, without trailing zeros.
fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    #[expect(clippy::cast_possible_truncation)]
    let magnitude = value.abs().log10().floor() as i32;
    if (-5..15).contains(&magnitude) {
        let decimals = usize::try_from(3 - magnitude).unwrap_or(0);
        let text = format!("{value:.decimals$}");
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        }
    } else {
        format!("{value:.3e}")
    }
}

fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let unit = if value == 0.0 {
        units.iter().find(|(size, _)| (1.0..60.0).contains(size))
    } else {
        units
            .iter()
            .find(|(size, _)| value.abs() >= *size)
            .or(units.last())
    };
    match unit {
        Some((size, suffix)) => format!("{}{suffix}", significant(value / size)),
        None => significant(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantities_are_read_with_their_units() {
        assert_eq!(parse::<Duration>("20min"), Ok(1200.0));
        assert_eq!(parse::<Duration>("5 ms"), Ok(0.005));
        assert_eq!(parse::<Memory>("3MiB"), Ok(3.0 * 1_048_576.0));
        assert_eq!(parse::<Count>("100M"), Ok(1e8));
        assert_eq!(parse::<Count>("1.5e3"), Ok(1500.0));
        assert_eq!(parse::<Share>("15%"), Ok(0.15));
        assert_eq!(parse::<Rate>("6/min"), Ok(0.1));
        assert_eq!(parse::<Count>("140_886_310"), Ok(140_886_310.0));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(matches!(
            parse::<Duration>("20"),
            Err(UnitError::MissingSuffix { .. })
        ));
        assert!(matches!(
            parse::<Duration>("20MiB"),
            Err(UnitError::UnknownSuffix { .. })
        ));
        assert!(matches!(
            parse::<Duration>("soon"),
            Err(UnitError::NotANumber { .. })
        ));
        assert!(matches!(
            parse::<Share>("115%"),
            Err(UnitError::OutOfRange { .. })
        ));
        assert!(matches!(
            parse::<Count>("-3"),
            Err(UnitError::OutOfRange { .. })
        ));
        assert!(matches!(
            parse::<Count>("NaN"),
            Err(UnitError::NotANumber { .. })
        ));
    }

    #[test]
    fn short_counts_have_three_digits() {
        for (value, text) in [
            (612_345.0, "612K"),
            (999_900.0, "1.00M"),
            (24e6, "24.0M"),
            (7.0, "7"),
            (0.0, "0"),
            (1500.0, "1.50K"),
        ] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn people_change_short_numbers() {
        assert_eq!(write_short::<Count>(1e8), "100M");
        assert_eq!(write_short::<Count>(66_840_760.0), "66.84076M");
        assert_eq!(write_short::<Count>(1.0), "1");
        assert_eq!(write_short::<Share>(0.15), "15%");
        assert_eq!(write_short::<Share>(1.0), "100%");
        assert_eq!(write_short::<Ratio>(1.5), "1.5");
        assert_eq!(write_short::<Duration>(1800.0), "30min");
        assert_eq!(write_short::<Duration>(0.5), "500ms");
        assert_eq!(write_short::<Duration>(0.0), "0s");
        assert_eq!(write_short::<Memory>(384.0 * 1_073_741_824.0), "384GiB");
        assert_eq!(write_short::<Memory>(3e6), "3MB");
        assert_eq!(write_short::<Rate>(20.0), "20/s");
    }

    #[test]
    fn people_read_short_numbers() {
        assert_eq!(Count::display(1.6e8), "160M");
        assert_eq!(Duration::display(1200.0), "20 min");
        assert_eq!(Memory::display(3.0 * 1_048_576.0), "3 MiB");
        assert_eq!(Share::display(0.15), "15%");
        assert_eq!(CpuTime::display(0.0), "0 CPU-s");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in 0.0..1e12_f64) {
            prop_assert_eq!(parse::<Count>(&write::<Count>(value)), Ok(value));
            let seconds = value / 1e6;
            prop_assert_eq!(parse::<Duration>(&write::<Duration>(seconds)), Ok(seconds));
            prop_assert_eq!(parse::<Count>(&write_short::<Count>(value)), Ok(value));
            prop_assert_eq!(parse::<Duration>(&write_short::<Duration>(seconds)), Ok(seconds));
            let share = value / 1e12;
            prop_assert_eq!(parse::<Share>(&write_short::<Share>(share)), Ok(share));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = parse::<Memory>(&text);
        }
    }
}
