//! What differs between two measurements, beyond what chance explains.
//!
//! The ratio of two independent estimates has an interval made from theirs. In logarithms a ratio is
//! a difference, and each estimate's interval says how far it may be off downwards and upwards; the
//! distances are combined in quadrature:
//!
//! ```text
//! ln low  = ln b/a − √( (ln b − ln b.low)²  + (ln a.high − ln a)² )
//! ln high = ln b/a + √( (ln b.high − ln b)² + (ln a − ln a.low)² )
//! ```
//!
//! For intervals symmetric in logarithms this is the log-normal approximation with standard errors
//! (ln high − ln low)/3.92; for others it keeps the skew, as a 99% quantile has it (method of
//! variance estimates recovery: Zou and Donner 2008, Statistics in Medicine 27:1693). Where an end is
//! not above zero there is no logarithm, and the ends are divided by one another, which is never too
//! narrow.

use serde::Serialize;

use super::document::{Estimate, Fact, Measurement, Outcome, Row};
use super::figure::Figure;
use crate::statistics::Interval;

/// Facts of a host that are never the same twice.
const FLEETING: [&str; 3] = ["load", "memory available", "time stolen since start"];

/// What differs between two measurements.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The measurement before.
    pub before: Side,
    /// The measurement after.
    pub after: Side,
    /// What makes the two hard to compare, in sentences.
    pub warnings: Vec<String>,
    /// Facts of the host that differ.
    pub host: Vec<Changed>,
    /// The technologies, in the order of the measurement after; those that only the measurement
    /// before has follow.
    pub technologies: Vec<TechnologyComparison>,
}

/// One of the two measurements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Version of Tonnage.
    pub version: String,
    /// The command that was given.
    pub command: String,
    /// How much time it was to take.
    pub effort: String,
    /// When it began, in seconds since 1970 (UTC).
    pub started: u64,
}

/// Something that is not the same on both sides; none where a side does not have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// What.
    pub name: String,
    /// How it was.
    pub before: Option<String>,
    /// How it is.
    pub after: Option<String>,
}

/// A technology on both sides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TechnologyComparison {
    /// Its name in commands and files.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Why nothing of it can be compared, if so.
    pub missing: Option<String>,
    /// Whether it had numbers before and failed after.
    pub broke: bool,
    /// How far two halves of one measurement are apart: the larger of both sides, as |ln| of a
    /// ratio. A smaller difference is none.
    pub noise: f64,
    /// Tools whose versions differ.
    pub tools: Vec<Changed>,
    /// The figures that either side has.
    pub figures: Vec<FigureComparison>,
}

/// A figure on both sides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FigureComparison {
    /// The figure.
    pub figure: Figure,
    /// Before.
    pub before: Option<Estimate>,
    /// After.
    pub after: Option<Estimate>,
    /// After over before; none unless both are above zero.
    pub ratio: Option<Ratio>,
    /// Whether it differs.
    pub verdict: Verdict,
}

/// A ratio with its 95% interval; an upper end that is infinite (`null` in JSON) is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ratio {
    /// The ratio.
    pub value: f64,
    /// Its interval; none if either side has none.
    pub interval: Option<Interval>,
}

/// Whether a figure differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Verdict {
    /// It is less, beyond what chance explains.
    Less,
    /// It is more, beyond what chance explains.
    More,
    /// No difference is shown, which does not say that there is none.
    NoDifferenceShown {
        /// What the difference is inside of.
        inside: Inside,
    },
    /// The two cannot be held against each other.
    NotComparable {
        /// Why.
        why: String,
    },
}

/// What a difference that is not shown is inside of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inside {
    /// The interval of the ratio holds one.
    Interval,
    /// Two halves of one measurement are further apart.
    Noise,
}

