//! Stretches a picture of any size to 28x28 gray levels, from one row at a time.
//!
//! Each output pixel is a weighted mean of the input pixels around its center. This is the triangle filter: in each
//! direction the weight falls linearly with the distance, to zero at a distance of one output pixel, or of one input pixel
//! if the picture is enlarged. The sums are exact integers, so rows and parts of rows may come in any order.

use std::array;
use std::ops::Range;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, Luma};
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

use super::error::Fault;
use super::sink::Sink;

const SIDE: u64 = IMAGE_SIDE as u64;

/// The weighted sums of the rows seen so far.
#[derive(Debug)]
pub(super) struct Stretch {
    columns: Axis,
    rows: Axis,
    /// The sum of gray level, row weight and column weight multiplied. For the largest pictures it exceeds 64 bits.
    sums: [[u128; IMAGE_SIDE]; IMAGE_SIDE],
}

impl Sink for Stretch {
    type Output = [u8; IMAGE_PIXELS];

    fn bytes(_width: u32, _height: u32) -> u64 {
        0
    }

    fn new(width: u32, height: u32) -> Result<Self, Fault> {
        Ok(Self { columns: Axis::new(width), rows: Axis::new(height), sums: [[0; IMAGE_SIDE]; IMAGE_SIDE] })
    }

    fn add(&mut self, y: u32, first: u32, step: u32, grays: &[u8]) {
        let (y, first, step) = (u64::from(y), u64::from(first), u64::from(step));
        let sums: [u64; IMAGE_SIDE] = array::from_fn(|output| {
            let span = self.columns.span(output as u64);
            let [start, end] = [span.start, span.end].map(|x| x.saturating_sub(first).div_ceil(step));
            let grays = grays.iter().enumerate().take(end as usize).skip(start as usize);
            let weighted = grays.map(|(index, gray)| {
                self.columns.weight(output as u64, first + index as u64 * step) * u64::from(*gray)
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

    fn finish(self, orientation: Orientation) -> Result<[u8; IMAGE_PIXELS], Fault> {
        Ok(turn(&self.means(), orientation))
    }
}

impl Stretch {
    /// Returns the means, row by row, rounded to the nearest.
    fn means(&self) -> [u8; IMAGE_PIXELS] {
        let columns: [u128; IMAGE_SIDE] = array::from_fn(|output| self.columns.total(output as u64));
        let rows: [u128; IMAGE_SIDE] = array::from_fn(|output| self.rows.total(output as u64));
        array::from_fn(|index| {
            let (row, column) = (index / IMAGE_SIDE, index % IMAGE_SIDE);
            let total = rows[row] * columns[column];
            ((2 * self.sums[row][column] + total) / (2 * total)) as u8
        })
    }
}

/// The image the way up that its camera noted. Turning it after it was stretched gives the same as before.
fn turn(image: &[u8; IMAGE_PIXELS], orientation: Orientation) -> [u8; IMAGE_PIXELS] {
    let side = IMAGE_SIDE as u32;
    let pixel = |x: u32, y: u32| Luma([image[y as usize * IMAGE_SIDE + x as usize]]);
    let mut picture: DynamicImage = GrayImage::from_fn(side, side, pixel).into();
    picture.apply_orientation(orientation);
    let turned = picture.into_luma8();
    array::from_fn(|index| turned.as_raw()[index])
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

    fn picture(width: u32, height: u32) -> GrayImage {
        GrayImage::from_fn(width, height, |x, y| Luma([((x * 37 + y * 101 + x * y * 13) % 256) as u8]))
    }

    fn stretched(image: &GrayImage) -> [u8; IMAGE_PIXELS] {
        let mut stretch = Stretch::new(image.width(), image.height()).unwrap();
        for (y, row) in (0..).zip(image.as_raw().chunks_exact(image.width() as usize)) {
            stretch.add(y, 0, 1, row);
        }
        stretch.means()
    }

    #[test]
    fn the_means_are_those_of_the_triangle_filter_of_the_image_crate() {
        for (width, height) in [(28, 28), (29, 27), (1, 1), (3, 200), (57, 14), (280, 560), (301, 2)] {
            let image = picture(width, height);
            let expected = imageops::resize(&image, 28, 28, FilterType::Triangle).into_raw();
            for (index, (found, expected)) in stretched(&image).iter().zip(expected).enumerate() {
                // Floating-point sums round otherwise where a mean is near a half.
                assert!(found.abs_diff(expected) <= 1, "{width}x{height}: {found}, {expected} at {index}");
            }
        }
    }

    #[test]
    fn a_picture_of_28x28_keeps_every_pixel() {
        let image = picture(28, 28);
        assert_eq!(stretched(&image)[..], image.as_raw()[..]);
    }

    #[test]
    fn rows_in_parts_and_in_any_order_give_the_same() {
        let image = picture(50, 41);
        let rows: Vec<&[u8]> = image.as_raw().chunks_exact(50).collect();
        let mut parts = Stretch::new(50, 41).unwrap();
        for (first, step) in [(1, 2), (2, 4), (0, 4)] {
            for y in (0..41).rev() {
                let part: Vec<u8> = rows[y].iter().copied().skip(first).step_by(step).collect();
                parts.add(y as u32, first as u32, step as u32, &part);
            }
        }
        assert_eq!(parts.means(), stretched(&image));
    }

    #[test]
    fn the_largest_side_does_not_overflow() {
        let mut stretch = Stretch::new(65_535, 65_535).unwrap();
        let row = vec![255; 65_535];
        // Every row weighs on some output; these reach the largest sums of one.
        for y in 0..400 {
            stretch.add(y, 0, 1, &row);
        }
        assert!(stretch.means()[0] > 0);
        assert!(stretch.rows.total(14) * stretch.columns.total(14) * 2 * 255 < u128::MAX / 2);
    }
}
