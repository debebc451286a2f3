//! The fields of the page, made from the scenario: every number and choice in it that has a key, with
//! the text that is written for it in a scenario file, and where that comes from.

use serde::Serialize;
use tonnage_model::input::{Input, InputId, Provenance, Quantity};
use tonnage_model::profile::Origin;
use tonnage_model::scenario::{
    ConcurrencyMeaning, Lifecycle, Loaded, Placement, PlanDocument, Scenario, TierId, WhenFull,
    load_shapes,
};
use tonnage_model::units::{Count, Duration, Memory, Ratio, Share, Unit, write_short};
use tonnage_reports::words;

use crate::failure::Failure;
use crate::library::{self, Files};

/// All fields, in groups.
#[derive(Debug, Serialize)]
pub(super) struct Form {
    groups: Vec<Group>,
}

/// Fields that belong together.
#[derive(Debug, Serialize)]
struct Group {
    title: String,
    /// Whether the page shows its fields at first.
    open: bool,
    note: &'static str,
    fields: Vec<Field>,
}

/// One key of the scenario.
#[derive(Debug, Serialize)]
struct Field {
    /// The key, as after `--set`.
    path: String,
    label: String,
    /// The value, as after `--set`.
    text: String,
    /// The key of the whole that this is a part of: the parts add up to 100%.
    whole: Option<String>,
    /// Whether a slider moves it. Choices have none.
    slides: bool,
    /// Whether it is a whole number.
    counts: bool,
    /// What it can be, if not anything.
    choices: Vec<Choice>,
    origin: &'static str,
    source: String,
}

/// One value of a field with a few.
#[derive(Debug, Serialize)]
struct Choice {
    value: String,
    title: String,
}

impl Form {
    /// The fields of a scenario.
    pub(super) fn new(loaded: &Loaded) -> Result<Self, Failure> {
        let maker = Maker {
            loaded,
            scenario: &loaded.scenario,
        };
        let mut groups = maker.people();
        groups.push(maker.promises());
        groups.extend(maker.plans());
        groups.push(maker.host()?);
        groups.extend(maker.sessions());
        groups.push(maker.fleet());
        groups.extend(maker.technologies());
        groups.extend(maker.rest());
        groups.retain(|group| !group.fields.is_empty());
        Ok(Self { groups })
    }
}

struct Maker<'a> {
    loaded: &'a Loaded,
    scenario: &'a Scenario,
}

