//! Builds the guest program as a static Linux program, which the harness carries inside.

use std::env;
use std::path::PathBuf;
use std::process::Command;

const SOURCE: &str = "guests/guest.c";

fn main() {
    println!("cargo:rerun-if-changed={SOURCE}");
    println!("cargo:rerun-if-env-changed=CC");
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
