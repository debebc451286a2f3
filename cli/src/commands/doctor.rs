//! `tonnage doctor`: what this host is and what can be measured on it; and bringing what is missing.

use clap::Args;
use serde::Serialize;
use tonnage_harness::host::Fingerprint;
use tonnage_harness::measurement;
use tonnage_harness::technology::{Description, Verdict};

use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::{installing, text};

const EXAMPLES: &str = "\
Examples:
  tonnage doctor                             what can be measured here
  tonnage doctor --install                   bring what is missing; asks first
  tonnage doctor --install container-docker  for one technology, services included

Debian packages are installed by apt-get, which needs root; packages of npm go to
~/.cache/tonnage, their contents fixed by lock files. What starts a service or is
compiled for minutes is brought only when its technology is named.";

/// Arguments of `tonnage doctor`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArguments {
    /// Technologies to bring what is missing for; all if none is named
    #[arg(value_name = "TECHNOLOGY", requires = "install")]
    technologies: Vec<String>,
    /// Bring what is missing from the registries that have it
    #[arg(long, conflicts_with = "json")]
    install: bool,
    /// Do not ask before installing
    #[arg(long, requires = "install")]
    yes: bool,
    /// Print the same as JSON
    #[arg(long)]
    json: bool,
}

/// What is found.
#[derive(Debug, Serialize)]
struct Findings {
    host: Fingerprint,
    warnings: Vec<String>,
    technologies: Vec<Finding>,
}

/// One technology.
#[derive(Debug, Serialize)]
struct Finding {
    #[serde(flatten)]
    technology: Description,
    #[serde(flatten)]
    verdict: Verdict,
}

/// Shows the host.
pub(crate) fn run(arguments: &DoctorArguments, console: Console) -> Result<Outcome, Failure> {
    if arguments.install {
        return installing::run(&arguments.technologies, arguments.yes, console);
    }
    let host = Fingerprint::of_this_host();
    let findings = Findings {
        warnings: host.warnings(),
        host,
        technologies: measurement::examine()
            .into_iter()
            .map(|(technology, verdict)| Finding {
                technology,
                verdict,
            })
            .collect(),
    };
    if arguments.json {
        console::print(&super::json(&findings)?)?;
        return Ok(Outcome::Done);
    }
    let technologies: Vec<(Description, Verdict)> = findings
        .technologies
        .iter()
        .map(|finding| (finding.technology.clone(), finding.verdict.clone()))
        .collect();
    let mut out = page(&findings);
    out.push_str("\nWhat each has inside\n");
    out.push_str(&tonnage_reports::capabilities::terminal(
        &technologies,
        console.color(),
        console::width(),
    ));
    console::print(&out)?;
    Ok(Outcome::Done)
}

fn page(findings: &Findings) -> String {
    let mut out = String::from("This host\n");
    out.push_str(&describe(&findings.host));
    out.push_str("\nWhat bends numbers here\n");
    if findings.warnings.is_empty() {
        out.push_str("  nothing that can be seen\n");
    }
    for warning in &findings.warnings {
        text::wrap(&mut out, &format!("- {warning}"), 2);
    }
    let ready: Vec<(&str, String)> = findings
        .technologies
        .iter()
        .filter_map(|finding| match &finding.verdict {
            Verdict::Ready { tools } => Some((finding.technology.id.as_str(), tools)),
            Verdict::NotHere { .. } => None,
        })
        .map(|(id, tools)| {
            let tools: Vec<String> = tools
                .iter()
                .map(|tool| format!("{} {}", tool.name, tool.version))
                .collect();
            (id, tools.join(", "))
        })
        .collect();
    out.push_str("\nReady to be measured\n");
    text::pairs(&mut out, &ready, 2);
    let missing = findings
        .technologies
        .iter()
        .filter_map(|finding| match &finding.verdict {
            Verdict::NotHere { why, enable } => Some((&finding.technology.id, why, enable)),
            Verdict::Ready { .. } => None,
        });
    let mut none = true;
    for (id, why, enable) in missing {
        if none {
            out.push_str("\nNot here\n");
            none = false;
        }
        text::wrap(&mut out, &format!("{id}: {why}"), 2);
        text::wrap(&mut out, &format!("to enable it: {enable}"), 6);
    }
    out
}

/// A host in words.
pub(crate) fn describe(host: &Fingerprint) -> String {
    let facts = host.facts();
    let rows: Vec<(&str, String)> = facts
        .iter()
        .map(|fact| (fact.name.as_str(), fact.value.clone()))
        .collect();
    let mut out = String::new();
    text::pairs(&mut out, &rows, 2);
    out
}
