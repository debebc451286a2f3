//! The words for every value of an enumeration, the same in every format.

use tonnage_model::measurement::technology::{Language, Role, StartKind};
use tonnage_model::profile::{Boundary, Capability, Origin};
use tonnage_model::result::{BindingResource, Verdict};
use tonnage_model::scenario::{ConcurrencyMeaning, Lifecycle};

/// What separates one sandbox from another.
pub fn boundary(value: Boundary) -> &'static str {
    match value {
        Boundary::LanguageRuntime => "language runtime",
        Boundary::Process => "process",
        Boundary::SharedKernel => "shared kernel",
        Boundary::UserSpaceKernel => "user-space kernel",
        Boundary::Hardware => "hardware virtualisation",
    }
}

/// What a sandbox offers.
pub fn capability(value: Capability) -> &'static str {
    match value {
        Capability::ApiCalls => "API calls",
        Capability::Javascript => "JavaScript",
        Capability::Wasm => "WebAssembly",
        Capability::Python => "Python",
        Capability::Linux => "full Linux",
        Capability::Browser => "browser",
    }
}

/// A list of capabilities, or `nothing in particular`.
pub fn capabilities(values: &[Capability]) -> String {
    if values.is_empty() {
        return "nothing in particular".to_owned();
    }
    let words: Vec<_> = values.iter().map(|value| capability(*value)).collect();
    words.join(", ")
}

/// What a start begins from.
pub fn start_kind(value: StartKind) -> &'static str {
    match value {
        StartKind::Cold => "cold",
        StartKind::Snapshot => "from a snapshot of an initialised heap",
        StartKind::Precompiled => "from code compiled beforehand",
        StartKind::Pooled => "from code compiled and memory set aside beforehand",
        StartKind::Shared => "inside a sandbox that is already there",
        StartKind::Joined => "a program that joins a sandbox that already runs",
    }
}

/// What the guest program is written in.
pub fn language(value: Language) -> &'static str {
    match value {
        Language::Native => "native code",
        Language::Javascript => "JavaScript",
        Language::Python => "Python",
    }
}

/// What a row of a measurement is there for.
pub fn role(value: Role) -> &'static str {
    match value {
        Role::Candidate => "candidate",
        Role::Reference => "reference",
        Role::Overhead => "overhead of the harness",
        Role::KnownAnswer => "known answer",
    }
}

/// Where a number comes from.
pub fn origin(value: Origin) -> &'static str {
    match value {
        Origin::Measured => "measured",
        Origin::Published => "published",
        Origin::Assumed => "assumed",
    }
}

/// The resource that sets the number of hosts.
pub fn binding(value: BindingResource) -> &'static str {
    match value {
        BindingResource::Cpu => "CPU",
        BindingResource::Memory => "memory",
        BindingResource::StartRate => "start rate",
        BindingResource::Density => "density limit",
    }
}

/// When sandboxes start and stop.
pub fn lifecycle(value: Lifecycle) -> &'static str {
    match value {
        Lifecycle::PerSession => "one per session",
        Lifecycle::PerBurst => "one per burst",
    }
}

/// Over which time a concurrency rate is stated.
pub fn meaning(value: ConcurrencyMeaning) -> &'static str {
    match value {
        ConcurrencyMeaning::AllHours => "mean over all 168 hours of the week",
        ConcurrencyMeaning::WorkingHours => "mean over local working hours, Mon–Fri 09:00–17:00",
        ConcurrencyMeaning::Peak => "highest moment of the week, all time zones together",
    }
}

/// How a claim fares.
pub fn verdict(value: Verdict) -> &'static str {
    match value {
        Verdict::Holds => "holds",
        Verdict::HoldsUnder => "holds under a condition",
        Verdict::DoesNotHold => "does not hold here",
        Verdict::NeedsMeasurement => "needs measurement",
        Verdict::NotTestable => "not testable here",
    }
}

/// The value as it is written in files.
pub fn key<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}
