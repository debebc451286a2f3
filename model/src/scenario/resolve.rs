//! From the file as written to what the model works with: references read, names checked, every
//! number registered as an input.

use std::sync::Arc;

use super::activity::{ActivityCurve, SLOTS_PER_WEEK, is_working};
use super::catalog::{
    CurveDocument, HostShapesDocument, ShapeRow, TimeZoneMixDocument, offset_slots, read_trace,
};
use super::load::{Loader, digest, under};
use super::operation::{
    AfterFailure, Autoscaling, Baseline, Failures, FleetOperation, MemoryCommitment, Minority,
    RandomFailures, WarmPool,
};
use super::raw::{
    FileReference, FleetDocument, HostDocument, Overrides, PlanDocument, PlanTier,
    ScenarioDocument, SegmentDocument, TierDocument,
};
use super::turns::TurnLaw;
use super::{ConcurrencyMeaning, Lifecycle, Placement, TraceScaling, WhenFull};
use crate::document::{Decode, Keyed, Node, Problem, Span, VALUE_KEYS, merge};
use crate::input::{Cited, Draw, InputId, Inputs, Quantity, Uncertain};
use crate::measurement::document::Measurement;
use crate::profile::{Boundary, Capability, ProfileDocument, TechnologyDocument};
use crate::units::{Ratio, Share, Unit, UsdPerHour};

/// Index of a tier in [`Scenario::tiers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TierId(pub usize);

/// A scenario ready to be planned.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Title.
    pub title: String,
    /// The question in a sentence.
    pub question: String,
    /// Seed of every random stream.
    pub seed: u64,
    /// Every number the answer depends on.
    pub inputs: Inputs,
    /// Groups of people.
    pub segments: Vec<Segment>,
    /// Groups of sessions.
    pub tiers: Vec<Tier>,
    /// The host.
    pub host: Host,
    /// What is promised.
    pub service_level: ServiceLevel,
    /// How hosts are grouped and filled.
    pub fleet: Fleet,
    /// The arithmetic on a napkin.
    pub envelope: Envelope,
    /// A classic service to compare with.
    pub baseline: Option<Baseline>,
    /// Title of the profile.
    pub profile_title: String,
    /// SHA-256 of the profile.
    pub profile_digest: String,
    /// The measurement the profile was made from, if it was made from one.
    pub measurement: Option<Arc<Measurement>>,
    /// The technologies of the profile.
    pub technologies: Vec<Technology>,
    /// Which technology carries which tier.
    pub plans: Vec<Plan>,
    /// Monte Carlo draws.
    pub draws: u32,
    /// The simulation.
    pub simulation: SimulationOptions,
    /// What a reader must know, such as how a short trace fills the week.
    pub notes: Vec<String>,
    /// SHA-256 of the scenario with all it refers to but the profile.
    pub digest: String,
}

/// Another reading of a scenario.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Key.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it changes, as `key = value`.
    pub changes: Vec<String>,
    /// The scenario so changed.
    pub scenario: Scenario,
}

/// A group of people who behave alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Key.
    pub id: String,
    /// Title.
    pub title: String,
    /// Number of people.
    pub people: InputId,
    /// Share of them who use agents.
    pub adoption: InputId,
    /// Agents of one adopting person.
    pub agents_per_person: InputId,
    /// Share of the agents with a session open.
    pub concurrency: InputId,
    /// Over which time the concurrency is stated.
    pub meaning: ConcurrencyMeaning,
    /// When sessions start.
    pub arrivals: Arrivals,
    /// Share of the open sessions in each tier; a draw is scaled to add up to 1.
    pub shares: Vec<(TierId, InputId)>,
}

/// When the sessions of a segment start.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrivals {
    /// Intensity over the local week.
    pub curve: ActivityCurve,
    /// Time zones the curve is local to; shares add up to 1.
    pub zones: Vec<Zone>,
    /// The recording the curve was made from, if it was made from one.
    pub recording: Option<Recording>,
}

/// How many sessions were recorded in each of even intervals.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The file, as the scenario names it.
    pub name: String,
    /// Sessions in each interval.
    pub counts: Arc<[u64]>,
    /// Seconds of an interval.
    pub interval: f64,
    /// How it is brought to more sessions than were recorded.
    pub scaling: TraceScaling,
}

/// A time zone with its share of a segment.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// Name.
    pub name: String,
    /// Slots by which its clock is ahead of UTC.
    pub slots_ahead: i64,
    /// Share of the people.
    pub share: f64,
}

/// Sessions with the same needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// Key.
    pub id: String,
    /// Title.
    pub title: String,
    /// What its sandboxes must offer.
    pub needs: Vec<Capability>,
    /// When its sandboxes start and stop, unless a plan says otherwise.
    pub lifecycle: Lifecycle,
    /// Idle seconds before a sandbox is suspended, unless a plan says otherwise.
    pub suspend_after: Option<InputId>,
    /// Mean number of turns.
    pub turns: InputId,
    /// How the number of turns varies.
    pub turn_law: TurnLaw,
    /// Time between bursts.
    pub think: InputId,
    /// CPU work of a burst.
    pub burst: InputId,
    /// Memory of the session's own work.
    pub working_set: InputId,
    /// A share of the sessions whose bursts are of another kind.
    pub minority: Option<Minority>,
}

/// A host.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    /// Name of the shape.
    pub shape: String,
    /// vCPUs.
    pub vcpus: u32,
    /// Memory in bytes.
    pub memory_bytes: f64,
    /// List price, where known.
    pub usd_per_hour: Option<InputId>,
    /// Share of the vCPUs kept back.
    pub reserved_vcpus: InputId,
    /// Memory kept back.
    pub reserved_memory: InputId,
    /// CPU work per vCPU-second relative to the reference CPU.
    pub speed: InputId,
}

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServiceLevel {
    /// 99% of requests wait at most this long before their start begins, in seconds.
    pub start_wait_p99: f64,
    /// 99% of bursts take at most this many times what they would take alone.
    pub burst_slowdown_p99: f64,
    /// Share of requests turned away at most.
    pub rejected: f64,
}

