//! The search for the largest load within a service level.

use super::super::control::Control;
use super::super::error::SimulationError;
use super::super::spec::{CellSpec, invalid};
use super::{
    Assessment, CONFIDENCE, Effort, Look, Promise, ServiceLevel, Verdict, assess_in_looks,
};

/// What a search for the capacity found.
#[derive(Debug, Clone, PartialEq)]
pub struct Capacity {
    /// The largest load simulated that surely meets the service level, all smaller ones simulated
    /// meeting it too. Zero if none did.
    pub meets: f64,
    /// The smallest load simulated that surely fails. Infinite if none did.
    pub fails: f64,
    /// Where the service level is met on average: the middle of the last bisected interval.
    pub estimate: f64,
    /// The promise that breaks first.
    pub limited_by: Option<Promise>,
    /// The simulation at the largest load that meets the service level on average, with all
    /// replications; where half had decided, the others may change its verdict a little.
    pub at_capacity: Option<Assessment>,
    /// Loads simulated, with their verdicts, in increasing order.
    pub tried: Vec<(f64, Verdict)>,
    /// Events simulated in all.
    pub events: u64,
    /// Whether the search stopped for want of events rather than at its precision.
    pub out_of_events: bool,
}

/// A judged load, without the weight of its runs.
#[derive(Debug, Clone)]
struct Tried {
    load: f64,
    verdict: Verdict,
    on_average: bool,
    tightest: Option<Promise>,
}

/// Finds the largest load at which a cell keeps its service level.
///
/// `make_spec` gives the cell under a load, in whatever unit the caller likes: sessions per second,
/// live sessions, agents; more load must mean more work. `guess` is where to look first; from there
/// the search goes up, down or both, by twice the precision and then by steps that double, up to a
/// doubling of the load, until it has a load that surely meets the service level and one that surely
/// fails. `precision` is the relative width at which bisection then stops. All loads are simulated
/// with the same random numbers. A load that half of the replications decide at 99% is given no more
/// of them, unless it is the one reported.
///
/// The interval [`meets`](Capacity::meets)–[`fails`](Capacity::fails) reflects both the noise of the
/// replications and the precision of the bisection. It holds for the runs' own conditions (how long,
/// from which beginning); it says nothing about the truth of the inputs.
///
/// # Errors
/// Those of `make_spec` and of the runs, or a guess or precision out of range. Running out of events
/// is not an error; see [`Capacity::out_of_events`].
pub fn simulated_capacity(
    make_spec: impl Fn(f64) -> Result<CellSpec, SimulationError>,
    level: &ServiceLevel,
    guess: f64,
    precision: f64,
    effort: &Effort,
    control: &Control<'_>,
) -> Result<Capacity, SimulationError> {
    if !(guess.is_finite() && guess > 0.0) {
        return Err(invalid("guess", "must be a positive number"));
    }
    if !(precision > 0.0 && precision < 1.0) {
        return Err(invalid("precision", "must lie between 0 and 1"));
    }
    let mut search = Search {
        make_spec,
        level,
        effort,
        control,
        precision,
        tried: Vec::new(),
        best: None,
        events: 0,
        out_of_events: false,
    };
    search.bracket(guess)?;
    for edge in [Edge::OnAverage, Edge::SurelyMeets, Edge::SurelyFails] {
        search.bisect(edge)?;
    }
    search.complete_best()?;
    Ok(search.result())
}

/// Where one of the three predicates changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    OnAverage,
    SurelyMeets,
    SurelyFails,
}

impl Edge {
    /// Whether a load lies below the edge.
    fn is_above(self, tried: &Tried) -> bool {
        match self {
            Self::OnAverage => tried.on_average,
            Self::SurelyMeets => tried.verdict == Verdict::Meets,
            Self::SurelyFails => tried.verdict != Verdict::Fails,
        }
    }
}

/// Steps up or down from the guess before giving up: with the smallest precision in use, of half a
/// percent, the last is far beyond twelve doublings of the load.
const MOST_STEPS: u32 = 24;

/// Fewest replications that may decide.
const FEWEST_TO_DECIDE_BY: u64 = 4;

/// Confidence with which half of the replications may decide.
const EARLY_CONFIDENCE: f64 = 0.99;

struct Search<'a, F> {
    make_spec: F,
    level: &'a ServiceLevel,
    effort: &'a Effort,
    control: &'a Control<'a>,
    precision: f64,
    /// In increasing order of load.
    tried: Vec<Tried>,
    best: Option<(f64, Assessment)>,
    events: u64,
    out_of_events: bool,
}

