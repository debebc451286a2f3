//! What the steps of a coding agent come to.

use super::samples::summarise;
use super::{Subject, blocks, of_part};
use crate::measurement::document::{CodingStep, Summary};
use crate::measurement::record::{CodingSample, Part, Record};

/// The plain process that a step's CPU time is held against.
pub(super) const REFERENCE: &str = "process-native";

/// The summary of a technology's steps, if it was measured by them.
pub(super) fn summary(subject: &Subject<'_>) -> Option<CodingStep> {
    let samples = samples(subject);
    let warm = |value: &dyn Fn(&CodingSample) -> Option<f64>| -> Option<Summary> {
        summarise(&blocks(&samples, |sample| {
            (sample.sequence > 0).then(|| value(sample))?
        }))
    };
    let cold = |value: &dyn Fn(&CodingSample) -> Option<f64>| -> Option<Summary> {
        summarise(&blocks(&samples, |sample| {
            sample.cold.then(|| value(sample))?
        }))
    };
    let bytes = |bytes: Option<u64>| bytes.map(|bytes| bytes as f64);
    let sandbox = of_part(subject, Part::Coding, |record| match record {
        Record::Sandbox { words } => Some(words.clone()),
        _ => None,
    })
    .concat()
    .into_iter()
    .next()
    .unwrap_or_default();
    Some(CodingStep {
        sandbox,
        wall: warm(&|sample| Some(sample.seconds))?,
        cpu: warm(&|sample| Some(sample.cpu))?,
        relative_cpu: None,
        cold_wall: cold(&|sample| Some(sample.seconds)),
        cold_cpu: cold(&|sample| Some(sample.cpu)),
        memory: warm(&|sample| bytes(sample.memory)),
        page_cache: warm(&|sample| bytes(sample.page_cache)),
        cold_page_cache: cold(&|sample| bytes(sample.page_cache)),
        disk: warm(&|sample| bytes(sample.disk)),
    })
}

fn samples<'a>(subject: &'a Subject<'_>) -> Vec<Vec<&'a CodingSample>> {
    of_part(subject, Part::Coding, |record| match record {
        Record::Coding(sample) => Some(sample),
        _ => None,
    })
}

/// CPU seconds of the steps whose programs were in the page cache.
pub(super) fn warm_cpu(subject: &Subject<'_>) -> Vec<f64> {
    blocks(&samples(subject), |sample| {
        (sample.sequence > 0).then_some(sample.cpu)
    })
    .concat()
}
