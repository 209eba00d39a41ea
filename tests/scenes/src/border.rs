//! What is beyond the edge of the paper.

use crate::draws::Draws;
use crate::geometry::Size;
use crate::paper::{Paper, Texture};

/// The surface that the paper lies on, and how far it reaches into the frame.
pub(crate) struct Border {
    /// Share of the frame beyond the left, top, right and bottom edge of the paper.
    pub(crate) shares: [f32; 4],
    pub(crate) surface: Paper,
}

impl Border {
    /// No border.
    pub(crate) const NONE: Self = Self { shares: [0.0; 4], surface: Paper::flat(0.0) };

    /// Draws a dark table or a light wall beyond one or two edges.
    pub(crate) fn table(draws: &mut Draws, paper: f32) -> Self {
        let mut shares = [0.0; 4];
        for _ in 0..2 {
            shares[draws.integer(0..=3) as usize] = draws.within(0.02..=0.1);
        }
        let gray = paper * draws.within(0.1..=0.6);
        let textures = vec![Texture::draw(draws, 3.0..=20.0, 0.0..=0.3)];
        Self { shares, surface: Paper { gray, textures } }
    }

    /// Draws an even frame around a canvas.
    pub(crate) fn canvas(draws: &mut Draws, gray: f32) -> Self {
        Self { shares: [draws.within(0.02..=0.08); 4], surface: Paper::flat(gray) }
    }

    /// Returns how much of a point of the page is beyond the paper, 0 to 1. The origin of the page is the center of the
    /// frame.
    pub(crate) fn coverage(&self, (x, y): (f32, f32), size: Size) -> f32 {
        let (width, height) = (size.width as f32, size.height as f32);
        let [left, top, right, bottom] = self.shares;
        let edges = [
            (left, left * width - width / 2.0 - x),
            (top, top * height - height / 2.0 - y),
            (right, x - width / 2.0 + right * width),
            (bottom, y - height / 2.0 + bottom * height),
        ];
        let beyond = edges.into_iter().filter(|&(share, _)| share > 0.0);
        beyond.map(|(_, outside)| (outside + 0.5).clamp(0.0, 1.0)).fold(0.0, f32::max)
    }

    /// Whether there is a border at all.
    pub(crate) fn is_visible(&self) -> bool {
        self.shares.iter().any(|&share| share > 0.0)
    }
}
