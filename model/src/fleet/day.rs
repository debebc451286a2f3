//! Which hours are simulated, and what is open and starts in them.

use super::FleetError;
use crate::demand::{Demand, SLOT_SECONDS, peak};
use crate::input::Draw;
use crate::result::FleetDay;
use crate::scenario::{HOURS_PER_WEEK, SLOTS_PER_HOUR, SLOTS_PER_WEEK, Scenario};

/// Seconds of an hour.
pub(super) const HOUR: f64 = 3600.0;

/// Seconds of the week.
const WEEK: f64 = HOURS_PER_WEEK as f64 * HOUR;

/// Hours of a day.
const DAY: u32 = 24;

const NAMES: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// Which day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DayChoice {
    /// The one in which the most sessions are open.
    #[default]
    Busiest,
    /// This one: 0 is Monday, 6 is Sunday.
    Weekday(u8),
}

/// Something that repeats every week, given every ten minutes from Monday 00:00 UTC and linear in
/// between.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WeekCurve {
    points: Vec<f64>,
    /// Integral from Monday 00:00 to each point, and to the end of the week.
    sums: Vec<f64>,
}

impl WeekCurve {
    /// From one point per slot of the week.
    pub(super) fn new(points: Vec<f64>) -> Self {
        debug_assert_eq!(points.len(), SLOTS_PER_WEEK);
        let mut sums = Vec::with_capacity(points.len() + 1);
        let mut sum = 0.0;
        sums.push(sum);
        for (index, point) in points.iter().enumerate() {
            let next = points[(index + 1) % points.len()];
            sum += f64::midpoint(*point, next) * SLOT_SECONDS;
            sums.push(sum);
        }
        Self { points, sums }
    }

    /// The slot a time lies in, and the part of the slot that has passed.
    fn place(&self, seconds: f64) -> (usize, f64) {
        let slots = seconds.rem_euclid(WEEK) / SLOT_SECONDS;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let slot = (slots.floor() as usize).min(self.points.len() - 1);
        (slot, slots - slot as f64)
    }

    /// The value at a time in seconds since a Monday 00:00 UTC.
    pub(super) fn at(&self, seconds: f64) -> f64 {
        let (slot, part) = self.place(seconds);
        let next = self.points[(slot + 1) % self.points.len()];
        self.points[slot] + part * (next - self.points[slot])
    }

    /// Integral from the last Monday 00:00 UTC.
    fn sum(&self, seconds: f64) -> f64 {
        let (slot, part) = self.place(seconds);
        let value = self.at(seconds);
        self.sums[slot] + f64::midpoint(self.points[slot], value) * part * SLOT_SECONDS
    }

    /// The mean over a time that is not empty.
    pub(super) fn mean(&self, from: f64, to: f64) -> f64 {
        let weeks = (to / WEEK).floor() - (from / WEEK).floor();
        let whole = self.sums.last().copied().unwrap_or(0.0);
        ((weeks * whole + self.sum(to) - self.sum(from)) / (to - from)).max(0.0)
    }

    /// Times of the points strictly between two times.
    pub(super) fn knots(from: f64, to: f64) -> impl Iterator<Item = f64> {
        let mut index = (from / SLOT_SECONDS).floor() + 1.0;
        std::iter::from_fn(move || {
            let at = index * SLOT_SECONDS;
            index += 1.0;
            (at < to).then_some(at)
        })
    }
}

/// The hours to simulate. Times are seconds since Monday 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hours {
    /// The first hour begins.
    pub(super) from: f64,
    /// Whole hours.
    pub(super) count: u32,
}

impl Hours {
    /// When an hour begins, counted from zero; that after the last is the end.
    pub(super) fn begin(self, hour: u32) -> f64 {
        self.from + f64::from(hour) * HOUR
    }

    pub(super) fn end(self) -> f64 {
        self.begin(self.count)
    }

    pub(super) fn seconds(self) -> f64 {
        f64::from(self.count) * HOUR
    }
}

