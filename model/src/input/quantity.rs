//! Quantities as a person writes them: a value with its unit, what is known of it, and its source.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::uncertain::Uncertain;
use crate::document::{Decode, Decoder, Node, Problem, Span, Table, Value};
use crate::profile::Origin;
use crate::units::{self, Unit, UnitError};

/// The keys that say where a number comes from.
pub(crate) const CITATION_KEYS: [&str; 5] =
    ["source", "published", "measured", "assumed", "conditions"];

/// The reason of a number that was given on the command line without one.
const ON_COMMAND_LINE: &str = "given on the command line";

/// Where a number comes from, as written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cited {
    /// `published = "…"` or `source = "…"`: a citation.
    pub published: Option<String>,
    /// `measured = "…"`: host, time and samples.
    pub measured: Option<String>,
    /// `assumed = "…"`: the reason.
    pub assumed: Option<String>,
    /// `conditions = "…"`: what exactly the number covers.
    pub conditions: Option<String>,
    /// Whether the value was given on the command line.
    pub on_command_line: bool,
}

/// Where a number comes from, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The kind of origin.
    pub origin: Origin,
    /// Citation, host or reason.
    pub source: String,
    /// What exactly the number covers.
    pub conditions: String,
}

impl Cited {
    /// The origin; a number without one is an assumption without a reason.
    pub fn provenance(&self) -> Provenance {
        let conditions = self.conditions.clone().unwrap_or_default();
        let (origin, source) = match (&self.measured, &self.published, &self.assumed) {
            (Some(text), _, _) => (Origin::Measured, text.clone()),
            (_, Some(text), _) => (Origin::Published, text.clone()),
            (_, _, Some(text)) => (Origin::Assumed, text.clone()),
            _ if self.on_command_line => (Origin::Assumed, ON_COMMAND_LINE.to_owned()),
            _ => (Origin::Assumed, String::new()),
        };
        Provenance {
            origin,
            source,
            conditions,
        }
    }

    /// Whether it says anything about the origin.
    pub fn is_cited(&self) -> bool {
        self.published.is_some() || self.measured.is_some() || self.assumed.is_some()
    }

    fn is_empty(&self) -> bool {
        !self.is_cited() && self.conditions.is_none() && !self.on_command_line
    }

    pub(crate) fn decode(node: &Node, decoder: &mut Decoder) -> Self {
        let mut cited = Self {
            on_command_line: decoder.sources.get(node.span.file).is_override,
            ..Self::default()
        };
        let Some(table) = node.as_table() else {
            return cited;
        };
        let mut origins: Vec<&str> = Vec::new();
        for key in CITATION_KEYS {
            let Some(entry) = table.get(key) else {
                continue;
            };
            let Some(text) = String::decode(&entry.node, decoder) else {
                continue;
            };
            if text.trim().is_empty() {
                decoder.report(Problem::error(
                    format!("`{key}` says nothing"),
                    &entry.node.span,
                    "empty",
                ));
                continue;
            }
            match key {
                "conditions" => cited.conditions = Some(text),
                "measured" => cited.measured = Some(text),
                "assumed" => cited.assumed = Some(text),
                _ => cited.published = Some(text),
            }
            if key != "conditions" {
                origins.push(key);
            }
            if origins.len() == 2 && key != "conditions" {
                decoder.report(
                    Problem::error(
                        format!("`{}` and `{key}` exclude each other", origins[0]),
                        &entry.key_span,
                        "a second origin for the same number",
                    )
                    .help("a number is either measured, published or assumed"),
                );
            }
        }
        cited
    }

    pub(crate) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        for (key, text) in [
            ("measured", &self.measured),
            ("published", &self.published),
            ("assumed", &self.assumed),
            ("conditions", &self.conditions),
        ] {
            if let Some(text) = text {
                map.serialize_entry(key, text)?;
            }
        }
        if self.on_command_line && !self.is_cited() {
            map.serialize_entry("assumed", ON_COMMAND_LINE)?;
        }
        Ok(())
    }
}

