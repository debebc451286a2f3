//! Pictures as PNG.
//!
//! Plotters draws polygons without smoothing and places letters on whole pixels, so a picture is
//! drawn four times as large and averaged down to twice its size, and text goes through the
//! crate's own font.

use plotters::prelude::*;
use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind,
};

use super::Chart;
use super::font;
use super::scene::{Scene, pixels};
use super::theme::Role;
use crate::error::ReportError;

/// Pixels of the file per unit of the layout.
const SCALE: usize = 2;
/// Pixels drawn per pixel of the file, each way.
const OVERSAMPLING: usize = 2;

pub(super) fn standalone(chart: &Chart) -> Result<Vec<u8>, ReportError> {
    let failed = |reason: String| ReportError::Chart {
        chart: chart.id,
        reason,
    };
    let scene = chart.framed();
    let (width, height, image) = raster(&scene).map_err(failed)?;
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(::png::ColorType::Rgb);
    encoder.set_depth(::png::BitDepth::Eight);
    encoder.set_compression(::png::Compression::Balanced);
    // 192 dots per inch: twice the 96 that a CSS pixel stands for.
    encoder.set_pixel_dims(Some(::png::PixelDimensions {
        xppu: 7559,
        yppu: 7559,
        unit: ::png::Unit::Meter,
    }));
    let write = |encoder: ::png::Encoder<'_, &mut Vec<u8>>| {
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&image)?;
        writer.finish()
    };
    write(encoder).map_err(|error| failed(error.to_string()))?;
    Ok(bytes)
}

/// Width, height and pixels of a picture.
fn raster(scene: &Scene) -> Result<(u32, u32, Vec<u8>), String> {
    let size = |length: f64| pixels(length).unsigned_abs() as usize * SCALE;
    let (width, height) = (size(scene.width), size(scene.height));
    let (fine_width, fine_height) = (width * OVERSAMPLING, height * OVERSAMPLING);
    let dimensions = |w: usize, h: usize| {
        u32::try_from(w)
            .and_then(|w| u32::try_from(h).map(|h| (w, h)))
            .map_err(|error| error.to_string())
    };
    let mut fine = vec![255_u8; fine_width * fine_height * 3];
    {
        let inner =
            BitMapBackend::with_buffer(&mut fine, dimensions(fine_width, fine_height)?);
        let area = SmoothText { inner }.into_drawing_area();
        scene
            .draw(&area, (SCALE * OVERSAMPLING) as f64, Role::light)
            .and_then(|()| area.present())
            .map_err(|error| error.to_string())?;
    }
    let mut image = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let mut sum = 0_usize;
                for dy in 0..OVERSAMPLING {
                    for dx in 0..OVERSAMPLING {
                        let row = (y * OVERSAMPLING + dy) * fine_width;
                        sum += usize::from(fine[(row + x * OVERSAMPLING + dx) * 3 + channel]);
                    }
                }
                let mean = (sum + OVERSAMPLING * OVERSAMPLING / 2) / (OVERSAMPLING * OVERSAMPLING);
                image.push(u8::try_from(mean).unwrap_or(u8::MAX));
            }
        }
    }
    let (width, height) = dimensions(width, height)?;
    Ok((width, height, image))
}

/// A bitmap whose text is placed to a fraction of a pixel.
struct SmoothText<'a> {
    inner: BitMapBackend<'a>,
}

type Outcome<'a> =
    Result<(), DrawingErrorKind<<BitMapBackend<'a> as DrawingBackend>::ErrorType>>;

impl<'a> DrawingBackend for SmoothText<'a> {
    type ErrorType = <BitMapBackend<'a> as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.inner.get_size()
    }

    fn ensure_prepared(&mut self) -> Outcome<'a> {
        self.inner.ensure_prepared()
    }

    fn present(&mut self) -> Outcome<'a> {
        self.inner.present()
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome<'a> {
        self.inner.draw_pixel(point, color)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Outcome<'a> {
        self.inner.draw_line(from, to, style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Outcome<'a> {
        self.inner.draw_path(path, style)
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Outcome<'a> {
        self.inner.draw_circle(center, radius, style, fill)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Outcome<'a> {
        self.inner.fill_polygon(vert, style)
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Outcome<'a> {
        let size = style.size() / 1.24;
        let bold = matches!(style.style(), FontStyle::Bold);
        let shift = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => 0.5,
            HPos::Right => 1.0,
        };
        let left = f64::from(x) - font::exact_width(text, size, bold) * shift;
        // Half the height of a small letter below the middle, as `0.5ex` is in SVG.
        let baseline = f64::from(y) + size * 0.273;
        let colour = style.color();
        font::draw(text, size, bold, (left, baseline), |x, y, coverage| {
            let pixel = BackendColor {
                rgb: colour.rgb,
                alpha: colour.alpha * f64::from(coverage),
            };
            self.inner.draw_pixel((x, y), pixel)
        })
    }
}
