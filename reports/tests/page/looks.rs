//! What the pages look like, held by small grey pictures.
//!
//! Fonts differ among machines, so the page is drawn in the font that charts bring with them. What is
//! left are differences in how glyphs are drawn: they do not move a block of 16 × 16 points by much,
//! where a changed layout moves many of them by a lot. A picture is what the mean of each block is.
//!
//! `TONNAGE_UPDATE_LOOKS=1` writes the pictures again; look at them before committing.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use crate::Page;
use crate::browser_support::{View, chromium, run};
use crate::common::everything;

/// Points to a side of a block.
const BLOCK: usize = 16;
/// How far down the page is looked at in the dark, whose layout is that of the light.
const TOP: u32 = 9_600;
/// Widths, and how far down the page goes in each.
const SIZES: [(u32, u32); 3] = [(390, 51_200), (800, 36_800), (1280, 33_600)];
/// Grey levels by which a block may differ.
const TOLERANCE: i16 = 24;
/// One in so many blocks may differ by more.
const EXCEPTIONS: usize = 200;

/// A grey picture.
#[derive(Debug, PartialEq)]
struct Picture {
    width: usize,
    grey: Vec<u8>,
}

impl Picture {
    fn read(path: &Path) -> Self {
        let mut decoder = png::Decoder::new(BufReader::new(File::open(path).expect("a picture")));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().expect("a picture");
        let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
        let frame = reader.next_frame(&mut bytes).expect("a picture");
        let samples = frame.color_type.samples();
        let colours = samples.min(3);
        let grey = bytes[..frame.buffer_size()]
            .chunks(samples)
            .map(|point| {
                let sum: usize = point[..colours]
                    .iter()
                    .map(|value| usize::from(*value))
                    .sum();
                u8::try_from(sum / colours).unwrap_or(u8::MAX)
            })
            .collect();
        Self {
            width: frame.width as usize,
            grey,
        }
    }

    /// The means of its blocks.
    fn small(&self) -> Self {
        let width = self.width / BLOCK;
        let height = self.grey.len() / self.width / BLOCK;
        let mean = |index: usize| {
            let (left, top) = (index % width * BLOCK, index / width * BLOCK);
            let sum: usize = (top..top + BLOCK)
                .flat_map(|y| &self.grey[y * self.width + left..][..BLOCK])
                .map(|value| usize::from(*value))
                .sum();
            u8::try_from(sum / (BLOCK * BLOCK)).unwrap_or(u8::MAX)
        };
        Self {
            width,
            grey: (0..width * height).map(mean).collect(),
        }
    }

    fn write(&self, path: &Path) {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let file = BufWriter::new(File::create(path).expect("a picture"));
        let side = |value: usize| u32::try_from(value).expect("a small picture");
        let height = self.grey.len() / self.width;
        let mut encoder = png::Encoder::new(file, side(self.width), side(height));
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().expect("a picture");
        writer.write_image_data(&self.grey).expect("a picture");
    }

    /// How many blocks differ by more than is tolerated, or nothing if the sizes differ.
    fn differing(&self, other: &Self) -> Option<usize> {
        let same = self.width == other.width && self.grey.len() == other.grey.len();
        let pairs = self.grey.iter().zip(&other.grey);
        let far = pairs.filter(|(a, b)| (i16::from(**a) - i16::from(**b)).abs() > TOLERANCE);
        same.then(|| far.count())
    }
}

/// The page in the font of the charts, with more in its style sheet.
fn page(style: &str) -> Page {
    let page = Page::report(&everything());
    let text = std::fs::read_to_string(&page.path).expect("the page");
    let fonts = concat!(env!("CARGO_MANIFEST_DIR"), "/fonts");
    let face = |weight: &str, file: &str| {
        format!(
            "@font-face{{font-family:Held;font-weight:{weight};src:url(file://{fonts}/{file})}}"
        )
    };
    let style = format!(
        "{}{}*{{font-family:Held!important}}{style}</style>",
        face("100 500", "Inter-Regular-subset.ttf"),
        face("501 900", "Inter-SemiBold-subset.ttf")
    );
    // The policy allows no font from elsewhere, which is right for readers.
    let text =
        text.replacen("</style>", &style, 1)
            .replacen("Content-Security-Policy", "ignored", 1);
    Page::new("report.html", &text)
}

fn look(browser: &Path, page: &Page, view: View) -> Picture {
    let shot = page.path.with_extension("png");
    let to_do = [
        format!("--screenshot={}", shot.display()),
        "--virtual-time-budget=5000".to_owned(),
    ];
    run(browser, &page.path, view, &to_do);
    Picture::read(&shot).small()
}

fn views() -> Vec<(String, View)> {
    SIZES
        .into_iter()
        .flat_map(|(width, height)| [(width, height, false), (width, TOP, true)])
        .map(|(width, height, dark)| {
            let name = format!("{width}-{}", if dark { "dark" } else { "light" });
            let view = View {
                width,
                height,
                dark,
            };
            (name, view)
        })
        .collect()
}

#[test]
fn the_page_looks_as_it_did() {
    let Some(browser) = chromium("nobody looked at the page") else {
        return;
    };
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/looks");
    let page = page("");
    let update = std::env::var_os("TONNAGE_UPDATE_LOOKS").is_some();
    let mut changed = Vec::new();
    for (name, view) in views() {
        let found = look(&browser, &page, view);
        let path = kept.join(format!("{name}.png"));
        if update {
            found.write(&path);
            continue;
        }
        let wanted = Picture::read(&path);
        let differing = wanted.differing(&found);
        let allowed = wanted.grey.len() / EXCEPTIONS;
        eprintln!("{name}: {differing:?} blocks differ, {allowed} may");
        if differing.is_none_or(|differing| differing > allowed) {
            let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("looks");
            found.write(&folder.join(format!("{name}-found.png")));
            wanted.write(&folder.join(format!("{name}-wanted.png")));
            changed.push(format!("{name} ({})", folder.display()));
        }
    }
    assert!(
        changed.is_empty(),
        "the page looks different: {}; if it should, run this with TONNAGE_UPDATE_LOOKS=1",
        changed.join(", ")
    );
}

#[test]
fn another_layout_is_seen() {
    let Some(browser) = chromium("whether a changed page is seen was not checked") else {
        return;
    };
    let (_, view) = views().swap_remove(5);
    let now = look(&browser, &page(""), view);
    let again = look(&browser, &page(""), view);
    assert_eq!(now.differing(&again), Some(0));
    let moved = look(&browser, &page("section{margin-top:6rem}"), view);
    let allowed = now.grey.len() / EXCEPTIONS;
    assert!(now.differing(&moved).is_some_and(|far| far > 3 * allowed));
}
