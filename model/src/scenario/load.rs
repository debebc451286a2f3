//! From paths to a scenario: reads the file, what it extends and what it refers to.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::catalog::HostShapesDocument;
use super::raw::{FileReference, ScenarioDocument};
use super::resolve::{Reading, Resolver, Scenario};
use crate::document::{
    Decode, Decoder, Entry, Node, Problem, Problems, Severity, Sources, Span, Table, Value,
    is_value, merge, override_of, parse,
};
use crate::measurement::document::Measurement;
use crate::measurement::{profile, read};
use crate::profile::ProfileDocument;

/// Where files come from; the model itself opens none.
pub trait Library {
    /// The text of a file.
    ///
    /// # Errors
    /// If it cannot be read.
    fn read(&self, path: &str) -> Result<String, LibraryError>;
}

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct LibraryError {
    /// The reason, such as `no such file`.
    pub reason: String,
}

/// What is laid over a scenario file.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// `key.path=value`, in the order given.
    pub overrides: Vec<String>,
    /// A profile in place of the scenario's.
    pub profile: Option<String>,
    /// A seed in place of the scenario's.
    pub seed: Option<u64>,
}

/// A scenario with its readings.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The file as written, with what it extends and the overrides.
    pub document: ScenarioDocument,
    /// The scenario.
    pub scenario: Scenario,
    /// Its other readings.
    pub readings: Vec<Reading>,
    /// Every text read.
    pub sources: Sources,
    /// What is odd but usable.
    pub warnings: Vec<Problem>,
    /// The path it was read from.
    pub path: String,
    /// What was laid over it.
    pub options: LoadOptions,
}

/// Deepest chain of `extends`.
const MAX_DEPTH: usize = 16;

/// Reads a scenario and everything it refers to.
///
/// # Errors
/// Every problem found, in one go.
pub fn load(
    library: &dyn Library,
    path: &str,
    options: &LoadOptions,
) -> Result<Loaded, Box<Problems>> {
    let mut loader = Loader::new(library, path);
    let loaded = loader.load(options);
    loader.finish(loaded)
}

/// Reads a profile alone.
///
/// # Errors
/// Every problem found, in one go.
pub fn load_profile(
    library: &dyn Library,
    path: &str,
) -> Result<(ProfileDocument, Sources), Box<Problems>> {
    let mut loader = Loader::new(library, path);
    let node = loader.read_root(path);
    let document = node.and_then(|node| loader.profile_of(&node));
    let sources = loader.decoder.sources.clone();
    loader.finish(document).map(|document| (document, sources))
}

/// Reads a list of host shapes alone.
///
/// # Errors
/// Every problem found, in one go.
pub fn load_shapes(library: &dyn Library, path: &str) -> Result<HostShapesDocument, Box<Problems>> {
    let mut loader = Loader::new(library, path);
    let node = loader.read_root(path);
    let document = node.and_then(|node| {
        let document = HostShapesDocument::decode(&node, &mut loader.decoder)?;
        if document.format != 1 || document.kind != "host-shapes" {
            loader.decoder.report(Problem::error(
                "this is no list of host shapes of format 1",
                &node.span,
                "needs `format = 1` and `kind = \"host-shapes\"`",
            ));
            return None;
        }
        Some(document)
    });
    loader.finish(document)
}

/// Reads files and remembers them.
pub(super) struct Loader<'a> {
    library: &'a dyn Library,
    root: String,
    /// Texts read, problems found.
    pub(super) decoder: Decoder,
    files: BTreeMap<String, Node>,
    measurements: BTreeMap<String, FromMeasurement>,
    /// The profile that a measurement lies over.
    base: String,
}

/// A measurement whose profile was made.
#[derive(Debug, Clone)]
pub(super) struct FromMeasurement {
    /// What was measured.
    pub(super) measurement: Arc<Measurement>,
    /// What has no place in the profile.
    pub(super) remarks: Vec<String>,
}

