//! How bursty recorded arrivals are, and what that changes.

use tonnage_model::result::{
    ArrivalsResult, CapacityResult, Estimated, RecordedOutcome, RecordingResult,
};
use tonnage_model::scenario::TraceScaling;

use crate::baseline::spread;
use crate::section::{Part, Section};
use crate::table::{Kind, Table, number, text};
use crate::{format, view};

/// The section, where a segment has a recording.
pub(crate) fn section(result: &CapacityResult) -> Option<Section> {
    let arrivals = result.arrivals.as_ref()?;
    let mut parts = vec![Part::Text(
        "Sessions start as recorded, and not as a Poisson stream, whose counts vary as little as \
         independent users make them. The index of dispersion is the variance of the counts over \
         their mean: 1 for a Poisson stream at any length of the stretches counted, more where starts \
         come in bursts. Swings of ten minutes and more are in the demand of the week that every \
         estimate is sized for; shorter ones are not."
            .to_owned(),
    )];
    parts.extend(
        arrivals
            .recordings
            .iter()
            .map(|recording| Part::Text(words(recording))),
    );
    parts.push(dispersion(arrivals));
    parts.push(Part::Text(
        "A cell sees its part of the recording: a random choice of the recorded starts, each with the \
         same chance. The same cell with the same load and the same sessions follows, once with a \
         Poisson stream and once with the busiest stretch of the recording."
            .to_owned(),
    ));
    parts.extend(compared(result, arrivals));
    parts.extend(left_out(result, arrivals));
    Some(Section {
        id: "arrivals",
        name: "Recorded arrivals",
        heading: "Recorded arrivals against a Poisson stream",
        chart: None,
        parts,
    })
}

fn words(recording: &RecordingResult) -> String {
    format!(
        "“{}” ({}): {} starts in {}, counted every {}. Where more are needed than were recorded, {}.",
        recording.segment,
        recording.name,
        format::count(recording.sessions),
        format::seconds(recording.recorded_seconds),
        format::seconds(recording.interval_seconds),
        match recording.scaling {
            TraceScaling::Together => {
                "all follow the same swings: the counts are stretched and vary as much in proportion"
            }
            TraceScaling::Independent => {
                "independent crowds with such swings are laid over each other, so that the swings \
                 average out"
            }
        }
    )
}

fn dispersion(arrivals: &ArrivalsResult) -> Part {
    Part::Table {
        caption: "Index of dispersion of the recordings as recorded".to_owned(),
        head: &[
            "Recording",
            "#Length of a stretch",
            "#Stretches",
            "#Index of dispersion",
            "#A Poisson stream's, in 95 of 100",
        ],
        rows: arrivals
            .recordings
            .iter()
            .flat_map(|recording| {
                recording.dispersion.iter().map(|scale| {
                    vec![
                        recording.name.clone(),
                        format::seconds(scale.seconds),
                        scale.stretches.to_string(),
                        format::short(scale.index, 3),
                        format!(
                            "{} to {}",
                            format::short(scale.poisson_low, 3),
                            format::short(scale.poisson_high, 3)
                        ),
                    ]
                })
            })
            .collect(),
    }
}

/// The tiers that were compared.
fn compared(result: &CapacityResult, arrivals: &ArrivalsResult) -> Option<Part> {
    let mut rows = Vec::new();
    for cell in &arrivals.cells {
        let RecordedOutcome::Compared {
            hosts,
            sessions,
            seconds,
            replications,
            index,
            promises,
            capacity_poisson,
            capacity_recorded,
        } = &cell.outcome
        else {
            continue;
        };
        let name = format!(
            "{} on {}",
            view::tier_title(result, &cell.tier),
            view::technology_title(result, &cell.technology)
        );
        for promise in promises {
            rows.push(vec![
                name.clone(),
                format!(
                    "{}, at most {}, with {} open sessions on {hosts} {}, {replications} × {}, index {}",
                    promise.name,
                    format::percent(promise.limit),
                    format::count(*sessions),
                    if *hosts == 1 { "host" } else { "hosts" },
                    format::seconds(*seconds),
                    format::short(*index, 3),
                ),
                format::estimate_with(promise.poisson, format::percent_with),
                format::estimate_with(promise.recorded, format::percent_with),
            ]);
        }
        let capacity =
            |found: &Option<Estimated>| found.map_or("undecided".to_owned(), format::estimate);
        rows.push(vec![
            name,
            "open sessions carried within the promises".to_owned(),
            capacity(capacity_poisson),
            capacity(capacity_recorded),
        ]);
    }
    (!rows.is_empty()).then(|| Part::Table {
        caption: "The first plan's tiers under both, with 95% intervals over replications"
            .to_owned(),
        head: &["Tier and technology", "What", "#Poisson", "#Recorded"],
        rows,
    })
}

