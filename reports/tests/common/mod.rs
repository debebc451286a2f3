//! A result with the shape of a real one. EVERY NUMBER HERE IS INVENTED: nothing was measured,
//! simulated or published, and no file made from it says anything about any technology.

// Each test binary uses a part of this.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    unused_imports,
    clippy::wildcard_imports,
    clippy::too_many_lines,
    clippy::must_use_candidate
)]

use tonnage_model::profile::{Boundary, Capability, Origin};
use tonnage_model::result::*;
use tonnage_model::scenario::{ConcurrencyMeaning, Lifecycle, TraceScaling};

#[path = "../../../model/tests/measurement_support/mod.rs"]
pub mod measurement_support;

mod curves;
pub use curves::{everything, many};

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
const HOST_VCPUS: f64 = 96.0;
const HOST_USD: f64 = 4.8384;

pub fn estimated(low: f64, central: f64, high: f64) -> Estimated {
    Estimated { central, low, high }
}

fn around(central: f64, below: f64, above: f64) -> Estimated {
    estimated(central * (1.0 - below), central, central * (1.0 + above))
}

fn requirement(vcpus: Estimated) -> Requirement {
    Requirement {
        vcpus,
        hosts: vcpus.scaled(1.0 / HOST_VCPUS),
        usd_per_month: Some(vcpus.scaled(HOST_USD * 730.0 / HOST_VCPUS)),
    }
}

/// Open sessions of people in one zone at an hour of the week.
fn activity(hour: f64, offset: f64) -> f64 {
    let local = (hour + offset).rem_euclid(168.0);
    let weekday = local < 120.0;
    let clock = local.rem_euclid(24.0);
    let bump = |at: f64, width: f64| (-((clock - at) / width).powi(2)).exp();
    let day = 0.95 * bump(10.5, 2.2) + bump(15.0, 2.6) + 0.12 * bump(20.5, 2.0);
    if weekday {
        0.03 + day
    } else {
        0.03 + 0.13 * day
    }
}

fn demand() -> DemandResult {
    let zones = [
        ("Eastern", -4.0, 0.47),
        ("Central", -5.0, 0.29),
        ("Mountain", -6.0, 0.07),
        ("Pacific", -7.0, 0.165),
        ("Alaska and Hawaii", -9.0, 0.005),
    ];
    let hours: Vec<f64> = (0..=336).map(|half| f64::from(half) / 2.0).collect();
    let raw: Vec<f64> = hours
        .iter()
        .map(|hour| zones.iter().map(|z| z.2 * activity(*hour, z.1)).sum())
        .collect();
    let mean = raw.iter().sum::<f64>() / raw.len() as f64;
    let scale = 15.0e6 / mean;
    let sessions: Vec<f64> = raw.iter().map(|value| value * scale).collect();
    let (peak_at, peak) =
        sessions.iter().enumerate().fold(
            (0, 0.0),
            |best, (i, v)| if *v > best.1 { (i, *v) } else { best },
        );
    let named = |name: &str, values: Vec<f64>| NamedSeries {
        name: name.to_owned(),
        values,
    };
    let meaning = |meaning, stated, factor: f64| MeaningResult {
        meaning,
        stated,
        mean_sessions: 15.0e6 * factor,
        working_hours_sessions: 15.0e6 * factor * 2.31,
        peak_sessions: peak * factor,
    };
    DemandResult {
        starts_per_second: sessions.iter().map(|value| value / 1260.0).collect(),
        by_zone: zones
            .iter()
            .map(|zone| {
                let values = hours.iter().map(|h| scale * zone.2 * activity(*h, zone.1));
                named(zone.0, values.collect())
            })
            .collect(),
        by_tier: [
            ("API calls only", 0.55),
            ("Generated code", 0.27),
            ("Full Linux", 0.14),
            ("Browser", 0.04),
        ]
        .iter()
        .map(|(name, share)| named(name, sessions.iter().map(|v| v * share).collect()))
        .collect(),
        mean_sessions: 15.0e6,
        working_hours_sessions: 15.0e6 * 2.31,
        peak_sessions: around(peak, 0.062, 0.071),
        peak_hour: hours[peak_at],
        peak_to_mean: peak / 15.0e6,
        peak_lag_hours: 0.31,
        meanings: vec![
            meaning(ConcurrencyMeaning::AllHours, true, 1.0),
            meaning(ConcurrencyMeaning::WorkingHours, false, 1.0 / 2.31),
            meaning(ConcurrencyMeaning::Peak, false, 15.0e6 / peak),
        ],
        hours,
        sessions,
    }
}

