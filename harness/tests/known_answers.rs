//! The measuring core on technologies whose answers are known.

use std::sync::{Mutex, PoisonError};

use tonnage_harness::cell::{Task, run};
use tonnage_harness::effort::Budget;
use tonnage_harness::record::{CellId, MemorySample, MemoryStage, Part, Record, StartSample};
use tonnage_harness::technology::known_answer::{self, KnownAnswer};
use tonnage_harness::technology::{Technology, empty::Empty};

/// What one test burns must not count in another: they share a process.
static ALONE: Mutex<()> = Mutex::new(());

fn measure(technology: &dyn Technology, part: Part, budget: Budget) -> Vec<Record> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().expect("a folder");
    let task = Task {
        cell: CellId {
            technology: technology.description().id,
            part,
            block: 0,
        },
        budget,
        seed: 1,
        run: "unit-test".to_owned(),
        shared: folder.path().to_path_buf(),
        own: folder.path().to_path_buf(),
        control_group: None,
    };
    let mut records = Vec::new();
    run(&task, technology, &mut |record| records.push(record));
    records
}

fn times(count: u32) -> Budget {
    Budget {
        seconds: 0.0,
        at_least: count,
        at_most: count,
        limit: f64::MAX,
    }
}

fn starts(records: &[Record]) -> Vec<&StartSample> {
    records
        .iter()
        .filter_map(|record| match record {
            Record::Start(sample) => Some(sample),
            _ => None,
        })
        .collect()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    tonnage_model::statistics::bootstrap::median(&mut values)
}

#[test]
fn a_known_sleep_is_recovered_and_costs_no_cpu_time() {
    let records = measure(&KnownAnswer::Sleep, Part::Starts, times(20));
    let samples = starts(&records);
    assert_eq!(samples.len(), 20);
    let latency = median(samples.iter().map(|sample| sample.first_result));
    assert!(latency >= known_answer::SLEEP, "{latency}");
    assert!(latency < known_answer::SLEEP * 1.5, "{latency}");
    let cpu = median(samples.iter().filter_map(|sample| sample.cpu));
    assert!(cpu < 0.05 * known_answer::SLEEP, "{cpu}");
    assert!(matches!(records.last(), Some(Record::Done(_))));
}

#[test]
fn known_cpu_time_is_recovered() {
    let records = measure(&KnownAnswer::Burn, Part::Starts, times(20));
    let samples = starts(&records);
    let cpu = median(samples.iter().filter_map(|sample| sample.cpu));
    assert!((1.0..1.1).contains(&(cpu / known_answer::BURN)), "{cpu}");
}

#[test]
fn a_stall_is_seen_by_everyone_who_waits_behind_it() {
    let records = measure(&KnownAnswer::Stall, Part::Burst, times(8));
    let samples = starts(&records);
    assert_eq!(samples.len(), 8);
    // Timed from the moment they were due, all of them waited; timed from when their turn came,
    // seven of eight would have taken no time at all.
    for sample in samples {
        assert!(
            sample.first_result > 0.9 * known_answer::STALL,
            "{sample:?}"
        );
    }
}

#[test]
fn memory_of_its_own_is_told_from_memory_that_is_shared() {
    // What is measured is the memory of the whole process, in which other tests leave theirs: so in a
    // process of its own.
    const OWN_PROCESS: &str = "TONNAGE_TEST_ALONE";
    if std::env::var_os(OWN_PROCESS).is_none() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = std::process::Command::new(std::env::current_exe().expect("this program"))
            .args([
                "--exact",
                "memory_of_its_own_is_told_from_memory_that_is_shared",
            ])
            .env(OWN_PROCESS, "1")
            .status()
            .expect("it starts");
        assert!(ended.success(), "{ended}");
        return;
    }
    let records = measure(&KnownAnswer::Memory, Part::MemoryIdle, times(64));
    let samples: Vec<MemorySample> = records
        .iter()
        .filter_map(|record| match record {
            Record::Memory(sample) => Some(*sample),
            _ => None,
        })
        .collect();
    let at = |stage, live: u32| {
        let pss = samples
            .iter()
            .filter(|sample| sample.stage == stage && sample.live == live)
            .map(|sample| sample.pss as f64);
        median(pss)
    };
    let slope = (at(MemoryStage::Adding, 64) - at(MemoryStage::Adding, 16)) / 48.0;
    let own = known_answer::OWN_MEMORY as f64;
    assert!((slope / own - 1.0).abs() < 0.1, "{}", slope / own);
    let base = at(MemoryStage::Adding, 0) - at(MemoryStage::Before, 0);
    let shared = known_answer::SHARED_MEMORY as f64;
    assert!((base / shared - 1.0).abs() < 0.1, "{}", base / shared);
}

#[test]
fn saturation_counts_what_a_thread_can_do() {
    let budget = Budget {
        seconds: 0.8,
        at_least: 1,
        at_most: u32::MAX,
        limit: f64::MAX,
    };
    let records = measure(&KnownAnswer::Sleep, Part::Saturation, budget);
    for record in records {
        if let Record::Rate(rate) = record {
            let possible = f64::from(rate.threads) / known_answer::SLEEP;
            assert!(rate.per_second <= possible, "{rate:?}");
            assert!(rate.per_second > 0.6 * possible, "{rate:?}");
        }
    }
}

#[test]
fn known_work_is_recovered() {
    let records = measure(&KnownAnswer::Burn, Part::Work, times(10));
    let work: Vec<f64> = records
        .iter()
        .filter_map(|record| match record {
            Record::Work(sample) => Some(sample.cpu),
            _ => None,
        })
        .collect();
    assert_eq!(work.len(), 10);
    let cpu = median(work.into_iter());
    assert!((1.0..1.1).contains(&(cpu / known_answer::BURN)), "{cpu}");
}

#[test]
fn a_wrong_answer_fails_the_cell() {
    // A step of a coding agent has an answer of its own, and this technology holds none.
    for part in Part::ALL.into_iter().filter(|part| *part != Part::Coding) {
        let records = measure(&KnownAnswer::Wrong, part, times(3));
        let told = records.iter().any(|record| {
            matches!(record, Record::Failed { message } | Record::Problem { message }
                if message.contains("is right"))
                || matches!(record, Record::Ceiling(ceiling) if ceiling.reason.contains("is right"))
        });
        assert!(told, "{part:?}: {records:?}");
        assert!(starts(&records).is_empty());
    }
}

#[test]
fn the_harness_costs_microseconds() {
    let records = measure(&Empty, Part::Starts, times(200));
    let latency = median(starts(&records).iter().map(|sample| sample.first_result));
    assert!(latency < 1e-4, "{latency}");
}
