//! A scenario small enough to work out by hand, and what the tests of demand and plans share.
#![allow(dead_code, reason = "each test binary uses its own part")]

use tonnage_model::plan::{PlanError, PlanOptions, Silent, plan};
use tonnage_model::result::{BindingResource, CapacityResult, TierResult};
use tonnage_model::scenario::Loaded;

use crate::common::{Files, load_from};

/// One kind of session, one technology, exact numbers, a constant load.
pub(crate) const TINY: &str = r#"
format = 1
title = "Tiny"
profile = "tiny-profile.toml"

[segments.staff]
people = 100_000
concurrency = "10%"
concurrency_meaning = "peak"
activity = "curves/flat.toml"
time_zones = "time-zones/single.toml"
tiers = { work = 1 }

[tiers.work]
title = "Work"
needs = ["linux"]
lifecycle = "per-session"
turns = { distribution = "geometric", mean = 10 }
think = { distribution = "exponential", mean = "30s" }
burst = { distribution = "exponential", mean = "500ms" }
working_set = "256MiB"

[host]
vcpus = 64
memory = "512GiB"

[service_level]
start_wait_p99 = "500ms"
burst_slowdown_p99 = 3
rejected = "0.1%"

[fleet]
cell_hosts = 10
spare_hosts = 1

[envelope]
sessions_per_cpu_low = 25
sessions_per_cpu_high = 50

[plans.only]
title = "Only"
tiers = { work = "box" }
"#;

/// A technology with round numbers.
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

/// The tiny scenario.
pub(crate) fn tiny_files() -> Files {
    Files::one("tiny.toml", TINY).and("tiny-profile.toml", PROFILE)
}

/// The tiny scenario with changes, such as `tiers.work.burst=2s`.
#[track_caller]
pub(crate) fn tiny(overrides: &[&str]) -> Loaded {
    load_from(&tiny_files(), "tiny.toml", overrides)
}

/// A plan by formulas.
pub(crate) fn try_plan(loaded: &Loaded, draws: u32) -> Result<CapacityResult, PlanError> {
    let options = PlanOptions {
        simulate: false,
        draws: Some(draws),
    };
    plan(loaded, &options, &Silent)
}

/// A plan by formulas.
#[track_caller]
pub(crate) fn planned(loaded: &Loaded, draws: u32) -> CapacityResult {
    try_plan(loaded, draws).unwrap_or_else(|error| panic!("{error}"))
}

/// The only tier of the only plan of the tiny scenario with changes.
#[track_caller]
pub(crate) fn tier(overrides: &[&str]) -> TierResult {
    planned(&tiny(overrides), 1).plans[0].tiers[0].clone()
}

/// The hosts of the tiny scenario with changes.
#[track_caller]
pub(crate) fn hosts(overrides: &[&str]) -> f64 {
    tier(overrides).analytic.hosts.central
}

/// The hosts that one resource alone would need.
#[track_caller]
pub(crate) fn alone(tier: &TierResult, resource: BindingResource) -> f64 {
    let rows = tier.hosts_by_resource.iter();
    let mut hosts = rows
        .filter(|row| row.resource == resource)
        .map(|row| row.hosts);
    hosts.next().expect("a resource of this tier")
}

#[track_caller]
pub(crate) fn assert_close(found: f64, expected: f64, relative: f64, what: &str) {
    assert!(
        (found - expected).abs() <= relative * expected.abs(),
        "{what}: {found} is not {expected} to {relative}"
    );
}
