//! Every number the answer depends on, in one list: what a Monte Carlo draws, what a tornado
//! varies and what a report cites.

use super::quantity::{Provenance, Quantity};
use super::uncertain::Uncertain;
use super::variable::{Variable, VariableShape};
use super::written;
use crate::distribution::{Distribution, DistributionError};
use crate::units::{self, Unit};

/// Which of the [`Inputs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputId(usize);

/// One number the answer depends on.
#[derive(Debug, Clone)]
pub struct Input {
    /// Key in the scenario or the profile.
    pub key: String,
    /// The key in words.
    pub label: String,
    /// What is known of it.
    pub value: Uncertain,
    /// How it varies from event to event around `value`.
    pub shape: VariableShape,
    /// Where it comes from.
    pub provenance: Provenance,
    display: fn(f64) -> String,
    write: fn(f64) -> String,
    /// Smallest and largest value a draw may have: what its unit allows, or less.
    range: (f64, f64),
}

impl Input {
    /// One value as a person reads it.
    pub fn display(&self, value: f64) -> String {
        (self.display)(value)
    }

    /// What is known of it as a person writes it in a scenario, without its source: `15%`, or
    /// `{ low = "10%", high = "20%" }`. Reading it gives exactly the same.
    ///
    /// The turns of a session are written by [`TurnLaw::written`](crate::scenario::TurnLaw::written)
    /// around this.
    pub fn written(&self) -> String {
        written::law(&self.value, &self.shape, self.write)
    }

    /// What is known of it as a person reads it.
    pub fn describe(&self) -> String {
        let show = self.display;
        let belief = match self.value {
            Uncertain::Exact(value) => show(value),
            Uncertain::Uniform { low, high } => format!("{} to {}", show(low), show(high)),
            Uncertain::Triangular { low, mode, high } => {
                format!("{} ({} to {})", show(mode), show(low), show(high))
            }
            Uncertain::Lognormal { p50, p95 } => {
                format!("{} (95% below {})", show(p50), show(p95))
            }
        };
        match self.shape.describe() {
            Some(law) => format!("{law} {belief}"),
            None => belief,
        }
    }
}

/// Every number the answer depends on.
#[derive(Debug, Clone, Default)]
pub struct Inputs(Vec<Input>);

impl Inputs {
    /// Adds a fixed number.
    pub fn add<U: Unit>(&mut self, key: String, label: String, quantity: &Quantity<U>) -> InputId {
        self.push(Input {
            key,
            label,
            value: quantity.value,
            shape: VariableShape::Deterministic,
            provenance: quantity.cited.provenance(),
            display: U::display,
            write: units::write_short::<U>,
            range: U::RANGE,
        })
    }

    /// Adds a fixed number no draw of which may lie below a bound.
    pub fn add_at_least<U: Unit>(
        &mut self,
        key: String,
        label: String,
        quantity: &Quantity<U>,
        bound: f64,
    ) -> InputId {
        let id = self.add(key, label, quantity);
        self.0[id.0].range.0 = bound;
        id
    }

    /// Adds a number that varies from event to event.
    pub fn add_variable<U: Unit>(
        &mut self,
        key: String,
        label: String,
        variable: &Variable<U>,
    ) -> InputId {
        self.push(Input {
            key,
            label,
            value: variable.scale,
            shape: variable.shape.clone(),
            provenance: variable.cited.provenance(),
            display: U::display,
            write: units::write_short::<U>,
            range: U::RANGE,
        })
    }

    fn push(&mut self, input: Input) -> InputId {
        self.0.push(input);
        InputId(self.0.len() - 1)
    }

    /// The inputs in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (InputId, &Input)> {
        self.0
            .iter()
            .enumerate()
            .map(|(index, input)| (InputId(index), input))
    }

    /// One input.
    pub fn get(&self, id: InputId) -> &Input {
        &self.0[id.0]
    }

    /// The distribution of a variable input in a draw.
    ///
    /// # Errors
    /// If the parameters make no distribution.
    pub fn distribution(
        &self,
        id: InputId,
        draw: &Draw,
    ) -> Result<Distribution, DistributionError> {
        self.get(id).shape.at(draw.get(id))
    }
}

/// One value for every input.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw(Vec<f64>);

impl Draw {
    /// Every input at its central value.
    pub fn central(inputs: &Inputs) -> Self {
        Self(inputs.0.iter().map(|input| input.value.central()).collect())
    }

    /// Every input as its author states it: the mode of a three-point belief, the median of any
    /// other. What a person multiplies on a napkin.
    pub fn stated(inputs: &Inputs) -> Self {
        Self(inputs.0.iter().map(|input| input.value.stated()).collect())
    }

    /// Every uncertain input at the quantile `uniform` gives for it, each call a number from 0 to
    /// 1; `uniform` is called once for every input, uncertain or not, so that the stream of one
    /// input does not depend on which others are uncertain. No value leaves the range of its unit:
    /// the long tail of a lognormal share ends at 100%.
    pub fn sample(inputs: &Inputs, mut uniform: impl FnMut(InputId) -> f64) -> Self {
        Self(
            inputs
                .iter()
                .map(|(id, input)| {
                    let (low, high) = input.range;
                    input.value.quantile(uniform(id)).clamp(low, high)
                })
                .collect(),
        )
    }

    /// The same draw with one input changed.
    #[must_use]
    pub fn with(&self, id: InputId, value: f64) -> Self {
        let mut values = self.0.clone();
        values[id.0] = value;
        Self(values)
    }

    /// The value of an input.
    pub fn get(&self, id: InputId) -> f64 {
        self.0[id.0]
    }
}
