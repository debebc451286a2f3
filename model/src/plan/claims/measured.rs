//! The claims that a measurement can judge, from its rows alone.
//!
//! Two rows stand for an isolate, a new one and one from a snapshot; two for a container, one that
//! does the same work with Node and an empty one that runs a small program. Which of them is meant
//! changes the answer, so every pair is judged. The rules are in `docs/model.md`.

use super::{SOURCE, Verdict};
use crate::measurement::document::{Estimate, Measurement, Outcome, Row};
use crate::result::{ClaimResult, PlanResult};
use crate::units::{Duration, Memory, Ratio, Unit, short};

/// A new isolate and one from a snapshot.
const ISOLATES: [&str; 2] = ["v8-isolate", "v8-isolate-snapshot"];
/// A container that does the same work, and an empty one.
const CONTAINERS: [&str; 2] = ["container-runc", "container-runc-empty"];

/// “A few” milliseconds or megabytes are at most so many.
const FEW: f64 = 10.0;
/// “Roughly 100x” is at least this: half of it.
const ROUGHLY: f64 = 50.0;
/// “Up to 100x” is reached where some pair reaches it.
const UP_TO: f64 = 100.0;
/// “Millions per second”: one million.
const MILLION: f64 = 1e6;
/// More vCPUs than the post itself counts for all of its sessions.
const TOO_MANY_VCPUS: f64 = 1e6;

/// A number of a row, with the ends of its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    known: bool,
}

impl Range {
    /// None unless the value is a positive number. Without an interval, it is the value alone.
    fn of(estimate: &Estimate) -> Option<Self> {
        let interval = estimate.interval;
        let value = estimate.value;
        (value.is_finite() && value > 0.0).then(|| Self {
            value,
            low: interval.map_or(value, |interval| interval.low.min(value)),
            high: interval.map_or(value, |interval| interval.high.max(value)),
            known: interval.is_some(),
        })
    }

    /// This over another, both independent: on the logarithm, the distance from the ratio to either
    /// end is the root of the sum of the squares of the distances it comes from (the method of
    /// variance estimates recovery, Zou and Donner 2008).
    pub(super) fn over(self, other: Self) -> Self {
        let value = self.value / other.value;
        let reach = |a: f64, b: f64| a.ln().hypot(b.ln()).exp();
        // An end at or below zero has no logarithm: nothing is known on that side.
        let low = if self.low > 0.0 {
            value / reach(self.value / self.low, other.high / other.value)
        } else {
            0.0
        };
        let high = if other.low > 0.0 {
            value * reach(self.high / self.value, other.value / other.low)
        } else {
            f64::INFINITY
        };
        Self {
            value,
            low,
            high,
            known: self.known || other.known,
        }
    }

    fn words(self, show: impl Fn(f64) -> String) -> String {
        if !self.known {
            return format!("{} (no interval)", show(self.value));
        }
        let high = if self.high.is_finite() {
            show(self.high)
        } else {
            "any".to_owned()
        };
        format!("{} ({} to {high})", show(self.value), show(self.low))
    }
}

/// The rows of a claim that have its number, and those that do not with the reason.
struct Side<'a> {
    found: Vec<(&'a Row, Range)>,
    missing: Vec<String>,
    /// Whether the host, not the choice of what to measure, is why some are missing.
    refused: bool,
}

