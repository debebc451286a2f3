//! The scenarios we ship: each loads, says where every number comes from, and means what it says.

mod common;

use common::{Folder, expect, file_names, load_with, loaded, problems};
use tonnage_model::input::{Cited, Draw};
use tonnage_model::profile::Origin;
use tonnage_model::scenario::{
    ConcurrencyMeaning, Lifecycle, LoadOptions, Loaded, Scenario, load, load_profile,
};

const SHIPPED: [&str; 7] = [
    "coding-agents.toml",
    "isolates-first.toml",
    "recorded-trace.toml",
    "small-company.toml",
    "us-knowledge-workers.toml",
    "us-several-agents.toml",
    "world.toml",
];

/// Each scenario and each of its readings, by name.
fn all() -> Vec<(String, Scenario)> {
    SHIPPED
        .iter()
        .flat_map(|&name| {
            let Loaded {
                scenario, readings, ..
            } = loaded(name);
            let readings = readings
                .into_iter()
                .map(move |reading| (format!("{name}#{}", reading.id), reading.scenario));
            std::iter::once((name.to_owned(), scenario)).chain(readings)
        })
        .collect()
}

/// Sessions open if every concurrency were a share of the agents at the same time: the napkin.
fn sessions(scenario: &Scenario) -> f64 {
    let stated = Draw::stated(&scenario.inputs);
    let segments = scenario.segments.iter();
    segments
        .map(|segment| scenario.agents(segment, &stated) * stated.get(segment.concurrency))
        .sum()
}

fn assert_close(actual: f64, expected: f64, what: &str) {
    assert!(
        (actual / expected - 1.0).abs() < 1e-9,
        "{what}: {actual} instead of {expected}"
    );
}

#[test]
fn every_file_is_known_here_and_loads_without_a_word() {
    assert_eq!(file_names(""), SHIPPED);
    for name in SHIPPED {
        let loaded = loaded(name);
        assert!(loaded.warnings.is_empty(), "{name}: {:?}", loaded.warnings);
        assert!(
            !loaded.scenario.question.is_empty(),
            "{name} has no question"
        );
        let written = loaded
            .document
            .readings
            .map_or(0, |readings| readings.len());
        assert_eq!(loaded.readings.len(), written, "{name}");
    }
}

#[test]
fn parts_are_no_scenarios_by_themselves() {
    for name in file_names("parts") {
        let refused = problems(&format!("parts/{name}"), &[]);
        assert!(
            refused.contains("the key `segments` is missing"),
            "{refused}"
        );
    }
}

#[test]
fn every_number_says_where_it_comes_from() {
    for (name, scenario) in all() {
        for (_, input) in scenario.inputs.iter() {
            let source = &input.provenance.source;
            assert!(source.len() > 10, "{name}: {} has no source", input.key);
            if input.provenance.origin == Origin::Published {
                let dated = source.contains("20");
                assert!(dated, "{name}: {} has no date: {source}", input.key);
            }
        }
    }
}

/// What is promised and how large the host is are no inputs of the Monte Carlo.
#[test]
fn promises_and_host_sizes_say_where_they_come_from() {
    let require = |name: &str, key: &str, cited: &Cited| {
        assert!(cited.is_cited(), "{name}: {key} has no source");
    };
    for name in SHIPPED {
        let document = loaded(name).document;
        let promised = &document.service_level;
        require(name, "start_wait_p99", &promised.start_wait_p99.cited);
        require(
            name,
            "burst_slowdown_p99",
            &promised.burst_slowdown_p99.cited,
        );
        require(name, "rejected", &promised.rejected.cited);
        if let Some(vcpus) = &document.host.vcpus {
            require(name, "host.vcpus", &vcpus.cited);
        }
        if let Some(memory) = &document.host.memory {
            require(name, "host.memory", &memory.cited);
        }
    }
}

