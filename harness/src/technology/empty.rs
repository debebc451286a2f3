//! No sandbox at all: what the harness itself costs per start.

use crate::Boundary;
use crate::clock::Stamp;
use crate::guest::{Language, Request};
use crate::technology::{
    Description, Failure, Inside, Instance, Role, Stamps, StartKind, Started, Starter, Technology,
    Verdict, Workspace,
};

/// Starts nothing and has the answer.
#[derive(Debug, Clone, Copy)]
pub struct Empty;

impl Technology for Empty {
    fn description(&self) -> Description {
        Description {
            id: "empty".to_owned(),
            title: "Nothing (the harness's own cost)".to_owned(),
            boundary: Boundary::LanguageRuntime,
            offers: Vec::new(),
            inside: Inside::nothing(),
            language: Language::Native,
            start: StartKind::Shared,
            clock: "Reading the clocks, and checking an answer that was there before.".to_owned(),
            notes: Some("No sandbox. What this row shows is in every other row too.".to_owned()),
            role: Role::Overhead,
        }
    }

    fn examine(&self) -> Verdict {
        Verdict::Ready { tools: Vec::new() }
    }

    fn prepare(&self, _workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        Ok(Box::new(Self))
    }
}

impl Starter for Empty {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let created = Stamp::now();
        request.check(request.expected())?;
        Ok(Started {
            stamps: Stamps {
                created: Some(created),
                first_instruction: Some(created),
                first_result: Stamp::now(),
            },
            instance: Box::new(Self),
        })
    }
}

impl Instance for Empty {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        Ok(request.check(request.expected())?)
    }

    fn stop(self: Box<Self>) -> Result<(), Failure> {
        Ok(())
    }
}
