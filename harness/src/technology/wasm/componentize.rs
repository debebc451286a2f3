//! The guest program in JavaScript as a component, built on this host by componentize-js: too large to
//! ship.

use std::fs;
use std::process::{Command, Stdio};

use super::super::command;
use crate::guest::JAVASCRIPT;
use crate::need::{self, npm};
use crate::technology::{Failure, Need, Tool, Verdict, Workspace};
use crate::tools;

/// The library's main file, in its package.
const LIBRARY: &str = "@bytecodealliance/componentize-js/src/componentize.js";

/// Seconds that building may take: it takes twenty.
const PATIENCE: f64 = 300.0;

/// The program that calls the library, and what the component is to look like.
const CALL: &str = include_str!("../../../guests/componentize.mjs");
const INTERFACES: &str = include_str!("../../../guests/guest.wit");

/// What is needed beside Wasmtime.
pub(super) fn needs() -> Vec<Need> {
    vec![
        Need::program("node", "nodejs"),
        npm::PROGRAM,
        Need::Npm(&npm::COMPONENTIZE_JS),
    ]
}

/// Whether that is there; with the tools there are already.
pub(super) fn examine(id: &str, mut found: Vec<Tool>) -> Verdict {
    let missing = |why: String| Verdict::NotHere {
        why,
        enable: need::enable(id, &needs()),
    };
    let Some(node) =
        tools::find("node").and_then(|path| tools::tool("node", &path, &["--version"]))
    else {
        return missing(
            "there is no working `node` on PATH to build the component with".to_owned(),
        );
    };
    let Some(library) = npm::COMPONENTIZE_JS.file(&[LIBRARY]) else {
        return missing("there is no componentize-js from npm".to_owned());
    };
    found.push(Tool {
        name: npm::COMPONENTIZE_JS.name.to_owned(),
        version: npm::COMPONENTIZE_JS.version().to_owned(),
        path: Some(library),
    });
    found.push(node);
    Verdict::Ready { tools: found }
}

/// Builds the component.
pub(super) fn build(workspace: &mut Workspace) -> Result<Vec<u8>, Failure> {
    let library = npm::COMPONENTIZE_JS
        .file(&[LIBRARY])
        .ok_or_else(|| Failure::new("there is no componentize-js"))?;
    let folder = workspace.own().join("componentize");
    workspace.note_command("node componentize.mjs LIBRARY guest.js guest.wit guest.wasm");
    workspace.step("build the component (componentize-js)", |_| {
        let failed = |error| Failure::of("cannot write what the component is built from", error);
        fs::create_dir_all(&folder).map_err(failed)?;
        for (name, text) in [
            ("componentize.mjs", CALL),
            ("guest.js", JAVASCRIPT),
            ("guest.wit", INTERFACES),
        ] {
            fs::write(folder.join(name), text).map_err(failed)?;
        }
        let mut node = Command::new("node");
        node.arg("componentize.mjs")
            .arg(library)
            .args(["guest.js", "guest.wit", "guest.wasm"])
            .current_dir(&folder)
            .stdin(Stdio::null());
        command::run(node, PATIENCE)?;
        let component = fs::read(folder.join("guest.wasm"))
            .map_err(|error| Failure::of("cannot read the component", error))?;
        // It goes with its folder at the latest.
        let _ = fs::remove_dir_all(&folder);
        Ok(component)
    })
}
