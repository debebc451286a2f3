//! A comparison for a terminal.

use super::{Comparison, Movement};
use crate::terminal::{Style, WIDTH, columns, wrapped};
use crate::words;

impl Comparison {
    /// Plain text of at most 100 columns; with `color`, headings carry ANSI escapes.
    pub fn text(&self, color: bool) -> String {
        let style = Style { color };
        let mut out = String::new();
        let mut line = |text: &str| {
            out.push_str(text);
            out.push('\n');
        };
        for (name, side) in [("Before", &self.before), ("After", &self.after)] {
            line(&style.bold(&format!("{name}: {}", side.title)));
            for text in wrapped(&side.answer, WIDTH - 2) {
                line(&format!("  {text}"));
            }
        }
        line("");
        for sentence in self.summary() {
            for text in wrapped(&sentence, WIDTH) {
                line(&text);
            }
        }
        if !self.inputs.is_empty() {
            line("");
            line(&style.bold("Changed inputs, those that move the answer most first"));
            let rows: Vec<_> = self.inputs.iter().map(super::input_row).collect();
            let head = ["input", "before", "after", "#moves answer by"];
            line(columns(style, &head, &rows).trim_end());
        }
        if let Some(waterfall) = &self.waterfall {
            line(waterfall.text(style).trim_end());
        } else if let Some(reason) = &self.no_waterfall {
            line("");
            for text in wrapped(
                &format!("What each change contributed is not known: {reason}."),
                WIDTH,
            ) {
                line(&text);
            }
        }
        line("");
        line(&style.bold("Outputs (95% intervals in brackets)"));
        let rows: Vec<_> = self
            .outputs
            .iter()
            .filter(|output| output.movement != Movement::Same)
            .map(super::output_row)
            .collect();
        if rows.is_empty() {
            line("Every output is the same.");
        } else {
            let head = ["output", "#before", "#after", "#ratio", "movement"];
            line(columns(style, &head, &rows).trim_end());
            let same = self.outputs.len() - rows.len();
            if same > 0 {
                line(&format!("{same} more are the same."));
            }
        }
        if !self.bindings.is_empty() {
            line("");
            line(&style.bold("What binds"));
            for change in &self.bindings {
                let text = format!(
                    "{}, {}: {} on {} → {} on {}",
                    change.plan,
                    change.tier,
                    words::binding(change.before.1),
                    change.before.0,
                    words::binding(change.after.1),
                    change.after.0
                );
                for text in wrapped(&text, WIDTH) {
                    line(&text);
                }
            }
        }
        out
    }
}
