//! The report on paper: printed by a browser, read and drawn by poppler.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Page;
use crate::browser_support::{View, chromium, program, run};
use crate::common::everything;

/// Dots per inch at which pages are drawn.
const DPI: u32 = 40;

/// Most pages that a report with every section, four technologies and three plans may have.
const MOST_PAGES: usize = 45;

struct Printed {
    page: Page,
    pdf: PathBuf,
}

fn printed(browser: &Path) -> Printed {
    let page = Page::report(&everything());
    let pdf = page.path.with_extension("pdf");
    let to_do = [
        format!("--print-to-pdf={}", pdf.display()),
        "--no-pdf-header-footer".to_owned(),
    ];
    run(browser, &page.path, View::DESK, &to_do);
    assert!(pdf.is_file(), "the browser printed nothing");
    Printed { page, pdf }
}

/// The text of each page.
fn texts(program: &Path, pdf: &Path) -> Vec<String> {
    let output = Command::new(program)
        .args(["-layout", "-enc", "UTF-8"])
        .arg(pdf)
        .arg("-")
        .output()
        .expect("pdftotext runs");
    assert!(output.status.success(), "pdftotext failed");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut pages: Vec<String> = text.split('\u{c}').map(str::to_owned).collect();
    // Each page ends with a form feed.
    pages.pop();
    pages
}

#[test]
fn a_printed_report_can_be_read_and_nothing_is_cut_off() {
    let skipped = "no report was printed";
    let Some(browser) = chromium(skipped) else {
        return;
    };
    let (Some(to_text), Some(to_picture)) = (program(&["pdftotext"]), program(&["pdftoppm"]))
    else {
        eprintln!(
            "SKIPPED: there is no pdftotext or pdftoppm (poppler-utils) on the path, so {skipped}"
        );
        return;
    };
    let printed = printed(&browser);
    let pages = texts(&to_text, &printed.pdf);
    assert!(
        (5..=MOST_PAGES).contains(&pages.len()),
        "{} pages",
        pages.len()
    );
    let all = pages.join("\n").to_lowercase();
    for said in [
        "The answer",
        "How many vCPUs does each plan need?",
        "Claims: what was said, what was found",
        "How these numbers came about",
        "Provenance and the exact command",
        "Made by Tonnage",
    ] {
        assert!(
            all.contains(&said.to_lowercase()),
            "{said:?} is not in the text"
        );
    }
    // What is of no use on paper is not there.
    assert!(!all.contains("skip to the answer") && !all.contains("show technologies with"));
    for (number, text) in pages.iter().enumerate() {
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        assert!(letters > 40, "page {} has {letters} letters", number + 1);
    }
    drawn(&to_picture, &printed, pages.len());
}

/// Every page has ink, and none of it in the margins, where it would be cut off.
fn drawn(to_picture: &Path, printed: &Printed, pages: usize) {
    let prefix = printed.page.path.with_file_name("drawn");
    let status = Command::new(to_picture)
        .args(["-gray", "-r", &DPI.to_string()])
        .args([&printed.pdf, &prefix])
        .status()
        .expect("pdftoppm runs");
    assert!(status.success(), "pdftoppm failed");
    let digits = pages.to_string().len();
    for number in 1..=pages {
        let name = format!("drawn-{number:0digits$}.pgm");
        let bytes = std::fs::read(prefix.with_file_name(&name)).expect("a drawn page");
        let (width, height, grey) = picture(&bytes);
        let ink = |x: usize, y: usize| grey[y * width + x] < 160;
        // The style sheet keeps 14 mm free at the sides and 16 mm above and below; half of that is
        // more than what is rounded.
        let free = 7 * DPI as usize * 10 / 254;
        let outside = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .filter(|(x, y)| {
                let inside = (free..width - free).contains(x) && (free..height - free).contains(y);
                !inside && ink(*x, *y)
            })
            .count();
        assert_eq!(outside, 0, "page {number} has ink in its margin");
        let dark = grey.iter().filter(|value| **value < 160).count();
        assert!(dark * 3000 > grey.len(), "page {number} is blank");
    }
}

/// Width, height and grey values of a portable grey map.
fn picture(bytes: &[u8]) -> (usize, usize, &[u8]) {
    let mut words = Vec::new();
    let mut at = 0;
    while words.len() < 4 {
        let end = at
            + bytes[at..]
                .iter()
                .position(u8::is_ascii_whitespace)
                .expect("a header");
        words.push(String::from_utf8_lossy(&bytes[at..end]).into_owned());
        at = end + 1;
    }
    assert_eq!(words[0], "P5", "a binary grey map");
    let size = |word: &String| word.parse::<usize>().expect("a size");
    (size(&words[1]), size(&words[2]), &bytes[at..])
}
