//! Where each pixel of the warped image reads the original: an affine map and a smooth displacement on top.

use super::{Augment, BORDER, Draws, PADDED_SIDE, Padded};
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

/// Control points along each axis.
const POINTS: usize = 5;
/// Pixels between two of them: a quadratic spline spans two cells fewer than it has points.
const CELL: f32 = IMAGE_SIDE as f32 / (POINTS - 2) as f32;
/// Middle of the image, between its two middle pixels.
const CENTRE: f32 = (IMAGE_SIDE - 1) as f32 / 2.0;
/// Steps of a coordinate between two pixels.
pub(super) const UNIT: u32 = 256;
/// Numbers that say where the pixels of a warped image read the original, for one axis.
pub(super) const COEFFICIENTS: usize = 3 + POINTS * POINTS;
/// One number for each column of the image.
type Row = [f32; IMAGE_SIDE];

/// Share of each control point in each column's (or row's) displacement.
const SHARES: [Row; POINTS] = shares();

/// The pixel at `(column, row)` reads the original at `along * (column, row) + displacement`.
pub(super) struct Warp {
    /// For the source's column and its row: what one column adds, what one row adds, and the value at pixel `(0, 0)`.
    affine: [[f32; 3]; 2],
    /// For the source's column and its row: `[row of points][column of points]`, in pixels.
    points: [[[f32; POINTS]; POINTS]; 2],
}

impl Warp {
    pub(super) fn draw(limits: &Augment, draws: &mut Draws) -> Self {
        let (sin, cos) = draws.within(limits.rotation).to_radians().sin_cos();
        let shear = draws.within(limits.shear);
        let mut zoom = || 1.0 / (1.0 + draws.within(limits.scale));
        let (zoom_x, zoom_y) = (zoom(), zoom());
        // Rotation times shear times size, all inverted: from the warped image to the original.
        let linear =
            [[cos * zoom_x, (cos * shear - sin) * zoom_y], [sin * zoom_x, (sin * shear + cos) * zoom_y]];
        let affine = linear.map(|[column, row]| {
            [column, row, CENTRE - (column + row) * CENTRE + draws.within(limits.shift)]
        });
        let mut points = [[[0.0; POINTS]; POINTS]; 2];
        if limits.elastic > 0.0 {
            points.as_flattened_mut().as_flattened_mut().fill_with(|| draws.within(limits.elastic));
        }
        Warp { affine, points }
    }

    /// The factors of the [`basis`] that add up to the source's column (`axis` 0) or row (1), in pixels.
    pub(super) fn coefficients(&self, axis: usize) -> [f32; COEFFICIENTS] {
        let mut coefficients = [0.0; COEFFICIENTS];
        coefficients[..3].copy_from_slice(&self.affine[axis]);
        coefficients[3..].copy_from_slice(self.points[axis].as_flattened());
        coefficients
    }

    /// The warped image. What lies outside of the original is blank.
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

    /// The source's column (`axis` 0) or row (1) for each pixel of a row.
    #[inline(always)]
    fn sources(&self, axis: usize, row: usize) -> Row {
        let [per_column, per_row, origin] = self.affine[axis];
        let start = origin + per_row * row as f32;
        let mut sources: Row = std::array::from_fn(|column| start + per_column * column as f32);
        for (point, shares) in SHARES.iter().enumerate() {
            let displacement: f32 =
                (0..POINTS).map(|line| SHARES[line][row] * self.points[axis][line][point]).sum();
            for (source, share) in sources.iter_mut().zip(shares) {
                *source += share * displacement;
            }
        }
        sources
    }
}

/// What a pixel's source coordinate gets for 1 of a [coefficient](Warp::coefficients).
pub(super) fn basis(coefficient: usize, pixel: usize) -> f32 {
    let (row, column) = (pixel / IMAGE_SIDE, pixel % IMAGE_SIDE);
    match coefficient {
        0 => column as f32,
        1 => row as f32,
        2 => 1.0,
        _ => {
            let point = coefficient - 3;
            SHARES[point / POINTS][row] * SHARES[point % POINTS][column]
        }
    }
}

/// For each pixel of a padded image: it, its right neighbour, and the two below them, a byte each. 0 in the last row,
/// which is blank.
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

/// The grey value at a point of the image, between the pixels by bilinear interpolation.
#[inline(always)]
fn sample(quads: &Quads, x: f32, y: f32) -> u8 {
    let (x, y) = (fixed_point(x), fixed_point(y));
    let quad = quads[(y / UNIT * PADDED_SIDE as u32 + x / UNIT) as usize % quads.len()];
    let (right, down) = (x % UNIT, y % UNIT);
    let pixel = |index: u32| quad >> (8 * index) & 0xFF;
    let upper = pixel(0) * (UNIT - right) + pixel(1) * right;
    let lower = pixel(2) * (UNIT - right) + pixel(3) * right;
    ((upper * (UNIT - down) + lower * down + UNIT * UNIT / 2) / (UNIT * UNIT)) as u8
}

/// A coordinate of the image as one of the padded image in units of 1 / [`UNIT`]. A point outside is moved onto the border,
/// which is as blank.
#[inline(always)]
fn fixed_point(coordinate: f32) -> u32 {
    const LAST: f32 = (PADDED_SIDE - 1) as f32;
    // Added to a number, it leaves no bits for a fraction: the number's integer stands in the last bits. Unlike a cast, this
    // compiles to one instruction for all lanes.
    const ROUNDER: f32 = 8_388_608.0;
    let padded = (coordinate + BORDER as f32).clamp(0.0, LAST);
    (padded * UNIT as f32 + ROUNDER).to_bits() - ROUNDER.to_bits()
}

const fn shares() -> [Row; POINTS] {
    let mut shares = [[0.0; IMAGE_SIDE]; POINTS];
    let mut position = 0;
    while position < IMAGE_SIDE {
        let place = (position as f32 + 0.5) / CELL;
        let cell = place as usize;
        let t = place - cell as f32;
        shares[cell][position] = 0.5 * (1.0 - t) * (1.0 - t);
        shares[cell + 1][position] = 0.5 + t * (1.0 - t);
        shares[cell + 2][position] = 0.5 * t * t;
        position += 1;
    }
    shares
}
