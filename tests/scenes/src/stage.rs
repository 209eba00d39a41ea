//! Everything in front of the camera but the digits, and the camera.

use crate::border::Border;
use crate::camera::Camera;
use crate::draws::Draws;
use crate::geometry::{Area, Size, View};
use crate::ink::{Ink, Tool};
use crate::light::Light;
use crate::limits::Medium;
use crate::paper::Paper;
use crate::plane::Plane;
use crate::ruling::Ruling;

/// The least distance of the ink from the edge of the frame, in pixels and in shorter sides.
const MARGIN: (f32, f32) = (1.0, 0.02);

/// A page in its light.
pub(crate) struct Stage {
    pub(crate) medium: Medium,
    pub(crate) size: Size,
    pub(crate) view: View,
    pub(crate) tilt: f32,
    pub(crate) paper: Paper,
    pub(crate) border: Border,
    pub(crate) light: Light,
    pub(crate) ruling: Ruling,
    pub(crate) camera: Camera,
}

impl Stage {
    /// Draws the page of a medium, without print and before the camera is chosen.
    pub(crate) fn draw(draws: &mut Draws, medium: Medium, size: Size) -> Self {
        let side = size.shorter() as f32;
        // Tangents of 10, 3 and 6 degrees.
        let (tilt, recession, paper) = match medium {
            Medium::Photo => (0.176, 0.06, Paper::sheet(draws, side)),
            Medium::Scan => (0.052, 0.0, Paper::scanned(draws)),
            Medium::Drawing => (0.0, 0.0, Paper::flat(canvas(draws))),
            Medium::Blackboard => (0.105, 0.06, Paper::board(draws, side)),
        };
        let border = match medium {
            Medium::Photo if side >= 96.0 && draws.chance(0.2) => Border::table(draws, paper.gray),
            Medium::Drawing if draws.chance(0.08) => Border::canvas(draws, 255.0 - paper.gray),
            _ => Border::NONE,
        };
        let light = match medium {
            Medium::Photo | Medium::Blackboard => Light::room(draws, size),
            Medium::Scan | Medium::Drawing => Light::even(size),
        };
        let tilt = draws.within(-tilt..=tilt);
        let recession = (draws.within(-recession..=recession), draws.within(-recession..=recession));
        let view = View::new(size, tilt, recession);
        Self { medium, size, view, tilt, paper, border, light, ruling: Ruling::NONE, camera: Camera::NONE }
    }

    /// Draws what the digits are written with.
    pub(crate) fn draw_tool(&self, draws: &mut Draws) -> Tool {
        match self.medium {
            Medium::Photo => draws.pick(&[Tool::Pen, Tool::Pen, Tool::Pencil, Tool::Pencil, Tool::Felt]),
            Medium::Scan => draws.pick(&[Tool::Pen, Tool::Pen, Tool::Pencil, Tool::Felt]),
            Medium::Drawing => Tool::Brush,
            Medium::Blackboard => Tool::Chalk,
        }
    }

    /// Draws the camera for strokes of a width in pixels.
    pub(crate) fn draw_camera(&mut self, draws: &mut Draws, ink: &Ink, stroke: f32) {
        // Shadows may take a third of the light, and grain of the ink.
        let contrast = 0.66 * (ink.gray - self.paper.gray).abs();
        self.camera = match self.medium {
            Medium::Photo | Medium::Blackboard => Camera::phone(draws, stroke, contrast),
            Medium::Scan => Camera::scanner(draws, stroke, contrast),
            Medium::Drawing => {
                Camera { jpeg: draws.chance(0.3).then(|| draws.integer(60..=95)), ..Camera::NONE }
            }
        };
    }

    /// Returns the part of the frame where ink may be.
    pub(crate) fn allowed(&self) -> Area {
        let (width, height) = (self.size.width as f32, self.size.height as f32);
        let margin = MARGIN.0.max(MARGIN.1 * width.min(height));
        let inset = |share: f32, along: f32, across: f32| {
            let lean = if share > 0.0 { self.tilt.abs() * across / 2.0 + 0.04 * along } else { 0.0 };
            margin + share * along + lean
        };
        let [left, top, right, bottom] = self.border.shares;
        Area {
            left: inset(left, width, height),
            top: inset(top, height, width),
            right: width - inset(right, width, height),
            bottom: height - inset(bottom, height, width),
        }
    }

    /// Returns the frame, with `ink` over the paper: its gray level, and how much of each pixel it covers.
    pub(crate) fn shot(&self, ink: f32, cover: &[f32]) -> Plane {
        let width = self.size.width;
        let before = Plane::from_fn(self.size, |x, y| {
            let center = (x as f32 + 0.5, y as f32 + 0.5);
            let (page_x, page_y) = self.view.page(center);
            let mix = |under: f32, over: f32, share: f32| under + share * (over - under);
            let paper = self.paper.gray(page_x, page_y);
            let printed = mix(paper, self.ruling.gray, self.ruling.coverage(page_x, page_y));
            let written = mix(printed, ink, cover[(y * width + x) as usize]);
            let beyond = self.border.coverage((page_x, page_y), self.size);
            let gray = if beyond > 0.0 {
                mix(written, self.border.surface.gray(page_x, page_y), beyond)
            } else {
                written
            };
            (gray * self.light.at(center.0, center.1)).clamp(0.0, 255.0)
        });
        self.camera.take(before)
    }

    /// Says what the scene is made of. `digits` says what was written.
    pub(crate) fn describe(&self, digits: Option<String>) -> String {
        let Size { width, height } = self.size;
        let mut parts = vec![format!("{} {width}x{height}", self.medium.name())];
        parts.extend(digits);
        parts.push(format!("paper {:.0}", self.paper.gray));
        parts.extend(self.ruling.describe());
        parts.extend(self.light.describe());
        parts.extend(self.border.is_visible().then(|| "border".to_owned()));
        parts.extend((self.tilt.abs() > 0.03).then(|| "tilted".to_owned()));
        parts.extend(self.camera.describe());
        parts.join(", ")
    }
}

/// Draws the gray level of a drawing program's canvas.
fn canvas(draws: &mut Draws) -> f32 {
    let away = if draws.chance(0.8) { 0.0 } else { draws.within(0.0..=40.0) };
    if draws.chance(0.6) { 255.0 - away } else { away }
}
