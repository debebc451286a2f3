//! The analytic estimate worked out a second time with plain arithmetic.

mod common;
mod plan_support;

use plan_support::{alone, assert_close, hosts, planned, tier, tiny};
use tonnage_model::queueing::single_server::ConstantService;
use tonnage_model::result::BindingResource::{Cpu, Density, Memory, StartRate};

const GIB: f64 = 1_073_741_824.0;
const MIB: f64 = 1_048_576.0;
const TAIL: f64 = 0.01;

/// Erlang's loss formula by its recursion.
fn erlang_b(load: f64, servers: u32) -> f64 {
    (1..=servers).fold(1.0, |blocking, n| {
        load * blocking / (f64::from(n) + load * blocking)
    })
}

/// Erlang's delay formula.
fn erlang_c(load: f64, servers: u32) -> f64 {
    let blocking = erlang_b(load, servers);
    let utilisation = load / f64::from(servers);
    blocking / (1.0 - utilisation * (1.0 - blocking))
}

/// The largest argument from 0 to `most` that holds, if all smaller ones do.
fn largest(most: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, most);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// The figures of the tiny scenario that the tests vary.
#[derive(Clone, Copy)]
struct Tiny {
    sessions: f64,
    burst: f64,
    working_set_mib: f64,
    memory_gib: f64,
    slowdown: f64,
    wait: f64,
    rejected: Option<f64>,
}

const TINY: Tiny = Tiny {
    sessions: 10_000.0,
    burst: 0.5,
    working_set_mib: 256.0,
    memory_gib: 512.0,
    slowdown: 3.0,
    wait: 0.5,
    rejected: None,
};

const CELL: u32 = 10;
const SPARE: u32 = 1;

impl Tiny {
    fn session_seconds(self) -> f64 {
        10.0 * (30.0 + self.burst)
    }

    fn sandbox_seconds(self) -> f64 {
        1.0 + 10.0 * (30.0 + 1.2 * self.burst)
    }

    fn slots(self) -> u32 {
        let left = (self.memory_gib - 2.0) * GIB;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let slots = (left / ((44.0 + self.working_set_mib) * MIB)).floor() as u32;
        slots
    }

    /// Busy vCPUs for each open session.
    fn cpu(self) -> f64 {
        (10.0 * 1.2 * self.burst + 0.2) / self.session_seconds()
    }

    /// 64 vCPUs: an arrival that finds n jobs makes n + 1 share them.
    fn sessions_by_cpu(self) -> f64 {
        let load = largest(64.0 - 1e-9, |load| {
            let beyond = (self.slowdown * 64.0).floor() - 64.0;
            erlang_c(load, 64) * (load / 64.0).powf(beyond) <= TAIL
        });
        load / self.cpu()
    }

    fn has_room(self, hosts: u32, sessions: f64) -> bool {
        let slots = self.slots() * hosts;
        let live = sessions * self.sandbox_seconds() / self.session_seconds();
        if let Some(rejected) = self.rejected {
            return erlang_b(live, slots) <= rejected;
        }
        let spare = f64::from(slots) - live;
        let in_time = (-spare * self.wait / self.sandbox_seconds()).exp();
        spare > 0.0 && erlang_c(live, slots) * in_time <= TAIL
    }

    /// Cells, hosts of one of them without the spare one, and hosts in all.
    fn sized(self) -> (f64, u32, f64) {
        let holds = |hosts: u32, sessions: f64| {
            sessions <= f64::from(hosts) * self.sessions_by_cpu() && self.has_room(hosts, sessions)
        };
        let most = largest(1e6, |sessions| holds(CELL, sessions));
        let cells = (self.sessions / most).ceil();
        let mut enough = 1;
        while !holds(enough, self.sessions / cells) {
            enough += 1;
        }
        (cells, enough, cells * f64::from(enough + SPARE))
    }
}

#[track_caller]
fn compare(tiny: Tiny, overrides: &[&str]) {
    let found = tier(overrides);
    let (cells, cell_hosts, hosts) = tiny.sized();
    assert_close(found.cell.cells, cells, 1e-12, "cells");
    assert_eq!(found.cell.hosts, cell_hosts + SPARE);
    assert_close(found.analytic.hosts.central, hosts, 1e-12, "hosts");
    assert_close(found.analytic.vcpus.central, 64.0 * hosts, 1e-12, "vCPUs");
    let load = tiny.sessions * tiny.cpu();
    assert_close(found.offered_load.central, load, 1e-9, "load");
    let live = tiny.sessions * tiny.sandbox_seconds() / tiny.session_seconds();
    assert_close(found.peak_sandboxes.central, live, 1e-9, "sandboxes");
    let starts = tiny.sessions / tiny.session_seconds();
    assert_close(found.starts_per_second.central, starts, 1e-9, "starts");
    assert_close(
        found.start_share_of_load,
        0.2 * starts / load,
        1e-9,
        "share",
    );
    let by_cpu = tiny.sessions / tiny.sessions_by_cpu();
    assert_close(alone(&found, Cpu), by_cpu, 1e-9, "CPU alone");
    let room = largest(1e6, |sessions| tiny.has_room(CELL, sessions));
    let by_memory = tiny.sessions / room * f64::from(CELL);
    assert_close(alone(&found, Memory), by_memory, 1e-9, "memory alone");
    let expected = if by_cpu > by_memory { Cpu } else { Memory };
    assert_eq!(found.binding, expected);
}

#[test]
fn memory_binds_in_one_cell() {
    compare(TINY, &[]);
}

