//! The contour of an enlarged image, by marching squares.

use super::SIDE;
use super::segment::Segment;

/// Returns the lines on which `gray` passes through `level`.
pub(super) fn trace(gray: &[f32], level: f32) -> Vec<Segment> {
    let mut segments = Vec::new();
    for row in 0..SIDE - 1 {
        for column in 0..SIDE - 1 {
            let corner = |(x, y): (usize, usize)| gray[(row + y) * SIDE + column + x] - level;
            // The four sides of the square in order; a contour enters by one and leaves by another.
            let corners = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)];
            let mut crossings = corners.windows(2).filter_map(|side| {
                let (from, to) = (corner(side[0]), corner(side[1]));
                ((from > 0.0) != (to > 0.0)).then(|| {
                    let share = from / (from - to);
                    let along =
                        |base: usize, a: usize, b: usize| (base + a) as f32 + share * (b as f32 - a as f32);
                    (along(column, side[0].0, side[1].0), along(row, side[0].1, side[1].1))
                })
            });
            while let (Some(from), Some(to)) = (crossings.next(), crossings.next()) {
                segments.push(Segment { from, to });
            }
        }
    }
    segments
}
