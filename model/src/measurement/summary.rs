//! From raw records to what they say of a technology.

mod coding;
mod memory;
mod samples;
mod suspension;

use super::document::{
    Burst, Estimate, MemoryFit, Outcome, RelativeCpu, Row, Saturation, StartTimes, Summary, Work,
};
use super::record::{CellId, CellSummary, MemorySample, Part, RateSample, Record};
use super::record::{StartSample, WorkSample};
use super::technology::{Description, Language, PreparationStep, Verdict};
use samples::{estimate_of_positive, mean_of_blocks, noise_of_blocks, ratio_of_medians, summarise};

/// A share of the processors' time above which something else on the host is worth a remark.
const DISTURBED: f64 = 0.05;

/// Two accounts of CPU time further apart than this are worth a remark.
const DISAGREEMENT: f64 = 0.1;

/// The cells of one technology with their records.
pub type Cells<'a> = Vec<(&'a CellId, &'a [Record])>;

/// What is known of a technology before its records are looked at.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// What it is.
    pub technology: &'a Description,
    /// Whether it can be measured on the host.
    pub verdict: &'a Verdict,
    /// Its cells.
    pub cells: Cells<'a>,
}

/// Bytes of working set and rounds of work that the harness asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Bytes of the touched working set.
    pub working_set: u64,
    /// Rounds of a piece of heavier work.
    pub rounds: u32,
}

/// What the records say of each technology.
pub fn rows(subjects: &[Subject<'_>], asked: Asked) -> Vec<Row> {
    let mut rows: Vec<Row> = subjects.iter().map(|subject| row(subject, asked)).collect();
    for (index, subject) in subjects.iter().enumerate() {
        let relative = |reference: &str| {
            let reference = subjects
                .iter()
                .find(|other| other.technology.id == reference)?;
            Some(Relative {
                settled: settled(&work(subject)).concat(),
                fresh: fresh(&work(subject)).concat(),
                reference: settled(&work(reference)).concat(),
            })
        };
        let id = reference_of(subject.technology.language);
        let same_language = relative(id).and_then(|relative| relative.cpu(id));
        let to_native = relative(reference_of(Language::Native))
            .and_then(|relative| ratio_of_medians(&relative.settled, &relative.reference));
        if let Some(coding) = &mut rows[index].coding {
            coding.relative_cpu = subjects
                .iter()
                .find(|other| other.technology.id == coding::REFERENCE)
                .and_then(|reference| {
                    ratio_of_medians(&coding::warm_cpu(subject), &coding::warm_cpu(reference))
                });
        }
        if let Some(work) = &mut rows[index].work {
            work.relative_cpu = same_language;
            work.relative_to_native = to_native;
        }
    }
    rows
}

/// The plain process that a technology's work is held against.
pub fn reference_of(language: Language) -> &'static str {
    match language {
        Language::Native => "process-native",
        Language::Javascript => "process-node",
        Language::Python => "process-python",
    }
}

struct Relative {
    settled: Vec<f64>,
    fresh: Vec<f64>,
    reference: Vec<f64>,
}

impl Relative {
    fn cpu(&self, reference: &str) -> Option<RelativeCpu> {
        Some(RelativeCpu {
            reference: reference.to_owned(),
            settled: ratio_of_medians(&self.settled, &self.reference)?,
            fresh: ratio_of_medians(&self.fresh, &self.reference)?,
        })
    }
}

fn row(subject: &Subject<'_>, asked: Asked) -> Row {
    let mut row = Row {
        technology: subject.technology.clone(),
        outcome: outcome(subject),
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
    };
    if let Verdict::Ready { tools } = subject.verdict {
        row.tools.clone_from(tools);
    }
    if row.outcome != Outcome::Measured {
        return row;
    }
    describe_preparation(subject, &mut row);
    let starts = starts(subject, Part::Starts);
    let after_warm_up = |value: &dyn Fn(&StartSample) -> Option<f64>| {
        blocks(&starts, |sample| {
            (sample.sequence > 0).then(|| value(sample))?
        })
    };
    let first_result = after_warm_up(&|sample| Some(sample.first_result));
    row.noise = noise_of_blocks(&first_result);
    row.start = summarise(&first_result).map(|first_result| StartTimes {
        created: summarise(&after_warm_up(&|sample| sample.created)),
        first_instruction: summarise(&after_warm_up(&|sample| sample.first_instruction)),
        first_result,
    });
    row.first_start = summarise(&blocks(&starts, |sample| {
        (sample.sequence == 0).then_some(sample.first_result)
    }));
    row.teardown = summarise(&after_warm_up(&|sample| sample.teardown));
    row.cpu_per_start = mean_of_blocks(&after_warm_up(&|sample| sample.cpu));
    row.saturation = saturation(subject);
    row.burst = burst(subject);
    row.memory_idle = memory_fit(subject, Part::MemoryIdle, 0, &mut row.remarks);
    row.memory_touched = memory_fit(
        subject,
        Part::MemoryTouched,
        asked.working_set,
        &mut row.remarks,
    );
    row.work = worked(subject, asked.rounds);
    row.suspension = suspension::summary(subject, asked);
    row.coding = coding::summary(subject);
    remark_on_trouble(subject, &mut row.remarks);
    row
}

