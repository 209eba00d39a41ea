//! A gray picture in memory, reduced to at most 4096 pixels per side.

use std::vec::Vec;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage};
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

use super::error::Fault;
use super::memory;
use super::prepare::is_normalized;
use super::sink::Sink;
use crate::picture::{Frame, MAX_SIDE, Rect};

/// A picture file in gray levels, 0 for black to 255 for white, with at most [`MAX_SIDE`] pixels per side.
///
/// A pixel of a larger file's picture is the mean of a square of the file's pixels, 2x2 to 16x16, rounded to the nearest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrayPicture {
    pixels: Vec<u8>,
    width: u16,
    height: u16,
    file_width: u16,
    file_height: u16,
    pub(super) is_raw: bool,
}

impl GrayPicture {
    /// The gray levels, row by row.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The number of columns, 1 to [`MAX_SIDE`].
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// The number of rows, 1 to [`MAX_SIDE`].
    #[must_use]
    pub const fn height(&self) -> u16 {
        self.height
    }

    /// The number of columns of the picture in the file, turned as its camera noted.
    #[must_use]
    pub const fn file_width(&self) -> u16 {
        self.file_width
    }

    /// The number of rows of the picture in the file, turned as its camera noted.
    #[must_use]
    pub const fn file_height(&self) -> u16 {
        self.file_height
    }

    /// The picture as [`Preparer`](crate::picture::Preparer) takes it.
    #[must_use]
    pub fn frame(&self) -> Frame<'_> {
        Frame::new(&self.pixels, self.width.into(), self.height.into()).expect("sides of 1 to MAX_SIDE")
    }

    /// The pixels of the file that a rectangle of this picture covers.
    #[must_use]
    pub fn in_file(&self, rect: Rect) -> Rect {
        let step = step(self.file_width.into(), self.file_height.into()) as u16;
        let scaled = |at: u16, most: u16| at.saturating_mul(step).min(most);
        Rect {
            left: scaled(rect.left, self.file_width),
            top: scaled(rect.top, self.file_height),
            right: scaled(rect.right, self.file_width),
            bottom: scaled(rect.bottom, self.file_height),
        }
    }

    /// The image that the file holds already: it is raw, or [normalized](is_normalized).
    #[must_use]
    pub fn as_image(&self) -> Option<&[u8; IMAGE_PIXELS]> {
        let square = usize::from(self.width) == IMAGE_SIDE;
        let image = self.pixels.as_slice().try_into().ok().filter(|_| square)?;
        (self.is_raw || is_normalized(image)).then_some(image)
    }
}

/// The side of the squares of the file's pixels that become one pixel.
fn step(width: u32, height: u32) -> u32 {
    width.max(height).div_ceil(MAX_SIDE.into())
}

/// The sums of the rows seen so far.
#[derive(Debug)]
pub(super) struct Reduction {
    file_width: u32,
    file_height: u32,
    step: u32,
    width: u32,
    /// The sum of each square's gray levels: at most 255 times 16x16.
    sums: Vec<u16>,
}

impl Sink for Reduction {
    type Output = GrayPicture;

    fn bytes(width: u32, height: u32) -> u64 {
        let step = step(width, height);
        // The sums, and the pixels that are made of them.
        3 * u64::from(width.div_ceil(step)) * u64::from(height.div_ceil(step))
    }

    fn new(width: u32, height: u32) -> Result<Self, Fault> {
        let step = step(width, height);
        let (columns, rows) = (width.div_ceil(step), height.div_ceil(step));
        let sums = memory::zeros(u64::from(columns) * u64::from(rows))?;
        Ok(Self { file_width: width, file_height: height, step, width: columns, sums })
    }

    fn add(&mut self, y: u32, first: u32, step: u32, grays: &[u8]) {
        let start = (y / self.step * self.width) as usize;
        let row = &mut self.sums[start..start + self.width as usize];
        for (x, gray) in (first..).step_by(step as usize).zip(grays) {
            row[(x / self.step) as usize] += u16::from(*gray);
        }
    }

