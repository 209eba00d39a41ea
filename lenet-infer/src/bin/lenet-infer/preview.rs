//! Draws the image that the model sees in half-block characters, two pixels per cell.

use std::fmt::Write as _;

use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

/// The number of lines of a preview. Each is [`IMAGE_SIDE`] columns wide.
pub(crate) const LINES: usize = IMAGE_SIDE / 2;

/// The first color of the gray ramp of terminals with 256 colors: 24 steps from almost black to almost white.
const RAMP_START: u32 = 232;
const RAMP_STEPS: u32 = 24;

/// Draws with `color` in 24 grays, otherwise in black and white, where a pixel of at least half of full ink is ink.
pub(crate) fn lines(pixels: &[u8; IMAGE_PIXELS], color: bool) -> Vec<String> {
    let (rows, _) = pixels.as_chunks::<IMAGE_SIDE>();
    let (pairs, _) = rows.as_chunks::<2>();
    pairs.iter().map(|[upper, lower]| if color { gray(upper, lower) } else { plain(upper, lower) }).collect()
}

fn gray(upper: &[u8], lower: &[u8]) -> String {
    let ramp = |pixel: u8| RAMP_START + u32::from(pixel) * (RAMP_STEPS - 1) / 255;
    let mut line = String::new();
    for (&upper, &lower) in upper.iter().zip(lower) {
        // The foreground is the upper pixel, the background the lower one. Writing to a string cannot fail.
        let _ = write!(line, "\x1b[38;5;{};48;5;{}m▀", ramp(upper), ramp(lower));
    }
    line + "\x1b[0m"
}

fn plain(upper: &[u8], lower: &[u8]) -> String {
    let cell = |(&upper, &lower): (&u8, &u8)| match (upper >= 128, lower >= 128) {
        (false, false) => ' ',
        (true, false) => '▀',
        (false, true) => '▄',
        (true, true) => '█',
    };
    upper.iter().zip(lower).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ink in the upper pixel of the first cell, the lower of the second, both of the third, and too little in the fourth.
    fn pixels() -> [u8; IMAGE_PIXELS] {
        let mut pixels = [0; IMAGE_PIXELS];
        pixels[0] = 255;
        pixels[IMAGE_SIDE + 1] = 128;
        pixels[2] = 200;
        pixels[IMAGE_SIDE + 2] = 200;
        pixels[3] = 127;
        pixels
    }

    #[test]
    fn a_plain_cell_shows_which_of_its_two_pixels_are_ink() {
        let lines = lines(&pixels(), false);
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines[0], format!("▀▄█{}", " ".repeat(25)));
        assert!(lines[1..].iter().all(|line| *line == " ".repeat(28)));
    }

    #[test]
    fn a_gray_cell_has_the_upper_pixel_before_the_lower() {
        let lines = lines(&pixels(), true);
        assert!(lines[0].starts_with("\x1b[38;5;255;48;5;232m▀\x1b[38;5;232;48;5;243m▀"));
        assert!(lines.iter().all(|line| line.matches('▀').count() == 28 && line.ends_with("\x1b[0m")));
    }
}
