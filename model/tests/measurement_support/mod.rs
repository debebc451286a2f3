//! A measurement with the shape of a real one. EVERY NUMBER HERE IS INVENTED: nothing was measured,
//! and no file made from it says anything about any technology.

// Each test binary uses a part of this, and it is no part of any crate's interface.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::must_use_candidate)]

use tonnage_model::measurement::document::{
    Burst, Estimate, Fact, Host, Measurement, MemoryAccount, MemoryFit, Outcome, RelativeCpu, Row,
    Run, Saturation, StartTimes, Summary, Work,
};
use tonnage_model::measurement::record::{Ceiling, CeilingKind};
use tonnage_model::measurement::technology::{
    CodeForm, Description, Inside, Language, Role, StartKind, Support,
};
use tonnage_model::profile::{Boundary, Capability};
use tonnage_model::statistics::Interval;

const MIB: f64 = 1024.0 * 1024.0;
const KIB: f64 = 1024.0;

/// A value with an interval of so many parts of it to either side.
pub fn estimate(value: f64, part: f64) -> Estimate {
    Estimate {
        value,
        interval: Some(Interval {
            low: value * (1.0 - part),
            high: value * (1.0 + part),
        }),
        samples: 300,
    }
}

/// A skewed distribution with this median: quantiles of a shifted log-logistic.
pub fn summary(median: f64, spread: f64) -> Summary {
    let percentiles: Vec<f64> = (0..=100_u32)
        .map(|step| {
            let p = (f64::from(step) / 100.0).clamp(0.003, 0.997);
            median * (0.7 + 0.3 * (p / (1.0 - p)).powf(spread))
        })
        .collect();
    // What a mean of all samples would be, taken finely between the steps.
    let mean = percentiles
        .windows(2)
        .map(|pair| f64::midpoint(pair[0], pair[1]))
        .sum::<f64>()
        / 100.0;
    Summary {
        samples: 600,
        outliers: 7,
        median: estimate(percentiles[50], 0.02),
        mad: median * 0.08,
        mean,
        min: percentiles[0],
        max: percentiles[100],
        p95: Some(estimate(percentiles[95], 0.05)),
        p99: Some(estimate(percentiles[99], 0.1)),
        percentiles,
    }
}

/// What is invented of one technology.
pub struct Costs {
    pub id: &'static str,
    pub title: &'static str,
    pub boundary: Boundary,
    pub start: StartKind,
    pub role: Role,
    /// Seconds.
    pub first_result: f64,
    /// CPU seconds.
    pub cpu: f64,
    /// Bytes.
    pub memory: f64,
    /// Bytes.
    pub base: f64,
    /// CPU time of work against its reference, settled and fresh.
    pub relative: Option<(f64, f64)>,
}

fn description(costs: &Costs) -> Description {
    let linux = costs.boundary == Boundary::SharedKernel;
    let mut offers = vec![Capability::ApiCalls, Capability::Javascript];
    if linux {
        offers.push(Capability::Linux);
    }
    Description {
        id: costs.id.to_owned(),
        title: costs.title.to_owned(),
        boundary: costs.boundary,
        offers,
        inside: if linux {
            Inside::linux(Support::Possible)
        } else {
            Inside::runtime(vec![CodeForm::Javascript])
        },
        language: Language::Javascript,
        start: costs.start,
        clock: "from the request to the first answer that was checked".to_owned(),
        notes: None,
        role: costs.role,
    }
}

fn fit(costs: &Costs) -> MemoryFit {
    let per_instance = estimate(costs.memory, 0.04);
    let wave = |live: u32| 1.0 + 0.01 * f64::from(live % 7) - 0.03;
    let points = [0, 1, 2, 4, 8, 12, 16, 24, 32, 48, 64]
        .into_iter()
        .map(|live: u32| {
            let slope = costs.memory * f64::from(live) * wave(live);
            (live, costs.base + slope)
        })
        .collect();
    MemoryFit {
        per_instance,
        account: MemoryAccount::Host,
        base: estimate(costs.base, 0.1),
        accounts: vec![
            (MemoryAccount::Host, per_instance),
            (
                MemoryAccount::Proportional,
                estimate(costs.memory * 0.93, 0.01),
            ),
        ],
        working_set: 0,
        highest: 64,
        ceiling: Ceiling {
            live: 64,
            kind: CeilingKind::Effort,
            reason: "as many as this effort asks for".to_owned(),
        },
        points,
    }
}

/// A row with every number.
pub fn row(costs: &Costs) -> Row {
    let first_result = summary(costs.first_result, 0.35);
    let work = costs.relative.map(|(settled, fresh)| Work {
        rounds: 20,
        settled: summary(0.02 * settled, 0.1),
        fresh: summary(0.02 * fresh, 0.1),
        relative_cpu: Some(RelativeCpu {
            reference: "process-node".to_owned(),
            settled: estimate(settled, 0.02),
            fresh: estimate(fresh, 0.03),
        }),
        relative_to_native: None,
    });
    Row {
        technology: description(costs),
        outcome: Outcome::Measured,
        tools: Vec::new(),
        preparation: Vec::new(),
        commands: vec![format!("start {}", costs.id)],
        start: Some(StartTimes {
            created: Some(summary(costs.first_result * 0.6, 0.3)),
            first_instruction: None,
            first_result: first_result.clone(),
        }),
        first_start: Some(summary(costs.first_result * 1.4, 0.3)),
        teardown: Some(summary(costs.first_result * 0.1, 0.2)),
        cpu_per_start: Some(estimate(costs.cpu, 0.03)),
        saturation: Some(Saturation {
            per_second_per_vcpu: estimate(0.9 / costs.cpu, 0.02),
            threads: 4,
            cpu_per_start: estimate(costs.cpu * 1.08, 0.02),
        }),
        burst: Some(Burst {
            size: 64,
            first_result: summary(costs.first_result * 9.0, 0.4),
            all: estimate(costs.first_result * 30.0, 0.1),
        }),
        memory_idle: Some(fit(costs)),
        memory_touched: None,
        work,
        suspension: None,
        coding: None,
        noise: Some(0.013),
        remarks: Vec::new(),
    }
}

