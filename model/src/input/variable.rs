//! Quantities that differ from event to event, as a person writes them.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::quantity::{
    CITATION_KEYS, Cited, citation_schema, decode_scalar, decode_uncertain, figure_schema,
    written_figures,
};
use super::uncertain::Uncertain;
use crate::distribution::{Distribution, DistributionError};
use crate::document::{Decode, Decoder, Node, Problem, Span, Table, Value};
use crate::units::{self, Ratio, Unit};

/// How a quantity varies around its scale, the one figure that may be uncertain.
#[derive(Debug, Clone, PartialEq)]
pub enum VariableShape {
    /// Always the scale.
    Deterministic,
    /// Exponential with the scale as mean.
    Exponential,
    /// Lognormal with the scale as mean and this coefficient of variation.
    Lognormal {
        /// Standard deviation over mean.
        cv: f64,
    },
    /// Lognormal with the scale as median; the 95% quantile moves in proportion.
    LognormalQuantiles {
        /// Central median.
        p50: f64,
        /// 95% quantile at the central median.
        p95: f64,
    },
    /// Gamma with the scale as mean and this coefficient of variation.
    Gamma {
        /// Standard deviation over mean.
        cv: f64,
    },
    /// Weibull with the scale as mean and this shape.
    Weibull {
        /// Shape parameter.
        shape: f64,
    },
    /// Pareto (type I) with the scale as mean and this tail index.
    Pareto {
        /// Tail index, above 1.
        shape: f64,
    },
    /// Two-branch hyperexponential with balanced means, the scale as mean.
    Hyperexponential {
        /// Standard deviation over mean, at least 1.
        cv: f64,
    },
    /// Uniform; the scale is the mean of the bounds.
    Uniform {
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// Measured values; the scale is their mean.
    Empirical {
        /// The values.
        values: Vec<f64>,
    },
}

/// A quantity that differs from event to event, with its source.
#[derive(Debug, Clone)]
pub struct Variable<U> {
    /// The scale, in the base unit: a mean, or the median where quantiles are given.
    pub scale: Uncertain,
    /// How it varies around the scale.
    pub shape: VariableShape,
    /// Where it comes from.
    pub cited: Cited,
    /// Where it stands, if it was read.
    pub span: Option<Span>,
    unit: PhantomData<U>,
}

impl<U> PartialEq for Variable<U> {
    fn eq(&self, other: &Self) -> bool {
        self.scale == other.scale
            && self.shape == other.shape
            && self.cited.provenance() == other.cited.provenance()
    }
}

impl VariableShape {
    /// The distribution at one value of the scale.
    ///
    /// # Errors
    /// If the parameters make no distribution, such as a Pareto without a mean.
    pub fn at(&self, scale: f64) -> Result<Distribution, DistributionError> {
        if scale == 0.0 {
            return Distribution::deterministic(0.0);
        }
        match self {
            Self::Deterministic => Distribution::deterministic(scale),
            Self::Exponential => Distribution::exponential(scale),
            Self::Lognormal { cv } => Distribution::lognormal(scale, *cv),
            Self::LognormalQuantiles { p50, p95 } => {
                Distribution::lognormal_from_percentiles(scale, scale * (p95 / p50))
            }
            Self::Gamma { cv } => Distribution::gamma(scale, *cv),
            Self::Weibull { shape } => Distribution::weibull(scale, *shape),
            Self::Pareto { shape } => Distribution::pareto(scale, *shape),
            Self::Hyperexponential { cv } => Distribution::hyperexponential(scale, *cv),
            Self::Uniform { low, high } => {
                let factor = scale / f64::midpoint(*low, *high);
                Distribution::uniform(low * factor, high * factor)
            }
            Self::Empirical { values } => {
                let factor = scale / mean_of(values);
                Distribution::empirical(values.iter().map(|value| value * factor).collect())
            }
        }
    }

