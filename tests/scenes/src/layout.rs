//! Where the digits stand on the page.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::draws::Draws;
use crate::geometry::Area;
use crate::shape::Shape;

/// Half the side of an MNIST image, whose center is that of its digit's ink.
const MIDDLE: f32 = 14.0;
/// The least distance between the ink of two digits, in pixels.
const LEAST_GAP: f32 = 3.0;
/// Strips per height of a digit, in which the distance to its neighbors is measured.
const STRIPS: f32 = 40.0;

/// A digit with what is drawn of its place.
pub(crate) struct Written {
    pub(crate) shape: Shape,
    pub(crate) label: u8,
    /// Its size relative to the others.
    pub(crate) size: f32,
    /// How far it is below its line, in heights.
    pub(crate) drop: f32,
    /// The distance to the digit before it, in heights.
    pub(crate) gap: f32,
}

/// How digits follow one another.
pub(crate) struct Style {
    /// Digits per line.
    pub(crate) per_line: usize,
    /// The distance of two lines, in heights.
    pub(crate) line_distance: f32,
    /// How far the top of a digit is right of its foot, per pixel of height.
    pub(crate) slant: f32,
    /// The space around each digit's box, in heights, if there are boxes.
    pub(crate) cell: Option<f32>,
}

/// A digit in its place. Its center is in pixels of the page.
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) center: (f32, f32),
    /// Pixels of the page per pixel of the MNIST image.
    pub(crate) scale: f32,
    pub(crate) slant: f32,
}

impl Written {
    /// Draws how a digit of a number differs from its neighbors.
    pub(crate) fn draw(draws: &mut Draws, shape: Shape, label: u8, gaps: RangeInclusive<f32>) -> Self {
        let (size, drop) = (draws.within(0.88..=1.12), draws.within(-0.06..=0.06));
        Self { shape, label, size, drop, gap: draws.within(gaps) }
    }
}

impl Place {
    /// Returns the point of the MNIST image at a point of the page.
    pub(crate) fn image_point(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (x, y) = ((x - self.center.0) / self.scale, (y - self.center.1) / self.scale);
        (x + self.slant * y + MIDDLE, y + MIDDLE)
    }

    /// Returns the point of the page at a point of the MNIST image.
    pub(crate) fn page_point(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (x, y) = (x - MIDDLE, y - MIDDLE);
        (self.center.0 + self.scale * (x - self.slant * y), self.center.1 + self.scale * y)
    }

    /// Returns the area of the page that holds the ink of `shape` here.
    pub(crate) fn area(&self, shape: &Shape) -> Area {
        shape.rows().fold(Area::NONE, |area, (y, left, right)| {
            area.with(self.page_point((left, y))).with(self.page_point((right, y)))
        })
    }
}

/// Places one digit that is `height` pixels high.
pub(crate) fn one(shape: &Shape, height: f32) -> Place {
    let [_, top, _, bottom] = shape.bounds;
    Place { line: 0, center: (0.0, 0.0), scale: height / (bottom - top), slant: 0.0 }
}

/// Places the digits of a number, the tallest about `height` pixels high, in one line or more.
///
/// A digit comes as close to those before it as its gap allows, measured between the ink of the same and of near heights,
/// so that a slanted digit may reach over its neighbor.
pub(crate) fn number(digits: &[Written], style: &Style, height: f32) -> Vec<Place> {
    let scale = height / tallest(digits);
    let mut places: Vec<Place> = Vec::new();
    for (line, digits) in digits.chunks(style.per_line).enumerate() {
        let mut before = Strips::default();
        for (index, digit) in digits.iter().enumerate() {
            let mut place = Place {
                line,
                center: (0.0, height * (style.line_distance * line as f32 + digit.drop)),
                scale: scale * digit.size,
                slant: style.slant,
            };
            let strips = Strips::of(&place, &digit.shape, height);
            place.center.0 = match style.cell {
                Some(_) => index as f32 * cell_side(digits, style, scale, height),
                None => before.shift(&strips, (digit.gap * height).max(LEAST_GAP), height),
            };
            before.add(&strips, place.center.0);
            places.push(place);
        }
    }
    places
}

/// Returns the height of the tallest digit, in pixels of the MNIST image.
pub(crate) fn tallest(digits: &[Written]) -> f32 {
    let heights = digits.iter().map(|Written { shape, .. }| shape.bounds[3] - shape.bounds[1]);
    heights.fold(0.0, f32::max)
}

/// Returns the width of the box of each digit of a line. `scale` is in pixels of the page per pixel of the MNIST image.
pub(crate) fn cell_side(digits: &[Written], style: &Style, scale: f32, height: f32) -> f32 {
    let width = |digit: &Written| {
        let [left, _, right, _] = digit.shape.bounds;
        digit.size * 2.0 * (right - MIDDLE).max(MIDDLE - left) * scale
    };
    let widest = digits.iter().map(width).fold(0.0, f32::max);
    widest.max(0.6 * height) + 2.0 * (style.cell.unwrap_or(0.0) * height).max(LEAST_GAP)
}

/// The left and the right end of the ink in horizontal strips of the page.
#[derive(Default)]
struct Strips(BTreeMap<i32, (f32, f32)>);

impl Strips {
    fn of(place: &Place, shape: &Shape, height: f32) -> Self {
        let mut strips = Self::default();
        for (y, left, right) in shape.rows() {
            let ((left, y), (right, _)) = (place.page_point((left, y)), place.page_point((right, y)));
            strips.extend((y * STRIPS / height).floor() as i32, left, right);
        }
        strips
    }

    fn extend(&mut self, strip: i32, left: f32, right: f32) {
        let ends = self.0.entry(strip).or_insert((left, right));
        *ends = (ends.0.min(left), ends.1.max(right));
    }

    fn add(&mut self, other: &Self, shift: f32) {
        other.0.iter().for_each(|(&strip, &(left, right))| self.extend(strip, left + shift, right + shift));
    }

    /// Returns how far `next` moves right to be `gap` pixels away from the ink here, up and down as well.
    fn shift(&self, next: &Self, gap: f32, height: f32) -> f32 {
        let near = (gap * STRIPS / height).ceil() as i32;
        let shift = next.0.iter().flat_map(|(&strip, &(left, _))| {
            self.0.range(strip - near..=strip + near).map(move |(_, &(_, right))| right + gap - left)
        });
        shift.fold(0.0, f32::max)
    }
}
