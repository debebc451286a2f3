//! The answer for a terminal: plain text of at most 100 columns.

mod fleet;
mod layout;

use std::fmt::Write as _;

use tonnage_model::result::{CapacityResult, Verdict};

use crate::{arrivals, baseline, format, operation, optimum, sizing, view, words};
pub use fleet::write as fleet;
pub(crate) use layout::{Lines, Paint, Style, columns, columns_within, wrapped};

/// Widest line.
pub(crate) const WIDTH: usize = 100;

/// The answer, the warnings, the plans with their three estimates, and the claims' verdicts.
/// With `color`, headings and verdicts carry ANSI escapes; the text is the same.
pub fn write(result: &CapacityResult, color: bool) -> String {
    let style = Style { color };
    let mut out = String::new();
    for line in wrapped(&result.answer, WIDTH) {
        out.push_str(&style.bold(&line));
        out.push('\n');
    }
    for warning in view::warnings(result) {
        marked(&mut out, style, &warning);
    }
    sizing::append(&mut out, result, style);
    optimum::append(&mut out, result, style);
    demand(&mut out, result, style);
    plans(&mut out, result, style);
    tiers(&mut out, result, style);
    let sections = [
        operation::section(result),
        arrivals::section(result),
        baseline::section(result),
    ];
    for section in sections.into_iter().flatten() {
        section.terminal(&mut out, style);
    }
    if let Some(found) = &result.fleet {
        fleet::section(&mut out, result, found, style);
    }
    claims(&mut out, result, style);
    drivers(&mut out, result, style);
    out
}

/// What to know, marked.
fn marked(out: &mut String, style: Style, text: &str) {
    for (index, line) in wrapped(text, WIDTH - 2).into_iter().enumerate() {
        let mark = if index == 0 { "! " } else { "  " };
        out.push_str(&style.warn(&format!("{mark}{line}")));
        out.push('\n');
    }
}

fn heading(out: &mut String, style: Style, text: &str) {
    out.push('\n');
    for line in wrapped(text, WIDTH) {
        out.push_str(&style.bold(&line));
        out.push('\n');
    }
}

fn demand(out: &mut String, result: &CapacityResult, style: Style) {
    let demand = &result.demand;
    heading(out, style, "Demand");
    let text = format!(
        "Peak {} open sessions, {}; mean {}; peak over mean {}.",
        format::estimate(demand.peak_sessions),
        format::week_hour(demand.peak_hour),
        format::count(demand.mean_sessions),
        format::short(demand.peak_to_mean, 3),
    );
    for line in wrapped(&text, WIDTH) {
        out.push_str(&line);
        out.push('\n');
    }
}

fn plans(out: &mut String, result: &CapacityResult, style: Style) {
    heading(out, style, "Plans (95% intervals in brackets)");
    if result.plans.is_empty() {
        out.push_str("The scenario has no technology plan.\n");
        return;
    }
    let mut rows = Vec::new();
    for plan in &result.plans {
        let (best, _) = view::best(plan);
        rows.push(vec![
            plan.title.clone(),
            view::envelope_words(result.envelope.cpus_low, result.envelope.cpus_high),
            format::estimate(plan.analytic.vcpus),
            plan.simulated
                .as_ref()
                .map_or("not simulated".to_owned(), |r| format::estimate(r.vcpus)),
            view::binding_mix(plan)
                .first()
                .map_or(String::new(), |(first, _)| {
                    words::binding(*first).to_owned()
                }),
            best.usd_per_month
                .map_or("no price".to_owned(), |usd| format::usd(usd.central)),
        ]);
    }
    out.push_str(&columns(
        style,
        &[
            "plan",
            "#envelope CPUs",
            "#analytic vCPUs",
            "#simulated vCPUs",
            "binds",
            "#per month",
        ],
        &rows,
    ));
}

fn tiers(out: &mut String, result: &CapacityResult, style: Style) {
    let Some(plan) = result.plans.first() else {
        return;
    };
    heading(out, style, &format!("Tiers of {}", plan.title));
    let rows: Vec<_> = plan
        .tiers
        .iter()
        .map(|tier| {
            vec![
                view::tier_title(result, &tier.tier).to_owned(),
                view::technology_title(result, &tier.technology).to_owned(),
                format::estimate(tier.analytic.vcpus),
                view::simulated(tier).map_or("not simulated".to_owned(), |found| {
                    format::estimate(found.requirement.vcpus)
                }),
                words::binding(tier.binding).to_owned(),
                format::count(tier.sessions_per_vcpu),
            ]
        })
        .collect();
    out.push_str(&columns(
        style,
        &[
            "tier",
            "technology",
            "#analytic vCPUs",
            "#simulated vCPUs",
            "binds",
            "#sessions/vCPU",
        ],
        &rows,
    ));
}

fn claims(out: &mut String, result: &CapacityResult, style: Style) {
    if result.claims.is_empty() {
        return;
    }
    heading(out, style, "Claims");
    for claim in &result.claims {
        let verdict = words::verdict(claim.verdict);
        let colored = match claim.verdict {
            Verdict::Holds => style.good(verdict),
            Verdict::HoldsUnder => style.warn(verdict),
            Verdict::DoesNotHold => style.bad(verdict),
            Verdict::NeedsMeasurement | Verdict::NotTestable => style.faint(verdict),
        };
        for line in wrapped(&format!("“{}”", claim.quote), WIDTH) {
            out.push_str(&line);
            out.push('\n');
        }
        let room = WIDTH - 4 - verdict.chars().count();
        let found = wrapped(&claim.found, room);
        for (index, line) in found.iter().enumerate() {
            if index == 0 {
                let _ = writeln!(out, "  {colored}: {line}");
            } else {
                let _ = writeln!(out, "  {line}");
            }
        }
    }
}

fn drivers(out: &mut String, result: &CapacityResult, style: Style) {
    if result.tornado.is_empty() {
        return;
    }
    heading(out, style, "What moves the answer most");
    let rows: Vec<_> = result
        .tornado
        .iter()
        .take(5)
        .map(|bar| {
            vec![
                bar.label.clone(),
                format!("{} → {}", bar.low_input, bar.high_input),
                format!(
                    "{} → {}",
                    format::count(bar.low_output),
                    format::count(bar.high_output)
                ),
            ]
        })
        .collect();
    out.push_str(&columns(
        style,
        &["input", "#5% → 95% quantile", "#analytic vCPUs"],
        &rows,
    ));
}
