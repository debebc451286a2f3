//! A plan with a progress bar and Ctrl-C.

use tonnage_model::plan::{self, PlanError, PlanOptions};
use tonnage_model::result::CapacityResult;
use tonnage_model::scenario::Loaded;

use crate::args::{ComputeArguments, ScenarioArguments};
use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::progress::Bar;

/// A plan, and whether the user stopped it.
#[derive(Debug)]
pub(crate) struct Planned {
    /// The plan, complete or not.
    pub(crate) result: CapacityResult,
    /// [`Outcome::Interrupted`] if the user stopped it.
    pub(crate) outcome: Outcome,
}

/// Plans a scenario.
pub(crate) fn plan(
    loaded: &Loaded,
    arguments: &ComputeArguments,
    console: Console,
) -> Result<Planned, Failure> {
    let threads = arguments.threads.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| {
            Failure::system(format!("cannot start the threads: {error}"))
                .help("give fewer with --threads")
        })?;
    let options = PlanOptions {
        simulate: !arguments.no_simulation,
        draws: arguments.draws,
    };
    let interrupt = Interrupt::listen()?;
    let bar = Bar::new(console, interrupt.clone());
    let result = pool.install(|| plan::plan(loaded, &options, &bar));
    drop(bar);
    let result = result.map_err(|error| impossible(&error))?;
    let outcome = if interrupt.asked() {
        Outcome::Interrupted
    } else {
        Outcome::Done
    };
    Ok(Planned { result, outcome })
}

fn impossible(error: &PlanError) -> Failure {
    Failure::input(error.to_string()).help(
        "give the tier another technology in this plan, or the host more memory; \
         `tonnage explain` shows what the tier needs",
    )
}

/// The command that makes the same result again. Where the report goes and how many threads were
/// used change nothing in it.
pub(crate) fn command(
    scenario: &str,
    over: &ScenarioArguments,
    compute: &ComputeArguments,
) -> String {
    let mut words = vec!["tonnage".to_owned(), "plan".to_owned(), quoted(scenario)];
    let mut option = |name: &str, value: &str| {
        words.push(name.to_owned());
        words.push(quoted(value));
    };
    for set in &over.set {
        option("--set", set);
    }
    if let Some(profile) = &over.profile {
        option("--profile", profile);
    }
    if let Some(seed) = over.seed {
        option("--seed", &seed.to_string());
    }
    if let Some(draws) = compute.draws {
        option("--draws", &draws.to_string());
    }
    if compute.no_simulation {
        words.push("--no-simulation".to_owned());
    }
    words.join(" ")
}

/// A word as a shell needs it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,+%@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn commands_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("a.people=5000"), "a.people=5000");
        assert_eq!(quoted("a={ low = 1 }"), "'a={ low = 1 }'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
