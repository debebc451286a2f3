//! Pictures as SVG.

use plotters::prelude::*;

use super::Chart;
use super::scene::{Scene, pixels};
use super::theme::{Role, sentinels};
use crate::error::ReportError;

/// Drawn ten times as large inside the view box, so whole numbers are tenths of a pixel.
const SCALE: f64 = 10.0;

/// The fonts of a file of its own; a page has its own.
const FONTS: &str = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif";

pub(super) fn standalone(chart: &Chart) -> Result<String, ReportError> {
    let scene = chart.framed();
    let body = body(chart.id, &scene, Role::light)?;
    let head = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{}\" height=\"{}\" \
         viewBox=\"{}\" font-family=\"{FONTS}\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n",
        pixels(scene.width),
        pixels(scene.height),
        view_box(&scene),
        escaped(&chart.title),
        escaped(&chart.description),
    );
    Ok(format!("{head}{body}"))
}

pub(super) fn inline(chart: &Chart) -> Result<[String; 2], ReportError> {
    let draw = |scene: &Scene, layout: &str| -> Result<String, ReportError> {
        let mut body = body(chart.id, scene, Role::sentinel)?;
        for (sentinel, variable) in sentinels() {
            body = body.replace(&sentinel, &variable);
        }
        let key = format!("{}-{layout}", chart.id);
        let head = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" class=\"chart {layout}\" \
             viewBox=\"{}\" aria-labelledby=\"{key}-title {key}-desc\">\n\
             <title id=\"{key}-title\">{}</title>\n<desc id=\"{key}-desc\">{}</desc>\n",
            view_box(scene),
            escaped(&chart.title),
            escaped(&chart.description),
        );
        Ok(format!("{head}{body}"))
    };
    Ok([draw(&chart.wide, "wide")?, draw(&chart.narrow, "narrow")?])
}

/// Everything after the opening tag, without the fonts plotters names at every text.
fn body(
    chart: &'static str,
    scene: &Scene,
    colour: fn(Role) -> (u8, u8, u8),
) -> Result<String, ReportError> {
    let mut text = String::new();
    let size = (
        pixels(scene.width * SCALE).unsigned_abs(),
        pixels(scene.height * SCALE).unsigned_abs(),
    );
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        scene
            .draw(&area, SCALE, colour)
            .and_then(|()| area.present())
            .map_err(|error| ReportError::Chart {
                chart,
                reason: error.to_string(),
            })?;
    }
    let after_head = text.split_once('>').map_or("", |(_, rest)| rest);
    Ok(after_head
        .trim_start()
        .replace(" font-family=\"sans-serif\"", "")
        .replace(" opacity=\"1\"", "")
        .replace(" font-weight=\"bold\"", " font-weight=\"600\"")
        .replace(" \"/>", "\"/>"))
}

fn view_box(scene: &Scene) -> String {
    format!(
        "0 0 {} {}",
        pixels(scene.width * SCALE),
        pixels(scene.height * SCALE)
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Characters that no XML document may hold.
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                out.push('\u{fffd}');
            }
            other => out.push(other),
        }
    }
    out
}
