//! Where benchmarks find the scenarios we ship, and the cells that they time. The benchmarks themselves are in
//! `benches/benches/`.

pub mod cells;
pub mod clock;
pub mod plain;

use std::path::{Path, PathBuf};

use tonnage_model::scenario::{Library, LibraryError, LoadOptions, Loaded, load};

/// The folder of scenarios we ship.
#[derive(Debug, Clone)]
pub struct Shipped(PathBuf);

impl Default for Shipped {
    fn default() -> Self {
        Self(Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios"))
    }
}

impl Library for Shipped {
    fn read(&self, path: &str) -> Result<String, LibraryError> {
        std::fs::read_to_string(self.0.join(path)).map_err(|error| LibraryError {
            reason: error.to_string(),
        })
    }
}

/// Reads, checks and resolves a scenario we ship.
///
/// # Panics
/// If it has problems.
pub fn shipped(name: &str) -> Loaded {
    load(&Shipped::default(), name, &LoadOptions::default())
        .unwrap_or_else(|problems| panic!("{problems}"))
}
