//! Digits and a question mark, 5x7 pixels each.

use super::{Canvas, Color};

/// The columns of a glyph.
const WIDTH: usize = 5;
/// The rows of a glyph.
pub(super) const HEIGHT: usize = 7;
/// The columns from one glyph to the next.
const ADVANCE: usize = WIDTH + 1;

/// The rows of 0 to 9 and of `?`, the leftmost pixel in bit 4.
const GLYPHS: [[u8; HEIGHT]; 11] = [
    [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110],
    [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
    [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111],
    [0b01110, 0b10001, 0b00001, 0b00110, 0b00001, 0b10001, 0b01110],
    [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
    [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
    [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
    [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000],
    [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
    [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100],
    [0b01110, 0b10001, 0b00001, 0b00110, 0b00100, 0b00000, 0b00100],
];

/// The columns of a text, with a margin of one on each side.
pub(super) const fn width(text: &str) -> usize {
    text.len() * ADVANCE + 1
}

impl Canvas {
    /// Writes digits and question marks on a plate, with each pixel of a glyph as a square of `scale` pixels. `left` and
    /// `top` are those of the plate, which has a margin of one such square.
    pub(super) fn write(
        &mut self,
        [left, top]: [usize; 2],
        scale: usize,
        text: &str,
        plate: Color,
        ink: Color,
    ) {
        let bottom = top + (HEIGHT + 2) * scale;
        self.fill([left, top, left + width(text) * scale, bottom], plate);
        for (place, character) in text.chars().enumerate() {
            let glyph = GLYPHS[character.to_digit(10).map_or(10, |digit| digit as usize)];
            for (row, bits) in glyph.iter().enumerate() {
                for column in (0..WIDTH).filter(|column| bits >> (WIDTH - 1 - column) & 1 == 1) {
                    let (x, y) = (left + (1 + place * ADVANCE + column) * scale, top + (1 + row) * scale);
                    self.fill([x, y, x + scale, y + scale], ink);
                }
            }
        }
    }
}
