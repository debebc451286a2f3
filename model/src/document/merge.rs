//! One document laid over another: `extends`, readings and `--set`.

use indexmap::IndexMap;

use super::node::{Entry, Node, Table, Value};
use super::parse::parse;
use super::problem::{FileId, Problem, Sources, Span};

/// Keys that make a table one value rather than a group of keys. Such a table replaces what it
/// overrides as a whole: half of one distribution merged with half of another means nothing.
pub(crate) const VALUE_KEYS: [&str; 6] = ["value", "low", "high", "p50", "distribution", "values"];

/// Most parts of a dotted key; a tree as deep as a text is long would not fit the stack.
pub(crate) const MAX_KEYS: usize = 16;

/// Lays `over` over `base`: groups of keys merge, every other value is replaced.
pub fn merge(base: Node, over: Node) -> Node {
    match (base.value, over.value) {
        (Value::Table(base), Value::Table(over_table))
            if !is_value(&base) && !is_value(&over_table) =>
        {
            Node {
                value: Value::Table(merge_tables(base, over_table)),
                span: over.span,
            }
        }
        (_, value) => Node {
            value,
            span: over.span,
        },
    }
}

/// Whether a table is one value rather than a group of keys.
pub(crate) fn is_value(table: &Table) -> bool {
    VALUE_KEYS.iter().any(|key| table.contains_key(*key))
}

fn merge_tables(mut base: Table, over: Table) -> Table {
    for (key, entry) in over {
        let merged = match base.shift_remove_full(&key) {
            Some((index, _, old)) => {
                let entry = Entry {
                    key_span: entry.key_span,
                    node: merge(old.node, entry.node),
                };
                base.shift_insert(index, key, entry);
                continue;
            }
            None => entry,
        };
        base.insert(key, merged);
    }
    base
}

/// The tree of one override `key.path=value`, to be merged over a document.
///
/// The value is read as TOML (`0.2`, `{ low = 1, high = 2 }`, `"text"`); what is no TOML is taken
/// as a string, so `--set segments.staff.people=5000` and `--set host.memory=1TiB` both work.
pub fn override_of(
    sources: &mut Sources,
    assignment: &str,
    problems: &mut Vec<Problem>,
) -> Option<Node> {
    let file = sources.add_override(format!("--set {assignment}"), assignment);
    let whole = Span {
        file,
        bytes: 0..assignment.len(),
    };
    let Some((path, value)) = assignment.split_once('=') else {
        problems.push(
            Problem::error(
                "an override needs a key and a value",
                &whole,
                "no `=` in it",
            )
            .help("write it as --set segments.staff.people=5000"),
        );
        return None;
    };
    let value_start = path.len() + 1;
    let keys: Vec<&str> = path
        .split('.')
        .map(|key| key.trim().trim_matches('"'))
        .collect();
    if keys.iter().any(|key| key.is_empty()) {
        problems.push(Problem::error(
            "an override needs a key such as segments.staff.people",
            &Span {
                file,
                bytes: 0..path.len(),
            },
            "a part of this key is empty",
        ));
        return None;
    }
    if keys.len() > MAX_KEYS {
        problems.push(Problem::error(
            format!("no key has more than {MAX_KEYS} parts"),
            &whole,
            "nothing is that deep",
        ));
        return None;
    }
    let value_span = Span {
        file,
        bytes: value_start..assignment.len(),
    };
    let mut node = override_value(file, value.trim(), &value_span);
    let key_span = Span {
        file,
        bytes: 0..path.len(),
    };
    for key in keys.into_iter().rev() {
        let entry = Entry {
            key_span: key_span.clone(),
            node,
        };
        let table = IndexMap::from_iter([(key.to_owned(), entry)]);
        node = Node {
            value: Value::Table(table),
            span: key_span.clone(),
        };
    }
    Some(node)
}

fn override_value(file: FileId, text: &str, span: &Span) -> Node {
    let mut scratch = Sources::default();
    let line = scratch.add_file("override", format!("value = {text}\n"));
    let mut problems = Vec::new();
    let parsed = parse(&scratch, line, &mut problems);
    let mut node = parsed
        .get("value")
        .filter(|_| problems.is_empty() && parsed.as_table().is_some_and(|t| t.len() == 1))
        .cloned()
        .unwrap_or_else(|| Node {
            value: Value::String(text.to_owned()),
            span: span.clone(),
        });
    relocate(&mut node, file, span);
    node
}

/// Points every span of a tree to the override it came from.
fn relocate(node: &mut Node, file: FileId, span: &Span) {
    node.span = Span {
        file,
        bytes: span.bytes.clone(),
    };
    match &mut node.value {
        Value::Array(items) => items.iter_mut().for_each(|item| relocate(item, file, span)),
        Value::Table(table) => {
            for entry in table.values_mut() {
                entry.key_span = Span {
                    file,
                    bytes: span.bytes.clone(),
                };
                relocate(&mut entry.node, file, span);
            }
        }
        Value::String(_) | Value::Number(_) | Value::Boolean(_) => {}
    }
}
