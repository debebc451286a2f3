//! What `tonnage optimize` found, in every format.

use maud::{Markup, html};
use tonnage_model::result::{
    BindingResource, CapacityResult, Confirmation, ConfirmationOutcome, Estimated, OptimumOption,
    OptimumResult, OptimumTier,
};
use tonnage_model::scenario::Lifecycle;

use crate::html::parts::{columns as html_columns, estimate_with, heading, table as html_table};
use crate::markdown::{Page, escaped};
use crate::sizing::cells;
use crate::table::{Cell, Kind, Table, number, text};
use crate::terminal::{Style, WIDTH, columns, wrapped};
use crate::{format, view, words};

/// What was found, for a terminal; nothing where the result has no optimum.
pub fn terminal(result: &CapacityResult, color: bool) -> String {
    let Some(optimum) = &result.optimum else {
        return String::new();
    };
    let style = Style { color };
    let mut out = String::new();
    for line in wrapped(&answer(result, optimum), WIDTH) {
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
    let Some(optimum) = &result.optimum else {
        return;
    };
    title(out, style, "Cheapest for each tier, by formulas");
    out.push_str(&columns(style, &CHOICE_HEAD, &choices(result, optimum)));
    title(
        out,
        style,
        "Next best: another technology, and another shape for the same",
    );
    out.push_str(&columns(style, &NEXT_HEAD, &next_best(result, optimum)));
    let confirmed = confirmations(result, optimum);
    if !confirmed.is_empty() {
        title(
            out,
            style,
            "Confirmed by simulation, at central inputs: the choice and what is within a tenth of it",
        );
        out.push_str(&columns(style, &CONFIRMED_HEAD, &confirmed));
    }
    let demands = demands(result, optimum);
    if !demands.is_empty() {
        title(out, style, "What the demands cost");
        for line in demands {
            lines(out, &line, "- ", str::to_owned);
        }
    }
    title(out, style, "Chosen from");
    for line in chosen_from(optimum) {
        lines(out, &line, "- ", str::to_owned);
    }
    for note in &optimum.notes {
        lines(out, note, "! ", |line| style.warn(line));
    }
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
        let mark = if index == 0 { mark } else { "  " };
        out.push_str(&paint(&format!("{mark}{line}")));
        out.push('\n');
    }
}

const CHOICE_HEAD: [&str; 7] = [
    "tier",
    "technology",
    "shape",
    "#hosts",
    "#per month",
    "#cheapest in",
    "binds",
];

const NEXT_HEAD: [&str; 5] = [
    "tier",
    "instead",
    "#times the choice",
    "#cheapest in",
    "#costs more in the mean",
];

const CONFIRMED_HEAD: [&str; 5] = [
    "tier",
    "technology",
    "shape",
    "#cells × hosts",
    "#per month",
];

fn usd(value: Estimated) -> String {
    format::estimate_with(value, format::usd_with)
}

fn way(result: &CapacityResult, technology: &str, lifecycle: Lifecycle) -> String {
    format!(
        "{}, {}",
        view::technology_title(result, technology),
        words::lifecycle(lifecycle)
    )
}

/// The total in a sentence.
fn answer(result: &CapacityResult, optimum: &OptimumResult) -> String {
    let without: Vec<&str> = optimum
        .tiers
        .iter()
        .filter(|tier| tier.options.is_empty())
        .map(|tier| view::tier_title(result, &tier.tier))
        .collect();
    match optimum.usd_per_month {
        Some(total) => format!(
            "“{}” costs {} a month (95% interval, by formulas) with each tier on the cheapest \
             technology and host shape of {} combinations.",
            result.scenario.title,
            usd(total),
            format::full(optimum.combinations as f64),
        ),
        None => format!(
            "“{}” cannot be carried in full: nothing allowed carries “{}”.",
            result.scenario.title,
            without.join("”, “")
        ),
    }
}

fn choices(result: &CapacityResult, optimum: &OptimumResult) -> Vec<Vec<String>> {
    optimum
        .tiers
        .iter()
        .map(|tier| {
            let mut row = vec![view::tier_title(result, &tier.tier).to_owned()];
            if let Some(choice) = tier.options.first() {
                row.extend([
                    way(result, &choice.technology, choice.lifecycle),
                    choice.shape.clone(),
                    format::estimate(choice.hosts),
                    usd(choice.usd_per_month),
                    format::percent_with(choice.cheapest_share, 2),
                    words::binding(choice.binding).to_owned(),
                ]);
            } else {
                row.push("nothing allowed can carry it".to_owned());
                row.extend((0..5).map(|_| String::new()));
            }
            row
        })
        .collect()
}

