//! The embedded font: measuring text, and drawing it as pixels.
//!
//! The font is a subset of Inter under the SIL Open Font License; the licence text lies beside
//! the files.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont, point};

/// Fonts of a page may be wider than the embedded one; layouts leave this much room.
const SLACK: f64 = 1.09;
/// As [`SLACK`], for heavy letters, in which fonts differ more.
const SLACK_BOLD: f64 = 1.17;

static REGULAR: LazyLock<Option<FontRef<'static>>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("../../fonts/Inter-Regular-subset.ttf")).ok()
});
static SEMI_BOLD: LazyLock<Option<FontRef<'static>>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("../../fonts/Inter-SemiBold-subset.ttf")).ok()
});

fn font(bold: bool) -> Option<&'static FontRef<'static>> {
    if bold { &SEMI_BOLD } else { &REGULAR }.as_ref()
}

/// The scale at which one em is `size` pixels.
fn scale(font: &FontRef<'static>, size: f64) -> PxScale {
    let em = font.units_per_em().unwrap_or(2048.0);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "font sizes are small numbers"
    )]
    PxScale::from(font.height_unscaled() / em * size as f32)
}

/// The glyph of a character; one the font lacks is shown as a question mark.
fn glyph(font: &FontRef<'static>, character: char) -> GlyphId {
    match font.glyph_id(character) {
        GlyphId(0) => font.glyph_id('?'),
        found => found,
    }
}

/// Width of a text in pixels, with room for a wider font of the page.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    exact_width(text, size, bold) * if bold { SLACK_BOLD } else { SLACK }
}

/// Width of a text in pixels in the embedded font.
pub(super) fn exact_width(text: &str, size: f64, bold: bool) -> f64 {
    let Some(font) = font(bold) else {
        return text.chars().count() as f64 * size * 0.6;
    };
    let scaled = font.as_scaled(scale(font, size));
    text.chars()
        .map(|c| f64::from(scaled.h_advance(glyph(font, c))))
        .sum()
}

/// The text cut to a width, with an ellipsis where it was cut.
pub(super) fn fitted(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let mut cut = String::new();
    for character in text.chars() {
        let mut longer = cut.clone();
        longer.push(character);
        if width(&format!("{longer}…"), size, bold) > room {
            break;
        }
        cut = longer;
    }
    format!("{}…", cut.trim_end())
}

/// The text in lines no wider than `room`; a word that is too long is broken.
pub(super) fn wrapped(text: &str, size: f64, bold: bool, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        if let Some(line) = lines.last_mut() {
            let longer = format!("{line} {word}");
            if width(&longer, size, bold) <= room {
                *line = longer;
                continue;
            }
        }
        let mut piece = String::new();
        for part in word.split_inclusive(['.', '-', '_', '/']) {
            if !piece.is_empty() && width(&format!("{piece}{part}"), size, bold) > room {
                lines.push(std::mem::take(&mut piece));
            }
            for character in part.chars() {
                let mut longer = piece.clone();
                longer.push(character);
                if !piece.is_empty() && width(&longer, size, bold) > room {
                    lines.push(std::mem::take(&mut piece));
                    piece.push(character);
                } else {
                    piece = longer;
                }
            }
        }
        lines.push(piece);
    }
    lines
}

/// Calls `draw` with the coverage, 0 to 1, of every pixel the text touches. `x` is the left end
/// and `baseline` the line the letters stand on.
pub(super) fn draw<E>(
    text: &str,
    size: f64,
    bold: bool,
    (x, baseline): (f64, f64),
    mut draw: impl FnMut(i32, i32, f32) -> Result<(), E>,
) -> Result<(), E> {
    let Some(font) = font(bold) else {
        return Ok(());
    };
    let scale = scale(font, size);
    let scaled = font.as_scaled(scale);
    let mut pen = x;
    for character in text.chars() {
        let id = glyph(font, character);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "pixels of a chart fit single precision"
        )]
        let position = point(pen as f32, baseline as f32);
        if let Some(outline) = font.outline_glyph(id.with_scale_and_position(scale, position)) {
            let bounds = outline.px_bounds();
            #[expect(clippy::cast_possible_truncation, reason = "pixels of a chart fit i32")]
            let (left, top) = (bounds.min.x as i32, bounds.min.y as i32);
            let mut failure = None;
            outline.draw(|dx, dy, coverage| {
                if failure.is_none() && coverage > 0.0 {
                    let dx = i32::try_from(dx).unwrap_or(0);
                    let dy = i32::try_from(dy).unwrap_or(0);
                    failure = draw(left + dx, top + dy, coverage.min(1.0)).err();
                }
            });
            if let Some(error) = failure {
                return Err(error);
            }
        }
        pen += f64::from(scaled.h_advance(id));
    }
    Ok(())
}

/// Whether both fonts can be read and have a glyph for every character of the text.
#[cfg(test)]
pub(super) fn covers(text: &str) -> bool {
    [false, true].into_iter().all(|bold| {
        font(bold).is_some_and(|font| text.chars().all(|c| font.glyph_id(c) != GlyphId(0)))
    })
}
