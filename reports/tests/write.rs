//! The directory of a report: complete, the same twice, and honest when it cannot be written.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::fixture;
use tonnage_reports::write_all;

fn contents(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(directory).expect("inside").to_string_lossy();
                found.insert(name.replace('\\', "/"), std::fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

#[test]
fn everything_is_written_and_the_page_links_to_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let written = write_all(&fixture(), &directory.path().join("new/report")).expect("a report");
    let found = contents(&written.directory);
    let listed: Vec<_> = written.files.iter().map(|file| file.path.clone()).collect();
    assert_eq!(found.len(), listed.len(), "nothing else is left behind");
    let page = String::from_utf8(found["report.html"].clone()).expect("text");
    for file in &written.files {
        assert_eq!(found[&file.path].len() as u64, file.bytes);
        if file.path != "report.html" {
            assert!(page.contains(&format!("href=\"{}\"", file.path)), "{}", file.path);
        }
    }
    for target in page.split("href=\"").skip(1) {
        let target = target.split('"').next().expect("a target");
        match target.strip_prefix('#') {
            Some(id) => assert!(page.contains(&format!("id=\"{id}\"")), "{target}"),
            None => assert!(found.contains_key(target), "{target}"),
        }
    }
    insta::assert_snapshot!(listed.join("\n"));
}

#[test]
fn the_same_result_gives_the_same_bytes() {
    let (a, b) = (
        tempfile::tempdir().expect("a directory"),
        tempfile::tempdir().expect("a directory"),
    );
    write_all(&fixture(), a.path()).expect("a report");
    write_all(&fixture(), b.path()).expect("a report");
    // Writing over an older report replaces it.
    write_all(&fixture(), b.path()).expect("a report");
    assert_eq!(contents(a.path()), contents(b.path()));
}

#[test]
fn charts_are_well_formed_and_described() {
    for chart in tonnage_reports::chart::all(&fixture()) {
        let svg = chart.svg().expect("an SVG");
        let document = roxmltree::Document::parse(&svg).expect("well-formed");
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        let text = |tag: &str| {
            root.children()
                .find(|node| node.has_tag_name(tag))
                .and_then(|node| node.text())
                .map(str::to_owned)
        };
        assert_eq!(text("title").as_deref(), Some(chart.title()));
        assert_eq!(text("desc").as_deref(), Some(chart.description()));
        let png = chart.png().expect("a PNG");
        let reader = png::Decoder::new(std::io::Cursor::new(png))
            .read_info()
            .expect("a PNG");
        assert_eq!(reader.info().width, 2000);
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("a-file");
    std::fs::write(&file, "in the way").expect("a file");
    let error = write_all(&fixture(), &file.join("report")).expect_err("not a directory");
    let text = error.to_string();
    assert!(text.contains("a-file") && text.contains("irectory"), "{text}");
    // A directory where a file has to go.
    let taken = directory.path().join("taken");
    std::fs::create_dir_all(taken.join("report.html/inside")).expect("a directory");
    let text = write_all(&fixture(), &taken).expect_err("taken").to_string();
    assert!(text.contains("report.html"), "{text}");
    let left: Vec<_> = contents(&taken).into_keys().collect();
    assert!(left.iter().all(|name| !name.contains("partial")), "{left:?}");
}