fn next_best(result: &CapacityResult, optimum: &OptimumResult) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for tier in &optimum.tiers {
        let Some(choice) = tier.options.first() else {
            continue;
        };
        let mut push = |what: String, option: Option<&OptimumOption>| {
            let mut row = vec![view::tier_title(result, &tier.tier).to_owned(), what];
            match option {
                Some(option) => row.extend([
                    format::estimate_with(option.over_choice, format::ratio_with),
                    format::percent_with(option.cheapest_share, 2),
                    format::percent_with(option.regret, 2),
                ]),
                None => row.extend((0..3).map(|_| String::new())),
            }
            rows.push(row);
        };
        match tier.options.get(1) {
            Some(next) => push(
                format!(
                    "{} on {}",
                    way(result, &next.technology, next.lifecycle),
                    next.shape
                ),
                Some(next),
            ),
            None => push("no other technology can".to_owned(), None),
        }
        match tier.shapes.first() {
            Some(next) => push(
                format!("{} in place of {}", next.shape, choice.shape),
                Some(next),
            ),
            None => push("no other shape came close".to_owned(), None),
        }
    }
    rows
}

fn confirmations(result: &CapacityResult, optimum: &OptimumResult) -> Vec<Vec<String>> {
    let row = |tier: &OptimumTier, one: &Confirmation| {
        let mut row = vec![
            view::tier_title(result, &tier.tier).to_owned(),
            way(result, &one.technology, one.lifecycle),
            one.shape.clone(),
        ];
        match &one.outcome {
            ConfirmationOutcome::Confirmed {
                fleet,
                usd_per_month,
            } => row.extend([cells(fleet), usd(*usd_per_month)]),
            ConfirmationOutcome::NotConfirmed { reason } => {
                row.extend([format!("not confirmed: {reason}"), String::new()]);
            }
        }
        row
    };
    optimum
        .tiers
        .iter()
        .flat_map(|tier| tier.confirmed.iter().map(move |one| row(tier, one)))
        .collect()
}

/// What is given up for what was demanded.
fn demands(result: &CapacityResult, optimum: &OptimumResult) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(isolation) = optimum.isolation {
        said.push(format!(
            "Nothing weaker than this was allowed: {}.",
            words::boundary(isolation)
        ));
    }
    for tier in &optimum.tiers {
        let name = view::tier_title(result, &tier.tier);
        let Some(other) = &tier.without_demands else {
            continue;
        };
        let what = format!(
            "{} on {}",
            way(result, &other.technology, other.lifecycle),
            other.shape
        );
        said.push(match tier.options.first() {
            Some(choice) => format!(
                "{name}: {what} would cost {} a month, {} less.",
                format::usd(other.usd_per_month.central),
                format::percent_with(
                    1.0 - other.usd_per_month.central / choice.usd_per_month.central,
                    2
                )
            ),
            None => format!(
                "{name}: {what} would cost {} a month; nothing that is allowed can carry it.",
                format::usd(other.usd_per_month.central)
            ),
        });
    }
    if let (Some(without), Some(total)) =
        (optimum.usd_per_month_without_demands, optimum.usd_per_month)
    {
        said.push(format!(
            "In all: {} a month without them, {} with them.",
            format::usd(without),
            format::usd(total.central)
        ));
    }
    said
}

fn chosen_from(optimum: &OptimumResult) -> Vec<String> {
    let mut said: Vec<String> = optimum
        .lists
        .iter()
        .map(|list| {
            let mut line = format!("{}: {} shapes", list.title, list.used);
            for reason in &list.left_out {
                line.push_str("; ");
                line.push_str(reason);
            }
            line.push('.');
            line
        })
        .collect();
    let sizes: Vec<String> = optimum.cell_hosts.iter().map(u32::to_string).collect();
    said.push(format!(
        "Cells of {} hosts. {} combinations at the central inputs and a few draws, the {} that were \
         among the cheapest there at every draw.",
        sizes.join(", "),
        format::full(optimum.combinations as f64),
        format::full(optimum.kept as f64),
    ));
    said
}

