//! What was measured on a host: raw records, what they say of each technology, and the profile that
//! comes of it.

pub mod compare;
pub mod document;
pub mod example;
pub mod figure;
pub mod profile;
pub mod read;
pub mod record;
pub mod summary;
pub mod technology;

pub use read::MeasurementError;
