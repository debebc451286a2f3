//! Files a scenario refers to: activity curves, time-zone mixes, host shapes, recorded traces.

use std::sync::Arc;

use super::activity::{ActivityCurve, SLOTS_PER_HOUR, SLOTS_PER_WEEK};
use crate::document::{Decoder, Keyed, Problem, Span, record};
use crate::input::Quantity;
use crate::units::{Count, Memory, UsdPerHour};

record! {
    /// Relative intensity of session starts over the local week.
    pub struct CurveDocument {
        /// Version of the format; 1.
        pub format: u32,
        /// Always `activity-curve`.
        pub kind: String,
        /// Title.
        pub title: String,
        /// Where the data comes from.
        pub source: String,
        /// Licence of the data.
        pub licence: String,
        /// How the curve was derived.
        pub derivation: String,
        /// What a reader must know.
        pub notes: Option<String>,
        /// The intensities.
        pub intensity: WeekIntensity,
    }
}

record! {
    /// Intensity at the start of each local hour, 24 numbers a day, linear between hours.
    pub struct WeekIntensity {
        /// Monday.
        pub monday: Vec<f64>,
        /// Tuesday.
        pub tuesday: Vec<f64>,
        /// Wednesday.
        pub wednesday: Vec<f64>,
        /// Thursday.
        pub thursday: Vec<f64>,
        /// Friday.
        pub friday: Vec<f64>,
        /// Saturday.
        pub saturday: Vec<f64>,
        /// Sunday.
        pub sunday: Vec<f64>,
    }
}

impl WeekIntensity {
    fn days(&self) -> [&Vec<f64>; 7] {
        [
            &self.monday,
            &self.tuesday,
            &self.wednesday,
            &self.thursday,
            &self.friday,
            &self.saturday,
            &self.sunday,
        ]
    }

    pub(super) fn curve(&self, at: &Span, decoder: &mut Decoder) -> Option<ActivityCurve> {
        if self.days().iter().any(|day| day.len() != 24) {
            decoder.report(Problem::error(
                "an activity curve needs 24 intensities for every day",
                at,
                "a day here has more or fewer",
            ));
            return None;
        }
        let hours: Vec<f64> = self.days().into_iter().flatten().copied().collect();
        let curve = ActivityCurve::from_hours(&hours);
        if curve.is_none() {
            decoder.report(Problem::error(
                "intensities must not be negative, and not all zero",
                at,
                "these intensities",
            ));
        }
        curve
    }
}

record! {
    /// How people are spread over time zones.
    pub struct TimeZoneMixDocument {
        /// Version of the format; 1.
        pub format: u32,
        /// Always `time-zone-mix`.
        pub kind: String,
        /// Title.
        pub title: String,
        /// Where the data comes from.
        pub source: String,
        /// Licence of the data.
        pub licence: String,
        /// How the shares were derived.
        pub derivation: String,
        /// What a reader must know.
        pub notes: Option<String>,
        /// The zones; shares add up to 1.
        pub zone: Vec<ZoneRow>,
    }
}

record! {
    /// One time zone.
    pub struct ZoneRow {
        /// A city that stands for it.
        pub name: String,
        /// Standard time ahead of UTC, such as `-05:00`.
        pub utc_offset: String,
        /// Share of the people.
        pub share: f64,
    }
}

/// Reads `+05:30` as slots ahead of UTC; offsets that are no multiple of a slot are refused.
pub(super) fn offset_slots(text: &str) -> Option<i64> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let hours: i64 = hours
        .parse()
        .ok()
        .filter(|hours| (0..=14).contains(hours))?;
    let minutes: i64 = minutes
        .parse()
        .ok()
        .filter(|minutes| (0..60).contains(minutes))?;
    let slot_minutes = 60 / SLOTS_PER_HOUR.cast_signed() as i64;
    // A quarter of an hour is no whole number of slots: the nearest slot is at most 5 minutes off.
    let total = hours * 60 + minutes;
    Some(sign * ((total + slot_minutes / 2) / slot_minutes))
}