/// How hosts are grouped and filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fleet {
    /// Most hosts of one cell, spare ones not counted.
    pub cell_hosts: u32,
    /// Hosts a cell can lose.
    pub spare_hosts: u32,
    /// Which host gets a sandbox.
    pub placement: Placement,
    /// What happens when no host has room.
    pub when_full: WhenFull,
    /// Most requests that wait in one cell.
    pub queue_limit: u32,
    /// What is done beyond one sandbox for each session or burst.
    pub operation: FleetOperation,
}

/// The arithmetic on a napkin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Envelope {
    /// Fewest sessions per CPU.
    pub sessions_per_cpu_low: InputId,
    /// Most sessions per CPU.
    pub sessions_per_cpu_high: InputId,
}

/// A technology of the profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Technology {
    /// Key.
    pub id: String,
    /// Title.
    pub title: String,
    /// Isolation boundary.
    pub boundary: Boundary,
    /// What it offers.
    pub offers: Vec<Capability>,
    /// Start latency.
    pub start_latency: InputId,
    /// CPU per start.
    pub cpu_per_start: InputId,
    /// Memory of one live sandbox.
    pub memory_per_instance: InputId,
    /// Memory once per host.
    pub memory_base: InputId,
    /// Most starts per second per vCPU.
    pub starts_per_second_per_vcpu: Option<InputId>,
    /// Relative CPU of work.
    pub relative_cpu: InputId,
    /// Most sandboxes per host.
    pub density_limit: Option<InputId>,
    /// What suspending a sandbox costs, where it can be suspended.
    pub suspension: Option<SuspensionCosts>,
}

/// What it costs to suspend a sandbox and wake it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuspensionCosts {
    /// From the wish to go on until the sandbox works again.
    pub resume_latency: InputId,
    /// CPU of a resume.
    pub cpu_per_resume: InputId,
    /// Memory one suspended sandbox holds, its working set included.
    pub memory_suspended: InputId,
}

impl Technology {
    /// What the technology lacks of a list of needs.
    pub fn missing(&self, needs: &[Capability]) -> Vec<Capability> {
        needs
            .iter()
            .copied()
            .filter(|need| !self.offers.contains(need))
            .collect()
    }

    /// Every number of the technology.
    pub fn inputs(&self) -> Vec<InputId> {
        let mut inputs = vec![
            self.start_latency,
            self.cpu_per_start,
            self.memory_per_instance,
            self.memory_base,
            self.relative_cpu,
        ];
        inputs.extend(self.starts_per_second_per_vcpu);
        inputs.extend(self.density_limit);
        if let Some(costs) = self.suspension {
            inputs.extend([
                costs.resume_latency,
                costs.cpu_per_resume,
                costs.memory_suspended,
            ]);
        }
        inputs
    }
}

/// Which technology carries which tier.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Key.
    pub id: String,
    /// Title.
    pub title: String,
    /// One entry for every tier, in the order of the tiers.
    pub assignments: Vec<PlanAssignment>,
}

/// The technology of one tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanAssignment {
    /// The tier.
    pub tier: TierId,
    /// Index of the technology in [`Scenario::technologies`].
    pub technology: usize,
    /// When sandboxes start and stop.
    pub lifecycle: Lifecycle,
    /// Idle seconds before a sandbox is suspended.
    pub suspend_after: Option<InputId>,
}

/// The simulation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulationOptions {
    /// Independent replications at each load; at least 2.
    pub replications: u32,
    /// Most hosts of the simulated cell.
    pub cell_hosts: u32,
    /// Longest replication in simulated seconds.
    pub window_seconds: f64,
    /// Most events of one replication.
    pub events: u32,
}

impl Scenario {
    /// Agents of a segment in a draw: people × adoption × agents per person.
    pub fn agents(&self, segment: &Segment, draw: &Draw) -> f64 {
        draw.get(segment.people) * draw.get(segment.adoption) * draw.get(segment.agents_per_person)
    }
}

impl Scenario {
    /// A tier on a technology as the tier itself would have it. A technology that cannot suspend
    /// keeps sandboxes as they are.
    pub fn assignment(&self, tier: TierId, technology: usize) -> PlanAssignment {
        let wanted = &self.tiers[tier.0];
        PlanAssignment {
            tier,
            technology,
            lifecycle: wanted.lifecycle,
            suspend_after: self.technologies[technology]
                .suspension
                .and(wanted.suspend_after),
        }
    }
}

/// Largest sum of shares that is taken for 1.
const SHARE_TOLERANCE: f64 = 1e-6;

/// A table that may be left out: what it says, or that a problem in it was noted.
type Optional<T> = Result<Option<T>, Noted>;

/// A problem was noted.
struct Noted;

pub(super) struct Resolver<'a, 'b> {
    loader: &'a mut Loader<'b>,
    tree: &'a Node,
    inputs: Inputs,
    notes: Vec<String>,
    referenced: Vec<String>,
}

impl<'a, 'b> Resolver<'a, 'b> {
    pub(super) fn new(loader: &'a mut Loader<'b>, tree: &'a Node) -> Self {
        Self {
            loader,
            tree,
            inputs: Inputs::default(),
            notes: Vec::new(),
            referenced: Vec::new(),
        }
    }

