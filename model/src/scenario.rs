//! Scenarios: who the users are, what their agents need, what a host is, what is promised.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Over which time a concurrency rate is stated.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ConcurrencyMeaning {
    /// The mean over all 168 hours of the week.
    AllHours,
    /// The mean over each person's local working hours, Monday to Friday 09:00 to 17:00.
    WorkingHours,
    /// The highest moment of the week, over all time zones together.
    Peak,
}

/// When sandboxes start and stop.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Lifecycle {
    /// One sandbox from the session's start to its end.
    PerSession,
    /// A fresh sandbox for every burst, thrown away after it.
    PerBurst,
}
