//! The shape of a digit at any size: the distance of each point from the edge of the ink.
//!
//! An MNIST image is enlarged [`GRID`] times with cubic B-splines. Its contour gives the outline of the writing
//! ([`Shape::outline`]); its center line, redrawn with a pen of any width, gives the others ([`Shape::line`]). Either is
//! kept as signed distances, so that the edge stays sharp at every size.

mod center_line;
mod contour;
mod segment;

use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};
use segment::Segment;

/// Samples per pixel of the MNIST image, along each axis.
const GRID: usize = 8;
/// Samples per side.
const SIDE: usize = IMAGE_SIDE * GRID;
/// The gray level of the edge of the ink, as a share of the image's darkest.
const EDGE_LEVEL: f32 = 0.35;

/// The ink of a digit. Lengths are in pixels of the MNIST image, which is 28 x 28 of them.
#[derive(Clone)]
pub(crate) struct Shape {
    /// The distance from the edge of the ink for each sample, row by row: positive in the ink.
    depth: Vec<f32>,
    /// Left, top, right and bottom edge of the ink.
    pub(crate) bounds: [f32; 4],
    /// The mean width of the stroke.
    pub(crate) stroke: f32,
}

impl Shape {
    /// Returns the shape as it was written, with the stroke `growth` times as much wider as it is wide.
    pub(crate) fn outline(image: &[u8; IMAGE_PIXELS], growth: f32) -> Self {
        let gray = enlarge(image);
        let level = edge_level(&gray);
        let edges = contour::trace(&gray, level);
        let written = stroke_width(&gray, level, &edges);
        let mut depth = segment::distances(&edges);
        for (depth, gray) in depth.iter_mut().zip(gray) {
            *depth = growth * written / 2.0 + if gray > level { *depth } else { -*depth };
        }
        Self::new(depth, (1.0 + growth) * written)
    }

    /// Returns the shape redrawn along its center line, with a stroke that is `share` times as wide as the digit is high.
    pub(crate) fn line(image: &[u8; IMAGE_PIXELS], share: f32) -> Self {
        let gray = enlarge(image);
        let level = edge_level(&gray);
        let mut depth =
            segment::distances(&center_line::trace(gray.iter().map(|&gray| gray > level).collect()));
        let [_, top, _, bottom] = bounds(&depth.iter().map(|depth| 0.1 - depth).collect::<Vec<_>>());
        // The stroke itself makes the digit higher.
        let stroke = share * (bottom - top) / (1.0 - share);
        depth.iter_mut().for_each(|depth| *depth = stroke / 2.0 - *depth);
        Self::new(depth, stroke)
    }

    fn new(depth: Vec<f32>, stroke: f32) -> Self {
        Self { bounds: bounds(&depth), depth, stroke }
    }

    /// Adds `by` to either side of the stroke.
    pub(crate) fn grow(&mut self, by: f32) {
        self.depth.iter_mut().for_each(|depth| *depth += by);
        self.bounds = bounds(&self.depth);
        self.stroke += 2.0 * by;
    }

    /// Returns the depth in the ink at a point of the MNIST image: the distance from the edge, negative outside.
    pub(crate) fn depth(&self, x: f32, y: f32) -> f32 {
        let last = SIDE as f32 - 1.001;
        let [x, y] = [x, y].map(|along| along * GRID as f32 - 0.5);
        if !(0.0..=last).contains(&x) || !(0.0..=last).contains(&y) {
            return -(IMAGE_SIDE as f32);
        }
        let (column, row) = (x as usize, y as usize);
        let (right, below) = (x - column as f32, y - row as f32);
        let across = |row: usize| {
            let from = self.depth[row * SIDE + column];
            from + right * (self.depth[row * SIDE + column + 1] - from)
        };
        let above = across(row);
        above + below * (across(row + 1) - above)
    }

    /// Gives the vertical position and the left and right edges of the ink for each row of samples that has ink.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (f32, f32, f32)> {
        self.depth.chunks_exact(SIDE).zip(0..).filter_map(|(row, index)| {
            let left = row.iter().position(|&depth| depth > 0.0)?;
            let right = row.iter().rposition(|&depth| depth > 0.0)?;
            Some((position(index) + 0.5 / GRID as f32, position(left), position(right + 1)))
        })
    }
}

/// Returns the position of the left edge of a sample, in pixels of the MNIST image.
fn position(sample: usize) -> f32 {
    sample as f32 / GRID as f32
}

/// Returns the mean width of the stroke of an MNIST image, in its pixels.
pub(crate) fn written_width(image: &[u8; IMAGE_PIXELS]) -> f32 {
    let gray = enlarge(image);
    let level = edge_level(&gray);
    stroke_width(&gray, level, &contour::trace(&gray, level))
}

/// Returns the mean width of the stroke within `edges`: a long stroke has two edges.
fn stroke_width(gray: &[f32], level: f32, edges: &[Segment]) -> f32 {
    let perimeter: f32 = edges.iter().map(Segment::length).sum();
    let area = gray.iter().filter(|&&gray| gray > level).count() as f32;
    2.0 * area / perimeter.max(1.0) / GRID as f32
}

fn edge_level(gray: &[f32]) -> f32 {
    EDGE_LEVEL * gray.iter().copied().fold(0.0, f32::max)
}

/// Returns left, top, right and bottom edge of the samples with positive depth.
fn bounds(depth: &[f32]) -> [f32; 4] {
    let inked = || (0..depth.len()).filter(|&sample| depth[sample] > 0.0);
    let rows = inked().map(|sample| sample / SIDE);
    let columns = inked().map(|sample| sample % SIDE);
    let first = |found: Option<usize>| position(found.unwrap_or(0));
    let last = |found: Option<usize>| position(found.map_or(SIDE, |found| found + 1));
    [first(columns.clone().min()), first(rows.clone().min()), last(columns.max()), last(rows.max())]
}

/// Enlarges an image [`GRID`] times with cubic B-splines, which smooth the steps of its pixels.
fn enlarge(image: &[u8; IMAGE_PIXELS]) -> Vec<f32> {
    let pixels: Vec<f32> = image.iter().map(|&gray| f32::from(gray)).collect();
    let mut wide = vec![0.0; SIDE * IMAGE_SIDE];
    for row in 0..IMAGE_SIDE {
        for column in 0..SIDE {
            wide[row * SIDE + column] = spline(column, |tap| pixels[row * IMAGE_SIDE + tap]);
        }
    }
    let mut large = vec![0.0; SIDE * SIDE];
    for row in 0..SIDE {
        for column in 0..SIDE {
            large[row * SIDE + column] = spline(row, |tap| wide[tap * SIDE + column]);
        }
    }
    large
}

/// Blends the four pixels around a sample; beyond the image they are 0.
fn spline(sample: usize, pixel: impl Fn(usize) -> f32) -> f32 {
    let center = (sample as f32 + 0.5) / GRID as f32 - 0.5;
    let first = center.floor();
    let t = center - first;
    let s = 1.0 - t;
    let weights = [s * s * s, 4.0 - 3.0 * t * t * (2.0 - t), 4.0 - 3.0 * s * s * (2.0 - s), t * t * t];
    let taps = (first as isize - 1..).zip(weights);
    taps.filter(|(tap, _)| (0..IMAGE_SIDE as isize).contains(tap))
        .map(|(tap, weight)| weight / 6.0 * pixel(tap as usize))
        .sum()
}
