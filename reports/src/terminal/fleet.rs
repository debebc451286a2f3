//! A day of the fleet for a terminal.

use std::fmt::Write as _;

use tonnage_model::result::{CapacityResult, Estimated, FleetPlan, FleetResult};

use super::{Style, WIDTH, columns, heading, wrapped};
use crate::fleet::{self, Standing};
use crate::{format, view};

/// The day alone: what it says in a sentence, the warnings, every plan, and the hours of the first.
pub fn write(result: &CapacityResult, color: bool) -> String {
    let style = Style { color };
    let mut out = String::new();
    let Some(found) = &result.fleet else {
        return out;
    };
    for line in wrapped(&fleet::answer(result, found), WIDTH) {
        out.push_str(&style.bold(&line));
        out.push('\n');
    }
    for warning in view::warnings(result) {
        super::marked(&mut out, style, &warning);
    }
    section(&mut out, result, found, style);
    out
}

/// The section of a result.
pub(super) fn section(
    out: &mut String,
    result: &CapacityResult,
    found: &FleetResult,
    style: Style,
) {
    heading(out, style, &format!("The day: {}", fleet::day(found)));
    for remark in fleet::remarks(found) {
        lines(out, &remark);
    }
    for plan in &found.plans {
        of_plan(out, result, plan, style);
    }
    if let Some(first) = found.plans.first() {
        hours(out, first, style);
    }
}

fn lines(out: &mut String, text: &str) {
    for line in wrapped(text, WIDTH) {
        out.push_str(&line);
        out.push('\n');
    }
}

fn of_plan(out: &mut String, result: &CapacityResult, plan: &FleetPlan, style: Style) {
    heading(out, style, &plan.title);
    let rows: Vec<Vec<String>> = plan
        .tiers
        .iter()
        .map(|tier| {
            vec![
                view::tier_title(result, &tier.tier).to_owned(),
                view::technology_title(result, &tier.technology).to_owned(),
                format::estimate(tier.totals.sessions),
                format::estimate(tier.totals.vcpu_hours),
                format::percent_with(tier.totals.utilisation.central, 2),
                fleet::hour(tier.peak_hour),
            ]
        })
        .collect();
    let names = [
        "tier",
        "technology",
        "#sessions",
        "#vCPU-hours",
        "#used",
        "#peak",
    ];
    out.push_str(&columns(style, &names, &rows));
    for tier in &plan.tiers {
        let words = format!(
            "{}: {}; {}: {}.",
            fleet::tier_words(result, tier),
            fleet::site(tier),
            fleet::extent(tier),
            fleet::effort(tier)
        );
        lines(out, &words);
        for note in &tier.notes {
            super::marked(out, style, note);
        }
        for promise in &tier.promises {
            let standing = Standing::of(promise);
            let colored = match standing {
                Standing::Kept => style.good(standing.words()),
                Standing::Missed => style.bad(standing.words()),
                Standing::Undecided => style.warn(standing.words()),
            };
            let room = WIDTH - 4 - standing.words().len();
            let text = format!(
                "{}: {}, {} allowed; hours beyond: {}",
                promise.name,
                share(promise.found),
                format::percent_with(promise.target, 2),
                fleet::hours_missed(promise),
            );
            for (index, line) in wrapped(&text, room).into_iter().enumerate() {
                let mark = if index == 0 { &*colored } else { "" };
                let colon = if index == 0 { ": " } else { "  " };
                let _ = writeln!(out, "  {mark}{colon}{line}");
            }
        }
    }
}

fn hours(out: &mut String, plan: &FleetPlan, style: Style) {
    let rows: Vec<Vec<String>> = fleet::plan_hours(plan)
        .iter()
        .map(|row| {
            let quantile = |value: Option<Estimated>, show: fn(f64, usize) -> String| {
                value.map_or("–".to_owned(), |value| show(value.central, 3))
            };
            vec![
                fleet::hour(row.hour),
                format::estimate(row.sessions),
                format::estimate(row.busy_vcpus),
                format::count(row.vcpus),
                format::per_second(row.starts_per_second.central),
                quantile(row.start_wait_p99, format::seconds_with),
                quantile(row.slowdown_p99, format::ratio_with),
                quantile(row.rejected, format::percent_with),
            ]
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    heading(
        out,
        style,
        &format!(
            "{}, hour by hour; waits and slowdowns of the tier where they are worst",
            plan.title
        ),
    );
    let names = [
        "#hour",
        "#sessions",
        "#busy vCPUs",
        "#of",
        "#starts",
        "#wait p99",
        "#slowdown p99",
        "#rejected",
    ];
    out.push_str(&columns(style, &names, &rows));
}

fn share(value: Estimated) -> String {
    format::estimate_with(value, format::percent_with)
}