/// Compares two measurements.
pub fn compare(before: &Measurement, after: &Measurement) -> Comparison {
    let find = |measurement: &'_ Measurement, id: &str| {
        measurement
            .rows
            .iter()
            .position(|row| row.technology.id == id)
    };
    let technologies: Vec<_> = after
        .rows
        .iter()
        .map(|new| {
            let old = find(before, &new.technology.id).map(|index| &before.rows[index]);
            technology(old, Some(new))
        })
        .chain(
            before
                .rows
                .iter()
                .filter(|old| find(after, &old.technology.id).is_none())
                .map(|old| technology(Some(old), None)),
        )
        .flatten()
        .collect();
    let host = host_changes(before, after);
    Comparison {
        before: side(before),
        after: side(after),
        warnings: warnings(before, after, &host, &technologies),
        host,
        technologies,
    }
}

fn side(measurement: &Measurement) -> Side {
    let run = &measurement.run;
    Side {
        version: run.version.clone(),
        command: run.command.clone(),
        effort: run.effort.clone(),
        started: run.started,
    }
}

fn host_changes(before: &Measurement, after: &Measurement) -> Vec<Changed> {
    let own = |measurement: &Measurement| -> Vec<_> {
        vec![
            (
                "processors that may be used".to_owned(),
                measurement.host.vcpus.to_string(),
            ),
            (
                "bytes of memory".to_owned(),
                measurement.host.memory.to_string(),
            ),
        ]
        .into_iter()
        .chain(
            measurement
                .host
                .facts
                .iter()
                .map(|Fact { name, value }| (name.clone(), value.clone())),
        )
        .collect()
    };
    changes(&own(before), &own(after))
}

/// What differs between two lists of names and values.
fn changes(before: &[(String, String)], after: &[(String, String)]) -> Vec<Changed> {
    let value = |list: &[(String, String)], name: &str| {
        list.iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.clone())
    };
    let gone: Vec<_> = before
        .iter()
        .filter(|(name, _)| value(after, name).is_none())
        .cloned()
        .collect();
    after
        .iter()
        .chain(&gone)
        .map(|(name, _)| Changed {
            name: name.clone(),
            before: value(before, name),
            after: value(after, name),
        })
        .filter(|changed| changed.before != changed.after)
        .collect()
}

impl Changed {
    /// The change in words: `kernel: 6.1 → 6.6`.
    pub fn words(&self) -> String {
        let show = |value: &Option<String>| value.clone().unwrap_or_else(|| "not there".to_owned());
        format!(
            "{}: {} → {}",
            self.name,
            show(&self.before),
            show(&self.after)
        )
    }

    /// Whether it is a fact that is never the same twice, such as the load.
    pub fn is_fleeting(&self) -> bool {
        FLEETING.contains(&self.name.as_str())
    }
}

fn warnings(
    before: &Measurement,
    after: &Measurement,
    host: &[Changed],
    technologies: &[TechnologyComparison],
) -> Vec<String> {
    let mut warnings = Vec::new();
    let lasting: Vec<_> = host
        .iter()
        .filter(|changed| !changed.is_fleeting())
        .map(Changed::words)
        .collect();
    if !lasting.is_empty() {
        warnings.push(format!(
            "The hosts differ, and so may every number for that reason alone: {}.",
            lasting.join("; ")
        ));
    }
    let (old, new) = (&before.run, &after.run);
    for (what, old, new) in [
        ("effort", &old.effort, &new.effort),
        ("version of Tonnage", &old.version, &new.version),
    ] {
        if old != new {
            warnings.push(format!("The {what} differs: {old} → {new}."));
        }
    }
    for (name, run) in [("before", old), ("after", new)] {
        if !run.complete {
            warnings.push(format!("The measurement {name} is not complete."));
        }
    }
    let tools: Vec<_> = technologies
        .iter()
        .flat_map(|technology| {
            technology
                .tools
                .iter()
                .map(|tool| format!("{} of {}", tool.words(), technology.id))
        })
        .collect();
    if !tools.is_empty() {
        warnings.push(format!("Versions of tools differ: {}.", tools.join("; ")));
    }
    warnings
}

