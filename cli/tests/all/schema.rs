//! The schemas in docs/schema are those of the program.

use crate::run::{repository, tonnage};

/// Set to write the schemas in place of comparing them.
const UPDATE: &str = "TONNAGE_UPDATE_SCHEMA";

#[test]
fn published_schemas_are_current() {
    for format in ["scenario", "profile", "result", "measurement", "inputs"] {
        let current = tonnage(&["schema", format]).answer();
        let path = repository().join(format!("docs/schema/{format}.json"));
        if std::env::var_os(UPDATE).is_some() {
            std::fs::write(&path, &current).expect("the schema is written");
        }
        let published = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            published == current,
            "{} is not what `tonnage schema {format}` prints; \
             run the tests with {UPDATE}=1 to write it again",
            path.display()
        );
    }
}
