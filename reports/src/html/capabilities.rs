//! What each technology has inside, beside what it costs.

use maud::{Markup, html};
use tonnage_model::measurement::technology::Support;
use tonnage_model::result::CapacityResult;

use super::parts::{columns, heading, key, source, table, words_table};
use crate::capabilities::{self, ASKED, LEGEND, Line, MEASURED, Published};
use crate::{measured, words};

pub(super) fn section(result: &CapacityResult, lines: &[Line<'_>]) -> Markup {
    let mut names = vec!["Technology".to_owned(), "Boundary, kernel".to_owned()];
    names.extend(ASKED.map(str::to_owned));
    names.push("Code".to_owned());
    names.extend(MEASURED.map(|name| format!("#{name}")));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let body = html! { @for line in lines { (technology(line)) } };
    let published = capabilities::published(result);
    html! {
        (heading("inside", "What each technology has inside"))
        p { (LEGEND) }
        (table("What the work finds inside, and what was measured of it here", &columns(&names), &body))
        @if !published.is_empty() {
            h3 { "Published by others, not measured here" }
            (words_table(
                "Numbers of the profile that others published",
                &published_names(),
                &published.iter().map(published_row).collect::<Vec<_>>(),
            ))
        }
    }
}

fn technology(line: &Line<'_>) -> Markup {
    let technology = line.technology;
    let absence = line.absence();
    html! {
        tr.absent[absence.is_some()] {
            th scope="row" { (technology.title) small { (key(&technology.id)) } }
            td {
                (words::boundary(technology.boundary))
                small { (capabilities::kernel(technology)) }
            }
            @for support in capabilities::supports(&technology.inside) {
                td { (word(support)) }
            }
            td { (capabilities::code(&technology.inside)) }
            @if let Some(absence) = absence {
                td colspan=(MEASURED.len()) { (absence) }
            } @else {
                @for figure in line.figures() {
                    td.num {
                        @match figure {
                            Some(figure) => { strong { (figure.value) } small { (figure.interval) } }
                            None => span.missing { (measured::NONE) },
                        }
                    }
                }
            }
        }
    }
}

fn word(support: Support) -> Markup {
    html! {
        @match support {
            Support::Yes => strong { (support.word()) },
            Support::Possible => (support.word()),
            Support::No | Support::Untold => span.missing { (support.word()) },
        }
    }
}

fn published_names() -> Vec<&'static str> {
    std::iter::once("Technology").chain(MEASURED).collect()
}

fn published_row(published: &Published<'_>) -> Vec<Markup> {
    let mut cells = vec![html! { (published.title) }];
    cells.extend(published.numbers.map(|number| {
        html! {
            @match number {
                Some(number) => { (number.value) small { (source(&number.source, "")) } }
                None => span.missing { "not published" },
            }
        }
    }));
    cells
}
