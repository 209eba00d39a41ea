//! The 28x28 image of a digit, as the makers of MNIST normalized theirs.
//!
//! The bounding box, squared to its longer side, is resampled to 20x20 pixels by area, and lies in the image so that the
//! center of mass is at its center (LeCun et al., "Gradient-based learning applied to document recognition", 1998).

use super::frame::Rect;
use super::grid::filter;
use super::grid::step::View;
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
            if sum == 0 {
                continue;
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
    let (first, last) = (by_box(start), by_box(end - 1));
    (first..=last.min(u32::from(cells).saturating_sub(1))).map(move |cell| {
        let overlap = end.min((cell + 1) * UNIT) - start.max(cell * UNIT);
        (cell as usize, overlap)
    })
}

/// Divides by the side of the box, without a division: exact up to the longest line of a work grid, 255 cells of 20 units.
const fn by_box(units: u32) -> u32 {
    const RECIPROCAL: u32 = (1_u32 << 16).div_ceil(BOX as u32);
    (units * RECIPROCAL) >> 16
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
    // Most of an image is paper, and not every core divides fast.
    for ink in image.iter_mut().filter(|ink| **ink > 0) {
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

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use proptest::prelude::*;

    /// Digits of MNIST.
    const DIGITS: &[u8] = include_bytes!("../../assets/golden-digits.bin");

    fn digits() -> impl Iterator<Item = &'static [u8; IMAGE_PIXELS]> {
        DIGITS.as_chunks().0.iter()
    }

    const fn whole(side: u16) -> Rect {
        Rect { left: 0, top: 0, right: side, bottom: side }
    }

    #[test]
    fn the_digits_of_mnist_come_through_unchanged() {
        for digit in digits() {
            let level = |x: usize, y: usize| digit[y * IMAGE_SIDE + x];
            let mut image = [1; IMAGE_PIXELS];
            resample(bounds(whole(28), 1, level), level, &mut image);
            assert_eq!(image, *digit);
        }
    }

    #[test]
    fn a_digit_of_any_size_has_its_center_of_mass_at_the_center() {
        for (digit, side) in digits().zip((8..=255).cycle().step_by(7)) {
            let level =
                |x: usize, y: usize| digit[y * IMAGE_SIDE / side * IMAGE_SIDE + x * IMAGE_SIDE / side];
            let rect = bounds(whole(side as u16), 1, level);
            let mut image = [1; IMAGE_PIXELS];
            resample(rect, level, &mut image);
            let (mut mass, mut moment_x, mut moment_y) = (0, 0, 0);
            for (index, ink) in image.iter().enumerate() {
                mass += usize::from(*ink);
                moment_x += usize::from(*ink) * (index % IMAGE_SIDE);
                moment_y += usize::from(*ink) * (index / IMAGE_SIDE);
            }
            for moment in [moment_x, moment_y] {
                assert!((2 * moment).abs_diff(28 * mass) <= mass, "{side}: {moment} of {mass}");
            }
            let filled = bounds(whole(28), 1, |x, y| image[y * IMAGE_SIDE + x]);
            assert!(filled.longer_side() <= BOX as u16);
        }
    }

    #[test]
    fn the_side_of_the_box_divides_without_a_division() {
        assert!((0..=255 * BOX as u32).all(|units| by_box(units) == units / BOX as u32));
    }

    #[test]
    fn bounds_hold_the_ink_of_the_least_level_and_nothing_else() {
        let level = |x: usize, y: usize| match (x, y) {
            (3, 5) | (7, 9) => 20,
            (8, 9) => 19,
            _ => 0,
        };
        assert_eq!(bounds(whole(28), 20, level), Rect { left: 3, top: 5, right: 8, bottom: 10 });
        assert_eq!(bounds(whole(28), 19, level), Rect { left: 3, top: 5, right: 9, bottom: 10 });
        assert_eq!(bounds(whole(28), 21, level).longer_side(), 0);
        assert_eq!(bounds(whole(28), 0, level), bounds(whole(28), 1, level));
    }

    #[test]
    fn the_width_of_a_bar_is_measured() {
        for width in 2..=6 {
            let mut image = [0; IMAGE_PIXELS];
            for row in image.chunks_exact_mut(IMAGE_SIDE).skip(4).take(20) {
                row[10..][..width].fill(255);
            }
            let upright = stroke_width(&mut image);
            for y in 0..IMAGE_SIDE {
                for x in 0..y {
                    image.swap(y * IMAGE_SIDE + x, x * IMAGE_SIDE + y);
                }
            }
            assert_eq!(stroke_width(&mut image), upright);
            // Within a quarter of a pixel.
            assert!(upright.abs_diff(16 * width as u32) <= 4, "{upright}");
        }
        assert_eq!(stroke_width(&mut [0; IMAGE_PIXELS]), 0);
    }

    #[test]
    fn a_stroke_of_half_a_pixel_is_widened_by_a_whole_dilation() {
        let mut image = [0; IMAGE_PIXELS];
        image[14 * IMAGE_SIDE + 14] = 200;
        thicken(&mut image, 8);
        let inked = (0..IMAGE_PIXELS).filter(|pixel| image[*pixel] == 200);
        assert!(inked.eq([13, 14, 15].into_iter().flat_map(|y| match y {
            14 => 14 * IMAGE_SIDE + 13..14 * IMAGE_SIDE + 16,
            _ => y * IMAGE_SIDE + 14..y * IMAGE_SIDE + 15,
        })));
    }

    proptest! {
        #[test]
        fn stretched_ink_reaches_255(image in proptest::collection::vec(any::<u8>(), IMAGE_PIXELS), shift in 0..8_u8) {
            let mut image: [u8; IMAGE_PIXELS] = image.try_into().unwrap();
            image.iter_mut().for_each(|ink| *ink >>= shift);
            let before = image;
            let full = stretch(&mut image);
            let most = before.iter().copied().max().unwrap();
            prop_assert_eq!(image.iter().copied().max(), Some(if most == 0 { 0 } else { 255 }));
            prop_assert!(full > most / 2 && full <= most.max(1));
            prop_assert!(before.iter().zip(&image).all(|(before, after)| before <= after));
        }

        #[test]
        fn a_widened_stroke_is_no_fainter_than_before_and_no_stronger_than_its_neighbors(
            image in proptest::collection::vec(any::<u8>(), IMAGE_PIXELS), width in 0..60_u32,
        ) {
            let mut image: [u8; IMAGE_PIXELS] = image.try_into().unwrap();
            let before = image;
            thicken(&mut image, width);
            for (index, ink) in image.iter().enumerate() {
                let (x, y) = (index % IMAGE_SIDE, index / IMAGE_SIDE);
                let at = |x: usize, y: usize| if x < 28 && y < 28 { before[y * IMAGE_SIDE + x] } else { 0 };
                let beside = [at(x.wrapping_sub(1), y), at(x + 1, y), at(x, y.wrapping_sub(1)), at(x, y + 1)];
                let most = beside.into_iter().max().unwrap().max(before[index]);
                prop_assert!((before[index]..=most).contains(ink));
                if width >= THIN {
                    prop_assert_eq!(*ink, before[index]);
                }
            }
        }
    }
}
