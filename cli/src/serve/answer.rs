//! From what the page asks to what it shows.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;
use tonnage_model::plan;
use tonnage_model::result::CapacityResult;
use tonnage_model::scenario::{self, Library, LoadOptions, Loaded};
use tonnage_reports::html::live;

use super::form::Form;
use super::message::Message;
use super::snapshot::Over;
use super::watch::{Abandon, Watch};
use super::{Explorer, job};
use crate::failure::Failure;
use crate::library::BUILTIN;
use crate::{planning, text};

/// An answer by formulas takes milliseconds; one that does not is given on fewer draws by then, and says
/// so.
const PATIENCE: Duration = Duration::from_secs(10);

/// Draws for an answer while a slider is being moved: its intervals are rough, its middle is not.
const ROUGH_DRAWS: u32 = 40;

/// Most keys that one request sets: more than any scenario has fields.
const MOST_KEYS: usize = 500;

/// What the page asks: all that is laid over the scenario, by key and value as after `--set`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// In the order in which it was set.
    pub(super) set: Vec<(String, String)>,
    /// Whether a report has simulated estimates.
    #[serde(default)]
    pub(super) simulate: bool,
    /// Whether a slider is being moved, and an answer on few draws will do.
    #[serde(default)]
    pub(super) rough: bool,
}

impl Asked {
    /// As after `--set`.
    pub(super) fn overrides(&self) -> Result<Vec<String>, Message> {
        if self.set.len() > MOST_KEYS {
            return Err(Message::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("more than {MOST_KEYS} keys are set; write a scenario file with them"),
            ));
        }
        if let Some((key, _)) = self.set.iter().find(|(key, _)| key.contains('=')) {
            return Err(Message::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("`{key}` is no key: a key has no `=` in it"),
            ));
        }
        let set = self.set.iter();
        Ok(set.map(|(key, value)| format!("{key}={value}")).collect())
    }
}

/// What the page shows.
#[derive(Debug, Serialize)]
pub(super) struct Answered {
    /// The answer in one sentence.
    sentence: String,
    /// The same with the figures that matter, as HTML.
    answer: String,
    chart: String,
    plans: String,
    warnings: String,
    /// The fields of the page as the scenario now stands.
    form: Form,
    draws: u32,
    /// Whether the estimates are simulated too.
    simulated: bool,
    /// How long it took.
    milliseconds: f64,
}

/// A place among those that answer.
pub(super) async fn place(explorer: &Explorer) -> Result<OwnedSemaphorePermit, Message> {
    let places = Arc::clone(&explorer.answers);
    places.acquire_owned().await.map_err(|_| ending())
}

/// Answers by formulas.
pub(super) async fn answer(explorer: &Arc<Explorer>, asked: Asked) -> Result<Answered, Message> {
    let place = place(explorer).await?;
    let watch = Watch::new(PATIENCE, Arc::clone(&explorer.ending));
    // The server drops this when the client goes away, and so ends what nobody waits for.
    let _abandon = Abandon(Arc::clone(&watch));
    job::run(explorer, move |explorer| {
        // Kept until the work is over, also where nobody waits for it any more.
        let _place = place;
        explorer.answering.install(|| {
            let loaded = load(explorer, &asked)?;
            let mut options = explorer.plan_options(false);
            if asked.rough {
                let draws = options.draws.unwrap_or(loaded.scenario.draws);
                options.draws = Some(draws.min(ROUGH_DRAWS));
            }
            let result = plan::answer(&loaded, &options, &explorer.memory, watch.as_ref())
                .map_err(|error| planning::impossible(&error))?;
            answered(&loaded, &result, watch.elapsed())
        })
    })
    .await
}

/// What the page shows of a result.
pub(super) fn answered(
    loaded: &Loaded,
    result: &CapacityResult,
    took: Duration,
) -> Result<Answered, Message> {
    let pieces = live::pieces(result).map_err(|error| Failure::system(error.to_string()))?;
    Ok(Answered {
        sentence: result.answer.clone(),
        answer: pieces.answer,
        chart: pieces.chart,
        plans: pieces.plans,
        warnings: pieces.warnings,
        form: Form::new(loaded)?,
        draws: result.provenance.draws,
        simulated: result.plans.iter().any(|plan| plan.simulated.is_some()),
        milliseconds: took.as_secs_f64() * 1e3,
    })
}

/// The scenario with what the page lays over it.
pub(super) fn load(explorer: &Explorer, asked: &Asked) -> Result<Loaded, Message> {
    let mut options = explorer.over.clone();
    options.overrides.extend(asked.overrides()?);
    scenario::load(&explorer.snapshot, &explorer.path, &options)
        .map_err(|problems| Message::from(problems.as_ref()))
}

/// The scenario as a file that stands alone.
pub(super) fn file(explorer: &Explorer, asked: &Asked) -> Result<String, Message> {
    let mut asked = asked.clone();
    if let Some(draws) = explorer.options.draws {
        asked
            .set
            .push(("uncertainty.draws".to_owned(), draws.to_string()));
    }
    let loaded = load(explorer, &asked)?;
    let written = |place: &dyn Fn(&str) -> String| {
        toml::to_string(&loaded.standing_alone(place))
            .map_err(|error| Failure::system(format!("cannot write the scenario: {error}")))
    };
    // Read again before it is given away, from the texts at hand.
    let again = written(&|path| standing(path, str::to_owned))?;
    check(&explorer.snapshot, &loaded, &again)?;
    let text = written(&|path| standing(path, absolute))?;
    let mut head = format!(
        "# Saved by `tonnage serve` {} from `{}`.\n",
        env!("CARGO_PKG_VERSION"),
        one_line(&explorer.options.scenario)
    );
    for set in &loaded.options.overrides {
        head.extend(["#   changed: ", &one_line(set), "\n"]);
    }
    Ok(format!("{head}\n{text}"))
}

/// A path as it is written where no folder is known to it.
fn standing(path: &str, file: impl Fn(&str) -> String) -> String {
    if path.starts_with(BUILTIN) {
        path.to_owned()
    } else {
        format!("file:{}", file(path))
    }
}

fn absolute(path: &str) -> String {
    let found = std::path::absolute(path).ok();
    let found = found.and_then(|path| path.to_str().map(str::to_owned));
    found.unwrap_or_else(|| path.to_owned())
}

/// A saved scenario has the numbers of the one that was shown.
fn check(snapshot: &dyn Library, loaded: &Loaded, text: &str) -> Result<(), Message> {
    let path = "saved.toml";
    let library = Over {
        library: snapshot,
        path,
        text,
    };
    let again = scenario::load(&library, path, &LoadOptions::default())
        .map_err(|problems| Message::from(problems.as_ref()))?;
    let numbers = |loaded: &Loaded| -> Vec<_> {
        let inputs = loaded.scenario.inputs.iter();
        inputs
            .map(|(_, input)| (input.key.clone(), input.value, input.shape.clone()))
            .collect()
    };
    if numbers(&again) == numbers(loaded)
        && again.scenario.profile_digest == loaded.scenario.profile_digest
    {
        return Ok(());
    }
    Err(Failure::input("this scenario cannot be written as one file: it would not be the same")
        .help(
            "a measurement over a profile of the scenario's own needs both: start from the scenario \
             with --profile, and share the link",
        )
        .into())
}

fn one_line(line: &str) -> String {
    text::printable(line).replace('\n', " ")
}

/// The server is about to end.
pub(super) fn ending() -> Message {
    Message::new(StatusCode::SERVICE_UNAVAILABLE, "the explorer is ending")
}
