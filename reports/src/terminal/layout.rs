//! Lines, columns and colours of a terminal.

use super::WIDTH;

/// Whether ANSI escapes are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) color: bool,
}

impl Style {
    fn wrap(self, code: &str, text: &str) -> String {
        if self.color {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.wrap("32", text)
    }

    pub(crate) fn warn(self, text: &str) -> String {
        self.wrap("33", text)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.wrap("31", text)
    }
}

/// Text without what would move the cursor or change colours.
fn tame(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// The text in lines of at most `room` characters; a longer word is broken.
pub(crate) fn wrapped(text: &str, room: usize) -> Vec<String> {
    let room = room.max(1);
    let mut lines: Vec<String> = Vec::new();
    for word in tame(text).split(' ').filter(|word| !word.is_empty()) {
        if let Some(line) = lines.last_mut()
            && length(line) + 1 + length(word) <= room
        {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        let characters: Vec<char> = word.chars().collect();
        lines.extend(characters.chunks(room).map(|piece| piece.iter().collect()));
    }
    lines
}

/// Rows under headings, no wider than a line: the first column gives way and wraps. A heading
/// that begins with `#` is of numbers, which stand right.
pub(crate) fn columns(style: Style, head: &[&str], rows: &[Vec<String>]) -> String {
    const GAP: usize = 2;
    let names: Vec<_> = head.iter().map(|name| name.trim_start_matches('#')).collect();
    let mut widths: Vec<usize> = names.iter().map(|name| length(name)).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(length(cell));
        }
    }
    let gaps = GAP * head.len().saturating_sub(1);
    // The widest columns give way first, down to a width at which words still fit.
    while widths.iter().sum::<usize>() + gaps > WIDTH {
        let Some(widest) = (0..widths.len()).max_by_key(|index| widths[*index]) else {
            break;
        };
        if widths[widest] <= 8 {
            break;
        }
        widths[widest] -= 1;
    }
    let line = |cells: &[Vec<String>], index: usize| {
        let mut text = String::new();
        for (column, lines) in cells.iter().enumerate() {
            let cell = lines.get(index).map_or("", String::as_str);
            let fill = " ".repeat(widths[column].saturating_sub(length(cell)));
            if head[column].starts_with('#') {
                text.push_str(&fill);
                text.push_str(cell);
            } else {
                text.push_str(cell);
                text.push_str(&fill);
            }
            if column + 1 < cells.len() {
                text.push_str(&" ".repeat(GAP));
            }
        }
        text.trim_end().to_owned()
    };
    let block = |cells: Vec<Vec<String>>, paint: &dyn Fn(&str) -> String| {
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        (0..height)
            .map(|index| paint(&line(&cells, index)) + "\n")
            .collect::<String>()
    };
    let split = |cells: &[String]| -> Vec<Vec<String>> {
        cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| wrapped(cell, *width))
            .collect()
    };
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let mut out = block(split(&names), &|text| style.faint(text));
    for row in rows {
        out.push_str(&block(split(row), &str::to_owned));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_fit_and_keep_every_word(text in "\\PC{0,300}", room in 1_usize..120) {
            let lines = wrapped(&text, room);
            prop_assert!(lines.iter().all(|line| length(line) <= room));
            let squeeze = |text: &str| text.replace(' ', "");
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&tame(&text)));
        }
    }
}
