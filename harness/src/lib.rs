//! What sandbox technologies cost on a host, and what that host is.
//!
//! A measurement writes a [`ProfileDocument`], the same document that published numbers come in, so
//! that a plan does not care which of the two it is given. [`measurement`] says what can be
//! measured in this version; [`host`] says what the numbers would have been measured on.

pub mod host;
pub mod measurement;
#[cfg(feature = "v8")]
pub mod v8_engine;

pub use tonnage_model::profile::{
    Boundary, Capability, Origin, ProfileDocument, TechnologyDocument,
};
