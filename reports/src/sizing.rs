//! What `tonnage size` found, in every format.

use maud::{Markup, html};
use tonnage_model::result::{
    CapacityResult, Estimated, FailureTrial, FleetSize, Margin, MarginVerdict, PoolingRow,
    SizedTier, SizingOutcome, SizingResult, TierSizing,
};
use tonnage_model::scenario::Lifecycle;

use crate::html::parts::{columns as html_columns, estimate_with, heading, table as html_table};
use crate::markdown::{Page, escaped};
use crate::table::{Cell, Kind, Table, number, text};
use crate::terminal::{Style, WIDTH, columns, wrapped};
use crate::{format, view, words};

/// What was found, for a terminal; nothing where the result has no sizing.
pub fn terminal(result: &CapacityResult, color: bool) -> String {
    let Some(sizing) = &result.sizing else {
        return String::new();
    };
    let style = Style { color };
    let mut out = String::new();
    for line in wrapped(&answer(result, sizing), WIDTH) {
        out.push_str(&style.bold(&line));
        out.push('\n');
    }
    for warning in view::warnings(result) {
        lines(&mut out, &warning, "! ", |line| style.warn(line));
    }
    append(&mut out, result, style);
    out
}

/// The tables alone, below others.
pub(crate) fn append(out: &mut String, result: &CapacityResult, style: Style) {
    let Some(sizing) = &result.sizing else {
        return;
    };
    title(out, style, &format!("Smallest fleets, {}", lost(sizing)));
    let rows: Vec<Vec<String>> = sizing.plans.iter().map(|plan| plan_row(plan, 3)).collect();
    out.push_str(&columns(style, &PLAN_HEAD, &rows));
    title(out, style, "Tier by tier, at central inputs");
    let rows: Vec<Vec<String>> = sized(sizing)
        .map(|(tier, found)| {
            let mut row = vec![
                view::tier_title(result, &tier.tier).to_owned(),
                technology(result, tier),
            ];
            row.extend(tier_cells(found));
            row
        })
        .collect();
    out.push_str(&columns(style, &TIER_HEAD, &rows));
    lines(out, BEYOND, "", |line| style.faint(line));
    let remarks = remarks(result, sizing);
    if !remarks.is_empty() {
        out.push('\n');
    }
    for remark in remarks {
        lines(out, &remark, "! ", |line| style.warn(line));
    }
    title(out, style, POOLING);
    let (head, rows) = pooling(result, sizing);
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    out.push_str(&columns(style, &head, &rows));
}

fn title(out: &mut String, style: Style, words: &str) {
    out.push('\n');
    for line in wrapped(words, WIDTH) {
        out.push_str(&style.bold(&line));
        out.push('\n');
    }
}

fn lines(out: &mut String, words: &str, mark: &str, paint: impl Fn(&str) -> String) {
    for (index, line) in wrapped(words, WIDTH - 2).into_iter().enumerate() {
        let mark = if index == 0 || mark.is_empty() {
            mark
        } else {
            "  "
        };
        out.push_str(&paint(&format!("{mark}{line}")));
        out.push('\n');
    }
}

const POOLING: &str = "What smaller cells cost: hosts for a session over those of an endless cell, \
                       by formulas; without / with the hosts that may be lost";

const BEYOND: &str = "Beyond the promise: the share of requests or bursts that one host fewer breaks, \
                      at this size → with one host fewer, of what is allowed.";

const PLAN_HEAD: [&str; 5] = [
    "plan",
    "#hosts",
    "#vCPUs",
    "#per month",
    "#hosts by formulas",
];

const TIER_HEAD: [&str; 7] = [
    "tier",
    "technology",
    "#cells × hosts",
    "#sessions/cell",
    "#÷ formulas",
    "one fewer exhausts",
    "#beyond the promise",
];

fn lost(sizing: &SizingResult) -> String {
    match sizing.lost_hosts {
        0 => "no host lost".to_owned(),
        1 => "every cell with one host lost".to_owned(),
        lost => format!("every cell with {lost} hosts lost"),
    }
}

