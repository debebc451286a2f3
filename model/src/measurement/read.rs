//! Reading a measurement back, and what it must hold to be one.

use serde_json::Value;

use super::document::{
    Burst, CodingStep, Estimate, MEASUREMENT_FORMAT, Measurement, MemoryFit, Row, Summary,
    SuspensionTimes, Work,
};

/// What [`Measurement::kind`] says.
const KIND: &str = "measurement";

/// What is found where nothing is.
const ABSENT: &str = "not there";

/// Why a text is not a measurement that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MeasurementError {
    /// The text is not JSON, or something in it is missing or of the wrong type.
    #[error("cannot read the measurement: {0}")]
    Json(#[from] serde_json::Error),
    /// The text is JSON of another kind.
    #[error(
        "this is not a measurement: its `kind` is {found}, not `measurement`. \
         A measurement is the measurement.json that `tonnage measure` writes"
    )]
    Kind {
        /// What stands there.
        found: String,
    },
    /// The measurement is of a version this program does not know.
    #[error(
        "the measurement has format {found}; this program reads format {MEASUREMENT_FORMAT}. {}",
        advice(found)
    )]
    Format {
        /// What stands there.
        found: String,
    },
    /// A value cannot be.
    #[error("the measurement cannot be right: `{path}` is {found}; {expected}")]
    Value {
        /// Where it stands.
        path: String,
        /// What it is.
        found: String,
        /// What it would have to be.
        expected: &'static str,
    },
}

fn advice(found: &str) -> &'static str {
    match found.parse::<u64>() {
        Ok(found) if found > u64::from(MEASUREMENT_FORMAT) => {
            "It was written by a newer version: update Tonnage, or measure again with this one"
        }
        _ => "Measure again with this version",
    }
}

impl Measurement {
    /// Reads a measurement.
    ///
    /// # Errors
    /// When the text is not JSON or not a measurement, is of a format this version does not know,
    /// or holds values that cannot be. What cannot be read is named by line and column, what
    /// cannot be by its path.
    pub fn read(text: &str) -> Result<Self, MeasurementError> {
        let value: Value = serde_json::from_str(text)?;
        let found = |key| value.get(key).map_or(ABSENT.to_owned(), Value::to_string);
        if value.get("kind").and_then(Value::as_str) != Some(KIND) {
            return Err(MeasurementError::Kind {
                found: found("kind"),
            });
        }
        if value.get("format").and_then(Value::as_u64) != Some(u64::from(MEASUREMENT_FORMAT)) {
            return Err(MeasurementError::Format {
                found: found("format"),
            });
        }
        // Read from the text, not from the value, so that an error names its line.
        let measurement: Self = serde_json::from_str(text)?;
        measurement.check()?;
        Ok(measurement)
    }

    /// Whether every number can be: finite, in order, and not below zero where nothing can be.
    ///
    /// # Errors
    /// The first value that cannot be, with its path.
    pub fn check(&self) -> Result<(), MeasurementError> {
        Place::root("run.seconds").not_negative(self.run.seconds)?;
        for (index, row) in self.rows.iter().enumerate() {
            let id = &row.technology.id;
            let place = Place::root(&format!("rows[{index}]"));
            if self.rows[..index]
                .iter()
                .any(|other| other.technology.id == *id)
            {
                return Err(place.at("technology.id").wrong(
                    format!("`{id}`"),
                    "a row before it is of the same technology",
                ));
            }
            check_row(row, &place)?;
        }
        Ok(())
    }
}

/// Why a text is no measurement, and where in it: for whoever shows the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong, in a sentence without an end.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Byte of the text.
    pub at: usize,
}

/// Whether a text is meant to be JSON, as measurements are, and not TOML: no TOML begins so.
pub fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// Reads a measurement, and says where in the text it is wrong.
///
/// # Errors
/// As [`Measurement::read`].
pub fn read(text: &str) -> Result<Measurement, Unreadable> {
    const HELP: &str = "`tonnage measure` writes a measurement";
    let begin = text.len() - text.trim_start().len();
    Measurement::read(text).map_err(|error| match &error {
        MeasurementError::Json(json) => Unreadable {
            message: format!("this is not a measurement: {}", without_place(json)),
            help: if json.is_eof() {
                "it ends too early: it was not written to its end"
            } else {
                HELP
            }
            .to_owned(),
            at: byte_of(text, json.line(), json.column()),
        },
        MeasurementError::Kind { found } => Unreadable {
            message: if found == ABSENT {
                "this is not a measurement: it does not say `\"kind\": \"measurement\"`".to_owned()
            } else {
                format!(
                    "this is of kind `{}`, not a measurement",
                    found.trim_matches('"')
                )
            },
            help: format!("{HELP}; the result of a plan is none"),
            at: begin,
        },
        MeasurementError::Format { found } => Unreadable {
            message: if found == ABSENT {
                "this measurement does not say its format".to_owned()
            } else {
                format!("measurement format {found} is not known")
            },
            help: format!(
                "this version reads format {MEASUREMENT_FORMAT}: use a newer Tonnage, or measure \
                 again"
            ),
            at: begin,
        },
        MeasurementError::Value { .. } => Unreadable {
            message: error.to_string(),
            help: "measure again; the file was changed since it was written".to_owned(),
            at: begin,
        },
    })
}

