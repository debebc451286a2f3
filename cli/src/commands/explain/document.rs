//! A resolved scenario as plain data.

use serde::Serialize;
use tonnage_model::input::{Input, InputId};
use tonnage_model::profile::{Boundary, Capability, Origin};
use tonnage_model::scenario::{
    ActivityCurve, AfterFailure, ConcurrencyMeaning, FileReference, FleetOperation, Lifecycle,
    Loaded, Placement, SLOTS_PER_HOUR, Scenario, Segment, SegmentDocument, WarmPool, WhenFull,
};
use tonnage_model::units::{Memory, Unit};

/// A resolved scenario.
#[derive(Debug, Serialize)]
pub(super) struct Explained {
    pub(super) title: String,
    pub(super) question: String,
    pub(super) seed: u64,
    pub(super) draws: u32,
    pub(super) scenario_digest: String,
    pub(super) profile: Profile,
    pub(super) segments: Vec<ExplainedSegment>,
    pub(super) tiers: Vec<ExplainedTier>,
    pub(super) host: ExplainedHost,
    pub(super) service_level: ExplainedServiceLevel,
    pub(super) fleet: ExplainedFleet,
    pub(super) simulation: ExplainedSimulation,
    pub(super) plans: Vec<ExplainedPlan>,
    pub(super) readings: Vec<ExplainedReading>,
    pub(super) technologies: Vec<ExplainedTechnology>,
    pub(super) notes: Vec<String>,
    pub(super) inputs: Vec<ExplainedInput>,
}

/// The profile used.
#[derive(Debug, Serialize)]
pub(super) struct Profile {
    pub(super) title: String,
    pub(super) digest: String,
}

/// A group of people.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedSegment {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) concurrency_meaning: ConcurrencyMeaning,
    pub(super) curve: ExplainedCurve,
    pub(super) zones: Vec<ExplainedZone>,
}

/// An activity curve.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedCurve {
    /// The file it was read from, as the scenario names it.
    pub(super) from: String,
    pub(super) peak_to_mean: f64,
    pub(super) busiest: String,
    pub(super) quietest: String,
}

/// A time zone.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedZone {
    pub(super) name: String,
    pub(super) hours_ahead_of_utc: f64,
    pub(super) share: f64,
}

/// A group of sessions.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedTier {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) needs: Vec<Capability>,
    pub(super) lifecycle: Lifecycle,
    pub(super) turn_law: String,
}

/// A host.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedHost {
    pub(super) shape: String,
    pub(super) vcpus: u32,
    pub(super) memory: String,
    pub(super) memory_bytes: f64,
}

/// What is promised.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedServiceLevel {
    pub(super) start_wait_p99_seconds: f64,
    pub(super) burst_slowdown_p99: f64,
    pub(super) rejected: f64,
}

/// How hosts are grouped and filled.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedFleet {
    pub(super) cell_hosts: u32,
    pub(super) spare_hosts: u32,
    pub(super) placement: Placement,
    pub(super) when_full: WhenFull,
    pub(super) queue_limit: u32,
    /// What is done beyond that and is no uncertain number, in words by key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) operation: Vec<(&'static str, String)>,
}

/// The simulation.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedSimulation {
    pub(super) replications: u32,
    pub(super) cell_hosts: u32,
    pub(super) window_seconds: f64,
    pub(super) events: u32,
}

/// A technology plan.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedPlan {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) tiers: Vec<ExplainedAssignment>,
}

/// The technology of a tier.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedAssignment {
    pub(super) tier: String,
    pub(super) technology: String,
    pub(super) lifecycle: Lifecycle,
}

/// Another reading.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedReading {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) changes: Vec<String>,
}

/// A technology.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedTechnology {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) boundary: Boundary,
    pub(super) offers: Vec<Capability>,
}