    pub(super) fn resolve(mut self, document: &ScenarioDocument) -> Option<Scenario> {
        self.check_names(document);
        self.require(
            !document.segments.is_empty(),
            "segments",
            "a scenario needs a segment",
        );
        self.require(
            !document.tiers.is_empty(),
            "tiers",
            "a scenario needs a tier",
        );
        self.require(
            !document.plans.is_empty(),
            "plans",
            "a scenario needs a plan",
        );
        let tiers: Vec<Tier> = document
            .tiers
            .iter()
            .map(|(id, tier)| self.tier(id, tier))
            .collect();
        let segments: Vec<Option<Segment>> = document
            .segments
            .iter()
            .map(|(id, segment)| self.segment(id, segment, &document.tiers))
            .collect();
        let host = self.host(&document.host);
        let service_level = self.service_level(document);
        let envelope = self.envelope(document);
        let baseline = self.baseline(document);
        let profile = self.profile(document);
        let measured = self.measured(document);
        let technologies: Vec<Technology> = profile
            .iter()
            .flat_map(|profile| profile.technologies.iter())
            .map(|(id, technology)| self.technology(id, technology))
            .collect();
        let plans: Vec<Option<Plan>> = match &profile {
            None => Vec::new(),
            Some(_) => document
                .plans
                .iter()
                .map(|(id, plan)| self.plan(id, plan, document, &technologies))
                .collect(),
        };
        let fleet = self.fleet(document);
        let simulation = self.simulation(document);
        let draws = document
            .uncertainty
            .as_ref()
            .and_then(|u| u.draws)
            .unwrap_or(1000);
        self.require(
            (10..=1_000_000).contains(&draws),
            "uncertainty",
            "draws: from 10 to 1000000",
        );
        let referenced: Vec<&str> = self.referenced.iter().map(String::as_str).collect();
        let digest_of_scenario = digest(document, &referenced);
        let profile = profile?;
        Some(Scenario {
            title: document.title.clone(),
            question: document.question.clone().unwrap_or_default(),
            seed: u64::from(document.seed.unwrap_or(1)),
            segments: segments.into_iter().collect::<Option<_>>()?,
            tiers,
            host: host?,
            service_level: service_level?,
            fleet: fleet?,
            envelope: envelope?,
            baseline: baseline.ok()?,
            profile_title: profile.title.clone(),
            profile_digest: match &measured {
                Some(found) => digest(&profile, &[&digest(found.as_ref(), &[])]),
                None => digest(&profile, &[]),
            },
            measurement: measured,
            technologies,
            plans: plans.into_iter().collect::<Option<_>>()?,
            draws,
            simulation: simulation?,
            notes: self.notes,
            digest: digest_of_scenario,
            inputs: self.inputs,
        })
    }

    fn report(&mut self, problem: Problem) {
        self.loader.decoder.report(problem);
    }

    /// Where a key of the merged document stands.
    fn span_of(&self, path: &[&str]) -> Span {
        path.iter()
            .try_fold(self.tree, |node, key| node.get(key))
            .unwrap_or(self.tree)
            .span
            .clone()
    }

    fn require(&mut self, holds: bool, key: &str, message: &str) -> Option<()> {
        if !holds {
            let path: Vec<&str> = key.split('.').collect();
            let span = self.span_of(&path);
            self.report(Problem::error(message, &span, "here"));
        }
        holds.then_some(())
    }

    /// A table is taken for one value by these keys, so nothing may be named so.
    fn check_names(&mut self, document: &ScenarioDocument) {
        let named = [
            ("segments", document.segments.keys()),
            ("tiers", document.tiers.keys()),
            ("plans", document.plans.keys()),
        ];
        for (table, keys) in named {
            for key in keys {
                let message = format!("`{key}` cannot be a name in `{table}`");
                let allowed = !VALUE_KEYS.contains(&key);
                let _ = self.require(allowed, &format!("{table}.{key}"), &message);
            }
        }
    }

    fn default<U: Unit>(&mut self, key: &str, label: &str, value: f64, why: &str) -> InputId {
        let cited = Cited {
            assumed: Some(why.to_owned()),
            ..Cited::default()
        };
        let quantity = Quantity::<U>::new(Uncertain::Exact(value), cited);
        self.inputs.add(key.to_owned(), label.to_owned(), &quantity)
    }

    fn optional<U: Unit>(
        &mut self,
        key: &str,
        label: &str,
        quantity: Option<&Quantity<U>>,
        default: f64,
        why: &str,
    ) -> InputId {
        match quantity {
            Some(quantity) => self.inputs.add(key.to_owned(), label.to_owned(), quantity),
            None => self.default::<U>(key, label, default, why),
        }
    }

    fn tier(&mut self, id: &str, tier: &TierDocument) -> Tier {
        let key = |name: &str| format!("tiers.{id}.{name}");
        let label = |what: &str| format!("{what}, {}", tier.title);
        if tier.suspend_after.is_some() && tier.lifecycle == Lifecycle::PerBurst {
            self.nothing_to_suspend(&["tiers", id, "suspend_after"]);
        }
        Tier {
            id: id.to_owned(),
            title: tier.title.clone(),
            needs: tier.needs.clone(),
            lifecycle: tier.lifecycle,
            suspend_after: tier.suspend_after.as_ref().map(|after| {
                self.inputs.add(
                    key("suspend_after"),
                    label("idle time before suspension"),
                    after,
                )
            }),
            turns: self.inputs.add_at_least(
                key("turns"),
                label("turns per session"),
                &tier.turns.mean,
                1.0,
            ),
            turn_law: tier.turns.law,
            think: self
                .inputs
                .add_variable(key("think"), label("think time"), &tier.think),
            burst: self
                .inputs
                .add_variable(key("burst"), label("CPU per burst"), &tier.burst),
            working_set: self.inputs.add(
                key("working_set"),
                label("working set"),
                &tier.working_set,
            ),
            minority: tier.minority.as_ref().map(|minority| Minority {
                share: self.inputs.add(
                    key("minority.share"),
                    label("share of sessions of another kind"),
                    &minority.share,
                ),
                burst: self.inputs.add_variable(
                    key("minority.burst"),
                    label("CPU per burst of these sessions"),
                    &minority.burst,
                ),
            }),
        }
    }

    fn nothing_to_suspend(&mut self, path: &[&str]) {
        let span = self.span_of(path);
        self.report(
            Problem::error(
                "a sandbox of its own for every burst is never idle, so it cannot be suspended",
                &span,
                "with the lifecycle `per-burst`",
            )
            .help("remove `suspend_after`, or use the lifecycle `per-session`"),
        );
    }

