//! A picture as a list of plain shapes, and how plotters draws it.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::font;
use super::theme::Role;

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Text with its place; `y` is the middle of the letters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Label {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) text: String,
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) anchor: Anchor,
    pub(super) role: Role,
}

/// One thing to draw.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    Path {
        points: Vec<(f64, f64)>,
        width: f64,
        role: Role,
    },
    Area {
        points: Vec<(f64, f64)>,
        role: Role,
        opacity: f64,
    },
    Disc {
        centre: (f64, f64),
        radius: f64,
        role: Role,
    },
    Text(Label),
}

/// A mark at a value; shapes differ so that colour is never the only difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Disc,
    Ring,
    Diamond,
    Square,
    Triangle,
    /// No mark: the range itself is what is shown.
    None,
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scene {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) shapes: Vec<Shape>,
}

impl Scene {
    pub(super) fn new(width: f64) -> Self {
        Self {
            width,
            height: 0.0,
            shapes: Vec::new(),
        }
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, role: Role) {
        self.path(vec![from, to], width, role);
    }

    pub(super) fn path(&mut self, points: Vec<(f64, f64)>, width: f64, role: Role) {
        self.shapes.push(Shape::Path {
            points,
            width,
            role,
        });
    }

    /// A line of dashes.
    pub(super) fn dashes(&mut self, from: (f64, f64), to: (f64, f64), width: f64, role: Role) {
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let mut at = 0.0;
        while at < length {
            let end = (at + 6.0).min(length);
            let point = |t: f64| {
                (
                    from.0 + (to.0 - from.0) * t / length,
                    from.1 + (to.1 - from.1) * t / length,
                )
            };
            self.line(point(at), point(end), width, role);
            at += 10.0;
        }
    }

    pub(super) fn area(&mut self, points: Vec<(f64, f64)>, role: Role, opacity: f64) {
        self.shapes.push(Shape::Area {
            points,
            role,
            opacity,
        });
    }

    /// A rectangle given by two corners.
    pub(super) fn rect(&mut self, a: (f64, f64), b: (f64, f64), role: Role, opacity: f64) {
        self.area(vec![a, (b.0, a.1), b, (a.0, b.1)], role, opacity);
    }

    pub(super) fn disc(&mut self, centre: (f64, f64), radius: f64, role: Role) {
        self.shapes.push(Shape::Disc {
            centre,
            radius,
            role,
        });
    }

    /// A mark with a thin edge of background, so that it stands out from lines behind it.
    pub(super) fn mark(&mut self, kind: Mark, (x, y): (f64, f64), role: Role) {
        let polygon = |r: f64| match kind {
            Mark::Diamond => vec![
                (x, y - r * 1.2),
                (x + r * 1.2, y),
                (x, y + r * 1.2),
                (x - r * 1.2, y),
            ],
            Mark::Square => vec![
                (x - r * 0.88, y - r * 0.88),
                (x + r * 0.88, y - r * 0.88),
                (x + r * 0.88, y + r * 0.88),
                (x - r * 0.88, y + r * 0.88),
            ],
            _ => vec![
                (x, y - r * 1.15),
                (x + r * 1.1, y + r * 0.85),
                (x - r * 1.1, y + r * 0.85),
            ],
        };
        match kind {
            Mark::None => {}
            Mark::Disc => {
                self.disc((x, y), 6.5, Role::Background);
                self.disc((x, y), 5.0, role);
            }
            Mark::Ring => {
                self.disc((x, y), 6.5, Role::Background);
                self.disc((x, y), 5.0, role);
                self.disc((x, y), 2.7, Role::Background);
            }
            Mark::Diamond | Mark::Square | Mark::Triangle => {
                self.area(polygon(6.9), Role::Background, 1.0);
                self.area(polygon(5.2), role, 1.0);
            }
        }
    }

    pub(super) fn text(&mut self, label: Label) {
        if !label.text.is_empty() {
            self.shapes.push(Shape::Text(label));
        }
    }