/// One number the answer depends on.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedInput {
    pub(super) key: String,
    pub(super) label: String,
    /// All that is known of it, with its unit.
    pub(super) value: String,
    /// The central value with its unit.
    pub(super) central: String,
    /// The 5% quantile with its unit.
    pub(super) p5: String,
    /// The 95% quantile with its unit.
    pub(super) p95: String,
    pub(super) uncertain: bool,
    pub(super) origin: Origin,
    pub(super) source: String,
    pub(super) conditions: String,
}

/// The scenario as the model sees it.
pub(super) fn explain(loaded: &Loaded) -> Explained {
    let scenario = &loaded.scenario;
    Explained {
        title: scenario.title.clone(),
        question: scenario.question.clone(),
        seed: scenario.seed,
        draws: scenario.draws,
        scenario_digest: scenario.digest.clone(),
        profile: Profile {
            title: scenario.profile_title.clone(),
            digest: scenario.profile_digest.clone(),
        },
        segments: scenario
            .segments
            .iter()
            .map(|found| segment(found, loaded.document.segments.get(&found.id)))
            .collect(),
        tiers: tiers(scenario),
        host: ExplainedHost {
            shape: scenario.host.shape.clone(),
            vcpus: scenario.host.vcpus,
            memory: Memory::display(scenario.host.memory_bytes),
            memory_bytes: scenario.host.memory_bytes,
        },
        service_level: ExplainedServiceLevel {
            start_wait_p99_seconds: scenario.service_level.start_wait_p99,
            burst_slowdown_p99: scenario.service_level.burst_slowdown_p99,
            rejected: scenario.service_level.rejected,
        },
        fleet: ExplainedFleet {
            cell_hosts: scenario.fleet.cell_hosts,
            spare_hosts: scenario.fleet.spare_hosts,
            placement: scenario.fleet.placement,
            when_full: scenario.fleet.when_full,
            queue_limit: scenario.fleet.queue_limit,
            operation: operation(&scenario.fleet.operation),
        },
        simulation: ExplainedSimulation {
            replications: scenario.simulation.replications,
            cell_hosts: scenario.simulation.cell_hosts,
            window_seconds: scenario.simulation.window_seconds,
            events: scenario.simulation.events,
        },
        plans: plans(scenario),
        readings: readings(loaded),
        technologies: scenario
            .technologies
            .iter()
            .map(|technology| ExplainedTechnology {
                id: technology.id.clone(),
                title: technology.title.clone(),
                boundary: technology.boundary,
                offers: technology.offers.clone(),
            })
            .collect(),
        notes: scenario.notes.clone(),
        inputs: scenario
            .inputs
            .iter()
            .map(|(id, number)| input(scenario, id, number))
            .collect(),
    }
}

fn operation(operation: &FleetOperation) -> Vec<(&'static str, String)> {
    let mut said = Vec::new();
    if let Some(WarmPool::PerHost(per_host)) = operation.warm_pool {
        said.push((
            "warm pool",
            format!("{per_host} unused sandboxes on every host"),
        ));
    }
    if let Some(scaling) = &operation.autoscaling {
        said.push((
            "switched on and off",
            format!("down to {} hosts of a cell", scaling.least),
        ));
    }
    if let Some(failures) = &operation.failures {
        let then = match failures.then {
            AfterFailure::Restart => "sessions start anew",
            AfterFailure::End => "sessions end",
        };
        let mut what = Vec::new();
        if failures.random.is_some() {
            what.push("hosts, at any time".to_owned());
        }
        if failures.at_peak > 0 {
            what.push(format!("{} hosts of a cell at the peak", failures.at_peak));
        }
        if failures.cell_fails {
            what.push("a whole cell at the peak".to_owned());
        }
        if what.is_empty() {
            what.push("nothing".to_owned());
        }
        said.push(("fails", format!("{}; {then}", what.join(", "))));
    }
    said
}

