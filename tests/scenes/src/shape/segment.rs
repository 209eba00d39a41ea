//! Line segments, and the distance from them.

use super::{GRID, SIDE};

/// Beyond this distance, in samples, all points are equally far.
const REACH: f32 = 3.0 * GRID as f32;

/// A straight line between two points, in samples.
pub(super) struct Segment {
    pub(super) from: (f32, f32),
    pub(super) to: (f32, f32),
}

impl Segment {
    pub(super) fn length(&self) -> f32 {
        let (x, y) = (self.to.0 - self.from.0, self.to.1 - self.from.1);
        (x * x + y * y).sqrt()
    }

    /// Returns the square of the distance of a point.
    fn square_distance(&self, x: f32, y: f32) -> f32 {
        let (along_x, along_y) = (self.to.0 - self.from.0, self.to.1 - self.from.1);
        let (x, y) = (x - self.from.0, y - self.from.1);
        let square = along_x * along_x + along_y * along_y;
        let share = if square > 0.0 { ((x * along_x + y * along_y) / square).clamp(0.0, 1.0) } else { 0.0 };
        let (x, y) = (x - share * along_x, y - share * along_y);
        x * x + y * y
    }
}

/// Returns the distance of each sample from the nearest segment, in pixels of the MNIST image and at most 3.
pub(super) fn distances(segments: &[Segment]) -> Vec<f32> {
    let mut squares = vec![REACH * REACH; SIDE * SIDE];
    for segment in segments {
        let around = |a: f32, b: f32| {
            let last = SIDE as f32 - 1.0;
            let first = (a.min(b) - REACH).clamp(0.0, last);
            first as usize..=(a.max(b) + REACH).clamp(0.0, last) as usize
        };
        for row in around(segment.from.1, segment.to.1) {
            for column in around(segment.from.0, segment.to.0) {
                let square = &mut squares[row * SIDE + column];
                *square = square.min(segment.square_distance(column as f32, row as f32));
            }
        }
    }
    squares.into_iter().map(|square| square.sqrt() / GRID as f32).collect()
}
