//! The tour of the README: every command works, and what it quotes is still printed.
//!
//! In the README, `<!-- tour -->` marks the commands that are run, `<!-- tour: in the output -->` lines
//! that the commands before them print, and `<!-- tour: NAME -->` a file that the reader saves.

use std::path::Path;
use std::process::Command;

/// What the line before a block says about it.
const MARK: &str = "<!-- tour";

/// A marked block.
struct Block<'a> {
    /// Where it begins in the README.
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
fn shell(commands: &str, folder: &Path, line: usize) -> String {
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
    assert!(output.status.success(), "README.md, line {line}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Tables and paragraphs are set anew when a number changes its length, so only words count.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_command_of_the_tour_works() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let page = std::fs::read_to_string(page).expect("the README");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut printed, mut runs, mut quotes, mut files) = (String::new(), 0, 0, 0);
    for block in blocks(&page) {
        match block.about {
            "" => {
                printed = words(&shell(&block.text, folder.path(), block.line));
                runs += 1;
            }
            "in the output" => {
                for quoted in block.text.lines().map(words) {
                    let line = block.line;
                    assert!(
                        printed.contains(&quoted),
                        "README.md, line {line}: “{quoted}” is not in {printed}"
                    );
                    quotes += 1;
                }
            }
            name => {
                std::fs::write(folder.path().join(name), block.text).expect("the file is written");
                files += 1;
            }
        }
    }
    assert!(runs >= 5 && quotes >= 5 && files >= 1, "the tour is gone");
}
