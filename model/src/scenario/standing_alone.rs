//! A scenario as one file that needs none of those it was laid over.

use super::load::{Loaded, full_path};
use super::raw::{FileReference, Overrides, ScenarioDocument};
use crate::document::{Sources, Span, Table, Value};

/// Keys whose value is a path to a file.
const REFERENCES: [&str; 5] = ["profile", "activity", "trace", "time_zones", "shape"];

impl Loaded {
    /// The scenario as one document: with all it extends and what was laid over it, and every path to
    /// a file written so that it means the same wherever the document lies.
    ///
    /// A full path is given to `place`, which says how to write it: a library knows what its paths are
    /// relative to.
    pub fn standing_alone(&self, place: &dyn Fn(&str) -> String) -> ScenarioDocument {
        let writer = Writer {
            sources: &self.sources,
            root: &self.path,
            place,
        };
        let mut document = self.document.clone();
        document.extends = None;
        writer.reference(document.profile.as_mut());
        for (_, segment) in document.segments.iter_mut() {
            writer.reference(segment.activity.as_mut());
            writer.reference(segment.trace.as_mut());
            writer.reference(segment.time_zones.as_mut());
        }
        writer.reference(document.host.shape.as_mut());
        if let Some(readings) = &mut document.readings {
            for (_, reading) in readings.iter_mut() {
                let Overrides(table) = &mut reading.set;
                writer.table(table);
            }
        }
        document
    }
}

struct Writer<'a> {
    sources: &'a Sources,
    root: &'a str,
    place: &'a dyn Fn(&str) -> String,
}

impl Writer<'_> {
    fn path(&self, path: &str, span: &Span) -> String {
        (self.place)(&full_path(self.sources, self.root, path, span))
    }

    fn reference(&self, reference: Option<&mut FileReference>) {
        if let Some(reference) = reference {
            reference.path = self.path(&reference.path, &reference.span);
        }
    }

    /// The paths in what a reading sets, by the last part of their key.
    fn table(&self, table: &mut Table) {
        for (key, entry) in table {
            let last = key.rsplit('.').next().unwrap_or(key);
            match &mut entry.node.value {
                Value::String(path) if REFERENCES.contains(&last) => {
                    *path = self.path(path, &entry.node.span);
                }
                Value::Table(below) => self.table(below),
                _ => {}
            }
        }
    }
}
