//! How the scene is lit: gradients and shadows.

use crate::draws::Draws;
use crate::geometry::Size;
use crate::noise;

/// The least brightness of a pixel, with 1 for the mean.
const DIMMEST: f32 = 0.45;

/// The light on a frame. Lengths are in shorter sides of the frame, from its center.
pub(crate) struct Light {
    center: (f32, f32),
    side: f32,
    /// The change of the light along each axis, per side.
    linear: (f32, f32),
    /// A lamp: where it is, and how much darker it is one side away.
    radial: Option<((f32, f32), f32)>,
    shadows: Vec<Shadow>,
}

struct Shadow {
    outline: Outline,
    /// The width of the edge.
    softness: f32,
    /// The share of the light that is lost, 0 to 1.
    depth: f32,
    /// How far the edge wanders from the outline.
    wobble: f32,
    seed: u32,
}

enum Outline {
    /// All points beyond a straight line: its normal, and its distance from the center.
    Beyond((f32, f32), f32),
    /// A disk, as of a hand or a head: its center and its radius.
    Disk((f32, f32), f32),
}

impl Light {
    /// Even light.
    pub(crate) fn even(size: Size) -> Self {
        Self {
            center: (size.width as f32 / 2.0, size.height as f32 / 2.0),
            side: size.shorter() as f32,
            linear: (0.0, 0.0),
            radial: None,
            shadows: Vec::new(),
        }
    }

    /// Draws the light of a room.
    pub(crate) fn room(draws: &mut Draws, size: Size) -> Self {
        let mut light = Self::even(size);
        if draws.chance(0.7) {
            light.add_linear(draws);
        }
        if draws.chance(0.3) {
            light.add_radial(draws);
        }
        if draws.chance(0.35) {
            light.add_shadow(draws);
        }
        if draws.chance(0.1) {
            light.add_shadow(draws);
        }
        light
    }

    pub(crate) fn add_linear(&mut self, draws: &mut Draws) {
        let (x, y) = draws.direction();
        let change = draws.within(0.05..=0.45);
        self.linear = (change * x, change * y);
    }

    pub(crate) fn add_radial(&mut self, draws: &mut Draws) {
        let lamp = (draws.within(-0.6..=0.6), draws.within(-0.6..=0.6));
        self.radial = Some((lamp, draws.within(0.1..=0.4)));
    }

    pub(crate) fn add_shadow(&mut self, draws: &mut Draws) {
        let toward = draws.direction();
        let hard = draws.chance(0.35);
        let (outline, wobble) = if draws.chance(0.6) {
            (Outline::Beyond(toward, draws.within(-0.3..=0.45)), 0.0..=0.06)
        } else {
            let far = draws.within(0.4..=0.8);
            (Outline::Disk((far * toward.0, far * toward.1), draws.within(0.25..=0.6)), 0.05..=0.15)
        };
        self.shadows.push(Shadow {
            outline,
            softness: if hard { draws.within(1.0..=3.0) / self.side } else { draws.within(0.08..=0.5) },
            depth: draws.within(0.12..=0.45),
            wobble: draws.within(wobble),
            seed: draws.noise_seed(),
        });
    }

    /// Returns the brightness of a pixel, with 1 for the mean.
    pub(crate) fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = ((x - self.center.0) / self.side, (y - self.center.1) / self.side);
        let mut light = 1.0 + self.linear.0 * x + self.linear.1 * y;
        if let Some((lamp, fall)) = self.radial {
            let (x, y) = (x - lamp.0, y - lamp.1);
            light /= 1.0 + fall * (x * x + y * y);
        }
        let shaded: f32 = self.shadows.iter().map(|shadow| shadow.passes(x, y)).product();
        (light * shaded).max(DIMMEST)
    }

    /// Says what can be seen of the light.
    pub(crate) fn describe(&self) -> Vec<String> {
        let mut parts = Vec::new();
        if self.linear != (0.0, 0.0) || self.radial.is_some() {
            parts.push("gradient".to_owned());
        }
        parts.extend(self.shadows.iter().map(|shadow| {
            let edge = if shadow.softness * self.side <= 3.0 { "hard" } else { "soft" };
            format!("{edge} shadow")
        }));
        parts
    }
}

impl Shadow {
    /// Returns the share of the light that passes.
    fn passes(&self, x: f32, y: f32) -> f32 {
        let inside = match self.outline {
            Outline::Beyond(normal, distance) => normal.0 * x + normal.1 * y - distance,
            Outline::Disk(center, radius) => {
                let (x, y) = (x - center.0, y - center.1);
                radius - (x * x + y * y).sqrt()
            }
        };
        let inside = inside + self.wobble * noise::smooth(self.seed, 5.0 * x, 5.0 * y);
        1.0 - self.depth * noise::fade(inside / self.softness + 0.5)
    }
}