#[test]
fn memory_binds_in_many_cells() {
    let overrides = ["segments.staff.people=1M", "tiers.work.working_set=1GiB"];
    let tiny = Tiny {
        sessions: 100_000.0,
        working_set_mib: 1024.0,
        ..TINY
    };
    compare(tiny, &overrides);
}

#[test]
fn memory_binds_where_requests_are_turned_away() {
    let overrides = [
        "fleet.when_full=reject",
        "segments.staff.people=1M",
        "service_level.rejected=2%",
    ];
    let tiny = Tiny {
        sessions: 100_000.0,
        rejected: Some(0.02),
        ..TINY
    };
    compare(tiny, &overrides);
}

#[test]
fn cpu_binds_in_one_cell_and_in_many() {
    let burst = r#"tiers.work.burst={ distribution = "exponential", mean = "2s" }"#;
    let tiny = Tiny { burst: 2.0, ..TINY };
    compare(tiny, &[burst]);
    let sessions = 70_000.0;
    compare(
        Tiny { sessions, ..tiny },
        &[burst, "segments.staff.people=700k"],
    );
    let strict = Tiny {
        slowdown: 1.05,
        sessions,
        ..tiny
    };
    let slowdown = "service_level.burst_slowdown_p99=1.05";
    compare(strict, &[burst, "segments.staff.people=700k", slowdown]);
}

#[test]
fn hosts_of_any_memory_and_any_wait_promised() {
    for (memory_gib, wait) in [(40.0, 0.01), (128.0, 20.0), (130.0, 300.0), (333.0, 0.5)] {
        let tiny = Tiny {
            memory_gib,
            wait,
            ..TINY
        };
        let memory = format!("host.memory={memory_gib}GiB");
        let wait = format!("service_level.start_wait_p99={wait}s");
        compare(tiny, &[&memory, &wait]);
    }
}

/// Reserved memory and vCPUs, a slower host: nothing is forgotten, nothing is counted twice.
#[test]
fn what_is_kept_back_and_a_slower_cpu_are_as_a_smaller_host() {
    let plain = tier(&["host.vcpus=64", "host.memory=500GiB"]);
    let kept = tier(&[
        "host.vcpus=80",
        "host.reserved_vcpus=20%",
        "host.memory=512GiB",
        "host.reserved_memory=12GiB",
    ]);
    assert_eq!(plain.hosts_by_resource, kept.hosts_by_resource);
    assert_close(
        kept.analytic.vcpus.central / plain.analytic.vcpus.central,
        80.0 / 64.0,
        1e-12,
        "whole hosts are paid for",
    );
    let slow = tier(&["host.speed=0.5"]);
    let normal = tier(&[]);
    let (slow, normal) = (slow.offered_load.central, normal.offered_load.central);
    assert_close(slow, 2.0 * normal, 1e-9, "half the speed");
}

/// Starts pass a host's station one at a time, at even intervals: M/D/1.
#[test]
fn a_ceiling_on_starts_binds() {
    let rate = "technologies.box.starts_per_second_per_vcpu=0.05";
    let found = tier(&[rate, "segments.staff.people=1M"]);
    assert_eq!(found.binding, StartRate);
    let station = 0.05 * 64.0;
    let needed = alone(&found, StartRate);
    let utilisation = found.starts_per_second.central / needed / station;
    let wait = |utilisation: f64| {
        let queue = ConstantService::new(utilisation).expect("a stable queue");
        queue.wait_survival(0.5 * station)
    };
    assert!(wait(utilisation * (1.0 - 1e-6)) <= TAIL);
    assert!(wait(utilisation * (1.0 + 1e-6)) > TAIL);
}

#[test]
fn a_density_limit_binds() {
    let found = tier(&["technologies.box.density_limit=100"]);
    assert_eq!(found.binding, Density);
    // Room for 100 in each host, as if its memory were that small.
    let memory = tier(&[&format!("host.memory={}MiB", 100 * 300 + 2048)]);
    assert_close(
        alone(&found, Density),
        alone(&memory, Memory),
        1e-12,
        "alone",
    );
    assert_close(
        found.analytic.hosts.central,
        memory.analytic.hosts.central,
        1e-12,
        "hosts",
    );
}

/// A sandbox for every burst lives for a start and a burst; each costs a start.
#[test]
fn sandboxes_for_every_burst() {
    let found = tier(&["tiers.work.lifecycle=per-burst"]);
    let bursts = 10_000.0 * 10.0 / 305.0;
    assert_close(found.starts_per_second.central, bursts, 1e-9, "starts");
    assert_close(
        found.peak_sandboxes.central,
        bursts * 1.6,
        1e-9,
        "sandboxes",
    );
    assert_close(found.offered_load.central, bursts * 0.8, 1e-9, "load");
    assert_close(found.start_share_of_load, 0.25, 1e-9, "share of starts");
}

#[test]
fn the_price_is_that_of_all_hosts_for_a_month() {
    let result = planned(&tiny(&["host.usd_per_hour=2"]), 1);
    let cost = result.plans[0].analytic.usd_per_month.expect("a price");
    assert_close(cost.central, hosts(&[]) * 2.0 * 730.0, 1e-12, "price");
}

/// No more than half a host is needed twice over, plus the spare one.
#[test]
fn few_sessions_need_one_host_and_a_spare_one() {
    assert_close(hosts(&["segments.staff.people=100"]), 2.0, 1e-12, "hosts");
    let alone = hosts(&["segments.staff.people=100", "fleet.spare_hosts=0"]);
    assert_close(alone, 1.0, 1e-12, "hosts");
}