impl<'a> Loader<'a> {
    fn new(library: &'a dyn Library, root: &str) -> Self {
        Self {
            library,
            root: root.to_owned(),
            decoder: Decoder::default(),
            files: BTreeMap::new(),
            measurements: BTreeMap::new(),
            base: profile::BASE.to_owned(),
        }
    }

    fn load(&mut self, options: &LoadOptions) -> Option<Loaded> {
        let root = self.root.clone();
        let mut tree = self.read_root(&root)?;
        if self.measurements.contains_key(&root) {
            let problem = format!("`{root}` is a measurement: it is no scenario");
            self.decoder
                .report(Problem::general(problem).help("give it with --profile"));
            return None;
        }
        if let Some(kind) = tree.get("kind").and_then(Node::as_str) {
            let problem = format!("`{root}` is of kind `{kind}`: it is no scenario");
            self.decoder.report(Problem::general(problem));
            return None;
        }
        tree = self.extend(tree, &mut vec![root])?;
        // A measurement given in place of the scenario's profile lies over that profile: it may
        // have technologies that nobody else has.
        if options.profile.is_some()
            && let Some(own) = tree.get("profile")
            && let Some(path) = own.as_str()
        {
            self.base = self.path_of(path, &own.span);
        }
        let mut overrides = options.overrides.clone();
        if let Some(profile) = &options.profile {
            overrides.push(format!("profile={}", toml::Value::from(profile.as_str())));
        }
        if let Some(seed) = options.seed {
            overrides.push(format!("seed={seed}"));
        }
        for assignment in &overrides {
            let Decoder { sources, problems } = &mut self.decoder;
            if let Some(over) = override_of(sources, assignment, problems) {
                self.check_laid_over(&tree, &over, &[]);
                self.check_no_extends(&over);
                tree = merge(tree, over);
            }
        }
        if !self.decoder.problems.is_empty() {
            return None;
        }
        let (document, scenario) = self.resolve(&tree)?;
        let readings = self.readings(&tree, &document);
        Some(Loaded {
            document,
            scenario,
            readings,
            sources: self.decoder.sources.clone(),
            warnings: self.warnings(),
            path: self.root.clone(),
            options: options.clone(),
        })
    }

    fn resolve(&mut self, tree: &Node) -> Option<(ScenarioDocument, Scenario)> {
        let document = ScenarioDocument::decode(tree, &mut self.decoder)?;
        if document.format != 1 {
            let span = tree.get("format").map_or(&tree.span, |node| &node.span);
            self.decoder.report(
                Problem::error(
                    format!("scenario format {} is not known", document.format),
                    span,
                    "this version reads format 1",
                )
                .help("write `format = 1`, or use a newer Tonnage"),
            );
            return None;
        }
        let scenario = Resolver::new(self, tree).resolve(&document)?;
        Some((document, scenario))
    }

    fn readings(&mut self, tree: &Node, document: &ScenarioDocument) -> Vec<Reading> {
        let Some(readings) = &document.readings else {
            return Vec::new();
        };
        let mut resolved = Vec::new();
        for (id, reading) in readings.iter() {
            let before = self.decoder.problems.len();
            let mut tree = tree.clone();
            for over in reading.set.as_trees() {
                self.check_laid_over(&tree, &over, &[]);
                self.check_no_extends(&over);
                tree = merge(tree, over);
            }
            if self.decoder.problems.len() > before {
                continue;
            }
            if let Some((_, scenario)) = self.resolve(&tree) {
                resolved.push(Reading {
                    id: id.to_owned(),
                    title: reading.title.clone(),
                    changes: reading.set.describe(),
                    scenario,
                });
            }
        }
        resolved
    }

