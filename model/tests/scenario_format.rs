//! The format of scenario files: what is refused and how it is said, what is laid over what, and
//! that nothing a person writes makes the reader panic.

mod common;

use common::{Files, expect, file_names, load_from, load_with, loaded, problems_in};
use insta::assert_snapshot;
use proptest::prelude::*;
use tonnage_model::document::{Decode, Decoder, parse};
use tonnage_model::input::Draw;
use tonnage_model::profile::Origin;
use tonnage_model::scenario::{
    Library, LoadOptions, Loaded, ScenarioDocument, TurnLaw, load, load_profile,
};

/// The smallest scenario worth the name.
const SMALL: &str = r#"
format = 1
title = "Small"
profile = "profiles/published.toml"

[segments.staff]
people = 100
concurrency = "10%"
concurrency_meaning = "working-hours"
activity = "curves/office-hours.toml"
time_zones = "time-zones/us.toml"
tiers = { code = 0.75, shell = "25%" }

[tiers.code]
title = "Generated code"
needs = ["javascript"]
lifecycle = "per-burst"
turns = { distribution = "geometric", mean = 5 }
think = "20s"
burst = { distribution = "lognormal", mean = "100ms", cv = 2 }
working_set = "16MiB"

[tiers.shell]
title = "Shell"
needs = ["linux"]
lifecycle = "per-session"
turns = 10
think = { distribution = "exponential", mean = { low = "10s", high = "60s" } }
burst = "1s"
working_set = { p50 = "100MB", p95 = "1GB" }

[host]
vcpus = 8
memory = "32GiB"

[service_level]
start_wait_p99 = "1s"
burst_slowdown_p99 = 3
rejected = "0.1%"

[envelope]
sessions_per_cpu_low = 25
sessions_per_cpu_high = 50

[plans.first]
title = "First"
tiers = { code = "v8-isolate", shell = { technology = "gvisor", lifecycle = "per-session" } }
"#;

#[track_caller]
fn small(overrides: &[&str]) -> Loaded {
    load_from(&Files::one("my.toml", SMALL), "my.toml", overrides)
}

/// The problems of the small scenario with one passage replaced, each on a line.
#[track_caller]
fn broken(passage: &str, replacement: &str) -> String {
    assert!(SMALL.contains(passage), "no `{passage}`");
    problems_of(&SMALL.replacen(passage, replacement, 1))
}

#[track_caller]
fn problems_of(text: &str) -> String {
    problems_in(&Files::one("my.toml", text), "my.toml", &[])
}

#[track_caller]
fn refused(overrides: &[&str]) -> String {
    problems_in(&Files::one("my.toml", SMALL), "my.toml", overrides)
}

#[test]
fn unknown_keys_come_with_the_nearest_known_one() {
    assert_snapshot!(broken("people = 100", "peple = 100"), @"my.toml:7:1: unknown key `peple` (not known here); did you mean `people`?");
    assert_snapshot!(broken("people = 100", "people = 100\ncolour = 1"), @"my.toml:8:1: unknown key `colour` (not known here); known here: title, people, adoption, agents_per_person, concurrency, concurrency_meaning, activity, trace, trace_scaling, time_zones, tiers");
    assert_snapshot!(broken("[plans.first]", "[plan.first]"), @"my.toml:45:2: unknown key `plan` (not known here); did you mean `plans`?");
}