/// The first plan's fleet in a sentence.
fn answer(result: &CapacityResult, sizing: &SizingResult) -> String {
    let Some(plan) = sizing.plans.first() else {
        return "The scenario has no technology plan.".to_owned();
    };
    match &plan.requirement {
        Some(found) => format!(
            "“{}” needs {} hosts, {} vCPUs (95% interval): the smallest fleet on “{}” that was \
             simulated to hold every promise with {} of each cell lost.",
            result.scenario.title,
            format::estimate(found.hosts),
            format::estimate(found.vcpus),
            plan.title,
            match sizing.lost_hosts {
                1 => "one host".to_owned(),
                lost => format!("{lost} hosts"),
            },
        ),
        None => format!(
            "“{}” on “{}” was not sized in full: {}.",
            result.scenario.title,
            plan.title,
            plan.missing.join("; ")
        ),
    }
}

fn plan_row(plan: &tonnage_model::result::SizedPlan, digits: usize) -> Vec<String> {
    let mut row = vec![plan.title.clone()];
    match &plan.requirement {
        Some(found) => row.extend([
            format::estimate(found.hosts),
            format::estimate(found.vcpus),
            found.usd_per_month.map_or("no price".to_owned(), |usd| {
                format::estimate_with(usd, format::usd_with)
            }),
        ]),
        None => row.extend(["not sized in full".to_owned(), String::new(), String::new()]),
    }
    row.push(format::short(plan.analytic.hosts.central, digits));
    row
}

fn sized(sizing: &SizingResult) -> impl Iterator<Item = (&SizedTier, &TierSizing)> {
    sizing.tiers.iter().filter_map(|tier| match &tier.outcome {
        SizingOutcome::Sized(found) => Some((tier, found.as_ref())),
        SizingOutcome::NotSized { .. } => None,
    })
}

/// The technology, and that its sandboxes are thrown away where they are.
fn technology(result: &CapacityResult, tier: &SizedTier) -> String {
    let title = view::technology_title(result, &tier.technology);
    match tier.lifecycle {
        Lifecycle::PerSession => title.to_owned(),
        Lifecycle::PerBurst => format!("{title}, {}", words::lifecycle(tier.lifecycle)),
    }
}

pub(crate) fn cells(fleet: &FleetSize) -> String {
    let hosts = match fleet.lost_hosts {
        0 => fleet.working_hosts.to_string(),
        lost => format!("({} + {lost})", fleet.working_hosts),
    };
    format!("{} × {hosts}", format::full(fleet.cells))
}

fn tier_cells(found: &TierSizing) -> [String; 5] {
    [
        cells(&found.fleet),
        format::count(found.fleet.sessions_per_cell),
        format::estimate_with(found.over_analytic, format::ratio_with),
        words::binding(found.binding).to_owned(),
        tightest(found),
    ]
}

/// The share beyond the promise that one host fewer breaks, here and there, and what is allowed.
fn tightest(found: &TierSizing) -> String {
    let strain = |margin: &Margin| margin.found.central / margin.allowed;
    let share = |margin: &Margin| format::percent_with(margin.found.central, 2);
    let basis = found.one_fewer.as_ref();
    let basis = basis.map_or(&found.margins, |fewer| &fewer.margins);
    let worst = basis
        .iter()
        .enumerate()
        .reduce(|a, b| if strain(b.1) > strain(a.1) { b } else { a });
    let Some((index, worst)) = worst else {
        return String::new();
    };
    let here = found.margins.get(index).unwrap_or(worst);
    let allowed = format::percent_with(here.allowed, 2);
    match found.one_fewer {
        Some(_) => format!("{} → {} of {allowed}", share(here), share(worst)),
        None => format!("{} of {allowed}", share(here)),
    }
}

fn tier_name(result: &CapacityResult, tier: &SizedTier) -> String {
    format!(
        "{} on {}",
        view::tier_title(result, &tier.tier),
        technology(result, tier)
    )
}