    fn segment(
        &mut self,
        id: &str,
        segment: &SegmentDocument,
        tiers: &Keyed<TierDocument>,
    ) -> Option<Segment> {
        let title = segment.title.clone().unwrap_or_else(|| id.to_owned());
        let key = |name: &str| format!("segments.{id}.{name}");
        let label = |what: &str| format!("{what}, {title}");
        let people = self
            .inputs
            .add(key("people"), label("people"), &segment.people);
        let adoption = self.optional(
            &key("adoption"),
            &label("adoption"),
            segment.adoption.as_ref(),
            1.0,
            "everyone counted uses agents, unless the scenario says otherwise",
        );
        let agents_per_person = self.optional(
            &key("agents_per_person"),
            &label("agents per person"),
            segment.agents_per_person.as_ref(),
            1.0,
            "one agent each, unless the scenario says otherwise",
        );
        let concurrency = self.inputs.add(
            key("concurrency"),
            label("concurrency"),
            &segment.concurrency,
        );
        let shares = self.shares(id, segment, tiers);
        let arrivals = self.arrivals(id, segment);
        Some(Segment {
            id: id.to_owned(),
            title,
            people,
            adoption,
            agents_per_person,
            concurrency,
            meaning: segment.concurrency_meaning,
            arrivals: arrivals?,
            shares: shares?,
        })
    }

    fn shares(
        &mut self,
        id: &str,
        segment: &SegmentDocument,
        tiers: &Keyed<TierDocument>,
    ) -> Option<Vec<(TierId, InputId)>> {
        let known = tiers.keys();
        let mut shares = Vec::new();
        let mut sum = 0.0;
        let mut complete = true;
        for (tier, share, span) in segment.tiers.iter_spanned() {
            let Some(index) = known.iter().position(|known| *known == tier) else {
                let span = span
                    .cloned()
                    .unwrap_or_else(|| self.span_of(&["segments", id]));
                self.loader
                    .decoder
                    .unknown_name("tier", tier, &span, &known);
                complete = false;
                continue;
            };
            sum += share.value.stated();
            let title = tiers.get(tier).map_or(tier, |tier| tier.title.as_str());
            let key = format!("segments.{id}.tiers.{tier}");
            let label = format!("share of {title}");
            shares.push((TierId(index), self.inputs.add(key, label, share)));
        }
        if complete && (sum - 1.0).abs() > SHARE_TOLERANCE {
            let span = self.span_of(&["segments", id, "tiers"]);
            self.report(
                Problem::error(
                    format!(
                        "the tiers of segment `{id}` add up to {}",
                        Share::display(sum)
                    ),
                    &span,
                    "these shares",
                )
                .help("every open session is in one tier: make them add up to 100%"),
            );
            complete = false;
        }
        complete.then_some(shares)
    }

    fn arrivals(&mut self, id: &str, segment: &SegmentDocument) -> Option<Arrivals> {
        match (&segment.activity, &segment.trace) {
            (Some(activity), None) => {
                let curve = self.curve(activity);
                let zones = match &segment.time_zones {
                    Some(reference) => self.zones(reference),
                    None => Some(vec![Zone {
                        name: "UTC".to_owned(),
                        slots_ahead: 0,
                        share: 1.0,
                    }]),
                };
                let curve = curve?;
                self.check_working_hours(id, segment, &curve)?;
                if segment.trace_scaling.is_some() {
                    let span = self.span_of(&["segments", id, "trace_scaling"]);
                    self.report(
                        Problem::error("there is no trace to scale", &span, "without `trace`")
                            .help("remove `trace_scaling`, or use `trace` in place of `activity`"),
                    );
                    return None;
                }
                Some(Arrivals {
                    curve,
                    zones: zones?,
                    recording: None,
                })
            }
            (None, Some(trace)) => {
                if let Some(zones) = &segment.time_zones {
                    self.report(
                        Problem::error(
                            "a trace has its own clock",
                            &zones.span,
                            "time zones would move it",
                        )
                        .help("remove `time_zones`, or use `activity` in place of `trace`"),
                    );
                    return None;
                }
                let text = self.loader.read_text(trace)?;
                let read = read_trace(&text, &trace.span, &mut self.loader.decoder)?;
                self.notes.push(format!("{}: {}", trace.path, read.note));
                self.referenced.push(text);
                self.check_working_hours(id, segment, &read.curve)?;
                let zones = vec![Zone {
                    name: "trace clock".to_owned(),
                    slots_ahead: 0,
                    share: 1.0,
                }];
                Some(Arrivals {
                    curve: read.curve,
                    zones,
                    recording: Some(Recording {
                        name: trace.path.clone(),
                        counts: read.counts,
                        interval: read.interval,
                        scaling: segment.trace_scaling.unwrap_or(TraceScaling::Together),
                    }),
                })
            }
            (activity, _) => {
                let span = match activity {
                    Some(reference) => reference.span.clone(),
                    None => self.span_of(&["segments", id]),
                };
                self.report(Problem::error(
                    format!("segment `{id}` needs either `activity` or `trace`"),
                    &span,
                    if activity.is_some() {
                        "both are given"
                    } else {
                        "neither is given"
                    },
                ));
                None
            }
        }
    }

    fn check_working_hours(
        &mut self,
        id: &str,
        segment: &SegmentDocument,
        curve: &ActivityCurve,
    ) -> Option<()> {
        let busy = (0..SLOTS_PER_WEEK).any(|slot| is_working(slot) && curve.slots()[slot] > 0.0);
        if segment.concurrency_meaning == ConcurrencyMeaning::WorkingHours && !busy {
            let span = self.span_of(&["segments", id, "concurrency_meaning"]);
            self.report(Problem::error(
                "nobody works in working hours on this activity curve",
                &span,
                "a rate over working hours says nothing here",
            ));
            return None;
        }
        Some(())
    }

    fn curve(&mut self, reference: &FileReference) -> Option<ActivityCurve> {
        let node = self.loader.read_kind(reference, "activity-curve")?;
        let document = CurveDocument::decode(&node, &mut self.loader.decoder)?;
        self.check_format(document.format, reference)?;
        self.referenced.push(digest(&document, &[]));
        document
            .intensity
            .curve(&reference.span, &mut self.loader.decoder)
    }

