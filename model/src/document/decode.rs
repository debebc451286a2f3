//! From a tree to types: one description of a record gives its reader, its writer and its schema.

use std::borrow::Cow;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use super::node::{Node, Value};
use super::problem::{Problem, Sources, Span};

/// The sources being read and the problems found so far.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The texts read.
    pub sources: Sources,
    /// The problems found.
    pub problems: Vec<Problem>,
}

impl Decoder {
    /// Notes a problem.
    pub fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Notes that a value is of the wrong kind.
    pub fn expected(&mut self, what: &str, node: &Node) {
        let found = node.value.kind();
        self.report(Problem::error(
            format!("expected {what}, found {found}"),
            &node.span,
            format!("this is {found}"),
        ));
    }

    /// Notes a key that means nothing, with the nearest one that does, which is returned.
    pub fn unknown_key<'a>(
        &mut self,
        key: &str,
        span: &Span,
        known: &[&'a str],
    ) -> Option<&'a str> {
        let problem = Problem::error(format!("unknown key `{key}`"), span, "not known here");
        self.report(problem.help(suggestion(key, known)));
        nearest(key, known)
    }

    /// Notes a name that refers to nothing, with the nearest one that would.
    pub fn unknown_name(&mut self, what: &str, name: &str, span: &Span, known: &[&str]) {
        let problem = Problem::error(format!("there is no {what} `{name}`"), span, "not found");
        self.report(problem.help(suggestion(name, known)));
    }
}

/// The nearest known word, if it is near enough to be what was meant.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), *candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= (word.len().max(candidate.len()) / 3).max(1))
        .map(|(_, candidate)| candidate)
}

/// The nearest known word, or all of them.
fn suggestion(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None if known.is_empty() => "nothing is known here".to_owned(),
        None => format!("known here: {}", known.join(", ")),
    }
}

/// A type that can be read from a tree. A reader that returns `None` has noted why.
pub trait Decode: Sized {
    /// Reads the value, noting every problem.
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self>;
}

/// A type a record can have as a field: says what an absent key means.
pub trait Field: Sized {
    /// What an absent key means; `None` when the key is required.
    fn absent() -> Option<Self>;
    /// Reads the value that is there.
    fn present(node: &Node, decoder: &mut Decoder) -> Option<Self>;
}

impl<T: Decode> Field for T {
    fn absent() -> Option<Self> {
        None
    }

    fn present(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        T::decode(node, decoder)
    }
}

impl<T: Decode> Field for Option<T> {
    fn absent() -> Option<Self> {
        Some(None)
    }

    fn present(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        T::decode(node, decoder).map(Some)
    }
}

impl Decode for String {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        if let Some(text) = node.as_str() {
            Some(text.to_owned())
        } else {
            decoder.expected("a string", node);
            None
        }
    }
}

impl Decode for f64 {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        if let Value::Number(number) = node.value {
            Some(number)
        } else {
            decoder.expected("a number", node);
            None
        }
    }
}

impl Decode for bool {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        if let Value::Boolean(boolean) = node.value {
            Some(boolean)
        } else {
            decoder.expected("true or false", node);
            None
        }
    }
}

impl Decode for u32 {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match node.value {
            Value::Number(number)
                if number.fract() == 0.0 && (0.0..=f64::from(Self::MAX)).contains(&number) =>
            {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                Some(number as Self)
            }
            Value::Number(_) => {
                decoder.report(Problem::error(
                    "expected a whole number",
                    &node.span,
                    format!("from 0 to {}", Self::MAX),
                ));
                None
            }
            _ => {
                decoder.expected("a whole number", node);
                None
            }
        }
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let Value::Array(items) = &node.value else {
            decoder.expected("a list", node);
            return None;
        };
        let read: Vec<Option<T>> = items.iter().map(|item| T::decode(item, decoder)).collect();
        read.into_iter().collect()
    }
}

/// A table whose keys the user chooses, in the order written.
#[derive(Debug, Clone)]
pub struct Keyed<T> {
    entries: IndexMap<String, (T, Option<Span>)>,
}

/// The same values under the same keys, wherever they stand.
impl<T: PartialEq> PartialEq for Keyed<T> {
    fn eq(&self, other: &Self) -> bool {
        let same = |(key, value)| other.get(key) == Some(value);
        self.len() == other.len() && self.iter().all(same)
    }
}

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Self {
            entries: IndexMap::new(),
        }
    }
}

