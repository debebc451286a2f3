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

/// Bytes that were written to the layer of an overlay that another program has mounted on a folder; none
/// if there is none, or it is not to be seen from here.
pub(super) fn disk_of(mounted_on: &Path) -> Option<u64> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    upper_in(&mounts, mounted_on).map(|upper| disk(&upper))
}

/// The folder of the layer, in the words of `/proc/self/mounts`.
fn upper_in(mounts: &str, mounted_on: &Path) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let place = fields.next()?;
        let options = fields.nth(1)?;
        let upper = options
            .split(',')
            .find_map(|option| option.strip_prefix("upperdir="))?;
        (Path::new(place) == mounted_on).then(|| PathBuf::from(upper))
    })
}

impl Drop for Overlay {
    fn drop(&mut self) {
        // Whoever wants to know has called `remove` before.
        let _ = self.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::upper_in;
    use std::path::Path;

    #[test]
    fn the_layer_of_a_mount_is_found() {
        let mounts = "proc /proc proc rw 0 0\n\
                      overlay /a/rootfs overlay rw,lowerdir=/l,upperdir=/u/1,workdir=/w 0 0\n\
                      overlay /b/rootfs overlay rw,lowerdir=/l,upperdir=/u/2,workdir=/w 0 0\n";
        let upper = |place| upper_in(mounts, Path::new(place));
        assert_eq!(upper("/b/rootfs").as_deref(), Some(Path::new("/u/2")));
        assert_eq!(upper("/proc"), None);
        assert_eq!(upper("/c"), None);
    }
}
