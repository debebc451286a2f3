//! What each changed input contributes to the difference between two scenarios.
//!
//! The analytic estimate of one plan at the central inputs is worked out again with some inputs as
//! they are in the other scenario. What an input contributes depends on which others have changed
//! already. For a few inputs it is the mean over all orders in which they can change (Shapley 1953, A
//! value for n-person games); for many, the mean of one order and its reverse. Either way the
//! contributions, with what no single number explains, add up to the difference.

use std::collections::HashMap;

use super::analytic::{Detail, size};
use super::{PlanError, slowdown_table};
use crate::demand::{DemandModel, ShapeCache};
use crate::input::{Draw, InputId};
use crate::plan::limits::SlowdownTable;
use crate::scenario::{Plan, Scenario};

/// Most changed inputs for which every order is looked at: 2ⁿ evaluations.
const MOST_FOR_ALL_ORDERS: usize = 7;

/// What one changed input contributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// Key of the input.
    pub key: String,
    /// Its central value before, with its unit.
    pub before: String,
    /// Its central value after.
    pub after: String,
    /// vCPUs it adds, negative where it saves some.
    pub vcpus: f64,
}

/// Over which orders of change contributions are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orders {
    /// Over all of them.
    All,
    /// Over the order of the scenario and its reverse.
    TwoOfMany,
}

/// The difference between two scenarios in the analytic vCPUs of one plan at the central inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributions {
    /// vCPUs before.
    pub before: f64,
    /// vCPUs after.
    pub after: f64,
    /// Each input that differs, in the order of the scenario before.
    pub inputs: Vec<Contribution>,
    /// What the inputs do not explain: another host, other promises, curves or technologies,
    /// everything that is not one number both scenarios have.
    pub rest: f64,
    /// How the contributions were averaged.
    pub orders: Orders,
}

/// Why there is no such account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoContributions {
    /// One of the scenarios has no plan of that key.
    #[error("only one of the two has the plan `{0}`")]
    NoPlan(String),
    /// A mixture of the two cannot be carried out.
    #[error("a mixture of the two cannot be carried out: {0}")]
    Impossible(String),
}

/// One scenario's plan, to be evaluated at many draws.
struct Evaluator<'a> {
    scenario: &'a Scenario,
    plan: &'a Plan,
    model: DemandModel<'a>,
    table: SlowdownTable,
}

impl<'a> Evaluator<'a> {
    fn new(scenario: &'a Scenario, plan: &str) -> Result<Self, NoContributions> {
        let plan = scenario
            .plans
            .iter()
            .find(|found| found.id == plan)
            .ok_or_else(|| NoContributions::NoPlan(plan.to_owned()))?;
        Ok(Self {
            scenario,
            plan,
            model: DemandModel::new(scenario).map_err(|error| impossible(&error))?,
            table: slowdown_table(scenario),
        })
    }

    fn vcpus(&self, draw: &Draw) -> Result<f64, NoContributions> {
        let mut cache = ShapeCache::default();
        let demand = self
            .model
            .at(draw, &mut cache)
            .map_err(|error| impossible(&error))?;
        let mut hosts = 0.0;
        for assignment in &self.plan.assignments {
            let sized = size(
                self.scenario,
                *assignment,
                &demand,
                draw,
                &self.table,
                Detail::Full,
            );
            match sized.map_err(|error| impossible(&error))? {
                Ok(sizing) => hosts += sizing.hosts,
                Err(too_small) => return Err(NoContributions::Impossible(too_small.0)),
            }
        }
        Ok(hosts * f64::from(self.scenario.host.vcpus))
    }
}

fn impossible(error: &PlanError) -> NoContributions {
    NoContributions::Impossible(error.to_string())
}

/// An input that both scenarios have, with other values.
struct Changed {
    id: InputId,
    value: f64,
    before: String,
    after: String,
    key: String,
}

