//! What a day of a fleet must hold, on fleets small enough to know the answer.

use std::fmt::Write as _;

use super::cells::Cells;
use super::day::Hours;
use super::fluid::{Part, Parts};
use super::measured::{Gathered, Pick};
use super::report::Found;
use super::sampling::{Goal, Sample, sample};
use super::watch::Watch;
use super::{FleetExtent, FleetOptions, day, simulate};
use crate::plan::central::Central;
use crate::plan::{PlanOptions, Silent};
use crate::result::{Extent, Fidelity, FleetTier};
use crate::scenario::{Library, LibraryError, LoadOptions, Loaded, load};
use crate::simulation::Control;
use crate::statistics::stratified::total;

/// Three thousand people in the office; hosts so small that there are several cells.
const SCENARIO: &str = r#"
format = 1
title = "Small"
profile = "profile.toml"

[segments.staff]
people = 3000
concurrency = "20%"
concurrency_meaning = "peak"
activity = "curve.toml"
time_zones = "zones.toml"
tiers = { work = 1 }

[tiers.work]
title = "Work"
needs = ["linux"]
lifecycle = "per-session"
turns = { distribution = "geometric", mean = 5 }
think = { distribution = "lognormal", mean = "20s", cv = 1.5 }
burst = { distribution = "exponential", mean = "500ms" }
working_set = "256MiB"

[host]
vcpus = 8
memory = "32GiB"

[service_level]
start_wait_p99 = "500ms"
burst_slowdown_p99 = 3
rejected = "0.1%"

[fleet]
cell_hosts = 2
spare_hosts = 1

[envelope]
sessions_per_cpu_low = 25
sessions_per_cpu_high = 50

[plans.only]
title = "Only"
tiers = { work = "box" }
"#;

const PROFILE: &str = r#"
format = 1
kind = "profile"
title = "Round numbers"

[technologies.box]
title = "Box"
boundary = "shared-kernel"
offers = ["linux"]
start_latency = { value = "1s", assumed = "Round." }
cpu_per_start = { value = "200ms", assumed = "Round." }
memory_per_instance = { value = "44MiB", assumed = "Round." }
memory_base = { value = "2GiB", assumed = "Round." }
relative_cpu = { value = 1.2, assumed = "Round." }
"#;

/// Busy from nine to five on every day, with a dent at noon, five times as busy as at night.
fn curve() -> String {
    let hours: Vec<&str> = (0..24)
        .map(|hour| match hour {
            9..=11 => "10",
            12 => "7",
            13..=16 => "9",
            _ => "2",
        })
        .collect();
    let mut text = "format = 1\nkind = \"activity-curve\"\ntitle = \"Office\"\nsource = \"None\"\n\
                    licence = \"MIT\"\nderivation = \"None\"\nnotes = \"None\"\n[intensity]\n"
        .to_owned();
    for day in [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ] {
        let _ = writeln!(text, "{day} = [{}]", hours.join(", "));
    }
    text
}

const ZONES: &str = r#"
format = 1
kind = "time-zone-mix"
title = "One zone"
source = "None"
licence = "MIT"
derivation = "None"
notes = "None"

[[zone]]
name = "Here"
utc_offset = "+02:00"
share = 1
"#;

struct Memory;

impl Library for Memory {
    fn read(&self, path: &str) -> Result<String, LibraryError> {
        match path {
            "small.toml" => Ok(SCENARIO.to_owned()),
            "profile.toml" => Ok(PROFILE.to_owned()),
            "curve.toml" => Ok(curve()),
            "zones.toml" => Ok(ZONES.to_owned()),
            _ => Err(LibraryError {
                reason: "not there".to_owned(),
            }),
        }
    }
}

