//! How far are the sessions claimed from those they multiply to?

use tonnage_model::result::CapacityResult;

use super::Chart;
use super::axis::Axis;
use super::contributions;
use crate::compare::waterfall::{Step, StepKind};
use crate::format;

pub(super) fn chart(result: &CapacityResult) -> Option<Chart> {
    let gap = result.sessions_gap.as_ref()?;
    let step = |kind, name: String, note: String, from, to| Step {
        kind,
        name,
        note,
        from,
        to,
    };
    let steps = [
        step(
            StepKind::Total,
            "People × concurrency".to_owned(),
            format!(
                "{} × {}",
                format::count(gap.people),
                format::percent_with(gap.concurrency, 2)
            ),
            0.0,
            gap.multiplied,
        ),
        step(
            StepKind::Together,
            "Not explained".to_owned(),
            format!("a factor of {}", format::ratio(gap.factor)),
            gap.multiplied,
            gap.claimed,
        ),
        step(
            StepKind::Total,
            "Sessions claimed".to_owned(),
            "as quoted".to_owned(),
            0.0,
            gap.claimed,
        ),
    ];
    let axis = Axis::linear(steps.iter().flat_map(|step| [step.from, step.to]))?;
    let description = format!(
        "{} people at {} are {} sessions at once; {} are claimed, {} as many.",
        format::count(gap.people),
        format::percent_with(gap.concurrency, 2),
        format::count(gap.multiplied),
        format::count(gap.claimed),
        format::ratio(gap.factor)
    );
    Some(Chart::new(
        "sessions-gap",
        "How do the sessions claimed compare with those they multiply to?".to_owned(),
        description,
        result,
        |width| contributions::draw(&steps, &axis, "sessions at once", width),
    ))
}