impl<T> Keyed<T> {
    /// The values with their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.entries
            .iter()
            .map(|(key, (value, _))| (key.as_str(), value))
    }

    /// The values with their keys and where the keys stand.
    pub fn iter_spanned(&self) -> impl Iterator<Item = (&str, &T, Option<&Span>)> {
        self.entries
            .iter()
            .map(|(key, (value, span))| (key.as_str(), value, span.as_ref()))
    }

    /// The values with their keys, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut T)> {
        self.entries
            .iter_mut()
            .map(|(key, (value, _))| (key.as_str(), value))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.entries.get(key).map(|(value, _)| value)
    }

    /// The keys.
    pub fn keys(&self) -> Vec<&str> {
        self.entries.keys().map(String::as_str).collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<T> FromIterator<(String, T)> for Keyed<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(entries: I) -> Self {
        Self {
            entries: entries
                .into_iter()
                .map(|(key, value)| (key, (value, None)))
                .collect(),
        }
    }
}

impl<T: Decode> Decode for Keyed<T> {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let Some(table) = node.as_table() else {
            decoder.expected("a table", node);
            return None;
        };
        let mut entries = IndexMap::with_capacity(table.len());
        let mut complete = true;
        for (key, entry) in table {
            match T::decode(&entry.node, decoder) {
                Some(value) => {
                    entries.insert(key.clone(), (value, Some(entry.key_span.clone())));
                }
                None => complete = false,
            }
        }
        complete.then_some(Self { entries })
    }
}

impl<T: Serialize> Serialize for Keyed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<T: JsonSchema> JsonSchema for Keyed<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Table_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        IndexMap::<String, T>::json_schema(generator)
    }
}

/// Describes a table with fixed keys: its fields become a struct, its reader, its writer and its
/// schema. Keys are the field names.
macro_rules! record {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident : $type:ty ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
        }

        impl $crate::document::Decode for $name {
            fn decode(
                node: &$crate::document::Node,
                decoder: &mut $crate::document::Decoder,
            ) -> Option<Self> {
                const KEYS: &[&str] = &[$( stringify!($field) ),*];
                let Some(table) = node.as_table() else {
                    decoder.expected("a table", node);
                    return None;
                };
                let mut misspelt: Vec<&str> = Vec::new();
                for (key, entry) in table {
                    if !KEYS.contains(&key.as_str()) {
                        misspelt.extend(decoder.unknown_key(key, &entry.key_span, KEYS));
                    }
                }
                $(
                    let $field: Option<$type> = match table.get(stringify!($field)) {
                        Some(entry) => {
                            <$type as $crate::document::Field>::present(&entry.node, decoder)
                        }
                        None => {
                            let absent = <$type as $crate::document::Field>::absent();
                            if absent.is_none() && !misspelt.contains(&stringify!($field)) {
                                decoder.report(
                                    $crate::document::Problem::error(
                                        concat!("the key `", stringify!($field), "` is missing"),
                                        &node.span,
                                        "in this table",
                                    ),
                                );
                            }
                            absent
                        }
                    };
                )*
                Some(Self { $( $field: $field?, )* })
            }
        }
    };
}
pub(crate) use record;

/// Reads one of a fixed set of words by the names serde gives them.
pub(crate) fn decode_word<T: serde::de::DeserializeOwned>(
    words: &[&str],
    what: &str,
    node: &Node,
    decoder: &mut Decoder,
) -> Option<T> {
    let Some(text) = node.as_str() else {
        decoder.expected(what, node);
        return None;
    };
    if !words.contains(&text) {
        let problem = Problem::error(format!("`{text}` is not {what}"), &node.span, "not known");
        decoder.report(problem.help(suggestion(text, words)));
        return None;
    }
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

/// Lets an enum of plain words be read by the names serde gives its variants.
macro_rules! word {
    ($type:ty, $what:literal, [$($word:literal),* $(,)?]) => {
        impl $crate::document::Decode for $type {
            fn decode(
                node: &$crate::document::Node,
                decoder: &mut $crate::document::Decoder,
            ) -> Option<Self> {
                $crate::document::decode_word(&[$($word),*], $what, node, decoder)
            }
        }
    };
}
pub(crate) use word;
