//! The level from which a cell is ink, chosen from the picture.

use super::filter::sobel;
use super::plane::Plane;
use super::step::View;

/// The mean level weighted by the square of the Sobel gradient: the level halfway up the edges of strokes.
pub(super) fn edge_mean(ink: &Plane<'_>) -> u8 {
    let (mut weights, mut sum) = (0_u64, 0_u64);
    sobel(View::of(ink), |level, gradient| {
        let weight = u64::from(gradient >> 2) * u64::from(gradient >> 2);
        weights += weight;
        sum += weight * u64::from(level);
    });
    (sum / weights.max(1)) as u8
}
