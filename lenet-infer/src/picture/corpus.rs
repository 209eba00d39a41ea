//! Generated pictures of digits, to compare what cores make of them.
//!
//! A picture depends only on its number and on the images of the digits, so every core sees the same. Its pixels are
//! computed one by one, so that the smallest boards, which cannot hold it, can take it row by row. There are sides from 1
//! pixel on, paper of one gray and of two that fade into each other, noise, several digits of any size, some cut by the
//! edge, and light ink on dark paper.

use super::Rect;
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

/// Number of pictures in the corpus.
pub const CASES: u32 = 240;
/// The width of the widest picture.
pub const MAX_WIDTH: usize = 160;
/// The height of the tallest picture.
pub const MAX_HEIGHT: usize = 120;

/// The most digits in a picture.
const DIGITS: usize = 6;

/// A digit enlarged or reduced to a square, which may reach beyond the picture.
#[derive(Clone, Copy, Debug)]
struct Placed<'a> {
    image: &'a [u8; IMAGE_PIXELS],
    left: i32,
    top: i32,
    side: i32,
}

impl Placed<'_> {
    /// The level of ink of the pixel at column `x` of row `y`, 0 outside the square.
    fn level(&self, x: i32, y: i32) -> i32 {
        let cell = |at: i32, from: i32| {
            let cell = (at - from) * IMAGE_SIDE as i32 / self.side;
            usize::try_from(cell).ok().filter(|cell| at >= from && *cell < IMAGE_SIDE)
        };
        match (cell(x, self.left), cell(y, self.top)) {
            (Some(x), Some(y)) => self.image[IMAGE_SIDE * y + x].into(),
            _ => 0,
        }
    }
}

/// A generated picture.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    width: u16,
    height: u16,
    digits: [Option<Placed<'a>>; DIGITS],
    /// The level of the paper in the upper left corner.
    paper: i32,
    /// What is added to it at the right and at the lower edge.
    slope: [i32; 2],
    /// What full ink takes from the paper; negative for light ink.
    ink: i32,
    /// The most that noise adds.
    noise: i32,
    seed: u32,
}

impl<'a> Scene<'a> {
    /// The picture of a case, with some of these images in it.
    ///
    /// # Panics
    ///
    /// If there are no images.
    #[must_use]
    pub fn new(case: u32, images: &'a [[u8; IMAGE_PIXELS]]) -> Self {
        let draw = &mut Draw::new(case);
        let (width, height) = match case % 8 {
            0 => (1 + draw.below(12), 1 + draw.below(12)),
            1..=3 => (20 + draw.below(45), 20 + draw.below(45)),
            4 | 5 => (1 + draw.below(MAX_WIDTH), 1 + draw.below(MAX_HEIGHT)),
            _ => (MAX_WIDTH, MAX_HEIGHT),
        };
        let count = [0, 1, 1, 1, 1, 2, 3, 3, 4, DIGITS][draw.below(10)];
        let mut digits = [None; DIGITS];
        // In cells of two lines, or anywhere.
        let in_lines = count > 1 && draw.below(3) > 0;
        for (number, digit) in digits[..count].iter_mut().enumerate() {
            let image = &images[draw.below(images.len())];
            *digit = Some(if in_lines {
                let (columns, side) = (count.div_ceil(2), (width / count.div_ceil(2)).min(height / 2).max(8));
                let [left, top] = [number % columns * side, number / columns * side];
                let [left, top] = [left, top].map(|at| at as i32 + draw.below(3) as i32);
                Placed { image, left, top, side: side as i32 }
            } else {
                let shorter = width.min(height);
                let side = (shorter / 4 + draw.below(shorter)).max(8);
                // Alone, it is wholly in the picture if it fits; others may be cut by the edge.
                let [left, top] = [width, height].map(|length| {
                    if count == 1 {
                        draw.below(1 + length.saturating_sub(side)) as i32
                    } else {
                        draw.below(length + side / 2) as i32 - (side / 2) as i32
                    }
                });
                Placed { image, left, top, side: side as i32 }
            });
        }
        let slope = if draw.below(2) == 0 {
            [0; 2]
        } else {
            [draw.below(121) as i32 - 60, draw.below(121) as i32 - 60]
        };
        let mut scene = Self { slope, digits, ..Self::blank(width, height, draw) };
        if draw.below(4) == 0 {
            (scene.paper, scene.ink) = (255 - scene.paper, -scene.ink);
        }
        scene
    }

    /// A picture of one digit, wholly in it, as a camera sees it: light paper, light from one side, little noise. Also
    /// returns the number of the digit's image.
    ///
    /// # Panics
    ///
    /// If there are no images.
    #[must_use]
    pub fn of_one(number: u32, images: &'a [[u8; IMAGE_PIXELS]]) -> (Self, usize) {
        let draw = &mut Draw::new(number);
        let (width, height) = (MAX_WIDTH, MAX_HEIGHT);
        let (index, side) = (draw.below(images.len()), 48 + draw.below(60));
        let (left, top) = (draw.below(width - side) as i32, draw.below(height - side) as i32);
        let mut scene = Self::blank(width, height, draw);
        scene.digits[0] = Some(Placed { image: &images[index], left, top, side: side as i32 });
        (scene.slope, scene.ink, scene.noise) = ([-40, 20], 110, 6);
        (scene, index)
    }

