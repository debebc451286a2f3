//! A resolved scenario as a person reads it.

use std::fmt::Write as _;

use tonnage_model::scenario::{Placement, WhenFull};
use tonnage_reports::words;

use super::document::{
    Explained, ExplainedInput, ExplainedSegment, ExplainedTechnology, ExplainedTier,
};
use crate::text;

/// The page.
pub(super) fn page(explained: &Explained) -> String {
    let mut page = Page {
        out: String::new(),
        inputs: &explained.inputs,
    };
    text::wrap(&mut page.out, &explained.title, 0);
    text::wrap(&mut page.out, &explained.question, 0);
    page.heading("Segments");
    for segment in &explained.segments {
        page.segment(segment);
    }
    page.heading("Tiers");
    for tier in &explained.tiers {
        page.tier(tier);
    }
    page.heading("Host");
    page.host(explained);
    page.heading("Service level");
    page.service_level(explained);
    page.heading("Envelope");
    page.inputs_below("envelope.", 2);
    if explained
        .inputs
        .iter()
        .any(|input| input.key.starts_with("baseline."))
    {
        page.heading("Shared service to compare with");
        page.inputs_below("baseline.", 2);
    }
    page.heading("Plans");
    page.plans(explained);
    if !explained.readings.is_empty() {
        page.heading("Other readings");
        for reading in &explained.readings {
            page.item(&reading.id, &reading.title);
            for change in &reading.changes {
                text::wrap(&mut page.out, change, 6);
            }
        }
    }
    page.heading(&format!("Technologies: {}", explained.profile.title));
    for technology in &explained.technologies {
        page.technology(technology);
    }
    if !explained.notes.is_empty() {
        page.heading("Notes");
        for note in &explained.notes {
            text::wrap(&mut page.out, note, 2);
        }
    }
    page.heading("Computation");
    page.pairs(
        &[
            ("seed", explained.seed.to_string()),
            ("draws", explained.draws.to_string()),
            (
                "simulation",
                format!(
                    "{} replications of a cell of {} hosts, at most {} s and {} events each",
                    explained.simulation.replications,
                    explained.simulation.cell_hosts,
                    explained.simulation.window_seconds,
                    explained.simulation.events
                ),
            ),
            ("scenario SHA-256", explained.scenario_digest.clone()),
            ("profile SHA-256", explained.profile.digest.clone()),
        ],
        2,
    );
    page.out
}

struct Page<'a> {
    out: String,
    inputs: &'a [ExplainedInput],
}

