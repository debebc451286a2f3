//! Piecewise-linear rates over simulated time, with their integral and its inverse in closed form.

use super::error::SimulationError;

/// One knot of a rate curve.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Knot {
    /// Seconds since the start of the run.
    at: f64,
    /// Rate at the knot, per second.
    rate: f64,
    /// Integral of the rate from the first knot to this one.
    cumulative: f64,
}

/// A rate per second that is linear between knots and constant before the first and after the last.
///
/// Points of a Poisson process with this rate are found by *time-rescaling*: with Λ(t) the integral
/// of the rate, the process in Λ-time is Poisson of rate one, so the next point lies where Λ has
/// grown by a unit exponential. Λ is piecewise quadratic and its inverse is the stable root of a
/// quadratic, so nothing is rejected and nothing is approximated (Çinlar 1975, chapter 4.7). Scaling
/// a rate moves the points but keeps their order and number of draws, which keeps common random
/// numbers common.
///
/// ```
/// use tonnage_model::simulation::PiecewiseLinear;
///
/// let ramp = PiecewiseLinear::new([(0.0, 0.0), (10.0, 2.0)])?;
/// assert_eq!(ramp.rate(5.0), 1.0);
/// assert_eq!(ramp.cumulative(10.0), 10.0);
/// assert_eq!(ramp.inverse(2.5), Some(5.0));
/// # Ok::<(), tonnage_model::simulation::SimulationError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PiecewiseLinear {
    knots: Vec<Knot>,
}

impl PiecewiseLinear {
    /// A rate through the given (seconds, rate per second) points.
    ///
    /// # Errors
    /// If there is no point, times aren't finite and strictly increasing, the first time is
    /// negative, or a rate is negative or not finite.
    pub fn new(points: impl IntoIterator<Item = (f64, f64)>) -> Result<Self, SimulationError> {
        let mut knots: Vec<Knot> = Vec::new();
        for (at, rate) in points {
            if !(at.is_finite() && at >= 0.0) {
                return Err(invalid(format!("time {at} is not a non-negative number")));
            }
            if !(rate.is_finite() && rate >= 0.0) {
                return Err(invalid(format!("rate {rate} is not a non-negative number")));
            }
            let cumulative = match knots.last() {
                None => 0.0,
                Some(last) if at > last.at => {
                    last.cumulative + (at - last.at) * f64::midpoint(last.rate, rate)
                }
                Some(last) => {
                    return Err(invalid(format!("time {at} doesn't follow {}", last.at)));
                }
            };
            knots.push(Knot {
                at,
                rate,
                cumulative,
            });
        }
        if knots.is_empty() {
            return Err(invalid("a rate needs at least one point".to_owned()));
        }
        Ok(Self { knots })
    }

    /// The same rate at all times, per second.
    ///
    /// # Errors
    /// If the rate is negative or not finite.
    pub fn constant(rate: f64) -> Result<Self, SimulationError> {
        Self::new([(0.0, rate)])
    }

    /// The same curve with all rates multiplied.
    ///
    /// # Errors
    /// If the factor is negative or not finite, or a product overflows.
    pub fn scaled(&self, factor: f64) -> Result<Self, SimulationError> {
        Self::new(self.knots.iter().map(|knot| (knot.at, knot.rate * factor)))
    }

    /// The rate at a time given in seconds since the start of the run.
    pub fn rate(&self, at: f64) -> f64 {
        let next = self.knots.partition_point(|knot| knot.at <= at);
        if next == 0 {
            return self.knots[0].rate;
        }
        let left = self.knots[next - 1];
        left.rate + self.slope(next - 1) * (at - left.at)
    }

    /// The largest rate, per second.
    pub fn peak(&self) -> f64 {
        self.knots
            .iter()
            .fold(0.0, |peak, knot| peak.max(knot.rate))
    }

    /// Integral of the rate from the start of the run to `at` seconds: the expected number of
    /// points.
    pub fn cumulative(&self, at: f64) -> f64 {
        self.before_first_knot() + self.cumulative_from_first_knot(at)
    }

    /// The time in seconds at which [`cumulative`](Self::cumulative) reaches the given value;
    /// `None` if it never does.
    pub fn inverse(&self, cumulative: f64) -> Option<f64> {
        self.inverse_from(cumulative, &mut Cursor::default())
    }

