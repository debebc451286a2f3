//! Writes the report of an invented result, with an invented measurement: `cargo run --release -p
//! tonnage-reports --example render_fixture -- DIRECTORY`.

#[path = "../tests/common/mod.rs"]
mod common;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::args().nth(1).ok_or("which directory?")?;
    let written =
        tonnage_reports::write_all(&common::measured(), std::path::Path::new(&directory))?;
    let bytes: u64 = written.files.iter().map(|file| file.bytes).sum();
    let summary = tonnage_reports::terminal::write(&common::fixture(), false);
    std::io::Write::write_all(&mut std::io::stdout(), summary.as_bytes())?;
    let line = format!("\n{} files, {bytes} bytes\n", written.files.len());
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes())?;
    Ok(())
}
