//! From a measurement to a profile: what was measured, laid over what others published.
//!
//! A measured number takes the place of the published one whole, with its own origin. What was not
//! measured stays as published, marked as such, or is left out: an origin is never mixed.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde::Serialize;

use super::document::{Estimate, Host, Measurement, MemoryFit, Outcome, Row, Summary};
use super::record::CeilingKind;
use super::technology::{Role, StartKind};
use crate::input::{Cited, Inputs, Quantity, Uncertain, Variable, VariableShape};
use crate::profile::{Boundary, Capability, Origin, ProfileDocument, TechnologyDocument};
use crate::units::{Count, CpuTime, Duration, Memory, Rate, Ratio, Unit};

/// The profile that a measurement is laid over.
pub const BASE: &str = "builtin:profiles/published.toml";

/// How much wider than its 95% interval a triangular belief is, on either side of its mode.
///
/// A triangle with sides `k·a` below and `k·b` above its mode leaves `((k − 1)/k)²` of its mass
/// beyond `a` and `b` together, whatever they are. That is 5% at `k = 1/(1 − √0.05)`.
const TRIANGLE: f64 = 1.287_985_9;

/// Values of the empirical start-up distribution for each of its steps.
const PER_STEP: usize = 2;

/// Shortest start there is, so that no clock's resolution makes a start that takes no time.
const SHORTEST: f64 = 1e-9;

/// The part of a number's upper end that it is at least, where its interval reaches zero.
const LEAST_PART: f64 = 0.01;

/// A profile to be laid over [`BASE`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layer {
    /// Title of the whole.
    pub title: String,
    /// Where the numbers come from.
    pub source: String,
    /// How they became a profile.
    pub derivation: String,
    /// What the reader must know: what was measured and has no place in a profile.
    #[serde(skip)]
    pub remarks: Vec<String>,
    /// What is laid over each technology.
    pub technologies: IndexMap<String, TechnologyLayer>,
}

/// What is laid over one technology. What is `None` stays as it is below.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct TechnologyLayer {
    /// Title.
    pub title: Option<String>,
    /// What separates one sandbox from another.
    pub boundary: Option<Boundary>,
    /// What it offers.
    pub offers: Option<Vec<Capability>>,
    /// What a reader must know.
    pub notes: Option<String>,
    /// Start latency.
    pub start_latency: Option<Variable<Duration>>,
    /// CPU time of a start.
    pub cpu_per_start: Option<Quantity<CpuTime>>,
    /// Memory of one sandbox.
    pub memory_per_instance: Option<Quantity<Memory>>,
    /// Memory once per host.
    pub memory_base: Option<Quantity<Memory>>,
    /// Most starts per second and vCPU.
    pub starts_per_second_per_vcpu: Option<Quantity<Rate>>,
    /// Relative CPU time of work.
    pub relative_cpu: Option<Quantity<Ratio>>,
    /// Most sandboxes of a host.
    pub density_limit: Option<Quantity<Count>>,
}

/// What a measurement lays over a profile.
pub fn layer(measurement: &Measurement, base: &ProfileDocument) -> Layer {
    let mut remarks = Vec::new();
    let mut technologies = IndexMap::new();
    for row in measurement.rows.iter().filter(|row| belongs(row)) {
        let id = &row.technology.id;
        let below = base.technologies.get(id);
        let found = Measured {
            measurement,
            row,
            below,
        }
        .layer();
        match found {
            Ok(layer) => {
                technologies.insert(id.clone(), layer);
            }
            Err(missing) => remarks.push(format!(
                "“{}” was measured but is left out of the profile: {} of it {} not measured, and \
                 nothing is published that could stand there.",
                row.technology.title,
                missing.join(" and "),
                if missing.len() == 1 { "was" } else { "were" },
            )),
        }
    }
    if !measurement.run.complete {
        remarks.push("The measurement was not finished: not all that was planned is in it.".into());
    }
    remarks.extend(
        measurement
            .host
            .warnings
            .iter()
            .map(|warning| format!("On the host measured: {warning}")),
    );
    let host = cpu_model(&measurement.host);
    let date = date(measurement.run.started);
    Layer {
        title: format!("Measured on {host}, {date}; published numbers for the rest"),
        source: format!(
            "{}, and for what was not measured {BASE}",
            source(measurement)
        ),
        derivation: "Made from a measurement by the rules in docs/model.md.".to_owned(),
        remarks,
        technologies,
    }
}