impl Maker<'_> {
    fn people(&self) -> Vec<Group> {
        let mut groups = Vec::new();
        for segment in &self.scenario.segments {
            let prefix = format!("segments.{}.", segment.id);
            let whole = format!("{prefix}tiers");
            let (parts, mut fields): (Vec<Field>, Vec<Field>) = self
                .below(&prefix)
                .into_iter()
                .partition(|field| field.path.starts_with(&format!("{whole}.")));
            fields.push(choice(
                format!("{prefix}concurrency_meaning"),
                "Concurrency is stated for",
                words::key(&segment.meaning),
                [
                    ConcurrencyMeaning::AllHours,
                    ConcurrencyMeaning::WorkingHours,
                    ConcurrencyMeaning::Peak,
                ]
                .map(|meaning| (words::key(&meaning), words::meaning(meaning).to_owned())),
            ));
            groups.push(Group {
                title: format!("People: {}", segment.title),
                open: true,
                note: "",
                fields,
            });
            let part = |mut field: Field| {
                field.whole = Some(whole.clone());
                field
            };
            groups.push(Group {
                title: format!("What their sessions need: {}", segment.title),
                open: self.scenario.segments.len() == 1,
                note: "Parts of 100%: a slider moves the others along; a field does not.",
                fields: parts.into_iter().map(part).collect(),
            });
        }
        groups
    }

    fn promises(&self) -> Group {
        let promised = &self.loaded.document.service_level;
        Group {
            title: "What is promised".to_owned(),
            open: true,
            note: "",
            fields: vec![
                quantity::<Duration>(
                    "service_level.start_wait_p99",
                    "99% of starts wait at most",
                    &promised.start_wait_p99,
                ),
                quantity::<Ratio>(
                    "service_level.burst_slowdown_p99",
                    "99% of bursts are slowed down at most, times",
                    &promised.burst_slowdown_p99,
                ),
                quantity::<Share>(
                    "service_level.rejected",
                    "Turned away at most",
                    &promised.rejected,
                ),
            ],
        }
    }

    fn plans(&self) -> Vec<Group> {
        let plans = self.scenario.plans.iter().enumerate();
        plans
            .map(|(index, plan)| {
                let written = self.loaded.document.plans.get(&plan.id);
                let mut fields: Vec<Field> = plan
                    .assignments
                    .iter()
                    .map(|assignment| {
                        let technology = &self.scenario.technologies[assignment.technology].id;
                        self.technology(&plan.id, written, assignment.tier, technology)
                    })
                    .collect();
                fields.extend(self.below(&format!("plans.{}.", plan.id)));
                Group {
                    title: format!("Technology: {}", plan.title),
                    open: index == 0,
                    note: "",
                    fields,
                }
            })
            .collect()
    }

    /// The technology of a tier: those that give the tier what it needs.
    fn technology(
        &self,
        plan: &str,
        written: Option<&PlanDocument>,
        tier: TierId,
        technology: &str,
    ) -> Field {
        let tier = &self.scenario.tiers[tier.0];
        // A lifecycle that the plan gives the tier stays as it is.
        let own = written
            .and_then(|plan| plan.tiers.get(&tier.id))
            .is_some_and(|tier| tier.lifecycle.is_some() || tier.suspend_after.is_some());
        let suitable = self.scenario.technologies.iter();
        choice(
            format!(
                "plans.{plan}.tiers.{}{}",
                tier.id,
                if own { ".technology" } else { "" }
            ),
            &tier.title,
            technology.to_owned(),
            suitable
                .filter(|offered| offered.missing(&tier.needs).is_empty())
                .map(|offered| (offered.id.clone(), offered.title.clone())),
        )
    }

    fn host(&self) -> Result<Group, Failure> {
        let host = &self.scenario.host;
        let written = &self.loaded.document.host;
        let mut fields = vec![self.shape()?];
        let listed = || Provenance {
            origin: Origin::Published,
            source: format!("list of host shapes, {}", host.shape),
            conditions: String::new(),
        };
        let vcpus = written.vcpus.as_ref();
        let memory = written.memory.as_ref();
        fields.push(number(
            "host.vcpus",
            "vCPUs",
            write_short::<Count>(f64::from(host.vcpus)),
            &vcpus.map_or_else(listed, |said| said.cited.provenance()),
            true,
        ));
        fields.push(number(
            "host.memory",
            "Memory",
            write_short::<Memory>(host.memory_bytes),
            &memory.map_or_else(listed, |said| said.cited.provenance()),
            false,
        ));
        fields.extend(self.below("host."));
        Ok(Group {
            title: "Host".to_owned(),
            open: true,
            note: if vcpus.is_some() || memory.is_some() {
                "The scenario gives vCPUs or memory itself: another shape does not change those."
            } else {
                "Another number of vCPUs or amount of memory than the shape's has no list price."
            },
            fields,
        })
    }

    /// The shape, among all those built in.
    fn shape(&self) -> Result<Field, Failure> {
        let document = self.loaded.standing_alone(&str::to_owned);
        let current = document
            .host
            .shape
            .map_or_else(String::new, |shape| shape.path);
        let mut choices = Vec::new();
        for path in library::shipped_shapes() {
            let list = load_shapes(&Files, &path)?;
            for (name, row) in list.shapes.iter() {
                choices.push((
                    format!("{path}#{name}"),
                    format!(
                        "{name}: {} vCPUs, {}",
                        row.vcpus.value.central(),
                        Memory::display(row.memory.value.central())
                    ),
                ));
            }
        }
        if !choices.iter().any(|(value, _)| *value == current) {
            let title = if current.is_empty() {
                "of its own"
            } else {
                &self.scenario.host.shape
            };
            choices.insert(0, (current.clone(), title.to_owned()));
        }
        Ok(choice("host.shape".to_owned(), "Shape", current, choices))
    }

    fn sessions(&self) -> Vec<Group> {
        let tiers = self.scenario.tiers.iter();
        tiers
            .map(|tier| {
                let prefix = format!("tiers.{}.", tier.id);
                let mut fields = self.below(&prefix);
                fields.push(choice(
                    format!("{prefix}lifecycle"),
                    "Sandboxes, unless the plan says otherwise",
                    words::key(&tier.lifecycle),
                    [Lifecycle::PerSession, Lifecycle::PerBurst]
                        .map(|kind| (words::key(&kind), words::lifecycle(kind).to_owned())),
                ));
                Group {
                    title: format!("Sessions: {}", tier.title),
                    open: false,
                    note: "",
                    fields,
                }
            })
            .collect()
    }

    fn fleet(&self) -> Group {
        let fleet = &self.scenario.fleet;
        let cell = self.loaded.document.fleet.as_ref();
        let said = |written: bool| Provenance {
            origin: Origin::Assumed,
            source: if written {
                "the scenario"
            } else {
                "unless the scenario says otherwise"
            }
            .to_owned(),
            conditions: String::new(),
        };
        let mut fields = vec![
            number(
                "fleet.cell_hosts",
                "Most hosts of one cell",
                fleet.cell_hosts.to_string(),
                &said(cell.is_some_and(|fleet| fleet.cell_hosts.is_some())),
                true,
            ),
            number(
                "fleet.spare_hosts",
                "Hosts a cell can lose",
                fleet.spare_hosts.to_string(),
                &said(cell.is_some_and(|fleet| fleet.spare_hosts.is_some())),
                true,
            ),
            choice(
                "fleet.placement".to_owned(),
                "Which host gets a sandbox",
                words::key(&fleet.placement),
                [
                    (Placement::FirstFit, "the first with room"),
                    (Placement::BestFit, "the fullest with room"),
                    (Placement::LeastLoaded, "the one with the fewest"),
                    (Placement::PowerOfTwo, "the emptier of two at random"),
                    (Placement::Random, "any with room"),
                ]
                .map(|(placement, title)| (words::key(&placement), title.to_owned())),
            ),
            choice(
                "fleet.when_full".to_owned(),
                "When no host has room",
                words::key(&fleet.when_full),
                [
                    (WhenFull::Queue, "requests wait"),
                    (WhenFull::Reject, "requests are turned away"),
                ]
                .map(|(kind, title)| (words::key(&kind), title.to_owned())),
            ),
        ];
        fields.extend(self.below("fleet."));
        Group {
            title: "Cells of hosts".to_owned(),
            open: false,
            note: "",
            fields,
        }
    }

    /// The technologies that a plan uses.
    fn technologies(&self) -> Vec<Group> {
        let plans = self.scenario.plans.iter();
        let mut used: Vec<usize> = plans
            .flat_map(|plan| {
                plan.assignments
                    .iter()
                    .map(|assignment| assignment.technology)
            })
            .collect();
        used.sort_unstable();
        used.dedup();
        used.into_iter()
            .map(|index| {
                let technology = &self.scenario.technologies[index];
                Group {
                    title: format!("What it costs: {}", technology.title),
                    open: false,
                    note: "",
                    fields: self.below(&format!("technologies.{}.", technology.id)),
                }
            })
            .collect()
    }

    fn rest(&self) -> Vec<Group> {
        let group = |title: &str, prefix: &str| Group {
            title: title.to_owned(),
            open: false,
            note: "",
            fields: self.below(prefix),
        };
        vec![
            group("The arithmetic on a napkin", "envelope."),
            group("A shared service to compare with, in reports", "baseline."),
        ]
    }

    /// The inputs whose keys begin so.
    fn below(&self, prefix: &str) -> Vec<Field> {
        let inputs = self.scenario.inputs.iter();
        inputs
            .filter(|(_, input)| input.key.starts_with(prefix))
            .map(|(id, input)| self.input(id, input))
            .collect()
    }

    fn input(&self, id: InputId, input: &Input) -> Field {
        let turns = self.scenario.tiers.iter().find(|tier| tier.turns == id);
        let text = match turns {
            Some(tier) => tier.turn_law.written(&input.written()),
            None => input.written(),
        };
        // The title after the comma is that of the group.
        let label = input
            .label
            .split_once(", ")
            .map_or(input.label.as_str(), |(what, _)| what);
        number(&input.key, label, text, &input.provenance, false)
    }
}