impl<'a> Side<'a> {
    fn new(
        measurement: &'a Measurement,
        ids: &[&str],
        number: impl Fn(&Row) -> Option<Estimate>,
    ) -> Self {
        let mut side = Self {
            found: Vec::new(),
            missing: Vec::new(),
            refused: false,
        };
        for id in ids {
            let row = measurement.rows.iter().find(|row| row.technology.id == *id);
            let Some(row) = row else {
                side.missing
                    .push(format!("`{id}` is not in the measurement"));
                continue;
            };
            match &row.outcome {
                Outcome::Measured => match number(row).as_ref().and_then(Range::of) {
                    Some(range) => side.found.push((row, range)),
                    None => side
                        .missing
                        .push(format!("`{id}` has no such number that is above zero")),
                },
                Outcome::NotMeasured { why, enable } => {
                    side.refused = true;
                    let enable = if enable.is_empty() {
                        String::new()
                    } else {
                        format!("; {enable}")
                    };
                    side.missing
                        .push(format!("`{id}` was not measured: {why}{enable}"));
                }
                Outcome::Failed { why } => {
                    side.refused = true;
                    side.missing.push(format!("`{id}` failed: {why}"));
                }
            }
        }
        side
    }
}

fn first_result(row: &Row) -> Option<Estimate> {
    row.start.as_ref().map(|start| start.first_result.median)
}

fn memory(row: &Row) -> Option<Estimate> {
    row.memory_idle.as_ref().map(|fit| fit.per_instance)
}

fn start_rate(row: &Row) -> Option<Estimate> {
    row.saturation
        .as_ref()
        .map(|found| found.per_second_per_vcpu)
}

pub(super) fn isolate_start(measurement: &Measurement) -> ClaimResult {
    few(
        &Side::new(measurement, &ISOLATES, first_result),
        &Few {
            id: "isolate-start",
            quote: "an isolate takes a few milliseconds to start",
            bound: FEW * 1e-3,
            bound_words: "10 ms",
            what: "the median from the request to the first useful result",
            show: Duration::display,
        },
    )
}

pub(super) fn isolate_memory(measurement: &Measurement) -> ClaimResult {
    few(
        &Side::new(measurement, &ISOLATES, memory),
        &Few {
            id: "isolate-memory",
            quote: "and uses a few megabytes of memory",
            bound: FEW * 1e6,
            bound_words: "10 MB",
            what: "the memory of one more idle isolate",
            show: Memory::display,
        },
    )
}

/// A claim that something is small.
struct Few {
    id: &'static str,
    quote: &'static str,
    bound: f64,
    bound_words: &'static str,
    what: &'static str,
    show: fn(f64) -> String,
}

fn few(side: &Side<'_>, few: &Few) -> ClaimResult {
    if side.found.is_empty() {
        return absent(few.id, few.quote, &side.missing, side.refused);
    }
    let mut found: Vec<String> = side
        .found
        .iter()
        .map(|(row, range)| format!("{}: {}", row.technology.title, range.words(few.show)))
        .collect();
    found.extend(side.missing.iter().cloned());
    let inside: Vec<&str> = side
        .found
        .iter()
        .filter(|(_, range)| range.high <= few.bound)
        .map(|(row, _)| row.technology.title.as_str())
        .collect();
    let (what, bound) = (few.what, few.bound_words);
    let (verdict, why) = if inside.len() == side.found.len() {
        let why = format!("“A few” is taken as at most {bound}: {what} lies below it.");
        (Verdict::Holds, why)
    } else if !inside.is_empty() {
        let why = format!(
            "“A few” is taken as at most {bound}: {what} lies below it for {} alone.",
            listed(&inside)
        );
        (Verdict::HoldsUnder, why)
    } else if side.found.iter().all(|(_, range)| range.low > few.bound) {
        let why = format!("“A few” is taken as at most {bound}: {what} lies above it.");
        (Verdict::DoesNotHold, why)
    } else {
        let why = format!(
            "“A few” is taken as at most {bound}: the interval of {what} reaches from below it to \
             above it, so measure for longer."
        );
        (Verdict::NotTestable, why)
    };
    super::claim(few.id, few.quote, found.join("; "), verdict, why)
}

pub(super) fn faster(measurement: &Measurement) -> ClaimResult {
    times(
        &Side::new(measurement, &ISOLATES, first_result),
        &Side::new(measurement, &CONTAINERS, first_result),
        &Times {
            id: "hundred-times-faster",
            quote: "roughly 100x faster … than a container",
            factor: ROUGHLY,
            rule: "“Roughly 100x” is taken as at least 50 times the median start",
        },
    )
}

