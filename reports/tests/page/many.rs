//! A report of many tiers on many technologies can still be opened and used.

use std::time::Instant;

use tonnage_reports::{ReportOptions, html};

use crate::Page;
use crate::browser_support::{View, ask, chromium};
use crate::common::many;

const TIERS: usize = 50;
const TECHNOLOGIES: usize = 200;

/// Most bytes of the page for each pair of a tier and a technology, what all have in common included.
const BYTES_A_PAIR: usize = 700;

#[test]
fn ten_thousand_pairs_of_tier_and_technology_are_usable() {
    let began = Instant::now();
    let text = html::write(&many(TIERS, TECHNOLOGIES), &ReportOptions::default()).expect("a page");
    eprintln!(
        "{TIERS} tiers on {TECHNOLOGIES} technologies: {} kB, written in {:?}",
        text.len() / 1_000,
        began.elapsed()
    );
    assert!(
        text.len() < TIERS * TECHNOLOGIES * BYTES_A_PAIR,
        "{} bytes",
        text.len()
    );
    let Some(browser) = chromium("the large page was not opened") else {
        return;
    };
    let page = Page::new("report.html", &text);
    let script = r##"
        const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
        const tags = [...document.querySelectorAll("#matrix [data-tags]")];
        const button = document.querySelector("#matrix .filter button");
        button.click();
        const shown = tags.filter((row) => !row.hidden).length;
        button.click();
        document.querySelectorAll("#matrix thead .sort")[1].click();
        const head = document.querySelector("#matrix thead th[aria-sort]");
        const layout = performance.now();
        const height = document.body.scrollHeight;
        answer(JSON.stringify({ wide, rows: tags.length, shown, sorted: head !== null, height,
          layout: Math.round(performance.now() - layout) }));
    "##;
    for width in [390, 1280] {
        let view = View {
            width,
            ..View::DESK
        };
        let began = Instant::now();
        let said = ask(&browser, &page.path, view, &[], script);
        eprintln!(
            "{width} wide: opened and used in {:?}: {said}",
            began.elapsed()
        );
        let said: serde_json::Value = serde_json::from_str(&said).expect(&said);
        assert_eq!(said["wide"], 0, "the page scrolls sideways");
        assert_eq!(said["rows"], TIERS * TECHNOLOGIES);
        let shown = said["shown"].as_u64().unwrap_or_default();
        assert!(
            shown > 0 && shown < (TIERS * TECHNOLOGIES) as u64,
            "{shown}"
        );
        assert_eq!(said["sorted"], true);
    }
}
