//! Numbers as people read them.
//!
//! Estimates carry three significant digits and a short-scale suffix (`612K`, `24.0M`, `1.2B`);
//! tables also show the whole number with thin spaces between the thousands. Every function
//! accepts any `f64` and answers with a word instead of a special value: `n/a` for what is not a
//! number and `∞` for what has no bound.

use tonnage_model::result::Estimated;

/// The space between groups of three digits: narrow, and never broken at the end of a line.
pub const GROUP_SPACE: char = '\u{202f}';

/// The space between a number and its unit: never broken at the end of a line.
pub const UNIT_SPACE: char = '\u{a0}';

/// Significant digits of an estimate.
const DIGITS: usize = 3;

/// Shown instead of a value that is not a number.
const NOT_A_NUMBER: &str = "n/a";

/// A count with three significant digits and a suffix: `612K`, `24.0M`, `1.20B`, `37.5`, `250`.
pub fn count(value: f64) -> String {
    short(value, DIGITS)
}

/// A count with its sign: `+612K`, `−37.5`.
pub fn signed_count(value: f64) -> String {
    if value > 0.0 {
        format!("+{}", count(value))
    } else {
        count(value)
    }
}

/// A count in full with grouped thousands: `632 418`. Values below 100 that are not whole keep
/// three significant digits.
pub fn full(value: f64) -> String {
    let magnitude = value.abs();
    if !value.is_finite() || magnitude >= 1e15 {
        return short(value, DIGITS);
    }
    if magnitude < 100.0 && magnitude.fract() != 0.0 {
        return short(value, DIGITS);
    }
    let digits = format!("{magnitude:.0}");
    let sign = if value < 0.0 && digits != "0" {
        "−"
    } else {
        ""
    };
    format!("{sign}{}", grouped(&digits))
}

/// Hosts in full: whole ones, rounded up, since nobody buys a part of one.
pub fn hosts(value: f64) -> String {
    // A product such as 0.1 × 30 is 3.0000000000000004 and still three hosts.
    full((value - value.abs() * 1e-9).ceil())
}

/// The 95% interval of hosts in full.
pub fn hosts_interval(value: Estimated) -> String {
    if is_exact(value) {
        hosts(value.central)
    } else {
        format!("{}–{}", hosts(value.low), hosts(value.high))
    }
}

/// A value with the given number of significant digits and a short-scale suffix.
pub fn short(value: f64, digits: usize) -> String {
    if let Some(word) = special(value) {
        return word;
    }
    let magnitude = value.abs();
    if magnitude == 0.0 {
        return "0".to_owned();
    }
    let sign = if value < 0.0 { "−" } else { "" };
    if magnitude < 1000.0 && magnitude.fract() == 0.0 {
        return format!("{sign}{magnitude:.0}");
    }
    let (figures, exponent) = figures(magnitude, digits.max(1));
    if !(-4..15).contains(&exponent) {
        return format!(
            "{sign}{} × 10{}",
            place_point(&figures, 1),
            superscript(exponent)
        );
    }
    let (suffix, shift) = match exponent {
        ..3 => ("", 0),
        3..6 => ("K", 3),
        6..9 => ("M", 6),
        9..12 => ("B", 9),
        _ => ("T", 12),
    };
    format!(
        "{sign}{}{suffix}",
        place_point(&figures, exponent - shift + 1)
    )
}

/// The 95% interval alone: `612K–655K`. A number known exactly is shown once. Ends that would
/// look the same get more digits, up to six.
pub fn interval(estimate: Estimated) -> String {
    interval_with(estimate, short)
}

/// A value with its interval: `632K (612K–655K)`; a number known exactly stands alone.
pub fn estimate(value: Estimated) -> String {
    estimate_with(value, short)
}

/// As [`interval`], with the formatting of the ends chosen by the caller.
pub fn interval_with(value: Estimated, show: impl Fn(f64, usize) -> String) -> String {
    if is_exact(value) {
        return show(value.central, DIGITS);
    }
    let mut digits = DIGITS;
    loop {
        let (low, high) = (show(value.low, digits), show(value.high, digits));
        if low != high {
            let dash = if value.low < 0.0 { " to " } else { "–" };
            return format!("{low}{dash}{high}");
        }
        if digits == 6 {
            return low;
        }
        digits += 1;
    }
}