    /// How it varies, in words that follow a value: `lognormal with CV 1.5, mean`.
    pub fn describe(&self) -> Option<String> {
        let number = Ratio::display;
        Some(match self {
            Self::Deterministic => return None,
            Self::Exponential => "exponential, mean".to_owned(),
            Self::Lognormal { cv } => format!("lognormal (CV {}), mean", number(*cv)),
            Self::LognormalQuantiles { p50, p95 } => {
                format!("lognormal (p95 = {} × p50), p50", number(p95 / p50))
            }
            Self::Gamma { cv } => format!("gamma (CV {}), mean", number(*cv)),
            Self::Weibull { shape } => format!("Weibull (shape {}), mean", number(*shape)),
            Self::Pareto { shape } => format!("Pareto (tail index {}), mean", number(*shape)),
            Self::Hyperexponential { cv } => format!("hyperexponential (CV {}), mean", number(*cv)),
            Self::Uniform { low, high } => {
                let mean = f64::midpoint(*low, *high);
                format!(
                    "uniform ({} to {} × mean), mean",
                    number(low / mean),
                    number(high / mean)
                )
            }
            Self::Empirical { values } => format!("empirical ({} values), mean", values.len()),
        })
    }
}

impl<U: Unit> Variable<U> {
    /// A variable made by the program rather than read.
    pub fn new(scale: Uncertain, shape: VariableShape, cited: Cited) -> Self {
        Self {
            scale,
            shape,
            cited,
            span: None,
            unit: PhantomData,
        }
    }
}

const DISTRIBUTIONS: [&str; 9] = [
    "deterministic",
    "exponential",
    "lognormal",
    "gamma",
    "weibull",
    "pareto",
    "hyperexponential",
    "uniform",
    "empirical",
];

impl<U: Unit> Decode for Variable<U> {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let (scale, shape) = decode_law::<U>(node, decoder, true)?;
        let cited = Cited::decode(node, decoder);
        for figure in scale.figures() {
            if let Err(error) = shape.at(figure) {
                decoder.report(Problem::error(
                    error.to_string(),
                    &node.span,
                    "these parameters",
                ));
                return None;
            }
        }
        Some(Self {
            scale,
            shape,
            cited,
            span: Some(node.span.clone()),
            unit: PhantomData,
        })
    }
}

fn decode_law<U: Unit>(
    node: &Node,
    decoder: &mut Decoder,
    may_cite: bool,
) -> Option<(Uncertain, VariableShape)> {
    let Some(table) = node.as_table() else {
        let value = decode_scalar::<U>(node, decoder)?;
        return Some((Uncertain::Exact(value), VariableShape::Deterministic));
    };
    let cite: &[&str] = if may_cite { &CITATION_KEYS } else { &[] };
    if let Some(entry) = table.get("value") {
        check_keys(table, &[&["value"], cite].concat(), decoder);
        return decode_law::<U>(&entry.node, decoder, false);
    }
    let Some(entry) = table.get("distribution") else {
        let value = decode_uncertain::<U>(node, decoder, may_cite)?;
        return Some((value, VariableShape::Deterministic));
    };
    let Some(name) = entry
        .node
        .as_str()
        .filter(|name| DISTRIBUTIONS.contains(name))
    else {
        match entry.node.as_str() {
            Some(name) => {
                decoder.unknown_name("distribution", name, &entry.node.span, &DISTRIBUTIONS);
            }
            None => decoder.expected("the name of a distribution", &entry.node),
        }
        return None;
    };
    let mut law = Law {
        table,
        node,
        cite,
        decoder,
    };
    law.read::<U>(name)
}

/// One table with a distribution being read.
struct Law<'a> {
    table: &'a Table,
    node: &'a Node,
    cite: &'a [&'a str],
    decoder: &'a mut Decoder,
}

