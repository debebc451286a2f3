//! Network namespaces with a pair of virtual interfaces, one end on the host and one inside, as
//! engines make them.

use std::fs;
use std::io::{Write, pipe};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::command;
use crate::technology::Failure;

/// Where `ip netns` keeps namespaces by name.
const NAMESPACES: &str = "/run/netns";

/// Pairs of addresses in 198.18.0.0/15, which is set aside for benchmarks.
const PAIRS: u64 = 1 << 16;

/// A network namespace and the host's interface that leads into it, under one name.
#[derive(Debug)]
pub(super) struct Network {
    name: String,
}

impl Network {
    /// Makes the namespace, the interfaces and their addresses, by two calls of `ip`.
    pub(super) fn create(run: &str, number: u64) -> Result<Self, Failure> {
        let network = Self {
            name: name(run, std::process::id(), number),
        };
        let name = &network.name;
        let (outside, inside) = addresses(number);
        // From here on, dropping it removes what was made.
        ip(
            &[],
            &format!(
                "netns add {name}\n\
                 link add {name} type veth peer name eth0 netns {name}\n\
                 address add {outside}/31 dev {name}\n\
                 link set {name} up\n"
            ),
        )?;
        ip(
            &["-netns", name],
            &format!(
                "link set lo up\n\
                 address add {inside}/31 dev eth0\n\
                 link set eth0 up\n\
                 route add default via {outside}\n"
            ),
        )?;
        Ok(network)
    }

    /// The file that names the namespace.
    pub(super) fn namespace(&self) -> PathBuf {
        Path::new(NAMESPACES).join(&self.name)
    }

    /// Removes the interfaces and the namespace, if they are there.
    pub(super) fn remove(&self) -> Result<(), Failure> {
        remove(&self.name)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Whoever wants to know has called `remove` before.
        let _ = self.remove();
    }
}

/// Removes what a run left behind, known by its name.
pub(super) fn sweep(run: &str) {
    let prefix = prefix(run);
    for folder in [NAMESPACES, "/sys/class/net"] {
        let Ok(entries) = fs::read_dir(folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(&prefix) {
                // What cannot be removed is left; there is nobody to tell.
                let _ = remove(&name);
            }
        }
    }
}

fn remove(name: &str) -> Result<(), Failure> {
    let parts = [("/sys/class/net", "link"), (NAMESPACES, "netns")];
    let lines: String = parts
        .into_iter()
        .filter(|(folder, _)| Path::new(folder).join(name).exists())
        .map(|(_, kind)| kind.to_owned() + " delete " + name + "\n")
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    ip(&["-force"], &lines)
}

/// Runs `ip` with some lines of commands.
fn ip(options: &[&str], lines: &str) -> Result<(), Failure> {
    // A pipe holds far more than these lines, so writing does not wait for a reader.
    let (reader, mut writer) =
        pipe().map_err(|error| Failure::of("cannot hand commands to `ip`", error))?;
    writer
        .write_all(lines.as_bytes())
        .map_err(|error| Failure::of("cannot hand commands to `ip`", error))?;
    drop(writer);
    let mut ip = Command::new("ip");
    ip.args(options)
        .args(["-batch", "-"])
        .stdin(Stdio::from(reader));
    command::run(ip, command::PATIENCE).map(|_| ())
}

/// The name of a container's namespace and interface: 15 characters at most, of which eight are the
/// same for all of a run, so that a sweep finds them.
fn name(run: &str, process: u32, number: u64) -> String {
    let process = base36(process.into(), 3);
    let number = base36(number, 4);
    format!("{}{process}{number}", prefix(run))
}

fn prefix(run: &str) -> String {
    // FNV-1a, folded to 28 bits.
    let hash = run.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    format!("t{:07x}", (hash >> 28) ^ (hash & 0x0fff_ffff))
}

/// The lowest digits of a number to the base of 36.
fn base36(mut number: u64, digits: usize) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut text = vec!['0'; digits];
    for place in text.iter_mut().rev() {
        *place = char::from(DIGITS[usize::try_from(number % 36).unwrap_or(0)]);
        number /= 36;
    }
    text.into_iter().collect()
}

/// The two addresses of a pair: the host's, and the one inside.
fn addresses(number: u64) -> (Ipv4Addr, Ipv4Addr) {
    let first = u32::from(Ipv4Addr::new(198, 18, 0, 0));
    let pair = u32::try_from(number % PAIRS).unwrap_or(0);
    let outside = first + 2 * pair;
    (Ipv4Addr::from(outside), Ipv4Addr::from(outside + 1))
}

#[cfg(test)]
#[allow(clippy::print_stderr, reason = "a test that cannot run here says so")]
mod tests {
    use super::{Network, addresses, name, prefix, sweep};
    use crate::tools;
    use std::net::{Ipv4Addr, SocketAddr, TcpStream};
    use std::path::Path;
    use std::time::Duration;

    #[test]
    fn names_fit_an_interface_and_differ() {
        let one = name("run-2026-01-01-abcdef", u32::MAX, 46_655);
        assert_eq!(one.len(), 15, "{one}");
        assert!(one.starts_with(&prefix("run-2026-01-01-abcdef")));
        assert_ne!(one, name("run-2026-01-01-abcdef", u32::MAX, 46_656));
        assert_ne!(prefix("a-run"), prefix("another-run"));
    }

    #[test]
    fn addresses_come_in_pairs_of_the_range_for_benchmarks() {
        assert_eq!(addresses(0).0, Ipv4Addr::new(198, 18, 0, 0));
        assert_eq!(addresses(0).1, Ipv4Addr::new(198, 18, 0, 1));
        assert_eq!(addresses(65_535).1, Ipv4Addr::new(198, 19, 255, 255));
        assert_eq!(addresses(65_536), addresses(0));
    }

    #[test]
    fn a_network_carries_packets_and_goes_away() {
        if !nix::unistd::geteuid().is_root() || tools::find("ip").is_none() {
            eprintln!("skipped: making network namespaces needs root and `ip`");
            return;
        }
        let network = Network::create("network-test", 40_000).expect("made");
        assert!(network.namespace().exists());
        // Nobody listens there, and only a host that is reached can say so.
        let inside = SocketAddr::from((addresses(40_000).1, 9));
        let error = TcpStream::connect_timeout(&inside, Duration::from_secs(5))
            .expect_err("nobody listens");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
        let interface = Path::new("/sys/class/net").join(&network.name);
        assert!(interface.exists());
        network.remove().expect("removed");
        assert!(!network.namespace().exists());
        assert!(!interface.exists());
        network.remove().expect("there is nothing to remove");
    }

    #[test]
    fn a_sweep_finds_a_network_by_the_name_of_its_run() {
        if !nix::unistd::geteuid().is_root() || tools::find("ip").is_none() {
            eprintln!("skipped: making network namespaces needs root and `ip`");
            return;
        }
        let network = Network::create("network-sweep-test", 40_001).expect("made");
        sweep("another-run");
        assert!(network.namespace().exists());
        sweep("network-sweep-test");
        assert!(!network.namespace().exists());
    }
}
