//! A measurement with invented numbers, for tests and for trying out what reads one.

use super::document::{
    AccountOfSuspended, Burst, CodingStep, Estimate, Fact, Host, MEASUREMENT_FORMAT, Measurement,
    MemoryAccount, MemoryFit, Outcome, RelativeCpu, Row, Run, Saturation, StartTimes, Summary,
    SuspendedMemory, SuspensionTimes, Work,
};
use super::record::{Ceiling, CeilingKind};
use super::technology::{
    CodeForm, Description, Inside, Language, PreparationStep, Role, StartKind, Support, Tool,
};
use crate::profile::{Boundary, Capability};
use crate::statistics::Interval;

const MICROSECOND: f64 = 1e-6;
const MILLISECOND: f64 = 1e-3;
const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * 1024.0;

/// Five technologies: two references, one of which has little beside its starts, an isolate, a
/// container, a microVM that cannot be measured, and a container that failed. Every number is
/// invented.
pub fn measurement() -> Measurement {
    Measurement {
        format: MEASUREMENT_FORMAT,
        kind: "measurement".to_owned(),
        run: Run {
            version: "0.1.0".to_owned(),
            command: "tonnage measure --effort quick".to_owned(),
            effort: "quick".to_owned(),
            seed: 7,
            started: 1_767_225_600,
            seconds: 412.5,
            complete: true,
            remarks: vec!["2 of 140 cells were repeated after they had failed once".to_owned()],
        },
        host: host(),
        rows: vec![
            native(),
            node(),
            isolate(),
            container(),
            failed(),
            micro_vm(),
        ],
    }
}