/// A fixed number with its unit, what is known of it, and its source.
#[derive(Debug, Clone)]
pub struct Quantity<U> {
    /// What is known, in the base unit.
    pub value: Uncertain,
    /// Where it comes from.
    pub cited: Cited,
    /// Where it stands, if it was read.
    pub span: Option<Span>,
    unit: PhantomData<U>,
}

impl<U> PartialEq for Quantity<U> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value && self.cited.provenance() == other.cited.provenance()
    }
}

impl<U: Unit> Quantity<U> {
    /// A quantity made by the program rather than read.
    pub fn new(value: Uncertain, cited: Cited) -> Self {
        Self {
            value,
            cited,
            span: None,
            unit: PhantomData,
        }
    }
}

impl<U: Unit> Decode for Quantity<U> {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let value = decode_uncertain::<U>(node, decoder, true)?;
        let cited = Cited::decode(node, decoder);
        Some(Self {
            value,
            cited,
            span: Some(node.span.clone()),
            unit: PhantomData,
        })
    }
}

/// The keys that hold the figures of a belief.
const FIGURES: [&str; 6] = ["value", "low", "mode", "high", "p50", "p95"];

/// Reads `"20min"`, `{ low, high }`, `{ low, mode, high }`, `{ p50, p95 }` or `{ value = … }`.
pub(super) fn decode_uncertain<U: Unit>(
    node: &Node,
    decoder: &mut Decoder,
    may_cite: bool,
) -> Option<Uncertain> {
    let Value::Table(table) = &node.value else {
        return decode_scalar::<U>(node, decoder).map(Uncertain::Exact);
    };
    let mut known: Vec<&str> = FIGURES.to_vec();
    if may_cite {
        known.extend(CITATION_KEYS);
    }
    for (key, entry) in table {
        if !known.contains(&key.as_str()) {
            decoder.unknown_key(key, &entry.key_span, &known);
        }
    }
    let present: Vec<&str> = FIGURES
        .into_iter()
        .filter(|key| table.contains_key(*key))
        .collect();
    match present.as_slice() {
        ["value"] => decode_uncertain::<U>(&table["value"].node, decoder, false),
        ["low", "high"] => {
            let low = figure::<U>(table, "low", decoder);
            let high = figure::<U>(table, "high", decoder);
            in_order(&[("low", low?), ("high", high?)], node, decoder)?;
            Some(Uncertain::Uniform {
                low: low?,
                high: high?,
            })
        }
        ["low", "mode", "high"] => {
            let low = figure::<U>(table, "low", decoder);
            let mode = figure::<U>(table, "mode", decoder);
            let high = figure::<U>(table, "high", decoder);
            in_order(
                &[("low", low?), ("mode", mode?), ("high", high?)],
                node,
                decoder,
            )?;
            Some(Uncertain::Triangular {
                low: low?,
                mode: mode?,
                high: high?,
            })
        }
        ["p50", "p95"] => {
            let p50 = figure::<U>(table, "p50", decoder);
            let p95 = figure::<U>(table, "p95", decoder);
            in_order(&[("p50", p50?), ("p95", p95?)], node, decoder)?;
            if p50? <= 0.0 {
                decoder.report(Problem::error(
                    "a lognormal median must be positive",
                    &table["p50"].node.span,
                    "zero",
                ));
                return None;
            }
            Some(Uncertain::Lognormal {
                p50: p50?,
                p95: p95?,
            })
        }
        _ => {
            decoder.report(
                Problem::error(
                    format!("cannot tell {} from these keys", U::WHAT),
                    &node.span,
                    if present.is_empty() {
                        "no value here".to_owned()
                    } else {
                        format!("has {}", present.join(", "))
                    },
                )
                .help(
                    "write a plain value, { value = … }, { low, high }, { low, mode, high } \
                     or { p50, p95 }",
                ),
            );
            None
        }
    }
}

pub(super) fn figure<U: Unit>(table: &Table, key: &str, decoder: &mut Decoder) -> Option<f64> {
    decode_scalar::<U>(&table[key].node, decoder)
}

