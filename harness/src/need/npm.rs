//! Packages of npm, with versions and contents fixed by the lock files in `harness/npm`.
//!
//! Each bundle has a folder of its own, named after a digest of its lock, so that another version
//! never finds the packages of this one. What a lock names is checked against its digest by npm when
//! it is fetched.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::need::Need;
use crate::technology::Failure;
use crate::tools;

/// The program that installs bundles.
pub const PROGRAM: Need = Need::program("npm", "npm");

/// Packages that are fetched together.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bundle {
    /// Its name.
    pub name: &'static str,
    /// What it holds, for people.
    pub what: &'static str,
    /// Whether a part of it is compiled when it is installed, which takes minutes and a compiler.
    pub compiles: bool,
    /// Megabytes on the disk, about.
    pub megabytes: u32,
    manifest: &'static str,
    lock: &'static str,
}

/// workerd.
pub static WORKERD: Bundle = Bundle {
    name: "workerd",
    what: "workerd 1.20261117.1",
    compiles: false,
    megabytes: 155,
    manifest: include_str!("../../npm/workerd/package.json"),
    lock: include_str!("../../npm/workerd/package-lock.json"),
};

/// Deno.
pub static DENO: Bundle = Bundle {
    name: "deno",
    what: "Deno 2.9.6",
    compiles: false,
    megabytes: 92,
    manifest: include_str!("../../npm/deno/package.json"),
    lock: include_str!("../../npm/deno/package-lock.json"),
};

/// Bun.
pub static BUN: Bundle = Bundle {
    name: "bun",
    what: "Bun 1.4.5",
    compiles: false,
    megabytes: 103,
    manifest: include_str!("../../npm/bun/package.json"),
    lock: include_str!("../../npm/bun/package-lock.json"),
};

/// isolated-vm.
pub static ISOLATED_VM: Bundle = Bundle {
    name: "isolated-vm",
    what: "isolated-vm 5.0.4, compiled against this host's Node.js",
    compiles: true,
    megabytes: 28,
    manifest: include_str!("../../npm/isolated-vm/package.json"),
    lock: include_str!("../../npm/isolated-vm/package-lock.json"),
};

/// componentize-js.
pub static COMPONENTIZE_JS: Bundle = Bundle {
    name: "componentize-js",
    what: "componentize-js 0.23.0",
    compiles: false,
    megabytes: 385,
    manifest: include_str!("../../npm/componentize-js/package.json"),
    lock: include_str!("../../npm/componentize-js/package-lock.json"),
};

/// Megabytes from which on a bundle is not brought without being asked for.
const LARGE: u32 = 200;

impl Bundle {
    /// Whether it is brought only for a technology that is named: it takes minutes to compile, or much
    /// room.
    pub fn only_by_name(&self) -> bool {
        self.compiles || self.megabytes > LARGE
    }