fn envelope(sessions: f64) -> EnvelopeResult {
    EnvelopeResult {
        sessions,
        sessions_per_cpu_low: 25.0,
        sessions_per_cpu_high: 50.0,
        cpus_low: sessions / 50.0,
        cpus_high: sessions / 25.0,
    }
}

struct TierInput {
    tier: &'static str,
    technology: &'static str,
    vcpus: Estimated,
    binding: BindingResource,
    over: Option<Estimated>,
    sessions: f64,
    per_burst: bool,
}

fn tier_result(input: &TierInput) -> TierResult {
    let hosts = input.vcpus.central / HOST_VCPUS;
    let others = [
        (BindingResource::Cpu, 0.61),
        (BindingResource::Memory, 0.44),
        (BindingResource::StartRate, 0.12),
    ];
    let mut hosts_by_resource = vec![ResourceHosts {
        resource: input.binding,
        hosts: hosts * 0.97,
    }];
    hosts_by_resource.extend(
        others
            .iter()
            .filter(|(resource, _)| *resource != input.binding)
            .map(|(resource, share)| ResourceHosts {
                resource: *resource,
                hosts: hosts * share,
            }),
    );
    let simulated = match input.over {
        None => SimulationOutcome::NotSimulated {
            reason: "the plan was made with --quick; leave it out to simulate".to_owned(),
        },
        Some(over) => SimulationOutcome::Simulated(Box::new(SimulatedResult {
            requirement: requirement(estimated(
                input.vcpus.low * over.low,
                input.vcpus.central * over.central,
                input.vcpus.high * over.high,
            )),
            vcpus_at_central_inputs: estimated(
                input.vcpus.central * over.low,
                input.vcpus.central * over.central,
                input.vcpus.central * over.high,
            ),
            over_analytic: over,
            explanation: if over.low <= 1.0 {
                "The two agree within the noise of the simulation.".to_owned()
            } else {
                "The simulation needs more: sessions of unequal size leave gaps on hosts that \
                 the analytic estimate fills."
                    .to_owned()
            },
            cell_sessions: around(30_400.0 / over.central, 0.012, 0.012),
            cell_hosts: 26,
            window_seconds: 7200.0,
            replications: 8,
            events: 41_287_113,
            service_level: vec![
                ServiceLevelResult {
                    name: "start wait, 99% quantile".to_owned(),
                    unit: "s".to_owned(),
                    target: 0.2,
                    found: estimated(0.171, 0.182, 0.194),
                    met: true,
                },
                ServiceLevelResult {
                    name: "burst slowdown, 99% quantile".to_owned(),
                    unit: "ratio".to_owned(),
                    target: 2.0,
                    found: estimated(1.71, 1.78, 1.86),
                    met: true,
                },
                ServiceLevelResult {
                    name: "rejected starts".to_owned(),
                    unit: "share".to_owned(),
                    target: 0.0001,
                    found: if input.tier == "browser" {
                        estimated(0.000_08, 0.000_12, 0.000_16)
                    } else {
                        estimated(0.000_01, 0.000_03, 0.000_05)
                    },
                    met: input.tier != "browser",
                },
            ],
        })),
    };
    TierResult {
        tier: input.tier.to_owned(),
        technology: input.technology.to_owned(),
        lifecycle: if input.per_burst {
            Lifecycle::PerBurst
        } else {
            Lifecycle::PerSession
        },
        peak_sessions: around(input.sessions, 0.062, 0.071),
        peak_sandboxes: around(
            input.sessions * if input.per_burst { 0.04 } else { 1.0 },
            0.07,
            0.08,
        ),
        starts_per_second: around(
            input.sessions / if input.per_burst { 18.0 } else { 1260.0 },
            0.08,
            0.09,
        ),
        offered_load: input.vcpus.scaled(0.58),
        start_share_of_load: if input.per_burst { 0.21 } else { 0.004 },
        analytic: requirement(input.vcpus),
        binding: input.binding,
        binding_shares: vec![
            BindingShare {
                resource: input.binding,
                share: 0.934,
            },
            BindingShare {
                resource: BindingResource::StartRate,
                share: 0.066,
            },
        ],
        hosts_by_resource,
        sessions_per_vcpu: input.sessions / input.vcpus.central,
        cell: CellResult {
            cells: (hosts / 28.0).ceil(),
            hosts: 28,
            spare_hosts: 2,
            sessions: 30_400.0,
        },
        simulated,
        operation: None,
    }
}

