//! Strokes of a pen: curves through points, bent by a hand, and drawn with a width.

use super::canvas::Canvas;
use crate::draws::Draws;

/// The points that a stroke passes through, in a box of height 1. The curve between them is a Catmull-Rom spline.
pub(super) type Stroke = &'static [(f32, f32)];

type Point = (f32, f32);

/// The number of straight pieces of the curve between two points.
const PIECES: usize = 6;
/// The number of points along each axis of the field that bends a hand's strokes.
const FIELD: usize = 4;

/// The wildness of the hands that are trained on, from the least to the most.
pub(super) const LEGIBLE: (f32, f32) = (0.4, 1.3);
/// The wildness of the hands that are scored.
pub(super) const WILD: (f32, f32) = (1.3, 1.8);

/// How a hand writes: it slants, stretches and bends all strokes of a glyph.
pub(super) struct Hand {
    /// The move to the right per height above the base.
    slant: f32,
    /// The move down per width.
    tilt: f32,
    /// The width, in widths of the glyph.
    stretch: f32,
    /// The displacements of a grid of points, between which they are interpolated.
    field: [[Point; FIELD]; FIELD],
    /// How far each point of a stroke strays by itself.
    jitter: f32,
    /// How far the ends of a stroke stray.
    ends: f32,
}

impl Hand {
    /// Draws a hand with a wildness between two. One of wildness 1 writes legibly.
    pub(super) fn draw(draws: &mut Draws, (least, most): (f32, f32)) -> Self {
        let wildness = draws.between(least, most);
        let bend = 0.06 * wildness * draws.unit();
        let mut field = [[(0.0, 0.0); FIELD]; FIELD];
        for point in field.as_flattened_mut() {
            *point = (bend * draws.normal(), bend * draws.normal());
        }
        Self {
            slant: draws.between(-0.25, 0.45) * wildness.clamp(1.0, 1.5),
            tilt: 0.12 * wildness * draws.normal(),
            stretch: draws.between(0.6, 1.4),
            field,
            jitter: 0.02 * wildness * draws.unit(),
            ends: 0.05 * wildness * draws.unit(),
        }
    }

    /// Where the hand puts a point of a glyph.
    fn place(&self, (x, y): Point) -> Point {
        let at = |value: f32| {
            let place = (value.clamp(0.0, 1.0) * (FIELD - 1) as f32).min((FIELD - 1) as f32 - 0.001);
            (place as usize, place.fract())
        };
        let ((column, right), (row, down)) = (at(x / 0.7), at(y));
        let mut moved = (x, y);
        for (row, weight_y) in [(row, 1.0 - down), (row + 1, down)] {
            for (column, weight_x) in [(column, 1.0 - right), (column + 1, right)] {
                moved.0 += weight_x * weight_y * self.field[row][column].0;
                moved.1 += weight_x * weight_y * self.field[row][column].1;
            }
        }
        ((moved.0 * self.stretch) + self.slant * (1.0 - moved.1), moved.1 + self.tilt * moved.0)
    }

    /// The points of a stroke as the hand writes it.
    fn write(&self, stroke: &[Point], draws: &mut Draws) -> Vec<Point> {
        let last = stroke.len() - 1;
        let stray = |index: usize, draws: &mut Draws| {
            let far = if index == 0 || index == last { self.ends } else { self.jitter };
            (far * draws.normal(), far * draws.normal())
        };
        let placed = stroke.iter().enumerate().map(|(index, &point)| {
            let (point, strayed) = (self.place(point), stray(index, draws));
            (point.0 + strayed.0, point.1 + strayed.1)
        });
        placed.collect()
    }
}

/// A pen: the width of its strokes, and how it changes.
pub(super) struct Pen {
    /// The radius, in heights of a glyph.
    radius: f32,
    /// How much the radius changes from the start to the end of a stroke, as a share of it.
    pressure: f32,
}

impl Pen {
    /// Draws a pen, from a hairline to a thick marker.
    pub(super) fn draw(draws: &mut Draws) -> Self {
        let share = draws.unit();
        Self { radius: 0.012 + 0.085 * share * share, pressure: 0.5 }
    }
}

