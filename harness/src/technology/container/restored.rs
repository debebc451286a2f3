//! Containers that go on from a checkpoint: one is started beforehand and its processes' state written to
//! files by CRIU; a start is that state brought back, any number of times.

use std::path::Path;
use std::process::{Command, Stdio};

use super::command;
use super::oci::{Checkpoint, OciContainer, OciStarter, Runtime};
use super::root::Contents;
use crate::guest::Request;
use crate::technology::{
    DeadRun, Description, Failure, Inside, Need, Role, StartKind, Started, Starter, Support,
    Technology, Verdict, Workspace,
};
use crate::tools;

/// What writes and reads checkpoints.
const CRIU: &str = "criu";

/// Seconds in which it has to say whether it works here.
const QUICK: f64 = 10.0;

/// A container that goes on from a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    runtime: Runtime,
    contents: Contents,
}

impl Restored {
    /// By a runtime that knows how to, with these contents.
    pub fn new(runtime: Runtime, contents: Contents) -> Self {
        Self { runtime, contents }
    }

    fn container(self) -> OciContainer {
        OciContainer::new(self.runtime, self.contents)
    }
}

impl Technology for Restored {
    fn description(&self) -> Description {
        let container = self.container().description();
        let runtime = self.runtime.name();
        Description {
            id: format!("{}-checkpoint", container.id),
            title: format!("{}, from a checkpoint", container.title),
            inside: Inside::linux(Support::Possible),
            start: StartKind::Snapshot,
            clock: format!(
                "From before the bundle's folder and config.json are written, through `{runtime} restore`, \
                 until the guest has answered a request through a pipe, rightly. The root file system and the \
                 checkpoint are there before."
            ),
            notes: Some(
                "The checkpoint was taken of a guest that had answered one request. Every container goes on \
                 from the same state: what is random in it is the same in all, and a service would have to \
                 draw again. Memory is read from the checkpoint's files and is each container's own. The \
                 network namespace is its own and empty."
                    .to_owned(),
            ),
            role: Role::Candidate,
            ..container
        }
    }

    fn examine(&self) -> Verdict {
        let Verdict::Ready { mut tools } = self.container().examine() else {
            return self.container().examine();
        };
        match tools::verdict(CRIU, "--version", "apt-get install criu") {
            Verdict::Ready { tools: found } => tools.extend(found),
            missing @ Verdict::NotHere { .. } => return missing,
        }
        let mut check = Command::new(CRIU);
        check.arg("check").stdin(Stdio::null());
        match command::run(check, QUICK) {
            Ok(_) => Verdict::Ready { tools },
            Err(failure) => {
                let version = tools.last().map_or("", |tool| tool.version.as_str());
                Verdict::NotHere {
                    why: format!(
                        "CRIU ({version}) does not work with this kernel: {}",
                        cause(&failure.message)
                    ),
                    enable: "a CRIU that knows this kernel, on PATH: Debian 13 has 4.1; \
                             docs/technologies.md says how to build that on Debian 12"
                        .to_owned(),
                }
            }
        }
    }

    fn needs(&self) -> Vec<Need> {
        let mut needs = self.container().needs();
        needs.push(Need::program(CRIU, "criu"));
        needs
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        let starter = self.container().starter(workspace)?;
        let folder = workspace.own().join("checkpoint");
        let checkpoint = workspace.step(
            "start a container and write a checkpoint of it",
            |workspace| {
                let checkpoint = starter.checkpoint(folder, &Request::small(1))?;
                workspace.note_command(format!(
                    "{} checkpoint --image-path DIR --work-path BUNDLE ID # {} bytes",
                    self.runtime.name(),
                    checkpoint.size()
                ));
                Ok(checkpoint)
            },
        )?;
        workspace.note_command(format!(
            "{} restore --detach --image-path DIR --bundle BUNDLE --pid-file BUNDLE/pid ID",
            self.runtime.name()
        ));
        Ok(Box::new(RestoredStarter {
            starter,
            checkpoint,
        }))
    }

    fn sweep(&self, run: &DeadRun) {
        self.container().sweep(run);
    }
}

/// The first of CRIU's complaints, which is the cause of the others.
fn cause(said: &str) -> &str {
    let Some((_, after)) = said.split_once("Error ") else {
        return said;
    };
    // The place in CRIU's own source is nobody's concern.
    let after = after.split_once("): ").map_or(after, |(_, after)| after);
    after.split(" Error ").next().unwrap_or(after).trim()
}

#[derive(Debug)]
struct RestoredStarter {
    starter: OciStarter,
    checkpoint: Checkpoint,
}

impl Starter for RestoredStarter {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let (stamps, container) = self.starter.restore_container(&self.checkpoint, request)?;
        Ok(Started {
            stamps,
            instance: Box::new(container),
        })
    }

    fn files(&self) -> Option<&Path> {
        self.starter.files()
    }
}

#[cfg(test)]
mod tests {
    use super::{Contents, Restored, Runtime, cause};
    use crate::technology::{StartKind, Technology};

    #[test]
    fn the_row_says_that_it_goes_on_from_a_checkpoint() {
        let row = Restored::new(Runtime::Runc, Contents::Node).description();
        assert_eq!(row.id, "container-runc-checkpoint");
        assert_eq!(row.start, StartKind::Snapshot);
        assert!(row.title.ends_with("from a checkpoint"), "{}", row.title);
    }

    #[test]
    fn the_cause_is_the_first_complaint() {
        let said = "`criu check` failed (exit status: 1): Error (criu/vdso.c:381): vdso: Unexpected rt vDSO \
                    area bounds Error (criu/vdso.c:613): vdso: Failed to fill self vdso symtable";
        assert_eq!(cause(said), "vdso: Unexpected rt vDSO area bounds");
        assert_eq!(
            cause("`criu check` was not done"),
            "`criu check` was not done"
        );
    }
}
