//! A square sheet on which ink is drawn, before a camera sees it.

use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

/// Levels of ink, 0 for paper to 1, of a square of pixels.
#[derive(Clone)]
pub(crate) struct Canvas {
    side: usize,
    ink: Vec<f32>,
}

impl Canvas {
    /// Creates a sheet without ink.
    pub(super) fn new(side: usize) -> Self {
        Self { side, ink: vec![0.0; side * side] }
    }

    /// Creates a sheet with an image in its middle, `zoom` times as large, interpolated.
    pub(crate) fn of_image(image: &[u8; IMAGE_PIXELS], zoom: f32, side: usize) -> Self {
        let mut canvas = Self::new(side);
        let center = |side: usize| (side as f32 - 1.0) / 2.0;
        for (index, ink) in canvas.ink.iter_mut().enumerate() {
            let at = |pixel: usize| (pixel as f32 - center(side)) / zoom + center(IMAGE_SIDE);
            *ink = sample(image, at(index % side), at(index / side)) / 255.0;
        }
        canvas
    }

    pub(super) fn side(&self) -> usize {
        self.side
    }

    pub(super) fn ink(&self) -> &[f32] {
        &self.ink
    }

    pub(crate) fn ink_mut(&mut self) -> &mut [f32] {
        &mut self.ink
    }

    /// Replaces the ink of each pixel.
    pub(crate) fn change(&mut self, mut ink: impl FnMut(f32) -> f32) {
        self.ink.iter_mut().for_each(|level| *level = ink(*level));
    }

    /// The gray levels of a sheet that has as many pixels as an image.
    ///
    /// # Panics
    ///
    /// Panics if it has fewer.
    pub(crate) fn levels(&self) -> [u8; IMAGE_PIXELS] {
        std::array::from_fn(|index| level(self.ink[index]))
    }

    /// Draws a line with round ends. Where there is ink already, the darker remains.
    pub(super) fn line(&mut self, from: (f32, f32), to: (f32, f32), radius: f32) {
        let reach = radius + 1.0;
        let span = |a: f32, b: f32| {
            let first = (a.min(b) - reach).floor().max(0.0) as usize;
            first..((a.max(b) + reach).ceil().max(0.0) as usize + 1).min(self.side)
        };
        let (rows, columns) = (span(from.1, to.1), span(from.0, to.0));
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).max(1e-6);
        for y in rows {
            for x in columns.clone() {
                let (px, py) = (x as f32 - from.0, y as f32 - from.1);
                let along = ((px * dx + py * dy) / length).clamp(0.0, 1.0);
                let (ox, oy) = (px - along * dx, py - along * dy);
                let cover = (radius + 0.5 - (ox * ox + oy * oy).sqrt()).clamp(0.0, 1.0);
                let ink = &mut self.ink[y * self.side + x];
                *ink = ink.max(cover);
            }
        }
    }

    /// Blurs the sheet with [1 2 1] / 4 along both axes.
    pub(crate) fn blur(&mut self) {
        for (step, line) in [(1, self.side), (self.side, 1)] {
            for first in (0..self.side).map(|index| index * line) {
                let mut before = self.ink[first];
                for index in 0..self.side {
                    let here = first + index * step;
                    let next = if index + 1 < self.side { self.ink[here + step] } else { self.ink[here] };
                    let level = self.ink[here];
                    self.ink[here] = (before + 2.0 * level + next) / 4.0;
                    before = level;
                }
            }
        }
    }

    /// Widens the ink by a pixel on each side, or narrows it, by the share `share` of 0 to 1.
    pub(crate) fn widen(&mut self, share: f32) {
        let (before, side) = (self.clone(), self.side);
        let extreme = if share > 0.0 { f32::max } else { f32::min };
        for (index, ink) in self.ink.iter_mut().enumerate() {
            let (x, y) = (index % side, index / side);
            let neighbors = [(x.wrapping_sub(1), y), (x + 1, y), (x, y.wrapping_sub(1)), (x, y + 1)];
            let found = neighbors.into_iter().filter(|(x, y)| x.max(y) < &side);
            let most = found.map(|(x, y)| before.ink[y * side + x]).fold(*ink, extreme);
            *ink += share.abs() * (most - *ink);
        }
    }

    /// The sheet as an image: the box of its ink, fitted to 20x20 pixels, with its center of mass in the middle.
    pub(super) fn fitted(&self) -> [u8; IMAGE_PIXELS] {
        const BOX: f32 = 20.0;
        let inked = || self.ink.iter().enumerate().filter(|(_, ink)| **ink > 0.1);
        let (mut least, mut most) = ((self.side, self.side), (0, 0));
        let (mut mass, mut moment) = (1e-6, (0.0, 0.0));
        for (index, ink) in inked() {
            let (x, y) = (index % self.side, index / self.side);
            least = (least.0.min(x), least.1.min(y));
            most = (most.0.max(x + 1), most.1.max(y + 1));
            mass += ink;
            moment = (moment.0 + ink * x as f32, moment.1 + ink * y as f32);
        }
        let extent = most.0.saturating_sub(least.0).max(most.1.saturating_sub(least.1)).max(1);
        let (step, middle) = (extent as f32 / BOX, (moment.0 / mass, moment.1 / mass));
        let mut image = [0; IMAGE_PIXELS];
        for (index, pixel) in image.iter_mut().enumerate() {
            let at = |pixel: usize, middle: f32| middle + (pixel as f32 - 14.0) * step;
            let (x, y) = (at(index % IMAGE_SIDE, middle.0), at(index / IMAGE_SIDE, middle.1));
            *pixel = level(self.mean(x, y, step));
        }
        image
    }

    /// The mean ink of a square of `side` pixels around a place.
    fn mean(&self, x: f32, y: f32, side: f32) -> f32 {
        let samples = (side.ceil() as usize).max(1);
        let offset = |index: usize| ((index as f32 + 0.5) / samples as f32 - 0.5) * side;
        let mut sum = 0.0;
        for row in 0..samples {
            for column in 0..samples {
                let (x, y) = (x + offset(column), y + offset(row));
                let at = |value: f32| (value.round() >= 0.0).then(|| value.round() as usize);
                if let (Some(x), Some(y)) = (at(x), at(y))
                    && x.max(y) < self.side
                {
                    sum += self.ink[y * self.side + x];
                }
            }
        }
        sum / (samples * samples) as f32
    }
}