#[test]
fn the_numbers_of_sessions_are_those_of_the_files() {
    let expected = [
        ("us-knowledge-workers.toml", 15e6),
        ("us-knowledge-workers.toml#larger-base", 24e6),
        ("us-knowledge-workers.toml#higher-rate", 24e6),
        ("us-knowledge-workers.toml#mean-all-hours", 15e6),
        ("us-knowledge-workers.toml#mean-working-hours", 15e6),
        ("us-knowledge-workers.toml#mean-office-curve", 15e6),
        (
            "us-knowledge-workers.toml#professionals-and-office",
            10_026_114.0,
        ),
        ("us-knowledge-workers.toml#with-sales", 12_014_557.5),
        ("us-knowledge-workers.toml#used-today", 3.9e6),
        ("us-knowledge-workers.toml#python", 15e6),
        ("us-several-agents.toml", 30e6),
        ("us-several-agents.toml#five", 75e6),
        ("us-several-agents.toml#ten", 150e6),
        ("us-several-agents.toml#two-attended", 18e6),
        ("us-several-agents.toml#five-attended", 27e6),
        ("us-several-agents.toml#ten-attended", 42e6),
        ("world.toml", 150e6),
        ("world.toml#five-agents", 750e6),
        ("world.toml#information-workers", 187.5e6),
        ("isolates-first.toml", 15e6),
        ("coding-agents.toml", 4_654_750.0 * 0.57 * 1.5 * 0.15),
        ("small-company.toml", 5000.0 * 0.57 * 1.5 * 0.15),
        ("recorded-trace.toml", 50_000.0),
    ];
    let all = all();
    for (name, expected) in expected {
        let Some((_, scenario)) = all.iter().find(|(known, _)| known == name) else {
            panic!("there is no {name}");
        };
        assert_close(sessions(scenario), expected, name);
    }
}

/// The literal reading is exact: its answer has the uncertainty of the work, not of the claim.
#[test]
fn the_seed_reading_takes_the_claim_at_its_word() {
    let scenario = loaded("us-knowledge-workers.toml").scenario;
    let [workers] = scenario.segments.as_slice() else {
        panic!("one segment");
    };
    for input in [
        workers.people,
        workers.adoption,
        workers.agents_per_person,
        workers.concurrency,
    ] {
        let input = scenario.inputs.get(input);
        assert!(!input.value.is_uncertain(), "{} is uncertain", input.key);
        assert_eq!(input.provenance.origin, Origin::Published, "{}", input.key);
    }
    assert_eq!(workers.meaning, ConcurrencyMeaning::Peak);
    let central = Draw::central(&scenario.inputs);
    let envelope = scenario.envelope;
    assert_close(central.get(envelope.sessions_per_cpu_low), 25.0, "low");
    assert_close(central.get(envelope.sessions_per_cpu_high), 50.0, "high");
}

#[test]
fn shares_add_up_and_every_tier_of_a_plan_can_be_carried() {
    for (name, scenario) in all() {
        let stated = Draw::stated(&scenario.inputs);
        for segment in &scenario.segments {
            let shares = segment.shares.iter().map(|(_, share)| stated.get(*share));
            assert_close(shares.sum(), 1.0, &name);
            let zones: f64 = segment.arrivals.zones.iter().map(|zone| zone.share).sum();
            assert!(
                (zones - 1.0).abs() < 1e-6,
                "{name}: zones add up to {zones}"
            );
            let slots = segment.arrivals.curve.slots();
            assert_close(slots.iter().sum::<f64>() / slots.len() as f64, 1.0, &name);
        }
        for plan in &scenario.plans {
            assert_eq!(plan.assignments.len(), scenario.tiers.len());
            for assignment in &plan.assignments {
                let needs = &scenario.tiers[assignment.tier.0].needs;
                let missing = scenario.technologies[assignment.technology].missing(needs);
                assert!(missing.is_empty(), "{name}: {}: {missing:?}", plan.id);
            }
        }
    }
}

/// Every belief can be drawn at both of its ends and still makes distributions.
#[test]
fn extreme_draws_make_distributions() {
    for (name, scenario) in all() {
        for end in [0.0, 1.0] {
            let draw = Draw::sample(&scenario.inputs, |_| end);
            for tier in &scenario.tiers {
                for input in [tier.think, tier.burst] {
                    let distribution = scenario.inputs.distribution(input, &draw);
                    assert!(distribution.is_ok(), "{name}: {}", tier.id);
                }
                assert!(tier.turn_law.at(draw.get(tier.turns)).is_ok(), "{name}");
            }
        }
    }
}

#[test]
fn isolates_start_for_every_burst_and_keep_files_nowhere() {
    let scenario = loaded("us-knowledge-workers.toml").scenario;
    assert_eq!(scenario.plans[0].id, "isolates-first");
    for assignment in &scenario.plans[0].assignments {
        let tier = &scenario.tiers[assignment.tier.0];
        let technology = &scenario.technologies[assignment.technology].id;
        let expected = match tier.id.as_str() {
            "api" | "code" => ("v8-isolate", Lifecycle::PerBurst),
            "linux" => ("container-runc", Lifecycle::PerSession),
            _ => ("browser-chromium", Lifecycle::PerSession),
        };
        assert_eq!((technology.as_str(), assignment.lifecycle), expected);
    }
    let python = loaded("us-knowledge-workers.toml")
        .readings
        .into_iter()
        .find(|reading| reading.id == "python")
        .expect("a reading for Python");
    let plan = &python.scenario.plans[0];
    let technology = &python.scenario.technologies[plan.assignments[1].technology];
    assert_eq!(technology.id, "container-runc");
}