/// A technology of which at least one side is there.
fn technology(before: Option<&Row>, after: Option<&Row>) -> Option<TechnologyComparison> {
    let description = &after.or(before)?.technology;
    let missing: Vec<String> = [("before", before), ("after", after)]
        .into_iter()
        .filter_map(|(side, row)| without_numbers(row).map(|why| format!("{side}: {why}")))
        .collect();
    let tools = |row: &Row| -> Vec<_> {
        let tools = row.tools.iter();
        tools
            .map(|tool| (tool.name.clone(), tool.version.clone()))
            .collect()
    };
    let mut comparison = TechnologyComparison {
        id: description.id.clone(),
        title: description.title.clone(),
        missing: (!missing.is_empty()).then(|| missing.join("; ")),
        broke: without_numbers(before).is_none()
            && after.is_some_and(|row| matches!(row.outcome, Outcome::Failed { .. })),
        noise: 0.0,
        tools: Vec::new(),
        figures: Vec::new(),
    };
    if let (Some(before), Some(after), None) = (before, after, &comparison.missing) {
        let noise = before.noise.into_iter().chain(after.noise);
        comparison.noise = noise.fold(0.0, f64::max);
        comparison.tools = changes(&tools(before), &tools(after));
        comparison.figures = Figure::ALL
            .into_iter()
            .filter_map(|figure| compare_figure(figure, before, after, comparison.noise))
            .collect();
    }
    Some(comparison)
}

/// Why there are no numbers, if there are none.
fn without_numbers(row: Option<&Row>) -> Option<String> {
    match row.map(|row| &row.outcome) {
        None => Some("not part of the measurement".to_owned()),
        Some(Outcome::Measured) => None,
        Some(Outcome::NotMeasured { why, .. }) => Some(format!("not measured: {why}")),
        Some(Outcome::Failed { why }) => Some(format!("failed: {why}")),
    }
}

/// A figure that at least one side has.
fn compare_figure(
    figure: Figure,
    before: &Row,
    after: &Row,
    noise: f64,
) -> Option<FigureComparison> {
    let (old, new) = (figure.of(before), figure.of(after));
    let (ratio, verdict) = match (old, new) {
        (None, None) => return None,
        (Some(_), None) => (None, not_comparable("not there after")),
        (None, Some(_)) => (None, not_comparable("not there before")),
        (Some(old), Some(new)) => {
            let conditions = (figure.conditions(before), figure.conditions(after));
            if let (Some(old), Some(new)) = &conditions
                && old != new
            {
                (None, not_comparable(&format!("{old} → {new}")))
            } else {
                (ratio(old, new), verdict(old, new, noise))
            }
        }
    };
    Some(FigureComparison {
        figure,
        before: old,
        after: new,
        ratio,
        verdict,
    })
}

fn not_comparable(why: &str) -> Verdict {
    Verdict::NotComparable {
        why: why.to_owned(),
    }
}

/// The ratio of two independent estimates, `after` over `before`; none unless both are above zero.
pub fn ratio(before: Estimate, after: Estimate) -> Option<Ratio> {
    (before.value > 0.0 && after.value > 0.0).then(|| Ratio {
        value: after.value / before.value,
        interval: before
            .interval
            .zip(after.interval)
            .map(|(old, new)| interval_of_ratio((before.value, old), (after.value, new))),
    })
}

fn interval_of_ratio(before: (f64, Interval), after: (f64, Interval)) -> Interval {
    let ((a, a_ends), (b, b_ends)) = (before, after);
    if a_ends.low <= 0.0 || b_ends.low <= 0.0 {
        // The value is above zero and may still be outside its bootstrap interval.
        let highest = |value: f64, ends: Interval| ends.high.max(value);
        let lowest = |value: f64, ends: Interval| ends.low.min(value).max(0.0);
        return Interval {
            low: lowest(b, b_ends) / highest(a, a_ends),
            high: highest(b, b_ends) / lowest(a, a_ends),
        };
    }
    // A bootstrap interval can leave its value outside; it is no nearer than at the value then.
    let down = |value: f64, ends: Interval| (value / ends.low).ln().max(0.0);
    let up = |value: f64, ends: Interval| (ends.high / value).ln().max(0.0);
    let ratio = b / a;
    Interval {
        low: ratio * (-down(b, b_ends).hypot(up(a, a_ends))).exp(),
        high: ratio * up(b, b_ends).hypot(down(a, a_ends)).exp(),
    }
}