    /// Paper without digits.
    fn blank(width: usize, height: usize, draw: &mut Draw) -> Self {
        Self {
            width: width as u16,
            height: height as u16,
            digits: [None; DIGITS],
            paper: 160 + draw.below(80) as i32,
            slope: [0; 2],
            ink: 30 + draw.below(130) as i32,
            noise: [0, 0, 8, 20, 60][draw.below(5)],
            seed: draw.word(),
        }
    }

    /// The number of columns.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// The number of rows.
    #[must_use]
    pub const fn height(&self) -> u16 {
        self.height
    }

    /// The square of the first digit, as far as it is in the picture.
    #[must_use]
    pub fn first_square(&self) -> Option<Rect> {
        let Placed { left, top, side, .. } = self.digits[0]?;
        let within = |at: i32, length: u16| at.clamp(0, length.into()) as u16;
        Some(Rect {
            left: within(left, self.width),
            top: within(top, self.height),
            right: within(left + side, self.width),
            bottom: within(top + side, self.height),
        })
    }

    /// Writes the gray levels of row `y` to the start of `row`.
    pub fn write_row(&self, y: u16, row: &mut [u8]) {
        let across = |x: i32| self.slope[0] * x / i32::from(self.width);
        let down = self.slope[1] * i32::from(y) / i32::from(self.height);
        let mut noise = Draw::new(self.seed.wrapping_add(y.into()));
        for (x, pixel) in (0..i32::from(self.width)).zip(row) {
            let ink = self.digits.iter().flatten().map(|digit| digit.level(x, y.into())).max().unwrap_or(0);
            let level = self.paper + across(x) + down - self.ink * ink / 255;
            *pixel = (level + noise.below(self.noise as usize + 1) as i32).clamp(0, 255) as u8;
        }
    }
}

/// Marsaglia's 32-bit xorshift generator.
struct Draw(u32);

impl Draw {
    /// Neighboring seeds give sequences that have nothing in common.
    fn new(seed: u32) -> Self {
        let mut draw = Self(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9) | 1);
        draw.word();
        draw
    }

    const fn word(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.word() >> 8) as usize % bound
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::picture::{Frame, NoDigit, Preparer};
    use std::collections::BTreeSet;
    use std::vec::Vec;

    fn digits() -> &'static [[u8; IMAGE_PIXELS]] {
        include_bytes!("../../assets/golden-digits.bin").as_chunks().0
    }

    fn pixels(scene: &Scene<'_>) -> Vec<u8> {
        let mut pixels = std::vec![0; usize::from(scene.width()) * usize::from(scene.height())];
        for (y, row) in (0..).zip(pixels.chunks_mut(scene.width().into())) {
            scene.write_row(y, row);
        }
        pixels
    }

    #[test]
    fn the_corpus_has_digits_and_most_reasons_for_none() {
        let (mut reasons, mut counts) = (BTreeSet::new(), BTreeSet::new());
        let mut preparer = Preparer::<48>::new();
        for case in 0..CASES {
            let scene = Scene::new(case, digits());
            let pixels = pixels(&scene);
            let frame = Frame::new(&pixels, scene.width().into(), scene.height().into()).unwrap();
            reasons.insert(preparer.prepare(&frame).err().map(|reason| reason as u8));
            if let Ok(mut found) = preparer.find::<16>(&frame) {
                let mut count = 0;
                while found.next().is_some() {
                    count += 1;
                }
                counts.insert(count);
            }
        }
        let expected = [NoDigit::NoInk, NoDigit::TooSmall, NoDigit::TooMany].map(|reason| Some(reason as u8));
        assert!(expected.iter().chain(&[None]).all(|outcome| reasons.contains(outcome)), "{reasons:?}");
        assert!(counts.len() >= 4, "{counts:?}");
    }

    #[test]
    fn the_only_digit_is_found_in_its_square() {
        let mut preparer = Preparer::<64>::new();
        for number in 0..50 {
            let (scene, _) = Scene::of_one(number, digits());
            let mut rows = preparer.rows(scene.width().into(), scene.height().into()).unwrap();
            pixels(&scene).chunks(scene.width().into()).for_each(|row| rows.push(row.iter().copied()));
            let found = rows.finish().unwrap().rect;
            let square = scene.first_square().unwrap();
            assert!(found.left + 3 >= square.left && found.top + 3 >= square.top, "{number}");
            assert!(found.right <= square.right + 3 && found.bottom <= square.bottom + 3, "{number}");
        }
    }
}