/// Chooses the day and its hours.
pub(super) fn choose(
    scenario: &Scenario,
    central: &Draw,
    demand: &Demand,
    choice: DayChoice,
    hours: Option<(u32, u32)>,
) -> Result<(FleetDay, Hours), FleetError> {
    let (from_hour, to_hour) = hours.unwrap_or((0, DAY));
    if !(from_hour < to_hour && to_hour <= DAY) {
        return Err(FleetError::Hours {
            from: from_hour,
            to: to_hour,
        });
    }
    let (zone, slots_ahead) = most_agents(scenario, central);
    let hours_ahead = slots_ahead as f64 / SLOTS_PER_HOUR as f64;
    let (peak_slot, _) = peak(&demand.sessions());
    let local_peak =
        (peak_slot as f64 / SLOTS_PER_HOUR as f64 + hours_ahead).rem_euclid(HOURS_PER_WEEK as f64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let peak_day = (local_peak / f64::from(DAY)).floor() as u8;
    let weekday = match choice {
        DayChoice::Busiest => peak_day.min(6),
        DayChoice::Weekday(day) if day < 7 => day,
        DayChoice::Weekday(day) => return Err(FleetError::Weekday { day }),
    };
    let begins = f64::from(weekday) * f64::from(DAY) - hours_ahead;
    let day = FleetDay {
        name: NAMES[usize::from(weekday)].to_owned(),
        busiest: weekday == peak_day,
        zone,
        hours_ahead,
        begins,
        from_hour,
        to_hour,
    };
    let hours = Hours {
        from: (begins + f64::from(from_hour)) * HOUR,
        count: to_hour - from_hour,
    };
    Ok((day, hours))
}

/// The time zone of most agents; the first of equals.
fn most_agents(scenario: &Scenario, central: &Draw) -> (String, i64) {
    let mut zones: Vec<(&str, i64, f64)> = Vec::new();
    for segment in &scenario.segments {
        let agents = scenario.agents(segment, central);
        for zone in &segment.arrivals.zones {
            let same = zones
                .iter_mut()
                .find(|(name, ahead, _)| *name == zone.name && *ahead == zone.slots_ahead);
            match same {
                Some((_, _, sum)) => *sum += agents * zone.share,
                None => zones.push((&zone.name, zone.slots_ahead, agents * zone.share)),
            }
        }
    }
    let mut most = ("UTC", 0, f64::NEG_INFINITY);
    for zone in zones {
        if zone.2 > most.2 {
            most = zone;
        }
    }
    (most.0.to_owned(), most.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sawtooth() -> WeekCurve {
        WeekCurve::new((0..SLOTS_PER_WEEK).map(|slot| (slot % 6) as f64).collect())
    }

    #[test]
    fn a_curve_is_linear_between_its_points_and_repeats() {
        let curve = sawtooth();
        assert!((curve.at(900.0) - 1.5).abs() < 1e-12);
        assert!((curve.at(900.0 + WEEK) - 1.5).abs() < 1e-9);
        assert!((curve.at(-2700.0) - 1.5).abs() < 1e-9);
        // From the last point of an hour the curve falls back to zero.
        assert!((curve.at(3300.0) - 2.5).abs() < 1e-12);
    }

    #[test]
    fn means_are_integrals_also_across_the_end_of_the_week() {
        let curve = sawtooth();
        assert!((curve.mean(0.0, HOUR) - 2.5).abs() < 1e-12);
        assert!((curve.mean(WEEK - HOUR, WEEK + HOUR) - 2.5).abs() < 1e-9);
        assert!((curve.mean(-HOUR, 0.0) - 2.5).abs() < 1e-9);
        assert!((curve.mean(0.0, 600.0) - 0.5).abs() < 1e-12);
        assert!((curve.mean(300.0, 900.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn knots_lie_strictly_within() {
        let found: Vec<f64> = WeekCurve::knots(600.0, 1800.0).collect();
        assert_eq!(found, [1200.0]);
        assert_eq!(WeekCurve::knots(-100.0, 100.0).collect::<Vec<_>>(), [0.0]);
    }
}