pub(super) fn decode_scalar<U: Unit>(node: &Node, decoder: &mut Decoder) -> Option<f64> {
    let read = match &node.value {
        Value::String(text) => units::parse::<U>(text),
        Value::Number(number) => units::plain::<U>(*number),
        _ => {
            decoder.expected(&format!("{} such as {}", U::WHAT, U::EXAMPLE), node);
            return None;
        }
    };
    match read {
        Ok(value) => Some(value),
        Err(error) => {
            let label = match &error {
                UnitError::OutOfRange { .. } => "out of range",
                UnitError::MissingSuffix { .. } => "no unit",
                _ => "not understood",
            };
            decoder.report(Problem::error(error.to_string(), &node.span, label));
            None
        }
    }
}

fn in_order(figures: &[(&str, f64)], node: &Node, decoder: &mut Decoder) -> Option<()> {
    for pair in figures.windows(2) {
        if pair[0].1 > pair[1].1 {
            decoder.report(Problem::error(
                format!("`{}` must not be above `{}`", pair[0].0, pair[1].0),
                &node.span,
                "in the wrong order",
            ));
            return None;
        }
    }
    Some(())
}

/// The figures of a belief as keys and written values; one without a key is a plain value.
pub(super) fn written_figures<U: Unit>(value: &Uncertain) -> Vec<(&'static str, String)> {
    let write = units::write::<U>;
    match *value {
        Uncertain::Exact(value) => vec![("value", write(value))],
        Uncertain::Uniform { low, high } => vec![("low", write(low)), ("high", write(high))],
        Uncertain::Triangular { low, mode, high } => {
            vec![
                ("low", write(low)),
                ("mode", write(mode)),
                ("high", write(high)),
            ]
        }
        Uncertain::Lognormal { p50, p95 } => vec![("p50", write(p50)), ("p95", write(p95))],
    }
}

impl<U: Unit> Serialize for Quantity<U> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let figures = written_figures::<U>(&self.value);
        if let ([("value", text)], true) = (figures.as_slice(), self.cited.is_empty()) {
            return serializer.serialize_str(text);
        }
        let mut map = serializer.serialize_map(None)?;
        for (key, text) in &figures {
            map.serialize_entry(key, text)?;
        }
        self.cited.serialize_into(&mut map)?;
        map.end()
    }
}

/// The schema of one figure: a string with a unit, or a plain number where the unit allows it.
pub(super) fn figure_schema<U: Unit>() -> Schema {
    let description = format!("{} such as {}", U::WHAT, U::EXAMPLE);
    if U::SUFFIXES.iter().any(|(suffix, _)| suffix.is_empty()) {
        json_schema!({ "type": ["string", "number"], "description": description })
    } else {
        json_schema!({ "type": "string", "description": description })
    }
}

pub(super) fn citation_schema() -> serde_json::Map<String, serde_json::Value> {
    let describe = |text: &str| serde_json::json!({ "type": "string", "description": text });
    [
        ("source", "citation; the same as `published`"),
        ("published", "citation with date and address"),
        ("measured", "host, time and number of samples"),
        ("assumed", "the reason for an assumption"),
        ("conditions", "what exactly the number covers"),
    ]
    .into_iter()
    .map(|(key, text)| (key.to_owned(), describe(text)))
    .collect()
}

impl<U: Unit> JsonSchema for Quantity<U> {
    fn schema_name() -> Cow<'static, str> {
        let unit = std::any::type_name::<U>();
        format!("Quantity_{}", unit.rsplit("::").next().unwrap_or(unit)).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let figure = figure_schema::<U>();
        let mut properties = serde_json::Map::new();
        for key in ["low", "mode", "high", "p50", "p95"] {
            properties.insert(key.to_owned(), figure.clone().to_value());
        }
        let belief = serde_json::json!({
            "type": "object",
            "properties": properties.clone(),
            "additionalProperties": false,
        });
        properties.insert(
            "value".to_owned(),
            serde_json::json!({ "anyOf": [figure.clone().to_value(), belief] }),
        );
        properties.extend(citation_schema());
        json_schema!({
            "anyOf": [
                figure.to_value(),
                {
                    "type": "object",
                    "properties": properties,
                    "additionalProperties": false,
                },
            ],
        })
    }
}