    /// As [`inverse`](Self::inverse), starting the search at a segment known to be not too late
    /// and leaving it at the one found.
    #[inline]
    pub(super) fn inverse_from(&self, cumulative: f64, cursor: &mut Cursor) -> Option<f64> {
        if !(cursor.begins < cumulative && cumulative <= cursor.ends) {
            let target = cumulative - self.before_first_knot();
            let first = self.knots[0];
            if target <= 0.0 {
                return Some(if first.rate > 0.0 {
                    (first.at + target / first.rate).max(0.0)
                } else {
                    first.at
                });
            }
            self.advance(target, cursor);
        }
        let area = (cumulative - cursor.begins).max(0.0);
        if cursor.slope == 0.0 {
            return (cursor.rate > 0.0).then(|| cursor.at + area / cursor.rate);
        }
        // Root of slope·x²/2 + rate·x = area without cancellation.
        let discriminant = (cursor.rate * cursor.rate + 2.0 * cursor.slope * area).max(0.0);
        let denominator = cursor.rate + discriminant.sqrt();
        (denominator > 0.0).then(|| cursor.at + 2.0 * area / denominator)
    }

    /// Moves to the segment in which the integral from the first knot reaches a value.
    #[cold]
    fn advance(&self, target: f64, cursor: &mut Cursor) {
        let mut segment = cursor.segment;
        while self
            .knots
            .get(segment + 1)
            .is_some_and(|next| next.cumulative < target)
        {
            segment += 1;
        }
        let (left, before) = (self.knots[segment], self.before_first_knot());
        *cursor = Cursor {
            segment,
            begins: before + left.cumulative,
            ends: self
                .knots
                .get(segment + 1)
                .map_or(f64::INFINITY, |next| before + next.cumulative),
            at: left.at,
            rate: left.rate,
            slope: self.slope(segment),
        };
    }

    fn slope(&self, segment: usize) -> f64 {
        let left = self.knots[segment];
        self.knots
            .get(segment + 1)
            .map_or(0.0, |right| (right.rate - left.rate) / (right.at - left.at))
    }

    fn before_first_knot(&self) -> f64 {
        self.knots[0].at * self.knots[0].rate
    }

    fn cumulative_from_first_knot(&self, at: f64) -> f64 {
        let next = self.knots.partition_point(|knot| knot.at <= at);
        if next == 0 {
            return (at - self.knots[0].at) * self.knots[0].rate;
        }
        let left = self.knots[next - 1];
        let x = at - left.at;
        left.cumulative + x * (left.rate + 0.5 * self.slope(next - 1) * x)
    }
}

/// Where a search for points in increasing order has got to: a segment of the curve.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    segment: usize,
    /// Integral of the rate up to the segment's beginning and end.
    begins: f64,
    ends: f64,
    /// Its beginning, the rate there, and how that changes.
    at: f64,
    rate: f64,
    slope: f64,
}

impl Default for Cursor {
    /// Before all segments.
    fn default() -> Self {
        Self {
            segment: 0,
            begins: f64::INFINITY,
            ends: f64::NEG_INFINITY,
            at: 0.0,
            rate: 0.0,
            slope: 0.0,
        }
    }
}

fn invalid(reason: String) -> SimulationError {
    SimulationError::InvalidSpec {
        field: "rate",
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::PiecewiseLinear;

    fn curve() -> PiecewiseLinear {
        PiecewiseLinear::new([(2.0, 1.0), (4.0, 5.0), (5.0, 0.0), (7.0, 0.0), (8.0, 3.0)]).unwrap()
    }

    #[test]
    fn integral_follows_the_trapezoids() {
        let curve = curve();
        for (at, expected) in [
            (0.0, 0.0),
            (1.0, 1.0),
            (2.0, 2.0),
            (4.0, 8.0),
            (5.0, 10.5),
            (6.0, 10.5),
            (8.0, 12.0),
            (10.0, 18.0),
        ] {
            assert!((curve.cumulative(at) - expected).abs() < 1e-12, "at {at}");
        }
    }

    #[test]
    fn inverse_undoes_the_integral() {
        let curve = curve();
        for step in 1..400 {
            let at = f64::from(step) * 0.03;
            if (5.0..=7.0).contains(&at) {
                continue; // The rate is zero here: the integral is flat.
            }
            let back = curve.inverse(curve.cumulative(at)).unwrap();
            assert!((back - at).abs() < 1e-9, "{at} came back as {back}");
        }
    }

    #[test]
    fn a_rate_that_ends_at_zero_runs_out() {
        let curve = PiecewiseLinear::new([(0.0, 2.0), (1.0, 0.0)]).unwrap();
        assert_eq!(curve.inverse(1.5), None);
        assert_eq!(PiecewiseLinear::constant(0.0).unwrap().inverse(1.0), None);
    }

    #[test]
    fn bad_points_are_refused() {
        assert!(PiecewiseLinear::new([]).is_err());
        assert!(PiecewiseLinear::new([(0.0, 1.0), (0.0, 2.0)]).is_err());
        assert!(PiecewiseLinear::new([(-1.0, 1.0)]).is_err());
        assert!(PiecewiseLinear::constant(-1.0).is_err());
        assert!(PiecewiseLinear::constant(f64::NAN).is_err());
    }
}