/// The section of the page.
pub(crate) fn html(result: &CapacityResult, optimum: &OptimumResult) -> Markup {
    let plain = |rows: &[Vec<String>], numbers: &[usize]| {
        html! {
            @for row in rows {
                tr {
                    @for (index, cell) in row.iter().enumerate() {
                        @if index == 0 {
                            th scope="row" { (cell) }
                        } @else if numbers.contains(&index) {
                            td.num { (cell) }
                        } @else {
                            td { (cell) }
                        }
                    }
                }
            }
        }
    };
    let options = html! {
        @for tier in &optimum.tiers {
            @if tier.options.is_empty() {
                tr {
                    th scope="row" { (view::tier_title(result, &tier.tier)) }
                    td colspan="7" { span.missing { "nothing allowed can carry it" } }
                }
            }
            @for option in &tier.options {
                tr {
                    th scope="row" { (view::tier_title(result, &tier.tier)) }
                    td { (way(result, &option.technology, option.lifecycle)) }
                    td { (option.shape) }
                    td.num { (cells(&option.fleet)) }
                    td.num { (estimate_with(option.usd_per_month, format::usd_with)) }
                    td.num { (format::percent_with(option.cheapest_share, 2)) }
                    td.num { (estimate_with(option.over_choice, format::ratio_with)) }
                    td.num { (format::percent_with(option.regret, 2)) }
                }
            }
        }
    };
    let confirmed = confirmations(result, optimum);
    let excluded: Vec<Vec<String>> = excluded(result, optimum);
    html! {
        (heading("optimum", "Cheapest hardware"))
        p { (answer(result, optimum)) }
        (html_table(
            "Technologies of each tier on their cheapest shape, cheapest first, with 95% intervals",
            &html_columns(&[
                "Tier", "Technology", "Shape", "#Cells × hosts", "#Per month",
                "#Cheapest in this share of draws", "#Times the choice",
                "#Costs more than the cheapest, in the mean",
            ]),
            &options,
        ))
        (html_table(
            "Next best: another technology, and another shape for the same",
            &html_columns(&[
                "Tier", "Instead", "#Times the choice", "#Cheapest in this share of draws",
                "#Costs more than the cheapest, in the mean",
            ]),
            &plain(&next_best(result, optimum), &[2, 3, 4]),
        ))
        @if !confirmed.is_empty() {
            (html_table(
                "Sized by simulation at central inputs",
                &html_columns(&["Tier", "Technology", "Shape", "#Cells × hosts", "#Per month"]),
                &plain(&confirmed, &[3, 4]),
            ))
        }
        @if !excluded.is_empty() {
            (html_table(
                "Technologies that could not be chosen",
                &html_columns(&["Tier", "Technology", "Why"]),
                &plain(&excluded, &[]),
            ))
        }
        ul {
            @for line in demands(result, optimum).iter().chain(&chosen_from(optimum)) {
                li { (line) }
            }
            @for note in &optimum.notes { li { (note) } }
        }
    }
}

fn excluded(result: &CapacityResult, optimum: &OptimumResult) -> Vec<Vec<String>> {
    optimum
        .tiers
        .iter()
        .flat_map(|tier| {
            tier.excluded.iter().map(|one| {
                vec![
                    view::tier_title(result, &tier.tier).to_owned(),
                    view::technology_title(result, &one.technology).to_owned(),
                    one.reason.clone(),
                ]
            })
        })
        .collect()
}

/// The section of the Markdown report.
pub(crate) fn markdown(page: &mut Page, result: &CapacityResult) {
    let Some(optimum) = &result.optimum else {
        return;
    };
    page.heading(2, "Cheapest hardware");
    page.paragraph(&escaped(&answer(result, optimum)));
    let mut table = |head: &[&str], rows: Vec<Vec<String>>| {
        page.table(
            head,
            rows.iter()
                .map(|row| row.iter().map(|cell| escaped(cell)).collect()),
        );
    };
    table(
        &[
            "Tier",
            "Technology",
            "Shape",
            "#Hosts",
            "#Per month",
            "#Cheapest in",
            "What binds",
        ],
        choices(result, optimum),
    );
    table(
        &[
            "Tier",
            "Instead",
            "#Times the choice",
            "#Cheapest in",
            "#Costs more in the mean",
        ],
        next_best(result, optimum),
    );
    table(
        &[
            "Tier",
            "Technology",
            "Shape",
            "#Cells × hosts",
            "#Simulated, per month",
        ],
        confirmations(result, optimum),
    );
    page.list(
        demands(result, optimum)
            .iter()
            .chain(&chosen_from(optimum))
            .chain(&optimum.notes)
            .map(|line| escaped(line)),
    );
}

fn spread(value: Estimated) -> [Cell; 3] {
    [number(value.central), number(value.low), number(value.high)]
}

