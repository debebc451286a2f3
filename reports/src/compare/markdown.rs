//! A comparison as Markdown.

use super::Comparison;
use crate::markdown::{Page, code, escaped};
use crate::words;

impl Comparison {
    /// The comparison as Markdown.
    pub fn markdown(&self) -> String {
        let mut page = Page::default();
        page.heading(1, "What changed");
        page.list(
            [("Before", &self.before), ("After", &self.after)]
                .into_iter()
                .map(|(name, side)| {
                    format!(
                        "**{name}: {}** (scenario {}, profile {}, Tonnage {}). {}",
                        escaped(&side.title),
                        code(&crate::format::digest(&side.scenario_digest)),
                        code(&crate::format::digest(&side.profile_digest)),
                        escaped(&side.tool_version),
                        escaped(&side.answer)
                    )
                }),
        );
        page.list(self.summary().into_iter().map(|line| escaped(&line)));
        page.heading(2, "Changed inputs, those that move the answer most first");
        if self.inputs.is_empty() {
            page.paragraph("No input listed in the results differs.");
        }
        page.table(
            &["Input", "Before", "After", "#Moves the answer by"],
            self.inputs.iter().map(|input| {
                let show = |value: &Option<String>| {
                    value.as_deref().map_or("not there".to_owned(), escaped)
                };
                vec![
                    escaped(&input.name()),
                    show(&input.before),
                    show(&input.after),
                    input.show_weight(),
                ]
            }),
        );
        if let Some(waterfall) = &self.waterfall {
            waterfall.markdown(&mut page);
        } else if let Some(reason) = &self.no_waterfall {
            page.paragraph(&escaped(&format!(
                "What each change contributed is not known: {reason}."
            )));
        }
        page.heading(2, "Outputs");
        page.table(
            &["Output", "#Before", "#After", "#Ratio", "Movement"],
            self.outputs.iter().map(|output| {
                vec![
                    escaped(&output.name),
                    output.show(output.before),
                    output.show(output.after),
                    output.show_ratio(),
                    output.movement.words().to_owned(),
                ]
            }),
        );
        if !self.bindings.is_empty() {
            page.heading(2, "What binds");
            page.table(
                &["Plan", "Tier", "Before", "After"],
                self.bindings.iter().map(|change| {
                    let show = |(technology, binding): &(String, _)| {
                        format!("{} on {}", words::binding(*binding), escaped(technology))
                    };
                    vec![
                        escaped(&change.plan),
                        escaped(&change.tier),
                        show(&change.before),
                        show(&change.after),
                    ]
                }),
            );
        }
        page.finish()
    }
}
