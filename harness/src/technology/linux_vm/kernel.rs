//! The kernel of a guest: Debian's for virtual machines, as it is or without its wrapping.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::technology::Failure;
use crate::tools;

/// Names a kernel to use in place of Debian's.
pub(super) const VARIABLE: &str = "TONNAGE_GUEST_KERNEL";

/// The package that depends on the newest of Debian's kernels for virtual machines.
pub(super) const PACKAGE: &str = "linux-image-cloud-amd64";

/// Where a kernel comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// This file.
    File(PathBuf),
    /// A package that is fetched and unpacked, not installed.
    Package,
}

/// Where a kernel can be had from, quickly decided; why not, if none can.
pub(super) fn source() -> Result<Source, String> {
    if let Some(path) = std::env::var_os(VARIABLE) {
        let path = PathBuf::from(path);
        return if path.is_file() {
            Ok(Source::File(path))
        } else {
            Err(format!(
                "{VARIABLE} names {}, which is no file",
                path.display()
            ))
        };
    }
    if let Some(path) = installed(Path::new("/boot")) {
        return Ok(Source::File(path));
    }
    if tools::find("apt-get").is_some() && tools::find("dpkg-deb").is_some() {
        return Ok(Source::Package);
    }
    Err(format!(
        "there is no kernel for it: none of Debian's in /boot, no `apt-get` to fetch one, and \
         {VARIABLE} is not set"
    ))
}

/// Debian's newest kernel for virtual machines among the files of a folder.
fn installed(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("vmlinuz-") && name.ends_with("-cloud-amd64")
        })
        .collect();
    // Of versions alike in form the longer number is the newer, then the later in the alphabet.
    found.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    found.pop()
}

/// The kernel as a file, fetched and unpacked into a folder where it has to be.
pub(super) fn image(source: &Source, folder: &Path) -> Result<PathBuf, Failure> {
    match source {
        Source::File(path) => Ok(path.clone()),
        Source::Package => {
            let name = newest_package()?;
            run(Command::new("apt-get")
                .arg("download")
                .arg(&name)
                .current_dir(folder))?;
            let file = fs::read_dir(folder)
                .ok()
                .and_then(|mut entries| {
                    entries.find_map(|entry| {
                        let path = entry.ok()?.path();
                        let is_it = path.extension().is_some_and(|kind| kind == "deb");
                        is_it.then_some(path)
                    })
                })
                .ok_or_else(|| Failure::new("apt-get fetched no package"))?;
            let root = folder.join("kernel");
            run(Command::new("dpkg-deb")
                .arg("--extract")
                .args([&file, &root]))?;
            let found = installed(&root.join("boot"));
            found.ok_or_else(|| Failure::new(format!("there is no kernel in {name}")))
        }
    }
}

/// What the package that always names the newest depends on.
fn newest_package() -> Result<String, Failure> {
    let output = run(Command::new("apt-cache").args(["depends", PACKAGE]))?;
    let text = String::from_utf8_lossy(&output);
    dependency(&text).ok_or_else(|| {
        Failure::new(format!(
            "apt-cache knows no {PACKAGE}: try `apt-get update`"
        ))
    })
}

fn dependency(text: &str) -> Option<String> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "))
        .find(|name| name.starts_with("linux-image-"))
        .map(str::to_owned)
}

fn run(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let shown = format!("{command:?}");
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::of(&shown, error))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty());
    Err(Failure::new(format!(
        "{shown}: {}",
        last.unwrap_or("it failed")
    )))
}

/// What a compressed kernel begins with, and the program that unpacks it.
const COMPRESSIONS: [(&[u8], &[&str]); 4] = [
    (b"\xfd7zXZ\0", &["xz", "-dc"]),
    (b"\x28\xb5\x2f\xfd", &["zstd", "-dc"]),
    (b"\x1f\x8b", &["gzip", "-dc"]),
    (b"\x02\x21\x4c\x18", &["lz4", "-dc"]),
];

/// The kernel proper (an ELF file) out of one that boots by itself (bzImage), which carries it
/// compressed: where is in its header (`Documentation/arch/x86/boot.rst`).
pub(super) fn unwrapped(image: &[u8]) -> Result<Vec<u8>, Failure> {
    if image.starts_with(b"\x7fELF") {
        return Ok(image.to_vec());
    }
    let payload = payload(image).ok_or_else(|| Failure::new("this is no kernel of Linux"))?;
    let (_, command) = COMPRESSIONS
        .iter()
        .find(|(magic, _)| payload.starts_with(magic))
        .ok_or_else(|| Failure::new("the kernel is compressed in a way that is not known here"))?;
    let kernel = unpacked(command, payload)?;
    if kernel.starts_with(b"\x7fELF") {
        Ok(kernel)
    } else {
        Err(Failure::new("there is no ELF file inside the kernel"))
    }
}

