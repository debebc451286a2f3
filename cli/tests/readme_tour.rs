//! The tours of the README and the guides: every command works, and what they quote is still printed.
//!
//! On a page, `<!-- tour -->` marks the commands that are run, `<!-- tour: in the output -->` lines
//! that the commands before them print, and `<!-- tour: NAME -->` a file that the reader saves.

use std::path::Path;
use std::process::Command;

/// What the line before a block says about it.
const MARK: &str = "<!-- tour";

/// A marked block.
struct Block<'a> {
    /// Where it begins on the page.
    line: usize,
    /// What follows `tour:`, empty for commands.
    about: &'a str,
    text: String,
}

/// The marked blocks in their order.
fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut lines = page.lines().enumerate();
    let mut blocks = Vec::new();
    while let Some((line, text)) = lines.next() {
        let Some(mark) = text.strip_prefix(MARK) else {
            continue;
        };
        let about = mark.trim_start_matches(':').trim_end_matches("-->").trim();
        let (_, fence) = lines.next().expect("a block follows its mark");
        assert!(fence.starts_with("```"), "line {}: no block", line + 2);
        let text = lines
            .by_ref()
            .map(|(_, text)| text)
            .take_while(|text| *text != "```")
            .flat_map(|text| [text, "\n"])
            .collect();
        blocks.push(Block {
            line: line + 2,
            about,
            text,
        });
    }
    blocks
}

/// Standard output of commands that must succeed.
fn shell(commands: &str, folder: &Path, place: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_tonnage"));
    let mut paths = vec![binary.parent().expect("a folder").to_owned()];
    paths.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    let output = Command::new("sh")
        .args(["-e", "-c", commands])
        .current_dir(folder)
        .env("PATH", std::env::join_paths(paths).expect("a path"))
        .output()
        .expect("the shell runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{place}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Tables and paragraphs are set anew when a number changes its length, so only words count.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How much a page had to show, so that a mark misspelt is noticed.
struct Taken {
    runs: usize,
    quotes: usize,
    files: usize,
}

/// Takes the tour of a page in a folder of its own.
fn take(path: &str) -> Taken {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let page = std::fs::read_to_string(page).expect("the page");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut taken = Taken {
        runs: 0,
        quotes: 0,
        files: 0,
    };
    let mut printed = String::new();
    for block in blocks(&page) {
        let place = format!("{path}, line {}", block.line);
        match block.about {
            "" => {
                printed = words(&shell(&block.text, folder.path(), &place));
                taken.runs += 1;
            }
            "in the output" => {
                for quoted in block.text.lines().map(words) {
                    assert!(
                        printed.contains(&quoted),
                        "{place}: “{quoted}” is not in {printed}"
                    );
                    taken.quotes += 1;
                }
            }
            name => {
                std::fs::write(folder.path().join(name), block.text).expect("the file is written");
                taken.files += 1;
            }
        }
    }
    taken
}

#[test]
fn every_command_of_the_readme_works() {
    let taken = take("README.md");
    assert_eq!((taken.runs, taken.quotes, taken.files), (10, 12, 1));
}

#[test]
fn a_technology_is_added_as_the_guide_says() {
    let taken = take("docs/adding-a-technology.md");
    assert_eq!((taken.runs, taken.quotes, taken.files), (2, 6, 3));
}

/// The text of every Rust file below a folder, and the names of the files.
fn sources(folder: &Path, text: &mut String, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            sources(&path, text, names);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text.push_str(&std::fs::read_to_string(&path).expect("the file can be read"));
            names.extend(
                path.file_stem()
                    .map(|name| name.to_string_lossy().into_owned()),
            );
        }
    }
}

#[test]
fn every_test_named_in_the_documentation_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut text, mut files) = (String::new(), Vec::new());
    for part in ["model", "harness", "reports", "cli"] {
        for folder in ["src", "tests"] {
            let folder = root.join(part).join(folder);
            if folder.is_dir() {
                sources(&folder, &mut text, &mut files);
            }
        }
    }
    let read = |name: &str| std::fs::read_to_string(root.join(name)).expect("the page");
    let (promises, model) = (read("docs/promises.md"), read("docs/model.md"));
    let (_, checks) = model
        .split_once("## Checks with known answers")
        .expect("the checks");
    let mut named = 0;
    for (page, part) in [("promises.md", promises.as_str()), ("model.md", checks)] {
        // Between the first pair of backticks, the second, …
        for name in part.split('`').skip(1).step_by(2) {
            let is_a_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if !name.contains('_') || !name.chars().all(is_a_name) {
                continue;
            }
            let known = text.contains(&format!("fn {name}(")) || files.iter().any(|f| f == name);
            assert!(known, "{page} names `{name}`, which is no test");
            named += 1;
        }
    }
    assert!(named > 100, "only {named} tests are named");
}
