//! A root file system that sandboxes share, with a layer for each that takes what it writes.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::coding::disk;
use crate::technology::Failure;

/// A mounted overlay. Unmounted and removed when dropped.
#[derive(Debug)]
pub(super) struct Overlay {
    folder: PathBuf,
    ended: bool,
}

impl Overlay {
    /// Lays a new layer over a root file system, in a folder that is made for it.
    pub(super) fn mount(lower: &Path, folder: PathBuf) -> Result<Self, Failure> {
        let overlay = Self {
            folder,
            ended: false,
        };
        for part in ["upper", "work", "root"] {
            fs::create_dir_all(overlay.folder.join(part))
                .map_err(|error| Failure::of("cannot make a layer's folder", error))?;
        }
        let mut options = OsString::from("lowerdir=");
        options.push(lower);
        options.push(",upperdir=");
        options.push(overlay.folder.join("upper"));
        options.push(",workdir=");
        options.push(overlay.folder.join("work"));
        mount(
            Some("overlay"),
            &overlay.root(),
            Some("overlay"),
            MsFlags::empty(),
            Some(options.as_os_str()),
        )
        .map_err(|error| Failure::of("cannot mount a layer over the root file system", error))?;
        Ok(overlay)
    }

    /// The root file system with its layer.
    pub(super) fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    /// Bytes that were written to the layer.
    pub(super) fn disk(&self) -> u64 {
        disk(&self.folder.join("upper"))
    }

    /// Unmounts and removes it.
    pub(super) fn remove(&mut self) -> Result<(), Failure> {
        if self.ended {
            return Ok(());
        }
        self.ended = true;
        // Detached: what still ends in it may take a moment.
        umount2(&self.root(), MntFlags::MNT_DETACH)
            .map_err(|error| Failure::of("cannot unmount a layer", error))?;
        fs::remove_dir_all(&self.folder)
            .map_err(|error| Failure::of("cannot remove a layer", error))
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        // Whoever wants to know has called `remove` before.
        let _ = self.remove();
    }
}
