//! What was measured on a host: raw records, what they say of each technology, and the profile that
//! comes of it.

pub mod document;
pub mod profile;
pub mod read;
pub mod record;
pub mod technology;
