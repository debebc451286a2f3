//! What the pages promise beyond their text, in a real browser: where numbers come from, who can use
//! them, what they look like, how large they may be, and how they come out on paper.
//!
//! What is missing on a machine is told and skipped.

// A test says what it skips, and how long a browser took, where a person sees it.
#![allow(clippy::print_stderr)]

#[path = "../browser_support/mod.rs"]
mod browser_support;
#[path = "../common/mod.rs"]
mod common;

mod checks;
mod looks;
mod many;
mod notes;
mod paper;

use std::path::PathBuf;

use tonnage_model::result::CapacityResult;
use tonnage_reports::{ReportOptions, compare, html};

/// A page in a folder of its own, which is removed with it.
struct Page {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Page {
    fn new(name: &str, text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a page");
        Self {
            _folder: folder,
            path,
        }
    }

    fn report(result: &CapacityResult) -> Self {
        let text = html::write(result, &ReportOptions::default()).expect("a page");
        Self::new("report.html", &text)
    }

    /// Two results of which the second has fewer vCPUs, another technology and another input.
    fn comparison() -> Self {
        let before = common::everything();
        let mut after = before.clone();
        after.plans[0].analytic.vcpus = after.plans[0].analytic.vcpus.scaled(0.5);
        "wasm".clone_into(&mut after.plans[0].tiers[0].technology);
        "50M".clone_into(&mut after.assumptions[0].value);
        let comparisons = [compare(&before, &after)];
        let named = [("before".to_owned(), &before), ("after".to_owned(), &after)];
        let text = compare::page::write(&named, &comparisons).expect("a page");
        Self::new("comparison.html", &text)
    }
}
