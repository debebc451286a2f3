//! What technologies need on a host, in a form from which it can be brought: `tonnage doctor
//! --install` is made from this, and so is `make setup`.
//!
//! A technology says all that it needs, whether it is there or not; what is there already is passed
//! over. Programs are taken from wherever they are on `PATH`; where one is missing, the Debian
//! package that has it is installed. Packages of npm go to a folder of Tonnage's own
//! ([`npm::Bundle::folder`]), their versions and contents fixed by a lock file.

pub mod npm;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::tools;

/// Something a technology needs on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// A program, and the Debian package that brings it.
    Program {
        /// Its name on `PATH`.
        name: &'static str,
        /// The package.
        package: &'static str,
    },
    /// A Debian package that starts a service when it is installed. Brought only when the
    /// technology is named: a service changes a host.
    Service {
        /// The program by which the service is used.
        name: &'static str,
        /// The package.
        package: &'static str,
    },
    /// A Debian package that is not a program: a library, data.
    Package(&'static str),
    /// Pinned packages of npm.
    Npm(&'static npm::Bundle),
    /// What no registry has: what to do, as an order. Whether it is done only
    /// [`Technology::examine`](crate::technology::Technology::examine) can tell.
    Other(&'static str),
}

impl Need {
    /// A program, and the Debian package that brings it.
    pub const fn program(name: &'static str, package: &'static str) -> Self {
        Self::Program { name, package }
    }

    /// Whether it is there; nothing if that cannot be seen. Quick, and changes nothing.
    pub fn is_met(&self) -> Option<bool> {
        match self {
            Self::Program { name, .. } | Self::Service { name, .. } => {
                Some(program(name).is_some())
            }
            Self::Package(package) => Some(is_installed(package)),
            Self::Npm(bundle) => Some(bundle.is_there()),
            Self::Other(_) => None,
        }
    }

    /// Whether it is brought only for a technology that is named: it starts a service, takes
    /// minutes to compile, or much room.
    pub fn only_by_name(&self) -> bool {
        match self {
            Self::Service { .. } => true,
            Self::Npm(bundle) => bundle.only_by_name(),
            Self::Program { .. } | Self::Package(_) | Self::Other(_) => false,
        }
    }

    /// The Debian package that has it.
    pub fn package(&self) -> Option<&'static str> {
        match self {
            Self::Program { package, .. }
            | Self::Service { package, .. }
            | Self::Package(package) => Some(package),
            Self::Npm(_) | Self::Other(_) => None,
        }
    }
}

/// How a technology is enabled, in words, from what it needs and is not there: what a verdict says.
pub fn enable(id: &str, needs: &[Need]) -> String {
    let missing: Vec<&Need> = needs
        .iter()
        .filter(|need| need.is_met() != Some(true))
        .collect();
    let others: Vec<&str> = missing
        .iter()
        .filter_map(|need| match need {
            Need::Other(what) => Some(*what),
            _ => None,
        })
        .collect();
    let brought = missing.len() > others.len();
    let mut words = Vec::new();
    if brought {
        words.push(format!("`tonnage doctor --install {id}`"));
    }
    words.extend(others.into_iter().map(str::to_owned));
    if words.is_empty() {
        return "it is all there; the reason above says what stands in the way".to_owned();
    }
    words.join(", and ")
}

/// A program on `PATH`, or where Debian has those of root.
fn program(name: &str) -> Option<PathBuf> {
    tools::find(name).or_else(|| {
        ["/usr/sbin", "/sbin"]
            .iter()
            .map(|folder| Path::new(folder).join(name))
            .find(|file| tools::is_executable(file))
    })
}

/// Whether a Debian package is installed. On other systems nothing is.
fn is_installed(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["--show", "--showformat=${Status}", package])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| output.status.success() && output.stdout.ends_with(b"ok installed"))
}

#[cfg(test)]
mod tests {
    use super::{Need, enable, npm};

    #[test]
    fn what_is_there_is_met_and_what_is_not_is_not() {
        assert_eq!(Need::program("sh", "dash").is_met(), Some(true));
        let missing = Need::program("no-such-program", "no-such-package");
        assert_eq!(missing.is_met(), Some(false));
        assert_eq!(Need::Package("no-such-package").is_met(), Some(false));
        assert_eq!(Need::Other("build a ship").is_met(), None);
    }

    #[test]
    fn how_to_enable_it_names_the_command_and_what_no_command_brings() {
        let needs = [
            Need::program("sh", "dash"),
            Need::program("no-such-program", "no-such-package"),
            Need::Other("turn it on in the firmware"),
        ];
        assert_eq!(
            enable("ship", &needs),
            "`tonnage doctor --install ship`, and turn it on in the firmware"
        );
        assert!(enable("ship", &needs[..1]).contains("all there"));
    }

    #[test]
    fn what_changes_a_host_or_takes_minutes_is_brought_only_by_name() {
        let service = Need::Service {
            name: "docker",
            package: "docker.io",
        };
        assert!(service.only_by_name());
        assert!(Need::Npm(&npm::ISOLATED_VM).only_by_name());
        assert!(Need::Npm(&npm::COMPONENTIZE_JS).only_by_name());
        assert!(!Need::Npm(&npm::WORKERD).only_by_name());
        assert!(!Need::program("runc", "runc").only_by_name());
    }
}
