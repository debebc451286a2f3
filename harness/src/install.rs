//! Bringing what technologies need and this host does not have, from the registries that have it.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use crate::need::{Need, npm};
use crate::technology::{Failure, Role, Technology, Verdict, registry};

/// What would be brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// What is to be brought.
    pub items: Vec<Item>,
    /// What is brought only for technologies that are named.
    pub held_back: Vec<Item>,
    /// What no registry has, by technology.
    pub others: Vec<(String, &'static str)>,
}

/// Something to be brought, and for which technologies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What.
    pub need: Need,
    /// The technologies that need it.
    pub technologies: Vec<String>,
}

/// What is to be brought for technologies that cannot be measured here: those named, or all.
/// Nothing is changed.
///
/// # Errors
/// If there is no technology of a name: that name.
pub fn plan(named: &[String]) -> Result<Plan, String> {
    let all = registry();
    let id = |technology: &dyn Technology| technology.description().id;
    if let Some(unknown) = named
        .iter()
        .find(|name| !all.iter().any(|technology| id(&**technology) == **name))
    {
        return Err(unknown.clone());
    }
    let wanted = all.iter().filter(|technology| {
        if named.is_empty() {
            technology.description().role != Role::KnownAnswer
        } else {
            named.contains(&id(&***technology))
        }
    });
    let missing = wanted
        .filter(|technology| matches!(technology.examine(), Verdict::NotHere { .. }))
        .map(|technology| (id(&**technology), technology.needs()));
    Ok(of_needs(missing, !named.is_empty()))
}

/// What is to be brought for technologies with these needs.
fn of_needs(technologies: impl Iterator<Item = (String, Vec<Need>)>, are_named: bool) -> Plan {
    let mut wanted: BTreeMap<Need, Vec<String>> = BTreeMap::new();
    let mut plan = Plan::default();
    for (id, needs) in technologies {
        for need in needs {
            match (need.is_met(), need) {
                (Some(true), _) => {}
                (None, Need::Other(what)) => plan.others.push((id.clone(), what)),
                _ => wanted.entry(need).or_default().push(id.clone()),
            }
        }
    }
    for (need, technologies) in wanted {
        let item = Item { need, technologies };
        if need.only_by_name() && !are_named {
            plan.held_back.push(item);
        } else {
            plan.items.push(item);
        }
    }
    plan
}

impl Plan {
    /// The Debian packages to be installed, each once.
    pub fn packages(&self) -> Vec<&'static str> {
        let mut packages: Vec<_> = self
            .items
            .iter()
            .filter_map(|item| item.need.package())
            .collect();
        packages.sort_unstable();
        packages.dedup();
        packages
    }

    /// The bundles of npm to be installed.
    pub fn bundles(&self) -> Vec<&'static npm::Bundle> {
        self.items
            .iter()
            .filter_map(|item| match item.need {
                Need::Npm(bundle) => Some(bundle),
                _ => None,
            })
            .collect()
    }
}

/// Why Debian packages cannot be installed by this process, if so.
pub fn no_packages_because() -> Option<&'static str> {
    if crate::tools::find("apt-get").is_none() {
        Some("there is no apt-get on this host")
    } else if !nix::unistd::geteuid().is_root() {
        Some("this is not root")
    } else {
        None
    }
}

/// What apt says the packages cost: how much is fetched and how much disk space they take. Nothing
/// if it cannot say, as with package lists that were never fetched.
pub fn size_of_packages(packages: &[&str]) -> Option<String> {
    if packages.is_empty() {
        return None;
    }
    let output = apt_get()
        .args(["install", "--assume-no", "--no-install-recommends"])
        .args(packages)
        .output()
        .ok()?;
    size_in(&String::from_utf8_lossy(&output.stdout))
}

