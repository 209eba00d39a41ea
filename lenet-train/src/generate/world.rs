//! A training image as the world shows it: written with another pen, on a sheet before a camera, prepared again; or worn
//! as it is.

use super::camera::Camera;
use super::canvas::Canvas;
use crate::draws::Draws;
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

/// The share of the images that a camera sees.
const SEEN: f32 = 0.6;

/// Changes an image as the world does.
pub(super) fn change(
    image: &[u8; IMAGE_PIXELS],
    camera: &mut Camera,
    draws: &mut Draws,
) -> [u8; IMAGE_PIXELS] {
    let seen = if draws.chance(SEEN) { photograph(image, camera, draws) } else { None };
    let mut image = seen.unwrap_or_else(|| wear(image, draws));
    if draws.chance(0.15) {
        cover(&mut image, draws);
    }
    image
}

/// Writes the digit on a sheet, larger, with a thinner or thicker pen, and takes a picture of it.
pub(super) fn photograph(
    image: &[u8; IMAGE_PIXELS],
    camera: &mut Camera,
    draws: &mut Draws,
) -> Option<[u8; IMAGE_PIXELS]> {
    let zoom = draws.between(0.8, 2.6);
    let side = (IMAGE_SIDE as f32 * zoom) as usize + 4 + draws.below(20);
    let mut sheet = Canvas::of_image(image, zoom, side);
    // A hardness of 1 leaves the levels as they are. A harder pen has steeper edges, and a thinner stroke the higher the level is
    // at which its ink begins.
    let (begin, hardness) = (draws.between(0.2, 0.75), draws.between(1.0, 1.0 + 2.0 * zoom));
    sheet.change(|ink| {
        ((ink - begin) * hardness + 0.5 * (hardness - 1.0) / hardness + begin / hardness).clamp(0.0, 1.0)
    });
    if draws.chance(0.5) {
        sheet.widen(draws.between(-0.7, 1.0));
    }
    if draws.chance(0.1) {
        stray(&mut sheet, draws);
    }
    camera.image(sheet, draws)
}

/// Adds a short line beside the middle: what is left of a frame, or a neighbor.
fn stray(sheet: &mut Canvas, draws: &mut Draws) {
    let side = sheet.side() as f32;
    let from = (side * draws.unit(), side * draws.unit());
    let to = (from.0 + draws.within(0.12) * side, from.1 + draws.within(0.12) * side);
    sheet.line(from, to, draws.between(0.4, 1.5));
}

/// Wears an image as it is, in one or two of several ways.
fn wear(image: &[u8; IMAGE_PIXELS], draws: &mut Draws) -> [u8; IMAGE_PIXELS] {
    let mut sheet = Canvas::of_image(image, 1.0, IMAGE_SIDE);
    for _ in 0..1 + draws.below(2) {
        match draws.below(7) {
            // Thin strokes.
            0 | 1 => sheet.widen(-draws.between(0.3, 1.0)),
            2 => sheet.widen(draws.unit()),
            3 => (0..1 + draws.below(2)).for_each(|_| sheet.blur()),
            4 => resample(&mut sheet, draws),
            5 => add_noise(&mut sheet, draws),
            // Dim ink.
            _ => {
                let dim = draws.between(0.2, 1.0);
                sheet.change(|ink| ink * dim);
            }
        }
    }
    sheet.levels()
}

/// Loses resolution: fewer pixels, and back.
fn resample(sheet: &mut Canvas, draws: &mut Draws) {
    let step = draws.between(1.2, 2.2);
    let side = sheet.side();
    let before = sheet.ink().to_vec();
    let nearest = |place: usize| (((place as f32 / step).floor() + 0.5) * step) as usize;
    for (index, ink) in sheet.ink_mut().iter_mut().enumerate() {
        let (x, y) = (nearest(index % side).min(side - 1), nearest(index / side).min(side - 1));
        *ink = before[y * side + x];
    }
    if draws.chance(0.7) {
        sheet.blur();
    }
}

/// Adds the noise of a sensor, or pixels that are all ink or all paper.
fn add_noise(sheet: &mut Canvas, draws: &mut Draws) {
    if draws.chance(0.5) {
        let noise = 0.25 * draws.unit();
        sheet.change(|ink| ink + noise * draws.normal());
        return;
    }
    let share = 0.1 * draws.unit();
    for ink in sheet.ink_mut() {
        if draws.chance(share) {
            *ink = if draws.chance(0.5) { 1.0 } else { 0.0 };
        }
    }
}

/// Covers a small rectangle with paper, rarely with ink.
fn cover(image: &mut [u8; IMAGE_PIXELS], draws: &mut Draws) {
    let level = if draws.chance(0.8) { 0 } else { 255 };
    let (width, height) = (1 + draws.below(4), 1 + draws.below(4));
    let (left, top) = (4 + draws.below(20 - width), 4 + draws.below(20 - height));
    for row in image.chunks_exact_mut(IMAGE_SIDE).skip(top).take(height) {
        row[left..left + width].fill(level);
    }
}