#[test]
fn a_recorded_trace_says_how_it_fills_the_week() {
    let loaded = loaded("recorded-trace.toml");
    let notes = loaded.scenario.notes.join("\n");
    assert!(
        notes.contains("the first week of 14.0 days recorded"),
        "{notes}"
    );
    let hour = &loaded.readings[0].scenario;
    assert!(
        hour.notes[0].contains("0.97 hours recorded, repeated"),
        "{:?}",
        hour.notes
    );
}

#[test]
fn a_list_price_is_not_used_for_another_size() {
    let price = |overrides: &[&str]| {
        let scenario = load_with("us-knowledge-workers.toml", overrides).scenario;
        let price = scenario.host.usd_per_hour;
        let price = price.map(|price| Draw::central(&scenario.inputs).get(price));
        (scenario.host.shape, price)
    };
    assert_eq!(price(&[]), ("m7i.metal-24xl".to_owned(), Some(5.32224)));
    assert_eq!(price(&["host.vcpus=48"]), ("custom".to_owned(), None));
    let given = price(&["host.memory=768GiB", "host.usd_per_hour=7"]);
    assert_eq!(given, ("custom".to_owned(), Some(7.0)));
}

#[test]
fn numbers_of_the_profile_can_be_seen_differently() {
    let key = "technologies.v8-isolate.memory_per_instance";
    let before = loaded("us-knowledge-workers.toml").scenario;
    let after = load_with("us-knowledge-workers.toml", &[&format!("{key}=5MiB")]).scenario;
    let find = |scenario: &Scenario| {
        let found = scenario.inputs.iter().find(|(_, input)| input.key == key);
        let (id, input) = found.expect("the input");
        let central = Draw::central(&scenario.inputs).get(id);
        (central, input.provenance.source.clone())
    };
    assert!(find(&before).1.contains("Cloudflare"));
    let expected = (5.0 * 1_048_576.0, "given on the command line".to_owned());
    assert_eq!(find(&after), expected);
    assert_ne!(before.profile_digest, after.profile_digest);
    assert_eq!(before.inputs.iter().count(), after.inputs.iter().count());

    let refused = problems(
        "us-knowledge-workers.toml",
        &["technologies.v8-isolat.notes=x"],
    );
    assert!(
        refused.contains("there is no technology `v8-isolat` (not found); did you mean"),
        "{refused}"
    );
}

#[test]
fn overrides_reach_readings_too() {
    let loaded = load_with(
        "us-knowledge-workers.toml",
        &["segments.workers.concurrency=30%", "seed=7"],
    );
    assert_close(sessions(&loaded.scenario), 30e6, "scenario");
    assert_eq!(loaded.scenario.seed, 7);
    let of = |id: &str| {
        let reading = loaded.readings.iter().find(|reading| reading.id == id);
        sessions(&reading.expect("the reading").scenario)
    };
    assert_close(of("larger-base"), 48e6, "a reading that leaves the rate");
    assert_close(of("higher-rate"), 24e6, "a reading that sets the rate");
}

#[test]
fn another_profile_can_be_given_by_path() {
    let options = LoadOptions {
        profile: Some("profiles/published.toml".to_owned()),
        seed: Some(11),
        ..LoadOptions::default()
    };
    let loaded = expect(load(&Folder::shipped(), "world.toml", &options));
    assert_eq!(loaded.scenario.seed, 11);

    let name = r#"no "such" \file.toml"#;
    let options = LoadOptions {
        profile: Some(name.to_owned()),
        ..LoadOptions::default()
    };
    let refused = load(&Folder::shipped(), "world.toml", &options).unwrap_err();
    let expected = format!("cannot read `{name}`");
    assert!(refused.to_string().contains(&expected), "{refused}");
}

#[test]
fn the_published_profile_loads_by_itself() {
    let (profile, _) = expect(load_profile(&Folder::shipped(), "profiles/published.toml"));
    assert_eq!(profile.technologies.len(), 12);
}

/// The same file gives the same digest; any change of what it says another.
#[test]
fn digests_follow_the_content() {
    let digest = |overrides: &[&str]| {
        load_with("us-knowledge-workers.toml", overrides)
            .scenario
            .digest
    };
    assert_eq!(digest(&[]), digest(&[]));
    assert_ne!(digest(&[]), digest(&["segments.workers.people=99M"]));
    assert_ne!(
        digest(&[]),
        digest(&["segments.workers.activity=curves/flat.toml"])
    );
}