    fn finish(self, orientation: Orientation) -> Result<GrayPicture, Fault> {
        let Self { file_width, file_height, step, width, sums } = self;
        let height = file_height.div_ceil(step);
        // The squares at the right and the lower edge may be cut.
        let pixels_of = |cell: u32, length: u32| step.min(length - cell * step);
        let mut pixels = memory::zeros(sums.len() as u64)?;
        let rows = pixels.chunks_exact_mut(width as usize).zip(sums.chunks_exact(width as usize));
        for (y, (pixels, sums)) in (0..).zip(rows) {
            for (x, (pixel, sum)) in (0..).zip(pixels.iter_mut().zip(sums)) {
                let count = pixels_of(x, file_width) * pixels_of(y, file_height);
                *pixel = ((u32::from(*sum) + count / 2) / count) as u8;
            }
        }
        drop(sums);
        let mut image: DynamicImage =
            GrayImage::from_raw(width, height, pixels).expect("a byte per pixel").into();
        image.apply_orientation(orientation);
        let (file_width, file_height) =
            if is_quarter_turn(orientation) { (file_height, file_width) } else { (file_width, file_height) };
        Ok(GrayPicture {
            width: image.width() as u16,
            height: image.height() as u16,
            pixels: image.into_luma8().into_raw(),
            file_width: file_width as u16,
            file_height: file_height as u16,
            is_raw: false,
        })
    }
}

/// Whether rows become columns.
const fn is_quarter_turn(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn level(x: u32, y: u32) -> u8 {
        ((x * 37 + y * 101 + x * y * 13) % 256) as u8
    }

    fn reduced(width: u32, height: u32, orientation: Orientation) -> GrayPicture {
        let mut reduction = Reduction::new(width, height).unwrap();
        for y in (0..height).rev() {
            let row: Vec<u8> = (0..width).map(|x| level(x, y)).collect();
            for (first, step) in [(1, 2), (2, 4), (0, 4)] {
                let part: Vec<u8> = row.iter().copied().skip(first as usize).step_by(step as usize).collect();
                reduction.add(y, first, step, &part);
            }
        }
        reduction.finish(orientation).unwrap()
    }

    #[test]
    fn a_picture_of_up_to_4096_pixels_per_side_keeps_every_pixel() {
        let picture = reduced(4_096, 3, Orientation::NoTransforms);
        let expected: Vec<u8> = (0..3).flat_map(|y| (0..4_096).map(move |x| level(x, y))).collect();
        assert!(picture.pixels() == expected);
        assert_eq!((picture.width(), picture.height(), picture.file_width()), (4_096, 3, 4_096));
    }

    #[test]
    fn a_larger_picture_is_the_means_of_squares() {
        let picture = reduced(8_193, 7, Orientation::NoTransforms);
        assert_eq!((picture.width(), picture.height()), (2_731, 3));
        for (x, y) in [(0, 0), (1, 1), (2_730, 0), (5, 2), (2_730, 2)] {
            let square: Vec<u32> = (3 * y..(3 * y + 3).min(7))
                .flat_map(|y| (3 * x..(3 * x + 3).min(8_193)).map(move |x| level(x, y).into()))
                .collect();
            let mean = (square.iter().sum::<u32>() as f64 / square.len() as f64).round() as u8;
            assert_eq!(picture.pixels()[(y * 2_731 + x) as usize], mean, "{x}, {y}");
        }
        let corner = Rect { left: 2_729, top: 1, right: 2_731, bottom: 3 };
        assert_eq!(picture.in_file(corner), Rect { left: 8_187, top: 3, right: 8_193, bottom: 7 });
    }

    #[test]
    fn the_sums_of_the_largest_white_squares_do_not_overflow() {
        let mut reduction = Reduction::new(65_500, 16).unwrap();
        (0..16).for_each(|y| reduction.add(y, 0, 1, &vec![255; 65_500]));
        let picture = reduction.finish(Orientation::NoTransforms).unwrap();
        assert!(picture.pixels().iter().all(|pixel| *pixel == 255));
    }

    #[test]
    fn a_turned_picture_has_the_size_that_it_is_looked_at_in() {
        let picture = reduced(9_000, 2, Orientation::Rotate90);
        assert_eq!((picture.width(), picture.height()), (1, 3_000));
        assert_eq!((picture.file_width(), picture.file_height()), (2, 9_000));
    }
}