/// Whether two estimates differ beyond their intervals and beyond the noise, |ln| of a ratio.
pub fn verdict(before: Estimate, after: Estimate, noise: f64) -> Verdict {
    let Some((old, new)) = before.interval.zip(after.interval) else {
        return not_comparable("a single observation has no interval");
    };
    let inside = |inside| Verdict::NoDifferenceShown { inside };
    match ratio(before, after) {
        Some(Ratio { value, interval }) => {
            if interval.is_none_or(|interval| interval.contains(1.0)) {
                return inside(Inside::Interval);
            }
            if value.ln().abs() <= noise {
                return inside(Inside::Noise);
            }
        }
        // A fitted slope can come out below zero; then only intervals apart show a difference.
        None if old.overlaps(&new) => return inside(Inside::Interval),
        None => {}
    }
    if after.value < before.value {
        Verdict::Less
    } else {
        Verdict::More
    }
}

impl FigureComparison {
    /// Whether it is shown to be worse, and by more than a share of its value: 0.1 is 10%.
    pub fn is_worse_by(&self, share: f64) -> bool {
        let worse = if self.figure.more_is_better() {
            Verdict::Less
        } else {
            Verdict::More
        };
        if self.verdict != worse {
            return false;
        }
        // What has no ratio came from nothing: that is more than any share.
        self.ratio
            .is_none_or(|ratio| (ratio.value - 1.0).abs() > share)
    }

    /// Whether it is shown to differ.
    pub fn differs(&self) -> bool {
        matches!(self.verdict, Verdict::Less | Verdict::More)
    }

    /// Whether it is shown to be better.
    pub fn is_better(&self) -> bool {
        self.differs() && !self.is_worse_by(0.0)
    }

    /// Whether the two sides can be held against each other.
    pub fn is_comparable(&self) -> bool {
        !matches!(self.verdict, Verdict::NotComparable { .. })
    }

    /// The verdict in a word or two: time is faster or slower, everything else less or more.
    pub fn words(&self) -> &'static str {
        let time = self.figure.unit() == super::figure::FigureUnit::Seconds;
        match &self.verdict {
            Verdict::Less if time => "faster",
            Verdict::More if time => "slower",
            Verdict::Less => "less",
            Verdict::More => "more",
            Verdict::NoDifferenceShown { .. } => "no difference shown",
            Verdict::NotComparable { .. } => "not comparable",
        }
    }

    /// Why there is no verdict, or what the difference is inside of.
    pub fn why(&self) -> Option<&str> {
        match &self.verdict {
            Verdict::NoDifferenceShown {
                inside: Inside::Noise,
            } => Some("inside the noise"),
            Verdict::NotComparable { why } => Some(why),
            _ => None,
        }
    }
}

impl Comparison {
    /// Every figure that was compared or could not be, with its technology.
    pub fn figures(&self) -> impl Iterator<Item = (&TechnologyComparison, &FigureComparison)> {
        self.technologies.iter().flat_map(|technology| {
            let figures = technology.figures.iter();
            figures.map(move |figure| (technology, figure))
        })
    }

    /// Figures that both sides have and that can be held against each other.
    pub fn comparable(&self) -> usize {
        let figures = self.figures();
        figures.filter(|(_, figure)| figure.is_comparable()).count()
    }

    /// Whether anything is shown to differ.
    pub fn differs(&self) -> bool {
        self.figures().any(|(_, figure)| figure.differs())
            || self.technologies.iter().any(|technology| technology.broke)
    }

    /// Figures shown to be worse by more than a share of their value: 0.1 is 10%.
    pub fn worse_by(&self, share: f64) -> Vec<(&TechnologyComparison, &FigureComparison)> {
        let figures = self.figures();
        figures
            .filter(|(_, figure)| figure.is_worse_by(share))
            .collect()
    }

    /// Technologies that had numbers before and failed after.
    pub fn broke(&self) -> impl Iterator<Item = &TechnologyComparison> {
        self.technologies
            .iter()
            .filter(|technology| technology.broke)
    }
}
