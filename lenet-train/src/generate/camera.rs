//! A sheet as a camera sees it, and what `lenet_infer::picture` makes of the camera's frame.

use super::canvas::Canvas;
use crate::draws::Draws;
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::picture::{Frame, Preparer};

/// The side of the preparer's work grid.
const GRID: usize = 72;

/// A camera with the preparer of its frames.
pub(super) struct Camera(Box<Preparer<GRID>>);

impl Camera {
    pub(super) fn new() -> Self {
        Self(Box::new(Preparer::new()))
    }

    /// Takes a picture of the share `seen` of sheets. The others, and those in which nothing is found, are fitted to an image.
    pub(super) fn image_or_fitted(
        &mut self,
        seen: f32,
        sheet: &Canvas,
        draws: &mut Draws,
    ) -> [u8; IMAGE_PIXELS] {
        let image = if draws.chance(seen) { self.image(sheet.clone(), draws) } else { None };
        image.unwrap_or_else(|| sheet.fitted())
    }

    /// Takes a picture of a sheet in random light, and prepares it. `None` if nothing is found in it, or several things.
    pub(super) fn image(&mut self, mut sheet: Canvas, draws: &mut Draws) -> Option<[u8; IMAGE_PIXELS]> {
        for _ in 0..draws.below(3) {
            sheet.blur();
        }
        let side = sheet.side();
        let frame = frame(&sheet, draws);
        let frame = Frame::new(&frame, side, side).expect("one byte per pixel");
        self.0.prepare(&frame).ok().map(|digit| digit.image)
    }
}

/// The gray levels of a sheet in random light: its paper, its contrast, a gradient, and the noise of the sensor.
fn frame(sheet: &Canvas, draws: &mut Draws) -> Vec<u8> {
    let bright = draws.unit();
    let contrast = 22.0 + 200.0 * bright;
    let paper = draws.between(contrast, 255.0);
    let (right, down) = (draws.within(0.25), draws.within(0.25));
    let noise = contrast * 0.16 * draws.unit() * draws.unit();
    let is_light_on_dark = draws.chance(0.25);
    let side = sheet.side();
    let level = |(index, ink): (usize, &f32)| {
        let at = |place: usize| place as f32 / side as f32 - 0.5;
        let light = 1.0 + right * at(index % side) + down * at(index / side);
        let seen = ((paper - contrast * ink) * light).clamp(0.0, 255.0);
        let seen = if is_light_on_dark { 255.0 - seen } else { seen };
        (seen + noise * draws.normal()).round().clamp(0.0, 255.0) as u8
    };
    sheet.ink().iter().enumerate().map(level).collect()
}
