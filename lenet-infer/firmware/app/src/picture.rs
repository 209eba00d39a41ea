//! A digit as text.

use core::fmt;
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

/// The characters from paper to ink.
const SHADES: [char; 8] = [' ', '.', ':', '-', '=', '+', '*', '#'];

/// An image as 14 lines of 28 characters. Each character stands for a pixel and the one below it.
pub(crate) struct Picture<'a>(pub(crate) &'a [u8; IMAGE_PIXELS]);

impl fmt::Display for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, _) = self.0.as_chunks::<IMAGE_SIDE>();
        let (pairs, _) = rows.as_chunks::<2>();
        for [upper, lower] in pairs {
            let mut line = [' '; IMAGE_SIDE];
            for ((shade, a), b) in line.iter_mut().zip(upper).zip(lower) {
                *shade = SHADES[usize::from(a.midpoint(*b)) * SHADES.len() / 256];
            }
            let inked = line.iter().rposition(|shade| *shade != ' ').map_or(0, |last| last + 1);
            for shade in &line[..inked] {
                write!(f, "{shade}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_picture_has_fourteen_lines_of_at_most_28_shades() {
        let mut pixels = [0; IMAGE_PIXELS];
        pixels[..2 * IMAGE_SIDE].fill(255);
        pixels[3 * IMAGE_SIDE + 1] = 255;
        let text = Picture(&pixels).to_string();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("############################"));
        assert_eq!(lines.next(), Some(" -"));
        assert!(lines.clone().all(str::is_empty));
        assert_eq!(lines.count(), 12);
    }
}