fn plan(id: &str, title: &str, inputs: &[TierInput]) -> PlanResult {
    let tiers: Vec<_> = inputs.iter().map(tier_result).collect();
    let sum = |pick: fn(&TierResult) -> Option<Estimated>| {
        tiers
            .iter()
            .map(pick)
            .try_fold(Estimated::exact(0.0), |sum, value| {
                value
                    .map(|v| estimated(sum.low + v.low, sum.central + v.central, sum.high + v.high))
            })
    };
    let analytic = sum(|tier| Some(tier.analytic.vcpus)).expect("every tier has one");
    let simulated = sum(|tier| match &tier.simulated {
        SimulationOutcome::Simulated(found) => Some(found.requirement.vcpus),
        SimulationOutcome::NotSimulated { .. } => None,
    });
    PlanResult {
        id: id.to_owned(),
        title: title.to_owned(),
        analytic: requirement(analytic),
        simulated: simulated.map(requirement),
        tiers,
    }
}

fn plans(peak: f64) -> Vec<PlanResult> {
    use BindingResource::{Cpu, Density, Memory};
    let api = |technology, per_vcpu: f64, below, above, binding, over, per_burst| TierInput {
        tier: "api",
        technology,
        vcpus: around(peak * 0.55 / per_vcpu, below, above),
        binding,
        over,
        sessions: peak * 0.55,
        per_burst,
    };
    let code = |technology, per_vcpu: f64, binding, over, per_burst| TierInput {
        tier: "code",
        technology,
        vcpus: around(peak * 0.27 / per_vcpu, 0.11, 0.14),
        binding,
        over,
        sessions: peak * 0.27,
        per_burst,
    };
    let linux = |technology, per_vcpu: f64, binding, over| TierInput {
        tier: "linux",
        technology,
        vcpus: around(peak * 0.14 / per_vcpu, 0.13, 0.17),
        binding,
        over,
        sessions: peak * 0.14,
        per_burst: false,
    };
    let browser = |over| TierInput {
        tier: "browser",
        technology: "container",
        vcpus: around(peak * 0.04 / 3.1, 0.15, 0.22),
        binding: Memory,
        over,
        sessions: peak * 0.04,
        per_burst: false,
    };
    let agrees = Some(estimated(0.988, 1.004, 1.019));
    let more = Some(estimated(1.041, 1.063, 1.084));
    vec![
        plan(
            "isolates-first",
            "Isolates first",
            &[
                api("v8-isolate", 171.0, 0.09, 0.12, Cpu, agrees, true),
                code("v8-isolate", 96.0, Cpu, agrees, true),
                linux("firecracker", 9.4, Memory, more),
                browser(more),
            ],
        ),
        plan(
            "containers",
            "Containers for everything",
            &[
                api("container", 22.5, 0.12, 0.15, Density, more, false),
                code("container", 19.1, Memory, more, false),
                linux("container", 11.8, Memory, agrees),
                browser(more),
            ],
        ),
        plan(
            "microvms",
            "MicroVMs for everything but browsers",
            &[
                api("firecracker", 12.2, 0.12, 0.15, Memory, None, false),
                code("firecracker", 11.4, Memory, None, false),
                linux("firecracker", 9.4, Memory, more),
                browser(more),
            ],
        ),
    ]
}

