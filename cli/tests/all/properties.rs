//! Whatever bytes a scenario consists of, reading it gives a scenario or problems, never a panic.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tonnage_model::scenario::{Library, LibraryError, LoadOptions, Loaded, load};

use crate::run::fixtures;

/// The fixtures in memory, with one text in place of the scenario.
struct Shelf(BTreeMap<String, String>);

impl Library for Shelf {
    fn read(&self, path: &str) -> Result<String, LibraryError> {
        self.0.get(path).cloned().ok_or_else(|| LibraryError {
            reason: "no such file".to_owned(),
        })
    }
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(fixtures().join(name)).expect("a fixture")
}

fn shelf() -> BTreeMap<String, String> {
    ["company.toml", "profile.toml", "curve.toml", "zones.toml"]
        .into_iter()
        .map(|name| (name.to_owned(), fixture(name)))
        .collect()
}

/// Reads a scenario, checks what holds whether it is good or not.
fn read(name: &str, text: String, overrides: Vec<String>) -> Option<Loaded> {
    let mut files = shelf();
    files.insert(name.to_owned(), text);
    let root = if name.ends_with("company.toml") || name == "over.toml" {
        name
    } else {
        "company.toml"
    };
    let options = LoadOptions {
        overrides,
        ..LoadOptions::default()
    };
    match load(&Shelf(files), root, &options) {
        Ok(loaded) => {
            for (_, input) in loaded.scenario.inputs.iter() {
                assert!(!input.describe().is_empty());
                assert!(input.value.central().is_finite(), "{}", input.key);
            }
            Some(loaded)
        }
        Err(problems) => {
            assert!(!problems.problems.is_empty());
            assert!(!problems.to_string().is_empty());
            for problem in &problems.problems {
                if let Some(span) = &problem.span {
                    problems.sources.line_and_column(span);
                }
            }
            None
        }
    }
}

/// What a person could have meant to write in place of a value.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<f64>().prop_map(|number| format!("{number:?}")),
        any::<i64>().prop_map(|number| number.to_string()),
        "\"[0-9.eE+-]{0,9}(s|ms|MiB|GiB|%|K|M|B|/s| vCPU|x)?\"",
        Just("\"\"".to_owned()),
        Just("true".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("{ low = 1, high = 2 }".to_owned()),
        Just("{ low = 2, high = 1 }".to_owned()),
        Just("{ p50 = \"1s\", p95 = \"5s\" }".to_owned()),
        Just("{ distribution = \"pareto\", mean = \"1s\", shape = 1.01 }".to_owned()),
        Just("{ distribution = \"gamma\", mean = \"1s\", cv = 1e9 }".to_owned()),
        Just("{ distribution = \"weibull\", mean = \"1s\", shape = 1e-9 }".to_owned()),
        Just("{ distribution = \"empirical\", values = [\"1s\", \"0s\"] }".to_owned()),
        Just("{ distribution = \"negative-binomial\", mean = 3, cv = 1e-3 }".to_owned()),
        Just("1979-05-27".to_owned()),
        Just("nan".to_owned()),
        Just("-inf".to_owned()),
    ]
}

/// Keys that mean something, and some that do not.
fn key() -> impl Strategy<Value = String> {
    let known = [
        "format",
        "seed",
        "extends",
        "profile",
        "segments.staff.people",
        "segments.staff.adoption",
        "segments.staff.agents_per_person",
        "segments.staff.concurrency",
        "segments.staff.concurrency_meaning",
        "segments.staff.activity",
        "segments.staff.trace",
        "segments.staff.tiers.calls",
        "segments.staff.tiers",
        "tiers.calls.turns",
        "tiers.calls.think",
        "tiers.calls.burst",
        "tiers.linux.working_set",
        "host.shape",
        "host.vcpus",
        "host.memory",
        "host.speed",
        "host.usd_per_hour",
        "service_level.start_wait_p99",
        "service_level.burst_slowdown_p99",
        "service_level.rejected",
        "envelope.sessions_per_cpu_low",
        "fleet.cell_hosts",
        "plans.mixed.tiers.calls",
        "readings.twice.set",
        "uncertainty.draws",
        "simulation.window",
        "technologies.light.start_latency",
        "technologies.light.memory_per_instance",
        "technologies.heavy",
    ];
    prop_oneof![
        4 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "[a-z._\"]{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        read("over.toml", text, Vec::new());
    }

    #[test]
    fn any_bytes_that_are_text_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read("over.toml", String::from_utf8_lossy(&bytes).into_owned(), Vec::new());
    }

    #[test]
    fn any_toml_over_the_fixture_is_read(key in key(), value in value()) {
        read("over.toml", format!("extends = \"company.toml\"\n{key} = {value}\n"), Vec::new());
    }

    #[test]
    fn any_override_is_read(key in key(), value in value(), junk in any::<String>()) {
        read("company.toml", fixture("company.toml"), vec![format!("{key}={value}"), junk]);
    }

    #[test]
    fn any_damage_to_any_file_is_read(
        name in proptest::sample::select(vec!["company.toml", "profile.toml", "curve.toml", "zones.toml"]),
        at in any::<proptest::sample::Index>(),
        length in 0_usize..40,
        with in "[\\PC\\n]{0,12}",
    ) {
        let text = fixture(name);
        let start = text.floor_char_boundary(at.index(text.len()));
        let end = text.ceil_char_boundary((start + length).min(text.len()));
        read(name, format!("{}{with}{}", &text[..start], &text[end..]), Vec::new());
    }
}
