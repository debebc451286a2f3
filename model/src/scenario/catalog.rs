//! Files a scenario refers to: activity curves, time-zone mixes, host shapes, recorded traces.

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

/// A recorded trace as a curve over the week.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trace {
    /// The curve.
    pub(super) curve: ActivityCurve,
    /// How the recording was made to fill a week, in words.
    pub(super) note: String,
}

/// Reads `offset_seconds,sessions` rows at even intervals. A recording shorter than a week is
/// repeated, of a longer one the first week is used; both are said in the note.
pub(super) fn read_trace(text: &str, span: &Span, decoder: &mut Decoder) -> Option<Trace> {
    let mut rows: Vec<(f64, f64)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || (index == 0 && line.starts_with("offset")) {
            continue;
        }
        let parsed = line.split_once(',').and_then(|(offset, count)| {
            Some((
                offset.trim().parse::<f64>().ok()?,
                count.trim().parse::<f64>().ok()?,
            ))
        });
        match parsed {
            Some((offset, count)) if offset.is_finite() && count.is_finite() && count >= 0.0 => {
                rows.push((offset, count));
            }
            _ => {
                decoder.report(
                    Problem::error(
                        format!(
                            "line {} of the trace is not `offset_seconds,sessions`",
                            index + 1
                        ),
                        span,
                        "this trace",
                    )
                    .help(format!(
                        "the line reads `{}`",
                        line.chars().take(60).collect::<String>()
                    )),
                );
                return None;
            }
        }
    }
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
    Some(Trace {
        curve: curve?,
        note,
    })
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