fn readings(plans: &[PlanResult], peak: f64) -> Vec<ReadingResult> {
    [
        ("base", "As written: 100M people, 15%", vec![], 15.0e6, 1.0),
        (
            "more-people",
            "160M people, 15%",
            vec!["segments.knowledge-workers.people = 160e6".to_owned()],
            24.0e6,
            1.6,
        ),
        (
            "higher-rate",
            "100M people, 24%",
            vec!["segments.knowledge-workers.concurrency = 0.24".to_owned()],
            24.0e6,
            1.6,
        ),
        (
            "rate-at-peak",
            "100M people, 15% at the peak",
            vec!["segments.knowledge-workers.concurrency.meaning = peak".to_owned()],
            15.0e6,
            15.0e6 / peak,
        ),
    ]
    .into_iter()
    .map(|(id, title, changes, sessions, factor)| ReadingResult {
        id: id.to_owned(),
        title: title.to_owned(),
        changes,
        envelope: envelope(sessions),
        mean_sessions: 15.0e6 * factor,
        peak_sessions: peak * factor,
        peak_to_mean: peak / 15.0e6,
        plans: plans
            .iter()
            .map(|plan| ReadingPlan {
                plan: plan.id.clone(),
                vcpus: plan.analytic.vcpus.scaled(factor),
                hosts: plan.analytic.hosts.central * factor,
                usd_per_month: plan.analytic.usd_per_month.map(|usd| usd.central * factor),
            })
            .collect(),
    })
    .collect()
}

fn matrix(peak: f64) -> Vec<MatrixCell> {
    use BindingResource::{Cpu, Density, Memory, StartRate};
    let suitable = |tier: &str, technology: &str, share: f64, per_vcpu: f64, binding| MatrixCell {
        tier: tier.to_owned(),
        technology: technology.to_owned(),
        outcome: MatrixOutcome::Suitable {
            requirement: requirement(around(peak * share / per_vcpu, 0.11, 0.15)),
            binding,
            sessions_per_vcpu: per_vcpu,
        },
    };
    let lacks = |tier: &str, technology: &str, missing: &[Capability]| MatrixCell {
        tier: tier.to_owned(),
        technology: technology.to_owned(),
        outcome: MatrixOutcome::Unsuitable {
            missing: missing.to_vec(),
        },
    };
    vec![
        suitable("api", "v8-isolate", 0.55, 171.0, Cpu),
        suitable("api", "wasm", 0.55, 188.0, Cpu),
        suitable("api", "container", 0.55, 22.5, Density),
        suitable("api", "gvisor", 0.55, 13.9, Memory),
        suitable("api", "firecracker", 0.55, 12.2, Memory),
        suitable("code", "v8-isolate", 0.27, 96.0, Cpu),
        lacks(
            "code",
            "wasm",
            &[Capability::Javascript, Capability::Python],
        ),
        suitable("code", "container", 0.27, 19.1, StartRate),
        suitable("code", "gvisor", 0.27, 12.8, Memory),
        suitable("code", "firecracker", 0.27, 11.4, Memory),
        lacks("linux", "v8-isolate", &[Capability::Linux]),
        lacks("linux", "wasm", &[Capability::Linux]),
        suitable("linux", "container", 0.14, 11.8, Memory),
        suitable("linux", "gvisor", 0.14, 9.9, Memory),
        suitable("linux", "firecracker", 0.14, 9.4, Memory),
        lacks("browser", "v8-isolate", &[Capability::Browser]),
        lacks("browser", "wasm", &[Capability::Browser]),
        suitable("browser", "container", 0.04, 3.1, Memory),
        MatrixCell {
            tier: "browser".to_owned(),
            technology: "gvisor".to_owned(),
            outcome: MatrixOutcome::Impossible {
                reason: "the start wait promised (0.2 s) is shorter than one start (0.31 s)"
                    .to_owned(),
            },
        },
        lacks("browser", "firecracker", &[Capability::Browser]),
    ]
}