pub(super) fn leaner(measurement: &Measurement) -> ClaimResult {
    times(
        &Side::new(measurement, &ISOLATES, memory),
        &Side::new(measurement, &CONTAINERS, memory),
        &Times {
            id: "hundred-times-leaner",
            quote: "up to 100x more memory-efficient than a container",
            factor: UP_TO,
            rule: "“Up to 100x” is taken as reached where a container takes at least 100 times the \
                   memory of an isolate",
        },
    )
}

/// A claim that containers take so many times what isolates take.
struct Times {
    id: &'static str,
    quote: &'static str,
    factor: f64,
    rule: &'static str,
}

fn times(isolates: &Side<'_>, containers: &Side<'_>, times: &Times) -> ClaimResult {
    let missing: Vec<String> = isolates
        .missing
        .iter()
        .chain(&containers.missing)
        .cloned()
        .collect();
    if isolates.found.is_empty() || containers.found.is_empty() {
        let refused = isolates.refused || containers.refused;
        return absent(times.id, times.quote, &missing, refused);
    }
    let pairs: Vec<(String, Range)> = containers
        .found
        .iter()
        .flat_map(|(container, of_container)| {
            isolates.found.iter().map(move |(isolate, of_isolate)| {
                let name = format!(
                    "{} over {}",
                    container.technology.title, isolate.technology.title
                );
                (name, of_container.over(*of_isolate))
            })
        })
        .collect();
    let mut found: Vec<String> = pairs
        .iter()
        .map(|(name, ratio)| format!("{name}: {} times", ratio.words(rounded)))
        .collect();
    found.extend(missing);
    let reached: Vec<&str> = pairs
        .iter()
        .filter(|(_, ratio)| ratio.low >= times.factor)
        .map(|(name, _)| name.as_str())
        .collect();
    let open = pairs.iter().any(|(_, ratio)| ratio.high >= times.factor);
    let rule = times.rule;
    let (verdict, why) = if reached.len() == pairs.len() {
        (Verdict::Holds, format!("{rule}, which every pair reaches."))
    } else if !reached.is_empty() {
        let reached = listed(&reached);
        (
            Verdict::HoldsUnder,
            format!("{rule}: it holds for {reached}, not for the others."),
        )
    } else if open {
        let why = format!("{rule}: an interval reaches it, but no pair lies beyond it for sure.");
        (Verdict::NotTestable, why)
    } else {
        (
            Verdict::DoesNotHold,
            format!("{rule}, which no pair reaches here."),
        )
    };
    super::claim(times.id, times.quote, found.join("; "), verdict, why)
}

const MILLIONS: (&str, &str) = (
    "millions-per-second",
    "start one per request, run a snippet, throw it away … at a scale of millions per second",
);

/// How many vCPUs a million starts per second take, and whether a plan has them.
pub(super) fn millions(
    measurement: &Measurement,
    plans: &[PlanResult],
    demanded: &str,
) -> ClaimResult {
    let (id, quote) = MILLIONS;
    let side = Side::new(measurement, &ISOLATES, start_rate);
    let best = side
        .found
        .iter()
        .max_by(|a, b| a.1.value.total_cmp(&b.1.value));
    let Some((row, rate)) = best else {
        return absent(id, quote, &side.missing, side.refused);
    };
    let needed = Range {
        value: MILLION / rate.value,
        low: MILLION / rate.high,
        high: if rate.low > 0.0 {
            MILLION / rate.low
        } else {
            f64::INFINITY
        },
        known: rate.known,
    };
    let fleets = isolate_fleets(plans);
    let largest = fleets.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let mut found = vec![format!(
        "{}: {} starts per second and vCPU, so that a million per second takes {} vCPUs that do \
         nothing else",
        row.technology.title,
        rate.words(short),
        needed.words(short),
    )];
    if let Some((title, vcpus)) = largest {
        found.push(format!(
            "the isolates of “{title}” have {} vCPUs",
            short(*vcpus)
        ));
    }
    if !demanded.is_empty() {
        found.push(demanded.to_owned());
    }
    let enough = largest.is_some_and(|(_, vcpus)| *vcpus >= needed.high);
    let (verdict, why) = if enough {
        (
            Verdict::Holds,
            "The isolates' part of this plan's fleet could start a million per second, over all of \
             its hosts."
                .to_owned(),
        )
    } else if needed.value > TOO_MANY_VCPUS {
        (
            Verdict::DoesNotHold,
            format!(
                "It would take more than {} vCPUs, more than the post counts for all of its \
                 sessions.",
                short(TOO_MANY_VCPUS)
            ),
        )
    } else {
        (
            Verdict::HoldsUnder,
            format!(
                "It holds for a fleet of {} vCPUs or more; the isolates of this scenario's plans \
                 have fewer.",
                short(needed.value)
            ),
        )
    };
    super::claim(id, quote, found.join("; "), verdict, why)
}

