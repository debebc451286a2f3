//! `tonnage doctor`: what this host is and what can be measured on it.

use clap::Args;
use serde::Serialize;
use tonnage_harness::Boundary;
use tonnage_harness::host::Fingerprint;
use tonnage_harness::measurement::{self, Availability};
use tonnage_model::units::{Memory, Unit};

use crate::console;
use crate::failure::{Failure, Outcome};
use crate::text;

/// Arguments of `tonnage doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Print the same as JSON
    #[arg(long)]
    json: bool,
}

/// What is found.
#[derive(Debug, Serialize)]
struct Findings {
    host: Fingerprint,
    technologies: Vec<Group>,
}

/// One group of technologies.
#[derive(Debug, Serialize)]
struct Group {
    boundary: Boundary,
    measuring: Availability,
}

/// Shows the host.
pub(crate) fn run(arguments: &DoctorArguments) -> Result<Outcome, Failure> {
    let findings = Findings {
        host: Fingerprint::of_this_host(),
        technologies: measurement::GROUPS
            .into_iter()
            .map(|boundary| Group {
                boundary,
                measuring: measurement::availability(boundary),
            })
            .collect(),
    };
    if arguments.json {
        console::print(&super::json(&findings)?)?;
        return Ok(Outcome::Done);
    }
    let mut out = String::from("This host\n");
    out.push_str(&describe(&findings.host));
    out.push_str("\nTechnologies\n");
    for group in &findings.technologies {
        text::wrap(&mut out, measurement::describe(group.boundary), 2);
        text::wrap(&mut out, &group.measuring.to_string(), 6);
    }
    console::print(&out)?;
    Ok(Outcome::Done)
}

/// A host in words.
pub(crate) fn describe(host: &Fingerprint) -> String {
    let yes_no = |value: Option<bool>| value.map(|yes| if yes { "yes" } else { "no" }.to_owned());
    let memory = |bytes: Option<u64>| bytes.map(|bytes| Memory::display(bytes as f64));
    let vcpus = host.cpu.vcpus.map(|vcpus| match host.cpu.usable_vcpus {
        Some(usable) if usable != vcpus => format!("{vcpus}, of which {usable} may be used"),
        _ => vcpus.to_string(),
    });
    let load = host
        .load_average
        .map(|[one, five, fifteen]| format!("{one:.2}, {five:.2}, {fifteen:.2} (1, 5, 15 min)"));
    let rows = [
        ("CPU", host.cpu.model.clone()),
        ("vCPUs", vcpus),
        ("virtual machine", yes_no(host.cpu.virtualised)),
        ("frequency governor", host.cpu.governor.clone()),
        ("memory", memory(host.memory.total_bytes)),
        ("memory available", memory(host.memory.available_bytes)),
        ("swap", memory(host.memory.swap_bytes)),
        (
            "transparent huge pages",
            host.memory.transparent_huge_pages.clone(),
        ),
        ("same-page merging", yes_no(host.memory.same_page_merging)),
        ("kernel", host.kernel.release.clone()),
        (
            "control groups",
            host.kernel.cgroups.map(|version| version.to_string()),
        ),
        (
            "CPU weaknesses",
            host.kernel.mitigations.as_ref().map(ToString::to_string),
        ),
        ("load", load),
    ];
    let rows: Vec<(&str, String)> = rows
        .into_iter()
        .map(|(name, value)| (name, value.unwrap_or_else(|| "not known".to_owned())))
        .collect();
    let mut out = String::new();
    text::pairs(&mut out, &rows, 2);
    out
}