record! {
    /// Host shapes of one provider with their prices.
    pub struct HostShapesDocument {
        /// Version of the format; 1.
        pub format: u32,
        /// Always `host-shapes`.
        pub kind: String,
        /// Title.
        pub title: String,
        /// Where the data comes from.
        pub source: String,
        /// Licence of the data.
        pub licence: String,
        /// How the list was derived.
        pub derivation: String,
        /// What a reader must know.
        pub notes: Option<String>,
        /// The shapes by name.
        pub shapes: Keyed<ShapeRow>,
    }
}

record! {
    /// One host shape.
    pub struct ShapeRow {
        /// vCPUs.
        pub vcpus: Quantity<Count>,
        /// Memory.
        pub memory: Quantity<Memory>,
        /// On-demand list price.
        pub usd_per_hour: Option<Quantity<UsdPerHour>>,
        /// Processor architecture.
        pub architecture: Option<String>,
        /// Whether it is a whole machine, as microVMs may need.
        pub bare_metal: Option<bool>,
    }
}

/// A recorded trace, and as a curve over the week.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trace {
    /// The curve.
    pub(super) curve: ActivityCurve,
    /// Sessions in each interval.
    pub(super) counts: Arc<[u64]>,
    /// Seconds of an interval.
    pub(super) interval: f64,
    /// How the recording was made to fill a week, in words.
    pub(super) note: String,
}

/// Reads a recording: `offset_seconds,sessions` rows at even intervals, or one row for each session
/// under a header whose first word begins with `time`. A recording shorter than a week is repeated,
/// of a longer one the first week is used for the curve; both are said in the note.
pub(super) fn read_trace(text: &str, span: &Span, decoder: &mut Decoder) -> Option<Trace> {
    let first = text.lines().map(str::trim).find(|line| is_data(line));
    let stamped = first.is_some_and(|line| {
        let start = line.trim_start_matches('"').as_bytes();
        start.len() >= 4 && start[..4].eq_ignore_ascii_case(b"time")
    });
    let rows = if stamped {
        stamped_rows(text, span, decoder)?
    } else {
        counted_rows(text, span, decoder)?
    };
    let Some(interval) = even_interval(&rows) else {
        decoder.report(Problem::error(
            "a trace needs at least two rows at even intervals, at most an hour apart",
            span,
            "this trace",
        ));
        return None;
    };
    let seconds = interval * rows.len() as f64;
    let slot_seconds = 3600.0 / SLOTS_PER_HOUR as f64;
    if seconds < slot_seconds {
        decoder.report(Problem::error(
            "a trace must cover at least ten minutes",
            span,
            "this trace is shorter",
        ));
        return None;
    }
    let slots = resample(&rows, interval, slot_seconds);
    let curve = ActivityCurve::from_slots(slots);
    if curve.is_none() {
        decoder.report(Problem::error(
            "a trace must have sessions in it",
            span,
            "none here",
        ));
    }
    let week = SLOTS_PER_WEEK as f64 * slot_seconds;
    let note = if seconds > week {
        format!("the first week of {:.1} days recorded", seconds / 86_400.0)
    } else if seconds < week {
        format!(
            "{:.2} hours recorded, repeated to fill the week",
            seconds / 3600.0
        )
    } else {
        "one week recorded".to_owned()
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let counts = rows.iter().map(|(_, count)| count.round() as u64).collect();
    Some(Trace {
        curve: curve?,
        counts,
        interval,
        note,
    })
}

/// Neither empty nor a comment.
fn is_data(line: &str) -> bool {
    !line.is_empty() && !line.starts_with('#')
}

/// Most sessions counted in one interval: above it a floating-point number is no count any more.
const MOST_COUNTED: f64 = 1e15;

fn counted_rows(text: &str, span: &Span, decoder: &mut Decoder) -> Option<Vec<(f64, f64)>> {
    let mut rows: Vec<(f64, f64)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if !is_data(line) || (index == 0 && line.starts_with("offset")) {
            continue;
        }
        let parsed = line.split_once(',').and_then(|(offset, count)| {
            Some((
                offset.trim().parse::<f64>().ok()?,
                count.trim().parse::<f64>().ok()?,
            ))
        });
        match parsed {
            Some((offset, count))
                if offset.is_finite() && (0.0..=MOST_COUNTED).contains(&count) =>
            {
                rows.push((offset, count));
            }
            _ => {
                not_a_row(index, line, "`offset_seconds,sessions`", span, decoder);
                return None;
            }
        }
    }
    Some(rows)
}