/// As [`estimate`], with the formatting chosen by the caller.
pub fn estimate_with(value: Estimated, show: impl Fn(f64, usize) -> String) -> String {
    let central = show(value.central, DIGITS);
    if is_exact(value) {
        central
    } else {
        format!("{central} ({})", interval_with(value, show))
    }
}

/// Whether the interval has no width.
#[expect(clippy::float_cmp, reason = "exact numbers are stored three times")]
pub fn is_exact(value: Estimated) -> bool {
    value.low == value.central && value.central == value.high
}

/// Bytes in binary units: `3.00 MiB`, `384 GiB`.
pub fn bytes(value: f64) -> String {
    bytes_with(value, DIGITS)
}

/// As [`bytes`], with the number of significant digits.
pub fn bytes_with(value: f64, digits: usize) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    if let Some(word) = special(value) {
        return word;
    }
    let mut scaled = value;
    let mut unit = 0;
    // 1023.5 would round to 1024 of the smaller unit.
    while scaled.abs() >= 1023.5 && unit + 1 < UNITS.len() {
        scaled /= 1024.0;
        unit += 1;
    }
    format!("{}{UNIT_SPACE}{}", plain(scaled, digits), UNITS[unit])
}

/// A duration in the unit that suits it: `4.20 ms`, `20.0 min`, `3 d`.
pub fn seconds(value: f64) -> String {
    seconds_with(value, DIGITS)
}

/// As [`seconds`], with the number of significant digits.
pub fn seconds_with(value: f64, digits: usize) -> String {
    if let Some(word) = special(value) {
        return word;
    }
    let magnitude = value.abs();
    let (factor, unit) = if magnitude == 0.0 {
        (1.0, "s")
    } else if magnitude < 1e-6 {
        (1e9, "ns")
    } else if magnitude < 1e-3 {
        (1e6, "µs")
    } else if magnitude < 1.0 {
        (1e3, "ms")
    } else if magnitude < 120.0 {
        (1.0, "s")
    } else if magnitude < 7200.0 {
        (1.0 / 60.0, "min")
    } else if magnitude < 172_800.0 {
        (1.0 / 3600.0, "h")
    } else {
        (1.0 / 86_400.0, "d")
    };
    format!("{}{UNIT_SPACE}{unit}", plain(value * factor, digits))
}

/// US dollars with three significant digits: `$1.23M`, `$950`.
pub fn usd(value: f64) -> String {
    usd_with(value, DIGITS)
}

/// As [`usd`], with the number of significant digits.
pub fn usd_with(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return NOT_A_NUMBER.to_owned();
    }
    let sign = if value < 0.0 { "−" } else { "" };
    format!("{sign}${}", short(value.abs(), digits))
}

/// US dollars in full: `$1 234 567`.
pub fn usd_full(value: f64) -> String {
    if value.is_nan() {
        return NOT_A_NUMBER.to_owned();
    }
    let sign = if value < 0.0 { "−" } else { "" };
    format!("{sign}${}", full(value.abs()))
}

/// A price per hour with cents: `$4.84`.
pub fn usd_per_hour(value: f64) -> String {
    if let Some(word) = special(value) {
        return word;
    }
    if value.abs() >= 1000.0 || value.abs() < 0.01 {
        return usd(value);
    }
    let sign = if value < 0.0 { "−" } else { "" };
    format!("{sign}${:.2}", value.abs())
}

/// A share from 0 to 1 as a percentage: `15%`, `12.3%`, `0.0500%`.
pub fn percent(share: f64) -> String {
    percent_with(share, DIGITS)
}

/// As [`percent`], with the number of significant digits.
pub fn percent_with(share: f64, digits: usize) -> String {
    if let Some(word) = special(share) {
        return word;
    }
    let hundredths = share * 100.0;
    // Binary fractions such as 0.07 × 100 = 7.000000000000001 are whole to the reader.
    let rounded = hundredths.round();
    let value = if (hundredths - rounded).abs() < 1e-9 {
        rounded
    } else {
        hundredths
    };
    format!("{}%", plain(value, digits))
}

/// A ratio: `1.60×`.
pub fn ratio(value: f64) -> String {
    ratio_with(value, DIGITS)
}

