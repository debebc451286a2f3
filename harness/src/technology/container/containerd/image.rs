//! Images in the form of `docker save`, made of a root file system.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::command;
use super::super::root::Contents;
use crate::technology::{Failure, Workspace};

/// The name of the image.
pub(super) const IMAGE: &str = "tonnage.local/guest:1";

/// The root file system as an image in the form of `docker save`, made once per run.
pub(super) fn archive(
    contents: Contents,
    root: &Path,
    workspace: &mut Workspace,
) -> Result<PathBuf, Failure> {
    let archive = workspace
        .shared()
        .join(format!("image-{}.tar", contents.name()));
    if archive.exists() {
        return Ok(archive);
    }
    let parts = workspace.own().join("image");
    let words = contents.command();
    workspace.step("pack the root file system as an image", |_| {
        let failed = |error| Failure::of("cannot write the image", error);
        fs::create_dir_all(&parts).map_err(failed)?;
        tar(root, &[".".as_ref()], &parts.join("layer.tar"))?;
        let config = json!({
            "architecture": architecture(),
            "os": "linux",
            "config": { "Cmd": words },
            "rootfs": {
                "type": "layers",
                "diff_ids": [digest(&parts.join("layer.tar")).map_err(failed)?],
            },
        });
        let manifest = json!([
            { "Config": "config.json", "RepoTags": [IMAGE], "Layers": ["layer.tar"] }
        ]);
        fs::write(parts.join("config.json"), config.to_string()).map_err(failed)?;
        fs::write(parts.join("manifest.json"), manifest.to_string()).map_err(failed)?;
        // Whoever is killed here leaves no half of one under the final name.
        let partial = archive.with_extension(format!("partial-{}", std::process::id()));
        let names = ["manifest.json", "config.json", "layer.tar"].map(Path::new);
        tar(&parts, &names, &partial)?;
        fs::remove_dir_all(&parts).map_err(failed)?;
        fs::rename(&partial, &archive).map_err(failed)
    })?;
    Ok(archive)
}

/// Packs what is in a folder.
fn tar(folder: &Path, names: &[&Path], archive: &Path) -> Result<(), Failure> {
    let mut tar = Command::new("tar");
    tar.arg("--directory")
        .arg(folder)
        .arg("--create")
        .arg("--file")
        .arg(archive)
        .args(names)
        .stdin(Stdio::null());
    command::run(tar, 300.0).map(|_| ())
}

/// The digest of a file, as images name it.
fn digest(file: &Path) -> io::Result<String> {
    let mut file = File::open(file)?;
    let mut hasher = Sha256::new();
    let mut bytes = vec![0; 1 << 16];
    loop {
        match file.read(&mut bytes)? {
            0 => break,
            read => hasher.update(&bytes[..read]),
        }
    }
    let mut name = "sha256:".to_owned();
    for byte in hasher.finalize() {
        // Writing to a text cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    Ok(name)
}

/// This machine's architecture as images name it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::digest;
    use std::fs;

    #[test]
    fn a_digest_is_the_published_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("abc");
        fs::write(&file, "abc").expect("written");
        // FIPS 180-4, the example of one block.
        assert_eq!(
            digest(&file).expect("readable"),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(digest(&folder.path().join("none")).is_err());
    }
}