impl Law<'_> {
    fn read<U: Unit>(&mut self, name: &str) -> Option<(Uncertain, VariableShape)> {
        match name {
            "deterministic" => {
                self.only(&["mean"]);
                Some((self.uncertain::<U>("mean")?, VariableShape::Deterministic))
            }
            "exponential" => {
                self.only(&["mean"]);
                Some((self.uncertain::<U>("mean")?, VariableShape::Exponential))
            }
            "lognormal" if self.table.contains_key("p50") => {
                self.only(&["p50", "p95"]);
                let p50 = self.uncertain::<U>("p50");
                let p95 = self.scalar::<U>("p95");
                let (p50, p95) = (p50?, p95?);
                if p50.central() <= 0.0 || p95 < p50.central() {
                    self.decoder.report(Problem::error(
                        "the 95% quantile must not be below the median, and both must be positive",
                        &self.node.span,
                        "these quantiles",
                    ));
                    return None;
                }
                let shape = VariableShape::LognormalQuantiles {
                    p50: p50.central(),
                    p95,
                };
                Some((p50, shape))
            }
            "lognormal" => self.with_second::<U>("cv", |cv| VariableShape::Lognormal { cv }),
            "gamma" => self.with_second::<U>("cv", |cv| VariableShape::Gamma { cv }),
            "weibull" => self.with_second::<U>("shape", |shape| VariableShape::Weibull { shape }),
            "pareto" => self.with_second::<U>("shape", |shape| VariableShape::Pareto { shape }),
            "hyperexponential" => {
                self.with_second::<U>("cv", |cv| VariableShape::Hyperexponential { cv })
            }
            "uniform" => {
                self.only(&["low", "high"]);
                let low = self.scalar::<U>("low");
                let high = self.scalar::<U>("high");
                let (low, high) = (low?, high?);
                let mean = f64::midpoint(low, high);
                if low > high || mean <= 0.0 {
                    self.decoder.report(Problem::error(
                        "`low` must not be above `high`, and `high` must be positive",
                        &self.node.span,
                        "these bounds",
                    ));
                    return None;
                }
                Some((Uncertain::Exact(mean), VariableShape::Uniform { low, high }))
            }
            _ => self.empirical::<U>(),
        }
    }

    fn empirical<U: Unit>(&mut self) -> Option<(Uncertain, VariableShape)> {
        self.only(&["values"]);
        let entry = self.required("values")?;
        let Value::Array(items) = &entry.value else {
            self.decoder.expected("a list of values", &entry);
            return None;
        };
        let values: Vec<Option<f64>> = items
            .iter()
            .map(|item| decode_scalar::<U>(item, self.decoder))
            .collect();
        let values: Vec<f64> = values.into_iter().collect::<Option<_>>()?;
        let mean = mean_of(&values);
        if values.is_empty() || mean <= 0.0 {
            self.decoder.report(Problem::error(
                "an empirical distribution needs values that are not all zero",
                &entry.span,
                "these values",
            ));
            return None;
        }
        Some((Uncertain::Exact(mean), VariableShape::Empirical { values }))
    }

    fn with_second<U: Unit>(
        &mut self,
        second: &str,
        shape: impl FnOnce(f64) -> VariableShape,
    ) -> Option<(Uncertain, VariableShape)> {
        self.only(&["mean", second]);
        let mean = self.uncertain::<U>("mean");
        let second = self.scalar::<Ratio>(second);
        Some((mean?, shape(second?)))
    }

    fn only(&mut self, keys: &[&str]) {
        check_keys(
            self.table,
            &[&["distribution"], keys, self.cite].concat(),
            self.decoder,
        );
    }

    fn required(&mut self, key: &str) -> Option<Node> {
        if let Some(entry) = self.table.get(key) {
            return Some(entry.node.clone());
        }
        self.decoder.report(Problem::error(
            format!("the key `{key}` is missing"),
            &self.node.span,
            "in this distribution",
        ));
        None
    }

    fn uncertain<U: Unit>(&mut self, key: &str) -> Option<Uncertain> {
        let node = self.required(key)?;
        decode_uncertain::<U>(&node, self.decoder, false)
    }

    fn scalar<U: Unit>(&mut self, key: &str) -> Option<f64> {
        let node = self.required(key)?;
        decode_scalar::<U>(&node, self.decoder)
    }
}

fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn check_keys(table: &Table, known: &[&str], decoder: &mut Decoder) {
    for (key, entry) in table {
        if !known.contains(&key.as_str()) {
            decoder.unknown_key(key, &entry.key_span, known);
        }
    }
}

