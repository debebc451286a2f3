//! Headings, lists and tables of Markdown.

use std::fmt::Write as _;

use crate::chart::Chart;

/// A page as it grows.
#[derive(Default)]
pub(crate) struct Page {
    text: String,
    /// Keys and titles of the charts that are written beside the page.
    charts: Vec<(&'static str, String)>,
}

impl Page {
    /// A page beside charts, which it can link.
    pub(crate) fn beside(charts: &[Chart]) -> Self {
        let named = charts.iter();
        Self {
            text: String::new(),
            charts: named
                .map(|chart| (chart.id(), chart.title().to_owned()))
                .collect(),
        }
    }

    /// The title of a chart, where there is such a chart.
    pub(crate) fn chart_title(&self, id: &str) -> Option<&str> {
        let mut charts = self.charts.iter();
        charts
            .find(|(key, _)| *key == id)
            .map(|(_, title)| title.as_str())
    }

    /// A link to a chart's file, where there is such a chart.
    pub(crate) fn picture(&mut self, id: &str) {
        if let Some(title) = self.chart_title(id) {
            let link = format!("![{}](charts/{id}.svg)", escaped(title));
            self.paragraph(&link);
        }
    }

    pub(crate) fn heading(&mut self, level: usize, text: &str) {
        self.block(&format!("{} {}", "#".repeat(level), escaped(text)));
    }

    pub(crate) fn paragraph(&mut self, text: &str) {
        self.block(text);
    }

    pub(crate) fn list(&mut self, items: impl Iterator<Item = String>) {
        let items: Vec<_> = items.map(|item| format!("- {item}")).collect();
        if !items.is_empty() {
            self.block(&items.join("\n"));
        }
    }

    /// A table; headings that begin with `#` are of numbers and stand right.
    pub(crate) fn table(&mut self, head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let mut text = row(head
            .iter()
            .map(|name| escaped(name.trim_start_matches('#'))));
        text.push('\n');
        text.push_str(&rule(head.iter().map(|name| name.starts_with('#'))));
        let mut any = false;
        for cells in rows {
            any = true;
            let _ = write!(text, "\n{}", row(cells.into_iter()));
        }
        if any {
            self.block(&text);
        }
    }

    pub(crate) fn code(&mut self, text: &str) {
        // A fence longer than any run of backticks inside.
        let mut longest = 0;
        let mut run = 0;
        for character in text.chars() {
            run = if character == '`' { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        let fence = "`".repeat(longest.max(2) + 1);
        self.block(&format!("{fence}sh\n{text}\n{fence}"));
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    fn block(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
        self.text.push('\n');
    }
}

/// One line of a table.
fn row(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<_> = cells.collect();
    format!("| {} |", cells.join(" | "))
}

/// The line below the headings; numbers stand right.
fn rule(right: impl Iterator<Item = bool>) -> String {
    row(right.map(|right| if right { "--:" } else { "---" }.to_owned()))
}

/// A key as code, in a table or out of it.
pub(crate) fn code(text: &str) -> String {
    let kept: String = text
        .chars()
        .filter(|c| *c != '`' && *c != '|')
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    format!("`{kept}`")
}

/// Text that Markdown shows as it is, on one line.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' => {
                out.push('\\');
                out.push(character);
            }
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\n' | '\r' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_text_is_shown_not_obeyed() {
        assert_eq!(
            escaped("<script>|a*b_c`\n[x](y)"),
            "&lt;script>\\|a\\*b\\_c\\` \\[x\\](y)"
        );
    }
}