fn payload(image: &[u8]) -> Option<&[u8]> {
    let number = |at: usize| {
        let bytes = image.get(at..)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    };
    if image.get(0x202..0x206)? != b"HdrS" {
        return None;
    }
    // A header that says nothing means four.
    let sectors = match image[0x1f1] {
        0 => 4,
        sectors => usize::from(sectors),
    };
    let begin = ((sectors + 1) * 512).checked_add(number(0x248)?)?;
    image.get(begin..begin.checked_add(number(0x24c)?)?)
}

/// What a program makes of some bytes. The length of what was packed stands behind it, of which a
/// program may complain after it has written everything.
fn unpacked(command: &[&str], packed: &[u8]) -> Result<Vec<u8>, Failure> {
    let program = command[0];
    let fail = |error| Failure::of(&format!("`{program}`, which unpacks the kernel"), error);
    let mut child = Command::new(program)
        .args(&command[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(fail)?;
    let mut input = child.stdin.take();
    let packed = packed.to_vec();
    let writer = std::thread::spawn(move || {
        if let Some(input) = &mut input {
            // One that has what it needs may close its input early.
            let _ = input.write_all(&packed);
        }
    });
    let output = child.wait_with_output().map_err(fail)?;
    let _ = writer.join();
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::{dependency, installed, unwrapped};

    /// A header of a kernel with something compressed behind it.
    fn wrapped(payload: &[u8]) -> Vec<u8> {
        let mut image = vec![0; 512 * 3];
        image[0x1f1] = 2;
        image[0x202..0x206].copy_from_slice(b"HdrS");
        image[0x248..0x24c].copy_from_slice(&16_u32.to_le_bytes());
        let length = u32::try_from(payload.len()).expect("small");
        image[0x24c..0x250].copy_from_slice(&length.to_le_bytes());
        image.extend([0; 16]);
        image.extend(payload);
        image.extend(b"and what follows");
        image
    }

    #[test]
    fn a_kernel_is_unwrapped() {
        let kernel = [b"\x7fELF".as_slice(), &vec![7; 300_000]].concat();
        assert_eq!(unwrapped(&kernel).expect("as it is"), kernel);
        let mut gzip = Command::new("gzip")
            .arg("-c")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("gzip");
        let mut input = gzip.stdin.take().expect("a pipe");
        let of_kernel = kernel.clone();
        let writer = std::thread::spawn(move || input.write_all(&of_kernel));
        let mut payload = gzip.wait_with_output().expect("it ends").stdout;
        writer.join().expect("no panic").expect("written");
        payload.extend(300_004_u32.to_le_bytes());
        assert_eq!(unwrapped(&wrapped(&payload)).expect("unpacked"), kernel);
    }

    #[test]
    fn what_is_no_kernel_is_refused() {
        for (image, says) in [
            (Vec::new(), "no kernel of Linux"),
            (vec![0; 100_000], "no kernel of Linux"),
            (wrapped(b"plain"), "not known here"),
        ] {
            let failure = unwrapped(&image).expect_err(says);
            assert!(failure.message.contains(says), "{failure}");
        }
        let mut lies = wrapped(b"x");
        lies[0x24c..0x250].copy_from_slice(&u32::MAX.to_le_bytes());
        unwrapped(&lies).expect_err("its payload would end behind it");
    }

    #[test]
    fn the_newest_installed_kernel_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(installed(folder.path()), None);
        for name in [
            "vmlinuz-6.1.0-9-cloud-amd64",
            "vmlinuz-6.1.0-41-cloud-amd64",
            "vmlinuz-6.1.0-40-cloud-amd64",
            "vmlinuz-6.1.0-50-amd64",
            "initrd.img-6.1.0-60-cloud-amd64",
        ] {
            std::fs::write(folder.path().join(name), "").expect("written");
        }
        let newest = folder.path().join("vmlinuz-6.1.0-41-cloud-amd64");
        assert_eq!(installed(folder.path()), Some(newest));
    }

    #[test]
    fn the_package_behind_the_package_is_named() {
        let text = "linux-image-cloud-amd64\n  Depends: linux-image-6.1.0-41-cloud-amd64\n";
        let name = dependency(text);
        assert_eq!(name.as_deref(), Some("linux-image-6.1.0-41-cloud-amd64"));
        assert_eq!(dependency("linux-image-cloud-amd64\n"), None);
    }
}
