//! Writes the report of an invented result: `cargo run --release -p tonnage-reports --example
//! render_fixture -- DIRECTORY`.

#[path = "../tests/common/mod.rs"]
#[allow(clippy::all, clippy::pedantic, dead_code, missing_docs, unreachable_pub)]
mod common;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::args().nth(1).ok_or("which directory?")?;
    std::fs::create_dir_all(&directory)?;
    for chart in tonnage_reports::chart::all(&common::fixture()) {
        let path = std::path::Path::new(&directory).join(chart.id());
        std::fs::write(path.with_extension("svg"), chart.svg()?)?;
        std::fs::write(path.with_extension("png"), chart.png()?)?;
    }
    Ok(())
}