fn segment(segment: &Segment, written: Option<&SegmentDocument>) -> ExplainedSegment {
    let hours = |slots: i64| slots as f64 / SLOTS_PER_HOUR as f64;
    ExplainedSegment {
        id: segment.id.clone(),
        title: segment.title.clone(),
        concurrency_meaning: segment.meaning,
        curve: curve(
            &segment.arrivals.curve,
            written.and_then(|written| written.activity.as_ref().or(written.trace.as_ref())),
        ),
        zones: segment
            .arrivals
            .zones
            .iter()
            .map(|zone| ExplainedZone {
                name: zone.name.clone(),
                hours_ahead_of_utc: hours(zone.slots_ahead),
                share: zone.share,
            })
            .collect(),
    }
}

fn curve(curve: &ActivityCurve, from: Option<&FileReference>) -> ExplainedCurve {
    let slots = curve.slots();
    let mean = slots.iter().sum::<f64>() / slots.len() as f64;
    let at = |best: fn(f64, f64) -> bool| {
        let mut chosen = 0;
        for (slot, value) in slots.iter().enumerate() {
            if best(*value, slots[chosen]) {
                chosen = slot;
            }
        }
        chosen
    };
    let busiest = at(|value, than| value > than);
    let quietest = at(|value, than| value < than);
    ExplainedCurve {
        from: from.map_or_else(String::new, |from| from.path.clone()),
        peak_to_mean: slots[busiest] / mean,
        busiest: moment(busiest),
        quietest: moment(quietest),
    }
}

/// A slot of the week in words, such as `Tuesday 10:30`.
fn moment(slot: usize) -> String {
    const DAYS: [&str; 7] = [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    let hour = slot / SLOTS_PER_HOUR;
    let minute = slot % SLOTS_PER_HOUR * (60 / SLOTS_PER_HOUR);
    format!("{} {:02}:{minute:02}", DAYS[hour / 24 % 7], hour % 24)
}

fn tiers(scenario: &Scenario) -> Vec<ExplainedTier> {
    scenario
        .tiers
        .iter()
        .map(|tier| ExplainedTier {
            id: tier.id.clone(),
            title: tier.title.clone(),
            needs: tier.needs.clone(),
            lifecycle: tier.lifecycle,
            turn_law: tier.turn_law.describe(),
        })
        .collect()
}

fn plans(scenario: &Scenario) -> Vec<ExplainedPlan> {
    scenario
        .plans
        .iter()
        .map(|plan| ExplainedPlan {
            id: plan.id.clone(),
            title: plan.title.clone(),
            tiers: plan
                .assignments
                .iter()
                .map(|assignment| ExplainedAssignment {
                    tier: scenario.tiers[assignment.tier.0].id.clone(),
                    technology: scenario.technologies[assignment.technology].id.clone(),
                    lifecycle: assignment.lifecycle,
                })
                .collect(),
        })
        .collect()
}

fn readings(loaded: &Loaded) -> Vec<ExplainedReading> {
    loaded
        .readings
        .iter()
        .map(|reading| ExplainedReading {
            id: reading.id.clone(),
            title: reading.title.clone(),
            changes: reading.changes.clone(),
        })
        .collect()
}

fn input(scenario: &Scenario, id: InputId, input: &Input) -> ExplainedInput {
    let turns = scenario.tiers.iter().find(|tier| tier.turns == id);
    let value = match turns {
        Some(tier) => format!("{} {}", tier.turn_law.describe(), input.describe()),
        None => input.describe(),
    };
    ExplainedInput {
        key: input.key.clone(),
        label: input.label.clone(),
        value,
        central: input.display(input.value.central()),
        p5: input.display(input.value.quantile(0.05)),
        p95: input.display(input.value.quantile(0.95)),
        uncertain: input.value.is_uncertain(),
        origin: input.provenance.origin,
        source: input.provenance.source.clone(),
        conditions: input.provenance.conditions.clone(),
    }
}