fn tornado(centre: f64) -> Vec<TornadoBar> {
    [
        (
            "segments.knowledge-workers.concurrency",
            "Share of agents with a session open",
            "10%",
            "21%",
            0.69,
            1.38,
            0.71,
        ),
        (
            "technologies.firecracker.memory_live",
            "Memory of a live Firecracker microVM",
            "131 MiB",
            "212 MiB",
            0.84,
            1.21,
            0.46,
        ),
        (
            "tiers.linux.burst_cpu",
            "CPU work of a burst, full Linux",
            "0.40 CPU-s",
            "1.9 CPU-s",
            0.86,
            1.17,
            0.33,
        ),
        (
            "segments.knowledge-workers.agents",
            "Agents per person",
            "1.0",
            "1.3",
            0.93,
            1.14,
            0.24,
        ),
        (
            "tiers.browser.memory",
            "Working set of a browser",
            "310 MiB",
            "520 MiB",
            0.94,
            1.07,
            0.19,
        ),
        (
            "tiers.api.think",
            "Think time between bursts, API calls",
            "31 s",
            "9 s",
            0.97,
            1.04,
            -0.12,
        ),
        (
            "technologies.v8-isolate.start_cpu",
            "CPU of one isolate start",
            "1.1 ms",
            "2.4 ms",
            0.992,
            1.013,
            0.05,
        ),
    ]
    .into_iter()
    .map(|(key, label, low, high, below, above, rank)| TornadoBar {
        key: key.to_owned(),
        label: label.to_owned(),
        low_input: low.to_owned(),
        high_input: high.to_owned(),
        low_output: centre * below,
        high_output: centre * above,
        rank_correlation: rank,
    })
    .collect()
}

fn claims() -> Vec<ClaimResult> {
    let source = "Fixture Gazette, 2026-01-01 (invented)";
    [
        (
            "sessions",
            "capacity for approximately 24 million simultaneous sessions",
            "15.0M by plain multiplication (100M × 15%); 24.0M needs 1.60×",
            Verdict::HoldsUnder,
            "It holds with 160M people, or with a rate of 24%; not with the two numbers as stated.",
        ),
        (
            "cpus",
            "between 500K and 1M server CPUs",
            "480K–960K from 24M sessions at 25–50 per CPU; 868K (768K–997K) vCPUs analytic",
            Verdict::Holds,
            "The headline plan lies inside the range stated.",
        ),
        (
            "memory",
            "up to 100x more memory-efficient than a container",
            "11.2× less than a container (10.6×–11.9×)",
            Verdict::DoesNotHold,
            "The slope of host memory over live sandboxes gives a smaller ratio on this host.",
        ),
        (
            "start",
            "takes a few milliseconds to start",
            "no isolate in the profile is measured",
            Verdict::NeedsMeasurement,
            "Run the measurement on a host with the technology installed.",
        ),
        (
            "millions",
            "at a scale of millions per second",
            "610K starts per second in the busiest hour",
            Verdict::NotTestable,
            "No fleet is at hand to start millions per second.",
        ),
    ]
    .into_iter()
    .map(|(id, quote, found, verdict, why)| ClaimResult {
        id: id.to_owned(),
        quote: quote.to_owned(),
        source: source.to_owned(),
        found: found.to_owned(),
        verdict,
        why: why.to_owned(),
    })
    .collect()
}

fn assumption(key: &str, value: &str, origin: Origin, source: &str, uncertain: bool) -> Assumption {
    Assumption {
        key: key.to_owned(),
        value: value.to_owned(),
        origin,
        source: source.to_owned(),
        conditions: String::new(),
        uncertain,
    }
}

fn assumptions() -> Vec<Assumption> {
    use Origin::{Assumed, Published};
    vec![
        assumption(
            "segments.knowledge-workers.people",
            "100 000 000",
            Published,
            "Fixture Gazette, 2026-01-01 (invented)",
            false,
        ),
        assumption(
            "segments.knowledge-workers.concurrency",
            "15% (10%–21%), mean over all hours",
            Published,
            "Fixture Gazette, 2026-01-01 (invented)",
            true,
        ),
        assumption(
            "segments.knowledge-workers.agents",
            "1.1 (1.0–1.3)",
            Published,
            "Invented Research, \"Agents per person\", 2026",
            true,
        ),
        assumption(
            "segments.knowledge-workers.zones",
            "United States, five zones",
            Published,
            "Invented census of jobs by state",
            false,
        ),
        assumption(
            "tiers.api.share",
            "55%",
            Assumed,
            "no public split is known; the isolates-first scenario varies it",
            false,
        ),
        assumption(
            "tiers.api.think",
            "18 s (9 s–31 s), lognormal",
            Assumed,
            "time of one model answer",
            true,
        ),
        assumption(
            "tiers.linux.burst_cpu",
            "0.9 CPU-s (0.4–1.9)",
            Assumed,
            "compile and test of a small change",
            true,
        ),
        assumption(
            "tiers.browser.memory",
            "400 MiB (310–520)",
            Assumed,
            "one page with scripts",
            true,
        ),
        assumption("host.overcommit", "none", Assumed, "", false),
    ]
}