fn size_in(said: &str) -> Option<String> {
    let lines: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("Need to get") || line.starts_with("After this operation"))
        .map(|line| line.trim_end_matches('.'))
        .collect();
    (!lines.is_empty()).then(|| {
        lines
            .join("; ")
            .to_lowercase()
            .replace(" mb", " MB")
            .replace(" kb", " kB")
    })
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command
        .env("LC_ALL", "C")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null());
    command
}

/// Renews the lists of packages.
///
/// # Errors
/// If it fails; then the lists are as they were.
pub fn renew_lists() -> Result<(), Failure> {
    finish(apt_get().args(["update", "--quiet"]), "apt-get update")
}

/// Installs one Debian package, without what is only recommended.
///
/// # Errors
/// If it fails, with the last that was said.
pub fn install_package(package: &str) -> Result<(), Failure> {
    let arguments = [
        "install",
        "--yes",
        "--quiet",
        "--no-install-recommends",
        "-o",
        "DPkg::Lock::Timeout=120",
        package,
    ];
    finish(apt_get().args(arguments), "apt-get install")
}

fn finish(command: &mut Command, name: &str) -> Result<(), Failure> {
    let output = command
        .output()
        .map_err(|error| Failure::of(&format!("cannot run {name}"), error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    Err(Failure::new(format!(
        "{name} failed ({}): {}",
        output.status,
        lines[lines.len().saturating_sub(3)..].join(" · ")
    )))
}

#[cfg(test)]
mod tests {
    use super::{of_needs, plan, size_in};
    use crate::need::{Need, npm};
    use crate::technology::registry;

    const MISSING: Need = Need::program("no-such-program", "no-such-package");
    const SERVICE: Need = Need::Service {
        name: "no-such-client",
        package: "no-such-service",
    };

    fn one(needs: &[Need]) -> impl Iterator<Item = (String, Vec<Need>)> {
        ["first", "second"]
            .map(|id| (id.to_owned(), needs.to_vec()))
            .into_iter()
    }

    #[test]
    fn what_is_missing_is_brought_once_for_all_that_need_it() {
        let plan = of_needs(one(&[MISSING, Need::program("sh", "dash")]), false);
        assert_eq!(plan.packages(), ["no-such-package"]);
        assert_eq!(plan.items[0].technologies, ["first", "second"]);
        assert!(plan.held_back.is_empty() && plan.bundles().is_empty());
    }

    #[test]
    fn a_service_is_brought_only_when_its_technology_is_named() {
        let all = of_needs(one(&[SERVICE]), false);
        assert!(all.items.is_empty());
        assert_eq!(all.held_back[0].need, SERVICE);
        let named = of_needs(one(&[SERVICE]), true);
        assert_eq!(named.packages(), ["no-such-service"]);
    }

    #[test]
    fn what_no_registry_has_is_said_for_each() {
        let plan = of_needs(one(&[Need::Other("turn it on")]), true);
        assert_eq!(plan.others.len(), 2);
        assert!(plan.items.is_empty());
    }

    #[test]
    fn an_unknown_name_is_refused() {
        assert_eq!(plan(&["empyt".to_owned()]), Err("empyt".to_owned()));
    }

    #[test]
    fn the_sizes_that_apt_tells_are_found() {
        let said = "Reading package lists...\nNeed to get 20.1 MB of archives.\n\
            After this operation, 86.6 MB of additional disk space will be used.\nAbort.\n";
        assert_eq!(
            size_in(said).as_deref(),
            Some(
                "need to get 20.1 MB of archives; \
                 after this operation, 86.6 MB of additional disk space will be used"
            )
        );
        assert_eq!(size_in("E: Unable to locate package nothing"), None);
    }

    #[test]
    fn whoever_needs_packages_of_npm_needs_npm_and_node_too() {
        for technology in registry() {
            let needs = technology.needs();
            if needs.iter().any(|need| matches!(need, Need::Npm(_))) {
                assert!(needs.contains(&npm::PROGRAM), "{technology:?}");
            }
        }
    }
}
