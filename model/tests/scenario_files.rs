//! The scenarios we ship: each loads, says where every number comes from, and means what it says.

use std::path::{Path, PathBuf};

use tonnage_model::scenario::{Library, LibraryError, LoadOptions, Loaded, load};

struct Folder(PathBuf);

impl Library for Folder {
    fn read(&self, path: &str) -> Result<String, LibraryError> {
        std::fs::read_to_string(self.0.join(path)).map_err(|error| LibraryError {
            reason: error.to_string(),
        })
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

fn try_load(name: &str, overrides: &[&str]) -> Result<Loaded, String> {
    let options = LoadOptions {
        overrides: overrides.iter().map(|&over| over.to_owned()).collect(),
        ..LoadOptions::default()
    };
    load(&Folder(folder()), name, &options).map_err(|problems| problems.to_string())
}

fn loaded(name: &str) -> Loaded {
    try_load(name, &[]).unwrap_or_else(|problems| panic!("{name}:\n{problems}"))
}

#[test]
fn all_load() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "toml") {
            let name = path.file_name().unwrap().to_str().unwrap();
            let loaded = loaded(name);
            assert!(loaded.warnings.is_empty(), "{name}: {:?}", loaded.warnings);
        }
    }
}
