//! What the tests of scenarios share.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tonnage_model::document::Problems;
use tonnage_model::scenario::{Library, LibraryError, LoadOptions, Loaded, load};

/// A folder of files.
pub struct Folder(PathBuf);

impl Folder {
    /// The scenarios we ship.
    pub fn shipped() -> Self {
        Self(Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios"))
    }
}

impl Library for Folder {
    fn read(&self, path: &str) -> Result<String, LibraryError> {
        std::fs::read_to_string(self.0.join(path)).map_err(|error| LibraryError {
            reason: error.to_string(),
        })
    }
}

/// Files in memory, over those we ship.
#[derive(Default)]
pub struct Files(pub BTreeMap<String, String>);

impl Files {
    /// One file over those we ship.
    pub fn one(name: &str, text: &str) -> Self {
        Self::default().and(name, text)
    }

    /// One more file.
    #[must_use]
    pub fn and(mut self, name: &str, text: &str) -> Self {
        self.0.insert(name.to_owned(), text.to_owned());
        self
    }
}

impl Library for Files {
    fn read(&self, path: &str) -> Result<String, LibraryError> {
        match self.0.get(path) {
            Some(text) => Ok(text.clone()),
            None => Folder::shipped().read(path).map_err(|_| LibraryError {
                reason: "no such file".to_owned(),
            }),
        }
    }
}

/// The names of the TOML files of a folder we ship, sorted.
pub fn file_names(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(Folder::shipped().0.join(folder)).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .filter_map(|name| name.into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|e| e == "toml"))
        .collect();
    names.sort();
    names
}

/// The value, or the problems as a user reads them.
#[track_caller]
pub fn expect<T>(result: Result<T, Box<Problems>>) -> T {
    result.unwrap_or_else(|problems| panic!("{problems}"))
}

fn options(overrides: &[&str]) -> LoadOptions {
    LoadOptions {
        overrides: overrides.iter().map(|&over| over.to_owned()).collect(),
        ..LoadOptions::default()
    }
}

/// A shipped scenario with overrides.
#[track_caller]
pub fn load_with(name: &str, overrides: &[&str]) -> Loaded {
    expect(load(&Folder::shipped(), name, &options(overrides)))
}

/// A shipped scenario.
#[track_caller]
pub fn loaded(name: &str) -> Loaded {
    load_with(name, &[])
}

/// The problems of a shipped scenario with overrides.
#[track_caller]
pub fn problems(name: &str, overrides: &[&str]) -> String {
    problems_in(&Folder::shipped(), name, overrides)
}

/// The problems of a scenario with overrides.
#[track_caller]
pub fn problems_in(library: &dyn Library, name: &str, overrides: &[&str]) -> String {
    match load(library, name, &options(overrides)) {
        Ok(_) => panic!("{name} loads"),
        Err(problems) => problems.to_string(),
    }
}

/// A scenario from a library with overrides.
#[track_caller]
pub fn load_from(library: &dyn Library, name: &str, overrides: &[&str]) -> Loaded {
    expect(load(library, name, &options(overrides)))
}
