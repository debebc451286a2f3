//! Control groups: a second account of CPU time and memory, kept by the kernel.
//!
//! A group is made for every child process, so that what runs in it, and below it, is counted
//! together. Both versions are used as they are found: in the first, the `memory` and `cpuacct`
//! hierarchies; in the second, the one there is. Without the right to make a group there is none,
//! and the row says so.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where the hierarchies are mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hierarchies {
    /// Of the first version, by controller.
    first: Vec<(String, PathBuf)>,
    /// Of the second version.
    second: Option<PathBuf>,
}

impl Hierarchies {
    fn of_this_host() -> Self {
        Self::read(&fs::read_to_string("/proc/self/mounts").unwrap_or_default())
    }

    fn read(mounts: &str) -> Self {
        let mut found = Self {
            first: Vec::new(),
            second: None,
        };
        for line in mounts.lines() {
            let mut fields = line.split(' ');
            let (Some(_), Some(place), Some(kind), Some(options)) =
                (fields.next(), fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            match kind {
                "cgroup" => {
                    let controllers = options
                        .split(',')
                        .filter(|option| matches!(*option, "memory" | "cpuacct"));
                    for controller in controllers {
                        found.first.push((controller.to_owned(), place.into()));
                    }
                }
                "cgroup2" => found.second = Some(place.into()),
                _ => {}
            }
        }
        found
    }

    fn first(&self, controller: &str) -> Option<&Path> {
        let (_, place) = self.first.iter().find(|(name, _)| name == controller)?;
        Some(place)
    }
}

/// A control group of its own for a child process. Removed when dropped.
#[derive(Debug)]
pub struct ControlGroup {
    path: PathBuf,
    memory: Option<PathBuf>,
    cpu: Option<PathBuf>,
    version: u8,
    folders: Vec<PathBuf>,
}

impl ControlGroup {
    /// Makes a group; `path` is below the root of every hierarchy.
    ///
    /// # Errors
    /// If there is no hierarchy that can account, or no right to make a group.
    pub fn create(path: &Path) -> io::Result<Self> {
        let hierarchies = Hierarchies::of_this_host();
        let mut group = Self {
            path: path.to_owned(),
            memory: None,
            cpu: None,
            version: 1,
            folders: Vec::new(),
        };
        if let Some(memory) = hierarchies.first("memory") {
            group.memory = Some(group.make(memory, path)?);
            group.cpu = match hierarchies.first("cpuacct") {
                Some(place) => Some(group.make(place, path)?),
                None => None,
            };
            return Ok(group);
        }
        let Some(root) = hierarchies.second else {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "no control groups with memory accounting are mounted",
            ));
        };
        group.version = 2;
        let mut above = root.clone();
        for part in path {
            // A group has memory files only if the one above passes the controller on. Where it
            // does already, or may not, writing changes nothing.
            let _ = fs::write(above.join("cgroup.subtree_control"), "+memory");
            above.push(part);
            fs::create_dir_all(&above)?;
        }
        group.folders.push(above.clone());
        // Processes live in a group below: one that passes controllers on may hold none.
        let leaf = above.join("harness");
        fs::create_dir_all(&leaf)?;
        group.folders.push(leaf);
        group.memory = above.join("memory.current").exists().then(|| above.clone());
        group.cpu = Some(above);
        Ok(group)
    }

    fn make(&mut self, hierarchy: &Path, path: &Path) -> io::Result<PathBuf> {
        let folder = hierarchy.join(path);
        fs::create_dir_all(&folder)?;
        if !self.folders.contains(&folder) {
            self.folders.push(folder.clone());
        }
        Ok(folder)
    }

    /// Where it is, below the root of every hierarchy.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts a process into the group.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn add(&self, pid: u32) -> io::Result<()> {
        for folder in &self.folders {
            let holds_processes = self.version == 1 || folder.ends_with("harness");
            if holds_processes {
                fs::write(folder.join("cgroup.procs"), pid.to_string())?;
            }
        }
        Ok(())
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        for folder in self.folders.iter().rev() {
            remove(folder);
        }
    }
}

/// The accounts of a group that exists already, for reading.
#[derive(Debug, Clone)]
pub struct Accounts {
    memory: Option<PathBuf>,
    cpu: Option<PathBuf>,
}

/// Memory charged to a group, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charged {
    /// All of it but page cache.
    pub without_page_cache: u64,
    /// Page cache.
    pub page_cache: u64,
    /// What the kernel uses for itself, if told.
    pub kernel: Option<u64>,
}