/// As [`ratio`], with the number of significant digits.
pub fn ratio_with(value: f64, digits: usize) -> String {
    match special(value) {
        Some(word) => word,
        None if value == 0.0 => "0×".to_owned(),
        None if (0.01..1000.0).contains(&value.abs()) => {
            let (figures, exponent) = figures(value.abs(), digits.max(1));
            let sign = if value < 0.0 { "−" } else { "" };
            format!("{sign}{}×", place_point(&figures, exponent + 1))
        }
        None => format!("{}×", short(value, digits)),
    }
}

/// Events per second: `1.20M/s`.
pub fn per_second(value: f64) -> String {
    format!("{}/s", count(value))
}

/// A moment of the week: `Wed 18:00 UTC`. Hour 0 is Monday 00:00.
pub fn week_hour(hour: f64) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    if !hour.is_finite() {
        return NOT_A_NUMBER.to_owned();
    }
    let minutes = (hour.rem_euclid(168.0) * 60.0).round().rem_euclid(10_080.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 10 080"
    )]
    let minutes = minutes as usize;
    let day = DAYS[(minutes / 1440).min(6)];
    let rest = minutes % 1440;
    format!("{day} {:02}:{:02} UTC", rest / 60, rest % 60)
}

/// A moment given in seconds since 1970: `2026-01-01 00:00 UTC`.
pub fn moment(seconds: u64) -> String {
    // Days to a date of the Gregorian calendar, in years that begin in March so that the leap day
    // comes last (Howard Hinnant, chrono-compatible low-level date algorithms).
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let (month, later) = if from_march < 10 {
        (from_march + 3, 0)
    } else {
        (from_march - 9, 1)
    };
    let year = era * 400 + year_of_era + later;
    let minutes = seconds / 60;
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02} UTC",
        minutes / 60 % 24,
        minutes % 60
    )
}

/// The first twelve digits of a digest, enough to tell two apart by eye.
pub fn digest(value: &str) -> String {
    value.chars().take(12).collect()
}

/// A value with significant digits, no suffix, and grouped thousands when it is large.
pub fn plain(value: f64, digits: usize) -> String {
    if let Some(word) = special(value) {
        return word;
    }
    if value.abs() >= 1000.0 && value.abs() < 1e15 {
        return full(value);
    }
    short(value, digits)
}

/// Words for values that are not numbers.
fn special(value: f64) -> Option<String> {
    if value.is_nan() {
        Some(NOT_A_NUMBER.to_owned())
    } else if value.is_infinite() {
        Some(if value > 0.0 { "∞" } else { "−∞" }.to_owned())
    } else {
        None
    }
}

/// The first significant digits of a positive number, rounded, and its decimal exponent.
fn figures(magnitude: f64, digits: usize) -> (String, i32) {
    let text = format!("{magnitude:.*e}", digits - 1);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (
        mantissa.chars().filter(char::is_ascii_digit).collect(),
        exponent.parse().unwrap_or(0),
    )
}

/// Writes digits with the decimal point after the first `position` of them.
fn place_point(figures: &str, position: i32) -> String {
    let Ok(position) = usize::try_from(position) else {
        let zeros = "0".repeat(usize::try_from(-position).unwrap_or(0));
        return format!("0.{zeros}{figures}");
    };
    if position == 0 {
        format!("0.{figures}")
    } else if position >= figures.len() {
        format!("{figures}{}", "0".repeat(position - figures.len()))
    } else {
        format!("{}.{}", &figures[..position], &figures[position..])
    }
}

/// Inserts the group space between thousands.
fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len());
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(GROUP_SPACE);
        }
        out.push(digit);
    }
    out
}