/// What a reader must know of single tiers.
fn remarks(result: &CapacityResult, sizing: &SizingResult) -> Vec<String> {
    let mut remarks = Vec::new();
    let name = |tier: &SizedTier| tier_name(result, tier);
    for tier in &sizing.tiers {
        if let SizingOutcome::NotSized { reason } = &tier.outcome {
            remarks.push(format!("{} was not sized: {reason}.", name(tier)));
        }
    }
    let undecided: Vec<String> = sized(sizing)
        .filter(|(_, found)| {
            found
                .one_fewer
                .as_ref()
                .is_some_and(|fewer| !fewer.surely_breaks)
                || found.hosts.low < found.hosts.central
        })
        .map(|(tier, _)| name(tier))
        .collect();
    if !undecided.is_empty() {
        remarks.push(format!(
            "Not decided to the last host within the events allowed; the safe side was taken, \
             --thorough looks closer: {}.",
            undecided.join("; ")
        ));
    }
    remarks.extend(failure_remarks(result, sizing));
    let parts: Vec<String> = sized(sizing)
        .filter(|(_, found)| !found.watched.whole_cell)
        .map(|(tier, found)| {
            format!(
                "{} ({} of {} hosts)",
                name(tier),
                found.watched.hosts,
                found.fleet.working_hosts
            )
        })
        .collect();
    if !parts.is_empty() {
        remarks.push(format!(
            "Only a part of a cell was simulated, for as long as the events allow, and stands for \
             the cell by the formulas' ratio of the two: {}.",
            parts.join("; ")
        ));
    }
    remarks
}

/// What happens while hosts are being lost.
fn failure_remarks(result: &CapacityResult, sizing: &SizingResult) -> Vec<String> {
    let mut remarks = Vec::new();
    for (tier, found) in sized(sizing) {
        let Some(FailureTrial::Watched { seconds, margins }) = &found.failure else {
            continue;
        };
        let broken: Vec<String> = margins
            .iter()
            .filter(|margin| margin.verdict == MarginVerdict::Broken)
            .map(|margin| {
                format!(
                    "{} {}, {} allowed",
                    format::percent_with(margin.found.central, 2),
                    margin.name,
                    format::percent_with(margin.allowed, 2)
                )
            })
            .collect();
        if !broken.is_empty() {
            remarks.push(format!(
                "{}: in the {} after hosts are lost, when their sessions ask for new sandboxes all \
                 at once, this is broken: {}.",
                tier_name(result, tier),
                format::seconds(*seconds),
                broken.join("; ")
            ));
        }
    }
    let unwatched: Vec<String> = sized(sizing)
        .filter_map(|(tier, found)| match &found.failure {
            Some(FailureTrial::NotWatched { reason }) => {
                Some(format!("{} ({reason})", tier_name(result, tier)))
            }
            _ => None,
        })
        .collect();
    if !unwatched.is_empty() {
        remarks.push(format!(
            "The minutes after hosts are lost were not simulated, only the time when they are gone, for \
             {}.",
            unwatched.join("; ")
        ));
    }
    remarks
}

/// The cost of cells of every size, with the hosts that may be lost.
fn pooling(result: &CapacityResult, sizing: &SizingResult) -> (Vec<String>, Vec<Vec<String>>) {
    let mut head = vec!["tier".to_owned(), "technology".to_owned()];
    if let Some((_, found)) = sized(sizing).next() {
        head.extend(found.pooling.iter().map(|row| {
            let mark = if row.chosen { " (chosen)" } else { "" };
            format!("#{} hosts{mark}", row.cell_hosts)
        }));
    }
    let more = |row: &PoolingRow| {
        format!(
            "+{} / +{}",
            format::percent_with(row.loss.max(0.0), 2),
            format::percent_with(row.loss_with_lost_hosts.max(0.0), 2)
        )
    };
    let rows = sized(sizing)
        .map(|(tier, found)| {
            let mut row = vec![
                view::tier_title(result, &tier.tier).to_owned(),
                technology(result, tier),
            ];
            row.extend(found.pooling.iter().map(more));
            row
        })
        .collect();
    (head, rows)
}