    /// Notes what cannot be meant: a part of a value, which is replaced as a whole, and a part of
    /// something that is not there.
    fn check_laid_over(&mut self, base: &Node, over: &Node, path: &[&str]) {
        let (Some(base), Some(over)) = (base.as_table(), over.as_table()) else {
            return;
        };
        if is_value(base) && !is_value(over) {
            let Some((_, first)) = over.first() else {
                return;
            };
            let span = &first.key_span;
            let path = path.join(".");
            self.decoder.report(
                Problem::error(
                    format!("`{path}` is one value and is replaced as a whole"),
                    span,
                    "only a part of it",
                )
                .help("give all of it, with its source"),
            );
            return;
        }
        if is_value(base) {
            return;
        }
        for (key, entry) in over {
            match base.get(key) {
                Some(below) => {
                    self.check_laid_over(&below.node, &entry.node, &[path, &[key]].concat());
                }
                None => self.check_new(base, key, entry, path),
            }
        }
    }

    fn check_new(&mut self, base: &Table, key: &str, entry: &Entry, path: &[&str]) {
        // What a new one cannot do without, and what is there already has.
        let (what, required) = match path {
            ["segments"] => ("segment", "concurrency"),
            ["tiers"] => ("tier", "needs"),
            ["plans"] => ("plan", "title"),
            ["readings"] => ("reading", "title"),
            _ => return,
        };
        if entry.node.as_table().is_some() && entry.node.get(required).is_none() {
            let known: Vec<&str> = base.keys().map(String::as_str).collect();
            let decoder = &mut self.decoder;
            decoder.unknown_name(what, key, &entry.key_span, &known);
        }
    }

    fn check_no_extends(&mut self, over: &Node) {
        let Some(extends) = over.get("extends") else {
            return;
        };
        self.decoder.report(
            Problem::error(
                "`extends` cannot be changed from outside",
                &extends.span,
                "too late here",
            )
            .help("write it in the scenario's file"),
        );
    }

    fn extend(&mut self, tree: Node, chain: &mut Vec<String>) -> Option<Node> {
        let Some(extends) = tree.get("extends").cloned() else {
            return Some(tree);
        };
        let reference = FileReference::decode(&extends, &mut self.decoder)?;
        let path = self.path_of(&reference.path, &reference.span);
        let problem = if chain.contains(&path) {
            let chain = chain.join("` extends `");
            format!("a scenario extends itself: `{chain}` extends `{path}`")
        } else if chain.len() > MAX_DEPTH {
            format!("more than {MAX_DEPTH} scenarios extend one another")
        } else {
            chain.push(path);
            let base = self.read(&reference)?;
            let base = self.extend(base, chain)?;
            self.check_laid_over(&base, &tree, &[]);
            return Some(merge(base, tree));
        };
        let problem = Problem::error(problem, &reference.span, "extended from here");
        self.decoder.report(problem);
        None
    }

    fn read_root(&mut self, path: &str) -> Option<Node> {
        match self.library.read(path) {
            Ok(text) => self.parse(path, text),
            Err(error) => {
                let problem = Problem::general(format!("cannot read `{path}`: {error}"));
                self.decoder
                    .report(problem.help("`tonnage scenarios` lists those it ships"));
                None
            }
        }
    }

    /// The tree of a file: of TOML as it stands, of a measurement the profile made of it.
    fn parse(&mut self, path: &str, text: String) -> Option<Node> {
        let node = if read::is_json(&text) {
            self.parse_measurement(path, &text)?
        } else {
            self.parse_toml(path, text)
        };
        self.files.insert(path.to_owned(), node.clone());
        Some(node)
    }

    fn parse_toml(&mut self, name: &str, text: String) -> Node {
        let file = self.decoder.sources.add_file(name, text);
        let Decoder { sources, problems } = &mut self.decoder;
        parse(sources, file, problems)
    }

