//! What is said of a sizing and of an optimum, held by snapshots.

mod common;

use common::fixture;
use tonnage_model::profile::Boundary;
use tonnage_model::result::{
    BindingResource, CapacityResult, CellResult, Confirmation, ConfirmationOutcome, Estimated,
    ExcludedTechnology, FailureTrial, FleetSize, Margin, MarginVerdict, OneFewer, OptimumOption,
    OptimumResult, OptimumTier, PoolingRow, Requirement, ShapeListSummary, SizedPlan, SizedTier,
    SizingOutcome, SizingResult, TierSizing, Watched,
};
use tonnage_model::scenario::Lifecycle;
use tonnage_reports::{
    ReportOptions, check, compare, html, json, markdown, optimum, sizing, table,
};

fn about(central: f64) -> Estimated {
    Estimated {
        central,
        low: 0.7 * central,
        high: 1.5 * central,
    }
}

fn requirement(hosts: f64) -> Requirement {
    Requirement {
        vcpus: about(hosts * 96.0),
        hosts: about(hosts),
        usd_per_month: Some(about(hosts * 5.0 * 730.0)),
    }
}

fn margin(name: &str, allowed: f64, found: f64, verdict: MarginVerdict) -> Margin {
    Margin {
        name: name.to_owned(),
        allowed,
        found: about(found),
        verdict,
    }
}

fn pooling(size: u32) -> PoolingRow {
    let loss = 1.0 / f64::from(size) / 3.0;
    PoolingRow {
        cell_hosts: size,
        chosen: size == 40,
        sessions_per_host: 1000.0 / (1.0 + loss),
        simulated_sessions_per_host: (size == 40).then_some(980.0),
        loss,
        loss_with_lost_hosts: loss + 1.0 / f64::from(size),
        hosts: 4.1e4,
    }
}

fn tier_sizing(whole_cell: bool, surely_breaks: bool) -> TierSizing {
    let fleet = FleetSize {
        cells: 1000.0,
        working_hosts: 40,
        lost_hosts: 1,
        sessions_per_cell: 39_000.0,
    };
    let waits = "requests that wait longer than 500 ms";
    let fewer = if surely_breaks {
        MarginVerdict::Broken
    } else {
        MarginVerdict::Undecided
    };
    TierSizing {
        requirement: requirement(fleet.hosts()),
        fleet,
        hosts: Estimated::exact(fleet.hosts()),
        analytic: CellResult {
            cells: 990.0,
            hosts: 41,
            spare_hosts: 1,
            sessions: 39_500.0,
        },
        analytic_hosts: 990.0 * 41.0,
        over_analytic: Estimated {
            central: 1.01,
            low: 1.0,
            high: 1.01,
        },
        binding: BindingResource::Memory,
        margins: vec![
            margin(waits, 0.01, 0.002, MarginVerdict::Kept),
            margin("requests turned away", 0.001, 0.0, MarginVerdict::Kept),
        ],
        one_fewer: Some(OneFewer {
            working_hosts: 39,
            surely_breaks,
            margins: vec![
                margin(waits, 0.01, 0.31, fewer),
                margin("requests turned away", 0.001, 0.0, MarginVerdict::Kept),
            ],
        }),
        failure: Some(if whole_cell {
            FailureTrial::Watched {
                seconds: 300.0,
                margins: vec![margin(waits, 0.01, 0.2, MarginVerdict::Broken)],
            }
        } else {
            FailureTrial::NotWatched {
                reason: "only a part of the cell can be simulated".to_owned(),
            }
        }),
        pooling: [5, 10, 20, 40, 80].map(pooling).to_vec(),
        watched: Watched {
            hosts: if whole_cell { 40 } else { 7 },
            whole_cell,
            finite_agents: false,
            window_seconds: 700.0,
            replications: 8,
            trials: 9,
            events: 70_000_000,
        },
    }
}

fn sized_tier(tier: &str, technology: &str, outcome: SizingOutcome) -> SizedTier {
    SizedTier {
        tier: tier.to_owned(),
        technology: technology.to_owned(),
        lifecycle: Lifecycle::PerSession,
        plans: vec!["Containers".to_owned()],
        outcome,
    }
}

