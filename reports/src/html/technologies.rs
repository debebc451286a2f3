//! The technologies of the profile; what others published stands apart.

use maud::{Markup, html};
use tonnage_model::profile::Origin;
use tonnage_model::result::CapacityResult;

use super::assumptions::inputs;
use super::notes::{How, Notes};
use super::parts::{heading, key, marked_words_table, source};
use crate::{view, words};

pub(super) fn section(result: &CapacityResult) -> Markup {
    let notes = Notes::new("technologies", result);
    let published: Vec<_> = result
        .technologies
        .iter()
        .flat_map(|technology| technology.numbers.iter().map(move |n| (technology, n)))
        .filter(|(_, number)| number.origin == Origin::Published)
        .map(|(technology, number)| {
            vec![
                html! { (technology.title) small { (key(&number.key)) } },
                html! {
                    (number.value)
                    @if number.uncertain { small { "uncertain, drawn" } }
                },
                source(&number.source, &number.conditions),
            ]
        })
        .collect();
    html! {
        (heading("technologies", "Technologies of the profile"))
        @if result.technologies.is_empty() {
            p.missing { "The profile has no technology." }
        } @else {
            p { "Profile: " (result.provenance.profile_title) ". " (view::measurements_words(result)) }
            @for technology in &result.technologies {
                @let own: Vec<_> = technology
                    .numbers
                    .iter()
                    .filter(|number| number.origin != Origin::Published)
                    .collect();
                div data-tags=(view::tags(result, &technology.id)) {
                    h3 { (technology.title) }
                    p {
                        "Boundary: " (words::boundary(technology.boundary)) ". Offers: "
                        (words::capabilities(&technology.offers)) "."
                    }
                    @if own.is_empty() {
                        p.missing { "Nothing about it was measured or assumed here; it rests on published numbers alone." }
                    } @else {
                        (inputs(&format!("{}: measured and assumed", technology.title), own.into_iter(), &notes))
                    }
                }
            }
            h3 { "Published numbers, not measured here" }
            @if !published.is_empty() {
                p {
                    "Taken from others under their own conditions. They are inputs where the plan "
                    "has nothing measured, and are never mixed into measured statistics."
                }
                (marked_words_table(
                    "Published numbers of every technology",
                    &notes.mark(How::Input(Origin::Published)),
                    &["Technology and number", "Value", "Source and conditions"],
                    &published,
                ))
            } @else {
                p.missing { "The profile uses no published number." }
            }
            (notes.list())
        }
    }
}