/// The section of the page.
pub(crate) fn html(result: &CapacityResult, sizing: &SizingResult) -> Markup {
    let plans = html! {
        @for plan in &sizing.plans {
            tr {
                th scope="row" { (plan.title) }
                @match &plan.requirement {
                    Some(found) => {
                        td.num { (estimate_with(found.hosts, format::short)) }
                        td.num { (estimate_with(found.vcpus, format::short)) }
                        td.num {
                            @match found.usd_per_month {
                                Some(usd) => (estimate_with(usd, format::usd_with)),
                                None => span.missing { "no price" },
                            }
                        }
                    }
                    None => td colspan="3" { span.missing { "not sized in full" } }
                }
                td.num { (format::full(plan.analytic.hosts.central)) }
            }
        }
    };
    let tiers = html! {
        @for (tier, found) in sized(sizing) {
            tr {
                th scope="row" { (view::tier_title(result, &tier.tier)) }
                td { (technology(result, tier)) }
                td.num { (cells(&found.fleet)) }
                td.num { (format::count(found.fleet.sessions_per_cell)) }
                td { (words::binding(found.binding)) }
                td.num { (estimate_with(found.over_analytic, format::ratio_with)) }
            }
        }
    };
    let margins = html_margins(result, sizing);
    let (head, rows) = pooling(result, sizing);
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let losses = html! {
        @for row in &rows {
            tr {
                @for (index, cell) in row.iter().enumerate() {
                    @match index {
                        0 => th scope="row" { (cell) },
                        1 => td { (cell) },
                        _ => td.num { (cell) },
                    }
                }
            }
        }
    };
    html! {
        (heading("sizing", "Smallest fleets"))
        p { (answer(result, sizing)) }
        @for remark in remarks(result, sizing) { p.missing { (remark) } }
        (html_table(
            "Smallest fleets that were simulated to hold every promise, with 95% intervals",
            &html_columns(&["Plan", "#Hosts", "#vCPUs", "#Per month", "#Hosts by formulas"]),
            &plans,
        ))
        (html_table(
            "Cells of each tier at central inputs; hosts that may be lost after the plus",
            &html_columns(&[
                "Tier", "Technology", "#Cells × hosts", "#Sessions per cell",
                "One host fewer exhausts", "#Over the formulas",
            ]),
            &tiers,
        ))
        (html_table(
            "How far every promise is from breaking: share found, with 95% intervals",
            &html_columns(&[
                "Tier", "Counted against the promise", "#Allowed", "#At this size",
                "#With one host fewer",
            ]),
            &margins,
        ))
        (html_table(
            POOLING,
            &html_columns(&head),
            &losses,
        ))
    }
}

fn html_margins(result: &CapacityResult, sizing: &SizingResult) -> Markup {
    html! {
        @for (tier, found) in sized(sizing) {
            @for (index, margin) in found.margins.iter().enumerate() {
                tr {
                    th scope="row" { (view::tier_title(result, &tier.tier)) " on " (technology(result, tier)) }
                    td { (margin.name) }
                    td.num { (format::percent(margin.allowed)) }
                    td.num { (estimate_with(margin.found, format::percent_with)) small { (verdict(margin.verdict)) } }
                    td.num {
                        @match found.one_fewer.as_ref().and_then(|fewer| fewer.margins.get(index)) {
                            Some(fewer) => {
                                (estimate_with(fewer.found, format::percent_with))
                                small { (verdict(fewer.verdict)) }
                            }
                            None => span.missing { "one host only" },
                        }
                    }
                }
            }
        }
    }
}

fn verdict(value: MarginVerdict) -> &'static str {
    match value {
        MarginVerdict::Kept => "kept",
        MarginVerdict::Undecided => "undecided",
        MarginVerdict::Broken => "broken",
    }
}