fn outcome(subject: &Subject<'_>) -> Outcome {
    if let Verdict::NotHere { why, enable } = subject.verdict {
        return Outcome::NotMeasured {
            why: why.clone(),
            enable: enable.clone(),
        };
    }
    let has_starts = starts(subject, Part::Starts)
        .iter()
        .flatten()
        .any(|sample| sample.sequence > 0);
    if has_starts {
        return Outcome::Measured;
    }
    let failure = subject
        .cells
        .iter()
        .find_map(|(_, records)| match records.last() {
            Some(Record::Failed { message }) => Some(message.clone()),
            _ => None,
        });
    match failure {
        Some(why) => Outcome::Failed { why },
        None => Outcome::NotMeasured {
            why: "the run was stopped before it came to this".to_owned(),
            enable: "resume the run, with --resume".to_owned(),
        },
    }
}

/// What was prepared: of each step the longest time, since later processes of a run find some of it
/// done.
fn describe_preparation(subject: &Subject<'_>, row: &mut Row) {
    let records = subject
        .cells
        .iter()
        .flat_map(|(cell, records)| records.iter().map(|record| (cell.part, record)));
    for (part, record) in records {
        let Record::Prepared {
            steps,
            commands,
            verdict,
        } = record
        else {
            continue;
        };
        for step in steps {
            match row
                .preparation
                .iter_mut()
                .find(|seen| seen.what == step.what)
            {
                Some(seen) => seen.seconds = seen.seconds.max(step.seconds),
                None => row.preparation.push(PreparationStep::clone(step)),
            }
        }
        for command in commands {
            if !row.commands.contains(command) {
                row.commands.push(command.clone());
            }
        }
        if let Verdict::Ready { tools } = verdict {
            if part == Part::Coding {
                // Its sandbox has more inside than that of the row.
                for tool in tools {
                    if row.tools.iter().all(|known| known.name != tool.name) {
                        row.tools.push(tool.clone());
                    }
                }
            } else {
                row.tools.clone_from(tools);
            }
        }
    }
}

fn all_records<'a>(subject: &'a Subject<'_>) -> impl Iterator<Item = &'a Record> {
    subject.cells.iter().flat_map(|(_, records)| *records)
}

/// What one kind of record says in each block of a part.
fn of_part<'a, T>(
    subject: &'a Subject<'_>,
    part: Part,
    pick: impl Fn(&'a Record) -> Option<T>,
) -> Vec<Vec<T>> {
    subject
        .cells
        .iter()
        .filter(|(cell, _)| cell.part == part)
        .map(|(_, records)| records.iter().filter_map(&pick).collect())
        .filter(|block: &Vec<T>| !block.is_empty())
        .collect()
}

fn starts<'a>(subject: &'a Subject<'_>, part: Part) -> Vec<Vec<&'a StartSample>> {
    of_part(subject, part, |record| match record {
        Record::Start(sample) => Some(sample),
        _ => None,
    })
}

fn work<'a>(subject: &'a Subject<'_>) -> Vec<Vec<&'a WorkSample>> {
    of_part(subject, Part::Work, |record| match record {
        Record::Work(sample) => Some(sample),
        _ => None,
    })
}

/// A number of each sample by blocks, those without it left out.
fn blocks<T>(samples: &[Vec<&T>], value: impl Fn(&T) -> Option<f64>) -> Vec<Vec<f64>> {
    samples
        .iter()
        .map(|block| block.iter().filter_map(|sample| value(sample)).collect())
        .filter(|block: &Vec<f64>| !block.is_empty())
        .collect()
}

fn settled(work: &[Vec<&WorkSample>]) -> Vec<Vec<f64>> {
    blocks(work, |sample| (sample.sequence > 0).then_some(sample.cpu))
}

fn fresh(work: &[Vec<&WorkSample>]) -> Vec<Vec<f64>> {
    blocks(work, |sample| (sample.sequence == 0).then_some(sample.cpu))
}

fn worked(subject: &Subject<'_>, rounds: u32) -> Option<Work> {
    let work = work(subject);
    Some(Work {
        rounds,
        settled: summarise(&settled(&work))?,
        fresh: summarise(&fresh(&work))?,
        relative_cpu: None,
        relative_to_native: None,
    })
}