impl Page<'_> {
    fn heading(&mut self, title: &str) {
        self.out.push('\n');
        text::wrap(&mut self.out, title, 0);
    }

    fn item(&mut self, id: &str, title: &str) {
        text::wrap(&mut self.out, &format!("{id}: {title}"), 2);
    }

    fn pairs(&mut self, rows: &[(&str, String)], indent: usize) {
        text::pairs(&mut self.out, rows, indent);
    }

    /// The inputs whose key begins with a prefix: value first, then where it comes from.
    fn inputs_below(&mut self, prefix: &str, indent: usize) {
        for input in self.inputs {
            if let Some(key) = input.key.strip_prefix(prefix) {
                text::wrap(&mut self.out, &format!("{key} = {}", input.value), indent);
                text::wrap(&mut self.out, &origin(input), indent + 4);
            }
        }
    }

    /// The same for a part of them, with the part in the key that is shown.
    fn inputs_of(&mut self, prefix: &str, part: &str, indent: usize) {
        for input in self.inputs {
            let key = input.key.strip_prefix(prefix);
            if let Some(key) = key.filter(|key| key.starts_with(part)) {
                text::wrap(&mut self.out, &format!("{key} = {}", input.value), indent);
                text::wrap(&mut self.out, &origin(input), indent + 4);
            }
        }
    }

    fn segment(&mut self, segment: &ExplainedSegment) {
        self.item(&format!("segments.{}", segment.id), &segment.title);
        self.inputs_below(&format!("segments.{}.", segment.id), 4);
        let zones: Vec<String> = segment
            .zones
            .iter()
            .map(|zone| {
                format!(
                    "{} (UTC{:+}, {:.1}%)",
                    zone.name,
                    zone.hours_ahead_of_utc,
                    zone.share * 100.0
                )
            })
            .collect();
        let curve = format!(
            "{}; busiest {}, quietest {}, peak {:.2} × mean",
            segment.curve.from,
            segment.curve.busiest,
            segment.curve.quietest,
            segment.curve.peak_to_mean
        );
        self.pairs(
            &[
                (
                    "concurrency over",
                    words::meaning(segment.concurrency_meaning).to_owned(),
                ),
                ("activity", curve),
                ("time zones", zones.join(", ")),
            ],
            4,
        );
    }

    fn tier(&mut self, tier: &ExplainedTier) {
        self.item(&format!("tiers.{}", tier.id), &tier.title);
        self.pairs(
            &[
                ("needs", words::capabilities(&tier.needs)),
                ("sandboxes", words::lifecycle(tier.lifecycle).to_owned()),
            ],
            4,
        );
        self.inputs_below(&format!("tiers.{}.", tier.id), 4);
    }

    fn host(&mut self, explained: &Explained) {
        let host = &explained.host;
        let fleet = &explained.fleet;
        self.pairs(
            &[
                ("shape", host.shape.clone()),
                ("vCPUs", host.vcpus.to_string()),
                ("memory", host.memory.clone()),
                (
                    "cell",
                    format!(
                        "at most {} hosts and {} spare",
                        fleet.cell_hosts, fleet.spare_hosts
                    ),
                ),
                ("placement", placement(fleet.placement).to_owned()),
                (
                    "when full",
                    match fleet.when_full {
                        WhenFull::Queue => {
                            format!("requests wait, at most {} in a cell", fleet.queue_limit)
                        }
                        WhenFull::Reject => "requests are turned away".to_owned(),
                    },
                ),
            ],
            2,
        );
        self.inputs_below("host.", 2);
        let said = &fleet.operation;
        if !said.is_empty() {
            let rows: Vec<(&str, String)> = said
                .iter()
                .map(|(key, value)| (*key, value.clone()))
                .collect();
            self.pairs(&rows, 2);
        }
        for prefix in ["warm_pool", "autoscaling", "failures", "memory_commitment"] {
            self.inputs_of("fleet.", &format!("{prefix}."), 2);
        }
    }

    fn service_level(&mut self, explained: &Explained) {
        let promised = &explained.service_level;
        self.pairs(
            &[
                (
                    "start wait",
                    format!("99% within {} s", promised.start_wait_p99_seconds),
                ),
                (
                    "burst slowdown",
                    format!("99% at most {} times", promised.burst_slowdown_p99),
                ),
                (
                    "turned away",
                    format!("at most {}%", promised.rejected * 100.0),
                ),
            ],
            2,
        );
    }

    fn plans(&mut self, explained: &Explained) {
        for plan in &explained.plans {
            self.item(&plan.id, &plan.title);
            let rows: Vec<(&str, String)> = plan
                .tiers
                .iter()
                .map(|tier| {
                    let sandboxes = words::lifecycle(tier.lifecycle);
                    (
                        tier.tier.as_str(),
                        format!("{}, {sandboxes}", tier.technology),
                    )
                })
                .collect();
            self.pairs(&rows, 4);
            self.inputs_below(&format!("plans.{}.tiers.", plan.id), 4);
        }
    }

    fn technology(&mut self, technology: &ExplainedTechnology) {
        self.item(
            &format!("technologies.{}", technology.id),
            &technology.title,
        );
        self.pairs(
            &[
                ("boundary", words::boundary(technology.boundary).to_owned()),
                ("offers", words::capabilities(&technology.offers)),
            ],
            4,
        );
        self.inputs_below(&format!("technologies.{}.", technology.id), 4);
    }
}

fn placement(placement: Placement) -> &'static str {
    match placement {
        Placement::FirstFit => "the first host with room",
        Placement::BestFit => "the host with the most sandboxes that has room",
        Placement::LeastLoaded => "the host with the fewest sandboxes",
        Placement::PowerOfTwo => "the emptier of two random hosts",
        Placement::Random => "a random host with room",
    }
}

fn origin(input: &ExplainedInput) -> String {
    let mut text = words::origin(input.origin).to_owned();
    for part in [&input.source, &input.conditions] {
        if !part.is_empty() {
            let _ = write!(text, "; {part}");
        }
    }
    if input.source.is_empty() {
        text.push_str("; no source given");
    }
    text
}