    /// Reads a measurement and lays what it found over the scenario's own profile, or over the
    /// published one where the scenario's is a measurement too.
    fn parse_measurement(&mut self, path: &str, text: &str) -> Option<Node> {
        let file = self.decoder.sources.add_file(path, text);
        let measurement = match read::read(text) {
            Ok(measurement) => measurement,
            Err(error) => {
                let at = Span {
                    file,
                    bytes: error.at..error.at,
                };
                self.decoder
                    .report(Problem::error(error.message, &at, "here").help(error.help));
                return None;
            }
        };
        let whole = Span { file, bytes: 0..0 };
        let mut base = self.base.clone();
        let mut below = self.text(&base, &whole)?;
        if read::is_json(&below) {
            profile::BASE.clone_into(&mut base);
            below = self.text(&base, &whole)?;
        }
        let before = self.decoder.problems.len();
        let below = self.parse_toml(&base, below);
        let document = self.profile_of(&below)?;
        let layer = profile::layer(&measurement, &document);
        // Written and read again, so that a measured profile obeys the rules of every other.
        let written = match toml::to_string(&layer) {
            Ok(written) => written,
            Err(error) => {
                let problem = format!("no profile can be made of `{path}`: {error}");
                self.decoder.report(Problem::general(problem));
                return None;
            }
        };
        let over = self.parse_toml(&format!("{path}, as a profile"), written);
        if self.decoder.problems.len() > before {
            return None;
        }
        let found = FromMeasurement {
            measurement: Arc::new(measurement),
            remarks: layer.remarks,
        };
        self.measurements.insert(path.to_owned(), found);
        Some(merge(below, over))
    }

    /// The measurement that a file referred to is.
    pub(super) fn measurement(&self, reference: &FileReference) -> Option<FromMeasurement> {
        let path = self.path_of(&reference.path, &reference.span);
        self.measurements.get(&path).cloned()
    }

    /// The full path of a reference, which is relative to the file it stands in.
    fn path_of(&self, reference: &str, span: &Span) -> String {
        full_path(&self.decoder.sources, &self.root, reference, span)
    }

    /// Reads a TOML file referred to.
    pub(super) fn read(&mut self, reference: &FileReference) -> Option<Node> {
        let path = self.path_of(&reference.path, &reference.span);
        if let Some(node) = self.files.get(&path) {
            return Some(node.clone());
        }
        let text = self.text(&path, &reference.span)?;
        let before = self.decoder.problems.len();
        let node = self.parse(&path, text)?;
        (self.decoder.problems.len() == before).then_some(node)
    }

    /// Reads a TOML file referred to that must be of a kind.
    pub(super) fn read_kind(&mut self, reference: &FileReference, kind: &str) -> Option<Node> {
        let node = self.read(reference)?;
        match node.get("kind").and_then(Node::as_str) {
            Some(found) if found != kind => {
                let problem = format!("`{}` is of kind `{found}`", reference.path);
                let label = format!("`{kind}` is needed here");
                self.decoder
                    .report(Problem::error(problem, &reference.span, label));
                None
            }
            _ => Some(node),
        }
    }

    /// Reads a file referred to that is no TOML.
    pub(super) fn read_text(&mut self, reference: &FileReference) -> Option<String> {
        let path = self.path_of(&reference.path, &reference.span);
        let text = self.text(&path, &reference.span)?;
        self.decoder.sources.add_file(path, text.clone());
        Some(text)
    }

    fn text(&mut self, path: &str, span: &Span) -> Option<String> {
        match self.library.read(path) {
            Ok(text) => Some(text),
            Err(error) => {
                self.decoder.report(
                    Problem::error(
                        format!("cannot read `{path}`: {error}"),
                        span,
                        "referred to here",
                    )
                    .help("paths are relative to the file they stand in"),
                );
                None
            }
        }
    }

    /// Reads a profile from its tree.
    pub(super) fn profile_of(&mut self, node: &Node) -> Option<ProfileDocument> {
        let profile = ProfileDocument::read(node, &mut self.decoder)?;
        if profile.format != 1 || profile.kind != "profile" {
            self.decoder.report(Problem::error(
                "this is no profile of format 1",
                &node.span,
                "needs `format = 1` and `kind = \"profile\"`",
            ));
            return None;
        }
        Some(profile)
    }

    fn warnings(&self) -> Vec<Problem> {
        let warnings = self.decoder.problems.iter();
        warnings
            .filter(|problem| problem.severity == Severity::Warning)
            .cloned()
            .collect()
    }

