//! Bringing what technologies need: says what, how much and why, asks, does it, and looks again.

use std::fmt::Write as _;

use tonnage_harness::install::{self, Item, Plan};
use tonnage_harness::need::Need;
use tonnage_harness::technology::{Verdict, find};

use crate::commands::measure::unknown_technology;
use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::text;

/// Brings what is missing for the technologies named, or for all.
pub(crate) fn run(named: &[String], yes: bool, console: Console) -> Result<Outcome, Failure> {
    let plan = install::plan(named).map_err(|name| unknown_technology(&name))?;
    console::print(&page(&plan))?;
    if plan.items.is_empty() {
        return Ok(Outcome::Done);
    }
    let hindrance = install::no_packages_because();
    if plan.bundles().is_empty() && hindrance.is_some() {
        return Ok(Outcome::Done);
    }
    if !yes {
        match console::ask("Install?") {
            Some(true) => {}
            Some(false) => {
                console.note("nothing was installed");
                return Ok(Outcome::Done);
            }
            None => {
                return Err(Failure::input(
                    "nobody is there to be asked, and nothing was installed",
                )
                .help("give --yes to install without being asked"));
            }
        }
    }
    let failed = bring(&plan, hindrance.is_none(), console);
    console::print(&verdicts(&plan))?;
    if failed.is_empty() {
        Ok(Outcome::Done)
    } else {
        Err(Failure::system(format!("could not install {}", failed.join(", "))).help(
            "the reasons are above; everything else was installed, and nothing else depends on it",
        ))
    }
}

/// Does it, and tells what failed.
fn bring(plan: &Plan, packages_too: bool, console: Console) -> Vec<String> {
    let mut failed = Vec::new();
    let packages = plan.packages();
    if packages_too && !packages.is_empty() {
        console.note("renewing the lists of packages");
        if let Err(failure) = install::renew_lists() {
            console.note(&format!("{failure}; going on with the lists there are"));
        }
        // One by one: a browser that cannot be had does not keep the rest from coming.
        for package in packages {
            console.note(&format!("installing {package}"));
            if let Err(failure) = install::install_package(package) {
                console.note(&format!("{package}: {failure}"));
                failed.push(package.to_owned());
            }
        }
    }
    for bundle in plan.bundles() {
        console.note(&format!("installing {}", bundle.what));
        if let Err(failure) = bundle.install() {
            console.note(&format!("{}: {failure}", bundle.what));
            failed.push(bundle.name.to_owned());
        }
    }
    failed
}

/// What would be done.
fn page(plan: &Plan) -> String {
    let mut out = String::new();
    if plan.items.is_empty() {
        out.push_str("Nothing is missing that a registry has\n");
    } else {
        out.push_str("To be installed\n");
        rows(&mut out, &plan.items);
        let packages = plan.packages();
        if let Some(because) = install::no_packages_because().filter(|_| !packages.is_empty()) {
            text::wrap(
                &mut out,
                &format!(
                    "Debian packages are not installed, since {because}. As root: apt-get install \
                     --no-install-recommends {}",
                    packages.join(" ")
                ),
                2,
            );
        } else if !packages.is_empty() {
            let size = install::size_of_packages(&packages).unwrap_or_else(|| {
                "how much, apt-get does not say before its lists are renewed".to_owned()
            });
            text::wrap(&mut out, &format!("Debian packages: {size}"), 2);
        }
    }
    if !plan.held_back.is_empty() {
        out.push_str("\nOnly for a technology that is named\n");
        rows(&mut out, &plan.held_back);
    }
    if !plan.others.is_empty() {
        out.push_str("\nIn no registry\n");
        for (technology, what) in &plan.others {
            text::wrap(&mut out, &format!("{technology}: {what}"), 2);
        }
    }
    out
}

fn rows(out: &mut String, items: &[Item]) {
    let named: Vec<(String, String)> = items
        .iter()
        .map(|item| {
            let mut why = match item.need {
                Need::Npm(bundle) => format!(
                    "{}, from npm, {} MB in {}; ",
                    bundle.what,
                    bundle.megabytes,
                    bundle.folder().map_or_else(
                        || "no folder".to_owned(),
                        |folder| folder.display().to_string()
                    )
                ),
                Need::Service { .. } => "Debian package, starts a service; ".to_owned(),
                _ => "Debian package; ".to_owned(),
            };
            if matches!(item.need, Need::Npm(bundle) if bundle.compiles) {
                why.push_str("compiling it takes some minutes; ");
            }
            let _ = write!(why, "for {}", item.technologies.join(", "));
            let name = match item.need {
                Need::Npm(bundle) => bundle.name,
                need => need.package().unwrap_or_default(),
            };
            (name.to_owned(), why)
        })
        .collect();
    let rows: Vec<(&str, String)> = named
        .iter()
        .map(|(name, why)| (name.as_str(), why.clone()))
        .collect();
    text::pairs(out, &rows, 2);
}

/// What the technologies are now that it is done.
fn verdicts(plan: &Plan) -> String {
    let mut ids: Vec<&String> = plan
        .items
        .iter()
        .flat_map(|item| &item.technologies)
        .collect();
    ids.sort();
    ids.dedup();
    let rows: Vec<(&str, String)> = ids
        .into_iter()
        .filter_map(|id| Some((id.as_str(), find(id)?.examine())))
        .map(|(id, verdict)| match verdict {
            Verdict::Ready { tools } => {
                let tools: Vec<String> = tools
                    .iter()
                    .map(|tool| format!("{} {}", tool.name, tool.version))
                    .collect();
                (id, format!("ready: {}", tools.join(", ")))
            }
            Verdict::NotHere { why, enable } => {
                (id, format!("still not here: {why}; to enable it: {enable}"))
            }
        })
        .collect();
    let mut out = String::from("\nAfterwards\n");
    text::pairs(&mut out, &rows, 2);
    out
}