/// Explains the difference in a plan's analytic vCPUs by the inputs that differ.
///
/// # Errors
/// If one of the scenarios has no such plan, or a mixture of the two has no answer.
pub fn contributions(
    before: &Scenario,
    after: &Scenario,
    plan: &str,
) -> Result<Contributions, NoContributions> {
    let (old, new) = (Evaluator::new(before, plan)?, Evaluator::new(after, plan)?);
    let central = Draw::central(&before.inputs);
    let changed = changed_inputs(before, after);
    let mut mixtures = Mixtures {
        old: &old,
        central: &central,
        changed: &changed,
        known: HashMap::new(),
    };
    let first = mixtures.vcpus(&vec![false; changed.len()])?;
    let mixed = mixtures.vcpus(&vec![true; changed.len()])?;
    let last = new.vcpus(&Draw::central(&after.inputs))?;
    let (shares, orders) = if changed.len() <= MOST_FOR_ALL_ORDERS {
        (mixtures.over_all_orders()?, Orders::All)
    } else {
        (mixtures.over_two_orders()?, Orders::TwoOfMany)
    };
    let inputs = changed.iter().zip(shares);
    Ok(Contributions {
        before: first,
        after: last,
        inputs: inputs
            .map(|(input, vcpus)| Contribution {
                key: input.key.clone(),
                before: input.before.clone(),
                after: input.after.clone(),
                vcpus,
            })
            .collect(),
        rest: last - mixed,
        orders,
    })
}

#[expect(clippy::float_cmp, reason = "the same input has the same bits")]
fn changed_inputs(before: &Scenario, after: &Scenario) -> Vec<Changed> {
    let found = before.inputs.iter().filter_map(|(id, old)| {
        let (_, new) = after.inputs.iter().find(|(_, new)| new.key == old.key)?;
        let (from, to) = (old.value.central(), new.value.central());
        (from != to).then(|| Changed {
            id,
            value: to,
            before: old.display(from),
            after: new.display(to),
            key: old.key.clone(),
        })
    });
    found.collect()
}

/// The old scenario with some inputs as in the new one.
struct Mixtures<'a> {
    old: &'a Evaluator<'a>,
    central: &'a Draw,
    changed: &'a [Changed],
    known: HashMap<Vec<bool>, f64>,
}

impl Mixtures<'_> {
    fn vcpus(&mut self, taken: &[bool]) -> Result<f64, NoContributions> {
        if let Some(known) = self.known.get(taken) {
            return Ok(*known);
        }
        let changes = self.changed.iter().zip(taken).filter(|(_, taken)| **taken);
        let draw = changes.fold(self.central.clone(), |draw, (input, _)| {
            draw.with(input.id, input.value)
        });
        let vcpus = self.old.vcpus(&draw)?;
        self.known.insert(taken.to_owned(), vcpus);
        Ok(vcpus)
    }

    /// Shapley's value: an input's gain on every set of others, weighted by the share of orders in
    /// which just those come before it.
    fn over_all_orders(&mut self) -> Result<Vec<f64>, NoContributions> {
        let count = self.changed.len();
        let factorial = |n: usize| (1..=n).map(|k| k as f64).product::<f64>();
        let mut shares = vec![0.0; count];
        for set in 0..1_usize << count {
            let taken: Vec<bool> = (0..count).map(|index| set >> index & 1 == 1).collect();
            let size = taken.iter().filter(|taken| **taken).count();
            let without = self.vcpus(&taken)?;
            for (index, share) in shares.iter_mut().enumerate() {
                if taken[index] {
                    continue;
                }
                let mut with = taken.clone();
                with[index] = true;
                let weight = factorial(size) * factorial(count - size - 1) / factorial(count);
                *share += weight * (self.vcpus(&with)? - without);
            }
        }
        Ok(shares)
    }

    fn over_two_orders(&mut self) -> Result<Vec<f64>, NoContributions> {
        let count = self.changed.len();
        let mut shares = vec![0.0; count];
        let orders: [Vec<usize>; 2] = [(0..count).collect(), (0..count).rev().collect()];
        for order in orders {
            let mut taken = vec![false; count];
            let mut last = self.vcpus(&taken)?;
            for index in order {
                taken[index] = true;
                let next = self.vcpus(&taken)?;
                shares[index] += 0.5 * (next - last);
                last = next;
            }
        }
        Ok(shares)
    }
}