    fn finish<T>(self, result: Option<T>) -> Result<T, Box<Problems>> {
        let mut problems = self.decoder.problems;
        let failed = problems
            .iter()
            .any(|problem| problem.severity == Severity::Error);
        match result {
            Some(result) if !failed => Ok(result),
            _ => {
                if problems.is_empty() {
                    problems.push(Problem::general("the scenario could not be read"));
                }
                // A mistake in a file that several readings use is one mistake.
                let mut seen: Vec<Problem> = Vec::new();
                problems.retain(|problem| {
                    let new = !seen.contains(problem);
                    if new {
                        seen.push(problem.clone());
                    }
                    new
                });
                Err(Box::new(Problems {
                    sources: self.decoder.sources,
                    problems,
                }))
            }
        }
    }
}

/// The full path of a reference, which is relative to the file it stands in; one given with `--set` is
/// relative to the scenario's.
pub(super) fn full_path(sources: &Sources, root: &str, reference: &str, span: &Span) -> String {
    let source = sources.get(span.file);
    let from = if source.is_override {
        root
    } else {
        &source.name
    };
    join(from, reference)
}

/// Joins a path to the folder of the file it stands in. `file:` paths are relative to where the
/// program runs, whatever they are written in; `builtin:` paths and absolute ones stand
/// alone.
fn join(from: &str, path: &str) -> String {
    if let Some(alone) = path.strip_prefix("file:") {
        return alone.to_owned();
    }
    if path.starts_with('/') || path.starts_with("builtin:") {
        return path.to_owned();
    }
    let (scheme, from) = match from.strip_prefix("builtin:") {
        Some(rest) => ("builtin:", rest),
        None => ("", from),
    };
    let folder = from.rfind('/').map_or("", |slash| &from[..=slash]);
    let mut parts: Vec<&str> = Vec::new();
    let joined = format!("{folder}{path}");
    for part in joined.split('/') {
        match part {
            "." => {}
            ".." if parts
                .last()
                .is_some_and(|last| !last.is_empty() && *last != "..") =>
            {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    format!("{scheme}{}", parts.join("/"))
}

/// SHA-256 of a value written as JSON, in hexadecimal.
pub(super) fn digest(value: &impl serde::Serialize, more: &[&str]) -> String {
    let mut hasher = Sha256::new();
    // A value that cannot be written as JSON does not occur: keys are strings, numbers finite.
    hasher.update(serde_json::to_vec(value).unwrap_or_default());
    for text in more {
        hasher.update([0]);
        hasher.update(text.as_bytes());
    }
    hasher
        .finalize()
        .iter()
        .fold(String::new(), |mut hex, byte| {
            use std::fmt::Write;
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// A tree with one table under one key.
pub(super) fn under(key: &str, table: &Table, span: &Span) -> Node {
    let node = Node {
        value: Value::Table(table.clone()),
        span: span.clone(),
    };
    let entry = Entry {
        key_span: span.clone(),
        node,
    };
    let table = Table::from_iter([(key.to_owned(), entry)]);
    Node {
        value: Value::Table(table),
        span: span.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn paths_are_relative_to_the_file_they_stand_in() {
        assert_eq!(
            join("scenarios/us.toml", "curves/a.toml"),
            "scenarios/curves/a.toml"
        );
        assert_eq!(join("us.toml", "curves/a.toml"), "curves/a.toml");
        assert_eq!(
            join("mine/us.toml", "../scenarios/a.toml"),
            "scenarios/a.toml"
        );
        assert_eq!(join("us.toml", "../a.toml"), "../a.toml");
        assert_eq!(
            join("builtin:us.toml", "curves/a.toml"),
            "builtin:curves/a.toml"
        );
        assert_eq!(join("/x/us.toml", "/y/a.toml"), "/y/a.toml");
        assert_eq!(join("mine/us.toml", "builtin:a.toml"), "builtin:a.toml");
        assert_eq!(join("builtin:us.toml", "file:mine/p.toml"), "mine/p.toml");
    }
}