/// vCPUs of the tiers that plans carry on the isolates measured.
fn isolate_fleets(plans: &[PlanResult]) -> Vec<(String, f64)> {
    plans
        .iter()
        .map(|plan| {
            let tiers = plan
                .tiers
                .iter()
                .filter(|tier| ISOLATES.contains(&tier.technology.as_str()));
            let vcpus = tiers.map(|tier| tier.analytic.vcpus.central).sum();
            (plan.title.clone(), vcpus)
        })
        .filter(|(_, vcpus)| *vcpus > 0.0)
        .collect()
}

/// A claim whose rows are not there.
fn absent(id: &str, quote: &str, missing: &[String], refused: bool) -> ClaimResult {
    let (verdict, why) = if refused {
        (
            Verdict::NotTestable,
            "What the claim compares could not be measured on this host.",
        )
    } else {
        (
            Verdict::NeedsMeasurement,
            "The measurement does not have what the claim compares: measure it with `tonnage \
             measure`.",
        )
    };
    ClaimResult {
        id: id.to_owned(),
        quote: quote.to_owned(),
        source: SOURCE.to_owned(),
        found: missing.join("; "),
        verdict,
        why: why.to_owned(),
    }
}

/// Names as a list: `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A ratio with three digits.
pub(super) fn rounded(value: f64) -> String {
    if value >= 1.0 {
        short(value)
    } else {
        Ratio::display((value * 1000.0).round() / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Interval;

    fn range(value: f64, low: f64, high: f64) -> Range {
        Range::of(&Estimate {
            value,
            interval: Some(Interval { low, high }),
            samples: 100,
        })
        .expect("a positive value")
    }

    #[test]
    fn the_interval_of_a_ratio_is_that_of_the_logarithms() {
        let factor = 1.1_f64;
        let a = range(150.0, 150.0 / factor, 150.0 * factor);
        let b = range(1.5, 1.5 / factor, 1.5 * factor);
        let ratio = a.over(b);
        let reach = (factor.ln() * 2.0_f64.sqrt()).exp();
        assert!((ratio.value - 100.0).abs() < 1e-9);
        assert!((ratio.high - 100.0 * reach).abs() < 1e-9);
        assert!((ratio.low - 100.0 / reach).abs() < 1e-9);
    }

    #[test]
    fn an_interval_that_reaches_zero_bounds_nothing_on_that_side() {
        let ratio = range(10.0, 9.0, 11.0).over(range(0.1, -0.1, 0.3));
        assert!(ratio.high.is_infinite());
        assert!(ratio.low > 0.0 && ratio.low < 100.0);
        assert!(range(0.1, -0.1, 0.3).over(range(1.0, 0.9, 1.1)).low <= 0.0);
        assert_eq!(
            Range::of(&Estimate {
                value: -1.0,
                interval: None,
                samples: 1
            }),
            None
        );
    }
}
