//! The scenario an argument means.

use std::path::Path;

use tonnage_model::scenario::{self, Library, LibraryError, LoadOptions, Loaded};

use crate::args::ScenarioArguments;
use crate::console::Console;
use crate::failure::Failure;
use crate::library::{self, BUILTIN, Files};

/// Reads the scenario the arguments mean, and shows what is odd about it.
pub(crate) fn load(
    name: &str,
    arguments: &ScenarioArguments,
    console: Console,
) -> Result<Loaded, Failure> {
    let profile = arguments.profile.as_deref().map(profile_path).transpose()?;
    let options = LoadOptions {
        overrides: arguments.set.clone(),
        profile,
        seed: arguments.seed.map(u64::from),
    };
    load_with(name, &options, console)
}

/// Reads a scenario as it is, and shows what is odd about it.
pub(crate) fn load_as_written(name: &str, console: Console) -> Result<Loaded, Failure> {
    load_with(name, &LoadOptions::default(), console)
}

fn load_with(name: &str, options: &LoadOptions, console: Console) -> Result<Loaded, Failure> {
    let file = open(name, console)?;
    let loaded = scenario::load(&file, &file.path, options)?;
    console.warnings(&loaded.sources, &loaded.warnings);
    Ok(loaded)
}

/// A scenario that was read, and everything it can refer to. It is read once: it may be a pipe.
#[derive(Debug)]
struct ScenarioFile {
    path: String,
    text: String,
}

impl Library for ScenarioFile {
    fn read(&self, path: &str) -> Result<String, LibraryError> {
        if path == self.path {
            Ok(self.text.clone())
        } else {
            Files.read(path)
        }
    }
}

/// Reads the scenario a name means: a file, or one that is built in.
fn open(name: &str, console: Console) -> Result<ScenarioFile, Failure> {
    let path = resolve(name, console)?;
    let text = Files.read(&path).map_err(|error| {
        Failure::input(format!("cannot read `{name}`: {error}"))
            .help("a scenario is a text file in TOML; `tonnage scenarios` lists those built in")
    })?;
    if text.trim().is_empty() {
        return Err(Failure::input(format!("`{name}` is empty")).help(
            "begin with `extends = \"builtin:us-knowledge-workers.toml\"` and write below it \
             what is different in your case",
        ));
    }
    Ok(ScenarioFile { path, text })
}

/// The path of the scenario a name means.
fn resolve(name: &str, console: Console) -> Result<String, Failure> {
    if let Some(built_in) = name.strip_prefix(BUILTIN) {
        return match built_in_path(built_in) {
            Some(path) => Ok(path),
            None => Err(not_found(
                built_in,
                format!("there is no built-in scenario `{built_in}`"),
            )),
        };
    }
    if Path::new(name).exists() {
        return Ok(name.to_owned());
    }
    if let Some(path) = built_in_path(name) {
        console.note(&format!("there is no file `{name}`; using `{path}`"));
        return Ok(path);
    }
    Err(not_found(
        name,
        format!("there is no file and no built-in scenario `{name}`"),
    ))
}

fn built_in_path(name: &str) -> Option<String> {
    let with_ending = format!("{}.toml", name.strip_suffix(".toml").unwrap_or(name));
    library::shipped(&with_ending)?;
    Some(format!("{BUILTIN}{with_ending}"))
}

fn not_found(name: &str, message: String) -> Failure {
    let stem = name.strip_suffix(".toml").unwrap_or(name);
    let nearest = library::shipped_scenarios()
        .map(|known| (strsim::damerau_levenshtein(stem, known), known))
        .min()
        .filter(|(distance, known)| *distance <= 1 + known.len() / 3);
    Failure::input(message).help(match nearest {
        Some((_, known)) => format!("did you mean `{known}`?"),
        None => "`tonnage scenarios` lists those that are built in".to_owned(),
    })
}

/// The path of a profile, relative to the working directory and not to the scenario.
fn profile_path(profile: &str) -> Result<String, Failure> {
    let path = library::standing_alone(profile);
    match Files.read(&path) {
        Ok(_) => Ok(path),
        Err(error) => Err(
            Failure::input(format!("cannot read the profile `{profile}`: {error}")).help(
                "give a path relative to where you are, or `builtin:profiles/published.toml`",
            ),
        ),
    }
}
