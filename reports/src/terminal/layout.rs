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

/// Lines of a page as it grows, no wider than told.
#[derive(Debug)]
pub(crate) struct Lines {
    width: usize,
    text: String,
}

impl Lines {
    pub(crate) fn new(width: usize) -> Self {
        Self {
            width,
            text: String::new(),
        }
    }

    /// A text in lines behind a mark, under which the lines after the first stand.
    pub(crate) fn add(&mut self, mark: &str, text: &str, paint: impl Fn(&str) -> String) {
        let indent = " ".repeat(length(mark));
        let room = self.width.saturating_sub(indent.len());
        for (index, line) in wrapped(text, room).into_iter().enumerate() {
            let lead = if index == 0 { mark } else { &indent };
            self.block(&paint(&format!("{lead}{line}")));
            self.block("\n");
        }
    }

    /// Text that is in lines already.
    pub(crate) fn block(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// How a row of a table is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Faint,
    Good,
    Bad,
}

impl Style {
    fn paint(self, paint: Paint, text: &str) -> String {
        match paint {
            Paint::Plain => text.to_owned(),
            Paint::Faint => self.faint(text),
            Paint::Good => self.good(text),
            Paint::Bad => self.bad(text),
        }
    }
}

/// Space between columns.
const GAP: usize = 2;

/// Rows under headings, no wider than a line: the widest columns give way and wrap. A heading
/// that begins with `#` is of numbers, which stand right.
pub(crate) fn columns(style: Style, head: &[&str], rows: &[Vec<String>]) -> String {
    // Down to a width at which words still fit.
    let floors = vec![8; head.len()];
    let rows: Vec<_> = rows.iter().map(|row| (Paint::Plain, row.clone())).collect();
    let (widths, _) = widths(head, &rows, &floors, WIDTH);
    lay_out(style, head, &rows, &widths)
}

/// As [`columns`], with painted rows and no wider than told; none if words would have to be broken
/// for that.
pub(crate) fn columns_within(
    style: Style,
    head: &[&str],
    rows: &[(Paint, Vec<String>)],
    width: usize,
) -> Option<String> {
    let longest = |text: &str| text.split(' ').map(length).max().unwrap_or(0);
    let mut floors: Vec<usize> = head
        .iter()
        .map(|name| longest(name.trim_start_matches('#')))
        .collect();
    for (_, row) in rows {
        for (floor, cell) in floors.iter_mut().zip(row) {
            *floor = (*floor).max(longest(cell));
        }
    }
    let (widths, fits) = widths(head, rows, &floors, width);
    fits.then(|| lay_out(style, head, rows, &widths))
}

/// Widths of the columns, and whether they fit.
fn widths(
    head: &[&str],
    rows: &[(Paint, Vec<String>)],
    floors: &[usize],
    room: usize,
) -> (Vec<usize>, bool) {
    let mut widths: Vec<usize> = head
        .iter()
        .map(|name| length(name.trim_start_matches('#')))
        .collect();
    for (_, row) in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(length(cell));
        }
    }
    let gaps = GAP * head.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > room {
        let Some(widest) = (0..widths.len())
            .filter(|index| widths[*index] > floors[*index])
            .max_by_key(|index| widths[*index])
        else {
            return (widths, false);
        };
        widths[widest] -= 1;
    }
    (widths, true)
}

fn lay_out(style: Style, head: &[&str], rows: &[(Paint, Vec<String>)], widths: &[usize]) -> String {
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
    let block = |paint: Paint, cells: &[String]| {
        let cells: Vec<Vec<String>> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| wrapped(cell, *width))
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        (0..height)
            .map(|index| style.paint(paint, &line(&cells, index)) + "\n")
            .collect::<String>()
    };
    let names: Vec<String> = head
        .iter()
        .map(|name| name.trim_start_matches('#').to_owned())
        .collect();
    let mut out = block(Paint::Faint, &names);
    for (paint, row) in rows {
        out.push_str(&block(*paint, row));
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