    /// The folder it is installed in: `~/.cache/tonnage/npm-NAME-DIGEST`, or below
    /// `XDG_CACHE_HOME`. Nothing if the environment names no home.
    pub fn folder(&self) -> Option<PathBuf> {
        let cache = match std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()) {
            Some(cache) => PathBuf::from(cache),
            None => PathBuf::from(std::env::var_os("HOME").filter(|home| !home.is_empty())?)
                .join(".cache"),
        };
        Some(
            cache
                .join("tonnage")
                .join(format!("npm-{}-{:016x}", self.name, self.digest())),
        )
    }

    /// The version of the package it is named after.
    pub fn version(&self) -> &'static str {
        self.what
            .split_whitespace()
            .nth(1)
            .unwrap_or_default()
            .trim_end_matches(',')
    }

    /// Whether it is installed.
    pub fn is_there(&self) -> bool {
        self.folder().is_some_and(|folder| folder.is_dir())
    }

    /// The first of some files of its packages that is there.
    pub fn file(&self, candidates: &[&str]) -> Option<PathBuf> {
        let folder = self.folder()?.join("node_modules");
        candidates
            .iter()
            .map(|candidate| folder.join(candidate))
            .find(|file| file.is_file())
    }

    /// Fetches it, checks it against its lock, and moves it to its folder once it is whole.
    ///
    /// # Errors
    /// If there is no npm, no room, no way to the registry, or something else than the lock says.
    pub fn install(&self) -> Result<PathBuf, Failure> {
        let folder = self
            .folder()
            .ok_or_else(|| Failure::new("the environment has neither HOME nor XDG_CACHE_HOME"))?;
        if folder.is_dir() {
            return Ok(folder);
        }
        let npm = tools::find("npm").ok_or_else(|| Failure::new("there is no `npm` on PATH"))?;
        let beside = folder.with_extension(format!("new-{}", std::process::id()));
        let outcome = self.fetch(&npm, &beside).and_then(|()| {
            match fs::rename(&beside, &folder) {
                Ok(()) => Ok(()),
                // Somebody else was faster.
                Err(_) if folder.is_dir() => Ok(()),
                Err(error) => Err(Failure::of(
                    &format!("cannot make {}", folder.display()),
                    error,
                )),
            }
        });
        // It is gone if it was moved; what failed is not kept.
        let _ = fs::remove_dir_all(&beside);
        outcome.map(|()| folder)
    }

    fn fetch(&self, npm: &Path, folder: &Path) -> Result<(), Failure> {
        let failed = |error| Failure::of(&format!("cannot write to {}", folder.display()), error);
        fs::create_dir_all(folder).map_err(failed)?;
        fs::write(folder.join("package.json"), self.manifest).map_err(failed)?;
        fs::write(folder.join("package-lock.json"), self.lock).map_err(failed)?;
        let mut command = Command::new(npm);
        command
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(folder)
            .stdin(Stdio::null());
        if self.compiles {
            // Compiled here, against the headers that came with Node.js: a binary from elsewhere is
            // in no lock.
            command.env("npm_config_build_from_source", "true");
            if let Some(prefix) = headers_of_node() {
                command.env("npm_config_nodedir", prefix);
            }
        } else {
            command.arg("--ignore-scripts");
        }
        let output = command
            .output()
            .map_err(|error| Failure::of("cannot run npm", error))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        Err(Failure::new(format!(
            "npm failed ({}): {}",
            output.status,
            lines[lines.len().saturating_sub(4)..].join(" · ")
        )))
    }

    /// A digest of what is installed: FNV-1a with 64 bits, which names a folder. What it holds is
    /// checked by npm with the digests in the lock. What is compiled belongs to one Node.js.
    fn digest(&self) -> u64 {
        let node = if self.compiles {
            version_of_node().unwrap_or_default()
        } else {
            OsString::new()
        };
        self.manifest
            .bytes()
            .chain(self.lock.bytes())
            .chain(node.into_encoded_bytes())
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
    }
}

/// Where the headers of Node.js are below `include/node`, if they came with it.
fn headers_of_node() -> Option<PathBuf> {
    let node = fs::canonicalize(tools::find("node")?).ok()?;
    let prefix = node.parent()?.parent()?;
    prefix
        .join("include/node/node.h")
        .is_file()
        .then(|| prefix.to_path_buf())
}

/// The version of Node.js, asked for once.
fn version_of_node() -> Option<OsString> {
    static VERSION: OnceLock<Option<OsString>> = OnceLock::new();
    let ask = || {
        let node = tools::find("node")?;
        tools::tool("node", &node, &["--version"]).map(|tool| tool.version.into())
    };
    VERSION.get_or_init(ask).clone()
}

#[cfg(test)]
mod tests {
    use super::{BUN, Bundle, COMPONENTIZE_JS, DENO, ISOLATED_VM, WORKERD};

    const ALL: [&Bundle; 5] = [&WORKERD, &DENO, &BUN, &ISOLATED_VM, &COMPONENTIZE_JS];

    #[test]
    fn every_package_of_a_lock_is_pinned_by_version_and_contents() {
        for bundle in ALL {
            let lock: serde_json::Value = serde_json::from_str(bundle.lock).expect("JSON");
            let manifest: serde_json::Value = serde_json::from_str(bundle.manifest).expect("JSON");
            let packages = lock["packages"].as_object().expect("packages");
            assert!(packages.len() > 1, "{}", bundle.name);
            for (place, package) in packages {
                if place.is_empty() {
                    for kind in ["dependencies", "optionalDependencies"] {
                        assert_eq!(package[kind], manifest[kind], "{}", bundle.name);
                    }
                    continue;
                }
                let digest = package["integrity"].as_str().unwrap_or_default();
                assert!(digest.starts_with("sha512-"), "{}: {place}", bundle.name);
                assert!(package["resolved"].is_null(), "from any registry");
            }
        }
    }

    #[test]
    fn what_a_bundle_is_said_to_hold_is_what_its_lock_names() {
        for bundle in ALL {
            let lock: serde_json::Value = serde_json::from_str(bundle.lock).expect("JSON");
            let packages = lock["packages"].as_object().expect("packages");
            let named = packages
                .iter()
                .filter(|(place, _)| place.contains(bundle.name))
                .filter_map(|(_, package)| package["version"].as_str())
                .any(|version| bundle.what.contains(version));
            assert!(named, "{}", bundle.what);
        }
    }

    #[test]
    fn bundles_have_folders_of_their_own() {
        let folders: std::collections::BTreeSet<_> =
            ALL.iter().map(|bundle| bundle.folder()).collect();
        assert_eq!(folders.len(), ALL.len());
    }
}