/// Draws the strokes of a glyph into the middle of a canvas, `height` pixels high.
pub(super) fn draw_glyph(
    strokes: &[Stroke],
    hand: &Hand,
    pen: &Pen,
    height: f32,
    canvas: &mut Canvas,
    draws: &mut Draws,
) {
    let written: Vec<Vec<Point>> = strokes.iter().map(|stroke| curve(&hand.write(stroke, draws))).collect();
    let points = || written.iter().flatten();
    let bounds = |of: fn(&Point) -> f32| {
        let values = || points().map(of);
        (values().fold(f32::INFINITY, f32::min), values().fold(f32::NEG_INFINITY, f32::max))
    };
    let ((left, right), (top, bottom)) = (bounds(|point| point.0), bounds(|point| point.1));
    let scale = height / (right - left).max(bottom - top).max(0.1);
    let middle = canvas.side() as f32 / 2.0;
    let place = |&(x, y): &Point| {
        (middle + scale * (x - (left + right) / 2.0), middle + scale * (y - (top + bottom) / 2.0))
    };
    for stroke in &written {
        let pressure = draws.within(f64::from(pen.pressure));
        let pieces = stroke.len().max(2) - 1;
        for (index, pair) in stroke.windows(2).enumerate() {
            let along = index as f32 / pieces as f32 - 0.5;
            let radius = (pen.radius * height * (1.0 + pressure * along)).max(0.35);
            canvas.line(place(&pair[0]), place(&pair[1]), radius);
        }
    }
}

/// The points of the Catmull-Rom spline through `points`.
fn curve(points: &[Point]) -> Vec<Point> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let at = |index: isize| points[index.clamp(0, points.len() as isize - 1) as usize];
    let mut curve = vec![points[0]];
    for start in 0..points.len() as isize - 1 {
        let around = [at(start - 1), at(start), at(start + 1), at(start + 2)];
        for piece in 1..=PIECES {
            let t = piece as f32 / PIECES as f32;
            let along = |of: fn(Point) -> f32| catmull_rom(around.map(of), t);
            curve.push((along(|point| point.0), along(|point| point.1)));
        }
    }
    curve
}

/// The spline between the second and the third of four values, `t` from 0 to 1 (Catmull and Rom, 1974).
fn catmull_rom([a, b, c, d]: [f32; 4], t: f32) -> f32 {
    let cubic = 3.0 * (b - c) + d - a;
    let square = 2.0 * a - 5.0 * b + 4.0 * c - d;
    b + 0.5 * t * (c - a + t * (square + t * cubic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_passes_through_its_points_and_a_line_stays_straight() {
        let points = [(0.0, 0.0), (0.5, 0.2), (0.4, 0.9), (0.0, 1.0)];
        let curve = curve(&points);
        assert_eq!(curve.len(), 3 * PIECES + 1);
        for (index, point) in points.iter().enumerate() {
            let (x, y) = curve[index * PIECES];
            assert!((x - point.0).abs() < 1e-6 && (y - point.1).abs() < 1e-6, "{x} {y}");
        }
        let line = super::curve(&[(0.0, 0.0), (1.0, 2.0), (2.0, 4.0)]);
        assert!(line.iter().all(|(x, y)| (y - 2.0 * x).abs() < 1e-5));
    }

    #[test]
    fn a_glyph_fills_the_height_that_is_asked_for() {
        let mut draws = Draws::new(3, "test", 0);
        for _ in 0..20 {
            let mut canvas = Canvas::new(64);
            let (hand, pen) = (Hand::draw(&mut draws, (1.0, 1.0)), Pen { radius: 0.02, pressure: 0.0 });
            draw_glyph(&[&[(0.3, 0.0), (0.3, 1.0)]], &hand, &pen, 40.0, &mut canvas, &mut draws);
            let rows = canvas.ink().chunks(64).filter(|row| row.iter().any(|ink| *ink > 0.5)).count();
            assert!((38..=43).contains(&rows), "{rows}");
        }
    }
}