fn quantity<U: Unit>(path: &str, label: &str, written: &Quantity<U>) -> Field {
    let text = write_short::<U>(written.value.central());
    number(path, label, text, &written.cited.provenance(), false)
}

fn number(path: &str, label: &str, text: String, from: &Provenance, counts: bool) -> Field {
    let parts = [from.source.as_str(), from.conditions.as_str()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Field {
        path: path.to_owned(),
        label: sentence(label),
        text,
        whole: None,
        slides: true,
        counts,
        choices: Vec::new(),
        origin: words::origin(from.origin),
        source: parts.join(" "),
    }
}

fn choice(
    path: String,
    label: &str,
    text: String,
    choices: impl IntoIterator<Item = (String, String)>,
) -> Field {
    Field {
        path,
        label: label.to_owned(),
        text,
        whole: None,
        slides: false,
        counts: false,
        choices: choices
            .into_iter()
            .map(|(value, title)| Choice { value, title })
            .collect(),
        origin: "",
        source: String::new(),
    }
}

/// A label as it stands at the beginning of a line. `vCPUs` stays as it is.
fn sentence(label: &str) -> String {
    let mut letters = label.chars();
    match letters.next() {
        Some(first) if !label.starts_with("vCPU") => first.to_uppercase().chain(letters).collect(),
        _ => label.to_owned(),
    }
}
