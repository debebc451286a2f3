//! The capacity model: from people to hosts.
//!
//! How much hardware does a fleet of agents need, and on which sandbox technology? This library
//! answers from a scenario, with three estimates side by side. It is pure: it opens no files, asks no
//! clock and prints nothing; whoever uses it hands in the text of files and hears of progress.
//!
//! # The way of a number
//!
//! ```text
//! text ─▶ document ─▶ scenario ─▶ demand ─▶ plan ─▶ result
//!            ▲           ▲                   ▲ ▲
//!          units    input, profile    queueing simulation
//! ```
//!
//! 1. **Reading.** [`document`] reads TOML, lays files over each other, and keeps for every value the
//!    place it was written, so that a mistake can be shown with file, line and column. [`units`] reads
//!    quantities. [`scenario::load`] makes a checked [`scenario::Scenario`] of it, or a list of
//!    everything that is wrong. What a technology costs comes from a [`profile`].
//!
//! 2. **Not knowing.** Every number of a scenario is an *input*, in the registry of [`input`]: its key,
//!    where it comes from, and what is known of it. A [`input::Draw`] gives each input one value;
//!    [`input::Draw::central`] gives each its median. The rest of the model computes at one draw and
//!    does not know of the others. What *varies* from session to session is something else: a
//!    [`distribution`], of which a draw sets the parameter.
//!
//! 3. **Demand.** [`demand`] turns people into sessions over the 168 hours of the week: activity curves
//!    over time zones give the rate of starts, the length of a session ([`queueing::session_length`])
//!    gives the open sessions that follow with a lag ([`queueing::offered_load`]), and the stated
//!    concurrency rate gives the level, in whichever of its three meanings.
//!
//! 4. **Sizing.** [`plan`] asks what a host carries within the promises: CPUs shared by bursts
//!    ([`queueing::processor_sharing`]), room in memory ([`queueing::erlang`], for few agents
//!    [`queueing::finite_source`]), the rate of starts ([`queueing::single_server`]). From that follow
//!    cells, whole hosts, and what binds. A Monte Carlo over the inputs makes it an interval.
//!
//! 5. **Simulating.** [`simulation`] runs a cell of hosts event by event and finds the load it carries
//!    within the same promises. What it finds over what the formulas say corrects the plan.
//!
//! 6. **A day.** [`fleet`] simulates what the fleet so sized does over a day, cell by cell, whole or from a
//!    sample.
//!
//! 7. **Result.** [`result::CapacityResult`] holds all of it, with the inputs and their origins, as data
//!    that can be written and read back. Reports are made from it and from nothing else.
//!
//! # Planning a scenario
//!
//! Files come through [`scenario::Library`], which may be the file system, a map in memory or a
//! program's own data:
//!
//! ```no_run
//! use tonnage_model::plan::{PlanOptions, Silent, plan};
//! use tonnage_model::scenario::{Library, LibraryError, LoadOptions, load};
//!
//! struct Disk;
//!
//! impl Library for Disk {
//!     fn read(&self, path: &str) -> Result<String, LibraryError> {
//!         std::fs::read_to_string(path)
//!             .map_err(|error| LibraryError { reason: error.kind().to_string() })
//!     }
//! }
//!
//! let options = LoadOptions {
//!     overrides: vec!["segments.staff.people=900".to_owned()],
//!     ..LoadOptions::default()
//! };
//! let loaded = load(&Disk, "mine.toml", &options)?;
//! let result = plan(&loaded, &PlanOptions { simulate: false, draws: Some(200) }, &Silent)?;
//! assert!(result.plans[0].analytic.vcpus.low <= result.plans[0].analytic.vcpus.high);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Using the parts
//!
//! The formulas, the simulation and the statistics know nothing of scenarios. How many servers keep
//! 99% of requests from waiting longer than a tenth of their service time, and how much of that is
//! headroom?
//!
//! ```
//! use tonnage_model::queueing::erlang::{WaitingQueue, servers_for_wait};
//!
//! let servers = servers_for_wait(10_000.0, 0.1, 0.01)?;
//! assert!(WaitingQueue::new(10_000.0, servers)?.wait_survival(0.1) <= 0.01);
//! assert!(WaitingQueue::new(10_000.0, servers - 1)?.wait_survival(0.1) > 0.01);
//! assert!(servers < 10_100); // less than 1%: chance matters little at such sizes
//! # Ok::<(), tonnage_model::queueing::QueueingError>(())
//! ```
//!
//! And how far behind its starts do sessions of an hour peak over a day?
//!
//! ```
//! use std::f64::consts::TAU;
//! use tonnage_model::queueing::offered_load::SinusoidalLoad;
//!
//! let day = SinusoidalLoad::new(100.0, 80.0, TAU / 24.0, 1.0)?;
//! assert!((day.lag() * 60.0 - 58.7).abs() < 0.1); // minutes
//! # Ok::<(), tonnage_model::queueing::QueueingError>(())
//! ```
//!
//! # The same question has the same answer
//!
//! Every random number is a function of a name: seed, cell, replication, session, purpose ([`random`]).
//! Work is divided by such names and merged in their order, so the result is the same on any number of
//! threads, and two plans are compared under the same users. [`statistics`] makes intervals of what is
//! found; histograms there merge to the same bits in any order.
//!
//! Derivations with their sources, and the test that holds each formula, are in `docs/model.md`.

pub mod demand;
pub mod distribution;
pub mod document;
pub mod fleet;
pub mod input;
pub mod measurement;
pub mod plan;
pub mod profile;
pub mod queueing;
pub mod random;
pub mod result;
pub mod scenario;
pub mod simulation;
pub mod statistics;
pub mod units;
