//! Any bytes as a scenario: reading them gives a scenario or problems, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tonnage_model::scenario::{Library, LibraryError, LoadOptions, load};

/// The bytes as a scenario, and good files for it to refer to.
struct Shelf<'a>(&'a str);

impl Library for Shelf<'_> {
    fn read(&self, path: &str) -> Result<String, LibraryError> {
        Ok(match path {
            "company.toml" => include_str!("../../cli/tests/fixtures/company.toml"),
            "profile.toml" => include_str!("../../cli/tests/fixtures/profile.toml"),
            "curve.toml" => include_str!("../../cli/tests/fixtures/curve.toml"),
            "zones.toml" => include_str!("../../cli/tests/fixtures/zones.toml"),
            _ => self.0,
        }
        .to_owned())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let options = LoadOptions::default();
    match load(&Shelf(text), "scenario.toml", &options) {
        Ok(loaded) => {
            for (_, input) in loaded.scenario.inputs.iter() {
                let _ = input.describe();
            }
        }
        Err(problems) => {
            let _ = problems.to_string();
        }
    }
});