fn not_a_row(index: usize, line: &str, what: &str, span: &Span, decoder: &mut Decoder) {
    decoder.report(
        Problem::error(
            format!("line {} of the trace is not {what}", index + 1),
            span,
            "this trace",
        )
        .help(format!(
            "the line reads `{}`",
            line.chars().take(60).collect::<String>()
        )),
    );
}

/// Seconds that time stamps are counted in, the shortest that does not make more intervals than
/// these.
const STAMP_INTERVALS: [f64; 5] = [1.0, 10.0, 60.0, 600.0, 3600.0];
const MOST_INTERVALS: f64 = 200_000.0;

/// Counts the sessions of a recording with one row for each. The last interval is left out: the
/// recording ends somewhere in it.
fn stamped_rows(text: &str, span: &Span, decoder: &mut Decoder) -> Option<Vec<(f64, f64)>> {
    let mut stamps: Vec<f64> = Vec::new();
    let mut header = true;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if !is_data(line) || std::mem::take(&mut header) {
            continue;
        }
        let field = line.split(',').next().unwrap_or_default();
        let Some(stamp) = seconds_of(field.trim().trim_matches('"')) else {
            let what = "a moment, in seconds or as `2026-04-01T09:30:00.25Z`";
            not_a_row(index, line, what, span, decoder);
            return None;
        };
        stamps.push(stamp);
    }
    stamps.sort_by(f64::total_cmp);
    let (Some(first), Some(last)) = (stamps.first().copied(), stamps.last().copied()) else {
        return Some(Vec::new());
    };
    let length = last - first;
    let interval = STAMP_INTERVALS
        .into_iter()
        .find(|interval| length / interval <= MOST_INTERVALS);
    let Some(interval) = interval else {
        decoder.report(Problem::error(
            "a trace of single sessions covers at most 22 years",
            span,
            "this trace is longer",
        ));
        return None;
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = (length / interval).floor() as usize;
    let mut rows: Vec<(f64, f64)> = (0..whole).map(|at| (at as f64 * interval, 0.0)).collect();
    for stamp in stamps {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let at = ((stamp - first) / interval) as usize;
        if let Some((_, count)) = rows.get_mut(at) {
            *count += 1.0;
        }
    }
    Some(rows)
}

/// A moment in seconds: a number, or a date and a time of day, with a `T` or a space between and
/// perhaps a `Z` or an offset such as `+02:00` after it.
fn seconds_of(text: &str) -> Option<f64> {
    if let Ok(seconds) = text.parse::<f64>() {
        return seconds.is_finite().then_some(seconds);
    }
    let (date, time) = text.split_once(['T', ' '])?;
    let mut parts = date.splitn(3, '-');
    let mut next = || parts.next()?.parse::<i64>().ok();
    let (year, month, day) = (next()?, next()?, next()?);
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (clock, offset) = match time.find(['Z', '+', '-']) {
        Some(at) => (&time[..at], time[at..].trim_start_matches('Z')),
        None => (time, ""),
    };
    let mut parts = clock.splitn(3, ':');
    let mut next = || parts.next()?.parse::<f64>().ok();
    let (hour, minute, second) = (next()?, next()?, next().unwrap_or(0.0));
    if !(0.0..24.0).contains(&hour)
        || !(0.0..60.0).contains(&minute)
        || !(0.0..61.0).contains(&second)
    {
        return None;
    }
    let ahead = match offset {
        "" => 0.0,
        offset => {
            let (hours, minutes) = offset[1..].split_once(':').unwrap_or((&offset[1..], "0"));
            let ahead = hours.parse::<f64>().ok()? * 3600.0 + minutes.parse::<f64>().ok()? * 60.0;
            if offset.starts_with('-') {
                -ahead
            } else {
                ahead
            }
        }
    };
    let seconds = days_since_1970(year, month, day) as f64 * 86_400.0
        + hour * 3600.0
        + minute * 60.0
        + second
        - ahead;
    seconds.is_finite().then_some(seconds)
}

