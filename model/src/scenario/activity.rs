//! Activity over the week, in slots of ten minutes.

/// Hours of a week.
pub const HOURS_PER_WEEK: usize = 168;

/// Points of a curve per hour. Ten minutes resolve the recorded request rates the curves come
/// from, and the offered load between points is exact for a curve that is linear between them.
pub const SLOTS_PER_HOUR: usize = 6;

/// Points of a curve per week.
pub const SLOTS_PER_WEEK: usize = HOURS_PER_WEEK * SLOTS_PER_HOUR;

/// Local working hours, from and to, Monday to Friday.
pub const WORKING_HOURS: (usize, usize) = (9, 17);

/// Relative intensity of session starts over the week, one point per slot from Monday 00:00,
/// linear between points and periodic. The mean is 1.
#[derive(Debug, Clone, PartialEq)]
pub struct ActivityCurve(Vec<f64>);

impl ActivityCurve {
    /// From one value per hour, linear between hours. Scaled to a mean of 1.
    ///
    /// Returns `None` unless there are 168 finite, non-negative values that are not all zero.
    pub fn from_hours(hours: &[f64]) -> Option<Self> {
        if hours.len() != HOURS_PER_WEEK {
            return None;
        }
        let slots = (0..SLOTS_PER_WEEK)
            .map(|slot| {
                let hour = slot / SLOTS_PER_HOUR;
                let part = (slot % SLOTS_PER_HOUR) as f64 / SLOTS_PER_HOUR as f64;
                let next = hours[(hour + 1) % HOURS_PER_WEEK];
                hours[hour] + part * (next - hours[hour])
            })
            .collect();
        Self::from_slots(slots)
    }

    /// From one value per slot. Scaled to a mean of 1.
    ///
    /// Returns `None` unless there is one finite, non-negative value per slot, not all zero.
    pub fn from_slots(slots: Vec<f64>) -> Option<Self> {
        let sum: f64 = slots.iter().sum();
        let usable = slots.len() == SLOTS_PER_WEEK
            && slots.iter().all(|value| value.is_finite() && *value >= 0.0)
            && sum > 0.0
            && sum.is_finite();
        usable.then(|| {
            let mean = sum / SLOTS_PER_WEEK as f64;
            Self(slots.into_iter().map(|value| value / mean).collect())
        })
    }

    /// The points.
    pub fn slots(&self) -> &[f64] {
        &self.0
    }

    /// The curve on the UTC clock of people whose local clock is ahead of UTC by this many slots.
    pub fn in_utc(&self, slots_ahead: i64) -> impl Iterator<Item = f64> + '_ {
        let week = SLOTS_PER_WEEK.cast_signed() as i64;
        let ahead = usize::try_from(slots_ahead.rem_euclid(week)).unwrap_or(0);
        (0..SLOTS_PER_WEEK).map(move |slot| self.0[(slot + ahead) % SLOTS_PER_WEEK])
    }
}

/// Whether a local slot lies in working hours.
pub(crate) fn is_working(slot: usize) -> bool {
    let hour = slot / SLOTS_PER_HOUR;
    hour / 24 < 5 && (WORKING_HOURS.0..WORKING_HOURS.1).contains(&(hour % 24))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_moves_with_the_time_zone() {
        let mut hours = vec![0.0; HOURS_PER_WEEK];
        hours[9] = 1.0;
        let curve = ActivityCurve::from_hours(&hours).unwrap();
        // New York is five hours behind UTC: its 09:00 is 14:00 UTC.
        let utc: Vec<f64> = curve.in_utc(-30).collect();
        let peak = (0..SLOTS_PER_WEEK)
            .max_by(|a, b| utc[*a].total_cmp(&utc[*b]))
            .unwrap();
        assert_eq!(peak, 14 * SLOTS_PER_HOUR);
        let mean = utc.iter().sum::<f64>() / SLOTS_PER_WEEK as f64;
        assert!((mean - 1.0).abs() < 1e-12);
    }

    #[test]
    fn working_hours_are_forty_a_week() {
        let slots = (0..SLOTS_PER_WEEK).filter(|slot| is_working(*slot)).count();
        assert_eq!(slots, 40 * SLOTS_PER_HOUR);
    }
}