fn host() -> Host {
    let fact = |name: &str, value: &str| Fact {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    Host {
        vcpus: 2,
        memory: 8 << 30,
        facts: vec![
            fact("CPU", "Example Processor 9000"),
            fact("virtual machine", "yes"),
            fact("kernel", "6.1.0-18-amd64"),
            fact("load", "0.10, 0.20, 0.30 (1, 5, 15 min)"),
        ],
        warnings: vec![
            "this is a virtual machine: page faults and interrupts cost more than on bare metal, \
             and neighbours can take time"
                .to_owned(),
        ],
    }
}

/// An estimate with an interval of the given relative half-width.
pub fn estimate(value: f64, relative: f64, samples: u32) -> Estimate {
    Estimate {
        value,
        interval: Some(Interval {
            low: value * (1.0 - relative),
            high: value * (1.0 + relative),
        }),
        samples,
    }
}

/// A summary around a median, with quantiles as far out as the samples allow.
pub fn summary(median: f64, relative: f64, samples: u32) -> Summary {
    // Quantiles of a logistic distribution of the logarithm: near enough to samples of a start.
    let at = |share: f64| median * (0.05 * (share / (1.0 - share)).ln()).exp();
    let quantile = |share: f64, needed: u32| {
        (samples >= needed).then(|| Estimate {
            value: at(share),
            interval: Some(Interval {
                low: at(share - 0.4 * (1.0 - share)),
                high: at(share + 0.7 * (1.0 - share)),
            }),
            samples,
        })
    };
    let percentiles: Vec<f64> = (0..=100)
        .map(|step| at((f64::from(step) / 100.0).clamp(0.001, 0.999)))
        .collect();
    Summary {
        samples,
        outliers: samples / 100,
        median: estimate(median, relative, samples),
        mad: 0.04 * median,
        mean: 1.01 * median,
        min: percentiles[0],
        max: percentiles[100],
        p95: quantile(0.95, 59),
        p99: quantile(0.99, 368),
        percentiles,
    }
}

fn description(id: &str, title: &str, boundary: Boundary) -> Description {
    Description {
        id: id.to_owned(),
        title: title.to_owned(),
        boundary,
        offers: vec![Capability::ApiCalls],
        inside: match boundary {
            Boundary::LanguageRuntime => {
                Inside::runtime(vec![CodeForm::Javascript, CodeForm::Wasm])
            }
            Boundary::Process => Inside::host(),
            _ => Inside::linux(Support::Possible),
        },
        language: Language::Javascript,
        start: StartKind::Cold,
        clock: "from the request until the answer has been checked".to_owned(),
        notes: None,
        role: Role::Candidate,
    }
}

fn empty(technology: Description, outcome: Outcome) -> Row {
    Row {
        technology,
        outcome,
        tools: Vec::new(),
        preparation: Vec::new(),
        commands: Vec::new(),
        start: None,
        first_start: None,
        teardown: None,
        cpu_per_start: None,
        saturation: None,
        burst: None,
        memory_idle: None,
        memory_touched: None,
        work: None,
        suspension: None,
        coding: None,
        noise: None,
        remarks: Vec::new(),
    }
}

/// What the rows with numbers differ in.
struct Costs {
    start: f64,
    samples: u32,
    cpu: f64,
    memory: f64,
    relative_cpu: f64,
    reference: &'static str,
}

fn measured(technology: Description, costs: &Costs) -> Row {
    let Costs {
        start,
        samples,
        cpu,
        memory,
        ..
    } = *costs;
    let piece = 0.021 * costs.relative_cpu;
    Row {
        start: Some(StartTimes {
            created: Some(summary(0.4 * start, 0.02, samples)),
            first_instruction: None,
            first_result: summary(start, 0.02, samples),
        }),
        first_start: Some(summary(3.0 * start, 0.08, 10)),
        teardown: Some(summary(0.2 * start, 0.03, samples)),
        cpu_per_start: Some(estimate(cpu, 0.01, samples)),
        saturation: Some(Saturation {
            per_second_per_vcpu: estimate(0.9 / cpu, 0.03, 5),
            threads: 2,
            cpu_per_start: estimate(1.05 * cpu, 0.02, 5),
        }),
        burst: Some(Burst {
            size: 100,
            first_result: summary(25.0 * start, 0.05, 300),
            all: estimate(52.0 * start, 0.06, 3),
        }),
        memory_idle: Some(fit(memory, 0)),
        memory_touched: Some(fit(memory + 4.1 * MIB, 4 << 20)),
        work: Some(Work {
            rounds: 20,
            settled: summary(piece, 0.01, 80),
            fresh: summary(1.4 * piece, 0.03, 20),
            relative_cpu: Some(RelativeCpu {
                reference: costs.reference.to_owned(),
                settled: estimate(costs.relative_cpu, 0.012, 80),
                fresh: estimate(1.4 * costs.relative_cpu, 0.03, 20),
            }),
            relative_to_native: Some(estimate(2.4 * costs.relative_cpu, 0.02, 80)),
        }),
        noise: Some(0.013),
        ..empty(technology, Outcome::Measured)
    }
}

fn fit(memory: f64, working_set: u64) -> MemoryFit {
    MemoryFit {
        per_instance: estimate(memory, 0.015, 24),
        account: MemoryAccount::Host,
        base: estimate(31.0 * MIB, 0.04, 24),
        accounts: vec![
            (MemoryAccount::Host, estimate(memory, 0.015, 24)),
            (
                MemoryAccount::ControlGroup,
                estimate(0.93 * memory, 0.01, 24),
            ),
            (
                MemoryAccount::Proportional,
                estimate(0.99 * memory, 0.01, 24),
            ),
            (MemoryAccount::Unique, estimate(0.88 * memory, 0.01, 24)),
        ],
        working_set,
        highest: 120,
        ceiling: Ceiling {
            live: 120,
            kind: CeilingKind::Effort,
            reason: "the measurement allows itself 120".to_owned(),
        },
        points: (0..=6)
            .map(|step| (20 * step, memory * f64::from(20 * step)))
            .collect(),
    }
}

fn tool(name: &str, version: &str) -> Tool {
    Tool {
        name: name.to_owned(),
        version: version.to_owned(),
        path: Some(format!("/usr/bin/{name}").into()),
    }
}

fn native() -> Row {
    let mut technology = description("process-native", "Process, native", Boundary::Process);
    technology.language = Language::Native;
    technology.role = Role::Reference;
    let costs = Costs {
        start: 612.0 * MICROSECOND,
        samples: 1_200,
        cpu: 540.0 * MICROSECOND,
        memory: 290.0 * KIB,
        relative_cpu: 1.0,
        reference: "process-native",
    };
    Row {
        tools: vec![tool("cc", "12.2.0")],
        preparation: vec![PreparationStep {
            what: "compile the guest".to_owned(),
            seconds: 0.31,
        }],
        commands: vec!["guest --serve".to_owned()],
        ..measured(technology, &costs)
    }
}

fn node() -> Row {
    let mut technology = description("process-node", "Process, Node.js", Boundary::Process);
    technology.role = Role::Reference;
    let few = summary(38.2 * MILLISECOND, 0.2, 6);
    Row {
        tools: vec![tool("node", "v22.14.0")],
        start: Some(StartTimes {
            created: None,
            first_instruction: None,
            first_result: few,
        }),
        cpu_per_start: Some(Estimate {
            value: 41.0 * MILLISECOND,
            interval: None,
            samples: 1,
        }),
        remarks: vec!["the time for memory was over before ten sandboxes were alive".to_owned()],
        ..empty(technology, Outcome::Measured)
    }
}

fn isolate() -> Row {
    let mut technology = description(
        "v8-isolate-snapshot",
        "V8 isolate from a snapshot",
        Boundary::LanguageRuntime,
    );
    technology.start = StartKind::Snapshot;
    technology.offers = vec![Capability::ApiCalls, Capability::Javascript];
    technology.notes = Some("All isolates share a process and its memory.".to_owned());
    let costs = Costs {
        start: 1.18 * MILLISECOND,
        samples: 1_200,
        cpu: 1.09 * MILLISECOND,
        memory: 1.42 * MIB,
        relative_cpu: 1.03,
        reference: "process-node",
    };
    Row {
        tools: vec![tool("v8", "13.4.114")],
        preparation: vec![PreparationStep {
            what: "build the snapshot".to_owned(),
            seconds: 0.084,
        }],
        ..measured(technology, &costs)
    }
}

fn container() -> Row {
    let mut technology = description("container-runc", "Container, runc", Boundary::SharedKernel);
    technology.offers = vec![Capability::ApiCalls, Capability::Linux];
    technology.language = Language::Native;
    let costs = Costs {
        start: 74.0 * MILLISECOND,
        samples: 240,
        cpu: 61.0 * MILLISECOND,
        memory: 3.4 * MIB,
        relative_cpu: 1.002,
        reference: "process-native",
    };
    let resumed = 310.0 * MICROSECOND;
    Row {
        tools: vec![tool("runc", "1.1.12")],
        preparation: vec![
            PreparationStep {
                what: "unpack the root file system".to_owned(),
                seconds: 1.7,
            },
            PreparationStep {
                what: "write the bundle".to_owned(),
                seconds: 0.004,
            },
        ],
        commands: vec!["runc run --bundle BUNDLE NAME".to_owned()],
        suspension: Some(SuspensionTimes {
            mechanism: "freezer control group".to_owned(),
            suspend: summary(0.5 * resumed, 0.04, 60),
            resume: summary(resumed, 0.04, 60),
            answer: summary(0.2 * resumed, 0.04, 60),
            reclaim: Some("memory.reclaim of its control group".to_owned()),
            resume_after_reclaim: Some(summary(1.8 * resumed, 0.06, 4)),
            cpu_per_resume: Some(estimate(0.7 * resumed, 0.05, 60)),
            memory: Some(suspended(4.4 * MIB)),
        }),
        coding: Some(CodingStep {
            sandbox: "its root file system also has bash, git, Node.js and Python".to_owned(),
            wall: summary(0.52, 0.03, 9),
            cpu: summary(0.61, 0.02, 9),
            relative_cpu: Some(estimate(1.09, 0.03, 9)),
            cold_wall: Some(summary(0.94, 0.05, 3)),
            cold_cpu: Some(summary(0.7, 0.05, 3)),
            memory: Some(summary(38.0 * MIB, 0.02, 9)),
            page_cache: Some(summary(1.2 * MIB, 0.04, 9)),
            cold_page_cache: Some(summary(96.0 * MIB, 0.02, 3)),
            disk: Some(summary(0.6 * MIB, 0.01, 9)),
        }),
        remarks: vec!["accounts of memory are 12% apart".to_owned()],
        ..measured(technology, &costs)
    }
}

fn suspended(running: f64) -> SuspendedMemory {
    let of = |account, factor: f64| AccountOfSuspended {
        account,
        running: estimate(factor * running, 0.02, 3),
        suspended: estimate(0.998 * factor * running, 0.02, 3),
        reclaimed: Some(estimate(0.91 * factor * running, 0.02, 3)),
    };
    let headline = of(MemoryAccount::ControlGroup, 1.0);
    SuspendedMemory {
        account: headline.account,
        running: headline.running,
        suspended: headline.suspended,
        reclaimed: headline.reclaimed,
        accounts: vec![headline, of(MemoryAccount::Proportional, 1.03)],
        working_set: 1 << 20,
        live: 4,
        swap: 0,
    }
}

fn failed() -> Row {
    let technology = description("container-crun", "Container, crun", Boundary::SharedKernel);
    let why = "crun: cannot set memory limit: Permission denied".to_owned();
    empty(technology, Outcome::Failed { why })
}

fn micro_vm() -> Row {
    let technology = description("firecracker", "Firecracker microVM", Boundary::Hardware);
    empty(
        technology,
        Outcome::NotMeasured {
            why: "there is no /dev/kvm".to_owned(),
            enable: "use a host with nested virtualisation, or bare metal".to_owned(),
        },
    )
}