/// A row of something this host does not have.
pub fn not_measured(id: &str, title: &str, why: &str, enable: &str) -> Row {
    let costs = Costs {
        id: "none",
        title: "none",
        boundary: Boundary::SharedKernel,
        start: StartKind::Cold,
        role: Role::Candidate,
        first_result: 1.0,
        cpu: 1.0,
        memory: 1.0,
        base: 1.0,
        relative: None,
    };
    let mut technology = description(&costs);
    id.clone_into(&mut technology.id);
    title.clone_into(&mut technology.title);
    Row {
        technology,
        outcome: Outcome::NotMeasured {
            why: why.to_owned(),
            enable: enable.to_owned(),
        },
        commands: Vec::new(),
        start: None,
        first_start: None,
        teardown: None,
        cpu_per_start: None,
        saturation: None,
        burst: None,
        memory_idle: None,
        noise: None,
        ..row(&costs)
    }
}

#[rustfmt::skip] // a table
const COSTS: [Costs; 9] = {
    use Boundary::{LanguageRuntime, Process, SharedKernel};
    use Role::{Candidate, Overhead, Reference};
    use StartKind::{Cold, Pooled, Precompiled, Snapshot};
    [
        Costs { id: "empty", title: "Nothing", boundary: Process, start: Cold, role: Overhead,
            first_result: 2e-7, cpu: 3e-7, memory: 16.0, base: KIB, relative: None },
        Costs { id: "v8-isolate", title: "V8 isolate", boundary: LanguageRuntime, start: Cold, role: Candidate,
            first_result: 1.9e-3, cpu: 2.1e-3, memory: 0.6 * MIB, base: 34.0 * MIB, relative: Some((1.02, 1.6)) },
        Costs { id: "v8-isolate-snapshot", title: "V8 isolate from a snapshot", boundary: LanguageRuntime, start: Snapshot, role: Candidate,
            first_result: 0.8e-3, cpu: 0.9e-3, memory: 0.5 * MIB, base: 35.0 * MIB, relative: Some((1.03, 1.7)) },
        Costs { id: "wasm-wasmtime", title: "WebAssembly instance (Wasmtime)", boundary: LanguageRuntime, start: Pooled, role: Candidate,
            first_result: 5e-5, cpu: 6e-5, memory: 70.0 * KIB, base: 18.0 * MIB, relative: Some((1.4, 1.38)) },
        Costs { id: "wasm-javascript", title: "JavaScript in WebAssembly", boundary: LanguageRuntime, start: Precompiled, role: Candidate,
            first_result: 9e-4, cpu: 1e-3, memory: 1.1 * MIB, base: 22.0 * MIB, relative: None },
        Costs { id: "process-node", title: "Node.js process", boundary: Process, start: Cold, role: Reference,
            first_result: 0.045, cpu: 0.05, memory: 11.0 * MIB, base: 40.0 * MIB, relative: None },
        Costs { id: "container-runc-empty", title: "Empty container by runc", boundary: SharedKernel, start: Cold, role: Candidate,
            first_result: 0.06, cpu: 0.07, memory: 0.2 * MIB, base: 3.0 * MIB, relative: Some((1.0, 1.01)) },
        Costs { id: "container-runc", title: "Container by runc", boundary: SharedKernel, start: Cold, role: Candidate,
            first_result: 0.15, cpu: 0.16, memory: 12.0 * MIB, base: 45.0 * MIB, relative: Some((1.0, 1.04)) },
        Costs { id: "process-python", title: "Python process", boundary: Process, start: Cold, role: Reference,
            first_result: 0.025, cpu: 0.024, memory: 6.0 * MIB, base: 12.0 * MIB, relative: None },
    ]
};

/// A measurement of nine technologies, and two that this host does not have.
pub fn measurement() -> Measurement {
    let mut rows: Vec<Row> = COSTS.iter().map(row).collect();
    rows.push(not_measured(
        "container-docker",
        "Container by Docker",
        "no Docker daemon answers",
        "start one with `systemctl start docker`",
    ));
    let mut failed = not_measured("container-crun", "Container by crun", "", "");
    failed.outcome = Outcome::Failed {
        why: "crun ended with exit code 1".to_owned(),
    };
    rows.push(failed);
    Measurement {
        format: 1,
        kind: "measurement".to_owned(),
        run: Run {
            version: "0.1.0".to_owned(),
            command: "tonnage measure --effort normal --output measurement.json".to_owned(),
            effort: "normal".to_owned(),
            seed: 1,
            started: 1_782_950_400,
            seconds: 412.0,
            complete: true,
            remarks: Vec::new(),
        },
        host: Host {
            vcpus: 4,
            memory: 16 << 30,
            facts: vec![
                Fact {
                    name: "CPU model".to_owned(),
                    value: "Invented Processor 1000".to_owned(),
                },
                Fact {
                    name: "Kernel".to_owned(),
                    value: "6.1.0".to_owned(),
                },
            ],
            warnings: vec!["it is a virtual machine".to_owned()],
        },
        rows,
    }
}
