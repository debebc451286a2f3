//! Builds the guest program as a static Linux program, which the harness carries inside, and says
//! whether V8 is the library that `scripts/setup-v8.sh` prepared.

use std::env;
use std::path::PathBuf;
use std::process::Command;

const SOURCE: &str = "guests/guest.c";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    build_guest();
    find_v8();
}

fn build_guest() {
    println!("cargo::rerun-if-changed={SOURCE}");
    println!("cargo::rerun-if-env-changed=CC");
    let folder = env::var_os("OUT_DIR").expect("cargo tells where to write");
    let program = PathBuf::from(folder).join("guest-native");
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let status = Command::new(&compiler)
        .args(["-O2", "-static", "-s", "-Wall", "-Wextra", "-o"])
        .arg(&program)
        .arg(SOURCE)
        .status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => panic!(
            "`{compiler} -static` could not build {SOURCE} ({status}); \
             it needs a C compiler and a static C library (Debian: gcc and libc6-dev)"
        ),
        Err(error) => panic!(
            "cannot run the C compiler `{compiler}`: {error}; \
             install one (Debian: gcc and libc6-dev) or name it in CC"
        ),
    }
}

fn find_v8() {
    println!("cargo::rerun-if-env-changed=TONNAGE_V8_LIBRARY");
    println!("cargo::rustc-check-cfg=cfg(tonnage_prebuilt_v8)");
    // Without it, the `v8` crate has a library of its own.
    if let Ok(folder) = env::var("TONNAGE_V8_LIBRARY")
        && !folder.is_empty()
    {
        println!("cargo::rustc-cfg=tonnage_prebuilt_v8");
        println!("cargo::rustc-env=TONNAGE_V8_LIBRARY={folder}");
    }
}