    fn zones(&mut self, reference: &FileReference) -> Option<Vec<Zone>> {
        let node = self.loader.read_kind(reference, "time-zone-mix")?;
        let document = TimeZoneMixDocument::decode(&node, &mut self.loader.decoder)?;
        self.check_format(document.format, reference)?;
        self.referenced.push(digest(&document, &[]));
        let sum: f64 = document.zone.iter().map(|zone| zone.share).sum();
        if (sum - 1.0).abs() > SHARE_TOLERANCE || document.zone.iter().any(|z| z.share < 0.0) {
            self.report(Problem::error(
                format!("the shares of this time-zone mix add up to {sum}"),
                &reference.span,
                "must be 1, none negative",
            ));
            return None;
        }
        let zones = document.zone.iter().map(|row| {
            offset_slots(&row.utc_offset).map(|slots_ahead| Zone {
                name: row.name.clone(),
                slots_ahead,
                share: row.share,
            })
        });
        let zones: Option<Vec<Zone>> = zones.collect();
        if zones.is_none() {
            self.report(Problem::error(
                "a time zone has an offset that is not like `-05:00`",
                &reference.span,
                "in this time-zone mix",
            ));
        }
        zones
    }

    fn check_format(&mut self, format: u32, reference: &FileReference) -> Option<()> {
        if format == 1 {
            return Some(());
        }
        self.report(Problem::error(
            format!("`{}` is of format {format}", reference.path),
            &reference.span,
            "this version reads format 1",
        ));
        None
    }

