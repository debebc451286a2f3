//! What drives the answer: each uncertain input moved alone.

use rayon::prelude::*;

use super::PlanError;
use super::analytic::{Detail, size};
use super::limits::SlowdownTable;
use super::monte_carlo::Evaluation;
use crate::demand::ShapeCache;
use crate::input::{Draw, InputId};
use crate::result::TornadoBar;
use crate::scenario::{Plan, Scenario};
use crate::statistics::rank_correlation::spearman;

/// Bars shown at most; the effect of the others is smaller than each of these.
const MOST_BARS: usize = 12;

/// The quantiles of an input at the ends of its bar.
const ENDS: (f64, f64) = (0.05, 0.95);

/// Bars for the first plan, widest first. Inputs without an effect have none.
pub(super) fn bars(
    scenario: &Scenario,
    evaluation: &Evaluation<'_>,
    central: &Draw,
    table: &SlowdownTable,
) -> Result<Vec<TornadoBar>, PlanError> {
    let Some(plan) = scenario.plans.first() else {
        return Ok(Vec::new());
    };
    let outputs = evaluation.totals(&plan.assignments, |_, hosts| hosts);
    let uncertain: Vec<InputId> = scenario
        .inputs
        .iter()
        .filter(|(_, input)| input.value.is_uncertain())
        .map(|(id, _)| id)
        .collect();
    let bars = uncertain
        .par_iter()
        .map(|id| bar(*id, scenario, plan, evaluation, central, table, &outputs))
        .collect::<Result<Vec<_>, PlanError>>()?;
    let mut bars: Vec<TornadoBar> = bars
        .into_iter()
        .flatten()
        .filter(|bar| width(bar) > 0.0)
        .collect();
    bars.sort_by(|a, b| {
        width(b)
            .total_cmp(&width(a))
            .then_with(|| a.key.cmp(&b.key))
    });
    bars.truncate(MOST_BARS);
    Ok(bars)
}

fn width(bar: &TornadoBar) -> f64 {
    (bar.high_output - bar.low_output).abs()
}

fn bar(
    id: InputId,
    scenario: &Scenario,
    plan: &Plan,
    evaluation: &Evaluation<'_>,
    central: &Draw,
    table: &SlowdownTable,
    outputs: &[f64],
) -> Result<Option<TornadoBar>, PlanError> {
    let input = scenario.inputs.get(id);
    // A quantile beyond what the unit allows stops there, as in every draw.
    let end = |p: f64| Draw::sample(&scenario.inputs, |other| if other == id { p } else { 0.5 });
    let (low, high) = (end(ENDS.0).get(id), end(ENDS.1).get(id));
    let vcpus = |value: f64| -> Result<Option<f64>, PlanError> {
        let draw = central.with(id, value);
        let demand = evaluation.model.at(&draw, &mut ShapeCache::default())?;
        let mut hosts = 0.0;
        for assignment in &plan.assignments {
            match size(scenario, *assignment, &demand, &draw, table, Detail::Hosts)? {
                Ok(sizing) => hosts += sizing.hosts,
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(hosts * f64::from(scenario.host.vcpus)))
    };
    let (Some(low_output), Some(high_output)) = (vcpus(low)?, vcpus(high)?) else {
        return Ok(None);
    };
    let values: Vec<f64> = evaluation.draws.iter().map(|draw| draw.get(id)).collect();
    Ok(Some(TornadoBar {
        key: input.key.clone(),
        label: input.label.clone(),
        low_input: input.display(low),
        high_input: input.display(high),
        low_output,
        high_output,
        rank_correlation: spearman(&values, outputs).unwrap_or(0.0),
    }))
}