/// The section of the Markdown report.
pub(crate) fn markdown(page: &mut Page, result: &CapacityResult) {
    let Some(sizing) = &result.sizing else {
        return;
    };
    page.heading(2, "Smallest fleets");
    page.paragraph(&escaped(&answer(result, sizing)));
    page.list(remarks(result, sizing).iter().map(|remark| escaped(remark)));
    page.table(
        &[
            "Plan",
            "#Hosts",
            "#vCPUs",
            "#Per month",
            "#Hosts by formulas",
        ],
        sizing.plans.iter().map(|plan| {
            let cells = plan_row(plan, 6);
            cells.iter().map(|cell| escaped(cell)).collect()
        }),
    );
    page.table(
        &[
            "Tier",
            "Technology",
            "#Cells × hosts",
            "#Sessions per cell",
            "#Over the formulas",
            "One host fewer exhausts",
            "#Beyond the promise",
        ],
        sized(sizing).map(|(tier, found)| {
            let mut row = vec![
                escaped(view::tier_title(result, &tier.tier)),
                escaped(&technology(result, tier)),
            ];
            row.extend(tier_cells(found).iter().map(|cell| escaped(cell)));
            row
        }),
    );
    page.paragraph(&escaped(BEYOND));
    page.heading(3, POOLING);
    let (head, rows) = pooling(result, sizing);
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    page.table(
        &head,
        rows.iter()
            .map(|row| row.iter().map(|cell| escaped(cell)).collect()),
    );
}

fn spread(value: Estimated) -> [Cell; 3] {
    [number(value.central), number(value.low), number(value.high)]
}

/// Its tables.
pub(crate) fn tables(sizing: &SizingResult) -> [Table; 3] {
    [
        tiers_table(sizing),
        margins_table(sizing),
        pooling_table(sizing),
    ]
}

fn tiers_table(sizing: &SizingResult) -> Table {
    let mut table = Table::new(
        "sizing",
        "the smallest simulated fleet of every tier on every technology of the plans",
        &[
            ("tier", Kind::Text),
            ("technology", Kind::Text),
            ("lifecycle", Kind::Text),
            ("cells", Kind::Number),
            ("working_hosts", Kind::Number),
            ("lost_hosts", Kind::Number),
            ("sessions_per_cell", Kind::Number),
            ("hosts", Kind::Number),
            ("hosts_low", Kind::Number),
            ("hosts_high", Kind::Number),
            ("analytic_hosts", Kind::Number),
            ("over_analytic", Kind::Number),
            ("over_analytic_low", Kind::Number),
            ("over_analytic_high", Kind::Number),
            ("binding", Kind::Text),
            ("one_fewer_surely_breaks", Kind::Flag),
            ("simulated_hosts", Kind::Number),
            ("whole_cell", Kind::Flag),
            ("window_seconds", Kind::Number),
            ("replications", Kind::Number),
            ("events", Kind::Number),
            ("note", Kind::Text),
        ],
    );
    for tier in &sizing.tiers {
        let mut row = vec![
            text(&tier.tier),
            text(&tier.technology),
            text(words::key(&tier.lifecycle)),
        ];
        match &tier.outcome {
            SizingOutcome::Sized(found) => {
                row.extend([
                    number(found.fleet.cells),
                    number(f64::from(found.fleet.working_hosts)),
                    number(f64::from(found.fleet.lost_hosts)),
                    number(found.fleet.sessions_per_cell),
                ]);
                row.extend(spread(found.requirement.hosts));
                row.push(number(found.analytic_hosts));
                row.extend(spread(found.over_analytic));
                row.extend([
                    text(words::key(&found.binding)),
                    Cell::Flag(found.one_fewer.as_ref().map(|fewer| fewer.surely_breaks)),
                    number(f64::from(found.watched.hosts)),
                    Cell::Flag(Some(found.watched.whole_cell)),
                    number(found.watched.window_seconds),
                    number(found.watched.replications as f64),
                    number(found.watched.events as f64),
                    Cell::Text(None),
                ]);
            }
            SizingOutcome::NotSized { reason } => {
                row.extend((0..11).map(|_| Cell::Number(None)));
                row.extend([Cell::Text(None), Cell::Flag(None), Cell::Number(None)]);
                row.push(Cell::Flag(None));
                row.extend((0..3).map(|_| Cell::Number(None)));
                row.push(text(reason));
            }
        }
        table.push(row);
    }
    table
}

