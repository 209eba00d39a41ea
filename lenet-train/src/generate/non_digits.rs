//! Images that are no digit, to learn doubt from (outlier exposure: Hendrycks, Mazeika and Dietterich, 2019,
//! <https://arxiv.org/abs/1812.04606>).

use super::camera::Camera;
use super::canvas::Canvas;
use super::letters::LETTERS;
use super::stroke::{Hand, LEGIBLE, Pen, draw_glyph};
use crate::draws::Draws;
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};
use serde::{Deserialize, Serialize};

/// The share of scribbles and letters that a camera sees.
const SEEN: f32 = 0.5;

/// A kind of image that is no digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NonDigit {
    /// Random levels, of coarse to fine grain.
    Noise,
    /// Stripes, checks or a gradient.
    Texture,
    /// One level.
    Blank,
    /// A filled outline, as of a garment.
    Shape,
    /// Random curves.
    Scribble,
    /// A letter or a sign.
    Letter,
    /// Two digits side by side.
    Pair,
    /// A part of a digit.
    Part,
    /// A digit, dark on light.
    Inverted,
    /// A few specks.
    Dots,
}

impl NonDigit {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Noise,
        Self::Texture,
        Self::Blank,
        Self::Shape,
        Self::Scribble,
        Self::Letter,
        Self::Pair,
        Self::Part,
        Self::Inverted,
        Self::Dots,
    ];

    /// What the kind is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::Texture => "textures",
            Self::Blank => "blank",
            Self::Shape => "filled shapes",
            Self::Scribble => "scribbles",
            Self::Letter => "letters and signs",
            Self::Pair => "two digits",
            Self::Part => "parts of digits",
            Self::Inverted => "inverted digits",
            Self::Dots => "dots",
        }
    }

    /// How often the kind is drawn, beside the others.
    fn weight(&self) -> u8 {
        match self {
            Self::Blank | Self::Part | Self::Dots => 1,
            Self::Texture | Self::Inverted => 3,
            Self::Noise | Self::Scribble => 4,
            Self::Shape | Self::Letter | Self::Pair => 6,
        }
    }

    /// Draws a kind.
    pub(super) fn draw_kind(draws: &mut Draws) -> Self {
        *draws.weighted(&Self::ALL, Self::weight)
    }

    /// Draws an image of the kind. Some kinds are made of one or two images of digits.
    pub(super) fn draw(
        self,
        digits: [&[u8; IMAGE_PIXELS]; 2],
        camera: &mut Camera,
        draws: &mut Draws,
    ) -> [u8; IMAGE_PIXELS] {
        let sheet = match self {
            Self::Noise => noise(draws),
            Self::Texture => texture(draws),
            Self::Blank => {
                let ink = draws.unit();
                filled(|_, _| ink)
            }
            Self::Shape => shape(draws),
            Self::Scribble => return camera.image_or_fitted(SEEN, &scribble(draws), draws),
            Self::Letter => return camera.image_or_fitted(SEEN, &letter(draws), draws),
            Self::Pair => return pair(digits, draws),
            Self::Part => part(digits[0], draws),
            Self::Inverted => inverted(digits[0], draws),
            Self::Dots => dots(draws),
        };
        worn(sheet, draws)
    }
}

/// An image with the ink of each column and row.
fn filled(mut ink: impl FnMut(f32, f32) -> f32) -> Canvas {
    let mut sheet = Canvas::new(IMAGE_SIDE);
    for (index, level) in sheet.ink_mut().iter_mut().enumerate() {
        *level = ink((index % IMAGE_SIDE) as f32, (index / IMAGE_SIDE) as f32).clamp(0.0, 1.0);
    }
    sheet
}

/// Blurs it at times, dims it at times, and returns the levels.
fn worn(mut sheet: Canvas, draws: &mut Draws) -> [u8; IMAGE_PIXELS] {
    if draws.chance(0.2) {
        sheet.blur();
    }
    let dim = if draws.chance(0.3) { draws.between(0.2, 1.0) } else { 1.0 };
    sheet.change(|ink| ink * dim);
    sheet.levels()
}

fn noise(draws: &mut Draws) -> Canvas {
    let (density, grain) = (draws.unit(), draws.below(5));
    let is_binary = draws.chance(0.4);
    let mut sheet = filled(|_, _| {
        let level = draws.unit();
        if is_binary { f32::from(u8::from(level < density)) } else { level * density * 1.5 }
    });
    (0..grain).for_each(|_| sheet.blur());
    if grain > 0 {
        stretch(&mut sheet);
        if draws.chance(0.4) {
            let threshold = draws.between(0.3, 0.7);
            sheet.change(|ink| f32::from(u8::from(ink > threshold)));
        }
    }
    sheet
}

/// Stretches the levels from 0 to 1.
fn stretch(sheet: &mut Canvas) {
    let least = sheet.ink().iter().copied().fold(1.0, f32::min);
    let most = sheet.ink().iter().copied().fold(0.0, f32::max);
    let span = (most - least).max(0.05);
    sheet.change(|ink| (ink - least) / span);
}

fn texture(draws: &mut Draws) -> Canvas {
    let (across, down) = (draws.within(1.2), draws.within(1.2));
    let (phase, sharpness) = (draws.between(0.0, 6.0), draws.between(0.5, 6.0));
    let crossed = draws.chance(0.4);
    // A triangle wave of period 4.
    let wave = |place: f32| (place.rem_euclid(4.0) - 2.0).abs() - 1.0;
    filled(|x, y| {
        let one = wave(across * x + down * y + phase);
        let other = if crossed { wave(across * y - down * x + phase) } else { 1.0 };
        0.5 + 0.5 * sharpness * one * other
    })
}

