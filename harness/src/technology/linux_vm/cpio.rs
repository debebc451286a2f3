//! Archives as Linux unpacks them into its first root file system: the "newc" form of cpio, as the
//! kernel's `Documentation/driver-api/early-userspace/buffer-format.rst` describes it.

/// An archive as it grows.
#[derive(Debug, Default)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

/// What an entry is, as in `st_mode`.
const FOLDER: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const CHARACTER_DEVICE: u32 = 0o020_000;

/// The name of the entry that ends an archive.
const TRAILER: &str = "TRAILER!!!";

impl Archive {
    /// Adds a folder.
    pub(super) fn folder(&mut self, name: &str) {
        self.entry(name, FOLDER | 0o755, (0, 0), &[]);
    }

    /// Adds a program.
    pub(super) fn program(&mut self, name: &str, bytes: &[u8]) {
        self.entry(name, FILE | 0o755, (0, 0), bytes);
    }

    /// Adds a character device by its numbers.
    pub(super) fn character_device(&mut self, name: &str, major: u32, minor: u32) {
        self.entry(name, CHARACTER_DEVICE | 0o600, (major, minor), &[]);
    }

    /// The whole archive.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.entry(TRAILER, 0, (0, 0), &[]);
        self.bytes
    }

    fn entry(&mut self, name: &str, mode: u32, device: (u32, u32), contents: &[u8]) {
        self.entries += 1;
        let links = 1;
        let size = u32::try_from(contents.len()).expect("programs are small");
        let name_size = u32::try_from(name.len() + 1).expect("names are short");
        let fields = [
            self.entries, // inode
            mode,
            0, // user
            0, // group
            links,
            0, // time of change
            size,
            0, // device it is on
            0,
            device.0,
            device.1,
            name_size,
            0, // checksum, of another form
        ];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08X}").bytes());
        }
        self.bytes.extend(name.bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(contents);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::Archive;

    fn archive() -> Vec<u8> {
        let mut archive = Archive::default();
        archive.folder("dev");
        archive.character_device("dev/console", 5, 1);
        archive.program("init", b"#!x\n!");
        archive.finish()
    }

    #[test]
    fn entries_are_as_the_kernel_reads_them() {
        let bytes = archive();
        assert_eq!(bytes.len() % 4, 0);
        let text = String::from_utf8(bytes).expect("nothing else is in it");
        assert!(text.starts_with("070701000000010000 41ED".replace(' ', "").as_str()));
        // major 5 and minor 1, and a name of 12 bytes with its end
        assert!(text.contains("00000005000000010000000C00000000dev/console\0"));
        assert!(text.contains("TRAILER!!!\0"));
    }

    #[test]
    #[expect(clippy::print_stderr, reason = "a test that can't run says so")]
    fn the_cpio_program_lists_it() {
        let child = Command::new("cpio")
            .args(["--list", "--verbose", "--quiet"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            eprintln!("skipped: there is no `cpio`");
            return;
        };
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(&archive()).expect("it reads");
        drop(input);
        let output = child.wait_with_output().expect("it ends");
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines: Vec<&str> = listed.lines().collect();
        assert_eq!(lines.len(), 3, "{listed}");
        assert!(lines[0].starts_with("drwxr-xr-x"), "{listed}");
        assert!(
            lines[1].starts_with("crw-------") && lines[1].contains("5,   1"),
            "{listed}"
        );
        assert!(
            lines[2].starts_with("-rwxr-xr-x") && lines[2].contains(" 5 "),
            "{listed}"
        );
    }
}
