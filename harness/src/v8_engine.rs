//! V8 in this process: started once, and checked before anything is measured with it.
//!
//! Which V8 that is depends on how the program was built, and [`build_description`] says it. It is
//! either the static library that the authors of the `v8` crate publish, or a shared library made
//! by others, which the setting up of this project prepared: `docs/v8.md`. The second is loaded by
//! [`initialize`] and not before, so that a program that does not measure V8 does not pay for it.
//! Its headers and the crate's are not of the same version, so these parts of the crate's interface
//! must not be used: accessors and interceptors of object templates, hooks of promises, fast calls,
//! and backing stores or allocators of array buffers that are memory of Rust. The heap of C++
//! objects (`cppgc`) does not link.
//!
//! A mistake inside V8 ends the process. Use it in one that may end.

#![allow(unsafe_code)]

use std::fmt;
use std::sync::OnceLock;

/// The versions of V8 that this module was tried with, without what follows the second dot.
#[cfg(tonnage_prebuilt_v8)]
const ACCEPTED: &[&str] = &["14.4"];
#[cfg(not(tonnage_prebuilt_v8))]
const ACCEPTED: &[&str] = &["14.5"];

/// The version of a V8 that started and passed its test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EngineVersion(&'static str);

impl EngineVersion {
    /// As V8 writes it: `14.4.258.23`.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for EngineVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Why V8 cannot be used in this process.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The library that was prepared is not there any more, or is another one.
    #[error("the V8 library {library} cannot be loaded: {reason}; `make setup` prepares it again")]
    Library {
        /// The file.
        library: String,
        /// What the loader says.
        reason: String,
    },
    /// The library is not of a version this program knows how to use.
    #[error(
        "the V8 library is version {found}, but this program was built for {}",
        .accepted.join(" or ")
    )]
    Version {
        /// What the library says of itself.
        found: String,
        /// What it may begin with.
        accepted: &'static [&'static str],
    },
    /// V8 started, but does not do what it should.
    #[error(
        "V8 does not pass its test, so it is not measured: {what} gave {found}, not {expected}"
    )]
    SelfTest {
        /// What was tried.
        what: &'static str,
        /// What came of it.
        found: String,
        /// What should have.
        expected: String,
    },
}

/// Starts V8 and tests it; the second and later calls only say again how that went.
///
/// On processors with memory protection keys V8 lets only the thread that started it, and threads
/// begun from there afterwards, run code. So call this from the main thread before starting others.
///
/// # Errors
///
/// When the library is missing, of another version, or fails its test.
pub fn initialize() -> Result<EngineVersion, EngineError> {
    static STARTED: OnceLock<Result<EngineVersion, EngineError>> = OnceLock::new();
    STARTED.get_or_init(start).clone()
}

/// Which build of V8 is measured, in words for a report.
///
/// # Errors
///
/// Those of [`initialize`], which this calls: V8 itself says part of it.
pub fn build_description() -> Result<String, EngineError> {
    unsafe extern "C" {
        /// Of the crate's bindings, which keep it to themselves.
        fn v8__V8__IsSandboxEnabled() -> bool;
    }
    let version = initialize()?;
    // SAFETY: it has no arguments, and reads what was settled when V8 started.
    let sandbox = unsafe { v8__V8__IsSandboxEnabled() };
    let origin = if cfg!(tonnage_prebuilt_v8) {
        "as the Python package mini-racer 0.14.1 carries it"
    } else {
        "the static library of the Rust crate v8 145.0.0"
    };
    // The bindings would not work with a library built otherwise.
    let compressed = cfg!(target_arch = "x86_64");
    Ok(format!(
        "V8 {version}, {origin}, {} pointer compression and {} the V8 sandbox",
        if compressed { "with" } else { "without" },
        if sandbox { "with" } else { "without" },
    ))
}

/// Which build of V8 this program was made for, without starting it.
pub fn expected_build() -> &'static str {
    if cfg!(tonnage_prebuilt_v8) {
        "14.4, as the Python package mini-racer 0.14.1 carries it"
    } else {
        "14.5, the static library of the Rust crate v8 145.0.0"
    }
}

/// Runs a script and gives its value as a string; if it throws, what it threw.
///
/// # Errors
///
/// What was thrown, or said of its syntax, as a string.
pub fn evaluate(scope: &mut v8::PinScope<'_, '_>, source: &str) -> Result<String, String> {
    v8::tc_scope!(let scope, scope);
    let value = v8::String::new(scope, source)
        .and_then(|source| v8::Script::compile(scope, source, None))
        .and_then(|script| script.run(scope));
    match (value, scope.exception()) {
        (Some(value), _) => Ok(value.to_rust_string_lossy(scope)),
        (None, Some(thrown)) => Err(thrown.to_rust_string_lossy(scope)),
        (None, None) => Err("no value".to_owned()),
    }
}

/// Runs a script in a new context and keeps what it leaves behind, for isolates to start from.
///
/// # Errors
///
/// What the script threw, as a string.
pub fn snapshot(source: &str) -> Result<v8::StartupData, String> {
    let mut creator = v8::Isolate::snapshot_creator(None, None);
    let left = {
        v8::scope!(let scope, &mut creator);
        let context = v8::Context::new(scope, v8::ContextOptions::default());
        let scope = &mut v8::ContextScope::new(scope, context);
        let left = evaluate(scope, source);
        // Even after a mistake: an isolate made for a snapshot has to end with one.
        scope.set_default_context(context);
        left
    };
    let blob = creator.create_blob(v8::FunctionCodeHandling::Keep);
    left?;
    blob.ok_or_else(|| "no snapshot".to_owned())
}

