//! The explorer: a server on the loopback interface, and the page it serves.
//!
//! The page holds its own state, in its address: each request names all that is laid over the scenario,
//! and the server remembers nothing of it. What is computed runs on threads of its own, and stops when
//! whoever asked has gone away.

mod answer;
mod export;
mod form;
mod guard;
mod job;
mod message;
mod narration;
mod routes;
mod snapshot;
mod watch;

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::Duration;

use rayon::ThreadPool;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tonnage_model::plan::{Memory, PlanOptions};
use tonnage_model::scenario::{LoadOptions, Loaded};

use crate::args::ScenarioArguments;
use crate::console::Console;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use form::Form;
use snapshot::Snapshot;

/// Simulations and reports that are computed at a time; others wait.
const SIMULATIONS: usize = 2;

/// Simulations and reports that may wait; others are turned away.
const WAITING: usize = 8;

/// Answers that are computed at a time; others wait, each no longer than those before it may take.
const ANSWERS: usize = 2;

/// How often the server looks whether it is to end.
const LOOK: Duration = Duration::from_millis(100);

/// How long requests that are being answered may take to end, when the server ends.
const FAREWELL: Duration = Duration::from_secs(3);

/// What was given on the command line.
#[derive(Debug)]
pub(crate) struct Options {
    /// The scenario as it was named.
    pub(crate) scenario: String,
    /// What is laid over it in every answer.
    pub(crate) over: ScenarioArguments,
    /// Draws in place of the scenario's.
    pub(crate) draws: Option<u32>,
    /// Threads; all CPUs unless given.
    pub(crate) threads: Option<u16>,
    /// Folder below which reports are written.
    pub(crate) output: Option<PathBuf>,
}

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Explorer {
    options: Options,
    console: Console,
    /// Path of the scenario in the snapshot, and what the command line lays over it.
    path: String,
    over: LoadOptions,
    snapshot: Snapshot,
    /// The scenario's title and question, its digest, and the form of the page as it stands there.
    start: Start,
    /// Answers have threads of their own: simulations would keep them waiting.
    answering: ThreadPool,
    simulating: ThreadPool,
    /// What answers have worked out for those that follow.
    memory: Memory,
    answers: Arc<Semaphore>,
    simulations: Semaphore,
    waiting: AtomicUsize,
    ending: Arc<AtomicBool>,
}

/// The scenario that the page begins with.
#[derive(Debug, serde::Serialize)]
struct Start {
    title: String,
    question: String,
    /// The scenario as it was named.
    name: String,
    /// Tells links of other scenarios.
    digest: String,
    /// Whether reports can be written.
    output: bool,
    version: &'static str,
    form: Form,
}

impl Explorer {
    /// The explorer of a scenario.
    pub(crate) fn new(loaded: Loaded, options: Options, console: Console) -> Result<Self, Failure> {
        let threads = |name: &'static str| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(options.threads.map_or(0, usize::from))
                .thread_name(move |index| format!("{name}-{index}"))
                .build()
                .map_err(|error| {
                    Failure::system(format!("cannot start the threads: {error}"))
                        .help("give fewer with --threads")
                })
        };
        let draws = options.draws.unwrap_or(loaded.scenario.draws);
        Ok(Self {
            memory: Memory::new(draws),
            answering: threads("answer")?,
            simulating: threads("simulate")?,
            start: Start {
                title: loaded.scenario.title.clone(),
                question: loaded.scenario.question.clone(),
                name: options.scenario.clone(),
                digest: loaded.scenario.digest.chars().take(12).collect(),
                output: options.output.is_some(),
                version: env!("CARGO_PKG_VERSION"),
                form: Form::new(&loaded)?,
            },
            snapshot: Snapshot::of(&loaded),
            path: loaded.path,
            over: loaded.options,
            options,
            console,
            answers: Arc::new(Semaphore::new(ANSWERS)),
            simulations: Semaphore::new(SIMULATIONS),
            waiting: AtomicUsize::new(0),
            ending: Arc::default(),
        })
    }

    /// How a plan is computed.
    fn plan_options(&self, simulate: bool) -> PlanOptions {
        PlanOptions {
            simulate,
            draws: self.options.draws,
        }
    }
}

/// A socket on the loopback interface and what runs on it.
#[derive(Debug)]
pub(crate) struct Server {
    runtime: tokio::runtime::Runtime,
    listener: TcpListener,
    port: u16,
}

impl Server {
    /// Takes a port of this machine, any that is free if it is zero.
    pub(crate) fn bind(port: u16) -> Result<Self, Failure> {
        // Whatever computes has threads of its own.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| {
                Failure::system(format!("cannot start the server: {}", error.kind()))
            })?;
        let bound = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
        let listener = bound.map_err(|error| refused(port, &error))?;
        let address = listener
            .local_addr()
            .map_err(|error| refused(port, &error))?;
        Ok(Self {
            runtime,
            listener,
            port: address.port(),
        })
    }

    /// Where the page is.
    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Serves until the user asks it to end.
    pub(crate) fn run(self, explorer: Explorer, interrupt: &Interrupt) -> Result<(), Failure> {
        let ending = Arc::clone(&explorer.ending);
        let app = routes::app(Arc::new(explorer), self.port);
        let asked = interrupt.clone();
        let served = self.runtime.block_on(async move {
            let end = async move {
                while !asked.asked() {
                    tokio::time::sleep(LOOK).await;
                }
                ending.store(true, std::sync::atomic::Ordering::Relaxed);
            };
            let serving = axum::serve(self.listener, app).with_graceful_shutdown(end);
            let late = async {
                while !interrupt.asked() {
                    tokio::time::sleep(LOOK).await;
                }
                tokio::time::sleep(FAREWELL).await;
            };
            tokio::select! {
                served = serving => served,
                () = late => Ok(()),
            }
        });
        // What is still being computed looks at `ending` within a moment.
        self.runtime.shutdown_timeout(FAREWELL);
        served.map_err(|error| Failure::system(format!("the server failed: {}", error.kind())))
    }
}

fn refused(port: u16, error: &std::io::Error) -> Failure {
    let kind = error.kind();
    if kind == std::io::ErrorKind::AddrInUse {
        return Failure::input(format!("port {port} is in use by another program"))
            .help("give another with --port, or none to have any that is free");
    }
    Failure::system(format!(
        "cannot listen on port {port} of this machine: {kind}"
    ))
    .help("give another with --port, or none to have any that is free")
}