fn technologies() -> Vec<TechnologyResult> {
    use Capability::{ApiCalls, Browser, Javascript, Linux, Python, Wasm};
    use Origin::{Assumed, Measured, Published};
    let number =
        |key: &str, value: &str, origin, source: &str, conditions: &str, uncertain| Assumption {
            conditions: conditions.to_owned(),
            ..assumption(key, value, origin, source, uncertain)
        };
    let technology =
        |id: &str, title: &str, boundary, offers: &[Capability], numbers| TechnologyResult {
            id: id.to_owned(),
            title: title.to_owned(),
            boundary,
            offers: offers.to_vec(),
            numbers,
        };
    let here = "harness, fixture host, 30 processes × 40 iterations (invented)";
    vec![
        technology(
            "v8-isolate",
            "V8 isolate",
            Boundary::LanguageRuntime,
            &[ApiCalls, Javascript, Wasm],
            vec![
                number(
                    "start_wall",
                    "3.10 ms (2.90–3.40 ms) p50",
                    Measured,
                    here,
                    "cold, page cache warm, first useful result",
                    true,
                ),
                number(
                    "start_cpu",
                    "1.62 ms",
                    Measured,
                    here,
                    "cold, page cache warm",
                    true,
                ),
                number(
                    "memory_live",
                    "3.42 MiB",
                    Measured,
                    here,
                    "slope over 50–2000 live",
                    true,
                ),
                number(
                    "start_wall",
                    "5 ms",
                    Published,
                    "Invented vendor, blog, 2018",
                    "vendor's claim, no method",
                    false,
                ),
            ],
        ),
        technology(
            "wasm",
            "Wasm instance",
            Boundary::LanguageRuntime,
            &[ApiCalls, Wasm],
            vec![
                number(
                    "start_wall",
                    "41.0 µs",
                    Measured,
                    here,
                    "precompiled module",
                    true,
                ),
                number(
                    "memory_live",
                    "1.90 MiB",
                    Measured,
                    here,
                    "slope over 50–5000 live",
                    true,
                ),
            ],
        ),
        technology(
            "container",
            "Container (runc)",
            Boundary::SharedKernel,
            &[ApiCalls, Javascript, Python, Wasm, Linux, Browser],
            vec![
                number(
                    "start_wall",
                    "212 ms",
                    Published,
                    "Invented runtime README",
                    "create, start and delete; caches dropped",
                    true,
                ),
                number(
                    "density_limit",
                    "1000 per host",
                    Assumed,
                    "kernel and network limits",
                    "",
                    false,
                ),
            ],
        ),
        technology(
            "gvisor",
            "gVisor (systrap)",
            Boundary::UserSpaceKernel,
            &[ApiCalls, Javascript, Python, Wasm, Linux, Browser],
            vec![number(
                "start_wall",
                "310 ms",
                Published,
                "Invented blog",
                "eight hosts",
                true,
            )],
        ),
        technology(
            "firecracker",
            "Firecracker microVM",
            Boundary::Hardware,
            &[ApiCalls, Javascript, Python, Wasm, Linux],
            vec![
                number(
                    "start_wall",
                    "161 ms",
                    Published,
                    "Invented paper, raw data",
                    "serial p50, wall clock of the whole process",
                    true,
                ),
                number(
                    "memory_live",
                    "165 MiB",
                    Assumed,
                    "guest of 128 MiB, VMM, page tables",
                    "",
                    true,
                ),
            ],
        ),
    ]
}

/// The result of a plan whose profile was made from a measurement.
pub fn measured() -> CapacityResult {
    CapacityResult {
        measurement: Some(measurement_support::measurement()),
        ..fixture()
    }
}

