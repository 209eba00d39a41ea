//! Geometric augmentation: an affine map plus a smooth random displacement, sampled by bilinear interpolation.

use super::{Augment, BORDER, PADDED_SIDE, Padded};
use crate::draws::Draws;
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

/// Number of control points along each axis.
pub(super) const POINTS: usize = 5;
/// Distance between two control points, in pixels. A quadratic B-spline of n control points spans n - 2 cells.
const CELL: f32 = IMAGE_SIDE as f32 / (POINTS - 2) as f32;
/// Coordinate of the image's center, which lies between its two middle pixels.
const CENTER: f32 = (IMAGE_SIDE - 1) as f32 / 2.0;
/// Number of steps into which the distance between two pixels is divided.
const STEPS_PER_PIXEL: u32 = 256;
/// One number per column of the image.
type Row = [f32; IMAGE_SIDE];

/// Weight of each control point in the displacement of each column (or row): the quadratic B-spline.
pub(crate) const SPLINE_WEIGHTS: [Row; POINTS] = spline_weights();

/// A warp of an image: for each pixel, the coordinates in the original image that it is sampled from.
pub(super) struct Warp {
    /// The affine map, for the source column and for the source row: the increase per column, the increase per row, and the
    /// value at pixel `(0, 0)`.
    affine: [[f32; 3]; 2],
    /// The displacements of the control points, for the source column and for the source row: `[point row][point column]`,
    /// in pixels.
    points: [[[f32; POINTS]; POINTS]; 2],
}

impl Warp {
    /// Draws a random warp within `limits`.
    pub(super) fn draw(limits: &Augment, draws: &mut Draws) -> Self {
        let (sin, cos) = draws.within(limits.rotation).to_radians().sin_cos();
        let shear = draws.within(limits.shear);
        let mut zoom = || 1.0 / (1.0 + draws.within(limits.scale));
        let (zoom_x, zoom_y) = (zoom(), zoom());
        // The inverse of rotation * shear * scale, as it maps the warped image to the original.
        let linear =
            [[cos * zoom_x, (cos * shear - sin) * zoom_y], [sin * zoom_x, (sin * shear + cos) * zoom_y]];
        let affine = linear.map(|[column, row]| {
            [column, row, CENTER - (column + row) * CENTER + draws.within(limits.shift)]
        });
        let mut points = [[[0.0; POINTS]; POINTS]; 2];
        if limits.elastic > 0.0 {
            points.as_flattened_mut().as_flattened_mut().fill_with(|| draws.within(limits.elastic));
        }
        Warp { affine, points }
    }

    /// Returns the affine map of both axes, and then the displacements of the control points.
    #[cfg(feature = "cuda")]
    pub(super) fn coefficients(&self) -> impl Iterator<Item = f32> {
        self.affine.as_flattened().iter().chain(self.points.as_flattened().as_flattened()).copied()
    }

    /// Returns the warped image. It is blank where it lies outside the original.
    #[inline(always)]
    pub(super) fn apply(&self, image: &Padded) -> [u8; IMAGE_PIXELS] {
        let quads = quads(image);
        let mut warped = [0; IMAGE_PIXELS];
        for (row, pixels) in warped.chunks_exact_mut(IMAGE_SIDE).enumerate() {
            let (x, y) = (self.sources(0, row), self.sources(1, row));
            for column in 0..IMAGE_SIDE {
                pixels[column] = sample(&quads, x[column], y[column]);
            }
        }
        warped
    }

    /// Returns the source column (`axis` 0) or row (`axis` 1) of each pixel in a row.
    #[inline(always)]
    fn sources(&self, axis: usize, row: usize) -> Row {
        let [per_column, per_row, origin] = self.affine[axis];
        let start = origin + per_row * row as f32;
        let mut sources: Row = std::array::from_fn(|column| start + per_column * column as f32);
        for (point, weights) in SPLINE_WEIGHTS.iter().enumerate() {
            let displacement: f32 =
                (0..POINTS).map(|line| SPLINE_WEIGHTS[line][row] * self.points[axis][line][point]).sum();
            for (source, weight) in sources.iter_mut().zip(weights) {
                *source += weight * displacement;
            }
        }
        sources
    }
}

/// For each pixel of a padded image, one byte each for the pixel, its right neighbor, and the two pixels below them. 0 in
/// the last row, which is blank.
type Quads = [u32; PADDED_SIDE * PADDED_SIDE];

#[inline(always)]
fn quads(image: &Padded) -> Quads {
    let mut quads = [0; PADDED_SIDE * PADDED_SIDE];
    for index in 0..PADDED_SIDE * (PADDED_SIDE - 1) - 1 {
        let pixel = |offset: usize| u32::from(image[index + offset]);
        quads[index] = pixel(0) | pixel(1) << 8 | pixel(PADDED_SIDE) << 16 | pixel(PADDED_SIDE + 1) << 24;
    }
    quads
}

/// Returns the gray level at a point of the image, by bilinear interpolation.
#[inline(always)]
fn sample(quads: &Quads, x: f32, y: f32) -> u8 {
    let (x, y) = (fixed_point(x), fixed_point(y));
    let quad = quads[(y / STEPS_PER_PIXEL * PADDED_SIDE as u32 + x / STEPS_PER_PIXEL) as usize % quads.len()];
    let (right, down) = (x % STEPS_PER_PIXEL, y % STEPS_PER_PIXEL);
    let pixel = |index: u32| quad >> (8 * index) & 0xFF;
    let upper = pixel(0) * (STEPS_PER_PIXEL - right) + pixel(1) * right;
    let lower = pixel(2) * (STEPS_PER_PIXEL - right) + pixel(3) * right;
    ((upper * (STEPS_PER_PIXEL - down) + lower * down + STEPS_PER_PIXEL * STEPS_PER_PIXEL / 2)
        / (STEPS_PER_PIXEL * STEPS_PER_PIXEL)) as u8
}

/// Converts a coordinate of the image to one of the padded image, in steps of 1 / [`STEPS_PER_PIXEL`]. Coordinates outside
/// the padded image are clamped to its border, which is blank too.
#[inline(always)]
fn fixed_point(coordinate: f32) -> u32 {
    const LAST: f32 = (PADDED_SIDE - 1) as f32;
    // Adding 2^23 rounds to an integer and leaves that integer in the lowest bits. Unlike a cast, it compiles to one vector
    // instruction.
    const ROUNDER: f32 = 8_388_608.0;
    let padded = (coordinate + BORDER as f32).clamp(0.0, LAST);
    (padded * STEPS_PER_PIXEL as f32 + ROUNDER).to_bits() - ROUNDER.to_bits()
}

const fn spline_weights() -> [Row; POINTS] {
    let mut weights = [[0.0; IMAGE_SIDE]; POINTS];
    let mut position = 0;
    while position < IMAGE_SIDE {
        let place = (position as f32 + 0.5) / CELL;
        let cell = place as usize;
        let t = place - cell as f32;
        weights[cell][position] = 0.5 * (1.0 - t) * (1.0 - t);
        weights[cell + 1][position] = 0.5 + t * (1.0 - t);
        weights[cell + 2][position] = 0.5 * t * t;
        position += 1;
    }
    weights
}