fn sized() -> CapacityResult {
    let mut result = fixture();
    let plan = |id: &str, found: bool| SizedPlan {
        id: id.to_owned(),
        title: format!("Plan {id}"),
        requirement: found.then(|| requirement(82_000.0)),
        analytic: requirement(81_180.0),
        missing: if found {
            Vec::new()
        } else {
            vec!["Browser: it was interrupted; run it again to the end".to_owned()]
        },
    };
    result.sizing = Some(SizingResult {
        lost_hosts: 1,
        events_per_replication: 1_000_000,
        replications: (8, 32),
        plans: vec![plan("containers", true), plan("isolates", false)],
        tiers: vec![
            sized_tier(
                "api",
                "container",
                SizingOutcome::Sized(Box::new(tier_sizing(true, true))),
            ),
            sized_tier(
                "linux",
                "container",
                SizingOutcome::Sized(Box::new(tier_sizing(false, false))),
            ),
            sized_tier(
                "browser",
                "container",
                SizingOutcome::NotSized {
                    reason: "it was interrupted; run it again to the end".to_owned(),
                },
            ),
        ],
    });
    result
}

fn option(technology: &str, shape: &str, usd: f64) -> OptimumOption {
    OptimumOption {
        technology: technology.to_owned(),
        lifecycle: Lifecycle::PerBurst,
        list: "Amazon EC2".to_owned(),
        shape: shape.to_owned(),
        usd_per_hour: 5.0,
        fleet: FleetSize {
            cells: 10.0,
            working_hosts: 40,
            lost_hosts: 1,
            sessions_per_cell: 1e5,
        },
        hosts: about(usd / 3650.0),
        usd_per_month: about(usd),
        binding: BindingResource::Cpu,
        cheapest_share: 0.83,
        regret: 0.012,
        over_choice: about(usd / 1.5e6),
    }
}

fn chosen() -> CapacityResult {
    let mut result = fixture();
    let choice = option("v8-isolate", "m7i.metal-24xl", 1.5e6);
    let tier = |id: &str, options: Vec<OptimumOption>| OptimumTier {
        tier: id.to_owned(),
        shapes: vec![option("v8-isolate", "c7i.metal-48xl", 1.6e6)],
        without_demands: Some(option("container", "m7i.48xlarge", 1.2e6)),
        excluded: vec![ExcludedTechnology {
            technology: "container".to_owned(),
            reason: "its isolation boundary is weaker than demanded".to_owned(),
        }],
        confirmed: vec![
            Confirmation {
                technology: "v8-isolate".to_owned(),
                lifecycle: Lifecycle::PerBurst,
                shape: "m7i.metal-24xl".to_owned(),
                outcome: ConfirmationOutcome::Confirmed {
                    fleet: choice.fleet,
                    usd_per_month: Estimated::exact(1.51e6),
                },
            },
            Confirmation {
                technology: "container".to_owned(),
                lifecycle: Lifecycle::PerSession,
                shape: "m7i.metal-24xl".to_owned(),
                outcome: ConfirmationOutcome::NotConfirmed {
                    reason: "it was interrupted; run it again to the end".to_owned(),
                },
            },
        ],
        options,
    };
    result.optimum = Some(OptimumResult {
        lists: vec![ShapeListSummary {
            title: "Amazon EC2".to_owned(),
            source: "A list".to_owned(),
            used: 12,
            left_out: vec!["8 of Amazon EC2 are not x86-64".to_owned()],
        }],
        architecture: Some("x86-64".to_owned()),
        isolation: Some(Boundary::Hardware),
        nested_virtualisation: false,
        cell_hosts: vec![10, 20, 40],
        combinations: 8_400,
        kept: 160,
        usd_per_month: Some(about(3.0e6)),
        usd_per_month_without_demands: Some(2.4e6),
        notes: vec!["A vCPU of every shape is taken to do the same.".to_owned()],
        tiers: vec![
            tier(
                "api",
                vec![choice.clone(), option("container", "m7i.metal-24xl", 2.1e6)],
            ),
            tier("linux", vec![choice.clone()]),
            tier("browser", Vec::new()),
        ],
    });
    result
}