/// The result of a fleet that is run in every way there is, under a recording, beside a shared
/// service.
pub fn run_in_every_way() -> CapacityResult {
    let mut result = fixture();
    result.plans.truncate(1);
    result.plans[0].tiers.truncate(2);
    let operations = [
        TierOperation {
            suspension: Some(SuspensionResult {
                after_seconds: 120.0,
                suspended: estimated(2.1e6, 2.4e6, 2.9e6),
                places: estimated(5.1e6, 5.6e6, 6.2e6),
                resumes_per_second: estimated(8_100.0, 9_400.0, 11_200.0),
            }),
            warm_pool: Some(WarmPoolResult {
                per_host: estimated(11.0, 13.0, 17.0),
                misses: estimated(0.007, 0.0082, 0.0098),
            }),
            memory_commitment: Some(MemoryCommitmentResult {
                factor: 1.5,
                sandboxes_per_host: estimated(402.0, 431.0, 466.0),
                risk: estimated(0.0, 0.0004, 0.013),
                places_per_host: estimated(470.0, 512.0, 540.0),
                risk_when_full: estimated(0.01, 0.08, 0.31),
            }),
            ..TierOperation::default()
        },
        TierOperation {
            minority: Some(MinorityResult {
                share: 0.05,
                share_of_work: estimated(0.31, 0.34, 0.39),
            }),
            autoscaling: Some(AutoscalingResult {
                host_hours_per_week: estimated(51_000.0, 58_000.0, 66_000.0),
                always_on_host_hours_per_week: estimated(101_000.0, 112_000.0, 128_000.0),
                usd_per_month: Some(estimated(1.07e6, 1.22e6, 1.39e6)),
                always_on_usd_per_month: Some(estimated(2.12e6, 2.36e6, 2.7e6)),
                fullest: estimated(0.81, 0.88, 1.06),
            }),
            failures: Some(FailuresResult {
                hosts_down: Some(estimated(0.0002, 0.0005, 0.0014)),
                more_than_spare: Some(estimated(1e-5, 8e-5, 6e-4)),
                sandboxes_lost_per_month: Some(estimated(2_000.0, 5_500.0, 16_000.0)),
                hosts_at_peak: 2,
                at_peak: Some(RestartResult {
                    sandboxes: estimated(801.0, 862.0, 930.0),
                    seconds: Some(estimated(3.1, 4.4, 9.7)),
                }),
                cell: Some(RestartResult {
                    sandboxes: estimated(16_100.0, 17_200.0, 18_600.0),
                    seconds: None,
                }),
            }),
            ..TierOperation::default()
        },
    ];
    for (tier, operation) in result.plans[0].tiers.iter_mut().zip(operations) {
        tier.operation = Some(operation);
    }
    result.arrivals = Some(recorded());
    result.baseline = Some(shared(&result.plans[0]));
    result
}

fn recorded() -> ArrivalsResult {
    let scale = |seconds, stretches, index| DispersionResult {
        seconds,
        stretches,
        index,
        poisson_low: 0.7,
        poisson_high: 1.4,
    };
    let cell = |tier: &str, outcome| RecordedCell {
        tier: tier.to_owned(),
        technology: "v8-isolate".to_owned(),
        segment: "workers".to_owned(),
        outcome,
    };
    ArrivalsResult {
        recordings: vec![RecordingResult {
            segment: "workers".to_owned(),
            name: "traces/invented.csv".to_owned(),
            interval_seconds: 60.0,
            recorded_seconds: 3480.0,
            sessions: 19_329.0,
            scaling: TraceScaling::Together,
            dispersion: vec![scale(60.0, 58, 12.4), scale(120.0, 29, 21.3)],
        }],
        cells: vec![
            cell(
                "api",
                RecordedOutcome::Compared {
                    hosts: 1,
                    sessions: 5_210.0,
                    seconds: 1_440.0,
                    replications: 8,
                    index: 1.31,
                    promises: vec![PromiseComparison {
                        name: "bursts slowed down more than 3 times".to_owned(),
                        limit: 0.01,
                        poisson: estimated(0.007, 0.0095, 0.012),
                        recorded: estimated(0.009, 0.013, 0.017),
                    }],
                    capacity_poisson: Some(estimated(5_050.0, 5_210.0, 5_330.0)),
                    capacity_recorded: None,
                },
            ),
            cell(
                "code",
                RecordedOutcome::NotCompared {
                    reason: "one host is watched for 20 s at most; raise simulation.events"
                        .to_owned(),
                },
            ),
        ],
    }
}

