//! Draws PNG pictures: what was read, and the steps of the preparation.

mod annotation;
mod glyphs;
mod steps;

use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use lenet_infer::host::files;

pub(crate) use annotation::{Mark, annotate};
pub(crate) use steps::Steps;

/// Red, green and blue.
type Color = [u8; 3];

/// A picture to draw on. What lies beyond its edges is left out.
struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<Color>,
}

impl Canvas {
    fn new(width: usize, height: usize, color: Color) -> Self {
        Self { width, height, pixels: vec![color; width * height] }
    }

    fn set(&mut self, x: usize, y: usize, color: Color) {
        if x < self.width && y < self.height {
            self.pixels[y * self.width + x] = color;
        }
    }

    fn fill(&mut self, [left, top, right, bottom]: [usize; 4], color: Color) {
        for y in top..bottom {
            for x in left..right {
                self.set(x, y, color);
            }
        }
    }

    /// Draws a frame of `pen` pixels around a rectangle.
    fn outline(&mut self, [left, top, right, bottom]: [usize; 4], pen: usize, color: Color) {
        let (outer_left, outer_top) = (left.saturating_sub(pen), top.saturating_sub(pen));
        self.fill([outer_left, outer_top, right + pen, top], color);
        self.fill([outer_left, bottom, right + pen, bottom + pen], color);
        self.fill([outer_left, top, left, bottom], color);
        self.fill([right, top, right + pen, bottom], color);
    }

    /// Writes a PNG file, whole or not at all.
    fn save(&self, path: &Path) -> Result<()> {
        files::replace(path, |file| {
            let mut encoder = png::Encoder::new(file, self.width as u32, self.height as u32);
            encoder.set_color(png::ColorType::Rgb);
            let mut writer = encoder.write_header().map_err(io::Error::other)?;
            writer.write_image_data(self.pixels.as_flattened()).map_err(io::Error::other)?;
            writer.finish().map_err(io::Error::other)
        })
        .with_context(|| {
            format!("{}: cannot be written: check the folder and the space in it", path.display())
        })
    }
}
