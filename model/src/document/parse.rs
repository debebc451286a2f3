//! From TOML text to a tree.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::node::{Entry, Node, Table, Value};
use super::problem::{FileId, Problem, Sources, Span};

/// Reads the text of a source. What can be read is returned beside the problems.
///
/// # Errors
/// Never as a `Result`: syntax errors are pushed to `problems`.
pub fn parse(sources: &Sources, file: FileId, problems: &mut Vec<Problem>) -> Node {
    let text = sources.get(file).text.clone();
    let (table, errors) = DeTable::parse_recoverable(&text);
    let reader = Reader { file };
    for error in errors {
        let span = Span {
            file,
            bytes: error.span().unwrap_or(0..0),
        };
        problems.push(Problem::error(
            format!("this is not valid TOML: {}", error.message()),
            &span,
            "here",
        ));
    }
    let span = reader.span(table.span());
    let table = reader.table(table.into_inner(), problems);
    Node {
        value: Value::Table(table),
        span,
    }
}

struct Reader {
    file: FileId,
}

impl Reader {
    fn span(&self, bytes: std::ops::Range<usize>) -> Span {
        Span {
            file: self.file,
            bytes,
        }
    }

    fn table(&self, table: DeTable<'_>, problems: &mut Vec<Problem>) -> Table {
        table
            .into_iter()
            .filter_map(|(key, value)| {
                let key_span = self.span(key.span());
                let node = self.node(value, problems)?;
                Some((key.into_inner().into_owned(), Entry { key_span, node }))
            })
            .collect()
    }

    fn node(&self, value: Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Node> {
        let span = self.span(value.span());
        let value = match value.into_inner() {
            DeValue::String(text) => Value::String(text.into_owned()),
            DeValue::Integer(integer) => {
                let digits = integer.as_str();
                if let Ok(number) = i64::from_str_radix(digits, integer.radix()) {
                    Value::Number(number as f64)
                } else {
                    problems.push(Problem::error(
                        "this integer is too large to be read exactly",
                        &span,
                        "beyond 64 bits",
                    ));
                    return None;
                }
            }
            DeValue::Float(float) => match float.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => Value::Number(number),
                _ => {
                    problems.push(Problem::error(
                        "this number is not finite",
                        &span,
                        "write a finite number",
                    ));
                    return None;
                }
            },
            DeValue::Boolean(boolean) => Value::Boolean(boolean),
            DeValue::Datetime(_) => {
                problems.push(Problem::error(
                    "dates and times have no meaning here",
                    &span,
                    "a date or time",
                ));
                return None;
            }
            DeValue::Array(items) => Value::Array(
                items
                    .into_iter()
                    .filter_map(|item| self.node(item, problems))
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.table(table, problems)),
        };
        Some(Node { value, span })
    }
}