fn shared(plan: &PlanResult) -> BaselineResult {
    let tier = |key: &str, vcpus: Estimated, binding| BaselineTier {
        tier: key.to_owned(),
        requirement: requirement(vcpus),
        sessions_per_vcpu: 410.0,
        instances: 61_000.0,
        binding,
    };
    BaselineResult {
        requirement: requirement(estimated(71_000.0, 93_000.0, 140_000.0)),
        tiers: vec![
            tier(
                "api",
                estimated(18_000.0, 24_000.0, 37_000.0),
                BindingResource::Cpu,
            ),
            tier(
                "code",
                estimated(51_000.0, 69_000.0, 104_000.0),
                BindingResource::Memory,
            ),
        ],
        plans: vec![BaselineComparison {
            plan: plan.id.clone(),
            ratio: estimated(9.1, 14.2, 22.0),
            usd_per_month_more: Some(estimated(4.1e6, 6.2e6, 9.9e6)),
        }],
    }
}

/// The whole result.
pub fn fixture() -> CapacityResult {
    let demand = demand();
    let peak = demand.peak_sessions.central;
    let plans = plans(peak);
    let tier = |id: &str, title: &str, needs: &[Capability], share, seconds, cpu| TierSummary {
        id: id.to_owned(),
        title: title.to_owned(),
        needs: needs.to_vec(),
        share,
        session_seconds: seconds,
        session_cpu_seconds: cpu,
    };
    CapacityResult {
        format: RESULT_FORMAT,
        provenance: ResultProvenance {
            tool_version: "0.1.0".to_owned(),
            scenario_digest: "5f1c9a77e0b34d2288aa61f0c4d7739be2a90c1fd86e4b35a7c2109e4df6b8c3".to_owned(),
            profile_digest: "b07d42ee91f3c85a6604de7c1b98f25370ac4e6d8f12b95c7e03a1d64f58290b".to_owned(),
            profile_title: "Fixture profile: invented numbers".to_owned(),
            seed: 1,
            draws: 2000,
            replications: 8,
            overrides: vec!["tiers.api.share = 55%".to_owned()],
        },
        scenario: ScenarioSummary {
            title: "Fixture: US knowledge workers (invented numbers)".to_owned(),
            question: "How much hardware would it take to give 100 million people an agent each?".to_owned(),
            host_shape: "fixture.metal-24xl".to_owned(),
            host_vcpus: 96,
            host_memory_bytes: 384.0 * GIB,
            host_usd_per_hour: Some(HOST_USD),
            service_level: "start wait below 200 ms in 99% of starts; bursts slowed at most 2.00× in 99%; at most 0.01% of starts rejected; with one host of a cell lost".to_owned(),
            tiers: vec![
                tier("api", "API calls only", &[Capability::ApiCalls], 0.55, 900.0, 1.8),
                tier("code", "Generated code", &[Capability::ApiCalls, Capability::Javascript], 0.27, 1260.0, 6.4),
                tier("linux", "Full Linux", &[Capability::Linux], 0.14, 2700.0, 240.0),
                tier("browser", "Browser", &[Capability::Browser], 0.04, 780.0, 96.0),
            ],
        },
        answer: "Fixture: US knowledge workers needs 1.59M–2.13M vCPUs (95% interval, simulated) on Isolates first; memory binds on most of it. All numbers of this page are invented.".to_owned(),
        warnings: vec![
            "Every number of this report is invented to test its layout; it says nothing about any technology.".to_owned(),
            "Two tiers of MicroVMs for everything but browsers were not simulated, so the plan has no simulated total.".to_owned(),
            "The claim's \"CPU\" is read as one vCPU.".to_owned(),
        ],
        envelope: envelope(15.0e6),
        readings: readings(&plans, peak),
        matrix: matrix(peak),
        tornado: tornado(plans[0].analytic.vcpus.central),
        claims: claims(),
        assumptions: assumptions(),
        technologies: technologies(),
        measurement: None,
        baseline: None,
        arrivals: None,
        fleet: None,
        sizing: None,
        optimum: None,
        growth: None,
        attainment: Vec::new(),
        service_cost: Vec::new(),
        sessions_gap: None,
        plans,
        demand,
    }
}
