//! The 28x28 image of a digit, as the makers of MNIST normalized theirs.
//!
//! The bounding box, squared to its longer side, is resampled to 20x20 pixels by area, and lies in the image so that the
//! center of mass is at its center (LeCun et al., "Gradient-based learning applied to document recognition", 1998).

use super::filter;
use super::frame::Rect;
use super::step::View;
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

/// The side of the box that a digit fills.
const BOX: usize = 20;
/// The least stroke width that MNIST's digits have, in 1/16 pixel.
const THIN: u32 = 40;

/// The smallest rectangle that holds the cells of `rect` with a level of `least` or more. Empty if there are none.
pub(super) fn bounds(rect: Rect, least: u8, level: impl Fn(usize, usize) -> u8) -> Rect {
    let mut found = Rect { left: rect.right, top: rect.bottom, right: rect.left, bottom: rect.top };
    for y in rect.top..rect.bottom {
        for x in rect.left..rect.right {
            if level(x.into(), y.into()) >= least.max(1) {
                found = found.union(Rect { left: x, top: y, right: x + 1, bottom: y + 1 });
            }
        }
    }
    found
}

/// Resamples the cells of `rect` into an image with its center of mass at the center.
pub(super) fn resample(rect: Rect, level: impl Fn(usize, usize) -> u8, image: &mut [u8; IMAGE_PIXELS]) {
    let side = u32::from(rect.longer_side()).max(1);
    let size = |cells: u16| (usize::from(cells) * BOX).div_ceil(side as usize).min(BOX);
    let (width, height) = (size(rect.width()), size(rect.height()));
    let area = side * side;
    let mut small = [[0_u8; BOX]; BOX];
    let (mut mass, mut moment_x, mut moment_y) = (0_u32, 0_u32, 0_u32);
    for (y, row) in small.iter_mut().enumerate().take(height) {
        for (x, pixel) in row.iter_mut().enumerate().take(width) {
            let mut sum = 0;
            for (cell_y, weight_y) in cover(y, side, rect.height()) {
                let mut line = 0;
                for (cell_x, weight_x) in cover(x, side, rect.width()) {
                    line += weight_x
                        * u32::from(level(usize::from(rect.left) + cell_x, usize::from(rect.top) + cell_y));
                }
                sum += line * weight_y;
            }
            *pixel = ((2 * sum + area) / (2 * area).max(1)) as u8;
            let ink = u32::from(*pixel);
            mass += ink;
            moment_x += ink * x as u32;
            moment_y += ink * y as u32;
        }
    }
    // The offset puts the center of mass, plus half a pixel, nearest to 14.
    let offset = |moment: u32, limit: usize| {
        let center = (2 * moment + mass) / (2 * mass).max(1);
        (IMAGE_SIDE as u32 / 2).saturating_sub(center).min((IMAGE_SIDE - limit) as u32) as usize
    };
    let (left, top) = (offset(moment_x, width), offset(moment_y, height));
    image.fill(0);
    for (row, pixels) in small.iter().zip(image.chunks_exact_mut(IMAGE_SIDE).skip(top)).take(height) {
        for (pixel, ink) in pixels.iter_mut().skip(left).zip(row) {
            *pixel = *ink;
        }
    }
}

/// The cells that pixel `k` covers, of a box of `cells` cells squared to `side`, with the widths of the overlap.
fn cover(k: usize, side: u32, cells: u16) -> impl Iterator<Item = (usize, u32)> {
    // In units of 1/20 cell, pixel k covers k * side to (k + 1) * side, and cell j covers 20 j to 20 (j + 1).
    const UNIT: u32 = BOX as u32;
    let (start, end) = (k as u32 * side, (k as u32 + 1) * side);
    let (first, last) = (start / UNIT, (end - 1) / UNIT);
    (first..=last.min(u32::from(cells).saturating_sub(1))).map(move |cell| {
        let overlap = end.min((cell + 1) * UNIT) - start.max(cell * UNIT);
        (cell as usize, overlap)
    })
}

/// Stretches the levels so that full ink is 255, and returns the level that full ink had.
pub(super) fn stretch(image: &mut [u8; IMAGE_PIXELS]) -> u8 {
    let most = image.iter().copied().max().unwrap_or_default();
    let (mut sum, mut count) = (0_u32, 0_u32);
    for ink in image.iter().filter(|ink| **ink > most / 2) {
        sum += u32::from(*ink);
        count += 1;
    }
    let full = (sum / count.max(1)).max(1);
    let full = if full * 8 >= u32::from(most) * 7 { most.into() } else { full }.max(1);
    for ink in image.iter_mut() {
        *ink = (u32::from(*ink) * 255 / full).min(255) as u8;
    }
    full as u8
}

/// The mean width of the strokes, in 1/16 pixel: twice the area of the ink over the length of its outline.
///
/// The length is the sum of the gradient's magnitudes (the total variation of the image).
pub(super) fn stroke_width(image: &mut [u8; IMAGE_PIXELS]) -> u32 {
    let area: u32 = image.iter().map(|ink| u32::from(*ink)).sum();
    let mut outline = 0;
    // The filter's weights sum to 8, and |x| + |y| is 4 / pi of the magnitude on average over all directions.
    filter::sobel(View::new(IMAGE_SIDE, image), |_, gradient| outline += gradient);
    2 * area * 8 * 16 / outline.max(1) * 14 / 11
}

/// Widens the strokes of `width` to the least that MNIST's digits have: a dilation by one pixel, of which a part is taken.
pub(super) fn thicken(image: &mut [u8; IMAGE_PIXELS], width: u32) {
    // A dilation by one pixel on each side widens a stroke by two.
    let share = (THIN.saturating_sub(width) * 256 / 32).min(256);
    if share == 0 {
        return;
    }
    let mut above = [0; IMAGE_SIDE];
    let mut rest = &mut image[..];
    while let Some((row, below)) = rest.split_first_chunk_mut::<IMAGE_SIDE>() {
        let here = *row;
        for (x, ink) in row.iter_mut().enumerate() {
            let at = |row: &[u8], x: usize| row.get(x).copied().unwrap_or_default();
            let most = at(&here, x.wrapping_sub(1))
                .max(at(&here, x + 1))
                .max(at(&above, x))
                .max(at(below, x))
                .max(*ink);
            *ink += (u32::from(most - *ink) * share / 256) as u8;
        }
        above = here;
        rest = below;
    }
}
