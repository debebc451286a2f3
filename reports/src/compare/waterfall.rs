//! From one result to another, step by step: what each changed input contributed.

use tonnage_model::plan::{Contributions, Orders};

use crate::format;
use crate::markdown::{Page, escaped};
use crate::terminal::{Style, WIDTH, columns, wrapped};

/// Steps shown by name; the smallest of more are put together.
const MOST: usize = 12;

/// A step of the waterfall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepKind {
    /// The whole, before or after.
    Total,
    /// What one input contributes.
    Input,
    /// Several together, or what no input explains.
    Together,
}

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) kind: StepKind,
    pub(crate) name: String,
    pub(crate) note: String,
    /// vCPUs at which it begins and ends.
    pub(crate) from: f64,
    pub(crate) to: f64,
}

impl Step {
    /// The vCPUs of the step, signed unless it is a whole.
    pub(crate) fn amount(&self) -> String {
        match self.kind {
            StepKind::Total => format::count(self.to),
            _ => format::signed_count(self.to - self.from),
        }
    }
}

/// The way from one result to another in the vCPUs of one plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfall {
    pub(crate) plan: String,
    pub(crate) steps: Vec<Step>,
    orders: Orders,
}

impl Waterfall {
    /// Largest contributions first; those that contribute nothing are left out.
    pub fn new(plan: &str, found: &Contributions) -> Self {
        let mut inputs: Vec<_> = found.inputs.iter().filter(|one| one.vcpus != 0.0).collect();
        inputs.sort_by(|a, b| b.vcpus.abs().total_cmp(&a.vcpus.abs()));
        let total = |name: &str, from: f64, to: f64| Step {
            kind: StepKind::Total,
            name: name.to_owned(),
            note: String::new(),
            from,
            to,
        };
        let mut steps = vec![total("Before", 0.0, found.before)];
        let mut at = found.before;
        let mut step = |kind, name: String, note: String, vcpus: f64| {
            let from = at;
            at += vcpus;
            steps.push(Step {
                kind,
                name,
                note,
                from,
                to: at,
            });
        };
        let shown = if inputs.len() > MOST {
            MOST - 1
        } else {
            inputs.len()
        };
        for one in &inputs[..shown] {
            let note = format!("{} → {}", one.before, one.after);
            step(StepKind::Input, one.key.clone(), note, one.vcpus);
        }
        if shown < inputs.len() {
            let others = &inputs[shown..];
            step(
                StepKind::Together,
                format!("{} more inputs", others.len()),
                "each contributes less".to_owned(),
                others.iter().map(|one| one.vcpus).sum(),
            );
        }
        if found.rest != 0.0 {
            step(
                StepKind::Together,
                "All that is no single input".to_owned(),
                "host, promises, curves, technologies".to_owned(),
                found.rest,
            );
        }
        // To the last bit, whatever the sums were rounded to.
        steps.push(total("After", 0.0, found.after));
        Self {
            plan: plan.to_owned(),
            steps,
            orders: found.orders,
        }
    }

    /// The steps as they are in the JSON of a comparison: name, from what to what, vCPUs.
    pub fn steps(&self) -> impl Iterator<Item = (&str, &str, f64)> {
        self.steps.iter().map(|step| {
            let vcpus = match step.kind {
                StepKind::Total => step.to,
                _ => step.to - step.from,
            };
            (step.name.as_str(), step.note.as_str(), vcpus)
        })
    }

    /// What the numbers are.
    pub(crate) fn words(&self) -> String {
        let orders = match self.orders {
            Orders::All => "averaged over all orders in which the inputs can change",
            Orders::TwoOfMany => {
                "averaged over changing the inputs in the scenario's order and in its reverse"
            }
        };
        format!(
            "vCPUs of “{}” by formulas, at the central inputs. What an input contributes depends on \
             what has changed before it: it is {orders}. The steps add up to the difference.",
            self.plan
        )
    }

    /// As lines for a terminal.
    pub(crate) fn text(&self, style: Style) -> String {
        let mut out = format!("\n{}\n", style.bold("What each change contributed"));
        let rows: Vec<_> = self
            .steps
            .iter()
            .map(|step| vec![step.name.clone(), step.note.clone(), step.amount()])
            .collect();
        out.push_str(columns(style, &["change", "", "#vCPUs"], &rows).trim_end());
        out.push('\n');
        for line in wrapped(&self.words(), WIDTH) {
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    /// As a section of a Markdown page.
    pub(crate) fn markdown(&self, page: &mut Page) {
        page.heading(2, "What each change contributed");
        page.paragraph(&escaped(&self.words()));
        page.table(
            &["Change", "From → to", "#vCPUs"],
            self.steps
                .iter()
                .map(|step| vec![escaped(&step.name), escaped(&step.note), step.amount()]),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tonnage_model::plan::Contribution;

    proptest! {
        /// The bars join: each begins where the one before ends, and the last is the whole.
        #[test]
        fn steps_add_up(
            before in 1.0..1e7_f64,
            vcpus in prop::collection::vec(-1e6..1e6_f64, 0..40),
            rest in -1e5..1e5_f64,
        ) {
            let inputs: Vec<Contribution> = vcpus
                .iter()
                .enumerate()
                .map(|(index, vcpus)| Contribution {
                    key: format!("input {index}"),
                    before: "1".to_owned(),
                    after: "2".to_owned(),
                    vcpus: *vcpus,
                })
                .collect();
            let after = before + vcpus.iter().sum::<f64>() + rest;
            let found = Contributions { before, after, inputs, rest, orders: Orders::All };
            let waterfall = Waterfall::new("plan", &found);
            prop_assert!(waterfall.steps.len() <= MOST + 3);
            for pair in waterfall.steps.windows(2) {
                if pair[1].kind != StepKind::Total {
                    prop_assert!((pair[1].from - pair[0].to).abs() < 1e-6);
                }
            }
            let last = &waterfall.steps[waterfall.steps.len() - 2];
            prop_assert!((last.to - after).abs() < 1e-3, "{} {}", last.to, after);
        }
    }
}