fn saturation(subject: &Subject<'_>) -> Option<Saturation> {
    let samples: Vec<&RateSample> = of_part(subject, Part::Saturation, |record| match record {
        Record::Rate(sample) => Some(sample),
        _ => None,
    })
    .concat();
    let per_vcpu = |threads: u32| -> Vec<f64> {
        samples
            .iter()
            .filter(|sample| sample.threads == threads)
            .map(|sample| sample.per_second / f64::from(sample.vcpus))
            .collect()
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let threads = samples
        .iter()
        .map(|sample| sample.threads)
        .max_by(|a, b| mean(&per_vcpu(*a)).total_cmp(&mean(&per_vcpu(*b))))?;
    let cpu: Vec<f64> = samples
        .iter()
        .filter(|sample| sample.threads == threads && sample.starts > 0)
        .map(|sample| sample.cpu / sample.starts as f64)
        .collect();
    Some(Saturation {
        per_second_per_vcpu: estimate_of_positive(&per_vcpu(threads))?,
        threads,
        cpu_per_start: estimate_of_positive(&cpu)?,
    })
}

fn burst(subject: &Subject<'_>) -> Option<Burst> {
    let samples = starts(subject, Part::Burst);
    let first_result = blocks(&samples, |sample| Some(sample.first_result));
    let last: Vec<f64> = first_result
        .iter()
        .map(|block| block.iter().copied().fold(0.0, f64::max))
        .collect();
    Some(Burst {
        size: u32::try_from(samples.iter().map(Vec::len).max()?).unwrap_or(u32::MAX),
        first_result: summarise(&first_result)?,
        all: estimate_of_positive(&last)?,
    })
}

fn memory_fit(
    subject: &Subject<'_>,
    part: Part,
    working_set: u64,
    remarks: &mut Vec<String>,
) -> Option<MemoryFit> {
    let samples: Vec<Vec<&MemorySample>> = of_part(subject, part, |record| match record {
        Record::Memory(sample) => Some(sample),
        _ => None,
    });
    let ceiling = of_part(subject, part, |record| match record {
        Record::Ceiling(ceiling) => Some(ceiling),
        _ => None,
    })
    .concat()
    .into_iter()
    .max_by_key(|ceiling| (ceiling.live, ceiling.kind))
    .cloned()?;
    memory::fit(&samples, ceiling, working_set, part.words(), remarks)
}

/// Says what went wrong without spoiling the row, and what else the host did meanwhile.
fn remark_on_trouble(subject: &Subject<'_>, remarks: &mut Vec<String>) {
    let mut seen: Vec<(String, u32)> = Vec::new();
    for (cell, records) in &subject.cells {
        for record in *records {
            let message = match record {
                Record::Problem { message } => message.clone(),
                Record::Failed { message } => format!("{} failed: {message}", cell.part.words()),
                _ => continue,
            };
            match seen.iter_mut().find(|(known, _)| *known == message) {
                Some((_, times)) => *times += 1,
                None => seen.push((message, 1)),
            }
        }
    }
    remarks.extend(seen.into_iter().map(|(message, times)| match times {
        1 => message,
        times => format!("{message} ({times} times)"),
    }));

    let ends: Vec<&CellSummary> = all_records(subject)
        .filter_map(|record| match record {
            Record::Done(summary) => Some(summary),
            _ => None,
        })
        .collect();
    let highest =
        |share: fn(&CellSummary) -> f64| ends.iter().map(|end| share(end)).fold(0.0, f64::max);
    let steal = highest(|end| end.steal);
    if steal > DISTURBED {
        remarks.push(format!(
            "the hypervisor took up to {:.0}% of the processors' time for others meanwhile",
            100.0 * steal
        ));
    }
    let others = highest(|end| end.others);
    if others > DISTURBED {
        remarks.push(format!(
            "other processes of the host used up to {:.0}% of the processors' time meanwhile",
            100.0 * others
        ));
    }
    let (mut told, mut charged) = (0.0, 0.0);
    for end in &ends {
        if let Some(group) = end.cpu_of_control_group {
            told += end.cpu;
            charged += group;
        }
    }
    if charged > 0.0 && (told / charged).ln().abs() > DISAGREEMENT {
        remarks.push(format!(
            "CPU time by the processes' own clocks is {:.2} times that of the control group",
            told / charged
        ));
    }
}

/// A summary of samples that came in one block, for tests and for tables made elsewhere.
pub fn summary_of(samples: &[f64]) -> Option<Summary> {
    summarise(&[samples.to_vec()])
}

/// An estimate of a positive quantity from a few repetitions.
pub fn estimate_of(values: &[f64]) -> Option<Estimate> {
    estimate_of_positive(values)
}
