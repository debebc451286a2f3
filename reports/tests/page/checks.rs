//! Who can use the pages, and whether they are what HTML says: by axe-core and html-validate.

use std::path::Path;
use std::process::Command;

use crate::Page;
use crate::browser_support::{View, ask, chromium, page_check, program};
use crate::common::{everything, many};

const AXE: &str = r#"
    const found = await axe.run({ resultTypes: ["violations"] });
    const bad = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
    answer(JSON.stringify({
      rules: found.passes.length,
      bad: bad.map((one) => ({ id: one.id, at: one.nodes.slice(0, 3).map((node) => node.html.slice(0, 300)) })),
    }));
"#;

fn assert_accessible(browser: &Path, axe: &Path, page: &Page, name: &str) {
    for dark in [false, true] {
        for width in [390, 1280] {
            let view = View {
                width,
                height: 900,
                dark,
            };
            let found = ask(browser, &page.path, view, &[axe], AXE);
            let found: serde_json::Value = serde_json::from_str(&found).expect(&found);
            let rules = found["rules"].as_u64().unwrap_or_default();
            assert!(rules > 15, "{name}: axe checked {rules} rules");
            let place = format!("{name}, {width} wide, dark: {dark}");
            assert_eq!(found["bad"], serde_json::json!([]), "{place}");
        }
    }
}

#[test]
fn pages_have_no_serious_barrier() {
    let skipped = "nobody looked for barriers in the pages";
    let (Some(browser), Some(axe)) = (
        chromium(skipped),
        page_check("axe-core/axe.min.js", skipped),
    ) else {
        return;
    };
    assert_accessible(&browser, &axe, &Page::report(&everything()), "the report");
    assert_accessible(&browser, &axe, &Page::comparison(), "the comparison");
}

#[test]
fn a_barrier_is_found() {
    let skipped = "the search for barriers was not itself checked";
    let (Some(browser), Some(axe)) = (
        chromium(skipped),
        page_check("axe-core/axe.min.js", skipped),
    ) else {
        return;
    };
    let page = Page::report(&everything());
    let text = std::fs::read_to_string(&page.path).expect("the page");
    let pale = text.replace("<h1>", "<h1 style=\"color:#ddd\">");
    let page = Page::new("pale.html", &pale);
    let found = ask(&browser, &page.path, View::DESK, &[&axe], AXE);
    assert!(found.contains("color-contrast"), "{found}");
}

/// What html-validate complains about.
fn complaints(validator: &Path, node: &Path, page: &Page) -> Vec<String> {
    let output = Command::new(node)
        .arg(validator)
        .args(["--formatter", "json", "--config"])
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/npm/html-validate.json"
        ))
        .arg(&page.path)
        .output()
        .expect("html-validate runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap_or_else(|_| {
        panic!(
            "html-validate says {said:?} and {}",
            String::from_utf8_lossy(&output.stderr)
        )
    });
    let files = said.as_array().into_iter().flatten();
    files
        .flat_map(|file| file["messages"].as_array().into_iter().flatten())
        .map(|message| {
            format!(
                "{}:{} {}: {}",
                message["line"], message["column"], message["ruleId"], message["message"]
            )
        })
        .collect()
}

/// The oldest Node.js that html-validate runs with; Debian 12 has an older one.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// Major and minor version of a Node.js.
fn version(node: &Path) -> Option<(u32, u32)> {
    let said = Command::new(node).arg("--version").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let mut parts = said.trim().strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[test]
fn pages_are_valid_html() {
    let skipped = "nobody checked the pages' HTML";
    let Some(validator) = page_check("html-validate/bin/html-validate.mjs", skipped) else {
        return;
    };
    let Some(node) = program(&["node", "nodejs"]) else {
        eprintln!("SKIPPED: there is no node on the path, so {skipped}");
        return;
    };
    if version(&node) < Some(OLDEST_NODE) {
        eprintln!(
            "SKIPPED: {} is older than {}.{}, which html-validate needs, so {skipped}",
            node.display(),
            OLDEST_NODE.0,
            OLDEST_NODE.1
        );
        return;
    }
    let few: [String; 0] = [];
    for page in [
        Page::report(&everything()),
        Page::report(&many(3, 7)),
        Page::comparison(),
    ] {
        assert_eq!(complaints(&validator, &node, &page), few);
    }
    let wrong = Page::new(
        "wrong.html",
        "<!DOCTYPE html><html lang=\"en\"><head><title>x</title></head><body><p><ul></ul></p></body></html>",
    );
    assert!(!complaints(&validator, &node, &wrong).is_empty());
}