/// Whether a row has numbers of something that sessions could run on.
fn belongs(row: &Row) -> bool {
    row.outcome == Outcome::Measured
        && matches!(row.technology.role, Role::Candidate | Role::Reference)
}

/// The model of the CPU, or that it has no name.
pub fn cpu_model(host: &Host) -> &str {
    let named = |wanted: &str| {
        host.facts
            .iter()
            .find(|fact| fact.name.eq_ignore_ascii_case(wanted) && !fact.value.trim().is_empty())
    };
    ["CPU model", "CPU", "Processor"]
        .into_iter()
        .find_map(named)
        .map_or("an unnamed CPU", |fact| fact.value.as_str())
}

/// A moment as `2026-07-03`, UTC. From days to a date after H. Hinnant, “chrono-compatible
/// low-level date algorithms”.
pub fn date(seconds: u64) -> String {
    // Beyond the year 10 000 nothing was measured.
    let days = (seconds / 86_400).min(2_932_896);
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Host, date, effort and command.
fn source(measurement: &Measurement) -> String {
    let run = &measurement.run;
    format!(
        "Tonnage {} on {}, {} vCPUs, {}, effort {}, `{}`",
        run.version,
        cpu_model(&measurement.host),
        measurement.host.vcpus,
        date(run.started),
        run.effort,
        run.command,
    )
}

/// What a start begins from, in words.
pub fn start_words(kind: StartKind) -> &'static str {
    match kind {
        StartKind::Cold => "cold, code in the page cache",
        StartKind::Snapshot => "from a snapshot",
        StartKind::Precompiled => "compiled beforehand",
        StartKind::Pooled => "compiled and memory set aside beforehand",
        StartKind::Shared => "within a sandbox that is there",
        StartKind::Joined => "a program that joins a sandbox that runs",
    }
}

/// The values of a start-up distribution that has these steps: between any two of them the same
/// number, spread evenly. The values of the last step, where a few slow samples count most, are
/// moved within it so that the mean is the one measured, if that is possible.
pub fn start_values(summary: &Summary) -> Option<Vec<f64>> {
    let (low, high) = (SHORTEST, Duration::RANGE.1);
    let mut steps: Vec<f64> = summary
        .percentiles
        .iter()
        .filter(|step| step.is_finite())
        .map(|step| step.clamp(low, high))
        .collect();
    steps.sort_by(f64::total_cmp);
    let (first, last) = (*steps.first()?, *steps.last()?);
    if steps.len() == 1 {
        return Some(vec![first]);
    }
    let mut values: Vec<f64> = steps
        .windows(2)
        .flat_map(|pair| {
            let width = pair[1] - pair[0];
            (0..PER_STEP).map(move |index| pair[0] + width * (index as f64 + 0.5) / PER_STEP as f64)
        })
        .collect();
    let tail = values.len() - PER_STEP;
    let floor = steps[steps.len() - 2];
    let wanted = summary.mean * values.len() as f64 - values[..tail].iter().sum::<f64>();
    if wanted.is_finite() {
        let middle = values[tail..].iter().sum::<f64>();
        // Towards one end of the step in proportion keeps them in order and in the step.
        let (end, reach) = if wanted < middle {
            (floor, middle - floor * PER_STEP as f64)
        } else {
            (last, last * PER_STEP as f64 - middle)
        };
        if reach > 0.0 {
            let part = ((wanted - middle).abs() / reach).min(1.0);
            for value in &mut values[tail..] {
                *value += (end - *value) * part;
            }
        }
    }
    Some(values)
}

