//! Numbers as inputs: what is not known exactly, what varies from event to event, and where each
//! number comes from.
//!
//! Two things are kept apart. An [`Uncertain`] number is one fixed number that is not known
//! exactly, such as the mean of a distribution: it makes the answer an interval. A [`Variable`]
//! differs from session to session, such as the time a person thinks: it makes queues.

mod quantity;
mod registry;
mod uncertain;
mod variable;
mod written;

pub(crate) use quantity::CITATION_KEYS;
pub use quantity::{Cited, Provenance, Quantity};
pub use registry::{Draw, Input, InputId, Inputs};
pub use uncertain::Uncertain;
pub use variable::{Variable, VariableShape};
