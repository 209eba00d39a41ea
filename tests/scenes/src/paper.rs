//! What is written on: paper, a blackboard, a canvas.

use std::ops::RangeInclusive;

use crate::draws::Draws;
use crate::noise;

/// An even surface with textures.
pub(crate) struct Paper {
    /// The mean gray level.
    pub(crate) gray: f32,
    pub(crate) textures: Vec<Texture>,
}

/// Smooth noise that changes the gray level.
pub(crate) struct Texture {
    /// The width of a bump, in pixels.
    scale: f32,
    /// The largest change, as a share of the gray level.
    amplitude: f32,
    seed: u32,
}

impl Paper {
    /// A surface of one gray level.
    pub(crate) const fn flat(gray: f32) -> Self {
        Self { gray, textures: Vec::new() }
    }

    /// Draws a sheet in a photo: often light, sometimes fairly dark; smooth, fibrous or rough.
    pub(crate) fn sheet(draws: &mut Draws, side: f32) -> Self {
        let gray = match draws.integer(0..=9) {
            0..=5 => draws.within(160.0..=245.0),
            6..=7 => draws.within(100.0..=160.0),
            _ => draws.within(75.0..=100.0),
        };
        let rough = draws.chance(0.2);
        let fine = if rough { 0.04..=0.12 } else { 0.0..=0.03 };
        let textures = vec![
            Texture::draw(draws, 1.2..=3.0, fine),
            Texture::draw(draws, side / 40.0 + 2.0..=side / 12.0 + 3.0, 0.0..=0.03),
        ];
        Self { gray, textures }
    }

    /// Draws white paper under a scanner.
    pub(crate) fn scanned(draws: &mut Draws) -> Self {
        Self {
            gray: draws.within(225.0..=255.0),
            textures: vec![Texture::draw(draws, 1.2..=3.0, 0.0..=0.015)],
        }
    }

    /// Draws a blackboard with the smears of a sponge.
    pub(crate) fn board(draws: &mut Draws, side: f32) -> Self {
        Self {
            gray: draws.within(30.0..=85.0),
            textures: vec![
                Texture::draw(draws, side / 12.0 + 4.0..=side / 4.0 + 4.0, 0.05..=0.25),
                Texture::draw(draws, 1.2..=4.0, 0.02..=0.1),
            ],
        }
    }

    /// Returns the gray level at a point of the page.
    pub(crate) fn gray(&self, x: f32, y: f32) -> f32 {
        let change: f32 = self.textures.iter().map(|texture| texture.change(x, y)).sum();
        self.gray * (1.0 + change)
    }
}

impl Texture {
    pub(crate) fn draw(
        draws: &mut Draws,
        scale: RangeInclusive<f32>,
        amplitude: RangeInclusive<f32>,
    ) -> Self {
        Self { scale: draws.within(scale), amplitude: draws.within(amplitude), seed: draws.noise_seed() }
    }

    fn change(&self, x: f32, y: f32) -> f32 {
        self.amplitude * noise::smooth(self.seed, x / self.scale, y / self.scale)
    }
}