/// What an error says without the line and column that stand elsewhere.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// The byte at a line and a column in bytes, both from 1.
fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let begin: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    (begin + column.saturating_sub(1)).min(text.len())
}

type Checked = Result<(), MeasurementError>;

/// Where a value stands.
struct Place(String);

impl Place {
    fn root(path: &str) -> Self {
        Self(path.to_owned())
    }

    fn at(&self, key: &str) -> Self {
        Self(format!("{}.{key}", self.0))
    }

    fn item(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    fn wrong(&self, found: impl Into<String>, expected: &'static str) -> MeasurementError {
        MeasurementError::Value {
            path: self.0.clone(),
            found: found.into(),
            expected,
        }
    }

    fn finite(&self, value: f64) -> Checked {
        if value.is_finite() {
            Ok(())
        } else {
            Err(self.wrong(value.to_string(), "it must be a finite number"))
        }
    }

    fn not_negative(&self, value: f64) -> Checked {
        self.finite(value)?;
        if value >= 0.0 {
            Ok(())
        } else {
            Err(self.wrong(value.to_string(), "it cannot be below zero"))
        }
    }

    /// An estimate of which everything passes the check of one number.
    fn estimate(&self, estimate: &Estimate, number: fn(&Self, f64) -> Checked) -> Checked {
        number(&self.at("value"), estimate.value)?;
        if let Some(interval) = estimate.interval {
            number(&self.at("interval.low"), interval.low)?;
            number(&self.at("interval.high"), interval.high)?;
            if interval.low > interval.high {
                return Err(self.at("interval").wrong(
                    format!("{} to {}", interval.low, interval.high),
                    "its lower end cannot be above its upper end",
                ));
            }
        }
        Ok(())
    }

    /// An estimate of what cannot be below zero.
    fn amount(&self, estimate: &Estimate) -> Checked {
        self.estimate(estimate, Self::not_negative)
    }

    /// The slope or the intercept of a line, which chance can put below zero.
    fn fitted(&self, estimate: &Estimate) -> Checked {
        self.estimate(estimate, Self::finite)
    }

    fn summary(&self, summary: &Summary) -> Checked {
        self.at("median").amount(&summary.median)?;
        for (key, quantile) in [("p95", &summary.p95), ("p99", &summary.p99)] {
            if let Some(quantile) = quantile {
                self.at(key).amount(quantile)?;
            }
        }
        for (key, value) in [
            ("mad", summary.mad),
            ("mean", summary.mean),
            ("min", summary.min),
            ("max", summary.max),
        ] {
            self.at(key).not_negative(value)?;
        }
        if summary.min > summary.max {
            return Err(self.at("min").wrong(
                summary.min.to_string(),
                "the smallest cannot be above the largest",
            ));
        }
        if summary.outliers > summary.samples {
            return Err(self.at("outliers").wrong(
                summary.outliers.to_string(),
                "there are fewer samples than that",
            ));
        }
        let percentiles = self.at("percentiles");
        for (index, value) in summary.percentiles.iter().enumerate() {
            percentiles.item(index).not_negative(*value)?;
            // Interpolation between equal samples can be off by a rounding.
            if index > 0 && *value < summary.percentiles[index - 1] * (1.0 - 1e-9) {
                return Err(percentiles
                    .item(index)
                    .wrong(value.to_string(), "it cannot be below the one before it"));
            }
        }
        Ok(())
    }
}

fn check_row(row: &Row, place: &Place) -> Checked {
    for (index, step) in row.preparation.iter().enumerate() {
        let place = place.at("preparation").item(index).at("seconds");
        place.not_negative(step.seconds)?;
    }
    if let Some(start) = &row.start {
        let place = place.at("start");
        place.at("first_result").summary(&start.first_result)?;
        optional(&place, "created", start.created.as_ref())?;
        optional(
            &place,
            "first_instruction",
            start.first_instruction.as_ref(),
        )?;
    }
    optional(place, "first_start", row.first_start.as_ref())?;
    optional(place, "teardown", row.teardown.as_ref())?;
    if let Some(cpu) = &row.cpu_per_start {
        place.at("cpu_per_start").amount(cpu)?;
    }
    if let Some(saturation) = &row.saturation {
        let place = place.at("saturation");
        let rate = &saturation.per_second_per_vcpu;
        place.at("per_second_per_vcpu").amount(rate)?;
        place
            .at("cpu_per_start")
            .amount(&saturation.cpu_per_start)?;
    }
    if let Some(Burst {
        first_result, all, ..
    }) = &row.burst
    {
        place.at("burst.first_result").summary(first_result)?;
        place.at("burst.all").amount(all)?;
    }
    for (key, fit) in [
        ("memory_idle", &row.memory_idle),
        ("memory_touched", &row.memory_touched),
    ] {
        if let Some(fit) = fit {
            check_memory(fit, &place.at(key))?;
        }
    }
    if let Some(work) = &row.work {
        check_work(work, &place.at("work"))?;
    }
    if let Some(suspension) = &row.suspension {
        check_suspension(suspension, &place.at("suspension"))?;
    }
    if let Some(coding) = &row.coding {
        check_coding(coding, &place.at("coding"))?;
    }
    row.noise
        .map_or(Ok(()), |noise| place.at("noise").not_negative(noise))
}

fn optional(place: &Place, key: &str, summary: Option<&Summary>) -> Checked {
    summary.map_or(Ok(()), |summary| place.at(key).summary(summary))
}

fn check_memory(fit: &MemoryFit, place: &Place) -> Checked {
    place.at("per_instance").fitted(&fit.per_instance)?;
    place.at("base").fitted(&fit.base)?;
    for (index, (_, estimate)) in fit.accounts.iter().enumerate() {
        place.at("accounts").item(index).item(1).fitted(estimate)?;
    }
    for (index, (_, bytes)) in fit.points.iter().enumerate() {
        place.at("points").item(index).item(1).finite(*bytes)?;
    }
    Ok(())
}

fn check_suspension(times: &SuspensionTimes, place: &Place) -> Checked {
    place.at("suspend").summary(&times.suspend)?;
    place.at("resume").summary(&times.resume)?;
    place.at("answer").summary(&times.answer)?;
    optional(
        place,
        "resume_after_reclaim",
        times.resume_after_reclaim.as_ref(),
    )?;
    if let Some(cpu) = &times.cpu_per_resume {
        place.at("cpu_per_resume").amount(cpu)?;
    }
    let Some(memory) = &times.memory else {
        return Ok(());
    };
    let place = place.at("memory");
    let check = |place: &Place, stages: [Option<&Estimate>; 3]| -> Checked {
        for (key, estimate) in ["running", "suspended", "reclaimed"]
            .into_iter()
            .zip(stages)
        {
            if let Some(estimate) = estimate {
                place.at(key).fitted(estimate)?;
            }
        }
        Ok(())
    };
    let stages = [
        Some(&memory.running),
        Some(&memory.suspended),
        memory.reclaimed.as_ref(),
    ];
    check(&place, stages)?;
    for (index, account) in memory.accounts.iter().enumerate() {
        let stages = [
            Some(&account.running),
            Some(&account.suspended),
            account.reclaimed.as_ref(),
        ];
        check(&place.at("accounts").item(index), stages)?;
    }
    Ok(())
}

fn check_coding(step: &CodingStep, place: &Place) -> Checked {
    place.at("wall").summary(&step.wall)?;
    place.at("cpu").summary(&step.cpu)?;
    for (key, summary) in [
        ("cold_wall", &step.cold_wall),
        ("cold_cpu", &step.cold_cpu),
        ("memory", &step.memory),
        ("page_cache", &step.page_cache),
        ("cold_page_cache", &step.cold_page_cache),
        ("disk", &step.disk),
    ] {
        optional(place, key, summary.as_ref())?;
    }
    step.relative_cpu
        .as_ref()
        .map_or(Ok(()), |ratio| place.at("relative_cpu").amount(ratio))
}

fn check_work(work: &Work, place: &Place) -> Checked {
    place.at("settled").summary(&work.settled)?;
    place.at("fresh").summary(&work.fresh)?;
    if let Some(relative) = &work.relative_cpu {
        let place = place.at("relative_cpu");
        place.at("settled").amount(&relative.settled)?;
        place.at("fresh").amount(&relative.fresh)?;
    }
    work.relative_to_native
        .as_ref()
        .map_or(Ok(()), |ratio| place.at("relative_to_native").amount(ratio))
}