#[test]
fn terminal_of_a_sizing() {
    let text = sizing::terminal(&sized(), false);
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
    insta::assert_snapshot!(text);
}

#[test]
fn terminal_of_an_optimum() {
    let text = optimum::terminal(&chosen(), false);
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
    insta::assert_snapshot!(text);
}

/// One section of a Markdown report.
fn section(page: &str, title: &str) -> String {
    let begin = page.find(&format!("## {title}\n")).expect("the section");
    let rest = &page[begin + 3..];
    rest[..rest.find("\n## ").unwrap_or(rest.len())].to_owned()
}

#[test]
fn markdown_of_a_sizing_and_an_optimum() {
    let options = ReportOptions::default();
    let of_sizing = markdown::write(&sized(), &options);
    let of_optimum = markdown::write(&chosen(), &options);
    insta::assert_snapshot!(
        [
            section(&of_sizing, "Smallest fleets"),
            section(&of_optimum, "Cheapest hardware"),
        ]
        .join("\n")
    );
}

#[test]
fn results_without_them_say_nothing_of_them() {
    let plain = fixture();
    assert_eq!(sizing::terminal(&plain, false), "");
    assert_eq!(optimum::terminal(&plain, false), "");
    let text = json::write(&plain).expect("JSON");
    assert!(!text.contains("\"sizing\"") && !text.contains("\"optimum\""));
}

#[test]
fn they_are_read_back_and_shown_on_the_page() {
    let options = ReportOptions::default();
    for (result, title) in [
        (sized(), "Smallest fleets"),
        (chosen(), "Cheapest hardware"),
    ] {
        let text = json::write(&result).expect("JSON");
        assert_eq!(json::read(&text).expect("a result"), result);
        let page = html::write(&result, &options).expect("a page");
        assert!(page.contains(title));
        assert!(!page.contains("NaN"));
    }
}

#[test]
fn every_row_of_their_tables_is_whole() {
    let tables = |result: &CapacityResult| -> Vec<(String, usize)> {
        let tables = table::all(result);
        for table in &tables {
            for column in &table.columns {
                assert_eq!(
                    column.values.len(),
                    table.rows(),
                    "{} {}",
                    table.name,
                    column.name
                );
            }
        }
        let names = tables
            .iter()
            .map(|table| (table.name.to_owned(), table.rows()));
        names.collect()
    };
    let of_sizing = tables(&sized());
    for row in [("sizing", 3), ("sizing-margins", 9), ("pooling", 10)] {
        assert!(
            of_sizing.contains(&(row.0.to_owned(), row.1)),
            "{row:?} {of_sizing:?}"
        );
    }
    assert!(tables(&chosen()).contains(&("optimum".to_owned(), 15)));
}

#[test]
fn comparisons_tell_what_else_was_chosen() {
    let before = chosen();
    let mut after = chosen();
    let tiers = &mut after.optimum.as_mut().expect("an optimum").tiers;
    tiers[0].options[0] = option("container", "c7i.metal-48xl", 9.0e6);
    let comparison = compare(&before, &after);
    assert_eq!(comparison.bindings.len(), 1);
    let text = comparison.text(false);
    assert!(text.contains("cheapest hardware for"), "{text}");
    assert!(text.contains("c7i.metal-48xl"), "{text}");
    assert!(compare(&sized(), &sized()).is_same());
}

#[test]
fn a_sizing_that_contradicts_itself_is_found() {
    assert_eq!(check::contradictions(&sized()), Vec::<String>::new());
    let mut broken = sized();
    let tiers = &mut broken.sizing.as_mut().expect("a sizing").tiers;
    if let SizingOutcome::Sized(found) = &mut tiers[0].outcome {
        found.margins[0].verdict = MarginVerdict::Broken;
        found.fleet.working_hosts = 17;
    }
    let found = check::contradictions(&broken);
    assert!(
        found
            .iter()
            .any(|line| line.contains("does not surely keep")),
        "{found:?}"
    );
    assert!(
        found.iter().any(|line| line.contains("hosts, not")),
        "{found:?}"
    );
}