    /// Puts another picture into this one, moved down.
    pub(super) fn place(&mut self, other: &Scene, (dx, dy): (f64, f64)) {
        let moved = |points: &[(f64, f64)]| points.iter().map(|p| (p.0 + dx, p.1 + dy)).collect();
        for shape in &other.shapes {
            self.shapes.push(match shape {
                Shape::Path {
                    points,
                    width,
                    role,
                } => Shape::Path {
                    points: moved(points),
                    width: *width,
                    role: *role,
                },
                Shape::Area {
                    points,
                    role,
                    opacity,
                } => Shape::Area {
                    points: moved(points),
                    role: *role,
                    opacity: *opacity,
                },
                Shape::Disc {
                    centre,
                    radius,
                    role,
                } => Shape::Disc {
                    centre: (centre.0 + dx, centre.1 + dy),
                    radius: *radius,
                    role: *role,
                },
                Shape::Text(label) => Shape::Text(Label {
                    x: label.x + dx,
                    y: label.y + dy,
                    ..label.clone()
                }),
            });
        }
    }

    /// Draws every shape, each length multiplied by `scale`.
    pub(super) fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: f64,
        colour: impl Fn(Role) -> (u8, u8, u8),
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let rgb = |role| {
            let (red, green, blue) = colour(role);
            RGBColor(red, green, blue)
        };
        let at = |point: &(f64, f64)| (pixels(point.0 * scale), pixels(point.1 * scale));
        for shape in &self.shapes {
            match shape {
                Shape::Path {
                    points,
                    width,
                    role,
                } => {
                    let style = rgb(*role).stroke_width(thickness(width * scale));
                    let points: Vec<_> = points.iter().map(at).collect();
                    area.draw(&PathElement::new(points, style))?;
                }
                Shape::Area {
                    points,
                    role,
                    opacity,
                } => {
                    let points: Vec<_> = points.iter().map(at).collect();
                    area.draw(&Polygon::new(points, rgb(*role).mix(*opacity)))?;
                }
                Shape::Disc {
                    centre,
                    radius,
                    role,
                } => {
                    let radius = thickness(radius * scale);
                    area.draw(&Circle::new(at(centre), radius, rgb(*role).filled()))?;
                }
                Shape::Text(label) => {
                    // Plotters writes `font-size` as its size over 1.24.
                    let size = label.size * scale * 1.24;
                    let style = if label.bold {
                        FontStyle::Bold
                    } else {
                        FontStyle::Normal
                    };
                    let anchor = match label.anchor {
                        Anchor::Start => HPos::Left,
                        Anchor::Middle => HPos::Center,
                        Anchor::End => HPos::Right,
                    };
                    let colour = rgb(label.role);
                    let style = ("sans-serif", size, style)
                        .into_text_style(area)
                        .color(&colour)
                        .pos(Pos::new(anchor, VPos::Center));
                    area.draw(&Text::new(label.text.clone(), at(&(label.x, label.y)), style))?;
                }
            }
        }
        Ok(())
    }
}

/// The picture with a title above and a line about its origin below.
pub(super) fn framed(inner: &Scene, title: &str, footer: &str) -> Scene {
    const MARGIN: f64 = 20.0;
    let width = inner.width + 2.0 * MARGIN;
    let mut scene = Scene::new(width);
    let mut y = MARGIN + 8.0;
    for text in font::wrapped(title, 18.0, true, inner.width) {
        scene.text(Label {
            x: MARGIN,
            y,
            text,
            size: 18.0,
            bold: true,
            anchor: Anchor::Start,
            role: Role::Text,
        });
        y += 24.0;
    }
    scene.place(inner, (MARGIN, y + 4.0));
    y += 4.0 + inner.height + 18.0;
    for text in font::wrapped(footer, 11.0, false, inner.width) {
        scene.text(Label {
            x: MARGIN,
            y,
            text,
            size: 11.0,
            bold: false,
            anchor: Anchor::Start,
            role: Role::Muted,
        });
        y += 15.0;
    }
    scene.height = y + MARGIN - 8.0;
    scene.shapes.insert(
        0,
        Shape::Area {
            points: vec![
                (0.0, 0.0),
                (width, 0.0),
                (width, scene.height),
                (0.0, scene.height),
            ],
            role: Role::Background,
            opacity: 1.0,
        },
    );
    scene
}

/// A length in whole pixels; anything that is not a number is put at the edge.
pub(super) fn pixels(value: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "kept within the range")]
    if value.is_finite() {
        value.round().clamp(-1e6, 1e6) as i32
    } else {
        0
    }
}

fn thickness(value: f64) -> u32 {
    u32::try_from(pixels(value)).unwrap_or(0).max(1)
}
