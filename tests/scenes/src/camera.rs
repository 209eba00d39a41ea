//! What the camera adds: blur, noise, and the losses of JPEG.

use crate::draws::Draws;
use crate::geometry::Size;
use crate::ink::FINE;
use crate::jpeg;
use crate::noise;
use crate::plane::Plane;

/// The faults of one camera.
pub(crate) struct Camera {
    /// Standard deviation of the blur, in pixels.
    pub(crate) blur: f32,
    /// Motion of the camera while the shutter is open, in pixels along each axis.
    pub(crate) motion: (f32, f32),
    /// Standard deviation of the noise, in gray levels.
    pub(crate) noise: f32,
    /// The share of the pixels that are white or black.
    pub(crate) salt: f32,
    /// The quality of the JPEG file, 1 to 100.
    pub(crate) jpeg: Option<u32>,
    pub(crate) seed: u32,
}

impl Camera {
    /// A perfect camera.
    pub(crate) const NONE: Self =
        Self { blur: 0.0, motion: (0.0, 0.0), noise: 0.0, salt: 0.0, jpeg: None, seed: 0 };

    /// Draws a phone's camera. `stroke` is the width of the strokes in pixels, `contrast` how many gray levels they stand
    /// out from the paper: neither blur nor noise may hide them.
    pub(crate) fn phone(draws: &mut Draws, stroke: f32, contrast: f32) -> Self {
        let length = if draws.chance(0.25) { draws.within(0.2..=0.5) * stroke.min(10.0) } else { 0.0 };
        let (x, y) = draws.direction();
        let blur_limit = (0.4 * stroke).clamp(0.4, 3.5);
        // Fine strokes do not outlive a coarse quantization.
        let coarsest = if stroke < FINE { 55 } else { 30 };
        Self {
            blur: if draws.chance(0.7) { draws.within(0.2..=blur_limit) } else { 0.0 },
            motion: (length * x, length * y),
            noise: draws.within(0.5..=(contrast / if stroke < FINE { 14.0 } else { 9.0 }).clamp(1.0, 10.0)),
            salt: if draws.chance(0.15) { draws.within(0.0..=0.002) } else { 0.0 },
            jpeg: draws.chance(0.7).then(|| draws.integer(coarsest..=95)),
            seed: draws.noise_seed(),
        }
    }

    /// Draws a scanner's optics, with the same limits.
    pub(crate) fn scanner(draws: &mut Draws, stroke: f32, contrast: f32) -> Self {
        Self {
            blur: draws.within(0.0..=(0.3 * stroke).clamp(0.3, 1.2)),
            noise: draws.within(0.0..=(contrast / 20.0).clamp(0.5, 4.0)),
            jpeg: draws.chance(0.6).then(|| draws.integer(50..=95)),
            seed: draws.noise_seed(),
            ..Self::NONE
        }
    }

    /// Returns what the camera makes of the scene before it.
    pub(crate) fn take(&self, mut plane: Plane) -> Plane {
        if self.blur > 0.0 {
            plane = blurred(plane, self.blur);
        }
        if self.motion != (0.0, 0.0) {
            plane = moved(&plane, self.motion);
        }
        if self.noise > 0.0 || self.salt > 0.0 {
            self.add_noise(&mut plane);
        }
        match self.jpeg {
            Some(quality) => jpeg::coded(&plane, quality),
            None => plane,
        }
    }

