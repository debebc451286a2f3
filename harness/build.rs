//! Says whether V8 is the library that `scripts/setup-v8.sh` prepared.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=TONNAGE_V8_LIBRARY");
    println!("cargo::rustc-check-cfg=cfg(tonnage_prebuilt_v8)");
    // Without it, the `v8` crate has a library of its own.
    if let Ok(folder) = std::env::var("TONNAGE_V8_LIBRARY")
        && !folder.is_empty()
    {
        println!("cargo::rustc-cfg=tonnage_prebuilt_v8");
        println!("cargo::rustc-env=TONNAGE_V8_LIBRARY={folder}");
    }
}
