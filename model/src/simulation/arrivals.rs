//! When sessions open.

use super::rate::{Cursor, PiecewiseLinear};
use super::recorded::Recorded;
use super::spec::Demand;
use super::time::SimTime;
use crate::random::Stream;
use rand::RngExt;
use rand_distr::Exp1;

/// The next opening, for any kind of demand.
///
/// Many users and a finite source are a Poisson process of rate one seen through a clock. For many
/// users the clock is the integral of the rate. For a finite source it is the integral of (closed agents × rate per closed
/// agent), which bends whenever a session opens or closes; that the exponential residual carries over
/// is its lack of memory. Either way the k-th opening uses the k-th draw of the stream. A recording
/// needs no clock: it says how many open in each interval.
#[derive(Debug)]
pub(super) struct Arrivals<'a> {
    source: Source<'a>,
    random: Stream,
    next: SimTime,
}

#[derive(Debug)]
enum Source<'a> {
    Poisson {
        rate: &'a PiecewiseLinear,
        /// Value of the rate's integral at the next opening.
        cumulative: f64,
        cursor: Cursor,
    },
    Finite {
        rate: &'a PiecewiseLinear,
        closed: u64,
        /// Unit-rate time still to pass until the next opening, as of `seen`.
        left: f64,
        /// Integral of the per-agent rate when `left` was right.
        seen: f64,
    },
    Recorded(Recorded),
}

impl<'a> Arrivals<'a> {
    /// `open` sessions are present at time zero.
    pub(super) fn new(demand: &'a Demand, open: u64, mut random: Stream) -> Self {
        let source = match demand {
            Demand::Poisson { rate } => Source::Poisson {
                rate,
                cumulative: 0.0,
                cursor: Cursor::default(),
            },
            Demand::FiniteSource { agents, open_rate } => Source::Finite {
                rate: open_rate,
                closed: agents.saturating_sub(open),
                left: random.sample(Exp1),
                seen: 0.0,
            },
            Demand::Recorded(recorded) => Source::Recorded(Recorded::new(recorded, &mut random)),
        };
        let mut arrivals = Self {
            source,
            random,
            next: SimTime::NEVER,
        };
        match arrivals.source {
            Source::Poisson { .. } | Source::Recorded(_) => arrivals.step(SimTime::ZERO),
            Source::Finite { .. } => arrivals.schedule(SimTime::ZERO),
        }
        arrivals
    }

    /// When the next session opens.
    pub(super) const fn next(&self) -> SimTime {
        self.next
    }

    /// The next session opens now; finds the one after it.
    #[inline]
    pub(super) fn step(&mut self, now: SimTime) {
        match &mut self.source {
            Source::Poisson {
                rate,
                cumulative,
                cursor,
            } => {
                let unit: f64 = self.random.sample(Exp1);
                *cumulative += unit;
                self.next = rate
                    .inverse_from(*cumulative, cursor)
                    .map_or(SimTime::NEVER, SimTime::from_seconds);
            }
            Source::Finite {
                rate,
                seen,
                left,
                closed,
            } => {
                *seen = rate.cumulative(now.seconds());
                *left = self.random.sample(Exp1);
                *closed = closed.saturating_sub(1);
                self.schedule(now);
            }
            Source::Recorded(recorded) => self.next = recorded.next(&mut self.random),
        }
    }

    /// A session has closed: its agent, if agents are finitely many, may open another.
    pub(super) fn closed(&mut self, now: SimTime) {
        if let Source::Finite {
            rate,
            closed,
            left,
            seen,
        } = &mut self.source
        {
            let integral = rate.cumulative(now.seconds());
            *left = (*left - (integral - *seen) * *closed as f64).max(0.0);
            *seen = integral;
            *closed += 1;
            self.schedule(now);
        }
    }

    fn schedule(&mut self, now: SimTime) {
        if let Source::Finite {
            rate,
            closed,
            left,
            seen,
        } = &self.source
        {
            self.next = if *closed == 0 {
                SimTime::NEVER
            } else {
                rate.inverse(seen + left / *closed as f64)
                    .map_or(SimTime::NEVER, |at| SimTime::from_seconds(at).max(now))
            };
        }
    }
}
