//! Where numbers come from, on hover, by keyboard and without a script.

use tonnage_reports::{ReportOptions, html};

use crate::Page;
use crate::browser_support::{View, ask, chromium};
use crate::common::{everything, fixture};

/// What the browser says of each number in turn: the numbers without a note.
const WITHOUT_A_NOTE: &str = r#"
    const tip = document.querySelector(".tip");
    const wait = (time) => new Promise((done) => setTimeout(done, time));
    const silent = [];
    const heard = new Set();
    let count = 0;
    const places = document.querySelectorAll(PLACES);
    for (const place of places) {
      if (!/\d/.test(place.textContent) || place.colSpan > 1) continue;
      document.querySelector("h1").dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
      await wait(400);
      place.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
      await wait(400);
      count += 1;
      if (tip.hidden) silent.push(place.textContent);
      else for (const name of tip.querySelectorAll("strong")) heard.add(name.textContent);
    }
    answer(JSON.stringify({ count, silent, heard: [...heard].sort() }));
"#;

#[test]
fn every_number_pointed_at_says_how_it_came_about() {
    let Some(browser) = chromium("no number was pointed at") else {
        return;
    };
    let page = Page::report(&everything());
    for (section, least) in [
        ("answer", 4),
        ("claims", 4),
        ("vcpus", 60),
        ("matrix", 50),
        ("cost", 12),
        ("technologies", 8),
        ("assumptions", 10),
        ("baseline", 6),
        ("service-level", 6),
        ("sensitivity", 12),
    ] {
        // In the ledger what was found is pointed at; the claim itself is a quotation.
        let places = match section {
            "answer" => "#answer dd",
            "claims" => "#claims td:nth-of-type(1)",
            "technologies" => "#technologies td:nth-of-type(1)",
            _ => &format!("#{section} td.num"),
        };
        let script = WITHOUT_A_NOTE.replace("PLACES", &format!("{places:?}"));
        let said = ask(&browser, &page.path, View::DESK, &[], &script);
        let said: serde_json::Value = serde_json::from_str(&said).expect(&said);
        assert_eq!(said["silent"], serde_json::json!([]), "{section}");
        let count = said["count"].as_u64().unwrap_or_default();
        assert!(count >= least, "{section}: only {count} numbers");
        if section == "technologies" {
            assert_eq!(
                said["heard"],
                serde_json::json!(["Assumed: ", "Measured: ", "Published: "])
            );
        }
    }
}

#[test]
fn a_mark_with_the_focus_says_how_and_escape_hides_it() {
    let Some(browser) = chromium("no mark was given the focus") else {
        return;
    };
    let page = Page::report(&fixture());
    let script = r##"
        const tip = document.querySelector(".tip");
        const mark = document.querySelector("#cost thead a.how");
        const said = [];
        mark.focus();
        said.push(tip.hidden, tip.textContent.startsWith("Priced: "));
        const note = document.getElementById(mark.getAttribute("aria-describedby"));
        said.push(mark.hash === "#" + note.id, note.textContent === tip.textContent);
        document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
        said.push(tip.hidden);
        // A tap shows it again and leaves the address alone.
        mark.click();
        said.push(tip.hidden, location.hash);
        answer(JSON.stringify(said));
    "##;
    let said = ask(&browser, &page.path, View::DESK, &[], script);
    assert_eq!(said, r#"[false,true,true,true,true,false,""]"#);
}

#[test]
fn every_mark_leads_to_a_note_of_its_section() {
    let page = html::write(&everything(), &ReportOptions::default()).expect("a page");
    let mut marks = 0;
    for piece in page.split("class=\"how\" href=\"#").skip(1) {
        let id = piece.split('"').next().unwrap_or_default();
        assert_eq!(page.matches(&format!("<li id=\"{id}\"")).count(), 1, "{id}");
        marks += 1;
    }
    assert!(marks > 40, "{marks}");
}