#[test]
fn units_are_checked() {
    assert_snapshot!(broken(r#"think = "20s""#, r#"think = "20 MiB""#), @"my.toml:19:9: `MiB` is not a unit of a duration; known: ns, us, µs, ms, s, min, h, d (not understood)");
    assert_snapshot!(broken(r#"think = "20s""#, r#"think = "20""#), @r#"my.toml:19:9: a unit is missing: write a duration as "20min" (no unit)"#);
    assert_snapshot!(broken(r#"think = "20s""#, "think = 20"), @r#"my.toml:19:9: a unit is missing: write a duration as "20min" (no unit)"#);
    assert_snapshot!(broken(r#"think = "20s""#, r#"think = "soon""#), @r#"my.toml:19:9: this is not a duration: write it as "20min" (not understood)"#);
    assert_snapshot!(broken(r#"think = "20s""#, "think = true"), @r#"my.toml:19:9: expected a duration such as "20min", found true or false (this is true or false)"#);
    assert_snapshot!(broken(r#"concurrency = "10%""#, r#"concurrency = "110%""#), @"my.toml:8:15: a share must lie between 0% and 100% (out of range)");
    assert_snapshot!(broken("people = 100", "people = 9e12"), @"my.toml:7:10: a count must lie between 0 and 1000B (out of range)");
}

#[test]
fn numbers_that_are_none_are_refused() {
    assert_snapshot!(broken("people = 100", "people = 2026-01-01"), @"my.toml:7:10: dates and times have no meaning here (a date or time)");
    assert_snapshot!(broken("people = 100", "people = inf"), @"my.toml:7:10: this number is not finite (write a finite number)");
    assert_snapshot!(broken("people = 100", "people = 99999999999999999999"), @"my.toml:7:10: this integer is too large to be read exactly (beyond 64 bits)");
    assert_snapshot!(broken("people = 100", r#"people = { source = "A census" }"#), @"my.toml:7:10: cannot tell a count from these keys (no value here); write a plain value, { value = … }, { low, high }, { low, mode, high } or { p50, p95 }");
}

#[test]
fn beliefs_are_in_order() {
    assert_snapshot!(broken(r#"low = "10s", high = "60s""#, r#"low = "60s", high = "10s""#), @"my.toml:28:48: `low` must not be above `high` (in the wrong order)");
    assert_snapshot!(broken(r#"low = "10s", high = "60s""#, r#"low = "10s", mode = "70s", high = "60s""#), @"my.toml:28:48: `mode` must not be above `high` (in the wrong order)");
    assert_snapshot!(broken(r#"low = "10s", high = "60s""#, r#"low = "10s", mode = "20s""#), @"my.toml:28:48: cannot tell a duration from these keys (has low, mode); write a plain value, { value = … }, { low, high }, { low, mode, high } or { p50, p95 }");
    assert_snapshot!(broken(r#"p50 = "100MB", p95 = "1GB""#, r#"p50 = "2GB", p95 = "1GB""#), @"my.toml:30:15: `p50` must not be above `p95` (in the wrong order)");
    assert_snapshot!(broken(r#"p50 = "100MB", p95 = "1GB""#, r#"p50 = "0B", p95 = "1GB""#), @"my.toml:30:23: a lognormal median must be positive (zero)");
}

#[test]
fn distributions_are_checked() {
    assert_snapshot!(broken(r#""lognormal", mean = "100ms", cv = 2"#, r#""lognormel", mean = "100ms", cv = 2"#), @"my.toml:20:26: there is no distribution `lognormel` (not found); did you mean `lognormal`?");
    assert_snapshot!(broken(r#""lognormal", mean = "100ms", cv = 2"#, r#""lognormal", mean = "100ms""#), @"my.toml:20:9: the key `cv` is missing (in this distribution)");
    assert_snapshot!(broken(r#""lognormal", mean = "100ms", cv = 2"#, r#""lognormal", mean = "100ms", cv = -2"#), @"my.toml:20:60: a ratio must lie between 0 and 1000000000 (out of range)");
    assert_snapshot!(broken(r#""lognormal", mean = "100ms", cv = 2"#, r#""exponential", mean = "100ms", cv = 2"#), @"my.toml:20:57: unknown key `cv` (not known here); known here: distribution, mean, source, published, measured, assumed, conditions");
    assert_snapshot!(broken(r#""lognormal", mean = "100ms", cv = 2"#, r#""pareto", mean = "100ms", shape = 1"#), @"my.toml:20:9: shape of a Pareto distribution must be finite and above one, not 1 (these parameters)");
    assert_snapshot!(broken(r#""lognormal", mean = "100ms", cv = 2"#, r#""hyperexponential", mean = "100ms", cv = 0.5"#), @"my.toml:20:9: cv of a hyperexponential distribution must be from 1 to 1e6, not 0.5 (these parameters)");
    assert_snapshot!(broken(r#""lognormal", mean = "100ms", cv = 2"#, r#""empirical", values = []"#), @"my.toml:20:48: an empirical distribution needs values that are not all zero (these values)");
}

#[test]
fn turns_are_whole_and_at_least_one() {
    assert_snapshot!(broken("turns = 10", "turns = 0"), @"my.toml:27:9: a session has at least one turn (these turns)");
    assert_snapshot!(broken("turns = 10", "turns = 2.5"), @"my.toml:27:9: a fixed number of turns is a whole number (these turns)");
    assert_snapshot!(broken("turns = 10", "turns = { low = 5, high = 10 }"), @r#"my.toml:27:9: a fixed number of turns cannot be uncertain (here); write { distribution = "geometric", mean = { low, mode, high } }"#);
    assert_snapshot!(broken(r#""geometric", mean = 5"#, r#""poisson", mean = 5"#), @"my.toml:18:26: there is no distribution of turns `poisson` (not found); known here: fixed, geometric, negative-binomial");
    assert_snapshot!(broken(r#""geometric", mean = 5"#, r#""geometric", mean = 0.5"#), @"my.toml:18:9: a session has at least one turn (these turns)");
    assert_snapshot!(broken(r#""geometric", mean = 5"#, r#""negative-binomial", mean = 5"#), @"my.toml:18:9: the key `cv` is missing (in this distribution)");
    assert_snapshot!(broken(r#""geometric", mean = 5"#, r#""negative-binomial", mean = 5, cv = 0.1"#), @"my.toml:18:9: cv of a turn-count distribution must be such that the variance exceeds mean − 1, not 0.1 (these turns)");
    assert_snapshot!(broken(r#""geometric", mean = 5"#, r#""negative-binomial", mean = 5, cv = -2"#), @"my.toml:18:62: `cv` must not be negative (below zero)");
}

#[test]
fn shares_are_of_known_tiers_and_add_up() {
    assert_snapshot!(broken("code = 0.75", "code = 0.5"), @"my.toml:12:9: the tiers of segment `staff` add up to 75% (these shares); every open session is in one tier: make them add up to 100%");
    assert_snapshot!(broken("code = 0.75", "cod = 0.75"), @"my.toml:12:11: there is no tier `cod` (not found); did you mean `code`?");
}

#[test]
fn a_plan_gives_every_tier_what_it_needs() {
    assert_snapshot!(broken(r#"shell = { technology = "gvisor""#, r#"shell = { technology = "v8-isolate""#), @"my.toml:47:55: `v8-isolate` cannot carry tier `shell`: it lacks a full Linux (not enough for this tier); these will do: container-runc, container-docker, gvisor, microvm-firecracker, microvm-firecracker-snapshot, microvm-cloud-hypervisor, kata");
    assert_snapshot!(broken(r#"code = "v8-isolate""#, r#"code = "v8-isolat""#), @"my.toml:47:18: there is no technology `v8-isolat` (not found); did you mean `v8-isolate`?");
    assert_snapshot!(broken(r#"code = "v8-isolate", "#, ""), @"my.toml:47:9: plan `first` gives tier `code` no technology (in this plan)");
    assert_snapshot!(broken(r#"code = "v8-isolate""#, "code = 5"), @"my.toml:47:18: expected the name of a technology, or a table with one, found a number (this is a number)");
    assert_snapshot!(broken(r#"code = "v8-isolate""#, r#"cod = "v8-isolate""#), @r#"
    my.toml:47:11: there is no tier `cod` (not found); did you mean `code`?
    my.toml:47:9: plan `first` gives tier `code` no technology (in this plan)
    "#);
}

#[test]
fn words_are_known() {
    assert_snapshot!(broken(r#"needs = ["linux"]"#, r#"needs = ["bash"]"#), @"my.toml:25:10: `bash` is not a capability (not known); known here: api-calls, javascript, wasm, python, linux, browser");
    assert_snapshot!(broken(r#"needs = ["linux"]"#, r#"needs = "linux""#), @"my.toml:25:9: expected a list, found a string (this is a string)");
    assert_snapshot!(broken(r#"lifecycle = "per-burst""#, r#"lifecycle = "per-request""#), @"my.toml:17:13: `per-request` is not a lifecycle (not known); known here: per-session, per-burst");
    assert_snapshot!(broken(r#""working-hours""#, r#""mean""#), @"my.toml:9:23: `mean` is not a time over which a rate is stated (not known); known here: all-hours, working-hours, peak");
}

#[test]
fn a_host_has_a_size_and_something_left() {
    assert_snapshot!(broken("vcpus = 8", r#"shape = "hosts/aws-us-east-1.toml#m7i.metal-24""#), @"my.toml:33:9: there is no host shape `m7i.metal-24` (not found); did you mean `m7i.metal-24xl`?");
    assert_snapshot!(broken("vcpus = 8", r#"shape = "hosts/aws-us-east-1.toml""#), @r#"my.toml:33:9: a shape is a path and a name (no `#` in it); write "hosts/aws-us-east-1.toml#m7i.48xlarge""#);
    assert_snapshot!(broken("vcpus = 8", "vcpus = 0"), @"my.toml:32:1: a host has a whole number of vCPUs, from 1 to 100000, and some memory (this host)");
    assert_snapshot!(broken("vcpus = 8\n", ""), @r#"my.toml:32:1: the host has no size (`vcpus` and `memory` are missing); give both, or a `shape` such as "hosts/aws-us-east-1.toml#m7i.48xlarge""#);
    assert_snapshot!(broken("vcpus = 8", "vcpus = 8\nreserved_vcpus = \"100%\""), @"my.toml:34:18: something of the host must be left for sandboxes (here)");
    assert_snapshot!(broken("vcpus = 8", "vcpus = 8\nreserved_memory = { low = \"1GiB\", high = \"32GiB\" }"), @"my.toml:34:19: something of the host must be left for sandboxes (here)");
    assert_snapshot!(broken("vcpus = 8", "vcpus = 8\nspeed = { low = 0, high = 1 }"), @"my.toml:34:9: the speed of a vCPU must be positive (here)");
}

#[test]
fn promises_can_be_kept() {
    assert_snapshot!(broken(r#"start_wait_p99 = "1s""#, r#"start_wait_p99 = "0s""#), @"my.toml:37:18: the start wait promised must be above zero (here)");
    assert_snapshot!(broken("burst_slowdown_p99 = 3", "burst_slowdown_p99 = 1"), @"my.toml:38:22: the slowdown promised must be above 1 (here)");
    assert_snapshot!(broken(r#"rejected = "0.1%""#, "rejected = 0"), @"my.toml:39:12: the share turned away must lie between 0 and 100%, both excluded (here)");
    assert_snapshot!(broken(r#"rejected = "0.1%""#, r#"rejected = { low = "0.1%", high = "1%" }"#), @"my.toml:36:1: a promise is a plain number (here)");
}

#[test]
fn origins_are_one_and_say_something() {
    assert_snapshot!(broken("people = 100", r#"people = { value = 100, source = "A", assumed = "B" }"#), @"my.toml:7:39: `source` and `assumed` exclude each other (a second origin for the same number); a number is either measured, published or assumed");
    assert_snapshot!(broken("people = 100", r#"people = { value = 100, assumed = " " }"#), @"my.toml:7:35: `assumed` says nothing (empty)");
}

#[test]
fn files_referred_to_are_there_and_of_the_right_kind() {
    assert_snapshot!(broken("curves/office-hours.toml", "curves/offices.toml"), @"my.toml:10:12: cannot read `curves/offices.toml`: no such file (referred to here); paths are relative to the file they stand in");
    assert_snapshot!(broken("curves/office-hours.toml", "time-zones/us.toml"), @"my.toml:10:12: `time-zones/us.toml` is of kind `time-zone-mix` (`activity-curve` is needed here)");
    assert_snapshot!(broken("time-zones/us.toml", "curves/flat.toml"), @"my.toml:11:14: `curves/flat.toml` is of kind `activity-curve` (`time-zone-mix` is needed here)");
    assert_snapshot!(broken("profiles/published.toml", "hosts/gcp.toml"), @"my.toml:4:11: `hosts/gcp.toml` is of kind `host-shapes` (`profile` is needed here)");
    assert_snapshot!(broken("vcpus = 8", r#"shape = "curves/flat.toml#x""#), @"my.toml:33:9: `curves/flat.toml` is of kind `activity-curve` (`host-shapes` is needed here)");
}

#[test]
fn a_segment_has_an_activity_or_a_trace() {
    assert_snapshot!(broken("activity = \"curves/office-hours.toml\"\n", ""), @"my.toml:6:1: segment `staff` needs either `activity` or `trace` (neither is given)");
    assert_snapshot!(broken(r#"time_zones = "time-zones/us.toml""#, r#"trace = "traces/azure-conversation.csv""#), @"my.toml:10:12: segment `staff` needs either `activity` or `trace` (both are given)");
    assert_snapshot!(broken(r#"activity = "curves/office-hours.toml""#, r#"trace = "traces/azure-conversation.csv""#), @"my.toml:11:14: a trace has its own clock (time zones would move it); remove `time_zones`, or use `activity` in place of `trace`");
}

#[test]
fn invalid_toml_is_shown_where_it_is() {
    assert_snapshot!(broken(r#"title = "Small""#, "title = Small"), @"my.toml:3:9: this is not valid TOML: string values must be quoted, expected literal string (here)");
    assert_snapshot!(broken(r#"title = "Small""#, "title = \"Small\"\ntitle = \"Other\""), @"my.toml:4:1: this is not valid TOML: duplicate key (here)");
    assert_snapshot!(broken("[host]", "[host"), @"my.toml:32:6: this is not valid TOML: unclosed table, expected `]` (here)");
    assert_snapshot!(broken("people = 100", "people = "), @"my.toml:7:10: this is not valid TOML: string values must be quoted, expected literal string (here)");
}

#[test]
fn the_format_and_what_must_be_there() {
    assert_snapshot!(broken("format = 1", "format = 2"), @"my.toml:2:10: scenario format 2 is not known (this version reads format 1); write `format = 1`, or use a newer Tonnage");
    assert_snapshot!(broken("format = 1", r#"format = "1""#), @"my.toml:2:10: expected a whole number, found a string (this is a string)");
    assert_snapshot!(broken("profile = \"profiles/published.toml\"\n", ""), @"my.toml:1:1: the scenario names no profile (here)");
    assert_snapshot!(broken("people = 100\n", ""), @"my.toml:6:1: the key `people` is missing (in this table)");
    assert_snapshot!(broken("format = 1", "format = 1\nseed = 1.5"), @"my.toml:3:8: expected a whole number (from 0 to 4294967295)");
}

#[test]
fn several_mistakes_are_told_at_once() {
    assert_snapshot!(broken("people = 100\nconcurrency = \"10%\"", "people = \"many\"\nconcurrency = \"200%\"\ncolour = \"red\""), @r#"
    my.toml:9:1: unknown key `colour` (not known here); known here: title, people, adoption, agents_per_person, concurrency, concurrency_meaning, activity, trace, trace_scaling, time_zones, tiers
    my.toml:7:10: this is not a count: write it as "100M" or 5000 (not understood)
    my.toml:8:15: a share must lie between 0% and 100% (out of range)
    "#);
}

#[test]
fn a_name_cannot_be_a_key_of_a_value() {
    assert_snapshot!(broken("[plans.first]", "[plans.high]"), @"my.toml:45:1: `high` cannot be a name in `plans` (here)");
}

#[test]
fn overrides_say_what_they_miss() {
    assert_snapshot!(refused(&["segments.staff.people"]), @"--set segments.staff.people: an override needs a key and a value (no `=` in it); write it as --set segments.staff.people=5000");
    assert_snapshot!(refused(&["=5"]), @"--set =5: an override needs a key such as segments.staff.people (a part of this key is empty)");
    assert_snapshot!(refused(&["segments..people=5"]), @"--set segments..people=5: an override needs a key such as segments.staff.people (a part of this key is empty)");
    assert_snapshot!(refused(&["segments.staff.peple=5"]), @"--set segments.staff.peple=5: unknown key `peple` (not known here); did you mean `people`?");
    assert_snapshot!(refused(&["segments.staf.people=5"]), @"--set segments.staf.people=5: there is no segment `staf` (not found); did you mean `staff`?");
    assert_snapshot!(refused(&["segments.staff.people=lots"]), @r#"--set segments.staff.people=lots: this is not a count: write it as "100M" or 5000 (not understood)"#);
    assert_snapshot!(refused(&["segments.staff.people={ low = 5 }"]), @"--set segments.staff.people={ low = 5 }: cannot tell a count from these keys (has low); write a plain value, { value = … }, { low, high }, { low, mode, high } or { p50, p95 }");
    assert_snapshot!(refused(&["segments.staff=5"]), @"--set segments.staff=5: expected a table, found a number (this is a number)");
    assert_snapshot!(refused(&["plans.first.tiers.shell=v8-isolate"]), @"--set plans.first.tiers.shell=v8-isolate: `v8-isolate` cannot carry tier `shell`: it lacks a full Linux (not enough for this tier); these will do: container-runc, container-docker, gvisor, microvm-firecracker, microvm-firecracker-snapshot, microvm-cloud-hypervisor, kata");
    assert_snapshot!(refused(&["technologies.gvisr.title=x"]), @"--set technologies.gvisr.title=x: there is no technology `gvisr` (not found); did you mean `gvisor`?");
    assert_snapshot!(refused(&["technologies.gvisor.memory_base=lots"]), @r#"--set technologies.gvisor.memory_base=lots: this is not an amount of memory: write it as "3MiB" (not understood)"#);
    assert_snapshot!(refused(&["tiers.shell.think.low=30s"]), @"--set tiers.shell.think.low=30s: cannot tell a duration from these keys (has low); write a plain value, { value = … }, { low, high }, { low, mode, high } or { p50, p95 }");
    assert_snapshot!(refused(&["tiers.code.burst.mean=30ms"]), @"--set tiers.code.burst.mean=30ms: `tiers.code.burst` is one value and is replaced as a whole (only a part of it); give all of it, with its source");
    assert_snapshot!(refused(&["extends=other.toml"]), @"--set extends=other.toml: `extends` cannot be changed from outside (too late here); write it in the scenario's file");
    assert_snapshot!(refused(&["seed=-1"]), @"--set seed=-1: expected a whole number (from 0 to 4294967295)");
}

#[test]
fn an_unrelated_file_is_no_scenario() {
    assert_snapshot!(problems_in(&Files::default(), "time-zones/us.toml", &[]), @"`time-zones/us.toml` is of kind `time-zone-mix`: it is no scenario");
    assert_snapshot!(problems_in(&Files::default(), "nothing.toml", &[]), @"cannot read `nothing.toml`: no such file; `tonnage scenarios` lists those it ships");
    assert_snapshot!(problems_of(""), @r#"
    my.toml:1:1: the key `format` is missing (in this table)
    my.toml:1:1: the key `title` is missing (in this table)
    my.toml:1:1: the key `segments` is missing (in this table)
    my.toml:1:1: the key `tiers` is missing (in this table)
    my.toml:1:1: the key `host` is missing (in this table)
    my.toml:1:1: the key `service_level` is missing (in this table)
    my.toml:1:1: the key `envelope` is missing (in this table)
    my.toml:1:1: the key `plans` is missing (in this table)
    "#);
    assert_snapshot!(problems_of("not toml at all"), @"my.toml:1:5: this is not valid TOML: key with no value, expected `=` (here)");
}

#[test]
fn numbers_of_a_profile_without_an_origin_are_refused() {
    let published = expect_text("profiles/published.toml");
    let bare = published.replacen(
        "assumed = \"By definition: this is the reference.\"\n",
        "",
        1,
    );
    assert_ne!(bare, published);
    let library = Files::one("bare.toml", &bare).and("my.toml", SMALL);
    let refused = problems_in(&library, "my.toml", &["profile=bare.toml"]);
    assert_snapshot!(refused, @r#"bare.toml:153:1: `process-node.relative_cpu` does not say where it comes from (no origin); add one of measured = "…", published = "…" or assumed = "…""#);
    let alone = load_profile(&library, "bare.toml").unwrap_err().to_string();
    assert_eq!(alone, refused);
}

#[test]
fn cycles_of_extends_are_found() {
    assert_snapshot!(broken("format = 1", "format = 1\nextends = \"./my.toml\""), @"my.toml:3:11: a scenario extends itself: `my.toml` extends `my.toml` (extended from here)");
    let one = "extends = \"two.toml\"\n";
    let two = "extends = \"sub/three.toml\"\n";
    let three = "extends = \"../one.toml\"\n";
    let library = Files::one("one.toml", one)
        .and("two.toml", two)
        .and("sub/three.toml", three);
    assert_snapshot!(problems_in(&library, "one.toml", &[]), @"sub/three.toml:1:11: a scenario extends itself: `one.toml` extends `two.toml` extends `sub/three.toml` extends `one.toml` (extended from here)");
    assert_snapshot!(broken("format = 1", "format = 1\nextends = \"none.toml\""), @"my.toml:3:11: cannot read `none.toml`: no such file (referred to here); paths are relative to the file they stand in");
}

#[test]
fn what_a_scenario_cannot_do_to_its_base_is_said() {
    let over = |text: &str| {
        let text = format!("extends = \"my.toml\"\n{text}");
        let library = Files::one("my.toml", SMALL).and("over.toml", &text);
        problems_in(&library, "over.toml", &[])
    };
    assert_snapshot!(over("[tiers.code.burst]\nmean = \"1s\"\n"), @"over.toml:3:1: `tiers.code.burst` is one value and is replaced as a whole (only a part of it); give all of it, with its source");
    assert_snapshot!(over("[segments.staf]\npeople = 5\n"), @"over.toml:2:11: there is no segment `staf` (not found); did you mean `staff`?");
}

#[test]
fn a_scenario_keeps_what_it_does_not_write() {
    let base = SMALL.replacen(
        "people = 100",
        "people = { value = 100, source = \"A census of 2020\" }",
        1,
    );
    let over = "extends = \"../my.toml\"\ntitle = \"Over\"\n\
        [segments.staff]\npeople = 200\nactivity = \"mine.toml\"\n\
        [tiers.shell]\nthink = { low = \"5s\", high = \"6s\" }\n";
    let library = Files::one("my.toml", &base)
        .and("sub/over.toml", over)
        .and("sub/mine.toml", &expect_text("curves/flat.toml"));
    let Loaded {
        scenario, document, ..
    } = load_from(&library, "sub/over.toml", &[]);
    assert_eq!(scenario.title, "Over");
    assert_eq!(document.tiers.keys(), ["code", "shell"]);
    let staff = &scenario.segments[0];
    let people = scenario.inputs.get(staff.people);
    assert_eq!(people.describe(), "200");
    assert_eq!(
        people.provenance.source, "",
        "the old source is not the new number's"
    );
    let slots = staff.arrivals.curve.slots();
    assert!(
        slots.iter().all(|&slot| (slot - 1.0).abs() < 1e-9),
        "the flat curve"
    );
    let think = scenario.inputs.get(scenario.tiers[1].think);
    assert_eq!(think.describe(), "5 s to 6 s");
    assert_eq!(
        think.shape.describe(),
        None,
        "nothing is left of the old distribution"
    );
}

#[test]
fn overrides_are_toml_or_bare_words() {
    let people = |overrides: &[&str]| {
        let scenario = small(overrides).scenario;
        let input = scenario.inputs.get(scenario.segments[0].people);
        assert_eq!(input.provenance.origin, Origin::Assumed);
        (input.describe(), input.provenance.source.clone())
    };
    let given = |text: &str| (text.to_owned(), "given on the command line".to_owned());
    assert_eq!(people(&["segments.staff.people=5000"]), given("5K"));
    assert_eq!(people(&["segments.staff.people=5K"]), given("5K"));
    assert_eq!(people(&["segments.staff.people = \"5K\""]), given("5K"));
    assert_eq!(people(&["segments.\"staff\".people=5_000"]), given("5K"));
    let range = "segments.staff.people={ low = 1, high = \"1K\" }";
    assert_eq!(people(&[range]), given("1 to 1K"));
    let cited = "segments.staff.people={ value = 7, assumed = \"A guess\" }";
    assert_eq!(people(&[cited]), ("7".to_owned(), "A guess".to_owned()));
    let twice = ["segments.staff.people=1", "segments.staff.people=2"];
    assert_eq!(people(&twice), given("2"));

    let loaded = small(&["title=A = B", "host.memory=1TiB", "simulation.window=10min"]);
    assert_eq!(loaded.scenario.title, "A = B");
    assert!((loaded.scenario.host.memory_bytes - 1_099_511_627_776.0).abs() < 1e-3);
    assert!((loaded.scenario.simulation.window_seconds - 600.0).abs() < 1e-9);
}

#[test]
fn readings_change_keys_and_say_so() {
    let readings = "
[readings.more]
title = \"More\"
[readings.more.set]
\"segments.staff.people\" = { value = \"1K\", source = \"A census of 2020\" }
\"tiers.shell.needs\" = [\"linux\", \"python\"]
\"host.memory\" = \"64GiB\"
seed = 3

[readings.nested.set.segments.staff]
people = { low = 5, high = 6 }
[readings.nested]
title = \"Written as tables\"
";
    let library = Files::one("my.toml", &format!("{SMALL}{readings}"));
    let loaded = load_from(&library, "my.toml", &[]);
    let [more, nested] = loaded.readings.as_slice() else {
        panic!("two readings");
    };
    assert_eq!(
        more.changes,
        [
            "segments.staff.people = 1K",
            "tiers.shell.needs = [linux, python]",
            "host.memory = 64GiB",
            "seed = 3",
        ]
    );
    assert_eq!(more.scenario.seed, 3);
    assert_eq!(loaded.scenario.seed, 1);
    let people = more.scenario.inputs.get(more.scenario.segments[0].people);
    assert_eq!(people.provenance.source, "A census of 2020");
    assert_eq!(
        nested.changes,
        ["segments = { staff = { people = { low = 5, high = 6 } } }"]
    );
}

#[test]
fn mistakes_in_readings_are_shown_in_the_reading() {
    let with = |set: &str| {
        let text = format!("{SMALL}\n[readings.r]\ntitle = \"R\"\nset = {{ {set} }}\n");
        problems_of(&text)
    };
    assert_snapshot!(with("\"segments.staff.peple\" = 5"), @"my.toml:51:9: unknown key `peple` (not known here); did you mean `people`?");
    assert_snapshot!(with("\"segments.staf.people\" = 5"), @"my.toml:51:9: there is no segment `staf` (not found); did you mean `staff`?");
    assert_snapshot!(with("\"segments.staff.people\" = \"many\""), @r#"my.toml:51:35: this is not a count: write it as "100M" or 5000 (not understood)"#);
    assert_snapshot!(with("\"tiers.shell.needs\" = [\"browser\"]"), @"my.toml:47:55: `gvisor` cannot carry tier `shell`: it lacks a browser (not enough for this tier); these will do: browser-chromium");
    assert_snapshot!(with("extends = \"other.toml\""), @"my.toml:51:19: `extends` cannot be changed from outside (too late here); write it in the scenario's file");
    assert_snapshot!(with("\"segments.staff.tiers.code\" = 0.5"), @"my.toml:51:9: the tiers of segment `staff` add up to 75% (these shares); every open session is in one tier: make them add up to 100%");
}

/// The examples of the guide, in which `builtin:` means what we ship.
#[test]
fn the_examples_of_the_guide_load() {
    let guide = include_str!("../../docs/writing-a-scenario.md");
    let examples: Vec<String> = guide
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .map(|example| example.replace("builtin:", ""))
        .collect();
    assert_eq!(examples.len(), 3);
    for example in &examples {
        let library = Files::one("support.toml", example);
        let scenario = load_from(&library, "support.toml", &[]).scenario;
        assert!(!scenario.plans.is_empty());
    }
    let first = &examples[0];
    let quoted = [
        ("people = { value = 800", "peple = { value = 800"),
        ("look-up = \"85%\"", "look-up = \"75%\""),
        ("program = \"gvisor\"", "program = \"v8-isolate\""),
    ];
    for (right, wrong) in quoted {
        let broken = first.replacen(right, wrong, 1);
        let refused = problems_in(&Files::one("support.toml", &broken), "support.toml", &[]);
        let line = refused.split(", microvm").next().unwrap_or(&refused);
        assert!(guide.contains(line), "the guide does not show: {refused}");
    }
}

/// Spaces, dotted keys and tables say the same.
#[test]
fn the_way_of_writing_makes_no_difference() {
    let dotted = SMALL.replacen(
        "[host]\nvcpus = 8\nmemory = \"32GiB\"",
        "[host]\nvcpus.value = 8.0\nmemory = { value = \" 32 GiB \" }",
        1,
    );
    assert_ne!(dotted, SMALL);
    let digest = |text: &str| {
        let library = Files::one("my.toml", text);
        load_from(&library, "my.toml", &[]).scenario.digest
    };
    assert_eq!(digest(&dotted), digest(SMALL));
    assert_eq!(digest(&SMALL.replace('\n', "\r\n")), digest(SMALL));
}

#[test]
fn a_lognormal_share_stays_a_share() {
    let wide = "segments.staff.concurrency={ p50 = \"15%\", p95 = \"60%\" }";
    let scenario = small(&[wide]).scenario;
    let draw = Draw::sample(&scenario.inputs, |_| 0.9999);
    let concurrency = draw.get(scenario.segments[0].concurrency);
    assert!((concurrency - 1.0).abs() < 1e-12, "{concurrency}");
}

#[test]
fn no_draw_has_less_than_one_turn() {
    let wide = "tiers.code.turns={ distribution = \"geometric\", mean = { p50 = 2, p95 = 9 } }";
    let scenario = small(&[wide]).scenario;
    let draw = Draw::sample(&scenario.inputs, |_| 0.001);
    let turns = draw.get(scenario.tiers[0].turns);
    assert!((turns - 1.0).abs() < 1e-12, "{turns}");
    assert!(scenario.tiers[0].turn_law.at(turns).is_ok());
}

#[test]
fn turns_keep_their_law() {
    let scenario =
        small(&["tiers.code.turns={ distribution = \"negative-binomial\", mean = 9, cv = 2 }"])
            .scenario;
    assert_eq!(
        scenario.tiers[0].turn_law,
        TurnLaw::NegativeBinomial { cv: 2.0 }
    );
    assert_eq!(scenario.tiers[1].turn_law, TurnLaw::Fixed);
}

/// Keys nested deeper than any stack would hold are refused like others.
#[test]
fn endless_keys_are_refused() {
    let deep = vec!["a"; 200_000].join(".");
    let refused_deep = refused(&[&format!("{deep}=1")]);
    assert!(refused_deep.contains("more than 16 parts"));
    let text = format!("{SMALL}\n[readings.r]\ntitle = \"R\"\n[readings.r.set]\n\"{deep}\" = 1\n");
    assert!(problems_of(&text).contains("more than 16 parts"));
    let dotted = format!("{deep} = 1\n");
    assert!(problems_of(&dotted).contains("not valid TOML"));
    let brackets = format!("title = {}", "[".repeat(100_000));
    assert!(problems_of(&brackets).contains("not valid TOML"));
}

#[track_caller]
fn expect_text(name: &str) -> String {
    Files::default().read(name).expect("a shipped file")
}

/// The document of a text, which must be one.
#[track_caller]
fn document(text: &str) -> ScenarioDocument {
    try_document(text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

fn try_document(text: &str) -> Result<ScenarioDocument, String> {
    let mut decoder = Decoder::default();
    let file = decoder.sources.add_file("written.toml", text);
    let Decoder { sources, problems } = &mut decoder;
    let node = parse(sources, file, problems);
    let document = ScenarioDocument::decode(&node, &mut decoder);
    match document {
        Some(document) if decoder.problems.is_empty() => Ok(document),
        _ => Err(format!("{:?}", decoder.problems)),
    }
}

fn written(document: &ScenarioDocument) -> String {
    toml::to_string(document).expect("a document can be written")
}

#[test]
fn shipped_scenarios_are_written_and_read_back_the_same() {
    for name in file_names("") {
        let original = loaded(&name).document;
        let again = document(&written(&original));
        assert!(again == original, "{name}");
        assert_eq!(again.plans.keys(), original.plans.keys(), "{name}");
        assert_eq!(again.tiers.keys(), original.tiers.keys(), "{name}");
    }
}

#[test]
fn numbers_from_the_command_line_keep_their_origin_when_written() {
    let original = small(&["segments.staff.people=7", "tiers.shell.think=3s"]).document;
    let text = written(&original);
    assert!(text.contains("given on the command line"), "{text}");
    assert_eq!(document(&text), original);
}

/// A figure with a unit in one of the ways of writing it.
fn figure(suffixes: &'static [&'static str], most: f64) -> impl Strategy<Value = String> {
    let number = prop_oneof![
        (1e-3..1.0).prop_map(move |share| share * most),
        (1_u32..=9).prop_map(move |whole| f64::from(whole) / 10.0 * most),
    ];
    (number, prop::sample::select(suffixes), any::<bool>()).prop_map(|(number, suffix, space)| {
        let space = if space { " " } else { "" };
        format!("\"{number}{space}{suffix}\"")
    })
}

fn citation() -> impl Strategy<Value = String> {
    let text = "[a-zA-Z0-9 ,.:/()é-]{0,20}x";
    prop_oneof![
        Just(String::new()),
        text.prop_map(|text| format!(", source = \"{text}\"")),
        (text, text).prop_map(|(a, b)| format!(", published = \"{a}\", conditions = \"{b}\"")),
        text.prop_map(|text| format!(", assumed = \"{text}\"")),
        text.prop_map(|text| format!(", measured = \"{text}\"")),
    ]
}

/// A number, a range or a belief, with or without a source. Figures given in any order are sorted
/// by the size that `order` sees in them.
fn quantity(suffix: &'static [&'static str], most: f64) -> impl Strategy<Value = String> {
    let sorted = move |count: usize| {
        prop::collection::vec(1e-3..1.0_f64, count).prop_map(move |mut parts| {
            parts.sort_by(f64::total_cmp);
            let unit = suffix[0];
            parts
                .into_iter()
                .map(|part| format!("\"{}{unit}\"", part * most))
                .collect::<Vec<String>>()
        })
    };
    let belief = prop_oneof![
        figure(suffix, most).prop_map(|figure| format!("value = {figure}")),
        sorted(2).prop_map(|f| format!("low = {}, high = {}", f[0], f[1])),
        sorted(3).prop_map(|f| format!("low = {}, mode = {}, high = {}", f[0], f[1], f[2])),
        sorted(2).prop_map(|f| format!("p50 = {}, p95 = {}", f[0], f[1])),
        sorted(2).prop_map(|f| format!("value = {{ low = {}, high = {} }}", f[0], f[1])),
    ];
    prop_oneof![
        1 => figure(suffix, most),
        4 => (belief, citation()).prop_map(|(belief, source)| format!("{{ {belief}{source} }}")),
    ]
}

/// A time that varies, in every way of writing it.
fn variable() -> impl Strategy<Value = String> {
    const TIME: &[&str] = &["s", "ms", "min"];
    let mean = || {
        quantity(&["s"], 90.0).prop_filter("no source inside", |text| {
            !["source", "published", "assumed", "measured"]
                .iter()
                .any(|key| text.contains(key))
        })
    };
    let law = prop_oneof![
        mean().prop_map(|mean| format!("distribution = \"exponential\", mean = {mean}")),
        (mean(), 0.1..5.0).prop_map(|(mean, cv)| format!(
            "distribution = \"lognormal\", mean = {mean}, cv = {cv}"
        )),
        (mean(), 0.1..5.0)
            .prop_map(|(mean, cv)| format!("distribution = \"gamma\", mean = {mean}, cv = {cv}")),
        (mean(), 1.0..5.0).prop_map(|(mean, cv)| format!(
            "distribution = \"hyperexponential\", mean = {mean}, cv = {cv}"
        )),
        (mean(), 0.5..5.0).prop_map(|(mean, k)| format!(
            "distribution = \"weibull\", mean = {mean}, shape = {k}"
        )),
        (mean(), 1.1..5.0)
            .prop_map(|(mean, k)| format!("distribution = \"pareto\", mean = {mean}, shape = {k}")),
        (0.1..5.0, 1.0..9.0).prop_map(|(low, factor)| {
            format!(
                "distribution = \"uniform\", low = \"{low}s\", high = \"{}s\"",
                low * factor
            )
        }),
        (0.1..5.0, 1.0..9.0).prop_map(|(p50, factor)| {
            format!(
                "distribution = \"lognormal\", p50 = \"{p50}s\", p95 = \"{}s\"",
                p50 * factor
            )
        }),
        prop::collection::vec(figure(TIME, 9.0), 1..6).prop_map(|values| format!(
            "distribution = \"empirical\", values = [{}]",
            values.join(", ")
        )),
    ];
    prop_oneof![
        1 => quantity(&["s"], 90.0),
        3 => (law, citation()).prop_map(|(law, source)| format!("{{ {law}{source} }}")),
    ]
}

fn turns() -> impl Strategy<Value = String> {
    prop_oneof![
        (1_u32..100).prop_map(|n| n.to_string()),
        (1.0..100.0).prop_map(|mean| format!("{{ distribution = \"geometric\", mean = {mean} }}")),
        (2.0..100.0, 1.0..5.0, citation()).prop_map(|(mean, cv, source)| format!(
            "{{ distribution = \"negative-binomial\", mean = {{ low = {mean}, high = {} }}, cv = {cv}{source} }}",
            mean + 1.0
        )),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_written_is_read_back(
        people in quantity(&["", "K", "M"], 900.0),
        concurrency in quantity(&["%"], 100.0),
        think in variable(),
        burst in variable(),
        turns in turns(),
        memory in quantity(&["MiB", "MB", "B"], 1e3),
        price in prop::option::of(0.01..100.0_f64),
        share in 0.0..1.0_f64,
        seed in prop::option::of(any::<u32>()),
    ) {
        let price = price.map_or_else(String::new, |price| format!("usd_per_hour = {price}"));
        let seed = seed.map_or_else(String::new, |seed| format!("seed = {seed}"));
        let text = SMALL
            .replacen("format = 1", &format!("format = 1\n{seed}"), 1)
            .replacen("people = 100", &format!("people = {people}"), 1)
            .replacen("\"10%\"", &concurrency, 1)
            .replacen("code = 0.75, shell = \"25%\"", &format!("code = {share}, shell = {}", 1.0 - share), 1)
            .replacen("think = \"20s\"", &format!("think = {think}"), 1)
            .replacen("burst = \"1s\"", &format!("burst = {burst}"), 1)
            .replacen("turns = 10", &format!("turns = {turns}"), 1)
            .replacen("\"16MiB\"", &memory, 1)
            .replacen("vcpus = 8", &format!("vcpus = 8\n{price}"), 1);
        let library = Files::one("my.toml", &text);
        let original = expect(load(&library, "my.toml", &LoadOptions::default()));
        let text = written(&original.document);
        let again = Files::one("my.toml", &text);
        let again = expect(load(&again, "my.toml", &LoadOptions::default()));
        prop_assert_eq!(&original.document, &again.document, "{}", text);
        prop_assert_eq!(original.scenario.digest, again.scenario.digest);
    }

    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let _ = load(&Files::one("my.toml", &text), "my.toml", &LoadOptions::default());
    }

    #[test]
    fn no_override_panics(text in prop_oneof![
        ".{0,60}",
        "(segments|tiers|plans|host|technologies|readings)(\\.(staff|code|shell|first|people|tiers|think|gvisor)){0,4}=.{0,30}",
    ]) {
        let options = LoadOptions { overrides: vec![text], ..LoadOptions::default() };
        let _ = load(&Files::one("my.toml", SMALL), "my.toml", &options);
    }

    /// Passages cut out, doubled, moved and replaced.
    #[test]
    fn no_mutation_panics(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..40, 0_u8..4, "[\\[\\]{}\"=.,#\na-z0-9é%-]{0,6}"), 1..5),
    ) {
        let mut text: Vec<char> = SMALL.chars().collect();
        for (at, length, kind, other) in cuts {
            let at = at.index(text.len() + 1);
            let end = (at + length).min(text.len());
            let passage: Vec<char> = match kind {
                0 => Vec::new(),
                1 => text[at..end].repeat(2),
                2 => other.chars().collect(),
                _ => text[at..end].iter().rev().copied().collect(),
            };
            text.splice(at..end, passage);
        }
        let text: String = text.into_iter().collect();
        let _ = load(&Files::one("my.toml", &text), "my.toml", &LoadOptions::default())
            .map_err(|problems| problems.to_string());
    }

    /// A line of a shipped file left out or doubled, in whichever file of a scenario.
    #[test]
    fn no_mutation_of_a_shipped_file_panics(
        file in prop::sample::select(&[
            "us-knowledge-workers.toml", "parts/plans.toml", "parts/agent-work.toml",
            "parts/platform.toml", "profiles/published.toml", "time-zones/us.toml",
            "curves/assistant-mixed.toml",
        ][..]),
        line in any::<prop::sample::Index>(),
        doubled in any::<bool>(),
    ) {
        let text = expect_text(file);
        let mut lines: Vec<&str> = text.lines().collect();
        let at = line.index(lines.len());
        if doubled {
            lines.insert(at, lines[at]);
        } else {
            lines.remove(at);
        }
        let library = Files::one(file, &lines.join("\n"));
        let _ = load(&library, "us-knowledge-workers.toml", &LoadOptions::default())
            .map_err(|problems| problems.to_string());
    }
}

/// The numbers of a scenario, and what it was made of.
fn numbers(loaded: &Loaded) -> Vec<String> {
    let inputs = loaded.scenario.inputs.iter();
    inputs
        .map(|(_, input)| format!("{} {:?} {:?}", input.key, input.value, input.shape))
        .collect()
}

#[test]
fn a_scenario_standing_alone_is_the_same_scenario() {
    for name in file_names("") {
        let original = loaded(&name);
        let document = original.standing_alone(&|path| format!("../{path}"));
        assert!(document.extends.is_none(), "{name}");
        // It lies in another folder.
        let files = Files::one("elsewhere/alone.toml", &written(&document));
        let alone = load_from(&files, "elsewhere/alone.toml", &[]);
        assert_eq!(numbers(&alone), numbers(&original), "{name}");
        assert_eq!(
            alone.scenario.profile_digest, original.scenario.profile_digest,
            "{name}"
        );
        assert_eq!(alone.readings.len(), original.readings.len(), "{name}");
        for (alone, original) in alone.readings.iter().zip(&original.readings) {
            assert_eq!(alone.scenario.plans.len(), original.scenario.plans.len());
        }
    }
}

#[test]
fn every_input_is_written_as_it_is_read() {
    for name in file_names("") {
        let original = loaded(&name);
        let scenario = &original.scenario;
        let set: Vec<String> = scenario
            .inputs
            .iter()
            .map(|(id, input)| {
                let turns = scenario.tiers.iter().find(|tier| tier.turns == id);
                let written = match turns {
                    Some(tier) => tier.turn_law.written(&input.written()),
                    None => input.written(),
                };
                format!("{}={written}", input.key)
            })
            .collect();
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        assert_eq!(
            numbers(&load_with(&name, &set)),
            numbers(&original),
            "{name}"
        );
    }
}