/// Runs a script in a new isolate and context, from a snapshot if there is one.
///
/// # Errors
///
/// What the script threw, as a string.
pub fn evaluate_alone(source: &str, snapshot: Option<v8::StartupData>) -> Result<String, String> {
    let mut parameters = v8::CreateParams::default();
    if let Some(snapshot) = snapshot {
        parameters = parameters.snapshot_blob(snapshot);
    }
    let mut isolate = v8::Isolate::new(parameters);
    v8::scope!(let scope, &mut isolate);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    evaluate(&mut v8::ContextScope::new(scope, context), source)
}

fn start() -> Result<EngineVersion, EngineError> {
    #[cfg(tonnage_prebuilt_v8)]
    prebuilt::load()?;
    let version = EngineVersion(v8::V8::get_version());
    check_version(version)?;
    // One thread beside, whatever the machine. The platform without protection of threads crashes
    // with the prebuilt library.
    let platform = v8::new_default_platform(1, false).make_shared();
    v8::V8::initialize_platform(platform);
    v8::V8::initialize();
    self_test()?;
    Ok(version)
}

fn check_version(version: EngineVersion) -> Result<(), EngineError> {
    let known = ACCEPTED.iter().any(|accepted| {
        version
            .0
            .strip_prefix(accepted)
            .is_some_and(|rest| rest.starts_with('.'))
    });
    if known {
        Ok(())
    } else {
        Err(EngineError::Version {
            found: version.0.to_owned(),
            accepted: ACCEPTED,
        })
    }
}

fn self_test() -> Result<(), EngineError> {
    let sum = "[1, 2, 3].reduce((sum, next) => sum + next, 36)";
    expect("a sum", &evaluate_alone(sum, None), "42")?;

    let json = r#"{"text":"é😀","list":[1,2.5,null],"deep":{"true":true}}"#;
    let again = format!("JSON.stringify(JSON.parse('{json}'))");
    expect("JSON", &evaluate_alone(&again, None), json)?;

    let number = "new Intl.NumberFormat('de-DE').format(1234567.5)";
    expect(
        "a number in German",
        &evaluate_alone(number, None),
        "1.234.567,5",
    )?;

    let thrown = evaluate_alone("throw 'thrown'", None).map_or_else(Ok, Err);
    expect("an exception", &thrown, "thrown")?;

    let restored = snapshot("globalThis.twice = (x) => 2 * x; ''")
        .and_then(|snapshot| evaluate_alone("twice(21)", Some(snapshot)));
    expect("a snapshot", &restored, "42")
}

fn expect(
    what: &'static str,
    found: &Result<String, String>,
    expected: &str,
) -> Result<(), EngineError> {
    match found {
        Ok(found) if found == expected => Ok(()),
        Ok(found) | Err(found) => Err(EngineError::SelfTest {
            what,
            found: found.clone(),
            expected: expected.to_owned(),
        }),
    }
}

/// The shared library, which `scripts/setup-v8.sh` prepared.
#[cfg(tonnage_prebuilt_v8)]
mod prebuilt {
    use std::ffi::{CStr, CString, c_char};

    use super::EngineError;

    unsafe extern "C" {
        /// In `scripts/v8/load.c`.
        fn tonnage_v8_load(library: *const c_char, icu_data: *const c_char) -> *const c_char;
    }

    /// Where it was when this program was built.
    const FOLDER: &str = env!("TONNAGE_V8_LIBRARY");

    /// Loads it, with its language data. To be called once, before anything else of V8.
    pub(super) fn load() -> Result<(), EngineError> {
        let library = format!("{FOLDER}/libmini_racer.so");
        let icu_data = format!("{FOLDER}/icudtl.dat");
        let failed = |reason: &str| EngineError::Library {
            library: library.clone(),
            reason: reason.to_owned(),
        };
        let (Ok(library_path), Ok(icu_path)) =
            (CString::new(library.as_str()), CString::new(icu_data))
        else {
            return Err(failed("its path has a zero byte"));
        };
        // SAFETY: both arguments are C strings that live through the call, and V8 copies the path
        // of the data. The only caller is inside a `OnceLock`, before any other use of V8, so that
        // nothing reads the addresses which the function fills in.
        let problem = unsafe { tonnage_v8_load(library_path.as_ptr(), icu_path.as_ptr()) };
        if problem.is_null() {
            return Ok(());
        }
        // SAFETY: it is not null, so it is the C string of a static buffer, written before the
        // function returned and never again, as the function is called once.
        let reason = unsafe { CStr::from_ptr(problem) };
        Err(failed(&reason.to_string_lossy()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_refused() {
        let found = "13.9.1.2";
        let error = check_version(EngineVersion(found)).expect_err("it is another one");
        assert_eq!(
            error.to_string(),
            format!(
                "the V8 library is version {found}, but this program was built for {}",
                ACCEPTED.join(" or ")
            )
        );
    }

    #[test]
    fn a_version_is_compared_by_its_numbers() {
        for accepted in ACCEPTED {
            assert!(check_version(EngineVersion(format!("{accepted}.1.2").leak())).is_ok());
            assert!(check_version(EngineVersion(format!("{accepted}9.1.2").leak())).is_err());
        }
    }

    #[test]
    fn a_wrong_value_is_refused_with_both_values() {
        let error = expect("a sum", &Ok("41".to_owned()), "42").expect_err("41 is not 42");
        assert_eq!(
            error.to_string(),
            "V8 does not pass its test, so it is not measured: a sum gave 41, not 42"
        );
    }
}
