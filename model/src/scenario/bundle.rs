//! Everything a result was computed from, in one document: what it takes to compute it again.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::load::{Library, LibraryError, LoadOptions, Loaded, load};
use crate::document::Problems;
use crate::plan::PlanOptions;

/// The version of the format; a reader refuses versions it does not know.
pub const BUNDLE_FORMAT: u32 = 1;

/// What the document says it is.
const KIND: &str = "inputs";

/// The inputs of a result: the texts of the scenario and of all it refers to, what was laid over
/// them, and how much was computed. It is a [`Library`] of just those texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// [`BUNDLE_FORMAT`].
    pub format: u32,
    /// Always `inputs`.
    pub kind: String,
    /// The command that made the result.
    pub command: String,
    /// The scenario among the files.
    pub scenario: String,
    /// `key.path=value`, in the order given.
    pub overrides: Vec<String>,
    /// A profile in place of the scenario's, among the files.
    pub profile: Option<String>,
    /// A seed in place of the scenario's.
    pub seed: Option<u64>,
    /// Draws in place of the scenario's.
    pub draws: Option<u32>,
    /// Whether cells were simulated.
    pub simulate: bool,
    /// The text of each file by its path as the scenario, or the command, names it.
    pub files: BTreeMap<String, String>,
}

/// Why a text is no bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// It is not the JSON it should be.
    #[error("it does not hold the inputs of a result: {0}")]
    Json(String),
    /// It is of another kind or format.
    #[error(
        "its kind is `{kind}` and its format {format}; this version reads `inputs` of format 1"
    )]
    Format {
        /// The kind it says it is.
        kind: String,
        /// The format it says it has.
        format: u32,
    },
}

impl Bundle {
    /// The inputs of a plan of a scenario.
    pub fn new(loaded: &Loaded, options: &PlanOptions, command: String) -> Self {
        let LoadOptions {
            overrides,
            profile,
            seed,
        } = loaded.options.clone();
        let texts = loaded.sources.iter().filter(|source| !source.is_override);
        Self {
            format: BUNDLE_FORMAT,
            kind: KIND.to_owned(),
            command,
            scenario: loaded.path.clone(),
            overrides,
            profile,
            seed,
            draws: options.draws,
            simulate: options.simulate,
            files: texts
                .map(|source| (source.name.clone(), source.text.as_ref().to_owned()))
                .collect(),
        }
    }

    /// Reads what [`Self::write`] wrote.
    ///
    /// # Errors
    /// If the text is something else.
    pub fn read(text: &str) -> Result<Self, BundleError> {
        let bundle: Self =
            serde_json::from_str(text).map_err(|error| BundleError::Json(error.to_string()))?;
        if bundle.kind != KIND || bundle.format != BUNDLE_FORMAT {
            return Err(BundleError::Format {
                kind: bundle.kind,
                format: bundle.format,
            });
        }
        Ok(bundle)
    }

    /// The document, indented, with a line end.
    ///
    /// # Errors
    /// Never for a bundle: it has no map whose keys are no texts.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// Reads the scenario from the texts alone.
    ///
    /// # Errors
    /// Every problem found, in one go, such as a file that is missing.
    pub fn load(&self) -> Result<Loaded, Box<Problems>> {
        let options = LoadOptions {
            overrides: self.overrides.clone(),
            profile: self.profile.clone(),
            seed: self.seed,
        };
        load(self, &self.scenario, &options)
    }

    /// How much was computed.
    pub fn plan_options(&self) -> PlanOptions {
        PlanOptions {
            simulate: self.simulate,
            draws: self.draws,
        }
    }
}

impl Library for Bundle {
    fn read(&self, path: &str) -> Result<String, LibraryError> {
        self.files.get(path).cloned().ok_or_else(|| LibraryError {
            reason: "it is not among the inputs that were kept".to_owned(),
        })
    }
}