impl Accounts {
    /// The accounts of the group at a path below the root of every hierarchy.
    pub fn at(path: &Path) -> Self {
        let hierarchies = Hierarchies::of_this_host();
        let folder = |place: Option<&Path>, file: &str| {
            place
                .map(|place| place.join(path))
                .filter(|folder| folder.join(file).exists())
        };
        Self {
            memory: folder(hierarchies.first("memory"), "memory.usage_in_bytes")
                .or_else(|| folder(hierarchies.second.as_deref(), "memory.current")),
            cpu: folder(hierarchies.first("cpuacct"), "cpuacct.usage")
                .or_else(|| folder(hierarchies.second.as_deref(), "cpu.stat")),
        }
    }

    /// CPU time charged so far, in seconds.
    pub fn cpu(&self) -> Option<f64> {
        let folder = self.cpu.as_ref()?;
        if let Some(nanoseconds) = number(&folder.join("cpuacct.usage")) {
            return Some(nanoseconds as f64 / 1e9);
        }
        let stat = fs::read_to_string(folder.join("cpu.stat")).ok()?;
        field(&stat, "usage_usec").map(|microseconds| microseconds as f64 / 1e6)
    }

    /// Memory charged now.
    pub fn memory(&self) -> Option<Charged> {
        let folder = self.memory.as_ref()?;
        let stat = fs::read_to_string(folder.join("memory.stat")).ok()?;
        let first = number(&folder.join("memory.usage_in_bytes"));
        let (usage, cache, kernel) = match first {
            // `total_` counts the groups below too.
            Some(usage) => (
                usage,
                field(&stat, "total_active_file")? + field(&stat, "total_inactive_file")?,
                number(&folder.join("memory.kmem.usage_in_bytes")),
            ),
            None => (
                number(&folder.join("memory.current"))?,
                field(&stat, "active_file")? + field(&stat, "inactive_file")?,
                field(&stat, "kernel"),
            ),
        };
        Some(Charged {
            without_page_cache: usage.saturating_sub(cache),
            page_cache: cache,
            kernel,
        })
    }
}

/// The folders that account for the memory of a process, in the hierarchy of that account: the group it
/// is in. None if it is in the root group, or not told.
pub fn memory_group_of(pid: u32) -> Option<PathBuf> {
    let hierarchies = Hierarchies::of_this_host();
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let mut found = None;
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?.trim_start_matches('/'));
        let root = if controllers.is_empty() {
            hierarchies.second.as_deref()
        } else if controllers.split(',').any(|name| name == "memory") {
            hierarchies.first("memory")
        } else {
            None
        };
        let folder = root.map(|root| root.join(path));
        let accounts = |folder: &PathBuf| {
            ["memory.usage_in_bytes", "memory.current"]
                .iter()
                .any(|file| folder.join(file).exists())
        };
        if !path.is_empty() && found.is_none() {
            found = folder.filter(accounts);
        }
    }
    found
}

/// Removes every group of that name below the root of any hierarchy, with all below it. The
/// processes in them must have ended.
pub fn sweep(name: &str) {
    for mount in every_hierarchy() {
        remove(&mount.join(name));
    }
}

/// Whether any hierarchy has a group of that name below its root.
pub fn exists(name: &str) -> bool {
    every_hierarchy()
        .iter()
        .any(|mount| mount.join(name).is_dir())
}

/// The mount points of all hierarchies, those without accounts too: container runtimes make groups
/// in each.
fn every_hierarchy() -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            let place = fields.next()?;
            matches!(fields.next()?, "cgroup" | "cgroup2").then(|| place.into())
        })
        .collect()
}

/// Removes a group and all below it. A process that is just ending keeps its group for a moment.
fn remove(folder: &Path) {
    if let Ok(entries) = fs::read_dir(folder) {
        for entry in entries.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                remove(&entry.path());
            }
        }
    }
    for _ in 0..50 {
        match fs::remove_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            _ => return,
        }
    }
}

fn number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// The value of a `name 123` line.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::{Hierarchies, field};
    use std::path::Path;

    #[test]
    fn hierarchies_of_both_versions_are_found() {
        let mounts = "cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0\n\
            cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n\
            cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n\
            tmpfs /tmp tmpfs rw 0 0\n";
        let found = Hierarchies::read(mounts);
        assert_eq!(
            found.first("memory"),
            Some(Path::new("/sys/fs/cgroup/memory"))
        );
        assert_eq!(
            found.first("cpuacct"),
            Some(Path::new("/sys/fs/cgroup/cpu,cpuacct"))
        );
        assert_eq!(
            found.second.as_deref(),
            Some(Path::new("/sys/fs/cgroup/unified"))
        );
    }

    #[test]
    fn a_field_is_told_from_one_that_begins_alike() {
        let stat = "kernel_stack 7\nkernel 9\n";
        assert_eq!(field(stat, "kernel"), Some(9));
        assert_eq!(field(stat, "slab"), None);
    }
}