/// What may be done to an estimate that becomes a belief.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Floor {
    /// It may be nothing: what is there once.
    Zero,
    /// It is something: time, memory of a sandbox, a rate.
    Positive,
}

/// A belief with what was done to it.
struct Belief {
    value: Uncertain,
    note: Option<&'static str>,
}

/// An estimate as a belief: a triangle whose mode is the estimate and that has 95% of its mass in
/// the interval. Without an interval, the value alone: it is what was measured, and a spread that
/// was not would be an assumption. None if it says nothing: the whole interval lies below zero.
fn belief<U: Unit>(estimate: &Estimate, floor: Floor) -> Option<Belief> {
    let most = U::RANGE.1;
    let interval = estimate
        .interval
        .filter(|interval| interval.low.is_finite() && interval.high.is_finite());
    let value = estimate.value;
    if !value.is_finite() {
        return None;
    }
    let (bottom, top) = interval.map_or((value, value), |interval| {
        (interval.low.min(value), interval.high.max(value))
    });
    let low = value - (value - bottom) * TRIANGLE;
    let high = value + (top - value) * TRIANGLE;
    let least = match floor {
        Floor::Zero if top <= 0.0 => {
            return Some(Belief {
                value: Uncertain::Exact(0.0),
                note: Some("it came out below zero, which is taken as nothing"),
            });
        }
        Floor::Zero => 0.0,
        Floor::Positive if top <= 0.0 => return None,
        Floor::Positive => (high * LEAST_PART).min(most),
    };
    let reaches_zero = match floor {
        Floor::Zero => low < 0.0,
        Floor::Positive => low <= 0.0,
    };
    let limit = |figure: f64| {
        if reaches_zero {
            figure.clamp(least, most)
        } else {
            figure.min(most)
        }
    };
    let note = match (floor, interval) {
        _ if high > most => Some("it is larger than can be and is cut there"),
        (Floor::Zero, _) if reaches_zero => {
            Some("its interval reaches below zero and is cut there: it is not less than nothing")
        }
        (Floor::Positive, _) if reaches_zero => Some(
            "its interval reaches zero and is cut at a hundredth of its upper end: it is more than \
             nothing",
        ),
        (_, None) => Some("a single observation, which has no interval"),
        _ => None,
    };
    let (low, mode, high) = (limit(low), limit(value), limit(high));
    Some(Belief {
        value: if low < high {
            Uncertain::Triangular { low, mode, high }
        } else {
            Uncertain::Exact(mode)
        },
        note,
    })
}

/// One measured row on its way into a profile.
struct Measured<'a> {
    measurement: &'a Measurement,
    row: &'a Row,
    below: Option<&'a TechnologyDocument>,
}