impl<F: Fn(f64) -> Result<CellSpec, SimulationError>> Search<'_, F> {
    /// Simulates a load unless the events are used up.
    fn attempt(&mut self, load: f64) -> Result<(), SimulationError> {
        let left = self.effort.max_events.saturating_sub(self.events);
        let each = left / self.effort.replications.max(1);
        if each == 0 {
            self.out_of_events = true;
            return Ok(());
        }
        let control = self
            .control
            .with_max_events(each.min(self.control.max_events()));
        let spec = (self.make_spec)(load)?;
        let assessment = match assess_in_looks(
            &spec,
            self.level,
            self.effort,
            &self.looks(),
            None,
            &control,
        ) {
            Err(SimulationError::EventLimit { .. }) if each < self.control.max_events() => {
                self.out_of_events = true;
                return Ok(());
            }
            result => result?,
        };
        self.events += assessment.replications.merged().events_in_all;
        let tried = Tried {
            load,
            verdict: assessment.verdict,
            on_average: assessment.meets_on_average(),
            tightest: assessment.tightest().map(|check| check.promise),
        };
        if tried.on_average && self.best.as_ref().is_none_or(|(best, _)| *best < load) {
            self.best = Some((load, assessment));
        }
        let place = self.tried.partition_point(|other| other.load < load);
        self.tried.insert(place, tried);
        Ok(())
    }

    fn all(&self) -> Look {
        Look {
            replications: self.effort.replications,
            confidence: CONFIDENCE,
        }
    }

    /// Half of the replications where that leaves enough to judge by, then all.
    fn looks(&self) -> Vec<Look> {
        let all = self.all();
        let half = Look {
            replications: all.replications / 2,
            confidence: EARLY_CONFIDENCE,
        };
        if half.replications < FEWEST_TO_DECIDE_BY {
            vec![all]
        } else {
            vec![half, all]
        }
    }

    /// Finds a load that surely meets and one that surely fails.
    fn bracket(&mut self, guess: f64) -> Result<(), SimulationError> {
        self.attempt(guess)?;
        self.go(guess, Verdict::Fails, |load, step| load * (1.0 + step))?;
        self.go(guess, Verdict::Meets, |load, step| load / (1.0 + step))
    }

    /// Goes away from the guess in steps that double until some load has the verdict.
    fn go(
        &mut self,
        guess: f64,
        until: Verdict,
        next: impl Fn(f64, f64) -> f64,
    ) -> Result<(), SimulationError> {
        let (mut load, mut step) = (guess, 2.0 * self.precision);
        for _ in 0..MOST_STEPS {
            if self.out_of_events || self.tried.iter().any(|tried| tried.verdict == until) {
                break;
            }
            load = next(load, step);
            step = (2.0 * step).min(1.0);
            self.attempt(load)?;
        }
        Ok(())
    }

    /// The loads next to an edge: the last in the run of loads below it from the smallest on, and
    /// the one after.
    fn beside(&self, edge: Edge) -> (Option<f64>, Option<f64>) {
        let first_beyond = self.tried.iter().position(|tried| !edge.is_above(tried));
        let below = first_beyond.unwrap_or(self.tried.len()).checked_sub(1);
        (
            below.map(|index| self.tried[index].load),
            first_beyond.map(|index| self.tried[index].load),
        )
    }

    fn bisect(&mut self, edge: Edge) -> Result<(), SimulationError> {
        while let (Some(below), Some(beyond)) = self.beside(edge) {
            if self.out_of_events || beyond - below <= self.precision * below {
                break;
            }
            let middle = f64::midpoint(below, beyond);
            if middle <= below || middle >= beyond {
                break;
            }
            self.attempt(middle)?;
        }
        Ok(())
    }

    /// Gives the load that is reported the replications it was spared.
    fn complete_best(&mut self) -> Result<(), SimulationError> {
        let Some((load, known)) = self.best.take() else {
            return Ok(());
        };
        let done = known.replications.outcomes().len() as u64;
        if done >= self.effort.replications {
            self.best = Some((load, known));
            return Ok(());
        }
        let spec = (self.make_spec)(load)?;
        let all = [self.all()];
        let before = known.replications.merged().events_in_all;
        let begun = Some(known.replications);
        let whole = assess_in_looks(&spec, self.level, self.effort, &all, begun, self.control)?;
        self.events += whole.replications.merged().events_in_all - before;
        self.best = Some((load, whole));
        Ok(())
    }

    fn result(self) -> Capacity {
        let meets = self.beside(Edge::SurelyMeets).0.unwrap_or(0.0);
        let fails = self.beside(Edge::SurelyFails).1.unwrap_or(f64::INFINITY);
        let estimate = match self.beside(Edge::OnAverage) {
            (Some(below), Some(beyond)) => f64::midpoint(below, beyond),
            (Some(load), None) | (None, Some(load)) => load,
            (None, None) => f64::NAN,
        };
        let limited_by = self
            .tried
            .iter()
            .find(|tried| !tried.on_average)
            .and_then(|tried| tried.tightest);
        Capacity {
            meets,
            fails,
            estimate,
            limited_by,
            at_capacity: self.best.map(|(_, assessment)| assessment),
            tried: self
                .tried
                .iter()
                .map(|tried| (tried.load, tried.verdict))
                .collect(),
            events: self.events,
            out_of_events: self.out_of_events,
        }
    }
}