/// Days of the Gregorian calendar, after H. Hinnant, “chrono-compatible low-level date algorithms”.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn even_interval(rows: &[(f64, f64)]) -> Option<f64> {
    let (first, second) = (rows.first()?, rows.get(1)?);
    let interval = second.0 - first.0;
    let even = rows
        .windows(2)
        .all(|pair| (pair[1].0 - pair[0].0 - interval).abs() < 1e-6 * interval);
    (even && interval > 0.0 && interval <= 3600.0).then_some(interval)
}

/// Mean rate in each slot of the week, the recording repeated as needed.
fn resample(rows: &[(f64, f64)], interval: f64, slot_seconds: f64) -> Vec<f64> {
    let cumulative: Vec<f64> = std::iter::once(0.0)
        .chain(rows.iter().scan(0.0, |sum, (_, count)| {
            *sum += count;
            Some(*sum)
        }))
        .collect();
    let total = cumulative[rows.len()];
    let length = interval * rows.len() as f64;
    let sessions_until = |time: f64| {
        let laps = (time / length).floor();
        let within = ((time - laps * length) / interval).clamp(0.0, rows.len() as f64);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let row = (within.floor() as usize).min(rows.len() - 1);
        laps * total + cumulative[row] + (within - row as f64) * rows[row].1
    };
    (0..SLOTS_PER_WEEK)
        .map(|slot| {
            let start = slot as f64 * slot_seconds;
            (sessions_until(start + slot_seconds) - sessions_until(start)).max(0.0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn offsets_are_read() {
        assert_eq!(offset_slots("-05:00"), Some(-30));
        assert_eq!(offset_slots("+05:30"), Some(33));
        assert_eq!(offset_slots("+05:45"), Some(35));
        assert_eq!(offset_slots("5"), None);
        assert_eq!(offset_slots("+25:00"), None);
    }

    #[test]
    fn moments_are_read() {
        assert_eq!(seconds_of("12.5"), Some(12.5));
        assert_eq!(seconds_of("1970-01-02 00:00:01"), Some(86_401.0));
        // Of the published trace of conversations.
        let first = seconds_of("2023-11-16 18:15:46.6805900").unwrap();
        assert!((first - 1_700_158_546.680_59).abs() < 1e-5, "{first}");
        assert_eq!(
            seconds_of("2024-02-29T12:00:00+02:00"),
            seconds_of("2024-02-29T10:00:00Z")
        );
        for wrong in [
            "",
            "yesterday",
            "2024-13-01 00:00:00",
            "2024-01-01",
            "inf",
            "2024-01-01T25:00",
        ] {
            assert_eq!(seconds_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn single_sessions_are_counted() {
        let mut decoder = Decoder::default();
        let span = Span {
            file: decoder.sources.add_file("trace.csv", ""),
            bytes: 0..0,
        };
        let mut text = "TIMESTAMP,tokens\n".to_owned();
        for second in 0..1200 {
            for _ in 0..=second % 3 {
                writeln!(text, "{second}.5,7").expect("room for text");
            }
        }
        let trace = read_trace(&text, &span, &mut decoder).unwrap();
        assert!((trace.interval - 1.0).abs() < 1e-12);
        assert_eq!(trace.counts.len(), 1199);
        assert_eq!(trace.counts[..4], [1, 2, 3, 1]);
        assert!(read_trace("time\n1\nsoon\n", &span, &mut decoder).is_none());
        assert_eq!(decoder.problems.len(), 1);
    }

    #[test]
    fn resampling_keeps_the_sessions() {
        let rows: Vec<(f64, f64)> = (0..59)
            .map(|i| (f64::from(i) * 60.0, f64::from(i)))
            .collect();
        let slots = resample(&rows, 60.0, 600.0);
        let mean_per_minute = rows.iter().map(|row| row.1).sum::<f64>() / 59.0;
        let mean = slots.iter().sum::<f64>() / SLOTS_PER_WEEK as f64;
        assert!((mean / (10.0 * mean_per_minute) - 1.0).abs() < 1e-3);
    }
}
