//! A plan with a progress bar and Ctrl-C.

use tonnage_model::fleet::{self, FleetError, FleetOptions};
use tonnage_model::plan::{self, PlanError, PlanOptions, Progress};
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

/// How much the arguments ask to compute.
pub(crate) fn options(arguments: &ComputeArguments) -> PlanOptions {
    PlanOptions {
        simulate: !arguments.no_simulation,
        draws: arguments.draws,
    }
}

/// Plans a scenario.
pub(crate) fn plan(
    loaded: &Loaded,
    arguments: &ComputeArguments,
    console: Console,
) -> Result<Planned, Failure> {
    let options = options(arguments);
    watched(arguments.threads, console, |progress| {
        plan::plan(loaded, &options, progress).map_err(|error| impossible(&error))
    })
}

/// Plans a scenario and simulates a day of it.
pub(crate) fn simulate(
    loaded: &Loaded,
    plan_options: &PlanOptions,
    options: &FleetOptions,
    threads: Option<u16>,
    console: Console,
) -> Result<Planned, Failure> {
    watched(threads, console, |progress| {
        fleet::simulate(loaded, plan_options, options, progress).map_err(|error| match error {
            FleetError::Plan(error) => impossible(&error),
            error => Failure::input(error.to_string()),
        })
    })
}

/// Computes on some threads, with a progress bar and Ctrl-C.
pub(crate) fn watched(
    threads: Option<u16>,
    console: Console,
    compute: impl FnOnce(&dyn Progress) -> Result<CapacityResult, Failure> + Send,
) -> Result<Planned, Failure> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.map_or(0, usize::from))
        .build()
        .map_err(|error| {
            Failure::system(format!("cannot start the threads: {error}"))
                .help("give fewer with --threads")
        })?;
    let interrupt = Interrupt::listen()?;
    let bar = Bar::new(console, interrupt.clone());
    let result = pool.install(|| compute(&bar));
    drop(bar);
    let outcome = if interrupt.asked() {
        Outcome::Interrupted
    } else {
        Outcome::Done
    };
    Ok(Planned {
        result: result?,
        outcome,
    })
}

/// A plan that cannot be made, and what to do about it.
pub(crate) fn impossible(error: &PlanError) -> Failure {
    let failure = Failure::input(error.to_string());
    match error {
        PlanError::UnknownPlan { .. } => failure.help("give --plan one of these"),
        PlanError::NoShapes { .. } => failure
            .help("give --shapes a list with prices, such as aws or gcp, or --architecture any"),
        _ => failure.help(
            "give the tier another technology in this plan, or the host more memory; \
             `tonnage explain` shows what the tier needs",
        ),
    }
}

/// The command that makes the same result again. Where the report goes and how many threads were
/// used change nothing in it.
pub(crate) fn command(
    scenario: &str,
    over: &ScenarioArguments,
    compute: &ComputeArguments,
) -> String {
    let mut words = command_words("plan", scenario, over);
    if let Some(draws) = compute.draws {
        words.extend(["--draws".to_owned(), draws.to_string()]);
    }
    if compute.no_simulation {
        words.push("--no-simulation".to_owned());
    }
    words.join(" ")
}

/// The first words of a command on a scenario and what is laid over it.
pub(crate) fn command_words(
    command: &str,
    scenario: &str,
    over: &ScenarioArguments,
) -> Vec<String> {
    let mut words = vec!["tonnage".to_owned(), command.to_owned(), quoted(scenario)];
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
    words
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
