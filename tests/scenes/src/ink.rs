//! What is written with.

use crate::draws::Draws;
use crate::noise;
use crate::shape::{self, Shape};
use lenet_core::shape::IMAGE_PIXELS;

/// What is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// A ballpoint or fountain pen: dark, thin, sharp.
    Pen,
    /// A pencil: pale and grainy.
    Pencil,
    /// A felt-tip pen: dark and wide.
    Felt,
    /// Chalk: light and grainy.
    Chalk,
    /// The brush of a drawing program: even.
    Brush,
}

impl Tool {
    /// The range of the stroke's width as a share of the digit's height.
    fn strokes(self) -> (f32, f32) {
        match self {
            Self::Pen => (0.018, 0.08),
            Self::Pencil => (0.025, 0.08),
            Self::Felt => (0.07, 0.15),
            Self::Chalk => (0.05, 0.12),
            Self::Brush => (0.02, 0.15),
        }
    }

    /// The share of the digits that keep the stroke of the MNIST image.
    fn outlines(self) -> f32 {
        match self {
            Self::Pen => 0.2,
            Self::Pencil => 0.25,
            Self::Felt => 0.6,
            Self::Chalk | Self::Brush => 0.5,
        }
    }

    fn is_dark(self) -> bool {
        matches!(self, Self::Pen | Self::Pencil | Self::Felt)
    }

    /// Returns the tool's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pen => "pen",
            Self::Pencil => "pencil",
            Self::Felt => "felt",
            Self::Chalk => "chalk",
            Self::Brush => "brush",
        }
    }
}

/// The widest stroke, in pixels of the MNIST image, whose center line is the digit.
const BOLD: f32 = 3.1;
/// The least contrast of dark ink in gray levels: of any, and of strokes that are [`FINE`].
const LEAST_CONTRAST: (f32, f32) = (50.0, 75.0);
/// Strokes thinner than this, in pixels, are spared what would hide them.
pub(crate) const FINE: f32 = 2.5;

/// The stroke of one writer.
#[derive(Clone, Copy)]
pub(crate) enum Stroke {
    /// As wide as it was written, and wider by this share of the width.
    Written(f32),
    /// A share of the digit's height.
    Share(f32),
}

impl Stroke {
    pub(crate) fn draw(draws: &mut Draws, tool: Tool) -> Self {
        if draws.chance(tool.outlines()) {
            return Self::Written(draws.within(-0.25..=0.25));
        }
        let (thin, thick) = tool.strokes();
        Self::Share(draws.within(thin..=thick))
    }

    /// Whether the shape is legible. The center line of a bold digit lacks the strokes that have run together.
    pub(crate) fn suits(self, image: &[u8; IMAGE_PIXELS]) -> bool {
        matches!(self, Self::Written(_)) || shape::written_width(image) <= BOLD
    }

    pub(crate) fn shape(self, image: &[u8; IMAGE_PIXELS]) -> Shape {
        match self {
            Self::Written(growth) => Shape::outline(image, growth),
            Self::Share(share) => Shape::line(image, share),
        }
    }
}

/// The ink of one writer.
pub(crate) struct Ink {
    pub(crate) tool: Tool,
    /// The gray level of full ink.
    pub(crate) gray: f32,
    /// How much of the ink the valleys of the paper miss, 0 to 1.
    grain: f32,
    /// The width of a grain, in pixels.
    grain_scale: f32,
    /// How much the pressure changes the ink and the stroke, 0 to 1.
    pressure: f32,
    /// Whether a pixel has all of the ink or nothing.
    pub(crate) hard: bool,
    seed: u32,
}

impl Ink {
    /// Draws ink for paper of gray level `paper` and digits `height` pixels high.
    pub(crate) fn draw(draws: &mut Draws, tool: Tool, paper: f32, height: f32) -> Self {
        let (gray, grain, pressure) = match tool {
            Tool::Pen => (paper * draws.within(0.08..=0.42), 0.0, draws.within(0.0..=0.2)),
            Tool::Pencil => {
                (paper * draws.within(0.3..=0.68), draws.within(0.15..=0.6), draws.within(0.1..=0.35))
            }
            Tool::Felt => (paper * draws.within(0.05..=0.35), 0.0, draws.within(0.0..=0.1)),
            Tool::Chalk => (draws.within(175.0..=250.0), draws.within(0.15..=0.6), draws.within(0.1..=0.3)),
            Tool::Brush => {
                let away = if draws.chance(0.6) { 0.0 } else { draws.within(0.0..=90.0) };
                (if paper > 128.0 { away } else { 255.0 - away }, 0.0, 0.0)
            }
        };
        Self {
            tool,
            gray,
            grain,
            grain_scale: draws.within(1.1..=1.6) + draws.within(0.0..=0.01) * height,
            pressure,
            hard: tool == Tool::Brush && draws.chance(0.3),
            seed: draws.noise_seed(),
        }
    }

    /// Darkens dark ink until strokes `stroke` pixels wide can be read on paper of gray level `paper`.
    pub(crate) fn stand_out(&mut self, paper: f32, stroke: f32) {
        if self.tool.is_dark() {
            let least = if stroke < FINE { LEAST_CONTRAST.1 } else { LEAST_CONTRAST.0 };
            self.gray = self.gray.min(paper - least).max(3.0);
        }
    }

    /// Returns the pressure at a point of a digit as a share of the full one. `x` and `y` are in pixels of the MNIST image.
    pub(crate) fn pressure(&self, x: f32, y: f32) -> f32 {
        if self.pressure == 0.0 {
            return 1.0;
        }
        1.0 - self.pressure * (0.5 + 0.5 * noise::smooth(self.seed, x / 4.0, y / 4.0))
    }

    /// Returns the share of the ink that stays on the paper at a point of the page.
    pub(crate) fn stays(&self, x: f32, y: f32) -> f32 {
        if self.grain == 0.0 {
            return 1.0;
        }
        let scale = self.grain_scale;
        let valley = 0.5 + 0.8 * noise::smooth(!self.seed, x / scale, y / scale);
        1.0 - self.grain * noise::fade(valley)
    }
}
