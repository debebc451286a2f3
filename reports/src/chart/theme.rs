//! The parts colours play, and the colours.
//!
//! The hues follow Okabe and Ito's palette, which people with any of the common colour
//! deficiencies can tell apart; each is darkened or lightened until it stands out from the
//! background with a contrast of at least 3 to 1. No chart relies on colour alone.

/// What a colour is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Behind everything.
    Background,
    /// Text and the most important line.
    Text,
    /// Text of less weight.
    Muted,
    /// Grid lines.
    Grid,
    /// The axis and lines between groups.
    Axis,
    /// One of the colours that tell series apart; past the last one they begin again.
    Series(usize),
    /// What is left over when series are put together.
    Rest,
}

/// Number of series colours.
pub(super) const SERIES: usize = 7;

/// Name of the CSS variable, light colour, dark colour.
const COLOURS: [(&str, u32, u32); 6 + SERIES] = [
    ("--chart-background", 0xFF_FFFF, 0x16_1A20),
    ("--chart-text", 0x1A_1D23, 0xE8_EAED),
    ("--chart-muted", 0x56_5C66, 0xA6_ADB8),
    ("--chart-grid", 0xE4_E7EB, 0x2B_3038),
    ("--chart-axis", 0xA3_A9B3, 0x5C_6470),
    ("--chart-rest", 0x8A_909A, 0x7C_8490),
    ("--chart-1", 0x00_72B2, 0x5B_B4F0),
    ("--chart-2", 0xC8_500A, 0xFF_9152),
    ("--chart-3", 0x00_8A63, 0x35_C596),
    ("--chart-4", 0xA8_4A80, 0xE79A_C6),
    ("--chart-5", 0xA8_7600, 0xF0_BC42),
    ("--chart-6", 0x3A_92C8, 0xA5_DAF7),
    ("--chart-7", 0x5B_4FA8, 0xA79D_F0),
];

impl Role {
    fn index(self) -> usize {
        match self {
            Self::Background => 0,
            Self::Text => 1,
            Self::Muted => 2,
            Self::Grid => 3,
            Self::Axis => 4,
            Self::Rest => 5,
            Self::Series(series) => 6 + series % SERIES,
        }
    }

    /// The colour on a light background.
    pub(super) fn light(self) -> (u8, u8, u8) {
        channels(COLOURS[self.index()].1)
    }

    /// A colour that stands for the part until the style sheet gives it one.
    pub(super) fn sentinel(self) -> (u8, u8, u8) {
        let index = u8::try_from(self.index()).unwrap_or(0);
        (0x01, 0xFE, index)
    }
}

fn channels(colour: u32) -> (u8, u8, u8) {
    let [_, red, green, blue] = colour.to_be_bytes();
    (red, green, blue)
}

/// Every sentinel as SVG writes it, with the CSS variable that takes its place.
pub(super) fn sentinels() -> impl Iterator<Item = (String, String)> {
    COLOURS.iter().enumerate().map(|(index, (name, _, _))| {
        (format!("\"#01FE{index:02X}\""), format!("\"var({name})\""))
    })
}

/// The CSS declarations of the chart colours.
pub(crate) fn style_variables(dark: bool) -> String {
    COLOURS
        .iter()
        .map(|(name, light, night)| {
            format!("{name}:#{:06x};", if dark { *night } else { *light })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: u32) -> f64 {
        let (red, green, blue) = channels(colour);
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.040_45 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    fn contrast(a: u32, b: u32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn colours_stand_out_in_both_themes() {
        for (name, light, dark) in COLOURS {
            let least = match name {
                "--chart-text" | "--chart-muted" => 4.5,
                "--chart-background" | "--chart-grid" | "--chart-axis" => 1.0,
                _ => 3.0,
            };
            assert!(contrast(light, COLOURS[0].1) >= least, "{name} light");
            assert!(contrast(dark, COLOURS[0].2) >= least, "{name} dark");
        }
    }

    #[test]
    fn the_colour_table_has_no_misplaced_digits() {
        for (name, light, dark) in COLOURS {
            assert!(light <= 0xFF_FFFF && dark <= 0xFF_FFFF, "{name}");
        }
    }
}
