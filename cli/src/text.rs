//! Plain text for a terminal.

use std::fmt::Write as _;

/// Width of what is printed.
pub(crate) const WIDTH: usize = 80;

/// The text without what a terminal would act upon.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect()
}

/// Adds a text in lines of at most [`WIDTH`], each indented.
pub(crate) fn wrap(out: &mut String, text: &str, indent: usize) {
    let text = printable(text);
    let mut line = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && indent + width + 1 + length > WIDTH {
            let _ = writeln!(out, "{:indent$}{line}", "");
            line.clear();
            width = 0;
        }
        if width > 0 {
            line.push(' ');
            width += 1;
        }
        line.push_str(word);
        width += length;
    }
    if width > 0 {
        let _ = writeln!(out, "{:indent$}{line}", "");
    }
}

/// Adds rows of two columns, the second wrapped.
pub(crate) fn pairs(out: &mut String, rows: &[(&str, String)], indent: usize) {
    let column = rows
        .iter()
        .map(|(key, _)| key.chars().count())
        .max()
        .unwrap_or(0)
        + 2;
    for (key, value) in rows {
        let mut wrapped = String::new();
        wrap(&mut wrapped, value, indent + column);
        let rest = wrapped.trim_start();
        let rest = if rest.is_empty() { "\n" } else { rest };
        let _ = write!(out, "{:indent$}{key:column$}{rest}", "");
    }
}

#[cfg(test)]
mod tests {
    use super::{pairs, printable, wrap};

    #[test]
    fn long_texts_are_wrapped() {
        let mut out = String::new();
        wrap(&mut out, &"word ".repeat(40), 4);
        assert!(out.lines().all(|line| line.chars().count() <= 80));
        assert_eq!(out.lines().count(), 3);
        assert!(out.lines().all(|line| line.starts_with("    word")));
    }

    #[test]
    fn second_columns_line_up() {
        let mut out = String::new();
        pairs(
            &mut out,
            &[("a", "one".to_owned()), ("long", "two ".repeat(30))],
            2,
        );
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[0], "  a     one");
        assert!(lines[2].starts_with("        two"));
    }

    #[test]
    fn escapes_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\nc"), "a [31mb\nc");
    }
}
