//! Resizes a picture of any size to 28x28 grey levels, from one row at a time.
//!
//! Each output pixel is a weighted mean of the input pixels around its center. This is the triangle filter: in each
//! direction the weight falls linearly with the distance, to zero at a distance of one output pixel, or of one input pixel
//! if the picture is enlarged. The sums are exact integers, so rows and parts of rows may come in any order.

use std::array;
use std::ops::Range;

use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

const SIDE: u64 = IMAGE_SIDE as u64;

/// The weighted sums of the rows seen so far.
#[derive(Debug)]
pub(super) struct Shrink {
    columns: Axis,
    rows: Axis,
    /// The sum of grey level, row weight and column weight multiplied. For the largest pictures it exceeds 64 bits.
    sums: [[u128; IMAGE_SIDE]; IMAGE_SIDE],
}

impl Shrink {
    /// Starts a picture of `width` columns and `height` rows. Neither may be 0.
    pub(super) fn new(width: u32, height: u32) -> Self {
        Self { columns: Axis::new(width), rows: Axis::new(height), sums: [[0; IMAGE_SIDE]; IMAGE_SIDE] }
    }

    /// Adds grey levels of row `y`: those of every `step`th column from column `first` on.
    pub(super) fn add(&mut self, y: u32, first: u32, step: u32, greys: &[u8]) {
        let (y, first, step) = (u64::from(y), u64::from(first), u64::from(step));
        let sums: [u64; IMAGE_SIDE] = array::from_fn(|output| {
            let span = self.columns.span(output as u64);
            let [start, end] = [span.start, span.end].map(|x| x.saturating_sub(first).div_ceil(step));
            let greys = greys.iter().enumerate().take(end as usize).skip(start as usize);
            let weighted = greys.map(|(index, grey)| {
                self.columns.weight(output as u64, first + index as u64 * step) * u64::from(*grey)
            });
            weighted.sum()
        });
        for (output, row) in self.sums.iter_mut().enumerate() {
            if self.rows.span(output as u64).contains(&y) {
                let weight = u128::from(self.rows.weight(output as u64, y));
                row.iter_mut().zip(sums).for_each(|(total, sum)| *total += weight * u128::from(sum));
            }
        }
    }

    /// Returns the means, row by row, rounded to the nearest.
    pub(super) fn finish(&self) -> [u8; IMAGE_PIXELS] {
        let columns: [u128; IMAGE_SIDE] = array::from_fn(|output| self.columns.total(output as u64));
        let rows: [u128; IMAGE_SIDE] = array::from_fn(|output| self.rows.total(output as u64));
        array::from_fn(|index| {
            let (row, column) = (index / IMAGE_SIDE, index % IMAGE_SIDE);
            let total = rows[row] * columns[column];
            ((2 * self.sums[row][column] + total) / (2 * total)) as u8
        })
    }
}

/// One direction of the filter. The unit of distance is 1/56 of an input pixel, so that all centers are integers.
#[derive(Debug)]
struct Axis {
    /// Input pixels.
    length: u64,
    /// The distance at which the weight reaches zero.
    reach: u64,
}

impl Axis {
    fn new(length: u32) -> Self {
        let length = u64::from(length);
        Self { length, reach: 2 * length.max(SIDE) }
    }

    /// The center of an output pixel.
    fn center(&self, output: u64) -> u64 {
        (2 * output + 1) * self.length
    }

    /// The input pixels that an output pixel depends on.
    fn span(&self, output: u64) -> Range<u64> {
        let center = self.center(output);
        let start = (center + SIDE).saturating_sub(self.reach) / (2 * SIDE);
        let end = (center + self.reach - SIDE).div_ceil(2 * SIDE);
        start..end.min(self.length)
    }

    /// The weight of an input pixel in the span of an output pixel.
    fn weight(&self, output: u64, input: u64) -> u64 {
        self.reach - ((2 * input + 1) * SIDE).abs_diff(self.center(output))
    }

    /// The sum of an output pixel's weights.
    fn total(&self, output: u64) -> u128 {
        self.span(output).map(|input| u128::from(self.weight(output, input))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    use image::imageops::{self, FilterType};
    use image::{GrayImage, Luma};

    fn picture(width: u32, height: u32) -> GrayImage {
        GrayImage::from_fn(width, height, |x, y| Luma([((x * 37 + y * 101 + x * y * 13) % 256) as u8]))
    }

    fn shrink(image: &GrayImage) -> [u8; IMAGE_PIXELS] {
        let mut shrink = Shrink::new(image.width(), image.height());
        for (y, row) in (0..).zip(image.as_raw().chunks_exact(image.width() as usize)) {
            shrink.add(y, 0, 1, row);
        }
        shrink.finish()
    }

    #[test]
    fn the_means_are_those_of_the_triangle_filter_of_the_image_crate() {
        for (width, height) in [(28, 28), (29, 27), (1, 1), (3, 200), (57, 14), (280, 560), (301, 2)] {
            let image = picture(width, height);
            let expected = imageops::resize(&image, 28, 28, FilterType::Triangle).into_raw();
            for (index, (found, expected)) in shrink(&image).iter().zip(expected).enumerate() {
                // Floating-point sums round otherwise where a mean is near a half.
                assert!(found.abs_diff(expected) <= 1, "{width}x{height}: {found}, {expected} at {index}");
            }
        }
    }

    #[test]
    fn a_picture_of_28x28_keeps_every_pixel() {
        let image = picture(28, 28);
        assert_eq!(shrink(&image)[..], image.as_raw()[..]);
    }

    #[test]
    fn rows_in_parts_and_in_any_order_give_the_same() {
        let image = picture(50, 41);
        let rows: Vec<&[u8]> = image.as_raw().chunks_exact(50).collect();
        let mut parts = Shrink::new(50, 41);
        for (first, step) in [(1, 2), (2, 4), (0, 4)] {
            for y in (0..41).rev() {
                let part: Vec<u8> = rows[y].iter().copied().skip(first).step_by(step).collect();
                parts.add(y as u32, first as u32, step as u32, &part);
            }
        }
        assert_eq!(parts.finish(), shrink(&image));
    }

    #[test]
    fn the_largest_side_does_not_overflow() {
        let mut shrink = Shrink::new(65_535, 65_535);
        let row = vec![255; 65_535];
        // Every row weighs on some output; these reach the largest sums of one.
        for y in 0..400 {
            shrink.add(y, 0, 1, &row);
        }
        assert!(shrink.finish()[0] > 0);
        assert!(shrink.rows.total(14) * shrink.columns.total(14) * 2 * 255 < u128::MAX / 2);
    }
}