    /// Says which faults can be seen.
    pub(crate) fn describe(&self) -> Vec<String> {
        let (x, y) = self.motion;
        let motion = (x * x + y * y).sqrt();
        [
            (self.blur > 0.3).then(|| format!("blur {:.1} px", self.blur)),
            (motion > 0.0).then(|| format!("motion {motion:.1} px")),
            (self.noise > 1.0).then(|| format!("noise {:.1}", self.noise)),
            (self.salt > 0.0).then(|| "salt".to_owned()),
            self.jpeg.map(|quality| format!("JPEG {quality}")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn add_noise(&self, plane: &mut Plane) {
        let width = plane.size.width as usize;
        for (index, gray) in plane.gray.iter_mut().enumerate() {
            let (x, y) = ((index % width) as i32, (index / width) as i32);
            *gray += self.noise * noise::gaussian(self.seed, x, y);
            let salt = noise::uniform(self.seed.wrapping_add(1), x, y);
            if salt < self.salt {
                *gray = if 2.0 * salt < self.salt { 0.0 } else { 255.0 };
            }
        }
    }
}

/// Averages the frame along the motion.
fn moved(plane: &Plane, (along_x, along_y): (f32, f32)) -> Plane {
    let steps = (along_x.abs() + along_y.abs()).ceil().max(1.0) as i32;
    Plane::from_fn(plane.size, |x, y| {
        let at = |step: i32| {
            let share = step as f32 / steps as f32 - 0.5;
            bilinear(plane, x as f32 + share * along_x, y as f32 + share * along_y)
        };
        (0..=steps).map(at).sum::<f32>() / (steps + 1) as f32
    })
}

fn bilinear(plane: &Plane, x: f32, y: f32) -> f32 {
    let (column, row) = (x.floor(), y.floor());
    let (right, below) = (x - column, y - row);
    let (column, row) = (column as i32, row as i32);
    let across = |row| {
        let from = plane.at(column, row);
        from + right * (plane.at(column + 1, row) - from)
    };
    let above = across(row);
    above + below * (across(row + 1) - above)
}

/// Blurs with a filter close to a Gaussian: three box filters along each axis, which add up to its variance.
pub(crate) fn blurred(mut plane: Plane, deviation: f32) -> Plane {
    let taps = Taps::new(deviation * deviation / 3.0);
    let Size { width, height } = plane.size;
    let mut line = Vec::new();
    for _ in 0..3 {
        for y in 0..height as usize {
            let start = y * width as usize;
            taps.filter(&mut plane.gray[start..], 1, width as usize, &mut line);
        }
        for x in 0..width as usize {
            taps.filter(&mut plane.gray[x..], width as usize, height as usize, &mut line);
        }
    }
    plane
}

/// The taps of a box filter whose two outer taps weigh less, so that it has any variance.
struct Taps {
    /// Full taps on either side of the middle.
    radius: usize,
    /// The weight of the tap beyond them, 0 to 1.
    outer: f32,
}

impl Taps {
    fn new(variance: f32) -> Self {
        let mut radius = 0;
        let full = |radius: usize| ((2 * radius + 1) * (2 * radius + 1) - 1) as f32 / 12.0;
        while full(radius + 1) <= variance {
            radius += 1;
        }
        let full_taps = (2 * radius + 1) as f32;
        let squares = (radius * (radius + 1) * (2 * radius + 1)) as f32 / 3.0;
        let next = ((radius + 1) * (radius + 1)) as f32;
        Self { radius, outer: (squares - variance * full_taps) / (2.0 * (variance - next)) }
    }

    /// Filters `count` values that are `stride` apart. The values at the ends go on beyond them.
    fn filter(&self, values: &mut [f32], stride: usize, count: usize, line: &mut Vec<f32>) {
        let reach = self.radius + 1;
        line.clear();
        line.extend(
            (0..count + 2 * reach).map(|at| values[at.saturating_sub(reach).min(count - 1) * stride]),
        );
        let weight = 1.0 / (2.0 * (self.radius as f32 + self.outer) + 1.0);
        for (at, window) in line.windows(2 * reach + 1).enumerate() {
            let ends = window[0] + window[2 * reach];
            let inner: f32 = window[1..2 * reach].iter().sum();
            values[at * stride] = weight * (inner + self.outer * ends);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blur_has_the_deviation_that_was_asked_for_and_keeps_the_sum() {
        for deviation in [0.4, 0.8, 1.3, 2.5, 4.0] {
            let size = Size::new(61, 61);
            let point = Plane::from_fn(size, |x, y| if (x, y) == (30, 30) { 1000.0 } else { 0.0 });
            let blurred = blurred(point, deviation);
            let column = |at: usize| blurred.gray.iter().skip(at).step_by(61).sum::<f32>() / 1000.0;
            let sum: f32 = (0..61).map(column).sum();
            let variance: f32 = (0..61).map(|at| column(at) * (at as f32 - 30.0) * (at as f32 - 30.0)).sum();
            assert!((sum - 1.0).abs() < 1e-3, "{sum}");
            assert!((variance.sqrt() - deviation).abs() < 0.01 * deviation, "{variance}");
        }
    }
}