/// A filled outline that is the same on both sides, as of a garment, at times with two legs, or a leaning one, as of a shoe.
fn shape(draws: &mut Draws) -> Canvas {
    const KNOTS: usize = 6;
    let mut knots = || -> [f32; KNOTS] {
        let base = draws.between(2.0, 11.0);
        std::array::from_fn(|_| (base + 4.0 * draws.normal()).clamp(0.5, 14.0))
    };
    let (left, mut right) = (knots(), knots());
    if draws.chance(0.7) {
        right = left;
    }
    let (top, bottom) = (draws.between(0.0, 8.0), draws.between(18.0, 28.0));
    let (shade, grain, stripe) =
        (draws.between(0.3, 1.0), 0.3 * draws.unit(), if draws.chance(0.4) { 0.5 } else { 0.0 });
    let upright = draws.chance(0.7);
    // The gap between two legs, from its top on.
    let (legs, gap) =
        (draws.between(8.0, 20.0), if draws.chance(0.25) { draws.between(0.6, 4.0) } else { 0.0 });
    let noise: Vec<f32> = (0..IMAGE_PIXELS).map(|_| draws.normal()).collect();
    filled(|x, y| {
        let (x, y) = if upright { (x, y) } else { (y, x) };
        if !(top..bottom).contains(&y) {
            return 0.0;
        }
        let place = (y - top) / (bottom - top) * (KNOTS - 1) as f32;
        let (knot, rest) = ((place as usize).min(KNOTS - 2), place.fract());
        let reach = |knots: [f32; KNOTS]| knots[knot] * (1.0 - rest) + knots[knot + 1] * rest;
        let inside = if x < 13.5 { 13.5 - x < reach(left) } else { x - 13.5 < reach(right) };
        let inside = inside && !(y > legs && (x - 13.5).abs() < gap);
        let banded = 1.0 - stripe * f32::from(u8::from((y as usize / 3).is_multiple_of(2)));
        let level = shade * banded + grain * noise[y as usize * IMAGE_SIDE + x as usize];
        if inside { level } else { 0.0 }
    })
}

fn letter(draws: &mut Draws) -> Canvas {
    let strokes = *draws.pick(&LETTERS);
    let (hand, pen) = (Hand::draw(draws, LEGIBLE), Pen::draw(draws));
    let mut sheet = Canvas::new(64);
    draw_glyph(strokes, &hand, &pen, 44.0, &mut sheet, draws);
    sheet
}

/// Two to six lines, straight or bent.
fn scribble(draws: &mut Draws) -> Canvas {
    let mut sheet = Canvas::new(64);
    let radius = draws.between(0.8, 4.0);
    for _ in 0..2 + draws.below(5) {
        let mut at = (draws.between(10.0, 54.0), draws.between(10.0, 54.0));
        let mut step = (draws.within(9.0), draws.within(9.0));
        for _ in 0..1 + draws.below(9) {
            let next = ((at.0 + step.0).clamp(6.0, 58.0), (at.1 + step.1).clamp(6.0, 58.0));
            sheet.line(at, next, radius);
            at = next;
            step = (step.0 + draws.within(5.0), step.1 + draws.within(5.0));
        }
    }
    sheet
}

/// Two digits side by side, apart or touching: squeezed into an image, or fitted.
fn pair(digits: [&[u8; IMAGE_PIXELS]; 2], draws: &mut Draws) -> [u8; IMAGE_PIXELS] {
    let distance = draws.between(16.0, 26.0) as usize;
    let mut sheet = Canvas::new(64);
    let (top, left) = (18, 5 + (26 - distance) / 2);
    let lower = top + draws.below(5) - 2;
    for (digit, left, top) in [(digits[0], left, top), (digits[1], left + distance, lower)] {
        for (index, pixel) in digit.iter().enumerate() {
            let place = (top + index / IMAGE_SIDE) * 64 + left + index % IMAGE_SIDE;
            let ink = &mut sheet.ink_mut()[place];
            *ink = ink.max(f32::from(*pixel) / 255.0);
        }
    }
    if draws.chance(0.6) {
        return sheet.fitted();
    }
    // Squeezed along the rows alone.
    let width = (IMAGE_SIDE + distance) as f32;
    let column = |x: f32| (left as f32 + (x + 0.5) * width / IMAGE_SIDE as f32) as usize;
    let squeezed = filled(|x, y| sheet.ink()[(top + y as usize).min(63) * 64 + column(x).min(63)]);
    worn(squeezed, draws)
}

/// A third or so of a digit, which shows less than any digit does.
fn part(digit: &[u8; IMAGE_PIXELS], draws: &mut Draws) -> Canvas {
    let (from, upright) = (draws.below(IMAGE_SIDE - 8), draws.chance(0.5));
    let kept = from..from + 6 + draws.below(3);
    filled(|x, y| {
        let place = if upright { x } else { y };
        let ink = f32::from(digit[y as usize * IMAGE_SIDE + x as usize]) / 255.0;
        if kept.contains(&(place as usize)) { ink } else { 0.0 }
    })
}

fn inverted(digit: &[u8; IMAGE_PIXELS], draws: &mut Draws) -> Canvas {
    let paper = draws.between(0.4, 1.0);
    filled(|x, y| paper * (1.0 - f32::from(digit[y as usize * IMAGE_SIDE + x as usize]) / 255.0))
}

fn dots(draws: &mut Draws) -> Canvas {
    let mut sheet = Canvas::new(IMAGE_SIDE);
    for _ in 0..1 + draws.below(12) {
        let at = (draws.between(3.0, 25.0), draws.between(3.0, 25.0));
        sheet.line(at, at, draws.between(0.2, 1.8));
    }
    sheet
}