impl<U: Unit> Serialize for Variable<U> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let write = units::write::<U>;
        let (name, second) = match &self.shape {
            VariableShape::Deterministic => {
                map.serialize_entry("value", &WrittenBelief::<U>(&self.scale, PhantomData))?;
                self.cited.serialize_into(&mut map)?;
                return map.end();
            }
            VariableShape::LognormalQuantiles { p95, .. } => {
                map.serialize_entry("distribution", "lognormal")?;
                map.serialize_entry("p50", &WrittenBelief::<U>(&self.scale, PhantomData))?;
                map.serialize_entry("p95", &write(*p95))?;
                self.cited.serialize_into(&mut map)?;
                return map.end();
            }
            VariableShape::Uniform { low, high } => {
                map.serialize_entry("distribution", "uniform")?;
                map.serialize_entry("low", &write(*low))?;
                map.serialize_entry("high", &write(*high))?;
                self.cited.serialize_into(&mut map)?;
                return map.end();
            }
            VariableShape::Empirical { values } => {
                let values: Vec<String> = values.iter().map(|value| write(*value)).collect();
                map.serialize_entry("distribution", "empirical")?;
                map.serialize_entry("values", &values)?;
                self.cited.serialize_into(&mut map)?;
                return map.end();
            }
            VariableShape::Exponential => ("exponential", None),
            VariableShape::Lognormal { cv } => ("lognormal", Some(("cv", *cv))),
            VariableShape::Gamma { cv } => ("gamma", Some(("cv", *cv))),
            VariableShape::Weibull { shape } => ("weibull", Some(("shape", *shape))),
            VariableShape::Pareto { shape } => ("pareto", Some(("shape", *shape))),
            VariableShape::Hyperexponential { cv } => ("hyperexponential", Some(("cv", *cv))),
        };
        map.serialize_entry("distribution", name)?;
        map.serialize_entry("mean", &WrittenBelief::<U>(&self.scale, PhantomData))?;
        if let Some((key, value)) = second {
            map.serialize_entry(key, &value)?;
        }
        self.cited.serialize_into(&mut map)?;
        map.end()
    }
}

/// A belief written without a source: a string, or a table of figures.
struct WrittenBelief<'a, U>(&'a Uncertain, PhantomData<U>);

impl<U: Unit> Serialize for WrittenBelief<'_, U> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match written_figures::<U>(self.0).as_slice() {
            [("value", text)] => serializer.serialize_str(text),
            figures => serializer.collect_map(figures.iter().map(|(key, text)| (key, text))),
        }
    }
}

impl<U: Unit> JsonSchema for Variable<U> {
    fn schema_name() -> Cow<'static, str> {
        let unit = std::any::type_name::<U>();
        format!("Variable_{}", unit.rsplit("::").next().unwrap_or(unit)).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let figure = figure_schema::<U>().to_value();
        let belief = serde_json::json!({ "anyOf": [
            figure,
            {
                "type": "object",
                "properties": {
                    "low": figure, "mode": figure, "high": figure, "p50": figure, "p95": figure,
                },
                "additionalProperties": false,
            },
        ]});
        let number = figure_schema::<Ratio>().to_value();
        let mut law = serde_json::json!({
            "distribution": { "enum": DISTRIBUTIONS },
            "mean": belief, "p50": belief, "p95": figure, "cv": number, "shape": number,
            "low": figure, "mode": figure, "high": figure,
            "values": { "type": "array", "items": figure, "minItems": 1 },
        });
        let bare = serde_json::json!({
            "type": "object", "properties": law.clone(), "additionalProperties": false,
        });
        if let Some(properties) = law.as_object_mut() {
            properties.insert(
                "value".to_owned(),
                serde_json::json!({ "anyOf": [figure, bare] }),
            );
            properties.extend(citation_schema());
        }
        json_schema!({
            "anyOf": [
                figure,
                { "type": "object", "properties": law, "additionalProperties": false },
            ],
        })
    }
}