/// An exponent in superscript digits.
fn superscript(exponent: i32) -> String {
    exponent
        .to_string()
        .chars()
        .map(|c| match c {
            '0' => '⁰',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            '9' => '⁹',
            _ => '⁻',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_carry_three_digits_and_a_suffix() {
        for (value, text) in [
            (0.0, "0"),
            (5.0, "5"),
            (37.5, "37.5"),
            (250.0, "250"),
            (999.6, "1.00K"),
            (612_345.0, "612K"),
            (999_900.0, "1.00M"),
            (24e6, "24.0M"),
            (1.2e9, "1.20B"),
            (3.456e12, "3.46T"),
            (0.012_34, "0.0123"),
            (-1234.0, "−1.23K"),
            (2e20, "2.00 × 10²⁰"),
            (1.5e-7, "1.50 × 10⁻⁷"),
            (f64::NAN, "n/a"),
            (f64::INFINITY, "∞"),
        ] {
            assert_eq!(count(value), text, "{value}");
        }
    }

    #[test]
    fn full_numbers_are_grouped() {
        assert_eq!(full(632_418.4), "632\u{202f}418");
        assert_eq!(full(12.345), "12.3");
        assert_eq!(full(999.7), "1\u{202f}000");
        assert_eq!(full(-0.2), "−0.200");
        assert_eq!(full(-100.2), "−100");
    }

    #[test]
    fn hosts_are_whole_and_rounded_up() {
        assert_eq!(hosts(18_055.2), "18\u{202f}056");
        assert_eq!(hosts(0.1 * 30.0), "3");
        assert_eq!(hosts(f64::NAN), "n/a");
    }

    #[test]
    fn intervals_tell_their_ends_apart() {
        let narrow = Estimated {
            central: 612_300.0,
            low: 612_200.0,
            high: 612_400.0,
        };
        assert_eq!(interval(narrow), "612.2K–612.4K");
        assert_eq!(estimate(Estimated::exact(24e6)), "24.0M");
        let wide = Estimated {
            central: 632e3,
            low: 612e3,
            high: 655e3,
        };
        assert_eq!(estimate(wide), "632K (612K–655K)");
    }

    #[test]
    fn units_suit_the_size() {
        assert_eq!(bytes(384.0 * 1024.0 * 1024.0 * 1024.0), "384\u{a0}GiB");
        assert_eq!(bytes(3.5 * 1024.0 * 1024.0), "3.50\u{a0}MiB");
        assert_eq!(seconds(0.0042), "4.20\u{a0}ms");
        assert_eq!(seconds(1200.0), "20\u{a0}min");
        assert_eq!(seconds(5e-10), "0.500\u{a0}ns");
        assert_eq!(usd(1_234_567.0), "$1.23M");
        assert_eq!(usd_per_hour(4.8384), "$4.84");
        assert_eq!(percent(0.07), "7%");
        assert_eq!(percent(0.123_4), "12.3%");
        assert_eq!(ratio(1.6), "1.60×");
        assert_eq!(ratio(1.0), "1.00×");
        assert_eq!(week_hour(66.0), "Wed 18:00 UTC");
        assert_eq!(week_hour(167.999_9), "Mon 00:00 UTC");
        assert_eq!(moment(0), "1970-01-01 00:00 UTC");
        assert_eq!(moment(951_827_696), "2000-02-29 12:34 UTC");
        assert_eq!(moment(1_767_225_600), "2026-01-01 00:00 UTC");
    }

    proptest! {
        #[test]
        fn no_function_shows_a_special_value_or_panics(
            bits: u64, low: u64, high: u64, digits in 0_usize..9,
        ) {
            let value = f64::from_bits(bits);
            let estimated = Estimated {
                central: value,
                low: f64::from_bits(low),
                high: f64::from_bits(high),
            };
            for text in [
                count(value), full(value), short(value, digits), bytes(value), seconds(value),
                usd(value), usd_full(value), usd_per_hour(value), percent(value), ratio(value),
                per_second(value), week_hour(value), hosts(value), hosts_interval(estimated), plain(value, digits), interval(estimated),
                estimate(estimated), estimate_with(estimated, seconds_with),
                estimate_with(estimated, percent_with), estimate_with(estimated, usd_with),
            ] {
                prop_assert!(!text.is_empty());
                prop_assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
                prop_assert!(text.chars().count() < 100, "{text}");
            }
        }

        #[test]
        fn counts_keep_three_digits_of_the_value(value in 1e-3_f64..9e14) {
            let text = count(value);
            let (number, scale) = match text.chars().last() {
                Some('K') => (&text[..text.len() - 1], 1e3),
                Some('M') => (&text[..text.len() - 1], 1e6),
                Some('B') => (&text[..text.len() - 1], 1e9),
                Some('T') => (&text[..text.len() - 1], 1e12),
                _ => (text.as_str(), 1.0),
            };
            let back: f64 = number.parse::<f64>().expect("a number") * scale;
            prop_assert!((back / value - 1.0).abs() < 0.005_1, "{value} {text}");
        }
    }
}