/// Its tables.
pub(crate) fn tables(optimum: &OptimumResult) -> [Table; 1] {
    let mut table = Table::new(
        "optimum",
        "the cheapest ways to carry each tier; role `choice` is the cheapest, `technology` another \
         technology on its best shape, `shape` another shape for the choice, `without-demands` what \
         was not allowed, `simulated` what the simulation found",
        &[
            ("tier", Kind::Text),
            ("role", Kind::Text),
            ("technology", Kind::Text),
            ("lifecycle", Kind::Text),
            ("shape", Kind::Text),
            ("usd_per_hour", Kind::Number),
            ("cells", Kind::Number),
            ("working_hosts", Kind::Number),
            ("lost_hosts", Kind::Number),
            ("usd_per_month", Kind::Number),
            ("usd_per_month_low", Kind::Number),
            ("usd_per_month_high", Kind::Number),
            ("cheapest_share", Kind::Number),
            ("regret", Kind::Number),
            ("over_choice", Kind::Number),
            ("over_choice_low", Kind::Number),
            ("over_choice_high", Kind::Number),
            ("binding", Kind::Text),
            ("note", Kind::Text),
        ],
    );
    for tier in &optimum.tiers {
        let options = tier.options.iter().enumerate().map(|(index, option)| {
            let role = if index == 0 { "choice" } else { "technology" };
            (role, option)
        });
        let shapes = tier.shapes.iter().map(|option| ("shape", option));
        let without = tier.without_demands.iter();
        let without = without.map(|option| ("without-demands", option));
        for (role, option) in options.chain(shapes).chain(without) {
            let mut row = vec![
                text(&tier.tier),
                text(role),
                text(&option.technology),
                text(words::key(&option.lifecycle)),
                text(&option.shape),
                number(option.usd_per_hour),
                number(option.fleet.cells),
                number(f64::from(option.fleet.working_hosts)),
                number(f64::from(option.fleet.lost_hosts)),
            ];
            row.extend(spread(option.usd_per_month));
            row.extend([number(option.cheapest_share), number(option.regret)]);
            row.extend(spread(option.over_choice));
            row.extend([text(words::key(&option.binding)), Cell::Text(None)]);
            table.push(row);
        }
        for one in &tier.confirmed {
            let mut row = vec![
                text(&tier.tier),
                text("simulated"),
                text(&one.technology),
                text(words::key(&one.lifecycle)),
                text(&one.shape),
                Cell::Number(None),
            ];
            let note = match &one.outcome {
                ConfirmationOutcome::Confirmed {
                    fleet,
                    usd_per_month,
                } => {
                    row.extend([
                        number(fleet.cells),
                        number(f64::from(fleet.working_hosts)),
                        number(f64::from(fleet.lost_hosts)),
                    ]);
                    row.extend(spread(*usd_per_month));
                    None
                }
                ConfirmationOutcome::NotConfirmed { reason } => {
                    row.extend((0..6).map(|_| Cell::Number(None)));
                    Some(reason.clone())
                }
            };
            row.extend((0..5).map(|_| Cell::Number(None)));
            row.extend([Cell::Text(None), Cell::Text(note)]);
            table.push(row);
        }
    }
    [table]
}

/// What `tonnage compare` holds against another result: name, unit and value.
pub(crate) fn outputs(result: &CapacityResult) -> Vec<(String, &'static str, Estimated)> {
    let Some(optimum) = &result.optimum else {
        return Vec::new();
    };
    let unit = "US dollars per month";
    let mut outputs: Vec<(String, &'static str, Estimated)> = optimum
        .usd_per_month
        .map(|usd| {
            (
                "cheapest hardware: US dollars per month".to_owned(),
                unit,
                usd,
            )
        })
        .into_iter()
        .collect();
    for tier in &optimum.tiers {
        if let Some(choice) = tier.options.first() {
            outputs.push((
                format!(
                    "cheapest hardware for {}: US dollars per month",
                    view::tier_title(result, &tier.tier)
                ),
                unit,
                choice.usd_per_month,
            ));
        }
    }
    outputs
}

/// What was chosen for a tier, in words, and what binds there: to tell whether it changed.
pub(crate) fn choice_of(result: &CapacityResult, tier: &str) -> Option<(String, BindingResource)> {
    let tiers = &result.optimum.as_ref()?.tiers;
    let tier = tiers.iter().find(|other| other.tier == tier)?;
    let choice = tier.options.first()?;
    let words = format!(
        "{} on {}",
        way(result, &choice.technology, choice.lifecycle),
        choice.shape
    );
    Some((words, choice.binding))
}