fn margins_table(sizing: &SizingResult) -> Table {
    let mut table = Table::new(
        "sizing-margins",
        "the share counted against every promise: `at-size`, with one host fewer (`one-fewer`), and \
         in the time after hosts were lost (`after-failure`)",
        &[
            ("tier", Kind::Text),
            ("technology", Kind::Text),
            ("lifecycle", Kind::Text),
            ("when", Kind::Text),
            ("working_hosts", Kind::Number),
            ("promise", Kind::Text),
            ("allowed", Kind::Number),
            ("found", Kind::Number),
            ("found_low", Kind::Number),
            ("found_high", Kind::Number),
            ("verdict", Kind::Text),
        ],
    );
    for (tier, found) in sized(sizing) {
        let hosts = found.fleet.working_hosts;
        let mut sizes = vec![("at-size", hosts, &found.margins)];
        if let Some(fewer) = &found.one_fewer {
            sizes.push(("one-fewer", fewer.working_hosts, &fewer.margins));
        }
        if let Some(FailureTrial::Watched { margins, .. }) = &found.failure {
            sizes.push(("after-failure", hosts, margins));
        }
        for (when, hosts, margins) in sizes {
            for margin in margins {
                let mut row = vec![
                    text(&tier.tier),
                    text(&tier.technology),
                    text(words::key(&tier.lifecycle)),
                    text(when),
                    number(f64::from(hosts)),
                    text(&margin.name),
                    number(margin.allowed),
                ];
                row.extend(spread(margin.found));
                row.push(text(words::key(&margin.verdict)));
                table.push(row);
            }
        }
    }
    table
}

fn pooling_table(sizing: &SizingResult) -> Table {
    let mut table = Table::new(
        "pooling",
        "what cells of several sizes carry, and what dividing the fleet into them costs",
        &[
            ("tier", Kind::Text),
            ("technology", Kind::Text),
            ("lifecycle", Kind::Text),
            ("cell_hosts", Kind::Number),
            ("chosen", Kind::Flag),
            ("sessions_per_host", Kind::Number),
            ("simulated_sessions_per_host", Kind::Number),
            ("loss", Kind::Number),
            ("loss_with_lost_hosts", Kind::Number),
            ("hosts", Kind::Number),
        ],
    );
    for (tier, found) in sized(sizing) {
        for row in &found.pooling {
            table.push(vec![
                text(&tier.tier),
                text(&tier.technology),
                text(words::key(&tier.lifecycle)),
                number(f64::from(row.cell_hosts)),
                Cell::Flag(Some(row.chosen)),
                number(row.sessions_per_host),
                Cell::Number(row.simulated_sessions_per_host),
                number(row.loss),
                number(row.loss_with_lost_hosts),
                number(row.hosts),
            ]);
        }
    }
    table
}

/// What `tonnage compare` holds against another result: name, unit and value.
pub(crate) fn outputs(result: &CapacityResult) -> Vec<(String, &'static str, Estimated)> {
    let Some(sizing) = &result.sizing else {
        return Vec::new();
    };
    let mut outputs = Vec::new();
    for plan in &sizing.plans {
        let Some(found) = &plan.requirement else {
            continue;
        };
        let title = &plan.title;
        outputs.push((
            format!("{title}: smallest fleet, hosts"),
            "hosts",
            found.hosts,
        ));
        if let Some(usd) = found.usd_per_month {
            outputs.push((
                format!("{title}: smallest fleet, US dollars per month"),
                "US dollars per month",
                usd,
            ));
        }
    }
    outputs
}

/// What in a sizing excludes something else in it, in words.
pub(crate) fn contradictions(result: &CapacityResult) -> Vec<String> {
    let Some(sizing) = &result.sizing else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (tier, sized) in sized(sizing) {
        let name = format!("the smallest fleet of {} on {}", tier.tier, tier.technology);
        let hosts = sized.fleet.hosts();
        if (hosts - sized.requirement.hosts.central).abs() > 0.5 {
            found.push(format!(
                "{name}: {} are {} hosts, not {}",
                cells(&sized.fleet),
                format::full(hosts),
                format::full(sized.requirement.hosts.central)
            ));
        }
        if sized
            .margins
            .iter()
            .any(|margin| margin.verdict != MarginVerdict::Kept)
        {
            found.push(format!("{name} does not surely keep every promise"));
        }
    }
    found
}
