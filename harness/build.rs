//! Builds the guest program as a static Linux program and as an image of the memory of a virtual
//! machine, which the harness carries inside, and says
//! whether V8 is the library that `scripts/setup-v8.sh` prepared.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Static Linux programs, and what each is built from.
const PROGRAMS: [(&str, &str); 2] = [
    ("guest-native", "guests/guest.c"),
    ("guest-init", "guests/init.c"),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    build_programs();
    build_bare_guest();
    find_v8();
}

fn build_programs() {
    println!("cargo::rerun-if-env-changed=CC");
    let folder = env::var_os("OUT_DIR").expect("cargo tells where to write");
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    for (name, source) in PROGRAMS {
        build_program(&compiler, source, &PathBuf::from(&folder).join(name));
    }
}

fn build_program(compiler: &str, source: &str, program: &Path) {
    println!("cargo::rerun-if-changed={source}");
    let status = Command::new(compiler)
        .args(["-O2", "-static", "-s", "-Wall", "-Wextra", "-o"])
        .arg(program)
        .arg(source)
        .status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => panic!(
            "`{compiler} -static` could not build {source} ({status}); \
             it needs a C compiler and a static C library (Debian: gcc and libc6-dev)"
        ),
        Err(error) => panic!(
            "cannot run the C compiler `{compiler}`: {error}; \
             install one (Debian: gcc and libc6-dev) or name it in CC"
        ),
    }
}

/// Builds the guest program for a virtual machine without an operating system: an image of its
/// memory. Other processors get none, and the technology says so.
fn build_bare_guest() {
    println!("cargo::rerun-if-changed=guests/bare.c");
    println!("cargo::rerun-if-changed=guests/bare.ld");
    if env::var("CARGO_CFG_TARGET_ARCH").as_deref() != Ok("x86_64") {
        return;
    }
    let folder = env::var_os("OUT_DIR").expect("cargo tells where to write");
    let image = PathBuf::from(folder).join("guest-bare");
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let status = Command::new(&compiler)
        // Machine code as in the static program, but for what a C library or a kernel would have to
        // set up, and for loops that would be made calls of the functions they are in.
        .args(["-O2", "-Wall", "-Wextra", "-fno-pic", "-no-pie"])
        .args(["-fno-stack-protector", "-fcf-protection=none"])
        .args(["-fno-tree-loop-distribute-patterns", "-U_FORTIFY_SOURCE"])
        .args(["-fno-asynchronous-unwind-tables", "-nostdlib", "-static"])
        .args(["-Wl,-T,guests/bare.ld", "-Wl,--oformat=binary"])
        .args(["-Wl,--build-id=none", "-o"])
        .arg(&image)
        .arg("guests/bare.c")
        .status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => panic!(
            "`{compiler}` could not build guests/bare.c as an image of memory ({status}); \
             it needs GCC or Clang with a GNU linker"
        ),
        Err(error) => panic!("cannot run the C compiler `{compiler}`: {error}"),
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
