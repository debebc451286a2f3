//! Raw samples of a measurement as a table: a line for every record, a column for every number.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, NamedFrom, ParquetWriter, PolarsResult, Series};
use serde_json::Value;
use tonnage_model::measurement::record::{CellId, Record};

use crate::error::ReportError;

/// Numbers that records carry, in the order of the columns. What a record does not have is null.
const NUMBERS: [&str; 29] = [
    "sequence",
    "begin",
    "created",
    "first_instruction",
    "first_result",
    "teardown",
    "cpu",
    "threads",
    "vcpus",
    "starts",
    "per_second",
    "live",
    "available",
    "pss",
    "uss",
    "page_tables",
    "control_group",
    "control_group_kernel",
    "processes",
    "seconds",
    "suspend",
    "resume",
    "answer",
    "memory",
    "page_cache",
    "disk",
    "bytes",
    "steal",
    "others",
];

/// Words that records carry.
const WORDS: [&str; 7] = [
    "stage",
    "kind",
    "reason",
    "mechanism",
    "reclaim",
    "words",
    "message",
];

/// Raw samples as Parquet. Times are in seconds and memory in bytes; `begin` is in nanoseconds of
/// the host's monotonic clock.
///
/// # Errors
/// When polars refuses the table.
pub fn write(cells: &BTreeMap<CellId, Vec<Record>>) -> Result<Vec<u8>, ReportError> {
    bytes(cells).map_err(|source| ReportError::Parquet {
        table: "samples",
        source: Box::new(source),
    })
}

fn bytes(cells: &BTreeMap<CellId, Vec<Record>>) -> PolarsResult<Vec<u8>> {
    let lines: Vec<(&CellId, Value)> = cells
        .iter()
        .flat_map(|(cell, records)| records.iter().map(move |record| (cell, record)))
        .filter_map(|(cell, record)| Some((cell, serde_json::to_value(record).ok()?)))
        .collect();
    let text = |of: &dyn Fn(&CellId, &Value) -> Option<String>| -> Vec<Option<String>> {
        lines.iter().map(|(cell, value)| of(cell, value)).collect()
    };
    let mut columns = vec![
        Series::new(
            "technology".into(),
            text(&|cell, _| Some(cell.technology.clone())),
        ),
        Series::new(
            "part".into(),
            text(&|cell, _| {
                serde_json::to_value(cell.part)
                    .ok()?
                    .as_str()
                    .map(str::to_owned)
            }),
        ),
        Series::new(
            "block".into(),
            lines.iter().map(|(cell, _)| cell.block).collect::<Vec<_>>(),
        ),
        Series::new(
            "record".into(),
            text(&|_, value| value.get("record")?.as_str().map(str::to_owned)),
        ),
    ];
    for name in NUMBERS {
        let values: Vec<Option<f64>> = lines
            .iter()
            .map(|(_, value)| value.get(name)?.as_f64())
            .collect();
        columns.push(Series::new(name.into(), values));
    }
    for name in WORDS {
        let values = text(&|_, value| value.get(name)?.as_str().map(str::to_owned));
        columns.push(Series::new(name.into(), values));
    }
    let columns = columns.into_iter().map(Into::into).collect();
    let mut frame = DataFrame::new(lines.len(), columns)?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut frame)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tonnage_model::measurement::record::{CellId, Part, Record, StartSample, WorkSample};

    use super::{NUMBERS, WORDS, write};

    #[test]
    fn every_number_of_a_record_has_its_column() {
        let start = Record::Start(StartSample {
            sequence: 1,
            begin: 5,
            created: None,
            first_instruction: Some(0.1),
            first_result: 0.2,
            teardown: Some(0.3),
            cpu: Some(0.4),
        });
        let work = Record::Work(WorkSample {
            sequence: 0,
            seconds: 1.0,
            cpu: 0.5,
        });
        for record in [&start, &work] {
            let value = serde_json::to_value(record).expect("JSON");
            for key in value.as_object().expect("an object").keys() {
                let known = NUMBERS.contains(&key.as_str()) || WORDS.contains(&key.as_str());
                assert!(known || key == "record", "{key}");
            }
        }
        let cell = CellId {
            technology: "process-native".to_owned(),
            part: Part::Starts,
            block: 0,
        };
        let bytes = write(&BTreeMap::from([(cell, vec![start, work])])).expect("written");
        assert_eq!(&bytes[..4], b"PAR1");
    }
}
