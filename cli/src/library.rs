//! Where scenarios and what they refer to come from: the file system, and the files shipped inside
//! the program.

use std::io::{ErrorKind, Read};
use std::path::Path;

use tonnage_model::scenario::{Library, LibraryError};

/// What a built-in path begins with.
pub(crate) const BUILTIN: &str = "builtin:";

/// A path that stands alone though it means a file: relative to the working directory, whatever
/// the file it is named in.
const WORKING_DIRECTORY: &str = "file:";

/// The shipped files by their path.
static SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// Larger files are no scenarios.
const LARGEST: u64 = 64 << 20;

/// The file system and the shipped files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Files;

impl Library for Files {
    fn read(&self, path: &str) -> Result<String, LibraryError> {
        if let Some(file) = path.strip_prefix(WORKING_DIRECTORY) {
            return read_file(Path::new(file));
        }
        match path.strip_prefix(BUILTIN) {
            Some(name) => shipped(name)
                .map(str::to_owned)
                .ok_or_else(|| refused("no such built-in file")),
            None => read_file(Path::new(path)),
        }
    }
}

/// The text of a shipped file.
pub(crate) fn shipped(name: &str) -> Option<&'static str> {
    let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
    Some(text)
}

/// The names of the shipped scenarios, without `.toml`.
pub(crate) fn shipped_scenarios() -> impl Iterator<Item = &'static str> {
    SHIPPED
        .iter()
        .filter_map(|(path, _)| path.strip_suffix(".toml"))
        .filter(|name| !name.contains('/'))
}

/// The paths of the shipped lists of host shapes, as a scenario names them.
pub(crate) fn shipped_shapes() -> impl Iterator<Item = String> {
    SHIPPED
        .iter()
        .filter(|(path, _)| path.starts_with("hosts/"))
        .map(|(path, _)| format!("{BUILTIN}{path}"))
}

/// A path that means the same file wherever it is written.
pub(crate) fn standing_alone(path: &str) -> String {
    if path.starts_with(BUILTIN) || path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{WORKING_DIRECTORY}{path}")
    }
}

/// A path as the user knows it.
pub(crate) fn shown(path: &str) -> &str {
    path.strip_prefix(WORKING_DIRECTORY).unwrap_or(path)
}

/// The text of a file.
pub(crate) fn read_file(path: &Path) -> Result<String, LibraryError> {
    let file = std::fs::File::open(path).map_err(|error| reason(&error))?;
    if file.metadata().is_ok_and(|data| data.is_dir()) {
        return Err(refused("it is a directory, not a file"));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| reason(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refused("it is larger than 64 MiB"));
    }
    let text = String::from_utf8(bytes).map_err(|error| LibraryError {
        reason: format!(
            "it is not UTF-8 text (byte {} is the first that is none)",
            error.utf8_error().valid_up_to() + 1
        ),
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(without_mark) => without_mark.to_owned(),
        None => text,
    })
}

fn reason(error: &std::io::Error) -> LibraryError {
    LibraryError {
        reason: match error.kind() {
            ErrorKind::NotFound => "no such file".to_owned(),
            kind => kind.to_string(),
        },
    }
}

fn refused(reason: &str) -> LibraryError {
    LibraryError {
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Files, shown, standing_alone};
    use tonnage_model::scenario::Library;

    #[test]
    fn shipped_files_can_be_read() {
        assert!(Files.read("builtin:profiles/published.toml").is_ok());
        let error = Files.read("builtin:profiles/none.toml").expect_err("none");
        assert_eq!(error.reason, "no such built-in file");
    }

    #[test]
    fn nothing_but_data_is_shipped() {
        assert!(super::shipped("derive/derive.py").is_none());
        assert!(super::shipped("LICENCES.md").is_none());
    }

    #[test]
    fn paths_given_on_the_command_line_are_shown_as_given() {
        assert_eq!(shown(&standing_alone("mine/p.toml")), "mine/p.toml");
        assert_eq!(standing_alone("/p.toml"), "/p.toml");
        assert_eq!(standing_alone("builtin:p.toml"), "builtin:p.toml");
    }
}
