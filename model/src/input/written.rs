//! Beliefs and laws as a person writes them in a scenario file.

use std::fmt::Write as _;

use super::uncertain::Uncertain;
use super::variable::VariableShape;

/// A belief and how it varies, in TOML; a single figure stands without quotes, as after `--set`.
pub(super) fn law(
    scale: &Uncertain,
    shape: &VariableShape,
    write: impl Fn(f64) -> String,
) -> String {
    let quoted = |value: f64| quoted(&write(value));
    let scaled = |name: &str, second: Option<(&str, f64)>| {
        let mut figures = vec![("mean", belief(scale, &write))];
        if let Some((key, value)) = second {
            figures.push((key, value.to_string()));
        }
        distribution(name, &figures)
    };
    match shape {
        VariableShape::Deterministic => match scale {
            Uncertain::Exact(value) => write(*value),
            uncertain => belief(uncertain, &write),
        },
        VariableShape::Exponential => scaled("exponential", None),
        VariableShape::Lognormal { cv } => scaled("lognormal", Some(("cv", *cv))),
        VariableShape::LognormalQuantiles { p95, .. } => {
            let figures = [("p50", belief(scale, &write)), ("p95", quoted(*p95))];
            distribution("lognormal", &figures)
        }
        VariableShape::Gamma { cv } => scaled("gamma", Some(("cv", *cv))),
        VariableShape::Weibull { shape } => scaled("weibull", Some(("shape", *shape))),
        VariableShape::Pareto { shape } => scaled("pareto", Some(("shape", *shape))),
        VariableShape::Hyperexponential { cv } => scaled("hyperexponential", Some(("cv", *cv))),
        VariableShape::Uniform { low, high } => {
            let figures = [("low", quoted(*low)), ("high", quoted(*high))];
            distribution("uniform", &figures)
        }
        VariableShape::Empirical { values } => {
            let values: Vec<String> = values.iter().map(|value| quoted(*value)).collect();
            let figures = [("values", format!("[{}]", values.join(", ")))];
            distribution("empirical", &figures)
        }
    }
}

fn distribution(name: &str, figures: &[(&str, String)]) -> String {
    let mut text = format!("{{ distribution = \"{name}\"");
    for (key, figure) in figures {
        // Writing to a text cannot fail.
        let _ = write!(text, ", {key} = {figure}");
    }
    text.push_str(" }");
    text
}

fn belief(value: &Uncertain, write: impl Fn(f64) -> String) -> String {
    let quoted = |value: f64| quoted(&write(value));
    match *value {
        Uncertain::Exact(value) => quoted(value),
        Uncertain::Uniform { low, high } => {
            format!("{{ low = {}, high = {} }}", quoted(low), quoted(high))
        }
        Uncertain::Triangular { low, mode, high } => format!(
            "{{ low = {}, mode = {}, high = {} }}",
            quoted(low),
            quoted(mode),
            quoted(high)
        ),
        Uncertain::Lognormal { p50, p95 } => {
            format!("{{ p50 = {}, p95 = {} }}", quoted(p50), quoted(p95))
        }
    }
}

/// A number stands as it is, anything with a unit in quotes.
fn quoted(text: &str) -> String {
    if text.ends_with(|c: char| c.is_ascii_digit()) {
        text.to_owned()
    } else {
        format!("\"{text}\"")
    }
}