/// The gray level of ink.
pub(super) fn level(ink: f32) -> u8 {
    (ink.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

/// The level of an image at a place between its pixels. Around the image is paper.
fn sample(image: &[u8; IMAGE_PIXELS], x: f32, y: f32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let pixel = |x: f32, y: f32| {
        let inside = |value: f32| (0.0..IMAGE_SIDE as f32).contains(&value);
        if inside(x) && inside(y) { f32::from(image[y as usize * IMAGE_SIDE + x as usize]) } else { 0.0 }
    };
    let (right, down) = (x - left, y - top);
    let row = |y: f32| pixel(left, y) * (1.0 - right) + pixel(left + 1.0, y) * right;
    row(top) * (1.0 - down) + row(top + 1.0) * down
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_on_a_sheet_of_its_own_size_is_that_image() {
        let image: [u8; IMAGE_PIXELS] = std::array::from_fn(|index| (index * 7 % 256) as u8);
        let canvas = Canvas::of_image(&image, 1.0, IMAGE_SIDE);
        let levels: Vec<u8> = canvas.ink().iter().map(|&ink| level(ink)).collect();
        assert_eq!(levels, image);
    }

    #[test]
    fn a_line_covers_its_width_and_is_blurred_and_widened_without_loss_of_place() {
        let mut canvas = Canvas::new(21);
        canvas.line((10.0, 4.0), (10.0, 16.0), 1.5);
        let row: Vec<f32> = canvas.ink()[10 * 21..][8..13].to_vec();
        assert_eq!(row, [0.0, 1.0, 1.0, 1.0, 0.0]);
        canvas.widen(0.5);
        assert_eq!(canvas.ink()[10 * 21..][8..13], [0.5, 1.0, 1.0, 1.0, 0.5]);
        canvas.blur();
        assert_eq!(canvas.ink()[10 * 21..][7..14], [0.125, 0.5, 0.875, 1.0, 0.875, 0.5, 0.125]);
    }

    #[test]
    fn a_fitted_sheet_fills_the_box_around_the_middle() {
        let mut canvas = Canvas::new(64);
        canvas.line((40.0, 10.0), (40.0, 49.0), 3.0);
        let image = canvas.fitted();
        let rows = image.chunks(IMAGE_SIDE).filter(|row| row.iter().any(|pixel| *pixel > 127)).count();
        assert!((19..=21).contains(&rows), "{rows}");
        assert!(image[14 * IMAGE_SIDE + 14] > 200);
    }
}
