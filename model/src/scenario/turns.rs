//! The number of turns of a session, as a person writes it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::distribution::{DistributionError, TurnCount};
use crate::document::{Decode, Decoder, Node, Problem};
use crate::input::{Cited, Quantity};
use crate::units::{Count, Ratio, Unit};

/// How the number of turns varies around its mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TurnLaw {
    /// Always the same whole number.
    Fixed,
    /// Geometric: after every turn the session ends with the same probability.
    Geometric,
    /// Negative binomial with this coefficient of variation.
    NegativeBinomial {
        /// Standard deviation over mean.
        cv: f64,
    },
}

impl TurnLaw {
    /// The distribution with a given mean.
    ///
    /// # Errors
    /// If there is none, for example a mean below 1.
    pub fn at(self, mean: f64) -> Result<TurnCount, DistributionError> {
        match self {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            Self::Fixed => TurnCount::fixed(mean.round() as u32),
            Self::Geometric => TurnCount::geometric(mean),
            Self::NegativeBinomial { cv } => TurnCount::negative_binomial(mean, cv),
        }
    }

    /// The law as a person writes it in a scenario, around a mean written so.
    pub fn written(self, mean: &str) -> String {
        let mean = if mean.ends_with(|c: char| c.is_ascii_digit()) || mean.starts_with('{') {
            mean.to_owned()
        } else {
            format!("\"{mean}\"")
        };
        match self {
            Self::Fixed => format!("{{ distribution = \"fixed\", mean = {mean} }}"),
            Self::Geometric => format!("{{ distribution = \"geometric\", mean = {mean} }}"),
            Self::NegativeBinomial { cv } => {
                format!("{{ distribution = \"negative-binomial\", mean = {mean}, cv = {cv} }}")
            }
        }
    }

    /// The law in words that follow a value.
    pub fn describe(self) -> String {
        match self {
            Self::Fixed => "always".to_owned(),
            Self::Geometric => "geometric, mean".to_owned(),
            Self::NegativeBinomial { cv } => {
                format!("negative binomial (CV {}), mean", Ratio::display(cv))
            }
        }
    }
}

/// The number of turns of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Turns {
    /// Mean number of turns.
    pub mean: Quantity<Count>,
    /// How it varies.
    pub law: TurnLaw,
}

const KEYS: [&str; 8] = [
    "distribution",
    "mean",
    "cv",
    "source",
    "published",
    "measured",
    "assumed",
    "conditions",
];
const LAWS: [&str; 3] = ["fixed", "geometric", "negative-binomial"];

impl Decode for Turns {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let turns = match node
            .as_table()
            .filter(|table| table.contains_key("distribution"))
        {
            None => Self {
                mean: Quantity::decode(node, decoder)?,
                law: TurnLaw::Fixed,
            },
            Some(table) => {
                for (key, entry) in table {
                    if !KEYS.contains(&key.as_str()) {
                        decoder.unknown_key(key, &entry.key_span, &KEYS);
                    }
                }
                let law = decode_law(node, decoder);
                let Some(mean) = node.get("mean") else {
                    decoder.report(Problem::error(
                        "the key `mean` is missing",
                        &node.span,
                        "in this distribution",
                    ));
                    return None;
                };
                let mut mean: Quantity<Count> = Quantity::decode(mean, decoder)?;
                mean.cited = Cited::decode(node, decoder);
                Self { mean, law: law? }
            }
        };
        turns.check(node, decoder)?;
        Some(turns)
    }
}

fn decode_law(node: &Node, decoder: &mut Decoder) -> Option<TurnLaw> {
    let name = node.get("distribution")?;
    match name.as_str() {
        Some("fixed") => Some(TurnLaw::Fixed),
        Some("geometric") => Some(TurnLaw::Geometric),
        Some("negative-binomial") => {
            let Some(cv) = node.get("cv") else {
                decoder.report(Problem::error(
                    "the key `cv` is missing",
                    &node.span,
                    "in this distribution",
                ));
                return None;
            };
            let span = &cv.span;
            let cv = f64::decode(cv, decoder)?;
            if cv < 0.0 {
                decoder.report(Problem::error(
                    "`cv` must not be negative",
                    span,
                    "below zero",
                ));
                return None;
            }
            Some(TurnLaw::NegativeBinomial { cv })
        }
        Some(other) => {
            decoder.unknown_name("distribution of turns", other, &name.span, &LAWS);
            None
        }
        None => {
            decoder.expected("the name of a distribution", name);
            None
        }
    }
}

impl Turns {
    fn check(&self, node: &Node, decoder: &mut Decoder) -> Option<()> {
        for figure in self.mean.value.figures() {
            let whole = self.law != TurnLaw::Fixed || figure.fract() == 0.0;
            let problem = match self.law.at(figure) {
                _ if figure < 1.0 => "a session has at least one turn".to_owned(),
                Err(error) => error.to_string(),
                Ok(_) if !whole => "a fixed number of turns is a whole number".to_owned(),
                Ok(_) => continue,
            };
            decoder.report(Problem::error(problem, &node.span, "these turns"));
            return None;
        }
        if self.law == TurnLaw::Fixed && self.mean.value.is_uncertain() {
            decoder.report(
                Problem::error(
                    "a fixed number of turns cannot be uncertain",
                    &node.span,
                    "here",
                )
                .help("write { distribution = \"geometric\", mean = { low, mode, high } }"),
            );
            return None;
        }
        Some(())
    }
}

impl Serialize for Turns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let name = match self.law {
            TurnLaw::Fixed => LAWS[0],
            TurnLaw::Geometric => LAWS[1],
            TurnLaw::NegativeBinomial { .. } => LAWS[2],
        };
        map.serialize_entry("distribution", name)?;
        let bare = Quantity::<Count>::new(self.mean.value, Cited::default());
        map.serialize_entry("mean", &bare)?;
        if let TurnLaw::NegativeBinomial { cv } = self.law {
            map.serialize_entry("cv", &cv)?;
        }
        self.mean.cited.serialize_into(&mut map)?;
        map.end()
    }
}

impl JsonSchema for Turns {
    fn schema_name() -> Cow<'static, str> {
        "Turns".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mean = generator.subschema_for::<Quantity<Count>>();
        json_schema!({
            "anyOf": [
                mean,
                {
                    "type": "object",
                    "properties": {
                        "distribution": { "enum": LAWS },
                        "mean": mean,
                        "cv": { "type": "number", "minimum": 0 },
                        "source": { "type": "string" },
                        "published": { "type": "string" },
                        "measured": { "type": "string" },
                        "assumed": { "type": "string" },
                        "conditions": { "type": "string" },
                    },
                    "required": ["distribution", "mean"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}
