//! What differs between two measurements, for people.

use tonnage_model::measurement::compare::{
    Comparison, FigureComparison, Ratio, TechnologyComparison,
};

use crate::format;
use crate::markdown::{Page, escaped};
use crate::measurement::Reading;
use crate::terminal::{Lines, Paint, Style, columns_within};

/// Plain text, no wider than told; with `color`, what got better or worse carries ANSI escapes.
pub fn text(comparison: &Comparison, color: bool, width: usize) -> String {
    let style = Style { color };
    let mut page = Lines::new(width);
    for (name, line) in sides(comparison) {
        page.add(&format!("{name}: "), &line, |line| style.bold(line));
    }
    for warning in &comparison.warnings {
        page.add("! ", warning, |line| style.warn(line));
    }
    page.block("\n");
    for sentence in summary(comparison) {
        page.add("", &sentence, str::to_owned);
    }
    for technology in &comparison.technologies {
        page.block("\n");
        page.add("", &technology.title, |line| style.bold(line));
        if let Some(why) = &technology.missing {
            page.add("  ", &format!("not comparable: {why}"), |line| {
                if technology.broke {
                    style.bad(line)
                } else {
                    style.faint(line)
                }
            });
            continue;
        }
        let rows: Vec<_> = technology
            .figures
            .iter()
            .map(|figure| (paint(figure), cells(figure)))
            .collect();
        let head = ["figure", "#before", "#after", "#ratio", "verdict"];
        match columns_within(style, &head, &rows, width) {
            Some(table) => page.block(&table),
            None => {
                for (_, row) in rows {
                    page.add("  ", &row.join("  "), str::to_owned);
                }
            }
        }
    }
    page.finish()
}

/// The comparison as Markdown.
pub fn markdown(comparison: &Comparison) -> String {
    let mut page = Page::default();
    page.heading(1, "What differs between two measurements");
    page.list(
        sides(comparison)
            .into_iter()
            .map(|(name, line)| format!("**{name}**: {}", escaped(&line))),
    );
    page.list(comparison.warnings.iter().map(|line| escaped(line)));
    for sentence in summary(comparison) {
        page.paragraph(&escaped(&sentence));
    }
    for technology in &comparison.technologies {
        page.heading(2, &technology.title);
        if let Some(why) = &technology.missing {
            page.paragraph(&format!("Not comparable: {}.", escaped(why)));
            continue;
        }
        page.table(
            &["Figure", "#Before", "#After", "#Ratio", "Verdict"],
            technology.figures.iter().map(|figure| {
                let mut cells: Vec<_> = cells(figure).iter().map(|cell| escaped(cell)).collect();
                if figure.differs()
                    && let Some(verdict) = cells.last_mut()
                {
                    *verdict = format!("**{verdict}**");
                }
                cells
            }),
        );
    }
    if !comparison.host.is_empty() {
        page.heading(2, "Facts of the hosts that differ");
        page.list(
            comparison
                .host
                .iter()
                .map(|changed| escaped(&changed.words())),
        );
    }
    page.finish()
}

/// What is worse by more than a share of its value, and what broke, a line each.
pub fn regressions(comparison: &Comparison, share: f64) -> Vec<String> {
    let worse = comparison.worse_by(share);
    let worse = worse.iter().map(|(technology, figure)| {
        format!(
            "{}: {} is {} ({})",
            technology.id,
            figure.figure.words(),
            figure.words(),
            figure
                .ratio
                .map_or("from nothing".to_owned(), |ratio| show_ratio(&ratio))
        )
    });
    let broke = comparison.broke().map(|technology| {
        let why = technology.missing.as_deref().unwrap_or_default();
        format!("{}: had numbers before; {why}", technology.id)
    });
    worse.chain(broke).collect()
}

fn sides(comparison: &Comparison) -> [(&'static str, String); 2] {
    [("Before", &comparison.before), ("After", &comparison.after)].map(|(name, side)| {
        let line = format!(
            "{}, effort {}, Tonnage {}: {}",
            format::moment(side.started),
            side.effort,
            side.version,
            side.command
        );
        (name, line)
    })
}

fn summary(comparison: &Comparison) -> Vec<String> {
    let comparable = comparison.comparable();
    let count = |wanted: fn(&FigureComparison) -> bool| {
        comparison
            .figures()
            .filter(|(_, figure)| wanted(figure))
            .count()
    };
    let broke: Vec<_> = comparison
        .broke()
        .map(|technology: &TechnologyComparison| technology.title.as_str())
        .collect();
    let mut lines = vec![format!(
        "{comparable} figures compared: {} worse, {} better, {} without a difference shown. Had \
         nothing changed, chance alone would show a difference in up to {} of them (5%).",
        count(|figure| figure.is_worse_by(0.0)),
        count(FigureComparison::is_better),
        count(|figure| figure.is_comparable() && !figure.differs()),
        comparable.div_ceil(20),
    )];
    if !broke.is_empty() {
        lines.push(format!("Failed since: {}.", broke.join(", ")));
    }
    lines.push(
        "Ratios are after over before with 95% intervals; no difference shown does not mean that \
         there is none."
            .to_owned(),
    );
    lines
}

fn paint(figure: &FigureComparison) -> Paint {
    if figure.is_worse_by(0.0) {
        Paint::Bad
    } else if figure.is_better() {
        Paint::Good
    } else if figure.is_comparable() {
        Paint::Plain
    } else {
        Paint::Faint
    }
}

fn cells(figure: &FigureComparison) -> Vec<String> {
    let unit = figure.figure.unit();
    let show = |estimate: &Option<_>| {
        estimate.as_ref().map_or("–".to_owned(), |estimate| {
            Reading::of(estimate, unit).text()
        })
    };
    let verdict = match figure.why() {
        Some(why) => format!("{}: {why}", figure.words()),
        None => figure.words().to_owned(),
    };
    vec![
        figure.figure.words().to_owned(),
        show(&figure.before),
        show(&figure.after),
        figure
            .ratio
            .map_or("–".to_owned(), |ratio| show_ratio(&ratio)),
        verdict,
    ]
}

fn show_ratio(ratio: &Ratio) -> String {
    let Some(interval) = ratio.interval else {
        return format!("{} (no\u{a0}interval)", format::ratio_with(ratio.value, 2));
    };
    if interval.high.is_infinite() {
        return format!(
            "{} (above\u{a0}{})",
            format::ratio_with(ratio.value, 2),
            format::ratio_with(interval.low, 2)
        );
    }
    // An estimate of a ratio is shown as any other.
    let estimate = tonnage_model::measurement::document::Estimate {
        value: ratio.value,
        interval: Some(interval),
        samples: 1,
    };
    Reading::of(
        &estimate,
        tonnage_model::measurement::figure::FigureUnit::Ratio,
    )
    .text()
}