impl Measured<'_> {
    /// What is laid over the technology, or the numbers without which there is none.
    fn layer(&self) -> Result<TechnologyLayer, Vec<&'static str>> {
        let technology = &self.row.technology;
        let mut layer = TechnologyLayer {
            start_latency: self.start_latency(),
            cpu_per_start: self.cpu_per_start(),
            memory_per_instance: self.memory_per_instance(),
            memory_base: self.memory_base(),
            starts_per_second_per_vcpu: self.start_rate(),
            relative_cpu: self.relative_cpu(),
            density_limit: self.density_limit(),
            ..TechnologyLayer::default()
        };
        if self.below.is_some() {
            return Ok(layer);
        }
        layer.title = Some(technology.title.clone());
        layer.boundary = Some(technology.boundary);
        layer.offers = Some(technology.offers.clone());
        layer.notes.clone_from(&technology.notes);
        layer.relative_cpu = layer
            .relative_cpu
            .or_else(|| Some(self.assumed_relative_cpu()));
        let missing: Vec<&str> = [
            ("the start", layer.start_latency.is_none()),
            ("the CPU time of a start", layer.cpu_per_start.is_none()),
            ("the memory", layer.memory_per_instance.is_none()),
            ("the memory once per host", layer.memory_base.is_none()),
        ]
        .into_iter()
        .filter_map(|(what, missing)| missing.then_some(what))
        .collect();
        if missing.is_empty() {
            Ok(layer)
        } else {
            Err(missing)
        }
    }

    fn start_latency(&self) -> Option<Variable<Duration>> {
        let start = self.row.start.as_ref()?;
        let summary = &start.first_result;
        let values = start_values(summary)?;
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let technology = &self.row.technology;
        let mut conditions = format!(
            "{} Start: {}. The distribution at its 101 steps; outliers are in it.",
            sentence(&technology.clock),
            start_words(technology.start),
        );
        if let Some(below) = self.below {
            let mut inputs = Inputs::default();
            let id = inputs.add_variable(String::new(), String::new(), &below.start_latency);
            conditions += &instead(&inputs.get(id).describe(), &below.start_latency.cited);
        }
        Some(Variable::new(
            Uncertain::Exact(mean),
            VariableShape::Empirical { values },
            self.cited(summary.samples, conditions),
        ))
    }

    fn cpu_per_start(&self) -> Option<Quantity<CpuTime>> {
        let below = self.below.map(|below| &below.cpu_per_start);
        let alone = self.row.cpu_per_start.as_ref().and_then(|estimate| {
            let about = "CPU time of everything involved in one start and its end, starts one by \
                         one.";
            self.quantity(estimate, Floor::Positive, about, below)
        });
        alone.or_else(|| {
            let saturation = self.row.saturation.as_ref()?;
            let about = "CPU time of everything involved in one start and its end, with as many \
                         starts as the processors could do; not measured one by one.";
            self.quantity(&saturation.cpu_per_start, Floor::Positive, about, below)
        })
    }

    fn memory_per_instance(&self) -> Option<Quantity<Memory>> {
        let fit = self.row.memory_idle.as_ref()?;
        let about = format!(
            "Slope of memory over live sandboxes that are idle after their first result, up to {} \
             of them; account: {}.",
            fit.highest,
            fit.account.words()
        );
        let below = self.below.map(|below| &below.memory_per_instance);
        self.quantity(&fit.per_instance, Floor::Positive, &about, below)
    }

    fn memory_base(&self) -> Option<Quantity<Memory>> {
        let fit: &MemoryFit = self.row.memory_idle.as_ref()?;
        let about = format!(
            "Where the line through memory over live sandboxes begins; account: {}.",
            fit.account.words()
        );
        let below = self.below.map(|below| &below.memory_base);
        self.quantity(&fit.base, Floor::Zero, &about, below)
    }

    fn start_rate(&self) -> Option<Quantity<Rate>> {
        let saturation = self.row.saturation.as_ref()?;
        let about = format!(
            "Starts and ends at saturation with {} threads on {} vCPUs.",
            saturation.threads, self.measurement.host.vcpus
        );
        let below = self
            .below
            .and_then(|below| below.starts_per_second_per_vcpu.as_ref());
        self.quantity(
            &saturation.per_second_per_vcpu,
            Floor::Positive,
            &about,
            below,
        )
    }

    /// The settled ratio, up to that of a fresh sandbox where that is larger: sessions do some of
    /// their work in code that has not been optimised yet, and how much of it depends on them.
    fn relative_cpu(&self) -> Option<Quantity<Ratio>> {
        let relative = self.row.work.as_ref()?.relative_cpu.as_ref()?;
        let settled = &relative.settled;
        let fresh = &relative.fresh;
        let top = |estimate: &Estimate| {
            estimate
                .interval
                .map_or(estimate.value, |interval| interval.high)
        };
        let mut joint = *settled;
        let slower = fresh.value > settled.value && fresh.value.is_finite();
        if slower {
            // Undone by the belief, which widens an interval: the fresh sandbox is the end.
            let high = top(settled).max(top(fresh)).max(settled.value);
            let low = settled
                .interval
                .map_or(settled.value, |interval| interval.low);
            joint.interval = Some(crate::statistics::Interval {
                low,
                high: settled.value + (high - settled.value) / TRIANGLE,
            });
        }
        let about = format!(
            "CPU time of the same work against `{}`, both settled{}.",
            relative.reference,
            if slower {
                "; the upper end is that of the first piece of work in a fresh sandbox"
            } else {
                "; the first piece of work in a fresh sandbox took no more"
            }
        );
        let below = self.below.map(|below| &below.relative_cpu);
        self.quantity(&joint, Floor::Positive, &about, below)
    }

    fn assumed_relative_cpu(&self) -> Quantity<Ratio> {
        let technology = &self.row.technology;
        let (value, reason) = if technology.role == Role::Reference {
            (
                Uncertain::Exact(1.0),
                "By definition: others are held against this.".to_owned(),
            )
        } else {
            let (high, why) = match technology.boundary {
                Boundary::Process | Boundary::SharedKernel => {
                    (1.05, "processes on the host's own kernel")
                }
                Boundary::Hardware => (1.2, "hardware virtualisation with its own kernel"),
                Boundary::UserSpaceKernel => (2.0, "system calls go through a second kernel"),
                Boundary::LanguageRuntime => (
                    2.5,
                    "compiled code at best, and at worst the 2.5 \
                    times published for WebAssembly (Jangda et al., USENIX ATC 2019)",
                ),
            };
            (
                Uncertain::Uniform { low: 1.0, high },
                format!(
                    "Not measured on this host: there is no work of a plain process to hold it \
                     against. Taken as between 1 and {high}: {why}."
                ),
            )
        };
        Quantity::new(
            value,
            Cited {
                assumed: Some(reason),
                ..Cited::default()
            },
        )
    }

    /// The limit of a host. One within a process is none: a host runs as many processes as it needs.
    fn density_limit(&self) -> Option<Quantity<Count>> {
        if self.row.technology.boundary == Boundary::LanguageRuntime {
            return None;
        }
        let fit = self.row.memory_idle.as_ref()?;
        if fit.ceiling.kind != CeilingKind::Limit || fit.ceiling.live == 0 {
            return None;
        }
        let conditions = format!(
            "Sandboxes alive on the host measured when there could be no more: {}",
            sentence(&fit.ceiling.reason)
        );
        Some(Quantity::new(
            Uncertain::Exact(f64::from(fit.ceiling.live)),
            self.cited(1, conditions),
        ))
    }

    fn quantity<U: Unit>(
        &self,
        estimate: &Estimate,
        floor: Floor,
        about: &str,
        below: Option<&Quantity<U>>,
    ) -> Option<Quantity<U>> {
        let belief = belief::<U>(estimate, floor)?;
        let mut conditions = about.to_owned();
        if let Some(note) = belief.note {
            let _ = write!(conditions, " Its value: {note}.");
        }
        if let Some(below) = below {
            let mut inputs = Inputs::default();
            let id = inputs.add(String::new(), String::new(), below);
            conditions += &instead(&inputs.get(id).describe(), &below.cited);
        }
        Some(Quantity::new(
            belief.value,
            self.cited(estimate.samples, conditions),
        ))
    }

    fn cited(&self, samples: u32, conditions: String) -> Cited {
        Cited {
            measured: Some(format!(
                "{}, {samples} {}",
                source(self.measurement),
                if samples == 1 { "sample" } else { "samples" }
            )),
            conditions: Some(conditions),
            ..Cited::default()
        }
    }
}

/// What stood in the place of a measured number.
fn instead(value: &str, cited: &Cited) -> String {
    let origin = match cited.provenance().origin {
        Origin::Published => "published by others",
        Origin::Assumed => "assumed",
        Origin::Measured => "measured elsewhere",
    };
    format!(" Not used, {origin}: {value}.")
}

/// A text that ends as a sentence does.
fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}
