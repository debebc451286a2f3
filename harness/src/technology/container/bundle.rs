//! Bundles: the folder with `config.json` that an OCI runtime makes one container from.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::RUN_VARIABLE;
use super::root::Contents;
use crate::technology::Failure;

/// What all containers of a technology have in common.
#[derive(Debug)]
pub(super) struct Template {
    config: Value,
}

impl Template {
    /// The configuration that `runc spec` writes, with these differences: no terminal, no
    /// capabilities, no lower limit of open files, a file system in memory on `/tmp`, and a control
    /// group namespace where the kernel has it.
    pub(super) fn new(contents: Contents, root: &Path, run: &str) -> Self {
        let mut namespaces = vec!["pid", "network", "ipc", "uts", "mount"];
        if Path::new("/proc/self/ns/cgroup").exists() {
            namespaces.push("cgroup");
        }
        let namespaces: Vec<Value> = namespaces
            .into_iter()
            .map(|namespace| json!({ "type": namespace }))
            .collect();
        let config = json!({
            "ociVersion": "1.0.2",
            "process": {
                "terminal": false,
                "user": { "uid": 0, "gid": 0 },
                "args": contents.command(),
                "env": [
                    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                    format!("{RUN_VARIABLE}={run}"),
                ],
                "cwd": "/",
                "capabilities": {
                    "bounding": [], "effective": [], "permitted": [], "inheritable": [], "ambient": [],
                },
                "noNewPrivileges": true,
            },
            "root": { "path": root, "readonly": true },
            "hostname": "tonnage",
            "mounts": mounts(),
            "linux": {
                "resources": { "devices": [{ "allow": false, "access": "rwm" }] },
                "namespaces": namespaces,
                "maskedPaths": [
                    "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys",
                    "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                    "/proc/sched_debug", "/sys/firmware", "/proc/scsi",
                ],
                "readonlyPaths": [
                    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
                ],
            },
        });
        Self { config }
    }

    /// The configuration of one container, as JSON.
    fn fill(&self, control_group: &Path, network: Option<&Path>, root: Option<&Path>) -> String {
        let mut config = self.config.clone();
        if let Some(root) = root {
            config["root"] = json!({ "path": root, "readonly": false });
        }
        config["linux"]["cgroupsPath"] = json!(control_group);
        if let (Some(path), Some(namespaces)) =
            (network, config["linux"]["namespaces"].as_array_mut())
        {
            for namespace in namespaces.iter_mut() {
                if namespace["type"] == "network" {
                    namespace["path"] = json!(path);
                }
            }
        }
        config.to_string()
    }
}

fn mounts() -> Value {
    json!([
        { "destination": "/proc", "type": "proc", "source": "proc" },
        {
            "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
            "options": ["nosuid", "strictatime", "mode=755", "size=65536k"],
        },
        {
            "destination": "/dev/pts", "type": "devpts", "source": "devpts",
            "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
        },
        {
            "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
            "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
        },
        {
            "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
            "options": ["nosuid", "noexec", "nodev"],
        },
        {
            "destination": "/sys", "type": "sysfs", "source": "sysfs",
            "options": ["nosuid", "noexec", "nodev", "ro"],
        },
        {
            "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
            "options": ["nosuid", "noexec", "nodev", "relatime", "ro"],
        },
        {
            "destination": "/tmp", "type": "tmpfs", "source": "tmpfs",
            "options": ["nosuid", "nodev", "mode=1777", "size=65536k"],
        },
    ])
}

/// The folder of one container. Removed with it.
#[derive(Debug)]
pub(super) struct Bundle {
    folder: PathBuf,
}

impl Bundle {
    /// Makes the folder and writes the configuration; with a root file system of its own that may be
    /// written to, or else the template's.
    pub(super) fn create(
        folder: PathBuf,
        template: &Template,
        control_group: &Path,
        network: Option<&Path>,
        root: Option<&Path>,
    ) -> Result<Self, Failure> {
        fs::create_dir(&folder)
            .map_err(|error| Failure::of("cannot make the bundle's folder", error))?;
        let bundle = Self { folder };
        fs::write(
            bundle.folder.join("config.json"),
            template.fill(control_group, network, root),
        )
        .map_err(|error| Failure::of("cannot write config.json", error))?;
        Ok(bundle)
    }

    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file for the number of the container's first process.
    pub(super) fn pid_file(&self) -> PathBuf {
        self.folder.join("pid")
    }

    /// The number of the container's first process, once the runtime has written it.
    pub(super) fn pid(&self) -> Option<u32> {
        fs::read_to_string(self.pid_file())
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    /// The file that takes the complaints of the runtime and of the guest.
    pub(super) fn complaints_file(&self) -> PathBuf {
        self.folder.join("complaints")
    }

    /// That file, to add to.
    pub(super) fn open_complaints_file(&self) -> Result<File, Failure> {
        // Runtime and container both write to it.
        File::options()
            .append(true)
            .create(true)
            .open(self.complaints_file())
            .map_err(|error| Failure::of("cannot make a file for complaints", error))
    }

    /// Removes the folder.
    pub(super) fn remove(&self) -> Result<(), Failure> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::of("cannot remove the bundle's folder", error))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Bundle {
    fn drop(&mut self) {
        // Whoever wants to know has called `remove` before.
        let _ = self.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::{Bundle, Template};
    use crate::technology::container::root::Contents;
    use serde_json::Value;
    use std::path::Path;

    #[test]
    fn a_bundle_says_what_the_container_is_and_goes_with_it() {
        let place = tempfile::tempdir().expect("a folder");
        let template = Template::new(Contents::Native, Path::new("/root-tiny"), "a-run");
        let folder = place.path().join("one");
        let bundle = Bundle::create(
            folder.clone(),
            &template,
            Path::new("/group/one"),
            Some(Path::new("/run/netns/x")),
            None,
        )
        .expect("made");
        let text = std::fs::read_to_string(folder.join("config.json")).expect("written");
        let config: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(config["linux"]["cgroupsPath"], "/group/one");
        assert_eq!(config["process"]["env"][1], "TONNAGE_RUN=a-run");
        assert_eq!(config["root"]["readonly"], true);
        let named = |kind: &str| {
            config["linux"]["namespaces"]
                .as_array()
                .expect("a list")
                .iter()
                .find(|namespace| namespace["type"] == kind)
                .cloned()
        };
        assert_eq!(named("network").expect("one")["path"], "/run/netns/x");
        assert_eq!(named("pid").expect("one").get("path"), None);
        assert_eq!(bundle.pid(), None);
        drop(bundle);
        assert!(!folder.exists());
    }
}