    fn host(&mut self, host: &HostDocument) -> Option<Host> {
        let shape = match &host.shape {
            Some(reference) => Some(self.shape(reference)?),
            None => None,
        };
        let row = shape.as_ref().map(|(_, row, _)| row);
        // The list price is that of the shape as listed, not of one with another size.
        let resized = host.vcpus.is_some() || host.memory.is_some();
        let listed = shape.as_ref().filter(|_| !resized);
        let price = host.usd_per_hour.clone().or_else(|| {
            let (_, row, source) = listed?;
            list_price(row, source)
        });
        let vcpus = host.vcpus.as_ref().or(row.map(|row| &row.vcpus));
        let memory = host.memory.as_ref().or(row.map(|row| &row.memory));
        let (Some(vcpus), Some(memory)) = (vcpus, memory) else {
            let span = self.span_of(&["host"]);
            self.report(
                Problem::error(
                    "the host has no size",
                    &span,
                    "`vcpus` and `memory` are missing",
                )
                .help("give both, or a `shape` such as \"hosts/aws-us-east-1.toml#m7i.48xlarge\""),
            );
            return None;
        };
        let (vcpus, memory) = (vcpus.value, memory.value);
        let whole = vcpus.central();
        if vcpus.is_uncertain()
            || memory.is_uncertain()
            || whole.fract() != 0.0
            || !(1.0..=100_000.0).contains(&whole)
            || memory.central() <= 0.0
        {
            let span = self.span_of(&["host"]);
            self.report(Problem::error(
                "a host has a whole number of vCPUs, from 1 to 100000, and some memory",
                &span,
                "this host",
            ));
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let vcpus = whole as u32;
        let usd_per_hour = price.as_ref().map(|price| {
            self.inputs.add(
                "host.usd_per_hour".to_owned(),
                "host price".to_owned(),
                price,
            )
        });
        let reserved_vcpus = self.optional(
            "host.reserved_vcpus",
            "vCPUs kept for the operating system",
            host.reserved_vcpus.as_ref(),
            0.0,
            "nothing is kept back unless the scenario says so",
        );
        let reserved_memory = self.optional(
            "host.reserved_memory",
            "memory kept for the operating system",
            host.reserved_memory.as_ref(),
            0.0,
            "nothing is kept back unless the scenario says so",
        );
        let speed = self.optional::<Ratio>(
            "host.speed",
            "speed of a vCPU relative to the profile's CPU",
            host.speed.as_ref(),
            1.0,
            "a vCPU of the host is taken to be as fast as the CPU of the profile",
        );
        if self.inputs.get(speed).value.quantile(0.0) <= 0.0 {
            let span = self.span_of(&["host", "speed"]);
            self.report(Problem::error(
                "the speed of a vCPU must be positive",
                &span,
                "here",
            ));
            return None;
        }
        let most = |id: InputId| self.inputs.get(id).value.quantile(1.0);
        let (most_vcpus, most_memory) = (most(reserved_vcpus), most(reserved_memory));
        let left = "something of the host must be left for sandboxes";
        self.require(most_vcpus < 1.0, "host.reserved_vcpus", left)?;
        self.require(most_memory < memory.central(), "host.reserved_memory", left)?;
        Some(Host {
            shape: listed.map_or_else(|| "custom".to_owned(), |(name, _, _)| name.clone()),
            vcpus,
            memory_bytes: memory.central(),
            usd_per_hour,
            reserved_vcpus,
            reserved_memory,
            speed,
        })
    }

    fn shape(&mut self, reference: &FileReference) -> Option<(String, ShapeRow, String)> {
        let Some((path, name)) = reference.path.split_once('#') else {
            self.report(
                Problem::error(
                    "a shape is a path and a name",
                    &reference.span,
                    "no `#` in it",
                )
                .help("write \"hosts/aws-us-east-1.toml#m7i.48xlarge\""),
            );
            return None;
        };
        let file = FileReference {
            path: path.to_owned(),
            span: reference.span.clone(),
        };
        let node = self.loader.read_kind(&file, "host-shapes")?;
        let document = HostShapesDocument::decode(&node, &mut self.loader.decoder)?;
        self.check_format(document.format, &file)?;
        let Some(row) = document.shapes.get(name) else {
            let known = document.shapes.keys();
            self.loader
                .decoder
                .unknown_name("host shape", name, &reference.span, &known);
            return None;
        };
        self.referenced.push(digest(row, &[]));
        Some((name.to_owned(), row.clone(), document.source))
    }

    fn service_level(&mut self, document: &ScenarioDocument) -> Option<ServiceLevel> {
        let promised = &document.service_level;
        let uncertain = promised.start_wait_p99.value.is_uncertain()
            || promised.burst_slowdown_p99.value.is_uncertain()
            || promised.rejected.value.is_uncertain();
        self.require(!uncertain, "service_level", "a promise is a plain number")?;
        let slowdown = promised.burst_slowdown_p99.value.central();
        let rejected = promised.rejected.value.central();
        let wait = promised.start_wait_p99.value.central();
        self.require(
            slowdown > 1.0,
            "service_level.burst_slowdown_p99",
            "the slowdown promised must be above 1",
        )?;
        self.require(
            rejected > 0.0 && rejected < 1.0,
            "service_level.rejected",
            "the share turned away must lie between 0 and 100%, both excluded",
        )?;
        self.require(
            wait > 0.0,
            "service_level.start_wait_p99",
            "the start wait promised must be above zero",
        )?;
        Some(ServiceLevel {
            start_wait_p99: wait,
            burst_slowdown_p99: slowdown,
            rejected,
        })
    }

    fn envelope(&mut self, document: &ScenarioDocument) -> Option<Envelope> {
        let low = &document.envelope.sessions_per_cpu_low;
        let high = &document.envelope.sessions_per_cpu_high;
        let ordered = 0.0 < low.value.central() && low.value.central() <= high.value.central();
        self.require(
            ordered && !low.value.is_uncertain() && !high.value.is_uncertain(),
            "envelope",
            "sessions per CPU: two plain numbers above zero, the lower first",
        )?;
        let mut add = |name: &str, label: &str, quantity| {
            self.inputs
                .add(format!("envelope.{name}"), label.to_owned(), quantity)
        };
        Some(Envelope {
            sessions_per_cpu_low: add("sessions_per_cpu_low", "fewest sessions per CPU", low),
            sessions_per_cpu_high: add("sessions_per_cpu_high", "most sessions per CPU", high),
        })
    }

    fn baseline(&mut self, document: &ScenarioDocument) -> Optional<Baseline> {
        let Some(written) = &document.baseline else {
            return Ok(None);
        };
        self.require(
            written.requests_per_instance.value.quantile(0.0) >= 1.0,
            "baseline.requests_per_instance",
            "an instance works on at least one request",
        )
        .ok_or(Noted)?;
        self.require(
            written.memory.value.quantile(0.0) > 0.0,
            "baseline.memory",
            "an instance takes some memory",
        )
        .ok_or(Noted)?;
        let slow = |ratio: &Quantity<Ratio>| ratio.value.quantile(0.0) > 0.0;
        self.require(
            written.relative_cpu.as_ref().is_none_or(slow),
            "baseline.relative_cpu",
            "work takes some time",
        )
        .ok_or(Noted)?;
        Ok(Some(Baseline {
            memory: self.inputs.add(
                "baseline.memory".to_owned(),
                "memory of an instance of the classic service".to_owned(),
                &written.memory,
            ),
            requests_per_instance: self.inputs.add_at_least(
                "baseline.requests_per_instance".to_owned(),
                "requests an instance of the classic service works on at a time".to_owned(),
                &written.requests_per_instance,
                1.0,
            ),
            session_memory: self.optional(
                "baseline.session_memory",
                "memory of an open session in the classic service",
                written.session_memory.as_ref(),
                0.0,
                "a classic service keeps what it knows of a session in its database",
            ),
            relative_cpu: self.optional(
                "baseline.relative_cpu",
                "relative CPU of work in the classic service",
                written.relative_cpu.as_ref(),
                1.0,
                "the work is done by a plain process, which others are held against",
            ),
        }))
    }

    fn profile(&mut self, document: &ScenarioDocument) -> Option<ProfileDocument> {
        let Some(reference) = &document.profile else {
            self.require(false, "profile", "the scenario names no profile");
            return None;
        };
        let mut node = self.loader.read_kind(reference, "profile")?;
        if let Some(changes) = &document.technologies {
            self.check_technologies(changes, &node)?;
            let span = self.span_of(&["technologies"]);
            node = merge(node, under("technologies", &changes.0, &span));
        }
        self.loader.profile_of(&node)
    }

    /// The measurement that the profile was made from; what it leaves out is noted.
    fn measured(&mut self, document: &ScenarioDocument) -> Option<Arc<Measurement>> {
        let found = self.loader.measurement(document.profile.as_ref()?)?;
        self.notes.extend(found.remarks);
        Some(found.measurement)
    }

    /// What is changed must be there; a new technology must be complete.
    fn check_technologies(&mut self, changes: &Overrides, profile: &Node) -> Option<()> {
        let known = profile.get("technologies").and_then(Node::as_table)?;
        let known: Vec<&str> = known.keys().map(String::as_str).collect();
        let before = self.loader.decoder.problems.len();
        for (id, entry) in &changes.0 {
            if !known.contains(&id.as_str()) && entry.node.get("boundary").is_none() {
                let decoder = &mut self.loader.decoder;
                decoder.unknown_name("technology", id, &entry.key_span, &known);
            }
        }
        (self.loader.decoder.problems.len() == before).then_some(())
    }

    fn technology(&mut self, id: &str, technology: &TechnologyDocument) -> Technology {
        let key = |name: &str| format!("technologies.{id}.{name}");
        let label = |what: &str| format!("{what}, {}", technology.title);
        let inputs = &mut self.inputs;
        let suspension = match (
            &technology.resume_latency,
            &technology.cpu_per_resume,
            &technology.memory_suspended,
        ) {
            (Some(latency), Some(cpu), Some(memory)) => Some(SuspensionCosts {
                resume_latency: inputs.add_variable(
                    key("resume_latency"),
                    label("resume latency"),
                    latency,
                ),
                cpu_per_resume: inputs.add(key("cpu_per_resume"), label("CPU per resume"), cpu),
                memory_suspended: inputs.add(
                    key("memory_suspended"),
                    label("memory while suspended"),
                    memory,
                ),
            }),
            _ => None,
        };
        Technology {
            suspension,
            id: id.to_owned(),
            title: technology.title.clone(),
            boundary: technology.boundary,
            offers: technology.offers.clone(),
            start_latency: inputs.add_variable(
                key("start_latency"),
                label("start latency"),
                &technology.start_latency,
            ),
            cpu_per_start: inputs.add(
                key("cpu_per_start"),
                label("CPU per start"),
                &technology.cpu_per_start,
            ),
            memory_per_instance: inputs.add(
                key("memory_per_instance"),
                label("memory per instance"),
                &technology.memory_per_instance,
            ),
            memory_base: inputs.add(
                key("memory_base"),
                label("memory once per host"),
                &technology.memory_base,
            ),
            starts_per_second_per_vcpu: technology.starts_per_second_per_vcpu.as_ref().map(
                |rate| {
                    inputs.add(
                        key("starts_per_second_per_vcpu"),
                        label("start ceiling"),
                        rate,
                    )
                },
            ),
            relative_cpu: inputs.add(
                key("relative_cpu"),
                label("relative CPU of work"),
                &technology.relative_cpu,
            ),
            density_limit: technology
                .density_limit
                .as_ref()
                .map(|limit| inputs.add(key("density_limit"), label("density limit"), limit)),
        }
    }

    fn plan(
        &mut self,
        id: &str,
        plan: &PlanDocument,
        document: &ScenarioDocument,
        technologies: &[Technology],
    ) -> Option<Plan> {
        let known: Vec<&str> = technologies.iter().map(|t| t.id.as_str()).collect();
        let tiers = document.tiers.keys();
        for (tier, _, span) in plan.tiers.iter_spanned() {
            if !tiers.contains(&tier) {
                let span = span
                    .cloned()
                    .unwrap_or_else(|| self.span_of(&["plans", id]));
                self.loader
                    .decoder
                    .unknown_name("tier", tier, &span, &tiers);
            }
        }
        let assignments: Vec<Option<PlanAssignment>> = document
            .tiers
            .iter()
            .enumerate()
            .map(|(index, (tier_id, tier))| {
                let Some(chosen) = plan.tiers.get(tier_id) else {
                    let span = self.span_of(&["plans", id, "tiers"]);
                    self.report(Problem::error(
                        format!("plan `{id}` gives tier `{tier_id}` no technology"),
                        &span,
                        "in this plan",
                    ));
                    return None;
                };
                let Some(technology) = known.iter().position(|id| *id == chosen.technology) else {
                    let decoder = &mut self.loader.decoder;
                    decoder.unknown_name("technology", &chosen.technology, &chosen.span, &known);
                    return None;
                };
                let missing = technologies[technology].missing(&tier.needs);
                if !missing.is_empty() {
                    let words: Vec<&str> = missing.iter().map(|need| need.words()).collect();
                    self.report(
                        Problem::error(
                            format!(
                                "`{}` cannot carry tier `{tier_id}`: it lacks {}",
                                chosen.technology,
                                words.join(" and ")
                            ),
                            &chosen.span,
                            "not enough for this tier",
                        )
                        .help(suitable(technologies, &tier.needs)),
                    );
                    return None;
                }
                let lifecycle = chosen.lifecycle.unwrap_or(tier.lifecycle);
                let suspend_after = self
                    .suspension((id, tier_id), chosen, lifecycle, &technologies[technology])
                    .ok()?;
                Some(PlanAssignment {
                    tier: TierId(index),
                    technology,
                    lifecycle,
                    suspend_after,
                })
            })
            .collect();
        Some(Plan {
            id: id.to_owned(),
            title: plan.title.clone(),
            assignments: assignments.into_iter().collect::<Option<_>>()?,
        })
    }

    /// Idle seconds before a plan suspends the sandboxes of a tier: its own, else the tier's unless
    /// the plan gives a lifecycle of its own.
    fn suspension(
        &mut self,
        (plan, tier): (&str, &str),
        chosen: &PlanTier,
        lifecycle: Lifecycle,
        technology: &Technology,
    ) -> Optional<InputId> {
        let after = match &chosen.suspend_after {
            Some(after) => {
                let key = format!("plans.{plan}.tiers.{tier}.suspend_after");
                let label = format!("idle time before suspension, {tier} in {plan}");
                Some(self.inputs.add(key, label, after))
            }
            None if chosen.lifecycle.is_none() => {
                let key = format!("tiers.{tier}.suspend_after");
                self.inputs
                    .iter()
                    .find_map(|(id, input)| (input.key == key).then_some(id))
            }
            None => None,
        };
        if after.is_none() {
            return Ok(None);
        }
        if lifecycle == Lifecycle::PerBurst {
            self.nothing_to_suspend(&["plans", plan, "tiers", tier]);
            return Err(Noted);
        }
        if technology.suspension.is_none() {
            self.report(
                Problem::error(
                    format!(
                        "sandboxes of `{}` cannot be suspended with what is known of them",
                        technology.id
                    ),
                    &chosen.span,
                    format!("tier `{tier}` has `suspend_after`"),
                )
                .help(format!(
                    "give technologies.{0}.resume_latency, .cpu_per_resume and .memory_suspended, \
                     or keep sandboxes as they are with {{ technology = \"{0}\", lifecycle = \
                     \"per-session\" }}",
                    technology.id
                )),
            );
            return Err(Noted);
        }
        Ok(after)
    }

    fn fleet(&mut self, document: &ScenarioDocument) -> Option<Fleet> {
        let written = document.fleet.as_ref();
        let operation = match written {
            Some(written) => self.operation(written)?,
            None => FleetOperation::default(),
        };
        let fleet = Fleet {
            cell_hosts: written.and_then(|fleet| fleet.cell_hosts).unwrap_or(40),
            spare_hosts: written.and_then(|fleet| fleet.spare_hosts).unwrap_or(1),
            placement: written
                .and_then(|f| f.placement)
                .unwrap_or(Placement::LeastLoaded),
            when_full: written
                .and_then(|fleet| fleet.when_full)
                .unwrap_or(WhenFull::Queue),
            queue_limit: written
                .and_then(|fleet| fleet.queue_limit)
                .unwrap_or(100_000),
            operation,
        };
        self.require(
            (1..=10_000).contains(&fleet.cell_hosts) && fleet.spare_hosts <= 10_000,
            "fleet",
            "a cell has from 1 to 10000 hosts",
        )?;
        Some(fleet)
    }

    fn operation(&mut self, fleet: &FleetDocument) -> Option<FleetOperation> {
        Some(FleetOperation {
            warm_pool: self.warm_pool(fleet).ok()?,
            autoscaling: self.autoscaling(fleet).ok()?,
            failures: self.failures(fleet).ok()?,
            memory_commitment: self.memory_commitment(fleet).ok()?,
        })
    }

    fn warm_pool(&mut self, fleet: &FleetDocument) -> Optional<WarmPool> {
        let Some(pool) = &fleet.warm_pool else {
            return Ok(None);
        };
        self.require(
            pool.per_host.is_none_or(|per_host| per_host <= 65_536),
            "fleet.warm_pool.per_host",
            "a warm pool has at most 65536 sandboxes on a host",
        )
        .ok_or(Noted)?;
        let found = match (pool.per_host, &pool.hit_rate) {
            (Some(per_host), None) => WarmPool::PerHost(per_host),
            (None, Some(rate)) => {
                let below = rate.value.quantile(1.0) < 1.0 && rate.value.quantile(0.0) > 0.0;
                self.require(
                    below,
                    "fleet.warm_pool.hit_rate",
                    "a share of hits lies between 0 and 100%, both excluded: no pool serves every \
                     request",
                )
                .ok_or(Noted)?;
                let key = "fleet.warm_pool.hit_rate".to_owned();
                let label = "requests served from the warm pool".to_owned();
                WarmPool::HitRate(self.inputs.add(key, label, rate))
            }
            (given, _) => {
                let span = self.span_of(&["fleet", "warm_pool"]);
                self.report(Problem::error(
                    "a warm pool needs either `per_host` or `hit_rate`",
                    &span,
                    if given.is_some() {
                        "both are given"
                    } else {
                        "neither is given"
                    },
                ));
                return Err(Noted);
            }
        };
        Ok(Some(found))
    }

    fn autoscaling(&mut self, fleet: &FleetDocument) -> Optional<Autoscaling> {
        let Some(scaling) = &fleet.autoscaling else {
            return Ok(None);
        };
        let key = |name: &str| format!("fleet.autoscaling.{name}");
        self.require(
            scaling.target.value.quantile(0.0) > 0.0,
            "fleet.autoscaling.target",
            "hosts that shall be empty would be infinitely many",
        )
        .ok_or(Noted)?;
        self.require(
            scaling.interval.value.quantile(0.0) > 0.0,
            "fleet.autoscaling.interval",
            "the time between two looks at the load must be above zero",
        )
        .ok_or(Noted)?;
        let inputs = &mut self.inputs;
        Ok(Some(Autoscaling {
            least: scaling.least,
            target: inputs.add(
                key("target"),
                "how full hosts shall be".to_owned(),
                &scaling.target,
            ),
            interval: inputs.add(
                key("interval"),
                "time between two looks at the load".to_owned(),
                &scaling.interval,
            ),
            boot: inputs.add(
                key("boot"),
                "time to switch a host on".to_owned(),
                &scaling.boot,
            ),
            idle_before_off: inputs.add(
                key("idle_before_off"),
                "time an empty host stays on".to_owned(),
                &scaling.idle_before_off,
            ),
        }))
    }

    fn failures(&mut self, fleet: &FleetDocument) -> Optional<Failures> {
        let Some(written) = &fleet.failures else {
            return Ok(None);
        };
        let random = match (&written.host_failures_per_year, &written.repair) {
            (Some(per_year), Some(repair)) => Some(RandomFailures {
                per_year: self.inputs.add(
                    "fleet.failures.host_failures_per_year".to_owned(),
                    "failures of a host in a year".to_owned(),
                    per_year,
                ),
                repair: self.inputs.add(
                    "fleet.failures.repair".to_owned(),
                    "time until a failed host is back".to_owned(),
                    repair,
                ),
            }),
            (None, None) => None,
            (given, _) => {
                let span = self.span_of(&["fleet", "failures"]);
                self.report(Problem::error(
                    "`host_failures_per_year` and `repair` go together",
                    &span,
                    if given.is_some() {
                        "`repair` is missing"
                    } else {
                        "`host_failures_per_year` is missing"
                    },
                ));
                return Err(Noted);
            }
        };
        Ok(Some(Failures {
            random,
            at_peak: written.at_peak.unwrap_or(0),
            cell_fails: written.cell_fails.unwrap_or(false),
            then: written.then.unwrap_or(AfterFailure::Restart),
        }))
    }

    fn memory_commitment(&mut self, fleet: &FleetDocument) -> Optional<MemoryCommitment> {
        let Some(written) = &fleet.memory_commitment else {
            return Ok(None);
        };
        self.require(
            written.factor.value.quantile(0.0) >= 1.0,
            "fleet.memory_commitment.factor",
            "memory promised over memory there is must be at least 1",
        )
        .ok_or(Noted)?;
        Ok(Some(MemoryCommitment {
            factor: self.inputs.add_at_least(
                "fleet.memory_commitment.factor".to_owned(),
                "memory promised over memory there is".to_owned(),
                &written.factor,
                1.0,
            ),
            actual: self.inputs.add_variable(
                "fleet.memory_commitment.actual".to_owned(),
                "memory a sandbox really holds over what is set aside".to_owned(),
                &written.actual,
            ),
        }))
    }

    fn simulation(&mut self, document: &ScenarioDocument) -> Option<SimulationOptions> {
        let written = document.simulation.as_ref();
        let window = written.and_then(|simulation| simulation.window.as_ref());
        let options = SimulationOptions {
            replications: written.and_then(|s| s.replications).unwrap_or(8),
            cell_hosts: written.and_then(|s| s.cell_hosts).unwrap_or(4),
            window_seconds: window.map_or(1800.0, |window| window.value.central()),
            events: written.and_then(|s| s.events).unwrap_or(200_000),
        };
        self.require(
            (2..=1000).contains(&options.replications)
                && (1..=1000).contains(&options.cell_hosts)
                && options.window_seconds > 0.0
                && options.events >= 1000,
            "simulation",
            "from 2 to 1000 replications, 1 to 1000 hosts, a window above zero, 1000 events or more",
        )?;
        Some(options)
    }
}

/// The price of a listed shape, with the list as its source.
fn list_price(row: &ShapeRow, source: &str) -> Option<Quantity<UsdPerHour>> {
    let mut price = row.usd_per_hour.clone()?;
    price
        .cited
        .published
        .get_or_insert_with(|| source.to_owned());
    Some(price)
}

fn suitable(technologies: &[Technology], needs: &[Capability]) -> String {
    let suitable: Vec<&str> = technologies
        .iter()
        .filter(|technology| technology.missing(needs).is_empty())
        .map(|technology| technology.id.as_str())
        .collect();
    if suitable.is_empty() {
        "no technology of this profile will do".to_owned()
    } else {
        format!("these will do: {}", suitable.join(", "))
    }
}
