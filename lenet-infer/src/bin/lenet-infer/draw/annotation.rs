//! Draws what was read on the picture.

use std::path::Path;

use anyhow::Result;
use lenet_infer::host::picture_file::GrayPicture;
use lenet_infer::picture::Rect;

use super::{Canvas, glyphs};

const SURE: [u8; 3] = [0, 140, 60];
const UNSURE: [u8; 3] = [215, 95, 0];
const WHITE: [u8; 3] = [255; 3];

/// A digit to mark in the picture.
pub(crate) struct Mark {
    /// Its pixels.
    pub(crate) rect: Rect,
    /// Its class.
    pub(crate) class: u8,
    pub(crate) confident: bool,
}

/// Writes the picture as a PNG file with a box around each digit, and above it its class or `?`.
pub(crate) fn annotate(path: &Path, picture: &GrayPicture, marks: &[Mark]) -> Result<()> {
    let (width, height) = (usize::from(picture.width()), usize::from(picture.height()));
    let mut canvas = Canvas::new(width, height, WHITE);
    for (pixel, gray) in canvas.pixels.iter_mut().zip(picture.pixels()) {
        *pixel = [*gray; 3];
    }
    let pen = width.max(height).div_ceil(500);
    for mark in marks {
        draw(&mut canvas, pen, mark);
    }
    canvas.save(path)
}

fn draw(canvas: &mut Canvas, pen: usize, mark: &Mark) {
    let (color, text) =
        if mark.confident { (SURE, mark.class.to_string()) } else { (UNSURE, "?".to_owned()) };
    let Rect { left, top, right, bottom } = mark.rect;
    let [left, top, right, bottom] = [left, top, right, bottom].map(usize::from);
    canvas.outline([left, top, right, bottom], pen, color);
    // A third of the digit, but legible, and within the picture.
    let scale = ((bottom - top) / (3 * glyphs::HEIGHT)).clamp(pen, 5 * pen);
    let plate_left = left.saturating_sub(pen).min(canvas.width.saturating_sub(glyphs::width(&text) * scale));
    let plate_top = top.saturating_sub(pen + (glyphs::HEIGHT + 2) * scale);
    canvas.write([plate_left, plate_top], scale, &text, color, WHITE);
}