fn loaded(overrides: &[&str]) -> Loaded {
    let options = LoadOptions {
        overrides: overrides.iter().map(|&text| text.to_owned()).collect(),
        ..LoadOptions::default()
    };
    load(&Memory, "small.toml", &options).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The cells of the only tier, and some hours of its busiest day.
fn with_cells<T>(
    loaded: &Loaded,
    hours: (u32, u32),
    act: impl FnOnce(&Cells<'_>, Hours) -> T,
) -> T {
    let scenario = &loaded.scenario;
    let central = Central::new(scenario).unwrap();
    let assignment = scenario.plans[0].assignments[0];
    let sized = central.tier(assignment, 1.0).unwrap().unwrap();
    let cells = Cells::new(
        sized,
        false,
        &central.demand.tiers[0],
        1,
        scenario.service_level,
        scenario.seed,
        0,
    );
    let (_, hours) = day::choose(
        scenario,
        &central.draw,
        &central.demand,
        day::DayChoice::Busiest,
        Some(hours),
    )
    .unwrap();
    act(&cells.unwrap().unwrap(), hours)
}

fn whole(cells: &Cells<'_>, range: std::ops::Range<u64>, hours: Hours) -> Gathered {
    let gathered = cells.run_whole(range, hours, &Control::default()).unwrap();
    gathered.expect("cells")
}

fn sampled(cells: &Cells<'_>, hours: Hours, precision: f64, seed: u64) -> Sample {
    let goal = Goal {
        precision,
        most_events: 50_000_000,
    };
    let watch = Watch::new(&Silent);
    let mut samples = sample(&[(0, cells)], hours, goal, seed, &watch).unwrap();
    samples.pop().expect("a sample")
}

/// All that results are made of.
fn told(gathered: &Gathered) -> String {
    let quantiles = gathered.seen.iter().map(|seen| {
        [0.01, 0.5, 0.9, 0.99, 1.0].map(|level| {
            (
                seen.start_wait.quantile(level),
                seen.burst_slowdown.quantile(level),
            )
        })
    });
    format!(
        "{:?} {:?} {:?} {:?} {:?}",
        gathered.hours,
        gathered.whole,
        gathered.account,
        gathered.events,
        quantiles.collect::<Vec<_>>()
    )
}

#[test]
fn any_split_of_the_cells_gathers_to_the_same() {
    with_cells(&loaded(&[]), (8, 10), |cells, hours| {
        let count = cells.count.min(5);
        assert!(count >= 3, "{count}");
        let all = whole(cells, 0..count, hours);
        for split in 1..count {
            let mut late = whole(cells, split..count, hours);
            late.merge(&whole(cells, 0..split, hours));
            assert_eq!(told(&late), told(&all), "split at {split}");
        }
    });
}

#[test]
fn no_session_of_the_fleet_is_lost() {
    for full in ["queue", "reject"] {
        let scenario = loaded(&[
            &format!("fleet.when_full={full}"),
            // Too few places: some are turned away.
            "fleet.queue_limit=1",
            "host.memory=12GiB",
            "service_level.rejected=20%",
        ]);
        with_cells(&scenario, (8, 12), |cells, hours| {
            let account = whole(cells, 0..cells.count.min(8), hours).account;
            assert_eq!(
                account.open_before + account.opened,
                account.ended + account.rejected + account.open_after,
                "{account:?}"
            );
            assert!(account.opened > 1000, "{account:?}");
        });
    }
}

type Figure = fn(&Parts) -> Part;

/// Where nothing contends, expected values are known in closed form, and the intervals of samples cover
/// them about as often as they say: of 40 intervals of 95% at most 6 miss, which true ones break once
/// in 160 times, for each of the figures.
#[test]
fn intervals_of_samples_cover_the_expected_day() {
    let figures: [(&str, Pick, Figure); 3] = [
        ("busy", |h| &h.busy, |p| p.busy),
        ("opened", |h| &h.opened, |p| p.opened),
        ("sessions", |h| &h.sessions, |p| p.sessions),
    ];
    let mut missed = [0_u32; 3];
    for seed in 1..=40 {
        let scenario = loaded(&["host.vcpus=512", &format!("seed={seed}")]);
        with_cells(&scenario, (8, 13), |cells, hours| {
            let found = sampled(cells, hours, 0.04, seed);
            for ((_, pick, part), missed) in figures.iter().zip(&mut missed) {
                let interval = total(&found.strata(cells.count, *pick), 0.95)
                    .unwrap()
                    .interval();
                let expected = cells.count as f64
                    * hours.seconds()
                    * cells
                        .fluid
                        .mean(part(cells.fluid.parts()), hours.from, hours.end());
                *missed += u32::from(!interval.contains(expected));
            }
        });
    }
    for ((name, _, _), missed) in figures.iter().zip(missed) {
        assert!(missed <= 6, "{name}: {missed} of 40 intervals miss");
    }
}

/// Hosts short of CPU: the exact day of many cells and a sample agree in what is beyond the promise.
#[test]
fn exact_and_sampled_days_agree_under_contention() {
    let scenario = loaded(&["host.vcpus=4", "service_level.burst_slowdown_p99=1.5"]);
    with_cells(&scenario, (8, 13), |cells, hours| {
        let exact = Found::Whole(Box::new(whole(cells, 0..cells.count.min(24), hours)));
        let sample = Found::of_sample(sampled(cells, hours, 0.02, 7)).expect("all hours");
        for pick in [(|h| &h.slowed) as Pick, |h| &h.waited] {
            let (exact, sampled) = (
                exact.share(pick).unwrap().expect("seen"),
                sample.share(pick).unwrap().expect("seen"),
            );
            assert!(
                exact.low <= sampled.high && sampled.low <= exact.high,
                "{exact:?} {sampled:?}"
            );
        }
    });
}

fn tier(overrides: &[&str], options: &FleetOptions) -> FleetTier {
    let plan = PlanOptions {
        simulate: false,
        draws: Some(10),
    };
    let result = simulate(&loaded(overrides), &plan, options, &Silent).unwrap();
    let mut fleet = result.fleet.expect("a day");
    fleet.plans.remove(0).tiers.remove(0)
}

/// Without contention the fidelities differ by chance alone.
#[test]
fn fidelities_agree_where_nothing_contends() {
    let overrides = ["host.vcpus=512"];
    let of = |fidelity| {
        let options = FleetOptions {
            fidelity,
            extent: FleetExtent::Exact,
            hours: Some((8, 12)),
            ..FleetOptions::default()
        };
        tier(&overrides, &options)
    };
    let (fluid, fleet) = (of(Fidelity::Fluid), of(Fidelity::Fleet));
    assert_eq!(fluid.effort.extent, Extent::ClosedForm);
    assert_eq!(fleet.effort.extent, Extent::Exact);
    let close = |a: f64, b: f64, relative: f64| (a / b - 1.0).abs() < relative;
    assert!(close(
        fluid.totals.vcpu_hours.central,
        fleet.totals.vcpu_hours.central,
        0.02
    ));
    assert!(close(
        fluid.totals.sessions.central,
        fleet.totals.sessions.central,
        0.02
    ));
    for (fluid, fleet) in fluid.hours.iter().zip(&fleet.hours) {
        assert!(
            close(fluid.sessions.central, fleet.sessions.central, 0.05),
            "{fluid:?} {fleet:?}"
        );
    }
}

#[test]
fn threads_do_not_matter_to_a_day() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let options = FleetOptions {
            extent: FleetExtent::Exact,
            hours: Some((9, 11)),
            ..FleetOptions::default()
        };
        pool.install(|| {
            let sample = with_cells(&loaded(&[]), (9, 11), |cells, hours| {
                let found = sampled(cells, hours, 0.05, 3);
                let moments = found.hours.iter().map(|hour| hour.moments.clone());
                moments.collect::<Vec<_>>()
            });
            (tier(&[], &options), sample)
        })
    };
    assert_eq!(on(1), on(3));
}
