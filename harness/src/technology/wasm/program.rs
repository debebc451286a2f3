//! The guest program in its WebAssembly forms. `harness/guests/build-wasm.sh` builds them.

use crate::technology::Failure;

/// A form of the guest program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// Compiled from C. The host writes requests into its memory.
    Plain,
    /// Compiled from C. Reads and writes lines through WASI.
    Wasi,
    /// Compiled from C, with a component around it. Takes and gives texts.
    Component,
    /// In JavaScript, with an engine and a component around both.
    JavascriptComponent,
    /// In JavaScript, with an engine that runs it.
    Javascript,
    /// The same, with the script already evaluated.
    JavascriptSnapshot,
}

impl Program {
    /// Its name in files.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "guest",
            Self::Wasi => "guest-wasi",
            Self::Component => "guest-component",
            Self::JavascriptComponent => "guest-javascript-component",
            Self::Javascript => "guest-javascript",
            Self::JavascriptSnapshot => "guest-javascript-snapshot",
        }
    }

    /// The module or the component, if it is shipped; for a snapshot, the module it is taken of.
    pub(super) fn shipped(self) -> Result<&'static [u8], Failure> {
        Ok(match self {
            Self::Plain => include_bytes!("../../../guests/wasm/guest.wasm"),
            Self::Wasi => include_bytes!("../../../guests/wasm/guest-wasi.wasm"),
            Self::Component => include_bytes!("../../../guests/wasm/guest-component.wasm"),
            Self::Javascript | Self::JavascriptSnapshot => {
                include_bytes!("../../../guests/wasm/guest-javascript.wasm")
            }
            Self::JavascriptComponent => {
                return Err(Failure::new(format!("{} is not shipped", self.name())));
            }
        })
    }

    /// Whether it is a component.
    pub(super) fn is_component(self) -> bool {
        matches!(self, Self::Component | Self::JavascriptComponent)
    }

    /// Whether the work is done in JavaScript.
    pub(super) fn is_javascript(self) -> bool {
        matches!(
            self,
            Self::Javascript | Self::JavascriptSnapshot | Self::JavascriptComponent
        )
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::path::Path;

    use sha2::{Digest, Sha256};
    use wasmtime::{Engine, Module};

    use super::Program;

    #[test]
    fn the_modules_were_built_from_the_present_sources() {
        let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests");
        let sums = std::fs::read_to_string(guests.join("wasm/SHA256SUMS")).expect("is shipped");
        assert_eq!(sums.lines().count(), 9);
        for line in sums.lines() {
            let (sum, file) = line.split_once("  ").expect("a sum and a file");
            let bytes = std::fs::read(guests.join(file)).expect("is shipped");
            let found = Sha256::digest(&bytes)
                .iter()
                .fold(String::new(), |mut text, byte| {
                    write!(text, "{byte:02x}").expect("strings take everything");
                    text
                });
            assert_eq!(
                found, sum,
                "harness/guests/{file} is not what the modules were built from or with: \
                 run harness/guests/build-wasm.sh"
            );
        }
    }

    #[test]
    fn the_modules_export_what_the_host_calls_and_import_what_it_offers() {
        let engine = Engine::default();
        for (program, calls, offers) in [
            (
                Program::Plain,
                &["memory", "tonnage_buffer", "tonnage_answer"][..],
                &["ready"][..],
            ),
            (
                Program::Wasi,
                &["memory", "_initialize", "tonnage_serve"],
                &["clock_time_get", "fd_read", "fd_write"],
            ),
        ] {
            let module =
                Module::new(&engine, program.shipped().expect("is shipped")).expect("compiles");
            for call in calls {
                assert!(module.get_export(call).is_some(), "{program:?} {call}");
            }
            let imports: Vec<&str> = module.imports().map(|import| import.name()).collect();
            assert_eq!(imports, offers, "{program:?}");
        }
    }
}
