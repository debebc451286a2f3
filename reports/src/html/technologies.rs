//! The technologies of the profile; what others published stands apart.

use maud::{Markup, html};
use tonnage_model::profile::Origin;
use tonnage_model::result::CapacityResult;

use super::assumptions::inputs;
use super::parts::{columns, heading, source, table};
use crate::{view, words};

pub(super) fn section(result: &CapacityResult) -> Markup {
    let published = html! {
        @for technology in &result.technologies {
            @for number in technology.numbers.iter().filter(|n| n.origin == Origin::Published) {
                tr {
                    th scope="row" { (technology.title) small { code { (number.key) } } }
                    td {
                        (number.value)
                        @if number.uncertain { small { "uncertain, drawn" } }
                    }
                    td { (source(&number.source, &number.conditions)) }
                }
            }
        }
    };
    let any_published = result
        .technologies
        .iter()
        .flat_map(|technology| &technology.numbers)
        .any(|number| number.origin == Origin::Published);
    html! {
        (heading("technologies", "Technologies of the profile"))
        @if result.technologies.is_empty() {
            p.missing { "The profile has no technology." }
        } @else {
            p { "Profile: " (result.provenance.profile_title) ". " (view::NO_MEASUREMENTS) }
            @for technology in &result.technologies {
                @let own: Vec<_> = technology
                    .numbers
                    .iter()
                    .filter(|number| number.origin != Origin::Published)
                    .collect();
                h3 { (technology.title) }
                p {
                    "Boundary: " (words::boundary(technology.boundary)) ". Offers: "
                    (words::capabilities(&technology.offers)) "."
                }
                @if own.is_empty() {
                    p.missing { "Nothing about it was measured or assumed here; it rests on published numbers alone." }
                } @else {
                    (inputs(&format!("{}: measured and assumed", technology.title), own.into_iter()))
                }
            }
            h3 { "Published numbers, not measured here" }
            @if any_published {
                p {
                    "Taken from others under their own conditions. They are inputs where the plan "
                    "has nothing measured, and are never mixed into measured statistics."
                }
                (table(
                    "Published numbers of every technology",
                    &columns(&["Technology and number", "Value", "Source and conditions"]),
                    &published,
                ))
            } @else {
                p.missing { "The profile uses no published number." }
            }
        }
    }
}
