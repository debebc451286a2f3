//! Embeds the shipped scenarios and what they refer to.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What a scenario can refer to; the rest of the folder is about how the data was made.
const EXTENSIONS: [&str; 2] = ["toml", "csv"];

fn main() -> Result<(), Box<dyn Error>> {
    let shipped = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../scenarios");
    tell_cargo(&shipped);
    let mut files = Vec::new();
    collect(&shipped, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&shipped)?.to_str().ok_or("not UTF-8")?;
        let path = file.to_str().ok_or("not UTF-8")?;
        writeln!(list, "    ({name:?}, include_str!({path:?})),")?;
    }
    list.push_str("]\n");
    std::fs::write(
        Path::new(&std::env::var("OUT_DIR")?).join("shipped.rs"),
        list,
    )?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    tell_cargo(folder);
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if let Some(extension) = path.extension().and_then(|e| e.to_str())
            && EXTENSIONS.contains(&extension)
        {
            files.push(path);
        }
    }
    Ok(())
}

/// Builds again when something in the folder changes.
fn tell_cargo(folder: &Path) {
    println!("cargo::rerun-if-changed={}", folder.display());
}
