//! Technologies whose answers are known: they sleep, burn and touch as told, or go wrong as told.
//!
//! The harness is checked with them: what it says of them must be what they did. They are left out
//! of a measurement unless they are named.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crate::Boundary;
use crate::clock::{Stamp, cpu_of_this_thread};
use crate::guest::{Language, Request};
use crate::technology::{
    Description, Failure, Inside, Instance, Role, Stamps, StartKind, Started, Starter, Technology,
    Verdict, Workspace,
};

/// Seconds that a start of [`KnownAnswer::Sleep`] sleeps.
pub const SLEEP: f64 = 0.005;

/// CPU seconds that a start of [`KnownAnswer::Burn`] burns.
pub const BURN: f64 = 0.004;

/// Bytes that a live instance of [`KnownAnswer::Memory`] has for itself.
pub const OWN_MEMORY: usize = 768 << 10;

/// Bytes that all instances of [`KnownAnswer::Memory`] share.
pub const SHARED_MEMORY: usize = 48 << 20;

/// Seconds that the one start of [`KnownAnswer::Stall`] takes that holds up all others.
pub const STALL: f64 = 0.2;

/// A technology whose answers are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownAnswer {
    /// Sleeps before each first result.
    Sleep,
    /// Burns CPU time before each first result.
    Burn,
    /// Keeps memory of its own, and memory that all share.
    Memory,
    /// Starts one sandbox at a time, and the first of them takes long.
    Stall,
    /// Ends its process at the second start.
    Crash,
    /// Never answers.
    Hang,
    /// Answers wrongly.
    Wrong,
}

impl KnownAnswer {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Sleep,
        Self::Burn,
        Self::Memory,
        Self::Stall,
        Self::Crash,
        Self::Hang,
        Self::Wrong,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Sleep => "sleep",
            Self::Burn => "burn",
            Self::Memory => "memory",
            Self::Stall => "stall",
            Self::Crash => "crash",
            Self::Hang => "hang",
            Self::Wrong => "wrong",
        }
    }
}

impl Technology for KnownAnswer {
    fn description(&self) -> Description {
        Description {
            id: format!("known-{}", self.name()),
            title: format!("Known answer: {}", self.name()),
            boundary: Boundary::LanguageRuntime,
            offers: Vec::new(),
            inside: Inside::nothing(),
            language: Language::Native,
            start: StartKind::Cold,
            clock: "Nothing but what is told.".to_owned(),
            notes: Some("For checking the harness: no technology.".to_owned()),
            role: Role::KnownAnswer,
        }
    }

    fn examine(&self) -> Verdict {
        Verdict::Ready { tools: Vec::new() }
    }

    fn prepare(&self, workspace: &mut Workspace) -> Result<Box<dyn Starter>, Failure> {
        let shared = workspace.step("touch the shared memory", |_| {
            Ok(match self {
                Self::Memory => touched(SHARED_MEMORY),
                _ => Vec::new(),
            })
        })?;
        Ok(Box::new(KnownStarter {
            kind: *self,
            starts: AtomicU32::new(0),
            one_at_a_time: std::sync::Mutex::new(0),
            shared,
        }))
    }
}

/// Memory with something different in every page.
fn touched(bytes: usize) -> Vec<u8> {
    let mut memory = vec![0_u8; bytes];
    for (page, first) in memory.iter_mut().step_by(4096).enumerate() {
        *first = u8::try_from(page % 255).unwrap_or(0) + 1;
    }
    memory
}

struct KnownStarter {
    kind: KnownAnswer,
    starts: AtomicU32,
    one_at_a_time: std::sync::Mutex<u32>,
    shared: Vec<u8>,
}

impl Starter for KnownStarter {
    fn start(&self, request: &Request) -> Result<Started, Failure> {
        let earlier = self.starts.fetch_add(1, Ordering::Relaxed);
        let mut memory = Vec::new();
        let mut answer = request.expected().to_owned();
        match self.kind {
            KnownAnswer::Sleep => thread::sleep(Duration::from_secs_f64(SLEEP)),
            KnownAnswer::Burn => burn(BURN),
            KnownAnswer::Memory => {
                std::hint::black_box(&self.shared);
                memory = touched(OWN_MEMORY);
            }
            KnownAnswer::Stall => {
                // Counted by those who have their turn, so that the one that takes long is the first.
                let mut turns = self
                    .one_at_a_time
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                *turns += 1;
                // The first start of a process warms it up; the second is the first of a burst.
                if *turns == 2 {
                    thread::sleep(Duration::from_secs_f64(STALL));
                }
            }
            KnownAnswer::Crash if earlier == 1 => std::process::abort(),
            KnownAnswer::Crash => {}
            KnownAnswer::Hang => loop {
                thread::sleep(Duration::from_hours(1));
            },
            KnownAnswer::Wrong => answer.push('0'),
        }
        let created = Stamp::now();
        request.check(&answer)?;
        Ok(Started {
            stamps: Stamps {
                created: Some(created),
                first_instruction: None,
                first_result: Stamp::now(),
            },
            instance: Box::new(KnownInstance { memory }),
        })
    }
}

fn burn(seconds: f64) {
    let begin = cpu_of_this_thread();
    while cpu_of_this_thread() - begin < seconds {
        std::hint::spin_loop();
    }
}

struct KnownInstance {
    memory: Vec<u8>,
}

impl Instance for KnownInstance {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        std::hint::black_box(&self.memory);
        burn(f64::from(request.rounds()) * BURN / f64::from(crate::guest::HEAVY_ROUNDS));
        Ok(request.check(request.expected())?)
    }

    fn stop(self: Box<Self>) -> Result<(), Failure> {
        Ok(())
    }
}
