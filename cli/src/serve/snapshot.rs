//! The files that requests can name: those read at the start, and those that are built in.
//!
//! A request may lay anything over the scenario, names of files among it. It is read against this
//! library, which opens no file: what the scenario refers to was read when the server started, and stays
//! as it was then.

use std::collections::BTreeMap;

use tonnage_model::scenario::{Library, LibraryError, Loaded};

use crate::library::{BUILTIN, Files};

/// The texts of the scenario and of all it refers to.
#[derive(Debug)]
pub(super) struct Snapshot(BTreeMap<String, String>);

impl Snapshot {
    /// What a scenario was read from.
    pub(super) fn of(loaded: &Loaded) -> Self {
        let files = loaded.sources.iter().filter(|source| !source.is_override);
        Self(
            files
                .map(|source| (source.name.clone(), source.text.as_ref().to_owned()))
                .collect(),
        )
    }
}

impl Library for Snapshot {
    fn read(&self, path: &str) -> Result<String, LibraryError> {
        match self.0.get(path) {
            Some(text) => Ok(text.clone()),
            None if path.starts_with(BUILTIN) => Files.read(path),
            None => Err(LibraryError {
                reason: "the page reads no files; it can name what the scenario itself refers to, \
                         and what is built in, such as `builtin:profiles/published.toml`"
                    .to_owned(),
            }),
        }
    }
}

/// A scenario of one text, over a library.
#[allow(missing_debug_implementations, reason = "a library need not be shown")]
pub(super) struct Over<'a> {
    /// The library.
    pub(super) library: &'a dyn Library,
    /// The path of the text.
    pub(super) path: &'a str,
    /// The text.
    pub(super) text: &'a str,
}

impl Library for Over<'_> {
    fn read(&self, path: &str) -> Result<String, LibraryError> {
        if path == self.path {
            Ok(self.text.to_owned())
        } else {
            self.library.read(path)
        }
    }
}
