//! What sandbox technologies cost on a host, and what that host is.
//!
//! [`technology`] says what a technology is and lists those there are; [`guest`] is the piece of
//! work that all of them do. A measurement writes a [`ProfileDocument`], the same document that
//! published numbers come in, so that a plan does not care which of the two it is given. [`host`]
//! says what the numbers were measured on.

pub mod cell;
pub mod clock;
pub mod coding;
pub mod conductor;
pub mod effort;
pub mod guest;
pub mod host;
pub mod install;
pub mod log;
pub mod measurement;
pub mod meter;
pub mod need;
pub mod run;
pub use tonnage_model::measurement::record;
pub mod technology;
pub mod tools;
#[cfg(feature = "v8")]
pub mod v8_engine;

pub use tonnage_model::profile::{
    Boundary, Capability, Origin, ProfileDocument, TechnologyDocument,
};

/// The example of the guide compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/adding-a-technology.md")]
struct AddingATechnology;
