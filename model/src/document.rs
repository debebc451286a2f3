//! Documents a person writes: TOML read into a tree in which every value knows the file and the
//! bytes it came from, so that each mistake can be shown where it stands.
//!
//! Reading never stops at the first mistake: every decoder notes its [`Problem`]s and goes on, and
//! the caller gets all of them together.

mod decode;
mod merge;
mod node;
mod parse;
mod problem;

pub use decode::{Decode, Decoder, Field, Keyed};
pub(crate) use decode::{decode_word, record, word};
pub(crate) use merge::{MAX_KEYS, VALUE_KEYS, is_value};
pub use merge::{merge, override_of};
pub use node::{Entry, Node, Table, Value};
pub use parse::parse;
pub use problem::{FileId, Problem, Problems, Severity, Source, Sources, Span};