/// The tiers that were not, with the reason.
fn left_out(result: &CapacityResult, arrivals: &ArrivalsResult) -> Vec<Part> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for cell in &arrivals.cells {
        let RecordedOutcome::NotCompared { reason } = &cell.outcome else {
            continue;
        };
        let tier = view::tier_title(result, &cell.tier);
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, tiers)) => tiers.push(tier),
            None => reasons.push((reason, vec![tier])),
        }
    }
    reasons
        .into_iter()
        .map(|(reason, tiers)| {
            Part::Text(format!("Not compared ({}): {reason}.", tiers.join(", ")))
        })
        .collect()
}

/// The same as tables, where a segment has a recording.
pub(crate) fn tables(result: &CapacityResult) -> Vec<Table> {
    let Some(arrivals) = &result.arrivals else {
        return Vec::new();
    };
    let mut scales = Table::new(
        "dispersion",
        "how bursty the recordings are: variance of the counts over their mean, and where that of a \
         Poisson process lies in 95 of 100",
        &[
            ("segment", Kind::Text),
            ("recording", Kind::Text),
            ("seconds", Kind::Number),
            ("stretches", Kind::Number),
            ("index_of_dispersion", Kind::Number),
            ("poisson_low", Kind::Number),
            ("poisson_high", Kind::Number),
        ],
    );
    for recording in &arrivals.recordings {
        for scale in &recording.dispersion {
            scales.push(vec![
                text(&recording.segment),
                text(&recording.name),
                number(scale.seconds),
                number(f64::from(scale.stretches)),
                number(scale.index),
                number(scale.poisson_low),
                number(scale.poisson_high),
            ]);
        }
    }
    let mut cells = Table::new(
        "arrivals",
        "the first plan's tiers under Poisson and under recorded arrivals, with 95% intervals over \
         replications: shares beyond each promise, and open sessions carried",
        &[
            ("tier", Kind::Text),
            ("technology", Kind::Text),
            ("segment", Kind::Text),
            ("figure", Kind::Text),
            ("limit", Kind::Number),
            ("poisson", Kind::Number),
            ("poisson_low", Kind::Number),
            ("poisson_high", Kind::Number),
            ("recorded", Kind::Number),
            ("recorded_low", Kind::Number),
            ("recorded_high", Kind::Number),
        ],
    );
    for cell in &arrivals.cells {
        let RecordedOutcome::Compared {
            promises,
            capacity_poisson,
            capacity_recorded,
            ..
        } = &cell.outcome
        else {
            continue;
        };
        let mut push = |figure: &str, limit: f64, poisson, recorded| {
            let mut row = vec![
                text(&cell.tier),
                text(&cell.technology),
                text(&cell.segment),
                text(figure),
                number(limit),
            ];
            row.extend(spread(poisson));
            row.extend(spread(recorded));
            cells.push(row);
        };
        for promise in promises {
            let both = (Some(promise.poisson), Some(promise.recorded));
            push(&promise.name, promise.limit, both.0, both.1);
        }
        push(
            "open sessions carried",
            f64::NAN,
            *capacity_poisson,
            *capacity_recorded,
        );
    }
    vec![scales, cells]
}
